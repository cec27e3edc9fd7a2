"""The study of where new centres should stand, on towns where the answer is arithmetic, and by brute force."""

from __future__ import annotations

import json

import numpy as np
import pytest

from geogrid.coverage.reading import Reading
from geogrid.coverage.scenario import RemoveCentre, Scenario
from geogrid.errors import NothingToGainError, TooManySitesError
from geogrid.siting.instance import Weight
from geogrid.siting.phasing import find_knee
from geogrid.siting.result import Status
from geogrid.siting.sealed import check_certificate, seal_study
from geogrid.siting.standing import value_place, value_standing
from geogrid.siting.study import list_unreachable, study_siting
from geogrid.siting.summary import describe_place, describe_study, propose_sites
from tests.support.random_town import make_town
from tests.support.siting import MINUTE, count_with, find_best_by_force, place_candidates, pose
from tests.support.town import at, draw_town

STREET = """
A     B     C     D     E     F
+-----+-----+-----+-----+-----+        H
   1
"""
"""Homes stand 12 m from the street, which is a leg of 14.4 m or 12 s. Within a minute of a candidate on the street
are 48 s of street, 4.8 columns; of the centre, which stands 12 m off too, 3.6 columns."""
PEOPLE = {"A": 10, "B": 20, "C": 5, "D": 40, "E": 30, "F": 8, "H": 3}
CANDIDATES = {"p": (9, 1), "q": (15, 1), "r": (21, 1), "s": (27, 1), "t": (13, 1)}
"""The centre covers A and B; p covers B and C, q C and D, r D and E, s E and F, t C alone.
One new centre is best at r (70 people), two at q and s (45 and 38), which leave r out."""


@pytest.fixture
def town():
    return draw_town(STREET, people=PEOPLE)


def study(town, k, reading=MINUTE, **options):
    return study_siting(
        pose(town, place_candidates(**CANDIDATES), reading), k, weight=Weight.PEOPLE, **options
    )


def test_the_sites_their_values_and_the_curve_are_arithmetic(town):
    found = describe_study(study(town, 2))
    assert (found["value"], found["bound"], found["gap"], found["status"]) == (83, 83, 0.0, "optimal")
    assert [(site["id"], site["gained"], site["order"]) for site in found["sites"]] == [
        ("q", 45, 1),
        ("s", 38, 2),
    ]
    assert [point["value"] for point in found["curve"]] == [70, 83, 83, 83, 83]
    assert [point["gained"] for point in found["curve"]] == [70, 13, 0, 0, 0]
    assert [phase["given_up"] for phase in found["phases"]] == [25, 0]  # r alone would have been 70
    assert found["knee"] == 1  # 0.84 - 0.2 is more than 1 - 0.4
    covered = {head: counts["people"] for head, counts in found["covered"].items()}
    assert covered == {"total": 116, "now": 30, "after": 113, "ceiling": 113}


def test_what_each_site_is_worth_alone_and_at_last(town):
    sites = {site["id"]: site for site in describe_study(study(town, 2))["sites"]}
    assert (sites["q"]["alone"], sites["q"]["lost_without"]) == (45, 45)
    assert (sites["s"]["alone"], sites["s"]["lost_without"]) == (38, 38)


def test_must_have_and_forbidden_sites_are_kept_to(town):
    found = study(town, 2, must=("t",), forbidden=("r",))
    ids = {str(found.instance.candidates.id[site]) for site in found.sites}
    assert ids == {"t", "q"}
    assert found.plan.value == 5 + 40  # C by t, then D by q (E and F by s are 38)
    assert found.plan.gap == 0


def test_sites_that_cover_equally_many_open_in_the_order_of_their_ids():
    picture = """
A  B     C  D
+--+--+--+--+           1
"""
    town = draw_town(picture, people={"A": 10, "B": 9, "C": 9, "D": 10})
    candidate = place_candidates(l=(0, 1), m=(12, 1), x=(6, 1))
    found = study_siting(pose(town, candidate, Reading("metres", 53.0)), 2, weight=Weight.PEOPLE)
    # 53 m less the leg of 14.4 m is 38.6 m: 3.2 columns.
    assert found.plan.value == 38
    assert [phase.value for phase in found.phases] == [19, 38]
    assert [phase.given_up for phase in found.phases] == [0, 0]
    assert [result.value for result in found.curve] == [19, 38, 38]


def test_a_plan_covers_what_the_coverage_engine_says(town):
    found = study(town, 2)
    xy = {edit.id: (edit.x, edit.y) for edit in propose_sites(found).edits}
    assert count_with(town, MINUTE, xy) == describe_study(found)["covered"]["after"]["people"]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_other_pair_is_better_by_brute_force(seed):
    town = make_town(seed, n_centres=2)
    instance = pose(town, place_candidates(), Reading("metres", 260.0), spacing_m=220.0)
    number = len(instance.candidates)
    assert number >= 4
    found = study_siting(instance, 2, weight=Weight.PEOPLE, with_robustness=False)
    assert found.plan.gap == 0
    assert describe_study(found)["covered"]["after"]["people"] == find_best_by_force(town, instance, 2)


