"""The time surface and what is drawn from it: walks of cells, outlines, catchments."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from geogrid.coverage.assess import assess_coverage
from geogrid.coverage.catchment import (
    draw_catchments,
    draw_isochrones,
    outline_catchments,
    outline_isochrones,
    outline_reached,
)
from geogrid.coverage.contour import SNAP_M, outline_within
from geogrid.coverage.ground import INSIDE, OUTSIDE, Lattice, lay_ground
from geogrid.coverage.reading import Reading
from geogrid.coverage.surface import draw_surface, measure_surface
from geogrid.coverage.town import Town
from geogrid.coverage.walks import lay_out, measure_point_walks, measure_walks
from geogrid.crs import change_crs
from geogrid.demo.town import build_town
from geogrid.network.impedance import PROFILES
from tests.support.random_town import make_town
from tests.support.town import at, draw_layers, draw_town
from tests.support.walled_town import make_walled_town

TEN_MINUTES = Reading("minutes", 10)
TWO_MINUTES = Reading("minutes", 2)
STREET = "1\n+" + "-" * 40 + "+\nA"
"""A street of 480 m along y = -12 and a centre 12 m north of its west end."""


def move_centres(layers, places, ids=None):
    """The layers with centres at these places (metres) in place of their own."""
    names = list(ids or [str(n) for n in range(1, len(places) + 1)])
    centre = gpd.GeoDataFrame({"id": names}, geometry=shapely.points(places), crs=layers["street"].crs)
    return Town.from_layers({**layers, "centre": centre})


def add_polygons(layers, **polygons):
    frames = {
        name: gpd.GeoDataFrame(
            {"code" if name == "county" else "id": ["x"]}, geometry=[polygon], crs=layers["street"].crs
        )
        for name, polygon in polygons.items()
    }
    return Town.from_layers({**layers, **frames})


# --- the surface -------------------------------------------------------------------------------


def test_the_minutes_of_a_cell_are_the_walk_of_a_home_in_its_middle():
    surface = draw_surface(draw_town(STREET), TEN_MINUTES)
    lattice = surface.lattice
    x, y = np.meshgrid(lattice.x, lattice.y)
    beside = (x > 0) & (x < 480) & (abs(y + 12) < 200)
    # the leg at 1.2 times the straight line and 1.2 m/s; along the street; 12 s to the door
    seconds = abs(y + 12) + x / 1.2 + 12
    assert beside.sum() > 200
    assert np.abs(surface.minutes * 60 - seconds)[beside].max() <= 0.002  # three roundings
    assert (lattice.west / 25, lattice.south / 25) == (lattice.west // 25, lattice.south // 25)


def test_in_metres_the_surface_holds_lengths():
    surface = draw_surface(draw_town(STREET), Reading("metres", 500))
    (row,), (column,) = np.nonzero(surface.lattice.y == -12.5), np.nonzero(surface.lattice.x == 112.5)
    assert surface.minutes[row, column] == pytest.approx(0.5 * 1.2 + 112.5 + 12 * 1.2, abs=0.002)


def test_no_walk_begins_further_from_a_street_than_an_access_leg_may_be_long():
    surface = draw_surface(
        add_polygons(draw_layers(STREET), county=shapely.box(0, -400, 480, 400)), TEN_MINUTES
    )
    column = np.searchsorted(surface.lattice.x, 100)
    within = np.abs(surface.lattice.y + 12) * 1.2 <= 300
    known = np.isfinite(surface.minutes[:, column])
    assert within.any()
    assert np.array_equal(known, within & (np.abs(surface.lattice.y) < 400))


def test_outside_the_county_and_in_water_without_a_bridge_there_are_no_minutes():
    county, water = shapely.box(0, -100, 300, 100), shapely.box(100, -300, 200, 300)
    surface = draw_surface(add_polygons(draw_layers(STREET), county=county, water=water), TEN_MINUTES)
    x, y = np.meshgrid(surface.lattice.x, surface.lattice.y)
    expected = shapely.contains_xy(county, x, y) & (
        ~shapely.contains_xy(water, x, y) | (np.abs(y + 12) < 12.5)
    )
    assert np.array_equal(np.isfinite(surface.minutes), expected)


@pytest.mark.parametrize("make", [make_town, make_walled_town])
@pytest.mark.parametrize("seed", range(3))
def test_every_cell_of_a_drawn_town_walks_as_a_position_there_does(seed, make):
    town = make(seed)
    layout = lay_out(town)
    ground = lay_ground(town, layout)
    surface = measure_surface(layout, ground, PROFILES["adult"])
    cells = np.unique(ground.cell)
    points = shapely.points(ground.lattice.place_cells(cells))
    rims = shapely.union_all(shapely.boundary(town.compound.geometry.to_numpy()))
    # within 2 m of a wall a position counts as outside; from water and walls a cell is walked as if neither were
    plain = cells[(shapely.distance(points, rims) > 2) & ground.is_dry.ravel()[cells]]
    points = shapely.points(ground.lattice.place_cells(plain))
    _, seconds = measure_point_walks(town, layout, points, PROFILES["adult"])
    is_dry = ~shapely.intersects(shapely.union_all(town.water.geometry.to_numpy()), points)
    assert is_dry.sum() > 500
    cost = np.where(ground.is_walled, surface.cost[INSIDE], surface.cost[OUTSIDE]).ravel()[plain]
    assert np.array_equal(cost[is_dry] / 1000.0, seconds[is_dry])


def test_ground_laid_once_serves_other_walkers_and_other_centres():
    picture = "A     B\n+--------+\n|  ####  |\n|1 # C#  |\n+  #  G--+\n   ####"
    layers = draw_layers(picture)
    town, other = Town.from_layers(layers), move_centres(layers, [at(5, 1), at(0, 3)])
    ground = lay_ground(town, lay_out(town))
    for each in (town, other):
        layout = lay_out(each)
        for profile in (PROFILES["adult"], PROFILES["elderly"]):
            reused = measure_surface(layout, ground, profile)
            fresh = measure_surface(layout, lay_ground(each, layout), profile)
            assert np.array_equal(reused.cost, fresh.cost)
            assert np.array_equal(reused.centre, fresh.centre)


def test_ground_laid_once_serves_when_a_gate_is_closed():
    town = make_town(3)
    ground = lay_ground(town, lay_out(town))
    closed = town.gate.assign(locked=town.gate["locked"].mask(town.gate["id"] == "g0", other=True))
    other = replace(town, gate=closed)
    layout = lay_out(other)
    reused = measure_surface(layout, ground, PROFILES["adult"])
    fresh = measure_surface(layout, lay_ground(other, layout), PROFILES["adult"])
    assert np.array_equal(reused.cost, fresh.cost)
    assert not np.array_equal(reused.cost, measure_surface(lay_out(town), ground, PROFILES["adult"]).cost)


def test_ground_near_some_points_is_a_part_of_the_whole():
    town = make_town(1)
    layout = lay_out(town)
    whole = lay_ground(town, layout)
    part = lay_ground(town, layout, near_xy=layout.homes.xy[:3], near_m=60)
    assert 0 < len(part.cell) < len(whole.cell)
    every, some = (measure_surface(layout, ground, PROFILES["adult"]).cost for ground in (whole, part))
    row, column = np.divmod(part.cell, part.lattice.n_columns)
    assert np.array_equal(some[part.sheet, row, column], every[part.sheet, row, column])
    distance_m = shapely.distance(
        shapely.points(part.lattice.place_cells(np.arange(some[0].size)))[:, None],
        shapely.points(layout.homes.xy[:3]),
    ).min(axis=1)
    missing = np.setdiff1d(whole.cell, part.cell)
    assert (distance_m[missing] > 60).all()


# --- outlines ----------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(
    hnp.arrays(
        np.float64,
        st.tuples(st.integers(2, 9), st.integers(2, 9)),
        elements=st.one_of(st.integers(0, 40).map(float), st.just(np.inf)),
    )
)
def test_an_outline_crosses_between_two_cells_where_a_line_between_their_prices_does(cost):
    lattice, cutoff, step = Lattice(100.0, 200.0, 10.0, *cost.shape), 20, 12
    ground = outline_within(lattice, cost, cutoff, step)
    assert ground.is_valid
    x, y = np.meshgrid(lattice.x, lattice.y)
    assert np.array_equal(shapely.intersects_xy(ground, x, y), cost <= cutoff)
    level = np.clip(cost - cutoff - 0.5, -step, step)
    for share in (0.2, 0.5, 0.8):
        along = (1 - share) * level[:, :-1] + share * level[:, 1:]
        inside = shapely.contains_xy(ground, x[:, :-1] + share * 10, y[:, :-1])
        away = np.abs(along) > 1e-6
        away[[0, -1]] = False  # there the outline runs along the lattice's own edge
        assert np.array_equal(inside[away], (along < 0)[away])


def test_the_cutoff_is_inclusive_in_outlines_too():
    lattice = Lattice(0.0, 0.0, 10.0, 3, 3)
    cost = np.full((3, 3), 700.0)
    cost[1, 1] = 600.0
    assert outline_within(lattice, cost, 600.0, 10.0).contains(shapely.Point(15, 15))
    assert outline_within(lattice, cost, 599.0, 10.0).is_empty


def test_between_neighbours_that_differ_by_more_than_a_walk_the_outline_runs_halfway():
    lattice = Lattice(0.0, 0.0, 10.0, 3, 4)
    cost = np.array([[0.0, 0.0, np.inf, np.inf]] * 3)
    assert outline_within(lattice, cost, 600.0, 10.0).bounds[2] == pytest.approx(20)  # middles at 15 and 25


# --- isochrones --------------------------------------------------------------------------------


def test_an_isochrone_ends_at_a_wall_and_not_half_a_cell_before_or_behind_it():
    picture = """
