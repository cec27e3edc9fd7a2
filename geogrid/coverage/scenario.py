"""What if: edits of centres, gates and streets, applied to a copy of the town and never to the county's data.

Coordinates are metres in the town's CRS.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, asdict, dataclass, fields, replace
from functools import reduce
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geogrid.coverage.town import Town
from geogrid.errors import FeatureNotFoundError, InvalidOptionError
from geogrid.network.impedance import Floats

JOIN_M = 5.0
"""The end of a new street joins a street this near: a click on a map is not nearer to what it means."""


@dataclass(frozen=True)
class AddCentre:
    """A centre with one door, in the town's CRS."""

    id: str
    x: float
    y: float
    name: str | None = None


@dataclass(frozen=True)
class MoveCentre:
    """A centre moves; where it had several doors it has one afterwards."""

    id: str
    x: float
    y: float


@dataclass(frozen=True)
class RemoveCentre:
    """A centre closes, with all its doors."""

    id: str


@dataclass(frozen=True)
class OpenGate:
    """A gate lets pedestrians pass: it is unlocked, and no longer for vehicles only."""

    id: str


@dataclass(frozen=True)
class CloseGate:
    """A gate is locked."""

    id: str


@dataclass(frozen=True)
class AddGate:
    """A gate for pedestrians in the wall of a compound."""

    id: str
    compound: str
    x: float
    y: float


@dataclass(frozen=True)
class AddStreet:
    """A street, a footbridge or an underpass.

    Attributes
    ----------
    path
        Coordinates from one end to the other. An end within `JOIN_M` of a walkable street is moved onto
        it and joined to it there; nothing else is joined.
    """

    id: str
    path: tuple[tuple[float, float], ...]
    bridge: bool = False
    steps: bool = False


@dataclass(frozen=True)
class RemoveStreet:
    """A street feature is no longer there: a bridge is out."""

    id: str


CentreEdit = AddCentre | MoveCentre | RemoveCentre
Edit = CentreEdit | OpenGate | CloseGate | AddGate | AddStreet | RemoveStreet

KINDS: dict[str, type[Edit]] = {
    "add_centre": AddCentre,
    "move_centre": MoveCentre,
    "remove_centre": RemoveCentre,
    "open_gate": OpenGate,
    "close_gate": CloseGate,
    "add_gate": AddGate,
    "add_street": AddStreet,
    "remove_street": RemoveStreet,
}
"""How records name the edits, in the key `do`."""


@dataclass(frozen=True)
class Scenario:
    """Edits, in the order in which they are made."""

    edits: tuple[Edit, ...] = ()

    def extend(self, edit: Edit) -> Scenario:
        """The scenario with one more edit."""
        return replace(self, edits=(*self.edits, edit))

    def to_records(self) -> list[dict[str, Any]]:
        """The edits as JSON-ready records.

        >>> Scenario((AddCentre("z1", 10.0, 20.0),)).to_records()
        [{'do': 'add_centre', 'id': 'z1', 'x': 10.0, 'y': 20.0, 'name': None}]
        """
        names = {kind: name for name, kind in KINDS.items()}
        return [{"do": names[type(edit)]} | asdict(edit) for edit in self.edits]

    @classmethod
    def from_records(cls, records: Sequence[Mapping[str, Any]]) -> Scenario:
        """The scenario of records as `to_records` writes them; missing keys take their defaults.

        Raises
        ------
        InvalidOptionError
            When a record names no edit, lacks a key, has one too many, or a value of another kind.

        >>> Scenario.from_records([{"do": "remove_street", "id": "s1"}]).edits
        (RemoveStreet(id='s1'),)
        """
        return cls(tuple(_read_edit(record) for record in records))

    def apply(self, town: Town) -> Town:
        """The town as it would be; the town given is left as it is.

        Raises
        ------
        FeatureNotFoundError
            When an edit names something that is not there.
        InvalidOptionError
            When an edit adds an id that is taken, or a street without two different ends.
        """
        return reduce(apply_edit, self.edits, town)


