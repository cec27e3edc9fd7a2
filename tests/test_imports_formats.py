"""Geodatabases, drawings, encodings and zones: read right, or asked for with a proposal."""

from __future__ import annotations

import random
import zipfile

import ezdxf
import geopandas as gpd
import pytest
import shapely

from geogrid.crs import Datum, parse_crs
from geogrid.errors import CrsError, FileContentError, TextEncodingError, UnsupportedFileError
from geogrid.io.encoding import choose_encoding, decode_file, mend_mojibake
from geogrid.io.placement import propose_systems
from geogrid.io.vector import read_layer
from geogrid.schema import LAYERS
from tests.support.readers import read_layer_in_process

SEAT = (118.8525, 27.367777778)
SEAT_M = (386473.5, 3028905.1)  # the same in EPSG:4549
ZHENGHE = (118.54, 27.05, 119.28, 27.51)
BUILDING, CENTRE, STREET = (LAYERS[name] for name in ("building", "centre", "street"))


def write_geodatabase(path, *layers):
    for layer in layers:
        frame = gpd.GeoDataFrame(
            {"id": ["a", "b"], "name": ["䶮家湾", "𠮷村"]},
            geometry=[shapely.box(*SEAT, SEAT[0] + 0.001, SEAT[1] + 0.001)] * 2,
            crs="EPSG:4490",
        )
        frame.to_file(path, driver="OpenFileGDB", layer=layer, mode="a" if path.exists() else "w")
    return path


def test_a_file_geodatabase_is_read_as_a_folder_and_zipped_and_its_layer_chosen_by_name(tmp_path):
    path = write_geodatabase(tmp_path / "x.gdb", "楼栋", "other")
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        for part in path.iterdir():
            archive.write(part, f"数据/x.gdb/{part.name}")
    for one in (path, tmp_path / "x.zip"):
        found = read_layer(one, BUILDING, datum=Datum.CGCS2000, store_crs="EPSG:4490").frame
        assert found["name"].tolist() == ["䶮家湾", "𠮷村"]
    with pytest.raises(UnsupportedFileError, match="other"):
        read_layer(path, LAYERS["compound"], datum=Datum.CGCS2000)


def write_drawing(path, encoding="cp936"):
    x, y = SEAT_M
    drawing = ezdxf.new("R2000")
    drawing.encoding = encoding
    space = drawing.modelspace()
    corners = [(x, y), (x + 20, y), (x + 20, y + 10), (x, y + 10)]
    space.add_lwpolyline(corners, close=True, dxfattribs={"layer": "楼栋"})
    space.add_line((x, y), (x + 100, y), dxfattribs={"layer": "道路"})
    space.add_text("宜和佳苑1栋", dxfattribs={"layer": "注记"}).set_placement((x + 5, y + 5))
    block = drawing.blocks.new("树")
    block.add_circle((0, 0), 1)
    space.add_blockref("树", (x + 50, y + 50))
    drawing.saveas(path, encoding=encoding)
    return path


def test_a_drawing_gives_areas_lines_and_points_with_their_layer_and_needs_a_crs(tmp_path):
    path = write_drawing(tmp_path / "a.dxf")
    with pytest.raises(CrsError, match="--crs EPSG:4549"):
        read_layer(path, BUILDING, datum=Datum.CGCS2000, extent=ZHENGHE)
    given = {"datum": Datum.CGCS2000, "crs": "EPSG:4549"}
    houses = read_layer(path, BUILDING, columns={"name": "Layer"}, **given)
    assert houses.frame["name"].tolist() == ["楼栋"]
    # 20 m by 10 m
    assert houses.frame.to_crs("EPSG:4549").area.tolist() == pytest.approx([200.0], rel=1e-6)
    assert any("LineString 1, Point 2" in note for note in houses.notes)
    lines = read_layer(path, STREET, columns={"name": "Layer"}, **given).frame
    assert sorted(lines["name"]) == ["楼栋", "道路"]
    texts = read_layer(path, LAYERS["place"], columns={"name": "Text"}, **given).frame
    assert texts["name"].tolist() == ["宜和佳苑1栋", None]
    with pytest.raises(FileContentError, match="EXPLODE"):
        path.write_text(path.read_text(encoding="gbk").replace("LWPOLYLINE", "POINT"), encoding="gbk")
        read_layer(path, BUILDING, **given)


# --- encodings ---------------------------------------------------------------------------------

NAMES = [
    "东门社区",
    "南门社区",
    "熊山街道",
    "解放街二号",
    "宜和佳苑",
    "胜地心苑",
    "松溪巷",
    "王小明",
    "陈堃",
    "䶮家湾",
    "石屯镇",
    "铁山村",
    "邻里服务中心",
]
TRADITIONAL = [
    "東門社區",
    "南門社區",
    "熊山街道",
    "解放街二號",
    "台北市",
    "信義區",
    "中正路",
    "王小明",
    "陳志強",
    "鄰里服務中心",
    "學校",
    "醫院",
]


def test_no_big5_text_is_taken_for_another_and_chinese_text_is_hardly_ever_asked_about():
    rng = random.Random(7)  # noqa: S311 - a seeded draw of names
    assert choose_encoding(["\n".join(TRADITIONAL).encode("big5")], "cp950") == "cp950"
    for _ in range(300):
        big5 = "\n".join(rng.choices(TRADITIONAL, k=rng.randint(1, 6))).encode("big5")
        assert choose_encoding([big5]) is None
        assert choose_encoding([big5], "cp950") in ("cp950", None)
    texts = ["\n".join(rng.choices(NAMES, k=rng.randint(2, 6))) for _ in range(300)]
    assert all(choose_encoding([text.encode("gb18030")]) in ("gb18030", None) for text in texts)
    assert sum(choose_encoding([text.encode("gb18030")]) is None for text in texts) <= 3


