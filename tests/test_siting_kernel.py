"""The siting kernel finds what trying every choice finds, and its certificates hold only when they are true."""

from __future__ import annotations

import copy
import json
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix, hstack

from geogrid.errors import (
    FixedSitesError,
    NoCandidatesError,
    NothingToGainError,
    SitingDataError,
    TooManySitesError,
)
from geogrid.siting.certificate import verify_written, write_certificate
from geogrid.siting.problem import CoverProblem
from geogrid.siting.result import Proof, Status
from geogrid.siting.solve import solve_curve, solve_maxcover
from tests.support.cover import draw_problem, try_every_choice


def make_problem(cover, weight, is_covered=None, **fixed) -> CoverProblem:
    cover = np.array(cover)
    none = np.zeros(len(cover), bool)
    return CoverProblem(
        csr_matrix(cover), np.array(weight), none if is_covered is None else np.array(is_covered), **fixed
    )


ODD_RING = make_problem([[1, 1, 0], [0, 1, 1], [1, 0, 1]], [1, 1, 1])
"""Each of three sites covers two of three rows: fractions of a site would cover all of them with 1.5."""


def test_six_hundred_random_questions_are_answered_as_trying_every_choice_does_and_every_proof_holds():
    rng = np.random.default_rng(20261122)
    proofs: Counter[str] = Counter()
    for _ in range(600):
        problem, k = draw_problem(rng)
        best = try_every_choice(problem, k)
        if try_every_choice(problem, problem.n_sites) == 0:
            with pytest.raises(NothingToGainError):
                solve_maxcover(problem, k)
            continue
        result = solve_maxcover(problem, k)
        assert (result.value, result.bound, result.gap) == (best, best, 0.0)
        assert result.status == Status.OPTIMAL
        assert set(problem.must) <= set(result.sites) <= set(range(problem.n_sites)) - set(problem.forbidden)
        verified = verify_written(problem, json.loads(json.dumps(write_certificate(result))))
        assert (verified.value, verified.bound) == (best, best)
        proofs[result.proof] += 1
    assert proofs[Proof.MULTIPLIERS] > 500
    assert proofs[Proof.BRANCH] > 0
    assert set(proofs) == {Proof.MULTIPLIERS, Proof.BRANCH}


def corrupt(written: dict, rng: np.random.Generator, problem: CoverProblem) -> list[dict]:
    """The certificate with one thing changed, in several ways."""
    wrong = []
    for name, value in (
        ("value", written["value"] + 1),
        ("bound", written["bound"] - 1),
        ("multipliers", [-1, *written["multipliers"][1:]]),
        ("multipliers", [int(problem.weight.max()) * written["scale"] + 1, *written["multipliers"][1:]]),
        ("multipliers", written["multipliers"][1:]),
        ("sites", [*written["sites"], problem.n_sites]),
        ("scale", 0),
    ):
        other = copy.deepcopy(written)
        other[name] = value
        wrong.append(other)
    return wrong


def test_a_certificate_with_anything_false_in_it_is_refused():
    rng = np.random.default_rng(7)
    n = 0
    while n < 60:
        problem, k = draw_problem(rng)
        try:
            written = write_certificate(solve_maxcover(problem, k))
        except NothingToGainError:
            continue
        for other in corrupt(written, rng, problem):
            with pytest.raises(SitingDataError):
                verify_written(problem, other)
        n += 1


def test_a_changed_multiplier_or_site_changes_what_is_proven():
    problem = make_problem([[1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0, 1]], [5, 4, 3, 2])
    written = write_certificate(solve_maxcover(problem, 1))
    assert verify_written(problem, written).is_optimal
    for name, value in (("sites", [1]), ("multipliers", [0, 0, 0, 0]), ("multipliers", [5, 4, 3, 1])):
        with pytest.raises(SitingDataError):
            verify_written(problem, written | {name: value, "dominated": []})
    with pytest.raises(SitingDataError, match="pair"):
        verify_written(problem, written | {"dominated": [[0, 1]]})


def test_a_ring_of_odd_length_is_proven_by_cases_and_the_cases_are_checked():
    result = solve_maxcover(ODD_RING, 1)
    assert (result.value, result.bound) == (2, 2)
    five = np.array([[int(row in (site, (site + 1) % 5)) for site in range(5)] for row in range(5)])
    problem = make_problem(five, [1] * 5)
    result = solve_maxcover(problem, 2)
    assert (result.value, result.bound, result.proof) == (4, 4, Proof.MULTIPLIERS)
    seven = make_problem(np.kron(np.eye(2, dtype=int), ODD_RING.cover.toarray()), [3] * 6)
    result = solve_maxcover(seven, 3)
    assert (result.value, result.bound, result.gap) == (15, 15, 0.0)
    written = write_certificate(result)
    assert verify_written(seven, written).is_optimal


