"""Crossings, bridges, barriers, water and services on towns drawn by hand: 10 s a cell, 12 s off the street."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geogrid.coverage.assess import assess_coverage
from geogrid.coverage.reading import Reading
from geogrid.coverage.services import keep_service, list_services
from geogrid.coverage.town import Town
from geogrid.coverage.walks import lay_out, measure_walks
from geogrid.errors import UnknownServiceError
from geogrid.network.enclosures import PUBLIC
from geogrid.network.impedance import PROFILES
from geogrid.network.snap import snap_points
from tests.support.random_town import make_town
from tests.support.town import at, draw_layers, draw_town

TEN_MINUTES = Reading("minutes", 10)


def home_of(picture, home="A", *, walls=(), waters=(), **options):
    """The row of a home, where walls and waters are given by their columns and rows."""
    layers = draw_layers(picture, **options)
    crs = layers["street"].crs
    for name, shapes, make in (("barrier", walls, shapely.LineString), ("water", waters, shapely.Polygon)):
        geometries = gpd.GeoSeries([make([at(*place) for place in shape]) for shape in shapes], crs=crs)
        layers[name] = gpd.GeoDataFrame(
            {"id": [f"{name}{n}" for n in range(len(shapes))]}, geometry=geometries, crs=crs
        )
    return assess_coverage(Town.from_layers(layers), TEN_MINUTES).homes.loc[home]


def walk_s(picture, home="A", **options):
    return home_of(picture, home, **options)["walk_s"]


# --- crossings ---------------------------------------------------------------------------------

CROSSING = """
A          1
+----------+
"""  # 110 s


@pytest.mark.parametrize(
    ("crossing", "street_class", "given_s", "wait_s"),
    [
        (True, "primary", None, 20),
        (True, "trunk_link", None, 20),
        (True, "secondary", None, 10),
        (True, "tertiary", None, 0),
        (True, "footway", None, 0),
        (True, None, None, 0),
        (True, "primary", 5.0, 5),
        (True, "primary", 0.0, 0),
        (None, None, 7.5, 7.5),  # what is given counts wherever it stands
        (None, "primary", None, 0),  # along a street nobody waits
        (False, "secondary", None, 0),
    ],
)
def test_a_crossing_waits_as_given_else_as_its_class_asks(crossing, street_class, given_s, wait_s):
    walk = walk_s(
        CROSSING,
        street_crossing={"s001": crossing},
        street_class={"s001": street_class},
        street_crossing_s={"s001": given_s},
    )
    assert walk == 12 + 110 + wait_s + 12


def test_on_a_bridge_or_in_an_underpass_nobody_waits():
    options = {"street_crossing": {"s001": True}, "street_class": {"s001": "primary"}}
    assert walk_s(CROSSING, **options) == 12 + 130 + 12
    assert walk_s(CROSSING, **options, street_bridge={"s001": True}) == 12 + 110 + 12
    assert walk_s(CROSSING.replace("-----+", "-b---+"), street_crossing_s={"s001": 20.0}) == 12 + 110 + 12


def test_every_crossing_that_is_passed_is_waited_for():
    picture = """
A              1
+--c-+----+--c-+
"""
    assert walk_s(picture) == 12 + 150 + 20 + 20 + 12


# --- a bridge out ------------------------------------------------------------------------------

NORTH_OF_THE_RIVER = """
A      1
+--b---+
|      |
|      |
+------+
"""


def test_when_the_bridge_is_out_people_walk_round_by_the_next():
    assert walk_s(NORTH_OF_THE_RIVER) == 12 + 70 + 12
    assert walk_s(NORTH_OF_THE_RIVER, street_walkable={"s001": False}) == 12 + 30 + 70 + 30 + 12


def test_when_the_only_bridge_is_out_the_home_is_on_an_island():
    picture = """
A        1
+--+-b-+-+
"""
    assert walk_s(picture) == 12 + 90 + 12
    home = home_of(picture, street_walkable={"s002": False})
    assert home[["status", "reason"]].tolist() == ["unanswered", "island"]


# --- barriers and water ------------------------------------------------------------------------

BLOCK = """
+---------+1
|         |
|    A    |
|         |
|         |
+---------+
"""
NORTH = 24 + 50 + 12
"""Two cells to the street in the north, five along, and the centre a cell beside its end."""
SOUTH = 36 + 50 + 50 + 12
"""Three cells to the street in the south, five along and five up."""
WALL = [(3, 1), (7, 1)]


def test_a_leg_goes_round_to_the_nearest_street_without_a_wall_before_it():
    assert walk_s(BLOCK) == NORTH
    home = home_of(BLOCK, walls=[WALL])
    assert home[["walk_s", "is_barred"]].tolist() == [SOUTH, False]


def test_water_stops_a_leg_as_a_wall_does():
    pond = [(3, 0.5), (7, 0.5), (7, 1.5), (3, 1.5)]
    assert walk_s(BLOCK, waters=[pond]) == SOUTH


def test_a_street_over_the_water_is_not_reached_from_below():
    river = [(-1, -1), (11, -1), (11, 1.5), (-1, 1.5)]
    assert walk_s(BLOCK, waters=[river]) == SOUTH


def test_a_wall_beside_the_leg_or_behind_the_door_stops_nobody():
    assert walk_s(BLOCK, walls=[[(6, 0), (6, 4)], [(3, 3), (7, 3)]]) == NORTH


def test_a_wall_on_which_the_street_or_the_door_lies_stops_nobody():
    assert walk_s(BLOCK, walls=[[(0, 0), (10, 0)]]) == NORTH
    assert walk_s(BLOCK, walls=[[(3, 2), (7, 2)]]) == NORTH


def test_of_each_street_the_nearest_place_alone_is_tried():
    """Round the end of a short wall the street in the north could be seen at a slant; it is not tried."""
    assert walk_s(BLOCK, walls=[[(4.9, 1), (5.1, 1)]]) == SOUTH


def test_where_every_leg_passes_a_wall_the_nearest_stands_and_is_in_doubt():
    ring = [(4, 1), (6, 1), (6, 3), (4, 3), (4, 1)]
    home = home_of(BLOCK, walls=[ring])
    assert home[["walk_s", "is_barred"]].tolist() == [NORTH, True]


def test_a_street_beyond_the_limit_of_a_leg_is_no_way_round():
    far = BLOCK.replace("|         |\n+---------+\n", "|         |\n" * 20 + "+---------+\n")
    both_sides = [[(3, 1), (7, 1)], [(4, 0.5), (4, 3)], [(6, 0.5), (6, 3)]]
    home = home_of(far, walls=both_sides)  # the south is 22 cells away: 316.8 m with the detour
    assert home[["walk_s", "is_barred"]].tolist() == [NORTH, True]


def test_a_door_without_a_wall_before_it_goes_before_one_with():
    ring = [(4, 1), (6, 1), (6, 3), (4, 3), (4, 1)]
    walled, clear = (5, 2), (5, 4)
    home = home_of(BLOCK, walls=[ring], entrances={"A": [walled, clear]})
    assert home[["walk_s", "is_barred"]].tolist() == [12 + 50 + 50 + 12, False]


def test_a_centre_s_door_is_reached_past_no_wall_either():
    picture = BLOCK.replace("A", "x").replace("1", "A").replace("x", "1")
    assert walk_s(picture) == NORTH
    assert walk_s(picture, walls=[WALL]) == SOUTH


def test_nobody_s_leg_leads_through_a_gated_compound_of_others():
    picture = """
