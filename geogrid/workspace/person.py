"""People on duty: listed with masked numbers, a private number revealed on record, erased for good."""

from __future__ import annotations

import datetime
import secrets
import sqlite3
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from geogrid.errors import ErasureUnfinishedError, FeatureNotFoundError, NotPermittedError, RevealLimitError
from geogrid.responsibility.columns import read_texts
from geogrid.schema import ERASED_PREFIX, TABLES
from geogrid.workspace import journal
from geogrid.workspace.audit import BLANKED, Event, append_event, count_events, require_reason
from geogrid.workspace.backup import PRIVATE_MEMBER
from geogrid.workspace.connection import LOG_SUFFIXES, private_path_of
from geogrid.workspace.geopackage import quoted
from geogrid.workspace.scope import find_people_in_scope
from geogrid.workspace.workspace import Workspace

REVEALS_PER_HOUR = 30
REVEALING_ROLES = ("staff", "planner", "admin")
ERASED_NAME = "（已删除人员）"
SHORTEST_SOUGHT = 2
"""Characters a name must have to be looked for in reasons; phones always are."""


@dataclass(frozen=True)
class DutyRecord:
    """A duty that a person has or had."""

    role: str
    layer: str
    feature: str
    valid_from: str | None
    valid_to: str | None


@dataclass(frozen=True)
class PersonRecord:
    """A person as a list shows them.

    Attributes
    ----------
    duty_phone
        As it is: staff dial it.
    private_phone
        Masked; None when there is none.
    duties
        Those of the date asked for.
    """

    id: str
    name: str
    unit: str | None
    duty_phone: str | None
    private_phone: str | None
    duties: tuple[DutyRecord, ...]


@dataclass(frozen=True)
class ErasureReport:
    """What an erasure did.

    Attributes
    ----------
    pseudonym
        What stands for the person in the history from now on.
    n_ended
        Duties that ended with it.
    n_history
        Rows of the history from which the person was taken.
    n_reasons
        Reasons of the audit trail that named the person and were blanked.
    not_covered
        Copies beside the county that still hold the person: backups, and what a restore set aside.
        Copies elsewhere are not known.
    still_found
        What of the person (`name`, `duty_phone` …) still occurs in which file, by chance or because
        somebody else has the same name.
    """

    pseudonym: str
    n_ended: int
    n_history: int
    n_reasons: int
    not_covered: tuple[Path, ...]
    still_found: tuple[tuple[str, Path], ...]


def mask_phone(text: str | None) -> str | None:
    """A number of which three digits at the front and four at the end remain; short ones show less.

    >>> mask_phone("00012341111"), mask_phone("1234567"), mask_phone("123"), mask_phone(None)
    ('000****1111', '****67', '****', None)
    """
    if not text:
        return None
    if len(text) >= 11:
        return f"{text[:3]}****{text[-4:]}"
    return f"****{text[-2:]}" if len(text) >= 7 else "****"


def list_people(workspace: Workspace, *, on: datetime.date, scope: Sequence[str] = ()) -> list[PersonRecord]:
    """The people within a scope by id, with their duties of a date and masked private numbers."""
    allowed = find_people_in_scope(workspace, scope, on)
    with workspace.snapshot():
        people = workspace.read("person")
        duties = workspace.read("assignment", on=on)
    held: dict[str, list[DutyRecord]] = {}
    columns = ("person", "role", "layer", "feature", "valid_from", "valid_to")
    for person, *rest in zip(*(duties[name] for name in columns), strict=True):
        held.setdefault(person, []).append(DutyRecord(*rest))
    names = ("id", "name", "unit", "duty_phone", "private_phone")
    return [
        PersonRecord(key or "", name or "", unit, duty, mask_phone(private), tuple(held.get(key or "", ())))
        for key, name, unit, duty, private in zip(
            *(read_texts(people, column) for column in names), strict=True
        )
        if key in allowed
    ]


