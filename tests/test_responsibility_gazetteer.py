"""Everything with a name is found by it, the best match first."""

from __future__ import annotations

import pytest

from geogrid.errors import CrsError
from geogrid.responsibility.gazetteer import Closeness, NameKind, build_gazetteer
from tests.support.frames import lonlat, make_layer, make_table, point, rectangle


@pytest.fixture
def layers():
    return {
        "community": make_layer(
            "community", {"C1": rectangle(0, 0, 100, 100)}, name=["宜和社区"], kind=["社区"]
        ),
        "compound": make_layer(
            "compound",
            {"p1": rectangle(0, 0, 50, 50), "p2": rectangle(50, 0, 100, 50)},
            name=["宜和佳苑", "胜地心苑"],
            aliases=["佳苑,宜和小区", None],
        ),
        "building": make_layer(
            "building",
            {f"w{i}": rectangle(10 * i, 0, 10 * i + 5, 5) for i in range(1, 7)},
            name=["宜和佳苑", None, "3号楼", None, "政和一中", None],
            number=["2", "10", None, "A", None, None],
            compound=["p1", "p1", "p2", "p2", None, None],
            address=[None, None, None, None, "解放街2号", "胜利街330号"],
        ),
        "centre": make_layer(
            "centre",
            {"d2": point(3, 3), "d1": point(1, 1), "z9": point(9, 9)},
            name=["宜和邻里中心后门", "宜和邻里中心", "北门邻里中心"],
            centre=["z1", "z1", None],
        ),
    }


@pytest.fixture
def gazetteer(layers):
    aliases = make_table(
        "alias", id=["1", "2"], layer=["building", "compound"], feature=["w5", "p2"], alias=["一中", "心苑"]
    )
    return build_gazetteer(layers, aliases)


def find(gazetteer, query):
    return [(match.entry.kind, match.entry.key) for match in gazetteer.find(query)]


@pytest.mark.parametrize(
    "query", ["宜和佳苑10栋", "宜和佳苑 １０ 号楼", "佳苑十幢", "宜和小区10#", "w2", "W2"]
)
def test_a_building_is_found_by_compound_and_number_under_every_alias_and_by_its_id(gazetteer, query):
    assert find(gazetteer, query) == [("building", "w2")]


def test_a_compounds_name_means_the_compound_even_where_buildings_repeat_it(gazetteer):
    assert find(gazetteer, "宜和佳苑") == [("compound", "p1")]
    assert find(gazetteer, "宜和佳苑2栋") == [("building", "w1")]


def test_a_building_named_by_its_number_alone_needs_its_compound(gazetteer):
    assert find(gazetteer, "胜地心苑三栋") == find(gazetteer, "心苑3#") == [("building", "w3")]
    assert gazetteer.find("3号楼")[0].closeness is Closeness.INNER


@pytest.mark.parametrize(
    ("query", "key", "by"),
    [
        ("政和一中", "w5", NameKind.NAME),
        ("一中", "w5", NameKind.ALIAS),
        ("解放街 2 号", "w5", NameKind.ADDRESS),
        ("胜利街330号", "w6", NameKind.ADDRESS),
        ("胜地心苑A座", "w4", NameKind.NUMBER),
    ],
)
def test_a_match_says_which_name_was_met(gazetteer, query, key, by):
    (match,) = gazetteer.find(query)
    assert (match.entry.key, match.by, match.closeness) == (key, by, Closeness.EXACT)


def test_without_an_exact_name_the_ones_that_begin_so_are_found_then_the_ones_that_hold_it(gazetteer):
    by_prefix = gazetteer.find("宜和佳")
    assert {match.closeness for match in by_prefix} == {Closeness.PREFIX}
    assert [match.entry.key for match in by_prefix] == ["p1", "w1", "w2"]  # 2栋 before 10栋
    inner = gazetteer.find("邻里中心")
    assert {match.closeness for match in inner} == {Closeness.INNER}
    assert {match.entry.key for match in inner} == {"z1", "z9"}


def test_doors_of_one_centre_are_one_entry_at_its_first_door(gazetteer):
    (match,) = gazetteer.find("宜和邻里中心")
    assert match.entry.key == "z1"
    assert match.entry.lonlat == pytest.approx(lonlat(1, 1), abs=1e-9)


def test_offers_while_typing_go_from_exact_to_inner_and_stop_at_the_limit(gazetteer):
    offers = gazetteer.search("宜和", 3)
    assert len(offers) == 3
    assert [offer.kind for offer in gazetteer.search("宜和佳苑", 10)] == ["compound", "building", "building"]
    assert gazetteer.search("", 10) == []


def test_an_entry_says_where_it_is(gazetteer):
    (school,) = gazetteer.find("政和一中")
    assert school.entry.where == "宜和社区 解放街2号"


def test_what_is_unknown_is_not_found_but_similar_names_are_told(gazetteer):
    assert gazetteer.find("凤凰山庄") == []
    assert gazetteer.suggest("宜合佳苑", 1) == ["宜和佳苑"]
    assert gazetteer.suggest("XYZ", 3) == []


def test_a_feature_without_geometry_is_found_but_has_no_place():
    gazetteer = build_gazetteer({"building": make_layer("building", {"w1": None}, name=["老宅"])})
    (match,) = gazetteer.find("老宅")
    assert match.entry.lonlat is None


def test_rows_in_another_order_give_the_same_ranking(layers):
    turned = {name: frame.iloc[::-1].reset_index(drop=True) for name, frame in layers.items()}
    for query in ("宜和", "苑", "中心", "邻里"):
        assert find(build_gazetteer(layers), query) == find(build_gazetteer(turned), query)


def test_layers_of_different_crs_are_refused(layers):
    layers["centre"] = layers["centre"].set_crs("EPSG:4548", allow_override=True)
    with pytest.raises(CrsError):
        build_gazetteer(layers)


def test_an_empty_county_has_an_empty_gazetteer():
    assert build_gazetteer({}).find("宜和") == []
