"""Who may do what, over every route: the answers are those of `tests/data/routes.csv`, and no route is without a row."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from geogrid.workspace import Workspace
from tests.support.routes import ACTORS, ask, find_needs, find_rules, list_routes, open_towns, read_rows
from tests.support.web import open_client, write_town
from webmap import create_app
from webmap.county import EXTENSION
from webmap.disclosure import NOTHING, RULES, WHOLE
from webmap.roles import AREAS_ONLY, CAPABILITIES, OPEN, OWN_ACCOUNT, RANKS, needs
from webmap.security import HEADERS

ROWS = read_rows()


@pytest.fixture(scope="module")
def apps(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Flask]:
    return open_towns(tmp_path_factory.mktemp("matrix"))


@pytest.fixture(scope="module")
def clients(apps: dict[str, Flask]) -> dict[str, FlaskClient]:
    return {actor: open_client(apps[actor], role, scope) for actor, (role, scope) in ACTORS.items()}


def test_every_route_has_a_row_and_every_row_a_route(apps):
    rows = {(row["route"], row["method"]) for row in ROWS}
    routes = list_routes(apps["nobody"])
    assert len(rows) == len(ROWS)
    assert (routes - rows, rows - routes) == (set(), set()), "python -m tests.support.routes adds rows"


@pytest.mark.parametrize("row", ROWS, ids=[f"{row['method']} {row['route']}" for row in ROWS])
def test_a_route_answers_each_role_as_the_table_says(apps, clients, row):
    for actor, (role, scope) in ACTORS.items():
        client = clients[actor]
        if row["route"] == "/logout":  # which ends the session of the others
            client = open_client(client.application, role, scope)
        with ask(client, row, actor) as response:
            assert response.status_code == int(row[actor]), (actor, response.get_data(as_text=True)[:300])
            assert {name: response.headers[name] for name in HEADERS} == HEADERS
            assert response.headers["Cache-Control"]


@pytest.mark.parametrize("row", ROWS, ids=[f"{row['method']} {row['route']}" for row in ROWS])
def test_the_table_refuses_whom_the_capability_refuses(apps, row):
    need = find_needs(apps["nobody"])[row["route"], row["method"]]
    assert need == row["needs"]
    roles = ["", *RANKS]
    for actor, (role, scope) in ACTORS.items():
        status, is_logged_in = int(row[actor]), bool(role)
        rank = roles.index({"areas": AREAS_ONLY, "everybody": "public"}.get(actor, role))
        if need == OPEN:
            may = True
        elif need == OWN_ACCOUNT:
            may = is_logged_in
        else:
            may = rank >= roles.index(CAPABILITIES[need]) and not (need == "admin" and scope)
        if not may:
            assert status == (403 if is_logged_in else 401), actor
        else:
            # A refusal that remains is one of scope; 401 never is, but for a wrong password.
            assert status != 401 or row["route"] == "/login"
            assert status != 403 or actor.endswith("_away"), actor


def test_every_route_declares_what_it_may_give_away(apps):
    for (route, method), rule in find_rules(apps["nobody"]).items():
        if method not in ("HEAD", "OPTIONS"):
            assert rule is not None, f"{route}: put its endpoint under a rule of webmap/disclosure.py"
    for row in ROWS:
        assert row["tells"] == find_rules(apps["nobody"])[row["route"], row["method"]]
    endpoints = [endpoint for listed in RULES.values() for endpoint in listed]
    assert len(endpoints) == len(set(endpoints))
    assert set(endpoints) == {rule.endpoint for rule in apps["nobody"].url_map.iter_rules()}


def test_a_route_that_declares_nothing_answers_nobody(tmp_path):
    app = create_app(write_town(tmp_path / "town.gpkg"))

    @app.get("/later")
    @needs("see_map")
    def later() -> str:
        return "3 people"

    assert open_client(app, "admin").get("/later").status_code == 403


def test_what_concerns_the_whole_county_refuses_accounts_of_one_area(clients):
    for row in ROWS:
        if row["tells"] == WHOLE:
            assert row["staff_away"] == row["admin_away"] == "403", row["route"]


def test_an_answer_that_declares_no_counts_holds_none(tmp_path):
    # So many live in every building as nothing else is a number of.
    path = write_town(tmp_path / "town.gpkg")
    with Workspace.open(path) as workspace, workspace.edit("test", "people") as edit:
        edit.merge("building", workspace.read("building").assign(residents=77_319))
    app = create_app(path)
    readers = [open_client(app), open_client(app, "planner")]
    assert "77319" in readers[1].get("/api/v1/locate?building=b02").get_data(as_text=True)
    for row in ROWS:
        if row["tells"] == NOTHING:
            for reader in readers:
                with ask(reader, row, "reader") as response:
                    assert "77319" not in response.get_data().decode(errors="replace"), row["route"]


def test_pages_send_people_without_a_login_to_it_and_the_api_says_so(clients):
    for row in ROWS:
        if row["method"] == "GET" and row["nobody"] == "401":
            response = clients["nobody"].get(
                row["address"].format(leaflet=""), headers={"Accept": "text/html"}
            )
            if row["route"].startswith("/api/"):
                assert (response.status_code, response.get_json()["code"]) == (401, "LoginNeededError")
            else:
                assert response.status_code == 302, row["route"]
                assert re.match(r"/login\?next=", response.headers["Location"])


def test_a_refusal_tells_neither_the_place_nor_the_person(clients):
    told = clients["nobody"].get("/api/v1/locate?building=b01").get_data(as_text=True)
    assert "和平路" not in told
    # Out of scope, somebody who is there and somebody who is not are answered alike.
    answers = [
        clients["staff_away"].post(f"/api/v1/people/{person}/phone", json={"reason": "test"})
        for person in ("u1", "nobody")
    ]
    assert [answer.status_code for answer in answers] == [403, 403]
    assert answers[0].get_data() == answers[1].get_data()


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "application/x-www-form-urlencoded"])
def test_no_route_changes_anything_without_the_token_of_its_own_session(apps, clients, kind):
    app = apps["everybody"]
    client = open_client(app, "admin")
    own = client.environ_base.pop("HTTP_X_CSRFTOKEN")
    others = clients["staff"].environ_base["HTTP_X_CSRFTOKEN"]
    assert own != others
    changing = [row for row in ROWS if row["method"] != "GET"]
    with Workspace.open(app.extensions[EXTENSION].path) as workspace:
        before = workspace.revision, len(workspace.read("audit"))
    for row in changing:
        for token in ({}, {"X-CSRFToken": others}):
            response = client.open(
                row["address"],
                method=row["method"],
                data=row["body"] or "{}",
                content_type=kind,
                headers=token,
            )
            assert (response.status_code, response.get_json()["code"]) == (403, "StaleFormError"), row[
                "route"
            ]
    with Workspace.open(app.extensions[EXTENSION].path) as workspace:
        assert (workspace.revision, len(workspace.read("audit"))) == before
    assert len(changing) >= 10
    assert client.get("/api/v1/account").get_json()["role"] == "admin"  # nor was it logged out
