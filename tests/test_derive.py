"""Areas that exist only as lists of buildings: they tile the extent, follow the list, and say what does not fit."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geogrid.areas.derive import derive_areas
from geogrid.areas.islands import ISLAND_M, measure_islands
from geogrid.areas.share import assign_areas
from geogrid.crs import WGS84, change_crs
from geogrid.demo import build_town
from geogrid.workspace import Workspace
from tests.support.command import Command
from tests.support.frames import line, make_layer, rectangle

EXTENT = rectangle(0, 0, 400, 200)
CROSS = np.array([line((0, 100), (400, 100)), line((200, 0), (200, 200))], dtype=object)
HOSTILE = "{{7*7}}<img src=x>=1+1"


@pytest.fixture
def geogrid(monkeypatch, capsys):
    return Command(monkeypatch, capsys)


def require_sound(shapes, extent):
    assert shapely.is_valid(shapes).all()
    assert shapely.coverage_is_valid(shapes)
    assert shapely.symmetric_difference(shapely.union_all(shapes), extent).area <= 1e-6 * extent.area
    assert shapely.area(shapes).sum() == pytest.approx(extent.area, rel=1e-6)


def home(x, y, size=10):
    return rectangle(x - size / 2, y - size / 2, x + size / 2, y + size / 2)


def test_each_block_goes_to_the_area_of_its_buildings():
    # Two streets make four blocks of 200 m x 100 m; the north-east one has no building and two equal
    # borders: with the north-west one (100 m) and with the south-east one (200 m).
    homes = np.array([home(50, 50), home(250, 50), home(50, 150)], dtype=object)
    areas = derive_areas(EXTENT, CROSS, homes, np.array([0, 1, 2])).build_areas(3)
    assert shapely.area(areas).tolist() == [20_000, 40_000, 20_000]
    require_sound(areas, EXTENT)


def test_a_block_of_two_areas_is_divided_halfway_between_their_walls():
    homes = np.array([home(50, 100), home(350, 100)], dtype=object)
    first, second = derive_areas(EXTENT, np.array([], dtype=object), homes, np.array([0, 1])).build_areas(2)
    assert first.area == pytest.approx(EXTENT.area / 2, rel=0.01)  # x = 200 is as far from 55 as from 345
    assert first.covers(homes[0])
    assert second.covers(homes[1])
    require_sound(np.array([first, second]), EXTENT)


def test_no_border_of_an_area_above_is_crossed():
    parents = np.array([rectangle(0, 0, 150, 200), rectangle(150, 0, 400, 200)], dtype=object)
    homes = np.array([home(50, 50), home(300, 50)], dtype=object)
    areas = derive_areas(
        EXTENT, CROSS, homes, np.array([0, 1]), parents=[parents], parent=np.array([[0], [1]])
    ).build_areas(2)
    assert [area.equals(parent) for area, parent in zip(areas, parents, strict=True)] == [True, True]


@settings(max_examples=25)
@given(
    st.lists(
        st.tuples(st.integers(1, 19), st.integers(1, 9), st.integers(0, 3)),
        min_size=1,
        max_size=20,
        unique_by=lambda one: one[:2],
    )
)
def test_whatever_the_list_says_the_areas_tile_the_extent_and_hold_their_buildings(places):
    homes = np.array([home(20 * x, 20 * y) for x, y, _ in places], dtype=object)
    names, area = np.unique([name for *_, name in places], return_inverse=True)
    areas = derive_areas(EXTENT, np.array([line((0, 90), (400, 110))]), homes, area).build_areas(len(names))
    require_sound(areas, EXTENT)
    spots = shapely.centroid(homes)
    assert all(areas[own].distance(spot) < 1e-3 for own, spot in zip(area, spots, strict=True))


def test_a_lone_building_among_others_is_an_island_and_an_outlying_hamlet_is_none():
    near = [(20.0 * i, 0.0) for i in range(8)]
    far = ISLAND_M + 300
    others = [(far + 20.0 * i, 0.0) for i in range(1, 8)]
    hamlet = [(-far, 0.0)]
    points = shapely.points([*near, (far, 0.0), *hamlet, *others])
    distance = measure_islands(points, np.array([0] * 10 + [1] * 7))
    assert distance[8] == far - 140
    assert np.flatnonzero(np.isfinite(distance)).tolist() == [8]  # nobody else lives around the hamlet


# --- the command -------------------------------------------------------------------------------


def make_county(path, geogrid):
    """Two closed compounds and two rows of houses around a crossing, with streets and an extent."""
    geogrid.succeed("init", path, "--code", "000000", "--name", "示例县")
    boxes = {f"B{n}": home(30 + 45 * n, 50) for n in range(8)} | {
        f"N{n}": home(30 + 45 * n, 150) for n in range(8)
    }
    layers = {
        "county": make_layer("county", {"000000": EXTENT}, name=["示例县"]),
        "street": make_layer("street", {"S1": CROSS[0], "S2": CROSS[1]}),
        "compound": make_layer(
            "compound", {"C1": rectangle(10, 10, 190, 90)}, name=["示例花园"], kind=["封闭式"]
        ),
        "building": make_layer(
            "building",
            boxes,
            use=["residential"] * 16,
            compound=["C1"] * 4 + [None] * 12,
            number=[str(n + 1) for n in range(4)] + [None] * 12,
            address=[None] * 4 + [f"甲路{n}号" for n in range(12)],
        ),
    }
    with Workspace.open(path) as workspace, workspace.edit("test", "layers") as edit:
        for name, frame in layers.items():
            edit.insert(name, change_crs(frame, WGS84, name))
    return path


def write_list(path, rows, columns=("楼栋编号", "地址", "网格代码", "网格名称")):
    pd.DataFrame(rows, columns=columns).to_excel(path, index=False)
    return path


def test_a_list_by_numbers_addresses_and_whole_compounds_becomes_grids(tmp_path, geogrid):
    county = make_county(tmp_path / "a.gpkg", geogrid)
    rows = [
        (None, "示例花园", "G1", "示例一格"),  # all four buildings of the compound
        *((None, f"示例县甲路{n}号", "G2", HOSTILE) for n in range(4)),  # B4 to B7
        *((f"N{n}", None, "G3", "示例三格") for n in range(8)),
    ]
    listed = write_list(tmp_path / "list.xlsx", rows)
    preview = json.loads(geogrid.succeed("derive", county, "grid", listed, "--dry-run", "--json"))
    assert preview["revision"] is None
    assert [(area["code"], area["n_buildings"]) for area in preview["areas"]] == [
        ("G1", 4),
        ("G2", 4),
        ("G3", 8),
    ]
    # The compound's block, the block east of it, and both blocks of the north: 2 ha, 2 ha, 4 ha.
    assert [round(area["area_ha"], 3) for area in preview["areas"]] == [2.0, 2.0, 4.0]
    out = geogrid.succeed("derive", county, "grid", listed, "--out", tmp_path / "grid.geojson")
    assert HOSTILE in out
    with Workspace.open(county) as workspace:
        grid = workspace.read_metric("grid")
        assert grid["name"].tolist() == ["示例一格", HOSTILE, "示例三格"]
        assert grid["source"].str.startswith("derived").all()
        require_sound(grid.geometry.to_numpy(), workspace.read_metric("county").geometry.iloc[0])
        building = workspace.read_metric("building")
        held = assign_areas(building.geometry.to_numpy(), grid)
        assert held.tolist() == ["G1"] * 4 + ["G2"] * 4 + ["G3"] * 8
    geogrid.succeed("undo", county)
    with Workspace.open(county) as workspace:
        assert workspace.count("grid") == 0


def test_rows_that_do_not_fit_are_told_with_their_row_and_the_rest_is_drawn(tmp_path, geogrid):
    county = make_county(tmp_path / "a.gpkg", geogrid)
    rows = [
        *((f"B{n}", None, "G1", "示例一格") for n in range(8)),
        *((f"N{n}", None, "G2", "示例二格") for n in range(7)),
        ("N7", None, "G1", "示例一格"),  # row 17, and row 18 says otherwise
        ("N7", None, "G2", "示例二格"),
        ("X99", None, "G2", "示例二格"),  # 19
        (None, "乙巷9号", "G2", "示例二格"),  # 20
        (None, "甲路", "G2", "示例二格"),  # 21: the beginning of twelve addresses
        ("N1", None, None, None),  # 22
        (None, None, "G2", "示例二格"),  # 23
    ]
    code, out, _ = geogrid("derive", county, "grid", write_list(tmp_path / "l.xlsx", rows), "--json")
    told = json.loads(out)
    assert code == 1
    assert [(one["row"], one["reason"]) for one in told["misfits"]] == [
        (17, "contradictory"), (18, "contradictory"), (19, "unknown"), (20, "not_found"),
        (21, "ambiguous"), (22, "no_area"), (23, "empty"),
    ]  # fmt: skip
    assert told["buildings_used"] == 15
    assert len(told["misfits"][4]["candidates"]) == 5
    assert told["revision"] is not None


def test_an_area_without_any_building_that_is_found_stops_everything(tmp_path, geogrid):
    county = make_county(tmp_path / "a.gpkg", geogrid)
    listed = write_list(tmp_path / "l.xlsx", [("B1", None, "G1", "示例一格"), ("X9", None, "G2", "示例二格")])
    error = geogrid.refuse("derive", county, "grid", listed)
    assert "G2" in error
    assert "第 3 行" in error
    with Workspace.open(county) as workspace:
        assert workspace.count("grid") == 0


def test_a_code_with_two_names_and_a_table_without_areas_are_refused(tmp_path, geogrid):
    county = make_county(tmp_path / "a.gpkg", geogrid)
    twice = write_list(tmp_path / "l.xlsx", [("B1", None, "G1", "示例一格"), ("B2", None, "G1", "示例二格")])
    assert "第 3 行" in geogrid.refuse("derive", county, "grid", twice)
    bare = tmp_path / "bare.csv"
    bare.write_text("楼栋编号,备注\nB1,无\n", encoding="gb18030")
    assert "网格代码" in geogrid.refuse("derive", county, "grid", bare)
    assert "FILE" in geogrid.refuse("derive", county, "grid")
    assert "LAYER" in geogrid.refuse("derive", county, "street", twice)


def test_names_alone_get_codes_and_grids_stay_within_their_communities(tmp_path, geogrid):
    county = make_county(tmp_path / "a.gpkg", geogrid)
    rows = [(f"{row}{n}", "东社区" if n > 3 else "西社区") for row in "BN" for n in range(8)]
    listed = write_list(tmp_path / "c.xlsx", rows, ("楼栋编号", "社区名称"))
    geogrid.succeed("derive", county, "community", listed)
    # B4 stands east, with one grid otherwise all west: it falls to the eastern grid and is told.
    rows = [
        (f"{row}{n}", "示例二格" if (n > 3 and (row, n) != ("B", 4)) else "示例一格")
        for row in "BN"
        for n in range(8)
    ]
    code, out, _ = geogrid(
        "derive", county, "grid", write_list(tmp_path / "g.xlsx", rows, ("编号", "网格")), "--json"
    )
    told = json.loads(out)
    assert code == 1
    assert [(m["row"], m["building"], m["reason"], m["given"]) for m in told["misfits"]] == [
        (6, "B4", "other_parent", "grid-02")
    ]
    with Workspace.open(county) as workspace:
        grid, community = workspace.read_metric("grid"), workspace.read_metric("community")
        assert community["code"].tolist() == ["community-01", "community-02"]
        assert grid["community"].tolist() == ["community-02", "community-01"]  # 东 comes before 西
        assert grid.geometry.iloc[0].symmetric_difference(community.geometry.iloc[1]).area < 0.01


def test_a_county_without_an_extent_gets_one_around_what_it_holds(tmp_path, geogrid):
    path = make_county(tmp_path / "a.gpkg", geogrid)
    with Workspace.open(path) as workspace, workspace.edit("test", "no extent") as edit:
        edit.delete("county", ["000000"])
    listed = write_list(tmp_path / "l.xlsx", [(f"B{n}", None, "G1", "示例一格") for n in range(8)])
    assert "derive COUNTY.gpkg county" in geogrid.refuse("derive", path, "grid", listed)
    geogrid.succeed("derive", path, "county")
    with Workspace.open(path) as workspace:
        extent = workspace.read_metric("county")
        assert extent["source"].iloc[0].startswith("derived")
        ground = extent.geometry.iloc[0]
        for name in ("building", "street"):
            assert shapely.covers(ground, workspace.read_metric(name).geometry.to_numpy()).all()
    assert "--replace" in geogrid.refuse("derive", path, "county")  # it has one now
    geogrid.succeed("derive", path, "county", "--replace")


@pytest.mark.slow
def test_the_demo_county_drawn_again_from_its_own_list_gives_nine_tenths_of_its_ground_back(
    tmp_path, geogrid
):
    town = build_town(7)
    metric = {
        name: change_crs(town[name], "EPSG:4549", name) for name in ("building", "grid", "street", "compound")
    }
    grid = metric["grid"]
    outlines = metric["building"].geometry.to_numpy()
    held = assign_areas(outlines, grid)
    is_listed = np.array([code is not None for code in held])
    codes = grid["code"].tolist()
    area = np.array([codes.index(code) for code in held[is_listed]])
    lines = np.concatenate(
        [metric["street"].geometry.to_numpy(), metric["compound"].geometry.boundary.to_numpy()]
    )
    extent = shapely.union_all(grid.geometry.to_numpy())
    tiling = derive_areas(extent, shapely.force_2d(lines), outlines[is_listed], area)
    areas = tiling.build_areas(len(codes))
    require_sound(areas, extent)
    same_m2 = shapely.area(shapely.intersection(areas, grid.geometry.to_numpy())).sum()
    assert same_m2 > 0.9 * extent.area
