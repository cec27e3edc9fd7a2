"""Towns drawn as text, on which the right answer is arithmetic.

A column or a row of the picture is 12 m: ten seconds along a street for an adult at 1.2 m/s, and, with
the detour of 1.2, twelve seconds off the street. North is up; the first character is at (0, 0).

    A..Z    a home (but G, L and V), a house of 2 m by 2 m
    1..9    the door of a centre
    +       a vertex of streets, which run from vertex to vertex along - and |
    s b c   anywhere in a run: the street is steps, a bridge, a crossing with a wait of 20 s
    x       in a run: it crosses another street without a vertex
    #       the wall of a gated compound, a rectangle
    G V L   in the wall: a gate; one for vehicles only; a locked one. Also a vertex.
    o       in the wall: a vertex where a street passes and no gate is mapped
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geogrid.coverage.town import Town

CRS = "EPSG:4549"
CELL_M = 12.0
VERTICES = "+GVLo"
WALLS = "#GVLo"
RUNS = {(0, 1): "-sbcx", (1, 0): "|sbcx"}
MARKS = {"steps": "s", "bridge": "b", "crossing": "c"}
CROSSING_S = 20.0


def at(column: float, row: float) -> tuple[float, float]:
    """The place in metres of a column and a row of the picture."""
    return column * CELL_M, -row * CELL_M


def draw_layers(
    picture: str,
    *,
    people: Mapping[str, int] | None = None,
    entrances: Mapping[str, Sequence[tuple[float, float]]] | None = None,
    kind: str | None = "封闭式",
    height_m: Callable[[float, float], float] | None = None,
    **columns: Any,
) -> dict[str, gpd.GeoDataFrame]:
    """The layers of a picture.

    Parameters
    ----------
    people
        Residents by home; unknown for the others.
    entrances
        Columns and rows of a home's entrances.
    kind
        Of every compound.
    height_m
        Height of the vertices of streets by column and row; NaN where unknown. Without it the ground is
        level.
    columns
        `layer_column={id: value}` sets values, as in `centre_centre={"2": "1"}`.
    """
    cells = {
        (row, column): sign
        for row, line in enumerate(picture.strip("\n").split("\n"))
        for column, sign in enumerate(line)
        if sign != " "
    }
    layers = {
        "building": _frame(_draw_homes(cells)),
        "centre": _frame(
            {"id": sign, "geometry": shapely.Point(at(c, r))}
            for (r, c), sign in cells.items()
            if sign.isdigit()
        ),
        "street": _frame(_draw_streets(cells)),
        "compound": _frame({**compound, "kind": kind} for compound in _draw_compounds(cells)),
        "gate": _frame(_draw_gates(cells)),
        "entrance": _frame(
            {"id": f"{home}{n}", "building": home, "geometry": shapely.Point(at(*place))}
            for home, places in (entrances or {}).items()
            for n, place in enumerate(places)
        ),
    }
    layers["building"]["residents"] = pd.array(
        [(people or {}).get(home) for home in layers["building"]["id"]], dtype="Int64"
    )
    if height_m is not None:
        layers["street"].geometry = [
            shapely.LineString(
                [(x, y, height_m(round(x / CELL_M, 6), round(-y / CELL_M, 6))) for x, y in line.coords]
            )
            for line in layers["street"].geometry
        ]
    for name, values in columns.items():
        layer, column = name.split("_", 1)
        frame = layers[layer]
        known = frame[column].tolist() if column in frame else [None] * len(frame)
        frame[column] = pd.Series(
            [values.get(key, old) for key, old in zip(frame["id"], known, strict=True)], dtype=object
        )
    return layers


def draw_town(picture: str, **options: Any) -> Town:
    """The town of a picture; options as in `draw_layers`."""
    return Town.from_layers(draw_layers(picture, **options))


def _frame(records: Iterator[dict[str, Any]]) -> gpd.GeoDataFrame:
    rows = list(records)
    columns = [name for name in (rows[0] if rows else {"id": None}) if name != "geometry"]
    frame = pd.DataFrame({name: pd.Series([row[name] for row in rows], dtype=object) for name in columns})
    return gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries([row["geometry"] for row in rows], crs=CRS))


def _draw_homes(cells: Mapping[tuple[int, int], str]) -> Iterator[dict[str, Any]]:
    for (row, column), sign in cells.items():
        if sign.isupper() and sign not in WALLS:
            x, y = at(column, row)
            yield {"id": sign, "geometry": shapely.box(x - 1, y - 1, x + 1, y + 1)}


def _draw_streets(cells: Mapping[tuple[int, int], str]) -> Iterator[dict[str, Any]]:
    number = 0
    for (row, column), sign in cells.items():
        if sign not in VERTICES:
            continue
        for (down, right), signs in RUNS.items():
            reach, run = 1, ""
            while cells.get((row + down * reach, column + right * reach), " ") in signs:
                run += cells[row + down * reach, column + right * reach]
                reach += 1
            end = (row + down * reach, column + right * reach)
            if run and cells.get(end, " ") in VERTICES:
                number += 1
                marks = {name: mark in run for name, mark in MARKS.items()}
                line = shapely.LineString([at(column, row), at(end[1], end[0])])
                wait_s = CROSSING_S if marks["crossing"] else None
                yield {"id": f"s{number:03d}", **marks, "crossing_s": wait_s, "geometry": line}


def _draw_compounds(cells: Mapping[tuple[int, int], str]) -> Iterator[dict[str, Any]]:
    left = {cell for cell, sign in cells.items() if sign in WALLS}
    number = 0
    while left:
        wall, queue = set(), [min(left)]
        while queue:
            row, column = queue.pop()
            if (row, column) in left:
                left.remove((row, column))
                wall.add((row, column))
                queue += [(row + 1, column), (row - 1, column), (row, column + 1), (row, column - 1)]
        rows, columns = np.array(sorted(wall)).T
        frame = set(_frame_cells(rows, columns))
        assert wall == frame, f"the wall that begins at {min(wall)} is no rectangle"
        number += 1
        (x0, y0), (x1, y1) = at(columns.min(), rows.max()), at(columns.max(), rows.min())
        yield {"id": f"c{number}", "geometry": shapely.box(x0, y0, x1, y1)}


def _frame_cells(rows: np.ndarray, columns: np.ndarray) -> Iterator[tuple[int, int]]:
    for row in range(rows.min(), rows.max() + 1):
        for column in range(columns.min(), columns.max() + 1):
            if row in (rows.min(), rows.max()) or column in (columns.min(), columns.max()):
                yield row, column


def _draw_gates(cells: Mapping[tuple[int, int], str]) -> Iterator[dict[str, Any]]:
    number = 0
    for (row, column), sign in cells.items():
        if sign in "GVL":
            number += 1
            yield {
                "id": f"g{number}",
                "compound": None,
                "pedestrian": sign != "V",
                "locked": sign == "L",
                "geometry": shapely.Point(at(column, row)),
            }
