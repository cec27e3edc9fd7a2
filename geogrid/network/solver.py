"""Nearest centres by the compiled kernel, and what one more or one fewer of them changes.

Every answer equals that of `search`, to the millisecond, the centre and the way; where the kernel is not
installed, or a number is larger than it holds, `search` itself answers.
"""

from __future__ import annotations

import ctypes
import weakref
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csc_matrix, csr_matrix

from geogrid.errors import NetworkTooLargeError
from geogrid.network import kernel, search
from geogrid.network.chains import (
    ChainPlaces,
    Chains,
    PricedChains,
    contract_graph,
    place_arrivals,
    place_departures,
    price_chains,
)
from geogrid.network.graph import Costs, Graph
from geogrid.network.impedance import Integers
from geogrid.network.search import Direct, Nearest, Ways

BATCH = 128
"""Arrivals searched from together: neighbours on the curve, so that what they touch stays in the cache."""
LARGEST_CENTRE = int(kernel.OWNER_MASK) - 1

Compact = npt.NDArray[np.int32]
Keys = npt.NDArray[np.uint64]


def find_nearest(
    graph: Graph,
    costs: Costs,
    homes: Ways,
    centres: Ways,
    direct: Direct,
    n_homes: int,
    n_centres: int,
    *,
    chains: Chains | None = None,
) -> Nearest:
    """The nearest centre of every home, as `search.find_nearest` finds it.

    Parameters
    ----------
    chains
        Those of the graph, when they are at hand.
    """
    solver = _build_solver(graph, costs, homes, centres, direct, n_homes, n_centres, chains)
    if solver is None:
        return search.find_nearest(graph, costs, homes, centres, direct, n_homes, n_centres)
    solver.solve()
    return solver.read_nearest()


def measure_reach(
    graph: Graph,
    costs: Costs,
    homes: Ways,
    centres: Ways,
    direct: Direct,
    n_homes: int,
    n_centres: int,
    *,
    limit: float,
    chains: Chains | None = None,
) -> csr_matrix:
    """Prices from every home to every centre within a limit, as `search.measure_reach` gives them."""
    solver = _build_solver(graph, costs, homes, centres, direct, n_homes, n_centres, chains)
    if solver is None:
        return search.measure_reach(graph, costs, homes, centres, direct, n_homes, n_centres, limit=limit)
    return solver.measure_reach(limit)


def _build_solver(
    graph: Graph,
    costs: Costs,
    homes: Ways,
    centres: Ways,
    direct: Direct,
    n_homes: int,
    n_centres: int,
    chains: Chains | None,
) -> Solver | None:
    """A solver; None where the kernel is not installed, or where a price is larger than it holds."""
    if kernel.load_kernel() is None:
        return None
    chains = chains or contract_graph(graph)
    return Solver.build(chains, costs, homes, centres, direct, n_homes, n_centres)


@dataclass
class _Rows:
    """Rows that come and go: arrays with room to spare, and the rows that are free."""

    columns: dict[str, npt.NDArray[np.generic]]
    n_used: int
    free: list[int]

    def take(self, n: int) -> Compact:
        """Rows for n new ones; the arrays may be new ones afterwards."""
        taken = [self.free.pop() for _ in range(min(n, len(self.free)))]
        fresh = n - len(taken)
        room = len(self.columns["owner"])
        if self.n_used + fresh > room:
            grown = max(2 * room, self.n_used + fresh, 16)
            for name, column in self.columns.items():
                self.columns[name] = np.concatenate([column, np.zeros(grown - room, column.dtype)])
        taken += range(self.n_used, self.n_used + fresh)
        self.n_used += fresh
        return np.array(taken, np.int32)


