"""Coverage as one reader may count it: figures, gaps, colours and what centres serve."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geogrid.coverage.assess import Coverage
from geogrid.coverage.doubt import RANGE_FIELDS
from geogrid.coverage.reading import Reading
from geogrid.coverage.telling import round_sum
from geogrid.crs import to_lonlat
from geogrid.labels import LANGUAGES, label
from webmap.columns import PUBLIC_COLUMNS
from webmap.county import County
from webmap.geojson import plain_records
from webmap.readings import title_reading
from webmap.tiles import MAP, version_tiles
from webmap.view import tell_elsewhere

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


def summarise_coverage(view: County, reading: Reading, *, studies: bool) -> dict[str, Any]:
    """The figures of a reading for the county, its communities and its districts, without the gaps.

    Parameters
    ----------
    view
        The county as the reader may count it.
    studies
        Whether the reader may see more than everybody: numbers of homes as they are, districts, and how
        sure the figures are.

    Returns
    -------
    As `Coverage.to_dict`. People are exact where the reader may see all the buildings in which they
    live; elsewhere they are what everybody is told, `rounded`, with None for what may not be told.
    """
    return view.results.find(("summary", reading, studies), lambda: _summarise(view, reading, studies))


def _summarise(view: County, reading: Reading, studies: bool) -> dict[str, Any]:
    coverage = view.assess_doubt(reading) if studies else view.assess(reading)
    figures = coverage.to_dict()
    _add_ends(figures)
    # Gaps are told apart; of the doubt, the ranges of people are.
    for name in ("gaps", "doubt", "outside_extent"):
        figures.pop(name)
    figures["title"] = title_reading(reading)
    figures["left_out"] = {
        reason: {"n_homes": left["n_homes"]} for reason, left in figures["left_out"].items()
    }
    figures["people"] = _tell_people(figures["people"], view, reading, "county", None)
    for kind in AREA_BREAKDOWNS:
        bounds = _area_bounds(view, kind)
        ids = coverage.homes.groupby(coverage.homes[kind].fillna("").to_numpy(object)).groups
        for row in figures[f"by_{kind}"]:
            _add_ends(row)
            row.pop("doubt")
            row["bounds"] = bounds.get(row["code"])
            if not view.sees_all(ids.get(row["code"] or "", ())):
                row["people"] = _tell_people(row["people"], view, reading, kind, row["code"])
            else:
                row["people"]["rounded"] = False
    return figures if studies else _tell_roughly(figures)


def _add_ends(row: Mapping[str, Any]) -> None:
    """To the people of a row, what is known of the ends of their range; nothing without doubt."""
    if row["doubt"] is not None:
        row["people"].update({name: row["doubt"]["people"][name] for name in RANGE_FIELDS})


def _tell_people(
    people: Mapping[str, Any], view: County, reading: Reading, kind: str, code: str | None
) -> dict[str, Any]:
    """People as everybody is told them; as they are for a reader who may see every building."""
    if view.whole is None:
        return {**people, "rounded": False}
    return dict.fromkeys(people) | tell_elsewhere(view, reading, kind, code)


def _tell_roughly(figures: dict[str, Any]) -> dict[str, Any]:
    """The figures without districts, and homes counted in tens, as people are."""
    rough = {**figures, "by_district": [], "homes": _round_all(figures["homes"])}
    rough["left_out"] = {reason: _round_all(left) for reason, left in figures["left_out"].items()}
    rough["by_community"] = [
        {**row, "homes": _round_all(row["homes"]), "covered_share": None} for row in figures["by_community"]
    ]
    return rough


def _round_all(counts: Mapping[str, int]) -> dict[str, Any]:
    return {name: count and round_sum(count) for name, count in counts.items()}


def list_gaps(view: County, reading: Reading) -> list[dict[str, Any]]:
    """The gaps of a reading, those with most people first; where people may not be counted, by homes after them."""
    return view.results.find(("gaps", reading), lambda: _list_gaps(view, reading))


def _list_gaps(view: County, reading: Reading) -> list[dict[str, Any]]:
    coverage = view.assess(reading)
    gaps = coverage.gaps
    if gaps.empty:
        return []
    names = {kind: _area_names(view, kind) for kind in ("community", "district", "grid")}
    names["centre"] = _centre_names(view)
    bounds = _bounds_of(to_lonlat(gaps.geometry, "gaps"))
    records = [
        {
            **(gap | dict.fromkeys(GAP_PEOPLE) if is_hidden else gap),
            "hidden": is_hidden,
            "centre_name": names["centre"].get(gap["nearest_centre"]),
            **{f"{kind}_name": names[kind].get(gap[kind]) for kind in ("community", "district", "grid")},
            "bounds": box,
        }
        for gap, is_hidden, box in zip(
            plain_records(gaps, GAP_COLUMNS), _find_unseen(view, coverage), bounds, strict=True
        )
    ]
    return sorted(records, key=_gap_order)


def frame_gaps(view: County, reading: Reading) -> gpd.GeoDataFrame:
    """The gaps of `list_gaps` with their ground, as a file holds them; the reading stands in each row."""
    ground = view.assess(reading).gaps.set_index("id").geometry
    records = list_gaps(view, reading)
    columns = [*GAP_COLUMNS, *(f"{kind}_name" for kind in ("centre", "community", "district", "grid"))]
    frame = pd.DataFrame([{name: gap[name] for name in columns} for gap in records], columns=columns)
    for name in GAP_PEOPLE:
        frame[name] = pd.to_numeric(frame[name]).astype("Float64")
    shapes = gpd.GeoSeries(ground.reindex(frame["id"]).to_numpy(), crs=ground.crs)
    placed = gpd.GeoDataFrame(frame.assign(reading=str(reading)), geometry=shapes)
    return placed.assign(synthetic=True) if view.is_synthetic else placed


def _find_unseen(view: County, coverage: Coverage) -> list[bool]:
    """For each gap whether it has homes whose people the reader may not count."""
    gaps, homes = coverage.gaps, coverage.homes
    if view.whole is None:
        return [False] * len(gaps)
    is_unseen = (homes["status"] == "not_covered").to_numpy(bool) & ~homes.index.isin(list(view.seen))
    points = shapely.points(homes.loc[is_unseen, ["x", "y"]].to_numpy(float))
    holding = shapely.STRtree(points).query(gaps.geometry.to_numpy(), predicate="intersects")[0]
    found: list[bool] = np.isin(np.arange(len(gaps)), holding).tolist()
    return found


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


def list_served(view: County, reading: Reading) -> dict[str, Any]:
    """For each centre the homes within the cutoff whose nearest centre it is, and their people."""
    homes = view.assess(reading).homes
    covered = homes[(homes["status"] == "covered").to_numpy(bool)]
    groups = covered.groupby("centre", sort=True)
    served = groups["people"].sum(min_count=1).to_frame().assign(n_homes=groups.size()).reset_index()
    records = plain_records(served, ("centre", "n_homes", "people"))
    return {
        "reading": str(reading),
        "title": title_reading(reading),
        "centres": hide_unseen(view, records, covered),
    }


def hide_unseen(view: County, records: list[dict[str, Any]], homes: pd.DataFrame) -> list[dict[str, Any]]:
    """Records of centres, without people where a home of the centre may not be counted by the reader."""
    unseen = set() if view.whole is None else set(homes["centre"][~homes.index.isin(list(view.seen))])
    return [
        {
            **record,
            **({"people": None} if record["centre"] in unseen else {}),
            "hidden": record["centre"] in unseen,
        }
        for record in records
    ]


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
