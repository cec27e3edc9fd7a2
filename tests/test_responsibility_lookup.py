"""Place and date to areas, people and nearest centre, on a town of two grids drawn by hand."""

from __future__ import annotations

import datetime as dt
import json

import numpy as np
import pandas as pd
import pytest
import shapely

from geogrid.errors import InvalidOptionError, PlaceNotFoundError
from geogrid.responsibility.lookup import locate
from geogrid.responsibility.register import Register
from tests.support.frames import METRIC, lonlat, make_layer, make_table, point, rectangle

TODAY = dt.date(2026, 6, 1)

# Two squares of 100 m stand side by side. West: grid G1, community C1, beat B1; east: G2, C2, B2.
# One district D1 holds both. Building w1 lies in the west; w2 (10 m wide, from 93 to 103) lies with
# 7 m in the west and 3 m in the east; w3 (from 95.5 to 105.5) with 4.5 m and 5.5 m; w4 in the east.
WEST, EAST = rectangle(0, 0, 100, 100), rectangle(100, 0, 200, 100)


@pytest.fixture
def layers():
    return {
        "grid": make_layer(
            "grid",
            {"G1": WEST, "G2": EAST},
            name=["一格", "二格"],
            community=["C1", "C2"],
            district=["D1", "D1"],
        ),
        "community": make_layer("community", {"C1": WEST, "C2": EAST}, name=["东门社区", "西门社区"]),
        "district": make_layer("district", {"D1": rectangle(0, 0, 200, 100)}, name=["城关片区"]),
        "beat": make_layer("beat", {"B1": WEST, "B2": EAST}, name=["一警格", "二警格"]),
        "compound": make_layer("compound", {"p1": rectangle(10, 10, 190, 90)}, name=["宜和佳苑"]),
        "building": make_layer(
            "building",
            {
                "w1": rectangle(20, 20, 30, 30),
                "w2": rectangle(93, 20, 103, 30),
                "w3": rectangle(95.5, 50, 105.5, 60),
                "w4": rectangle(150, 20, 160, 30),
            },
            number=["1", "2", "3", None],
            name=[None, None, None, "粮站"],
            compound=["p1", "p1", "p1", None],
        ),
        "centre": make_layer("centre", {"z1": point(50, 95)}, name=["东门邻里中心"]),
    }


@pytest.fixture
def tables():
    rows = [
        ("a1", "n1", "邻里长", "grid", "G1", None, None),
        ("a2", "n2", "片区长", "district", "D1", None, None),
        ("a3", "n3", "社区民警", "beat", "B1", None, None),
        ("a4", "n4", "楼栋长", "group", "L1", "2026-01-01", "2026-06-01"),
        ("a5", "n5", "户组长", "group", "H1", None, "2026-05-31"),
        ("a6", "n6", "物业保安", "compound", "p1", None, None),
        ("a7", "n7", "社区民警", "beat", "B2", "2026-06-02", None),
    ]
    columns = ("id", "person", "role", "layer", "feature", "valid_from", "valid_to")
    return {
        "assignment": make_table("assignment", **dict(zip(columns, zip(*rows, strict=True), strict=True))),
        "person": make_table(
            "person",
            id=[f"n{i}" for i in range(1, 8)],
            name=["赵一", "钱二", "孙三", "李四", "周五", "吴六", "郑七"],
            unit=["东门社区", "县政府", "城关派出所", None, None, "物业", "城关派出所"],
            duty_phone=[f"0599-100{i}" for i in range(1, 8)],
            private_phone=[f"1380000000{i}" for i in range(1, 8)],
        ),
        "group": make_table(
            "group",
            id=["L1", "H1"],
            name=["一号楼组", "一号户组"],
            kind=["楼栋组", "户组"],
            buildings=["w1", "w1,w9"],
        ),
        "organisation": make_table(
            "organisation",
            id=["o1", "o2"],
            name=["支部", "党委"],
            layer=["compound", "community"],
            feature=["p1", "C2"],
        ),
    }


@pytest.fixture
def register(layers, tables):
    return Register.from_layers(layers, tables, METRIC)


