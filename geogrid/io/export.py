"""Layers as files for others: geodata, drawings, tables and spreadsheets, whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geogrid.coverage.telling import LEAST_HOMES, ROUNDED_TO
from geogrid.crs import (
    CGCS2000,
    WGS84,
    change_crs,
    choose_metric_crs,
    crs_name,
    parse_crs,
    require_crs,
    to_lonlat,
)
from geogrid.errors import InvalidOptionError, UnsupportedFileError, WorkspaceExistsError
from geogrid.io.dxf import write_dxf
from geogrid.io.guard import Progress
from geogrid.io.kml import Counting, write_kml
from geogrid.io.naming import suffix_of
from geogrid.io.replacing import replacing
from geogrid.io.shapefile_out import write_shapefile
from geogrid.io.table import TABLE_SUFFIXES, plain_rows, strip_control, write_table
from geogrid.labels import label
from geogrid.schema import SMALLEST_COUNT

EXPORT_SUFFIXES = (".gpkg", ".geojson", ".fgb", ".shp.zip", ".dxf", ".kml", *TABLE_SUFFIXES)

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
_TOLD_ROWS = 5000
"""How many rows go by between two words on how far it is."""


def leave_out_counts(frame: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """The frame as it may leave the county, and how many counts of people were left out.

    Counts of single buildings are left out, column and all, so that a file that is brought in again empties
    nothing. Sums over `n_homes` are rounded to tens, and empty where they are of few homes or few people.

    >>> told, n = leave_out_counts(pd.DataFrame({"n_homes": [40, 40, 3], "people": [123, 2, 50]}))
    >>> told["people"].tolist(), n
    ([120, <NA>, <NA>], 2)
    >>> leave_out_counts(pd.DataFrame({"id": ["b1"], "residents": [3]}))[0].columns.tolist()
    ['id']
    """
    counts = [name for name in COUNTS_OF_PEOPLE if name in frame.columns]
    if "n_homes" not in frame.columns:
        return frame.drop(columns=counts), int(frame[counts].notna().to_numpy().sum())
    n_left_out = 0
    for name in counts:
        exact = frame[name].astype("Int64")
        is_few = (frame["n_homes"] < LEAST_HOMES) | (exact < SMALLEST_COUNT)
        told = ((exact + ROUNDED_TO // 2) // ROUNDED_TO * ROUNDED_TO).mask(is_few.fillna(value=True))
        n_left_out += int((exact.notna() & told.isna()).sum())
        frame = frame.assign(**{name: told})
    return frame, n_left_out


@dataclass(frozen=True)
class Written:
    """A file that was written: where, and what its reader should know, in Chinese and English."""

    path: Path
    notes: tuple[str, ...] = ()


def write_layer(
    frame: pd.DataFrame,
    path: Path,
    *,
    layer_title: str,
    crs: str | None = None,
    progress: Progress | None = None,
) -> Written:
    """Write a layer, or a table, to a file of the kind that its name says.

    All columns are written under their own names, so that the file can be read again and a second
    program can compute what geogrid computed. Coordinates are written in full:

    - .gpkg: geometry with the heights of lines and a spatial index, in the layer's CRS or in `crs`;
    - .fgb, .shp.zip: the same; a Shapefile has names of ten characters and texts of 254 bytes;
    - .geojson, .kml: WGS 84 (RFC 7946), numbers unrounded;
    - .dxf: lines, points and names in metres, attributes as extended data;
    - .csv: columns lon and lat (x and y in metres) for points, wkt for lines and polygons, and crs;
    - .xlsx: the same for points; for lines and polygons a point on each, since a cell is too short.

    Where a feature is marked as synthetic, the title of the layer or sheet says so; the file bears the
    name that was asked for.

    Parameters
    ----------
    frame
        A layer in any CRS, or a table without geometry.
    layer_title
        In the language of the reader.
    crs
        CRS to write; that of the layer when None (a drawing: the metric one where the layer lies).

    Raises
    ------
    UnsupportedFileError
        For another kind of file, or a table as geodata.
    InvalidOptionError
        For a CRS that the kind of file cannot be in.
    WorkspaceExistsError
        When the file is a county's own.
    """
    suffix = suffix_of(path)
    is_layer = isinstance(frame, gpd.GeoDataFrame)
    supported = EXPORT_SUFFIXES if is_layer else TABLE_SUFFIXES
    if suffix not in supported:
        raise UnsupportedFileError(path.name, suffix or "-", supported)
    is_synthetic = _is_synthetic(frame)
    _require_free(path)
    frame = _keep_public(frame)
    title = _title(layer_title, is_synthetic=is_synthetic)
    if not is_layer:
        write_table(frame, path, title=title)
        return Written(path)
    count = partial(_count_rows, n_rows=len(frame), progress=progress)
    if suffix in (".geojson", ".kml"):
        if crs not in (None, WGS84, CGCS2000):
            standard = "GeoJSON, RFC 7946" if suffix == ".geojson" else "KML"
            raise InvalidOptionError(option="--crs", value=str(crs), expected=f"{WGS84} ({standard})")
        write = _write_geojson if suffix == ".geojson" else write_kml
        write(to_lonlat(frame, layer_title), path, title, count)
        return Written(path)
    if suffix == ".dxf":
        target = _choose_drawing_crs(frame, crs, layer_title)
        placed = change_crs(frame, target, layer_title)
        return Written(path, tuple(write_dxf(placed, path, title, target, count)))
    placed = frame if crs is None else change_crs(frame, crs, layer_title)
    if suffix in TABLE_SUFFIXES:
        write_table(_tabulate(placed, suffix, layer_title), path, title=title)
        return Written(path)
    placed = _strip_texts(placed)
    if suffix == ".shp.zip":
        return Written(path, tuple(write_shapefile(placed, path, title)))
    with replacing(path) as beside:
        if suffix == ".fgb":
            _write_gdal(placed, beside, "FlatGeobuf", layer=title, promote_to_multi=False)
        else:
            _write_gdal(placed, beside, "GPKG", layer=title, layer_options={"IDENTIFIER": title})
    return Written(path)


def write_layers(
    frames: Mapping[str, pd.DataFrame],
    titles: Mapping[str, str],
    path: Path,
    *,
    crs: str | None = None,
    progress: Progress | None = None,
) -> Written:
    """Write layers and tables into one GeoPackage, each under its name and title.

    Parameters
    ----------
    frames
        Name -> layer or table.
    titles
        Name -> title, in the language of the reader.

    Raises
    ------
    UnsupportedFileError
        For another kind of file.
    WorkspaceExistsError
        When the file is a county's own.
    """
    if suffix_of(path) != ".gpkg":
        raise UnsupportedFileError(path.name, suffix_of(path) or "-", (".gpkg",))
    _require_free(path)
    with replacing(path) as beside:
        for n, (name, whole) in enumerate(frames.items()):
            frame = _strip_texts(_keep_public(whole))
            if crs is not None and isinstance(frame, gpd.GeoDataFrame):
                frame = change_crs(frame, crs, name)
            title = _title(titles[name], is_synthetic=_is_synthetic(frame))
            _write_gdal(frame, beside, "GPKG", layer=name, layer_options={"IDENTIFIER": title})
            if progress is not None:
                progress((n + 1) / len(frames), "cli.export.writing")
    return Written(path)


def _is_synthetic(frame: pd.DataFrame) -> bool:
    return "synthetic" in frame and bool(frame["synthetic"].fillna(value=False).any())


def _title(layer_title: str, *, is_synthetic: bool) -> str:
    return f"{layer_title}（{label('synthetic')} synthetic）" if is_synthetic else layer_title


def _require_free(path: Path) -> None:
    """Refuse to write over a county's own file."""
    if path.exists() and path.with_suffix(".private.sqlite").exists():
        raise WorkspaceExistsError(str(path))


