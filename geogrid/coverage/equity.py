"""Who walks how far: covered shares, minutes and their spread, by area and by age.

Every number is weighed by people, so homes of whom no people are known do not count in it: they are
counted beside it. Minutes are those of the reading's walker for all ages, so that ages differ only by where
they live; the reading of elderly walkers is a reading of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from geogrid.coverage.reading import Reading
from geogrid.coverage.supply import ZONE_WEIGHTS, list_supply, measure_supply
from geogrid.coverage.town import Town
from geogrid.coverage.walks import Layout
from geogrid.network.impedance import Floats

AGES = {
    "all": "residents",
    "0-14": "residents_0_14",
    "60+": "residents_60_plus",
    "80+": "residents_80_plus",
}
"""Age groups and the columns that count them; they overlap."""
AREA_KINDS = ("community", "district", "grid")
S_PER_MIN = 60.0
JSON_DIGITS = 6


@dataclass(frozen=True)
class Equity:
    """Who walks how far under a reading.

    Attributes
    ----------
    rows
        One row per area and age group: `kind` (county, community, district, grid), `code` (None for the
        county, and for homes in no area of the kind), `age`, `n_homes`, `n_homes_without_people` (of whom
        the people of that age are unknown), `people`, `unanswered` (people whose home has no answer),
        `covered_share` (of all known people; those without an answer count as not covered), `mean_min`,
        `p95_min`, `gini` (of those with an answer), `access` (mean E2SFCA: supply per 1,000 people).
        Numbers are missing where there is nobody to weigh by.
    supply
        What the centres' supply is measured in: `capacity`, or `centres` where not all capacities are known.
    """

    reading: Reading
    rows: pd.DataFrame
    supply: str

    def to_dict(self) -> dict[str, Any]:
        """The answer as JSON-ready values; None where there is nobody to weigh by."""
        rows = self.rows.round(JSON_DIGITS).astype(object).where(self.rows.notna(), None)
        return {
            "reading": str(self.reading),
            "supply": self.supply,
            "zone_weights": list(ZONE_WEIGHTS),
            "rows": rows.to_dict("records"),
        }


def assess_equity(town: Town, layout: Layout, reading: Reading, homes: pd.DataFrame) -> Equity:
    """Who walks how far in a town.

    Parameters
    ----------
    homes
        As in `assess.Coverage`, for the same layout and reading: `walk_s`, `status` and the areas.
    """
    building = layout.homes.building
    ages = {age: building[column].astype(float).to_numpy() for age, column in AGES.items()}
    capacity = list_supply(town, layout)
    supply = np.ones(layout.n_centres) if capacity is None else capacity
    access = 1000.0 * measure_supply(layout, reading, ages["all"], supply)
    frame = pd.DataFrame(
        {
            "minutes": homes["walk_s"].to_numpy(float) / S_PER_MIN,
            "is_covered": (homes["status"] == "covered").to_numpy(bool),
            "is_answered": (homes["status"] != "unanswered").to_numpy(bool),
            "access": access,
            **ages,
        }
    )
    found = _describe("county", None, frame)
    for kind in AREA_KINDS:
        codes = homes[kind].to_numpy(object)
        for code, members in frame.groupby(codes):
            found += _describe(kind, str(code), members)
        outside = frame[pd.isna(codes)]
        found += _describe(kind, None, outside) if len(outside) and len(outside) < len(frame) else []
    rows = pd.DataFrame(found).astype({"people": "Int64", "unanswered": "Int64"})
    return Equity(reading, rows, "centres" if capacity is None else "capacity")


def measure_gini(values: Floats, people: Floats) -> float:
    """The Gini coefficient of a quantity that people have, 0 (all the same) to 1 (one has it all).

    Half the mean difference between two people over the mean, for pairs drawn with replacement:
    `sum_ij(p_i p_j |t_i - t_j|) / (2 mean P^2)`. Gini C. (1912), Variabilità e mutabilità; computed by the
    Lorenz curve's trapezia, which is the same sum (Lerman and Yitzhaki 1989, J. Econometrics 42, 43-47).

    Parameters
    ----------
    values, people
        Shape (n,): not negative; the people who have each value.

    Returns
    -------
    NaN where there are no people; 0 where all values are 0.

    >>> round(measure_gini(np.array([1.0, 3.0]), np.array([1.0, 1.0])), 4)
    0.25
    """
    total = people.sum()
    if not total:
        return float("nan")
    order = np.argsort(values, kind="stable")
    have = values[order] * people[order]
    if not have.sum():
        return 0.0
    lorenz = np.concatenate([[0.0], np.cumsum(have) / have.sum()])
    return float(1.0 - (people[order] / total * (lorenz[1:] + lorenz[:-1])).sum())


def find_weighted_quantile(values: Floats, people: Floats, share: float) -> float:
    """The smallest value that at least this share of the people have or stay below; NaN without people.

    >>> find_weighted_quantile(np.array([9.0, 1.0, 5.0]), np.array([1.0, 8.0, 11.0]), 0.95)
    5.0
    """
    order = np.argsort(values, kind="stable")
    so_far = np.cumsum(people[order])
    if not len(order) or not so_far[-1]:
        return float("nan")
    return float(values[order][np.searchsorted(so_far, share * so_far[-1], side="left")])


def _describe(kind: str, code: str | None, homes: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of one area, one for each age group."""
    return [{"kind": kind, "code": code, "age": age, **_measure_age(homes, age)} for age in AGES]


def _measure_age(homes: pd.DataFrame, age: str) -> dict[str, Any]:
    known = np.isfinite(homes[age].to_numpy(float))
    people = np.nan_to_num(homes[age].to_numpy(float))
    answered = homes["is_answered"].to_numpy(bool)
    walking, minutes = people[answered], homes["minutes"].to_numpy(float)[answered]
    has_walk = np.isfinite(minutes)
    walking, minutes = walking[has_walk], minutes[has_walk]
    total = people.sum()
    return {
        "n_homes": len(homes),
        "n_homes_without_people": int((~known).sum()),
        "people": int(total) if known.any() or not len(homes) else None,
        "unanswered": int(people[~answered].sum()) if known.any() else None,
        "covered_share": _divide(people[homes["is_covered"].to_numpy(bool)].sum(), total),
        "mean_min": _divide((walking * minutes).sum(), walking.sum()),
        "p95_min": find_weighted_quantile(minutes, walking, 0.95),
        "gini": measure_gini(minutes, walking),
        "access": _divide((people * homes["access"].to_numpy(float)).sum(), total),
    }


def _divide(part: float, whole: float) -> float:
    return float(part / whole) if whole else float("nan")
