"""Ground that can be built on: each cell less its streets, verges and water."""

from __future__ import annotations

import numpy as np
import shapely

from geogrid.demo.fabric import Fabric, Objects
from geogrid.demo.streets import HALF_WIDTH_M, VERGE_M, Ways
from geogrid.prepared import prepared

MIN_LOT_M2 = 70.0


def measure_clearance_m(street_class: Objects) -> np.ndarray:
    """How far from a way's line buildings begin, shape (n,)."""
    return np.array([HALF_WIDTH_M[item] + VERGE_M.get(item, 1.0) for item in street_class])


def clear_lots(fabric: Fabric, bypass: Ways, water: Objects) -> Objects:
    """The buildable ground of every cell, shape (c,); None where too little is left."""
    bands = shapely.buffer(fabric.edges, measure_clearance_m(fabric.edge_class), quad_segs=2)
    edge = np.repeat(np.arange(len(fabric.edges)), 2)
    cell = fabric.edge_cells.ravel()
    order = np.argsort(cell, kind="stable")
    starts = np.searchsorted(cell[order], np.arange(len(fabric.cells) + 1))
    taken = np.array(
        [shapely.union_all(bands[edge[order[starts[i] : starts[i + 1]]]]) for i in range(len(fabric.cells))],
        dtype=object,
    )
    lots = shapely.difference(fabric.cells, taken)
    wide = shapely.union_all(shapely.buffer(bypass.lines, measure_clearance_m(bypass.street_class)))
    wet = shapely.buffer(shapely.union_all(water), 4.0, quad_segs=2)
    blocked = shapely.union(wide, wet)
    with prepared(blocked) as ready:
        touched = shapely.intersects(ready, lots)
    lots[touched] = shapely.difference(lots[touched], blocked)
    return np.array([_take_largest(lot) for lot in lots], dtype=object)


def _take_largest(lot: shapely.Geometry) -> shapely.Polygon | None:
    parts = [part for part in shapely.get_parts(lot) if part.geom_type == "Polygon"]
    if not parts:
        return None
    largest = max(parts, key=lambda part: part.area)
    smooth = shapely.Polygon(shapely.simplify(largest.exterior, 0.8).coords)
    return smooth if smooth.is_valid and smooth.area > MIN_LOT_M2 else None
