"""One county as the server shows it: the data of one revision, never changed, swapped whole for the next."""

from __future__ import annotations

import datetime
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import geopandas as gpd
import numpy as np
from flask import current_app

from geogrid.coverage.assess import Coverage, add_doubt, assess_layout
from geogrid.coverage.ground import Ground, lay_ground
from geogrid.coverage.reading import STANDARD_READINGS, Reading
from geogrid.coverage.town import Town
from geogrid.coverage.walks import Layout, Objects, measure_point_walks
from geogrid.crs import change_crs, crs_name, to_lonlat
from geogrid.errors import (
    EmptyLayerError,
    StoreFullError,
    StoreUnreachableError,
    WorkspaceLockedError,
    WorkspaceProtectedError,
)
from geogrid.network.impedance import PROFILES, Floats
from geogrid.responsibility.register import Register
from geogrid.schema import find_layer
from geogrid.siting.instance import Instance, build_instance
from geogrid.workspace import Workspace
from geogrid.workspace.cache import read_layout
from geogrid.workspace.lookup import read_register
from webmap.columns import PUBLIC_COLUMNS
from webmap.roster import Contact, forget_people, read_contacts

FOCUS_MARGIN, FOCUS_LEFT_OUT = 0.03, 0.02
"""Of what is shown first: the margin on each side, and the share of buildings beyond each edge of it."""
EXTENSION = "geogrid_county"
KEPT_RESULTS = 96
"""Computed answers kept a revision: each reading has about six, and few readings are in use at a time."""

OUT_OF_REACH = (StoreFullError, StoreUnreachableError, WorkspaceLockedError, WorkspaceProtectedError)
"""Why a sound file may not be readable just now."""
AGAIN_S = 1.0
"""After a file was out of reach it is tried again this much later."""

Value = TypeVar("Value")


class Results:
    """Answers computed once each, by whichever thread asks first; the most recently used are kept."""

    def __init__(self, kept: int = KEPT_RESULTS) -> None:
        self._slots: OrderedDict[Hashable, _Slot] = OrderedDict()
        self._lock = threading.Lock()
        self._kept = kept

    def find(self, key: Hashable, compute: Callable[[], Value]) -> Value:
        """The answer under a key; who asks for the same key meanwhile waits, others do not."""
        with self._lock:
            slot = self._slots.setdefault(key, _Slot())
            self._slots.move_to_end(key)
            while len(self._slots) > self._kept:
                self._slots.popitem(last=False)
        with slot.lock:
            if not slot.is_known:
                slot.value = compute()
                slot.is_known = True
            value: Value = slot.value
            return value


@dataclass
class _Slot:
    lock: threading.Lock = field(default_factory=threading.Lock)
    value: Any = None
    is_known: bool = False


@dataclass(frozen=True)
class County:
    """The current features of one revision, on one day.

    Attributes
    ----------
    layers
        Every layer that is shown, in the store CRS, by name.
    town
        What the walking engine takes, in the metric CRS.
    register
        What questions are answered from; it knows duties and not who holds them.
    contacts
        Who holds them, by id of the person: never told but through `webmap.roster.Sight`.
    whole
        The county of which this is what one reader may count; None for the county itself.
    seen
        Ids of the buildings whose counts are here; meaningless for the county itself, which has all.
    """

    path: Path
    revision: int
    day: datetime.date
    code: str
    name: str
    is_synthetic: bool
    reading: Reading
    settings: Mapping[str, str]
    layers: Mapping[str, gpd.GeoDataFrame]
    town: Town | None
    register: Register | None
    contacts: Mapping[str, Contact]
    results: Results = field(default_factory=Results, repr=False)
    whole: County | None = field(default=None, repr=False)
    seen: frozenset[str] = field(default=frozenset(), repr=False)

    def sees_all(self, buildings: Iterable[str]) -> bool:
        """Whether the counts of all these buildings are here."""
        return self.whole is None or self.seen.issuperset(buildings)

    def assess(self, reading: Reading) -> Coverage:
        """Who reaches a centre under a reading; the standard readings are computed together."""
        town, layout = self.require_town(), self.layout
        if (whole := self.whole) is not None:
            return self.results.find(reading, lambda: _recount(whole.assess(reading), town, layout))
        if reading not in STANDARD_READINGS:
            return self.results.find(reading, lambda: assess_layout(town, layout, [reading])[0])
        standard = self.results.find("standard", lambda: assess_layout(town, layout, STANDARD_READINGS))
        return standard[STANDARD_READINGS.index(reading)]

    @property
    def layout(self) -> Layout:
        """Homes and centres placed on the streets, once for every reading and every question."""
        town, whole = self.require_town(), self.whole
        if whole is None:
            return self.results.find("layout", lambda: read_layout(self.path, town))
        return self.results.find("layout", lambda: _take_counts(whole.layout, town))

    @property
    def ground(self) -> Ground:
        """The county's ground placed on the streets, once for every outline."""
        if self.whole is not None:
            return self.whole.ground  # on which nobody is counted
        town, layout = self.require_town(), self.layout
        return self.results.find("ground", lambda: lay_ground(town, layout))

    def pose_siting(self, reading: Reading) -> Instance:
        """The question of where new centres should stand, once for every number of them."""
        town, layout = self.require_town(), self.layout
        return self.results.find(("siting", reading), lambda: self.pose_siting_in(town, layout, reading))

    def pose_siting_in(self, town: Town, layout: Layout, reading: Reading) -> Instance:
        """The same for an edited town, computed at every call."""
        crs = crs_name(town.street.crs)
        candidate, no_build = (change_crs(self.layers[name], crs, name) for name in ("candidate", "no_build"))
        return build_instance(town, layout, reading, candidate, no_build)

    def assess_doubt(self, reading: Reading) -> Coverage:
        """The same as `assess`, with how sure it is."""
        town, layout, coverage = self.require_town(), self.layout, self.assess(reading)
        return self.results.find(("doubt", reading), lambda: add_doubt(town, layout, coverage))

    def measure_walk(self, points: Objects) -> tuple[Objects, Floats]:
        """Nearest centre of positions in metres and the seconds there, by the official reading's walker."""
        return measure_point_walks(self.require_town(), self.layout, points, PROFILES[self.reading.profile])

    def require_town(self) -> Town:
        """The town; EmptyLayerError while nothing has been imported."""
        if self.town is None:
            raise EmptyLayerError(layer="building", title=find_layer("building").zh)
        return self.town

    def focus(self) -> list[float] | None:
        """What to show first: where the centres stand and nearly all buildings, with a margin; as `bounds`."""
        whole, centres = self.bounds(), self.layers["centre"]
        if whole is None or len(centres) < 2:
            return whole
        boxes = [to_lonlat(centres, "centre").total_bounds]
        if len(self.layers["building"]):
            spots = to_lonlat(self.layers["building"], "building").bounds.to_numpy()
            boxes.append(
                np.concatenate(
                    [
                        np.quantile(spots[:, :2], FOCUS_LEFT_OUT, axis=0),
                        np.quantile(spots[:, 2:], 1.0 - FOCUS_LEFT_OUT, axis=0),
                    ]
                )
            )
        west, south = np.min(boxes, axis=0)[:2]
        east, north = np.max(boxes, axis=0)[2:]
        wide, high = FOCUS_MARGIN * (east - west), FOCUS_MARGIN * (north - south)
        return [
            max(whole[0], round(float(west - wide), 6)),
            max(whole[1], round(float(south - high), 6)),
            min(whole[2], round(float(east + wide), 6)),
            min(whole[3], round(float(north + high), 6)),
        ]

    def bounds(self) -> list[float] | None:
        """West, south, east and north of what is shown, in degrees; None for an empty county."""
        for name in ("county", "district", "community", "building", "street", "centre"):
            layer = self.layers[name]
            if len(layer):
                return [round(float(value), 6) for value in to_lonlat(layer, name).total_bounds]
        return None


