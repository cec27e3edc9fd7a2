"""Files that are written for one answer and sent as downloads."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

from flask import Response, send_file

from geogrid.io.scratch import scratch_file_folder
from webmap.county import County
from webmap.names import name_download


def send_written(county: County, title: str, suffix: str, write: Callable[[Path], object]) -> Response:
    """A file that is written for this answer alone and kept nowhere; `write` is given where to."""
    name = name_download(county, title, suffix=suffix)
    with scratch_file_folder("download-") as folder:
        path = folder / f"download{suffix}"
        write(path)
        content = io.BytesIO(path.read_bytes())
    return send_file(content, as_attachment=True, download_name=name, max_age=0)
