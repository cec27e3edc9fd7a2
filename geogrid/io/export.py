"""Layers as files for others: GeoPackage, GeoJSON, CSV and spreadsheets, whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geogrid.crs import CGCS2000, WGS84, change_crs, crs_name, require_crs, to_lonlat
from geogrid.errors import InvalidOptionError, UnsupportedFileError, WorkspaceExistsError
from geogrid.io.replacing import replacing
from geogrid.io.table import TABLE_SUFFIXES, plain_rows, write_table
from geogrid.labels import label
from geogrid.schema import SMALLEST_COUNT

EXPORT_SUFFIXES = (".gpkg", ".geojson", *TABLE_SUFFIXES)

COUNTS_OF_PEOPLE = (
    "residents",
    "residents_0_14",
    "residents_60_plus",
    "residents_80_plus",
    "households",
    "people",
    "elderly",
    "children",
)

_INTERNAL_COLUMNS = ("version",)
_POINT_TYPE = 0


def hide_small_counts(frame: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """The frame without counts of people from 1 to `SMALLEST_COUNT` - 1, and how many were left out."""
    n_hidden = 0
    for name in COUNTS_OF_PEOPLE:
        if name in frame.columns:
            is_small = frame[name].between(1, SMALLEST_COUNT - 1).fillna(value=False).astype(bool)
            n_hidden += int(is_small.sum())
            frame = frame.assign(**{name: frame[name].mask(is_small)})
    return frame, n_hidden


def write_layer(frame: pd.DataFrame, path: Path, *, layer_title: str, crs: str | None = None) -> list[str]:
    """Write a layer, or a table, to a file of the kind that its name says.

    All columns are written under their own names, so that the file can be read again and a second
    program can compute what geogrid computed. Coordinates are written in full:

    - .gpkg: geometry with the heights of lines, in the layer's CRS or in `crs`;
    - .geojson: WGS 84 (RFC 7946), numbers unrounded;
    - .csv: columns lon and lat (x and y in metres) for points, wkt for lines and polygons, and crs;
    - .xlsx: the same for points; for lines and polygons a point on each, since a cell is too short.

    Where a feature is marked as synthetic, the title of the layer or sheet says so.

    Parameters
    ----------
    frame
        A layer in any CRS, or a table without geometry.
    layer_title
        In the language of the reader.
    crs
        CRS to write; that of the layer when None.

    Returns
    -------
    Notes for the user, in Chinese and English.

    Raises
    ------
    UnsupportedFileError
        For another kind of file, or a table as geodata.
    InvalidOptionError
        For a GeoJSON file in another CRS than WGS 84.
    WorkspaceExistsError
        When the file is a county's own.
    """
    suffix = path.suffix.lower()
    is_layer = isinstance(frame, gpd.GeoDataFrame)
    supported = EXPORT_SUFFIXES if is_layer else TABLE_SUFFIXES
    if suffix not in supported:
        raise UnsupportedFileError(path.name, suffix or "-", supported)
    if path.exists() and path.with_suffix(".private.sqlite").exists():
        raise WorkspaceExistsError(str(path))
    frame = frame.drop(columns=[name for name in _INTERNAL_COLUMNS if name in frame])
    is_synthetic = "synthetic" in frame and bool(frame["synthetic"].fillna(value=False).any())
    title = f"{layer_title}（{label('synthetic')} synthetic）" if is_synthetic else layer_title
    if not is_layer:
        write_table(frame, path, title=title)
    elif suffix == ".geojson":
        if crs not in (None, WGS84, CGCS2000):
            raise InvalidOptionError(option="--crs", value=str(crs), expected=f"{WGS84} (GeoJSON, RFC 7946)")
        _write_geojson(to_lonlat(frame, layer_title), path, title)
    else:
        placed = frame if crs is None else change_crs(frame, crs, layer_title)
        if suffix == ".gpkg":
            _write_geopackage(placed, path, title)
        else:
            write_table(_tabulate(placed, suffix, layer_title), path, title=title)
    is_named = "synthetic" in path.name.lower() or "合成" in path.name
    if is_synthetic and not is_named:
        return [
            "数据为合成演示数据，文件名中未注明 / the data is synthetic, which the file's name does not say"
        ]
    return []


def _write_geopackage(frame: gpd.GeoDataFrame, path: Path, title: str) -> None:
    import pyogrio

    options: dict[str, Any] = {"geometry_type": "Unknown"} if frame.empty else {}
    with replacing(path) as beside:
        pyogrio.write_dataframe(
            frame, beside, layer=title, driver="GPKG", layer_options={"IDENTIFIER": title}, **options
        )


def _write_geojson(frame: gpd.GeoDataFrame, path: Path, title: str) -> None:
    with replacing(path) as beside, beside.open("w", encoding="utf-8") as file:
        file.write('{"type": "FeatureCollection", "name": ' + json.dumps(title, ensure_ascii=False))
        file.write(', "features": [\n')
        file.write(",\n".join(json.dumps(one, ensure_ascii=False) for one in _features(frame)))
        file.write("\n]}\n")


def _features(frame: gpd.GeoDataFrame) -> Iterator[dict[str, Any]]:
    table = frame.drop(columns=frame.geometry.name)
    shapes = shapely.orient_polygons(np.asarray(frame.geometry.values, dtype=object))
    for row, shape in zip(plain_rows(table), shapes, strict=True):
        properties = dict(zip(table.columns, row, strict=True))
        geometry = None if shape is None else shapely.geometry.mapping(shape)
        yield {"type": "Feature", "properties": properties, "geometry": geometry}


def _tabulate(frame: gpd.GeoDataFrame, suffix: str, where: str) -> pd.DataFrame:
    """The layer as a table, with columns that say where each feature is."""
    crs = require_crs(frame, where)
    table = pd.DataFrame(frame.drop(columns=frame.geometry.name))
    shapes = np.asarray(frame.geometry.values, dtype=object)
    is_points = bool((shapely.get_type_id(shapes) == _POINT_TYPE).all())
    if suffix == ".csv" and not is_points:
        table["wkt"] = pd.Series(
            shapely.to_wkt(shapes, rounding_precision=-1), index=table.index, dtype=object
        )
    else:
        points = shapes if is_points else shapely.point_on_surface(shapes)
        x, y = ("lon", "lat") if crs.is_geographic else ("x", "y")
        table[x], table[y] = shapely.get_x(points), shapely.get_y(points)
    table["crs"] = crs_name(crs)
    return table
