"""A county's two files: whether they may be opened, one SQLite connection over both, SQLite's errors in our words.

On POSIX the locks that SQLite holds on a file are dropped when *any* descriptor of it is closed in the
same process; another process may then take the write-ahead log away under a running edit. So nothing
but SQLite opens a file of a county: no module reads, copies or maps one by other means, except where
this process cannot hold a lock on it (`copies`).
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from geogrid.errors import (
    GeogridError,
    NetworkDriveWarning,
    NewerSchemaError,
    NotAWorkspaceError,
    StoreFullError,
    StoreUnreachableError,
    WorkspaceDamagedError,
    WorkspaceLockedError,
    WorkspaceMissingError,
    WorkspaceProtectedError,
)
from geogrid.schema import LAYERS, SCHEMA_VERSION, TABLES
from geogrid.workspace.drive import find_network_file_system

BUSY_S = 10.0
"""How long a writer waits for another program's lock before it gives up."""

SCHEMA_SETTING = "geogrid.schema"
LOG_SUFFIXES = ("-wal", "-shm")
"""What SQLite keeps beside a file while it is in use."""
_LITTLE_BYTES = 256 << 10


def private_path_of(path: Path) -> Path:
    """The private file that stands beside a map file."""
    return path.with_name(path.name.removesuffix(".gpkg") + ".private.sqlite")


# --- errors ------------------------------------------------------------------------------------


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """SQLite's errors over both files of a county as ours.

    Raises
    ------
    WorkspaceLockedError, StoreFullError, WorkspaceProtectedError, StoreUnreachableError, WorkspaceDamagedError
        Damaged is said of bytes alone: a disk that does not answer is `StoreUnreachableError`.
    """
    try:
        yield
    except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
        raise  # a fault of the program, not of the file
    except sqlite3.DatabaseError as error:
        raise explain_error(error, path) from error


def explain_error(error: sqlite3.DatabaseError, path: Path) -> GeogridError:
    """What one of SQLite's errors means for whoever uses a county."""
    code = primary_code(error)
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return WorkspaceLockedError(path=str(path), waited_s=BUSY_S)
    if code == sqlite3.SQLITE_FULL:
        return StoreFullError(path=str(path))
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR):
        # An SQLITE_ERROR here is a table or column that is gone: statements come from the schema alone.
        return WorkspaceDamagedError(path=str(_find_damaged(path)), found=str(error))
    if _has_little_room(path):
        return StoreFullError(path=str(path))
    missing = find_missing_permission(path)
    if missing is not None:
        return WorkspaceProtectedError(path=str(path), missing=missing)
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    return StoreUnreachableError(path=str(path), found=f"{error}, {name}")


def primary_code(error: sqlite3.DatabaseError) -> int:
    """SQLite's result code of an error without what an extended one adds above the low byte."""
    return int(getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)) & 0xFF


def _has_little_room(path: Path) -> bool:
    try:
        return shutil.disk_usage(path.resolve().parent).free < _LITTLE_BYTES
    except OSError:
        return False


def _find_damaged(path: Path) -> Path:
    """Which of the two files is the damaged one; the map file where it cannot be told."""
    private = private_path_of(path)
    try:
        with closing(sqlite3.connect(f"{private.resolve().as_uri()}?mode=ro", uri=True)) as probe:
            found = probe.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.OperationalError:
        return path
    except sqlite3.DatabaseError:
        return private
    return path if found == "ok" else private


# --- permissions -------------------------------------------------------------------------------


def find_missing_permission(path: Path) -> str | None:
    """What this user lacks for writing a county, as `FILE: write`; None where nothing is missing.

    SQLite keeps its log beside a file, so that the folder must be writable too.
    """
    folder, private = path.resolve().parent, private_path_of(path)
    wanted = [(folder, os.W_OK | os.X_OK)]
    for file in (path, private):
        if file.exists():
            wanted.append((file, os.R_OK | os.W_OK))
            logs = [file.with_name(file.name + suffix) for suffix in LOG_SUFFIXES]
            wanted += [(log, os.R_OK | os.W_OK) for log in logs if log.exists()]
    for place, mode in wanted:
        if not is_allowed(place, mode):
            return f"{place.name}: {'read' if not is_allowed(place, os.R_OK) else 'write'}"
    return None


def is_allowed(path: Path, mode: int) -> bool:
    """Whether this process may read or write a path."""
    return os.access(path, mode, effective_ids=os.access in os.supports_effective_ids)


# --- opening -----------------------------------------------------------------------------------


def connect(path: Path, *, busy_s: float = BUSY_S, readonly: bool = False) -> sqlite3.Connection:
    """A connection to the map file as `main` and the private file as `private`.

    Where there is no private file (the map was handed on), an empty one in memory stands in.
    The caller checks the files first with `require_workspace`.
    """
    private = private_path_of(path)
    connection = sqlite3.connect(path, timeout=busy_s, isolation_level=None)
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        if not readonly:
            connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("ATTACH ? AS private", (str(private) if private.exists() else ":memory:",))
        if private.exists():
            if not readonly:
                connection.execute("PRAGMA private.journal_mode = WAL")
            connection.execute("PRAGMA private.secure_delete = ON")
        # FULL: a commit that was reported done survives a power cut.
        connection.execute("PRAGMA main.synchronous = FULL")
        connection.execute("PRAGMA private.synchronous = FULL")
    except BaseException:
        connection.close()
        raise
    return connection


