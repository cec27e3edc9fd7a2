"""GeoPackage as SQL and bytes: the tables the standard wants, and geometries with its header."""

from __future__ import annotations

import math
import sqlite3
import struct
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import shapely

from geogrid.crs import describe_crs
from geogrid.schema import Column, ColumnType, Geometry, Layer

APPLICATION_ID = 0x47504B47  # "GPKG", OGC 12-128r18 requirement 2
USER_VERSION = 10300  # GeoPackage 1.3

SQL_TYPES = {
    ColumnType.TEXT: "TEXT",
    ColumnType.LIST: "TEXT",
    ColumnType.INTEGER: "INTEGER",
    ColumnType.REAL: "REAL",
    ColumnType.BOOLEAN: "BOOLEAN",
    ColumnType.DATE: "DATE",
}
GEOMETRY_TYPES = {
    Geometry.POLYGON: "MULTIPOLYGON",
    Geometry.LINE: "LINESTRING",
    Geometry.POINT: "POINT",
}

UNUSABLE = shapely.LineString([(math.inf, math.inf)] * 2)
"""Stands for a shape that cannot be read: none that anything is computed from."""

# Bytes that each envelope code of the header's flags adds (OGC 12-128r18 clause 2.1.3).
_ENVELOPE_BYTES = (0, 32, 48, 48, 64)
_LITTLE_ENDIAN = 0b1
_ENVELOPE_XY = 0b10
_EMPTY = 0b10000


def quoted(name: str) -> str:
    """An identifier of the schema as SQL writes it."""
    return f'"{name}"'


def core_statements() -> list[str]:
    """The statements that make an empty SQLite file a GeoPackage."""
    return [
        f"PRAGMA application_id = {APPLICATION_ID}",
        f"PRAGMA user_version = {USER_VERSION}",
        """CREATE TABLE gpkg_spatial_ref_sys (
            srs_name TEXT NOT NULL, srs_id INTEGER PRIMARY KEY, organization TEXT NOT NULL,
            organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT)""",
        """CREATE TABLE gpkg_contents (
            table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE,
            description TEXT DEFAULT '',
            last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
            min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER,
            FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id))""",
        """CREATE TABLE gpkg_geometry_columns (
            table_name TEXT NOT NULL, column_name TEXT NOT NULL, geometry_type_name TEXT NOT NULL,
            srs_id INTEGER NOT NULL, z TINYINT NOT NULL, m TINYINT NOT NULL,
            PRIMARY KEY (table_name, column_name), UNIQUE (table_name),
            FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name),
            FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id))""",
        """INSERT INTO gpkg_spatial_ref_sys VALUES
            ('Undefined cartesian SRS', -1, 'NONE', -1, 'undefined', NULL),
            ('Undefined geographic SRS', 0, 'NONE', 0, 'undefined', NULL)""",
    ]


def create_layer(connection: sqlite3.Connection, layer: Layer, database: str = "main") -> None:
    """Create the table of a layer or table of the schema, empty, with its place among the contents."""
    columns = [describe_column(column) for column in layer.columns]
    if layer.geometry is not Geometry.NONE:
        columns.insert(0, f"geom {GEOMETRY_TYPES[layer.geometry]}")
    body = ", ".join(
        ["fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL", *columns, "version INTEGER NOT NULL DEFAULT 1"]
    )
    table = f"{database}.{quoted(layer.name)}"
    connection.execute(f"CREATE TABLE {table} ({body})")
    connection.execute(
        f"CREATE INDEX {database}.{quoted(layer.name + '_key')} ON {quoted(layer.name)} ({quoted(layer.key)})"
    )
    if layer.is_personal:
        return
    is_spatial = layer.geometry is not Geometry.NONE
    connection.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, srs_id) VALUES (?, ?, ?, ?, ?)",
        (
            layer.name,
            "features" if is_spatial else "attributes",
            layer.name,
            layer.zh,
            0 if is_spatial else None,
        ),
    )
    if is_spatial:
        z = 2 if layer.geometry is Geometry.LINE else 0  # 2: z may or may not be there
        connection.execute(
            "INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', ?, 0, ?, 0)",
            (layer.name, GEOMETRY_TYPES[layer.geometry], z),
        )


