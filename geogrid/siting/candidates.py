"""Places where a centre could open: those that the county lists, else places along streets and public buildings."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from scipy.spatial import cKDTree
from shapely import STRtree

from geogrid.coverage.ground import sample_segments
from geogrid.coverage.town import Town
from geogrid.coverage.walks import Layout
from geogrid.network.impedance import Floats, Integers
from geogrid.network.snap import read_xy

SPACING_M = 150.0
"""Between candidates that are generated: under two minutes' walk, so that none better is missed by more."""
STEP_M = 25.0
"""Streets are looked at every so many metres."""

Objects = npt.NDArray[np.object_]
Flags = npt.NDArray[np.bool_]


class Origin(StrEnum):
    """How a candidate is known."""

    GIVEN = "given"
    BUILDING = "building"
    STREET = "street"


@dataclass(frozen=True)
class Candidates:
    """Places where a centre could open, c of them, sorted by id.

    Attributes
    ----------
    id, name
        Shape (c,); a name may be None.
    xy
        Shape (c, 2), metres.
    cost
        Shape (c,); NaN where unknown.
    origin
        Shape (c,): an `Origin`.
    left_out
        Ids of given candidates that lie in water or on ground where nothing may be built.
    """

    id: Objects
    name: Objects
    xy: Floats
    cost: Floats
    origin: Objects
    left_out: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.id)


def find_candidates(
    town: Town,
    layout: Layout,
    candidate: gpd.GeoDataFrame,
    no_build: gpd.GeoDataFrame,
    *,
    spacing_m: float = SPACING_M,
) -> Candidates:
    """The county's own candidates; generated ones where it lists none.

    Parameters
    ----------
    layout
        That of the town.
    candidate, no_build
        The layers, in the town's CRS; either may be empty.
    """
    if len(candidate):
        return list_candidates(town, candidate, no_build)
    return generate_candidates(town, layout, no_build, spacing_m=spacing_m)


def list_candidates(town: Town, candidate: gpd.GeoDataFrame, no_build: gpd.GeoDataFrame) -> Candidates:
    """The candidates of the layer, without those on ground where no centre can stand."""
    ordered = candidate.sort_values("id", kind="stable", ignore_index=True)
    xy = read_xy(ordered.geometry.to_numpy())
    kept = ~_is_on(xy, _list_unfit(town, no_build))
    ids = ordered["id"].astype(str).to_numpy(object)
    return Candidates(
        id=ids[kept],
        name=ordered["name"].to_numpy(object)[kept],
        xy=xy[kept],
        cost=ordered["cost"].to_numpy(float)[kept],
        origin=np.full(int(kept.sum()), Origin.GIVEN.value, dtype=object),
        left_out=tuple(ids[~kept].tolist()),
    )


def generate_candidates(
    town: Town,
    layout: Layout,
    no_build: gpd.GeoDataFrame,
    *,
    spacing_m: float = SPACING_M,
    in_compounds: bool = False,
) -> Candidates:
    """Public buildings, then places along the public streets, none nearer to another than a spacing.

    Nothing lies in water or on ground where nothing may be built, and inside gated compounds only when
    asked for. The same county gives the same candidates.
    """
    public = town.building[(town.building["use"] == "public").to_numpy(bool)].sort_values("id", kind="stable")
    doors_xy = read_xy(shapely.point_on_surface(public.geometry.to_numpy()))
    streets_xy = sample_segments(layout.network.public, STEP_M)
    streets_xy = streets_xy[np.lexsort(streets_xy.T)]  # from south to north
    xy = np.vstack([doors_xy, streets_xy])
    unfit = _list_unfit(town, no_build)
    if not in_compounds:
        gated = town.compound.geometry.to_numpy()[layout.network.gated]
        unfit = np.concatenate([unfit, shapely.buffer(gated, -0.5)])  # a street along a wall is outside
    fit = np.isfinite(xy).all(axis=1) & ~_is_on(xy, unfit)
    rows = np.flatnonzero(fit)
    rows = rows[_thin(xy[rows], spacing_m)]
    is_building = rows < len(doors_xy)
    names = np.append(public["name"].to_numpy(object), np.full(len(streets_xy), None))
    width = len(str(len(rows)))
    return Candidates(
        id=np.array([f"X{number:0{width}d}" for number in range(1, len(rows) + 1)], dtype=object),
        name=names[rows],
        xy=xy[rows],
        cost=np.full(len(rows), np.nan),
        origin=np.where(is_building, Origin.BUILDING.value, Origin.STREET.value).astype(object),
    )


def _list_unfit(town: Town, no_build: gpd.GeoDataFrame) -> Objects:
    """Ground on which no centre can stand."""
    ground: Objects = np.concatenate([town.water.geometry.to_numpy(), no_build.geometry.to_numpy()])
    drawn: Objects = ground[~(shapely.is_missing(ground) | shapely.is_empty(ground))]
    return drawn


def _is_on(xy: Floats, ground: Objects) -> Flags:
    """Whether points lie on some of the polygons, shape (n,)."""
    is_on = np.zeros(len(xy), bool)
    is_on[STRtree(shapely.points(xy)).query(ground, predicate="covers")[1]] = True
    return is_on


def _thin(xy: Floats, spacing_m: float) -> Integers:
    """Rows kept one after another, none nearer than a spacing to one that was kept before it."""
    near = cKDTree(xy).query_ball_point(xy, np.nextafter(spacing_m, 0.0)) if len(xy) else []
    is_free = np.ones(len(xy), bool)
    kept = []
    for row, others in enumerate(near):
        if is_free[row]:
            kept.append(row)
            is_free[others] = False
    return np.array(kept, dtype=np.int64)
