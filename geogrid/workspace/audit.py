"""The audit trail: who did what to personal data and accounts, each record chained to the one before.

A record is written in the transaction of what it tells. Its hash covers the hash of the record
before, so that a record which was changed, taken out or put in by hand is found by `verify_trail`.
The text of a reason is covered by a salted digest: an erasure can blank a reason that names the
erased person, and says in its own record which ones it blanked. The chain has no key: whoever may
write the file can compute all of it anew, which only a head that was noted elsewhere would show.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import secrets
import sqlite3
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from geogrid.errors import InvalidOptionError

if TYPE_CHECKING:  # which itself records what it undoes
    from geogrid.workspace.workspace import Workspace

LONGEST_REASON = 500
GENESIS = "0" * 64
"""What the first record is chained to."""

BLANKED = "blanked_reasons"
"""In the detail of an erasure: the numbers of the records whose reasons it blanked."""

_COLUMNS = "id, at, account, action, subject, reason, detail, reason_salt, reason_digest, hash"


@dataclass(frozen=True)
class Event:
    """Something that was done.

    Attributes
    ----------
    actor
        The account, or `os:NAME` for a user of the command line.
    action
        Such as `login.ok`; the labels have them under `audit.<action>`.
    subject
        What it was done to; never a name or a number of a person.
    """

    actor: str
    action: str
    subject: str = ""
    reason: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class TrailReport:
    """What a verification found.

    Attributes
    ----------
    n_records
        How many there are.
    head
        The hash of the last one; noted elsewhere, it proves later that all up to it is unchanged.
    n_blanked
        Reasons that an erasure blanked.
    broken
        Number of each record that is not what was written, and why: `changed`, `missing`, `reason`.
    """

    n_records: int
    head: str
    n_blanked: int
    broken: tuple[tuple[int, str], ...]


def require_reason(text: str | None) -> str:
    """A reason as it is recorded.

    Raises
    ------
    InvalidOptionError
        When it is empty, too long or holds control characters.
    """
    plain = (text or "").strip()
    if not plain or len(plain) > LONGEST_REASON or any(unicodedata.category(c) == "Cc" for c in plain):
        expected = f"1–{LONGEST_REASON} 个字符 / characters"
        raise InvalidOptionError(option="reason", value=plain[:40], expected=expected)
    return plain


def append_event(connection: sqlite3.Connection, event: Event, at: datetime.datetime) -> int:
    """Add a record within the running transaction; its number."""
    row = connection.execute("SELECT hash FROM private.audit ORDER BY fid DESC LIMIT 1").fetchone()
    counted = connection.execute("SELECT seq FROM private.sqlite_sequence WHERE name = 'audit'").fetchone()
    number = (counted[0] if counted else 0) + 1
    salt = secrets.token_hex(16) if event.reason is not None else None
    told = (
        str(number),
        at.astimezone(datetime.UTC).isoformat(timespec="seconds"),
        event.actor,
        event.action,
        event.subject,
        json.dumps(dict(event.detail), ensure_ascii=False, sort_keys=True) if event.detail else None,
        _digest_reason(salt, event.reason),
    )
    connection.execute(
        """INSERT INTO private.audit (id, at, account, action, subject, detail, reason_digest,
           reason, reason_salt, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (*told, event.reason, salt, _chain(row[0] if row else GENESIS, told)),
    )
    return number


def count_events(connection: sqlite3.Connection, action: str, since: datetime.datetime, *, actor: str) -> int:
    """How often somebody did something since a moment."""
    at = since.astimezone(datetime.UTC).isoformat(timespec="seconds")
    row = connection.execute(
        "SELECT count(*) FROM private.audit WHERE action = ? AND account = ? AND at > ?", (action, actor, at)
    ).fetchone()
    return int(row[0])


def read_trail(workspace: Workspace) -> pd.DataFrame:
    """The records, oldest first: `id`, `at` (UTC), `account`, `action`, `subject`, `reason`, `detail`."""
    frame = workspace.read("audit")
    order = frame["id"].astype("int64").sort_values(kind="stable").index
    return frame.loc[order, ["id", "at", "account", "action", "subject", "reason", "detail"]].reset_index(
        drop=True
    )


def verify_trail(workspace: Workspace) -> TrailReport:
    """Whether every record is there and as it was written."""
    with workspace.snapshot() as connection:
        rows = connection.execute(f"SELECT fid, {_COLUMNS} FROM private.audit ORDER BY fid").fetchall()
        counted = connection.execute(
            "SELECT seq FROM private.sqlite_sequence WHERE name = 'audit'"
        ).fetchone()
    blanked = {
        int(number)
        for row in rows
        if row[4] == "person.erase" and row[7]
        for number in _read_detail(row[7]).get(BLANKED, ())
    }
    broken = list(_find_broken(rows, counted[0] if counted else 0, blanked))
    n_blanked = sum(row[6] is None and row[9] is not None for row in rows)
    return TrailReport(len(rows), rows[-1][10] if rows else GENESIS, n_blanked, tuple(broken))


def _find_broken(rows: list[tuple[Any, ...]], n_written: int, blanked: set[int]) -> Iterator[tuple[int, str]]:
    previous, expected = GENESIS, 1
    for fid, number, at, account, action, subject, reason, detail, salt, digest, found in rows:
        for gone in range(expected, fid):
            yield gone, "missing"
        told = (number, at, account, action, subject, detail, digest)
        # After a gap the chain is taken up anew, so that one deletion is told once.
        if number != str(fid) or (fid == expected and _chain(previous, told) != found):
            yield fid, "changed"
        if reason is None:
            is_right = digest is None or fid in blanked
        else:
            is_right = salt is not None and _digest_reason(salt, reason) == digest
        if not is_right:
            yield fid, "reason"
        previous, expected = found, fid + 1
    for gone in range(expected, n_written + 1):
        yield gone, "missing"


def _read_detail(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _digest_reason(salt: str | None, reason: str | None) -> str | None:
    if salt is None or reason is None:
        return None
    return hashlib.sha256(f"{salt}\n{reason}".encode()).hexdigest()


def _chain(previous: str, told: tuple[str | None, ...]) -> str:
    return hashlib.sha256(json.dumps([previous, *told], ensure_ascii=False).encode()).hexdigest()
