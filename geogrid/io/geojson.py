"""GeoJSON, read without GDAL: whose driver follows a link in "crs" to any address."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from geogrid.errors import CrsError, UnsupportedFileError
from geogrid.io.encoding import decode_file
from geogrid.io.source import RawLayer

_SUPPORTED = ["GeoJSON FeatureCollection (RFC 7946)"]
_GEOMETRY_TYPES = ("Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon")


def read_geojson(path: Path, shown: str, encoding: str | None) -> RawLayer:
    """The features of a GeoJSON file.

    Raises
    ------
    UnsupportedFileError
        When it is no GeoJSON, or nested beyond what any GeoJSON needs.
    CrsError
        When its "crs" is a link.
    """
    text = decode_file(path.read_bytes(), encoding, shown)
    try:
        content = json.loads(text, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise UnsupportedFileError(shown, f"JSON: {error}"[:200], _SUPPORTED) from None
    features = _features(content, shown)
    names = list(dict.fromkeys(name for feature in features for name in _properties(feature)))
    columns = {name: [_properties(feature).get(name) for feature in features] for name in names}
    if "id" not in columns and any(feature.get("id") is not None for feature in features):
        columns["id"] = [feature.get("id") for feature in features]
    geometry = np.empty(len(features), dtype=object)
    unreadable: dict[int, tuple[str, str]] = {}
    for i, feature in enumerate(features):
        try:
            geometry[i] = _geometry(feature.get("geometry"))
        except _NoGeometryError as error:
            unreadable[i] = error.zh, error.en
    crs = _read_crs(content.get("crs"), shown)
    return RawLayer(
        columns=columns,
        rows=list(range(1, len(features) + 1)),
        geometry=geometry,
        unreadable=unreadable,
        crs=crs,
        is_lonlat_by_standard=crs is None,
    )


class _NoGeometryError(Exception):
    """A geometry that is none; zh and en say why."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(zh, en)
        self.zh, self.en = zh, en


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError("重复的键 / a key twice: " + next(n for n in names if names.count(n) > 1)[:80])
    return found


def _features(content: Any, shown: str) -> list[dict[str, Any]]:
    kind = content.get("type") if isinstance(content, dict) else None
    if kind == "Feature":
        return [content]
    features = content.get("features") if kind == "FeatureCollection" else None
    if not isinstance(features, list) or not all(isinstance(one, dict) for one in features):
        raise UnsupportedFileError(shown, f"JSON, type: {str(kind)[:80]}", _SUPPORTED)
    return features


def _properties(feature: dict[str, Any]) -> dict[str, Any]:
    properties = feature.get("properties")
    return properties if isinstance(properties, dict) else {}


def _read_crs(member: Any, shown: str) -> str | None:
    """What a "crs" member (GeoJSON 2008) names; None where it says what the standard says."""
    if member is None:
        return None
    properties = member.get("properties") if isinstance(member, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    if not isinstance(member, dict) or member.get("type") != "name" or not isinstance(name, str):
        found = f"crs: {str(member.get('type') if isinstance(member, dict) else member)[:80]}"
        raise CrsError(where=shown, found=found, expected='"crs" 为名称，不能是链接 / a name, not a link')
    return None if name.upper().endswith("CRS84") else name


def _geometry(member: Any) -> Any:
    if member is None:
        return None
    kind = member.get("type") if isinstance(member, dict) else None
    if kind not in _GEOMETRY_TYPES:
        raise _NoGeometryError(
            zh=f"几何类型“{str(kind)[:40]}”不支持", en=f"geometry type {str(kind)[:40]} is not read"
        )
    coordinates = member.get("coordinates")
    if not isinstance(coordinates, list):
        raise _NoGeometryError(zh="几何没有 coordinates", en="the geometry has no coordinates")
    if not coordinates:
        return shapely.from_wkt(f"{kind.upper()} EMPTY")
    try:
        if kind == "Point":
            return shapely.points(_positions([coordinates])[0])
        if kind == "MultiPoint":
            return shapely.multipoints(shapely.points(_positions(coordinates)))
        if kind == "LineString":
            return shapely.linestrings(_positions(coordinates))
        if kind == "MultiLineString":
            return shapely.multilinestrings([shapely.linestrings(_positions(one)) for one in coordinates])
        if kind == "Polygon":
            return _polygon(coordinates)
        return shapely.multipolygons([_polygon(one) for one in coordinates])
    except (ValueError, TypeError, shapely.errors.GEOSException):
        raise _NoGeometryError(
            zh="坐标不完整或不是数字", en="its coordinates are incomplete or no numbers"
        ) from None


def _polygon(rings: list[Any]) -> Any:
    shell, *holes = (shapely.linearrings(_positions(ring)) for ring in rings)
    return shapely.polygons(shell, holes or None)


def _positions(coordinates: list[Any]) -> Any:
    """Shape (n, 2) or (n, 3); text is not taken for numbers."""
    positions = np.array([position[:3] for position in coordinates])
    if positions.ndim != 2 or positions.shape[1] < 2 or positions.dtype.kind not in "if":
        raise ValueError
    return positions.astype(float)
