"""Gated compounds: which compounds are, how their walls cut the streets, and by which gates people pass.

A gated compound is left and entered only by gates that a pedestrian may use, and nobody else walks
through. So the streets are cut at its walls: what lies inside leaves the public network and becomes
the streets of a region (see `enclosures`), joined to others at gates alone. Where no gate of an enclosure is
known one is inferred where a walkable street crosses its wall or ends at it; where none does, the place of the
wall that is nearest to the streets outside stands for it. Known gates that are all locked or for vehicles
only let nobody pass: none is inferred then, since the data says so. Bridges and tunnels over or under an
enclosure are not cut by it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree
from shapely import STRtree

from geogrid.network.enclosures import (
    NO_REGIONS,
    ON_EDGE_M,
    PUBLIC,
    SHUT,
    Booleans,
    Enclosures,
    Geometries,
    Regions,
    extend_regions,
    find_sides,
    gather_regions,
    number_region,
    number_regions,
)
from geogrid.network.graph import MM_PER_M, Graph
from geogrid.network.impedance import Floats, Integers, round_half_up
from geogrid.network.snap import read_xy

BARRIER_ALONG_EDGE_M = 10.0
"""A barrier walls a compound in when this much of it runs on the edge; one that only crosses it has less."""
VERTEX_M = 1e-6
"""A place along a street is a vertex of it when it is this near: the noise of a length along a line."""
MEET_M = 0.002
"""Two ends of a street that was cut at an edge are this near: the millimetre to which nodes are rounded, twice."""

GATED, OPEN = "封闭式", "开放式"


class GateOrigin(StrEnum):
    """How the gates of an enclosure are known."""

    GIVEN = "given"
    INFERRED = "inferred"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Gates:
    """Gates (g), sorted by enclosure, and what is known of each enclosure (e).

    Attributes
    ----------
    xy
        Shape (g, 2), metres.
    enclosure
        Shape (g,): the enclosure in whose wall each stands.
    id
        Shape (g,): the gate's id, None where it was not given.
    inner, outer
        Shape (g,): the regions that each joins, on this side of the wall and beyond it; `SHUT` beyond one that
        no pedestrian may use.
    origin
        Shape (e,): a `GateOrigin` for each enclosure.
    """

    xy: Floats
    enclosure: Integers
    id: Geometries
    inner: Integers
    outer: Integers
    origin: Geometries


@dataclass(frozen=True)
class Pieces:
    """Parts of streets after the cut.

    Attributes
    ----------
    line
        Shape (p,): LineStrings.
    street
        Shape (p,): number of the street each is part of.
    region
        Shape (p,): the region in which it lies, `PUBLIC` for the public network.
    holders
        Pairs of a piece and an enclosure in which it lies.
    """

    line: Geometries
    street: Integers
    region: Integers
    holders: tuple[Integers, Integers]


# --- which compounds are gated -----------------------------------------------------------------


def match_gates(compound: gpd.GeoDataFrame, gate: gpd.GeoDataFrame) -> tuple[Integers, Integers]:
    """Rows of gates and of the compounds they belong to, pair by pair, sorted.

    A gate belongs to the compound it names; one that names none (or none that exists) belongs to
    every compound on whose edge it lies.
    """
    rows = pd.Series(np.arange(len(compound)), index=compound["id"].to_numpy(object))
    rows = rows[~rows.index.duplicated()]
    named = rows.reindex(gate["compound"].to_numpy(object)).to_numpy(float)
    loose = np.flatnonzero(np.isnan(named))
    tree = STRtree(gate.geometry.to_numpy()[loose])
    edges = shapely.boundary(compound.geometry.to_numpy())
    at, found = tree.query(edges, predicate="dwithin", distance=ON_EDGE_M)
    told = np.flatnonzero(~np.isnan(named))
    gates = np.concatenate([told, loose[found]]).astype(np.int64)
    compounds = np.concatenate([named[told], at]).astype(np.int64)
    order = np.lexsort((gates, compounds))
    return gates[order], compounds[order]


def find_gated(
    compound: gpd.GeoDataFrame, gate: gpd.GeoDataFrame, barrier: gpd.GeoDataFrame
) -> npt.NDArray[np.bool_]:
    """Which compounds are gated, shape (n,).

    Those of kind 封闭式, and those of unknown kind on whose edge a gate or a barrier is mapped.
    """
    kind = compound["kind"].to_numpy(object)
    is_unknown = ~np.isin(kind.astype(str), [GATED, OPEN])
    has_gate = np.zeros(len(compound), bool)
    has_gate[match_gates(compound, gate)[1]] = True
    edges = shapely.boundary(compound.geometry.to_numpy())
    walls = barrier.geometry.to_numpy()
    at, wall = STRtree(walls).query(edges, predicate="dwithin", distance=ON_EDGE_M)
    along_m = np.zeros(len(compound))
    strips = shapely.buffer(edges[at], ON_EDGE_M, cap_style="flat")
    np.add.at(along_m, at, shapely.length(shapely.intersection(walls[wall], strips)))
    gated: npt.NDArray[np.bool_] = (kind == GATED) | (
        is_unknown & (has_gate | (along_m >= BARRIER_ALONG_EDGE_M))
    )
    return gated


# --- the cut -----------------------------------------------------------------------------------


NOTHING: tuple[Integers, Integers] = (np.empty(0, np.int64), np.empty(0, np.int64))


def cut_streets(
    lines: Geometries, polygons: Geometries, passing: tuple[Integers, Integers] = NOTHING
) -> Pieces:
    """The lines, cut at the walls of enclosures.

    What a line has inside an enclosure is the enclosure's own when it comes deeper than `ON_EDGE_M`
    anywhere; a street along the wall, drawn a little inside, stays outside. A piece lies in all the
    enclosures of which that is true. Heights (z) stay: a new vertex has the one between its neighbours, and
    none where either of theirs is unknown.

    Parameters
    ----------
    lines, polygons
        Shapes (l,) and (e,): LineStrings and the enclosures, in metres.
    passing
        Pairs of a line and an enclosure that does not cut it; see `find_passing`.

    >>> lines = shapely.from_wkt(["LINESTRING (-50 50, 150 50)"])
    >>> pieces = cut_streets(lines, shapely.from_wkt(["POLYGON ((0 0, 100 0, 100 100, 0 100, 0 0))"]))
    >>> shapely.length(pieces.line).tolist(), pieces.region.tolist()
    ([50.0, 50.0, 100.0], [-1, -1, 0])
    """
    draped, lines = lines, shapely.force_2d(lines)
    enclosure, line = STRtree(lines).query(polygons, predicate="intersects")
    if len(passing[0]):
        kept = ~np.isin(line * len(polygons) + enclosure, passing[0] * len(polygons) + passing[1])
        enclosure, line = enclosure[kept], line[kept]
    order = np.lexsort((enclosure, line))
    enclosure, line = enclosure[order], line[order]
    inside, pair = _explode_lines(shapely.intersection(lines[line], polygons[enclosure]))
    deep = _measure_depths(inside, polygons[enclosure[pair]]) > ON_EDGE_M
    cut = np.unique(line[pair[deep]])
    n_pairs = np.bincount(line, minlength=len(lines))
    is_single = n_pairs[line] == 1
    own = np.flatnonzero(np.isin(line, cut) & is_single)  # pairs of lines that meet one enclosure alone
    outside, of_own = _explode_lines(shapely.difference(lines[line[own]], polygons[enclosure[own]]))
    shallow = np.flatnonzero(~deep & np.isin(pair, own))
    within = np.flatnonzero(deep & np.isin(pair, own))
    many = cut[n_pairs[cut] > 1]
    woven, of_woven, held = _weave(lines, many, line, enclosure, polygons, inside, pair, deep)
    whole = np.setdiff1d(np.arange(len(lines)), cut)
    parts = np.concatenate([outside, inside[shallow], inside[within], woven])
    of_part = np.concatenate([line[own][of_own], line[pair[shallow]], line[pair[within]], of_woven])
    of_part = of_part.astype(np.int64)
    pieces = np.concatenate([draped[whole], _drape_parts(parts, of_part, draped)])
    street = np.concatenate([whole, of_part]).astype(np.int64)
    n_before = len(pieces) - len(woven)
    piece = np.concatenate([np.arange(n_before - len(within), n_before), n_before + held[0]])
    holder = np.concatenate([enclosure[pair[within]], held[1]]).astype(np.int64)
    region = number_regions(piece, holder, len(pieces))
    order = np.lexsort((np.arange(len(pieces)), street, region))
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    return Pieces(pieces[order], street[order], region[order], (place[piece], holder))


def _weave(
    lines: Geometries,
    many: Integers,
    line: Integers,
    enclosure: Integers,
    polygons: Geometries,
    inside: Geometries,
    pair: Integers,
    deep: Booleans,
) -> tuple[Geometries, Integers, tuple[Integers, Integers]]:
    """Lines that meet several enclosures, cut at the walls of all of them.

    Parameters
    ----------
    many
        Those lines.
    line, enclosure
        Pairs of a line and an enclosure that it meets.
    inside, pair, deep
        What lines have inside enclosures, the pair of each part, and whether it is the enclosure's own.

    Returns
    -------
    The pieces, the line of each, and pairs of a piece and an enclosure that it lies in.
    """
    pieces, of = lines[many], many
    turn = np.arange(len(line)) - np.searchsorted(line, line)  # the first, second … enclosure of its line
    other = np.full(len(lines), -1, np.int64)
    for number in range(int(turn[np.isin(line, many)].max(initial=-1)) + 1):
        other[:] = -1
        other[line[turn == number]] = enclosure[turn == number]
        met = other[of] >= 0
        polygon = polygons[other[of[met]]]
        beyond, row = _explode_lines(shapely.difference(pieces[met], polygon))
        common, row_2 = _explode_lines(shapely.intersection(pieces[met], polygon))
        rows = np.flatnonzero(met)
        pieces = np.concatenate([pieces[~met], beyond, common])
        of = np.concatenate([of[~met], of[rows[row]], of[rows[row_2]]])
    order = np.argsort(of, kind="stable")
    pieces, of = pieces[order], of[order].astype(np.int64)
    middles = shapely.line_interpolate_point(pieces, 0.5, normalized=True)
    parts = np.flatnonzero(deep & np.isin(line[pair], many))
    part, piece = STRtree(middles).query(inside[parts], predicate="dwithin", distance=VERTEX_M)
    same = line[pair[parts[part]]] == of[piece]
    held = np.unique(np.column_stack([piece[same], enclosure[pair[parts[part[same]]]]]), axis=0)
    return pieces, of, (held[:, 0].astype(np.int64), held[:, 1].astype(np.int64))


def find_passing(
    lines: Geometries, is_bridge: Booleans, polygons: Geometries, level: Integers | None
) -> tuple[Integers, Integers]:
    """Pairs of a line and an enclosure that it passes over or under without a way down or up.

    Bridges that share a vertex are one. It ends where it shares a vertex with another street, and where it
    leads no further; it passes an enclosure when it ends nowhere inside.

    Parameters
    ----------
    lines, is_bridge
        Shape (l,): streets as they are drawn, LineStrings in metres, and which are bridges or tunnels.
    polygons
        Shape (e,): the enclosures.
    level
        Shape (v,): vertices at one place are one where these are equal; all are when None. So a bridge does not
        end at what it crosses.
    """
    lines = shapely.force_2d(lines)
    bridges = np.flatnonzero(is_bridge)
    enclosure, bridge = STRtree(lines[bridges]).query(polygons, predicate="intersects")
    if not len(bridge):
        return NOTHING
    line = bridges[bridge]
    xy, of_vertex = shapely.get_coordinates(lines, return_index=True)
    mm = round_half_up(xy * MM_PER_M).astype(np.int64)
    places = mm if level is None else np.column_stack([mm, level])
    _, node = np.unique(places, axis=0, return_inverse=True)
    node, n_nodes = node.ravel(), int(node.max(initial=-1)) + 1
    on_bridge = is_bridge[of_vertex]
    touches_street = np.zeros(n_nodes, bool)
    touches_street[node[~on_bridge]] = True
    links = coo_matrix(
        (np.ones(int(on_bridge.sum())), (of_vertex[on_bridge], len(lines) + node[on_bridge])),
        shape=(len(lines) + n_nodes, len(lines) + n_nodes),
    )
    whole = connected_components(links, directed=False)[1]
    is_last = np.ones(len(node), bool)
    is_last[1:-1] = (of_vertex[1:-1] != of_vertex[:-2]) | (of_vertex[1:-1] != of_vertex[2:])
    n_visits = np.bincount(node[on_bridge], minlength=n_nodes)
    ends = np.flatnonzero(on_bridge & (touches_street[node] | (is_last & (n_visits[node] == 1))))
    own, end = STRtree(shapely.points(xy[ends])).query(polygons[enclosure], predicate="covers")
    walls = shapely.boundary(polygons[enclosure[own]])
    deep = shapely.distance(shapely.points(xy[ends[end]]), walls) > ON_EDGE_M
    same = whole[of_vertex[ends[end]]] == whole[line[own]]
    passing = np.ones(len(line), bool)
    passing[own[deep & same]] = False
    return line[passing].astype(np.int64), enclosure[passing].astype(np.int64)


def _drape_parts(parts: Geometries, line: Integers, lines: Geometries) -> Geometries:
    """Parts of lines with the heights of the lines they come from.

    GEOS would give heights to a cut line itself, but also where none is known.
    """
    draped = parts.copy()
    for row in np.flatnonzero(shapely.has_z(lines[line])):
        whole, part = lines[line[row]], parts[row]
        vertices = shapely.get_coordinates(whole, include_z=True)
        so_far_m = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(vertices[:, :2], axis=0).T))])
        xy = shapely.get_coordinates(part)
        along_m = shapely.line_locate_point(shapely.force_2d(whole), shapely.points(xy))
        nearest = np.abs(along_m[:, None] - so_far_m).argmin(axis=1)
        is_vertex = np.abs(along_m - so_far_m[nearest]) <= VERTEX_M
        height_m = np.where(is_vertex, vertices[nearest, 2], np.interp(along_m, so_far_m, vertices[:, 2]))
        draped[row] = shapely.linestrings(np.column_stack([xy, height_m]))
    return draped


def _explode_lines(geometries: Geometries) -> tuple[Geometries, Integers]:
    """The LineStrings in geometries and the row each comes from; points are dropped."""
    parts, row = shapely.get_parts(geometries, return_index=True)
    parts, of_part = shapely.get_parts(parts, return_index=True)  # a collection may hold multi-lines
    row = row[of_part]
    is_line = (shapely.get_type_id(parts) == shapely.GeometryType.LINESTRING) & ~shapely.is_empty(parts)
    return parts[is_line], row[is_line].astype(np.int64)


def _measure_depths(lines: Geometries, polygons: Geometries) -> Floats:
    """How far lines come from the edge of the polygons they lie in, at vertices and midpoints, shape (l,)."""
    xy, line = shapely.get_coordinates(lines, return_index=True)
    inner = np.flatnonzero(line[:-1] == line[1:]) if len(line) else np.empty(0, np.int64)
    xy = np.vstack([xy, (xy[inner] + xy[inner + 1]) / 2])
    line = np.concatenate([line, line[inner]])
    depths = np.zeros(len(lines))
    np.maximum.at(depths, line, shapely.distance(shapely.points(xy), shapely.boundary(polygons)[line]))
    return depths


# --- gates -------------------------------------------------------------------------------------


def match_walls(
    compound: gpd.GeoDataFrame, gate: gpd.GeoDataFrame, enclosures: Enclosures
) -> tuple[Integers, Integers]:
    """Rows of gates and the enclosures in whose walls they stand, pair by pair, sorted by enclosure.

    Of a compound with several parts a gate stands in the wall of those on whose edge it lies, and where
    there is none, of the nearest.
    """
    rows, of_compound = match_gates(compound, gate)
    low = np.searchsorted(enclosures.row, of_compound, side="left")
    n_parts = np.searchsorted(enclosures.row, of_compound, side="right") - low
    pair = np.repeat(np.arange(len(rows)), n_parts)
    part = low[pair] + np.arange(len(pair)) - np.repeat(np.cumsum(n_parts) - n_parts, n_parts)
    points = gate.geometry.to_numpy()[rows[pair]]
    away_m = shapely.distance(points, shapely.boundary(enclosures.polygon[part]))
    nearest_m = np.full(len(rows), np.inf)
    np.fmin.at(nearest_m, pair, away_m)
    kept = np.flatnonzero((away_m <= np.maximum(ON_EDGE_M, nearest_m[pair])) | np.isnan(away_m))
    gates, walls = rows[pair[kept]], part[kept].astype(np.int64)
    order = np.lexsort((gates, walls))
    return gates[order], walls[order]


def list_given_gates(
    compound: gpd.GeoDataFrame, gate: gpd.GeoDataFrame, enclosures: Enclosures
) -> tuple[Integers, Integers, Booleans]:
    """As `match_walls`, and whether a pedestrian may pass: neither locked nor for vehicles only."""
    rows, walls = match_walls(compound, gate, enclosures)
    is_locked = gate["locked"].fillna(value=False).to_numpy(bool)
    is_for_walkers = gate["pedestrian"].fillna(value=True).to_numpy(bool)
    usable: Booleans = (is_for_walkers & ~is_locked)[rows]
    return rows, walls, usable


def resolve_gates(
    compound: gpd.GeoDataFrame,
    gate: gpd.GeoDataFrame,
    enclosures: Enclosures,
    public: Graph,
    inside: Graph,
    pieces: Pieces,
) -> tuple[Gates, Regions]:
    """The gates by which people pass, and the regions of several enclosures that streets and gates know.

    Parameters
    ----------
    compound, gate
        All compounds and all gates; gates of open compounds are not looked at.
    """
    rows, walls, usable = list_given_gates(compound, gate, enclosures)
    given_xy = read_xy(gate.geometry.to_numpy()[rows])
    missing = np.setdiff1d(np.arange(len(enclosures)), walls)
    regions = extend_regions(NO_REGIONS, pieces.region, pieces.holders)
    inferred_xy, inferred, stopped_xy, stopped = _infer_gates(enclosures, missing, public, inside, regions)
    unknown = np.setdiff1d(missing, np.concatenate([inferred, stopped]))
    rim_xy, rim = place_unknown_gates(enclosures, unknown, public, inside)
    origin = np.full(len(enclosures), GateOrigin.GIVEN.value, dtype=object)
    origin[inferred] = GateOrigin.INFERRED.value
    origin[unknown] = GateOrigin.UNKNOWN.value
    xy = np.vstack([given_xy, inferred_xy, rim_xy, stopped_xy])
    owner = np.concatenate([walls, inferred, rim, stopped]).astype(np.int64)
    ids = np.full(len(xy), None, dtype=object)
    ids[: len(given_xy)] = gate["id"].to_numpy(object)[rows]
    is_shut = np.zeros(len(xy), bool)
    is_shut[: len(given_xy)] = ~usable
    is_shut[len(xy) - len(stopped) :] = True
    order = np.lexsort((np.arange(len(xy)), owner))
    gates = join_regions(enclosures, xy[order], owner[order], ids[order], origin)
    gates.outer[is_shut[order]] = SHUT
    return gates, learn_regions(regions, enclosures, gates)


def learn_regions(regions: Regions, enclosures: Enclosures, gates: Gates) -> Regions:
    """The table with the regions that gates join."""
    sides = find_sides(enclosures, gates.xy, gates.enclosure)
    known = [regions.list_members(int(number)) for number in regions.number]
    return gather_regions([*known, *sides[0], *sides[1]])


def join_regions(
    enclosures: Enclosures, xy: Floats, enclosure: Integers, ids: Geometries, origin: Geometries
) -> Gates:
    """Gates in the walls of enclosures, with the regions that they join."""
    inside, outside = find_sides(enclosures, xy, enclosure)
    inner, outer = (
        np.array([number_region(members) for members in side], np.int64) for side in (inside, outside)
    )
    return Gates(xy, enclosure, ids, inner, outer, origin)


def _infer_gates(
    enclosures: Enclosures, wanted: Integers, public: Graph, inside: Graph, regions: Regions
) -> tuple[Floats, Integers, Floats, Integers]:
    """Where streets cross the walls of enclosures or end at them: points and their enclosures.

    None is inferred within `ON_EDGE_M` of what stops people on the street. Enclosures at whose walls all streets
    are stopped are shut: those points and enclosures come last.
    """
    nothing = np.empty((0, 2)), np.empty(0, np.int64)
    if not len(wanted) or not public.n_nodes + inside.n_nodes:
        return *nothing, *nothing
    node_xy = np.vstack([inside.node_xy, public.node_xy])
    stop = np.concatenate([inside.stop, public.stop])
    region = np.full(len(node_xy), PUBLIC, np.int64)
    region[inside.start] = region[inside.end] = inside.group
    ends = [np.concatenate([graph.start, graph.end]) for graph in (inside, public)]
    degree = np.bincount(np.concatenate([ends[0], inside.n_nodes + ends[1]]), minlength=len(node_xy))
    is_cut = np.zeros(len(node_xy), bool)
    found: set[tuple[int, float, float]] = set()
    is_wanted = np.isin(np.arange(len(enclosures)), wanted)
    for one, other in cKDTree(node_xy).query_pairs(MEET_M) if inside.n_nodes else ():
        here, there = (regions.list_members(int(region[node])) for node in (one, other))
        for node, members in ((one, here - there), (other, there - here)):
            is_cut[[one, other]] |= bool(members)
            x, y = node_xy[node].tolist()
            found |= {(wall, x, y) for wall in members if is_wanted[wall]}
    n_at_stop = np.append(np.bincount(stop[stop >= 0], minlength=1), [0])
    leads_on = n_at_stop[stop] > 1  # a street that is stopped goes on behind that
    dead_ends = np.flatnonzero((degree == 1) & ~is_cut & ~leads_on)
    tree = STRtree(shapely.points(node_xy[dead_ends]))
    edges = shapely.boundary(enclosures.polygon[wanted])
    at, end = tree.query(edges, predicate="dwithin", distance=ON_EDGE_M)
    outside = ~regions.has_members(region[dead_ends[end]], wanted[at])
    found |= {
        (wall, x, y)
        for wall, (x, y) in zip(
            wanted[at[outside]].tolist(), node_xy[dead_ends[end[outside]]].tolist(), strict=True
        )
    }
    table = np.array(sorted(found)).reshape(-1, 3)
    xy, wall = table[:, 1:], table[:, 0].astype(np.int64)
    is_stopped = np.zeros(len(wall), bool)
    if (stop >= 0).any() and len(wall):
        is_stopped = cKDTree(node_xy[stop >= 0]).query(xy)[0] <= ON_EDGE_M
    is_shut = is_stopped & ~np.isin(wall, wall[~is_stopped])
    return xy[~is_stopped], wall[~is_stopped], xy[is_shut], wall[is_shut]


def place_unknown_gates(
    enclosures: Enclosures, wanted: Integers, public: Graph, inside: Graph
) -> tuple[Floats, Integers]:
    """The point of each enclosure's wall that is nearest to the streets round it.

    Those are the streets of the region in which the enclosure lies as a whole, or the public ones where that
    region has none. Without a network there is no such point.
    """
    held_by = find_surroundings(enclosures, wanted)
    xy, owner = [np.empty((0, 2))], [np.empty(0, np.int64)]
    for region in np.unique(held_by):
        own = wanted[held_by == region]
        segments = np.flatnonzero(inside.group == region) if region != PUBLIC else np.empty(0, np.int64)
        graph, rows = (inside, segments) if len(segments) else (public, None)
        found_xy, found = find_rim_points(enclosures.polygon, own, graph, segments=rows)
        xy.append(found_xy)
        owner.append(found)
    return np.vstack(xy), np.concatenate(owner)


def find_surroundings(enclosures: Enclosures, wanted: Integers) -> Integers:
    """The region in which enclosures lie as a whole, themselves left aside, shape (w,)."""
    tree = STRtree(enclosures.polygon)
    ground = enclosures.ground[wanted]
    ground = np.where(shapely.is_empty(ground), enclosures.polygon[wanted], ground)
    row, other = tree.query(ground, predicate="covered_by")
    same = other == wanted[row]
    twin = shapely.covers(ground[row], enclosures.ground[other])  # drawn twice: neither lies in the other
    kept = ~same & ~twin
    return number_regions(row[kept], other[kept].astype(np.int64), len(wanted))


def find_rim_points(
    polygons: Geometries, rows: Integers, graph: Graph, *, segments: Integers | None = None
) -> tuple[Floats, Integers]:
    """The point of each polygon's edge that is nearest to some streets; none without any.

    Parameters
    ----------
    segments
        Of the graph, in ascending order; all when None.
    """
    ends_xy = graph.ends_xy if segments is None else graph.ends_xy[segments]
    if not len(rows) or not len(ends_xy):
        return np.empty((0, 2)), np.empty(0, np.int64)
    lines = shapely.linestrings(ends_xy.reshape(-1, 2, 2))
    edges = shapely.boundary(polygons[rows])
    at, line = STRtree(lines).query_nearest(edges, all_matches=True)
    order = np.lexsort((line, at))
    at, first = np.unique(at[order], return_index=True)
    shortest = shapely.shortest_line(edges[at], lines[line[order][first]])
    return shapely.get_coordinates(shortest)[::2], rows[at]
