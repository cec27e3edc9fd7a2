"""The lookup the other way round: what belongs to an area or a person, on a town drawn by hand."""

from __future__ import annotations

import datetime as dt
import json

import pandas as pd
import pytest

from geogrid.errors import EmptyLayerError, FeatureNotFoundError, UnknownLayerError
from geogrid.responsibility.describe import describe_area, find_person_duties
from geogrid.responsibility.register import Register
from tests.support.command import Command
from tests.support.frames import METRIC, make_layer, make_table, point, rectangle
from tests.support.web import LEADER, LEADER_PHONE, NASTY_NAMES, write_town
from webmap import create_app

TODAY = dt.date(2026, 6, 1)

# Three squares of 100 m: west C1 and east C2 side by side, north C3 above the east one, so that C1 and
# C3 meet in the corner (100, 100) alone. Grid G1 is four fifths of the west; beat B1 is the west but belongs to C2.
SQUARES = {
    "C1": rectangle(0, 0, 100, 100),
    "C2": rectangle(100, 0, 200, 100),
    "C3": rectangle(100, 100, 200, 200),
}


@pytest.fixture
def register():
    layers = {
        "community": make_layer("community", SQUARES, name=["东门社区", "西门社区", "北门社区"]),
        "grid": make_layer(
            "grid",
            {"G1": rectangle(0, 0, 100, 80), "G2": SQUARES["C2"]},
            name=["一格", "二格"],
            community=["C1", "C2"],
        ),
        "beat": make_layer("beat", {"B1": SQUARES["C1"]}, name=["一警格"], community=["C2"]),
        "compound": make_layer("compound", {"p1": rectangle(10, 10, 50, 50)}, name=["甲小区"]),
        "building": make_layer(
            "building",
            {
                "w1": rectangle(20, 20, 30, 30),
                "w2": rectangle(95, 20, 103, 30),  # 5 m of 8 in C1
                "w3": rectangle(150, 20, 160, 30),
                "w4": rectangle(500, 20, 510, 30),  # in no area
            },
            name=["甲楼", "乙楼", "丙楼", "丁楼"],
            compound=["p1", None, None, None],
        ),
        "centre": make_layer("centre", {"z1": point(50, 95)}, name=["中心"]),
    }
    columns = ("id", "person", "role", "layer", "feature", "valid_from", "valid_to")
    rows = [
        ("a1", "n1", "邻里长", "grid", "G1", None, None),
        ("a2", "n2", "社区书记", "community", "C1", None, None),
        ("a3", "n3", "楼栋长", "group", "L1", None, None),
        ("a4", "n1", "平安志愿者", "community", "C1", None, "2026-05-31"),
        ("a5", "n3", "邻里长", "grid", "gone", None, None),
    ]
    tables = {
        "assignment": make_table("assignment", **dict(zip(columns, zip(*rows, strict=True), strict=True))),
        "person": make_table(
            "person",
            id=["n1", "n2", "n3"],
            name=["示例甲", "示例乙", "示例甲"],
            duty_phone=["000-0000001", None, None],
            private_phone=["000-9999991", "000-9999992", "000-9999993"],
        ),
        "group": make_table(
            "group", id=["L1"], name=["一号楼组"], kind=["楼栋组"], grid=["G1"], buildings=["w1,w2"]
        ),
        "organisation": make_table(
            "organisation",
            id=["o1", "o2"],
            name=["支部", "大党委"],
            kind=["小区党支部", "社区大党委"],
            parent=["o2", None],
            layer=["compound", "community"],
            feature=["p1", "C1"],
        ),
    }
    return Register.from_layers(layers, tables, METRIC)


def test_an_area_has_the_buildings_whose_largest_share_lies_in_it(register):
    found = describe_area(register, "community", "C1", on=TODAY)
    assert found.buildings == [("w1", "甲楼"), ("w2", "乙楼")]
    assert describe_area(register, "community", "C2", on=TODAY).buildings == [("w3", "丙楼")]
    assert describe_area(register, "community", "C3", on=TODAY).buildings == []


def test_neighbours_share_their_border_and_a_corner_is_no_border(register):
    found = describe_area(register, "community", "C2", on=TODAY).neighbours
    assert [(one.code, one.name) for one in found] == [("C1", "东门社区"), ("C3", "北门社区")]
    assert [one.shared_m for one in found] == pytest.approx([100, 100], abs=0.3)
    corner = {
        one.code: one.shared_m for one in describe_area(register, "community", "C1", on=TODAY).neighbours
    }
    assert corner == {"C2": pytest.approx(100, abs=0.3), "C3": 0.0}


def test_people_of_an_area_and_of_what_lies_in_it_stand_apart_and_vacancies_are_named(register):
    found = describe_area(register, "community", "C1", on=TODAY)
    assert [(duty.role, duty.name) for duty in found.people] == [("社区书记", "示例乙")]
    assert [(duty.role, duty.feature) for duty in found.within] == [("楼栋长", "L1"), ("邻里长", "G1")]
    vacant = [(item.data["role"], item.data["feature"]) for item in found.vacancies]
    assert vacant == [("社区民警", "B1"), ("专职辅警", "B1"), ("巡防队员", "B1")]
    (empty,) = describe_area(register, "grid", "G2", on=TODAY).vacancies
    assert empty.data["role"] == "邻里长"


def test_buildings_whose_beat_belongs_to_another_community_are_counted(register):
    (found,) = describe_area(register, "community", "C1", on=TODAY).mismatches
    assert (found.beat, found.beat_community, found.community) == ("B1", "C2", "C1")
    assert [building for building, _ in found.buildings] == ["w1", "w2"]
    assert describe_area(register, "community", "C2", on=TODAY).mismatches == []


