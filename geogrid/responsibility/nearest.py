"""The nearest service centre of a place on foot, from walks that the coverage engine measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from geogrid.responsibility.answer import Evidence, NearestCentre, make_evidence

MeasureWalk = Callable[[npt.NDArray[np.object_]], tuple[npt.NDArray[Any], npt.NDArray[np.float64]]]
"""Points (n,) in metres -> for each its nearest centre (None where there is none) and walk_s (`inf` then)."""

NEIGHBOUR_M = 100.0
"""How far a building may be from a position whose walk is told by that building's: one urban block."""

Found = tuple[NearestCentre | None, list[Evidence]]


def find_building_walk(walks: pd.DataFrame, building: str, centre_names: Mapping[str, str | None]) -> Found:
    """The nearest centre of one building; None, with the reason, where it has none.

    Parameters
    ----------
    walks
        Index building id; columns `centre` and `walk_s` (the coverage engine's homes are such).
    centre_names
        Centre -> its name.
    """
    if building not in walks.index:
        return None, [make_evidence("walk.not_a_home", {"building": building}, building=building)]
    centre: Any = walks.loc[building, "centre"]
    walk_s: Any = walks.loc[building, "walk_s"]
    if pd.isna(centre) or not np.isfinite(walk_s):
        return None, [make_evidence("walk.unreachable", {"building": building}, building=building)]
    return _name_centre(centre, walk_s, centre_names), []


def find_compound_walk(
    walks: pd.DataFrame, buildings: list[str], compound: str, centre_names: Mapping[str, str | None]
) -> Found:
    """The centre that is nearest to most homes of a compound, with the longest walk among those.

    Homes of one compound leave by the same gates, but not all walk equally far: the evidence has
    the shortest and the longest walk and how many homes have another nearest centre.
    """
    homes = walks.loc[walks.index.intersection(buildings)]
    reached = homes[homes["centre"].notna() & np.isfinite(homes["walk_s"].astype(float))]
    if reached.empty:
        code = "walk.unreachable" if len(homes) else "walk.not_a_home"
        return None, [make_evidence(code, {"compound": compound}, building=compound)]
    counts = reached["centre"].value_counts()
    centre = min(counts.index, key=lambda candidate: (-counts[candidate], candidate))
    walk_s = reached.loc[reached["centre"] == centre, "walk_s"].astype(float)
    n_other = len(homes) - len(walk_s)
    evidence = make_evidence(
        "walk.compound",
        {"n_homes": len(homes), "n_other": n_other, "shortest_s": walk_s.min(), "longest_s": walk_s.max()},
        n_homes=len(homes),
        n_other=n_other,
        shortest=f"{walk_s.min() / 60:.1f}",
        longest=f"{walk_s.max() / 60:.1f}",
    )
    return _name_centre(centre, float(walk_s.max()), centre_names), [evidence]


def find_point_walk(
    point: BaseGeometry, measure_walk: MeasureWalk, centre_names: Mapping[str, str | None]
) -> Found:
    """The nearest centre of a position, measured from there."""
    centres, walk_s = measure_walk(np.array([point], dtype=object))
    if pd.isna(centres[0]) or not np.isfinite(walk_s[0]):
        return None, [make_evidence("walk.unreachable_point", {})]
    return _name_centre(centres[0], walk_s[0], centre_names), []


def find_neighbour_walk(
    point: BaseGeometry,
    walks: pd.DataFrame,
    buildings: gpd.GeoDataFrame,
    centre_names: Mapping[str, str | None],
) -> Found:
    """The walk of the nearest home within `NEIGHBOUR_M`, told in place of the position's own."""
    homes = buildings[buildings["id"].isin(walks.index)].sort_values("id")
    distance_m = shapely.distance(homes.geometry.to_numpy(), point)
    if not len(homes) or not np.nanmin(distance_m) <= NEIGHBOUR_M:
        return None, [
            make_evidence("walk.no_neighbour", {"within_m": NEIGHBOUR_M}, distance=f"{NEIGHBOUR_M:.0f}")
        ]
    nearest = int(np.nanargmin(distance_m))
    building = homes["id"].iloc[nearest]
    centre, evidence = find_building_walk(walks, building, centre_names)
    told = make_evidence(
        "walk.neighbour",
        {"building": building, "distance_m": round(float(distance_m[nearest]), 2)},
        building=building,
        distance=f"{distance_m[nearest]:.1f}",
    )
    return centre, [told, *evidence]


def _name_centre(centre: str, walk_s: float, centre_names: Mapping[str, str | None]) -> NearestCentre:
    return NearestCentre(str(centre), centre_names.get(centre), float(walk_s))
