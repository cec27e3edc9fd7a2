"""Where the next centres should stand, for the page: POST /api/v1/siting."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from geogrid.errors import InvalidOptionError
from geogrid.siting.instance import Instance, Weight
from geogrid.siting.remedies import find_remedies
from geogrid.siting.study import study_siting
from geogrid.siting.summary import describe_remedy, describe_study
from webmap.county import current_county
from webmap.planning import read_body, read_reading
from webmap.roles import needs

siting_api = Blueprint("siting", __name__, url_prefix="/api/v1")

MOST_SITES = 20
MOST_IDS, LONGEST_ID = 50, 80
TIME_LIMIT_S = 10.0
"""Of one search; what is not proven by then is told with its gap."""


@siting_api.post("/siting")
@needs("plan")
def siting() -> dict[str, Any]:
    """The best `k` new centres: `{"k": 3, "minutes": 10, "profile": "adult", "weight": "people", "must": [],
    "forbid": [], "remedies": false}`. People are told to the last one.
    """
    body, county = read_body(), current_county()
    k = body.get("k")
    if isinstance(k, bool) or not isinstance(k, int) or not 1 <= k <= MOST_SITES:
        raise InvalidOptionError(option="k", value=str(k)[:40], expected=f"1 … {MOST_SITES}")
    reading = read_reading(body, county.reading)
    must, forbidden = _read_ids(body, "must"), _read_ids(body, "forbid")
    instance = county.pose_siting(reading)
    weight = instance.choose_weight(_read_weight(body))
    wants_remedies = body.get("remedies", False) is True
    key = ("plan", reading, k, weight, must, forbidden)
    told: dict[str, Any] = county.results.find(key, lambda: _study(instance, k, weight, must, forbidden))
    if wants_remedies:
        remedies = county.results.find(("remedies", reading, weight), lambda: _remedy(instance, weight))
        told = told | {"remedies": remedies}
    return told | {"revision": county.revision}


def _study(
    instance: Instance, k: int, weight: Weight, must: tuple[str, ...], forbidden: tuple[str, ...]
) -> dict[str, Any]:
    return describe_study(
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
