"""The layout of a county on disk, under the hash of all it is made from: safe to delete, never stale.

Placing homes, gates and centres on the streets is most of what a large county waits for before the
first search. The file stands in a folder beside the map file; its name is a hash of every row that
goes in, of the code that makes it, and of the libraries that compute it, so that anything that could
change the layout changes the name. A file that cannot be read is made anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import zipfile
from dataclasses import fields, is_dataclass
from functools import cache
from importlib import metadata, resources
from pathlib import Path
from typing import Any, get_type_hints

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geogrid.coverage.homes import select_homes
from geogrid.coverage.town import Town
from geogrid.coverage.walks import Layout, lay_out

LAYERS_LAID_OUT = (
    "building", "entrance", "compound", "gate", "centre", "street", "street_barrier", "square", "barrier", "water",
)  # fmt: skip
KEPT = 4
"""Layouts kept of one county: the present data, and what was asked about last."""

Arrays = dict[str, npt.NDArray[Any]]


def read_layout(path: Path, town: Town) -> Layout:
    """The layout of a town, from disk where it has been made before.

    Parameters
    ----------
    path
        The county's map file.

    Raises
    ------
    EmptyLayerError
        When the town has no street, no centre, or no building that can be a home.
    """
    file = path.with_suffix(".cache") / f"layout-{fingerprint_town(town)}.npz"
    try:
        with file.open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
            found: Layout = _unpack(Layout, "layout", dict(stored), select_homes(town))
            return found
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        layout = lay_out(town)
        _save(file, layout)
        return layout


def fingerprint_town(town: Town) -> str:
    """A hash of everything a layout is made from, as 32 hexadecimal digits."""
    digest = hashlib.sha256(_fingerprint_code())
    for name in LAYERS_LAID_OUT:
        frame = getattr(town, name)
        values = pd.util.hash_pandas_object(pd.DataFrame(frame.drop(columns="geometry")), index=False)
        digest.update(f"{name} {len(frame)}".encode())
        digest.update(values.to_numpy().tobytes())
        digest.update(b"".join(wkb or b"-" for wkb in shapely.to_wkb(frame.geometry.to_numpy())))
    return digest.hexdigest()[:32]


@cache
def _fingerprint_code() -> bytes:
    digest = hashlib.sha256()
    for package in ("geogrid.network", "geogrid.coverage"):
        for source in sorted(resources.files(package).iterdir(), key=lambda entry: entry.name):
            if source.name.endswith((".py", ".c", ".h")):
                digest.update(source.read_bytes())
    for library in ("numpy", "scipy", "shapely"):
        digest.update(metadata.version(library).encode())
    return digest.digest()


def _save(file: Path, layout: Layout) -> None:
    """Write the layout beside its place and rename it; a folder that cannot be written is left alone."""
    arrays: Arrays = {}
    _pack(layout, "layout", arrays)
    try:
        file.parent.mkdir(mode=0o700, exist_ok=True)
        descriptor, beside = tempfile.mkstemp(dir=file.parent, suffix=".part")
        with os.fdopen(descriptor, "wb") as stream:
            np.savez(stream, **arrays)  # type: ignore[arg-type]  # names are arrays' own
        Path(beside).replace(file)
        known = sorted(file.parent.glob("layout-*.npz"), key=lambda entry: entry.stat().st_mtime)
        for old in known[:-KEPT]:
            old.unlink(missing_ok=True)
    except OSError:
        return  # a full or protected disk costs time and nothing else


def _pack(record: Any, name: str, arrays: Arrays) -> None:
    """Put the arrays of a record, and of the records in it, under dotted names; frames are left out."""
    for field in fields(record):
        value, key = getattr(record, field.name), f"{name}.{field.name}"
        if is_dataclass(value):
            _pack(value, key, arrays)
        elif isinstance(value, gpd.GeoDataFrame):
            continue
        elif value.dtype != object:
            arrays[key] = value
        elif all(item is None or isinstance(item, str) for item in value):
            arrays[f"{key} text"] = np.frombuffer(json.dumps(value.tolist()).encode(), np.uint8)
        else:
            bodies = shapely.to_wkb(value)
            arrays[f"{key} sizes"] = np.array([len(body) for body in bodies], np.int64)
            arrays[f"{key} wkb"] = np.frombuffer(b"".join(bodies), np.uint8)


def _unpack(kind: type[Any], name: str, arrays: Arrays, building: gpd.GeoDataFrame) -> Any:
    """A record of a class from its arrays; the one frame in a layout is that of the homes."""
    values: dict[str, Any] = {}
    hints = get_type_hints(kind)
    for field in fields(kind):
        key, hint = f"{name}.{field.name}", hints[field.name]
        if is_dataclass(hint) and isinstance(hint, type):
            values[field.name] = _unpack(hint, key, arrays, building)
        elif hint is gpd.GeoDataFrame:
            values[field.name] = building
        elif f"{key} text" in arrays:
            texts = json.loads(arrays[f"{key} text"].tobytes())
            values[field.name] = np.array([*texts, None], dtype=object)[:-1]
        elif f"{key} wkb" in arrays:
            ends = np.cumsum(arrays[f"{key} sizes"])
            body = arrays[f"{key} wkb"].tobytes()
            cut = [body[end - size : end] for end, size in zip(ends, arrays[f"{key} sizes"], strict=True)]
            values[field.name] = shapely.from_wkb(np.array([*cut, None], dtype=object)[:-1])
        else:
            values[field.name] = arrays[key]
    return kind(**values)
