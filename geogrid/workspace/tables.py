"""The tables of a county's two files: made when it is new, checked and mended when it is opened."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Mapping
from pathlib import Path

from geogrid.errors import WorkspaceDamagedError
from geogrid.schema import LAYERS, SCHEMA_VERSION, TABLES, Layer
from geogrid.workspace import connection as files
from geogrid.workspace import journal
from geogrid.workspace.geopackage import core_statements, create_layer

STORED = (*LAYERS.values(), *TABLES.values())
JOURNALLED = tuple(layer for layer in STORED if layer.has_history)
PAIR_SETTING = "geogrid.pair"
"""Both files of a county carry this number: another county's people must never show up in it."""


def database_of(layer: Layer) -> str:
    """Which of the two files holds a layer or table."""
    return "private" if layer.is_personal else "main"


def bookkeeping_statements(database: str) -> list[str]:
    """The statements that create what a file says of itself: the mark of its last commit, digests of its tables.

    `had_accounts` stays once there was an account: a map file alone then says that people are missing.
    """
    return [
        f"""CREATE TABLE {database}.moment (
            token TEXT NOT NULL, previous TEXT NOT NULL, had_accounts INTEGER NOT NULL DEFAULT 0)""",
        f"""CREATE TABLE {database}.content (
            name TEXT PRIMARY KEY NOT NULL, n_rows INTEGER NOT NULL, digest TEXT NOT NULL)""",
    ]


def create_tables(connection: sqlite3.Connection, settings: Mapping[str, str]) -> None:
    """Make the tables of a new county, with its first settings, in both files."""
    statements = [*core_statements(), *journal.journal_statements(), *bookkeeping_statements("main")]
    for sql in statements:
        if sql.startswith("PRAGMA"):
            connection.execute(sql)  # a pragma within a transaction would be ignored
    connection.execute("BEGIN IMMEDIATE")
    for sql in statements:
        if not sql.startswith("PRAGMA"):
            connection.execute(sql)
    stored = {**settings, files.SCHEMA_SETTING: str(SCHEMA_VERSION), PAIR_SETTING: uuid.uuid4().hex}
    for layer in STORED:
        if not layer.is_personal:
            create_layer(connection, layer)
    connection.executemany("INSERT INTO main.setting (id, value) VALUES (?, ?)", sorted(stored.items()))
    connection.execute("INSERT INTO main.moment (token, previous) VALUES (?, '')", (uuid.uuid4().hex,))
    # The triggers come last: what a new county is made of is no change that could be undone.
    for layer in JOURNALLED:
        if not layer.is_personal:
            journal.create_triggers(connection, layer)
    connection.execute("COMMIT")
    create_private_tables(connection)


def create_private_tables(connection: sqlite3.Connection) -> None:
    """Make the tables of the private file, of the same moment as the map file."""
    connection.execute("BEGIN IMMEDIATE")
    for sql in (*journal.journal_statements("private"), *bookkeeping_statements("private")):
        connection.execute(sql)
    connection.execute("CREATE TABLE private.pair (id TEXT NOT NULL)")
    connection.execute(
        "INSERT INTO private.pair SELECT value FROM main.setting WHERE id = ?", (PAIR_SETTING,)
    )
    connection.execute("INSERT INTO private.moment (token, previous) SELECT token, previous FROM main.moment")
    connection.execute(
        """INSERT INTO private.revision (id, at, author, note)
           SELECT id, at, '', '' FROM main.revision ORDER BY id DESC LIMIT 1"""
    )
    for layer in STORED:
        if layer.is_personal:
            create_layer(connection, layer, "private")
    for layer in JOURNALLED:
        if layer.is_personal:
            journal.create_triggers(connection, layer, "private")
    connection.execute(f"PRAGMA private.user_version = {SCHEMA_VERSION}")
    connection.execute("COMMIT")


def require_pair(connection: sqlite3.Connection, path: Path) -> None:
    """The private file must belong to this map: another county's people must never show up here."""
    ours = connection.execute("SELECT value FROM main.setting WHERE id = ?", (PAIR_SETTING,)).fetchone()
    theirs = connection.execute("SELECT id FROM private.pair").fetchone()
    if ours is None or theirs is None or ours[0] != theirs[0]:
        found = f"{files.private_path_of(path).name} 属于另一个县域文件 / belongs to another county file"
        raise WorkspaceDamagedError(path=str(path), found=found)


def restore_triggers(connection: sqlite3.Connection) -> list[Layer]:
    """Triggers vanish when another program rewrites a table; without them history would have holes.

    Returns
    -------
    The layers that got theirs again: what they held before is not noted.
    """
    found = []
    for layer in JOURNALLED:
        database = database_of(layer)
        row = connection.execute(
            f"SELECT count(*) FROM {database}.sqlite_master WHERE type = 'trigger' AND tbl_name = ?",
            (layer.name,),
        ).fetchone()
        if row[0] < journal.N_TRIGGERS:
            journal.create_triggers(connection, layer, database)
            found.append(layer)
    return found
