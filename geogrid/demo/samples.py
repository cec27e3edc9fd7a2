"""The demo's polygon layers and centres as small GeoJSON files, for `data/`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from geogrid.demo.town import build_town

SAMPLE_LAYERS = {
    "communities.geojson": "community",
    "districts.geojson": "district",
    "centres.geojson": "centre",
}
SAMPLE_SEED = 1
DECIMALS = 7
"""Of a degree: a centimetre."""


def format_samples(frames: Mapping[str, pd.DataFrame]) -> dict[str, str]:
    """File name -> GeoJSON text (RFC 7946) of the layers in `SAMPLE_LAYERS`, one feature a line."""
    return {file: _format_layer(gpd.GeoDataFrame(frames[layer])) for file, layer in SAMPLE_LAYERS.items()}


def write_samples(folder: Path) -> None:
    """Build the town of `SAMPLE_SEED` and write its sample files into the folder."""
    for file, text in format_samples(build_town(SAMPLE_SEED)).items():
        (folder / file).write_text(text, encoding="utf-8", newline="\n")


def _format_layer(frame: gpd.GeoDataFrame) -> str:
    lines = []
    for values, shape in zip(
        frame.drop(columns="geometry").to_dict("records"), frame.geometry.values, strict=True
    ):
        feature = {
            "type": "Feature",
            "properties": {name: _to_json(value) for name, value in values.items()},
            "geometry": _round_geometry(shape),
        }
        lines.append(json.dumps(feature, ensure_ascii=False, separators=(",", ":")))
    body = ",\n".join(lines)
    return f'{{"type":"FeatureCollection","synthetic":true,"features":[\n{body}\n]}}\n'


def _to_json(value: Any) -> Any:
    if pd.isna(value):
        return None
    return value.item() if hasattr(value, "item") else value


def _round_geometry(shape: shapely.Geometry) -> dict[str, Any]:
    """GeoJSON geometry with the outer ring counter-clockwise, as RFC 7946 has it."""
    if shape.geom_type == "Polygon":
        shape = shapely.orient_polygons(shape)
    made = json.loads(shapely.to_geojson(shape))
    return {"type": made["type"], "coordinates": _round(made["coordinates"])}


def _round(values: Any) -> Any:
    return round(values, DECIMALS) if isinstance(values, float) else [_round(item) for item in values]
