"""One planar net of edges and cells: main lines noded, the faces cut into blocks, carried to the ground."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geogrid.demo.plan import ISLAND_STREET, Line, draw_main_lines, draw_outline
from geogrid.demo.quarters import QUARTERS, Quarter, classify
from geogrid.demo.terrain import BROOK_EDGE_M, RIVER_EDGE_M, Array, Terrain, brook_axis
from geogrid.prepared import prepared

Objects = npt.NDArray[np.object_]
Ints = npt.NDArray[np.int64]

SNAP_M = 0.25
SEGMENT_M = 24.0
STUB_M = 34.0
OVERRUN_M = 0.6
SLIVER_M2 = 20.0
N_TRIES = 4
MIXED_FACE_M2 = 30_000.0


@dataclass(frozen=True)
class Fabric:
    """The net on the ground (EPSG:4549). Cells tile the extent; their borders are made of edges.

    Attributes
    ----------
    edges
        Shape (e,), LineStrings that meet only at their ends.
    edge_class, edge_name
        Shape (e,); "" where the edge is a border and no street, or has no name.
    edge_bridge
        Shape (e,): a street over the river or the brook.
    edge_cells
        Shape (e, 2): the cells left and right of each edge, -1 for none.
    cells
        Shape (c,), Polygons.
    cell_quarter
        Shape (c,), names of `quarters.QUARTERS`.
    """

    edges: Objects
    edge_class: Objects
    edge_name: Objects
    edge_bridge: npt.NDArray[np.bool_]
    edge_cells: Ints
    cells: Objects
    cell_quarter: Objects


def weave_fabric(terrain: Terrain, rng: np.random.Generator) -> Fabric:
    """The whole net of one seed."""
    outline = draw_outline(rng)
    lines = [line for main in draw_main_lines(rng) for line in _clip(main, outline)]
    ring = Line(shapely.get_coordinates(outline), "")
    faces = shapely.get_parts(shapely.polygonize(_node([*lines, ring])))
    lines += [ring, *_cut_faces(faces, rng)]
    edges = _node(lines)
    edge_class, edge_name = _inherit(edges, lines)
    keep = ~_is_stub(edges)
    edges, edge_class, edge_name = edges[keep], edge_class[keep], edge_name[keep]
    hamlet, way_out = _find_island(edges, edge_name)
    edge_class[way_out] = ""
    edge_class[~_is_connected(edges, edge_class) & ~hamlet] = ""
    ground = _warp_edges(edges, terrain)
    keep = ~_is_double(ground, edge_class)
    edges, edge_class, edge_name, ground = edges[keep], edge_class[keep], edge_name[keep], ground[keep]
    bridge = _is_over_water(edges) & (edge_class != "")
    cells = shapely.get_parts(shapely.polygonize(ground))
    inner = terrain.unwarp(shapely.get_coordinates(shapely.point_on_surface(cells)))
    return Fabric(
        edges=ground,
        edge_class=edge_class,
        edge_name=edge_name,
        edge_bridge=bridge,
        edge_cells=_find_sides(ground, cells),
        cells=cells,
        cell_quarter=classify(inner),
    )


def _clip(line: Line, outline: shapely.Polygon) -> list[Line]:
    inside = shapely.get_parts(shapely.intersection(shapely.LineString(line.points), outline))
    return [
        Line(shapely.get_coordinates(part), line.street_class, line.name)
        for part in inside
        if part.length > SNAP_M
    ]


def _node(lines: list[Line]) -> Objects:
    """Edges of shape (e,) that meet only at their ends, on a grid of `SNAP_M`."""
    strings = np.array([shapely.LineString(line.points) for line in lines], dtype=object)
    noded = shapely.get_parts(shapely.node(shapely.union_all(strings, grid_size=SNAP_M)))
    return np.asarray(shapely.get_parts(shapely.line_merge(shapely.union_all(noded))), dtype=object)


def _cut_faces(faces: Objects, rng: np.random.Generator) -> list[Line]:
    """Cuts that divide every face into blocks as small as its quarter wants them."""
    cuts: list[Line] = []
    pending = list(faces)
    while pending:
        face = pending.pop()
        quarter = QUARTERS[classify(shapely.get_coordinates(face.representative_point()))[0]]
        if face.area < _choose_block_m2(face, quarter) * rng.uniform(0.8, 1.5):
            continue
        tries = (_cut(face, quarter.skew_rad * (1 + turn), rng) for turn in range(N_TRIES))
        parts, line = next((made for made in tries if made[0]), ([], []))
        pending += parts
        street_class = _choose_class(quarter.name, face.area, rng)
        name = f"#{len(cuts)}" if street_class not in ("", "path", "track") else ""
        cuts += [Line(_lengthen(shapely.get_coordinates(part)), street_class, name) for part in line]
    return cuts


def _lengthen(ends: Array) -> Array:
    """A cut that runs past the border it ends on, so that noding is sure to find the meeting point."""
    step = (ends[1] - ends[0]) / np.hypot(*(ends[1] - ends[0])) * OVERRUN_M
    return np.array([ends[0] - step, ends[1] + step])


def _choose_block_m2(face: shapely.Polygon, quarter: Quarter) -> float:
    """The block size of the quarter; of the finest quarter that a large face reaches into."""
    if face.area < MIXED_FACE_M2:
        return quarter.block_m2
    corners = shapely.get_coordinates(face.segmentize(150.0))
    middle = shapely.get_coordinates(face.representative_point())
    found = classify(np.concatenate([corners, middle + 0.5 * (corners - middle)]))
    names = {str(name) for name in found} - {"river", "old"}
    return min([quarter.block_m2, *(2.2 * QUARTERS[name].block_m2 for name in names)])


def _cut(
    face: shapely.Polygon, skew_rad: float, rng: np.random.Generator
) -> tuple[list[shapely.Polygon], list[shapely.LineString]]:
    corners = shapely.get_coordinates(shapely.oriented_envelope(face))
    first, second = corners[1] - corners[0], corners[2] - corners[1]
    long_side, across = (first, second) if np.hypot(*first) > np.hypot(*second) else (second, first)
    angle = np.arctan2(across[1], across[0]) + rng.normal(0, skew_rad)
    middle = corners[:4].mean(axis=0) + long_side * rng.uniform(-0.13, 0.13)
    reach = np.hypot(*first) + np.hypot(*second)
    direction = np.array([np.cos(angle), np.sin(angle)]) * reach
    knife = shapely.LineString([middle - direction, middle + direction])
    side = np.array([-direction[1], direction[0]])
    half = shapely.Polygon(
        [middle - direction, middle + direction, middle + direction + side, middle - direction + side]
    )
    parts = [
        part
        for piece in (shapely.intersection(face, half), shapely.difference(face, half))
        for part in shapely.get_parts(piece)
        if part.geom_type == "Polygon" and part.area > 1.0
    ]
    inside = shapely.get_parts(shapely.intersection(knife, face))
    line = [part for part in inside if part.geom_type == "LineString" and part.length > 1.0]
    if len(parts) < 2 or min(part.area for part in parts) < 0.08 * face.area:
        return [], []
    return parts, line


_CLASS_SHARES: dict[str, tuple[tuple[str, float], ...]] = {
    "old": (("living_street", 0.5), ("footway", 0.5)),
    "core": (("residential", 0.7), ("living_street", 0.3)),
    "new": (("residential", 0.9), ("service", 0.1)),
    "edge": (("residential", 0.5), ("living_street", 0.3), ("", 0.2)),
    "works": (("residential", 1.0),),
    "park": (("path", 0.6), ("", 0.4)),
    "village": (("living_street", 0.6), ("footway", 0.25), ("", 0.15)),
    "field": (("track", 0.3), ("", 0.7)),
    "hill": (("path", 0.1), ("", 0.9)),
    "river": (("", 1.0),),
}
_LARGE_CLASS = {
    "old": (16_000, "living_street"),
    "core": (45_000, "residential"),
    "new": (95_000, "tertiary"),
}


def _choose_class(quarter: str, area_m2: float, rng: np.random.Generator) -> str:
    limit, street_class = _LARGE_CLASS.get(quarter, (np.inf, ""))
    drawn = rng.uniform()
    if area_m2 > limit:
        return street_class
    for street_class, share in _CLASS_SHARES[quarter]:
        drawn -= share
        if drawn < 0:
            return street_class
    return _CLASS_SHARES[quarter][-1][0]


def _inherit(edges: Objects, lines: list[Line]) -> tuple[Objects, Objects]:
    """Class and name of each edge: those of the line it lies on, a street before a mere border."""
    strings = np.array([shapely.LineString(line.points) for line in lines], dtype=object)
    middles = shapely.line_interpolate_point(edges, 0.5, normalized=True)
    edge, line = shapely.STRtree(strings).query(middles, predicate="dwithin", distance=2 * SNAP_M)
    is_street = np.array([bool(item.street_class) for item in lines])
    order = np.lexsort((line, ~is_street[line], edge))
    edge, line = edge[order], line[order]
    owner = np.zeros(len(edges), dtype=int)
    first = np.unique(edge, return_index=True)[1]
    owner[edge[first]] = line[first]
    street_class = np.array([item.street_class for item in lines], dtype=object)
    name = np.array([item.name for item in lines], dtype=object)
    return street_class[owner], name[owner]


def _number_ends(edges: Objects) -> tuple[Ints, int]:
    """Node numbers of both ends, shape (e, 2), and how many nodes there are."""
    ends = np.concatenate(
        [
            shapely.get_coordinates(shapely.get_point(edges, 0)),
            shapely.get_coordinates(shapely.get_point(edges, -1)),
        ]
    )
    nodes, number = np.unique(ends, axis=0, return_inverse=True)
    return number.reshape(2, -1).T.astype(np.int64), len(nodes)


def _is_stub(edges: Objects) -> npt.NDArray[np.bool_]:
    """What sticks out past a junction: a short edge with a free end."""
    ends, n_nodes = _number_ends(edges)
    degree = np.bincount(ends.ravel(), minlength=n_nodes)
    return np.asarray((degree[ends] == 1).any(axis=1) & (shapely.length(edges) < STUB_M))


def _find_island(edges: Objects, edge_name: Objects) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Edges of the hamlet's loop and inside it, and edges that lead away from the loop."""
    loop = edges[edge_name == ISLAND_STREET]
    ground = shapely.union_all(shapely.polygonize(loop)).buffer(SNAP_M)
    with prepared(ground) as ready:
        inside = shapely.covers(ready, edges)
        return inside, shapely.intersects(ready, edges) & ~inside


