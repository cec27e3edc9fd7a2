"""Footprints: houses along the streets, slabs in compounds, halls and campuses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from geogrid.demo.compounds import Compound
from geogrid.demo.fabric import Fabric, Ints, Objects
from geogrid.demo.lots import measure_clearance_m
from geogrid.demo.streets import Ways
from geogrid.demo.terrain import Array
from geogrid.prepared import prepared


@dataclass(frozen=True)
class HouseStyle:
    """How houses stand along the edge of a lot: ranges in metres, the share of plots built on."""

    frontage_m: tuple[float, float]
    depth_m: tuple[float, float]
    gap_m: float
    built_share: float
    n_rows: int
    setback_m: float


HOUSE_STYLES = {
    "old": HouseStyle((7.5, 13.0), (8.5, 14.0), 0.4, 0.95, 3, 0.2),
    "core": HouseStyle((10.0, 19.0), (10.0, 14.0), 1.0, 0.90, 2, 0.6),
    "new": HouseStyle((14.0, 26.0), (11.0, 14.0), 3.0, 0.74, 1, 1.5),
    "edge": HouseStyle((10.0, 17.0), (9.0, 12.5), 4.0, 0.62, 1, 1.5),
    "village": HouseStyle((10.0, 15.0), (9.0, 12.0), 4.0, 0.55, 1, 1.0),
}
RIBBON = HouseStyle((10.0, 16.0), (9.0, 12.0), 6.0, 0.40, 1, 3.0)
"""Along roads out of the valley."""

N_CAMPUSES = 16
N_TRIES = 6
SLAB_GAP_M = 10.0
_RIBBON_CLASSES = ("primary", "secondary", "tertiary")
_RIBBON_REACH_M = 34.0


@dataclass(frozen=True)
class Footprints:
    """Buildings in EPSG:4549: one entry of every array is one building.

    Attributes
    ----------
    shapes
        Shape (b,), Polygons whose first side faces the street.
    cell
        Shape (b,), the cell each stands in.
    style
        Shape (b,): a quarter's name for houses, "ribbon", "slab", "hall" or "campus".
    compound
        Shape (b,), number of the compound, -1 for none.
    """

    shapes: Objects
    cell: Ints
    style: Objects
    compound: Ints


def place_buildings(
    fabric: Fabric,
    lots: Objects,
    compounds: list[Compound],
    ways: Ways,
    water: Objects,
    rng: np.random.Generator,
) -> Footprints:
    """All footprints; none overlaps another, a street or water."""
    taken = {compound.cell for compound in compounds}
    campus = _choose_campuses(fabric, lots, taken, rng)
    parts = [
        _fill_compounds(compounds, rng),
        _fill_campuses(campus, lots, rng),
        _fill_works(fabric, lots, rng),
    ]
    free = np.array([lot is not None for lot in lots])
    free[[*taken, *campus]] = False
    for name, style in HOUSE_STYLES.items():
        chosen = np.flatnonzero(free & (fabric.cell_quarter == name))
        parts.append(_line_streets(lots, chosen, style, name, rng))
    rural = np.flatnonzero(free & np.isin(fabric.cell_quarter, ["field", "hill"]))
    ribbon = _line_streets(lots, rural, RIBBON, "ribbon", rng)
    large = ways.lines[np.isin(ways.street_class, _RIBBON_CLASSES) & ~ways.bridge]
    near, _ = shapely.STRtree(large).query(ribbon.shapes, predicate="dwithin", distance=_RIBBON_REACH_M)
    parts.append(_select(ribbon, np.unique(near)))
    return _drop_clashes(_join(parts), ways, water)


def _join(parts: list[Footprints]) -> Footprints:
    return Footprints(
        shapes=np.concatenate([part.shapes for part in parts]),
        cell=np.concatenate([part.cell for part in parts]),
        style=np.concatenate([part.style for part in parts]),
        compound=np.concatenate([part.compound for part in parts]),
    )


def _select(made: Footprints, rows: npt.NDArray[np.int64]) -> Footprints:
    return Footprints(made.shapes[rows], made.cell[rows], made.style[rows], made.compound[rows])


def _make(shapes: list[shapely.Polygon], cell: list[int], style: str, compound: list[int]) -> Footprints:
    array = np.empty(len(shapes), dtype=object)
    array[:] = shapes
    return Footprints(
        array,
        np.array(cell, dtype=np.int64),
        np.full(len(shapes), style, dtype=object),
        np.array(compound, dtype=np.int64),
    )


# --- houses along streets ------------------------------------------------------------------------


def _line_streets(
    lots: Objects, chosen: npt.NDArray[np.int64], style: HouseStyle, name: str, rng: np.random.Generator
) -> Footprints:
    """Houses side by side along the edges of the chosen lots, row behind row."""
    shapes, owners = [], []
    ground, owner = lots[chosen], chosen
    for row in range(style.n_rows):
        rectangles, lot = _draw_plots(ground, style, rng)
        fits = shapely.covers(ground[lot], rectangles)
        shapes.append(rectangles[fits])
        owners.append(owner[lot[fits]])
        if row + 1 < style.n_rows:
            inner = shapely.buffer(ground, -(style.depth_m[1] + 3.0), join_style="mitre")
            pieces, source = shapely.get_parts(inner, return_index=True)
            large = shapely.area(pieces) > 150.0
            ground, owner = pieces[large], owner[source[large]]
    cell = np.concatenate(owners)
    n = len(cell)
    return Footprints(
        np.concatenate(shapes), cell, np.full(n, name, dtype=object), np.full(n, -1, dtype=np.int64)
    )


def _draw_plots(ground: Objects, style: HouseStyle, rng: np.random.Generator) -> tuple[Objects, Ints]:
    """Rectangles along every side of every polygon, and the number of the polygon of each."""
    rings = shapely.simplify(shapely.get_exterior_ring(shapely.orient_polygons(ground)), 1.2)
    coordinates, ring = shapely.get_coordinates(rings, return_index=True)
    start, end = coordinates[:-1], coordinates[1:]
    side = (ring[:-1] == ring[1:]) & (np.hypot(*(end - start).T) > style.frontage_m[0])
    start, end, ring = start[side], end[side], ring[:-1][side]
    length = np.hypot(*(end - start).T)
    mean_m = sum(style.frontage_m) / 2 + style.gap_m
    n_plots = np.maximum(1, np.round(length / mean_m)).astype(int)
    edge = np.repeat(np.arange(len(start)), n_plots)
    first = np.cumsum(n_plots) - n_plots
    place = np.arange(len(edge)) - first[edge]
    pitch = length[edge] / n_plots[edge]
    width = np.minimum(rng.uniform(*style.frontage_m, len(edge)), pitch - style.gap_m)
    depth = rng.uniform(*style.depth_m, len(edge))
    depth = np.minimum(depth, 1.6 * width)
    slack = pitch - style.gap_m - width
    at = place * pitch + style.gap_m / 2 + slack * rng.uniform(0, 1, len(edge))
    setback = style.setback_m * (1.0 + 0.8 * rng.uniform(0, 1, len(edge)))
    keep = (rng.uniform(0, 1, len(edge)) < style.built_share) & (width > 0.7 * style.frontage_m[0])
    along = ((end - start) / length[:, None])[edge]
    inward = np.column_stack([-along[:, 1], along[:, 0]])
    corner = start[edge] + at[:, None] * along + setback[:, None] * inward
    shapes = _draw_rectangles(corner, along, inward, width, depth)
    return shapes[keep], ring[edge[keep]].astype(np.int64)


def _draw_rectangles(corner: Array, along: Array, inward: Array, width: Array, depth: Array) -> Objects:
    """Rectangles, shape (n,), whose first side runs from `corner` along the street."""
    second = corner + width[:, None] * along
    corners = np.stack([corner, second, second + depth[:, None] * inward, corner + depth[:, None] * inward])
    return np.asarray(shapely.polygons(np.round(corners.transpose(1, 0, 2), 3)), dtype=object)


# --- rows of slabs -------------------------------------------------------------------------------


def _find_row_angle(ground: shapely.Polygon) -> float:
    """Direction of rows: the side of the ground nearest to east-west, so that the fronts face south."""
    corners = shapely.get_coordinates(shapely.oriented_envelope(ground))
    angles = np.arctan2(*np.diff(corners[:3], axis=0).T[::-1])
    angles = (angles + np.pi / 2) % np.pi - np.pi / 2
    return float(angles[np.abs(angles).argmin()])


def _fill_rows(
    ground: shapely.Polygon,
    length_m: tuple[float, float],
    depth_m: tuple[float, float],
    spacing_m: float,
    rng: np.random.Generator,
) -> list[shapely.Polygon]:
    """Parallel rows of slabs that fit into the ground, the best of several tries."""
    if ground.is_empty:
        return []
    angle = _find_row_angle(ground)
    along = np.array([np.cos(angle), np.sin(angle)])
    across = np.array([-along[1], along[0]])
    points = shapely.get_coordinates(ground)
    reach = (float((points @ along).min()), float((points @ along).max()))
    bottom, top = float((points @ across).min()), float((points @ across).max())
    best: list[shapely.Polygon] = []
    best_m2 = 0.0
    for _ in range(N_TRIES):
        length, depth = rng.uniform(*length_m), rng.uniform(*depth_m)
        rows = np.arange(bottom + rng.uniform(0.5, 0.4 * spacing_m), top - depth, spacing_m + depth)
        spans = _find_spans(ground, rows, depth, reach, along, across)
        plots = [plot for low, high, v in spans for plot in _part_span(low, high, v, length, length_m[0])]
        if not plots:
            continue
        grid = np.array(plots)
        n = len(grid)
        shapes = _draw_rectangles(
            grid[:, :1] * along + grid[:, 1:2] * across,
            np.tile(along, (n, 1)),
            np.tile(across, (n, 1)),
            grid[:, 2],
            np.full(n, depth),
        )
        with prepared(ground) as ready:
            shapes = shapes[shapely.covers(ready, shapes)]
        area = float(shapely.area(shapes).sum())
        if area > best_m2:
            best, best_m2 = list(shapes), area
    return best


def _find_spans(
    ground: shapely.Polygon,
    rows: Array,
    depth: float,
    reach: tuple[float, float],
    along: Array,
    across: Array,
) -> list[tuple[float, float, float]]:
    """Where a row of that depth has ground before and behind: from, to (along) and the row's place (across)."""
    spans = []
    for v in rows:
        low, high = reach
        for line_v in (v, v + depth / 2, v + depth):
            line = shapely.LineString(
                [reach[0] * along + line_v * across, reach[1] * along + line_v * across]
            )
            inside = shapely.get_parts(shapely.intersection(line, ground))
            if not shapely.length(inside).sum():
                low, high = 0.0, 0.0
                break
            longest = shapely.get_coordinates(inside[shapely.length(inside).argmax()]) @ along
            low, high = max(low, float(longest.min())), min(high, float(longest.max()))
        if high > low:
            spans.append((low + 0.05, high - 0.05, float(v)))
    return spans


