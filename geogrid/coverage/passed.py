"""What walks pass that is in doubt: gates, obstacles, and walls that run through a home."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cached_property

import numpy as np

from geogrid.network.access import Departures, Shortcuts
from geogrid.network.enclosures import Booleans
from geogrid.network.impedance import Integers
from geogrid.network.search import Direct, Ways, join_direct


@dataclass(frozen=True)
class Passed:
    """What ways (w of them) pass that is in doubt.

    Attributes
    ----------
    place
        Shape (w,): the home or centre whose obstacles they are, homes first.
    is_barred
        Shape (w,): it passes an obstacle off the streets other than that of the leg from a gate.
    is_other
        Shape (w,): it begins on the outer side of a wall that runs through the home.
    way, gate
        Pairs of a way and a gate on it.
    """

    place: Integers
    is_barred: Booleans
    is_other: Booleans
    way: Integers
    gate: Integers

    @cached_property
    def door(self) -> Integers:
        """Shape (w,): one number for the ways from each side of each home or centre."""
        return 2 * self.place + self.is_other

    def find_open(
        self, gate_stands: Booleans, gate_is_passed: Booleans, is_passed: Booleans, is_split: Booleans
    ) -> Booleans:
        """Which ways are open in a world as far as each hangs on itself alone, shape (w,).

        Parameters
        ----------
        gate_stands, gate_is_passed
            Shape (g,): the gates that there are in this world, and those whose legs are walked.
        is_passed, is_split
            Shape (h + k,): whether obstacles are passed in this world, and through which homes a wall runs.
        """
        is_open: Booleans = is_passed[self.place] != self.is_other
        is_open |= ~(self.is_barred | self.is_other | is_split[self.place])
        is_open[self.way[~(gate_stands & gate_is_passed)[self.gate]]] = False
        return is_open

    def find_clear(self, gate_stands: Booleans) -> Integers:
        """The `door` numbers from which some way passes no obstacle to a street or to a gate that there is."""
        stands = np.ones(len(self.place), bool)
        stands[self.way[~gate_stands[self.gate]]] = False
        clear: Integers = np.unique(self.door[stands & ~self.is_barred])
        return clear

    def take(self, rows: Integers) -> Passed:
        """What some of the ways pass; rows in ascending order."""
        number = np.full(len(self.place), -1, np.int64)
        number[rows] = np.arange(len(rows))
        kept = number[self.way] >= 0
        return Passed(
            self.place[rows],
            self.is_barred[rows],
            self.is_other[rows],
            number[self.way[kept]],
            self.gate[kept],
        )

    def forgive(self) -> Passed:
        """The same ways, every one open in every world."""
        nothing, nowhere = np.zeros(len(self.place), bool), np.empty(0, np.int64)
        return Passed(self.place, nothing, nothing, nowhere, nowhere)


def join_passed(own: Passed, other: Passed) -> Passed:
    """What the ways of homes pass, and after them those that begin on the outer side of a wall through a home."""
    return join_all(own, replace(other, is_other=np.ones(len(other.place), bool)))


def join_all(*passed: Passed) -> Passed:
    """What several sets of ways pass, one after another."""
    before = np.cumsum([0, *(len(one.place) for one in passed)])
    return Passed(
        np.concatenate([one.place for one in passed]),
        np.concatenate([one.is_barred for one in passed]),
        np.concatenate([one.is_other for one in passed]),
        np.concatenate([n + one.way for n, one in zip(before[:-1], passed, strict=True)]),
        np.concatenate([one.gate for one in passed]),
    )


def join_departures(own: Departures, other: Departures) -> tuple[Ways, Passed]:
    """The ways of homes with those that begin on the other side of a wall, by home, and what all of them pass."""
    both = own.ways, other.ways
    joined = [
        np.concatenate([getattr(one, field.name) for one in both]).astype(getattr(both[0], field.name).dtype)
        for field in fields(Ways)
    ]
    order = np.argsort(joined[0], kind="stable")
    passed = join_passed(list_passed(own), list_passed(other))
    place_of = np.empty(len(order), np.int64)
    place_of[order] = np.arange(len(order))
    sorted_passed = Passed(
        passed.place[order],
        passed.is_barred[order],
        passed.is_other[order],
        place_of[passed.way],
        passed.gate,
    )
    return Ways(*(values[order] for values in joined)), sorted_passed


def list_passed(departures: Departures, first_place: int = 0) -> Passed:
    """What ways pass, their places numbered from one."""
    way, gate = departures.passages.list_pairs(departures.passage)
    place = first_place + departures.ways.place
    return Passed(place, departures.is_own_barred, np.zeros(len(place), bool), way, gate)


def list_blind(departures: Departures, first_place: int = 0, *, is_other: bool = False) -> Passed:
    """What walks pass that lead to shut gates; their places numbered from one."""
    way, gate = departures.passages.list_pairs(departures.blind_passage)
    place = first_place + departures.blind_place
    return Passed(place, np.zeros(len(place), bool), np.full(len(place), is_other), way, gate)


def list_passed_by_direct(shortcuts: Shortcuts) -> Passed:
    """What walks pass that touch no public street; what is in doubt about them is the home's."""
    pairs = [
        passages.list_pairs(rows)
        for passages, rows in zip(shortcuts.passages, (shortcuts.out, shortcuts.into), strict=True)
    ]
    way, gate = (np.concatenate(columns) for columns in zip(*pairs, strict=True))
    home = shortcuts.direct.home
    return Passed(home, shortcuts.is_own_barred, np.zeros(len(home), bool), way, gate)


def join_shortcuts(own: Shortcuts, other: Shortcuts) -> tuple[Direct, Passed]:
    """Walks that touch no public street, with those from the other side of a wall, and what all of them pass."""
    passed = join_passed(list_passed_by_direct(own), list_passed_by_direct(other))
    return join_direct([own.direct, other.direct]), passed


def list_witnesses(
    homes: Passed, centres: Passed, blind: Passed, directs: Passed, direct_centre: Integers
) -> Passed:
    """Ways past no obstacle of those doors of homes and centres that also have ways or direct walks past one.

    Parameters
    ----------
    blind
        Walks to shut gates.
    direct_centre
        The centre of each direct walk, numbered as places are.
    """
    wanted = [one.door[one.is_barred] for one in (homes, centres, directs)]
    wanted.append(2 * direct_centre[directs.is_barred])
    kept = [
        one.take(np.flatnonzero(~one.is_barred & np.isin(one.door, np.concatenate(wanted))))
        for one in (homes, centres, blind)
    ]
    return join_all(*kept)


def mark_barred(*passed: Passed, n_places: int) -> Booleans:
    """Homes and centres some of whose ways pass an obstacle, shape (n_places,)."""
    is_barred = np.zeros(n_places, bool)
    for one in passed:
        is_barred[one.place[one.is_barred & ~one.is_other]] = True
    return is_barred


def mark_barred_gates(is_barred: Booleans, *passed: Passed) -> Booleans:
    """Gates on some way whose leg to the street passes an obstacle, shape (g,)."""
    is_used = np.zeros(len(is_barred), bool)
    for one in passed:
        is_used[one.gate] = True
    return is_barred & is_used
