"""Whose duties lie within the areas of an account."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence

import geopandas as gpd
import pandas as pd

from geogrid.responsibility.columns import read_texts
from geogrid.schema import find_layer
from geogrid.workspace.workspace import Workspace

_DECLARED = {"grid": ("community", "district"), "beat": ("community",), "group": ("grid",)}
"""Layer -> its columns that name the areas a feature belongs to."""

_LOCATED = ("lane", "grid", "beat", "compound")
"""Layers whose features also belong to the area that a point on them lies in."""


def find_people_in_scope(workspace: Workspace, scope: Sequence[str], on: datetime.date) -> set[str]:
    """The people who have a duty within a scope on a date.

    A duty is within it when it is held for one of its areas, for something that declares to belong
    to one, or for a lane, a grid, a beat or a compound of which a point lies in one.

    Parameters
    ----------
    scope
        Areas as `LAYER:CODE`; empty for the whole county, and then everybody on record is meant.
    """
    with workspace.snapshot():
        if not scope:
            return set(workspace.read("person")["id"])
        duties = workspace.read("assignment", on=on)
        names = {item.partition(":")[0] for item in scope} | {*_LOCATED, *_DECLARED}
        frames = {name: workspace.read(name, on=on) for name in sorted(names)}
    within = _expand_scope(frames, set(scope))
    columns = (read_texts(duties, name) for name in ("person", "layer", "feature"))
    return {
        person
        for person, layer, feature in zip(*columns, strict=True)
        if person and f"{layer}:{feature}" in within
    }


def _expand_scope(frames: Mapping[str, pd.DataFrame], scope: set[str]) -> set[str]:
    """The areas of a scope and all that belongs to them, as `LAYER:KEY`."""
    within = set(scope)
    for name in _LOCATED:
        frame = frames[name]
        for item in scope:
            layer, _, code = item.partition(":")
            area = frames[layer]
            if layer != name and isinstance(frame, gpd.GeoDataFrame) and isinstance(area, gpd.GeoDataFrame):
                shapes = area.geometry[area[find_layer(layer).key] == code]
                inside = frame.geometry.representative_point().within(shapes.union_all())
                within |= {f"{name}:{key}" for key in frame[find_layer(name).key][inside]}
    for name, columns in _DECLARED.items():  # groups last, after the grids they belong to
        keys = read_texts(frames[name], find_layer(name).key)
        for column in columns:
            values = read_texts(frames[name], column)
            within |= {
                f"{name}:{key}"
                for key, value in zip(keys, values, strict=True)
                if key and f"{column}:{value}" in within
            }
    return within
