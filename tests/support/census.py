"""A town whose homes and people are drawn by chance: what its sums tell of a single home can be tried on it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geogrid.crs import change_crs
from geogrid.workspace import Workspace
from tests.support.web import METRIC, SOUTH, STORE, WEST, box, point

WIDE_M, HIGH_M, BLOCK_M = 1800, 1200, 200
SPACING_M = 25
SHARE_FEW, SHARE_EMPTY = 0.4, 0.1


def _frame(rows: list[dict[str, Any]]) -> gpd.GeoDataFrame:
    frame = gpd.GeoDataFrame(rows, geometry="geometry", crs=METRIC)
    return change_crs(frame, STORE, "test").assign(synthetic=True)


def _areas(n_columns: int, n_rows: int, prefix: str, shift_m: float = 0.0) -> list[dict[str, Any]]:
    """Rectangles that tile the town, numbered from the lower left; their borders may be moved to the east."""
    x = np.linspace(0, WIDE_M, n_columns + 1)
    x[1:-1] += shift_m
    y = np.linspace(0, HIGH_M, n_rows + 1)
    return [
        {
            "code": f"{prefix}{row * n_columns + column + 1:02d}",
            "name": f"{prefix}{row * n_columns + column + 1:02d}",
            "geometry": box(x[column], y[row], x[column + 1] - x[column], y[row + 1] - y[row]),
        }
        for row in range(n_rows)
        for column in range(n_columns)
    ]


def draw_people(rng: np.random.Generator, n_homes: int) -> pd.Series:
    """People of each home, whatever its place: many of 1 to 4, some of none, some unknown, the others up to 60."""
    kind = rng.random(n_homes)
    people = np.where(kind < SHARE_FEW, rng.integers(1, 5, n_homes), rng.integers(5, 61, n_homes))
    people = np.where(kind > 1 - SHARE_EMPTY, 0, people)
    return pd.Series(people, dtype="Int64").mask(rng.random(n_homes) < 0.02)


def write_census(path: Path, seed: int, level: str = "map", beat_shift_m: float = 0.0) -> Path:
    """A county's file of six communities, four districts that do not keep to them, and homes along every street."""
    rng = np.random.default_rng(seed)
    lines = [
        shapely.LineString([(WEST + x, SOUTH + y), (WEST + x + BLOCK_M, SOUTH + y)])
        for y in range(100, HIGH_M, BLOCK_M)
        for x in range(100, WIDE_M - 200, BLOCK_M)
    ] + [
        shapely.LineString([(WEST + x, SOUTH + y), (WEST + x, SOUTH + y + BLOCK_M)])
        for y in range(100, HIGH_M - 200, BLOCK_M)
        for x in range(100, WIDE_M, BLOCK_M)
    ]
    corners = [
        (x + rng.uniform(-4, 4), y + side * rng.uniform(12, 20))
        for y in range(100, HIGH_M, BLOCK_M)
        for x in range(110, WIDE_M - 110, SPACING_M)
        for side in (-1, 1)
    ]
    people = draw_people(rng, len(corners))
    layers = {
        "county": [{"code": "350725", "name": "测试县", "geometry": box(0, 0, WIDE_M, HIGH_M)}],
        "community": [one | {"kind": "社区"} for one in _areas(3, 2, "3507250010")],
        "district": _areas(2, 2, "P", shift_m=130.0),
        "grid": _areas(6, 4, "G"),
        "beat": _areas(3, 1, "J", shift_m=beat_shift_m),
        "street": [
            {"id": f"r{n}", "name": f"{n}号路", "class": "residential", "geometry": line}
            for n, line in enumerate(lines)
        ],
        "centre": [
            {"id": f"s{n}", "name": f"中心{n}", "geometry": point(x, y)}
            for n, (x, y) in enumerate([(310, 300), (1010, 900), (420, 880)])
        ],
        "building": [
            {
                "id": f"b{n:04d}",
                "name": f"{n}号楼",
                "use": "residential",
                "residents": people[n],
                "people_source": "counted",
                "geometry": box(x - 4, y - 4, 8, 8),
            }
            for n, (x, y) in enumerate(corners)
        ],
    }
    frames = {name: _frame(rows) for name, rows in layers.items()}
    frames["building"]["residents"] = people.array
    with Workspace.create(path, "350725", "测试县") as workspace, workspace.edit("test", "town") as edit:
        for name, frame in frames.items():
            edit.insert(name, frame)
        edit.set_setting("web.public", level)
    return path
