"""Straight legs that pass no mapped barrier, no water and no ground of a gated compound.

Nobody walks through a wall or across a river to the nearest street. So of the public segments the one
is taken whose nearest place is nearest to the door or gate among those with a clear straight leg; of each
segment its nearest place alone is tried, so that the rule can be followed by hand. Where no leg
within the limit is clear the nearest place stands, and the leg is in doubt: the map may lack a gap.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import shapely
from shapely import STRtree

from geogrid.network.enclosures import PUBLIC, Booleans, Regions
from geogrid.network.impedance import ACCESS_DETOUR, Floats, Integers, is_leg_too_long
from geogrid.network.snap import SegmentIndex, Snaps, place_on_segments

NOT_A_WALL = -1
"""The owner of barriers and water, which stop everybody."""

TOUCH_M = 0.01
"""A barrier that touches a leg this near to one of its ends is not passed: doors stand in walls, and
railings along streets."""
ROUNDS_M = (60.0, 120.0)
"""How far segments are tried round doors whose nearest street is behind a barrier, before all within the limit."""


@dataclass(frozen=True)
class Obstacles:
    """What straight legs do not pass.

    Attributes
    ----------
    tree
        The obstacles (o of them).
    owner
        Shape (o,): `NOT_A_WALL` for barriers and water; the enclosure whose ground it is, which stops all who
        are not in it; and for a hole of enclosure e `-2 - e`: it stops those who are.
    regions
        Those of several enclosures.
    """

    tree: STRtree
    owner: Integers
    regions: Regions

    def find_met(self, legs: npt.NDArray[np.object_], region: Integers) -> tuple[Integers, Integers]:
        """Pairs of a leg and an obstacle that it meets, where it is one for somebody in the leg's region.

        Parameters
        ----------
        legs, region
            Shape (n,): lines, and the region in which each is walked.
        """
        leg, obstacle = self.tree.query(legs, predicate="intersects")
        owner = self.owner[obstacle]
        stops = owner == NOT_A_WALL
        walls = np.flatnonzero(~stops)
        if len(walls):
            is_ground = owner[walls] > NOT_A_WALL
            whose = np.where(is_ground, owner[walls], NOT_A_WALL - 1 - owner[walls])
            stops[walls] = is_ground != self.regions.has_members(region[leg[walls]], whose)
        return leg[stops], obstacle[stops]

    def are_crossed(
        self, from_xy: Floats, to_xy: Floats, region: Integers, spare_m: tuple[Floats, Floats]
    ) -> Booleans:
        """Whether straight legs meet an obstacle further than `TOUCH_M` from either of their ends, shape (n,).

        Parameters
        ----------
        from_xy, to_xy, region
            Shapes (n, 2), (n, 2) and (n,).
        spare_m
            Shape (n,) each: so far from its ends a wall that is drawn as a line is not passed.
        """
        crossed = np.zeros(len(from_xy), bool)
        leg, _ = self.find_crossings(from_xy, to_xy, region, spare_m)
        crossed[leg] = True
        return crossed

    def find_crossings(
        self, from_xy: Floats, to_xy: Floats, region: Integers, spare_m: tuple[Floats, Floats]
    ) -> tuple[Integers, Integers]:
        """Pairs of a straight leg and an obstacle that it passes, as `are_crossed` says."""
        touch = np.full(len(from_xy), TOUCH_M)
        rows, legs = _trim_legs(from_xy, to_xy, (touch, touch))
        leg, obstacle = self.find_met(legs, region[rows])
        leg = rows[leg]
        shapes = self.tree.geometries[obstacle]
        near = (spare_m[0][leg] > TOUCH_M) | (spare_m[1][leg] > TOUCH_M)
        openings = np.flatnonzero(near & (shapely.get_dimensions(shapes) == 1))
        if not len(openings):
            return leg, obstacle
        kept = np.ones(len(leg), bool)
        kept[openings] = False
        of = leg[openings]
        left, shorter = _trim_legs(from_xy[of], to_xy[of], (spare_m[0][of], spare_m[1][of]))
        kept[openings[left]] = shapely.intersects(shorter, shapes[openings[left]])
        return leg[kept], obstacle[kept]


def _trim_legs(
    from_xy: Floats, to_xy: Floats, spare_m: tuple[Floats, Floats]
) -> tuple[Integers, npt.NDArray[np.object_]]:
    """Straight legs without their ends: the rows of those of which something is left, and the lines."""
    length_m = np.hypot(*(to_xy - from_xy).T)
    rows = np.flatnonzero(length_m > spare_m[0] + spare_m[1])
    unit = (to_xy[rows] - from_xy[rows]) / length_m[rows][:, None]
    starts, ends = from_xy[rows] + unit * spare_m[0][rows, None], to_xy[rows] - unit * spare_m[1][rows, None]
    return rows, shapely.linestrings(np.stack([starts, ends], axis=1))


def clear_snaps(
    snaps: Snaps,
    points_xy: Floats,
    index: SegmentIndex,
    obstacles: Obstacles,
    *,
    access_limit_m: float,
    spare_m: float = TOUCH_M,
    within: Integers | None = None,
) -> tuple[Snaps, Booleans]:
    """The nearest place that is reached by a clear leg, for every point.

    Parameters
    ----------
    snaps, points_xy
        Points, shape (p, 2), metres, and their nearest places on the graph.
    index
        The segments of the graph, some or all.
    obstacles
        What no leg passes.
    access_limit_m
        Legs longer than this (detour counted) are not looked for.
    spare_m
        A wall drawn as a line this near to the point is not passed: gates are openings, drawn a little beside.
    within
        Shape (p,): the enclosure on whose ground a point is drawn although it stands in its wall, which then
        does not stop its leg; -1 for none.

    Returns
    -------
    The places, and shape (p,) whether the leg passes an obstacle all the same because none is clear.

    >>> from geogrid.network.enclosures import NO_REGIONS
    >>> from geogrid.network.graph import build_graph
    >>> lines = shapely.from_wkt(["LINESTRING (0 0, 100 0)", "LINESTRING (0 50, 100 50)"])
    >>> graph = build_graph(lines, is_steps=np.zeros(2, bool), wait_s_per_m=np.zeros(2), group=np.zeros(2, int))
    >>> index, tree = SegmentIndex(graph), STRtree(shapely.from_wkt(["LINESTRING (0 10, 100 10)"]))
    >>> wall = Obstacles(tree, np.array([NOT_A_WALL]), NO_REGIONS)
    >>> door = np.array([[50.0, 20.0]])
    >>> snaps, is_barred = clear_snaps(index.snap(door), door, index, wall, access_limit_m=300.0)
    >>> snaps.straight_m.tolist(), is_barred.tolist()
    ([30.0], [False])
    """
    is_barred = np.zeros(len(points_xy), bool)
    walked = np.flatnonzero((snaps.segment >= 0) & ~is_leg_too_long(snaps.straight_m, access_limit_m))
    if not len(obstacles.owner) or not len(walked):
        return snaps, is_barred
    graph = index.graph
    region = np.full(len(points_xy), PUBLIC, np.int64) if within is None else within

    def is_crossed(point: Integers, places_xy: Floats) -> Booleans:
        ends = np.full(len(point), spare_m), np.full(len(point), TOUCH_M)
        return obstacles.are_crossed(points_xy[point], places_xy, region[point], ends)

    barred = walked[
        is_crossed(walked, place_on_segments(graph, snaps.segment[walked], snaps.fraction[walked]))
    ]
    is_barred[barred] = True
    if not len(barred):
        return snaps, is_barred
    snaps = replace(snaps, **{name: values.copy() for name, values in vars(snaps).items()})
    for reach_m in (*ROUNDS_M, np.inf):
        left = barred[is_barred[barred]]
        point, segment, fraction, straight_m = _list_legs(
            points_xy, left, index, min(reach_m, access_limit_m / ACCESS_DETOUR)
        )
        allowed = ~is_leg_too_long(straight_m, access_limit_m) & (straight_m <= reach_m)
        places_xy = place_on_segments(graph, segment, fraction)
        clear = np.flatnonzero(allowed & ~is_crossed(point, places_xy))
        order = clear[np.lexsort((segment[clear], straight_m[clear], point[clear]))]
        found, first = np.unique(point[order], return_index=True)
        best = order[first]
        snaps.segment[found], snaps.fraction[found] = segment[best], fraction[best]
        snaps.straight_m[found] = straight_m[best]
        is_barred[found] = False
    return snaps, is_barred


def _list_legs(
    points_xy: Floats, points: Integers, index: SegmentIndex, reach_m: float
) -> tuple[Integers, Integers, Floats, Floats]:
    """Legs from points to the nearest place of every segment within reach: point, segment, fraction, metres."""
    row, found = index.tree.query(
        shapely.points(points_xy[points]), predicate="dwithin", distance=reach_m + TOUCH_M
    )
    point, segment = points[row], index.allowed[found]
    a, b = index.graph.ends_xy[segment, :2], index.graph.ends_xy[segment, 2:]
    along = b - a
    fraction = np.clip(((points_xy[point] - a) * along).sum(axis=1) / (along**2).sum(axis=1), 0.0, 1.0)
    straight_m = np.hypot(*(points_xy[point] - (a + fraction[:, None] * along)).T)
    return point, segment, fraction, straight_m
