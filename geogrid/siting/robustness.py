"""How often a site is chosen when people walk faster or slower, the cutoff shifts, or other people live there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from scipy.sparse import csr_matrix

from geogrid.coverage.reach import measure_bounded
from geogrid.coverage.walks import measure_walks
from geogrid.errors import NothingToGainError
from geogrid.network.impedance import Integers
from geogrid.siting.instance import Instance, Weight, place_centres
from geogrid.siting.problem import CoverProblem
from geogrid.siting.solve import solve_maxcover

SPEEDS = (0.9, 1.0, 1.1)
"""Factors of the walking speed: about the 90 % range of it in `coverage.worlds`."""
SHIFT_MINUTES, SHIFT_METRES = 1.0, 50.0
"""By how much the cutoff is moved to either side."""
PEOPLE_SHARE = 0.2
"""People of each home are up to this much more or fewer, evenly spread and each home on its own."""
N_DRAWS = 3
"""Draws of people; the first is as counted."""
SOLVE_LIMIT_S = 5.0


@dataclass(frozen=True, eq=False)
class Robustness:
    """How often each candidate was chosen, shape (c,), in how many worlds, of how many planned."""

    chosen: Integers
    n_worlds: int
    n_planned: int


def measure_robustness(
    instance: Instance,
    weight: Weight,
    k: int,
    *,
    must: tuple[int, ...] = (),
    forbidden: tuple[int, ...] = (),
    seed: int = 0,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> Robustness:
    """The best `k` sites of every world: each speed with each cutoff and each draw of people.

    Parameters
    ----------
    seed
        Of the draws of people.
    is_cancelled
        Asked before every world; True ends with those solved so far.
    """
    reading = instance.reading
    by_time = reading.kind == "minutes"
    speeds = SPEEDS if by_time else (1.0,)
    shift = SHIFT_MINUTES * 60_000.0 if by_time else SHIFT_METRES * 1_000.0
    cutoffs = [cutoff for cutoff in reading.cutoff_units + shift * np.arange(-1, 2) if cutoff > 0]
    draws = _draw_people(instance, weight, seed)
    candidates = instance.candidates
    placed = place_centres(instance.layout, candidates.id, candidates.name, candidates.xy)
    chosen, n_worlds = np.zeros(len(candidates), np.int64), 0
    for speed in speeds:
        profile = replace(reading.measure, speed_m_per_s=reading.measure.speed_m_per_s * speed)
        if is_cancelled():
            break
        reach = measure_bounded(placed, profile, max(cutoffs))
        nearest = measure_walks(instance.layout, profile).cost
        for cutoff, people in product(cutoffs, draws):
            if is_cancelled():
                break
            cover = _keep_within(reach, cutoff)
            problem = CoverProblem(cover, people, nearest <= cutoff, must=must, forbidden=forbidden)
            try:
                found = solve_maxcover(problem, k, time_limit_s=SOLVE_LIMIT_S, is_cancelled=is_cancelled)
            except NothingToGainError:  # everybody is covered in this world
                n_worlds += 1
                continue
            chosen[list(found.sites)] += 1
            n_worlds += 1
    return Robustness(chosen, n_worlds, len(speeds) * len(cutoffs) * len(draws))


def _draw_people(instance: Instance, weight: Weight, seed: int) -> list[Integers]:
    base = instance.weigh(weight)
    rng = np.random.default_rng(seed)
    factors = 1.0 + PEOPLE_SHARE * rng.uniform(-1.0, 1.0, (N_DRAWS - 1, len(base)))
    return [base, *(np.rint(base * factor).astype(np.int64) for factor in factors)]


def _keep_within(reach: csr_matrix, cutoff: float) -> csr_matrix:
    """Ones where a walk costs no more than a cutoff."""
    kept = reach.data <= cutoff
    rows = np.repeat(np.arange(reach.shape[0]), np.diff(reach.indptr))[kept]
    ones = np.ones(len(rows), np.int8)
    return csr_matrix((ones, (rows, reach.indices[kept])), shape=reach.shape)
