"""Kept scenarios over HTTP: saved, listed, written out, carried out and taken back, by those who may plan."""

from __future__ import annotations

import ast
import io
import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

import openpyxl
import pytest
from flask import Flask
from flask.testing import FlaskClient

import webmap
from geogrid.workspace import Workspace
from geogrid.workspace.scenarios import find_scenario
from tests.support.web import lonlat, open_client, write_town
from webmap import create_app

ROUTE = "/api/v1/scenarios"
T = TypeVar("T")


@pytest.fixture
def path(tmp_path):
    return write_town(tmp_path / "town.gpkg")


@pytest.fixture
def app(path) -> Flask:
    return create_app(path)


@pytest.fixture
def client(app) -> FlaskClient:
    return open_client(app, "planner")


def new_centre(x: float, y: float, key: str = "n1") -> dict[str, object]:
    lon, lat = lonlat(x, y)
    return {"do": "add_centre", "id": key, "name": "东门新中心", "lon": round(lon, 7), "lat": round(lat, 7)}


def post(client: FlaskClient, route: str = "", **body: object):
    return client.post(f"{ROUTE}{route}", json=body)


def test_a_saved_scenario_is_listed_as_the_command_line_shows_it(client, path):
    assert client.get(ROUTE).get_json() == {"scenarios": [], "applied": None}
    saved = post(client, name=" 东区 ", edits=[new_centre(1000, 395)], note="试算")
    assert saved.status_code == 200, saved.get_data(as_text=True)
    with Workspace.open(path) as workspace:
        kept = find_scenario(workspace, "东区").to_dict()
        assert workspace.history().iloc[0]["author"].startswith("a-planner")
    assert client.get(ROUTE).get_json()["scenarios"] == [kept] == [saved.get_json()]
    assert kept["edits"][0]["id"] == "n1"


def test_a_name_is_taken_once_and_replaced_by_its_version(client):
    first = post(client, name="东区", edits=[new_centre(1000, 395)]).get_json()
    taken = post(client, name="东区", edits=[new_centre(900, 395)], note="我的")
    assert (taken.status_code, taken.get_json()["code"]) == (409, "ScenarioConflictError")
    assert taken.get_json()["theirs"] == first
    assert taken.get_json()["yours"]["note"] == "我的"
    again = post(client, name="东区", edits=[new_centre(900, 395)], version=first["version"])
    assert again.get_json()["version"] == first["version"] + 1
    stale = post(client, name="东区", edits=[new_centre(800, 395)], version=first["version"])
    assert (stale.status_code, stale.get_json()["theirs"]) == (409, again.get_json())
    assert client.get(ROUTE).get_json()["scenarios"] == [again.get_json()]
    assert post(client, "/apply", name="东区", confirm=True, version=first["version"]).status_code == 409
    assert post(client, "/delete", name="东区").status_code == 400
    assert post(client, "/delete", name="东区", version=first["version"]).status_code == 409
    assert post(client, "/delete", name="东区", version=again.get_json()["version"]).get_json() == {
        "deleted": "东区"
    }
    assert client.get(ROUTE).get_json()["scenarios"] == []


def _at_once(n_threads: int, act: Callable[[int], T]) -> list[T]:
    barrier = threading.Barrier(n_threads)

    def run(number: int) -> T:
        barrier.wait()
        return act(number)

    with ThreadPoolExecutor(n_threads) as pool:
        return list(pool.map(run, range(n_threads)))


def test_of_many_who_save_at_once_one_is_kept_and_each_other_is_told(app):
    clients = [open_client(app, "planner") for _ in range(8)]
    answers = _at_once(8, lambda i: post(clients[i], name="新", edits=[new_centre(400 + 50 * i, 395)]))
    assert sorted(answer.status_code for answer in answers) == [200, *[409] * 7]

    def overwrite(number: int, version: int):
        edits = [new_centre(400 + 50 * number, 395)]
        return post(clients[number], name="新", edits=edits, version=version)

    for version in range(1, 6):  # 40 attempts to overwrite, of which five find the version that they saw
        answers = _at_once(8, partial(overwrite, version=version))
        (kept,) = [answer for answer in answers if answer.status_code == 200]
        assert sorted(answer.status_code for answer in answers) == [200, *[409] * 7]
        assert clients[0].get(ROUTE).get_json()["scenarios"] == [kept.get_json()]
    answers = _at_once(8, lambda i: post(clients[i], "/delete", name="新", version=6))
    assert sorted(answer.status_code for answer in answers) == [200, *[409] * 7]


