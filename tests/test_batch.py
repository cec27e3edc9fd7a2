"""A spreadsheet of places in, the same with its answers out, from the command line."""

from __future__ import annotations

import csv
import datetime as dt
import json
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from geogrid.io.table import read_table
from geogrid.responsibility.batch import ANSWER_COLUMNS, Question, answer_rows, tabulate_answer
from geogrid.responsibility.register import Register
from geogrid.workspace.batch import Columns, find_columns
from tests.support.command import Command
from tests.support.frames import METRIC, make_layer, make_table, rectangle
from tests.support.web import LEADER, OFFICER, OFFICER_PHONE, lonlat, write_town

HOSTILE = [
    "{{7*7}}",
    "<img src=x onerror=alert(1)>",
    "=cmd|'/c calc'!A0",
    "+1-2",
    "@SUM(1)",
    "\u202e宜和\u200f佳苑",
    "䶮𠮷家园",
    "长" * 10_000,
    "'=1",
]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_town(tmp_path_factory.mktemp("batch") / "town.gpkg")


@pytest.fixture
def geogrid(monkeypatch, capsys) -> Command:
    return Command(monkeypatch, capsys)


def write_csv(path: Path, rows: list[list[object]], encoding: str = "utf-8") -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_rows_and_columns_stay_as_they_are_and_the_answers_follow(geogrid, town, tmp_path, encoding):
    rows = [
        ["序号", "电话", "地址", "备注"],
        ["0007", "013800000000", "和平路1号楼", "甲"],
        ["0003", "", "没有这个地方", "乙"],
        ["", "", "", ""],
        ["0001", "00086", "和平路8号", "丙"],
        ["0002", "", "", "丁"],
    ]
    source = write_csv(tmp_path / "in.csv", rows, encoding)
    code, out, err = geogrid("locate-batch", town, source, tmp_path / "out.csv")
    assert (code, err) == (1, "")
    assert "4" in out
    found = read_csv(tmp_path / "out.csv")
    assert [[row[name] for name in rows[0]] for row in found] == rows[1:]
    assert list(found[0])[: len(rows[0])] == rows[0]
    assert found[0]["所在楼栋"] == "和平路1号楼 (b01)"
    assert found[0]["所在社区"] == "西门社区 (350725001001)"
    assert found[0]["查询状态"] == found[3]["查询状态"] == "已确定"
    assert (found[1]["查询状态"], found[1]["查询说明"]) == ("未找到", "没有这个名称或地址。")
    assert [row["查询状态"] for row in found][2:] == ["", "已确定", "空行"]  # a blank row stays blank


def test_the_answer_of_a_row_is_that_of_locate(geogrid, town, tmp_path):
    source = write_csv(tmp_path / "in.csv", [["名称"], ["和平路1号楼"]])
    geogrid.succeed("locate-batch", town, source, tmp_path / "out.csv")
    (row,) = read_csv(tmp_path / "out.csv")
    (match,) = json.loads(geogrid.succeed("locate", town, "和平路1号楼", "--json"))["matches"]
    for kind, title in (("grid", "所在网格"), ("district", "所在片区"), ("beat", "所在警格")):
        assert row[title] == "、".join(f"{area['name']} ({area['code']})" for area in match["areas"][kind])
    for person in match["people"]:
        if person["role"] in row:
            assert person["name"] in row[person["role"]]
    assert float(row["步行分钟"]) == round(match["nearest_centre"]["walk_s"] / 60, 1)
    assert row["邻里长"] == LEADER
    assert (row["社区民警"], row["民警值班电话"]) == (OFFICER, OFFICER_PHONE)


def test_a_row_tells_the_duty_phone_and_never_the_private_one():
    on = dt.date(2026, 6, 1)
    layers = {
        "beat": make_layer("beat", {"B1": rectangle(0, 0, 100, 100)}, name=["一警格"]),
        "building": make_layer("building", {"w1": rectangle(20, 20, 30, 30)}, name=["粮站"]),
    }
    tables = {
        "person": make_table(
            "person", id=["n1"], name=["示例甲"], duty_phone=["000-0000001"], private_phone=["000-9999999"]
        ),
        "assignment": make_table(
            "assignment", id=["a1"], person=["n1"], role=["社区民警"], layer=["beat"], feature=["B1"]
        ),
    }
    register = Register.from_layers(layers, tables, METRIC).on_date(on)
    (answer,) = answer_rows(register, [Question("粮站")], on=on)
    row = dict(zip(ANSWER_COLUMNS, tabulate_answer(answer, register, "zh"), strict=True))
    assert (row["officer"], row["officer_phone"], row["state"]) == ("示例甲", "000-0000001", "已确定")
    assert "000-9999999" not in str(row) + str(answer)


