"""The description of the programmer's side says what the routes are."""

from __future__ import annotations

import inspect
import re

import pytest

from webmap import create_app
from webmap.openapi import ASKED, DESCRIBED, QUERY, READING, build_openapi


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    return create_app(tmp_path_factory.mktemp("openapi") / "county.gpkg")


@pytest.fixture
def client(app):
    return app.test_client()


def test_every_route_that_programs_call_is_described(app):
    described = build_openapi(app)["paths"]
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith(DESCRIBED):
            path = re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule)
            methods = {method.lower() for method in rule.methods} - {"head", "options"}
            assert methods <= set(described[path]), rule
            for operation in described[path].values():
                assert operation["summary"], rule


def test_what_a_route_reads_of_its_address_is_what_is_described(app):
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith(DESCRIBED):
            source = inspect.getsource(inspect.unwrap(app.view_functions[rule.endpoint]))
            read = set(re.findall(r'args\.get\("(\w+)"', source)) | (
                set(READING) if "requested_reading(" in source else set()
            )
            assert read == set(ASKED.get(rule.endpoint, ())), rule.endpoint


def test_nothing_is_described_that_is_not_there(app):
    assert set(ASKED) <= set(app.view_functions)
    assert {name for names in ASKED.values() for name in names} == set(QUERY)


def test_the_description_is_served(client):
    answer = client.get("/openapi.json")
    assert answer.status_code == 200
    assert answer.json["openapi"] == "3.1.0"
