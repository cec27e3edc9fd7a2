"""Shapes for drawing: the rings and lines of a layer as columns of small integers, a third of its GeoJSON."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from webmap.geojson import DECIMALS, plain_records, round_geometries, write_json

UNIT_DEG = 10.0**-DECIMALS
LINE_TOLERANCE_DEG = 1e-5
"""Lines are drawn within about a metre of where they run."""

Objects = npt.NDArray[np.object_]
Integers = npt.NDArray[np.intp]

SHAPE_COLUMNS: dict[str, tuple[str, ...]] = {
    "building": ("id",),
    "street": ("class",),
    "water": (),
    "county": (),
}
"""The layers that are drawn on canvas, and the columns that their drawing needs."""


def write_shapes(frame: gpd.GeoDataFrame, layer: str, revision: int) -> str:
    """A layer's shapes as JSON columns.

    `parts[i]` is how many rings or lines feature i has, `sizes[j]` how many points one of them has (a
    ring's first point is not repeated), `steps` the x and y differences from one point to the next in
    units of `unit` degrees, counted from `origin` and never reset. The columns of `SHAPE_COLUMNS` have
    one value a feature.
    """
    lines, owners = _split(round_geometries(frame, layer))
    coordinates, line_of = shapely.get_coordinates(lines, return_index=True)
    kept = ~_is_closing(lines, line_of)
    whole = np.round(coordinates[kept] / UNIT_DEG).astype(np.int64)
    origin = whole[:1].reshape(-1, 2)
    steps = np.diff(np.vstack([origin, whole]), axis=0) if len(whole) else whole
    columns: dict[str, Any] = {
        "revision": revision,
        "unit": UNIT_DEG,
        "origin": origin.ravel().tolist() or [0, 0],
        "parts": np.bincount(owners, minlength=len(frame)).tolist(),
        "sizes": np.bincount(line_of[kept], minlength=len(lines)).tolist(),
        "steps": steps.ravel().tolist(),
    }
    names = SHAPE_COLUMNS[layer]
    records = plain_records(frame, names) if names else []
    return write_json(columns | {name: [record[name] for record in records] for name in names})


def _split(shapes: Objects) -> tuple[Objects, Integers]:
    """The rings of polygons and the parts of lines, simplified, and the row each belongs to."""
    parts, owners = shapely.get_parts(shapes, return_index=True)
    is_polygon = shapely.get_type_id(parts) == shapely.GeometryType.POLYGON
    if not is_polygon.all():
        return shapely.simplify(parts, LINE_TOLERANCE_DEG), owners
    # Holes run the other way round, so that a canvas fills many shapes of one path rightly.
    rings, ring_part = shapely.get_rings(shapely.orient_polygons(parts), return_index=True)
    return rings, owners[ring_part]


def _is_closing(lines: Objects, line_of: Integers) -> npt.NDArray[np.bool_]:
    """Which points close a ring."""
    closing = np.zeros(len(line_of), bool)
    if len(line_of):
        last = np.append(np.flatnonzero(np.diff(line_of)), len(line_of) - 1)
        is_ring = shapely.get_type_id(lines) == shapely.GeometryType.LINEARRING
        closing[last] = is_ring[line_of[last]]
    return closing
