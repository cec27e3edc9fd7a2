"""The best sites that keep a distance from each other and from the centres that stand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix
from scipy.spatial import KDTree

from geogrid.errors import InfeasibleSitingError, SitingDataError
from geogrid.siting.constrained import Conditions, solve_constrained
from geogrid.siting.problem import CoverProblem
from geogrid.siting.result import PlanResult

Reals = npt.NDArray[np.float64]


def solve_spaced(
    problem: CoverProblem,
    k: int,
    xy: Reals,
    least_m: float,
    *,
    standing_xy: Reals | None = None,
    time_limit_s: float = 60.0,
    is_cancelled: Callable[[], bool] | None = None,
) -> PlanResult:
    """The best at most `k` sites, any two of them at least `least_m` apart in a straight line.

    Parameters
    ----------
    xy
        Metres, shape (n_sites, 2).
    standing_xy
        Centres that stand and from which the same distance is kept, shape (n_centres, 2).

    Raises
    ------
    InfeasibleSitingError
        When must-have sites stand too close, or every candidate stands too close to a centre.
    SitingDataError, TooManySitesError, FixedSitesError, NothingToGainError
        As `solve_maxcover`.

    Examples
    --------
    >>> problem = CoverProblem(csr_matrix(np.eye(3)), np.array([6, 5, 1]), np.zeros(3, bool))
    >>> solve_spaced(problem, 2, np.array([[0.0, 0], [10, 0], [20, 0]]), 15.0).sites
    (0, 2)
    """
    problem.require_count(k)
    places = np.asarray(xy, float)
    if places.shape != (problem.n_sites, 2) or not np.isfinite(places).all():
        raise SitingDataError(
            where="xy", found=f"shape {places.shape}", expected=f"finite ({problem.n_sites}, 2)"
        )
    barred = set(problem.forbidden) | _find_close_to(places, standing_xy, least_m)
    infeasible = InfeasibleSitingError(
        reason_zh=f"必选点之间、或与现有中心的距离小于 {least_m:g} 米",
        reason_en=f"must-have sites stand less than {least_m:g} m from each other or from a standing centre",
        remedy_zh="请减小最小间距，或取消部分必选点。",
        remedy_en="Lower the distance or drop a must-have site.",
    )
    pairs = _find_pairs(places, least_m)
    is_must = np.isin(pairs, problem.must)
    if barred & set(problem.must) or is_must.all(axis=1).any():
        raise infeasible
    if len(barred) == problem.n_sites:
        raise InfeasibleSitingError(
            reason_zh=f"所有备选点距现有中心都小于 {least_m:g} 米",
            reason_en=f"every candidate stands less than {least_m:g} m from a standing centre",
            remedy_zh="请减小最小间距，或增加备选点。",
            remedy_en="Lower the distance or add candidates.",
        )
    cliques = _gather_cliques(pairs, problem.n_sites)
    numbers = np.repeat(np.arange(len(cliques)), [len(clique) for clique in cliques])
    sites = np.concatenate([np.array(clique, np.int64) for clique in cliques] or [np.empty(0, np.int64)])
    n = len(cliques)
    conditions = Conditions(
        rows=csr_matrix((np.ones(len(sites)), (numbers, sites)), shape=(n, problem.n_sites)),
        low=np.full(n, -np.inf),
        high=np.ones(n),
    )
    open_problem = replace(problem, forbidden=tuple(sorted(barred)))
    most = min(k, problem.n_sites - len(barred))
    return solve_constrained(
        open_problem, most, conditions, infeasible, time_limit_s=time_limit_s, is_cancelled=is_cancelled
    )


def _find_close_to(places: Reals, standing_xy: Reals | None, least_m: float) -> set[int]:
    if standing_xy is None or not len(standing_xy):
        return set()
    distance, _ = KDTree(standing_xy).query(places)
    return {int(site) for site in np.flatnonzero(distance < least_m)}


def _find_pairs(places: Reals, least_m: float) -> npt.NDArray[np.int64]:
    """Pairs of sites closer than a distance, shape (n_pairs, 2)."""
    pairs = KDTree(places).query_pairs(least_m, output_type="ndarray").reshape(-1, 2)
    close = np.hypot(*(places[pairs[:, 0]] - places[pairs[:, 1]]).T) < least_m
    return np.asarray(pairs[close], np.int64)


def _gather_cliques(pairs: npt.NDArray[np.int64], n_sites: int) -> list[list[int]]:
    """Sets of sites that are all too close to each other, so that every pair lies in one: a tighter program."""
    near: list[set[int]] = [set() for _ in range(n_sites)]
    for a, b in pairs.tolist():
        near[a].add(b)
        near[b].add(a)
    done: set[tuple[int, int]] = set()
    cliques: list[list[int]] = []
    for a, b in sorted(map(tuple, pairs.tolist())):
        if (a, b) in done:
            continue
        clique, common = [a, b], near[a] & near[b]
        while common:
            site = min(common, key=lambda other: (-len(near[other] & common), other))
            clique.append(site)
            common &= near[site]
        clique.sort()
        done.update((clique[i], other) for i in range(len(clique)) for other in clique[i + 1 :])
        cliques.append(clique)
    return cliques
