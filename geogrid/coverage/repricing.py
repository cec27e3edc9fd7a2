"""The same walks under other constants: everything is taken apart once and priced anew for each world.

Nothing is linearised: in every world each segment, leg and wait is priced, rounded to whole milliseconds
and searched over again, by one search from all centres at once that ends at the cutoff.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from geogrid.coverage.lots import Keys, make_keys
from geogrid.coverage.town import Town, list_street_ids
from geogrid.coverage.walks import Layout, PricedWays, trace_walks
from geogrid.coverage.worlds import Subject, World
from geogrid.network.access import Departures, Shortcuts, trace_departures
from geogrid.network.compounds import Gates
from geogrid.network.enclosures import Booleans
from geogrid.network.graph import Costs, Graph, price_segments
from geogrid.network.impedance import LENGTH, Floats, Integers, Profile, round_half_up
from geogrid.network.search import Ways, match_equal
from geogrid.network.snap import price_along, price_from_ends, price_to_ends


@dataclass(frozen=True)
class Arcs:
    """The graph turned round with one source before all centres, its parallel arcs side by side.

    Attributes
    ----------
    order
        Shape (a,): arcs sorted by tail and head; numbered segments forward, segments backward, ways of
        centres to the starts of their segments, and to the ends.
    first
        Where each group of parallel arcs begins in that order.
    head, indptr
        Columns and rows of the sparse matrix of the groups.
    """

    order: Integers
    first: Integers
    head: Integers
    indptr: Integers


@dataclass(frozen=True)
class Passed:
    """What ways (w of them) pass that is in doubt.

    Attributes
    ----------
    place
        Shape (w,): the home or centre whose obstacles they are, homes first.
    is_barred
        Shape (w,): it passes an obstacle off the streets other than that of the leg from a gate.
    is_other
        Shape (w,): it begins on the outer side of a wall that runs through the home.
    way, gate
        Pairs of a way and a gate on it.
    """

    place: Integers
    is_barred: Booleans
    is_other: Booleans
    way: Integers
    gate: Integers

    def find_open(self, gate_is_open: Booleans, is_passed: Booleans, is_split: Booleans) -> Booleans:
        """Which ways are open in a world, shape (w,).

        Parameters
        ----------
        gate_is_open
            Shape (g,).
        is_passed, is_split
            Shape (h + k,): whether obstacles are passed in this world, and through which homes a wall runs.
        """
        is_open = np.ones(len(self.place), bool)
        rows = np.flatnonzero(self.is_barred | self.is_other | is_split[self.place])
        is_open[rows] = is_passed[self.place[rows]] != self.is_other[rows]
        if not gate_is_open.all():
            is_open[self.way[~gate_is_open[self.gate]]] = False
        return is_open


@dataclass(frozen=True)
class Parts:
    """All that a walk in a town costs, in the parts that have different factors, unrounded milliseconds.

    Attributes
    ----------
    profile
        Who walks; for `LENGTH` speeds, waits and slopes have no part.
    level_ms, wait_ms
        Shape (s,): walking on the level, and waiting at crossings.
    uphill_ms, downhill_ms
        Shape (s,): what the slope adds from start to end, and back; with what rounding adds.
    street
        Shape (s,): the number of the line, for the waits.
    ways
        The base ways, of which `home_place`, `centre_place` and `direct_place` say whose legs they are.
    beside
        Pairs of a home's way and a centre's that meet the same segment, shape (2, b).
    homes_passed, centres_passed, directs_passed
        What the ways pass.
    is_split
        Shape (h + k,): homes through which the wall of a compound runs.
    home, first
        The homes that have ways, and the first way of each.
    """

    graph: Graph
    profile: Profile
    level_ms: Floats
    wait_ms: Floats
    uphill_ms: Floats
    downhill_ms: Floats
    street: Integers
    ways: PricedWays
    home_place: Integers
    centre_place: Integers
    direct_place: Integers
    homes_passed: Passed
    centres_passed: Passed
    directs_passed: Passed
    is_split: Booleans
    beside: Integers
    home: Integers
    first: Integers
    arcs: Arcs
    subject: Subject

    @property
    def n_homes(self) -> int:
        """Number of homes."""
        return len(self.subject.home_key)


def take_apart(town: Town, layout: Layout, profile: Profile) -> Parts:
    """The walks of a town in parts.

    Parameters
    ----------
    layout
        With every place where a gate could be, and apart where a stop is in doubt; see
        `possible_gates.spread_gates` and `spread_stops`.
    """
    graph = layout.network.public
    costs = price_segments(graph, profile)
    share = np.where(graph.is_steps, profile.steps_speed_share, 1.0)
    level_ms = 1000.0 * graph.length_m / (profile.speed_m_per_s * share)
    wait_ms = 1000.0 * graph.wait_s if profile.waits else np.zeros(graph.n_segments)
    lines, street = np.unique(graph.line, return_inverse=True)
    traced = trace_walks(layout, profile)
    other = trace_departures(
        layout.network,
        price_segments(layout.network.inside, profile),
        profile,
        layout.other_doors,
        layout.gates,
    )
    departures, homes_passed = _join_departures(traced.homes, other)
    ways = PricedWays(departures, traced.centres.ways, traced.shortcuts.direct)
    n_homes, n_places = layout.n_homes, layout.n_homes + layout.n_centres
    centres_passed = _list_passed(traced.centres, n_homes)
    directs_passed = _list_passed_by_direct(traced.shortcuts)
    is_split = np.zeros(n_places, bool)
    is_split[layout.other_doors.place] = True
    home, first = np.unique(ways.homes.place, return_index=True)
    gates = layout.network.gates
    n_compounds = len(town.compound)
    of_gate = layout.network.enclosures.row[gates.enclosure]
    own = np.where(layout.homes.compound >= 0, layout.homes.compound, n_compounds + np.arange(layout.n_homes))
    of_centre = n_compounds + layout.n_homes + np.arange(layout.n_centres)
    places = [
        _pick_places(ways.homes, own, of_gate),
        _pick_places(ways.centres, of_centre, of_gate),
        own[ways.direct.home],
    ]
    used, place = np.unique(np.concatenate(places), return_inverse=True)
    home_place, centre_place, direct_place = np.split(place, np.cumsum([len(rows) for rows in places])[:-1])
    compound_id = town.compound["id"].to_numpy(object)
    home_key = make_keys("home", layout.homes.building["id"].to_numpy(object))
    centre_key = make_keys("centre", layout.centre_id)
    place_key = np.concatenate([make_keys("compound", compound_id), home_key, centre_key])
    return Parts(
        graph=graph,
        profile=profile,
        level_ms=level_ms,
        wait_ms=wait_ms,
        uphill_ms=costs.forward - level_ms - wait_ms,
        downhill_ms=costs.backward - level_ms - wait_ms,
        street=street.astype(np.int64),
        ways=ways,
        home_place=home_place,
        centre_place=centre_place,
        direct_place=direct_place,
        homes_passed=homes_passed,
        centres_passed=centres_passed,
        directs_passed=directs_passed,
        is_split=is_split,
        beside=np.stack(match_equal(ways.homes.segment, ways.centres.segment)),
        home=home,
        first=first,
        arcs=_join_arcs(graph, ways.centres),
        subject=Subject(
            place_key=place_key[used],
            street_key=make_keys("street", list_street_ids(town)[lines]),
            home_key=home_key,
            centre_key=centre_key,
            gate_compound=gates.enclosure,
            gate_origin=gates.origin[gates.enclosure],
            gate_key=_make_gate_keys(gates, compound_id[of_gate]),
            is_barred=np.concatenate(
                [
                    is_split | _mark_barred(homes_passed, centres_passed, directs_passed, n_places=n_places),
                    _mark_barred_gates(layout.gates.is_barred, homes_passed, centres_passed),
                ]
            ),
            doubt_key=make_keys("doubt", layout.network.doubts),
        ),
    )


def _make_gate_keys(gates: Gates, compound_id: npt.NDArray[np.object_]) -> Keys:
    """Keys of gates by their ids; of those without, by their compound's and the place to a decimetre."""
    places = np.rint(gates.xy * 10.0).astype(np.int64).tolist()
    rows = zip(gates.id, compound_id, places, strict=True)
    return make_keys("gate", [f"{of} {x} {y}" if one is None else one for one, of, (x, y) in rows])


