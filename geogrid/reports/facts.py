"""What a report states: the answers of the engines about one county, one of its areas, or one scenario."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.sparse import csr_matrix

from geogrid.areas.share import assign_areas
from geogrid.coverage.assess import Coverage
from geogrid.coverage.circle import CircleClaim, claim_circles
from geogrid.coverage.equity import assess_equity
from geogrid.coverage.reach import measure_walks_within
from geogrid.coverage.scenario import RemoveCentre, apply_edit
from geogrid.coverage.supply import list_supply
from geogrid.coverage.walks import find_sole_leaders, measure_walks, replace_centres
from geogrid.errors import FeatureNotFoundError
from geogrid.findings import Finding
from geogrid.network.impedance import Integers
from geogrid.siting.remedy import Remedy
from geogrid.siting.study import Study

SCOPE_LAYERS = ("community", "district")

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Subject:
    """Whose data a report is about, so exactly that it can be computed again.

    Attributes
    ----------
    content_hash
        Of the layers that the answers depend on, hexadecimal.
    day
        The date as of which features were current.
    settings
        The county's settings by name.
    """

    name: str
    code: str
    revision: int
    content_hash: str
    day: date
    is_synthetic: bool
    settings: Mapping[str, str]


@dataclass(frozen=True)
class Scope:
    """What part of a county a report is about: `layer` is None for all of it."""

    layer: str | None = None
    code: str | None = None
    name: str | None = None

    def select(self, frame: pd.DataFrame) -> npt.NDArray[np.bool_]:
        """The rows of a table, with a column for the layer, that are in scope, shape (n,)."""
        if self.layer is None:
            return np.ones(len(frame), bool)
        chosen: npt.NDArray[np.bool_] = (frame[self.layer].to_numpy(object) == self.code).astype(bool)
        return chosen


def find_scope(areas: Mapping[str, gpd.GeoDataFrame], layer: str, query: str) -> Scope:
    """The scope of an area that is named by its code or its name.

    Parameters
    ----------
    layer
        One of `SCOPE_LAYERS`.

    Raises
    ------
    FeatureNotFoundError
        When there is none, or more than one of that name.
    """
    frame = areas[layer]
    found = frame[(frame["code"] == query) | (frame["name"] == query)]
    if len(found) != 1:
        raise FeatureNotFoundError(layer=layer, keys=[query])
    return Scope(layer, str(found["code"].iloc[0]), str(found["name"].iloc[0]))


@dataclass(frozen=True)
class Proposals:
    """What could be done: the study of `N_PROPOSED` new centres, and gates and paths valued one by one."""

    study: Study
    remedies: tuple[Remedy, ...]


@dataclass(frozen=True)
class Facts:
    """All that a report states.

    Attributes
    ----------
    coverages
        Of the whole county: the official reading first, with its doubt; then the other standard ones.
    equity
        Rows of `coverage.equity.Equity` under the official reading.
    gaps
        Those in scope, most people first.
    centres
        Those in scope; columns as `describe_centres` says.
    circles
        What circles claim of the homes in scope, one for each coverage.
    earlier
        The official reading at an earlier revision, or today where a scenario is reported; else None.
    earlier_title
        What `earlier` is, in each language.
    proposals
        Where new centres would stand, and what is cheaper; None where there is nothing to propose.
    findings
        Open faults of the data.
    """

    subject: Subject
    scope: Scope
    coverages: tuple[Coverage, ...]
    equity: pd.DataFrame
    gaps: gpd.GeoDataFrame
    centres: pd.DataFrame
    circles: tuple[CircleClaim, ...]
    findings: tuple[Finding, ...]
    earlier: Coverage | None = None
    earlier_title: Mapping[str, str] = field(default_factory=dict)
    proposals: Proposals | None = None

    @property
    def official(self) -> Coverage:
        """The coverage under the official reading."""
        return self.coverages[0]

    def select_homes(self, coverage: Coverage) -> pd.DataFrame:
        """The homes of a coverage that are in scope."""
        return coverage.homes[self.scope.select(coverage.homes)]


def gather_facts(
    subject: Subject,
    scope: Scope,
    coverages: Sequence[Coverage],
    findings: Sequence[Finding] = (),
    *,
    earlier: Coverage | None = None,
    earlier_title: Mapping[str, str] | None = None,
    proposals: Proposals | None = None,
) -> Facts:
    """The facts of a report from coverages of one town; see `Facts` for what each is."""
    official = coverages[0]
    town, layout = official.town, official.layout
    gaps = official.printed_gaps
    centres = describe_centres(official)
    return Facts(
        subject=subject,
        scope=scope,
        coverages=tuple(coverages),
        equity=assess_equity(town, layout, official.reading, official.homes).rows,
        gaps=gaps[scope.select(gaps)].reset_index(drop=True),
        centres=centres[scope.select(centres)].reset_index(drop=True),
        circles=tuple(
            claim_circles(layout, one.homes[scope.select(one.homes)], one.reading) for one in coverages
        ),
        findings=tuple(findings),
        earlier=earlier,
        earlier_title=dict(earlier_title or {}),
        proposals=proposals,
    )


def _mark_sole(coverage: Coverage, within: csr_matrix, rows: Integers) -> Flags:
    """Whether the home of each stored pair of a home and a centre would be covered by no other, were that one closed."""
    town, layout, reading = coverage.town, coverage.layout, coverage.reading
    is_sole: Flags = np.diff(within.indptr)[rows] == 1
    for number in find_sole_leaders(layout) if layout.n_centres > 1 else ():
        own = np.flatnonzero(within.indices == number)
        if not is_sole[own].any():
            continue
        rest = replace_centres(apply_edit(town, RemoveCentre(str(layout.centre_id[number]))), layout)
        cost = measure_walks(rest, reading.measure).cost[rows[own]]
        is_sole[own] = cost > reading.cutoff_units
    return is_sole


def describe_centres(coverage: Coverage) -> pd.DataFrame:
    """What each centre does under a reading.

    Returns
    -------
    One row a centre, by id: `centre`, `name`, `community`, `district` (the areas it stands in),
    `n_homes` and `people` (covered homes whose nearest centre it is), `reach_people` (all within the
    cutoff of it), `sole_people` (of those, the ones within the cutoff of no other, were it closed), `capacity`,
    `load` (people over capacity), `is_redundant` (nobody depends on it alone). Missing where unknown.
    """
    town, layout, homes = coverage.town, coverage.layout, coverage.homes
    people = homes["people"].astype(float).to_numpy()
    is_known = np.isfinite(people)
    within = measure_walks_within(layout, coverage.reading)
    rows = np.repeat(np.arange(layout.n_homes), np.diff(within.indptr))
    is_sole = _mark_sole(coverage, within, rows)
    weight = np.nan_to_num(people)[rows]
    covered = homes[(homes["status"] == "covered").to_numpy(bool)]
    served = covered.groupby("centre")["people"].sum(min_count=1)
    n_served = covered.groupby("centre").size()
    ids = layout.centre_id.astype(str)
    frame = pd.DataFrame({"centre": ids.astype(object), "name": layout.centre_name})
    doors = shapely.points(layout.centre_xy)
    for layer in SCOPE_LAYERS:
        frame[layer] = pd.Series(assign_areas(doors, getattr(town, layer)), dtype=object)
    frame["n_homes"] = pd.array(n_served.reindex(ids).fillna(0).to_numpy(), dtype="Int64")
    frame["people"] = served.reindex(ids).astype("Int64").array
    frame.loc[frame["n_homes"] == 0, "people"] = 0 if is_known.any() else pd.NA
    reached = np.bincount(within.indices, weight, minlength=layout.n_centres)
    sole = np.bincount(within.indices[is_sole], weight[is_sole], minlength=layout.n_centres)
    n_sole = np.bincount(within.indices[is_sole], minlength=layout.n_centres)
    unknown = pd.array([pd.NA] * layout.n_centres, dtype="Int64")
    frame["reach_people"] = pd.array(reached.astype(np.int64), dtype="Int64") if is_known.any() else unknown
    frame["sole_people"] = pd.array(sole.astype(np.int64), dtype="Int64") if is_known.any() else unknown
    capacity = list_supply(town, layout)
    frame["capacity"] = np.nan if capacity is None else capacity
    frame["load"] = frame["people"].astype(float) / frame["capacity"].where(frame["capacity"] > 0)
    frame["is_redundant"] = n_sole == 0
    return frame
