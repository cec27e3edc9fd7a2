"""Hostile and broken files: each is refused with a sentence that names what is wrong, and nothing else happens."""

from __future__ import annotations

import datetime
import io
import json
import os
import struct
import zipfile
from pathlib import Path

import ezdxf
import geopandas as gpd
import shapely

from tests.support.corpus.case import (
    EAST_M,
    LAT,
    LON,
    NORTH_M,
    Case,
    Refused,
    Surroundings,
    collection,
    data,
    feature,
    geojson,
    houses,
    packed,
    point,
    sheet,
    square,
    statements,
    table,
    text,
    written,
    zipped,
)

HEAD = "id,name,lon,lat"
PLACE = f"{LON},{LAT}"
GOOD = collection(feature(point(), name="东门"))
CONTENT, UNSUPPORTED, COSTLY = "FileContentError", "UnsupportedFileError", "FileTooCostlyError"
ENCODING, SYSTEM, COLUMNS = "TextEncodingError", "CrsError", "MissingColumnsError"


# --- archives ------------------------------------------------------------------------------------


def _changed(build, change):
    """The file of another builder with its bytes changed."""

    def changed(folder: Path, surroundings: Surroundings) -> Path:
        path = build(folder, surroundings)
        path.write_bytes(change(path.read_bytes()))
        return path

    return changed


def _nested_twice(folder, surroundings):
    once = zipped({"c.geojson": GOOD}, name="1.zip")(folder, surroundings)
    twice = zipped({"1.zip": once.read_bytes()}, name="2.zip")(folder, surroundings)
    return zipped({"2.zip": twice.read_bytes()})(folder, surroundings)


def _lie_about_size(content: bytes) -> bytes:
    """The directory of the archive says one byte where there is more."""
    at = content.rindex(b"PK\x01\x02")
    return content[: at + 24] + struct.pack("<I", 1) + content[at + 28 :]


def _claim_gigabytes(content: bytes) -> bytes:
    at = content.rindex(b"PK\x01\x02")
    return content[: at + 20] + struct.pack("<II", 1 << 30, (1 << 31) - 1) + content[at + 28 :]


def _flip_data(content: bytes) -> bytes:
    at = content.index(b"c.geojson") + 12
    return content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :]


def _archives() -> list[Case]:
    good = {"c.geojson": GOOD}
    shapefile = written("b.shp", encoding="UTF-8")
    return [
        *(
            Case(f"zip_pointing_out_{i}", zipped({name: GOOD}), Refused(UNSUPPORTED, "相对路径"))
            for i, name in enumerate(
                (
                    "../c.geojson",
                    "/absolute/c.geojson",
                    "a\\..\\c.geojson",
                    "C:/c.geojson",
                    "a/../../c.geojson",
                )
            )
        ),
        Case(
            "zip_link",
            zipped({"c.geojson": "/etc/passwd"}, external_attr=0o120777 << 16),
            Refused(UNSUPPORTED, "链接"),
        ),
        Case("zip_bomb", zipped({"c.geojson": b" " * (64 << 20)}), Refused(COSTLY, "压缩比")),
        Case(
            "zip_5000_members", zipped({f"{i}.txt": "" for i in range(5000)}), Refused(COSTLY, "5000 > 500")
        ),
        Case("zip_claims_gigabytes", _changed(zipped(good), _claim_gigabytes), Refused(COSTLY, "MiB")),
        Case("zip_lies_about_size", _changed(zipped(good), _lie_about_size), Refused(UNSUPPORTED)),
        Case(
            "zip_two_layers",
            zipped({"甲.geojson": GOOD, "乙.geojson": GOOD}),
            Refused(UNSUPPORTED, "乙.geojson"),
        ),
        Case("zip_two_zips", zipped({"1.zip": b"PK", "2.zip": b"PK"}), Refused(UNSUPPORTED, "zip 套 zip")),
        Case("zip_nested_twice", _nested_twice, Refused(UNSUPPORTED, "zip 套 zip")),
        Case("zip_encrypted", _changed(zipped(good), _set_encrypted), Refused(UNSUPPORTED, "加密")),
        Case("zip_unknown_method", _changed(zipped(good), _set_method), Refused(UNSUPPORTED, "zip")),
        Case(
            "zip_name_no_text",
            _changed(
                zipped({"東東.geojson": GOOD}),
                lambda content: content.replace("東".encode(), b"\xe9\xe9\xe9"),
            ),
            Refused(UNSUPPORTED, "zip"),
        ),
        Case("zip_cut", _changed(zipped(good), lambda content: content[:-30]), Refused(UNSUPPORTED, "zip")),
        Case("zip_data_flipped", _changed(zipped(good), _flip_data), Refused(UNSUPPORTED, "zip")),
        Case("zip_empty", zipped({}), Refused(UNSUPPORTED, "图层")),
        Case("zip_of_texts", zipped({"说明.txt": "x"}), Refused(UNSUPPORTED, "图层")),
        Case(
            "zip_dbf_alone",
            packed(shapefile, lambda part: part.replace(".shp", ".txt")),
            Refused(UNSUPPORTED, ".shp"),
            "building",
        ),
        Case("zip_that_is_none", data("c.zip", b"GIF89a" * 50), Refused(UNSUPPORTED, "后缀")),
        Case(
            "zip_with_module",
            zipped({"geogrid.py": "raise SystemExit", "c.csv": "x"}),
            Refused(CONTENT, "没有任何记录"),
        ),
    ]


