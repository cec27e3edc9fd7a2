"""Coverage gaps: clusters of homes outside the cutoff, with their people, their ground and their causes."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.spatial import cKDTree

from geogrid.coverage.catchment import FOOTPRINT_M, outline_reached_cells
from geogrid.coverage.cluster import cluster_homes
from geogrid.coverage.contour import outline_owners, outline_within, settle_partition
from geogrid.coverage.explain import GapReason
from geogrid.coverage.ground import CELL_M, lay_ground, mark_near
from geogrid.coverage.reading import Reading
from geogrid.coverage.stamping import NOBODY, stamp_homes
from geogrid.coverage.town import Town
from geogrid.coverage.walks import Layout, Objects
from geogrid.network.graph import MM_PER_M
from geogrid.network.impedance import ACCESS_DETOUR, Floats, Integers

GAP_LINK_M = 150.0
"""Uncovered homes this near to each other belong to one gap: about the width of a block and its street."""
GAP_LEAST_WIDTH_M = 300.0
"""No gap is split to be narrower than this: pieces of a few houses are nobody's plan for a centre."""
GAP_GROUND_M = 60.0
"""The ground of a gap reaches this far round its homes; with `GAP_LINK_M` it may fall into parts."""

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
    *(f"n_{reason.value}" for reason in GapReason),
)


def find_gaps(
    town: Town,
    layout: Layout,
    homes: pd.DataFrame,
    uncovered: Integers,
    reading: Reading,
    *,
    cell_m: float = CELL_M,
) -> gpd.GeoDataFrame:
    """The gaps of a town, the one with most people first (most homes where people are unknown).

    Homes are chained into one gap while the next is within `GAP_LINK_M`, and a chain is split where it
    is too wide for one new centre (see `limit_width`). What a gap says of its nearest centre, its
    walk, its areas and its reason is what holds for most of its people: the value with the largest
    sum, the smaller one on a tie, and for `walk_s` the median. Where the people of none of its homes
    are known every home weighs the same; where those of some are, the others weigh nothing in these.

    Parameters
    ----------
    homes
        Rows of `Coverage.homes`, those of the layout in its order.
    uncovered
        Shape (u,): rows of the homes that are not covered.
    cell_m
        Side of the cells from which their ground is drawn.

    Returns
    -------
    Columns `GAP_COLUMNS` and the ground as Polygon or MultiPolygon. `people`, `elderly` (60 and
    over) and `children` (0 to 14) are <NA> where unknown for all homes of the gap; `n_gate`,
    `n_barrier` and so on count its homes by their reason. The grounds of gaps do not overlap, and
    lie outside all isochrones.
    """
    members = homes.iloc[uncovered]
    xy = members[["x", "y"]].to_numpy(float)
    gap = cluster_homes(xy, GAP_LINK_M, limit_width(reading))
    n_gaps = int(gap.max(initial=-1)) + 1
    weight = _weigh(members["people"], gap, n_gaps)
    ages = layout.homes.building.iloc[uncovered]
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
    for reason in GapReason:
        counts = np.bincount(gap, members["reason"] == reason.value, minlength=n_gaps)
        frame[f"n_{reason.value}"] = pd.array(counts.astype(np.int64), dtype="Int64")
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
    grounds: Any = _draw_grounds(town, layout, uncovered, gap, reading, cell_m)[order] if n_gaps else []
    return gpd.GeoDataFrame(frame[list(GAP_COLUMNS)], geometry=gpd.GeoSeries(grounds, crs=town.crs))


def limit_width(reading: Reading) -> float:
    """Metres between the two homes of a gap that are furthest apart.

    As far as somebody gets within the cutoff, the detour of an access leg taken off: a centre at any
    of the gap's homes would be within the cutoff of all the others. At least `GAP_LEAST_WIDTH_M`.

    >>> limit_width(Reading("minutes", 10)), limit_width(Reading("minutes", 10, "elderly"))
    (600.0, 400.0)
    """
    reach_m = reading.cutoff_units / 1000.0 * reading.measure.speed_m_per_s / ACCESS_DETOUR
    return max(reach_m, GAP_LEAST_WIDTH_M)


def describe_gaps(gaps: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    """The gaps as JSON-ready values, without their ground; unknown is None."""
    rows = pd.DataFrame(gaps[list(GAP_COLUMNS)]).astype(object)
    rows = rows.where(rows.notna(), None)
    return [
        {str(name): int(value) if isinstance(value, np.integer) else value for name, value in row.items()}
        for row in rows.to_dict("records")
    ]


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


def _draw_grounds(
    town: Town, layout: Layout, uncovered: Integers, gap: Integers, reading: Reading, cell_m: float
) -> Objects:
    """The ground of every gap: the land round its homes from which no centre is within the cutoff."""
    xy, reach_m = layout.homes.xy[uncovered], GAP_GROUND_M + 2 * cell_m
    ground = lay_ground(town, layout, cell_m=cell_m, near_xy=xy, near_m=reach_m)
    lattice = ground.lattice
    near = np.flatnonzero(mark_near(lattice, xy, reach_m))
    distance_m, home = cKDTree(xy).query(lattice.place_cells(near))
    owner, mm = np.full(lattice.shape, -1), np.full(lattice.shape, np.inf)
    owner.ravel()[near], mm.ravel()[near] = gap[home], np.floor(distance_m * MM_PER_M)
    around = outline_within(lattice, mm, GAP_GROUND_M * MM_PER_M, reach_m * MM_PER_M)
    bare = shapely.difference(around, outline_reached_cells(layout, ground, reading))
    grounds = shapely.intersection(outline_owners(ground, np.stack([owner, owner]), int(gap.max()) + 1), bare)
    own = np.full(layout.n_homes, NOBODY)
    own[uncovered] = gap
    drawn = settle_partition(stamp_homes(settle_partition(grounds), layout.homes, own))
    for number in np.flatnonzero(shapely.is_empty(drawn)):
        drawn[number] = shapely.union_all(shapely.buffer(shapely.points(xy[gap == number]), FOOTPRINT_M))
    return drawn
