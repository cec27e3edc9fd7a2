"""Coverage as a reader without an account sees it: figures, gaps and colours, small counts hidden."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from geogrid.coverage.reading import Reading
from geogrid.crs import to_lonlat
from geogrid.labels import LANGUAGES, label
from webmap.columns import PUBLIC_COLUMNS
from webmap.county import County
from webmap.disclosure import hide_few_buildings, hide_in_row
from webmap.geojson import plain_records
from webmap.readings import title_reading
from webmap.tiles import MAP, version_tiles

AREA_BREAKDOWNS = ("community", "district")
GAP_PEOPLE = ("people", "elderly", "children")
GAP_COLUMNS = (
    "id",
    "n_homes",
    *GAP_PEOPLE,
    "nearest_centre",
    "walk_s",
    "reason",
    "community",
    "district",
    "grid",
)

STATUS_LETTERS = {"covered": "c", "not_covered": "n", "unanswered": "u"}
NOT_A_HOME = "-"
OSM_MARK = "openstreetmap"
BAND_EDGES = np.array([0.5, 1.0, 1.5, 2.0])
"""Bands of walking time or length, as shares of the cutoff; an edge belongs to the lower band."""


def summarise_coverage(county: County, reading: Reading) -> dict[str, Any]:
    """The figures of a reading for the county, its communities and its districts, without the gaps."""
    return county.results.find(("summary", reading), lambda: _summarise(county, reading))


def _summarise(county: County, reading: Reading) -> dict[str, Any]:
    figures = county.assess_doubt(reading).to_dict()
    for name in (
        "gaps",
        "doubt",
        "outside_extent",
    ):  # gaps are told apart; of the doubt, the ranges of people are
        figures.pop(name)
    figures["title"] = title_reading(reading)
    figures["people"] = hide_in_row(figures["people"], figures["homes"])
    figures["left_out"] = {
        reason: {"n_homes": left["n_homes"]} for reason, left in figures["left_out"].items()
    }
    for kind in AREA_BREAKDOWNS:
        bounds = _area_bounds(county, kind)
        figures[f"by_{kind}"] = [
            {
                **{name: value for name, value in area.items() if name != "doubt"},
                "bounds": bounds.get(area["code"]),
                "people": hide_in_row(area["people"], area["homes"]),
            }
            for area in figures[f"by_{kind}"]
        ]
    return figures


def list_gaps(county: County, reading: Reading) -> list[dict[str, Any]]:
    """The gaps of a reading, those with most people first; where people are hidden, by homes after them."""
    return county.results.find(("gaps", reading), lambda: _list_gaps(county, reading))


def _list_gaps(county: County, reading: Reading) -> list[dict[str, Any]]:
    gaps = county.assess(reading).gaps
    if gaps.empty:
        return []
    names = {kind: _area_names(county, kind) for kind in ("community", "district", "grid")}
    names["centre"] = _centre_names(county)
    bounds = _bounds_of(to_lonlat(gaps.geometry, "gaps"))
    records = [
        {
            **hide_few_buildings(gap, GAP_PEOPLE),
            "centre_name": names["centre"].get(gap["nearest_centre"]),
            **{f"{kind}_name": names[kind].get(gap[kind]) for kind in ("community", "district", "grid")},
            "bounds": box,
        }
        for gap, box in zip(plain_records(gaps, GAP_COLUMNS), bounds, strict=True)
    ]
    return sorted(records, key=_gap_order)


def _gap_order(gap: Mapping[str, Any]) -> tuple[float, int, str]:
    people = gap["people"]
    return (-people if isinstance(people, int | float) else 0.0, -gap["n_homes"], str(gap["id"]))


def code_homes(county: County, reading: Reading) -> dict[str, Any]:
    """One letter a building in the order of the buildings: its status, and its band.

    Returns
    -------
    `status`: c covered, n not covered, u unanswered, - no home. `bands`: 0 to 4, u, -. `version` is that
    of the layer's tiles, which number the buildings in the same order.
    """
    return code_status(county, reading, county.assess(reading).homes)


def code_status(county: County, reading: Reading, homes: pd.DataFrame) -> dict[str, Any]:
    """The same for homes whose `status`, `walk_s` and `length_m` are given, by building."""
    aligned = homes.reindex(county.layers["building"]["id"])
    letters = aligned["status"].map(STATUS_LETTERS).fillna(NOT_A_HOME)
    measured = aligned["walk_s"] / 60 if reading.kind == "minutes" else aligned["length_m"]
    share = measured.to_numpy(float, na_value=np.inf) / reading.cutoff
    bands = np.searchsorted(BAND_EDGES, share, side="left").astype(str)
    is_answered = letters.isin(["c", "n"]).to_numpy()
    return {
        "reading": str(reading),
        "version": version_tiles(county, MAP),
        "status": "".join(letters),
        "bands": "".join(np.where(is_answered, bands, letters)),
    }


def code_doubt(county: County, reading: Reading) -> dict[str, Any]:
    """One letter a building in the same order: ? where the answer is in doubt, - elsewhere."""
    homes = county.assess_doubt(reading).homes
    is_doubted = homes["doubt"].reindex(county.layers["building"]["id"]) == "in_doubt"
    return {
        "reading": str(reading),
        "version": version_tiles(county, MAP),
        "doubt": "".join(np.where(is_doubted, "?", NOT_A_HOME)),
    }


def list_served(county: County, reading: Reading) -> dict[str, Any]:
    """For each centre the homes within the cutoff whose nearest centre it is, and their people."""
    homes = county.assess(reading).homes
    covered = homes[homes["status"] == "covered"]
    groups = covered.groupby("centre", sort=True)
    served = groups["people"].sum(min_count=1).to_frame().assign(n_homes=groups.size()).reset_index()
    records = [
        hide_few_buildings(record, ("people",))
        for record in plain_records(served, ("centre", "n_homes", "people"))
    ]
    return {"reading": str(reading), "title": title_reading(reading), "centres": records}


# --- names and places --------------------------------------------------------------------------


def list_sources(county: County) -> list[dict[str, str]]:
    """The sources that must be named on a map, as the layers' own `source` columns say, in each language."""
    sources = {
        str(source).casefold().replace(" ", "")
        for layer in county.layers.values()
        for source in layer["source"].dropna().unique()
    }
    if any(OSM_MARK in source for source in sources):
        return [{language: label("web.source.osm", language) for language in LANGUAGES}]
    return []


def list_areas(county: County, layer: str) -> list[dict[str, Any]]:
    """The features of a layer with their public columns."""
    return plain_records(county.layers[layer], PUBLIC_COLUMNS[layer])


def _area_names(county: County, layer: str) -> dict[str, str]:
    frame = county.layers[layer]
    return dict(zip(frame["code"], frame["name"], strict=True))


def _centre_names(county: County) -> dict[str, str]:
    frame = county.layers["centre"]
    return dict(zip(frame["centre"].fillna(frame["id"]), frame["name"], strict=True))


def _area_bounds(county: County, layer: str) -> dict[str, list[float]]:
    frame = county.layers[layer]
    return dict(zip(frame["code"], _bounds_of(to_lonlat(frame, layer)), strict=True)) if len(frame) else {}


def _bounds_of(places: Any) -> list[list[float]]:
    boxes: list[list[float]] = np.round(places.bounds.to_numpy(), 6).tolist()
    return boxes
