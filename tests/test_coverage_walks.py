"""Walks on towns drawn by hand: 10 s for a cell along a street, 12 s for a cell off it (adult)."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geogrid.coverage.assess import assess_coverage, assess_readings
from geogrid.coverage.reading import STANDARD_READINGS, Reading
from geogrid.coverage.town import Town
from geogrid.coverage.walks import lay_out, measure_walks
from geogrid.errors import CrsError, EmptyLayerError
from geogrid.network.impedance import PROFILES
from tests.support.town import at, draw_layers, draw_town

TEN_MINUTES = Reading("minutes", 10)


def walk_s(picture, home="A", *, reading=TEN_MINUTES, **options):
    """Seconds from a home of the picture to its nearest centre; None when there is no answer."""
    value = assess_coverage(draw_town(picture, **options), reading).homes.loc[home, "walk_s"]
    return None if np.isnan(value) else value


def status(picture, home="A", *, reading=TEN_MINUTES, **options):
    row = assess_coverage(draw_town(picture, **options), reading).homes.loc[home]
    return row["status"], row["reason"]


# --- along streets -----------------------------------------------------------------------------


def test_a_walk_is_an_access_leg_the_street_and_an_access_leg():
    picture = """
 A       1
+---------+
"""  # 1 cell down, 8 along, 1 up
    assert walk_s(picture) == 12 + 80 + 12


def test_a_home_is_placed_on_the_street_and_not_at_its_nearer_end():
    picture = """
  A
+-----+---+
          1
"""  # 8 cells along, from inside the first street
    assert walk_s(picture) == 12 + 80 + 12


def test_home_and_centre_on_one_street_walk_straight_along_it():
    picture = """
    A    1
+-------------+
"""
    assert walk_s(picture) == 12 + 50 + 12


def test_the_shorter_of_two_ways_round_a_block_is_taken():
    picture = """
A
+---+
|   |
|   |
+---+1
"""  # both ways are 4 + 3 cells; steps on one make the other the only good one
    assert walk_s(picture) == 12 + 70 + 12


def test_streets_that_cross_without_a_vertex_do_not_connect():
    apart = """
      +
A     |
+-----x---+
      |
      +1
"""
    joined = apart.replace("x", "+")
    assert status(apart) == ("unanswered", "island")
    assert walk_s(joined) == 12 + 60 + 20 + 12


def test_streets_meet_where_their_vertices_are_equal_to_a_millimetre():
    picture = """
A
+---+---+1
"""
    layers = draw_layers(picture)
    layers["street"].geometry = [
        layers["street"].geometry[0],
        layers["street"].geometry[1].__class__([(48.0004, -12.0), (96.0, -12.0)]),
    ]
    assert assess_coverage(Town.from_layers(layers), TEN_MINUTES).homes.loc["A", "walk_s"] == 12 + 80 + 12
    layers["street"].geometry = [
        layers["street"].geometry[0],
        layers["street"].geometry[1].__class__([(48.0006, -12.0), (96.0, -12.0)]),
    ]
    assert assess_coverage(Town.from_layers(layers), TEN_MINUTES).homes.loc["A", "status"] == "unanswered"


def test_a_street_closed_to_walkers_is_not_walked():
    picture = """
A
+----+----+
|         |
+---------+1
"""  # by the closed street it would be 10 + 2 cells
    assert walk_s(picture) == 12 + 120 + 12
    assert walk_s(picture, street_walkable={"s002": False}) == 12 + 120 + 12
    assert walk_s(picture, street_walkable={"s001": False, "s002": False}) != 12 + 120 + 12


@pytest.mark.parametrize(
    ("street", "seconds"),
    [
        ("+----------+", 110),
        ("+----s-----+", 220),  # half the speed on steps
        ("+----c-----+", 130),  # 20 s of waiting
        ("+----bc----+", 110),  # a footbridge: nothing to wait for
    ],
)
def test_steps_and_crossings_cost_what_the_model_says(street, seconds):
    picture = f"""
