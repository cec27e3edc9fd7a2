"""What hands and programs do to a partition: one function a kind of damage, each with its sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from geogrid.crs import WGS84, Datum, change_crs, wgs84_to_datum

Layers = Mapping[str, gpd.GeoDataFrame]


@dataclass(frozen=True)
class Damage:
    """A damaged copy of the layers.

    Attributes
    ----------
    layer
        The one that was damaged.
    place
        Where; None for what has no place (a missing shape, a whole layer).
    codes
        Rules of which at least one must speak.
    can_be_mended
        Whether mending alone makes the partition sound again.
    """

    layers: Layers
    layer: str
    place: BaseGeometry | None
    codes: tuple[str, ...]
    can_be_mended: bool


KINDS: list[Callable[[Layers], Damage]] = []


def kind(damage: Callable[[Layers], Damage]) -> Callable[[Layers], Damage]:
    KINDS.append(damage)
    return damage


def _with(layers: Layers, name: str, shapes: Mapping[int, BaseGeometry | None]) -> Layers:
    frame = layers[name].copy()
    geometry = frame.geometry.to_numpy().copy()
    for row, shape in shapes.items():
        geometry[row] = shape
    return {**layers, name: frame.set_geometry(gpd.GeoSeries(geometry, index=frame.index, crs=frame.crs))}


def _shape(layers: Layers, name: str, row: int) -> BaseGeometry:
    return layers[name].geometry.iloc[row]


def _border(layers: Layers, name: str) -> tuple[int, int, BaseGeometry]:
    """Two neighbours and the longest line of their common border."""
    shapes = layers[name].geometry.to_numpy()
    best = (0, 0, shapely.LineString())
    for other in range(1, len(shapes)):
        common = shapely.line_merge(shapely.intersection(shapes[0].boundary, shapes[other].boundary))
        line = max(shapely.get_parts(common), key=lambda part: part.length, default=best[2])
        if line.length > best[2].length:
            best = (0, other, line)
    return best


def _middle(line: BaseGeometry) -> BaseGeometry:
    return line.interpolate(0.5, normalized=True)


@kind
def notch(layers: Layers) -> Damage:
    """A notch of 30 m at a common border belongs to nobody."""
    first, _, line = _border(layers, "community")
    hole = _middle(line).buffer(30) & _shape(layers, "community", first)
    cut = _with(layers, "community", {first: _shape(layers, "community", first) - hole})
    return Damage(cut, "community", hole, ("partition.gap",), can_be_mended=True)


@kind
def hole(layers: Layers) -> Damage:
    """A pond was cut out of a district."""
    pond = layers["grid"].geometry.iloc[12].representative_point().buffer(15)
    row = int(np.argmax(layers["district"].covers(pond)))
    cut = _with(layers, "district", {row: _shape(layers, "district", row) - pond})
    return Damage(cut, "district", pond, ("partition.gap",), can_be_mended=True)


@kind
def overlap(layers: Layers) -> Damage:
    """A community was drawn 40 m into its neighbour."""
    first, second, line = _border(layers, "community")
    bulge = _middle(line).buffer(40)
    drawn = _with(layers, "community", {first: _shape(layers, "community", first) | bulge})
    place = bulge & _shape(layers, "community", second)
    return Damage(drawn, "community", place, ("partition.overlap",), can_be_mended=True)


@kind
def sliver_gap(layers: Layers) -> Damage:
    """One side of a border was drawn again 20 cm away."""
    first, _, line = _border(layers, "district")
    strip = line.buffer(0.2) & _shape(layers, "district", first)
    cut = _with(layers, "district", {first: _shape(layers, "district", first) - strip})
    return Damage(cut, "district", strip, ("partition.sliver_gap",), can_be_mended=True)


@kind
def sliver_overlap(layers: Layers) -> Damage:
    """One side of a border was drawn again 20 cm into the neighbour."""
    first, second, line = _border(layers, "district")
    strip = line.buffer(0.2) & _shape(layers, "district", second)
    drawn = _with(layers, "district", {first: _shape(layers, "district", first) | strip})
    return Damage(drawn, "district", strip, ("partition.sliver_overlap",), can_be_mended=True)


@kind
def lost_vertex(layers: Layers) -> Damage:
    """One side of a border lost a vertex."""
    _, second, line = _border(layers, "community")
    xy = np.array(line.coords)
    # The vertex that matters least, so that hardly more than a line of ground is at stake.
    ground = [shapely.Polygon(xy[i - 1 : i + 2]).area for i in range(1, len(xy) - 1)]
    gone = xy[1 + int(np.argmin(ground))]
    (part,) = shapely.get_parts(_shape(layers, "community", second))
    ring = np.array(part.exterior.coords)
    shape = shapely.Polygon(ring[~(ring == gone).all(axis=1)])
    drawn = _with(layers, "community", {second: shape})
    codes = (
        "partition.edge",
        "partition.gap",
        "partition.overlap",
        "partition.sliver_gap",
        "partition.sliver_overlap",
    )
    return Damage(drawn, "community", shapely.Point(gone).buffer(1), codes, can_be_mended=True)


@kind
def trembling_vertex(layers: Layers) -> Damage:
    """One side of a border was rounded to 5 cm."""
    first, _, line = _border(layers, "community")
    moved = shapely.set_precision(_shape(layers, "community", first), 0.05)
    return Damage(
        _with(layers, "community", {first: moved}),
        "community",
        line.buffer(1),
        ("partition.edge",),
        can_be_mended=True,
    )


@kind
def duplicate(layers: Layers) -> Damage:
    """A district was pasted twice under two codes."""
    frame = layers["district"]
    twin = frame.iloc[[5]].assign(code="PQ99", name="重复片区")
    place = _shape(layers, "district", 5)
    both = gpd.GeoDataFrame(pd.concat([frame, twin], ignore_index=True), crs=frame.crs)
    return Damage(
        {**layers, "district": both}, "district", place, ("geometry.duplicate",), can_be_mended=False
    )


@kind
def repeated_code(layers: Layers) -> Damage:
    """Two communities have one code."""
    frame = layers["community"].copy()
    frame.loc[frame.index[1], "code"] = frame["code"].iloc[0]
    place = _shape(layers, "community", 1)
    return Damage({**layers, "community": frame}, "community", place, ("key.duplicate",), can_be_mended=False)


@kind
def missing_code(layers: Layers) -> Damage:
    """A grid has no code."""
    frame = layers["grid"].copy()
    frame.loc[frame.index[7], "code"] = None
    return Damage(
        {**layers, "grid": frame}, "grid", _shape(layers, "grid", 7), ("key.missing",), can_be_mended=False
    )


@kind
def bow_tie(layers: Layers) -> Damage:
    """Two vertices of a community changed places, so that its ring crosses itself."""
    (shape,) = shapely.get_parts(_shape(layers, "community", 2))
    ring = np.array(shape.exterior.coords)
    for first in range(1, len(ring) - 2):
        xy = ring.copy()
        xy[[first, first + 1]] = xy[[first + 1, first]]
        if not shapely.Polygon(xy).is_valid:
            break
    place = shapely.MultiPoint(xy[first - 1 : first + 3]).convex_hull.buffer(1)
    drawn = _with(layers, "community", {2: shapely.Polygon(xy)})
    return Damage(drawn, "community", place, ("geometry.invalid",), can_be_mended=True)


@kind
def no_shape(layers: Layers) -> Damage:
    """The shape of a district was lost."""
    return Damage(
        _with(layers, "district", {4: None}), "district", None, ("geometry.empty",), can_be_mended=False
    )


@kind
def beyond(layers: Layers) -> Damage:
    """A community at the rim was drawn 200 m out of the county."""
    county = layers["county"].geometry.iloc[0]
    row = int(np.argmax(shapely.area(layers["community"].geometry.to_numpy())))
    shape = _shape(layers, "community", row)
    rim = max(
        shapely.get_parts(shapely.intersection(shape.boundary, county.boundary)), key=lambda p: p.length
    )
    bulge = rim.interpolate(0.5, normalized=True).buffer(200) - county
    drawn = _with(layers, "community", {row: shape | bulge})
    return Damage(drawn, "community", bulge, ("partition.outside",), can_be_mended=True)


@kind
def short_of_the_rim(layers: Layers) -> Damage:
    """The districts end 5 cm before the county does."""
    county = layers["county"].geometry.iloc[0]
    inner = county.buffer(-0.05)
    frame = layers["district"]
    cut = dict(enumerate(shapely.intersection(frame.geometry.to_numpy(), inner)))
    codes = ("partition.rim", "partition.sliver_gap")
    return Damage(_with(layers, "district", cut), "district", county - inner, codes, can_be_mended=True)


@kind
def stray_part(layers: Layers) -> Damage:
    """A block in the middle of one community was given to another, far away."""
    shapes = layers["community"].geometry.to_numpy()
    far = int(np.argmax(shapely.distance(shapes[0], shapes)))
    block = shapes[far].representative_point().buffer(40)
    drawn = _with(layers, "community", {0: shapes[0] | block, far: shapes[far] - block})
    return Damage(drawn, "community", block, ("area.exclave",), can_be_mended=True)


@kind
def short_code(layers: Layers) -> Damage:
    """A community's code lost its last digit."""
    frame = layers["community"].copy()
    frame.loc[frame.index[6], "code"] = frame["code"].iloc[6][:-1]
    place = _shape(layers, "community", 6)
    return Damage({**layers, "community": frame}, "community", place, ("code.grammar",), can_be_mended=False)


