"""The best sites under conditions that are linear in the sites: costs, places, numbers a community.

HiGHS answers. Dominated sites stay in: one that covers less may cost less or stand where it is wanted.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix, hstack, vstack

from geogrid.errors import InfeasibleSitingError, NothingToGainError
from geogrid.siting.mip import cut_bound, solve_program
from geogrid.siting.presolve import reduce_problem
from geogrid.siting.problem import CoverProblem
from geogrid.siting.result import PlanResult, Proof, Status, measure_gap
from geogrid.siting.solve import build_cover_program


@dataclass(frozen=True, eq=False)
class Conditions:
    """low <= rows @ x <= high, where x is 1 for a chosen site.

    Attributes
    ----------
    rows
        Shape (n_conditions, n_sites).
    low, high
        Shape (n_conditions,), infinite where there is no limit.
    """

    rows: csr_matrix
    low: npt.NDArray[np.float64]
    high: npt.NDArray[np.float64]


def solve_constrained(
    problem: CoverProblem,
    k: int,
    conditions: Conditions,
    infeasible: InfeasibleSitingError,
    *,
    time_limit_s: float = 60.0,
    is_cancelled: Callable[[], bool] | None = None,
) -> PlanResult:
    """The best at most `k` sites that meet the conditions.

    Parameters
    ----------
    infeasible
        Raised when no choice meets the conditions.

    Raises
    ------
    InfeasibleSitingError
        As given.
    NothingToGainError
        When no candidate reaches anybody who is not covered already.
    """
    problem.require_count(k)
    begin = time.monotonic()
    reduced = reduce_problem(problem, drop_dominated=False)
    if not len(reduced.weight) and not reduced.base:
        raise NothingToGainError(int(problem.open_weight.sum()))
    must, n_must = list(problem.must), len(problem.must)
    by_must = np.asarray(conditions.rows[:, must].sum(axis=1), float).ravel()
    plain = build_cover_program(reduced.by_row, reduced.weight, k - n_must)
    own = conditions.rows[:, reduced.site]
    empty = csr_matrix((own.shape[0], plain.rows.shape[1] - reduced.n_sites))
    program = replace(
        plain,
        rows=vstack([plain.rows, hstack([own, empty])], format="csr"),
        low=np.concatenate([plain.low, conditions.low - by_must]),
        high=np.concatenate([plain.high, conditions.high - by_must]),
    )
    solved = solve_program(program, time_limit_s=time_limit_s, is_cancelled=is_cancelled)
    if solved.is_infeasible:
        raise infeasible
    sites: tuple[int, ...] = ()
    if solved.x is not None:
        chosen = np.flatnonzero(solved.x[: reduced.n_sites] > 0.5)
        sites = tuple(sorted([*must, *reduced.site[chosen].tolist()]))
    value = problem.measure_value(sites)
    ceiling = reduced.base + int(reduced.weight.sum())
    bound = max(value, cut_bound(solved.bound + reduced.base, ceiling))
    if bound == value:
        status = Status.OPTIMAL
    else:
        status = solved.status if solved.status != Status.OPTIMAL else Status.GAP_LEFT
    return PlanResult(
        sites, value, bound, measure_gap(value, bound), Proof.HIGHS, status, time.monotonic() - begin
    )
