"""Tables in and out, and the values in them: codes stay codes, text never becomes a formula."""

from __future__ import annotations

import csv
import datetime
import io

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geogrid.errors import UnsupportedFileError
from geogrid.io.encoding import choose_encoding, normalise_encoding
from geogrid.io.table import (
    escape_formula,
    parse_table,
    read_table,
    unescape_formula,
    write_table,
    write_tables,
)
from geogrid.io.values import convert_column
from geogrid.schema import LAYERS, Column, ColumnType

NASTY = [
    "=1+1",
    "+86 138",
    "-5",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "'=1",
    "'quoted'",
    "{{7*7}}",
    "<img onerror=x>",
    "东门社区",
]


def convert(kind, value, *, is_code=False, **options):
    """The value of one cell, and the Chinese texts of its faults."""
    column = Column("c", kind, "列", "column", **options)
    values, faults = convert_column(column, [value], [2], "列", is_code=is_code)
    assert all((fault.row, fault.column) == (2, "列") for fault in faults)
    return values[0], [fault.zh for fault in faults]


@pytest.mark.parametrize("text", NASTY)
@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_text_that_looks_like_a_formula_comes_back_as_it_was(tmp_path, text, suffix):
    path = tmp_path / f"t{suffix}"
    write_table(pd.DataFrame({"名称": [text], "=列": [-5.5]}), path)
    found = parse_table(path, path.name, None, ())
    # a spreadsheet keeps no carriage return and no character below 32 but tab and line feed
    expected = text.replace("\r", "") if suffix == ".xlsx" else text
    assert found.cells[0][0].replace("\r", "").replace("_x000D_", "") == expected.replace("\r", "")
    assert float(found.cells[0][1]) == -5.5


def test_no_cell_of_a_csv_file_begins_like_a_formula_and_numbers_are_numbers(tmp_path):
    write_table(pd.DataFrame({"a": NASTY, "n": np.arange(len(NASTY)) - 5}), tmp_path / "t.csv")
    data = (tmp_path / "t.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    header, *records = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    assert header == ["a", "n"]
    assert [number for _, number in records] == [str(i - 5) for i in range(len(NASTY))]
    assert records[0] == ["'=1+1", "-5"]
    assert not [text for text, _ in records if text[0] in "=+-@\t\r\0"]


def test_no_cell_of_a_spreadsheet_is_a_formula_and_control_characters_are_left_out(tmp_path):
    frame = pd.DataFrame({"a": [*NASTY, "a\x00b\x07c"], "phone": "13800001111", "n": 1.5, "empty": None})
    write_tables({"甲/乙": frame, "甲:乙": frame}, tmp_path / "t.xlsx")
    book = openpyxl.load_workbook(tmp_path / "t.xlsx")
    assert book.sheetnames == ["甲 乙", "甲 乙 2"]
    cells = [cell for row in book["甲 乙"].iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} == {"s", "n"}
    assert book["甲 乙"].cell(13, 1).value == "abc"
    assert [cell.value for cell in book["甲 乙"][2]][1:] == ["13800001111", 1.5, None]


@given(st.text())
def test_escaping_is_undone_by_unescaping(text):
    escaped = escape_formula(text)
    assert unescape_formula(escaped) == text
    assert not escaped or escaped[0] not in "=+-@\t\r\0"


def test_a_table_read_in_the_child_keeps_types_rows_and_dates(tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet["A1"], sheet["B1"], sheet["C1"] = "名称", "日期", "数"
    sheet["A4"], sheet["B4"], sheet["C4"] = "001", datetime.datetime(2024, 1, 5), 2.5  # noqa: DTZ001 - as a spreadsheet has it
    book.save(tmp_path / "t.xlsx")
    found = read_table(tmp_path / "t.xlsx")
    assert found.columns == ["名称", "日期", "数"]
    assert found.cells == [["001", datetime.datetime(2024, 1, 5), 2.5]]  # noqa: DTZ001
    assert found.rows == [4]


def test_missing_values_are_empty_cells_and_other_kinds_of_files_are_refused(tmp_path):
    frame = pd.DataFrame(
        {
            "i": pd.Series([None, 3], dtype="Int64"),
            "f": [np.nan, np.inf],
            "b": pd.Series([None, True], dtype="boolean"),
            "d": [pd.NaT, pd.Timestamp("2024-01-05")],
        }
    )
    write_table(frame, tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_text("utf-8-sig").splitlines()[1:] == [
        ",,,",
        "3,,true,2024-01-05T00:00:00",
    ]
    with pytest.raises(UnsupportedFileError):
        write_table(frame, tmp_path / "t.docx")
    with pytest.raises(UnsupportedFileError, match=r"\.csv"):
        write_table(pd.DataFrame({"wkt": ["x" * 40_000]}), tmp_path / "t.xlsx")
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]  # nothing half written is left


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (350725001001.0, "350725001001"),
        ("350725001001.0", "350725001001"),
        ("001", "001"),
        (7, "7"),
        (" 3栋 ", "3栋"),
        ("3.5.1", "3.5.1"),
    ],
)
def test_a_code_is_text_without_a_decimal_point_and_with_its_zeros(value, expected):
    assert convert(ColumnType.TEXT, value, is_code=True) == (expected, [])


