"""Shortest walks: for every home the nearest centre, or all centres within a limit. Exact, in whole numbers.

People walk from home to centre; the search runs from the centres against that direction. Prices are
whole milliseconds carried in float64, which holds whole numbers exactly below 2**53. To know which
centre is nearest, and to give ties to the smaller one, a price t of a walk to centre c (of K) is
carried as `t * (K + 1) + c`: smaller when the time is smaller, and between equal times when c is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from geogrid.errors import NetworkTooLargeError
from geogrid.network.graph import Costs, Graph
from geogrid.network.impedance import Floats, Integers
from geogrid.network.snap import Snaps, price_along, price_from_ends, price_to_ends

EXACT_LIMIT = 2.0**53
"""From here on float64 no longer tells neighbouring whole numbers apart."""
MAX_CELLS = 4_000_000
"""Distances held at a time (32 MB) when many centres are searched from separately."""


@dataclass(frozen=True)
class Ways:
    """Ways (w of them) between places and the network, sorted by place; a place may have several.

    Attributes
    ----------
    place
        Shape (w,): number of the home or centre.
    segment, fraction
        Shape (w,): where the way meets the network.
    leg
        Shape (w,): price of the walk off the network, whole milliseconds.
    gate
        Shape (w,): number of the gate it passes, -1 for none.
    """

    place: Integers
    segment: Integers
    fraction: Floats
    leg: Floats
    gate: Integers


@dataclass(frozen=True)
class Direct:
    """Walks (d of them) from a home to a centre that do not touch the public network.

    Attributes
    ----------
    home, centre
        Shape (d,): numbers.
    cost
        Shape (d,): whole milliseconds.
    """

    home: Integers
    centre: Integers
    cost: Floats


def join_direct(walks: Sequence[Direct]) -> Direct:
    """Several sets of direct walks as one."""
    if len(walks) == 1:
        return walks[0]
    return Direct(
        np.concatenate([one.home for one in walks]),
        np.concatenate([one.centre for one in walks]),
        np.concatenate([one.cost for one in walks]),
    )


@dataclass(frozen=True)
class Nearest:
    """The nearest centre of every home (n of them).

    Attributes
    ----------
    cost
        Shape (n,): whole milliseconds, `inf` where no centre can be reached.
    centre
        Shape (n,): number of the centre, -1 where none.
    way
        Shape (n,): row of the home's way that was taken, -1 where none (or a direct walk).
    """

    cost: Floats
    centre: Integers
    way: Integers


def match_equal(left: Integers, right: Integers) -> tuple[Integers, Integers]:
    """All pairs of rows whose numbers are equal, by left row and then right row.

    >>> [rows.tolist() for rows in match_equal(np.array([7, 8, 7]), np.array([7, 9, 7]))]
    [[0, 0, 2, 2], [0, 2, 0, 2]]
    """
    order = np.argsort(right, kind="stable")
    low = np.searchsorted(right[order], left, side="left")
    n_matches = np.searchsorted(right[order], left, side="right") - low
    rows = np.repeat(np.arange(len(left)), n_matches)
    within = np.arange(len(rows)) - np.repeat(np.cumsum(n_matches) - n_matches, n_matches)
    return rows, order[np.repeat(low, n_matches) + within]


def find_nearest(
    graph: Graph, costs: Costs, homes: Ways, centres: Ways, direct: Direct, n_homes: int, n_centres: int
) -> Nearest:
    """The nearest centre of every home, however far; of equally near ones the smaller number.

    Raises
    ------
    NetworkTooLargeError
        When the numbers could grow beyond what float64 holds exactly.
    """
    scale = n_centres + 1.0
    _require_exact((costs.forward.sum() + costs.backward.sum() + _sum_of_largest(homes, centres)) * scale)
    sources = _search_from(graph, costs, centres, n_centres, scale)
    reached = dijkstra(sources, indices=np.arange(graph.n_nodes, graph.n_nodes + n_centres), min_only=True)
    to_start, to_end = price_to_ends(homes.segment, homes.fraction, costs)
    by_start = (homes.leg + to_start) * scale + reached[graph.start[homes.segment]]
    by_end = (homes.leg + to_end) * scale + reached[graph.end[homes.segment]]
    way, arrival = match_equal(homes.segment, centres.segment)
    along = price_along(homes.segment[way], homes.fraction[way], centres.fraction[arrival], costs)
    beside = (homes.leg[way] + along + centres.leg[arrival]) * scale + centres.place[arrival]
    found = np.concatenate([np.minimum(by_start, by_end), beside, direct.cost * scale + direct.centre])
    home = np.concatenate([homes.place, homes.place[way], direct.home])
    by_way = np.concatenate([np.arange(len(homes.place)), way, np.full(len(direct.home), -1)])
    order = np.lexsort((by_way, found, home))
    order = order[np.isfinite(found[order])]
    answered, first = np.unique(home[order], return_index=True)
    best = order[first]
    nearest = Nearest(cost=np.full(n_homes, np.inf), centre=np.full(n_homes, -1), way=np.full(n_homes, -1))
    nearest.cost[answered] = np.floor(found[best] / scale)
    nearest.centre[answered] = (found[best] % scale).astype(np.int64)
    nearest.way[answered] = by_way[best]
    return nearest


def measure_reach(
    graph: Graph,
    costs: Costs,
    homes: Ways,
    centres: Ways,
    direct: Direct,
    n_homes: int,
    n_centres: int,
    *,
    limit: float,
) -> csr_matrix:
    """Prices from every home to every centre within a limit.

    Returns
    -------
    Shape (n_homes, n_centres), int64 milliseconds; pairs beyond the limit (inclusive) are not stored,
    and a stored 0 is a home at a centre's door.
    """
    matrix = _search_from(graph, costs, centres, n_centres, 1.0, ranked=False)
    to_start, to_end = price_to_ends(homes.segment, homes.fraction, costs)
    way, arrival = match_equal(homes.segment, centres.segment)
    along = price_along(homes.segment[way], homes.fraction[way], centres.fraction[arrival], costs)
    beside = homes.leg[way] + along + centres.leg[arrival]
    answered, first = np.unique(homes.place, return_index=True)
    blocks = []
    size = max(1, MAX_CELLS // max(1, graph.n_nodes))
    for low in range(0, n_centres, size):
        high = min(low + size, n_centres)
        reached = dijkstra(matrix, indices=np.arange(graph.n_nodes + low, graph.n_nodes + high), limit=limit)
        block = np.full((high - low, n_homes), np.inf)
        if len(answered):
            by_start = homes.leg + to_start + reached[:, graph.start[homes.segment]]
            by_end = homes.leg + to_end + reached[:, graph.end[homes.segment]]
            block[:, answered] = np.minimum.reduceat(np.minimum(by_start, by_end), first, axis=1)
        here = (centres.place[arrival] >= low) & (centres.place[arrival] < high)
        cells = (centres.place[arrival][here] - low, homes.place[way][here])
        np.minimum.at(block, cells, beside[here])
        here = (direct.centre >= low) & (direct.centre < high)
        np.minimum.at(block, (direct.centre[here] - low, direct.home[here]), direct.cost[here])
        centre, home = np.nonzero(block <= limit)
        blocks.append((home, centre + low, block[centre, home].astype(np.int64)))
    home, centre, cost = (np.concatenate(column) for column in zip(*blocks, strict=True))
    order = np.lexsort((centre, home))
    indptr = np.searchsorted(home[order], np.arange(n_homes + 1))
    return csr_matrix((cost[order], centre[order], indptr), shape=(n_homes, n_centres))


def price_pairs(
    graph: Graph, costs: Costs, origins: Snaps, destinations: Snaps, origin: Integers, destination: Integers
) -> Floats:
    """Prices along a graph for given pairs of snapped places, `inf` where they are not connected.

    Made for many small separate networks (the streets inside compounds): the k-th destinations of
    all components are searched from together, so the number of searches is the largest number of
    destinations in one component.

    Parameters
    ----------
    origins, destinations
        Places on the graph.
    origin, destination
        Shape (p,): rows of those, every one of them on the graph.

    Returns
    -------
    Shape (p,), whole milliseconds.
    """
    cost = np.full(len(origin), np.inf)
    used, row = np.unique(destination, return_inverse=True)
    segment, fraction = destinations.segment[used], destinations.fraction[used]
    component = graph.component[graph.start[segment]]
    order = np.argsort(component, kind="stable")
    turn = np.empty(len(used), np.int64)
    turn[order] = np.arange(len(used)) - np.searchsorted(component[order], component[order])
    at, share = origins.segment[origin], origins.fraction[origin]
    to_start, to_end = price_to_ends(at, share, costs)
    start, end = graph.start[at], graph.end[at]
    connected = graph.component[start] == component[row]
    for round_ in range(int(turn.max(initial=-1)) + 1):
        now = np.flatnonzero(turn == round_)
        ways = Ways(np.arange(len(now)), segment[now], fraction[now], np.zeros(len(now)), now)
        matrix = _search_from(graph, costs, ways, len(now), 1.0, ranked=False)
        reached = dijkstra(matrix, indices=np.arange(len(now)) + graph.n_nodes, min_only=True)
        pairs = connected & (turn[row] == round_)
        by_start = to_start[pairs] + reached[start[pairs]]
        cost[pairs] = np.minimum(by_start, to_end[pairs] + reached[end[pairs]])
    same = at == segment[row]
    along = price_along(at[same], share[same], fraction[row[same]], costs)
    cost[same] = np.minimum(cost[same], along)
    return cost


def _sum_of_largest(*ways: Ways) -> float:
    return float(sum(way.leg.max(initial=0.0) for way in ways))


def _require_exact(largest: float) -> None:
    if largest >= EXACT_LIMIT:
        raise NetworkTooLargeError(found=f"{largest:.3g}", limit=f"{EXACT_LIMIT:.3g}")


def _search_from(
    graph: Graph, costs: Costs, ways: Ways, n_places: int, scale: float, *, ranked: bool = True
) -> csr_matrix:
    """The graph turned round, with one more node for each place, from which its ways lead.

    Between two nodes only the cheapest of parallel edges is kept: scipy would add them up.

    Parameters
    ----------
    scale
        Prices are multiplied by it.
    ranked
        Whether the place's number is added to the price of its ways.
    """
    from_start, from_end = price_from_ends(ways.segment, ways.fraction, costs)
    rank = ways.place if ranked else 0
    n_nodes = graph.n_nodes
    place = ways.place + n_nodes
    tail = np.concatenate([graph.end, graph.start, place, place])
    head = np.concatenate([graph.start, graph.end, graph.start[ways.segment], graph.end[ways.segment]])
    price = np.concatenate(
        [
            costs.forward * scale,
            costs.backward * scale,
            (ways.leg + from_start) * scale + rank,
            (ways.leg + from_end) * scale + rank,
        ]
    )
    order = np.lexsort((price, head, tail))
    tail, head, price = tail[order], head[order], price[order]
    is_first = np.ones(len(tail), bool)
    is_first[1:] = (tail[1:] != tail[:-1]) | (head[1:] != head[:-1])
    tail, head, price = tail[is_first], head[is_first], price[is_first]
    size = n_nodes + n_places
    indptr = np.searchsorted(tail, np.arange(size + 1))
    return csr_matrix((price, head.astype(np.int32), indptr.astype(np.int32)), shape=(size, size))
