"""Faults in the drawing of streets: no length, crossings without a node, islands, bridges joined, impossible slopes."""

from __future__ import annotations

from collections.abc import Iterator

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from shapely import STRtree

from geogrid.checks.rules import make_finding
from geogrid.findings import Finding
from geogrid.network.impedance import ACCESS_DETOUR, ACCESS_LIMIT_M
from geogrid.network.stacked import find_levels, level_vertices
from geogrid.responsibility.columns import read_texts

LEAST_LENGTH_M = 0.01
"""A shorter line is a slip of the pen: nobody walks a centimetre."""

STEEPEST = 0.6
"""Rise over run of a steep stair (31 degrees); a street that is steeper has a wrong height."""

LEAST_RUN_M = 20.0
"""Slopes are taken over at least this far: heights come from cells of 30 m and are good to some metres."""

_MM_PER_M = 1000.0
Shapes = npt.NDArray[np.object_]


def find_line_faults(streets: gpd.GeoDataFrame) -> list[Finding]:
    """Streets without length, that cross without a node, that nothing joins, or that are too steep.

    Parameters
    ----------
    streets
        In metres; those that nobody walks are left aside.
    """
    is_walked = streets["walkable"].fillna(value=True).to_numpy(bool)
    drawn = streets[is_walked & ~(streets.geometry.isna() | streets.geometry.is_empty).to_numpy(bool)]
    lines, row = shapely.get_parts(drawn.geometry.to_numpy(), return_index=True)
    keys = np.array([key or "?" for key in read_texts(drawn, "id")], dtype=object)[row]
    is_bridge = drawn["bridge"].fillna(value=False).to_numpy(bool)[row]
    levels = (
        find_levels(drawn["nodes"].to_numpy(object), drawn.geometry.to_numpy()) if "nodes" in drawn else {}
    )
    vertices = _list_vertices(lines, level_vertices(levels, lines, row))
    return [
        *_find_short(lines, keys),
        *_find_crossings(lines, keys, is_bridge, vertices),
        *_find_islands(lines, keys, vertices),
        *_find_joined_bridges(lines, keys, is_bridge, vertices),
        *_find_steep(lines, keys),
    ]


def find_far_homes(
    buildings: gpd.GeoDataFrame, streets: gpd.GeoDataFrame, *, access_limit_m: float = ACCESS_LIMIT_M
) -> list[Finding]:
    """Buildings from whose edge no walkable street is within the access leg, its detour counted: one finding."""
    is_walked = streets["walkable"].fillna(value=True).to_numpy(bool)
    lines = streets.geometry.to_numpy()[is_walked]
    homes = buildings[~(buildings.geometry.isna() | buildings.geometry.is_empty)]
    if not len(homes) or not len(lines):
        return []
    (home, _), distance_m = STRtree(lines).query_nearest(
        homes.geometry.to_numpy(), all_matches=False, return_distance=True
    )
    is_far = distance_m * ACCESS_DETOUR > access_limit_m
    if not is_far.any():
        return []
    ids = np.array([key or "?" for key in read_texts(homes, "id")], dtype=object)[home[is_far]]
    return [
        make_finding(
            "building.far",
            "building",
            sorted(ids),
            place=shapely.union_all(shapely.make_valid(homes.geometry.to_numpy()[home[is_far]])),
            size=float(distance_m.max()),
            count=len(ids),
            distance=f"{distance_m.max():.0f}",
            limit=f"{access_limit_m / ACCESS_DETOUR:.0f}",
        )
    ]


def _list_vertices(lines: Shapes, level: npt.NDArray[np.int64] | None) -> pd.DataFrame:
    """Columns `line`, `node` (equal where vertices coincide to the millimetre and are one node) and `is_end`."""
    xy, line = shapely.get_coordinates(lines, return_index=True)
    rounded = pd.DataFrame((xy * _MM_PER_M).round(), columns=["x", "y"])
    rounded["level"] = 0 if level is None else level
    node = rounded.groupby(["x", "y", "level"]).ngroup().to_numpy()
    is_end = np.ones(len(line), bool)
    is_end[1:-1] = (line[1:-1] != line[:-2]) | (line[1:-1] != line[2:])
    return pd.DataFrame({"line": line, "node": node, "is_end": is_end})


