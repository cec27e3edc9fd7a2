"""The programmer's side: everything the page shows, as JSON and GeoJSON under /api/v1."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any

from flask import Blueprint, Response, request

from geogrid.coverage.catchment import outline_catchments, outline_isochrones
from geogrid.coverage.reading import Reading
from geogrid.crs import CGCS2000
from geogrid.errors import FeatureNotFoundError, InvalidOptionError, UnknownLayerError
from geogrid.io.export import leave_out_counts, write_layer
from geogrid.labels import label
from geogrid.schema import find_layer
from geogrid.workspace.audit import Event
from geogrid.workspace.record import put_on_record
from webmap.asked import read_body
from webmap.basemap import describe_base_map
from webmap.columns import BORDERED, OUTLINED, PUBLIC_COLUMNS
from webmap.county import County, current_county
from webmap.downloads import send_written
from webmap.findings import write_findings
from webmap.geojson import plain_records, write_borders, write_features, write_geojson, write_json
from webmap.languages import page_language
from webmap.places import find_place, search_places
from webmap.readings import list_readings
from webmap.roles import current_reader, needs
from webmap.summary import (
    code_doubt,
    code_homes,
    frame_gaps,
    hide_unseen,
    list_gaps,
    list_served,
    list_sources,
    summarise_coverage,
)
from webmap.tiles import TILE_LAYERS, version_tiles
from webmap.view import STUDY, current_view, requested_reading, require_day

api = Blueprint("api", __name__, url_prefix="/api/v1")

ASK_AGAIN = "private, no-cache"
"""A browser keeps the answer but asks whether it still holds, which its ETag says in a few bytes."""

GAP_FILES = ("gpkg", "xlsx", "csv")
"""Kinds of files that gaps are given as."""
LONGEST_QUERY = 80
DRAWN_TOLERANCE_M = 3.0
"""Reach is drawn this far from its outline at most; the outline itself has ten times the points."""


def _answer(body: str, mimetype: str = "application/json") -> Response:
    """A body that holds until the county changes."""
    response = Response(body, mimetype=mimetype)
    response.headers["Cache-Control"] = ASK_AGAIN
    response.add_etag()
    response.make_conditional(request)
    return response


@api.get("/county")
@needs("see_map")
def county_card() -> Response:
    """The county's name, extent and readings, and what must stand on every map of it."""
    county = current_county()
    return _answer(
        write_json(
            {
                "code": county.code,
                "name": county.name,
                "revision": county.revision,
                "day": county.day.isoformat(),
                "tiles": {name: version_tiles(county, name) for name in TILE_LAYERS},
                "is_synthetic": county.is_synthetic,
                "bounds": county.bounds(),
                "focus": county.focus(),
                "reading": str(county.reading),
                "readings": list_readings(county.reading),
                "basemap": describe_base_map(county),
                "attributions": list_sources(county),
                "review_number": county.settings.get("map.review_number"),
                "classification": county.settings.get("map.classification"),
                "mark": county.settings.get("map.mark"),
            }
        )
    )


# --- layers ------------------------------------------------------------------------------------


def _require_listed(layer: str, listed: Iterable[str]) -> None:
    if layer not in listed:
        raise UnknownLayerError(layer=layer[:40], known=", ".join(listed))


@api.get("/layers/<layer>.geojson")
@needs("see_map")
def layer_geojson(layer: str) -> Response:
    """A layer's features with their public columns, in WGS 84."""
    _require_listed(layer, PUBLIC_COLUMNS)
    county = current_county()
    body = county.results.find(
        ("layer", layer), lambda: write_geojson(county.layers[layer], PUBLIC_COLUMNS[layer], layer)
    )
    return _answer(body, "application/geo+json")


@api.get("/borders/<layer>.geojson")
@needs("see_map")
def borders(layer: str) -> Response:
    """The borders of areas as lines, each once, and a point for each area's name."""
    _require_listed(layer, BORDERED)
    county = current_county()
    body = county.results.find(
        ("borders", layer), lambda: write_borders(county.layers[layer], PUBLIC_COLUMNS[layer], layer)
    )
    return _answer(body, "application/geo+json")