def apply_edit(town: Town, edit: Edit) -> Town:
    """The town after one edit; raises as `Scenario.apply`."""
    match edit:
        case AddCentre() | MoveCentre() | RemoveCentre():
            return replace(town, centre=_edit_centres(town.centre, edit))
        case OpenGate() | CloseGate():
            return replace(town, gate=_set_gate(town.gate, edit))
        case AddGate():
            _find_rows(town.compound, "compound", edit.compound)
            _require_new(town.gate, "gate", edit.id)
            row = {"id": edit.id, "compound": edit.compound, "pedestrian": True, "locked": False}
            return replace(town, gate=_append(town.gate, row, shapely.Point(edit.x, edit.y)))
        case AddStreet():
            return replace(town, street=_add_street(town.street, edit))
        case RemoveStreet():
            rows = _find_rows(town.street, "street", edit.id)
            return replace(town, street=_drop(town.street, rows))


def _read_edit(record: Mapping[str, Any]) -> Edit:
    values = dict(record)
    kind = KINDS.get(str(values.pop("do", None)))
    if kind is None:
        raise InvalidOptionError(option="do", value=str(record.get("do")), expected="|".join(KINDS))
    known = {field.name: field.default is MISSING for field in fields(kind)}
    for name in [*(key for key in values if key not in known), *(key for key in known if key not in values)]:
        if known.get(name, True):
            expected = "|".join(known)
            raise InvalidOptionError(option=str(record["do"]), value=str(name), expected=expected)
    return kind(**{name: _READERS[name](name, value) for name, value in values.items()})


