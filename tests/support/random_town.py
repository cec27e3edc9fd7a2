"""Towns drawn by a seeded generator: a bent grid of streets on hills, compounds of every sort, walls, a
river, homes and centres."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import shapely.affinity

from geogrid.coverage.town import Town
from tests.support.town import CRS

N_BLOCKS, BLOCK_M = 7, 100.0


def make_town(seed: int, *, n_homes: int = 60, n_centres: int = 5) -> Town:
    """A town of seven by seven blocks, some streets missing, with eight compounds."""
    rng, ground_rng = np.random.default_rng(seed), np.random.default_rng([seed, 1])
    compound = _make_compounds(rng)
    edge = N_BLOCKS * BLOCK_M
    home_xy = rng.uniform(-60, edge + 60, (n_homes, 2))
    home_xy[:2] = shapely.get_coordinates(compound.geometry[3].centroid)
    building = _frame(
        [shapely.box(x - 4, y - 4, x + 4, y + 4) for x, y in home_xy],
        id=[f"h{n:03d}" for n in range(n_homes)],
        use=rng.choice(
            ["residential", "unknown", None, "commercial"], n_homes, p=[0.5, 0.2, 0.2, 0.1]
        ).tolist(),
        residents=pd.array(rng.integers(1, 200, n_homes), dtype="Int64"),
    )
    some = rng.choice(n_homes, n_homes // 3)
    doors = shapely.get_coordinates(shapely.centroid(building.geometry.to_numpy()[some]))
    return Town.from_layers(
        {
            "street": _raise_streets(_make_streets(rng), ground_rng),
            "compound": compound,
            "gate": _make_gates(rng, compound),
            "barrier": _make_walls(compound, ground_rng),
            "water": _make_river(ground_rng),
            "building": building,
            "entrance": _frame(
                shapely.points(doors + rng.uniform(-4, 4, doors.shape)),
                id=[f"e{n}" for n in range(len(some))],
                building=[f"h{n:03d}" for n in some],
            ),
            "centre": _frame(
                shapely.points(rng.uniform(0, edge, (n_centres + 2, 2))),
                id=[f"d{n}" for n in range(n_centres + 2)],
                centre=[f"z{n % n_centres}" for n in range(n_centres + 2)],
            ),
        }
    )


def make_stopped_town(seed: int) -> Town:
    """The same with what `stop_streets` adds."""
    return stop_streets(make_town(seed), seed)


def stop_streets(town: Town, seed: int) -> Town:
    """A town with stops at vertices and between them, and a tenth of its junctions torn apart by numbers."""
    rng = np.random.default_rng([seed, 7])
    lines = town.street.geometry.to_numpy()
    chosen = rng.choice(len(lines), 12, replace=False)
    places = [
        lines[number].interpolate(share, normalized=True)
        for number, share in zip(chosen, rng.choice([0.0, 0.3, 0.5, 1.0], 12), strict=True)
    ]
    places = [shapely.Point(p.x + dx, p.y + dy) for p, (dx, dy) in zip(places, rng.uniform(-1.6, 1.6, (12, 2)), strict=True)]  # fmt: skip
    loose = gpd.GeoDataFrame(
        {
            "id": [f"loose{n}" for n in range(8)],
            "locked": [True, None, True, False, None, True, None, None],
            "pedestrian": [None, False, None, True, None, None, None, None],
            "passage": [None, None, "open", None, "closed", "doubtful", None, "doubtful"],
        },
        geometry=places[:8],
        crs=CRS,
    )
    barrier = gpd.GeoDataFrame(
        {"id": ["b0", "b1", "b2", "b3"], "passage": [None, "closed", "open", "doubtful"]},
        geometry=places[8:],
        crs=CRS,
    )
    starts = [tuple(np.round(line.coords[0][:2], 3)) for line in lines]
    torn = {place for place in sorted(set(starts)) if rng.random() < 0.1}
    nodes = [f"0:{rng.integers(2)}" if start in torn else None for start in starts]
    layers = {
        **vars(town),
        "gate": pd.concat([town.gate, loose], ignore_index=True),
        "street_barrier": barrier,
        "street": town.street.assign(nodes=pd.Series(nodes, dtype=object)),
    }
    return Town.from_layers(layers)


def pave(town: Town, seed: int) -> Town:
    """A town with squares where streets meet: they touch, overlap compounds and walls, and one is not walked."""
    rng = np.random.default_rng([seed, 11])
    starts = [line.coords[0][:2] for line in town.street.geometry]
    shapes = []
    for number in rng.choice(len(starts), 5, replace=False):
        (x, y), (wide, high) = starts[number], rng.uniform(25, 80, 2)
        square = shapely.box(x - wide * rng.random(), y - high * rng.random(), x + wide, y + high)
        shapes.append(shapely.affinity.rotate(square, rng.uniform(-40, 40)))
    shapes[0] = shapes[0].difference(shapes[0].centroid.buffer(8, quad_segs=2))
    ids = [f"q{n}" for n in rng.permutation(5)]
    walkable = pd.Series([True, None, None, None, False], dtype="boolean")
    square = gpd.GeoDataFrame({"id": ids, "walkable": walkable}, geometry=shapes, crs=CRS)
    return Town.from_layers({**vars(town), "square": square})


def _make_streets(rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Streets of one to three segments along a bent grid, and a few that cross it without a vertex."""
    corner = {
        (i, j): np.array([i, j]) * BLOCK_M + rng.uniform(-12, 12, 2)
        for i in range(N_BLOCKS + 1)
        for j in range(N_BLOCKS + 1)
    }
    lines = []
    for (i, j), xy in corner.items():
        for other in ((i + 1, j), (i, j + 1)):
            if other in corner and rng.random() < 0.8:
                middle = (xy + corner[other]) / 2 + rng.uniform(-8, 8, 2)
                lines.append(shapely.LineString([xy, middle, corner[other]]))
    lines += [shapely.LineString(rng.uniform(0, N_BLOCKS * BLOCK_M, (3, 2))) for _ in range(6)]
    lines += [shapely.LineString([corner[i, i], corner[i + 1, i + 1]]) for i in range(0, N_BLOCKS, 2)]
    n = len(lines)
    order = rng.permutation(n)
    return _frame(
        [lines[number] for number in order],
        id=[f"s{number:03d}" for number in order],
        walkable=pd.array(rng.choice([True, None, False], n, p=[0.45, 0.45, 0.1]), dtype="boolean"),
        steps=pd.array(rng.choice([True, None], n, p=[0.1, 0.9]), dtype="boolean"),
        bridge=pd.array(rng.choice([True, None], n, p=[0.1, 0.9]), dtype="boolean"),
        crossing_s=rng.choice([20.0, 10.0, np.nan], n, p=[0.1, 0.1, 0.8]),
    )


