"""The walk from every home to its nearest centre.

A walk goes from the home's door, through a gate where the home is in a gated compound, to the nearest
place on a street, along the streets, and to a door of the centre, at ground level: stairs inside
buildings are not counted. Where a home or a centre has several doors, or several gates, the best walk
counts. Nothing is simplified: two programs that round as `network` says get equal milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from shapely import STRtree

from geogrid.coverage.homes import Homes, find_homes
from geogrid.coverage.town import Town
from geogrid.errors import EmptyLayerError
from geogrid.network.access import (
    Doors,
    Spots,
    price_arrivals,
    price_departures,
    price_over_squares,
    price_within_compounds,
    snap_doors,
    snap_gates,
)
from geogrid.network.compounds import ON_EDGE_M, GateOrigin
from geogrid.network.graph import price_segments
from geogrid.network.impedance import ACCESS_LIMIT_M, Floats, Integers, Profile
from geogrid.network.search import Direct, Ways, join_direct
from geogrid.network.snap import read_xy
from geogrid.network.solver import find_nearest
from geogrid.network.streets import Network, build_network
from geogrid.schema import find_layer

Objects = npt.NDArray[np.object_]


@dataclass(frozen=True)
class Layout:
    """Homes and centres placed on the streets: all that does not depend on who walks.

    Attributes
    ----------
    centre_id, centre_name
        Shape (k,): the centres, sorted by id; several doors are one centre.
    centre_xy
        Shape (k, 2): the first door of each.
    home_doors, centre_doors
        Their `place` numbers the homes and the centres.
    """

    network: Network
    homes: Homes
    centre_id: Objects
    centre_name: Objects
    centre_xy: Floats
    home_doors: Doors
    centre_doors: Doors
    gates: Spots

    @property
    def n_homes(self) -> int:
        """Number of homes."""
        return len(self.homes.building)

    @property
    def n_centres(self) -> int:
        """Number of centres."""
        return len(self.centre_id)

    @property
    def home_compound(self) -> Integers:
        """The number of the gated compound of each home, shape (h,), -1 for none."""
        compound = np.full(self.n_homes, -1, np.int64)
        compound[self.home_doors.place] = self.home_doors.spots.compound
        return compound

    @property
    def is_locked_in(self) -> npt.NDArray[np.bool_]:
        """Homes in a gated compound whose known gates let no pedestrian pass, shape (h,)."""
        compound = self.home_compound
        given = np.append(self.network.gates.origin, [None]) == GateOrigin.GIVEN.value
        locked: npt.NDArray[np.bool_] = given[compound] & ~np.isin(compound, self.network.gates.compound)
        return locked

    @property
    def is_barred(self) -> npt.NDArray[np.bool_]:
        """Homes that reach a street only past a mapped barrier or water, shape (h,): in doubt."""
        barred = np.zeros(self.n_homes, bool)
        barred[self.home_doors.place[self.home_doors.is_barred]] = True
        return barred


@dataclass(frozen=True)
class Walks:
    """The shortest walk of every home (h of them) in one measure.

    Attributes
    ----------
    profile
        Who walks; `LENGTH` when lengths are measured.
    cost
        Shape (h,): whole milliseconds (millimetres for `LENGTH`); `inf` where there is no walk.
    centre
        Shape (h,): number of the nearest centre, the smaller id on a tie; -1 where there is none.
    gate
        Shape (h,): number of the gate by which the home is left, -1 for none.
    has_way
        Shape (h,): whether any walk from the home begins at all, wherever it may lead.
    """

    profile: Profile
    cost: Floats
    centre: Integers
    gate: Integers
    has_way: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class PricedWays:
    """What a search needs, priced for one walker: the ways of homes and of centres, and direct walks."""

    homes: Ways
    centres: Ways
    direct: Direct


def lay_out(town: Town, *, access_limit_m: float = ACCESS_LIMIT_M) -> Layout:
    """Homes and centres of a town, placed on its streets.

    Parameters
    ----------
    access_limit_m
        An access leg longer than this (detour counted) leaves a place unsnapped.

    Raises
    ------
    EmptyLayerError
        When the town has no street, no centre, or no building that can be a home.
    """
    town.require_layers("street", "building", "centre")
    network = build_network(
        town.street,
        town.compound,
        town.gate,
        town.barrier,
        town.water,
        town.street_barrier,
        town.square,
    )
    homes = find_homes(town)
    if homes.building.empty:
        raise EmptyLayerError(
            layer="building",
            title=find_layer("building").zh,
            hint_zh="楼栋都不是住宅：请检查 use（用途）一列。",
            hint_en="None of its features is a home: look at the column use.",
        )
    number = np.full(len(town.compound) + 1, -1, np.int64)  # the last is for homes in no compound
    number[network.gated] = np.arange(len(network.gated))
    home_doors = snap_doors(
        network,
        homes.door_home,
        homes.door_xy,
        number[homes.compound][homes.door_home],
        access_limit_m=access_limit_m,
    )
    ids, names, centre_xy, centre_doors = _place_centres(town, network, access_limit_m)
    return Layout(
        network=network,
        homes=homes,
        centre_id=ids,
        centre_name=names,
        centre_xy=centre_xy,
        home_doors=home_doors,
        centre_doors=centre_doors,
        gates=snap_gates(network, access_limit_m=access_limit_m),
    )


def replace_centres(town: Town, layout: Layout) -> Layout:
    """The layout with the centres of a town that differs from its own in nothing else.

    Raises
    ------
    EmptyLayerError
        When the town has no centre.
    """
    town.require_layers("centre")
    ids, names, xy, doors = _place_centres(town, layout.network, ACCESS_LIMIT_M)
    return replace(layout, centre_id=ids, centre_name=names, centre_xy=xy, centre_doors=doors)


def _place_centres(
    town: Town, network: Network, access_limit_m: float
) -> tuple[Objects, Objects, Floats, Doors]:
    """Ids and names of the centres, sorted by id, the first door of each, and all doors on the streets."""
    ids, names, place, xy = _list_centres(town)
    walls = find_walls(town.compound.geometry.to_numpy()[network.gated], xy)
    doors = snap_doors(network, place, xy, walls, access_limit_m=access_limit_m)
    return ids, names, xy[np.searchsorted(place, np.arange(len(ids)))], doors


def price_ways(layout: Layout, profile: Profile) -> PricedWays:
    """The walks between doors and the public network, for one walker."""
    network = layout.network
    costs = price_segments(network.inside, profile)
    homes, centres, gates = layout.home_doors, layout.centre_doors, layout.gates
    departures = price_departures(network, costs, profile, homes, gates)
    arrivals = price_arrivals(network, costs, profile, centres, gates)
    direct = [price_within_compounds(network, costs, profile, homes, centres)]
    if len(network.squares):
        direct.append(price_over_squares(network, profile, homes, departures, centres, arrivals))
    return PricedWays(departures, arrivals, join_direct(direct))


def measure_walks(layout: Layout, profile: Profile) -> Walks:
    """The walk of every home to its nearest centre, however far.

    Raises
    ------
    NetworkTooLargeError
        When sums could leave the whole numbers that are held exactly.
    """
    network = layout.network.public
    ways = price_ways(layout, profile)
    nearest = find_nearest(
        network,
        price_segments(network, profile),
        ways.homes,
        ways.centres,
        ways.direct,
        layout.n_homes,
        layout.n_centres,
        chains=layout.network.chains,
    )
    has_way = np.zeros(layout.n_homes, bool)
    has_way[ways.homes.place] = True
    has_way[ways.direct.home] = True
    gate_of_way = np.append(ways.homes.gate, -1)
    return Walks(profile, nearest.cost, nearest.centre, gate_of_way[nearest.way], has_way)


def open_walls(layout: Layout) -> Layout:
    """The same town with every home free to walk straight to the nearest public street, walls or not."""
    spots = layout.home_doors.spots
    free = replace(spots, compound=np.full(len(spots.compound), -1, np.int64))
    return replace(layout, home_doors=replace(layout.home_doors, spots=free))


def lay_out_points(town: Town, layout: Layout, points: Objects) -> Layout:
    """The layout of a town with positions in the place of its homes, each the door of one.

    Parameters
    ----------
    layout
        That of the town.
    points
        Shape (p,): Points in the town's CRS.
    """
    xy = shapely.get_coordinates(points)
    place = np.arange(len(points))
    compound = find_walls(town.compound.geometry.to_numpy()[layout.network.gated], xy)
    here = gpd.GeoDataFrame({"id": place.astype(str)}, geometry=points, crs=town.street.crs)
    doors = snap_doors(layout.network, place, xy, compound)
    return replace(layout, homes=Homes(here, xy, compound, place, xy), home_doors=doors)


def measure_point_walks(
    town: Town, layout: Layout, points: Objects, profile: Profile
) -> tuple[Objects, Floats]:
    """The nearest centre of positions, each walked from as if it were the door of a home.

    Parameters
    ----------
    layout, points
        As in `lay_out_points`.

    Returns
    -------
    Ids of the centres, None where none can be reached, and seconds, `inf` there; shape (p,) both.
    """
    walks = measure_walks(lay_out_points(town, layout, points), profile)
    return np.append(layout.centre_id, [None])[walks.centre], walks.cost / 1000.0


def _list_centres(town: Town) -> tuple[Objects, Objects, Integers, Floats]:
    """Ids and names of the centres, sorted by id; the centre and the place of each of their doors."""
    centre = town.centre
    of_door = centre["centre"].where(centre["centre"].notna(), centre["id"]).astype(str).to_numpy(object)
    order = np.lexsort((centre["id"].astype(str).to_numpy(str), of_door.astype(str)))
    ids, first, place = np.unique(of_door[order].astype(str), return_index=True, return_inverse=True)
    names = centre["name"].to_numpy(object)[order][first]
    points = centre.geometry.to_numpy()[order]
    return ids.astype(object), names, place, read_xy(points)


def find_walls(polygons: Objects, xy: Floats) -> Integers:
    """The gated compound, of these, inside which each centre's door lies, -1 for none.

    A door on the edge, or less than `ON_EDGE_M` within it, opens to the street outside: shops stand
    in the outer row of a compound.
    """
    points = shapely.points(xy)
    compound, door = STRtree(points).query(polygons, predicate="covers")
    deep = shapely.distance(points[door], shapely.boundary(polygons[compound])) > ON_EDGE_M
    compound, door = compound[deep], door[deep]
    order = np.lexsort((compound, door))
    door, first = np.unique(door[order], return_index=True)
    walls = np.full(len(xy), -1, np.int64)
    walls[door] = compound[order][first]
    return walls
