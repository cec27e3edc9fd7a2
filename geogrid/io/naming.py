"""What the name of an output file says of its kind."""

from __future__ import annotations

from pathlib import Path

DOUBLE_SUFFIXES = (".shp.zip",)
NAME_COLUMNS = ("name", "id", "code", "building", "centre")
"""Columns from which drawings take what is written beside a feature: the first that has a value."""


def suffix_of(path: Path) -> str:
    """The suffix by which a file's kind is known, in lower case; it may have two parts.

    >>> suffix_of(Path("roads.SHP.zip")), suffix_of(Path("roads.v2.csv"))
    ('.shp.zip', '.csv')
    """
    name = path.name.lower()
    return next((double for double in DOUBLE_SUFFIXES if name.endswith(double)), path.suffix.lower())
