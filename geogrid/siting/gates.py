"""Which gate to open, and where a compound with a single gate would need another.

A gate changes the walks of the homes of its compound alone (unless a centre stands inside), and the streets
stay as they are. So all gates are valued in one search: from every gate to its nearest centre, to which the
walks inside the compound are added. That equals, to the millisecond, the town computed with the edit. Where a
centre stands inside the compound the town is computed with the edit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from geogrid.coverage.possible_gates import list_rim_places, open_outwards
from geogrid.coverage.scenario import AddGate, OpenGate, apply_edit
from geogrid.coverage.walks import lay_out, measure_walks, price_ways
from geogrid.network.access import price_inside, snap_gates
from geogrid.network.compounds import GateOrigin, Gates, find_rim_points, match_gates
from geogrid.network.graph import price_segments
from geogrid.network.impedance import ACCESS_LIMIT_M, Floats, Integers, price_legs
from geogrid.network.search import Direct, Ways
from geogrid.network.snap import read_xy
from geogrid.network.solver import find_nearest
from geogrid.siting.instance import Flags, Instance, Weight
from geogrid.siting.remedy import Remedy, RemedyKind

NO_DIRECT = Direct(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
MOST_RECOMPUTED = 4
"""Gates of compounds with a centre inside for which the whole town is computed; those with most people to gain."""


def value_gates(
    instance: Instance, weight: Weight, *, is_cancelled: Callable[[], bool] = lambda: False
) -> list[Remedy]:
    """The closed gates of gated compounds, opened one at a time, and the best new gate of each compound that
    has one gate; those of compounds in which everybody is covered are left out.
    """
    layout = instance.layout
    worth = np.where(instance.is_covered, 0, instance.weigh(weight))
    home_compound = layout.home_compound
    to_gain = np.bincount(
        home_compound[home_compound >= 0],
        weights=worth[home_compound >= 0],
        minlength=len(layout.network.gated),
    )
    holds_centre = np.zeros(len(layout.network.gated), bool)
    inside = layout.centre_doors.spots.compound
    holds_centre[inside[inside >= 0]] = True
    closed = _list_closed(instance)
    fresh = _list_places(instance, to_gain > 0)
    remedies = []
    best_of: dict[int, Remedy] = {}
    edits = [*closed, *fresh]
    swift = [
        (edit, xy, compounds)
        for edit, xy, compounds in edits
        if not holds_centre[compounds].any() and to_gain[compounds].any()
    ]
    slow = [
        (edit, xy, compounds)
        for edit, xy, compounds in closed
        if holds_centre[compounds].any() and worth.any()
    ]
    costs = _price_homes(instance, swift)
    base = measure_walks(layout, instance.reading.measure).cost
    for (edit, xy, compounds), (homes, cost) in zip(swift, costs, strict=True):
        after = base.copy()
        after[homes] = np.minimum(after[homes], cost)
        remedy = judge_walks(instance, weight, after, edit, xy, str(_compound_ids(instance)[compounds[0]]))
        if isinstance(edit, OpenGate):
            remedies.append(remedy)
        else:
            rival = best_of.get(int(compounds[0]))
            if rival is None or remedy.gained > rival.gained:
                best_of[int(compounds[0])] = remedy
    slow.sort(key=lambda item: (-float(to_gain[item[2]].sum()), item[0].id))
    for edit, xy, compounds in slow[:MOST_RECOMPUTED]:
        if is_cancelled():
            break
        edited = lay_out(apply_edit(instance.town, edit))
        after = measure_walks(edited, instance.reading.measure).cost
        remedies.append(
            judge_walks(instance, weight, after, edit, xy, str(_compound_ids(instance)[compounds[0]]))
        )
    return [*remedies, *best_of.values()]


def judge_walks(
    instance: Instance,
    weight: Weight,
    cost: Floats,
    edit: OpenGate | AddGate,
    xy: Floats,
    compound: str,
) -> Remedy:
    """The remedy whose walks these are."""
    covered: Flags = cost <= instance.reading.cutoff_units
    newly, lost = covered & ~instance.is_covered, instance.is_covered & ~covered
    worth = instance.weigh(weight)
    kind = RemedyKind.OPEN_GATE if isinstance(edit, OpenGate) else RemedyKind.ADD_GATE
    return Remedy(
        kind=kind,
        edit=edit,
        newly=newly,
        lost=lost,
        gained=int(worth[newly].sum() - worth[lost].sum()),
        xy=(float(xy[0]), float(xy[1])),
        compound=compound,
    )


Found = tuple[OpenGate | AddGate, Floats, Integers]
"""An edit, where it is, and the gated compounds into which it leads."""


def _compound_ids(instance: Instance) -> np.ndarray:
    ids: np.ndarray = instance.town.compound["id"].to_numpy(object)[instance.layout.network.gated]
    return ids


def _list_closed(instance: Instance) -> list[Found]:
    """Gates that pedestrians may not use, by id, with their compounds."""
    town, gated = instance.town, instance.layout.network.gated
    number = np.full(len(town.compound), -1, np.int64)
    number[gated] = np.arange(len(gated))
    row, compound = match_gates(town.compound, town.gate)
    row, compound = row[number[compound] >= 0], number[compound[number[compound] >= 0]]
    is_locked = town.gate["locked"].fillna(value=False).to_numpy(bool)
    is_for_walkers = town.gate["pedestrian"].fillna(value=True).to_numpy(bool)
    xy = read_xy(town.gate.geometry.to_numpy())
    ids = town.gate["id"].astype(str).to_numpy(object)
    closed = sorted(set(row[(is_locked | ~is_for_walkers)[row]]), key=lambda one: str(ids[one]))
    return [(OpenGate(str(ids[one])), xy[one], compound[row == one]) for one in closed]


def _list_places(instance: Instance, wanted: Flags) -> list[Found]:
    """Places for a second gate in the walls of compounds that have one: near a street, round the edge."""
    layout = instance.layout
    gates = layout.network.gates
    n_gates = np.bincount(gates.compound, minlength=len(gates.origin))
    single = np.flatnonzero(wanted & (gates.origin == GateOrigin.GIVEN.value) & (n_gates == 1))
    polygons = instance.town.compound.geometry.to_numpy()[layout.network.gated]
    first_xy, single = find_rim_points(polygons, single, layout.network.public)
    if not len(single):
        return []
    xy, row = list_rim_places(polygons[single], first_xy)
    opens = open_outwards(xy, polygons[single[row]], layout.network.public, ACCESS_LIMIT_M)
    ids = _compound_ids(instance)
    taken = set(instance.town.gate["id"].astype(str))
    found: list[Found] = []
    for place in np.flatnonzero(opens):
        compound = single[row[place]]
        key = f"{ids[compound]}-new"
        while key in taken:
            key += "+"
        x, y = map(float, xy[place])
        found.append((AddGate(key, str(ids[compound]), x, y), xy[place], np.array([compound])))
    return found


def _price_homes(instance: Instance, found: list[Found]) -> list[tuple[Integers, Floats]]:
    """For every gate the homes of its compounds and what their walks through it cost."""
    layout, profile = instance.layout, instance.reading.measure
    if not found:
        return []
    number = np.repeat(np.arange(len(found)), [len(compounds) for _, _, compounds in found])
    owner = np.concatenate([compounds for _, _, compounds in found])
    xy = np.array([place for _, place, _ in found])[number]
    ids = np.full(len(xy), None, dtype=object)
    gates = Gates(xy, owner, ids, layout.network.gates.origin)
    spots = snap_gates(replace(layout.network, gates=gates))
    touching = np.flatnonzero(spots.public.segment >= 0)
    ways = Ways(
        place=touching,
        segment=spots.public.segment[touching],
        fraction=spots.public.fraction[touching],
        leg=price_legs(spots.public.straight_m[touching], profile),
        gate=np.full(len(touching), -1, np.int64),
    )
    network = layout.network.public
    onward = find_nearest(
        network,
        price_segments(network, profile),
        ways,
        price_ways(layout, profile).centres,
        NO_DIRECT,
        len(xy),
        layout.n_centres,
        chains=layout.network.chains,
    ).cost
    doors = layout.home_doors
    inside_costs = price_segments(layout.network.inside, profile)
    answers = []
    for gate in range(len(found)):
        homes, costs = [], []
        for spot in np.flatnonzero(number == gate):
            door = np.flatnonzero(doors.spots.compound == owner[spot])
            at = np.full(len(door), spot)
            cost = price_inside(layout.network, inside_costs, profile, doors.spots, spots, door, at)
            homes.append(doors.place[door])
            costs.append(np.where(np.isfinite(doors.spots.xy[door, 0]), cost, np.inf) + onward[spot])
        place, cost = np.concatenate(homes), np.concatenate(costs)
        order = np.lexsort((cost, place))
        unique, first = np.unique(place[order], return_index=True)
        answers.append((unique, cost[order][first]))
    return answers
