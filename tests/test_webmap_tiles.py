"""Vector tiles: what the encoder writes is what an independent reader and GDAL read, and what lies in the layer."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st

from geogrid.workspace import Workspace
from tests.support.mvt import Feature, read_tile
from tests.support.web import lonlat, town_layers, write_town
from webmap import create_app
from webmap.mvt import EXTENT, write_numbers
from webmap.tilesource import make_source

EQUATOR_M = 2 * math.pi * 6378137.0
MVT = "application/vnd.mapbox-vector-tile"


def tile_of(lon: float, lat: float, zoom: int) -> tuple[int, int, int]:
    n = 2**zoom
    row = 0.5 - math.asinh(math.tan(math.radians(lat))) / (2 * math.pi)
    return zoom, int((lon / 360 + 0.5) * n), int(row * n)


def expected_units(shapes: Any, zoom: int, x: int, y: int) -> Any:
    """Shapes in degrees as units of a tile, by the formula of Web Mercator, unrounded."""

    def project(points: Any) -> Any:
        lon, lat = points[:, 0], np.radians(points[:, 1])
        row = 0.5 - np.log(np.tan(np.pi / 4 + lat / 2)) / (2 * np.pi)
        world = np.column_stack([lon / 360 + 0.5, row]) * 2**zoom
        return (world - (x, y)) * EXTENT

    return shapely.transform(np.asarray(shapes), project)


def random_buildings(n: int, seed: int = 7) -> gpd.GeoDataFrame:
    """Boxes and L-shapes of 8 to 60 m in about two kilometres, turned at random."""
    rng = np.random.default_rng(seed)
    centre = np.array([118.85, 27.36]) + rng.uniform(-0.01, 0.01, (n, 2))
    shapes = []
    for number in range(n):
        wide, high = rng.uniform(8e-5, 6e-4, 2)
        shape: Any = shapely.box(0, 0, wide, high)
        if number % 3 == 0:
            shape = shape - shapely.box(wide / 2, high / 2, wide, high)
        if number % 5 == 0:
            shape = shape - shapely.box(wide / 8, high / 8, wide / 4, high / 4)
        shape = shapely.affinity.rotate(shape, float(rng.uniform(0, 90)))
        shapes.append(shapely.affinity.translate(shape, *centre[number]))
    return gpd.GeoDataFrame(
        {
            "id": [f"b{number}" for number in range(n)],
            "use": pd.Series(rng.choice(["residential", "school"], n), dtype=object).where(
                rng.random(n) > 0.2, None
            ),
            "floors": rng.integers(-2, 400, n),
            "share": rng.random(n).round(3),
            "gated": rng.random(n) > 0.5,
        },
        geometry=shapes,
        crs="EPSG:4326",
    )


COLUMNS = ("id", "use", "floors", "share", "gated")


@pytest.mark.parametrize("zoom", [14, 15, 16, 17])
def test_every_building_of_a_tile_is_read_back_with_its_properties_and_its_ground(zoom: int) -> None:
    frame = random_buildings(1200)
    source = make_source(frame, "building", COLUMNS)
    tile = tile_of(118.852, 27.362, zoom)
    units = expected_units(frame.geometry.values, *tile)
    window = shapely.box(-64, -64, EXTENT + 64, EXTENT + 64)
    inside = np.flatnonzero(shapely.intersects(units, window))
    assert len(inside) > 20
    read: dict[int, Feature] = {
        feature.id: feature for feature in read_tile(source.encode(*tile))["building"]
    }
    assert set(inside) <= set(read)  # a box that meets the window may belong to a building that does not
    for number in inside:
        feature, row = read[number], frame.iloc[number]
        given = {name: None if pd.isna(row[name]) else row[name] for name in COLUMNS}
        assert {name: feature.properties.get(name) for name in COLUMNS} == given
        assert feature.geometry.is_valid
        # What is larger than the buffer ends at its edge, so the two are compared within it. Rounding
        # moves a corner by half a unit in x and in y: 0.71 along the whole outline at most.
        truth, drawn = units[number] & window, feature.geometry & window
        assert (truth ^ drawn).area <= 0.71 * truth.length + 2


def test_gdal_reads_the_same_tile(tmp_path: Path) -> None:
    frame = random_buildings(300)
    zoom, x, y = tile_of(118.85, 27.36, 15)
    path = tmp_path / str(zoom) / str(x) / f"{y}.pbf"
    path.parent.mkdir(parents=True)
    data = make_source(frame, "building", COLUMNS).encode(zoom, x, y)
    path.write_bytes(data)
    by_gdal = pyogrio.read_dataframe(path, layer="building", CLIP="NO")
    ours = read_tile(data)["building"]
    assert by_gdal["mvt_id"].tolist() == [feature.id for feature in ours]
    assert by_gdal["id"].tolist() == [feature.properties["id"] for feature in ours]
    assert by_gdal["floors"].tolist() == [feature.properties["floors"] for feature in ours]
    side_m = EQUATOR_M / 2**zoom
    corner = np.array([x * side_m - EQUATOR_M / 2, EQUATOR_M / 2 - y * side_m])
    metres = shapely.transform(
        [feature.geometry for feature in ours],
        lambda points: corner + points * (side_m / EXTENT, -side_m / EXTENT),
    )
    assert shapely.area(metres).tolist() == pytest.approx(by_gdal.area.tolist())
    assert shapely.hausdorff_distance(metres, by_gdal.geometry.values).max() < 1e-6


def test_what_is_larger_than_the_buffer_ends_at_its_edge() -> None:
    # A square of 20 km over a tile of 1.1 km, with a hole of 200 m in the middle of the tile.
    tile = tile_of(118.85, 27.36, 15)
    lon = (tile[1] + 0.5) / 2**15 * 360 - 180
    lat = math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * (tile[2] + 0.5) / 2**15))))
    square = shapely.box(lon - 0.1, lat - 0.1, lon + 0.1, lat + 0.1)
    hole = shapely.box(lon - 0.001, lat - 0.001, lon + 0.001, lat + 0.001)
    frame = gpd.GeoDataFrame({"name": ["x"]}, geometry=[square - hole], crs="EPSG:4326")
    (feature,) = read_tile(make_source(frame, "water", ("name",)).encode(*tile))["water"]
    assert feature.geometry.bounds == (-64, -64, EXTENT + 64, EXTENT + 64)
    hole_units = expected_units([hole], *tile)[0]
    assert feature.geometry.area == pytest.approx((EXTENT + 128) ** 2 - hole_units.area, rel=1e-3)


def test_lines_points_and_shapes_in_parts_keep_their_parts() -> None:
    shapes = [
        shapely.MultiLineString([[(118.85, 27.36), (118.851, 27.361)], [(118.852, 27.36), (118.853, 27.36)]]),
        shapely.MultiPolygon(
            [shapely.box(118.85, 27.36, 118.851, 27.361), shapely.box(118.852, 27.36, 118.853, 27.361)]
        ),
        shapely.MultiPoint([(118.85, 27.36), (118.852, 27.361)]),
        None,
        shapely.Polygon(),
    ]
    frame = gpd.GeoDataFrame({"id": list("abcde")}, geometry=shapes, crs="EPSG:4326")
    tile = tile_of(118.85, 27.36, 11)
    frame = frame.rename(columns={"id": "code"})
    line, area, points = read_tile(make_source(frame, "x", ("code",)).encode(*tile))["x"]
    assert [feature.properties["code"] for feature in (line, area, points)] == ["a", "b", "c"]
    assert [feature.kind for feature in (line, area, points)] == [2, 3, 1]
    assert [len(feature.geometry.geoms) for feature in (line, area, points)] == [2, 2, 2]
    for feature, shape in zip((line, area, points), shapes, strict=False):
        truth = expected_units([shape], *tile)[0]
        assert shapely.hausdorff_distance(feature.geometry, truth) < 1


def test_what_vanishes_in_rounding_is_left_out() -> None:
    speck = shapely.box(118.85, 27.36, 118.8500001, 27.3600001)
    frame = gpd.GeoDataFrame({"id": ["speck"]}, geometry=[speck], crs="EPSG:4326")
    assert make_source(frame, "x", ("id",)).encode(*tile_of(118.85, 27.36, 14)) == b""


def test_far_out_small_buildings_are_thinned_and_large_ones_stay() -> None:
    frame = random_buildings(2000)
    frame = pd.concat([frame, frame.iloc[:1].assign(geometry=[shapely.box(118.8, 27.3, 118.9, 27.4)])])
    source = make_source(frame, "building", ())
    tile = tile_of(118.85, 27.36, 10)
    drawn = read_tile(source.encode(*tile))["building"]
    assert 2000 in {feature.id for feature in drawn}
    squares = {tuple(np.floor(np.array(f.geometry.bounds[:2]) / 8)) for f in drawn if f.id != 2000}
    assert 10 < len(drawn) - 1 <= len(squares) * 2 < 2000


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 2**35 - 1), max_size=40))
def test_numbers_are_read_back(numbers: list[int]) -> None:
    data, found, value, shift = write_numbers(np.array(numbers, np.int64)), [], 0, 0
    for byte in data:
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            found.append(value)
            value = shift = 0
    assert found == numbers


# --- the route -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    return create_app(write_town(tmp_path_factory.mktemp("town") / "town.gpkg")).test_client()


def address(layer: str, zoom: int = 14) -> str:
    return "/tiles/{}/{}/{}/{}.pbf".format(layer, *tile_of(*lonlat(600, 400), zoom))


def read_around(client: FlaskClient, layer: str) -> dict[str, dict[int, Feature]]:
    """What a tile and its eight neighbours hold, by layer and number."""
    zoom, x, y = tile_of(*lonlat(600, 400), 14)
    found: dict[str, dict[int, Feature]] = {}
    for column in (x - 1, x, x + 1):
        for row in (y - 1, y, y + 1):
            for name, features in read_tile(
                client.get(f"/tiles/{layer}/{zoom}/{column}/{row}.pbf").data
            ).items():
                found.setdefault(name, {}).update({feature.id: feature for feature in features})
    return found


def test_a_tile_of_the_page_holds_extent_water_streets_and_buildings(client: FlaskClient) -> None:
    response = client.get(address("map"))
    assert (response.status_code, response.mimetype) == (200, MVT)
    layers = read_around(client, "map")
    assert {name: len(features) for name, features in layers.items()} == {
        "county": 1,
        "water": 1,
        "street": len(town_layers()["street"]),
        "building": 24,
    }
    ids = [layers["building"][number].properties["id"] for number in range(24)]
    assert ids == [f"b{number:02d}" for number in range(1, 25)]


def test_buildings_are_numbered_as_the_letters_of_homes_stand(client: FlaskClient) -> None:
    letters = client.get("/api/v1/homes").get_json()
    assert letters["version"] == client.get("/api/v1/county").get_json()["tiles"]["map"]
    buildings = read_around(client, "building")["building"].values()
    (works,) = [feature.id for feature in buildings if feature.properties["id"] == "b24"]
    assert letters["status"][works] == "-"


def test_areas_come_as_tiles_too(client: FlaskClient) -> None:
    layers = read_tile(client.get(address("areas")).data)
    assert {name: len(features) for name, features in layers.items()} == {
        "community": 2,
        "district": 2,
        "grid": 4,
        "beat": 2,
    }
    assert {f.properties["name"] for f in layers["community"]} == {"西门社区", "东门社区"}


def test_only_the_columns_that_are_public_are_in_tiles(client: FlaskClient) -> None:
    for feature in read_tile(client.get(address("building")).data)["building"]:
        assert set(feature.properties) == {"id"}


def test_under_its_version_a_tile_is_kept_for_ever(client: FlaskClient) -> None:
    version = client.get("/api/v1/county").get_json()["tiles"]["map"]
    first = client.get(f"{address('map')}?v={version}")
    assert first.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    again = client.get(f"{address('map')}?v={version}", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert client.get(address("map")).headers["Cache-Control"] == "private, no-cache"


def test_where_nothing_lies_a_tile_is_empty(client: FlaskClient) -> None:
    response = client.get("/tiles/map/14/0/0.pbf")
    assert (response.status_code, response.data) == (200, b"")


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/tiles/person/10/850/431.pbf", 400),
        ("/tiles/assignment/10/850/431.pbf", 400),
        ("/tiles/map/21/0/0.pbf", 400),
        ("/tiles/map/10/1024/0.pbf", 400),
        ("/tiles/map/10/0/1024.pbf", 400),
        ("/tiles/map/99999999999999999999/0/0.pbf", 400),
        ("/tiles/map/-1/0/0.pbf", 404),
        ("/tiles/map/a/b/c.pbf", 404),
        ("/tiles/map/1.5/0/0.pbf", 404),
        ("/tiles/map/10/850/431.png", 404),
        ("/tiles/map/10/850/431.pbf?v=0123456789ab", 404),
        ("/tiles/map/10/850/431.pbf?v=", 404),
    ],
)
def test_junk_is_refused(client: FlaskClient, address: str, status: int) -> None:
    assert client.get(address).status_code == status


def test_an_edit_changes_the_version_of_what_it_touched_alone(tmp_path: Path) -> None:
    path = write_town(tmp_path / "town.gpkg")
    client = create_app(path).test_client()
    before = client.get("/api/v1/county").get_json()["tiles"]
    with Workspace.open(path) as workspace, workspace.edit("test", "move") as edit:
        edit.update("water", "w1", 1, {"name": "八星溪"})
    after = client.get("/api/v1/county").get_json()["tiles"]
    assert {name for name in before if before[name] != after[name]} == {"map", "water"}
    assert client.get(f"{address('map')}?v={before['map']}").status_code == 404
    assert client.get(f"{address('building')}?v={before['building']}").status_code == 200


def test_a_county_without_data_has_empty_tiles(tmp_path: Path) -> None:
    with Workspace.create(tmp_path / "empty.gpkg", "350725", "空县") as workspace:
        workspace.set_setting("web.public", "map", "test")
    client = create_app(tmp_path / "empty.gpkg").test_client()
    assert client.get("/tiles/map/10/850/431.pbf").data == b""
    assert client.get("/tiles/areas/10/850/431.pbf").data == b""


def test_an_outline_is_one_feature(client: FlaskClient) -> None:
    features = client.get("/api/v1/outline?layer=building&feature=b02").get_json()["features"]
    assert [feature["properties"] for feature in features] == [{"id": "b02"}]
    assert client.get("/api/v1/outline?layer=building&feature=b99").status_code == 404
    assert client.get("/api/v1/outline?layer=centre&feature=s1").status_code == 400
