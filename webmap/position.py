"""What is asked about a user's position: it serves one answer and is kept nowhere."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely

from geogrid.crs import WGS84, transform_points
from geogrid.errors import InvalidOptionError
from geogrid.responsibility.nearby import find_nearby_buildings
from webmap.county import County
from webmap.places import register_on

LEAST_ACCURACY_M, MOST_ACCURACY_M = 15.0, 200.0
"""A circle smaller than a house front misses the house beside which one stands; a larger one than a few
blocks is no answer to "which building"."""
MOST_BUILDINGS = 8


def find_point(county: County, lonlat: tuple[float, float]) -> shapely.Point:
    """The position in the register's metres.

    Raises
    ------
    PlaceNotFoundError
        While the county has no data.
    InvalidOptionError
        When the county's CRS cannot express the position.
    """
    register = register_on(county, county.day)
    xy = transform_points(np.array([lonlat], dtype=float), WGS84, register.metric_crs)
    if not np.isfinite(xy).all():
        raise InvalidOptionError(
            option="lon, lat", value="…", expected="本县附近的位置 / a position near the county"
        )
    return shapely.Point(xy[0])


def find_building(county: County, lonlat: tuple[float, float]) -> str | None:
    """The building in which a position lies."""
    return register_on(county, county.day).find_holders(find_point(county, lonlat))[0]


def list_nearby(county: County, lonlat: tuple[float, float], accuracy_m: float) -> dict[str, Any]:
    """The buildings that a position of some accuracy may be, the nearest first, and how many there are."""
    within_m = min(max(accuracy_m, LEAST_ACCURACY_M), MOST_ACCURACY_M)
    found = find_nearby_buildings(register_on(county, county.day), find_point(county, lonlat), within_m)
    return {
        "within_m": within_m,
        "n_found": len(found),
        "buildings": [
            {"id": one.id, "name": one.name, "where": one.where, "distance_m": round(one.distance_m)}
            for one in found[:MOST_BUILDINGS]
        ],
    }
