"""Looking up places: who asks decides whether the people on duty are told or their roles alone."""

from __future__ import annotations

import datetime
from typing import Any

import pandas as pd

from geogrid.coverage.telling import BUILDING_COUNTS
from geogrid.errors import EmptyLayerError, PlaceNotFoundError
from geogrid.labels import LANGUAGES, label
from geogrid.responsibility.describe import describe_area
from geogrid.responsibility.gazetteer import Entry
from geogrid.responsibility.lookup import locate
from geogrid.responsibility.register import Register
from webmap.county import County
from webmap.duties import arrange_duties
from webmap.geojson import plain_records
from webmap.roles import Reader
from webmap.roster import open_sight
from webmap.view import narrow

MOST_PLACES = 10
MOST_RESULTS = 12


def find_place(
    county: County,
    reader: Reader,
    *,
    query: str | None = None,
    lonlat: tuple[float, float] | None = None,
    on: datetime.date | None = None,
) -> dict[str, Any]:
    """The answer for a name or a position on a date, today when None, with the people whom the reader may see.

    Raises
    ------
    PlaceNotFoundError
        When nothing has such a name.
    InvalidOptionError
        When the position is none.
    """
    day = on or county.day
    register = register_on(county, day)
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
    sight = open_sight(county, reader, day)
    counted = count_buildings(narrow(county, reader)) if day == county.day else {}
    for place, match in zip(answer.matches, shown["matches"], strict=True):
        entry = entries.get((match["kind"], match["key"])) or entries.get(("building", match["building"]))
        match["title"] = entry and entry.name
        match["where"] = entry and entry.where
        match["people"] = [sight.tell(duty) for duty in place.people]
        if counts := counted.get(place.building or ""):
            match["counts"] = counts
        match["duties"] = arrange_duties(
            register, match["people"], match["evidence"], tiers=place.building is not None
        )
    shown["sees_people"] = reader.may("see_people")
    return shown


def count_buildings(view: County) -> dict[str, dict[str, Any]]:
    """Building -> its counts of people and where they come from, of those that the reader may see."""
    return view.results.find("counts", lambda: _count_buildings(view))


def _count_buildings(view: County) -> dict[str, dict[str, Any]]:
    frame = view.layers["building"]
    records = plain_records(frame, ("id", *BUILDING_COUNTS, "people_source"))
    return {key: record for record in records if view.sees_all([key := record.pop("id")])}


def _find_walks(county: County, day: datetime.date) -> pd.DataFrame | None:
    """How far the homes have to walk; None on another day, or while streets or centres are missing."""
    try:
        return county.assess(county.reading).homes if day == county.day else None
    except EmptyLayerError:
        return None  # who answers for a place can be told all the same


def _list_entries(register: Register) -> dict[tuple[str, str | None], Entry]:
    return {(entry.kind, entry.key): entry for entry in register.gazetteer.entries}


def search_places(county: County, query: str) -> list[dict[str, Any]]:
    """What to offer while somebody types, each with why and how far to trust it."""
    matches = register_on(county, county.day).gazetteer.offer(query, MOST_RESULTS)
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


def describe_place(
    county: County, reader: Reader, kind: str, code: str, on: datetime.date | None
) -> dict[str, Any]:
    """What belongs to an area on a date, today when None, with the people whom the reader may see.

    Raises
    ------
    UnknownLayerError, FeatureNotFoundError
        When it is no kind that can be described, or there is none of that code on the date.
    """
    day = on or county.day
    walks = _find_walks(county, day) if kind == "centre" else None
    area = county.results.find(
        ("area", kind, code, day),
        lambda: describe_area(register_on(county, day), kind, code, on=day, walks=walks),
    )
    shown, sight = area.to_dict(show_people=False), open_sight(county, reader, day)
    for part, duties in (("people", area.people), ("within", area.within)):
        shown[part] = [{**told, **sight.tell(duty)} for told, duty in zip(shown[part], duties, strict=True)]
    register = register_on(county, day)
    own = [item for item in shown["vacancies"] if item["data"].get("feature") == code]
    others = [item for item in shown["vacancies"] if item not in own]
    shown["duties"] = arrange_duties(register, shown["people"], own, tiers=False)
    shown["duties_within"] = arrange_duties(register, shown["within"], others, tiers=False)
    shown["sees_people"] = reader.may("see_people")
    return shown


def register_on(county: County, day: datetime.date) -> Register:
    """The county's register of one day, narrowed once; PlaceNotFoundError while it has no data."""
    known = county.register
    if known is None:
        raise PlaceNotFoundError(query="", hint_zh=label("web.empty", "zh"), hint_en=label("web.empty", "en"))
    return county.results.find(("register", day), lambda: known.on_date(day))