def _set_encrypted(content: bytes) -> bytes:
    local, central = content.index(b"PK\x03\x04"), content.rindex(b"PK\x01\x02")
    found = bytearray(content)
    found[local + 6] |= 1
    found[central + 8] |= 1
    return bytes(found)


def _set_method(content: bytes) -> bytes:
    local, central = content.index(b"PK\x03\x04"), content.rindex(b"PK\x01\x02")
    found = bytearray(content)
    found[local + 8 : local + 10] = found[central + 10 : central + 12] = struct.pack("<H", 97)
    return bytes(found)


# --- files that point elsewhere --------------------------------------------------------------------


def _pointing(name: str, template: str, parts: tuple[str, ...] = ()):
    """A file that holds the path of the roster and the address of the listener."""

    def build(folder: Path, around: Surroundings) -> Path:
        content = template.replace("ROSTER", str(around.roster)).replace("URL", around.url)
        for one in (name, *parts):
            (folder / one).write_text(content, encoding="utf-8")
        return folder / name

    return build


_VRT = (
    '<OGRVRTDataSource><!-- <kml --><OGRVRTLayer name="roster"><SrcDataSource>ROSTER</SrcDataSource>'
    '<GeometryField encoding="PointFromColumns" x="lon" y="lat"/></OGRVRTLayer></OGRVRTDataSource>'
)
_KML = '<?xml version="1.0"?>{}<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{}</Document></kml>'
_PLACEMARK = "<Placemark><name>&x;</name><Point><coordinates>118.85,27.36</coordinates></Point></Placemark>"
_LAUGHS = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 12))


def _bad_prj(folder, surroundings):
    path = written("b.shp", encoding="UTF-8")(folder, surroundings)
    path.with_suffix(".prj").write_text(f"{surroundings.url}/crs")
    return path


def _elsewhere() -> list[Case]:
    crs_link = collection(
        feature(point()), crs={"type": "link", "properties": {"href": "URL", "type": "ogcwkt"}}
    )
    crs_name = collection(feature(point()), crs={"type": "name", "properties": {"name": "URL"}})
    pipeline = json.dumps({"type": "gdal_streamed_alg", "command_line": "gdal vector pipeline ! read ROSTER"})
    link = "<NetworkLink><Link><href>URL</href></Link></NetworkLink>"
    return [
        *(
            Case(f"vrt_as_{suffix}", _pointing(f"c.{suffix}", _VRT), Refused(UNSUPPORTED))
            for suffix in ("geojson", "kml", "gpkg", "fgb", "gdb", "dxf", "xlsx", "zip")
        ),
        Case("vrt_as_csv", _pointing("c.csv", _VRT), Refused("GeogridError")),
        Case("vrt_as_shp", _pointing("c.shp", _VRT, ("c.shx", "c.dbf")), Refused(CONTENT, "不是 shapefile")),
        Case(
            "vrt_over_the_network",
            _pointing("c.kml", _VRT.replace("ROSTER", "/vsicurl/URL")),
            Refused(UNSUPPORTED),
        ),
        Case("pipeline_as_json", _pointing("c.json", pipeline), Refused(UNSUPPORTED, "gdal_streamed_alg")),
        Case(
            "pipeline_as_geojson", _pointing("c.geojson", pipeline), Refused(UNSUPPORTED, "gdal_streamed_alg")
        ),
        Case(
            "wfs",
            _pointing("c.kml", "<OGRWFSDataSource><!-- <kml --><URL>URL</URL></OGRWFSDataSource>"),
            Refused(UNSUPPORTED),
        ),
        Case("geojson_crs_link", _pointing("c.geojson", crs_link), Refused(SYSTEM, "链接")),
        Case("geojson_crs_address", _pointing("c.geojson", crs_name), Refused(SYSTEM)),
        Case("kml_network_link", _pointing("c.kml", _KML.format("", link)), Refused("GeogridError")),
        Case(
            "kml_entity_of_a_file",
            _pointing(
                "c.kml", _KML.format('<!DOCTYPE kml [<!ENTITY x SYSTEM "file://ROSTER">]>', _PLACEMARK)
            ),
            Refused("GeogridError"),
        ),
        Case(
            "kml_entity_of_an_address",
            _pointing("c.kml", _KML.format('<!DOCTYPE kml [<!ENTITY x SYSTEM "URL">]>', _PLACEMARK)),
            Refused("GeogridError"),
        ),
        Case(
            "kml_laughs",
            text(
                "c.kml",
                _KML.format(f'<!DOCTYPE kml [<!ENTITY l0 "lol">{_LAUGHS}<!ENTITY x "&l11;">]>', _PLACEMARK),
            ),
            Refused("GeogridError"),
        ),
        Case("shp_prj_address", _bad_prj, Refused(SYSTEM), "building"),
        Case("csv_that_is_a_pipe", _pipe, Refused(UNSUPPORTED, "普通文件")),
        Case("csv_that_is_a_device", _device, Refused(UNSUPPORTED, "普通文件")),
        Case("csv_that_is_a_folder", _folder("c.csv"), Refused(UNSUPPORTED, "普通文件")),
        Case("gdb_empty_folder", _folder("c.gdb"), Refused(UNSUPPORTED)),
        Case("gdb_of_links", _gdb_of_links, Refused(UNSUPPORTED, "链接")),
    ]


