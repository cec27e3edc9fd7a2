"""Layers and tables of other people's files, brought into the schema's columns and the county's CRS."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geogrid.crs import WGS84, Datum, choose_store_crs, crs_name, normalise_datum, parse_crs, to_lonlat
from geogrid.errors import (
    CrsError,
    Fault,
    FileContentError,
    FileMissingError,
    InvalidOptionError,
    MissingColumnsError,
    UnsupportedFileError,
)
from geogrid.io.archive import unpack_layer
from geogrid.io.columns import is_key_made, match_columns, require_no_identity_numbers
from geogrid.io.encoding import normalise_encoding
from geogrid.io.gdal import read_drawing, read_gdal_layer
from geogrid.io.geojson import read_geojson
from geogrid.io.geopackage import read_geopackage
from geogrid.io.guard import Progress, run_guarded
from geogrid.io.parcel import Parcel
from geogrid.io.placement import County, choose_crs, choose_datum, find_place_faults
from geogrid.io.shapefile import PARTS, SIDE_PARTS, read_shapefile
from geogrid.io.shapes import find_geometry_faults, flatten_shapes, split_parts
from geogrid.io.source import SUPPORTED, RawLayer
from geogrid.io.table import TABLE_SUFFIXES, parse_table
from geogrid.io.values import build_series, convert_column
from geogrid.schema import Column, Geometry, Layer, find_layer

_MAX_WKT_DEPTH = 4
"""Brackets that a multi-polygon opens at once; deeper text ends the process in GEOS before 3.15."""
_SIGNATURES = {".gpkg": b"SQLite format 3\0", ".fgb": b"fgb\x03fgb", ".xlsx": b"PK", ".zip": b"PK"}


@dataclass(frozen=True)
class Imported:
    """A layer or table as it goes into a county's file.

    Attributes
    ----------
    frame
        Exactly the schema's columns; for a layer also `geometry`, in the store CRS.
    notes
        What was decided on the way, each in Chinese and English.
    columns, matched
        The columns that the file has, and which of them was taken for which of ours.
    """

    frame: pd.DataFrame
    notes: list[str] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)
    matched: Mapping[str, str] = field(default_factory=dict)


def read_layer(
    path: Path,
    layer: Layer,
    *,
    datum: Datum | None,
    crs: str | None = None,
    columns: Mapping[str, str] | None = None,
    encoding: str | None = None,
    store_crs: str | None = None,
    extent: Sequence[float] | None = None,
    progress: Progress | None = None,
) -> Imported:
    """A layer or table of the schema from a file, all of it or nothing.

    Parameters
    ----------
    path
        Shapefile (.shp, or .zip with exactly one layer), GeoPackage, file geodatabase (.gdb), DXF,
        GeoJSON, KML, FlatGeobuf, CSV or Excel. Tables say where a feature is in columns lon and lat,
        x and y, or wkt. Of a file with several layers the one named like ours is read.
    datum
        What longitudes and latitudes refer to. May be None for projected coordinates.
    crs
        The CRS of a file that does not say it.
    columns
        Our column -> the file's column, where the names differ.
    encoding
        Of the texts, where the guess (UTF-8, else GB18030) is wrong.
    store_crs
        The county's CRS; chosen by the place of the data when None.
    extent
        West, south, east, north of what the county holds already, in degrees: what lies far from it
        is a fault, and a CRS that would bring it there is proposed.

    Raises
    ------
    FileContentError
        With every fault of the file, each with its row.
    MissingColumnsError, MissingDatumError, CrsError, InvalidOptionError
        When the call does not fit the file.
    TextEncodingError
        When it is not clear in which encoding its texts read right.
    FileMissingError, UnsupportedFileError, FileTooCostlyError
        When the file cannot be read.
    """
    request = _request(path, layer, datum, crs, columns, encoding, store_crs, extent)
    result = run_guarded("layer", _files_of(path), request, progress=progress)
    info = result.info
    return Imported(result.frames["layer"], info["notes"], info["columns"], info["matched"])


def _request(
    path: Path,
    layer: Layer,
    datum: Datum | None,
    crs: str | None = None,
    columns: Mapping[str, str] | None = None,
    encoding: str | None = None,
    store_crs: str | None = None,
    extent: Sequence[float] | None = None,
) -> Parcel:
    """What the child is told; the parameters are those of `read_layer`."""
    if encoding is not None and normalise_encoding(encoding) is None:
        raise InvalidOptionError(option="--encoding", value=encoding, expected="UTF-8, GB18030 …")
    return Parcel(
        {
            "file": path.name,
            "layer": layer.name,
            "datum": datum,
            "crs": crs,
            "columns": dict(columns or {}),
            "encoding": None if encoding is None else normalise_encoding(encoding),
            "store_crs": store_crs,
            "extent": None if extent is None else [float(value) for value in extent],
        }
    )


def _files_of(path: Path) -> dict[str, Path]:
    """The file and the parts that belong to it, under the names they get in the child's folder."""
    suffix = path.suffix.lower()
    if suffix not in SUPPORTED:
        raise UnsupportedFileError(path.name, suffix or "-", SUPPORTED)
    if not path.exists():
        raise FileMissingError(str(path))
    if suffix == ".gdb" and path.is_dir():
        return _geodatabase_files(path)
    files = {f"input{suffix}": path}
    if suffix == ".shp":
        for sibling in sorted(path.parent.iterdir()):
            part = sibling.suffix.lower()
            if sibling.stem == path.stem and part in (*PARTS[1:], *SIDE_PARTS):
                files[f"input{part}"] = sibling
    log = path.with_name(f"{path.name}-wal")
    if suffix == ".gpkg" and log.exists():
        files["input.gpkg-wal"] = log  # what another program wrote last stands there
    return files


