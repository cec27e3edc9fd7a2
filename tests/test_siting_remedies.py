"""Gates, paths and bridges beside new centres: who gains, computed a second way, and accepted as scenarios."""

from __future__ import annotations

import json

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geogrid.coverage.assess import assess_coverage
from geogrid.coverage.engine import Engine
from geogrid.coverage.reading import Reading
from geogrid.coverage.scenario import AddGate, OpenGate
from geogrid.coverage.scenario_lonlat import read_records
from geogrid.coverage.town import Town
from geogrid.siting.gates import value_gates
from geogrid.siting.instance import Weight
from geogrid.siting.links import LINK_LIMIT_M, value_links
from geogrid.siting.remedies import find_remedies
from geogrid.siting.remedy import RemedyKind
from geogrid.siting.summary import describe_remedy
from tests.support.random_town import make_town
from tests.support.siting import place_candidates, pose
from tests.support.town import CRS, at, draw_layers, draw_town
from tests.support.walled_town import make_walled_town

COMPOUND = """
            1
+----------+----------+
      #####L#####
      #    A    #
      #         #
      #    B    #
      #####G#####
           |
           +----------+
"""
"""The street of the centre lies north of the compound, the one open gate south of it. Through the northern gate A
walks 12 m x 1.2 inside, 12 m x 1.2 to the street, 12 m along it and 12 m x 1.2 to the centre: 55.2 m; B 84 m."""
PEOPLE = {"A": 10, "B": 20}
BANKS = """
A
+-----------------+


+-----------------+
   1
"""
"""Two streets 36 m apart that nothing joins. With a link of 36 m across, A walks 14.4 + 36 + 36 + 14.4 = 100.8 m."""


def ask(town, reading, candidate=None):
    return pose(town, place_candidates(x=(22, 1)) if candidate is None else candidate, reading)


@pytest.mark.parametrize(("metres", "gained"), [(55.0, 0), (55.2, 10), (83.9, 10), (84.0, 30)])
def test_a_locked_gate_is_worth_those_who_walk_through_it(metres, gained):
    town = draw_town(COMPOUND, people=PEOPLE)
    (found,) = (
        one
        for one in value_gates(ask(town, Reading("metres", metres)), Weight.PEOPLE)
        if isinstance(one.edit, OpenGate)
    )
    assert (found.gained, found.compound, found.kind) == (gained, "c1", RemedyKind.OPEN_GATE)
    assert not found.lost.any()


def test_a_compound_with_one_gate_is_given_another_where_it_helps_most():
    town = draw_town(COMPOUND.replace("L", "#"), people=PEOPLE)
    (found,) = value_gates(ask(town, Reading("metres", 84.0)), Weight.PEOPLE)
    assert isinstance(found.edit, AddGate)
    assert found.xy == pytest.approx(at(11, 2))  # half way round from the gate in the south
    assert found.gained == 30


def test_nothing_is_opened_where_everybody_is_covered():
    town = draw_town(COMPOUND.replace("L", "G"), people=PEOPLE)
    assert value_gates(ask(town, Reading("metres", 84.0)), Weight.PEOPLE) == []


def require_as_walked(town, instance, reading, one):
    """A valued gate covers and loses the homes that the what-if engine covers and loses with it."""
    engine = Engine(town, reading.measure)
    engine.apply(one.edit)
    covered = engine.walks.cost <= reading.cutoff_units
    assert (covered & ~instance.is_covered).tolist() == one.newly.tolist()
    assert (instance.is_covered & ~covered).tolist() == one.lost.tolist()


def test_gates_are_valued_as_the_what_if_engine_walks_them():
    reading = Reading("minutes", 3.0)
    n_opened = n_added = n_gained = 0
    for seed in range(4):
        town = make_town(seed, n_centres=2)
        instance = pose(town, place_candidates(), reading, spacing_m=300.0)
        for one in value_gates(instance, Weight.PEOPLE):
            require_as_walked(town, instance, reading, one)
            n_opened += isinstance(one.edit, OpenGate)
            n_added += isinstance(one.edit, AddGate)
            n_gained += one.gained > 0
    assert min(n_opened, n_added, n_gained) > 0


def test_gates_between_compounds_are_valued_as_the_what_if_engine_walks_them():
    """Nested and touching compounds, locked gates in shared walls, a centre in some of them."""
    reading, n_opened = Reading("minutes", 4.0), 0
    for seed in (0, 3, 7):
        town = make_walled_town(seed, n_centres=2)
        instance = pose(town, place_candidates(), reading, spacing_m=300.0)
        for one in value_gates(instance, Weight.HOMES):
            require_as_walked(town, instance, reading, one)
            n_opened += isinstance(one.edit, OpenGate)
    assert n_opened > 0


