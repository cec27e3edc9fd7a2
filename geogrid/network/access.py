"""From doors to the public network: straight to the nearest street, or through the gates of a compound.

A door outside gated compounds has one way: to the nearest place on a public segment that a straight
leg reaches past barriers and water (see `barriers`). A door inside
has one for every gate of its compound: inside to the gate, and from there to the nearest place on a
public segment. Inside, people follow the compound's own streets where the door and the gate both lie
by the same connected ones, and otherwise walk straight with the detour of an access leg. Two doors of
one compound are also joined inside it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geogrid.network.barriers import clear_snaps
from geogrid.network.graph import Costs
from geogrid.network.impedance import ACCESS_LIMIT_M, Floats, Integers, Profile, is_leg_too_long, price_legs
from geogrid.network.landings import Landings, cross_squares, find_landings, widen_ways
from geogrid.network.search import Direct, Ways, match_equal, price_pairs
from geogrid.network.snap import Snaps, keep_snaps, select_snaps, snap_points
from geogrid.network.stops import double_ways
from geogrid.network.streets import Network

GATE_TO_INSIDE_STREET_M = 15.0
"""A gate opens on a compound's own street when that is this near: a drive and the gate drawn at its side."""


@dataclass(frozen=True)
class Spots:
    """Doors or gates (d of them) and where they touch the networks.

    Attributes
    ----------
    xy
        Shape (d, 2), metres.
    compound
        Shape (d,): number of the gated compound each belongs to, -1 for none.
    public, inside
        Places on the public network and on the compound's own streets.
    """

    xy: Floats
    compound: Integers
    public: Snaps
    inside: Snaps


@dataclass(frozen=True)
class Doors:
    """Doors of homes or of centres, sorted by place.

    Attributes
    ----------
    place
        Shape (d,): number of the home or centre.
    is_barred
        Shape (d,): whether the leg to the street passes a barrier or water, because none within the
        limit does not, from any door of the place. False in gated compounds.
    """

    place: Integers
    spots: Spots
    is_barred: npt.NDArray[np.bool_]


def snap_doors(
    network: Network,
    place: Integers,
    xy: Floats,
    compound: Integers,
    *,
    access_limit_m: float = ACCESS_LIMIT_M,
) -> Doors:
    """Doors placed on the networks. A door behind a barrier is not used where its place has a clear one.

    Parameters
    ----------
    place, xy, compound
        Shapes (d,), (d, 2), (d,); sorted by place. A door with NaN touches nothing.
    access_limit_m
        An access leg longer than this (detour counted) is no way.
    """
    public = network.public_index.snap(xy)
    is_barred = np.zeros(len(xy), bool)
    free = np.flatnonzero(compound < 0)
    clear, is_barred[free] = clear_snaps(
        select_snaps(public, free),
        xy[free],
        network.public_index,
        network.obstacle_tree,
        access_limit_m=access_limit_m,
    )
    public.segment[free], public.fraction[free] = clear.segment, clear.fraction
    public.straight_m[free] = clear.straight_m
    public = _snap_within(public, access_limit_m)
    is_clear = (compound < 0) & (public.segment >= 0) & ~is_barred
    is_dropped = is_barred & np.isin(place, place[is_clear])
    public, is_barred = keep_snaps(public, ~is_dropped), is_barred & ~is_dropped
    inside = _snap_within(_snap_inside(network, xy, compound), access_limit_m)
    return Doors(place, Spots(xy, compound, public, inside), is_barred)


def snap_gates(network: Network, *, access_limit_m: float = ACCESS_LIMIT_M) -> Spots:
    """The network's gates placed on both sides."""
    gates = network.gates
    public = _snap_within(network.public_index.snap(gates.xy), access_limit_m)
    inside = _snap_inside(network, gates.xy, gates.compound)
    inside = keep_snaps(inside, inside.straight_m <= GATE_TO_INSIDE_STREET_M)
    return Spots(gates.xy, gates.compound, public, inside)


def price_departures(network: Network, costs: Costs, profile: Profile, doors: Doors, gates: Spots) -> Ways:
    """The ways from doors to the public network.

    Parameters
    ----------
    costs
        Prices of the segments inside compounds.
    """
    door, gate = _match_gates(doors.spots, gates)
    inside = price_inside(network, costs, profile, doors.spots, gates, door, gate)
    ways = _gather_ways(doors, gates, door, gate, inside, profile)
    return _walk_on(network, doors, ways, profile)


def price_arrivals(network: Network, costs: Costs, profile: Profile, doors: Doors, gates: Spots) -> Ways:
    """The ways from the public network to doors; `costs` as in `price_departures`."""
    door, gate = _match_gates(doors.spots, gates)
    inside = price_inside(network, costs, profile, gates, doors.spots, gate, door)
    ways = _gather_ways(doors, gates, door, gate, inside, profile)
    return _walk_on(network, doors, ways, profile)


def _walk_on(network: Network, doors: Doors, ways: Ways, profile: Profile) -> Ways:
    """The ways, and those that go on from where they meet the network: on either side of a stop, over a square."""
    ways = double_ways(network.public, ways)
    if not len(network.squares):
        return ways
    return widen_ways(network.squares, ways, _land(network, doors, ways), profile)


def _land(network: Network, doors: Doors, ways: Ways) -> Landings:
    free = doors.spots.compound < 0
    return find_landings(network.squares, network.public, ways, doors.place[free], doors.spots.xy[free])


