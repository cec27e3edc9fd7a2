"""The ground that a county covers as far as its data shows it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely

EXTENT_MARGIN_M = 50.0
"""Ground around the outermost building or street that belongs to a drawn extent."""
EXTENT_RATIO = 0.3
"""How closely a drawn extent follows what it holds: 0 as closely as can be, 1 the convex hull."""


def draw_extent(shapes: npt.NDArray[np.object_]) -> shapely.Polygon:
    """A polygon without holes around shapes, with a margin; of several grounds the largest.

    Parameters
    ----------
    shapes
        Shape (n,), n > 0: geometries in metres.

    >>> draw_extent(shapely.from_wkt(["LINESTRING (0 0, 1000 0)"])).bounds
    (-50.0, -50.0, 1050.0, 50.0)
    """
    vertices = shapely.multipoints(shapely.get_coordinates(shapes))
    hull = shapely.union_all([shapely.concave_hull(vertices, EXTENT_RATIO), *shapes])
    ground = max(shapely.get_parts(shapely.buffer(hull, EXTENT_MARGIN_M)), key=lambda part: part.area)
    return shapely.simplify(shapely.Polygon(ground.exterior), EXTENT_MARGIN_M / 10)
