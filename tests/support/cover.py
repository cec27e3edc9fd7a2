"""Small random siting questions and their answers by trying every choice."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import numpy as np
from scipy.sparse import csr_matrix

from geogrid.siting.problem import CoverProblem


def draw_problem(rng: np.random.Generator, *, with_fixed: bool = True) -> tuple[CoverProblem, int]:
    """A question of at most 24 rows and 9 sites, and a number of sites that it allows."""
    n_rows, n_sites = int(rng.integers(1, 25)), int(rng.integers(1, 10))
    cover = rng.random((n_rows, n_sites)) < rng.uniform(0.1, 0.6)
    weight = rng.integers(0, int(rng.choice([2, 10, 1000])), n_rows)
    k = int(rng.integers(1, n_sites + 1))
    order = [int(site) for site in rng.permutation(n_sites)]
    must, forbidden = [], []
    if with_fixed and rng.random() < 0.4:
        must = order[: int(rng.integers(0, min(k, 2) + 1))]
        forbidden = order[len(must) :][: min(int(rng.integers(0, 3)), n_sites - k)]
    is_covered = rng.random(n_rows) < 0.2
    return CoverProblem(csr_matrix(cover), weight, is_covered, tuple(must), tuple(forbidden)), k


def list_choices(problem: CoverProblem, sizes: Iterator[int] | range) -> Iterator[tuple[int, ...]]:
    """Every allowed set of sites of the given sizes."""
    free = [site for site in range(problem.n_sites) if site not in problem.forbidden]
    for size in sizes:
        for choice in itertools.combinations(free, size):
            if set(problem.must) <= set(choice):
                yield choice


def try_every_choice(
    problem: CoverProblem,
    k: int,
    is_allowed: Callable[[tuple[int, ...]], bool] = lambda _choice: True,
) -> int | None:
    """The largest weight that any allowed choice of at most `k` sites covers; None when there is no such choice."""
    cover = problem.cover.toarray() > 0
    weight = np.where(problem.is_covered, 0, problem.weight)
    values = [
        int(weight[cover[:, list(choice)].any(axis=1)].sum())
        for choice in list_choices(problem, range(k + 1))
        if is_allowed(choice)
    ]
    return max(values, default=None)
