"""The walk from a building or a position to its nearest centre, leg by leg, as lines for a web map."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from geogrid.coverage.explain_walk import ExplainedWalk, Leg, explain_walk
from geogrid.coverage.walks import Layout, Walks, lay_out_points, measure_walks
from geogrid.crs import WGS84, crs_name, transform_points
from geogrid.errors import FeatureNotFoundError
from geogrid.labels import LANGUAGES, label
from geogrid.network.impedance import PROFILES
from webmap.county import County
from webmap.position import find_building, find_point

DECIMALS = 6
"""Degrees are rounded to a millionth, about 0.1 m."""


def tell_walk(county: County, building: str) -> dict[str, Any]:
    """The walk of a home to its nearest centre by the walker of the county's reading.

    Returns
    -------
    `walk` is None, with the reason in `why`, for a building that is no home or reaches no centre.

    Raises
    ------
    FeatureNotFoundError
        When there is no such building.
    EmptyLayerError
        While there are no streets, no homes or no centres.
    """
    if not (county.layers["building"]["id"] == building).any():
        raise FeatureNotFoundError(layer="building", keys=[building[:40]])
    layout = county.layout
    number = county.results.find(
        "home_numbers", lambda: {str(key): row for row, key in enumerate(layout.homes.building["id"])}
    ).get(building)
    found = {"building": building, **_name_walker(county)}
    if number is None:
        return found | {"walk": None, "why": _say("not_a_home")}
    profile = PROFILES[county.reading.profile]
    walks = county.results.find(("walks", profile), lambda: measure_walks(layout, profile))
    return found | county.results.find(("walk", building), lambda: _tell(county, layout, walks, number))


def tell_point_walk(county: County, lonlat: tuple[float, float]) -> dict[str, Any]:
    """The walk of the home in which a position lies, else from there as if a home's door stood there.

    Raises
    ------
    InvalidOptionError
        When the county's CRS cannot express the position.
    """
    building = find_building(county, lonlat)
    if building is not None:
        told = tell_walk(county, building)
        if told["walk"] is not None:
            return told
    town, point = county.require_town(), np.array([find_point(county, lonlat)])
    there = lay_out_points(town, county.layout, point)
    walks = measure_walks(there, PROFILES[county.reading.profile])
    return {"building": None, **_name_walker(county), **_tell(county, there, walks, 0)}


def _tell(county: County, layout: Layout, walks: Walks, number: int) -> dict[str, Any]:
    town = county.require_town()
    walk = explain_walk(town, layout, walks, number)
    if walk is None:
        return {"walk": None, "why": _say("unreachable")}
    crs = crs_name(town.street.crs)
    told = walk.to_dict()
    for leg, row in zip(walk.legs, told["legs"], strict=True):
        row["kind"] = _name_kind(leg)
        row["line"] = _degrees(leg.path, crs)
    told["gates_passed"] = _list_gates(walk, crs)
    return {"walk": told, "why": None}


def _name_kind(leg: Leg) -> str:
    """`steps` and `crossing` before the plain kinds: what a walker notices on the way."""
    if leg.is_steps:
        return "steps"
    return "crossing" if leg.wait_s > 0 else leg.kind.value


def _list_gates(walk: ExplainedWalk, crs: str) -> list[dict[str, Any]]:
    """The gates that the walk passes, in its order; `id` is None for one that is not mapped."""
    found = []
    for leg in walk.legs:
        if leg.destination == "gate":
            (lonlat,) = _degrees(leg.path[-1:], crs)
            found.append({"id": leg.gate, "lonlat": lonlat})
    return found


def _degrees(path: Sequence[tuple[float, float]], crs: str) -> list[list[float]]:
    lonlat: list[list[float]] = np.round(transform_points(np.array(path), crs, WGS84), DECIMALS).tolist()
    return [place for place in lonlat if all(math.isfinite(degrees) for degrees in place)]


def _name_walker(county: County) -> dict[str, Any]:
    profile = county.reading.profile
    return {
        "reading": str(county.reading),
        "walker": {language: label(f"coverage.profile.{profile}", language) for language in LANGUAGES},
    }


def _say(cause: str) -> dict[str, str]:
    return {language: label(f"web.walk.{cause}", language) for language in LANGUAGES}
