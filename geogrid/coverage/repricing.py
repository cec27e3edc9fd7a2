"""The same walks under other constants: everything is taken apart once and priced anew for each world.

Nothing is linearised: in every world each segment, leg and wait is priced, rounded to whole milliseconds
and searched over again, by one search from all centres at once that ends at the cutoff.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from geogrid.coverage.draws import Keys, make_keys
from geogrid.coverage.possible_gates import PossibleGates
from geogrid.coverage.runs import Runs, join_runs, search_backwards
from geogrid.coverage.town import Town, list_street_ids
from geogrid.coverage.walks import PricedWays, price_ways
from geogrid.coverage.worlds import POSSIBLE, Subject, World, list_slopes, make_swift_world
from geogrid.network.access import Doors
from geogrid.network.chains import contract_graph
from geogrid.network.compounds import Gates
from geogrid.network.graph import Costs, Graph, price_segments, select_segments
from geogrid.network.impedance import LENGTH, Floats, Integers, Profile, round_half_up
from geogrid.network.kernel import load_kernel
from geogrid.network.search import Ways, match_equal
from geogrid.network.snap import price_along, price_to_ends


@dataclass(frozen=True)
class Parts:
    """All that a walk in a town costs, in the parts that have different factors, unrounded milliseconds.

    Attributes
    ----------
    profile
        Who walks; for `LENGTH` speeds, waits and slopes have no part.
    level_ms
        Shape (s,): walking on the level.
    wait_segment, wait_ms, wait_street
        Shape (c,): the segments on which people wait at crossings, how long, and on which street of the subject.
    uphill_ms, downhill_ms
        Shape (s,): what the slope adds from start to end, and back; with what rounding adds.
    ways
        The base ways, of which `home_place`, `centre_place` and `direct_place` say whose legs they are.
    beside
        Pairs of a home's way and a centre's that meet the same segment, shape (2, b).
    home, first
        The homes that have ways, and the first way of each.
    """

    graph: Graph
    profile: Profile
    level_ms: Floats
    wait_segment: Integers
    wait_ms: Floats
    wait_street: Integers
    uphill_ms: Floats
    downhill_ms: Floats
    ways: PricedWays
    home_place: Integers
    centre_place: Integers
    direct_place: Integers
    beside: Integers
    home: Integers
    first: Integers
    runs: Runs
    subject: Subject

    @property
    def n_homes(self) -> int:
        """Number of homes."""
        return len(self.subject.home_key)


def take_apart(town: Town, possible: PossibleGates, profile: Profile) -> Parts:
    """The walks of a town in parts.

    Parameters
    ----------
    possible
        The layout of the town with every place where a gate could be, and apart where a stop is in doubt; see
        `possible_gates.spread_gates` and `spread_stops`.
    """
    layout = possible.layout
    graph = layout.network.public
    costs = price_segments(graph, profile)
    share = np.where(graph.is_steps, profile.steps_speed_share, 1.0)
    level_ms = 1000.0 * graph.length_m / (profile.speed_m_per_s * share)
    wait_ms = 1000.0 * graph.wait_s if profile.waits else np.zeros(graph.n_segments)
    waiting = np.flatnonzero(wait_ms)
    lines, street = np.unique(graph.line[waiting], return_inverse=True)
    ways = price_ways(layout, profile)
    home, first = np.unique(ways.homes.place, return_index=True)
    gates = layout.network.gates
    n_compounds = len(town.compound)
    of_gate = layout.network.gated[gates.compound]
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
        wait_segment=waiting,
        wait_ms=wait_ms[waiting],
        wait_street=street.astype(np.int64),
        uphill_ms=costs.forward - level_ms - wait_ms,
        downhill_ms=costs.backward - level_ms - wait_ms,
        ways=ways,
        home_place=home_place,
        centre_place=centre_place,
        direct_place=direct_place,
        beside=np.stack(match_equal(ways.homes.segment, ways.centres.segment)),
        home=home,
        first=first,
        runs=join_runs(graph, layout.network.chains, ways.centres),
        subject=Subject(
            place_key=place_key[used],
            street_key=make_keys("street", list_street_ids(town)[lines]),
            home_key=home_key,
            centre_key=centre_key,
            gate_compound=gates.compound,
            gate_origin=np.where(possible.is_other, POSSIBLE, gates.origin[gates.compound]),
            gate_key=_make_gate_keys(gates, compound_id[of_gate]),
            is_barred=np.concatenate(
                [
                    _mark_barred(layout.home_doors, layout.n_homes),
                    _mark_barred(layout.centre_doors, layout.n_centres),
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


def keep_reached(parts: Parts, limit: float) -> Parts:
    """The parts without the streets and ways that no walk within a limit takes in any world that may be drawn.

    In the swiftest of all worlds every price is the least that it can be, so what is too far there is too
    far in all of them: no answer within the limit changes.

    Parameters
    ----------
    limit
        As in `measure_world`.
    """
    if not len(parts.ways.homes.place) or not len(parts.ways.centres.place):
        return parts
    graph, homes, centres = parts.graph, parts.ways.homes, parts.ways.centres
    low, high = list_slopes()
    swift = replace(
        parts,
        uphill_ms=np.minimum(low * parts.uphill_ms, high * parts.uphill_ms),
        downhill_ms=np.minimum(low * parts.downhill_ms, high * parts.downhill_ms),
    )
    world = make_swift_world(parts.subject)
    costs, ways = price_world(swift, world)
    nothing = np.zeros(graph.n_segments, bool)
    reached = search_backwards(parts.runs, graph, costs, ways.centres, nothing, limit) <= limit
    is_kept = reached[graph.start] | reached[graph.end]
    is_kept[centres.segment] = True
    walked = measure_world(swift, world, limit=limit) <= limit
    way = np.flatnonzero(walked[homes.place] & is_kept[homes.segment])
    number = np.cumsum(is_kept) - 1
    near = select_segments(graph, np.flatnonzero(is_kept))
    near_homes = Ways(
        homes.place[way], number[homes.segment[way]], homes.fraction[way], homes.leg[way], homes.gate[way]
    )
    near_centres = replace(centres, segment=number[centres.segment])
    waits = is_kept[parts.wait_segment]
    home, first = np.unique(near_homes.place, return_index=True)
    return replace(
        parts,
        graph=near,
        level_ms=parts.level_ms[is_kept],
        wait_segment=number[parts.wait_segment[waits]],
        wait_ms=parts.wait_ms[waits],
        wait_street=parts.wait_street[waits],
        uphill_ms=parts.uphill_ms[is_kept],
        downhill_ms=parts.downhill_ms[is_kept],
        ways=PricedWays(near_homes, near_centres, parts.ways.direct),
        home_place=parts.home_place[way],
        beside=np.stack(match_equal(near_homes.segment, near_centres.segment)),
        home=home,
        first=first,
        runs=join_runs(near, None if load_kernel() is None else contract_graph(near), near_centres),
    )


def price_world(parts: Parts, world: World) -> tuple[Costs, PricedWays]:
    """Prices of segments and ways in a world, whole milliseconds; a way that is closed in it costs `inf`.

    So does one to a street that nobody walks in it; the segments of that keep their prices, see `is_shut`.
    """
    speed = 1.0 if parts.profile is LENGTH else world.speed
    waits = parts.wait_ms * world.crossing[parts.wait_street]
    forward = (parts.level_ms + world.slope * parts.uphill_ms) / speed
    backward = (parts.level_ms + world.slope * parts.downhill_ms) / speed
    forward[parts.wait_segment] += waits
    backward[parts.wait_segment] += waits
    costs = Costs(round_half_up(forward), round_half_up(backward))
    leg = world.leg / speed
    is_open = np.append(world.is_open, [True])  # the last is for ways that pass no gate
    homes, centres, direct = parts.ways.homes, parts.ways.centres, parts.ways.direct
    home_passed, centre_passed = np.split(world.is_passed, [parts.n_homes])
    shut = is_shut(parts, world)
    home_open = is_open[homes.gate] & home_passed[homes.place] & ~shut[homes.segment]
    centre_open = is_open[centres.gate] & centre_passed[centres.place] & ~shut[centres.segment]
    home_leg = round_half_up(homes.leg * leg[parts.home_place])
    centre_leg = round_half_up(centres.leg * leg[parts.centre_place])
    return costs, PricedWays(
        replace(homes, leg=np.where(home_open, home_leg, np.inf)),
        replace(centres, leg=np.where(centre_open, centre_leg, np.inf)),
        replace(direct, cost=round_half_up(direct.cost * leg[parts.direct_place])),
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
    reached = search_backwards(parts.runs, graph, costs, centres, is_shut(parts, world), limit)
    to_start, to_end = price_to_ends(homes.segment, homes.fraction, costs)
    found = homes.leg + np.minimum(
        to_start + reached[graph.start[homes.segment]], to_end + reached[graph.end[homes.segment]]
    )
    way, arrival = parts.beside
    along = price_along(homes.segment[way], homes.fraction[way], centres.fraction[arrival], costs)
    np.minimum.at(found, way, homes.leg[way] + along + centres.leg[arrival])
    cost[parts.home] = np.minimum(cost[parts.home], np.minimum.reduceat(found, parts.first))
    return cost


def _mark_barred(doors: Doors, n_places: int) -> npt.NDArray[np.bool_]:
    """Places whose leg to the street passes a barrier, shape (n_places,)."""
    is_barred = np.zeros(n_places, bool)
    is_barred[doors.place[doors.is_barred]] = True
    return is_barred


def _pick_places(ways: Ways, own: Integers, of_gate: Integers) -> Integers:
    """Whose factor the leg of each way has: its compound's where it passes a gate, else its own place's."""
    by_gate = np.append(of_gate, [-1])[ways.gate]
    return np.where(by_gate >= 0, by_gate, own[ways.place])
