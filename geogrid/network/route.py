"""The way along a network from one place to another, stretch by stretch: what the searches only price."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from geogrid.network.graph import Costs, Graph
from geogrid.network.impedance import Floats, Integers
from geogrid.network.snap import price_along, price_from_ends, price_to_ends


@dataclass(frozen=True)
class Stretch:
    """A part of a segment that is walked.

    Attributes
    ----------
    origin, destination
        Fractions of the segment; the walk goes backward where the first is the larger.
    cost
        Whole milliseconds.
    """

    segment: int
    origin: float
    destination: float
    cost: float


@dataclass(frozen=True)
class Route:
    """A cheapest way between two places: its price, and its stretches in the order of the walk."""

    cost: float
    stretches: tuple[Stretch, ...]


def find_route(
    graph: Graph, costs: Costs, origins: Sequence[tuple[int, float]], destination: tuple[int, float]
) -> list[Route | None]:
    """A cheapest route from each of several places to one.

    Of equally cheap ones it is always the same. The price is, to the millisecond, that of
    `search.find_nearest`.

    Parameters
    ----------
    origins, destination
        Places: a segment and the fraction of it.

    Returns
    -------
    A route for each origin, None where there is none.

    >>> import shapely
    >>> from geogrid.network.graph import build_graph, price_segments
    >>> from geogrid.network.impedance import PROFILES
    >>> lines = shapely.from_wkt(["LINESTRING (0 0, 60 0)", "LINESTRING (60 0, 60 60)"])
    >>> graph = build_graph(lines, is_steps=np.zeros(2, bool), wait_s_per_m=np.zeros(2), group=np.zeros(2, int))
    >>> (route,) = find_route(graph, price_segments(graph, PROFILES["adult"]), [(0, 0.5)], (1, 1.0))
    >>> [(stretch.segment, stretch.origin, stretch.destination, stretch.cost) for stretch in route.stretches]
    [(0, 0.5, 1.0, 25000.0), (1, 0.0, 1.0, 50000.0)]
    """
    at, share = np.array([destination[0]]), np.array([destination[1]])
    from_start, from_end = (float(price[0]) for price in price_from_ends(at, share, costs))
    matrix = _turn_round(graph, costs, at, np.array([from_start]), np.array([from_end]))
    reached, before = dijkstra(matrix, indices=graph.n_nodes, return_predecessors=True)
    last = {int(graph.start[at[0]]): (0.0, from_start), int(graph.end[at[0]]): (1.0, from_end)}
    routes: list[Route | None] = []
    for segment, fraction in origins:
        place = np.array([segment]), np.array([fraction])
        to_start, to_end = (float(price[0]) for price in price_to_ends(*place, costs))
        start, end = int(graph.start[segment]), int(graph.end[segment])
        found = [
            (to_start + reached[start], Stretch(segment, fraction, 0.0, to_start), start),
            (to_end + reached[end], Stretch(segment, fraction, 1.0, to_end), end),
        ]
        if segment == at[0]:
            along = float(price_along(*place, share, costs)[0])
            found.insert(0, (along, Stretch(segment, fraction, destination[1], along), -1))
        cost, first, node = min(found, key=lambda way: way[0])
        if not np.isfinite(cost):
            routes.append(None)
            continue
        stretches = [first]
        while node >= 0 and before[node] != graph.n_nodes:
            following = int(before[node])
            stretches.append(_step_over(graph, costs, node, following))
            node = following
        if node >= 0:
            begin, price = last[node]
            stretches.append(Stretch(int(at[0]), begin, destination[1], price))
        routes.append(Route(float(cost), tuple(stretches)))
    return routes


def _step_over(graph: Graph, costs: Costs, node: int, following: int) -> Stretch:
    """The cheapest segment from a node to the next, the first of equally cheap ones."""
    ahead = np.flatnonzero((graph.start == node) & (graph.end == following))
    back = np.flatnonzero((graph.end == node) & (graph.start == following))
    ways = [(float(costs.forward[row]), int(row), 0.0, 1.0) for row in ahead]
    ways += [(float(costs.backward[row]), int(row), 1.0, 0.0) for row in back]
    cost, segment, begin, end = min(ways)
    return Stretch(segment, begin, end, cost)


def _turn_round(
    graph: Graph, costs: Costs, segment: Integers, from_start: Floats, from_end: Floats
) -> csr_matrix:
    """The graph with its directions turned, and one more node from which a place on a segment is reached."""
    size = graph.n_nodes + 1
    place = np.array([graph.n_nodes])
    tail = np.concatenate([graph.end, graph.start, place, place])
    head = np.concatenate([graph.start, graph.end, graph.start[segment], graph.end[segment]])
    price = np.concatenate([costs.forward, costs.backward, from_start, from_end])
    order = np.lexsort((price, head, tail))
    tail, head, price = tail[order], head[order], price[order]
    is_first = np.ones(len(tail), bool)  # of parallel edges: scipy would add them up
    is_first[1:] = (tail[1:] != tail[:-1]) | (head[1:] != head[:-1])
    indptr = np.searchsorted(tail[is_first], np.arange(size + 1))
    return csr_matrix((price[is_first], head[is_first], indptr), shape=(size, size))
