"""A small county in a file, a server for it, and a browser, for the tests of the web map."""

from __future__ import annotations

import itertools
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from flask import Flask, session
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from geogrid.crs import change_crs
from geogrid.workspace import Workspace
from geogrid.workspace.account import Account, read_account
from webmap import create_app
from webmap.county import EXTENSION
from webmap.listening import bind_port, make_server
from webmap.sessions import begin_session

METRIC = "EPSG:4549"
STORE = "EPSG:4490"
WEST, SOUTH = 386_000.0, 3_028_500.0
"""The town's lower left corner: 1200 m wide, 800 m high, near 118.85 E 27.36 N."""

OFFICER = "王保国"
OFFICER_PHONE = "13800138000"
LEADER = "李守门"
LEADER_PHONE = "13912345678"

NASTY_NAMES = (
    "{{7*7}}",
    "{% endif %}",
    "{# gone #}",
    "<img src=x onerror=window.__pwn=1>",
    "</script><script>window.__pwn=2</script>",
    "${window.__pwn=3}",
    "`${window.__pwn=4}`",
    "\"'><b>bold</b>",
    "=HYPERLINK(1)",
    "{{lipsum.__globals__.os.getpid()}}",
)

Rows = list[dict[str, Any]]


def box(x: float, y: float, width: float, height: float) -> shapely.Polygon:
    """A rectangle of the town, in metres from its lower left corner."""
    return shapely.box(WEST + x, SOUTH + y, WEST + x + width, SOUTH + y + height)


def point(x: float, y: float) -> shapely.Point:
    """A point of the town, in metres from its lower left corner."""
    return shapely.Point(WEST + x, SOUTH + y)


def lonlat(x: float, y: float) -> tuple[float, float]:
    """Longitude and latitude of a point of the town."""
    place = change_crs(gpd.GeoSeries([point(x, y)], crs=METRIC), STORE, "test").iloc[0]
    return place.x, place.y


def _frame(rows: Rows) -> gpd.GeoDataFrame:
    frame = gpd.GeoDataFrame(rows, geometry="geometry", crs=METRIC)
    return change_crs(frame, STORE, "test").assign(synthetic=True)


def town_layers(names: tuple[str, ...] = ()) -> dict[str, gpd.GeoDataFrame]:
    """The layers of the town.

    Communities are its west and east halves, districts its south and north halves, grids its
    quarters. Streets run every 200 m. Eight buildings stand along each of the three inner streets
    from west to east, of 30 people each but the first (3 people); the centre is at the west edge, so
    that the east of the town is out of reach. `names` are given to the features in turn.
    """
    given = iter(names)

    def name(usual: str) -> str:
        return next(given, usual)

    streets = [
        shapely.LineString([(WEST + x, SOUTH + y), (WEST + x + 200, SOUTH + y)])
        for y in (200, 400, 600)
        for x in range(100, 1100, 200)
    ] + [
        shapely.LineString([(WEST + x, SOUTH + y), (WEST + x, SOUTH + y + 200)])
        for y in (200, 400)
        for x in range(100, 1101, 200)
    ]
    buildings: Rows = []
    for y in (200, 400, 600):
        for column in range(8):
            number = len(buildings) + 1
            buildings.append(
                {
                    "id": f"b{number:02d}",
                    "name": name(f"和平路{number}号楼"),
                    "use": "residential" if number != 24 else "industrial",
                    "address": f"和平路{number}号",
                    "residents": 3 if number == 1 else 30,
                    "people_source": "counted",
                    "compound": "c1" if number in (7, 8) else None,
                    "geometry": box(120 + column * 120, y + 15, 40, 14),
                }
            )
    return {
        "county": _frame([{"code": "350725", "name": name("测试县"), "geometry": box(0, 0, 1200, 800)}]),
        "community": _frame(
            [
                {
                    "code": "350725001001",
                    "name": name("西门社区"),
                    "kind": "社区",
                    "geometry": box(0, 0, 600, 800),
                },
                {
                    "code": "350725001002",
                    "name": name("东门社区"),
                    "kind": "社区",
                    "geometry": box(600, 0, 600, 800),
                },
            ]
        ),
        "district": _frame(
            [
                {"code": "P01", "name": name("南片区"), "geometry": box(0, 0, 1200, 400)},
                {"code": "P02", "name": name("北片区"), "geometry": box(0, 400, 1200, 400)},
            ]
        ),
        "grid": _frame(
            [
                {
                    "code": f"35072500100{community}00{district}",
                    "name": name(f"第{community}{district}网格"),
                    "community": f"35072500100{community}",
                    "district": f"P0{district}",
                    "geometry": box((community - 1) * 600, (district - 1) * 400, 600, 400),
                }
                for community in (1, 2)
                for district in (1, 2)
            ]
        ),
        "beat": _frame(
            [
                {
                    "code": f"J0{number}",
                    "name": name(f"第{number}警格"),
                    "community": f"35072500100{number}",
                    "station": "城关派出所",
                    "geometry": box((number - 1) * 600, 0, 600, 800),
                }
                for number in (1, 2)
            ]
        ),
        "compound": _frame(
            [{"id": "c1", "name": name("东苑"), "kind": "封闭式", "geometry": box(800, 205, 300, 100)}]
        ),
        "gate": _frame([{"id": "g1", "compound": "c1", "pedestrian": True, "geometry": point(900, 205)}]),
        "centre": _frame(
            [
                {
                    "id": "s1",
                    "name": name("西门邻里服务中心"),
                    "services": "养老,托幼",
                    "hours": "08:00-18:00",
                    "geometry": point(110, 395),
                }
            ]
        ),
        "place": _frame(
            [{"id": "p1", "name": name("西门警务室"), "kind": "警务室", "geometry": point(310, 390)}]
        ),
        "street": _frame(
            [
                {"id": f"r{i}", "name": name(f"{i}号路"), "class": "residential", "geometry": line}
                for i, line in enumerate(streets)
            ]
        ),
        "water": _frame(
            [{"id": "w1", "name": name("七星溪"), "kind": "river", "geometry": box(0, 40, 1200, 60)}]
        ),
        "building": _frame(buildings),
    }


