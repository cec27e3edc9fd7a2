"""One archive with both files of a county, made while it is in use, and the way back from it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import tempfile
import zipfile
from contextlib import closing
from pathlib import Path

from geogrid.errors import FileMissingError, UnsupportedFileError, WorkspaceError
from geogrid.io.replacing import telling_full_disk
from geogrid.workspace.connection import private_path_of, remove_log, require_workspace, translated

MAP_MEMBER, PRIVATE_MEMBER, MANIFEST_MEMBER = "county.gpkg", "county.private.sqlite", "manifest.json"
_FORMAT = "geogrid-backup-1"
_SUPPORTED = ("geogrid backup",)


def write_backup(path: Path, archive: Path) -> None:
    """Copy both files of a county into one archive, readable by its owner alone.

    SQLite's own backup makes the copies, so that an edit in progress is in them whole or not at all.
    The archive is written beside its place and renamed.

    Raises
    ------
    WorkspaceMissingError, NotAWorkspaceError, WorkspaceDamagedError
        When there is no county to copy.
    StoreFullError
        When there is no room for the archive and the copies it is made from.
    """
    require_workspace(path)
    with (
        telling_full_disk(archive),
        tempfile.TemporaryDirectory(dir=archive.resolve().parent, prefix=".backup-") as folder,
    ):
        digests: dict[str, str] = {}
        packed = Path(folder) / "archive.zip"
        descriptor = os.open(packed, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
        with os.fdopen(descriptor, "wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bundle:
            for source, member in ((path, MAP_MEMBER), (private_path_of(path), PRIVATE_MEMBER)):
                if not source.exists():
                    continue
                copy = Path(folder) / member
                _copy_database(source, copy)
                digests[member] = _digest(copy)
                bundle.write(copy, member)
            bundle.writestr(MANIFEST_MEMBER, json.dumps({"format": _FORMAT, "sha256": digests}, indent=1))
        with packed.open("rb") as written:
            os.fsync(written.fileno())
        packed.replace(archive)


def read_backup(archive: Path, path: Path) -> Path | None:
    """Put both files of an archive in their place.

    A county that stands there is kept as `NAME.before-restore-N.gpkg` with its private file.

    Returns
    -------
    Where the county that stood there was moved to; None when there was none.

    Raises
    ------
    FileMissingError
        When there is no such archive.
    UnsupportedFileError
        When it is no backup, or a file in it is not what was put in.
    WorkspaceLockedError
        When a program has the present county open.
    StoreFullError
        When there is no room beside the present county, which stays.
    """
    if not archive.is_file():
        raise FileMissingError(file=str(archive))
    with (
        telling_full_disk(path),
        tempfile.TemporaryDirectory(dir=path.resolve().parent, prefix=".restore-") as folder,
    ):
        members = _unpack(archive, Path(folder))
        require_workspace(members[MAP_MEMBER])
        kept = _move_away(path)
        for member, target in ((PRIVATE_MEMBER, private_path_of(path)), (MAP_MEMBER, path)):
            if member in members:
                members[member].replace(target)
        return kept


def _copy_database(source: Path, target: Path) -> None:
    with translated(source):
        descriptor = os.open(target, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
        os.close(descriptor)
        with (
            closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True)) as live,
            closing(sqlite3.connect(target)) as copy,
        ):
            live.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _unpack(archive: Path, folder: Path) -> dict[str, Path]:
    found: dict[str, Path] = {}
    try:
        with zipfile.ZipFile(archive) as bundle:
            manifest = json.loads(bundle.read(MANIFEST_MEMBER))
            if manifest.get("format") != _FORMAT or MAP_MEMBER not in manifest["sha256"]:
                raise _not_a_backup(archive, "manifest")
            for member, digest in manifest["sha256"].items():
                if member not in (MAP_MEMBER, PRIVATE_MEMBER):
                    raise _not_a_backup(archive, member)
                target = folder / member
                descriptor = os.open(target, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
                with bundle.open(member) as packed, os.fdopen(descriptor, "wb") as file:
                    shutil.copyfileobj(packed, file)
                    file.flush()
                    os.fsync(file.fileno())
                if _digest(target) != digest:
                    raise _not_a_backup(archive, f"{member}: 校验和不符 / checksum differs")
                found[member] = target
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, EOFError) as error:
        if isinstance(error, UnsupportedFileError):
            raise
        raise _not_a_backup(archive, str(error)) from error
    return found


def _not_a_backup(archive: Path, found: str) -> UnsupportedFileError:
    return UnsupportedFileError(file=str(archive), found=found, supported=_SUPPORTED)


def _move_away(path: Path) -> Path | None:
    if not path.exists():
        return None
    private = private_path_of(path)
    for file in (path, private):
        try:
            remove_log(file)
        except WorkspaceError as error:
            if file.exists() and "locked" in str(error.__cause__):
                raise
            # A damaged county is what one restores: it is kept as it is.
    number = 1
    while (
        kept := path.with_name(f"{path.name.removesuffix('.gpkg')}.before-restore-{number}.gpkg")
    ).exists():
        number += 1
    if private.exists():
        private.replace(private_path_of(kept))
    path.replace(kept)
    for file in (path, private):
        for suffix in ("-wal", "-shm"):
            file.with_name(file.name + suffix).unlink(missing_ok=True)
    return kept