@pytest.mark.parametrize("typed", ["宜和家苑", "衣和佳苑"])
def test_a_name_that_is_only_guessed_is_left_to_a_person(typed):
    on = dt.date(2026, 6, 1)
    layers = {"compound": make_layer("compound", {"p1": rectangle(0, 0, 9, 9)}, name=["宜和佳苑"])}
    register = Register.from_layers(layers, {}, METRIC)
    (answer,) = answer_rows(register, [Question(typed)], on=on)
    assert (answer.state, answer.place) == ("ambiguous", None)
    assert answer.candidates == ("宜和佳苑",)
    assert "请核对" in answer.reason["zh"]


def test_a_name_of_several_places_is_never_decided_by_chance(geogrid, town, tmp_path):
    source = write_csv(tmp_path / "in.csv", [["address"], ["和平路"], ["和平路1号楼"]])
    code, out, _ = geogrid("--lang", "en", "locate-batch", town, source, tmp_path / "out.csv")
    assert code == 1
    assert "ambiguous: 1 rows" in out
    first, second = read_csv(tmp_path / "out.csv")
    assert (first["state"], first["building found"], second["state"]) == ("ambiguous", "", "resolved")
    assert "和平路2号楼" in first["candidates"]


def test_a_spreadsheet_keeps_its_types_and_gets_the_answers(geogrid, town, tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["编号", "日期", "金额", "地址", "网格"])
    book.active.append(["007", pd.Timestamp(2026, 1, 5), 12.5, "和平路2号楼", "我的网格"])
    book.save(tmp_path / "in.xlsx")
    geogrid.succeed("locate-batch", town, tmp_path / "in.xlsx", tmp_path / "out.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "out.xlsx").active
    titles, values = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert values[:5] == ["007", "2026-01-05", 12.5, "和平路2号楼", "我的网格"]
    assert "合成" in sheet.title
    found = dict(zip(titles, values, strict=True))
    assert found["网格"] == "我的网格"
    assert isinstance(found["步行分钟"], float)
    assert len(titles) == 5 + len(ANSWER_COLUMNS) + 1


def test_a_title_that_is_taken_is_told_apart(geogrid, town, tmp_path):
    source = write_csv(tmp_path / "in.csv", [["地址", "片区长"], ["和平路2号楼", "旧"]])
    geogrid.succeed("locate-batch", town, source, tmp_path / "out.csv")
    (row,) = read_csv(tmp_path / "out.csv")
    assert row["片区长"] == "旧"
    assert "片区长（查询结果）" in row


def test_positions_need_their_datum_and_are_looked_up_by_it(geogrid, town, tmp_path):
    lon, lat = lonlat(130, 220)
    rows = [["经度", "纬度"], [lon, lat], ["１１８．０", "27"], ["east", "9"], [200, 1]]
    source = write_csv(tmp_path / "in.csv", rows)
    assert "--datum" in geogrid.refuse("locate-batch", town, source, tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()
    code, _, _ = geogrid("locate-batch", town, source, tmp_path / "out.csv", "--datum", "wgs84")
    assert code == 1
    found = read_csv(tmp_path / "out.csv")
    assert found[0]["所在楼栋"] == "和平路1号楼 (b01)"
    assert [row["查询状态"] for row in found] == ["已确定", "不在任何区域内", "未找到", "未找到"]
    assert "相距" in found[1]["查询说明"]  # the nearest area and how far it is


def test_a_row_whose_name_says_nothing_is_looked_up_by_its_position(geogrid, town, tmp_path):
    lon, lat = lonlat(130, 220)
    source = write_csv(tmp_path / "in.csv", [["地址", "lon", "lat"], ["没有这个地方", lon, lat]])
    out = geogrid.succeed("locate-batch", town, source, tmp_path / "out.csv", "--datum", "wgs84")
    assert "wgs84" in out
    (row,) = read_csv(tmp_path / "out.csv")
    assert row["查询状态"] == "已确定"
    assert "改按此行的坐标" in row["查询说明"]


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_hostile_texts_pass_through_as_the_texts_they_are(geogrid, town, tmp_path, suffix):
    frame = pd.DataFrame({"地址": HOSTILE, "备注": HOSTILE[::-1]}, dtype=object)
    source = tmp_path / f"in.{suffix}"
    if suffix == "csv":
        frame.to_csv(source, index=False)
    else:
        frame.to_excel(
            source,
            index=False,
            engine="xlsxwriter",
            engine_kwargs={"options": {"strings_to_formulas": False}},
        )
    code, _, err = geogrid("locate-batch", town, source, tmp_path / f"out.{suffix}")
    assert (code, err) == (1, "")
    table = read_table(tmp_path / f"out.{suffix}")
    same = [text.removeprefix("'") if suffix == "csv" and text == "'=1" else text for text in HOSTILE]
    assert [row[0] for row in table.cells] == same
    assert [row[1] for row in table.cells] == same[::-1]
    if suffix == "csv":  # as a spreadsheet program would read it, no cell begins a formula
        with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as file:
            assert not [cell for row in csv.reader(file) for cell in row if cell[:1] in tuple("=+-@")]
    else:
        sheet = openpyxl.load_workbook(tmp_path / "out.xlsx").active
        assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "n", "b"}


def test_control_characters_are_refused_with_their_row_and_nothing_is_written(geogrid, town, tmp_path):
    source = write_csv(tmp_path / "in.csv", [["地址"], ["和平路1号楼"], ["和平\x07路"]])
    error = geogrid.refuse("locate-batch", town, source, tmp_path / "out.csv")
    assert "第 3 行" in error
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_identity_numbers_are_refused(geogrid, town, tmp_path):
    source = write_csv(tmp_path / "in.csv", [["地址", "身份证号"], ["和平路1号楼", "000"]])
    assert "身份证" in geogrid.refuse("locate-batch", town, source, tmp_path / "out.csv")


def test_the_input_is_never_overwritten(geogrid, town, tmp_path):
    source = write_csv(tmp_path / "in.csv", [["地址"], ["和平路1号楼"]])
    before = source.read_bytes()
    geogrid.refuse("locate-batch", town, source, source)
    (tmp_path / "link.csv").symlink_to(source)
    geogrid.refuse("locate-batch", town, source, tmp_path / "link.csv")
    geogrid.refuse("locate-batch", town, source, tmp_path / "out.txt")
    assert source.read_bytes() == before


def test_a_file_without_a_column_that_says_where_is_refused_and_one_can_be_named(geogrid, town, tmp_path):
    source = write_csv(tmp_path / "in.csv", [["甲", "乙"], ["1", "和平路1号楼"]])
    assert "缺少列" in geogrid.refuse("locate-batch", town, source, tmp_path / "out.csv")
    geogrid.succeed("locate-batch", town, source, tmp_path / "out.csv", "--column", "乙")
    assert read_csv(tmp_path / "out.csv")[0]["所在楼栋"] == "和平路1号楼 (b01)"
    assert "--column" in geogrid.refuse("locate-batch", town, source, tmp_path / "o.csv", "--column", "丙")


@pytest.mark.parametrize(
    ("titles", "expected"),
    [
        (["Name", "ADDRESS"], ("ADDRESS", None, None)),
        (["姓名", "现住址", "小区"], ("现住址", None, None)),
        (["登记地址*", "备注"], ("登记地址*", None, None)),
        (["经度(WGS84)", "纬度(WGS84)"], (None, "经度(WGS84)", "纬度(WGS84)")),
        (["LNG", "Lat", "小区"], ("小区", "LNG", "Lat")),
    ],
)
def test_the_columns_that_say_where_are_found_by_their_titles(titles, expected):
    assert find_columns(titles, Columns(None, None, None), "in.csv") == Columns(*expected)
