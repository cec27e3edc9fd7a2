"""Scenarios as they are kept in a county's file, carried out and taken back."""

from __future__ import annotations

import json

import pytest
import shapely

from geogrid.coverage.assess import assess_coverage
from geogrid.coverage.reading import Reading
from geogrid.coverage.scenario import (
    AddCentre,
    AddGate,
    AddStreet,
    MoveCentre,
    OpenGate,
    RemoveCentre,
    Scenario,
)
from geogrid.coverage.scenario_lonlat import read_records, write_records
from geogrid.errors import (
    DuplicateKeysError,
    FeatureNotFoundError,
    FileContentError,
    InvalidOptionError,
    NotUndoableError,
    OutOfScopeError,
    RowsChangedError,
    ScenarioConflictError,
)
from geogrid.io.json_file import read_json
from geogrid.workspace import Workspace
from geogrid.workspace.scenarios import (
    apply_kept_scenario,
    apply_scenario,
    delete_scenario,
    list_scenarios,
    read_scenario,
    save_scenario,
    undo_applied,
)
from tests.support.command import Command
from tests.support.web import METRIC, SOUTH, WEST, lonlat, write_town

READING = Reading.parse("minutes:10:adult")
EAST = Scenario((AddCentre("try", WEST + 900, SOUTH + 410, "东门中心"),))
"""A centre in the east of the town of `tests.support.web`, most of which is out of reach of its one centre."""


@pytest.fixture
def county(tmp_path):
    with Workspace.open(write_town(tmp_path / "town.gpkg")) as workspace:
        yield workspace


@pytest.fixture
def geogrid(monkeypatch, capsys) -> Command:
    return Command(monkeypatch, capsys)


def read_state(workspace: Workspace) -> dict[str, list[object]]:
    """Everything the scenario's edits can touch, as it is stored."""
    return {
        name: workspace.read(name).drop(columns="version").to_wkb(hex=True).astype(str).to_numpy().tolist()
        for name in ("centre", "gate", "street")
    }


def test_a_scenario_comes_back_from_degrees_at_the_same_millimetre():
    scenario = Scenario(
        (
            AddCentre("z", WEST + 1.2345, SOUTH + 9.8765, "新"),
            MoveCentre("s1", WEST, SOUTH),
            AddGate("g", "c1", WEST + 1, SOUTH + 2),
            AddStreet("b", ((WEST, SOUTH), (WEST + 7.5, SOUTH + 3.25)), bridge=True),
            OpenGate("g1"),
            RemoveCentre("s1"),
        )
    )
    found = read_records(json.loads(json.dumps(write_records(scenario, METRIC))), METRIC)
    for written, edit in zip(scenario.to_records(), found.to_records(), strict=True):
        for key, value in written.items():
            if key in {"x", "y"}:
                assert edit[key] == pytest.approx(value, abs=0.001)
            elif key == "path":
                assert [xy for pair in edit[key] for xy in pair] == pytest.approx(
                    [xy for pair in value for xy in pair], abs=0.001
                )
            else:
                assert edit[key] == value


@pytest.mark.parametrize(
    "records",
    [
        None,
        [],
        "add_centre",
        [3],
        [{"do": "fly", "id": "x"}],
        [{"do": "add_centre", "id": "x"}],
        [{"do": "add_centre", "id": "x", "x": 386000.0, "y": 3028000.0}],
        [{"do": "add_centre", "id": "x", "lon": 500, "lat": 27}],
        [{"do": "add_centre", "id": "x", "lon": "118", "lat": None}],
        [{"do": "add_centre", "id": "x", "lon": float("nan"), "lat": 27.0}],
        [{"do": "add_centre", "id": "x", "lon": 10**400, "lat": 27.0}],
        [{"do": "add_street", "id": "x", "path": 7}],
        [{"do": "add_street", "id": "x", "path": [[118.8, 27.3, 5.0], [118.9, 27.3, 5.0]]}],
        [{"do": "add_street", "id": "x", "path": [[118.8, 27.3]] * 2000}],
        [{"do": "remove_centre", "id": "s1"}] * 500,
    ],
)
def test_records_that_are_no_edits_are_refused_with_a_sentence(records):
    with pytest.raises(InvalidOptionError) as caught:
        read_records(records, METRIC)
    assert len(str(caught.value)) < 600


