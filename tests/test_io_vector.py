"""Layers read from other people's files: every kind gives the same layer, every fault is named once."""

from __future__ import annotations

import datetime
import json
import sqlite3
import zipfile

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely

from geogrid.crs import Datum, wgs84_to_gcj02
from geogrid.errors import (
    CrsError,
    FileContentError,
    FileMissingError,
    InvalidOptionError,
    MissingColumnsError,
    MissingDatumError,
    TextEncodingError,
    UnsupportedFileError,
)
from geogrid.io.vector import read_layer
from geogrid.schema import LAYERS, TABLES
from tests.support.readers import read_layer_in_process

SEAT = (118.8525, 27.367777778)
BUILDING, CENTRE, STREET, GRID = (LAYERS[name] for name in ("building", "centre", "street", "grid"))


def square(i, size=0.0002):
    x, y = SEAT[0] + i * 0.001, SEAT[1]
    return shapely.box(x, y, x + size, y + size)


def buildings(**columns):
    """Three buildings in CGCS2000 with Chinese titles, one of them in characters outside GBK."""
    data = {
        "编号": ["b1", "b2", "b3"],
        "名称": ["宜和佳苑1栋", "䶮家湾𠮷村", "胜地心苑5栋"],
        "层数": [6, 11, 18],
        "用途": ["住宅", "商铺", "residential"],
        **columns,
    }
    return gpd.GeoDataFrame(data, geometry=[square(i) for i in range(3)], crs="EPSG:4490")


def write_gpkg(frame, path, layer="楼栋"):
    frame.to_file(path, layer=layer, driver="GPKG")
    return path


def write_geojson(features, path, **members):
    content = {"type": "FeatureCollection", **members, "features": features}
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    return path


def feature(properties, geometry):
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def point(lon, lat):
    return {"type": "Point", "coordinates": [lon, lat]}


def faults_of(error):
    return [(fault.row, fault.column) for fault in error.value.faults]


# --- the same layer from every kind of file ----------------------------------------------------


def require_three_buildings(imported):
    frame = imported.frame.sort_values("id", ignore_index=True)
    assert list(frame.columns) == [*BUILDING.column_names, "geometry"]
    assert frame.crs == "EPSG:4490"
    assert frame["id"].tolist() == ["b1", "b2", "b3"]
    assert frame["name"].tolist() == ["宜和佳苑1栋", "䶮家湾𠮷村", "胜地心苑5栋"]
    assert frame["floors"].tolist() == [6, 11, 18]
    assert frame["use"].tolist() == ["residential", "commercial", "residential"]
    assert frame.dtypes.astype(str).to_dict() == {
        **dict.fromkeys(BUILDING.column_names, "object"),
        **dict.fromkeys([c.name for c in BUILDING.columns if c.type == "integer"], "Int64"),
        "synthetic": "boolean",
        "geometry": "geometry",
    }
    assert frame["residents"].isna().all()
    expected = shapely.normalize(buildings().geometry.values)
    assert shapely.equals_exact(shapely.normalize(frame.geometry.values), expected, tolerance=1e-9).all()


@pytest.mark.parametrize("suffix", [".shp", ".gpkg", ".geojson", ".kml", ".fgb"])
def test_every_kind_of_file_gives_the_same_layer(tmp_path, suffix):
    path = tmp_path / f"楼栋{suffix}"
    frame = buildings().to_crs("EPSG:4326") if suffix == ".kml" else buildings()
    options = {".shp": {"encoding": "UTF-8"}, ".kml": {"driver": "LIBKML"}}.get(suffix, {})
    frame.to_file(path, **options)
    require_three_buildings(read_layer(path, BUILDING, datum=Datum.CGCS2000, store_crs="EPSG:4490"))


