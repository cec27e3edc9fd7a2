"""Many questions at once: each row its place, or why there is none, with what it may have meant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geogrid.crs import WGS84, transform_points
from geogrid.labels import LANGUAGES, label
from geogrid.responsibility.answer import Evidence, PlaceAnswer, Words
from geogrid.responsibility.gazetteer import Closeness, NameMatch
from geogrid.responsibility.lookup import N_SUGGESTED, locate, locate_match
from geogrid.responsibility.nearest import MeasureWalk
from geogrid.responsibility.register import Register
from geogrid.responsibility.resolve import SURE

LONGEST_QUERY = 200
"""Characters of a text that is looked for; an address is not longer."""

MOST_CANDIDATES = 5
PLAIN_EVIDENCE = ("match.exact", "place.in_building", "walk.")
"""Evidence that raises no doubt; everything else stands in the row's reason."""

GUESSES = (Closeness.SOUND, Closeness.SLIP)
"""Names that only sound like the text or differ from it by a slip: a person decides, not a batch."""


class State(StrEnum):
    """What became of a row."""

    RESOLVED = "resolved"
    AMBIGUOUS = "ambiguous"
    OUTSIDE = "outside"
    NOT_FOUND = "not_found"
    EMPTY = "empty"


@dataclass(frozen=True)
class Question:
    """What a row asks about: a name or an address, a position (WGS 84 degrees), or both.

    Attributes
    ----------
    is_position_faulty
        The row has coordinates that are none.
    """

    text: str | None
    lonlat: tuple[float, float] | None = None
    is_position_faulty: bool = False


@dataclass(frozen=True)
class RowAnswer:
    """The answer to one row.

    Attributes
    ----------
    place
        None unless the row is resolved, or lies outside of all areas.
    reason
        Why it is not resolved, or what is doubtful about it; empty where nothing is.
    candidates
        What an ambiguous row may have meant, or names like one that was not found.
    """

    state: State
    place: PlaceAnswer | None
    reason: Words
    candidates: tuple[str, ...] = ()


def answer_rows(
    register: Register,
    questions: Sequence[Question],
    *,
    on: date,
    walks: pd.DataFrame | None = None,
    measure_walk: MeasureWalk | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> list[RowAnswer]:
    """One answer for each question, in their order.

    A row's name or address counts first; its position where the name says nothing. A name that
    means several places is never decided by chance: the row is ambiguous and names them, unless
    they have one answer, as a building and the centre in it.

    Parameters
    ----------
    walks, measure_walk
        As for `locate`.
    progress
        Called after every row with the number of rows that are done.
    """
    current = register.on_date(on)
    answerer = _Answerer(current, on, walks, _measure_together(current, questions, measure_walk))
    known: dict[Question, RowAnswer] = {}
    answers = []
    for number, question in enumerate(questions, start=1):
        if question not in known:
            known[question] = answerer.answer(question)
        answers.append(known[question])
        progress(number)
    return answers


def _measure_together(
    register: Register, questions: Sequence[Question], measure_walk: MeasureWalk | None
) -> MeasureWalk | None:
    """The same measure with the walks of all positions taken at once: one by one they are slow."""
    places = list(dict.fromkeys(one.lonlat for one in questions if one.lonlat is not None))
    if measure_walk is None or not places:
        return measure_walk
    xy = transform_points(np.array(places, float), WGS84, register.metric_crs)
    points = shapely.points(xy[np.isfinite(xy).all(axis=1)])
    centres, walk_s = measure_walk(points)
    known = {
        (point.x, point.y): (centre, seconds)
        for point, centre, seconds in zip(points, centres, walk_s, strict=True)
    }

    def recall(asked: npt.NDArray[np.object_]) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.float64]]:
        found = [known.get((point.x, point.y)) for point in asked]
        if any(one is None for one in found):
            return measure_walk(asked)
        return np.array([one[0] for one in found if one], object), np.array([one[1] for one in found if one])

    return recall


