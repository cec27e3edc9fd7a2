"""What is told of a coverage: sums, areas, gaps, what was left out, polygons; and its laws."""

from __future__ import annotations

import json
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geogrid.coverage.assess import assess_coverage, assess_readings
from geogrid.coverage.catchment import draw_catchments, draw_isochrones
from geogrid.coverage.reading import STANDARD_READINGS, Reading
from geogrid.coverage.town import Town
from geogrid.coverage.walks import lay_out, measure_walks
from geogrid.errors import InvalidOptionError
from geogrid.network.impedance import PROFILES
from tests.support.random_town import make_town
from tests.support.town import CRS, at, draw_layers, draw_town

TEN_MINUTES = Reading("minutes", 10)
SHORT = Reading("minutes", 1)

ROW = """
A B              C           D   E
+--+----------------------------------+
1
"""
# A at 0, B at 20 s along: 12 + 20 + 12 s; C at 170 s, D at 290 s, E at 330 s


def town_of_row(**options):
    layers = draw_layers(ROW, **options)
    # Communities west and east of column 20; the west one's code is the larger.
    west, east = shapely.box(*at(-5, 5), *at(20, -5)), shapely.box(*at(20, 5), *at(60, -5))
    crs = layers["street"].crs
    layers["community"] = gpd.GeoDataFrame(
        {"code": ["2", "1", "3"], "name": ["西", "东", "空"]},
        geometry=[west, east, shapely.box(*at(70, 5), *at(80, -5))],
        crs=crs,
    )
    return Town.from_layers(layers)


PEOPLE = {"A": 1, "B": 2, "C": 4, "D": 8, "E": 16}


# --- readings ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["minutes:10:adult", "minutes:7.5:child", "metres:500", "minutes:10:elderly"]
)
def test_a_reading_reads_back_what_it_writes(text):
    assert str(Reading.parse(text)) == text


@pytest.mark.parametrize(
    "text", ["", "10", "minutes", "minutes:x", "minutes:0", "minutes:-1", "minutes:nan", "minutes:inf",
             "metres:500:adult", "minutes:10:dog", "hours:1", "minutes:10:adult:x"]
)  # fmt: skip
def test_what_is_no_reading_is_refused_with_examples(text):
    with pytest.raises(InvalidOptionError, match="minutes:10:adult"):
        Reading.parse(text)


def test_readings_have_titles_in_both_languages():
    assert [reading.title() for reading in STANDARD_READINGS] == [
        "成人步行 10 分钟",
        "老年人步行 10 分钟",
        "沿路网 500 米",
    ]
    assert STANDARD_READINGS[2].title("en") == "500 m along the streets"


# --- sums --------------------------------------------------------------------------------------


def test_homes_and_people_are_summed_by_status():
    told = assess_coverage(town_of_row(people=PEOPLE), SHORT).to_dict()
    assert told["reading"] == "minutes:1:adult"
    assert told["homes"] == {"total": 5, "covered": 2, "not_covered": 3, "unanswered": 0}
    assert told["people"] == {
        "total": 31,
        "covered": 3,
        "not_covered": 28,
        "unanswered": 0,
        "homes_without_people": 0,
        "covered_range_90": None,
    }
    assert told["n_centres"] == 1


def test_people_unknown_everywhere_are_null_and_never_zero():
    told = assess_coverage(town_of_row(), SHORT).to_dict()
    assert told["people"] == {
        "total": None,
        "covered": None,
        "not_covered": None,
        "unanswered": None,
        "homes_without_people": 5,
        "covered_range_90": None,
    }
    assert [gap["people"] for gap in told["gaps"]] == [None]


def test_people_known_in_part_are_summed_and_the_rest_is_counted():
    told = assess_coverage(town_of_row(people={"C": 4, "D": 8}), SHORT).to_dict()
    assert told["people"]["total"] == 12
    assert told["people"]["covered"] is None  # two homes, and nothing is known of their people
    assert told["people"]["unanswered"] == 0  # no such home
    assert told["people"]["homes_without_people"] == 3


def test_areas_are_summed_by_code_and_an_empty_one_has_no_share():
    told = assess_coverage(town_of_row(people=PEOPLE), SHORT).to_dict()
    assert [(area["code"], area["name"], area["homes"]["total"]) for area in told["by_community"]] == [
        ("1", "东", 2),
        ("2", "西", 3),
        ("3", "空", 0),
    ]
    assert [area["covered_share"] for area in told["by_community"]] == [0.0, 2 / 3, None]
    assert told["by_community"][1]["people"]["covered"] == 3
    assert told["by_district"] == []


