"""A file of the corpus, what must come of it, and small writers of files of every kind."""

from __future__ import annotations

import json
import sqlite3
import warnings
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import openpyxl
import shapely

LON, LAT = 118.8525, 27.3678
EAST_M, NORTH_M = 386_473.5, 3_028_905.1  # about the same in EPSG:4549
ZHENGHE = (118.54, 27.05, 119.28, 27.51)
CANARY = "CANARY-00000000000"


@dataclass(frozen=True)
class Surroundings:
    """What hostile files point at: a table that nobody named, and an address at which somebody listens."""

    roster: Path
    url: str


Build = Callable[[Path, Surroundings], Path]


@dataclass(frozen=True)
class Imported:
    """So many rows, of which the first (by key) has a value in a column."""

    n: int
    column: str = "name"
    value: Any = None


@dataclass(frozen=True)
class Refused:
    """An error of that class whose Chinese and English sentences hold a word each, or one both."""

    error: str
    word: str = ""


@dataclass(frozen=True)
class Case:
    """A file and what must come of it.

    Attributes
    ----------
    build
        Writes it into a folder of its own and returns its path.
    options
        `datum`, `crs`, `columns`, `encoding` as the user states them; WGS 84 unless said otherwise.
    """

    name: str
    build: Build
    expected: Imported | Refused
    layer: str = "centre"
    options: Mapping[str, Any] = field(default_factory=dict)


# --- writers: each gives a function that builds the file -----------------------------------------


def data(name: str, content: bytes) -> Build:
    def build(folder: Path, _: Surroundings) -> Path:
        path = folder / name
        path.write_bytes(content)
        return path

    return build


def text(name: str, content: str, codec: str = "utf-8") -> Build:
    return data(name, content.encode(codec))


def table(*lines: str, codec: str = "utf-8", name: str = "c.csv") -> Build:
    return text(name, "\n".join(lines) + "\n", codec)


def feature(geometry: Mapping[str, Any] | None, **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "properties": {"id": "1", **properties}, "geometry": geometry}


def point(lon: float = LON, lat: float = LAT, *more: float) -> dict[str, Any]:
    return {"type": "Point", "coordinates": [lon, lat, *more]}


def collection(*features: Mapping[str, Any], **members: Any) -> str:
    content = {"type": "FeatureCollection", **members, "features": features}
    return json.dumps(content, ensure_ascii=False)


def geojson(*features: Mapping[str, Any], codec: str = "utf-8", **members: Any) -> Build:
    return text("c.geojson", collection(*features, **members), codec)


def sheet(
    *rows: Sequence[Any], title: str = "1", name: str = "c.xlsx", tune: Callable[[Any], None] | None = None
) -> Build:
    def build(folder: Path, _: Surroundings) -> Path:
        book = openpyxl.Workbook()
        book.active.title = title
        for row in rows:
            book.active.append(list(row))
        if tune is not None:
            tune(book)
        book.save(folder / name)
        return folder / name

    return build


def square(i: int = 0, size: float = 0.0002) -> shapely.Polygon:
    return shapely.box(LON + i * 0.001, LAT, LON + i * 0.001 + size, LAT + size)


def houses(n: int = 2, **columns: Any) -> gpd.GeoDataFrame:
    """Buildings in CGCS2000 degrees, the first called 䶮家湾."""
    names = ["䶮家湾", *(f"宜和佳苑{i}栋" for i in range(1, n))]
    frame = {"id": [f"b{i}" for i in range(n)], "name": names, **columns}
    return gpd.GeoDataFrame(frame, geometry=[square(i) for i in range(n)], crs="EPSG:4490")


def written(
    name: str,
    frame: Callable[[], gpd.GeoDataFrame] = houses,
    change: Callable[[Path], Any] | None = None,
    **options: Any,
) -> Build:
    """A file that GDAL writes from a frame, then changed."""

    def build(folder: Path, _: Surroundings) -> Path:
        path = folder / name
        with warnings.catch_warnings():  # GDAL says what the old formats cannot hold, which is meant
            warnings.simplefilter("ignore")
            frame().to_file(path, **options)
        if change is not None:
            change(path)
        return path

    return build


def statements(*all_sql: str | tuple[Any, ...]) -> Callable[[Path], None]:
    """Changes an SQLite file."""

    def change(path: Path) -> None:
        connection = sqlite3.connect(path, isolation_level=None)
        for name in ("ST_IsEmpty", "ST_MinX", "ST_MaxX", "ST_MinY", "ST_MaxY"):
            connection.create_function(name, 1, lambda _: 0)
        for one in all_sql:
            sql, *values = one if isinstance(one, tuple) else (one,)
            connection.execute(sql, values)
        connection.close()

    return change


def zipped(members: Mapping[str, bytes | str], name: str = "c.zip", **options: Any) -> Build:
    def build(folder: Path, _: Surroundings) -> Path:
        with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED) as archive:
            for member, content in members.items():
                info = zipfile.ZipInfo("x")
                info.filename = member  # as it is, whatever this system's separators are
                info.compress_type = zipfile.ZIP_DEFLATED
                for attribute, value in options.items():
                    setattr(info, attribute, value)
                archive.writestr(info, content)
        return folder / name

    return build


def packed(
    build: Build, arrange: Callable[[str], str] = str, *, more: Mapping[str, bytes] | None = None
) -> Build:
    """The parts of another file in an archive, under names that `arrange` gives them."""

    def pack(folder: Path, surroundings: Surroundings) -> Path:
        inner = folder / "parts"
        inner.mkdir()
        build(inner, surroundings)
        with zipfile.ZipFile(folder / "c.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(one for one in inner.rglob("*") if one.is_file()):
                archive.write(path, arrange(path.relative_to(inner).as_posix()))
            for member, content in (more or {}).items():
                archive.writestr(member, content)
        return folder / "c.zip"

    return pack