def test_western_text_is_asked_about_and_believed_where_it_is_declared():
    text = "Zürich, Straße".encode("cp1252")
    assert choose_encoding([text]) is None
    assert choose_encoding([text], "cp1252") == "cp1252"
    with pytest.raises(TextEncodingError) as caught:
        decode_file(text, None, "z.csv")
    assert any("CP1252：Zürich, Straße" in offer.zh for offer in caught.value.offers)


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "gb18030"])
def test_a_file_is_decoded_with_and_without_a_mark(codec):
    assert (
        decode_file("名称,经度\r\n䶮家湾,1\r\n".encode(codec), None, "t.csv") == "名称,经度\r\n䶮家湾,1\r\n"
    )


@pytest.mark.parametrize(
    ("wrong", "right"), [("gb18030", "utf-8"), ("latin-1", "utf-8"), ("latin-1", "gb18030")]
)
def test_names_that_were_read_wrong_before_are_refused_with_what_they_should_be(tmp_path, wrong, right):
    garbled = "东门社区".encode(right).decode(wrong)
    (tmp_path / "c.csv").write_text(f"id,name,lon,lat\n1,{garbled},118.85,27.36\n", encoding="utf-8-sig")
    with pytest.raises(FileContentError, match="东门社区") as caught:
        read_layer_in_process(tmp_path / "c.csv", CENTRE, datum=Datum.WGS84)
    assert caught.value.faults[0].row == 2


def test_right_names_are_not_taken_for_wrong_ones():
    assert [mend_mojibake(name) for name in (*NAMES, *TRADITIONAL, "联通", "Zürich", "№7·A座㎡")] == [
        None
    ] * (len(NAMES) + len(TRADITIONAL) + 3)


# --- zones -------------------------------------------------------------------------------------


def test_the_zone_is_proposed_that_brings_the_numbers_to_the_county():
    x, y = SEAT_M
    assert propose_systems((x, y), ZHENGHE)[0] == "EPSG:4549"
    assert propose_systems((40e6 + x, y), ZHENGHE) == ["EPSG:4528"]
    assert propose_systems((40e6 + x, y), None) == ["EPSG:4528"]
    assert propose_systems(SEAT, None) == ["EPSG:4490"]
    assert propose_systems((x, y), None) == []  # it cannot be told from its neighbours
    mercator = gpd.GeoSeries([shapely.Point(*SEAT)], crs=4326).to_crs(3857).iloc[0]
    assert propose_systems((mercator.x, mercator.y), ZHENGHE) == ["EPSG:3857"]


@pytest.mark.parametrize(
    ("place", "crs", "hint"),
    [
        (SEAT_M, "EPSG:4548", "--crs EPSG:4549"),  # the neighbouring zone
        (SEAT_M, "EPSG:4550", "--crs EPSG:4549"),
        ((40e6 + SEAT_M[0], SEAT_M[1]), "EPSG:4527", "--crs EPSG:4528"),
        ((121.0, 30.0), "EPSG:4490", "100 公里"),  # another county
        ((SEAT[1], SEAT[0]), "EPSG:4490", "互换"),
    ],
)
def test_what_lies_outside_the_county_is_a_fault_with_the_right_zone(tmp_path, place, crs, hint):
    (tmp_path / "c.csv").write_text(f"id,x,y\nc1,{place[0]!r},{place[1]!r}\n")
    with pytest.raises(FileContentError, match=hint):
        read_layer_in_process(
            tmp_path / "c.csv", CENTRE, datum=Datum.CGCS2000, crs=crs, store_crs="EPSG:4490", extent=ZHENGHE
        )


def test_each_of_mixed_units_gets_its_own_hint(tmp_path):
    lines = [
        "id,lon,lat",
        "1,118.85,27.36",
        "2,386473,3028905",
        "3,40386473,3028905",
        "4,27.36,118.85",
        "5,0,0",
    ]
    (tmp_path / "c.csv").write_text("\n".join(lines))
    with pytest.raises(FileContentError) as caught:
        read_layer_in_process(tmp_path / "c.csv", CENTRE, datum=Datum.CGCS2000, extent=ZHENGHE)
    hints = {fault.row: fault.zh for fault in caught.value.faults}
    assert list(hints) == [3, 4, 5, 6]
    for row, hint in {3: "EPSG:4549", 4: "EPSG:4528", 5: "互换", 6: "位置未知"}.items():
        assert hint in hints[row]


@pytest.mark.parametrize(
    "code", [4214, 4555, 4610, 2327, 2349, 2370, 2390, 2401, 2422, 2442, 21413, 21483, 4568]
)
def test_old_chinese_systems_are_refused_in_every_zone(code):
    with pytest.raises(CrsError, match="测绘"):
        parse_crs(f"EPSG:{code}")


@pytest.mark.parametrize("ellipsoid", ["6378245.0,298.3", "6378140.0,298.257"])
def test_systems_that_a_user_named_after_an_old_ellipsoid_are_refused(ellipsoid):
    wkt = (
        'PROJCS["Local",GEOGCS["GCS_Local",DATUM["D_Local",SPHEROID["Local",{}]],PRIMEM["Greenwich",0.0],'
        'UNIT["Degree",0.0174532925199433]],PROJECTION["Transverse_Mercator"],PARAMETER["False_Easting",500000.0],'
        'PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",120.0],PARAMETER["Scale_Factor",1.0],'
        'PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]'
    )
    with pytest.raises(CrsError, match="测绘"):
        parse_crs(wkt.format(ellipsoid))