def test_homes_outside_all_areas_are_counted_in_a_last_row_without_code():
    town = town_of_row(people=PEOPLE)
    town = replace(town, community=town.community[town.community["code"] == "1"])
    told = assess_coverage(town, SHORT).to_dict()["by_community"]
    assert [(area["code"], area["homes"]["total"]) for area in told] == [("1", 2), (None, 3)]


def test_homes_without_an_answer_are_listed_by_reason():
    sea = " " * 24  # 288 m: more than a leg may be
    town = draw_town(f"""
1 A {sea}B  F
+--+{sea}+--+
""")
    told = assess_coverage(town, SHORT).to_dict()
    assert told["left_out"] == {"island": {"n_homes": 2, "people": None, "buildings": ["B", "F"]}}
    assert told["homes"]["unanswered"] == 2


def test_a_centre_that_no_street_reaches_is_named():
    far = "1  2\n+--+\nA" + "\n" * 25 + "3"
    assert assess_coverage(draw_town(far), SHORT).to_dict()["unsnapped_centres"] == ["3"]


def test_the_answer_is_json_and_the_same_every_time_and_whatever_the_order_of_rows():
    for seed in range(3):
        town = make_town(seed)
        shuffled = Town.from_layers(
            {
                name: getattr(town, name).sample(frac=1, random_state=seed)
                for name in (
                    "street",
                    "building",
                    "entrance",
                    "compound",
                    "gate",
                    "barrier",
                    "water",
                    "centre",
                )
            }
        )
        first, again, other = (
            json.dumps([coverage.to_dict() for coverage in assess_readings(each, STANDARD_READINGS)])
            for each in (town, town, shuffled)
        )
        assert first == again == other


# --- gaps --------------------------------------------------------------------------------------


def test_uncovered_homes_within_150_m_are_one_gap_with_its_people():
    layers = draw_layers(ROW, people=PEOPLE)
    ages = pd.array([None, None, 1, 3, None], dtype="Int64")
    layers["building"]["residents_60_plus"] = ages
    gaps = assess_coverage(Town.from_layers(layers), SHORT).gaps
    # C and D are 12 cells apart, 144 m; D and E 48 m
    assert len(gaps) == 1
    gap = gaps.iloc[0]
    assert gap[["id", "people", "n_homes", "elderly", "nearest_centre"]].tolist() == ["gap-1", 28, 3, 4, "1"]
    assert pd.isna(gap["children"])
    # half of 28 people walk as long as D's or less: 4 + 8 < 14, so it is E's 330 s and two legs
    assert gap["walk_s"] == 12 + 330 + 12
    assert shapely.contains_xy(gap.geometry, *at(17, 0))


def test_homes_further_apart_are_two_gaps_the_one_with_more_people_first():
    apart = """
                  C             D
+-------------------------------+
1
"""  # 14 cells are 168 m
    gaps = assess_coverage(draw_town(apart, people={"C": 5, "D": 6}), SHORT).gaps
    assert gaps["people"].tolist() == [6, 5]
    assert gaps["walk_s"].tolist() == [12 + 320 + 12, 12 + 180 + 12]
    assert gaps["reason"].tolist() == ["far", "far"]


def test_without_people_the_larger_gap_comes_first_and_every_home_weighs_the_same():
    apart = """
         C             DE
+----------------------+
1
"""
    gaps = assess_coverage(draw_town(apart), SHORT).gaps
    assert gaps["n_homes"].tolist() == [2, 1]
    assert gaps["walk_s"].tolist()[1] == 12 + 90 + 12


def test_where_all_are_covered_there_is_no_gap_and_the_layer_keeps_its_columns():
    coverage = assess_coverage(draw_town("A  1\n+--+"), TEN_MINUTES)
    assert coverage.gaps.empty
    assert coverage.gaps.columns[-1] == "geometry"
    assert coverage.gaps.crs is not None
    assert coverage.to_dict()["gaps"] == []


# --- polygons ----------------------------------------------------------------------------------


def test_catchments_part_the_ground_between_centres_and_count_homes_by_their_walks():
    picture = """
1A   B     C   D   2
+------------------+
"""
    town = draw_town(picture, people={"A": 1, "B": 2, "C": 3})
    catchments = draw_catchments(town, TEN_MINUTES).set_index("centre")
    assert catchments["n_homes"].tolist() == [2, 2]
    assert catchments["people"].tolist() == [3, 3]
    middle = at(9.5, 1)
    west, east = (catchments.geometry[centre] for centre in "12")
    assert shapely.intersection(west, east).area == pytest.approx(0, abs=1e-6)
    assert west.distance(shapely.Point(middle)) < 40  # a sample's spacing
    assert east.distance(shapely.Point(middle)) < 40
    assert all(shapely.contains_xy(west, *at(column, 0)) for column in (1, 5))
    assert all(shapely.contains_xy(east, *at(column, 0)) for column in (11, 15))


