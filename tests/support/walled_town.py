"""Towns drawn by a seeded generator whose compounds lie in, beside, over and round one another."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geogrid.coverage.town import Town
from tests.support.town import CRS

EDGE_M, STREET_M = 600.0, 100.0


def make_walled_town(seed: int, *, n_homes: int = 40, n_centres: int = 4) -> Town:
    """A town of six by six blocks with nested, touching, overlapping and multipart compounds and holes.

    Gates are given, shut, inferred or unknown; a river, walls, bridges over compounds and bridges into them.
    """
    rng = np.random.default_rng([seed, 7])
    compound = _make_compounds(rng)
    home_xy = _strew(rng, compound, n_homes)
    size = rng.uniform(2, 9, n_homes)
    building = _frame(
        [shapely.box(x - a, y - a, x + a, y + a) for (x, y), a in zip(home_xy, size, strict=True)],
        id=[f"h{n:03d}" for n in rng.permutation(n_homes)],
        compound=[rng.choice([None, None, None, *compound["id"], "none"]) for _ in range(n_homes)],
    )
    some = rng.choice(n_homes, n_homes // 3)
    centre_xy = _strew(rng, compound, n_centres + 2)
    return Town.from_layers(
        {
            "street": _make_streets(rng, compound),
            "compound": compound,
            "gate": _make_gates(rng, compound),
            "barrier": _make_walls(rng, compound),
            "water": _make_river(rng),
            "building": building,
            "entrance": _frame(
                shapely.points(home_xy[some] + rng.uniform(-9, 9, (len(some), 2))),
                id=[f"e{n}" for n in range(len(some))],
                building=building["id"].to_numpy()[some],
            ),
            "centre": _frame(
                shapely.points(centre_xy),
                id=[f"d{n}" for n in range(n_centres + 2)],
                centre=[f"z{n % n_centres}" for n in range(n_centres + 2)],
            ),
        }
    )


def _strew(rng: np.random.Generator, compound: gpd.GeoDataFrame, n: int) -> np.ndarray:
    """Places, half of them anywhere and half in the boxes of compounds, some on their edges."""
    xy = rng.uniform(-40, EDGE_M + 40, (n, 2))
    rows = rng.integers(0, len(compound), n)
    low, high = compound.bounds.to_numpy()[rows, :2], compound.bounds.to_numpy()[rows, 2:]
    within = rng.uniform(low, high)
    edges = compound.geometry.boundary.to_numpy()[rows]
    on_edge = shapely.get_coordinates(shapely.line_interpolate_point(edges, rng.random(n), normalized=True))
    lot = rng.random(n)[:, None]
    return np.where(lot < 0.3, xy, np.where(lot < 0.85, within, on_edge + rng.uniform(-6, 6, (n, 2))))


def _make_compounds(rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Clusters of compounds: one in one in one, two side by side, two over one another, one of two parts, a ring."""
    corners = np.array([(0, 0), (300, 0), (0, 300), (300, 300)])[rng.permutation(4)]
    corners = corners + rng.uniform(10, 40, (4, 2))
    turn = rng.uniform(-20, 20, 4)
    shapes: list[tuple[int, shapely.Geometry]] = []

    def place(cluster: int, west: float, south: float, east: float, north: float) -> shapely.Geometry:
        x, y = corners[cluster]
        box = shapely.box(x + west, y + south, x + east, y + north)
        return shapely.affinity.rotate(box, turn[cluster], origin=(x + 120, y + 120))

    inner = rng.uniform(25, 60, 4)
    shapes += [
        (0, place(0, 0, 0, 230, 230)),
        (0, place(0, inner[0], inner[1], 230 - inner[2], 230 - inner[3])),
        (0, place(0, 90, 90, rng.uniform(125, 150), rng.uniform(125, 150))),
    ]
    gap = rng.choice([0.0, 0.0, 1.0, -1.0, 6.0])
    shapes += [(1, place(1, 0, 0, 110, 200)), (1, place(1, 110 + gap, 20, 225, 180))]
    over = rng.uniform(8, 60)
    shapes += [(2, place(2, 0, 0, 120, 150)), (2, place(2, 120 - over, 40, 230, 220))]
    ring = place(3, 0, 0, 140, 140).difference(place(3, 40, 40, 100, 100))
    parts = shapely.MultiPolygon([place(3, 160, 0, 230, 90), place(3, 160, 120, 230, 230)])
    shapes += [(3, ring), (3, parts)]
    if rng.random() < 0.5:
        shapes.append((3, place(3, 50, 50, 90, 90)))  # in the hole
    kinds = rng.choice(["封闭式", "开放式", "unknown"], len(shapes), p=[0.85, 0.1, 0.05])
    order = rng.permutation(len(shapes))
    return _frame(
        [shapes[n][1] for n in order], id=[f"c{n}" for n in rng.permutation(len(shapes))], kind=kinds[order]
    )


