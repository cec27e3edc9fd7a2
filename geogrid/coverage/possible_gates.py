"""Where a gate of a compound could be of which none, or only one, is known, and where people perhaps pass on a street."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import shapely

from geogrid.coverage.town import Town
from geogrid.coverage.walks import Layout
from geogrid.network.access import snap_gates
from geogrid.network.compounds import ON_EDGE_M, GateOrigin, Gates, Geometries, match_gates
from geogrid.network.graph import Graph
from geogrid.network.impedance import ACCESS_LIMIT_M, Floats, Integers, is_leg_too_long
from geogrid.network.snap import snap_points
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
    """The layout of a town with every place where a gate could be.

    Attributes
    ----------
    is_other
        Shape (g,): gates that nobody mapped, of compounds of which one gate is mapped.
    """

    layout: Layout
    is_other: npt.NDArray[np.bool_]


def spread_gates(town: Town, layout: Layout, *, access_limit_m: float = ACCESS_LIMIT_M) -> PossibleGates:
    """The layout with all the places where an unknown gate could be.

    They are `N_RIM_PLACES` places evenly around the compound's outer edge. Where no gate is known they stand
    in place of the one taken for it, which is the first of them (nearest to a street). Where a single gate
    is mapped and the edge is long (`LONG_EDGE_M`) they are counted from it and are others beside it. A place
    is left out when its nearest street lies across the compound, where a gate would open on nothing, or
    farther than an access leg may be.

    Parameters
    ----------
    layout
        That of the town.
    """
    gates = layout.network.gates
    is_unknown = gates.origin[gates.compound] == GateOrigin.UNKNOWN.value
    is_single = _find_single(town, layout)
    around = np.flatnonzero(is_unknown | is_single)
    if not len(around):
        return PossibleGates(layout, np.zeros(len(gates.xy), bool))
    compound = gates.compound[around]
    polygons = town.compound.geometry.to_numpy()[layout.network.gated[compound]]
    xy, row = list_rim_places(polygons, gates.xy[around])
    kept = open_outwards(xy, polygons[row], layout.network.public, access_limit_m)
    is_first = np.arange(len(row)) % N_RIM_PLACES == 0
    kept[is_first] = is_unknown[
        around
    ]  # the place taken stays whatever lies there; a mapped gate stands already
    spread_xy = np.vstack([gates.xy[~is_unknown], xy[kept]])
    owner = np.concatenate([gates.compound[~is_unknown], compound[row[kept]]])
    ids = np.concatenate([gates.id[~is_unknown], np.full(int(kept.sum()), None)])
    is_other = np.concatenate([np.zeros(int((~is_unknown).sum()), bool), is_single[around][row[kept]]])
    order = np.argsort(owner, kind="stable")
    network = replace(layout.network, gates=Gates(spread_xy[order], owner[order], ids[order], gates.origin))
    gates_at = snap_gates(network, access_limit_m=access_limit_m)
    return PossibleGates(replace(layout, network=network, gates=gates_at), is_other[order])


def _find_single(town: Town, layout: Layout) -> npt.NDArray[np.bool_]:
    """Gates that are the only mapped one of a compound with a long edge, shape (g,)."""
    network = layout.network
    n_mapped = np.bincount(match_gates(town.compound, town.gate)[1], minlength=len(town.compound))
    length_m = measure_edges(town.compound.geometry.to_numpy()[network.gated])
    is_single = (n_mapped[network.gated] == 1) & (length_m > LONG_EDGE_M)
    single: npt.NDArray[np.bool_] = is_single[network.gates.compound]
    return single


def measure_edges(polygons: Geometries) -> Floats:
    """Lengths of the outer edges of polygons, of the largest part where one has several, shape (n,)."""
    lengths: Floats = shapely.length(np.array([_take_ring(polygon) for polygon in polygons], dtype=object))
    return lengths


def spread_stops(possible: PossibleGates) -> PossibleGates:
    """The same with gates and barriers on streets that are in doubt made passages that a world can close."""
    layout = possible.layout
    network = layout.network
    public = split_doubtful(network.public)
    added = np.full(public.n_segments - network.public.n_segments, CHORD)  # nobody steps on them
    squares = replace(network.squares, of_segment=np.append(network.squares.of_segment, added))
    network = replace(network, public=public, squares=squares)
    return replace(possible, layout=replace(layout, network=network))


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
