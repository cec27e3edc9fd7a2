"""Keys, references and dates: what is missing, repeated, ended or backwards is told with its rows."""

from __future__ import annotations

import datetime as dt

import pytest

from geogrid.checks.references import find_key_faults, find_reference_faults, find_validity_faults
from geogrid.findings import Severity
from tests.support.frames import make_layer, make_table, point, rectangle

TODAY = dt.date(2026, 6, 1)
CELL = rectangle(0, 0, 10, 10)


def summarise(findings):
    return sorted((f.code, f.layer, f.features) for f in findings)


def test_a_key_used_twice_on_a_date_is_found_and_one_that_followed_another_is_not():
    grids = make_layer("grid", {"a": CELL, "b": CELL, "c": CELL}, name=["1", "2", "3"])
    grids["code"] = ["G1", "G1", "G2"]
    (finding,) = find_key_faults(grids, "grid", TODAY)
    assert (finding.code, finding.features, finding.size) == ("key.duplicate", ("G1",), 2)
    grids["valid_to"] = ["2026-05-31", None, None]
    assert find_key_faults(grids, "grid", TODAY) == []


def test_rows_without_a_key_are_counted():
    grids = make_layer("grid", {"a": CELL, "b": CELL}, name=["1", "2"])
    grids["code"] = [None, ""]
    (finding,) = find_key_faults(grids, "grid", TODAY)
    assert (finding.code, finding.size) == ("key.missing", 2)


def test_a_building_of_a_compound_that_does_not_exist_is_found_and_all_of_them_are_one_finding():
    buildings = make_layer("building", {f"w{i}": CELL for i in range(7)}, compound=["p9"] * 6 + ["p1"])
    compounds = make_layer("compound", {"p1": CELL})
    (finding,) = find_reference_faults({"building": buildings, "compound": compounds}, {}, TODAY)
    assert (finding.code, finding.severity) == ("reference.missing", Severity.ERROR)
    assert finding.features == ("w0", "w1", "w2", "w3", "w4", "w5")
    assert "p9" in finding.zh
    assert "等 6 个" in finding.zh  # five are named
    assert "w5" not in finding.zh
    assert "and 1 more" in finding.en


def test_a_reference_to_what_has_ended_is_told_apart():
    buildings = make_layer("building", {"w1": CELL}, compound=["p1"])
    compounds = make_layer("compound", {"p1": CELL}, valid_to=["2026-05-31"])
    assert summarise(find_reference_faults({"building": buildings, "compound": compounds}, {}, TODAY)) == [
        ("reference.ended", "building", ("w1",))
    ]
    assert (
        find_reference_faults({"building": buildings, "compound": compounds}, {}, dt.date(2026, 5, 31)) == []
    )


def test_what_has_ended_itself_may_refer_to_nothing():
    buildings = make_layer("building", {"w1": CELL}, compound=["p9"], valid_to=["2020-01-01"])
    assert (
        find_reference_faults(
            {"building": buildings, "compound": make_layer("compound", {"p1": CELL})}, {}, TODAY
        )
        == []
    )


def test_a_layer_that_was_not_given_is_not_missed():
    assert (
        find_reference_faults({"building": make_layer("building", {"w1": CELL}, compound=["p9"])}, {}, TODAY)
        == []
    )


def test_items_of_a_list_are_references_each():
    groups = make_table("group", id=["L1"], kind=["楼栋组"], buildings=["w1,w2, w3"])
    layers = {"building": make_layer("building", {"w1": CELL, "w3": CELL})}
    (finding,) = find_reference_faults(layers, {"group": groups}, TODAY)
    assert (finding.features, finding.layer) == (("L1",), "group")
    assert "w2" in finding.zh


def test_duties_name_a_layer_and_a_feature():
    duties = make_table(
        "assignment",
        id=["a1", "a2", "a3", "a4"],
        person=["n1", "n1", "n2", "n1"],
        role=["邻里长"] * 4,
        layer=["grid", "grid", "grid", "grids"],
        feature=["G1", "G9", "G1", "G1"],
    )
    layers = {"grid": make_layer("grid", {"G1": CELL}, name=["一格"])}
    people = make_table("person", id=["n1"], name=["甲"])
    found = find_reference_faults(layers, {"assignment": duties, "person": people}, TODAY)
    assert summarise(found) == [
        ("reference.layer", "assignment", ("a4",)),
        ("reference.missing", "assignment", ("a2",)),  # grid G9
        ("reference.missing", "assignment", ("a3",)),  # person n2
    ]


def test_a_footprint_may_name_a_centre_by_its_own_key_or_by_a_doors():
    centres = make_layer("centre", {"d1": point(0, 0), "d2": point(1, 1)}, centre=["z1", None])
    footprints = make_layer(
        "centre_footprint", {"f1": CELL, "f2": CELL, "f3": CELL}, centre=["z1", "d2", "z9"]
    )
    assert summarise(
        find_reference_faults({"centre": centres, "centre_footprint": footprints}, {}, TODAY)
    ) == [("reference.missing", "centre_footprint", ("f3",))]


@pytest.mark.parametrize(
    ("start", "end", "codes"),
    [
        ("2026-01-01", "2026-01-01", []),
        ("2026-01-02", "2026-01-01", ["validity.order"]),
        (None, "2026-01-01", []),
        ("2026-01-01", None, []),
        ("2026/1/1", None, ["validity.unreadable"]),
        ("20260101", "2026-02-30", ["validity.unreadable", "validity.unreadable"]),
    ],
)
def test_dates_are_iso_and_in_order(start, end, codes):
    grids = make_layer("grid", {"G1": CELL}, name=["一格"], valid_from=[start], valid_to=[end])
    assert [f.code for f in find_validity_faults(grids, "grid")] == codes
