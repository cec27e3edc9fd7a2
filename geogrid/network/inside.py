"""Walks within one region of gated compounds: along its streets or straight, whichever is shorter.

Straight means with the detour of an access leg, and past no mapped barrier, no water, no ground of another
gated compound and no hole of their own. Where it passes one and no streets of the region join the two places
either, the straight walk stands, and is in doubt.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from geogrid.network.enclosures import PUBLIC, Booleans
from geogrid.network.graph import CLOSED_MS, Costs
from geogrid.network.impedance import Floats, Integers, Profile, price_legs
from geogrid.network.search import match_equal, price_pairs
from geogrid.network.snap import Snaps, select_snaps
from geogrid.network.streets import Network


@dataclass(frozen=True)
class Spots:
    """Doors or sides of gates (d of them) and where they touch the networks.

    Attributes
    ----------
    xy
        Shape (d, 2), metres.
    region
        Shape (d,): the region in which each lies; see `enclosures`.
    public, inside
        Places on the public network and on the streets of the region.
    spare_m
        Shape (d,): a wall drawn as a line this near to it is not passed by legs that end there.
    """

    xy: Floats
    region: Integers
    public: Snaps
    inside: Snaps
    spare_m: Floats


def select_spots(spots: Spots, rows: Integers) -> Spots:
    """Some of the spots."""
    return Spots(
        spots.xy[rows],
        spots.region[rows],
        select_snaps(spots.public, rows),
        select_snaps(spots.inside, rows),
        spots.spare_m[rows],
    )


def join_spots(spots: list[Spots]) -> Spots:
    """Spots one after another."""
    return Spots(
        np.concatenate([one.xy for one in spots]),
        np.concatenate([one.region for one in spots]),
        _join_snaps([one.public for one in spots]),
        _join_snaps([one.inside for one in spots]),
        np.concatenate([one.spare_m for one in spots]),
    )


def _join_snaps(snaps: list[Snaps]) -> Snaps:
    return Snaps(
        np.concatenate([one.segment for one in snaps]),
        np.concatenate([one.fraction for one in snaps]),
        np.concatenate([one.straight_m for one in snaps]),
    )


def match_regions(left: Integers, right: Integers) -> tuple[Integers, Integers]:
    """Pairs of rows that lie in the same region of gated compounds."""
    inner_left, inner_right = np.flatnonzero(left != PUBLIC), np.flatnonzero(right != PUBLIC)
    rows, others = match_equal(left[inner_left], right[inner_right])
    return inner_left[rows], inner_right[others]


def price_inside(
    network: Network,
    costs: Costs,
    profile: Profile,
    origins: Spots,
    destinations: Spots,
    origin: Integers,
    destination: Integers,
) -> tuple[Floats, Booleans]:
    """Prices of walks within regions for pairs of spots of the same region, and whether they pass an obstacle.

    Parameters
    ----------
    costs
        Prices of the segments inside compounds.
    origin, destination
        Shape (p,): rows of the spots.

    Returns
    -------
    Shape (p,) both, the first in whole milliseconds.
    """
    if not len(origin):
        return np.empty(0), np.empty(0, bool)
    offset_m = origins.xy[origin] - destinations.xy[destination]
    straight = price_legs(np.hypot(offset_m[:, 0], offset_m[:, 1]), profile)
    along = _price_along_streets(network, costs, profile, origins, destinations, origin, destination)
    is_crossed = find_crossed(network, origins, destinations, origin, destination)
    has_streets = np.isfinite(along)
    cost = np.where(is_crossed & has_streets, along, np.minimum(straight, along))
    return cost, is_crossed & ~has_streets


def _price_along_streets(
    network: Network,
    costs: Costs,
    profile: Profile,
    origins: Spots,
    destinations: Spots,
    origin: Integers,
    destination: Integers,
) -> Floats:
    """The same by the streets of the regions alone, `inf` where none join the two, shape (p,)."""
    cost = np.full(len(origin), np.inf)
    first, last = origins.inside.segment[origin], destinations.inside.segment[destination]
    rows = np.flatnonzero((first >= 0) & (last >= 0))
    if not len(rows):
        return cost
    component = network.inside.component[network.inside.start]
    rows = rows[component[first[rows]] == component[last[rows]]]
    legs = price_legs(origins.inside.straight_m[origin[rows]], profile) + price_legs(
        destinations.inside.straight_m[destination[rows]], profile
    )
    along = price_pairs(
        network.inside, costs, origins.inside, destinations.inside, origin[rows], destination[rows]
    )
    cost[rows] = np.where(along < CLOSED_MS, legs + along, np.inf)
    return cost


def find_crossed(
    network: Network, origins: Spots, destinations: Spots, origin: Integers, destination: Integers
) -> Booleans:
    """Whether the straight way between pairs of spots of one region passes an obstacle, shape (p,)."""
    crossed = np.zeros(len(origin), bool)
    walls = network.walls
    if not len(walls.owner) or not len(origin):
        return crossed
    region = origins.region[origin]
    rows = np.flatnonzero(
        np.isin(region, _find_obstructed(network, origins, destinations, origin, destination))
    )
    crossed[rows] = walls.are_crossed(
        origins.xy[origin[rows]],
        destinations.xy[destination[rows]],
        region[rows],
        (origins.spare_m[origin[rows]], destinations.spare_m[destination[rows]]),
    )
    return crossed


def _find_obstructed(
    network: Network, origins: Spots, destinations: Spots, origin: Integers, destination: Integers
) -> Integers:
    """The regions in which any obstacle stands between the places: most have none, and need no look at each leg."""
    origin, destination = np.unique(origin), np.unique(destination)
    region = np.concatenate([origins.region[origin], destinations.region[destination]])
    xy = np.concatenate([origins.xy[origin], destinations.xy[destination]])
    order = np.argsort(region, kind="stable")
    order = order[np.isfinite(xy[order]).all(axis=1)]
    numbers, row = np.unique(region[order], return_inverse=True)
    hulls = shapely.convex_hull(shapely.multipoints(shapely.points(xy[order]), indices=row))
    met, _ = network.walls.find_met(hulls, numbers)
    found: Integers = numbers[np.unique(met)]
    return found
