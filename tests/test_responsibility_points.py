"""Many points at once, against the plain question whether each polygon covers each point."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
import shapely

from geogrid.crs import WGS84, transform_points
from geogrid.responsibility.lookup import locate
from geogrid.responsibility.point_index import PointIndex
from geogrid.responsibility.points import PointLookup, locate_points
from geogrid.responsibility.register import Register
from geogrid.schema import AREA_LAYERS
from tests.support.frames import EAST, METRIC, NORTH, lonlat, make_layer, make_table, point, rectangle

DATES = (dt.date(2024, 12, 31), dt.date(2025, 1, 1), dt.date(2025, 6, 30), dt.date(2025, 7, 1))


def draw_mesh(rng: np.random.Generator, side: int) -> np.ndarray:
    """Corners (side + 1, side + 1, 2) of bent squares of 100 m."""
    corner = np.stack(np.meshgrid(np.arange(side + 1), np.arange(side + 1)), axis=-1).astype(float)
    return np.array([EAST, NORTH]) + 100 * (corner + rng.uniform(-0.3, 0.3, corner.shape))


def draw_areas(rng: np.random.Generator, mesh: np.ndarray, n_areas: int) -> list[shapely.Geometry]:
    """Areas of many parts each, with holes, that tile the mesh: every square is dealt to one at random."""
    side = len(mesh) - 1
    squares = shapely.polygons(
        np.stack([mesh[:-1, :-1], mesh[:-1, 1:], mesh[1:, 1:], mesh[1:, :-1]], axis=2).reshape(-1, 4, 2)
    )
    owner = rng.integers(0, n_areas, side * side)
    return [shapely.union_all(squares[owner == number]) for number in range(n_areas)]


def draw_register(rng: np.random.Generator) -> tuple[Register, np.ndarray]:
    """Areas that change in the middle of 2025, and lanes that overlap; with the mesh of their borders."""
    mesh = draw_mesh(rng, 12)
    frames = {}
    for kind, n_areas in (("community", 5), ("district", 3), ("grid", 9), ("beat", 4)):
        before, after = draw_areas(rng, mesh, n_areas), draw_areas(rng, mesh, n_areas)
        frames[kind] = pd.concat(
            [
                make_layer(
                    kind,
                    {f"{prefix}{i}": area for i, area in enumerate(areas)},
                    valid_from=[begun] * n_areas,
                    valid_to=[ended] * n_areas,
                )
                for prefix, areas, begun, ended in (
                    ("b", before, "2025-01-01", "2025-06-30"),
                    ("a", after, "2025-07-01", None),
                )
            ],
            ignore_index=True,
        )
    frames["lane"] = make_layer(
        "lane",
        {f"s{i}": rectangle(*low, *(low + 200)) for i, low in enumerate(rng.integers(0, 900, (8, 2)))},
    )
    return Register.from_layers(frames, {}, METRIC), mesh


def draw_points(rng: np.random.Generator, register: Register, mesh: np.ndarray, n: int) -> np.ndarray:
    """Points anywhere, on corners, and as near to borders as numbers can be."""
    low, high = mesh.reshape(-1, 2).min(axis=0) - 30, mesh.reshape(-1, 2).max(axis=0) + 30
    anywhere = rng.uniform(low, high, (n // 2, 2))
    corners = rng.choice(mesh.reshape(-1, 2), n // 10)
    row, column = rng.integers(0, len(mesh) - 1, (2, n // 5))
    share = rng.uniform(0, 1, (len(row), 1))
    on_edges = mesh[row, column] * share + mesh[row, column + 1] * (1 - share)
    vertices = np.vstack([shapely.get_coordinates(f.geometry.to_numpy()) for f in register.areas.values()])
    whole = np.round(rng.uniform(low, high, (n - n // 2 - n // 10 - n // 5 - n // 10, 2)), -1)
    return np.vstack([anywhere, corners, on_edges, rng.choice(vertices, n // 10), whole])


def ask_every_polygon(register: Register, kind: str, xy: np.ndarray) -> set[tuple[int, str]]:
    frame, points = register.areas[kind], shapely.points(xy)
    return {
        (int(i), code)
        for code, polygon in zip(frame["code"], frame.geometry, strict=True)
        for i in np.flatnonzero(shapely.covers(polygon, points))
    }


@pytest.mark.parametrize(("seed", "n"), [(1, 20_000), pytest.param(2, 100_000, marks=pytest.mark.slow)])
def test_points_have_the_areas_that_every_polygon_asked_one_by_one_says(seed, n):
    rng = np.random.default_rng(seed)
    register, mesh = draw_register(rng)
    xy = draw_points(rng, register, mesh, n)
    date_of = rng.integers(0, len(DATES), len(xy))
    n_several = 0
    for number, on in enumerate(DATES):
        mine = xy[date_of == number]
        narrow = register.on_date(on)
        found = locate_points(narrow, mine, on, crs=METRIC)
        pairs = {kind: found.pairs_of(kind) for kind in AREA_LAYERS}
        for kind in AREA_LAYERS:
            expected = ask_every_polygon(narrow, kind, mine)
            rows, codes = pairs[kind]
            assert set(zip(rows.tolist(), codes, strict=True)) == expected
            assert len(rows) == len(expected)
            first = dict(sorted(expected, reverse=True))  # the last one stays: the smaller code
            assert found.codes_of(kind).tolist() == [first.get(i) for i in range(len(mine))]
            n_several += len(expected) - len(first)
        for i in range(0, len(mine), 97):  # one by one it is the same
            one = {
                (narrow.point_index.kind_of(row), found.codes[row])
                for row in narrow.point_index.find(*mine[i])
            }
            assert one == {(kind, code) for kind, (rows, codes) in pairs.items() for code in codes[rows == i]}
    assert n_several > n / 100  # corners and borders were among them


def test_before_the_first_area_begins_only_the_lanes_hold():
    register, mesh = draw_register(np.random.default_rng(3))
    found = locate_points(register, mesh.reshape(-1, 2), DATES[0], crs=METRIC)
    assert all(code is None for kind in ("community", "grid") for code in found.codes_of(kind))
    assert any(found.codes_of("lane"))


def test_points_without_a_place_lie_outside_and_an_empty_county_has_no_areas():
    empty = Register.from_layers({}, {}, METRIC)
    assert locate_points(empty, np.array([[118.0, 27.0]]), DATES[0]).codes_of("grid").tolist() == [None]
    square = Register.from_layers({"grid": make_layer("grid", {"G": rectangle(0, 0, 9, 9)})}, {}, METRIC)
    odd = np.array([[np.nan, 1.0], [np.inf, 1.0], [-1e300, 1e300], [EAST + 1.0, NORTH + 1.0]])
    assert locate_points(square, odd, DATES[0], crs=METRIC).codes_of("grid").tolist() == [None] * 3 + ["G"]
    assert len(locate_points(square, np.empty((0, 2)), DATES[0]).codes_of("grid")) == 0


def test_a_faulty_polygon_and_a_missing_one_are_taken_as_the_register_understands_them():
    twisted = shapely.Polygon([point(100, 0), point(0, 100), point(100, 100), point(0, 0)])
    frame = make_layer("lane", {"S1": twisted, "S2": None})
    register = Register.from_layers({"lane": frame}, {}, METRIC)
    xy = np.array([[EAST + 50.0, NORTH + 20.0], [EAST + 20.0, NORTH + 50.0]])  # south and west of its middle
    assert locate_points(register, xy, DATES[0], crs=METRIC).codes_of("lane").tolist() == ["S1", None]


def test_degrees_and_metres_mean_the_same_point():
    register, mesh = draw_register(np.random.default_rng(4))
    xy = np.random.default_rng(5).uniform(mesh.min(axis=(0, 1)), mesh.max(axis=(0, 1)), (500, 2))
    narrow = register.on_date(DATES[3])
    there = locate_points(narrow, transform_points(xy, METRIC, WGS84), DATES[3])
    here = locate_points(narrow, xy, DATES[3], crs=METRIC)
    for kind in AREA_LAYERS:
        assert there.codes_of(kind).tolist() == here.codes_of(kind).tolist()


def test_a_raster_of_one_cell_more_or_less_changes_nothing(monkeypatch):
    rng = np.random.default_rng(6)
    register, mesh = draw_register(rng)
    narrow, xy = register.on_date(DATES[1]), draw_points(rng, register, mesh, 2000)
    keys = dict.fromkeys(AREA_LAYERS, "code")
    expected = [narrow.point_index.locate(xy).codes_of(kind).tolist() for kind in AREA_LAYERS]
    for n_cells in (1, 7, 1000):
        monkeypatch.setattr("geogrid.responsibility.point_index.N_CELLS", n_cells)
        found = PointIndex.build(narrow.areas, keys).locate(xy)
        assert [found.codes_of(kind).tolist() for kind in AREA_LAYERS] == expected


def test_one_position_has_its_areas_building_and_people_at_once():
    layers = {
        "grid": make_layer("grid", {"G1": rectangle(0, 0, 100, 100)}, name=["一格"]),
        "compound": make_layer("compound", {"p1": rectangle(10, 10, 90, 90)}, name=["甲小区"]),
        "building": make_layer("building", {"w1": rectangle(20, 20, 30, 30)}, compound=["p1"]),
    }
    tables = {
        "person": make_table("person", id=["n1", "n2"], name=["示例甲", "示例乙"]),
        "assignment": make_table(
            "assignment",
            id=["a1", "a2"],
            person=["n1", "n2"],
            role=["邻里长", "楼栋长"],
            layer=["grid", "group"],
            feature=["G1", "L1"],
        ),
        "group": make_table("group", id=["L1"], name=["一号楼组"], kind=["楼栋组"], buildings=["w1"]),
    }
    register = Register.from_layers(layers, tables, METRIC)
    lookup = PointLookup(register, DATES[0])
    inside = lookup.at_lonlat(*lonlat(25, 25))
    assert (inside.areas, inside.building, inside.compound) == ({"grid": ("G1",)}, "w1", "p1")
    assert [duty.name for duty in inside.people] == ["示例乙", "示例甲"]
    (whole,) = locate(register, None, lonlat(25, 25), on=DATES[0]).matches
    assert list(inside.people) == list(whole.people)
    assert [duty.name for duty in lookup.at_lonlat(*lonlat(50, 50)).people] == ["示例甲"]
    assert lookup.at_lonlat(*lonlat(500, 50)).people == ()
