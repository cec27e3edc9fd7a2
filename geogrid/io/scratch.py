"""Where a process keeps files that it needs for a while: private, its own, and swept away after a process that was killed.

Each process has a folder of its own in one private place of its user and holds a lock on it for as long as
it lives. The system drops the lock when the process ends, however it ends: a folder whose lock is free
was left behind and may go.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import secrets
import shutil
import stat
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_FOLDER = "run-"

_guard = threading.Lock()
_own: tuple[int, Path, int] | None = None
"""Process, folder, and the descriptor that holds its lock; a forked process takes another."""
_base = ""
"""The system's folder for such files when it was made; another one since then asks for another folder."""


def scratch_folder() -> Path:
    """The folder of this process, mode 0700; made at the first call, when leftovers of others are swept, and gone at the end."""
    global _own, _base  # one a process, as the folder is
    with _guard:
        base = tempfile.gettempdir()
        is_other = _own is None or _own[0] != os.getpid() or base not in (_base, str(_own[1]))
        if _own is None or is_other or not _own[1].is_dir():
            place = find_private_place()
            sweep_leftovers(place)
            folder, lock = _claim_folder(place)
            _own, _base = (os.getpid(), folder, lock), base
            atexit.register(_leave, *_own)
        return _own[1]


@contextmanager
def scratch_file_folder(prefix: str) -> Iterator[Path]:
    """An empty folder for one piece of work; it is gone afterwards."""
    with tempfile.TemporaryDirectory(dir=scratch_folder(), prefix=prefix) as name:
        yield Path(name)


@contextmanager
def claimed_folder(place: Path, prefix: str) -> Iterator[Path]:
    """An empty private folder in a place, for what must lie on the same disk; those of killed processes are swept."""
    sweep_leftovers(place, prefix)
    folder, lock = _claim_folder(place, prefix)
    try:
        yield folder
    finally:
        if os.name == "nt":
            os.close(lock)
        shutil.rmtree(folder, ignore_errors=True)
        if os.name != "nt":
            os.close(lock)


def find_private_place() -> Path:
    """The folder, mode 0700, that holds the folders of all processes of this user.

    A place of that name that belongs to somebody else, or that others may enter, is not used: the
    place is then one by chance, and what is left in it after a kill is not found again.
    """
    has_rights = hasattr(os, "getuid")  # not on Windows, where the folder for such files is the user's own
    user = os.getuid() if has_rights else os.environ.get("USERNAME", "user")
    place = Path(tempfile.gettempdir()) / f"geogrid-{user}"
    with contextlib.suppress(FileExistsError):
        place.mkdir(mode=0o700)
    found = place.lstat()
    is_ours = stat.S_ISDIR(found.st_mode)
    if has_rights:
        is_ours = is_ours and found.st_uid == os.getuid() and not stat.S_IMODE(found.st_mode) & 0o077
    return place if is_ours else Path(tempfile.mkdtemp(prefix="geogrid-"))


def sweep_leftovers(place: Path, prefix: str = _FOLDER) -> int:
    """Remove the folders of processes that are gone; how many there were."""
    n_swept = 0
    for folder in sorted(place.glob(f"{prefix}*")):
        lock = _lock(folder)
        if lock is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(lock)
            if os.name == "nt":  # where nothing that is open is removed
                shutil.rmtree(folder, ignore_errors=True)
            n_swept += 1
    return n_swept


def _claim_folder(place: Path, prefix: str = _FOLDER) -> tuple[Path, int]:
    while True:
        folder = place / f"{prefix}{secrets.token_hex(6)}"
        folder.mkdir(mode=0o700)
        lock = _lock(folder)
        if lock is not None and folder.is_dir():
            return folder, lock
        if lock is not None:  # another process took it for a leftover before it was locked
            os.close(lock)


def _leave(process: int, folder: Path, lock: int) -> None:
    """Remove what is this process's own; a forked one leaves its parent's alone."""
    if process != os.getpid():
        return
    if os.name == "nt":
        os.close(lock)
    shutil.rmtree(folder, ignore_errors=True)


def _lock(folder: Path) -> int | None:
    """A descriptor that holds the lock of a folder; None when somebody else holds it, or there is no such folder."""
    descriptor = None
    try:
        if os.name == "nt":
            import msvcrt

            descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]  # Windows alone
        else:
            import fcntl

            # On the folder itself, which also keeps the system's own cleaning of old files away from it.
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        if descriptor is not None:
            os.close(descriptor)
        return None
    return descriptor