def _find_short(lines: Shapes, keys: Shapes) -> Iterator[Finding]:
    length_m = shapely.length(lines)
    for i in np.flatnonzero(length_m < LEAST_LENGTH_M):
        yield make_finding("street.short", "street", [keys[i]], place=lines[i], size=float(length_m[i]))


def _find_crossings(
    lines: Shapes, keys: Shapes, is_bridge: npt.NDArray[np.bool_], vertices: pd.DataFrame
) -> Iterator[Finding]:
    """Two streets that cross on the ground where neither, or only one, has a vertex: nobody can turn there."""
    first, second = STRtree(lines).query(lines, predicate="crosses")
    is_pair = (first < second) & ~is_bridge[first] & ~is_bridge[second]
    first, second = first[is_pair], second[is_pair]
    nodes = vertices.groupby("line")["node"].agg(frozenset)
    xy = shapely.get_coordinates(lines)
    places = dict(zip(vertices["node"].tolist(), xy.tolist(), strict=True))
    for one, other in zip(first.tolist(), second.tolist(), strict=True):
        shared = shapely.MultiPoint([places[node] for node in nodes[one] & nodes[other]])
        common = shapely.get_parts(shapely.intersection(lines[one], lines[other]))
        for place in common:
            if shared.is_empty or place.distance(shared) > 1 / _MM_PER_M:
                pair = sorted((keys[one], keys[other]))
                yield make_finding("street.crossing", "street", pair, place=shapely.force_2d(place))


def _find_islands(lines: Shapes, keys: Shapes, vertices: pd.DataFrame) -> Iterator[Finding]:
    """Sets of joined streets that are not joined to the network that has most of the length."""
    if not len(lines):
        return
    n_nodes = int(vertices["node"].max()) + 1
    links = (np.ones(len(vertices)), (vertices["line"], len(lines) + vertices["node"]))
    size = len(lines) + n_nodes
    _, label = connected_components(coo_array(links, shape=(size, size)), directed=False)
    component = label[: len(lines)]
    length_m = np.bincount(component, shapely.length(lines))
    main = int(length_m.argmax())
    for number in np.unique(component[component != main]):
        members = np.flatnonzero(component == number)
        yield make_finding(
            "street.island",
            "street",
            sorted(set(keys[members])),
            place=shapely.MultiLineString(list(shapely.force_2d(lines[members]))),
            size=float(length_m[number]),
            length=f"{length_m[number]:.0f}",
        )


def _find_joined_bridges(
    lines: Shapes, keys: Shapes, is_bridge: npt.NDArray[np.bool_], vertices: pd.DataFrame
) -> Iterator[Finding]:
    """Bridges that share a vertex with a street that passes under them: both within, not at an end."""
    inner = vertices[~vertices["is_end"]]
    over = inner[is_bridge[inner["line"].to_numpy()]]
    under = inner[~is_bridge[inner["line"].to_numpy()]]
    for node, one, other in over.merge(under, on="node")[["node", "line_x", "line_y"]].to_numpy().tolist():
        at = int(np.flatnonzero(vertices["node"].to_numpy() == node)[0])
        place = shapely.Point(shapely.get_coordinates(lines)[at])
        yield make_finding("street.bridge_joined", "street", [keys[one], keys[other]], place=place)


def _find_steep(lines: Shapes, keys: Shapes) -> Iterator[Finding]:
    """The steepest stretch of each street that is steeper than any stair."""
    tall = np.flatnonzero(shapely.has_z(lines))
    xyz, line = shapely.get_coordinates(lines[tall], include_z=True, return_index=True)
    run_m = np.hypot(*np.diff(xyz[:, :2], axis=0).T)
    rise_m = np.abs(np.diff(xyz[:, 2]))
    is_step = (line[1:] == line[:-1]) & np.isfinite(rise_m)
    slope = np.where(is_step, rise_m / np.maximum(run_m, LEAST_RUN_M), 0.0)
    for number in np.unique(line[:-1][slope > STEEPEST]):
        own = np.flatnonzero(line[:-1] == number)
        at = int(own[slope[own].argmax()])
        yield make_finding(
            "street.steep",
            "street",
            [keys[tall[number]]],
            place=shapely.LineString(xyz[at : at + 2, :2]),
            size=float(slope[at]),
            slope=f"{100 * slope[at]:.0f}",
        )