def _part_span(
    low: float, high: float, v: float, length: float, least_m: float
) -> list[tuple[float, float, float]]:
    """Slabs of about that length side by side in a span: start (along), place (across) and length."""
    n = max(1, round((high - low + SLAB_GAP_M) / (length + SLAB_GAP_M)))
    own = (high - low - (n - 1) * SLAB_GAP_M) / n
    if own < least_m:
        return []
    return [(low + i * (own + SLAB_GAP_M), v, own) for i in range(n)]


def _fill_compounds(compounds: list[Compound], rng: np.random.Generator) -> Footprints:
    shapes, cell, number = [], [], []
    for i, compound in enumerate(compounds):
        spacing = rng.uniform(15, 24)
        inner = max(shapely.get_parts(compound.inner), key=lambda part: part.area, default=shapely.Polygon())
        made = _fill_rows(inner, (24.0, 46.0), (11.5, 14.0), spacing, rng)
        made = made or _fill_rows(inner, (14.0, 22.0), (10.0, 12.0), 12.0, rng)
        shapes += made
        cell += [compound.cell] * len(made)
        number += [i] * len(made)
    return _make(shapes, cell, "slab", number)


def _choose_campuses(
    fabric: Fabric, lots: Objects, taken: set[int], rng: np.random.Generator
) -> npt.NDArray[np.int64]:
    """Cells of schools, offices, hospital and stadium."""
    area = shapely.area(lots)
    fit = np.isin(fabric.cell_quarter, ["core", "new"]) & (area > 5_500) & (area < 30_000)
    fit[sorted(taken)] = False
    found = np.flatnonzero(fit)
    return np.sort(rng.choice(found, min(N_CAMPUSES, len(found)), replace=False))


