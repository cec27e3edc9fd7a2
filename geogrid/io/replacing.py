"""Files written beside and renamed: a reader sees the old one or the new one, never half."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A path beside the target, to be written; it takes the target's place when all went well.

    The new file is flushed to the disk before it is renamed. When the writing fails, the target
    is as it was and nothing is left beside it.
    """
    beside = path.with_name(f".{secrets.token_hex(4)}.{path.name}")
    try:
        yield beside
        with beside.open("r+b") as file:
            os.fsync(file.fileno())
        beside.replace(path)
        if os.name == "posix":
            _flush_folder(path.parent)
    finally:
        for left in path.parent.iterdir():
            if left.name.startswith(beside.name):  # with a journal, should the writer have left one
                left.unlink()


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
