"""What edits change, in figures and colours: before and after, newly reached and lost, by community."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from geogrid.areas.share import assign_areas
from geogrid.coverage.reading import Reading
from geogrid.network.impedance import Floats, Integers
from geogrid.siting.instance import Weight, count_demand
from webmap.county import County
from webmap.readings import title_reading
from webmap.summary import BAND_EDGES, NOT_A_HOME
from webmap.tiles import MAP, version_tiles

STATUS_OF_BAND = str.maketrans("01234", "ccnnn")
COUNTED = (Weight.HOMES, Weight.PEOPLE, Weight.ELDERLY, Weight.CHILDREN)


def describe_effect(county: County, reading: Reading, before: Floats, after: Floats) -> dict[str, Any]:
    """The effect of edits as plain values.

    Parameters
    ----------
    before, after
        The walk of every home in the units of the reading's cutoff, shape (h,).

    Returns
    -------
    `homes`, `people`, `elderly`, `children`: each `total`, `before`, `after`, `newly`, `lost` (None where
    nothing is known of them); the same for `homes` and `people` in `by_community`; `unanswered` homes;
    `status` and `bands` after and `bands_before`, one letter a building as `code_homes` has them.
    """
    was, will = before <= reading.cutoff_units, after <= reading.cutoff_units
    parts = {
        "total": np.ones(len(was), bool),
        "before": was,
        "after": will,
        "newly": will & ~was,
        "lost": was & ~will,
    }
    bands = code_bands(county, reading, after)
    return {
        "reading": str(reading),
        "title": title_reading(reading),
        "revision": county.revision,
        **_count(county, parts),
        "by_community": _count_communities(county, parts),
        "unanswered": int((~np.isfinite(after)).sum()),
        "version": version_tiles(county, MAP),
        "status": bands.translate(STATUS_OF_BAND),
        "bands": bands,
        "bands_before": code_bands(county, reading, before),
    }


def code_bands(county: County, reading: Reading, cost: Floats) -> str:
    """One letter a building in the order of the buildings: the band of its walk, u, or - for no home."""
    share = cost / reading.cutoff_units
    digits = np.searchsorted(BAND_EDGES, share, side="left") + ord("0")
    digits[~np.isfinite(cost)] = ord("u")
    home = county.results.find("home of building", lambda: _number_homes(county))
    letters = np.append(digits, ord(NOT_A_HOME)).astype(np.uint8)
    return letters[home].tobytes().decode("ascii")


def _number_homes(county: County) -> Integers:
    """The number of each building's home, -1 where it is none."""
    ids = pd.Index(county.layout.homes.building["id"].to_numpy(object), dtype=object)
    found: Integers = ids.get_indexer(
        pd.Index(county.layers["building"]["id"].to_numpy(object), dtype=object)
    )
    return found.astype(np.int64)


def _demand(county: County) -> dict[Weight, Floats]:
    """What every home counts for, 0 where its people are unknown; kinds of whom nothing is known left out."""
    return county.results.find(
        "demand",
        lambda: {kind: np.nan_to_num(values) for kind, values in count_demand(county.layout).items()},
    )


def _count(county: County, parts: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {kind.value: None for kind in COUNTED}
    for kind, weight in _demand(county).items():
        told[kind.value] = {name: int(weight[part].sum()) for name, part in parts.items()}
    return told


def _count_communities(county: County, parts: dict[str, Any]) -> list[dict[str, Any]]:
    """Homes and people of every community, by code; homes in none come last, with a code of None."""
    codes, names, of_home = county.results.find("community of home", lambda: _find_communities(county))
    demand = _demand(county)
    sums = {
        kind: {
            name: np.bincount(of_home[part], weights=demand[kind][part], minlength=len(codes)).astype(int)
            for name, part in parts.items()
        }
        for kind in (Weight.HOMES, Weight.PEOPLE)
        if kind in demand
    }
    rows = []
    for number, code in enumerate(codes):
        homes, people = (
            {name: int(values[number]) for name, values in sums[kind].items()} if kind in sums else None
            for kind in (Weight.HOMES, Weight.PEOPLE)
        )
        if homes is None or not homes["total"]:
            continue
        rows.append({"code": code, "name": names[number], "homes": homes, "people": people})
    return rows


def _find_communities(county: County) -> tuple[list[str | None], list[str | None], Integers]:
    """Codes and names of the communities and, of every home, the number of its own; the last is none of them."""
    areas = county.require_town().community.sort_values("code")
    codes: list[str | None] = [*areas["code"], None]
    found = assign_areas(county.layout.homes.building.geometry.to_numpy(), areas)
    numbers = pd.Index(areas["code"], dtype=object).get_indexer(pd.Index(found, dtype=object))
    return codes, [*areas["name"], None], np.where(numbers < 0, len(areas), numbers).astype(np.int64)
