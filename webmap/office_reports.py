"""Reports and exports that are ordered from a form and fetched when they are ready."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import replace

from flask import Blueprint, Response, request

from geogrid.coverage.telling import LEAST_HOMES
from geogrid.crs import WGS84
from geogrid.errors import ConsentMissingError, InvalidOptionError, UnknownLayerError
from geogrid.io.export import EXPORT_SUFFIXES, leave_out_counts, write_layer
from geogrid.labels import LANGUAGES, label
from geogrid.reports.compose import compose_report
from geogrid.reports.forms import FORMS, PUBLIC_FORMS, describe_command, describe_event, write_document
from geogrid.reports.gather import Request, gather_county
from geogrid.reports.public import compose_public_report
from geogrid.schema import LAYERS, SMALLEST_COUNT, TABLES
from geogrid.workspace import Workspace
from geogrid.workspace.audit import Event
from geogrid.workspace.exporting import COMPUTED, read_export
from geogrid.workspace.record import put_on_record
from geogrid.workspace.scenarios import list_scenarios
from webmap.county import County, current_county
from webmap.jobs import Job, Product, Work, current_jobs
from webmap.languages import page_language
from webmap.names import name_download
from webmap.office import current_owner, render_office, require_whole_county, show_job
from webmap.roles import needs
from webmap.view import current_view

office_reports = Blueprint("office_reports", __name__, url_prefix="/office")

STEP_SHARES = {"read": 0.02, "findings": 0.08, "coverage": 0.25, "doubt": 0.35, "siting": 0.5}
"""How much of a report is done when each step begins; drawing is the rest, from `DRAWING`."""
DRAWING = 0.7
LONGEST_CRS = 40
PUBLIC = "public"
"""The scope of a report for everybody."""


@office_reports.get("/reports")
@needs("report")
def reports_page() -> Response:
    """The forms for a report and for an export."""
    county = current_county()
    with Workspace.open(county.path, readonly=True) as workspace:
        scenarios = [scenario.name for scenario in list_scenarios(workspace)]
        history = workspace.history().head(200)
        crs_choices = list(dict.fromkeys(filter(None, (workspace.store_crs, WGS84, workspace.metric_crs))))
    return render_office(
        "office_reports.html",
        section="reports",
        forms=FORMS,
        suffixes=EXPORT_SUFFIXES,
        communities=_list_names(county, "community"),
        districts=_list_names(county, "district"),
        scenarios=scenarios,
        revisions=[row for row in history.to_dict("records") if row["revision"] < county.revision],
        layers=title_exports(page_language()),
        crs_choices=crs_choices,
    )


@office_reports.post("/reports")
@needs("report")
def order_report() -> Response:
    """Order a report: `scope` (`community:CODE`, `district:CODE`), `scenario`, `since`, `language`, `form`."""
    county, asked = current_county(), request.form
    form = _choose("form", asked.get("form", ""), FORMS)
    tongue = _choose("language", asked.get("language", page_language()), LANGUAGES)
    kind, _, code = asked.get("scope", "").partition(":")
    is_public = kind == PUBLIC
    if kind and not is_public:
        _choose("scope", kind, ("community", "district"))
    wanted = Request(
        community=code if kind == "community" else None,
        district=code if kind == "district" else None,
        scenario=asked.get("scenario") or None,
        since=_read_revision(asked.get("since", "")),
        is_public=is_public,
    )
    if is_public:
        _choose("form", form, PUBLIC_FORMS)
    about = name_download(
        county, label("web.office.report.title", tongue), code, wanted.scenario or "", suffix=form
    )
    job = current_jobs().submit(
        current_owner(),
        "report",
        about,
        _report(current_view(), wanted, form, tongue, about, current_owner()),
    )
    return show_job(job)


@office_reports.post("/exports")
@needs("export_bulk")
def order_export() -> Response:
    """Order a layer as a file: `layer`, `suffix`, `crs`, and `consent` to a bulk export."""
    require_whole_county()
    county, asked, language = current_county(), request.form, page_language()
    titles = title_exports(language)
    layer = asked.get("layer", "")
    if layer not in titles:
        raise UnknownLayerError(layer=layer[:40], known=", ".join(titles))
    suffix = _choose("suffix", asked.get("suffix", ""), EXPORT_SUFFIXES)
    if asked.get("consent") != "yes":
        raise ConsentMissingError(sentence=label("web.office.export.consent", language))
    about = name_download(county, titles[layer], suffix=suffix)
    crs = asked.get("crs") or None
    if crs is not None and len(crs) > LONGEST_CRS:
        raise InvalidOptionError(option="crs", value=crs[:40], expected="EPSG:4490 …")
    event = Event(
        current_owner(), "export", f"layer:{layer}", detail={"file": suffix, "crs": crs, "consent": True}
    )
    work = _export(county, layer, suffix, crs, about, event)
    job = current_jobs().submit(current_owner(), "export", about, work)
    return show_job(job)


def title_exports(language: str) -> dict[str, str]:
    """What can be exported, by name, with its title; nothing personal is among it."""
    layers = {name: layer for name, layer in {**LAYERS, **TABLES}.items() if not layer.is_personal}
    titles = {name: layer.zh if language == "zh" else layer.en for name, layer in layers.items()}
    return titles | {name: label(f"coverage.{name}", language) for name in COMPUTED}


def _list_names(county: County, layer: str) -> list[tuple[str, str]]:
    frame = county.layers[layer]
    return list(zip(frame["code"].astype(str), frame["name"].astype(str), strict=True))


def _choose(option: str, value: str, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise InvalidOptionError(option=option, value=value[:40], expected=" / ".join(allowed))
    return value


def _read_revision(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise InvalidOptionError(option="since", value=text[:40], expected="1, 2, 3 …")
    return int(text)


def _report(view: County, wanted: Request, form: str, tongue: str, name: str, owner: str) -> Work:
    path, seen = view.path, None if view.whole is None else view.seen

    def work(job: Job) -> Product:
        today = datetime.date.today()  # noqa: DTZ011  # the office's own day
        out = job.folder / f"report{form}"
        command = describe_command(path.name, f"report{form}", wanted, tongue)
        with Workspace.open(path, readonly=True) as workspace:
            if wanted.is_public:
                job.tell(STEP_SHARES["coverage"], "report.step.coverage")
                document = compose_public_report(workspace, today, tongue, command=command)
                write_document(document, None, out, _draw_with(job))
                put_on_record(path, describe_event(owner, wanted, form))
                return Product(out, name)
            facts = gather_county(
                workspace,
                wanted,
                today,
                lambda step: job.tell(STEP_SHARES[step], f"report.step.{step}"),
                seen=seen,
            )
        document = compose_report(facts, tongue, command=command)
        write_document(document, facts, out, _draw_with(job))
        put_on_record(path, describe_event(owner, wanted, form))
        return Product(out, name)

    return work


def _draw_with(job: Job) -> Callable[[int, int], None]:
    return lambda done, total: job.tell(DRAWING + (1 - DRAWING) * done / total, "report.step.draw")


def _export(county: County, layer: str, suffix: str, crs: str | None, name: str, event: Event) -> Work:
    def work(job: Job) -> Product:
        job.tell(0.1, "report.step.coverage" if layer in COMPUTED else "report.step.read")
        with Workspace.open(county.path, readonly=True) as workspace:
            frame = read_export(workspace, layer)
        frame, n_hidden = leave_out_counts(frame)
        job.tell(0.7, "web.office.step.write")
        out = job.folder / f"export{suffix}"
        written = write_layer(frame, out, layer_title=title_exports("zh")[layer], crs=crs)
        put_on_record(county.path, replace(event, detail={**event.detail, "rows": len(frame)}))
        hidden = [
            tuple(
                label("web.office.export.hidden", x, n=n_hidden, homes=LEAST_HOMES, least=SMALLEST_COUNT)
                for x in LANGUAGES
            )
        ]
        told = [_part(note) for note in written.notes] + (hidden if n_hidden else [])
        return Product(written.path, name, tuple((zh, en) for zh, en in told))

    return work


def _part(note: str) -> tuple[str, str]:
    """The two languages of a note."""
    zh, _, en = note.partition(" / ")
    return zh, en or zh
