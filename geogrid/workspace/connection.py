"""Opening a county's two files as one SQLite connection, and SQLite's errors in our words."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from geogrid.errors import (
    NetworkDriveWarning,
    NewerSchemaError,
    NotAWorkspaceError,
    StoreFullError,
    WorkspaceDamagedError,
    WorkspaceLockedError,
    WorkspaceMissingError,
)
from geogrid.schema import LAYERS, SCHEMA_VERSION, TABLES
from geogrid.workspace.drive import find_network_file_system

BUSY_S = 10.0
"""How long a writer waits for another program's lock before it gives up."""

SCHEMA_SETTING = "geogrid.schema"
_MAGIC = b"SQLite format 3\x00"


def private_path_of(path: Path) -> Path:
    """The private file that stands beside a map file."""
    return path.with_name(path.name.removesuffix(".gpkg") + ".private.sqlite")


# How SQLite calls it when the log, its index or the file itself cannot grow.
_IO_ERRORS = (
    "SQLITE_IOERR_WRITE",
    "SQLITE_IOERR_SHMSIZE",
    "SQLITE_IOERR_TRUNCATE",
    "SQLITE_IOERR_FSYNC",
    "SQLITE_CANTOPEN",
)
_LITTLE_BYTES = 256 << 10


def _has_little_room(path: Path) -> bool:
    return shutil.disk_usage(path.resolve().parent).free < _LITTLE_BYTES


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """SQLite's errors as ours."""
    try:
        yield
    except sqlite3.OperationalError as error:
        text = str(error)
        if "locked" in text or "busy" in text:
            raise WorkspaceLockedError(path=str(path), waited_s=BUSY_S) from error
        if "full" in text or (
            getattr(error, "sqlite_errorname", "") in _IO_ERRORS and _has_little_room(path)
        ):
            raise StoreFullError(path=str(path)) from error
        raise WorkspaceDamagedError(path=str(path), found=text) from error
    except sqlite3.DatabaseError as error:
        raise WorkspaceDamagedError(path=str(path), found=str(error)) from error


def connect(path: Path, *, busy_s: float = BUSY_S) -> sqlite3.Connection:
    """A connection to the map file as `main` and the private file as `private`.

    Where there is no private file (the map was handed on), an empty one in memory stands in.
    The caller checks the files first with `require_workspace`.
    """
    connection = sqlite3.connect(path, timeout=busy_s, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA foreign_keys = ON")
    private = private_path_of(path)
    connection.execute("ATTACH ? AS private", (str(private) if private.exists() else ":memory:",))
    if private.exists():
        connection.execute("PRAGMA private.journal_mode = WAL")
        connection.execute("PRAGMA private.secure_delete = ON")
    # FULL: a commit that was reported done survives a power cut.
    connection.execute("PRAGMA main.synchronous = FULL")
    connection.execute("PRAGMA private.synchronous = FULL")
    return connection


def require_workspace(path: Path) -> None:
    """Refuse, leaving it untouched, a file that is no county file we can work with.

    Raises
    ------
    WorkspaceMissingError, NotAWorkspaceError, NewerSchemaError, WorkspaceDamagedError
    """
    if not path.is_file():
        raise WorkspaceMissingError(path=str(path))
    with path.open("rb") as file:
        head = file.read(100)
    if not head.startswith(_MAGIC):
        raise NotAWorkspaceError(
            path=str(path), found="不是 SQLite / not SQLite" if head else "空文件 / empty"
        )
    _require_whole(path, head)
    with translated(path):
        # Reading alone, so that a foreign file gets no write-ahead log beside it.
        probe = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=BUSY_S)
        try:
            tables = {row[0] for row in probe.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if "setting" not in tables:
                raise NotAWorkspaceError(path=str(path), found="没有 geogrid 的表 / no tables of geogrid")
            row = probe.execute("SELECT value FROM setting WHERE id = ?", (SCHEMA_SETTING,)).fetchone()
            if row is None:
                raise NotAWorkspaceError(path=str(path), found="没有结构版本 / no schema version")
            if int(row[0]) > SCHEMA_VERSION:
                raise NewerSchemaError(path=str(path), found=int(row[0]), known=SCHEMA_VERSION)
            expected = {t.name for t in (*LAYERS.values(), *TABLES.values()) if not t.is_personal}
            gone = sorted((expected | {"revision", "change", "gpkg_contents"}) - tables)
            if gone:
                raise WorkspaceDamagedError(
                    path=str(path), found=f"缺少表 / tables missing: {', '.join(gone)}"
                )
        finally:
            probe.close()
    _warn_of_network_drive(path)


def _require_whole(path: Path, head: bytes) -> None:
    """A file shorter than its own header says was cut off (the log may hold pages beyond it)."""
    page_bytes, n_pages = struct.unpack(">H", head[16:18])[0], struct.unpack(">I", head[28:32])[0]
    page_bytes = 65536 if page_bytes == 1 else page_bytes
    log = path.with_name(path.name + "-wal")
    if page_bytes * n_pages > path.stat().st_size and not (log.exists() and log.stat().st_size):
        found = f"文件不完整 / cut off: {path.stat().st_size} < {page_bytes * n_pages} bytes"
        raise WorkspaceDamagedError(path=str(path), found=found)


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