1
+---------------+
   ##########
   #A       #
   #        #
   #####G####
"""
    town = draw_town(picture)  # the gate lies on the side away from the street
    layout = lay_out(town)
    wall = town.compound.geometry[0]
    x, north = at(5, 2)
    for cell_m in (25.0, 10.0):
        ground = outline_reached(layout, lay_ground(town, layout, cell_m=cell_m), Reading("minutes", 1.5))
        # outside: 50 s along, 9 s to the street, 12 s; inside: at least 36 m to the gate and as far back again
        assert shapely.contains_xy(ground, x, north + 2)
        assert not shapely.contains_xy(ground, x, north - 2)
        assert shapely.intersection(ground, wall).area < 0.02 * wall.area


def test_isochrones_leave_out_water_and_what_lies_beyond_the_county():
    county, water = shapely.box(-50, -100, 100, 100), shapely.box(40, -300, 60, 300)
    town = add_polygons(draw_layers(STREET), county=county, water=water)
    for drawn in (draw_isochrones(town, TEN_MINUTES), draw_catchments(town, TEN_MINUTES)):
        ground = shapely.union_all(drawn.geometry.to_numpy())
        assert shapely.intersection(ground, water).area < 1e-6
        assert shapely.difference(ground, county).area < 1e-6
        assert shapely.contains_xy(ground, 90, -12)  # over the bridge


def test_isochrones_together_are_the_ground_within_reach_of_any_centre():
    town = make_town(2)
    layout = lay_out(town)
    ground = lay_ground(town, layout)
    reached = outline_reached(layout, ground, Reading("minutes", 4))
    drawn = outline_isochrones(layout, ground, Reading("minutes", 4))
    apart = shapely.symmetric_difference(shapely.union_all(drawn.geometry.to_numpy()), reached)
    # where the fronts of two centres meet between cells the one outline cuts the corner
    assert apart.area < 0.02 * reached.area


def test_the_outline_of_a_longer_cutoff_holds_that_of_a_shorter():
    town = make_town(4)
    layout = lay_out(town)
    ground = lay_ground(town, layout)
    for reading in (lambda cutoff: Reading("minutes", cutoff), lambda cutoff: Reading("metres", cutoff * 60)):
        short, long = (outline_reached(layout, ground, reading(cutoff)) for cutoff in (3, 6))
        assert shapely.difference(short, shapely.buffer(long, SNAP_M)).area < 1e-6


def make_plain_town(n_homes=3_000, n_blocks=18):
    """Blocks of 100 m, a gated compound of two gates in every third, two centres, and homes everywhere."""
    rng = np.random.default_rng(20261122)
    edge = 100 * np.arange(n_blocks + 1)
    lines = [[(x, y) for y in edge] for x in edge] + [[(x, y) for x in edge] for y in edge]
    block = np.arange(0, n_blocks**2, 3)
    corner = 100 * np.column_stack([(block + block // n_blocks) % n_blocks, block // n_blocks]) + 10
    gates = np.vstack([corner + np.array([0, 40]), corner + np.array([80, 40])])
    xy = rng.uniform(5, edge[-1] - 5, (n_homes, 2))
    frames = {
        "street": ({}, shapely.linestrings(np.array(lines, float))),
        "compound": ({"kind": ["封闭式"] * len(corner)}, shapely.box(*corner.T, *(corner + 80).T)),
        "gate": ({"compound": [str(n) for n in range(len(corner))] * 2}, shapely.points(gates)),
        "building": ({"use": ["residential"] * n_homes}, shapely.box(*(xy - 0.5).T, *(xy + 0.5).T)),
        "centre": ({}, shapely.points([(505, 601), (1290, 1105)])),
    }
    return Town.from_layers(
        {
            name: gpd.GeoDataFrame(
                {"id": [str(n) for n in range(len(shapes))], **columns}, geometry=shapes, crs="EPSG:4549"
            )
            for name, (columns, shapes) in frames.items()
        }
    )


@pytest.mark.parametrize(("cell_m", "least"), [(25.0, 0.99), (10.0, 0.995)])
@pytest.mark.parametrize("reading", ["minutes:10:adult", "minutes:10:elderly", "metres:500"])
def test_homes_within_the_outline_are_the_covered_ones(reading, cell_m, least):
    town, reading = make_plain_town(), Reading.parse(reading)
    layout = lay_out(town)
    covered = measure_walks(layout, reading.measure).cost <= reading.cutoff_units
    ground = outline_reached(layout, lay_ground(town, layout, cell_m=cell_m), reading)
    within = shapely.contains_xy(ground, layout.homes.xy)
    assert 0.1 < covered.mean() < 0.9
    assert (within == covered).mean() >= least


@pytest.mark.parametrize("seed", range(4))
def test_no_home_further_than_a_cell_from_the_outline_is_on_its_wrong_side(seed):
    town = make_town(seed, n_homes=300)
    layout = lay_out(town)
    reading = Reading("minutes", 6)
    covered = measure_walks(layout, reading.measure).cost <= reading.cutoff_units
    ground = lay_ground(town, layout, cell_m=10.0)
    reached = outline_reached(layout, ground, reading)
    points = shapely.points(layout.homes.xy)
    is_dry = shapely.contains(ground.land, points)
    wrong = is_dry & (shapely.contains(reached, points) != covered)
    assert (shapely.distance(points[wrong], reached.boundary) <= 10).all()
    assert wrong.mean() < 0.03  # a small town of islands and walls: much outline for its size


# --- catchments --------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_catchments_part_the_ground_of_the_reached_cells_exactly(seed):
    town = make_town(seed)
    layout = lay_out(town)
    ground = lay_ground(town, layout)
    drawn = outline_catchments(layout, ground, TEN_MINUTES).geometry.to_numpy()
    together = shapely.union_all(drawn)
    assert shapely.is_valid(drawn).all()
    assert shapely.area(drawn).sum() == pytest.approx(together.area, abs=1e-3)
    surface = measure_surface(layout, ground, PROFILES["adult"])
    squares = []
    for sheet in (OUTSIDE, INSIDE):
        x, y = ground.lattice.place_cells(np.flatnonzero(np.isfinite(surface.cost[sheet]))).T
        squares.append(shapely.union_all(shapely.box(x - 12.5, y - 12.5, x + 12.5, y + 12.5)))
    outside = shapely.difference(squares[OUTSIDE], ground.walls)
    expected = shapely.intersection(
        shapely.union(outside, shapely.intersection(squares[INSIDE], ground.walls)), ground.land
    )
    assert (
        shapely.symmetric_difference(together, expected).area < 400
    )  # doors of centres that nothing reaches


def test_ground_equally_near_to_two_centres_belongs_to_the_smaller_id():
    layers = draw_layers("1" + STREET[1:])
    town = move_centres(layers, [(312.5, 0), (112.5, 0)], ids=["b", "a"])
    surface = draw_surface(town, TEN_MINUTES)
    row, column = np.searchsorted(surface.lattice.y, -12.5), np.searchsorted(surface.lattice.x, 212.5)
    assert surface.centre[OUTSIDE, row, column - 1 : column + 2].tolist() == [0, 0, 1]
    drawn = draw_catchments(town, TEN_MINUTES).set_index("centre").geometry
    assert drawn["a"].contains(shapely.Point(212.5, -12.5))


def test_centres_at_one_place_have_a_row_each_and_no_ground_in_common():
    town = move_centres(draw_layers(STREET), [(100, 0)] * 3)
    drawn = draw_catchments(town, TEN_MINUTES)
    assert drawn["centre"].tolist() == ["1", "2", "3"]
    assert drawn.is_valid.all()
    assert (drawn.area > 0).all()
    assert drawn.area.sum() == pytest.approx(shapely.union_all(drawn.geometry.to_numpy()).area)
    assert drawn.area.idxmax() == 0
    isochrones = draw_isochrones(town, TWO_MINUTES)
    assert isochrones.geometry[0].equals(isochrones.geometry[1])


def test_a_centre_inside_a_compound_is_reached_from_inside_it_without_passing_a_gate():
    town = draw_town("""
