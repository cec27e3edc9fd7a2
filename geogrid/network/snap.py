"""Placing points on the nearest segment (never on a node), and what it costs to reach the segment's ends."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import shapely
from shapely import STRtree

from geogrid.network import kernel
from geogrid.network.graph import Costs, Graph
from geogrid.network.impedance import Floats, Integers, round_half_up

GAVE_UP = -2
"""What the kernel says of a point so far from every segment that a tree finds the nearest sooner."""
MAX_CELLS = 16384
"""Cells of the grid along its longer side: a few segments far away do not make it large."""


@dataclass(frozen=True)
class Snaps:
    """Where points (p of them) lie on a graph.

    Attributes
    ----------
    segment
        Shape (p,): the nearest segment, -1 where there is none.
    fraction
        Shape (p,): 0 at the segment's start, 1 at its end; NaN where there is no segment.
    straight_m
        Shape (p,): straight distance from the point to its place on the segment; `inf` where none.
    """

    segment: Integers
    fraction: Floats
    straight_m: Floats


def read_xy(points: npt.NDArray[np.object_]) -> Floats:
    """Coordinates of Points, shape (p, 2); NaN where there is no point."""
    return np.column_stack([shapely.get_x(points), shapely.get_y(points)])


def snap_points(points_xy: Floats, graph: Graph, *, segments: Integers | None = None) -> Snaps:
    """The place on the nearest segment for every point; of equally near ones the smallest.

    Parameters
    ----------
    points_xy
        Shape (p, 2), metres; a point with NaN is not snapped.
    segments
        The segments that may be snapped to; all when None.

    >>> from geogrid.network.graph import build_graph
    >>> line = shapely.from_wkt(["LINESTRING (0 0, 100 0)"])
    >>> graph = build_graph(line, is_steps=np.zeros(1, bool), wait_s_per_m=np.zeros(1), group=np.zeros(1, int))
    >>> snaps = snap_points(np.array([[25.0, 30.0]]), graph)
    >>> snaps.fraction.tolist(), snaps.straight_m.tolist()
    ([0.25], [30.0])
    """
    return SegmentIndex(graph, segments).snap(points_xy)


class SegmentIndex:
    """A graph's segments made ready for finding the nearest one, for those who snap more than once.

    The compiled kernel finds it on a uniform grid; where that is not installed, and for points far from
    every segment, a tree of shapely does. Both compute distances as GEOS does, so they agree on ties.
    """

    def __init__(self, graph: Graph, segments: Integers | None = None) -> None:
        self.graph = graph
        self.allowed = np.arange(graph.n_segments) if segments is None else np.sort(segments)
        self._grid = _lay_grid(graph.ends_xy, self.allowed) if kernel.load_kernel() is not None else None

    def snap(self, points_xy: Floats) -> Snaps:
        """The place on the nearest segment for every point, as `snap_points` gives it."""
        n_points = len(points_xy)
        segment = np.full(n_points, -1, np.int64)
        fraction = np.full(n_points, np.nan)
        straight_m = np.full(n_points, np.inf)
        known = np.flatnonzero(np.isfinite(points_xy).all(axis=1))
        if not len(self.allowed) or not len(known):
            return Snaps(segment, fraction, straight_m)
        points_xy = np.ascontiguousarray(points_xy[known])
        found = self._find(points_xy)
        a, b = self.graph.ends_xy[found, :2], self.graph.ends_xy[found, 2:]
        along = b - a
        share = np.clip(((points_xy - a) * along).sum(axis=1) / (along**2).sum(axis=1), 0.0, 1.0)
        segment[known], fraction[known] = found, share
        straight_m[known] = np.hypot(*(points_xy - (a + share[:, None] * along)).T)
        return Snaps(segment, fraction, straight_m)

    @cached_property
    def tree(self) -> STRtree:
        """The segments as lines, in the order of their numbers."""
        return STRtree(shapely.linestrings(self.graph.ends_xy[self.allowed].reshape(-1, 2, 2)))

    def _find(self, points_xy: Floats) -> Integers:
        """The nearest segment of every point, shape (p,)."""
        found = np.full(len(points_xy), GAVE_UP)
        if self._grid is not None:
            order = np.argsort(kernel.place_on_curve(points_xy))  # neighbours look at the same cells
            ordered, answers = points_xy[order], np.empty(len(order), np.int64)
            kernel.require_kernel().find_segments(
                self._grid.address, kernel.point_to(ordered), len(ordered), kernel.point_to(answers)
            )
            found[order] = answers
        left = np.flatnonzero(found == GAVE_UP)
        if len(left):
            found[left] = self._find_by_tree(points_xy[left])
        return found

    def _find_by_tree(self, points_xy: Floats) -> Integers:
        """The same by a tree: how far the nearest is, and then of all that are so far the smallest.

        Asked for all matches at once, the tree leaves some of equally near ones out.
        """
        points, lines = shapely.points(points_xy), self.tree.geometries
        _, nearest_m = self.tree.query_nearest(points, all_matches=False, return_distance=True)
        point, found = self.tree.query(points, predicate="dwithin", distance=nearest_m * (1 + 1e-9))
        order = np.lexsort((found, shapely.distance(points[point], lines[found]), point))
        _, first = np.unique(point[order], return_index=True)
        nearest: Integers = self.allowed[found[order][first]]
        return nearest


@dataclass(frozen=True)
class _Grid:
    """The kernel's grid, and the arrays it points to."""

    struct: kernel.Grid
    held: tuple[npt.NDArray[np.generic], ...]

    @property
    def address(self) -> int:
        return ctypes.addressof(self.struct)


