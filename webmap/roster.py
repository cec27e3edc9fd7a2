"""The county's register of places and duties, read without the people who hold them."""

from __future__ import annotations

import pandas as pd

from geogrid.responsibility.register import REGISTER_LAYERS, REGISTER_TABLES, Register
from geogrid.schema import TABLES
from geogrid.workspace import Workspace


def read_register(workspace: Workspace) -> Register | None:
    """What a lookup reads, with every name and phone of a person left behind; None for an empty county."""
    if workspace.metric_crs is None:
        return None
    tables = {name: workspace.read(name, ended=True) for name in REGISTER_TABLES}
    tables["person"] = _forget_people(tables["person"])
    layers = {name: workspace.read(name, ended=True) for name in REGISTER_LAYERS}
    return Register.from_layers(layers, tables, workspace.metric_crs)


def _forget_people(persons: pd.DataFrame) -> pd.DataFrame:
    kept = persons[["id"]].copy()
    for column in TABLES["person"].column_names:
        if column != "id":
            kept[column] = None
    return kept
