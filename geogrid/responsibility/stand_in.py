"""Temporary cover: duties of a few weeks beside or in place of the one who holds the post."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

import pandas as pd

from geogrid.responsibility.columns import read_texts

LONGEST_DAYS = 92
"""A duty of more than three months is an appointment, not temporary cover: an assumption of ours."""


class StandIn(StrEnum):
    """How somebody stands in: while the holder is there too, or while the holder is not."""

    BESIDE = "beside"
    INSTEAD = "instead"


@dataclass(frozen=True)
class _Term:
    key: str
    person: str | None
    begins: dt.date
    ends: dt.date

    def holds(self, day: dt.date) -> bool:
        return self.begins <= day <= self.ends

    @property
    def n_days(self) -> int:
        return (self.ends - self.begins).days + 1


def find_stand_ins(assignments: pd.DataFrame, on: dt.date) -> dict[str, StandIn]:
    """The duties of a date that are temporary cover, by the id of their assignment.

    A duty stands in when it has a first and a last day, at most `LONGEST_DAYS` apart, and somebody
    else either holds the same post over all of these days and longer (`BESIDE`), or held it until
    they began or holds it from when they are over (`INSTEAD`).

    Parameters
    ----------
    assignments
        The table `assignment` of every date.

    >>> terms = pd.DataFrame({
    ...     "id": ["a1", "a2"], "person": ["n1", "n2"], "role": ["社区民警"] * 2, "layer": ["beat"] * 2,
    ...     "feature": ["B1"] * 2, "valid_from": ["2025-01-01", "2026-03-01"], "valid_to": [None, "2026-03-10"]})
    >>> find_stand_ins(terms, dt.date(2026, 3, 10)), find_stand_ins(terms, dt.date(2026, 3, 11))
    ({'a2': <StandIn.BESIDE: 'beside'>}, {})
    """
    posts: dict[tuple[str | None, ...], list[_Term]] = {}
    columns = ("role", "layer", "feature", "id", "person", "valid_from", "valid_to")
    for role, layer, feature, key, person, begins, ends in zip(
        *(read_texts(assignments, name) for name in columns), strict=True
    ):
        if key:
            first = dt.date.fromisoformat(begins) if begins else dt.date.min
            last = dt.date.fromisoformat(ends) if ends else dt.date.max
            posts.setdefault((role, layer, feature), []).append(_Term(key, person, first, last))
    found = {}
    for terms in posts.values():
        for term in terms:
            if term.holds(on) and term.n_days <= LONGEST_DAYS and len(terms) > 1:
                kind = _tell(term, [other for other in terms if other.person != term.person])
                if kind is not None:
                    found[term.key] = kind
    return found


def _tell(term: _Term, others: list[_Term]) -> StandIn | None:
    for other in others:
        if other.begins <= term.begins and term.ends <= other.ends and other.n_days > term.n_days:
            return StandIn.BESIDE
    day = dt.timedelta(days=1)
    for other in others:
        is_before = other.ends < term.begins and term.begins - other.ends == day
        is_after = term.ends < other.begins and other.begins - term.ends == day
        if (is_before or is_after) and other.n_days > term.n_days:
            return StandIn.INSTEAD
    return None
