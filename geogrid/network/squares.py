"""Squares: ground on which people walk straight to where they go, or round what stands on it.

Squares that touch are one ground; barriers, water and gated compounds are cut out of it. A ground is joined
to a street where the street crosses or touches its edge, and where a street ends in it; a bridge or an
underpass only where it ends. Those joints, and the corners round which a straight line bends, are its
places: two that see each other are joined by a straight segment, a chord, so that the shortest walk over the
ground follows chords. Its edge is a chain of segments, for doors to be placed on. From a door beside the
edge (or in the ground) people walk straight to every place that they see from there, and to every other
door: nothing is added for a detour on open ground. The ground is level.
"""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from scipy.spatial import cKDTree
from shapely import STRtree

from geogrid.network.graph import Graph, find_places, round_places
from geogrid.network.impedance import Floats, Integers
from geogrid.network.vertices import AT_PLACE_M, add_vertex
from geogrid.prepared import prepared

Geometries = npt.NDArray[np.object_]
Booleans = npt.NDArray[np.bool_]

TOUCH_M = 0.01
"""A street this near to a ground touches it; a line that leaves the ground by no more lies in it."""
WALL_M = 0.05
"""Half the width that a barrier takes from a ground."""
MAX_CORNERS = 150
"""A ground with more corners than this is simplified until it has no more: their pairs are its chords."""
MAX_PLACES, N_HUBS, NEAR_PLACES = 300, 150, 8
"""On a ground with more places than this so many hubs, far from each other, are joined in pairs, and every other place
with so many of the nearest hubs: a town drawn as one square must not cost the square of its streets."""
FIRST_TOLERANCE_M = 0.1
"""By how much such a ground is simplified at first; then by twice as much, until its corners are few enough."""
LEAST_GROUND_M2 = 1.0
"""What is left of a square with less ground than this is a slip of the pen."""
NO_GROUND, CHORD = -1, -2


@dataclass(frozen=True)
class Grounds:
    """Grounds (q of them), and the lines (l) by which people walk on them.

    Attributes
    ----------
    polygon
        Shape (q,): Polygons, widened by `TOUCH_M`, so that lines along their edges lie in them.
    place_xy, place_ground
        Shapes (m, 2) and (m,): joints and corners.
    line, row, ground
        Shape (l,): edges and chords as LineStrings, the row of the square layer that each is part of, and
        its ground, or `CHORD`.
    """

    polygon: Geometries
    place_xy: Floats
    place_ground: Integers
    line: Geometries
    row: Integers
    ground: Integers


@dataclass(frozen=True)
class Squares:
    """Grounds as part of a network.

    Attributes
    ----------
    polygon
        As in `Grounds`.
    place_xy, place_ground
        Shapes (m, 2) and (m,).
    segment, fraction
        Shape (m,): an end of a public segment at each place.
    of_segment
        Shape (s,): the ground whose edge a public segment is, `CHORD` for a chord, else `NO_GROUND`.
    """

    polygon: Geometries
    place_xy: Floats
    place_ground: Integers
    segment: Integers
    fraction: Floats
    of_segment: Integers

    def __len__(self) -> int:
        return len(self.polygon)


# --- the grounds of squares --------------------------------------------------------------------


