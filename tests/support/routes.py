"""The table of routes and who is answered what; run as a module it adds rows for the routes that have none.

A row says what was answered; whether that is right is for its author to judge. A GET is asked as it
stands, a POST without a body: give a row an address and a body that the route understands, take its
statuses out and run again.
"""

from __future__ import annotations

import csv
import json
import tempfile
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from geogrid.workspace import Workspace
from tests.support.web import open_client, write_town
from webmap import create_app
from webmap.assets import read_fingerprints
from webmap.foliummap import LEAFLET_URL
from webmap.roles import find_need

TABLE = Path(__file__).parents[1] / "data" / "routes.csv"
AWAY = ("community:350725001002",)
"""Where nobody of the town is on duty."""

ACTORS: dict[str, tuple[str, tuple[str, ...]]] = {
    "nobody": ("", ()),
    "everybody": ("", ()),
    "public": ("public", ()),
    "staff": ("staff", ()),
    "staff_away": ("staff", AWAY),
    "planner": ("planner", ()),
    "admin": ("admin", ()),
    "admin_away": ("admin", AWAY),
}
"""Column -> role and scope; `nobody` asks a county that is not open to all, `everybody` one that is."""


def read_rows() -> list[dict[str, str]]:
    """The table, one row a route and method."""
    return list(csv.DictReader(TABLE.read_text(encoding="utf-8").splitlines()))


def open_towns(folder: Path) -> tuple[Flask, Flask]:
    """The town closed to those without a login, and open to all."""
    closed, opened = write_town(folder / "closed.gpkg"), write_town(folder / "open.gpkg")
    with Workspace.open(closed) as workspace:
        workspace.set_setting("web.public", "off", "test")
    return create_app(closed), create_app(opened)


FIELDS = ("route", "method", "address", "body", "needs", *ACTORS)


def list_routes(app: Flask) -> set[tuple[str, str]]:
    """Every route with each of its methods that are not the framework's own."""
    return {
        (rule.rule, method)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def find_needs(app: Flask) -> dict[tuple[str, str], str | None]:
    """Route and method -> the capability it is marked with."""
    return {
        (rule.rule, method): find_need(app, rule.endpoint)
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
    }


def ask(client: FlaskClient, row: dict[str, str], actor: str) -> Any:
    prints = read_fingerprints()
    address = row["address"].format(
        static=prints.static, map=prints.map, texts=prints.texts, leaflet=LEAFLET_URL
    )
    body: dict[str, Any] = {}
    if row["body"].startswith("{"):
        body = {"json": json.loads(row["body"])}
    elif row["body"]:
        # Wrong attempts lock a login, so each actor tries another.
        body = {
            "data": row["body"].replace("ACTOR", actor),
            "content_type": "application/x-www-form-urlencoded",
        }
    return client.open(address, method=row["method"], **body)


def main() -> None:
    """Add a row for each route that has none, and drop the rows of routes that are gone."""
    with tempfile.TemporaryDirectory() as folder:
        closed, opened = open_towns(Path(folder))
        needs = find_needs(closed)
        clients = {
            actor: open_client(closed if actor == "nobody" else opened, *who) for actor, who in ACTORS.items()
        }
        known = {(row["route"], row["method"]): row for row in read_rows()}
        rows = []
        for route, method in sorted(list_routes(closed)):
            row = known.get((route, method)) or {
                "route": route,
                "method": method,
                "address": route.replace("<", "").replace(">", ""),
                "body": "",
            }
            row["needs"] = needs[route, method] or ""
            for actor, client in clients.items():
                if not row.get(actor):
                    with ask(client, row, actor) as response:
                        row[actor] = str(response.status_code)
            if (route, method) not in known:
                print(",".join(str(row[field]) for field in FIELDS))
            rows.append(row)
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, FIELDS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
