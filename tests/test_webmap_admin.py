"""What administrators do in the page, private numbers one at a time, and guessing that gets nowhere."""

from __future__ import annotations

import logging
import re
import time
from pathlib import Path
from statistics import median

import pytest
from flask import Flask
from flask.testing import FlaskClient

from geogrid.workspace import Workspace
from geogrid.workspace.account import add_account, read_account
from geogrid.workspace.audit import read_trail
from tests.support.web import log_in, open_client, write_town
from webmap import create_app
from webmap.county import EXTENSION
from webmap.roles import needs
from webmap.settings import WebSettings

PASSWORD = "town-by-hand-1"


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    return create_app(write_town(tmp_path / "town.gpkg"))


@pytest.fixture
def admin(app: Flask) -> FlaskClient:
    return open_client(app, "admin")


def workspace_of(app: Flask) -> Workspace:
    return Workspace.open(app.extensions[EXTENSION].path)


def secret_on(response) -> str:
    found = re.search(r'class="secret">([^<]+)<', response.get_data(as_text=True))
    assert found is not None, response.get_data(as_text=True)[:2000]
    return found[1]


# --- accounts --------------------------------------------------------------------------------------


def test_an_account_that_was_added_logs_in_with_the_password_shown_once(app, admin):
    added = admin.post("/admin/accounts", data={"login": "Chen", "role": "staff", "scope": ["beat:J01"]})
    secret = secret_on(added)
    assert secret not in admin.get("/admin/accounts").get_data(as_text=True)
    client = open_client(app)
    assert log_in(client, "chen", secret).status_code == 303
    told = client.get("/api/v1/account").get_json()
    assert (told["login"], told["role"], told["scope"]) == ("chen", "staff", ["beat:J01"])
    with workspace_of(app) as workspace:
        last = read_trail(workspace).query("action == 'account.add' and subject == 'chen'").iloc[-1]
    assert last["account"] == "a-admin-"


def test_an_account_is_changed_disabled_let_in_again_and_gets_another_password(app, admin):
    first = secret_on(admin.post("/admin/accounts", data={"login": "chen", "role": "staff"}))
    client = open_client(app)
    log_in(client, "chen", first)
    assert (
        admin.post("/admin/accounts/chen/scope", data={"role": "planner", "scope": "beat:J01"}).status_code
        == 303
    )
    with workspace_of(app) as workspace:
        account = read_account(workspace, "chen")
    assert (account.role, account.scope) == ("planner", ("beat:J01",))
    assert client.get("/api/v1/account").get_json()["login"] == ""
    assert admin.post("/admin/accounts/chen/disable").status_code == 303
    assert log_in(open_client(app), "chen", first).status_code == 401
    assert admin.post("/admin/accounts/chen/enable").status_code == 303
    second = secret_on(admin.post("/admin/accounts/chen/password"))
    assert log_in(open_client(app), "chen", first).status_code == 401
    assert log_in(open_client(app), "chen", second).status_code == 303


def test_the_last_administrator_stays(admin):
    response = admin.post("/admin/accounts/a-admin-/disable?lang=en")
    assert response.status_code == 400
    assert "the only administrator left" in response.get_data(as_text=True)


def test_a_login_of_markup_is_refused_and_shown_as_text(admin):
    response = admin.post("/admin/accounts", data={"login": "<img src=x onerror=1>", "role": "staff"})
    assert response.status_code == 400
    assert "<img" not in response.get_data(as_text=True)


def test_changing_the_own_password_keeps_this_session_and_ends_the_others(app):
    with workspace_of(app) as workspace:
        add_account(workspace, "chen", PASSWORD, role="staff", actor="test")
    here, there = open_client(app), open_client(app)
    for client in (here, there):
        log_in(client, "chen", PASSWORD)
    fields = {"current": PASSWORD, "new": "another-town-2", "repeat": "another-town-2"}
    assert here.post("/account/password", data={**fields, "repeat": "x"}).status_code == 400
    assert here.post("/account/password", data={**fields, "current": "x"}).status_code == 400
    assert (
        here.post("/account/password", data={**fields, "new": "short", "repeat": "short"}).status_code == 400
    )
    assert there.get("/api/v1/account").get_json()["role"] == "staff"
    assert here.post("/account/password", data=fields).status_code == 200
    assert here.get("/api/v1/account").get_json()["role"] == "staff"
    assert there.get("/api/v1/account").get_json()["login"] == ""


# --- the record and the settings -------------------------------------------------------------------


def test_the_record_is_shown_filtered_and_verified(app, admin):
    log_in(open_client(app), "a-admin-", "wrong")
    page = admin.get("/admin/audit?action=login.failed&account=a-admin-&lang=en").get_data(as_text=True)
    assert "1 records" in page
    assert "login failed" in page
    whole = admin.get("/admin/audit?verify=1&lang=en")
    assert 'class="refusal"' not in whole.get_data(as_text=True)
    with workspace_of(app) as workspace, workspace.write_records() as connection:
        connection.execute("UPDATE private.audit SET subject = 'somebody' WHERE fid = 1")
    assert 'class="refusal"' in admin.get("/admin/audit?verify=1&lang=en").get_data(as_text=True)


def test_settings_are_set_and_what_would_open_files_is_not(app, admin):
    assert admin.post("/admin/settings", data={"name": "web.public", "value": "off"}).status_code == 303
    assert open_client(app).get("/api/v1/county").status_code == 401
    for name, value in (
        ("map.basemap", "/etc"),
        ("county.code", "1"),
        ("web.public", "maybe"),
        ("reading", "minutes:x"),
        ("nothing", "x"),
        ("map.mark", "a\nb"),
    ):
        assert admin.post("/admin/settings", data={"name": name, "value": value}).status_code == 400, name


