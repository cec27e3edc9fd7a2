"""In which order chosen sites are best opened, and what opening one after another gives up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from geogrid.siting.problem import CoverProblem
from geogrid.siting.result import SitingResult


@dataclass(frozen=True)
class Phase:
    """One step of the plan.

    Attributes
    ----------
    k
        How many new sites stand after it.
    site
        The one that opens.
    gained
        What it adds to those before it.
    value
        What all of them cover.
    optimum
        What the best choice of `k` sites covers that need not be part of the plan; None where not known.
    """

    k: int
    site: int
    gained: int
    value: int
    optimum: int | None

    @property
    def given_up(self) -> int | None:
        """What the plan covers less at this step than the best choice of as many sites."""
        return None if self.optimum is None else max(self.optimum - self.value, 0)


def order_sites(problem: CoverProblem, sites: Sequence[int], curve: Sequence[SitingResult]) -> list[Phase]:
    """The sites, the one first that adds most to those before it; on a tie the smaller number.

    >>> from scipy.sparse import csr_matrix
    >>> cover = csr_matrix(np.array([[1, 0], [1, 1], [0, 1]]))
    >>> problem = CoverProblem(cover, np.array([5, 7, 9]), np.zeros(3, bool))
    >>> [(phase.site, phase.gained, phase.value) for phase in order_sites(problem, [0, 1], [])]
    [(1, 16, 16), (0, 5, 21)]
    """
    optimum = {result.k: result.value for result in curve}
    columns = problem.cover[:, list(sites)].toarray().astype(bool)
    left = problem.open_weight.copy()
    waiting = list(range(len(sites)))
    phases: list[Phase] = []
    value = 0
    while waiting:
        gains = [int(left[columns[:, place]].sum()) for place in waiting]
        best = int(np.argmax(gains))
        place = waiting.pop(best)
        left[columns[:, place]] = 0
        value += gains[best]
        k = len(phases) + 1
        phases.append(Phase(k, int(sites[place]), gains[best], value, optimum.get(k)))
    return phases


def find_knee(values: Sequence[int]) -> int | None:
    """The number of sites after which more of them bring clearly less: where the curve stands highest
    above the straight line from none to all; None for a curve too short to bend.

    Parameters
    ----------
    values
        Of the best 1, 2, … sites.

    >>> find_knee([60, 90, 95, 98, 100]), find_knee([10, 20, 30])
    (2, None)
    """
    if len(values) < 3 or values[-1] <= 0:
        return None
    share = np.array(values) / values[-1]
    above = share - np.arange(1, len(values) + 1) / len(values)
    best = int(np.argmax(above))
    return best + 1 if above[best] > 1e-9 else None
