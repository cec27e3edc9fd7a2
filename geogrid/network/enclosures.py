"""Enclosures: the walled grounds of gated compounds, and which of them hold a place.

Every part of a gated compound is an enclosure of its own; what lies in a hole of it lies outside. A place
is held by *every* enclosure in which it lies, and all their walls stand between it and the street. The
set of enclosures that hold a place is its region: people walk freely within a region and pass from one to
another only where a gate joins the two. The public streets are the region of no enclosure.

A region is written as a number, which depends on its enclosures alone: `PUBLIC` for none, the enclosure's
own number for one, and a sum of random-looking numbers for several. What is within `ON_EDGE_M` of a wall
lies on it, and outside.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely import STRtree

from geogrid.network.impedance import Floats, Integers

Geometries = npt.NDArray[np.object_]
Booleans = npt.NDArray[np.bool_]

ON_EDGE_M = 2.0
"""What lies this near to a compound's edge lies on it: two hands that draw one wall differ by about that."""
ROUND_GATE_M = 2 * ON_EDGE_M
"""So far round a gate it is looked what ground lies on its two sides, and a mapped wall is the one in which it is
an opening: twice what a wall is drawn astray by, since legs pass walls at a slant."""
EVEN_SHARE = 0.01
"""Two grounds beside a gate are equally wide when they differ by less than this share of the wider one."""
PUBLIC = -1
SHUT = -2
"""What lies beyond a gate that no pedestrian may use: nothing that anybody gets to."""
SEVERAL = 1 << 62
"""Regions of several enclosures have numbers from here on."""


@dataclass(frozen=True)
class Enclosures:
    """The parts of gated compounds (e of them), by compound.

    Attributes
    ----------
    polygon
        Shape (e,): Polygons, metres.
    row
        Shape (e,): row of the compound layer that each is part of, ascending.
    ground
        Shape (e,): the polygons less a strip of `ON_EDGE_M` along their edge; may be empty.
    """

    polygon: Geometries
    row: Integers
    ground: Geometries

    def __len__(self) -> int:
        return len(self.polygon)


@dataclass(frozen=True)
class Regions:
    """Regions (r of them) of several enclosures, and their enclosures.

    Attributes
    ----------
    number
        Shape (r,), ascending.
    first, enclosure
        Shapes (r + 1,) and (m,): region i is held by `enclosure[first[i]:first[i + 1]]`.
    """

    number: Integers
    first: Integers
    enclosure: Integers

    def list_members(self, region: int) -> frozenset[int]:
        """The enclosures of a region; none for one that is not known."""
        if region < SEVERAL:
            return frozenset() if region == PUBLIC else frozenset([int(region)])
        at = int(np.searchsorted(self.number, region))
        if at == len(self.number) or self.number[at] != region:
            return frozenset()
        return frozenset(self.enclosure[self.first[at] : self.first[at + 1]].tolist())

    def has_members(self, region: Integers, enclosure: Integers) -> Booleans:
        """Whether regions are held by enclosures, pair by pair, shape (p,)."""
        held: Booleans = region == enclosure
        several = np.flatnonzero(region >= SEVERAL)
        for number in np.unique(region[several]):
            rows = several[region[several] == number]
            held[rows] = np.isin(enclosure[rows], list(self.list_members(int(number))))
        return held


NO_REGIONS = Regions(np.empty(0, np.int64), np.zeros(1, np.int64), np.empty(0, np.int64))


def list_enclosures(polygons: Geometries, rows: Integers) -> Enclosures:
    """The enclosures of gated compounds.

    Parameters
    ----------
    polygons, rows
        Shape (c,): the grounds of the gated compounds and their rows in the compound layer, ascending.

    >>> two = shapely.from_wkt(["MULTIPOLYGON (((0 0, 9 0, 9 9, 0 0)), ((20 0, 29 0, 29 9, 20 0)))"])
    >>> list_enclosures(two, np.array([7])).row.tolist()
    [7, 7]
    """
    parts, of = shapely.get_parts(polygons, return_index=True)
    parts, again = shapely.get_parts(parts, return_index=True)  # a collection may hold multi-polygons
    of = of[again]
    kept = (shapely.get_type_id(parts) == shapely.GeometryType.POLYGON) & ~shapely.is_empty(parts)
    parts = parts[kept]
    ground = shapely.buffer(parts, -ON_EDGE_M, join_style="mitre")
    return Enclosures(parts, rows[of[kept]].astype(np.int64), ground)


def number_region(members: frozenset[int] | tuple[int, ...]) -> int:
    """The number of the region of some enclosures.

    >>> number_region(()), number_region((5,)), number_region((5, 6)) == number_region((6, 5))
    (-1, 5, True)
    """
    numbers = np.array(sorted(members), np.int64)
    return int(number_regions(np.zeros(len(numbers), np.int64), numbers, 1)[0])


def number_regions(place: Integers, enclosure: Integers, n_places: int) -> Integers:
    """The region of every place, shape (n_places,), from pairs of a place and an enclosure that holds it."""
    count = np.bincount(place, minlength=n_places)
    region = np.full(n_places, PUBLIC, np.int64)
    if not len(place):
        return region
    region[place] = enclosure
    if count.max() > 1:
        total = np.zeros(n_places, np.uint64)
        np.add.at(total, place, _scramble(enclosure))
        several = count > 1
        region[several] = (total[several] % np.uint64(SEVERAL)).astype(np.int64) + SEVERAL
    return region


