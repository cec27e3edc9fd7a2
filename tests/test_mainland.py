"""Homes, gates and centres whose nearest street is an island: 10 s a cell along a street, 12 s off it."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from geogrid.cli.explanation import explain_building
from geogrid.coverage.assess import assess_coverage
from geogrid.coverage.engine import Engine
from geogrid.coverage.reading import Reading
from geogrid.coverage.scenario import AddCentre, MoveCentre, RemoveCentre
from geogrid.coverage.town import Town
from geogrid.coverage.walks import lay_out, measure_walks
from geogrid.crs import change_crs, choose_metric_crs
from geogrid.io.osm import read_osm
from geogrid.network.impedance import PROFILES
from tests.support.plan import box, plan_town
from tests.support.random_town import make_town
from tests.support.town import at
from tests.support.walled_town import make_walled_town

TEN_MINUTES = Reading("minutes", 10)
CASES = Path(__file__).parent / "data" / "nearest-street-is-an-island"
ADULT = PROFILES["adult"]

PATH = {
    "streets": {"path": [(0, 1), (6, 1)], "street": [(-20, 6), (30, 6)]},
    "centres": {"1": (30, 7)},
    "homes": {"A": (4, 0)},
}
OVER = 6 * 12 + 260 + 12
"""Six cells from the home to the street, past the path; 26 along it, and a cell to the centre."""


def home_of(home="A", **things):
    return assess_coverage(plan_town(**things), TEN_MINUTES).homes.loc[home]


# --- the case of the file ----------------------------------------------------------------------


def read_case(name, centres):
    layers = read_osm(CASES / name).layers
    rows = pd.read_csv(CASES / centres)
    layers["centre"] = gpd.GeoDataFrame(
        {"id": rows["编号"]}, geometry=gpd.points_from_xy(rows["经度"], rows["纬度"], crs="EPSG:4326")
    )
    metric = choose_metric_crs(*layers["street"].total_bounds[:2])
    return Town.from_layers({key: change_crs(frame, metric, key) for key, frame in layers.items()})


@pytest.mark.parametrize(("name", "leg_m"), [("island-40m.osm", 54.0), ("island-150m.osm", 164.0)])
def test_the_home_by_an_isolated_path_is_reached_over_the_street(name, leg_m):
    """It stands at (86, gap + 14) on a house of 12 m; the centre is 504 m along the street and 10 m beside it."""
    town = read_case(name, "centre.csv")
    homes = assess_coverage(town, TEN_MINUTES).homes.set_index(
        lay_out(town).homes.building["name"].to_numpy(object)
    )
    seconds = (leg_m * 1.2 + 504 + 10 * 1.2) / 1.2
    assert homes.loc["小径边的楼", "walk_s"] == pytest.approx(seconds, abs=3)
    assert homes.loc["小径边的楼", "status"] == "covered"


def test_joined_to_the_street_the_path_is_the_way_and_a_centre_on_the_path_is_reached_by_it():
    joined = assess_coverage(read_case("joined-40m.osm", "centre.csv"), TEN_MINUTES).homes
    # 12 m beside the path, 6 along it, 42 to the street, 510 along that, and 10 beside it
    assert joined["walk_s"].max() == pytest.approx((12 * 1.2 + 6 + 42 + 510 + 10 * 1.2) / 1.2, abs=3)
    own = assess_coverage(read_case("island-40m.osm", "centre-on-island.csv"), TEN_MINUTES).homes
    assert own["walk_s"].min() == pytest.approx((12 * 1.2 + 34 + 8 * 1.2) / 1.2, abs=3)


# --- drawn -------------------------------------------------------------------------------------


def test_a_home_takes_the_next_street_that_leads_to_a_centre_and_the_explanation_says_so():
    assert home_of(**PATH)[["walk_s", "status"]].tolist() == [OVER, "covered"]
    town = plan_town(**PATH)
    told, lines = explain_building(town, lay_out(town), TEN_MINUTES, "A", "en")
    assert told["walk"]["passed_over"] == {"street": "path", "name": None, "straight_m": 12.0}
    assert any("path (12 m) leads to no centre" in line for line in lines)
    joined = plan_town(**PATH | {"streets": PATH["streets"] | {"link": [(6, 1), (30, 6)]}})
    told, _ = explain_building(joined, lay_out(joined), TEN_MINUTES, "A", "en")
    assert told["walk"]["passed_over"] is None


def test_a_street_that_leads_to_a_centre_is_taken_however_far_that_is():
    things = PATH | {"streets": PATH["streets"] | {"path": [(0, 1), (6, 1), (6, -60)]}}
    things["centres"] = PATH["centres"] | {"2": (7, -60)}
    homes = assess_coverage(plan_town(**things), TEN_MINUTES).homes
    assert homes.loc["A", ["walk_s", "centre"]].tolist() == [12 + 20 + 610 + 12, "2"]


def test_the_next_street_is_within_the_limit_of_a_leg_and_past_no_wall():
    far = PATH | {
        "streets": {"path": [(0, 1), (6, 1)], "street": [(-20, 21), (30, 21)]},
        "centres": {"1": (30, 22)},
    }
    assert home_of(**far)["reason"] == "island"  # 21 cells are 302 m of leg
    near = far | {
        "streets": {"path": [(0, 1), (6, 1)], "street": [(-20, 20), (30, 20)]},
        "centres": {"1": (30, 21)},
    }
    assert home_of(**near)["walk_s"] == 240 + 260 + 12
    for obstacle in ({"walls": {"w": [(-30, 3), (40, 3)]}}, {"waters": {"w": box(-30, 3, 40, 4)}}):
        assert home_of(**PATH, **obstacle)["reason"] == "island"


def test_a_gate_on_an_island_opens_onto_the_next_street():
    things = PATH | {
        "compounds": {"c": box(2, -6, 6, 0.5)},
        "gates": {"gate": (4, 0.5)},
        "homes": {"A": (4, -2)},
    }
    assert home_of(**things)["walk_s"] == 30 + 66 + 260 + 12


def test_a_centre_that_no_home_reaches_takes_the_next_street_that_leads_to_one():
    things = PATH | {"homes": {"A": (30, 7)}, "centres": {"1": (4, 0)}}
    assert home_of(**things)["walk_s"] == 12 + 260 + 6 * 12
    # a home by the path reaches it there, and nothing is to be mended
    both = things | {"homes": {"A": (30, 7), "B": (2, 0)}}
    homes = assess_coverage(plan_town(**both), TEN_MINUTES).homes
    assert homes.loc["B", "walk_s"] == 12 + 20 + 12


def test_a_position_walks_as_a_home_there_does():
    from geogrid.coverage.walks import measure_point_walks

    town = plan_town(**PATH)
    layout = lay_out(town)
    points = np.array([gpd.points_from_xy([at(4, 0)[0]], [at(4, 0)[1]])[0]], dtype=object)
    _, seconds = measure_point_walks(town, layout, points, ADULT)
    assert seconds.tolist() == [OVER]


# --- what if -----------------------------------------------------------------------------------


def test_a_centre_that_opens_on_the_island_takes_its_homes_back_and_gives_them_up_when_it_closes():
    engine = Engine(plan_town(**PATH), ADULT)
    engine.apply(AddCentre("2", *at(0, 0)))
    assert engine.walks.cost.tolist() == [(12 + 40 + 12) * 1000]
    engine.apply(RemoveCentre("2"))
    assert engine.walks.cost.tolist() == [OVER * 1000]
    engine.apply(MoveCentre("1", *at(0, 0)))
    assert engine.walks.cost.tolist() == [(12 + 40 + 12) * 1000]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("make", [make_town, make_walled_town])
def test_what_if_equals_the_town_computed_from_the_beginning_also_where_streets_are_islands(make, seed):
    engine, rng = Engine(make(seed, n_centres=2), ADULT), np.random.default_rng(seed)
    for number in range(8):
        x, y = rng.uniform(0, 600, 2).tolist()
        engine.apply(AddCentre(f"n{number}", x, y))
        if number % 3 == 2:
            engine.apply(RemoveCentre(f"n{number - 1}"))
        reference = measure_walks(lay_out(engine.town), ADULT)
        for name in ("cost", "centre", "gate", "has_way", "is_barred"):
            np.testing.assert_array_equal(getattr(engine.walks, name), getattr(reference, name), err_msg=name)
