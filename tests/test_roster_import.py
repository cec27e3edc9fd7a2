"""Rosters from spreadsheets: read, matched, shown before they are written, undone, and hostile."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
import shapely

from geogrid.errors import FileContentError, RevisionConflictError, RosterConflictError, UnsupportedFileError
from geogrid.io.roster import PhoneError, read_phone, read_roster
from geogrid.io.table import write_table
from geogrid.io.template import write_template
from geogrid.responsibility.duty import group_duties
from geogrid.schema import LAYERS, ROSTER
from geogrid.workspace import Workspace
from geogrid.workspace.audit import read_trail
from geogrid.workspace.roster import ChangeKind, Missing, apply_roster, plan_roster
from tests.support.command import Command

TODAY = dt.date(2026, 6, 1)
HEADS = [column.zh for column in ROSTER.columns]


def write_rows(path: Path, *rows: dict) -> Path:
    """A workbook with the roster's headings; rows by our column names."""
    book = openpyxl.Workbook()
    book.active.append(HEADS)
    for row in rows:
        book.active.append([row.get(name) for name in ROSTER.column_names])
    book.save(path)
    return path


def duty(name, role, area, **more):
    return {"name": name, "unit": "示例单位", "role": role, "area": area, **more}


def areas(layer, codes, names, **columns):
    shapes = [shapely.box(118 + i * 0.1, 27, 118.1 + i * 0.1, 27.1) for i in range(len(codes))]
    return layer, gpd.GeoDataFrame(
        {"code": codes, "name": names, **columns}, geometry=shapes, crs="EPSG:4490"
    )


@pytest.fixture
def county(tmp_path):
    with Workspace.create(tmp_path / "county.gpkg", "350725", "政和县") as workspace:
        with workspace.edit("t", "areas") as edit:
            for layer, frame in (
                areas("community", ["C1", "C2"], ["东门社区", "南门社区"]),
                areas("district", ["D1"], ["一片区"]),
                areas("grid", ["G1", "G2", "G3"], ["一格", "二格", "二格"]),
                areas("beat", ["B1"], ["一警格"], community=["C1"]),
            ):
                edit.insert(layer, frame)
            edit.insert(
                "group",
                pd.DataFrame({"id": ["L1", "H1"], "name": ["同名组"] * 2, "kind": ["楼栋组", "户组"]}),
            )
        yield workspace


def plan(county, path, missing=Missing.KEEP, on=TODAY):
    return plan_roster(county, read_roster(path), missing, on)


def load(county, path, missing=Missing.KEEP, on=TODAY):
    made = plan(county, path, missing, on)
    return made, apply_roster(county, made, actor="os:t")


def held(county, on=TODAY):
    """Name -> what is held on a day."""
    people = county.read("person").set_index("id")["name"]
    rows = county.read("assignment", on=on)
    return sorted(zip(rows["person"].map(people), rows["role"], rows["feature"], strict=True))


def kinds(made):
    return {name: n for name, n in made.counts.items() if n}


# --- reading ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "phone"),
    [
        ("000-0000001", "000-0000001"),
        ("  ０００－１２３４５６７ ", "000-1234567"),
        (13800000001, "13800000001"),
        (13800000001.0, "13800000001"),
        ("13800000001.0", "13800000001"),
        ("1.3800000001E+10", "13800000001"),
        (1234567, "1234567"),
        ("000-1234567转8001", "000-1234567转8001"),
        (None, None),
        ("  ", None),
    ],
)
def test_a_phone_is_text_and_mended_where_no_digit_is_lost(cell, phone):
    assert read_phone(cell) == phone


@pytest.mark.parametrize(
    "cell",
    [
        "1.38E+10",  # 3 of 11 digits
        5991234567,  # 0599-1234567 without its zero
        59912345678.0,
        1.5,
        "abc",
        "=1+1",
        True,
        -13800000001,
        "1" * 50,
    ],
)
def test_a_phone_that_lost_digits_or_is_none_is_refused(cell):
    with pytest.raises(PhoneError):
        read_phone(cell)


