"""A good choice of sites quickly: the best site, then the next best, then swaps that gain.

The greedy choice covers at least 1 - 1/e of the best one (Nemhauser, Wolsey & Fisher 1978); on compact towns it
can be 8 % short, so it is a start and no answer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geogrid.siting.presolve import Reduced
from geogrid.siting.problem import Integers

LARGEST_SWAPS = 200
"""A stop for the rounds of swapping; each round gains, so few are ever made."""


@dataclass
class Choice:
    """Sites of a reduced problem that are chosen, what they cover, and what each further one would add."""

    reduced: Reduced
    sites: list[int]
    times: Integers
    gain: Integers

    @classmethod
    def build(cls, reduced: Reduced, sites: list[int]) -> Choice:
        """The choice of some sites."""
        weight = reduced.weight.astype(float)
        gain = np.rint(reduced.by_site @ weight).astype(np.int64)
        choice = cls(reduced, [], np.zeros(len(weight), np.int64), gain)
        for site in sites:
            choice.add(site)
        return choice

    @property
    def value(self) -> int:
        """Weight covered."""
        return self.reduced.base + int(self.reduced.weight[self.times > 0].sum())

    def add(self, site: int) -> None:
        """Choose one more site."""
        rows = self._rows(site)
        self._change_gain(rows[self.times[rows] == 0], -1)
        self.times[rows] += 1
        self.sites.append(site)

    def remove(self, site: int) -> None:
        """Take a chosen site back."""
        rows = self._rows(site)
        self.times[rows] -= 1
        self._change_gain(rows[self.times[rows] == 0], 1)
        self.sites.remove(site)

    def _rows(self, site: int) -> Integers:
        by_site = self.reduced.by_site
        rows: Integers = by_site.indices[by_site.indptr[site] : by_site.indptr[site + 1]]
        return rows

    def _change_gain(self, rows: Integers, sign: int) -> None:
        touched = self.reduced.by_row[rows]
        weights = np.repeat(self.reduced.weight[rows], np.diff(touched.indptr)).astype(float)
        change = np.bincount(touched.indices, weights=weights, minlength=self.reduced.n_sites)
        self.gain += sign * np.rint(change).astype(np.int64)


def choose_greedily(reduced: Reduced, k: int, start: list[int] | None = None) -> Choice:
    """Sites taken one by one, each the one that adds most; ties go to the smaller id; none that adds nothing."""
    choice = Choice.build(reduced, start or [])
    while len(choice.sites) < k and reduced.n_sites:
        site = int(np.argmax(choice.gain))
        if choice.gain[site] <= 0:
            break
        choice.add(site)
    return choice


def improve_by_swaps(choice: Choice) -> Choice:
    """Swap one chosen site for another as long as that gains; changed in place and returned."""
    for _ in range(LARGEST_SWAPS):
        before = choice.value
        for old in sorted(choice.sites):
            choice.remove(old)
            best = int(np.argmax(choice.gain))
            new = best if choice.gain[best] > choice.gain[old] else old
            choice.add(new)
        if choice.value == before:
            break
    return choice
