"""Addresses are taken apart whatever their order, and names are met by sound, parts and with a slip."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geogrid.responsibility.address import mark_numbers, read_address, write_digits
from geogrid.responsibility.gazetteer import Closeness, build_gazetteer
from geogrid.responsibility.readings import read_name
from geogrid.responsibility.slips import is_forgiven
from tests.support.frames import make_layer, make_table, point, rectangle


@pytest.fixture(scope="module")
def gazetteer():
    layers = {
        "county": make_layer("county", {"350725": rectangle(0, 0, 900, 900)}, name=["政和县（合成）"]),
        "community": make_layer(
            "community",
            {"C1": rectangle(0, 0, 100, 100), "C2": rectangle(100, 0, 200, 100)},
            name=["宜和社区", "凤嘴社区"],
            kind=["社区", "社区"],
        ),
        "compound": make_layer(
            "compound",
            {
                "p1": rectangle(0, 0, 50, 50),
                "p2": rectangle(50, 0, 100, 50),
                "p3": rectangle(100, 0, 150, 50),
            },
            name=["宜和佳苑", "福安小区", "长垅新村"],
        ),
        "building": make_layer(
            "building",
            {f"w{i}": rectangle(10 * i, 0, 10 * i + 5, 5) for i in range(1, 7)},
            number=["3", "5-1", "2", "8", None, None],
            compound=["p1", "p1", "p2", "p3", None, None],
            address=[None, None, None, None, "解放街12号", "青石弄36号"],
        ),
        "lane": make_layer("lane", {"J1": rectangle(0, 0, 9, 9)}, name=["解放街"]),
        "place": make_layer("place", {"s1": point(3, 3)}, name=["宜和社区党群服务中心"]),
    }
    aliases = make_table(
        "alias", id=["1"], layer=["compound"], feature=["p2"], alias=["老厝"], reading=["lau tsu"]
    )
    return build_gazetteer(layers, aliases)


def find(gazetteer, query):
    return [match.entry.key for match in gazetteer.find(query)]


@pytest.mark.parametrize(
    ("query", "unit", "room"),
    [
        ("宜和佳苑3栋2单元501室", "2", "501"),
        ("宜和佳苑3#2单元501", "2", "501"),
        ("宜和佳苑3-2-501", "2", "501"),
        ("宜和佳苑3-501", None, "501"),
        ("宜和佳苑３幢二单元五〇一室", "2", "501"),
        ("2单元501室 宜和佳苑3号楼", "2", "501"),
        ("宜和佳苑3号乙单元", "乙", None),
        ("yhjy3d2dy501", "2", "501"),
        ("宜和佳苑3栋", None, None),
    ],
)
def test_unit_and_room_are_carried_beside_the_building(gazetteer, query, unit, room):
    (match,) = gazetteer.find(query)
    assert (match.entry.key, match.unit, match.room) == ("w1", unit, room)


def test_a_number_with_a_dash_is_one_number_where_a_building_has_it(gazetteer):
    assert find(gazetteer, "宜和佳苑5-1") == ["w2"]


@pytest.mark.parametrize(
    ("query", "key"),
    [
        ("政和县熊山街道解放街12号", "w5"),
        ("福建省南平市政和县解放街十二号", "w5"),
        ("12号解放街", "w5"),
        ("解放街12号，政和县", "w5"),
        ("解放街", "J1"),
        ("解放路12号", "w5"),
        ("jfj12", "w5"),
        ("qingshinong36", "w6"),
        ("qingshilong36", "w6"),
        ("changlongxincun8", "w4"),
        ("clxc8", "w4"),
        ("lautsu2", "w3"),
        ("lt2zhuang", "w3"),
        ("yihe佳苑3", "w1"),
        ("怡和家苑3栋", "w1"),
        ("宜和党群服务中心", "s1"),
        ("宜和佳苑3棟", "w1"),
        ("宜和佳苑第叁栋", None),  # formal numerals stand on no wall
        ("四平县解放街12号", None),
        ("北京市解放街12号", None),
        ("宜和佳苑4栋", None),
        ("平安小区2栋", None),
        ("宜和佳苑33栋", None),
    ],
)
def test_an_address_means_one_place_or_none(gazetteer, query, key):
    assert find(gazetteer, query) == ([] if key is None else [key])


def test_a_match_says_how_far_to_trust_it_and_why(gazetteer):
    (sure,) = gazetteer.find("宜和佳苑3栋")
    (slipped,) = gazetteer.find("宜佳和苑3栋")
    assert (sure.closeness, sure.score) == (Closeness.EXACT, 1.0)
    assert slipped.closeness is Closeness.SLIP
    assert slipped.score < 0.55
    assert slipped.explain("zh") == "相差一处：宜和佳苑3栋"
    assert slipped.explain("en") == "Differs by one slip: 宜和佳苑3栋"


def test_a_community_typed_beside_a_place_of_another_is_said_and_lowers_the_score(gazetteer):
    (match,) = gazetteer.find("凤嘴社区宜和佳苑3栋")
    assert (match.entry.key, match.other_area) == ("w1", "凤嘴社区")
    assert match.score == pytest.approx(0.7)
    assert "不在凤嘴社区" in match.explain("zh")
    (right,) = gazetteer.find("宜和社区宜和佳苑3栋")
    assert (right.other_area, right.score) == ("", 1.0)


def test_a_town_that_nothing_could_be_compared_with_is_named(gazetteer):
    (match,) = gazetteer.find("熊山街道解放街12号")
    assert match.unread == "熊山街道"
    assert "熊山街道" in match.explain("en")


@pytest.mark.parametrize(
    ("typed", "name", "forgiven"),
    [
        ("荷塘月夜", "荷塘月色", True),  # three own characters of four are right
        ("宣和佳苑", "宜和佳苑", True),  # looks alike
        ("和宜佳苑", "宜和佳苑", True),
        ("宜苑", "宜和苑", False),
        ("南山路口", "南山路", False),
        ("文昌阁", "文昌路", False),
        ("惠安小区", "福安小区", False),
        (mark_numbers("幸福2路"), mark_numbers("幸福1路"), False),
        (mark_numbers("幸福路"), mark_numbers("幸福1路"), False),
    ],
)
def test_only_slips_that_people_make_are_forgiven(typed, name, forgiven):
    assert is_forgiven(typed, name) is forgiven


@given(st.text(max_size=120))
def test_any_text_can_be_read_and_searched(text):
    read_address(text, "政和县", frozenset({"宜和社区"}))
    assert len(read_name(text)[0]) == len(text)
    assert write_digits(write_digits(text)) == write_digits(text)


HOSTILE = [
    "{{7*7}}甲",
    "<img src=x onerror=alert(1)>",
    "=cmd|' /C calc'!A0",
    "\u202e宜和\u202c反写",
    "䶮𠮷苑",
    "楼🏠栋",
    "长" * 10_000,
    "a" * 10_000,
    "一" * 10_000,
]


def test_hostile_names_are_found_as_the_text_that_they_are_and_nothing_is_slow():
    gazetteer = build_gazetteer(
        {
            "place": make_layer(
                "place", {f"s{i}": point(i, i) for i in range(len(HOSTILE))}, name=list(HOSTILE)
            )
        }
    )
    for i, name in enumerate(HOSTILE):
        assert [match.entry.name for match in gazetteer.find(name)] == [name], i
    start = time.process_time()
    for query in (
        *HOSTILE,
        "a" * 40,
        "宜" * 80,
        "3栋" * 40,
        "1-" * 40,
        "zh" * 20,
        "路" * 10_000,
        "9" * 10_000,
    ):
        gazetteer.find(query)
        gazetteer.offer(query, 12)
        gazetteer.suggest(query, 3)
    assert time.process_time() - start < 1.5  # some fifty searches; a quadratic path would take minutes
