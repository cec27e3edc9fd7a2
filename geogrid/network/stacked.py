"""Vertices at one place that are different nodes: a bridge, and what passes below it at the very same spot.

Where two nodes lie at one place, the column `nodes` of the streets there says which vertex is which node,
as `vertex:number` (vertices are counted from 0, through all parts of the street). Vertices with different
numbers do not meet. One without a number, of a street that was drawn later, meets the others where they all
have the same number; where they have several, it meets none of them but its like.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import shapely

from geogrid.network.graph import round_places
from geogrid.network.impedance import Integers

Geometries = npt.NDArray[np.object_]
Place = tuple[int, int]

_ENTRY = re.compile(r"\s*(\d{1,9}):(-?\d{1,18})\s*\Z")


def read_numbers(text: object, n_vertices: int) -> list[tuple[int, int]]:
    """The vertices of a street of which the node is given, each with its number; what means nothing is left out.

    >>> read_numbers("0:17,3:-4,9:1,rubbish", 5)
    [(0, 17), (3, -4)]
    """
    matches = (_ENTRY.match(entry) for entry in str(text or "").split(","))
    found = [(int(match[1]), int(match[2])) for match in matches if match]
    return [(vertex, number) for vertex, number in found if vertex < n_vertices]


def write_numbers(numbers: Iterable[tuple[int, int]]) -> str | None:
    """The same as text; None for none."""
    return ",".join(f"{vertex}:{number}" for vertex, number in numbers) or None


def find_levels(nodes: Geometries, lines: Geometries) -> dict[tuple[int, Place], int]:
    """The level of every vertex at whose place there are several nodes: by street and place.

    Parameters
    ----------
    nodes, lines
        Shape (n,): the column `nodes` of the streets, and their geometries in metres.

    Returns
    -------
    (Street, place in millimetres) -> level, from 1; what is not in it has level 0.

    >>> lines = shapely.from_wkt(["LINESTRING (0 0, 5 0)", "LINESTRING (5 0, 9 0)", "LINESTRING (5 -9, 5 0)"])
    >>> find_levels(np.array(["1:12", "0:12", "1:13"], dtype=object), lines)
    {(0, (5000, 0)): 1, (1, (5000, 0)): 1, (2, (5000, 0)): 2}
    """
    numbers: dict[Place, dict[int, int]] = defaultdict(dict)
    for street in np.flatnonzero(nodes.astype(bool)):
        places = round_places(shapely.get_coordinates(lines[street])).tolist()
        for vertex, number in read_numbers(nodes[street], len(places)):
            x, y = places[vertex]
            numbers[x, y][int(street)] = number
    levels = {}
    for place, of_street in numbers.items():
        known = sorted(set(of_street.values()))
        if len(known) > 1:
            levels.update({(street, place): 1 + known.index(one) for street, one in of_street.items()})
    return levels


def level_vertices(
    levels: dict[tuple[int, Place], int], lines: Geometries, street: Integers
) -> Integers | None:
    """The level of every vertex of lines, shape (v,); None where all are 0.

    Parameters
    ----------
    lines, street
        Shapes (l,) and (k,): lines, and the street that each of the first k is part of; the others are of none.
    """
    if not levels:
        return None
    xy, line = shapely.get_coordinates(lines, return_index=True)
    level = np.zeros(len(xy), np.int64)
    of_vertex = np.append(street, np.full(len(lines) - len(street), -1))[line]
    for vertex in np.flatnonzero(np.isin(of_vertex, [number for number, _ in levels])):
        x, y = round_places(xy[vertex : vertex + 1])[0].tolist()
        level[vertex] = levels.get((int(of_vertex[vertex]), (x, y)), 0)
    return level
