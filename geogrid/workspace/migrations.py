"""County files of earlier schemas, brought up step by step when they are opened for writing.

Each file says its own version (the map file in a setting, the private file as SQLite's user version), so
that a stop between the two is completed at the next opening. A step is one function a file; it runs in
the transaction that notes the new version.
"""

from __future__ import annotations

import secrets
import sqlite3
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from geogrid.errors import SchemaRaisedNotice
from geogrid.schema import LAYERS, SCHEMA_VERSION, Layer
from geogrid.workspace import connection as files
from geogrid.workspace import content, journal
from geogrid.workspace.copies import copy_county
from geogrid.workspace.geopackage import create_layer, describe_column, quoted
from geogrid.workspace.tables import bookkeeping_statements

FIRST = 1
"""The version of a private file that says none."""


@dataclass(frozen=True)
class Step:
    """What one version changed, by file."""

    main: Callable[[sqlite3.Connection], None]
    private: Callable[[sqlite3.Connection], None]


def raise_schema(path: Path, found: int) -> None:
    """Bring a county up to this program's schema; a copy of it as it was is kept beside, and told.

    Raises
    ------
    StoreFullError
        When there is no room for the copy; nothing is changed then.
    """
    kept = copy_county(path, _find_free(path, found))
    with files.translated(path):
        connection = files.connect(path)
        try:
            raise_connection(connection)
        finally:
            connection.close()
    warnings.warn(SchemaRaisedNotice(path, found, SCHEMA_VERSION, kept), stacklevel=3)


def raise_connection(connection: sqlite3.Connection) -> None:
    """The same over an open connection, without a copy."""
    has_private = _has_tables(connection)
    for database in ("main", "private") if has_private else ("main",):
        connection.execute("BEGIN IMMEDIATE")
        try:
            version = read_version(connection, database)
            for number in range(version + 1, SCHEMA_VERSION + 1):
                getattr(STEPS[number], database)(connection)
            if version < SCHEMA_VERSION:
                content.renew(connection, database)
                _note_version(connection, database)
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")


def read_version(connection: sqlite3.Connection, database: str) -> int:
    """The version of the schema that a file has."""
    if database == "main":
        row = connection.execute("SELECT value FROM main.setting WHERE id = ?", (files.SCHEMA_SETTING,))
        return int(row.fetchone()[0])
    return max(FIRST, int(connection.execute("PRAGMA private.user_version").fetchone()[0]))


def _note_version(connection: sqlite3.Connection, database: str) -> None:
    if database == "private":
        connection.execute(f"PRAGMA private.user_version = {SCHEMA_VERSION}")
        return
    connection.execute(
        "UPDATE main.setting SET value = ? WHERE id = ?", (str(SCHEMA_VERSION), files.SCHEMA_SETTING)
    )
    # The setting's own trigger took it for a change by another program.
    connection.execute("DELETE FROM main.change WHERE layer = 'setting' AND revision IS NULL")
    content.renew(connection, "main", ("setting",))


def _has_tables(connection: sqlite3.Connection) -> bool:
    row = connection.execute("SELECT 1 FROM private.sqlite_master WHERE name = 'revision'").fetchone()
    return row is not None


def _find_free(path: Path, version: int) -> Path:
    """A name beside the county that no file has, for the copy of an earlier schema."""
    stem = path.name.removesuffix(".gpkg")
    number = 1
    while True:
        end = "" if number == 1 else f"-{number}"
        kept = path.with_name(f"{stem}.schema-{version}{end}.gpkg")
        if not (kept.exists() or files.private_path_of(kept).exists()):
            return kept
        number += 1


# --- steps -------------------------------------------------------------------------------------


def _keep_marks(connection: sqlite3.Connection) -> None:
    """Version 2, map file: marks of commits, digests, and the three levels of what everybody may see."""
    for sql in bookkeeping_statements("main"):
        connection.execute(sql)
    had_accounts = 0
    if _has_tables(connection):
        had_accounts = connection.execute("SELECT count(*) FROM private.account").fetchone()[0] > 0
    connection.execute("INSERT INTO main.moment VALUES (?, '', ?)", (secrets.token_hex(8), had_accounts))
    connection.execute("UPDATE main.setting SET value = 'map' WHERE id = 'web.public' AND value = 'on'")


def _keep_private_marks(connection: sqlite3.Connection) -> None:
    """Version 2, private file: the same marks; each revision of the map file has its row here too."""
    for sql in bookkeeping_statements("private"):
        connection.execute(sql)
    connection.execute("INSERT INTO private.moment (token, previous) SELECT token, previous FROM main.moment")
    connection.execute(
        """INSERT INTO private.revision (id, at, author, note)
           SELECT id, at, '', '' FROM main.revision WHERE id NOT IN (SELECT id FROM private.revision)"""
    )


def _add_squares(connection: sqlite3.Connection) -> None:
    """Version 3, map file: squares, barriers on streets, streets in doubt, nodes, passages of gates."""
    for name in ("square", "street_barrier"):
        _add_layer(connection, LAYERS[name])
    for name in ("street", "gate"):
        _add_columns(connection, LAYERS[name])


def _leave(connection: sqlite3.Connection) -> None:
    """A version that changed nothing in this file."""


def _add_layer(connection: sqlite3.Connection, layer: Layer) -> None:
    """A layer that files of earlier versions have not, in the CRS of the others."""
    create_layer(connection, layer)
    for table, key in (("gpkg_geometry_columns", "table_name"), ("gpkg_contents", "table_name")):
        connection.execute(
            f"""UPDATE main.{table} SET srs_id = (SELECT srs_id FROM main.{table} WHERE {key} = 'building')
                WHERE {key} = ?""",
            (layer.name,),
        )
    journal.create_triggers(connection, layer)


def _add_columns(connection: sqlite3.Connection, layer: Layer) -> None:
    """The columns of a layer that its table has not, empty; the triggers note them from now on."""
    known = {row[1] for row in connection.execute(f"PRAGMA main.table_info({quoted(layer.name)})")}
    for column in layer.columns:
        if column.name not in known:
            connection.execute(f"ALTER TABLE main.{quoted(layer.name)} ADD COLUMN {describe_column(column)}")
    journal.drop_triggers(connection, layer)
    journal.create_triggers(connection, layer)


STEPS: dict[int, Step] = {2: Step(_keep_marks, _keep_private_marks), 3: Step(_add_squares, _leave)}
"""Version -> what brings a file up to it from the one before."""
