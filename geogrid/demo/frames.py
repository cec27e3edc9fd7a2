"""Columns and geometry to frames that hold exactly what the schema declares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geogrid.schema import PANDAS_DTYPES, find_layer

METRIC_CRS = "EPSG:4549"
SOURCE = "geogrid 合成演示数据"


def make_layer(layer: str, geometry: np.ndarray, columns: Mapping[str, Any]) -> gpd.GeoDataFrame:
    """A map layer in EPSG:4549 with the schema's columns; those not given are empty.

    Parameters
    ----------
    geometry
        Shape (n,), shapely geometries.
    columns
        Each of length n, or one value for all rows.
    """
    table = make_table(layer, len(geometry), columns)
    return gpd.GeoDataFrame(table, geometry=gpd.GeoSeries(geometry, index=table.index, crs=METRIC_CRS))


def make_table(table: str, n_rows: int, columns: Mapping[str, Any]) -> pd.DataFrame:
    """A table with the schema's columns, every row marked as synthetic where it can be."""
    declared = find_layer(table).columns
    unknown = set(columns) - {column.name for column in declared}
    if unknown:
        raise KeyError(table, *sorted(unknown))
    given = {"source": SOURCE, "synthetic": True, **columns}
    made = {}
    for column in declared:
        value = given.get(column.name)
        values = value if _is_column(value) else [value] * n_rows
        made[column.name] = pd.Series(values, dtype=PANDAS_DTYPES.get(column.type, "object"))
    return pd.DataFrame(made, index=pd.RangeIndex(n_rows))


def _is_column(value: object) -> bool:
    return isinstance(value, Sequence | np.ndarray | pd.Series | pd.api.extensions.ExtensionArray) and (
        not isinstance(value, str)
    )