def lay_grounds(
    square: gpd.GeoDataFrame, obstacles: Geometries, streets: Geometries, is_bridge: Booleans
) -> tuple[Geometries, Grounds]:
    """The grounds of squares, and the streets with a vertex at every joint.

    Parameters
    ----------
    square
        The layer; squares that are marked as unfit for walking are none.
    obstacles
        Lines and polygons through which nobody walks.
    streets, is_bridge
        Shape (n,): the walked streets, LineStrings in metres, and which are bridges or underpasses.
    """
    drawn = ~(shapely.is_missing(obstacles) | shapely.is_empty(obstacles))
    polygons, row = _list_polygons(square, shapely.force_2d(obstacles[drawn]))
    streets, tree = streets.copy(), STRtree(streets)  # a new vertex moves no street
    wide, places, lines = np.empty(len(polygons), object), [], []
    for number, polygon in enumerate(polygons):
        joints = _join_streets(polygon, streets, tree, is_bridge)
        corners, wide[number] = _list_corners(polygon)
        xy = np.vstack([joints, corners])
        xy = xy[np.sort(np.unique(round_places(xy), axis=0, return_index=True)[1])]
        first, second = pair_places(xy)
        with prepared(wide[number]) as ready:
            seen = is_seen(ready, xy[first], xy[second])
        chords = shapely.linestrings(np.stack([xy[first[seen]], xy[second[seen]]], axis=1))
        places.append(xy)
        lines.append((_cut_rings(polygon, joints), chords))
    drawn = [kind for kind in (0, 1) for _ in lines]  # all edges, then all chords
    sorted_lines = [lines[at % len(lines)][kind] for at, kind in enumerate(drawn)]
    counts = [len(one) for one in sorted_lines]
    numbers = np.repeat(np.tile(np.arange(len(lines)), 2), counts)
    return streets, Grounds(
        polygon=wide,
        place_xy=np.vstack([np.empty((0, 2)), *places]),
        place_ground=np.repeat(np.arange(len(places)), [len(xy) for xy in places]),
        line=np.concatenate([np.empty(0, object), *sorted_lines]),
        row=row[numbers],
        ground=np.where(np.repeat(drawn, counts).astype(bool), CHORD, numbers),
    )


def _list_polygons(square: gpd.GeoDataFrame, obstacles: Geometries) -> tuple[Geometries, Integers]:
    """What is left of squares that are joined where they touch, as Polygons, and the row of the first of each."""
    drawn = ~(square.geometry.isna() | square.geometry.is_empty).to_numpy(bool)
    rows = np.flatnonzero(square["walkable"].fillna(value=True).to_numpy(bool) & drawn)
    if not len(rows):
        return np.empty(0, object), np.empty(0, np.int64)
    rows = rows[np.argsort(square["id"].to_numpy(object)[rows].astype(str), kind="stable")]
    shapes = shapely.force_2d(square.geometry.to_numpy()[rows])
    near = np.unique(STRtree(obstacles).query(shapes, predicate="intersects")[1])
    walls = shapely.get_dimensions(obstacles[near]) < 2
    cut = obstacles[near].copy()
    cut[walls] = shapely.buffer(cut[walls], WALL_M, cap_style="flat", join_style="mitre")
    left = shapely.difference(shapely.union_all(shapes), shapely.union_all(cut))
    parts = shapely.get_parts(left)
    parts = parts[shapely.area(parts) >= LEAST_GROUND_M2]
    part, first = STRtree(shapes).query(parts, predicate="intersects")
    order = np.lexsort((first, part))
    part, at = np.unique(part[order], return_index=True)
    # in the order of the squares' ids, those of one square from the south-west
    first = first[order][at]
    south, west = shapely.bounds(parts)[:, 1], shapely.bounds(parts)[:, 0]
    order = np.lexsort((south, west, first))
    return shapely.orient_polygons(parts[order]), rows[first[order]]


def _join_streets(
    polygon: shapely.Polygon, streets: Geometries, tree: STRtree, is_bridge: Booleans
) -> Floats:
    """Where streets are joined to a ground, shape (j, 2); the streets get a vertex there."""
    edge = shapely.boundary(polygon)
    near = np.sort(tree.query(polygon, predicate="dwithin", distance=TOUCH_M))
    joints = [np.empty((0, 2))]
    for number in near:
        flat = shapely.force_2d(streets[number])
        vertices = shapely.get_coordinates(flat)
        at_edge = shapely.dwithin(shapely.points(vertices), edge, TOUCH_M)
        is_end = np.zeros(len(vertices), bool)
        is_end[[0, -1]] = shapely.dwithin(shapely.points(vertices[[0, -1]]), polygon, TOUCH_M)
        if is_bridge[number]:
            joints.append(vertices[is_end])
            continue
        joints.append(vertices[at_edge | is_end])
        crossed = shapely.get_coordinates(shapely.intersection(flat, edge))
        if at_edge.any():
            known = shapely.multipoints(vertices[at_edge])
            crossed = crossed[~shapely.dwithin(shapely.points(crossed), known, TOUCH_M)]
        for xy in crossed:
            streets[number] = add_vertex(streets[number], xy)
        joints.append(crossed)
    return np.vstack(joints)


