"""Layers as DXF drawings (AutoCAD 2007, text in UTF-8): plane coordinates in metres, attributes as extended data."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from geogrid.io.kml import Counting
from geogrid.io.naming import NAME_COLUMNS
from geogrid.io.replacing import replacing
from geogrid.io.table import plain_rows, strip_control

APPLICATION = "GEOGRID"
"""Under this name each entity carries its attributes, one text `column=value` each."""
VALUE_BYTES = 250
"""Extended data holds texts of up to 255 bytes, and some programs read no longer lines at all."""

_TEXT_HEIGHT_M = 3.0
_METRES = 6
_FONT = "simsun.ttc"
_LAYER_FORBIDDEN = re.compile(r'[<>/\\":;?*|=,`\s]+')
_FIRST_HANDLE = 0x100
_MODEL, _PAPER, _ROOT, _GROUPS = "1F", "1B", "C", "D"

Tag = tuple[int, object]


def write_dxf(frame: gpd.GeoDataFrame, path: Path, title: str, crs: str, count: Counting) -> list[str]:
    """Write a layer in metres as a drawing with a layer for the shapes and one for their names.

    Lines and rings are light-weight polylines without heights, points are points.

    Parameters
    ----------
    crs
        What the coordinates are in; a drawing can only say it in a comment.

    Returns
    -------
    Notes for the user.
    """
    layer = name_layer(title)
    box = frame.total_bounds if len(frame) else np.zeros(4)
    cut = [0]
    with replacing(path) as beside, beside.open("w", encoding="utf-8", newline="\r\n") as file:
        for tags in (
            _list_header(f"{title}; {crs}", layer, np.nan_to_num(box)),
            _list_entities(frame, layer, count, cut),
            _list_objects(),
        ):
            for code, value in tags:
                file.write(f"{code:3d}\n{value}\n")
    # From AutoCAD 2007 on a drawing is UTF-8 whatever code page it names; GDAL does not know that.
    encoding = (
        f"图形坐标系 {crs}，文字编码 UTF-8（用 QGIS/GDAL 打开时设 DXF_ENCODING=UTF-8） /"
        f" the drawing is in {crs}, its text UTF-8 (in QGIS and GDAL set DXF_ENCODING=UTF-8)"
    )
    notes = [encoding]
    if cut[0]:
        notes.append(
            f"{cut[0]} 个文本超过 {VALUE_BYTES} 字节，已在字符边界截断 /"
            f" {cut[0]} texts were cut to {VALUE_BYTES} bytes at a character"
        )
    if frame.geometry.has_z.any():
        notes.append("图形为二维，未写高程 / the drawing is flat: heights were left out")
    return notes


def name_layer(title: str) -> str:
    """A name that a layer of a drawing can have.

    >>> name_layer("楼栋: a/b"), name_layer("")
    ('楼栋_a_b', 'geogrid')
    """
    return _LAYER_FORBIDDEN.sub("_", strip_control(title)).strip("_")[:200] or "geogrid"


def escape_text(text: str) -> str:
    """Text on one line, in which a drawing program finds no codes of its own.

    >>> escape_text("5%%d ^J")
    '5%%%%%%d ^ J'
    """
    line = re.sub(r"[\r\n\t]+", " ", strip_control(text))
    return line.replace("^", "^ ").replace("%%", "%%%%%%")


def _list_entities(frame: gpd.GeoDataFrame, layer: str, count: Counting, cut: list[int]) -> Iterator[Tag]:
    table = frame.drop(columns=frame.geometry.name)
    columns = [str(name) for name in table.columns]
    handles = iter(range(_FIRST_HANDLE, 1 << 40))
    yield from ((0, "SECTION"), (2, "ENTITIES"))
    shapes = np.asarray(frame.geometry.values, dtype=object)
    for row, shape in count(zip(plain_rows(table), shapes, strict=True)):
        if shape is None or shape.is_empty:
            continue
        values = {name: value for name, value in zip(columns, row, strict=True) if value is not None}
        data = _list_attributes(values, cut)
        for part in shapely.get_parts(shape):
            for tags in _draw(part):
                yield from _begin(tags[0], f"{next(handles):X}", layer)
                yield from tags[1]
                yield from data
        shown = next((str(values[name]) for name in NAME_COLUMNS if values.get(name)), "")
        if shown:
            point = shape if shape.geom_type == "Point" else shapely.point_on_surface(shape)
            yield from _begin("TEXT", f"{next(handles):X}", f"{layer}_text")
            yield from _write_text(point.x, point.y, _cut(escape_text(shown), cut))
    yield (0, "ENDSEC")


def _begin(kind: str, handle: str, layer: str) -> list[Tag]:
    return [(0, kind), (5, handle), (330, _MODEL), (100, "AcDbEntity"), (8, layer)]


def _draw(part: Any) -> Iterator[tuple[str, list[Tag]]]:
    if part.geom_type == "Point":
        yield ("POINT", [(100, "AcDbPoint"), (10, repr(part.x)), (20, repr(part.y)), (30, 0.0)])
    elif part.geom_type == "Polygon":
        for ring in (part.exterior, *part.interiors):
            yield ("LWPOLYLINE", _polyline(shapely.get_coordinates(ring)[:-1], is_closed=True))
    else:
        yield ("LWPOLYLINE", _polyline(shapely.get_coordinates(part), is_closed=False))


def _polyline(points: Any, *, is_closed: bool) -> list[Tag]:
    tags: list[Tag] = [(100, "AcDbPolyline"), (90, len(points)), (70, int(is_closed)), (43, 0.0)]
    for x, y in points.tolist():
        tags += [(10, repr(x)), (20, repr(y))]
    return tags


def _write_text(x: float, y: float, text: str) -> list[Tag]:
    at: list[Tag] = [(10, repr(x)), (20, repr(y)), (30, 0.0)]
    aligned: list[Tag] = [(11, repr(x)), (21, repr(y)), (31, 0.0)]
    return [
        (100, "AcDbText"),
        *at,
        (40, _TEXT_HEIGHT_M),
        (1, text),
        (7, "Standard"),
        (72, 1),
        *aligned,
        (100, "AcDbText"),
        (73, 2),
    ]


def _list_attributes(values: dict[str, Any], cut: list[int]) -> list[Tag]:
    tags: list[Tag] = [(1001, APPLICATION)]
    for name, value in values.items():
        text = str(value).lower() if isinstance(value, bool) else str(value)
        tags.append((1000, _cut(f"{strip_control(name)}={escape_text(text)}", cut)))
    return tags


def _cut(text: str, cut: list[int]) -> str:
    """The longest beginning that fits; no character is split, and what is cut is counted."""
    told = text.encode()
    cut[0] += len(told) > VALUE_BYTES
    return told[:VALUE_BYTES].decode(errors="ignore")


# --- what stands around the entities (DXF reference, AutoCAD 2007) ------------------------------


def _list_header(comment: str, layer: str, box: Any) -> Iterator[Tag]:
    west, south, east, north = (float(edge) for edge in box)
    yield (999, escape_text(comment))
    yield from ((0, "SECTION"), (2, "HEADER"))
    yield from ((9, "$ACADVER"), (1, "AC1021"), (9, "$DWGCODEPAGE"), (3, "ANSI_936"))
    yield from ((9, "$INSUNITS"), (70, _METRES), (9, "$HANDSEED"), (5, "FFFFFFFF"))
    yield from ((9, "$EXTMIN"), (10, west), (20, south), (30, 0.0))
    yield from ((9, "$EXTMAX"), (10, east), (20, north), (30, 0.0))
    yield from ((0, "ENDSEC"), (0, "SECTION"), (2, "TABLES"))
    yield from _list_tables(layer, box)
    yield from ((0, "ENDSEC"), (0, "SECTION"), (2, "BLOCKS"))
    for n, (owner, name) in enumerate(((_MODEL, "*Model_Space"), (_PAPER, "*Paper_Space"))):
        yield from ((0, "BLOCK"), (5, f"{0x50 + 2 * n:X}"), (330, owner), (100, "AcDbEntity"), (8, "0"))
        yield from ((100, "AcDbBlockBegin"), (2, name), (70, 0), (10, 0.0), (20, 0.0), (30, 0.0))
        yield from ((3, name), (1, ""))
        yield from ((0, "ENDBLK"), (5, f"{0x51 + 2 * n:X}"), (330, owner), (100, "AcDbEntity"), (8, "0"))
        yield (100, "AcDbBlockEnd")
    yield (0, "ENDSEC")


def _list_tables(layer: str, box: Any) -> Iterator[Tag]:
    west, south, east, north = (float(edge) for edge in box)
    view: list[Tag] = [
        *((10, 0.0), (20, 0.0), (11, 1.0), (21, 1.0)),
        *((12, (west + east) / 2), (22, (south + north) / 2), (13, 0.0), (23, 0.0), (14, 10.0), (24, 10.0)),
        *((15, 10.0), (25, 10.0), (16, 0.0), (26, 0.0), (36, 1.0), (17, 0.0), (27, 0.0), (37, 0.0)),
        *((40, max(north - south, 100.0)), (41, 1.6), (42, 50.0)),
    ]
    line: list[Tag] = [(3, ""), (72, 65), (73, 0), (40, 0.0)]
    look: list[Tag] = [(62, 7), (6, "Continuous")]
    style: list[Tag] = [(40, 0.0), (41, 1.0), (50, 0.0), (71, 0), (42, _TEXT_HEIGHT_M), (3, _FONT), (4, "")]
    yield from _table("VPORT", "8", "AcDbViewportTableRecord", [("29", "*Active", view)])
    lines = [
        (handle, name, line) for handle, name in (("14", "ByBlock"), ("15", "ByLayer"), ("16", "Continuous"))
    ]
    yield from _table("LTYPE", "5", "AcDbLinetypeTableRecord", lines)
    layers = [("10", "0", look), ("30", layer, look), ("31", f"{layer}_text", look)]
    yield from _table("LAYER", "2", "AcDbLayerTableRecord", layers)
    yield from _table("STYLE", "3", "AcDbTextStyleTableRecord", [("11", "Standard", style)])
    yield from _table("VIEW", "6", "", [])
    yield from _table("UCS", "7", "", [])
    yield from _table("APPID", "9", "AcDbRegAppTableRecord", [("12", "ACAD", []), ("32", APPLICATION, [])])
    yield from ((0, "TABLE"), (2, "DIMSTYLE"), (5, "A"), (330, 0), (100, "AcDbSymbolTable"), (70, 0))
    yield from ((100, "AcDbDimStyleTable"), (71, 0), (0, "ENDTAB"))
    yield from ((0, "TABLE"), (2, "BLOCK_RECORD"), (5, "1"), (330, 0), (100, "AcDbSymbolTable"), (70, 2))
    for handle, name in ((_MODEL, "*Model_Space"), (_PAPER, "*Paper_Space")):
        yield from ((0, "BLOCK_RECORD"), (5, handle), (330, "1"), (100, "AcDbSymbolTableRecord"))
        yield from ((100, "AcDbBlockTableRecord"), (2, name))
    yield (0, "ENDTAB")


def _table(kind: str, handle: str, record: str, rows: list[tuple[str, str, list[Tag]]]) -> Iterator[Tag]:
    yield from ((0, "TABLE"), (2, kind), (5, handle), (330, 0), (100, "AcDbSymbolTable"), (70, len(rows)))
    for own, name, tags in rows:
        yield from ((0, kind), (5, own), (330, handle), (100, "AcDbSymbolTableRecord"), (100, record))
        yield from ((2, name), (70, 0), *tags)
    yield (0, "ENDTAB")


def _list_objects() -> Iterator[Tag]:
    yield from ((0, "SECTION"), (2, "OBJECTS"))
    yield from ((0, "DICTIONARY"), (5, _ROOT), (330, 0), (100, "AcDbDictionary"), (281, 1))
    yield from ((3, "ACAD_GROUP"), (350, _GROUPS))
    yield from ((0, "DICTIONARY"), (5, _GROUPS), (330, _ROOT), (100, "AcDbDictionary"), (281, 1))
    yield from ((0, "ENDSEC"), (0, "EOF"))
