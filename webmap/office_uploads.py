"""Layers and rosters from a file: previewed, mapped, confirmed; one revision each, or nothing."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd
from flask import Blueprint, Response, request
from werkzeug.datastructures import MultiDict

from geogrid.checks import run_checks
from geogrid.checks.datum import find_shifted_layers
from geogrid.crs import Datum, change_crs
from geogrid.errors import (
    ConsentMissingError,
    Fault,
    FileContentError,
    GeogridError,
    InputError,
    InvalidOptionError,
    JobCancelledError,
    JobNotFoundError,
    MissingColumnsError,
    UnknownLayerError,
    WorkspaceError,
)
from geogrid.findings import Finding
from geogrid.io.columns import PLACE_COLUMNS, match_columns
from geogrid.io.roster import read_roster
from geogrid.io.source import SUPPORTED
from geogrid.io.table import TABLE_SUFFIXES, read_table
from geogrid.io.vector import read_layer
from geogrid.labels import label
from geogrid.schema import LAYERS, ROSTER, TABLES, Geometry, Layer
from geogrid.workspace import (
    ImportMode,
    ImportReport,
    KeyChanges,
    Workspace,
    compare_keys,
    find_extent,
    import_layers,
)
from geogrid.workspace.roster import ChangeKind, Missing, RosterChange, RosterPlan, apply_roster, plan_roster
from webmap.county import current_county
from webmap.jobs import Job, State, Work, current_jobs
from webmap.languages import page_language
from webmap.office import current_owner, render_job, render_office, require_whole_county, show_job
from webmap.roles import needs, open_to_edit
from webmap.uploads import save_upload, takes_file

office_uploads = Blueprint("office_uploads", __name__, url_prefix="/office")

LAYER_SUFFIXES = tuple(suffix for suffix in SUPPORTED if suffix not in (".shp", ".gdb"))
"""What one file can hold: a shapefile comes as .zip, a file geodatabase not at all."""
ENCODINGS = ("utf-8", "gb18030", "big5")
MOST_SHOWN = 200
"""Rows, faults and findings that a page lists; it says how many more there are."""
MAP_PREFIX = "column."


@dataclass(frozen=True)
class Options:
    """How a file is to be read.

    Attributes
    ----------
    name
        What its owner calls it.
    columns
        Our column -> the file's, where the owner named it.
    """

    name: str
    layer: str
    datum: str = ""
    crs: str = ""
    encoding: str = ""
    mode: str = "add"
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Preview:
    """What a file would do, or why it cannot.

    Attributes
    ----------
    revision
        Of the county that it was made from, and that it is good for alone.
    headings
        The columns of the file, as far as they are known.
    written
        The revision that it became.
    """

    options: Options
    path: Path
    revision: int
    headings: Sequence[str] = ()
    matched: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[str] = ()
    refusal: GeogridError | None = None
    written: int | None = None
    is_settled: bool = False

    @property
    def faults(self) -> Sequence[Fault]:
        """The faults of the file, each with its row."""
        return self.refusal.faults if isinstance(self.refusal, FileContentError) else ()

    @property
    def target(self) -> Layer:
        """The layer, or the roster, that the file is for."""
        return ROSTER if self.options.layer == ROSTER.name else LAYERS[self.options.layer]

    @property
    def choices(self) -> list[tuple[str, str, str, bool]]:
        """Our columns: name, titles, and whether a value is needed; for tables with those of the place."""
        own = [(one.name, one.zh, one.en, one.required) for one in self.target.columns]
        is_table = Path(self.options.name).suffix.lower() in TABLE_SUFFIXES
        places = PLACE_COLUMNS if is_table and self.target.geometry is not Geometry.NONE else ()
        return own + [(name, name, name, False) for name in places]


@dataclass
class LayerPreview(Preview):
    """What a layer's file would do."""

    frame: pd.DataFrame | None = None
    report: ImportReport | None = None
    changes: KeyChanges | None = None
    suspicions: Sequence[Finding] = ()
    findings: Sequence[Finding] = ()


@dataclass
class RosterPreview(Preview):
    """What a roster would do."""

    plan: RosterPlan | None = None

    @property
    def listed(self) -> list[RosterChange]:
        """What changes, conflicts first."""
        assert self.plan is not None  # noqa: S101  # asked of a roster that was read
        changed = [one for one in self.plan.changes if one.kind is not ChangeKind.UNCHANGED]
        return sorted(changed, key=lambda one: one.kind is not ChangeKind.CONFLICT)


# --- the form ------------------------------------------------------------------------------------


@office_uploads.get("/uploads")
@needs("upload")
def uploads_page() -> Response:
    """The forms for a layer and for the roster."""
    return render_office(
        "office_uploads.html",
        section="uploads",
        layers=LAYERS.values(),
        datums=list(Datum),
        encodings=ENCODINGS,
        layer_suffixes=LAYER_SUFFIXES,
        table_suffixes=TABLE_SUFFIXES,
    )