@pytest.fixture
def walks():
    return pd.DataFrame(
        {"centre": ["z1", "z1", None, "z1"], "walk_s": [300.0, 420.0, np.inf, 60.0]},
        index=["w1", "w2", "w3", "w9"],
    )


def ask(register, *place, on=TODAY, **options):
    (match,) = locate(register, *place, on=on, **options).matches
    return match


def codes_of(match, kind):
    return [(area.code, area.share) for area in match.areas if area.kind == kind]


def roles_of(match):
    return [(duty.role, duty.name) for duty in match.people]


def evidence_of(match):
    return [item.code for item in match.evidence]


def data_of(match, code):
    return [dict(item.data) for item in match.evidence if item.code == code]


# --- areas -------------------------------------------------------------------------------------


def test_a_building_inside_one_area_of_each_kind_has_all_of_its_ground_there(register):
    match = ask(register, "宜和佳苑1栋")
    assert (match.building, match.compound) == ("w1", "p1")
    assert codes_of(match, "grid") == [("G1", 1.0)]
    assert codes_of(match, "community") == [("C1", 1.0)]
    assert codes_of(match, "district") == [("D1", 1.0)]
    assert not any(code.startswith("area.") for code in evidence_of(match))


def test_a_building_split_30_to_70_belongs_to_the_larger_part_and_that_is_said(register):
    match = ask(register, "宜和佳苑2栋")
    assert codes_of(match, "grid") == [("G1", pytest.approx(0.7)), ("G2", pytest.approx(0.3))]
    split = data_of(match, "area.split")
    assert split[0] == {"kind": "community", "shares": {"C1": 0.7, "C2": 0.3}}
    assert {item["kind"] for item in split} == {"grid", "community", "beat"}  # the district holds it whole
    assert ("邻里长", "赵一") in roles_of(match)
    assert {duty.feature for duty in match.people if duty.layer == "grid"} == {"G1"}


def test_a_building_with_more_than_nine_tenths_in_one_area_is_not_called_split(layers, tables):
    layers["building"] = make_layer(
        "building", {"w1": rectangle(90.5, 0, 100.5, 10)}, name=["甲楼"]
    )  # 9.5 and 0.5 m
    match = ask(Register.from_layers(layers, tables, METRIC), "甲楼")
    assert codes_of(match, "grid") == [("G1", pytest.approx(0.95)), ("G2", pytest.approx(0.05))]
    assert "area.split" not in evidence_of(match)


def test_a_position_on_a_shared_border_belongs_to_both_sides(register):
    match = ask(register, None, lonlat(100, 5))
    assert [(area.code, area.edge_m) for area in match.areas if area.kind == "grid"] == [
        ("G1", pytest.approx(0, abs=0.001)),
        ("G2", pytest.approx(0, abs=0.001)),
    ]
    assert {"kind": "grid", "codes": ["G1", "G2"]} in data_of(match, "area.border")
    assert ("邻里长", "赵一") in roles_of(match)


def test_a_position_near_a_border_is_told_the_other_side(register):
    match = ask(register, None, lonlat(88, 5))  # 12 m from x = 100, 5 m from the outer edge
    assert [(area.code, round(area.edge_m, 3)) for area in match.areas if area.kind == "grid"] == [
        ("G1", 5.0)
    ]
    (told,) = [item for item in data_of(match, "area.near_edge") if item["kind"] == "grid"]
    assert told["others"] == ["G2"]
    assert [item["kind"] for item in data_of(match, "area.near_outer_edge")] == ["district"]


def test_a_position_deep_inside_has_no_such_evidence(register):
    match = ask(register, None, lonlat(50, 50))
    assert not any(code.startswith("area.") for code in evidence_of(match))


def test_a_position_outside_is_told_the_nearest_area_and_how_far_it_is(register):
    match = ask(register, None, lonlat(230, 140))  # 30 m east and 40 m north of the corner
    assert not match.areas
    assert match.people == []
    outside = {item["kind"]: item for item in data_of(match, "area.outside")}
    assert outside["grid"] == {"kind": "grid", "nearest": "G2", "distance_m": 50.0}
    assert outside["district"]["nearest"] == "D1"


