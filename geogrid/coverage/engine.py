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
from geogrid.coverage.walks import (
    Layout,
    TracedWays,
    Walks,
    lay_out,
    mark_barred_directs,
    measure_walks,
    trace_walks,
)
from geogrid.errors import EmptyLayerError, FeatureNotFoundError, InvalidOptionError
from geogrid.network import kernel
from geogrid.network.access import (
    Doors,
    Shortcuts,
    is_on_square,
    join_doors,
    select_doors,
    snap_doors,
    trace_departures,
    trace_shortcuts,
)
from geogrid.network.enclosures import PUBLIC, find_regions
from geogrid.network.graph import price_segments
from geogrid.network.impedance import Integers, Profile
from geogrid.network.search import Direct, Ways
from geogrid.network.solver import Solver
from geogrid.schema import find_layer


@dataclass(frozen=True)
class _Centre:
    """One centre as the engine holds it."""

    id: str
    name: str | None
    doors: Doors
    shortcuts: Shortcuts | None


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
        self._layout: Layout | None = layout
        self._network_layout = layout
        self._walks: Walks | None = None
        self._inside_costs = price_segments(layout.network.inside, self.profile)
        ways = trace_walks(layout, self.profile)
        self._departures = ways.homes
        self._has_own_way = np.zeros(layout.n_homes, bool)
        self._has_own_way[ways.homes.ways.place] = self._has_own_way[ways.homes.shut_in] = True
        self._gate_of_way = np.append(ways.homes.ways.gate, -1)
        self._way_is_barred = np.append(ways.homes.is_barred, [False])
        self._is_clear = ways.homes.mark_clear(layout.n_homes)
        self._centres = self._list_centres(layout, ways)
        self._solver = self._build_solver(layout, ways)

    def _list_centres(self, layout: Layout, ways: TracedWays) -> list[_Centre]:
        shortcuts = ways.shortcuts
        direct = shortcuts.direct
        order = np.argsort(direct.centre, kind="stable")
        low = np.searchsorted(direct.centre[order], np.arange(layout.n_centres + 1))
        return [
            _Centre(
                str(layout.centre_id[number]),
                layout.centre_name[number],
                select_doors(layout.centre_doors, number),
                shortcuts.take(order[low[number] : low[number + 1]]),
            )
            for number in range(layout.n_centres)
        ]

    def _build_solver(self, layout: Layout, ways: TracedWays) -> Solver | None:
        chains = layout.network.chains
        if chains is None or kernel.load_kernel() is None:
            return None
        costs = price_segments(layout.network.public, self.profile)
        homes, centres, direct = ways.homes.ways, ways.centres.ways, ways.shortcuts.direct
        solver = Solver.build(chains, costs, homes, centres, direct, layout.n_homes, layout.n_centres)
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
                centre_doors=replace(join_doors(doors), place=place),
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
        is_barred = self._way_is_barred[nearest.way]
        for number, centre in enumerate(self._centres):
            if centre.shortcuts is None:
                continue
            direct = centre.shortcuts.direct
            has_way[direct.home] = True
            numbered = replace(direct, centre=np.full(len(direct.home), number))
            is_barred |= mark_barred_directs(replace(centre.shortcuts, direct=numbered), nearest)
        gate = self._gate_of_way[nearest.way]
        return Walks(self.profile, nearest.cost, nearest.centre, gate, has_way, is_barred)

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
        doors = snap_doors(network, place, xy, find_regions(network.enclosures, xy))
        costs, gates = self._inside_costs, layout.gates
        arrivals = trace_departures(network, costs, self.profile, doors, gates, is_return=True)
        shortcuts = None
        if doors.spots.region[0] != PUBLIC or is_on_square(network, doors, arrivals):
            shortcuts = trace_shortcuts(
                network, costs, self.profile, layout.home_doors, self._departures, doors, arrivals, gates
            )
            shortcuts = shortcuts.drop_barred(self._is_clear, arrivals.mark_clear(1))
        direct = _NO_DIRECT if shortcuts is None else shortcuts.direct
        return _Centre(edit.id, name, doors, shortcuts), arrivals.ways, direct


_NO_DIRECT = Direct(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
