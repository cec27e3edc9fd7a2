"""Tables without coordinates: rows find their place by address, and none is lost."""

from __future__ import annotations

import pandas as pd
import pytest
import shapely

from geogrid.crs import WGS84, change_crs
from geogrid.io.table import read_table
from geogrid.workspace import Workspace
from tests.support.command import Command
from tests.support.frames import EAST, NORTH, lonlat, make_layer, point, rectangle

HOSTILE = "{{7*7}}<img src=x>"


@pytest.fixture
def geogrid(monkeypatch, capsys):
    return Command(monkeypatch, capsys)


@pytest.fixture
def county(tmp_path, geogrid):
    """A compound with two buildings and two gates, one of them locked, and two houses, one with an entrance."""
    path = tmp_path / "a.gpkg"
    geogrid.succeed("init", path, "--code", "999999", "--name", "示例县")
    outlines = {f"B{n}": rectangle(50 * n, 0, 50 * n + 20, 20) for n in range(4)}
    layers = {
        "compound": make_layer(
            "compound", {"C1": rectangle(-10, -10, 80, 30)}, name=["示例花园"], kind=["封闭式"]
        ),
        "building": make_layer(
            "building",
            outlines,
            use=["residential"] * 4,
            compound=["C1", "C1", None, None],
            number=["1", "2", None, None],
            address=[None, None, "示例路1号", "示例路12号"],
            residents=[None, None, 30, 5],
            people_source=[None, None, "estimated", "counted"],
        ),
        "gate": make_layer(
            "gate", {"D1": point(-10, 0), "D2": point(80, 5)}, compound=["C1", "C1"], locked=[True, False]
        ),
        "entrance": make_layer("entrance", {"E1": point(100, 5)}, building=["B2"]),
    }
    with Workspace.open(path) as workspace, workspace.edit("test", "layers") as edit:
        for name, frame in layers.items():
            edit.insert(name, change_crs(frame, WGS84, name))
    return path


def write(path, rows, columns):
    pd.DataFrame(rows, columns=columns).to_excel(path, index=False)
    return path


def read_places(county, layer):
    """Key -> place, counted from the hand-drawn corner."""
    with Workspace.open(county) as workspace:
        frame = workspace.read_metric(layer)
    return {
        key: (round(spot.x - EAST, 2), round(spot.y - NORTH, 2))
        for key, spot in zip(frame["id"], shapely.centroid(frame.geometry.to_numpy()), strict=True)
    }


def test_a_centre_stands_at_the_entrance_the_open_gate_or_on_the_building(county, tmp_path, geogrid):
    rows = [
        ("Z1", HOSTILE, "示例县示例路１号"),
        ("Z2", "示例二中心", "示例花园"),
        ("Z3", "示例三中心", "示例花园二号楼1单元101室"),
    ]
    geogrid.succeed("import", county, "centre", write(tmp_path / "c.xlsx", rows, ["编号", "名称", "地址"]))
    assert read_places(county, "centre") == {"Z1": (100, 5), "Z2": (80, 5), "Z3": (60, 10)}
    with Workspace.open(county) as workspace:
        centre = workspace.read("centre")
        assert centre["name"].tolist()[0] == HOSTILE
        assert centre["source"].str.contains("derived").all()
    geogrid.succeed("undo", county)
    assert read_places(county, "centre") == {}


def test_rows_that_are_not_found_stop_the_import_and_are_written_to_be_filled_in(county, tmp_path, geogrid):
    rows = [("一中心", "示例路1号"), ("二中心", "示例路"), ("三中心", "乙巷7号"), ("四中心", None)]
    source = write(tmp_path / "c.xlsx", rows, ["名称", "地址"])
    code, out, err = geogrid("import", county, "centre", source)
    assert (code, out) == (2, "")
    assert all(f"第 {row} 行" in err for row in (3, 4, 5))
    assert read_places(county, "centre") == {}
    beside = tmp_path / "c-未定位.xlsx"
    assert [row[:2] for row in read_table(beside).cells] == [list(row) for row in rows[1:]]
    assert "示例路12号" in str(read_table(beside).cells[0])  # a candidate

    code, out, _ = geogrid("import", county, "centre", source, "--partial")
    assert code == 1
    assert read_places(county, "centre") == {"centre-2": (100, 5)}
    table = read_table(beside)
    filled = pd.DataFrame(table.cells, columns=table.columns, dtype=object)
    filled["地址"] = ["示例路12号", None, "示例花园1栋"]
    filled[["经度", "纬度"]] = [[None, None], list(lonlat(7, 8)), [None, None]]
    filled.to_excel(tmp_path / "filled.xlsx", index=False)
    geogrid.succeed("import", county, "centre", tmp_path / "filled.xlsx", "--merge", "--datum", "wgs84")
    places = read_places(county, "centre")
    assert places == {"centre-2": (100, 5), "centre-3": (160, 10), "centre-4": (7, 8), "centre-5": (10, 10)}


