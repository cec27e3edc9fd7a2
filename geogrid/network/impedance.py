"""The price of a walk: who walks how fast, what slopes, steps and crossings cost, in whole milliseconds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geogrid.errors import InvalidOptionError

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

ADULT_M_PER_S = 1.2
"""72 m/min: a planning code's 72 m/min for a ten-minute circle of 720 m; also the design speed of pedestrian signals."""
ELDERLY_M_PER_S = 0.8
"""Mean of people aged 65 and over in Asher et al. (2012), Age and Ageing 41(5), 690-694: 0.9 m/s men, 0.8 women."""
CHILD_M_PER_S = 1.0
"""60 m/min, the slower of the two planning speeds: an assumption for a child who walks alone."""

STEPS_SPEED_SHARE = 0.5
"""Speed along mapped steps, as a share of the speed on the level: an assumption, the same for all."""
SLOPE_RATE, SLOPE_OPTIMUM = 3.5, 0.05
"""Tobler (1993), Three presentations on geographical analysis and modeling: speed goes as
exp(-3.5 |s + 0.05|) with s the rise over the run: people are fastest on a fall of 5 %."""
STEEPEST_SLOPE = 0.4
"""A steeper rise or fall is charged as this: the steepest street there is (Baldwin Street, Dunedin) has
0.35, so that more is a fault of the heights, and Tobler's law would let a few metres of it cost minutes."""
CROSSING_WAIT_S = {
    **dict.fromkeys(("trunk", "trunk_link", "primary", "primary_link"), 20.0),
    **dict.fromkeys(("secondary", "secondary_link"), 10.0),
}
"""Seconds waited where a crossing passes a street of that class; nothing at the others: an assumption, about
half the red of a signal on a wide road."""
ACCESS_DETOUR = 1.2
"""An access leg is this many times its straight line: the ground between a door and the street is not mapped."""
ACCESS_LIMIT_M = 300.0
"""An access leg (detour counted) longer than this is no walk that the map vouches for: the place is unsnapped."""


@dataclass(frozen=True)
class Profile:
    """Who walks, or what is measured.

    Attributes
    ----------
    speed_m_per_s
        Speed on the level.
    steps_speed_share
        Speed on steps as a share of that.
    waits
        Whether the seconds that a street asks for its crossings are waited.
    slope_share
        How much of the slope of the ground counts: 1 as the heights say, 0 as if it were level.
    """

    name: str
    speed_m_per_s: float
    steps_speed_share: float = STEPS_SPEED_SHARE
    waits: bool = True
    slope_share: float = 1.0


PROFILES: dict[str, Profile] = {
    profile.name: profile
    for profile in (
        Profile("adult", ADULT_M_PER_S),
        Profile("elderly", ELDERLY_M_PER_S),
        Profile("child", CHILD_M_PER_S),
    )
}

LENGTH = Profile("length", 1.0, steps_speed_share=1.0, waits=False, slope_share=0.0)
"""Measures lengths, as the map shows them from above, with the machinery of times: at 1 m/s on the level
and without waits a millisecond is a millimetre."""


def find_profile(name: str) -> Profile:
    """The profile of that name.

    Raises
    ------
    InvalidOptionError
        When there is none.

    >>> find_profile("elderly").speed_m_per_s
    0.8
    """
    if name not in PROFILES:
        raise InvalidOptionError(option="profile", value=name, expected="|".join(PROFILES))
    return PROFILES[name]


def round_half_up(values: Floats) -> Floats:
    """Whole numbers (as float64, so that `inf` can stand beside them); halves go up.

    >>> round_half_up(np.array([0.5, 1.5, 2.4])).tolist()
    [1.0, 2.0, 2.0]
    """
    rounded: Floats = np.floor(values + 0.5)
    return rounded


def measure_slowness(slope: Floats) -> Floats:
    """How many times as long as on the level a walk takes: `exp(3.5 (|s + 0.05| - 0.05))`.

    Tobler's law, normalised so that the level is 1. It is a law of speed; its inverse, taken here, is
    integrated along the walk, so that a rise is not made up for by the fall after it.

    Parameters
    ----------
    slope
        Rise over run in the direction of the walk, any shape; beyond `STEEPEST_SLOPE` it is taken as that.

    >>> measure_slowness(np.array([0.0, 0.1, -0.05, -0.1, 9.0])).round(3).tolist()
    [1.0, 1.419, 0.839, 1.0, 4.055]
    """
    capped = np.clip(slope, -STEEPEST_SLOPE, STEEPEST_SLOPE)
    slowness: Floats = np.exp(SLOPE_RATE * (np.abs(capped + SLOPE_OPTIMUM) - SLOPE_OPTIMUM))
    return slowness


def price_legs(straight_m: Floats, profile: Profile) -> Floats:
    """Milliseconds of access legs: `floor(1000 * straight * 1.2 / speed + 0.5)`.

    Parameters
    ----------
    straight_m
        Straight distances, any shape.

    Returns
    -------
    The same shape, whole numbers.

    >>> price_legs(np.array([60.0]), PROFILES["adult"]).tolist()
    [60000.0]
    """
    return round_half_up(1000.0 * (straight_m * ACCESS_DETOUR) / profile.speed_m_per_s)


def is_leg_too_long(straight_m: Floats, limit_m: float) -> npt.NDArray[np.bool_]:
    """Whether access legs, their detour counted, are longer than the limit."""
    return straight_m * ACCESS_DETOUR > limit_m
