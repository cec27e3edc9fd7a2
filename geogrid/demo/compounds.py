"""Compounds 小区: which lots they take, their gates, their walls and the streets inside."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
import shapely.ops

from geogrid.demo.fabric import Fabric, Objects
from geogrid.demo.streets import Ways, make_ways
from geogrid.demo.terrain import Array

GATED, OPEN, UNKNOWN = "封闭式", "开放式", "unknown"
N_BY_KIND = {GATED: 38, OPEN: 14, UNKNOWN: 5}
AREA_M2 = (5_200.0, 36_000.0)
MIN_FILL = 0.72
"""Share of its bounding rectangle that a compound's lot fills at least."""

RING_INSET_M = 9.0
MAPPED_INSIDE_SHARE = 0.6
N_GATELESS = 2
"""Gated compounds whose gates are not in the data, as happens."""

GATE_REACH_M = 24.0
OPENING_M = 3.0
_ENTRY_CLASSES = ("primary", "secondary", "tertiary", "residential", "living_street", "service")


@dataclass(frozen=True)
class Gate:
    """A gate: where it is, the street vertex it opens to, and who may use it."""

    point: tuple[float, float]
    street_vertex: tuple[float, float]
    pedestrian: bool
    vehicle: bool
    locked: bool


@dataclass(frozen=True)
class Entry:
    """A way from a street through a gate to the loop inside, and whether vehicles may use it."""

    line: shapely.LineString
    vehicle: bool


@dataclass(frozen=True)
class Compound:
    """One compound; `inner` is where buildings may stand; `ring` and `entries` are its mapped ways, if any."""

    cell: int
    kind: str
    outline: shapely.Polygon
    inner: shapely.Polygon
    gates: tuple[Gate, ...]
    walls: Objects
    ring: shapely.LineString | None
    entries: tuple[Entry, ...]


def plan_compounds(fabric: Fabric, lots: Objects, wanted: Array, rng: np.random.Generator) -> list[Compound]:
    """Compounds on the newer quarters' larger lots, in the order of their cells.

    Parameters
    ----------
    wanted
        Shape (w, 2): places on the ground near which a gated compound with gates has to stand.
    """
    cells, is_wanted = _choose_cells(fabric, lots, wanted, rng)
    listed = [kind for kind, n in N_BY_KIND.items() for _ in range(n)]
    kinds: Objects = rng.permutation(np.array(listed[: len(cells)], dtype=object))
    gateless = np.zeros(len(cells), dtype=bool)
    gateless[rng.choice(np.flatnonzero(~is_wanted & (kinds == GATED)), N_GATELESS, replace=False)] = True
    return [
        _plan_compound(int(cell), GATED if sure else str(kind), lots[cell], fabric, bool(bare), rng)
        for cell, kind, sure, bare in zip(cells, kinds, is_wanted, gateless, strict=True)
    ]