def test_a_spreadsheet_with_wkt_gives_the_same_layer(tmp_path):
    frame = buildings()
    table = pd.DataFrame(frame.drop(columns="geometry")).assign(wkt=[g.wkt for g in frame.geometry])
    table.to_excel(tmp_path / "b.xlsx", index=False)
    require_three_buildings(
        read_layer(
            tmp_path / "b.xlsx", BUILDING, datum=Datum.CGCS2000, crs="EPSG:4490", store_crs="EPSG:4490"
        )
    )


def zip_of(folder, stem, target):
    with zipfile.ZipFile(target, "w") as archive:
        for path in folder.glob(f"{stem}.[sdpc]*"):
            archive.write(path, f"数据/{path.name}")
    return target


def test_a_zipped_shapefile_is_read_whatever_its_encoding_says(tmp_path):
    # .cpg says GBK, whose decoder makes other characters of 䶮 and 𠮷; the bytes are GB18030
    frame = buildings()
    frame.to_file(tmp_path / "b.shp", encoding="GB18030")
    (tmp_path / "b.cpg").write_text("GBK")
    zipped = zip_of(tmp_path, "b", tmp_path / "b.zip")
    require_three_buildings(read_layer(zipped, BUILDING, datum=Datum.WGS84, store_crs="EPSG:4490"))


@pytest.mark.parametrize(
    ("written", "declared"),
    [("GB18030", None), ("UTF-8", None), ("GB18030", "UTF-8"), ("UTF-8", "ISO-8859-1")],
)
def test_shapefile_texts_are_right_without_a_cpg_and_with_a_lying_one(tmp_path, written, declared):
    buildings().to_file(tmp_path / "b.shp", encoding=written)
    (tmp_path / "b.cpg").unlink(missing_ok=True)
    if declared is not None:
        (tmp_path / "b.cpg").write_text(declared)
    require_three_buildings(
        read_layer(tmp_path / "b.shp", BUILDING, datum=Datum.WGS84, store_crs="EPSG:4490")
    )


def test_an_encoding_named_by_the_user_is_used_and_a_wrong_one_is_an_error(tmp_path):
    (tmp_path / "c.csv").write_bytes("id,name,lon,lat\n1,東門,118.85,27.36\n".encode("big5"))
    found = read_layer_in_process(tmp_path / "c.csv", CENTRE, datum=Datum.WGS84, encoding="big5")
    assert found.frame["name"].tolist() == ["東門"]
    with pytest.raises(TextEncodingError, match="BIG5：1,東門"):
        read_layer_in_process(tmp_path / "c.csv", CENTRE, datum=Datum.WGS84, encoding="utf-8")
    with pytest.raises(InvalidOptionError):
        read_layer(tmp_path / "c.csv", CENTRE, datum=Datum.WGS84, encoding="klingon")


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_table_of_centres_is_read_in_every_encoding_and_gets_ids_from_its_rows(tmp_path, codec):
    text = '名称,经度,纬度,服务项目,容量\n䶮家湾,118.85,27.36,养老，托幼、调解,120\n\n"=1+1",118.86,27.37,,\n'
    (tmp_path / "c.csv").write_bytes(text.encode(codec))
    found = read_layer_in_process(tmp_path / "c.csv", CENTRE, datum=Datum.CGCS2000)
    assert found.frame["id"].tolist() == [
        "centre-2",
        "centre-4",
    ]  # the empty row 3 counts, as in a spreadsheet
    assert found.frame["name"].tolist() == ["䶮家湾", "=1+1"]
    assert found.frame["services"].tolist() == ["养老,托幼,调解", None]
    assert found.frame["capacity"].tolist() == [120, pd.NA]
    assert any("centre-1" in note for note in found.notes)


# --- where it is -------------------------------------------------------------------------------


def test_gcj02_coordinates_come_to_where_the_place_is(tmp_path):
    lon, lat = wgs84_to_gcj02(np.array([SEAT]))[0]
    (tmp_path / "c.csv").write_text(f"id,lon,lat\nc1,{float(lon)!r},{float(lat)!r}\n")
    found = read_layer_in_process(tmp_path / "c.csv", CENTRE, datum=Datum.GCJ02).frame
    assert found.crs == "EPSG:4490"
    assert shapely.get_coordinates(found.geometry)[0] == pytest.approx(SEAT, abs=1e-10)


