"""All checks at once: every rule speaks both languages, findings are sorted, a sound county has none."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from geogrid.checks import run_checks
from geogrid.checks.rules import RULES, make_finding
from geogrid.errors import CrsError
from geogrid.findings import Severity
from geogrid.labels import read_labels
from tests.support.frames import line, make_layer, make_table, point, rectangle

TODAY = dt.date(2026, 6, 1)
WEST, EAST = rectangle(0, 0, 100, 100), rectangle(100, 0, 200, 100)


@pytest.fixture
def layers():
    return {
        "county": make_layer("county", {"350725": WEST | EAST}, name=["政和县"]),
        "community": make_layer(
            "community", {"C1": WEST, "C2": EAST}, name=["东门", "西门"], kind=["社区", "社区"]
        ),
        "district": make_layer("district", {"D1": WEST | EAST}, name=["片区"]),
        "grid": make_layer(
            "grid",
            {"G1": WEST, "G2": EAST},
            name=["一格", "二格"],
            community=["C1", "C2"],
            district=["D1", "D1"],
        ),
        "street": make_layer("street", {"S1": line((0, 50), (200, 50))}),
        "centre": make_layer("centre", {"z1": point(100, 60)}, name=["中心"]),
        "compound": make_layer("compound", {"p1": rectangle(10, 60, 90, 90)}, kind=["封闭式"]),
        "gate": make_layer("gate", {"g1": point(50, 60)}, compound=["p1"], pedestrian=[True]),
        "building": make_layer("building", {"w1": rectangle(20, 70, 30, 80)}, compound=["p1"]),
    }


@pytest.fixture
def tables():
    posts = [("片区长", "district", "D1"), ("邻里长", "grid", "G1"), ("邻里长", "grid", "G2")]
    return {
        "assignment": make_table(
            "assignment",
            id=["a1", "a2", "a3"],
            person=["n1", "n2", "n3"],
            **dict(zip(("role", "layer", "feature"), zip(*posts, strict=True), strict=True)),
        ),
        "person": make_table("person", id=["n1", "n2", "n3"], name=["甲", "乙", "丙"]),
    }


def test_a_sound_county_has_no_findings(layers, tables):
    assert run_checks(layers, tables, TODAY) == []


def test_findings_come_by_severity_then_code_then_features(layers, tables):
    layers["grid"]["community"] = ["C2", "C9"]  # one exists and is wrong, one does not exist
    layers["community"]["geometry"] = [WEST, rectangle(110, 0, 200, 100)]  # a gap of 10 m by 100 m
    tables["assignment"] = tables["assignment"].iloc[:2]
    found = run_checks(layers, tables, TODAY)
    assert [(f.severity.value, f.code, f.features) for f in found] == [
        ("error", "grid.declared", ("G1",)),
        ("error", "grid.declared", ("G2",)),
        ("error", "partition.gap", ()),
        ("error", "reference.missing", ("G2",)),
        ("warning", "roster.vacant", ("G2",)),
        ("note", "roster.idle", ("n3",)),
    ]
    assert found[2].size == 1000
    assert run_checks(layers, tables, TODAY) == found


def test_rows_in_another_order_give_the_same_findings(layers, tables):
    layers["grid"]["community"] = ["C2", "C9"]
    turned = {name: frame.iloc[::-1].reset_index(drop=True) for name, frame in layers.items()}
    assert run_checks(turned, tables, TODAY) == run_checks(layers, tables, TODAY)


def test_only_what_holds_on_the_date_is_checked(layers, tables):
    layers["district"]["valid_to"] = ["2026-05-31"]
    codes = {f.code for f in run_checks(layers, tables, TODAY)}
    assert codes == {"reference.ended", "partition.gap"}
    assert run_checks(layers, tables, dt.date(2026, 5, 31)) == []


def test_nothing_at_all_is_no_fault(layers):
    assert run_checks({}, {}, TODAY) == []
    assert run_checks({name: frame.iloc[:0] for name, frame in layers.items()}, {}, TODAY) == []


def test_a_county_without_a_roster_is_told_once(layers, tables):
    (finding,) = run_checks(layers, {"assignment": tables["assignment"].iloc[:0]}, TODAY)
    assert (finding.code, finding.severity) == ("roster.none", Severity.NOTE)


def test_layers_in_degrees_are_refused(layers, tables):
    layers["grid"] = layers["grid"].set_crs("EPSG:4490", allow_override=True)
    with pytest.raises(CrsError):
        run_checks(layers, tables, TODAY)


def test_a_finding_is_json_ready(layers, tables):
    layers["grid"]["community"] = ["C2", "C2"]
    (finding,) = run_checks(layers, tables, TODAY)
    found = finding.to_dict()
    assert found["code"] == "grid.declared"
    assert len(found["at"]) == 2


@pytest.mark.parametrize("code", RULES)
def test_every_rule_has_its_sentences_and_its_remedy_in_both_languages(code):
    for language, table in read_labels().items():
        for key in (f"check.{code}", f"check.{code}.remedy"):
            assert table[key], (language, key)


def test_no_sentence_belongs_to_a_rule_that_is_gone():
    keys = {key for key in read_labels()["zh"] if key.startswith("check.")}
    assert keys == {f"check.{code}{end}" for code in RULES for end in ("", ".remedy")}


def test_both_languages_of_a_sentence_are_filled_from_the_same_values():
    tables = read_labels()
    for key in tables["zh"]:
        if key.startswith(("check.", "evidence.")) and key.count(".") == 2:
            zh, en = (set(re.findall(r"{(\w+)}", tables[language][key])) for language in ("zh", "en"))
            assert zh ^ en <= {"layer", "kind", "features", "upper"}, key


def test_a_hostile_key_is_shown_as_it_is():
    finding = make_finding("roster.vacant", "grid", ["{{7*7}} {0}"], role="邻里长", last_day="")
    assert "{{7*7}} {0}" in finding.zh
