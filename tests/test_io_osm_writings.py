"""One town in every writing of OpenStreetMap data: order, numbers, deletions, packing, JSON, broken downloads."""

from __future__ import annotations

import bz2
import gzip
import json
from pathlib import Path

import osmium
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geogrid.errors import UnfinishedFileError, UnsupportedFileError
from geogrid.io.osm import read_osm
from tests.support.command import Command
from tests.support.readers import read_osm_in_process

FILES = Path(__file__).parent / "data" / "osm"
NODES = {1: (118.85, 27.37), 2: (118.853, 27.37), 3: (118.856, 27.37)}
NODES |= {4: (118.851, 27.371), 5: (118.852, 27.371), 6: (118.852, 27.372), 7: (118.851, 27.372)}
STREET, OUTLINE = [1, 2, 3], [4, 5, 6, 7, 4]


def told(path):
    layers, info = read_osm_in_process(path)
    names = {name: frame["id"].tolist() for name, frame in layers.items() if len(frame)}
    return names, layers["street"].geometry.to_wkt().tolist(), info["left_out_ids"]


@pytest.mark.parametrize("name", ["ways-first", "nodes-by-tile", "ways-by-tile"])
def test_the_order_of_objects_changes_nothing(name):
    names, lines, left_out = told(FILES / f"{name}.osm")
    assert (names, lines, left_out) == told(FILES / "nodes-first.osm")
    assert {layer: len(ids) for layer, ids in names.items()} == {"street": 1, "building": 2}


@pytest.mark.parametrize("name", ["josm", "josm-sorted", "josm-clean"])
def test_new_objects_of_an_editor_are_read_and_deleted_ones_are_not(name):
    names, _, left_out = told(FILES / f"{name}.osm")
    # as JOSM numbered them; 77, 78 and 80 are deleted
    assert names == {"street": ["w-20"], "building": ["w79", "w-21"]} or names == {
        "street": ["w-20"],
        "building": ["w-21", "w79"],
    }
    assert left_out == {}


@st.composite
def shuffled(draw):
    """The town as XML elements in any order, its numbers negated or not, some objects repeated without tags."""
    sign = draw(st.sampled_from([1, -1]))
    nodes = [f'<node id="{sign * n}" lon="{lon}" lat="{lat}"/>' for n, (lon, lat) in NODES.items()]
    ways = [_way(sign, 11, STREET, "highway", "footway"), _way(sign, 12, OUTLINE, "building", "yes")]
    again = [_way(sign, 11, STREET), nodes[0], nodes[3]]
    elements = draw(st.permutations(nodes + ways + draw(st.lists(st.sampled_from(again), max_size=3))))
    return sign, "<osm version='0.6'>" + "".join(elements) + "</osm>"


def _way(sign, number, nodes, key=None, value=None):
    refs = "".join(f'<nd ref="{sign * n}"/>' for n in nodes)
    tag = f'<tag k="{key}" v="{value}"/>' if key else ""
    return f'<way id="{sign * number}">{refs}{tag}</way>'


@settings(max_examples=40, deadline=None)
@given(town=shuffled())
def test_any_order_sign_and_repetition_gives_one_street_and_one_building(town, tmp_path_factory):
    sign, text = town
    path = tmp_path_factory.mktemp("osm") / "town.osm"
    path.write_text(text)
    names, lines, left_out = told(path)
    assert names == {"street": [f"w{sign * 11}"], "building": [f"w{sign * 12}"]}
    assert lines == ["LINESTRING (118.85 27.37, 118.853 27.37, 118.856 27.37)"]
    assert left_out == {}


@pytest.mark.parametrize("name", ["town.osm.gz", "town.osm", "town.osm.xml", "town", "town.zip", "town.pbf"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress])
def test_the_content_says_how_a_file_is_packed_and_not_its_name(name, pack, tmp_path):
    path = tmp_path / name
    path.write_bytes(pack((FILES / "ways-first.osm").read_bytes()))
    assert told(path) == told(FILES / "nodes-first.osm")


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_pbf_file_out_of_order_with_negative_numbers_is_read(pack, tmp_path):
    with osmium.SimpleWriter(str(tmp_path / "plain.pbf")) as writer:
        writer.add_way(
            osmium.osm.mutable.Way(id=-11, nodes=[-n for n in STREET], tags={"highway": "path"}, version=1)
        )
        for number in reversed(STREET):
            writer.add_node(osmium.osm.mutable.Node(id=-number, location=NODES[number], version=1))
    (tmp_path / "town.osm").write_bytes(pack((tmp_path / "plain.pbf").read_bytes()))
    names, lines, left_out = told(tmp_path / "town.osm")
    assert (names, left_out) == ({"street": ["w-11"]}, {})
    assert lines == ["LINESTRING (118.85 27.37, 118.853 27.37, 118.856 27.37)"]


