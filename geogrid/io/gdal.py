"""Layers that GDAL reads: shapes of a shapefile, KML, FlatGeobuf, geodatabases, drawings; in the guarded child only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from geogrid.errors import Fault, FileContentError, UnsupportedFileError
from geogrid.io.encoding import decode_file
from geogrid.io.shapes import TYPES_OF_KIND
from geogrid.io.source import RawLayer
from geogrid.schema import Geometry

ALLOWED_DRIVERS = ("DXF", "ESRI Shapefile", "FlatGeobuf", "LIBKML", "OpenFileGDB")
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
_DRAWING_COLUMNS = ("Layer", "Text", "BlockName", "EntityHandle", "Linetype")
_LINE_TYPE, _RING_VERTICES = 1, 4


class SurplusDriversError(Exception):
    """GDAL holds drivers beyond the allow-list; the guard starts again without them."""

    def __init__(self, drivers: list[str]) -> None:
        super().__init__(drivers)
        self.drivers = drivers


def read_gdal_layer(path: Path, shown: str, wanted: Sequence[str]) -> RawLayer:
    """A layer of a KML or FlatGeobuf file or of a file geodatabase: the only one, or one of the names wanted.

    Raises
    ------
    UnsupportedFileError
        When GDAL cannot read it, or when it is not clear which layer is meant.
    """
    meta, geometry, unreadable, fields = _read(path, shown, wanted)
    columns = {name: _plain(values) for name, values in zip(meta["fields"], fields, strict=True)}
    is_kml = path.suffix == ".kml"
    if is_kml:
        columns = {
            name: values
            for name, values in columns.items()
            if name not in _KML_STYLE and (name not in _KML_NAMES or any(values))
        }
    return RawLayer(
        columns=columns,
        rows=list(range(1, len(geometry) + 1)),
        geometry=geometry,
        unreadable=unreadable,
        crs="EPSG:4326" if is_kml else meta["crs"],
        is_lonlat_by_standard=is_kml,
        last_resort=tuple(name for name in _KML_NAMES if is_kml and name in columns),
    )


def read_shapes(path: Path, shown: str) -> tuple[npt.NDArray[np.object_], dict[int, tuple[str, str]]]:
    """The geometry of a shapefile whose .shp and .shx stand alone; None for a null shape."""
    _, geometry, unreadable, _ = _read(path, shown, ())
    return geometry, unreadable


def read_drawing(path: Path, shown: str, kind: Geometry, encoding: str | None) -> RawLayer:
    """The entities of a DXF drawing that are of a layer's kind; closed lines are polygons where those are wanted.

    Block references are points where they are placed: a block may hold itself many times over, and
    is not unfolded. A drawing says nothing of its coordinate system.

    Raises
    ------
    UnsupportedFileError, TextEncodingError, FileContentError
    """
    import pyogrio

    data = path.read_bytes()
    if data.startswith(b"AutoCAD Binary DXF"):
        raise UnsupportedFileError(shown, "二进制 DXF / binary DXF", ["ASCII DXF"])
    path.write_text(decode_file(data, encoding, shown), encoding="utf-8", newline="")
    pyogrio.set_gdal_config_options({"DXF_ENCODING": "UTF-8", "DXF_INLINE_BLOCKS": False})
    meta, geometry, unreadable, fields = _read(path, shown, ("entities",))
    if kind is Geometry.POLYGON:
        geometry = _closed_lines_as_polygons(geometry)
    names = shapely.get_type_id(geometry)
    kept = [i for i, name in enumerate(names.tolist()) if name in TYPES_OF_KIND[kind] or i in unreadable]
    left_out = Counter(geometry[i].geom_type for i in set(range(len(geometry))) - {*kept} if geometry[i])
    told = ", ".join(f"{name} {count}" for name, count in sorted(left_out.items()))
    if not kept:
        fault = Fault(
            f"图中没有可作为该图层的实体（现有：{told or '无'}）。块请先炸开（EXPLODE），面须为闭合多段线",
            f"no entity of the layer's kind ({told or 'none'}). Explode blocks; areas must be closed polylines",
        )
        raise FileContentError(shown, [fault])
    columns = {str(name): _plain(values) for name, values in zip(meta["fields"], fields, strict=True)}
    return RawLayer(
        columns={name: [columns[name][i] for i in kept] for name in _DRAWING_COLUMNS if name in columns},
        rows=[i + 1 for i in kept],
        geometry=geometry[kept],
        unreadable={position: unreadable[i] for position, i in enumerate(kept) if i in unreadable},
        last_resort=_DRAWING_COLUMNS[1:],
        notes=[f"图中其他实体未导入：{told} / entities of other kinds were left out: {told}"] if told else [],
    )


def _closed_lines_as_polygons(geometry: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    found = geometry.copy()
    is_ring = (shapely.get_type_id(geometry) == _LINE_TYPE) & shapely.is_closed(geometry)
    is_ring &= shapely.get_num_coordinates(geometry) >= _RING_VERTICES
    found[is_ring] = [shapely.Polygon(line.coords) for line in geometry[is_ring]]
    return found


def _read(
    path: Path, shown: str, wanted: Sequence[str]
) -> tuple[dict[str, Any], npt.NDArray[np.object_], dict[int, tuple[str, str]], tuple[Any, ...]]:
    import pyogrio
    from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, FieldError, GeometryError
    from pyogrio.raw import read

    surplus = set(pyogrio.list_drivers()) - set(ALLOWED_DRIVERS)
    if surplus:
        raise SurplusDriversError(sorted(surplus))
    try:
        listed = pyogrio.list_layers(path)
        layers = [str(name) for name, kind in listed if kind is not None or len(listed) == 1]
        chosen = [name for name in layers if name in wanted] or layers
        if len(chosen) != 1:
            found = f"{len(layers)} 个图层 / layers: " + ", ".join(layers[:10])
            raise UnsupportedFileError(shown, found, ["1 个图层 / one layer", *wanted])
        meta, _, blobs, fields = read(path, layer=chosen[0])
    except (
        DataSourceError,
        DataLayerError,
        FeatureError,
        FieldError,
        GeometryError,
        UnicodeDecodeError,
        UnboundLocalError,  # pyogrio 0.13, of a CRS that GDAL cannot write out
    ) as error:
        found = str(error).replace(str(path), shown)[:200]
        raise UnsupportedFileError(shown, found, [path.suffix]) from None
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