def price_world(parts: Parts, world: World) -> tuple[Costs, PricedWays]:
    """Prices of segments and ways in a world, whole milliseconds; a way that is closed in it costs `inf`.

    So does one to a street that nobody walks in it; the segments of that keep their prices, see `is_shut`.
    """
    speed = 1.0 if parts.profile is LENGTH else world.speed
    waits = parts.wait_ms * world.crossing[parts.street]
    costs = Costs(
        forward=round_half_up((parts.level_ms + world.slope * parts.uphill_ms) / speed + waits),
        backward=round_half_up((parts.level_ms + world.slope * parts.downhill_ms) / speed + waits),
    )
    leg = world.leg / speed
    homes, centres, direct = parts.ways.homes, parts.ways.centres, parts.ways.direct
    is_passed, gate_is_passed = np.split(world.is_passed, [len(parts.is_split)])
    home_open, centre_open, direct_open = (
        passed.find_open(world.is_open & gate_is_passed, is_passed, parts.is_split)
        for passed in (parts.homes_passed, parts.centres_passed, parts.directs_passed)
    )
    shut = is_shut(parts, world)
    home_open &= ~shut[homes.segment]
    centre_open &= ~shut[centres.segment]
    home_leg = round_half_up(homes.leg * leg[parts.home_place])
    centre_leg = round_half_up(centres.leg * leg[parts.centre_place])
    return costs, PricedWays(
        replace(homes, leg=np.where(home_open, home_leg, np.inf)),
        replace(centres, leg=np.where(centre_open, centre_leg, np.inf)),
        replace(
            direct, cost=np.where(direct_open, round_half_up(direct.cost * leg[parts.direct_place]), np.inf)
        ),
    )