def test_metres_of_a_zone_come_to_degrees(tmp_path):
    # the county's seat in EPSG:4549 and, with its zone's number before the easting, in EPSG:4528
    (tmp_path / "c.csv").write_text("id,x,y\nc1,386473.5,3028905.1\n")
    (tmp_path / "d.csv").write_text("id,x,y\nc1,40386473.5,3028905.1\n")
    for name, crs in (("c.csv", "EPSG:4549"), ("d.csv", "EPSG:4528")):
        found = read_layer_in_process(tmp_path / name, CENTRE, datum=None, crs=crs).frame
        assert shapely.get_coordinates(found.geometry)[0] == pytest.approx(SEAT, abs=1e-6)


def test_outside_china_the_store_is_wgs84(tmp_path):
    (tmp_path / "c.csv").write_text("id,lon,lat\nc1,9.52,47.14\n")
    assert read_layer_in_process(tmp_path / "c.csv", CENTRE, datum=Datum.WGS84).frame.crs == "EPSG:4326"


def test_degrees_without_a_datum_are_refused(tmp_path):
    (tmp_path / "c.csv").write_text("id,lon,lat\nc1,118.85,27.36\n")
    with pytest.raises(MissingDatumError, match="gcj02"):
        read_layer_in_process(tmp_path / "c.csv", CENTRE, datum=None)


def test_web_mercator_needs_a_datum_too(tmp_path):
    write_gpkg(buildings().to_crs("EPSG:3857"), tmp_path / "b.gpkg")
    with pytest.raises(MissingDatumError):
        read_layer_in_process(tmp_path / "b.gpkg", BUILDING, datum=None)


def test_a_shapefile_without_prj_needs_a_crs(tmp_path):
    buildings().to_file(tmp_path / "b.shp", encoding="UTF-8")
    (tmp_path / "b.prj").unlink()
    with pytest.raises(CrsError, match="--crs"):
        read_layer(tmp_path / "b.shp", BUILDING, datum=Datum.WGS84)
    found = read_layer(
        tmp_path / "b.shp", BUILDING, datum=Datum.WGS84, crs="EPSG:4490", store_crs="EPSG:4490"
    )
    require_three_buildings(found)


def test_a_crs_that_contradicts_the_file_is_refused(tmp_path):
    write_gpkg(buildings(), tmp_path / "b.gpkg")
    with pytest.raises(CrsError, match="EPSG:4490"):
        read_layer_in_process(tmp_path / "b.gpkg", BUILDING, datum=Datum.CGCS2000, crs="EPSG:4549")


@pytest.mark.parametrize("code", [4214, 4610])
def test_beijing_1954_and_xian_1980_are_refused(tmp_path, code):
    frame = buildings().set_crs(f"EPSG:{code}", allow_override=True)
    write_gpkg(frame, tmp_path / "b.gpkg")
    with pytest.raises(CrsError, match="CGCS2000"):
        read_layer_in_process(tmp_path / "b.gpkg", BUILDING, datum=Datum.CGCS2000)


def test_a_legacy_crs_name_in_geojson_is_used(tmp_path):
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4549"}}
    write_geojson([feature({"id": "c1"}, point(386473.5, 3028905.1))], tmp_path / "c.geojson", crs=crs)
    found = read_layer_in_process(tmp_path / "c.geojson", CENTRE, datum=None).frame
    assert shapely.get_coordinates(found.geometry)[0] == pytest.approx(SEAT, abs=1e-6)


