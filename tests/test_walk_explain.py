"""A walk told leg by leg: hand-worked, adding up to the millisecond, and in words."""

from __future__ import annotations

import json
import math

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geogrid.cli.explanation import explain_building, find_building
from geogrid.coverage.assess import assess_coverage
from geogrid.coverage.explain_walk import explain_walk, find_cause
from geogrid.coverage.reading import Reading
from geogrid.coverage.town import Town
from geogrid.coverage.walks import lay_out, measure_walks
from geogrid.crs import change_crs
from geogrid.errors import InvalidOptionError, NotAHomeError, PlaceNotFoundError
from geogrid.network.graph import build_graph, price_segments
from geogrid.network.impedance import LENGTH, PROFILES
from geogrid.network.route import find_route
from geogrid.workspace import Workspace
from tests.support.command import Command
from tests.support.random_town import make_town
from tests.support.town import at, draw_layers, draw_town

ADULT = PROFILES["adult"]
TEN_MINUTES = Reading("minutes", 10)


def explain(picture, home="A", *, profile=ADULT, **options):
    town = draw_town(picture, **options)
    layout = lay_out(town)
    number = layout.homes.building["id"].tolist().index(home)
    return explain_walk(town, layout, measure_walks(layout, profile), number)


def tell(picture, home="A", **options):
    """Origin, destination, street and seconds of every leg."""
    walk = explain(picture, home, **options)
    return [(leg.origin, leg.destination, leg.street, leg.cost / 1000) for leg in walk.legs]


# --- legs --------------------------------------------------------------------------------------


def test_a_walk_is_told_by_its_legs_and_its_streets():
    picture = """
 A
+----+
1
"""  # the home a cell east of the western end, the centre below that
    assert tell(picture) == [
        ("home", "street", "s001", 12),
        ("street", "street", "s001", 10),
        ("street", "centre", "s001", 12),
    ]


def test_every_street_is_a_leg_with_its_metres_steps_and_waits():
    picture = """
A                  1
+-----+--c--+--s---+
"""  # 60 s; 60 s and 20 s of waiting; 70 s at half the speed
    walk = explain(picture, street_name={"s001": "东街"})
    assert [leg.street for leg in walk.legs] == ["s001", "s001", "s002", "s003", "s003"]
    assert [leg.name for leg in walk.legs] == ["东街", "东街", None, None, None]
    assert [leg.cost for leg in walk.legs] == [12_000, 60_000, 80_000, 140_000, 12_000]
    assert [leg.length_m for leg in walk.legs] == pytest.approx([14.4, 72, 72, 84, 14.4])
    assert [leg.wait_s for leg in walk.legs] == pytest.approx([0, 0, 20, 0, 0])
    assert [leg.is_steps for leg in walk.legs] == [False, False, False, True, False]
    assert (walk.centre, walk.cost, walk.back_cost) == ("1", 304_000, 304_000)


def test_a_leg_tells_its_slope_in_the_direction_of_the_walk():
    picture = "A         1\n+---------+"
    up, down = (explain(picture, height_m=lambda column, _row, s=sign: s * column * 1.2) for sign in (1, -1))
    assert [leg.slope for leg in up.legs] == pytest.approx([0, 0.1, 0])
    assert [leg.slope for leg in down.legs] == pytest.approx([0, -0.1, 0])
    assert (up.legs[1].ascent_m, up.legs[1].descent_m) == (12, 0)
    assert (down.legs[1].ascent_m, down.legs[1].descent_m) == (0, 12)
    assert up.cost == 24_000 + round(100_000 * math.exp(0.35))
    assert (down.cost, down.back_cost) == (124_000, up.cost)


def test_a_hill_on_one_street_is_told_as_what_is_climbed_and_what_is_fallen():
    town_street = "A         1\n+----o----+"
    layers = {0: 0, 5: 6, 10: 3}
    walk = explain(town_street.replace("o", "+"), height_m=lambda column, _row: layers[column])
    assert [(leg.ascent_m, leg.descent_m) for leg in walk.legs] == [(0, 0), (6, 0), (0, 3), (0, 0)]


