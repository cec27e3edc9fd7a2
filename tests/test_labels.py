"""The table of texts: whole, unambiguous, with the same placeholders in both languages."""

from __future__ import annotations

import csv
import string
from collections import Counter
from importlib import resources

from geogrid.labels import LANGUAGES, label

ROWS = list(csv.DictReader(resources.files("geogrid").joinpath("labels.csv").read_text("utf-8").splitlines()))


def test_every_key_stands_once_and_has_both_texts():
    assert [key for key, count in Counter(row["key"] for row in ROWS).items() if count > 1] == []
    assert [row["key"] for row in ROWS if not all(row[language].strip() for language in LANGUAGES)] == []
    assert [row["key"] for row in ROWS if None in row] == []  # an unquoted comma would make a fourth column


def test_both_languages_fill_in_the_same_values():
    def names(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    assert [row["key"] for row in ROWS if names(row["zh"]) != names(row["en"])] == []


def test_placeholders_are_filled_in():
    assert label("cli.import.revision", "en", revision=3, path="a.gpkg").startswith("revision 3;")
