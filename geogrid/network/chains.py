"""The graph contracted: runs of segments between junctions as chains, in the order of a Hilbert curve.

A node where exactly two segments meet leaves nobody a choice, so only the junctions (and the ends of
dead ends) are searched. Every place keeps its chain and its price to both ends of it, in whole
milliseconds that are sums of the segments' own, so nothing is rounded twice and no answer changes.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geogrid.network import kernel
from geogrid.network.graph import Costs, Graph
from geogrid.network.impedance import Floats
from geogrid.network.search import Ways
from geogrid.network.snap import price_from_ends, price_to_ends

LARGEST_PRICE = 2.0**31 - 1
"""Of a chain or of a way: what the kernel's 32 bits hold, 24 days."""
LARGEST_WALK = 2.0**39
"""Milliseconds of a walk: what is left of a key of 64 bits beside the number of a centre."""

Compact = npt.NDArray[np.int32]
Flags = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Chains:
    """Chains (c of them) of a graph's segments (s) between its junctions (j). Nothing depends on prices.

    Attributes
    ----------
    junction
        Shape (j,): the node of each junction, along a Hilbert curve.
    u, v
        Shape (c,): the junctions where each chain begins and ends; equal when it is a loop.
    begin, order
        Shapes (c + 1,) and (s,): the segments of chain i, from u to v, are `order[begin[i]:begin[i + 1]]`.
    chain, rank, is_reversed
        Shape (s,): the chain of each segment, its place in it, and whether the segment runs from v to u.
    first, head, arc_chain, from_u
        Shapes (j + 1,) and (2 c,): the arcs of each junction, the junction that each leads to, its
        chain, and whether it leaves that chain's u.
    """

    junction: Compact
    u: Compact
    v: Compact
    begin: Compact
    order: Compact
    chain: Compact
    rank: Compact
    is_reversed: Flags
    first: Compact
    head: Compact
    arc_chain: Compact
    from_u: Flags

    @property
    def n_junctions(self) -> int:
        """Number of junctions."""
        return len(self.junction)

    @property
    def n_chains(self) -> int:
        """Number of chains."""
        return len(self.u)


@dataclass(frozen=True)
class PricedChains:
    """Prices of chains for one walker, whole milliseconds.

    Attributes
    ----------
    ahead, back
        Shape (s,): from the chain's u to the near end of each segment, and from there to u.
    whole_ahead, whole_back
        Shape (c,): from u to v and from v to u.
    arc
        Shape (2 c, 2): the junction that each arc leads to, and the price of the walk against it.
    """

    ahead: Compact
    back: Compact
    whole_ahead: Compact
    whole_back: Compact
    arc: Compact


@dataclass(frozen=True)
class ChainPlaces:
    """Where ways (w of them) meet the chains.

    Attributes
    ----------
    chain, rank, share
        Shape (w,): the chain, the rank of the segment in it, and the place on that segment: grows
        from u to v.
    by_u, by_v
        Shape (w,): price by way of the chain's two ends, the way's own leg counted: to them when
        people leave, from them when they arrive.
    """

    chain: Compact
    rank: Compact
    share: Floats
    by_u: Compact
    by_v: Compact


def contract_graph(graph: Graph) -> Chains:
    """The chains of a graph; needs the compiled kernel."""
    call = kernel.require_kernel()
    n_nodes, n_segments = graph.n_nodes, graph.n_segments
    start, end = np.ascontiguousarray(graph.start), np.ascontiguousarray(graph.end)
    first, at = np.empty(n_nodes + 1, np.int32), np.empty(2 * n_segments, np.int32)
    call.list_segments(n_nodes, n_segments, *kernel.point_to_all(start, end, first, at))
    nodes = np.flatnonzero(np.diff(first) != 2)
    nodes = nodes[np.argsort(kernel.place_on_curve(graph.node_xy[nodes]), kind="stable")]
    junction = np.empty(len(nodes) + n_segments, np.int32)  # a ring without a junction gets one
    junction[: len(nodes)] = nodes
    number = np.full(n_nodes, -1, np.int32)
    chain, rank, order = (np.empty(n_segments, np.int32) for _ in range(3))
    is_reversed = np.empty(n_segments, np.uint8)
    begin, u, v = (np.empty(n_segments + 1, np.int32) for _ in range(3))
    struct = kernel.Chains()
    kernel.fill_struct(
        struct, start=start, end=end, first=first, at=at, number=number, chain=chain, rank=rank
    )
    kernel.fill_struct(struct, reversed=is_reversed, order=order, begin=begin, u=u, v=v)
    n_junctions = call.walk_chains(
        ctypes.addressof(struct), n_segments, kernel.point_to(junction), len(nodes)
    )
    n_chains = struct.n_chains
    u, v = u[:n_chains].copy(), v[:n_chains].copy()
    arc_first, head = np.empty(n_junctions + 1, np.int32), np.empty(2 * n_chains, np.int32)
    arc_chain, from_u = np.empty(2 * n_chains, np.int32), np.empty(2 * n_chains, np.uint8)
    call.list_arcs(n_junctions, n_chains, *kernel.point_to_all(u, v, arc_first, head, arc_chain, from_u))
    return Chains(
        junction=junction[:n_junctions].copy(),
        u=u,
        v=v,
        begin=begin[: n_chains + 1].copy(),
        order=order,
        chain=chain,
        rank=rank,
        is_reversed=is_reversed,
        first=arc_first,
        head=head,
        arc_chain=arc_chain,
        from_u=from_u,
    )


