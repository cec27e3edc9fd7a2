"""Equity by hand, by brute force, and against PySAL's access."""

from __future__ import annotations

import json
import warnings

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from geogrid.coverage.assess import assess_layout
from geogrid.coverage.equity import assess_equity, find_weighted_quantile, measure_gini
from geogrid.coverage.reading import Reading
from geogrid.coverage.supply import Zone, choose_zones, share_supply
from geogrid.coverage.town import Town
from geogrid.coverage.walks import lay_out
from tests.support.town import at, draw_layers

ROW = """
A B              C           D   E
+--+----------------------------------+
1
"""
# Walks of 24, 44, 194, 314 and 354 s: legs of 12 s at both ends of 0, 20, 170, 290 and 330 s.
WALKS_S = {"A": 24.0, "B": 44.0, "C": 194.0, "D": 314.0, "E": 354.0}
FOUR_MINUTES = Reading("minutes", 4)


def equity(layers, reading=FOUR_MINUTES):
    town = Town.from_layers(layers)
    layout = lay_out(town)
    return assess_equity(town, layout, reading, assess_layout(town, layout, [reading])[0].homes)


def row_of(found, kind="county", code=None, age="all"):
    rows = found.rows
    is_code = rows["code"].isna() if code is None else rows["code"] == code
    (row,) = rows[(rows["kind"] == kind) & is_code & (rows["age"] == age)].to_dict("records")
    return row


# --- by hand -----------------------------------------------------------------------------------


def test_shares_and_minutes_are_weighed_by_people():
    people = {"A": 10, "B": 20, "C": 30, "D": 39, "E": 1}
    row = row_of(equity(draw_layers(ROW, people=people)))
    assert (row["n_homes"], row["people"], row["unanswered"]) == (5, 100, 0)
    assert row["covered_share"] == 0.6  # A, B, C within 240 s
    total_s = sum(number * WALKS_S[home] for home, number in people.items())
    assert row["mean_min"] == pytest.approx(total_s / 100 / 60, rel=1e-12)
    assert row["p95_min"] == pytest.approx(314 / 60)  # 99 of 100 live no farther than D, 60 no farther than C
    brute = sum(people[a] * people[b] * abs(WALKS_S[a] - WALKS_S[b]) for a in people for b in people) / (
        2 * total_s * 100
    )
    assert row["gini"] == pytest.approx(brute, rel=1e-12)


def test_ages_are_weighed_by_their_own_numbers_and_areas_by_their_own_homes():
    layers = draw_layers(ROW, people=dict.fromkeys("ABCDE", 10))
    layers["building"]["residents_60_plus"] = pd.array([1, 1, 0, 2, None], dtype="Int64")
    west, east = shapely.box(*at(-5, 5), *at(20, -5)), shapely.box(*at(20, 5), *at(60, -5))
    layers["community"] = gpd.GeoDataFrame(
        {"code": ["w", "e"]}, geometry=[west, east], crs=layers["street"].crs
    )
    found = equity(layers)
    elderly = row_of(found, age="60+")
    assert (elderly["people"], elderly["n_homes_without_people"], elderly["covered_share"]) == (4, 1, 0.5)
    assert elderly["mean_min"] == pytest.approx((24 + 44 + 2 * 314) / 4 / 60)
    assert row_of(found, "community", "w")["covered_share"] == 1.0
    assert row_of(found, "community", "e")["covered_share"] == 0.0
    nobody = row_of(found, "community", "w", "0-14")
    assert pd.isna(nobody["people"])
    assert nobody["n_homes_without_people"] == 3
    assert np.isnan([nobody["covered_share"], nobody["mean_min"], nobody["p95_min"], nobody["gini"]]).all()


def test_people_without_an_answer_are_not_covered_and_have_no_minutes():
    picture = """
A                              B
+---+                    +-----+
1
"""
    row = row_of(equity(draw_layers(picture, people={"A": 30, "B": 10})))
    assert (row["people"], row["unanswered"], row["covered_share"]) == (40, 10, 0.75)
    assert row["mean_min"] == pytest.approx(24 / 60)
    assert row["access"] == pytest.approx(1000 * (30 * (1 / 30)) / 40)  # one centre, reached by A's 30 alone


