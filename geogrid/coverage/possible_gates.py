"""Where a gate of a compound could be of which none, or only one, is known, and where people perhaps pass on a street."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import shapely

from geogrid.coverage.walks import Layout
from geogrid.network.access import snap_gates
from geogrid.network.compounds import GateOrigin, Gates, join_regions, learn_regions
from geogrid.network.enclosures import SHUT, Booleans, Geometries
from geogrid.network.impedance import ACCESS_LIMIT_M, Floats, Integers
from geogrid.network.passages import GateSpots
from geogrid.network.squares import CHORD
from geogrid.network.stops import split_doubtful

N_RIM_PLACES = 8
"""Places looked at around the edge of a compound without a known gate: two for each side of a rectangle."""
LONG_EDGE_M = 400.0
"""A gated compound with a longer outer edge is taken to have room for another gate than the one that is mapped.
GB 50180-2018, 6.0.4, asks of the streets inside a residential block for two entrances at least for vehicles, and
for entrances on foot no more than 200 m apart: so such an edge would have three. That the standard, which is
for new blocks, says something of old ones, and the length from which it does, are assumptions."""


@dataclass(frozen=True)
class PossibleGates:
    """The layout of a town with every place where a gate could be; see `spread_gates` and `spread_stops`.

    Attributes
    ----------
    is_other
        Shape (g,): gates that nobody mapped, of enclosures of which one gate is mapped.
    """

    layout: Layout
    is_other: Booleans

    @property
    def is_certain(self) -> Booleans:
        """Gates that are mapped, and stand in every world whether they let people pass or not; shape (g,)."""
        gates = self.layout.network.gates
        certain: Booleans = (gates.origin[gates.enclosure] == GateOrigin.GIVEN.value) & ~self.is_other
        return certain

    @property
    def is_indoors(self) -> Booleans:
        """The network's doubts of which some part lies inside a compound, shape (d,); known once stops are spread."""
        network = self.layout.network
        indoors = np.zeros(len(network.doubts), bool)
        indoors[network.inside.doubt[network.inside.doubt >= 0]] = True
        return indoors


def spread_gates(layout: Layout, *, access_limit_m: float = ACCESS_LIMIT_M) -> PossibleGates:
    """The layout with all the places where an unknown gate could be.

    They are `N_RIM_PLACES` places evenly around the outer edge of an enclosure. Where no gate is known they stand
    in place of the one taken for it, which is the first of them (nearest to a street). Where a single gate
    is mapped and the edge is long (`LONG_EDGE_M`) they are counted from it and are others beside it. A place
    is left out when no street is reached from it past walls and water within the limit of an access leg,
    where a gate would open on nothing.
    """
    network, gates = layout.network, layout.network.gates
    is_unknown = gates.origin[gates.enclosure] == GateOrigin.UNKNOWN.value
    is_single = _find_single(layout)
    around = np.flatnonzero(is_unknown | is_single)
    if not len(around):
        return PossibleGates(layout, np.zeros(len(gates.xy), bool))
    enclosure = gates.enclosure[around]
    xy, row = list_rim_places(network.enclosures.polygon[enclosure], gates.xy[around])
    nameless = np.full(len(row), None, dtype=object)
    places = join_regions(network.enclosures, xy, enclosure[row], nameless, gates.origin)
    network = replace(network, regions=learn_regions(network.regions, network.enclosures, places))
    spots = snap_gates(replace(network, gates=places), access_limit_m=access_limit_m)
    kept = open_outwards(spots)
    is_first = np.arange(len(row)) % N_RIM_PLACES == 0
    # the place taken stays whatever lies there; a mapped gate stands already
    kept[is_first] = is_unknown[around]
    owner = np.concatenate([gates.enclosure[~is_unknown], places.enclosure[kept]])
    order = np.argsort(owner, kind="stable")
    joined = {
        name: np.concatenate([getattr(gates, name)[~is_unknown], getattr(places, name)[kept]])[order]
        for name in ("xy", "enclosure", "id", "inner", "outer")
    }
    network = replace(network, gates=Gates(**joined, origin=gates.origin))
    is_other = np.concatenate([np.zeros(int((~is_unknown).sum()), bool), is_single[around][row[kept]]])
    gates_at = snap_gates(network, access_limit_m=access_limit_m)
    return PossibleGates(replace(layout, network=network, gates=gates_at), is_other[order])


def _find_single(layout: Layout) -> Booleans:
    """Gates that are the only mapped one of an enclosure with a long edge, and let people pass; shape (g,)."""
    gates, polygons = layout.network.gates, layout.network.enclosures.polygon
    is_given = gates.origin == GateOrigin.GIVEN.value
    n_gates = np.bincount(gates.enclosure, minlength=len(polygons))
    length_m = shapely.length(shapely.get_exterior_ring(polygons))
    is_single = is_given & (n_gates == 1) & (length_m > LONG_EDGE_M)
    single: Booleans = is_single[gates.enclosure] & (gates.outer != SHUT)
    return single


def spread_stops(possible: PossibleGates) -> PossibleGates:
    """The same with gates and barriers on streets that are in doubt made passages that a world can close."""
    layout = possible.layout
    network = layout.network
    public, inside = split_doubtful(network.public), split_doubtful(network.inside)
    added = np.full(public.n_segments - network.public.n_segments, CHORD)  # nobody steps on them
    squares = replace(network.squares, of_segment=np.append(network.squares.of_segment, added))
    network = replace(network, public=public, inside=inside, squares=squares)
    return replace(possible, layout=replace(layout, network=network))


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
