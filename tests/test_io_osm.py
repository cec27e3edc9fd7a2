"""OpenStreetMap files: a small town drawn by hand, every feature of which means something."""

from __future__ import annotations

from pathlib import Path

import pytest
import shapely

from geogrid.errors import GeogridError, UnsupportedFileError
from geogrid.io.osm import LICENCE, SOURCE, read_osm
from geogrid.io.osm_access import STREET_RULES, judge_barrier, judge_street
from geogrid.io.osm_tags import find_floors, find_use, lets_pedestrians, lets_vehicles
from geogrid.labels import read_labels
from geogrid.schema import LAYERS

M = 1e-5  # of a degree: 1.1 m to the north and 1.0 m to the east at 27 N


class OsmFile:
    """An .osm file as it grows; places are in units of `M` from 118.85, 27.36."""

    def __init__(self):
        self._nodes, self._ways, self._relations = [], [], []
        self._known = {}

    def node(self, x, y, **tags):
        key = self._known.setdefault((x, y), len(self._known) + 1)
        if tags or key > len(self._nodes):
            lon, lat = 118.85 + x * M, 27.36 + y * M
            text = f'<node id="{key}" version="1" lon="{lon:.7f}" lat="{lat:.7f}">{_tags(tags)}</node>'
            self._nodes[key - 1 : key] = [text]
        return key

    def way(self, key, places, **tags):
        refs = [place if isinstance(place, int) else self.node(*place) for place in places]
        inside = "".join(f'<nd ref="{ref}"/>' for ref in refs)
        self._ways.append(f'<way id="{key}" version="1">{inside}{_tags(tags)}</way>')

    def box(self, key, x, y, size, **tags):
        self.way(key, [(x, y), (x + size, y), (x + size, y + size), (x, y + size), (x, y)], **tags)

    def relation(self, key, members, **tags):
        inside = "".join(f'<member type="way" ref="{ref}" role="{role}"/>' for ref, role in members)
        self._relations.append(f'<relation id="{key}" version="1">{inside}{_tags(tags)}</relation>')

    def write(self, path):
        body = "".join(self._nodes + self._ways + self._relations)
        path.write_text(f'<?xml version="1.0"?><osm version="0.6">{body}</osm>', encoding="utf-8")
        return path


def _tags(tags):
    return "".join(f'<tag k="{key.replace("__", ":")}" v="{value}"/>' for key, value in tags.items())


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    osm = OsmFile()
    # an open primary street, crossed by a zebra; half a zebra ends on it; one more under it
    osm.way(1, [(0, 0), (500, 0), (1000, 0)], highway="primary", name="解放街", surface="asphalt")
    osm.way(2, [(500, -20), (500, 0), (500, 20)], highway="footway", footway="crossing")
    osm.way(3, [(0, 0), (0, 20)], highway="footway", footway="crossing")
    osm.way(4, [(700, -20), (700, 20)], highway="footway", footway="crossing", tunnel="yes")
    osm.way(5, [(900, 0), (900, 50)], highway="steps")
    osm.way(6, [(0, 900), (1000, 900)], highway="construction")
    osm.box(7, 2000, 0, 50, highway="pedestrian", area="yes")
    osm.way(8, [(0, 0), 999_999, (0, -20), (0, -40)], highway="path")  # a node that the file lacks
    # a compound with a gate 1 unit off its outline, holding two buildings; the smaller campus in it
    osm.box(20, 100, 100, 200, landuse="residential", name="宜和佳苑", alt_name="宜和;宜和苑")
    osm.node(200, 99, barrier="gate", foot="yes", motor_vehicle="no", opening_hours="06:00-22:00")
    osm.box(
        21,
        110,
        110,
        20,
        building="apartments",
        name="1栋",
        building__levels="6",
        addr__street="解放街",
        addr__housenumber="2号",
    )
    osm.node(110, 130, entrance="main")
    osm.box(25, 150, 150, 60, amenity="school", name="第一小学")
    osm.box(26, 160, 160, 10, building="yes", amenity="school")
    # a fenced compound without a name; one without name or fence; one whose fence covers a quarter
    osm.box(30, 500, 100, 100, landuse="residential", barrier="fence")
    osm.box(31, 700, 100, 100, landuse="residential")
    osm.box(32, 900, 100, 100, landuse="residential", name="开放新村")
    osm.way(33, [(900, 100), (1000, 100)], barrier="wall")
    # gates of other kinds, far from any compound
    osm.node(0, 600, barrier="lift_gate", locked="yes")
    osm.node(10, 600, barrier="gate", access="no")
    osm.node(20, 600, barrier="bollard")
    # a building with a yard as a relation, whose outline repeats the tag; an exit; a bow-tie; water
    osm.box(40, 100, 400, 60, building="dormitory")
    osm.box(41, 120, 420, 20)
    osm.relation(
        50, [(40, "outer"), (41, "inner")], type="multipolygon", building="dormitory", name="学生公寓"
    )
    osm.relation(51, [(41, "outer"), (777, "outer")], type="multipolygon", natural="water")
    osm.node(100, 400, entrance="exit")
    osm.way(43, [(300, 400), (320, 420), (320, 400), (300, 420), (300, 400)], building="yes")
    osm.way(44, [(400, 400), (420, 400), (420, 420)], building="yes")
    osm.box(45, 600, 400, 50, natural="water", water="pond")
    seen = []
    path = osm.write(tmp_path_factory.mktemp("osm") / "town.osm")
    extract = read_osm(path, progress=lambda done, key: seen.append((done, key)))
    assert {key for _, key in seen} <= read_labels()["zh"].keys()
    return extract


