"""The Lagrangian bound of maximal covering, tightened by a deflected subgradient.

A row's multiplier is the part of its weight that is paid to each site that covers it. Any multipliers bound every
choice (`certificate`); the search lowers the bound along the direction of Camerini, Fratta & Maffioli (1975).
A plain subgradient of as many steps stays some hundredths of a percent above; the deflected one mostly closes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geogrid.siting.greedy import Choice, choose_greedily, improve_by_swaps
from geogrid.siting.presolve import Reduced
from geogrid.siting.problem import Flags, Integers

Reals = npt.NDArray[np.float64]

DEFLECTION, PATIENCE, FACTOR, FIRST_STEP, LAST_STEP = 0.8, 20, 0.7, 1.0, 1e-4
"""Measured on towns of 30,000 homes and 2,000 candidates: share of the last direction kept, steps without a
lower bound until the step is cut, by what factor, where it begins and where to give up."""
SCALES = (1, 16, 256, 4_096, 65_536)
"""Units of a weight in which multipliers are rounded to whole numbers, the coarsest that keeps the proof."""
NOTHING = 1e-12
"""Parts of a direction that have faded so far are cut: sums of denormal floats take a hundred times as long."""
TRIED_EVERY = 10
"""Steps between looks at the sites with the largest scores as a choice of their own."""


@dataclass
class Dual:
    """Multipliers of a reduced problem, the bound they give and the best choice met on the way."""

    held: Reals
    bound: float
    sites: list[int]
    value: int
    leaning: Reals
    """How often each site was among the best in the last steps, 0 to 1."""


@dataclass(frozen=True, eq=False)
class Rounded:
    """Whole multipliers in units of 1 / scale, the exact bound times the scale, and every site's score."""

    held: Integers
    scale: int
    bound: int
    score: Integers


def find_multipliers(
    reduced: Reduced,
    k: int,
    start: Choice,
    *,
    held: Reals | None = None,
    value: int | None = None,
    n_steps: int = 1_500,
    stop: Callable[[], bool] = lambda: False,
) -> Dual:
    """Multipliers with a low bound, until it meets the value of the best choice known or no step helps.

    Parameters
    ----------
    start
        A choice to begin with.
    held
        Multipliers to begin with.
    value
        The best value known (by `start` or elsewhere).
    stop
        Asked after every step; True ends the search.
    """
    weight = reduced.weight.astype(float)
    sites, found = list(start.sites), start.value
    known = max(found, value or 0)
    held = np.clip(held, 0, weight) if held is not None else _start_multipliers(start, weight)
    best = Dual(held, np.inf, sites, found, np.zeros(reduced.n_sites))
    direction = np.zeros(len(weight))
    step, waited = FIRST_STEP, 0
    for number in range(n_steps):
        score = reduced.by_site @ held
        chosen = _largest(score, k)
        bound = reduced.base + float((weight - held).sum() + score[chosen].sum())
        is_chosen = np.zeros(reduced.n_sites)
        is_chosen[chosen] = 1.0
        best.leaning = 0.95 * best.leaning + 0.05 * is_chosen
        if bound < best.bound - 1e-9:
            waited = waited if bound > best.bound - 1e-6 * max(1.0, best.bound) else 0
            best.bound, best.held = bound, held
        waited += 1
        times = np.bincount(reduced.by_site[chosen].indices, minlength=len(weight)).astype(float)
        if number % TRIED_EVERY == 0:
            value_here = reduced.base + int(reduced.weight[times > 0].sum())
            if value_here > known or number % (10 * TRIED_EVERY) == 0:
                choice = improve_by_swaps(Choice.build(reduced, [int(j) for j in chosen]))
                if choice.value > best.value:
                    best.sites, best.value = list(choice.sites), choice.value
                    known = max(known, best.value)
        if best.bound < known + 1 - 1e-6 or stop():
            break
        slope = times - 1.0
        slope[(held <= 0) & (slope > 0) | (held >= weight) & (slope < 0)] = 0
        direction = DEFLECTION * direction + slope
        direction[np.abs(direction) < NOTHING] = 0
        direction[(held <= 0) & (direction > 0) | (held >= weight) & (direction < 0)] = 0
        length = float(
            np.square(direction).sum()
        )  # `@` would wait for BLAS's threads, 20 ms on a busy machine
        if length == 0:
            break
        held = np.clip(held - step * max(bound - known, 0.5) / length * direction, 0, weight)
        if waited >= PATIENCE:
            step, waited, held = step * FACTOR, 0, best.held
            direction[:] = 0
            if step < LAST_STEP:
                break
    return best


def round_multipliers(reduced: Reduced, k: int, held: Reals, value: int) -> Rounded:
    """The multipliers as whole numbers, in the coarsest unit whose bound still meets the value, else the finest."""
    for scale in SCALES:
        rounded = measure_whole(reduced, k, np.rint(held * scale).astype(np.int64), scale)
        if rounded.bound < scale * (value + 1):
            break
    return rounded


def measure_whole(reduced: Reduced, k: int, held: Integers, scale: int) -> Rounded:
    """The exact bound of whole multipliers (cut to what a row's weight allows), and the scores."""
    whole = np.clip(held, 0, reduced.weight * scale)
    score = np.rint(reduced.by_site @ whole.astype(float)).astype(np.int64)
    bound = scale * (reduced.base + int(reduced.weight.sum())) - int(whole.sum())
    bound += int(score[_largest(score, k)].sum())
    return Rounded(whole, scale, bound, score)


def fix_sites(rounded: Rounded, k: int, value: int) -> tuple[Flags, Flags]:
    """Sites that every choice better than `value` has, and sites that none has."""
    score, goal = rounded.score, rounded.scale * (value + 1)
    ranked = [*np.sort(score)[::-1].tolist(), *[0] * (k + 1)]
    last_in, first_out = (ranked[k - 1] if k else rounded.bound), ranked[k]
    is_out = (score < last_in) & (rounded.bound - last_in + score < goal)
    is_in = (score > first_out) & (rounded.bound - score + first_out < goal)
    return is_in, is_out


def _start_multipliers(start: Choice, weight: Reals) -> Reals:
    """The whole weight is paid by rows that the first choice leaves open or covers once, else a part."""
    return weight / np.maximum(start.times, 1)


def _largest(score: npt.NDArray[np.float64] | Integers, k: int) -> Integers:
    if k >= len(score):
        return np.arange(len(score))
    if k <= 0:
        return np.empty(0, np.int64)
    chosen: Integers = np.argpartition(score, len(score) - k)[len(score) - k :]
    return chosen


def begin_choice(reduced: Reduced, k: int, start: list[int] | None = None) -> Choice:
    """Greedy and swaps, from some sites on."""
    return improve_by_swaps(choose_greedily(reduced, k, start))
