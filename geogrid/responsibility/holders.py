"""Holders: which building or compound a point lies in."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
from shapely import STRtree
from shapely.geometry.base import BaseGeometry

from geogrid.responsibility.columns import read_texts


class Holders:
    """Polygons with an id, ready to be asked which of them covers a point."""

    def __init__(self, frame: gpd.GeoDataFrame) -> None:
        listed = sorted((key, row) for row, key in enumerate(read_texts(frame, "id")) if key is not None)
        self._ids = [key for key, _ in listed]
        self._tree = STRtree(frame.geometry.to_numpy()[np.array([row for _, row in listed], int)])

    def find(self, point: BaseGeometry) -> str | None:
        """The id of the polygon that covers a point, the smaller one of several; None outside of all."""
        found = self._tree.query(point, predicate="intersects")
        return self._ids[found.min()] if len(found) else None
