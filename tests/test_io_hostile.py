"""Hostile and broken files: refused with a reason, nothing leaks, nothing is reached, nothing hangs."""

from __future__ import annotations

import io
import json
import os
import socket
import sqlite3
import struct
import subprocess
import sys
import threading
import time
import zipfile

import geopandas as gpd
import pytest
import shapely
import xlsxwriter

from geogrid.crs import Datum
from geogrid.errors import (
    CrsError,
    Fault,
    FileContentError,
    FileTooCostlyError,
    GeogridError,
    UnsupportedFileError,
)
from geogrid.io import guard
from geogrid.io.guard import Limits, run_guarded
from geogrid.io.parcel import Parcel, decode_error, encode_error
from geogrid.io.shapefile import read_shapefile
from geogrid.io.table import read_table
from geogrid.io.vector import read_layer
from geogrid.schema import LAYERS
from tests.support.readers import read_layer_in_process

BUILDING, CENTRE = LAYERS["building"], LAYERS["centre"]
CANARY = "CANARY-13800001111"


def read(path, layer=BUILDING):
    return read_layer(path, layer, datum=Datum.WGS84, store_crs="EPSG:4490")


def write_buildings(path, n=3, **options):
    boxes = [shapely.box(118.85 + i * 0.001, 27.36, 118.8502 + i * 0.001, 27.3602) for i in range(n)]
    frame = gpd.GeoDataFrame({"id": [f"b{i}" for i in range(n)]}, geometry=boxes, crs="EPSG:4490")
    frame.to_file(path, **options)
    return path


def refusal(path, layer=BUILDING, reader=read):
    """The error with which a file is refused; it never shows what stands in another file."""
    begun = time.monotonic()
    with pytest.raises(GeogridError) as caught:
        reader(path, layer)
    assert CANARY not in str(caught.value)
    assert time.monotonic() - begun < 20
    return caught.value


def read_quickly(path, layer=BUILDING):
    """Without the guard, for what must be refused before GDAL or GEOS see it."""
    return read_layer_in_process(path, layer, datum=Datum.WGS84, store_crs="EPSG:4490")


def read_shapefile_quickly(path, _layer):
    return read_shapefile(path, path.name, None)


# --- files that point elsewhere ----------------------------------------------------------------


@pytest.fixture
def roster(tmp_path):
    path = tmp_path / "roster.csv"
    path.write_text(f"id,name,lon,lat\n1,{CANARY},118.85,27.36\n")
    return path


@pytest.mark.parametrize("suffix", [".geojson", ".kml", ".shp", ".gpkg", ".fgb"])
def test_a_vrt_under_another_name_reads_no_other_file(tmp_path, roster, suffix):
    path = tmp_path / f"layer{suffix}"
    path.write_text(
        f'<OGRVRTDataSource><!-- <kml --><OGRVRTLayer name="roster"><SrcDataSource>{roster}</SrcDataSource>'
        '<GeometryField encoding="PointFromColumns" x="lon" y="lat"/></OGRVRTLayer></OGRVRTDataSource>'
    )
    if suffix == ".shp":
        for part in (".shx", ".dbf"):
            path.with_suffix(part).write_bytes(path.read_bytes())
    refusal(path, CENTRE)


def test_a_vrt_named_csv_is_a_table_without_our_columns(tmp_path, roster):
    path = tmp_path / "layer.csv"
    path.write_text(
        f'<OGRVRTDataSource><OGRVRTLayer name="roster"><SrcDataSource>{roster}</SrcDataSource>'
        "</OGRVRTLayer></OGRVRTDataSource>"
    )
    refusal(path, CENTRE)


def test_a_gdal_pipeline_in_json_is_not_run(tmp_path, roster):
    path = tmp_path / "layer.json"
    path.write_text(
        json.dumps({"type": "gdal_streamed_alg", "command_line": f"gdal vector pipeline ! read {roster}"})
    )
    assert isinstance(refusal(path, CENTRE), UnsupportedFileError)


class Listener:
    """A port on loopback that counts who comes."""

    def __enter__(self):
        self.hits = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._count, daemon=True)
        self._thread.start()
        return self

    def _count(self):
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            self.hits += 1
            client.close()

    def __exit__(self, *_):
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(timeout=5)


