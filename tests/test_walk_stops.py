"""Gates and barriers on streets, and nodes that lie at one place: drawn towns, the files of OpenStreetMap, networkx."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geogrid.coverage.assess import assess_coverage
from geogrid.coverage.doubt import assess_doubt
from geogrid.coverage.possible_gates import spread_gates, spread_stops
from geogrid.coverage.reading import Reading
from geogrid.coverage.repricing import measure_world, take_apart
from geogrid.coverage.town import Town
from geogrid.coverage.walks import lay_out, measure_walks
from geogrid.coverage.worlds import make_base_world
from geogrid.crs import change_crs
from geogrid.network.impedance import PROFILES
from tests.support.frames import METRIC, line, make_layer, point, rectangle
from tests.support.oracle import Oracle
from tests.support.random_town import make_stopped_town
from tests.support.readers import read_osm_in_process

FILES = Path(__file__).parent / "data" / "osm"
TEN_MINUTES = Reading("minutes", 10)


def house(x, y):
    return rectangle(x - 1, y - 1, x + 1, y + 1)


def make(streets, homes, centre, **layers):
    """A town of streets id -> line, homes id -> place and one centre."""
    return Town.from_layers(
        {
            "street": make_layer("street", {key: line(*xy) for key, xy in streets.items()}),
            "building": make_layer("building", {key: house(*xy) for key, xy in homes.items()}),
            "centre": make_layer("centre", {"z": point(*centre)}),
            **layers,
        }
    )


def walk(town):
    """Seconds by home, None where there is no walk."""
    homes = assess_coverage(town, TEN_MINUTES).homes
    seconds = dict(zip(homes.index, homes["walk_s"], strict=True))
    oracle = Oracle(town, "adult")
    found = {key: None if pd.isna(value) else value for key, value in seconds.items()}
    assert found == {
        key: None if oracle.nearest(key)[1] is None else oracle.nearest(key)[0] / 1000 for key in found
    }
    return found


# one street of 240 m with a vertex in the middle; homes 12 m off it at both ends, the centre 12 m off the east end
STREET = {"s": [(0, 0), (120, 0), (240, 0)]}
HOMES = {"west": (0, 12), "east": (216, 12)}
CENTRE = (240, 12)
WEST_S, EAST_S = (
    12 + 200 + 12,
    12 + 20 + 12,
)  # legs of 12 m with the detour of 1.2 at 1.2 m/s, streets at 1.2 m/s


def gate_at(x, y, **values):
    return make_layer("gate", {"g": point(x, y)}, **{key: [value] for key, value in values.items()})


def barrier_at(x, y, **values):
    return make_layer("street_barrier", {"b": point(x, y)}, **{key: [value] for key, value in values.items()})


@pytest.mark.parametrize(
    ("layer", "is_stopped"),
    [
        (gate_at(120, 0), False),
        (gate_at(120, 0, locked=True), True),
        (gate_at(120, 0, pedestrian=False), True),
        (gate_at(120, 0, locked=True, passage="open"), False),
        (gate_at(120, 0, passage="closed"), True),
        (gate_at(120, 0, passage="doubtful", locked=True), False),  # walked, in doubt
        (barrier_at(120, 0), True),
        (barrier_at(120, 0, passage="open"), False),
        (barrier_at(120, 0, passage="doubtful"), False),
        (gate_at(100, 1.9, locked=True), True),  # between two vertices, drawn a little beside the street
        (gate_at(100, 2.1, locked=True), False),  # beside the street: the gate of a yard
    ],
)
def test_a_gate_or_a_barrier_on_a_street_stops_people_where_it_is_closed(layer, is_stopped):
    name = "gate" if "locked" in layer else "street_barrier"
    found = walk(make(STREET, HOMES, CENTRE, **{name: layer}))
    assert found == {"west": None if is_stopped else WEST_S, "east": EAST_S}


def test_a_gate_in_the_wall_of_a_gated_compound_stops_no_street():
    # the street runs along the wall; the gate stands on both, and is locked
    compound = make_layer("compound", {"c": rectangle(60, 0, 180, 60)}, kind=["封闭式"])
    town = make(STREET, HOMES, CENTRE, compound=compound, gate=gate_at(120, 0, locked=True))
    assert walk(town) == {"west": WEST_S, "east": EAST_S}


@pytest.mark.parametrize("kind", ["开放式", None])
def test_a_gate_that_is_no_gated_compounds_own_stops_the_street(kind):
    ground = rectangle(60, 30, 180, 60)  # 30 m from the gate
    compound = make_layer("compound", {"c": ground}, kind=[kind])
    town = make(STREET, HOMES, CENTRE, compound=compound, gate=gate_at(120, 0, locked=True))
    assert walk(town)["west"] is None


def test_a_stop_on_a_junction_keeps_its_streets_apart_and_a_way_round_is_taken():
    streets = {
        "s": [(0, 0), (120, 0), (240, 0)],
        "n": [(120, 0), (120, 120)],
        "round": [(0, 0), (0, -60), (240, -60), (240, 0)],
    }
    homes = {"west": (0, 12), "north": (108, 120)}
    town = make(streets, homes, CENTRE, street_barrier=barrier_at(120, 0))
    # round the south: 60 + 240 + 60 m at 1.2 m/s; the north street ends at the junction
    assert walk(town) == {"west": 12 + 300 + 12, "north": None}


def test_one_who_lives_at_a_stop_leaves_on_either_side_whatever_the_streets_are_called():
    for ids in (("a", "b"), ("b", "a")):
        streets = {ids[0]: [(0, 0), (120, 0)], ids[1]: [(120, 0), (240, 0)]}
        town = make(streets, {"home": (120, 12)}, CENTRE, street_barrier=barrier_at(120, 0))
        assert walk(town) == {"home": 12 + 100 + 12}
        # and the other way round: the centre stands at the stop
        town = make(streets, {"w": (0, 12), "e": (240, 12)}, (120, 12), street_barrier=barrier_at(120, 0))
        assert walk(town) == {"w": 12 + 100 + 12, "e": 12 + 100 + 12}


# --- cases of OpenStreetMap -----------------------------------------------------------------------


def town_of(path, centre_lonlat):
    layers, _ = read_osm_in_process(path)
    layers["centre"] = gpd.GeoDataFrame(
        {"id": ["F1"]}, geometry=[shapely.Point(centre_lonlat)], crs="EPSG:4326"
    )
    return Town.from_layers({name: change_crs(frame, METRIC, name) for name, frame in layers.items()})


@pytest.mark.parametrize(
    ("name", "is_stopped"),
    [
        ("locked-no", True),
        ("foot-no", True),
        ("wall-node", True),
        ("foot-yes", False),
        ("bollard", False),
        ("private-locked", False),
    ],
)
def test_a_barrier_on_the_only_path_is_passed_as_its_tags_say(name, is_stopped):
    # made at 118.85, 27.37: the street is 600 m, the centre 590 m east and 15 m north
    east, north = 1 / (111_320 * np.cos(np.radians(27.37))), 1 / 110_800
    town = town_of(FILES / f"{name}.osm", (118.85 + 590 * east, 27.37 + 15 * north))
    status = assess_coverage(town, TEN_MINUTES).homes["status"]
    found = {name: status[key] for key, name in town.building[["id", "name"]].to_numpy().tolist()}
    # the western house: 16 m to the street, 564 m along it, 15 m to the centre: within 720 m
    assert found == {"东楼": "covered", "西楼": "unanswered" if is_stopped else "covered"}


# --- nodes at one place ---------------------------------------------------------------------------


def test_a_bridge_and_what_it_crosses_at_one_place_do_not_meet():
    """A road below; a bridge over it, with a vertex at the same place and another node; steps lead round."""
    streets = {
        "road": [(0, 0), (120, 0), (240, 0)],
        "bridge": [(120, -60), (120, 0), (120, 60)],
        "ramp": [(0, 0), (0, -60), (120, -60)],
    }
    homes = {"north": (108, 60)}
    town = make(streets, homes, CENTRE)
    # joined: 60 m of the bridge and 120 m of the road
    assert walk(town) == {"north": 12 + 50 + 100 + 12}
    town.street["nodes"] = pd.Series(["1:8", "1:9", None], dtype=object)
    # apart: 120 m of the bridge, 120 + 60 m of the ramp, 240 m of the road
    assert walk(town) == {"north": 12 + 100 + 150 + 200 + 12}


@pytest.mark.parametrize(
    ("nodes", "is_joined"),
    [
        ((None, None), True),
        (("1:8", "0:8"), True),
        (("1:8", "0:9"), False),
        (("1:8", None), True),  # drawn later, of which no node is known
        (("7:8", "0:9"), True),  # a number of a vertex that is not there any more
        (("1:8", "rubbish"), True),
    ],
)
def test_vertices_meet_by_place_and_where_both_have_one_by_number(nodes, is_joined):
    streets = {"a": [(0, 0), (120, 0)], "b": [(120, 0), (240, 0)]}
    town = make(streets, {"west": (0, 12)}, CENTRE)
    town.street["nodes"] = pd.Series(list(nodes), dtype=object)
    homes = assess_coverage(town, TEN_MINUTES).homes
    assert homes["walk_s"].isna().tolist() == [not is_joined]


def test_a_street_without_a_number_meets_neither_of_two_nodes_at_its_place():
    streets = {"a": [(0, 0), (120, 0)], "b": [(120, 0), (240, 0)], "c": [(120, -60), (120, 0)]}
    town = make(streets, {"south": (108, -60), "west": (0, 12)}, CENTRE)
    town.street["nodes"] = pd.Series(["1:8", "0:9", None], dtype=object)
    assert walk(town) == {"south": None, "west": None}


BRIDGE = """<osm version="0.6">
<node id="1" lon="118.8500" lat="27.3700"/><node id="2" lon="118.8512" lat="27.3700"/>
<node id="3" lon="118.8524" lat="27.3700"/><node id="4" lon="118.8512" lat="27.3694"/>
<node id="{over}" lon="118.8512" lat="27.3700"/><node id="6" lon="118.8512" lat="27.3706"/>
<way id="11"><nd ref="1"/><nd ref="2"/><nd ref="3"/><tag k="highway" v="residential"/></way>
<way id="12"><nd ref="4"/><nd ref="{over}"/><nd ref="6"/><tag k="highway" v="footway"/><tag k="bridge" v="yes"/></way>
</osm>"""


@pytest.mark.parametrize("over", [5, -5, 2])
def test_node_numbers_of_openstreetmap_count_where_two_lie_at_one_place(over, tmp_path):
    text = BRIDGE.format(over=over)
    if over == 2:
        text = text.replace('<node id="2" lon="118.8512" lat="27.3700"/>', "", 1)
    (tmp_path / "a.osm").write_text(text)
    layers, _ = read_osm_in_process(tmp_path / "a.osm")
    assert layers["street"]["nodes"].tolist() == ([None, None] if over == 2 else ["1:2", f"1:{over}"])
    layers["building"] = gpd.GeoDataFrame(
        {"id": ["h"]}, geometry=[shapely.box(118.8511, 27.3706, 118.8513, 27.3707)], crs="EPSG:4326"
    )
    layers["centre"] = gpd.GeoDataFrame(
        {"id": ["z"]}, geometry=[shapely.Point(118.8524, 27.3701)], crs="EPSG:4326"
    )
    town = Town.from_layers({name: change_crs(frame, METRIC, name) for name, frame in layers.items()})
    homes = assess_coverage(town, TEN_MINUTES).homes
    assert homes["walk_s"].isna().tolist() == [over != 2]


def test_a_street_that_repeats_a_node_at_one_place_is_not_torn(tmp_path):
    """Two nodes that follow each other at one place, as editors leave them, are one; streets meet either."""
    text = BRIDGE.format(over=5).replace(
        '<nd ref="1"/><nd ref="2"/>', '<nd ref="1"/><nd ref="2"/><nd ref="5"/>'
    )
    (tmp_path / "a.osm").write_text(text)
    layers, _ = read_osm_in_process(tmp_path / "a.osm")
    assert layers["street"]["nodes"].isna().all()


# --- by networkx, on drawn towns ------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(8))
def test_every_home_of_a_town_with_stops_and_torn_junctions_walks_as_networkx_does(seed):
    town = make_stopped_town(seed)
    layout = lay_out(town)
    assert (layout.network.public.stop >= 0).sum() > 2
    walks = measure_walks(layout, PROFILES["adult"])
    oracle = Oracle(town, "adult")
    centre = np.append(layout.centre_id, [None])[walks.centre]
    buildings = layout.homes.building["id"].tolist()
    mine = dict(zip(buildings, zip(walks.cost.tolist(), centre.tolist(), strict=True), strict=True))
    assert mine == {home: oracle.nearest(home) for home in buildings}


# --- doubt ------------------------------------------------------------------------------------------


def judge(town):
    coverage = assess_coverage(town, TEN_MINUTES)
    doubt = assess_doubt(town, lay_out(town), TEN_MINUTES, coverage.homes)
    told = {assumption.name: (assumption.n, assumption.chance) for assumption in doubt.assumptions}
    verdict = dict(zip(coverage.homes.index, doubt.verdict, strict=True))
    share = dict(zip(coverage.homes.index, doubt.covered_share, strict=True))
    return verdict, share, told.get("way_doubtful")


@pytest.mark.parametrize(
    "layer", [gate_at(120, 0, passage="doubtful"), barrier_at(120, 0, passage="doubtful")]
)
def test_a_home_behind_a_gate_that_is_perhaps_closed_is_in_doubt(layer):
    name = "gate" if "locked" in layer else "street_barrier"
    verdict, share, told = judge(make(STREET, HOMES, CENTRE, **{name: layer}))
    assert verdict == {"west": "in_doubt", "east": "surely_in"}
    # open in half of the worlds: 200 draws, 5 standard deviations of 3.5 points
    assert share["west"] == pytest.approx(0.5, abs=0.18)
    assert told == (1, 0.5)


def test_a_home_that_has_another_way_is_not_in_doubt():
    streets = {**STREET, "round": [(0, 0), (0, -60), (240, -60), (240, 0)]}
    verdict, _, _ = judge(make(streets, HOMES, CENTRE, gate=gate_at(120, 0, passage="doubtful")))
    assert verdict == {"west": "surely_in", "east": "surely_in"}


def test_one_who_lives_at_a_doubtful_gate_leaves_on_either_side_in_every_world():
    town = make(STREET, {"home": (120, 12)}, CENTRE, gate=gate_at(120, 0, passage="doubtful"))
    assert judge(town)[0] == {"home": "surely_in"}


def test_a_street_that_is_perhaps_not_walked_is_walked_and_in_doubt():
    streets = {"a": [(0, 0), (120, 0)], "b": [(120, 0), (240, 0)]}
    town = make(streets, HOMES, CENTRE)
    town.street["doubtful"] = pd.Series([True, None], dtype="boolean")
    assert walk(town) == {"west": WEST_S, "east": EAST_S}
    verdict, share, told = judge(town)
    assert verdict == {"west": "in_doubt", "east": "surely_in"}
    assert share["west"] == pytest.approx(0.5, abs=0.18)
    assert told == (1, 0.5)
    # a street that is not walked at all is no street to doubt
    town.street["walkable"] = pd.Series([False, None], dtype="boolean")
    assert judge(town)[2] is None


def test_a_countys_own_column_says_who_walks_whatever_the_class_is():
    for street_class, walkable, is_walked in (
        ("motorway", True, True),
        ("motorway", None, True),
        ("footway", False, False),
    ):
        town = make(STREET, HOMES, CENTRE)
        town.street["class"] = pd.Series([street_class], dtype=object)
        town.street["walkable"] = pd.Series([walkable], dtype="boolean")
        assert bool(lay_out(town).network.public.n_segments) is is_walked


@pytest.mark.parametrize("has_doubtful_streets", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_worlds_close_and_open_what_is_in_doubt_and_nothing_else(seed, has_doubtful_streets):
    town = make_stopped_town(seed)
    if has_doubtful_streets:
        town.street["doubtful"] = pd.Series(np.arange(len(town.street)) % 5 == 0, dtype="boolean")
    layout = lay_out(town)
    parts = take_apart(town, spread_stops(spread_gates(town, layout)), PROFILES["adult"])
    world = make_base_world(parts.subject)
    base = measure_world(parts, world, limit=np.inf)
    # open: the base
    assert base.tolist() == measure_walks(layout, PROFILES["adult"]).cost.tolist()
    world = replace(world, is_walked=np.zeros(len(parts.subject.doubt_key), bool))
    found = measure_world(parts, world, limit=np.inf)
    assert (found >= base).all()
    assert (found > base).any() or not has_doubtful_streets
    if not has_doubtful_streets:  # closed: as if the data said so
        passage = {
            name: getattr(town, name)["passage"].replace("doubtful", "closed")
            for name in ("gate", "street_barrier")
        }
        closed = {name: getattr(town, name).assign(passage=values) for name, values in passage.items()}
        shut = lay_out(Town.from_layers({**vars(town), **closed}))
        assert found.tolist() == measure_walks(shut, PROFILES["adult"]).cost.tolist()