def test_every_fault_of_a_file_is_told_with_its_row(tmp_path):
    path = write_rows(
        tmp_path / "r.xlsx",
        duty("示例甲", "里长", "一格"),
        duty(None, "邻里长", "一格"),
        duty("示例丙", "邻里长", "一格", valid_from="2026-02-01", valid_to="2026-01-01"),
        duty("示例丁", "邻里长", "一格", duty_phone="1.38E+10"),
        duty("示例" * 101, "邻里长", "一格"),
        duty("示例戊", "邻里长", "一格", valid_from="明天"),
    )
    with pytest.raises(FileContentError) as raised:
        read_roster(path)
    assert sorted(fault.row for fault in raised.value.faults) == [2, 3, 4, 5, 6, 7]


def test_control_characters_are_refused_with_their_row(tmp_path):
    path = tmp_path / "r.csv"
    path.write_text(
        "姓名,职务,区域名称或代码\n示例甲,邻里长,一格\n示例\x07乙,邻里长,一格\n", encoding="utf-8"
    )
    with pytest.raises(FileContentError) as raised:
        read_roster(path)
    assert [(fault.row, fault.column) for fault in raised.value.faults] == [(3, "姓名")]


def identity_number():
    """18 digits with a right check digit (GB 11643-1999), of nobody: the place 000000 does not exist."""
    body = "00000019000101000"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(int(digit) * weight for digit, weight in zip(body, weights, strict=True))
    return body + "10X98765432"[total % 11]


@pytest.mark.parametrize("cell", ["{}", "张{}号", "号码：{}，备注", "{} "])
def test_an_identity_number_in_any_cell_is_refused_and_not_repeated(tmp_path, cell):
    number = identity_number()
    rows = [duty("示例甲", "邻里长", "一格"), duty("示例乙", "邻里长", "一格", unit=cell.format(number))]
    path = write_rows(tmp_path / "r.xlsx", *rows, duty("示例丙", "邻里长", "二格"))
    with pytest.raises(FileContentError, match="身份证号") as raised:
        read_roster(path)
    assert number not in str(raised.value)
    assert raised.value.faults[0].row == 3


