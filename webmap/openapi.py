"""The description of the programmer's side as OpenAPI 3.1, made from the routes themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Flask, current_app, jsonify
from flask.typing import ResponseReturnValue
from werkzeug.routing import Rule

from geogrid import __version__
from webmap.disclosure import find_rule
from webmap.roles import OPEN, find_need, needs

openapi = Blueprint("openapi", __name__)

DESCRIBED = ("/api/", "/tiles/", "/healthz")
"""Beginnings of the paths that programs call."""

QUERY: dict[str, tuple[str, dict[str, Any]]] = {
    "minutes": (
        "Cutoff in minutes on foot, inclusive; without an account for more, of a standard reading.",
        {"type": "number", "exclusiveMinimum": 0},
    ),
    "metres": (
        "Cutoff in metres on the network, inclusive; without an account for more, of a standard reading.",
        {"type": "number", "exclusiveMinimum": 0},
    ),
    "profile": ("Who walks.", {"enum": ["adult", "elderly", "child"]}),
    "q": ("A name, an address, pinyin or initials, as typed.", {"type": "string", "maxLength": 80}),
    "building": ("The id of a building.", {"type": "string"}),
    "on": (
        "The date as of which it is asked; today when absent, and for readers without an account always.",
        {"type": "string", "format": "date"},
    ),
    "format": ("The form of the answer.", {"enum": ["json", "geojson", "gpkg", "xlsx", "csv"]}),
    "layer": ("The name of a layer.", {"type": "string"}),
    "feature": ("The key of a feature in its layer.", {"type": "string"}),
    "v": ("The version of the tiles, as /api/v1/county tells it.", {"type": "string"}),
}
"""Parameters of addresses: what they mean, and their schema."""

READING = ("minutes", "metres", "profile")
ASKED: dict[str, tuple[str, ...]] = {
    "api.outline": ("layer", "feature"),
    "api.homes": READING,
    "api.doubt": READING,
    "api.coverage": READING,
    "api.gaps": (*READING, "format"),
    "api.centres": READING,
    "api.catchments": READING,
    "api.isochrones": READING,
    "api.search": ("q",),
    "api.locate_named": ("building", "q", "on"),
    "area_api.describe": ("on",),
    "staff_api.walk_of_building": ("building",),
    "tiles.tile": ("v",),
}
"""Endpoint -> the parameters that it reads."""

PROBLEM = {"$ref": "#/components/schemas/Problem"}


@openapi.get("/openapi.json")
@needs(OPEN)
def describe_api() -> ResponseReturnValue:
    """The description of all that programs can call."""
    return jsonify(build_openapi(current_app))


def build_openapi(app: Flask) -> dict[str, Any]:
    """The OpenAPI document of an application."""
    paths: dict[str, dict[str, Any]] = {}
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        if rule.rule.startswith(DESCRIBED):
            path = re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule)
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                paths.setdefault(path, {})[method.lower()] = _describe(app, rule, method)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "geogrid",
            "version": __version__,
            "summary": "县域网格地图 / a county's grid on a map",
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": {
                "Problem": {
                    "description": "RFC 9457",
                    "type": "object",
                    "properties": {
                        "type": {"type": "string"},
                        "title": {"type": "string"},
                        "status": {"type": "integer"},
                        "detail": {"type": "string"},
                    },
                }
            }
        },
    }


def _describe(app: Flask, rule: Rule, method: str) -> dict[str, Any]:
    text = (app.view_functions[rule.endpoint].__doc__ or "").strip()
    operation: dict[str, Any] = {
        "operationId": f"{rule.endpoint}.{method.lower()}",
        "summary": text.split("\n")[0],
        "x-needs": find_need(app, rule.endpoint),
        "x-tells": find_rule(rule.endpoint),
        "parameters": [*_list_path_parameters(rule), *_list_query_parameters(rule)],
        "responses": {
            "200": {"description": "OK"},
            "default": {
                "description": "拒绝或出错 / refused, or an error",
                "content": {"application/problem+json": {"schema": PROBLEM}},
            },
        },
    }
    if method in ("POST", "PUT", "PATCH"):
        operation["requestBody"] = {"content": {"application/json": {"schema": {"type": "object"}}}}
    return operation


def _list_path_parameters(rule: Rule) -> Iterator[dict[str, Any]]:
    for name in sorted(rule.arguments):
        is_number = f"<int:{name}>" in rule.rule
        schema = {"type": "integer" if is_number else "string"}
        yield {"name": name, "in": "path", "required": True, "schema": schema}


def _list_query_parameters(rule: Rule) -> Iterator[dict[str, Any]]:
    for name in ASKED.get(rule.endpoint, ()):
        description, schema = QUERY[name]
        yield {"name": name, "in": "query", "description": description, "schema": schema}
