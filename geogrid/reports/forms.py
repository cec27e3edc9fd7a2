"""A composed report in the form that a file's name asks for."""

from __future__ import annotations

import shlex
from pathlib import Path

from geogrid.errors import UnsupportedFileError
from geogrid.reports.document import Document, Progress
from geogrid.reports.facts import Facts
from geogrid.reports.gather import Request
from geogrid.workspace.audit import Event

FORMS = (".docx", ".pdf", ".xlsx", ".html")
PUBLIC_FORMS = (".docx", ".pdf", ".xlsx")
"""Of a report for everybody, which has no map of buildings."""


def require_form(out: Path, template: Path | None = None, forms: tuple[str, ...] = FORMS) -> None:
    """Raise UnsupportedFileError unless a report can be written to a file of that name."""
    if out.suffix.lower() not in forms:
        raise UnsupportedFileError(out.name, out.suffix or "-", forms)
    if template is not None and out.suffix.lower() != ".docx":
        raise UnsupportedFileError(out.name, out.suffix, (".docx",))


def describe_command(county: str, out: str, request: Request, language: str | None) -> str:
    """The command that computes a report again.

    >>> describe_command("c.gpkg", "r.pdf", Request(community="西门 社区"), "zh")
    "geogrid report c.gpkg --out r.pdf --community '西门 社区' --lang zh"
    """
    options = {
        "--community": request.community,
        "--district": request.district,
        "--scenario": request.scenario,
        "--since": request.since,
        "--lang": language,
    }
    parts = ["geogrid", "report", county, "--out", out]
    parts += ["--public"] if request.is_public else []
    parts += [part for name, value in options.items() if value is not None for part in (name, str(value))]
    return shlex.join(parts)


def describe_event(actor: str, request: Request, form: str) -> Event:
    """What goes on record about a report: its form and what it is about."""
    area = None
    if request.community is not None or request.district is not None:
        kind = "community" if request.community is not None else "district"
        area = f"{kind}:{request.community or request.district}"
    detail = {"file": form, "area": area, "scenario": request.scenario, "since": request.since}
    return Event(actor, "report", detail={name: value for name, value in detail.items() if value is not None})


def write_document(
    document: Document, facts: Facts | None, out: Path, progress: Progress, *, template: Path | None = None
) -> None:
    """Write a report as Word, PDF, Excel or one web page, by the name of the file.

    Parameters
    ----------
    facts
        What the page's map is drawn from; without them there is no page.
    template
        An office's own .docx to write into.

    Raises
    ------
    UnsupportedFileError
        For a file of another kind.
    """
    from geogrid.reports.pdf import write_pdf
    from geogrid.reports.webpage import write_webpage
    from geogrid.reports.word import write_word
    from geogrid.reports.workbook import write_workbook

    require_form(out, template, FORMS if facts is not None else PUBLIC_FORMS)
    form = out.suffix.lower()
    if form == ".pdf":
        write_pdf(document, out, progress)
    elif form == ".xlsx":
        write_workbook(document, out, progress)
    elif form == ".html" and facts is not None:
        write_webpage(document, facts, out, progress)
    else:
        write_word(document, out, template=template, progress=progress)
