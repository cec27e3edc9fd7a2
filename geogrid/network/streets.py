"""A county's streets as the networks people walk on: the public one, and one inside each region of compounds."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cached_property

import geopandas as gpd
import numpy as np
import shapely
from shapely import STRtree

from geogrid.network import kernel
from geogrid.network.barriers import NOT_A_WALL, Obstacles
from geogrid.network.chains import Chains, contract_graph
from geogrid.network.compounds import Gates, cut_streets, find_gated, find_passing, match_gates, resolve_gates
from geogrid.network.enclosures import ON_EDGE_M, Enclosures, Geometries, Regions, list_enclosures
from geogrid.network.graph import Graph, build_graph
from geogrid.network.impedance import CROSSING_WAIT_S, Floats, Integers
from geogrid.network.snap import SegmentIndex
from geogrid.network.squares import CHORD, NO_GROUND, Squares, attach_squares, lay_grounds
from geogrid.network.stacked import find_levels, level_vertices
from geogrid.network.stops import list_stops, place_stops


@dataclass(frozen=True)
class Network:
    """Where people walk. Nothing here depends on who walks.

    Attributes
    ----------
    public
        Streets and squares that everybody walks; its segments' `line` is a row of the street layer, or the
        number of its rows and a row of the square layer.
    inside
        Streets inside gated compounds, grouped by region.
    gated
        Shape (c,): rows of the gated compounds in the compound layer.
    enclosures, regions
        Their parts, and the regions of several of them that streets and gates know.
    gates
        The gates between regions.
    obstacles
        Shape (o,): barriers, water, the ground of gated compounds and the holes in it, through which no
        straight leg passes where another way can be taken.
    obstacle_owner
        Shape (o,): whose ground or hole each is; see `barriers.Obstacles`.
    squares
        The grounds of the public network, over which people walk straight.
    doubts
        Shape (d,): the layer and the id of streets of which it is not known whether people walk them, and
        of gates and barriers on streets of which it is not known whether they pass.
    """

    public: Graph
    inside: Graph
    gated: Integers
    enclosures: Enclosures
    regions: Regions
    gates: Gates
    obstacles: Geometries
    obstacle_owner: Integers
    squares: Squares
    doubts: Geometries

    @cached_property
    def chains(self) -> Chains | None:
        """The public network contracted; None where the compiled kernel is not installed."""
        return None if kernel.load_kernel() is None else contract_graph(self.public)

    @cached_property
    def public_index(self) -> SegmentIndex:
        """The public segments, ready for snapping; nobody steps on a square in the middle of a chord."""
        return SegmentIndex(self.public, np.flatnonzero(self.squares.of_segment != CHORD))

    @cached_property
    def obstacle_tree(self) -> STRtree:
        """The obstacles, ready for being looked for."""
        return STRtree(self.obstacles)

    @property
    def walls(self) -> Obstacles:
        """The obstacles, with whom each is one for."""
        return Obstacles(self.obstacle_tree, self.obstacle_owner, self.regions)

    def __getstate__(self) -> dict[str, object]:
        """The fields alone: what is made ready points to memory of this process."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @property
    def has_slopes(self) -> bool:
        """Whether any segment is known to rise."""
        return bool(self.public.rise_m.any() or self.inside.rise_m.any())


