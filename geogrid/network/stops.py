"""Stops: gates and barriers that stand on a street and let nobody on foot along it, or perhaps nobody.

A stop stands on the nearest walked street, when that is within `ON_STREET_M`: at the nearest place of it,
which is a vertex or becomes one, and on every street that passes there. At a stop that is closed nothing
joins: each segment that ends there ends for itself, so that a walk leads to it from every side and from no
side to another. One who steps on a street at the very place of a stop may do so on each side. A stop that is
in doubt is passed; the worlds of `coverage.worlds` close it in some.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from shapely import STRtree

from geogrid.network.graph import Graph, round_places
from geogrid.network.impedance import Floats, Integers
from geogrid.network.search import match_equal
from geogrid.network.vertices import AT_PLACE_M, add_vertex, find_place

Geometries = npt.NDArray[np.object_]
Booleans = npt.NDArray[np.bool_]

ON_STREET_M = 2.0
"""A gate this near to a street's line stands on it: two hands that draw both differ by about that."""


@dataclass(frozen=True)
class Stops:
    """Stops (b of them).

    Attributes
    ----------
    xy
        Shape (b, 2), metres: their places on the streets.
    name
        Shape (b,): the layer and the id of what stands there.
    is_closed
        Shape (b,): False for one that is in doubt.
    """

    xy: Floats
    name: Geometries
    is_closed: Booleans

    def __len__(self) -> int:
        return len(self.xy)


def list_stops(gate: gpd.GeoDataFrame, of_compound: Booleans, street_barrier: gpd.GeoDataFrame) -> Stops:
    """What may stop people on a street, wherever it is.

    Parameters
    ----------
    gate, street_barrier
        Layers with the columns of the schema. A gate of which `passage` says nothing is closed when it is
        locked or not for pedestrians; a barrier of which it says nothing is closed.
    of_compound
        Shape of the gates: those that belong to a gated compound are gates in its wall and stop no street.
    """
    passage = gate["passage"].to_numpy(object)
    is_silent = ~np.isin(passage.astype(str), ["open", "closed", "doubtful"])
    is_shut = gate["locked"].fillna(value=False).to_numpy(bool)
    is_shut |= ~gate["pedestrian"].fillna(value=True).to_numpy(bool)
    is_closed = np.where(is_silent, is_shut, passage == "closed")
    is_vague = ~is_silent & (passage == "doubtful")
    gates = np.flatnonzero((is_closed | is_vague) & ~of_compound)
    across = street_barrier["passage"].to_numpy(object)
    barriers = np.flatnonzero(across != "open")
    names = [f"gate {one}" for one in gate["id"].to_numpy(object)[gates]]
    names += [f"street_barrier {one}" for one in street_barrier["id"].to_numpy(object)[barriers]]
    points = np.concatenate([gate.geometry.to_numpy()[gates], street_barrier.geometry.to_numpy()[barriers]])
    drawn = ~(shapely.is_missing(points) | shapely.is_empty(points))
    return Stops(
        shapely.get_coordinates(points[drawn]).reshape(-1, 2),
        np.array([*names, None], dtype=object)[:-1][drawn],
        np.concatenate([is_closed[gates], across[barriers] != "doubtful"])[drawn],
    )


