"""Vertices that streets get where something stands on them or is joined to them."""

from __future__ import annotations

import numpy as np
import shapely

from geogrid.network.graph import round_places
from geogrid.network.impedance import Floats

AT_PLACE_M = 0.001
"""Two places this near are one: the millimetre to which nodes are rounded."""


def find_place(line: shapely.LineString, point: shapely.Point) -> Floats:
    """The place of a line that is nearest to a point, shape (2,): a vertex where there is one at it."""
    flat = shapely.force_2d(line)
    place = shapely.get_coordinates(
        shapely.line_interpolate_point(flat, shapely.line_locate_point(flat, point))
    )
    vertices = shapely.get_coordinates(flat)
    distance_m = np.hypot(*(vertices - place).T)
    nearest = int(distance_m.argmin())
    xy: Floats = vertices[nearest] if distance_m[nearest] <= AT_PLACE_M else place[0]
    return xy


def add_vertex(line: shapely.LineString, xy: Floats) -> shapely.LineString:
    """The line with a vertex at a place on it, its height between those of its neighbours."""
    vertices = shapely.get_coordinates(line, include_z=True)
    if (round_places(vertices[:, :2]) == round_places(xy[None])).all(axis=1).any():
        return line
    so_far_m = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(vertices[:, :2], axis=0).T))])
    along_m = shapely.line_locate_point(shapely.force_2d(line), shapely.Point(xy))
    behind = int(np.clip(np.searchsorted(so_far_m, along_m), 1, len(vertices) - 1))
    height_m = np.interp(along_m, so_far_m[behind - 1 : behind + 1], vertices[behind - 1 : behind + 1, 2])
    longer = np.insert(vertices, behind, [*xy, height_m], axis=0)
    return shapely.linestrings(longer if line.has_z else longer[:, :2])
