"""Looking up places for a reader without an account: roles are told, the people who hold them are not known here."""

from __future__ import annotations

import datetime
from typing import Any

import pandas as pd

from geogrid.errors import EmptyLayerError, PlaceNotFoundError
from geogrid.labels import LANGUAGES, label
from geogrid.responsibility.describe import describe_area
from geogrid.responsibility.gazetteer import Entry
from geogrid.responsibility.lookup import locate
from geogrid.responsibility.register import Register
from geogrid.schema import ROLES
from webmap.county import County

MOST_PLACES = 10
MOST_RESULTS = 12


def find_place(
    county: County,
    *,
    query: str | None = None,
    lonlat: tuple[float, float] | None = None,
    on: datetime.date | None = None,
) -> dict[str, Any]:
    """The answer for a name or a position on a date, today when None, without people.

    Raises
    ------
    PlaceNotFoundError
        When nothing has such a name.
    InvalidOptionError
        When the position is none.
    """
    day = on or county.day
    register = _register_on(county, day)
    walks = _find_walks(county, day)
    answer = locate(
        register,
        query,
        lonlat,
        on=day,
        walks=walks,
        measure_walk=None if walks is None else county.measure_walk,
        limit=MOST_PLACES,
    )
    shown = answer.to_dict(show_people=False)
    shown["walker"] = {
        language: label(f"coverage.profile.{county.reading.profile}", language) for language in LANGUAGES
    }
    entries = county.results.find(("entries", day), lambda: _list_entries(register))
    for match in shown["matches"]:
        entry = entries.get((match["kind"], match["key"])) or entries.get(("building", match["building"]))
        match["title"] = entry and entry.name
        match["where"] = entry and entry.where
        match["people"] = [
            {
                "role": duty["role"],
                "title": _title_role(duty["role"]),
                "layer": duty["layer"],
                "feature": duty["feature"],
            }
            for duty in match["people"]
        ]
    return shown


def _find_walks(county: County, day: datetime.date) -> pd.DataFrame | None:
    """How far the homes have to walk; None on another day, or while streets or centres are missing."""
    try:
        return county.assess(county.reading).homes if day == county.day else None
    except EmptyLayerError:
        return None  # who answers for a place can be told all the same


def _list_entries(register: Register) -> dict[tuple[str, str | None], Entry]:
    return {(entry.kind, entry.key): entry for entry in register.gazetteer.entries}


def _title_role(role: str) -> dict[str, str]:
    known = ROLES.get(role)
    return {language: known.en if known and language == "en" else role for language in LANGUAGES}


def search_places(county: County, query: str) -> list[dict[str, Any]]:
    """What to offer while somebody types, each with why and how far to trust it."""
    matches = _register_on(county, county.day).gazetteer.offer(query, MOST_RESULTS)
    return [
        {
            "kind": match.entry.kind,
            "key": match.entry.key,
            "name": match.entry.name,
            "where": match.entry.where,
            "lonlat": match.entry.lonlat and [round(degrees, 6) for degrees in match.entry.lonlat],
            "unit": match.unit,
            "room": match.room,
            "match": match.closeness.name.lower(),
            "score": match.score,
            "reason": {language: match.explain(language) for language in LANGUAGES},
            "highlight": match.locate_text(query),
        }
        for match in matches
    ]


def describe_place(county: County, kind: str, code: str, on: datetime.date | None) -> dict[str, Any]:
    """What belongs to an area on a date, today when None, without people.

    Raises
    ------
    UnknownLayerError, FeatureNotFoundError
        When it is no kind that can be described, or there is none of that code on the date.
    """
    day = on or county.day
    walks = _find_walks(county, day) if kind == "centre" else None
    return describe_area(_register_on(county, day), kind, code, on=day, walks=walks).to_dict(
        show_people=False
    )


def _register_on(county: County, day: datetime.date) -> Register:
    known = county.register
    if known is None:
        raise PlaceNotFoundError(query="", hint_zh=label("web.empty", "zh"), hint_en=label("web.empty", "en"))
    return county.results.find(("register", day), lambda: known.on_date(day))