A          1
{street}
"""
    assert walk_s(picture) == 12 + seconds + 12


def test_half_a_crossing_street_costs_half_its_wait():
    picture = """
A    1
+----c-----+
"""
    assert walk_s(picture) == pytest.approx(12 + 50 + 20 * 5 / 11 + 12, abs=0.001)


def test_of_parallel_streets_the_cheapest_counts_and_they_are_not_added_up():
    steps = """
A                1
+--+----s-----+--+
"""
    layers = draw_layers(steps)
    assert (
        assess_coverage(Town.from_layers(layers), TEN_MINUTES).homes.loc["A", "walk_s"]
        == 12 + 30 + 220 + 30 + 12
    )
    beside = layers["street"].loc[[1]].assign(id="s9", steps=False)  # the ramp beside the steps
    layers["street"] = pd.concat([layers["street"], beside], ignore_index=True)
    walk = assess_coverage(Town.from_layers(layers), TEN_MINUTES).homes.loc["A", "walk_s"]
    assert walk == 12 + 30 + 110 + 30 + 12


# --- doors -------------------------------------------------------------------------------------


def test_an_entrance_counts_and_not_the_middle_of_the_building():
    picture = """

 A    1
+------+

"""
    assert walk_s(picture) == 12 + 50 + 12
    assert walk_s(picture, entrances={"A": [(3, 0)]}) == 12 + 30 + 12


def test_of_several_entrances_the_best_counts():
    picture = """
 A    1
+------+
"""
    assert walk_s(picture, entrances={"A": [(3, 0), (4, 0), (0, 0)]}) == 12 + 20 + 12


def test_an_entrance_on_the_outline_that_names_no_building_is_the_building_s():
    layers = draw_layers(
        """
 A    1
+------+
""",
        entrances={"A": [(1, 1 / 12)]},
    )  # the south side of the house, 1 m from its middle
    layers["entrance"]["building"] = None
    walk = assess_coverage(Town.from_layers(layers), TEN_MINUTES).homes.loc["A", "walk_s"]
    assert walk == 11 + 50 + 12


def test_of_several_doors_of_one_centre_the_nearest_counts():
    picture = """
1A        2
+---------+
"""
    coverage = assess_coverage(draw_town(picture, centre_centre={"1": "hall", "2": "hall"}), TEN_MINUTES)
    assert coverage.n_centres == 1
    assert coverage.homes.loc["A", ["walk_s", "centre"]].tolist() == [12 + 10 + 12, "hall"]


def test_of_equally_near_centres_the_smaller_id_is_named():
    picture = """
2   A   1
+-------+
"""
    homes = assess_coverage(draw_town(picture), TEN_MINUTES).homes
    assert homes.loc["A", ["walk_s", "centre"]].tolist() == [12 + 40 + 12, "1"]


def test_the_centre_named_is_the_nearest_in_the_reading_s_own_measure():
    picture = """
2       A        1
+---c---+--------+
"""  # to 2: 8 cells and 20 s; to 1: 9 cells
    town = draw_town(picture)
    minutes, _, metres = assess_readings(town, STANDARD_READINGS)
    assert minutes.homes.loc["A", ["walk_s", "centre"]].tolist() == [12 + 90 + 12, "1"]
    assert metres.homes.loc["A", "centre"] == "2"
    assert metres.homes.loc["A", "length_m"] == pytest.approx((1.2 + 8 + 1.2) * 12)


# --- gated compounds ---------------------------------------------------------------------------

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
ROUND = 36 + 20 + 50 + 70 + 50 + 12
"""Three cells to the gate, then on streets 2 down, 5 left, 7 up, 5 right, and a cell to the centre."""


def test_a_home_in_a_gated_compound_walks_round_from_its_gate():
    homes = assess_coverage(draw_town(FAR_GATE), TEN_MINUTES).homes
    assert homes.loc["A", ["walk_s", "gate"]].tolist() == [ROUND, "given"]


def test_the_same_home_in_an_open_compound_walks_straight_to_the_nearest_street():
    homes = assess_coverage(draw_town(FAR_GATE, kind="开放式"), TEN_MINUTES).homes
    assert homes.loc["A", ["walk_s", "gate"]].tolist() == [24 + 12, None]


@pytest.mark.parametrize("sign", ["V", "L"])
def test_a_gate_for_vehicles_or_a_locked_one_lets_nobody_out(sign):
    only = FAR_GATE.replace("G", sign)
    assert status(only) == ("unanswered", "island")
    near = FAR_GATE.replace("| #######   |", f"| ###{sign}###   |")  # on the near side, beside the usable one
    assert walk_s(near) == ROUND


def test_of_several_gates_the_best_counts():
    assert walk_s(FAR_GATE.replace("| #######   |", "| ###G###   |")) == 12 * 1 + 12 * 1 + 12


def test_a_gate_belongs_to_the_compound_it_names_wherever_it_stands():
    assert walk_s(FAR_GATE, gate_compound={"g1": "c1"}) == ROUND


def test_nobody_walks_through_a_gated_compound():
    picture = """
 A   #######   1
