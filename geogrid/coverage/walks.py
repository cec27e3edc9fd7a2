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

from geogrid.coverage.homes import Homes, find_homes
from geogrid.coverage.mainland import Places, list_ways, place_on_mainland
from geogrid.coverage.thresholds import find_thresholds
from geogrid.coverage.town import Town
from geogrid.errors import EmptyLayerError
from geogrid.network.access import (
    Departures,
    Doors,
    Shortcuts,
    snap_doors,
    take_doors,
    trace_departures,
    trace_shortcuts,
)
from geogrid.network.compounds import GateOrigin
from geogrid.network.enclosures import PUBLIC, extend_regions, find_regions
from geogrid.network.graph import Costs, price_segments
from geogrid.network.impedance import ACCESS_LIMIT_M, LENGTH, Floats, Integers, Profile
from geogrid.network.passages import GateSpots, find_leading_regions
from geogrid.network.search import Direct, Nearest, Ways
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
    other_doors
        Of homes through which the wall of a compound runs, the door that may be on its other side.
    gates
        The network's gates.
    door_region
        Shape (d,): the region into which each door of `homes` opens.
    leads, has_homes
        Shape (components of the public network,): those that lead to a centre, and those by which homes are left.
    is_moved
        Shape (1,): whether a centre stands on another street than its nearest, which leads to no home.
    """

    network: Network
    homes: Homes
    centre_id: Objects
    centre_name: Objects
    centre_xy: Floats
    home_doors: Doors
    other_doors: Doors
    centre_doors: Doors
    gates: GateSpots
    door_region: Integers
    leads: npt.NDArray[np.bool_]
    has_homes: npt.NDArray[np.bool_]
    is_moved: npt.NDArray[np.bool_]

    @property
    def n_homes(self) -> int:
        """Number of homes."""
        return len(self.homes.building)

    @property
    def n_centres(self) -> int:
        """Number of centres."""
        return len(self.centre_id)

    @property
    def home_region(self) -> Integers:
        """The region of gated compounds into which homes open, shape (h,), `PUBLIC` where any door opens outside."""
        region = np.full(self.n_homes, PUBLIC, np.int64)
        doors = self.home_doors
        region[doors.place] = doors.spots.region
        region[doors.place[doors.spots.region == PUBLIC]] = PUBLIC
        return region

    @property
    def gate_origin(self) -> Objects:
        """How the gates of the compounds that hold each home are known, the least known of them; None for none."""
        order = [origin.value for origin in (GateOrigin.UNKNOWN, GateOrigin.INFERRED, GateOrigin.GIVEN)]
        known = np.array([order.index(origin) for origin in self.network.gates.origin], np.int64)
        numbers, of_home = np.unique(self.home_region, return_inverse=True)
        members = [sorted(self.network.regions.list_members(int(number))) for number in numbers]
        found = [order[int(known[held].min())] if held else None for held in members]
        return np.array([*found, None], dtype=object)[of_home]

    @property
    def is_locked_in(self) -> npt.NDArray[np.bool_]:
        """Homes in gated compounds no gate of which leads a pedestrian to the streets, shape (h,)."""
        gates, region = self.network.gates, self.home_region
        leading = find_leading_regions(gates.inner, gates.outer, gates.outer == PUBLIC)
        locked: npt.NDArray[np.bool_] = (region != PUBLIC) & ~np.isin(region, leading)
        return locked & bool(self.network.public.n_segments)

    @property
    def is_barred(self) -> npt.NDArray[np.bool_]:
        """Homes some of whose ways are in doubt because of a wall or water, shape (h,).

        Those that reach a street past an obstacle, and those through which the wall of a compound runs.
        """
        barred = trace_walks(self, LENGTH).homes
        is_barred = self.is_split
        is_barred[barred.ways.place[barred.is_barred]] = True
        return is_barred

    @property
    def is_split(self) -> npt.NDArray[np.bool_]:
        """Homes through which the wall of a compound runs, and whose door may be on either side; shape (h,)."""
        is_split = np.zeros(self.n_homes, bool)
        is_split[self.other_doors.place] = True
        return is_split


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
        Shape (h,): whether any walk from the home begins at all, wherever it may lead, be it to a shut gate.
    is_barred
        Shape (h,): whether the walk passes a barrier, a wall or water between the home and the street: in doubt.
    """

    profile: Profile
    cost: Floats
    centre: Integers
    gate: Integers
    has_way: npt.NDArray[np.bool_]
    is_barred: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class PricedWays:
    """What a search needs, priced for one walker: the ways of homes and of centres, and direct walks."""

    homes: Ways
    centres: Ways
    direct: Direct