def test_a_scenario_is_kept_under_its_name_once(county):
    save_scenario(county, " 东门 ", EAST, "t", "试算")
    (stored,) = list_scenarios(county)
    assert (stored.name, stored.note) == ("东门", "试算")
    with pytest.raises(ScenarioConflictError):
        save_scenario(county, "东门", EAST, "t")
    for name in ("  ", "x" * 81, "东\u0000门", "a\u2028b"):
        with pytest.raises(InvalidOptionError):
            save_scenario(county, name, EAST, "t")
    delete_scenario(county, "东门", "t")
    assert list_scenarios(county) == []
    with pytest.raises(FeatureNotFoundError):
        read_scenario(county, "东门")
    with pytest.raises(FeatureNotFoundError):
        delete_scenario(county, "东门", "t")


def test_a_scenario_is_replaced_by_whoever_saw_its_latest_version_alone(county):
    first = save_scenario(county, "东门", EAST, "a")
    second = save_scenario(county, "东门", Scenario((RemoveCentre("s1"),)), "b", "改", version=first.version)
    assert (second.version, second.note) == (first.version + 1, "改")
    with pytest.raises(ScenarioConflictError) as caught:
        save_scenario(county, "东门", EAST, "a", "我的", version=first.version)
    told = caught.value.details()
    assert told["theirs"] == second.to_dict()
    assert (told["yours"]["note"], told["yours"]["edits"]) == ("我的", first.records)
    assert list_scenarios(county) == [second]
    with pytest.raises(ScenarioConflictError):
        delete_scenario(county, "东门", "a", version=first.version)
    with pytest.raises(ScenarioConflictError):
        apply_kept_scenario(county, "东门", "a", version=first.version)
    delete_scenario(county, "东门", "a", version=second.version)
    with pytest.raises(ScenarioConflictError) as caught:
        save_scenario(county, "东门", EAST, "b", version=second.version)
    assert caught.value.details()["theirs"] is None


def test_a_scenario_that_is_carried_out_names_its_own_revision(county):
    kept = save_scenario(county, "东门", EAST, "t")
    applied = apply_kept_scenario(county, "东门", "t", version=kept.version)
    assert applied.revision == county.revision
    assert county.history().iloc[0]["note"] == "apply scenario 东门"
    gate = Scenario((OpenGate("g1"),))
    opened = apply_scenario(county, gate, "t", "opened").revision
    assert apply_scenario(county, gate, "t", "stands so").revision is None
    assert county.revision == opened == applied.revision + 1


def test_a_scenario_is_taken_back_by_its_number_whatever_came_after_it(county):
    before = read_state(county)
    save_scenario(county, "东门", EAST, "t")
    applied = apply_kept_scenario(county, "东门", "t")
    with county.edit("other", "elsewhere") as edit:
        version = int(county.read("gate")["version"].iloc[0])
        edit.update("gate", "g1", version, {"locked": True})
    undone = undo_applied(county, applied.revision, "t")
    assert undone == county.revision == applied.revision + 2
    after = read_state(county)
    assert (after["centre"], after["street"]) == (before["centre"], before["street"])
    assert after["gate"] != before["gate"]  # what the other did stays
    for revision in (applied.revision, applied.revision + 1, undone, 0, 999):
        with pytest.raises(NotUndoableError):
            undo_applied(county, revision, "t")


def test_a_scenario_is_not_taken_back_over_what_others_changed_since(county):
    save_scenario(county, "东门", EAST, "t")
    applied = apply_kept_scenario(county, "东门", "t")
    with county.edit("other", "renamed") as edit:
        edit.update("centre", "s2", 1, {"name": "改名中心"})
    before = read_state(county)
    with pytest.raises(RowsChangedError) as caught:
        undo_applied(county, applied.revision, "t")
    assert caught.value.details() == {"rows": [{"layer": "centre", "key": "s2", "name": "东门中心"}]}
    assert "邻里服务中心 s2 东门中心" in caught.value.message("zh")
    assert read_state(county) == before
    county.undo("other")  # the name is what it was: nothing stands in the way any more
    undo_applied(county, applied.revision, "t")
    assert county.read("centre")["id"].tolist() == ["s1"]


def test_a_centre_is_not_brought_back_under_a_key_that_another_has_by_now(county):
    save_scenario(county, "无", Scenario((RemoveCentre("s1"),)), "t")
    stands = county.read("centre").drop(columns="version")
    applied = apply_kept_scenario(county, "无", "t")
    with county.edit("other", "another of that key") as edit:
        edit.insert("centre", stands)
    with pytest.raises(DuplicateKeysError):
        undo_applied(county, applied.revision, "t")
    assert len(county.read("centre")) == 1


