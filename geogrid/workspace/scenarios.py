"""Scenarios of a county: kept under a name in the map file, and carried out as one revision."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geogrid.coverage.scenario import Scenario
from geogrid.coverage.scenario_lonlat import read_records, write_records
from geogrid.crs import change_crs
from geogrid.errors import (
    EmptyLayerError,
    FeatureNotFoundError,
    InvalidOptionError,
    NotUndoableError,
    ScenarioConflictError,
)
from geogrid.schema import LAYERS, find_layer
from geogrid.workspace.audit import Event
from geogrid.workspace.edit import Edit
from geogrid.workspace.workspace import Workspace

EDITED_LAYERS = ("centre", "gate", "street")
"""The layers that the edits of a scenario change."""
LONGEST_NAME = 80


APPLIED = "apply scenario "
"""How the note of a revision begins that carried out a scenario."""


@dataclass(frozen=True)
class StoredScenario:
    """A scenario as it is kept; `records` are in longitude and latitude, `version` counts its changes."""

    name: str
    note: str
    records: list[dict[str, Any]]
    version: int

    def to_dict(self) -> dict[str, Any]:
        """What `scenario show --json` prints and `scenario save` takes."""
        return {"name": self.name, "note": self.note, "version": self.version, "edits": self.records}


@dataclass(frozen=True)
class Applied:
    """What carrying out a scenario did, features by layer.

    Attributes
    ----------
    added
        Id in the scenario -> id in the county.
    changed, removed
        Numbers of features.
    revision
        The revision that it became; None when everything stood so already.
    """

    added: dict[str, dict[str, str]]
    changed: dict[str, int]
    removed: dict[str, int]
    revision: int | None = None


def list_scenarios(workspace: Workspace) -> list[StoredScenario]:
    """All scenarios, by name."""
    frame = workspace.read("scenario")
    return [
        StoredScenario(
            str(row["name"]), str(row["note"] or ""), json.loads(row["edits"] or "[]"), int(row["version"])
        )
        for row in frame.to_dict("records")
    ]


def find_scenario(workspace: Workspace, name: str, *, version: int | None = None) -> StoredScenario:
    """The scenario of that name.

    Raises
    ------
    FeatureNotFoundError
        When there is none.
    ScenarioConflictError
        When a version is asked for and it has another one by now.
    """
    for stored in list_scenarios(workspace):
        if stored.name == name:
            if version is not None and stored.version != version:
                raise _conflict(name, None, stored)
            return stored
    if version is not None:
        raise _conflict(name, None, None)
    raise FeatureNotFoundError(layer="scenario", keys=[name])


def read_scenario(workspace: Workspace, name: str) -> Scenario:
    """The edits of the scenario of that name, in metres; raises as `find_scenario` and `read_records`."""
    return read_records(find_scenario(workspace, name).records, require_metric_crs(workspace))


def find_applied(workspace: Workspace) -> dict[str, Any] | None:
    """The latest revision that carried out a scenario and stands: its `name` and `revision`; None without one."""
    history = workspace.history()
    undone = set(history["undoes"].dropna())
    for row in history.to_dict("records"):
        note = str(row["note"] or "")
        if note.startswith(APPLIED) and row["revision"] not in undone:
            return {"name": note.removeprefix(APPLIED), "revision": int(row["revision"])}
    return None


def save_scenario(
    workspace: Workspace,
    name: str,
    scenario: Scenario,
    author: str,
    note: str = "",
    *,
    version: int | None = None,
) -> StoredScenario:
    """Keep a scenario under a name, as a revision.

    Parameters
    ----------
    version
        Of the scenario of that name that this one takes the place of; None for a name not in use.

    Raises
    ------
    InvalidOptionError
        When the name is empty, too long or holds what cannot be shown.
    ScenarioConflictError
        When the name is taken, or the version to be replaced is not the one that is kept.
    """
    name = name.strip()
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise InvalidOptionError(
            option="NAME", value=name[:40], expected=f"1–{LONGEST_NAME} 个字符 / characters"
        )
    records = write_records(scenario, require_metric_crs(workspace))
    text = json.dumps(records, ensure_ascii=False)
    with workspace.edit(author, f"scenario {name}") as edit:
        kept = {stored.name: stored for stored in list_scenarios(workspace)}.get(name)
        if (None if kept is None else kept.version) != version:
            raise _conflict(name, {"name": name, "note": note, "edits": records}, kept)
        if kept is None:
            row = {"id": name, "name": name, "edits": text, "note": note}
            edit.insert("scenario", pd.DataFrame([row], dtype=object))
        else:
            edit.update("scenario", name, kept.version, {"edits": text, "note": note})
        return find_scenario(workspace, name)


def delete_scenario(workspace: Workspace, name: str, author: str, *, version: int | None = None) -> None:
    """Drop a scenario, of whatever version or of the one that is meant.

    Raises
    ------
    FeatureNotFoundError, ScenarioConflictError
        As `find_scenario`.
    """
    with workspace.edit(author, f"delete scenario {name}") as edit:
        find_scenario(workspace, name, version=version)
        edit.delete("scenario", [name])


def apply_scenario(workspace: Workspace, scenario: Scenario, author: str, note: str) -> Applied:
    """Make a scenario's edits in the county's own data: one revision, which `undo` takes back.

    What is added gets the next ids of its layer; what is removed leaves the layer and stays in the
    history.

    Raises
    ------
    FeatureNotFoundError, InvalidOptionError
        As `Scenario.apply`; nothing is changed then.
    """
    with workspace.edit(author, note) as edit:
        applied = _carry_out(workspace, edit, scenario)
    return replace(applied, revision=edit.revision)


def apply_kept_scenario(
    workspace: Workspace, name: str, author: str, *, version: int | None = None, actor: str | None = None
) -> Applied:
    """The same for the scenario of a name as it is kept, or of one version alone; raises as `find_scenario` too."""
    event = Event(actor or author, "scenario.apply", name)
    with workspace.edit(author, f"{APPLIED}{name}", event=event) as edit:
        records = find_scenario(workspace, name, version=version).records
        applied = _carry_out(workspace, edit, read_records(records, require_metric_crs(workspace)))
    return replace(applied, revision=edit.revision)


def undo_applied(workspace: Workspace, revision: int, author: str) -> int:
    """Take back a revision that carried out a scenario; the revision that does so.

    Raises
    ------
    NotUndoableError
        When it carried out none, or is taken back already.
    RowsChangedError
        When what it changed was changed again since.
    """
    history = workspace.history().set_index("revision")["note"]
    if revision not in history.index or not str(history[revision] or "").startswith(APPLIED):
        raise NotUndoableError(revision=str(revision))
    return workspace.undo_revision(revision, author)


def _conflict(
    name: str, yours: dict[str, Any] | None, theirs: StoredScenario | None
) -> ScenarioConflictError:
    kept = None if theirs is None else theirs.to_dict()
    return ScenarioConflictError(name, 0 if theirs is None else theirs.version, yours, kept)


def _carry_out(workspace: Workspace, edit: Edit, scenario: Scenario) -> Applied:
    before = workspace.read_town()
    after = scenario.apply(before)
    applied = Applied({}, {}, {})
    for name in EDITED_LAYERS:
        _write_layer(workspace, edit, name, getattr(before, name), getattr(after, name), applied)
    return applied


def require_metric_crs(workspace: Workspace) -> str:
    """The CRS in which the county is measured; EmptyLayerError while it holds nothing."""
    if workspace.metric_crs is None:
        raise EmptyLayerError(layer="street", title=LAYERS["street"].zh)
    return workspace.metric_crs


def _write_layer(
    workspace: Workspace,
    edit: Edit,
    name: str,
    before: gpd.GeoDataFrame,
    after: gpd.GeoDataFrame,
    applied: Applied,
) -> None:
    """Bring one layer from what it was to what it is to be."""
    old_ids, new_ids = before["id"].astype(str), after["id"].astype(str)
    gone = sorted(set(old_ids) - set(new_ids))
    added = after[~new_ids.isin(old_ids).to_numpy(bool)]
    changed = _find_changes(before, after)
    store = str(workspace.store_crs)
    if changed:
        version = workspace.read(name).set_index("id")["version"]
        for key, values in changed.items():
            if "geometry" in values:
                place = gpd.GeoSeries([values["geometry"]], crs=after.crs)
                values["geometry"] = change_crs(place, store, name).iloc[0]
            edit.update(name, key, int(version[key]), values)
    if len(added):
        fresh = find_fresh_ids(workspace.read(name, ended=True)["id"], len(added))
        applied.added[name] = dict(zip(added["id"].astype(str), fresh, strict=True))
        placed = change_crs(added.reset_index(drop=True), store, name).assign(id=fresh)
        if workspace.is_synthetic:
            placed["synthetic"] = pd.array([True] * len(placed), dtype="boolean")
        edit.insert(name, placed)
    if gone:
        edit.delete(name, gone)
    applied.changed[name], applied.removed[name] = len(changed), len(gone)


def _find_changes(before: gpd.GeoDataFrame, after: gpd.GeoDataFrame) -> dict[str, dict[str, Any]]:
    """The values that differ, by key, of features that both frames have."""
    old, new = before.set_index("id"), after.set_index("id")
    keys = old.index.intersection(new.index, sort=False)
    old, new = old.loc[keys], new.loc[keys]
    differs = {"geometry": ~shapely.equals_identical(old.geometry.to_numpy(), new.geometry.to_numpy())}
    for column in old.columns.drop("geometry"):
        both_missing = (old[column].isna() & new[column].isna()).to_numpy(bool)
        same = (old[column] == new[column]).fillna(value=False).to_numpy(bool)
        differs[column] = ~(both_missing | same)
    rows = np.flatnonzero(np.any(list(differs.values()), axis=0))
    return {
        str(keys[row]): {
            column: new[column].iloc[row] for column, is_other in differs.items() if is_other[row]
        }
        for row in rows
    }


def find_fresh_ids(taken: Iterable[str], n_wanted: int) -> list[str]:
    """The next ids of the series that most of those taken follow.

    >>> find_fresh_ids(["C008", "C009", "old-77"], 2)
    ['C010', 'C011']
    >>> find_fresh_ids([], 1)
    ['N001']
    """
    used = {str(key) for key in taken}
    parts = [match.groups() for key in sorted(used) if (match := re.fullmatch(r"(.*?)(\d{1,12})", key))]
    prefix, width, last = "N", 3, 0
    if parts:
        prefix = min(Counter(part[0] for part in parts).items(), key=lambda item: (-item[1], item[0]))[0]
        numbers = [digits for head, digits in parts if head == prefix]
        width, last = max(map(len, numbers)), max(map(int, numbers))
    return [f"{prefix}{last + step:0{width}d}" for step in range(1, n_wanted + 1)]


def describe_layer(name: str, language: str) -> str:
    """The title of a layer in one language."""
    layer = find_layer(name)
    return layer.zh if language == "zh" else layer.en
