"""Whether a range holds what it says: the share of worlds drawn afresh, one by one, that fall inside it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geogrid.coverage.assess import assess_layout
from geogrid.coverage.doubt import N_WORLDS, assess_doubt, describe_area
from geogrid.coverage.draws import WorldNumber
from geogrid.coverage.possible_gates import spread_gates, spread_stops
from geogrid.coverage.repricing import measure_world, take_apart
from geogrid.coverage.walks import lay_out
from geogrid.coverage.worlds import CUT_SIGMAS, PEOPLE_BUILDING, PEOPLE_COUNTY, draw_world

FRESH_SEED = 10**6
"""Each fresh world is the first one of a seed of its own, from here on: no two of them share a sequence."""


@dataclass(frozen=True)
class Calibration:
    """What the ranges of some seeds (s) say and what fresh worlds say of them.

    Attributes
    ----------
    share
        Shape (s,): of the fresh worlds, how many cover a number of people within each seed's range.
    ends, errors
        Shape (s, 2): the range and the sampling error told of its ends.
    is_stretched
        Shape (s,): whether it reaches to the base value.
    """

    share: np.ndarray
    ends: np.ndarray
    errors: np.ndarray
    is_stretched: np.ndarray


def draw_fresh(town, layout, reading, homes, n):
    """People covered in n worlds that have nothing to do with one another, building by building; shape (n,)."""
    parts = take_apart(town, spread_stops(spread_gates(town, layout)), reading.measure)
    building = layout.homes.building
    people = building["residents"].fillna(0).to_numpy(float)
    is_estimated = (building["people_source"] == "estimated").to_numpy(bool)
    answered = (homes["status"] != "unanswered").to_numpy(bool)
    rng = np.random.default_rng(20261127)
    sums = np.empty(n)
    for number in range(n):
        world = draw_world(parts.subject, WorldNumber(FRESH_SEED + number, 0))
        cost = measure_world(parts, world, limit=reading.cutoff_units)
        z = np.clip(rng.standard_normal(len(people) + 1), -CUT_SIGMAS, CUT_SIGMAS)
        factor = (1 + PEOPLE_COUNTY.sigma * z[0]) * (1 + PEOPLE_BUILDING.sigma * z[1:])
        in_world = np.where(is_estimated, people * factor, people)
        sums[number] = in_world[answered & (cost <= reading.cutoff_units)].sum()
    return sums


def calibrate(town, reading, *, seeds, n_fresh, n_worlds=N_WORLDS):
    """The calibration of the range of people covered in a town under a reading."""
    layout = lay_out(town)
    homes = assess_layout(town, layout, [reading])[0].homes
    fresh = draw_fresh(town, layout, reading, homes, n_fresh)
    told = [
        describe_area(
            assess_doubt(town, layout, reading, homes, seed=seed, n_worlds=n_worlds), "county", None
        )
        for seed in seeds
    ]
    people = [one["people"] for one in told]
    ends = np.array([one["covered_range_90"] for one in people])
    return Calibration(
        share=np.array([((fresh >= low) & (fresh <= high)).mean() for low, high in ends]),
        ends=ends,
        errors=np.array([one["sampling_error"] for one in people]),
        is_stretched=np.array([one["stretched"] is not None for one in people]),
    )
