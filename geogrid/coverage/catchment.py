"""The ground of each centre: where it is the nearest one (catchment), and from where it is within the cutoff.

These are drawings, made from a surface of walks. People and homes in them are counted from the walks
of the homes; each lies on its side of every outline (`stamping`), but for homes at one and the same point.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import csc_matrix

from geogrid.coverage.contour import keep_polygons, outline_ground, outline_owners, settle, settle_partition
from geogrid.coverage.ground import CELL_M, Ground, Lattice, lay_ground
from geogrid.coverage.reach import measure_walks_within
from geogrid.coverage.reading import Reading
from geogrid.coverage.stamping import NOBODY, stamp_homes
from geogrid.coverage.summary import sum_known
from geogrid.coverage.surface import measure_cells, measure_surface
from geogrid.coverage.town import Town
from geogrid.coverage.walks import Layout, Objects, lay_out, measure_walks
from geogrid.network.impedance import Floats, Integers, price_legs

FOOTPRINT_M = 5.0
"""A centre that nobody is nearest to, or that no street reaches, is drawn as this much ground round its door."""


def draw_catchments(town: Town, reading: Reading, *, cell_m: float = CELL_M) -> gpd.GeoDataFrame:
    """The ground and the homes of each centre, by the reading's measure, however far they are.

    Ground belongs to the centre that is nearest on foot, the smaller id on a tie; ground from which no
    centre can be reached belongs to none. Catchments do not overlap.

    Returns
    -------
    One row per centre, by id: `centre`, `name`, `people` (<NA> where unknown for all its homes),
    `n_homes`, and a Polygon or MultiPolygon.

    Raises
    ------
    EmptyLayerError
        When the town has no street, no centre or no home.
    """
    layout = lay_out(town)
    return outline_catchments(layout, lay_ground(town, layout, cell_m=cell_m), reading)


def outline_catchments(layout: Layout, ground: Ground, reading: Reading) -> gpd.GeoDataFrame:
    """The same, over ground that was laid before."""
    walks = measure_walks(layout, reading.measure)
    surface = measure_surface(layout, ground, reading.measure)
    grounds = outline_owners(ground, surface.centre, layout.n_centres)
    settled = settle_partition(_mark_doors(grounds, layout.centre_xy))
    grounds = settle_partition(stamp_homes(settled, layout.homes, walks.centre))
    homes = pd.DataFrame({"centre": walks.centre, "people": layout.homes.building["residents"].array})
    members = dict(iter(homes.groupby("centre")))
    empty = homes.iloc[:0]
    people = [sum_known(members.get(centre, empty)["people"]) for centre in range(layout.n_centres)]
    frame = _list_centres(layout)
    frame["people"] = pd.array(people, dtype="Int64")
    frame["n_homes"] = np.bincount(walks.centre[walks.centre >= 0], minlength=layout.n_centres)
    return gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(grounds, crs=layout.homes.building.crs))


def draw_isochrones(town: Town, reading: Reading, *, cell_m: float = CELL_M) -> gpd.GeoDataFrame:
    """The ground from which each centre is within the reading's cutoff.

    Returns
    -------
    One row per centre, by id: `centre`, `name`, and a Polygon or MultiPolygon.

    Raises
    ------
    EmptyLayerError
        When the town has no street, no centre or no home.
    """
    layout = lay_out(town)
    return outline_isochrones(layout, lay_ground(town, layout, cell_m=cell_m), reading)


def outline_isochrones(
    layout: Layout, ground: Ground, reading: Reading, *, tolerance_m: float = 0.0
) -> gpd.GeoDataFrame:
    """The same, over ground that was laid before.

    Parameters
    ----------
    tolerance_m
        Outlines may run this far from where they belong, for fewer corners; homes are on their side all the same.
    """
    step = _price_step(ground, reading)
    limit = reading.cutoff_units + step
    within = csc_matrix(measure_walks_within(layout, reading))
    grounds = []
    for centre, samples, prices in measure_cells(layout, ground, reading.measure, limit=limit):
        drawn = shapely.MultiPolygon()
        if len(samples):
            lattice, cost = _cut_window(ground, samples, prices)
            drawn = outline_ground(ground, lattice, cost, reading.cutoff_units, step)
        if tolerance_m:
            drawn = shapely.simplify(drawn, tolerance_m)
        homes = within.indices[within.indptr[centre] : within.indptr[centre + 1]]
        drawn = _stamp(drawn, layout, homes)
        grounds.append(_draw_footprint(layout.centre_xy[centre]) if drawn.is_empty else drawn)
    return gpd.GeoDataFrame(
        _list_centres(layout), geometry=gpd.GeoSeries(grounds, crs=layout.homes.building.crs)
    )


def outline_reached(layout: Layout, ground: Ground, reading: Reading) -> shapely.Geometry:
    """The ground from which any centre is within the reading's cutoff: all isochrones together."""
    walks = measure_walks(layout, reading.measure)
    covered = np.flatnonzero(walks.cost <= reading.cutoff_units)
    return _stamp(outline_reached_cells(layout, ground, reading), layout, covered)