def test_no_address_that_a_file_names_is_visited(tmp_path):
    with Listener() as listener:
        with socket.create_connection(("127.0.0.1", listener.port)):
            pass  # the listener does listen
        url = f"http://127.0.0.1:{listener.port}/x"
        feature = {
            "type": "Feature",
            "properties": {"id": "1"},
            "geometry": {"type": "Point", "coordinates": [118.85, 27.36]},
        }
        link = {"type": "link", "properties": {"href": url, "type": "ogcwkt"}}
        (tmp_path / "link.geojson").write_text(
            json.dumps({"type": "FeatureCollection", "crs": link, "features": [feature]})
        )
        assert isinstance(refusal(tmp_path / "link.geojson", CENTRE), CrsError)
        name = {"type": "name", "properties": {"name": url}}
        (tmp_path / "name.geojson").write_text(
            json.dumps({"type": "FeatureCollection", "crs": name, "features": [feature]})
        )
        assert isinstance(refusal(tmp_path / "name.geojson", CENTRE), CrsError)
        (tmp_path / "link.kml").write_text(
            '<?xml version="1.0"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document><NetworkLink><Link>'
            f"<href>{url}</href></Link></NetworkLink></Document></kml>"
        )
        refusal(tmp_path / "link.kml", CENTRE)
        time.sleep(0.05)
        assert listener.hits == 1


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="network namespaces are Linux's")
def test_the_child_knows_no_way_to_the_network(monkeypatch):
    environment = guard._environment("VRT")
    assert {environment[name] for name in guard._PROXY_VARIABLES} == {"http://127.0.0.1:9"}
    assert "NO_PROXY" not in environment
    assert "no_proxy" not in environment
    monkeypatch.setenv("SECRET_KEY", CANARY)
    assert CANARY not in str(guard._environment("VRT"))


def test_an_entity_in_kml_reads_no_file(tmp_path, roster):
    path = tmp_path / "xxe.kml"
    path.write_text(
        f'<?xml version="1.0"?><!DOCTYPE kml [<!ENTITY x SYSTEM "{roster.as_uri()}">]>'
        '<kml xmlns="http://www.opengis.net/kml/2.2"><Document><Placemark><name>&x;</name>'
        "<Point><coordinates>118.85,27.36</coordinates></Point></Placemark></Document></kml>"
    )
    try:
        found = read(path, CENTRE).frame
    except GeogridError as error:
        assert CANARY not in str(error)
    else:
        assert CANARY not in found.to_csv()


# --- archives ----------------------------------------------------------------------------------