def test_capacities_are_used_only_where_all_are_known():
    picture = """
A              B
+--------------+
1              2
"""
    # A and B are at 24 s from their own centre and 174 s from the other: zones end at 80, 160 and 240 s.
    people = {"A": 100, "B": 300}
    layers = draw_layers(picture, people=people, centre_capacity={"1": 50, "2": 60})
    found = equity(layers)
    first, second = 50 / (100 + 0.22 * 300), 60 / (0.22 * 100 + 300)
    mean = (100 * (first + 0.22 * second) + 300 * (0.22 * first + second)) / 400
    assert found.supply == "capacity"
    assert row_of(found)["access"] == pytest.approx(1000 * mean, rel=1e-12)
    assert row_of(found)["access"] == pytest.approx(
        1000 * (50 + 60) / 400, rel=1e-12
    )  # all of it is shared out
    counted = equity(draw_layers(picture, people=people, centre_capacity={"1": 50}))
    assert counted.supply == "centres"
    assert row_of(counted)["access"] == pytest.approx(1000 * 2 / 400, rel=1e-12)


def test_the_answer_is_json_with_null_where_there_is_nobody():
    told = equity(draw_layers(ROW)).to_dict()
    text = json.dumps(told, allow_nan=False)
    assert json.loads(text)["rows"][0] == {
        "kind": "county", "code": None, "age": "all", "n_homes": 5, "n_homes_without_people": 5, "people": None,
        "unanswered": None, "covered_share": None, "mean_min": None, "p95_min": None, "gini": None, "access": None,
    }  # fmt: skip


# --- quantiles and Gini ------------------------------------------------------------------------


def test_a_quantile_at_its_very_share_is_the_value_that_reaches_it():
    values, people = np.array([1.0, 2.0, 3.0]), np.array([90.0, 5.0, 5.0])
    assert find_weighted_quantile(values, people, 0.95) == 2.0
    assert find_weighted_quantile(values, people, 0.951) == 3.0
    assert find_weighted_quantile(values, np.array([1.0, 0.0, 0.0]), 1.0) == 1.0
    assert np.isnan(find_weighted_quantile(values, np.zeros(3), 0.95))


def test_gini_is_nought_among_equals_and_nears_one_where_one_has_all():
    assert measure_gini(np.full(4, 7.0), np.array([1.0, 2.0, 3.0, 4.0])) == pytest.approx(0.0, abs=1e-15)
    assert measure_gini(np.array([0.0, 9.0]), np.array([999.0, 1.0])) == pytest.approx(0.999)
    assert measure_gini(np.zeros(3), np.ones(3)) == 0.0
    assert np.isnan(measure_gini(np.array([1.0]), np.zeros(1)))


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 9)), min_size=1, max_size=12))
def test_gini_is_half_the_mean_difference_of_pairs_over_the_mean(pairs):
    values, people = (np.array(column, float) for column in zip(*pairs, strict=True))
    everybody = np.repeat(values, people.astype(int))
    if not everybody.sum():
        return
    difference = np.abs(everybody[:, None] - everybody).mean()
    assert measure_gini(values, people) == pytest.approx(difference / (2 * everybody.mean()), abs=1e-12)


# --- E2SFCA ------------------------------------------------------------------------------------


def share_as_pysal(costs, people, supply, zones):
    """PySAL's answer for a table of costs, NaN where no centre may be reached; NaN becomes 0."""
    access = pytest.importorskip("access", reason="install access to compare E2SFCA with PySAL")
    from access.access import weights

    origin, dest = np.nonzero(np.isfinite(costs))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pandas tells PySAL of things to come
        model = access.Access(
            demand_df=pd.DataFrame({"geoid": range(len(people)), "pop": people}),
            demand_index="geoid",
            demand_value="pop",
            supply_df=pd.DataFrame({"geoid": range(len(supply)), "doc": supply}),
            supply_index="geoid",
            supply_value="doc",
            cost_df=pd.DataFrame({"origin": origin, "dest": dest, "cost": costs[origin, dest]}),
            cost_origin="origin",
            cost_dest="dest",
            cost_name="cost",
        )
        steps = weights.step_fn({zone.up_to: zone.weight for zone in zones})
        found = model.enhanced_two_stage_fca(name="e", weight_fn=steps)
    return found["e_doc"].reindex(range(len(people))).fillna(0.0).to_numpy()


