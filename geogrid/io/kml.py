"""Layers as KML 2.2 in WGS 84: every text escaped, attributes as data, never as a page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import geopandas as gpd
import numpy as np
import shapely

from geogrid.io.naming import NAME_COLUMNS
from geogrid.io.replacing import replacing
from geogrid.io.table import plain_rows, strip_control

Rows = Iterable[tuple[tuple[Any, ...], Any]]
"""Attributes and shape of each feature."""
Counting = Callable[[Rows], Rows]
"""Lets rows by and tells how many went."""

_TYPES = {"i": "int", "u": "int", "f": "double", "b": "bool"}


def write_kml(frame: gpd.GeoDataFrame, path: Path, title: str, count: Counting) -> None:
    """Write a layer in longitude and latitude, beside and renamed.

    Parameters
    ----------
    count
        Wraps the rows and tells how many went by.
    """
    with replacing(path) as beside, beside.open("w", encoding="utf-8") as file:
        file.write('<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2">\n')
        file.write(f"<Document><name>{_text(title)}</name>\n")
        for line in _list_placemarks(frame, count):
            file.write(line)
        file.write("</Document></kml>\n")


def _list_placemarks(frame: gpd.GeoDataFrame, count: Counting) -> Iterator[str]:
    table = frame.drop(columns=frame.geometry.name)
    names = [str(name) for name in table.columns]
    shapes = np.asarray(frame.geometry.values, dtype=object)
    yield _describe_columns(table)
    for row, shape in count(zip(plain_rows(table), shapes, strict=True)):
        values = dict(zip(names, row, strict=True))
        shown = next((values[name] for name in NAME_COLUMNS if values.get(name)), "")
        data = "".join(
            f"<SimpleData name={_attribute(name)}>{_text(_plain(value))}</SimpleData>"
            for name, value in values.items()
            if value is not None
        )
        yield (
            f"<Placemark><name>{_text(str(shown))}</name>"
            f'<ExtendedData><SchemaData schemaUrl="#layer">{data}</SchemaData></ExtendedData>'
            f"{_shape(shape)}</Placemark>\n"
        )


def _describe_columns(table: Any) -> str:
    fields = "".join(
        f'<SimpleField name={_attribute(str(name))} type="{_TYPES.get(table[name].dtype.kind, "string")}"/>'
        for name in table.columns
    )
    return f'<Schema name="layer" id="layer">{fields}</Schema>\n'


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _text(text: str) -> str:
    return escape(strip_control(text))


def _attribute(text: str) -> str:
    return quoteattr(strip_control(text))


def _shape(shape: Any) -> str:
    if shape is None or shape.is_empty:
        return ""
    match shape.geom_type:
        case "Point":
            return f"<Point>{_coordinates(shape)}</Point>"
        case "LineString" | "LinearRing":
            return f"<LineString>{_coordinates(shape)}</LineString>"
        case "Polygon":
            holes = "".join(
                f"<innerBoundaryIs><LinearRing>{_coordinates(ring)}</LinearRing></innerBoundaryIs>"
                for ring in shape.interiors
            )
            outer = _coordinates(shape.exterior)
            return f"<Polygon><outerBoundaryIs><LinearRing>{outer}</LinearRing></outerBoundaryIs>{holes}</Polygon>"
    return f"<MultiGeometry>{''.join(_shape(part) for part in shape.geoms)}</MultiGeometry>"


def _coordinates(shape: Any) -> str:
    has_z = shape.has_z and not np.isnan(shapely.get_coordinates(shape, include_z=True)[:, 2]).any()
    points = shapely.get_coordinates(shape, include_z=bool(has_z)).tolist()
    return f"<coordinates>{' '.join(','.join(map(repr, point)) for point in points)}</coordinates>"