+----G--+--G----+
|    #     #    |
|    #######    |
|               |
+---------------+
"""
    assert walk_s(picture, kind="开放式") == 12 + 140 + 12
    assert walk_s(picture) == 12 + 10 + 40 + 160 + 40 + 10 + 12


INSIDE = """
     #######
     #  {}  #   {}
+----G--+--G----+
     #     #
     #######
"""


STRAIGHT = 37.947
"""Three cells along and one across: sqrt(10) cells of 12 s off the street, where the streets take 12 + 30."""


def test_inside_a_compound_people_follow_its_own_streets_or_walk_straight_whichever_is_shorter():
    assert walk_s(INSIDE.format("A", "1")) == STRAIGHT + 40 + 12
    assert walk_s(INSIDE.format("A", "1"), entrances={"A": [(8, 2)]}) == 30 + 40 + 12  # straight: 36


def test_a_centre_inside_a_compound_is_entered_by_its_gates():
    assert walk_s(INSIDE.format("1", "A")) == 12 + 40 + STRAIGHT


def test_a_home_too_far_from_the_inner_streets_walks_straight_to_the_gate():
    layers = draw_layers(INSIDE.format("A", "1"))
    town = Town.from_layers(layers)
    walks = measure_walks(lay_out(town, access_limit_m=14.0), PROFILES["adult"])  # 1 cell is 14.4 m of leg
    assert np.isinf(walks.cost).all()  # the centre is as far from its street
    layers["centre"].geometry = layers["centre"].geometry.translate(0, -6)
    walks = measure_walks(lay_out(Town.from_layers(layers), access_limit_m=14.0), PROFILES["adult"])
    assert walks.cost.tolist() == [round(1000 * 12 * 10**0.5) + 40_000 + 6_000]


def test_home_and_centre_in_one_compound_walk_inside_it_even_when_it_is_locked():
    picture = """
#########
# A   1 #
####{}####
    |
    +----+
"""
    assert walk_s(picture.format("G")) == 48
    assert walk_s(picture.format("L")) == 48


def test_a_centre_s_door_on_the_wall_opens_to_the_street():
    picture = """
 A
+---------+
   #####
   #   #
   ##G##
     |
     +
"""
    layers = draw_layers(picture)
    layers["centre"] = draw_layers("\n\n\n1")["centre"].set_geometry(
        gpd.GeoSeries([shapely.Point(*at(5, 2 + 1 / 12))], crs=layers["street"].crs)  # 1 m within the wall
    )
    walk = assess_coverage(Town.from_layers(layers), TEN_MINUTES).homes.loc["A", "walk_s"]
    assert walk == 12 + 40 + 13


def test_without_known_gates_one_is_inferred_where_a_street_crosses_the_wall():
    homes = assess_coverage(draw_town(INSIDE.replace("G", "o").format("A", "1")), TEN_MINUTES).homes
    assert homes.loc["A", ["walk_s", "gate"]].tolist() == [STRAIGHT + 40 + 12, "inferred"]


def test_without_known_gates_one_is_inferred_where_a_street_ends_at_the_wall():
    homes = assess_coverage(draw_town(FAR_GATE.replace("G", "o")), TEN_MINUTES).homes
    assert homes.loc["A", ["walk_s", "gate"]].tolist() == [ROUND, "inferred"]


def test_where_no_street_meets_the_wall_the_nearest_rim_point_stands_for_the_gate():
    picture = """

  #####       1
  # A #  +----+
  #####
