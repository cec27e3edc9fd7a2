"""What belongs to an area, as JSON under /api/v1/areas: the lookup the other way round."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request

from webmap.api import asked_day, require_short
from webmap.county import current_county
from webmap.places import describe_place
from webmap.roles import current_reader, needs
from webmap.view import require_day

area_api = Blueprint("area_api", __name__, url_prefix="/api/v1/areas")


@area_api.get("/<kind>/<code>")
@needs("see_map")
def describe(kind: str, code: str) -> dict[str, Any]:
    """Buildings, roles on duty, vacancies, neighbours and organisations of an area, a compound, a centre or a group."""
    require_short("code", code)
    county = current_county()
    day = require_day(county, asked_day(request.args.get("on")))
    return describe_place(county, current_reader(), kind, code, day)