@pytest.mark.parametrize(
    ("rows", "crs", "hint"),
    [
        (["27.36,118.85"], None, "互换"),
        (["31.5,79.8"], None, "互换"),  # 阿里: both orders are degrees
        (["386473.5,3028905.1"], None, "--crs EPSG:4549"),
        (["40386473.5,3028905.1"], None, "--crs EPSG:4528"),
        (["0,0"], None, "位置未知"),
        (["nan,27.36", "inf,27.36", ",27.36", "东,北"], None, ""),
        (["40386473.5,3028905.1"], "EPSG:4549", "--crs EPSG:4528"),
        (["386473.5,3028905.1"], "EPSG:4528", "--crs EPSG:4549"),
        (["3028905.1,386473.5"], "EPSG:4549", "互换"),
        (["118.85,27.36"], "EPSG:4549", "像是度"),
    ],
)
def test_coordinates_that_cannot_be_right_are_faults_with_a_guess(tmp_path, rows, crs, hint):
    header = "lon,lat" if crs is None else "x,y"
    good = ["118.85,27.36"] if crs is None else []
    lines = [f"id,{header}", *(f"c{i},{row}" for i, row in enumerate(good + rows))]
    (tmp_path / "c.csv").write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(FileContentError) as caught:
        read_layer_in_process(tmp_path / "c.csv", CENTRE, datum=Datum.WGS84, crs=crs)
    assert [fault.row for fault in caught.value.faults] == [2 + len(good) + i for i in range(len(rows))]
    assert all(hint in fault.zh for fault in caught.value.faults)


# --- columns -----------------------------------------------------------------------------------


def test_columns_are_mapped_and_unused_ones_are_named(tmp_path):
    frame = buildings().rename(columns={"编号": "LDBH", "层数": "CS"}).assign(备注="x")
    write_gpkg(frame, tmp_path / "b.gpkg")
    found = read_layer_in_process(
        tmp_path / "b.gpkg",
        BUILDING,
        datum=Datum.CGCS2000,
        columns={"id": "LDBH", "floors": "CS"},
        store_crs="EPSG:4490",
    )
    require_three_buildings(found)
    assert any("备注" in note for note in found.notes)


def test_a_mapping_to_what_is_not_there_names_what_is(tmp_path):
    write_gpkg(buildings(), tmp_path / "b.gpkg")
    with pytest.raises(InvalidOptionError, match="floors"):
        read_layer_in_process(
            tmp_path / "b.gpkg", BUILDING, datum=Datum.CGCS2000, columns={"storeys": "层数"}
        )
    with pytest.raises(InvalidOptionError, match="层数"):
        read_layer_in_process(tmp_path / "b.gpkg", BUILDING, datum=Datum.CGCS2000, columns={"floors": "CS"})


def test_an_area_without_a_code_column_is_refused_with_what_is_there(tmp_path):
    write_gpkg(buildings(), tmp_path / "g.gpkg")
    with pytest.raises(MissingColumnsError) as caught:
        read_layer_in_process(tmp_path / "g.gpkg", GRID, datum=Datum.CGCS2000)
    assert caught.value.missing == ["code（代码）"]
    assert "编号" in caught.value.found


def test_a_table_without_coordinates_is_refused(tmp_path):
    (tmp_path / "c.csv").write_text("id,name\nc1,x\n")
    with pytest.raises(MissingColumnsError, match="经度"):
        read_layer_in_process(tmp_path / "c.csv", CENTRE, datum=Datum.WGS84)


@pytest.mark.parametrize("title", ["身份证号", "备注"])
def test_identity_numbers_are_refused_by_title_and_by_value(tmp_path, title):
    # 11010519491231002X is the example of GB 11643-1999
    (tmp_path / "c.csv").write_text(
        f"id,lon,lat,{title}\nc1,118.85,27.36,11010519491231002X\n", encoding="utf-8"
    )
    with pytest.raises(FileContentError, match="身份证"):
        read_layer_in_process(tmp_path / "c.csv", CENTRE, datum=Datum.WGS84)