"""
    homes = assess_coverage(draw_town(picture), TEN_MINUTES).homes
    assert homes.loc["A", ["walk_s", "gate"]].tolist() == [24 + 36 + 50 + 12, "unknown"]


def test_a_compound_of_unknown_kind_is_gated_only_when_its_edge_says_so():
    for kind in ("unknown", None):
        assert walk_s(FAR_GATE, kind=kind) == ROUND
        assert walk_s(FAR_GATE.replace("G", "o"), kind=kind) == 24 + 12
    layers = draw_layers(FAR_GATE.replace("G", "o"), kind="unknown")
    edge = layers["compound"].geometry[0].exterior
    for wall, seconds in (
        (shapely.LineString(edge.coords), ROUND),
        (shapely.affinity.translate(shapely.LineString(edge.coords[:2]), 1.5, 0), ROUND),
        (shapely.LineString([at(4, 0), at(4, 4)]), 24 + 12),  # a fence that crosses the edge
    ):
        layers["barrier"] = gpd.GeoDataFrame({"id": ["b"]}, geometry=[wall], crs=layers["street"].crs)
        assert assess_coverage(Town.from_layers(layers), TEN_MINUTES).homes.loc["A", "walk_s"] == seconds


def test_a_building_s_own_word_on_its_compound_goes_before_its_place():
    outside = FAR_GATE.replace("| #  A  #   |", "| #     # A |")
    assert walk_s(outside) != walk_s(outside, building_compound={"A": "c1"})
    assert (
        assess_coverage(draw_town(outside, building_compound={"A": "c1"}), TEN_MINUTES).homes.loc["A", "gate"]
        == "given"
    )


def test_a_street_drawn_a_little_inside_the_wall_stays_public():
    layers = draw_layers(FAR_GATE)
    layers["compound"].geometry = [shapely.box(*at(-1 / 12, 6), *at(8, 1 - 1 / 12))]  # 1 m over two streets
    walk = assess_coverage(Town.from_layers(layers), TEN_MINUTES).homes.loc["A", "walk_s"]
    assert walk == ROUND


# --- statuses ----------------------------------------------------------------------------------


def test_the_cutoff_of_ten_minutes_is_inclusive_to_the_millisecond():
    picture = f"""
A{" " * 59}1
+{"-" * 59}+
"""  # 60 cells are 600 s; legs of 24 s leave 576 s, so a door 24 s along the street is at 600 s
    assert status(picture, entrances={"A": [(2.4, 0)]}) == ("covered", None)
    a_millisecond = 0.0012 / 12
    homes = assess_coverage(
        draw_town(picture, entrances={"A": [(2.4 - a_millisecond, 0)]}), TEN_MINUTES
    ).homes
    assert homes.loc["A", ["walk_s", "status"]].tolist() == [600.001, "not_covered"]


def test_the_cutoff_of_500_metres_is_inclusive_to_the_millimetre():
    picture = f"""
A{" " * 59}1
+{"-" * 59}+
"""  # 720 m; legs of 14.4 m leave 471.2 m
    metres = Reading("metres", 500)
    assert status(picture, reading=metres, entrances={"A": [(248.8 / 12, 0)]}) == ("covered", None)
    town = draw_town(picture, entrances={"A": [(248.799 / 12, 0)]})
    homes = assess_coverage(town, metres).homes
    assert homes.loc["A", ["length_m", "status"]].tolist() == [500.001, "not_covered"]


def test_a_home_without_a_street_near_is_unsnapped_and_one_on_another_island_says_so():
    picture = f"""
