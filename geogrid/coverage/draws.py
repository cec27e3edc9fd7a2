"""Draws that depend on what is drawn for and not on where it stands: a seed, a world's number and an id give them.

The lot of a thing is a 64-bit number mixed from the seed, the number of the world, what is drawn and the
thing's key, as a counter-based generator does it. So neither the order of rows nor what else lies in the
town changes it: a part of a town computed alone has the draws that it has in the whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
import pandas as pd

from geogrid.network.impedance import Floats

Keys = npt.NDArray[np.uint64]

N_BITS = 64
SLICE_BITS = 12
"""A normal draw is the middle of one of 2 ** 12 equally likely slices: what is drawn from is an assumption, and
the slices are thinner than that."""
BASES = (2, 3, 5, 7)
"""Of the axes that are drawn evenly, the first most so."""
HASH_KEY = "geogrid.lots.v1_"
"""Changed when draws are to be others; 16 bytes."""
GOLDEN = 0x9E3779B97F4A7C15
"""2 ** 64 divided by the golden ratio: keeps neighbouring seeds and numbers apart."""
MASK = 2**N_BITS - 1


def make_keys(kind: str, ids: Sequence[object] | npt.NDArray[np.object_]) -> Keys:
    """The keys of things, shape (n,): equal for equal kinds and ids, whatever else there is.

    >>> make_keys("home", ["a", "b"])[1] == make_keys("home", ["b"])[0] != make_keys("centre", ["b"])[0]
    np.True_
    """
    texts = np.array([f"{kind}\0{one}" for one in ids], dtype=object)
    keys: Keys = pd.util.hash_array(texts, hash_key=HASH_KEY, categorize=False).astype(np.uint64)
    return keys


@dataclass(frozen=True)
class WorldNumber:
    """Which world: the seed of all worlds, and the number of this one."""

    seed: int
    number: int


def draw_lots(keys: Keys, what: str, world: WorldNumber) -> Keys:
    """Lots of things in a world, shape (n,), each whole number below 2 ** 64 equally likely.

    Parameters
    ----------
    what
        Is drawn: different quantities of one thing have different lots.
    """
    own = _mix_whole(_mix_whole(world.seed * GOLDEN + _hash_word(what)) + world.number * GOLDEN)
    return _mix(keys ^ np.uint64(own))


def draw_shares(keys: Keys, what: str, world: WorldNumber) -> Floats:
    """The same as numbers from 0 to below 1."""
    lots = (draw_lots(keys, what, world) >> np.uint64(N_BITS - 53)).astype(np.float64)
    return lots * 2.0**-53


def draw_slices(keys: Keys, what: str, world: WorldNumber) -> npt.NDArray[np.int64]:
    """Which of the slices of `list_normals` each thing draws, shape (n,)."""
    return (draw_lots(keys, what, world) >> np.uint64(N_BITS - SLICE_BITS)).astype(np.int64)


def draw_evenly(n: int, world: WorldNumber) -> Floats:
    """Shares for a world, shape (n,), that over the first worlds of a seed fill the unit cube evenly.

    Any number of worlds from the first on leaves smaller gaps than independent draws do (Halton's sequence);
    the seed moves all of them by the same step, so that each share is uniform.

    >>> shares = np.array([draw_evenly(2, WorldNumber(seed=7, number=number)) for number in range(90)])
    >>> np.bincount((shares[:, 1] * 9).astype(int)).max() - np.bincount((shares[:, 1] * 9).astype(int)).min() <= 2
    np.True_
    """
    start = draw_shares(_list_axes(n), "start", WorldNumber(world.seed, 0))
    shares: Floats = (start + [_mirror_digits(world.number, base) for base in BASES[:n]]) % 1.0
    return shares


def draw_passed(keys: Keys, what: str, chance: float, world: WorldNumber) -> npt.NDArray[np.bool_]:
    """Which things are passed (open, walked) in a world, each with the same chance; shape (n,).

    >>> keys = make_keys("gate", range(1000))
    >>> 740 < int(draw_passed(keys, "open", 0.8, WorldNumber(seed=1, number=0)).sum()) < 860
    True
    """
    return draw_shares(keys, what, world) < chance


@cache
def list_normals(cut_sigmas: float) -> Floats:
    """The middles of equally likely slices of a standard normal distribution, cut at both ends."""
    n, normal = 2**SLICE_BITS, NormalDist()
    middles = np.array([normal.inv_cdf((row + 0.5) / n) for row in range(n)])
    normals: Floats = np.clip(middles, -cut_sigmas, cut_sigmas)
    return normals


def _mirror_digits(number: int, base: int) -> float:
    """The digits of a number behind the point, the last one first (van der Corput's sequence)."""
    share, size = 0.0, 1.0
    while number:
        number, digit = divmod(number, base)
        size /= base
        share += digit * size
    return share


@cache
def _list_axes(n: int) -> Keys:
    return make_keys("axis", range(n))


@cache
def _hash_word(word: str) -> int:
    return int(make_keys("draw", [word])[0])


def _mix_whole(value: int) -> int:
    value &= MASK
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9 & MASK
    value = (value ^ (value >> 27)) * 0x94D049BB133111EB & MASK
    return value ^ (value >> 31)


def _mix(values: Keys) -> Keys:
    """The finaliser of SplitMix64 (Steele, Lea and Flood 2014), under which every bit depends on every bit."""
    mixed = values ^ (values >> np.uint64(30))
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(27)
    mixed *= np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return mixed
