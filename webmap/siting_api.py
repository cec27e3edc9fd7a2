"""Where the next centres should stand, for the page: the best places with their proof, and why not elsewhere."""

from __future__ import annotations

from typing import Any

import numpy as np
from flask import Blueprint

from geogrid.coverage.reading import Reading
from geogrid.coverage.scenario import Scenario
from geogrid.crs import WGS84, crs_name, transform_points
from geogrid.errors import FeatureNotFoundError, InvalidOptionError
from geogrid.siting.instance import Instance, Weight
from geogrid.siting.remedies import find_remedies
from geogrid.siting.standing import value_place
from geogrid.siting.study import study_siting
from geogrid.siting.summary import describe_place, describe_remedy, describe_study, to_degrees
from webmap.asked import read_body
from webmap.county import County, Results
from webmap.planning import read_reading
from webmap.roles import needs
from webmap.scenario_api import read_edits, read_service
from webmap.view import current_view
from webmap.whatif import pose_edited

siting_api = Blueprint("siting", __name__, url_prefix="/api/v1")

MOST_SITES = 20
MOST_IDS, LONGEST_ID = 50, 80
TIME_LIMIT_S = 10.0
"""Of one search, and as much again of its curve; what is not proven by then is told with its gap."""
KEPT_STUDIES = 24


@siting_api.post("/siting")
@needs("plan")
def siting() -> dict[str, Any]:
    """The best `k` new centres: `{"k": 3, "minutes": 10, "profile": "adult", "weight": "people", "must": [],
    "forbid": [], "remedies": false, "edits": []}`. People are told to the last one.

    `edits` and `service` are as in `/api/v1/scenario`: the question is then asked of the edited town.
    """
    body, county = read_body(), current_view()
    k = body.get("k")
    if isinstance(k, bool) or not isinstance(k, int) or not 1 <= k <= MOST_SITES:
        raise InvalidOptionError(option="k", value=str(k)[:40], expected=f"1 … {MOST_SITES}")
    must, forbidden = _read_ids(body, "must"), _read_ids(body, "forbid")
    instance, asked = _read_question(body, county)
    weight = instance.choose_weight(_read_weight(body))
    wants_remedies = body.get("remedies", False) is True
    kept: Results = county.results.find("studies", lambda: Results(KEPT_STUDIES))
    told: dict[str, Any] = kept.find(
        ("plan", *asked, k, weight, must, forbidden),
        lambda: _study(instance, k, weight, must, forbidden),
    )
    if wants_remedies:
        remedies = kept.find(("remedies", *asked, weight), lambda: _remedy(instance, weight))
        told = told | {"remedies": remedies}
    return told | {"revision": county.revision}


@siting_api.post("/siting/candidates")
@needs("plan")
def candidates() -> dict[str, Any]:
    """The places from which the best are chosen, with `lon` and `lat`."""
    body, county = read_body(), current_view()
    instance, _ = _read_question(body, county)
    return {"candidates": _list_candidates(instance, np.arange(len(instance.candidates)))}


@siting_api.post("/siting/place")
@needs("plan")
def place() -> dict[str, Any]:
    """What a centre at `lon` and `lat` would bring now, and once the candidates in `sites` stand."""
    body, county = read_body(), current_view()
    lonlat = [body.get("lon"), body.get("lat")]
    for value in lonlat:
        if isinstance(value, bool) or not isinstance(value, int | float) or not -180 <= value <= 180:
            raise InvalidOptionError(option="lon, lat", value=str(value)[:40], expected="度 / degrees")
    instance, _ = _read_question(body, county)
    weight = instance.choose_weight(_read_weight(body))
    numbers = {str(key): number for number, key in enumerate(instance.candidates.id)}
    chosen = _read_ids(body, "sites")
    if unknown := [key for key in chosen if key not in numbers]:
        raise FeatureNotFoundError(layer="candidate", keys=unknown)
    xy = transform_points(np.array([lonlat], float), WGS84, crs_name(instance.town.street.crs))[0]
    found = value_place(instance, weight, xy, tuple(numbers[key] for key in chosen))
    return describe_place(instance, weight, xy, found)


def _read_question(
    body: dict[str, Any], county: County
) -> tuple[Instance, tuple[Reading, Scenario, str | None]]:
    """The town that is asked about, and by what its answers are kept."""
    reading = read_reading(body, county.reading)
    edits = read_edits(body, county) if "edits" in body else Scenario()
    service = read_service(body)
    return pose_edited(county, reading, edits, service), (reading, edits, service)


def _study(
    instance: Instance, k: int, weight: Weight, must: tuple[str, ...], forbidden: tuple[str, ...]
) -> dict[str, Any]:
    told = describe_study(
        study_siting(
            instance,
            k,
            weight=weight,
            must=must,
            forbidden=forbidden,
            with_robustness=False,
            time_limit_s=TIME_LIMIT_S,
        )
    )
    named = {other["id"] for site in told["sites"] for other in site["alternatives"]}
    rows = np.flatnonzero(np.isin(instance.candidates.id.astype(str), sorted(named)))
    return told | {"alternatives": _list_candidates(instance, rows)}


def _list_candidates(instance: Instance, rows: np.ndarray) -> list[dict[str, Any]]:
    found = instance.candidates
    if not len(rows):
        return []
    return [
        {"id": str(found.id[row]), "name": found.name[row], "lon": lon, "lat": lat}
        for row, (lon, lat) in zip(rows, to_degrees(instance, found.xy[rows]), strict=True)
    ]


def _remedy(instance: Instance, weight: Weight) -> list[dict[str, Any]]:
    return [describe_remedy(instance, one) for one in find_remedies(instance, weight)]


def _read_weight(body: dict[str, Any]) -> Weight | None:
    asked = body.get("weight")
    if asked is None:
        return None
    if asked not in list(Weight):
        raise InvalidOptionError(option="weight", value=str(asked)[:40], expected="|".join(Weight))
    return Weight(asked)


def _read_ids(body: dict[str, Any], name: str) -> tuple[str, ...]:
    ids = body.get(name) or []
    if (
        not isinstance(ids, list)
        or len(ids) > MOST_IDS
        or not all(isinstance(key, str) and 0 < len(key) <= LONGEST_ID for key in ids)
    ):
        raise InvalidOptionError(option=name, value=str(ids)[:40], expected=f"≤ {MOST_IDS} × id")
    return tuple(sorted(set(ids)))