def place_stops(stops: Stops, lines: Geometries) -> tuple[Geometries, Stops]:
    """Stops on the streets where they stand, and the streets with a vertex at each of them.

    Parameters
    ----------
    lines
        Shape (l,): the walked streets, LineStrings in metres.

    Returns
    -------
    The lines, and those stops that stand on one; of two at one place that which is closed.

    >>> stops = Stops(np.array([[40.0, 1.0]]), np.array(["gate g"], dtype=object), np.array([True]))
    >>> lines, placed = place_stops(stops, shapely.from_wkt(["LINESTRING (0 0, 100 0)"]))
    >>> lines[0].wkt, placed.xy.tolist()
    ('LINESTRING (0 0, 40 0, 100 0)', [[40.0, 0.0]])
    """
    points = shapely.points(stops.xy)
    if not len(stops):
        return lines, stops
    stop, line = STRtree(lines).query(points, predicate="dwithin", distance=ON_STREET_M)
    order = np.lexsort((line, shapely.distance(points[stop], lines[line]), stop))
    kept, first = np.unique(stop[order], return_index=True)
    kept = kept[np.lexsort((kept, ~stops.is_closed[kept]))]  # closed ones first
    nearest = dict(
        zip(stop[order][np.sort(first)].tolist(), line[order][np.sort(first)].tolist(), strict=True)
    )
    lines, places, placed = lines.copy(), [], []
    known: set[tuple[int, ...]] = set()
    for one in kept.tolist():
        xy = find_place(lines[nearest[one]], points[one])
        key = tuple(round_places(xy[None])[0].tolist())
        if key in known:
            continue
        known.add(key)
        places.append(xy)
        placed.append(one)
        for number in line[stop == one].tolist():
            if shapely.distance(lines[number], shapely.Point(xy)) <= AT_PLACE_M:
                lines[number] = add_vertex(lines[number], xy)
    rows = np.array(placed, np.int64)
    return lines, Stops(np.array(places).reshape(-1, 2), stops.name[rows], stops.is_closed[rows])


def find_other_sides(graph: Graph, segment: Integers, fraction: Floats) -> tuple[Integers, Integers, Floats]:
    """The other sides of stops at whose very place ways meet a street.

    Parameters
    ----------
    segment, fraction
        Shape (w,): where the ways meet the graph.

    Returns
    -------
    Shape (n,): the row of the way, and where it meets the graph on another side.
    """
    nowhere = np.empty(0, np.int64)
    if not graph.has_stops or not len(segment):
        return nowhere, nowhere, np.empty(0)
    start, end = graph.start[segment], graph.end[segment]
    along_m = fraction * graph.length_m[segment]
    at_start = along_m <= AT_PLACE_M
    at_end = graph.length_m[segment] - along_m <= AT_PLACE_M
    node = np.where(at_start & (graph.stop[start] >= 0), start, np.where(at_end, end, -1))
    rows = np.flatnonzero((node >= 0) & (graph.stop[node] >= 0))
    ends = np.concatenate([graph.start, graph.end])
    stopped = np.flatnonzero((graph.stop[ends] >= 0) & (np.tile(graph.length_m, 2) > 0))
    row, other = match_equal(graph.stop[node[rows]], graph.stop[ends[stopped]])
    row, other = rows[row], stopped[other]
    apart = ends[other] != node[row]
    row, other = row[apart], other[apart]
    return row, other % graph.n_segments, (other // graph.n_segments).astype(float)


def split_doubtful(graph: Graph) -> Graph:
    """The graph with stops that are in doubt split as if they were closed, and joined again by segments without length.

    Those segments come last, and their `doubt` says which stop closes them.
    """
    ends = np.concatenate([graph.start, graph.end])
    split = np.flatnonzero(graph.may_stop[ends] >= 0)
    if not len(split):
        return graph
    hub = ends[split]
    copy = graph.n_nodes + np.arange(len(split))
    ends[split] = copy
    start, end = np.split(ends, 2)
    xy = graph.node_xy[hub]
    nothing = np.zeros(len(split))
    return replace(
        graph,
        node_xy=np.vstack([graph.node_xy, xy]),
        start=np.concatenate([start, hub]),
        end=np.concatenate([end, copy]),
        ends_xy=np.vstack([graph.ends_xy, np.hstack([xy, xy])]),
        length_m=np.concatenate([graph.length_m, nothing]),
        rise_m=np.concatenate([graph.rise_m, nothing]),
        line=np.concatenate([graph.line, graph.line[split % graph.n_segments]]),
        is_steps=np.concatenate([graph.is_steps, np.zeros(len(split), bool)]),
        wait_s=np.concatenate([graph.wait_s, nothing]),
        group=np.concatenate([graph.group, graph.group[split % graph.n_segments]]),
        component=np.concatenate([graph.component, graph.component[hub]]),
        doubt=np.concatenate([graph.doubt, graph.may_stop[hub]]),
        stop=np.concatenate([graph.stop, graph.stop.max(initial=-1) + 1 + hub]),
        may_stop=np.full(graph.n_nodes + len(split), -1),
    )
