"""What the oracle makes of squares: grounds, the places on them, and who sees whom. By loops, as `oracle` is."""

from __future__ import annotations

import itertools
import math

import pandas as pd
import shapely

from tests.support.oracle_streets import mm, with_vertex

TOUCH_M, WALL_M = 0.01, 0.05


class Ground:
    """One piece of open ground: its edges, its chords, and what it sees."""

    def __init__(self, polygon):
        self.polygon = polygon
        self.wide = polygon.buffer(TOUCH_M, join_style="mitre")
        self.places, self.edges, self.chords = [], [], []

    def sees(self, a, b):
        return math.dist(a, b) <= 0.001 or self.wide.covers(shapely.LineString([a, b]))

    def holds(self, xy):
        return self.wide.covers(shapely.Point(xy))


def lay_squares(town, lines, walls):
    """The streets with vertices where squares are joined to them, and the grounds.

    `lines` is a list of (whether it is a bridge, line) of the walked streets in their order.
    """
    rows = sorted(town.square.itertuples(), key=lambda row: row.id)
    squares = [row.geometry for row in rows if pd.isna(row.walkable) or row.walkable]
    left = shapely.union_all(squares)
    cut = [
        wall.buffer(WALL_M, cap_style="flat", join_style="mitre") if wall.length and not wall.area else wall
        for wall in walls
        if any(wall.intersects(square) for square in squares)
    ]
    left = left.difference(shapely.union_all(cut))
    lines = list(lines)
    grounds = [
        Ground(part)
        for part in getattr(left, "geoms", [left])
        if part.geom_type == "Polygon" and part.area >= 1
    ]
    for ground in sorted(grounds, key=lambda one: one.polygon.bounds[:2]):
        joints = []
        for number, (is_bridge, line) in enumerate(lines):
            ends = {line.coords[0][:2], line.coords[-1][:2]}
            found = [xy for xy in ends if ground.polygon.distance(shapely.Point(xy)) <= TOUCH_M]
            if not is_bridge:
                edge = ground.polygon.boundary
                at_edge = [xy[:2] for xy in line.coords if edge.distance(shapely.Point(xy[:2])) <= TOUCH_M]
                crossed = shapely.get_coordinates(shapely.force_2d(line).intersection(edge)).tolist()
                crossed = [xy for xy in crossed if all(math.dist(xy, other) > TOUCH_M for other in at_edge)]
                for xy in crossed:
                    lines[number] = is_bridge, with_vertex(lines[number][1], xy)
                found += at_edge + [tuple(xy) for xy in crossed]
            joints += found
        corners = []
        for ring, is_hole in [
            (ground.polygon.exterior, False),
            *((r, True) for r in ground.polygon.interiors),
        ]:
            coords = ring.coords[:-1]
            if ring.is_ccw == is_hole:
                coords = coords[::-1]
            for a, b, c in zip([coords[-1], *coords[:-1]], coords, [*coords[1:], coords[0]], strict=True):
                if (b[0] - a[0]) * (c[1] - b[1]) - (b[1] - a[1]) * (c[0] - b[0]) < 0:
                    corners.append(b)
            edge = shapely.LineString(ring.coords)
            for xy in joints:
                if edge.distance(shapely.Point(xy)) <= TOUCH_M:
                    edge = with_vertex(edge, xy, TOUCH_M)
            ground.edges.append(edge)
        ground.places = list({mm(xy): xy for xy in [*joints, *corners][::-1]}.values())
        for a, b in itertools.combinations(ground.places, 2):
            if ground.sees(a, b):
                ground.chords.append(shapely.LineString([a, b]))
    return [line for _, line in lines], grounds
