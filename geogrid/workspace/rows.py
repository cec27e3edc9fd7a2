"""Frames as rows of SQL and back: the columns of the schema, with the dtypes of analysis."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geogrid.errors import Fault, FileContentError, MissingColumnsError
from geogrid.schema import PANDAS_DTYPES, ColumnType, Geometry, Layer

_ALLOWED = {
    Geometry.POLYGON: {shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON},
    Geometry.LINE: {shapely.GeometryType.LINESTRING},
    Geometry.POINT: {shapely.GeometryType.POINT},
}


def to_frame(
    layer: Layer,
    values: Sequence[Sequence[Any]],
    geometries: npt.NDArray[np.object_] | None,
    crs: str | None,
) -> pd.DataFrame:
    """A frame from column values as SQL returns them.

    Parameters
    ----------
    values
        One sequence of length n for each column of the layer, then one for `version`.
    geometries
        Shape (n,), or None for a table.

    Returns
    -------
    A GeoDataFrame (or a DataFrame for a table): integers `Int64`, booleans `boolean`, text as `object`.
    """
    columns: dict[str, Any] = {}
    for column, stored in zip(layer.columns, values, strict=False):
        columns[column.name] = _to_series(stored, column.type)
    columns["version"] = pd.Series(values[-1], dtype="int64")
    frame = pd.DataFrame(columns)
    if geometries is None:
        return frame
    located: pd.DataFrame = gpd.GeoDataFrame(frame, geometry=geometries, crs=crs)
    return located


def _to_series(stored: Sequence[Any], kind: ColumnType) -> pd.Series[Any]:
    if kind is ColumnType.BOOLEAN:
        flags = [None if value is None else bool(value) for value in stored]
        return pd.Series(flags, dtype="boolean")
    return pd.Series(stored, dtype=PANDAS_DTYPES.get(kind, "object"))


def to_rows(layer: Layer, frame: pd.DataFrame, columns: Sequence[str]) -> list[tuple[Any, ...]]:
    """The rows of a frame as values that SQL stores; whatever counts as missing becomes None."""
    return list(zip(*(to_stored(frame[name], layer.column(name).type) for name in columns), strict=True))


def to_stored(series: pd.Series[Any], kind: ColumnType) -> list[Any]:
    """One column's values as SQL stores them."""
    is_missing = series.isna().to_numpy()
    values = series.astype(object).to_numpy()
    converters: dict[ColumnType, Callable[[Any], Any]] = {
        ColumnType.TEXT: str,
        ColumnType.LIST: str,
        ColumnType.INTEGER: int,
        ColumnType.REAL: float,
        ColumnType.BOOLEAN: int,
        ColumnType.DATE: _to_iso_date,
    }
    convert = converters[kind]
    return [None if gone else convert(value) for value, gone in zip(values, is_missing, strict=True)]


def _to_iso_date(value: Any) -> str:
    if isinstance(value, datetime.datetime):
        return value.date().isoformat()
    if isinstance(value, datetime.date):
        return value.isoformat()
    return datetime.date.fromisoformat(str(value)).isoformat()


def require_storable(layer: Layer, frame: pd.DataFrame) -> None:
    """Refuse a frame that the layer cannot hold.

    Raises
    ------
    MissingColumnsError
        When a required column is missing.
    FileContentError
        For columns the schema does not know, missing required values, geometries of another kind,
        empty ones, or coordinates that are no numbers.
    """
    known = {*layer.column_names, "version", "geometry"}
    faults = [
        Fault(zh=f"数据结构中没有列“{name}”", en=f"the schema has no column “{name}”")
        for name in frame.columns
        if name not in known
    ]
    missing = [c.name for c in layer.columns if c.required and c.name not in frame.columns]
    if missing:
        raise MissingColumnsError(file=layer.name, missing=missing, found=[str(c) for c in frame.columns])
    for column in layer.columns:
        if column.required:
            empty = np.flatnonzero(frame[column.name].isna().to_numpy())
            faults += [
                Fault(zh="缺少必填值", en="value missing", row=int(i) + 1, column=column.name) for i in empty
            ]
    if layer.geometry is not Geometry.NONE:
        faults += _find_geometry_faults(layer, frame)
    if faults:
        raise FileContentError(file=layer.name, faults=faults)


def _find_geometry_faults(layer: Layer, frame: pd.DataFrame) -> list[Fault]:
    geometries = np.asarray(frame.geometry.values, dtype=object)
    kinds = shapely.get_type_id(geometries)
    coordinates, owners = shapely.get_coordinates(geometries, return_index=True)
    is_bad = ~np.isin(kinds, list(_ALLOWED[layer.geometry])) | shapely.is_empty(geometries)
    is_bad[owners[~np.isfinite(coordinates).all(axis=1)]] = True
    return [
        Fault(
            zh=f"几何应为非空、坐标有限的 {layer.geometry.value}",
            en=f"the geometry must be a {layer.geometry.value} that is not empty, with finite coordinates",
            row=int(i) + 1,
        )
        for i in np.flatnonzero(is_bad)
    ]


def unify_geometries(layer: Layer, geometries: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    """Geometries as the layer stores them: polygons as multipolygons; z kept for lines alone."""
    if layer.geometry is not Geometry.LINE:
        geometries = shapely.force_2d(geometries)
    if layer.geometry is Geometry.POLYGON:
        unified = geometries.copy()
        single = shapely.get_type_id(geometries) == shapely.GeometryType.POLYGON
        unified[single] = shapely.multipolygons(geometries[single], indices=np.arange(int(single.sum())))
        return unified
    return geometries
