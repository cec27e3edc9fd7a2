"""Outlines of cells: the ground within a cutoff by marching squares, and the ground of each owner."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from contourpy import FillType, contour_generator

from geogrid.coverage.ground import INSIDE, OUTSIDE, Ground, Lattice
from geogrid.coverage.walks import Objects
from geogrid.network.impedance import Floats, Integers

SNAP_M = 0.001
"""Side of the grid on which the corners of drawn ground lie."""
LONGEST_EDGE_M = 50.0
"""The middle of an edge of this length is bent by a twentieth of a millimetre between two projections."""
HALF_UNIT = 0.5
"""Prices are whole: the outline runs half a unit beyond the cutoff, so that it passes through no cell's middle."""
SMOOTHED_CELLS = 0.75
"""Corners of a border between owners are smoothed when their triangle is smaller than a square of this side, in
cells: the half square of a single step is (0.71), more is not."""


def outline_within(lattice: Lattice, cost: Floats, cutoff: float, step: float) -> shapely.Geometry:
    """The ground on which a price is within the cutoff (inclusive), by marching squares.

    Prices are taken as linear between the middles of cells. More than a step beside the cutoff they
    are levelled: where neighbours differ by more than a walk across a cell there is a wall, water or
    the end of the network between them, and the outline runs halfway.

    Parameters
    ----------
    cost
        Shape (rows, columns), whole numbers or `inf`.
    step
        The price of a walk across a cell.

    Returns
    -------
    A MultiPolygon, valid; empty when nothing is within.

    >>> lattice = Lattice(0.0, 0.0, 10.0, 3, 3)
    >>> cost = np.array([[9, 9, 9], [9, 3, 9], [9, 9, 9]], float)
    >>> outline_within(lattice, cost, 6, 10).area
    68.05555555555554
    """
    level = np.clip(cost - cutoff - HALF_UNIT, -step, step)
    if min(level.shape) < 2 or not (level < 0).any():
        return shapely.MultiPolygon()
    lines: Any = contour_generator(
        lattice.x, lattice.y, level, name="serial", fill_type=FillType.ChunkCombinedOffsetOffset
    )
    points, rings, polygons = lines.filled(-2 * step, 0.0)
    parts = shapely.from_ragged_array(
        shapely.GeometryType.POLYGON, points[0], (rings[0].astype(np.int64), polygons[0].astype(np.int64))
    )
    return shapely.multipolygons(parts)


def outline_ground(
    ground: Ground, lattice: Lattice, cost: Floats, cutoff: float, step: float
) -> shapely.Geometry:
    """The land within a cutoff: each sheet's outline on its side of the walls, clipped to the county and water.

    Parameters
    ----------
    lattice, cost
        The ground's, or a window of it; cost has shape (2, rows, columns).
    """
    drawn = outline_within(lattice, cost[OUTSIDE], cutoff, step)
    if not ground.walls.is_empty:
        walls = _clip_to(ground.walls, lattice)
        inside = outline_within(lattice, cost[INSIDE], cutoff, step)
        drawn = shapely.union(shapely.difference(drawn, walls), shapely.intersection(inside, walls))
    return keep_polygons(
        drawn if shapely.contains(ground.land, drawn) else shapely.intersection(drawn, ground.land)
    )


def outline_owners(ground: Ground, owner: Integers, n_owners: int) -> Objects:
    """The land of each owner: no two overlap, and together they are the land of all cells that have one.

    The steps of the squares are smoothed where two owners meet; both keep the same border. Ground that
    lies inside walls is divided by the inside sheet, the rest by the outside one.

    Parameters
    ----------
    owner
        Shape (2, rows, columns): number of the owner, -1 for none.

    Returns
    -------
    Shape (n_owners,): Polygons or MultiPolygons, empty where nothing is owned.
    """
    outside = _outline_labels(ground.lattice, owner[OUTSIDE], n_owners)
    if not ground.walls.is_empty:
        inside = _outline_labels(ground.lattice, owner[INSIDE], n_owners)
        outside = shapely.union(
            shapely.difference(outside, ground.walls), shapely.intersection(inside, ground.walls)
        )
    clipped = shapely.intersection(outside, ground.land)
    return np.array([keep_polygons(geometry) for geometry in clipped], dtype=object)


def keep_polygons(geometry: shapely.Geometry) -> shapely.Geometry:
    """The polygons in a geometry, as one Polygon or MultiPolygon."""
    parts = shapely.get_parts(shapely.get_parts(geometry))
    polygons = parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON]
    return polygons[0] if len(polygons) == 1 else shapely.multipolygons(polygons)


def settle(grounds: Objects) -> Objects:
    """Grounds, shape (g,), as polygons that stay valid in other coordinates: the last step of whoever draws.

    What was cut from one another has corners a billionth of a metre beside the edges that they touch,
    and long edges are bent by another projection: either may cross there. So corners are put on a grid,
    where those beside an edge become corners of it too, and then no edge is left longer than
    `LONGEST_EDGE_M`. (The other way round an edge split beside a touching corner may run across it.)
    """
    snapped = shapely.set_precision(grounds, SNAP_M)
    kept = np.array([keep_polygons(geometry) for geometry in snapped], dtype=object)
    return np.asarray(shapely.segmentize(kept, LONGEST_EDGE_M))


def settle_partition(grounds: Objects) -> Objects:
    """The same for grounds that have none in common: their common borders stay common, corner by corner."""
    settled = grounds
    for _ in range(2):  # the second time what splitting an edge from either end put a billionth apart
        polygons = np.array([keep_polygons(geometry) for geometry in settled], dtype=object)
        clean = shapely.coverage_clean(polygons, snapping_distance=SNAP_M)
        settled = np.asarray(shapely.segmentize(clean, LONGEST_EDGE_M))
    return settled


def _outline_labels(lattice: Lattice, owner: Integers, n_owners: int) -> Objects:
    """Cells of each owner as one geometry, the borders between owners smoothed, shape (n_owners,)."""
    cells = np.flatnonzero(owner >= 0)
    (west, south), (east, north) = (
        (lattice.place_cells(cells) + side * lattice.cell_m / 2).T for side in (-1, 1)
    )
    squares = shapely.box(west, south, east, north)
    of_square = owner.ravel()[cells]
    order = np.argsort(of_square, kind="stable")
    owners, first = np.unique(of_square[order], return_index=True)
    grounds = [shapely.coverage_union_all(squares[rows]) for rows in np.split(order, first[1:]) if len(rows)]
    drawn = np.full(n_owners, shapely.MultiPolygon(), dtype=object)
    drawn[owners] = shapely.coverage_simplify(
        np.array(grounds, dtype=object), SMOOTHED_CELLS * lattice.cell_m, simplify_boundary=False
    )
    return drawn


def _clip_to(geometry: shapely.Geometry, lattice: Lattice) -> shapely.Geometry:
    """What of a geometry lies on the lattice."""
    east = lattice.west + lattice.n_columns * lattice.cell_m
    north = lattice.south + lattice.n_rows * lattice.cell_m
    return shapely.clip_by_rect(geometry, lattice.west, lattice.south, east, north)
