"""History: triggers that note every change of a row, revisions that bundle them, and the way back.

Each stored table has three triggers. They write one `change` row for every row inserted, updated or
deleted, whoever does it: within an edit of ours the change carries the edit's revision (the one row
of `revision` that is open, seen by nobody else because the transaction holds the write lock), and a
write by another program (QGIS, say) carries none until the next edit adopts it as *external*. A
change keeps the row as it was before; what it became is in the table, or in the next change.
"""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from geogrid.schema import ColumnType, Geometry, Layer
from geogrid.workspace.geopackage import quoted

EXTERNAL = "external"
"""The author of changes that another program made."""
N_TRIGGERS = 3
"""Triggers of each table with history."""


def journal_statements(database: str = "main") -> list[str]:
    """The statements that create the tables of the history."""
    return [
        f"""CREATE TABLE {database}.revision (
            id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, author TEXT NOT NULL, note TEXT NOT NULL,
            undoes INTEGER, is_open INTEGER NOT NULL DEFAULT 0)""",
        f"CREATE INDEX {database}.revision_open ON revision (is_open) WHERE is_open = 1",
        f"""CREATE TABLE {database}.change (
            id INTEGER PRIMARY KEY AUTOINCREMENT, revision INTEGER, layer TEXT NOT NULL, fid INTEGER NOT NULL,
            operation TEXT NOT NULL, before TEXT, before_geom BLOB)""",
        f"CREATE INDEX {database}.change_revision ON change (revision)",
        f"CREATE INDEX {database}.change_feature ON change (layer, fid)",
    ]


def create_triggers(connection: sqlite3.Connection, layer: Layer, database: str = "main") -> None:
    """Install the three triggers of a table."""
    pairs = ", ".join(f"'{c.name}', {_old_value(c.name, c.type)}" for c in layer.columns)
    before = f"json_object({pairs}, 'version', OLD.version)"
    geometry = "NULL" if layer.geometry is Geometry.NONE else "OLD.geom"
    revision = "(SELECT id FROM revision WHERE is_open = 1)"
    table = quoted(layer.name)
    head = "INSERT INTO change (revision, layer, fid, operation, before, before_geom)"
    bodies = {
        "INSERT": f"{head} VALUES ({revision}, '{layer.name}', NEW.fid, 'insert', NULL, NULL);",
        # A program that does not know of versions leaves them as they were: count up for it.
        "UPDATE": f"{head} VALUES ({revision}, '{layer.name}', OLD.fid, 'update', {before}, {geometry});"
        f" UPDATE {table} SET version = OLD.version + 1 WHERE fid = NEW.fid AND NEW.version = OLD.version;",
        "DELETE": f"{head} VALUES ({revision}, '{layer.name}', OLD.fid, 'delete', {before}, {geometry});",
    }
    for event, body in bodies.items():
        name = _name_trigger(layer, event, database)
        connection.execute(f"CREATE TRIGGER IF NOT EXISTS {name} AFTER {event} ON {table} BEGIN {body} END")


def drop_triggers(connection: sqlite3.Connection, layer: Layer, database: str = "main") -> None:
    """Take the triggers of a table away, so that others can be installed."""
    for event in ("INSERT", "UPDATE", "DELETE"):
        connection.execute(f"DROP TRIGGER IF EXISTS {_name_trigger(layer, event, database)}")


def _name_trigger(layer: Layer, event: str, database: str) -> str:
    return f"{database}.{quoted(f'{layer.name}_{event.lower()}_noted')}"


def _old_value(name: str, kind: ColumnType) -> str:
    old = f"OLD.{quoted(name)}"
    if kind is ColumnType.REAL:  # json_object would round to 15 digits
        return f"CASE WHEN {old} IS NULL THEN NULL ELSE printf('%!.17g', {old}) END"
    return old


def begin_revision(
    connection: sqlite3.Connection, at: str, author: str, note: str, undoes: int | None = None
) -> int:
    """Open a revision inside the running transaction; its number is above those of both files.

    Who made it stands in the private file alone: the map file is handed on, and an author is a person.
    """
    revision = 1 + max(find_last(connection, database) for database in ("main", "private"))
    row = "(id, at, author, note, undoes, is_open) VALUES (?, ?, ?, ?, ?, 1)"
    connection.execute(f"INSERT INTO main.revision {row}", (revision, at, "", note, undoes))
    connection.execute(f"INSERT INTO private.revision {row}", (revision, at, author, "", undoes))
    return revision


def find_last(connection: sqlite3.Connection, database: str) -> int:
    """The number of a file's last revision, 0 before the first."""
    row = connection.execute(f"SELECT ifnull(max(id), 0) FROM {database}.revision").fetchone()
    return int(row[0])


def close_revision(connection: sqlite3.Connection, revision: int) -> None:
    """Close the open revision, so that later writes are not taken for its own."""
    for database in ("main", "private"):
        connection.execute(f"UPDATE {database}.revision SET is_open = 0 WHERE id = ?", (revision,))


def seal_revision(connection: sqlite3.Connection) -> None:
    """Make the open revision one that cannot be undone: it counts as its own undoing."""
    for database in ("main", "private"):
        connection.execute(f"UPDATE {database}.revision SET undoes = id WHERE is_open = 1")


def adopt_external(connection: sqlite3.Connection, at: str) -> int | None:
    """Give the changes that another program made a revision of their own; its number, None without any."""
    waiting = sum(count_external(connection, database) for database in ("main", "private"))
    if not waiting:
        return None
    revision = begin_revision(connection, at, "", f"{waiting} changes")
    for database in ("main", "private"):
        connection.execute(f"UPDATE {database}.revision SET author = ? WHERE id = ?", (EXTERNAL, revision))
        connection.execute(f"UPDATE {database}.change SET revision = ? WHERE revision IS NULL", (revision,))
    close_revision(connection, revision)
    return revision


