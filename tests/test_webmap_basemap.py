"""Base maps: pictures of files on this computer in the right places, and foreign hosts only when they were set."""

from __future__ import annotations

import gzip
import math
import sqlite3
import struct
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import shapely
from flask.testing import FlaskClient

from geogrid.errors import BaseMapError
from geogrid.workspace import Workspace
from tests.support.web import lonlat, write_town
from webmap import create_app
from webmap.basemap import TIANDITU_HOSTS, measure_shift
from webmap.pmtiles import number_tile, open_pmtiles
from webmap.security import CONTENT_SECURITY_POLICY

PNG = b"\x89PNG\r\n\x1a\n"
TOKEN = "0" * 32


def picture(zoom: int, x: int, y: int) -> bytes:
    """What begins as a picture and says which tile it is."""
    return PNG + f"{zoom}/{x}/{y}".encode()


def write_mbtiles(path: Path, tiles: list[tuple[int, int, int]], kind: str = "png") -> Path:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE metadata (name TEXT, value TEXT)")
        connection.execute(
            "CREATE TABLE tiles (zoom_level INTEGER, tile_column INTEGER, tile_row INTEGER, tile_data BLOB)"
        )
        connection.execute("INSERT INTO metadata VALUES ('format', ?)", (kind,))
        for zoom, x, y in tiles:
            south = 2**zoom - 1 - y
            connection.execute("INSERT INTO tiles VALUES (?, ?, ?, ?)", (zoom, x, south, picture(zoom, x, y)))
    connection.close()
    return path


def write_folder(path: Path, tiles: list[tuple[int, int, int]]) -> Path:
    for zoom, x, y in tiles:
        file = path / str(zoom) / str(x) / f"{y}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(picture(zoom, x, y))
    return path


def varints(numbers: list[int]) -> bytes:
    out = bytearray()
    for number in numbers:
        left = number
        while left > 0x7F:
            out.append((left & 0x7F) | 0x80)
            left >>= 7
        out.append(left)
    return bytes(out)


def write_pmtiles(path: Path, tiles: list[tuple[int, int, int]], kind: int = 2) -> Path:
    """An archive with one directory, written from the specification."""
    ordered = sorted(tiles, key=lambda tile: number_tile(*tile))
    contents = [picture(*tile) for tile in ordered]
    ids = [number_tile(*tile) for tile in ordered]
    steps = [after - before for before, after in zip([0, *ids[:-1]], ids, strict=True)]
    sizes = [len(content) for content in contents]
    root = gzip.compress(varints([len(ids), *steps, *[1] * len(ids), *sizes, 1, *[0] * (len(ids) - 1)]))
    zooms = [zoom for zoom, _, _ in tiles]
    head = b"PMTiles\x03" + struct.pack("<8Q", 127, len(root), 0, 0, 0, 0, 127 + len(root), sum(sizes))
    head += struct.pack("<3Q", len(ids), len(ids), len(ids))
    head += bytes([1, 2, 1, kind, min(zooms), max(zooms)])
    path.write_bytes(head.ljust(127, b"\0") + root + b"".join(contents))
    return path


def tile_of_town(zoom: int) -> tuple[int, int, int]:
    lon, lat = lonlat(600, 400)
    n = 2**zoom
    row = 0.5 - math.asinh(math.tan(math.radians(lat))) / (2 * math.pi)
    return zoom, int((lon / 360 + 0.5) * n), int(row * n)


TILES = [tile_of_town(zoom) for zoom in (12, 13, 14)]
WRITERS = {"map.mbtiles": write_mbtiles, "map.pmtiles": write_pmtiles, "pictures": write_folder}


def client_with(path: Path, settings: dict[str, str]) -> FlaskClient:
    write_town(path)
    with Workspace.open(path) as workspace:
        for name, value in settings.items():
            workspace.set_setting(name, value, "test")
    return create_app(path).test_client()


def base_map(client: FlaskClient) -> Any:
    return client.get("/api/v1/county").get_json()["basemap"]


@pytest.mark.parametrize("name", list(WRITERS))
def test_each_tile_of_a_base_map_is_shown_in_its_place(tmp_path: Path, name: str) -> None:
    WRITERS[name](tmp_path / name, TILES)
    client = client_with(tmp_path / "town.gpkg", {"map.basemap": name, "map.basemap_source": "审图号：测试"})
    shown = base_map(client)
    assert (shown["min_zoom"], shown["max_zoom"], shown["shift"]) == (12, 14, [0.0, 0.0])
    assert shown["attribution"] == "审图号：测试"
    for zoom, x, y in TILES:
        response = client.get(shown["urls"][0].format(z=zoom, x=x, y=y))
        assert (response.status_code, response.mimetype) == (200, "image/png")
        assert response.data == picture(zoom, x, y)
        assert "immutable" in response.headers["Cache-Control"]
    assert client.get(shown["urls"][0].format(z=13, x=1, y=1)).status_code == 204
    assert client.get(shown["urls"][0].format(z=15, x=1, y=1)).status_code == 404
    assert client.get(shown["urls"][0].format(z=13, x=1, y=2**13)).status_code == 404
    assert client.get(f"/basemap/{'0' * 12}/13/1/1").status_code == 404
    assert client.get("/").headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY


