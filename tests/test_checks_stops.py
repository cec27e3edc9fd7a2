"""Gates without a compound, barriers on streets and squares: told where they are drawn astray. By hand, in metres."""

from __future__ import annotations

import datetime

import pytest

from geogrid.checks.linework import find_line_faults
from geogrid.checks.run import run_checks
from tests.support.frames import line, make_layer, point, rectangle

DAY = datetime.date(2026, 1, 1)
STREET = {"s1": line((0, 0), (200, 0)), "s2": line((0, 0), (0, 100))}


def find(**layers):
    """Codes and features of findings about gates, barriers on streets and squares."""
    layers = {"street": make_layer("street", STREET), **layers}
    findings = run_checks(layers, {}, DAY)
    return [
        (f.code, f.features)
        for f in findings
        if f.code.startswith(("gate.", "stop.", "square.", "compound."))
    ]


def gate(x, y, **values):
    return make_layer("gate", {"g": point(x, y)}, **{name: [value] for name, value in values.items()})


@pytest.mark.parametrize(
    ("x", "values", "is_told"),
    [
        (98.1, {}, False),  # within 2 m it is the compound's gate
        (95.1, {}, True),
        (95.1, {"compound": "elsewhere"}, True),  # a compound that is not there
        (95.1, {"compound": "c"}, False),
        (94.9, {}, False),
    ],
)
def test_a_gate_without_a_compound_within_five_metres_of_one_is_told_and_offered(x, values, is_told):
    compound = make_layer("compound", {"c": rectangle(100, 50, 180, 90)}, kind=["开放式"])
    found = find(compound=compound, gate=gate(x, 70, **values))
    assert (("gate.unnamed", ("g",)) in found) is is_told


def test_the_nearest_compound_is_offered_and_the_smaller_id_of_two_as_near():
    compounds = {"b": rectangle(100, 50, 110, 90), "a": rectangle(80, 50, 94, 90)}
    layers = {
        "street": make_layer("street", STREET),
        "compound": make_layer("compound", compounds, kind=["开放式"] * 2),
    }
    for x, expected in ((97, "a"), (97.5, "b")):
        (finding,) = [
            f for f in run_checks({**layers, "gate": gate(x, 70)}, {}, DAY) if f.code == "gate.unnamed"
        ]
        assert f"填写 {expected}" in finding.remedy_zh


def test_what_stops_people_on_a_street_is_told_with_the_street():
    assert find(gate=gate(100, 1, locked=True)) == [("stop.closed", ("g",))]
    assert find(gate=gate(100, 1, passage="doubtful")) == [("stop.doubtful", ("g",))]
    assert find(gate=gate(100, 1)) == []
    assert find(gate=gate(100, 9, locked=True)) == []  # the gate of a yard


def test_a_barrier_on_no_street_stops_nobody_and_is_told():
    barrier = make_layer("street_barrier", {"b1": point(100, 0), "b2": point(100, 9)})
    assert find(street_barrier=barrier) == [("stop.nowhere", ("b2",)), ("stop.closed", ("b1",))]


def test_a_locked_gate_of_a_gated_compound_is_told_once_as_that():
    compound = make_layer("compound", {"c": rectangle(100, 0, 180, 90)}, kind=["封闭式"])
    assert find(compound=compound, gate=gate(140, 0, locked=True)) == [("compound.shut", ("c",))]


def test_a_square_that_no_street_touches_is_told():
    squares = {
        "q1": rectangle(50, 0, 90, 40),
        "q2": rectangle(90, 10, 99, 40),
        "q3": rectangle(50, -40, 90, -1),
    }
    assert find(square=make_layer("square", squares)) == [("square.apart", ("q3",))]
    closed = make_layer("square", squares, walkable=[None, None, False])
    assert find(square=closed) == []


def test_nodes_of_a_bridge_that_are_known_to_be_others_are_not_joined():
    lines = {"S1": line((0, 0), (50, 0), (100, 0)), "S2": line((50, -50), (50, 0), (50, 50))}
    joined = make_layer("street", lines, bridge=[None, True])
    assert [f.code for f in find_line_faults(joined)] == ["street.bridge_joined"]
    apart = make_layer("street", lines, bridge=[None, True], nodes=["1:7", "1:8"])
    # nothing leads up to this bridge: it is an island, as it is on the ground
    assert [f.code for f in find_line_faults(apart)] == ["street.island"]
