"""The street layer: widths, the bypass, crossings, steps, and splitting at every shared vertex."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from scipy.interpolate import CubicSpline

from geogrid.demo.fabric import Fabric, Objects
from geogrid.demo.frames import make_layer
from geogrid.demo.terrain import Array, Terrain

HALF_WIDTH_M = {
    "trunk": 12.0,
    "primary": 10.0,
    "secondary": 8.0,
    "tertiary": 6.0,
    "residential": 4.0,
    "living_street": 2.6,
    "service": 2.2,
    "track": 2.0,
    "footway": 1.4,
    "steps": 1.4,
    "path": 1.0,
    "": 0.0,
}
"""Half of the carriageway, for drawing and for keeping buildings off."""

VERGE_M = {"trunk": 9.0, "primary": 4.5, "secondary": 4.0, "tertiary": 3.0, "residential": 2.0, "": 1.2}
"""Pavement and verge beside it; 1 m beside lesser ways."""

CROSSING_S = {"primary": 20.0, "secondary": 10.0}
_RANK = {"primary": 3, "secondary": 2}
_PAVED = {"track": "gravel", "path": "ground", "footway": "paving_stones", "steps": "stone"}
STEEP = 0.17
"""A footway or lane steeper than this (rise over run) is built as steps."""

LONGEST_STEPS_M = 150.0
_NO_STEPS = ("trunk", "primary", "secondary", "tertiary", "service", "track")


@dataclass(frozen=True)
class Ways:
    """Ways on the ground before they are split: one entry of every array is one way.

    Attributes
    ----------
    lines
        Shape (n,), LineStrings in EPSG:4549 without heights.
    street_class, name
        Shape (n,), text; names may be "".
    bridge
        Shape (n,), over water or over another street; ways meet no other between their ends there.
    """

    lines: Objects
    street_class: Objects
    name: Objects
    bridge: npt.NDArray[np.bool_]

    def join(self, *others: Ways) -> Ways:
        """All ways in one."""
        parts = (self, *others)
        return Ways(
            lines=np.concatenate([part.lines for part in parts]),
            street_class=np.concatenate([part.street_class for part in parts]),
            name=np.concatenate([part.name for part in parts]),
            bridge=np.concatenate([part.bridge for part in parts]),
        )


def make_ways(lines: list[shapely.LineString], street_class: str, name: str = "") -> Ways:
    """Ways of one class at ground level."""
    n = len(lines)
    array = np.empty(n, dtype=object)
    array[:] = lines
    return Ways(array, np.full(n, street_class, object), np.full(n, name, object), np.zeros(n, bool))


def take_streets(fabric: Fabric) -> Ways:
    """The edges of the net that are streets; the pieces of a bridge made one."""
    street = (fabric.edge_class != "") & ~fabric.edge_bridge
    ways = Ways(
        fabric.edges[street],
        fabric.edge_class[street],
        fabric.edge_name[street],
        np.zeros(int(street.sum()), bool),
    )
    spans, classes, names = [], [], []
    over = fabric.edge_bridge
    for street_class, name in sorted(set(zip(fabric.edge_class[over], fabric.edge_name[over], strict=True))):
        same = over & (fabric.edge_class == street_class) & (fabric.edge_name == name)
        merged = shapely.get_parts(shapely.line_merge(shapely.multilinestrings(fabric.edges[same])))
        spans += list(merged)
        classes += [street_class] * len(merged)
        names += [name] * len(merged)
    bridges = make_ways(spans, "")
    return ways.join(
        Ways(bridges.lines, np.array(classes, object), np.array(names, object), np.ones(len(spans), bool))
    )


def draw_bypass(terrain: Terrain, ways: Ways, water: Objects) -> Ways:
    """A road without pavements round the north of the town, over every street and brook in its way.

    It begins and ends on the main street; elsewhere it shares no vertex with any other.
    """
    main = shapely.get_coordinates(ways.lines[(ways.name == "胜利街") & ~ways.bridge])
    main_sd = terrain.unwarp(main)
    others = shapely.STRtree(ways.lines[ways.name != "胜利街"])
    busy = np.isin(np.arange(len(main)), others.query(shapely.points(main), "dwithin", distance=30.0)[0])
    start = int(np.where(busy, np.inf, np.abs(main_sd[:, 0] + 2290)).argmin())
    end = int(np.where(busy, np.inf, np.abs(main_sd[:, 0] - 2380)).argmin())
    knots = np.array(
        [
            main_sd[start],
            [-2130, 620],
            [-1650, 880],
            [-900, 1010],
            [0, 985],
            [800, 1000],
            [1500, 880],
            [2100, 610],
            main_sd[end],
        ]
    )
    at = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(knots, axis=0).T))])
    sd = CubicSpline(at, knots)(np.arange(0, at[-1], 31.7))
    points = np.round(terrain.warp(sd), 3)
    line = shapely.LineString(np.concatenate([main[start : start + 1], points[1:], main[end : end + 1]]))
    below = ways.lines[shapely.intersects(ways.lines, line)]
    obstacles = np.concatenate([below, shapely.boundary(water)])
    crossings = shapely.get_coordinates(shapely.intersection(obstacles, line))
    along = np.sort(shapely.line_locate_point(line, shapely.points(crossings)))
    along = along[(along > 1.0) & (along < line.length - 1.0)]
    return _cut_bridges(line, along)


def _cut_bridges(line: shapely.LineString, along: Array) -> Ways:
    """The line in pieces, those within 18 m of the given places being bridges."""
    cuts = [0.0]
    for place in along:
        start, end = max(float(place) - 18.0, 2.0), min(float(place) + 18.0, line.length - 2.0)
        if start < cuts[-1]:
            cuts[-1] = end
        else:
            cuts += [start, end]
    cuts.append(line.length)
    places = shapely.line_locate_point(line, shapely.points(shapely.get_coordinates(line)))
    vertices = shapely.get_coordinates(line)
    ends = np.round(shapely.get_coordinates(shapely.line_interpolate_point(line, cuts)), 3)
    ends[0], ends[-1] = vertices[0], vertices[-1]
    pieces = []
    for i in range(len(cuts) - 1):
        inner = vertices[(places > cuts[i] + 0.5) & (places < cuts[i + 1] - 0.5)]
        pieces.append(shapely.LineString(np.concatenate([ends[i : i + 1], inner, ends[i + 1 : i + 2]])))
    made = make_ways(pieces, "trunk", "环城公路")
    return Ways(made.lines, made.street_class, made.name, np.arange(len(pieces)) % 2 == 1)


def build_street_layer(ways: Ways, terrain: Terrain) -> gpd.GeoDataFrame:
    """The street layer: split at every shared vertex, with crossings, steps and heights."""
    split = _split_at_shared(ways)
    lines, street_class, name, bridge = split.lines, split.street_class, split.name, split.bridge
    lines, owner, wait_s = _cut_crossings(lines, street_class, bridge)
    street_class, name, bridge = street_class[owner].copy(), name[owner].copy(), bridge[owner]
    crossing = wait_s > 0
    street_class[crossing], name[crossing] = "footway", ""
    tall, grade = _raise_lines(lines, terrain, bridge)
    steps = (
        (grade > STEEP)
        & (shapely.length(lines) < LONGEST_STEPS_M)
        & ~np.isin(street_class, _NO_STEPS)
        & ~bridge
        & ~crossing
    )
    street_class[steps] = "steps"
    order = np.lexsort((shapely.get_coordinates(shapely.get_point(lines, 0))[:, 0], street_class.astype(str)))
    n = len(order)
    return make_layer(
        "street",
        tall[order],
        {
            "id": [f"S{i + 1:05d}" for i in range(n)],
            "name": [item or None for item in name[order]],
            "class": street_class[order],
            "walkable": street_class[order] != "trunk",
            "steps": steps[order],
            "crossing": crossing[order],
            "bridge": bridge[order],
            "surface": [_PAVED.get(item, "asphalt") for item in street_class[order]],
            "crossing_s": wait_s[order],
        },
    )


def _number_vertices(lines: Objects) -> tuple[Array, npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Distinct vertices (v, 2), and for each vertex of each line its number and its line."""
    coordinates, owner = shapely.get_coordinates(lines, return_index=True)
    points, number = np.unique(coordinates, axis=0, return_inverse=True)
    return points, number.ravel(), owner


