"""A spreadsheet of places sent in and the same with what answers for each fetched back; neither is kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path, PurePath

from flask import Blueprint, Response, request

from geogrid.crs import Datum
from geogrid.errors import GeogridError, InvalidOptionError
from geogrid.io.table import TABLE_SUFFIXES
from geogrid.labels import LANGUAGES, label
from geogrid.workspace import Workspace
from geogrid.workspace.audit import Event
from geogrid.workspace.batch import BatchReport, Columns, locate_file
from geogrid.workspace.record import put_on_record
from webmap.county import current_county
from webmap.jobs import Job, Product, Work, current_jobs
from webmap.languages import page_language
from webmap.names import fit_name
from webmap.office import current_owner, render_office, show_job
from webmap.office_uploads import ENCODINGS
from webmap.roles import current_reader, needs
from webmap.roster import open_sight
from webmap.uploads import Upload, save_upload, takes_file

office_batch = Blueprint("office_batch", __name__, url_prefix="/office")

READING = 0.1
"""Share of the work before the first row is looked up."""


@office_batch.get("/batch")
@needs("look_up_batch")
def batch_page() -> Response:
    """The form for a table of places."""
    return render_office(
        "office_batch.html", section="batch", datums=list(Datum), encodings=ENCODINGS, suffixes=TABLE_SUFFIXES
    )


@office_batch.post("/batch")
@needs("look_up_batch")
@takes_file
def order_batch() -> Response:
    """Look up every row of `file`: `column`, `lon`, `lat` name its columns, `datum` and `encoding` how to read them."""
    asked = request.form
    for option, allowed in (("datum", ["", *Datum]), ("encoding", ["", *ENCODINGS])):
        if asked.get(option, "") not in allowed:
            expected = " / ".join(filter(None, allowed))
            raise InvalidOptionError(option=option, value=asked[option][:40], expected=expected)
    columns = Columns(*(asked.get(name, "").strip() or None for name in ("column", "lon", "lat")))
    datum = Datum(asked["datum"]) if asked.get("datum") else None
    sent = save_upload("file", TABLE_SUFFIXES)
    language = page_language()
    county = current_county()
    people = open_sight(county, current_reader(), county.day).people
    owner = current_owner()
    work = _locate(county.path, sent, columns, datum, asked.get("encoding") or None, people, language, owner)
    return show_job(current_jobs().submit(owner, "batch", sent.name, work, folder=sent.folder))


def _locate(
    county: Path,
    sent: Upload,
    columns: Columns,
    datum: Datum | None,
    encoding: str | None,
    people: frozenset[str] | None,
    language: str,
    owner: str,
) -> Work:
    def work(job: Job) -> Product:
        def start(n_rows: int) -> Callable[[int], None]:
            def show(done: int) -> None:
                job.tell(READING + (1 - READING) * done / max(n_rows, 1), "web.office.step.locate")

            return show

        job.tell(0.0, "io.progress.read")
        target = job.folder / f"answers{sent.path.suffix}"
        try:
            with Workspace.open(county, readonly=True) as workspace:
                is_synthetic = workspace.is_synthetic
                report = locate_file(
                    workspace,
                    sent.path,
                    target,
                    columns=columns,
                    datum=datum,
                    encoding=encoding,
                    on=None,
                    language=language,
                    start=start,
                    people=people,
                )
            tells_people = people is None or bool(people)
            detail = {"rows": report.n_rows, "resolved": report.n_resolved, "people": tells_people}
            put_on_record(county, Event(owner, "batch", detail=detail))
        except GeogridError as refusal:
            if getattr(refusal, "file", "") == sent.path.name:
                refusal.file = sent.name  # type: ignore[attr-defined]  # its class has the field
            raise
        finally:
            sent.path.unlink(missing_ok=True)
        words = [PurePath(sent.name).stem, label("web.office.batch.answers", language)]
        words += [f"{label('synthetic')}-synthetic"] if is_synthetic else []
        name = fit_name("-".join(words)) + sent.path.suffix
        return Product(target, name, tuple(_tell(report)))

    return work


def _tell(report: BatchReport) -> list[tuple[str, str]]:
    """How many rows became what, and what was decided on the way."""
    counts = {"rows": f"{report.n_rows:,}", "resolved": f"{report.n_resolved:,}"}
    told = [tuple(label("web.office.batch.done", x, **counts) for x in LANGUAGES)]
    for state, count in sorted(report.unresolved.items()):
        told.append(
            tuple(
                label("cli.locate-batch.rest", x, state=label(f"batch.state.{state}", x), count=f"{count:,}")
                for x in LANGUAGES
            )
        )
    return [(zh, en) for zh, en in told] + [(note, note) for note in report.notes]
