"""OpenStreetMap files as layers of a county: what is taken over, and what is left out and why."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geogrid.areas.extent import draw_extent
from geogrid.crs import WGS84, change_crs, choose_metric_crs
from geogrid.io.guard import Limits, Progress, run_guarded
from geogrid.io.osm_features import OSM_LAYERS, SOURCE, Found, collect_features
from geogrid.io.osm_objects import order_objects
from geogrid.io.osm_places import (
    find_compound_kinds,
    measure_crossings,
    name_compounds_of_buildings,
    name_compounds_of_gates,
)
from geogrid.io.parcel import Parcel
from geogrid.io.values import build_series
from geogrid.schema import LAYERS

LICENCE = "ODbL 1.0"
OSM_LIMITS = Limits(file_bytes=1 << 30, cpu_s=900, wall_s=900)


@dataclass(frozen=True)
class OsmExtract:
    """The layers that an OpenStreetMap file holds.

    Attributes
    ----------
    layers
        `OSM_LAYERS`, each with the schema's columns in WGS 84; some may be empty. Ids begin with
        `n`, `w` or `r` (node, way, relation) and OpenStreetMap's number.
    left_out_ids
        Why something was left out -> what; the reasons are texts of the label table,
        `io.osm.left_out.…`.
    told_ids
        What was taken over otherwise than the file says -> what: `io.osm.told.…`.
    n_repaired
        Polygons that were not valid and were made so, their area all but the same.
    extent
        The ground around the buildings and streets; None where there are none.
    """

    layers: dict[str, gpd.GeoDataFrame]
    left_out_ids: dict[str, list[str]]
    told_ids: dict[str, list[str]]
    n_repaired: int
    extent: shapely.Polygon | None
    source: str = SOURCE
    licence: str = LICENCE

    @property
    def counts(self) -> dict[str, int]:
        """How many features each layer has, and how many of its streets are walkable."""
        counts = {name: len(frame) for name, frame in self.layers.items()}
        return {**counts, "walkable": int(self.layers["street"]["walkable"].sum())}

    @property
    def left_out(self) -> dict[str, int]:
        """Why something was left out -> how many."""
        return {reason: len(ids) for reason, ids in self.left_out_ids.items()}

    def extent_frame(self, code: str, name: str) -> gpd.GeoDataFrame:
        """The extent as the layer `county`, for a county that has none yet; empty where nothing is known."""
        row = {"code": code, "name": name, "source": SOURCE, "synthetic": False, "geometry": self.extent}
        return _frame("county", [] if self.extent is None else [row])


def read_osm(path: Path, progress: Progress | None = None) -> OsmExtract:
    """The streets, squares, buildings, compounds, gates, barriers and waters of an OpenStreetMap file.

    Parameters
    ----------
    path
        XML, PBF or Overpass JSON, packed by gzip or bzip2 or not, whatever its name.
    progress
        Called with the share done and the key of a label.

    Raises
    ------
    UnsupportedFileError, UnfinishedFileError, FileTooCostlyError, FileMissingError
    """
    request = Parcel({"file": path.name})
    found = run_guarded("osm", {"input": path}, request, limits=OSM_LIMITS, progress=progress)
    layers = {name: found.frames[name] for name in OSM_LAYERS}
    info = found.info
    extent = None if info["extent"] is None else shapely.from_wkt(info["extent"])
    return OsmExtract(layers, info["left_out_ids"], info["told_ids"], info["n_repaired"], extent)


def read_osm_here(folder: Path, request: Parcel, report: Progress) -> Parcel:
    """`read_osm` in the child process."""
    (path,) = folder.iterdir()
    shown = request.info["file"]
    report(0.0, "io.progress.read")
    found = collect_features(order_objects(path, shown, folder), shown)
    report(0.6, "io.progress.areas")
    layers = _build_layers(found)
    extent = _draw_extent(layers)
    info = {
        "left_out_ids": found.left_out,
        "told_ids": found.told,
        "n_repaired": found.n_repaired,
        "extent": None if extent is None else shapely.to_wkt(extent, rounding_precision=7),
    }
    return Parcel(info, dict(layers))


def _draw_extent(layers: dict[str, gpd.GeoDataFrame]) -> shapely.Polygon | None:
    """The ground around what a file holds, in degrees. A file's own box is what was asked for, not what is there."""
    frames = [layers[name] for name in ("building", "street", "compound") if len(layers[name])]
    if not frames:
        return None
    west, south, east, north = frames[0].total_bounds
    metric = choose_metric_crs((west + east) / 2, (south + north) / 2)
    shapes = [change_crs(frame, metric, "street").geometry.to_numpy() for frame in frames]
    drawn = gpd.GeoDataFrame(geometry=[draw_extent(np.concatenate(shapes))], crs=metric)
    degrees: shapely.Polygon = change_crs(drawn, WGS84, "county").geometry.iloc[0]
    return degrees


def _build_layers(found: Found) -> dict[str, gpd.GeoDataFrame]:
    layers = {name: _frame(name, rows) for name, rows in found.rows.items()}
    layers["street"]["crossing_s"] = measure_crossings(layers["street"])
    compound = layers["compound"]
    compound["kind"] = find_compound_kinds(compound, layers["gate"], layers["barrier"])
    # Ground without a name that nothing closes off is land use, not a place that people know.
    is_known = compound["name"].notna() | (compound["kind"] == "封闭式")
    if not is_known.all():
        found.left_out["compound_unnamed"] = compound.loc[~is_known, "id"].tolist()
        layers["compound"] = compound = compound[is_known].reset_index(drop=True)
    layers["gate"]["compound"] = name_compounds_of_gates(layers["gate"], compound)
    layers["building"]["compound"] = name_compounds_of_buildings(layers["building"], compound)
    return layers


def _frame(name: str, rows: list[dict[str, Any]]) -> gpd.GeoDataFrame:
    columns = {
        column.name: build_series(column, [row.get(column.name) for row in rows])
        for column in LAYERS[name].columns
    }
    geometry = np.array([row["geometry"] for row in rows], dtype=object)
    return gpd.GeoDataFrame(pd.DataFrame(columns), geometry=geometry, crs=WGS84)