def describe_column(column: Column) -> str:
    """A column of the schema as SQL declares it."""
    return f"{quoted(column.name)} {SQL_TYPES[column.type]}" + (" NOT NULL" if column.required else "")


def register_crs(connection: sqlite3.Connection, epsg: int) -> None:
    """Declare a CRS and make it that of every layer."""
    name, definition = describe_crs(epsg)
    connection.execute(
        "INSERT OR IGNORE INTO gpkg_spatial_ref_sys VALUES (?, ?, 'EPSG', ?, ?, NULL)",
        (name, epsg, epsg, definition),
    )
    connection.execute("UPDATE gpkg_geometry_columns SET srs_id = ?", (epsg,))
    connection.execute("UPDATE gpkg_contents SET srs_id = ? WHERE data_type = 'features'", (epsg,))


def touch_layer(connection: sqlite3.Connection, layer: Layer, bounds: Sequence[float] | None) -> None:
    """Note in the contents that a layer changed, and widen its extent by what was written to it."""
    connection.execute(
        "UPDATE gpkg_contents SET last_change = strftime('%Y-%m-%dT%H:%M:%fZ','now') WHERE table_name = ?",
        (layer.name,),
    )
    if bounds is not None:
        connection.execute(
            """UPDATE gpkg_contents SET min_x = min(ifnull(min_x, ?1), ?1), min_y = min(ifnull(min_y, ?2), ?2),
               max_x = max(ifnull(max_x, ?3), ?3), max_y = max(ifnull(max_y, ?4), ?4) WHERE table_name = ?5""",
            (*bounds, layer.name),
        )


def encode_geometries(geometries: npt.NDArray[np.object_], srs_id: int) -> list[bytes | None]:
    """Geometries as GeoPackage blobs: header, envelope (none for points), ISO WKB.

    Parameters
    ----------
    geometries
        Shape (n,); None stays None.
    """
    wkb = shapely.to_wkb(geometries, flavor="iso", byte_order=1)
    bounds = shapely.bounds(geometries)
    kinds = shapely.get_type_id(geometries)
    is_empty = shapely.is_empty(geometries)
    blobs: list[bytes | None] = []
    for body, box, kind, empty in zip(wkb, bounds, kinds, is_empty, strict=True):
        if body is None:
            blobs.append(None)
            continue
        has_envelope = kind != shapely.GeometryType.POINT and not empty
        flags = _LITTLE_ENDIAN | (_ENVELOPE_XY if has_envelope else 0) | (_EMPTY if empty else 0)
        head = struct.pack("<2sBBi", b"GP", 0, flags, srs_id)
        if has_envelope:
            head += struct.pack("<4d", box[0], box[2], box[1], box[3])
        blobs.append(head + body)
    return blobs


def decode_readable(blobs: Sequence[bytes | None]) -> npt.NDArray[np.object_]:
    """The same, with `UNUSABLE` for a blob that holds no geometry."""
    found = np.empty(len(blobs), dtype=object)
    for row, blob in enumerate(blobs):
        try:
            found[row] = decode_geometries([blob])[0]
        except (shapely.errors.GEOSException, TypeError, IndexError):
            found[row] = UNUSABLE
    return found


def decode_geometries(blobs: Sequence[bytes | None]) -> npt.NDArray[np.object_]:
    """Geometries from GeoPackage blobs, shape (n,); None stays None.

    Raises
    ------
    shapely.errors.GEOSException
        When a blob holds no geometry.
    """
    bodies = [None if blob is None else blob[8 + _ENVELOPE_BYTES[(blob[3] >> 1) & 7] :] for blob in blobs]
    decoded: npt.NDArray[np.object_] = shapely.from_wkb(np.array(bodies, dtype=object))
    return decoded
