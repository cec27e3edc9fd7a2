"""Whether every grid lies in the one community and the one district that it declares."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geogrid.areas.share import measure_shares
from geogrid.checks.partition import SLIVER_M2, find_edge_faults, find_gaps, take_valid
from geogrid.checks.rules import make_finding, name_layer
from geogrid.findings import Finding
from geogrid.responsibility.columns import read_texts

UPPER_LAYERS = ("community", "district")
VILLAGE = "村"


def find_grid_faults(
    grids: gpd.GeoDataFrame,
    communities: gpd.GeoDataFrame,
    districts: gpd.GeoDataFrame,
    extent: BaseGeometry | None,
) -> list[Finding]:
    """Grids that overlap, leave ground out, straddle a border, or declare what the ground denies.

    Parameters
    ----------
    grids, communities, districts
        Current areas in metres; an empty layer of communities or districts is not compared with.
    extent
        The ground that grids should cover; what of it is village land may do without.
    """
    findings = find_edge_faults(grids, "grid")
    if extent is not None and not grids.empty:
        union = shapely.union_all(take_valid(grids)[0])
        findings += find_gaps(union, extent, select_village(communities), "grid", "grid")
    for upper, frame in zip(UPPER_LAYERS, (communities, districts), strict=True):
        if not frame.empty:
            findings += _compare_with(grids, frame, upper)
    return findings


def _take_grounds(areas: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Code and ground of the areas that have any, faulty polygons mended."""
    shapes, keys = take_valid(areas)
    return gpd.GeoDataFrame({"code": keys}, geometry=list(shapes), crs=areas.crs)


def select_village(communities: gpd.GeoDataFrame) -> BaseGeometry | None:
    """The ground of the communities that are villages, or None when there is none."""
    kinds = read_texts(communities, "kind")
    villages = communities[[kind == VILLAGE for kind in kinds]]
    return None if villages.empty else shapely.union_all(take_valid(villages)[0])


def _compare_with(grids: gpd.GeoDataFrame, uppers: gpd.GeoDataFrame, upper: str) -> list[Finding]:
    shapes, keys = take_valid(grids)
    declared = dict(zip(read_texts(grids, "code"), read_texts(grids, upper), strict=True))
    valid = _take_grounds(uppers)
    grounds = dict(zip(valid["code"], valid.geometry, strict=True))
    findings = []
    shares = measure_shares(shapes, valid)
    for _, held in shares.groupby("polygon", sort=True):
        row = int(held["polygon"].iloc[0])
        shape, key, main = shapes[row], keys[row], held["code"].iloc[0]
        others = held.iloc[1:][(held["share"].iloc[1:] * shape.area >= SLIVER_M2).to_numpy()]
        if declared.get(key) and declared[key] != main:
            findings.append(
                make_finding(
                    "grid.declared",
                    "grid",
                    [key],
                    place=shape,
                    upper=name_layer(upper),
                    declared=declared[key],
                    actual=main,
                    share=f"{100 * held['share'].iloc[0]:.1f}",
                )
            )
        if not others.empty:
            astray = shapely.intersection(shape, np.array([grounds[code] for code in others["code"]]))
            size_m2 = float(shapely.area(astray).sum())
            findings.append(
                make_finding(
                    "grid.split",
                    "grid",
                    [key],
                    place=shapely.union_all(astray),
                    size=size_m2,
                    upper=name_layer(upper),
                    main=main,
                    others=", ".join(others["code"]),
                    area=f"{size_m2:.0f}",
                )
            )
    return findings
