"""Placing points on the nearest segment (never on a node), and what it costs to reach the segment's ends."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely import STRtree

from geogrid.network.graph import Costs, Graph
from geogrid.network.impedance import Floats, Integers, round_half_up


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
    n_points = len(points_xy)
    segment = np.full(n_points, -1, np.int64)
    fraction = np.full(n_points, np.nan)
    straight_m = np.full(n_points, np.inf)
    allowed = np.arange(graph.n_segments) if segments is None else np.sort(segments)
    known = np.flatnonzero(np.isfinite(points_xy).all(axis=1))
    if not len(allowed) or not len(known):
        return Snaps(segment, fraction, straight_m)
    tree = STRtree(shapely.linestrings(graph.ends_xy[allowed].reshape(-1, 2, 2)))
    point, found = tree.query_nearest(shapely.points(points_xy[known]), all_matches=True)
    order = np.lexsort((found, point))
    point, found = point[order], found[order]
    point, first = np.unique(point, return_index=True)
    rows, found = known[point], allowed[found[first]]
    a, b = graph.ends_xy[found, :2], graph.ends_xy[found, 2:]
    along = b - a
    share = np.clip(((points_xy[rows] - a) * along).sum(axis=1) / (along**2).sum(axis=1), 0.0, 1.0)
    segment[rows], fraction[rows] = found, share
    straight_m[rows] = np.hypot(*(points_xy[rows] - (a + share[:, None] * along)).T)
    return Snaps(segment, fraction, straight_m)


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
