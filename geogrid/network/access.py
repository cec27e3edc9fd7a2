"""From doors to the public network: straight to the nearest street, or through the gates of compounds.

A door outside gated compounds has one way: to the nearest place on a public segment that a straight
leg reaches past barriers and water (see `barriers`). A door inside has one for every gate of its region and
every way on from there: inside to the gate, through further gates where the first leads into another
region (see `passages`), and from the last to the nearest place on a public segment, as a door would. Within a
region people follow its streets or walk straight, whichever is shorter (see `inside`). Of the ways of one
place those that pass an obstacle between the door and the street or the last gate are walked only where all
do, those to shut gates among them: what wall is in the way does not hang on which gate is locked. A gate whose own leg to the street has to pass one is a gate all the same, and in doubt.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
import shapely

from geogrid.network.barriers import TOUCH_M, clear_snaps
from geogrid.network.enclosures import PUBLIC, ROUND_GATE_M, SHUT, Booleans
from geogrid.network.graph import Costs
from geogrid.network.impedance import ACCESS_LIMIT_M, Floats, Integers, Profile, is_leg_too_long, price_legs
from geogrid.network.inside import Spots, join_spots, match_regions, price_inside, select_spots
from geogrid.network.landings import Landings, find_landings, walk_across, walk_to_places
from geogrid.network.passages import GateSpots, Passages, find_leading_regions, trace_passages
from geogrid.network.search import Direct, Ways, join_direct, match_equal
from geogrid.network.snap import Snaps, keep_snaps, select_snaps, snap_points
from geogrid.network.stops import find_other_sides
from geogrid.network.streets import Network

GATE_TO_INSIDE_STREET_M = 15.0
"""A gate opens on a compound's own street when that is this near: a drive and the gate drawn at its side."""


@dataclass(frozen=True)
class Doors:
    """Doors of homes or of centres, sorted by place.

    Attributes
    ----------
    place
        Shape (d,): number of the home or centre.
    is_barred
        Shape (d,): whether the leg to the street passes an obstacle, because none within the limit does not.
        False in gated compounds.
    """

    place: Integers
    spots: Spots
    is_barred: Booleans


@dataclass(frozen=True)
class Departures:
    """Ways (w of them) between doors and the public network, and what each passes.

    Attributes
    ----------
    ways
        Their `gate` is the gate of the door's own region.
    door, passage
        Shape (w,): the door of each, and the passage through gates, -1 for none.
    is_barred
        Shape (w,): something on the way off the streets passes an obstacle.
    is_own_barred
        Shape (w,): something other than the leg from the last gate does.
    clear
        Places, ascending, from which a street or a gate, be it shut, is reached past no obstacle.
    shut_in
        Places, ascending, from which none but shut gates can be reached, and which have no way.
    blind_place, blind_passage
        Shape (v,): walks past no obstacle to shut gates, through gates that are not certain: they are no ways, but where
        those gates stand ways past an obstacle are none either.
    passages
        All there are.
    onto_xy, onward
        Shapes (w, 2) and (w,): where people come onto a square, and the price of the straight walk over it, the
        last part of the way; NaN and 0 for a way that leads over none.
    """

    ways: Ways
    door: Integers
    passage: Integers
    is_barred: Booleans
    is_own_barred: Booleans
    clear: Integers
    shut_in: Integers
    blind_place: Integers
    blind_passage: Integers
    passages: Passages
    onto_xy: Floats
    onward: Floats

    def mark_clear(self, n_places: int) -> Booleans:
        """Whether places are among the clear ones, shape (n_places,)."""
        is_clear = np.zeros(n_places, bool)
        is_clear[self.clear] = True
        return is_clear

    def take(self, rows: Integers) -> Departures:
        """Some of the ways."""
        return replace(
            self,
            ways=Ways(*(getattr(self.ways, field.name)[rows] for field in fields(self.ways))),
            **{name: getattr(self, name)[rows] for name in _BY_WAY},
        )


