"""CSV and spreadsheets, in and out: never a formula, never a number that was a code, never mojibake."""

from __future__ import annotations

import csv
import datetime
import io
import math
import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from geogrid.errors import Fault, FileContentError, FileTooCostlyError, InputError, UnsupportedFileError
from geogrid.io.archive import BROKEN_ARCHIVE, require_harmless_members
from geogrid.io.encoding import decode_file, normalise_encoding
from geogrid.io.guard import Progress, run_guarded
from geogrid.io.parcel import Parcel
from geogrid.io.replacing import replacing

TABLE_SUFFIXES = (".csv", ".xlsx")
MAX_ROWS = 500_000
MAX_COLUMNS = 300
MAX_CELL_CHARACTERS = 32_767
"""What a cell of a spreadsheet holds."""
MAX_CSV_CHARACTERS = 16 << 20
"""Longest cell read from a CSV file: the text of a large polygon."""

_MAX_TITLE_ROWS = 10
_FORMULA_START = re.compile(r"'*[=+\-@\t\r\0]")
_ESCAPED_START = re.compile(r"'+[=+\-@\t\r\0]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_DELIMITERS = ",;\t"


@dataclass(frozen=True)
class Table:
    """A table as the file gives it.

    Attributes
    ----------
    columns
        Names of the header row; empty ones are left out.
    cells
        One list a row, in the order of `columns`; text, int, float, bool, date, datetime or None.
        Empty rows are left out.
    rows
        The number of each row as a spreadsheet shows it: the header is row 1.
    notes
        What the reader decided by itself.
    """

    columns: list[str]
    cells: list[list[Any]]
    rows: list[int]
    notes: list[str] = field(default_factory=list)


def read_table(path: Path, *, encoding: str | None = None, sheets: Sequence[str] = ()) -> Table:
    """The table in a .csv (UTF-8, UTF-16 or GB18030) or .xlsx file, read in the guarded child.

    Parameters
    ----------
    sheets
        Names of the worksheet to prefer; the first one else.

    Raises
    ------
    UnsupportedFileError, FileTooCostlyError, FileContentError, FileMissingError
    """
    suffix = path.suffix.lower()
    if suffix not in TABLE_SUFFIXES:
        raise UnsupportedFileError(path.name, suffix or "-", TABLE_SUFFIXES)
    request = Parcel({"file": path.name, "encoding": encoding, "sheets": list(sheets)})
    info = run_guarded("table", {f"input{suffix}": path}, request).info
    cells = [[_revived(value) for value in row] for row in info["cells"]]
    return Table(info["columns"], cells, info["rows"], info["notes"])


def read_table_here(folder: Path, request: Parcel, _report: Progress) -> Parcel:
    """`read_table` in the child process."""
    (path,) = folder.glob("input.*")
    info = request.info
    table = parse_table(path, info["file"], info["encoding"], info["sheets"])
    cells = [[_dated(value) for value in row] for row in table.cells]
    return Parcel({"columns": table.columns, "cells": cells, "rows": table.rows, "notes": table.notes})


def _dated(value: Any) -> Any:
    return {"date": value.isoformat()} if isinstance(value, datetime.date) else value


def _revived(value: Any) -> Any:
    return datetime.datetime.fromisoformat(value["date"]) if isinstance(value, dict) else value


def parse_table(path: Path, shown: str, encoding: str | None, sheets: Sequence[str]) -> Table:
    """The table in a file that lies in the guarded child's folder."""
    if path.suffix == ".csv":
        return _parse_csv(path, shown, encoding)
    return _parse_xlsx(path, shown, sheets)


# --- CSV in ------------------------------------------------------------------------------------


def _parse_csv(path: Path, shown: str, encoding: str | None) -> Table:
    data = path.read_bytes()
    codec = None if encoding is None else normalise_encoding(encoding) or encoding
    text = decode_file(data, codec, shown)
    if "\0" in text:
        raise UnsupportedFileError(shown, "二进制内容 / binary content", ["CSV"])
    csv.field_size_limit(MAX_CSV_CHARACTERS)
    first = text.split("\n", 1)[0]
    delimiter = max(_DELIMITERS, key=first.count)
    try:
        records = [
            [unescape_formula(cell) if cell.strip() else None for cell in record]
            for record in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        ]
    except csv.Error as error:
        raise UnsupportedFileError(shown, f"CSV: {error}", ["CSV (UTF-8, GB18030)"]) from None
    if len(records) > MAX_ROWS + 1:
        raise FileTooCostlyError(shown, f"{len(records) - 1} > {MAX_ROWS} 行 / rows")
    return _table(records, shown)


def _table(records: list[list[Any]], shown: str) -> Table:
    """A table from all rows of a sheet; titles may stand above the header."""
    top = _header_row(records)
    header = [_title(value) for value in records[top]] if records else []
    if len(header) > MAX_COLUMNS:
        raise FileTooCostlyError(shown, f"{len(header)} > {MAX_COLUMNS} 列 / columns")
    if not any(header):
        raise UnsupportedFileError(
            shown, "第 1 行没有列名 / no column names in row 1", ["列名 / a header row"]
        )
    used = [i for i, name in enumerate(header) if name]
    names = [header[i] for i in used]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        faults = [Fault("列名重复", "the column stands twice", top + 1, name) for name in twice]
        raise FileContentError(shown, faults)
    cells, rows, faults = [], [], []
    for number, record in enumerate(records[top + 1 :], start=top + 2):
        if any(value is not None for value in record):
            beyond = [
                v for i, v in enumerate(record) if v is not None and (i >= len(header) or not header[i])
            ]
            if beyond:
                found = str(beyond[0])[:40]
                faults.append(
                    Fault(
                        f"“{found}”所在的列没有列名", f"“{found}” stands in a column without a name", number
                    )
                )
            cells.append([record[i] if i < len(record) else None for i in used])
            rows.append(number)
    if faults:
        raise FileContentError(shown, faults)
    titled = f"表头取自第 {top + 1} 行 / the header was taken from row {top + 1}"
    return Table(names, cells, rows, [titled] if top else [])


def _header_row(records: list[list[Any]]) -> int:
    """The first row with two names in it or more, below titles of one cell each; else the first row."""
    filled = [sum(value is not None for value in record) for record in records[:_MAX_TITLE_ROWS]]
    top = next((i for i, n in enumerate(filled) if n > 1), 0)
    is_named = top < len(records) and all(value is None or isinstance(value, str) for value in records[top])
    return top if is_named and any(filled[:top]) else 0


def _title(value: Any) -> str:
    return "" if value is None else str(value).strip()


# --- spreadsheets in ---------------------------------------------------------------------------


def _parse_xlsx(path: Path, shown: str, sheets: Sequence[str]) -> Table:
    from openpyxl.utils.exceptions import InvalidFileException

    broken = (
        *BROKEN_ARCHIVE,
        InvalidFileException,
        LookupError,
        AttributeError,
        TypeError,
        ValueError,
        SyntaxError,
    )
    try:
        return _read_sheet(path, shown, sheets)
    except InputError:
        raise
    except broken as error:
        raise UnsupportedFileError(shown, f"xlsx: {error}"[:200], [".xlsx", ".csv"]) from None


def _read_sheet(path: Path, shown: str, sheets: Sequence[str]) -> Table:
    """The table in the sheet of a wanted name, else in the first visible one."""
    import openpyxl

    with zipfile.ZipFile(path) as archive:
        require_harmless_members(archive.infolist(), shown)
    book = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
    visible = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"] or book.worksheets
    if not visible:
        raise UnsupportedFileError(shown, "没有工作表 / no worksheet", [".xlsx"])
    sheet = next((one for one in visible if one.title in sheets), visible[0])
    # What the file says of its own size is not believed: rows beyond it would be dropped.
    sheet.reset_dimensions()
    records: list[list[Any]] = []
    for row in sheet.iter_rows(values_only=True):
        if len(records) > MAX_ROWS:
            raise FileTooCostlyError(shown, f"> {MAX_ROWS} 行 / rows")
        if len(row) > MAX_COLUMNS and any(value is not None for value in row[MAX_COLUMNS:]):
            raise FileTooCostlyError(shown, f"> {MAX_COLUMNS} 列 / columns")
        records.append([_cell(value) for value in row[:MAX_COLUMNS]])
    table = _table(records, shown)
    if len(visible) > 1:
        table.notes.append(f"读取了工作表“{sheet.title}” / read the worksheet “{sheet.title}”")
    return table


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return value if value.strip() else None
    if isinstance(value, (datetime.time, datetime.timedelta)):
        return str(value)
    if isinstance(value, int) and abs(value) >= 10**15:
        return float(value)  # a spreadsheet program keeps 15 digits: the others are zeros it put there
    return value


# --- out ---------------------------------------------------------------------------------------


def escape_formula(text: str) -> str:
    """Text that no spreadsheet program takes for a formula when it opens a CSV file.

    >>> escape_formula('=1+1'), escape_formula('东门社区')
    ("'=1+1", '东门社区')
    """
    return f"'{text}" if _FORMULA_START.match(text) else text


def unescape_formula(text: str) -> str:
    """The text from which `escape_formula` made this one."""
    return text[1:] if _ESCAPED_START.match(text) else text


def strip_control(text: str) -> str:
    """The text without control characters, which no file of features or cells can hold; lines and tabs stay."""
    return _CONTROL.sub("", text)


def find_control_characters(table: Table) -> list[Fault]:
    """One fault for each cell with a character that no text has: no spreadsheet can hold it."""
    return [
        Fault("含有控制字符，请删除", "it holds a control character: delete it", row, column)
        for row, cells in zip(table.rows, table.cells, strict=True)
        for column, value in zip(table.columns, cells, strict=True)
        if isinstance(value, str) and _CONTROL.search(value)
    ]


def write_table(frame: pd.DataFrame, path: Path, *, title: str = "1") -> None:
    """Write one table to a .csv or .xlsx file, beside and renamed; see `write_tables`.

    Parameters
    ----------
    title
        Of the worksheet; a CSV file has none.
    """
    write_tables({title: frame}, path)


def write_tables(sheets: Mapping[str, pd.DataFrame], path: Path) -> None:
    """Write tables to a .csv (exactly one) or .xlsx file, beside and renamed.

    Text stays text and numbers stay numbers; a missing value is an empty cell. No cell is a
    formula. Control characters, which a spreadsheet cannot hold, are left out there.

    Parameters
    ----------
    sheets
        Title -> table.

    Raises
    ------
    UnsupportedFileError
        For another kind of file, and for a text that no cell of a spreadsheet can hold.
    """
    writers: dict[str, Callable[[Mapping[str, pd.DataFrame], Path], None]] = {
        ".csv": _write_csv,
        ".xlsx": _write_xlsx,
    }
    suffix = path.suffix.lower()
    if suffix not in writers:
        raise UnsupportedFileError(path.name, suffix or "-", TABLE_SUFFIXES)
    if suffix == ".xlsx":
        _require_short_texts(sheets, path)
    with replacing(path) as beside:
        writers[suffix](sheets, beside)


def _require_short_texts(sheets: Mapping[str, pd.DataFrame], path: Path) -> None:
    for frame in sheets.values():
        for column in frame.select_dtypes(include=["object", "string"]):
            longest = max((len(value) for value in frame[column] if isinstance(value, str)), default=0)
            if longest > MAX_CELL_CHARACTERS:
                found = f"{column}: {longest} > {MAX_CELL_CHARACTERS} 字符 / characters"
                raise UnsupportedFileError(path.name, found, [".csv"])


def _write_csv(sheets: Mapping[str, pd.DataFrame], path: Path) -> None:
    ((_, frame),) = sheets.items()
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([escape_formula(str(column)) for column in frame.columns])
        for row in plain_rows(frame):
            writer.writerow([_csv_cell(value) for value in row])


def _csv_cell(value: Any) -> Any:
    if isinstance(value, str):
        return escape_formula(value)
    return "true" if value is True else "false" if value is False else value


def _write_xlsx(sheets: Mapping[str, pd.DataFrame], path: Path) -> None:
    import xlsxwriter

    packed = io.BytesIO()  # on a full disk the packer would leave a file open
    book = xlsxwriter.Workbook(
        packed,
        {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    bold = book.add_format({"bold": True})
    taken: set[str] = set()
    for title, frame in sheets.items():
        sheet = book.add_worksheet(name_sheet(title, taken))
        for j, column in enumerate(frame.columns):
            sheet.write_string(0, j, strip_control(str(column)), bold)
        for i, row in enumerate(plain_rows(frame), start=1):
            for j, value in enumerate(row):
                if isinstance(value, bool):
                    sheet.write_boolean(i, j, value)
                elif isinstance(value, str):
                    sheet.write_string(i, j, strip_control(value))
                elif value is not None:
                    sheet.write_number(i, j, value)
    book.close()
    path.write_bytes(packed.getbuffer())


def name_sheet(title: str, taken: set[str]) -> str:
    """At most 31 characters, none that a worksheet may not have, and not taken yet."""
    plain = re.sub(r"[\[\]:*?/\\']", " ", strip_control(title)).strip()[:31] or "1"
    found, n = plain, 1
    while found.casefold() in taken:
        n += 1
        found = f"{plain[: 30 - len(str(n))]} {n}"
    taken.add(found.casefold())
    return found


def plain_rows(frame: pd.DataFrame) -> Any:
    """The rows of a table as plain values: str, int, float, bool or None."""
    return zip(
        *([_plain(value) for value in frame[column].tolist()] for column in frame.columns), strict=True
    )


def _plain(value: Any) -> Any:
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, (bool, int)):
        return value
    return value.isoformat() if isinstance(value, datetime.date) else str(value)
