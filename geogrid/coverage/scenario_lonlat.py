"""Scenarios as they are kept and handed on: records in longitude and latitude instead of metres."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from geogrid.coverage.scenario import Scenario
from geogrid.crs import WGS84, transform_points
from geogrid.errors import InvalidOptionError

MOST_EDITS = 200
"""Edits of one scenario: beyond that it is an import, not a what-if."""
MOST_VERTICES = 1000
"""Vertices of one new street."""
DEGREE_DIGITS = 9
"""A tenth of a millimetre: what is written is found again at the same millimetre."""


def write_records(scenario: Scenario, metric_crs: str) -> list[dict[str, Any]]:
    """The edits as JSON-ready records with `lon`, `lat` and paths in degrees (WGS 84).

    >>> from geogrid.coverage.scenario import AddCentre
    >>> records = write_records(Scenario((AddCentre("z1", 386000.0, 3028000.0),)), "EPSG:4549")
    >>> sorted(records[0])
    ['do', 'id', 'lat', 'lon', 'name']
    >>> edit = read_records(records, "EPSG:4549").edits[0]
    >>> round(edit.x, 3), round(edit.y, 3)
    (386000.0, 3028000.0)
    """
    records = []
    for record in scenario.to_records():
        points = _list_points(record, ("x", "y"))
        if len(points):
            degrees = transform_points(points, metric_crs, WGS84).round(DEGREE_DIGITS).tolist()
            records.append(_set_points(record, ("x", "y"), ("lon", "lat"), degrees))
        else:
            records.append(record)
    return records


def read_records(records: Any, metric_crs: str) -> Scenario:
    """The scenario of records as `write_records` writes them.

    Raises
    ------
    InvalidOptionError
        When it is no list of edits, an edit is not understood, or there are too many.
    OutOfPlaceError
        When a place cannot be expressed in metres there.
    """
    if not isinstance(records, list) or not all(isinstance(record, Mapping) for record in records):
        raise InvalidOptionError(option="edits", value=str(records)[:40], expected='[{"do": …, "id": …}, …]')
    if not 0 < len(records) <= MOST_EDITS:
        raise InvalidOptionError(option="edits", value=str(len(records)), expected=f"1 … {MOST_EDITS}")
    return Scenario.from_records([_place_record(record, metric_crs) for record in records])


def _place_record(record: Mapping[str, Any], metric_crs: str) -> Mapping[str, Any]:
    for key in ("x", "y"):
        if key in record:
            raise InvalidOptionError(option=str(record.get("do"))[:40], value=key, expected="lon, lat")
    points = _list_points(record, ("lon", "lat"))
    if not len(points):
        return record
    lon, lat = points.T
    if not ((np.abs(lon) <= 180.0) & (np.abs(lat) <= 90.0)).all():
        raise InvalidOptionError(option="lon, lat", value=str(points.tolist())[:60], expected="度 / degrees")
    metres = transform_points(points, WGS84, metric_crs).tolist()
    return _set_points(record, ("lon", "lat"), ("x", "y"), metres)


def _list_points(record: Mapping[str, Any], names: tuple[str, str]) -> np.ndarray:
    """The places in a record, shape (n, 2); the one it stands at, or those of its path."""
    found: Any = record.get("path")
    if found is None:
        found = [[record[name] for name in names]] if all(name in record for name in names) else []
    if isinstance(found, Sequence) and len(found) > MOST_VERTICES:
        raise InvalidOptionError(option="path", value=str(len(found)), expected=f"≤ {MOST_VERTICES}")
    try:
        points = np.array(found, dtype=float).reshape(-1, 2)
    except (TypeError, ValueError, OverflowError):  # a whole number may be larger than any real one
        raise InvalidOptionError(
            option="lon, lat", value=str(found)[:60], expected="两个数 / two numbers"
        ) from None
    if not np.isfinite(points).all():
        raise InvalidOptionError(option="lon, lat", value=str(found)[:60], expected="度 / degrees")
    return points


def _set_points(
    record: Mapping[str, Any], old: tuple[str, str], new: tuple[str, str], points: list[list[float]]
) -> dict[str, Any]:
    """The record with its places under other names."""
    kept = {key: value for key, value in record.items() if key not in old}
    if "path" in record:
        return kept | {"path": points}
    return kept | dict(zip(new, points[0], strict=True))
