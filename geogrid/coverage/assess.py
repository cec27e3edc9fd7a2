"""Who is covered: the status of every home under a reading, its reason, and the sums."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geogrid.areas.share import assign_areas
from geogrid.coverage.doubt import N_WORLDS, Doubt, assess_doubt, describe_area, describe_doubt
from geogrid.coverage.explain import explain_uncovered
from geogrid.coverage.gaps import describe_gaps, find_gaps
from geogrid.coverage.ground import CELL_M, PRINT_CELL_M
from geogrid.coverage.reading import Reading
from geogrid.coverage.summary import count_homes, count_people, list_left_out, list_outside, summarise_areas
from geogrid.coverage.town import Town
from geogrid.coverage.walks import Layout, Objects, Walks, lay_out, measure_walks
from geogrid.network.access import find_snapped
from geogrid.network.impedance import LENGTH, PROFILES, Floats
from geogrid.prepared import prepared

MS_PER_S = 1000.0
HOME_COLUMNS = (
    "people",
    "walk_s",
    "length_m",
    "centre",
    "status",
    "reason",
    "doubt",
    "community",
    "district",
    "grid",
    "x",
    "y",
    "gate",
    "is_barred",
)


class Status(StrEnum):
    """Whether a home is within the cutoff; `UNANSWERED` is neither and says why."""

    COVERED = "covered"
    NOT_COVERED = "not_covered"
    UNANSWERED = "unanswered"


class Reason(StrEnum):
    """Why a home has no answer.

    `ISLAND`: no centre can be reached from its part of the network, or no gate of its compound lets
    a pedestrian pass. `UNSNAPPED`: no street within the limit of an access leg (of the home, or of
    the gates of its compound). `NO_NETWORK`: no street is fit for walking.
    """

    ISLAND = "island"
    UNSNAPPED = "unsnapped"
    NO_NETWORK = "no_network"


@dataclass(frozen=True)
class Coverage:
    """Who is covered under a reading.

    Attributes
    ----------
    homes
        One row per home, by building id: `people`, `walk_s` (to the nearest centre in time),
        `length_m` (the shortest way to any centre), `centre` (the nearest in the reading's own
        measure), `status`, `reason` (why unanswered; or why not covered: gate, slope, barrier, far), `doubt`
        (surely_in, in_doubt, surely_out; None until doubt is assessed, and for homes without an answer),
        `community`, `district`, `grid`, `x`, `y`, `gate` (how the gates of its compound are known: given, inferred, unknown; None outside gated compounds), `is_barred` (its walk
        passes a mapped barrier, a wall or water, or a wall runs through it: in doubt). Missing numbers are NaN.
    unsnapped_centres
        Ids of centres that no street reaches.
    communities, districts
        The areas by which the answer is summed: `code`, `name`.
    town, layout
        What was assessed.
    doubt
        How sure the answer is; None until `add_doubt`.
    """

    reading: Reading
    homes: pd.DataFrame
    n_centres: int
    unsnapped_centres: tuple[str, ...]
    communities: pd.DataFrame
    districts: pd.DataFrame
    town: Town = field(repr=False)
    layout: Layout = field(repr=False)
    doubt: Doubt | None = None

    @cached_property
    def gaps(self) -> gpd.GeoDataFrame:
        """Clusters of homes that are not covered, drawn when first asked for; see `gaps.find_gaps`."""
        return self._find_gaps(CELL_M)

    @cached_property
    def printed_gaps(self) -> gpd.GeoDataFrame:
        """The same with their ground drawn as finely as on paper, for reports and files."""
        return self._find_gaps(PRINT_CELL_M)

    def _find_gaps(self, cell_m: float) -> gpd.GeoDataFrame:
        uncovered = np.flatnonzero((self.homes["status"] == Status.NOT_COVERED.value).to_numpy())
        return find_gaps(self.town, self.layout, self.homes, uncovered, self.reading, cell_m=cell_m)

    @cached_property
    def is_outside(self) -> npt.NDArray[np.bool_]:
        """Homes whose point lies outside the county's extent, shape (h,); none where that is not known.

        They count in all sums for the county: the layer of buildings says whose homes they are, and the
        extent is a line that somebody drew. What counts by area leaves them to no area.
        """
        extent = shapely.union_all(shapely.make_valid(self.town.county.geometry.to_numpy()))
        if extent.is_empty:
            return np.zeros(len(self.homes), bool)
        with prepared(extent) as ready:
            outside: npt.NDArray[np.bool_] = ~shapely.intersects_xy(ready, self.homes["x"], self.homes["y"])
        return outside

    def to_dict(self) -> dict[str, Any]:
        """The answer as JSON-ready values, the same every time; unknown people are None."""
        return {
            "reading": str(self.reading),
            "homes": count_homes(self.homes),
            "people": count_people(self.homes) | {"covered_range_90": self._find_range()},
            "n_centres": self.n_centres,
            "by_community": self._summarise_areas("community", self.communities),
            "by_district": self._summarise_areas("district", self.districts),
            "gaps": describe_gaps(self.gaps),
            "left_out": list_left_out(self.homes),
            "outside_extent": list_outside(self.homes, self.is_outside),
            "unsnapped_centres": list(self.unsnapped_centres),
            "doubt": None if self.doubt is None else describe_doubt(self.doubt),
        }

    def _find_range(self, kind: str = "county", code: str | None = None) -> list[int] | None:
        if self.doubt is None:
            return None
        found: list[int] | None = describe_area(self.doubt, kind, code)["people"]["covered_range_90"]
        return found

    def _summarise_areas(self, kind: str, areas: pd.DataFrame) -> list[dict[str, Any]]:
        """The areas of one kind, with their doubt where it was assessed."""
        entries = summarise_areas(self.homes, kind, areas)
        for entry in entries:
            entry["people"]["covered_range_90"] = self._find_range(kind, entry["code"])
            entry["doubt"] = None if self.doubt is None else describe_area(self.doubt, kind, entry["code"])
        return entries


def assess_coverage(town: Town, reading: Reading) -> Coverage:
    """Who is covered in a town under one reading.

    Raises
    ------
    EmptyLayerError
        When the town has no street, no centre or no home.
    """
    return assess_readings(town, [reading])[0]


def assess_readings(town: Town, readings: Sequence[Reading]) -> list[Coverage]:
    """Who is covered under each reading; streets are joined once and each walker walks once.

    Raises
    ------
    EmptyLayerError
        When the town has no street, no centre or no home.
    """
    return assess_layout(town, lay_out(town), readings)


def assess_layout(town: Town, layout: Layout, readings: Sequence[Reading]) -> list[Coverage]:
    """The same, for a town that has been laid out before."""
    wanted = {LENGTH.name: LENGTH} | {reading.profile: PROFILES[reading.profile] for reading in readings}
    walks = {name: measure_walks(layout, profile) for name, profile in wanted.items()}
    places = _describe_homes(town, layout)
    return [_assess(town, layout, reading, walks, places) for reading in readings]


def add_doubt(
    town: Town, layout: Layout, coverage: Coverage, *, seed: int = 0, n_worlds: int = N_WORLDS
) -> Coverage:
    """The same answer with how sure it is; see `doubt.assess_doubt`.

    Parameters
    ----------
    layout
        That of the town, from which the coverage was assessed.
    """
    doubt = assess_doubt(town, layout, coverage.reading, coverage.homes, seed=seed, n_worlds=n_worlds)
    homes = coverage.homes.assign(doubt=_as_text(doubt.verdict, coverage.homes))
    return replace(coverage, homes=homes, doubt=doubt)


def _assess(
    town: Town, layout: Layout, reading: Reading, walks: Mapping[str, Walks], places: pd.DataFrame
) -> Coverage:
    """The answer under one reading, from walks by the name of their profile."""
    own = walks[reading.measure.name]
    status, reason = _judge(layout, own, reading)
    uncovered = np.flatnonzero(status == Status.NOT_COVERED.value)
    reason[uncovered] = explain_uncovered(layout, reading, uncovered)
    homes = places.assign(
        walk_s=_blank_inf(walks[reading.profile].cost) / MS_PER_S,
        length_m=_blank_inf(walks[LENGTH.name].cost) / MS_PER_S,
        centre=_as_text(np.append(layout.centre_id, [None])[own.centre], places),
        status=_as_text(status, places),
        reason=_as_text(reason, places),
        doubt=_as_text(np.full(len(places), None), places),
        is_barred=own.is_barred | layout.is_split,
    )[list(HOME_COLUMNS)]
    return Coverage(
        reading=reading,
        homes=homes,
        n_centres=layout.n_centres,
        unsnapped_centres=_list_unsnapped(layout),
        communities=_list_areas(town.community),
        districts=_list_areas(town.district),
        town=town,
        layout=layout,
    )


def _describe_homes(town: Town, layout: Layout) -> pd.DataFrame:
    """What is known of the homes whatever the reading."""
    building = layout.homes.building
    index = pd.Index(building["id"].to_numpy(object), name="building", dtype=object)
    frame = pd.DataFrame({"people": building["residents"].array}, index=index)
    for name in ("community", "district", "grid"):
        codes = assign_areas(building.geometry.to_numpy(), getattr(town, name))
        frame[name] = _as_text(codes, frame)
    frame["x"], frame["y"] = layout.homes.xy[:, 0], layout.homes.xy[:, 1]
    frame["gate"] = _as_text(layout.gate_origin, frame)
    return frame


def _judge(layout: Layout, walks: Walks, reading: Reading) -> tuple[Objects, Objects]:
    """Status and reason of every home, shape (h,)."""
    status = np.full(layout.n_homes, Status.UNANSWERED.value, dtype=object)
    status[np.isfinite(walks.cost)] = Status.NOT_COVERED.value
    status[walks.cost <= reading.cutoff_units] = Status.COVERED.value
    reason = np.full(layout.n_homes, None, dtype=object)
    unanswered = status == Status.UNANSWERED.value
    reason[unanswered] = Reason.UNSNAPPED.value
    reason[unanswered & (walks.has_way | layout.is_locked_in)] = Reason.ISLAND.value
    if not layout.network.public.n_segments:
        reason[unanswered] = Reason.NO_NETWORK.value
    return status, reason


def _list_unsnapped(layout: Layout) -> tuple[str, ...]:
    """Ids of the centres none of whose doors touches a street, through a gate or not."""
    doors = layout.centre_doors
    missing = np.setdiff1d(np.arange(layout.n_centres), doors.place[find_snapped(doors, layout.gates)])
    return tuple(str(centre) for centre in layout.centre_id[missing])


def _list_areas(frame: gpd.GeoDataFrame) -> pd.DataFrame:
    return pd.DataFrame(frame[["code", "name"]]).sort_values("code", ignore_index=True)


def _blank_inf(values: Floats) -> Floats:
    return np.where(np.isfinite(values), values, np.nan)


def _as_text(values: Objects, frame: pd.DataFrame) -> pd.Series:
    return pd.Series(values, index=frame.index, dtype=object)
