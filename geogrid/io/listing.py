"""Tables whose rows may say by an address alone where they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geogrid.crs import CGCS2000, Datum, choose_store_crs, normalise_datum, to_lonlat
from geogrid.errors import Fault, FileContentError, MissingColumnsError
from geogrid.io.columns import match_columns, require_no_identity_numbers
from geogrid.io.placement import County, choose_crs, choose_datum, find_place_faults
from geogrid.io.shapes import find_geometry_faults
from geogrid.io.source import RawLayer
from geogrid.io.table import TABLE_SUFFIXES, Table, find_control_characters, read_table
from geogrid.io.vector import convert_rows, find_position_columns, place_rows
from geogrid.schema import Geometry, Layer

LISTED_LAYERS = ("building", "centre", "place")
"""Layers whose rows may be found by an address."""


@dataclass(frozen=True)
class Listing:
    """A table of features, as it goes on to be placed.

    Attributes
    ----------
    table
        As the file has it.
    data
        The schema's columns, one row a row of the table.
    lonlat
        Shape (n, 2): longitude and latitude in the store CRS; nan where the row has no position.
    is_keyed
        The file has ids; else they were made of the row numbers.
    has_position_columns
        The file has columns for positions, be they empty.
    """

    file: str
    table: Table
    data: pd.DataFrame
    lonlat: npt.NDArray[np.float64]
    store_crs: str
    is_keyed: bool
    has_position_columns: bool
    notes: list[str] = field(default_factory=list)


def open_listing(
    path: Path, layer: Layer, *, columns: Mapping[str, str], encoding: str | None
) -> Table | None:
    """The table, where rows of it are to be found by address; None where a file is read as others are.

    Buildings in a table are, when it draws no outlines; points are, when a row has neither
    coordinate but a name or an address.
    """
    if layer.name not in LISTED_LAYERS or path.suffix.lower() not in TABLE_SUFFIXES:
        return None
    table = read_table(path, encoding=encoding, sheets=(layer.name, layer.zh))
    matched = match_columns(layer, table.columns, columns, path.name, is_table=True)
    if "wkt" in matched or not table.rows:
        return None
    pair = find_position_columns(matched)
    if (
        not {"name", "address"} & set(matched)
        and pair is None
        and (layer.name != "building" or "id" not in matched)
    ):
        missing = ["address（地址） / lon, lat（经度、纬度） / x, y"]
        raise MissingColumnsError(file=path.name, missing=missing, found=table.columns)
    if layer.name == "building" or pair is None:
        return table
    at = [table.columns.index(matched[name]) for name in pair]
    texts = [table.columns.index(matched[name]) for name in ("name", "address") if name in matched]
    is_by_address = any(
        all(row[i] is None for i in at) and any(row[i] is not None for i in texts) for row in table.cells
    )
    return table if is_by_address else None


def read_listing(
    table: Table,
    layer: Layer,
    shown: str,
    *,
    datum: Datum | None,
    crs: str | None,
    columns: Mapping[str, str],
    store_crs: str | None,
    extent: Sequence[float] | None,
) -> Listing:
    """The rows of a table in the schema's columns, with the positions that they have.

    Parameters
    ----------
    datum, crs, columns, store_crs, extent
        As for `geogrid.io.vector.read_layer`.

    Raises
    ------
    FileContentError
        With every fault of the file, each with its row.
    MissingDatumError, CrsError
        When there are positions and it is not clear what they refer to.
    """
    faults = find_control_characters(table)
    by_column = zip(*table.cells, strict=True) if table.cells else [()] * len(table.columns)
    values = {name: list(cells) for name, cells in zip(table.columns, by_column, strict=True)}
    require_no_identity_numbers(values, shown)
    matched = match_columns(layer, table.columns, columns, shown, is_table=True)
    data, found = convert_rows(layer, RawLayer(values, table.rows), matched)
    faults += found
    lonlat = np.full((len(table.rows), 2), np.nan)
    pair = find_position_columns(matched)
    store = store_crs or CGCS2000
    notes = list(table.notes)
    if pair is not None:
        at = [values[matched[name]] for name in pair]
        given = np.array([any(column[i] is not None for column in at) for i in range(len(table.rows))], bool)
        rows = np.flatnonzero(given).tolist()
        if rows:
            some = RawLayer(
                {name: [cells[i] for i in rows] for name, cells in values.items()},
                [table.rows[i] for i in rows],
            )
            placed, store, wrong = _read_positions(
                place_rows(some, matched, pair, shown, crs), shown, datum, crs, County(store_crs, extent)
            )
            faults += wrong
            if not wrong:
                lonlat[rows] = placed
    if faults:
        raise FileContentError(shown, sorted(faults, key=lambda fault: fault.row or 0))
    unused = [name for name in table.columns if name not in matched.values()]
    if unused:
        names = ", ".join(unused)
        notes.append(f"未使用的列：{names} / columns not used: {names}")
    return Listing(
        shown, table, pd.DataFrame(data), lonlat, store, layer.key in matched, pair is not None, notes
    )


def _read_positions(
    raw: RawLayer, shown: str, datum: Datum | None, option: str | None, county: County
) -> tuple[npt.NDArray[np.float64], str, list[Fault]]:
    """Positions in the store CRS, that CRS, and the faults of those that cannot be."""
    assert raw.geometry is not None  # noqa: S101 - it was placed
    crs = choose_crs(raw, option, shown, county.extent)
    known = choose_datum(crs, datum, shown)
    faults = find_geometry_faults(Geometry.POINT, raw.geometry, raw.unreadable, raw.rows)
    bad = {fault.row for fault in faults}
    sound = [i for i, row in enumerate(raw.rows) if row not in bad]
    faults += find_place_faults(raw.geometry[sound], [raw.rows[i] for i in sound], crs, county)
    if faults:
        return np.full((len(raw.rows), 2), np.nan), CGCS2000, faults
    frame = gpd.GeoDataFrame(geometry=list(raw.geometry), crs=crs)
    store = county.store_crs
    if store is None:
        west, south, east, north = to_lonlat(frame, shown).total_bounds
        store = choose_store_crs((west + east) / 2, (south + north) / 2)
    placed = normalise_datum(frame, known, store, shown)
    return shapely.get_coordinates(placed.geometry.to_numpy()), store, []
