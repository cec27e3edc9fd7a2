"""Where rules meet: stops, doubtful streets, bridges and squares beside nested compounds; 10 s a cell, 12 s off the street."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from geogrid.coverage.assess import add_doubt, assess_coverage
from geogrid.coverage.engine import Engine
from geogrid.coverage.explain_walk import explain_walk, find_cause
from geogrid.coverage.possible_gates import spread_gates, spread_stops
from geogrid.coverage.reading import Reading
from geogrid.coverage.repricing import measure_world, take_apart
from geogrid.coverage.scenario import AddCentre, CloseGate, MoveCentre, OpenGate, RemoveCentre
from geogrid.coverage.walks import lay_out, measure_walks
from geogrid.coverage.worlds import make_base_world
from geogrid.network.impedance import PROFILES
from tests.support.oracle import Oracle
from tests.support.plan import box, plan_town
from tests.support.random_town import pave, stop_streets
from tests.support.walled_town import make_walled_town

ADULT = PROFILES["adult"]
QUARTER_HOUR = Reading("minutes", 15)


def walk(town):
    """Seconds by home, None where there is no walk; equal to networkx's."""
    layout = lay_out(town)
    walks, oracle = measure_walks(layout, ADULT), Oracle(town, "adult")
    ids = layout.homes.building["id"].tolist()
    centres = np.append(layout.centre_id, [None])[walks.centre].tolist()
    found = dict(zip(ids, zip(walks.cost.tolist(), centres, strict=True), strict=True))
    assert found == {home: oracle.nearest(home) for home in ids}
    for number, home in enumerate(ids):
        explained = explain_walk(town, layout, walks, number)
        assert (None if explained is None else explained.cost) == (found[home][0] if found[home][1] else None)
    return {home: cost / 1000 if centre else None for home, (cost, centre) in found.items()}


def doubt(town, reading=QUARTER_HOUR):
    coverage = assess_coverage(town, reading)
    return add_doubt(coverage.town, coverage.layout, coverage, seed=1)


# --- inside nested compounds -------------------------------------------------------------------
# A school in the west of a campus; a path leads from its gate to that of the campus, 16 cells east, and a wall
# across the campus has no opening but the path.

CAMPUS = {
    "streets": {
        "path": [(5, 6), (21, 6)],
        "drive": [(24, 6), (21, 6)],
        "east": [(24, 0), (24, 6)],
        "north": [(0, 0), (24, 0)],
    },
    "centres": {"1": (0, -1)},
    "compounds": {"campus": box(1, 1, 21, 11), "school": box(3, 2, 7, 6)},
    # a second one on the map, though shut, ends the doubt that the long wall of the campus may have others
    "gates": {"campus gate": (21, 6), "campus back gate": (21, 9), "school gate": (5, 6)},
    "locked": ["campus back gate"],
    "homes": {"A": (5, 4)},
}
WALL = {"walls": {"wall": [(14, 1), (14, 11)]}}
STOP = {"stops": {"stop": (13, 6)}}
BEYOND = 30 + 60 + 240 + 12
BY_THE_PATH, STRAIGHT = 24 + 160 + BEYOND, 24 + 16 * 12 + BEYOND


def test_a_stop_inside_a_nested_compound_stops_the_path_and_not_who_walks_beside_it():
    assert walk(plan_town(**CAMPUS)) == {"A": BY_THE_PATH}
    assert walk(plan_town(**CAMPUS, **STOP)) == {"A": STRAIGHT}
    assert walk(plan_town(**CAMPUS, **STOP, passages={"stop": "open"})) == {"A": BY_THE_PATH}


def test_where_a_wall_stands_beside_a_closed_stop_the_straight_walk_is_in_doubt():
    assert walk(plan_town(**CAMPUS, **WALL)) == {"A": BY_THE_PATH}
    town = plan_town(**CAMPUS, **WALL, **STOP)
    assert walk(town) == {"A": STRAIGHT}
    assert assess_coverage(town, QUARTER_HOUR).homes["is_barred"].tolist() == [True]
    # but where a gate, though shut, is reached past nothing, the walk past the wall is none
    gates = CAMPUS["gates"] | {"school back gate": (3, 4)}
    shut = CAMPUS | {"gates": gates, "locked": ["campus back gate", "school back gate"]}
    assert walk(plan_town(**shut, **WALL, **STOP)) == {"A": None}


