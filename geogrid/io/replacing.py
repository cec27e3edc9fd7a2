"""Files written beside and renamed: a reader sees the old one or the new one, never half."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from geogrid.errors import GeogridError, StoreFullError

FULL_ERRORS = (errno.ENOSPC, errno.EDQUOT)
PRIVATE_MODE = 0o600
"""Of files: to be read and written by their owner alone."""
_LITTLE_BYTES = 256 << 10
"""With less room than this on the disk, a writer that gave up is taken to have met its end."""


@contextmanager
def telling_full_disk(path: Path) -> Iterator[None]:
    """An error of a full disk, as the system or a library tells it, as ours.

    Raises
    ------
    StoreFullError
        Which says that what stands at the path was not changed: the caller sees to that.
    """
    try:
        yield
    except GeogridError:
        raise
    except Exception as error:
        is_told = isinstance(error, OSError) and error.errno in FULL_ERRORS
        # Libraries tell it in their own words, or call it something else.
        if is_told or shutil.disk_usage(path.resolve().parent).free < _LITTLE_BYTES:
            raise StoreFullError(path=str(path)) from error
        raise


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A path of that name elsewhere, to be written; it takes the target's place when all went well.

    What is written is its owner's alone (0600 where the system knows such rights), also in the place of a
    file that others could read, and while it is being written: what comes out of a county may hold
    people, and whoever wrote it decides who else may read it. The new file is flushed to the disk
    before it is renamed. When the writing fails, the target is as it was and nothing is left beside it.

    Raises
    ------
    StoreFullError
        When the disk has no room for it.
    """
    folder = path.with_name(f".{secrets.token_hex(4)}.{path.name[:100]}")
    beside = folder / path.name
    try:
        with telling_full_disk(path):
            folder.mkdir(mode=0o700)
            yield beside
            beside.chmod(PRIVATE_MODE)
            with beside.open("r+b") as file:
                os.fsync(file.fileno())
            beside.replace(path)
        if os.name == "posix":
            _flush_folder(path.parent)
    finally:
        shutil.rmtree(folder, ignore_errors=True)  # with a journal, should the writer have left one


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
