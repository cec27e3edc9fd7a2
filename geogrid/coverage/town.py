"""Town: the layers of a county that a walk to a service centre depends on, all in one metric CRS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from geogrid.crs import require_metric, require_same_crs
from geogrid.errors import EmptyLayerError
from geogrid.schema import PANDAS_DTYPES, Geometry, find_layer


@dataclass(frozen=True)
class Town:
    """A county's layers, each with the columns of its schema; any may be empty."""

    county: gpd.GeoDataFrame
    building: gpd.GeoDataFrame
    entrance: gpd.GeoDataFrame
    compound: gpd.GeoDataFrame
    gate: gpd.GeoDataFrame
    centre: gpd.GeoDataFrame
    street: gpd.GeoDataFrame
    street_barrier: gpd.GeoDataFrame
    square: gpd.GeoDataFrame
    barrier: gpd.GeoDataFrame
    water: gpd.GeoDataFrame
    community: gpd.GeoDataFrame
    district: gpd.GeoDataFrame
    grid: gpd.GeoDataFrame

    @classmethod
    def from_layers(cls, layers: Mapping[str, gpd.GeoDataFrame]) -> Town:
        """A town from layers by name; those that are not a town's are left aside.

        A layer that is missing becomes an empty one, and a column of the schema that is missing
        becomes an empty column. Polygons that cross themselves are computed with as `make_valid`
        mends them: finding and mending them in the data is the work of `checks`.

        Raises
        ------
        EmptyLayerError
            When there is no layer at all.
        CrsError
            When the layers are not all in one CRS, in metres.
        """
        given = {name: layers[name] for name in TOWN_LAYERS if name in layers}
        if not given:
            raise EmptyLayerError(layer="street", title=find_layer("street").zh)
        require_same_crs(*given.values())
        for name, frame in given.items():
            require_metric(frame, name)
        crs = next(iter(given.values())).crs
        empty = gpd.GeoDataFrame(geometry=gpd.GeoSeries([], crs=crs))
        return cls(**{name: complete_layer(given.get(name, empty), name) for name in TOWN_LAYERS})

    @property
    def crs(self) -> object:
        """The metric CRS of all layers."""
        return self.street.crs

    def require_layers(self, *names: str) -> None:
        """Raise EmptyLayerError when one of these layers holds nothing."""
        for name in names:
            if getattr(self, name).empty:
                raise EmptyLayerError(layer=name, title=find_layer(name).zh)


TOWN_LAYERS = tuple(field.name for field in fields(Town))


def list_street_ids(town: Town, column: str = "id") -> npt.NDArray[np.object_]:
    """Ids (or another column) of the streets, and then of the squares, as segments of the network number them."""
    ids: npt.NDArray[np.object_] = np.concatenate(
        [town.street[column].to_numpy(object), town.square[column].to_numpy(object)]
    )
    return ids


def complete_layer(frame: gpd.GeoDataFrame, name: str) -> gpd.GeoDataFrame:
    """The layer with every column of its schema, in the types in which layers travel."""
    columns = {}
    for column in find_layer(name).columns:
        dtype = PANDAS_DTYPES.get(column.type)
        if column.name not in frame:
            values = pd.Series([None] * len(frame), index=frame.index, dtype=dtype or object)
        elif dtype is None:
            values = frame[column.name].astype(object)
            values = values.where(values.notna(), None)
        else:
            values = frame[column.name].astype(dtype)
        columns[column.name] = values
    geometry = frame.geometry
    if find_layer(name).geometry is Geometry.POLYGON and not geometry.is_valid.all():
        geometry = geometry.make_valid()
    return gpd.GeoDataFrame(columns, geometry=geometry, crs=frame.crs).reset_index(drop=True)
