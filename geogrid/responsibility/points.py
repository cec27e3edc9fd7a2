"""Positions in large numbers: the areas of many at once, and the areas and people of one in microseconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import shapely

from geogrid.crs import WGS84, transform_points
from geogrid.responsibility.answer import Duty
from geogrid.responsibility.duty import Post, find_duties
from geogrid.responsibility.point_index import PointAreas
from geogrid.responsibility.register import Register
from geogrid.schema import AREA_LAYERS


def locate_points(
    register: Register, points: npt.NDArray[np.float64], on: date, *, crs: str = WGS84
) -> PointAreas:
    """The areas of every kind that cover each of many points on a date.

    The answer is exactly that of `shapely.covers` in the register's metric CRS. (`locate` counts a
    position within a centimetre of a border as on it; here it is on one side.)

    Parameters
    ----------
    register
        Who asks many times about one date narrows it by `on_date` once.
    points
        Shape (n, 2): lon, lat, or x, y in another `crs`.
    crs
        What the points are in; the register's metric CRS saves their transformation.
    """
    xy = points if crs == register.metric_crs else transform_points(points, crs, register.metric_crs)
    return register.on_date(on).point_index.locate(xy)


@dataclass(frozen=True)
class PointDuties:
    """What answers for a point.

    Attributes
    ----------
    areas
        Kind -> codes of the areas that cover it, the smaller first; a kind without any is left out.
    building, compound
        Those that cover it, the smaller id of several.
    people
        On duty for all of these, nearest tier first.
    """

    areas: Mapping[str, tuple[str, ...]]
    building: str | None
    compound: str | None
    people: tuple[Duty, ...]


class PointLookup:
    """The areas, buildings and people of one date, made ready for positions one by one."""

    def __init__(self, register: Register, on: date) -> None:
        self._register = register.on_date(on)
        self._index = self._register.point_index
        self._known: dict[tuple[tuple[int, ...], str | None, str | None], PointDuties] = {}

    def at_lonlat(self, lon: float, lat: float) -> PointDuties:
        """What answers for a position in WGS 84 degrees."""
        ((x, y),) = transform_points(np.array([[lon, lat]]), WGS84, self._register.metric_crs).tolist()
        return self.at_xy(x, y)

    def at_xy(self, x: float, y: float) -> PointDuties:
        """What answers for a point in the register's metric CRS."""
        rows = self._index.find(x, y)
        building, compound = self._register.find_holders(shapely.Point(x, y))
        found = self._known.get((rows, building, compound))
        if found is None:
            found = self._answer(rows, building, compound)
            self._known[rows, building, compound] = found
        return found

    def _answer(self, rows: tuple[int, ...], building: str | None, compound: str | None) -> PointDuties:
        areas: dict[str, tuple[str, ...]] = {}
        for row in rows:
            kind, code = self._index.kind_of(row), str(self._index.codes[row])
            areas[kind] = (*areas.get(kind, ()), code)
        posts = list(self._register.group_posts.get(building or "", ()))
        if compound:
            posts.append(Post("compound", compound, self._register.compound_names.get(compound) or compound))
        posts += [
            Post(kind, code, self._register.grounds[kind].name(code))
            for kind in reversed(AREA_LAYERS)
            for code in areas.get(kind, ())
        ]
        return PointDuties(areas, building, compound, tuple(find_duties(self._register.duties, posts)))