def test_each_of_two_who_carry_out_scenarios_at_once_is_told_its_own_revision(app, path):
    clients = [open_client(app, "planner") for _ in range(4)]
    for i, client in enumerate(clients):
        post(client, name=f"p{i}", edits=[new_centre(300 + 200 * i, 395, f"n{i}")])
    answers = _at_once(4, lambda i: post(clients[i], "/apply", name=f"p{i}", confirm=True).get_json())
    with Workspace.open(path) as workspace:
        notes = workspace.history().set_index("revision")["note"]
    assert [notes[answer["revision"]] for answer in answers] == [f"apply scenario p{i}" for i in range(4)]


def test_an_account_of_one_area_carries_out_and_takes_back_within_it_alone(app, path):
    west = open_client(app, "planner", ("community:350725001001",))
    whole = open_client(app, "planner")
    for name, x in (("东", 1000), ("西", 300)):
        post(west, name=name, edits=[new_centre(x, 395, name)])
    refused = post(west, "/apply", name="东", confirm=True)
    assert (refused.status_code, refused.get_json()["code"]) == (403, "OutOfScopeError")
    assert refused.get_json()["rows"][0]["layer"] == "centre"
    assert post(west, "/apply", name="西", confirm=True).status_code == 200
    outside = post(whole, "/apply", name="东", confirm=True).get_json()["revision"]
    assert post(west, "/undo", revision=outside).status_code == 403
    with Workspace.open(path) as workspace:
        assert len(workspace.read("centre")) == 3


def test_nothing_of_the_county_is_changed_from_the_page_but_within_the_areas_of_the_account():
    # Whoever writes opens the file by `open_to_edit`; records of accounts by `open_workspace`.
    allowed = {
        ("sessions.py", "open_workspace"),
        ("serve.py", "open_for_service"),  # at the start, by whoever starts the server
        ("waiting.py", "log_in"),  # the record of attempts alone
        ("waiting.py", "write"),
        ("office_uploads.py", "_read_features"),  # a rehearsal
    }
    found = set()
    for file in Path(webmap.__file__).parent.glob("*.py"):
        for function in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(function, ast.FunctionDef):
                continue
            for call in ast.walk(function):
                is_open = isinstance(call, ast.Call) and ast.unparse(call.func) == "Workspace.open"
                if is_open and "readonly=True" not in ast.unparse(call):
                    found.add((file.name, function.name))
    assert {one for one in found if one[1] != "work"} == allowed


def test_what_is_carried_out_is_what_was_tried_and_can_be_taken_back(client):
    edits = [new_centre(1000, 395), {"do": "open_gate", "id": "g1"}]
    tried = client.post("/api/v1/scenario", json={"edits": edits}).get_json()
    post(client, name="东区", edits=edits)
    assert post(client, "/apply", name="东区").status_code == 400  # not confirmed
    done = post(client, "/apply", name="东区", confirm=True).get_json()
    assert done["added"]["centre"]["n1"]
    now = client.post("/api/v1/scenario", json={"edits": []}).get_json()
    assert now["homes"]["before"] == tried["homes"]["after"] > tried["homes"]["before"]
    assert client.get(ROUTE).get_json()["applied"] == {"name": "东区", "revision": done["revision"]}
    assert post(client, "/undo", revision=done["revision"] - 1).status_code == 404
    assert post(client, "/undo", revision=done["revision"]).get_json() == {
        "undone": done["revision"],
        "revision": done["revision"] + 1,
    }
    again = client.post("/api/v1/scenario", json={"edits": []}).get_json()
    assert again["homes"]["before"] == tried["homes"]["before"]
    assert client.get(ROUTE).get_json()["applied"] is None