@api.get("/outline")
@needs("see_map")
def outline() -> Response:
    """One feature of an area layer, a compound or a building, alone; `?layer=&feature=`."""
    layer, key = request.args.get("layer", ""), request.args.get("feature", "")
    _require_listed(layer, OUTLINED)
    frame = current_county().layers[layer]
    found = frame[frame[find_layer(layer).key] == key].iloc[:1]
    if found.empty:
        raise FeatureNotFoundError(layer=layer, keys=[key[:40]])
    return _answer(write_geojson(found, PUBLIC_COLUMNS.get(layer, ("id",)), layer), "application/geo+json")


# --- coverage ----------------------------------------------------------------------------------


@api.get("/homes")
@needs("see_colours")
def homes() -> Response:
    """One letter a building, in the order in which tiles number them; people are not told by building."""
    county = current_county()
    reading = requested_reading(county)
    return _answer(county.results.find(("homes", reading), lambda: write_json(code_homes(county, reading))))


@api.get("/homes/doubt")
@needs("study")
def doubt() -> Response:
    """One letter a building in the same order: whether its answer is in doubt."""
    county = current_county()
    reading = requested_reading(county)
    return _answer(county.results.find(("doubts", reading), lambda: write_json(code_doubt(county, reading))))


@api.get("/coverage")
@needs("see_map")
def coverage() -> Response:
    """Homes and people reached under a reading, by community, and what was left out; for staff by district too.

    Without an account for them people are rounded to tens, `<5` where they are few, and null where a sum
    would be of few homes; so would be what can be made of it and others.
    """
    view, studies = current_view(), current_reader().may(STUDY)
    reading = requested_reading(view)
    told = summarise_coverage(view, reading, studies=studies)
    return _answer(write_json({**told, "gaps": list_gaps(view, reading)} if studies else told))


@api.get("/gaps")
@needs("study")
def gaps() -> Response:
    """The gaps under a reading, largest first; `?format=geojson` with their ground; `gpkg`, `xlsx`, `csv` as files.

    As in every export, people are rounded to tens in a file and left out where they or their homes are few.
    """
    county = current_view()
    reading = requested_reading(county)
    wanted = request.args.get("format", "json")
    if wanted == "json":
        return _answer(write_json({"reading": str(reading), "gaps": list_gaps(county, reading)}))
    if wanted in GAP_FILES:
        frame, _ = leave_out_counts(frame_gaps(county, reading))
        detail = {"format": wanted, "reading": str(reading), "rows": len(frame)}
        put_on_record(county.path, Event(current_reader().login, "export", "layer:gap", detail=detail))
        title = label("coverage.gap", page_language())
        crs = str(CGCS2000) if wanted == "gpkg" else None
        return send_written(
            county,
            f"{title} {reading.title(page_language())}",
            f".{wanted}",
            lambda path: write_layer(frame, path, layer_title=title, crs=crs),
        )
    if wanted != "geojson":
        raise InvalidOptionError(
            option="format", value=wanted[:40], expected=", ".join(("json", "geojson", *GAP_FILES))
        )
    body = county.results.find(("gap_ground", reading), lambda: _write_gap_ground(county, reading))
    return _answer(body, "application/geo+json")


def _write_gap_ground(county: County, reading: Reading) -> str:
    ground = county.assess(reading).gaps
    by_id = {gap["id"]: gap for gap in list_gaps(county, reading)}
    mark = {"synthetic": True} if county.is_synthetic else {}
    return write_features(ground, [by_id[key] | mark for key in ground["id"]], "gaps")


@api.get("/centres")
@needs("study")
def centres() -> Response:
    """Homes and people that each centre serves under a reading."""
    county = current_view()
    return _answer(write_json(list_served(county, requested_reading(county))))


@api.get("/catchments.geojson")
@needs("see_map")
def catchments() -> Response:
    """The ground of each centre: where it is the nearest one on foot; with its homes and people for staff."""
    county, studies = current_view(), current_reader().may(STUDY)
    reading = requested_reading(county)
    body = county.results.find(
        ("catchments", reading, studies), lambda: _write_catchments(county, reading, studies=studies)
    )
    return _answer(body, "application/geo+json")


