"""Candidates for new centres: those given, those generated, and whom they reach."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from scipy.spatial.distance import pdist

from geogrid.coverage.assess import assess_coverage
from geogrid.coverage.reading import Reading
from geogrid.coverage.scenario import AddCentre, Scenario
from geogrid.coverage.town import Town
from geogrid.coverage.walks import lay_out
from geogrid.errors import FeatureNotFoundError, NoCandidatesError, PeopleUnknownError
from geogrid.siting.candidates import Origin, generate_candidates
from geogrid.siting.instance import Weight, build_instance
from tests.support.siting import MINUTE, no_ground, place_candidates, pose
from tests.support.town import CRS, at, draw_layers, draw_town

STREET = """
A           B
+--1--+-----+-----+
                  C
"""


def ground(*cells: tuple[float, float, float, float]) -> gpd.GeoDataFrame:
    """Polygons from one column and row to another."""
    boxes = [shapely.box(*at(left, low), *at(right, high)) for left, low, right, high in cells]
    return gpd.GeoDataFrame({"id": [f"n{i}" for i in range(len(boxes))]}, geometry=boxes, crs=CRS)


def test_given_candidates_are_taken_in_the_order_of_their_ids_without_those_in_water_or_on_no_build():
    layers = draw_layers(STREET)
    layers["water"] = ground((5, 2, 7, 0))
    town = Town.from_layers(layers)
    candidate = place_candidates(c=(12, 1), b=(6, 1), a=(15, 1))
    found = build_instance(town, lay_out(town), MINUTE, candidate, ground((14, 2, 16, 0))).candidates
    assert found.id.tolist() == ["c"]
    assert found.left_out == ("a", "b")
    assert found.origin.tolist() == [Origin.GIVEN.value]


def test_generated_candidates_stand_along_streets_spaced_and_on_free_ground():
    layers = draw_layers(STREET)
    layers["water"] = ground((5, 2, 7, 0))
    town = Town.from_layers(layers)
    layout = lay_out(town)
    found = generate_candidates(town, layout, ground((14, 2, 16, 0)), spacing_m=30.0)
    again = generate_candidates(town, lay_out(town), ground((14, 2, 16, 0)), spacing_m=30.0)
    assert len(found) >= 3
    assert (pdist(found.xy) >= 30.0).all()
    assert (found.xy[:, 1] == at(0, 1)[1]).all()  # on the one street
    column = found.xy[:, 0] / 12.0
    assert not ((column >= 5) & (column <= 7)).any()
    assert not ((column >= 14) & (column <= 16)).any()
    assert found.xy.tolist() == again.xy.tolist()
    assert found.id.tolist() == again.id.tolist() == sorted(found.id)


def test_public_buildings_come_first_and_gated_compounds_only_when_asked_for():
    picture = """
A
+--1--+-----+-----+
   ########
   #      #
   # B  C #
   ########
"""
    town = draw_town(picture, building_use={"C": "public"})
    layout = lay_out(town)
    outside = generate_candidates(town, layout, no_ground(), spacing_m=20.0)
    assert Origin.BUILDING.value not in outside.origin.tolist()
    inside = generate_candidates(town, layout, no_ground(), spacing_m=20.0, in_compounds=True)
    assert inside.origin[0] == Origin.BUILDING.value
    assert inside.xy[0].tolist() == list(at(8, 4))


def test_whom_candidates_reach_is_what_the_coverage_engine_says():
    town = draw_town(STREET, people={"A": 1, "B": 2, "C": 4})
    instance = pose(town, place_candidates(p=(9, 1), q=(15, 1), r=(18, 1)))
    for column, (key, (x, y)) in enumerate(zip(instance.candidates.id, instance.candidates.xy, strict=True)):
        alone = Town.from_layers({name: getattr(town, name) for name in ("building", "street", "centre")})
        with_it = Scenario((AddCentre(str(key), float(x), float(y)),)).apply(alone)
        only = with_it.centre[with_it.centre["id"] == key].reset_index(drop=True)
        homes = assess_coverage(
            Town.from_layers({"building": town.building, "street": town.street, "centre": only}), MINUTE
        ).homes
        reached = instance.cover[:, column].toarray().ravel() > 0
        assert reached.tolist() == (homes["status"] == "covered").tolist()


def test_candidates_respect_gates_and_metres():
    picture = """
+-----1-----+-----+
      ###########
      #    A    #
      #         #
      #####G#####
           |
+----------+------+
"""
    town = draw_town(picture, people={"A": 9})
    candidate = place_candidates(north=(11, 0), south=(11, 6))
    # From A two rows down to the gate (24 m x 1.2), then 24 m of street: 52.8 m to the southern one.
    instance = pose(town, candidate, Reading("metres", 53.0))
    assert instance.cover.toarray().tolist() == [[0, 1]]
    assert pose(town, candidate, Reading("metres", 52.7)).cover.nnz == 0


def test_people_who_are_unknown_are_not_counted_as_nobody_without_saying_so():
    instance = pose(draw_town(STREET), place_candidates(p=(9, 1)))
    assert instance.choose_weight(None) is Weight.HOMES
    assert instance.choose_weight(Weight.HOMES) is Weight.HOMES
    for asked in (Weight.PEOPLE, Weight.ELDERLY, Weight.CHILDREN):
        with pytest.raises(PeopleUnknownError):
            instance.choose_weight(asked)
    assert instance.count(np.ones(3, bool)) == {"people": None, "elderly": None, "children": None, "homes": 3}
    some = pose(draw_town(STREET, people={"A": 5}), place_candidates(p=(9, 1)))
    assert some.choose_weight(None) is Weight.PEOPLE
    assert some.weigh(Weight.PEOPLE).tolist() == [5, 0, 0]


def test_a_candidate_that_there_is_not_is_named():
    instance = pose(draw_town(STREET), place_candidates(p=(9, 1)))
    with pytest.raises(FeatureNotFoundError, match="nobody"):
        instance.pose(Weight.HOMES, must=("nobody",))


def test_without_a_fit_place_there_is_no_question():
    layers = draw_layers(STREET)
    layers["water"] = ground((-5, 9, 40, -9))
    with pytest.raises(NoCandidatesError):
        pose(Town.from_layers(layers), place_candidates(p=(9, 1)))
    with pytest.raises(NoCandidatesError):
        pose(Town.from_layers(layers), place_candidates())
