"""What if, for the page: POST /api/v1/scenario computes a few edits and keeps nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from flask import Blueprint

from geogrid.coverage.reading import Reading
from geogrid.coverage.scenario import AddCentre, MoveCentre, RemoveCentre, Scenario
from geogrid.coverage.scenario_lonlat import read_records
from geogrid.coverage.walks import Layout, lay_out, measure_walks, replace_centres
from geogrid.crs import crs_name
from geogrid.errors import InvalidOptionError
from geogrid.network.impedance import Floats
from geogrid.siting.instance import Weight, count_demand
from webmap.county import County, current_county
from webmap.planning import read_body, read_reading, tell_count
from webmap.roles import needs
from webmap.summary import code_status

scenario_api = Blueprint("scenario", __name__, url_prefix="/api/v1")

MOST_EDITS = 20
"""Edits of one request: what somebody drags and draws on a map."""


@scenario_api.post("/scenario")
@needs("plan")
def scenario() -> dict[str, Any]:
    """What edits would change: `{"edits": [{"do": "add_centre", "id": "try", "lon": …, "lat": …}], "minutes": 10}`.

    `status` and `bands` are as in `/api/v1/homes`; `people` are rounded and small counts are not told.
    """
    body, county = read_body(), current_county()
    town = county.require_town()
    reading = read_reading(body, county.reading)
    edits = read_records(body.get("edits"), crs_name(town.street.crs))
    if len(edits.edits) > MOST_EDITS:
        raise InvalidOptionError(option="edits", value=str(len(edits.edits)), expected=f"≤ {MOST_EDITS}")
    before = county.results.find(
        ("walks", reading), lambda: measure_walks(county.layout, reading.measure).cost
    )
    after = measure_walks(_lay_out(county, edits), reading.measure).cost
    return {
        "reading": str(reading),
        "revision": county.revision,
        **_count(county, before, after, reading),
        **code_status(county, reading, _frame(county, after, reading)),
    }


def _lay_out(county: County, edits: Scenario) -> Layout:
    """The edited town on its streets; where only centres change, the streets are those of the county."""
    edited = edits.apply(county.require_town())
    if all(isinstance(edit, AddCentre | MoveCentre | RemoveCentre) for edit in edits.edits):
        return replace_centres(edited, county.layout)
    return lay_out(edited)


def _count(county: County, before: Floats, after: Floats, reading: Reading) -> dict[str, Any]:
    """Homes and people covered before and after, newly covered and lost."""
    was, will = before <= reading.cutoff_units, after <= reading.cutoff_units
    parts = {"before": was, "after": will, "newly": will & ~was, "lost": was & ~will}
    demand = county.results.find("demand", lambda: count_demand(county.layout))
    told: dict[str, Any] = {}
    for kind in (Weight.HOMES, Weight.PEOPLE, Weight.ELDERLY, Weight.CHILDREN):
        if kind not in demand:
            told[kind.value] = None
            continue
        sums = {name: int(np.nansum(demand[kind][part])) for name, part in parts.items()}
        is_homes = kind is Weight.HOMES
        told[kind.value] = sums if is_homes else {name: tell_count(value) for name, value in sums.items()}
    return told


def _frame(county: County, cost: Floats, reading: Reading) -> pd.DataFrame:
    """The homes as `code_status` reads them, measured in the reading's own measure."""
    status = np.where(cost <= reading.cutoff_units, "covered", "not_covered").astype(object)
    status[~np.isfinite(cost)] = "unanswered"
    units = np.where(np.isfinite(cost), cost / 1000.0, np.nan)
    index = pd.Index(county.layout.homes.building["id"].to_numpy(object), dtype=object)
    return pd.DataFrame({"status": status, "walk_s": units, "length_m": units}, index=index)
