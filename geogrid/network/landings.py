"""Walks over squares from doors: to the places of the ground that are seen from there, and to other doors on it.

Where a way meets the edge of a square, and where a door stands in one, somebody lands on it; from a landing
people walk straight over the ground, at the speed of streets.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from shapely import STRtree

from geogrid.network.graph import Graph
from geogrid.network.impedance import Floats, Integers, Profile, round_half_up
from geogrid.network.search import Ways, match_equal
from geogrid.network.snap import place_on_segments
from geogrid.network.squares import (
    MAX_PLACES,
    N_HUBS,
    NEAR_PLACES,
    Squares,
    choose_hubs,
    find_nearest,
    is_seen,
)
from geogrid.prepared import prepared


@dataclass(frozen=True)
class Landings:
    """Where people come onto squares (n landings).

    Attributes
    ----------
    door, place
        Shape (n,): the door, and the home or centre whose it is.
    way
        Shape (n,): row of the way that leads to the edge, -1 for a door that stands in the square.
    ground
        Shape (n,): number of the ground.
    xy
        Shape (n, 2), metres.
    leg
        Shape (n,): price of the walk to there, whole milliseconds.
    """

    door: Integers
    place: Integers
    way: Integers
    ground: Integers
    xy: Floats
    leg: Floats

    def __len__(self) -> int:
        return len(self.door)


def find_landings(
    squares: Squares, graph: Graph, ways: Ways, way_door: Integers, place: Integers, xy: Floats
) -> Landings:
    """The landings of homes or of centres.

    Parameters
    ----------
    ways, way_door
        Their ways to the public network, and the door of each.
    place, xy
        Shapes (d,) and (d, 2): of all their doors; NaN for one in a gated compound.
    """
    way = np.flatnonzero(squares.of_segment[ways.segment] >= 0)
    known = np.flatnonzero(np.isfinite(xy).all(axis=1))
    ground, door = STRtree(shapely.points(xy[known])).query(squares.polygon, predicate="covers")
    door = known[door]
    edge_xy = place_on_segments(graph, ways.segment[way], ways.fraction[way])
    doors = np.concatenate([way_door[way], door]).astype(np.int64)
    return Landings(
        door=doors,
        place=place[doors],
        way=np.concatenate([way, np.full(len(door), -1)]),
        ground=np.concatenate([squares.of_segment[ways.segment[way]], ground]),
        xy=np.vstack([edge_xy, xy[door]]),
        leg=np.concatenate([ways.leg[way], np.zeros(len(door))]),
    )


def walk_to_places(
    squares: Squares, landings: Landings, profile: Profile
) -> tuple[Integers, Integers, Floats]:
    """Straight walks from landings to the places of their ground that they see: landing, place, price."""
    landing, at = _pair_with_places(squares, landings)
    price = _price_straight(squares, landings, landing, squares.place_xy[at], profile)
    seen = np.isfinite(price)
    return landing[seen], at[seen], price[seen]


def _pair_with_places(squares: Squares, landings: Landings) -> tuple[Integers, Integers]:
    """Landings and the places of their ground; where those are very many, the hubs and the nearest of them."""
    n_places = np.bincount(squares.place_ground, minlength=len(squares))
    few = np.flatnonzero(n_places[landings.ground] <= MAX_PLACES)
    landing, at = match_equal(landings.ground[few], squares.place_ground)
    pairs = [(few[landing], at)]
    for ground in np.unique(landings.ground[n_places[landings.ground] > MAX_PLACES]):
        rows = np.flatnonzero(landings.ground == ground)
        places = np.flatnonzero(squares.place_ground == ground)
        near = find_nearest(landings.xy[rows], squares.place_xy[places])
        hubs = np.broadcast_to(choose_hubs(squares.place_xy[places]), (len(rows), N_HUBS))
        pairs.append((np.repeat(rows, NEAR_PLACES + N_HUBS), places[np.hstack([near, hubs]).ravel()]))
    return np.concatenate([one for one, _ in pairs]), np.concatenate([one for _, one in pairs])


def walk_across(
    squares: Squares, homes: Landings, centres: Landings, profile: Profile
) -> tuple[Integers, Integers, Floats]:
    """Straight walks between landings that see each other: of a home, of a centre, price."""
    home, centre = match_equal(homes.ground, centres.ground)
    price = _price_straight(squares, homes, home, centres.xy[centre], profile)
    seen = np.isfinite(price)
    return home[seen], centre[seen], price[seen]


def _price_straight(
    squares: Squares, landings: Landings, landing: Integers, to_xy: Floats, profile: Profile
) -> Floats:
    """Whole milliseconds of straight walks from landings, `inf` where something stands in between."""
    from_xy = landings.xy[landing]
    price = round_half_up(1000.0 * np.hypot(*(to_xy - from_xy).T) / profile.speed_m_per_s)
    for ground in np.unique(landings.ground[landing]):
        rows = np.flatnonzero(landings.ground[landing] == ground)
        with prepared(squares.polygon[ground]) as polygon:
            price[rows[~is_seen(polygon, from_xy[rows], to_xy[rows])]] = np.inf
    return price
