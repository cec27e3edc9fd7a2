"""Pages that need neither script nor map: find a place, a place's answer, an area on one sheet, a person's duties."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, make_response, render_template, request

from geogrid.errors import EmptyLayerError, FeatureNotFoundError
from geogrid.labels import label, read_labels
from geogrid.responsibility.describe import find_person_duties
from geogrid.schema import AREA_LAYERS
from webmap.api import asked_day, require_short
from webmap.areamap import draw_place
from webmap.assets import read_fingerprints
from webmap.county import County, current_county
from webmap.duties import is_of_duty, name_feature
from webmap.languages import page_language
from webmap.places import count_buildings, describe_place, find_place, register_on, search_places
from webmap.readings import title_reading
from webmap.roles import Reader, current_reader, needs
from webmap.roster import open_sight
from webmap.summary import AREA_BREAKDOWNS, list_sources, summarise_coverage
from webmap.view import STUDY, current_view, require_day
from webmap.walk import tell_walk

staff_pages = Blueprint("staff_pages", __name__)


def _render(template: str, **values: Any) -> Response:
    language, county = page_language(), current_county()
    return make_response(
        render_template(
            template,
            language=language,
            texts=read_labels()[language],
            fingerprints=read_fingerprints(),
            county=county,
            reader=current_reader(),
            sources=list_sources(county),
            **values,
        )
    )


@staff_pages.get("/find")
@needs("see_map")
def find_page() -> Response:
    """What a text finds, `?q=`; or the answer for one place, `?kind=&key=`."""
    county, reader = current_county(), current_reader()
    query, kind, key = (request.args.get(name, "").strip() for name in ("q", "kind", "key"))
    require_short("q", query or key)
    results = search_places(county, query) if query else []
    if not key and len(results) == 1:
        kind, key = results[0]["kind"], results[0]["key"]
    answer = _answer_place(county, reader, kind, key) if key else {}
    return _render("find.html", query=query, results=results, persons=None, asked="", **answer)


@staff_pages.post("/find")
@needs("see_people")
def find_person_page() -> Response:
    """What a person is on duty for; the name stands in the body, so that no log and no history keeps it."""
    asked = request.form.get("person", "").strip()
    require_short("person", asked)
    persons = find_persons(current_county(), current_reader(), asked) if asked else None
    return _render("find.html", query="", results=[], persons=persons, asked=asked)


def find_persons(county: County, reader: Reader, name: str) -> list[dict[str, Any]]:
    """The people of a whole name whom the reader may see, each with what they are on duty for today."""
    sight = open_sight(county, reader, county.day)
    register = register_on(county, county.day)
    ids = [
        key
        for key, contact in sorted(county.contacts.items())
        if contact.name == name and (sight.people is None or key in sight.people)
    ]
    return [
        {
            "name": name,
            "unit": county.contacts[key].unit,
            "duty_phone": county.contacts[key].duty_phone,
            "duties": [
                {**sight.tell(one.duty), "feature_name": one.name, "n_buildings": len(one.buildings)}
                for found in find_person_duties(register, key, on=county.day)
                for one in found.duties
            ],
        }
        for key in ids
    ]


def _answer_place(county: County, reader: Reader, kind: str, key: str) -> dict[str, Any]:
    on = require_day(county, asked_day(request.args.get("on")))
    answer = find_place(county, reader, query=key, on=on)
    match = next((one for one in answer["matches"] if (one["kind"], one["key"]) == (kind, key)), None)
    if match is None:
        raise FeatureNotFoundError(layer=kind[:40], keys=[key[:40]])
    walk = None
    if kind == "building":
        try:
            walk = tell_walk(county, key)["walk"]
        except EmptyLayerError:
            walk = None  # who answers for a place can be told all the same
    register = register_on(county, county.day)
    return {
        "match": match,
        "on": answer["on"],
        "walker": answer["walker"],
        "sees_people": answer["sees_people"],
        "walk": walk,
        "evidence": [
            item for item in match["evidence"] if not is_of_duty(item) and item["data"].get("by") != "key"
        ],
        "drawing": draw_place(
            county, register, kind, key, [leg["line"] for leg in walk["legs"]] if walk else ()
        ),
        "area_kinds": AREA_LAYERS,
    }


@staff_pages.get("/area/<kind>/<code>")
@needs("see_map")
def area_page(kind: str, code: str) -> Response:
    """An area on one sheet: who is on duty, what is vacant, its buildings, neighbours and coverage."""
    require_short("code", code)
    county, reader = current_county(), current_reader()
    on = require_day(county, asked_day(request.args.get("on")))
    area = describe_place(county, reader, kind, code, on)
    register = register_on(county, county.day)
    return _render(
        "area.html",
        area=area,
        kind=kind,
        buildings=_list_buildings(current_view(), area),
        coverage=_find_coverage(current_view(), kind, code),
        reading=title_reading(county.reading),
        nearest=_list_centres(county, area) if reader.may("see_colours") else None,
        drawing=draw_place(county, register, kind, code),
        names=lambda layer, feature: name_feature(register, layer, feature),
        kind_label=label(f"web.kind.{kind}", page_language()),
    )


def _list_buildings(view: County, area: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The buildings of an area; with their residents where the reader may see them."""
    counts = count_buildings(view)
    return [{**one, "residents": counts.get(one["id"], {}).get("residents")} for one in area["buildings"]]


def _find_coverage(view: County, kind: str, code: str) -> dict[str, Any] | None:
    """The area's row of the county's reading; None for a kind by which coverage is not summed."""
    if kind not in AREA_BREAKDOWNS:
        return None
    try:
        studies = current_reader().may(STUDY)
        rows = summarise_coverage(view, view.reading, studies=studies)[f"by_{kind}"]
    except EmptyLayerError:
        return None
    return next((row for row in rows if row["code"] == code), None)


def _list_centres(county: County, area: Mapping[str, Any]) -> dict[str, Any] | None:
    """The centres to which the area's homes walk, by how many of them; and how many reach none in time."""
    try:
        homes = county.assess(county.reading).homes
    except EmptyLayerError:
        return None
    own = homes.loc[homes.index.intersection([one["id"] for one in area["buildings"]])]
    if own.empty:
        return None
    names = register_on(county, county.day).centre_names
    counts = own["centre"].dropna().value_counts()
    order = sorted(counts.index, key=lambda centre: (-counts[centre], centre))
    status = own["status"].value_counts()
    return {
        "n_homes": len(own),
        "covered": int(status.get("covered", 0)),
        "not_covered": int(status.get("not_covered", 0)),
        "unanswered": int(status.get("unanswered", 0)),
        "centres": [
            {
                "id": centre,
                "name": names.get(centre) or centre,
                "n_homes": int(counts[centre]),
                "longest_s": float(own.loc[own["centre"] == centre, "walk_s"].max()),
            }
            for centre in order
        ],
    }
