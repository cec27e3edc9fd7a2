"""One moment for both files of a county: a mark that every commit sets in both, and what to do where they differ.

SQLite makes a commit in write-ahead mode durable file by file. A process that dies between the two leaves
the map file one commit ahead of the private file (or the reverse, where the disk lost what was not
synced). Each file holds the mark of its last commit and the mark before it, so that this is seen at the
next opening and taken back by the journal; nobody was told that the commit was done. Files whose marks
have nothing to do with each other were put together by hand: nothing is taken back then, and it is said.
"""

from __future__ import annotations

import datetime
import secrets
import sqlite3
import warnings
from enum import Enum, auto
from pathlib import Path

from geogrid.errors import MomentWarning
from geogrid.workspace import content, journal
from geogrid.workspace.audit import Event, append_event
from geogrid.workspace.tables import JOURNALLED, database_of

RECOVERED = "recovered"
"""The note of a revision that takes back a commit which reached one file alone."""


class Pair(Enum):
    """How the two files of a county stand to each other."""

    SAME = auto()
    MAP_AHEAD = auto()
    PRIVATE_AHEAD = auto()
    APART = auto()


def compare_marks(connection: sqlite3.Connection) -> Pair:
    """Whether both files are of one moment; outside a transaction another writer may be between the two."""
    ours, before_ours = connection.execute("SELECT token, previous FROM main.moment").fetchone()
    theirs, before_theirs = connection.execute("SELECT token, previous FROM private.moment").fetchone()
    if ours == theirs:
        return Pair.SAME
    if before_ours == theirs:
        return Pair.MAP_AHEAD
    return Pair.PRIVATE_AHEAD if before_theirs == ours else Pair.APART


def begin_revision(
    connection: sqlite3.Connection, at: str, author: str, note: str, undoes: int | None = None
) -> int:
    """Open a revision inside the running transaction, after adopting what other programs changed."""
    adopt_external(connection, at)
    return journal.begin_revision(connection, at, author, note, undoes)


def adopt_external(connection: sqlite3.Connection, at: str) -> None:
    """Give the changes that another program made a revision of their own, if there are any."""
    revision = journal.adopt_external(connection, at)
    if revision is not None:
        content.follow(connection, revision)


def close_revision(connection: sqlite3.Connection, revision: int) -> None:
    """Close the open revision and bring the digests up to it."""
    journal.close_revision(connection, revision)
    content.follow(connection, revision)


def mark_commit(connection: sqlite3.Connection) -> None:
    """Set a new mark in both files: the last step before a commit that made a revision."""
    previous = connection.execute("SELECT token FROM main.moment").fetchone()[0]
    token = secrets.token_hex(8)
    for database in ("main", "private"):
        connection.execute(f"UPDATE {database}.moment SET token = ?, previous = ?", (token, previous))


def settle(connection: sqlite3.Connection, path: Path, at: str) -> None:
    """Bring both files to one moment again, within a running transaction that holds both write locks.

    A commit that reached one file alone is taken back by a revision of its own. Revisions that only one
    file knows get their number in the other, so that counting goes on above both.
    """
    found = compare_marks(connection)
    if found is Pair.SAME:
        return
    last = {d: journal.find_last(connection, d) for d in ("main", "private")}
    ahead = "main" if last["main"] > last["private"] else "private"
    behind = "private" if ahead == "main" else "main"
    torn = connection.execute(
        f"SELECT id, author FROM {ahead}.revision WHERE id > ? ORDER BY id DESC", (last[behind],)
    ).fetchall()
    for number, _ in reversed(torn):
        connection.execute(
            f"INSERT INTO {behind}.revision (id, at, author, note) VALUES (?, ?, '', ?)",
            (number, at, RECOVERED if behind == "main" else ""),
        )
    taken_back = [] if found is Pair.APART else [n for n, author in torn if author != journal.EXTERNAL]
    for number in taken_back:
        revision = begin_revision(connection, at, "", RECOVERED, undoes=number)
        for layer in JOURNALLED:
            if database_of(layer) == ahead:
                journal.put_back(connection, layer, ahead, number)
        # What an interrupted undo took back stands again, and can be undone again.
        connection.execute(
            f"UPDATE {ahead}.revision SET undoes = id WHERE id = ? AND undoes IS NOT NULL", (number,)
        )
        close_revision(connection, revision)
    for database in ("main", "private"):
        content.renew(connection, database, ("revision",))
    event = Event(
        "geogrid",
        "county.recovered",
        f"revision#{last[ahead]}",
        detail={"map": last["main"], "private": last["private"], "taken_back": taken_back},
    )
    append_event(connection, event, datetime.datetime.fromisoformat(at))
    token = secrets.token_hex(8)
    for database in ("main", "private"):
        connection.execute(f"UPDATE {database}.moment SET token = ?, previous = ''", (token,))
    if found is Pair.APART:
        warnings.warn(MomentWarning(path, last["main"], last["private"]), stacklevel=4)