@office_uploads.post("/uploads")
@needs("upload")
@takes_file
def send_file() -> Response:
    """Send a file: `layer` (or `roster`), `file`, `datum`, `crs`, `encoding`, `mode`; a preview follows."""
    require_whole_county()
    asked = request.form
    layer = asked.get("layer", "")
    if layer != ROSTER.name and layer not in LAYERS:
        raise UnknownLayerError(layer=layer[:40], known=", ".join([ROSTER.name, *LAYERS]))
    options = _read_options(asked, layer, "")
    sent = save_upload("file", TABLE_SUFFIXES if layer == ROSTER.name else LAYER_SUFFIXES)
    return _preview(replace(options, name=sent.name), sent.path)


@office_uploads.post("/uploads/<key>/again")
@needs("upload")
def preview_again(key: str) -> Response:
    """Preview the same file with other options, or after the county was changed."""
    runner = current_jobs()
    job, preview = _find_preview(key)
    options = _read_options(request.form, preview.options.layer, preview.options.name)
    folder = runner.take_folder(job)
    return _preview(options, folder / preview.path.name)


@office_uploads.post("/uploads/<key>/confirm")
@needs("edit")
def confirm(key: str) -> Response:
    """Write what was previewed, as one revision; a county that was changed since is told."""
    require_whole_county()
    job, preview = _find_preview(key)
    if not job.acting.acquire(blocking=False):
        raise JobNotFoundError(key=key[:40])  # it is being written already
    try:
        if preview.is_settled or preview.refusal is not None:
            raise JobNotFoundError(key=key[:40])
        if isinstance(preview, LayerPreview) and preview.suspicions and request.form.get("consent") != "yes":
            raise ConsentMissingError(sentence=label("web.office.upload.shift_known", page_language()))
        preview.written = _write(preview)
        preview.is_settled = True
    except (InputError, WorkspaceError) as refusal:
        return render_job(job, refusal)
    finally:
        job.acting.release()
    preview.path.unlink(missing_ok=True)
    if isinstance(preview, LayerPreview):
        preview.frame = None
    return show_job(job)


def _read_options(asked: MultiDict[str, str], layer: str, name: str) -> Options:
    datum, encoding, mode = (asked.get(one, "") for one in ("datum", "encoding", "mode"))
    modes = [one.value for one in (Missing if layer == ROSTER.name else ImportMode)]
    _require_one_of("datum", datum, ["", *Datum])
    _require_one_of("encoding", encoding, ["", *ENCODINGS])
    _require_one_of("mode", mode or modes[0], modes)
    if layer != ROSTER.name and not datum:
        hint = label("web.office.upload.datum_needed", page_language())
        raise InvalidOptionError(option=label("web.office.datum", page_language()), value="", expected=hint)
    columns = {
        one.removeprefix(MAP_PREFIX): value
        for one, value in asked.items()
        if one.startswith(MAP_PREFIX) and value
    }
    return Options(name, layer, datum, asked.get("crs", "").strip(), encoding, mode or modes[0], columns)


