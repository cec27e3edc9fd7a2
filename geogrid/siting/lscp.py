"""The fewest sites that cover every row: the location set covering problem (Toregas et al. 1971)."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from geogrid.siting.mip import SAFETY, Program, solve_program
from geogrid.siting.presolve import find_nested
from geogrid.siting.problem import Integers
from geogrid.siting.result import Proof, Status

LARGEST_COMMON = 20_000_000
"""Pairs of rows with a site in common beyond which contained rows are not looked for."""


@dataclass(frozen=True)
class FewestResult:
    """The fewest sites for a goal.

    Attributes
    ----------
    sites
        A choice that reaches the goal, ascending.
    bound
        No choice of fewer sites reaches it.
    """

    sites: tuple[int, ...]
    bound: int
    proof: Proof
    status: Status
    seconds: float

    @property
    def gap(self) -> float:
        """Sites that may be too many, as a share of the bound; 0.0 only when proven."""
        return (len(self.sites) - self.bound) / max(self.bound, 1)


def solve_setcover(
    cover: csr_matrix,
    *,
    goal: int | None = None,
    time_limit_s: float = 60.0,
    is_cancelled: Callable[[], bool] | None = None,
) -> FewestResult:
    """The fewest columns that cover every row; rows without any entry are left out.

    Contained rows and columns are dropped and sites that alone cover a row chosen, again and again; HiGHS
    answers what is left.

    Parameters
    ----------
    goal
        Where it is only asked whether so many sites do: a choice of so many, once met, ends the search.

    Examples
    --------
    >>> solve_setcover(csr_matrix([[1, 1, 0], [0, 1, 1], [0, 0, 1]])).sites
    (1, 2)
    """
    begin = time.monotonic()
    core, site, forced = _shrink(csr_matrix(cover))
    if not core.shape[0]:
        sites = tuple(sorted(forced))
        return FewestResult(sites, len(sites), Proof.ENUMERATION, Status.OPTIMAL, time.monotonic() - begin)
    n_rows, n_sites = core.shape
    greedy = _cover_greedily(core)
    if goal is not None and len(forced) + len(greedy) <= goal:
        sites = tuple(sorted([*forced, *site[greedy].tolist()]))
        return FewestResult(
            sites, len(forced) + 1, Proof.ENUMERATION, Status.GAP_LEFT, time.monotonic() - begin
        )
    start = np.zeros(n_sites)
    start[greedy] = 1.0
    program = Program(
        gain=-np.ones(n_sites),
        rows=core.astype(float),
        low=np.ones(n_rows),
        high=np.full(n_rows, np.inf),
        upper=np.ones(n_sites),
        is_whole=np.ones(n_sites, bool),
    )
    left = time_limit_s - (time.monotonic() - begin)
    solved = solve_program(program, time_limit_s=left, start=start, is_cancelled=is_cancelled)
    chosen = greedy if solved.x is None else np.flatnonzero(solved.x > 0.5).tolist()
    least = math.ceil(-solved.bound - SAFETY) if math.isfinite(solved.bound) else 1
    bound = min(len(chosen), max(1, least))
    sites = tuple(sorted([*forced, *site[chosen].tolist()]))
    return FewestResult(
        sites,
        len(forced) + bound,
        Proof.HIGHS,
        Status.OPTIMAL if bound == len(chosen) else solved.status,
        time.monotonic() - begin,
    )


def _shrink(cover: csr_matrix) -> tuple[csr_matrix, Integers, list[int]]:
    """What no rule decides: rows x sites, the sites' numbers, and the sites that are needed anyway."""
    cover = cover[np.diff(cover.indptr) > 0]
    site, forced = np.arange(cover.shape[1]), list[int]()
    while cover.shape[0]:
        before = cover.shape
        small, _, size = find_nested(cover)
        kept = np.ones(cover.shape[1], bool)
        kept[small] = kept[size == 0] = False
        cover, site = cover[:, np.flatnonzero(kept)], site[kept]
        degree = np.diff(cover.tocsc().indptr).astype(float)
        if float(np.square(degree).sum()) <= LARGEST_COMMON:
            _, large, _ = find_nested(csr_matrix(cover.T))
            kept = np.ones(cover.shape[0], bool)
            kept[large] = False  # whoever covers the row inside it covers it too
            cover = cover[kept]
        single = np.unique(cover[np.diff(cover.indptr) == 1].indices)
        if len(single):
            forced += site[single].tolist()
            reached = np.asarray(cover[:, single].sum(axis=1)).ravel() > 0
            cover = cover[~reached]
        if cover.shape == before:
            break
    return cover, site, forced


def _cover_greedily(cover: csr_matrix) -> list[int]:
    """Sites one by one, each the one that covers most rows still open."""
    by_site = csr_matrix(cover.T)
    is_open = np.ones(cover.shape[0], bool)
    chosen: list[int] = []
    while is_open.any():
        site = int(np.argmax(by_site @ is_open.astype(float)))
        chosen.append(site)
        is_open[by_site.indices[by_site.indptr[site] : by_site.indptr[site + 1]]] = False
    return chosen