def test_a_name_that_only_begins_like_one_is_a_question(county, tmp_path, geogrid):
    # 示例花园1 is the beginning of nothing else, but 示例路1 could be 1号 or 12号: a number must be met in full.
    source = write(tmp_path / "c.xlsx", [("Z1", "中心", "示例路3")], ["编号", "名称", "地址"])
    assert "第 2 行" in geogrid("import", county, "centre", source)[2]


def test_a_table_of_buildings_fills_in_what_it_says_and_nothing_else(county, tmp_path, geogrid):
    rows = [
        ("B0", None, 6, 24, None, None),  # by number
        (None, "示例路１号", 3, None, 41, None),  # by address: estimated people become counted ones
        (None, "丙路8号", 2, 2, None, (155, 5)),  # by position, inside B3
        (None, "丙路9号", 1, 1, 3, (300, 300)),  # nothing there: a square
    ]
    columns = ["编号", "地址", "层数", "户数", "人数", "经度", "纬度"]
    table = [(*row[:5], *(lonlat(*row[5]) if row[5] else (None, None))) for row in rows]
    for i, row in enumerate(table[1:], start=1):
        table[i] = (f"N{i}", *row[1:])
    source = write(tmp_path / "b.xlsx", table, columns)
    assert "--merge" in geogrid.refuse("import", county, "building", source, "--datum", "wgs84")
    out = geogrid.succeed("import", county, "building", source, "--datum", "wgs84", "--merge")
    assert "1" in out
    with Workspace.open(county) as workspace:
        after = workspace.read_metric("building").set_index("id")
    assert list(after.index) == ["B0", "B1", "B2", "B3", "N3"]
    assert after["floors"].fillna(0).tolist() == [6, 0, 3, 2, 1]
    assert after["residents"].fillna(0).tolist() == [0, 0, 41, 5, 3]
    assert after["people_source"].tolist() == [None, None, "counted", "counted", None]
    assert after.loc["B3", "address"] == "丙路8号"
    assert after.loc["B0", "number"] == "1"  # the table says nothing of it
    assert after.geometry["B0"].area == pytest.approx(400, rel=1e-3)
    assert after.geometry["N3"].area == pytest.approx(144, rel=1e-3)
    assert after.loc["N3", "source"].startswith("derived")


def test_two_rows_of_one_building_and_a_row_of_nowhere_are_told(county, tmp_path, geogrid):
    rows = [("示例花园1栋", 3), ("示例花园一号楼", 4), ("天涯路1号", 2)]
    source = write(tmp_path / "b.xlsx", rows, ["地址", "户数"])
    error = geogrid("import", county, "building", source, "--merge")[2]
    assert "第 3 行" in error
    assert "第 4 行" in error
    code, _, _ = geogrid(
        "import", county, "building", source, "--merge", "--partial", "--unresolved", tmp_path / "u.csv"
    )
    assert code == 1
    assert len(read_table(tmp_path / "u.csv").rows) == 2
    with Workspace.open(county) as workspace:
        assert workspace.read("building")["households"].fillna(0).tolist() == [3, 0, 0, 0]


def test_squares_are_smaller_where_positions_are_near_and_a_datum_must_be_named(tmp_path, geogrid):
    path = tmp_path / "b.gpkg"
    geogrid.succeed("init", path, "--code", "999999", "--name", "示例县")
    rows = [(f"甲路{n}号", *lonlat(x, 0)) for n, x in enumerate((0, 5, 100), start=1)]
    source = write(tmp_path / "b.xlsx", rows, ["地址", "经度", "纬度"])
    assert "--datum" in geogrid.refuse("import", path, "building", source)
    geogrid.succeed("import", path, "building", source, "--datum", "wgs84")
    with Workspace.open(path) as workspace:
        shapes = workspace.read_metric("building").geometry.to_numpy()
    # 5 m apart: sides of 5 / sqrt(2) m, which do not meet however the two lie; the third has its 12 m.
    assert shapely.area(shapes) == pytest.approx([12.5, 12.5, 144], rel=1e-3)
    assert not shapely.intersects(shapes[0], shapes[1])


def test_addresses_alone_need_something_to_be_found_by(tmp_path, geogrid):
    path = tmp_path / "b.gpkg"
    geogrid.succeed("init", path, "--code", "999999", "--name", "示例县")
    source = write(tmp_path / "c.xlsx", [("Z1", "甲路1号")], ["名称", "地址"])
    assert "building" in geogrid.refuse("import", path, "centre", source)