def test_a_column_of_identity_numbers_is_refused_even_when_empty(tmp_path):
    path = tmp_path / "r.csv"
    path.write_text("姓名,职务,区域名称或代码,身份证号\n示例甲,邻里长,一格,\n", encoding="gb18030")
    with pytest.raises(FileContentError, match="身份证号"):
        read_roster(path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_csv_is_read_in_the_encodings_of_the_office(tmp_path, encoding):
    path = tmp_path / "r.csv"
    path.write_text("姓名,职务,区域名称或代码\n示例䶮𠮷,邻里长,一格\n", encoding=encoding)
    assert read_roster(path).rows[0].name == "示例䶮𠮷"


# --- matching areas and roles -------------------------------------------------------------------


def test_areas_go_by_code_name_and_community_and_roles_by_other_names(county, tmp_path):
    path = write_rows(
        tmp_path / "r.xlsx",
        duty("示例甲", "三级网格长", "G2"),
        duty("示例乙", "辅警", "东门社区", kind="社区"),
        duty("示例丙", "网格长", "一片区", kind="片区"),
        duty("示例丁", "楼长", "同名组"),
        duty("示例戊", "网格长", "同名组", kind="户组"),
        duty("示例己", "片警", "一 警格"),
    )
    load(county, path)
    assert held(county) == [
        ("示例丁", "楼栋长", "L1"), ("示例丙", "片区长", "D1"), ("示例乙", "专职辅警", "B1"),
        ("示例己", "社区民警", "B1"), ("示例戊", "户组长", "H1"), ("示例甲", "邻里长", "G2"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (duty("示例甲", "邻里长", "二格"), "G2, G3"),
        (duty("示例甲", "邻里长", "九格"), "九格"),
        (duty("示例甲", "邻里长", "一片区", kind="片区"), "片区"),
        (duty("示例甲", "网格长", "一格"), "五级"),
        (duty("示例甲", "楼栋长", "同名组", kind="户组"), "户组"),
    ],
)
def test_an_area_that_is_not_clear_is_told_with_its_row(county, tmp_path, row, said):
    path = write_rows(tmp_path / "r.xlsx", duty("示例乙", "邻里长", "一格"), row)
    with pytest.raises(FileContentError, match=said) as raised:
        plan(county, path)
    assert [fault.row for fault in raised.value.faults] == [3]


# --- what changes -------------------------------------------------------------------------------


def test_the_same_file_again_changes_nothing(county, tmp_path):
    path = write_rows(
        tmp_path / "r.xlsx",
        duty("示例甲", "邻里长", "一格", duty_phone="000-0000001", duty_phone_public="是"),
        duty("示例甲", "社区书记", "东门社区", duty_phone="000-0000001", valid_to="2026-12-31"),
        duty("示例乙", "邻里长", "G2", valid_from="2024-01-01", valid_to="2025-01-01"),
        duty("示例乙", "邻里长", "G2", valid_from="2025-06-01"),
        duty("示例丙", "邻里长", "G3", person="p7"),
    )
    first, revision = load(county, path)
    assert (kinds(first), revision) == ({"added": 5}, 2)
    assert county.count("person") == 3
    for missing in Missing:
        again, revision = load(county, path, missing)
        assert (kinds(again), revision) == ({"unchanged": 5}, None)
        again, revision = load(county, path, missing, on=dt.date(2027, 6, 1))
        assert (kinds(again), revision) == ({"unchanged": 5}, None)
    assert county.revision == 2


def test_undo_brings_the_former_roster_back_and_says_so(county, tmp_path):
    load(county, write_rows(tmp_path / "a.xlsx", duty("示例甲", "邻里长", "一格", person="p1")))
    before = county.read("person"), county.read("assignment", ended=True)
    _, revision = load(
        county,
        write_rows(
            tmp_path / "b.xlsx", duty("示例甲二", "邻里长", "G2", person="p1", duty_phone="000-0000009")
        ),
        Missing.END,
    )
    assert held(county) == [("示例甲二", "邻里长", "G2")]
    assert county.undo("os:t") == revision
    for old, new in zip(before, (county.read("person"), county.read("assignment", ended=True)), strict=True):
        pd.testing.assert_frame_equal(old.drop(columns="version"), new.drop(columns="version"))
    assert read_trail(county)["action"].tolist() == ["roster.import"] * 2 + ["roster.undo"]


def test_moved_missing_changed_and_ended_duties_are_told_apart(county, tmp_path):
    load(
        county,
        write_rows(
            tmp_path / "a.xlsx",
            duty("示例甲", "邻里长", "一格", person="p1", valid_from="2025-01-01"),
            duty("示例乙", "邻里长", "G2", person="p2", valid_from="2025-01-01"),
            duty("示例丙", "邻里长", "G3", person="p3", valid_from="2025-01-01"),
            duty("示例丁", "片区长", "D1", person="p4"),
            duty("示例戊", "社区书记", "C1", person="p5", valid_to="2026-12-31"),
        ),
    )
    path = write_rows(
        tmp_path / "b.xlsx",
        duty("示例甲", "邻里长", "G2", person="p1", valid_from="2026-05-01"),  # moved
        duty("示例丙", "邻里长", "G3", person="p3", valid_to="2026-04-30"),  # ended
        duty("示例戊", "社区书记", "C1", person="p5", valid_to="长期"),  # prolonged
    )
    made, _ = load(county, path, Missing.END)
    assert kinds(made) == {"added": 1, "changed": 1, "ended": 3}
    ended = {one.feature: one.what for one in made.changes if one.kind is ChangeKind.ENDED}
    assert ended == {"G1": "duty_moved", "G2": "duty_missing", "G3": "duty_dates"}
    # Nobody but 片区长 stays of the first file's other roles: the second file has none.
    assert held(county) == [
        ("示例丁", "片区长", "D1"),
        ("示例戊", "社区书记", "C1"),
        ("示例甲", "邻里长", "G2"),
    ]
    rows = county.read("assignment", ended=True).set_index(["person", "feature"])["valid_to"]
    assert rows["p1", "G1"] == "2026-04-30"  # the day before the new one begins
    assert rows["p2", "G2"] == "2026-05-31"  # the day before the import
    assert rows["p5", "C1"] is None


def test_an_empty_cell_leaves_what_is_on_record(county, tmp_path):
    full = duty(
        "示例甲", "邻里长", "一格", person="p1", duty_phone="000-0000001", private_phone="00012340001",
        valid_from="2025-01-01", valid_to="2027-01-01",
    )  # fmt: skip
    load(county, write_rows(tmp_path / "a.xlsx", full))
    bare = {name: full[name] for name in ("name", "role", "area", "person")}
    made, revision = load(county, write_rows(tmp_path / "b.xlsx", bare))
    assert (kinds(made), revision) == ({"unchanged": 1}, None)


def test_a_person_who_may_be_somebody_on_record_is_a_conflict_and_nothing_is_written(county, tmp_path):
    load(county, write_rows(tmp_path / "a.xlsx", duty("示例甲", "邻里长", "一格", duty_phone="000-0000001")))
    other = duty("示例甲", "邻里长", "G2", duty_phone="000-0000002")
    path = write_rows(tmp_path / "b.xlsx", other, duty("示例乙", "邻里长", "G3"))
    made = plan(county, path)
    assert made.counts["conflict"] == 1
    with pytest.raises(RosterConflictError):
        apply_roster(county, made, actor="os:t")
    assert county.count("person") == 1
    # An id says who is meant: a new one makes a new person, the known one another number.
    load(county, write_rows(tmp_path / "c.xlsx", {**other, "person": "new"}))
    assert county.count("person") == 2
    known = county.read("person")["id"][lambda ids: ids != "new"].iloc[0]
    made, _ = load(
        county,
        write_rows(tmp_path / "d.xlsx", duty("示例甲", "邻里长", "一格", duty_phone="000-3", person=known)),
    )
    assert made.counts["changed"] == 1
    assert county.count("person") == 2


def test_two_on_record_with_the_same_traits_are_not_merged(county, tmp_path):
    one = duty("示例甲", "邻里长", "一格")
    load(
        county,
        write_rows(tmp_path / "a.xlsx", {**one, "person": "p1"}, {**one, "person": "p2", "area": "G2"}),
    )
    made = plan(county, write_rows(tmp_path / "b.xlsx", one))
    assert [(c.kind, c.what, c.told) for c in made.changes if c.kind is ChangeKind.CONFLICT] == [
        (ChangeKind.CONFLICT, "person_several", "p1, p2")
    ]


def test_two_people_of_one_name_in_one_file_are_two(county, tmp_path):
    rows = [duty("示例甲", "邻里长", f"G{i}", duty_phone=f"000-000000{i}") for i in (1, 2)]
    load(county, write_rows(tmp_path / "a.xlsx", *rows))
    assert county.count("person") == 2


@pytest.mark.parametrize(
    "second",
    [
        duty("示例乙", "邻里长", "G2", person="p1"),
        duty("示例甲", "邻里长", "一格", person="p1", valid_from="2026-01-01"),
    ],
)
def test_rows_that_contradict_each_other_are_told(county, tmp_path, second):
    path = write_rows(tmp_path / "r.xlsx", duty("示例甲", "邻里长", "一格", person="p1"), second)
    with pytest.raises(FileContentError, match="第 2 行") as raised:
        plan(county, path)
    assert [fault.row for fault in raised.value.faults] == [3]


def test_a_plan_holds_for_the_revision_it_was_made_from(county, tmp_path):
    made = plan(county, write_rows(tmp_path / "r.xlsx", duty("示例甲", "邻里长", "一格")))
    county.set_setting("map.mark", "x", "t")
    with pytest.raises(RevisionConflictError):
        apply_roster(county, made, actor="os:t")
    assert county.count("person") == 0


# --- hostile names ------------------------------------------------------------------------------

HOSTILE = [
    "{{7*7}}",
    "<img src=x onerror=alert(1)>",
    "=cmd|' /C calc'!A0",
    "\u202eabc\u202c",
    "䶮家𠮷",
    "${x}`y`",
    "名" * 200,
]


@pytest.mark.parametrize("suffix", [".xlsx", ".csv"])
def test_hostile_names_stay_the_text_that_they_are(county, tmp_path, suffix):
    rows = [duty(name, "邻里长", "一格", person=f"p{i}") for i, name in enumerate(HOSTILE)]
    frame = pd.DataFrame([{c.zh: row.get(c.name) for c in ROSTER.columns} for row in rows])
    path = tmp_path / f"r{suffix}"
    write_table(frame, path)
    load(county, path)
    people = county.read("person")
    assert sorted(people["name"]) == sorted(HOSTILE)
    told = group_duties(county.read("assignment", on=TODAY), people, {})
    assert sorted(one.name for one in told["grid", "G1"]) == sorted(HOSTILE)
    again = tmp_path / f"out{suffix}"
    write_table(
        people.assign(职务="邻里长", 区域名称或代码="G1").drop(
            columns=["version", "id", "source", "synthetic"]
        ),
        again,
    )
    assert sorted(row.name for row in read_roster(again).rows) == sorted(HOSTILE)


# --- templates ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*LAYERS, "roster"])
def test_a_template_has_the_headings_of_the_schema_and_no_row(tmp_path, name):
    layer = LAYERS.get(name, ROSTER)
    write_template(layer, tmp_path / "t.xlsx")
    book = openpyxl.load_workbook(tmp_path / "t.xlsx")
    sheet = book.worksheets[0]
    heads = [cell.value for cell in sheet[1]]
    assert heads[: len(layer.columns) - ("synthetic" in layer.column_names)] == [
        column.zh for column in layer.columns if column.name != "synthetic"
    ]
    assert sheet.max_row == 1
    assert all(cell.comment for cell in sheet[1])
    assert len(book.worksheets) == 2


def test_a_filled_template_is_read_back(county, tmp_path):
    path = tmp_path / "t.xlsx"
    write_template(ROSTER, path)
    book = openpyxl.load_workbook(path)
    book.worksheets[0].append([row_value(name) for name in ROSTER.column_names])
    book.save(path)
    load(county, path)
    assert held(county) == [("示例甲", "社区民警", "B1")]
    person = county.read("person").iloc[0]
    assert (person["duty_phone"], bool(person["duty_phone_public"])) == ("000-0000001", True)


def row_value(name):
    return {
        "name": "示例甲", "duty_phone": "000-0000001", "duty_phone_public": "是", "role": "社区民警",
        "kind": "警格", "area": "一警格", "valid_from": dt.date(2026, 1, 1),
    }.get(name)  # fmt: skip


def test_a_filled_template_of_a_layer_is_imported(tmp_path, monkeypatch, capsys):
    geogrid = Command(monkeypatch, capsys)
    county, path = tmp_path / "c.gpkg", tmp_path / "t.xlsx"
    geogrid.succeed("init", county, "--code", "350725", "--name", "政和县")
    geogrid.succeed("template", "centre", path)
    book = openpyxl.load_workbook(path)
    heads = [cell.value for cell in book.worksheets[0][1]]
    values = {"编号": "c1", "名称": "示例中心", "容量": 30, "经度": 118.85, "纬度": 27.36}
    book.worksheets[0].append([values.get(head) for head in heads])
    book.save(path)
    geogrid.succeed("import", county, "centre", path, "--datum", "wgs84")
    with Workspace.open(county) as workspace:
        assert workspace.read("centre")["id"].tolist() == ["c1"]
    geogrid.refuse("template", "person", tmp_path / "p.xlsx")
    with pytest.raises(UnsupportedFileError):
        write_template(ROSTER, tmp_path / "t.csv")


# --- the command line ---------------------------------------------------------------------------


def test_a_roster_is_shown_written_and_undone_from_the_command_line(county, tmp_path, monkeypatch, capsys):
    geogrid = Command(monkeypatch, capsys)
    county.close()
    path = write_rows(
        tmp_path / "示例甲的名册.xlsx", duty("示例甲", "邻里长", "一格", private_phone="00012340001")
    )
    preview = geogrid.succeed("import-roster", county.path, path, "--dry-run")
    assert "示例甲" in preview
    assert "00012340001" not in preview
    written = json.loads(geogrid.succeed("import-roster", county.path, path, "--json"))
    assert written["counts"]["added"] == 1
    again = json.loads(geogrid.succeed("import-roster", county.path, path, "--json", "--replace-missing"))
    assert (again["revision"], again["counts"]["unchanged"]) == (None, 1)
    other = write_rows(tmp_path / "b.xlsx", duty("示例甲", "邻里长", "一格", duty_phone="000-0000005"))
    assert geogrid("import-roster", county.path, other)[0] == 1
    # Neither the person nor the file, which bears their name, is told by the map file.
    assert "示例甲".encode() not in county.path.read_bytes()
    geogrid.succeed("undo", county.path)
    with Workspace.open(county.path) as workspace:
        assert workspace.read("person").empty
