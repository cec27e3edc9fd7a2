"""A county made of spreadsheets and a street shapefile by the words of its document alone."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from geogrid.areas.share import assign_areas
from geogrid.workspace import Workspace
from tests.support.command import Command
from tests.support.frames import EAST, METRIC, NORTH, line

DOCUMENT = Path(__file__).parents[1] / "docs" / "first-county.md"
BLOCK = 120
"""Metres between the streets of the invented town: six by four blocks, four buildings in each."""
COLUMNS, ROWS = 6, 4
TOTALS = {"示例东社区": (400, 1001, 203), "示例西社区": (350, 907, 180)}


@pytest.fixture
def geogrid(monkeypatch, capsys):
    return Command(monkeypatch, capsys)


def read_commands():
    (block,) = re.findall(r"```sh\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)
    return [shlex.split(one) for one in block.splitlines()]


def write_streets(folder):
    lines = [line(*((BLOCK * x, BLOCK * y) for x in range(COLUMNS + 1))) for y in range(ROWS + 1)]
    lines += [line(*((BLOCK * x, BLOCK * y) for y in range(ROWS + 1))) for x in range(COLUMNS + 1)]
    names = [f"示例横{n}路" for n in range(ROWS + 1)] + [f"示例纵{n}路" for n in range(COLUMNS + 1)]
    frame = gpd.GeoDataFrame({"名称": names}, geometry=lines, crs=METRIC)
    frame.to_file(folder / "道路.shp", encoding="GBK")
    (folder / "道路.cpg").unlink()


def write_tables(folder):
    buildings = []
    for x in range(COLUMNS):
        for y in range(ROWS):
            for n, (dx, dy) in enumerate(((30, 30), (90, 30), (30, 90), (90, 90))):
                number = len(buildings) + 1
                is_garden = (x, y) == (0, 0)
                side = "西" if x < 3 else "东"
                buildings.append(
                    {
                        "楼栋编号": f"L{number:03d}",
                        "地址": f"示例花园{n + 1}栋" if is_garden else f"示例纵{x}路{10 * y + n + 1}号",
                        "用途": "商住" if n == 3 else "住宅",
                        "层数": 6 if y % 2 else 3,
                        "X": EAST + BLOCK * x + dx,
                        "Y": NORTH + BLOCK * y + dy,
                        "社区名称": f"示例{side}社区",
                        "网格代码": f"G{x // 3}{y // 2}",
                        "网格名称": f"示例{side}{y // 2 + 1}格",
                    }
                )
    pd.DataFrame(buildings).to_excel(folder / "楼栋.xlsx", index=False)
    centres = [("Z1", "示例一中心", "示例县示例花园3栋"), ("Z2", "示例二中心", "示例纵四路２１号")]
    pd.DataFrame(centres, columns=["编号", "名称", "地址"]).to_excel(folder / "服务中心.xlsx", index=False)
    totals = [(name, *counts) for name, counts in TOTALS.items()]
    pd.DataFrame(totals, columns=["社区名称", "户数", "人数", "60岁以上"]).to_excel(
        folder / "社区人数.xlsx", index=False
    )
    return pd.DataFrame(buildings)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.slow
def test_the_commands_of_the_document_make_a_county_from_files_alone(folder, geogrid):
    write_streets(folder)
    listed = write_tables(folder)
    commands = read_commands()
    assert {"init", "import", "derive", "spread", "check", "coverage", "locate"} <= {c[1] for c in commands}
    printed = [geogrid.succeed(*words[1:]) for words in commands]
    assert "示例一中心" in printed[-1]
    assert "示例西社区" in printed[-1]
    assert re.search("估计的人数，各楼栋不同.*（96 栋）", printed[-2])  # all homes vary in the range
    with Workspace.open(folder / "first.gpkg") as county:
        extent = county.read_metric("county").geometry.iloc[0]
        building, street = county.read_metric("building"), county.read("street")
        assert street["name"].tolist()[0].startswith("示例")
        assert building["source"].str.contains("derived").all()
        for layer, column, n in (("community", "社区名称", 2), ("grid", "网格代码", 4)):
            areas = county.read_metric(layer)
            shapes = areas.geometry.to_numpy()
            assert len(areas) == n
            assert shapely.coverage_is_valid(shapes)
            assert shapely.symmetric_difference(shapely.union_all(shapes), extent).area < 1e-6 * extent.area
            key = "name" if layer == "community" else "code"
            assert assign_areas(building.geometry.to_numpy(), areas, key).tolist() == listed[column].tolist()
        community = county.read_metric("community")
        held = assign_areas(building.geometry.to_numpy(), community, "name")
        for name, (households, residents, old) in TOTALS.items():
            own = building[held == name]
            sums = own[["households", "residents", "residents_60_plus"]].sum().tolist()
            assert sums == [households, residents, old]
        assert (building["people_source"] == "estimated").all()
    answer = json.loads(geogrid.succeed("coverage", "first.gpkg", "--json", "--worlds", "50"))
    assert answer["people"]["total"] == 1001 + 907
    low, high = answer["people"]["covered_range_90"]
    assert low < high  # estimated people differ between the worlds
    assert answer["n_centres"] == 2


def test_both_languages_name_the_same_files():
    chinese = DOCUMENT.with_name("first-county.zh-CN.md").read_text("utf-8")
    for name in ("道路.shp", "楼栋.xlsx", "服务中心.xlsx", "社区人数.xlsx"):
        assert name in chinese
        assert name in DOCUMENT.read_text("utf-8")