@pytest.mark.parametrize(
    "doubtful",
    [STOP | {"passages": {"stop": "doubtful"}}, {"doubtful": ["path"]}],
    ids=["a gate on the path", "the path"],
)
def test_a_doubtful_way_inside_a_compound_is_drawn_in_worlds(doubtful):
    """Passed in half of the worlds; in half of the others people pass the wall: three quarters."""
    town = plan_town(**CAMPUS, **WALL, **doubtful)
    assert walk(town) == {"A": BY_THE_PATH}
    found = doubt(town)
    assert found.homes.loc["A", ["doubt", "is_barred"]].tolist() == ["in_doubt", False]
    # 8 or 9 of 17 scenes, and 300 worlds: 3 points and 2.5 (one standard deviation)
    assert found.doubt.covered_share[0] == pytest.approx(0.75, abs=0.09)
    told = {assumption.name: assumption.n for assumption in found.doubt.assumptions}
    assert told["way_doubtful"] == 1
    # without the wall nothing depends on it
    assert doubt(plan_town(**CAMPUS, **doubtful)).homes.loc["A", "doubt"] == "surely_in"


def test_a_world_without_a_doubtful_path_is_the_town_without_it():
    town = plan_town(**CAMPUS, doubtful=["path"])
    possible = spread_stops(spread_gates(lay_out(town)))
    closed = np.zeros(1, bool)
    parts = take_apart(town, possible, ADULT, closed)
    assert measure_world(parts, make_base_world(parts.subject), limit=np.inf).tolist() == [1000 * STRAIGHT]


# --- where a street meets a wall ----------------------------------------------------------------

YARD = {
    "streets": {"in": [(0, 5), (10, 5)]},
    "centres": {"1": (0, 4)},
    "compounds": {"yard": box(4, 1, 16, 9)},
    "homes": {"A": (10, 4)},
}


@pytest.mark.parametrize("column", [4, 4 - 1.9 / 12, 4 + 1.9 / 12])
def test_no_gate_is_inferred_where_the_street_is_stopped_at_the_wall(column):
    stop = {"stops": {"stop": (column, 5)}}
    inferred = 12 + 60 + 40 + 12  # a leg, six cells along the street inside, four outside
    assert walk(plan_town(**YARD)) == {"A": inferred}
    town = plan_town(**YARD, **stop)
    assert walk(town) == {"A": None}
    homes = assess_coverage(town, QUARTER_HOUR).homes
    assert homes.loc["A", ["status", "gate"]].tolist() == ["unanswered", "given"]
    assert find_cause(lay_out(town), 0, homes["reason"].iloc[0]) == "locked"
    # who has another street in takes that
    other = YARD["streets"] | {"other": [(10, 12), (10, 7)], "round": [(0, 5), (0, 12), (10, 12)]}
    # to the wall five cells straight; three from there, ten west, seven north, one to the centre
    assert walk(plan_town(**YARD | {"streets": other}, **stop))["A"] == 60 + 30 + 100 + 70 + 12
    found = lay_out(plan_town(**YARD | {"streets": other}, **stop)).network.gates
    assert found.origin.tolist() == ["inferred"]
    assert len(found.xy) == 1


def test_a_stop_on_a_street_that_runs_along_a_wall_infers_no_gate():
    along = YARD | {"streets": {"along": [(0, 1), (20, 1)]}, "centres": {"1": (0, 0)}}
    town = plan_town(**along, stops={"stop": (10, 1)})
    assert lay_out(town).network.gates.origin.tolist() == ["unknown"]
    walk(town)


def test_a_bridge_does_not_end_at_a_road_below_it_in_a_compound_where_their_nodes_differ():
    things = YARD | {
        "streets": {"over": [(0, 5), (10, 5), (20, 5)], "below": [(10, 3), (10, 5), (10, 7)]},
        "homes": {"A": (20, 4)},
        "gates": {"gate": (16, 8)},
        "gate_compounds": {"gate": "yard"},
    }
    town = plan_town(**things, bridges=["over"], nodes={"over": "1:8", "below": "1:9"})
    assert walk(town) == {"A": 12 + 200 + 12}
    # one node: the bridge ends in the yard, and is a street into it
    assert walk(plan_town(**things, bridges=["over"])) == {"A": None}


# --- squares ------------------------------------------------------------------------------------
# A square of 20 by 10 cells; a gated compound reaches into it from the north, its gate in its southern wall.

