"""Layers as the browser takes them: GeoJSON in WGS 84, and footprints as columns of small integers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geogrid.crs import to_lonlat

NAME_TOLERANCE_DEG = 1e-4
DECIMALS = 6
GRID_DEG = 10.0**-DECIMALS
"""Coordinates are rounded to a millionth of a degree, about 0.1 m."""


def plain_value(value: Any) -> Any:
    """A cell of a frame as JSON knows it: missing becomes None, numpy's numbers become Python's."""
    if value is None or value is pd.NA or (isinstance(value, float) and not np.isfinite(value)):
        return None
    if isinstance(value, np.generic):
        return plain_value(value.item())
    return value


def plain_records(frame: pd.DataFrame, columns: Sequence[str]) -> list[dict[str, Any]]:
    """The rows of a frame as dictionaries of plain values."""
    cells = [[plain_value(value) for value in frame[column].tolist()] for column in columns]
    return [dict(zip(columns, row, strict=True)) for row in zip(*cells, strict=True)]


def write_geojson(frame: gpd.GeoDataFrame, columns: Sequence[str], where: str) -> str:
    """A layer as the text of a FeatureCollection with the columns named, in the order of the rows."""
    return write_features(frame, plain_records(frame, columns), where)


def write_features(frame: gpd.GeoDataFrame, records: Sequence[dict[str, Any]], where: str) -> str:
    """A layer as the text of a FeatureCollection whose properties are given, one record a row."""
    geometries = _rounded(frame, where)
    features = [
        f'{{"type":"Feature","geometry":{geometry or "null"},"properties":{_compact(record)}}}'
        for geometry, record in zip(shapely.to_geojson(geometries).tolist(), records, strict=True)
    ]
    return f'{{"type":"FeatureCollection","features":[{",".join(features)}]}}'


def write_borders(frame: gpd.GeoDataFrame, columns: Sequence[str], where: str) -> str:
    """The borders of areas, each drawn once, and a point for the name of each area with its columns.

    Neighbours share a border; drawn from both polygons a dashed line would look whole.
    """
    records = [{}, *plain_records(frame, columns)]
    if frame.empty:
        return write_features(frame, [], where)
    degrees = to_lonlat(frame, where)
    lines = shapely.line_merge(shapely.union_all(shapely.boundary(shapely.force_2d(degrees.geometry.values))))
    drawn = gpd.GeoDataFrame(geometry=[lines, *find_name_points(degrees)], crs=degrees.crs)
    return write_features(drawn, records, where)


def find_name_points(degrees: gpd.GeoDataFrame) -> list[Any]:
    """For each polygon, in degrees, the middle of the largest circle in it."""
    circles = shapely.maximum_inscribed_circle(degrees.geometry.values, tolerance=NAME_TOLERANCE_DEG)
    return list(shapely.get_point(circles, 0))


def write_footprints(frame: gpd.GeoDataFrame, revision: int, where: str) -> str:
    """Building polygons as columns, a third of the size of GeoJSON.

    `ids[i]` is a building, `parts[i]` how many rings it has, `sizes[j]` how many points a ring has
    (its first point is not repeated), `steps` the x and y differences from one point to the next in
    units of `unit` degrees, counted from `origin` and never reset.
    """
    polygons = shapely.orient_polygons(_rounded(frame, where))
    rings, owners = _rings_of(polygons)
    coordinates, ring_of = shapely.get_coordinates(rings, return_index=True)
    last = np.r_[np.flatnonzero(np.diff(ring_of)), len(ring_of) - 1] if len(ring_of) else []
    open_points = np.ones(len(ring_of), bool)
    open_points[last] = False  # the closing point
    whole = np.round(coordinates[open_points] / GRID_DEG).astype(np.int64)
    origin = whole[0] if len(whole) else np.zeros(2, np.int64)
    steps = np.diff(np.vstack([origin, whole]), axis=0) if len(whole) else np.empty((0, 2), np.int64)
    return _compact(
        {
            "revision": revision,
            "unit": GRID_DEG,
            "origin": origin.tolist(),
            "ids": frame["id"].tolist(),
            "parts": np.bincount(owners, minlength=len(frame)).tolist(),
            "sizes": np.bincount(ring_of[open_points], minlength=len(rings)).tolist(),
            "steps": steps.ravel().tolist(),
        }
    )


def _rings_of(polygons: npt.NDArray[np.object_]) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.intp]]:
    """All rings of (multi)polygons and the row each belongs to."""
    parts, part_owner = shapely.get_parts(polygons, return_index=True)
    rings, ring_part = shapely.get_rings(parts, return_index=True)
    return rings, part_owner[ring_part]


def _rounded(frame: gpd.GeoDataFrame, where: str) -> npt.NDArray[np.object_]:
    """The geometry in WGS 84 on the display grid, without heights."""
    if frame.empty:  # a county without any layer has no CRS yet
        return np.empty(0, object)
    flat = shapely.force_2d(to_lonlat(frame, where).geometry.values)
    # Number by number, which an invalid polygon survives: a display must show it too.
    return np.asarray(shapely.transform(flat, lambda degrees: np.round(degrees, DECIMALS)))


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