@kind
def foreign_code(layers: Layers) -> Damage:
    """A grid's code begins with another community's."""
    frame = layers["grid"].copy()
    frame.loc[frame.index[10], "code"] = frame["community"].iloc[-1] + "999"
    place = _shape(layers, "grid", 10)
    return Damage({**layers, "grid": frame}, "grid", place, ("code.parent",), can_be_mended=False)


@kind
def wrong_parent(layers: Layers) -> Damage:
    """A grid declares a district that it does not lie in."""
    frame = layers["grid"].copy()
    codes = sorted(set(layers["district"]["code"]))
    frame.loc[frame.index[20], "district"] = next(c for c in codes if c != frame["district"].iloc[20])
    place = _shape(layers, "grid", 20)
    return Damage({**layers, "grid": frame}, "grid", place, ("grid.declared",), can_be_mended=False)


@kind
def straddling(layers: Layers) -> Damage:
    """A grid was drawn 30 m over the border of its community."""
    grids, communities = layers["grid"], layers["community"]
    own = communities.geometry.to_numpy()[(communities["code"] == grids["community"].iloc[0]).to_numpy()][0]
    rim = max(
        shapely.get_parts(shapely.line_merge(grids.geometry.iloc[0].boundary & own.boundary)),
        key=lambda p: p.length,
    )
    bulge = _middle(rim).buffer(30) - own
    drawn = _with(layers, "grid", {0: grids.geometry.iloc[0] | bulge})
    return Damage(drawn, "grid", bulge, ("grid.split",), can_be_mended=True)


