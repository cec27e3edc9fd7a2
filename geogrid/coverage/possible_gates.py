"""Where the gate of a compound could be of which none is known: places around its edge."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import shapely

from geogrid.coverage.walks import Layout
from geogrid.network.access import snap_gates
from geogrid.network.compounds import GateOrigin, Gates, join_regions
from geogrid.network.enclosures import Booleans, Geometries
from geogrid.network.impedance import ACCESS_LIMIT_M, Floats, Integers
from geogrid.network.passages import GateSpots
from geogrid.network.squares import CHORD
from geogrid.network.stops import split_doubtful

N_RIM_PLACES = 8
"""Places looked at around the edge of a compound without a known gate: two for each side of a rectangle."""


def spread_gates(layout: Layout, *, access_limit_m: float = ACCESS_LIMIT_M) -> Layout:
    """The layout with all the places where an unknown gate could be, in place of the one taken for it.

    They are `N_RIM_PLACES` places evenly around the outer edge of each enclosure, the first being the one taken
    (nearest to a street). A place is left out when no street is reached from it past walls and water
    within the limit of an access leg, where a gate would open on nothing.
    """
    gates = layout.network.gates
    network = layout.network
    is_unknown = gates.origin[gates.enclosure] == GateOrigin.UNKNOWN.value
    if not is_unknown.any():
        return layout
    enclosure = gates.enclosure[is_unknown]
    xy, row = list_rim_places(network.enclosures.polygon[enclosure], gates.xy[is_unknown])
    places = join_regions(
        network.enclosures, xy, enclosure[row], np.full(len(row), None, dtype=object), gates.origin
    )
    spots = snap_gates(replace(network, gates=places), access_limit_m=access_limit_m, leads=layout.leads)
    kept = open_outwards(spots)
    kept[np.unique(row, return_index=True)[1]] = True  # the place taken stays whatever lies there
    owner = np.concatenate([gates.enclosure[~is_unknown], places.enclosure[kept]])
    order = np.argsort(owner, kind="stable")
    joined = {
        name: np.concatenate([getattr(gates, name)[~is_unknown], getattr(places, name)[kept]])[order]
        for name in ("xy", "enclosure", "id", "inner", "outer")
    }
    network = replace(network, gates=Gates(**joined, origin=gates.origin))
    return replace(
        layout, network=network, gates=snap_gates(network, access_limit_m=access_limit_m, leads=layout.leads)
    )


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
    rings = shapely.get_exterior_ring(polygons)
    first_m = shapely.line_locate_point(rings, shapely.points(first_xy))
    length_m = shapely.length(rings)
    step = np.arange(len(row)) % N_RIM_PLACES
    along_m = (first_m[row] + step * length_m[row] / N_RIM_PLACES) % length_m[row]
    xy = shapely.get_coordinates(shapely.line_interpolate_point(rings[row], along_m))
    xy[step == 0] = first_xy
    return xy, row


def open_outwards(gates: GateSpots) -> Booleans:
    """Places that lead somewhere: to a street past no obstacle, or into the compound beyond the wall."""
    leads: Booleans = (gates.outer.region >= 0) | ((gates.outer.public.segment >= 0) & ~gates.is_barred)
    return leads
