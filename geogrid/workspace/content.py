"""A digest of what each layer and table holds, kept beside it: rows that changed by themselves are found.

SQLite finds a damaged page only where its structure suffers; a flipped bit in a name or a coordinate is
just another name or place. A row's digest is a hash over its values; a table's is their sum, so that it
follows an edit by the rows that changed. What another program writes is followed when its changes become
a revision, by the states that the triggers noted. It tells damage, not tampering: whoever may write the
file can compute it anew.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from geogrid.checks.rules import make_finding
from geogrid.findings import Finding
from geogrid.schema import ColumnType, Geometry, Layer
from geogrid.workspace import journal
from geogrid.workspace.geopackage import quoted
from geogrid.workspace.tables import JOURNALLED, STORED, database_of

DATABASES = ("main", "private")
HISTORY = ("revision", "change")
WITHOUT_HISTORY = ("account",)
"""Changed by records that make no revision; the audit trail is chained record by record already."""
UNHASHED = ("audit",)
_MODULUS = 1 << 128
_COLUMNS = {
    "revision": ("id", "at", "author", "note", "undoes"),
    "change": ("id", "revision", "layer", "fid", "operation", "before", "before_geom"),
}


def digest_row(values: Iterable[Any]) -> int:
    """The hash of one row of SQLite's values.

    >>> digest_row([1, "a", None]) == digest_row([1, "a", None]), digest_row([1]) == digest_row(["1"])
    (True, False)
    """
    parts = []
    for value in values:
        if value is None:
            parts.append(b"n")
        elif isinstance(value, bytes):
            parts.append(b"b" + value)
        elif isinstance(value, str):
            parts.append(b"s" + value.encode("utf-8", "surrogatepass"))
        else:
            parts.append(f"d{value!r}".encode())
    return int.from_bytes(hashlib.sha256(b"\x1f".join(parts)).digest()[:16])


def renew(connection: sqlite3.Connection, database: str, names: Iterable[str] | None = None) -> None:
    """Compute digests of a file from its rows: of the tables named, else of all; within a transaction."""
    for name in _names(database) if names is None else names:
        n_rows, digest = _sum_table(connection, database, name)
        _store(connection, database, name, n_rows, digest)


def follow(connection: sqlite3.Connection, revision: int) -> None:
    """Bring the digests up to a revision that was just closed or adopted, within its transaction."""
    for database in DATABASES:
        touched = {
            row[0]
            for row in connection.execute(
                f"SELECT DISTINCT layer FROM {database}.change WHERE revision = ?", (revision,)
            )
        }
        for layer in JOURNALLED:
            if layer.name in touched and database_of(layer) == database:
                n_more, more = _difference(connection, layer, revision)
                _add(connection, database, layer.name, n_more, more)
        for name, key in (("revision", "id"), ("change", "revision")):
            rows = connection.execute(
                f"SELECT {_listed(name)} FROM {database}.{name} WHERE {key} = ?", (revision,)
            ).fetchall()
            _add(connection, database, name, len(rows), sum(map(digest_row, rows)))


def find_damaged(connection: sqlite3.Connection) -> list[str]:
    """The tables, as `main.building`, whose rows are not what was written; within a snapshot.

    What other programs wrote since the last revision is allowed for. A layer without its triggers was
    rewritten by another program, and is left out.
    """
    found = []
    for database in DATABASES:
        known = {
            name: (n_rows, int(digest, 16))
            for name, n_rows, digest in connection.execute(
                f"SELECT name, n_rows, digest FROM {database}.content"
            )
        }
        layers = {layer.name: layer for layer in JOURNALLED}
        noted = {
            name
            for name, n_triggers in connection.execute(
                f"SELECT tbl_name, count(*) FROM {database}.sqlite_master WHERE type = 'trigger' GROUP BY tbl_name"
            )
            if n_triggers >= journal.N_TRIGGERS
        }
        for name in _names(database):
            if name in layers and name not in noted:
                continue
            n_rows, digest = _sum_table(connection, database, name)
            if name in layers:
                n_more, more = _difference(connection, layers[name], None)
                n_rows, digest = n_rows - n_more, (digest - more) % _MODULUS
            if known.get(name) != (n_rows, digest):
                found.append(f"{database}.{name}")
    return found


def report_damage(damaged: Sequence[str]) -> list[Finding]:
    """What `Workspace.find_damage` tells, as findings."""
    known = {layer.name for layer in STORED}
    tables = [text.partition(".")[2] for text in damaged]
    return [
        make_finding("store.damaged", table if table in known else "setting", [text])
        for text, table in zip(damaged, tables, strict=True)
    ]


# --- parts -------------------------------------------------------------------------------------


def _names(database: str) -> list[str]:
    stored = [one.name for one in STORED if database_of(one) == database and one.name not in UNHASHED]
    return [*stored, *HISTORY]


def _listed(name: str) -> str:
    return ", ".join(map(quoted, _COLUMNS[name]))


def _layer_columns(layer: Layer) -> list[str]:
    geometry = [] if layer.geometry is Geometry.NONE else ["geom"]
    return ["fid", *geometry, *layer.column_names, "version"]


def _sum_table(connection: sqlite3.Connection, database: str, name: str) -> tuple[int, int]:
    """Number of rows and digest of a table; changes that belong to no revision yet are left out."""
    where = " WHERE revision IS NOT NULL" if name == "change" else ""
    if name in _COLUMNS:
        rows = connection.execute(f"SELECT {_listed(name)} FROM {database}.{name}{where}")
        return _sum_rows(rows)
    layer = next(one for one in STORED if one.name == name)
    columns = ", ".join(map(quoted, _layer_columns(layer)))
    rows = connection.execute(f"SELECT {columns} FROM {database}.{quoted(name)}")
    return _sum_rows(_plain(layer, row) for row in rows)


def _sum_rows(rows: Iterable[Sequence[Any]]) -> tuple[int, int]:
    n_rows, digest = 0, 0
    for row in rows:
        n_rows, digest = n_rows + 1, digest + digest_row(row)
    return n_rows, digest % _MODULUS


def _difference(connection: sqlite3.Connection, layer: Layer, revision: int | None) -> tuple[int, int]:
    """What the changes of a revision, or those of none yet, did to a layer's number of rows and digest."""
    database, columns = database_of(layer), _layer_columns(layer)
    before = journal.read_states_undone(connection, layer, database, revision)
    chosen = "revision IS NULL" if revision is None else "revision = :revision"
    present = connection.execute(
        f"""SELECT {", ".join(map(quoted, columns))} FROM {database}.{quoted(layer.name)} WHERE fid IN (
            SELECT fid FROM {database}.change WHERE layer = :layer AND {chosen})""",
        {"layer": layer.name, "revision": revision},
    )
    n_rows, digest = _sum_rows(_plain(layer, row) for row in present)
    for fid, values, blob in before:
        if values is not None:
            state = {**values, "fid": fid, "geom": blob}
            n_rows -= 1
            digest -= digest_row(_plain(layer, [state.get(name) for name in columns]))
    return n_rows, digest


def _plain(layer: Layer, row: Sequence[Any]) -> list[Any]:
    """A row as both the table and the journal tell it: JSON keeps 15 digits of a number that is no REAL."""
    return [
        value if not isinstance(value, float) or name in _reals(layer) else float(f"{value:.15g}")
        for name, value in zip(_layer_columns(layer), row, strict=True)
    ]


def _reals(layer: Layer) -> set[str]:
    return {column.name for column in layer.columns if column.type is ColumnType.REAL}


def _add(connection: sqlite3.Connection, database: str, name: str, n_more: int, more: int) -> None:
    n_rows, digest = connection.execute(
        f"SELECT n_rows, digest FROM {database}.content WHERE name = ?", (name,)
    ).fetchone()
    _store(connection, database, name, n_rows + n_more, (int(digest, 16) + more) % _MODULUS)


def _store(connection: sqlite3.Connection, database: str, name: str, n_rows: int, digest: int) -> None:
    connection.execute(
        f"INSERT OR REPLACE INTO {database}.content (name, n_rows, digest) VALUES (?, ?, ?)",
        (name, n_rows, f"{digest:032x}"),
    )