@pytest.mark.parametrize("value", [3.50725001001e17, "3.50725E+11", datetime.datetime(2024, 3, 1)])  # noqa: DTZ001
def test_a_code_that_a_spreadsheet_program_spoilt_is_a_fault(value):
    found, faults = convert(ColumnType.TEXT, value, is_code=True)
    assert found is None
    assert "表格软件" in faults[0]


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (ColumnType.INTEGER, "１２", 12),
        (ColumnType.INTEGER, "1,234", 1234),
        (ColumnType.INTEGER, 12.0, 12),
        (ColumnType.REAL, "2.50", 2.5),
        (ColumnType.REAL, float("nan"), None),
        (ColumnType.BOOLEAN, "是", True),
        (ColumnType.BOOLEAN, "NO", False),
        (ColumnType.BOOLEAN, 1.0, True),
        (ColumnType.BOOLEAN, 0, False),
        (ColumnType.DATE, "2024/1/5", "2024-01-05"),
        (ColumnType.DATE, "2024年1月5日", "2024-01-05"),
        (ColumnType.DATE, "2024-01-05 08:30:00", "2024-01-05"),
        (ColumnType.DATE, "20240105", "2024-01-05"),
        (ColumnType.DATE, datetime.date(2024, 1, 5), "2024-01-05"),
        # 2024-01-05 is day 45296 of spreadsheets: 2024-01-01 is 45292
        (ColumnType.DATE, 45296, "2024-01-05"),
        (ColumnType.LIST, "养老，托幼、调解;养老； ", "养老,托幼,调解"),
        (ColumnType.TEXT, "\u3000", None),
    ],
)
def test_a_value_is_understood_as_people_write_it(kind, value, expected):
    assert convert(kind, value) == (expected, [])


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (ColumnType.INTEGER, "3.5"),
        (ColumnType.INTEGER, "十二"),
        (ColumnType.INTEGER, True),
        (ColumnType.INTEGER, "inf"),
        (ColumnType.INTEGER, 1e300),
        (ColumnType.REAL, "1e999"),
        (ColumnType.BOOLEAN, "2"),
        (ColumnType.DATE, "2024-02-30"),
        (ColumnType.DATE, "2024"),
        (ColumnType.DATE, "去年"),
    ],
)
def test_a_value_of_another_type_is_a_fault_that_quotes_it(kind, value):
    found, faults = convert(kind, value)
    assert found is None
    assert f"“{str(value)[:40]}”" in faults[0]


def test_the_error_of_a_formula_is_no_name():
    assert convert(ColumnType.TEXT, "#N/A") == (None, ["“#N/A”是表格公式的错误值"])


def test_choices_are_understood_in_their_other_spellings_and_an_empty_cell_is_unknown():
    use = LAYERS["building"].column("use")
    values, faults = convert_column(
        use, ["住宅", "APARTMENTS", None, "城堡"], [2, 3, 4, 5], "用途", is_code=False
    )
    assert values == ["residential", "residential", "unknown", None]
    assert [fault.row for fault in faults] == [5]
    assert "residential" in faults[0].zh


def test_a_number_below_the_least_is_a_fault():
    assert convert(ColumnType.INTEGER, -1, minimum=0)[1] == ["“-1”小于 0"]
    assert convert(ColumnType.INTEGER, 0, minimum=0) == (0, [])


def test_the_encoding_is_found_from_the_bytes():
    assert normalise_encoding("936") == normalise_encoding("GB2312") == "gb18030"
    assert choose_encoding(["䶮家湾".encode("gb18030")]) == "gb18030"
    assert choose_encoding(["䶮家湾".encode()], "gb18030") == "utf-8"
    assert choose_encoding(["东门".encode("gbk")], "iso8859-1") == "gb18030"  # Chinese: all bytes in pairs
    assert choose_encoding(["Straße".encode("latin-1")], "iso8859-1") == "iso8859-1"
    assert choose_encoding([b"\xff"]) is None
    # cut after two of three bytes of the last character, as a .dbf cuts at its field's width
    assert choose_encoding([], cut=["东门社区".encode()[:-1]]) == "utf-8"
