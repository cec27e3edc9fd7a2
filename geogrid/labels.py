"""The one table of the words that users read: a key, the Chinese text, the English text."""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources

LANGUAGES = ("zh", "en")


@cache
def read_labels() -> dict[str, dict[str, str]]:
    """The table `labels.csv`: language -> key -> text."""
    text = resources.files("geogrid").joinpath("labels.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    return {language: {row["key"]: row[language] for row in rows} for language in LANGUAGES}


def label(key: str, language: str = "zh", **values: object) -> str:
    """One text of the table, its `{placeholders}` filled in.

    Raises
    ------
    KeyError
        When the table has no such key: a fault of the program, which a test finds.
    """
    return read_labels()[language][key].format(**values)