def duty_tables() -> dict[str, pd.DataFrame]:
    """Two people: the leader of the south-west grid and the officer of the western beat."""
    return {
        "person": pd.DataFrame(
            {
                "id": ["u1", "u2"],
                "name": [LEADER, OFFICER],
                "unit": ["西门社区居委会", "城关派出所"],
                "duty_phone": [LEADER_PHONE, OFFICER_PHONE],
                "private_phone": ["13700000001", "13700000002"],
            }
        ),
        "assignment": pd.DataFrame(
            {
                "id": ["a1", "a2"],
                "person": ["u1", "u2"],
                "role": ["邻里长", "社区民警"],
                "layer": ["grid", "beat"],
                "feature": ["350725001001001", "J01"],
                "valid_from": ["2020-01-01", "2020-01-01"],
            }
        ),
    }


def write_town(path: Path, names: tuple[str, ...] = (), county: str = "测试县") -> Path:
    """The town as a county's file."""
    with Workspace.create(path, "350725", county) as workspace, workspace.edit("test", "town") as edit:
        for layer, frame in town_layers(names).items():
            edit.insert(layer, frame)
        for table, frame in duty_tables().items():
            edit.insert(table, frame)
        edit.set_setting("web.public", "map")
    return path


_CALLERS = itertools.count(1)


def open_client(app: Flask, role: str = "", scope: tuple[str, ...] = ()) -> FlaskClient:
    """A client that sends the page's token with what it changes, as the page does; logged in where a role is given."""
    client = app.test_client()
    number = next(_CALLERS)  # attempts to log in are counted by address
    client.environ_base["REMOTE_ADDR"] = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
    _take_token(client)
    if role:
        account = _require_account(app, role, scope)
        with app.test_request_context(environ_base=client.environ_base):
            begin_session(account)  # as after a login, without the half second that a password takes
            begun = dict(session)
        with client.session_transaction() as kept:
            kept.clear()
            kept.update(begun)
        _take_token(client)
    return client


def _require_account(app: Flask, role: str, scope: tuple[str, ...]) -> Account:
    """The account `a-ROLE-SCOPE`, made where it is not there; no password opens it."""
    login = f"a-{role}-{'-'.join(scope).replace(':', '.').lower()}"[:60]
    with Workspace.open(app.extensions[EXTENSION].path) as workspace:
        if read_account(workspace, login) is None:
            with workspace.write_records() as connection:
                connection.execute(
                    "INSERT INTO private.account (id, role, scope, disabled, n_failed, session_epoch)"
                    " VALUES (?, ?, ?, 0, 0, 1)",
                    (login, role, ",".join(scope) or None),
                )
        account = read_account(workspace, login)
    assert account is not None
    return account


def log_in(client: FlaskClient, login: str, password: str, **fields: str) -> TestResponse:
    """Send the form of the login, and take the token of the session that begins."""
    response = client.post("/login", data={"login": login, "password": password, **fields})
    if response.status_code == 303:
        _take_token(client)
    return response


def copy_client(client: FlaskClient) -> FlaskClient:
    """Another client from the same address with the same session cookie, as somebody who took it would have."""
    copy = client.application.test_client()
    copy.environ_base["REMOTE_ADDR"] = client.environ_base["REMOTE_ADDR"]
    cookie = client.get_cookie("geogrid")
    assert cookie is not None
    copy.set_cookie("geogrid", cookie.value)
    return copy


def _take_token(client: FlaskClient) -> None:
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/login").get_data(as_text=True))
    assert found is not None
    client.environ_base["HTTP_X_CSRFTOKEN"] = found[1]


@contextmanager
def serving(path: Path) -> Iterator[str]:
    """The address of a server of that county on a free port of this computer."""
    listening = bind_port("127.0.0.1", 0)
    server = make_server(create_app(path), listening)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.close()
        thread.join(timeout=5)
