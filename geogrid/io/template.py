"""A workbook to fill in for a layer or for the roster: headings of the schema, lists to choose from, instructions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geogrid.errors import UnsupportedFileError
from geogrid.io.columns import is_key_made
from geogrid.io.replacing import replacing
from geogrid.labels import label
from geogrid.schema import ROSTER, Column, ColumnType, Geometry, Layer

N_ROWS = 2000
"""Rows that are made ready: text columns as text, lists to choose from."""

_MOST_LISTED = 255
"""Characters that a spreadsheet takes for a list of choices."""

_LEFT_OUT = ("synthetic",)
_PLACES = {
    Geometry.POINT: ("lon", "lat"),
    Geometry.LINE: ("wkt",),
    Geometry.POLYGON: ("wkt",),
    Geometry.NONE: (),
}
_EXAMPLES: dict[str, str] = {
    "person": "P0001",
    "name": "示例某甲",
    "unit": "示例派出所",
    "duty_phone": "000-0000001",
    "duty_phone_public": "是",
    "private_phone": "00012340001",
    "role": "社区民警",
    "kind": "警格",
    "area": "示例警格",
    "id": "X001",
    "code": "350725001001",
    "address": "示例路1号",
    "lon": "118.8525",
    "lat": "27.3678",
    "wkt": "POLYGON ((118.85 27.36, 118.86 27.36, 118.86 27.37, 118.85 27.36))",
    "valid_from": "2026-01-01",
    "valid_to": "2026-12-31",
}


@dataclass(frozen=True)
class _Heading:
    """A column of the sheet: its heading, what a comment and the instructions say of it, and its choices."""

    name: str
    zh: str
    en: str
    is_required: bool
    type: str
    choices: tuple[str, ...]
    example: str


def write_template(layer: Layer, path: Path) -> None:
    """Write a workbook that `import` (or, for the roster, `import-roster`) reads when it is filled in.

    The first sheet has the headings alone: Chinese titles, with the English one and what is
    expected in a comment; required ones stand out. The example, which is invented, stands on the
    sheet of instructions, where nothing is read.

    Raises
    ------
    UnsupportedFileError
        When the name is not that of an .xlsx file.
    """
    if path.suffix.lower() != ".xlsx":
        raise UnsupportedFileError(path.name, path.suffix or "-", [".xlsx"])
    with replacing(path) as beside:
        _write(layer, _list_headings(layer), beside)


def _list_headings(layer: Layer) -> list[_Heading]:
    headings = []
    for column in layer.columns:
        if column.name in _LEFT_OUT:
            continue
        is_required = column.required and not is_key_made(layer, column)
        headings.append(
            _Heading(
                column.name,
                column.zh,
                column.en,
                is_required,
                column.type.value,
                _list_choices(column),
                _find_example(column),
            )
        )
    for name in _PLACES[layer.geometry]:
        zh = label(f"template.{name}", "zh")
        headings.append(
            _Heading(name, zh, name, is_required=True, type="place", choices=(), example=_EXAMPLES[name])
        )
    return headings


def _list_choices(column: Column) -> tuple[str, ...]:
    """The choices in Chinese: the first Chinese spelling of those whose own name is English."""
    if column.type is ColumnType.BOOLEAN:
        return ("是", "否")
    return tuple(
        next((other for other in others if other and not other.isascii()), choice)
        if choice.isascii()
        else choice
        for choice, others in (column.choices or {}).items()
    )


def _find_example(column: Column) -> str:
    choices = _list_choices(column)
    if column.name in _EXAMPLES and (not choices or _EXAMPLES[column.name] in choices):
        return _EXAMPLES[column.name]
    if choices:
        return choices[0]
    return "10" if column.type in (ColumnType.INTEGER, ColumnType.REAL) else ""


def _write(layer: Layer, headings: list[_Heading], path: Path) -> None:
    import xlsxwriter

    book = xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False})
    sheet = book.add_worksheet(layer.zh[:31])
    text = book.add_format({"num_format": "@"})
    styles = {
        must: book.add_format({"bold": True, "border": 1, "bg_color": "#F9D6A5" if must else "#E8EDF2"})
        for must in (True, False)
    }
    for j, heading in enumerate(headings):
        is_number = heading.type in (ColumnType.INTEGER.value, ColumnType.REAL.value) or heading.name in (
            "lon",
            "lat",
        )
        sheet.set_column(j, j, 18, None if is_number else text)
        sheet.write_string(0, j, heading.zh, styles[heading.is_required])
        sheet.write_comment(0, j, _describe(heading), {"visible": False})
        if heading.choices and len(",".join(heading.choices)) <= _MOST_LISTED:
            # Other spellings are read too, so that a value off the list is only asked about.
            rule = {"validate": "list", "source": list(heading.choices), "error_type": "warning"}
            sheet.data_validation(1, j, N_ROWS, j, rule)
    sheet.freeze_panes(1, 0)
    _write_instructions(book, layer, headings, styles)
    book.close()


def _describe(heading: _Heading) -> str:
    must = [
        label(f"template.{'required' if heading.is_required else 'optional'}", one) for one in ("zh", "en")
    ]
    return f"{heading.en} ({heading.name})\n{must[0]} / {must[1]}"


def _write_instructions(book: Any, layer: Layer, headings: list[_Heading], styles: dict[bool, Any]) -> None:
    sheet = book.add_worksheet("说明 Instructions")
    wrap = book.add_format({"text_wrap": True, "valign": "top"})
    sheet.set_column(0, 4, 26, wrap)
    kind = "roster" if layer is ROSTER else "layer"
    row = 0
    for language in ("zh", "en"):
        for line in label(
            f"template.{kind}.how", language, layer=layer.zh if language == "zh" else layer.en
        ).split("|"):
            sheet.merge_range(row, 0, row, 4, line.strip(), wrap)
            row += 1
    heads = [f"{label(f'template.head.{name}', 'zh')} {label(f'template.head.{name}', 'en')}" for name in ("column", "en", "required", "values", "example")]  # fmt: skip
    for j, head in enumerate(heads):
        sheet.write_string(row, j, head, styles[False])
    for heading in headings:
        row += 1
        values = "、".join(heading.choices) or label(f"template.type.{heading.type}", "zh")
        required = label("template.required", "zh") if heading.is_required else ""
        cells = (heading.zh, f"{heading.en} ({heading.name})", required, values, heading.example)
        for j, cell in enumerate(cells):
            sheet.write_string(row, j, cell, wrap)
