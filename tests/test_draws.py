"""Draws by key: as even and as independent of each other as draws should be, and the same every time."""

from __future__ import annotations

import numpy as np
import pytest

from geogrid.coverage.draws import (
    WorldNumber,
    draw_evenly,
    draw_lots,
    draw_passed,
    draw_shares,
    draw_slices,
    list_normals,
    make_keys,
)

N = 20_000
KEYS = make_keys("home", [f"h{n}" for n in range(N)])
FIRST = WorldNumber(seed=0, number=0)


@pytest.mark.parametrize(
    ("what", "world"),
    [
        ("leg", WorldNumber(0, 1)),
        ("people", FIRST),
        ("leg", WorldNumber(1, 0)),
        ("leg", WorldNumber(2**64, 0)),
    ],
    ids=["another world", "another quantity", "another seed", "a large seed"],
)
def test_draws_of_another_world_quantity_or_seed_have_nothing_to_do_with_each_other(what, world):
    """The correlation of n pairs of independent draws has the standard deviation 1 / sqrt(n)."""
    one, other = draw_shares(KEYS, "leg", FIRST), draw_shares(KEYS, what, world)
    if (what, world.seed, world.number) == ("leg", 2**64, 0):  # seeds are taken by their lowest 64 bits
        assert (one == other).all()
        return
    assert abs(np.corrcoef(one, other)[0, 1]) < 4 / np.sqrt(N)
    assert abs(np.corrcoef(one[1:], other[:-1])[0, 1]) < 4 / np.sqrt(N)


def test_shares_fill_their_range_evenly():
    """Of n draws a tenth lie in each tenth, give or take sqrt(n * 0.1 * 0.9)."""
    counts = np.histogram(draw_shares(KEYS, "leg", FIRST), bins=10, range=(0, 1))[0]
    assert (abs(counts - N / 10) < 4 * np.sqrt(N * 0.1 * 0.9)).all()


def test_one_thing_has_independent_draws_from_world_to_world():
    draws = np.array([draw_shares(KEYS[:1], "leg", WorldNumber(3, number))[0] for number in range(5000)])
    assert abs(np.corrcoef(draws[1:], draws[:-1])[0, 1]) < 4 / np.sqrt(5000)
    assert abs(draws.mean() - 0.5) < 4 * np.sqrt(1 / 12 / 5000)


def test_a_draw_hangs_on_the_key_alone_and_not_on_what_stands_beside_it():
    order = np.random.default_rng(1).permutation(N)
    assert (draw_lots(KEYS[order], "leg", FIRST) == draw_lots(KEYS, "leg", FIRST)[order]).all()
    assert draw_lots(KEYS[7:8], "leg", FIRST)[0] == draw_lots(KEYS, "leg", FIRST)[7]
    assert make_keys("home", ["1"])[0] != make_keys("street", ["1"])[0]


def test_draws_stay_the_same_from_version_to_version():
    """SplitMix64 of the state 0, as its authors' program gives it first: 0xE220A8397B1DCDAF."""
    golden = np.array([0x9E3779B97F4A7C15], np.uint64)
    from geogrid.coverage.draws import _mix, _mix_whole  # the published constants are what is tried

    assert int(_mix(golden)[0]) == _mix_whole(0x9E3779B97F4A7C15) == 0xE220A8397B1DCDAF


def test_normal_draws_have_mean_nought_and_spread_one_less_what_is_cut():
    normals = list_normals(3.0)[draw_slices(KEYS, "leg", FIRST)]
    assert abs(normals.mean()) < 4 / np.sqrt(N)
    assert normals.std() == pytest.approx(1.0, abs=4 / np.sqrt(2 * N) + 0.01)
    assert abs(normals).max() <= 3.0


def test_as_many_are_passed_as_the_chance_says():
    for chance in (0.0, 0.2, 0.5, 1.0):
        n = int(draw_passed(KEYS, "gate", chance, FIRST).sum())
        assert abs(n - N * chance) <= 4 * np.sqrt(N * chance * (1 - chance))


def test_even_shares_are_each_uniform_and_leave_smaller_gaps_than_independent_ones():
    drawn = np.array([draw_evenly(4, WorldNumber(9, number)) for number in range(256)])
    for base, share in zip((2, 3, 5, 7), drawn.T, strict=True):
        gaps = np.diff(np.sort(share))
        # Halton's points of n fill every one of the base ** k <= n equal parts, so no gap is wider than two of them;
        # the largest gap between 256 independent ones is about ln(256) / 256.
        assert gaps.max() <= 2 * base ** -np.floor(np.log(256.5) / np.log(base))
    assert np.diff(np.sort(drawn[:, 0])).max() == pytest.approx(1 / 256)
    firsts = np.array([draw_evenly(4, WorldNumber(seed, 0)) for seed in range(2000)])
    assert (abs(firsts.mean(axis=0) - 0.5) < 4 * np.sqrt(1 / 12 / 2000)).all()
