"""Parcel: tables, layers and arrays on their way between two processes, with nothing in them that runs."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geogrid import errors
from geogrid.errors import Fault, GeogridError

_SINGLE_OF_MULTI = {4: 0, 5: 1, 6: 3}
_WKB_TYPES = {0: 1, 1: 2, 3: 3}
"""Shapely's type numbers of points, lines and polygons, and those of well-known binary."""


@dataclass(frozen=True)
class Parcel:
    """What one process hands to the other.

    Attributes
    ----------
    info
        Values that JSON can carry.
    frames
        Layers and tables by name; columns are `object` (text or None), `Int64`, `float64` or `boolean`.
        No geometry is missing or empty.
    arrays
        Plain numbers by name.
    """

    info: dict[str, Any] = field(default_factory=dict)
    frames: dict[str, pd.DataFrame] = field(default_factory=dict)
    arrays: dict[str, npt.NDArray[Any]] = field(default_factory=dict)


def write_parcel(folder: Path, parcel: Parcel) -> None:
    """Write a parcel into an empty folder."""
    folder.mkdir()
    described = {}
    for name, frame in parcel.frames.items():
        is_layer = isinstance(frame, gpd.GeoDataFrame)
        columns = [column for column in frame.columns if not (is_layer and column == frame.geometry.name)]
        described[name] = {
            "n": len(frame),
            "columns": [[c, str(frame[c].dtype), _json_values(frame[c])] for c in columns],
            "crs": None if not is_layer or frame.crs is None else frame.crs.to_string(),
            "is_layer": is_layer,
        }
        if is_layer:
            _write_geometry(folder, name, np.asarray(frame.geometry.values, dtype=object))
    for name, array in parcel.arrays.items():
        np.save(folder / f"{name}.npy", array, allow_pickle=False)
    content = {"info": parcel.info, "frames": described, "arrays": list(parcel.arrays)}
    (folder / "parcel.json").write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


def read_parcel(folder: Path) -> Parcel:
    """Read what `write_parcel` wrote; the values equal those written.

    Only points, lines and polygons are ever decoded, never nested collections: a deeply nested one
    ends the process in GEOS before 3.15.
    """
    content = json.loads((folder / "parcel.json").read_text(encoding="utf-8"))
    frames: dict[str, pd.DataFrame] = {}
    for name, described in content["frames"].items():
        data = {column: _series(values, dtype) for column, dtype, values in described["columns"]}
        frame = pd.DataFrame(data, index=pd.RangeIndex(described["n"]))
        if described["is_layer"]:
            frame = gpd.GeoDataFrame(frame, geometry=_read_geometry(folder, name), crs=described["crs"])
        frames[name] = frame
    arrays = {name: np.load(folder / f"{name}.npy", allow_pickle=False) for name in content["arrays"]}
    return Parcel(info=content["info"], frames=frames, arrays=arrays)


def _json_values(series: pd.Series) -> list[Any]:
    return [None if pd.isna(value) else value for value in series.tolist()]


def _series(values: list[Any], dtype: str) -> pd.Series:
    if dtype == "float64":
        return pd.Series([np.nan if value is None else value for value in values], dtype="float64")
    return pd.Series(values, dtype=dtype)


def _write_geometry(folder: Path, name: str, geometry: npt.NDArray[np.object_]) -> None:
    parts, owners = shapely.get_parts(geometry, return_index=True)
    blobs = shapely.to_wkb(parts, output_dimension=3, byte_order=1, flavor="extended")
    (folder / f"{name}.wkb").write_bytes(b"".join(blobs))
    np.savez(
        folder / f"{name}.npz",
        types=shapely.get_type_id(geometry),
        owners=owners,
        sizes=np.fromiter((len(blob) for blob in blobs), dtype=np.int64, count=len(blobs)),
    )


def _read_geometry(folder: Path, name: str) -> npt.NDArray[np.object_]:
    data = (folder / f"{name}.wkb").read_bytes()
    with np.load(folder / f"{name}.npz", allow_pickle=False) as stored:
        types, owners, sizes = stored["types"], stored["owners"], stored["sizes"]
    ends = np.cumsum(sizes)
    singles = np.array([_SINGLE_OF_MULTI.get(int(kind), int(kind)) for kind in types], dtype=int)
    blobs = np.empty(len(sizes), dtype=object)
    for i, (end, size) in enumerate(zip(ends.tolist(), sizes.tolist(), strict=True)):
        blob = data[end - size : end]
        if blob[0] != 1 or blob[1] != _WKB_TYPES[int(singles[owners[i]])]:
            raise ValueError(f"part {i} of {name} is no plain geometry")  # noqa: EM102 - a fault of the program
        blobs[i] = blob
    parts = shapely.from_wkb(blobs)
    geometry = np.empty(len(types), dtype=object)
    for multi, build in (
        (4, shapely.multipoints),
        (5, shapely.multilinestrings),
        (6, shapely.multipolygons),
    ):
        wanted = np.flatnonzero(types == multi)
        if wanted.size:
            mine = np.isin(owners, wanted)
            geometry[wanted] = build(parts[mine], indices=np.searchsorted(wanted, owners[mine]))
    is_single = np.isin(types, list(_WKB_TYPES))
    geometry[is_single] = parts[is_single[owners]]
    return geometry


def encode_error(error: GeogridError) -> dict[str, Any]:
    """The class and the fields of an error as JSON can carry them."""
    return {
        "class": type(error).__name__,
        "fields": {f.name: _encode_field(getattr(error, f.name)) for f in fields(error)},
    }


def decode_error(content: dict[str, Any]) -> GeogridError:
    """The error whose `encode_error` is given."""
    kind = getattr(errors, content["class"])
    if not (isinstance(kind, type) and issubclass(kind, GeogridError)):
        raise TypeError(content["class"])
    return kind(**{name: _decode_field(value) for name, value in content["fields"].items()})


def _encode_field(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_encode_field(item) for item in value]
    if isinstance(value, Fault):
        return {"zh": value.zh, "en": value.en, "row": value.row, "column": value.column}
    return value


def _decode_field(value: Any) -> Any:
    if isinstance(value, list):
        return [_decode_field(item) for item in value]
    return Fault(**value) if isinstance(value, dict) else value