def _geodatabase_files(path: Path) -> dict[str, Path]:
    parts = sorted(path.iterdir())
    links = [part.name for part in parts if part.is_symlink()]
    if links or not parts:
        found = f"{links[0]}: 链接 / a link" if links else "空文件夹 / empty folder"
        raise UnsupportedFileError(path.name, found, [".gdb"])
    return {f"input.gdb/{part.name}": part for part in parts if part.is_file()}


# --- in the child process ----------------------------------------------------------------------


def read_layer_here(folder: Path, request: Parcel, report: Progress) -> Parcel:
    """`read_layer` in the child process."""
    info = request.info
    layer = find_layer(info["layer"])
    shown = info["file"]
    report(0.1, "io.progress.read")
    (path,) = (one for one in folder.iterdir() if one.stem == "input" and one.suffix in SUPPORTED)
    if path.suffix == ".zip":
        _require_signature(path, shown)
        path, shown = unpack_layer(path, shown)
    raw = _read_raw(path, shown, layer, info["encoding"])
    report(0.4, "io.progress.check")
    if not raw.rows:
        raise FileContentError(shown, [Fault("文件中没有任何记录", "the file holds no features")])
    require_no_identity_numbers(raw.columns, shown)
    is_table = raw.geometry is None
    matched = match_columns(
        layer, list(raw.columns), info["columns"], shown, is_table=is_table, last_resort=raw.last_resort
    )
    notes = [*raw.notes, *_unused_note(raw, matched)]
    data, faults = convert_rows(layer, raw, matched)
    if layer.geometry is Geometry.NONE:
        _raise_faults(shown, faults)
        return Parcel(_tell(raw, matched, notes + _made_keys(layer, matched)), {"layer": pd.DataFrame(data)})
    raw = _place_table(raw, matched, shown, layer, info["crs"]) if is_table else raw
    assert raw.geometry is not None  # noqa: S101 - for the type checker
    crs = choose_crs(raw, info["crs"], shown, info["extent"])
    datum = choose_datum(crs, None if info["datum"] is None else Datum(info["datum"]), shown)
    faults += _find_shape_faults(layer, raw, raw.geometry, crs, County(info["store_crs"], info["extent"]))
    _raise_faults(shown, faults)
    report(0.7, "io.progress.place")
    geometry = flatten_shapes(layer.geometry, raw.geometry)
    frame = gpd.GeoDataFrame(data, geometry=geometry, crs=crs)
    store_crs = info["store_crs"] or _choose_store(frame, shown)
    placed = split_parts(normalise_datum(frame, datum, store_crs, shown), layer)
    if len(placed) > len(frame):
        notes.append(
            f"多部件要素已拆分：{len(frame)} → {len(placed)} 个 / multi-part features were split: {len(frame)} → {len(placed)}"
        )
    notes += _made_keys(layer, matched)
    if crs_name(crs) not in (WGS84, store_crs) or datum in (Datum.GCJ02, Datum.BD09):
        notes.append(f"{crs_name(crs)} ({datum}) → {store_crs}")
    return Parcel(_tell(raw, matched, notes), {"layer": placed})


def _tell(raw: RawLayer, matched: Mapping[str, str], notes: list[str]) -> dict[str, Any]:
    columns = [name for name in raw.columns if name not in raw.last_resort or name in matched.values()]
    return {"notes": notes, "columns": columns, "matched": dict(matched)}


