"""A layer that was read goes into the county as one transaction, or is only rehearsed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import geopandas as gpd
import pandas as pd

from geogrid.checks.datum import Position, judge_positions
from geogrid.crs import change_crs
from geogrid.errors import LayerNotEmptyError
from geogrid.schema import LAYERS, find_layer
from geogrid.workspace.audit import Event
from geogrid.workspace.edit import Edit
from geogrid.workspace.workspace import Workspace

_TELLING_LAYERS = (
    "county",
    "community",
    "district",
    "grid",
    "beat",
    "compound",
    "centre",
    "street",
    "building",
)
"""Layers from which one knows where a county is, the best and smallest first."""


class ImportMode(StrEnum):
    """What becomes of the features that the layer already holds."""

    ADD = "add"
    REPLACE = "replace"
    MERGE = "merge"


@dataclass(frozen=True)
class KeyChanges:
    """Which features of a layer an import adds, meets again, and takes away; keys in the file's order."""

    added: tuple[str, ...]
    met: tuple[str, ...]
    removed: tuple[str, ...]


@dataclass(frozen=True)
class ImportReport:
    """What an import did, or in a rehearsal would have done: features by layer.

    Attributes
    ----------
    added, updated, before
        Layer -> number of features added, changed, and held before.
    revision
        The revision it became; None in a rehearsal, or when nothing changed.
    positions
        Where the layers that arrived lie, compared with those that the county held.
    """

    added: Mapping[str, int]
    updated: Mapping[str, int]
    before: Mapping[str, int]
    revision: int | None
    positions: tuple[Position, ...]


def find_extent(workspace: Workspace, besides: str) -> tuple[float, float, float, float] | None:
    """West, south, east, north of what a county holds, in degrees: of its extent, else of another layer.

    Parameters
    ----------
    besides
        A layer that tells nothing, because it is the one to be loaded.

    Returns
    -------
    None where the county holds none of the layers that tell.
    """
    for name in _TELLING_LAYERS:
        if name != besides and workspace.count(name):
            frame = workspace.read(name)
            if isinstance(frame, gpd.GeoDataFrame) and len(frame):
                west, south, east, north = frame.total_bounds.tolist()
                return west, south, east, north
    return None


def import_layers(
    workspace: Workspace,
    layers: Mapping[str, pd.DataFrame],
    mode: ImportMode,
    *,
    author: str,
    note: str,
    is_rehearsal: bool,
    expected: int | None = None,
    actor: str | None = None,
    file: str = "",
) -> ImportReport:
    """Bring layers into a county, all of them or none.

    Parameters
    ----------
    layers
        Layer -> features, in the county's store CRS (or WGS 84 degrees where it has none yet).
    is_rehearsal
        Do everything, say what happened, and take it back.
    expected
        The revision that a preview was made from; None to write whatever there is now.
    actor, file
        Whom the record names (the author when None), and what it says the layers came from.

    Raises
    ------
    RevisionConflictError
        When there is another revision by now than the one expected.
    LayerNotEmptyError
        In mode `ADD`, when a layer already holds features.
    DuplicateKeysError, FileContentError, CrsError
        When a layer cannot hold what it is given.
    """
    before = {name: workspace.count(name) for name in layers}
    if mode is ImportMode.ADD:
        for name, count in before.items():
            if count:
                raise LayerNotEmptyError(layer=name, count=count)
    positions = _judge_arrivals(workspace, layers)
    latest = workspace.revision
    added: dict[str, int] = {}
    updated: dict[str, int] = {}
    subject = ",".join(f"layer:{name}" for name in layers)
    event = Event(actor or author, "import", subject, detail={"file": file, "mode": mode.value})
    opened = workspace.rehearse() if is_rehearsal else workspace.edit(author, note, event=event)
    with opened as edit:
        if expected is not None:
            edit.require_revision(expected)
        for name, frame in layers.items():
            updated[name], added[name] = _put(edit, name, frame, mode)
        edit.told = {"added": sum(added.values()), "updated": sum(updated.values())}
    revision = workspace.revision
    return ImportReport(added, updated, before, revision if revision > latest else None, positions)


def compare_keys(workspace: Workspace, layer: str, frame: pd.DataFrame, mode: ImportMode) -> KeyChanges:
    """What an import would do to the current features of a layer, by their keys."""
    key = find_layer(layer).key
    held = workspace.read(layer)
    if "valid_to" in held.columns:
        held = held[held["valid_to"].isna()]  # those that are ended stay, whatever arrives
    before, after = list(held[key].astype(str)), list(frame[key].astype(str))
    known, arrived = set(before), set(after)
    return KeyChanges(
        added=tuple(one for one in after if one not in known),
        met=tuple(one for one in after if one in known),
        removed=tuple(one for one in before if one not in arrived) if mode is ImportMode.REPLACE else (),
    )


def _judge_arrivals(workspace: Workspace, layers: Mapping[str, pd.DataFrame]) -> tuple[Position, ...]:
    """Where each layer that arrives lies: one beside what is held, several together among themselves."""
    arrived = {name: frame for name, frame in layers.items() if isinstance(frame, gpd.GeoDataFrame)}
    if workspace.metric_crs is None or not arrived:
        return ()
    with workspace.snapshot():
        held = {name: workspace.read_metric(name) for name in LAYERS if name not in arrived}
    measured = {name: change_crs(frame, workspace.metric_crs, name) for name, frame in arrived.items()}
    newcomer = next(iter(measured)) if len(measured) == 1 else None
    found = judge_positions({**held, **measured}, newcomer)
    return tuple(position for position in found if position.layer in measured)


def _put(edit: Edit, name: str, frame: pd.DataFrame, mode: ImportMode) -> tuple[int, int]:
    if mode is ImportMode.MERGE:
        return edit.merge(name, frame)
    if mode is ImportMode.REPLACE:
        return 0, edit.replace(name, frame)
    return 0, edit.insert(name, frame)