_BY_WAY = ("door", "passage", "is_barred", "is_own_barred", "onto_xy", "onward")
_BY_SHORTCUT = (
    "is_barred",
    "is_own_barred",
    "door",
    "centre_door",
    "out",
    "into",
    "leg",
    "onward",
    "ends_xy",
)


@dataclass(frozen=True)
class Shortcuts:
    """Walks (d of them) from homes to centres that do not touch the public network, and what they pass.

    Attributes
    ----------
    is_barred, is_own_barred
        Shape (d,): whether they pass an obstacle, and one other than that of a leg from a gate to a square.
    door, centre_door
        Shape (d,): the doors between which they lead.
    out, into
        Shape (d,): the passage through gates that they leave by, and that by which they come in; -1 for none.
    passages
        Those out, and those in.
    leg, onward, ends_xy
        Shapes (d,), (d,) and (d, 4): of a walk over a square, the price before it, the price of the straight walk
        over it, and where that begins and ends; NaN for walks in compounds.
    """

    direct: Direct
    is_barred: Booleans
    is_own_barred: Booleans
    door: Integers
    centre_door: Integers
    out: Integers
    into: Integers
    passages: tuple[Passages, Passages]
    leg: Floats
    onward: Floats
    ends_xy: Floats

    def drop_barred(self, home_is_clear: Booleans, centre_is_clear: Booleans) -> Shortcuts:
        """Without those past an obstacle where both the home and the centre reach the streets past none."""
        direct = self.direct
        needless = self.is_own_barred & home_is_clear[direct.home] & centre_is_clear[direct.centre]
        return self.take(np.flatnonzero(~needless)) if needless.any() else self

    def take(self, rows: Integers) -> Shortcuts:
        """Some of them."""
        direct = self.direct
        return replace(
            self,
            direct=Direct(direct.home[rows], direct.centre[rows], direct.cost[rows]),
            **{name: getattr(self, name)[rows] for name in _BY_SHORTCUT},
        )


# --- placing doors and gates -------------------------------------------------------------------


def snap_doors(
    network: Network,
    place: Integers,
    xy: Floats,
    region: Integers,
    *,
    access_limit_m: float = ACCESS_LIMIT_M,
) -> Doors:
    """Doors placed on the networks.

    Parameters
    ----------
    place, xy, region
        Shapes (d,), (d, 2), (d,); sorted by place. A door with NaN touches nothing.
    access_limit_m
        An access leg longer than this (detour counted) is no way.
    """
    public = network.public_index.snap(xy)
    is_barred = np.zeros(len(xy), bool)
    free = np.flatnonzero(region == PUBLIC)
    clear, is_barred[free] = clear_snaps(
        select_snaps(public, free),
        xy[free],
        network.public_index,
        network.walls,
        access_limit_m=access_limit_m,
    )
    public.segment[free], public.fraction[free] = clear.segment, clear.fraction
    public.straight_m[free] = clear.straight_m
    public = _snap_within(public, access_limit_m)
    inside = _snap_within(_snap_inside(network, xy, region), access_limit_m)
    return Doors(place, Spots(xy, region, public, inside, np.full(len(xy), TOUCH_M)), is_barred)


def snap_gates(network: Network, *, access_limit_m: float = ACCESS_LIMIT_M) -> GateSpots:
    """The network's gates placed on both sides of their walls."""
    gates = network.gates
    xy, spare_m = gates.xy, np.full(len(gates.xy), ROUND_GATE_M)
    public = network.public_index.snap(xy)
    free = np.flatnonzero(gates.outer == PUBLIC)
    own_ground = network.enclosures.ground[gates.enclosure[free]]
    drawn_within = shapely.covers(own_ground, shapely.points(xy[free]))
    clear, barred = clear_snaps(
        select_snaps(public, free),
        xy[free],
        network.public_index,
        network.walls,
        access_limit_m=access_limit_m,
        spare_m=ROUND_GATE_M,
        within=np.where(drawn_within, gates.inner[free], PUBLIC),
    )
    is_barred = np.zeros(len(xy), bool)
    is_barred[free] = barred
    public.segment[free], public.fraction[free] = clear.segment, clear.fraction
    public.straight_m[free] = clear.straight_m
    public = keep_snaps(_snap_within(public, access_limit_m), gates.outer == PUBLIC)
    nowhere = keep_snaps(public, np.zeros(len(xy), bool))
    inner, outer = (
        keep_snaps(snaps, snaps.straight_m <= GATE_TO_INSIDE_STREET_M)
        for snaps in (_snap_inside(network, xy, gates.inner), _snap_inside(network, xy, gates.outer))
    )
    return GateSpots(
        Spots(xy, gates.inner, nowhere, inner, spare_m),
        Spots(xy, gates.outer, public, outer, spare_m),
        is_barred,
    )


