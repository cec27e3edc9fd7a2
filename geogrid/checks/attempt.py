"""Checks that go on: shapes that nothing can be computed from are set aside, and what GEOS cannot do is a finding."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from geogrid.checks.rules import make_finding
from geogrid.findings import Finding
from geogrid.responsibility.columns import read_texts
from geogrid.schema import find_layer

FARTHEST_M = 1e8
"""Coordinates beyond this are no place on Earth in any zone: a zone's number before the easting makes 6e7 at most."""
NEAR_M = 1.0
"""A feature this near to where GEOS gave up is named."""

_NUMBER = r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?"
_PLACE = re.compile(rf"at(?: or near point)? ({_NUMBER}) ({_NUMBER})")


def find_unusable(shapes: np.ndarray) -> npt.NDArray[np.bool_]:
    """Which shapes nothing can be computed from, shape (n,): coordinates that are no numbers, or no place on
    Earth, and what GEOS can neither judge nor repair. Missing and empty ones are usable.
    """
    with np.errstate(invalid="ignore"):
        return _find_unusable(shapes)


def _find_unusable(shapes: np.ndarray) -> npt.NDArray[np.bool_]:
    xy, rows = shapely.get_coordinates(shapes, return_index=True)
    unusable = np.zeros(len(shapes), bool)
    # NaN compares as false.
    unusable[rows[~(np.abs(xy) <= FARTHEST_M).all(axis=1)]] = True
    is_there = ~(shapely.is_missing(shapes) | unusable)
    for row in np.flatnonzero(is_there)[~shapely.is_valid(shapes[is_there])]:
        try:
            shapely.make_valid(shapes[row])
        except shapely.errors.ShapelyError:
            unusable[row] = True
    return unusable


def set_aside(frame: gpd.GeoDataFrame, layer: str) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """The layer without its unusable shapes (the features stay, without a place), and a finding for each."""
    shapes = frame.geometry.to_numpy()
    unusable = find_unusable(shapes)
    if not unusable.any():
        return frame, []
    keys = read_texts(frame, find_layer(layer).key)
    findings = [
        make_finding("geometry.unusable", layer, [keys[row] or "?"]) for row in np.flatnonzero(unusable)
    ]
    kept = np.where(unusable, None, shapes)
    return frame.set_geometry(gpd.GeoSeries(kept, index=frame.index, crs=frame.crs)), findings


def attempt(layer: str, frame: gpd.GeoDataFrame, check: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    """What a check of a layer finds; where GEOS gives up, what it found until then and that it could not go on."""
    try:
        yield from check()
    except shapely.errors.ShapelyError as error:
        reason = str(error).strip().partition("\n")[0][:200]
        yield make_finding(
            "geometry.failed", layer, find_culprits(frame, layer, reason) or ["?"], reason=reason
        )


def find_culprits(frame: gpd.GeoDataFrame, layer: str, reason: str) -> list[str]:
    """The keys of the features by which GEOS gave up: those where it says, else those that are invalid."""
    keys = [key or "?" for key in read_texts(frame, find_layer(layer).key)]
    shapes = frame.geometry.to_numpy()
    found = _PLACE.search(reason)
    if found:
        distance_m = shapely.distance(shapes, shapely.Point(float(found[1]), float(found[2])))
        rows = np.flatnonzero(distance_m <= NEAR_M)
    else:
        rows = np.flatnonzero(~(shapely.is_valid(shapes) | shapely.is_missing(shapes)))
    return [keys[row] for row in rows]
