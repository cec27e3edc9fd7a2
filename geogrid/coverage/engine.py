"""The walks of a town, kept while somebody tries what if: a centre more, a gate less, a bridge out.

Edits of centres change only what they touch: a centre that is added takes over the junctions it is
nearer to, and those of one that is removed are searched into again from around them. An edit of gates
or streets lays the town out again. Either way the walks equal, bit by bit, those of the edited town
computed from the beginning.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace

import numpy as np

from geogrid.coverage.scenario import (
    AddCentre,
    CentreEdit,
    Edit,
    MoveCentre,
    RemoveCentre,
    Scenario,
    apply_edit,
)
from geogrid.coverage.town import Town
from geogrid.coverage.walks import Layout, PricedWays, Walks, find_walls, lay_out, measure_walks, price_ways
from geogrid.errors import EmptyLayerError, FeatureNotFoundError, InvalidOptionError
from geogrid.network import kernel
from geogrid.network.access import (
    Doors,
    Spots,
    is_on_square,
    price_arrivals,
    price_departures,
    price_over_squares,
    price_within_compounds,
    select_doors,
    snap_doors,
)
from geogrid.network.graph import price_segments
from geogrid.network.impedance import Integers, Profile
from geogrid.network.search import Direct, Ways
from geogrid.network.snap import Snaps
from geogrid.network.solver import Solver
from geogrid.schema import find_layer


@dataclass(frozen=True)
class _Centre:
    """One centre as the engine holds it."""

    id: str
    name: str | None
    doors: Doors
    direct_home: Integers


class Engine:
    """The walks of a town for one walker, under edits.

    Parameters
    ----------
    town
        The county's own; it is never changed.
    layout
        That of the town, when it is at hand; made with the usual limit of access legs.
    """

    def __init__(self, town: Town, profile: Profile, *, layout: Layout | None = None) -> None:
        self.profile = profile
        self.scenario = Scenario()
        self._base = town
        self._start(town, layout or lay_out(town))

    def _start(self, town: Town, layout: Layout) -> None:
        """Take up a town from the beginning."""
        self._town: Town | None = town
        self._gated = town.compound.geometry.to_numpy()[layout.network.gated]
        self._layout: Layout | None = layout
        self._network_layout = layout
        self._walks: Walks | None = None
        self._inside_costs = price_segments(layout.network.inside, self.profile)
        ways = price_ways(layout, self.profile)
        self._has_own_way = np.zeros(layout.n_homes, bool)
        self._has_own_way[ways.homes.place] = True
        self._gate_of_way = np.append(ways.homes.gate, -1)
        self._centres = self._list_centres(layout, ways)
        self._solver = self._build_solver(layout, ways)

    def _list_centres(self, layout: Layout, ways: PricedWays) -> list[_Centre]:
        order = np.argsort(ways.direct.centre, kind="stable")
        low = np.searchsorted(ways.direct.centre[order], np.arange(layout.n_centres + 1))
        return [
            _Centre(
                str(layout.centre_id[number]),
                layout.centre_name[number],
                select_doors(layout.centre_doors, number),
                ways.direct.home[order[low[number] : low[number + 1]]],
            )
            for number in range(layout.n_centres)
        ]

    def _build_solver(self, layout: Layout, ways: PricedWays) -> Solver | None:
        chains = layout.network.chains
        if chains is None or kernel.load_kernel() is None:
            return None
        costs = price_segments(layout.network.public, self.profile)
        solver = Solver.build(
            chains, costs, ways.homes, ways.centres, ways.direct, layout.n_homes, layout.n_centres
        )
        if solver is not None:
            solver.solve()
        return solver

    # --- what stands ---------------------------------------------------------------------------------

    @property
    def centre_ids(self) -> list[str]:
        """Ids of the centres that stand, sorted: the numbers in `walks` are places in this list."""
        return [centre.id for centre in self._centres]

    @property
    def town(self) -> Town:
        """The town with all edits made."""
        if self._town is None:
            self._town = self.scenario.apply(self._base)
        return self._town

    @property
    def layout(self) -> Layout:
        """The layout of the edited town."""
        if self._layout is None:
            doors = [centre.doors for centre in self._centres]
            place = np.repeat(np.arange(len(doors)), [len(door.place) for door in doors])
            self._layout = replace(
                self._network_layout,
                centre_id=np.array([centre.id for centre in self._centres], dtype=object),
                centre_name=np.array([centre.name for centre in self._centres], dtype=object),
                centre_xy=np.array([door.spots.xy[0] for door in doors]),
                centre_doors=replace(_join_doors(doors), place=place),
            )
        return self._layout

    @property
    def walks(self) -> Walks:
        """The walk of every home to its nearest centre, as `measure_walks` finds it for the edited town."""
        if self._walks is None:
            self._walks = self._read_walks()
        return self._walks

    def _read_walks(self) -> Walks:
        if self._solver is None:
            return measure_walks(self.layout, self.profile)
        nearest = self._solver.read_nearest()
        has_way = self._has_own_way.copy()
        for centre in self._centres:
            has_way[centre.direct_home] = True
        return Walks(self.profile, nearest.cost, nearest.centre, self._gate_of_way[nearest.way], has_way)

    # --- edits ---------------------------------------------------------------------------------------

    def apply(self, edit: Edit) -> Integers:
        """Make one edit; numbers of the homes whose milliseconds or nearest centre changed, sorted.

        A move also tells homes that it gave back what they had.

        Raises
        ------
        EmptyLayerError
            When no centre or no walkable town would be left; nothing is changed then.
        FeatureNotFoundError, InvalidOptionError
            As `Scenario.apply`.
        """
        if isinstance(edit, AddCentre | MoveCentre | RemoveCentre) and self._solver is not None:
            changed = self._edit_centre(edit, self._solver)
        else:
            before, ids = self.walks, np.append(self.layout.centre_id, [None])
            town = apply_edit(self.town, edit)
            self._start(town, lay_out(town))
            other = np.append(self.layout.centre_id, [None])[self.walks.centre]
            same = (before.cost == self.walks.cost) & (ids[before.centre] == other)
            changed = np.flatnonzero(~same)
        self.scenario = self.scenario.extend(edit)
        return changed

    def _edit_centre(self, edit: CentreEdit, solver: Solver) -> Integers:
        number = bisect_left(self.centre_ids, edit.id)
        stands = number < len(self._centres) and self._centres[number].id == edit.id
        if isinstance(edit, AddCentre) == stands:
            if stands:
                raise InvalidOptionError(option="centre", value=edit.id, expected="a new id")
            raise FeatureNotFoundError(layer="centre", keys=[edit.id])
        changed = []
        self._town = self._layout = self._walks = None
        if isinstance(edit, RemoveCentre) and len(self._centres) == 1:
            raise EmptyLayerError(layer="centre", title=find_layer("centre").zh)
        name = edit.name if isinstance(edit, AddCentre) else None
        if not isinstance(edit, RemoveCentre):
            centre, ways, direct = self._place(edit, name)
        if stands:
            gone = self._centres.pop(number)
            name = gone.name
            changed.append(solver.remove_centre(number))
        if not isinstance(edit, RemoveCentre):
            self._centres.insert(number, replace(centre, name=name))
            changed.append(solver.add_centre(number, ways, direct))
        return np.unique(np.concatenate(changed)).astype(np.int64)

    def _place(self, edit: AddCentre | MoveCentre, name: str | None) -> tuple[_Centre, Ways, Direct]:
        """A centre with one door, placed on the streets and priced."""
        layout, network = self._network_layout, self._network_layout.network
        xy, place = np.array([[edit.x, edit.y]]), np.zeros(1, np.int64)
        doors = snap_doors(network, place, xy, find_walls(self._gated, xy))
        costs = self._inside_costs
        ways = price_arrivals(network, costs, self.profile, doors, layout.gates)
        direct = _NO_DIRECT
        if doors.spots.compound[0] >= 0:
            direct = price_within_compounds(network, costs, self.profile, layout.home_doors, doors)
        elif is_on_square(network, doors, ways):
            homes, gates = layout.home_doors, layout.gates
            departures = price_departures(network, costs, self.profile, homes, gates)
            direct = price_over_squares(network, self.profile, homes, departures, doors, ways)
        return _Centre(edit.id, name, doors, direct.home), ways, direct


_NO_DIRECT = Direct(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))


def _join_doors(doors: list[Doors]) -> Doors:
    """The doors of several places one after another."""
    spots = [one.spots for one in doors]
    return Doors(
        np.concatenate([one.place for one in doors]),
        Spots(
            np.concatenate([one.xy for one in spots]),
            np.concatenate([one.compound for one in spots]),
            _join_snaps([one.public for one in spots]),
            _join_snaps([one.inside for one in spots]),
        ),
        np.concatenate([one.is_barred for one in doors]),
    )


def _join_snaps(snaps: list[Snaps]) -> Snaps:
    return Snaps(
        np.concatenate([one.segment for one in snaps]),
        np.concatenate([one.fraction for one in snaps]),
        np.concatenate([one.straight_m for one in snaps]),
    )