FAR_GATE = """
     1
+----+------+
| #######   |
| #  A  #   |
| #     #   |
| #     #   |
| ###G###   |
|    |      |
+----+------+
"""


def test_the_way_out_of_a_compound_is_told_with_its_gate():
    walk = explain(FAR_GATE)
    assert walk.gates == "given"
    assert [(leg.kind.value, leg.origin, leg.destination, leg.gate) for leg in walk.legs] == [
        ("inside", "home", "gate", "g1"),
        ("access", "gate", "street", "g1"),
        ("street", "street", "street", None),
        ("street", "street", "street", None),
        ("street", "street", "street", None),
        ("street", "street", "street", None),
        ("access", "street", "centre", None),
    ]
    assert [leg.cost / 1000 for leg in walk.legs] == [36, 0, 20, 50, 70, 50, 12]


INSIDE = """
     #######
     #  {}  #   {}
+----G--+--G----+
     #     #
     #######
"""


def test_inside_a_compound_its_own_streets_are_told():
    assert tell(INSIDE.format("A", "1"), entrances={"A": [(8, 2)]}) == [
        ("home", "street", "s002", 0),
        ("street", "street", "s003", 30),
        ("street", "gate", "s003", 0),
        ("gate", "street", "s004", 0),
        ("street", "street", "s004", 40),
        ("street", "centre", "s004", 12),
    ]


def test_the_way_in_to_a_centre_is_told_with_its_gate():
    assert tell(INSIDE.format("1", "A")) == [
        ("home", "street", "s004", 12),
        ("street", "street", "s004", 40),
        ("street", "gate", "s004", 0),
        ("gate", "centre", None, 37.947),  # sqrt(10) cells of 12 s; by the streets 30 + 12
    ]


def test_a_walk_within_one_compound_is_one_leg():
    picture = """
#########
# A   1 #
####G####
    |
    +----+
"""
    assert tell(picture) == [("home", "centre", None, 48)]


@pytest.mark.parametrize(("sign", "gates"), [("G", "given"), ("o", "inferred")])
def test_the_gates_say_how_they_are_known(sign, gates):
    walk = explain(FAR_GATE.replace("G", sign))
    assert walk.gates == gates
    assert walk.legs[0].gate == ("g1" if sign == "G" else None)


def test_a_leg_past_a_wall_is_marked():
    layers = draw_layers("A         1\n+---------+")
    crs = layers["street"].crs
    for place, barred in (("home", [True, False, False]), ("centre", [False, False, True])):
        x = at(0, 0)[0] if place == "home" else at(10, 0)[0]
        fence = shapely.box(x - 5, -5, x + 5, 5).exterior
        layers["barrier"] = gpd.GeoDataFrame({"id": ["b"]}, geometry=[fence], crs=crs)
        town = Town.from_layers(layers)
        layout = lay_out(town)
        walk = explain_walk(town, layout, measure_walks(layout, ADULT), 0)
        assert [leg.is_barred for leg in walk.legs] == barred
        assert walk.is_barred
        assert "围墙" in "\n".join(explain_building(town, lay_out(town), TEN_MINUTES, "A", "zh")[1])


def test_a_length_is_told_in_millimetres_that_add_up():
    walk = explain("A         1\n+---------+", profile=LENGTH, height_m=lambda column, _row: 3.0 * column)
    assert [leg.cost for leg in walk.legs] == [14_400, 120_000, 14_400]
    told = walk.to_dict()
    assert (told["seconds"], told["length_m"]) == (None, 148.8)
    assert [leg["seconds"] for leg in told["legs"]] == [None] * 3