def outline_reached_cells(layout: Layout, ground: Ground, reading: Reading) -> shapely.Geometry:
    """The same by its cells alone: homes near its edge may lie on the wrong side."""
    surface = measure_surface(layout, ground, reading.measure)
    step = _price_step(ground, reading)
    return outline_ground(ground, ground.lattice, surface.cost, reading.cutoff_units, step)


def _stamp(drawn: shapely.Geometry, layout: Layout, homes: Integers) -> shapely.Geometry:
    """A ground with these homes inside it and all others outside."""
    owner = np.full(layout.n_homes, NOBODY)
    owner[homes] = 0
    settled = settle(
        np.array([drawn], dtype=object)
    )  # first: it moves edges as much as a home may be beside one
    return settle(stamp_homes(settled, layout.homes, owner))[0]


def _price_step(ground: Ground, reading: Reading) -> float:
    return float(price_legs(np.array([ground.lattice.cell_m]), reading.measure)[0])


def _cut_window(ground: Ground, samples: Integers, prices: Floats) -> tuple[Lattice, Floats]:
    """The part of the lattice round some samples, and their prices there, shape (2, rows, columns)."""
    lattice = ground.lattice
    row, column = np.divmod(ground.cell[samples], lattice.n_columns)
    top, left = max(int(row.min()) - 1, 0), max(int(column.min()) - 1, 0)
    n_rows = min(int(row.max()) + 2, lattice.n_rows) - top
    n_columns = min(int(column.max()) + 2, lattice.n_columns) - left
    cost = np.full((2, n_rows, n_columns), np.inf)
    cost[ground.sheet[samples], row - top, column - left] = prices
    west, south = lattice.west + left * lattice.cell_m, lattice.south + top * lattice.cell_m
    return Lattice(west, south, lattice.cell_m, n_rows, n_columns), cost


def _list_centres(layout: Layout) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "centre": pd.Series(layout.centre_id, dtype=object),
            "name": pd.Series(layout.centre_name, dtype=object),
        }
    )


def _mark_doors(grounds: Objects, door_xy: Floats) -> Objects:
    """Grounds of which the empty ones became a little ground round their door, taken from the others.

    Of several empty ones the later are the smaller, so that those at one place are rings in each other.
    """
    grounds = grounds.copy()
    empty = np.flatnonzero(shapely.is_empty(grounds) & np.isfinite(door_xy).all(axis=1))
    for turn, number in enumerate(empty):
        mark = shapely.buffer(shapely.points(door_xy[number]), FOOTPRINT_M * (1 - turn / len(empty)))
        for other in np.flatnonzero(shapely.intersects(grounds, mark)):
            grounds[other] = keep_polygons(shapely.difference(grounds[other], mark))
        grounds[number] = mark
    return grounds


def _draw_footprint(door_xy: Floats) -> shapely.Geometry:
    return shapely.buffer(shapely.points(door_xy), FOOTPRINT_M)
