"""GeoPackages, read with SQLite alone: every row as it stands, nothing in the file is run."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from geogrid.errors import UnsupportedFileError
from geogrid.io.encoding import choose_encoding, is_decodable, unclear_encoding
from geogrid.io.gdal import decode_wkb
from geogrid.io.source import RawLayer

_APPLICATION_IDS = {0x47504B47, 0x47503130, 0x47503131}  # "GPKG", "GP10", "GP11"
_ENVELOPE_BYTES = {0: 0, 1: 32, 2: 48, 3: 48, 4: 64}
_SUPPORTED = ["恰好一个要素图层的 .gpkg / a .gpkg with exactly one feature layer"]


def read_geopackage(path: Path, shown: str, wanted: Sequence[str], encoding: str | None) -> RawLayer:
    """The feature layer of a GeoPackage: the one of a wanted name, else the only one.

    A row is counted as what it is: the number that GDAL keeps beside the table may be wrong.

    Raises
    ------
    UnsupportedFileError
        When the file is no GeoPackage, is damaged, or the layer is a view or cannot be chosen.
    """
    try:
        connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
        try:
            return _read(connection, shown, wanted, encoding)
        finally:
            connection.close()
    except (sqlite3.Error, OverflowError) as error:
        raise UnsupportedFileError(shown, f"SQLite: {error}", _SUPPORTED) from None


def _read(
    connection: sqlite3.Connection, shown: str, wanted: Sequence[str], encoding: str | None
) -> RawLayer:
    # What a schema may hold beside tables (functions in indexes and defaults) is not run, and
    # nothing but reading is allowed from here on.
    for pragma in ("trusted_schema = OFF", "query_only = ON", "cell_size_check = ON"):
        connection.execute(f"PRAGMA {pragma}")
    connection.set_authorizer(_allow_reading)
    connection.text_factory = partial(_decode, shown, encoding)
    (application_id,) = connection.execute("PRAGMA application_id").fetchone()
    objects = dict(connection.execute("SELECT name, type FROM sqlite_master WHERE type IN ('table', 'view')"))
    if application_id not in _APPLICATION_IDS and "gpkg_contents" not in objects:
        raise UnsupportedFileError(shown, "SQLite", _SUPPORTED)
    for name in ("gpkg_contents", "gpkg_geometry_columns", "gpkg_spatial_ref_sys"):
        _require_table(connection, objects, name, shown)
    layers = [
        (str(table), str(column), int(srs))
        for table, column, srs in connection.execute(
            "SELECT c.table_name, g.column_name, g.srs_id FROM gpkg_contents c"
            " JOIN gpkg_geometry_columns g ON g.table_name = c.table_name WHERE c.data_type = 'features'"
        )
    ]
    chosen = [one for one in layers if one[0] in wanted] or layers
    if len(chosen) != 1:
        found = f"{len(layers)} 个图层 / layers: " + ", ".join(name for name, _, _ in layers[:10])
        raise UnsupportedFileError(shown, found, _SUPPORTED)
    table, geometry_column, srs = chosen[0]
    _require_table(connection, objects, table, shown)
    # Without generated columns, which are computed when they are read.
    described = connection.execute(f"PRAGMA table_info({_quoted(table)})").fetchall()
    names = [str(one[1]) for one in described]
    if geometry_column not in names:
        raise UnsupportedFileError(shown, f"{table}: 没有列 / no column {geometry_column}", _SUPPORTED)
    cursor = connection.execute(f"SELECT {', '.join(map(_quoted, names))} FROM {_quoted(table)}")
    cells = list(zip(*cursor.fetchall(), strict=True)) or [()] * len(names)
    columns = {name: [_plain(value) for value in values] for name, values in zip(names, cells, strict=True)}
    raw = columns.pop(geometry_column)
    blobs = np.empty(len(raw), dtype=object)
    unreadable: dict[int, tuple[str, str]] = {}
    for i, blob in enumerate(cells[names.index(geometry_column)]):
        if blob is not None:
            blobs[i] = _well_known_binary(blob)
            if blobs[i] is None:
                unreadable[i] = ("几何数据损坏，无法读取", "the geometry is damaged and cannot be read")
    geometry, undecoded = decode_wkb(blobs)
    # The row id of QGIS and GDAL is no key of ours, though it may bear the name of one.
    key = next((str(one[1]) for one in described if one[5]), None)
    if key is not None and key.lower() in ("fid", "ogc_fid", "objectid"):
        columns.pop(key, None)
    return RawLayer(
        columns=columns,
        rows=list(range(1, len(raw) + 1)),
        geometry=geometry,
        unreadable=unreadable | undecoded,
        crs=_read_crs(connection, srs),
    )


def _allow_reading(
    action: int, _first: str | None, _second: str | None, _db: str | None, view: str | None
) -> int:
    is_reading = action in (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_PRAGMA)
    return sqlite3.SQLITE_OK if is_reading and view is None else sqlite3.SQLITE_DENY


def _decode(shown: str, encoding: str | None, data: bytes) -> str:
    """UTF-8, as the standard has it, or the other encoding in which some programs write all the same."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        codec = encoding or choose_encoding([data])
        if codec is None or not is_decodable(codec, [data]):
            raise unclear_encoding(shown, [data], encoding) from None
        return data.decode(codec)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _require_table(connection: sqlite3.Connection, objects: dict[str, str], name: str, shown: str) -> None:
    """Refuse a view, which may be endless, and a virtual table, which is a program."""
    sql = connection.execute("SELECT sql FROM sqlite_master WHERE name = ?", (name,)).fetchone()
    is_virtual = bool(sql and sql[0] and re.match(r"\s*CREATE\s+VIRTUAL", sql[0], re.IGNORECASE))
    if objects.get(name) != "table" or is_virtual:
        found = f"{name}: " + ("视图 / a view" if name in objects else "缺失 / missing")
        raise UnsupportedFileError(shown, found, ["普通表 / plain tables"])


def _plain(value: Any) -> Any:
    """A cell; a BLOB is nothing that a column of ours takes."""
    return None if isinstance(value, bytes) else value


def _well_known_binary(blob: Any) -> bytes | None:
    """What stands behind the header of a geometry (GeoPackage 1.3, 2.1.3), or None where it is none."""
    if not isinstance(blob, bytes) or len(blob) < 8 or blob[:2] != b"GP":
        return None
    envelope = _ENVELOPE_BYTES.get((blob[3] >> 1) & 0x07)
    return None if envelope is None else blob[8 + envelope :]


def _read_crs(connection: sqlite3.Connection, srs: int) -> str | None:
    if srs in (0, -1):
        return None
    row = connection.execute(
        "SELECT organization, organization_coordsys_id, definition FROM gpkg_spatial_ref_sys WHERE srs_id = ?",
        (srs,),
    ).fetchone()
    if row is None:
        return None
    organization, code, definition = row
    return f"EPSG:{code}" if str(organization).upper() == "EPSG" else str(definition)
