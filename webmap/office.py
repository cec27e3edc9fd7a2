"""The office: its front page, the jobs of whoever asks, and what they made."""

from __future__ import annotations

import copy
from typing import Any

from flask import Blueprint, Response, make_response, redirect, render_template, send_file, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from geogrid.errors import GeogridError, NotPermittedError
from geogrid.labels import LANGUAGES, label, read_labels
from webmap.assets import read_fingerprints
from webmap.county import current_county
from webmap.errors import find_status, tell_error
from webmap.jobs import Job, Product, State, current_jobs
from webmap.languages import page_language
from webmap.roles import current_reader, needs

office = Blueprint("office", __name__, url_prefix="/office")

SECTIONS = {
    "reports": "report",
    "uploads": "upload",
    "findings": "edit",
    "history": "edit",
    "batch": "look_up_batch",
    "templates": "report",
}
"""The parts of the office in the order of its menu, each with the capability that it needs."""


def current_owner() -> str:
    """Whose jobs are meant: the login of whoever asks."""
    return current_reader().login


def render_office(template: str, *, status: int = 200, **values: Any) -> Response:
    """A page of the office in the language that was asked for."""
    language = page_language()
    response = make_response(
        render_template(
            template,
            language=language,
            texts=read_labels()[language],
            fingerprints=read_fingerprints(),
            county=current_county(),
            reader=current_reader(),
            sections=[name for name, need in SECTIONS.items() if current_reader().may(need)],
            tell_error=lambda error: tell_here(error, language),
            **values,
        ),
        status,
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def tell_here(error: GeogridError, language: str) -> str:
    """The message of an error, in words for a page where its own speak of the command line."""
    own = read_labels()[language].get(f"web.office.error.{type(error).__name__}")
    return tell_error(error, language) if own is None else error.message(language, own)


def require_whole_county() -> None:
    """Refuse accounts that answer for some areas only: what follows touches all of them.

    Raises
    ------
    NotPermittedError
    """
    reader = current_reader()
    if reader.scope:
        zh, en = (label("web.office.whole_county", language) for language in LANGUAGES)
        raise NotPermittedError(reader.login, "/office", zh, en)


def show_job(job: Job) -> Response:
    """To the page of a job that was just made."""
    return redirect(url_for("office.job_page", key=job.id, lang=page_language()), code=303)  # type: ignore[return-value]  # werkzeug's own class of it


@office.get("")
@needs("report")
def front_page() -> Response:
    """What can be done in the office, and what is being done."""
    return render_office("office.html", section="", jobs=current_jobs().list_own(current_owner()))


@office.get("/jobs/<key>")
@needs("report")
def job_page(key: str) -> Response:
    """A job: its progress, and then what came of it."""
    job = current_jobs().find(current_owner(), key)
    return render_job(job)


def render_job(job: Job, refusal: GeogridError | None = None) -> Response:
    """The page of a job; with a refusal of what its owner decided, where there is one."""
    job = copy.copy(job)  # as it is now: it may end while the page is written
    template = "office_job.html"
    if job.state is State.DONE and not isinstance(job.outcome, Product):
        template = f"office_{job.kind}.html"
    return render_office(
        template,
        status=200 if refusal is None else find_status(type(refusal)).value,
        section="",
        job=job,
        n_ahead=current_jobs().n_ahead(job),
        refusal=refusal,
        is_product=isinstance(job.outcome, Product),
    )


@office.get("/jobs/<key>/progress")
@needs("report")
def job_progress(key: str) -> dict[str, Any]:
    """How far a job is: `state`, `share` (0 to 1) and the `step` in words."""
    job = current_jobs().find(current_owner(), key)
    language = page_language()
    step = label(job.step, language)
    if job.state is State.WAITING:
        step = label("web.office.step.ahead", language, n=current_jobs().n_ahead(job))
    return {"state": job.state.value, "share": round(job.share, 3), "step": step}


@office.get("/jobs/<key>/file")
@needs("report")
def job_file(key: str) -> Response:
    """What a job made, as a download."""
    job = current_jobs().find(current_owner(), key)
    if not isinstance(job.outcome, Product):
        raise NotFound
    return send_file(job.outcome.path, as_attachment=True, download_name=job.outcome.name, max_age=0)


@office.post("/jobs/<key>/remove")
@needs("report")
def remove_job(key: str) -> ResponseReturnValue:
    """Cancel a job, or delete what it made."""
    runner = current_jobs()
    runner.remove(runner.find(current_owner(), key))
    return redirect(url_for("office.front_page", lang=page_language()), code=303)
