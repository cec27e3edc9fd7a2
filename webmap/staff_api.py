"""What somebody on the spot asks, under /api/v1: the walk to the nearest centre, the buildings nearby."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request

from geogrid.errors import InvalidOptionError
from webmap.api import asked_position, require_short
from webmap.county import current_county
from webmap.position import list_nearby
from webmap.roles import needs
from webmap.walk import tell_point_walk, tell_walk

staff_api = Blueprint("staff_api", __name__, url_prefix="/api/v1")


@staff_api.get("/walk")
@needs("see_map")
def walk_of_building() -> dict[str, Any]:
    """The walk of `?building=` to its nearest centre, leg by leg, each with its kind, seconds and line."""
    building = request.args.get("building", "").strip()
    require_short("building", building)
    return tell_walk(current_county(), building)


@staff_api.post("/walk")
@needs("see_map")
def walk_of_position() -> dict[str, Any]:
    """The same for a position, which stands in the body so that no log and no history keeps it."""
    lonlat, _ = asked_position()
    return tell_point_walk(current_county(), lonlat)


@staff_api.post("/nearby")
@needs("see_map")
def nearby() -> dict[str, Any]:
    """The buildings that a position with `accuracy_m` may be, the nearest first with their distance."""
    lonlat, body = asked_position()
    accuracy_m = body.get("accuracy_m")
    if not isinstance(accuracy_m, int | float) or isinstance(accuracy_m, bool) or not accuracy_m >= 0:
        raise InvalidOptionError(option="accuracy_m", value=str(accuracy_m)[:40], expected="米 / metres")
    return list_nearby(current_county(), lonlat, float(accuracy_m))