def reveal_phone(
    workspace: Workspace,
    person: str,
    *,
    actor: str,
    role: str,
    scope: Sequence[str],
    reason: str,
    at: datetime.datetime | None = None,
) -> str | None:
    """The private number of one person, on record; None when there is none.

    Parameters
    ----------
    actor
        Who asks: a login, or `os:NAME`.
    role, scope
        Of the account that asks.
    reason
        Why, in the asker's words; it is kept.

    Raises
    ------
    InvalidOptionError
        When no reason is given.
    FeatureNotFoundError
        When there is no such person.
    NotPermittedError
        When the role may not, or the person has no duty within the scope. On record too.
    RevealLimitError
        After `REVEALS_PER_HOUR` within an hour. On record too.
    """
    reason = require_reason(reason)
    now = (at or datetime.datetime.now(datetime.UTC)).astimezone(datetime.UTC)
    allowed = find_people_in_scope(workspace, scope, now.astimezone().date())
    refusal: Exception | None = None
    phone = None
    with workspace.write_records() as connection:
        row = connection.execute(
            "SELECT fid, private_phone FROM private.person WHERE id = ?", (person,)
        ).fetchone()
        hour_ago = now - datetime.timedelta(hours=1)
        if role not in REVEALING_ROLES:
            refusal = NotPermittedError(actor, "reveal", f"角色 {role}", f"role {role}")
        elif scope and person not in allowed:  # the same answer whether or not there is such a person
            refusal = NotPermittedError(actor, "reveal", "不在负责范围内", "out of scope")
        elif row is None:
            raise FeatureNotFoundError(layer="person", keys=[person])
        elif count_events(connection, "person.reveal", hour_ago, actor=actor) >= REVEALS_PER_HOUR:
            refusal = RevealLimitError(account=actor, limit=REVEALS_PER_HOUR)
        else:
            phone = row[1]
        action = "person.reveal" if refusal is None else "person.refused"
        append_event(connection, Event(actor, action, _subject(row[0]) if row else "", reason), now)
    if refusal is not None:
        raise refusal
    return None if phone is None else str(phone)


def erase_person(
    workspace: Workspace, person: str, *, actor: str, reason: str, at: datetime.datetime | None = None
) -> ErasureReport:
    """Take a person out of both files and their history; a pseudonym stays. It cannot be undone.

    Their duties end the day before. Both files are written anew and their logs emptied, so that
    nothing of the person is left in free pages.

    Raises
    ------
    FeatureNotFoundError
        When neither the county nor its history knows the person.
    ErasureUnfinishedError
        When the records are clean but another program keeps a log from being emptied.
    """
    reason = require_reason(reason)
    now = (at or datetime.datetime.now(datetime.UTC)).astimezone(datetime.UTC)
    pseudonym = f"{ERASED_PREFIX}{secrets.token_hex(4)}"
    with workspace.edit(actor, "erase") as edit:
        connection = edit.connection
        fids, told = _collect(connection, person)
        if not fids:
            raise FeatureNotFoundError(layer="person", keys=[person])
        n_ended = _end_duties(connection, person, pseudonym, now.astimezone().date())
        blank = ", ".join(f"{quoted(name)} = NULL" for name in _blank_columns())
        connection.execute(
            f"UPDATE private.person SET id = ?, name = ?, {blank} WHERE id = ?",
            (pseudonym, ERASED_NAME, person),
        )
        n_history = _scrub_history(connection, person, pseudonym)
        blanked = _blank_reasons(connection, told)
        reason_kept = None if any(text in reason for text in told.values()) else reason
        event = Event(actor, "person.erase", _subject(fids[0]), reason_kept, {BLANKED: blanked})
        append_event(connection, event, now)
        journal.seal_revision(connection)
        edit.is_history_rewritten = True
    finish_erasures(workspace)
    return ErasureReport(
        pseudonym,
        n_ended,
        n_history,
        len(blanked),
        tuple(find_copies(workspace.path)),
        tuple(_find_remains(workspace, told)),
    )


def finish_erasures(workspace: Workspace) -> None:
    """Write both files anew, so that nothing of what was erased is left in them or their logs.

    Raises
    ------
    ErasureUnfinishedError
        When another program keeps a log from being emptied.
    """
    if not workspace.compact():
        raise ErasureUnfinishedError(path=str(workspace.path))


def find_copies(path: Path) -> list[Path]:
    """Copies of people in the county's own folder: backups, and private files that a restore set aside."""
    beside = [file for file in path.resolve().parent.iterdir() if file.is_file()]
    own = private_path_of(path.resolve())
    return sorted(
        file
        for file in beside
        if (file.name.endswith(".private.sqlite") and file.name != own.name and "before-restore" in file.name)
        or _is_backup(file)
    )