def _choose_cells(
    fabric: Fabric, lots: Objects, wanted: Array, rng: np.random.Generator
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """The cells, and which of them stand for the wanted places."""
    filled = np.array([lot is not None for lot in lots])
    area = shapely.area(lots)
    box = shapely.area(shapely.oriented_envelope(lots))
    with np.errstate(invalid="ignore"):
        fit = filled & (area > AREA_M2[0]) & (area < AREA_M2[1]) & (area / box > MIN_FILL)
    fit &= np.isin(fabric.cell_quarter, ["new", "core", "edge"])
    streets = (fabric.edge_class != "") & np.isin(fabric.edge_class, _ENTRY_CLASSES)
    sides = np.bincount(fabric.edge_cells[streets].ravel() + 1, minlength=len(lots) + 1)[1:]
    fit &= sides >= 2
    found = np.flatnonzero(fit)
    wish = np.where(fabric.cell_quarter[found] == "new", 1.0, 0.28) * np.sqrt(area[found])
    keys = rng.exponential(size=len(found)) / wish
    middle = shapely.get_coordinates(shapely.centroid(fabric.cells[found]))
    near = np.hypot(*(middle[:, None] - wanted).transpose(2, 0, 1)).argmin(axis=0)
    keys[near] = -1.0
    chosen = np.sort(found[np.argsort(keys, kind="stable")[: sum(N_BY_KIND.values())]])
    return chosen, np.isin(chosen, found[near])


def _plan_compound(
    cell: int, kind: str, lot: shapely.Polygon, fabric: Fabric, is_gateless: bool, rng: np.random.Generator
) -> Compound:
    outline = shapely.Polygon(np.round(shapely.get_coordinates(lot.simplify(1.5)), 3)).normalize()
    mapped_gates = kind == GATED or (kind == UNKNOWN and rng.uniform() < 0.5)
    spots = _find_gate_spots(cell, outline, fabric) if mapped_gates else []
    gates = () if is_gateless else _place_gates(spots, outline, rng)
    is_wide = not outline.buffer(-RING_INSET_M - 18.0).is_empty
    ring: shapely.LineString | None = None
    entries: tuple[Entry, ...] = ()
    if gates and kind == GATED and is_wide and rng.uniform() < MAPPED_INSIDE_SHARE:
        loop = _draw_ring(outline, gates)
        entries = _draw_entries(outline, loop, gates)
        ring = loop if entries else None
    walls = _draw_walls(outline, gates) if kind == GATED or gates else np.empty(0, dtype=object)
    inset = RING_INSET_M + 4.5 if ring is not None else 4.5
    return Compound(cell, kind, outline, outline.buffer(-inset), gates, walls, ring, entries)


def _find_gate_spots(
    cell: int, outline: shapely.Polygon, fabric: Fabric
) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """Pairs of a street vertex and the outline's point across the verge from it."""
    sides = (fabric.edge_cells == cell).any(axis=1)
    around = sides & np.isin(fabric.edge_class, _ENTRY_CLASSES) & ~fabric.edge_bridge
    vertices = np.unique(shapely.get_coordinates(fabric.edges[around]), axis=0)
    ring = outline.exterior
    corners = shapely.MultiPoint(shapely.get_coordinates(shapely.simplify(outline, 4.0)))
    streets = shapely.multilinestrings(fabric.edges[sides])
    spots = []
    for vertex in vertices:
        point = shapely.Point(vertex)
        if ring.distance(point) > GATE_REACH_M:
            continue
        gate = ring.interpolate(ring.project(point))
        way = shapely.LineString([point, gate])
        is_clear = not shapely.intersects(streets, shapely.ops.substring(way, 0.05, 1.0, normalized=True))
        if is_clear and corners.distance(gate) > 6.0:
            spots.append(((gate.x, gate.y), (float(vertex[0]), float(vertex[1]))))
    return spots


def _place_gates(
    spots: list[tuple[tuple[float, float], tuple[float, float]]],
    outline: shapely.Polygon,
    rng: np.random.Generator,
) -> tuple[Gate, ...]:
    """One to four gates well apart; the first is open to all, a later one may be limited."""
    if not spots:
        return ()
    n = int(np.clip(round(outline.length / 210.0 + rng.normal(0, 0.8)), 1, 4))
    places = np.array([gate for gate, _ in spots])
    chosen = [int(rng.integers(len(spots)))]
    while len(chosen) < min(n, len(spots)):
        gap = np.hypot(*(places[:, None] - places[chosen]).transpose(2, 0, 1)).min(axis=1)
        if gap.max() < 45.0:
            break
        chosen.append(int(gap.argmax()))
    gates = []
    for rank, i in enumerate(chosen):
        drawn = rng.uniform() if rank else 1.0
        locked, vehicle_only, foot_only = drawn < 0.10, 0.10 <= drawn < 0.22, 0.22 <= drawn < 0.55
        gates.append(Gate(*spots[i], pedestrian=not vehicle_only, vehicle=not foot_only, locked=locked))
    return tuple(gates)


def _draw_ring(outline: shapely.Polygon, gates: tuple[Gate, ...]) -> shapely.LineString:
    """The loop inside, with a vertex where each gate's way meets it."""
    inner = outline.buffer(-RING_INSET_M, quad_segs=2)
    parts = shapely.get_parts(inner)
    ring = max(parts, key=lambda part: part.area).simplify(0.5).exterior
    own = shapely.get_coordinates(ring)[:-1]
    at = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(own, axis=0).T))])
    meet_at = np.array([ring.project(shapely.Point(gate.point)) for gate in gates])
    meet = shapely.get_coordinates(shapely.line_interpolate_point(ring, meet_at))
    away = np.abs(at[:, None] - meet_at).min(axis=1) > 0.5
    places = np.concatenate([at[away], meet_at])
    points = np.round(np.concatenate([own[away], meet])[np.argsort(places, kind="stable")], 3)
    return shapely.LineString(np.concatenate([points, points[:1]]))


def _draw_walls(outline: shapely.Polygon, gates: tuple[Gate, ...]) -> Objects:
    """The outline in pieces, open for `OPENING_M` on both sides of each gate."""
    openings = shapely.buffer(shapely.points([gate.point for gate in gates]), OPENING_M) if gates else []
    walls = shapely.difference(outline.exterior, shapely.union_all(openings))
    return np.asarray(shapely.get_parts(shapely.line_merge(walls)), dtype=object)


def _draw_entries(
    outline: shapely.Polygon, ring: shapely.LineString, gates: tuple[Gate, ...]
) -> tuple[Entry, ...]:
    """Ways from the street through each gate that people may use to the loop inside."""
    vertices = shapely.MultiPoint(ring.coords)
    entries = []
    for gate in gates:
        meet = shapely.ops.nearest_points(vertices, shapely.Point(gate.point))[0]
        inside = shapely.LineString([gate.point, meet])
        if gate.pedestrian and not gate.locked and outline.buffer(0.01).covers(inside):
            way = shapely.LineString([gate.street_vertex, gate.point, (meet.x, meet.y)])
            entries.append(Entry(way, gate.vehicle))
    return tuple(entries)


def draw_inner_ways(compounds: list[Compound]) -> Ways:
    """The loops inside compounds and the ways from their gates to them."""
    loops = [compound.ring for compound in compounds if compound.entries]
    entries = [entry for compound in compounds for entry in compound.entries]
    drives = [entry.line for entry in entries if entry.vehicle]
    paths = [entry.line for entry in entries if not entry.vehicle]
    return make_ways(loops, "service").join(make_ways(drives, "service"), make_ways(paths, "footway"))
