"""A proof by cases where one set of multipliers leaves a gap: depth first, each case closed by its multipliers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from geogrid.siting.greedy import Choice
from geogrid.siting.lagrange import Dual, Reals, begin_choice, find_multipliers, fix_sites, measure_whole
from geogrid.siting.presolve import Reduced
from geogrid.siting.problem import Flags, Integers
from geogrid.siting.result import Node

NODE_STEPS = 300
"""Steps of the subgradient in a case below the root."""
LARGEST_STORE = 20_000_000
"""Multipliers kept over all cases; beyond them the proof is too long to hand on."""


@dataclass
class Incumbent:
    """The best choice known, as sites of the problem."""

    sites: list[int]
    value: int

    def take(self, sites: list[int], value: int) -> None:
        """Keep the better one."""
        if value > self.value:
            self.sites, self.value = sorted(sites), value


@dataclass
class Search:
    """One proof by cases over a reduced problem.

    Attributes
    ----------
    finish
        Multipliers of the reduced problem's groups and their scale -> those of the problem's rows and theirs.
    """

    reduced: Reduced
    k: int
    incumbent: Incumbent
    finish: Callable[[Integers, int], Integers]
    scale: int
    stop: Callable[[], bool]
    n_nodes: int = 0
    is_complete: bool = True

    def prove(self, root: Dual, held: Integers) -> Node | None:
        """The tree of cases below the root's multipliers; None when the search was stopped or grew too long."""
        none = np.zeros(self.reduced.n_sites, bool)
        node = self._go_on(held, none, none, root.leaning, self.k)
        return node if self.is_complete else None

    def _go_on(self, held: Integers, is_in: Flags, is_out: Flags, leaning: Reals, left: int) -> Node:
        """What follows a case that its multipliers do not close: sites decided by score, then a case or two."""
        smaller, kept = self.reduced.cut(is_in, is_out)
        rounded = measure_whole(smaller, left, held[kept], self.scale)
        if rounded.bound < self.scale * (self.incumbent.value + 1):
            return Node(self.finish(held, self.scale))
        free = np.flatnonzero(~(is_in | is_out))
        now_in, now_out = fix_sites(rounded, left, self.incumbent.value)
        n_decided = int(now_in.sum() + now_out.sum())
        is_in, is_out = is_in.copy(), is_out.copy()
        is_in[free[now_in]] = is_out[free[now_out]] = True
        left -= int(now_in.sum())
        open_sites = np.flatnonzero(~(is_in | is_out))
        if n_decided * 4 > len(free) or left <= 0 or not len(open_sites):
            return Node(self.finish(held, self.scale), None, (self._visit(held, is_in, is_out, left),))
        site = int(open_sites[np.argmin(np.abs(leaning[open_sites] - 0.5))])
        with_site, without_site = is_in.copy(), is_out.copy()
        with_site[site] = without_site[site] = True
        children = (
            self._visit(held, with_site, is_out, left - 1),
            self._visit(held, is_in, without_site, left),
        )
        return Node(self.finish(held, self.scale), int(self.reduced.site[site]), children)

    def _visit(self, held: Integers, is_in: Flags, is_out: Flags, left: int) -> Node:
        """A case of its own: multipliers from those of its parent, then what follows."""
        self.n_nodes += 1
        if not self.is_complete or self.stop() or self.n_nodes * len(self.reduced.group_of) > LARGEST_STORE:
            self.is_complete = False
            return Node(held)
        smaller, kept = self.reduced.cut(is_in, is_out)
        mine = self._fill(smaller, kept, held[kept], is_in)
        leaning = np.zeros(self.reduced.n_sites)
        if left > 0 and smaller.n_sites:
            start = begin_choice(smaller, left)
            self._offer(is_in, smaller, start)
            dual = find_multipliers(
                smaller,
                left,
                start,
                held=held[kept] / self.scale,
                value=self.incumbent.value,
                n_steps=NODE_STEPS,
                stop=self.stop,
            )
            self._offer(is_in, smaller, dual)
            mine = self._fill(smaller, kept, np.rint(dual.held * self.scale).astype(np.int64), is_in)
            leaning[np.flatnonzero(~(is_in | is_out))] = dual.leaning
        else:
            chosen = np.flatnonzero(is_in)
            self.incumbent.take(self.reduced.site[chosen].tolist(), smaller.base)
            mine = self._fill(smaller, kept, smaller.weight * self.scale, is_in)
            return Node(self.finish(mine, self.scale))
        return self._go_on(mine, is_in, is_out, leaning, left)

    def _offer(self, is_in: Flags, smaller: Reduced, found: Choice | Dual) -> None:
        chosen = [*self.reduced.site[np.flatnonzero(is_in)].tolist(), *smaller.site[found.sites].tolist()]
        self.incumbent.take(chosen, found.value)

    def _fill(self, smaller: Reduced, kept: Integers, held: Integers, is_in: Flags) -> Integers:
        """Multipliers of all groups: 0 where a chosen site covers, the whole weight where no site is left."""
        mine = self.reduced.weight * self.scale
        mine[self.reduced.by_site[np.flatnonzero(is_in)].indices] = 0
        mine[kept] = np.clip(held, 0, smaller.weight * self.scale)
        return mine