def row(frame, key):
    return frame.set_index("id").loc[key]


def test_layers_have_the_columns_of_the_schema_and_name_their_source(town):
    for name, frame in town.layers.items():
        assert list(frame.columns) == [*LAYERS[name].column_names, "geometry"]
        assert frame.crs == "EPSG:4326"
        assert (frame["source"] == SOURCE).all()
        assert frame["id"].is_unique
    assert (town.source, town.licence) == (SOURCE, LICENCE)
    assert town.extent_frame("350725", "政和县").columns.tolist() == [
        *LAYERS["county"].column_names,
        "geometry",
    ]


def test_a_crossing_waits_by_the_street_it_passes(town):
    street = town.layers["street"]
    # primary: 20 s; a way that only ends on it is half of a crossing; nobody waits in an underpass
    assert row(street, "w2")["crossing_s"] == 20.0
    assert row(street, "w3")["crossing_s"] == 10.0
    assert row(street, "w4")["crossing_s"] == 0.0
    assert row(street, "w4")["bridge"]
    assert street.set_index("id")["crossing_s"].isna()["w1"]


def test_streets_keep_their_vertices_and_are_cut_where_nodes_are_missing(town):
    street = town.layers["street"]
    assert shapely.get_num_coordinates(row(street, "w1").geometry) == 3
    assert row(street, "w1")[["class", "name", "surface", "walkable", "steps"]].tolist() == [
        "primary", "解放街", "asphalt", True, False,
    ]  # fmt: skip
    assert row(street, "w5")["steps"]
    # before the missing node stands one vertex, which is no line; after it two
    assert shapely.get_num_coordinates(row(street, "w8").geometry) == 2


def test_a_gate_closes_its_compound_and_belongs_to_it(town):
    compound, gate = town.layers["compound"], town.layers["gate"]
    assert compound.set_index("id")["kind"].to_dict() == {
        "w20": "封闭式",  # a gate lies on its outline
        "w25": "unknown",
        "w30": "封闭式",  # its outline is a fence
        "w32": "unknown",  # a quarter of its outline is a wall: less than four fifths
    }
    assert row(compound, "w20")["aliases"] == "宜和,宜和苑"
    with_compound = gate[gate["compound"].notna()]
    assert with_compound[["compound", "pedestrian", "vehicle", "hours"]].to_numpy().tolist() == [
        ["w20", True, False, "06:00-22:00"]
    ]
    others = gate[gate["compound"].isna()]
    assert others["pedestrian"].tolist() == [True, False]
    assert others["locked"].fillna(value=False).tolist() == [True, False]


