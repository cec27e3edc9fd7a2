"""Drawn ground that others can use: valid in every coordinate, and every home on the side that its own walk says."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csc_matrix

from geogrid.coverage.assess import assess_layout
from geogrid.coverage.catchment import outline_catchments, outline_isochrones, outline_reached
from geogrid.coverage.ground import lay_ground
from geogrid.coverage.homes import Homes
from geogrid.coverage.reach import measure_walks_within
from geogrid.coverage.reading import Reading
from geogrid.coverage.stamping import NOBODY, find_misplaced, stamp_homes
from geogrid.coverage.town import Town
from geogrid.coverage.walks import lay_out, measure_walks
from geogrid.crs import change_crs, to_lonlat
from geogrid.demo.town import build_town
from tests.support.random_town import make_town
from tests.support.town import CRS
from webmap.geojson import round_geometries

READINGS = [f"minutes:{minutes}:{who}" for minutes in range(2, 18, 2) for who in ("adult", "elderly")]
READINGS += ["metres:300", "metres:500", "metres:800", "metres:1200"]
"""Twenty cutoffs."""


def draw_all(town, layout, ground, reading):
    """Isochrones, catchments and gaps of a town under a reading."""
    return {
        "isochrone": outline_isochrones(layout, ground, reading),
        "simplified": outline_isochrones(layout, ground, reading, tolerance_m=3.0),
        "catchment": outline_catchments(layout, ground, reading),
        "gap": assess_layout(town, layout, [reading])[0].gaps,
    }


def require_valid(drawn):
    """Valid in metres, in degrees, and with the six digits that the map is sent."""
    for name, frame in drawn.items():
        assert shapely.is_valid(frame.geometry.to_numpy()).all(), name
        assert set(frame.geom_type) <= {"Polygon", "MultiPolygon"}, name
        assert shapely.is_valid(to_lonlat(frame, name).geometry.to_numpy()).all(), name
        assert shapely.is_valid(round_geometries(frame, name)).all(), name


def count_misplaced(layout, ground, reading, drawn):
    """Homes that lie on a side that is not that of their walk, asked point by point of every ground."""
    points, walks = shapely.points(layout.homes.xy), measure_walks(layout, reading.measure)
    within = csc_matrix(measure_walks_within(layout, reading))
    wrong = 0
    for name in ("isochrone", "simplified"):
        for number, shape in enumerate(drawn[name].geometry):
            own = np.isin(
                np.arange(layout.n_homes), within.indices[within.indptr[number] : within.indptr[number + 1]]
            )
            if own.any():  # else the shape marks the door alone
                wrong += (shapely.contains(shape, points) != own).sum()
    for number, shape in enumerate(drawn["catchment"].geometry):
        if (walks.centre == number).any():
            wrong += (shapely.contains(shape, points) != (walks.centre == number)).sum()
    covered = walks.cost <= reading.cutoff_units
    wrong += (shapely.contains(outline_reached(layout, ground, reading), points) != covered).sum()
    in_gap = shapely.contains(shapely.union_all(drawn["gap"].geometry.to_numpy()), points)
    return wrong + (in_gap != (np.isfinite(walks.cost) & ~covered)).sum()


@given(
    seed=st.integers(0, 10_000), reading=st.sampled_from(READINGS), cell_m=st.sampled_from([10.0, 25.0, 60.0])
)
@settings(max_examples=12)
def test_on_random_towns_drawn_ground_is_valid_and_homes_are_on_their_side(seed, reading, cell_m):
    town, reading = make_town(seed), Reading.parse(reading)
    layout = lay_out(town)
    ground = lay_ground(town, layout, cell_m=cell_m)
    drawn = draw_all(town, layout, ground, reading)
    require_valid(drawn)
    assert count_misplaced(layout, ground, reading, drawn) <= 2 * count_shared_points(layout)


def count_shared_points(layout):
    """Homes at the very point of another."""
    _, n_there = np.unique(layout.homes.xy, axis=0, return_counts=True)
    return int(n_there[n_there > 1].sum()) * 4


@pytest.mark.slow
def test_on_the_demo_drawn_ground_is_valid_and_homes_are_on_their_side_at_twenty_cutoffs():
    layers = {
        name: frame for name, frame in build_town(20261122).items() if isinstance(frame, gpd.GeoDataFrame)
    }
    town = Town.from_layers({name: change_crs(frame, "EPSG:4549", name) for name, frame in layers.items()})
    layout = lay_out(town)
    ground = lay_ground(town, layout)
    for reading in map(Reading.parse, READINGS):
        drawn = draw_all(town, layout, ground, reading)
        require_valid(drawn)
        assert count_misplaced(layout, ground, reading, drawn) == 0, reading


# --- by hand ---------------------------------------------------------------------------------------


def make_homes(*shapes):
    """Homes whose buildings are these shapes."""
    points = shapely.point_on_surface(np.array(shapes, dtype=object))
    xy = shapely.get_coordinates(points)
    frame = gpd.GeoDataFrame({"id": [str(n) for n in range(len(shapes))]}, geometry=list(shapes), crs=CRS)
    rows = np.arange(len(shapes))
    return Homes(frame, xy, np.full(len(shapes), -1), rows, xy, np.zeros(len(shapes), bool))


def stamp(grounds, homes, owner):
    return stamp_homes(np.array(grounds, dtype=object), homes, np.array(owner))


def test_the_building_of_a_home_beyond_the_edge_is_added_and_one_within_taken_away():
    homes = make_homes(shapely.box(10, 0, 14, 5), shapely.box(2, 2, 6, 4), shapely.box(1, 7, 3, 9))
    (ground,) = stamp([shapely.box(0, 0, 10, 10)], homes, [0, NOBODY, 0])
    # 100 m², and the 4 x 5 m of the first less the 4 x 2 m of the second; the third is where it belongs
    assert ground.area == pytest.approx(100 + 20 - 8)


def test_ground_with_every_home_on_its_side_is_left_as_it_is():
    homes = make_homes(shapely.box(2, 2, 6, 4))
    whole = shapely.box(0, 0, 10, 10)
    assert stamp([whole], homes, [0])[0] is whole


def test_a_home_goes_over_from_one_ground_to_the_other_whole():
    homes = make_homes(shapely.box(10, 0, 14, 5), shapely.box(30, 30, 31, 31))
    left, right = stamp([shapely.box(0, 0, 10, 10), shapely.box(10, 0, 20, 10)], homes, [0, NOBODY])
    assert (left.area, right.area) == (pytest.approx(120), pytest.approx(80))
    assert shapely.intersection(left, right).area == 0


def test_where_buildings_overlap_their_points_decide():
    homes = make_homes(shapely.box(0, 0, 10, 10), shapely.box(6, 4, 8, 6))
    homes.xy[0] = (2, 5)
    (ground,) = stamp([shapely.Polygon()], homes, [0, NOBODY])
    assert shapely.contains_xy(ground, [2, 7], [5, 5]).tolist() == [True, False]


def test_homes_at_one_point_with_different_answers_are_what_is_left():
    homes = make_homes(shapely.box(4, 4, 6, 6), shapely.box(4, 4, 6, 6))
    grounds = stamp([shapely.box(0, 0, 10, 10)], homes, [0, NOBODY])
    assert len(find_misplaced(grounds, homes.xy, np.array([0, NOBODY]))) == 1
