"""One edit of a county: a transaction over both files that becomes one revision, or nothing at all."""

from __future__ import annotations

import datetime
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geogrid import crs
from geogrid.errors import (
    ConflictError,
    CrsError,
    DuplicateKeysError,
    FeatureNotFoundError,
    RevisionConflictError,
)
from geogrid.schema import LAYERS, Geometry, Layer, find_layer
from geogrid.workspace.geopackage import encode_geometries, quoted, register_crs, touch_layer
from geogrid.workspace.rows import require_storable, to_rows, to_stored, unify_geometries
from geogrid.workspace.tables import database_of

STORE_CRS_SETTING = "crs.store"
METRIC_CRS_SETTING = "crs.metric"


class Edit:
    """What can be done within one revision; made by `Workspace.edit`.

    A frame with geometry comes in the store CRS; WGS 84 and CGCS2000 degrees are taken for each
    other. The first layer of an empty county decides both CRS.
    """

    def __init__(self, connection: sqlite3.Connection, revision: int | None = None) -> None:
        self._connection = connection
        self.revision = revision
        """The number of the revision it becomes; None once it turned out to change nothing."""
        self.told: dict[str, Any] = {}
        """What its record tells besides."""
        self._bounds: dict[str, tuple[float, float, float, float] | None] = {}
        self.is_history_rewritten = False
        """To be set by what changes records of the private file's past: an erasure."""

    @property
    def connection(self) -> sqlite3.Connection:
        """The open transaction, for what belongs into it beside features: audit records, erasures."""
        return self._connection

    def insert(self, name: str, frame: pd.DataFrame) -> int:
        """Add features; the number added.

        Raises
        ------
        MissingColumnsError, FileContentError, CrsError
            When the layer cannot hold the frame.
        DuplicateKeysError
            When two current features would have the same key.
        """
        layer = find_layer(name)
        require_storable(layer, frame)
        if frame.empty:
            return 0
        columns = [c for c in layer.column_names if c in frame.columns]
        rows = to_rows(layer, frame, columns)
        if layer.geometry is not Geometry.NONE:
            blobs = self._encode(layer, frame)
            rows = [(blob, *row) for blob, row in zip(blobs, rows, strict=True)]
        names = [*(["geom"] if layer.geometry is not Geometry.NONE else []), *map(quoted, columns)]
        self._connection.executemany(
            f"INSERT INTO {_table(layer)} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})", rows
        )
        self.require_unique(layer)
        return len(rows)

    def replace(self, name: str, frame: pd.DataFrame) -> int:
        """Put a frame in the place of the layer's current features; ended ones stay. The number added."""
        layer = find_layer(name)
        current = " AND valid_to IS NULL" if "valid_to" in layer.column_names else ""
        self._connection.execute(f"DELETE FROM {_table(layer)} WHERE 1{current}")
        self._touch(layer, None)
        return self.insert(name, frame)

    def merge(self, name: str, frame: pd.DataFrame) -> tuple[int, int]:
        """Update the features whose keys the layer has, with the columns that the frame has, and add the rest.

        Returns
        -------
        The numbers updated (those that really differ) and added.
        """
        layer = find_layer(name)
        require_storable(layer, frame)
        columns = [c for c in layer.column_names if c in frame.columns]
        is_spatial = layer.geometry is not Geometry.NONE
        names = [*(["geom"] if is_spatial else []), *columns]
        stored = self._connection.execute(
            f"SELECT {quoted(layer.key)}, fid, {', '.join(map(quoted, names))} FROM {_table(layer)} WHERE 1{_current(layer)}"
        ).fetchall()
        by_key = {row[0]: row for row in stored}
        rows = to_rows(layer, frame, columns)
        if is_spatial and len(frame):
            rows = [(blob, *row) for blob, row in zip(self._encode(layer, frame), rows, strict=True)]
        keys = to_stored(frame[layer.key], layer.column(layer.key).type)
        is_new = np.array([key not in by_key for key in keys], dtype=bool)
        changed = [
            (*row, by_key[key][1])
            for key, row, new in zip(keys, rows, is_new, strict=True)
            if not new and tuple(by_key[key][2:]) != tuple(row)
        ]
        assignments = ", ".join(f"{quoted(name)} = ?" for name in names)
        self._connection.executemany(
            f"UPDATE {_table(layer)} SET {assignments}, version = version + 1 WHERE fid = ?", changed
        )
        if changed:
            self._touch(layer, None)
        return len(changed), self.insert(name, frame[is_new])

    def update(self, name: str, key: str, version: int, values: Mapping[str, Any]) -> None:
        """Change one current feature.

        Parameters
        ----------
        version
            The version the change is based on.
        values
            Column -> value; `geometry` for the geometry, in the store CRS.

        Raises
        ------
        ConflictError
            When the feature has another version by now, or is gone.
        """
        layer = find_layer(name)
        data = {k: v for k, v in values.items() if k != "geometry"}
        parts = [f"{quoted(layer.column(column).name)} = ?" for column in data]
        stored = [to_stored(pd.Series([v], dtype=object), layer.column(c).type)[0] for c, v in data.items()]
        if "geometry" in values:
            one = gpd.GeoDataFrame(geometry=[values["geometry"]], crs=self._setting(STORE_CRS_SETTING))
            parts.insert(0, "geom = ?")
            stored.insert(0, self._encode(layer, one)[0])
        cursor = self._connection.execute(
            f"UPDATE {_table(layer)} SET {', '.join(parts)}, version = version + 1"
            f" WHERE {quoted(layer.key)} = ? AND version = ?{_current(layer)}",
            (*stored, key, version),
        )
        if cursor.rowcount != 1:
            row = self._connection.execute(
                f"SELECT version FROM {_table(layer)} WHERE {quoted(layer.key)} = ?{_current(layer)}", (key,)
            ).fetchone()
            found = "已删除 / gone" if row is None else str(row[0])
            raise ConflictError(layer=layer.name, key=key, expected=version, found=found)
        self._touch(layer, None)
        self.require_unique(layer)

    def end(self, name: str, keys: Sequence[str], on: datetime.date) -> None:
        """Let current features end: `on` is the last day on which they hold; they stay in the layer.

        Raises
        ------
        FeatureNotFoundError
            When a key names no current feature.
        """
        self._each(
            name, "UPDATE {table} SET valid_to = ?, version = version + 1 WHERE {key} = ?{current}", keys, on
        )

    def delete(self, name: str, keys: Sequence[str]) -> None:
        """Remove current features; the history keeps them.

        Raises
        ------
        FeatureNotFoundError
            When a key names no current feature.
        """
        self._each(name, "DELETE FROM {table} WHERE {key} = ?{current}", keys)

    def require_revision(self, expected: int) -> None:
        """Raise RevisionConflictError unless that revision is the one that this edit follows."""
        found = self._connection.execute(
            "SELECT ifnull(max(id), 0) FROM main.revision WHERE is_open = 0"
        ).fetchone()[0]
        if found != expected:
            raise RevisionConflictError(expected=expected, found=int(found))

    def set_setting(self, name: str, value: str) -> None:
        """Set one setting."""
        frame = pd.DataFrame({"id": [name], "value": [value]}, dtype=object)
        self.merge("setting", frame)

    def finish(self) -> None:
        """Bring the GeoPackage's own lists up to date; called once, before the commit."""
        for name, bounds in self._bounds.items():
            touch_layer(self._connection, LAYERS[name], bounds)

    # --- parts -----------------------------------------------------------------------------

    def _each(self, name: str, template: str, keys: Sequence[str], on: datetime.date | None = None) -> None:
        layer = find_layer(name)
        sql = template.format(table=_table(layer), key=quoted(layer.key), current=_current(layer))
        missing = []
        for key in keys:
            given = (key,) if on is None else (on.isoformat(), key)
            if self._connection.execute(sql, given).rowcount == 0:
                missing.append(key)
        if missing:
            raise FeatureNotFoundError(layer=layer.name, keys=missing)
        self._touch(layer, None)

    def _encode(self, layer: Layer, frame: pd.DataFrame) -> list[bytes | None]:
        given = crs.crs_name(crs.require_crs(frame, layer.name))
        store = self._fix_crs(frame)
        if given not in {store, crs.WGS84, crs.CGCS2000}:
            raise CrsError(where=layer.name, found=given, expected=store)
        geometries = unify_geometries(layer, np.asarray(frame.geometry.values, dtype=object))
        self._touch(layer, tuple(float(v) for v in shapely.total_bounds(geometries)))
        return encode_geometries(geometries, int(store.removeprefix("EPSG:")))

    def _fix_crs(self, frame: pd.DataFrame) -> str:
        """The store CRS; chosen by where the frame lies when no layer holds anything yet."""
        store = self._setting(STORE_CRS_SETTING)
        if store is not None and any(
            self._connection.execute(f"SELECT 1 FROM {_table(layer)} LIMIT 1").fetchone()
            for layer in LAYERS.values()
        ):
            return store
        west, south, east, north = shapely.total_bounds(frame.geometry.values)
        lon, lat = (west + east) / 2, (south + north) / 2
        store = crs.choose_store_crs(lon, lat)
        self.set_setting(STORE_CRS_SETTING, store)
        self.set_setting(METRIC_CRS_SETTING, crs.choose_metric_crs(lon, lat))
        register_crs(self._connection, int(store.removeprefix("EPSG:")))
        return store

    def _setting(self, name: str) -> str | None:
        row = self._connection.execute("SELECT value FROM main.setting WHERE id = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def _touch(self, layer: Layer, bounds: tuple[float, ...] | None) -> None:
        if layer.name not in LAYERS:
            return
        known = self._bounds.get(layer.name)
        if bounds is None or known is None:
            self._bounds[layer.name] = bounds or known  # type: ignore[assignment]  # four floats
        else:
            west, south, east, north = bounds
            self._bounds[layer.name] = (
                min(known[0], west),
                min(known[1], south),
                max(known[2], east),
                max(known[3], north),
            )

    def require_unique(self, layer: Layer) -> None:
        """Raise DuplicateKeysError when two current features of a layer have one key."""
        rows = self._connection.execute(
            f"SELECT {quoted(layer.key)} FROM {_table(layer)} WHERE 1{_current(layer)}"
            f" GROUP BY {quoted(layer.key)} HAVING count(*) > 1"
        ).fetchall()
        if rows:
            raise DuplicateKeysError(layer=layer.name, keys=[str(row[0]) for row in rows])


def _table(layer: Layer) -> str:
    return f"{database_of(layer)}.{quoted(layer.name)}"


def _current(layer: Layer) -> str:
    return " AND valid_to IS NULL" if "valid_to" in layer.column_names else ""
