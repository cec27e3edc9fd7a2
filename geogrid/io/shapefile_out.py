"""Layers as zipped Shapefiles: UTF-8, names of ten characters by a map that travels along."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geogrid.io.replacing import replacing
from geogrid.io.scratch import scratch_file_folder

NAME_LENGTH = 10
TEXT_BYTES = 254
"""What the attribute table of a Shapefile can hold: characters of a name, bytes of a text."""

SHORT_NAMES = {
    "residents_0_14": "res_0_14",
    "residents_60_plus": "res_60plus",
    "residents_80_plus": "res_80plus",
    "people_source": "people_src",
    "code_scheme": "codescheme",
    "nearest_centre": "near_centr",
    "chosen_share": "chosen_shr",
    "lost_without": "lost_wo",
    "alternatives": "alternativ",
}
"""Names of ours that are too long for a Shapefile -> those they have there; others are cut and numbered."""


def shorten_names(names: Iterable[str]) -> dict[str, str]:
    """Column -> its name in a Shapefile: at most ten characters (and bytes), each another, whatever the case.

    >>> shorten_names(["name", "residents_0_14", "a_long_column", "a_long_columns"])
    {'name': 'name', 'residents_0_14': 'res_0_14', 'a_long_column': 'a_long_col', 'a_long_columns': 'a_long_c_2'}
    """
    chosen: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        plain = found = _cut(SHORT_NAMES.get(name, name), NAME_LENGTH)
        n = 1
        while found.casefold() in taken:
            n += 1
            found = f"{_cut(plain, NAME_LENGTH - 1 - len(str(n)))}_{n}"
        taken.add(found.casefold())
        chosen[name] = found
    return chosen


def _cut(text: str, n_bytes: int) -> str:
    """The longest beginning of a text that takes that many bytes of UTF-8; no character is split."""
    return text.encode()[:n_bytes].decode(errors="ignore")


def write_shapefile(frame: gpd.GeoDataFrame, path: Path, title: str) -> list[str]:
    """Write a layer as a .shp.zip, beside and renamed.

    Returns
    -------
    Notes for the user: what was cut, or left out.
    """
    import pyogrio

    table, notes = _fit_texts(frame)
    shapes, flattened = _fit_heights(np.asarray(frame.geometry.values, dtype=object))
    names = shorten_names(map(str, table.columns))
    fitted = gpd.GeoDataFrame(table.rename(columns=names), geometry=shapes, crs=frame.crs)
    stem = _cut(path.name[: -len(".shp.zip")], 100) or "layer"
    with scratch_file_folder("shapefile-") as folder:
        options: dict[str, Any] = {"geometry_type": "Point"} if frame.empty else {}
        pyogrio.write_dataframe(
            fitted, folder / "layer.shp", driver="ESRI Shapefile", encoding="UTF-8", **options
        )
        with replacing(path) as beside, zipfile.ZipFile(beside, "w", zipfile.ZIP_DEFLATED) as archive:
            for part in sorted(folder.iterdir()):
                with part.open("rb") as source, archive.open(f"{stem}{part.suffix}", "w") as target:
                    shutil.copyfileobj(source, target)
            archive.writestr(f"{stem}.fields.txt", _describe_names(title, names))
    if flattened:
        notes.append(
            f"{flattened} 个要素的高程不全，整层按二维写出 / heights of {flattened} features are not complete: written without heights"
        )
    renamed = {old: new for old, new in names.items() if old != new}
    if renamed:
        told = ", ".join(f"{old} → {new}" for old, new in renamed.items())
        notes.append(f"字段名按 Shapefile 的 10 个字符缩短 / names shortened to 10 characters: {told}")
    return notes


def _describe_names(title: str, names: dict[str, str]) -> str:
    lines = [title, "", "Shapefile 字段名 / field\t原字段名 / column"]
    return "\r\n".join([*lines, *(f"{new}\t{old}" for old, new in names.items()), ""])


def _fit_texts(frame: gpd.GeoDataFrame) -> tuple[pd.DataFrame, list[str]]:
    """The attributes with texts short enough, truth as 1 and 0, and what was cut."""
    table = pd.DataFrame(frame.drop(columns=frame.geometry.name))
    notes = []
    for name in table.columns:
        if table[name].dtype.kind == "b":
            table[name] = table[name].astype("Int64")
        elif not pd.api.types.is_numeric_dtype(table[name]):
            cut = table[name].map(lambda value: _cut(value, TEXT_BYTES) if isinstance(value, str) else value)
            n_cut = int(sum(a is not b and a != b for a, b in zip(cut, table[name], strict=True)))
            table[name] = cut
            if n_cut:
                notes.append(
                    f"列 {name} 有 {n_cut} 个文本超过 {TEXT_BYTES} 字节，已在字符边界截断 /"
                    f" {n_cut} texts of {name} were cut to {TEXT_BYTES} bytes at a character"
                )
    return table, notes


def _fit_heights(shapes: Any) -> tuple[Any, int]:
    """The shapes, all with heights or all without, and how many kept the others from having them."""
    has_z = shapely.has_z(shapes)
    if not has_z.any():
        return shapes, 0
    known = [bool(np.isfinite(shapely.get_coordinates(one, include_z=True)).all()) for one in shapes]
    n_lacking = len(shapes) - int(sum(known))
    return (shapely.force_2d(shapes), n_lacking) if n_lacking else (shapes, 0)
