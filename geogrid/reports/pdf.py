"""A report as a PDF, set by typst: bookmarks, vector maps and the bundled Chinese fonts embedded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

from geogrid.io.replacing import replacing
from geogrid.io.scratch import scratch_file_folder
from geogrid.reports.canvas import find_font
from geogrid.reports.document import (
    Block,
    Bullets,
    CellKind,
    Document,
    Figure,
    Heading,
    KeyFigures,
    Medium,
    PageBreak,
    Paragraph,
    Progress,
    Table,
    write_cell,
)
from geogrid.reports.drawing import draw_in_order
from geogrid.reports.words import Words

TEMPLATE = "report.typ"
NARROW_TEXT = 14
"""Columns of texts up to this long are as wide as they need; longer ones share what is left."""
JOINED_DASH = "\u2060–\u2060"
"""A dash at which no line is broken: both ends of a range stay together."""


def write_pdf(document: Document, path: Path, progress: Progress | None = None) -> None:
    """Write a report as a PDF, beside and renamed.

    Parameters
    ----------
    progress
        Called with what is done and what there is to do, in steps.
    """
    import typst

    words = Words(document.language)
    with scratch_file_folder("pdf-") as root:
        told = {
            "title": document.title,
            "subtitle": document.subtitle,
            "language": document.language,
            "marks": list(document.marks),
            "sign_off": [list(pair) for pair in document.sign_off],
            "contents": words("contents"),
            "blocks": list(_list_blocks(document, root, words, progress)),
        }
        (root / "document.json").write_text(json.dumps(told, ensure_ascii=False), "utf-8")
        template = files("geogrid.reports") / TEMPLATE
        (root / TEMPLATE).write_text(template.read_text("utf-8"), "utf-8")
        content = typst.compile(
            root / TEMPLATE, root=root, font_paths=[find_font().parent], ignore_system_fonts=True
        )
    with replacing(path) as beside:
        beside.write_bytes(content)


def _list_blocks(
    document: Document, root: Path, words: Words, progress: Progress | None
) -> Iterator[dict[str, Any]]:
    figures = list(document.figures())
    pictures = draw_in_order(figures, Medium.SVG)
    n_drawn = 0
    for block in document.blocks:
        if isinstance(block, Figure):
            n_drawn += 1
            (root / f"{n_drawn}.svg").write_bytes(next(pictures))
            yield {
                "kind": "picture",
                "file": f"{n_drawn}.svg",
                "caption": block.caption,
                "alt": block.alt,
                "width": block.width_mm,
                "supplement": words("figure"),
            }
            if progress is not None:
                progress(n_drawn, len(figures) + 1)
        else:
            yield _describe(block, words)


def _describe(block: Block, words: Words) -> dict[str, Any]:
    match block:
        case Heading():
            return {"kind": "heading", "level": block.level, "text": block.text}
        case Paragraph():
            return {"kind": "paragraph", "text": block.text, "lead": block.is_lead, "note": block.is_note}
        case Bullets():
            return {"kind": "bullets", "items": list(block.items)}
        case KeyFigures():
            figures = [{"value": f.value, "title": f.title, "note": f.note} for f in block.figures]
            return {"kind": "figures", "figures": figures}
        case Table():
            return _describe_table(block, words)
        case PageBreak() | Figure():
            return {"kind": "page"}


def _describe_table(table: Table, words: Words) -> dict[str, Any]:
    rows = table.rows if table.n_shown is None else table.rows[: table.n_shown]
    cells: list[dict[str, dict[str, Any]]] = [
        {
            column.key: {
                "text": (text := write_cell(row.get(column.key), column.kind).replace("–", JOINED_DASH)),
                "whole": len(text) <= NARROW_TEXT,
                "share": _read_share(row.get(column.key)) if column.key == table.bar else None,
            }
            for column in table.columns
        }
        for row in rows
    ]
    widths: list[float] = []
    for column in table.columns:
        longest = max((len(row[column.key]["text"]) for row in cells), default=0)
        widths.append(
            0 if column.kind is not CellKind.TEXT or longest <= NARROW_TEXT else min(longest, 40) ** 0.5
        )
        if column.key == table.bar:
            widths.append(0)
    return {
        "kind": "table",
        "caption": table.caption,
        "columns": [
            {"key": column.key, "title": column.title, "numeric": column.kind is not CellKind.TEXT}
            for column in table.columns
        ],
        "rows": cells,
        "bar": table.bar,
        "widths": widths,
        "supplement": words("table"),
        "more": words("table.more", n=len(table.rows) - len(rows)) if len(rows) < len(table.rows) else None,
    }


def _read_share(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None
