"""Names of the town: the real ones of its communities, and invented ones for the rest."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from importlib import resources

import numpy as np

from geogrid.demo.fabric import Objects

TOWN_CODE = "350725001"
COUNTY_CODE = "350725"
_ROADS = ("路", "街", "一路", "二路", "三路", "四路")
_LANES = ("巷", "弄", "里", "一巷", "二巷", "三巷", "四巷", "五巷", "一弄", "二弄", "三弄")
_LANE_CLASSES = ("living_street", "footway", "path", "service")


@dataclass(frozen=True)
class Unit:
    """A unit of the official list: its code, name and kind (县, 街道, 社区, 村)."""

    code: str
    name: str
    kind: str


def read_units() -> list[Unit]:
    """The county, the town and its 15 communities and villages, in the order of their codes."""
    return [Unit(row["code"], row["name"], row["kind"]) for row in _read_rows("communities.csv")]


def read_names(kind: str) -> list[str]:
    """The names of one kind in `data/names.csv`."""
    return [row["name"] for row in _read_rows("names.csv") if row["kind"] == kind]


def _read_rows(file: str) -> list[dict[str, str]]:
    text = resources.files("geogrid.data").joinpath(file).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def name_streets(name: Objects, street_class: Objects, rng: np.random.Generator) -> Objects:
    """Street names, each nameless cut (`#n`) given one of its own that fits its class."""
    stems = read_names("street_stem")
    counters = {True: 0, False: 0}
    orders = {True: rng.permutation(len(stems)), False: rng.permutation(len(stems))}
    given: dict[str, str] = {}
    named = name.copy()
    for i in range(len(name)):
        key = str(name[i])
        if not key.startswith("#"):
            continue
        if key not in given:
            is_lane = street_class[i] in _LANE_CLASSES
            n = counters[is_lane]
            counters[is_lane] += 1
            suffixes = _LANES if is_lane else _ROADS
            suffix = suffixes[min(n // len(stems), len(suffixes) - 1)]
            given[key] = stems[orders[is_lane][n % len(stems)]] + suffix
        named[i] = given[key]
    return named
