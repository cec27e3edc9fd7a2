"""The walk of one home, leg by leg: what each costs, so that a minute can be followed on the ground."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import numpy as np
import shapely

from geogrid.coverage.town import Town, list_street_ids
from geogrid.coverage.walks import Layout, Objects, Walks
from geogrid.network.access import (
    Departures,
    Doors,
    Shortcuts,
    select_doors,
    trace_departures,
    trace_shortcuts,
)
from geogrid.network.enclosures import PUBLIC
from geogrid.network.graph import Graph, price_segments
from geogrid.network.impedance import ACCESS_DETOUR, Floats, Profile, price_legs
from geogrid.network.inside import Spots, find_crossed
from geogrid.network.passages import Passages
from geogrid.network.route import Route, Stretch, find_route
from geogrid.network.search import Ways
from geogrid.network.snap import place_on_segments, snap_points

UNITS_PER_S = 1000.0
"""Walks are counted in milliseconds, and lengths in millimetres."""


class LegKind(StrEnum):
    """What a leg of a walk is.

    `ACCESS`: straight between a door or a gate and a street, with the detour. `INSIDE`: straight
    between two places of a gated compound, with the detour. `STREET`: along a street.
    """

    ACCESS = "access"
    INSIDE = "inside"
    STREET = "street"


@dataclass(frozen=True)
class Leg:
    """A part of a walk.

    Attributes
    ----------
    origin, destination
        What it joins: `home`, `gate`, `street` or `centre`.
    street, name
        Id and name of the street that it follows, reaches or leaves; None where there is none.
    gate
        Id of the gate that it leads to or from; None for no gate and for one that is not mapped.
    length_m
        What is walked: with the detour off the streets.
    ascent_m, descent_m
        What it climbs and falls on the way, 0 off the streets and where heights are unknown.
    is_steps
        Steps, whose slope is not counted.
    wait_s
        Waiting at crossings, contained in `cost`.
    is_barred
        It passes a mapped barrier or water, because no street within the limit is reached without.
    cost
        Whole milliseconds; millimetres where lengths are measured.
    path
        x and y of its vertices in the order of the walk, metres in the town's CRS.
    """

    kind: LegKind
    origin: str
    destination: str
    street: str | None
    name: str | None
    gate: str | None
    length_m: float
    ascent_m: float
    descent_m: float
    is_steps: bool
    wait_s: float
    is_barred: bool
    cost: float
    path: tuple[tuple[float, float], ...]

    @property
    def slope(self) -> float:
        """Mean rise over run in the direction of the walk."""
        return (self.ascent_m - self.descent_m) / self.length_m if self.length_m else 0.0


@dataclass(frozen=True)
class ExplainedWalk:
    """The walk of a home to its nearest centre.

    Attributes
    ----------
    centre, centre_name
        Of the centre that is reached.
    profile
        Who walks; `LENGTH` when lengths are measured.
    gates
        How the gates of the home's compound are known; None outside gated compounds.
    legs
        In the order of the walk; their costs add up to the home's walk.
    back_cost
        The best walk from the centre back to the home: another on a slope.
    """

    centre: str
    centre_name: str | None
    profile: Profile
    gates: str | None
    legs: tuple[Leg, ...]
    back_cost: float

    @property
    def is_barred(self) -> bool:
        """Whether a leg passes a mapped barrier or water: the walk is in doubt."""
        return any(leg.is_barred for leg in self.legs)

    @property
    def cost(self) -> float:
        """Whole milliseconds, or millimetres: the sum of the legs."""
        return sum(leg.cost for leg in self.legs)

    def to_dict(self) -> dict[str, Any]:
        """The walk as JSON-ready values; `seconds` are null where lengths are measured."""
        is_time = self.profile.name != "length"
        return {
            "centre": {"id": self.centre, "name": self.centre_name},
            "gates": self.gates,
            "is_barred": self.is_barred,
            "seconds": self.cost / UNITS_PER_S if is_time else None,
            "length_m": _sum_lengths(self.legs) if is_time else self.cost / UNITS_PER_S,
            "back_seconds": self.back_cost / UNITS_PER_S if is_time else None,
            "legs": [
                {
                    "kind": leg.kind.value,
                    "from": leg.origin,
                    "to": leg.destination,
                    "street": leg.street,
                    "name": leg.name,
                    "gate": leg.gate,
                    "length_m": round(leg.length_m, 3) if is_time else leg.cost / UNITS_PER_S,
                    "slope": round(leg.slope, 4),
                    "ascent_m": round(leg.ascent_m, 2),
                    "descent_m": round(leg.descent_m, 2),
                    "steps": leg.is_steps,
                    "wait_s": round(leg.wait_s, 3),
                    "is_barred": leg.is_barred,
                    "seconds": leg.cost / UNITS_PER_S if is_time else None,
                }
                for leg in self.legs
            ],
        }


def explain_walk(town: Town, layout: Layout, walks: Walks, home: int) -> ExplainedWalk | None:
    """The walk of one home, leg by leg; None where it has none.

    Parameters
    ----------
    layout
        That of the town.
    walks
        The walks of all its homes, in the measure that is to be explained.
    home
        Number of the home.
    """
    centre = int(walks.centre[home])
    if centre < 0:
        return None
    teller = _Teller(town, layout, walks.profile)
    homes, centres = select_doors(layout.home_doors, home), select_doors(layout.centre_doors, centre)
    return ExplainedWalk(
        centre=str(layout.centre_id[centre]),
        centre_name=layout.centre_name[centre],
        profile=walks.profile,
        gates=layout.gate_origin[home],
        legs=tuple(teller.tell(homes, centres)),
        back_cost=sum(leg.cost for leg in teller.tell(centres, homes)),
    )


def find_nearest_street_m(layout: Layout, home: int) -> float:
    """Straight distance from a home's doors to the nearest public street, within the limit or not.

    `inf` where there is no street, or the home has no place.
    """
    doors_xy = layout.homes.door_xy[layout.homes.door_home == home]
    return float(snap_points(doors_xy, layout.network.public).straight_m.min())


def find_cause(layout: Layout, home: int, reason: str) -> str:
    """What keeps a home without an answer, closer than the reason of its status.

    Parameters
    ----------
    reason
        `island`, `unsnapped` or `no_network`, as `assess.Coverage.homes` has it.

    Returns
    -------
    That, or `locked` (every known gate of its compound is closed to walkers), `gates_unsnapped` (no
    street near the gates of its compound), `no_place` (nobody knows where it is).
    """
    if not np.isfinite(layout.homes.door_xy[layout.homes.door_home == home]).all():
        return "no_place"
    if reason == "island" and layout.is_locked_in[home]:
        return "locked"
    if reason == "unsnapped" and layout.home_region[home] != PUBLIC:
        return "gates_unsnapped"
    return reason


def _sum_lengths(legs: tuple[Leg, ...]) -> float:
    return round(sum(leg.length_m for leg in legs), 3)


def _list_vertices(xy: Floats) -> tuple[tuple[float, float], ...]:
    return tuple((float(x), float(y)) for x, y in xy)


def _drop_needless(departures: Departures) -> Departures:
    """The ways of the doors of one place, without those that only lead past an obstacle where some do not."""
    kept = np.flatnonzero(~departures.is_own_barred)
    if not len(kept):
        return departures
    return departures.take(kept)


class _Teller:
    """Tells walks of one walker in one town."""

    def __init__(self, town: Town, layout: Layout, profile: Profile) -> None:
        self._town, self._layout, self._profile = town, layout, profile
        self._network = layout.network
        self._costs = {
            "public": price_segments(self._network.public, profile),
            "inside": price_segments(self._network.inside, profile),
        }
        self._street_id: Objects = list_street_ids(town)
        self._street_name: Objects = list_street_ids(town, "name")

    def tell(self, homes: Doors, centres: Doors) -> Iterator[Leg]:
        """The legs of the best walk from the doors of a home to those of a centre, or the other way round."""
        network, profile, gates = self._network, self._profile, self._layout.gates
        inside = self._costs["inside"]
        departures = trace_departures(network, inside, profile, homes, gates)
        arrivals = trace_departures(network, inside, profile, centres, gates, is_return=True)
        clear = departures.mark_clear(len(homes.place)).any(), arrivals.mark_clear(len(centres.place)).any()
        departures, arrivals = _drop_needless(departures), _drop_needless(arrivals)
        shortcuts = trace_shortcuts(
            network, inside, profile, homes, departures, centres, arrivals, gates
        ).drop_barred(np.full(len(homes.place), clear[0]), np.full(len(centres.place), clear[1]))
        best, route, way, arrival = self._find_best(departures.ways, arrivals.ways)
        direct = shortcuts.direct
        if len(direct.cost) and direct.cost.min() <= best:
            if np.isfinite(shortcuts.onward[row := int(np.argmin(direct.cost))]):
                yield from self._walk_over(shortcuts, row, homes, centres)
                return
            yield from self._walk_within(shortcuts, int(np.argmin(direct.cost)), homes.spots, centres.spots)
            return
        yield from self._leave(departures, way, homes)
        yield from self._follow("public", route)
        yield from self._arrive(arrivals, arrival, centres)

    def _leave(self, departures: Departures, way: int, homes: Doors) -> Iterator[Leg]:
        """From a door to the public street, through gates or not, and over a square or not."""
        door, onward = int(departures.door[way]), float(departures.onward[way])
        stands_there = np.isfinite(departures.onto_xy[way, 0]) and onward == departures.ways.leg[way]
        if not stands_there:
            yield from self._come_out(homes, door, departures.passages, int(departures.passage[way]))
        if np.isfinite(departures.onto_xy[way, 0]):
            ends_xy = np.array([departures.onto_xy[way], self._place(departures.ways, way)])
            yield self._cross_square(ends_xy, onward)

    def _place(self, ways: Ways, way: int) -> Floats:
        """Where a way meets the public network."""
        return place_on_segments(self._network.public, ways.segment[[way]], ways.fraction[[way]])[0]

    def _cross_square(self, ends_xy: Floats, cost: float) -> Leg:
        """A straight walk over a square, as a leg along a street of its name."""
        squares, middle = self._network.squares, shapely.Point(ends_xy.mean(axis=0))
        ground = int(np.flatnonzero(shapely.covers(squares.polygon, middle))[0])
        edge = int(np.flatnonzero(squares.of_segment == ground)[0])
        row = int(self._network.public.line[edge])
        leg = self._charge(LegKind.STREET, "street", "street", 0.0, ends_xy, row=row)
        return replace(leg, length_m=float(np.hypot(*(ends_xy[1] - ends_xy[0]))), cost=cost)

    def _come_out(self, homes: Doors, door: int, passages: Passages, passage: int) -> Iterator[Leg]:
        """From a door to the nearest street, through gates or not."""
        if passage < 0:
            leg = self._step_on(homes.spots, door, "home", "street")
            yield replace(leg, is_barred=bool(homes.is_barred[door]))
            return
        through = passages.list_gates(passage)
        yield from self._pass_out(homes.spots, door, through)
        gates, last = self._layout.gates, through[-1]
        leg = self._step_on(gates.outer, last, "gate", "street")
        yield replace(leg, gate=self._gate_id(last), is_barred=bool(gates.is_barred[last]))

    def _arrive(self, arrivals: Departures, way: int, centres: Doors) -> Iterator[Leg]:
        """From the public street to a door, over a square or not, through gates or not."""
        door, onward = int(arrivals.door[way]), float(arrivals.onward[way])
        if np.isfinite(arrivals.onto_xy[way, 0]):
            ends_xy = np.array([self._place(arrivals.ways, way), arrivals.onto_xy[way]])
            yield self._cross_square(ends_xy, onward)
            if onward == arrivals.ways.leg[way]:
                return
        yield from self._come_in(centres, door, arrivals.passages, int(arrivals.passage[way]))

    def _come_in(self, centres: Doors, door: int, passages: Passages, passage: int) -> Iterator[Leg]:
        """From the nearest street to a door, through gates or not."""
        if passage < 0:
            leg = self._step_on(centres.spots, door, "street", "centre")
            yield replace(leg, is_barred=bool(centres.is_barred[door]))
            return
        through = passages.list_gates(passage)
        gates, last = self._layout.gates, through[-1]
        leg = self._step_on(gates.outer, last, "street", "gate")
        yield replace(leg, gate=self._gate_id(last), is_barred=bool(gates.is_barred[last]))
        yield from self._pass_in(centres.spots, door, through)

    def _pass_out(self, spots: Spots, door: int, through: list[int]) -> Iterator[Leg]:
        """From a door through gates."""
        gates = self._layout.gates
        yield from self._walk_inside(spots, door, "home", gates.inner, through[0], "gate")
        for gate, other in itertools.pairwise(through):
            yield from self._walk_inside(gates.outer, gate, "gate", gates.inner, other, "gate")

    def _pass_in(self, spots: Spots, door: int, through: list[int]) -> Iterator[Leg]:
        """Through gates, the last of them first, to a door."""
        gates = self._layout.gates
        for gate, other in itertools.pairwise(reversed(through)):
            yield from self._walk_inside(gates.inner, gate, "gate", gates.outer, other, "gate")
        yield from self._walk_inside(gates.inner, through[0], "gate", spots, door, "centre")

    def _walk_within(self, shortcuts: Shortcuts, row: int, homes: Spots, centres: Spots) -> Iterator[Leg]:
        """A walk that touches no public street: out of the home's compounds, and into the centre's."""
        gates = self._layout.gates
        door, other = int(shortcuts.door[row]), int(shortcuts.centre_door[row])
        out, into = (
            passages.list_gates(int(passage)) if passage >= 0 else []
            for passages, passage in zip(
                shortcuts.passages, (shortcuts.out[row], shortcuts.into[row]), strict=True
            )
        )
        if out:
            yield from self._pass_out(homes, door, out)
        start = (gates.outer, out[-1], "gate") if out else (homes, door, "home")
        end = (gates.outer, into[-1], "gate") if into else (centres, other, "centre")
        yield from self._walk_inside(*start, *end)
        if into:
            yield from self._pass_in(centres, other, into)

    def _walk_over(self, shortcuts: Shortcuts, row: int, homes: Doors, centres: Doors) -> Iterator[Leg]:
        """A walk straight over a square, from where both come onto it."""
        door, other = int(shortcuts.door[row]), int(shortcuts.centre_door[row])
        before, onward = float(shortcuts.leg[row]), float(shortcuts.onward[row])
        if before:
            yield from self._come_out(homes, door, shortcuts.passages[0], int(shortcuts.out[row]))
        yield self._cross_square(shortcuts.ends_xy[row].reshape(2, 2), onward)
        if shortcuts.direct.cost[row] > before + onward:
            yield from self._come_in(centres, other, shortcuts.passages[1], int(shortcuts.into[row]))

    def _find_best(self, departures: Ways, arrivals: Ways) -> tuple[float, Route, int, int]:
        """The price and the route of the best walk by the public network, its first and its last way."""
        best, found = np.inf, (Route(np.inf, ()), -1, -1)
        places = list(zip(departures.segment.tolist(), departures.fraction.tolist(), strict=True))
        for arrival, place in enumerate(zip(arrivals.segment, arrivals.fraction, strict=True)):
            goal = int(place[0]), float(place[1])
            routes = find_route(self._network.public, self._costs["public"], places, goal)
            for way, route in enumerate(routes):
                if route is None:
                    continue
                cost = float(departures.leg[way]) + route.cost + float(arrivals.leg[arrival])
                if (cost, way) < (best, found[1]):
                    best, found = cost, (route, way, arrival)
        return best, *found

    def _walk_inside(
        self, origins: Spots, origin: int, name: str, destinations: Spots, destination: int, other_name: str
    ) -> Iterator[Leg]:
        """Inside compounds: along their streets or straight, whichever is shorter; see `network.inside`."""
        graph = self._network.inside
        first, last = int(origins.inside.segment[origin]), int(destinations.inside.segment[destination])
        gate = destination if other_name == "gate" else origin if name == "gate" else -1
        gate_id = self._gate_id(gate) if gate >= 0 else None
        ends_xy = np.array([origins.xy[origin], destinations.xy[destination]])
        straight_m = float(np.hypot(*(ends_xy[0] - ends_xy[1])))
        straight = self._charge(LegKind.INSIDE, name, other_name, straight_m, ends_xy, gate=gate_id)
        pair = np.array([origin]), np.array([destination])
        is_crossed = bool(find_crossed(self._network, origins, destinations, *pair)[0])
        if first >= 0 and last >= 0 and self._component(first) == self._component(last):
            start = first, float(origins.inside.fraction[origin])
            end = last, float(destinations.inside.fraction[destination])
            (route,) = find_route(graph, self._costs["inside"], [start], end)
            if route is not None:
                leg = self._step_on(origins, origin, name, "street", network="inside")
                legs = [
                    replace(leg, gate=gate_id if name == "gate" else None),
                    *self._follow("inside", route),
                ]
                leg = self._step_on(destinations, destination, "street", other_name, network="inside")
                legs.append(replace(leg, gate=gate_id if other_name == "gate" else None))
                if is_crossed or sum(leg.cost for leg in legs) < straight.cost:
                    yield from legs
                    return
        yield replace(straight, is_barred=is_crossed)

    def _component(self, segment: int) -> int:
        return int(self._network.inside.component[self._network.inside.start[segment]])

    def _gate_id(self, gate: int) -> str | None:
        found = self._network.gates.id[gate]
        return None if found is None else str(found)

    def _step_on(
        self, spots: Spots, spot: int, origin: str, destination: str, *, network: str = "public"
    ) -> Leg:
        """The straight leg between a door or a gate and a street."""
        graph = self._graph(network)
        snaps = spots.public if network == "public" else spots.inside
        segment, fraction = snaps.segment[spot], snaps.fraction[spot]
        at_street = place_on_segments(graph, np.array([segment]), np.array([fraction]))[0]
        ends_xy = np.array([spots.xy[spot], at_street])
        return self._charge(
            LegKind.ACCESS,
            origin,
            destination,
            float(snaps.straight_m[spot]),
            ends_xy[::-1] if origin == "street" else ends_xy,
            row=int(graph.line[segment]),
        )

    def _charge(
        self,
        kind: LegKind,
        origin: str,
        destination: str,
        straight_m: float,
        ends_xy: Floats,
        *,
        row: int = -1,
        gate: str | None = None,
    ) -> Leg:
        """A straight leg with its detour; `row` is that of its street, -1 for none."""
        return Leg(
            kind=kind,
            origin=origin,
            destination=destination,
            street=None if row < 0 else str(self._street_id[row]),
            name=None if row < 0 else self._street_name[row],
            gate=gate,
            length_m=straight_m * ACCESS_DETOUR,
            ascent_m=0.0,
            descent_m=0.0,
            is_steps=False,
            wait_s=0.0,
            is_barred=False,
            cost=float(price_legs(np.array([straight_m]), self._profile)[0]),
            path=_list_vertices(ends_xy),
        )

    def _graph(self, network: str) -> Graph:
        return self._network.public if network == "public" else self._network.inside

    def _follow(self, network: str, route: Route) -> Iterator[Leg]:
        """The legs of a route: one for every street that is followed, and for every time it is."""
        graph = self._graph(network)
        together: list[Stretch] = []
        for stretch in route.stretches:
            if stretch.origin == stretch.destination:
                continue
            if together and graph.line[together[-1].segment] != graph.line[stretch.segment]:
                yield self._join(graph, together)
                together = []
            together.append(stretch)
        if together:
            yield self._join(graph, together)

    def _join(self, graph: Graph, stretches: list[Stretch]) -> Leg:
        """Stretches of one street as one leg."""
        segment = np.array([stretch.segment for stretch in stretches])
        share = np.array([stretch.destination - stretch.origin for stretch in stretches])
        rise_m = share * graph.rise_m[segment]
        row = int(graph.line[segment[0]])
        wait_s = np.abs(share) * graph.wait_s[segment] if self._profile.waits else np.zeros(1)
        begins = place_on_segments(graph, segment, np.array([stretch.origin for stretch in stretches]))
        ends = place_on_segments(graph, segment, np.array([stretch.destination for stretch in stretches]))
        return Leg(
            kind=LegKind.STREET,
            origin="street",
            destination="street",
            street=str(self._street_id[row]),
            name=self._street_name[row],
            gate=None,
            length_m=float((np.abs(share) * graph.length_m[segment]).sum()),
            ascent_m=float(rise_m[rise_m > 0].sum()),
            descent_m=float(-rise_m[rise_m < 0].sum()),
            is_steps=bool(graph.is_steps[segment[0]]),
            wait_s=float(wait_s.sum()),
            is_barred=False,
            cost=float(sum(stretch.cost for stretch in stretches)),
            path=_list_vertices(np.vstack([begins[:1], ends])),
        )
