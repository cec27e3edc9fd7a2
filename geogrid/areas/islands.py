"""Buildings of an area that stand among another area's, far from the rest of their own."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely
from scipy.spatial import KDTree
from shapely import STRtree

Shapes = npt.NDArray[np.object_]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

ISLAND_M = 200.0
"""Farther than about a block from all others of its area a building stands apart: an assumption."""
ISLAND_SHARE = 0.25
"""Buildings that stand apart together are a slip of the list when they are fewer than this share of their
area; as many as that are a part of it. An assumption."""
ISLAND_MOST = 3
"""More buildings than this that stand apart together are a hamlet or an exclave, no slip: an assumption."""


def measure_islands(points: Shapes, area: Ints) -> Floats:
    """How far each building stands from the rest of its area, where it seems to be listed there by mistake.

    Buildings of one area that are within `ISLAND_M` of each other stand together. A group of at most
    `ISLAND_MOST`, less than `ISLAND_SHARE` of its area's buildings, is an island when a building of another area is
    nearer to it than the rest of its own: an outlying hamlet with nobody else around is none.

    Parameters
    ----------
    points
        Shape (b,): points in metres.
    area
        Shape (b,): the area that each is listed in.

    Returns
    -------
    Shape (b,): metres to the nearest building of the same area outside the group; nan where the
    building is no island.

    >>> from shapely import points
    >>> row = points([(0, 0), (20, 0), (40, 0), (60, 0), (80, 0), (1000, 0), (1020, 0), (1040, 0)])
    >>> measure_islands(row, np.array([0, 0, 0, 0, 0, 0, 1, 1])).tolist()
    [nan, nan, nan, nan, nan, 920.0, nan, nan]
    """
    far_m = np.full(len(points), np.nan)
    xy = shapely.get_coordinates(points)
    for number in np.unique(area):
        own = np.flatnonzero(area == number)
        others = np.flatnonzero(area != number)
        group = _group_near(points[own])
        sizes = np.bincount(group)
        if len(sizes) == 1 or not len(others):
            continue
        tree = KDTree(xy[others])
        for small in np.flatnonzero((sizes <= ISLAND_MOST) & (sizes < ISLAND_SHARE * len(own))):
            apart, rest = own[group == small], own[group != small]
            own_m = float(KDTree(xy[rest]).query(xy[apart])[0].min())
            if float(tree.query(xy[apart])[0].min()) < own_m:
                far_m[apart] = own_m
    return far_m


def _group_near(points: Shapes) -> Ints:
    """The group of each point: those that a chain of steps of at most `ISLAND_M` joins."""
    parts = shapely.get_parts(shapely.union_all(shapely.buffer(points, ISLAND_M / 2)))
    point, part = STRtree(parts).query_nearest(points, all_matches=False)
    group = np.zeros(len(points), dtype=np.int64)
    group[point] = part
    return np.unique(group, return_inverse=True)[1].astype(np.int64)