def element(kind, number, **values):
    return {"type": kind, "id": number, **values}


def overpass(*elements, **values):
    return {"version": 0.6, "generator": "Overpass API", "elements": elements, **values}


NODE_ELEMENTS = [element("node", n, lon=lon, lat=lat) for n, (lon, lat) in NODES.items()]
WAY_ELEMENTS = [
    element("way", 11, nodes=STREET, tags={"highway": "footway", "name": "试验路"}),
    element("way", 12, nodes=OUTLINE, tags={"building": "yes"}),
]


def write_json(path, content):
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    return path


@pytest.mark.parametrize("indent", [None, 2])
def test_overpass_json_is_read_ways_first_or_nodes_first(indent, tmp_path):
    for elements in ([*WAY_ELEMENTS, *NODE_ELEMENTS], [*NODE_ELEMENTS, *WAY_ELEMENTS]):
        (tmp_path / "town.json").write_text(json.dumps(overpass(*elements), indent=indent))
        layers, info = read_osm_in_process(tmp_path / "town.json")
        assert layers["street"][["id", "name"]].to_numpy().tolist() == [["w11", "试验路"]]
        assert layers["building"]["id"].tolist() == ["w12"]
        assert info["left_out_ids"] == {}


def places_of(nodes):
    return [{"lon": NODES[n][0], "lat": NODES[n][1]} for n in nodes]


def test_overpass_json_with_geometry_needs_no_nodes(tmp_path):
    street = WAY_ELEMENTS[0]
    yard = [(118.8513, 27.3713), (118.8517, 27.3713), (118.8517, 27.3717), (118.8513, 27.3713)]
    members = [
        {"type": "way", "ref": 21, "role": "outer", "geometry": places_of(OUTLINE)},
        {"type": "way", "ref": 22, "role": "inner", "geometry": [{"lon": x, "lat": y} for x, y in yard]},
    ]
    relation = element("relation", 31, members=members, tags={"type": "multipolygon", "building": "yes"})
    content = overpass({**street, "geometry": places_of(STREET)}, relation)
    names, lines, left_out = told(write_json(tmp_path / "a.json", content))
    assert (names, left_out) == ({"street": ["w11"], "building": ["r31"]}, {})
    assert lines == ["LINESTRING (118.85 27.37, 118.853 27.37, 118.856 27.37)"]
    layers, _ = read_osm_in_process(tmp_path / "a.json")
    # a square of 0.001 degrees less a triangle of half 0.0004 degrees
    assert shapely.area(layers["building"].geometry.iloc[0]) == pytest.approx(1e-6 - 0.5 * 0.4e-3**2)
    # the ways alone, each with its nodes' numbers: streets that share a node meet there
    meeting = element("way", 13, nodes=[2, 5], tags={"highway": "path"}, geometry=places_of([2, 5]))
    content = overpass({**street, "geometry": places_of(STREET)}, meeting)
    layers, _ = read_osm_in_process(write_json(tmp_path / "b.json", content))
    assert layers["street"]["nodes"].isna().all()


def test_json_that_is_not_of_overpass_is_named(tmp_path):
    path = write_json(tmp_path / "a.json", {"type": "FeatureCollection", "features": []})
    with pytest.raises(UnsupportedFileError) as caught:
        read_osm_in_process(path)
    assert "FeatureCollection" in caught.value.found
    for content in ([1, 2], {"elements": [7]}, {"elements": [{"type": "way"}]}):
        with pytest.raises(UnsupportedFileError):
            read_osm_in_process(write_json(tmp_path / "b.json", content))


REMARK = 'runtime error: Query timed out in "query" at line 3 after 26 seconds.'