def _take_counts(layout: Layout, town: Town) -> Layout:
    """A layout with the buildings of another state of its town, which has the same homes."""
    rows = town.building.set_index("id", drop=False).loc[layout.homes.building["id"]]
    building = rows.set_axis(layout.homes.building.index)[list(layout.homes.building.columns)]
    return replace(layout, homes=replace(layout.homes, building=building))


def _recount(coverage: Coverage, town: Town, layout: Layout) -> Coverage:
    """A coverage of the same homes with other people in them."""
    people = layout.homes.building["residents"].array
    return replace(coverage, homes=coverage.homes.assign(people=people), town=town, layout=layout)


def load_county(workspace: Workspace, day: datetime.date) -> County:
    """What is current in a workspace on a day, all of one moment."""
    _ = workspace.revision  # what other programs wrote becomes a revision before the moment is fixed
    with workspace.snapshot():
        register = None if workspace.metric_crs is None else read_register(workspace)
        return County(
            path=workspace.path,
            revision=workspace.revision,
            day=day,
            code=workspace.code,
            name=workspace.name,
            is_synthetic=workspace.is_synthetic,
            reading=Reading.parse(workspace.reading),
            settings=dict(workspace.settings),
            layers={name: workspace.read(name, on=day) for name in (*PUBLIC_COLUMNS, "building", "no_build")},
            town=None if register is None else workspace.read_town(on=day),
            register=None if register is None else forget_people(register),
            contacts={} if register is None else read_contacts(register),
        )


class CountySource:
    """The county's file, read again when it changed: readers keep the revision that they began with."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._seen: tuple[object, ...] | None = None
        self._county: County | None = None
        self._again_at = 0.0

    def current(self) -> County:
        """The newest revision, as of today.

        While the file is out of reach, for want of room on the disk say, what was loaded is shown.

        Raises
        ------
        WorkspaceError
            When the file cannot be read and nothing was loaded.
        """
        county = self._county
        if county is not None and self._seen == self._look():
            return county
        with self._lock:
            seen = self._look()
            if self._county is None or (seen != self._seen and time.monotonic() >= self._again_at):
                try:
                    self._county = self._load()
                    self._seen = seen
                except OUT_OF_REACH:
                    if self._county is None:
                        raise
                    self._again_at = time.monotonic() + AGAIN_S
            return self._county

    def _load(self) -> County:
        today = datetime.date.today()  # noqa: DTZ011  duties begin and end by the local calendar
        with Workspace.open(self.path, readonly=True) as workspace:
            county = load_county(workspace, today)
            while county.revision != workspace.revision:  # somebody wrote between two layers
                county = load_county(workspace, today)
            return county

    def _look(self) -> tuple[object, ...]:
        """What changes when the file does: the size and time of it and of its log, and the day."""
        files = self.path, self.path.with_name(self.path.name + "-wal")
        return datetime.date.today(), *map(look_at, files)  # noqa: DTZ011  see above


def look_at(path: Path) -> tuple[int, int] | None:
    """What changes when a file does: its time and size; None for one that is empty or not there.

    Whoever opens a county makes an empty log, and whoever closes it last takes it away: neither is news.
    """
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return (status.st_mtime_ns, status.st_size) if status.st_size else None


def current_county() -> County:
    """The county that the running application shows."""
    source: CountySource = current_app.extensions[EXTENSION]
    return source.current()
