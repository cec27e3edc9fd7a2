"""The office: its front page, the jobs of whoever asks, and what they made."""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, Response, make_response, redirect, render_template, send_file, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from geogrid.errors import GeogridError
from geogrid.labels import LANGUAGES, label, read_labels
from webmap.assets import read_fingerprints
from webmap.county import County, current_county
from webmap.errors import find_status, tell_error
from webmap.jobs import Job, Product, State, current_jobs
from webmap.languages import page_language
from webmap.roles import current_reader, needs

office = Blueprint("office", __name__, url_prefix="/office")

SECTIONS = ("reports", "uploads", "findings", "history", "batch", "templates")
"""The parts of the office, in the order of its menu."""

LONGEST_NAME = 80
_UNFIT = re.compile(r'[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff\\/:*?"<>|\s]+')


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
            sections=SECTIONS,
            tell_error=lambda error: tell_error(error, language),
            **values,
        ),
        status,
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def show_job(job: Job) -> Response:
    """To the page of a job that was just made."""
    return redirect(url_for("office.job_page", key=job.id, lang=page_language()), code=303)  # type: ignore[return-value]  # werkzeug's own class of it


def name_download(county: County, *parts: str, suffix: str) -> str:
    """A name for a file to be downloaded: what it is, of which revision, and whether it is made up."""
    words = [county.name, *parts, f"r{county.revision}"]
    if county.is_synthetic:
        words.append(f"{label('synthetic', LANGUAGES[0])}-synthetic")
    return "-".join(fit_name(word) for word in words if word) + suffix


def fit_name(text: str) -> str:
    r"""A text that may stand in the name of a file and in a page: one line, without marks of direction.

    >>> fit_name("../a b\u202e.xlsx")
    '.._a_b_.xlsx'
    """
    return _UNFIT.sub("_", text).strip("_")[:LONGEST_NAME]


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
