"""One server for one county: a lock in a file of its own, which its holder's end lets go."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from geogrid.errors import ServerRunningError
from geogrid.workspace.connection import is_allowed


def lock_path_of(path: Path) -> Path:
    """The file by which a server holds a county."""
    return path.with_name(path.name.removesuffix(".gpkg") + ".serving")


@contextmanager
def held_for_serving(path: Path) -> Iterator[None]:
    """Keep other servers from a county; where its folder may not be written there is nothing to keep them from.

    Raises
    ------
    ServerRunningError
        When another process holds it.
    """
    file = lock_path_of(path)
    if not is_allowed(path.resolve().parent, os.W_OK) or (file.exists() and not is_allowed(file, os.W_OK)):
        yield
        return
    with file.open("a+", encoding="ascii") as opened:
        if not _lock(opened):
            opened.seek(0)
            raise ServerRunningError(path=str(path), process=opened.read(20).strip() or "?")
        opened.truncate(0)
        opened.write(f"{os.getpid()}\n")
        opened.flush()
        yield


def _lock(opened: IO[str]) -> bool:
    """Whether the lock could be had; it goes with the process, however that ends."""
    try:
        if sys.platform == "win32":
            import msvcrt

            opened.seek(1 << 20)  # beyond the number, which others read
            msvcrt.locking(opened.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
