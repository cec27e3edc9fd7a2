"""Faults about gates, barriers and squares on streets: whose gate it is, what stops nobody, what nobody comes onto."""

from __future__ import annotations

from collections.abc import Iterator

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from shapely import STRtree

from geogrid.checks.rules import make_finding
from geogrid.findings import Finding
from geogrid.network.compounds import find_gated, match_gates
from geogrid.network.squares import TOUCH_M
from geogrid.network.stops import ON_STREET_M, list_stops
from geogrid.responsibility.columns import read_texts

OFFERED_M = 5.0
"""A gate without a compound this near to the edge of one may be its gate, drawn a little astray."""

Shapes = npt.NDArray[np.object_]


def find_unnamed_gates(compounds: gpd.GeoDataFrame, gates: gpd.GeoDataFrame) -> list[Finding]:
    """Gates of no compound near the edge of one: the finding names that compound, the nearest one."""
    if not len(compounds) or not len(gates):
        return []
    owned = match_gates(compounds, gates)[0]
    loose = np.setdiff1d(np.flatnonzero(~(gates.geometry.isna() | gates.geometry.is_empty)), owned)
    order = np.argsort(compounds["id"].to_numpy(object).astype(str), kind="stable")
    edges = shapely.boundary(compounds.geometry.to_numpy()[order])
    points = gates.geometry.to_numpy()[loose]
    gate, edge = STRtree(edges).query(points, predicate="dwithin", distance=OFFERED_M)
    distance_m = shapely.distance(points[gate], edges[edge])
    nearest = np.lexsort((edge, distance_m, gate))
    _, first = np.unique(gate[nearest], return_index=True)
    gate_ids, compound_ids = read_texts(gates, "id"), read_texts(compounds, "id")
    return [
        make_finding(
            "gate.unnamed",
            "gate",
            [gate_ids[loose[gate[row]]] or "?"],
            place=points[gate[row]],
            size=float(distance_m[row]),
            compound=compound_ids[order[edge[row]]] or "?",
            distance=f"{distance_m[row]:.1f}",
        )
        for row in nearest[first]
    ]


def find_stop_faults(
    streets: gpd.GeoDataFrame,
    gates: gpd.GeoDataFrame,
    street_barriers: gpd.GeoDataFrame,
    compounds: gpd.GeoDataFrame,
    barriers: gpd.GeoDataFrame,
) -> Iterator[Finding]:
    """What stops people on a street, and closed barriers that stand on none and therefore stop nobody."""
    matched, owner = match_gates(compounds, gates)
    of_compound = np.zeros(len(gates), bool)
    of_compound[matched[np.isin(owner, np.flatnonzero(find_gated(compounds, gates, barriers)))]] = True
    stops = list_stops(gates, of_compound, street_barriers)
    walked = _select_walked(streets)
    lines, keys = walked.geometry.to_numpy(), read_texts(walked, "id")
    points = shapely.points(stops.xy)
    stop, line = STRtree(lines).query(points, predicate="dwithin", distance=ON_STREET_M)
    order = np.lexsort((line, shapely.distance(points[stop], lines[line]), stop))
    stop, line = stop[order], line[order]
    for row in np.unique(stop, return_index=True)[1]:
        layer, _, key = stops.name[stop[row]].partition(" ")
        code = "stop.closed" if stops.is_closed[stop[row]] else "stop.doubtful"
        yield make_finding(code, layer, [key], place=points[stop[row]], street=keys[line[row]] or "?")
    for number in np.setdiff1d(np.arange(len(stops)), stop):
        layer, _, key = stops.name[number].partition(" ")
        if layer == "street_barrier":
            yield make_finding("stop.nowhere", layer, [key], place=points[number])


def find_square_faults(squares: gpd.GeoDataFrame, streets: gpd.GeoDataFrame) -> Iterator[Finding]:
    """Squares onto which nobody comes: no walked street touches them, nor another square that one touches."""
    walked = _select_walked(squares)
    shapes = walked.geometry.to_numpy()
    if not len(shapes):
        return
    parts = shapely.get_parts(shapely.union_all(shapely.make_valid(shapes)))
    lines = _select_walked(streets).geometry.to_numpy()
    tree = STRtree(lines)
    joined = np.unique(tree.query(parts, predicate="dwithin", distance=TOUCH_M)[0])
    keys = read_texts(walked, "id")
    for number in np.setdiff1d(np.arange(len(parts)), joined):
        members = np.flatnonzero(shapely.intersects(shapes, shapely.point_on_surface(parts[number])))
        near = tree.query_nearest(parts[number], all_matches=False) if len(lines) else []
        distance_m = shapely.distance(parts[number], lines[near[0]]) if len(near) else None
        yield make_finding(
            "square.apart",
            "square",
            sorted(keys[row] or "?" for row in members),
            place=parts[number],
            size=distance_m,
            distance="∞" if distance_m is None else f"{distance_m:.1f}",
        )


def _select_walked(layer: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Streets or squares that are walked, with a shape; one that is not marked either way is walked."""
    is_walked = layer["walkable"].fillna(value=True).to_numpy(bool)
    return layer[is_walked & ~(layer.geometry.isna() | layer.geometry.is_empty).to_numpy(bool)]
