"""Values of a file as values of a column of ours, and what is wrong with those that cannot be."""

from __future__ import annotations

import datetime
import math
import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from geogrid.errors import Fault
from geogrid.io.encoding import mend_mojibake
from geogrid.schema import Column, ColumnType

DTYPES = {
    ColumnType.TEXT: "object",
    ColumnType.DATE: "object",
    ColumnType.LIST: "object",
    ColumnType.INTEGER: "Int64",
    ColumnType.REAL: "float64",
    ColumnType.BOOLEAN: "boolean",
}
"""How a column of each type stands in a frame."""

_EXACT_DIGITS = 15
"""Decimal digits that a spreadsheet keeps of a number; the rest became zeros."""

_TRUTHS = {"是": True, "真": True, "true": True, "t": True, "yes": True, "y": True, "1": True}
_TRUTHS |= {"否": False, "假": False, "false": False, "f": False, "no": False, "n": False, "0": False}
_DATE = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?([ T]\d{1,2}:.*)?\Z")
_COMPACT_DATE = re.compile(r"((?:19|20)\d{2})(\d{2})(\d{2})\Z")
_EXCEL_EPOCH = datetime.date(1899, 12, 30)
_EXCEL_DAYS = range(18_264, 73_051)
"""Day numbers taken for dates: 1950-01-01 to 2100-01-01."""
_SPREADSHEET_ERRORS = frozenset(("#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!"))
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffd-\uffff]")
"""Control characters but tab and line ends; lone surrogates; U+FFFD, put where a character was lost."""
_SEPARATORS = re.compile(r"[，、,;；]")
_NUMBER_LOST = re.compile(r"\d(\.\d+)?[eE]\+\d+\Z")
_WHOLE_WITH_POINT = re.compile(r"\d+\.0+\Z")
_THOUSANDS = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?\Z")