def _fill_campuses(cells: npt.NDArray[np.int64], lots: Objects, rng: np.random.Generator) -> Footprints:
    shapes, owner = [], []
    for cell in cells:
        made = _fill_rows(lots[cell].buffer(-7.0), (32.0, 60.0), (13.0, 18.0), 34.0, rng)
        shapes += made
        owner += [int(cell)] * len(made)
    return _make(shapes, owner, "campus", [-1] * len(shapes))


def _fill_works(fabric: Fabric, lots: Objects, rng: np.random.Generator) -> Footprints:
    shapes, owner = [], []
    for cell in np.flatnonzero(fabric.cell_quarter == "works"):
        if lots[cell] is None:
            continue
        made = _fill_rows(lots[cell].buffer(-6.0), (38.0, 80.0), (20.0, 32.0), 16.0, rng)
        shapes += made
        owner += [int(cell)] * len(made)
    return _make(shapes, owner, "hall", [-1] * len(shapes))


# --- what may not stand -----------------------------------------------------------------------


def _drop_clashes(made: Footprints, ways: Ways, water: Objects) -> Footprints:
    """Without what stands on a way or in water, and of two that overlap without the later one."""
    shapes = made.shapes
    clear_m = np.minimum(
        measure_clearance_m(ways.street_class), 1.0 + 0.5 * measure_clearance_m(ways.street_class)
    )
    bands = shapely.buffer(ways.lines, clear_m * 0.8, quad_segs=2)
    blocked = np.unique(shapely.STRtree(bands).query(shapes, predicate="intersects")[0])
    wet = np.unique(shapely.STRtree(water).query(shapes, predicate="intersects")[0])
    keep = np.ones(len(shapes), dtype=bool)
    keep[blocked] = False
    keep[wet] = False
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    pairs = np.column_stack([first, second])[first < second]
    for earlier, later in pairs[np.lexsort(pairs.T[::-1])]:
        if keep[earlier]:
            keep[later] = False
    return _select(made, np.flatnonzero(keep))