def _require_signature(path: Path, shown: str) -> None:
    expected = _SIGNATURES.get(path.suffix)
    with path.open("rb") as file:
        head = file.read(1024)
    is_kml = path.suffix != ".kml" or b"<kml" in head.replace(b"\0", b"")
    if not is_kml or (expected is not None and not head.startswith(expected)):
        found = "内容与后缀不符 / its content is not what the name says"
        raise UnsupportedFileError(shown, found, SUPPORTED)


def _read_raw(path: Path, shown: str, layer: Layer, encoding: str | None) -> RawLayer:
    if layer.geometry is Geometry.NONE and path.suffix not in TABLE_SUFFIXES:
        raise UnsupportedFileError(shown, path.suffix, TABLE_SUFFIXES)
    if path.suffix not in (".shp", ".gdb"):
        _require_signature(path, shown)
    names = (layer.name, layer.zh)
    readers: dict[str, Callable[[], RawLayer]] = {
        ".shp": lambda: read_shapefile(path, shown, encoding),
        ".gpkg": lambda: read_geopackage(path, shown, names, encoding),
        ".geojson": lambda: read_geojson(path, shown, encoding),
        ".json": lambda: read_geojson(path, shown, encoding),
        ".kml": lambda: read_gdal_layer(path, shown, names),
        ".fgb": lambda: read_gdal_layer(path, shown, names),
        ".gdb": lambda: read_gdal_layer(path, shown, names),
        ".dxf": lambda: read_drawing(path, shown, layer.geometry, encoding),
    }
    if path.suffix in readers:
        return readers[path.suffix]()
    table = parse_table(path, shown, encoding, names)
    by_column = zip(*table.cells, strict=True) if table.cells else [()] * len(table.columns)
    columns = {name: list(values) for name, values in zip(table.columns, by_column, strict=True)}
    return RawLayer(columns, table.rows, notes=table.notes)


def _unused_note(raw: RawLayer, matched: Mapping[str, str]) -> list[str]:
    unused = [name for name in raw.columns if name not in (*matched.values(), *raw.last_resort)]
    if not unused:
        return []
    names = ", ".join(unused)
    return [f"未使用的列：{names} / columns not used: {names}"]


def _made_keys(layer: Layer, matched: Mapping[str, str]) -> list[str]:
    if layer.key in matched:
        return []
    made = f"{layer.name}-1"
    return [
        f"文件没有编号列，已按行号编号（{made} …）/ the file has no id column: ids were made from the row numbers ({made} …)"
    ]


def convert_rows(
    layer: Layer, raw: RawLayer, matched: Mapping[str, str]
) -> tuple[dict[str, pd.Series], list[Fault]]:
    """The schema's columns, and the faults of their values."""
    data: dict[str, pd.Series] = {}
    faults: list[Fault] = []
    for column in layer.columns:
        theirs = matched.get(column.name)
        if theirs is None and is_key_made(layer, column):
            values: list[Any] = [f"{layer.name}-{row}" for row in raw.rows]
        else:
            given = [None] * len(raw.rows) if theirs is None else raw.columns[theirs]
            is_code = column.name == layer.key or bool(column.refers) or column.name.endswith("phone")
            values, found = convert_column(column, given, raw.rows, theirs or column.name, is_code=is_code)
            faults += found
            faults += _find_missing(column, values, found, raw.rows, theirs or column.name)
        data[column.name] = build_series(column, values)
    keys = data[layer.key]
    faults += _find_duplicates(list(keys), raw.rows, matched.get(layer.key, layer.key))
    faults += _find_reversed_validity(data, raw.rows, matched)
    return data, faults


def _find_missing(
    column: Column, values: Sequence[Any], found: Sequence[Fault], rows: Sequence[int], theirs: str
) -> list[Fault]:
    if not column.required:
        return []
    known = {fault.row for fault in found}
    return [
        Fault("不能为空", "it must not be empty", row, theirs)
        for value, row in zip(values, rows, strict=True)
        if value is None and row not in known
    ]


def _find_duplicates(keys: Sequence[Any], rows: Sequence[int], theirs: str) -> list[Fault]:
    first: dict[Any, int] = {}
    faults = []
    for key, row in zip(keys, rows, strict=True):
        if key is not None and first.setdefault(key, row) != row:
            faults.append(
                Fault(
                    f"编号“{key}”与第 {first[key]} 行重复",
                    f"“{key}” stands in row {first[key]} already",
                    row,
                    theirs,
                )
            )
    return faults


