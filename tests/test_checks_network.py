"""Streets that miss each other, shut compounds, gates and centres astray: drawn by hand, in metres."""

from __future__ import annotations

import pytest

from geogrid.checks.geometry import find_geometry_faults
from geogrid.checks.network import find_centre_faults, find_gate_faults, find_near_misses
from tests.support.frames import line, make_layer, point, rectangle


def streets(walkable=None, **lines):
    return make_layer("street", lines, walkable=walkable or [None] * len(lines))


@pytest.mark.parametrize(
    ("x", "found"), [(98.0, True), (97.99, False), (100.0, True), (101.5, True), (99.9996, True)]
)
def test_an_end_within_two_metres_of_a_street_that_it_does_not_meet_is_found(x, found):
    # S2 runs north-south at x = 100 without a vertex at y = 0, where S1 ends.
    findings = find_near_misses(streets(S1=line((0, 0), (x, 0)), S2=line((100, -50), (100, 50))))
    assert [f.features for f in findings] == ([("S1", "S2")] if found else [])
    if found:
        assert findings[0].size == pytest.approx(abs(100 - x), abs=1e-6)
        assert findings[0].place.equals(point(x, 0))


def test_streets_that_share_a_vertex_have_met():
    assert (
        find_near_misses(streets(S1=line((0, 0), (100, 0)), S2=line((100, -50), (100, 0), (100, 50)))) == []
    )


def test_a_vertex_shared_to_the_millimetre_is_shared():
    near = 100.0004  # the network takes both for one node
    assert (
        find_near_misses(streets(S1=line((0, 0), (near, 0)), S2=line((100, -50), (100, 0), (100, 50)))) == []
    )


def test_two_ends_that_miss_each_other_are_one_finding():
    (finding,) = find_near_misses(streets(S1=line((0, 0), (50, 0)), S2=line((51, 0), (99, 0))))
    assert (finding.features, finding.size) == (("S1", "S2"), 1.0)


def test_a_street_that_nobody_walks_is_not_missed():
    assert (
        find_near_misses(streets([True, False], S1=line((0, 0), (99, 0)), S2=line((100, -50), (100, 50))))
        == []
    )


def test_a_ring_and_a_dead_end_are_no_faults():
    ring = line((0, 0), (10, 0), (10, 10), (0, 0))
    assert find_near_misses(streets(S1=ring, S2=line((10, 10), (80, 10)))) == []


# --- gates -------------------------------------------------------------------------------------

BLOCK = rectangle(0, 0, 100, 100)


def gates(**rows):
    """Gates from name -> (x, y, compound, pedestrian, locked)."""
    shapes = {key: point(x, y) for key, (x, y, *_) in rows.items()}
    columns = zip(*(row[2:] for row in rows.values()), strict=True)
    return make_layer("gate", shapes, **dict(zip(("compound", "pedestrian", "locked"), columns, strict=True)))


def compounds(kind="封闭式"):
    return make_layer("compound", {"p1": BLOCK}, name=["宜和佳苑"], kind=[kind])


def test_a_gated_compound_with_a_gate_for_walkers_is_right():
    assert find_gate_faults(compounds(), gates(g1=(0, 50, "p1", True, False))) == []


def test_a_gate_of_which_nothing_is_said_lets_people_through():
    assert find_gate_faults(compounds(), gates(g1=(0, 50, "p1", None, None))) == []


def test_a_gate_on_the_edge_that_names_no_compound_counts():
    assert find_gate_faults(compounds(), gates(g1=(0, 50, None, True, None))) == []


@pytest.mark.parametrize(("pedestrian", "locked"), [(False, None), (True, True), (None, True)])
def test_a_compound_whose_gates_let_nobody_out_is_shut(pedestrian, locked):
    (finding,) = find_gate_faults(compounds(), gates(g1=(0, 50, "p1", pedestrian, locked)))
    assert (finding.code, finding.features, finding.size) == ("compound.shut", ("p1",), 1)


def test_a_gated_compound_without_any_gate_is_told_and_an_open_one_is_not():
    elsewhere = gates(g1=(500, 500, None, True, None))
    assert [f.code for f in find_gate_faults(compounds(), elsewhere)] == ["compound.no_gate"]
    assert find_gate_faults(compounds("开放式"), elsewhere) == []
    assert [f.code for f in find_gate_faults(compounds(), elsewhere.iloc[:0])] == ["compound.no_gate"]


@pytest.mark.parametrize(("x", "found"), [(-5.0, False), (-5.01, True), (5.0, False), (50.0, True)])
def test_a_gate_farther_than_five_metres_from_its_compounds_edge_is_astray(x, found):
    findings = find_gate_faults(compounds(), gates(g1=(x, 50, "p1", True, False)))
    assert [f.code for f in findings] == (["gate.far"] if found else [])
    if found:
        assert findings[0].size == pytest.approx(abs(x))


# --- centres -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("y", "found"), [(250.0, False), (250.01, True)])
def test_a_centre_is_too_far_when_its_access_leg_is_longer_than_300_m(y, found):
    # The leg is 1.2 times the straight line: 250 m are exactly 300 m.
    centres = make_layer("centre", {"z1": point(50, y)}, name=["中心"])
    findings = find_centre_faults(centres, streets(S1=line((0, 0), (100, 0))))
    assert [f.code for f in findings] == (["centre.far"] if found else [])


def test_without_walkable_streets_every_centre_is_too_far():
    centres = make_layer("centre", {"z1": point(0, 0)}, name=["中心"])
    (finding,) = find_centre_faults(centres, streets([False], S1=line((0, 0), (100, 0))))
    assert finding.size is None


# --- shapes ------------------------------------------------------------------------------------


def test_empty_invalid_and_repeated_shapes_are_told():
    bow = type(BLOCK)([(0, 0), (10, 10), (10, 0), (0, 10)])
    turned = type(BLOCK)(list(BLOCK.exterior.coords)[1:])  # the same square, begun at another corner
    buildings = make_layer("building", {"a": BLOCK, "b": None, "c": bow, "d": turned, "e": type(BLOCK)()})
    found = [(f.code, f.features) for f in find_geometry_faults(buildings, "building")]
    assert found == [
        ("geometry.empty", ("b",)),
        ("geometry.empty", ("e",)),
        ("geometry.invalid", ("c",)),
        ("geometry.duplicate", ("a", "d")),
    ]


def test_points_may_coincide():
    assert find_geometry_faults(make_layer("gate", {"a": point(0, 0), "b": point(0, 0)}), "gate") == []