def _snap_inside(network: Network, xy: Floats, region: Integers) -> Snaps:
    """Places on the streets of each point's own region."""
    segment = np.full(len(xy), -1, np.int64)
    fraction, straight_m = np.full(len(xy), np.nan), np.full(len(xy), np.inf)
    order = np.argsort(region, kind="stable")
    groups, low = np.unique(network.inside.group, return_index=True)  # segments are sorted by group
    high = np.append(low, network.inside.n_segments)[1:]
    starts = np.searchsorted(region[order], groups, side="left")
    ends = np.searchsorted(region[order], groups, side="right")
    for first, last, start, end in zip(low, high, starts, ends, strict=True):
        rows = order[start:end]
        if not len(rows):
            continue
        snaps = snap_points(xy[rows], network.inside, segments=np.arange(first, last))
        segment[rows], fraction[rows], straight_m[rows] = snaps.segment, snaps.fraction, snaps.straight_m
    return Snaps(segment, fraction, straight_m)


def _snap_within(snaps: Snaps, access_limit_m: float) -> Snaps:
    return keep_snaps(snaps, ~is_leg_too_long(snaps.straight_m, access_limit_m))


def find_snapped(doors: Doors, gates: GateSpots) -> Booleans:
    """Whether doors touch a public street, through gates or not, shape (d,)."""
    leads_out = gates.outer.public.segment >= 0
    leading = find_leading_regions(gates.inner.region, gates.outer.region, leads_out)
    spots = doors.spots
    return np.where(spots.region == PUBLIC, spots.public.segment >= 0, np.isin(spots.region, leading))


# --- the ways of doors -------------------------------------------------------------------------


def price_departures(
    network: Network, costs: Costs, profile: Profile, doors: Doors, gates: GateSpots
) -> Ways:
    """The ways from doors to the public network.

    Parameters
    ----------
    costs
        Prices of the segments inside compounds.
    """
    return trace_departures(network, costs, profile, doors, gates).ways


def price_arrivals(network: Network, costs: Costs, profile: Profile, doors: Doors, gates: GateSpots) -> Ways:
    """The ways from the public network to doors; `costs` as in `price_departures`."""
    return trace_departures(network, costs, profile, doors, gates, is_return=True).ways


