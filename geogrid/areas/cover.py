"""Which areas cover a point, and which is the nearest to it."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from shapely import STRtree

Geometries = npt.NDArray[np.object_]


def find_covering(points: Geometries, areas: gpd.GeoDataFrame, key: str = "code") -> pd.DataFrame:
    """Every area that covers each point; a point on a border belongs to both sides.

    Parameters
    ----------
    points
        Shape (n,): Points in the metric CRS of `areas`.
    key
        The column that names an area.

    Returns
    -------
    One row for each point and area, sorted by both: `point` (row of `points`), `code` (the key),
    `edge_m` (distance to that area's border). A point in no area has no row.

    >>> from shapely import Point, box
    >>> areas = gpd.GeoDataFrame({"code": ["A", "B"]}, geometry=[box(0, 0, 10, 10), box(10, 0, 20, 10)])
    >>> find_covering(np.array([Point(10, 5), Point(1, 5)]), areas).values.tolist()
    [[0, 'A', 0.0], [0, 'B', 0.0], [1, 'A', 1.0]]
    """
    polygons = areas.geometry.to_numpy()
    area, point = STRtree(points).query(polygons, predicate="covers")
    edge_m = shapely.distance(points[point], shapely.boundary(polygons[area]))
    return _sort_answers(point, areas[key].to_numpy(object)[area], "edge_m", edge_m)


def find_nearest(points: Geometries, areas: gpd.GeoDataFrame, key: str = "code") -> pd.DataFrame:
    """The nearest area of each point, 0 m away where it covers the point; the smaller key on a tie.

    Returns
    -------
    One row for each point, sorted: `point`, `code`, `distance_m`. Empty when there is no area.

    >>> from shapely import Point, box
    >>> areas = gpd.GeoDataFrame({"code": ["A", "B"]}, geometry=[box(0, 0, 10, 10), box(30, 0, 40, 10)])
    >>> find_nearest(np.array([Point(20, 5), Point(26, 5)]), areas).values.tolist()
    [[0, 'A', 10.0], [1, 'B', 4.0]]
    """
    tree = STRtree(areas.geometry.to_numpy())
    (point, area), distance_m = tree.query_nearest(points, all_matches=True, return_distance=True)
    answers = _sort_answers(point, areas[key].to_numpy(object)[area], "distance_m", distance_m)
    return answers.drop_duplicates("point").reset_index(drop=True)


def _sort_answers(
    point: npt.NDArray[np.int64], code: Geometries, name: str, metres: npt.NDArray[np.float64]
) -> pd.DataFrame:
    frame = pd.DataFrame(
        {"point": point.astype(np.int64), "code": pd.Series(code, dtype=object), name: metres}
    )
    return frame.sort_values(["point", "code"], kind="stable", ignore_index=True)
