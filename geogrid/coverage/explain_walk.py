"""The walk of one home, leg by leg: what each costs, so that a minute can be followed on the ground."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import numpy as np

from geogrid.coverage.town import Town, list_street_ids
from geogrid.coverage.walks import Layout, Objects, Walks
from geogrid.network.access import (
    Doors,
    Spots,
    price_arrivals,
    price_departures,
    price_within_compounds,
    select_doors,
)
from geogrid.network.graph import Graph, price_segments
from geogrid.network.impedance import ACCESS_DETOUR, Floats, Profile, price_legs
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
    origin = np.append(layout.network.gates.origin, [None])[layout.home_compound[home]]
    return ExplainedWalk(
        centre=str(layout.centre_id[centre]),
        centre_name=layout.centre_name[centre],
        profile=walks.profile,
        gates=origin,
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
    if reason == "unsnapped" and layout.home_compound[home] >= 0:
        return "gates_unsnapped"
    return reason


def _sum_lengths(legs: tuple[Leg, ...]) -> float:
    return round(sum(leg.length_m for leg in legs), 3)


def _list_vertices(xy: Floats) -> tuple[tuple[float, float], ...]:
    return tuple((float(x), float(y)) for x, y in xy)


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
        departures = price_departures(network, inside, profile, homes, gates)
        arrivals = price_arrivals(network, inside, profile, centres, gates)
        direct = price_within_compounds(network, inside, profile, homes, centres)
        best, route, way, arrival = self._find_best(departures, arrivals)
        if len(direct.cost) and direct.cost.min() <= best:
            pair = int(np.argmin(direct.cost))
            door, other = int(direct.home[pair]), int(direct.centre[pair])
            yield from self._walk_inside(homes.spots, door, "home", centres.spots, other, "centre")
            return
        door, gate = int(departures.place[way]), int(departures.gate[way])
        if gate < 0:
            leg = self._step_on(homes.spots, door, "home", "street")
            yield replace(leg, is_barred=bool(homes.is_barred[door]))
        else:
            yield from self._walk_inside(homes.spots, door, "home", gates, gate, "gate")
            yield replace(self._step_on(gates, gate, "gate", "street"), gate=self._gate_id(gate))
        yield from self._follow("public", route)
        door, gate = int(arrivals.place[arrival]), int(arrivals.gate[arrival])
        if gate < 0:
            leg = self._step_on(centres.spots, door, "street", "centre")
            yield replace(leg, is_barred=bool(centres.is_barred[door]))
            return
        yield replace(self._step_on(gates, gate, "street", "gate"), gate=self._gate_id(gate))
        yield from self._walk_inside(gates, gate, "gate", centres.spots, door, "centre")

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
        """Inside a compound: along its own streets where both spots lie by the same ones, else straight."""
        graph = self._network.inside
        first, last = int(origins.inside.segment[origin]), int(destinations.inside.segment[destination])
        gate = destination if other_name == "gate" else origin if name == "gate" else -1
        gate_id = self._gate_id(gate) if gate >= 0 else None
        if first >= 0 and last >= 0 and self._component(first) == self._component(last):
            start = first, float(origins.inside.fraction[origin])
            end = last, float(destinations.inside.fraction[destination])
            (route,) = find_route(graph, self._costs["inside"], [start], end)
            if route is not None:
                leg = self._step_on(origins, origin, name, "street", network="inside")
                yield replace(leg, gate=gate_id if name == "gate" else None)
                yield from self._follow("inside", route)
                leg = self._step_on(destinations, destination, "street", other_name, network="inside")
                yield replace(leg, gate=gate_id if other_name == "gate" else None)
                return
        ends_xy = np.array([origins.xy[origin], destinations.xy[destination]])
        straight_m = float(np.hypot(*(ends_xy[0] - ends_xy[1])))
        yield self._charge(LegKind.INSIDE, name, other_name, straight_m, ends_xy, gate=gate_id)

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