def price_chains(chains: Chains, costs: Costs) -> PricedChains | None:
    """The prices of chains; None when a sum is larger than the kernel holds."""
    call = kernel.require_kernel()
    forward, backward = np.ascontiguousarray(costs.forward), np.ascontiguousarray(costs.backward)
    ahead, back = (np.empty(len(chains.order), np.int32) for _ in range(2))
    whole_ahead, whole_back = (np.empty(chains.n_chains, np.int32) for _ in range(2))
    given = chains.begin, chains.order, chains.is_reversed, forward, backward
    holds = call.price_chains(
        chains.n_chains, *kernel.point_to_all(*given, ahead, back, whole_ahead, whole_back)
    )
    if not holds or whole_ahead.sum(dtype=float) + whole_back.sum(dtype=float) >= LARGEST_WALK:
        return None
    arc = np.empty((2 * chains.n_chains, 2), np.int32)
    arcs = chains.head, chains.arc_chain, chains.from_u, whole_ahead, whole_back, arc
    call.price_arcs(len(arc), *kernel.point_to_all(*arcs))
    return PricedChains(ahead, back, whole_ahead, whole_back, arc)


def place_departures(chains: Chains, priced: PricedChains, ways: Ways, costs: Costs) -> ChainPlaces | None:
    """The ways of homes on the chains; None when a price is larger than the kernel holds."""
    segment = ways.segment
    to_start, to_end = price_to_ends(segment, ways.fraction, costs)
    turned = chains.is_reversed[segment].astype(bool)
    along = np.where(turned, costs.backward[segment], costs.forward[segment])
    chain = chains.chain[segment]
    by_u = ways.leg + np.where(turned, to_end, to_start) + priced.back[segment]
    by_v = ways.leg + np.where(turned, to_start, to_end)
    by_v += priced.whole_ahead[chain] - priced.ahead[segment] - along
    return _compact_places(chains, ways, turned, by_u, by_v)


def place_arrivals(chains: Chains, priced: PricedChains, ways: Ways, costs: Costs) -> ChainPlaces | None:
    """The ways of centres on the chains; None when a price is larger than the kernel holds."""
    segment = ways.segment
    from_start, from_end = price_from_ends(segment, ways.fraction, costs)
    turned = chains.is_reversed[segment].astype(bool)
    along = np.where(turned, costs.forward[segment], costs.backward[segment])
    chain = chains.chain[segment]
    by_u = ways.leg + np.where(turned, from_end, from_start) + priced.ahead[segment]
    by_v = ways.leg + np.where(turned, from_start, from_end)
    by_v += priced.whole_back[chain] - priced.back[segment] - along
    return _compact_places(chains, ways, turned, by_u, by_v)


def _compact_places(
    chains: Chains, ways: Ways, turned: npt.NDArray[np.bool_], by_u: Floats, by_v: Floats
) -> ChainPlaces | None:
    if max(by_u.max(initial=0.0), by_v.max(initial=0.0)) >= LARGEST_PRICE:
        return None
    share = np.where(turned, -ways.fraction, ways.fraction)
    chain, rank = chains.chain[ways.segment], chains.rank[ways.segment]
    return ChainPlaces(chain, rank, share, by_u.astype(np.int32), by_v.astype(np.int32))