def test_catchments_are_clipped_to_the_county():
    layers = draw_layers("1A   B   2\n+--------+")
    county = shapely.box(*at(-1, 3), *at(12, -1))
    layers["county"] = gpd.GeoDataFrame(
        {"code": ["350725"], "name": ["x"]}, geometry=[county], crs=layers["street"].crs
    )
    catchments = draw_catchments(Town.from_layers(layers), TEN_MINUTES)
    assert shapely.union_all(catchments.geometry.to_numpy()).area == pytest.approx(county.area)


def test_a_centre_that_nobody_is_nearest_to_still_has_its_row():
    picture = "1  A\n+--+" + "\n" * 25 + "2"
    for drawn in (draw_catchments(draw_town(picture), SHORT), draw_isochrones(draw_town(picture), SHORT)):
        assert drawn["centre"].tolist() == ["1", "2"]
        assert drawn.is_valid.all()
        assert drawn.geometry[1].contains(shapely.Point(*at(0, 26)))


@pytest.mark.parametrize("seed", range(3))
def test_every_centre_has_valid_ground_in_both_drawings(seed):
    town = make_town(seed)
    for drawn in (draw_catchments(town, TEN_MINUTES), draw_isochrones(town, TEN_MINUTES)):
        assert drawn["centre"].tolist() == [f"z{n}" for n in range(5)]
        assert drawn.is_valid.all()
        assert (drawn.area > 0).all()
        assert set(drawn.geom_type) <= {"Polygon", "MultiPolygon"}
        assert drawn.crs == town.street.crs


def test_an_isochrone_reaches_as_far_along_a_street_as_the_cutoff_and_no_further():
    picture = "1\n+" + "-" * 30 + "+"
    town = draw_town(picture + "\nA")
    ground = draw_isochrones(town, Reading("minutes", 2)).geometry[0]
    # 120 s less the centre's leg of 12 s are 108 s, 129.6 m along the street
    assert shapely.contains_xy(ground, 129.6 - 35, -12)  # a square and what its outline loses
    assert not shapely.contains_xy(ground, 129.6 + 35, -12)


# --- laws --------------------------------------------------------------------------------------


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 999), st.floats(0.1, 30), st.floats(0.1, 30))
def test_a_longer_cutoff_never_covers_fewer(seed, one, other):
    town = make_town(seed, n_homes=25)
    readings = [Reading("minutes", cutoff) for cutoff in sorted((one, other))]
    short, long = (coverage.homes["status"] == "covered" for coverage in assess_readings(town, readings))
    assert not (short & ~long).any()


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 999), st.floats(0, 700), st.floats(0, 700))
def test_adding_a_centre_never_uncovers_a_home_and_taking_it_away_restores_every_walk(seed, x, y):
    town = make_town(seed, n_homes=25)
    row = gpd.GeoDataFrame(
        {"id": ["new"], "centre": ["new"]}, geometry=[shapely.Point(x, y)], crs=town.street.crs
    )
    more = Town.from_layers(
        {**vars(town), "centre": pd.concat([town.centre[["id", "centre", "geometry"]], row])}
    )
    adult = PROFILES["adult"]
    before, after = (measure_walks(lay_out(each), adult).cost for each in (town, more))
    assert (after <= before).all()
    fewer = Town.from_layers({**vars(more), "centre": more.centre[more.centre["id"] != "new"]})
    assert np.array_equal(measure_walks(lay_out(fewer), adult).cost, before)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 999))
def test_an_elderly_walk_is_never_shorter_than_an_adult_s(
    seed,
):
    layout = lay_out(make_town(seed, n_homes=25))
    adult, elderly = (measure_walks(layout, PROFILES[name]).cost for name in ("adult", "elderly"))
    assert (elderly >= adult).all()


def test_homes_outside_the_extent_count_in_the_county_and_are_listed():
    town = town_of_row(people=PEOPLE)
    whole = assess_coverage(town, SHORT).to_dict()
    assert whole["outside_extent"] == {"n_homes": 0, "people": 0, "buildings": []}  # no extent is known
    x = shapely.get_x(shapely.point_on_surface(town.building.geometry.to_numpy()))
    ids = town.building["id"].to_numpy(object)[np.argsort(x)]
    county = gpd.GeoDataFrame(
        {"code": ["1"]}, geometry=[shapely.box(-999, -999, np.sort(x)[-2], 999)], crs=CRS
    )
    told = assess_coverage(replace(town, county=county), SHORT).to_dict()
    last = town.building.set_index("id")["residents"][ids[-1]]
    assert told["outside_extent"] == {"n_homes": 1, "people": last, "buildings": [ids[-1]]}
    assert {key: told[key] for key in ("homes", "people")} == {key: whole[key] for key in ("homes", "people")}
