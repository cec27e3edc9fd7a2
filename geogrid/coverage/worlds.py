"""What is not known exactly about a walk, how far off it may be, and worlds drawn within that.

A world is the county with every uncertain quantity multiplied by a factor of its own; in the base world
all factors are 1. Factors are drawn around 1, so that the base value of a quantity is its median. What
all homes share (how fast people walk here) and what is each compound's own (how its paths wind) are
different factors: the first moves the whole county, the second decides between neighbours. Every draw is
keyed (see `lots`): a home's in a world depends on its id and on nothing else in the town.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from geogrid.coverage.lots import (
    Keys,
    WorldNumber,
    draw_lots,
    draw_passed,
    draw_slices,
    list_normals,
    make_keys,
)
from geogrid.network.compounds import GateOrigin
from geogrid.network.impedance import ACCESS_DETOUR, Floats, Integers

CUT_SIGMAS = 3.0
"""Factors are drawn within this many standard deviations: beyond it lie mistakes, not doubt."""
SIGMAS_90 = 1.6448536269514722
"""Half width of the middle 90 % of a normal distribution, in standard deviations."""
INFERRED_GATE_SHARE = 0.8
"""Chance that people pass where a walkable street meets the edge of a compound without a known gate: an assumption."""
BARRED_LEG_SHARE = 0.5
"""Chance that people walk a leg that passes a mapped barrier or water because none does not (the map may lack
a gap in the barrier, or a street on this side): an assumption, even odds."""

DOUBTFUL_WAY_SHARE = 0.5
"""Chance that people walk a street, or pass a gate or barrier on one, of which the map does not tell whether they
may: an assumption, even odds."""


class Scope(StrEnum):
    """What shares one factor."""

    COUNTY = "county"
    COMPOUND = "compound"
    STREET = "street"
    BUILDING = "building"


@dataclass(frozen=True)
class Spread:
    """How far one quantity may be from its base value.

    Attributes
    ----------
    name
        What is multiplied: `speed`, `leg`, `crossing`, `slope` or `people`.
    scope
        What shares one factor.
    sigma
        Standard deviation of the factor's logarithm; for `people`, of the factor itself.
    """

    name: str
    scope: Scope
    sigma: float

    @property
    def range_90(self) -> tuple[float, float]:
        """Between which factors the middle 90 % of the worlds lie.

        >>> [round(factor, 3) for factor in Spread("speed", Scope.COUNTY, 0.07).range_90]
        [0.891, 1.122]
        """
        half = SIGMAS_90 * self.sigma
        if self.name == "people":
            return 1.0 - half, 1.0 + half
        return float(np.exp(-half)), float(np.exp(half))


SPEED = Spread("speed", Scope.COUNTY, 0.07)
"""Walking speed, unitless like all factors here. In Bohannon and Andrews (2011), Physiotherapy 97(3), 182-189,
means by sex and decade of age reach from 0.94 m/s (women of 80-99) to 1.43 (men of 40-49); that the walkers of
one profile in one town are within some 12 % of its speed (90 %) is an assumption."""
LEG_COUNTY = Spread("leg", Scope.COUNTY, 0.10)
"""Access legs and walks inside compounds, the part that the whole county shares (is 1.2 the right detour
here?): an assumption. No leg becomes shorter than its straight line."""
LEG_COMPOUND = Spread("leg", Scope.COMPOUND, 0.15)
"""The same, the part of one compound, of one building that is in none, or of one centre: an assumption."""
CROSSING_COUNTY = Spread("crossing", Scope.COUNTY, 0.20)
"""Waits at crossings, the part that the county shares (how signals are timed here): an assumption."""
CROSSING_STREET = Spread("crossing", Scope.STREET, 0.30)
"""Waits at crossings, the part of one street: together 11 to 36 s around 20 s, an assumption."""
SLOPE = Spread("slope", Scope.COUNTY, 0.25)
"""Time that slopes cost or save (the law of walking uphill, and the heights it is fed with): an assumption."""
PEOPLE_COUNTY = Spread("people", Scope.COUNTY, 0.05)
"""People where they are estimated, the part that the county shares (persons per household): an assumption."""
PEOPLE_BUILDING = Spread("people", Scope.BUILDING, 0.25)
"""People where they are estimated, the part of one building (empty flats): an assumption."""

COUNTY_FACTORS = ("speed", "leg", "crossing", "slope", "people")
COUNTY_KEYS = make_keys("county", COUNTY_FACTORS)
SPREADS = (
    SPEED, LEG_COUNTY, LEG_COMPOUND, CROSSING_COUNTY, CROSSING_STREET, SLOPE, PEOPLE_COUNTY, PEOPLE_BUILDING,
)  # fmt: skip


@dataclass(frozen=True)
class Subject:
    """The things of a county that have factors of their own, by their keys, and the gates open to doubt.

    Attributes
    ----------
    place_key
        Shape (p,): compounds, homes and centres, each with its own part of an access leg.
    street_key
        Shape (l,): streets on which people wait.
    home_key, centre_key
        Shapes (h,) and (k,).
    gate_compound
        Shape (g,): the enclosure of each gate, sorted.
    gate_origin
        Shape (g,): how each gate is known, a `GateOrigin`.
    gate_key
        Shape (g,).
    is_barred
        Shape (h + k + g,): homes, then centres, then gates in doubt because of a barrier or a wall.
    doubt_key
        Shape (d,): streets, and gates and barriers on them, of which it is not known whether people walk there.
    """

    place_key: Keys
    street_key: Keys
    home_key: Keys
    centre_key: Keys
    gate_compound: Integers
    gate_origin: npt.NDArray[np.object_]
    gate_key: Keys
    is_barred: npt.NDArray[np.bool_]
    doubt_key: Keys


@dataclass(frozen=True)
class World:
    """One way the county could be.

    Attributes
    ----------
    speed, slope
        Factors of the county.
    leg
        Shape (p,): factor of the access legs of each place.
    crossing
        Shape (l,): factor of the waits on each street.
    people
        Shape (h,): factor of the people of each home where they are estimated.
    is_open
        Shape (g,): the gates by which people pass.
    is_passed
        Shape (h + k + g,): homes, then centres, then gates whose legs are walked although one may pass a
        barrier; a home through which a wall runs is left on the inner side.
    is_walked
        Shape (d,): the doubtful streets that are walked, and the doubtful gates and barriers that are passed.
    """

    speed: float
    slope: float
    leg: Floats
    crossing: Floats
    people: Floats
    is_open: npt.NDArray[np.bool_]
    is_passed: npt.NDArray[np.bool_]
    is_walked: npt.NDArray[np.bool_]


def make_base_world(subject: Subject) -> World:
    """The world of the base values; of a compound without any known gate the first place is its gate."""
    is_open = subject.gate_origin != GateOrigin.UNKNOWN.value
    is_open[_find_firsts(subject.gate_compound)] = True
    return World(
        speed=1.0,
        slope=1.0,
        leg=np.ones(len(subject.place_key)),
        crossing=np.ones(len(subject.street_key)),
        people=np.ones(len(subject.home_key)),
        is_open=is_open,
        is_passed=np.ones(len(subject.is_barred), bool),
        is_walked=np.ones(len(subject.doubt_key), bool),
    )


def draw_world(subject: Subject, world: WorldNumber) -> World:
    """The world of a seed and a number.

    Speeds, legs, waits and slopes are multiplied by `exp(sigma z)` with z standard normal, a leg by no
    less than what makes it straight; people by `1 + sigma z`, whose mean is 1 too, so that sums over
    many buildings do not drift.
    """
    z = dict(zip(COUNTY_FACTORS, _draw_normals(COUNTY_KEYS, "county", world), strict=True))
    own_legs = LEG_COMPOUND.sigma * _draw_normals(subject.place_key, "leg", world)
    waits = CROSSING_STREET.sigma * _draw_normals(subject.street_key, "crossing", world)
    own_people = PEOPLE_BUILDING.sigma * _draw_normals(subject.home_key, "people", world)
    return World(
        speed=float(np.exp(SPEED.sigma * z["speed"])),
        slope=float(np.exp(SLOPE.sigma * z["slope"])),
        leg=np.maximum(np.exp(LEG_COUNTY.sigma * z["leg"] + own_legs), 1.0 / ACCESS_DETOUR),
        crossing=np.exp(CROSSING_COUNTY.sigma * z["crossing"] + waits),
        people=(1.0 + PEOPLE_COUNTY.sigma * z["people"]) * (1.0 + own_people),
        is_open=_draw_gates(subject, world),
        is_passed=_draw_passages(subject, world),
        is_walked=draw_passed(subject.doubt_key, "walked", DOUBTFUL_WAY_SHARE, world),
    )


def _draw_normals(keys: Keys, what: str, world: WorldNumber) -> Floats:
    return list_normals(CUT_SIGMAS)[draw_slices(keys, what, world)]


def _draw_gates(subject: Subject, world: WorldNumber) -> npt.NDArray[np.bool_]:
    """Which gates are open.

    All that are given; each inferred one by its chance, but one of a compound at least; of a compound without
    any, one of the places where it could be, all equally likely.
    """
    origin, compound = subject.gate_origin, subject.gate_compound
    is_open: npt.NDArray[np.bool_] = origin == GateOrigin.GIVEN.value
    if is_open.all():
        return is_open
    inferred = origin == GateOrigin.INFERRED.value
    is_open[inferred] = draw_passed(subject.gate_key[inferred], "gate", INFERRED_GATE_SHARE, world)
    lots, first = draw_lots(subject.gate_key, "gate", world), _find_firsts(compound)
    smallest = np.minimum.reduceat(lots, first)
    return is_open | (lots == smallest[np.searchsorted(compound[first], compound)])


def _draw_passages(subject: Subject, world: WorldNumber) -> npt.NDArray[np.bool_]:
    is_passed = ~subject.is_barred
    keys = np.concatenate([subject.home_key, subject.centre_key, subject.gate_key])[subject.is_barred]
    is_passed[subject.is_barred] = draw_passed(keys, "leg_barred", BARRED_LEG_SHARE, world)
    return is_passed


def _find_firsts(compound: Integers) -> Integers:
    """The first row of each compound, of sorted ones."""
    return np.unique(compound, return_index=True)[1]
