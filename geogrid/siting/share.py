"""How many sites a goal takes: the fewest that cover a share of everything candidates can reach."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from geogrid.errors import InfeasibleSitingError, NothingToGainError, SitingDataError
from geogrid.siting.bisection import find_smallest
from geogrid.siting.lagrange import begin_choice
from geogrid.siting.lscp import FewestResult, solve_setcover
from geogrid.siting.presolve import Reduced, reduce_problem
from geogrid.siting.problem import CoverProblem
from geogrid.siting.result import Proof, SitingResult, Status
from geogrid.siting.solve import Solver

SHARE_OF_TIME = 0.3
"""Of the time left, for one number of sites."""


def solve_share(
    problem: CoverProblem,
    share_percent: int,
    *,
    time_limit_s: float = 60.0,
    is_cancelled: Callable[[], bool] | None = None,
) -> FewestResult:
    """The fewest sites that cover a share of the weight that any candidates could add.

    Parameters
    ----------
    share_percent
        1 to 100, of the weight within reach of candidates that are not forbidden and not covered yet.

    Raises
    ------
    SitingDataError
        For another share.
    NothingToGainError
        When no candidate reaches anybody who is not covered already.

    Examples
    --------
    >>> from scipy.sparse import csr_matrix
    >>> problem = CoverProblem(csr_matrix(np.eye(3)), np.array([6, 3, 1]), np.zeros(3, bool))
    >>> [len(solve_share(problem, share).sites) for share in (60, 80, 100)]
    [1, 2, 3]
    """
    if not 1 <= share_percent <= 100:
        raise SitingDataError(where="share_percent", found=str(share_percent), expected="1 … 100")
    allowed = np.setdiff1d(np.arange(problem.n_sites), problem.forbidden)
    reachable = problem.measure_value(allowed.tolist())
    if not reachable:
        raise NothingToGainError(int(problem.open_weight.sum()))
    goal = -(-reachable * share_percent // 100)
    if share_percent == 100:
        return solve_everyone(problem, time_limit_s=time_limit_s, is_cancelled=is_cancelled)
    return solve_goal(problem, goal, time_limit_s=time_limit_s, is_cancelled=is_cancelled)


def solve_everyone(
    problem: CoverProblem,
    *,
    time_limit_s: float = 60.0,
    is_cancelled: Callable[[], bool] | None = None,
) -> FewestResult:
    """The fewest sites that cover everything within reach of any candidate that is not forbidden."""
    begin = time.monotonic()
    reduced = reduce_problem(problem)
    found = solve_setcover(reduced.by_row, time_limit_s=time_limit_s, is_cancelled=is_cancelled)
    return replace(
        found,
        sites=tuple(sorted([*problem.must, *reduced.site[list(found.sites)].tolist()])),
        bound=found.bound + len(problem.must),
        seconds=time.monotonic() - begin,
    )


def solve_goal(
    problem: CoverProblem,
    goal: int,
    *,
    time_limit_s: float = 60.0,
    is_cancelled: Callable[[], bool] | None = None,
) -> FewestResult:
    """The fewest sites that newly cover a weight of at least `goal`, by bisection over the number of sites.

    Raises
    ------
    InfeasibleSitingError
        When all candidates together do not cover it.
    """
    begin = time.monotonic()
    reduced = reduce_problem(problem)
    most = problem.n_sites - len(problem.forbidden)
    start = begin_choice(reduced, most)
    if start.value < goal:
        raise InfeasibleSitingError(
            reason_zh=f"目标 {goal} 超过全部备选点合计能新增的 {start.value}",
            reason_en=f"the goal is {goal} and all candidates together add {start.value}",
            remedy_zh="请降低目标，或增加备选点。",
            remedy_en="Lower the goal or add candidates.",
        )
    search = _GoalSearch(problem, goal, reduced, begin + time_limit_s, is_cancelled or (lambda: False))
    few = max(len(problem.must), 1) - 1
    enough = find_smallest(few, len(problem.must) + len(start.sites), search.is_enough)
    least = find_smallest(few, enough, search.is_possible)
    if enough in search.found:
        sites = search.found[enough].sites
    else:
        sites = tuple(sorted([*problem.must, *reduced.site[start.sites].tolist()]))
    proofs = {found.proof for found in search.found.values()} | {Proof.MULTIPLIERS}
    proof = next(proof for proof in (Proof.HIGHS, Proof.BRANCH, Proof.MULTIPLIERS) if proof in proofs)
    if least == len(sites):
        status = Status.OPTIMAL
    elif search.is_cancelled():
        status = Status.CANCELLED
    else:
        status = Status.TIME_LIMIT if search.left_s() <= 0 else Status.GAP_LEFT
    return FewestResult(sites, min(least, len(sites)), proof, status, time.monotonic() - begin)


class _GoalSearch:
    """What is known of each number of sites, asked once."""

    def __init__(
        self,
        problem: CoverProblem,
        goal: int,
        reduced: Reduced,
        deadline: float,
        is_cancelled: Callable[[], bool],
    ) -> None:
        self.problem, self.goal, self.reduced = problem, goal, reduced
        self.deadline, self.is_cancelled = deadline, is_cancelled
        self.found: dict[int, SitingResult] = {}

    def left_s(self) -> float:
        return self.deadline - time.monotonic()

    def is_enough(self, k: int) -> bool:
        """Whether a choice of `k` sites that reaches the goal was found."""
        result = self._solve(k)
        return result is not None and result.value >= self.goal

    def is_possible(self, k: int) -> bool:
        """Whether it is not proven that `k` sites are too few."""
        result = self._solve(k)
        return result is None or result.bound >= self.goal

    def _solve(self, k: int) -> SitingResult | None:
        if k not in self.found and self.left_s() > 0 and not self.is_cancelled():
            is_decided = [False]

            def look(value: int, bound: int) -> None:
                is_decided[0] = value >= self.goal or bound < self.goal

            solver = Solver(
                self.problem,
                SHARE_OF_TIME * self.left_s(),
                look,
                lambda: is_decided[0] or self.is_cancelled(),
                self.reduced,
            )
            self.found[k] = solver.solve(k)
        return self.found.get(k)
