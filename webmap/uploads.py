"""Files that a form sends: their size, their kind, and the private folder where they wait to be read."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TypeVar

from flask import Flask, request

from geogrid.errors import FileTooCostlyError, NoFileChosenError, UnsupportedFileError
from webmap.jobs import current_jobs
from webmap.names import fit_name
from webmap.roles import find_need, require
from webmap.settings import WebSettings

MOST_PARTS = 64
"""Fields of a form with a file: a dozen options, and one for each column that is mapped."""

PIECE_BYTES = 500_000
"""What a form may hold in memory besides its file, which is read in pieces of less than that."""
UNREAD = "（上传 / upload）"
"""What a file is called whose name was not read, as it is too long."""

View = TypeVar("View", bound=Callable[..., object])


@dataclass(frozen=True)
class Upload:
    """A file that was sent.

    Attributes
    ----------
    name
        What its owner calls it: for pages and messages alone.
    path
        Where it lies, under a name that says nothing but its kind.
    """

    name: str
    path: Path

    @property
    def folder(self) -> Path:
        """The private folder that holds it and nothing else."""
        return self.path.parent


def takes_file(view: View) -> View:
    """Mark a view whose form may hold a file: bodies of others stay short."""
    view.takes_file = True  # type: ignore[attr-defined]  # read by `init_uploads`
    return view


def init_uploads(app: Flask, settings: WebSettings) -> None:
    """Let bodies of views that take a file be as long as the settings say.

    To be called before anything that reads forms, such as the guard against forged requests.
    """

    @app.before_request
    def allow_files() -> None:
        view = app.view_functions.get(request.endpoint or "")
        if not getattr(view, "takes_file", False):
            return
        require(find_need(app, request.endpoint or "") or "")  # before anything of the body is read
        limit = settings.max_upload_bytes
        request.max_content_length = limit
        request.max_form_parts = MOST_PARTS
        request.max_form_memory_size = PIECE_BYTES
        if (request.content_length or 0) > limit:
            n_mib = (request.content_length or 0) / (1 << 20)
            raise FileTooCostlyError(UNREAD, f"{n_mib:.1f} MiB > {limit / (1 << 20):g} MiB")


def save_upload(field: str, supported: Sequence[str]) -> Upload:
    """The file of a form, put into a private folder of its own.

    Raises
    ------
    NoFileChosenError
        When the form has none.
    UnsupportedFileError
        For a kind that is not among those supported.
    """
    sent = request.files.get(field)
    if sent is None or not sent.filename:
        raise NoFileChosenError(supported=list(supported))
    name = fit_name(PurePath(sent.filename.replace("\\", "/")).name) or "-"
    suffix = PurePath(name).suffix.lower()
    if suffix not in supported:
        raise UnsupportedFileError(name, suffix or "-", list(supported))
    path = current_jobs().open_folder() / f"upload{suffix}"
    with os.fdopen(
        os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0), 0o600), "wb"
    ) as file:
        sent.save(file)
    return Upload(name, path)
