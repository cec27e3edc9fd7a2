"""What may leave a county: its layers and computed results, nothing personal and no secret among them."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import shapely

from geogrid.coverage.assess import assess_layout
from geogrid.coverage.catchment import outline_catchments, outline_isochrones
from geogrid.coverage.ground import PRINT_CELL_M, lay_ground
from geogrid.coverage.homes import locate_homes
from geogrid.coverage.reading import Reading
from geogrid.crs import change_crs
from geogrid.schema import LAYERS, SETTING_RULES, TABLES, Layer
from geogrid.workspace.cache import read_layout
from geogrid.workspace.workspace import Workspace

COMPUTED = ("catchment", "isochrone", "gap", "home")
"""Results that are drawn anew for each export and stored nowhere."""
EXPORTABLE: dict[str, Layer] = {
    name: table for name, table in {**LAYERS, **TABLES}.items() if not table.is_personal
}
SECRET_SETTINGS = tuple(name for name, rule in SETTING_RULES.items() if rule.is_secret)


def read_export(workspace: Workspace, name: str) -> pd.DataFrame:
    """A layer or table, or a computed one under the official reading, in the store CRS; marked where synthetic.

    Parameters
    ----------
    name
        In `EXPORTABLE` or `COMPUTED`.
    """
    frame: pd.DataFrame = _compute(workspace, name) if name in COMPUTED else workspace.read(name)
    if name == "setting":
        frame = frame[~frame["id"].isin(SECRET_SETTINGS)]
    if workspace.is_synthetic and "synthetic" not in frame.columns:
        frame = frame.assign(synthetic=True)
    return frame


def _compute(workspace: Workspace, name: str) -> gpd.GeoDataFrame:
    town, reading = workspace.read_town(), Reading.parse(workspace.reading)
    layout = read_layout(workspace.path, town)
    match name:
        case "home":
            drawn = locate_homes(assess_layout(town, layout, [reading])[0].homes, town.street.crs)
        case "gap":
            drawn = assess_layout(town, layout, [reading])[0].printed_gaps
        case "catchment":
            drawn = outline_catchments(layout, lay_ground(town, layout, cell_m=PRINT_CELL_M), reading)
        case _:
            drawn = outline_isochrones(layout, lay_ground(town, layout, cell_m=PRINT_CELL_M), reading)
    located: gpd.GeoDataFrame = change_crs(drawn.assign(reading=str(reading)), str(workspace.store_crs), name)
    if name == "home":
        return located
    shapes = located.geometry.to_numpy().copy()
    broken = ~shapely.is_valid(shapes)  # none is known: see `contour.settle`
    shapes[broken] = shapely.make_valid(shapes[broken], method="structure", keep_collapsed=False)
    return located.set_geometry(shapes, crs=located.crs)
