"""The town's ground as cells of a lattice, each placed on the streets once, as the door of a home would be.

A time surface has two sheets, because a wall is a place where minutes jump: beside a compound the
ground outside and the ground inside are walked from differently. On the outside sheet every cell is
left straight to the nearest public street, also a little way into a compound; on the inside sheet the
cells of gated compounds, and those just outside their walls, are left through the compound's gates. A
wall then has cells on both of its sides on either sheet, and an outline need not be drawn halfway
through it.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from scipy.ndimage import distance_transform_edt
from shapely import STRtree

from geogrid.coverage.homes import Homes
from geogrid.coverage.town import Town
from geogrid.coverage.walks import Layout
from geogrid.network.access import Doors, snap_doors
from geogrid.network.enclosures import PUBLIC, Enclosures, number_regions
from geogrid.network.graph import Graph
from geogrid.network.impedance import ACCESS_DETOUR, ACCESS_LIMIT_M, Floats, Integers
from geogrid.prepared import prepared

CELL_M = 25.0
"""Side of a cell on the screen: at 25 m an outline puts under 1 % of homes on the wrong side."""
PRINT_CELL_M = 10.0
"""Side of a cell in print."""
FRAME_M = 200.0
"""Where the county's extent is not known the ground ends this far round homes and streets."""
MARGIN_CELLS = 2
"""The lattice goes this many cells beyond the extent, so that outlines leave it before they are clipped."""
ASIDE_CELLS = 1.5
"""A cell this near a compound is on its inside sheet: its neighbours across the wall are (half a diagonal is 0.7)."""
BEHIND_M = 0.5
"""So far behind a wall it is looked what lies there."""
OUTSIDE, INSIDE = 0, 1

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Lattice:
    """Square cells in rows from south to north and columns from west to east.

    Attributes
    ----------
    west, south
        Metres: the outer corner of the first cell, a multiple of the side, so that the same ground
        always has the same cells.
    cell_m
        Side of a cell.
    n_rows, n_columns
        Its shape.
    """

    west: float
    south: float
    cell_m: float
    n_rows: int
    n_columns: int

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.n_rows, self.n_columns

    @property
    def x(self) -> Floats:
        """Middles of the columns, shape (n_columns,)."""
        return np.asarray(self.west + (np.arange(self.n_columns) + 0.5) * self.cell_m, np.float64)

    @property
    def y(self) -> Floats:
        """Middles of the rows, shape (n_rows,)."""
        return np.asarray(self.south + (np.arange(self.n_rows) + 0.5) * self.cell_m, np.float64)

    def place_cells(self, cells: Integers) -> Floats:
        """Middles of cells given by their number, row by row from the south-west, shape (n, 2)."""
        row, column = np.divmod(cells, self.n_columns)
        return np.column_stack([self.x[column], self.y[row]])

    def find_cells(self, xy: Floats) -> Integers:
        """Numbers of the cells in which points lie, -1 off the lattice, shape (n,)."""
        column, row = np.floor((xy - [self.west, self.south]) / self.cell_m).T
        within = (column >= 0) & (column < self.n_columns) & (row >= 0) & (row < self.n_rows)
        return np.where(within, row * self.n_columns + column, -1.0).astype(np.int64)


@dataclass(frozen=True)
class Ground:
    """Cells placed on a town's streets: all that does not depend on who walks, or on where centres stand.

    Attributes
    ----------
    cell, sheet
        Shape (s,): the samples: number of a cell, and `OUTSIDE` or `INSIDE`.
    samples, doors
        The samples as homes with one door each, in the same order.
    is_walled
        Shape (rows, columns): the cell's middle lies inside a gated compound.
    is_dry
        Shape (rows, columns): the middle lies in the county and not in water, or a street passes.
    walls
        The gated compounds as one geometry.
    land
        The county less its water.
    """

    lattice: Lattice
    cell: Integers
    sheet: Integers
    samples: Homes
    doors: Doors
    is_walled: Flags
    is_dry: Flags
    walls: shapely.Geometry
    land: shapely.Geometry

    def spread(self, values: Floats | Integers, blank: float) -> npt.NDArray[np.float64]:
        """Values of the samples, shape (s,), as sheets, shape (2, rows, columns), `blank` elsewhere."""
        sheets = np.full((2, *self.lattice.shape), blank)
        sheets.reshape(2, -1)[self.sheet, self.cell] = values
        return sheets


