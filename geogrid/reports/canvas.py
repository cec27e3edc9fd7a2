"""Pictures for documents: sheets drawn with matplotlib in a bundled Chinese font, the same bytes every time."""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from geogrid.reports.document import Medium

FONT_VARIABLE = "GEOGRID_FONT"
"""Names another font file than the bundled one."""
PNG_DPI = 200
MM_PER_INCH = 25.4


def find_font() -> Path:
    """The font file in which documents are set: Noto Sans SC (OFL), or what `GEOGRID_FONT` names."""
    named = os.environ.get(FONT_VARIABLE)
    if named:
        return Path(named)
    return Path(str(files("pylopdf_fonts_zh_cn") / "NotoSansSC-Regular.otf"))


@lru_cache(maxsize=4)
def _register(path: str) -> str:
    from matplotlib import font_manager

    font_manager.fontManager.addfont(path)
    return str(font_manager.FontProperties(fname=path).get_name())


@contextmanager
def sheet(width_mm: float, height_mm: float) -> Iterator[Any]:
    """An empty matplotlib figure in our font; a picture is written with `save_sheet` inside the block."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    style: Any = {
        "font.family": [_register(str(find_font())), "DejaVu Sans"],
        "font.size": 8,
        "axes.unicode_minus": False,
        "svg.hashsalt": "geogrid",
        "svg.fonttype": "path",
        "hatch.linewidth": 0.5,
    }
    with mpl.rc_context(style):
        yield Figure(figsize=(width_mm / MM_PER_INCH, height_mm / MM_PER_INCH), layout=None)


def save_sheet(figure: Any, medium: Medium) -> bytes:
    """The picture's bytes, without a date in them; a character that the font lacks becomes an empty box."""
    stream = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font", UserWarning)
        _save(figure, stream, medium)
    return stream.getvalue()


def _save(figure: Any, stream: io.BytesIO, medium: Medium) -> None:
    if medium is Medium.SVG:
        figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": "geogrid"})
    else:
        figure.savefig(stream, format="png", dpi=PNG_DPI, metadata={"Software": "geogrid"})