A
{chr(10) * 20}
B             C      1
+-------------+      +---+
"""
    homes = assess_coverage(draw_town(picture), TEN_MINUTES).homes
    assert homes["status"].tolist() == ["unanswered"] * 3
    assert homes["reason"].tolist() == ["unsnapped", "island", "island"]
    assert homes["walk_s"].isna().all()
    assert homes["centre"].tolist() == [None] * 3


def test_without_a_walkable_street_nothing_is_answered():
    picture = """
A   1
+---+
"""
    assert status(picture, street_walkable={"s001": False}) == ("unanswered", "no_network")


@pytest.mark.parametrize("layer", ["street", "building", "centre"])
def test_a_town_without_streets_homes_or_centres_is_no_question(layer):
    layers = draw_layers("""
A   1
+---+
""")
    layers[layer] = layers[layer].iloc[:0]
    with pytest.raises(EmptyLayerError) as caught:
        assess_coverage(Town.from_layers(layers), TEN_MINUTES)
    assert caught.value.layer == layer


def test_a_town_of_shops_alone_has_no_homes():
    with pytest.raises(EmptyLayerError, match="用途"):
        status("A   1\n+---+", building_use={"A": "commercial"})


def test_a_residential_an_unknown_and_an_unmarked_building_are_homes_and_a_school_is_none():
    town = draw_town("ABCD 1\n+----+", building_use={"A": "residential", "B": "unknown", "D": "public"})
    assert assess_coverage(town, TEN_MINUTES).homes.index.tolist() == ["A", "B", "C"]


def test_layers_in_degrees_or_of_two_systems_are_refused():
    layers = draw_layers("A   1\n+---+")
    degrees = {name: frame.to_crs("EPSG:4490") for name, frame in layers.items()}
    with pytest.raises(CrsError):
        Town.from_layers(degrees)
    with pytest.raises(CrsError):
        Town.from_layers({**layers, "street": layers["street"].to_crs("EPSG:4548")})


def test_features_without_a_place_stop_nothing_and_their_homes_are_unsnapped():
    layers = draw_layers("A B C      1\n+----------+\n2", entrances={"B": [(2, 0)]})
    for layer, row in (("building", 0), ("building", 1), ("centre", 1)):
        layers[layer].loc[row, "geometry"] = None
    homes = assess_coverage(Town.from_layers(layers), Reading("minutes", 1)).homes
    assert homes["status"].tolist() == ["unanswered", "not_covered", "not_covered"]
    assert homes["reason"].tolist() == ["unsnapped", "far", "far"]


def test_a_compound_whose_outline_crosses_itself_is_computed_with_all_the_same():
    layers = draw_layers(FAR_GATE, entrances={"A": [(5, 5)]})
    bow = [at(2, 2), at(8, 2), at(2, 6), at(8, 6)]
    layers["compound"].geometry = [shapely.Polygon(bow)]
    # each of the two parts is an enclosure; the gate stands in the wall of the lower one
    assert assess_coverage(Town.from_layers(layers), TEN_MINUTES).homes.loc["A", "gate"] == "given"


def test_three_readings_walk_at_their_own_speeds():
    picture = """
A                              1
+------------------------------+
"""  # 31 cells: 372 m, and legs of 28.8 m
    adult, elderly, metres = assess_readings(draw_town(picture), STANDARD_READINGS)
    assert adult.homes.loc["A", "walk_s"] == 12 + 310 + 12
    assert elderly.homes.loc["A", "walk_s"] == (12 + 310 + 12) * 1.5
    assert metres.homes.loc["A", "length_m"] == 400.8
    assert [c.homes.loc["A", "status"] for c in (adult, elderly, metres)] == ["covered"] * 3


# --- reasons -----------------------------------------------------------------------------------


def test_an_uncovered_home_says_whether_a_gate_a_barrier_or_distance_is_why():
    short = Reading("minutes", 1)
    assert status(FAR_GATE, reading=short) == ("not_covered", "gate")
    round_a_river = """
A
+--------+
         |
+--------+
1
"""
    assert status(round_a_river, reading=short) == ("not_covered", "barrier")
    assert status("A         1\n+---------+", reading=short) == ("not_covered", "far")
