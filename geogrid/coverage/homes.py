"""Which buildings are homes, whose doors they are left by, and how many people live in them."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from shapely import STRtree

from geogrid.coverage.town import Town
from geogrid.network.impedance import Floats, Integers
from geogrid.network.snap import read_xy

ENTRANCE_TO_BUILDING_M = 2.0
"""An entrance that names no building belongs to the one this near: entrances are drawn on the outline."""
NOT_HOMES = ("commercial", "public", "industrial", "other")
"""Uses in which nobody is taken to live; an unknown use may be a home."""


@dataclass(frozen=True)
class Homes:
    """Buildings in which people live (h of them), and their doors (d).

    Attributes
    ----------
    building
        The rows of the building layer, sorted by id.
    xy
        Shape (h, 2): a point on each building, or its first entrance where the building is not drawn.
    compound
        Shape (h,): row of the compound layer, gated or not, by which homes are grouped; -1 for none.
    door_home, door_xy, is_entrance
        Shapes (d,), (d, 2) and (d,): the doors, sorted by home; a home without a known entrance is left
        from the point on it.
    """

    building: gpd.GeoDataFrame
    xy: Floats
    compound: Integers
    door_home: Integers
    door_xy: Floats
    is_entrance: npt.NDArray[np.bool_]


def select_homes(town: Town) -> gpd.GeoDataFrame:
    """The buildings of a town that are homes, by id: the residential ones, and those of unknown use."""
    is_home = ~town.building["use"].isin(NOT_HOMES).to_numpy(bool)
    homes: gpd.GeoDataFrame = town.building[is_home].sort_values("id", kind="stable", ignore_index=True)
    return homes


def find_homes(town: Town) -> Homes:
    """The homes of a town and their doors."""
    building = select_homes(town)
    points = shapely.point_on_surface(building.geometry.to_numpy())
    xy = read_xy(points)
    home, entrance_xy = _match_entrances(building, town)
    without = np.setdiff1d(np.arange(len(building)), home)
    door_home = np.concatenate([home, without])
    order = np.argsort(door_home, kind="stable")
    door_xy = np.vstack([entrance_xy, xy[without]])[order]
    _, first = np.unique(door_home[order], return_index=True)  # every home has a door
    xy = np.where(np.isfinite(xy[:, :1]), xy, door_xy[first])
    compound = _find_compounds(building, points, town.compound)
    return Homes(building, xy, compound, door_home[order], door_xy, order < len(home))


def _match_entrances(building: gpd.GeoDataFrame, town: Town) -> tuple[Integers, Floats]:
    """The home of each entrance and its place; entrances of other buildings are left aside."""
    geometries = town.entrance.geometry.to_numpy()
    named = find_rows(building["id"], town.entrance["building"])
    loose = np.flatnonzero(town.entrance["building"].isna().to_numpy(bool))
    tree = STRtree(town.building.geometry.to_numpy())
    entrance, near = tree.query_nearest(geometries[loose], max_distance=ENTRANCE_TO_BUILDING_M)
    entrance, first = np.unique(entrance, return_index=True)
    named[loose[entrance]] = find_rows(building["id"], town.building["id"].iloc[near[first]])
    rows = np.flatnonzero(named >= 0)
    return named[rows], read_xy(geometries[rows])


def _find_compounds(building: gpd.GeoDataFrame, points: np.ndarray, compound: gpd.GeoDataFrame) -> Integers:
    """The compound of each building: the one it names, else the smallest that covers its point."""
    rows = find_rows(compound["id"], building["compound"])
    of, point = STRtree(points).query(compound.geometry.to_numpy(), predicate="covers")
    area_m2 = shapely.area(compound.geometry.to_numpy())
    order = np.lexsort((compound["id"].to_numpy(object)[of].astype(str), area_m2[of]))
    covered, first = np.unique(point[order], return_index=True)
    by_place = np.full(len(building), -1, np.int64)
    by_place[covered] = of[order][first]
    return np.where(rows >= 0, rows, by_place)


def find_rows(keys: pd.Series, wanted: pd.Series) -> Integers:
    """The row of each wanted key, -1 where there is none; the first of repeated keys."""
    rows = pd.Series(np.arange(len(keys)), index=pd.Index(keys.to_numpy(object), dtype=object))
    rows = rows[~rows.index.duplicated()]
    found: Integers = rows.index.get_indexer(pd.Index(wanted.to_numpy(object), dtype=object))
    return np.where(found >= 0, rows.to_numpy()[found] if len(rows) else -1, -1).astype(np.int64)


def locate_homes(homes: pd.DataFrame, crs: object) -> gpd.GeoDataFrame:
    """The table of homes as points: `building` and its other columns, without x and y.

    Parameters
    ----------
    homes
        As `Coverage` has them, with x and y in metres, by building.
    crs
        The metric one in which x and y are.
    """
    table = homes.reset_index(names="building")
    places = gpd.points_from_xy(table["x"], table["y"], crs=crs)
    return gpd.GeoDataFrame(table.drop(columns=["x", "y"]), geometry=places)