def _list_corners(polygon: shapely.Polygon) -> tuple[Floats, shapely.Polygon]:
    """The vertices of a ground at which its edge turns away from it, and the ground widened by `TOUCH_M`.

    One with more than `MAX_CORNERS` is simplified first.
    """
    ground, tolerance_m = polygon, 0.0
    while True:
        corners = [np.empty((0, 2))]
        for ring in shapely.get_rings(ground):  # the ground lies to the left of all of them
            xy = shapely.get_coordinates(ring)[:-1]
            before, after = xy - np.roll(xy, 1, axis=0), np.roll(xy, -1, axis=0) - xy
            corners.append(xy[before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0] < 0])
        found = np.vstack(corners)
        if len(found) <= MAX_CORNERS:
            break
        tolerance_m = max(FIRST_TOLERANCE_M, 2 * tolerance_m)
        ground = shapely.orient_polygons(shapely.simplify(polygon, tolerance_m))
    return found, shapely.buffer(ground, TOUCH_M + tolerance_m, join_style="mitre")


def _cut_rings(polygon: shapely.Polygon, joints: Floats) -> Geometries:
    """The edges of a ground as LineStrings with a vertex at every joint."""
    rings = shapely.linestrings
    edges = np.array([rings(shapely.get_coordinates(ring)) for ring in shapely.get_rings(polygon)], object)
    for xy in joints:
        near = np.flatnonzero(shapely.dwithin(edges, shapely.Point(xy), TOUCH_M))
        for number in near:
            edges[number] = add_vertex(edges[number], xy)
    return edges


def pair_places(xy: Floats) -> tuple[Integers, Integers]:
    """Pairs of places between which a chord is tried: all, or of very many those with hubs."""
    if len(xy) <= MAX_PLACES:
        first, second = np.triu_indices(len(xy), 1)
        return first.astype(np.int64), second.astype(np.int64)
    hubs = choose_hubs(xy)
    first, second = np.triu_indices(len(hubs), 1)
    others = np.setdiff1d(np.arange(len(xy)), hubs)
    near = find_nearest(xy[others], xy[hubs])
    return (
        np.concatenate([hubs[first], np.repeat(others, NEAR_PLACES)]),
        np.concatenate([hubs[second], hubs[near.ravel()]]),
    )


def choose_hubs(xy: Floats) -> Integers:
    """The hubs among very many places, shape (N_HUBS,): the first, and then always the farthest from those chosen."""
    hubs, away_m = [0], np.hypot(*(xy - xy[0]).T)
    while len(hubs) < N_HUBS:
        hubs.append(int(away_m.argmax()))
        away_m = np.minimum(away_m, np.hypot(*(xy - xy[hubs[-1]]).T))
    return np.array(hubs, np.int64)


def find_nearest(from_xy: Floats, places_xy: Floats) -> Integers:
    """The `NEAR_PLACES` nearest of more places than that, for every point; shape (n, `NEAR_PLACES`)."""
    found: Integers = cKDTree(places_xy).query(from_xy, k=NEAR_PLACES)[1].astype(np.int64)
    return found


def is_seen(ground: shapely.Polygon, from_xy: Floats, to_xy: Floats) -> Booleans:
    """Whether straight lines between places stay on a ground, shape (n,)."""
    seen: Booleans = np.hypot(*(to_xy - from_xy).T) <= AT_PLACE_M
    far = np.flatnonzero(~seen)
    lines = shapely.linestrings(np.stack([from_xy[far], to_xy[far]], axis=1))
    seen[far] = shapely.covers(ground, lines)
    return seen


def attach_squares(grounds: Grounds, graph: Graph, of_segment: Integers) -> Squares:
    """The grounds as part of a graph that was built of their lines too.

    Parameters
    ----------
    of_segment
        As in `Squares`.
    """
    ends = find_places(graph.ends_xy.reshape(-1, 2), grounds.place_xy)
    at = np.full(len(grounds.place_xy), -1, np.int64)
    rows = np.flatnonzero(ends >= 0)
    at[ends[rows]] = rows  # the last end wins: chords come last, and nobody lands on them
    # a place that two grounds share is found under one number alone
    same = find_places(grounds.place_xy, grounds.place_xy)
    at = at[same]
    kept = at >= 0
    return Squares(
        polygon=grounds.polygon,
        place_xy=grounds.place_xy[kept],
        place_ground=grounds.place_ground[kept],
        segment=at[kept] // 2,
        fraction=(at[kept] % 2).astype(float),
        of_segment=of_segment,
    )