def _require_one_of(option: str, value: str, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise InvalidOptionError(option=option, value=value[:40], expected=" / ".join(filter(None, allowed)))


def _find_preview(key: str) -> tuple[Job, Preview]:
    job = current_jobs().find(current_owner(), key)
    if job.state is not State.DONE or not isinstance(job.outcome, Preview):
        raise JobNotFoundError(key=key[:40])
    return job, job.outcome


# --- the preview ---------------------------------------------------------------------------------


def _preview(options: Options, path: Path) -> Response:
    is_roster = options.layer == ROSTER.name
    work = (_read_people if is_roster else _read_features)(options, path, current_county().path)
    kind = "roster" if is_roster else "layer"
    job = current_jobs().submit(current_owner(), kind, options.name, work, folder=path.parent)
    return show_job(job)


def _read_features(options: Options, path: Path, county: Path) -> Work:
    def work(job: Job) -> LayerPreview:
        with Workspace.open(county) as workspace:
            preview = LayerPreview(options, path, workspace.revision)
            try:
                _fill_layer(preview, workspace, job)
            except JobCancelledError:
                raise
            except GeogridError as refusal:
                _refuse(preview, refusal)
            return preview

    return work


def _fill_layer(preview: LayerPreview, workspace: Workspace, job: Job) -> None:
    options, layer = preview.options, preview.target
    imported = read_layer(
        preview.path,
        layer,
        datum=Datum(options.datum),
        crs=options.crs or None,
        columns=options.columns,
        encoding=options.encoding or None,
        store_crs=workspace.store_crs,
        extent=find_extent(workspace, besides=layer.name),
        progress=lambda share, step: job.tell(0.05 + 0.5 * share, step),
    )
    preview.headings, preview.matched = imported.columns, imported.matched
    preview.notes, preview.frame = imported.notes, imported.frame
    job.tell(0.6, "web.office.step.compare")
    mode = ImportMode(options.mode)
    preview.report = import_layers(
        workspace, {layer.name: imported.frame}, mode, author="", note="", is_rehearsal=True
    )
    preview.changes = compare_keys(workspace, layer.name, imported.frame, mode)
    preview.suspicions = find_shifted_layers(preview.report.positions)
    job.tell(0.8, "report.step.findings")
    preview.findings = _check_after(workspace, preview, mode)


def _check_after(workspace: Workspace, preview: LayerPreview, mode: ImportMode) -> list[Finding]:
    """What the checks would find in the layer once it was written."""
    layer, frame = preview.target, preview.frame
    if workspace.metric_crs is None or frame is None:
        return []
    layers, tables = workspace.read_all()
    arrived = change_crs(frame, workspace.metric_crs, layer.name)
    held = layers[layer.name]
    is_ended = (
        held["valid_to"].notna() if "valid_to" in held.columns else pd.Series(data=False, index=held.index)
    )
    if mode is ImportMode.MERGE:
        kept = held[is_ended | ~held[layer.key].isin(frame[layer.key])]
    else:
        kept = held[is_ended] if mode is ImportMode.REPLACE else held
    after = pd.concat([kept, arrived], ignore_index=True) if len(kept) else arrived
    open_tables = {name: table for name, table in tables.items() if not TABLES[name].is_personal}
    today = datetime.date.today()  # noqa: DTZ011  # the office's own day
    found = run_checks({**layers, layer.name: after}, open_tables, today)
    return [one for one in found if one.layer == layer.name and not one.code.startswith("datum.")]


def _read_people(options: Options, path: Path, county: Path) -> Work:
    def work(job: Job) -> RosterPreview:
        with Workspace.open(county, readonly=True) as workspace:
            preview = RosterPreview(options, path, workspace.revision)
            job.tell(0.1, "io.progress.read")
            try:
                roster = read_roster(path, encoding=options.encoding or None, columns=options.columns)
                preview.headings, preview.matched, preview.notes = (
                    roster.columns,
                    roster.matched,
                    roster.notes,
                )
                job.tell(0.6, "web.office.step.compare")
                today = datetime.date.today()  # noqa: DTZ011  # the office's own day
                preview.plan = plan_roster(workspace, roster, Missing(options.mode), today)
                preview.revision = preview.plan.revision
            except JobCancelledError:
                raise
            except GeogridError as refusal:
                _refuse(preview, refusal)
            return preview

    return work


def _refuse(preview: Preview, refusal: GeogridError) -> None:
    """Keep why a file cannot be taken, under the name that its owner knows, with its columns to choose from."""
    for name in ("file", "where"):
        shown = getattr(refusal, name, None)
        if isinstance(shown, str):
            setattr(refusal, name, shown.replace(preview.path.name, preview.options.name))
    preview.refusal = refusal
    if isinstance(refusal, MissingColumnsError):
        preview.headings = list(refusal.found)
    elif not preview.headings and isinstance(refusal, FileContentError):
        preview.headings = _read_headings(preview)
    if preview.headings and not preview.matched:
        preview.matched = _match(preview)


def _read_headings(preview: Preview) -> list[str]:
    if preview.path.suffix not in TABLE_SUFFIXES:
        return []
    try:
        return read_table(preview.path, encoding=preview.options.encoding or None).columns
    except GeogridError:
        return []


def _match(preview: Preview) -> dict[str, str]:
    """Which columns would be taken for which of ours; none while one that must be there is not."""
    options, headings = preview.options, preview.headings
    is_table = preview.path.suffix in TABLE_SUFFIXES
    try:
        return match_columns(preview.target, headings, options.columns, options.name, is_table=is_table)
    except InputError:
        return {}


def _write(preview: Preview) -> int | None:
    """Write a preview as one revision; None when nothing had to change."""
    with open_to_edit() as workspace:
        if isinstance(preview, RosterPreview):
            assert preview.plan is not None  # noqa: S101  # without a refusal there is one
            return apply_roster(workspace, preview.plan, actor=current_owner())
        assert isinstance(preview, LayerPreview)  # noqa: S101  # the two kinds that there are
        assert preview.frame is not None  # noqa: S101  # without a refusal there is one
        layer = preview.options.layer
        return import_layers(
            workspace,
            {layer: preview.frame},
            ImportMode(preview.options.mode),
            author=current_owner(),
            note=f"import {layer} {preview.options.name}",
            is_rehearsal=False,
            expected=preview.revision,
            file=preview.options.name,
        ).revision


def describe(change: RosterChange, language: str) -> dict[str, Any]:
    """A line of a roster's preview in words."""
    return {
        "kind": label(f"roster.{change.kind.value}", language),
        "what": label(f"roster.{change.what}", language, told=change.told),
    }
