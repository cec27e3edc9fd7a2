"""What if, for the page: POST /api/v1/scenario computes a few edits and keeps nothing."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from geogrid.coverage.reading import Reading
from geogrid.coverage.scenario import Scenario
from geogrid.coverage.scenario_lonlat import read_records
from geogrid.coverage.services import list_services
from geogrid.crs import crs_name
from geogrid.errors import InvalidOptionError
from geogrid.network.impedance import Floats
from webmap.asked import read_body
from webmap.county import County, current_county
from webmap.effects import describe_effect
from webmap.planning import read_reading
from webmap.roles import needs
from webmap.view import current_view
from webmap.whatif import measure_edited

scenario_api = Blueprint("scenario", __name__, url_prefix="/api/v1")

MOST_EDITS = 60
"""Edits of one request: what somebody drags and draws on a map, and a plan of twenty centres."""


@scenario_api.get("/services")
@needs("plan")
def services() -> dict[str, Any]:
    """The services that centres offer, to choose from."""
    return {"services": list_services(current_county().require_town().centre)}


@scenario_api.post("/scenario")
@needs("plan")
def scenario() -> dict[str, Any]:
    """What edits would change: `{"edits": [{"do": "add_centre", "id": "try", "lon": …, "lat": …}], "minutes": 10}`.

    Without edits, what stands. `service` counts only centres that offer it, and every new one. People are
    told to the last one, of the buildings whose counts the account may see: an account of one area counts there.
    """
    body, county = read_body(), current_view()
    reading = read_reading(body, county.reading)
    edits, service = read_edits(body, county), read_service(body)
    before = measure_standing(county, reading, service)
    after = measure_edited(county, reading, edits, service) if edits.edits else before
    return describe_effect(county, reading, before, after)


def measure_standing(county: County, reading: Reading, service: str | None) -> Floats:
    """The walk of every home as things stand, in one measure for every cutoff of it."""
    return county.results.find(
        ("walks", reading.measure, service), lambda: measure_edited(county, reading, Scenario(), service)
    )


def read_edits(body: dict[str, Any], county: County) -> Scenario:
    """The edits of a request, none where it has none.

    Raises
    ------
    InvalidOptionError
        When they are not understood, or too many.
    """
    town, records = county.require_town(), body.get("edits")
    if records == []:
        return Scenario()
    edits = read_records(records, crs_name(town.street.crs))
    if len(edits.edits) > MOST_EDITS:
        raise InvalidOptionError(option="edits", value=str(len(edits.edits)), expected=f"≤ {MOST_EDITS}")
    return edits


def read_service(body: dict[str, Any]) -> str | None:
    """The service that centres must offer, None for any."""
    service = body.get("service")
    if service is None or (isinstance(service, str) and 0 < len(service) <= 80):
        return service
    raise InvalidOptionError(option="service", value=str(service)[:40], expected="text")