def test_codes_that_a_program_took_for_numbers_are_codes_again(tmp_path):
    frame = gpd.GeoDataFrame(
        {"代码": [350725001001.0, np.nan], "名称": ["东门社区", "南门社区"]},
        geometry=[square(0), square(1)],
        crs="EPSG:4490",
    )
    frame.loc[1, "代码"] = 350725001002.0
    write_gpkg(frame, tmp_path / "c.gpkg")
    found = read_layer_in_process(tmp_path / "c.gpkg", LAYERS["community"], datum=Datum.CGCS2000).frame
    assert found["code"].tolist() == ["350725001001", "350725001002"]


def test_a_table_of_people_keeps_its_phones_and_dates(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["编号", "人员编号", "职务", "对象图层", "对象编号", "生效日期", "截止日期"])
    book.active.append(["a1", 7, "片区长", "district", "001", datetime.date(2024, 1, 5), "2024年12月31日"])
    book.save(tmp_path / "a.xlsx")
    found = read_layer_in_process(tmp_path / "a.xlsx", TABLES["assignment"], datum=None).frame
    assert found.iloc[0].tolist()[:7] == ["a1", "7", "片区长", "district", "001", "2024-01-05", "2024-12-31"]
    (tmp_path / "p.csv").write_text("编号,姓名,值班电话\np1,张三,13800001111.0\n", encoding="utf-8")
    people = read_layer_in_process(tmp_path / "p.csv", TABLES["person"], datum=None).frame
    assert people["duty_phone"].tolist() == ["13800001111"]


# --- faults, all of them, once -----------------------------------------------------------------


def test_all_faults_of_a_table_are_named_with_the_rows_of_the_spreadsheet(tmp_path):
    book = openpyxl.Workbook()
    for row in (
        ["编号", "名称", "经度", "纬度", "容量", "生效日期"],
        ["c1", "好", 118.85, 27.36, 10, "2024/1/5"],
        ["c2", "负", 118.85, 27.36, -1, None],
        [None, "无编号", 118.85, 27.36, 3.5, "去年"],
        [],
        ["c1", "重复", 118.85, 27.36, None, None],
        ["c5", "无坐标", None, 27.36, "很多", None],
    ):
        book.active.append(row)
    book.save(tmp_path / "c.xlsx")
    with pytest.raises(FileContentError) as caught:
        read_layer_in_process(tmp_path / "c.xlsx", CENTRE, datum=Datum.WGS84)
    # row 5 of the sheet is empty: openpyxl leaves it out on append, so what follows is in rows 5 and 6
    assert sorted(faults_of(caught), key=str) == sorted(
        [(3, "容量"), (4, "编号"), (4, "容量"), (4, "生效日期"), (6, "编号"), (7, None), (7, "容量")], key=str
    )
    assert "第 2 行" in next(fault.zh for fault in caught.value.faults if fault.row == 6)


def test_all_faults_of_shapes_are_named_with_the_number_of_the_feature(tmp_path):
    bow_tie = [[[118.85, 27.36], [118.86, 27.37], [118.86, 27.36], [118.85, 27.37], [118.85, 27.36]]]
    shapes = [
        {"type": "Polygon", "coordinates": bow_tie},
        None,
        {"type": "Polygon", "coordinates": []},
        point(118.85, 27.36),
        {"type": "Polygon", "coordinates": [[["118.85", "27.36"], ["1", "2"], ["3", "4"], ["5", "6"]]]},
        {
            "type": "Polygon",
            "coordinates": [[[118.85, 1e999], [118.86, 27.37], [118.86, 27.36], [118.85, 1e999]]],
        },
        {"type": "Polygon", "coordinates": [[[118.85, 27.36], [118.86, 27.37]]]},
        {"type": "GeometryCollection", "geometries": []},
        shapely.geometry.mapping(shapely.box(27.36, 118.85, 27.37, 118.86)),
        shapely.geometry.mapping(shapely.box(-18, 27.3, 18, 27.4)),
        shapely.geometry.mapping(square(0)),
    ]
    features = [feature({"id": f"b{i}"}, shape) for i, shape in enumerate(shapes)]
    write_geojson(features, tmp_path / "b.geojson")
    with pytest.raises(FileContentError) as caught:
        read_layer_in_process(tmp_path / "b.geojson", BUILDING, datum=Datum.WGS84)
    assert [fault.row for fault in caught.value.faults] == list(range(1, 11))
    # the diagonals of the bow-tie cross in its middle
    assert "自相交，位于 118.855 27.365" in caught.value.faults[0].zh
    assert "应为面" in caught.value.faults[3].zh


