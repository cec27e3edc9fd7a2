"""Checks a proof of optimality by sums of whole numbers alone, in code that shares nothing with the solver.

With multipliers l between 0 and the weights w, k sites cover at most sum(w - l) plus the k largest sums of l
over what a site covers: a row covered counts w - l in the first sum and l in that of a chosen site, a row not
covered only adds. A set of sites whose value is as large as that bound cannot be beaten.
Church & ReVelle (1974) state the problem; the bound is the Lagrangian one of Galvão & ReVelle (1996).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix

from geogrid.errors import SitingDataError
from geogrid.siting.problem import CoverProblem, Flags, Integers, require_sites
from geogrid.siting.result import Node, SitingResult

LARGEST_SCALE = 2**16


@dataclass(frozen=True)
class Verified:
    """What a certificate proves: the value of its sites and a bound on that of any other choice."""

    value: int
    bound: int

    @property
    def is_optimal(self) -> bool:
        """Whether nothing can be better."""
        return self.bound <= self.value


def verify_certificate(
    problem: CoverProblem,
    k: int,
    sites: Sequence[int],
    multipliers: Integers,
    *,
    scale: int = 1,
    dominated: Iterable[tuple[int, int]] = (),
    branches: Node | None = None,
) -> Verified:
    """The value of the sites and a proven bound, both recomputed from the problem.

    Parameters
    ----------
    sites
        At most `k` different sites, the must-have ones among them and no forbidden one.
    multipliers
        Whole numbers between 0 and scale x weight, shape (n_rows,).
    dominated
        Pairs (site, other) where the other covers all that the site does.
    branches
        Proof by cases; without it the multipliers alone have to do.

    Raises
    ------
    SitingDataError
        When the certificate is none of this problem: another shape, numbers out of range, a pair that does not
        dominate.

    Examples
    --------
    >>> problem = CoverProblem(csr_matrix([[1, 0], [0, 1]]), np.array([5, 7]), np.array([False, False]))
    >>> verify_certificate(problem, 1, [1], np.array([5, 5]))
    Verified(value=7, bound=7)
    """
    problem.require_count(k)
    chosen = {int(site) for site in sites}
    require_sites("sites", sorted(chosen), problem.n_sites)
    if len(chosen) != len(sites) or len(chosen) > k:
        raise SitingDataError(where="sites", found=str(len(sites)), expected=f"<= {k}")
    if not chosen >= set(problem.must) or chosen & set(problem.forbidden):
        raise SitingDataError(
            where="sites", found=str(sorted(chosen)), expected=f"must {problem.must}, not {problem.forbidden}"
        )
    if not 1 <= scale <= LARGEST_SCALE:
        raise SitingDataError(where="scale", found=str(scale), expected=f"1 … {LARGEST_SCALE}")
    value = problem.measure_value(sorted(chosen))
    is_in, is_out = np.zeros((2, problem.n_sites), bool)
    is_in[list(problem.must)] = True
    is_out[list(problem.forbidden)] = True
    is_out[_check_dominated(problem, list(dominated))] = True
    checker = _Checker(problem, k, scale, value)
    bound = checker.sum_bound(multipliers, is_in, is_out)[0] // scale
    if branches is not None and bound > value:
        bound = max(value, checker.bound_node(branches, is_in, is_out))
    return Verified(value, int(bound))


class _Checker:
    """The sums of one problem."""

    def __init__(self, problem: CoverProblem, k: int, scale: int, value: int) -> None:
        self.cover, self.k, self.scale, self.value = problem.cover, k, scale, value
        self.by_site = csr_matrix(problem.cover.T, dtype=np.int64)
        self.weight = problem.open_weight * scale

    def sum_bound(self, multipliers: Integers, is_in: Flags, is_out: Flags) -> tuple[int, Integers]:
        """The bound times the scale, and every free site's score (-1 for sites decided)."""
        found = np.asarray(multipliers)
        if found.shape != self.weight.shape or not np.issubdtype(found.dtype, np.integer):
            raise SitingDataError(
                where="multipliers", found=f"{found.dtype}{found.shape}", expected=f"int{self.weight.shape}"
            )
        reached = np.asarray(self.cover[:, np.flatnonzero(is_in)].sum(axis=1)).ravel() > 0
        held = np.where(reached | (self.weight == 0), 0, found.astype(np.int64))
        if (found < 0).any() or (found > self.weight).any():
            raise SitingDataError(where="multipliers", found="out of range", expected="0 … scale * weight")
        score = self.by_site @ held
        score[is_in | is_out] = -1
        left = self.k - int(is_in.sum())
        best = np.sort(score[score > 0])[::-1][: max(left, 0)]
        return sum(int(part) for part in best) + int((self.weight - held).sum()), score

    def bound_node(self, node: Node, is_in: Flags, is_out: Flags) -> int:
        """No choice that agrees with what is decided covers more than this, or than the value."""
        bound, score = self.sum_bound(node.multipliers, is_in, is_out)
        left, goal = self.k - int(is_in.sum()), self.scale * (self.value + 1)
        if bound < goal or left < 0:
            return self.value
        if not node.children:
            return bound // self.scale
        free = np.flatnonzero(score >= 0)
        ranked = [*np.sort(score[free])[::-1].tolist(), *[0] * (left + 1)]
        last_in, first_out = (ranked[left - 1] if left else bound), ranked[left]
        is_in, is_out = is_in.copy(), is_out.copy()
        is_out[free[(score[free] < last_in) & (bound - last_in + score[free] < goal)]] = True
        is_in[free[(score[free] > first_out) & (bound - score[free] + first_out < goal)]] = True
        if node.site is None:
            return self.bound_node(node.children[0], is_in, is_out)
        with_site, without_site = is_in.copy(), is_out.copy()
        with_site[node.site] = without_site[node.site] = True
        bounds = [self.value]
        if not is_out[node.site]:
            bounds.append(self.bound_node(node.children[0], with_site, is_out))
        if not is_in[node.site]:
            bounds.append(self.bound_node(node.children[1], is_in, without_site))
        return max(bounds)