def test_the_robustness_is_repeatable_and_a_clear_winner_is_always_chosen(town):
    first, second = study(town, 1), study(town, 1)
    assert first.robustness.chosen.tolist() == second.robustness.chosen.tolist()
    assert first.robustness.n_worlds == first.robustness.n_planned == 18
    # Three paces by two cutoffs (a minute less would be none) by three draws of people.
    # By metres nothing depends on pace: three cutoffs by three draws of people.
    assert study(town, 1, Reading("metres", 72.0)).robustness.n_planned == 9


def test_homes_that_no_candidate_reaches_are_listed(town):
    found = study(town, 2)
    homes = found.instance.layout.homes.building["id"].to_numpy()
    assert homes[list_unreachable(found.instance)].tolist() == ["H"]
    left = describe_study(found)["unreachable"]
    assert (left["people"], left["homes"], left["buildings"]) == (3, 1, ["H"])


def test_why_not_here_tells_the_gain_now_and_after_the_plan(town):
    found = study(town, 1)  # r
    xy = np.array(at(17.0, 1.0))  # C (5 columns) no, D (1) and nobody else: E is 7 columns off
    place = value_place(found.instance, Weight.PEOPLE, xy, found.plan.sites)
    assert (place.now, place.after, place.is_snapped) == (40, 0, True)
    told = describe_place(found.instance, Weight.PEOPLE, xy, place)
    assert (told["nearest_candidate"], told["nearest_candidate_m"]) == ("q", 24.0)
    nowhere = value_place(found.instance, Weight.PEOPLE, np.array(at(17.0, 200.0)), found.plan.sites)
    assert (nowhere.now, nowhere.is_snapped) == (0, False)


def test_a_standing_centre_is_worth_what_only_it_covers():
    picture = """
A     B     C
+-----+-----+
   1  2  3
"""
    town = draw_town(picture, people={"A": 10, "B": 20, "C": 30})
    instance = pose(town, place_candidates(p=(9, 1)))
    lost = dict(zip(instance.layout.centre_id, value_standing(instance, Weight.PEOPLE).tolist(), strict=True))
    for key, value in lost.items():
        rest = Scenario((RemoveCentre(str(key)),)).apply(town)
        assert value == count_with(town, MINUTE, {}) - count_with(rest, MINUTE, {})
    assert lost == {"1": 10, "2": 0, "3": 30}


def test_the_knee_is_where_the_curve_bends():
    assert find_knee([60, 90, 95, 98, 100]) == 2
    assert find_knee([50, 100]) is None
    assert find_knee([0, 0, 0]) is None


def test_what_cannot_be_chosen_is_refused(town):
    with pytest.raises(TooManySitesError):
        study(town, 6)
    with pytest.raises(NothingToGainError):
        study(town, 1, Reading("minutes", 10.0))


def test_a_search_that_is_stopped_keeps_the_best_so_far(town):
    found = study(town, 2, is_cancelled=lambda: True)
    assert found.plan.value <= found.plan.bound
    assert found.plan.status in (Status.CANCELLED, Status.OPTIMAL)
    assert found.robustness.n_worlds == 0
    json.dumps(describe_study(found), allow_nan=False)


def test_a_certificate_holds_for_its_county_and_for_no_other(town):
    found = study(town, 2)
    sealed = json.loads(
        json.dumps(seal_study(found, revision=7, must=(), forbidden=(), spacing_m=150.0, is_synthetic=False))
    )
    verdict = check_certificate(found.instance, sealed)
    assert (verdict.holds, verdict.is_optimal, verdict.value, verdict.bound) == (True, True, 83, 83)
    assert sealed["sites"] == sorted(sealed["sites"])
    for people in ({"D": 41}, {"F": 20}):  # the numbers changed under it
        other = pose(draw_town(STREET, people=PEOPLE | people), place_candidates(**CANDIDATES))
        assert not check_certificate(other, sealed).holds
    fewer = {key: CANDIDATES[key] for key in "pqrs"}
    assert not check_certificate(pose(town, place_candidates(**fewer)), sealed).holds
    moved = CANDIDATES | {"r": (33, 1)}
    assert not check_certificate(pose(town, place_candidates(**moved)), sealed).holds


@pytest.mark.parametrize(
    "change",
    [
        {"value": 84},
        {"bound": 82},
        {"sites": ["p", "q"]},
        {"sites": ["p", "nobody"]},
        {"sites": 7},
        {"multipliers": [0] * 7},
        {"multipliers": [10**6] * 7},
        {"multipliers": "x"},
        {"k": 1},
        {"must": ["t"]},
        {"homes": "0"},
    ],
)
def test_a_certificate_that_was_changed_does_not_hold(town, change):
    found = study(town, 2, with_robustness=False)
    sealed = seal_study(found, revision=7, must=(), forbidden=(), spacing_m=150.0, is_synthetic=False)
    verdict = check_certificate(found.instance, {**sealed, **change})
    assert not verdict.holds
    assert verdict.reason_zh
    assert verdict.reason_en
