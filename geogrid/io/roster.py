"""A roster as a spreadsheet has it: one row a duty, every fault of the file told at once with its row."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from geogrid.errors import Fault, FileContentError
from geogrid.io.columns import find_identity_number, match_columns, require_no_identity_numbers
from geogrid.io.table import Table, read_table
from geogrid.io.values import convert_column
from geogrid.schema import ROSTER

LONGEST = {"name": 200, "unit": 200, "person": 100, "area": 200, "duty_phone": 40, "private_phone": 40}
"""Characters a cell may have; longer ones are refused with their row."""

OPEN_WORDS = ("长期", "至今", "无", "open")
"""What a last day says when there is none; an empty cell leaves the last day as it is on record."""

OPEN = "open"

_PHONE = re.compile(r"[+0-9][0-9 ()*#,;/、转-]{2,39}\Z")
_WITH_POINT = re.compile(r"\d+\.0+\Z")
_SCIENTIFIC = re.compile(r"\d(\.\d+)?[eE]\+?\d+\Z")
_MOBILE_DIGITS, _LOCAL_DIGITS = 11, range(3, 9)


@dataclass(frozen=True)
class RosterRow:
    """One duty of one person, as the file has it; None where a cell is empty.

    Attributes
    ----------
    row
        Its number in the spreadsheet.
    role
        As the schema has it; None for 网格长, whose tier the kind of area tells.
    kind, area
        What the file says of the place: kind as the template has it, name or code.
    valid_to
        A date, `OPEN` for none, or None for what stands on record.
    """

    row: int
    person: str | None
    name: str
    unit: str | None
    duty_phone: str | None
    duty_phone_public: bool | None
    private_phone: str | None
    role: str | None
    kind: str | None
    area: str
    valid_from: str | None
    valid_to: str | None


@dataclass(frozen=True)
class Roster:
    """A roster that was read without a fault.

    Attributes
    ----------
    columns, matched
        The columns that the file has, and which of them was taken for which of ours.
    """

    file: str
    rows: list[RosterRow]
    notes: list[str]
    columns: list[str] = field(default_factory=list)
    matched: Mapping[str, str] = field(default_factory=dict)


class PhoneError(ValueError):
    """A telephone number that is none, or lost its digits; zh and en say why."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(zh, en)
        self.zh, self.en = zh, en


def read_phone(value: Any) -> str | None:
    """A telephone number as text, repaired where a program made a number of it and no digit is lost.

    Raises
    ------
    PhoneError
        When digits are lost, or it is no telephone number.

    >>> read_phone(13800000000.0), read_phone("1.3800001234E+10"), read_phone("０００-123 4567")
    ('13800000000', '13800001234', '000-123 4567')
    """
    if value is None or (isinstance(value, float) and value != value):  # not a number
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise _no_phone()
    if not isinstance(value, str):
        return _from_number(value)
    text = unicodedata.normalize("NFKC", value).strip()
    if not text:
        return None
    if _WITH_POINT.match(text) or _SCIENTIFIC.match(text):
        return _from_decimal(text)
    text = text.replace("–", "-").replace("—", "-")
    if not _PHONE.match(text):
        raise _no_phone()
    return text


