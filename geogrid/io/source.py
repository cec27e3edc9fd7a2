"""RawLayer: what a file holds, before any of it is understood as a layer of ours."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

SUPPORTED = (".shp", ".zip", ".gpkg", ".geojson", ".json", ".kml", ".fgb", ".gdb", ".dxf", ".csv", ".xlsx")
"""Kinds of files that layers and tables are read from."""


@dataclass(frozen=True)
class RawLayer:
    """Rows as a file gives them.

    Attributes
    ----------
    columns
        The file's column name -> one value a row: str, int, float, bool, date, datetime or None.
    rows
        The number of each row as a person counts it in the file.
    geometry
        Shape (n,), None where a feature has none; None altogether for a plain table.
    unreadable
        Position of a feature -> why its geometry could not be read, in Chinese and in English.
    crs
        What the file says of its coordinate system; None where it says nothing.
    is_lonlat_by_standard
        The format itself says that coordinates are longitudes and latitudes.
    last_resort
        Columns that the format itself makes, taken where the file has no better one of the kind.
    notes
        What the reader decided by itself.
    """

    columns: dict[str, list[Any]]
    rows: list[int]
    geometry: npt.NDArray[np.object_] | None = None
    unreadable: dict[int, tuple[str, str]] = field(default_factory=dict)
    crs: str | None = None
    is_lonlat_by_standard: bool = False
    last_resort: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)
