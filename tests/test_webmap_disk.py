"""A server whose disk is full: reading and logging in go on, writing is refused with a sentence, and goes on again by itself."""

from __future__ import annotations

import pytest

from geogrid.workspace import Workspace
from geogrid.workspace.account import add_account
from geogrid.workspace.audit import read_trail
from tests.support.disk import fill, make_room, small_disk
from tests.support.web import log_in, lonlat, open_client, write_town
from webmap import create_app
from webmap.settings import WebSettings
from webmap.waiting import EXTENSION

PASSWORD = "town-on-a-small-disk"
READS = (
    "/",
    "/healthz",
    "/api/v1/county",
    "/api/v1/coverage",
    "/api/v1/homes",
    "/api/v1/search?q=和平",
    "/list",
)


@pytest.fixture
def disk(tmp_path):
    with small_disk(tmp_path / "disk", "12m") as folder:
        yield folder


@pytest.fixture
def app(disk):
    path = write_town(disk / "town.gpkg")
    with Workspace.open(path) as workspace:
        add_account(workspace, "boss", PASSWORD, role="admin", actor="test")
    with Workspace.open(path, readonly=True):  # as `serve` does: the log stays beside the file
        yield create_app(path, WebSettings(logins_per_minute=1000, lookups_per_minute=1000))


def save(client, name):
    lon, lat = lonlat(300, 395)
    edits = [{"do": "add_centre", "id": "new", "lon": lon, "lat": lat}]
    return client.post("/api/v1/scenarios", json={"name": name, "note": "x" * 400, "edits": edits})


def save_until_full(client):
    """The log has room for a few records more, since it is written over from its start; the answer that ends it."""
    for number in range(400):
        answer = save(client, f"many {number}")
        if answer.status_code != 200:
            return answer
    raise AssertionError("the disk never became full")


def test_reading_and_logging_in_go_on_and_writing_goes_on_by_itself_when_there_is_room(app, disk):
    planner, visitor = open_client(app, "planner"), open_client(app)
    before = {address: visitor.get(address).status_code for address in READS}
    assert set(before.values()) == {200}
    assert save(planner, "before").status_code == 200
    fill(disk)
    refused = save_until_full(planner)
    assert refused.status_code == 507
    assert refused.get_json()["code"] == "StoreFullError"
    assert "damaged" not in refused.get_json()["detail_en"]
    assert {address: visitor.get(address).status_code for address in READS} == before
    assert planner.get("/api/v1/scenarios").status_code == 200
    entered = open_client(app)
    assert log_in(entered, "boss", PASSWORD).status_code == 303
    assert entered.get("/admin/settings").status_code == 200
    assert log_in(open_client(app), "boss", "not the password").status_code == 401
    assert save(planner, "refused").status_code == 507
    make_room(disk)
    waiting = app.extensions[EXTENSION]
    assert waiting.write()
    assert save(planner, "after").status_code == 200
    with Workspace.open(disk / "town.gpkg", readonly=True) as workspace:
        actions = read_trail(workspace)["action"].tolist()
        assert "login.ok" in actions
        assert "login.failed" in actions
        assert {"before", "after"} <= set(workspace.read("scenario")["id"])
        assert "refused" not in set(workspace.read("scenario")["id"])
        assert workspace.find_damage() == []


def test_attempts_that_wait_are_recorded_without_anybody_asking(app, disk):
    planner = open_client(app, "planner")
    fill(disk)
    save_until_full(planner)
    client = open_client(app)
    assert log_in(client, "boss", PASSWORD).status_code == 303
    waiting = app.extensions[EXTENSION]
    if waiting._waiting:  # a record may still have fitted
        make_room(disk)
        waiting._writer.join(30)
        assert not waiting._writer.is_alive()
    assert waiting._waiting == []
    with Workspace.open(disk / "town.gpkg", readonly=True) as workspace:
        assert "login.ok" in read_trail(workspace)["action"].tolist()


def test_wrong_passwords_count_also_while_nothing_can_be_recorded(app, disk):
    planner = open_client(app, "planner")
    fill(disk)
    save_until_full(planner)
    client = open_client(app)
    statuses = [log_in(client, "boss", f"wrong password {number}").status_code for number in range(9)]
    assert statuses[0] == 401
    assert statuses[-1] == 429
    assert log_in(client, "boss", PASSWORD).status_code == 429
    make_room(disk)
    assert app.extensions[EXTENSION].write()