# --- laws --------------------------------------------------------------------------------------


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 999), st.sampled_from([ADULT, PROFILES["elderly"], LENGTH]))
def test_the_legs_of_every_home_join_and_add_up_to_its_walk(seed, profile):
    town = make_town(seed, n_homes=25)
    layout = lay_out(town)
    walks = measure_walks(layout, profile)
    for home in range(layout.n_homes):
        walk = explain_walk(town, layout, walks, home)
        if walk is None:
            assert np.isinf(walks.cost[home])
            continue
        assert walk.cost == walks.cost[home]
        assert walk.centre == layout.centre_id[walks.centre[home]]
        assert [leg.origin for leg in walk.legs[1:]] == [leg.destination for leg in walk.legs[:-1]]
        assert (walk.legs[0].origin, walk.legs[-1].destination) == ("home", "centre")
        for leg, following in zip(walk.legs, walk.legs[1:], strict=False):
            assert math.dist(leg.path[-1], following.path[0]) < 0.002  # a node is one to the millimetre
        for leg in walk.legs:
            drawn_m = shapely.LineString(leg.path).length
            assert leg.length_m == pytest.approx(drawn_m * (1 if leg.kind == "street" else 1.2), abs=0.01)
        json.dumps(walk.to_dict(), allow_nan=False)


def test_a_route_between_places_on_one_segment_may_leave_it_when_that_is_faster():
    """Steps of 60 m cost 100 s; a path beside them, 72 m long, 60 s."""
    graph = build_graph(
        shapely.from_wkt(["LINESTRING (0 0, 60 0)", "LINESTRING (0 0, 0 6, 60 6, 60 0)"]),
        is_steps=np.array([True, False]),
        wait_s_per_m=np.zeros(2),
        group=np.zeros(2, int),
    )
    costs = price_segments(graph, ADULT)
    (route,) = find_route(graph, costs, [(0, 0.0)], (0, 1.0))
    assert route.cost == 60_000
    assert [stretch.segment for stretch in route.stretches if stretch.cost] == [1, 2, 3]
    (route,) = find_route(graph, costs, [(0, 0.75)], (0, 0.25))
    assert (route.cost, len(route.stretches)) == (50_000, 1)


def test_places_that_are_not_connected_have_no_route():
    graph = build_graph(
        shapely.from_wkt(["LINESTRING (0 0, 60 0)", "LINESTRING (0 9, 60 9)"]),
        is_steps=np.zeros(2, bool),
        wait_s_per_m=np.zeros(2),
        group=np.zeros(2, int),
    )
    assert find_route(graph, price_segments(graph, ADULT), [(0, 0.5)], (1, 0.5)) == [None]


# --- in words ----------------------------------------------------------------------------------


def words(picture, home="A", reading=TEN_MINUTES, **options):
    town = draw_town(picture, **options)
    found, lines = explain_building(town, lay_out(town), reading, home, "zh")
    return found, "\n".join(lines)


def test_the_table_ends_with_the_sum_and_the_json_has_the_same_numbers():
    picture = "A         1\n+---------+"
    found, text = words(picture, building_name={"A": "东苑1栋"}, height_m=lambda c, _r: 1.2 * c)
    assert "A 东苑1栋" in text
    assert "成人步行 10 分钟" in text
    assert "+10.0%" in text
    assert text.splitlines()[-2].endswith("165.907")
    assert text.splitlines()[-1] == "回程（坡度方向相反）：124.000 秒（2.1 分钟）"
    assert found["walk"]["seconds"] == 165.907
    assert sum(round(1000 * leg["seconds"]) for leg in found["walk"]["legs"]) == 165_907
    assert (found["status"], found["reason"], found["reading"]) == ("covered", None, "minutes:10:adult")


def test_gates_that_are_not_known_and_walls_are_said_to_be_in_doubt():
    assert "推断" in words(FAR_GATE.replace("G", "o"))[1]
    rim = "\n  #####       1\n  # A #  +----+\n  #####\n"
    assert "未知" in words(rim)[1]


