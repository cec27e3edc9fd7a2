"""Who changed what and when, and the latest change taken back; blank forms to fill in."""

from __future__ import annotations

import datetime
import io
from typing import Any

import pandas as pd
from flask import Blueprint, Response, redirect, request, send_file, url_for
from flask.typing import ResponseReturnValue

from geogrid.errors import ConsentMissingError, InvalidOptionError, UnknownLayerError
from geogrid.io.template import write_template
from geogrid.labels import label
from geogrid.schema import LAYERS, ROSTER
from geogrid.workspace import Workspace
from webmap.county import current_county
from webmap.jobs import current_jobs
from webmap.languages import page_language
from webmap.office import current_owner, render_office, require_whole_county
from webmap.roles import needs, open_to_edit

office_history = Blueprint("office_history", __name__, url_prefix="/office")

SHOWN = 200
"""Revisions that the page lists, latest first."""


@office_history.get("/history")
@needs("edit")
def history_page() -> Response:
    """The revisions, latest first, and a button that takes back the latest."""
    with Workspace.open(current_county().path, readonly=True) as workspace:
        history = workspace.history()
    return render_office(
        "office_history.html",
        section="history",
        rows=[_tell(row) for row in history.head(SHOWN).to_dict("records")],
        n_more=max(0, len(history) - SHOWN),
        undone=set(history["undoes"].dropna().astype(int)),
        undoable=find_undoable(history),
        taken_back=request.args.get("undone", ""),
    )


@office_history.post("/undo")
@needs("edit")
def undo() -> ResponseReturnValue:
    """Take back the `revision` that the page showed as the latest; another one since then is told."""
    require_whole_county()
    language = page_language()
    shown = request.form.get("revision", "")
    if not (shown.isascii() and shown.isdigit() and len(shown) < 10):
        raise InvalidOptionError(option="revision", value=shown[:40], expected="1, 2, 3 …")
    if request.form.get("consent") != "yes":
        raise ConsentMissingError(sentence=label("web.office.undo.consent", language, n=shown))
    with open_to_edit() as workspace:
        undone = workspace.undo(current_owner(), expected=int(shown))
    return redirect(url_for("office_history.history_page", lang=language, undone=undone), code=303)


def find_undoable(history: pd.DataFrame) -> dict[Any, Any] | None:
    """The latest revision that neither is an undo nor has been undone; None where there is none."""
    undone = set(history["undoes"].dropna())
    for row in history.to_dict("records"):
        if pd.isna(row["undoes"]) and row["revision"] not in undone and row["n_changes"]:
            return row
    return None


def _tell(row: dict[Any, Any]) -> dict[str, Any]:
    """A revision with its time by the clock of this computer."""
    at = datetime.datetime.fromisoformat(row["at"]).astimezone()
    undoes = None if pd.isna(row["undoes"]) else int(row["undoes"])
    return {**row, "undoes": undoes, "at": at.strftime("%Y-%m-%d %H:%M")}


@office_history.get("/templates")
@needs("report")
def templates_page() -> Response:
    """The blank forms that there are."""
    return render_office("office_templates.html", section="templates", roster=ROSTER, layers=LAYERS.values())


@office_history.get("/templates/<name>.xlsx")
@needs("report")
def template_file(name: str) -> Response:
    """A workbook to fill in for a layer or the roster."""
    wanted = ROSTER if name == ROSTER.name else LAYERS.get(name)
    if wanted is None:
        raise UnknownLayerError(layer=name[:40], known=", ".join([ROSTER.name, *LAYERS]))
    folder = current_jobs().open_folder()
    path = folder / "template.xlsx"
    write_template(wanted, path)
    content = path.read_bytes()
    path.unlink()
    folder.rmdir()
    title = wanted.zh if page_language() == "zh" else wanted.en
    return _send(content, f"{title}.xlsx")


def _send(content: bytes, name: str) -> Response:
    return send_file(io.BytesIO(content), as_attachment=True, download_name=name, max_age=0)