+---------+
   ######
   #1  A#
   L    #
   ######
""")
    ground = draw_isochrones(town, TWO_MINUTES).geometry[0]
    wall = town.compound.geometry[0]
    assert shapely.symmetric_difference(ground, wall).area < 0.05 * wall.area


# --- with little to draw -----------------------------------------------------------------------


def test_without_a_walkable_street_every_centre_has_its_door_and_the_surface_is_empty():
    town = draw_town("1A   B   2\n+--------+", street_walkable={"s001": False})
    assert not np.isfinite(draw_surface(town, TEN_MINUTES).minutes).any()
    for drawn in (draw_catchments(town, TEN_MINUTES), draw_isochrones(town, TEN_MINUTES)):
        assert drawn["centre"].tolist() == ["1", "2"]
        assert drawn.contains(shapely.Point(0, 0)).tolist() == [True, False]
        assert drawn.is_valid.all()
    assert assess_coverage(town, TEN_MINUTES).gaps.empty


def test_a_county_in_which_nothing_stands_has_no_ground_but_gaps_are_still_told():
    town = add_polygons(draw_layers("1A   B   2\n+--------+"), county=shapely.box(9_000, 9_000, 9_100, 9_100))
    assert not np.isfinite(draw_surface(town, TEN_MINUTES).minutes).any()
    gaps = assess_coverage(town, Reading("minutes", 0.1)).gaps
    assert gaps["n_homes"].tolist() == [2]
    assert gaps.geometry[0].distance(shapely.Point(*at(1, 0))) < 1
    assert len(draw_catchments(town, TEN_MINUTES)) == 2


# --- the demo county ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def demo_town():
    layers = build_town(seed=20261122)
    areas = {name: frame for name, frame in layers.items() if isinstance(frame, gpd.GeoDataFrame)}
    return Town.from_layers({name: change_crs(frame, "EPSG:4549", name) for name, frame in areas.items()})


@pytest.mark.slow
@pytest.mark.parametrize("reading", ["minutes:10:adult", "minutes:10:elderly", "metres:500"])
def test_on_the_demo_county_the_outline_agrees_with_the_homes(demo_town, reading):
    reading = Reading.parse(reading)
    layout = lay_out(demo_town)
    covered = measure_walks(layout, reading.measure).cost <= reading.cutoff_units
    for cell_m, least in ((25.0, 0.99), (10.0, 0.995)):
        ground = lay_ground(demo_town, layout, cell_m=cell_m)
        within = shapely.contains_xy(outline_reached(layout, ground, reading), layout.homes.xy)
        assert (within == covered).mean() >= least
        drawn = outline_catchments(layout, ground, reading)
        assert len(drawn) == 69
        assert drawn.is_valid.all()
        assert drawn.area.sum() == pytest.approx(shapely.union_all(drawn.geometry.to_numpy()).area, abs=1e-3)
        assert outline_isochrones(layout, ground, reading).is_valid.all()