def _split_at_shared(ways: Ways) -> Ways:
    points, number, owner = _number_vertices(ways.lines)
    used = np.bincount(number, minlength=len(points))
    starts = np.flatnonzero(np.diff(owner, prepend=-1))
    is_end = np.zeros(len(number), bool)
    is_end[starts] = True
    is_end[np.append(starts[1:], len(number)) - 1] = True
    split = (used[number] > 1) & ~is_end
    repeat = np.repeat(np.arange(len(number)), np.where(split, 2, 1))
    begins = np.zeros(len(repeat), bool)
    begins[np.flatnonzero(np.diff(repeat, prepend=-1) == 0)] = True
    begins[np.flatnonzero(np.diff(owner[repeat], prepend=-1))] = True
    piece = np.cumsum(begins) - 1
    lines = shapely.linestrings(points[number[repeat]], indices=piece)
    source = owner[repeat][begins]
    return Ways(lines, ways.street_class[source], ways.name[source], ways.bridge[source])


def _cut_crossings(
    lines: Objects, street_class: Objects, bridge: npt.NDArray[np.bool_]
) -> tuple[Objects, npt.NDArray[np.int64], Array]:
    """Lines with a short crossing cut off where a lesser street meets a larger one.

    The line of a large street stands for its pavement on the northern (or eastern) side: lesser
    streets from the other side reach it by a crossing, so whoever crosses once waits once.

    Returns
    -------
    The lines, the number of the line each comes from, and the wait of each (s), 0 when no crossing.
    """
    n = len(lines)
    nodes, node, outward = _describe_ends(lines)
    rank = np.tile([_RANK.get(item, 0) for item in street_class], 2)
    usable = np.tile((street_class != "trunk") & ~bridge & (shapely.length(lines) > 22.0), 2)
    top = np.zeros(len(nodes), int)
    np.maximum.at(top, node, rank)
    large = (rank > 0) & (rank == top[node])
    along = np.zeros((len(nodes), 2))
    np.add.at(along, node[large], np.where(outward[large, :1] < 0, -1.0, 1.0) * outward[large])
    normal = np.column_stack([-along[:, 1], along[:, 0]])
    southern = (normal[node] * outward).sum(axis=1) < 0
    taken: dict[int, list[tuple[bool, int]]] = {}
    for end in np.flatnonzero((rank < top[node]) & usable & southern):
        taken.setdefault(int(end % n), []).append((bool(end >= n), int(top[node[end]])))
    made, owner, wait_s = [], [], []
    seconds = {rank: CROSSING_S[name] for name, rank in _RANK.items()}
    for i, line in enumerate(lines):
        rest = line
        for at_end, level in taken.get(i, []):
            width_m = 10.0 if level == _RANK["primary"] else 8.0
            piece, rest = _cut_off(rest, width_m, at_end)
            made.append(piece)
            owner.append(i)
            wait_s.append(seconds[level])
        made.append(rest)
        owner.append(i)
        wait_s.append(0.0)
    array = np.empty(len(made), dtype=object)
    array[:] = made
    return array, np.array(owner), np.array(wait_s)