def zip_with(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def geojson(n=1):
    features = [
        {
            "type": "Feature",
            "properties": {"id": str(i)},
            "geometry": {"type": "Point", "coordinates": [118.85, 27.36]},
        }
        for i in range(n)
    ]
    return json.dumps({"type": "FeatureCollection", "features": features})


@pytest.mark.parametrize(
    "name", ["../evil.geojson", "/absolute/evil.geojson", "a\\..\\evil.geojson", "C:/evil.geojson"]
)
def test_members_that_point_out_of_the_archive_are_refused(tmp_path, name):
    path = zip_with(tmp_path / "z.zip", {})
    with zipfile.ZipFile(path, "w") as archive:
        info = zipfile.ZipInfo("x")
        info.filename = name
        archive.writestr(info, geojson())
    assert isinstance(refusal(path, CENTRE, read_quickly), UnsupportedFileError)
    assert not (tmp_path.parent / "evil.geojson").exists()


def test_bombs_nested_archives_links_and_two_layers_are_refused(tmp_path):
    bomb = zip_with(tmp_path / "bomb.zip", {"a.geojson": b" " * (64 << 20)})
    assert bomb.stat().st_size < 100_000
    assert "ratio" in str(refusal(bomb, CENTRE, read_quickly))
    many = zip_with(tmp_path / "many.zip", {f"{i}.txt": "" for i in range(5000)})
    assert isinstance(refusal(many, CENTRE, read_quickly), FileTooCostlyError)
    inner = zip_with(tmp_path / "inner.zip", {"a.geojson": geojson()}).read_bytes()
    once = zip_with(tmp_path / "once.zip", {"inner.zip": inner})
    assert len(read_quickly(once, CENTRE).frame) == 1
    for members in ({"once.zip": once.read_bytes()}, {"1.zip": inner, "2.zip": inner}):
        outer = zip_with(tmp_path / "outer.zip", members)
        assert isinstance(refusal(outer, CENTRE, read_quickly), UnsupportedFileError)
    two = zip_with(tmp_path / "two.zip", {"甲.geojson": geojson(), "乙.geojson": geojson()})
    assert "乙.geojson" in str(refusal(two, CENTRE, read_quickly))
    with zipfile.ZipFile(tmp_path / "link.zip", "w") as archive:
        info = zipfile.ZipInfo("a.geojson")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    assert isinstance(refusal(tmp_path / "link.zip", CENTRE, read_quickly), UnsupportedFileError)
    found = read_quickly(
        zip_with(tmp_path / "one.zip", {"甲/甲.geojson": geojson(), "甲/说明.txt": "x"}), CENTRE
    )
    assert len(found.frame) == 1


# --- shapefiles in pieces ----------------------------------------------------------------------


@pytest.fixture
def shapefile(tmp_path):
    return write_buildings(tmp_path / "b.shp", n=50, encoding="UTF-8")


@pytest.mark.parametrize("part", [".dbf", ".shx"])
def test_a_missing_part_of_a_shapefile_is_named(shapefile, part):
    shapefile.with_suffix(part).unlink()
    assert part in str(refusal(shapefile, reader=read_shapefile_quickly))


@pytest.mark.parametrize(("part", "share"), [(".shp", 0.5), (".shx", 0.5), (".dbf", 0.5), (".dbf", 0.0)])
def test_a_cut_part_of_a_shapefile_is_named(shapefile, part, share):
    path = shapefile.with_suffix(part)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    error = refusal(shapefile, reader=read_shapefile_quickly)
    assert isinstance(error, FileContentError)
    assert part in str(error)


def test_a_shapefile_whose_parts_are_of_two_files_is_refused(shapefile, tmp_path):
    other = write_buildings(tmp_path / "other.shp", n=49, encoding="UTF-8")
    shapefile.with_suffix(".dbf").write_bytes(other.with_suffix(".dbf").read_bytes())
    assert "50 ≠ 49" in str(refusal(shapefile, reader=read_shapefile_quickly))


# --- GeoPackages -------------------------------------------------------------------------------


def edit(path, *statements):
    connection = sqlite3.connect(path)
    for name in ("ST_IsEmpty", "ST_MinX", "ST_MaxX", "ST_MinY", "ST_MaxY"):
        connection.create_function(name, 1, lambda _: 0)
    for statement, *values in statements:
        connection.execute(statement, values)
    connection.commit()
    connection.close()


def test_an_endless_view_is_not_opened(tmp_path):
    path = write_buildings(tmp_path / "b.gpkg")
    endless = "CREATE VIEW v AS WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT n AS fid, NULL AS geom FROM c"
    edit(
        path,
        (endless,),
        ("UPDATE gpkg_contents SET table_name = 'v', identifier = 'v'",),
        ("UPDATE gpkg_geometry_columns SET table_name = 'v'",),
    )
    assert "视图" in str(refusal(path, reader=read_quickly))


def test_garbage_and_very_deep_geometry_are_faults_of_their_rows(tmp_path):
    path = write_buildings(tmp_path / "b.gpkg", n=4)
    header = b"GP\x00\x01" + struct.pack("<i", 4490)
    deep = b"\x01\x07\x00\x00\x00\x01\x00\x00\x00" * 200_000
    change = 'UPDATE "b" SET geom = ? WHERE rowid = ?'
    edit(path, (change, header + os.urandom(50), 1), (change, b"nothing", 2), (change, header + deep, 4))
    error = refusal(path)
    assert isinstance(error, FileContentError)
    assert [fault.row for fault in error.faults] == [1, 2, 4]


def test_a_cut_geopackage_is_refused(tmp_path):
    path = write_buildings(tmp_path / "b.gpkg", n=200)
    path.write_bytes(path.read_bytes()[:50_000])
    assert isinstance(refusal(path, reader=read_quickly), UnsupportedFileError)


def test_texts_of_a_geopackage_that_are_not_utf_8_are_read_as_gb18030(tmp_path):
    path = write_buildings(tmp_path / "b.gpkg")
    edit(
        path,
        ('ALTER TABLE "b" ADD COLUMN name TEXT',),
        ('UPDATE "b" SET name = CAST(? AS TEXT)', "䶮家湾".encode("gb18030")),
    )
    assert read_quickly(path).frame["name"].tolist() == ["䶮家湾"] * 3


def test_names_that_look_like_sql_are_only_names(tmp_path):
    path = write_buildings(tmp_path / "b.gpkg", layer='a"; DROP TABLE x; --')
    assert len(read_quickly(path).frame) == 3


# --- costly ------------------------------------------------------------------------------------


def test_deep_json_and_json_with_a_key_twice_are_refused(tmp_path):
    path = tmp_path / "deep.geojson"
    path.write_text('{"type": "FeatureCollection", "features": ' + "[" * 200_000 + "]" * 200_000 + "}")
    assert isinstance(refusal(path), UnsupportedFileError)
    (tmp_path / "twice.geojson").write_text('{"type": "FeatureCollection", "features": [], "features": []}')
    assert "features" in str(refusal(tmp_path / "twice.geojson", reader=read_quickly))


def test_very_deep_wkt_is_a_fault_of_its_row(tmp_path):
    depth = 30_000
    path = tmp_path / "deep.csv"
    path.write_text('id,wkt\nb1,"' + "GEOMETRYCOLLECTION(" * depth + "POINT(1 1)" + ")" * depth + '"\n')
    with pytest.raises(FileContentError) as caught:
        read_layer(path, BUILDING, datum=Datum.WGS84, crs="EPSG:4490")
    assert [fault.row for fault in caught.value.faults] == [2]


@pytest.mark.parametrize("cell", [(1_048_575, 0), (3, 16_383)])
def test_a_far_cell_of_a_spreadsheet_does_not_hang_the_reader(tmp_path, cell):
    path = tmp_path / "far.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["id", "lon", "lat"])
        sheet.write(*cell, "x")
    assert path.stat().st_size < 10_000
    begun = time.monotonic()
    with pytest.raises(FileTooCostlyError):
        read_table(path)
    assert time.monotonic() - begun < 20


def test_laughing_entities_in_a_spreadsheet_are_refused(tmp_path):
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        book.add_worksheet().write_row(0, 0, ["id", "lon", "lat"])
    entities = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 12))
    laughs = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "lol">{entities}]>'
    with zipfile.ZipFile(buffer) as source, zipfile.ZipFile(tmp_path / "l.xlsx", "w") as target:
        for info in source.infolist():
            data = source.read(info)
            if info.filename == "xl/sharedStrings.xml":
                data = (laughs + data.decode().split("?>", 1)[1].replace("lon", "&l11;")).encode()
            target.writestr(info, data)
    begun = time.monotonic()
    with pytest.raises(GeogridError):
        read_table(tmp_path / "l.xlsx")
    assert time.monotonic() - begun < 20