def trace_departures(
    network: Network,
    costs: Costs,
    profile: Profile,
    doors: Doors,
    gates: GateSpots,
    *,
    is_return: bool = False,
    certain: Booleans | None = None,
) -> Departures:
    """The ways from doors to the public network with what they pass; back from there with `is_return`.

    Parameters
    ----------
    certain
        Shape (g,): gates that stand in every world; all when None. A way past an obstacle is left out only
        where such a gate, or a street, is reached past none.
    """
    spots = doors.spots
    passages = trace_passages(network, costs, profile, gates, is_return=is_return, certain=certain)
    leads_out, is_shut = gates.outer.public.segment >= 0, gates.outer.region == SHUT
    door, passage, inside, is_crossed = _pass_gates(
        network,
        costs,
        profile,
        spots,
        gates,
        passages,
        (leads_out | is_shut)[passages.last],
        is_return=is_return,
    )
    last = passages.last[passage]
    free = np.flatnonzero((spots.region == PUBLIC) & (spots.public.segment >= 0))
    snaps = (spots.public, free), (gates.outer.public, last)
    legs = [price_legs(snap.straight_m[rows], profile) for snap, rows in snaps]
    of_door = np.concatenate([free, door])
    is_own_barred = np.concatenate([doors.is_barred[free], is_crossed])
    is_barred = is_own_barred | np.concatenate([np.zeros(len(free), bool), gates.is_barred[last]])
    place = doors.place[of_door]
    is_way = np.concatenate([np.ones(len(free), bool), leads_out[last]])
    is_certain = np.ones(len(of_door), bool)
    if certain is not None:
        is_certain[len(free) :] = passages.have_all(certain)[passage]
    clear = np.unique(place[~is_own_barred & is_certain])
    is_blind = ~is_way & ~is_own_barred & ~is_certain & ~np.isin(place, clear)
    is_way &= ~(is_own_barred & np.isin(place, clear))
    order = np.argsort(place, kind="stable")
    order = order[is_way[order]]
    found = Departures(
        ways=Ways(
            place=place[order],
            segment=np.concatenate([snap.segment[rows] for snap, rows in snaps])[order],
            fraction=np.concatenate([snap.fraction[rows] for snap, rows in snaps])[order],
            leg=np.concatenate([legs[0], legs[1] + inside])[order],
            gate=np.concatenate([np.full(len(free), -1), passages.first[passage]])[order],
        ),
        door=of_door[order],
        passage=np.concatenate([np.full(len(free), -1), passage])[order],
        is_barred=is_barred[order],
        is_own_barred=is_own_barred[order],
        clear=clear,
        shut_in=np.setdiff1d(place, place[order]),
        blind_place=place[is_blind],
        blind_passage=passage[is_blind[len(free) :]],
        passages=passages,
        onto_xy=np.full((len(order), 2), np.nan),
        onward=np.zeros(len(order)),
    )
    return _walk_on(network, profile, doors, found)


def _walk_on(network: Network, profile: Profile, doors: Doors, departures: Departures) -> Departures:
    """The ways, and those that go on from where they meet the network: on either side of a stop, over a square."""
    ways = departures.ways
    row, segment, fraction = find_other_sides(network.public, ways.segment, ways.fraction)
    if len(row):
        nothing = np.full((len(row), 2), np.nan), np.zeros(len(row))
        departures = _extend(
            departures, row, departures.door[row], ways.place[row], segment, fraction, ways.leg[row], *nothing
        )
    if not len(network.squares):
        return departures
    squares, landings = network.squares, _land(network, doors, departures)
    landing, at, price = walk_to_places(squares, landings, profile)
    if not len(landing):
        return departures
    return _extend(
        departures,
        landings.way[landing],
        landings.door[landing],
        landings.place[landing],
        squares.segment[at],
        squares.fraction[at],
        landings.leg[landing] + price,
        landings.xy[landing],
        price,
    )


def _land(network: Network, doors: Doors, departures: Departures) -> Landings:
    xy = np.where((doors.spots.region == PUBLIC)[:, None], doors.spots.xy, np.nan)
    return find_landings(network.squares, network.public, departures.ways, departures.door, doors.place, xy)


def _extend(
    departures: Departures,
    row: Integers,
    door: Integers,
    place: Integers,
    segment: Integers,
    fraction: Floats,
    leg: Floats,
    onto_xy: Floats,
    onward: Floats,
) -> Departures:
    """The ways, and more of them that go on from some (`row`, -1 for a door that stands in a square)."""
    ways = departures.ways
    more = {"place": place, "segment": segment, "fraction": fraction, "leg": leg}
    more["gate"] = np.append(ways.gate, -1)[row]
    joined = {name: np.concatenate([getattr(ways, name), values]) for name, values in more.items()}
    order = np.argsort(joined["place"], kind="stable")
    by_way = {
        "door": door,
        "passage": np.append(departures.passage, -1)[row],
        "is_barred": np.append(departures.is_barred, [False])[row],
        "is_own_barred": np.append(departures.is_own_barred, [False])[row],
        "onto_xy": onto_xy,
        "onward": onward,
    }
    return replace(
        departures,
        ways=Ways(**{name: values[order] for name, values in joined.items()}),
        clear=np.union1d(departures.clear, place[row < 0]),
        shut_in=np.setdiff1d(departures.shut_in, place),
        **{
            name: np.concatenate([getattr(departures, name), values])[order]
            for name, values in by_way.items()
        },
    )


