"""Exports of every kind, read back by other programs' readers: features, attributes and coordinates as they were."""

from __future__ import annotations

import csv
import json
import sqlite3
import subprocess
import sys
import zipfile

import ezdxf
import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapefile
import shapely
from defusedxml import ElementTree

from geogrid.crs import change_crs, choose_output_crs
from geogrid.errors import CrsError, InvalidOptionError, UnsupportedFileError
from geogrid.io.dxf import name_layer
from geogrid.io.export import EXPORT_SUFFIXES, write_layer, write_layers
from geogrid.io.shapefile_out import SHORT_NAMES, shorten_names
from geogrid.schema import LAYERS, TABLES

NAMES = [
    "䶮家湾𠮷村",
    "=HYPERLINK(1)",
    "@SUM(1)",
    "-1+1",
    "<img src=x onerror=alert(1)>&amp;",
    "]]></name><script>",
    "5%%d ^J 100%",
    '引号" 逗号, 分号;',
    "0012345",
    "13800001111",
    "{{7*7}}",
    "东门社区" * 30,
]
READ_ELSEWHERE = """
import json, sys, pyogrio, shapely
frame = pyogrio.read_dataframe(sys.argv[1])
rows = json.loads(frame.drop(columns="geometry").to_json(orient="records", double_precision=15))
print(json.dumps([str(frame.crs.to_epsg()), rows, [list(map(list, shapely.get_coordinates(g, include_z=g.has_z).tolist())) for g in frame.geometry]]))
"""


def points():
    n = len(NAMES)
    return gpd.GeoDataFrame(
        {
            "id": [f"00{i}" for i in range(n)],
            "name": NAMES,
            "residents_60_plus": pd.array([5 + i if i else None for i in range(n)], dtype="Int64"),
            "walk_s": [1 / 3 + i if i else np.nan for i in range(n)],
            "locked": pd.array([None, *[i % 2 == 0 for i in range(1, n)]], dtype="boolean"),
        },
        geometry=[shapely.Point(118.85 + i / 3000, 27.36 + i / 7000) for i in range(n)],
        crs="EPSG:4490",
    )


def shapes():
    """A polygon with a hole and one of two parts, in degrees."""
    hole = shapely.box(118.851, 27.361, 118.852, 27.362)
    pierced = shapely.box(118.85, 27.36, 118.853, 27.363).difference(hole)
    parted = shapely.MultiPolygon([shapely.box(118.86, 27.36, 118.861, 27.361), shapely.box(118.87, 27.36, 118.871, 27.361)])  # fmt: skip
    return gpd.GeoDataFrame({"code": ["001", "002"], "name": NAMES[:2]}, geometry=[pierced, parted], crs="EPSG:4490")  # fmt: skip


def elsewhere(path):
    """What GDAL reads in a process of its own."""
    ran = subprocess.run([sys.executable, "-c", READ_ELSEWHERE, str(path)], check=True, capture_output=True)
    epsg, rows, coordinates = json.loads(ran.stdout)
    return epsg, rows, coordinates


@pytest.mark.parametrize("suffix", [".gpkg", ".fgb"])
@pytest.mark.parametrize(("crs", "epsg"), [(None, "4490"), ("EPSG:4528", "4528")])
def test_gdal_finds_every_feature_as_it_was(tmp_path, suffix, crs, epsg):
    frame = points()
    found_epsg, rows, coordinates = elsewhere(
        write_layer(frame, tmp_path / f"o{suffix}", layer_title="点", crs=crs).path
    )
    assert found_epsg == epsg
    expected = frame if crs is None else frame.to_crs(crs)
    order = [int(row["id"]) for row in rows]  # FlatGeobuf keeps features in the order of its index
    assert sorted(order) == list(range(len(frame)))
    assert [row["name"] for row in rows] == [NAMES[i] for i in order]
    assert rows[order.index(0)] == {"id": "000", "name": NAMES[0], "residents_60_plus": None, "walk_s": None, "locked": None}  # fmt: skip
    assert rows[order.index(3)]["residents_60_plus"] == 8
    assert rows[order.index(3)]["walk_s"] == pytest.approx(10 / 3, abs=1e-14)
    assert bool(rows[order.index(3)]["locked"]) is False
    found = np.array([one[0] for one in coordinates])
    assert np.array_equal(found, shapely.get_coordinates(expected.geometry.values)[order])


def test_a_geopackage_has_a_spatial_index(tmp_path):
    path = write_layer(points(), tmp_path / "o.gpkg", layer_title="点").path
    connection = sqlite3.connect(path)
    names = [
        name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE name LIKE 'rtree%'")
    ]
    connection.close()
    assert "rtree_点_geom" in names


