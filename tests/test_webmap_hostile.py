"""Whatever is sent, by whomever, to whichever route: a refusal in our own words, and never a fault of the server."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar
from urllib.parse import parse_qsl, quote, urlencode

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.support.hostile import (
    ARGUMENTS,
    HEADERS,
    HOSTS,
    METHODS,
    ODD,
    TEXTS,
    UNREADABLE,
    VALUES,
    vary_json,
)
from tests.support.routes import ACTORS, open_towns, read_rows
from tests.support.web import open_client
from webmap import create_app
from webmap.assets import read_fingerprints
from webmap.county import EXTENSION
from webmap.foliummap import LEAFLET_URL
from webmap.settings import WebSettings

ROWS = read_rows()
POSTS = [row for row in ROWS if row["method"] == "POST"]
UNLIMITED = WebSettings(logins_per_minute=10**9, lookups_per_minute=10**9)


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> dict[str, FlaskClient]:
    towns = open_towns(tmp_path_factory.mktemp("hostile"))
    unlimited = {
        path: create_app(path, UNLIMITED)
        for path in {app.extensions[EXTENSION].path for app in towns.values()}
    }
    return {
        actor: open_client(unlimited[towns[actor].extensions[EXTENSION].path], role, scope)
        for actor, (role, scope) in ACTORS.items()
    }


def name_row(row: dict[str, str]) -> str:
    return f"{row['method']} {row['route']}"


def address_of(row: dict[str, str]) -> str:
    prints = read_fingerprints()
    return row["address"].format(
        static=prints.static, map=prints.map, texts=prints.texts, leaflet=LEAFLET_URL
    )


def require_refusal(response: TestResponse, asked: object) -> int:
    """No fault, and where it is refused, one of the two shapes that a refusal has."""
    status = response.status_code
    assert status < 500, (asked, status, response.get_data()[:300])
    if status >= 400:
        if response.mimetype == "application/problem+json":
            told = json.loads(response.get_data())
            assert told["status"] == status, asked
            assert {"type", "title", "code", "detail", "detail_en"} <= set(told), asked
        else:
            assert response.mimetype == "text/html", (asked, response.mimetype)
            assert b"<html" in response.get_data(), asked
        assert b"Traceback" not in response.get_data(), asked
    response.close()
    return status


def ask(client: FlaskClient, method: str, address: str, **options: Any) -> int:
    asked = (method, address[:120], str(options)[:300])
    return require_refusal(client.open(address, method=method, **options), asked)


T = TypeVar("T")
each = pytest.mark.parametrize(
    "every", [pytest.param(12, id="slice"), pytest.param(1, id="all", marks=pytest.mark.slow)]
)
COSTLY = {"/login": 9, "/account/password": 9}
"""Routes that hash a password at each attempt, and how many times fewer of them are made."""


def take(cases: Iterable[T], every: int, row: dict[str, str], actor: str = "") -> list[T]:
    """Every so manieth case, beginning with another one for each row and actor; all of them for 1."""
    every *= COSTLY.get(row["route"], 1)
    return list(cases)[zlib.crc32(f"{name_row(row)} {actor}".encode()) % every :: every]


@each
@pytest.mark.parametrize("row", POSTS, ids=name_row)
def test_no_body_is_a_fault_of_the_server(clients, row, every):
    for actor, known in clients.items():
        is_logout = row["route"] == "/logout"  # which ends the session of the others
        client = open_client(known.application, *ACTORS[actor]) if is_logout else known
        takes_json = row["body"].startswith("{") and row[actor] == "200"
        for name, body in take({**UNREADABLE, **ODD}.items(), every, row, actor):
            status = ask(client, "POST", address_of(row), data=body, content_type="application/json")
            if takes_json and name in UNREADABLE:
                assert status in (400, 413), (name, status)
            if actor == "admin":
                kind = "application/x-www-form-urlencoded"
                ask(client, "POST", address_of(row), data=body, content_type=kind)


@each
@pytest.mark.parametrize("row", [row for row in POSTS if row["body"].startswith("{")], ids=name_row)
def test_no_field_of_a_body_is_a_fault_of_the_server(clients, row, every):
    for body in take(vary_json(json.loads(row["body"])), every, row):
        ask(clients["admin"], "POST", address_of(row), data=body, content_type="application/json")


FORMS = [row for row in POSTS if not row["body"].startswith("{") and row["route"] != "/logout"]
PARTS = (
    b"",
    b"--b\r\n",
    b"--b--\r\n",
    b'--b\r\nContent-Disposition: form-data; name="file"; filename="\xff\x00.xlsx"\r\n\r\nx\r\n--b--\r\n',
    b'--b\r\nContent-Disposition: form-data; name="file"; filename="../../x.csv"\r\n\r\n\x00\r\n--b--\r\n',
    b"--b\r\nContent-Disposition: form-data; name*=utf-8''%ff\r\n\r\nx\r\n--b--\r\n",
    b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n' * 200 + b"--b--\r\n",
)


@each
@pytest.mark.parametrize("row", FORMS, ids=name_row)
def test_no_field_of_a_form_is_a_fault_of_the_server(clients, row, every):
    fields = dict(parse_qsl(row["body"])) or {"x": "x"}
    values = (*(str(value) for value in VALUES), "\0", "\ufffd", "a\nb")
    forms = [urlencode({**fields, name: value}).encode() for name in fields for value in values]
    cases = [(form, "application/x-www-form-urlencoded") for form in forms]
    cases += [(part, "multipart/form-data; boundary=b") for part in PARTS]
    for body, kind in take(cases, every, row):
        ask(clients["admin"], "POST", address_of(row), data=body, content_type=kind)


@each
@pytest.mark.parametrize("row", [row for row in ROWS if row["route"] != "/logout"], ids=name_row)
def test_no_address_is_a_fault_of_the_server(clients, row, every):
    for actor in ("nobody", "admin"):
        for address in take(vary_addresses(row), every, row, actor):
            ask(clients[actor], row["method"], address)


def vary_addresses(row: dict[str, str]) -> Iterator[str]:
    """The address of a row with other parameters, and with other parts in its path."""
    base = address_of(row)
    plain = base.partition("?")[0]
    own = set(re.findall(r"[?&](\w+)=", base))
    names = own | (set(ARGUMENTS) if row["method"] == "GET" else set())
    for name in sorted(names):
        for text in TEXTS if name in own else TEXTS[::5]:
            yield f"{plain}?{name}={text}"
            yield f"{base}{'&' if '?' in base else '?'}{name}={text}"
    for variable in re.findall(r"<[^>]+>", row["route"]):
        for text in TEXTS:
            path = row["route"].replace(variable, text or "%20")
            yield re.sub(r"<[^>]+>", "1", path)


@each
@pytest.mark.parametrize("actor", ACTORS)
def test_no_header_is_a_fault_of_the_server(clients, actor, every):
    for row in ROWS:
        if row["route"] != "/logout":
            for headers in take(HEADERS, every, row, actor):
                ask(
                    clients[actor],
                    row["method"],
                    address_of(row),
                    headers=headers,
                    data=row["body"] or None,
                )


def test_no_host_and_no_method_is_a_fault_of_the_server(clients):
    for client in (clients["nobody"], clients["admin"]):
        for row in ROWS[::12]:
            for host in HOSTS:
                ask(client, row["method"], address_of(row), environ_overrides={"HTTP_HOST": host})
            for method in METHODS:
                ask(client, method, address_of(row))
        for address in ("/nothing", "//", "/%00", "/%ff", "/" + "a/" * 800, "/api/v1/" + quote("政和")):
            ask(client, "GET", address)
