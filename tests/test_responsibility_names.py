"""Spellings of one place meet; different places stay apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geogrid.responsibility.names import (
    is_building_number,
    natural_order,
    normalise_building_number,
    normalise_name,
    read_numeral,
)

DIGITS = "零一二三四五六七八九"


def write_numeral(value: int) -> str:
    """Chinese numerals below one hundred, as they are written on house walls."""
    tens, ones = divmod(value, 10)
    return (
        (DIGITS[tens] if tens > 1 else "")
        + ("十" if tens else "")
        + (DIGITS[ones] if ones or not tens else "")
    )


@given(st.integers(0, 99))
def test_every_numeral_on_a_house_wall_is_read(value):
    assert read_numeral(write_numeral(value)) == value


@pytest.mark.parametrize("text", ["", "甲", "十十", "三五十", "栋", "十千"])
def test_what_is_no_numeral_is_not_read_as_one(text):
    assert read_numeral(text) is None


@given(
    compound=st.sampled_from(["宜和佳苑", "胜地心苑", "二七新村", "银座花园", "三江花园"]),
    number=st.integers(1, 99),
    suffix=st.sampled_from(["栋", "幢", "号楼", "座", "#", "＃", " 号楼", "#楼"]),
    spelling=st.sampled_from([str, write_numeral, "{:02d}".format, lambda n: f"第{n}", lambda n: f" {n} "]),
)
def test_all_spellings_of_a_building_are_one(compound, number, suffix, spelling):
    typed = f"{compound}{spelling(number)}{suffix}"
    assert normalise_name(typed) == f"{compound}{number}栋"
    assert normalise_name(normalise_name(typed)) == normalise_name(typed)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("宜和佳苑3栋", "宜和佳苑13栋"),
        ("宜和佳苑3栋", "宜和佳苑3单元"),
        ("解放街2号", "解放街2号楼"),  # a house number is no building's number
        ("解放街2-1号", "解放街21号"),
        ("1 2栋", "12栋"),
        ("A座", "B座"),
        ("二七路", "27路"),
    ],
)
def test_different_places_stay_apart(one, other):
    assert normalise_name(one) != normalise_name(other)


@given(st.text())
def test_no_text_at_all_breaks_it(text):
    normalise_name(text)
    natural_order(normalise_name(text))
    is_building_number(text)


def test_a_number_too_long_for_python_is_only_text():
    endless = "9" * 6000
    assert normalise_name(endless + "栋").endswith("栋")
    assert natural_order(endless)


def test_punctuation_alone_is_no_name():
    assert normalise_name("，。 -（）") == ""


def test_a_number_is_completed_by_its_suffix():
    assert normalise_building_number("7") == normalise_building_number("七号楼") == "7栋"


def test_numbers_in_names_sort_as_numbers():
    assert sorted(["佳苑10栋", "佳苑9栋", "佳苑", "佳苑1栋"], key=natural_order) == [
        "佳苑", "佳苑1栋", "佳苑9栋", "佳苑10栋",
    ]  # fmt: skip
