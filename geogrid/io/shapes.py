"""Geometry of a file: what is wrong with it, and multi-part features taken apart."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geogrid.errors import Fault
from geogrid.schema import Geometry, Layer

TYPES_OF_KIND = {Geometry.POINT: (0, 4), Geometry.LINE: (1, 2, 5), Geometry.POLYGON: (3, 6)}
"""Shapely's type numbers that a layer of each kind takes."""
_TITLES = {
    Geometry.POINT: ("点", "points"),
    Geometry.LINE: ("线", "lines"),
    Geometry.POLYGON: ("面", "polygons"),
}
_REASONS = {
    "Self-intersection": "自相交",
    "Ring Self-intersection": "环自相交",
    "Hole lies outside shell": "洞在外环之外",
    "Holes are nested": "洞相互嵌套",
    "Nested shells": "外环相互嵌套",
    "Interior is disconnected": "内部不连通",
    "Duplicate Rings": "环重复",
    "Too few points in geometry component": "点数过少",
    "Invalid Coordinate": "坐标无效",
}


def find_geometry_faults(
    kind: Geometry,
    geometry: npt.NDArray[np.object_],
    unreadable: dict[int, tuple[str, str]],
    rows: Sequence[int],
) -> list[Fault]:
    """One fault for each feature whose geometry cannot be used: none, of another kind, or not valid.

    Parameters
    ----------
    geometry
        Shape (n,), None where a feature has none.
    unreadable
        Position -> why it could not be read, in Chinese and in English.
    rows
        The number of each feature as a person counts it.
    """
    faults: dict[int, tuple[str, str]] = dict(unreadable)
    missing = shapely.is_missing(geometry)
    for i in np.flatnonzero(missing).tolist():
        faults.setdefault(i, ("没有几何", "it has no geometry"))
    types = shapely.get_type_id(geometry)
    zh, en = _TITLES[kind]
    for i in np.flatnonzero(~missing & ~np.isin(types, TYPES_OF_KIND[kind])).tolist():
        name = geometry[i].geom_type
        faults.setdefault(i, (f"几何类型为 {name}，应为{zh}", f"its geometry is a {name}; expected {en}"))
    for i in np.flatnonzero(~missing & shapely.is_empty(geometry)).tolist():
        faults.setdefault(i, ("几何为空", "its geometry is empty"))
    coordinates, owners = shapely.get_coordinates(geometry, return_index=True)
    for i in np.unique(owners[~np.isfinite(coordinates).all(axis=1)]).tolist():
        faults.setdefault(i, ("坐标不是有限的数", "its coordinates are not finite"))
    if kind is not Geometry.POINT:
        usable = np.ones(len(geometry), dtype=bool)
        usable[list(faults)] = False
        candidates = np.flatnonzero(usable)
        if kind is Geometry.LINE:
            for i in candidates[shapely.length(geometry[candidates]) == 0].tolist():
                faults[i] = ("线的长度为零", "the line has no length")
        else:
            bad = candidates[~shapely.is_valid(geometry[candidates])]
            for i, reason in zip(bad.tolist(), shapely.is_valid_reason(geometry[bad]), strict=True):
                faults[i] = _describe_invalid(str(reason))
    return [Fault(zh, en, rows[i]) for i, (zh, en) in sorted(faults.items())]


def _describe_invalid(reason: str) -> tuple[str, str]:
    name, _, place = reason.partition("[")
    at = place.rstrip("]")
    zh = _REASONS.get(name, name)
    return (
        f"面无效：{zh}" + (f"，位于 {at}" if at else ""),
        f"invalid polygon: {name.lower()}" + (f" at {at}" if at else ""),
    )


def flatten_shapes(kind: Geometry, geometry: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    """Geometries without what no layer keeps: heights of points and polygons, measures, heights that are all zero."""
    if kind is not Geometry.LINE:
        return np.asarray(shapely.force_2d(geometry), dtype=object)
    flat: npt.NDArray[np.object_] = shapely.force_2d(geometry)
    z, owners = shapely.get_coordinates(geometry, include_z=True, return_index=True)
    heights = z[:, 2]
    unknown = np.unique(owners[~np.isfinite(heights)])
    has_height = np.zeros(len(geometry), dtype=bool)
    has_height[np.unique(owners[np.isfinite(heights) & (heights != 0)])] = True
    has_height[unknown] = False
    # A file of lines at sea level, all of them, says that nobody knew the heights. Among others
    # that have heights, a line at zero is one on a sea wall.
    if has_height.any():
        known_zero = shapely.has_z(geometry)
        known_zero[unknown] = False
        has_height |= known_zero
    with_z = np.flatnonzero(has_height)
    if with_z.size:
        flat[with_z] = shapely.from_wkb(shapely.to_wkb(geometry[with_z], output_dimension=3))
    return flat


def split_parts(frame: gpd.GeoDataFrame, layer: Layer) -> gpd.GeoDataFrame:
    """Lines and points of several parts as several features: `K`, `K#2`, `K#3` …

    Doors of one centre keep the centre's key in the column `centre`.
    """
    geometry = np.asarray(frame.geometry.values, dtype=object)
    is_multi = shapely.get_type_id(geometry) >= 4
    if layer.geometry is Geometry.POLYGON or not is_multi.any():
        return frame
    parts, owners = shapely.get_parts(geometry, return_index=True)
    split = frame.drop(columns=frame.geometry.name).iloc[owners].reset_index(drop=True)
    if layer.name == "centre":
        lone = (
            pd.Series(is_multi[owners]) & split["centre"].isna() & (pd.Series(owners).duplicated(keep=False))
        )
        split.loc[lone, "centre"] = split.loc[lone, layer.key]
    nth = pd.Series(owners).groupby(owners).cumcount().to_numpy()
    keys = split[layer.key].to_numpy(dtype=object)
    split[layer.key] = pd.Series(
        [key if n == 0 else f"{key}#{n + 1}" for key, n in zip(keys, nth, strict=True)], dtype=object
    )
    return gpd.GeoDataFrame(split, geometry=parts, crs=frame.crs)