class _CellError(ValueError):
    """A value that is none for its column; zh and en say why."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(zh, en)
        self.zh, self.en = zh, en


def convert_column(
    column: Column, values: Sequence[Any], rows: Sequence[int], theirs: str, *, is_code: bool
) -> tuple[list[Any], list[Fault]]:
    """The values of a column of ours, None where there is none, and the faults of the others.

    Parameters
    ----------
    values
        As the file gives them.
    rows
        The number of each row as a person counts it.
    theirs
        What the file calls the column.
    is_code
        Values identify a feature: a code that a program took for a number is made a code again.
    """
    convert = _CONVERTERS[column.type]
    converted: list[Any] = []
    faults: list[Fault] = []
    known: dict[Any, Any] = {}  # most columns repeat a few values, or none at all
    for value, row in zip(values, rows, strict=True):
        same = None if isinstance(value, (list, dict)) else (value.__class__, value)
        if same in known:
            converted.append(known[same])
            continue
        found = None
        try:
            if not _is_missing(value):
                found = _code(value) if is_code and column.type is ColumnType.TEXT else convert(value)
            if column.choices is not None:
                found = _choice(column, found)
            _require_minimum(column, found)
        except _CellError as error:
            faults.append(Fault(error.zh, error.en, row, theirs))
            found = None
        else:
            if same is not None:
                known[same] = found
        converted.append(found)
    return converted, faults


def build_series(column: Column, values: Sequence[Any]) -> pd.Series:
    """Converted values as a column of a frame."""
    if column.type is ColumnType.REAL:
        return pd.Series([np.nan if value is None else value for value in values], dtype="float64")
    return pd.Series(list(values), dtype=DTYPES[column.type])


def _is_missing(value: Any) -> bool:
    if isinstance(value, float):
        return math.isnan(value)
    return value is None or (isinstance(value, str) and not value.strip(" \t\r\n\0\u3000"))


def _quoted(value: Any) -> str:
    return f"“{str(value)[:40]}”"


def _text(value: Any) -> str:
    if isinstance(value, str):
        text = value.strip(" \t\r\n\0\u3000")
        if text in _SPREADSHEET_ERRORS:
            raise _CellError(
                zh=f"{_quoted(text)}是表格公式的错误值", en=f"{_quoted(text)} is the error of a formula"
            )
        if not text.isascii() or not text.isprintable():
            _require_readable(text)
        return text
    if isinstance(value, datetime.date):
        raise _CellError(
            zh=f"{_quoted(value)}被表格软件变成了日期，请把该列设为文本格式并改正",
            en=f"{_quoted(value)} was made a date by a spreadsheet program; format the column as text and mend it",
        )
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        if isinstance(value, float) and not value.is_integer():
            return repr(value)
        # GeoPackage and GeoJSON keep whole numbers exactly; a spreadsheet and a float do not.
        if isinstance(value, float) and abs(value) >= 10**_EXACT_DIGITS:
            raise _digits_lost(value)
        return str(int(value))
    raise _CellError(zh=f"{_quoted(value)}不是文字", en=f"{_quoted(value)} is no text")


def _require_readable(text: str) -> None:
    """Refuse what no person typed: control characters, and what a wrong encoding made of Chinese."""
    right = mend_mojibake(text)
    if right is not None:
        raise _CellError(
            zh=f"{_quoted(text)}是乱码，原文应为{_quoted(right)}；请用正确的编码重新导出该文件",
            en=f"{_quoted(text)} was read in a wrong encoding before and should be {_quoted(right)}; export the file again",
        )
    found = _CONTROL.search(text)
    if found:
        name = f"U+{ord(found.group()):04X}"
        shown = _quoted(_CONTROL.sub("␀", text))
        raise _CellError(
            zh=f"{shown}含有控制字符或损坏的字符 {name}，请删除或改正",
            en=f"{shown} holds a control or damaged character, {name}; delete or mend it",
        )


def _digits_lost(value: Any) -> _CellError:
    return _CellError(
        zh=f"{_quoted(value)}的末几位数字已被表格软件丢失，请把该列设为文本格式并重新填写",
        en=f"a spreadsheet program lost the last digits of {_quoted(value)}; format the column as text and enter it again",
    )


def _code(value: Any) -> str:
    """Text that identifies a feature: `350725001001.0` was `350725001001` before a program read it."""
    text = _text(value)
    if _NUMBER_LOST.match(text):
        raise _digits_lost(text)
    return text.split(".")[0] if _WHOLE_WITH_POINT.match(text) else text


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise _CellError(zh=f"{_quoted(value)}不是数字", en=f"{_quoted(value)} is no number")
    if isinstance(value, str):
        text = unicodedata.normalize("NFKC", value).strip()
        try:
            number = float(text.replace(",", "") if _THOUSANDS.match(text) else text)
        except ValueError:
            raise _CellError(zh=f"{_quoted(value)}不是数字", en=f"{_quoted(value)} is no number") from None
    else:
        number = value
    if not math.isfinite(number):
        raise _CellError(zh=f"{_quoted(value)}不是有限的数字", en=f"{_quoted(value)} is not finite")
    return number


def _integer(value: Any) -> int:
    number = _number(value)
    if number != int(number) or abs(number) >= 10**_EXACT_DIGITS:
        raise _CellError(zh=f"{_quoted(value)}不是整数", en=f"{_quoted(value)} is no whole number")
    return int(number)


def _real(value: Any) -> float:
    return float(_number(value))


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    found = _TRUTHS.get(unicodedata.normalize("NFKC", text).strip().casefold())
    if found is None:
        raise _CellError(
            zh=f"{_quoted(value)}应为 是 或 否",
            en=f"{_quoted(value)} is neither yes nor no (是, 否, true, false, 1, 0)",
        )
    return found


def _date(value: Any) -> str:
    if isinstance(value, datetime.datetime):
        return value.date().isoformat()
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, (int, float)) and not isinstance(value, bool) and value in _EXCEL_DAYS:
        return (_EXCEL_EPOCH + datetime.timedelta(days=int(value))).isoformat()
    text = unicodedata.normalize(
        "NFKC", str(int(value) if isinstance(value, float) and value.is_integer() else value)
    ).strip()
    if text.isdigit() and int(text) in _EXCEL_DAYS:
        return (_EXCEL_EPOCH + datetime.timedelta(days=int(text))).isoformat()
    found = _DATE.match(text) or _COMPACT_DATE.match(text)
    if found:
        try:
            return datetime.date(*(int(part) for part in found.groups()[:3])).isoformat()
        except ValueError:
            pass
    raise _CellError(
        zh=f"{_quoted(value)}不是日期，应如 2024-01-05",
        en=f"{_quoted(value)} is no date; expected 2024-01-05",
    )


def _list(value: Any) -> str | None:
    items = [_code(one) for one in value] if isinstance(value, list) else _SEPARATORS.split(_text(value))
    kept = [item.strip() for item in items if item.strip()]
    return ",".join(dict.fromkeys(kept)) or None


_CONVERTERS: dict[ColumnType, Callable[[Any], Any]] = {
    ColumnType.TEXT: _text,
    ColumnType.INTEGER: _integer,
    ColumnType.REAL: _real,
    ColumnType.BOOLEAN: _boolean,
    ColumnType.DATE: _date,
    ColumnType.LIST: _list,
}


def _choice(column: Column, found: Any) -> str | None:
    """The value meant by one of its spellings; an empty cell means the choice that has "" among them."""
    assert column.choices is not None  # noqa: S101 - for the type checker
    text = "" if found is None else str(found)
    for choice, others in column.choices.items():
        if text.casefold() in (choice.casefold(), *(other.casefold() for other in others)):
            return choice
    if found is None:
        return None
    expected = "、".join(column.choices)
    raise _CellError(zh=f"{_quoted(found)}应为 {expected} 之一", en=f"{_quoted(found)} is none of {expected}")


def _require_minimum(column: Column, found: Any) -> None:
    if column.minimum is not None and found is not None and found < column.minimum:
        raise _CellError(
            zh=f"{_quoted(found)}小于 {column.minimum:g}", en=f"{_quoted(found)} is below {column.minimum:g}"
        )
