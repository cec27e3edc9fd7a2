"""Layers as GeoJSON in WGS 84, with plain values and rounded coordinates."""

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
    geometries = round_geometries(frame, where)
    features = [
        f'{{"type":"Feature","geometry":{geometry or "null"},"properties":{write_json(record)}}}'
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
    """For each polygon, in degrees, the middle of the largest circle in it; of a faulty one some point on it."""
    shapes = np.asarray(degrees.geometry.values)
    points = shapely.point_on_surface(shapely.make_valid(shapes))
    sound = shapely.is_valid(shapes) & (shapely.area(shapes) > 0)
    circles = shapely.maximum_inscribed_circle(shapes[sound], tolerance=NAME_TOLERANCE_DEG)
    points[sound] = shapely.get_point(circles, 0)
    return list(points)


def round_geometries(frame: gpd.GeoDataFrame, where: str) -> npt.NDArray[np.object_]:
    """The geometry in WGS 84 on the display grid, without heights; what was valid is valid on it."""
    if frame.empty:  # a county without any layer has no CRS yet
        return np.empty(0, object)
    flat = shapely.force_2d(to_lonlat(frame, where).geometry.values)
    # Number by number, which an invalid polygon survives: a display must show it too.
    rounded = np.asarray(shapely.transform(flat, lambda degrees: np.round(degrees, DECIMALS)))
    broken = ~shapely.is_valid(rounded)
    broken[broken] = shapely.is_valid(flat[broken])
    rounded[broken] = shapely.set_precision(flat[broken], 10.0**-DECIMALS)
    return rounded


def write_json(value: Any) -> str:
    """A value as JSON without spaces; a number that JSON does not know is a fault of the program."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
