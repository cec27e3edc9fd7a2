"""Small layers and tables by hand, with the schema's columns and types, around a corner of the county."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from geogrid.crs import WGS84, transform_points
from geogrid.schema import ColumnType, find_layer

METRIC = "EPSG:4549"
EAST, NORTH = 386_000, 3_028_000
"""The corner that hand-drawn coordinates are counted from: in 政和县, whole metres."""

DTYPES = {ColumnType.INTEGER: "Int64", ColumnType.REAL: "float64", ColumnType.BOOLEAN: "boolean"}


def rectangle(west: float, south: float, east: float, north: float) -> shapely.Polygon:
    return shapely.box(EAST + west, NORTH + south, EAST + east, NORTH + north)


def point(x: float, y: float) -> shapely.Point:
    return shapely.Point(EAST + x, NORTH + y)


def line(*xy: tuple[float, float]) -> shapely.LineString:
    return shapely.LineString([(EAST + x, NORTH + y) for x, y in xy])


def lonlat(x: float, y: float) -> tuple[float, float]:
    """Longitude and latitude of a hand-drawn place."""
    ((lon, lat),) = transform_points(np.array([[EAST + x, NORTH + y]], float), METRIC, WGS84)
    return float(lon), float(lat)


def make_layer(
    layer: str, features: Mapping[str, BaseGeometry | None], /, **columns: Sequence[Any]
) -> gpd.GeoDataFrame:
    """A layer in metres from key -> geometry; columns that are not given are empty."""
    table = make_table(layer, **{find_layer(layer).key: list(features), **columns})
    geometry = gpd.GeoSeries(list(features.values()), index=table.index, crs=METRIC)
    return gpd.GeoDataFrame(table, geometry=geometry)


def make_table(table: str, /, **columns: Sequence[Any]) -> pd.DataFrame:
    """A table with the schema's columns; those that are not given are empty."""
    n_rows = len(next(iter(columns.values())))
    assert columns.keys() <= set(find_layer(table).column_names)
    return pd.DataFrame(
        {
            column.name: pd.Series(
                columns.get(column.name, [None] * n_rows), dtype=DTYPES.get(column.type, object)
            )
            for column in find_layer(table).columns
        }
    )
