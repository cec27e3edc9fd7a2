"""Several questions as one: people who count by how near a site is, or by how fast they walk.

A home is one row for each distance level or walking speed, so that the kernel answers gradual cover (Berman & Krass
2002), expected cover over speeds and the capped p-median with the proof it gives for plain cover.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix, vstack

from geogrid.errors import SitingDataError
from geogrid.siting.problem import CoverProblem, Flags, Integers, require_whole

Reals = npt.NDArray[np.float64]


def build_gradual(
    impedance: csr_matrix,
    cutoffs: Sequence[float],
    worth_percent: Sequence[int],
    weight: npt.ArrayLike,
    standing: Reals,
    *,
    must: tuple[int, ...] = (),
    forbidden: tuple[int, ...] = (),
) -> CoverProblem:
    """Cover that counts less the farther the site: a row for each home and level, worth in hundredths.

    Parameters
    ----------
    impedance
        Seconds or metres from home to site, stored where within reach (zeros too), shape (n_homes, n_sites).
    cutoffs
        Ascending, inclusive, in the unit of `impedance`.
    worth_percent
        Descending: what a home within each cutoff counts, in percent.
    weight
        People, shape (n_homes,).
    standing
        Impedance to the nearest standing centre, inf where there is none, shape (n_homes,).

    Returns
    -------
    CoverProblem
        Rows: all homes at the first cutoff, then all at the second, …; the value is people x 100.

    Examples
    --------
    >>> near = csr_matrix(np.array([[200.0, 450.0]]))
    >>> problem = build_gradual(near, (300, 500), (100, 60), [10], np.array([np.inf]))
    >>> problem.measure_value([0]), problem.measure_value([1])
    (1000, 600)
    """
    found = csr_matrix(impedance)
    people = require_whole("weight", weight, found.shape[0])
    worth = np.array([*worth_percent, 0], np.int64)
    if len(cutoffs) != len(worth_percent) or not len(cutoffs):
        raise SitingDataError(
            where="worth_percent", found=str(len(worth_percent)), expected=str(max(1, len(cutoffs)))
        )
    if (np.diff(cutoffs) <= 0).any() or (np.diff(worth) > 0).any() or not 0 <= worth[0] <= 100:
        raise SitingDataError(
            where="cutoffs, worth_percent",
            found=f"{list(cutoffs)}, {list(worth_percent)}",
            expected="cutoffs ascending, worth descending within 0 … 100",
        )
    return CoverProblem(
        cover=vstack([_cut(found, cutoff) for cutoff in cutoffs], format="csr"),
        weight=np.concatenate([people * step for step in -np.diff(worth)]),
        is_covered=np.concatenate([np.asarray(standing) <= cutoff for cutoff in cutoffs]),
        must=must,
        forbidden=forbidden,
    )


def build_expected(
    covers: Sequence[csr_matrix],
    weights: Sequence[npt.ArrayLike],
    are_covered: Sequence[Flags],
    *,
    must: tuple[int, ...] = (),
    forbidden: tuple[int, ...] = (),
) -> CoverProblem:
    """Cover summed over walking profiles, speeds or other scenarios, each with its own reach and weights.

    Parameters
    ----------
    covers, weights, are_covered
        One a scenario, as those of `CoverProblem`; with weights = people x share in percent the value is
        expected people x 100, with the people of each profile it is people.

    Returns
    -------
    CoverProblem
        Rows: all homes of the first scenario, then all of the second, …
    """
    if not (len(covers) == len(weights) == len(are_covered)) or not len(covers):
        raise SitingDataError(
            where="covers, weights, are_covered",
            found=f"{len(covers)}, {len(weights)}, {len(are_covered)}",
            expected="the same number, at least 1",
        )
    return CoverProblem(
        cover=vstack([csr_matrix(cover) for cover in covers], format="csr"),
        weight=np.concatenate([np.asarray(weight) for weight in weights]),
        is_covered=np.concatenate(list(are_covered)),
        must=must,
        forbidden=forbidden,
    )


def build_capped_median(
    impedance: csr_matrix,
    cap: int,
    weight: npt.ArrayLike,
    standing: Reals,
    *,
    step: int = 1,
    must: tuple[int, ...] = (),
    forbidden: tuple[int, ...] = (),
) -> CoverProblem:
    """The p-median with impedances counted up to a cap: the value is the weighted impedance saved.

    The cost of a choice is `measure_capped_cost` less its value. A home has one row for each different impedance
    below the cap and below that of its standing centre.

    Parameters
    ----------
    impedance
        Whole numbers from home to site, stored where within reach (zeros too), shape (n_homes, n_sites).
    cap
        Largest impedance that is told apart, a multiple of `step`.
    step
        Impedances are rounded up to multiples of it, those of standing centres too: fewer rows.
    standing
        Impedance to the nearest standing centre, inf where there is none, shape (n_homes,).

    Examples
    --------
    >>> near = csr_matrix(np.array([[3.0, 5.0], [9.0, 4.0]]))
    >>> problem = build_capped_median(near, 10, [1, 2], np.array([np.inf, 6.0]))
    >>> problem.measure_value([0]), problem.measure_value([1]), problem.measure_value([0, 1])
    (7, 9, 11)
    """
    found = csr_matrix(impedance)
    people = require_whole("weight", weight, found.shape[0])
    require_whole("impedance", found.data, found.nnz)
    if cap < 1 or step < 1 or cap % step:
        raise SitingDataError(
            where="cap, step", found=f"{cap}, {step}", expected="cap a multiple of step, both >= 1"
        )
    ceiling = round_up(np.minimum(standing, cap), step)
    home = np.repeat(np.arange(found.shape[0]), np.diff(found.indptr))
    far = round_up(found.data, step)
    saves = far < ceiling[home]
    home, far, site = home[saves], far[saves], found.indices[saves]
    order = np.lexsort((site, far, home))
    home, far, site = home[order], far[order], site[order]
    is_last = np.ones(len(home), bool)
    is_last[:-1] = (np.diff(home) != 0) | (np.diff(far) != 0)
    ends = np.flatnonzero(is_last)
    row_home = home[ends]
    begins = np.searchsorted(home, row_home)
    next_far = np.append(far[ends][1:], 0)
    is_farthest = np.append(np.diff(row_home) != 0, True)[: len(ends)]
    next_far = np.where(is_farthest, ceiling[row_home], next_far)
    lengths = ends + 1 - begins
    indptr = np.concatenate([[0], np.cumsum(lengths)])
    take = np.arange(int(indptr[-1])) - np.repeat(indptr[:-1] - begins, lengths)
    return CoverProblem(
        cover=csr_matrix(
            (np.ones(len(take), np.int8), site[take], indptr), shape=(len(ends), found.shape[1])
        ),
        weight=people[row_home] * (next_far - far[ends]),
        is_covered=np.zeros(len(ends), bool),
        must=must,
        forbidden=forbidden,
    )


def measure_capped_cost(weight: npt.ArrayLike, standing: Reals, cap: int, *, step: int = 1) -> int:
    """The weighted impedance to standing centres, capped and rounded as in `build_capped_median`."""
    return int((np.asarray(weight, np.int64) * round_up(np.minimum(standing, cap), step)).sum())


def round_up(values: Reals, step: int) -> Integers:
    """Multiples of a step, none smaller than its value."""
    return (np.ceil(np.asarray(values, float) / step) * step).astype(np.int64)


def _cut(impedance: csr_matrix, cutoff: float) -> csr_matrix:
    """1 where the impedance is stored and within the cutoff."""
    home = np.repeat(np.arange(impedance.shape[0]), np.diff(impedance.indptr))
    within = impedance.data <= cutoff
    entries = np.ones(int(within.sum()), np.int8), (home[within], impedance.indices[within])
    return csr_matrix(entries, shape=impedance.shape)