def is_shut(parts: Parts, world: World) -> npt.NDArray[np.bool_]:
    """Segments that nobody walks in a world, shape (s,)."""
    shut: npt.NDArray[np.bool_] = ~np.append(world.is_walked, [True])[parts.graph.doubt]
    return shut


def measure_world(parts: Parts, world: World, *, limit: float) -> Floats:
    """The price of every home's walk to its nearest centre in a world, shape (h,).

    Parameters
    ----------
    limit
        Walks that cost more may be `inf`.
    """
    graph = parts.graph
    costs, ways = price_world(parts, world)
    homes, centres, direct = ways.homes, ways.centres, ways.direct
    cost = np.full(parts.n_homes, np.inf)
    np.minimum.at(cost, direct.home, direct.cost)
    if not len(homes.place) or not len(centres.place):
        return cost
    reached = _search_backwards(parts, costs, centres, is_shut(parts, world), limit)
    to_start, to_end = price_to_ends(homes.segment, homes.fraction, costs)
    found = homes.leg + np.minimum(
        to_start + reached[graph.start[homes.segment]], to_end + reached[graph.end[homes.segment]]
    )
    way, arrival = parts.beside
    along = price_along(homes.segment[way], homes.fraction[way], centres.fraction[arrival], costs)
    np.minimum.at(found, way, homes.leg[way] + along + centres.leg[arrival])
    cost[parts.home] = np.minimum(cost[parts.home], np.minimum.reduceat(found, parts.first))
    return cost


