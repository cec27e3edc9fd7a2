"""Files that look strange and are right: each is imported, with a value that shows it was understood."""

from __future__ import annotations

import datetime
import zipfile
from pathlib import Path

import ezdxf
import geopandas as gpd
import pandas as pd
import shapely

from tests.support.corpus.case import (
    EAST_M,
    LAT,
    LON,
    NORTH_M,
    Case,
    Imported,
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
NASTY = [
    "{{7*7}}",
    "<img src=x onerror=alert(1)>",
    "=cmd|' /C calc'!A0",
    "\u202eabc\u200f邻里",
    "䶮" * 10_000,
    "𠮷䶮㙍",
    "'; DROP TABLE centre; --",
    "${7*7}`id`",
    "{% endif %}{# x #}",
    "../../etc/passwd",
    "-1+1",
    "\\u0041 100% %s {0}",
    "👨‍👩‍👧 é\u0301",
    "NULL",
    'O\'Neil "x"',
]
"""Names that some program somewhere would run, cut or change."""
TOWN = f"编号,名称,经度,纬度,服务项目\n1,东门邻里服务中心,{PLACE},养老\n2,南门社区,{PLACE},\n"


def _quoted(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'


def _csv(
    name: str, *lines: str, n: int = 1, column: str = "name", value: object = None, **options: object
) -> Case:
    file = options.pop("file", "c.csv")
    build = table(*lines, codec=str(options.pop("codec", "utf-8")), name=str(file))
    return Case(f"csv_{name}", build, Imported(n, column, value), options=options)


def _tables() -> list[Case]:
    town = [
        Case(f"csv_{codec}", text("c.csv", TOWN, codec), Imported(2, "name", "东门邻里服务中心"))
        for codec in ("utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be")
    ]
    town.append(
        Case(
            "csv_big5_as_the_user_says",
            table("id,name,lon,lat", f"1,東門鄰里服務中心,{PLACE}", codec="big5"),
            Imported(1, "name", "東門鄰里服務中心"),
            options={"encoding": "big5"},
        )
    )
    town += [
        Case(f"csv_name_{i}", table(HEAD, f"1,{_quoted(name)},{PLACE}"), Imported(1, "name", name))
        for i, name in enumerate(NASTY)
    ]
    return [
        *town,
        _csv("crlf", HEAD + "\r", f"1,东门,{PLACE}\r", value="东门"),
        _csv("semicolons", HEAD.replace(",", ";"), f"1;东门;{LON};{LAT}", value="东门"),
        _csv("tabs", HEAD.replace(",", "\t"), f"1\t东门\t{LON}\t{LAT}", value="东门"),
        _csv("line_end_in_a_cell", HEAD, f'1,"东门\n二楼",{PLACE}', value="东门\n二楼"),
        _csv("empty_rows", HEAD, "", f"1,东门,{PLACE}", ",,,", "", value="东门"),
        _csv("upper_case_header", "ID,NAME,LON,LAT", f"1,东门,{PLACE}", value="东门"),
        _csv("wide_header", "ｉｄ,ｎａｍｅ,ｌｏｎ,ｌａｔ", f"1,东门,{PLACE}", value="东门"),
        _csv("spaces", " id , name ,lon,lat", f" 1 , \u3000东门\u3000 ,{LON} , {LAT}", value="东门"),
        _csv("escaped_formula", HEAD, f"1,'=1+1,{PLACE}", value="=1+1"),
        _csv("escaped_twice", HEAD, f"1,''=1+1,{PLACE}", value="'=1+1"),
        _csv("extra_columns", HEAD + ",备注,x", f"1,东门,{PLACE},随便,7", value="东门"),
        _csv("short_row", HEAD + ",capacity,hours", f"1,东门,{PLACE}", value="东门"),
        _csv("no_ids", "名称,经度,纬度", f"东门,{PLACE}", column="id", value="centre-2"),
        _csv(
            "ids_that_were_numbers", HEAD, f"350725001001.0,东门,{PLACE}", column="id", value="350725001001"
        ),
        _csv("leading_zeros", HEAD, f"007,东门,{PLACE}", column="id", value="007"),
        _csv("upper_case_suffix", HEAD, f"1,东门,{PLACE}", value="东门", file="C.CSV"),
        _csv("thousands", HEAD + ",容量", f'1,东门,{PLACE},"1,200"', column="capacity", value=1200),
        _csv("wide_digits", HEAD + ",容量", f"1,东门,{PLACE},１２０", column="capacity", value=120),
        _csv(
            "excel_serial",
            HEAD + ",生效日期",
            f"1,东门,{PLACE},45296",
            column="valid_from",
            value="2024-01-05",
        ),
        _csv(
            "chinese_date",
            HEAD + ",生效日期",
            f"1,东门,{PLACE},2024年1月5日",
            column="valid_from",
            value="2024-01-05",
        ),
        _csv(
            "compact_date",
            HEAD + ",生效日期",
            f"1,东门,{PLACE},20240105",
            column="valid_from",
            value="2024-01-05",
        ),
        _csv(
            "list",
            HEAD + ",服务项目",
            f"1,东门,{PLACE},养老、托幼；养老",
            column="services",
            value="养老,托幼",
        ),
        _csv("title_rows", "2026年政和县邻里服务中心一览表", "", HEAD, f"1,东门,{PLACE}", value="东门"),
        _csv("degrees_with_exponent", HEAD, f"1,东门,{LON / 100!r}e2,{LAT}", value="东门"),
        _csv("zone", "id,name,x,y", f"1,东门,{EAST_M},{NORTH_M}", value="东门", datum=None, crs="EPSG:4549"),
        _csv(
            "zone_number",
            "id,name,x,y",
            f"1,东门,40{EAST_M},{NORTH_M}",
            value="东门",
            datum=None,
            crs="EPSG:4528",
        ),
        _csv("gcj02", HEAD, f"1,东门,{PLACE}", value="东门", datum="gcj02"),
        _csv("bd09", HEAD, f"1,东门,{PLACE}", value="东门", datum="bd09"),
        _csv(
            "mapped",
            "编码,单位,E,N",
            f"1,东门,{PLACE}",
            value="东门",
            columns={"id": "编码", "name": "单位", "lon": "E", "lat": "N"},
        ),
        Case(
            "csv_wkt",
            table("id,name,wkt", f'b1,东门,"{square().wkt}"'),
            Imported(1, "name", "东门"),
            "building",
            {"crs": "EPSG:4490"},
        ),
        Case(
            "csv_wkt_with_z",
            table("id,wkt", f'b1,"{shapely.force_3d(square(), 9).wkt}"'),
            Imported(1, "id", "b1"),
            "building",
            {"crs": "EPSG:4490"},
        ),
        Case("xlsx", sheet(HEAD.split(","), [1, "东门", LON, LAT]), Imported(1, "name", "东门")),
        Case(
            "xlsx_upper_case",
            sheet(HEAD.split(","), [1, "东门", LON, LAT], name="C.XLSX"),
            Imported(1, "id", "1"),
        ),
        Case(
            "xlsx_numbers_as_text",
            sheet(HEAD.split(","), ["001", "东门", str(LON), str(LAT)]),
            Imported(1, "id", "001"),
        ),
        Case(
            "xlsx_dates",
            sheet([*HEAD.split(","), "生效日期"], ["1", "东门", LON, LAT, datetime.date(2024, 1, 5)]),
            Imported(1, "valid_from", "2024-01-05"),
        ),
        Case(
            "xlsx_serial_dates",
            sheet([*HEAD.split(","), "生效日期"], ["1", "东门", LON, LAT, 45296]),
            Imported(1, "valid_from", "2024-01-05"),
        ),
        Case(
            "xlsx_title_rows",
            sheet(["邻里服务中心统计表"], ["填表单位：合成单位"], HEAD.split(","), ["1", "东门", LON, LAT]),
            Imported(1, "name", "东门"),
        ),
        Case(
            "xlsx_merged_title",
            sheet(
                ["统计表"],
                HEAD.split(","),
                ["1", "东门", LON, LAT],
                tune=lambda book: book.active.merge_cells("A1:D1"),
            ),
            Imported(1, "name", "东门"),
        ),
        Case(
            "xlsx_sheet_of_our_name",
            sheet(["说明"], tune=_with_sheet("邻里服务中心", HEAD.split(","), ["1", "东门", LON, LAT])),
            Imported(1, "name", "东门"),
        ),
        Case(
            "xlsx_hidden_first_sheet",
            sheet(
                ["x"], tune=_with_sheet("2", HEAD.split(","), ["1", "东门", LON, LAT], is_first_hidden=True)
            ),
            Imported(1, "name", "东门"),
        ),
        Case(
            "xlsx_coloured_far_cells",
            sheet(HEAD.split(","), ["1", "东门", LON, LAT], tune=_with_style_at(3000, 200)),
            Imported(1, "name", "东门"),
        ),
        Case(
            "xlsx_truth_values",
            sheet([*HEAD.split(","), "合成演示数据"], ["1", "东门", LON, LAT, "是"]),
            Imported(1, "synthetic", value=True),
        ),
        Case(
            "xlsx_formula_like_text",
            sheet(HEAD.split(","), ["1", "@东门", LON, LAT]),
            Imported(1, "name", "@东门"),
        ),
    ]


def _with_sheet(title, *rows, is_first_hidden=False):
    def tune(book):
        added = book.create_sheet(title)
        for row in rows:
            added.append(row)
        if is_first_hidden:
            book.worksheets[0].sheet_state = "hidden"

    return tune


def _with_style_at(row, column):
    def tune(book):
        from openpyxl.styles import Font

        book.active.cell(row, column).font = Font(bold=True)

    return tune


def _json(
    name: str,
    /,
    *features: object,
    column: str = "name",
    value: object = "东门",
    layer: str = "centre",
    n: int = 1,
    codec: str = "utf-8",
    datum: object = "wgs84",
    **members: object,
) -> Case:
    build = geojson(*features, codec=codec, **members)  # type: ignore[arg-type]
    return Case(f"geojson_{name}", build, Imported(n, column, value), layer, {"datum": datum})


def _named(crs: str) -> dict[str, object]:
    return {"type": "name", "properties": {"name": crs}}


def _geojsons() -> list[Case]:
    here = feature(point(), name="东门")
    house = shapely.geometry.mapping(square())
    hole = shapely.geometry.mapping(square(0, 0.002).difference(square(0, 0.0015).buffer(-0.0001)))
    two = shapely.geometry.mapping(shapely.MultiPolygon([square(0), square(1)]))
    line = {"type": "LineString", "coordinates": [[LON, LAT, 150.5], [LON + 0.01, LAT, 160]]}
    lines = {
        "type": "MultiLineString",
        "coordinates": [[[LON, LAT], [LON + 0.01, LAT]], [[LON, LAT], [LON, LAT + 0.01]]],
    }
    return [
        _json("plain", here),
        _json("utf-8-sig", here, codec="utf-8-sig"),
        _json(
            "gb18030", feature(point(), name="东门邻里服务中心"), value="东门邻里服务中心", codec="gb18030"
        ),
        _json("utf-16", here, codec="utf-16"),
        _json("crs84", here, crs=_named("urn:ogc:def:crs:OGC:1.3:CRS84")),
        _json("crs_4490", here, crs=_named("urn:ogc:def:crs:EPSG::4490")),
        _json("crs_4549", feature(point(EAST_M, NORTH_M), name="东门"), crs=_named("EPSG:4549"), datum=None),
        _json("crs_null", here, crs=None),
        _json("foreign_members", here, name="x", bbox=[0, 0, 0, 1, 1, 1], xy_coordinate_resolution=1e-9),
        _json("height", feature(point(LON, LAT, 150.0), name="东门")),
        _json("four_ordinates", feature(point(LON, LAT, 150.0, 7.0), name="东门")),
        _json(
            "feature_ids",
            {"type": "Feature", "id": 7, "properties": {"name": "东门"}, "geometry": point()},
            column="id",
            value="7",
        ),
        _json(
            "no_properties",
            {"type": "Feature", "id": "a", "properties": None, "geometry": point()},
            column="id",
            value="a",
        ),
        _json(
            "list_of_services",
            feature(point(), services=["养老", "托幼"]),
            column="services",
            value="养老,托幼",
        ),
        _json("nested_properties", feature(point(), name="东门", extra={"a": [1, {"b": 2}]})),
        _json(
            "two_doors",
            feature({"type": "MultiPoint", "coordinates": [[LON, LAT], [LON, LAT + 0.001]]}),
            n=2,
            column="centre",
            value="1",
        ),
        _json("hole", feature(hole), layer="building", column="id", value="1"),
        _json("two_parts", feature(two), layer="building", column="id", value="1"),
        _json(
            "clockwise",
            feature({"type": "Polygon", "coordinates": [house["coordinates"][0][::-1]]}),
            layer="building",
            column="id",
            value="1",
        ),
        _json(
            "vertex_twice",
            feature(
                {"type": "Polygon", "coordinates": [[house["coordinates"][0][0], *house["coordinates"][0]]]}
            ),
            layer="building",
            column="id",
            value="1",
        ),
        _json("street_with_heights", feature(line), layer="street", column="id", value="1"),
        _json("street_of_two_parts", feature(lines), layer="street", n=2, column="id", value="1"),
        Case(
            "geojson_one_feature",
            text("c.json", collection(here)[len('{"type": "FeatureCollection", "features": [') : -2]),
            Imported(1, "name", "东门"),
        ),
    ]


def _shapefile(
    name: str,
    codec: str = "UTF-8",
    cpg: str | None = "",
    value: str = "䶮家湾",
    change=None,
    frame=houses,
    crs: str | None = None,
    layer: str = "building",
    n: int = 2,
    file: str = "b.shp",
    **options: object,
) -> Case:
    """cpg: what the .cpg says; "" as GDAL wrote it; None for none."""

    def tune(path: Path) -> None:
        if cpg is None:
            path.with_suffix(".cpg").unlink(missing_ok=True)
        elif cpg:
            path.with_suffix(".cpg").write_text(cpg)
        if change is not None:
            change(path)

    options = {"crs": crs, **options}
    return Case(
        f"shp_{name}", written(file, frame, tune, encoding=codec), Imported(n, "name", value), layer, options
    )


_SHP = written("b.shp", encoding="GB18030")
_HOUSE = Imported(2, "name", "䶮家湾")


class _Missing:
    """Equal to what stands for a missing value."""

    def __eq__(self, other: object) -> bool:
        return pd.isna(other) is True

    __hash__ = None  # type: ignore[assignment]


def _upper_case_shapefile(folder, surroundings):
    path = _SHP(folder, surroundings)
    for part in list(folder.iterdir()):
        part.rename(folder / part.name.upper())
    return path.with_name("B.SHP")


def _in_upper_case(path: Path) -> None:
    for part in list(path.parent.glob(f"{path.stem}.*")):
        if part != path:
            part.rename(part.with_suffix(part.suffix.upper()))


def _delete_first_row(path: Path) -> None:
    table_path = path.with_suffix(".dbf")
    content = bytearray(table_path.read_bytes())
    content[int.from_bytes(content[8:10], "little")] = ord("*")
    table_path.write_bytes(content)


def _traditional() -> gpd.GeoDataFrame:
    return houses().assign(name=["東門社區一號樓", "信義路二段"])


def _gbk_houses() -> gpd.GeoDataFrame:
    return houses().assign(name=["东门社区一号楼", "宜和佳苑二栋"])


def _solid(height: float = 12.0):
    return lambda: houses().set_geometry(shapely.force_3d(houses().geometry.values, height))


def _shapefiles() -> list[Case]:
    gbk = {"value": "东门社区一号楼", "frame": _gbk_houses}
    return [
        _shapefile("utf8"),
        _shapefile("utf8_without_cpg", cpg=None),
        _shapefile("utf8_lying_cpg", cpg="GBK"),
        _shapefile("gbk", "GBK", **gbk),
        _shapefile("gbk_cp936", "GBK", cpg="936", **gbk),
        _shapefile("gbk_without_cpg", "GBK", cpg=None, **gbk),
        _shapefile("gbk_lying_utf8", "GBK", cpg="UTF-8", **gbk),
        _shapefile("gbk_lying_latin", "GBK", cpg="ISO-8859-1", **gbk),
        _shapefile("gb18030_called_gbk", "GB18030", cpg="GBK"),
        _shapefile("gb18030_without_cpg", "GB18030", cpg=None),
        _shapefile("gb18030_stated", "GB18030", cpg=None, encoding="GBK"),
        _shapefile("big5_with_cpg", "BIG5", cpg="950", value="東門社區一號樓", frame=_traditional),
        _shapefile(
            "big5_stated", "BIG5", cpg=None, value="東門社區一號樓", frame=_traditional, encoding="big5"
        ),
        _shapefile("solid", frame=_solid()),
        _shapefile("zone", frame=lambda: houses().to_crs("EPSG:4549")),
        _shapefile("zone_number", frame=lambda: houses().to_crs("EPSG:4528")),
        _shapefile(
            "zone_without_prj_but_stated",
            frame=lambda: houses().to_crs("EPSG:4549"),
            crs="EPSG:4549",
            change=lambda path: path.with_suffix(".prj").unlink(),
        ),
        _shapefile("six_degree_zone", frame=lambda: houses().to_crs("EPSG:4509")),
        _shapefile("parts_in_upper_case", change=_in_upper_case),
        Case("shp_main_in_upper_case", _upper_case_shapefile, _HOUSE, "building"),
        _shapefile("row_deleted", change=_delete_first_row, n=1, value="宜和佳苑1栋"),
        Case(
            "shp_cut_name",
            written("b.shp", lambda: houses(people_source=["estimated"] * 2), encoding="UTF-8"),
            Imported(2, "people_source", "estimated"),
            "building",
        ),
        Case(
            "shp_cut_name_that_may_be_three",
            written("b.shp", lambda: houses(residents_60_plus=[3, 4]), encoding="UTF-8"),
            Imported(2, "residents_0_14", _Missing()),
            "building",
        ),
        Case(
            "shp_long_chinese_name",
            written("政和县（2026）楼栋 数据.shp", encoding="UTF-8"),
            Imported(2, "name", "䶮家湾"),
            "building",
        ),
    ]


def _archives() -> list[Case]:
    one = collection(feature(point(), name="东门"))
    there = Imported(1, "name", "东门")
    return [
        Case("zip_shp", packed(_SHP), _HOUSE, "building"),
        Case("zip_shp_in_folders", packed(_SHP, lambda part: f"数据/2026/{part}"), _HOUSE, "building"),
        Case("zip_shp_upper_case", packed(_SHP, str.upper), _HOUSE, "building"),
        Case(
            "zip_of_a_macintosh",
            packed(_SHP, more={"__MACOSX/._b.shp": b"\0", ".DS_Store": b"\0"}),
            _HOUSE,
            "building",
        ),
        Case(
            "zip_with_a_note",
            packed(_SHP, more={"说明.txt": b"x", "b.sbn": b"x", "b.shp.xml": b"<x/>"}),
            _HOUSE,
            "building",
        ),
        Case("zip_in_a_zip", _nested, _HOUSE, "building"),
        Case("zip_names_in_gbk", _named_in_gbk, there),
        Case("zip_upper_case_suffix", zipped({"c.geojson": one}, name="C.ZIP"), there),
        Case("zip_csv", zipped({"c.csv": TOWN.encode("gb18030")}), Imported(2, "name", "东门邻里服务中心")),
        Case("zip_large_and_honest", zipped({"c.geojson": _large()}), Imported(9000, "name", "东门0")),
    ]


def _large():
    return collection(
        *[feature(point(LON, LAT + i * 1e-7), id=f"{i:05}", name=f"东门{i}") for i in range(9000)]
    )


def _nested(folder, surroundings):
    inner = packed(_SHP)(folder, surroundings)
    with zipfile.ZipFile(folder / "outer.zip", "w") as archive:
        archive.write(inner, "一.zip")
    return folder / "outer.zip"


def _named_in_gbk(folder, surroundings):
    """Member names as a Chinese Windows writes them: GBK bytes and no flag that says so."""
    path = zipped({"@@@@.geojson": collection(feature(point(), name="东门"))})(folder, surroundings)
    path.write_bytes(path.read_bytes().replace(b"@@@@", "东门".encode("gbk")))
    return path


def _gpkg(
    name: str,
    change=None,
    frame=houses,
    layer: str = "building",
    n: int = 2,
    value: str = "䶮家湾",
    table_name="b",
    **options: object,
) -> Case:
    build = written("b.gpkg", frame, change, layer=table_name)
    return Case(f"gpkg_{name}", build, Imported(n, "name", value), layer, options)


def _add_second_layer(path: Path) -> None:
    houses(1).to_file(path, layer="other")


def _geopackages() -> list[Case]:
    return [
        _gpkg("plain"),
        _gpkg("zone_number", frame=lambda: houses().to_crs("EPSG:4528")),
        _gpkg("wgs84", frame=lambda: houses().to_crs("EPSG:4326")),
        _gpkg("solid", frame=_solid()),
        _gpkg("our_layer_of_two", _add_second_layer, table_name="building"),
        _gpkg("our_title_of_two", _add_second_layer, table_name="楼栋"),
        _gpkg("name_like_sql", table_name='b"; DROP TABLE gpkg_contents; --'),
        _gpkg("view_beside", statements("CREATE VIEW v AS SELECT * FROM b, b AS c, b AS d")),
        _gpkg(
            "trigger_beside", statements('CREATE TRIGGER t AFTER INSERT ON "b" BEGIN DELETE FROM "b"; END')
        ),
        _gpkg(
            "generated_column",
            statements(
                'ALTER TABLE "b" ADD COLUMN heavy TEXT GENERATED ALWAYS AS (hex(zeroblob(900000000))) VIRTUAL'
            ),
        ),
        _gpkg(
            "text_in_gb18030",
            statements(('UPDATE "b" SET name = CAST(? AS TEXT)', "䶮家湾".encode("gb18030"))),
        ),
        _gpkg("count_too_small", statements("UPDATE gpkg_ogr_contents SET feature_count = 1")),
        _gpkg(
            "no_srs_but_stated", statements("UPDATE gpkg_geometry_columns SET srs_id = 0"), crs="EPSG:4490"
        ),
        _gpkg("write_ahead_log", statements("PRAGMA journal_mode = WAL", 'UPDATE "b" SET name = name')),
        _gpkg("column_called_select", statements('ALTER TABLE "b" ADD COLUMN "select "" from" TEXT')),
    ]


def _others() -> list[Case]:
    kml = (
        '<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document>{}<Placemark>'
        f"<name>东门</name><Point><coordinates>{LON},{LAT},12</coordinates></Point></Placemark></Document></kml>"
    )
    return [
        Case("kml", text("c.kml", kml.format("")), Imported(1, "name", "东门")),
        Case("kml_mark", text("c.kml", kml.format(""), "utf-8-sig"), Imported(1, "name", "东门")),
        Case(
            "kml_styles",
            text(
                "c.kml",
                kml.format('<Style id="s"><IconStyle><Icon><href>x.png</href></Icon></IconStyle></Style>'),
            ),
            Imported(1, "name", "东门"),
        ),
        Case("kml_upper_case", text("C.KML", kml.format("")), Imported(1, "name", "东门")),
        Case("fgb", written("b.fgb"), _HOUSE, "building"),
        Case("gdb", written("b.gdb", driver="OpenFileGDB"), _HOUSE, "building"),
        Case(
            "gdb_zipped",
            packed(written("b.gdb", driver="OpenFileGDB"), lambda part: f"数据/{part}"),
            _HOUSE,
            "building",
        ),
        Case(
            "dxf_gbk",
            _drawing("R2000", "cp936"),
            Imported(1, "name", "楼栋"),
            "building",
            {"crs": "EPSG:4549", "columns": {"name": "Layer"}},
        ),
        Case(
            "dxf_utf8",
            _drawing("R2010", "utf-8"),
            Imported(1, "name", "楼栋"),
            "building",
            {"crs": "EPSG:4549", "columns": {"name": "Layer"}},
        ),
        Case(
            "geojson_named_json",
            data("c.JSON", collection(feature(point(), name="东门")).encode()),
            Imported(1, "name", "东门"),
        ),
    ]


def _drawing(version, encoding):
    def build(folder, _):
        drawing = ezdxf.new(version)
        drawing.encoding = encoding
        corners = [(EAST_M + dx, NORTH_M + dy) for dx, dy in ((0, 0), (20, 0), (20, 10), (0, 10))]
        space = drawing.modelspace()
        space.add_lwpolyline(corners, close=True, dxfattribs={"layer": "楼栋"})
        space.add_line(*corners[:2], dxfattribs={"layer": "道路"})
        drawing.saveas(folder / "a.dxf", encoding=encoding)
        return folder / "a.dxf"

    return build


ODD = [*_tables(), *_geojsons(), *_shapefiles(), *_archives(), *_geopackages(), *_others()]
