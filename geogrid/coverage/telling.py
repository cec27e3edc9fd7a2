"""Which sums of people may be told to somebody who may not see buildings, so that no sum or difference tells of few."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import product

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from geogrid.coverage.assess import Coverage, Status
from geogrid.schema import SMALLEST_COUNT

LEAST_HOMES = 10
"""No told sum, and no sum or difference of told sums, is of fewer homes with people than these."""

ROUNDED_TO = 10
"""What a told sum is rounded to, once, from the exact sum."""

BUILDING_COUNTS = ("households", "residents", "residents_0_14", "residents_60_plus", "residents_80_plus")
"""What is counted by building."""

FEW = f"<{SMALLEST_COUNT}"

STATUS_NUMBER = {Status.COVERED.value: 0, Status.NOT_COVERED.value: 1, Status.UNANSWERED.value: 2}
_OTHER_STATUSES = (1, 2)
_COEFFICIENTS = (-1, 0, 1)

Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Objects = npt.NDArray[np.object_]


def round_sum(count: int | None) -> int | str | None:
    """A sum as it is told: rounded to tens, halves up; `<5` for fewer than 5; None where it is unknown.

    >>> [round_sum(count) for count in (0, 4, 5, 14, 15, None)]
    ['<5', '<5', 10, 10, 20, None]
    """
    if count is None:
        return None
    if count < SMALLEST_COUNT:
        return FEW
    return (int(count) + ROUNDED_TO // 2) // ROUNDED_TO * ROUNDED_TO


def blank_counts(building: gpd.GeoDataFrame, seen: Collection[str]) -> gpd.GeoDataFrame:
    """Buildings with the counts of those alone whose ids are `seen`."""
    is_seen = building["id"].isin(list(seen)).to_numpy(bool)
    return building.assign(**{name: building[name].where(is_seen) for name in BUILDING_COUNTS})


@dataclass(frozen=True)
class Told:
    """Which sums may be told.

    Attributes
    ----------
    county, communities
        Whether the people of the county, and of a community by its code, may be told at all; the code
        None stands for the homes that lie in none.
    county_split, split
        Numbers of the readings whose statuses may be told, of the county and by community.
    """

    county: bool
    county_split: frozenset[int]
    communities: frozenset[str | None]
    split: frozenset[tuple[str | None, int]]


def choose_told(coverages: Sequence[Coverage], areas: Iterable[Objects] = ()) -> Told:
    """The sums by county and community, and their parts by status under each reading, that may be told.

    What is told depends on where homes are and how they are reached, never on how many people live in
    them: what is left out tells nothing of them. The county comes before its communities, totals
    before their parts, an earlier reading before a later one, a community of more homes before one of
    fewer; each is told unless it could be added to and taken from what is told already, with
    whole weights of -1, 0 and 1, so that between one and `LEAST_HOMES` - 1 homes are left.

    Parameters
    ----------
    coverages
        Of one town, the most important reading first.
    areas
        For each kind of area for which there are accounts the code of each home's, shape (h,): whoever
        knows the homes of one of these areas one by one must not learn of few others either.
    """
    homes = coverages[0].homes
    is_counted = homes["people"].notna().to_numpy(bool)
    status = np.column_stack([one.homes["status"].map(STATUS_NUMBER) for one in coverages]).astype(np.int64)
    community = homes["community"].to_numpy(object)
    known = [np.asarray(codes, dtype=object)[is_counted] for codes in areas]
    return _Chooser(status[is_counted], community[is_counted], known).choose()


class _Chooser:
    """Adds one sum after another to what is told, as long as none is given away.

    What an outsider can make of the county's sums is a weight for each home, which depends on its
    statuses alone: the rows of `weights`, one column a combination of statuses that occurs. The sums
    of a community let the weights of its homes be changed, but for the part that comes from sums that
    are told for the county and not for it. `left[i, j]` is how many homes at least keep a weight
    under row j, for somebody who knows the homes of area i (the first: of none).
    """

    def __init__(self, status: Integers, community: Objects, areas: Sequence[Objects]) -> None:
        self._n_readings = status.shape[1]
        patterns, pattern = np.unique(status, axis=0, return_inverse=True)
        columns = [np.ones(len(patterns), np.int64)]
        for reading in range(self._n_readings):
            columns += [(patterns[:, reading] == other).astype(np.int64) for other in _OTHER_STATUSES]
        self._sums = np.array(list(product(_COEFFICIENTS, repeat=len(columns))), np.int64)
        self._weighs = (self._sums @ np.array(columns)) != 0
        codes, own = _number(community)
        self._codes = codes
        kinds = [_number(kind)[1] for kind in areas]
        self._counts = [_count(pattern.ravel(), own == c, kinds, len(patterns)) for c in range(len(codes))]
        n_areas = 1 + sum(int(kind.max(initial=-1)) + 1 for kind in kinds)
        self._left = np.zeros((n_areas, len(self._sums)), np.int64)
        self._held = [self._hold(number, frozenset()) for number in range(len(codes))]
        for held in self._held:
            self._add(held, 1)
        self._told: list[frozenset[int]] = [frozenset() for _ in codes]
        self._county: frozenset[int] = frozenset()

    def choose(self) -> Told:
        sizes = [int(counts[0].sum()) for _, counts in self._counts]
        order = sorted(range(len(sizes)), key=lambda c: (-sizes[c], str(self._codes[c] or "")))
        parts = [frozenset({0})]
        parts += [frozenset({1 + 2 * r, 2 + 2 * r}) for r in range(self._n_readings)]
        for part in parts:
            self._tell_county(part)
        for part in parts:
            for number in order:
                self._tell_community(number, part)
        return Told(
            county=bool(self._county),
            county_split=frozenset(r for r in range(self._n_readings) if parts[r + 1] <= self._county),
            communities=frozenset(code for code, told in zip(self._codes, self._told, strict=True) if told),
            split=frozenset(
                (code, r)
                for code, told in zip(self._codes, self._told, strict=True)
                for r in range(self._n_readings)
                if parts[r + 1] <= told
            ),
        )

    def _tell_county(self, part: frozenset[int]) -> None:
        if (self._county or 0 in part) and self._is_safe(self._left, self._county | part):
            self._county = self._county | part

    def _tell_community(self, number: int, part: frozenset[int]) -> None:
        if not (self._told[number] or 0 in part):
            return
        told = self._told[number] | part
        old, new = self._held[number], self._hold(number, told)
        if not _is_none_or_many(self._count_left(number)[:, self._lies_within(told)]):
            return
        self._add(old, -1)
        self._add(new, 1)
        if self._is_safe(self._left, self._county):
            self._held[number], self._told[number] = new, told
        else:
            self._add(new, -1)
            self._add(old, 1)

    def _is_safe(self, left: Integers, county: frozenset[int]) -> bool:
        return _is_none_or_many(left[:, self._lies_within(county)])

    def _lies_within(self, told: frozenset[int]) -> Flags:
        """The rows that take from told sums alone."""
        others = [column for column in range(self._sums.shape[1]) if column not in told]
        rows: Flags = np.logical_not(self._sums[:, others].any(axis=1))
        return rows

    def _count_left(self, number: int) -> Integers:
        """Homes of a community that keep a weight under each row, shape (a, m), a areas that touch it."""
        left: Integers = self._counts[number][1] @ self._weighs.T.astype(np.int64)
        return left

    def _hold(self, number: int, told: frozenset[int]) -> tuple[Integers, Integers]:
        """The numbers of the areas that touch a community, and the fewest homes that keep a weight there."""
        left = self._count_left(number)
        fixed = [column for column in range(self._sums.shape[1]) if column not in told]
        if len(fixed) < self._sums.shape[1]:
            _, group = np.unique(self._sums[:, fixed], axis=0, return_inverse=True)
            group = group.ravel()
            order = np.argsort(group, kind="stable")
            first = np.flatnonzero(np.diff(group[order], prepend=-1))
            left = np.minimum.reduceat(left[:, order], first, axis=1)[:, group]
        return self._counts[number][0], left

    def _add(self, held: tuple[Integers, Integers], sign: int) -> None:
        """Count a community's homes in or out; an area that does not touch it takes none of them away."""
        touching, left = held
        self._left += sign * left[0]
        self._left[touching[1:]] += sign * (left[1:] - left[0])