+---------------+1
|    #####      |
|    #   #      |
|    #####      |
|      A        |
|               |
|               |
|               |
|               |
+---------------+
"""  # the north is 4 cells away, through the compound; the south 5
    assert walk_s(picture, kind="开放式") == 48 + 90 + 12
    assert walk_s(picture) == 60 + 90 + 90 + 12


def test_people_of_a_compound_pass_their_own_wall_at_the_gate():
    picture = """
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
    wall = [(2, 2), (8, 2), (8, 6), (2, 6), (2, 2)]
    walk = walk_s(picture, walls=[wall])
    assert walk == walk_s(picture) == 36 + 20 + 50 + 70 + 50 + 12


def test_the_drawn_towns_have_legs_that_go_round_and_legs_in_doubt():
    n_round = n_barred = 0
    for seed in range(8):
        layout = lay_out(make_town(seed))
        doors = layout.home_doors
        nearest = snap_points(doors.spots.xy, layout.network.public).segment
        free = (doors.spots.region == PUBLIC) & (doors.spots.public.segment >= 0)
        n_round += int((nearest != doors.spots.public.segment)[free].sum())
        n_barred += int(layout.is_barred.sum())
    assert n_round > 10
    assert n_barred > 2


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 999))
def test_a_wall_that_crosses_no_leg_changes_no_walk(seed):
    town = make_town(seed, n_homes=25)
    layout = lay_out(town)
    outside = gpd.GeoDataFrame(
        {"id": ["far"]}, geometry=[shapely.LineString([(-900, -900), (-800, -900)])], crs=town.crs
    )
    walled = Town.from_layers({**vars(town), "barrier": gpd.pd.concat([town.barrier, outside])})
    adult = PROFILES["adult"]
    assert np.array_equal(
        measure_walks(layout, adult).cost, measure_walks(lay_out(walled), adult).cost, equal_nan=True
    )


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 999), st.integers(0, 7))
def test_locking_a_gate_never_shortens_a_walk(seed, gate):
    town = make_town(seed, n_homes=25)
    locked = town.gate.assign(locked=town.gate["locked"].where(town.gate["id"] != f"g{gate}", other=True))
    adult = PROFILES["adult"]
    before, after = (
        measure_walks(lay_out(Town.from_layers({**vars(town), "gate": gates})), adult).cost
        for gates in (town.gate, locked)
    )
    assert (after >= before).all()


# --- services ----------------------------------------------------------------------------------

THREE = """
1    A      2   3
+---------------+
"""
SERVICES = {"1": "文体", "2": "助餐,医疗", "3": "医疗, 托育"}


def test_only_the_centres_that_offer_a_service_are_walked_to():
    town = draw_town(THREE, centre_services=SERVICES)
    assert list_services(town.centre) == ["助餐", "医疗", "托育", "文体"]
    for service, centre, cells in (("文体", "1", 5), ("医疗", "2", 7), ("托育", "3", 11)):
        homes = assess_coverage(keep_service(town, service), TEN_MINUTES).homes
        assert homes.loc["A", ["centre", "walk_s"]].tolist() == [centre, 12 + 10 * cells + 12]


def test_what_one_door_offers_all_doors_of_the_centre_do():
    town = draw_town(THREE, centre_services={"3": "托育"}, centre_centre={"2": "hall", "3": "hall"})
    coverage = assess_coverage(keep_service(town, "托育"), TEN_MINUTES)
    assert coverage.n_centres == 1
    assert coverage.homes.loc["A", ["centre", "walk_s"]].tolist() == ["hall", 12 + 70 + 12]


def test_an_unknown_service_is_refused_with_those_there_are():
    with pytest.raises(UnknownServiceError, match="助餐、医疗、托育、文体"):
        keep_service(draw_town(THREE, centre_services=SERVICES), "医")
    with pytest.raises(UnknownServiceError, match="–"):
        keep_service(draw_town(THREE), "医疗")
