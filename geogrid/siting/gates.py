"""Which gate to open, and where a compound with a single gate would need another.

A gate changes the walks of homes that leave by it (unless a centre stands inside), and the streets
stay as they are. So all gates are valued in one search: from every gate to its nearest centre, to which the
walks to the gate, through others where it takes them, are added. That equals, to the millisecond, the town
computed with the edit. Where a centre stands inside a compound that the gate leads into or out of, or a walk
from it passes an obstacle, the town is computed with the edit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from geogrid.coverage.possible_gates import list_rim_places, open_outwards
from geogrid.coverage.scenario import AddGate, OpenGate, apply_edit
from geogrid.coverage.walks import lay_out, measure_walks, price_ways, trace_walks
from geogrid.network.access import snap_gates, trace_departures
from geogrid.network.compounds import (
    GateOrigin,
    Gates,
    find_rim_points,
    join_regions,
    learn_regions,
    list_given_gates,
)
from geogrid.network.enclosures import SHUT
from geogrid.network.graph import price_segments
from geogrid.network.impedance import Floats, Integers
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
    to_gain = _sum_by_enclosure(instance, worth)
    is_slow = _mark_slow(instance)
    closed = _list_closed(instance)
    fresh = _list_places(instance, to_gain > 0)
    remedies = []
    best_of: dict[int, Remedy] = {}
    edits = [*closed, *fresh]
    swift = [
        (edit, xy, walls) for edit, xy, walls in edits if not is_slow[walls].any() and to_gain[walls].any()
    ]
    slow = [(edit, xy, walls) for edit, xy, walls in closed if is_slow[walls].any() and worth.any()]
    costs = _price_homes(instance, swift)
    base = measure_walks(layout, instance.reading.measure).cost
    for (edit, xy, walls), (homes, cost) in zip(swift, costs, strict=True):
        after = base.copy()
        np.minimum.at(after, homes, cost)
        remedy = judge_walks(instance, weight, after, edit, xy, _compound_of(instance, walls[0]))
        if isinstance(edit, OpenGate):
            remedies.append(remedy)
        else:
            rival = best_of.get(int(walls[0]))
            if rival is None or remedy.gained > rival.gained:
                best_of[int(walls[0])] = remedy
    slow.sort(key=lambda item: (-float(to_gain[item[2]].sum()), item[0].id))
    for edit, xy, walls in slow[:MOST_RECOMPUTED]:
        if is_cancelled():
            break
        edited = lay_out(apply_edit(instance.town, edit))
        after = measure_walks(edited, instance.reading.measure).cost
        remedies.append(judge_walks(instance, weight, after, edit, xy, _compound_of(instance, walls[0])))
    return [*remedies, *best_of.values()]


def _list_holders(instance: Instance, region: Integers) -> tuple[Integers, Integers]:
    """Pairs of a row of regions and an enclosure that holds it."""
    numbers, row = np.unique(region, return_inverse=True)
    held = [sorted(instance.layout.network.regions.list_members(int(number))) for number in numbers]
    rows = np.repeat(np.arange(len(region)), [len(held[number]) for number in row])
    walls = np.array([one for number in row for one in held[number]], np.int64)
    return rows, walls


def _sum_by_enclosure(instance: Instance, worth: Floats | Integers) -> Floats:
    """What the homes in each enclosure are worth together, shape (e,)."""
    home, wall = _list_holders(instance, instance.layout.home_region)
    n_walls = len(instance.layout.network.enclosures)
    return np.bincount(wall, weights=worth[home].astype(float), minlength=n_walls).astype(np.float64)


def _mark_slow(instance: Instance) -> Flags:
    """Enclosures whose gates are valued by computing the whole town, shape (e,)."""
    layout = instance.layout
    slow = np.zeros(len(layout.network.enclosures), bool)
    slow[_list_holders(instance, layout.centre_doors.spots.region)[1]] = True
    traced = trace_walks(layout, instance.reading.measure).homes
    barred = np.unique(traced.ways.place[traced.is_own_barred])
    slow[_list_holders(instance, layout.home_region[barred])[1]] = True
    return slow


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
"""An edit, where it is, and the enclosures in whose walls it stands."""


def _compound_of(instance: Instance, wall: int) -> str:
    """The id of the compound that an enclosure is part of."""
    row = instance.layout.network.enclosures.row[wall]
    return str(instance.town.compound["id"].to_numpy(object)[row])


def _list_closed(instance: Instance) -> list[Found]:
    """Gates that pedestrians may not use, by id, with their enclosures."""
    town = instance.town
    row, wall, usable = list_given_gates(town.compound, town.gate, instance.layout.network.enclosures)
    xy = read_xy(town.gate.geometry.to_numpy())
    ids = town.gate["id"].astype(str).to_numpy(object)
    closed = sorted(set(row[~usable]), key=lambda one: str(ids[one]))
    return [(OpenGate(str(ids[one])), xy[one], wall[row == one]) for one in closed]


def _list_places(instance: Instance, wanted: Flags) -> list[Found]:
    """Places for a second gate in the walls of enclosures that have one: near a street, round the edge."""
    layout = instance.layout
    network, gates = layout.network, layout.network.gates
    n_gates = np.bincount(gates.enclosure[gates.outer != SHUT], minlength=len(gates.origin))
    single = np.flatnonzero(wanted & (gates.origin == GateOrigin.GIVEN.value) & (n_gates == 1))
    polygons = network.enclosures.polygon
    first_xy, single = find_rim_points(polygons, single, network.public)
    if not len(single):
        return []
    xy, row = list_rim_places(polygons[single], first_xy)
    places = join_regions(
        network.enclosures, xy, single[row], np.full(len(row), None, dtype=object), gates.origin
    )
    regions = learn_regions(network.regions, network.enclosures, places)
    opens = open_outwards(snap_gates(replace(network, gates=places, regions=regions)))
    taken = set(instance.town.gate["id"].astype(str))
    found: list[Found] = []
    for place in np.flatnonzero(opens):
        wall = single[row[place]]
        compound = _compound_of(instance, wall)
        key = f"{compound}-new"
        while key in taken:
            key += "+"
        x, y = map(float, xy[place])
        found.append((AddGate(key, compound, x, y), xy[place], np.array([wall])))
    return found


def _price_homes(instance: Instance, found: list[Found]) -> list[tuple[Integers, Floats]]:
    """For every gate the homes that may leave by it and what their walks through it cost.

    All are opened at once, and of the ways out those are taken that pass the one gate beside those there are.
    """
    layout, profile = instance.layout, instance.reading.measure
    if not found:
        return []
    network, gates = layout.network, layout.network.gates
    number = np.repeat(np.arange(len(found)), [len(walls) for _, _, walls in found])
    owner = np.concatenate([walls for _, _, walls in found])
    xy = np.array([place for _, place, _ in found])[number]
    fresh = join_regions(network.enclosures, xy, owner, np.full(len(xy), None, dtype=object), gates.origin)
    joined = {
        name: np.concatenate([getattr(gates, name), getattr(fresh, name)])
        for name in ("xy", "enclosure", "id", "inner", "outer")
    }
    both = Gates(**joined, origin=gates.origin)
    opened = replace(network, gates=both, regions=learn_regions(network.regions, network.enclosures, fresh))
    spots = snap_gates(opened)
    inside_costs = price_segments(network.inside, profile)
    traced = trace_departures(opened, inside_costs, profile, layout.home_doors, spots)
    way, gate = traced.passages.list_pairs(traced.passage)
    is_fresh = gate >= len(gates.xy)
    edit_of = np.full(len(traced.door), -1, np.int64)
    edit_of[way[is_fresh]] = number[gate[is_fresh] - len(gates.xy)]
    is_one = np.ones(len(traced.door), bool)
    is_one[way[is_fresh][edit_of[way[is_fresh]] != number[gate[is_fresh] - len(gates.xy)]]] = False
    last = traced.passages.last[traced.passage]
    touching = np.flatnonzero(spots.outer.public.segment >= 0)
    onward = np.full(len(both.xy), np.inf)
    onward[touching] = find_nearest(
        network.public,
        price_segments(network.public, profile),
        Ways(
            place=np.arange(len(touching)),
            segment=spots.outer.public.segment[touching],
            fraction=spots.outer.public.fraction[touching],
            leg=np.zeros(len(touching)),
            gate=np.full(len(touching), -1, np.int64),
        ),
        price_ways(layout, profile).centres,
        NO_DIRECT,
        len(touching),
        layout.n_centres,
        chains=network.chains,
    ).cost
    answers = []
    for edit in range(len(found)):
        rows = np.flatnonzero((edit_of == edit) & is_one)
        answers.append((traced.ways.place[rows], traced.ways.leg[rows] + onward[last[rows]]))
    return answers
