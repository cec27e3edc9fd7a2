"""Small JSON files that people hand in: scenarios and certificates."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from geogrid.errors import Fault, FileContentError, FileMissingError, FileTooCostlyError

MOST_BYTES = 64 * 1024 * 1024


def read_json(path: Path) -> Any:
    """The value in a JSON file of UTF-8, with or without a byte order mark.

    Raises
    ------
    FileMissingError, FileTooCostlyError, FileContentError
        When there is no such file, it is larger than 64 MB, or it is no JSON.
    """
    if not path.is_file():
        raise FileMissingError(file=str(path))
    if path.stat().st_size > MOST_BYTES:
        raise FileTooCostlyError(file=path.name, limit=f"{MOST_BYTES // 1024**2} MB")
    try:
        value = json.loads(path.read_text(encoding="utf-8-sig"), parse_constant=_refuse)
        json.dumps(value, ensure_ascii=False).encode()  # half a character, as \ud800 alone, cannot be kept
    except (ValueError, RecursionError) as error:
        fault = Fault(zh=f"不是有效的 JSON（{error}）", en=f"it is no JSON ({error})")
        raise FileContentError(file=path.name, faults=[fault]) from error
    return value


def _refuse(name: str) -> Any:
    raise ValueError(name)  # NaN and Infinity are no JSON
