"""The parts of the network on their own: nodes and segments, prices, snapping, cuts."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from geogrid.errors import InvalidOptionError, NetworkTooLargeError
from geogrid.network.compounds import cut_streets
from geogrid.network.graph import Costs, build_graph, price_segments
from geogrid.network.impedance import LENGTH, PROFILES, find_profile, is_leg_too_long, price_legs
from geogrid.network.search import Direct, Ways, find_nearest, match_equal, price_pairs
from geogrid.network.snap import price_along, price_from_ends, price_to_ends, snap_points

ADULT = PROFILES["adult"]


def graph_of(*wkt, group=None, steps=None):
    n = len(wkt)
    return build_graph(
        shapely.from_wkt(wkt),
        is_steps=np.zeros(n, bool) if steps is None else np.array(steps),
        wait_s_per_m=np.zeros(n),
        group=np.zeros(n, np.int64) if group is None else np.array(group),
    )


def ways(*rows):
    """Ways from (place, segment, fraction, leg)."""
    place, segment, fraction, leg = np.array(rows, float).reshape(-1, 4).T
    return Ways(place.astype(int), segment.astype(int), fraction, leg, np.full(len(place), -1))


NO_DIRECT = Direct(np.empty(0, int), np.empty(0, int), np.empty(0))


def test_a_line_gives_a_segment_between_each_two_vertices():
    graph = graph_of("LINESTRING (0 0, 3 4, 3 14)")
    assert graph.length_m.tolist() == [5, 10]
    assert (graph.n_nodes, graph.n_segments) == (3, 2)


def test_vertices_half_a_millimetre_apart_are_one_node_and_a_segment_between_them_is_dropped():
    graph = graph_of("LINESTRING (0 0, 10 0, 10.0004 0, 20 0)", "LINESTRING (10.0003 0, 10 5)")
    assert (graph.n_nodes, graph.n_segments) == (4, 3)
    assert len(np.unique(graph.component)) == 1


def test_lines_of_different_groups_share_no_node():
    graph = graph_of("LINESTRING (0 0, 10 0)", "LINESTRING (10 0, 20 0)", group=[0, 1])
    assert len(np.unique(graph.component)) == 2


def test_an_empty_network_has_no_nodes():
    graph = graph_of()
    assert (graph.n_nodes, graph.n_segments) == (0, 0)
    assert snap_points(np.array([[0.0, 0.0]]), graph).segment.tolist() == [-1]


@pytest.mark.parametrize(
    ("profile", "ms"),
    [("adult", 83333), ("elderly", 125000), ("child", 100000)],  # 100 m at 1.2, 0.8 and 1.0 m/s
)
def test_a_segment_costs_its_length_over_the_speed_in_whole_milliseconds(profile, ms):
    costs = price_segments(graph_of("LINESTRING (0 0, 100 0)"), PROFILES[profile])
    assert costs.forward.tolist() == costs.backward.tolist() == [ms]


def test_lengths_are_whole_millimetres_and_know_no_steps():
    costs = price_segments(graph_of("LINESTRING (0 0, 12.3456 0)", steps=[True]), LENGTH)
    assert costs.forward.tolist() == [12346]


def test_wait_and_walk_are_rounded_together():
    graph = build_graph(
        shapely.from_wkt(["LINESTRING (0 0, 1.0004 0)"]),
        is_steps=np.array([False]),
        wait_s_per_m=np.array([0.0004 / 1.0004]),  # 0.4 ms, and 1000.4 ms of walking: 1000.8
        group=np.array([0]),
    )
    assert price_segments(graph, PROFILES["child"]).forward.tolist() == [1001]


def test_an_access_leg_is_charged_with_its_detour_and_300_m_is_still_one():
    assert price_legs(np.array([100.0]), ADULT).tolist() == [100_000]  # 120 m at 1.2 m/s
    assert price_legs(np.array([100.0]), LENGTH).tolist() == [120_000]
    assert is_leg_too_long(np.array([250.0, 250.01]), 300.0).tolist() == [False, True]


def test_an_unknown_profile_is_refused_with_the_known_ones():
    with pytest.raises(InvalidOptionError, match=r"adult\|elderly\|child"):
        find_profile("dog")


def test_a_point_snaps_to_the_nearest_place_on_a_segment():
    graph = graph_of("LINESTRING (0 0, 100 0)", "LINESTRING (0 40, 100 40)")
    snaps = snap_points(np.array([[30.0, 10.0], [-30.0, 40.0], [50.0, 20.0], [np.nan, 1.0]]), graph)
    assert snaps.segment.tolist() == [0, 1, 0, -1]  # the third is as near to both: the smaller number
    assert snaps.fraction[:3].tolist() == [0.3, 0.0, 0.5]
    assert snaps.straight_m.tolist() == [10, 30, 20, np.inf]


def test_only_the_allowed_segments_are_snapped_to():
    graph = graph_of("LINESTRING (0 0, 100 0)", "LINESTRING (0 40, 100 40)")
    snaps = snap_points(np.array([[30.0, 10.0]]), graph, segments=np.array([1]))
    assert (snaps.segment.tolist(), snaps.straight_m.tolist()) == ([1], [30])


def test_the_two_parts_of_a_segment_add_up_to_it_in_each_direction():
    costs = Costs(forward=np.array([101.0]), backward=np.array([51.0]))  # downhill
    half = np.array([0]), np.array([0.5])
    assert [part.tolist() for part in price_to_ends(*half, costs)] == [[26], [50]]  # 25.5 up; 101 - 51
    assert [part.tolist() for part in price_from_ends(*half, costs)] == [[51], [25]]
    quarter, whole = np.array([0.25]), np.array([1.0])
    assert price_along(np.array([0]), quarter, whole, costs).tolist() == [101 - 25]
    assert price_along(np.array([0]), whole, quarter, costs).tolist() == [51 - 13]


def test_a_walk_uphill_costs_more_than_the_way_back():
    graph = graph_of("LINESTRING (0 0, 10 0)", "LINESTRING (10 0, 20 0)")
    costs = Costs(forward=np.array([30.0, 30.0]), backward=np.array([10.0, 10.0]))
    low, high = ways((0, 0, 0.0, 0)), ways((0, 1, 1.0, 0))
    assert find_nearest(graph, costs, low, high, NO_DIRECT, 1, 1).cost.tolist() == [60]
    assert find_nearest(graph, costs, high, low, NO_DIRECT, 1, 1).cost.tolist() == [20]


def test_a_segment_that_costs_nothing_is_still_an_edge():
    graph = graph_of("LINESTRING (0 0, 10 0)", "LINESTRING (10 0, 20 0)")
    costs = Costs(forward=np.zeros(2), backward=np.zeros(2))
    found = find_nearest(graph, costs, ways((0, 0, 0.0, 0)), ways((0, 1, 1.0, 0)), NO_DIRECT, 1, 1)
    assert found.cost.tolist() == [0]


def test_equal_walks_go_to_the_smaller_centre_and_a_millisecond_decides_otherwise():
    graph = graph_of("LINESTRING (0 0, 10 0)", "LINESTRING (10 0, 20 0)")
    costs = Costs(forward=np.full(2, 50.0), backward=np.full(2, 50.0))
    home = ways((0, 0, 1.0, 0))
    even = ways((0, 0, 0.0, 7), (1, 1, 1.0, 7))
    odd = ways((0, 0, 0.0, 8), (1, 1, 1.0, 7))
    assert find_nearest(graph, costs, home, even, NO_DIRECT, 1, 2).centre.tolist() == [0]
    assert find_nearest(graph, costs, home, odd, NO_DIRECT, 1, 2).centre.tolist() == [1]


def test_sums_that_a_float_could_not_hold_are_refused():
    graph = graph_of("LINESTRING (0 0, 10 0)")
    costs = Costs(forward=np.array([2.0**52]), backward=np.array([2.0**52]))
    with pytest.raises(NetworkTooLargeError):
        find_nearest(graph, costs, ways((0, 0, 0.0, 0)), ways((0, 0, 1.0, 0)), NO_DIRECT, 1, 1)


def test_pairs_in_separate_networks_are_priced_together_and_across_them_not_at_all():
    graph = graph_of(
        "LINESTRING (0 0, 10 0)", "LINESTRING (10 0, 20 0)", "LINESTRING (0 99, 10 99)", group=[0, 0, 1]
    )
    costs = Costs(forward=np.full(3, 100.0), backward=np.full(3, 100.0))
    places = snap_points(np.array([[0.0, 0], [20.0, 0], [2.5, 99], [7.5, 99]]), graph)
    origin, destination = np.array([0, 1, 2, 0, 3]), np.array([1, 0, 3, 3, 2])
    found = price_pairs(graph, costs, places, places, origin, destination)
    assert found.tolist() == [200, 200, 50, np.inf, 50]


def test_pairs_of_equal_numbers_are_all_found():
    left, right = match_equal(np.array([3, 1, 3, 5]), np.array([3, 3, 5, 4]))
    assert list(zip(left.tolist(), right.tolist(), strict=True)) == [(0, 0), (0, 1), (2, 0), (2, 1), (3, 2)]


# --- cuts --------------------------------------------------------------------------------------

SQUARE = "POLYGON ((0 0, 100 0, 100 100, 0 100, 0 0))"


def cut(lines, *polygons):
    pieces = cut_streets(shapely.from_wkt(lines), shapely.from_wkt(polygons))
    return [
        (street, region, round(length, 6))
        for street, region, length in zip(
            pieces.street.tolist(),
            pieces.region.tolist(),
            shapely.length(pieces.line).tolist(),
            strict=True,
        )
    ]


def test_a_street_through_a_compound_is_cut_at_both_walls():
    assert cut(["LINESTRING (-50 50, 150 50)"], SQUARE) == [(0, -1, 50), (0, -1, 50), (0, 0, 100)]


def test_a_street_along_the_wall_or_a_little_inside_stays_whole_and_public():
    along = ["LINESTRING (0 0, 100 0)", "LINESTRING (-10 1.5, 110 1.5)", "LINESTRING (-10 -5, 110 -5)"]
    assert cut(along, SQUARE) == [(0, -1, 100), (1, -1, 120), (2, -1, 120)]


def test_a_street_through_two_neighbours_is_cut_between_them():
    second = "POLYGON ((100 0, 200 0, 200 100, 100 100, 100 0))"
    assert cut(["LINESTRING (-50 50, 250 50)"], SQUARE, second) == [
        (0, -1, 50),
        (0, -1, 50),
        (0, 0, 100),
        (0, 1, 100),
    ]


def test_a_wall_that_a_street_follows_before_it_turns_in_is_public_up_to_the_turn():
    assert cut(["LINESTRING (0 0, 50 0, 50 50)"], SQUARE) == [(0, -1, 50), (0, 0, 50)]


def test_without_compounds_nothing_is_cut():
    assert cut(["LINESTRING (-50 50, 150 50)"]) == [(0, -1, 200)]