class Solver:
    """The nearest centre of every home of one network for one walker, kept while centres come and go.

    Made with `build`. The answer stands after `solve`, and `add_centre` and `remove_centre` keep it up
    to date. Every way of numbering follows the centres: adding one as number i moves those from i on up
    by one.
    """

    def __init__(
        self,
        chains: Chains,
        priced: PricedChains,
        costs: Costs,
        homes: tuple[Ways, ChainPlaces],
        n_homes: int,
    ) -> None:
        self._kernel = kernel.require_kernel()
        self._chains, self._priced, self._costs = chains, priced, costs
        self._state = kernel.State()
        self.n_homes, self.n_centres = n_homes, 0
        ways, places = homes
        home = ways.place.astype(np.int32)
        by_chain = np.argsort(places.chain, kind="stable").astype(np.int32)
        counts = np.bincount(places.chain, minlength=chains.n_chains)
        chain_first = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
        home_first = np.searchsorted(home, np.arange(n_homes + 1)).astype(np.int32)
        longest = int(priced.arc[:, 1].max(initial=1))
        typical = float(priced.arc[:, 1].mean()) if len(priced.arc) else 1.0
        self._typical = typical
        self._label = np.full(chains.n_junctions, kernel.NONE)
        self._best = np.full(n_homes, kernel.NONE)
        self._way = np.full(n_homes, -1, np.int32)
        self._arrival_list = np.full(chains.n_chains, -1, np.int32)
        self._direct_list = np.full(n_homes, -1, np.int32)
        self._changed = np.empty(n_homes, np.int32)
        self._arrivals = _Rows(
            {
                **{
                    name: np.empty(0, np.int32)
                    for name in ("chain", "from_u", "from_v", "rank", "owner", "next")
                },
                "share": np.empty(0),
            },
            0,
            [],
        )
        self._directs = _Rows(
            {name: np.empty(0, np.int32) for name in ("home", "cost", "owner", "next")}, 0, []
        )
        self._rows_of: list[tuple[Compact, Compact]] = []  # of each centre: its arrivals and direct walks
        self._held = {
            "first": chains.first,
            "arc": priced.arc,
            "arc_chain": chains.arc_chain,
            "u": chains.u,
            "v": chains.v,
            "whole_ahead": priced.whole_ahead,
            "whole_back": priced.whole_back,
            "home_first": home_first,
            "way_chain": places.chain,
            "way_to_u": places.by_u,
            "way_to_v": places.by_v,
            "way_rank": places.rank,
            "way_share": places.share,
            "way_home": home,
            "chain_first": chain_first,
            "chain_way": by_chain,
            "arrival_list": self._arrival_list,
            "direct_list": self._direct_list,
            "label": self._label,
            "best": self._best,
            "way": self._way,
        }
        kernel.fill_struct(
            self._state, **self._held, n_junctions=chains.n_junctions, n_chains=chains.n_chains
        )
        kernel.fill_struct(self._state, n_homes=n_homes, n_ways=len(home), longest=longest)
        self._state.shift = max(0, int(np.log2(max(typical, 1.0))) - 3)
        self._address = ctypes.addressof(self._state)
        weakref.finalize(self, _free_queue, self._kernel, self._state)

    @classmethod
    def build(
        cls,
        chains: Chains,
        costs: Costs,
        homes: Ways,
        centres: Ways,
        direct: Direct,
        n_homes: int,
        n_centres: int,
    ) -> Solver | None:
        """A solver with its centres in place; None when a number is larger than the kernel holds."""
        priced = price_chains(chains, costs)
        if priced is None or n_centres >= LARGEST_CENTRE:
            return None
        departures = place_departures(chains, priced, homes, costs)
        arrivals = place_arrivals(chains, priced, centres, costs)
        if departures is None or arrivals is None:
            return None
        solver = cls(chains, priced, costs, (homes, departures), n_homes)
        solver._take_centres(centres, arrivals, direct, n_centres)
        return solver

    def _take_centres(self, centres: Ways, places: ChainPlaces, direct: Direct, n_centres: int) -> None:
        order = np.argsort(direct.centre, kind="stable")
        order = order[np.isfinite(direct.cost[order])]
        arrivals = self._write_arrivals(places, centres.place)
        directs = self._write_directs(direct.home[order], direct.cost[order], direct.centre[order])
        self._link(arrivals, directs)
        numbers = np.arange(1, n_centres)
        self._rows_of = list(
            zip(
                np.split(arrivals, np.searchsorted(centres.place, numbers)),
                np.split(directs, np.searchsorted(direct.centre[order], numbers)),
                strict=True,
            )
        )[:n_centres]
        self.n_centres = n_centres

    # --- answers -----------------------------------------------------------------------------------

    def solve(self, limit: float = np.inf) -> None:
        """Search from all centres; walks longer than the limit (inclusive, ms) may be left out."""
        arrivals = self._list_arrivals()
        near = 1.5 * self._typical * np.sqrt(self._chains.n_junctions / max(1, len(arrivals)))
        bound = int(kernel.NONE) if np.isinf(limit) else (int(limit) + 1) << kernel.OWNER_BITS
        self._check(
            self._kernel.search_all(
                self._address, kernel.point_to(arrivals), len(arrivals), BATCH, int(near), bound
            )
        )
        self._kernel.answer_homes(self._address)

    def read_nearest(self) -> Nearest:
        """The nearest centre of every home."""
        found = self._best != kernel.NONE
        cost = np.where(found, (self._best >> np.uint64(kernel.OWNER_BITS)).astype(float), np.inf)
        centre = np.where(found, (self._best & kernel.OWNER_MASK).astype(np.int64), -1)
        return Nearest(cost=cost, centre=centre, way=self._way.astype(np.int64))

    def measure_reach(self, limit: float) -> csr_matrix:
        """Prices from every home to every centre within a limit, shape (n_homes, n_centres)."""
        first = self._sort_rows()
        begin = np.empty(self.n_centres + 1, np.int64)
        self._label[:], self._best[:] = kernel.NONE, kernel.NONE
        pairs = kernel.Pairs()
        code = self._kernel.measure_pairs(
            self._address,
            self.n_centres,
            *kernel.point_to_all(*first),
            int(min(limit, 2**39)),
            kernel.point_to(begin),
            ctypes.addressof(pairs),
        )
        n = pairs.n
        home = np.ctypeslib.as_array(pairs.home, (n,)).copy() if n else np.empty(0, np.int32)
        cost = np.ctypeslib.as_array(pairs.cost, (n,)).copy() if n else np.empty(0, np.int64)
        self._kernel.free_pairs(ctypes.addressof(pairs))
        self._check(code)
        return csc_matrix((cost, home, begin), shape=(self.n_homes, self.n_centres)).tocsr()

    # --- centres that come and go --------------------------------------------------------------------

    def add_centre(self, number: int, ways: Ways, direct: Direct) -> Compact:
        """Take up a centre under a number; the homes whose nearest centre or walk changed.

        Parameters
        ----------
        ways, direct
            Those of this centre alone.

        Raises
        ------
        NetworkTooLargeError
            When one of its prices is larger than the kernel holds.
        """
        places = place_arrivals(self._chains, self._priced, ways, self._costs)
        if places is None or self.n_centres + 1 >= LARGEST_CENTRE:
            raise NetworkTooLargeError(found=f"{ways.leg.max():.3g}", limit=f"{2.0**31:.3g}")
        if number < self.n_centres:
            self._renumber(number, 1)
        walked = np.isfinite(direct.cost)
        arrivals = self._write_arrivals(places, np.full(len(ways.place), number))
        cost = direct.cost[walked]
        directs = self._write_directs(direct.home[walked], cost, np.full(len(cost), number))
        self._link(arrivals, directs)
        self._rows_of.insert(number, (arrivals, directs))
        self.n_centres += 1
        rows = kernel.point_to(arrivals), len(arrivals), kernel.point_to(directs), len(directs)
        n = self._kernel.add_rows(self._address, *rows, kernel.point_to(self._changed))
        return self._changed[: self._check(n)].copy()

    def remove_centre(self, number: int) -> Compact:
        """Take a centre away; the homes whose nearest centre or walk changed."""
        arrivals, directs = self._rows_of.pop(number)
        rows = kernel.point_to(arrivals), len(arrivals), kernel.point_to(directs), len(directs)
        n = self._kernel.remove_rows(self._address, number, *rows, kernel.point_to(self._changed))
        self._check(n)
        self._arrivals.free += arrivals.tolist()
        self._directs.free += directs.tolist()
        self.n_centres -= 1
        if number < self.n_centres:
            self._renumber(number + 1, -1)
        return self._changed[:n].copy()

    # --- rows ----------------------------------------------------------------------------------------

    def _write_arrivals(self, places: ChainPlaces, owner: Integers) -> Compact:
        rows = self._arrivals.take(len(owner))
        columns = self._arrivals.columns
        for name, values in (
            ("chain", places.chain),
            ("from_u", places.by_u),
            ("from_v", places.by_v),
            ("rank", places.rank),
            ("share", places.share),
            ("owner", owner),
        ):
            columns[name][rows] = values
        kernel.fill_struct(self._state, **{f"arrival_{name}": column for name, column in columns.items()})
        return rows

    def _write_directs(self, home: Integers, cost: npt.NDArray[np.float64], owner: Integers) -> Compact:
        rows = self._directs.take(len(owner))
        columns = self._directs.columns
        for name, values in (("home", home), ("cost", cost), ("owner", owner)):
            columns[name][rows] = values
        kernel.fill_struct(self._state, **{f"direct_{name}": column for name, column in columns.items()})
        return rows

    def _link(self, arrivals: Compact, directs: Compact) -> None:
        rows = kernel.point_to(arrivals), len(arrivals), kernel.point_to(directs), len(directs)
        self._kernel.link_rows(self._address, *rows)

    def _renumber(self, low: int, by: int) -> None:
        self._kernel.renumber_owners(self._address, low, by, self._arrivals.n_used, self._directs.n_used)

    def _list_arrivals(self) -> Compact:
        """Rows of all arrivals, along the curve."""
        rows = np.concatenate([rows for rows, _ in self._rows_of] or [np.empty(0, np.int32)])
        junction = self._chains.u[self._arrivals.columns["chain"][rows]]
        return rows[np.argsort(junction, kind="stable")]

    def _sort_rows(self) -> tuple[Compact, Compact]:
        """Where the rows of each centre begin, after they were sorted by centre."""
        firsts = []
        for rows, of_centre, lists, values in (
            (self._arrivals, [pair[0] for pair in self._rows_of], self._arrival_list, "arrival"),
            (self._directs, [pair[1] for pair in self._rows_of], self._direct_list, "direct"),
        ):
            old = np.concatenate([*of_centre, np.empty(0, np.int32)])
            for name, column in rows.columns.items():
                rows.columns[name] = column[old].copy()
            rows.n_used, rows.free = len(old), []
            kernel.fill_struct(
                self._state, **{f"{values}_{name}": column for name, column in rows.columns.items()}
            )
            lists[:] = -1
            firsts.append(np.concatenate([[0], np.cumsum([len(one) for one in of_centre])]).astype(np.int32))
        self._rows_of = [
            (
                np.arange(firsts[0][i], firsts[0][i + 1], dtype=np.int32),
                np.arange(firsts[1][i], firsts[1][i + 1], dtype=np.int32),
            )
            for i in range(self.n_centres)
        ]
        everything = [np.arange(first[-1], dtype=np.int32) for first in firsts]
        self._link(everything[0], everything[1])
        return firsts[0], firsts[1]

    @staticmethod
    def _check(code: int) -> int:
        if code < 0:
            raise MemoryError
        return code


def _free_queue(library: ctypes.CDLL, state: kernel.State) -> None:
    library.free_queue(ctypes.addressof(state))