def lay_ground(
    town: Town,
    layout: Layout,
    *,
    cell_m: float = CELL_M,
    near_xy: Floats | None = None,
    near_m: float = 0.0,
    access_limit_m: float = ACCESS_LIMIT_M,
) -> Ground:
    """The ground of a town, its cells placed on the streets.

    Only cells from which a walk may begin are placed: in the county (a cell or two beyond its edge
    too), and within the limit of an access leg of a public street or in a gated compound.

    Parameters
    ----------
    layout
        That of the town. The ground serves every layout with the same streets and compounds, whatever its
        centres and gates.
    near_xy, near_m
        Only cells this near to one of these points, shape (p, 2), are placed; all when None.
    access_limit_m
        As in `lay_out`.
    """
    extent = _find_extent(town, layout)
    lattice = _span_lattice(extent, cell_m)
    water = shapely.union_all(town.water.geometry.to_numpy())
    enclosures = layout.network.enclosures
    walls, land = shapely.union_all(enclosures.polygon), shapely.difference(extent, water)
    outer = shapely.buffer(extent, ASIDE_CELLS * cell_m)
    is_street = _mark_streets(lattice, layout.network.public)
    of_cell, is_walled = _match_walls(lattice, enclosures)
    limit_m = access_limit_m / ACCESS_DETOUR + ASIDE_CELLS * cell_m
    is_wanted = _find_within(is_street, limit_m / cell_m) | (of_cell != PUBLIC)
    if near_xy is not None:
        is_wanted &= mark_near(lattice, near_xy, near_m)
    cells = _keep_cells(lattice, np.flatnonzero(is_wanted), outer)
    is_dry = np.zeros(lattice.shape, bool)
    for group, geometry in ((np.flatnonzero(is_street), extent), (cells, land)):
        is_dry.ravel()[_keep_cells(lattice, group, geometry)] = True
    beyond = np.union1d(cells[is_walled.ravel()[cells]], _keep_cells(lattice, cells, water))
    open_ground = shapely.difference(outer, shapely.union(walls, water))
    groups = (
        np.setdiff1d(cells, beyond, assume_unique=True),
        cells[of_cell.ravel()[cells] != PUBLIC],
        _keep_shallow(lattice, beyond, open_ground),
    )
    samples = _list_samples(groups, of_cell)
    place, xy = np.arange(len(samples.cell)), lattice.place_cells(samples.cell)
    named = gpd.GeoDataFrame({"id": place}, geometry=shapely.points(xy))
    return Ground(
        lattice=lattice,
        cell=samples.cell,
        sheet=samples.sheet,
        samples=Homes(named, xy, np.full(len(xy), -1, np.int64), place, xy, np.ones(len(xy), bool)),
        doors=_place_samples(layout, samples, xy, access_limit_m),
        is_walled=is_walled,
        is_dry=is_dry,
        walls=walls,
        land=land,
    )


def _keep_cells(lattice: Lattice, cells: Integers, geometry: shapely.Geometry) -> Integers:
    """Those cells whose middles lie in a geometry."""
    with prepared(geometry) as ready:
        kept: Integers = cells[shapely.contains_xy(ready, lattice.place_cells(cells))]
    return kept


def _keep_shallow(lattice: Lattice, cells: Integers, open_ground: shapely.Geometry) -> Integers:
    """Those of the cells in walls and water that open ground is near to."""
    points = shapely.points(lattice.place_cells(cells))
    with prepared(open_ground) as ready:
        kept: Integers = cells[shapely.dwithin(ready, points, ASIDE_CELLS * lattice.cell_m)]
    return kept


@dataclass(frozen=True)
class _Samples:
    """Cell, sheet and region of every sample, shape (s,); the first `n_free` stand where people do."""

    cell: Integers
    sheet: Integers
    region: Integers
    n_free: int


def _list_samples(groups: tuple[Integers, Integers, Integers], of_cell: Integers) -> _Samples:
    """The samples of three groups of cells: outside on open ground, inside, outside beyond walls and banks."""
    cell = np.concatenate(groups)
    sheet = np.repeat([OUTSIDE, INSIDE, OUTSIDE], [len(group) for group in groups])
    region = np.where(sheet == INSIDE, of_cell.ravel()[cell], PUBLIC)
    return _Samples(cell, sheet, region, len(cell) - len(groups[2]))


def _place_samples(layout: Layout, samples: _Samples, xy: Floats, access_limit_m: float) -> Doors:
    """The samples on the streets; from those in walls and water people walk as if neither were there."""
    nothing = np.empty(0, dtype=object), np.empty(0, np.int64)
    bare = replace(layout.network, obstacles=nothing[0], obstacle_owner=nothing[1])
    place, n_free = np.arange(len(xy)), samples.n_free
    doors: Doors = _join(
        *(
            snap_doors(network, place[rows], xy[rows], samples.region[rows], access_limit_m=access_limit_m)
            for network, rows in ((layout.network, slice(n_free)), (bare, slice(n_free, None)))
        )
    )
    return doors


def _join(first: Any, second: Any) -> Any:
    """Two values of arrays, one after the other, field by field."""
    if isinstance(first, np.ndarray):
        return np.concatenate([first, second])
    return type(first)(
        **{
            field.name: _join(getattr(first, field.name), getattr(second, field.name))
            for field in fields(first)
        }
    )


def mark_near(lattice: Lattice, xy: Floats, near_m: float) -> Flags:
    """The cells about this near to one of some points, shape (rows, columns): a cell or so too many, none too few."""
    return _find_within(_mark(lattice, xy), near_m / lattice.cell_m + ASIDE_CELLS)


