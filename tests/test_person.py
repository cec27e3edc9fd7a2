"""People on duty: masks, reveals on record, scopes, and an erasure that leaves nothing."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from geogrid.errors import (
    ErasureUnfinishedError,
    FeatureNotFoundError,
    InvalidOptionError,
    NotPermittedError,
    RevealLimitError,
)
from geogrid.workspace import Workspace, write_backup
from geogrid.workspace.audit import read_trail, verify_trail
from geogrid.workspace.person import (
    REVEALS_PER_HOUR,
    erase_person,
    find_copies,
    finish_erasures,
    list_people,
    mask_phone,
    reveal_phone,
)
from geogrid.workspace.scope import find_people_in_scope
from tests.support.command import Command

NOW = dt.datetime(2026, 6, 1, 4, 0, tzinfo=dt.UTC)
TODAY = dt.date(2026, 6, 1)
NAME, UNIT, OLD_PHONE, PHONE, PRIVATE = "示例某甲", "示例单位甲", "000-1111111", "000-2222222", "00012341111"
TRACES = (NAME, UNIT, OLD_PHONE, PHONE, PRIVATE, "badge-4711")


def boxes(name, codes, **columns):
    """Areas of one by one degree from west to east."""
    frame = {"code": codes, "name": [f"区{c}" for c in codes], **columns}
    shapes = [shapely.box(118 + i * 0.1, 27, 118.1 + i * 0.1, 27.1) for i in range(len(codes))]
    return name, gpd.GeoDataFrame(frame, geometry=shapes, crs="EPSG:4490")


@pytest.fixture
def county(tmp_path):
    with Workspace.create(tmp_path / "county.gpkg", "350725", "政和县") as workspace:
        with workspace.edit("os:t", "areas") as edit:
            for name, frame in (
                boxes("community", ["C1", "C2"]),
                boxes("district", ["D1", "D2"]),
                boxes("lane", ["L1", "L2"]),
                boxes("grid", ["G1", "G2"], community=["C1", "C2"], district=["D2", "D1"]),
                boxes("beat", ["B1", "B2"], community=["C1", "C2"]),
            ):
                edit.insert(name, frame)
            edit.insert("group", pd.DataFrame({"id": ["H1"], "kind": ["户组"], "grid": ["G1"]}))
        with workspace.edit("os:t", "people") as edit:
            edit.insert(
                "person",
                pd.DataFrame(
                    {
                        "id": ["badge-4711", "p2", "p3", "p4"],
                        "name": [NAME, "示例乙", "示例丙", "示例丁"],
                        "unit": [UNIT, "示例单位", None, None],
                        "duty_phone": [OLD_PHONE, "000-3333333", None, None],
                        "private_phone": [PRIVATE, None, None, None],
                    }
                ),
            )
            edit.insert(
                "assignment",
                pd.DataFrame(
                    {
                        "id": ["a1", "a2", "a3", "a4"],
                        "person": ["badge-4711", "p2", "p3", "p4"],
                        "role": ["邻里长", "社区民警", "户组长", "街巷长"],
                        "layer": ["grid", "beat", "group", "lane"],
                        "feature": ["G1", "B2", "H1", "L1"],
                        "valid_from": ["2025-01-01"] * 4,
                    }
                ),
            )
        with workspace.edit("os:t", "new number") as edit:
            edit.update("person", "badge-4711", 1, {"duty_phone": PHONE})
        yield workspace


def search(county, traces=TRACES):
    """Every file of the county, its logs and its cache: which traces occur in which."""
    found = set()
    for file in county.path.parent.rglob("*"):
        if file.is_file():
            body = file.read_bytes()
            found |= {(file.name, trace) for trace in traces if trace.encode() in body}
    return found


# --- masks and scopes ---------------------------------------------------------------------------


def test_a_masked_number_keeps_too_little_to_dial():
    assert mask_phone("00012341111") == "000****1111"
    assert mask_phone("5551234") == "****34"
    assert mask_phone("110") == "****"
    assert mask_phone(None) is None


def test_a_list_holds_no_private_number(county):
    people = list_people(county, on=TODAY)
    assert [person.id for person in people] == ["badge-4711", "p2", "p3", "p4"]
    assert people[0].private_phone == "000****1111"
    assert PRIVATE not in repr(people)
    assert [duty.feature for duty in people[0].duties] == ["G1"]


@pytest.mark.parametrize(
    ("scope", "people"),
    [
        ([], {"badge-4711", "p2", "p3", "p4"}),
        (["community:C1"], {"badge-4711", "p3", "p4"}),  # grid G1, its group, and lane L1, which lies in C1
        (["community:C2"], {"p2"}),
        (["district:D2"], {"badge-4711", "p3", "p2"}),  # G1 declares D2; beat B2 lies in it
        (["grid:G1"], {"badge-4711", "p3", "p4"}),
        (["lane:L2"], {"p2"}),
    ],
)
def test_a_scope_holds_the_people_of_its_areas(county, scope, people):
    assert find_people_in_scope(county, scope, TODAY) == people


# --- revealing ----------------------------------------------------------------------------------


def reveal(county, person="badge-4711", role="staff", scope=("community:C1",), reason="夜间联系", at=NOW):
    return reveal_phone(county, person, actor="anna", role=role, scope=scope, reason=reason, at=at)


def test_a_private_number_is_shown_for_a_reason_and_that_is_on_record(county):
    assert reveal(county) == PRIVATE
    record = read_trail(county).iloc[-1]
    assert (record["account"], record["action"], record["reason"]) == ("anna", "person.reveal", "夜间联系")
    assert PRIVATE not in record.to_string()
    assert NAME not in record.to_string()
    assert reveal(county, "p3") is None


@pytest.mark.parametrize("reason", ["", "  ", None, "x" * 501, "a\x07b"])
def test_a_number_is_not_shown_without_a_reason(county, reason):
    with pytest.raises(InvalidOptionError):
        reveal(county, reason=reason)
    assert read_trail(county).empty


@pytest.mark.parametrize(
    "given", [{"role": "public"}, {"scope": ["community:C2"]}, {"person": "nobody"}, {"person": "p2"}]
)
def test_who_may_not_see_a_number_is_refused_on_record(county, given):
    with pytest.raises(NotPermittedError):
        reveal(county, **given)
    assert read_trail(county)["action"].tolist() == ["person.refused"]


def test_the_limit_of_an_hour_holds_for_each_account_and_moves_on(county):
    for i in range(REVEALS_PER_HOUR):
        reveal(county, at=NOW + dt.timedelta(seconds=i))
    with pytest.raises(RevealLimitError):
        reveal(county, at=NOW + dt.timedelta(minutes=59))
    assert read_trail(county)["action"].iloc[-1] == "person.refused"
    assert (
        reveal_phone(county, "badge-4711", actor="bo", role="admin", scope=(), reason="r", at=NOW) == PRIVATE
    )
    # An hour after the first one, one more is free.
    assert reveal(county, at=NOW + dt.timedelta(hours=1)) == PRIVATE


# --- erasing ------------------------------------------------------------------------------------


def test_before_an_erasure_the_private_file_holds_the_person_and_the_map_file_does_not(county):
    county.close()
    assert search(county) == {(county.private_path.name, trace) for trace in TRACES}


def test_nothing_of_an_erased_person_is_in_any_file(county):
    (county.path.with_suffix(".cache")).mkdir()
    (county.path.with_suffix(".cache") / "layout-x.npz").write_bytes(b"layout")
    reveal(county, reason=f"找{NAME}核实")
    report = erase_person(county, "badge-4711", actor="os:t", reason=f"{NAME}离职")
    assert (report.n_ended, report.n_reasons, report.still_found) == (1, 1, ())
    assert search(county) == set()  # with the county still open: the logs are there too
    county.close()
    assert search(county) == set()


def test_a_pseudonym_stays_for_an_erased_person_now_and_in_the_past(county):
    report = erase_person(county, "badge-4711", actor="os:t", reason="离职", at=NOW)
    name = county.read("person").set_index("id")["name"]
    assert name[report.pseudonym] == "（已删除人员）"
    assert county.read("assignment", on=TODAY)["feature"].tolist() == ["B2", "H1", "L1"]
    assert county.read("assignment", on=TODAY - dt.timedelta(days=1))["person"].iloc[0] == report.pseudonym
    old = county.read("person", revision=2).set_index("id").loc[report.pseudonym]
    assert old[["unit", "duty_phone", "private_phone"]].isna().all()


def test_undo_does_not_bring_an_erased_person_back(county):
    erase_person(county, "badge-4711", actor="os:t", reason="离职", at=NOW)
    notes = county.history().set_index("revision")["note"]
    undone = [notes[county.undo("os:t")] for _ in range(3)]
    assert undone == ["new number", "people", "areas"]  # the erasure is passed over
    assert county.read("person", ended=True).empty
    county.close()
    assert search(county) == set()


def test_a_person_who_was_deleted_before_is_erased_from_the_history(county):
    with county.edit("os:t", "leaves") as edit:
        edit.delete("person", ["badge-4711"])
    erase_person(county, "badge-4711", actor="os:t", reason="离职")
    county.undo("os:t")
    assert NAME not in county.read("person")["name"].tolist()
    county.close()
    assert search(county) == set()


def test_the_record_stays_whole_when_an_erasure_blanks_a_reason(county):
    reveal(county, reason=f"找{NAME}核实")
    reveal(county, "p3", reason="别的事")
    erase_person(county, "badge-4711", actor="os:t", reason="离职")
    report = verify_trail(county)
    assert (report.broken, report.n_blanked) == ((), 1)
    with sqlite3.connect(county.private_path) as other:
        other.execute("UPDATE audit SET reason = NULL WHERE reason = '别的事'")
    other.close()
    assert verify_trail(county).broken == ((2, "reason"),)


def test_an_erasure_while_another_program_reads_says_so_and_is_finished_later(county, monkeypatch):
    county._connection.execute("PRAGMA busy_timeout = 50")
    reader = sqlite3.connect(county.private_path)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM person").fetchone()
    with pytest.raises(ErasureUnfinishedError):
        erase_person(county, "badge-4711", actor="os:t", reason="离职")
    reader.close()
    finish_erasures(county)
    assert search(county) == set()


def test_copies_of_the_person_beside_the_county_are_named(county, tmp_path):
    write_backup(county.path, tmp_path / "old.zip")
    (tmp_path / "county.before-restore-1.private.sqlite").write_bytes(b"")
    (tmp_path / "notes.zip").write_bytes(b"no archive")
    report = erase_person(county, "badge-4711", actor="os:t", reason="离职")
    assert [file.name for file in report.not_covered] == ["county.before-restore-1.private.sqlite", "old.zip"]
    assert find_copies(county.path) == list(report.not_covered)


def test_a_name_that_somebody_else_has_too_is_told(county):
    with county.edit("os:t", "namesake") as edit:
        edit.insert("person", pd.DataFrame({"id": ["p9"], "name": [NAME]}))
    report = erase_person(county, "badge-4711", actor="os:t", reason="离职")
    assert report.still_found == (("name", county.private_path),)
    assert NAME in county.read("person")["name"].tolist()


def test_nobody_is_erased_by_an_id_that_is_not_known(county):
    with pytest.raises(FeatureNotFoundError):
        erase_person(county, "p99", actor="os:t", reason="离职")
    assert county.revision == 3


def test_who_made_an_edit_stands_in_the_private_file_alone(county):
    assert set(county.history()["author"]) == {"os:t"}
    county.close()
    assert b"os:t" not in county.path.read_bytes()
    assert b"os:t" in county.private_path.read_bytes()


def test_people_are_kept_from_the_command_line(county, monkeypatch, capsys):
    geogrid = Command(monkeypatch, capsys)
    county.close()
    path = county.path
    listed = geogrid.succeed("person", path, "list")
    assert "000****1111" in listed
    assert PRIVATE not in listed
    assert json.loads(geogrid.succeed("person", path, "show", "p2"))["name"] == "示例乙"
    assert geogrid("person", path, "show", "p99")[0] == 1
    assert geogrid.succeed("person", path, "reveal", "badge-4711", "--reason", "夜间联系").strip() == PRIVATE
    geogrid.refuse("person", path, "reveal", "badge-4711", "--reason", " ")
    told = json.loads(
        geogrid.succeed("person", path, "erase", "badge-4711", "--reason", "离职", "--yes", "--json")
    )
    assert told["n_ended"] == 1
    geogrid.succeed("person", path, "clean")
    assert search(county) == set()