def require_workspace(path: Path) -> int:
    """Refuse, leaving it untouched, a file that is no county file we can work with.

    Returns
    -------
    The version of its schema; of both files the earlier.

    Raises
    ------
    WorkspaceMissingError, NotAWorkspaceError, NewerSchemaError, WorkspaceDamagedError, WorkspaceProtectedError
    """
    require_file(path)
    with translated(path), closing(_probe(path)) as probe:
        try:
            tables = {row[0] for row in probe.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_NOTADB:
                raise NotAWorkspaceError(path=str(path), found="不是 SQLite / not SQLite") from error
            raise
        if "setting" not in tables:
            raise NotAWorkspaceError(path=str(path), found="没有 geogrid 的表 / no tables of geogrid")
        row = probe.execute("SELECT value FROM setting WHERE id = ?", (SCHEMA_SETTING,)).fetchone()
        if row is None:
            raise NotAWorkspaceError(path=str(path), found="没有结构版本 / no schema version")
        schema = int(row[0])
        if schema > SCHEMA_VERSION:
            raise NewerSchemaError(path=str(path), found=schema, known=SCHEMA_VERSION)
        expected = {t.name for t in (*LAYERS.values(), *TABLES.values()) if not t.is_personal}
        gone = sorted((expected | {"revision", "change", "gpkg_contents"}) - tables)
        if gone and schema == SCHEMA_VERSION:
            raise WorkspaceDamagedError(path=str(path), found=f"缺少表 / tables missing: {', '.join(gone)}")
    of_private = _require_private(path)
    _warn_of_network_drive(path)
    return min(schema, of_private)


def require_file(path: Path) -> None:
    """Refuse a path at which no file stands that this user may read.

    Raises
    ------
    WorkspaceMissingError, NotAWorkspaceError, WorkspaceProtectedError
    """
    try:
        if not path.is_file():
            raise WorkspaceMissingError(path=str(path))
        n_bytes = path.stat().st_size
    except PermissionError as error:
        raise WorkspaceProtectedError(path=str(path), missing=f"{path.parent.name}: read") from error
    if not is_allowed(path, os.R_OK):
        raise WorkspaceProtectedError(path=str(path), missing=f"{path.name}: read")
    if not n_bytes:
        raise NotAWorkspaceError(path=str(path), found="空文件 / empty")


def _require_private(path: Path) -> int:
    """The private file, where there is one, must be readable as a database too; the version of its schema."""
    private = private_path_of(path)
    if not private.exists():
        return SCHEMA_VERSION
    if not private.stat().st_size:
        raise WorkspaceDamagedError(path=str(private), found="空文件 / empty")
    with translated(path), closing(_probe(private)) as probe:
        try:
            tables = {row[0] for row in probe.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            schema = int(probe.execute("PRAGMA user_version").fetchone()[0])
        except sqlite3.DatabaseError as error:
            if primary_code(error) in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
                raise WorkspaceDamagedError(path=str(private), found=str(error)) from error
            raise
    if schema > SCHEMA_VERSION:
        raise NewerSchemaError(path=str(private), found=schema, known=SCHEMA_VERSION)
    gone = sorted({t.name for t in TABLES.values() if t.is_personal} - tables)
    if gone and schema == SCHEMA_VERSION:
        raise WorkspaceDamagedError(path=str(private), found=f"缺少表 / tables missing: {', '.join(gone)}")
    return max(schema, 1)  # the first version said none


def _probe(path: Path) -> sqlite3.Connection:
    """A connection for reading alone, so that a foreign file gets no write-ahead log beside it."""
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=BUSY_S)


def _warn_of_network_drive(path: Path) -> None:
    kind = find_network_file_system(path)
    if kind is not None:
        warnings.warn(
            f"{path} 位于网络磁盘（{kind}）上：多人同时写入可能损坏数据。请把文件放到本机磁盘。\n"
            f"{path} lies on a network drive ({kind}): writing from two computers can destroy it. "
            "Move the file to a local disk.",
            NetworkDriveWarning,
            stacklevel=4,
        )


def create_private_file(path: Path) -> None:
    """An empty private file that its owner alone can read (where the system knows such rights)."""
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
    os.close(descriptor)


def keep_private(path: Path) -> None:
    """Take the private file from whoever else may read it, as after a copy; its log gets the file's own rights."""
    for file in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
        with contextlib.suppress(OSError):  # not ours to change: then it is its owner's
            if os.name == "posix" and file.stat().st_mode & 0o077:
                file.chmod(0o600)


def remove_log(path: Path) -> None:
    """Fold a database's write-ahead log into it; only its sole user can.

    Raises
    ------
    WorkspaceLockedError
        When another program has the file open.
    """
    if not path.exists():
        return
    with translated(path):
        connection = sqlite3.connect(path, timeout=1.0, isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode = DELETE")
        finally:
            connection.close()
