"""Which areas hold a place: on a border, across one, outside all, and on a date."""

from __future__ import annotations

import datetime as dt

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import Point, box

from geogrid.areas.cover import find_covering, find_nearest
from geogrid.areas.share import assign_areas, measure_shares
from geogrid.areas.validity import select_current

CRS = "EPSG:4549"


def areas(**polygons):
    return gpd.GeoDataFrame({"code": list(polygons)}, geometry=list(polygons.values()), crs=CRS)


def quarters():
    """Four squares of 100 m that tile one of 200 m; codes in no order."""
    return areas(
        D=box(0, 0, 100, 100), B=box(100, 0, 200, 100), C=box(0, 100, 100, 200), A=box(100, 100, 200, 200)
    )


def geometries(*items):
    return np.array(items, dtype=object)


def test_a_point_on_a_border_belongs_to_both_sides_and_on_a_corner_to_all_four():
    found = find_covering(geometries(Point(100, 30), Point(100, 100), Point(10, 30)), quarters())
    assert found.values.tolist() == [
        [0, "B", 0.0],
        [0, "D", 0.0],
        [1, "A", 0.0],
        [1, "B", 0.0],
        [1, "C", 0.0],
        [1, "D", 0.0],
        [2, "D", 10.0],
    ]


def test_a_point_in_a_hole_is_not_covered_and_one_on_its_rim_is():
    ring = areas(A=box(0, 0, 90, 90).difference(box(30, 30, 60, 60)))
    found = find_covering(geometries(Point(45, 45), Point(30, 45), Point(20, 45)), ring)
    assert found.values.tolist() == [[1, "A", 0.0], [2, "A", 10.0]]


def test_no_points_and_no_areas_give_no_rows_of_the_same_columns():
    for points, polygons in ((geometries(), quarters()), (geometries(Point(1, 1)), quarters().iloc[:0])):
        assert find_covering(points, polygons).columns.tolist() == ["point", "code", "edge_m"]
        assert find_covering(points, polygons).empty
        assert find_nearest(points, polygons).empty
        assert measure_shares(geometries(), polygons).empty


def test_the_nearest_area_is_given_with_its_distance_and_the_smaller_code_on_a_tie():
    far = areas(B=box(0, 0, 10, 10), A=box(30, 0, 40, 10))
    found = find_nearest(geometries(Point(20, 5), Point(12, 5), Point(5, 5)), far)
    assert found.values.tolist() == [[0, "A", 10.0], [1, "B", 2.0], [2, "B", 0.0]]


def test_shares_are_parts_of_the_polygon_and_touching_is_no_share():
    found = measure_shares(
        geometries(box(80, 10, 120, 20), box(10, 10, 100, 20), box(190, 50, 230, 60)), quarters()
    )
    assert found.values.tolist() == [[0, "B", 0.5], [0, "D", 0.5], [1, "D", 1.0], [2, "B", 0.25]]


def test_a_polygon_larger_than_an_area_has_its_share_too():
    assert measure_shares(geometries(box(-100, -100, 300, 300)), quarters())["share"].tolist() == [1 / 16] * 4


def test_a_building_goes_where_most_of_it_stands_and_to_the_smaller_code_when_halved():
    places = geometries(
        box(70, 10, 110, 20), box(80, 10, 120, 20), Point(100, 30), Point(500, 0), box(500, 0, 510, 9)
    )
    assert assign_areas(places, quarters()).tolist() == ["D", "B", "B", None, None]


def test_halves_that_differ_by_rounding_alone_are_a_tie():
    third = areas(B=box(0, 0, 0.1 + 0.2, 1), A=box(0.1 + 0.2, 0, 0.6, 1))
    assert assign_areas(geometries(box(0, 0, 0.6, 1)), third).tolist() == ["A"]


def test_another_column_can_name_the_areas():
    named = quarters().rename(columns={"code": "id"})
    assert assign_areas(geometries(Point(1, 1)), named, key="id").tolist() == ["D"]


@given(st.lists(st.tuples(st.floats(0.01, 199.99), st.floats(0.01, 199.99)), min_size=1, max_size=20))
def test_every_point_inside_a_partition_has_an_area_and_off_the_borders_just_one(places):
    points = shapely.points(places)
    found = find_covering(points, quarters())
    inner = [i for i, (x, y) in enumerate(places) if 100 not in (x, y)]
    counts = found["point"].value_counts()
    assert sorted(counts.index) == list(range(len(places)))
    assert all(counts[i] == 1 for i in inner)


@given(st.floats(0, 150), st.floats(0, 150), st.floats(1, 50), st.floats(1, 50))
def test_shares_of_a_polygon_inside_a_partition_add_up_to_one(x, y, width, height):
    shares = measure_shares(geometries(box(x, y, x + width, y + height)), quarters())["share"]
    assert shares.sum() == pytest.approx(1, abs=1e-8)


def test_an_area_holds_on_its_first_and_last_day_and_not_the_day_after():
    frame = areas(A=box(0, 0, 1, 1), B=box(0, 0, 1, 1), C=box(0, 0, 1, 1))
    frame["valid_from"] = ["2024-03-01", None, "2025-01-01"]
    frame["valid_to"] = ["2024-12-31", "2024-06-30", None]

    def held(on):
        return select_current(frame, on)["code"].tolist()

    assert held(dt.date(2024, 2, 29)) == ["B"]
    assert held(dt.date(2024, 3, 1)) == ["A", "B"]
    assert held(dt.date(2024, 6, 30)) == ["A", "B"]
    assert held(dt.date(2024, 7, 1)) == ["A"]
    assert held(dt.date(2024, 12, 31)) == ["A"]
    assert held(dt.date(2025, 1, 1)) == ["C"]
    assert held(None) == ["C"]