@pytest.mark.parametrize(
    ("picture", "cause", "said"),
    [
        ("A B  1\n+-+  +-+", "island", "不连通"),
        (FAR_GATE.replace("G", "L"), "locked", "常闭"),
        ("A" + "\n" * 30 + "1\n+--+", "unsnapped", "直线 372 米"),
        ("###\n#A#\n###" + "\n" * 30 + "1\n+--+", "gates_unsnapped", "出入口附近"),
    ],
)
def test_a_home_without_an_answer_is_told_why(picture, cause, said):
    found, text = words(picture)
    assert (found["status"], found["walk"]) == ("unanswered", None)
    assert said in text
    town = draw_town(picture)
    layout = lay_out(town)
    reason = assess_coverage(town, TEN_MINUTES).homes.loc["A", "reason"]
    assert find_cause(layout, 0, reason) == cause


def test_a_town_without_walkable_streets_says_so():
    found, text = words("A   1\n+---+", street_walkable={"s001": False})
    assert found["reason"] == "no_network"
    assert found["nearest_street_m"] is None
    assert "没有可步行的道路" in text


def test_a_building_is_found_by_id_or_by_its_name():
    town = draw_town("A B C   1\n+-------+", building_name={"A": "东苑1栋", "B": "西苑1栋", "C": "西苑1栋"})
    assert find_building(town, "B") == "B"
    assert find_building(town, "东苑1幢") == "A"
    with pytest.raises(InvalidOptionError, match=r"B \(西苑1栋\) \| C \(西苑1栋\)"):
        find_building(town, "西苑1栋")
    with pytest.raises(PlaceNotFoundError):
        find_building(town, "南苑")


def test_a_building_that_is_no_home_is_refused_with_its_use():
    with pytest.raises(NotAHomeError, match="commercial"):
        words("A B   1\n+-----+", building_use={"A": "commercial"})


# --- on the command line -----------------------------------------------------------------------


@pytest.fixture
def county(tmp_path):
    """A workspace with one street that rises by a tenth, a home, a shop, and two centres."""
    picture = "A B       12\n+---------+"
    layers = draw_layers(
        picture,
        height_m=lambda column, _row: 1.2 * column,
        building_name={"A": "东苑1栋", "B": "小店"},
        building_use={"A": "residential", "B": "commercial"},
        centre_services={"1": "助餐", "2": "医疗,助餐"},
    )
    path = tmp_path / "county.gpkg"
    with Workspace.create(path, "350725", "政和县") as workspace, workspace.edit("test", "") as edit:
        for name in ("street", "building", "centre"):
            frame = layers[name].set_geometry(layers[name].geometry.translate(386_000, 3_028_000))
            edit.insert(name, change_crs(frame, "EPSG:4490", name))
    return path


def test_the_command_prints_the_walk_and_the_same_as_json(county, monkeypatch, capsys):
    geogrid = Command(monkeypatch, capsys)
    text = geogrid.succeed("coverage", county, "--explain", "东苑1栋")
    assert "+10.0%" in text
    found = json.loads(geogrid.succeed("coverage", county, "--explain", "A", "--json"))
    assert (found["building"], found["service"], found["walk"]["centre"]["id"]) == ("A", None, "1")
    assert found["walk"]["seconds"] == pytest.approx(165.907, abs=0.01)
    assert sum(leg["seconds"] for leg in found["walk"]["legs"]) == pytest.approx(found["walk"]["seconds"])
    english = geogrid.succeed("--lang", "en", "coverage", county, "--explain", "A", "--metres", "500")
    assert "500 m along the streets" in english
    assert "commercial" in geogrid.refuse("coverage", county, "--explain", "小店")
    assert "--explain" in geogrid.refuse("coverage", county, "--explain", "A", "--homes", "x.csv")


def test_the_command_counts_the_centres_with_a_service(county, monkeypatch, capsys):
    geogrid = Command(monkeypatch, capsys)
    found = json.loads(geogrid.succeed("coverage", county, "--service", "医疗", "--json"))
    assert (found["service"], found["n_centres"]) == ("医疗", 1)
    assert "医疗" in geogrid.succeed("coverage", county, "--service", "医疗")
    assert json.loads(geogrid.succeed("coverage", county, "--json"))["n_centres"] == 2
    assert "助餐" in geogrid.refuse("coverage", county, "--service", "托育")