def _number(codes: Objects) -> tuple[list[str | None], Integers]:
    """The different codes, and the number of each home's among them."""
    found, numbers = np.unique([str(code or "") for code in codes], return_inverse=True)
    return [str(code) or None for code in found], numbers.ravel().astype(np.int64)


def _count(
    pattern: Integers, is_own: Flags, areas: Sequence[Integers], n_patterns: int
) -> tuple[Integers, Integers]:
    """The areas that touch a community, and how many of its homes outside each have each combination of statuses.

    The first is no area, so that all homes count.
    """
    all_own = np.bincount(pattern[is_own], minlength=n_patterns)
    numbers, counts = [np.zeros(1, np.int64)], [all_own[None]]
    first = 1
    for kind in areas:
        n_codes = int(kind.max(initial=-1)) + 1
        inside = np.bincount(kind[is_own] * n_patterns + pattern[is_own], minlength=n_codes * n_patterns)
        inside = inside.reshape(n_codes, n_patterns)
        touching = np.flatnonzero(inside.any(axis=1))
        numbers.append(first + touching)
        counts.append(all_own - inside[touching])
        first += n_codes
    return np.concatenate(numbers), np.concatenate(counts)


def _is_none_or_many(left: Integers) -> bool:
    return bool(((left == 0) | (left >= LEAST_HOMES)).all())


def tell_people(homes: pd.DataFrame, *, total: bool, split: bool) -> dict[str, int | str | None]:
    """People of homes by status as they are told: rounded, and None where a sum is not told."""
    told: dict[str, int | str | None] = {"total": _sum(homes) if total else None}
    for status in STATUS_NUMBER:
        own = homes[(homes["status"] == status).to_numpy(bool)]
        told[status] = (_sum(own) if len(own) else 0) if split else None
    return told


def _sum(homes: pd.DataFrame) -> int | str | None:
    return None if homes["people"].isna().all() else round_sum(int(homes["people"].sum()))