def test_a_download_that_broke_off_is_an_error_that_says_so(tmp_path):
    whole = (FILES / "nodes-first.osm").read_bytes()
    remark = whole.replace(b"</osm>", f"<remark> {REMARK} </remark></osm>".encode())
    packed = gzip.compress(whole)
    rests = {
        "remark.osm": remark,
        "remark.json": json.dumps(overpass(*NODE_ELEMENTS, remark=REMARK)).encode(),
        "cut.osm": whole[: whole.index(b"<way")],
        "cut-in-a-tag.osm": whole[: whole.index(b"<way") + 20],
        "cut.osm.gz": packed[: len(packed) // 2],
        "cut.osm.bz2": bz2.compress(whole)[:-30],
        "cut.json": json.dumps(overpass(*NODE_ELEMENTS)).encode()[:-20],
    }
    for name, content in rests.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(UnfinishedFileError) as caught:
            read_osm_in_process(tmp_path / name)
        assert "重新下载" in caught.value.message("zh"), name
        if name.startswith("remark"):
            assert caught.value.found == REMARK
    # the same through the child process
    with pytest.raises(UnfinishedFileError):
        read_osm(tmp_path / "remark.osm")
    harmless = whole.replace(b"</osm>", b"<remark>runtime remark: cached</remark></osm>")
    (tmp_path / "harmless.osm").write_bytes(harmless)
    assert told(tmp_path / "harmless.osm") == told(FILES / "nodes-first.osm")


def test_damage_is_told_as_damage(tmp_path):
    whole = (FILES / "nodes-first.osm").read_bytes()
    files = {
        "a.osm": whole.replace(b"<way", b"<way <", 1),
        "b.osm": whole.replace(b' lat="', b' lat="north', 1),
        "c.osm": whole.replace(b"<osm", b"<osmChange", 1).replace(b"</osm>", b"</osmChange>"),
        "d.osm": b"\x1f\x8b" + bytes(200),
        "e.osm": b"BZh9" + bytes(200),
        "f.osm": b"",
        "g.osm": b"hello",
        "h.osm": whole.replace(b"<osm", b'<!DOCTYPE osm [<!ENTITY a "a">]><osm', 1),
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(UnsupportedFileError):
            read_osm_in_process(tmp_path / name)


def test_what_could_not_be_drawn_is_told_by_its_true_reason(tmp_path):
    nodes = "".join(f'<node id="{n}" lon="{lon}" lat="{lat}"/>' for n, (lon, lat) in NODES.items())
    crossed = _way(1, 14, [4, 6, 5, 7, 4], "building", "yes")
    lacking = _way(1, 15, [4, 5, 99, 4], "building", "yes")
    street = _way(1, 16, [98, 99], "highway", "path")
    relation = (
        '<relation id="17"><member type="way" ref="77" role="outer"/>'
        '<tag k="type" v="multipolygon"/><tag k="natural" v="water"/></relation>'
    )
    (tmp_path / "a.osm").write_text(f"<osm>{nodes}{crossed}{lacking}{street}{relation}</osm>")
    assert told(tmp_path / "a.osm")[2] == {
        "area_broken": ["w14"],
        "area_incomplete": ["r17", "w15"],
        "street_without_nodes": ["w16"],
    }


def test_the_box_of_the_download_is_not_the_county(tmp_path):
    # the header's box is 3,000 m wide and high; street and houses lie within 600 m by 22 m of them
    _, info = read_osm_in_process(FILES / "nodes-first.osm")
    west, south, east, north = shapely.from_wkt(info["extent"]).bounds
    metre = 1 / 110_800, 1 / (111_320 * 0.888)  # north and east at 27.37 degrees
    # ... and 50 m around them
    assert (north - south) / metre[0] == pytest.approx(22 + 100, abs=1)
    assert (east - west) / metre[1] == pytest.approx(600 + 100, abs=2)


def test_a_file_without_buildings_and_streets_gives_no_extent(tmp_path, monkeypatch, capsys):
    (tmp_path / "a.osm").write_text(
        '<osm><bounds minlat="27" minlon="118" maxlat="28" maxlon="119"/><node id="1" lon="118.5" lat="27.5"/></osm>'
    )
    assert read_osm_in_process(tmp_path / "a.osm")[1]["extent"] is None
    county = tmp_path / "c.gpkg"
    geogrid = Command(monkeypatch, capsys)
    geogrid("init", county, "--code", "350725", "--name", "试验县")
    code, _, err = geogrid("import-osm", county, tmp_path / "a.osm")
    assert (code, "Traceback" in err) == (0, False)