def count_external(connection: sqlite3.Connection, database: str) -> int:
    """Changes of other programs that no revision has adopted yet."""
    row = connection.execute(f"SELECT count(*) FROM {database}.change WHERE revision IS NULL").fetchone()
    return int(row[0])


def find_undoable(connection: sqlite3.Connection) -> int | None:
    """The latest revision that neither is an undo nor has been undone, or None."""
    row = connection.execute(
        """SELECT max(id) FROM main.revision WHERE undoes IS NULL
           AND id NOT IN (SELECT undoes FROM main.revision WHERE undoes IS NOT NULL)
           AND (id IN (SELECT revision FROM main.change) OR id IN (SELECT revision FROM private.change))"""
    ).fetchone()
    return None if row[0] is None else int(row[0])


def can_undo(connection: sqlite3.Connection, revision: int) -> bool:
    """Whether a revision stands: it neither is an undo nor has been undone, and it changed something."""
    row = connection.execute(
        """SELECT 1 FROM main.revision WHERE id = ?1 AND undoes IS NULL
           AND id NOT IN (SELECT undoes FROM main.revision WHERE undoes IS NOT NULL)
           AND (id IN (SELECT revision FROM main.change) OR id IN (SELECT revision FROM private.change))""",
        (revision,),
    ).fetchone()
    return row is not None


def is_personal(connection: sqlite3.Connection, revision: int) -> bool:
    """Whether a revision changed people or duties."""
    row = connection.execute(
        "SELECT 1 FROM private.change WHERE revision = ? LIMIT 1", (revision,)
    ).fetchone()
    return row is not None


def read_states_before(
    connection: sqlite3.Connection, layer: Layer, database: str, revision: int
) -> list[tuple[int, dict[str, Any] | None, bytes | None]]:
    """How the rows touched since a revision stood at its end.

    Returns
    -------
    For each row changed after `revision`: its fid, its columns (with `version`) as they were, or
    None when it did not exist, and its geometry blob.
    """
    rows = connection.execute(
        f"""SELECT fid, operation, before, before_geom FROM {database}.change WHERE id IN (
            SELECT min(id) FROM {database}.change
            WHERE layer = ? AND (revision > ? OR revision IS NULL) GROUP BY fid)""",
        (layer.name, revision),
    ).fetchall()
    return [_state(layer, row) for row in rows]


def read_states_left(
    connection: sqlite3.Connection, layer: Layer, database: str, revision: int
) -> list[tuple[int, dict[str, Any] | None, bytes | None]]:
    """How one revision left the rows that it touched and that were changed again since; as `read_states_before`."""
    rows = connection.execute(
        f"""SELECT fid, operation, before, before_geom FROM {database}.change WHERE id IN (
            SELECT min(later.id) FROM {database}.change AS later JOIN (
                SELECT fid, max(id) AS last FROM {database}.change
                WHERE layer = ?1 AND revision = ?2 GROUP BY fid) AS own
            ON own.fid = later.fid AND later.id > own.last
            WHERE later.layer = ?1 GROUP BY later.fid)""",
        (layer.name, revision),
    ).fetchall()
    return [_state(layer, row) for row in rows]


def read_states_undone(
    connection: sqlite3.Connection, layer: Layer, database: str, revision: int | None
) -> list[tuple[int, dict[str, Any] | None, bytes | None]]:
    """How the rows that one revision touched stood before it; as `read_states_before`.

    None stands for the changes of other programs that no revision has adopted yet.
    """
    rows = connection.execute(
        f"""SELECT fid, operation, before, before_geom FROM {database}.change WHERE id IN (
            SELECT min(id) FROM {database}.change WHERE layer = ? AND revision IS ? GROUP BY fid)""",
        (layer.name, revision),
    ).fetchall()
    return [_state(layer, row) for row in rows]


def put_back(connection: sqlite3.Connection, layer: Layer, database: str, revision: int) -> None:
    """Bring the rows of a layer that a revision touched back to how they stood before it."""
    table = f"{database}.{quoted(layer.name)}"
    is_spatial = layer.geometry is not Geometry.NONE
    names = [*(["geom"] if is_spatial else []), *layer.column_names]
    for fid, values, blob in read_states_undone(connection, layer, database, revision):
        if values is None:
            connection.execute(f"DELETE FROM {table} WHERE fid = ?", (fid,))
            continue
        state = [({**values, "geom": blob}).get(name) for name in names]
        # The version goes on counting, so that an edit based on the undone state is refused.
        assignments = ", ".join(f"{quoted(name)} = ?" for name in names)
        cursor = connection.execute(
            f"UPDATE {table} SET {assignments}, version = version + 1 WHERE fid = ?", (*state, fid)
        )
        if cursor.rowcount == 0:
            columns = ", ".join(["fid", *map(quoted, names), "version"])
            marks = ", ".join("?" * (len(names) + 2))
            connection.execute(
                f"INSERT INTO {table} ({columns}) VALUES ({marks})", (fid, *state, values["version"] + 1)
            )


def _state(
    layer: Layer, row: tuple[int, str, str | None, bytes | None]
) -> tuple[int, dict[str, Any] | None, bytes | None]:
    fid, operation, before, blob = row
    if operation == "insert" or before is None:
        return fid, None, None
    values = json.loads(before)
    for column in layer.columns:
        if column.type is ColumnType.REAL and values.get(column.name) is not None:
            values[column.name] = float(values[column.name])
    return fid, values, blob
