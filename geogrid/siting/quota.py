"""The best sites with a least and a largest number in each area, such as one in every community without any."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from geogrid.errors import InfeasibleSitingError, SitingDataError
from geogrid.siting.constrained import Conditions, solve_constrained
from geogrid.siting.problem import CoverProblem
from geogrid.siting.result import PlanResult


def solve_quota(
    problem: CoverProblem,
    k: int,
    area: npt.ArrayLike,
    least: Mapping[int, int],
    *,
    most: Mapping[int, int] | None = None,
    time_limit_s: float = 60.0,
    is_cancelled: Callable[[], bool] | None = None,
) -> PlanResult:
    """The best at most `k` sites with at least `least[a]` and at most `most[a]` of them in area a.

    Parameters
    ----------
    area
        Number of the area of each site, -1 for none, shape (n_sites,).

    Raises
    ------
    InfeasibleSitingError
        When an area has too few candidates, or the quotas together need more than `k` sites.
    SitingDataError, TooManySitesError, FixedSitesError, NothingToGainError
        As `solve_maxcover`.

    Examples
    --------
    >>> problem = CoverProblem(csr_matrix(np.eye(3)), np.array([6, 5, 1]), np.zeros(3, bool))
    >>> solve_quota(problem, 2, [0, 0, 1], {1: 1}).sites
    (0, 2)
    """
    problem.require_count(k)
    areas = np.asarray(area)
    if areas.shape != (problem.n_sites,):
        raise SitingDataError(
            where="area", found=f"shape {areas.shape}", expected=f"shape ({problem.n_sites},)"
        )
    allowed = np.ones(problem.n_sites, bool)
    allowed[list(problem.forbidden)] = False
    for name, asked in least.items():
        available = int((allowed & (areas == name)).sum())
        if available < asked:
            raise InfeasibleSitingError(
                reason_zh=f"区域 {name} 至少要 {asked} 个，可用备选点只有 {available} 个",
                reason_en=f"area {name} needs {asked} and has {available} candidates",
                remedy_zh="请在该区域增加备选点，或降低要求。",
                remedy_en="Add candidates there or ask for fewer.",
            )
    needed = sum(least.values())
    infeasible = InfeasibleSitingError(
        reason_zh=f"各区域最低数量（合计 {needed}）、上限、必选点与总数 {k} 不能同时满足",
        reason_en=f"the least numbers (together {needed}), the largest, the must-have sites and {k} places contradict",
        remedy_zh="请增加数量，或降低各区域要求。",
        remedy_en="Allow more sites or lower the quotas.",
    )
    if needed > k:
        raise infeasible
    limits = most or {}
    names = sorted({*least, *limits})
    conditions = Conditions(
        rows=csr_matrix(
            np.array([areas == name for name in names], float).reshape(len(names), problem.n_sites)
        ),
        low=np.array([float(least.get(name, 0)) for name in names]),
        high=np.array([float(limits.get(name, np.inf)) for name in names]),
    )
    return solve_constrained(
        problem, k, conditions, infeasible, time_limit_s=time_limit_s, is_cancelled=is_cancelled
    )
