"""On which side of which walls the doors of homes open.

A door that is known opens where it is: a door outside the wall of a gated compound, or on it (within
`ON_EDGE_M`), opens to the street, for homes as for centres. Of a building without a known entrance the middle
stands for its door. Where the wall of a compound runs through such a building it belongs inside, and is in
doubt: its door may be on the other side.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely import STRtree

from geogrid.coverage.homes import Homes, find_rows
from geogrid.coverage.town import Town
from geogrid.network.enclosures import (
    ON_EDGE_M,
    Enclosures,
    find_holders,
    find_regions,
    number_regions,
)
from geogrid.network.impedance import Floats, Integers

FLUSH_M = 0.1
"""A building that stands out of a compound by no more than this has its wall on the compound's: a hand's breadth."""


@dataclass(frozen=True)
class Thresholds:
    """Where doors (d of them) open.

    Attributes
    ----------
    region
        Shape (d,): the region into which each opens; see `network.enclosures`.
    holders
        Pairs of a door and an enclosure that holds it.
    other_home, other_xy, other_region
        Shapes (o,), (o, 2) and (o,): for homes through which a wall runs, where the door may be instead.
    """

    region: Integers
    holders: tuple[Integers, Integers]
    other_home: Integers
    other_xy: Floats
    other_region: Integers


def find_thresholds(town: Town, enclosures: Enclosures, homes: Homes) -> Thresholds:
    """On which side of which walls the doors of homes open.

    A gated compound that a building names holds it too where its place does not contradict that: a building
    without a known entrance that is drawn beside its compound, or in what lies round it.
    """
    n_doors = len(homes.door_home)
    known = np.flatnonzero(homes.is_entrance)
    unknown = np.flatnonzero(~homes.is_entrance)
    door, wall = find_holders(enclosures, homes.door_xy[known])
    building = homes.building.iloc[homes.door_home[unknown]]
    shapes = building.geometry.to_numpy()
    points = shapely.points(homes.door_xy[unknown])
    around, at = STRtree(points).query(enclosures.polygon, predicate="covers")
    walled, crossed = _find_crossed(enclosures, shapes, points)
    pairs = np.unique(
        np.column_stack([np.concatenate([at, crossed]), np.concatenate([around, walled])]), axis=0
    ).astype(np.int64)
    named = find_rows(town.compound["id"], building["compound"])
    pairs = np.vstack([pairs, _find_named(enclosures, points, named, pairs)])
    holders = np.concatenate([known[door], unknown[pairs[:, 0]]]), np.concatenate([wall, pairs[:, 1]])
    region = number_regions(*holders, n_doors)
    split = np.unique(crossed)
    outer = np.array(
        [
            shapely.difference(shapes[row], shapely.union_all(enclosures.polygon[walled[crossed == row]]))
            for row in split
        ],
        dtype=object,
    )
    split, outer = split[~shapely.is_empty(outer)], outer[~shapely.is_empty(outer)]
    other_xy = shapely.get_coordinates(shapely.point_on_surface(outer)).reshape(-1, 2)
    return Thresholds(
        region, holders, homes.door_home[unknown[split]], other_xy, find_regions(enclosures, other_xy)
    )


def _find_crossed(
    enclosures: Enclosures, shapes: npt.NDArray[np.object_], points: npt.NDArray[np.object_]
) -> tuple[Integers, Integers]:
    """Pairs of an enclosure and a building through which its wall runs, however little of it is outside.

    A building that only reaches a little into one, its middle outside, stands beside it.
    """
    wall, row = STRtree(shapes).query(enclosures.polygon, predicate="overlaps")
    polygon, ground = enclosures.polygon[wall], enclosures.ground[wall]
    reaches_in = shapely.intersects(ground, shapes[row]) | shapely.dwithin(polygon, points[row], ON_EDGE_M)
    stands_out = ~shapely.covers(shapely.buffer(polygon, FLUSH_M), shapes[row])
    kept = reaches_in & stands_out
    return wall[kept].astype(np.int64), row[kept].astype(np.int64)


def _find_named(
    enclosures: Enclosures, points: npt.NDArray[np.object_], named: Integers, pairs: Integers
) -> Integers:
    """Further pairs of a building and an enclosure: the nearest part of the compound that it names.

    Parameters
    ----------
    named
        Shape (n,): row of the compound layer, -1 for none.
    pairs
        Those of a building and an enclosure by place, shape (p, 2).
    """
    is_placed = np.zeros(len(named), bool)
    is_placed[pairs[enclosures.row[pairs[:, 1]] == named[pairs[:, 0]], 0]] = True
    found: list[tuple[int, int]] = []
    around: dict[int, set[int]] = {}
    for row in np.flatnonzero(~is_placed & np.isin(named, enclosures.row)).tolist():
        parts = np.flatnonzero(enclosures.row == named[row])
        away_m = shapely.distance(enclosures.polygon[parts], points[row])
        if np.isnan(away_m).all():
            continue
        part = int(parts[np.nanargmin(away_m)])
        if part not in around:
            ground = enclosures.ground[part]
            ground = enclosures.polygon[part] if shapely.is_empty(ground) else ground
            around[part] = set(np.flatnonzero(shapely.covers(enclosures.polygon, ground)).tolist()) - {part}
        if set(pairs[pairs[:, 0] == row, 1].tolist()) <= around[part]:
            found += [(row, one) for one in (part, *sorted(around[part] - set(pairs[pairs[:, 0] == row, 1])))]
    return np.array(found, np.int64).reshape(-1, 2)