def test_a_position_inside_a_building_names_it_and_says_when_the_building_belongs_elsewhere(register):
    match = ask(register, None, lonlat(99, 55))  # in w3, west of the border; most of w3 lies east
    assert match.building == "w3"
    assert {area.code for area in match.areas if area.kind == "grid"} == {"G1"}
    assert {"kind": "grid", "building": "w3", "code": "G2", "position": ["G1"]} in data_of(
        match, "place.building_differs"
    )


def test_a_building_outside_every_area_is_told_the_nearest(layers, tables):
    layers["building"] = make_layer("building", {"w1": rectangle(210, 0, 220, 10)}, name=["村部"])
    match = ask(Register.from_layers(layers, tables, METRIC), "村部")
    assert not match.areas
    assert {item["nearest"] for item in data_of(match, "area.outside")} == {"C2", "D1", "G2", "B2"}


def test_a_compound_name_matches_the_compound_and_each_of_its_areas_answers(register):
    match = ask(register, "宜和佳苑")
    assert (match.building, match.compound) == (None, "p1")
    assert codes_of(match, "grid") == [("G1", pytest.approx(0.5)), ("G2", pytest.approx(0.5))]
    assert "area.parted" in evidence_of(match)
    assert "area.split" not in evidence_of(match)
    assert {item["feature"] for item in data_of(match, "duty.vacant_tier")} == {"G2"}


def test_an_area_is_answered_for_by_itself_and_by_what_holds_it_whole(register):
    match = ask(register, "一格")
    assert codes_of(match, "grid") == [("G1", 1.0)]
    assert roles_of(match) == [("邻里长", "赵一"), ("片区长", "钱二"), ("社区民警", "孙三")]


def test_a_grid_declared_in_another_community_than_it_lies_in_is_said(layers, tables):
    layers["grid"]["community"] = ["C2", "C2"]
    match = ask(Register.from_layers(layers, tables, METRIC), "宜和佳苑1栋")
    assert data_of(match, "area.declared") == [
        {"kind": "grid", "code": "G1", "of": "community", "declared": "C2", "actual": "C1"}
    ]


def test_a_faulty_area_does_not_keep_a_question_from_being_answered(layers, tables):
    # South-east, north-west, north-east, south-west: two triangles that meet at (50, 50). The
    # square of w1 stands on the diagonal y = x, so that half of it lies in the southern one.
    twisted = shapely.Polygon([point(100, 0), point(0, 100), point(100, 100), point(0, 0)])
    assert not twisted.is_valid
    layers["lane"] = make_layer("lane", {"S1": twisted}, name=["解放街"])
    match = ask(Register.from_layers(layers, tables, METRIC), "宜和佳苑1栋")
    assert codes_of(match, "lane") == [("S1", pytest.approx(0.5))]
    assert {"kind": "lane", "shares": {"S1": 0.5}} in data_of(match, "area.partly_outside")


def test_an_area_of_several_parts_holds_its_exclave_and_that_is_said(layers, tables):
    # C2 is the eastern square and a square of 20 m around w1 in the west, cut out of C1.
    island = rectangle(15, 15, 35, 35)
    layers["community"] = make_layer(
        "community",
        {"C1": WEST.difference(island), "C2": EAST.union(island)},
        name=["东门社区", "西门社区"],
    )
    register = Register.from_layers(layers, tables, METRIC)
    match = ask(register, "宜和佳苑1栋")
    assert codes_of(match, "community") == [("C2", 1.0)]
    assert data_of(match, "area.detached") == [{"kind": "community", "code": "C2"}]
    inside = ask(register, None, lonlat(16, 25))
    assert [(a.code, round(a.edge_m, 3)) for a in inside.areas if a.kind == "community"] == [("C2", 1.0)]
    assert data_of(inside, "area.detached") == [{"kind": "community", "code": "C2"}]
    assert data_of(ask(register, "粮站"), "area.detached") == []  # in the main part