PLAZA = {
    "streets": {"west": [(-5, 2), (0, 2)], "east": [(20, 2), (25, 2)]},
    "centres": {"1": (25, 1)},
    "squares": {"square": box(0, 0, 20, 10)},
    "homes": {"A": (-5, 1), "B": (10, 4)},
}
CUT = {"compounds": {"c": box(8, -1, 12, 8)}, "gates": {"gate": (10, 8)}}


def test_a_square_that_a_gated_compound_cuts_is_crossed_round_its_corners():
    west = 12 + 50
    east = 50 + 12
    assert walk(plan_town(**PLAZA))["A"] == west + 200 + east
    # eight cells east and six south to the corner of the wall, four along it, and the same again: 10 + 4 + 10
    found = walk(plan_town(**PLAZA, **CUT))
    assert found["A"] == west + 240 + east
    # from the gate two cells to the corner, and ten
    assert found["B"] == 48 + 20 + 100 + east


def test_a_gate_that_has_to_pass_water_leads_straight_over_a_square_all_the_same():
    town = plan_town(
        streets={"east": [(24, 5), (30, 5)]},
        centres={"1": (20, 5)},
        compounds={"c": box(2, 0, 12, 10)},
        gates={"gate": (12, 5), "shut": (2, 5)},
        locked=["shut"],
        homes={"A": (8, 5)},
        squares={"square": box(14, 0, 24, 10)},
        waters={"river": box(12.5, -30, 13.5, 40)},
    )
    assert walk(town) == {"A": 4 * 12 + 2 * 12 + 60}
    assert assess_coverage(town, QUARTER_HOUR).homes["is_barred"].tolist() == [True]
    assert doubt(town).homes.loc["A", "doubt"] == "in_doubt"


# --- gates on streets that are opened and closed on trial ---------------------------------------


def test_a_gate_on_a_street_is_opened_and_closed_whatever_its_passage_says():
    things = {
        "streets": {"s": [(0, 0), (10, 0), (20, 0)]},
        "centres": {"1": (20, 1)},
        "homes": {"A": (0, 1)},
        "gates": {"gate": (10, 0)},
    }
    town = plan_town(**things)
    for passage, is_open in (("closed", False), ("open", True), ("doubtful", True), (None, True)):
        town.gate["passage"] = pd.Series([passage], dtype=object)
        engine = Engine(town, ADULT)
        assert np.isfinite(engine.walks.cost).all() == is_open
        engine.apply(CloseGate("gate"))
        assert not np.isfinite(engine.walks.cost).any()
        engine.apply(OpenGate("gate"))
        assert np.isfinite(engine.walks.cost).all()


# --- everything at once -------------------------------------------------------------------------


def make_meeting_town(seed):
    """Nested, touching and multipart compounds, a river, walls and bridges, with stops, torn nodes and squares."""
    return pave(stop_streets(make_walled_town(seed), seed), seed)


@pytest.mark.parametrize("seed", range(10))
def test_every_home_of_a_town_in_which_all_rules_meet_walks_as_networkx_does(seed):
    town = make_meeting_town(seed)
    assert len(lay_out(town).network.squares)
    walk(town)


@pytest.mark.parametrize("seed", range(10))
def test_the_base_world_of_a_town_in_which_all_rules_meet_is_the_base(seed):
    town = make_meeting_town(seed)
    town.street["doubtful"] = pd.Series(np.arange(len(town.street)) % 3 == 0, dtype="boolean")
    layout = lay_out(town)
    parts = take_apart(town, spread_stops(spread_gates(layout)), ADULT)
    cost = measure_world(parts, make_base_world(parts.subject), limit=np.inf)
    assert cost.tolist() == measure_walks(layout, ADULT).cost.tolist()


@pytest.mark.parametrize("seed", range(6))
def test_centres_are_tried_in_a_town_in_which_all_rules_meet_as_if_it_were_laid_out_anew(seed):
    town = make_meeting_town(seed)
    engine, rng = Engine(town, ADULT), np.random.default_rng(seed)
    places = [tuple(map(float, rng.uniform(20, 580, 2))) for _ in range(6)]
    edits = [AddCentre("new", *places[0])]
    edits += [
        MoveCentre(key, *place) for key, place in zip(("new", "z0", "new", "z1"), places[1:], strict=False)
    ]
    edits += [RemoveCentre("new")]
    for edit in edits:
        engine.apply(edit)
        expected = measure_walks(lay_out(engine.town), ADULT)
        assert engine.walks.cost.tolist() == expected.cost.tolist()
        assert engine.walks.centre.tolist() == expected.centre.tolist()
        assert engine.walks.is_barred.tolist() == expected.is_barred.tolist()