def test_rubbish_under_any_name_is_refused(tmp_path):
    rubbish = bytes(range(256)) * 20
    for suffix in (".shp", ".zip", ".gpkg", ".geojson", ".kml", ".fgb", ".csv", ".xlsx"):
        path = tmp_path / f"rubbish{suffix}"
        path.write_bytes(rubbish)
        refusal(path, reader=read if suffix in (".kml", ".fgb") else read_quickly)
    (tmp_path / "cut.fgb").write_bytes(write_buildings(tmp_path / "b.fgb").read_bytes()[:-90])
    refusal(tmp_path / "cut.fgb")


# --- the guard itself --------------------------------------------------------------------------


def guarded(tmp_path, limits):
    path = tmp_path / "t.csv"
    path.write_text("a\n" + "1\n" * 300_000)
    info = {"file": "t.csv", "encoding": None, "sheets": []}
    return run_guarded("table", {"input.csv": path}, Parcel(info), limits=limits)


def test_a_file_beyond_the_size_limit_is_not_opened(tmp_path):
    with pytest.raises(FileTooCostlyError, match="MiB"):
        guarded(tmp_path, Limits(file_bytes=100_000))


def test_a_reader_that_takes_too_long_is_ended(tmp_path):
    with pytest.raises(FileTooCostlyError, match="elapsed"):
        guarded(tmp_path, Limits(wall_s=0))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="RLIMIT_AS is enforced on Linux")
def test_a_reader_that_takes_too_much_memory_is_an_error_of_the_file(tmp_path):
    with pytest.raises(FileTooCostlyError):
        guarded(tmp_path, Limits(memory_bytes=150 << 20))


def test_a_driver_that_nobody_thought_of_is_not_loaded(tmp_path, monkeypatch):
    # as with a newer GDAL: the list skips VRT alone, and the child finds the rest
    monkeypatch.setattr(guard, "_SKIPPED_DRIVERS", "VRT")
    assert len(read(write_buildings(tmp_path / "b.fgb")).frame) == 3


def test_errors_and_faults_come_back_from_the_child_as_they_were_raised():
    error = FileContentError("甲.shp", [Fault("坏", "bad", 3, "层数"), Fault("更坏", "worse")])
    found = decode_error(json.loads(json.dumps(encode_error(error))))
    assert type(found) is FileContentError
    assert str(found) == str(error)
    with pytest.raises(TypeError):
        decode_error({"class": "annotations", "fields": {}})


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="network namespaces are Linux's")
def test_a_process_that_left_the_network_reaches_not_even_loopback():
    script = (
        "import ctypes, socket, sys; from geogrid.io.child import leave_network; leave_network()\n"
        "if not ctypes.get_errno(): socket.create_connection(('127.0.0.1', int(sys.argv[1])), timeout=2)"
    )
    with Listener() as listener:
        subprocess.run([sys.executable, "-c", script, str(listener.port)], capture_output=True, check=False)
        assert listener.hits == 0


def test_a_folder_or_a_device_is_no_file(tmp_path):
    (tmp_path / "d.gpkg").mkdir()
    assert isinstance(refusal(tmp_path / "d.gpkg"), UnsupportedFileError)
    os.mkfifo(tmp_path / "f.csv")
    assert isinstance(refusal(tmp_path / "f.csv"), UnsupportedFileError)
