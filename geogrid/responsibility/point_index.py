"""PointIndex: which areas cover a point, for very many points, from a raster of the borders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from scipy import ndimage
from shapely import STRtree

from geogrid.prepared import prepared
from geogrid.responsibility.columns import read_texts

N_CELLS = 1 << 20
"""Cells of the raster: with some 4 m a side over a town, about one in eight has a border in it."""

STEPS_PER_CELL = 8
"""Borders are walked in steps of an eighth of a cell, and each step marks all cells within another eighth
of it: a step reaches a sixteenth to either side, so that no cell that a border touches is missed."""

OUTSIDE = -1
"""In place of an area's row where a point lies in no area of a kind."""

Rows = npt.NDArray[np.int32]
Points = npt.NDArray[np.float64]


@dataclass(frozen=True)
class PointAreas:
    """The areas that cover each of n points.

    Attributes
    ----------
    kinds
        The kinds of area that were looked for.
    codes
        Shape (m,): the code of every area, sorted by kind and code; rows below are rows of it.
    first
        Kind -> shape (n,): the row of the area that covers the point, of several the one with the
        smaller code; `OUTSIDE` where there is none.
    further
        Shape (k, 2): point and row of every other area that covers a point, as on a border.
    """

    kinds: tuple[str, ...]
    codes: npt.NDArray[np.object_]
    first: Mapping[str, Rows]
    further: npt.NDArray[np.int64]
    _kind_of: npt.NDArray[np.int8]

    def codes_of(self, kind: str) -> npt.NDArray[np.object_]:
        """Shape (n,): the code of each point's area, the smaller one on a border; None outside."""
        with_none = np.concatenate([self.codes, np.array([None], object)])
        found: npt.NDArray[np.object_] = with_none[self.first[kind]]
        return found

    def pairs_of(self, kind: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.object_]]:
        """Every point and code of an area of a kind that covers it, sorted by both."""
        first = self.first[kind]
        inside = np.flatnonzero(first != OUTSIDE)
        more = self.further[self._kind_of[self.further[:, 1]] == self.kinds.index(kind)]
        point = np.concatenate([inside, more[:, 0]])
        row = np.concatenate([first[inside].astype(np.int64), more[:, 1]])
        order = np.lexsort((row, point))
        return point[order], self.codes[row[order]]