def _make_streets(rng: np.random.Generator, compound: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """A bent grid with gaps, paths in and into compounds, and bridges that end anywhere."""
    n_blocks = round(EDGE_M / STREET_M)
    corner = {
        (i, j): np.array([i, j]) * STREET_M + rng.uniform(-10, 10, 2)
        for i in range(n_blocks + 1)
        for j in range(n_blocks + 1)
    }
    lines, bridges = [], []
    for (i, j), xy in corner.items():
        for other in ((i + 1, j), (i, j + 1)):
            on_rim = i == j == 0 or 0 in (other[0] + i, other[1] + j)
            if other in corner and (on_rim or rng.random() < 0.7):
                lines.append(shapely.LineString([xy, corner[other]]))
                bridges.append(rng.random() < 0.1)
    for shape in compound.geometry:
        middle = shapely.get_coordinates(shape.representative_point())[0]
        if rng.random() < 0.6:
            lines.append(
                shapely.LineString(
                    [middle, middle + rng.uniform(-40, 40, 2), middle + rng.uniform(-70, 70, 2)]
                )
            )
            bridges.append(False)
        if rng.random() < 0.4:
            rim = np.array(shape.boundary.interpolate(rng.random(), normalized=True).coords[0])
            near = min(corner.values(), key=lambda xy: np.hypot(*(xy - rim)))
            lines.append(shapely.LineString([near, rim]))
            bridges.append(False)
    places = list(corner.values())
    for _ in range(4):
        start, end = (places[n] for n in rng.choice(len(places), 2, replace=False))
        lines.append(shapely.LineString([start, end if rng.random() < 0.7 else (start + end) / 2]))
        bridges.append(True)
    n = len(lines)
    return _frame(
        lines,
        id=[f"s{number:03d}" for number in rng.permutation(n)],
        walkable=pd.array(rng.choice([True, None, False], n, p=[0.45, 0.5, 0.05]), dtype="boolean"),
        steps=pd.array(rng.choice([True, None], n, p=[0.1, 0.9]), dtype="boolean"),
        bridge=pd.array(bridges, dtype="boolean"),
    )


def _make_gates(rng: np.random.Generator, compound: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """None to three gates a part, in its wall or a little beside, named or not, some of them shut."""
    points, owners = [], []
    for row in compound.itertuples():
        for part in shapely.get_parts(row.geometry):
            for _ in range(rng.choice([0, 1, 2, 3], p=[0.2, 0.4, 0.3, 0.1])):
                on_wall = part.exterior.interpolate(rng.random(), normalized=True)
                astray = rng.uniform(-4, 4, 2) if rng.random() < 0.3 else np.zeros(2)
                points.append(shapely.Point(np.array(on_wall.coords[0]) + astray))
                owners.append(row.id if rng.random() < 0.6 or astray.any() else None)
    n = len(points)
    return _frame(
        points,
        id=[f"g{number}" for number in rng.permutation(n)],
        compound=owners,
        locked=pd.array(rng.choice([True, False, None], n, p=[0.15, 0.4, 0.45]), dtype="boolean"),
        pedestrian=pd.array(rng.choice([False, None], n, p=[0.1, 0.9]), dtype="boolean"),
    )


def _make_walls(rng: np.random.Generator, compound: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Walls anywhere, and the wall of one compound a little off its edge."""
    start = rng.uniform(0, EDGE_M, (25, 2))
    walls = shapely.linestrings(np.stack([start, start + rng.uniform(-50, 50, start.shape)], axis=1))
    own = compound.geometry[int(rng.integers(len(compound)))].boundary
    own = shapely.affinity.translate(own, *rng.uniform(-1, 1, 2))
    return _frame([own, *walls], id=[f"b{n}" for n in range(len(walls) + 1)])


def _make_river(rng: np.random.Generator) -> gpd.GeoDataFrame:
    axis = shapely.LineString([(x, rng.uniform(0.2, 0.8) * EDGE_M) for x in np.linspace(-60, EDGE_M + 60, 5)])
    return _frame([shapely.buffer(axis, 8)], id=["w1"])


def _frame(geometries: object, **columns: object) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries(list(geometries), crs=CRS))
