"""The base map under the county's own data: a file or a folder of pictures on this computer, or 天地图.

天地图 is asked by the browser alone; this server never goes out.
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
from flask import Blueprint, Response, request

from geogrid.crs import Datum, wgs84_to_gcj02
from geogrid.errors import BaseMapError, OldAddressError
from webmap.county import County, current_county
from webmap.pmtiles import RASTERS, open_pmtiles
from webmap.roles import needs

KEPT_FOR_EVER = "private, max-age=31536000, immutable"
TIANDITU = "tianditu"
TIANDITU_HOSTS = tuple(f"https://t{number}.tianditu.gov.cn" for number in range(8))
TIANDITU_LAYERS = {"vec": ("vec", "cva"), "img": ("img", "cia")}
"""The pictures of each map and the names over them."""
TIANDITU_ZOOMS = (1, 18)
TOKEN = re.compile(r"[0-9a-f]{32}")
MAGICS = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"RIFF": "image/webp",
}
SUFFIXES = ("png", "jpg", "jpeg", "webp")
MOST_TILE_BYTES = 1 << 22

basemap = Blueprint("basemap", __name__)


@dataclass(frozen=True)
class Pictures:
    """Tiles on this computer.

    Attributes
    ----------
    read
        Bytes of the tile zoom, x, y (y from the north), or None.
    version
        Changes with the file.
    """

    read: Callable[[int, int, int], bytes | None]
    min_zoom: int
    max_zoom: int
    version: str


def describe_base_map(county: County) -> dict[str, Any] | None:
    """What the page needs to show the base map; None where the county has none, `problem` where it cannot be read."""
    source = county.settings.get("map.basemap", "")
    bounds = county.bounds()
    if not source or bounds is None:
        return None
    try:
        if source.startswith(TIANDITU):
            urls, (low, high) = _list_tianditu_urls(county.settings), TIANDITU_ZOOMS
        else:
            pictures = _find_pictures(county, source)
            urls = [f"/basemap/{pictures.version}/{{z}}/{{x}}/{{y}}"]
            low, high = pictures.min_zoom, pictures.max_zoom
        shift = measure_shift(bounds, county.settings.get("map.basemap_datum", Datum.WGS84))
    except BaseMapError as error:
        problem = {"detail": error.message("zh"), "detail_en": error.message("en"), "code": "BaseMapError"}
        return {"problem": problem}
    return {
        "urls": urls,
        "min_zoom": low,
        "max_zoom": high,
        "at": [(bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2],
        "shift": shift,
        "attribution": county.settings.get("map.basemap_source", ""),
    }


def measure_shift(bounds: list[float], datum: str) -> list[float]:
    """How far pictures lie beside their place in the middle of a county, in degrees east and north.

    GCJ-02 moves places by some hundred metres, and by nearly the same over a county: what is left
    at its edges after this one step is some metres in a county of 50 km. Only the pictures are
    moved, never the data.

    >>> measure_shift([118.8, 27.3, 118.9, 27.4], "wgs84")
    [0.0, 0.0]
    """
    if datum == Datum.WGS84:
        return [0.0, 0.0]
    if datum != Datum.GCJ02:
        raise BaseMapError(path="map.basemap_datum", reason=f"{datum[:20]} (wgs84, gcj02)")
    middle = np.array([[(bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2]])
    step: list[float] = (wgs84_to_gcj02(middle) - middle)[0].round(7).tolist()
    return step


def list_image_hosts(settings: Mapping[str, str]) -> tuple[str, ...]:
    """The foreign hosts that a browser must be allowed to take pictures from."""
    return TIANDITU_HOSTS if settings.get("map.basemap", "").startswith(TIANDITU) else ()


def _list_tianditu_urls(settings: Mapping[str, str]) -> list[str]:
    kind = settings["map.basemap"].partition("-")[2] or "vec"
    token = settings.get("map.tianditu_token", "")
    if kind not in TIANDITU_LAYERS:
        raise BaseMapError(path=settings["map.basemap"][:40], reason="tianditu-vec, tianditu-img")
    if not TOKEN.fullmatch(token):
        raise BaseMapError(path="map.tianditu_token", reason="[0-9a-f]{32}")
    return [
        f"https://t{{s}}.tianditu.gov.cn/{layer}_w/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER={layer}"
        f"&STYLE=default&TILEMATRIXSET=w&FORMAT=tiles&TILEMATRIX={{z}}&TILEROW={{y}}&TILECOL={{x}}&tk={token}"
        for layer in TIANDITU_LAYERS[kind]
    ]


# --- pictures on this computer ---------------------------------------------------------------------


def _find_pictures(county: County, source: str) -> Pictures:
    path = county.path.parent / source  # an absolute path stays as it is
    try:
        status = path.stat()
    except (OSError, ValueError) as error:
        raise BaseMapError(path=path.name, reason=type(error).__name__) from error
    mark = f"{path}:{status.st_mtime_ns}:{status.st_size}"
    version = hashlib.sha256(mark.encode()).hexdigest()[:12]
    return county.results.find(("basemap", version), lambda: open_pictures(path, version))


def open_pictures(path: Path, version: str) -> Pictures:
    """The tiles of an MBTiles or PMTiles file or of a folder of z/x/y files.

    Raises
    ------
    BaseMapError
        When it holds no pictures.
    """
    if path.is_dir():
        return _open_folder(path, version)
    with path.open("rb") as file:
        begin = file.read(16)
    if begin.startswith(b"SQLite format 3\0"):
        return _open_mbtiles(path, version)
    archive = open_pmtiles(path)
    if archive.tile_type not in RASTERS:
        raise BaseMapError(path=path.name, reason="png, jpg, webp")
    return Pictures(archive.read, archive.min_zoom, archive.max_zoom, version)


def _open_folder(path: Path, version: str) -> Pictures:
    zooms = sorted(int(folder.name) for folder in path.iterdir() if folder.name.isdecimal())
    if not zooms:
        raise BaseMapError(path=path.name, reason="z/x/y.png")

    def read(zoom: int, x: int, y: int) -> bytes | None:
        for suffix in SUFFIXES:
            file = path / str(zoom) / str(x) / f"{y}.{suffix}"
            if file.is_file() and file.stat().st_size <= MOST_TILE_BYTES:
                return file.read_bytes()
        return None

    return Pictures(read, zooms[0], zooms[-1], version)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(f"file:{quote(str(path.resolve()))}?mode=ro", uri=True)
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MOST_TILE_BYTES)
    return connection


def _query(path: Path, statement: str, *values: int) -> list[tuple[Any, ...]]:
    try:
        connection = _connect(path)
        try:
            return connection.execute(statement, values).fetchall()
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise BaseMapError(path=path.name, reason=str(error)) from error


def _open_mbtiles(path: Path, version: str) -> Pictures:
    facts = dict(_query(path, "SELECT name, value FROM metadata"))
    if facts.get("format") not in SUFFIXES:
        raise BaseMapError(path=path.name, reason="format: png, jpg, webp")
    ((low, high),) = _query(path, "SELECT min(zoom_level), max(zoom_level) FROM tiles")
    if low is None:
        raise BaseMapError(path=path.name, reason="tiles: 0")

    def read(zoom: int, x: int, y: int) -> bytes | None:
        row = (1 << zoom) - 1 - y  # rows of an MBTiles file count from the south
        found = _query(
            path,
            "SELECT tile_data FROM tiles WHERE zoom_level = ? AND tile_column = ? AND tile_row = ?",
            zoom,
            x,
            row,
        )
        return bytes(found[0][0]) if found and isinstance(found[0][0], bytes) else None

    return Pictures(read, int(low), int(high), version)


@basemap.get("/basemap/<version>/<int:z>/<int:x>/<int:y>")
@needs("see_map")
def picture(version: str, z: int, x: int, y: int) -> Response:
    """A tile of the base map of this computer; nothing where it has none."""
    county = current_county()
    source = county.settings.get("map.basemap", "")
    if not source or source.startswith(TIANDITU):
        raise OldAddressError(address=request.path)
    pictures = _find_pictures(county, source)
    if version != pictures.version or not pictures.min_zoom <= z <= pictures.max_zoom or max(x, y) >= 1 << z:
        raise OldAddressError(address=request.path)
    found = pictures.read(z, x, y)
    mimetype = next((kind for magic, kind in MAGICS.items() if found and found.startswith(magic)), None)
    response = Response(found, mimetype=mimetype) if mimetype else Response(status=204)
    response.headers["Cache-Control"] = KEPT_FOR_EVER
    return response
