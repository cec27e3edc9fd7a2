"""The best sites that a sum of money pays for."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from geogrid.errors import InfeasibleSitingError
from geogrid.siting.constrained import Conditions, solve_constrained
from geogrid.siting.problem import CoverProblem, require_whole
from geogrid.siting.result import PlanResult


def solve_budget(
    problem: CoverProblem,
    cost: npt.ArrayLike,
    budget: int,
    *,
    k: int | None = None,
    time_limit_s: float = 60.0,
    is_cancelled: Callable[[], bool] | None = None,
) -> PlanResult:
    """The sites that cover the most for at most `budget`.

    Parameters
    ----------
    cost
        Whole numbers >= 0 in the unit of the budget, shape (n_sites,).
    k
        Most sites; None for as many as can be paid.

    Raises
    ------
    InfeasibleSitingError
        When the must-have sites, or every single one, cost more than there is.
    SitingDataError, TooManySitesError, FixedSitesError, NothingToGainError
        As `solve_maxcover`.

    Examples
    --------
    >>> problem = CoverProblem(csr_matrix(np.eye(3)), np.array([6, 5, 5]), np.zeros(3, bool))
    >>> solve_budget(problem, [10, 5, 5], 10).sites
    (1, 2)
    """
    prices = require_whole("cost", cost, problem.n_sites)
    allowed = np.ones(problem.n_sites, bool)
    allowed[list(problem.forbidden)] = False
    least = int(prices[list(problem.must)].sum()) if problem.must else int(prices[allowed].min())
    infeasible = InfeasibleSitingError(
        reason_zh=f"预算 {budget} 不足，至少需要 {least}",
        reason_en=f"the budget is {budget} and at least {least} is needed",
        remedy_zh="请增加预算，或减少必选点。",
        remedy_en="Raise the budget or ask for fewer must-have sites.",
    )
    if least > budget:
        raise infeasible
    conditions = Conditions(
        csr_matrix(prices[None].astype(float)), np.array([-np.inf]), np.array([float(budget)])
    )
    most = int(allowed.sum()) if k is None else k
    return solve_constrained(
        problem, most, conditions, infeasible, time_limit_s=time_limit_s, is_cancelled=is_cancelled
    )
