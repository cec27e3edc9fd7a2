"""A report as a workbook: one tidy sheet a table, numbers as numbers, a chart where a share is told."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from geogrid.io.replacing import replacing
from geogrid.io.table import name_sheet
from geogrid.reports.document import (
    Bullets,
    CellKind,
    Document,
    Heading,
    KeyFigures,
    Paragraph,
    Progress,
    Table,
    TableColumn,
)
from geogrid.reports.words import Words

FORMATS = {
    CellKind.COUNT: "#,##0",
    CellKind.SHARE: "0.0%",
    CellKind.MINUTES: "0.0",
    CellKind.METRES: "#,##0",
    CellKind.NUMBER: "#,##0.00",
}
UNITS = {CellKind.MINUTES: 1 / 60.0}
"""What stored values are multiplied by to be in the unit of their column's title."""
WIDEST_COLUMN = 46
LONGEST_CELL = 32_767
ROWS_OF_TITLE = 3


def write_workbook(document: Document, path: Path, progress: Progress | None = None) -> None:
    """Write a report's tables as a workbook, beside and renamed; no cell holds a formula."""
    import xlsxwriter

    stream = io.BytesIO()
    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "in_memory": True,
    }
    tables = list(document.tables())
    with xlsxwriter.Workbook(stream, options) as book:
        book.set_properties({"title": document.title, "author": "", "comments": " · ".join(document.marks)})
        formats = _make_formats(book)
        taken: set[str] = set()
        _write_front(
            book.add_worksheet(name_sheet(Words(document.language)("front"), taken)), document, formats
        )
        for number, table in enumerate(tables, 1):
            sheet = book.add_worksheet(name_sheet(table.sheet, taken))
            _write_table(book, sheet, table, document, formats)
            if progress is not None:
                progress(number, len(tables) + 1)
    with replacing(path) as beside:
        beside.write_bytes(stream.getvalue())


def _make_formats(book: Any) -> dict[str, Any]:
    head = {"bold": True, "bg_color": "#E9F1EF", "bottom": 1, "text_wrap": True, "valign": "vcenter"}
    return {
        "title": book.add_format({"bold": True, "font_size": 14}),
        "lead": book.add_format({"font_size": 12, "text_wrap": True, "valign": "top"}),
        "note": book.add_format({"font_color": "#666666", "text_wrap": True, "valign": "top"}),
        "heading": book.add_format({"bold": True, "font_size": 12, "font_color": "#1D7467"}),
        "head": book.add_format(head),
        "text": book.add_format({"num_format": "@", "valign": "top"}),
        **{kind.value: book.add_format({"num_format": form}) for kind, form in FORMATS.items()},
    }


def _write_front(sheet: Any, document: Document, formats: dict[str, Any]) -> None:
    """Title, marks and all running text, so that the workbook alone says what its numbers mean."""
    sheet.set_column(0, 0, 26)
    sheet.set_column(1, 1, 90)
    sheet.hide_gridlines(2)
    sheet.write_string(0, 0, document.title, formats["title"])
    sheet.write_string(1, 0, document.subtitle)
    sheet.write_string(2, 0, " · ".join(document.marks), formats["note"])
    for row, (place, text, form) in enumerate(_list_texts(document), 4):
        sheet.write_string(row, place, text[:LONGEST_CELL], formats[form])
    sheet.fit_to_pages(1, 0)


def _list_texts(document: Document) -> Iterator[tuple[int, str, str]]:
    """Column, text and format of the lines of the front sheet."""
    for block in document.blocks:
        match block:
            case Heading() if block.level <= 2:
                yield 0, block.text, "heading"
            case Paragraph():
                yield 1, block.text, "lead" if block.is_lead else "note"
            case Bullets():
                for item in block.items:
                    yield 1, item, "note"
            case KeyFigures():
                for figure in block.figures:
                    note = f"（{figure.note}）" if figure.note else ""
                    yield 1, f"{figure.title}：{figure.value}{note}", "lead"
            case _:
                pass


def _write_table(book: Any, sheet: Any, table: Table, document: Document, formats: dict[str, Any]) -> None:
    sheet.write_string(0, 0, table.caption, formats["title"])
    sheet.write_string(1, 0, " · ".join((document.subtitle, *document.marks)), formats["note"])
    for number, column in enumerate(table.columns):
        sheet.write_string(ROWS_OF_TITLE, number, column.title, formats["head"])
        width = max([_measure(column.title), *(_measure(row.get(column.key)) for row in table.rows)])
        sheet.set_column(number, number, min(max(width + 2.0, 8.0), WIDEST_COLUMN))
        for place, row in enumerate(table.rows, ROWS_OF_TITLE + 1):
            _write_cell(sheet, place, number, row.get(column.key), column, formats)
    last = ROWS_OF_TITLE + len(table.rows)
    sheet.freeze_panes(ROWS_OF_TITLE + 1, 1)
    if table.rows:
        sheet.autofilter(ROWS_OF_TITLE, 0, last, len(table.columns) - 1)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(ROWS_OF_TITLE)
    bar = next((n for n, column in enumerate(table.columns) if column.key == table.bar), None)
    if bar is not None and table.rows:
        name = sheet.get_name()
        chart = book.add_chart({"type": "bar"})
        chart.add_series(
            {
                "name": table.columns[bar].title,
                "categories": [name, ROWS_OF_TITLE + 1, 0, last, 0],
                "values": [name, ROWS_OF_TITLE + 1, bar, last, bar],
                "fill": {"color": "#3F9E8F"},
                "gap": 40,
            }
        )
        chart.set_title({"name": table.caption, "name_font": {"size": 11}})
        chart.set_legend({"none": True})
        chart.set_y_axis({"reverse": True})
        chart.set_x_axis({"min": 0, "max": 1, "num_format": "0%"})
        chart.set_size({"width": 620, "height": 120 + 22 * len(table.rows)})
        sheet.insert_chart(ROWS_OF_TITLE, len(table.columns) + 1, chart, {"description": table.caption})


def _write_cell(
    sheet: Any, row: int, place: int, value: object, column: TableColumn, formats: dict[str, Any]
) -> None:
    if value is None:
        return
    if column.kind is CellKind.TEXT or isinstance(value, str | bool):
        sheet.write_string(row, place, str(value)[:LONGEST_CELL], formats["text"])
        return
    number = float(str(value))
    if math.isfinite(number):
        sheet.write_number(row, place, number * UNITS.get(column.kind, 1.0), formats[column.kind.value])


def _measure(value: object) -> float:
    """Columns that a text takes; Chinese characters take two."""
    text = "" if value is None else str(value)
    if isinstance(value, float):
        return 9.0
    return sum(2.0 if ord(ch) > 0x2E7F else 1.1 for ch in text[:WIDEST_COLUMN])