def test_a_shapefile_is_read_by_pyshp_and_says_what_was_cut(tmp_path):
    written = write_layer(points(), tmp_path / "o.shp.zip", layer_title="点", crs="EPSG:4549")
    with zipfile.ZipFile(written.path) as archive:
        inside = {name.split(".", 1)[1]: archive.read(name) for name in archive.namelist()}
    assert inside["cpg"].strip() == b"UTF-8"
    assert b"2000" in inside["prj"]
    assert "res_60plus\tresidents_60_plus" in inside["fields.txt"].decode()
    assert any("res_60plus" in note for note in written.notes)
    with shapefile.Reader(str(written.path)) as reader:
        assert [field[0] for field in reader.fields if field[0] != "DeletionFlag"] == [
            "id", "name", "res_60plus", "walk_s", "locked",
        ]  # fmt: skip
        records, found = reader.records(), [one.points[0] for one in reader.shapes()]
    assert [record["id"] for record in records] == [f"00{i}" for i in range(len(NAMES))]
    assert [record["name"] for record in records[:-1]] == NAMES[:-1]
    # 254 bytes hold 84 characters of three bytes, and two bytes are left over.
    assert records[-1]["name"] == NAMES[-1][:84]
    assert any("254" in note for note in written.notes)
    assert (records[0]["res_60plus"], records[0]["walk_s"], records[0]["locked"]) == (None, None, None)
    assert records[3]["res_60plus"] == 8
    assert records[3]["walk_s"] == pytest.approx(10 / 3, abs=1e-12)
    expected = shapely.get_coordinates(points().to_crs("EPSG:4549").geometry.values)
    assert np.abs(np.array(found) - expected).max() < 1e-6


def test_names_in_a_shapefile_have_ten_characters_and_differ():
    for table in [one for one in [*LAYERS.values(), *TABLES.values()] if not one.is_personal]:
        names = shorten_names([column.name for column in table.columns])
        assert all(len(short.encode()) <= 10 for short in names.values())
        assert len({short.casefold() for short in names.values()}) == len(names)
        assert all(old == new for old, new in names.items() if len(old) <= 10)
        assert all(old in SHORT_NAMES for old in names if len(old) > 10)
    # Three bytes a character: three characters fit, and two when a number follows.
    assert shorten_names(["社区名称", "社区名字"]) == {"社区名称": "社区名", "社区名字": "社区_2"}


def test_a_drawing_is_read_by_ezdxf(tmp_path):
    frame = points()
    written = write_layer(frame, tmp_path / "o.dxf", layer_title="点", crs="EPSG:4549")
    drawing = ezdxf.readfile(written.path)
    audit = drawing.audit()
    assert not audit.errors
    assert not audit.fixes
    assert drawing.header["$INSUNITS"] == 6  # metres
    space = drawing.modelspace()
    found = np.array([tuple(point.dxf.location)[:2] for point in space.query("POINT")])
    assert np.abs(found - shapely.get_coordinates(frame.to_crs("EPSG:4549").geometry.values)).max() < 1e-6
    assert {point.dxf.layer for point in space.query("POINT")} == {"点"}
    assert [text.plain_text() for text in space.query("TEXT")] == [name[:83] for name in NAMES]  # 250 bytes
    data = [dict(tag.value.split("=", 1) for tag in point.get_xdata("GEOGRID") if tag.code == 1000) for point in space.query("POINT")]  # fmt: skip
    assert data[9] == {"id": "009", "name": "13800001111", "residents_60_plus": "14", "walk_s": repr(1 / 3 + 9), "locked": "false"}  # fmt: skip
    assert data[0] == {"id": "000", "name": NAMES[0]}
    assert any("截断" in note for note in written.notes)


def test_gdal_reads_the_names_in_a_drawing_as_text(tmp_path):
    path = write_layer(points(), tmp_path / "o.dxf", layer_title="点").path
    code = "import sys, json, pyogrio; pyogrio.set_gdal_config_options({'DXF_ENCODING': 'UTF-8'}); print(json.dumps(pyogrio.read_dataframe(sys.argv[1])['Text'].dropna().tolist()))"
    ran = subprocess.run([sys.executable, "-c", code, str(path)], check=True, capture_output=True)
    found = [text for text in json.loads(ran.stdout) if text]
    # GDAL knows no escaped percent signs, as AutoCAD has them: it shows a degree sign.
    assert [name for name in found if "°" not in name] == [name[:83] for name in NAMES if "%%d" not in name]


def test_rings_of_polygons_are_closed_lines_in_a_drawing(tmp_path):
    path = write_layer(shapes(), tmp_path / "o.dxf", layer_title="a/b:c").path
    space = ezdxf.readfile(path).modelspace()
    rings = list(space.query("LWPOLYLINE"))
    assert [len(ring) for ring in rings] == [4, 4, 4, 4]  # an edge and a hole, two parts; no vertex twice
    assert all(ring.closed and ring.dxf.layer == "a_b_c" for ring in rings)
    expected = [shapely.Polygon(r).area for r in shapely.get_rings(shapely.get_parts(change_crs(shapes(), "EPSG:4549", "x").geometry.values))]  # fmt: skip
    assert [shapely.Polygon(list(ring.get_points("xy"))).area for ring in rings] == pytest.approx(expected, rel=1e-9)  # fmt: skip
    with pytest.raises(InvalidOptionError, match="metric"):
        write_layer(shapes(), tmp_path / "o.dxf", layer_title="x", crs="EPSG:4490")
    assert name_layer("楼栋（合成演示数据 synthetic）") == "楼栋（合成演示数据_synthetic）"


