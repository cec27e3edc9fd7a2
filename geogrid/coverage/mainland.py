"""Which streets lead to a centre, and doors whose nearest street does not.

A path that joins nothing may be the street nearest to a home; nobody waits there for it to lead somewhere. Such a
home takes the next street within the limit of an access leg that leads to a centre, and so does a gate. A
centre that no home reaches takes the next street that leads to one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geogrid.network.access import (
    Doors,
    join_doors,
    snap_doors,
    snap_gates,
    take_doors,
    trace_departures,
)
from geogrid.network.graph import price_segments
from geogrid.network.impedance import LENGTH, Floats, Integers
from geogrid.network.passages import GateSpots
from geogrid.network.search import Ways
from geogrid.network.streets import Network

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Places:
    """Doors by the place they belong to: `place`, `xy` and `region`, as `snap_doors` takes them."""

    place: Integers
    xy: Floats
    region: Integers


@dataclass(frozen=True)
class Placed:
    """Homes, centres and gates on the streets.

    Attributes
    ----------
    leads, has_homes
        Shape (components of the public network,): the streets that lead to a centre, and those that homes
        are left by.
    is_moved
        Whether some centre stands on another street than its nearest.
    """

    home_doors: Doors
    centre_doors: Doors
    gates: GateSpots
    leads: Flags
    has_homes: Flags
    is_moved: Flags


def place_on_mainland(network: Network, homes: Places, centres: Places, *, access_limit_m: float) -> Placed:
    """Homes, centres and gates on streets that lead to one another where there are such within the limit."""
    gates = snap_gates(network, access_limit_m=access_limit_m)
    centre_doors = snap_places(network, centres, access_limit_m)
    leads = mark_components(network, list_ways(network, centre_doors, gates, is_return=True))
    home_doors = snap_places(network, homes, access_limit_m, leads)
    gates = snap_gates(network, access_limit_m=access_limit_m, leads=leads)
    has_homes = mark_components(network, list_ways(network, home_doors, gates))
    moved = move_centres(network, centres, centre_doors, gates, has_homes, access_limit_m)
    is_moved = len(moved.place) > len(centre_doors.place)
    if is_moved:
        centre_doors = moved
        leads = mark_components(network, list_ways(network, centre_doors, gates, is_return=True))
        home_doors = snap_places(network, homes, access_limit_m, leads)
        gates = snap_gates(network, access_limit_m=access_limit_m, leads=leads)
    return Placed(home_doors, centre_doors, gates, leads, has_homes, np.array([is_moved]))


def snap_places(network: Network, places: Places, access_limit_m: float, leads: Flags | None = None) -> Doors:
    """The doors of some places."""
    return snap_doors(
        network, places.place, places.xy, places.region, access_limit_m=access_limit_m, leads=leads
    )


def move_centres(
    network: Network,
    centres: Places,
    doors: Doors,
    gates: GateSpots,
    has_homes: Flags,
    access_limit_m: float,
) -> Doors:
    """The doors of centres, of which those that no home reaches open onto the next street with homes too."""
    ways = list_ways(network, doors, gates, is_return=True)
    component = network.public.component[network.public.start]
    reached = np.unique(ways.place[has_homes[component[ways.segment]]])
    lonely = np.flatnonzero(~np.isin(centres.place, reached))
    if not len(lonely):
        return doors
    own = Places(centres.place[lonely], centres.xy[lonely], centres.region[lonely])
    others = take_doors(doors, np.flatnonzero(np.isin(doors.place, reached)))
    both = join_doors([others, snap_places(network, own, access_limit_m, has_homes)])
    return take_doors(both, np.argsort(both.place, kind="stable"))


def list_ways(network: Network, doors: Doors, gates: GateSpots, *, is_return: bool = False) -> Ways:
    """The ways of doors, whatever they cost."""
    costs = price_segments(network.inside, LENGTH)
    return trace_departures(network, costs, LENGTH, doors, gates, is_return=is_return).ways


def mark_components(network: Network, ways: Ways) -> Flags:
    """The components of the public network that ways meet, shape (components,)."""
    public = network.public
    marked = np.zeros(int(public.component.max(initial=-1)) + 1, bool)
    marked[public.component[public.start[ways.segment]]] = True
    return marked
