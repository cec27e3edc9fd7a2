"""Gated compounds: which compounds are, how their edges cut the streets, and by which gates people pass.

A gated compound is left and entered only by gates that a pedestrian may use, and nobody else walks
through. So the streets are cut at its edge: what lies inside leaves the public network and becomes
the compound's own, joined to the outside at gates alone. Where no gate is known one is inferred where
a walkable street crosses the edge or ends at it; where none does, the place of the edge that is
nearest to the public network stands for it. Known gates that are all locked or for vehicles only let
nobody pass: none is inferred then, since the data says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.spatial import cKDTree
from shapely import STRtree

from geogrid.network.graph import Graph
from geogrid.network.impedance import Floats, Integers
from geogrid.network.snap import read_xy

ON_EDGE_M = 2.0
"""What lies this near to a compound's edge lies on it: two hands that draw one wall differ by about that."""
BARRIER_ALONG_EDGE_M = 10.0
"""A barrier walls a compound in when this much of it runs on the edge; one that only crosses it has less."""
VERTEX_M = 1e-6
"""A place along a street is a vertex of it when it is this near: the noise of a length along a line."""
MEET_M = 0.002
"""Two ends of a street that was cut at an edge are this near: the millimetre to which nodes are rounded, twice."""

Geometries = npt.NDArray[np.object_]
GATED, OPEN = "封闭式", "开放式"


