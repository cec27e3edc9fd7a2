"""Gaps: how homes are clustered, how wide a gap may be, its reasons, and the ground drawn for it."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geogrid.coverage.assess import assess_coverage
from geogrid.coverage.catchment import outline_reached
from geogrid.coverage.cluster import cluster_homes
from geogrid.coverage.explain import GapReason
from geogrid.coverage.gaps import GAP_GROUND_M, limit_width
from geogrid.coverage.ground import lay_ground
from geogrid.coverage.reading import STANDARD_READINGS, Reading
from geogrid.coverage.walks import lay_out
from tests.support.random_town import make_town
from tests.support.town import draw_town


def measure_widths(xy, cluster):
    """The largest distance between two homes of each cluster."""
    return [
        np.hypot(*(xy[cluster == n][:, None] - xy[cluster == n]).reshape(-1, 2).T).max()
        for n in range(cluster.max() + 1)
    ]


# --- clusters ----------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 999), st.integers(1, 400), st.sampled_from([300.0, 417.0, 600.0]))
def test_no_cluster_is_wider_than_the_width_and_every_home_has_one(seed, n_homes, width_m):
    xy = np.random.default_rng(seed).uniform(0, 2_000, (n_homes, 2))
    cluster = cluster_homes(xy, 150, width_m)
    assert np.array_equal(np.unique(cluster), np.arange(cluster.max() + 1))
    assert max(measure_widths(xy, cluster)) <= width_m
    _, first = np.unique(cluster, return_index=True)
    assert (np.diff(first) > 0).all()  # numbered as they appear


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 999))
def test_the_order_of_homes_changes_no_cluster(seed):
    rng = np.random.default_rng(seed)
    xy, order = rng.uniform(0, 1_500, (200, 2)), rng.permutation(200)
    one, other = cluster_homes(xy, 150, 600), cluster_homes(xy[order], 150, 600)
    assert {frozenset(np.flatnonzero(one == n).tolist()) for n in np.unique(one)} == {
        frozenset(order[other == n].tolist()) for n in np.unique(other)
    }


def test_homes_that_one_centre_could_serve_stay_one_cluster_and_far_ones_never_join():
    ring = 290 * np.column_stack([np.cos(np.arange(20) * np.pi / 10), np.sin(np.arange(20) * np.pi / 10)])
    assert set(cluster_homes(ring, 150, 600).tolist()) == {0}  # 580 m across, 91 m from one to the next
    apart = np.array([[0.0, 0.0], [151.0, 0.0]])
    assert cluster_homes(apart, 150, 600).tolist() == [0, 1]
    assert cluster_homes(apart[:1], 150, 600).tolist() == [0]
    assert len(cluster_homes(apart[:0], 150, 600)) == 0


def test_a_chain_of_very_many_squares_is_split_too():
    x, y = np.meshgrid(np.arange(12, 2_000, 25.0), np.arange(12, 2_000, 25.0))
    xy = np.column_stack([x.ravel(), y.ravel()])  # 6,400 squares in one chain
    cluster = cluster_homes(xy, 150, 600)
    assert max(measure_widths(xy, cluster)) <= 600
    assert 12 <= cluster.max() + 1 <= 60  # 4 square kilometres; a circle of 600 m has 0.28


@pytest.mark.parametrize(
    ("reading", "width_m"),
    [
        ("minutes:10:adult", 600),  # 600 s at 1.2 m/s are 720 m, 600 m with a detour of 1.2
        ("minutes:10:elderly", 400),
        ("minutes:10:child", 500),
        ("metres:500", 500 / 1.2),
        ("minutes:1:adult", 300),  # no less
    ],
)
def test_a_gap_is_as_wide_as_somebody_gets_within_the_cutoff(reading, width_m):
    assert limit_width(Reading.parse(reading)) == pytest.approx(width_m)


# --- gaps --------------------------------------------------------------------------------------

LONG = "1\n+" + "-" * 150 + "+\n" + " " * 60 + "   ".join("ABCDEFHIJKMNOPQRSTUW")


def test_a_chain_of_homes_longer_than_a_gap_may_be_wide_becomes_several():
    gaps = assess_coverage(draw_town(LONG), Reading("minutes", 2)).gaps
    # 20 homes every 48 m are 912 m long; 2 minutes reach 120 m: the least width of 300 m holds 7 of them
    assert gaps["n_homes"].sum() == 20
    assert gaps["n_homes"].max() <= 7
    assert len(gaps) <= 5


def test_a_gap_counts_its_homes_by_reason_and_names_the_reason_of_most_people():
    picture = """
1            C
+---------------+
  ##########
  #A       #
  #  B     #
  #########G
"""
    # C is far: 156 m in a straight line. Without the wall A walks 24 + 30 + 12 s and B 36 + 50 + 12 s; by
    # the gate in the far corner, from which 48 + 110 + 12 s are left, neither is there in two minutes.
    town = draw_town(picture, people={"A": 1, "B": 1, "C": 5})
    coverage = assess_coverage(town, Reading("minutes", 2))
    assert coverage.gaps[["n_homes", "reason", "n_gate", "n_far"]].to_numpy().tolist() == [[3, "far", 2, 1]]
    assert coverage.gaps["n_homes"].sum() == (coverage.homes["status"] == "not_covered").sum()
    for gap in coverage.gaps.itertuples():
        assert sum(getattr(gap, f"n_{reason.value}") for reason in GapReason) == gap.n_homes
    told = coverage.to_dict()["gaps"]
    assert all({f"n_{reason.value}" for reason in GapReason} <= set(gap) for gap in told)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("reading", STANDARD_READINGS[1:], ids=str)
def test_the_ground_of_gaps_is_apart_and_near_its_homes_and_outside_all_isochrones(seed, reading):
    town = make_town(seed, n_homes=150)
    coverage = assess_coverage(town, reading)
    gaps, homes = coverage.gaps, coverage.homes[coverage.homes["status"] == "not_covered"]
    assert len(gaps) >= 1
    assert gaps.is_valid.all()
    assert not gaps.is_empty.any()
    assert set(gaps.geom_type) <= {"Polygon", "MultiPolygon"}
    assert gaps.area.sum() == pytest.approx(shapely.union_all(gaps.geometry.to_numpy()).area, abs=80)
    layout = lay_out(town)
    reached = outline_reached(layout, lay_ground(town, layout), reading)
    drawn = gaps[gaps.area > 500]  # not those drawn as the footprints of homes on the outline's wrong side
    assert shapely.intersection(drawn.union_all(), reached).area < 0.02 * drawn.area.sum()
    around = shapely.union_all(
        shapely.buffer(shapely.points(homes[["x", "y"]].to_numpy()), GAP_GROUND_M + 25)
    )
    assert shapely.difference(gaps.union_all(), around).area < 1
    points = shapely.points(homes[["x", "y"]].to_numpy())
    assert shapely.dwithin(gaps.union_all(), points, 25).mean() >= 0.97


def test_the_ground_of_gaps_leaves_out_water(seed=1):
    town = make_town(seed, n_homes=150)
    gaps = assess_coverage(town, STANDARD_READINGS[1]).gaps
    water = shapely.union_all(town.water.geometry.to_numpy())
    large = gaps[gaps.area > 500]
    assert not water.is_empty
    built = shapely.union_all(
        town.building.geometry.to_numpy()
    )  # a home that stands in the water keeps its own ground
    assert shapely.intersection(large.union_all(), shapely.difference(water, built)).area < 0.1