def test_the_edits_are_written_as_features(client):
    edits = [
        new_centre(1000, 395),
        {"do": "open_gate", "id": "g1"},
        {"do": "add_street", "id": "p1", "path": [list(lonlat(150, 200)), list(lonlat(150, 400))]},
    ]
    post(client, name="东区", edits=edits)
    response = client.get(f"{ROUTE}/edits.geojson", query_string={"name": "东区"})
    assert response.status_code == 200
    assert "attachment" in response.headers["Content-Disposition"]
    features = json.loads(response.get_data(as_text=True))["features"]
    assert [feature["properties"]["do"] for feature in features] == ["add_centre", "open_gate", "add_street"]
    kinds = [feature["geometry"] and feature["geometry"]["type"] for feature in features]
    assert kinds == ["Point", None, "LineString"]
    assert features[0]["geometry"]["coordinates"] == pytest.approx(lonlat(1000, 395), abs=1e-6)


def test_the_comparison_is_written_with_the_numbers_of_the_page(client):
    plans = {"东区": [new_centre(1000, 395)], "中区": [new_centre(620, 395)]}
    for name, edits in plans.items():
        post(client, name=name, edits=edits)
    response = client.get(f"{ROUTE}/comparison.xlsx", query_string={"name": list(plans), "lang": "zh"})
    assert response.status_code == 200
    book = openpyxl.load_workbook(io.BytesIO(response.get_data()))
    assert len(book.sheetnames) == 3
    rows = [[cell.value for cell in row] for row in book[book.sheetnames[0]].iter_rows()]
    heads, whole = rows[0], rows[1]
    for name, edits in plans.items():
        answer = client.post("/api/v1/scenario", json={"edits": edits, "minutes": 10}).get_json()
        assert whole[heads.index(f"住宅楼栋 · {name}")] == answer["homes"]["after"]
        assert whole[heads.index(f"人数 · {name}")] == answer["people"]["after"]
        assert sum(row[heads.index(f"人数 · {name}")] for row in rows[2:4]) == answer["people"]["after"]
    assert whole[heads.index("人数 · 现状")] == answer["people"]["before"]


@pytest.mark.parametrize(
    ("route", "body", "status"),
    [
        ("", {"name": "", "edits": [{"do": "open_gate", "id": "g1"}]}, 400),
        ("", {"name": "x" * 81, "edits": [{"do": "open_gate", "id": "g1"}]}, 400),
        ("", {"name": "空", "edits": []}, 400),
        ("", {"name": "错", "edits": [{"do": "open_gate", "id": "nobody"}]}, 404),
        ("", {"name": "注", "edits": [{"do": "open_gate", "id": "g1"}], "note": 5}, 400),
        ("/delete", {"name": "nobody"}, 400),
        ("/delete", {"name": "nobody", "version": 1}, 409),
        ("/delete", {"name": "nobody", "version": "1"}, 400),
        ("/delete", {"name": "nobody", "version": True}, 400),
        ("/apply", {"name": "nobody", "confirm": True}, 404),
        ("/undo", {"revision": 1}, 404),
        ("/undo", {}, 400),
        ("/undo", {"revision": 1e308}, 400),
    ],
)
def test_what_cannot_be_done_is_told(client, route, body, status):
    response = client.post(f"{ROUTE}{route}", json=body)
    assert response.status_code == status, response.get_data(as_text=True)


def test_files_of_scenarios_that_are_not_there_are_refused(client):
    assert client.get(f"{ROUTE}/edits.geojson", query_string={"name": "nobody"}).status_code == 404
    assert client.get(f"{ROUTE}/comparison.xlsx").status_code == 400
    assert client.get(f"{ROUTE}/comparison.xlsx", query_string={"name": ["a"] * 5}).status_code == 400


@pytest.mark.parametrize(("role", "status"), [("", 401), ("staff", 403)])
def test_only_planners_see_and_change_scenarios(app, role, status):
    other = open_client(app, role)
    assert other.get(ROUTE).status_code == status
    for route in ("", "/delete", "/apply", "/undo"):
        assert post(other, route, name="东区").status_code == status
    for route in ("/api/v1/siting/place", "/api/v1/siting/candidates", "/api/v1/scenario"):
        assert other.post(route, json={}).status_code == status
