"""Slopes: 10 s for a level cell of 12 m, e^0.35 times that on a rise of 10 %, and other hand-worked walks."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geogrid.coverage.assess import assess_coverage, assess_readings
from geogrid.coverage.reading import STANDARD_READINGS, Reading
from geogrid.coverage.town import Town
from geogrid.coverage.walks import lay_out, measure_walks
from geogrid.network.access import price_arrivals, price_departures, price_within_compounds
from geogrid.network.compounds import cut_streets
from geogrid.network.graph import build_graph, price_segments
from geogrid.network.impedance import LENGTH, PROFILES, measure_slowness
from geogrid.network.search import measure_reach
from tests.support.random_town import make_town
from tests.support.town import draw_layers, draw_town

TEN_MINUTES = Reading("minutes", 10)
ADULT = PROFILES["adult"]

STREET = """
A         1
+---------+
"""  # ten cells: 120 m, 100 s on the level, and two legs of 12 s


def rising(percent):
    """Ground that rises to the east by so many metres in a hundred."""
    return lambda column, _row: column * 12 * percent / 100


def walk_s(picture, home="A", *, reading=TEN_MINUTES, **options):
    return assess_coverage(draw_town(picture, **options), reading).homes.loc[home, "walk_s"]


def reason(picture, reading, **options):
    return assess_coverage(draw_town(picture, **options), reading).homes.loc["A", "reason"]


# --- the law -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("percent", "slowness"),
    [
        (0, 1.0),
        (10, 1.4190675),  # e^(3.5 (|0.10 + 0.05| - 0.05)) = e^0.35
        (-5, 0.8394570),  # e^-0.175: the fastest
        (-10, 1.0),  # as far beyond the fastest as the level is before it
        (-20, 1.4190675),
        (40, 4.0551999),  # e^1.4
        (300, 4.0551999),  # steeper than any street: a fault of the heights
        (-300, 2.8576511),  # e^1.05
    ],
)
def test_the_law_is_tobler_s_with_the_level_as_one_and_a_cap(percent, slowness):
    assert measure_slowness(np.array([percent / 100]))[0] == pytest.approx(slowness, rel=1e-7)


def test_tobler_s_own_figures_of_six_kilometres_an_hour_are_kept_in_proportion():
    """Tobler (1993): 6 km/h at -5 %, 5.036742 on the level."""
    fastest, level = measure_slowness(np.array([-0.05, 0.0]))
    assert level / fastest == pytest.approx(6 / 5.036742, rel=1e-6)


# --- walks -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("percent", "street_s"),
    [(0, 100), (10, 141.907), (-10, 100), (-5, 83.946), (-20, 141.907), (5, 119.125)],
)
def test_a_walk_is_charged_by_its_own_direction(percent, street_s):
    assert walk_s(STREET, height_m=rising(percent)) == 12 + street_s + 12


def test_uphill_is_slower_than_downhill_on_the_same_street():
    other_way = STREET.replace("A", "x").replace("1", "A").replace("x", "1")
    up, down = (walk_s(picture, height_m=rising(8)) for picture in (STREET, other_way))
    assert up == 12 + round(100_000 * math.exp(0.28)) / 1000 + 12
    assert down == 12 + round(100_000 * math.exp(3.5 * (0.03 - 0.05))) / 1000 + 12
    assert up > down


def test_a_rise_is_not_made_up_for_by_the_fall_after_it():
    over_a_hill = "A         1\n+----+----+"
    heights = {0: 0, 5: 6, 10: 0}  # 6 m over 60 m, up and down
    walk = walk_s(over_a_hill, height_m=lambda column, _row: heights[column])
    assert walk == pytest.approx(12 + 50 * math.exp(0.35) + 50 + 12, abs=0.001)


def test_a_home_halfway_up_is_charged_for_its_half():
    picture = """
     A    1
+---------+
"""
    walk = walk_s(picture, height_m=rising(10))
    assert walk == pytest.approx(12 + 50 * math.exp(0.35) + 12, abs=0.001)


def test_of_a_hill_and_the_level_way_round_it_the_faster_is_taken():
    picture = """