def _write_catchments(county: County, reading: Any, *, studies: bool) -> str:
    ground = outline_catchments(county.layout, county.ground, reading)
    if not studies:
        return write_features(ground, plain_records(ground, ("centre", "name")), "catchments")
    records = plain_records(ground, ("centre", "name", "people", "n_homes"))
    return write_features(ground, hide_unseen(county, records, county.assess(reading).homes), "catchments")


@api.get("/isochrones.geojson")
@needs("see_map")
def isochrones() -> Response:
    """The ground from which each centre is reached within the cutoff."""
    county = current_county()
    reading = requested_reading(county)
    body = county.results.find(("isochrones", reading), lambda: _write_isochrones(county, reading))
    return _answer(body, "application/geo+json")


def _write_isochrones(county: County, reading: Any) -> str:
    ground = outline_isochrones(county.layout, county.ground, reading, tolerance_m=DRAWN_TOLERANCE_M)
    return write_features(ground, plain_records(ground, ("centre", "name")), "isochrones")


@api.get("/findings.geojson")
@needs("study")
def findings() -> Response:
    """Faults in the data that have a place, each with its remedy; duties and people are not checked here."""
    county = current_county()
    return _answer(county.results.find("findings", lambda: write_findings(county)), "application/geo+json")


# --- places ------------------------------------------------------------------------------------


@api.get("/search")
@needs("see_map")
def search() -> dict[str, Any]:
    """What to offer for a text that is being typed."""
    query = request.args.get("q", "").strip()
    require_short("q", query)
    return {"results": search_places(current_county(), query) if query else []}


@api.get("/locate")
@needs("see_map")
def locate_named() -> dict[str, Any]:
    """Areas, roles on duty and nearest centre of a building's id or of anything with a name."""
    building, query = request.args.get("building", "").strip(), request.args.get("q", "").strip()
    if bool(building) == bool(query):
        raise InvalidOptionError(
            option="building, q",
            value=f"{building[:40]}, {query[:40]}",
            expected="二者取一 / exactly one of the two",
        )
    require_short("q", building or query)
    county = current_county()
    day = require_day(county, asked_day(request.args.get("on")))
    answer = find_place(county, current_reader(), query=building or query, on=day)
    if building:
        answer["matches"] = [
            match for match in answer["matches"] if match["building"] == match["key"] == building
        ]
        answer["n_found"] = len(answer["matches"])
    return answer


@api.post("/locate")
@needs("see_map")
def locate_position() -> dict[str, Any]:
    """The same for a position, which stands in the body so that no log and no history keeps it."""
    lonlat, body = asked_position()
    on, county = body.get("on"), current_county()
    day = require_day(county, asked_day(on if on is None else str(on)))
    return find_place(county, current_reader(), lonlat=lonlat, on=day)


def asked_position() -> tuple[tuple[float, float], dict[str, Any]]:
    """Longitude and latitude in a request's body, and the whole body.

    Raises
    ------
    InvalidOptionError
        When it holds no position.
    """
    body = read_body()
    return (_number(body, "lon"), _number(body, "lat")), body


def _number(body: dict[str, Any], name: str) -> float:
    value = body.get(name)
    if isinstance(value, int | float) and not isinstance(value, bool) and -360 <= value <= 360:
        return float(value)
    raise InvalidOptionError(option=name, value=str(value)[:40], expected="度 / degrees")


def asked_day(text: str | None) -> datetime.date | None:
    """The date of a question; None where it has none, which means today."""
    if not text:
        return None
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise InvalidOptionError(option="on", value=text[:40], expected="YYYY-MM-DD") from None


def require_short(option: str, text: str) -> None:
    """Refuse a text that is longer than anything that has a name."""
    if len(text) > LONGEST_QUERY:
        raise InvalidOptionError(option=option, value=f"{text[:40]}…", expected=f"≤ {LONGEST_QUERY}")
