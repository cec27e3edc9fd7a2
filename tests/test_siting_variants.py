"""Every variant of the siting question is answered as trying every choice does, and says when it has no answer."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from geogrid.errors import (
    InfeasibleSitingError,
    NothingToGainError,
    SitingDataError,
    TooManySitesError,
)
from geogrid.siting.budget import solve_budget
from geogrid.siting.capacity import measure_served, solve_capacity
from geogrid.siting.center import solve_center
from geogrid.siting.levels import build_capped_median, build_expected, build_gradual, measure_capped_cost
from geogrid.siting.lscp import solve_setcover
from geogrid.siting.problem import CoverProblem
from geogrid.siting.quota import solve_quota
from geogrid.siting.relocation import Move, find_moves, measure_closing_loss
from geogrid.siting.result import Status
from geogrid.siting.share import solve_goal, solve_share
from geogrid.siting.solve import solve_maxcover
from geogrid.siting.spacing import solve_spaced
from tests.support.cover import draw_problem, list_choices, try_every_choice


def draw_problems(seed: int, n: int, **kinds):
    """Questions in which at least one candidate reaches somebody."""
    rng = np.random.default_rng(seed)
    while n:
        problem, k = draw_problem(rng, **kinds)
        if try_every_choice(problem, problem.n_sites):
            n -= 1
            yield rng, problem, k


def draw_impedance(rng: np.random.Generator, n_homes: int, n_sites: int) -> np.ndarray:
    """Whole impedances, some homes out of reach of some sites (inf)."""
    found = rng.integers(0, 12, (n_homes, n_sites)).astype(float)
    found[rng.random(found.shape) < 0.2] = np.inf
    return found


def store(impedance: np.ndarray) -> csr_matrix:
    """Finite entries stored, zeros too."""
    home, site = np.nonzero(np.isfinite(impedance))
    return csr_matrix((impedance[home, site], (home, site)), shape=impedance.shape)


# --- conditions on the sites -------------------------------------------------------------------------


def test_a_budget_buys_what_trying_every_choice_buys():
    n_infeasible = 0
    for rng, problem, _ in draw_problems(1, 120):
        cost = rng.integers(0, 5, problem.n_sites)
        budget = int(rng.integers(0, 12))
        best = try_every_choice(
            problem, problem.n_sites, lambda choice, c=cost, b=budget: c[list(choice)].sum() <= b
        )
        try:
            result = solve_budget(problem, cost, budget)
        except InfeasibleSitingError as error:
            n_infeasible += 1
            assert best in (None, 0), error
            continue
        assert (result.value, result.bound, result.gap, result.status) == (best, best, 0.0, Status.OPTIMAL)
        assert cost[list(result.sites)].sum() <= budget
    assert n_infeasible < 20


def test_quotas_are_kept_and_the_rest_is_best():
    n_infeasible = 0
    for rng, problem, k in draw_problems(2, 120):
        area = rng.integers(-1, 3, problem.n_sites)
        least = {0: int(rng.integers(0, 2)), 1: int(rng.integers(0, 3))}
        most = {2: int(rng.integers(0, 2))}

        def is_allowed(choice, area=area, least=least, most=most) -> bool:
            count = [int((area[list(choice)] == number).sum()) for number in range(3)]
            return count[0] >= least[0] and count[1] >= least[1] and count[2] <= most[2]

        best = try_every_choice(problem, k, is_allowed)
        if best is None:
            n_infeasible += 1
            with pytest.raises(InfeasibleSitingError):
                solve_quota(problem, k, area, least, most=most)
            continue
        result = solve_quota(problem, k, area, least, most=most)
        assert (result.value, result.bound, result.gap) == (best, best, 0.0)
        assert is_allowed(result.sites)
    assert 0 < n_infeasible < 100


def test_chosen_sites_keep_their_distance():
    for rng, problem, k in draw_problems(3, 120, with_fixed=False):
        xy = rng.integers(0, 6, (problem.n_sites, 2)) * 100.0
        standing = rng.integers(0, 6, (1, 2)) * 100.0

        def is_allowed(choice, xy=xy, standing=standing) -> bool:
            places = np.vstack([xy[list(choice)], standing])
            return all(np.hypot(*(a - b)) >= 200.0 for a, b in itertools.combinations(places, 2))

        best = try_every_choice(problem, k, is_allowed)
        try:
            result = solve_spaced(problem, k, xy, 200.0, standing_xy=standing)
        except (InfeasibleSitingError, NothingToGainError):
            assert best == 0
            continue
        assert (result.value, result.bound, result.gap) == (best, best, 0.0)
        assert is_allowed(result.sites)


def test_two_must_have_sites_that_stand_too_close_are_refused():
    problem = CoverProblem(csr_matrix(np.eye(2)), [1, 1], np.zeros(2, bool), must=(0, 1))
    with pytest.raises(InfeasibleSitingError, match="less than 50 m"):
        solve_spaced(problem, 2, np.array([[0.0, 0], [40, 0]]), 50.0)


# --- how many ----------------------------------------------------------------------------------------


def test_the_fewest_sites_for_a_share_are_the_fewest():
    for rng, problem, _ in draw_problems(4, 60):
        share = int(rng.choice([50, 80, 90, 95, 100]))
        everything = try_every_choice(problem, problem.n_sites)
        goal = -(-everything * share // 100)
        fewest = next(
            n
            for n in range(max(1, len(problem.must)), problem.n_sites + 1)
            if any(problem.measure_value(choice) >= goal for choice in list_choices(problem, range(n, n + 1)))
        )
        result = solve_share(problem, share)
        assert (len(result.sites), result.bound, result.gap) == (fewest, fewest, 0.0)
        assert problem.measure_value(result.sites) >= goal
        assert set(problem.must) <= set(result.sites)


def test_a_goal_beyond_all_candidates_is_refused():
    problem = CoverProblem(csr_matrix([[1], [0]]), [3, 4], np.zeros(2, bool))
    with pytest.raises(InfeasibleSitingError, match="goal is 4 and all candidates together add 3"):
        solve_goal(problem, 4)
    with pytest.raises(SitingDataError, match="1 … 100"):
        solve_share(problem, 0)


def test_everybody_is_covered_by_the_fewest_columns():
    rng = np.random.default_rng(5)
    for _ in range(80):
        cover = rng.random((int(rng.integers(1, 15)), int(rng.integers(1, 9)))) < 0.35
        reachable = cover[cover.any(axis=1)]
        fewest = next(
            n
            for n in range(cover.shape[1] + 1)
            if any(reachable[:, list(choice)].any(axis=1).all() for choice in itertools.combinations(range(cover.shape[1]), n))
        )  # fmt: skip
        result = solve_setcover(csr_matrix(cover))
        assert (len(result.sites), result.bound) == (fewest, fewest)
        assert reachable[:, list(result.sites)].any(axis=1).all() if fewest else not len(reachable)


# --- capacity ----------------------------------------------------------------------------------------


def cut_served(problem: CoverProblem, choice: tuple[int, ...], capacity: np.ndarray) -> int:
    """The largest flow by the smallest cut: some sites full, and everybody within reach of the others served."""
    cover = problem.cover.toarray() > 0
    weight = np.where(problem.is_covered, 0, problem.weight)
    cuts = []
    for n_full in range(len(choice) + 1):
        for full in itertools.combinations(choice, n_full):
            others = [site for site in choice if site not in full]
            cuts.append(int(capacity[list(full)].sum() + weight[cover[:, others].any(axis=1)].sum()))
    return min(cuts)


def test_capacities_are_kept_and_the_bound_is_never_below_the_best():
    n_proven = n = 0
    for rng, problem, k in draw_problems(6, 60):
        capacity = rng.integers(0, int(problem.weight.sum()) + 1, problem.n_sites)
        allowed = np.setdiff1d(np.arange(problem.n_sites), problem.forbidden)
        if not capacity[allowed].any():
            continue
        best = max(cut_served(problem, choice, capacity) for choice in list_choices(problem, range(k, k + 1)))
        result = solve_capacity(problem, k, capacity)
        assert result.value == cut_served(problem, result.sites, capacity)
        assert result.value == measure_served(problem, result.sites, capacity)
        assert result.value <= best <= result.bound
        assert (result.gap == 0.0) == (result.status == Status.OPTIMAL) == (result.value == result.bound)
        n += 1
        n_proven += result.gap == 0.0
    assert n_proven > 0.6 * n
    with pytest.raises(InfeasibleSitingError, match="any capacity"):
        solve_capacity(problem, 1, np.zeros(problem.n_sites, int))


# --- distances ---------------------------------------------------------------------------------------


def test_gradual_cover_counts_each_home_at_the_best_level():
    rng = np.random.default_rng(7)
    for _ in range(40):
        impedance = draw_impedance(rng, 12, 6)
        people, standing = rng.integers(0, 50, 12), rng.choice([2.0, 5.0, np.inf], 12)
        problem = build_gradual(store(impedance), (3, 6, 9), (100, 68, 22), people, standing)

        def worth(choice, impedance=impedance, standing=standing, people=people) -> int:
            nearest = np.minimum(standing, impedance[:, list(choice)].min(axis=1, initial=np.inf))
            return int(
                (people * np.select([nearest <= 3, nearest <= 6, nearest <= 9], [100, 68, 22], 0)).sum()
            )

        best = max(worth(choice) for choice in itertools.combinations(range(6), 2)) - worth(())
        if best == 0:
            continue
        result = solve_maxcover(problem, 2)
        assert (result.value, result.bound) == (best, best)
        assert worth(result.sites) - worth(()) == best


def test_expected_cover_weighs_the_scenarios():
    slow, quick = csr_matrix([[1, 0], [0, 0]]), csr_matrix([[1, 1], [0, 1]])
    people, none = np.array([10, 4]), np.zeros(2, bool)
    problem = build_expected([slow, quick], [people * 70, people * 30], [none, none])
    assert problem.measure_value([0]) == 10 * 100
    assert problem.measure_value([1]) == 14 * 30
    assert solve_maxcover(problem, 1).sites == (0,)


def test_the_capped_median_costs_what_trying_every_choice_costs():
    rng = np.random.default_rng(8)
    for _ in range(40):
        impedance = draw_impedance(rng, 10, 6)
        people, standing = rng.integers(0, 9, 10), rng.choice([4.0, 7.0, np.inf], 10)
        for step in (1, 3):
            problem = build_capped_median(store(impedance), 9, people, standing, step=step)

            def cost(choice, impedance=impedance, standing=standing, people=people, step=step) -> int:
                nearest = np.minimum(
                    np.minimum(standing, 9), impedance[:, list(choice)].min(axis=1, initial=np.inf)
                )
                return int((people * np.ceil(nearest / step) * step).sum())

            now = measure_capped_cost(people, standing, 9, step=step)
            assert now == cost(())
            least = min(cost(choice) for choice in itertools.combinations(range(6), 2))
            if least == now:
                continue
            result = solve_maxcover(problem, 2)
            assert (now - result.value, now - result.bound) == (least, least)
            assert cost(result.sites) == least


def test_the_worst_off_home_is_as_near_as_can_be():
    rng = np.random.default_rng(9)
    for _ in range(60):
        impedance = draw_impedance(rng, 10, 6)
        standing, k = rng.choice([4.0, np.inf], 10), int(rng.integers(1, 5))

        def worst(choice, impedance=impedance, standing=standing) -> float:
            return float(np.minimum(standing, impedance[:, list(choice)].min(axis=1, initial=np.inf)).max())

        best = min(worst(choice) for choice in itertools.combinations(range(6), k))
        if np.isinf(best):
            with pytest.raises(InfeasibleSitingError):
                solve_center(store(impedance), k, standing)
            continue
        result = solve_center(store(impedance), k, standing)
        assert (result.value, result.bound, result.gap, result.status) == (best, best, 0.0, Status.OPTIMAL)
        assert worst(result.sites) == best
    with pytest.raises(TooManySitesError):
        solve_center(store(impedance), 7, standing)


# --- centres that stand ------------------------------------------------------------------------------


def test_the_best_move_is_the_best_of_all_moves():
    rng = np.random.default_rng(10)
    for _ in range(60):
        standing, cover = rng.random((15, 4)) < 0.3, rng.random((15, 5)) < 0.4
        weight = rng.integers(0, 20, 15)
        problem = CoverProblem(csr_matrix(cover), weight, standing.any(axis=1), forbidden=(2,))
        now = int(weight[standing.any(axis=1)].sum())
        closing = [now - int(weight[np.delete(standing, c, axis=1).any(axis=1)].sum()) for c in range(4)]
        assert measure_closing_loss(csr_matrix(standing), weight).tolist() == closing
        gains = {
            (centre, site): int(weight[(np.delete(standing, centre, axis=1).any(axis=1)) | cover[:, site]].sum()) - now
            for centre in range(4)
            for site in (0, 1, 3, 4)
        }  # fmt: skip
        if max(gains.values()) <= 0:
            with pytest.raises(NothingToGainError):
                find_moves(problem, csr_matrix(standing))
            continue
        moves = find_moves(problem, csr_matrix(standing))
        best = moves[0]
        assert best.gain == max(gains.values()) == gains[best.centre, best.site]
        assert all(isinstance(move, Move) and gains[move.centre, move.site] == move.gain for move in moves)


def test_a_cover_of_other_centres_is_refused():
    problem = CoverProblem(csr_matrix([[1]]), [1], np.zeros(1, bool))
    with pytest.raises(SitingDataError, match="another cover"):
        find_moves(problem, csr_matrix([[1]]))
