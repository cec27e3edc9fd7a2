"""One archive with both files of a county, of one moment, made while it is in use, and the way back from it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
import zipfile
from pathlib import Path
from typing import Any

from geogrid.errors import (
    ContentDamagedError,
    FileMissingError,
    UnsupportedFileError,
    WorkspaceError,
    WorkspaceLockedError,
)
from geogrid.io.replacing import telling_full_disk
from geogrid.io.scratch import claimed_folder
from geogrid.schema import SCHEMA_VERSION
from geogrid.workspace.connection import (
    LOG_SUFFIXES,
    private_path_of,
    remove_log,
    require_file,
    require_workspace,
)
from geogrid.workspace.copies import copy_county
from geogrid.workspace.serving import held_for_serving
from geogrid.workspace.workspace import Workspace

MAP_MEMBER, PRIVATE_MEMBER, MANIFEST_MEMBER = "county.gpkg", "county.private.sqlite", "manifest.json"
_FORMATS = ("geogrid-backup-2", "geogrid-backup-1")
_SUPPORTED = ("geogrid backup",)
_OWN_MODE, _PRIVATE_MODE = 0o644, 0o600


def write_backup(path: Path, archive: Path) -> int:
    """Copy both files of a county into one archive, readable by its owner alone.

    SQLite makes the copies at one moment, so that an edit in progress is in both of them whole or not at
    all. They are looked over before they are packed: what is damaged replaces no good archive. The archive
    is written beside its place and renamed.

    Returns
    -------
    The revision that was copied.

    Raises
    ------
    WorkspaceMissingError, NotAWorkspaceError, WorkspaceDamagedError
        When there is no county to copy, or it is not as it was written.
    StoreFullError
        When there is no room for the archive and the copies it is made from.
    """
    with (
        telling_full_disk(archive),
        claimed_folder(archive.resolve().parent, ".backup-") as folder,
    ):
        require_file(path)
        copied = copy_county(path, folder / MAP_MEMBER)
        revision = _look_over(copied, path)
        members = {MAP_MEMBER: copied, PRIVATE_MEMBER: private_path_of(copied)}
        members = {name: file for name, file in members.items() if file.exists()}
        manifest = {
            "format": _FORMATS[0],
            "sha256": {name: _digest(file) for name, file in members.items()},
            "revision": dict.fromkeys(members, revision),
            "mode": stat.S_IMODE(path.stat().st_mode),
        }
        packed = folder / "archive.zip"
        descriptor = os.open(packed, os.O_CREAT | os.O_EXCL | os.O_RDWR, _PRIVATE_MODE)
        with os.fdopen(descriptor, "wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bundle:
            for name, copy in members.items():
                bundle.write(copy, name)
            bundle.writestr(MANIFEST_MEMBER, json.dumps(manifest, indent=1))
        with packed.open("rb") as written:
            os.fsync(written.fileno())
        packed.replace(archive)
    return revision


def read_backup(archive: Path, path: Path) -> Path | None:
    """Put both files of an archive in their place; they are looked over before anything is moved.

    A county that stands there is kept as `NAME.before-restore-N.gpkg` with its private file. The map file
    gets the permissions of the one that stood there, else those it was backed up with; the private file is
    its owner's alone.

    Returns
    -------
    Where the county that stood there was moved to; None when there was none.

    Raises
    ------
    FileMissingError
        When there is no such archive.
    UnsupportedFileError
        When it is no backup, or a file in it is not what was put in.
    ContentDamagedError
        When its files are not as they were written, or not of one moment.
    WorkspaceLockedError, ServerRunningError
        When a program has the present county open.
    StoreFullError
        When there is no room beside the present county, which stays.
    """
    if not archive.is_file():
        raise FileMissingError(file=str(archive))
    with (
        telling_full_disk(path),
        held_for_serving(path),
        claimed_folder(path.resolve().parent, ".restore-") as folder,
    ):
        members, mode = _unpack(archive, folder)
        _look_over(members[MAP_MEMBER], archive)
        owner = path.stat() if path.exists() else None
        for name, file in members.items():
            wanted = (
                _PRIVATE_MODE if name == PRIVATE_MEMBER else stat.S_IMODE(owner.st_mode) if owner else mode
            )
            file.chmod(wanted)
            if owner is not None and hasattr(os, "chown") and os.geteuid() == 0:
                os.chown(file, owner.st_uid, owner.st_gid)
        kept = _move_away(path)
        for member, target in ((PRIVATE_MEMBER, private_path_of(path)), (MAP_MEMBER, path)):
            if member in members:
                members[member].replace(target)
        return kept


def _look_over(copied: Path, shown: Path) -> int:
    """The revision of a copy, which must be whole and its files of one moment; `shown` is named in errors."""
    try:
        if require_workspace(copied) == SCHEMA_VERSION:
            Workspace.open(copied).close()  # a commit that was left half done is settled
        with Workspace.open(copied, readonly=True) as copy:
            if damage := copy.find_damage():
                raise ContentDamagedError(path=str(shown), found=", ".join(damage))
            revision = copy.revision
        for file in (copied, private_path_of(copied)):
            remove_log(file)
    except WorkspaceError as error:
        if hasattr(error, "path"):
            error.path = str(shown)
        raise
    return revision


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _unpack(archive: Path, folder: Path) -> tuple[dict[str, Path], int]:
    """The files of an archive by their names in it, and the permissions of the map file."""
    found: dict[str, Path] = {}
    try:
        with zipfile.ZipFile(archive) as bundle:
            manifest: dict[str, Any] = json.loads(bundle.read(MANIFEST_MEMBER))
            if manifest.get("format") not in _FORMATS or MAP_MEMBER not in manifest["sha256"]:
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
            mode = int(manifest.get("mode", _OWN_MODE)) & 0o777
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, EOFError) as error:
        if isinstance(error, UnsupportedFileError):
            raise
        raise _not_a_backup(archive, str(error)) from error
    return found, mode


def _not_a_backup(archive: Path, found: str) -> UnsupportedFileError:
    return UnsupportedFileError(file=str(archive), found=found, supported=_SUPPORTED)


def _move_away(path: Path) -> Path | None:
    if not path.exists():
        return None
    private = private_path_of(path)
    for file in (path, private):
        try:
            remove_log(file)
        except WorkspaceLockedError:
            raise
        except WorkspaceError:
            continue  # a damaged county is what one restores: it is kept as it is
    number = 1
    while (
        kept := path.with_name(f"{path.name.removesuffix('.gpkg')}.before-restore-{number}.gpkg")
    ).exists():
        number += 1
    if private.exists():
        private.replace(private_path_of(kept))
    path.replace(kept)
    for file in (path, private):
        for suffix in LOG_SUFFIXES:
            file.with_name(file.name + suffix).unlink(missing_ok=True)
    return kept