def as_reach(costs):
    home, centre = np.nonzero(np.isfinite(costs))
    indptr = np.searchsorted(home, np.arange(len(costs) + 1))
    return csr_matrix((costs[home, centre], centre, indptr), shape=costs.shape)


CLASSIC = (Zone(10.0, 1.0), Zone(20.0, 0.68), Zone(30.0, 0.22))
HOSPITALS = [
    # The four scenarios of PySAL's own example of a centre (3) and two suburbs: gridlock, a fast lane into
    # the city, one out of it, both. Costs from tract to tract.
    [[1, 80, 40], [80, 1, 40], [40, 40, 1]],
    [[1, 80, 20], [80, 1, 20], [40, 40, 1]],
    [[1, 80, 40], [80, 1, 40], [20, 20, 1]],
    [[1, 40, 20], [40, 1, 20], [20, 20, 1]],
]


@pytest.mark.parametrize("costs", HOSPITALS, ids=["gridlock", "inbound", "outbound", "both"])
def test_the_reference_case_of_pysal_has_pysals_answer(costs):
    costs, people, supply = np.array(costs, float), np.array([100.0, 50, 10]), np.array([15.0, 20, 100])
    mine = share_supply(as_reach(costs), people, supply, CLASSIC)
    np.testing.assert_allclose(mine, share_as_pysal(costs, people, supply, CLASSIC), rtol=1e-12, atol=0)


@pytest.mark.parametrize("seed", range(5))
def test_drawn_counties_have_pysals_answer(seed):
    rng = np.random.default_rng(seed)
    costs = rng.integers(0, 45, (40, 9)).astype(float)  # on the bounds of the zones too
    costs[rng.random(costs.shape) < 0.3] = np.inf
    people, supply = rng.integers(1, 500, 40).astype(float), rng.integers(1, 90, 9).astype(float)
    mine = share_supply(as_reach(costs), people, supply, CLASSIC)
    np.testing.assert_allclose(mine, share_as_pysal(costs, people, supply, CLASSIC), rtol=1e-12, atol=1e-15)


def test_two_steps_by_hand():
    """Homes of 100 and 50 people; centre 0 (supply 30) at 5 and 25, centre 1 (supply 12) at 40 and 20."""
    reach = csr_matrix(np.array([[5.0, 40.0], [25.0, 20.0]]))
    first, second = 30 / (100 * 1.0 + 50 * 0.22), 12 / (50 * 0.68)
    found = share_supply(reach, np.array([100.0, 50.0]), np.array([30.0, 12.0]), CLASSIC)
    assert found.tolist() == pytest.approx([first, 0.22 * first + 0.68 * second], rel=1e-12)


def test_a_home_without_known_people_asks_for_nothing_and_has_its_access_all_the_same():
    reach = csr_matrix(np.array([[5.0], [5.0]]))
    assert share_supply(reach, np.array([10.0, np.nan]), np.array([2.0]), CLASSIC).tolist() == [0.2, 0.2]
    assert share_supply(reach, np.array([np.nan, np.nan]), np.array([2.0]), CLASSIC).tolist() == [0.0, 0.0]


@given(st.integers(0, 2**32 - 1))
def test_all_supply_that_anybody_reaches_is_shared_out(seed):
    rng = np.random.default_rng(seed)
    costs = np.where(rng.random((12, 4)) < 0.5, rng.uniform(0, 40, (12, 4)), np.inf)
    people, supply = rng.integers(0, 50, 12).astype(float), rng.integers(1, 20, 4).astype(float)
    found = share_supply(as_reach(costs), people, supply, CLASSIC)
    is_reached = ((costs <= 30) & (people > 0)[:, None]).any(axis=0)
    assert (found * people).sum() == pytest.approx(supply[is_reached].sum(), abs=1e-9)


def test_zones_are_thirds_of_the_cutoff_in_metres_too():
    assert [zone.up_to for zone in choose_zones(Reading("metres", 600))] == [200_000.0, 400_000.0, 600_000.0]