def test_the_curve_equals_the_single_answers():
    rng = np.random.default_rng(3)
    for _ in range(20):
        problem, _ = draw_problem(rng, with_fixed=False)
        if problem.cover[problem.open_weight > 0].nnz == 0:
            continue
        curve = solve_curve(problem, problem.n_sites)
        assert [result.value for result in curve] == [
            solve_maxcover(problem, k).value for k in range(1, problem.n_sites + 1)
        ]
        assert all(result.gap == 0.0 for result in curve)


def test_alternatives_lose_exactly_what_they_say():
    cover = np.zeros((300, 4), int)
    cover[:200, 0] = cover[1:200, 1] = cover[:150, 2] = cover[200:, 3] = 1
    problem = make_problem(cover, [1] * 300)
    result = solve_maxcover(problem, 2)
    assert result.sites == (0, 3)
    assert result.alternatives == (
        ((1, 1),),
        (),
    )  # site 1 covers 199 of the 200, site 2 50 fewer: 50 > 1 % of 300


def test_bad_questions_say_what_is_wrong():
    with pytest.raises(TooManySitesError, match="only 3 candidates"):
        solve_maxcover(ODD_RING, 4)
    with pytest.raises(SitingDataError, match="-2"):
        make_problem([[1]], [-2])
    with pytest.raises(SitingDataError, match=r"0\.5"):
        make_problem([[1]], [0.5])
    with pytest.raises(SitingDataError, match="shape"):
        make_problem([[1]], [1, 2])
    with pytest.raises(SitingDataError, match="sum"):
        make_problem([[1]], [2**60])
    with pytest.raises(NoCandidatesError):
        make_problem(np.empty((1, 0)), [1])
    with pytest.raises(NoCandidatesError):
        make_problem([[1]], [1], forbidden=(0,))
    with pytest.raises(NothingToGainError, match="0 people"):
        solve_maxcover(make_problem([[1]], [1], [True]), 1)
    with pytest.raises(FixedSitesError):
        make_problem([[1, 1]], [1], must=(1,), forbidden=(1,))
    with pytest.raises(FixedSitesError, match="2 must-have"):
        solve_maxcover(make_problem([[1, 1]], [1], must=(0, 1)), 1)
    with pytest.raises(SitingDataError, match=">= 1"):
        solve_maxcover(ODD_RING, 0)


def test_a_cancelled_search_returns_what_is_known():
    rng = np.random.default_rng(5)
    cover = rng.random((200, 60)) < 0.1
    problem = make_problem(cover, rng.integers(1, 100, 200))
    seen: list[tuple[int, int]] = []
    result = solve_maxcover(
        problem, 8, is_cancelled=lambda: True, progress=lambda value, bound: seen.append((value, bound))
    )
    assert result.status == Status.CANCELLED
    assert 0 < result.value < result.bound
    assert result.gap == (result.bound - result.value) / result.value
    assert seen[-1] == (result.value, result.bound)
    assert verify_written(problem, write_certificate(result)).bound == result.bound


questions = st.integers(0, 2**32 - 1).map(
    lambda seed: draw_problem(np.random.default_rng(seed), with_fixed=False)
)


def best_value(problem: CoverProblem, k: int) -> int:
    try:
        result = solve_maxcover(problem, k)
    except NothingToGainError:
        return 0
    assert result.value <= result.bound
    return result.value


@settings(max_examples=60, deadline=None)
@given(questions)
def test_one_more_site_never_covers_less(question):
    problem, k = question
    if k > 1:
        assert best_value(problem, k - 1) <= best_value(problem, k)


@settings(max_examples=60, deadline=None)
@given(questions, st.integers(2, 1000))
def test_scaled_weights_scale_the_value(question, factor):
    problem, k = question
    assert best_value(replace(problem, weight=problem.weight * factor), k) == factor * best_value(problem, k)


@settings(max_examples=60, deadline=None)
@given(questions, st.integers(0, 2**32 - 1))
def test_a_further_candidate_never_hurts_and_a_dominated_one_changes_nothing(question, seed):
    problem, k = question
    rng = np.random.default_rng(seed)
    value = best_value(problem, k)
    column = csr_matrix(rng.random((problem.n_rows, 1)) < 0.3, dtype=np.int8)
    assert best_value(replace(problem, cover=hstack([problem.cover, column])), k) >= value
    site = int(rng.integers(problem.n_sites))
    part = problem.cover[:, [site]].multiply(rng.random((problem.n_rows, 1)) < 0.5)
    assert best_value(replace(problem, cover=hstack([problem.cover, part])), k) == value
