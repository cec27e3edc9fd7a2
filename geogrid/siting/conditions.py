"""Further conditions of a plan: a budget, a distance between sites, a site in every community without a centre."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import shapely

from geogrid.areas.share import assign_areas
from geogrid.errors import InvalidOptionError, SitingDataError
from geogrid.siting.budget import solve_budget
from geogrid.siting.instance import Instance
from geogrid.siting.problem import CoverProblem
from geogrid.siting.quota import solve_quota
from geogrid.siting.result import PlanResult
from geogrid.siting.spacing import solve_spaced


@dataclass(frozen=True)
class Wishes:
    """What a plan has to meet beside its number of sites; at most one of the three.

    Attributes
    ----------
    budget
        Largest sum of the candidates' costs.
    least_m
        Straight metres between any two new sites, and between a new one and a standing centre.
    per_community
        One site at least in every community in which no centre stands and where there is a candidate.
    """

    budget: float | None = None
    least_m: float | None = None
    per_community: bool = False

    def __post_init__(self) -> None:
        given = [self.budget is not None, self.least_m is not None, self.per_community]
        if sum(given) > 1:
            raise InvalidOptionError(
                option="--budget, --spacing, --per-community",
                value=str(sum(given)),
                expected="至多一项 / at most one of them",
            )

    @property
    def is_free(self) -> bool:
        """Whether nothing is asked for."""
        return self.budget is None and self.least_m is None and not self.per_community


def solve_wishes(
    instance: Instance,
    wishes: Wishes,
    k: int,
    *,
    time_limit_s: float,
    is_cancelled: Callable[[], bool],
) -> Callable[[CoverProblem], PlanResult]:
    """What answers a question under the wishes, for `study.study_siting`.

    Raises
    ------
    SitingDataError
        When a budget is given and the cost of a candidate is unknown.
    """
    if wishes.budget is not None:
        cost, budget = _list_costs(instance), int(np.floor(wishes.budget))
        return lambda problem: solve_budget(
            problem, cost, budget, k=k, time_limit_s=time_limit_s, is_cancelled=is_cancelled
        )
    if wishes.least_m is not None:
        least_m, standing_xy = wishes.least_m, instance.layout.centre_doors.spots.xy
        return lambda problem: solve_spaced(
            problem,
            k,
            instance.candidates.xy,
            least_m,
            standing_xy=standing_xy,
            time_limit_s=time_limit_s,
            is_cancelled=is_cancelled,
        )
    codes, lacking = list_lacking(instance)
    number: dict[str | None, int] = {code: place for place, code in enumerate(lacking)}
    area = np.array([number.get(code, -1) for code in codes])
    return lambda problem: solve_quota(
        problem,
        k,
        area,
        dict.fromkeys(range(len(lacking)), 1),
        time_limit_s=time_limit_s,
        is_cancelled=is_cancelled,
    )


def list_lacking(instance: Instance) -> tuple[list[str | None], list[str]]:
    """The community of every candidate, and those communities that have a candidate and no centre, sorted."""
    community = instance.town.community
    places = [
        np.array([*map(shapely.Point, xy), None], dtype=object)[:-1]
        for xy in (instance.candidates.xy, instance.layout.centre_doors.spots.xy)
    ]
    codes, standing = (assign_areas(points, community) for points in places)
    lacking = {str(code) for code in codes if code is not None} - {str(code) for code in standing}
    return list(codes), sorted(lacking)


def _list_costs(instance: Instance) -> np.ndarray:
    """Costs rounded up to whole units, so that no sum of them is less than the true one."""
    cost = instance.candidates.cost
    missing = np.flatnonzero(np.isnan(cost))
    if len(missing):
        ids = ", ".join(map(str, instance.candidates.id[missing][:5]))
        raise SitingDataError(
            where="candidate.cost", found=f"– ({ids})", expected="每个备选点都有成本 / a cost each"
        )
    return np.ceil(cost)
