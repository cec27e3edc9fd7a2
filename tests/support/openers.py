"""Who opens a county's files: nothing but the store may, for any other opening drops SQLite's locks on them."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from types import FrameType

OWN = ("geogrid", "webmap")
STORE = ("geogrid/workspace/connection.py", "geogrid/workspace/copies.py", "geogrid/workspace/backup.py")
"""The modules that may: `copies` where this process can hold no lock, `backup` its own copies."""
ROOT = Path(__file__).resolve().parents[2]

_opened_by_sqlite: set[str] = set()
_lock = threading.Lock()


def watch_openings() -> None:
    """From now on a module of ours that opens, by other means than SQLite, a file that SQLite has opened fails."""
    sys.addaudithook(_look)


def _look(event: str, arguments: tuple[object, ...]) -> None:
    if event == "sqlite3.connect":
        if (_find_module(sys._getframe(1)) or "").startswith("geogrid/workspace/"):
            _remember(arguments[0])
    elif event in ("open", "shutil.copyfile", "shutil.move"):
        path = arguments[0]
        if isinstance(path, str | Path) and _base(str(path)) in _opened_by_sqlite:
            module = _find_module(sys._getframe(1))
            if module is not None and module not in STORE:
                raise AssertionError(f"{module} opens {path}, which SQLite has open: locks would be dropped")


def _remember(target: object) -> None:
    if isinstance(target, str | Path) and str(target) not in ("", ":memory:"):
        path = str(target).removeprefix("file://").partition("?")[0]
        with _lock:
            _opened_by_sqlite.add(_base(path))
            if path.endswith(".gpkg"):
                _opened_by_sqlite.add(_base(path.removesuffix(".gpkg") + ".private.sqlite"))


def _base(path: str) -> str:
    return path.removesuffix("-wal").removesuffix("-shm")


def _find_module(frame: FrameType | None) -> str | None:
    """The nearest caller that is a module of ours; None where a test or a library comes first."""
    while frame is not None:
        file = frame.f_code.co_filename
        if file.startswith(str(ROOT)):
            inner = Path(file).relative_to(ROOT).as_posix()
            if inner.startswith((*OWN, "tests")):
                return inner if inner.startswith(OWN) else None
        frame = frame.f_back
    return None
