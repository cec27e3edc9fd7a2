"""The ground of the areas of one kind, made ready to be asked about one place at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from shapely import STRtree
from shapely.geometry.base import BaseGeometry

from geogrid.areas.share import SHARE_DIGITS
from geogrid.responsibility.columns import read_texts

Objects = npt.NDArray[np.object_]

TOGETHER_M = 0.05
"""Borders this near are one: corners on a straight edge lie beside it by millimetres in another CRS."""

CORNER_M = 0.5
"""Shorter stretches of a common border are two corners that meet."""


@dataclass(frozen=True)
class Ground:
    """The areas of one kind on one date, in metres; made by `lay`.

    Attributes
    ----------
    codes
        Sorted, so that the smaller code comes first everywhere.
    names
        Code -> name.
    """

    kind: str
    codes: tuple[str, ...]
    names: Mapping[str, str | None]
    _polygons: Objects
    _borders: Objects
    _main: Objects
    _tree: STRtree

    @classmethod
    def lay(cls, kind: str, areas: gpd.GeoDataFrame) -> Ground:
        """The ground of areas with `code`, `name` and polygons; ones without a code are left out."""
        listed = sorted((code, row) for row, code in enumerate(read_texts(areas, "code")) if code is not None)
        names = read_texts(areas, "name")
        polygons = areas.geometry.to_numpy()[np.array([row for _, row in listed], int)].copy()
        borders = shapely.boundary(polygons)
        return cls(
            kind,
            tuple(code for code, _ in listed),
            {code: names[row] for code, row in listed},
            polygons,
            borders,
            _find_main_parts(polygons),
            STRtree(polygons),
        )

    def name(self, code: str) -> str:
        """What to call an area: its name, or its code where it has none."""
        return self.names.get(code) or code

    def measure_point(self, point: BaseGeometry, within_m: float) -> list[tuple[str, float, float]]:
        """Areas within some metres of a point: code, metres to the area (0 inside), metres to its border."""
        rows = self._near(point, within_m)
        to_area = shapely.distance(self._polygons[rows], point)
        to_border = shapely.distance(self._borders[rows], point)
        return [
            (self.codes[row], area_m, border_m)
            for row, area_m, border_m in zip(rows, to_area.tolist(), to_border.tolist(), strict=True)
        ]

    def measure_polygon(self, polygon: BaseGeometry) -> list[tuple[str, float, float]]:
        """Areas that hold some of a polygon, the largest share first: code, share, metres to its border.

        Shares are those of `areas.share.measure_shares`.
        """
        rows = self._near(polygon, 0.0)
        covers = shapely.covers(self._polygons[rows], polygon)
        share = np.ones(len(rows))
        part = rows[~covers]
        if len(part):
            whole_m2 = shapely.area(polygon)
            common_m2 = shapely.area(shapely.intersection(self._polygons[part], polygon))
            share[~covers] = np.round(common_m2 / whole_m2 if whole_m2 > 0 else 0 * common_m2, SHARE_DIGITS)
        edge_m = shapely.distance(self._borders[rows], polygon)
        held = [
            (self.codes[row], float(part), float(metres))
            for row, part, metres in zip(rows, share, edge_m, strict=True)
            if part > 0
        ]
        return sorted(held, key=lambda one: (-one[1], one[0]))

    def find_nearest(self, place: BaseGeometry) -> tuple[str, float] | None:
        """The nearest area and the metres to it, the smaller code on a tie; None without any area."""
        if not len(self._polygons):
            return None
        rows, metres = self._tree.query_nearest(place, all_matches=True, return_distance=True)
        return (self.codes[rows.min()], float(metres[0])) if len(rows) else None

    def measure_neighbours(self, code: str) -> list[tuple[str, float]]:
        """The areas that touch or overlap one, with the metres of border that they share, by code.

        Borders run together where they are within `TOGETHER_M`; areas that meet in a corner share 0 m.
        """
        row = self.codes.index(code)
        near = self._near(self._polygons[row], TOGETHER_M)
        near = near[near != row]
        beside = shapely.intersection(self._borders[row], shapely.buffer(self._borders[near], TOGETHER_M))
        shared_m = shapely.length(beside)
        shared_m[shared_m < CORNER_M] = 0.0
        return [(self.codes[other], float(metres)) for other, metres in zip(near, shared_m, strict=True)]

    def is_detached(self, code: str, place: BaseGeometry) -> bool:
        """Whether a place lies in a part of an area that is parted from its main one: an exclave."""
        main = self._main[self.codes.index(code)]
        return main is not None and not shapely.intersects(main, place)

    def _near(self, place: BaseGeometry, within_m: float) -> npt.NDArray[np.intp]:
        rows: npt.NDArray[np.intp] = np.sort(self._tree.query(place, predicate="dwithin", distance=within_m))
        return rows


def _find_main_parts(polygons: Objects) -> Objects:
    """Of each area of several parts the largest one, None for the others."""
    main = np.full(len(polygons), None, object)
    for row in np.flatnonzero(shapely.get_num_geometries(polygons) > 1):
        parts = shapely.get_parts(polygons[row])
        main[row] = parts[np.argmax(shapely.area(parts))]
    return main
