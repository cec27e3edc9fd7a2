"""What OpenStreetMap's features say of each other: closed compounds, whose gate, whose building, what is crossed."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geogrid.crs import change_crs, choose_metric_crs
from geogrid.io.osm_tags import WALLS
from geogrid.network.impedance import CROSSING_WAIT_S

ON_OUTLINE_M = 2.0
"""How far a wall or a gate may be drawn from the outline of the compound that it closes."""
GATE_M = 5.0
"""How far from a compound's outline its gate may be drawn."""
CLOSED_SHARE = 0.8
"""Share of a compound's outline that walls and fences must follow for it to be a closed one."""


def find_compound_kinds(
    compound: gpd.GeoDataFrame, gate: gpd.GeoDataFrame, barrier: gpd.GeoDataFrame
) -> pd.Series:
    """`封闭式` where a gate lies on a compound's outline or walls follow most of it, else `unknown`."""
    kinds = pd.Series("unknown", index=compound.index, dtype=object)
    if compound.empty:
        return kinds
    metric = _metric_crs(compound)
    outlines = shapely.get_exterior_ring(_largest_parts(change_crs(compound, metric, "compound")))
    gates = np.asarray(change_crs(gate, metric, "gate").geometry.values, dtype=object)
    walls = change_crs(barrier[barrier["kind"].isin(WALLS)], metric, "barrier")
    with_gate, _ = shapely.STRtree(gates).query(outlines, predicate="dwithin", distance=ON_OUTLINE_M)
    kinds.iloc[np.unique(with_gate)] = "封闭式"
    beside = shapely.buffer(np.asarray(walls.geometry.values, dtype=object), ON_OUTLINE_M)
    ring, wall = shapely.STRtree(beside).query(outlines, predicate="intersects")
    for i in np.unique(ring):
        followed = shapely.intersection(outlines[i], shapely.union_all(beside[wall[ring == i]]))
        if followed.length >= CLOSED_SHARE * outlines[i].length:
            kinds.iloc[i] = "封闭式"
    return kinds


def name_compounds_of_gates(gate: gpd.GeoDataFrame, compound: gpd.GeoDataFrame) -> pd.Series:
    """The compound on whose outline each gate lies, the nearest one; None where there is none."""
    named = pd.Series(None, index=gate.index, dtype=object)
    if gate.empty or compound.empty:
        return named
    metric = _metric_crs(compound)
    ordered = compound.sort_values("id")
    outlines = shapely.boundary(
        np.asarray(change_crs(ordered, metric, "compound").geometry.values, dtype=object)
    )
    gates = np.asarray(change_crs(gate, metric, "gate").geometry.values, dtype=object)
    near, ring = shapely.STRtree(outlines).query(gates, predicate="dwithin", distance=GATE_M)
    distance = shapely.distance(gates[near], outlines[ring])
    best = pd.DataFrame({"gate": near, "ring": ring, "m": distance}).sort_values(["gate", "m", "ring"])
    best = best.drop_duplicates("gate")
    named.iloc[best["gate"].to_list()] = ordered["id"].to_numpy(dtype=object)[best["ring"]].tolist()
    return named


def name_compounds_of_buildings(building: gpd.GeoDataFrame, compound: gpd.GeoDataFrame) -> pd.Series:
    """The smallest compound that holds a point of each building; None where there is none."""
    named = pd.Series(None, index=building.index, dtype=object)
    if building.empty or compound.empty:
        return named
    areas = np.asarray(compound.geometry.values, dtype=object)
    points = shapely.point_on_surface(np.asarray(building.geometry.values, dtype=object))
    at, area = shapely.STRtree(areas).query(points, predicate="covered_by")
    ids = compound["id"].to_numpy(dtype=object)
    best = pd.DataFrame({"at": at, "size": shapely.area(areas)[area], "id": ids[area]})
    best = best.sort_values(["at", "size", "id"]).drop_duplicates("at")
    named.iloc[best["at"].to_list()] = best["id"].to_list()
    return named


def measure_crossings(street: gpd.GeoDataFrame) -> pd.Series:
    """Seconds waited on each crossing, by the class of the street it passes; missing on other streets.

    Nobody waits on a bridge or in an underpass, nor to pass below or above one. A way that only
    ends on the street is half of a crossing, the other half being drawn apart: it has half the wait.
    """
    lines = np.asarray(street.geometry.values, dtype=object)
    is_bridge = street["bridge"].fillna(value=False).to_numpy(dtype=bool)
    is_crossing = street["crossing"].fillna(value=False).to_numpy(dtype=bool)
    wait_s = np.where(is_crossing, 0.0, np.nan)
    crossings = np.flatnonzero(is_crossing & ~is_bridge)
    costs = street["class"].map(CROSSING_WAIT_S).to_numpy(dtype=float)
    crossed = np.flatnonzero(np.isfinite(costs) & ~is_bridge & ~is_crossing)
    mine, theirs = shapely.STRtree(lines[crossed]).query(lines[crossings], predicate="intersects")
    met = shapely.intersection(lines[crossings[mine]], lines[crossed[theirs]])
    ends = shapely.boundary(lines[crossings[mine]])
    cost = costs[crossed[theirs]] * np.where(shapely.covers(ends, met), 0.5, 1.0)
    np.maximum.at(wait_s, crossings[mine], cost)
    return pd.Series(wait_s, index=street.index, dtype="float64")


def _metric_crs(compound: gpd.GeoDataFrame) -> str:
    west, south, east, north = compound.total_bounds
    return choose_metric_crs((west + east) / 2, (south + north) / 2)


def _largest_parts(compound: gpd.GeoDataFrame) -> np.ndarray:
    parts, owners = shapely.get_parts(np.asarray(compound.geometry.values, dtype=object), return_index=True)
    order = np.lexsort((-shapely.area(parts), owners))
    first = np.unique(owners[order], return_index=True)[1]
    return np.asarray(parts[order][first], dtype=object)