@kind
def deleted(layers: Layers) -> Damage:
    """A district was deleted."""
    frame = layers["district"]
    place = _shape(layers, "district", 0)
    return Damage(
        {**layers, "district": frame.iloc[1:]}, "district", place, ("partition.gap",), can_be_mended=True
    )


@kind
def torn_grids(layers: Layers) -> Damage:
    """Between two grids 25 m of ground were left to nobody."""
    first, _, line = _border(layers, "grid")
    hole = _middle(line).buffer(25) & _shape(layers, "grid", first)
    cut = _with(layers, "grid", {first: _shape(layers, "grid", first) - hole})
    return Damage(cut, "grid", hole, ("grid.gap",), can_be_mended=True)


@kind
def another_datum(layers: Layers) -> Damage:
    """The districts are GCJ-02, taken for WGS 84."""
    frame = layers["district"]
    degrees = change_crs(frame, WGS84, "damage")
    wrong = shapely.transform(degrees.geometry.to_numpy(), lambda lonlat: wgs84_to_datum(lonlat, Datum.GCJ02))
    moved = degrees.set_geometry(gpd.GeoSeries(wrong, index=frame.index, crs=WGS84))
    metric = change_crs(moved, str(frame.crs), "damage")
    return Damage({**layers, "district": metric}, "district", None, ("datum.shift",), can_be_mended=False)
