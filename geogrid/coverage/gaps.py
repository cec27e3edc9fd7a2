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

from geogrid.coverage.walks import Objects
from geogrid.network.impedance import Floats, Integers

GAP_LINK_M = 150.0
"""Uncovered homes this near to each other belong to one gap: about the width of a block and its street."""
GAP_GROUND_M = 60.0
"""The ground of a gap reaches this far round its homes; with `GAP_LINK_M` it may fall into parts."""
GROUND_TOLERANCE_M = 5.0
"""The outline of the ground is simplified by this much: it is drawn, never counted from."""
THINNED_M = 15.0
"""Of the homes in a square of this side one is enough to draw the ground."""

_MOST = {
    "nearest_centre": "centre",
    "reason": "reason",
    "community": "community",
    "district": "district",
    "grid": "grid",
}
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
    xy = members[["x", "y"]].to_numpy(float)
    gap = _cluster(xy)
    n_gaps = int(gap.max(initial=-1)) + 1
    weight = _weigh(members["people"], gap, n_gaps)
    ages = building.iloc[uncovered]
    frame = pd.DataFrame(
        {
            "people": _sum_known(members["people"], gap, n_gaps),
            "n_homes": pd.array(np.bincount(gap, minlength=n_gaps), dtype="Int64"),
            "elderly": _sum_known(ages["residents_60_plus"], gap, n_gaps),
            "children": _sum_known(ages["residents_0_14"], gap, n_gaps),
            "walk_s": _find_medians(members["walk_s"].to_numpy(float), weight, gap),
        }
    )
    for name, column in _MOST.items():
        frame[name] = pd.Series(
            _pick_heaviest(members[column].to_numpy(object), weight, gap, n_gaps), dtype=object
        )
    _, first = np.unique(gap, return_index=True)
    order = np.lexsort(
        (
            uncovered[first],  # homes are sorted by id
            -frame["n_homes"].to_numpy(float),
            -frame["people"].fillna(0).to_numpy(float),
        )
    )
    frame = frame.iloc[order].reset_index(drop=True)
    frame["id"] = pd.Series([f"gap-{number}" for number in range(1, n_gaps + 1)], dtype=object)
    grounds = [_draw_ground(xy[gap == number]) for number in order]
    return gpd.GeoDataFrame(frame[list(GAP_COLUMNS)], geometry=gpd.GeoSeries(grounds, crs=crs))


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


def _weigh(people: pd.Series, gap: Integers, n_gaps: int) -> Floats:
    """What each home weighs in its gap: its people, or 1 where the gap has no known people."""
    known = people.fillna(0).to_numpy(float)
    total = np.bincount(gap, known, minlength=n_gaps)
    return np.where(total[gap] > 0, known, 1.0)


def _sum_known(values: pd.Series, gap: Integers, n_gaps: int) -> pd.Series:
    """Sums by gap, <NA> where nothing is known."""
    sums = pd.Series(values.to_numpy(dtype=float, na_value=np.nan)).groupby(gap).sum(min_count=1)
    return sums.reindex(range(n_gaps)).astype("Int64")


def _pick_heaviest(values: Objects, weight: Floats, gap: Integers, n_gaps: int) -> Objects:
    """By gap, the text with the largest weight, the smaller text on a tie; None where there is no text."""
    texts = pd.DataFrame({"gap": gap, "value": pd.Series(values, dtype=object), "weight": weight})
    sums = texts.dropna(subset="value").groupby(["gap", "value"])["weight"].sum().reset_index()
    sums = sums.sort_values(["gap", "weight", "value"], ascending=[True, False, True]).drop_duplicates("gap")
    heaviest = np.full(n_gaps, None, dtype=object)
    heaviest[sums["gap"].to_numpy()] = sums["value"].to_numpy(object)
    return heaviest


def _find_medians(values: Floats, weight: Floats, gap: Integers) -> Floats:
    """By gap, the lower weighted median: half of the weight has this value or less."""
    order = np.lexsort((values, gap))
    gap, weight = gap[order], weight[order]
    _, first = np.unique(gap, return_index=True)
    total = np.bincount(gap, weight)
    so_far = np.cumsum(weight)
    before = (so_far - weight)[first]
    is_half = (so_far - before[gap]) * 2 >= total[gap]
    _, half = np.unique(gap[is_half], return_index=True)
    medians: Floats = values[order][is_half][half]
    return medians


def _draw_ground(xy: Floats) -> shapely.Geometry:
    _, kept = np.unique(np.floor(xy / THINNED_M), axis=0, return_index=True)
    discs = shapely.buffer(shapely.points(xy[np.sort(kept)]), GAP_GROUND_M, quad_segs=4)
    ground = shapely.union_all(discs)  # four times as fast as the buffer of all points together
    return shapely.simplify(ground, GROUND_TOLERANCE_M)
