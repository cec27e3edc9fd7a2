"""A study of where the next centres should stand: the plan with its proof, and all that a planner asks about it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from geogrid.network.impedance import Integers
from geogrid.siting.instance import Instance, Weight
from geogrid.siting.phasing import Phase, find_knee, order_sites
from geogrid.siting.problem import CoverProblem
from geogrid.siting.result import PlanResult, SitingResult, Status
from geogrid.siting.robustness import Robustness, measure_robustness
from geogrid.siting.solve import solve_curve, solve_maxcover
from geogrid.siting.standing import value_standing

CURVE_SITES = 20
"""How far the curve goes."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Study:
    """The plan and what surrounds it.

    Attributes
    ----------
    problem
        What was solved; sites are numbers of candidates.
    k
        How many sites were asked for.
    plan
        The chosen sites with value, bound and proof.
    curve
        The best 1, 2, … sites without the plan's further conditions.
    phases
        The plan's sites in the order in which they are best opened.
    standing_value
        What only each standing centre serves, shape (m,).
    robustness
        None where it was not asked for.
    """

    instance: Instance = field(repr=False)
    weight: Weight
    problem: CoverProblem = field(repr=False)
    k: int
    plan: SitingResult | PlanResult
    curve: tuple[SitingResult, ...]
    phases: tuple[Phase, ...]
    standing_value: Integers
    robustness: Robustness | None

    @property
    def sites(self) -> tuple[int, ...]:
        """The plan's candidates, in the order in which they are best opened."""
        return tuple(phase.site for phase in self.phases)

    @property
    def knee(self) -> int | None:
        """The number of sites from which on the curve is flat; None where it has no bend."""
        return find_knee([result.value for result in self.curve]) if self._is_whole_curve else None

    @property
    def _is_whole_curve(self) -> bool:
        return bool(self.curve) and self.curve[0].k == 1

    @property
    def ceiling(self) -> int:
        """What all candidates together would newly cover."""
        reachable = self.instance.is_reachable & ~self.instance.is_covered
        return int(self.instance.weigh(self.weight)[reachable].sum())


def study_siting(
    instance: Instance,
    k: int,
    *,
    weight: Weight,
    must: tuple[str, ...] = (),
    forbidden: tuple[str, ...] = (),
    solve: Callable[[CoverProblem], PlanResult] | None = None,
    with_robustness: bool = True,
    seed: int = 0,
    time_limit_s: float = 60.0,
    progress: Progress | None = None,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> Study:
    """The best `k` sites and what surrounds them.

    Parameters
    ----------
    weight
        Whom to reach, as `Instance.choose_weight` allows it.
    must, forbidden
        Ids of candidates that have to be, and may not be, chosen.
    solve
        Answers the question in place of `solve_maxcover`, as `conditions.solve_wishes` gives it.
    time_limit_s
        For the plan; the curve and the robustness together get as much again.
    is_cancelled
        Asked often; True ends with the best that is known by then.

    Raises
    ------
    NothingToGainError
        When no candidate reaches anybody who is not covered already.
    TooManySitesError, FixedSitesError, FeatureNotFoundError, SitingDataError
        When `k` sites cannot be chosen so.
    """
    problem = instance.pose(weight, must=must, forbidden=forbidden)
    plan: SitingResult | PlanResult
    if solve is None:
        plan = solve_maxcover(
            problem, k, time_limit_s=time_limit_s, progress=progress, is_cancelled=is_cancelled
        )
    else:
        plan = solve(problem)
    deadline = time.monotonic() + time_limit_s

    def is_over() -> bool:
        return is_cancelled() or time.monotonic() > deadline

    most = min(CURVE_SITES, problem.n_sites - len(problem.forbidden))
    curve = [
        result
        for result in solve_curve(
            problem, max(most, len(must)), time_limit_s=time_limit_s / CURVE_SITES, is_cancelled=is_over
        )
        if result.status is not Status.CANCELLED
    ]
    robustness = None
    if with_robustness:
        robustness = measure_robustness(
            instance,
            weight,
            k,
            must=problem.must,
            forbidden=problem.forbidden,
            seed=seed,
            is_cancelled=is_over,
        )
    return Study(
        instance=instance,
        weight=weight,
        problem=problem,
        k=k,
        plan=plan,
        curve=tuple(curve),
        phases=tuple(order_sites(problem, plan.sites, curve)),
        standing_value=value_standing(instance, weight),
        robustness=robustness,
    )


def list_unreachable(instance: Instance) -> Integers:
    """Numbers of the homes that are not covered and that no candidate would cover, shape (u,)."""
    rows: Integers = np.flatnonzero(~instance.is_reachable)
    return rows