def _check_dominated(problem: CoverProblem, pairs: list[tuple[int, int]]) -> list[int]:
    """The sites left out, after every pair was checked: all that
    the first covers and no must-have site does, the second covers too.
    """
    if not pairs:
        return []
    small, large = (np.array(side, dtype=np.int64) for side in zip(*pairs, strict=True))
    for side in (small, large):
        require_sites("dominated", side.tolist(), problem.n_sites)
    by_must = np.asarray(problem.cover[:, list(problem.must)].sum(axis=1)).ravel() > 0
    open_rows = csr_matrix(problem.cover[(problem.open_weight > 0) & ~by_must].T, dtype=np.int8)
    both = open_rows[small].multiply(open_rows[large])
    sizes = np.diff(open_rows.indptr)
    covers = np.asarray(both.sum(axis=1)).ravel() == sizes[small]
    out = set(small.tolist())
    if (
        not covers.all()
        or out & (set(large.tolist()) | set(problem.must))
        or set(problem.forbidden) & set(large.tolist())
    ):
        raise SitingDataError(
            where="dominated",
            found="a pair that does not hold",
            expected="a site and one that covers all it does",
        )
    return [int(site) for site in small]


# --- certificates as plain values -------------------------------------------------------------------


def write_certificate(result: SitingResult) -> dict[str, Any]:
    """The certificate of a result as plain values, as JSON holds them."""
    return {
        "k": result.k,
        "sites": list(result.sites),
        "value": result.value,
        "bound": result.bound,
        "proof": result.proof.value,
        "scale": result.scale,
        "multipliers": result.multipliers.tolist(),
        "dominated": [list(pair) for pair in result.dominated],
        "branches": None if result.branches is None else _write_node(result.branches),
    }


def verify_written(problem: CoverProblem, written: Mapping[str, Any]) -> Verified:
    """`verify_certificate` on what `write_certificate` gave, after a journey through JSON.

    Raises
    ------
    SitingDataError
        When it is no certificate, or the value or bound it states is not what the sums give.
    """
    try:
        found = verify_certificate(
            problem,
            int(written["k"]),
            [int(site) for site in written["sites"]],
            np.array(written["multipliers"], dtype=np.int64),
            scale=int(written["scale"]),
            dominated=[(int(small), int(large)) for small, large in written["dominated"]],
            branches=None if written["branches"] is None else _read_node(written["branches"]),
        )
        stated = int(written["value"]), int(written["bound"])
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
        if isinstance(error, SitingDataError):
            raise
        raise SitingDataError(
            where="certificate", found=str(error), expected="k, sites, value, bound, scale, multipliers"
        ) from error
    if written.get("proof") == "highs":
        if found.value != stated[0] or stated[1] > found.bound:
            raise SitingDataError(
                where="certificate",
                found=str(stated),
                expected=f"value {found.value}, bound <= {found.bound}",
            )
        return found
    if stated != (found.value, found.bound):
        raise SitingDataError(
            where="certificate", found=str(stated), expected=f"value {found.value}, bound {found.bound}"
        )
    return found


def _write_node(node: Node) -> dict[str, Any]:
    return {
        "site": node.site,
        "multipliers": node.multipliers.tolist(),
        "children": [_write_node(child) for child in node.children],
    }


def _read_node(written: Mapping[str, Any]) -> Node:
    children = tuple(_read_node(child) for child in written["children"])
    site = None if written["site"] is None else int(written["site"])
    if len(children) not in ((0, 1) if site is None else (2,)):
        raise SitingDataError(
            where="branches",
            found=f"{len(children)} children",
            expected="2 where a site is named, else at most 1",
        )
    return Node(np.array(written["multipliers"], dtype=np.int64), site, children)
