"""Scenarios that are kept under a name: saved, listed, deleted, written out, and carried out as a revision."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from flask import Blueprint, Response, request

from geogrid.coverage.reading import STANDARD_READINGS, Reading
from geogrid.coverage.scenario import Scenario
from geogrid.coverage.scenario_lonlat import read_records
from geogrid.crs import WGS84, crs_name
from geogrid.errors import InvalidOptionError
from geogrid.io.export import write_layer
from geogrid.io.table import write_tables
from geogrid.labels import label
from geogrid.workspace import Workspace
from geogrid.workspace.scenarios import (
    StoredScenario,
    apply_kept_scenario,
    delete_scenario,
    find_applied,
    find_scenario,
    list_scenarios,
    save_scenario,
    undo_applied,
)
from webmap.asked import read_body
from webmap.county import County, current_county
from webmap.downloads import send_written
from webmap.effects import describe_effect
from webmap.languages import page_language
from webmap.planning import read_whole, require_whole
from webmap.roles import current_reader, needs, open_to_edit
from webmap.scenario_api import measure_standing, read_edits
from webmap.view import current_view
from webmap.whatif import measure_edited

scenarios_api = Blueprint("scenarios", __name__, url_prefix="/api/v1/scenarios")

MOST_COMPARED = 4
LONGEST_NOTE = 400


@scenarios_api.get("")
@needs("plan")
def listed() -> dict[str, Any]:
    """All kept scenarios with their edits and versions; `applied` is the latest one carried out that stands."""
    with Workspace.open(current_county().path, readonly=True) as workspace, workspace.snapshot():
        scenarios = [stored.to_dict() for stored in list_scenarios(workspace)]
        return {"scenarios": scenarios, "applied": find_applied(workspace)}


@scenarios_api.post("")
@needs("plan")
def save() -> dict[str, Any]:
    """Keep edits under a name: `{"name": "…", "note": "", "edits": […], "version": 3}`.

    With a `version` in the place of that version of the scenario, without one under a name that is not in
    use; whatever else is kept there by now is a conflict that tells `yours` and `theirs`.
    """
    body, county = read_body(), current_county()
    name, note, version = _read_name(body), body.get("note") or "", read_whole(body, "version")
    if not isinstance(note, str) or len(note) > LONGEST_NOTE:
        raise InvalidOptionError(option="note", value=str(note)[:40], expected=f"≤ {LONGEST_NOTE}")
    edits = read_edits(body, county)
    if not edits.edits:
        raise InvalidOptionError(option="edits", value="[]", expected='[{"do": …, "id": …}, …]')
    edits.apply(county.require_town())
    with open_to_edit() as workspace:
        return save_scenario(workspace, name, edits, current_reader().login, note, version=version).to_dict()


@scenarios_api.post("/delete")
@needs("plan")
def delete() -> dict[str, Any]:
    """Drop a scenario: `{"name": "…", "version": 3}`; another version than the one that is kept is a conflict."""
    body = read_body()
    name, version = _read_name(body), require_whole(body, "version")
    with open_to_edit() as workspace:
        delete_scenario(workspace, name, current_reader().login, version=version)
    return {"deleted": name}


@scenarios_api.post("/apply")
@needs("edit")
def apply() -> dict[str, Any]:
    """Make a kept scenario's edits in the county's own data: `{"name": "…", "version": 3, "confirm": true}`.

    One revision, whose number is answered; null where everything stood so already. An account of some
    areas changes nothing outside them.
    """
    body = read_body()
    name, version = _read_name(body), read_whole(body, "version")
    if body.get("confirm") is not True:
        raise InvalidOptionError(option="confirm", value=str(body.get("confirm"))[:40], expected="true")
    with open_to_edit() as workspace:
        done = apply_kept_scenario(workspace, name, current_reader().login, version=version)
    return {
        "name": name,
        "revision": done.revision,
        "added": done.added,
        "changed": done.changed,
        "removed": done.removed,
    }


@scenarios_api.post("/undo")
@needs("edit")
def undo() -> dict[str, Any]:
    """Take back a scenario that was carried out: `{"revision": 7}`; what was changed since is listed as `rows`."""
    revision = require_whole(read_body(), "revision")
    with open_to_edit() as workspace:
        made = undo_applied(workspace, revision, current_reader().login)
    return {"undone": revision, "revision": made}


# --- files -------------------------------------------------------------------------------------


@scenarios_api.get("/edits.geojson")
@needs("plan")
def edits_file() -> Response:
    """The edits of a kept scenario as features, `?name=`: points, lines, and none where nothing has a place."""
    county = current_county()
    name = _read_name(request.args)
    with Workspace.open(county.path, readonly=True) as workspace:
        stored = find_scenario(workspace, name)
    title = label("web.plan.scenario", page_language())
    frame = _tabulate_edits(county, stored)

    def write(path: Path) -> None:
        write_layer(frame, path, layer_title=title)

    return send_written(county, f"{title} {name}", ".geojson", write)


@scenarios_api.get("/comparison.xlsx")
@needs("plan")
def comparison_file() -> Response:
    """What stands and kept scenarios side by side, `?name=` once or more: a sheet for each reading."""
    county, language = current_view(), page_language()
    names = request.args.getlist("name")
    if not 0 < len(names) <= MOST_COMPARED:
        raise InvalidOptionError(option="name", value=str(len(names)), expected=f"1 … {MOST_COMPARED}")
    with Workspace.open(county.path, readonly=True) as workspace:
        stored = [find_scenario(workspace, name) for name in names]
    crs = crs_name(county.require_town().street.crs)
    plans = [(one.name, read_records(one.records, crs)) for one in stored]
    readings = dict.fromkeys((county.reading, *STANDARD_READINGS))
    sheets = {
        reading.title(language): compare_scenarios(county, reading, plans, language) for reading in readings
    }

    def write(path: Path) -> None:
        write_tables(sheets, path)

    return send_written(county, label("web.plan.compare", language), ".xlsx", write)


def compare_scenarios(
    county: County, reading: Reading, plans: list[tuple[str, Scenario]], language: str
) -> pd.DataFrame:
    """One row a community and one for the county: homes and people in all, now, and with each scenario."""
    before = measure_standing(county, reading, None)
    effects = [
        (name, describe_effect(county, reading, before, measure_edited(county, reading, plan, None)))
        for name, plan in plans
    ]
    _, first = effects[0]
    whole = {"code": None, "name": label("web.list.total", language)}
    rows = []
    for number, area in enumerate([whole, *first["by_community"]]):
        row: dict[str, Any] = {
            label("web.list.code", language): area["code"],
            label("web.list.name", language): area["name"] or label("web.outside", language),
        }
        for kind in ("homes", "people"):
            title = label(f"web.list.{kind}", language)
            columns = [(label("web.plan.today", language), first, "before")]
            columns += [(name, effect, "after") for name, effect in effects]
            for head, effect, when in columns:
                counts = (effect if number == 0 else effect["by_community"][number - 1])[kind]
                if head == columns[0][0]:
                    row[f"{title} · {label('web.list.total', language)}"] = counts and counts["total"]
                row[f"{title} · {head}"] = counts and counts[when]
        row[label("web.plan.unanswered_homes", language)] = first["unanswered"] if number == 0 else None
        rows.append(row)
    if county.is_synthetic:
        rows.append({label("web.list.name", language): label("web.synthetic_note", language)})
    return pd.DataFrame(rows)


def _tabulate_edits(county: County, stored: StoredScenario) -> gpd.GeoDataFrame:
    """One row an edit, with what it names and where it is."""
    shapes = [
        shapely.LineString(record["path"])
        if "path" in record
        else shapely.Point(record["lon"], record["lat"])
        if "lon" in record
        else None
        for record in stored.records
    ]
    columns = ("do", "id", "name", "compound", "bridge", "steps")
    rows = [{column: record.get(column) for column in columns} for record in stored.records]
    frame = gpd.GeoDataFrame(
        pd.DataFrame(rows, columns=list(columns), dtype=object), geometry=gpd.GeoSeries(shapes, crs=WGS84)
    )
    return frame.assign(scenario=stored.name, synthetic=county.is_synthetic)


def _read_name(given: Any) -> str:
    name = given.get("name")
    if not isinstance(name, str) or not name.strip():
        raise InvalidOptionError(option="name", value=str(name)[:40], expected="text")
    return name.strip()
