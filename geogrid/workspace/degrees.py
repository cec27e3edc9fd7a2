"""Shapes computed in metres written in the store's degrees, with the stored digits of every vertex that stayed."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import shapely

from geogrid.areas.mend import Shapes
from geogrid.crs import change_crs


def write_degrees(
    shapes: gpd.GeoDataFrame, stored: Sequence[tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]]
) -> Shapes:
    """Shapes in the store CRS.

    Degrees -> metres -> degrees is off in the last digit, and a neighbour that keeps its vertex
    would no longer share it.

    Parameters
    ----------
    shapes
        In metres.
    stored
        Layers whose vertices the shapes may have, each in metres and as stored, row by row.
    """
    store_crs = stored[0][1].crs
    assert store_crs is not None  # noqa: S101  # what is stored has one
    degrees = np.array(change_crs(shapes.geometry, store_crs.to_string(), "areas").to_numpy(), dtype=object)
    known: dict[tuple[float, ...], list[float]] = {}
    for metric, kept in reversed(stored):
        old_metric = shapely.get_coordinates(shapely.force_2d(metric.geometry.to_numpy()))
        old_stored = shapely.get_coordinates(shapely.force_2d(kept.geometry.to_numpy()))
        known.update(zip(map(tuple, old_metric.tolist()), old_stored.tolist(), strict=True))
    xy = shapely.get_coordinates(shapes.geometry.to_numpy()).tolist()
    lonlat = shapely.get_coordinates(degrees).tolist()
    digits = [known.get(tuple(place), at) for place, at in zip(xy, lonlat, strict=True)]
    written: Shapes = shapely.set_coordinates(degrees, np.array(digits).reshape(-1, 2))
    return written