def _scramble(numbers: Integers) -> npt.NDArray[np.uint64]:
    """Random-looking numbers, always the same for the same ones (the finalizer of splitmix64).

    Steele et al. (2014), Fast splittable pseudorandom number generators. Two of a million different regions
    have one sum with a chance of about 1e-7.
    """
    mixed = numbers.astype(np.uint64) + np.uint64(1)
    mixed *= np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return mixed ^ (mixed >> np.uint64(31))


def gather_regions(sets: list[frozenset[int]]) -> Regions:
    """Those of the sets of enclosures that have several, as a table."""
    several = {number_region(members): sorted(members) for members in sets if len(members) > 1}
    numbers = sorted(several)
    counts = [len(several[number]) for number in numbers]
    return Regions(
        np.array(numbers, np.int64),
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        np.array([one for number in numbers for one in several[number]], np.int64),
    )


def extend_regions(regions: Regions, region: Integers, holders: tuple[Integers, Integers]) -> Regions:
    """The table with further regions.

    Parameters
    ----------
    region
        Shape (p,): the regions of some places.
    holders
        Pairs of a place and an enclosure that holds it.
    """
    place, enclosure = holders
    rows = np.flatnonzero(region[place] >= SEVERAL)
    sets: dict[int, set[int]] = {}
    for number, one in zip(region[place[rows]].tolist(), enclosure[rows].tolist(), strict=True):
        sets.setdefault(number, set()).add(one)
    known = [regions.list_members(int(number)) for number in regions.number]
    return gather_regions([*known, *map(frozenset, sets.values())])


def find_holders(enclosures: Enclosures, xy: Floats) -> tuple[Integers, Integers]:
    """Pairs of a place and an enclosure that holds it: those deeper inside than `ON_EDGE_M`."""
    points = shapely.points(xy)
    enclosure, place = STRtree(points).query(enclosures.polygon, predicate="covers")
    depth_m = shapely.distance(points[place], shapely.boundary(enclosures.polygon[enclosure]))
    deep = depth_m > ON_EDGE_M
    return place[deep].astype(np.int64), enclosure[deep].astype(np.int64)


def find_regions(enclosures: Enclosures, xy: Floats) -> Integers:
    """The region of every place, shape (p,).

    Parameters
    ----------
    xy
        Shape (p, 2), metres; a place with NaN is outside.
    """
    return number_regions(*find_holders(enclosures, xy), len(xy))


def find_sides(
    enclosures: Enclosures, xy: Floats, enclosure: Integers
) -> tuple[list[frozenset[int]], list[frozenset[int]]]:
    """What lies inside and outside of gates: the enclosures on either side of the wall at each of them.

    Of the ground within `ROUND_GATE_M` of the place of the wall that is nearest to the gate, the widest of
    what lies within its enclosure is inside, and the widest of what does not is outside; of equally wide
    ones that with fewer walls round it.

    Parameters
    ----------
    xy, enclosure
        Shapes (g, 2) and (g,): the gates, and the enclosure in whose wall each stands.
    """
    inside = [frozenset([int(one)]) for one in enclosure]
    outside = [frozenset[int]() for _ in enclosure]
    if not len(enclosure):
        return inside, outside
    edges = shapely.boundary(enclosures.polygon[enclosure])
    at = shapely.get_point(shapely.shortest_line(edges, shapely.points(xy)), 0)
    gate, other = STRtree(enclosures.polygon).query(at, predicate="dwithin", distance=ROUND_GATE_M)
    kept = other != enclosure[gate]
    gate, other = gate[kept], other[kept]
    for number in np.unique(gate):
        disk = shapely.buffer(at[number], ROUND_GATE_M)
        own = enclosures.polygon[enclosure[number]]
        near = other[gate == number].tolist()
        inside[number] = _find_widest(enclosures, shapely.intersection(disk, own), near) | inside[number]
        outside[number] = _find_widest(enclosures, shapely.difference(disk, own), near)
    return inside, outside


def _find_widest(enclosures: Enclosures, ground: shapely.Geometry, near: list[int]) -> frozenset[int]:
    """Of some ground cut up by enclosures, those that hold the widest piece."""
    pieces: list[tuple[shapely.Geometry, frozenset[int]]] = [(ground, frozenset())]
    for one in near:
        cut = []
        for piece, members in pieces:
            cut.append((shapely.intersection(piece, enclosures.polygon[one]), members | {one}))
            cut.append((shapely.difference(piece, enclosures.polygon[one]), members))
        pieces = [(piece, members) for piece, members in cut if shapely.area(piece) > 0]
    widest = max((shapely.area(piece) for piece, _ in pieces), default=0.0)
    rivals = [item for item in pieces if shapely.area(item[0]) >= widest * (1 - EVEN_SHARE)]
    return min(rivals, key=lambda item: len(item[1]), default=(None, frozenset[int]()))[1]
