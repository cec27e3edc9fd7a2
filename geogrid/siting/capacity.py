"""The best sites where each can serve only so many: people are assigned, and a home may be shared between sites.

Standing centres are taken as they are: whoever they cover is served. The bound relaxes that a person is served
once: a row pays a price below 1 a person, and a site earns what the dearest people within reach pay, up to its
capacity (a fractional knapsack). What a choice serves is a maximum flow.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import maximum_flow

from geogrid.errors import InfeasibleSitingError, NothingToGainError
from geogrid.siting.lagrange import NOTHING
from geogrid.siting.presolve import Reduced, reduce_problem
from geogrid.siting.problem import CoverProblem, Integers, require_whole
from geogrid.siting.result import PlanResult, Proof, Status, measure_gap

Reals = npt.NDArray[np.float64]

DEFLECTION, PATIENCE, FACTOR, LAST_STEP, MOST_STEPS = 0.8, 20, 0.7, 1e-4, 2_000
"""As in `lagrange`."""
PRICE_UNITS = 2**16
"""Prices are multiples of 1 / this, so that the sums of people and prices are exact in a float."""
NEAREST_SWAPS = 12
"""For each chosen site, how many others are tried in its place, those with the largest score."""


def solve_capacity(
    problem: CoverProblem,
    k: int,
    capacity: npt.ArrayLike,
    *,
    time_limit_s: float = 60.0,
    is_cancelled: Callable[[], bool] | None = None,
) -> PlanResult:
    """The `k` sites that serve the most people, none of them more than its capacity.

    Parameters
    ----------
    capacity
        Whole numbers >= 0, shape (n_sites,).

    Raises
    ------
    InfeasibleSitingError
        When no candidate has any capacity.
    SitingDataError, TooManySitesError, FixedSitesError, NothingToGainError
        As `solve_maxcover`.

    Examples
    --------
    >>> problem = CoverProblem(csr_matrix([[1, 1], [1, 0], [0, 1]]), np.array([6, 5, 4]), np.zeros(3, bool))
    >>> solve_capacity(problem, 1, [8, 9]).sites
    (1,)
    """
    problem.require_count(k)
    begin = time.monotonic()
    room = require_whole("capacity", capacity, problem.n_sites)
    if not np.delete(room, problem.forbidden).any():
        raise InfeasibleSitingError(
            reason_zh="所有备选点的容量都是 0",
            reason_en="no candidate has any capacity",
            remedy_zh="请填写备选点容量。",
            remedy_en="State the capacity of the candidates.",
        )
    free = CoverProblem(problem.cover, problem.weight, problem.is_covered, (), problem.forbidden)
    reduced = reduce_problem(free, drop_dominated=False)
    if not len(reduced.weight):
        raise NothingToGainError(int(problem.open_weight.sum()))
    is_must = np.isin(reduced.site, problem.must)
    search = _Search(reduced, k, room[reduced.site], is_must)

    def stop() -> bool:
        late = time.monotonic() - begin > time_limit_s
        return late or (is_cancelled is not None and is_cancelled())

    search.run(stop)
    sites = tuple(int(site) for site in np.sort(reduced.site[search.sites]))
    bound = max(search.value, search.ceiling)
    if bound == search.value:
        status = Status.OPTIMAL
    elif is_cancelled is not None and is_cancelled():
        status = Status.CANCELLED
    else:
        status = Status.TIME_LIMIT if stop() else Status.GAP_LEFT
    gap = measure_gap(search.value, bound)
    return PlanResult(sites, search.value, bound, gap, Proof.PRICES, status, time.monotonic() - begin)


def measure_served(problem: CoverProblem, sites: tuple[int, ...], capacity: npt.ArrayLike) -> int:
    """People not served yet whom the sites can serve together within their capacities."""
    room = require_whole("capacity", capacity, problem.n_sites)
    reduced = reduce_problem(
        CoverProblem(problem.cover, problem.weight, problem.is_covered), drop_dominated=False
    )
    return _Flow(reduced, room).serve(list(sites))


@dataclass(frozen=True, eq=False)
class _Flow:
    """What sites serve together."""

    reduced: Reduced
    room: Integers

    def serve(self, sites: list[int]) -> int:
        """The maximum flow from rows through the sites that reach them, each within its capacity.

        Rows are merged by which of the sites reach them, so that the network is small.
        """
        if not sites:
            return 0
        part = csr_matrix(self.reduced.by_row[:, sites])
        reached = np.flatnonzero(np.diff(part.indptr))
        part = part[reached]
        marks = np.random.default_rng(0).integers(1, 2**62, len(sites), dtype=np.int64)
        running = np.concatenate([[0], np.cumsum(marks[part.indices])])
        mark = running[part.indptr[1:]] - running[part.indptr[:-1]]
        _, first, group = np.unique(mark, return_index=True, return_inverse=True)
        supply = np.bincount(group, weights=self.reduced.weight[reached]).astype(np.int64)
        links = part[first].tocoo()
        n, m = len(first), len(sites)
        tail = np.concatenate([np.zeros(n, int), 1 + links.row, 1 + n + np.arange(m)])
        head = np.concatenate([1 + np.arange(n), 1 + n + links.col, np.full(m, 1 + n + m)])
        rooms = np.minimum(self.room[sites], 2**31 - 1)
        flow = np.minimum(np.concatenate([supply, supply[links.row], rooms]), 2**31 - 1).astype(np.int32)
        network = csr_matrix((flow, (tail, head)), shape=(n + m + 2, n + m + 2))
        return int(maximum_flow(network, 0, n + m + 1).flow_value)


class _Search:
    """Prices, the bound they give, and the best choice met."""

    def __init__(self, reduced: Reduced, k: int, room: Integers, is_must: npt.NDArray[np.bool_]) -> None:
        self.reduced, self.k, self.room, self.is_must = reduced, k, room, is_must
        self.flow = _Flow(reduced, room)
        self.weight = reduced.weight.astype(float)
        by_site = reduced.by_site
        self.site_of = np.repeat(np.arange(reduced.n_sites), np.diff(by_site.indptr))
        self.row_of = by_site.indices
        self.people = self.weight[self.row_of]
        reach = np.bincount(self.site_of, weights=self.people, minlength=reduced.n_sites)
        self.reach = np.minimum(reach, room)
        self.sites: list[int] = []
        self.value = -1
        self.bound = float(self.weight.sum())
        self.tried: set[tuple[int, ...]] = set()

    @property
    def ceiling(self) -> int:
        """The bound as a whole number."""
        return math.floor(self.bound)

    def run(self, stop: Callable[[], bool]) -> None:
        self._offer(self._choose(self.reach))
        price = np.zeros(len(self.weight))
        best_price, direction, step, waited = price, np.zeros(len(price)), 1.0, 0
        for number in range(MOST_STEPS):
            score, served = self._score(price)
            chosen = self._choose(score)
            bound = float((self.weight * price).sum() + score[chosen].sum())
            if bound < self.bound - 1e-9:
                waited = waited if bound > self.bound * (1 - 1e-6) else 0
                self.bound, best_price = bound, price
            waited += 1
            if number % 20 == 0:
                self._offer(chosen)
            if self.ceiling <= self.value or stop():
                break
            used = np.zeros(self.reduced.n_sites, bool)
            used[chosen] = True
            taken = np.where(used[self.site_of], served, 0.0)
            given = np.bincount(self.row_of, weights=taken, minlength=len(price))
            slope = (self.weight - given) / np.sqrt(self.weight)
            slope[(price <= 0) & (slope > 0) | (price >= 1) & (slope < 0)] = 0
            direction = DEFLECTION * direction + slope
            direction[np.abs(direction) < NOTHING] = 0
            length = float(np.square(direction).sum())
            if length == 0:
                break
            move = step * max(bound - self.value, 0.5) / length * direction / np.sqrt(self.weight)
            price = np.rint(np.clip(price - move, 0, 1) * PRICE_UNITS) / PRICE_UNITS
            if waited >= PATIENCE:
                step, waited, price = step * FACTOR, 0, best_price
                direction[:] = 0
                if step < LAST_STEP:
                    break
        self._swap(self._score(best_price)[0], stop)

    def _score(self, price: Reals) -> tuple[Reals, Reals]:
        """What each site earns, and whom it serves (one number for each entry of cover)."""
        margin = 1.0 - price[self.row_of]
        order = np.lexsort((-margin, self.site_of))
        people = self.people[order]
        total = np.cumsum(people)
        indptr = self.reduced.by_site.indptr
        before = total - people - np.concatenate([[0.0], total])[indptr[self.site_of]]
        taken = np.clip(self.room[self.site_of] - before, 0, people)
        earned = taken * margin[order]
        score = np.bincount(self.site_of, weights=earned, minlength=self.reduced.n_sites).astype(float)
        served = np.empty(len(taken))
        served[order] = taken
        return score, served

    def _choose(self, score: Reals) -> list[int]:
        """Must-have sites, and of the others those with the largest scores."""
        ranked = np.lexsort((np.arange(len(score)), -score, ~self.is_must))
        return [int(site) for site in ranked[: self.k]]

    def _offer(self, sites: list[int]) -> bool:
        key = tuple(sorted(sites))
        if key in self.tried:
            return False
        self.tried.add(key)
        value = self.flow.serve(list(key))
        if value > self.value:
            self.sites, self.value = list(key), value
            return True
        return False

    def _swap(self, score: Reals, stop: Callable[[], bool]) -> None:
        """Try sites with large scores in the place of chosen ones while that gains."""
        gained = True
        while gained and self.ceiling > self.value and not stop():
            gained = False
            for old in [site for site in self.sites if not self.is_must[site]]:
                rest = [site for site in self.sites if site != old]
                for new in self._list_candidates(rest, score):
                    if stop():
                        return
                    if self._offer([*rest, new]):
                        gained = True
                        break
                if gained:
                    break

    def _list_candidates(self, rest: list[int], score: Reals) -> list[int]:
        """Sites that could join the rest: by what they would serve of the uncovered alone, and by score."""
        is_open = np.ones(len(self.weight), bool)
        is_open[self.reduced.by_site[rest].indices] = False
        alone = np.minimum(self.reduced.by_site @ (self.weight * is_open), self.room)
        ranked = [
            *np.argsort(-alone, kind="stable")[:NEAREST_SWAPS],
            *np.argsort(-score, kind="stable")[:NEAREST_SWAPS],
        ]
        return [int(site) for site in dict.fromkeys(ranked) if site not in rest]