WEST_HALF, EAST_HALF = "community:350725001001", "community:350725001002"


def test_an_account_of_one_area_changes_nothing_outside_it(county):
    save_scenario(county, "东门", EAST, "t")  # at 900 m of 1200, in the eastern half
    before, revision = read_state(county), county.revision
    county.confine([WEST_HALF])
    with pytest.raises(OutOfScopeError) as caught:
        apply_kept_scenario(county, "东门", "west")
    assert caught.value.details()["rows"] == [{"layer": "centre", "key": "s2", "name": "东门中心"}]
    assert (read_state(county), county.revision) == (before, revision)
    for edits in (
        [MoveCentre("s1", WEST + 900, SOUTH + 410)],  # out of the area
        [OpenGate("g1")],  # a column of a feature outside
        [AddStreet("b", ((WEST + 550, SOUTH + 100), (WEST + 650, SOUTH + 100)))],  # over its border
    ):
        with pytest.raises(OutOfScopeError):
            apply_scenario(county, Scenario(tuple(edits)), "west", "no")
    with pytest.raises(OutOfScopeError):
        county.set_setting("map.mark", "x", "west")
    assert (read_state(county), county.revision) == (before, revision)
    inside = apply_scenario(county, Scenario((MoveCentre("s1", WEST + 300, SOUTH + 410),)), "west", "yes")
    assert inside.changed["centre"] == 1
    county.confine([EAST_HALF])
    with pytest.raises(OutOfScopeError):
        county.undo_revision(inside.revision, "east")
    applied = apply_kept_scenario(county, "东门", "east")
    undo_applied(county, applied.revision, "east")
    save_scenario(county, "西", EAST, "east")  # trying is free


def test_an_area_that_has_ended_gives_leave_to_nothing(county):
    county.confine(["community:000000000000"])
    with pytest.raises(OutOfScopeError):
        apply_scenario(county, EAST, "t", "no")


def test_a_scenario_that_is_carried_out_covers_what_was_computed_and_undo_takes_it_back(county):
    before = read_state(county)
    scenario = Scenario((*EAST.edits, RemoveCentre("s1")))
    expected = assess_coverage(scenario.apply(county.read_town()), READING).homes["status"]
    revision = county.revision
    applied = apply_scenario(county, scenario, "t", "east")
    assert county.revision == revision + 1
    assert applied.added == {"centre": {"try": "s2"}}  # s1 stood, so the next of its series
    assert applied.removed["centre"] == 1
    (centre,) = county.read("centre").to_dict("records")
    assert (centre["id"], centre["name"], centre["synthetic"]) == ("s2", "东门中心", True)
    found = assess_coverage(county.read_town(), READING).homes["status"]
    assert found.tolist() == expected.tolist()
    county.undo("t")
    assert read_state(county) == before


def test_gates_streets_and_moves_are_written_and_taken_back(county):
    before = read_state(county)
    scenario = Scenario(
        (
            MoveCentre("s1", WEST + 500, SOUTH + 410),
            AddGate("g", "c1", WEST + 950, SOUTH + 305),
            AddStreet("b", ((WEST + 150, SOUTH + 200), (WEST + 150, SOUTH + 400)), bridge=True),
        )
    )
    expected = assess_coverage(scenario.apply(county.read_town()), READING).homes["walk_s"]
    applied = apply_scenario(county, scenario, "t", "more")
    assert applied.changed == {"centre": 1, "gate": 0, "street": 2}  # two streets got a vertex
    assert set(applied.added["street"]) == {"b"}
    assert applied.added["gate"] == {"g": "g2"}
    found = assess_coverage(county.read_town(), READING).homes["walk_s"]
    assert found.to_numpy() == pytest.approx(expected.to_numpy(), abs=0.002)  # degrees and back
    county.undo("t")
    assert read_state(county) == before


def test_a_scenario_that_no_longer_fits_changes_nothing(county):
    before, revision = read_state(county), county.revision
    with pytest.raises(FeatureNotFoundError):
        apply_scenario(county, Scenario((*EAST.edits, RemoveCentre("gone"))), "t", "no")
    assert (read_state(county), county.revision) == (before, revision)