def _find_reversed_validity(
    data: Mapping[str, pd.Series], rows: Sequence[int], matched: Mapping[str, str]
) -> list[Fault]:
    if "valid_from" not in matched or "valid_to" not in matched:
        return []
    return [
        Fault(
            f"生效日期 {begin} 晚于截止日期 {end}",
            f"valid from {begin} but only to {end}",
            row,
            matched["valid_to"],
        )
        for begin, end, row in zip(data["valid_from"], data["valid_to"], rows, strict=True)
        if begin is not None and end is not None and begin > end
    ]


def _place_table(
    raw: RawLayer, matched: Mapping[str, str], shown: str, layer: Layer, option: str | None
) -> RawLayer:
    """A table's rows with the geometry that its columns describe."""
    if "wkt" in matched:
        geometry, unreadable = _parse_wkt(raw.columns[matched["wkt"]])
        return RawLayer(raw.columns, raw.rows, geometry, unreadable, notes=raw.notes)
    pair = find_position_columns(matched)
    if layer.geometry is not Geometry.POINT or pair is None:
        wanted = ["wkt"] if layer.geometry is not Geometry.POINT else ["lon（经度）, lat（纬度）"]
        raise MissingColumnsError(file=shown, missing=wanted, found=list(raw.columns))
    return place_rows(raw, matched, pair, shown, option)


def find_position_columns(matched: Mapping[str, str]) -> tuple[str, str] | None:
    """Which of our pairs of columns says where a row is: longitude and latitude, or x and y."""
    return next((pair for pair in (("lon", "lat"), ("x", "y")) if set(pair) <= set(matched)), None)


def place_rows(
    raw: RawLayer, matched: Mapping[str, str], pair: tuple[str, str], shown: str, option: str | None
) -> RawLayer:
    """A table's rows as points, from a pair of columns.

    Parameters
    ----------
    option
        The CRS that the user named.

    Raises
    ------
    CrsError
        When longitudes are said to be in a projected CRS.
    """
    is_lonlat = pair == ("lon", "lat")
    if is_lonlat and option is not None and not parse_crs(option).is_geographic:
        raise CrsError(where=shown, found=f"--crs {option}", expected="经纬度坐标系 / degrees (EPSG:4490)")
    geometry = np.empty(len(raw.rows), dtype=object)
    unreadable = {}
    columns = [raw.columns[matched[name]] for name in pair]
    for i, texts in enumerate(zip(*columns, strict=True)):
        try:
            geometry[i] = shapely.Point(float(texts[0]), float(texts[1]))
        except (TypeError, ValueError):
            quoted = ", ".join("" if text is None else str(text)[:20] for text in texts)
            unreadable[i] = f"坐标“{quoted}”不是数字", f"the coordinates “{quoted}” are no numbers"
    return RawLayer(
        raw.columns, raw.rows, geometry, unreadable, is_lonlat_by_standard=is_lonlat, notes=raw.notes
    )


def _parse_wkt(texts: Sequence[Any]) -> tuple[npt.NDArray[np.object_], dict[int, tuple[str, str]]]:
    checked = np.empty(len(texts), dtype=object)
    unreadable: dict[int, tuple[str, str]] = {}
    for i, text in enumerate(texts):
        if (
            isinstance(text, str)
            and "(" * _MAX_WKT_DEPTH not in text.replace(" ", "")
            and "COLLECTION" not in text.upper()
        ):
            checked[i] = text
        elif text is not None:
            unreadable[i] = "WKT 无法读取", "the WKT cannot be read"
    geometry = shapely.from_wkt(checked, on_invalid="ignore")
    for i in np.flatnonzero(shapely.is_missing(geometry)).tolist():
        if checked[i] is not None:
            unreadable[i] = "WKT 无法读取", "the WKT cannot be read"
    return geometry, unreadable


def _find_shape_faults(
    layer: Layer, raw: RawLayer, geometry: npt.NDArray[np.object_], crs: Any, county: County
) -> list[Fault]:
    faults = find_geometry_faults(layer.geometry, geometry, raw.unreadable, raw.rows)
    bad = {fault.row for fault in faults}
    sound = [i for i, row in enumerate(raw.rows) if row not in bad]
    return faults + find_place_faults(geometry[sound], [raw.rows[i] for i in sound], crs, county)


def _choose_store(frame: gpd.GeoDataFrame, shown: str) -> str:
    west, south, east, north = to_lonlat(frame, shown).total_bounds
    return choose_store_crs((west + east) / 2, (south + north) / 2)


def _raise_faults(shown: str, faults: list[Fault]) -> None:
    if faults:
        raise FileContentError(
            shown, sorted(faults, key=lambda fault: (fault.row is not None, fault.row or 0))
        )
