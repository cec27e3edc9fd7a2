"""The sites whose farthest home is as near as can be: the p-center problem (Hakimi 1964)."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from geogrid.errors import InfeasibleSitingError, SitingDataError, TooManySitesError
from geogrid.siting.bisection import find_smallest
from geogrid.siting.lscp import FewestResult, solve_setcover
from geogrid.siting.result import Proof, Status

Reals = npt.NDArray[np.float64]


@dataclass(frozen=True)
class CenterResult:
    """Sites, the impedance of the worst-off home, and the least that any choice can reach.

    Attributes
    ----------
    value, bound
        In the unit of the impedances; equal only when proven.
    """

    sites: tuple[int, ...]
    value: float
    bound: float
    status: Status
    seconds: float

    @property
    def gap(self) -> float:
        """(value - bound) / value; 0.0 only when proven."""
        return (self.value - self.bound) / self.value if self.value > self.bound else 0.0


def solve_center(
    impedance: csr_matrix,
    k: int,
    standing: Reals,
    *,
    time_limit_s: float = 60.0,
    is_cancelled: Callable[[], bool] | None = None,
) -> CenterResult:
    """The `k` sites that bring the worst-off home nearest to a site or to a standing centre.

    By bisection over all impedances: how many sites does it take to bring everybody within one?

    Parameters
    ----------
    impedance
        From home to site, stored where within reach (zeros too), shape (n_homes, n_sites).
    standing
        Impedance to the nearest standing centre, inf where there is none, shape (n_homes,).

    Raises
    ------
    InfeasibleSitingError
        When no `k` sites reach every home.
    TooManySitesError
        When there are fewer than `k` candidates.

    Examples
    --------
    >>> solve_center(csr_matrix(np.array([[1.0, 9, 4], [8, 2, 4]])), 1, np.array([np.inf, np.inf])).value
    4.0
    """
    begin = time.monotonic()
    found = csr_matrix(impedance)
    if k < 1:
        raise SitingDataError(where="k", found=str(k), expected=">= 1")
    if k > found.shape[1]:
        raise TooManySitesError(k, found.shape[1])
    there = np.asarray(standing, float)
    radii = np.unique(np.concatenate([found.data, there[np.isfinite(there)]]))
    ask = _Asker(found, there, k, begin + time_limit_s, is_cancelled)
    last = len(radii) - 1
    if last < 0 or not ask.is_enough(float(radii[last])):
        doubt = last >= 0 and ask.is_possible(float(radii[last]))
        raise InfeasibleSitingError(
            reason_zh=f"{k} 个点无法让每户都可达" + ("（时限内未能证明）" if doubt else ""),
            reason_en=f"{k} sites do not reach every home"
            + (" (not proven in the time given)" if doubt else ""),
            remedy_zh="请增加数量或备选点，或先排除无法到达的住户。",
            remedy_en="Allow more sites, add candidates, or leave out the homes nobody reaches.",
        )
    best = find_smallest(-1, last, lambda number: ask.is_enough(float(radii[number])))
    least = find_smallest(-1, best, lambda number: ask.is_possible(float(radii[number])))
    late = Status.TIME_LIMIT if ask.left_s() <= 0 else Status.CANCELLED
    status = Status.OPTIMAL if least == best else late
    sites = ask.found[float(radii[best])].sites
    return CenterResult(sites, float(radii[best]), float(radii[least]), status, time.monotonic() - begin)


class _Asker:
    """The fewest sites for each impedance, asked once."""

    def __init__(
        self,
        impedance: csr_matrix,
        standing: Reals,
        k: int,
        deadline: float,
        is_cancelled: Callable[[], bool] | None,
    ) -> None:
        self.impedance, self.standing, self.k = impedance, standing, k
        self.deadline, self.is_cancelled = deadline, is_cancelled
        self.found: dict[float, FewestResult] = {}

    def left_s(self) -> float:
        return self.deadline - time.monotonic()

    def is_enough(self, radius: float) -> bool:
        """Whether at most k sites were found that bring everybody within the radius."""
        result = self._solve(radius)
        return result is not None and len(result.sites) <= self.k

    def is_possible(self, radius: float) -> bool:
        """Whether it is not proven that it takes more."""
        result = self._solve(radius)
        return result is None or result.bound <= self.k

    def _solve(self, radius: float) -> FewestResult | None:
        if radius not in self.found and self.left_s() > 0:
            far = np.flatnonzero(self.standing > radius)
            part = self.impedance[far]
            home = np.repeat(np.arange(len(far)), np.diff(part.indptr))
            within = part.data <= radius
            cover = csr_matrix(
                (np.ones(int(within.sum())), (home[within], part.indices[within])), shape=part.shape
            )
            if (np.diff(cover.indptr) == 0).any():
                beyond = tuple(range(self.k + 1))
                result = FewestResult(beyond, self.k + 1, Proof.ENUMERATION, Status.OPTIMAL, 0.0)
            else:
                result = solve_setcover(
                    cover, goal=self.k, time_limit_s=self.left_s(), is_cancelled=self.is_cancelled
                )
            self.found[radius] = result
        return self.found.get(radius)