def _pipe(folder, _):
    os.mkfifo(folder / "c.csv")
    return folder / "c.csv"


def _device(folder, _):
    (folder / "c.csv").symlink_to("/dev/zero")
    return folder / "c.csv"


def _folder(name):
    def build(folder, _):
        (folder / name).mkdir()
        return folder / name

    return build


def _gdb_of_links(folder, around):
    (folder / "c.gdb").mkdir()
    (folder / "c.gdb" / "a00000001.gdbtable").symlink_to(around.roster)
    return folder / "c.gdb"


# --- GeoPackages -----------------------------------------------------------------------------------


def _gpkg(name: str, *sql, error: str = UNSUPPORTED, word: str = "", frame=houses, **options) -> Case:
    return Case(
        f"gpkg_{name}",
        written("b.gpkg", frame, statements(*sql), layer="b"),
        Refused(error, word),
        "building",
        options,
    )


def _geopackages() -> list[Case]:
    endless = (
        "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT n AS fid, NULL AS geom FROM c"
    )
    header = b"GP\x00\x01" + struct.pack("<i", 4490)
    deep = b"\x01\x07\x00\x00\x00\x01\x00\x00\x00"
    blob = 'UPDATE "b" SET geom = ? WHERE rowid = 1'
    not_finite = header + shapely.to_wkb(shapely.box(0, 0, 1, 1)).replace(
        struct.pack("<d", 1.0), struct.pack("<d", float("inf"))
    )
    many = "DELETE FROM gpkg_contents"
    return [
        _gpkg(
            "endless_view",
            f"CREATE VIEW v AS {endless}",
            "UPDATE gpkg_contents SET table_name = 'v', identifier = 'v'",
            "UPDATE gpkg_geometry_columns SET table_name = 'v'",
            word="视图",
        ),
        _gpkg(
            "contents_a_view",
            "ALTER TABLE gpkg_contents RENAME TO x",
            "CREATE VIEW gpkg_contents AS SELECT * FROM x",
            word="视图",
        ),
        _gpkg(
            "systems_an_endless_view",
            "ALTER TABLE gpkg_spatial_ref_sys RENAME TO x",
            f"CREATE VIEW gpkg_spatial_ref_sys AS {endless}",
            word="视图",
        ),
        _gpkg(
            "virtual_table",
            "CREATE VIRTUAL TABLE v USING fts4(id, geom)",
            "UPDATE gpkg_contents SET table_name = 'v'",
            "UPDATE gpkg_geometry_columns SET table_name = 'v'",
            word="普通表",
        ),
        _gpkg(
            "schema_garbage",
            "PRAGMA writable_schema = ON",
            "UPDATE sqlite_master SET sql = 'CREATE TABLE b(' WHERE name = 'b'",
            word="SQLite",
        ),
        _gpkg("no_layers", many, word="0 个图层"),
        _gpkg(
            "geometry_column_missing", "UPDATE gpkg_geometry_columns SET column_name = 'nope'", word="nope"
        ),
        _gpkg(
            "system_an_address",
            "UPDATE gpkg_spatial_ref_sys SET organization = 'x', definition = 'http://127.0.0.1/'",
            error=SYSTEM,
        ),
        _gpkg("no_srs", "UPDATE gpkg_geometry_columns SET srs_id = 0", error=SYSTEM, word="--crs EPSG:4490"),
        _gpkg(
            "beijing_1954",
            error=SYSTEM,
            word="测绘",
            frame=lambda: houses().set_crs(4214, allow_override=True),
        ),
        _gpkg(
            "xian_1980_zone",
            error=SYSTEM,
            word="测绘",
            frame=lambda: houses().to_crs(4549).set_crs(2384, allow_override=True),
        ),
        _gpkg("garbage_geometry", (blob, header + b"\x01\x03garbage"), error=CONTENT, word="第 1 行"),
        _gpkg("no_header", (blob, b"nothing"), error=CONTENT, word="第 1 行"),
        _gpkg("deep_geometry", (blob, header + deep * 200_000), error=CONTENT, word="第 1 行"),
        _gpkg(
            "geometry_of_a_million_points",
            (blob, header + b"\x01\x02\x00\x00\x00\xff\xff\xff\x7f"),
            error=CONTENT,
            word="第 1 行",
        ),
        _gpkg("not_finite", (blob, not_finite), error=CONTENT, word="有限"),
        _gpkg(
            "empty_polygon",
            (blob, header + shapely.to_wkb(shapely.Polygon())),
            error=CONTENT,
            word="几何为空",
        ),
        _gpkg(
            "text_in_latin",
            ('UPDATE "b" SET name = CAST(? AS TEXT)', "Zürich".encode("latin-1")),
            error=ENCODING,
            word="Zürich",
        ),
        Case(
            "gpkg_two_layers",
            written("b.gpkg", change=lambda path: houses(1).to_file(path, layer="other"), layer="b"),
            Refused(UNSUPPORTED, "other"),
            "building",
        ),
        Case(
            "gpkg_cut",
            _changed(written("b.gpkg"), lambda content: content[: len(content) // 2]),
            Refused(UNSUPPORTED, "SQLite"),
            "building",
        ),
        Case("gpkg_plain_sqlite", _sqlite, Refused(UNSUPPORTED)),
        Case("gpkg_rubbish", data("c.gpkg", bytes(range(256)) * 20), Refused(UNSUPPORTED, "后缀")),
        Case(
            "gpkg_header_alone",
            data("c.gpkg", b"SQLite format 3\0" + b"\xff" * 4000),
            Refused(UNSUPPORTED, "SQLite"),
        ),
    ]


def _sqlite(folder, _):
    statements("CREATE TABLE a (x)")(folder / "c.gpkg")
    return folder / "c.gpkg"


# --- shapefiles ------------------------------------------------------------------------------------


def _shp(
    name: str,
    change=None,
    error: str = CONTENT,
    word: str = "",
    frame=lambda: houses(50),
    encoding="UTF-8",
    **options,
) -> Case:
    return Case(
        f"shp_{name}",
        written("b.shp", frame, change, encoding=encoding),
        Refused(error, word),
        "building",
        options,
    )


def _cut(part: str, share: float):
    def change(path: Path) -> None:
        file = path.with_suffix(part)
        file.write_bytes(file.read_bytes()[: int(file.stat().st_size * share)])

    return change


def _poke(part: str, at: int, content: bytes):
    def change(path: Path) -> None:
        file = path.with_suffix(part)
        found = bytearray(file.read_bytes())
        found[at : at + len(content)] = content
        file.write_bytes(found)

    return change


def _without(part: str):
    return lambda path: path.with_suffix(part).unlink()


def _of_another(path: Path) -> None:
    houses(49).to_file(path.with_name("x.shp"), encoding="UTF-8")
    path.with_name("x.dbf").replace(path.with_suffix(".dbf"))


def _null_shape() -> gpd.GeoDataFrame:
    frame = houses(3)
    frame.loc[1, "geometry"] = None
    return frame


def _traditional() -> gpd.GeoDataFrame:
    return houses().assign(name=["東門社區一號樓", "信義路二段"])


def _shapefiles() -> list[Case]:
    return [
        *(_shp(f"without{part}", _without(part), word=part) for part in (".dbf", ".shx")),
        *(_shp(f"half{part}", _cut(part, 0.5), word=part) for part in (".shp", ".shx", ".dbf")),
        *(_shp(f"empty{part}", _cut(part, 0.0), word=part) for part in (".shp", ".shx", ".dbf")),
        _shp("parts_of_two", _of_another, word="50 ≠ 49"),
        _shp("claims_billions", _poke(".dbf", 4, b"\xff\xff\xff\xff"), word=".dbf"),
        _shp("field_wider_than_row", _poke(".dbf", 32 + 16, b"\xff"), word=".dbf"),
        _shp("record_beyond_the_end", _poke(".shx", 100, struct.pack(">ii", 1 << 28, 50)), word="#1"),
        _shp("null_shape", frame=_null_shape, word="第 2 行：没有几何"),
        _shp("without_prj", _without(".prj"), SYSTEM, "--crs EPSG:4490"),
        _shp(
            "zone_without_prj",
            _without(".prj"),
            SYSTEM,
            "--crs EPSG:4549",
            frame=lambda: houses().to_crs("EPSG:4549"),
        ),
        _shp(
            "zone_number_without_prj",
            _without(".prj"),
            SYSTEM,
            "--crs EPSG:4528",
            frame=lambda: houses().to_crs("EPSG:4528"),
        ),
        _shp(
            "wrong_zone",
            _without(".prj"),
            CONTENT,
            "--crs EPSG:4549",
            frame=lambda: houses().to_crs("EPSG:4549"),
            crs="EPSG:4548",
        ),
        _shp("prj_contradicted", None, SYSTEM, "文件自述", crs="EPSG:4549"),
        _shp(
            "big5_without_cpg",
            _without(".cpg"),
            ENCODING,
            "BIG5：東門社區一號樓、信義路二段",
            frame=_traditional,
            encoding="BIG5",
        ),
        _shp(
            "latin",
            _without(".cpg"),
            ENCODING,
            "Zürich",
            frame=lambda: houses().assign(name=["Zürich", "Uelzen"]),
            encoding="ISO-8859-1",
        ),
        Case(
            "shp_stated_encoding_wrong",
            written("b.shp", _traditional, encoding="BIG5"),
            Refused(ENCODING, "BIG5"),
            "building",
            {"encoding": "utf-8"},
        ),
        Case("shp_rubbish", data("c.shp", b"\0" * 400), Refused(CONTENT, ".shx"), "building"),
    ]


# --- GeoJSON and the like ----------------------------------------------------------------------------


def _bad(name: str, *features, word: str, layer: str = "centre", error: str = CONTENT, **options) -> Case:
    return Case(f"geojson_{name}", geojson(*features), Refused(error, word), layer, options)


def _polygon(*ring) -> dict:
    return {"type": "Polygon", "coordinates": [list(ring)]}


def _geojsons() -> list[Case]:
    house = shapely.geometry.mapping(square())
    bow_tie = _polygon([LON, LAT], [LON + 1e-3, LAT + 1e-3], [LON + 1e-3, LAT], [LON, LAT + 1e-3], [LON, LAT])
    deep = "[" * 100_000 + "]" * 100_000
    return [
        Case(
            "geojson_deep",
            text("c.geojson", f'{{"type": "FeatureCollection", "features": {deep}}}'),
            Refused(UNSUPPORTED, "JSON"),
        ),
        Case(
            "geojson_key_twice",
            text("c.geojson", '{"type": "FeatureCollection", "features": [], "features": []}'),
            Refused(UNSUPPORTED, "重复"),
        ),
        Case("geojson_cut", text("c.geojson", GOOD[:-20]), Refused(UNSUPPORTED, "JSON")),
        Case("geojson_list", text("c.geojson", "[1, 2]"), Refused(UNSUPPORTED)),
        Case("geojson_nothing", data("c.geojson", b""), Refused(UNSUPPORTED, "JSON")),
        Case("geojson_no_features", text("c.geojson", collection()), Refused(CONTENT, "没有任何记录")),
        Case(
            "geojson_features_no_list",
            text("c.geojson", '{"type": "FeatureCollection", "features": 3}'),
            Refused(UNSUPPORTED),
        ),
        Case(
            "geojson_huge_number",
            text("c.geojson", GOOD.replace('"东门"', "9" * 5000)),
            Refused(UNSUPPORTED, "JSON"),
        ),
        Case("geojson_nan", text("c.geojson", GOOD.replace(str(LON), "NaN")), Refused(CONTENT, "有限")),
        Case(
            "geojson_infinity", text("c.geojson", GOOD.replace(str(LON), "1e999")), Refused(CONTENT, "有限")
        ),
        Case(
            "geojson_lone_surrogate",
            text("c.geojson", GOOD.replace("东门", "东\\ud800门")),
            Refused(CONTENT, "U+D800"),
        ),
        _bad("huge", feature(point(1e308, 1e308)), word="不合理"),
        _bad("texts", feature({"type": "Point", "coordinates": [str(LON), str(LAT)]}), word="不是数字"),
        _bad("truths", feature({"type": "Point", "coordinates": [True, False]}), word="不是数字"),
        _bad("one_ordinate", feature({"type": "Point", "coordinates": [LON]}), word="不完整"),
        _bad(
            "ragged",
            feature({"type": "LineString", "coordinates": [[LON, LAT], [LON]]}),
            word="不完整",
            layer="street",
        ),
        _bad("no_geometry", feature(None), word="没有几何"),
        _bad("geometry_a_text", feature("POINT (1 1)"), word="第 1 行"),  # type: ignore[arg-type]
        _bad(
            "collection",
            feature({"type": "GeometryCollection", "geometries": [point()]}),
            word="GeometryCollection",
        ),
        _bad("another_kind", feature(house), word="应为点"),
        _bad("bow_tie", feature(bow_tie), word="自相交", layer="building"),
        _bad("two_corners", feature(_polygon([LON, LAT], [LON + 1, LAT])), word="第 1 行", layer="building"),
        _bad(
            "no_area",
            feature(_polygon([LON, LAT], [LON + 1e-3, LAT], [LON, LAT], [LON, LAT])),
            word="面无效",
            layer="building",
        ),
        _bad(
            "no_length",
            feature({"type": "LineString", "coordinates": [[LON, LAT], [LON, LAT]]}),
            word="长度为零",
            layer="street",
        ),
        _bad("swapped", feature(point(LAT, LON)), word="互换"),
        _bad("metres", feature(point(EAST_M, NORTH_M)), word="--crs EPSG:4549"),
        _bad("metres_with_zone", feature(point(40e6 + EAST_M, NORTH_M)), word="--crs EPSG:4528"),
        _bad("mercator", feature(point(13_230_600.0, 3_169_900.0)), word="EPSG:3857"),
        _bad("zero", feature(point(0, 0)), word="位置未知"),
        _bad("another_county", feature(point(121.5, 31.2)), word="100 公里"),
        _bad(
            "date_line",
            feature(shapely.geometry.mapping(shapely.box(-179, LAT, 179, LAT + 1))),
            word="不合理",
            layer="building",
        ),
        _bad(
            "mixed_units", feature(point(), id="1"), feature(point(EAST_M, NORTH_M), id="2"), word="第 2 行"
        ),
        _bad("id_twice", feature(point()), feature(point()), word="重复"),
        _bad("id_empty", feature(point(), id=None), feature(point()), word="不能为空"),
        _bad("no_datum", feature(point()), word="--datum", error="MissingDatumError", datum=None),
        _bad("control_character", feature(point(), name="东\u0007门"), word="U+0007"),
        _bad("escape_character", feature(point(), name="东\u001b[31m门"), word="U+001B"),
        _bad("lost_character", feature(point(), name="东\ufffd门"), word="U+FFFD"),
        _bad("garbled", feature(point(), name="东门社区".encode().decode("gb18030")), word="东门社区"),
        _bad("name_an_object", feature(point(), name={"$gt": ""}), word="不是文字"),
        _bad("identity_numbers", feature(point(), remark="11010519491231002X"), word="身份证"),
        _bad("capacity_below_zero", feature(point(), capacity=-1), word="小于 0"),
        _bad("capacity_a_text", feature(point(), capacity="很多"), word="不是数字"),
        Case("kml_no_xml", text("c.kml", "<kml"), Refused(UNSUPPORTED)),
        Case(
            "kml_many_folders",
            text(
                "c.kml",
                _KML.format(
                    "",
                    "".join(
                        f"<Folder><name>{i}</name>{_PLACEMARK.replace('&x;', 'x')}</Folder>" for i in (1, 2)
                    ),
                ),
            ),
            Refused(UNSUPPORTED, "2 个图层"),
        ),
        Case(
            "fgb_cut",
            _changed(written("b.fgb", lambda: houses(20)), lambda content: content[:-90]),
            Refused(UNSUPPORTED),
            "building",
        ),
        Case("fgb_rubbish", data("c.fgb", b"fgb\x03fgb\x00" + os.urandom(200)), Refused("GeogridError")),
    ]


# --- drawings ----------------------------------------------------------------------------------------


def _drawing(fill, version="R2000"):
    def build(folder, _):
        drawing = ezdxf.new(version)
        fill(drawing)
        drawing.saveas(folder / "a.dxf")
        return folder / "a.dxf"

    return build


def _one_area(drawing):
    corners = [(EAST_M + dx, NORTH_M + dy) for dx, dy in ((0, 0), (20, 0), (20, 10), (0, 10))]
    drawing.modelspace().add_lwpolyline(corners, close=True)


def _laughing_blocks(drawing):
    """Ten levels of ten references: ten thousand million areas."""
    lowest = drawing.blocks.new("B0")
    lowest.add_lwpolyline([(0, 0), (1, 0), (1, 1)], close=True)
    for level in range(1, 11):
        block = drawing.blocks.new(f"B{level}")
        for i in range(10):
            block.add_blockref(f"B{level - 1}", (i, level))
    drawing.modelspace().add_blockref("B10", (EAST_M, NORTH_M))


def _drawings() -> list[Case]:
    zone = {"crs": "EPSG:4549"}
    return [
        Case("dxf_without_crs", _drawing(_one_area), Refused(SYSTEM, "--crs EPSG:4549"), "building"),
        Case(
            "dxf_laughing_blocks", _drawing(_laughing_blocks), Refused(CONTENT, "EXPLODE"), "building", zone
        ),
        Case(
            "dxf_binary",
            data("a.dxf", b"AutoCAD Binary DXF\r\n\x1a\0" + b"\0" * 200),
            Refused(UNSUPPORTED, "二进制"),
            "building",
            zone,
        ),
        Case(
            "dxf_no_area",
            _drawing(lambda drawing: drawing.modelspace().add_line((0, 0), (1, 1))),
            Refused(CONTENT, "LineString 1"),
            "building",
            zone,
        ),
        Case("dxf_empty", _drawing(lambda _: None), Refused(CONTENT, "没有"), "building", zone),
        Case(
            "dxf_cut",
            _changed(_drawing(_one_area), lambda content: content[: len(content) // 3]),
            Refused("GeogridError"),
            "building",
            zone,
        ),
        Case("dxf_rubbish", text("a.dxf", "x" * 1000), Refused(UNSUPPORTED), "building", zone),
        Case(
            "dxf_at_the_origin",
            _drawing(
                lambda drawing: drawing.modelspace().add_lwpolyline([(0, 0), (9, 0), (9, 9)], close=True)
            ),
            Refused(CONTENT, "第 1 行"),
            "building",
            zone,
        ),
    ]


# --- tables ------------------------------------------------------------------------------------------


def _csv(
    name: str,
    *lines: str,
    error: str = CONTENT,
    word: str = "",
    codec: str = "utf-8",
    layer: str = "centre",
    **options,
) -> Case:
    return Case(f"csv_{name}", table(*lines, codec=codec), Refused(error, word), layer, options)


def _far_cell(row: int, column: int):
    return sheet(
        HEAD.split(","), ["1", "东门", LON, LAT], tune=lambda book: book.active.cell(row, column, "x")
    )


def _laughing_sheet(folder, surroundings):
    source = sheet(HEAD.split(","), ["1", "东门", LON, LAT])(folder, surroundings)
    laughs = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "lol">{_LAUGHS}]>'
    buffer = io.BytesIO()
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(buffer, "w") as new:
        for info in old.infolist():
            content = old.read(info)
            if info.filename == "xl/worksheets/sheet1.xml":
                content = (laughs + content.decode().replace(">", "><x>&l11;</x>", 1)).encode()
            new.writestr(info, content)
    source.write_bytes(buffer.getvalue())
    return source


def _flipped_sheet(folder, surroundings):
    path = sheet(HEAD.split(","), *[[str(i), "东门", LON, LAT] for i in range(50)])(folder, surroundings)
    with zipfile.ZipFile(path) as archive:
        start = archive.getinfo("xl/worksheets/sheet1.xml").header_offset
    content = bytearray(path.read_bytes())
    content[start + 120 : start + 160] = b"\xff" * 40
    path.write_bytes(content)
    return path


def _tables() -> list[Case]:
    deep = "GEOMETRYCOLLECTION(" * 30_000 + "POINT(1 1)" + ")" * 30_000
    row = f"1,东门,{PLACE}"
    return [
        _csv("nothing", error=UNSUPPORTED, word="列名"),
        _csv("header_alone", HEAD, word="没有任何记录"),
        _csv("zero_bytes", HEAD, "1,东\0门,118,27", error=UNSUPPORTED, word="二进制"),
        _csv("open_quote", HEAD, f'1,"东门,{PLACE}', error=UNSUPPORTED, word="CSV"),
        _csv("cell_of_17_mb", HEAD, f"1,{'x' * (17 << 20)},{PLACE}", error=UNSUPPORTED, word="CSV"),
        _csv("301_columns", ",".join([HEAD, *(f"c{i}" for i in range(300))]), row, error=COSTLY, word="列"),
        _csv("html", "<html><body><table>", "<tr><td>1</td></tr>", error=COLUMNS, word="经度"),
        _csv("no_place", "id,name", "1,东门", error=COLUMNS, word="经度"),
        _csv("column_twice", "id,name,name,lon,lat", f"1,a,b,{PLACE}", word="列名重复"),
        _csv("nameless_column", HEAD + ",", row + ",x", word="没有列名"),
        _csv(
            "big5",
            "編號,名稱,經度,緯度",
            f"1,東門社區,{PLACE}",
            codec="big5",
            error=ENCODING,
            word="BIG5：編號,名稱",
        ),
        _csv("latin", HEAD, f"1,Zürich,{PLACE}", codec="latin-1", error=ENCODING, word="Zürich"),
        _csv(
            "stated_encoding_wrong",
            HEAD,
            f"1,东门,{PLACE}",
            codec="gb18030",
            error=ENCODING,
            word="东门",
            encoding="utf-8",
        ),
        Case("csv_binary", data("c.csv", bytes(range(128, 256)) * 9), Refused("GeogridError")),
        _csv("garbled", HEAD, f"1,{'南门社区'.encode('gbk').decode('latin-1')},{PLACE}", word="南门社区"),
        _csv("lost_characters", HEAD, f"1,东\ufffd,{PLACE}", word="第 2 行"),
        _csv("deep_wkt", "id,wkt", f'1,"{deep}"', layer="building", crs="EPSG:4490", word="第 2 行"),
        _csv("bad_wkt", "id,wkt", "1,POLYGON((0 0", layer="building", crs="EPSG:4490", word="WKT"),
        _csv(
            "wkt_without_crs",
            "id,wkt",
            f'1,"{square().wkt}"',
            layer="building",
            error=SYSTEM,
            word="--crs EPSG:4490",
        ),
        _csv("degrees_and_minutes", HEAD, "1,东门,118°51′,27°22′", word="不是数字"),
        _csv("swapped", HEAD, f"1,东门,{LAT},{LON}", word="互换"),
        _csv("not_finite", HEAD, "1,东门,inf,nan", word="有限"),
        _csv("metres_without_crs", "id,x,y", f"1,{EAST_M},{NORTH_M}", error=SYSTEM, word="--crs EPSG:4549"),
        _csv("neighbouring_zone", "id,x,y", f"1,{EAST_M},{NORTH_M}", word="--crs EPSG:4549", crs="EPSG:4548"),
        _csv("zone_of_another", "id,x,y", f"1,40{EAST_M},{NORTH_M}", word="--crs EPSG:4528", crs="EPSG:4527"),
        _csv("axes_of_the_zone", "id,x,y", f"1,{NORTH_M},{EAST_M}", word="互换", crs="EPSG:4549"),
        _csv("degrees_called_metres", "id,x,y", f"1,{PLACE}", word="像是度", crs="EPSG:4549"),
        _csv("metres_called_degrees", HEAD, f"1,东门,{PLACE}", error=SYSTEM, word="degrees", crs="EPSG:4549"),
        _csv("beijing_stated", HEAD, row, error=SYSTEM, word="测绘", crs="EPSG:4214"),
        _csv(
            "beijing_zone_stated",
            "id,x,y",
            f"1,{EAST_M},{NORTH_M}",
            error=SYSTEM,
            word="测绘",
            crs="EPSG:2437",
        ),
        _csv(
            "xian_zone_stated",
            "id,x,y",
            f"1,40{EAST_M},{NORTH_M}",
            error=SYSTEM,
            word="测绘",
            crs="EPSG:2364",
        ),
        _csv("no_such_crs", HEAD, row, error=SYSTEM, word="EPSG", crs="EPSG:999999"),
        _csv(
            "no_such_encoding", HEAD, row, error="InvalidOptionError", word="--encoding", encoding="klingon"
        ),
        _csv("code_that_lost_digits", HEAD, f"3.50725E+11,东门,{PLACE}", word="丢失"),
        _csv("formula_error", HEAD, f"1,#REF!,{PLACE}", word="公式"),
        _csv("date_of_last_year", HEAD + ",生效日期", row + ",去年", word="不是日期"),
        _csv("end_before_begin", HEAD + ",生效日期,截止日期", row + ",2024-01-05,2023-01-05", word="第 2 行"),
        Case("xlsx_far_row", _far_cell(1_048_576, 1), Refused(COSTLY, "行")),
        Case("xlsx_far_column", _far_cell(4, 16_384), Refused(COSTLY, "列")),
        Case("xlsx_laughs", _laughing_sheet, Refused(UNSUPPORTED)),
        Case("xlsx_data_flipped", _flipped_sheet, Refused(UNSUPPORTED, "xlsx")),
        Case(
            "xlsx_bomb",
            zipped({"xl/workbook.xml": b" " * (64 << 20)}, name="c.xlsx"),
            Refused(COSTLY, "压缩比"),
        ),
        Case(
            "xlsx_another_archive",
            zipped({"word/document.xml": "<x/>"}, name="c.xlsx"),
            Refused(UNSUPPORTED, "xlsx"),
        ),
        Case(
            "xlsx_of_1997",
            data("c.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 900),
            Refused(UNSUPPORTED, "后缀"),
        ),
        Case(
            "xlsx_date_for_a_number",
            sheet(HEAD.split(","), ["1", datetime.date(2024, 3, 2), LON, LAT]),
            Refused(CONTENT, "变成了日期"),
        ),
        *(
            Case(f"another_kind_{suffix}", data(f"c.{suffix}", b"x"), Refused(UNSUPPORTED, suffix))
            for suffix in ("dwg", "xls", "rar", "exe")
        ),
    ]


HOSTILE = [
    *_archives(),
    *_elsewhere(),
    *_geopackages(),
    *_shapefiles(),
    *_geojsons(),
    *_drawings(),
    *_tables(),
]