def _keep_public(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.drop(columns=[name for name in _INTERNAL_COLUMNS if name in frame])


def _strip_texts(frame: pd.DataFrame) -> pd.DataFrame:
    """Texts without control characters: GDAL would end a text at the first NUL."""
    geometry = frame.geometry.name if isinstance(frame, gpd.GeoDataFrame) else None
    texts = [
        name for name in frame.columns if name != geometry and not pd.api.types.is_numeric_dtype(frame[name])
    ]
    return frame.assign(
        **{
            name: frame[name].map(lambda value: strip_control(value) if isinstance(value, str) else value)
            for name in texts
        }
    )


def _choose_drawing_crs(frame: gpd.GeoDataFrame, crs: str | None, where: str) -> str:
    """The CRS named, which must be in metres; else the metric one where the layer lies."""
    if crs is not None:
        if not parse_crs(crs).is_projected:
            raise InvalidOptionError(option="--crs", value=crs, expected="metric, zone, EPSG:45xx (DXF: m)")
        return crs
    if frame.empty:
        return crs_name(require_crs(frame, where))
    if require_crs(frame, where).is_projected:
        return crs_name(frame.crs)
    west, south, east, north = frame.total_bounds
    return choose_metric_crs((west + east) / 2, (south + north) / 2)


def _count_rows(rows: Iterable[Any], n_rows: int, progress: Progress | None) -> Iterator[Any]:
    """Let rows by and tell how many went."""
    for n, row in enumerate(rows, 1):
        if progress is not None and n % _TOLD_ROWS == 0:
            progress(n / n_rows, "cli.export.writing")
        yield row


def _write_gdal(frame: pd.DataFrame, path: Path, driver: str, **options: Any) -> None:
    import pyogrio

    if frame.empty and isinstance(frame, gpd.GeoDataFrame):
        options["geometry_type"] = "Unknown"
    pyogrio.write_dataframe(frame, path, driver=driver, **options)


def _write_geojson(frame: gpd.GeoDataFrame, path: Path, title: str, count: Counting) -> None:
    with replacing(path) as beside, beside.open("w", encoding="utf-8") as file:
        file.write('{"type": "FeatureCollection", "name": ' + json.dumps(title, ensure_ascii=False))
        file.write(', "features": [\n')
        for n, one in enumerate(_features(frame, count)):
            file.write((",\n" if n else "") + json.dumps(one, ensure_ascii=False, allow_nan=False))
        file.write("\n]}\n")


def _features(frame: gpd.GeoDataFrame, count: Counting) -> Iterator[dict[str, Any]]:
    table = frame.drop(columns=frame.geometry.name)
    shapes = shapely.orient_polygons(np.asarray(frame.geometry.values, dtype=object))
    for row, shape in count(zip(plain_rows(table), shapes, strict=True)):
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