def test_without_a_base_map_there_is_none(tmp_path: Path) -> None:
    client = client_with(tmp_path / "town.gpkg", {})
    assert base_map(client) is None
    assert client.get(f"/basemap/{'0' * 12}/13/1/1").status_code == 404


@pytest.mark.parametrize(
    "name", ["gone.mbtiles", "vector.mbtiles", "vector.pmtiles", "text.pmtiles", "empty"]
)
def test_what_is_no_base_map_is_told_and_the_map_works_without(tmp_path: Path, name: str) -> None:
    write_mbtiles(tmp_path / "vector.mbtiles", TILES, "pbf")
    write_pmtiles(tmp_path / "vector.pmtiles", TILES, 1)
    (tmp_path / "text.pmtiles").write_text("no tiles")
    (tmp_path / "empty").mkdir()
    client = client_with(tmp_path / "town.gpkg", {"map.basemap": name})
    assert name in base_map(client)["problem"]["detail"]
    assert str(tmp_path) not in base_map(client)["problem"]["detail"]
    assert client.get("/").status_code == 200


def test_a_tile_that_is_no_picture_is_not_sent(tmp_path: Path) -> None:
    zoom, x, y = TILES[0]
    (tmp_path / "f" / str(zoom) / str(x)).mkdir(parents=True)
    (tmp_path / "f" / str(zoom) / str(x) / f"{y}.png").write_text("<script>")
    client = client_with(tmp_path / "town.gpkg", {"map.basemap": "f"})
    assert client.get(base_map(client)["urls"][0].format(z=zoom, x=x, y=y)).status_code == 204


def test_a_foreign_host_is_allowed_for_pictures_on_the_map_alone_and_only_when_set(tmp_path: Path) -> None:
    client = client_with(tmp_path / "town.gpkg", {"map.basemap": "tianditu-img", "map.tianditu_token": TOKEN})
    policy = client.get("/").headers["Content-Security-Policy"]
    images = f"img-src 'self' data: blob: {' '.join(TIANDITU_HOSTS)};"
    assert policy == CONTENT_SECURITY_POLICY.replace("img-src 'self' data: blob:;", images)
    assert client.get("/list").headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    assert all(url.startswith("https://t{s}.tianditu.gov.cn/") for url in base_map(client)["urls"])


@pytest.mark.parametrize("token", ["", "x" * 32, f"{TOKEN}&x=", f"{TOKEN} https://evil.example"])
def test_a_token_that_is_none_is_told(tmp_path: Path, token: str) -> None:
    client = client_with(tmp_path / "town.gpkg", {"map.basemap": "tianditu-vec", "map.tianditu_token": token})
    assert "map.tianditu_token" in base_map(client)["problem"]["detail"]


def test_pictures_in_gcj02_are_moved_by_what_it_is_in_the_middle_of_the_county() -> None:
    # The published conversion moves 118.85 E 27.36 N by about 0.0048 degrees east and 0.0029 south.
    east, north = measure_shift([118.8, 27.3, 118.9, 27.42], "gcj02")
    metres = math.hypot(east * 111_320 * math.cos(math.radians(27.36)), north * 110_800)
    assert 400 < metres < 700
    with pytest.raises(BaseMapError):
        measure_shift([118.8, 27.3, 118.9, 27.42], "bd09")


def test_tiles_of_an_archive_that_gdal_wrote_are_those_of_the_same_map_as_mbtiles(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    places = shapely.points(rng.uniform(118.5, 119.2, 4000), rng.uniform(27, 27.7, 4000))
    frame = gpd.GeoDataFrame({"n": np.arange(4000)}, geometry=places, crs="EPSG:4326")
    options = {"MINZOOM": "6", "MAXZOOM": "12"}
    pyogrio.write_dataframe(frame, tmp_path / "x.pmtiles", driver="PMTiles", **options)
    pyogrio.write_dataframe(frame, tmp_path / "x.mbtiles", driver="MBTiles", **options)
    archive = open_pmtiles(tmp_path / "x.pmtiles")
    with sqlite3.connect(tmp_path / "x.mbtiles") as connection:
        rows = connection.execute("SELECT zoom_level, tile_column, tile_row, tile_data FROM tiles").fetchall()
    connection.close()
    assert len(rows) > 100
    for zoom, x, south, data in rows:
        ours = archive.read(zoom, x, 2**zoom - 1 - south)
        assert ours is not None
        assert gzip.decompress(ours) == gzip.decompress(data)
    assert archive.read(12, 0, 0) is None