def test_buildings_have_use_floors_address_and_the_smallest_compound(town):
    building = town.layers["building"]
    assert row(building, "w21")[["use", "floors", "address", "number", "compound"]].tolist() == [
        "residential", 6, "解放街2号", "2号", "w20",
    ]  # fmt: skip
    assert row(building, "w26")[["use", "compound"]].tolist() == ["public", "w25"]
    # 60 x 60 less a yard of 20 x 20
    assert row(building, "r50").geometry.area == pytest.approx((3600 - 400) * M * M, rel=1e-3)


def test_an_entrance_belongs_to_the_building_on_whose_outline_it_stands(town):
    entrance = town.layers["entrance"]
    assert entrance["building"].tolist() == ["w21"]


def test_what_is_left_out_is_listed_with_the_reason(town):
    assert town.left_out_ids == {
        "street_not_there": ["w6"],
        "compound_unnamed": ["w31"],
        "building_twice": ["w40"],
        "building_open": ["w44"],
        "area_broken": ["w43"],
        "area_incomplete": ["r51"],
        "entrance_closed": town.left_out_ids["entrance_closed"],
    }
    assert town.left_out["entrance_closed"] == 1
    assert {f"io.osm.left_out.{reason}" for reason in town.left_out} <= read_labels()["zh"].keys()
    assert town.counts == {
        "street": 6, "square": 1, "building": 3, "compound": 4, "gate": 3, "street_barrier": 0, "entrance": 1,
        "barrier": 2, "water": 1, "walkable": 6,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ("residential", "open"),
        ("residential access=private", "closed"),
        ("residential access=private foot=yes", "open"),
        ("residential access=customers", "closed"),
        ("service access=delivery", "closed"),
        ("track access=forestry", "closed"),
        ("track access=agricultural", "closed"),
        ("track access=agricultural foot=permissive", "open"),
        ("unclassified access=military", "closed"),
        ("service access=destination", "open"),
        ("service access=permit", "doubtful"),
        ("service access=private;permissive", "open"),
        ("footway foot=no", "closed"),
        ("footway foot=private", "closed"),
        ("footway foot=customers access=yes", "closed"),
        ("footway foot=military", "closed"),
        ("secondary foot=use_sidepath", "closed"),
        ("cycleway", "open"),
        ("cycleway foot=no", "closed"),
        ("motorway", "closed"),
        ("motorway access=yes", "closed"),
        ("motorway_link foot=yes", "open"),
        ("primary motorroad=yes", "closed"),
        ("trunk motorroad=yes", "closed"),
        ("primary motorroad=yes foot=yes", "open"),
        ("trunk", "doubtful"),
        ("trunk_link", "doubtful"),
        ("trunk access=yes", "doubtful"),
        ("trunk access=no", "closed"),
        ("trunk foot=designated", "open"),
        ("trunk sidewalk=no", "doubtful"),
        ("trunk sidewalk=both", "open"),
        ("trunk sidewalk:right=separate", "open"),
        ("trunk sidewalk:left=yes", "open"),
        ("trunk sidewalk:both=no", "doubtful"),
        ("platform", "closed"),
        ("raceway foot=yes", "closed"),
        ("via_ferrata foot=yes", "closed"),
        ("path sac_scale=hiking", "open"),
        ("path sac_scale=mountain_hiking foot=yes", "doubtful"),
        ("path sac_scale=mountain_hiking access=no", "closed"),
        ("path sac_scale=demanding_mountain_hiking", "closed"),
        ("path sac_scale=difficult_alpine_hiking foot=yes", "closed"),
    ],
)
def test_who_may_walk_where(tags, expected):
    assert judge_street(tags_of(f"highway={tags}")) == expected


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ("gate", "open"),
        ("gate access=no", "closed"),
        ("gate access=no foot=yes", "open"),
        ("gate foot=no access=yes", "closed"),
        ("gate access=private", "doubtful"),
        ("gate access=private locked=yes", "doubtful"),
        ("gate locked=yes", "doubtful"),
        ("gate locked=yes access=no", "closed"),
        ("gate locked=yes foot=yes", "open"),
        ("lift_gate motor_vehicle=private", "open"),
        ("lift_gate foot=no", "closed"),
        ("bollard", "open"),
        ("stile", "open"),
        ("cycle_barrier", "open"),
        ("wall", "closed"),
        ("fence", "closed"),
        ("wall foot=yes", "open"),
        ("jersey_barrier", "doubtful"),
        ("yes", "doubtful"),
    ],
)
def test_which_barriers_on_a_street_stop_people(tags, expected):
    assert judge_barrier(tags_of(f"barrier={tags}")) == expected


