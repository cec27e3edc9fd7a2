"""How polygons are shared out among areas, and the one area that each place belongs to."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from shapely import STRtree

from geogrid.areas.cover import find_covering

Geometries = npt.NDArray[np.object_]

SHARE_DIGITS = 9
"""Shares are compared after rounding to this many digits: two halves of a building are a tie."""


def measure_shares(polygons: Geometries, areas: gpd.GeoDataFrame, key: str = "code") -> pd.DataFrame:
    """The part of each polygon that lies in each area.

    Parameters
    ----------
    polygons
        Shape (n,): polygons in the metric CRS of `areas`.
    key
        The column that names an area.

    Returns
    -------
    One row for each polygon and area that share ground, sorted by `polygon`, falling `share` (0 to 1)
    and `code`. A polygon outside all areas has no row.

    >>> from shapely import box
    >>> areas = gpd.GeoDataFrame({"code": ["A", "B"]}, geometry=[box(0, 0, 10, 10), box(10, 0, 20, 10)])
    >>> measure_shares(np.array([box(7, 0, 17, 5), box(5, 0, 15, 5)]), areas).values.tolist()
    [[0, 'B', 0.7], [0, 'A', 0.3], [1, 'A', 0.5], [1, 'B', 0.5]]
    """
    grounds = areas.geometry.to_numpy()
    tree = STRtree(polygons)
    area, polygon = tree.query(grounds, predicate="covers")
    share = np.ones(len(area))
    crossed, cut = tree.query(shapely.boundary(grounds), predicate="intersects")
    is_partly = ~np.isin(crossed * len(polygons) + cut, area * len(polygons) + polygon)
    crossed, cut = crossed[is_partly], cut[is_partly]
    common_m2 = shapely.area(shapely.intersection(polygons[cut], grounds[crossed]))
    whole_m2 = shapely.area(polygons[cut])
    parts = np.divide(common_m2, whole_m2, out=np.zeros(len(cut)), where=whole_m2 > 0)
    frame = pd.DataFrame(
        {
            "polygon": np.concatenate([polygon, cut]).astype(np.int64),
            "code": pd.Series(areas[key].to_numpy(object)[np.concatenate([area, crossed])], dtype=object),
            "share": np.round(np.concatenate([share, parts]), SHARE_DIGITS),
        }
    )
    return (
        frame[frame["share"] > 0]
        .sort_values("code", kind="stable")
        .sort_values("share", ascending=False, kind="stable")
        .sort_values("polygon", kind="stable", ignore_index=True)
    )


def assign_areas(places: Geometries, areas: gpd.GeoDataFrame, key: str = "code") -> Geometries:
    """The one area of each place: the largest share of a polygon, the cover of a point.

    Parameters
    ----------
    places
        Shape (n,): polygons, points, or both, in the metric CRS of `areas`.

    Returns
    -------
    Shape (n,): keys as text; the smaller key on a tie, None for a place in no area.

    >>> from shapely import Point, box
    >>> areas = gpd.GeoDataFrame({"code": ["A", "B"]}, geometry=[box(0, 0, 10, 10), box(10, 0, 20, 10)])
    >>> assign_areas(np.array([box(7, 0, 17, 5), Point(10, 5), Point(99, 0)]), areas).tolist()
    ['B', 'A', None]
    """
    codes = np.full(len(places), None, dtype=object)
    dimension = shapely.get_dimensions(places)
    flat, dots = np.flatnonzero(dimension == 2), np.flatnonzero(dimension == 0)
    shares = measure_shares(places[flat], areas, key).drop_duplicates("polygon")
    codes[flat[shares["polygon"].to_numpy()]] = shares["code"].to_numpy(object)
    covers = find_covering(places[dots], areas, key).drop_duplicates("point")
    codes[dots[covers["point"].to_numpy()]] = covers["code"].to_numpy(object)
    return codes