class _Answerer:
    def __init__(
        self, register: Register, on: date, walks: pd.DataFrame | None, measure_walk: MeasureWalk | None
    ) -> None:
        self._register, self._on, self._walks, self._measure_walk = register, on, walks, measure_walk

    def answer(self, question: Question) -> RowAnswer:
        by_name = self._answer_name(question.text) if question.text else None
        if by_name is not None and by_name.state in (State.RESOLVED, State.OUTSIDE):
            return by_name
        if question.lonlat is None:
            if by_name is not None:
                return by_name
            code = "bad_position" if question.is_position_faulty else "empty"
            return RowAnswer(
                State.NOT_FOUND if question.is_position_faulty else State.EMPTY, None, _say(code)
            )
        by_position = self._answer_position(question.lonlat)
        if by_name is None:
            return by_position
        return RowAnswer(
            by_position.state,
            by_position.place,
            _join([by_name.reason, _say("by_position"), by_position.reason]),
            by_name.candidates,
        )

    def _answer_name(self, text: str) -> RowAnswer:
        if len(text) > LONGEST_QUERY:
            return RowAnswer(State.NOT_FOUND, None, _say("too_long", most=LONGEST_QUERY))
        matches = self._register.gazetteer.find(text)
        if not matches:
            similar = tuple(self._register.gazetteer.suggest(text, N_SUGGESTED))
            return RowAnswer(State.NOT_FOUND, None, _say("not_found"), similar)
        if len(matches) > 1:
            place = self._decide(matches)
            if place is not None:
                judged = _judge(place)
                return replace(judged, reason=_join([_say("same_answer", n=len(matches)), judged.reason]))
            doubts = [_say_doubt(match) for match in matches[:1] if match.doubt]
            return RowAnswer(
                State.AMBIGUOUS,
                None,
                _join([*doubts, _say("ambiguous", n=len(matches))]),
                tuple(_name_candidate(match) for match in matches[:MOST_CANDIDATES]),
            )
        place = locate_match(self._register, matches[0], walks=self._walks, measure_walk=self._measure_walk)
        if matches[0].closeness in GUESSES or matches[0].other_area or matches[0].doubt:
            doubts = [{"zh": item.zh, "en": item.en} for item in place.evidence if _is_of_match(item)]
            return RowAnswer(State.AMBIGUOUS, None, _join(doubts), (_name_candidate(matches[0]),))
        return _judge(place)

    def _decide(self, matches: Sequence[NameMatch]) -> PlaceAnswer | None:
        """The answer of several matches that all have the same one, in one building; None where there is a choice."""
        is_sure = all(one.closeness in SURE and not one.doubt and not one.other_area for one in matches)
        if not is_sure or len(matches) > MOST_CANDIDATES:
            return None
        places = [
            locate_match(self._register, match, walks=self._walks, measure_walk=self._measure_walk)
            for match in matches
        ]
        answers = {
            (
                place.building,
                tuple(sorted((area.kind, area.code) for area in place.areas if area.answers)),
                tuple(sorted((duty.role, duty.feature, duty.name or "") for duty in place.people)),
            )
            for place in places
        }
        if len(answers) > 1 or places[0].building is None:
            return None
        return next((place for place in places if place.kind == "building"), places[0])

    def _answer_position(self, lonlat: tuple[float, float]) -> RowAnswer:
        answer = locate(
            self._register, None, lonlat, on=self._on, walks=self._walks, measure_walk=self._measure_walk
        )
        return _judge(answer.matches[0])


def _judge(place: PlaceAnswer) -> RowAnswer:
    doubts = [
        {"zh": item.zh, "en": item.en} for item in place.evidence if not item.code.startswith(PLAIN_EVIDENCE)
    ]
    if any(area.answers for area in place.areas):
        return RowAnswer(State.RESOLVED, place, _join(doubts))
    return RowAnswer(State.OUTSIDE, place, _join([_say("outside"), *doubts]))


def _say_doubt(match: NameMatch) -> Words:
    return {
        language: label(f"evidence.match.{match.doubt}", language, name=match.text) for language in LANGUAGES
    }


def _is_of_match(evidence: Evidence) -> bool:
    return evidence.code.startswith("match.")


def _name_candidate(match: NameMatch) -> str:
    entry = match.entry
    return f"{entry.name}（{entry.where}）" if entry.where else entry.name


def _say(code: str, **values: object) -> Words:
    return {language: label(f"batch.reason.{code}", language, **values) for language in LANGUAGES}


def _join(sentences: Sequence[Words]) -> Words:
    return {
        language: ("" if language == "zh" else " ").join(one[language] for one in sentences if one[language])
        for language in LANGUAGES
    }


# --- as columns --------------------------------------------------------------------------------

AREA_COLUMNS = ("grid", "district", "community", "beat")
LEADERS = ("片区长", "街巷长", "邻里长", "楼栋长", "户组长")
ANSWER_COLUMNS = (
    "building",
    "compound",
    *AREA_COLUMNS,
    *LEADERS,
    "officer",
    "officer_phone",
    "centre",
    "minutes",
    "state",
    "reason",
    "candidates",
)
"""What is told of every row; the title of each is the label `batch.<name>`."""


def tabulate_answer(answer: RowAnswer, register: Register, language: str) -> list[str | float | None]:
    """The values of `ANSWER_COLUMNS` for one row; None where there is nothing to tell.

    Names of people and their duty phones are told, private phones never.
    """
    state, reason = label(f"batch.state.{answer.state}", language), answer.reason[language] or None
    rest = [state, reason, "；".join(answer.candidates) or None]
    place = answer.place
    if place is None:
        return [*[None] * (len(ANSWER_COLUMNS) - len(rest)), *rest]
    building = place.building and _name_building(register, place)
    compound = place.compound and (register.compound_names.get(place.compound) or place.compound)
    areas = [
        "、".join(
            f"{area.name or area.code} ({area.code})"
            for area in place.areas
            if area.kind == kind and area.answers
        )
        for kind in AREA_COLUMNS
    ]
    leaders = ["、".join(duty.name or "" for duty in place.people if duty.role == role) for role in LEADERS]
    officers = [duty for duty in place.people if duty.role == "社区民警"]
    centre = place.nearest_centre
    centre_name = None if centre is None else centre.name or centre.id
    return [
        building,
        compound,
        *(text or None for text in (*areas, *leaders)),
        "、".join(duty.name or "" for duty in officers) or None,
        "、".join(duty.duty_phone for duty in officers if duty.duty_phone) or None,
        centre_name,
        None if centre is None else round(centre.walk_s / 60, 1),
        *rest,
    ]


def _name_building(register: Register, place: PlaceAnswer) -> str:
    return f"{register.entries['building', str(place.building)].name} ({place.building})"