def test_a_beat_of_another_community_than_the_places_is_said(layers, tables):
    layers["beat"]["community"] = ["C2", "C2"]
    register = Register.from_layers(layers, tables, METRIC)
    told = {"beat": "B1", "beat_community": "C2", "communities": ["C1"]}
    assert data_of(ask(register, "宜和佳苑1栋"), "area.beat_elsewhere") == [told]
    assert data_of(ask(register, None, lonlat(50, 50)), "area.beat_elsewhere") == [told]
    assert data_of(ask(register, "粮站"), "area.beat_elsewhere") == []


def test_a_buildings_distance_to_the_nearest_border_is_told(register):
    edges = {area.kind: area.edge_m for area in ask(register, "宜和佳苑1栋").areas}
    assert edges == {"community": 20, "district": 20, "grid": 20, "beat": 20}  # 20 m from two sides
    assert {area.edge_m for area in ask(register, "宜和佳苑2栋").areas if area.kind == "grid"} == {0.0}


# --- people ------------------------------------------------------------------------------------


def test_people_stand_from_the_nearest_tier_up_then_the_others(register):
    on = dt.date(2026, 5, 31)  # the last day of the 户组长
    assert roles_of(ask(register, "宜和佳苑1栋", on=on)) == [
        ("户组长", "周五"),
        ("楼栋长", "李四"),
        ("邻里长", "赵一"),
        ("片区长", "钱二"),
        ("社区民警", "孙三"),
        ("物业保安", "吴六"),
    ]


def test_a_duty_holds_through_its_last_day_and_a_vacancy_names_the_next_tier_up(register):
    match = ask(register, "宜和佳苑1栋")  # 2026-06-01: the 户组长 ended the day before
    assert [role for role, _ in roles_of(match)][:2] == ["楼栋长", "邻里长"]
    (vacant,) = data_of(match, "duty.vacant_tier")
    assert vacant == {
        "role": "户组长", "layer": "group", "feature": "H1",
        "next_role": "楼栋长", "next_layer": "group", "next_feature": "L1",
    }  # fmt: skip
    after = ask(register, "宜和佳苑1栋", on=dt.date(2026, 6, 2))
    assert [(item["role"], item["next_role"]) for item in data_of(after, "duty.vacant_tier")] == [
        ("户组长", "邻里长"),
        ("楼栋长", "邻里长"),
    ]


def test_a_beat_without_an_officer_is_said_until_one_begins(register):
    assert "社区民警" in {item["role"] for item in data_of(ask(register, "粮站"), "duty.vacant")}
    match = ask(register, "粮站", on=dt.date(2026, 6, 2))
    assert ("社区民警", "郑七") in roles_of(match)
    assert "社区民警" not in {item["role"] for item in data_of(match, "duty.vacant")}


def test_a_building_in_no_group_is_said(register):
    assert [item["group_kind"] for item in data_of(ask(register, "粮站"), "duty.no_group")] == [
        "户组",
        "楼栋组",
    ]


def add_duties(tables, *rows):
    columns = ("id", "person", "role", "layer", "feature", "valid_from", "valid_to")
    more = make_table("assignment", **dict(zip(columns, zip(*rows, strict=True), strict=True)))
    tables["assignment"] = pd.concat([tables["assignment"], more], ignore_index=True)


def test_temporary_cover_beside_the_holder_is_said_with_its_dates(layers, tables):
    add_duties(tables, ("a8", "n7", "社区民警", "beat", "B1", "2026-05-20", "2026-06-10"))
    register = Register.from_layers(layers, tables, METRIC)
    match = ask(register, "宜和佳苑1栋")
    assert [duty.name for duty in match.people if duty.role == "社区民警"] == ["孙三", "郑七"]
    assert data_of(match, "duty.stand_in_beside") == [
        {"role": "社区民警", "layer": "beat", "feature": "B1",
         "valid_from": "2026-05-20", "valid_to": "2026-06-10"}
    ]  # fmt: skip
    after = ask(register, "宜和佳苑1栋", on=dt.date(2026, 6, 11))
    assert not any(code.startswith("duty.stand_in") for code in evidence_of(after))


