"""Larger towns for benchmarks: copies of one town side by side, joined by roads.

Shifts are whole metres and nothing is rounded, so points that were equal stay equal.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geogrid.demo.frames import make_layer
from geogrid.errors import InvalidOptionError
from geogrid.schema import LAYERS, find_layer

MARGIN_M = 400.0
"""Ground left between copies."""

_REFERENCES = ("parent", "feature", "person")
"""Columns that name features of a layer which another column tells."""


def count_copies(scale: float) -> int:
    """How many towns a scale stands for.

    Raises
    ------
    InvalidOptionError
        When it is no whole number of at least 1.
    """
    if scale < 1 or scale != int(scale):
        raise InvalidOptionError(option="scale", value=str(scale), expected="1, 2, 3 …")
    return int(scale)


def copy_town(frames: dict[str, pd.DataFrame], n_copies: int) -> dict[str, pd.DataFrame]:
    """The town n times over, west to east and south to north, each copy joined to the one before.

    Ids and codes of the second and later copies end in `-2`, `-3` …, and so do references to them.
    The county stays one feature of several parts, so that each copy's areas tile its part.
    """
    if n_copies == 1:
        return frames
    extent = shapely.bounds(frames["county"].geometry.iloc[0])
    step = np.ceil([extent[2] - extent[0], extent[3] - extent[1]]) + MARGIN_M
    n_columns = int(np.ceil(np.sqrt(n_copies)))
    shift = np.column_stack([np.arange(n_copies) % n_columns, np.arange(n_copies) // n_columns]) * step
    copied = {name: _copy_frame(name, frame, shift) for name, frame in frames.items()}
    county = frames["county"].copy()
    county["geometry"] = [shapely.multipolygons(np.asarray(copied["county"].geometry.values))]
    copied["county"] = county
    street = gpd.GeoDataFrame(copied["street"])
    links = _link_copies(gpd.GeoDataFrame(frames["street"]), shift, n_columns)
    copied["street"] = pd.concat([street, links], ignore_index=True)
    return copied


def _copy_frame(name: str, frame: pd.DataFrame, shift: np.ndarray) -> pd.DataFrame:
    """The rows once per shift (m), keys and references with the copy's ending."""
    n, n_copies = len(frame), len(shift)
    rows = np.tile(np.arange(n), n_copies)
    copy = np.repeat(np.arange(n_copies), n)
    out: pd.DataFrame = frame.iloc[rows].reset_index(drop=True)
    ending = np.array(["", *(f"-{i + 2}" for i in range(n_copies - 1))], dtype=object)[copy]
    declared = find_layer(name)
    for column in declared.columns:
        is_key = column.name == declared.key or bool(column.refers) or column.name in _REFERENCES
        if not is_key and not (name == "centre" and column.name == "centre"):
            continue
        values = out[column.name].to_numpy(dtype=object, copy=True)
        filled = np.flatnonzero(pd.notna(values) & (copy > 0))
        if column.name == "buildings":
            values[filled] = [values[i].replace(",", f"{ending[i]},") + ending[i] for i in filled]
        else:
            values[filled] = values[filled] + ending[filled]
        out[column.name] = pd.Series(values, dtype="object")
    if name not in LAYERS:
        return out
    geometry = np.array(out.geometry.values, dtype=object)
    z = bool(shapely.has_z(geometry).any())
    coordinates, owner = shapely.get_coordinates(geometry, include_z=z, return_index=True)
    coordinates[:, :2] += shift[copy[owner]]
    moved = shapely.set_coordinates(geometry, coordinates)
    layer: pd.DataFrame = gpd.GeoDataFrame(
        out.drop(columns="geometry"), geometry=moved, crs=frame.geometry.crs
    )
    return layer


def _link_copies(street: gpd.GeoDataFrame, shift: np.ndarray, n_columns: int) -> gpd.GeoDataFrame:
    """Roads from the eastern end of each copy to the western end of the next, and between rows."""
    ends = shapely.get_coordinates(
        np.asarray(street.geometry.values)[(street["name"] == "胜利街").to_numpy()], include_z=True
    )
    west, east = ends[ends[:, 0].argmin()], ends[ends[:, 0].argmax()]
    move = np.column_stack([shift, np.zeros(len(shift))])
    lines = []
    for i in range(1, len(shift)):
        before = i - 1 if i % n_columns else i - n_columns
        start = east if i % n_columns else west
        lines.append(shapely.LineString([start + move[before], west + move[i]]))
    array = np.empty(len(lines), dtype=object)
    array[:] = lines
    return make_layer(
        "street",
        array,
        {
            "id": [f"LINK{i + 1:04d}" for i in range(len(lines))],
            "class": "primary",
            "walkable": True,
            "steps": False,
            "crossing": False,
            "bridge": True,
            "surface": "asphalt",
            "crossing_s": 0.0,
        },
    )