def test_kml_is_escaped_and_holds_the_same(tmp_path):
    frame = pd.concat([points(), shapes()], ignore_index=True)
    path = write_layer(frame, tmp_path / "o.kml", layer_title="<点>&").path
    space = {"k": "http://www.opengis.net/kml/2.2"}
    root = ElementTree.fromstring(path.read_bytes())
    assert root.find("k:Document/k:name", space).text == "<点>&"
    placemarks = root.findall(".//k:Placemark", space)
    assert [one.find("k:name", space).text for one in placemarks] == [*NAMES, *NAMES[:2]]
    data = [{field.get("name"): field.text for field in one.iter(f"{{{space['k']}}}SimpleData")} for one in placemarks]  # fmt: skip
    assert (data[8]["name"], data[8]["residents_60_plus"], data[8]["locked"]) == ("0012345", "13", "true")
    assert "walk_s" not in data[0]
    x, y = map(float, placemarks[3].find("k:Point/k:coordinates", space).text.split(","))
    assert (x, y) == (118.85 + 3 / 3000, 27.36 + 3 / 7000)
    polygon = placemarks[-2].find("k:Polygon", space)
    assert len(polygon.findall("k:innerBoundaryIs", space)) == 1
    assert len(placemarks[-1].findall("k:MultiGeometry/k:Polygon", space)) == 2


def test_tables_hold_codes_as_text_and_no_formula(tmp_path):
    frame = points()
    with write_layer(frame, tmp_path / "o.csv", layer_title="点").path.open(
        encoding="utf-8-sig", newline=""
    ) as file:
        rows = list(csv.DictReader(file))
    assert [row["name"].removeprefix("'") for row in rows] == NAMES
    assert not [value for row in rows for value in row.values() if value[:1] in set("=+-@")]
    assert (rows[9]["id"], rows[9]["name"], rows[9]["residents_60_plus"]) == ("009", "13800001111", "14")
    assert [float(row["lon"]) for row in rows] == frame.geometry.x.tolist()
    assert rows[0]["walk_s"] == ""
    sheet = openpyxl.load_workbook(write_layer(frame, tmp_path / "o.xlsx", layer_title="点").path).active
    cells = {cell.value: [one.value for one in column[1:]] for column in sheet.columns for cell in column[:1]}
    assert cells["name"] == NAMES
    assert cells["id"][9] == "009"
    assert cells["walk_s"][0] is None
    assert not [cell for row in sheet for cell in row if cell.data_type == "f"]


@pytest.mark.parametrize("suffix", EXPORT_SUFFIXES)
def test_a_synthetic_layer_is_written_where_asked_for_and_so_is_an_empty_one(tmp_path, suffix):
    marked = points().assign(synthetic=True)
    written = write_layer(marked, tmp_path / f"o{suffix}", layer_title="点")
    assert written.path == tmp_path / f"o{suffix}"
    assert [one.name for one in tmp_path.iterdir()] == [f"o{suffix}"]
    assert write_layer(points().iloc[:0], tmp_path / f"e{suffix}", layer_title="点").path.stat().st_size


def test_a_nul_ends_no_text(tmp_path):
    frame = points().iloc[:1].assign(name="东门\0社区")
    for suffix in (".gpkg", ".fgb"):
        _, rows, _ = elsewhere(write_layer(frame, tmp_path / f"o{suffix}", layer_title="点").path)
        assert rows[0]["name"] == "东门社区"


def test_all_layers_go_into_one_geopackage(tmp_path):
    frames = {
        "centre": points().assign(synthetic=True),
        "community": shapes(),
        "organisation": pd.DataFrame({"id": ["1"], "name": ["=1+1"]}),
    }
    titles = {"centre": "中心", "community": "社区", "organisation": "组织"}
    written = write_layers(frames, titles, tmp_path / "all.gpkg", crs="EPSG:4549")
    assert written.path == tmp_path / "all.gpkg"
    connection = sqlite3.connect(written.path)
    contents = connection.execute("SELECT table_name, identifier, data_type FROM gpkg_contents").fetchall()
    names = connection.execute("SELECT name FROM organisation").fetchall()
    connection.close()
    assert contents == [
        ("centre", "中心（合成演示数据 synthetic）", "features"),
        ("community", "社区", "features"),
        ("organisation", "组织", "attributes"),
    ]
    assert names == [("=1+1",)]
    with pytest.raises(UnsupportedFileError, match="gpkg"):
        write_layers(frames, titles, tmp_path / "all.geojson")


def test_a_zone_can_be_named_by_what_it_is():
    assert choose_output_crs(None, "EPSG:4549") is None
    assert choose_output_crs("EPSG:4547", "EPSG:4549") == "EPSG:4547"
    for wrong in ("EPSG:99999", "nonsense", "EPSG:2401"):  # the last is Beijing 1954
        with pytest.raises(CrsError):
            choose_output_crs(wrong, "EPSG:4549")
    with pytest.raises(CrsError):
        choose_output_crs("zone", "+proj=tmerc +lat_0=0 +lon_0=10 +datum=WGS84")