def _lay_grid(ends_xy: Floats, allowed: Integers) -> _Grid | None:
    """A grid of some segments, its cells about as many as they are and no smaller than their mean length."""
    if not len(allowed):
        return None
    call = kernel.require_kernel()
    ends_xy, numbers = np.ascontiguousarray(ends_xy), allowed.astype(np.int32)
    box, mean_m = np.empty(4), np.empty(1)
    given = kernel.point_to(numbers), len(numbers)
    call.measure_segments(kernel.point_to(ends_xy), *given, *kernel.point_to_all(box, mean_m))
    low, extent = box[:2], box[2:] - box[:2]
    side = max(
        float(np.sqrt(extent[0] * extent[1] / len(allowed))),
        float(mean_m[0]),
        float(extent.max()) / MAX_CELLS,
    )
    if not 0 < side < np.inf:
        return None
    shape = np.floor(extent / side).astype(int) + 1
    first = np.empty(int(shape[0]) * int(shape[1]) + 1, np.int32)
    struct = kernel.Grid(low[0], low[1], side, shape[0], shape[1])
    kernel.fill_struct(struct, ends=ends_xy, first=first)
    listed = np.empty(call.count_cells(ctypes.addressof(struct), *given), np.int32)
    kernel.fill_struct(struct, segment=listed)
    call.fill_cells(ctypes.addressof(struct), *given)
    return _Grid(struct, (ends_xy, first, listed))


def place_on_segments(graph: Graph, segment: Integers, fraction: Floats) -> Floats:
    """Coordinates of places on segments, shape (p, 2), metres."""
    start, end = graph.ends_xy[segment, :2], graph.ends_xy[segment, 2:]
    xy: Floats = start + fraction[:, None] * (end - start)
    return xy


def select_snaps(snaps: Snaps, points: Integers) -> Snaps:
    """The places of some of the points."""
    return Snaps(snaps.segment[points], snaps.fraction[points], snaps.straight_m[points])


def keep_snaps(snaps: Snaps, kept: npt.NDArray[np.bool_]) -> Snaps:
    """The same points, of which only those in `kept`, shape (p,), stay on the graph."""
    return Snaps(
        np.where(kept, snaps.segment, -1),
        np.where(kept, snaps.fraction, np.nan),
        np.where(kept, snaps.straight_m, np.inf),
    )


def price_to_ends(segment: Integers, fraction: Floats, costs: Costs) -> tuple[Floats, Floats]:
    """Price from places on segments to the start and to the end of their segment.

    `a = floor(fraction * ms + 0.5)` is the part from the start; the rest, `ms - a`, is the part to
    the end, so that the two add up to the segment.
    """
    to_start = round_half_up(fraction * costs.backward[segment])
    to_end = costs.forward[segment] - round_half_up(fraction * costs.forward[segment])
    return to_start, to_end


def price_from_ends(segment: Integers, fraction: Floats, costs: Costs) -> tuple[Floats, Floats]:
    """Price from the start and from the end of segments to places on them."""
    from_start = round_half_up(fraction * costs.forward[segment])
    from_end = costs.backward[segment] - round_half_up(fraction * costs.backward[segment])
    return from_start, from_end


def price_along(segment: Integers, origin: Floats, destination: Floats, costs: Costs) -> Floats:
    """Price from one place to another on the same segment, straight along it.

    Parameters
    ----------
    origin, destination
        Fractions of the segment.
    """
    forward, backward = costs.forward[segment], costs.backward[segment]
    ahead = round_half_up(destination * forward) - round_half_up(origin * forward)
    back = round_half_up(origin * backward) - round_half_up(destination * backward)
    return np.where(destination >= origin, ahead, back)