def test_lines_and_points_of_several_parts_become_several_features(tmp_path):
    lines = shapely.MultiLineString(
        [[(118.85, 27.36, 150), (118.86, 27.37, 160)], [(118.87, 27.36, 1), (118.88, 27.37, 2)]]
    )
    frame = gpd.GeoDataFrame({"id": ["s1"], "等级": ["residential"]}, geometry=[lines], crs="EPSG:4490")
    frame.to_file(tmp_path / "s.gpkg", layer="street")
    found = read_layer_in_process(tmp_path / "s.gpkg", STREET, datum=Datum.CGCS2000)
    assert found.frame["id"].tolist() == ["s1", "s1#2"]
    assert found.frame["class"].tolist() == ["residential", "residential"]
    assert shapely.get_coordinates(found.frame.geometry, include_z=True)[:, 2].tolist() == [150, 160, 1, 2]
    assert any("拆分" in note for note in found.notes)

    doors = {"type": "MultiPoint", "coordinates": [[118.85, 27.36], [118.851, 27.361]]}
    write_geojson(
        [feature({"id": "c1"}, doors), feature({"id": "c2"}, point(118.86, 27.37))], tmp_path / "c.json"
    )
    centres = read_layer_in_process(tmp_path / "c.json", CENTRE, datum=Datum.WGS84).frame
    assert centres["id"].tolist() == ["c1", "c1#2", "c2"]
    assert centres["centre"].tolist() == ["c1", "c1", None]  # two doors of one centre


def test_heights_that_are_all_zero_are_no_heights(tmp_path):
    line = {"type": "LineString", "coordinates": [[118.85, 27.36, 0], [118.86, 27.37, 0]]}
    write_geojson([feature({"id": "s1"}, line)], tmp_path / "s.geojson")
    assert not read_layer_in_process(
        tmp_path / "s.geojson", STREET, datum=Datum.WGS84
    ).frame.geometry.has_z.any()


def test_a_geopackage_is_counted_by_its_rows_and_one_layer_is_chosen_by_name(tmp_path):
    path = write_gpkg(buildings(), tmp_path / "b.gpkg", layer="building")
    write_gpkg(buildings(), path, layer="other")
    with sqlite3.connect(path) as connection:
        # what two writers leave behind: a count that is too small, which GDAL believes
        connection.execute("UPDATE gpkg_ogr_contents SET feature_count = 1")
    connection.close()
    require_three_buildings(
        read_layer_in_process(path, BUILDING, datum=Datum.CGCS2000, store_crs="EPSG:4490")
    )
    with pytest.raises(UnsupportedFileError, match="building, other"):
        read_layer_in_process(path, GRID, datum=Datum.CGCS2000)


def test_a_file_that_is_not_there_or_of_another_kind_is_said_so(tmp_path):
    with pytest.raises(FileMissingError):
        read_layer(tmp_path / "none.gpkg", BUILDING, datum=Datum.WGS84)
    with pytest.raises(UnsupportedFileError, match=r"\.dwg"):
        read_layer(tmp_path / "plan.dwg", BUILDING, datum=Datum.WGS84)
    (tmp_path / "empty.geojson").write_text('{"type": "FeatureCollection", "features": []}')
    with pytest.raises(FileContentError, match="没有任何记录"):
        read_layer_in_process(tmp_path / "empty.geojson", BUILDING, datum=Datum.WGS84)
