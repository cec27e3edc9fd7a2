"""A name or an address as the one feature that it means, or why it is not taken for one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from geogrid.responsibility.gazetteer import Closeness, Entry, Gazetteer, NameMatch

MOST_CANDIDATES = 5
SURE = (Closeness.EXACT, Closeness.READING)
"""Only these are written without asking: 花园1 is the beginning of 花园12栋 and yet another building."""


class Resolved(StrEnum):
    """What became of a text."""

    FOUND = "found"
    AMBIGUOUS = "ambiguous"
    NOT_FOUND = "not_found"
    EMPTY = "empty"


@dataclass(frozen=True)
class Resolution:
    """The feature that a text means.

    Attributes
    ----------
    entry
        None unless it was found.
    candidates
        What it may have meant where it was not.
    """

    state: Resolved
    entry: Entry | None = None
    candidates: tuple[str, ...] = ()


def resolve_text(gazetteer: Gazetteer, text: str | None, kinds: Collection[str]) -> Resolution:
    """The one feature of some layers that a text names, when there is no doubt.

    A name that several features bear, or that was met only by its beginning, its parts, its sound
    or with a slip, is never decided here: the features are named as candidates. So is one
    with a community that it does not lie in, and one beside or within which the place lies.

    Parameters
    ----------
    kinds
        The layers that may answer.
    """
    if not text:
        return Resolution(Resolved.EMPTY)
    matches = [match for match in gazetteer.find(text) if match.entry.kind in kinds]
    if not matches:
        offered = [match for match in gazetteer.offer(text, MOST_CANDIDATES) if match.entry.kind in kinds]
        names = [name_candidate(match) for match in offered] or gazetteer.suggest(text, MOST_CANDIDATES)
        return Resolution(Resolved.NOT_FOUND, candidates=tuple(names))
    if len(matches) == 1 and matches[0].closeness in SURE and not (matches[0].other_area or matches[0].doubt):
        return Resolution(Resolved.FOUND, matches[0].entry)
    return Resolution(
        Resolved.AMBIGUOUS, candidates=tuple(name_candidate(match) for match in matches[:MOST_CANDIDATES])
    )


def name_candidate(match: NameMatch) -> str:
    """A match as a list of candidates names it: what it is called, where it is, and its key."""
    entry = match.entry
    where = " ".join(filter(None, (entry.where, entry.key)))
    return f"{entry.name}（{where}）"