def price_over_squares(
    network: Network, profile: Profile, homes: Doors, home_ways: Ways, centres: Doors, centre_ways: Ways
) -> Direct:
    """Straight walks from homes to centres over squares, from where the ways of both come onto one."""
    landed = _land(network, homes, home_ways), _land(network, centres, centre_ways)
    return cross_squares(network.squares, *landed, profile)


def is_on_square(network: Network, doors: Doors, ways: Ways) -> bool:
    """Whether any of some ways leads onto a square."""
    return len(network.squares) > 0 and len(_land(network, doors, ways)) > 0


def price_within_compounds(
    network: Network, costs: Costs, profile: Profile, homes: Doors, centres: Doors
) -> Direct:
    """Walks from homes to centres of the same compound that stay inside it."""
    home, centre = _match_compounds(homes.spots.compound, centres.spots.compound)
    cost = price_inside(network, costs, profile, homes.spots, centres.spots, home, centre)
    return Direct(homes.place[home], centres.place[centre], cost)


def price_inside(
    network: Network,
    costs: Costs,
    profile: Profile,
    origins: Spots,
    destinations: Spots,
    origin: Integers,
    destination: Integers,
) -> Floats:
    """Prices of walks inside compounds for pairs of spots of the same compound, shape (p,)."""
    offset_m = origins.xy[origin] - destinations.xy[destination]
    cost = price_legs(np.hypot(offset_m[:, 0], offset_m[:, 1]), profile)
    first, last = origins.inside.segment[origin], destinations.inside.segment[destination]
    rows = np.flatnonzero((first >= 0) & (last >= 0))
    if not len(rows):
        return cost
    component = network.inside.component[network.inside.start]
    rows = rows[component[first[rows]] == component[last[rows]]]
    legs = price_legs(origins.inside.straight_m[origin[rows]], profile) + price_legs(
        destinations.inside.straight_m[destination[rows]], profile
    )
    along = price_pairs(
        network.inside, costs, origins.inside, destinations.inside, origin[rows], destination[rows]
    )
    cost[rows] = legs + along
    return cost


def _match_gates(spots: Spots, gates: Spots) -> tuple[Integers, Integers]:
    """Pairs of a door and a gate of its compound, of those gates that touch the public network."""
    door, gate = _match_compounds(spots.compound, gates.compound)
    usable = (gates.public.segment[gate] >= 0) & np.isfinite(spots.xy[door]).all(axis=1)
    return door[usable], gate[usable]


def _match_compounds(left: Integers, right: Integers) -> tuple[Integers, Integers]:
    """Pairs of rows that lie in the same gated compound."""
    inner_left, inner_right = np.flatnonzero(left >= 0), np.flatnonzero(right >= 0)
    rows, others = match_equal(left[inner_left], right[inner_right])
    return inner_left[rows], inner_right[others]


def _gather_ways(
    doors: Doors, gates: Spots, door: Integers, gate: Integers, inside: Floats, profile: Profile
) -> Ways:
    """The ways of open doors, and those of doors in compounds with their walks inside."""
    spots = doors.spots
    free = np.flatnonzero((spots.compound < 0) & (spots.public.segment >= 0))
    place = np.concatenate([doors.place[free], doors.place[door]])
    order = np.argsort(place, kind="stable")
    snaps = (spots.public, free), (gates.public, gate)
    legs = [price_legs(snap.straight_m[rows], profile) for snap, rows in snaps]
    return Ways(
        place=place[order],
        segment=np.concatenate([snap.segment[rows] for snap, rows in snaps])[order],
        fraction=np.concatenate([snap.fraction[rows] for snap, rows in snaps])[order],
        leg=np.concatenate([legs[0], legs[1] + inside])[order],
        gate=np.concatenate([np.full(len(free), -1), gate])[order],
    )


def _snap_inside(network: Network, xy: Floats, compound: Integers) -> Snaps:
    """Places on the own streets of each point's compound."""
    segment = np.full(len(xy), -1, np.int64)
    fraction, straight_m = np.full(len(xy), np.nan), np.full(len(xy), np.inf)
    order = np.argsort(compound, kind="stable")
    groups, low = np.unique(network.inside.group, return_index=True)  # segments are sorted by group
    high = np.append(low, network.inside.n_segments)[1:]
    starts = np.searchsorted(compound[order], groups, side="left")
    ends = np.searchsorted(compound[order], groups, side="right")
    for first, last, start, end in zip(low, high, starts, ends, strict=True):
        rows = order[start:end]
        if not len(rows):
            continue
        snaps = snap_points(xy[rows], network.inside, segments=np.arange(first, last))
        segment[rows], fraction[rows], straight_m[rows] = snaps.segment, snaps.fraction, snaps.straight_m
    return Snaps(segment, fraction, straight_m)


def _snap_within(snaps: Snaps, access_limit_m: float) -> Snaps:
    return keep_snaps(snaps, ~is_leg_too_long(snaps.straight_m, access_limit_m))


def select_doors(doors: Doors, place: int) -> Doors:
    """The doors of one place, numbered from 0 as places of their own."""
    rows = np.flatnonzero(doors.place == place)
    spots = doors.spots
    return Doors(
        np.arange(len(rows)),
        Spots(
            spots.xy[rows],
            spots.compound[rows],
            select_snaps(spots.public, rows),
            select_snaps(spots.inside, rows),
        ),
        doors.is_barred[rows],
    )
