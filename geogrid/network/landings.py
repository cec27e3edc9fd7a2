"""Walks over squares from doors: to the places of the ground that are seen from there, and to other doors on it.

Where a way meets the edge of a square, and where a door stands in one, somebody lands on it; from a landing
people walk straight over the ground, at the speed of streets.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import shapely
from shapely import STRtree

from geogrid.network.graph import Graph
from geogrid.network.impedance import Floats, Integers, Profile, round_half_up
from geogrid.network.search import Direct, Ways, match_equal
from geogrid.network.snap import place_on_segments
from geogrid.network.squares import Squares, is_seen


@dataclass(frozen=True)
class Landings:
    """Where people come onto squares (n landings), sorted by place.

    Attributes
    ----------
    place
        Shape (n,): number of the home or centre.
    way
        Shape (n,): row of the way that leads to the edge, -1 for a door that stands in the square.
    ground
        Shape (n,): number of the ground.
    xy
        Shape (n, 2), metres.
    leg
        Shape (n,): price of the walk to there, whole milliseconds.
    """

    place: Integers
    way: Integers
    ground: Integers
    xy: Floats
    leg: Floats

    def __len__(self) -> int:
        return len(self.place)


def find_landings(squares: Squares, graph: Graph, ways: Ways, place: Integers, xy: Floats) -> Landings:
    """The landings of homes or of centres.

    Parameters
    ----------
    ways
        Their ways to the public network.
    place, xy
        Shapes (d,) and (d, 2): doors on public ground, those in gated compounds left out.
    """
    way = np.flatnonzero(squares.of_segment[ways.segment] >= 0)
    known = np.flatnonzero(np.isfinite(xy).all(axis=1))
    ground, door = STRtree(shapely.points(xy[known])).query(squares.polygon, predicate="covers")
    door = known[door]
    found = np.concatenate([ways.place[way], place[door]])
    order = np.argsort(found, kind="stable")
    edge_xy = place_on_segments(graph, ways.segment[way], ways.fraction[way])
    return Landings(
        place=found[order],
        way=np.concatenate([way, np.full(len(door), -1)])[order],
        ground=np.concatenate([squares.of_segment[ways.segment[way]], ground])[order],
        xy=np.vstack([edge_xy, xy[door]])[order],
        leg=np.concatenate([ways.leg[way], np.zeros(len(door))])[order],
    )


def widen_ways(squares: Squares, ways: Ways, landings: Landings, profile: Profile) -> Ways:
    """The ways, and those that lead on over squares to the places that are seen from landings; sorted by place."""
    if not len(landings):
        return ways
    landing, at = match_equal(landings.ground, squares.place_ground)
    price = _price_straight(squares, landings, landing, squares.place_xy[at], profile)
    seen = np.isfinite(price)
    landing, at = landing[seen], at[seen]
    base = landings.way[landing]
    values = {}
    for field in fields(ways):
        column = getattr(ways, field.name)
        # a door in a square needs no way of its own to the edge
        none = np.zeros(1, bool) if column.dtype == bool else np.full(1, -1).astype(column.dtype)
        values[field.name] = np.concatenate([column, np.append(column, none)[base]])
    n_ways = len(ways.place)
    values["place"][n_ways:] = landings.place[landing]
    values["segment"][n_ways:] = squares.segment[at]
    values["fraction"][n_ways:] = squares.fraction[at]
    values["leg"][n_ways:] = landings.leg[landing] + price[seen]
    order = np.argsort(values["place"], kind="stable")
    return Ways(**{name: column[order] for name, column in values.items()})


def cross_squares(squares: Squares, homes: Landings, centres: Landings, profile: Profile) -> Direct:
    """Straight walks over squares from homes to centres that see each other."""
    home, centre = match_equal(homes.ground, centres.ground)
    price = _price_straight(squares, homes, home, centres.xy[centre], profile)
    seen = np.isfinite(price)
    home, centre = home[seen], centre[seen]
    return Direct(
        homes.place[home], centres.place[centre], homes.leg[home] + price[seen] + centres.leg[centre]
    )


def _price_straight(
    squares: Squares, landings: Landings, landing: Integers, to_xy: Floats, profile: Profile
) -> Floats:
    """Whole milliseconds of straight walks from landings, `inf` where something stands in between."""
    from_xy = landings.xy[landing]
    price = round_half_up(1000.0 * np.hypot(*(to_xy - from_xy).T) / profile.speed_m_per_s)
    for ground in np.unique(landings.ground[landing]):
        rows = np.flatnonzero(landings.ground[landing] == ground)
        polygon = squares.polygon[ground]
        shapely.prepare(polygon)
        price[rows[~is_seen(polygon, from_xy[rows], to_xy[rows])]] = np.inf
    return price
