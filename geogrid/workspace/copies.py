"""A copy of both files of a county, of one moment, whoever writes meanwhile."""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
import warnings
from contextlib import closing
from pathlib import Path

from geogrid.errors import PrivateFileNotice, WorkspaceLockedError
from geogrid.workspace.connection import (
    BUSY_S,
    LOG_SUFFIXES,
    create_private_file,
    explain_error,
    is_allowed,
    primary_code,
    private_path_of,
    translated,
)

TRIES = 200
PAUSE_S = 0.01
"""Between the two halves of another program's commit lie milliseconds."""


def copy_county(path: Path, target: Path) -> Path:
    """Both files of a county copied by SQLite, of one moment; `target` for its owner alone.

    A private file that this user may not read is left out, which is said. Files whose marks differ are
    copied as they are where nobody is at work on them: whoever opens the copy settles it.

    Raises
    ------
    WorkspaceDamagedError, WorkspaceLockedError, StoreFullError, StoreUnreachableError
        When a file cannot be read.
    """
    private = private_path_of(path)
    has_private = private.exists()
    if has_private and not is_allowed(private, os.R_OK):
        warnings.warn(PrivateFileNotice(private), stacklevel=3)
        has_private = False
    try:
        _copy_by_sqlite(path, private if has_private else None, target)
    except sqlite3.DatabaseError as error:
        _remove(target)
        if _is_unopened(error):
            _copy_bytes(path, private if has_private else None, target)
        else:
            raise explain_error(error, path) from error
    return target


def _copy_by_sqlite(path: Path, private: Path | None, target: Path) -> None:
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=BUSY_S)) as live:
        live.isolation_level = None
        sources = [("main", target)]
        if private is not None:
            live.execute("ATTACH ? AS private", (f"{private.resolve().as_uri()}?mode=ro",))
            sources.append(("private", private_path_of(target)))
        _hold_moment(live, has_private=private is not None)
        for name, copy in sources:
            create_private_file(copy)
            with closing(sqlite3.connect(copy)) as written:
                live.backup(written, name=name)
                written.execute("PRAGMA journal_mode = DELETE")


def _hold_moment(live: sqlite3.Connection, *, has_private: bool) -> None:
    """Begin reading both files at one moment; what SQLite copies from here on is of it."""
    for number in range(TRIES):
        live.execute("BEGIN")
        live.execute("SELECT count(*) FROM main.sqlite_master").fetchone()
        if not has_private:
            return
        live.execute("SELECT count(*) FROM private.sqlite_master").fetchone()
        if number == TRIES - 1 or _read_mark(live, "main") == _read_mark(live, "private"):
            return
        live.execute("ROLLBACK")
        time.sleep(PAUSE_S)


def _read_mark(live: sqlite3.Connection, database: str) -> str | None:
    """The mark of a file's last commit; None in one of an earlier schema."""
    if not live.execute(f"SELECT 1 FROM {database}.sqlite_master WHERE name = 'moment'").fetchone():
        return None
    return str(live.execute(f"SELECT token FROM {database}.moment").fetchone()[0])


def _is_unopened(error: sqlite3.DatabaseError) -> bool:
    """Whether SQLite could not open a file because nobody has it open and its log cannot be made here."""
    return primary_code(error) in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)


def _copy_bytes(path: Path, private: Path | None, target: Path) -> None:
    """Files and logs copied as bytes: this process holds no lock on files that it cannot open, so none is dropped."""
    pairs = [(path, target)]
    if private is not None:
        pairs.append((private, private_path_of(target)))
    for _ in range(TRIES):
        before = _stamp(path, private)
        with translated(path):
            for source, copy in pairs:
                for suffix in ("", LOG_SUFFIXES[0]):
                    beside = source.with_name(source.name + suffix)
                    if beside.exists():
                        made = copy.with_name(copy.name + suffix)
                        create_private_file(made)
                        shutil.copyfile(beside, made)
        if _stamp(path, private) == before:
            return
        _remove(target)
        time.sleep(PAUSE_S)
    raise WorkspaceLockedError(path=str(path), waited_s=TRIES * PAUSE_S)


def _stamp(path: Path, private: Path | None) -> list[tuple[int, int]]:
    names = [one.with_name(one.name + suffix) for one in (path, private) if one for suffix in ("", "-wal")]
    return [(s.st_mtime_ns, s.st_size) for s in (name.stat() for name in names if name.exists())]


def _remove(target: Path) -> None:
    for file in (target, private_path_of(target)):
        for suffix in ("", *LOG_SUFFIXES):
            file.with_name(file.name + suffix).unlink(missing_ok=True)
