"""A small still map of an area or a building, as paths of numbers for a page that draws them itself."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geogrid.crs import WGS84, change_crs, transform_points
from geogrid.responsibility.register import Register
from geogrid.schema import AREA_LAYERS, find_layer
from webmap.county import County

LEAST_SIDE_M = 180.0
MARGIN_SHARE = 0.08
SHAPE = 4 / 3
"""Width over height of the drawing."""
NAME_SHARE = 1 / 40
"""Height of a name, of the width."""
SCALE_BARS_M = (10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)


@dataclass(frozen=True)
class Drawing:
    """A map to be drawn in metres from its upper left corner.

    Attributes
    ----------
    width_m, height_m
        Its size on the ground.
    paths
        Kind of what is drawn and its outline in the language of SVG paths, from the lowest up.
    marks
        x and y of service centres.
    names
        x, y and name of the neighbours.
    bar_m
        Length of the scale bar.
    """

    width_m: float
    height_m: float
    paths: list[tuple[str, str]]
    marks: list[tuple[float, float]] = field(default_factory=list)
    names: list[tuple[float, float, str]] = field(default_factory=list)
    bar_m: int = 100


def draw_place(
    county: County, register: Register, kind: str, key: str, walk: Sequence[Sequence[Any]] = ()
) -> Drawing | None:
    """The map of an area, a compound or a building with what lies around it; None where it has no ground.

    Parameters
    ----------
    register
        Of one date.
    walk
        Lines of lon and lat to draw over it, all of which is in the picture.
    """
    frame = register.layers.get(kind)
    if frame is None:
        return None
    wanted = frame[frame["centre" if kind == "centre" else find_layer(kind).key] == key]
    shape = shapely.union_all(wanted.geometry.to_numpy()) if len(wanted) else None
    if shape is None or shape.is_empty:
        return None
    lines = [
        shapely.LineString(transform_points(np.array(line), WGS84, register.metric_crs)) for line in walk
    ]
    box = _frame(shapely.union_all([shape, *lines]).bounds)
    paths = [("water", _trace(_near(county.layers["water"], register, box), box))]
    if county.town is not None:
        paths.append(("street", _trace(_within(county.town.street, box), box)))
    buildings = register.layers["building"]
    inside = buildings[shapely.intersects(buildings.geometry.to_numpy(), shapely.box(*box))]
    is_own = shapely.intersects(shape, inside.geometry.representative_point().to_numpy())
    paths += [
        ("ground", _trace([] if kind == "building" else [shape], box)),
        ("building", _trace(inside.geometry[~is_own], box)),
        ("own", _trace(inside.geometry[is_own], box)),
        ("border", _trace(shapely.boundary(list(_within(frame, box))) if kind in AREA_LAYERS else [], box)),
        ("area", _trace([shape if shape.geom_type == "Point" else shapely.boundary(shape)], box)),
        ("walk", _trace(lines, box)),
    ]
    centres = register.layers["centre"]
    shown = centres[shapely.intersects(centres.geometry.to_numpy(), shapely.box(*box))]
    return Drawing(
        width_m=box[2] - box[0],
        height_m=box[3] - box[1],
        paths=[(name, path) for name, path in paths if path],
        marks=[_at(point, box) for point in shown.geometry],
        names=_name_neighbours(frame, key, shape, box) if kind in AREA_LAYERS else [],
        bar_m=_choose_bar(box[2] - box[0]),
    )


Box = tuple[float, float, float, float]


def _frame(bounds: tuple[float, float, float, float]) -> Box:
    """The bounds with a margin, widened to the drawing's shape."""
    west, south, east, north = bounds
    width = max((east - west) * (1 + 2 * MARGIN_SHARE), LEAST_SIDE_M)
    height = max((north - south) * (1 + 2 * MARGIN_SHARE), LEAST_SIDE_M / SHAPE)
    width, height = max(width, height * SHAPE), max(height, width / SHAPE)
    x, y = (west + east) / 2, (south + north) / 2
    return (x - width / 2, y - height / 2, x + width / 2, y + height / 2)


def _near(layer: gpd.GeoDataFrame, register: Register, box: Box) -> Iterable[BaseGeometry]:
    return _within(change_crs(layer, register.metric_crs, "water"), box) if len(layer) else []


def _within(frame: gpd.GeoDataFrame, box: Box) -> Iterable[BaseGeometry]:
    shapes = frame.geometry.to_numpy()
    return list(shapes[shapely.intersects(shapes, shapely.box(*box))])


def _trace(shapes: Iterable[BaseGeometry], box: Box) -> str:
    """Outlines cut to the box as one SVG path, to a tenth of a metre."""
    parts = []
    for shape in shapes:
        cut = shapely.clip_by_rect(shapely.force_2d(shape), *box)
        for part in shapely.get_parts(cut):
            rings = [part.exterior, *part.interiors] if part.geom_type == "Polygon" else [part]
            for ring in rings:
                if ring.geom_type not in {"LineString", "LinearRing"}:
                    continue
                points = [f"{x - box[0]:.1f} {box[3] - y:.1f}" for x, y in shapely.get_coordinates(ring)]
                if points:
                    parts.append("M" + "L".join(points) + ("Z" if part.geom_type == "Polygon" else ""))
    return "".join(parts)


def _at(point: BaseGeometry, box: Box) -> tuple[float, float]:
    return round(point.x - box[0], 1), round(box[3] - point.y, 1)


def _name_neighbours(
    frame: gpd.GeoDataFrame, key: str, shape: BaseGeometry, box: Box
) -> list[tuple[float, float, str]]:
    """Names of the other areas where enough of them is in the picture to bear one, none over another."""
    size = (box[2] - box[0]) * NAME_SHARE
    found: list[tuple[float, float, str]] = []
    for other, name, ground in zip(frame["code"], frame["name"], frame.geometry, strict=True):
        if other == key or not isinstance(name, str) or not name:
            continue
        cut = shapely.difference(shapely.clip_by_rect(ground, *box), shape)
        if cut.area < 0.02 * (box[2] - box[0]) * (box[3] - box[1]):
            continue
        x, y = _at(cut.representative_point(), box)
        half = size * len(name) / 2
        x = round(min(max(x, half), box[2] - box[0] - half), 1)
        y = round(min(max(y, size), box[3] - box[1] - size), 1)
        if all(
            abs(x - at_x) > half + size * len(told) / 2 or abs(y - at_y) > size for at_x, at_y, told in found
        ):
            found.append((x, y, name))
    return found


def _choose_bar(width_m: float) -> int:
    """The longest round length of at most a fourth of the picture."""
    return max((bar for bar in SCALE_BARS_M if bar <= width_m / 4), default=math.floor(width_m / 4))
