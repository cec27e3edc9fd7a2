"""Every walk against networkx, on drawn towns and, where one is given, on a real extract."""

from __future__ import annotations

import os
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geogrid.coverage.assess import assess_coverage
from geogrid.coverage.reach import REACH_M, REACH_S, measure_reach
from geogrid.coverage.reading import Reading
from geogrid.coverage.town import Town
from geogrid.coverage.walks import lay_out, measure_walks
from geogrid.crs import change_crs, choose_metric_crs
from geogrid.network.barriers import NOT_A_WALL
from geogrid.network.enclosures import SEVERAL
from geogrid.network.impedance import LENGTH, PROFILES
from tests.support.oracle import Oracle
from tests.support.random_town import make_town
from tests.support.walled_town import make_walled_town


def compare(town, profile):
    layout = lay_out(town)
    walks = measure_walks(layout, profile)
    oracle = Oracle(town, profile.name)
    centre = np.append(layout.centre_id, [None])[walks.centre]
    buildings = layout.homes.building["id"].tolist()
    mine = dict(zip(buildings, zip(walks.cost.tolist(), centre.tolist(), strict=True), strict=True))
    assert sorted(oracle.cost) == buildings
    assert mine == {home: oracle.nearest(home) for home in buildings}
    return mine


@pytest.mark.parametrize("profile", [PROFILES["adult"], PROFILES["elderly"], LENGTH], ids=lambda p: p.name)
@pytest.mark.parametrize("seed", range(8))
def test_every_home_of_a_drawn_town_walks_as_networkx_does(seed, profile):
    compare(make_town(seed), profile)


@pytest.mark.parametrize("profile", [PROFILES["elderly"], LENGTH], ids=lambda p: p.name)
@pytest.mark.parametrize("seed", range(4))
def test_every_home_of_a_town_of_walls_walks_as_networkx_does(seed, profile):
    compare(make_walled_town(seed), profile)


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 99_999))
def test_every_home_of_any_town_of_walls_walks_as_networkx_does(seed):
    """Nested, touching, overlapping and multipart compounds, holes, a river, walls, bridges over and into them."""
    compare(make_walled_town(seed), PROFILES["adult"])


def test_the_towns_of_walls_hold_every_sort_of_wall():
    layouts = [lay_out(make_walled_town(seed)) for seed in range(12)]
    counts = [
        {
            "in one compound": int(((layout.home_region >= 0) & (layout.home_region < SEVERAL)).sum()),
            "in several": int((layout.home_region >= SEVERAL).sum()),
            "locked in": int(layout.is_locked_in.sum()),
            "on a wall": int(layout.is_split.sum()),
            "barred": int(layout.is_barred.sum()),
            "gates into a neighbour": int((layout.network.gates.outer >= 0).sum()),
            "barred gates": int(layout.gates.is_barred.sum()),
            "holes": int((layout.network.obstacle_owner < NOT_A_WALL).sum()),
        }
        for layout in layouts
    ]
    total = {name: sum(count[name] for count in counts) for name in counts[0]}
    assert min(total.values()) >= 4, total


# --- laws --------------------------------------------------------------------------------------


def change(town, make):
    """The town with every layer changed."""
    return Town.from_layers({name: make(name, frame) for name, frame in vars(town).items()})


