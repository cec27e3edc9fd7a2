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
from webmap.disclosure import find_rule
from webmap.foliummap import LEAFLET_URL
from webmap.roles import find_need

TABLE = Path(__file__).parents[1] / "data" / "routes.csv"
AWAY = ("community:350725001002",)
"""Where nobody of the town is on duty."""

ACTORS: dict[str, tuple[str, tuple[str, ...]]] = {
    "nobody": ("", ()),
    "areas": ("", ()),
    "everybody": ("", ()),
    "public": ("public", ()),
    "staff": ("staff", ()),
    "staff_away": ("staff", AWAY),
    "planner": ("planner", ()),
    "admin": ("admin", ()),
    "admin_away": ("admin", AWAY),
}
"""Column -> role and scope; `nobody` asks a county that is not open to those without a login, `areas` one
that shows them areas alone; all others ask one that shows them the map."""

LEVELS = {"nobody": "off", "areas": "areas"}
"""Column -> the value of `web.public` where it is not `map`."""


def read_rows() -> list[dict[str, str]]:
    """The table, one row a route and method."""
    return list(csv.DictReader(TABLE.read_text(encoding="utf-8").splitlines()))


def open_towns(folder: Path) -> dict[str, Flask]:
    """The town for each column, open to those without a login as it says."""
    towns = {}
    for level in ("off", "areas", "map"):
        path = write_town(folder / f"{level}.gpkg")
        with Workspace.open(path) as workspace:
            workspace.set_setting("web.public", level, "test")
        towns[level] = create_app(path)
    return {actor: towns[LEVELS.get(actor, "map")] for actor in ACTORS}


FIELDS = ("route", "method", "address", "body", "needs", "tells", *ACTORS)


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


def find_rules(app: Flask) -> dict[tuple[str, str], str | None]:
    """Route and method -> what it may give away of counts of people."""
    return {
        (rule.rule, method): find_rule(rule.endpoint)
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
        towns = open_towns(Path(folder))
        needs, rules = find_needs(towns["nobody"]), find_rules(towns["nobody"])
        clients = {actor: open_client(towns[actor], *who) for actor, who in ACTORS.items()}
        known = {(row["route"], row["method"]): row for row in read_rows()}
        rows = []
        for route, method in sorted(list_routes(towns["nobody"])):
            row = known.get((route, method)) or {
                "route": route,
                "method": method,
                "address": route.replace("<", "").replace(">", ""),
                "body": "",
            }
            row["needs"], row["tells"] = needs[route, method] or "", rules[route, method] or ""
            for actor, client in clients.items():
                if not row.get(actor):
                    ends = route == "/logout"  # the session of the others
                    own = open_client(towns[actor], *ACTORS[actor]) if ends else client
                    with ask(own, row, actor) as response:
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
