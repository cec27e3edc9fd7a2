"""Passages: the gates that are passed one after another from a region out to another.

Whoever leaves an enclosure by a gate stands in the region beyond: on the public streets, or in a compound round
or beside it. From there only the gates of that region lead on, and only out of its enclosures: nobody walks
through a compound of others, but where a gate leads into it.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np

from geogrid.network.enclosures import Booleans
from geogrid.network.graph import Costs
from geogrid.network.impedance import Floats, Integers, Profile
from geogrid.network.inside import Spots, match_regions, price_inside
from geogrid.network.streets import Network

_Found = tuple[tuple[int, ...], float, bool]
"""The gates of a passage, its price, and whether it passes an obstacle."""


@dataclass(frozen=True)
class GateSpots:
    """Gates (g of them) on both sides of their walls.

    Attributes
    ----------
    inner, outer
        The gates as spots of the region on this side of the wall, and of that beyond it.
    is_barred
        Shape (g,): the leg from the gate to the public street passes an obstacle, because none within the limit
        does not.
    """

    inner: Spots
    outer: Spots
    is_barred: Booleans


@dataclass(frozen=True)
class Passages:
    """Passages (p of them); the first ones are the gates alone, in their order.

    Attributes
    ----------
    first, last
        Shape (p,): the gate nearest to home, and the last one out.
    cost
        Shape (p,): price of the walk from the first gate to the last, whole milliseconds.
    is_barred
        Shape (p,): whether that passes an obstacle.
    begin, gate
        Shapes (p + 1,) and (m,): passage i leads through `gate[begin[i]:begin[i + 1]]`.
    """

    first: Integers
    last: Integers
    cost: Floats
    is_barred: Booleans
    begin: Integers
    gate: Integers

    def list_pairs(self, passages: Integers) -> tuple[Integers, Integers]:
        """Pairs of a row of some passages, shape (n,), and a gate that it leads through; -1 leads through none."""
        rows = np.flatnonzero(passages >= 0)
        low = self.begin[passages[rows]]
        n_gates = self.begin[passages[rows] + 1] - low
        row = np.repeat(rows, n_gates)
        within = np.arange(len(row)) - np.repeat(np.cumsum(n_gates) - n_gates, n_gates)
        return row, self.gate[np.repeat(low, n_gates) + within]

    def have_all(self, gates: Booleans) -> Booleans:
        """Whether passages lead through none but some gates, shape (p,).

        Parameters
        ----------
        gates
            Shape (g,): which.
        """
        if not len(self.first):
            return np.zeros(0, bool)
        lead: Booleans = np.logical_and.reduceat(gates[self.gate], self.begin[:-1])
        return lead

    def list_gates(self, passage: int) -> list[int]:
        """The gates of one passage, from home outward."""
        found: list[int] = self.gate[self.begin[passage] : self.begin[passage + 1]].tolist()
        return found


def trace_passages(
    network: Network,
    costs: Costs,
    profile: Profile,
    gates: GateSpots,
    *,
    is_return: bool = False,
    certain: Booleans | None = None,
) -> Passages:
    """The cheapest passage from every gate to every other that can be passed after it.

    One that passes no obstacle goes before those that do. With `is_return` it is priced the other way round.

    Parameters
    ----------
    certain
        Shape (g,): gates that stand in every world; all when None. Where a passage leads through others between its
        ends, the best one that does without some of them is listed beside it.
    """
    n_gates = len(gates.is_barred)
    gate, onward = match_regions(gates.outer.region, gates.inner.region)
    if not len(gate):
        alone = np.arange(n_gates + 1)
        cost, is_barred = np.zeros(n_gates), np.zeros(n_gates, bool)
        return Passages(alone[:-1], alone[:-1], cost, is_barred, alone, alone[:-1])
    found: list[_Found] = [((number,), 0.0, False) for number in range(n_gates)]
    ends = (gates.outer, gates.inner, gate, onward)
    if is_return:
        ends = (gates.inner, gates.outer, onward, gate)
    price, is_crossed = price_inside(network, costs, profile, *ends)
    steps: dict[int, list[tuple[int, float, bool]]] = {}
    for one, other, cost, barred in zip(
        gate.tolist(), onward.tolist(), price.tolist(), is_crossed.tolist(), strict=True
    ):
        if one != other and np.isfinite(cost):
            steps.setdefault(one, []).append((other, cost, barred))
    doubtful = frozenset() if certain is None else frozenset(np.flatnonzero(~certain).tolist())
    for start in sorted(steps):
        found += _search_onward(start, steps, doubtful)
    lengths = [len(through) for through, _, _ in found]
    through = np.array([one for row, _, _ in found for one in row], np.int64)
    begin = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return Passages(
        first=through[begin[:-1]],
        last=through[begin[1:] - 1],
        cost=np.array([cost for _, cost, _ in found], float),
        is_barred=np.array([barred for _, _, barred in found], bool),
        begin=begin,
        gate=through,
    )


def find_leading_regions(inner: Integers, outer: Integers, leads_out: Booleans) -> Integers:
    """The regions of compounds from which some passage ends at a gate that leads out.

    Parameters
    ----------
    inner, outer, leads_out
        Shape (g,): the regions that gates join, and which gates lead onto a street.
    """
    found = np.unique(inner[leads_out])
    while True:
        more = np.union1d(found, inner[np.isin(outer, found)])
        if len(more) == len(found):
            return found.astype(np.int64)
        found = more


def _search_onward(
    start: int, steps: dict[int, list[tuple[int, float, bool]]], doubtful: frozenset[int]
) -> list[_Found]:
    """From one gate the best passages to each gate after it: their gates, price, whether they are barred.

    One is left out where a better one leads through no other doubtful gates than it does.
    """
    best: dict[int, list[tuple[frozenset[int], _Found]]] = {}
    queue: list[tuple[bool, float, tuple[int, ...]]] = [(False, 0.0, (start,))]
    while queue:
        barred, cost, through = heapq.heappop(queue)
        between = doubtful.intersection(through[1:-1])
        rivals = best.setdefault(through[-1], [])
        if any(known <= between for known, _ in rivals):
            continue
        rivals.append((between, (through, cost, barred)))
        for other, price, is_crossed in steps.get(through[-1], []):
            if other not in through:
                heapq.heappush(queue, (barred or is_crossed, cost + price, (*through, other)))
    return [found for last in sorted(best) if last != start for _, found in best[last]]