def measure(town, profile=PROFILES["adult"]):
    """Milliseconds and centre of every home, by id."""
    layout = lay_out(town)
    walks = measure_walks(layout, profile)
    centre = np.append(layout.centre_id, [None])[walks.centre]
    return pd.DataFrame(
        {"cost": walks.cost, "centre": centre}, index=layout.homes.building["id"].to_numpy(object)
    ).sort_index()


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 99_999), st.floats(1, 359), st.booleans())
def test_turning_and_mirroring_a_town_changes_no_walk(seed, degrees, is_mirrored):
    """To the milliseconds that rounding makes of coordinates that are a little other ones."""
    town = make_walled_town(seed)

    def turn(name, frame):
        turned = frame.geometry.rotate(degrees, origin=(300, 300))
        if is_mirrored:
            turned = turned.scale(-1, 1, origin=(300, 300))
        return frame.set_geometry(turned)

    before, after = measure(town)["cost"], measure(change(town, turn))["cost"]
    assert np.array_equal(np.isfinite(before), np.isfinite(after))
    known = np.isfinite(before)
    assert (before - after)[known].abs().max() <= 5


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 99_999), st.integers(0, 99_999))
def test_renaming_compounds_gates_walls_and_homes_and_shuffling_rows_changes_no_answer(seed, other):
    town, rng = make_walled_town(seed), np.random.default_rng(other)
    names = {
        name: dict(
            zip(frame["id"], rng.permutation([f"{name[0]}{n}" for n in range(len(frame))]), strict=True)
        )
        for name, frame in vars(town).items()
        if name in {"compound", "gate", "barrier", "building", "entrance"}
    }

    def rename(name, frame):
        renamed = frame.copy()
        if name in names:
            renamed["id"] = frame["id"].map(names[name])
        for column in ("compound", "building"):
            if column in frame and name != column:
                renamed[column] = (
                    frame[column].map(names[column]).where(frame[column].isin(names[column]), None)
                )
        return renamed.iloc[rng.permutation(len(frame))].reset_index(drop=True)

    before, after = measure(town), measure(change(town, rename))
    before.index = [names["building"][one] for one in before.index]
    pd.testing.assert_frame_equal(before.sort_index(), after)


def test_the_drawn_towns_hold_every_sort_of_home():
    coverages = [assess_coverage(make_town(seed), Reading("minutes", 5)) for seed in range(8)]
    assert {gate for coverage in coverages for gate in coverage.homes["gate"]} == {
        None,
        "given",
        "inferred",
        "unknown",
    }
    statuses = {status for coverage in coverages for status in coverage.homes["status"]}
    assert statuses == {"covered", "not_covered", "unanswered"}


@pytest.mark.parametrize("seed", range(4))
def test_the_reach_matrix_holds_every_walk_within_its_bounds_and_no_other(seed):
    town = make_town(seed)
    reach = measure_reach(town, PROFILES["elderly"])
    for profile, matrix, limit in (
        ("elderly", reach.time_ms, REACH_S * 1000),
        ("length", reach.length_mm, REACH_M * 1000),
    ):
        stored = matrix.tocoo()
        mine = {
            (reach.building[home], reach.centre[centre]): price
            for home, centre, price in zip(stored.row, stored.col, stored.data.tolist(), strict=True)
        }
        oracle = Oracle(town, profile)
        assert mine == {
            (home, centre): price
            for home, prices in oracle.cost.items()
            for centre, price in prices.items()
            if price <= limit
        }


@pytest.mark.slow
def test_every_home_of_a_real_extract_walks_as_networkx_does():
    """On 69 doors drawn at random; takes minutes where there are thousands of homes."""
    file = os.environ.get("GEOGRID_OSM_FILE")
    if not file:
        pytest.skip("set GEOGRID_OSM_FILE to an .osm or .pbf file to compare a real network")
    from geogrid.io.osm import read_osm

    layers = read_osm(Path(file)).layers
    metric = choose_metric_crs(*layers["street"].total_bounds[:2])
    layers = {name: change_crs(frame, metric, name) for name, frame in layers.items()}
    corners = shapely.get_coordinates(layers["street"].geometry.to_numpy())
    rng = np.random.default_rng(20261122)
    doors = rng.choice(corners, 69) + rng.uniform(-20, 20, (69, 2))
    layers["centre"] = gpd.GeoDataFrame(
        {"id": [f"z{n:02d}" for n in range(69)]}, geometry=shapely.points(doors), crs=metric
    )
    compare(Town.from_layers(layers), PROFILES["adult"])
