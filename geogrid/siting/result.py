"""What a siting question is answered with: sites, value, bound, and how the bound was proven."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from geogrid.siting.problem import Integers


class Proof(StrEnum):
    """How the bound of an answer is known."""

    MULTIPLIERS = "multipliers"
    """By one set of whole multipliers; anybody can check it with sums."""
    BRANCH = "branch"
    """By a small tree of cases, each closed by its multipliers; checked the same way."""
    PRICES = "prices"
    """By the prices of a relaxation, summed exactly; they are not handed on."""
    HIGHS = "highs"
    """By the solver HiGHS alone: nothing to check by hand."""
    ENUMERATION = "enumeration"
    """Every possible answer was computed."""


class Status(StrEnum):
    """Why the search ended."""

    OPTIMAL = "optimal"
    TIME_LIMIT = "time_limit"
    CANCELLED = "cancelled"
    GAP_LEFT = "gap_left"
    """Nothing more was tried although the gap is not closed."""


@dataclass(frozen=True, eq=False)
class Node:
    """One case of a proof by cases.

    Attributes
    ----------
    multipliers
        In units of 1 / scale, one a row, shape (n_rows,).
    site
        The site on which the case splits into chosen (first child) and not chosen (second); None in
        a case that its multipliers close, and in one that goes on, with its one child, after sites were
        decided by their score.
    children
        Two, one or none.
    """

    multipliers: Integers
    site: int | None = None
    children: tuple[Node, ...] = ()


@dataclass(frozen=True, eq=False)
class SitingResult:
    """Where new sites should stand.

    Attributes
    ----------
    k
        How many were asked for.
    sites
        The chosen sites, ascending; fewer than `k` where further ones would add nothing.
    value
        Weight newly covered.
    bound
        No choice of `k` sites covers more than this.
    gap
        (bound - value) / value; 0.0 only when proven.
    proof
        How the bound is known.
    multipliers
        Those of the root, in units of 1 / scale, shape (n_rows,).
    scale
        Whole number >= 1.
    dominated
        Pairs (site, other): whatever the site covers, the other covers too, so the site need not be looked at.
    branches
        The root of the proof by cases; None where the multipliers alone prove the bound.
    alternatives
        For each chosen site, other sites that could stand in its place: (site, value lost), at most
        1 % of the value and ten of them, the smallest loss first.
    status
        Why the search ended.
    n_rows_left, n_sites_left
        What presolve left of rows and sites.
    seconds
        Wall time.
    """

    k: int
    sites: tuple[int, ...]
    value: int
    bound: int
    gap: float
    proof: Proof
    multipliers: Integers
    scale: int
    dominated: tuple[tuple[int, int], ...]
    branches: Node | None
    alternatives: tuple[tuple[tuple[int, int], ...], ...]
    status: Status
    n_rows_left: int
    n_sites_left: int
    seconds: float


@dataclass(frozen=True, eq=False)
class PlanResult:
    """Sites chosen under conditions of their own; the fields as in `SitingResult`."""

    sites: tuple[int, ...]
    value: int
    bound: int
    gap: float
    proof: Proof
    status: Status
    seconds: float


def measure_gap(value: int, bound: int) -> float:
    """The gap as a share of the value (of 1 where the value is 0)."""
    return (bound - value) / max(value, 1)
