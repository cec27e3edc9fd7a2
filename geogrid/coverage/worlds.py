"""What is not known exactly about a walk, how far off it may be, and worlds drawn within that.

A world is the county with every uncertain quantity multiplied by a factor of its own; in the base world
all factors are 1. Factors are drawn around 1, so that the base value of a quantity is its median. What
all homes share (how fast people walk here) and what is each compound's own (how its paths wind) are
different factors: the first moves the whole county, the second decides between neighbours. Every draw is
keyed (see `draws`): a home's in a world depends on its id and on nothing else in the town. What the whole
county shares decides most, so those factors are spread evenly over the worlds of a seed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache, cached_property
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from geogrid.coverage.draws import (
    Keys,
    WorldNumber,
    draw_evenly,
    draw_lots,
    draw_passed,
    draw_slices,
    list_normals,
)
from geogrid.network.compounds import GateOrigin
from geogrid.network.impedance import ACCESS_DETOUR, Floats, Integers

CUT_SIGMAS = 3.0
"""Factors are drawn within this many standard deviations: beyond it lie mistakes, not doubt."""
TINY = 1e-9
"""Shares are taken to be no nearer to 0 and 1 than this: far beyond the cut."""
NORMAL = NormalDist()
SIGMAS_90 = 1.6448536269514722
"""Half width of the middle 90 % of a normal distribution, in standard deviations."""
OTHER_GATE_SHARE = 0.5
"""Chance that a large compound of which one gate is mapped (`possible_gates.LONG_EDGE_M`) has another one: an
assumption, even odds."""
POSSIBLE = "possible"
"""How such another gate is known, beside the values of `GateOrigin`: not at all."""
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

SPREADS = (
    SPEED, LEG_COUNTY, LEG_COMPOUND, CROSSING_COUNTY, CROSSING_STREET, SLOPE, PEOPLE_COUNTY, PEOPLE_BUILDING,
)  # fmt: skip


@dataclass(frozen=True)
class DoubtfulGates:
    """Gates that are not mapped, by compound.

    Attributes
    ----------
    row, key
        Shape (d,): of the subject.
    first
        Shape (c,): where each compound begins.
    group
        Shape (d,): the compound's place in `first`.
    is_inferred, is_other
        Shape (d,): inferred ones, and those beside a single mapped gate; the rest are of compounds without any.
    """

    row: Integers
    key: Keys
    first: Integers
    group: Integers
    is_inferred: npt.NDArray[np.bool_]
    is_other: npt.NDArray[np.bool_]


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
        Shape (g,): the gated compound of each gate, sorted; in each the given ones come first.
    gate_origin
        Shape (g,): how each gate is known, a `GateOrigin` or `POSSIBLE`.
    gate_key
        Shape (g,).
    is_barred
        Shape (h + k,): homes, then centres, whose leg to the street passes a barrier.
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

    @cached_property
    def is_given(self) -> npt.NDArray[np.bool_]:
        """Gates that are mapped, shape (g,)."""
        given: npt.NDArray[np.bool_] = self.gate_origin == GateOrigin.GIVEN.value
        return given

    @cached_property
    def doubtful_gates(self) -> DoubtfulGates:
        """The other gates."""
        row = np.flatnonzero(~self.is_given)
        first = _find_firsts(self.gate_compound[row])
        return DoubtfulGates(
            row=row,
            key=self.gate_key[row],
            first=first,
            group=np.repeat(np.arange(len(first)), np.diff(np.append(first, len(row)))),
            is_inferred=self.gate_origin[row] == GateOrigin.INFERRED.value,
            is_other=self.gate_origin[row] == POSSIBLE,
        )

    @cached_property
    def barred_key(self) -> Keys:
        """Keys of the homes and centres whose leg passes a barrier."""
        return np.concatenate([self.home_key, self.centre_key])[self.is_barred]


@dataclass(frozen=True)
class World:
    """One way the county could be. How many people live in it is not drawn here, see `ranges.draw_people`.

    Attributes
    ----------
    speed, slope
        Factors of the county.
    leg
        Shape (p,): factor of the access legs of each place.
    crossing
        Shape (l,): factor of the waits on each street.
    is_open
        Shape (g,): the gates by which people pass.
    is_passed
        Shape (h + k,): homes, then centres, whose legs are walked although one may pass a barrier.
    is_walked
        Shape (d,): the doubtful streets that are walked, and the doubtful gates and barriers that are passed.
    """

    speed: float
    slope: float
    leg: Floats
    crossing: Floats
    is_open: npt.NDArray[np.bool_]
    is_passed: npt.NDArray[np.bool_]
    is_walked: npt.NDArray[np.bool_]


def make_base_world(subject: Subject) -> World:
    """The world of the base values; of a compound without any known gate the first place is its gate."""
    origin = subject.gate_origin
    is_open = (origin == GateOrigin.GIVEN.value) | (origin == GateOrigin.INFERRED.value)
    is_open[_find_firsts(subject.gate_compound)] = True
    return World(
        speed=1.0,
        slope=1.0,
        leg=np.ones(len(subject.place_key)),
        crossing=np.ones(len(subject.street_key)),
        is_open=is_open,
        is_passed=np.ones(len(subject.is_barred), bool),
        is_walked=np.ones(len(subject.doubt_key), bool),
    )


def make_swift_world(subject: Subject) -> World:
    """A world in which every walk costs no more than in any world that is drawn, slopes aside (see `list_slopes`)."""
    crossing = np.exp(-CUT_SIGMAS * (CROSSING_COUNTY.sigma + CROSSING_STREET.sigma))
    return World(
        speed=float(np.exp(CUT_SIGMAS * SPEED.sigma)),
        slope=1.0,
        leg=np.full(len(subject.place_key), 1.0 / ACCESS_DETOUR),
        crossing=np.full(len(subject.street_key), crossing),
        is_open=np.ones(len(subject.gate_key), bool),
        is_passed=np.ones(len(subject.is_barred), bool),
        is_walked=np.ones(len(subject.doubt_key), bool),
    )


def list_slopes() -> tuple[float, float]:
    """The least and the largest factor of slopes that is drawn."""
    low, high = np.exp(-CUT_SIGMAS * SLOPE.sigma), np.exp(CUT_SIGMAS * SLOPE.sigma)
    return float(low), float(high)


def draw_world(subject: Subject, world: WorldNumber) -> World:
    """The world of a seed and a number.

    Speeds, legs, waits and slopes are multiplied by `exp(sigma z)` with z standard normal, a leg by no
    less than what makes it straight.
    """
    speed, leg, crossing, slope = (
        spread.sigma * min(max(NORMAL.inv_cdf(share), -CUT_SIGMAS), CUT_SIGMAS)
        for spread, share in zip(
            (SPEED, LEG_COUNTY, CROSSING_COUNTY, SLOPE),
            draw_evenly(4, world).clip(TINY, 1.0 - TINY),
            strict=True,
        )
    )
    return World(
        speed=float(np.exp(speed)),
        slope=float(np.exp(slope)),
        leg=np.maximum(
            np.exp(leg) * _draw_factors(subject.place_key, LEG_COMPOUND, world), 1.0 / ACCESS_DETOUR
        ),
        crossing=np.exp(crossing) * _draw_factors(subject.street_key, CROSSING_STREET, world),
        is_open=_draw_gates(subject, world),
        is_passed=_draw_passages(subject, world),
        is_walked=draw_passed(subject.doubt_key, "walked", DOUBTFUL_WAY_SHARE, world),
    )


def _draw_factors(keys: Keys, spread: Spread, world: WorldNumber) -> Floats:
    return _list_factors(spread)[draw_slices(keys, spread.name, world)]


@cache
def _list_factors(spread: Spread) -> Floats:
    return np.exp(spread.sigma * list_normals(CUT_SIGMAS))


def _draw_gates(subject: Subject, world: WorldNumber) -> npt.NDArray[np.bool_]:
    """Which gates are open.

    All that are given; each inferred one by its chance, but one of a compound at least; of a compound without
    any, one of the places where it could be, all equally likely, and so of one that may have another, by the
    chance that it has.
    """
    is_open, gates = subject.is_given.copy(), subject.doubtful_gates
    if len(gates.row):
        lots = draw_lots(gates.key, "gate", world)
        is_drawn = lots == np.minimum.reduceat(lots, gates.first)[gates.group]
        is_drawn &= ~gates.is_other | draw_passed(gates.key, "other_gate", OTHER_GATE_SHARE, world)
        is_drawn |= gates.is_inferred & draw_passed(gates.key, "gate", INFERRED_GATE_SHARE, world)
        is_open[gates.row] = is_drawn
    return is_open


def _draw_passages(subject: Subject, world: WorldNumber) -> npt.NDArray[np.bool_]:
    is_passed = ~subject.is_barred
    is_passed[subject.is_barred] = draw_passed(subject.barred_key, "leg_barred", BARRED_LEG_SHARE, world)
    return is_passed


def _find_firsts(compound: Integers) -> Integers:
    """The first row of each compound, of sorted ones."""
    is_first = np.ones(len(compound), bool)
    is_first[1:] = compound[1:] != compound[:-1]
    return np.flatnonzero(is_first)
