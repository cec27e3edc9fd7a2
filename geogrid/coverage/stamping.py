"""Homes stamped into drawn ground: the side of an outline on which a home lies is that of its own walk.

An outline runs between the middles of cells, so that some homes within a cell of it would lie on the wrong
side. Their own buildings are then added to the ground, or taken from it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely
from scipy.spatial import cKDTree

from geogrid.coverage.homes import Homes
from geogrid.network.impedance import Floats, Integers
from geogrid.prepared import prepared

MARK_M = 5.0
"""A home that is drawn as no polygon, or inside another's, is marked by this much ground round its point at most."""
MARK_SHARE = 0.4
"""Of the way to the nearest home of another ground: two marks of that size do not touch."""
NOBODY = -1

Objects = npt.NDArray[np.object_]


def stamp_homes(grounds: Objects, homes: Homes, owner: Integers) -> Objects:
    """Grounds that hold the points of their own homes and of no others.

    Only homes on a wrong side are marked, and only their own ground moves: their building, and where that
    does not do because buildings overlap, a disc round their point. Grounds that had none in common
    have none in common afterwards. What stays wrong are homes at the very point of a home of another ground.

    Parameters
    ----------
    grounds
        Shape (g,): Polygons or MultiPolygons, perhaps empty.
    owner
        Shape (h,): the number of the ground in which each home belongs, `NOBODY` for none.

    Returns
    -------
    Shape (g,); those that nothing was amiss with are the same objects.
    """
    for draw_marks in (_take_buildings, _draw_discs):
        wrong = find_misplaced(grounds, homes.xy, owner)
        if not len(wrong):
            break
        grounds = _mark(grounds, draw_marks(homes, owner, wrong), owner[wrong])
    return grounds


def find_misplaced(grounds: Objects, xy: Floats, owner: Integers) -> Integers:
    """Numbers of the homes that lie in the ground of another, or outside their own, sorted."""
    wrong = np.zeros(len(xy), bool)
    boxes = shapely.bounds(grounds)
    for number, ground in enumerate(grounds):
        own = owner == number
        with np.errstate(invalid="ignore"):
            near = ((xy >= boxes[number, :2]) & (xy <= boxes[number, 2:])).all(axis=1)
        asked = np.flatnonzero(near)
        is_within = np.zeros(len(xy), bool)
        with prepared(ground) as ready:
            is_within[asked] = shapely.contains_xy(ready, xy[asked])
        wrong |= own != is_within
    return np.flatnonzero(wrong & np.isfinite(xy).all(axis=1))


def _take_buildings(homes: Homes, _owner: Integers, wrong: Integers) -> Objects:
    """The outlines of homes; of one that is not drawn, or not soundly, a disc."""
    shapes = homes.building.geometry.to_numpy()[wrong]
    is_sound = (shapely.get_dimensions(shapes) == 2) & shapely.is_valid(shapes)
    discs = shapely.buffer(shapely.points(homes.xy[wrong]), MARK_M)
    drawn: Objects = np.where(is_sound, shapely.force_2d(shapes), discs)
    return drawn


def _draw_discs(homes: Homes, owner: Integers, wrong: Integers) -> Objects:
    """Discs round homes that touch no disc round a home of another ground."""
    radius_m = np.full(len(wrong), MARK_M)
    known = np.flatnonzero(np.isfinite(homes.xy).all(axis=1))
    for mine in np.unique(owner[wrong]):
        others = known[owner[known] != mine]
        if len(others):
            rows = np.flatnonzero(owner[wrong] == mine)
            nearest_m, _ = cKDTree(homes.xy[others]).query(homes.xy[wrong[rows]])
            radius_m[rows] = np.minimum(MARK_M, MARK_SHARE * nearest_m)
    drawn: Objects = shapely.buffer(shapely.points(homes.xy[wrong]), radius_m)
    return drawn


def _mark(grounds: Objects, marks: Objects, owner: Integers) -> Objects:
    """Each mark taken from all grounds but its owner's, to which it is added; the first owner's of two that overlap."""
    everything = shapely.union_all(marks)
    touched = shapely.intersects(grounds, everything)
    stamped, taken = grounds.copy(), shapely.Polygon()
    for number in np.union1d(np.flatnonzero(touched), owner[owner != NOBODY]):
        own = shapely.difference(shapely.union_all(marks[owner == number]), taken)
        taken = shapely.union(taken, own)
        stamped[number] = shapely.union(shapely.difference(grounds[number], everything), own)
    return stamped