def _is_connected(edges: Objects, edge_class: Objects) -> npt.NDArray[np.bool_]:
    """Whether a street edge hangs together with the main part of the streets."""
    ends, n_nodes = _number_ends(edges)
    street = edge_class != ""
    ones = np.ones(street.sum())
    graph = coo_array((ones, (ends[street, 0], ends[street, 1])), shape=(n_nodes, n_nodes))
    part = connected_components(graph, directed=False)[1]
    main = np.bincount(part[ends[street, 0]]).argmax()
    return np.asarray(street & (part[ends[:, 0]] == main))


def _is_over_water(edges: Objects) -> npt.NDArray[np.bool_]:
    middle = shapely.get_coordinates(shapely.line_interpolate_point(edges, 0.5, normalized=True))
    s, d = middle.T
    river = np.abs(d) < RIVER_EDGE_M - 1
    brook = (np.abs(s - brook_axis(d)) < BROOK_EDGE_M - 1) & (d > 0)
    return np.asarray(river | brook)


def _warp_edges(edges: Objects, terrain: Terrain) -> Objects:
    """The edges on the ground, to the millimetre; equal points stay equal."""
    fine = shapely.segmentize(edges, SEGMENT_M)
    coordinates, owner = shapely.get_coordinates(fine, return_index=True)
    points, number = np.unique(coordinates, axis=0, return_inverse=True)
    ground: Array = np.round(terrain.warp(points), 3)
    return np.asarray(shapely.linestrings(ground[number.ravel()], indices=owner), dtype=object)


