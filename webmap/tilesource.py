"""A layer made ready for tiles: its paths in the world of Web Mercator, found by where they lie."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geogrid.crs import to_lonlat
from webmap.geojson import plain_value
from webmap.mvt import (
    EXTENT,
    Bools,
    Column,
    Floats,
    Integers,
    Objects,
    Paths,
    drop_lost_points,
    encode_layer,
    split_paths,
    write_value,
)

BUFFER = 64
"""Units around a tile within which features are drawn too, so that no outline shows at its edge."""

DETAIL_ZOOM = 14
"""Below it features carry few columns: a name of each is most of a tile's bytes."""

THIN_ZOOM = 12
THIN_UNITS = 8
"""Below `THIN_ZOOM` one small feature is drawn in each square of `THIN_UNITS`, which is a pixel or two."""

MAX_LATITUDE = 85.05112878


def project_world(lonlat: Floats) -> Floats:
    """Longitude and latitude as Web Mercator with the world from 0 to 1, x east and y north.

    >>> project_world(np.array([[0.0, 0.0], [180.0, 85.0511287798066]])).round(9).tolist()
    [[0.5, 0.5], [1.0, 1.0]]
    """
    sine = np.sin(np.radians(np.clip(lonlat[:, 1], -MAX_LATITUDE, MAX_LATITUDE)))
    return np.column_stack([lonlat[:, 0] / 360 + 0.5, 0.5 + np.arctanh(sine) / (2 * np.pi)])


def fingerprint_layer(frame: gpd.GeoDataFrame, columns: Sequence[str]) -> str:
    """A short hash of a layer's geometry and columns, in their order: what its tiles depend on."""
    digest = hashlib.sha256()
    digest.update(b"\0".join(shapely.to_wkb(frame.geometry.to_numpy())))
    for column in columns:
        digest.update("\0".join(map(str, frame[column].tolist())).encode())
    return digest.hexdigest()[:12]


@dataclass(frozen=True)
class TileSource:
    """The features of one layer, from which any tile is cut.

    Attributes
    ----------
    shapes
        Shape (n,): the geometries in the world of `project_world`.
    box
        Shape (n, 4): west, south, east, north.
    details
        The columns that are told from `DETAIL_ZOOM` on only.
    """

    name: str
    shapes: Objects
    box: Floats
    tree: shapely.STRtree
    paths: Paths
    first_part: Integers
    first_point: Integers
    columns: Mapping[str, Column]
    details: Collection[str]

    def encode(self, zoom: int, x: int, y: int) -> bytes:
        """The layer as it stands in one tile; empty where nothing lies there."""
        unit = 1 / (EXTENT * 2**zoom)
        west, north = x / 2**zoom, 1 - y / 2**zoom
        reach = BUFFER * unit
        edge = (west - reach, north - EXTENT * unit - reach, west + EXTENT * unit + reach, north + reach)
        found = np.sort(self.tree.query(shapely.box(*edge)))
        if zoom < THIN_ZOOM:
            found = self._thin(found, unit)
        if not len(found):
            return b""
        box = self.box[found]
        is_inside = (box[:, :2] >= edge[:2]).all(axis=1) & (box[:, 2:] <= edge[2:]).all(axis=1)
        is_large = (box[:, 2:] - box[:, :2] > reach).any(axis=1)
        clipped = ~is_inside & is_large
        xy, point_part, part_owner, kind = self._gather(found, ~clipped)
        if clipped.any():
            cut = split_paths(_clip(self.shapes[found[clipped]], edge))
            order = np.argsort(np.append(part_owner, np.flatnonzero(clipped)[cut.part_owner]), kind="stable")
            rank = np.empty(len(order), np.int64)
            rank[order] = np.arange(len(order))
            point_part = rank[np.append(point_part, cut.point_part + len(part_owner))]
            by_part = np.argsort(point_part, kind="stable")
            xy, point_part = np.vstack([xy, cut.xy])[by_part], point_part[by_part]
            part_owner = np.append(part_owner, np.flatnonzero(clipped)[cut.part_owner])[order]
            kind = np.append(kind, cut.kind)[order]
        if not len(xy):
            return b""
        grid = np.rint((xy - (west, north)) / (unit, -unit)).astype(np.int64)
        kept = drop_lost_points(grid, point_part, kind)
        left_out = () if zoom >= DETAIL_ZOOM else self.details
        columns = {name: column for name, column in self.columns.items() if name not in left_out}
        return encode_layer(self.name, found, columns, grid[kept], point_part[kept], (part_owner, kind))

    def _thin(self, found: Integers, unit: float) -> Integers:
        """Of small features one a square, that of the lowest number; all large ones."""
        side = THIN_UNITS * unit
        box = self.box[found]
        is_small = (box[:, 2:] - box[:, :2] < side).all(axis=1)
        square = np.floor(box[is_small, :2] / side).astype(np.int64)
        _, first = np.unique(square[:, 0] << 32 | square[:, 1], return_index=True)
        thinned: Integers = np.sort(np.append(found[~is_small], found[is_small][first]))
        return thinned

    def _gather(self, found: Integers, wanted: Bools) -> tuple[Floats, Integers, Integers, Integers]:
        """The paths of some features, numbered anew; owners count in `found`."""
        rows = np.flatnonzero(wanted)
        parts, part_owner = _ranges(self.first_part, found[rows], rows)
        points, point_part = _ranges(self.first_point, parts, np.arange(len(parts)))
        return self.paths.xy[points], point_part, part_owner, self.paths.kind[parts]


def _ranges(first: Integers, chosen: Integers, marks: Integers) -> tuple[Integers, Integers]:
    """The members first[i] … first[i + 1] - 1 of each chosen i, and its mark for each of them."""
    counts = first[chosen + 1] - first[chosen]
    skipped = np.cumsum(counts) - counts
    return np.arange(int(counts.sum())) + np.repeat(first[chosen] - skipped, counts), np.repeat(marks, counts)


def _clip(shapes: Objects, edge: tuple[float, float, float, float]) -> Objects:
    clipped: Objects = np.asarray(shapely.clip_by_rect(shapes, *edge))
    return clipped


def make_source(
    frame: gpd.GeoDataFrame, name: str, columns: Sequence[str], details: Collection[str] = ()
) -> TileSource:
    """A layer made ready for tiles; its features are numbered from 0 in the order of the rows.

    Parameters
    ----------
    details
        Those of `columns` that are told from `DETAIL_ZOOM` on only.
    """
    degrees = (
        shapely.force_2d(to_lonlat(frame, name).geometry.to_numpy()) if len(frame) else np.empty(0, object)
    )
    shapes = np.asarray(shapely.transform(degrees, project_world))
    shapes = np.where(shapely.is_missing(shapes), shapely.GeometryCollection(), shapes)
    paths = split_paths(shapes)
    return TileSource(
        name=name,
        shapes=shapes,
        box=shapely.bounds(shapes).reshape(-1, 4),
        tree=shapely.STRtree(shapes),
        paths=paths,
        first_part=np.searchsorted(paths.part_owner, np.arange(len(shapes) + 1)),
        first_point=np.searchsorted(paths.point_part, np.arange(len(paths.part_owner) + 1)),
        columns={column: _make_column(frame[column]) for column in columns},
        details=frozenset(details),
    )


def _make_column(series: pd.Series) -> Column:
    codes, different = pd.factorize(series)
    values = tuple(write_value(plain_value(value)) for value in different.tolist())
    return Column(codes.astype(np.int64), values)