def _pass_gates(
    network: Network,
    costs: Costs,
    profile: Profile,
    spots: Spots,
    gates: GateSpots,
    passages: Passages,
    is_wanted: Booleans,
    *,
    is_return: bool,
) -> tuple[Integers, Integers, Floats, Booleans]:
    """Pairs of a spot and a wanted passage from its region: what the walk to its last gate costs, and whether
    it passes an obstacle.
    """
    leading = np.zeros(len(gates.is_barred), bool)
    leading[passages.first[is_wanted]] = True
    spot, gate = match_regions(spots.region, gates.inner.region)
    kept = leading[gate] & np.isfinite(spots.xy[spot]).all(axis=1)
    spot, gate = spot[kept], gate[kept]
    ends = (spots, gates.inner, spot, gate)
    if is_return:
        ends = (gates.inner, spots, gate, spot)
    cost, is_crossed = price_inside(network, costs, profile, *ends)
    wanted = np.flatnonzero(is_wanted)
    pair, row = match_equal(gate, passages.first[wanted])
    passage = wanted[row]
    return (
        spot[pair],
        passage,
        cost[pair] + passages.cost[passage],
        is_crossed[pair] | passages.is_barred[passage],
    )


# --- walks that touch no public street ---------------------------------------------------------


def price_within_compounds(
    network: Network, costs: Costs, profile: Profile, homes: Doors, centres: Doors, gates: GateSpots
) -> Direct:
    """Walks from homes to centres that stay inside gated compounds."""
    return trace_within_compounds(network, costs, profile, homes, centres, gates).direct


def trace_within_compounds(
    network: Network,
    costs: Costs,
    profile: Profile,
    homes: Doors,
    centres: Doors,
    gates: GateSpots,
    certain: Booleans | None = None,
) -> Shortcuts:
    """The same, with what they pass; `certain` as in `trace_departures`.

    Both may first pass gates into a region where they meet: the home out of its own, the centre's into its.
    """
    ways_out, ways_in = (
        _list_exits(network, costs, profile, doors, gates, certain, is_return=is_return)
        for doors, is_return in ((homes, False), (centres, True))
    )
    out, into = match_regions(ways_out.spots.region, ways_in.spots.region)
    kept = np.isfinite(ways_out.spots.xy[out, 0]) & np.isfinite(ways_in.spots.xy[into, 0])
    out, into = out[kept], into[kept]
    cost, is_crossed = price_inside(network, costs, profile, ways_out.spots, ways_in.spots, out, into)
    door, centre_door = ways_out.door[out], ways_in.door[into]
    is_barred = is_crossed | ways_out.is_barred[out] | ways_in.is_barred[into]
    return Shortcuts(
        Direct(homes.place[door], centres.place[centre_door], ways_out.cost[out] + cost + ways_in.cost[into]),
        is_barred,
        is_barred,
        door,
        centre_door,
        ways_out.passage[out],
        ways_in.passage[into],
        (ways_out.passages, ways_in.passages),
        *(np.full(shape, np.nan) for shape in (len(out), len(out), (len(out), 4))),
    )


# --- walks over squares ------------------------------------------------------------------------


def is_on_square(network: Network, doors: Doors, departures: Departures) -> bool:
    """Whether any of some doors, or of their ways, comes onto a square."""
    return len(network.squares) > 0 and len(_land(network, doors, departures)) > 0