def test_pages_for_administrators_are_whole_in_both_languages(admin):
    for address in ("/admin/accounts", "/admin/audit", "/admin/settings", "/account/password"):
        for language, tongue in (("zh", "zh-CN"), ("en", "en")):
            page = admin.get(f"{address}?lang={language}").get_data(as_text=True)
            assert f'<html lang="{tongue}">' in page
            labelled = set(re.findall(r'<label for="([^"]+)"', page))
            fields = set(re.findall(r'<(?:input|select) id="([^"]+)"', page))
            assert fields == labelled
            assert page.count("<h1>") == 1
            assert "{{" not in page


# --- private numbers -------------------------------------------------------------------------------


def test_a_private_number_is_told_for_a_reason_and_thirty_an_hour(app):
    client = open_client(app, "staff")
    address = "/api/v1/people/u1/phone"
    for body in ({}, {"reason": ""}, {"reason": "  "}, {"reason": 7}, []):
        assert client.post(address, json=body).status_code == 400
    told = [client.post(address, json={"reason": "call about the gate"}) for _ in range(31)]
    assert [answer.status_code for answer in told] == [200] * 30 + [429]
    assert told[0].get_json() == {"person": "u1", "private_phone": "13700000001"}
    assert told[0].headers["Cache-Control"] == "no-store"
    with workspace_of(app) as workspace:
        trail = read_trail(workspace)
    assert (trail["action"] == "person.reveal").sum() == 30
    assert (trail["action"] == "person.refused").sum() == 1
    assert set(trail.loc[trail["action"] == "person.reveal", "account"]) == {"a-staff-"}


def test_a_number_out_of_scope_is_refused_on_record(app):
    client = open_client(app, "planner", ("community:350725001002",))
    assert client.post("/api/v1/people/u1/phone", json={"reason": "curious"}).status_code == 403
    with workspace_of(app) as workspace:
        assert (read_trail(workspace)["action"] == "person.refused").sum() == 1


# --- people by building ------------------------------------------------------------------------------


def test_people_by_building_are_told_to_county_staff_in_their_areas_alone(app):
    def counts(client: FlaskClient) -> object:
        return client.get("/api/v1/locate?building=b01").get_json()["matches"][0].get("counts")

    # Three people live in the first building, which nobody else is told even roughly.
    assert counts(open_client(app, "staff"))["residents"] == 3
    assert counts(open_client(app, "staff", ("community:350725001001",)))["residents"] == 3
    assert counts(open_client(app, "staff", ("community:350725001002",))) is None
    assert counts(open_client(app, "public")) is None
    assert counts(open_client(app)) is None


# --- guessing --------------------------------------------------------------------------------------


def test_guessing_a_password_is_stopped_and_its_owner_still_gets_in_from_elsewhere(app):
    with workspace_of(app) as workspace:
        add_account(workspace, "target", PASSWORD, role="staff", actor="test")
    client = open_client(app)
    statuses = [log_in(client, "target", f"wrong-{number}").status_code for number in range(20)]
    assert statuses == [401] * 5 + [429] * 15
    assert log_in(client, "target", PASSWORD).status_code == 429  # the right one too
    assert log_in(open_client(app), "target", PASSWORD).status_code == 303  # but not from elsewhere
    with workspace_of(app) as workspace:
        add_account(workspace, "other", PASSWORD, role="staff", actor="test")
    assert log_in(open_client(app), "other", PASSWORD).status_code == 303


def test_many_logins_from_one_address_are_too_many(tmp_path):
    app = create_app(write_town(tmp_path / "town.gpkg"), WebSettings(logins_per_minute=3))
    client = open_client(app)
    statuses = [log_in(client, f"nobody-{number}", "x").status_code for number in range(4)]
    assert statuses == [401] * 3 + [429]


def test_walking_over_the_county_place_by_place_is_stopped(tmp_path):
    app = create_app(write_town(tmp_path / "town.gpkg"), WebSettings(lookups_per_minute=5))
    client = open_client(app, "staff")
    statuses = [client.get(f"/api/v1/locate?building=b{number:02d}").status_code for number in range(1, 7)]
    assert statuses == [200] * 5 + [429]
    elsewhere = open_client(app, "staff")  # the same account from another address
    assert elsewhere.get("/api/v1/search?q=b01").status_code == 429
    assert elsewhere.get("/api/v1/coverage").status_code == 200


def test_a_login_that_does_not_exist_takes_as_long_as_one_that_does(app):
    with workspace_of(app) as workspace:
        for number in range(4):
            add_account(workspace, f"known-{number}", PASSWORD, role="staff", actor="test")
    client = open_client(app)
    log_in(client, "warm-up", "x")
    took: dict[str, list[float]] = {"known": [], "unknown": []}
    for number in range(4):
        for kind, seconds in took.items():
            began = time.process_time()
            assert log_in(client, f"{kind}-{number}", "wrong-password").status_code == 401
            seconds.append(time.process_time() - began)
    known, unknown = median(took["known"]), median(took["unknown"])
    assert abs(known - unknown) <= 0.3 * max(known, unknown)


def test_no_password_and_no_cookie_stands_in_a_log(app, caplog):
    app.view_functions["pages.healthz"] = needs("open")(lambda: 1 / 0)
    with workspace_of(app) as workspace:
        add_account(workspace, "chen", PASSWORD, role="staff", actor="test")
    with caplog.at_level(logging.DEBUG):
        client = open_client(app)
        log_in(client, "chen", "mistyped-secret-1")
        log_in(client, "chen", PASSWORD)
        client.get("/nothing")
        assert client.get("/healthz").status_code == 500
    cookie = client.get_cookie("geogrid").value
    for secret in (PASSWORD, "mistyped-secret-1", cookie, app.secret_key):
        assert secret not in caplog.text