def _join_departures(own: Departures, other: Departures) -> tuple[Ways, Passed]:
    """The ways of homes, with those that begin on the other side of a wall, and what all of them pass."""
    both = own.ways, other.ways
    place = np.concatenate([one.place for one in both])
    order = np.argsort(place, kind="stable")
    place_of = np.empty(len(order), np.int64)
    place_of[order] = np.arange(len(order))
    ways = Ways(
        *(
            np.concatenate([getattr(one, name) for one in both])[order]
            for name in ("place", "segment", "fraction", "leg", "gate")
        )
    )
    pairs = [one.passages.list_pairs(one.passage) for one in (own, other)]
    rows = np.concatenate([pairs[0][0], len(own.door) + pairs[1][0]])
    is_other = np.repeat([False, True], [len(own.door), len(other.door)])
    return ways, Passed(
        ways.place,
        np.concatenate([own.is_own_barred, other.is_own_barred])[order],
        is_other[order],
        place_of[rows],
        np.concatenate([pairs[0][1], pairs[1][1]]),
    )


def _list_passed(departures: Departures, first_place: int) -> Passed:
    """What ways pass, their places numbered from one."""
    way, gate = departures.passages.list_pairs(departures.passage)
    place = first_place + departures.ways.place
    return Passed(place, departures.is_own_barred, np.zeros(len(place), bool), way, gate)


def _list_passed_by_direct(shortcuts: Shortcuts) -> Passed:
    """What walks pass that touch no public street; what is in doubt about them is the home's."""
    pairs = [
        passages.list_pairs(rows)
        for passages, rows in zip(shortcuts.passages, (shortcuts.out, shortcuts.into), strict=True)
    ]
    way, gate = (np.concatenate(columns) for columns in zip(*pairs, strict=True))
    home = shortcuts.direct.home
    return Passed(home, shortcuts.is_barred, np.zeros(len(home), bool), way, gate)


def _mark_barred(*passed: Passed, n_places: int) -> Booleans:
    """Homes and centres some of whose ways pass an obstacle, shape (n_places,)."""
    is_barred = np.zeros(n_places, bool)
    for one in passed:
        is_barred[one.place[one.is_barred & ~one.is_other]] = True
    return is_barred


def _mark_barred_gates(is_barred: Booleans, *passed: Passed) -> Booleans:
    """Gates on some way whose leg to the street passes an obstacle, shape (g,)."""
    is_used = np.zeros(len(is_barred), bool)
    for one in passed:
        is_used[one.gate] = True
    return is_barred & is_used


def _pick_places(ways: Ways, own: Integers, of_gate: Integers) -> Integers:
    """Whose factor the leg of each way has: its compound's where it passes a gate, else its own place's."""
    by_gate = np.append(of_gate, [-1])[ways.gate]
    return np.where(by_gate >= 0, by_gate, own[ways.place])


def _join_arcs(graph: Graph, centres: Ways) -> Arcs:
    source = np.full(len(centres.place), graph.n_nodes)
    tail = np.concatenate([graph.end, graph.start, source, source])
    head = np.concatenate([graph.start, graph.end, graph.start[centres.segment], graph.end[centres.segment]])
    order = np.lexsort((head, tail))
    tail, head = tail[order], head[order]
    is_first = np.ones(len(order), bool)
    is_first[1:] = (tail[1:] != tail[:-1]) | (head[1:] != head[:-1])
    first = np.flatnonzero(is_first)
    indptr = np.searchsorted(tail[first], np.arange(graph.n_nodes + 2))
    return Arcs(order, first, head[first].astype(np.int32), indptr.astype(np.int32))


def _search_backwards(
    parts: Parts, costs: Costs, centres: Ways, shut: npt.NDArray[np.bool_], limit: float
) -> Floats:
    """Price from every node to the nearest centre, shape (n,)."""
    from_start, from_end = price_from_ends(centres.segment, centres.fraction, costs)
    arcs, size = parts.arcs, parts.graph.n_nodes + 1
    forward, backward = (np.where(shut, np.inf, one) for one in (costs.forward, costs.backward))
    price = np.concatenate([forward, backward, centres.leg + from_start, centres.leg + from_end])
    cheapest = np.minimum.reduceat(price[arcs.order], arcs.first)
    matrix = csr_matrix((cheapest, arcs.head, arcs.indptr), shape=(size, size))
    reached: Floats = dijkstra(matrix, indices=size - 1, limit=limit)[:-1]
    return reached
