"""The question of siting as arrays: who would be reached from where, and how many they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from geogrid.errors import FixedSitesError, NoCandidatesError, SitingDataError, TooManySitesError

Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

LARGEST_TOTAL = 2**36
"""Largest sum of weights: times a certificate's largest scale it is still exact in a float."""


@dataclass(frozen=True, eq=False)
class CoverProblem:
    """Demand rows, candidate sites, and who is within the cutoff of whom.

    A row is what can be covered once: a home, or a home on one walking speed or at one distance level.

    Attributes
    ----------
    cover
        Entry (row, site) is not zero where the site would cover the row; shape (n_rows, n_sites).
    weight
        What covering a row is worth (people, or any whole number >= 0), shape (n_rows,).
    is_covered
        Rows that standing centres cover already, shape (n_rows,).
    must, forbidden
        Sites that have to be chosen, and that may not be.

    Raises
    ------
    SitingDataError
        For shapes that do not fit, weights that are negative or no whole numbers, and unknown sites.
    FixedSitesError
        When a site is both must-have and forbidden.
    NoCandidatesError
        When there is no site at all, or all are forbidden.

    Examples
    --------
    >>> problem = CoverProblem(csr_matrix([[1, 0], [1, 1]]), np.array([5, 7]), np.array([False, False]))
    >>> problem.n_rows, problem.n_sites
    (2, 2)
    """

    cover: csr_matrix
    weight: Integers
    is_covered: Flags
    must: tuple[int, ...] = ()
    forbidden: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        cover = _clean_cover(self.cover)
        n_rows, n_sites = cover.shape
        weight = require_whole("weight", self.weight, n_rows)
        is_covered = np.asarray(self.is_covered)
        if is_covered.shape != (n_rows,) or is_covered.dtype != bool:
            raise SitingDataError(
                where="is_covered", found=f"{is_covered.dtype}{is_covered.shape}", expected=f"bool({n_rows},)"
            )
        must, forbidden = (
            tuple(sorted({int(site) for site in sites})) for sites in (self.must, self.forbidden)
        )
        for where, sites in (("must", must), ("forbidden", forbidden)):
            require_sites(where, sites, n_sites)
        if both := sorted(set(must) & set(forbidden)):
            listed = ", ".join(map(str, both[:5]))
            raise FixedSitesError(
                found_zh=f"备选点 {listed} 同时必选与禁选", found_en=f"sites {listed} are both"
            )
        if n_sites == len(forbidden):
            raise NoCandidatesError
        for name, value in (
            ("cover", cover),
            ("weight", weight),
            ("is_covered", is_covered),
            ("must", must),
            ("forbidden", forbidden),
        ):
            object.__setattr__(self, name, value)

    @property
    def n_rows(self) -> int:
        """Number of demand rows."""
        return int(self.cover.shape[0])

    @property
    def n_sites(self) -> int:
        """Number of candidate sites."""
        return int(self.cover.shape[1])

    @property
    def open_weight(self) -> Integers:
        """The weight of every row that no standing centre covers, 0 for the others; shape (n_rows,)."""
        return np.where(self.is_covered, 0, self.weight)

    def measure_value(self, sites: Sequence[int]) -> int:
        """Weight newly covered by a set of sites."""
        reached = np.asarray(self.cover[:, list(sites)].sum(axis=1)).ravel() > 0 if len(sites) else False
        return int(self.open_weight[reached].sum()) if len(sites) else 0

    def require_count(self, k: int) -> None:
        """Raise unless `k` sites can be chosen at all.

        Raises
        ------
        TooManySitesError
            When there are fewer candidates that are not forbidden.
        FixedSitesError
            When there are more must-have sites.
        """
        if k < 1:
            raise SitingDataError(where="k", found=str(k), expected=">= 1")
        available = self.n_sites - len(self.forbidden)
        if k > available:
            raise TooManySitesError(k, available)
        if len(self.must) > k:
            n = len(self.must)
            raise FixedSitesError(
                found_zh=f"必选点有 {n} 个，只选 {k} 个", found_en=f"{n} must-have sites for {k} places"
            )


def require_whole(where: str, values: npt.ArrayLike, n: int) -> Integers:
    """Whole numbers >= 0 of a length, as 64-bit integers.

    Raises
    ------
    SitingDataError
        When they are not.
    """
    found = np.asarray(values)
    if found.shape != (n,):
        raise SitingDataError(where=where, found=f"shape {found.shape}", expected=f"shape ({n},)")
    if not (np.issubdtype(found.dtype, np.number) or found.dtype == bool):
        raise SitingDataError(where=where, found=str(found.dtype), expected="numbers")
    if not np.isfinite(found).all() or (found < 0).any() or (found != np.floor(found)).any():
        wrong = found[~(np.isfinite(found) & (found >= 0) & (found == np.floor(found)))]
        raise SitingDataError(
            where=where, found=", ".join(map(str, wrong[:5])), expected="whole numbers >= 0"
        )
    if found.astype(float).sum() > LARGEST_TOTAL:
        raise SitingDataError(
            where=where, found=f"sum {found.astype(float).sum():.3g}", expected=f"sum <= {LARGEST_TOTAL:.3g}"
        )
    return found.astype(np.int64)


def require_sites(where: str, sites: Sequence[int], n_sites: int) -> None:
    """Raise unless every number is that of a site.

    Raises
    ------
    SitingDataError
        When one is not.
    """
    unknown = [site for site in sites if not 0 <= site < n_sites]
    if unknown:
        raise SitingDataError(
            where=where, found=", ".join(map(str, unknown[:5])), expected=f"0 … {n_sites - 1}"
        )


def _clean_cover(cover: csr_matrix) -> csr_matrix:
    """The matrix with one sorted entry of 1 for every pair; shared with the caller where it is so already."""
    found = csr_matrix(cover)
    if found.ndim != 2:
        raise SitingDataError(where="cover", found=f"{found.ndim} dimensions", expected="2")
    if found.dtype == np.int8 and found.has_canonical_format and (found.data == 1).all():
        return found
    found = csr_matrix((found.data != 0, found.indices, found.indptr), shape=found.shape, copy=True)
    found.sum_duplicates()
    found.eliminate_zeros()
    found.data = np.ones(len(found.data), np.int8)
    return found.astype(np.int8)
