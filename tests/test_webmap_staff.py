"""What staff ask on the spot: the walk to the nearest centre, and the buildings around a position."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support.web import lonlat, open_client, write_town
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