def _raise_streets(street: gpd.GeoDataFrame, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """The streets on hills; one in five without heights, one in ten with a height missing; crossings by class."""
    waves = rng.uniform(0.005, 0.02, (3, 2))
    lines = []
    for line in street.geometry:
        xy = shapely.get_coordinates(line)
        height_m = 12 * np.sin(xy @ waves.T).sum(axis=1)
        draw = rng.random()
        if draw < 0.1:
            height_m[rng.integers(len(xy))] = np.nan
        lines.append(line if draw > 0.8 else shapely.LineString(np.column_stack([xy, height_m])))
    n = len(street)
    return street.assign(
        **{
            "class": rng.choice(["primary", "secondary", "footway", None], n).tolist(),
            "crossing": pd.array(rng.choice([True, None], n, p=[0.1, 0.9]), dtype="boolean"),
        }
    ).set_geometry(gpd.GeoSeries(lines, crs=CRS))


def _make_walls(compound: gpd.GeoDataFrame, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """The wall of one compound, and thirty walls anywhere."""
    start = rng.uniform(0, N_BLOCKS * BLOCK_M, (30, 2))
    ends = start + rng.uniform(-60, 60, (30, 2))
    walls = shapely.linestrings(np.stack([start, ends], axis=1))
    return _frame([compound.geometry[7].exterior, *walls], id=[f"b{n}" for n in range(31)])


def _make_river(rng: np.random.Generator) -> gpd.GeoDataFrame:
    """A river from west to east, that streets cross."""
    edge = N_BLOCKS * BLOCK_M
    axis = shapely.LineString([(x, rng.uniform(0.4, 0.6) * edge) for x in np.linspace(-60, edge + 60, 5)])
    return _frame([shapely.buffer(axis, 12)], id=["w1"])


def _make_compounds(rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Eight rectangles that do not meet: five gated, one open, two of unknown kind; s is small, in a block."""
    cells = rng.choice(9, 8, replace=False)
    west, south = (cells % 3) * 230.0 + 15, (cells // 3) * 230.0 + 15
    width, height = rng.uniform(90, 200, (2, 8))
    middle = np.round(np.array([west[3], south[3]]) / BLOCK_M) * BLOCK_M + BLOCK_M / 2
    (west[3], south[3]), width[3], height[3] = middle - 12, 24, 24
    kinds = ["封闭式"] * 5 + ["开放式", "unknown", None]
    return _frame(shapely.box(west, south, west + width, south + height), id=list("pqrstuvw"), kind=kinds)


def _make_gates(rng: np.random.Generator, compound: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Gates of every sort: p has three, q a locked one beside an open one, r locked ones only, v one on its edge."""
    owners = list("pppqqrrv")
    edges = compound.set_index("id").geometry.exterior
    points = [edges[owner].interpolate(rng.random(), normalized=True) for owner in owners]
    return _frame(
        points,
        id=[f"g{n}" for n in range(len(owners))],
        compound=[*owners[:-1], None],
        locked=pd.array([None, False, None, True, None, True, None, None], dtype="boolean"),
        pedestrian=pd.array([None, True, None, None, True, None, False, None], dtype="boolean"),
    )


def _frame(geometries: object, **columns: object) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries(list(geometries), crs=CRS))