def draw_banks(*, gap: int = 2, **grounds: shapely.Geometry) -> Town:
    lines = BANKS.strip("\n").split("\n")
    picture = "\n".join([*lines[:2], *[""] * gap, *lines[-2:]])
    layers = draw_layers(picture, people={"A": 7})
    for name, ground in grounds.items():
        layers[name] = gpd.GeoDataFrame({"id": ["w"]}, geometry=[ground], crs=CRS)
    return Town.from_layers(layers)


RIVER = shapely.box(*at(-9, 3), *at(30, 2))


def test_a_bridge_is_proposed_across_the_water_and_reaches_whom_it_says():
    town = draw_banks(water=RIVER)
    instance = ask(town, Reading("metres", 101.0))
    found = value_links(instance, Weight.PEOPLE)
    best = max(found, key=lambda one: one.gained)
    assert (best.gained, best.kind, best.edit.bridge) == (7, RemedyKind.ADD_BRIDGE, True)
    assert best.length_m == pytest.approx(36.0)
    walk = assess_coverage(
        Engine(town, instance.reading.measure).scenario.extend(best.edit).apply(town), instance.reading
    )
    assert walk.homes.loc["A", "length_m"] == pytest.approx(100.8, abs=0.002)


def test_on_dry_ground_it_is_a_path_and_too_long_a_link_is_none():
    dry = draw_banks()
    assert {one.kind for one in value_links(ask(dry, Reading("metres", 101.0)), Weight.PEOPLE)} == {
        RemedyKind.ADD_PATH
    }
    gap = int(LINK_LIMIT_M // 12) + 1
    wide = draw_banks(gap=gap, water=shapely.box(*at(-9, gap + 1), *at(30, 2)))
    assert value_links(ask(wide, Reading("metres", 900.0)), Weight.PEOPLE) == []


def test_a_link_passes_no_building():
    layers = draw_layers(BANKS, people={"A": 7})
    wall = gpd.GeoDataFrame(
        {"id": ["hall"], "use": ["industrial"]}, geometry=[shapely.box(*at(-20, 3), *at(40, 2))], crs=CRS
    )
    layers["building"] = gpd.GeoDataFrame(
        np.concatenate(
            [
                layers["building"][["id", "residents", "geometry"]].assign(use=None).to_numpy(object),
                wall.assign(residents=None)[["id", "residents", "geometry", "use"]].to_numpy(object),
            ]
        ),
        columns=["id", "residents", "geometry", "use"],
        geometry="geometry",
        crs=CRS,
    )
    layers["building"]["residents"] = layers["building"]["residents"].astype("Int64")
    assert value_links(ask(Town.from_layers(layers), Reading("metres", 101.0)), Weight.PEOPLE) == []


@pytest.mark.parametrize("seed", range(2))
def test_links_are_valued_as_the_what_if_engine_walks_them(seed):
    town = make_town(seed, n_centres=2)
    reading = Reading("minutes", 4.0)
    instance = pose(town, place_candidates(), reading, spacing_m=300.0)
    found = value_links(instance, Weight.PEOPLE)
    assert found
    for one in found[:3]:
        engine = Engine(town, reading.measure)
        engine.apply(one.edit)
        covered = engine.walks.cost <= reading.cutoff_units
        assert (covered & ~instance.is_covered).tolist() == one.newly.tolist()


def test_remedies_are_ranked_and_can_be_accepted_as_a_scenario():
    town = draw_town(COMPOUND, people=PEOPLE)
    instance = ask(town, Reading("metres", 84.0))
    found = find_remedies(instance, Weight.PEOPLE)
    assert [one.gained for one in found] == sorted((one.gained for one in found), reverse=True)
    assert all(one.gained > 0 for one in found)
    told = [json.loads(json.dumps(describe_remedy(instance, one))) for one in found]
    gate = next(one for one in told if one["kind"] == "open_gate")
    assert (gate["people"], gate["homes"], gate["elderly"]) == (30, 2, None)
    edited = read_records([gate["edit"]], CRS).apply(town)
    homes = assess_coverage(edited, instance.reading).homes
    assert (homes["status"] == "covered").tolist() == [True, True]


def test_a_stopped_search_tells_what_it_has():
    town = make_town(0, n_centres=2)
    instance = pose(town, place_candidates(), Reading("minutes", 4.0), spacing_m=300.0)
    assert value_links(instance, Weight.PEOPLE, is_cancelled=lambda: True) == []