A                   1
+---------+---------+
|                   |
|                   |
+-------------------+
"""  # over the hill 20 cells, round it 26

    def hill(percent):
        return lambda column, row: 1.2 * percent if (column, row) == (10, 1) else 0

    assert walk_s(picture, height_m=hill(30)) == 12 + 30 + 200 + 30 + 12
    over = 12 + 100 * math.exp(0.35) + 100 + 12
    assert walk_s(picture, height_m=hill(10)) == pytest.approx(over, abs=0.002)


def test_access_legs_are_level_and_lengths_know_no_slope():
    adult, elderly, metres = assess_readings(draw_town(STREET, height_m=rising(10)), STANDARD_READINGS)
    assert adult.homes.loc["A", "walk_s"] == 12 + 141.907 + 12
    assert elderly.homes.loc["A", "walk_s"] == 18 + 212.860 + 18  # 150 s times e^0.35
    assert metres.homes.loc["A", "length_m"] == 120 + 2 * 14.4


def test_a_child_s_walk_is_the_adult_s_in_proportion():
    walk = walk_s(STREET, height_m=rising(10), reading=Reading("minutes", 10, "child"))
    assert walk == pytest.approx(14.4 + 170.288 + 14.4)  # 120 s times e^0.35


def test_steps_are_charged_for_their_climb_once():
    steps = STREET.replace("+---------+", "+----s----+")
    assert walk_s(steps, height_m=rising(10)) == walk_s(steps) == 12 + 200 + 12


def test_a_bridge_has_the_heights_it_is_given():
    bridge = STREET.replace("+---------+", "+----b----+")
    assert walk_s(bridge, height_m=rising(10)) == 12 + 141.907 + 12


def test_where_either_height_is_unknown_the_street_is_level():
    two = STREET.replace("+---------+", "+----+----+")
    heights = {0: 0, 5: 6, 10: math.nan}
    walk = walk_s(two, height_m=lambda column, _row: heights[column])
    assert walk == pytest.approx(12 + 50 * math.exp(0.35) + 50 + 12, abs=0.001)
    assert walk_s(two, height_m=lambda _column, _row: math.nan) == 12 + 100 + 12


def test_walking_and_waiting_are_rounded_together_in_each_direction():
    graph = build_graph(
        shapely.from_wkt(["LINESTRING Z (0 0 0, 10 0 1)"]),
        is_steps=np.array([False]),
        wait_s_per_m=np.array([0.00002]),
        group=np.array([0]),
    )
    costs = price_segments(graph, PROFILES["child"])
    assert costs.forward.tolist() == [round(10_000 * math.exp(0.35) + 0.2)]  # 14190.87
    assert costs.backward.tolist() == [10_000]  # and 0.2


def test_a_street_cut_at_a_wall_keeps_its_heights():
    square = shapely.from_wkt(["POLYGON ((0 0, 100 0, 100 100, 0 100, 0 0))"])
    lines = shapely.from_wkt(
        [
            "LINESTRING Z (-50 50 0, 150 50 20)",
            "LINESTRING Z (-50 60 0, 50 60 NaN, 150 60 20)",
            "LINESTRING (-50 70, 150 70)",
        ]
    )
    pieces = cut_streets(lines, square)
    heights = [
        (street, shapely.get_coordinates(line, include_z=True)[:, [0, 2]].round(9).tolist())
        for street, line in zip(pieces.street.tolist(), pieces.line, strict=True)
    ]
    assert [found for street, found in heights if street == 0] == [
        [[-50, 0], [0, 5]],
        [[100, 15], [150, 20]],
        [[0, 5], [100, 15]],
    ]
    assert not pieces.line[[street for street, _ in heights].index(2)].has_z
    unknown = [z for street, found in heights if street == 1 for x, z in found if x not in (-50, 150)]
    assert len(unknown) == 5
    assert np.isnan(unknown).all()


def test_streets_inside_a_compound_have_their_slope_too():
    picture = """
     #######
     #  A  #   1
+----o--+--o----+
     #     #
     #######
