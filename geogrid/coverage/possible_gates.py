"""Where the gate of a compound could be of which none is known, and where people perhaps pass on a street."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import shapely

from geogrid.coverage.town import Town
from geogrid.coverage.walks import Layout
from geogrid.network.access import snap_gates
from geogrid.network.compounds import ON_EDGE_M, GateOrigin, Gates, Geometries
from geogrid.network.graph import Graph
from geogrid.network.impedance import ACCESS_LIMIT_M, Floats, Integers, is_leg_too_long
from geogrid.network.snap import snap_points
from geogrid.network.squares import CHORD
from geogrid.network.stops import split_doubtful

N_RIM_PLACES = 8
"""Places looked at around the edge of a compound without a known gate: two for each side of a rectangle."""


def spread_gates(town: Town, layout: Layout, *, access_limit_m: float = ACCESS_LIMIT_M) -> Layout:
    """The layout with all the places where an unknown gate could be, in place of the one taken for it.

    They are `N_RIM_PLACES` places evenly around the compound's outer edge, the first being the one taken
    (nearest to a street). A place is left out when its nearest street lies across the compound, where a
    gate would open on nothing, or farther than an access leg may be.

    Parameters
    ----------
    layout
        That of the town.
    """
    gates = layout.network.gates
    is_unknown = gates.origin[gates.compound] == GateOrigin.UNKNOWN.value
    if not is_unknown.any():
        return layout
    compound = gates.compound[is_unknown]
    polygons = town.compound.geometry.to_numpy()[layout.network.gated[compound]]
    xy, row = list_rim_places(polygons, gates.xy[is_unknown])
    kept = open_outwards(xy, polygons[row], layout.network.public, access_limit_m)
    kept[np.unique(row, return_index=True)[1]] = True  # the place taken stays whatever lies there
    spread_xy = np.vstack([gates.xy[~is_unknown], xy[kept]])
    owner = np.concatenate([gates.compound[~is_unknown], compound[row[kept]]])
    ids = np.concatenate([gates.id[~is_unknown], np.full(int(kept.sum()), None)])
    order = np.argsort(owner, kind="stable")
    network = replace(layout.network, gates=Gates(spread_xy[order], owner[order], ids[order], gates.origin))
    return replace(layout, network=network, gates=snap_gates(network, access_limit_m=access_limit_m))


def spread_stops(layout: Layout) -> Layout:
    """The layout with gates and barriers on streets that are in doubt made passages that a world can close."""
    network = layout.network
    public = split_doubtful(network.public)
    added = np.full(public.n_segments - network.public.n_segments, CHORD)  # nobody steps on them
    squares = replace(network.squares, of_segment=np.append(network.squares.of_segment, added))
    return replace(layout, network=replace(network, public=public, squares=squares))


def list_rim_places(polygons: Geometries, first_xy: Floats) -> tuple[Floats, Integers]:
    """Places evenly around polygons, each beginning at a place given, and the row of each."""
    row = np.repeat(np.arange(len(polygons)), N_RIM_PLACES)
    rings = np.array([_take_ring(polygon) for polygon in polygons], dtype=object)
    first_m = shapely.line_locate_point(rings, shapely.points(first_xy))
    length_m = shapely.length(rings)
    step = np.arange(len(row)) % N_RIM_PLACES
    along_m = (first_m[row] + step * length_m[row] / N_RIM_PLACES) % length_m[row]
    xy = shapely.get_coordinates(shapely.line_interpolate_point(rings[row], along_m))
    xy[step == 0] = first_xy
    return xy, row


def _take_ring(polygon: shapely.Geometry) -> shapely.Geometry:
    """The outer edge of a polygon, of the largest part where it has several."""
    parts = shapely.get_parts(polygon)
    return shapely.get_exterior_ring(parts[int(np.argmax(shapely.area(parts)))])


def open_outwards(
    xy: Floats, polygons: Geometries, public: Graph, access_limit_m: float
) -> npt.NDArray[np.bool_]:
    """Places from which the nearest street is near enough and not across their polygon."""
    snaps = snap_points(xy, public)
    start, end = public.ends_xy[snaps.segment, :2], public.ends_xy[snaps.segment, 2:]
    street_xy = start + snaps.fraction[:, None] * (end - start)
    legs = shapely.linestrings(np.stack([xy, street_xy], axis=1))
    deep = shapely.buffer(polygons, -ON_EDGE_M)  # a leg along the wall does not cross the compound
    opens: npt.NDArray[np.bool_] = ~shapely.intersects(legs, deep)
    return opens & ~is_leg_too_long(snaps.straight_m, access_limit_m)