def tags_of(text):
    return dict(pair.split("=") for pair in text.split())


def test_tags_of_buildings_and_gates():
    assert find_use({"building": "garage"}) == "other"
    assert find_use({"building": "yes"}) == "unknown"
    assert find_use({"building": "yes", "amenity": "hospital"}) == "public"
    assert find_floors({"building:levels": "6.5"}) == 6
    assert find_floors({"building:levels": "six"}) is None
    # a private gate is for the people of the compound
    assert lets_pedestrians({"barrier": "gate", "access": "private"})
    assert not lets_pedestrians({"barrier": "gate", "access": "yes", "foot": "no"})
    assert lets_vehicles({"barrier": "turnstile"}) is False
    assert lets_vehicles({"barrier": "gate"}) is None


def test_a_file_that_is_no_openstreetmap_file_is_refused(tmp_path):
    (tmp_path / "a.shp").write_bytes(b"\x00\x00\x27\x0a" + bytes(96))
    with pytest.raises(UnsupportedFileError):
        read_osm(tmp_path / "a.shp")
    (tmp_path / "rubbish.pbf").write_bytes(bytes(range(256)) * 10)
    with pytest.raises(GeogridError):
        read_osm(tmp_path / "rubbish.pbf")
    (tmp_path / "laughs.osm").write_text(
        '<?xml version="1.0"?><!DOCTYPE o [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;">]><osm version="0.6">&b;</osm>'
    )
    with pytest.raises(UnsupportedFileError):
        read_osm(tmp_path / "laughs.osm")


def test_of_barriers_that_are_no_gates_those_on_a_street_that_may_stop_people_are_taken(tmp_path):
    osm = OsmFile()
    for number, kind in enumerate(("wall", "bollard", "jersey_barrier")):
        osm.node(100 * number, 0, barrier=kind)
    osm.node(0, 500, barrier="fence")
    osm.way(1, [(-50, 0), (0, 0), (100, 0), (200, 0)], highway="path")
    found = read_osm(osm.write(tmp_path / "a.osm"))
    assert found.layers["street_barrier"][["kind", "passage"]].to_numpy().tolist() == [
        ["wall", "closed"],
        ["jersey_barrier", "doubtful"],
    ]
    assert found.left_out == {"barrier_off_street": 1}


def test_piers_are_streets_or_squares_and_ferries_and_closing_times_are_told(tmp_path):
    osm = OsmFile()
    osm.way(1, [(0, 0), (100, 0)], man_made="pier")
    osm.box(2, 100, 0, 50, man_made="pier")
    osm.way(3, [(150, 0), (900, 0)], route="ferry", foot="yes")
    osm.way(4, [(0, 0), (0, 90)], highway="footway", foot__conditional="no @ (22:00-06:00)")
    found = read_osm(osm.write(tmp_path / "a.osm"))
    street = found.layers["street"].set_index("id")
    assert street[["class", "walkable"]].to_numpy().tolist() == [["pier", True], ["footway", True]]
    assert found.layers["square"][["id", "kind", "walkable"]].to_numpy().tolist() == [["w2", "pier", True]]
    assert found.left_out_ids == {"ferry": ["w3"]}
    assert found.told_ids == {"conditional": ["w4"]}


def test_an_empty_file_gives_empty_layers(tmp_path):
    found = read_osm(OsmFile().write(tmp_path / "empty.osm"))
    assert set(found.counts.values()) == {0}


def test_the_page_on_walking_has_a_row_for_every_rule_of_the_table():
    page = (Path(__file__).parents[1] / "docs" / "walking.md").read_text(encoding="utf-8")
    for rule in STREET_RULES:
        assert f"| {rule.page} |" in page, rule
