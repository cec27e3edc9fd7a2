"""Queries as people type them find what they mean in the demo county; texts that mean nothing find nothing."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest

from geogrid.demo import build_town
from geogrid.responsibility.gazetteer import GAZETTEER_LAYERS, build_gazetteer

QUERIES = Path(__file__).parent / "data" / "queries.csv"
"""Written by hand before anything was fitted to them; `held` ones were not looked at meanwhile."""


@pytest.fixture(scope="module")
def gazetteer():
    town = build_town()
    return build_gazetteer({name: town[name] for name in (*GAZETTEER_LAYERS, "county")}, town["alias"])


def read_queries(which, *, meant):
    with QUERIES.open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["set"] == which and bool(row["layer"]) == meant]


def test_there_are_enough_queries_of_every_kind():
    for which, meant, fewest in (
        ("tune", True, 190),
        ("held", True, 95),
        ("tune", False, 30),
        ("held", False, 20),
    ):
        assert len(read_queries(which, meant=meant)) >= fewest
    kinds = Counter(row["kind_of_query"] for row in read_queries("tune", meant=True))
    assert len(kinds) >= 15


@pytest.mark.parametrize("which", ["tune", "held"])
def test_what_was_meant_comes_first(gazetteer, which):
    missed, not_in_five = [], []
    queries = read_queries(which, meant=True)
    for row in queries:
        found = [(match.entry.kind, match.entry.key) for match in gazetteer.find(row["query"])[:5]]
        meant = (row["layer"], row["key"])
        if found[:1] != [meant]:
            missed.append(row["query"])
        if meant not in found:
            not_in_five.append(row["query"])
    assert len(missed) <= 0.05 * len(queries), missed
    assert len(not_in_five) <= 0.01 * len(queries), not_in_five


@pytest.mark.parametrize("which", ["tune", "held"])
def test_what_means_nothing_here_finds_nothing(gazetteer, which):
    found = {row["query"]: gazetteer.find(row["query"])[:1] for row in read_queries(which, meant=False)}
    assert {query: match for query, match in found.items() if match} == {}
