"""One search from all centres at once over a graph whose prices change from world to world.

Between junctions segments form runs, on which a search has no choice: only the ends of runs are searched, and
what lies between is filled in. Prices are sums of the segments' own whole milliseconds, so no answer
changes. Everything that does not depend on prices is laid out once.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from geogrid.network.chains import Chains
from geogrid.network.graph import Costs, Graph
from geogrid.network.impedance import Floats, Integers
from geogrid.network.search import Ways
from geogrid.network.snap import price_from_ends


@dataclass(frozen=True)
class Runs:
    """Runs (r of them) of the graph's segments (s) between its stops (t), and what is searched over.

    Attributes
    ----------
    stop
        Shape (t,): the nodes that are searched: junctions, dead ends, and the ends of segments with a centre or in doubt.
    order, is_reversed
        Shape (s,): the segments run by run, and whether each runs against its run.
    begin, end
        Shape (r,): where each run begins and ends in that order.
    u, v
        Shape (r,): the stops where each begins and ends.
    between, between_node
        Shape (b,): places in the order whose segment begins at a node that is no stop, and those nodes.
    between_begin, between_end, between_u, between_v
        Shape (b,): `begin`, `end`, `u` and `v` of the runs on which they lie.
    arcs, first
        The order of the arcs that are searched (runs back, runs ahead, ways of centres to the starts and to the
        ends of their segments) and where each group of parallel ones begins in it.
    matrix
        Shape (t + 1, t + 1): the groups turned round, without prices; the last row leads to the centres.
    """

    stop: Integers
    order: Integers
    is_reversed: npt.NDArray[np.bool_]
    begin: Integers
    end: Integers
    u: Integers
    v: Integers
    between: Integers
    between_node: Integers
    between_begin: Integers
    between_end: Integers
    between_u: Integers
    between_v: Integers
    arcs: Integers
    first: Integers
    matrix: csr_matrix


def join_runs(graph: Graph, chains: Chains | None, centres: Ways) -> Runs:
    """The runs of a graph; a segment with a centre and one in doubt are runs of their own.

    Parameters
    ----------
    chains
        Those of the graph; where there are none every segment is a run of its own.
    centres
        Ways of centres; a run stops at both ends of the segments they meet.
    """
    order = np.arange(graph.n_segments)
    is_reversed = np.zeros(graph.n_segments, bool)
    is_stop = np.ones(graph.n_nodes, bool)
    if chains is not None:
        order = chains.order.astype(np.int64)
        is_reversed = chains.is_reversed[order].astype(bool)
        is_stop = np.zeros(graph.n_nodes, bool)
        is_stop[chains.junction] = True
        alone = np.concatenate([centres.segment, np.flatnonzero(graph.doubt >= 0)])
        is_stop[graph.start[alone]] = is_stop[graph.end[alone]] = True
    tail = np.where(is_reversed, graph.end[order], graph.start[order])
    head = np.where(is_reversed, graph.start[order], graph.end[order])
    begins = is_stop[tail]
    begin = np.flatnonzero(begins)
    end = np.append(begin[1:], len(order))
    stop = np.flatnonzero(is_stop)
    number = np.cumsum(is_stop) - 1
    u, v = number[tail[begin]], number[head[end - 1]]
    between = np.flatnonzero(~begins)
    run = np.cumsum(begins)[between] - 1
    source = np.full(len(centres.segment), len(stop))
    starts, ends = number[graph.start[centres.segment]], number[graph.end[centres.segment]]
    arc_tail = np.concatenate([v, u, source, source])  # turned round: from the place walked to
    arc_head = np.concatenate([u, v, starts, ends])
    arcs = np.lexsort((arc_head, arc_tail))
    arc_tail, arc_head = arc_tail[arcs], arc_head[arcs]
    is_first = np.ones(len(arcs), bool)
    is_first[1:] = (arc_tail[1:] != arc_tail[:-1]) | (arc_head[1:] != arc_head[:-1])
    first = np.flatnonzero(is_first)
    indptr = np.searchsorted(arc_tail[first], np.arange(len(stop) + 2)).astype(np.int32)
    groups = np.zeros(len(first)), arc_head[first].astype(np.int32), indptr
    return Runs(
        stop=stop,
        order=order,
        is_reversed=is_reversed,
        begin=begin,
        end=end,
        u=u,
        v=v,
        between=between,
        between_node=tail[between],
        between_begin=begin[run],
        between_end=end[run],
        between_u=u[run],
        between_v=v[run],
        arcs=arcs,
        first=first,
        matrix=csr_matrix(groups, shape=(len(stop) + 1, len(stop) + 1)),
    )


def search_backwards(
    runs: Runs, graph: Graph, costs: Costs, centres: Ways, shut: npt.NDArray[np.bool_], limit: float
) -> Floats:
    """Price of the walk from every node to the nearest centre, shape (n,).

    Parameters
    ----------
    centres
        With their prices in this world; they meet the segments for which the runs were joined.
    shut
        Shape (s,): doubtful segments that nobody walks in this world.
    limit
        Walks that cost more may be `inf`.
    """
    forward, backward = costs.forward[runs.order], costs.backward[runs.order]
    ahead = _add_up(np.where(runs.is_reversed, backward, forward))
    back = _add_up(np.where(runs.is_reversed, forward, backward))
    from_start, from_end = price_from_ends(centres.segment, centres.fraction, costs)
    closed = np.where(shut[runs.order[runs.begin]], np.inf, 0.0)  # a doubtful segment is a run of its own
    price = np.concatenate(
        [
            ahead[runs.end] - ahead[runs.begin] + closed,
            back[runs.end] - back[runs.begin] + closed,
            centres.leg + from_start,
            centres.leg + from_end,
        ]
    )
    matrix = copy(runs.matrix)  # its rows and columns are shared, its prices are not
    matrix.data = np.minimum.reduceat(price[runs.arcs], runs.first)
    at_stop = dijkstra(matrix, indices=len(runs.stop), limit=limit)[:-1]
    reached = np.empty(graph.n_nodes)
    reached[runs.stop] = at_stop
    by_u = at_stop[runs.between_u] + (back[runs.between] - back[runs.between_begin])
    by_v = at_stop[runs.between_v] + (ahead[runs.between_end] - ahead[runs.between])
    reached[runs.between_node] = np.minimum(by_u, by_v)
    return reached


def _add_up(price: Floats) -> Floats:
    """Sums of whole prices before each place and, last, of all: exact below 2 ** 53."""
    sums = np.zeros(len(price) + 1)
    np.cumsum(price, out=sums[1:])
    return sums
