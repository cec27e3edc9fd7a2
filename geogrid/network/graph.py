"""Lines as a graph: nodes where vertices coincide, one edge per segment, a price for each direction.

Two lines meet only where both have a vertex: a street that passes over or under another one shares
none with it, and a crossing without a vertex is no junction. Vertices are the same node when their
coordinates, rounded to a millimetre, are equal, unless they are known to be different ones (see
`stacked`); a segment whose two ends are one node is dropped. At a stop (see `stops`) nothing joins.
Nothing is contracted and nothing is simplified, so a second program can follow every number. Where
both ends of a segment have a height, it rises evenly from one to the other; elsewhere it is level.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import shapely
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from geogrid.network.impedance import Floats, Integers, Profile, measure_slowness, round_half_up

MM_PER_M = 1000.0
NOWHERE: Floats = np.empty((0, 2))


@dataclass(frozen=True)
class Graph:
    """Segments (s of them) between nodes (n), in the order of their lines and along each line.

    Attributes
    ----------
    node_xy
        Shape (n, 2), metres.
    start, end
        Shape (s,): nodes.
    ends_xy
        Shape (s, 4), metres: x and y of the start, x and y of the end.
    length_m
        Shape (s,), as seen from above.
    rise_m
        Shape (s,): height of the end above the start; 0 where either is unknown.
    line
        Shape (s,): the line that a segment comes from.
    is_steps
        Shape (s,).
    wait_s
        Shape (s,): the segment's part of its line's wait at crossings.
    group
        Shape (s,): segments of different groups share no node.
    component
        Shape (n,): nodes that can reach each other have the same number.
    doubt
        Shape (s,): number of the doubt whether a segment is walked, -1 for none.
    stop
        Shape (n,): number of the stop at whose place a node is the end of one segment alone, -1 elsewhere.
    may_stop
        Shape (n,): number of the doubt whether people pass a node, -1 for none.
    """

    node_xy: Floats
    start: Integers
    end: Integers
    ends_xy: Floats
    length_m: Floats
    rise_m: Floats
    line: Integers
    is_steps: npt.NDArray[np.bool_]
    wait_s: Floats
    group: Integers
    component: Integers
    doubt: Integers
    stop: Integers
    may_stop: Integers

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return len(self.node_xy)

    @property
    def n_segments(self) -> int:
        """Number of segments."""
        return len(self.start)


@dataclass(frozen=True)
class Costs:
    """Price of every segment from its start to its end and back, shape (s,), whole milliseconds."""

    forward: Floats
    backward: Floats


def build_graph(
    lines: npt.NDArray[np.object_],
    *,
    is_steps: npt.NDArray[np.bool_],
    wait_s_per_m: Floats,
    group: Integers,
    doubt: Integers | None = None,
    level: Integers | None = None,
    stops_xy: Floats = NOWHERE,
    doubtful_xy: Floats = NOWHERE,
    first_doubt: int = 0,
) -> Graph:
    """The graph of a set of lines.

    Parameters
    ----------
    lines
        Shape (l,): LineStrings in metres; z is the height of a vertex, missing or NaN where unknown.
    is_steps, wait_s_per_m, group
        Shape (l,): of each line, whether it is steps, what it asks at crossings per metre of its
        length, and the network it belongs to; lines of different groups never connect.
    doubt
        Shape (l,): number of the doubt whether a line is walked, -1 for none; no doubt when None.
    level
        Shape (v,): vertices at one place are one node where these are equal; all are when None.
    stops_xy, doubtful_xy
        Shapes (b, 2) and (d, 2): places at which no segments join, and at which that is in doubt; the
        latter's doubts are numbered from `first_doubt`.

    >>> lines = shapely.from_wkt(["LINESTRING (0 0, 100 0, 200 0)", "LINESTRING (100 0, 100 50)"])
    >>> graph = build_graph(lines, is_steps=np.zeros(2, bool), wait_s_per_m=np.zeros(2), group=np.zeros(2, int))
    >>> graph.n_nodes, graph.n_segments, graph.length_m.tolist()
    (4, 3, [100.0, 100.0, 50.0])
    """
    xyz, line = shapely.get_coordinates(lines, include_z=True, return_index=True)
    xy, height_m = xyz[:, :2], xyz[:, 2]
    first = np.flatnonzero(line[:-1] == line[1:]) if len(line) else np.empty(0, np.int64)
    node_of_vertex = _number_nodes(xy, group[line], level)
    start, end = node_of_vertex[first], node_of_vertex[first + 1]
    kept = start != end
    first, start, end = first[kept], start[kept], end[kept]
    ends_xy = np.hstack([xy[first], xy[first + 1]])
    ends = np.concatenate([start, end])
    stop = find_places(np.vstack([ends_xy[:, :2], ends_xy[:, 2:]]), stops_xy)
    stopped = np.flatnonzero(stop >= 0)
    n_numbers = int(node_of_vertex.max(initial=-1)) + 1
    ends[stopped] = n_numbers + np.arange(len(stopped))
    used, inverse = np.unique(ends, return_inverse=True)
    node_xy = np.empty((n_numbers + len(stopped), 2))
    node_xy[node_of_vertex[::-1]] = xy[::-1]
    node_xy[n_numbers:] = np.vstack([ends_xy[:, :2], ends_xy[:, 2:]])[stopped]
    node_xy = node_xy[used]
    start, end = inverse[: len(start)].astype(np.int64), inverse[len(start) :].astype(np.int64)
    line_of_segment = line[first].astype(np.int64)
    length_m = np.hypot(*(xy[first + 1] - xy[first]).T)
    rise_m = height_m[first + 1] - height_m[first]
    n_nodes = len(used)
    links = coo_matrix((np.ones(len(start), np.int32), (start, end)), shape=(n_nodes, n_nodes))
    component = connected_components(links, directed=False)[1] if n_nodes else np.empty(0)
    may_stop = find_places(node_xy, doubtful_xy)
    return Graph(
        node_xy=node_xy,
        start=start,
        end=end,
        ends_xy=ends_xy,
        length_m=length_m,
        rise_m=np.where(np.isfinite(rise_m), rise_m, 0.0),
        line=line_of_segment,
        is_steps=is_steps[line_of_segment],
        wait_s=wait_s_per_m[line_of_segment] * length_m,
        group=group[line_of_segment],
        component=component.astype(np.int64),
        doubt=np.full(len(start), -1) if doubt is None else doubt[line_of_segment],
        stop=find_places(node_xy, stops_xy),
        may_stop=np.where(may_stop >= 0, first_doubt + may_stop, -1),
    )


def round_places(xy: Floats) -> Integers:
    """Places in whole millimetres, shape (n, 2)."""
    mm: Integers = round_half_up(xy * MM_PER_M).astype(np.int64)
    return mm


def find_places(xy: Floats, places_xy: Floats) -> Integers:
    """The number of the place at which each point lies, to the millimetre; -1 where it lies at none."""
    found = np.full(len(xy), -1, np.int64)
    if len(places_xy):
        mm, places = (round_places(one) @ np.array([1, 1j]) for one in (xy, places_xy))
        order = np.argsort(places)
        at = np.searchsorted(places[order], mm).clip(max=len(places) - 1)
        same = places[order][at] == mm
        found[same] = order[at[same]]
    return found


def _number_nodes(xy: Floats, group: Integers, level: Integers | None) -> Integers:
    """The node of every vertex, shape (v,): equal where group, level and millimetre are equal."""
    if not len(xy):
        return np.empty(0, np.int64)
    mm = round_places(xy)
    columns = [group, *mm.T] if level is None else [group, level, *mm.T]
    order = np.lexsort(columns[::-1])
    rows = np.column_stack(columns)[order]
    is_new = np.concatenate([[False], (rows[1:] != rows[:-1]).any(axis=1)])
    numbers = np.empty(len(xy), np.int64)
    numbers[order] = np.cumsum(is_new)
    return numbers


def price_segments(graph: Graph, profile: Profile) -> Costs:
    """Whole milliseconds of every segment: `floor(1000 * length * slowness / speed + 1000 * wait + 0.5)`.

    Walking time and the segment's part of the wait at crossings are rounded together, once for each
    direction. Steps are charged by their share of the speed alone, uphill and downhill: climbing is
    what makes them slow, and it is not counted twice.

    >>> from geogrid.network.impedance import PROFILES
    >>> lines = shapely.from_wkt(["LINESTRING Z (0 0 0, 60 0 0)", "LINESTRING Z (60 0 0, 60 60 6)"])
    >>> graph = build_graph(lines, is_steps=np.zeros(2, bool), wait_s_per_m=np.zeros(2), group=np.zeros(2, int))
    >>> costs = price_segments(graph, PROFILES["adult"])
    >>> costs.forward.tolist(), costs.backward.tolist()
    ([50000.0, 70953.0], [50000.0, 50000.0])
    """
    # what has no length (see `stops.split_doubtful`) has no slope
    rise = np.divide(graph.rise_m, graph.length_m, out=np.zeros(graph.n_segments), where=graph.length_m > 0)
    slope = np.where(graph.is_steps, 0.0, profile.slope_share * rise)
    share = np.where(graph.is_steps, profile.steps_speed_share, 1.0)
    level_ms = 1000.0 * graph.length_m / (profile.speed_m_per_s * share)
    wait_ms = 1000.0 * graph.wait_s if profile.waits else np.zeros(graph.n_segments)
    return Costs(
        forward=round_half_up(level_ms * measure_slowness(slope) + wait_ms),
        backward=round_half_up(level_ms * measure_slowness(-slope) + wait_ms),
    )


def select_segments(graph: Graph, segments: Integers) -> Graph:
    """A part of a graph: some of its segments, and the nodes at which they end, numbered anew in the same order."""
    node, ends = np.unique(np.concatenate([graph.start[segments], graph.end[segments]]), return_inverse=True)
    start, end = np.split(ends.astype(np.int64), 2)
    of_segment = ("ends_xy", "length_m", "rise_m", "line", "is_steps", "wait_s", "group", "doubt")
    of_node = ("node_xy", "component", "stop", "may_stop")
    return replace(
        graph,
        start=start,
        end=end,
        **{name: getattr(graph, name)[segments] for name in of_segment},
        **{name: getattr(graph, name)[node] for name in of_node},
    )
