"""What staff ask on the spot: the walk to the nearest centre, and the buildings around a position."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from geogrid.workspace import Workspace
from tests.support.web import (
    LEADER,
    LEADER_PHONE,
    NASTY_NAMES,
    OFFICER,
    OFFICER_PHONE,
    lonlat,
    open_client,
    write_town,
)
from webmap import create_app


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_town(tmp_path_factory.mktemp("town") / "town.gpkg")


@pytest.fixture(scope="module")
def client(path: Path) -> FlaskClient:
    return open_client(create_app(path))


def position(x: float, y: float, **more: Any) -> dict[str, Any]:
    return {**dict(zip(("lon", "lat"), lonlat(x, y), strict=True)), **more}


def ask_walk(client: FlaskClient, building: str) -> dict[str, Any]:
    told: dict[str, Any] = client.get(f"/api/v1/walk?building={building}").get_json()
    return told


# --- the walk --------------------------------------------------------------------------------------


@pytest.mark.parametrize("building", ["b01", "b08", "b11", "b23"])
def test_the_walk_takes_as_long_as_the_answer_says_and_as_its_legs_together(
    client: FlaskClient, building: str
) -> None:
    walk = ask_walk(client, building)["walk"]
    match = client.get(f"/api/v1/locate?building={building}").get_json()["matches"][0]
    assert walk["centre"]["id"] == match["nearest_centre"]["id"]
    assert walk["seconds"] == match["nearest_centre"]["walk_s"]
    assert sum(leg["seconds"] for leg in walk["legs"]) == pytest.approx(walk["seconds"], abs=1e-9)


def test_a_walk_along_one_street_is_arithmetic(client: FlaskClient) -> None:
    # b10's middle lies at x = 260, y = 422 m and the centre at x = 110, y = 395 m, both beside the
    # street at y = 400 m: 22 m and 5 m off it at 1.2 times the straight line, 150 m along it, 1.2 m/s.
    walk = ask_walk(client, "b10")["walk"]
    assert walk["seconds"] == pytest.approx((22 * 1.2 + 150 + 5 * 1.2) / 1.2, abs=0.01)
    assert [leg["kind"] for leg in walk["legs"]][:: len(walk["legs"]) - 1] == ["access", "access"]


def test_the_line_of_a_walk_runs_unbroken_from_the_door_to_the_centre(client: FlaskClient) -> None:
    lines = [leg["line"] for leg in ask_walk(client, "b08")["walk"]["legs"]]
    assert all(line[-1] == after[0] for line, after in pairwise(lines))
    assert lines[-1][-1] == pytest.approx(lonlat(110, 395), abs=2e-6)


def test_a_walk_out_of_a_gated_compound_passes_its_gate(client: FlaskClient) -> None:
    walk = ask_walk(client, "b08")["walk"]
    assert [gate["id"] for gate in walk["gates_passed"]] == ["g1"]
    assert walk["gates_passed"][0]["lonlat"] == pytest.approx(lonlat(900, 205), abs=2e-6)
    assert [leg["to"] for leg in walk["legs"] if leg["gate"] == "g1"] == ["gate", "street"]


def test_a_building_that_is_no_home_has_no_walk_and_says_so(client: FlaskClient) -> None:
    told = ask_walk(client, "b24")
    assert told["walk"] is None
    assert "非住宅" in told["why"]["zh"]


def test_an_unknown_building_is_not_found(client: FlaskClient) -> None:
    assert client.get("/api/v1/walk?building=nothing").status_code == 404


def test_a_position_in_a_home_has_the_walk_of_the_home(client: FlaskClient) -> None:
    told = client.post("/api/v1/walk", json=position(130, 220)).get_json()
    assert told == ask_walk(client, "b01")


def test_a_position_between_buildings_has_a_walk_of_its_own(client: FlaskClient) -> None:
    # 10 m beside the street at y = 400 m, 240 m east of the centre, which stands 5 m beside it.
    told = client.post("/api/v1/walk", json=position(350, 390)).get_json()
    assert told["building"] is None
    assert told["walk"]["seconds"] == pytest.approx((10 * 1.2 + 240 + 5 * 1.2) / 1.2, abs=0.3)


# --- a position ------------------------------------------------------------------------------------


def test_buildings_within_the_accuracy_come_nearest_first(client: FlaskClient) -> None:
    # Inside b10 (x 240 to 280 m); b09 ends at x = 160 m, 90 m away, b11 begins at x = 360 m, 110 m away.
    told = client.post("/api/v1/nearby", json=position(250, 420, accuracy_m=115)).get_json()
    assert [(one["id"], one["distance_m"]) for one in told["buildings"]] == [
        ("b10", 0),
        ("b09", 90),
        ("b11", 110),
    ]
    assert told["n_found"] == 3


def test_a_position_far_from_everything_has_no_buildings(client: FlaskClient) -> None:
    told = client.post("/api/v1/nearby", json=position(30, 30, accuracy_m=3)).get_json()
    assert (told["n_found"], told["buildings"], told["within_m"]) == (0, [], 15)


@pytest.mark.parametrize("accuracy", [None, "10", True, -1])
def test_an_accuracy_that_is_no_length_is_refused(client: FlaskClient, accuracy: Any) -> None:
    response = client.post("/api/v1/nearby", json=position(130, 220, accuracy_m=accuracy))
    assert response.status_code == 400


def test_a_position_comes_back_in_no_answer_about_buildings(client: FlaskClient) -> None:
    lon, lat = lonlat(253, 421)
    for route in ("walk", "nearby"):
        answer = client.post(f"/api/v1/{route}", json={"lon": lon, "lat": lat, "accuracy_m": 30})
        assert f"{lon:.5f}" not in answer.get_data(as_text=True)
        assert answer.headers["Cache-Control"] == "no-store"


# --- who answers for it ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def staff(path: Path) -> FlaskClient:
    return open_client(create_app(path), "staff")


def roles_of(client: FlaskClient, building: str) -> dict[str, dict[str, Any]]:
    match = client.get(f"/api/v1/locate?building={building}").get_json()["matches"][0]
    return {role["role"]: role for section in match["duties"] for role in section["roles"]}


def test_each_of_the_five_tiers_is_told_from_the_nearest_up(staff: FlaskClient) -> None:
    match = staff.get("/api/v1/locate?building=b01").get_json()["matches"][0]
    tiers, police = match["duties"][:2]
    assert [role["role"] for role in tiers["roles"]] == ["户组长", "楼栋长", "邻里长", "街巷长", "片区长"]
    assert [role["role"] for role in police["roles"]] == ["社区民警", "专职辅警", "巡防队员"]
    (leader,) = tiers["roles"][2]["holders"]
    assert (leader["name"], leader["duty_phone"], leader["feature_name"]) == (
        LEADER,
        LEADER_PHONE,
        "第11网格",
    )


def test_a_vacant_post_is_told_with_its_role(staff: FlaskClient) -> None:
    roles = roles_of(staff, "b08")  # in the south-east grid, which has no leader, and the eastern beat
    assert roles["邻里长"]["holders"] == []
    assert "第21网格" in roles["邻里长"]["vacant"][0]["zh"]
    assert roles["社区民警"]["vacant"]


def test_without_a_login_posts_are_told_and_people_are_not(client: FlaskClient) -> None:
    (holder,) = roles_of(client, "b01")["邻里长"]["holders"]
    assert set(holder) == {"role", "title", "layer", "feature", "feature_name"}


# --- pages without a map ---------------------------------------------------------------------------


def test_the_page_of_a_building_tells_what_the_card_tells(staff: FlaskClient) -> None:
    page = staff.get("/find?kind=building&key=b01").get_data(as_text=True)
    for shown in (
        LEADER,
        f'href="tel:{LEADER_PHONE}"',
        OFFICER,
        "西门邻里服务中心",
        "第11网格",
        "南片区",
        "still-walk",
    ):
        assert shown in page
    assert 'href="/area/grid/350725001001001?lang=zh"' in page


def test_one_result_is_answered_at_once_and_several_are_listed(client: FlaskClient) -> None:
    assert "still-own" in client.get("/find?q=东苑").get_data(as_text=True)
    listed = client.get("/find?q=hpl").get_data(as_text=True)
    assert listed.count("/find?kind=building") == 12  # the most that are offered
    assert "没有找到" in client.get("/find?q=没有这个地方").get_data(as_text=True)


def test_an_unknown_place_has_no_page(client: FlaskClient) -> None:
    assert client.get("/find?kind=building&key=b01x").status_code == 404
    assert client.get("/area/grid/nothing").status_code == 404
    assert client.get("/area/street/r1").status_code == 400


def test_the_sheet_of_a_grid_counts_people_by_building_for_staff_alone(
    staff: FlaskClient, client: FlaskClient
) -> None:
    # Of the three streets the southern one lies in the southern quarter: b01 to b04 west of x = 600 m.
    for reader, n_counts in ((staff, 4), (client, 0)):
        page = reader.get("/area/grid/350725001001001").get_data(as_text=True)
        assert "楼栋 4 栋" in page
        assert page.count(" 人</small>") == n_counts
        assert (LEADER in page) is (n_counts > 0)
        assert "成人步行 10 分钟：共 4 栋住宅，可达 4" in page


def test_an_account_of_another_area_sees_no_counts_and_no_names(path: Path) -> None:
    page = (
        open_client(create_app(path), "staff", ("grid:350725001002002",))
        .get("/area/grid/350725001001001")
        .get_data(as_text=True)
    )
    assert " 人</small>" not in page
    assert LEADER not in page


def test_a_person_is_found_by_a_whole_name_by_those_who_may(staff: FlaskClient, client: FlaskClient) -> None:
    page = staff.post("/find", data={"person": OFFICER}).get_data(as_text=True)
    assert OFFICER_PHONE in page
    assert "/area/beat/J01" in page
    assert "第1警格" in page
    assert "名册中没有此人" in staff.post("/find", data={"person": OFFICER[:2]}).get_data(as_text=True)
    assert client.post("/find", data={"person": OFFICER}).status_code == 401


def test_a_person_outside_the_accounts_area_is_not_told(path: Path) -> None:
    other = open_client(create_app(path), "staff", ("grid:350725001002002",))
    page = other.post("/find", data={"person": OFFICER}).get_data(as_text=True)
    assert OFFICER_PHONE not in page


def test_hostile_names_stay_text_on_the_pages(tmp_path: Path) -> None:
    nasty = open_client(
        create_app(write_town(tmp_path / "nasty.gpkg", NASTY_NAMES * 6, county=NASTY_NAMES[3]))
    )
    for address in (
        "/find?kind=building&key=b01",
        "/area/grid/350725001001001",
        "/area/community/350725001001",
    ):
        page = nasty.get(address).get_data(as_text=True)
        assert "<img src=x" not in page
        assert "<script>window" not in page
        assert "<b>bold" not in page
        assert "49" not in page.split("still")[0]  # {{7*7}} is not reckoned


def test_the_pages_hold_neither_inline_scripts_nor_inline_styles(staff: FlaskClient) -> None:
    for address in ("/find?kind=building&key=b01", "/area/grid/350725001001001"):
        page = staff.get(address).get_data(as_text=True)
        assert "<style" not in page
        assert " style=" not in page
        assert "onclick" not in page


def test_a_town_without_streets_still_has_its_sheets(tmp_path: Path) -> None:
    path = write_town(tmp_path / "town.gpkg")
    with Workspace.open(path) as workspace, workspace.edit("test", "no centre") as edit:
        edit.delete("centre", ["s1"])
    client = open_client(create_app(path))
    assert client.get("/area/community/350725001001").status_code == 200
    assert client.get("/find?kind=building&key=b01").status_code == 200
