"""The rows that one revision touched: which of them were changed again since, and whether all lie within some areas."""

from __future__ import annotations

import datetime
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from geogrid.errors import OutOfScopeError, RowsChangedError, TouchedRow
from geogrid.schema import Geometry, Layer, find_layer
from geogrid.workspace import journal
from geogrid.workspace.geopackage import decode_geometries, quoted
from geogrid.workspace.tables import JOURNALLED, database_of

TOLERANCE_DEG = 1e-7
"""How far beyond the areas of a scope a feature may reach, in degrees: a centimetre, since borders are stored rounded."""

OPEN_TABLES = ("scenario",)
"""Tables whose rows bind nobody: whoever may plan writes them, whatever the areas of the account."""


def require_unchanged_since(connection: sqlite3.Connection, revision: int) -> None:
    """Refuse unless every row that a revision touched stands as it left it.

    A row that was changed and brought back to what it was counts as unchanged. The version of a row is
    not compared, since it only counts.

    Raises
    ------
    RowsChangedError
        With the rows that are otherwise by now.
    """
    changed = [
        describe_row(layer, after or now or {})
        for layer in JOURNALLED
        for after, now in _read_pairs(connection, layer, revision)
        if not _is_equal(layer, after, now)
    ]
    if changed:
        raise RowsChangedError(revision=revision, rows=changed)


def read_scope(connection: sqlite3.Connection, scope: Sequence[str]) -> BaseGeometry:
    """The ground of the areas of a scope, `LAYER:CODE` each, as they stand today; empty where none does."""
    today = datetime.date.today().isoformat()  # noqa: DTZ011  # the office's own day
    blobs: list[bytes | None] = []
    for item in scope:
        name, _, code = item.partition(":")
        layer = find_layer(name)
        rows = connection.execute(
            f"SELECT geom FROM main.{quoted(name)} WHERE {quoted(layer.key)} = ?"
            " AND (valid_from IS NULL OR valid_from <= ?) AND (valid_to IS NULL OR valid_to >= ?)",
            (code, today, today),
        )
        blobs += [row[0] for row in rows]
    ground: BaseGeometry = shapely.union_all(shapely.make_valid(decode_geometries(blobs)))
    return ground.buffer(TOLERANCE_DEG)


def require_within(connection: sqlite3.Connection, revision: int, ground: BaseGeometry) -> None:
    """Refuse unless all that a revision touched lies on some ground, as it was before and as it is now.

    Parameters
    ----------
    ground
        As `read_scope` gives it.

    Raises
    ------
    OutOfScopeError
        With the rows that do not. What has no place is the whole county's, but for `OPEN_TABLES`.
    """
    outside = [
        describe_row(layer, before or now or {})
        for layer in JOURNALLED
        if layer.name not in OPEN_TABLES
        for before, now in _read_changes(connection, layer, revision)
        if not (layer.geometry is not Geometry.NONE and _is_covered(ground, before, now))
    ]
    if outside:
        raise OutOfScopeError(rows=outside)


def describe_row(layer: Layer, values: Mapping[str, Any]) -> TouchedRow:
    """A row as messages name it; the names of people stay where they are."""
    name = "" if layer.is_personal else str(values.get("name") or "")
    return TouchedRow(layer.name, str(values.get(layer.key) or ""), name, layer.zh, layer.en)


_Row = dict[str, Any] | None


def _read_changes(connection: sqlite3.Connection, layer: Layer, revision: int) -> Iterator[tuple[_Row, _Row]]:
    """Each row that a revision touched, as it was before it and as it is now."""
    database = database_of(layer)
    for fid, values, blob in journal.read_states_undone(connection, layer, database, revision):
        before = None if values is None else {**values, "geom": blob}
        now = _read_now(connection, layer, fid)
        if before is not None or now is not None:  # not what came and went within it
            yield before, now


def _read_pairs(connection: sqlite3.Connection, layer: Layer, revision: int) -> Iterator[tuple[_Row, _Row]]:
    """Each row that a revision touched and later ones too, as it left it and as it is now."""
    states = journal.read_states_left(connection, layer, database_of(layer), revision)
    for fid, values, blob in states:
        yield None if values is None else {**values, "geom": blob}, _read_now(connection, layer, fid)


def _read_now(connection: sqlite3.Connection, layer: Layer, fid: int) -> _Row:
    names = _names(layer)
    row = connection.execute(
        f"SELECT {', '.join(map(quoted, names))} FROM {database_of(layer)}.{quoted(layer.name)} WHERE fid = ?",
        (fid,),
    ).fetchone()
    return None if row is None else dict(zip(names, row, strict=True))


def _names(layer: Layer) -> list[str]:
    return [*(["geom"] if layer.geometry is not Geometry.NONE else []), *layer.column_names]


def _is_equal(layer: Layer, one: _Row, other: _Row) -> bool:
    if one is None or other is None:
        return one is other
    return all(one.get(name) == other.get(name) for name in _names(layer))


def _is_covered(ground: BaseGeometry, *states: _Row) -> bool:
    blobs = [state["geom"] for state in states if state is not None]
    shapes = decode_geometries(blobs)
    return all(
        shape is not None and not shape.is_empty and ground.covers(shape)
        for shape in (shapely.make_valid(shapes) if len(shapes) else shapes)
    )