@dataclass(frozen=True)
class TracedWays:
    """The same, with what the ways pass."""

    homes: Departures
    centres: Departures
    shortcuts: Shortcuts


def build_town_network(town: Town) -> Network:
    """The streets of a town with all that stands on and around them."""
    return build_network(
        town.street,
        town.compound,
        town.gate,
        town.barrier,
        town.water,
        town.street_barrier,
        town.square,
    )


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
    network = build_town_network(town)
    homes = find_homes(town)
    if homes.building.empty:
        raise EmptyLayerError(
            layer="building",
            title=find_layer("building").zh,
            hint_zh="楼栋都不是住宅：请检查 use（用途）一列。",
            hint_en="None of its features is a home: look at the column use.",
        )
    thresholds = find_thresholds(town, network.enclosures, homes)
    network = replace(network, regions=extend_regions(network.regions, thresholds.region, thresholds.holders))
    ids, names, place, xy = _list_centres(town)
    centres = Places(place, xy, find_regions(network.enclosures, xy))
    own = Places(homes.door_home, homes.door_xy, thresholds.region)
    placed = place_on_mainland(network, own, centres, access_limit_m=access_limit_m)
    other_doors = snap_doors(
        network,
        thresholds.other_home,
        thresholds.other_xy,
        thresholds.other_region,
        access_limit_m=access_limit_m,
        leads=placed.leads,
    )
    return Layout(
        network=network,
        homes=homes,
        centre_id=ids,
        centre_name=names,
        centre_xy=xy[np.searchsorted(place, np.arange(len(ids)))],
        home_doors=placed.home_doors,
        other_doors=other_doors,
        centre_doors=placed.centre_doors,
        gates=placed.gates,
        door_region=thresholds.region,
        leads=placed.leads,
        has_homes=placed.has_homes,
        is_moved=placed.is_moved,
    )


def replace_centres(town: Town, layout: Layout) -> Layout:
    """The layout with the centres of a town that differs from its own in nothing else.

    Raises
    ------
    EmptyLayerError
        When the town has no centre.
    """
    town.require_layers("centre")
    network = layout.network
    ids, names, place, xy = _list_centres(town)
    centres = Places(place, xy, find_regions(network.enclosures, xy))
    own = Places(layout.homes.door_home, layout.homes.door_xy, layout.door_region)
    placed = place_on_mainland(network, own, centres, access_limit_m=ACCESS_LIMIT_M)
    return replace(
        layout,
        centre_id=ids,
        centre_name=names,
        centre_xy=xy[np.searchsorted(place, np.arange(len(ids)))],
        home_doors=placed.home_doors,
        centre_doors=placed.centre_doors,
        gates=placed.gates,
        leads=placed.leads,
        has_homes=placed.has_homes,
        is_moved=placed.is_moved,
    )


def find_sole_leaders(layout: Layout) -> Integers:
    """Numbers of the centres without which some street would lead to none, so that homes may take other streets.

    All of them where a centre stands on another street than its nearest.
    """
    if layout.is_moved[0]:
        return np.arange(layout.n_centres)
    public = layout.network.public
    ways = list_ways(layout.network, layout.centre_doors, layout.gates, is_return=True)
    pairs = np.unique(np.column_stack([public.component[public.start[ways.segment]], ways.place]), axis=0)
    component, centre = pairs[:, 0], pairs[:, 1]
    leaders: Integers = np.unique(centre[np.bincount(component)[component] == 1])
    return leaders