def _is_double(edges: Objects, edge_class: Objects) -> npt.NDArray[np.bool_]:
    """Edges that only part a sliver from its neighbour: one for each sliver, a border before a street."""
    cells = shapely.get_parts(shapely.polygonize(edges))
    slivers = cells[shapely.area(cells) < SLIVER_M2]
    middle = shapely.line_interpolate_point(edges, 0.5, normalized=True)
    sliver, edge = shapely.STRtree(middle).query(slivers, predicate="dwithin", distance=1e-6)
    order = np.lexsort((edge, edge_class[edge] != "", sliver))
    double = np.zeros(len(edges), dtype=bool)
    double[edge[order[np.unique(sliver[order], return_index=True)[1]]]] = True
    return double


def _find_sides(edges: Objects, cells: Objects) -> Ints:
    """Cells left and right of each edge, shape (e, 2)."""
    length = shapely.length(edges)
    before = shapely.get_coordinates(shapely.line_interpolate_point(edges, 0.5 * length - 0.05))
    after = shapely.get_coordinates(shapely.line_interpolate_point(edges, 0.5 * length + 0.05))
    middle, along = (before + after) / 2, after - before
    normal = np.column_stack([-along[:, 1], along[:, 0]]) / np.hypot(*along.T)[:, None]
    tree = shapely.STRtree(cells)
    sides = np.full((len(edges), 2), -1, dtype=np.int64)
    for side, sign in enumerate((1.0, -1.0)):
        edge, cell = tree.query(shapely.points(middle + sign * 0.05 * normal), predicate="within")
        sides[edge, side] = cell
    return sides
