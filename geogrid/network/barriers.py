"""Access legs that pass no mapped barrier and no water.

Nobody walks through a wall or across a river to the nearest street. So of the public segments the one
is taken whose nearest place is nearest to the door among those with a clear straight leg; of each
segment its nearest place alone is tried, so that the rule can be followed by hand. Where no leg
within the limit is clear the nearest place stands, and the leg is in doubt: the map may lack a gap.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import shapely
from shapely import STRtree

from geogrid.network.graph import Graph
from geogrid.network.impedance import ACCESS_DETOUR, Floats, Integers, is_leg_too_long
from geogrid.network.snap import SegmentIndex, Snaps, place_on_segments

Geometries = npt.NDArray[np.object_]
Booleans = npt.NDArray[np.bool_]

TOUCH_M = 0.01
"""A barrier that touches a leg this near to one of its ends is not passed: doors stand in walls, and
railings along streets."""
ROUNDS_M = (60.0, 120.0)
"""How far segments are tried round doors whose nearest street is behind a barrier, before all within the limit."""


def clear_snaps(
    snaps: Snaps, points_xy: Floats, index: SegmentIndex, obstacles: STRtree, *, access_limit_m: float
) -> tuple[Snaps, Booleans]:
    """The nearest place that is reached by a clear leg, for every point.

    Parameters
    ----------
    snaps, points_xy
        Points, shape (p, 2), metres, and their nearest places on the graph.
    index
        The segments of the graph.
    obstacles
        Lines and polygons through which no leg passes.
    access_limit_m
        Legs longer than this (detour counted) are not looked for.

    Returns
    -------
    The places, and shape (p,) whether the leg passes an obstacle all the same because none is clear.

    >>> from geogrid.network.graph import build_graph
    >>> lines = shapely.from_wkt(["LINESTRING (0 0, 100 0)", "LINESTRING (0 50, 100 50)"])
    >>> graph = build_graph(lines, is_steps=np.zeros(2, bool), wait_s_per_m=np.zeros(2), group=np.zeros(2, int))
    >>> index, wall = SegmentIndex(graph), STRtree(shapely.from_wkt(["LINESTRING (0 10, 100 10)"]))
    >>> door = np.array([[50.0, 20.0]])
    >>> snaps, is_barred = clear_snaps(index.snap(door), door, index, wall, access_limit_m=300.0)
    >>> snaps.straight_m.tolist(), is_barred.tolist()
    ([30.0], [False])
    """
    is_barred = np.zeros(len(points_xy), bool)
    walked = np.flatnonzero((snaps.segment >= 0) & ~is_leg_too_long(snaps.straight_m, access_limit_m))
    if not len(obstacles) or not len(walked):
        return snaps, is_barred
    graph = index.graph
    places_xy = place_on_segments(graph, snaps.segment[walked], snaps.fraction[walked])
    barred = walked[_is_crossing(points_xy[walked], places_xy, obstacles)]
    is_barred[barred] = True
    if not len(barred):
        return snaps, is_barred
    snaps = replace(snaps, **{name: values.copy() for name, values in vars(snaps).items()})
    for reach_m in (*ROUNDS_M, np.inf):
        left = barred[is_barred[barred]]
        point, segment, fraction, straight_m = _list_legs(
            points_xy, left, graph, index.tree, min(reach_m, access_limit_m / ACCESS_DETOUR)
        )
        allowed = ~is_leg_too_long(straight_m, access_limit_m) & (straight_m <= reach_m)
        places_xy = place_on_segments(graph, segment, fraction)
        clear = np.flatnonzero(allowed & ~_is_crossing(points_xy[point], places_xy, obstacles))
        order = clear[np.lexsort((segment[clear], straight_m[clear], point[clear]))]
        found, first = np.unique(point[order], return_index=True)
        best = order[first]
        snaps.segment[found], snaps.fraction[found] = segment[best], fraction[best]
        snaps.straight_m[found] = straight_m[best]
        is_barred[found] = False
    return snaps, is_barred


def _list_legs(
    points_xy: Floats, points: Integers, graph: Graph, segments: STRtree, reach_m: float
) -> tuple[Integers, Integers, Floats, Floats]:
    """Legs from points to the nearest place of every segment within reach: point, segment, fraction, metres."""
    row, segment = segments.query(
        shapely.points(points_xy[points]), predicate="dwithin", distance=reach_m + TOUCH_M
    )
    point = points[row]
    a, b = graph.ends_xy[segment, :2], graph.ends_xy[segment, 2:]
    along = b - a
    fraction = np.clip(((points_xy[point] - a) * along).sum(axis=1) / (along**2).sum(axis=1), 0.0, 1.0)
    straight_m = np.hypot(*(points_xy[point] - (a + fraction[:, None] * along)).T)
    return point, segment, fraction, straight_m


def _is_crossing(from_xy: Floats, to_xy: Floats, obstacles: STRtree) -> Booleans:
    """Whether straight legs meet an obstacle further than `TOUCH_M` from both of their ends, shape (n,)."""
    crossing = np.zeros(len(from_xy), bool)
    length_m = np.hypot(*(to_xy - from_xy).T)
    rows = np.flatnonzero(length_m > 2 * TOUCH_M)
    step = (to_xy[rows] - from_xy[rows]) * (TOUCH_M / length_m[rows])[:, None]
    legs = shapely.linestrings(np.stack([from_xy[rows] + step, to_xy[rows] - step], axis=1))
    met, _ = obstacles.query(legs, predicate="intersects")
    crossing[rows[met]] = True
    return crossing