def test_temporary_cover_in_place_of_the_holder_is_said_until_the_holder_is_back(layers, tables):
    add_duties(
        tables,
        ("a8", "n5", "楼栋长", "group", "L1", "2026-06-02", "2026-06-20"),  # a4 held it until 06-01
        ("a9", "n4", "楼栋长", "group", "L1", "2026-06-21", None),
    )
    register = Register.from_layers(layers, tables, METRIC)
    on = dt.date(2026, 6, 2)
    match = ask(register, "宜和佳苑1栋", on=on)
    assert [(duty.name, duty.stand_in) for duty in match.people if duty.role == "楼栋长"] == [
        ("周五", "instead")
    ]
    assert data_of(match, "duty.stand_in_instead")[0]["valid_to"] == "2026-06-20"
    assert register.on_date(on).on_date(on) is not register
    back = ask(register, "宜和佳苑1栋", on=dt.date(2026, 6, 21))
    assert [(duty.name, duty.stand_in) for duty in back.people if duty.role == "楼栋长"] == [("李四", None)]


def test_a_term_of_more_than_three_months_is_no_temporary_cover(layers, tables):
    add_duties(tables, ("a8", "n7", "社区民警", "beat", "B1", "2026-05-01", "2026-08-01"))  # 93 days
    match = ask(Register.from_layers(layers, tables, METRIC), "宜和佳苑1栋")
    assert not any(code.startswith("duty.stand_in") for code in evidence_of(match))


@pytest.fixture
def parted_register(layers, tables):
    """The building w1 shared by two household groups: H1 has its units 1 and 2, H2 its unit 3."""
    tables["group"] = make_table(
        "group",
        id=["L1", "H1", "H2"],
        name=["一号楼组", "一号户组", "二号户组"],
        kind=["楼栋组", "户组", "户组"],
        buildings=["w1", "w1,w9", "w1"],
        units=[None, "w1-1单元,w1-2单元,w9-3单元", "三单元"],
    )
    add_duties(
        tables,
        ("a8", "n5", "户组长", "group", "H1", None, None),
        ("a9", "n6", "户组长", "group", "H2", None, None),
    )
    return Register.from_layers(layers, tables, METRIC)


@pytest.mark.parametrize(
    ("query", "leader"), [("1栋1单元", "周五"), ("1栋二单元502室", "周五"), ("1栋3单元", "吴六")]
)
def test_the_household_leader_is_that_of_the_unit_that_was_named(parted_register, query, leader):
    match = ask(parted_register, f"宜和佳苑{query}")
    assert [duty.name for duty in match.people if duty.role == "户组长"] == [leader]
    assert match.building == "w1"
    assert "duty.units" not in evidence_of(match)
    assert [duty.name for duty in match.people if duty.role == "楼栋长"] == ["李四"]


def test_without_a_unit_all_household_groups_of_the_building_are_named_with_their_units(parted_register):
    match = ask(parted_register, "宜和佳苑1栋")
    assert [duty.name for duty in match.people if duty.role == "户组长"] == ["周五", "吴六"]
    (told,) = data_of(match, "duty.units")
    assert told["groups"] == [
        {"id": "H1", "name": "一号户组", "units": ["1单元", "2单元"]},
        {"id": "H2", "name": "二号户组", "units": ["3单元"]},
    ]


def test_a_unit_that_no_household_group_holds_is_said(parted_register):
    match = ask(parted_register, "宜和佳苑1栋9单元")
    assert match.people[0].role == "楼栋长"
    assert data_of(match, "duty.no_unit_group") == [{"building": "w1", "unit": "9单元"}]


def test_without_any_roster_that_is_said_once_instead_of_every_vacancy(layers):
    match = ask(Register.from_layers(layers, {}, METRIC), "宜和佳苑1栋")
    assert [code for code in evidence_of(match) if code.startswith("duty.")] == ["duty.no_roster"]


