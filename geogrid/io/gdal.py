"""Layers that GDAL reads: shapes of a shapefile, KML, FlatGeobuf; in the guarded child only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from geogrid.errors import UnsupportedFileError
from geogrid.io.source import RawLayer

ALLOWED_DRIVERS = ("ESRI Shapefile", "FlatGeobuf", "LIBKML")
"""The GDAL drivers that may load. GeoPackage, GeoJSON and CSV are read without GDAL."""

_MAX_COLLECTION_DEPTH = 8
# What LIBKML makes of every placemark, whether the file says it or not.
_KML_NAMES = ("id", "Name")
_KML_STYLE = (
    "timestamp",
    "begin",
    "end",
    "altitudeMode",
    "tessellate",
    "extrude",
    "visibility",
    "drawOrder",
    "icon",
)


class SurplusDriversError(Exception):
    """GDAL holds drivers beyond the allow-list; the guard starts again without them."""

    def __init__(self, drivers: list[str]) -> None:
        super().__init__(drivers)
        self.drivers = drivers


def read_gdal_layer(path: Path, shown: str) -> RawLayer:
    """The one layer of a KML or FlatGeobuf file.

    Raises
    ------
    UnsupportedFileError
        When GDAL cannot read it, or when it has not exactly one layer.
    """
    meta, geometry, unreadable, fields = _read(path, shown)
    columns = {name: _plain(values) for name, values in zip(meta["fields"], fields, strict=True)}
    is_kml = path.suffix == ".kml"
    if is_kml:
        columns = {name: values for name, values in columns.items() if name not in _KML_STYLE}
    return RawLayer(
        columns=columns,
        rows=list(range(1, len(geometry) + 1)),
        geometry=geometry,
        unreadable=unreadable,
        crs="EPSG:4326" if is_kml else meta["crs"],
        is_lonlat_by_standard=is_kml,
        last_resort=_KML_NAMES if is_kml else (),
    )


def read_shapes(path: Path, shown: str) -> tuple[npt.NDArray[np.object_], dict[int, tuple[str, str]]]:
    """The geometry of a shapefile whose .shp and .shx stand alone; None for a null shape."""
    _, geometry, unreadable, _ = _read(path, shown)
    return geometry, unreadable


def _read(
    path: Path, shown: str
) -> tuple[dict[str, Any], npt.NDArray[np.object_], dict[int, tuple[str, str]], tuple[Any, ...]]:
    import pyogrio
    from pyogrio.errors import DataSourceError
    from pyogrio.raw import read

    surplus = set(pyogrio.list_drivers()) - set(ALLOWED_DRIVERS)
    if surplus:
        raise SurplusDriversError(sorted(surplus))
    try:
        layers = [str(name) for name in pyogrio.list_layers(path)[:, 0]]
        if len(layers) != 1:
            found = f"{len(layers)} 个图层 / layers: " + ", ".join(layers[:10])
            raise UnsupportedFileError(shown, found, ["1 个图层 / one layer"])
        meta, _, blobs, fields = read(path)
    except DataSourceError as error:
        raise UnsupportedFileError(shown, str(error).replace(str(path), shown), [path.suffix]) from None
    if blobs is None:
        raise UnsupportedFileError(shown, "没有几何 / no geometry", [path.suffix])
    geometry, unreadable = decode_wkb(blobs)
    return meta, geometry, unreadable, fields


def _plain(values: npt.NDArray[Any]) -> list[Any]:
    """A column of numpy values as plain Python ones."""
    if values.dtype.kind == "M":
        seconds = values.astype("datetime64[s]")
        return [None if np.isnat(value) else value.item() for value in seconds]
    plain: list[Any] = values.tolist()
    return plain


def decode_wkb(blobs: npt.NDArray[np.object_]) -> tuple[npt.NDArray[np.object_], dict[int, tuple[str, str]]]:
    """Geometries from well-known binary, and why those that are None could not be read."""
    unreadable: dict[int, tuple[str, str]] = {}
    checked = np.empty(len(blobs), dtype=object)
    for i, blob in enumerate(blobs):
        # A collection begins with its type, 7, at every level; GEOS dies of a very deep one.
        if blob is not None and blob[:64].count(b"\x07\x00\x00\x00") > _MAX_COLLECTION_DEPTH // 2:
            unreadable[i] = ("几何嵌套过深", "the geometry is nested too deeply")
        else:
            checked[i] = blob
    geometry = shapely.from_wkb(checked, on_invalid="ignore")
    for i in np.flatnonzero(shapely.is_missing(geometry)).tolist():
        if checked[i] is not None:
            unreadable[i] = ("几何数据损坏，无法读取", "the geometry is damaged and cannot be read")
    return geometry, unreadable