def test_json_files_with_faults_are_refused(tmp_path):
    for text in ("{", '{"a": NaN}', "[" * 100_000, '{"a": "\\ud800"}', "9" * 5000):
        (tmp_path / "x.json").write_text(text)
        with pytest.raises(FileContentError):
            read_json(tmp_path / "x.json")
    (tmp_path / "x.json").write_bytes(b'\xef\xbb\xbf{"a": 1}')
    assert read_json(tmp_path / "x.json") == {"a": 1}


def test_the_command_saves_lists_shows_applies_and_deletes(geogrid, tmp_path):
    path = write_town(tmp_path / "town.gpkg")
    lon, lat = lonlat(900, 410)
    file = tmp_path / "edits.json"
    file.write_text(
        json.dumps([{"do": "add_centre", "id": "try", "name": "东门中心", "lon": lon, "lat": lat}])
    )
    assert "没有方案" in geogrid.succeed("scenario", path, "list")
    geogrid.succeed("scenario", path, "save", "东门", file)
    assert "东门" in geogrid.succeed("scenario", path, "list")
    assert "东门中心" in geogrid.succeed("scenario", path, "show", "东门")
    shown = json.loads(geogrid.succeed("scenario", path, "show", "东门", "--json"))
    file.write_text(json.dumps(shown))
    geogrid.succeed("scenario", path, "save", "again", file)
    today = json.loads(geogrid.succeed("coverage", path, "--json", "--worlds", 0))
    tried = json.loads(geogrid.succeed("coverage", path, "--json", "--worlds", 0, "--scenario", "东门"))
    assert tried["scenario"]["today"]["people"] == {
        key: value for key, value in today["people"].items() if key != "covered_range_90"
    }
    assert tried["people"]["covered"] > today["people"]["covered"]
    told = geogrid.succeed("coverage", path, "--worlds", 0, "--scenario", "东门")
    assert f"+{tried['people']['covered'] - today['people']['covered']}" in told
    told = json.loads(geogrid.succeed("scenario", path, "apply", "东门", "--json", "--version", 1))
    after = json.loads(geogrid.succeed("coverage", path, "--json", "--worlds", 0))
    assert after["people"]["covered"] == tried["people"]["covered"]
    geogrid.succeed("setting", path, "map.mark", "later")
    geogrid.succeed("undo", path, "--revision", told["revision"])
    geogrid.refuse("undo", path, "--revision", told["revision"])
    assert json.loads(geogrid.succeed("coverage", path, "--json", "--worlds", 0)) == today
    assert "第 1 版" in geogrid.refuse("scenario", path, "save", "东门", file)
    geogrid.succeed("scenario", path, "save", "东门", file, "--version", 1)
    geogrid.refuse("scenario", path, "delete", "东门", "--version", 1)
    geogrid.succeed("scenario", path, "delete", "东门", "--version", 2)


def test_the_command_refuses_what_makes_no_sense(geogrid, tmp_path):
    path = write_town(tmp_path / "town.gpkg")
    file = tmp_path / "edits.json"
    geogrid.refuse("scenario", path, "show")
    geogrid.refuse("scenario", path, "list", "东门")
    geogrid.refuse("scenario", path, "apply", "东门")
    geogrid.refuse("scenario", path, "save", "东门")
    geogrid.refuse("scenario", path, "save", "东门", file)
    file.write_text("7")
    geogrid.refuse("scenario", path, "save", "东门", file)
    file.write_text('[{"do": "remove_centre", "id": "nobody"}]')
    geogrid.refuse("scenario", path, "save", "东门", file)
    geogrid.refuse("coverage", path, "--scenario", "东门")


def test_every_kind_of_edit_is_told_in_words():
    from geogrid.cli.scenario import describe_edit
    from geogrid.coverage.scenario import KINDS

    for kind in KINDS:
        record = {"do": kind, "id": "x1", "compound": "c1", "name": None}
        place = (
            {"path": [[118.0, 27.0], [118.1, 27.0]]} if kind == "add_street" else {"lon": 118.0, "lat": 27.0}
        )
        for tongue in ("zh", "en"):
            assert "x1" in describe_edit(record | place, tongue)


def test_two_columns_that_differ_by_nothing_are_no_change(county):
    town = county.read_town()
    same = Scenario((OpenGate("g1"), MoveCentre("s1", *shapely.get_coordinates(town.centre.geometry[0])[0])))
    applied = apply_scenario(county, same, "t", "nothing moves")
    assert applied.changed["centre"] == 0
    assert applied.changed["gate"] == 1  # it was said to be unlocked, which was unknown before
