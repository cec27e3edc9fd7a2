"""The pages: the map, the same content as lists for reading without a map, and a sign of life."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, g, make_response, render_template
from flask.typing import ResponseReturnValue

from geogrid.errors import EmptyLayerError, WorkspaceError
from geogrid.labels import label, read_labels
from webmap.assets import list_modules, read_fingerprints
from webmap.basemap import list_image_hosts
from webmap.county import current_county
from webmap.foliummap import TownMap
from webmap.languages import page_language
from webmap.readings import list_readings, query_reading
from webmap.roles import OPEN, current_reader, needs
from webmap.summary import list_areas, list_gaps, list_sources, summarise_coverage
from webmap.view import STUDY, current_view, requested_reading

pages = Blueprint("pages", __name__)
ASK_AGAIN = "no-cache"


@pages.get("/")
@needs("see_map")
def map_page() -> Response:
    """The map: a page without a county's data, all of which comes by the API."""
    try:
        g.image_hosts = list_image_hosts(current_county().settings)
    except WorkspaceError:
        g.image_hosts = ()  # the page itself tells what is wrong with the file
    return make_response(
        render_template(
            "map.html",
            language=page_language(),
            texts=read_labels()[page_language()],
            fingerprints=read_fingerprints(),
            modules=list_modules(),
            scripts=[url for _, url in TownMap.default_js],
            styles=[url for _, url in TownMap.default_css],
            reader=current_reader(),
        )
    )


@pages.get("/list")
@needs("see_map")
def list_page() -> Response:
    """Coverage, gaps, areas and centres as tables; works without scripts."""
    county, studies = current_view(), current_reader().may(STUDY)
    language = page_language()
    reading = requested_reading(county)
    coverage, missing = None, ""
    try:
        coverage = summarise_coverage(county, reading, studies=studies)
    except EmptyLayerError as error:  # the areas can be listed all the same
        missing = error.message(language)
    response = make_response(
        render_template(
            "list.html",
            language=language,
            texts=read_labels()[language],
            fingerprints=read_fingerprints(),
            county=county,
            reading=reading,
            reading_query=query_reading(reading),
            readings=list_readings(county.reading),
            coverage=coverage,
            left_out=_tell_left_out(coverage, language) if coverage else "",
            sources=list_sources(county),
            missing=missing,
            studies=studies,
            gaps=list_gaps(county, reading) if coverage and studies else [],
            areas={layer: list_areas(county, layer) for layer in ("district", "community", "grid", "beat")},
            centres=list_areas(county, "centre"),
        )
    )
    response.headers["Cache-Control"] = ASK_AGAIN
    return response


def _tell_left_out(coverage: Mapping[str, Any], language: str) -> str:
    """Homes without an answer and why, as a sentence."""
    n_homes = coverage["homes"]["unanswered"]
    if not n_homes:
        return label("web.left_out.none", language)
    reasons = label("web.comma", language).join(
        label(
            "web.left_out.reason", language, n=left["n_homes"], reason=label(f"web.reason.{reason}", language)
        )
        for reason, left in coverage["left_out"].items()
    )
    return label("web.left_out", language, n=n_homes, reasons=reasons)


@pages.get("/healthz")
@needs(OPEN)
def healthz() -> ResponseReturnValue:
    """That the server answers, and the revision it shows."""
    return {"status": "ok", "revision": current_county().revision}
