"""Buildings that no area answers for, or that several share."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from geogrid.areas.share import measure_shares
from geogrid.checks.rules import make_finding, name_layer
from geogrid.findings import Finding
from geogrid.prepared import prepared
from geogrid.responsibility.columns import read_texts

SPLIT_SHARE = 0.9
"""A building with less than this in one area is said to be split."""

NEAR_WHOLE_SHARE = 0.99
"""A building that reaches this little beyond all areas is a drawing that is a hand's breadth off."""


def find_building_faults(
    buildings: gpd.GeoDataFrame, areas: gpd.GeoDataFrame, layer: str, ground: BaseGeometry | None
) -> list[Finding]:
    """Buildings in no area of a layer, partly in none, or in several.

    Parameters
    ----------
    ground
        Where the areas should be: buildings beyond it are not asked; None for everywhere.
    """
    shapes = shapely.make_valid(buildings.geometry.to_numpy())
    keys = np.array([key or "?" for key in read_texts(buildings, "id")], dtype=object)
    asked = shapely.area(shapes) > 0
    if ground is not None:
        with prepared(ground) as ready:
            asked &= shapely.intersects(ready, shapely.point_on_surface(shapes))
    rows = np.flatnonzero(asked)
    valid = areas.set_geometry(shapely.make_valid(areas.geometry.to_numpy()))
    shares = measure_shares(shapes[rows], valid[~valid.geometry.is_empty])
    total = shares.groupby("polygon")["share"].sum().reindex(range(len(rows)), fill_value=0.0).to_numpy()
    main = shares.drop_duplicates("polygon").set_index("polygon")["share"].reindex(range(len(rows)))
    is_split = (main < SPLIT_SHARE).to_numpy() & (total >= NEAR_WHOLE_SHARE)
    findings = [
        _tell("building.no_area", keys[rows[i]], shapes[rows[i]], layer, share=f"{100 * total[i]:.0f}")
        for i in np.flatnonzero(total < NEAR_WHOLE_SHARE)
    ]
    codes = _list_codes(shares)
    return findings + [
        _tell(
            "building.split",
            keys[rows[i]],
            shapes[rows[i]],
            layer,
            areas=codes[int(i)],
            share=f"{100 * main[i]:.0f}",
        )
        for i in np.flatnonzero(is_split)
    ]


def find_outside_buildings(buildings: gpd.GeoDataFrame, extent: BaseGeometry | None) -> list[Finding]:
    """Buildings whose point, as homes are placed, lies outside the county's extent: one finding."""
    shapes = shapely.make_valid(buildings.geometry.to_numpy())
    points = shapely.point_on_surface(shapes)
    rows = np.flatnonzero(~(shapely.is_missing(points) | shapely.is_empty(points)))
    if extent is None or extent.is_empty or not len(rows):
        return []
    with prepared(extent) as ready:
        rows = rows[~shapely.intersects(ready, points[rows])]
    if not len(rows):
        return []
    ids = sorted(key or "?" for key in np.array(read_texts(buildings, "id"), dtype=object)[rows])
    place = shapely.union_all(shapes[rows])
    return [make_finding("building.outside", "building", ids, place=place, count=f"{len(ids):,}")]


def _list_codes(shares: pd.DataFrame) -> dict[int, str]:
    """The areas of each building that several share."""
    held: dict[int, list[str]] = {}
    for row, code in zip(shares["polygon"].tolist(), shares["code"].tolist(), strict=True):
        held.setdefault(row, []).append(str(code))
    return {row: ", ".join(codes) for row, codes in held.items()}


def _tell(code: str, key: str, place: BaseGeometry, layer: str, **values: object) -> Finding:
    return make_finding(
        code, "building", [key], place=place, size=float(place.area), upper=name_layer(layer), **values
    )
