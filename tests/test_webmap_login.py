"""Logging in: what a cookie is worth and for how long, and what each reader is told of the people on duty."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask

from geogrid.workspace import Workspace
from geogrid.workspace.account import add_account, change_password, change_scope, disable_account
from tests.support.web import (
    LEADER,
    LEADER_PHONE,
    OFFICER,
    OFFICER_PHONE,
    copy_client,
    log_in,
    open_client,
    write_town,
)
from webmap import create_app
from webmap.roles import CAPABILITIES, RANKS, find_need
from webmap.settings import WebSettings

PLACE = "/api/v1/locate?building=b01"
"""In the south-western grid, whose leader is one of the two people, and in the beat of the other."""

PASSWORD = "town-by-hand-1"


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_town(tmp_path_factory.mktemp("town") / "town.gpkg")


@pytest.fixture(scope="module")
def app(path: Path) -> Flask:
    return create_app(path)


def people_of(client) -> list[dict[str, object]]:
    return client.get(PLACE).get_json()["matches"][0]["people"]


# --- what is told to whom --------------------------------------------------------------------------


def test_staff_see_who_is_on_duty_and_no_private_number(app):
    leader, officer = people_of(open_client(app, "staff"))
    assert (leader["name"], leader["duty_phone"], leader["private_phone"]) == (
        LEADER,
        LEADER_PHONE,
        "137****0001",
    )
    assert (officer["name"], officer["duty_phone"]) == (OFFICER, OFFICER_PHONE)


def test_an_account_sees_the_people_of_its_own_areas_alone(app):
    # The leader's grid and the officer's beat lie in the western community; the eastern one has neither.
    leader, officer = people_of(open_client(app, "staff", ("community:350725001001",)))
    assert (leader["name"], officer["name"]) == (LEADER, OFFICER)
    for duty in people_of(open_client(app, "admin", ("community:350725001002",))):
        assert set(duty) == {"role", "title", "layer", "feature"}


def test_the_public_role_is_told_roles_alone(app):
    for client in (open_client(app), open_client(app, "public")):
        for address in (PLACE, "/api/v1/areas/grid/350725001001001", "/api/v1/areas/beat/J01"):
            body = client.get(address).get_data(as_text=True)
            assert "邻里长" in body or "社区民警" in body
            assert not any(
                secret in body for secret in (LEADER, LEADER_PHONE, OFFICER, OFFICER_PHONE, "u1", "****")
            )


def test_a_duty_phone_that_is_marked_public_is_told_without_the_name(tmp_path):
    path = write_town(tmp_path / "town.gpkg")
    with Workspace.open(path) as workspace, workspace.edit("test", "public phone") as edit:
        edit.update("person", "u2", 1, {"duty_phone_public": True})
    _, officer = people_of(open_client(create_app(path)))
    assert officer["duty_phone"] == OFFICER_PHONE
    assert set(officer) == {"role", "title", "layer", "feature", "duty_phone"}


def test_areas_tell_staff_who_is_on_duty(app):
    answer = open_client(app, "staff").get("/api/v1/areas/grid/350725001001001").get_json()
    assert [duty["name"] for duty in answer["people"] if duty["role"] == "邻里长"] == [LEADER]


def test_without_the_switch_nothing_is_shown_before_a_login(tmp_path):
    path = write_town(tmp_path / "town.gpkg")
    with Workspace.open(path) as workspace:
        workspace.set_setting("web.public", "off", "test")
    app = create_app(path)
    client = open_client(app)
    page = client.get("/list?lang=en", headers={"Accept": "text/html"})
    assert page.status_code == 302
    address = urlsplit(page.headers["Location"])
    assert (address.path, parse_qs(address.query)) == ("/login", {"next": ["/list?lang=en"], "lang": ["en"]})
    for address in ("/api/v1/county", "/tiles/map/10/850/431.pbf", PLACE):
        assert client.get(address).status_code == 401
    assert open_client(app, "public").get("/api/v1/county").status_code == 200


def test_answers_with_people_are_kept_nowhere(app):
    client = open_client(app, "staff")
    for address in (PLACE, "/api/v1/areas/grid/350725001001001", "/api/v1/account", "/"):
        assert client.get(address).headers["Cache-Control"] == "no-store"


# --- the session ------------------------------------------------------------------------------------


def session_cookie(client) -> str:
    return client.get_cookie("geogrid").value


def test_a_login_makes_another_session(app, path):
    with Workspace.open(path) as workspace:
        add_account(workspace, "fixed", PASSWORD, role="staff", actor="test")
    client = open_client(app)
    before = session_cookie(client)
    token = client.environ_base["HTTP_X_CSRFTOKEN"]
    assert log_in(client, "fixed", PASSWORD).status_code == 303
    assert session_cookie(client) != before
    thief = copy_client(client)  # who planted the cookie from before
    thief.set_cookie("geogrid", before)
    assert thief.get("/api/v1/account").get_json()["login"] == ""
    # The token of the session before is worth nothing in the one after.
    assert client.post("/api/v1/locate", json={}, headers={"X-CSRFToken": token}).status_code == 403


def test_logging_out_voids_every_copy_of_the_cookie(app):
    client = open_client(app, "staff")
    copy = copy_client(client)
    assert copy.get("/api/v1/account").get_json()["role"] == "staff"
    assert client.post("/logout").status_code == 303
    assert copy.get("/api/v1/account").get_json()["login"] == ""
    assert client.get("/account/password").status_code == 401


@pytest.mark.parametrize("change", ["password", "scope", "disable"])
def test_changing_an_account_ends_its_sessions(app, path, change):
    login = f"changed-{change}"
    with Workspace.open(path) as workspace:
        add_account(workspace, login, PASSWORD, role="staff", actor="test")
    client = open_client(app)
    log_in(client, login, PASSWORD)
    assert client.get("/api/v1/account").get_json()["login"] == login
    with Workspace.open(path) as workspace:
        if change == "password":
            change_password(workspace, login, PASSWORD + "2", actor="test")
        elif change == "scope":
            change_scope(workspace, login, scope=["beat:J01"], actor="test")
        else:
            disable_account(workspace, login, actor="test")
    assert client.get("/api/v1/account").get_json()["login"] == ""


def test_an_idle_session_ends(path):
    app = create_app(path, WebSettings(idle_s=-1.0))
    client = open_client(app, "staff")
    assert client.get("/api/v1/account").get_json()["login"] == ""


def test_a_cookie_is_for_the_server_alone_and_for_tls_where_there_is_tls(path):
    plain = create_app(path).test_client().get("/login").headers["Set-Cookie"]
    assert "HttpOnly" in plain
    assert "SameSite=Lax" in plain
    assert "Secure" not in plain
    secure = create_app(path, WebSettings(is_tls=True)).test_client().get("/login").headers["Set-Cookie"]
    assert secure.startswith("__Host-geogrid=")
    assert "Secure" in secure


# --- every route ------------------------------------------------------------------------------------


def test_every_route_says_what_it_needs(app):
    unmarked = [rule.rule for rule in app.url_map.iter_rules() if find_need(app, rule.endpoint) is None]
    assert unmarked == []
    assert set(CAPABILITIES.values()) <= set(RANKS)


def test_a_route_without_a_mark_answers_nobody(path):
    app = create_app(path)
    app.add_url_rule("/forgotten", "forgotten", lambda: "secret")
    assert open_client(app).get("/forgotten").status_code == 401
    assert open_client(app, "admin").get("/forgotten").status_code == 403
