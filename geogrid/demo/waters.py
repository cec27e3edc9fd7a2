"""Water and steep ground: the river, the brook, ponds, and slopes on which nothing is built."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely

from geogrid.demo.fabric import Fabric, Objects
from geogrid.demo.frames import make_layer
from geogrid.demo.streets import Ways
from geogrid.demo.terrain import Terrain, brook_axis, river_half_width

SLOPE_CELL_M = 28.0
STEEP_SLOPE = 0.36
"""Rise over run (20 degrees) from which ground counts as too steep to build on."""

N_PONDS = 14
POND_CLEAR_M = 16.0
CLEAR_OF_BUILT_M = 22.0


def draw_rivers(terrain: Terrain, fabric: Fabric) -> Objects:
    """The river and its tributary on the ground, clipped to the extent, shape (2,)."""
    extent = shapely.coverage_union_all(fabric.cells)
    s = np.arange(-3500.0, 3500.0, 20.0)
    half = river_half_width(s)
    river = _warp_band(terrain, np.column_stack([s, half]), np.column_stack([s, -half]))
    d = np.arange(8.0, 2500.0, 12.0)
    middle, width = brook_axis(d), 5.0 + 1.5 * np.sin(d / 90.0) + 4.0 * np.exp(-d / 60.0)
    brook = _warp_band(terrain, np.column_stack([middle - width, d]), np.column_stack([middle + width, d]))
    shapes = [shapely.intersection(item, extent) for item in (river, shapely.difference(brook, river))]
    return np.array(shapes, dtype=object)


def build_water_layer(
    rivers: Objects, fabric: Fabric, ways: Ways, rng: np.random.Generator
) -> gpd.GeoDataFrame:
    """The river, its tributary and a few ponds in fields and parks, away from every way."""
    ponds = _draw_ponds(fabric, rng)
    near, _ = shapely.STRtree(ways.lines).query(ponds, predicate="dwithin", distance=POND_CLEAR_M)
    shapes = np.concatenate([rivers, np.delete(ponds, np.unique(near))])
    n = len(shapes)
    return make_layer(
        "water",
        shapes,
        {
            "id": [f"W{i + 1:02d}" for i in range(n)],
            "name": ["七星溪", "北溪", *[None] * (n - 2)],
            "kind": ["river", "stream", *["pond"] * (n - 2)],
        },
    )


def _warp_band(terrain: Terrain, left: np.ndarray, right: np.ndarray) -> shapely.Polygon:
    return shapely.Polygon(np.round(terrain.warp(np.concatenate([left, right[::-1]])), 3))


def _draw_ponds(fabric: Fabric, rng: np.random.Generator) -> Objects:
    fit = np.isin(fabric.cell_quarter, ["field", "park"]) & (shapely.area(fabric.cells) > 18_000)
    chosen = np.sort(rng.choice(np.flatnonzero(fit), N_PONDS, replace=False))
    angle = np.linspace(0, 2 * np.pi, 28, endpoint=False)
    ponds = []
    for cell in fabric.cells[chosen]:
        middle = cell.representative_point()
        room_m = middle.distance(cell.exterior)
        radius = min(room_m * 0.55, rng.uniform(22, 60))
        shape = (
            1 + 0.16 * np.sin(2 * angle + rng.uniform(0, 6)) + 0.10 * np.sin(3 * angle + rng.uniform(0, 6))
        )
        x = middle.x + radius * shape * np.cos(angle)
        y = middle.y + 0.7 * radius * shape * np.sin(angle)
        ponds.append(shapely.Polygon(np.round(np.column_stack([x, y]), 3)))
    return np.array(ponds, dtype=object)


def build_no_build_layer(terrain: Terrain, fabric: Fabric, built: Objects) -> gpd.GeoDataFrame:
    """Ground steeper than `STEEP_SLOPE`, rounded off, away from the buildings that stand."""
    extent = shapely.coverage_union_all(fabric.cells)
    left, low, right, high = shapely.bounds(extent)
    x = np.arange(left, right, SLOPE_CELL_M)
    y = np.arange(low, high, SLOPE_CELL_M)
    grid_x, grid_y = np.meshgrid(x, y)
    z = terrain.height_m(np.column_stack([grid_x.ravel(), grid_y.ravel()])).reshape(grid_x.shape)
    rise_y, rise_x = np.gradient(z, SLOPE_CELL_M)
    steep = np.hypot(rise_x, rise_y) > STEEP_SLOPE
    half = SLOPE_CELL_M / 2
    squares = shapely.box(
        grid_x[steep] - half, grid_y[steep] - half, grid_x[steep] + half, grid_y[steep] + half
    )
    rounded = shapely.coverage_union_all(squares).buffer(-30, quad_segs=2).simplify(2.0)
    rounded = rounded.buffer(62, quad_segs=4).simplify(2.0).buffer(-32, quad_segs=4).simplify(2.0)
    inside = shapely.intersection(rounded, shapely.buffer(extent.simplify(2.0), -8.0))
    near = np.unique(shapely.STRtree(built).query(inside, predicate="dwithin", distance=CLEAR_OF_BUILT_M))
    yards = shapely.union_all(shapely.buffer(built[near], CLEAR_OF_BUILT_M, quad_segs=2))
    inside = shapely.difference(inside, yards).buffer(-10, quad_segs=2).buffer(10, quad_segs=2)
    parts: Objects = shapely.get_parts(inside)
    parts = parts[shapely.area(parts) > 6_000.0]
    parts = parts[np.lexsort(shapely.bounds(parts).T[:2])]
    return make_layer(
        "no_build",
        parts,
        {"id": [f"N{i + 1:02d}" for i in range(len(parts))], "reason": "坡度大于 20°"},
    )
