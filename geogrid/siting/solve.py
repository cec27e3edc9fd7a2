"""Where k new sites should stand to cover the most, and the proof that nothing covers more."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix, hstack, identity, vstack

from geogrid.errors import NothingToGainError
from geogrid.siting.branch import Incumbent, Search
from geogrid.siting.greedy import Choice
from geogrid.siting.lagrange import (
    Dual,
    Reals,
    Rounded,
    begin_choice,
    find_multipliers,
    fix_sites,
    measure_whole,
    round_multipliers,
)
from geogrid.siting.mip import Program, cut_bound, solve_program
from geogrid.siting.presolve import Reduced, reduce_problem, spread_multipliers
from geogrid.siting.problem import CoverProblem, Flags, Integers
from geogrid.siting.result import Node, Proof, SitingResult, Status, measure_gap

ALTERNATIVE_SHARE, MOST_ALTERNATIVES = 0.01, 10
"""How much of the value another site may lose to be named beside a chosen one, and how many are named."""
BRANCH_SCALE = 4_096
"""Unit of the multipliers in a proof by cases."""
BRANCH_SHARE = 0.1
"""Share of the time that is left which a proof by cases may take before HiGHS is asked."""

LEANING, LEANING_S = 0.02, 5.0
"""How often a site was among the best in the last steps to be one of those from which HiGHS picks a better choice,
and the seconds it has for that."""

Progress = Callable[[int, int], None]
"""Told the value and the bound known so far."""
IsCancelled = Callable[[], bool]


def solve_maxcover(
    problem: CoverProblem,
    k: int,
    *,
    time_limit_s: float = 60.0,
    progress: Progress | None = None,
    is_cancelled: IsCancelled | None = None,
) -> SitingResult:
    """The best `k` sites, with a bound and what proves it.

    Parameters
    ----------
    progress
        Called with (value, bound) whenever one of them is known better.
    is_cancelled
        Asked often; True ends the search with what is known.

    Raises
    ------
    SitingDataError, TooManySitesError, FixedSitesError
        When `k` sites cannot be chosen.
    NothingToGainError
        When no candidate reaches anybody who is not covered already.

    Examples
    --------
    >>> cover = csr_matrix([[1, 0, 0], [1, 1, 0], [0, 1, 1], [0, 0, 1]])
    >>> problem = CoverProblem(cover, np.array([5, 7, 1, 2]), np.zeros(4, bool))
    >>> result = solve_maxcover(problem, 1)
    >>> result.sites, result.value, result.bound, result.gap
    ((0,), 12, 12, 0.0)
    """
    return Solver(problem, time_limit_s, progress, is_cancelled).solve(k)


def solve_curve(
    problem: CoverProblem,
    k_max: int,
    *,
    time_limit_s: float = 60.0,
    progress: Progress | None = None,
    is_cancelled: IsCancelled | None = None,
) -> list[SitingResult]:
    """The best 1, 2, … `k_max` sites (from the number of must-have sites on), each with its proof.

    Parameters
    ----------
    time_limit_s
        For each number of sites.

    Raises
    ------
    SitingDataError, TooManySitesError, FixedSitesError, NothingToGainError
        As `solve_maxcover`.
    """
    problem.require_count(k_max)
    solver = Solver(problem, time_limit_s, progress, is_cancelled)
    results: list[SitingResult] = []
    for k in range(max(1, len(problem.must)), k_max + 1):
        results.append(solver.solve(k))
        if results[-1].status == Status.CANCELLED:
            break
    return results


@dataclass
class _Known:
    """What one number of sites leaves for the next: multipliers and a choice."""

    held: Reals | None = None
    sites: list[int] | None = None


class Solver:
    """One problem, presolved once, for one number of sites after the other."""

    def __init__(
        self,
        problem: CoverProblem,
        time_limit_s: float,
        progress: Progress | None,
        is_cancelled: IsCancelled | None,
        reduced: Reduced | None = None,
    ) -> None:
        self.problem, self.time_limit_s = problem, time_limit_s
        self.progress = progress or (lambda _value, _bound: None)
        self.is_cancelled = is_cancelled or (lambda: False)
        self.begin = time.monotonic()
        self.reduced = reduced
        self.known = _Known()

    def solve(self, k: int) -> SitingResult:
        """The best `k` sites, beginning with what the last number of sites left."""
        self.problem.require_count(k)
        begin = self.begin = time.monotonic()
        if self.reduced is None:
            self.reduced = reduce_problem(self.problem)
        reduced, left = self.reduced, k - len(self.problem.must)
        if not len(reduced.weight) and not reduced.base:
            raise NothingToGainError(int(self.problem.open_weight.sum()))
        start = self._begin_choice(reduced, left)
        dual = find_multipliers(reduced, left, start, held=self.known.held, stop=self._stop)
        rounded = round_multipliers(reduced, left, dual.held, dual.value)
        self.known = _Known(dual.held, dual.sites)
        incumbent = Incumbent([*self.problem.must, *reduced.site[dual.sites].tolist()], dual.value)
        self.progress(incumbent.value, rounded.bound // rounded.scale)
        bound, proof, branches = rounded.bound // rounded.scale, Proof.MULTIPLIERS, None
        if bound > incumbent.value and left > 0 and not self._stop():
            rounded = measure_whole(
                reduced, left, np.rint(dual.held * BRANCH_SCALE).astype(np.int64), BRANCH_SCALE
            )
            bound, proof, branches = self._close(reduced, left, dual, rounded, incumbent)
            self.progress(incumbent.value, bound)
        return self._answer(k, reduced, rounded, incumbent, bound, proof, branches, begin)

    def _begin_choice(self, reduced: Reduced, left: int) -> Choice:
        choice = begin_choice(reduced, left)
        if self.known.sites is not None:
            other = begin_choice(reduced, left, self.known.sites[:left])
            choice = other if other.value > choice.value else choice
        return choice

    def _close(
        self, reduced: Reduced, left: int, dual: Dual, rounded: Rounded, incumbent: Incumbent
    ) -> tuple[int, Proof, Node | None]:
        """Bound, proof and cases after the gap of the root was attacked."""
        none = np.zeros(reduced.n_sites, bool)
        self._pick(reduced, left, none, dual.leaning < LEANING, incumbent, min(LEANING_S, self._left_s()))
        if rounded.bound < rounded.scale * (incumbent.value + 1):
            return incumbent.value, Proof.MULTIPLIERS, None
        half = self._left_s() * (1 - BRANCH_SHARE)
        search = Search(
            reduced,
            left,
            incumbent,
            lambda held, scale: spread_multipliers(self.problem, reduced, held, scale),
            rounded.scale,
            lambda: self._stop() or self._left_s() < half,
        )
        tree = search.prove(dual, rounded.held)
        if tree is not None:
            return incumbent.value, Proof.BRANCH, tree
        root_bound = rounded.bound // rounded.scale
        if self._stop():
            return max(root_bound, incumbent.value), Proof.MULTIPLIERS, None
        bound = min(root_bound, self._ask_highs(reduced, left, rounded, incumbent))
        proof = Proof.HIGHS if bound < root_bound else Proof.MULTIPLIERS
        return max(bound, incumbent.value), proof, None

    def _ask_highs(self, reduced: Reduced, left: int, rounded: Rounded, incumbent: Incumbent) -> int:
        """A bound by HiGHS on what the scores leave undecided; the incumbent may get better."""
        is_in, is_out = fix_sites(rounded, left, incumbent.value)
        bound = self._pick(reduced, left, is_in, is_out, incumbent, self._left_s())
        return max(incumbent.value, cut_bound(bound, rounded.bound // rounded.scale))

    def _pick(
        self,
        reduced: Reduced,
        left: int,
        is_in: Flags,
        is_out: Flags,
        incumbent: Incumbent,
        time_limit_s: float,
    ) -> float:
        """A bound by HiGHS on choices with some sites and without others; the incumbent may get better."""
        cut, _ = reduced.cut(is_in, is_out)
        rest = CoverProblem(cut.by_row, cut.weight, np.zeros(len(cut.weight), bool)) if cut.n_sites else None
        if rest is None or not rest.n_rows or left <= is_in.sum():
            incumbent.take([*self.problem.must, *reduced.site[is_in].tolist()], cut.base)
            return float(cut.base)
        smaller = reduce_problem(rest)
        program = build_cover_program(smaller.by_row, smaller.weight, left - int(is_in.sum()))
        solved = solve_program(program, time_limit_s=time_limit_s, is_cancelled=self.is_cancelled)
        if solved.x is not None:
            sites = smaller.site[solved.x[: smaller.n_sites] > 0.5]
            chosen = [*self.problem.must, *reduced.site[is_in].tolist(), *cut.site[sites].tolist()]
            incumbent.take(chosen, self.problem.measure_value(sorted(chosen)))
        return cut.base + solved.bound

    def _answer(
        self,
        k: int,
        reduced: Reduced,
        rounded: Rounded,
        incumbent: Incumbent,
        bound: int,
        proof: Proof,
        branches: Node | None,
        begin: float,
    ) -> SitingResult:
        if bound <= incumbent.value:
            status = Status.OPTIMAL
        elif self.is_cancelled():
            status = Status.CANCELLED
        else:
            status = Status.TIME_LIMIT if self._left_s() <= 0 else Status.GAP_LEFT
        sites = tuple(sorted(incumbent.sites))
        return SitingResult(
            k=k,
            sites=sites,
            value=incumbent.value,
            bound=bound,
            gap=measure_gap(incumbent.value, bound),
            proof=proof,
            multipliers=spread_multipliers(self.problem, reduced, rounded.held, rounded.scale),
            scale=rounded.scale,
            dominated=reduced.dominated,
            branches=branches,
            alternatives=find_alternatives(self.problem, sites, incumbent.value),
            status=status,
            n_rows_left=len(reduced.weight),
            n_sites_left=reduced.n_sites,
            seconds=time.monotonic() - begin,
        )

    def _left_s(self) -> float:
        return self.begin + self.time_limit_s - time.monotonic()

    def _stop(self) -> bool:
        return self._left_s() <= 0 or self.is_cancelled()


def build_cover_program(by_row: csr_matrix, weight: Integers, k: int) -> Program:
    """Maximal covering as a program: sites first, then a variable a row that is at most what its sites sum to."""
    n_rows, n_sites = by_row.shape
    cover = hstack([by_row, -identity(n_rows)], format="csr")
    count = csr_matrix(
        (np.ones(n_sites), (np.zeros(n_sites, int), np.arange(n_sites))), (1, n_sites + n_rows)
    )
    return Program(
        gain=np.concatenate([np.zeros(n_sites), weight.astype(float)]),
        rows=vstack([cover, count], format="csr"),
        low=np.append(np.zeros(n_rows), -np.inf),
        high=np.append(np.full(n_rows, np.inf), float(k)),
        upper=np.ones(n_sites + n_rows),
        is_whole=np.arange(n_sites + n_rows) < n_sites,
    )


def find_alternatives(
    problem: CoverProblem, sites: tuple[int, ...], value: int
) -> tuple[tuple[tuple[int, int], ...], ...]:
    """For each chosen site the others that lose at most 1 % of the value in its place; none for must-have sites.

    Returns
    -------
    tuple
        For each site pairs (other, value lost), the smallest loss first, ten at most.
    """
    by_site = csr_matrix(problem.cover.T)
    weight = problem.open_weight
    times = np.zeros(problem.n_rows, np.int64)
    for site in sites:
        times[_rows(by_site, site)] += 1
    is_barred = np.zeros(problem.n_sites, bool)
    is_barred[[*sites, *problem.forbidden]] = True
    base = _sum_rows(problem.cover, np.where(times == 0, weight, 0))
    result: list[tuple[tuple[int, int], ...]] = []
    for site in sites:
        if site in problem.must:
            result.append(())
            continue
        rows = _rows(by_site, site)
        rows = rows[(times[rows] == 1) & (weight[rows] > 0)]
        alone = problem.cover[rows]
        regained = np.bincount(
            alone.indices,
            weights=np.repeat(weight[rows], np.diff(alone.indptr)).astype(float),
            minlength=problem.n_sites,
        )
        loss = int(weight[rows].sum()) - base - np.rint(regained).astype(np.int64)
        others = np.flatnonzero(~is_barred & (loss <= ALTERNATIVE_SHARE * value))
        others = others[np.lexsort((others, loss[others]))][:MOST_ALTERNATIVES]
        result.append(tuple((int(other), int(loss[other])) for other in others))
    return tuple(result)


def _rows(by_site: csr_matrix, site: int) -> Integers:
    rows: Integers = by_site.indices[by_site.indptr[site] : by_site.indptr[site + 1]]
    return rows


def _sum_rows(cover: csr_matrix, weight: Integers) -> Integers:
    """Weight within each site's reach, shape (n_sites,)."""
    parts = np.repeat(weight, np.diff(cover.indptr)).astype(float)
    sums: Integers = np.rint(np.bincount(cover.indices, weights=parts, minlength=cover.shape[1])).astype(
        np.int64
    )
    return sums
