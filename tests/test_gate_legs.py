"""Legs from gates, bridges over compounds, doors on walls, walks inside: 10 s a cell, 12 s off the street."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from geogrid.checks.gates import find_barred_gates
from geogrid.coverage.assess import add_doubt, assess_coverage
from geogrid.coverage.explain_walk import explain_walk
from geogrid.coverage.reading import Reading
from geogrid.coverage.town import Town
from geogrid.coverage.walks import lay_out, measure_walks
from geogrid.network.impedance import PROFILES
from tests.support.plan import box, plan_layers, plan_town

TEN_MINUTES = Reading("minutes", 10)


def home_of(home="A", *, reading=TEN_MINUTES, **things):
    return assess_coverage(plan_town(**things), reading).homes.loc[home]


def walk_s(home="A", **things):
    value = home_of(home, **things)["walk_s"]
    return None if np.isnan(value) else value


def verdict_of(reading, home="A", **things):
    coverage = assess_coverage(plan_town(**things), reading)
    return add_doubt(coverage.town, coverage.layout, coverage, seed=1).homes.loc[home, "doubt"]


# --- legs of gates -----------------------------------------------------------------------------
# The gate is in the east of the compound; two cells on runs a street with the centre, another six cells south.

BY_THE_RIVER = {
    "streets": {"east": [(14, -20), (14, 16)], "south": [(-10, 16), (14, 16)]},
    "centres": {"1": (15, 4)},
    "compounds": {"c": box(2, 0, 12, 10)},
    "gates": {"gate": (12, 10)},
    "gate_compounds": {"gate": "c"},
    "homes": {"A": (8, 10 - 1 / 4)},
    "entrances": {"A": (8, 8)},
}
STRAIGHT_S = round(np.hypot(4, 2) * 12, 3)
RIVER = box(12.5, -30, 13.5, 14)


def test_a_leg_of_a_gate_goes_round_to_the_street_without_water_before_it():
    """The honest way is six cells south to the other street, two east, and twelve north."""
    assert walk_s(**BY_THE_RIVER) == pytest.approx(STRAIGHT_S + 24 + 60 + 12)
    for obstacle in ({"waters": {"river": RIVER}}, {"walls": {"wall": [(13, -30), (13, 14)]}}):
        home = home_of(**BY_THE_RIVER, **obstacle)
        expected = STRAIGHT_S + 72 + 20 + 120 + 12
        assert home[["walk_s", "is_barred"]].tolist() == [pytest.approx(expected), False]


def test_a_leg_of_a_gate_passes_no_other_gated_compound():
    things = BY_THE_RIVER | {"compounds": BY_THE_RIVER["compounds"] | {"d": box(12.5, -30, 13.5, 14)}}
    assert walk_s(**things) == pytest.approx(STRAIGHT_S + 72 + 20 + 120 + 12)
    things["kinds"] = {"d": "开放式"}
    assert walk_s(**things) == pytest.approx(STRAIGHT_S + 24 + 60 + 12)


def test_a_leg_of_a_gate_that_has_to_pass_water_is_in_doubt_and_told():
    things = BY_THE_RIVER | {"waters": {"river": box(12.5, -30, 13.5, 30)}}
    things["streets"] = {"east": [(14, -20), (14, 16)]}
    home = home_of(**things)
    assert home[["walk_s", "is_barred"]].tolist() == [pytest.approx(STRAIGHT_S + 24 + 60 + 12), True]
    assert verdict_of(TEN_MINUTES, **things) == "in_doubt"
    assert verdict_of(TEN_MINUTES, **BY_THE_RIVER) == "surely_in"
    town = plan_town(**things)
    layout = lay_out(town)
    walk = explain_walk(town, layout, measure_walks(layout, PROFILES["adult"]), 0)
    assert [leg.is_barred for leg in walk.legs] == [False, True, False, False]


def test_the_check_names_the_gate_and_what_is_in_its_way():
    dead_end = BY_THE_RIVER | {"streets": {"east": [(14, -20), (14, 16)]}}
    for obstacle, found in (
        ({"waters": {"river": box(12.5, -30, 13.5, 30)}}, "river"),
        ({"walls": {"wall": [(13, -30), (13, 30)]}}, "wall"),
        ({"compounds": {"c": box(2, 0, 12, 10), "d": box(12.5, -30, 13.5, 30)}}, "d"),
    ):
        (finding,) = find_barred_gates(plan_layers(**(dead_end | obstacle)))
        assert (finding.code, finding.features) == ("gate.barred", ("gate",))
        assert found in finding.en
        assert "24" in finding.en
    assert find_barred_gates(plan_layers(**dead_end)) == []
    assert find_barred_gates(plan_layers(**BY_THE_RIVER, waters={"river": RIVER})) == []


def test_a_wall_drawn_a_little_beside_its_gate_does_not_stop_people():
    for off in (-0.1, 0.1):  # 1.2 m
        wall = {"wall": [(2, 10 + off), (12 + off, 10 + off), (12 + off, 0)]}
        home = home_of(**BY_THE_RIVER, walls=wall)
        assert home[["walk_s", "is_barred"]].tolist() == [pytest.approx(STRAIGHT_S + 24 + 60 + 12), False]
        moat = {
            "moat": box(2, 10 + min(off, 0), 12.2, 10.15)
        }  # water is no wall that the gate is an opening in
        assert home_of(**BY_THE_RIVER, waters=moat)["is_barred"]


def test_a_gate_drawn_a_little_inside_its_wall_still_opens_outwards():
    things = BY_THE_RIVER | {"gates": {"gate": (11.6, 8)}, "entrances": {"A": (8.6, 8)}}  # 4.8 m
    assert home_of(**things)[["walk_s", "is_barred"]].tolist() == [
        pytest.approx(36 + 2.4 * 12 + 40 + 12),
        False,
    ]


def test_of_two_gates_the_one_whose_leg_has_to_pass_water_is_in_doubt_and_its_rival_is_not():
    things = BY_THE_RIVER | {
        "streets": {"east": [(14, -20), (14, 40)], "west": [(0, 10), (-40, 10), (-40, 40), (14, 40)]},
        "waters": {"river": box(12.5, -40, 13.5, 39)},
        "gates": {"gate": (12, 8), "other": (2, 8)},
        "gate_compounds": {"gate": "c", "other": "c"},
    }
    home = home_of(**things)
    assert home[["walk_s", "is_barred"]].tolist() == [48 + 24 + 40 + 12, True]
    round_s = 72 + 12 * np.hypot(2, 2) + 400 + 300 + 540 + 360 + 12
    locked = home_of(**things, locked=["gate"])
    assert locked[["walk_s", "is_barred"]].tolist() == [pytest.approx(round_s, abs=0.001), False]
    assert verdict_of(TEN_MINUTES, **things) == "in_doubt"


# --- bridges -----------------------------------------------------------------------------------

OVER = {
    "streets": {"west": [(0, 0), (0, 10)], "over": [(0, 5), (10, 5), (20, 5)], "east": [(20, 0), (20, 10)]},
    "centres": {"1": (21, 5)},
    "compounds": {"c": box(4, 1, 16, 9)},
    "homes": {"A": (-1, 5), "B": (10, 7)},
}
OVER["streets"]["west"] = [(0, 0), (0, 5), (0, 10)]
OVER["streets"]["east"] = [(20, 0), (20, 5), (20, 10)]


def test_a_bridge_over_a_compound_is_not_cut_by_it_and_infers_no_gate():
    homes = assess_coverage(plan_town(**OVER, bridges=["over"]), TEN_MINUTES).homes
    assert homes.loc["A", "walk_s"] == 12 + 200 + 12
    assert homes.loc["B", "gate"] == "unknown"
    homes = assess_coverage(plan_town(**OVER), TEN_MINUTES).homes
    assert np.isnan(homes.loc["A", "walk_s"])
    assert homes.loc["B", ["gate", "walk_s"]].tolist() == [
        "inferred",
        round(np.hypot(6, 2) * 12, 3) + 40 + 12,
    ]


def test_a_bridge_of_several_streets_is_one_bridge():
    things = OVER | {"streets": OVER["streets"] | {"over": [(0, 5), (10, 5)], "over too": [(10, 5), (20, 5)]}}
    assert walk_s(**things, bridges=["over", "over too"]) == 12 + 200 + 12
    assert walk_s(**things, bridges=["over"]) is None  # the other half is a street in the compound


def test_a_bridge_that_ends_inside_is_a_street_into_the_compound():
    things = OVER | {"streets": OVER["streets"] | {"over": [(10, 5), (20, 5)]}}
    home = home_of("B", **things, bridges=["over"])
    assert home[["gate", "walk_s"]].tolist() == ["inferred", round(np.hypot(6, 2) * 12, 3) + 40 + 12]
    joined = OVER | {"streets": OVER["streets"] | {"lift": [(10, 5), (10, 8)]}}
    home = home_of("B", **joined, bridges=["over"])  # one can get down in the middle
    assert home["gate"] == "inferred"


def test_a_bridge_passes_over_one_compound_and_ends_in_another():
    things = OVER | {
        "compounds": {"c": box(4, 1, 8, 9), "d": box(9, 1, 16, 9)},
        "streets": OVER["streets"] | {"over": [(0, 5), (12, 5)]},
        "homes": {"B": (12, 6), "C": (6, 6)},
    }
    homes = assess_coverage(plan_town(**things, bridges=["over"]), TEN_MINUTES).homes
    assert homes["gate"].tolist() == ["inferred", "unknown"]


# --- doors on the wall -------------------------------------------------------------------------
# The street runs along the northern wall, a cell off; the gate is in the south, and nine cells of street beyond.

ON_THE_WALL = {
    "streets": {"north": [(0, 0), (20, 0)], "east": [(20, 0), (20, 12)], "south": [(20, 12), (8, 12)]},
    "centres": {"1": (20, -1)},
    "compounds": {"c": box(2, 1, 14, 11)},
    "gates": {"gate": (8, 11)},
    "homes": {"A": (8, 1)},
}
DIRECT = 12 + 120 + 12
BY_THE_GATE = 10 * 12 + 12 + 120 + 120 + 12


@pytest.mark.parametrize(
    ("row", "walk"),
    [(0.5, DIRECT - 6), (1.0, DIRECT), (1 + 1.9 / 12, DIRECT + 1.9), (1 + 2.1 / 12, BY_THE_GATE - 2.1)],
)
def test_a_known_door_outside_the_wall_or_on_it_opens_to_the_street(row, walk):
    house = {"A": box(7, 0.4, 9, 2)}
    home = home_of(**ON_THE_WALL, entrances={"A": (8, row)}, home_shapes=house)
    assert home["walk_s"] == pytest.approx(walk, abs=0.001)
    # one rule for homes and centres
    turned = ON_THE_WALL | {"centres": {"1": (8, row)}, "homes": {"A": (20, -1)}}
    assert walk_s(**turned) == pytest.approx(walk, abs=0.001)


def test_of_a_door_inside_and_one_outside_the_better_counts():
    house = {"A": box(7, 0.4, 9, 2)}
    doors = {"A0": (8, 0.5), "A1": (8, 1.9)}
    home = home_of(**ON_THE_WALL, entrances=doors, home_shapes=house)
    assert home[["walk_s", "gate"]].tolist() == [DIRECT - 6, None]


def test_without_a_known_door_a_building_on_the_wall_belongs_inside_and_is_in_doubt():
    home = home_of(**ON_THE_WALL)
    assert home[["walk_s", "gate", "is_barred"]].tolist() == [BY_THE_GATE, "given", True]
    five = Reading("minutes", 5)  # direct it is 144 s, by the gate 384
    assert home_of(**ON_THE_WALL, reading=five)["status"] == "not_covered"
    assert verdict_of(five, **ON_THE_WALL) == "in_doubt"
    assert verdict_of(TEN_MINUTES, **ON_THE_WALL) == "surely_in"
    # well inside; a second gate on the map, though shut, ends the doubt that a long wall may have others
    gates = ON_THE_WALL["gates"] | {"shut": (14, 6)}
    inside = ON_THE_WALL | {"homes": {"A": (8, 1.2)}, "gates": gates, "locked": ["shut"]}
    assert not home_of(**inside)["is_barred"]
    assert verdict_of(five, **inside) == "surely_out"


def test_a_building_beside_the_wall_is_outside_although_it_touches_it():
    house = {"A": box(7.5, 0.5, 8.5, 1)}
    home = home_of(**ON_THE_WALL, home_shapes=house)
    assert home[["walk_s", "gate", "is_barred"]].tolist() == [12 * 0.75 + 120 + 12, None, False]


# --- inside ------------------------------------------------------------------------------------


def test_a_long_loop_of_inner_streets_is_no_way_round_for_those_who_can_walk_straight():
    things = ON_THE_WALL | {
        "homes": {"A": (8, 9)},
        "streets": ON_THE_WALL["streets"]
        | {"loop": [(8, 9), (3, 9), (3, 2), (13, 2), (13, 10.5), (8, 10.5)]},
    }
    assert walk_s(**things) == 2 * 12 + 12 + 120 + 120 + 12
    seven = Reading("minutes", 7)
    assert home_of(**things, reading=seven)["status"] == "covered"


def test_a_mapped_wall_or_water_between_makes_people_walk_the_inner_streets():
    loop = {"loop": [(8, 9), (5, 9), (5, 11), (8, 11)]}
    things = ON_THE_WALL | {"homes": {"A": (8, 9)}, "streets": ON_THE_WALL["streets"] | loop}
    things["streets"]["loop"] = [(8, 9), (5, 9), (5, 10.5), (8, 10.5)]
    along = 30 + 15 + 30 + 6
    for obstacle in ({"walls": {"w": [(6, 10), (10, 10)]}}, {"waters": {"w": box(6, 9.8, 10, 10.2)}}):
        home = home_of(**things, **obstacle)
        assert home[["walk_s", "is_barred"]].tolist() == [along + 12 + 120 + 120 + 12, False]


def test_where_a_wall_is_between_and_no_street_another_gate_is_taken_and_else_the_walk_is_in_doubt():
    things = ON_THE_WALL | {"homes": {"A": (8, 9)}, "walls": {"w": [(2, 10), (14, 10)]}}
    assert home_of(**things)[["walk_s", "is_barred"]].tolist() == [24 + 12 + 240 + 12, True]
    things["gates"] = {"gate": (8, 11), "other": (8, 1)}
    assert home_of(**things)[["walk_s", "is_barred"]].tolist() == [8 * 12 + 12 + 120 + 12, False]
    # a locked gate in front of the wall does not open the wall behind
    assert home_of(**things, locked=["other"])[["status", "reason"]].tolist() == ["unanswered", "island"]


def test_home_and_centre_in_one_compound_with_a_wall_between_walk_by_the_gates():
    things = ON_THE_WALL | {
        "homes": {"A": (8, 10)},
        "centres": {"1": (8, 3)},
        "gates": {"gate": (8, 11), "other": (8, 1)},
        "walls": {"w": [(2, 6), (14, 6)]},
    }
    assert walk_s(**things) == 12 + 12 + 120 + 120 + 120 + 12 + 24
    alone = things | {"gates": {"gate": (8, 11)}}
    home = home_of(**alone)
    assert home[["walk_s", "is_barred"]].tolist() == [7 * 12, True]


def test_layers_of_a_county_may_lack_what_these_rules_ask_for():
    layers = plan_layers(**ON_THE_WALL)
    town = Town.from_layers({name: layers[name] for name in ("street", "building", "centre", "compound")})
    assert len(assess_coverage(town, TEN_MINUTES).homes) == 1
    assert shapely.is_valid(town.compound.geometry.to_numpy()).all()
