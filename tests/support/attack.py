"""What somebody can make of the sums that a county tells: how many live in a building, by differences and least squares.

The attacker knows all but the people: which homes there are, in which areas they lie, which centre is
nearest, and how far it is. Every sum that is told is an equation over these homes.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from flask.testing import FlaskClient
from scipy.optimize import nnls
from scipy.sparse import csr_matrix
from scipy.sparse.linalg import lsqr

from geogrid.coverage.assess import assess_layout
from geogrid.coverage.reading import Reading
from geogrid.coverage.summary import STATUSES
from webmap.county import County

Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

FEW = (1, 4)
"""Counts that are told to nobody outside."""
MOST_LEFT = 12
"""Differences of two sums are looked into while they are of so few homes."""
KINDS = ("community", "district", "grid")


@dataclass(frozen=True)
class Equation:
    """A sum that is told: over which homes, shape (h,), and what it may be at least and at most."""

    homes: Flags
    least: float
    most: float

    @property
    def value(self) -> float:
        return (self.least + self.most) / 2


@dataclass(frozen=True)
class Knowledge:
    """What an attacker knows of the homes under each reading: rows by building, with no people."""

    by_reading: dict[str, pd.DataFrame]
    official: str

    @property
    def homes(self) -> pd.DataFrame:
        return self.by_reading[self.official]

    def mark(self, ids: Iterable[str]) -> Flags:
        return self.homes.index.isin(list(ids))


def learn(county: County, queries: Sequence[str]) -> Knowledge:
    """All that is known of the homes of a county under some readings, but the people."""
    readings = [Reading.parse(query) for query in queries]
    found = assess_layout(county.require_town(), county.layout, readings)
    return Knowledge(
        {str(one.reading): one.homes.drop(columns="people") for one in found}, str(county.reading)
    )


def ask_everything(client: FlaskClient, known: Knowledge) -> list[Equation]:
    """Every sum of people that a client is told, by every route that tells one, under every reading known."""
    told: list[Equation] = []
    for reading, homes in known.by_reading.items():
        kind, cutoff, *rest = reading.split(":")
        query = f"metres={cutoff}" if kind == "metres" else f"minutes={cutoff}&profile={rest[0]}"
        told += _read_coverage(_get(client, f"/api/v1/coverage?{query}"), homes)
        told += _read_centres(_get(client, f"/api/v1/centres?{query}"), homes, only_covered=True)
        if reading == known.official:  # the ground takes long; its people are those of every reading
            features = _get(client, f"/api/v1/catchments.geojson?{query}").get("features", [])
            records = {"centres": [one["properties"] for one in features]}
            told += _read_centres(records, homes, only_covered=False)
        told += _read_gaps(_get(client, f"/api/v1/gaps?{query}"), homes)
    return [*told, *_read_buildings(client, known)]


def _get(client: FlaskClient, address: str) -> dict[str, Any]:
    response = client.get(address)
    found: dict[str, Any] = response.get_json() if response.status_code == 200 else {}
    return found


def _equation(homes: Flags, told: Any, *, is_rounded: bool) -> Iterator[Equation]:
    if isinstance(told, str):
        yield Equation(homes, 0 if is_rounded else FEW[0], FEW[1])
    elif isinstance(told, int | float):
        yield Equation(homes, max(0, told - 5 * is_rounded), told + 5 * is_rounded)


def _read_coverage(told: dict[str, Any], homes: pd.DataFrame) -> Iterator[Equation]:
    everybody = np.ones(len(homes), bool)
    rows = [(everybody, told)] if told else []
    for kind in KINDS:
        of_area = homes[kind].to_numpy(object)
        for row in told.get(f"by_{kind}", []):
            lies_in = homes[kind].isna().to_numpy() if row["code"] is None else of_area == row["code"]
            rows.append((lies_in, row))
    for own, row in rows:
        people = row.get("people") or {}
        is_rounded = bool(people.get("rounded"))
        yield from _equation(own, people.get("total"), is_rounded=is_rounded)
        for status in STATUSES:
            part = own & (homes["status"] == status).to_numpy(bool)
            yield from _equation(part, people.get(status), is_rounded=is_rounded)


def _read_centres(told: dict[str, Any], homes: pd.DataFrame, *, only_covered: bool) -> Iterator[Equation]:
    counted = (homes["status"] == "covered").to_numpy(bool) if only_covered else np.ones(len(homes), bool)
    for row in told.get("centres", []):
        own = counted & (homes["centre"] == row["centre"]).to_numpy(bool)
        yield from _equation(own, row.get("people"), is_rounded=bool(row.get("rounded")))


def _read_gaps(told: dict[str, Any], homes: pd.DataFrame) -> Iterator[Equation]:
    """Gaps of few homes: those of its grid that are not covered, where that is as many."""
    missed = (homes["status"] == "not_covered").to_numpy(bool)
    for gap in told.get("gaps", []):
        own = missed & (homes["grid"] == gap["grid"]).to_numpy(bool)
        if own.sum() == gap["n_homes"]:
            yield from _equation(own, gap.get("people"), is_rounded=bool(gap.get("rounded")))


def _read_buildings(client: FlaskClient, known: Knowledge) -> Iterator[Equation]:
    """Counts of single buildings: those on the sheets of all communities, and one that is looked up."""
    for code in sorted(set(known.homes["community"].dropna())):
        page = client.get(f"/area/community/{code}?lang=zh").get_data(as_text=True)
        for building, residents in re.findall(
            r"kind=building&amp;key=([^&]+)&[^>]*>[^<]*</a> <small>(\d+) 人", page
        ):
            yield Equation(known.mark([building]), int(residents), int(residents))
    building = str(known.homes.index[0])
    for match in _get(client, f"/api/v1/locate?building={building}").get("matches", []):
        if (residents := match.get("counts", {}).get("residents")) is not None:
            yield Equation(known.mark([building]), residents, residents)


# --- what is made of them ----------------------------------------------------------------------


def estimate(equations: Sequence[Equation], n_homes: int, *, non_negative: bool = False) -> Floats:
    """People of each home by least squares, shape (h,); NaN for homes that no sum is of.

    Homes that are in the same sums cannot be told apart, and are given the same.
    """
    rows = {(one.homes.tobytes(), one.least, one.most): one for one in equations if one.homes.any()}
    if not rows:
        return np.full(n_homes, np.nan)
    held, group = np.unique(np.array([one.homes for one in rows.values()]), axis=1, return_inverse=True)
    group = group.ravel()
    weight = np.array([1 / (1 + one.most - one.least) for one in rows.values()])
    matrix = held * np.bincount(group) * weight[:, None]
    values = np.array([one.value for one in rows.values()]) * weight
    if non_negative:
        people, _ = nnls(matrix, values, maxiter=200_000)
    else:
        people = lsqr(csr_matrix(matrix), values, atol=1e-12, btol=1e-12, iter_lim=20_000)[0]
    estimates: Floats = np.where(held.any(axis=0), people, np.nan)[group]
    return estimates


def subtract(equations: Sequence[Equation], n_homes: int) -> Floats:
    """People of each home by the difference of two sums, the one of fewest homes first; NaN where there is none."""
    distinct = list({(one.homes.tobytes(), one.least, one.most): one for one in equations}.values())
    found, size = np.full(n_homes, np.nan), np.full(n_homes, np.inf)
    matrix = np.array([one.homes for one in distinct])
    counts = matrix.sum(axis=1)
    overlap = matrix.astype(np.float32) @ matrix.T.astype(np.float32)
    for i, j in itertools.product(range(len(distinct)), repeat=2):
        n_left = counts[i] - counts[j]
        if 0 < n_left <= MOST_LEFT and overlap[i, j] == counts[j]:
            left = matrix[i] & ~matrix[j]
            better = left & (size > n_left)
            found[better] = (distinct[i].value - distinct[j].value) / n_left
            size[better] = n_left
    return found


@dataclass(frozen=True)
class Success:
    """How well homes of 1 to 4 people were named.

    Attributes
    ----------
    n_named, n_hits
        Homes that were named, and those of them that are such homes.
    expected, spread
        Hits of somebody who names as many homes of each community by chance, and the standard deviation.
    """

    n_named: int
    n_hits: int
    expected: float
    spread: float

    @property
    def gain(self) -> float:
        """How far above chance, in standard deviations."""
        return (self.n_hits - self.expected) / self.spread if self.spread else 0.0


def judge(
    estimates: Floats, people: Floats, community: npt.NDArray[np.object_], aside: Flags | None = None
) -> Success:
    """Name every home whose people are estimated as 1 to 4, and compare with chance in each community.

    Parameters
    ----------
    people
        Who lives there, shape (h,); NaN where nobody knows.
    aside
        Homes whose people the attacker knows anyway.
    """
    is_open = np.isfinite(people) if aside is None else np.isfinite(people) & ~aside
    rounded = np.round(np.nan_to_num(estimates, nan=-1.0))
    named = is_open & (rounded >= FEW[0]) & (rounded <= FEW[1])
    few = is_open & (people >= FEW[0]) & (people <= FEW[1])
    expected = variance = 0.0
    for code in set(community[named]):
        own = is_open & (community == code)
        n, n_few, n_named = own.sum(), (own & few).sum(), (own & named).sum()
        share = n_few / n
        expected += n_named * share
        if n > 1:
            variance += n_named * share * (1 - share) * (n - n_named) / (n - 1)
    return Success(int(named.sum()), int((named & few).sum()), float(expected), float(np.sqrt(variance)))
