"""Every walk against networkx, on drawn towns and, where one is given, on a real extract."""

from __future__ import annotations

import os
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geogrid.coverage.assess import assess_coverage
from geogrid.coverage.reach import REACH_M, REACH_S, measure_reach
from geogrid.coverage.reading import Reading
from geogrid.coverage.town import Town
from geogrid.coverage.walks import lay_out, measure_walks
from geogrid.crs import change_crs, choose_metric_crs
from geogrid.network.impedance import LENGTH, PROFILES
from tests.support.oracle import Oracle
from tests.support.random_town import make_town


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
