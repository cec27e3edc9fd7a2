"""Layers written for others: they read back as they were, whole or not at all, and say when they are synthetic."""

from __future__ import annotations

import json
import sqlite3

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
import shapely

from geogrid.crs import Datum
from geogrid.errors import InvalidOptionError, UnsupportedFileError, WorkspaceExistsError
from geogrid.io.export import write_layer
from geogrid.io.replacing import replacing
from geogrid.io.values import build_series
from geogrid.schema import LAYERS
from tests.support.readers import read_layer_in_process

STREET, CENTRE = LAYERS["street"], LAYERS["centre"]


def layer_of(layer, rows):
    columns = {c.name: build_series(c, [row.get(c.name) for row in rows]) for c in layer.columns}
    return gpd.GeoDataFrame(columns, geometry=[row["geometry"] for row in rows], crs="EPSG:4490")


def streets(*, synthetic=False):
    return layer_of(
        STREET,
        [
            {
                "id": "w1",
                "name": "=解放街",
                "class": "primary",
                "walkable": True,
                "steps": False,
                "crossing_s": 10.0,
                "synthetic": synthetic,
                # 1/3 has no short decimal: nothing may be rounded
                "geometry": shapely.LineString([(118.85, 27.36, 150.1), (118.85 + 1 / 3000, 27.37, 1 / 3)]),
            },
            {
                "id": "w2",
                "synthetic": False,
                "geometry": shapely.LineString([(118.86, 27.36, 1), (118.87, 27.37, 2)]),
            },
        ],
    )


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson", ".csv"])
def test_streets_come_back_bit_by_bit(tmp_path, suffix):
    path = tmp_path / f"s{suffix}"
    write_layer(streets().assign(version=3), path, layer_title="道路")
    crs = "EPSG:4490" if suffix == ".csv" else None
    found = read_layer_in_process(path, STREET, datum=Datum.CGCS2000, crs=crs, store_crs="EPSG:4490").frame
    expected = streets()
    pd.testing.assert_frame_equal(
        pd.DataFrame(found.drop(columns="geometry")), pd.DataFrame(expected.drop(columns="geometry"))
    )
    for one, other in zip(found.geometry, expected.geometry, strict=True):
        assert list(one.coords) == list(other.coords)


@pytest.mark.parametrize(("suffix", "crs"), [(".csv", None), (".xlsx", None), (".csv", "EPSG:4549")])
def test_centres_come_back_from_a_table(tmp_path, suffix, crs):
    frame = layer_of(
        CENTRE, [{"id": "c1", "name": "宜和", "capacity": 7, "geometry": shapely.Point(118.8525, 27.3678)}]
    )
    path = tmp_path / f"c{suffix}"
    write_layer(frame, path, layer_title="中心", crs=crs)
    found = read_layer_in_process(path, CENTRE, datum=Datum.CGCS2000, crs=crs, store_crs="EPSG:4490").frame
    assert found[["id", "name", "capacity"]].to_numpy().tolist() == [["c1", "宜和", 7]]
    assert found.geometry[0].distance(frame.geometry[0]) < 1e-9


def test_geojson_is_as_rfc_7946_has_it(tmp_path):
    ring = shapely.Polygon([(118.85, 27.36), (118.85, 27.37), (118.86, 27.37), (118.86, 27.36)])  # clockwise
    frame = gpd.GeoDataFrame({"id": ["b1"], "floors": [float("nan")]}, geometry=[ring], crs="EPSG:4490")
    write_layer(frame.to_crs("EPSG:4549"), tmp_path / "b.geojson", layer_title="楼栋")
    content = json.loads((tmp_path / "b.geojson").read_text("utf-8"))
    (feature,) = content["features"]
    assert "crs" not in content
    assert feature["properties"] == {"id": "b1", "floors": None}
    assert shapely.geometry.shape(feature["geometry"]).exterior.is_ccw
    assert feature["geometry"]["coordinates"][0][0] == pytest.approx([118.85, 27.36], abs=1e-9)
    with pytest.raises(InvalidOptionError, match="7946"):
        write_layer(frame, tmp_path / "b.geojson", layer_title="楼栋", crs="EPSG:4549")


def test_synthetic_features_are_marked_inside_every_kind_of_file(tmp_path):
    for suffix in (".gpkg", ".geojson", ".csv", ".xlsx"):
        write_layer(streets(synthetic=True), tmp_path / f"synthetic{suffix}", layer_title="道路")
    connection = sqlite3.connect(tmp_path / "synthetic.gpkg")
    assert connection.execute("SELECT table_name FROM gpkg_contents").fetchall() == [
        ("道路（合成演示数据 synthetic）",)
    ]
    connection.close()
    assert "合成演示数据" in json.loads((tmp_path / "synthetic.geojson").read_text("utf-8"))["name"]
    assert "synthetic" in (tmp_path / "synthetic.csv").read_text("utf-8-sig").splitlines()[0]
    assert "合成演示数据" in openpyxl.load_workbook(tmp_path / "synthetic.xlsx").sheetnames[0]


def test_an_empty_layer_is_written(tmp_path):
    empty = streets().iloc[:0]
    for suffix in (".gpkg", ".geojson", ".csv", ".xlsx"):
        write_layer(empty, tmp_path / f"e{suffix}", layer_title="道路")
    assert json.loads((tmp_path / "e.geojson").read_text("utf-8"))["features"] == []


def test_a_failed_export_leaves_the_old_file_and_nothing_beside_it(tmp_path):
    target = tmp_path / "old.csv"
    target.write_text("old")
    with pytest.raises(RuntimeError), replacing(target) as beside:
        beside.write_text("half")
        raise RuntimeError
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_county_file_is_not_written_over_and_a_table_is_no_geodata(tmp_path):
    county = tmp_path / "county.gpkg"
    county.write_text("x")
    (tmp_path / "county.private.sqlite").write_text("x")
    with pytest.raises(WorkspaceExistsError):
        write_layer(streets(), county, layer_title="道路")
    assert county.read_text() == "x"
    with pytest.raises(UnsupportedFileError):
        write_layer(pd.DataFrame({"id": ["1"]}), tmp_path / "t.gpkg", layer_title="组织")
    with pytest.raises(UnsupportedFileError):
        write_layer(streets(), tmp_path / "s.dwg", layer_title="道路")
