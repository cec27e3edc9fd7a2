"""A county's streets as the networks people walk on: the public one, and one inside each gated compound."""

from __future__ import annotations

from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import shapely

from geogrid.network.compounds import Gates, Geometries, cut_streets, find_gated, resolve_gates
from geogrid.network.graph import Graph, build_graph
from geogrid.network.impedance import Floats, Integers


@dataclass(frozen=True)
class Network:
    """Where people walk. Nothing here depends on who walks.

    Attributes
    ----------
    public
        Streets that everybody walks; its segments' `line` is a row of the street layer.
    inside
        Streets inside gated compounds, grouped by compound.
    gated
        Shape (c,): rows of the gated compounds in the compound layer.
    gates
        The gates between the two.
    """

    public: Graph
    inside: Graph
    gated: Integers
    gates: Gates


def build_network(
    street: gpd.GeoDataFrame,
    compound: gpd.GeoDataFrame,
    gate: gpd.GeoDataFrame,
    barrier: gpd.GeoDataFrame,
) -> Network:
    """The networks of a county.

    Streets are taken in the order of their ids, so that the order of rows changes no answer. A
    street that is not marked as unfit for walking is walked. Its wait at crossings (`crossing_s`;
    nothing where it is a bridge or an underpass) is spread over its whole length.

    Parameters
    ----------
    street, compound, gate, barrier
        Layers in one metric CRS with the columns of the schema; each may be empty.
    """
    rows = np.flatnonzero(street["walkable"].fillna(value=True).to_numpy(bool))
    rows = rows[np.argsort(street["id"].to_numpy(object)[rows].astype(str), kind="stable")]
    lines, of_row = _take_lines(street.geometry.to_numpy()[rows])
    rows = rows[of_row]
    gated = np.flatnonzero(find_gated(compound, gate, barrier))
    pieces = cut_streets(lines, compound.geometry.to_numpy()[gated])
    is_steps = street["steps"].fillna(value=False).to_numpy(bool)
    wait_s_per_m = _spread_waits(street)
    graphs = []
    for kept in (pieces.compound < 0, pieces.compound >= 0):
        of_piece = rows[pieces.street[kept]]
        graph = build_graph(
            pieces.line[kept],
            is_steps=is_steps[of_piece],
            wait_s_per_m=wait_s_per_m[of_piece],
            group=pieces.compound[kept],
        )
        graphs.append(_relabel_lines(graph, of_piece))
    public, inside = graphs
    return Network(public, inside, gated, resolve_gates(compound, gated, gate, public, inside))


def _take_lines(geometries: Geometries) -> tuple[Geometries, Integers]:
    """The LineStrings in a street layer's geometries, and the row of each."""
    lines, row = shapely.get_parts(geometries, return_index=True)
    return lines, row.astype(np.int64)


def _spread_waits(street: gpd.GeoDataFrame) -> Floats:
    """Seconds of waiting at crossings per metre of every street, shape (n,)."""
    wait_s = street["crossing_s"].fillna(0.0).to_numpy(float)
    wait_s = np.where(street["bridge"].fillna(value=False).to_numpy(bool), 0.0, wait_s)
    length_m = shapely.length(street.geometry.to_numpy())
    per_m: Floats = np.divide(wait_s, length_m, out=np.zeros(len(street)), where=length_m > 0)
    return per_m


def _relabel_lines(graph: Graph, line: Integers) -> Graph:
    """The graph with the rows of the street layer in place of the numbers of its pieces."""
    return replace(graph, line=line[graph.line])
