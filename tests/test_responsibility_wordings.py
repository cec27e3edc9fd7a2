"""Addresses as offices write them: what is meant is found, and nothing is given as sure that is not meant."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import geopandas as gpd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geogrid.crs import change_crs
from geogrid.errors import PlaceNotFoundError
from geogrid.responsibility.batch import Question, State, answer_rows
from geogrid.responsibility.lookup import locate
from geogrid.responsibility.register import Register
from geogrid.responsibility.resolve import Resolved, resolve_text
from geogrid.responsibility.wordings import Doubt, reword, strip_phone
from geogrid.schema import LAYERS
from tests.support.frames import METRIC, make_layer, point, rectangle

FOLDER = Path(__file__).parent / "data" / "addresses"
DAY = dt.date(2026, 6, 1)
ASKED = ("queries.csv", "more.csv")
"""The first as it was given; the second written before anything was fitted to it."""
DOUBTFUL = ("match.sound", "match.slip", "match.other_area", *(f"match.{doubt}" for doubt in Doubt if doubt))
LEAVE = "or not sure"
"""A row that says so may be answered with the building that is meant among its candidates."""


def read_case(name: str) -> gpd.GeoDataFrame:
    columns = {column.zh: column.name for column in LAYERS[name].columns}
    frame = gpd.read_file(FOLDER / f"{name}.geojson").rename(columns=columns)
    placed = change_crs(frame, METRIC, name)
    return make_layer(
        name,
        dict(zip(placed[LAYERS[name].key], placed.geometry, strict=True)),
        **{column: placed[column].tolist() for column in placed.columns if column in set(columns.values())},
    )


@pytest.fixture(scope="module")
def register() -> Register:
    layers = {name: read_case(name) for name in ("building", "compound", "place", "community")}
    return Register.from_layers(layers, {}, METRIC).on_date(DAY)


def read_rows(name: str) -> list[tuple[str, str, str]]:
    with (FOLDER / name).open(encoding="utf-8-sig", newline="") as file:
        return [(row["地址"], row["应为"], row["说明"] or "") for row in csv.DictReader(file)]


def test_there_are_both_halves_of_the_list():
    assert len(read_rows("queries.csv")) == 38
    assert len(read_rows("more.csv")) >= 40 + 38


@pytest.mark.parametrize("name", ASKED)
def test_a_batch_gives_nothing_as_sure_that_is_not_meant_and_finds_all_that_is(register, name):
    rows = read_rows(name)
    answers = answer_rows(register, [Question(text) for text, _, _ in rows], on=DAY)
    wrong, missed = [], []
    for (text, meant, note), answer in zip(rows, answers, strict=True):
        sure = answer.place.key if answer.state is State.RESOLVED and answer.place else ""
        if sure and sure != meant:
            wrong.append((text, sure))
        if meant and not sure and not (note == LEAVE and answer.candidates):
            missed.append((text, meant, answer.state))
    assert (wrong, missed) == ([], [])


@pytest.mark.parametrize("name", ASKED)
def test_locate_gives_the_same_and_says_what_is_doubtful(register, name):
    wrong, missed = [], []
    for text, meant, note in read_rows(name):
        try:
            answer = locate(register, text, on=DAY)
        except PlaceNotFoundError:
            answer = None
        except ValueError:  # a text of blanks or signs alone
            answer = None
        matches = answer.matches if answer else []
        told = [item.code for match in matches for item in match.evidence]
        sure = matches[0].key if len(matches) == 1 and not set(told) & set(DOUBTFUL) else ""
        if sure and sure != meant:
            wrong.append((text, sure))
        found = [match.key for match in matches]
        if meant and meant != sure and not (note == LEAVE and (meant in found or not found)):
            missed.append((text, meant, found))
    assert (wrong, missed) == ([], [])


@pytest.mark.parametrize("name", ASKED)
def test_placing_by_address_writes_nothing_that_is_not_meant(register, name):
    for text, meant, _ in read_rows(name):
        placed = resolve_text(register.gazetteer, text, ("building", "compound", "place"))
        if placed.state is Resolved.FOUND and placed.entry is not None:
            assert placed.entry.key == meant, text


@pytest.mark.parametrize(
    ("text", "keys", "doubt"),
    [
        ("新康街8-1号", {"R8", "R8z1"}, Doubt.RANGE),
        ("明德花园1-2栋", {"P1-1", "P1-2"}, Doubt.RANGE),
        ("明德花园1、2栋", {"P1-1", "P1-2"}, Doubt.RANGE),
        ("明德花园1,2,3栋", {"P1-1", "P1-2", "P1-3"}, Doubt.RANGE),
        ("新康街2号；新康街20号", {"R2", "R20"}, Doubt.SEVERAL),
        ("新康街2号和20号", {"R2", "R20"}, Doubt.SEVERAL),
        ("新康街12号对面", {"R12"}, Doubt.NEAR),
        ("新康街12号往东50米", {"R12"}, Doubt.NEAR),
        ("第一小学旁边", {"PL2"}, Doubt.NEAR),
        ("新康街20号与12号之间", {"R20", "R12"}, Doubt.NEAR),
        ("明德花园北门", {"P1"}, Doubt.PART),
        ("明德花园地下车库", {"P1"}, Doubt.PART),
        ("原新康街20号", {"R20"}, Doubt.FORMER),
    ],
)
def test_what_may_be_meant_is_named_with_the_reason(register, text, keys, doubt):
    matches = register.gazetteer.find(text)
    assert {match.entry.key for match in matches} == keys
    assert {match.doubt for match in matches} == {doubt}
    assert all(match.score <= 0.5 for match in matches)
    (answer,) = answer_rows(register, [Question(text)], on=DAY)
    assert answer.state is State.AMBIGUOUS
    assert len(answer.candidates) == len(keys)
    assert answer.reason["zh"]
    for match in matches:
        assert match.explain("zh") != match.explain("en")


def test_the_first_phase_is_doubtful_where_there_is_no_second(register):
    (sure,) = register.gazetteer.find("明德花园一期3栋")
    assert (sure.entry.key, sure.doubt) == ("P1-3", Doubt.NONE)
    layers = {name: read_case(name) for name in ("building", "compound", "community")}
    layers["compound"] = layers["compound"][layers["compound"]["id"] != "P2"]
    alone = Register.from_layers(layers, {}, METRIC).on_date(DAY)
    (match,) = alone.gazetteer.find("明德花园一期3栋")
    assert (match.entry.key, match.doubt) == ("P1-3", Doubt.PHASE)


def test_a_building_and_the_centre_in_it_are_one_answer():
    layers = {
        "community": make_layer("community", {"C1": rectangle(0, 0, 100, 100)}, name=["东门社区"]),
        "building": make_layer(
            "building",
            {"w1": rectangle(10, 10, 30, 30), "w2": rectangle(50, 10, 70, 30)},
            name=["文化楼", "粮站"],
        ),
        "centre": make_layer("centre", {"s1": point(20, 20), "s2": point(90, 90)}, name=["文化楼", "粮站"]),
    }
    register = Register.from_layers(layers, {}, METRIC).on_date(DAY)
    one, apart = answer_rows(register, [Question("文化楼"), Question("粮站")], on=DAY)
    assert one.state is State.RESOLVED
    assert one.place is not None
    assert one.place.building == "w1"
    assert apart.state is State.AMBIGUOUS  # the centre of that name stands elsewhere


@given(st.text(alphabet="新康街12号栋院附之甲-~至、和；对面旁边(原一期)A ０門", max_size=40))
def test_any_text_can_be_reworded_within_bounds(text):
    wordings = list(reword(text))
    assert len(wordings) <= 20
    assert all(part for wording in wordings for part in wording.texts if part is not None)
    assert isinstance(strip_phone(text), str)


def test_a_number_with_a_note_in_a_name_that_stands_so_is_that_name():
    layers = {
        "place": make_layer(
            "place",
            {"a": point(1, 1), "b": point(2, 2), "c": point(3, 3)},
            name=["医院对面小吃店", "老街（一期）", "新华书店和平路店"],
        )
    }
    register = Register.from_layers(layers, {}, METRIC).on_date(DAY)
    for name, key in (("医院对面小吃店", "a"), ("老街（一期）", "b"), ("新华书店和平路店", "c")):
        (match,) = register.gazetteer.find(name)
        assert (match.entry.key, match.doubt) == (key, Doubt.NONE)