def test_organisations_that_serve_the_place_are_listed(register):
    assert [one.id for one in ask(register, "宜和佳苑1栋").organisations] == ["o1"]


def test_the_party_line_of_a_place_goes_up_to_its_head_the_highest_first(layers, tables):
    tables["organisation"] = make_table(
        "organisation",
        id=["cell", "branch", "committee", "street", "elsewhere"],
        name=["甲小组", "乙支部", "丙大党委", "丁党工委", "戊支部"],
        kind=["邻里党小组", "小区党支部", "社区大党委", "街道党工委", "小区党支部"],
        parent=["branch", "committee", "street", "street", "committee"],  # the street is above itself
        layer=["building", "compound", None, None, "compound"],
        feature=["w1", "p1", None, None, "p9"],
    )
    match = ask(Register.from_layers(layers, tables, METRIC), "宜和佳苑1栋")
    assert [one.id for one in match.organisations] == ["street", "committee", "branch", "cell"]
    assert match.to_dict(show_people=False)["organisations"][0] == {
        "id": "street", "name": "丁党工委", "kind": "街道党工委", "layer": None, "feature": None,
    }  # fmt: skip


def test_an_area_holds_on_its_last_day_and_not_after(layers, tables):
    layers["grid"] = pd.concat(
        [
            layers["grid"].assign(valid_to=["2026-05-31", None]),
            make_layer("grid", {"G9": WEST}, name=["新格"], valid_from=["2026-06-01"]),
        ],
        ignore_index=True,
    )
    register = Register.from_layers(layers, tables, METRIC)
    assert codes_of(ask(register, "宜和佳苑1栋", on=dt.date(2026, 5, 31)), "grid") == [("G1", 1.0)]
    assert codes_of(ask(register, "宜和佳苑1栋", on=dt.date(2026, 6, 1)), "grid") == [("G9", 1.0)]


# --- nearest centre ----------------------------------------------------------------------------


def test_a_buildings_nearest_centre_comes_from_its_walk(register, walks):
    centre = ask(register, "宜和佳苑1栋", walks=walks).nearest_centre
    assert (centre.id, centre.name, centre.walk_s) == ("z1", "东门邻里中心", 300.0)


@pytest.mark.parametrize(
    ("query", "code"),
    [("宜和佳苑3栋", "walk.unreachable"), ("粮站", "walk.not_a_home"), ("一格", "walk.of_an_area")],
)
def test_where_no_walk_is_known_there_is_none_and_the_reason_is_said(register, walks, query, code):
    match = ask(register, query, walks=walks)
    assert match.nearest_centre is None
    assert code in evidence_of(match)


def test_a_compounds_walk_is_the_longest_of_its_homes_and_the_spread_is_said(register, walks):
    match = ask(register, "宜和佳苑", walks=walks)
    assert match.nearest_centre.walk_s == 420.0
    assert data_of(match, "walk.compound") == [
        {"n_homes": 3, "n_other": 1, "shortest_s": 300.0, "longest_s": 420.0}
    ]


def test_a_position_is_measured_from_where_it_is(register, walks):
    asked = []

    def measure_walk(points):
        asked.extend((round(p.x - 386_000, 3), round(p.y - 3_028_000, 3)) for p in points)
        return np.array(["z1"], object), np.array([77.0])

    match = ask(register, None, lonlat(50, 50), walks=walks, measure_walk=measure_walk)
    assert match.nearest_centre.walk_s == 77.0
    assert asked == [(50.0, 50.0)]


def test_a_position_without_a_measure_takes_the_nearest_homes_walk_and_says_so(register, walks):
    match = ask(register, None, lonlat(33, 34), walks=walks)  # 3 m east and 4 m north of w1's corner
    assert match.nearest_centre.walk_s == 300.0
    assert data_of(match, "walk.neighbour") == [{"building": "w1", "distance_m": 5.0}]
    far = ask(register, None, lonlat(-200, 0), walks=walks)
    assert far.nearest_centre is None
    assert "walk.no_neighbour" in evidence_of(far)


# --- questions ---------------------------------------------------------------------------------


