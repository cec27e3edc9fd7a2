"""The county as one reader may count it: the one place that decides which counts of people an answer is made from.

A route that computes anything from counts of people computes it on `current_view()`. There the counts
of buildings that the reader may not see are missing, so that no sum over them can be told, by whatever
way it was come by. What is told of other places are the sums of `tell_elsewhere` alone.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from flask import request

from geogrid.areas.share import assign_areas
from geogrid.coverage.reading import STANDARD_READINGS, Reading
from geogrid.coverage.telling import Told, blank_counts, choose_told, round_sum, tell_people
from geogrid.crs import change_crs, crs_name
from geogrid.schema import AREA_LAYERS
from webmap.county import County, Results, current_county
from webmap.readings import asked_reading
from webmap.roles import Reader, current_reader, require

KEPT_VIEWS = 8
"""Scopes whose views are kept at a time; each computes its own answers."""

STUDY = "study"

Flags = npt.NDArray[np.bool_]


def current_view() -> County:
    """The county as the reader of the running request may count it."""
    return narrow(current_county(), current_reader())


def narrow(county: County, reader: Reader) -> County:
    """The county with the counts of those buildings alone that a reader may see; the county itself for one who sees all."""
    sees_buildings = reader.may("see_counts_by_building")
    if sees_buildings and not reader.scope:
        return county
    scope = reader.scope if sees_buildings else ()
    views: Results = county.results.find("views", lambda: Results(KEPT_VIEWS))
    return views.find(scope, lambda: _blank_outside(county, scope))


def _blank_outside(county: County, scope: Sequence[str]) -> County:
    building, town = county.layers["building"], county.town
    seen = frozenset(building["id"][find_in_scope(county, scope)])
    return replace(
        county,
        layers={**county.layers, "building": blank_counts(building, seen)},
        town=town and replace(town, building=blank_counts(town.building, seen)),
        results=Results(),
        whole=county,
        seen=seen,
    )


def find_in_scope(county: County, scope: Sequence[str]) -> Flags:
    """The buildings that lie in one of the areas of a scope, `LAYER:CODE` each, in the order of the layer."""
    building = county.layers["building"]
    inside = np.zeros(len(building), bool)
    for item in scope if county.town is not None else ():
        layer, _, code = item.partition(":")
        inside |= place_buildings(county, layer) == code
    return inside


def place_buildings(county: County, layer: str) -> npt.NDArray[np.object_]:
    """The key of the area of a layer that each building lies in, None for none, in the order of the buildings."""
    buildings, areas = county.layers["building"], county.layers[layer]
    if buildings.empty or areas.empty:
        return np.full(len(buildings), None, object)
    crs = crs_name(county.require_town().street.crs)
    shapes = change_crs(buildings, crs, "building").geometry.to_numpy()
    return np.asarray(assign_areas(shapes, change_crs(areas, crs, layer)), dtype=object)


# --- what may be asked ----------------------------------------------------------------------------


def list_told(county: County) -> tuple[Reading, ...]:
    """The readings that everybody may ask for: the county's own and the standard ones."""
    return tuple(dict.fromkeys((county.reading, *STANDARD_READINGS)))


def require_reading(county: County, arguments: Mapping[str, str]) -> Reading:
    """The reading that a query asks for, refused where the reader may not ask for it.

    Raises
    ------
    InvalidOptionError
        When it is none.
    LoginNeededError, NotPermittedError
        When it is none of `list_told` and the reader may not study others.
    """
    reading = asked_reading(arguments, county.reading)
    if reading not in list_told(county):
        require(STUDY)
    return reading


def requested_reading(county: County) -> Reading:
    """The same, of the running request's query."""
    return require_reading(county, request.args)


def require_day(county: County, day: datetime.date | None) -> datetime.date | None:
    """The day that is asked for, refused where it is not today and the reader may not study others."""
    if day is not None and day != county.day:
        require(STUDY)
    return day


# --- what is told of other places ---------------------------------------------------------------


def tell_elsewhere(view: County, reading: Reading, kind: str, code: str | None) -> dict[str, Any]:
    """People of the `county` or of an area as everybody is told them: of communities, and no other areas.

    Returns
    -------
    `total` and one number for each status, rounded; None for what may not be told, `<5` for few; and
    `homes_without_people`.
    """
    county = view.whole or view
    told, readings = find_told(county), list_told(county)
    homes = county.assess(reading).homes
    number = readings.index(reading) if reading in readings else -1
    if kind == "community":
        own = homes["community"].isna() if code is None else homes["community"] == code
        homes = homes[own.to_numpy(bool)]
        total, split = code in told.communities, (code, number) in told.split
    else:
        total, split = kind == "county" and told.county, kind == "county" and number in told.county_split
    people = tell_people(homes, total=total and number >= 0, split=split)
    n_unknown = int(homes["people"].isna().sum())
    return {**people, "homes_without_people": n_unknown and round_sum(n_unknown), "rounded": True}


def find_told(county: County) -> Told:
    """Which sums everybody may be told, chosen once a revision."""
    return county.results.find("told", lambda: _choose(county))


def _choose(county: County) -> Told:
    homes = county.assess(county.reading).homes
    order = pd.Index(county.layers["building"]["id"]).get_indexer(homes.index)
    areas = [place_buildings(county, layer)[order] for layer in AREA_LAYERS]
    return choose_told([county.assess(reading) for reading in list_told(county)], areas)