def trace_over_squares(
    network: Network,
    profile: Profile,
    homes: Doors,
    departures: Departures,
    centres: Doors,
    arrivals: Departures,
) -> Shortcuts:
    """Straight walks from homes to centres over squares, from where the ways of both come onto one."""
    left, entered = _land(network, homes, departures), _land(network, centres, arrivals)
    home, centre, price = walk_across(network.squares, left, entered, profile)
    way, arrival = left.way[home], entered.way[centre]
    before, after = left.leg[home], entered.leg[centre]
    is_barred, is_own_barred = (
        np.append(getattr(departures, name), [False])[way]
        | np.append(getattr(arrivals, name), [False])[arrival]
        for name in ("is_barred", "is_own_barred")
    )
    return Shortcuts(
        Direct(left.place[home], entered.place[centre], before + price + after),
        is_barred,
        is_own_barred,
        left.door[home],
        entered.door[centre],
        np.append(departures.passage, -1)[way],
        np.append(arrivals.passage, -1)[arrival],
        (departures.passages, arrivals.passages),
        before,
        price,
        np.hstack([left.xy[home], entered.xy[centre]]),
    )


def trace_shortcuts(
    network: Network,
    costs: Costs,
    profile: Profile,
    homes: Doors,
    departures: Departures,
    centres: Doors,
    arrivals: Departures,
    gates: GateSpots,
    certain: Booleans | None = None,
) -> Shortcuts:
    """All walks from homes to centres that do not touch the public network: within compounds, and over squares.

    Parameters
    ----------
    departures, arrivals, certain
        The ways of both, and the gates that were certain when they were traced.
    """
    within = trace_within_compounds(network, costs, profile, homes, centres, gates, certain)
    if not len(network.squares):
        return within
    over = trace_over_squares(network, profile, homes, departures, centres, arrivals)
    return replace(
        within,
        direct=join_direct([within.direct, over.direct]),
        **{name: np.concatenate([getattr(within, name), getattr(over, name)]) for name in _BY_SHORTCUT},
    )


@dataclass(frozen=True)
class _Exits:
    """Where people of some doors can stand off the streets (x of them): at the door, and outside gates that lead
    to no street; with the passage there, its price, and whether it passes an obstacle.
    """

    spots: Spots
    door: Integers
    passage: Integers
    cost: Floats
    is_barred: Booleans
    passages: Passages


def _list_exits(
    network: Network,
    costs: Costs,
    profile: Profile,
    doors: Doors,
    gates: GateSpots,
    certain: Booleans | None,
    *,
    is_return: bool,
) -> _Exits:
    spots, own = doors.spots, np.arange(len(doors.place))
    nothing, nowhere = np.zeros(len(own)), np.full(len(own), -1)
    passages = trace_passages(network, costs, profile, gates, is_return=is_return, certain=certain)
    leads_in = gates.outer.region[passages.last] >= 0
    if not leads_in.any():
        return _Exits(spots, own, nowhere, nothing, nothing > 0, passages)
    door, passage, cost, is_crossed = _pass_gates(
        network, costs, profile, spots, gates, passages, leads_in, is_return=is_return
    )
    return _Exits(
        spots=join_spots([spots, select_spots(gates.outer, passages.last[passage])]),
        door=np.concatenate([own, door]),
        passage=np.concatenate([nowhere, passage]),
        cost=np.concatenate([nothing, cost]),
        is_barred=np.concatenate([nothing > 0, is_crossed]),
        passages=passages,
    )


def select_doors(doors: Doors, place: int) -> Doors:
    """The doors of one place, numbered from 0 as places of their own."""
    found = take_doors(doors, np.flatnonzero(doors.place == place))
    return Doors(np.arange(len(found.place)), found.spots, found.is_barred)


def take_doors(doors: Doors, rows: Integers) -> Doors:
    """Some of the doors."""
    return Doors(doors.place[rows], select_spots(doors.spots, rows), doors.is_barred[rows])


def join_doors(doors: list[Doors]) -> Doors:
    """The doors of several places one after another."""
    return Doors(
        np.concatenate([one.place for one in doors]),
        join_spots([one.spots for one in doors]),
        np.concatenate([one.is_barred for one in doors]),
    )