def _read_text(name: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise InvalidOptionError(option=name, value=str(value), expected="text")
    return value


def _read_name(name: str, value: Any) -> str | None:
    return None if value is None else _read_text(name, value)


def _read_number(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InvalidOptionError(option=name, value=str(value), expected="a number")
    return float(value)


def _read_flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise InvalidOptionError(option=name, value=str(value), expected="true|false")
    return value


def _read_path(name: str, value: Any) -> tuple[tuple[float, float], ...]:
    pairs = value if isinstance(value, list | tuple) else ()
    if not pairs or not all(isinstance(pair, list | tuple) and len(pair) == 2 for pair in pairs):
        raise InvalidOptionError(option=name, value=str(value), expected="[[x, y], ...]")
    return tuple((_read_number(name, x), _read_number(name, y)) for x, y in pairs)


_READERS: dict[str, Callable[[str, Any], Any]] = {
    "id": _read_text,
    "compound": _read_text,
    "name": _read_name,
    "x": _read_number,
    "y": _read_number,
    "bridge": _read_flag,
    "steps": _read_flag,
    "path": _read_path,
}


def list_centre_ids(centre: gpd.GeoDataFrame) -> np.ndarray:
    """The centre that each row, a door, belongs to: what it names, else itself; shape (n,), text."""
    named = centre["centre"].where(centre["centre"].notna(), centre["id"])
    ids: np.ndarray = named.astype(str).to_numpy(object)
    return ids


def _edit_centres(centre: gpd.GeoDataFrame, edit: CentreEdit) -> gpd.GeoDataFrame:
    of_door = list_centre_ids(centre)
    rows = np.flatnonzero(of_door == edit.id)
    if isinstance(edit, AddCentre):
        if len(rows):
            raise InvalidOptionError(option="centre", value=edit.id, expected="a new id")
        return _append(centre, {"id": edit.id, "name": edit.name}, shapely.Point(edit.x, edit.y))
    if not len(rows):
        raise FeatureNotFoundError(layer="centre", keys=[edit.id])
    if isinstance(edit, RemoveCentre):
        return _drop(centre, rows)
    rows = rows[np.argsort(centre["id"].to_numpy(object)[rows].astype(str), kind="stable")]
    moved = centre.copy()
    points = moved.geometry.to_numpy().copy()
    points[rows[0]] = shapely.Point(edit.x, edit.y)
    moved = moved.set_geometry(gpd.GeoSeries(points, index=moved.index, crs=centre.crs))
    return _drop(moved, rows[1:])


def _set_gate(gate: gpd.GeoDataFrame, edit: OpenGate | CloseGate) -> gpd.GeoDataFrame:
    rows = _find_rows(gate, "gate", edit.id)
    changed = gate.copy()
    changed.loc[changed.index[rows], "locked"] = isinstance(edit, CloseGate)
    if isinstance(edit, OpenGate):
        changed.loc[changed.index[rows], "pedestrian"] = True
    told = rows[
        changed["passage"].notna().to_numpy(bool)[rows]
    ]  # goes before the others where it says something
    changed.loc[changed.index[told], "passage"] = "closed" if isinstance(edit, CloseGate) else "open"
    return changed


def _add_street(street: gpd.GeoDataFrame, edit: AddStreet) -> gpd.GeoDataFrame:
    _require_new(street, "street", edit.id)
    path = np.array(edit.path, float).reshape(-1, 2)
    if len(path) < 2 or not np.isfinite(path).all() or not (path != path[0]).any():
        raise InvalidOptionError(option="path", value=str(edit.path), expected="two different ends or more")
    for end in (0, -1):
        street, path[end] = _join_end(street, path[end])
    row = {"id": edit.id, "walkable": True, "bridge": edit.bridge, "steps": edit.steps}
    return _append(street, row, shapely.LineString(path))


def _join_end(street: gpd.GeoDataFrame, xy: Floats) -> tuple[gpd.GeoDataFrame, Floats]:
    """The streets with a vertex where a new one ends on them, and where that is."""
    lines = street.geometry.to_numpy()
    walked = np.flatnonzero(street["walkable"].fillna(value=True).to_numpy(bool) & ~shapely.is_missing(lines))
    point = shapely.Point(xy)
    distance_m = shapely.distance(lines[walked], point)
    if not len(walked) or not distance_m.min() <= JOIN_M:
        return street, xy
    near = walked[distance_m == distance_m.min()]
    row = min(near, key=lambda number: str(street["id"].iloc[number]))
    parts = [_insert_vertex(part, point) for part in shapely.get_parts(lines[row])]
    best = min(range(len(parts)), key=lambda number: parts[number][2])
    joined = lines.copy()
    whole = list(shapely.get_parts(lines[row]))
    whole[best] = parts[best][0]
    joined[row] = whole[0] if len(whole) == 1 else shapely.MultiLineString(whole)
    moved = street.set_geometry(gpd.GeoSeries(joined, index=street.index, crs=street.crs))
    return moved, parts[best][1]


def _insert_vertex(
    line: shapely.LineString, point: shapely.Point
) -> tuple[shapely.LineString, Floats, float]:
    """A line with a vertex at its place nearest to a point, that place, and its distance."""
    coords = shapely.get_coordinates(line, include_z=bool(shapely.has_z(line)))
    a, along = coords[:-1, :2], np.diff(coords[:, :2], axis=0)
    xy = np.array([point.x, point.y])
    length2 = (along**2).sum(axis=1)
    share = np.divide(((xy - a) * along).sum(axis=1), length2, out=np.zeros(len(a)), where=length2 > 0)
    share = np.clip(share, 0.0, 1.0)
    distance_m = np.hypot(*(xy - (a + share[:, None] * along)).T)
    number = int(np.argmin(distance_m))
    if share[number] in (0.0, 1.0):
        return line, coords[number + int(share[number]), :2], float(distance_m[number])
    vertex = coords[number] + share[number] * (coords[number + 1] - coords[number])
    return (
        shapely.LineString(np.insert(coords, number + 1, vertex, axis=0)),
        vertex[:2],
        float(distance_m[number]),
    )


def _append(frame: gpd.GeoDataFrame, values: dict[str, Any], geometry: shapely.Geometry) -> gpd.GeoDataFrame:
    """The layer with one more row."""
    columns = {}
    for name in frame.columns.drop(frame.geometry.name):
        added = pd.array([values.get(name)], dtype=frame[name].dtype)
        columns[name] = pd.Series(
            pd.concat([frame[name], pd.Series(added)], ignore_index=True), dtype=frame[name].dtype
        )
    geometries = np.append(frame.geometry.to_numpy(), [None])
    geometries[-1] = geometry
    return gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries(geometries, crs=frame.crs))


def _drop(frame: gpd.GeoDataFrame, rows: Sequence[int] | np.ndarray) -> gpd.GeoDataFrame:
    return frame.drop(frame.index[rows]).reset_index(drop=True)


def _find_rows(frame: gpd.GeoDataFrame, layer: str, key: str) -> np.ndarray:
    rows = np.flatnonzero(frame["id"].astype(str).to_numpy(object) == key)
    if not len(rows):
        raise FeatureNotFoundError(layer=layer, keys=[key])
    return rows


def _require_new(frame: gpd.GeoDataFrame, layer: str, key: str) -> None:
    if (frame["id"].astype(str) == key).any():
        raise InvalidOptionError(option=layer, value=key, expected="a new id")
