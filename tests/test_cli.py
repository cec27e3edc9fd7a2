"""The command line from one end to the other, on a small town of files."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely
import shapely.affinity

from geogrid.cli import COMMANDS
from geogrid.crs import change_crs
from tests.support.command import Command

X, Y = 386_000.0, 3_028_000.0  # metres in EPSG:4549


@pytest.fixture
def geogrid(monkeypatch, capsys) -> Command:
    return Command(monkeypatch, capsys)


def write(path: Path, geometries: list[shapely.Geometry], **columns: list[object]) -> Path:
    """A GeoJSON of geometries given in metres from the corner of the town."""
    moved = [shapely.affinity.translate(geometry, X, Y) for geometry in geometries]
    change_crs(gpd.GeoDataFrame(columns, geometry=moved, crs="EPSG:4549"), "EPSG:4326", "test").to_file(path)
    return path


@pytest.fixture
def files(tmp_path) -> dict[str, Path]:
    """One street of 1,200 m, a home at each end, a centre 10 m off its western end, two communities.

    The centre stands 10 m, the homes 20 m off the street: the near home walks 24 + 0 + 12 = 36 m,
    the far one 24 + 1,200 + 12 = 1,236 m, which at 1.2 m/s is 1,030 s.
    """
    made = {
        "street": write(tmp_path / "street.geojson", [shapely.LineString([(0, 0), (1200, 0)])], id=["s1"]),
        "building": write(
            tmp_path / "building.geojson",
            [shapely.box(-5, 15, 5, 25), shapely.box(1195, 15, 1205, 25)],
            id=["near", "far"],
            name=["近楼", "远楼"],
            residents=[30, 70],
        ),
        "community": write(
            tmp_path / "community.geojson",
            [shapely.box(-100, -100, 600, 100), shapely.box(600, -100, 1300, 100)],
            code=["350725001001", "350725001002"],
            name=["东门社区", "南门社区"],
        ),
    }
    point = change_crs(gpd.GeoSeries([shapely.Point(X, Y - 10)], crs="EPSG:4549"), "EPSG:4326", "test")[0]
    made["centre"] = tmp_path / "centre.csv"
    made["centre"].write_text(f"id,name,lon,lat\nc1,第一中心,{point.x:.10f},{point.y:.10f}\n", "utf-8")
    return made


@pytest.fixture
def county(geogrid, files, tmp_path) -> Path:
    path = tmp_path / "county.gpkg"
    geogrid.succeed("init", path, "--code", "350725", "--name", "政和县")
    for layer, file in files.items():
        geogrid.succeed("import", path, layer, file, "--datum", "wgs84")
    return path


@pytest.mark.slow
def test_from_files_to_answers(geogrid, county, tmp_path):
    found = json.loads(geogrid.succeed("coverage", county, "--json"))
    assert found["reading"] == "minutes:10:adult"
    assert found["people"] == {
        "total": 100, "covered": 30, "not_covered": 70, "unanswered": 0, "covered_range_90": [30, 30],
    } | {k: v for k, v in found["people"].items() if k == "homes_without_people"}  # fmt: skip
    assert [(a["name"], a["people"]["covered"]) for a in found["by_community"]] == [
        ("东门社区", 30),
        ("南门社区", 0),
    ]
    assert [gap["people"] for gap in found["gaps"]] == [70]
    assert found["doubt"]["n_worlds"] == 300
    assert "equity" not in found
    assert found == json.loads(geogrid.succeed("coverage", county, "--json", "--seed", "0"))
    asked = json.loads(geogrid.succeed("coverage", county, "--json", "--equity", "--worlds", "0"))
    assert (asked["doubt"], asked["people"]["covered_range_90"]) == (None, None)
    assert asked["equity"]["rows"][0]["covered_share"] == 0.3
    assert "30-30" in geogrid.succeed("coverage", county, "--equity")

    table = geogrid.succeed(
        "coverage", county, "--homes", tmp_path / "homes.csv", "--out", tmp_path / "gaps.geojson"
    )
    assert "30.0%" in table
    with (tmp_path / "homes.csv").open(encoding="utf-8-sig", newline="") as lines:
        homes = {row["building"]: row for row in csv.DictReader(lines)}
    assert float(homes["near"]["walk_s"]) == pytest.approx(36 / 1.2, abs=0.2)
    assert float(homes["far"]["walk_s"]) == pytest.approx(1236 / 1.2, abs=0.3)
    assert homes["far"]["status"] == "not_covered"
    assert (homes["near"]["doubt"], homes["far"]["doubt"]) == ("surely_in", "surely_out")
    assert len(gpd.read_file(tmp_path / "gaps.geojson")) == 1

    located = json.loads(geogrid.succeed("locate", county, "远楼", "--json"))
    (match,) = located["matches"]
    assert match["building"] == "far"
    assert [a["code"] for a in match["areas"]["community"]] == ["350725001002"]
    assert match["nearest_centre"]["id"] == "c1"
    assert match["nearest_centre"]["walk_s"] == pytest.approx(1030, abs=0.3)
    said = geogrid.succeed("locate", county, "远楼")
    assert said.startswith("远楼 (far)\n")
    assert "南门社区" in said

    assert "500" in geogrid.succeed("coverage", county, "--metres", "500")
    for layer, name in (
        ("catchment", "a.geojson"),
        ("isochrone", "b.gpkg"),
        ("street", "c.csv"),
        ("home", "d.xlsx"),
    ):
        geogrid.succeed("export", county, layer, tmp_path / name)
        assert (tmp_path / name).stat().st_size > 100


@pytest.mark.slow
def test_history_undo_backup_restore_and_settings(geogrid, county, tmp_path):
    assert [row["revision"] for row in json.loads(geogrid.succeed("history", county, "--json"))] == [
        4,
        3,
        2,
        1,
    ]
    geogrid.succeed("backup", county, tmp_path / "b.zip")
    assert "import centre" in geogrid.succeed("undo", county)
    assert "centre" in geogrid.refuse("coverage", county)
    assert "before-restore" in geogrid.succeed("restore", county, tmp_path / "b.zip")
    geogrid.succeed("coverage", county)
    geogrid.succeed("setting", county, "reading", "metres:500")
    assert json.loads(geogrid.succeed("coverage", county, "--json"))["reading"] == "metres:500"
    assert "metres:500" in geogrid.succeed("setting", county)


def test_what_is_wrong_is_said_in_a_sentence_and_nothing_changes(geogrid, county, files, tmp_path):
    before = geogrid.succeed("history", county)
    (tmp_path / "text.shp").write_text("no shapefile")
    pd.DataFrame({"name": ["x"], "lon": [118.85], "lat": [27.37]}).to_csv(
        tmp_path / "community.csv", index=False
    )
    metres = write(tmp_path / "metres.geojson", [shapely.Point(0, 0)], id=["m"])
    swapped = tmp_path / "swapped.csv"
    swapped.write_text("id,lon,lat\na,27.37,118.85\n", "utf-8")

    assert "none.csv" in geogrid.refuse("import", county, "place", tmp_path / "none.csv", "--datum", "wgs84")
    assert "text.shp" in geogrid.refuse("import", county, "place", tmp_path / "text.shp", "--datum", "wgs84")
    assert "code" in geogrid.refuse("import", county, "beat", tmp_path / "community.csv", "--datum", "wgs84")
    assert "--datum" in geogrid.refuse("import", county, "place", files["centre"])
    assert "EPSG" in geogrid.refuse(
        "import", county, "place", metres, "--datum", "wgs84", "--crs", "EPSG:99999999"
    )
    assert "swapped" in geogrid.refuse("import", county, "place", swapped, "--datum", "wgs84")
    assert "centre" in geogrid.refuse("import", county, "shop", files["centre"], "--datum", "wgs84")
    assert "--replace" in geogrid.refuse("import", county, "centre", files["centre"], "--datum", "wgs84")
    assert "ours=theirs" in geogrid.refuse(
        "import", county, "place", files["centre"], "--datum", "wgs84", "--column", "x"
    )
    assert geogrid("locate", county, "没有此处")[0] == 1
    assert "LON,LAT" in geogrid.refuse("locate", county, "--lonlat", "118")
    assert "--lonlat" in geogrid.refuse("locate", county)
    assert "minutes:10:adult" in geogrid.refuse("setting", county, "reading", "ten")
    assert "reading" in geogrid.refuse("setting", county, "nonsense", "1")
    assert "centre" in geogrid.refuse("export", county, "person", tmp_path / "people.csv")
    assert "geogrid init" in geogrid.refuse("coverage", tmp_path / "none.gpkg")
    assert "geogrid import" in geogrid.refuse("coverage", files["street"])
    assert geogrid.succeed("history", county) == before


@pytest.mark.parametrize("layer", ["street", "centre", "building"])
def test_coverage_names_the_layer_it_lacks(geogrid, files, tmp_path, layer):
    path = tmp_path / "part.gpkg"
    geogrid.succeed("init", path, "--code", "350725", "--name", "n")
    assert "street" in geogrid.refuse("coverage", path)
    for name, file in files.items():
        if name != layer:
            geogrid.succeed("import", path, name, file, "--datum", "wgs84")
    assert layer in geogrid.refuse("coverage", path)


def test_a_dry_run_writes_nothing(geogrid, county, files):
    before = geogrid.succeed("history", county)
    said = geogrid.succeed(
        "import", county, "centre", files["centre"], "--datum", "wgs84", "--merge", "--dry-run"
    )
    assert "试运行" in said
    assert geogrid.succeed("history", county) == before


def test_a_place_in_no_area_is_exit_code_1(geogrid, county):
    code, out, err = geogrid("locate", county, "--lonlat", "118.0,27.0")
    assert (code, err) == (1, "")
    assert out


def test_every_command_explains_itself_in_both_languages(geogrid):
    listing = geogrid.succeed("--help")
    for name in (*COMMANDS, "serve"):
        assert f"  {name} " in listing
        said = geogrid.succeed(name, "--help")
        assert any("\u4e00" <= ch <= "\u9fff" for ch in said)


def test_help_loads_nothing_heavy():
    code = "import sys; sys.argv=['geogrid','--help']\nfrom geogrid.cli import main\ntry: main()\nexcept SystemExit: pass\nprint(sorted({'numpy','pandas','shapely','flask','folium'} & set(sys.modules)))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.splitlines()[-1] == "[]"


@pytest.mark.slow
def test_a_position_walks_from_where_it_is(geogrid, county):
    """600 m along the street and 30 m beside it: 36 + 600 + 12 m at 1.2 m/s are 540 s."""
    point = change_crs(gpd.GeoSeries([shapely.Point(X + 600, Y + 30)], crs="EPSG:4549"), "EPSG:4326", "test")[
        0
    ]
    found = json.loads(
        geogrid.succeed("locate", county, "--lonlat", f"{point.x:.9f},{point.y:.9f}", "--json")
    )
    assert found["matches"][0]["nearest_centre"]["walk_s"] == pytest.approx(540, abs=0.1)