def test_organisations_of_an_area_are_its_own_and_those_of_what_lies_in_it(register):
    found = describe_area(register, "community", "C1", on=TODAY).organisations
    assert [one.id for one in found] == ["o2", "o1"]


def test_a_compound_a_group_and_a_centre_have_their_buildings(register):
    assert describe_area(register, "compound", "p1", on=TODAY).buildings == [("w1", "甲楼")]
    group = describe_area(register, "group", "L1", on=TODAY)
    assert (group.name, group.buildings) == ("一号楼组", [("w1", "甲楼"), ("w2", "乙楼")])
    assert [duty.name for duty in group.people] == ["示例甲"]
    walks = pd.DataFrame({"centre": ["z1", None], "walk_s": [60.0, 1.0]}, index=["w3", "w1"])
    assert describe_area(register, "centre", "z1", on=TODAY, walks=walks).buildings == [("w3", "丙楼")]
    with pytest.raises(EmptyLayerError):
        describe_area(register, "centre", "z1", on=TODAY)


@pytest.mark.parametrize("kind", ["community", "group", "centre"])
def test_what_is_not_there_is_an_error(register, kind):
    with pytest.raises(FeatureNotFoundError):
        describe_area(register, kind, "nothing", on=TODAY)
    with pytest.raises(UnknownLayerError):
        describe_area(register, "street", "s1", on=TODAY)


def test_a_person_has_the_duties_of_the_date_with_their_buildings(register):
    first, second = find_person_duties(register, "示例甲", on=TODAY)
    assert [(one.duty.role, one.name) for one in first.duties] == [("邻里长", "一格")]
    assert [building for building, _ in first.duties[0].buildings] == ["w1", "w2"]
    assert [(one.duty.feature, len(one.buildings)) for one in second.duties] == [("gone", 0), ("L1", 2)]
    (before,) = find_person_duties(register, "n1", on=dt.date(2026, 5, 31))
    assert [one.duty.role for one in before.duties] == ["平安志愿者", "邻里长"]
    assert find_person_duties(register, "示例", on=TODAY) == []  # never by a part of a name


def test_no_description_holds_a_private_phone_and_without_people_none_a_name(register):
    found = describe_area(register, "community", "C1", on=TODAY)
    shown = json.dumps(found.to_dict(show_people=True), ensure_ascii=False)
    people = json.dumps([one.to_dict() for one in find_person_duties(register, "n1", on=TODAY)])
    assert "示例乙" in shown
    assert "000-99999" not in shown + people
    hidden = json.dumps(found.to_dict(show_people=False), ensure_ascii=False)
    assert "示例" not in hidden
    assert "邻里长" in hidden


# --- from the command line and over HTTP ---------------------------------------------------------


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    return write_town(tmp_path_factory.mktemp("describe") / "town.gpkg")


def test_the_command_tells_an_area_by_name_and_by_code_and_a_person(town, monkeypatch, capsys):
    geogrid = Command(monkeypatch, capsys)
    by_name = json.loads(geogrid.succeed("area", town, "西门社区", "--json"))
    by_code = json.loads(geogrid.succeed("area", town, "community:350725001001", "--json"))
    assert by_name == by_code
    (area,) = by_code["areas"]
    assert area["n_buildings"] == len(area["buildings"]) == 12  # half of the 24
    assert [one["name"] for one in area["neighbours"]] == ["东门社区"]
    assert area["neighbours"][0]["shared_m"] == pytest.approx(800, abs=0.5)
    said = geogrid.succeed("area", town, LEADER)
    assert LEADER in said
    code, out, err = geogrid("area", town, "没有这个名字")
    assert (code, out) == (1, "")
    assert "没有这个名字" in err
    assert geogrid("area", town, "community:0")[0] == 1


def test_the_address_tells_the_same_as_the_command_without_people(town, monkeypatch, capsys):
    geogrid = Command(monkeypatch, capsys)
    (told,) = json.loads(geogrid.succeed("area", town, "grid:350725001001001", "--json"))["areas"]
    client = create_app(town).test_client()
    answer = client.get("/api/v1/areas/grid/350725001001001")
    found = answer.get_json()
    assert any(person["name"] for person in told["people"] + told["within"])
    for person in told["people"] + told["within"]:
        person |= {"name": None, "unit": None, "duty_phone": None}
    for person in found["people"] + found["within"]:
        person.pop("title")  # what the page says of a role
    for arranged in ("duties", "duties_within", "sees_people"):
        found.pop(arranged)
    assert found == told
    assert LEADER not in answer.get_data(as_text=True)
    assert LEADER_PHONE not in answer.get_data(as_text=True)
    assert client.get("/api/v1/areas/grid/0").status_code == 404
    assert client.get("/api/v1/areas/street/s1").status_code == 400
    assert client.get(f"/api/v1/areas/grid/{'x' * 500}").status_code == 400
    assert client.get("/api/v1/areas/grid/0?on=soon").status_code == 400


def test_hostile_names_travel_as_text(tmp_path):
    path = write_town(tmp_path / "nasty.gpkg", NASTY_NAMES * 6, county=NASTY_NAMES[3])
    found = create_app(path).test_client().get("/api/v1/areas/community/350725001001").get_json()
    assert {building["name"] for building in found["buildings"]} <= set(NASTY_NAMES) | {
        f"和平路{number}号" for number in range(1, 25)
    }
