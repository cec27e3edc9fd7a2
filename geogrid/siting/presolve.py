"""Makes a siting question smaller without changing its answer, and leads answers and proofs back.

Rows that are covered, worthless or out of everybody's reach go; so do forbidden sites and sites that cover no
more than another does ("dominance"); rows with the same sites become one ("isomorphic aggregation"; both in Chen
et al., arXiv 2409.09834). Must-have sites are chosen at once, with what they cover.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_matrix

from geogrid.siting.problem import CoverProblem, Flags, Integers

HASH_SEED = 20_500_180
"""Any number: equal seeds only make equal runs."""


@dataclass(frozen=True, eq=False)
class Reduced:
    """A smaller question of the same kind.

    Attributes
    ----------
    by_row, by_site
        Cover as 1.0 entries, shapes (n_groups, n_left) and (n_left, n_groups).
    weight
        Summed weight of each group of rows, shape (n_groups,).
    site
        Number of each site in the problem, ascending, shape (n_left,).
    group_of
        Group of each row of the problem; -1 unreachable or worthless, -2 covered by a must-have site.
    base
        Weight that the must-have sites cover.
    dominated
        Pairs of sites of the problem: left out, and the site that covers all it covers.
    """

    by_row: csr_matrix
    by_site: csr_matrix
    weight: Integers
    site: Integers
    group_of: Integers
    base: int
    dominated: tuple[tuple[int, int], ...]

    @property
    def n_sites(self) -> int:
        """Number of sites left."""
        return len(self.site)

    def cut(self, is_in: Flags, is_out: Flags) -> tuple[Reduced, Integers]:
        """The question that remains when sites are decided, and the groups it keeps; `group_of` is kept as it was.

        Parameters
        ----------
        is_in, is_out
            Sites chosen and ruled out, shape (n_left,).
        """
        reached = np.zeros(len(self.weight), bool)
        reached[self.by_site[np.flatnonzero(is_in)].indices] = True
        free = np.flatnonzero(~(is_in | is_out))
        open_row = np.zeros(len(self.weight), bool)
        open_row[self.by_site[free].indices] = True
        kept = np.flatnonzero(open_row & ~reached)
        by_row = self.by_row[kept][:, free]
        smaller = replace(
            self,
            by_row=by_row,
            by_site=csr_matrix(by_row.T),
            weight=self.weight[kept],
            site=self.site[free],
            base=self.base + int(self.weight[reached].sum()),
        )
        return smaller, kept


def reduce_problem(problem: CoverProblem, *, drop_dominated: bool = True, merge: bool = True) -> Reduced:
    """The problem without what cannot matter.

    Parameters
    ----------
    drop_dominated
        Wrong where sites differ in more than what they cover (costs, places, capacity): switch it off there.
    merge
        Whether rows with equal sites become one.
    """
    weight = problem.open_weight
    group_of = np.full(problem.n_rows, -1, np.int64)
    by_must = problem.cover[:, list(problem.must)]
    with_must = (np.diff(by_must.indptr) > 0) & (weight > 0)
    group_of[with_must] = -2
    open_rows = np.flatnonzero((weight > 0) & ~with_must)
    usable = np.ones(problem.n_sites, bool)
    usable[[*problem.must, *problem.forbidden]] = False
    site = np.flatnonzero(usable)
    cover = problem.cover[open_rows]
    if len(site) < problem.n_sites:
        cover = cover[:, site]
    reachable = np.diff(cover.indptr) > 0
    rows, cover = open_rows[reachable], cover[reachable]
    group, first = _group_rows(cover) if merge else (np.arange(len(rows)), np.arange(len(rows)))
    cover = cover[first]
    dominated: tuple[tuple[int, int], ...] = ()
    if drop_dominated:
        by = _find_dominating(cover)
        kept = by < 0
        dominated = tuple((int(site[j]), int(site[by[j]])) for j in np.flatnonzero(~kept))
        cover, site = cover[:, np.flatnonzero(kept)], site[kept]
        if merge and dominated:
            again, first = _group_rows(cover)
            group, cover = again[group], cover[first]
    group_of[rows] = group
    by_row = csr_matrix((np.ones(cover.nnz), cover.indices, cover.indptr), shape=cover.shape)
    return Reduced(
        by_row=by_row,
        by_site=csr_matrix(by_row.T),
        weight=np.bincount(group, weights=weight[rows], minlength=cover.shape[0]).astype(np.int64),
        site=site.astype(np.int64),
        group_of=group_of,
        base=int(weight[with_must].sum()),
        dominated=dominated,
    )


def spread_multipliers(problem: CoverProblem, reduced: Reduced, held: Integers, scale: int) -> Integers:
    """Multipliers of every row of the problem from those of the groups.

    Rows of a group are filled one after the other up to their weight, those that the fewest sites cover first;
    unreachable rows hold their whole weight.

    Returns
    -------
    ndarray
        Units of 1 / scale, shape (n_rows,).
    """
    full = problem.open_weight * scale
    result = np.where(reduced.group_of == -1, full, 0)
    rows = np.flatnonzero(reduced.group_of >= 0)
    degree = np.diff(problem.cover.indptr)[rows]
    order = np.lexsort((rows, degree, reduced.group_of[rows]))
    rows = rows[order]
    group = reduced.group_of[rows]
    before = np.cumsum(full[rows]) - full[rows]
    is_first = np.diff(group, prepend=-1) != 0
    before -= np.maximum.accumulate(np.where(is_first, before, 0))
    result[rows] = np.clip(held[group] - before, 0, full[rows])
    return result


def _group_rows(cover: csr_matrix) -> tuple[Integers, Integers]:
    """Group of each row and first row of each group; rows of a group have the same entries."""
    n_rows, n_sites = cover.shape
    rng = np.random.default_rng(HASH_SEED)
    marks = rng.integers(1, 2**62, (n_sites, 2), dtype=np.int64)
    sums = np.column_stack([_sum_rows(cover, marks[:, side]) for side in (0, 1)])
    order = np.lexsort((sums[:, 1], sums[:, 0]))
    is_new = np.ones(n_rows, bool)
    is_new[1:] = (np.diff(sums[order], axis=0) != 0).any(axis=1)
    number = np.cumsum(is_new) - 1
    group = np.empty(n_rows, np.int64)
    group[order] = number
    first = np.full(int(number[-1]) + 1 if n_rows else 0, n_rows, np.int64)
    np.minimum.at(first, group, np.arange(n_rows))
    return group, first


def _sum_rows(cover: csr_matrix, marks: Integers) -> Integers:
    """The sum of the marks of each row's sites, modulo 2**64."""
    running = np.zeros(cover.nnz + 1, np.int64)
    np.cumsum(marks[cover.indices], out=running[1:])
    sums: Integers = running[cover.indptr[1:]] - running[cover.indptr[:-1]]
    return sums


