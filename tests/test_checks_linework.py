"""Streets drawn by hand with one fault each: it is found, placed and sized, and nothing else is."""

from __future__ import annotations

import pytest
import shapely

from geogrid.checks.buildings import find_outside_buildings
from geogrid.checks.linework import find_far_homes, find_line_faults
from tests.support.frames import EAST, NORTH, line, make_layer, point, rectangle


def streets(bridge=None, **lines):
    return make_layer("street", lines, bridge=bridge or [None] * len(lines))


def find(frame):
    return [(f.code, f.features) for f in find_line_faults(frame)]


CROSS = {"S1": line((0, 0), (100, 0)), "S2": line((50, -50), (50, 50))}


def test_streets_that_cross_without_a_node_are_found_where_they_cross():
    found = [f for f in find_line_faults(streets(**CROSS)) if f.code == "street.crossing"]
    assert [f.features for f in found] == [("S1", "S2")]
    assert found[0].place.equals(point(50, 0))


def test_a_shared_vertex_is_a_node():
    assert find(streets(S1=line((0, 0), (50, 0), (100, 0)), S2=line((50, -50), (50, 0), (50, 50)))) == []


def test_a_bridge_may_cross_without_a_node_but_not_share_one():
    joined = {"S1": line((0, 0), (50, 0), (100, 0)), "S2": line((50, -50), (50, 0), (50, 50))}
    assert ("street.crossing", ("S1", "S2")) not in find(streets([False, True], **CROSS))
    found = find_line_faults(streets([False, True], **joined))
    assert [(f.code, f.features) for f in found] == [("street.bridge_joined", ("S2", "S1"))]
    assert found[0].place.equals(point(50, 0))


def test_a_bridge_joined_at_its_end_is_a_bridge():
    assert find(streets([False, True], S1=line((0, 0), (50, 0), (100, 0)), S2=line((50, 0), (50, 50)))) == []


def test_what_nothing_joins_is_one_island_with_its_length():
    frame = streets(S1=line((0, 0), (500, 0)), S2=line((0, 99), (30, 99)), S3=line((30, 99), (30, 139)))
    (finding,) = find_line_faults(frame)
    assert (finding.code, finding.features, finding.size) == ("street.island", ("S2", "S3"), 70.0)


def test_a_street_without_length_is_found():
    assert ("street.short", ("S2",)) in find(streets(S1=line((0, 0), (9, 0)), S2=line((9, 0), (9, 0.005))))


@pytest.mark.parametrize(("rise_m", "found"), [(18.0, []), (18.1, ["street.steep"])])
def test_a_street_steeper_than_a_stair_has_a_wrong_height(rise_m, found):  # 0.6 of 30 m
    sloped = shapely.LineString([(EAST, NORTH, 100.0), (EAST + 30, NORTH, 100.0 + rise_m)])
    assert [f.code for f in find_line_faults(streets(S1=sloped))] == found


@pytest.mark.parametrize(("west", "found"), [(250.0, []), (250.5, ["building.far"])])
def test_a_home_beyond_the_access_leg_of_any_street_is_found(west, found):
    # 250 m straight are 300 m with the detour of 1.2.
    homes = make_layer("building", {"w1": rectangle(west, 0, west + 10, 10)})
    assert [f.code for f in find_far_homes(homes, streets(S1=line((0, -50), (0, 50))))] == found


def test_no_streets_at_all_are_no_fault():
    assert find(streets(S1=line((0, 0), (9, 0))).iloc[:0]) == []


def test_buildings_whose_point_lies_outside_the_extent_are_one_finding():
    extent = rectangle(0, 0, 100, 100)
    shapes = {
        "in": rectangle(0, 0, 9, 9),
        "on": rectangle(94, 0, 104, 9),
        "b": rectangle(97, 0, 107, 9),
        "a": rectangle(200, 0, 209, 9),
    }
    (finding,) = find_outside_buildings(make_layer("building", shapes), extent)
    # a building counts where its inner point lies: that of `on` at x = 99, that of `b` at 102
    assert (finding.code, finding.features) == ("building.outside", ("a", "b"))
    assert finding.place.area == pytest.approx(10 * 9 + 9 * 9)
    assert find_outside_buildings(make_layer("building", shapes), None) == []
