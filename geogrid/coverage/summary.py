"""Sums over homes: how many homes and people are covered, by area, and what was left out."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

STATUSES = ("covered", "not_covered", "unanswered")


def sum_known(values: pd.Series) -> int | None:
    """The sum of the known numbers; None when there are homes and nothing is known of any.

    >>> sum_known(pd.Series([3, None], dtype="Int64")), sum_known(pd.Series([None], dtype="Int64"))
    (3, None)
    """
    if len(values) and values.isna().all():
        return None
    return int(values.sum())


def count_homes(homes: pd.DataFrame) -> dict[str, int]:
    """Numbers of homes: `total`, and one for each status."""
    counts = homes["status"].value_counts()
    return {"total": len(homes)} | {status: int(counts.get(status, 0)) for status in STATUSES}


def count_people(homes: pd.DataFrame) -> dict[str, int | None]:
    """Numbers of people: `total`, one for each status, and `homes_without_people`.

    People are the sum over homes whose people are known; `homes_without_people` counts the others.
    None stands where homes exist and the people of none are known, never 0.
    """
    if homes["people"].isna().all():
        sums: dict[str, int | None] = dict.fromkeys(("total", *STATUSES))
    else:
        sums = {"total": sum_known(homes["people"])} | {
            status: sum_known(homes.loc[(homes["status"] == status).to_numpy(), "people"])
            for status in STATUSES
        }
    return sums | {"homes_without_people": int(homes["people"].isna().sum())}


def summarise_areas(homes: pd.DataFrame, column: str, areas: pd.DataFrame) -> list[dict[str, Any]]:
    """The counts for every area, by code; homes that lie in none come last, with a code of None.
    Empty when the county has no such areas.

    `covered_share` is covered homes over all homes (0 to 1), None where an area has no home.
    """
    of_area = homes[column].to_numpy(object)
    groups = dict(iter(homes.groupby(of_area, sort=False)))
    names = dict(zip(areas["code"], areas["name"], strict=True))
    empty = homes.iloc[:0]
    entries = [_summarise(code, name, groups.get(code, empty)) for code, name in names.items()]
    outside = homes[homes[column].isna().to_numpy(bool)]
    if len(outside) and entries:
        entries.append(_summarise(None, None, outside))
    return entries


def _summarise(code: str | None, name: str | None, homes: pd.DataFrame) -> dict[str, Any]:
    counts = count_homes(homes)
    share = counts["covered"] / counts["total"] if counts["total"] else None
    return {
        "code": code,
        "name": name,
        "homes": counts,
        "people": count_people(homes),
        "covered_share": share,
    }


def list_outside(homes: pd.DataFrame, is_outside: npt.NDArray[np.bool_]) -> dict[str, Any]:
    """Homes outside the county's extent, which count as all others do: `n_homes`, `people`, `buildings` (sorted ids)."""
    rows = homes[is_outside]
    return {
        "n_homes": len(rows),
        "people": sum_known(rows["people"]),
        "buildings": sorted(str(building) for building in rows.index),
    }


def list_left_out(homes: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Homes without an answer by reason: `n_homes`, `people`, `buildings` (all ids, sorted)."""
    unanswered = homes[(homes["status"] == "unanswered").to_numpy()]
    return {
        str(reason): {
            "n_homes": len(rows),
            "people": sum_known(rows["people"]),
            "buildings": sorted(str(building) for building in rows.index),
        }
        for reason, rows in sorted(unanswered.groupby("reason"), key=lambda item: str(item[0]))
    }