def sample_segments(graph: Graph, spacing_m: float) -> Floats:
    """Places along segments, evenly, at most a spacing apart, shape (n, 2)."""
    n_samples = np.ceil(graph.length_m / spacing_m).astype(np.int64)
    segment = np.repeat(np.arange(graph.n_segments), n_samples)
    within = np.arange(len(segment)) - np.repeat(np.cumsum(n_samples) - n_samples, n_samples)
    fraction = (within + 0.5) / n_samples[segment]
    start, end = graph.ends_xy[segment, :2], graph.ends_xy[segment, 2:]
    xy: Floats = start + fraction[:, None] * (end - start)
    return xy


def _find_extent(town: Town, layout: Layout) -> shapely.Geometry:
    """The county, or a frame round homes and streets where it is not known."""
    extent = shapely.union_all(town.county.geometry.to_numpy())
    if extent.is_empty:
        xy = np.vstack([layout.homes.xy, layout.network.public.node_xy])
        points = shapely.multipoints(xy[np.isfinite(xy).all(axis=1)])
        extent = shapely.buffer(shapely.convex_hull(points), FRAME_M)
    return extent


def _span_lattice(extent: shapely.Geometry, cell_m: float) -> Lattice:
    west, south, east, north = shapely.bounds(extent)
    first = np.floor(np.array([west, south]) / cell_m) - MARGIN_CELLS
    last = np.ceil(np.array([east, north]) / cell_m) + MARGIN_CELLS
    n_columns, n_rows = (last - first).astype(int)
    west, south = first * cell_m
    return Lattice(float(west), float(south), cell_m, int(n_rows), int(n_columns))


def _mark(lattice: Lattice, xy: Floats) -> Flags:
    """The cells that hold a point, shape (rows, columns)."""
    marked = np.zeros(lattice.shape, bool)
    cells = lattice.find_cells(xy)
    marked.ravel()[cells[cells >= 0]] = True
    return marked


def _mark_streets(lattice: Lattice, graph: Graph) -> Flags:
    return _mark(lattice, sample_segments(graph, lattice.cell_m / 2))


def _find_within(marked: Flags, reach_cells: float) -> Flags:
    """Cells within a distance, in sides of a cell, of a marked one."""
    if not marked.any():
        return np.zeros_like(marked)
    within: Flags = distance_transform_edt(~marked) <= reach_cells
    return within


def _match_walls(lattice: Lattice, enclosures: Enclosures) -> tuple[Integers, Flags]:
    """The region of gated compounds in which a cell lies or to whose walls it is near, `PUBLIC` for none; and
    whether in.

    A cell outside but near to walls belongs to what lies behind the nearest one, the first on a tie. Shapes
    (rows, columns).
    """
    of_cell = np.full(lattice.shape, PUBLIC, np.int64)
    is_walled = np.zeros(lattice.shape, bool)
    polygons = enclosures.polygon
    if not len(polygons):
        return of_cell, is_walled
    reach_m = ASIDE_CELLS * lattice.cell_m
    near = _mark(lattice, _fill_boxes(shapely.bounds(polygons), reach_m, lattice))
    cells = np.flatnonzero(near)
    points = shapely.points(lattice.place_cells(cells))
    wall, point = STRtree(points).query(polygons, predicate="dwithin", distance=reach_m)
    distance_m = shapely.distance(points[point], polygons[wall])
    order = np.lexsort((wall, distance_m, point))
    aside, first = np.unique(point[order], return_index=True)
    nearest = wall[order][first]
    is_in = distance_m[order][first] == 0
    is_walled.ravel()[cells[aside]] = is_in
    aside, nearest = aside[~is_in], nearest[~is_in]
    at = points.copy()
    at[aside] = _step_through(points[aside], polygons[nearest])
    holder, place = STRtree(at).query(polygons, predicate="covers")
    rows, enclosure = np.concatenate([place, aside]), np.concatenate([holder, nearest])
    pairs = np.unique(np.column_stack([rows, enclosure]), axis=0).astype(np.int64)
    of_cell.ravel()[cells] = number_regions(pairs[:, 0], pairs[:, 1], len(cells))
    return of_cell, is_walled


def _step_through(
    points: npt.NDArray[np.object_], polygons: npt.NDArray[np.object_]
) -> npt.NDArray[np.object_]:
    """Places a little behind the walls of polygons, each seen from a point outside."""
    here = shapely.get_coordinates(points)
    wall = shapely.get_coordinates(shapely.shortest_line(points, polygons))[1::2]
    away_m = np.hypot(*(wall - here).T)[:, None]
    behind: npt.NDArray[np.object_] = shapely.points(wall + (wall - here) / away_m * BEHIND_M)
    return behind


def _fill_boxes(bounds: Floats, reach_m: float, lattice: Lattice) -> Floats:
    """A point in every cell that a box, widened by a reach, may touch."""
    grown = bounds + np.array([-1, -1, 1, 1]) * (reach_m + lattice.cell_m)
    points = [
        np.stack(
            np.meshgrid(np.arange(west, east, lattice.cell_m), np.arange(south, north, lattice.cell_m)),
            axis=-1,
        ).reshape(-1, 2)
        for west, south, east, north in grown
    ]
    return np.vstack(points)
