"""Between which numbers nine worlds in ten lie, and by how much those ends would differ with other worlds.

The ends are Harrell-Davis estimates: means of all the worlds' values, those near the quantile weighing most,
which vary less from one set of worlds to another than single values do (Harrell and Davis 1982, Biometrika
69(3), 635-640). How many people live in a building does not change whether it is covered, so the people of a
world are not drawn building by building: their sum is normal with a known spread, and several sums of
each world are taken (conditional Monte Carlo).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import betainc

from geogrid.coverage.draws import WorldNumber, draw_slices, list_normals
from geogrid.coverage.worlds import CUT_SIGMAS, PEOPLE_BUILDING, PEOPLE_COUNTY
from geogrid.network.impedance import Floats, Integers

RANGE_ENDS = (0.05, 0.95)
"""Quantiles between which 90 % of the worlds lie."""
SUMS_A_WORLD = 8
"""Sums of people taken of each world where people are estimated: more of them changed nothing that could be seen."""
NOISE = 1e-6
"""A sum of whole numbers and weights is off by less than this part of a person."""


@dataclass(frozen=True)
class Ranges:
    """The ranges of some numbers (a of them), with what is known of their ends.

    Attributes
    ----------
    low, high
        Shape (a,): whole numbers between which 90 % of the worlds lie, and the base value does.
    low_error, high_error
        Shape (a,): standard deviation of the ends from one set of as many worlds to another, at most and in
        whole numbers; 0 where the end is the base value.
    stretched
        Shape (a,): `low` or `high` where that end was moved out to the base value; else None.
    """

    low: Integers
    high: Integers
    low_error: Integers
    high_error: Integers
    stretched: npt.NDArray[np.object_]


def find_ranges(values: Floats, n_worlds: int, base: Floats) -> Ranges:
    """Between which whole numbers 90 % of the worlds lie, and the base does.

    Parameters
    ----------
    values
        Shape (w, a): of the worlds, or of several equally likely sums of each of them.
    n_worlds
        How many worlds those come from.
    base
        Shape (a,).
    """
    ordered = np.sort(np.ascontiguousarray(values.T), axis=1)
    (low, low_error), (high, high_error) = (_estimate_quantile(ordered, end, n_worlds) for end in RANGE_ENDS)
    low, high = np.floor(low + NOISE), np.ceil(high - NOISE)
    is_above, is_below = low > base, high < base
    stretched = np.full(len(base), None, dtype=object)
    stretched[is_above], stretched[is_below] = "low", "high"
    return Ranges(
        low=np.floor(np.where(is_above, base, low)).astype(np.int64),
        high=np.ceil(np.where(is_below, base, high)).astype(np.int64),
        low_error=np.ceil(np.where(is_above, 0.0, low_error) - NOISE).astype(np.int64),
        high_error=np.ceil(np.where(is_below, 0.0, high_error) - NOISE).astype(np.int64),
        stretched=stretched,
    )


def _estimate_quantile(ordered: Floats, share: float, n_worlds: int) -> tuple[Floats, Floats]:
    """A quantile of each row of sorted values and its standard error, shape (a,) both.

    The weights are those of the order statistics of `n_worlds` draws (Harrell and Davis), the error is that of
    Maritz and Jarrett (1978), JASA 73(361), 194-196, for worlds drawn one by one. Drawn evenly they differ
    by less, so it is an upper bound.
    """
    edges = np.linspace(0.0, 1.0, ordered.shape[1] + 1)
    weights = np.diff(betainc((n_worlds + 1) * share, (n_worlds + 1) * (1.0 - share), edges))
    quantile = ordered @ weights
    return quantile, np.sqrt((ordered - quantile[:, None]) ** 2 @ weights)


def draw_people(counted: Floats, estimated: Floats, squares: Floats, seed: int) -> Floats:
    """Sums of people in worlds, several of each where some are estimated.

    The estimated people of a building are multiplied by `1 + sigma z`, z standard normal, and so are those of
    the county (see `worlds.PEOPLE_BUILDING`, `worlds.PEOPLE_COUNTY`).

    Parameters
    ----------
    counted, estimated
        Shape (w, a): people covered in each world, of homes where they were counted and where estimated.
    squares
        Shape (w, a): sums of the squares of the estimated ones.

    Returns
    -------
    Shape (w, a), or (w * SUMS_A_WORLD, a).
    """
    if not estimated.any():
        return counted
    sums_of_all = np.arange(len(counted) * SUMS_A_WORLD, dtype=np.uint64)  # world by world, as their keys
    of_county, of_buildings = (
        list_normals(CUT_SIGMAS)[draw_slices(sums_of_all, what, WorldNumber(seed, 0))].reshape(
            len(counted), SUMS_A_WORLD, 1
        )
        for what in ("people_county", "people_buildings")
    )
    spread = PEOPLE_BUILDING.sigma * np.sqrt(squares)[:, None] * of_buildings
    sums = (1.0 + PEOPLE_COUNTY.sigma * of_county) * (estimated[:, None] + spread)
    people: Floats = (counted[:, None] + sums).reshape(-1, counted.shape[1])
    return people
