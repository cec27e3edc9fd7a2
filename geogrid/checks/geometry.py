"""Features without a shape, with a faulty one, or with another feature's."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geogrid.checks.rules import make_finding
from geogrid.findings import Finding
from geogrid.responsibility.columns import read_texts
from geogrid.schema import Geometry, find_layer


def find_geometry_faults(frame: gpd.GeoDataFrame, layer: str) -> list[Finding]:
    """Empty, invalid and repeated geometries of a layer.

    Points may coincide (two gates in one wall, two services behind one door); lines and polygons
    may not: the same ground would count twice.
    """
    shapes = frame.geometry.to_numpy()
    keys = np.array([key or "?" for key in read_texts(frame, find_layer(layer).key)], dtype=object)
    is_empty = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    findings = [make_finding("geometry.empty", layer, [key]) for key in keys[is_empty]]
    for row in np.flatnonzero(~is_empty & ~shapely.is_valid(shapes)):
        reason, _, at = shapely.is_valid_reason(shapes[row]).partition("[")
        place = shapely.Point(*map(float, at.rstrip("]").split())) if at else shapely.make_valid(shapes[row])
        findings.append(make_finding("geometry.invalid", layer, [keys[row]], place=place, reason=reason))
    if find_layer(layer).geometry is not Geometry.POINT:
        findings += _find_repeated(shapes[~is_empty], keys[~is_empty], layer)
    return findings


def _find_repeated(shapes: np.ndarray, keys: np.ndarray, layer: str) -> list[Finding]:
    forms = pd.Series(shapely.to_wkb(shapely.normalize(shapely.force_2d(shapes))))
    return [
        make_finding(
            "geometry.duplicate",
            layer,
            sorted(keys[rows.to_numpy()]),
            place=shapes[rows.iloc[0]],
            size=float(len(rows)),
        )
        for _, rows in forms[forms.duplicated(keep=False)].index.to_series().groupby(forms, sort=True)
    ]