def _describe_ends(lines: Objects) -> tuple[Array, npt.NDArray[np.int64], Array]:
    """Nodes (v, 2), the node of each end and the unit vector outward from it: first ends, then last."""
    first, second = (shapely.get_coordinates(shapely.get_point(lines, i)) for i in (0, 1))
    last, before = (shapely.get_coordinates(shapely.get_point(lines, i)) for i in (-1, -2))
    nodes, node = np.unique(np.concatenate([first, last]), axis=0, return_inverse=True)
    outward = np.concatenate([second - first, before - last])
    return nodes, node.ravel(), outward / np.hypot(*outward.T)[:, None]


def _cut_off(
    line: shapely.LineString, length_m: float, at_end: bool
) -> tuple[shapely.LineString, shapely.LineString]:
    vertices = shapely.get_coordinates(line)
    if at_end:
        vertices = vertices[::-1]
    along = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(vertices, axis=0).T))])
    place = np.round(
        [np.interp(length_m, along, vertices[:, 0]), np.interp(length_m, along, vertices[:, 1])], 3
    )
    before, after = vertices[along < length_m - 0.2], vertices[along > length_m + 0.2]
    piece = np.concatenate([before, place[None]])
    rest = np.concatenate([place[None], after])
    if at_end:
        piece, rest = piece[::-1], rest[::-1]
    return shapely.LineString(piece), shapely.LineString(rest)


def _raise_lines(lines: Objects, terrain: Terrain, bridge: npt.NDArray[np.bool_]) -> tuple[Objects, Array]:
    """Lines with heights, and the grade of each from end to end; bridges run straight."""
    points, number, owner = _number_vertices(lines)
    z = terrain.height_m(points)[number]
    starts = np.flatnonzero(np.diff(owner, prepend=-1))
    ends = np.append(starts[1:], len(number)) - 1
    xy = points[number]
    step = np.hypot(*np.diff(xy, axis=0, prepend=xy[:1]).T)
    along = np.cumsum(step)
    share = (along - along[starts][owner]) / np.maximum(along[ends] - along[starts], 1e-9)[owner]
    level = z[starts][owner] + share * (z[ends] - z[starts])[owner]
    z = np.where(bridge[owner], np.round(level, 2), z)
    tall = shapely.linestrings(np.column_stack([xy, z]), indices=owner)
    grade = np.abs(z[ends] - z[starts]) / np.maximum(shapely.length(lines), 1.0)
    return np.asarray(tall, dtype=object), grade