def _find_dominating(cover: csr_matrix) -> Integers:
    """For each site one that is not dominated and covers all that it covers (the smaller id of equals), or -1."""
    n_sites = cover.shape[1]
    small, large, size = find_nested(cover)
    order = np.lexsort((large, -size[large], small))
    small, large = small[order], large[order]
    by = np.full(n_sites, -1, np.int64)
    first = np.unique(small, return_index=True)[1]
    by[small[first]] = large[first]
    useless = np.flatnonzero((size == 0) & (by < 0))
    if len(useless) and n_sites > len(useless):
        by[useless] = int(np.argmax(size))
    return by


def find_nested(cover: csr_matrix) -> tuple[Integers, Integers, Integers]:
    """Pairs of columns (small, large) with all entries of the first in the second, and every column's size.

    Of equal columns the one with the smaller number counts as the larger. Empty columns are in no pair.
    """
    entries = csr_matrix((np.ones(cover.nnz, np.int32), cover.indices, cover.indptr), shape=cover.shape)
    common = csr_matrix(entries.T @ entries)
    size = np.bincount(cover.indices, minlength=cover.shape[1]).astype(np.int64)
    small = np.repeat(np.arange(cover.shape[1]), np.diff(common.indptr))
    large = common.indices.astype(np.int64)
    holds = common.data == size[small]
    small, large = small[holds], large[holds]
    holds = (size[large] > size[small]) | ((size[large] == size[small]) & (large < small))
    return small[holds], large[holds], size
