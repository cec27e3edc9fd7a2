"""What an output file is called: its name says when what it holds is made up."""

from __future__ import annotations

from pathlib import Path

DOUBLE_SUFFIXES = (".shp.zip",)
NAME_COLUMNS = ("name", "id", "code", "building", "centre")
"""Columns from which drawings take what is written beside a feature: the first that has a value."""

_MARKS = {"zh": "合成演示数据", "en": "synthetic"}
_TELLING = ("合成", "synthetic")


def suffix_of(path: Path) -> str:
    """The suffix by which a file's kind is known, in lower case; it may have two parts.

    >>> suffix_of(Path("roads.SHP.zip")), suffix_of(Path("roads.v2.csv"))
    ('.shp.zip', '.csv')
    """
    name = path.name.lower()
    return next((double for double in DOUBLE_SUFFIXES if name.endswith(double)), path.suffix.lower())


def name_output(path: Path, *, is_synthetic: bool, language: str = "zh") -> Path:
    """The path to write to: the one asked for, marked where the data is synthetic and the name does not say so.

    >>> str(name_output(Path("gaps.geojson"), is_synthetic=True))
    'gaps-合成演示数据.geojson'
    >>> str(name_output(Path("gaps.shp.zip"), is_synthetic=True, language="en"))
    'gaps-synthetic.shp.zip'
    >>> str(name_output(Path("synthetic.csv"), is_synthetic=True))
    'synthetic.csv'
    """
    if not is_synthetic or any(word in path.name.lower() for word in _TELLING):
        return path
    end = len(path.name) - len(suffix_of(path))
    return path.with_name(f"{path.name[:end]}-{_MARKS[language]}{path.name[end:]}")
