"""What the oracle makes of streets before it walks them: stops on them, and vertices that are different nodes.

By brute force and without the engine's code, as `oracle` is.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict

import pandas as pd
import shapely

ON_STREET_M, AT_STOP_M = 2.0, 0.001


def mm(xy):
    return tuple(math.floor(value * 1000 + 0.5) for value in xy[:2])


def stand_on_streets(town, lines, walled_gates):
    """The lines with vertices where they are stopped, and the places in millimetres where they are, closed ones alone.

    `lines` is a list of (street id, line) of the walked streets in their order, `walled_gates` the ids of
    gates in the walls of gated compounds.
    """
    found = []
    for row in town.gate.itertuples():
        shut = (pd.notna(row.locked) and row.locked) or (pd.notna(row.pedestrian) and not row.pedestrian)
        passage = row.passage or ("closed" if shut else "open")
        if row.id not in walled_gates and passage != "open":
            found.append((passage == "closed", row.geometry))
    barriers = [row for row in town.street_barrier.itertuples() if row.passage != "open"]
    found += [(row.passage != "doubtful", row.geometry) for row in barriers]
    closed = set()
    lines = list(lines)
    for is_closed, point in sorted(found, key=lambda item: not item[0]):
        near = [(line.distance(point), number) for number, (_, line) in enumerate(lines)]
        near = [item for item in near if item[0] <= ON_STREET_M]
        if not near:
            continue
        place = _nearest_place(lines[min(near)[1]][1], point)
        if is_closed:
            closed.add(mm(place))
        for _, number in near:
            street, line = lines[number]
            if line.distance(shapely.Point(place)) <= AT_STOP_M:
                lines[number] = street, with_vertex(line, place)
    return lines, closed


def _nearest_place(line, point):
    flat = shapely.force_2d(line)
    foot = flat.interpolate(flat.project(point))
    vertex = min(flat.coords, key=lambda xy: math.dist(xy, (foot.x, foot.y)))
    return vertex if math.dist(vertex, (foot.x, foot.y)) <= AT_STOP_M else (foot.x, foot.y)


def with_vertex(line, place, near_m=AT_STOP_M):
    """The line with a vertex at a place on it."""
    if mm(place) in {mm(xy) for xy in line.coords}:
        return line
    point = shapely.Point(place)
    for number, (a, b) in enumerate(itertools.pairwise(line.coords)):
        if shapely.LineString([a[:2], b[:2]]).distance(point) <= near_m:
            share = math.dist(a[:2], place) / math.dist(a[:2], b[:2])
            height = (a[2] + share * (b[2] - a[2]),) if line.has_z else ()
            return shapely.LineString(
                [*line.coords[: number + 1], (*place, *height), *line.coords[number + 1 :]]
            )
    raise AssertionError(place)


def number_nodes(town):
    """(Street id, place in millimetres) -> what tells its node from others at that place."""
    numbers = defaultdict(dict)
    for row in town.street.itertuples():
        vertices = [xy for part in getattr(row.geometry, "geoms", [row.geometry]) for xy in part.coords]
        for entry in (row.nodes or "").split(","):
            if entry:
                vertex, number = entry.split(":")
                numbers[mm(vertices[int(vertex)])][row.id] = number
    return {
        (street, place): number
        for place, of_street in numbers.items()
        if len(set(of_street.values())) > 1
        for street, number in of_street.items()
    }