@dataclass(frozen=True)
class PointIndex:
    """The areas of one date, made ready for points; it never changes. Made by `build`.

    A cell that no border touches lies wholly inside or outside of every area, so that its points
    need no geometry at all. In the other cells the areas concerned are asked one by one: the
    answer is that of `shapely.covers` for every point.

    Attributes
    ----------
    kinds
        In the order of the answers.
    codes
        Shape (m,): the code of every area, sorted by kind and code.
    """

    kinds: tuple[str, ...]
    codes: npt.NDArray[np.object_]
    _kind_of: npt.NDArray[np.int8]
    _polygons: npt.NDArray[np.object_]
    _corner: tuple[float, float]
    _cell_m: float
    _shape: tuple[int, int]
    _cells: Rows
    """Shape (rows * columns,): the set of areas of a whole cell, or -1 - its number among the crossed ones."""
    _sets: tuple[tuple[int, ...], ...]
    _start: npt.NDArray[np.int64]
    _candidates: Rows
    """Of crossed cell i the areas to ask are `_candidates[_start[i] : _start[i + 1]]`."""

    @classmethod
    def build(cls, areas: Mapping[str, gpd.GeoDataFrame], keys: Mapping[str, str]) -> PointIndex:
        """The index of some layers of polygons.

        Parameters
        ----------
        areas
            Kind -> polygons of one date, all in the same metric CRS; ones without geometry or code are
            left out.
        keys
            Kind -> the column that names an area.

        >>> from shapely import box
        >>> frame = gpd.GeoDataFrame({"code": ["B", "A"]}, geometry=[box(10, 0, 20, 10), box(0, 0, 10, 10)])
        >>> index = PointIndex.build({"grid": frame}, {"grid": "code"})
        >>> found = index.locate(np.array([[5.0, 5.0], [10.0, 5.0], [99.0, 5.0]]))
        >>> found.codes_of("grid").tolist(), found.further.tolist()
        (['A', 'A', None], [[1, 1]])
        """
        kinds = tuple(areas)
        listed = sorted(
            (number, code, row)
            for number, kind in enumerate(kinds)
            for row, code in enumerate(read_texts(areas[kind], keys[kind]))
            if code is not None
        )
        grounds = {number: areas[kind].geometry.to_numpy() for number, kind in enumerate(kinds)}
        polygons = np.array([grounds[number][row] for number, _, row in listed] + [None], object)[:-1]
        has_ground = ~(shapely.is_missing(polygons) | shapely.is_empty(polygons))
        polygons = polygons[has_ground].copy()
        corner, cell_m, shape = _lay_raster(polygons)
        crossed, crossing = _mark_borders(polygons, corner, cell_m, shape)
        cells, sets, start, candidates = _fill_cells(polygons, crossed, crossing, corner, cell_m, shape)
        return cls(
            kinds,
            np.array([code for _, code, _ in listed] + [None], object)[:-1][has_ground],
            np.array([number for number, _, _ in listed], np.int8)[has_ground],
            polygons,
            corner,
            cell_m,
            shape,
            cells,
            sets,
            start,
            candidates,
        )

    def locate(self, xy: Points) -> PointAreas:
        """The areas of many points.

        Parameters
        ----------
        xy
            Shape (n, 2), in the CRS of the areas; a point that is not finite lies outside.
        """
        found = np.full(len(xy), len(self._sets), np.int32)  # the set after the last one is empty
        column, row = ((xy - np.array(self._corner)) / self._cell_m).T
        with np.errstate(invalid="ignore"):
            is_on = (column >= 0) & (column < self._shape[1]) & (row >= 0) & (row < self._shape[0])
        if is_on.all():
            found = self._cells[row.astype(np.int32) * self._shape[1] + column.astype(np.int32)]
        else:
            on = np.flatnonzero(is_on)
            found[on] = self._cells[row[on].astype(np.int32) * self._shape[1] + column[on].astype(np.int32)]
        point, area = self._ask_areas(xy, found)
        first = {kind: self._first_of_set[number][found] for number, kind in enumerate(self.kinds)}
        return self._collect(first, self._list_further(found), point, area)

    def find(self, x: float, y: float) -> tuple[int, ...]:
        """The rows of `codes` of the areas that cover one point."""
        column, row = (x - self._corner[0]) / self._cell_m, (y - self._corner[1]) / self._cell_m
        if not (0 <= column < self._shape[1] and 0 <= row < self._shape[0]):
            return ()
        cell = self._plain_cells[int(row) * self._shape[1] + int(column)]
        if cell >= 0:
            return self._sets[cell]
        asked, polygons = self._asked_in_cell(-1 - cell)
        return tuple(asked[shapely.intersects_xy(polygons, x, y)].tolist())

    def kind_of(self, row: int) -> str:
        """The kind of the area in a row of `codes`."""
        return self.kinds[int(self._kind_of[row])]

    @cached_property
    def _plain_cells(self) -> memoryview:
        return self._cells.data  # read one by one it is several times as fast as the array

    def _asked_in_cell(self, crossed: int) -> tuple[Rows, npt.NDArray[np.object_]]:
        asked = self._candidates[self._start[crossed] : self._start[crossed + 1]]
        return asked, self._polygons[asked]

    @cached_property
    def _first_of_set(self) -> Rows:
        """Shape (kinds, sets + 1): the first area of each kind in a set; the last set is empty.

        A crossed cell's number is negative and counts from the end: it must find nothing, whatever
        its number, so that as many empty columns follow.
        """
        n_crossed = len(self._start) - 1
        first = np.full((len(self.kinds), len(self._sets) + 1 + n_crossed), OUTSIDE, np.int32)
        for number, rows in enumerate(self._sets):
            for row in reversed(rows):
                first[self._kind_of[row], number] = row
        return first

    @cached_property
    def _further_of_set(self) -> dict[int, list[int]]:
        """Set -> its areas that are not the first of their kind: areas that overlap."""
        first = self._first_of_set
        listed = {
            number: [row for row in rows if first[self._kind_of[row], number] != row]
            for number, rows in enumerate(self._sets)
        }
        return {number: rows for number, rows in listed.items() if rows}

    def _ask_areas(self, xy: Points, found: Rows) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Point and area of each pair in crossed cells that the area covers, sorted by both."""
        point = np.flatnonzero(found < 0)
        crossed = -1 - found[point].astype(np.int64)
        n_asked = self._start[crossed + 1] - self._start[crossed]
        pair_point = np.repeat(point, n_asked)
        before = np.repeat(np.cumsum(n_asked) - n_asked - self._start[crossed], n_asked)
        area = self._candidates[np.arange(len(pair_point)) - before].astype(np.int64)
        asked, nth = np.unique(area, return_inverse=True)
        with prepared(self._polygons[asked]) as ready:
            covers = shapely.intersects_xy(ready[nth], xy[pair_point, 0], xy[pair_point, 1])
        return pair_point[covers], area[covers]

    def _list_further(self, found: Rows) -> list[npt.NDArray[np.int64]]:
        more = []
        for number, rows in self._further_of_set.items():
            point = np.flatnonzero(found == number)
            more += [np.column_stack([point, np.full(len(point), row)]) for row in rows]
        return more

    def _collect(
        self,
        first: dict[str, Rows],
        more: list[npt.NDArray[np.int64]],
        point: npt.NDArray[np.int64],
        area: npt.NDArray[np.int64],
    ) -> PointAreas:
        for number, kind in enumerate(self.kinds):
            of_kind = np.flatnonzero(self._kind_of[area] == number)
            is_first = np.ones(len(of_kind), bool)
            is_first[1:] = point[of_kind[1:]] != point[of_kind[:-1]]
            first[kind][point[of_kind[is_first]]] = area[of_kind[is_first]]
            rest = of_kind[~is_first]
            more.append(np.column_stack([point[rest], area[rest]]))
        further = np.vstack([np.empty((0, 2), np.int64), *more])
        return PointAreas(self.kinds, self.codes, first, further[np.lexsort(further.T[::-1])], self._kind_of)


# --- building it -------------------------------------------------------------------------------


def _lay_raster(polygons: npt.NDArray[np.object_]) -> tuple[tuple[float, float], float, tuple[int, int]]:
    """South-western corner, side of a cell, rows and columns, with an empty cell all around."""
    if not len(polygons):
        return (0.0, 0.0), 1.0, (1, 1)
    west, south, east, north = shapely.total_bounds(polygons)
    wide, high = max(east - west, 1e-3), max(north - south, 1e-3)
    cell_m = max((wide * high / N_CELLS) ** 0.5, wide / N_CELLS, high / N_CELLS)
    shape = (int(high / cell_m) + 3, int(wide / cell_m) + 3)
    return (float(west - cell_m), float(south - cell_m)), float(cell_m), shape


def _mark_borders(
    polygons: npt.NDArray[np.object_], corner: tuple[float, float], cell_m: float, shape: tuple[int, int]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Every cell that a border touches (and some beside it) with the area whose border it is."""
    lines, line_area = _list_borders(polygons)
    xy, ring = shapely.get_coordinates(lines, return_index=True)
    area = line_area[ring]
    xy = (xy - np.array(corner)) / cell_m
    is_segment = ring[1:] == ring[:-1]
    start, end, area = xy[:-1][is_segment], xy[1:][is_segment], area[:-1][is_segment]
    n_steps = np.maximum(1, np.ceil(STEPS_PER_CELL * np.hypot(*(end - start).T))).astype(np.int64)
    segment = np.repeat(np.arange(len(start)), n_steps + 1)
    first = np.cumsum(n_steps + 1) - (n_steps + 1)
    share = (np.arange(len(segment)) - first[segment]) / n_steps[segment]
    step = start[segment] + share[:, None] * (end - start)[segment]
    margin = 1 / STEPS_PER_CELL
    pairs = []
    for shift in ((-margin, -margin), (-margin, margin), (margin, -margin), (margin, margin)):
        column, row = np.floor(step + np.array(shift)).astype(np.int64).T
        pair = (row * shape[1] + column) * len(polygons) + area[segment]
        pairs.append(pair[np.append(True, pair[1:] != pair[:-1])] if len(pair) else pair)
    pair = np.unique(np.concatenate(pairs))
    n_areas = max(len(polygons), 1)
    return pair // n_areas, pair % n_areas