"""
    on_the_street = {"A": [(8, 2)]}
    assert walk_s(picture, entrances=on_the_street) == 30 + 40 + 12
    uphill = 70 * math.exp(0.07) + 12  # 32.2 s to the gate; straight it would be 36
    assert walk_s(picture, height_m=rising(2), entrances=on_the_street) == pytest.approx(uphill, abs=0.002)


# --- the reason --------------------------------------------------------------------------------


def test_a_home_that_the_level_would_cover_says_slope():
    two_minutes = Reading("minutes", 2.1)  # 126 s: the level walk takes 124
    assert reason(STREET, two_minutes, height_m=rising(10)) == "slope"
    assert reason(STREET, two_minutes) is None
    assert reason(STREET, Reading("minutes", 1.9), height_m=rising(10)) == "far"


def test_metres_never_fail_for_a_slope():
    assert reason(STREET, Reading("metres", 140), height_m=rising(30)) == "far"


def test_a_slope_goes_before_a_barrier_and_a_gate_before_a_slope():
    round_a_river = """
A
+--------+
         |
+--------+
1
"""  # in a straight line 48 m; on the level 12 + 90 + 20 + 90 + 12 s
    steep = rising(10)
    assert reason(round_a_river, Reading("minutes", 4), height_m=steep) == "slope"
    assert reason(round_a_river, Reading("minutes", 3), height_m=steep) == "barrier"
    far_gate = """
     1
+----+------+
| #######   |
| #  A  #   |
| #     #   |
| #     #   |
| ###G###   |
|    |      |
+----+------+
"""  # on the level 238 s, were the wall gone 36 s
    assert reason(far_gate, Reading("minutes", 4), height_m=rising(12)) == "gate"


# --- laws --------------------------------------------------------------------------------------


def turn_upside_down(layout):
    """The same town with every rise a fall."""
    flipped = {
        name: replace(graph, rise_m=-graph.rise_m)
        for name, graph in (("public", layout.network.public), ("inside", layout.network.inside))
    }
    return replace(layout, network=replace(layout.network, **flipped))


def measure_all(layout, origins, destinations, n_origins, n_destinations):
    """Prices of all walks from some doors to others, in milliseconds; missing pairs are -1."""
    network = layout.network
    inside = price_segments(network.inside, ADULT)
    matrix = measure_reach(
        network.public,
        price_segments(network.public, ADULT),
        price_departures(network, inside, ADULT, origins, layout.gates),
        price_arrivals(network, inside, ADULT, destinations, layout.gates),
        price_within_compounds(network, inside, ADULT, origins, destinations, layout.gates),
        n_origins,
        n_destinations,
        limit=1e9,
    ).tocoo()
    dense = np.full((n_origins, n_destinations), -1)
    dense[matrix.row, matrix.col] = matrix.data
    return dense


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 999))
def test_the_way_back_upside_down_takes_as_long_as_the_way_there(seed):
    layout = lay_out(make_town(seed, n_homes=25))
    there = layout.home_doors, layout.centre_doors, layout.n_homes, layout.n_centres
    back = layout.centre_doors, layout.home_doors, layout.n_centres, layout.n_homes
    to_centres = measure_all(layout, *there)
    assert (to_centres >= 0).any()
    assert np.array_equal(to_centres, measure_all(turn_upside_down(layout), *back).T)
    assert not np.array_equal(to_centres, measure_all(layout, *back).T)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 999), st.floats(0.1, 1.0))
def test_no_walk_is_faster_than_falling_at_the_best_slope_all_the_way(seed, share):
    layout = lay_out(make_town(seed, n_homes=25))
    level, felt = (
        measure_walks(layout, replace(ADULT, slope_share=slope_share)).cost for slope_share in (0.0, share)
    )
    known = np.isfinite(level)
    assert np.array_equal(known, np.isfinite(felt))
    assert (felt[known] >= math.exp(-0.175) * level[known] - 50).all()  # rounding: half a ms a segment


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 999))
def test_lengths_are_the_same_on_hills_and_on_the_level(seed):
    town = make_town(seed, n_homes=25)
    level = Town.from_layers(
        {**vars(town), "street": town.street.set_geometry(shapely.force_2d(town.street.geometry))}
    )
    assert np.array_equal(
        measure_walks(lay_out(town), LENGTH).cost, measure_walks(lay_out(level), LENGTH).cost
    )


def test_layers_drawn_without_heights_are_level():
    layers = draw_layers(STREET)
    assert not lay_out(Town.from_layers(layers)).network.has_slopes