def trace_walks(
    layout: Layout,
    profile: Profile,
    *,
    costs: Costs | None = None,
    certain: npt.NDArray[np.bool_] | None = None,
) -> TracedWays:
    """The walks between doors and the public network, for one walker, with what they pass.

    Parameters
    ----------
    costs
        Prices of the streets inside compounds; the walker's own when None.
    certain
        As in `trace_departures`.
    """
    network, gates = layout.network, layout.gates
    costs = price_segments(network.inside, profile) if costs is None else costs
    homes, centres = (
        trace_departures(network, costs, profile, doors, gates, is_return=is_return, certain=certain)
        for doors, is_return in ((layout.home_doors, False), (layout.centre_doors, True))
    )
    shortcuts = trace_shortcuts(
        network, costs, profile, layout.home_doors, homes, layout.centre_doors, centres, gates, certain
    )
    clear = homes.mark_clear(layout.n_homes), centres.mark_clear(layout.n_centres)
    return TracedWays(homes, centres, shortcuts.drop_barred(*clear))


def price_ways(layout: Layout, profile: Profile) -> PricedWays:
    """The walks between doors and the public network, for one walker."""
    traced = trace_walks(layout, profile)
    return PricedWays(traced.homes.ways, traced.centres.ways, traced.shortcuts.direct)


def measure_walks(layout: Layout, profile: Profile) -> Walks:
    """The walk of every home to its nearest centre, however far.

    Raises
    ------
    NetworkTooLargeError
        When sums could leave the whole numbers that are held exactly.
    """
    network = layout.network.public
    traced = trace_walks(layout, profile)
    homes, direct = traced.homes.ways, traced.shortcuts.direct
    nearest = find_nearest(
        network,
        price_segments(network, profile),
        homes,
        traced.centres.ways,
        direct,
        layout.n_homes,
        layout.n_centres,
        chains=layout.network.chains,
    )
    has_way = np.zeros(layout.n_homes, bool)
    has_way[homes.place] = has_way[traced.homes.shut_in] = True
    has_way[direct.home] = True
    gate = np.append(homes.gate, -1)[nearest.way]
    is_barred = np.append(traced.homes.is_barred, [False])[nearest.way]
    is_barred |= mark_barred_directs(traced.shortcuts, nearest)
    return Walks(profile, nearest.cost, nearest.centre, gate, has_way, is_barred)


def mark_barred_directs(shortcuts: Shortcuts, nearest: Nearest) -> npt.NDArray[np.bool_]:
    """Homes whose walk touches no public street and passes an obstacle, shape (h,)."""
    direct, is_barred = shortcuts.direct, np.zeros(len(nearest.cost), bool)
    rows = np.flatnonzero((nearest.way[direct.home] < 0) & (nearest.centre[direct.home] == direct.centre))
    rows = rows[direct.cost[rows] == nearest.cost[direct.home[rows]]]
    is_barred[direct.home[rows]] = True
    is_barred[direct.home[rows[~shortcuts.is_barred[rows]]]] = False
    return is_barred


def open_walls(layout: Layout) -> Layout:
    """The same town with every home free to walk straight to the nearest public street, walls or not."""
    spots = layout.home_doors.spots
    free = replace(spots, region=np.full(len(spots.region), PUBLIC, np.int64))
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
    region = find_regions(layout.network.enclosures, xy)
    here = gpd.GeoDataFrame({"id": place.astype(str)}, geometry=points, crs=town.street.crs)
    doors = snap_doors(layout.network, place, xy, region, leads=layout.leads)
    nowhere, known = np.full(len(xy), -1, np.int64), np.ones(len(xy), bool)
    return replace(
        layout,
        homes=Homes(here, xy, nowhere, place, xy, known),
        home_doors=doors,
        other_doors=take_doors(doors, np.empty(0, np.int64)),
    )


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