class GateOrigin(StrEnum):
    """How the gates of a compound are known."""

    GIVEN = "given"
    INFERRED = "inferred"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Gates:
    """Gates (g) that pedestrians may use, sorted by compound, and what is known of each compound (c).

    Attributes
    ----------
    xy
        Shape (g, 2), metres.
    compound
        Shape (g,): number of the gated compound.
    id
        Shape (g,): the gate's id, None where it was not given.
    origin
        Shape (c,): a `GateOrigin` for each compound.
    """

    xy: Floats
    compound: Integers
    id: Geometries
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
    compound
        Shape (p,): number of the gated compound inside which it lies, -1 for the public network.
    """

    line: Geometries
    street: Integers
    compound: Integers


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


def cut_streets(lines: Geometries, polygons: Geometries) -> Pieces:
    """The lines, cut at the edges of gated compounds.

    What a line has inside a compound is the compound's own when it comes deeper than `ON_EDGE_M`
    anywhere; a street along the edge, drawn a little inside, stays public. Heights (z) stay: a new
    vertex has the one between its neighbours, and none where either of theirs is unknown.

    Parameters
    ----------
    lines, polygons
        Shapes (l,) and (c,): LineStrings and the gated compounds, in metres.

    >>> lines = shapely.from_wkt(["LINESTRING (-50 50, 150 50)"])
    >>> pieces = cut_streets(lines, shapely.from_wkt(["POLYGON ((0 0, 100 0, 100 100, 0 100, 0 0))"]))
    >>> shapely.length(pieces.line).tolist(), pieces.compound.tolist()
    ([50.0, 50.0, 100.0], [-1, -1, 0])
    """
    draped, lines = lines, shapely.force_2d(lines)
    compound, line = STRtree(lines).query(polygons, predicate="intersects")
    order = np.lexsort((compound, line))
    compound, line = compound[order], line[order]
    inside, pair = _explode_lines(shapely.intersection(lines[line], polygons[compound]))
    deep = _measure_depths(inside, polygons[compound[pair]]) > ON_EDGE_M
    cut = np.unique(line[pair[deep]])
    bounds = np.searchsorted(line, np.stack([cut, cut + 1]))
    covers = [shapely.union_all(polygons[compound[low:high]]) for low, high in bounds.T]
    outside, of_cut = _explode_lines(shapely.difference(lines[cut], np.array(covers, dtype=object)))
    shallow = np.flatnonzero(~deep & np.isin(line[pair], cut))
    shallow = _drop_repeated(inside, line[pair], shallow)
    whole = np.setdiff1d(np.arange(len(lines)), cut)
    parts = np.concatenate([outside, inside[shallow], inside[deep]])
    of_part = np.concatenate([cut[of_cut], line[pair[shallow]], line[pair[deep]]]).astype(np.int64)
    pieces = np.concatenate([draped[whole], _drape_parts(parts, of_part, draped)])
    street = np.concatenate([whole, of_part]).astype(np.int64)
    group = np.full(len(pieces), -1, np.int64)
    group[len(pieces) - int(deep.sum()) :] = compound[pair[deep]]
    order = np.lexsort((np.arange(len(pieces)), street, group))
    return Pieces(pieces[order], street[order], group[order])


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


def _drop_repeated(lines: Geometries, street: Integers, rows: Integers) -> Integers:
    """Of the rows, the first for each street and shape: a wall shared by two compounds yields two."""
    keys = pd.DataFrame({"street": street[rows], "shape": shapely.to_wkb(shapely.normalize(lines[rows]))})
    kept: Integers = rows[~keys.duplicated().to_numpy()]
    return kept


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


def resolve_gates(
    compound: gpd.GeoDataFrame, gated: Integers, gate: gpd.GeoDataFrame, public: Graph, inside: Graph
) -> Gates:
    """The gates by which people pass, for gated compounds.

    Parameters
    ----------
    compound, gate
        All compounds and all gates; gates of open compounds are not looked at.
    gated
        Shape (c,): rows of the gated compounds, in the order by which `inside` numbers its groups.
    """
    rows, of_row = match_gates(compound, gate)
    number = np.full(len(compound), -1, np.int64)
    number[gated] = np.arange(len(gated))
    rows, of_compound = rows[number[of_row] >= 0], number[of_row[number[of_row] >= 0]]
    is_locked = gate["locked"].fillna(value=False).to_numpy(bool)
    is_for_walkers = gate["pedestrian"].fillna(value=True).to_numpy(bool)
    usable = (is_for_walkers & ~is_locked)[rows]
    given_xy = read_xy(gate.geometry.to_numpy()[rows[usable]])
    polygons = compound.geometry.to_numpy()[gated]
    missing = np.setdiff1d(np.arange(len(gated)), of_compound)
    inferred_xy, inferred = _infer_gates(polygons, missing, public, inside)
    unknown = np.setdiff1d(missing, inferred)
    rim_xy, rim = find_rim_points(polygons, unknown, public)
    origin = np.full(len(gated), GateOrigin.GIVEN.value, dtype=object)
    origin[inferred] = GateOrigin.INFERRED.value
    origin[unknown] = GateOrigin.UNKNOWN.value
    xy = np.vstack([given_xy, inferred_xy, rim_xy])
    owner = np.concatenate([of_compound[usable], inferred, rim]).astype(np.int64)
    ids = np.full(len(xy), None, dtype=object)
    ids[: len(given_xy)] = gate["id"].to_numpy(object)[rows[usable]]
    order = np.lexsort((np.arange(len(xy)), owner))
    return Gates(xy[order], owner[order], ids[order], origin)


def _infer_gates(
    polygons: Geometries, compounds: Integers, public: Graph, inside: Graph
) -> tuple[Floats, Integers]:
    """Where streets cross the edges of compounds or end at them: points and their compounds."""
    empty = np.empty((0, 2)), np.empty(0, np.int64)
    if not len(compounds) or not public.n_nodes:
        return empty
    xy, owner = [empty[0]], [empty[1]]
    if inside.n_nodes:
        group = np.empty(inside.n_nodes, np.int64)
        group[inside.start] = group[inside.end] = inside.group
        distance_m, _ = cKDTree(public.node_xy).query(inside.node_xy)
        crossing = (distance_m <= MEET_M) & np.isin(group, compounds)
        xy.append(inside.node_xy[crossing])
        owner.append(group[crossing])
    degree = np.bincount(np.concatenate([public.start, public.end]), minlength=public.n_nodes)
    dead_ends_xy = public.node_xy[degree == 1]
    tree = STRtree(shapely.points(dead_ends_xy))
    edges = shapely.boundary(polygons[compounds])
    at, node = tree.query(edges, predicate="dwithin", distance=ON_EDGE_M)
    xy.append(dead_ends_xy[node])
    owner.append(compounds[at])
    found = np.column_stack([np.concatenate(owner), np.vstack(xy)])
    found = np.unique(found, axis=0)
    return found[:, 1:], found[:, 0].astype(np.int64)


def find_rim_points(polygons: Geometries, compounds: Integers, public: Graph) -> tuple[Floats, Integers]:
    """The point of each compound's edge that is nearest to the public network; none without a network."""
    if not len(compounds) or not public.n_segments:
        return np.empty((0, 2)), np.empty(0, np.int64)
    segments = shapely.linestrings(public.ends_xy.reshape(-1, 2, 2))
    edges = shapely.boundary(polygons[compounds])
    at, segment = STRtree(segments).query_nearest(edges, all_matches=True)
    order = np.lexsort((segment, at))
    at, first = np.unique(at[order], return_index=True)
    lines = shapely.shortest_line(edges[at], segments[segment[order][first]])
    return shapely.get_coordinates(lines)[::2], compounds[at]