def build_network(
    street: gpd.GeoDataFrame,
    compound: gpd.GeoDataFrame,
    gate: gpd.GeoDataFrame,
    barrier: gpd.GeoDataFrame,
    water: gpd.GeoDataFrame,
    street_barrier: gpd.GeoDataFrame,
    square: gpd.GeoDataFrame,
) -> Network:
    """The networks of a county.

    Streets are taken in the order of their ids, so that the order of rows changes no answer. A
    street that is not marked as unfit for walking is walked. Its wait at crossings is spread over its
    whole length: `crossing_s` where given, else what the class of a street marked as a crossing asks for
    (`CROSSING_WAIT_S`), and nothing where it is a bridge or an underpass. Heights are those of its
    vertices, interpolated where it is cut.

    Parameters
    ----------
    street, compound, gate, barrier, water, street_barrier, square
        Layers in one metric CRS with the columns of the schema; each may be empty.
    """
    is_walked = street["walkable"].fillna(value=True).to_numpy(bool)
    rows = np.flatnonzero(is_walked)
    rows = rows[np.argsort(street["id"].to_numpy(object)[rows].astype(str), kind="stable")]
    lines, of_row = _take_lines(street.geometry.to_numpy()[rows])
    rows = rows[of_row]
    gated = np.flatnonzero(find_gated(compound, gate, barrier))
    of_compound = np.zeros(len(gate), bool)
    matched, owner = match_gates(compound, gate)
    of_compound[matched[np.isin(owner, gated)]] = True
    levels = find_levels(street["nodes"].to_numpy(object), street.geometry.to_numpy())
    is_bridge = street["bridge"].fillna(value=False).to_numpy(bool)
    enclosures = list_enclosures(compound.geometry.to_numpy()[gated], gated)
    passing = find_passing(lines, is_bridge[rows], enclosures.polygon, level_vertices(levels, lines, rows))
    lines, stops = place_stops(list_stops(gate, of_compound, street_barrier), lines)
    walls = [barrier.geometry.to_numpy(), water.geometry.to_numpy(), compound.geometry.to_numpy()[gated]]
    lines, grounds = lay_grounds(square, np.concatenate(walls), lines, is_bridge[rows])
    is_doubtful = street["doubtful"].fillna(value=False).to_numpy(bool) & is_walked
    doubt = np.where(is_doubtful, np.cumsum(is_doubtful) - 1, -1)
    pieces = cut_streets(lines, enclosures.polygon, passing)
    is_steps = street["steps"].fillna(value=False).to_numpy(bool)
    wait_s_per_m = _spread_waits(street)
    graphs: list[Graph] = []
    of_segment: list[Integers] = []
    for kept in (pieces.region < 0, pieces.region >= 0):
        of_piece = rows[pieces.street[kept]]
        n_open = 0 if graphs else len(grounds.line)  # squares are public
        drawn = np.concatenate([pieces.line[kept], grounds.line[:n_open]])
        graph = build_graph(
            drawn,
            is_steps=np.append(is_steps[of_piece], np.zeros(n_open, bool)),
            wait_s_per_m=np.append(wait_s_per_m[of_piece], np.zeros(n_open)),
            group=np.append(pieces.region[kept], np.full(n_open, -1)),
            doubt=np.append(doubt[of_piece], np.full(n_open, -1)),
            level=level_vertices(levels, drawn, of_piece),
            stops_xy=stops.xy[stops.is_closed],
            doubtful_xy=stops.xy[~stops.is_closed],
            first_doubt=int(is_doubtful.sum()),
        )
        of_line = np.append(np.full(len(of_piece), NO_GROUND), grounds.ground[:n_open])
        of_segment.append(of_line[graph.line])
        graphs.append(_relabel_lines(graph, np.append(of_piece, len(street) + grounds.row[:n_open])))
    public, inside = graphs
    gates, regions = resolve_gates(compound, gate, enclosures, public, inside, pieces)
    obstacles, owner = _list_obstacles(barrier, water, enclosures)
    return Network(
        public=public,
        inside=inside,
        gated=gated,
        enclosures=enclosures,
        regions=regions,
        gates=gates,
        obstacles=obstacles,
        obstacle_owner=owner,
        squares=attach_squares(grounds, public, of_segment[0]),
        doubts=np.concatenate(
            [
                "street " + street["id"].to_numpy(object)[is_doubtful].astype(str).astype(object),
                stops.name[~stops.is_closed],
            ]
        ),
    )


def _list_obstacles(
    barrier: gpd.GeoDataFrame, water: gpd.GeoDataFrame, enclosures: Enclosures
) -> tuple[Geometries, Integers]:
    """Barriers, water, and the ground and the holes of enclosures less the strip along their edge."""
    rings = shapely.get_rings(enclosures.polygon, return_index=True)
    is_hole = np.ones(len(rings[1]), bool)
    is_hole[np.unique(rings[1], return_index=True)[1]] = False  # the first ring is the outer one
    holes = shapely.buffer(shapely.polygons(rings[0][is_hole]), -ON_EDGE_M, join_style="mitre")
    others = np.concatenate([barrier.geometry.to_numpy(), water.geometry.to_numpy()])
    geometries = np.concatenate([others, enclosures.ground, holes])
    owner = np.concatenate(
        [np.full(len(others), NOT_A_WALL), np.arange(len(enclosures)), NOT_A_WALL - 1 - rings[1][is_hole]]
    ).astype(np.int64)
    drawn = ~(shapely.is_missing(geometries) | shapely.is_empty(geometries))
    return geometries[drawn], owner[drawn]


def _take_lines(geometries: Geometries) -> tuple[Geometries, Integers]:
    """The LineStrings in a street layer's geometries, and the row of each."""
    lines, row = shapely.get_parts(geometries, return_index=True)
    return lines, row.astype(np.int64)


def _spread_waits(street: gpd.GeoDataFrame) -> Floats:
    """Seconds of waiting at crossings per metre of every street, shape (n,)."""
    by_class = street["class"].map(CROSSING_WAIT_S).fillna(0.0).to_numpy(float)
    by_class = np.where(street["crossing"].fillna(value=False).to_numpy(bool), by_class, 0.0)
    given = street["crossing_s"].to_numpy(float)
    wait_s = np.where(np.isfinite(given), given, by_class)
    wait_s = np.where(street["bridge"].fillna(value=False).to_numpy(bool), 0.0, wait_s)
    length_m = shapely.length(street.geometry.to_numpy())
    per_m: Floats = np.divide(wait_s, length_m, out=np.zeros(len(street)), where=length_m > 0)
    return per_m


def _relabel_lines(graph: Graph, line: Integers) -> Graph:
    """The graph with the rows of the street layer in place of the numbers of its pieces."""
    return replace(graph, line=line[graph.line])