def _list_borders(
    polygons: npt.NDArray[np.object_],
) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.int64]]:
    """The rings of all parts, each with its area; lines too, which mending a faulty polygon may leave."""
    parts, area = shapely.get_parts(polygons, return_index=True)
    parts, group = shapely.get_parts(parts, return_index=True)  # a collection may hold multipolygons
    rings, part_of = shapely.get_rings(parts, return_index=True)
    is_line = shapely.get_dimensions(parts) == 1
    lines = np.concatenate([rings, parts[is_line]])
    return lines, area[group][np.concatenate([part_of, np.flatnonzero(is_line)])].astype(np.int64)


def _fill_cells(
    polygons: npt.NDArray[np.object_],
    crossed: npt.NDArray[np.int64],
    crossing: npt.NDArray[np.int64],
    corner: tuple[float, float],
    cell_m: float,
    shape: tuple[int, int],
) -> tuple[Rows, tuple[tuple[int, ...], ...], npt.NDArray[np.int64], Rows]:
    """What each cell holds; see the attributes of `PointIndex`.

    Cells side by side without a border between them lie in the same areas: one of each patch is asked.
    """
    n_cells, n_areas = shape[0] * shape[1], max(len(polygons), 1)
    is_whole = np.ones(n_cells, bool)
    is_whole[crossed] = False
    patch, n_patches = ndimage.label(is_whole.reshape(shape))
    patch = patch.ravel()
    member = np.zeros(n_patches + 1, np.int64)
    member[patch] = np.arange(n_cells)
    mixed = np.flatnonzero(~is_whole)
    asked = np.concatenate([member[1:], mixed])
    xy = np.column_stack([asked % shape[1], asked // shape[1]]) + 0.5
    middles = shapely.points(np.array(corner) + cell_m * xy)
    area, middle = STRtree(middles).query(polygons, predicate="covers")
    held = np.unique(middle.astype(np.int64) * n_areas + area)
    middle, area = held // n_areas, held % n_areas
    of_patch = middle < n_patches
    listed: list[list[int]] = [[] for _ in range(n_patches)]
    for number, row in zip(middle[of_patch].tolist(), area[of_patch].tolist(), strict=True):
        listed[number].append(row)
    sets = {rows: number for number, rows in enumerate(dict.fromkeys(map(tuple, listed)))}
    set_of_patch = np.array([0, *(sets[tuple(rows)] for rows in listed)], np.int32)
    cells = set_of_patch[patch]
    cells[mixed] = -1 - np.arange(len(mixed), dtype=np.int32)
    number_of = np.searchsorted(mixed, crossed)
    pair = np.unique(
        np.concatenate([
            number_of * n_areas + crossing,
            (middle[~of_patch] - n_patches) * n_areas + area[~of_patch],
        ])
    )  # fmt: skip
    start = np.searchsorted(pair // n_areas, np.arange(len(mixed) + 1))
    return cells, tuple(sets), start.astype(np.int64), (pair % n_areas).astype(np.int32)
