"""Compounds in, beside and over one another, of several parts and with holes: 10 s a cell, 12 s off the street."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from geogrid.coverage.assess import assess_coverage
from geogrid.coverage.explain_walk import explain_walk
from geogrid.coverage.ground import lay_ground
from geogrid.coverage.reading import Reading
from geogrid.coverage.surface import measure_surface
from geogrid.coverage.walks import lay_out, measure_walks
from geogrid.network.impedance import PROFILES
from tests.support.plan import box, plan_town

TEN_MINUTES = Reading("minutes", 10)
ADULT = PROFILES["adult"]


def home_of(home="A", **things):
    return assess_coverage(plan_town(**things), TEN_MINUTES).homes.loc[home]


def walk_s(home="A", **things):
    value = home_of(home, **things)["walk_s"]
    return None if np.isnan(value) else value


# --- one in another ----------------------------------------------------------------------------
# A school of 4 x 4 cells on a campus of 20 x 10. The street runs north of the campus, a cell from its wall; the
# school stands a cell from the campus's northern wall. The gate of the school is in its south, that of the
# campus in its east, from where a street leads north.

NESTED = {
    "streets": {"north": [(0, 0), (24, 0)], "east": [(24, 0), (24, 6)], "drive": [(24, 6), (21, 6)]},
    "centres": {"1": (0, -1)},
    "compounds": {"campus": box(1, 1, 21, 11), "school": box(3, 2, 7, 6)},
    "gates": {"campus gate": (21, 6), "school gate": (5, 6)},
    "homes": {"A": (5, 4), "B": (9, 6), "C": (3, -1)},
}
DRIVE = 30 + 60 + 240 + 12
"""From the gate of the campus: 3 cells, 6 north, 24 west, and a cell to the centre."""
OUT_OF_BOTH = 24 + 16 * 12 + DRIVE
"""Two cells to the gate of the school, 16 to that of the campus."""


def test_a_home_in_a_school_on_a_campus_leaves_by_the_gate_of_the_school_and_then_by_that_of_the_campus():
    homes = assess_coverage(plan_town(**NESTED), TEN_MINUTES).homes
    assert homes["walk_s"].tolist() == [OUT_OF_BOTH, 12 * 12 + DRIVE, 12 + 30 + 12]
    assert homes["gate"].tolist() == ["given", "given", None]


@pytest.mark.parametrize("names", [("a", "b"), ("b", "a")])
def test_the_names_of_compounds_and_gates_decide_nothing(names):
    outer, inner = names
    renamed = NESTED | {
        "compounds": {outer: NESTED["compounds"]["campus"], inner: NESTED["compounds"]["school"]},
        "gates": {f"{inner}{outer}": (21, 6), f"{outer}{inner}": (5, 6)},
    }
    for order in (1, -1):
        turned = renamed | {
            key: dict(list(renamed[key].items())[::order]) for key in ("compounds", "gates", "streets")
        }
        assert walk_s(**turned) == OUT_OF_BOTH


@pytest.mark.parametrize("kind", ["开放式", "unknown", None])
def test_an_open_compound_or_one_of_unknown_kind_within_a_gated_one_opens_nothing(kind):
    inside = NESTED | {"kinds": {"school": kind}, "gates": {"campus gate": (21, 6)}}
    straight = round(np.hypot(16, 2) * 12, 3)
    assert walk_s(**inside) == pytest.approx(straight + DRIVE, abs=0.001)


@pytest.mark.parametrize("named", ["school", "campus", "open", "nothing"])
def test_what_a_home_says_of_its_compound_opens_no_wall(named):
    things = NESTED | {
        "compounds": NESTED["compounds"] | {"open": box(4, 3, 6, 5)},
        "kinds": {"open": "开放式"},
        "home_compounds": {"A": named},
    }
    assert walk_s(**things) == OUT_OF_BOTH


def test_when_the_outer_gate_is_locked_nobody_leaves_the_inner_compound():
    home = home_of(**NESTED, locked=["campus gate"])
    assert home[["status", "reason"]].tolist() == ["unanswered", "island"]
    home = home_of(**NESTED, locked=["school gate"])
    assert home[["status", "reason"]].tolist() == ["unanswered", "island"]
    assert walk_s("B", **NESTED, locked=["school gate"]) == 12 * 12 + DRIVE


def test_a_centre_in_the_inner_compound_is_reached_through_the_outer_gate_and_then_the_inner_one():
    things = NESTED | {"centres": {"1": (5, 4)}, "homes": {"A": (0, -1), "B": (9, 6), "C": (5, 3)}}
    homes = assess_coverage(plan_town(**things), TEN_MINUTES).homes
    # B is on the campus and passes the gate of the school alone; C is in the school and passes none
    assert homes["walk_s"].tolist() == [12 + 240 + 60 + 30 + 16 * 12 + 24, 4 * 12 + 24, 12]


def test_a_home_in_one_school_and_a_centre_in_another_meet_on_the_campus():
    things = NESTED | {
        "compounds": NESTED["compounds"] | {"other": box(11, 2, 15, 6)},
        "gates": NESTED["gates"] | {"other gate": (13, 6)},
        "centres": {"1": (13, 4)},
        "locked": ["campus gate"],
    }
    assert walk_s(**things) == 24 + 8 * 12 + 24


def test_nobody_on_a_campus_walks_through_a_school_on_it():
    """The straight way passes the school, in which nobody may walk; the path round it is mapped."""
    things = NESTED | {
        "homes": {"A": (2, 4)},
        "streets": NESTED["streets"] | {"path": [(2, 4), (2, 8), (20, 8), (20, 6)]},
    }
    path = 40 + 180 + 20 + 12  # along it, and a cell to the gate
    assert walk_s(**things) == path + DRIVE


def test_three_compounds_in_one_another_are_left_by_three_gates():
    things = NESTED | {
        "compounds": NESTED["compounds"] | {"yard": box(4, 3, 6, 5)},
        "gates": NESTED["gates"] | {"yard gate": (5, 5)},
    }
    assert walk_s(**things) == 12 + 12 + 16 * 12 + DRIVE


def test_a_gate_is_inferred_in_the_inner_wall_where_a_street_of_the_outer_compound_crosses_it():
    things = NESTED | {
        "gates": {"campus gate": (21, 6)},
        "streets": NESTED["streets"] | {"path": [(5, 4), (5, 8), (21, 8), (21, 6)]},
    }
    home = home_of(**things)
    # along the path to the wall (straight is the same way and dearer), then straight to the gate of the campus
    assert home[["walk_s", "gate"]].tolist() == [20 + 192 + DRIVE, "inferred"]


def test_the_walk_through_two_gates_is_told_leg_by_leg():
    town = plan_town(**NESTED)
    layout = lay_out(town)
    walks = measure_walks(layout, ADULT)
    walk = explain_walk(town, layout, walks, 0)
    assert [(leg.origin, leg.destination, leg.gate, leg.cost / 1000) for leg in walk.legs] == [
        ("home", "gate", "school gate", 24),
        ("gate", "gate", "campus gate", 192),
        ("gate", "street", "campus gate", 0),
        ("street", "street", None, 30),
        ("street", "street", None, 60),
        ("street", "street", None, 240),
        ("street", "centre", None, 12),
    ]
    assert walk.cost == walks.cost[0]


def test_the_map_and_the_table_agree_in_the_inner_and_in_the_outer_compound():
    town = plan_town(**NESTED)
    layout = lay_out(town)
    ground = lay_ground(town, layout, cell_m=12.0)
    surface = measure_surface(layout, ground, ADULT)
    lattice = surface.lattice
    for column, row in ((5, 4), (9, 6), (15, 9), (4, 3)):
        x, y = column * 12.0 + 6.0, -row * 12.0 - 6.0
        cell = int(np.floor((y - lattice.south) / 12.0)), int(np.floor((x - lattice.west) / 12.0))
        home = column + 0.5, row + 0.5
        walk = walk_s(**(NESTED | {"homes": {"A": home}}))
        assert surface.minutes[cell] * 60 == pytest.approx(walk, abs=1e-6)


# --- several parts -----------------------------------------------------------------------------
# Two parts of one compound on either side of a river, a street on each bank; the streets meet in the far west.

BANKS = {
    "streets": {"north": [(0, 0), (30, 0)], "south": [(0, 12), (30, 12)], "bridge": [(0, 0), (0, 12)]},
    "centres": {"1": (30, -1)},
    "compounds": {"both": shapely.MultiPolygon([box(24, 1, 29, 4), box(24, 8, 29, 11)])},
    "gates": {"north gate": (26, 1)},
    "homes": {"A": (26, 9), "B": (26, 3)},
    "waters": {"river": box(1, 5, 40, 7)},
}


def test_nobody_walks_from_part_to_part_of_a_compound():
    homes = assess_coverage(plan_town(**BANKS), TEN_MINUTES).homes
    # the part in the south has no gate: the place of its wall that is nearest to a street stands for one
    assert homes["gate"].tolist() == ["unknown", "given"]
    assert homes.loc["B", "walk_s"] == 24 + 12 + 40 + 12
    # all of the southern wall is a cell from the street: from its nearer end it is 24 cells to the bridge
    assert homes.loc["A", "walk_s"] >= 24 + 12 + 240 + 120 + 300 + 12
    assert homes.loc["A", "status"] == "not_covered"


def test_a_part_without_a_gate_infers_its_own_where_a_street_meets_it():
    things = BANKS | {
        "streets": BANKS["streets"] | {"drive": [(26, 12), (26, 11)], "south": [(0, 12), (26, 12), (30, 12)]}
    }
    home = home_of(**things)
    assert home[["walk_s", "gate"]].tolist() == [24 + 10 + 260 + 120 + 300 + 12, "inferred"]


def test_a_locked_gate_shuts_its_own_part_alone():
    things = BANKS | {"gates": {"north gate": (26, 1), "south gate": (26, 11)}, "locked": ["north gate"]}
    homes = assess_coverage(plan_town(**things), TEN_MINUTES).homes
    assert homes["gate"].tolist() == ["given", "given"]
    assert homes.loc["A", "walk_s"] == 24 + 12 + 260 + 120 + 300 + 12
    assert homes.loc["B", "reason"] == "island"


def test_a_gate_that_stands_apart_from_its_compound_belongs_to_the_nearest_part():
    things = BANKS | {"gates": {"gate": (26, 0.5)}, "gate_compounds": {"gate": "both"}}
    homes = assess_coverage(plan_town(**things), TEN_MINUTES).homes
    assert homes["gate"].tolist() == ["unknown", "given"]
    assert homes.loc["B", "walk_s"] == 30 + 6 + 40 + 12


def test_home_and_centre_in_two_parts_of_one_compound_have_no_walk_inside_it():
    things = BANKS | {"centres": {"1": (26, 9)}, "gates": {"north gate": (26, 1), "south gate": (26, 11)}}
    assert walk_s("B", **things) == 24 + 12 + 260 + 120 + 260 + 12 + 24


# --- holes -------------------------------------------------------------------------------------


def test_what_lies_in_a_hole_of_a_compound_is_outside_of_it_and_nobody_walks_straight_across():
    ring = box(2, 2, 22, 12).difference(box(8, 4, 16, 10))
    things = {
        "streets": {"north": [(0, 0), (24, 0)], "path": [(6, 7), (6, 3), (18, 3), (18, 7), (21, 7)]},
        "centres": {"1": (24, -1)},
        "compounds": {"ring": ring},
        "gates": {"gate": (22, 7)},
        "homes": {"A": (5, 7)},
    }
    home = home_of(**things)
    # a cell to the path, along it, and a cell to the gate, from where the street is seven cells north
    to_gate = 12 + 40 + 120 + 40 + 30 + 12
    assert home[["walk_s", "is_barred"]].tolist() == [pytest.approx(to_gate + 84 + 20 + 12), False]
    home = home_of(**(things | {"streets": {"north": [(0, 0), (24, 0)]}}))
    assert home[["walk_s", "is_barred"]].tolist() == [17 * 12 + 84 + 20 + 12, True]


# --- side by side ------------------------------------------------------------------------------
# Two compounds share a wall. The street runs in the south; the gate of the western one is in the shared wall.

SHARED = {
    "streets": {"south": [(0, 11), (30, 11)]},
    "centres": {"1": (0, 12)},
    "compounds": {"west": box(1, 0, 11, 10), "east": box(11, 0, 21, 10)},
    "gates": {"between": (11, 5), "out": (21, 5)},
    "homes": {"A": (7, 5), "B": (15, 5)},
}


def test_a_gate_in_a_shared_wall_leads_through_the_neighbour_and_out_by_its_gate():
    homes = assess_coverage(plan_town(**SHARED), TEN_MINUTES).homes
    out = 6 * 12 + 210 + 12  # from the eastern gate along the wall to the street
    assert homes["walk_s"].tolist() == [4 * 12 + 10 * 12 + out, 6 * 12 + out]


def test_when_the_neighbour_is_shut_the_gate_in_the_shared_wall_leads_nowhere():
    homes = assess_coverage(plan_town(**SHARED, locked=["out"]), TEN_MINUTES).homes
    assert homes["reason"].tolist() == ["island", "island"]


def test_a_gap_narrower_than_two_hands_draw_one_wall_is_no_street_between_two_compounds():
    for gap_m in (0.5, 1.5, -1.5):
        east = shapely.affinity.translate(box(11, 0, 21, 10), gap_m, 0)
        things = SHARED | {
            "compounds": SHARED["compounds"] | {"east": east},
            "gate_compounds": {"between": "west", "out": "east"},
        }
        assert walk_s(**things) == pytest.approx(4 * 12 + 10 * 12 + 6 * 12 + 210 + 12, abs=1.0)


def test_an_alley_between_two_compounds_is_outside_of_both():
    things = SHARED | {"compounds": {"west": box(1, 0, 11, 10), "east": box(11.5, 0, 21, 10)}}
    assert walk_s(**things) == 4 * 12 + 6 * 12 + 110 + 12  # six metres wide: down the alley


# --- over one another --------------------------------------------------------------------------


def test_where_two_compounds_overlap_the_walls_of_both_count():
    things = {
        "streets": {"south": [(0, 11), (30, 11)]},
        "centres": {"1": (0, 12)},
        "compounds": {"west": box(1, 0, 15, 10), "east": box(9, 0, 23, 10)},
        "gates": {"in west": (9, 5), "of west": (1, 5)},
        "gate_compounds": {"in west": "east", "of west": "west"},
        "homes": {"A": (12, 5), "B": (5, 5)},
    }
    homes = assess_coverage(plan_town(**things), TEN_MINUTES).homes
    out = 6 * 12 + 10 + 12  # along the western wall to the street
    assert homes["walk_s"].tolist() == [3 * 12 + 8 * 12 + out, 4 * 12 + out]


def test_a_compound_drawn_twice_is_left_by_one_gate():
    things = NESTED | {
        "compounds": {"campus": box(1, 1, 21, 11), "again": box(1.05, 1.05, 20.95, 10.95)},
        "gates": {"campus gate": (21, 6)},
        "gate_compounds": {"campus gate": "campus"},
    }
    assert walk_s("B", **things) == 12 * 12 + DRIVE