def _from_decimal(text: str) -> str:
    """`13800001234.0` and `1.3800001234E+10` have all digits; `1.38E+10` has lost some."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise _no_phone() from None
    digits = str(int(number)) if number == number.to_integral_value() else ""
    n_written = len(re.sub(r"[eE].*", "", text).replace(".", ""))
    if not digits or (_SCIENTIFIC.match(text) and n_written < len(digits)):
        raise _lost()
    return _from_number(int(digits))


def _from_number(value: float) -> str:
    """A cell that was a number: a mobile or a local number is whole, any other length has lost a zero."""
    if isinstance(value, float) and not value.is_integer():
        raise _no_phone()
    digits = str(int(value))
    is_whole = (len(digits) == _MOBILE_DIGITS and digits[0] == "1") or len(digits) in _LOCAL_DIGITS
    if value <= 0 or not is_whole:
        raise _lost()
    return digits


def _no_phone() -> PhoneError:
    return PhoneError("不是电话号码", "is no telephone number")


def _lost() -> PhoneError:
    return PhoneError(
        "被表格软件当作数字，已丢失位数（如开头的 0）。请把该列设为文本格式并重新填写",
        "was made a number by a spreadsheet program and lost digits (a zero in front, say): "
        "format the column as text and enter it again",
    )


def read_roster(
    path: Path, *, encoding: str | None = None, columns: Mapping[str, str] | None = None
) -> Roster:
    """The duties in an Excel or CSV file (UTF-8, GB18030) by the template of the roster.

    Parameters
    ----------
    columns
        Our column -> the file's, where titles differ.

    Raises
    ------
    FileContentError
        With every fault: no name, role or area; roles, dates and numbers that are none; texts too
        long; control characters; identity numbers, which are refused wherever they stand.
    MissingColumnsError, UnsupportedFileError, FileTooCostlyError, FileMissingError
    """
    table = read_table(path, encoding=encoding, sheets=(ROSTER.zh, ROSTER.en))
    by_column = {name: [row[i] for row in table.cells] for i, name in enumerate(table.columns)}
    require_no_identity_numbers(by_column, path.name)
    faults = _find_forbidden(table)
    matched = match_columns(ROSTER, table.columns, columns or {}, path.name, is_table=False)
    values: dict[str, list[Any]] = {}
    for column in ROSTER.columns:
        theirs = matched.get(column.name)
        if theirs is None:
            values[column.name] = [None] * len(table.rows)
            continue
        cells = by_column[theirs]
        if column.name in ("duty_phone", "private_phone"):
            values[column.name], wrong = _read_phones(cells, table.rows, theirs)
        elif column.name == "valid_to":
            is_open = [isinstance(cell, str) and cell.strip() in OPEN_WORDS for cell in cells]
            dated = [None if open_ else cell for cell, open_ in zip(cells, is_open, strict=True)]
            found, wrong = convert_column(column, dated, table.rows, theirs, is_code=False)
            values[column.name] = [OPEN if o else v for v, o in zip(found, is_open, strict=True)]
        else:
            is_code = column.name in ("person", "area")
            values[column.name], wrong = convert_column(column, cells, table.rows, theirs, is_code=is_code)
        faults += wrong
        faults += _find_empty_or_long(column.name, values[column.name], table.rows, theirs, wrong)
    rows, wrong = _make_rows(values, table.rows, matched)
    faults = [*faults, *wrong]
    if faults:
        # One fault a cell: what is forbidden comes first.
        told: dict[tuple[int, str], Fault] = {}
        for fault in faults:
            told.setdefault((fault.row or 0, fault.column or ""), fault)
        raise FileContentError(path.name, [told[cell] for cell in sorted(told)])
    return Roster(path.name, rows, list(table.notes), list(table.columns), matched)


def _find_forbidden(table: Table) -> list[Fault]:
    faults = []
    for number, row in zip(table.rows, table.cells, strict=True):
        for column, cell in zip(table.columns, row, strict=True):
            text = str(cell).strip(" \t\r\n") if isinstance(cell, str) else ""
            if any(unicodedata.category(ch) in ("Cc", "Cs") or ch in "\ufffe\uffff" for ch in text):
                faults.append(
                    Fault(
                        "含控制字符，请删除后重新填写",
                        "holds control characters: enter it again",
                        number,
                        column,
                    )
                )
            if find_identity_number(text):
                faults.append(
                    Fault("含身份证号，请删除", "holds an identity number: delete it", number, column)
                )
    return faults


def _read_phones(cells: list[Any], rows: list[int], theirs: str) -> tuple[list[str | None], list[Fault]]:
    found: list[str | None] = []
    faults = []
    for cell, row in zip(cells, rows, strict=True):
        try:
            found.append(read_phone(cell))
        except PhoneError as error:
            found.append(None)
            faults.append(Fault(error.zh, error.en, row, theirs))
    return found, faults


def _find_empty_or_long(
    name: str, values: list[Any], rows: list[int], theirs: str, wrong: list[Fault]
) -> list[Fault]:
    faults = []
    told = {fault.row for fault in wrong}
    for value, row in zip(values, rows, strict=True):
        if value is None and ROSTER.column(name).required and row not in told:
            faults.append(Fault("缺少必填值", "value missing", row, theirs))
        if isinstance(value, str) and len(value) > LONGEST.get(name, 10**9):
            limit = LONGEST[name]
            faults.append(
                Fault(
                    f"有 {len(value)} 个字符，超过 {limit}",
                    f"has {len(value)} characters, {limit} at most",
                    row,
                    theirs,
                )
            )
    return faults


def _make_rows(
    values: dict[str, list[Any]], rows: list[int], matched: Mapping[str, str]
) -> tuple[list[RosterRow], list[Fault]]:
    made, faults = [], []
    for i, row in enumerate(rows):
        cells = {name: column[i] for name, column in values.items()}
        if cells["name"] is None or cells["role"] is None or cells["area"] is None:
            continue  # told already
        begun, ended = cells["valid_from"], cells["valid_to"]
        if begun and ended and ended != OPEN and ended < begun:
            faults.append(
                Fault(
                    f"截止日期 {ended} 早于生效日期 {begun}",
                    f"ends on {ended}, before it begins on {begun}",
                    row,
                    matched.get("valid_to"),
                )
            )
        cells["role"] = None if cells["role"] == "网格长" else cells["role"]
        made.append(RosterRow(row, **cells))
    return made, faults