# --- parts -----------------------------------------------------------------------------------


def _subject(fid: int) -> str:
    """A person as the audit trail names them: by a row number, which an erasure can leave there."""
    return f"person#{fid}"


def _blank_columns() -> list[str]:
    return [name for name in TABLES["person"].column_names if name not in ("id", "name", "synthetic")]


def _collect(connection: sqlite3.Connection, person: str) -> tuple[list[int], dict[str, str]]:
    """The row numbers that a person has or had, and every text that could betray them, present and past."""
    names = ("id", "name", "duty_phone", "private_phone")
    present = connection.execute(
        f"SELECT fid, {', '.join(names)} FROM private.person WHERE id = ?", (person,)
    ).fetchall()
    past = connection.execute(
        f"""SELECT fid, {", ".join(f"json_extract(before, '$.{name}')" for name in names)}
            FROM private.change WHERE layer = 'person' AND json_extract(before, '$.id') = ?""",
        (person,),
    ).fetchall()
    told: dict[str, str] = {}
    for row in (*past, *present):
        for name, text in zip(names, row[1:], strict=True):
            if text and len(text) >= SHORTEST_SOUGHT and text not in told.values():
                told[name if name not in told else f"{name}.{len(told)}"] = text
    return sorted({int(row[0]) for row in (*present, *past)}), told


def _end_duties(connection: sqlite3.Connection, person: str, pseudonym: str, today: datetime.date) -> int:
    """End what holds or is to come; duties that began today or later never were."""
    last = (today - datetime.timedelta(days=1)).isoformat()
    holds = "person = ? AND (valid_to IS NULL OR valid_to > ?)"
    gone = connection.execute(
        f"DELETE FROM private.assignment WHERE {holds} AND valid_from > ?", (person, last, last)
    )
    ended = connection.execute(
        f"UPDATE private.assignment SET valid_to = ? WHERE {holds}", (last, person, last)
    )
    connection.execute(
        "UPDATE private.assignment SET person = ?, source = NULL WHERE person = ?", (pseudonym, person)
    )
    return gone.rowcount + ended.rowcount


def _scrub_history(connection: sqlite3.Connection, person: str, pseudonym: str) -> int:
    """Rewrite what the history keeps of the person, the change just made included."""
    blank = ", ".join(f"'$.{name}', NULL" for name in _blank_columns())
    people = connection.execute(
        f"""UPDATE private.change SET before = json_set(before, '$.id', ?, '$.name', ?, {blank})
            WHERE layer = 'person' AND json_extract(before, '$.id') = ?""",
        (pseudonym, ERASED_NAME, person),
    )
    duties = connection.execute(
        """UPDATE private.change SET before = json_set(before, '$.person', ?, '$.source', NULL)
           WHERE layer = 'assignment' AND json_extract(before, '$.person') = ?""",
        (pseudonym, person),
    )
    return people.rowcount + duties.rowcount


def _blank_reasons(connection: sqlite3.Connection, told: dict[str, str]) -> list[int]:
    rows = connection.execute("SELECT fid, reason FROM private.audit WHERE reason IS NOT NULL").fetchall()
    named = [int(fid) for fid, reason in rows if any(text in reason for text in told.values())]
    connection.executemany(
        "UPDATE private.audit SET reason = NULL, reason_salt = NULL WHERE fid = ?", [(fid,) for fid in named]
    )
    return named


def _is_backup(file: Path) -> bool:
    if file.name.endswith(
        (".gpkg", ".sqlite", *LOG_SUFFIXES)
    ):  # nothing but SQLite opens a county's file, this one or a neighbour
        return False
    try:
        with zipfile.ZipFile(file) as archive:
            return PRIVATE_MEMBER in archive.namelist()
    except (zipfile.BadZipFile, OSError):
        return False


def _find_remains(workspace: Workspace, told: dict[str, str]) -> list[tuple[str, Path]]:
    """Texts that are still in the bytes of a file, its free pages too."""
    found: list[tuple[str, Path]] = []
    with workspace.snapshot() as connection:
        for database, file in (("main", workspace.path), ("private", workspace.private_path)):
            body = connection.serialize(name=database)
            found += [(name, file) for name, text in told.items() if text.encode() in body]
    return found