def test_buildings_of_one_name_are_all_answered_in_order(layers, tables):
    layers["building"] = make_layer(
        "building",
        {"w7": rectangle(20, 20, 30, 30), "w10": rectangle(150, 20, 160, 30)},
        name=["粮站", "粮站"],
    )
    answer = locate(Register.from_layers(layers, tables, METRIC), "粮站", on=TODAY)
    assert [match.building for match in answer.matches] == ["w10", "w7"]
    limited = locate(Register.from_layers(layers, tables, METRIC), "粮站", on=TODAY, limit=1)
    assert (len(limited.matches), limited.n_found) == (1, 2)


def test_an_unknown_name_is_an_error_that_names_similar_ones(register):
    with pytest.raises(PlaceNotFoundError, match="宜和佳苑"):
        locate(register, "宜和花园路", on=TODAY)


def test_a_building_that_has_ended_is_not_found(layers, tables):
    layers["building"]["valid_to"] = ["2026-05-31", None, None, None]
    register = Register.from_layers(layers, tables, METRIC)
    with pytest.raises(PlaceNotFoundError):
        locate(register, "w1", on=TODAY)


@pytest.mark.parametrize(
    ("query", "position"),
    [(None, None), ("粮站", (118.0, 27.0)), (None, (27.0, 118.0)), (None, (np.nan, 27.0))],
)
def test_a_question_that_means_no_place_is_refused(register, query, position):
    with pytest.raises(InvalidOptionError):
        locate(register, query, position, on=TODAY)


def test_a_narrowed_register_answers_the_same(register, walks):
    narrow = register.on_date(TODAY)
    assert narrow.on_date(TODAY) is narrow
    question = {"on": TODAY, "walks": walks}
    assert locate(narrow, "宜和佳苑2栋", **question) == locate(register, "宜和佳苑2栋", **question)


# --- the answer as JSON ------------------------------------------------------------------------


def test_the_answer_is_the_documented_json(register, walks):
    found = json.loads(json.dumps(locate(register, "宜和佳苑1栋", on=TODAY, walks=walks).to_dict()))
    (match,) = found["matches"]
    assert {"building", "compound", "areas", "people", "nearest_centre", "evidence"} <= match.keys()
    assert match["areas"]["lane"] == []
    assert match["areas"]["grid"] == [{"code": "G1", "name": "一格", "share": 1.0, "edge_m": 20.0}]
    assert match["people"][0] == {
        "role": "楼栋长", "name": "李四", "unit": None, "duty_phone": "0599-1004",
        "layer": "group", "feature": "L1", "valid_from": "2026-01-01", "valid_to": "2026-06-01",
        "stand_in": None,
    }  # fmt: skip
    assert match["nearest_centre"] == {"id": "z1", "name": "东门邻里中心", "walk_s": 300.0}
    assert all(item["zh"] and item["en"] and item["code"] for item in match["evidence"])


@pytest.mark.parametrize("query", ["宜和佳苑1栋", "宜和佳苑2栋", "宜和佳苑", "粮站", "一格", "宜和"])
def test_without_people_the_answer_names_nobody(register, tables, query):
    answer = locate(register, query, on=TODAY)
    shown = json.dumps(answer.to_dict(show_people=False), ensure_ascii=False)
    assert "邻里长" in shown or "片区长" in shown
    for column in ("name", "duty_phone", "private_phone"):
        assert not any(text in shown for text in tables["person"][column])


def test_no_answer_ever_holds_a_private_phone(register, tables):
    shown = json.dumps(locate(register, "宜和佳苑1栋", on=TODAY).to_dict(), ensure_ascii=False)
    assert not any(phone in shown for phone in tables["person"]["private_phone"])


def test_a_hostile_name_travels_as_text(layers, tables):
    layers["grid"]["name"] = ["{{7*7}}{0}", "<img onerror=x>"]
    match = ask(Register.from_layers(layers, tables, METRIC), "宜和佳苑2栋")
    assert any("{{7*7}}{0}" in item.zh for item in match.evidence)
