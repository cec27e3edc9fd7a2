"""Faults in the data with their remedies, and areas mended after a look at what would change hands."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import shapely
from flask import Blueprint, Response, request
from shapely.geometry.base import BaseGeometry

from geogrid.areas.mend import Rule
from geogrid.checks import run_checks
from geogrid.checks.mending import MendPlan
from geogrid.crs import to_lonlat
from geogrid.errors import ConflictError, InvalidOptionError, JobNotFoundError, UnknownLayerError
from geogrid.findings import Finding, Severity
from geogrid.schema import AREA_LAYERS, LAYERS, TABLES
from geogrid.workspace import Workspace
from geogrid.workspace.mending import apply_mend, plan_county_mend
from webmap.county import County, current_county
from webmap.jobs import Job, State, Work, current_jobs
from webmap.office import current_owner, render_job, render_office, require_whole_county, show_job
from webmap.roles import current_reader, needs, open_to_edit

office_findings = Blueprint("office_findings", __name__, url_prefix="/office")

SHOWN = 200
"""Findings that the page lists, gravest first; the filter brings others."""
MOST_M = 100.0
"""The widest snapping, and the widest sliver, that the form takes; more would redraw areas."""
NEAR_ZOOM = 18


@dataclass(frozen=True)
class Told:
    """A finding as the page lists it, with the address of its place on the map."""

    finding: Finding
    view: str


@dataclass
class MendPreview:
    """A plan to mend, and the revision that it became."""

    plan: MendPlan
    revision: int
    written: int | None = None
    is_settled: bool = False

    @property
    def picture(self) -> Mapping[str, Any]:
        """The areas as they would be, and the ground that changes hands, as paths of one picture."""
        west, south, east, north = self.plan.before.total_bounds.tolist()
        margin = 0.02 * max(east - west, north - south)
        box = (west - margin, -north - margin, east - west + 2 * margin, north - south + 2 * margin)
        return {
            "box": " ".join(f"{value:.1f}" for value in (0, 0, box[2], box[3])),
            "areas": [draw_path(shape, box[0], box[1]) for shape in self.plan.after.geometry],
            "moves": [draw_path(shape, box[0], box[1]) for shape in self.plan.moves.geometry],
        }


@office_findings.get("/findings")
@needs("edit")
def findings_page() -> Response:
    """The findings, gravest first, narrowed by `severity`, `layer` and `code`; and the form for mending."""
    county = current_county()
    is_scoped = bool(current_reader().scope)
    found = county.results.find(
        ("office_findings", is_scoped), lambda: _check(county, with_people=not is_scoped)
    )
    wanted = {name: request.args.get(name, "") for name in ("severity", "layer", "code")}
    chosen = [
        told
        for told in found
        if all(not value or getattr(told.finding, name) == value for name, value in wanted.items())
    ]
    return render_office(
        "office_findings.html",
        section="findings",
        wanted=wanted,
        counts={severity: sum(told.finding.severity is severity for told in found) for severity in Severity},
        layers=sorted({told.finding.layer for told in found}),
        codes=sorted({told.finding.code for told in found}),
        titles={**LAYERS, **TABLES},
        n_chosen=len(chosen),
        listed=chosen[:SHOWN],
        area_layers=[LAYERS[name] for name in AREA_LAYERS],
        rules=list(Rule),
    )


@office_findings.post("/mend")
@needs("edit")
def order_mend() -> Response:
    """Work out how the areas of a `layer` would be mended: `rule`, `winner`, `snap_m`, `sliver_m`."""
    require_whole_county()
    asked = request.form
    layer, rule = asked.get("layer", ""), asked.get("rule", "")
    if layer not in AREA_LAYERS:
        raise UnknownLayerError(layer=layer[:40], known=", ".join(AREA_LAYERS))
    if rule not in list(Rule):
        raise InvalidOptionError(option="rule", value=rule[:40], expected=" / ".join(Rule))
    winner = asked.get("winner", "").strip() if rule == Rule.WINNER else ""
    snap_m, sliver_m = (_read_metres(name, asked.get(name, "")) for name in ("snap_m", "sliver_m"))
    work = _plan(current_county().path, layer, Rule(rule), winner or None, snap_m, sliver_m)
    return show_job(current_jobs().submit(current_owner(), "mend", layer, work))


@office_findings.post("/mend/<key>/confirm")
@needs("edit")
def confirm_mend(key: str) -> Response:
    """Write the areas as they were previewed, as one revision; areas that were changed since are told."""
    require_whole_county()
    job = current_jobs().find(current_owner(), key)
    if job.state is not State.DONE or not isinstance(job.outcome, MendPreview):
        raise JobNotFoundError(key=key[:40])
    if not job.acting.acquire(blocking=False):
        raise JobNotFoundError(key=key[:40])
    try:
        if job.outcome.is_settled:
            raise JobNotFoundError(key=key[:40])
        with open_to_edit() as workspace:
            job.outcome.written = apply_mend(workspace, job.outcome.plan, current_owner())
        job.outcome.is_settled = True
    except ConflictError as refusal:
        return render_job(job, refusal)
    finally:
        job.acting.release()
    return show_job(job)


def _plan(county: Path, layer: str, rule: Rule, winner: str | None, snap_m: float, sliver_m: float) -> Work:
    def work(job: Job) -> MendPreview:
        job.tell(0.1, "web.office.step.mend")
        with Workspace.open(county, readonly=True) as workspace:
            revision = workspace.revision
            plan = plan_county_mend(
                workspace, layer, rule=rule, winner=winner, snap_m=snap_m, sliver_m=sliver_m
            )
        return MendPreview(plan, revision)

    return work


def _read_metres(option: str, text: str) -> float:
    try:
        value = float(text or 0)
    except ValueError:
        value = math.nan
    if not 0 <= value <= MOST_M:
        raise InvalidOptionError(option=option, value=text[:40], expected=f"0 … {MOST_M:g} m")
    return value


def _check(county: County, *, with_people: bool) -> Sequence[Told]:
    with Workspace.open(county.path, readonly=True) as workspace:
        layers, tables = workspace.read_all()
        metric = str(workspace.metric_crs)
    told = {name: table for name, table in tables.items() if with_people or not TABLES[name].is_personal}
    findings = run_checks(layers, told, county.day)
    has_place = [found.place is not None and not found.place.is_empty for found in findings]
    points = [
        found.place.representative_point() for found in findings if found.place and not found.place.is_empty
    ]
    lonlat = iter(
        shapely.get_coordinates(to_lonlat(gpd.GeoSeries(points, crs=metric), "finding").to_numpy()).tolist()
    )
    return [
        Told(found, _view(*next(lonlat)) if placed else "")
        for found, placed in zip(findings, has_place, strict=True)
    ]


def _view(lon: float, lat: float) -> str:
    return f"view={NEAR_ZOOM}/{lat:.5f}/{lon:.5f}"


def draw_path(shape: BaseGeometry, left: float, top: float) -> str:
    """The rings of a shape as the path of a picture whose y grows downwards.

    >>> draw_path(shapely.box(10, 20, 11, 22), 10, -22)
    'M1.0 2.0L1.0 0.0L0.0 0.0L0.0 2.0L1.0 2.0Z'
    """
    parts = []
    for polygon in shapely.get_parts(shape):
        if polygon.geom_type != "Polygon":
            continue
        for ring in (polygon.exterior, *polygon.interiors):
            points = "L".join(
                f"{x - left:.1f} {-y - top:.1f}" for x, y in shapely.get_coordinates(ring).tolist()
            )
            parts.append(f"M{points}Z")
    return "".join(parts)
