"""The walks of a county under somebody's edits, kept between requests: the next step of a drag is a short one."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field

import numpy as np

from geogrid.coverage.engine import Engine
from geogrid.coverage.reading import Reading
from geogrid.coverage.scenario import (
    AddCentre,
    CentreEdit,
    Edit,
    MoveCentre,
    RemoveCentre,
    Scenario,
    list_centre_ids,
)
from geogrid.coverage.services import keep_service
from geogrid.coverage.town import Town
from geogrid.coverage.walks import Layout, lay_out, replace_centres
from geogrid.network.impedance import Floats, Profile
from geogrid.siting.instance import Instance
from webmap.county import County, Results

KEPT_GROUNDS = 6
"""Towns with other gates and streets whose layouts are kept; each is as large as the county's own."""
KEPT_ENGINES = 4
"""Engines kept for one ground and one walker: so many people can drag at a time without making room for each other."""


@dataclass(frozen=True)
class Ground:
    """A town with other gates and streets, and centres of one service; `away` are ids of the others."""

    town: Town
    layout: Layout
    away: frozenset[str]
    results: Results = field(default_factory=Results, repr=False)

    def select(self, scenario: Scenario) -> tuple[CentreEdit, ...]:
        """The edits of centres that count here: those of centres without the service change nothing."""
        return tuple(
            edit
            for edit in scenario.edits
            if isinstance(edit, CentreEdit) and (isinstance(edit, AddCentre) or edit.id not in self.away)
        )


def measure_edited(county: County, reading: Reading, scenario: Scenario, service: str | None) -> Floats:
    """The walk of every home once the edits are made, shape (h,), in the units of the reading's cutoff.

    Raises
    ------
    UnknownServiceError
        When no centre of the county offers the service.
    EmptyLayerError, FeatureNotFoundError, InvalidOptionError
        As `Scenario.apply`.
    """
    ground = edit_ground(county, [edit for edit in scenario.edits if not _is_centre(edit)], service)
    measure = reading.measure
    shelf = ground.results.find(("engines", measure), lambda: Shelf(ground.town, ground.layout, measure))
    return shelf.measure(ground.select(scenario))


def edit_ground(county: County, edits: list[Edit], service: str | None) -> Ground:
    """The county with edited gates and streets, where only centres of a service count; kept for a while."""
    town, layout = county.require_town(), county.layout
    grounds: Results = county.results.find("edited", lambda: Results(KEPT_GROUNDS))

    def make() -> Ground:
        offered = town if service is None else keep_service(town, service)
        away = frozenset(list_centre_ids(town.centre)) - frozenset(list_centre_ids(offered.centre))
        if not edits:
            return Ground(offered, layout if service is None else replace_centres(offered, layout), away)
        edited = Scenario(tuple(edits)).apply(offered)
        return Ground(edited, lay_out(edited), away)

    key: Hashable = (tuple(edits), service)
    return grounds.find(key, make)


def pose_edited(county: County, reading: Reading, scenario: Scenario, service: str | None) -> Instance:
    """The question of where further centres should stand once the edits are made; kept for a while.

    Raises
    ------
    GeogridError
        As `measure_edited` and `build_instance`.
    """
    if not scenario.edits and service is None:
        return county.pose_siting(reading)
    posed: Results = county.results.find("posed", lambda: Results(KEPT_GROUNDS))

    def make() -> Instance:
        ground = edit_ground(county, [edit for edit in scenario.edits if not _is_centre(edit)], service)
        town, layout = ground.town, ground.layout
        if edits := ground.select(scenario):
            town = Scenario(edits).apply(town)
            layout = replace_centres(town, layout)
        return county.pose_siting_in(town, layout, reading)

    return posed.find((reading, scenario.edits, service), make)


def _is_centre(edit: Edit) -> bool:
    return isinstance(edit, CentreEdit)


class Shelf:
    """A few engines for one ground and one walker, each with the edits of centres that it has made."""

    def __init__(self, town: Town, layout: Layout, profile: Profile) -> None:
        self._town, self._layout, self._profile = town, layout, profile
        self._engines: OrderedDict[tuple[CentreEdit, ...], Engine] = OrderedDict()
        self._lock = threading.Lock()

    def measure(self, edits: tuple[CentreEdit, ...]) -> Floats:
        """The walk of every home under edits, shape (h,); raises as `Engine.apply`."""
        with self._lock:
            made, engine = self._take(edits)
            for edit in steps_between(made, edits) or ():
                engine.apply(edit)  # an engine whose edit is refused is off the shelf by now
            cost: Floats = np.array(engine.walks.cost)
            self._engines[edits] = engine
            while len(self._engines) > KEPT_ENGINES:
                self._engines.popitem(last=False)
            return cost

    def _take(self, edits: tuple[CentreEdit, ...]) -> tuple[tuple[CentreEdit, ...], Engine]:
        """The engine that is the fewest edits away, taken off the shelf; a new one where none leads there."""
        steps = {made: steps_between(made, edits) for made in self._engines}
        near = [made for made, found in steps.items() if found is not None and len(found) <= len(edits)]
        if not near:
            return (), Engine(self._town, self._profile, layout=self._layout)
        best = min(near, key=lambda made: len(steps[made] or ()))
        return best, self._engines.pop(best)


def steps_between(
    made: tuple[CentreEdit, ...], wanted: tuple[CentreEdit, ...]
) -> tuple[CentreEdit, ...] | None:
    """The edits that lead from one list to another; None where only a new beginning does.

    The list goes on, or its last centre was put elsewhere: a drag is one edit whose place changes.

    >>> a, b = MoveCentre("s1", 0.0, 0.0), MoveCentre("s1", 5.0, 0.0)
    >>> steps_between((a,), (b,)) == (b,)
    True
    >>> steps_between((a, b), (a,)) is None
    True
    """
    if wanted[: len(made)] == made:
        return wanted[len(made) :]
    kept = len(made) - 1
    if kept >= len(wanted) or wanted[:kept] != made[:kept]:
        return None
    old, new = made[kept], wanted[kept]
    if isinstance(old, RemoveCentre) or isinstance(new, RemoveCentre):
        return None
    if type(old) is not type(new) or old.id != new.id:
        return None
    return (MoveCentre(new.id, new.x, new.y), *wanted[kept + 1 :])
