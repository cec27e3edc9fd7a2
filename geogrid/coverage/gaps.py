"""Coverage gaps: clusters of homes outside the cutoff, with their people, their ground and their causes."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from geogrid.coverage.summary import sum_known
from geogrid.network.impedance import Floats, Integers

GAP_LINK_M = 150.0
"""Uncovered homes this near to each other belong to one gap: about the width of a block and its street."""
GAP_GROUND_M = 60.0
"""The ground of a gap reaches this far round its homes; with `GAP_LINK_M` it may fall into parts."""
GROUND_TOLERANCE_M = 5.0
"""The outline of the ground is simplified by this much: it is drawn, never counted from."""

GAP_COLUMNS = (
    "id",
    "people",
    "n_homes",
    "elderly",
    "children",
    "nearest_centre",
    "walk_s",
    "reason",
    "community",
    "district",
    "grid",
)


def find_gaps(
    homes: pd.DataFrame, building: gpd.GeoDataFrame, uncovered: Integers, crs: object
) -> gpd.GeoDataFrame:
    """The gaps of a town, the one with most people first (most homes where people are unknown).

    Homes are chained into one gap while the next is within `GAP_LINK_M`. What a gap says of its
    nearest centre, its walk, its areas and its reason is what holds for most of its people: the
    value with the largest sum, the smaller one on a tie, and for `walk_s` the median. Where the people
    of none of its homes are known every home weighs the same; where those of some are, the others
    weigh nothing in these.

    Parameters
    ----------
    homes, building
        Rows of `Coverage.homes` and the buildings they are, in the same order.
    uncovered
        Shape (u,): rows of the homes that are not covered.
    crs
        The CRS of x and y, metres.

    Returns
    -------
    Columns `GAP_COLUMNS` and the ground as Polygon or MultiPolygon. `people`, `elderly` (60 and
    over) and `children` (0 to 14) are <NA> where unknown for all homes of the gap.
    """
    members = homes.iloc[uncovered]
    ages = building.iloc[uncovered]
    xy = members[["x", "y"]].to_numpy(float)
    cluster = _cluster(xy)
    records, grounds = [], []
    for number in range(int(cluster.max(initial=-1)) + 1):
        rows = np.flatnonzero(cluster == number)
        records.append(_describe(members.iloc[rows], ages.iloc[rows]))
        grounds.append(_draw_ground(xy[rows]))
    frame = pd.DataFrame(records, columns=[*GAP_COLUMNS, "first"])
    for name in ("people", "n_homes", "elderly", "children"):
        frame[name] = frame[name].astype("Int64")
    for name in ("id", "nearest_centre", "reason", "community", "district", "grid"):
        frame[name] = frame[name].astype(object).where(frame[name].notna(), None)
    frame["walk_s"] = frame["walk_s"].astype(float)
    gaps = gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(grounds, index=frame.index, crs=crs))
    order = np.lexsort(
        (
            frame["first"].astype(str).to_numpy(str),
            -frame["n_homes"].to_numpy(float),
            -frame["people"].fillna(0).to_numpy(float),
        )
    )
    gaps = gaps.iloc[order].reset_index(drop=True).drop(columns="first")
    gaps["id"] = pd.Series([f"gap-{number}" for number in range(1, len(gaps) + 1)], dtype=object)
    return gaps


def describe_gaps(gaps: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    """The gaps as JSON-ready values, without their ground; unknown is None."""
    rows = pd.DataFrame(gaps[list(GAP_COLUMNS)]).astype(object)
    rows = rows.where(rows.notna(), None)
    return [
        {str(name): int(value) if isinstance(value, np.integer) else value for name, value in row.items()}
        for row in rows.to_dict("records")
    ]


def _cluster(xy: Floats) -> Integers:
    """The number of each home's gap, shape (u,)."""
    if not len(xy):
        return np.empty(0, np.int64)
    left, right = cKDTree(xy).query_pairs(GAP_LINK_M, output_type="ndarray").T
    links = coo_matrix((np.ones(len(left), np.int32), (left, right)), shape=(len(xy), len(xy)))
    numbers: Integers = connected_components(links, directed=False)[1]
    return numbers


def _describe(homes: pd.DataFrame, ages: gpd.GeoDataFrame) -> dict[str, Any]:
    weights = homes["people"].fillna(0).to_numpy(float)
    if not weights.sum():
        weights = np.ones(len(homes))
    most = {
        name: _pick_heaviest(homes[name].to_numpy(object), weights)
        for name in ("centre", "reason", "community", "district", "grid")
    }
    return {
        "people": sum_known(homes["people"]),
        "n_homes": len(homes),
        "elderly": sum_known(ages["residents_60_plus"]),
        "children": sum_known(ages["residents_0_14"]),
        "nearest_centre": most["centre"],
        "walk_s": _find_median(homes["walk_s"].to_numpy(float), weights),
        "reason": most["reason"],
        "community": most["community"],
        "district": most["district"],
        "grid": most["grid"],
        "first": min(str(building) for building in homes.index),
    }


def _pick_heaviest(values: np.ndarray, weights: Floats) -> str | None:
    """The text with the largest weight, the smaller text on a tie; None when there is no text."""
    sums = pd.Series(weights).groupby(values).sum()
    return None if sums.empty else str(sums.sort_index().idxmax())


def _find_median(values: Floats, weights: Floats) -> float:
    """The lower weighted median: half of the weight has this value or less."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order]) * 2 >= weights.sum()
    return float(values[order][int(np.argmax(reached))])


def _draw_ground(xy: Floats) -> shapely.Geometry:
    ground = shapely.buffer(shapely.multipoints(xy), GAP_GROUND_M)
    return shapely.simplify(ground, GROUND_TOLERANCE_M)
