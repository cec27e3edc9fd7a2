"""Every route that computes, asked by many threads at once of a server that has just begun, in a process of its own.

Each round makes two applications anew. Of the first, threads ask the same questions, each in an order
of its own; of the second, one thread asks them one by one. Whatever the threads were told must be what
was told to the one. A process that GEOS or the kernel ends prints no further line.
"""

from __future__ import annotations

import json
import math
import random
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from flask import Flask
from flask.testing import FlaskClient

from geogrid.crs import to_lonlat, transform_points
from geogrid.schema import find_layer
from geogrid.workspace import Workspace
from tests.support.web import METRIC, SOUTH, STORE, WEST, copy_client, lonlat, open_client, write_town
from webmap import create_app
from webmap.columns import BORDERED, OUTLINED, PUBLIC_COLUMNS
from webmap.settings import WebSettings
from webmap.tiles import TILE_LAYERS

Question = tuple[str, str, Any]
"""Method, address and, of a POST, its body."""

TOKEN = re.compile(rb'name="csrf(?:_|-)token" (?:value|content)="[^"]+"')
PLAN = ("sites", "value", "covered", "by_community", "by_district", "unreachable")
"""What must be equal of a search for sites: its proof and its curve have a limit of time, which a busy computer reaches."""
WORKER = "from tests.support.crowd import work; import sys; work(*sys.argv[1:])"


@dataclass
class Tally:
    """What a number of rounds came to."""

    n_rounds: int = 0
    n_asked: int = 0
    n_crashed: int = 0
    unequal: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    routes: set[str] = field(default_factory=set)


class Questions:
    """Questions about one county, drawn at random."""

    def __init__(self, path: Path) -> None:
        with Workspace.open(path, readonly=True) as county:
            layers = {name: to_lonlat(county.read(name), name) for name in PUBLIC_COLUMNS | OUTLINED_LAYERS}
        self._keys = {name: layers[name][find_layer(name).key].astype(str).tolist() for name in layers}
        self._names = [str(name) for name in layers["building"]["name"].dropna().unique()[:200]] or ["a"]
        self._centres = sorted(set(layers["centre"]["centre"].fillna(layers["centre"]["id"])))
        self._box = layers["building"].total_bounds
        self.kinds: dict[str, Callable[[random.Random], Question]] = {
            "county": lambda _: ("GET", "/api/v1/county", None),
            "layers": lambda rng: ("GET", f"/api/v1/layers/{rng.choice(list(PUBLIC_COLUMNS))}.geojson", None),
            "borders": lambda rng: ("GET", f"/api/v1/borders/{rng.choice(list(BORDERED))}.geojson", None),
            "outline": self._ask_outline,
            "search": lambda rng: (
                "GET",
                f"/api/v1/search?q={rng.choice(self._names)[: rng.randint(1, 4)]}",
                None,
            ),
            "locate": lambda rng: ("GET", f"/api/v1/locate?building={self._pick(rng, 'building')}", None),
            "locate_name": lambda rng: ("GET", f"/api/v1/locate?q={rng.choice(self._names)}", None),
            "walk": lambda rng: ("GET", f"/api/v1/walk?building={self._pick(rng, 'building')}", None),
            "areas": lambda rng: ("GET", f"/api/v1/areas/{self._pick_area(rng)}", None),
            "services": lambda _: ("GET", "/api/v1/services", None),
            "tiles": self._ask_tile,
            "page": lambda rng: ("GET", f"/area/{self._pick_area(rng)}", None),
            "found": lambda rng: ("GET", f"/find?kind=building&key={self._pick(rng, 'building')}", None),
            "findings": lambda _: ("GET", "/api/v1/findings.geojson", None),
            **{name: self._read(name) for name in ("homes", "homes/doubt", "coverage", "gaps", "centres")},
            **{name: self._read(name) for name in ("catchments.geojson", "isochrones.geojson")},
            "gap_ground": lambda rng: ("GET", f"/api/v1/gaps?format=geojson&{_reading(rng)}", None),
            "position": lambda rng: ("POST", "/api/v1/locate", self._place(rng)),
            "nearby": lambda rng: ("POST", "/api/v1/nearby", self._place(rng) | {"accuracy_m": 40}),
            "walk_from": lambda rng: ("POST", "/api/v1/walk", self._place(rng)),
            "scenario": lambda rng: ("POST", "/api/v1/scenario", self._plan(rng)),
            "siting": lambda rng: ("POST", "/api/v1/siting", {"k": rng.randint(1, 2)}),
            "candidates": lambda rng: ("POST", "/api/v1/siting/candidates", {"edits": self._edits(rng)}),
            "site": lambda rng: ("POST", "/api/v1/siting/place", self._place(rng)),
        }

    def draw(self, rng: random.Random, n: int, kinds: list[str] | None = None) -> list[Question]:
        """Some questions, as many kinds of them as there can be; those of readings in pairs, which share most."""
        names = kinds or list(self.kinds)
        chosen = [name for _ in range(n // len(names) + 1) for name in rng.sample(names, len(names))][:n]
        return [self.kinds[name](rng) for name in chosen]

    def _pick(self, rng: random.Random, layer: str) -> str:
        return rng.choice(self._keys[layer])

    def _pick_area(self, rng: random.Random) -> str:
        kind = rng.choice([name for name in ("community", "district", "grid", "beat") if self._keys[name]])
        return f"{kind}/{self._pick(rng, kind)}"

    def _place(self, rng: random.Random) -> dict[str, Any]:
        west, south, east, north = self._box
        return {"lon": rng.uniform(west, east), "lat": rng.uniform(south, north)}

    def _ask_outline(self, rng: random.Random) -> Question:
        layer = rng.choice([name for name in OUTLINED if self._keys[name]])
        return "GET", f"/api/v1/outline?layer={layer}&feature={self._pick(rng, layer)}", None

    def _ask_tile(self, rng: random.Random) -> Question:
        place, zoom = self._place(rng), rng.randint(11, 17)
        x, y = place_in_tiles(place["lon"], place["lat"], zoom)
        return "GET", f"/tiles/{rng.choice(list(TILE_LAYERS))}/{zoom}/{x}/{y}.pbf", None

    def _read(self, name: str) -> Callable[[random.Random], Question]:
        return lambda rng: ("GET", f"/api/v1/{name}?{_reading(rng)}", None)

    def _edits(self, rng: random.Random) -> list[dict[str, Any]]:
        """A centre added, moved or closed, sometimes on ground with a gate less or a street out."""
        edits: list[dict[str, Any]] = []
        if self._keys["gate"] and rng.random() < 0.4:
            edits.append({"do": "close_gate", "id": self._pick(rng, "gate")})
        if rng.random() < 0.3:
            edits.append({"do": "remove_street", "id": self._pick(rng, "street")})
        if rng.random() < 0.8:
            edits.append({"do": "add_centre", "id": "try", **self._place(rng)})
        if rng.random() < 0.5:
            edits.append({"do": "move_centre", "id": rng.choice(self._centres), **self._place(rng)})
        return edits

    def _plan(self, rng: random.Random) -> dict[str, Any]:
        return {"edits": self._edits(rng), "minutes": rng.randint(5, 15)}


OUTLINED_LAYERS = dict.fromkeys((*OUTLINED, "building", "gate", "street", "centre"))


def _reading(rng: random.Random) -> str:
    if rng.random() < 0.3:
        return f"metres={50 * rng.randint(1, 12)}"
    return f"minutes={rng.choice([1, 2, 2, 3, 3, 4, 8, 10, 15])}&profile={rng.choice(['adult', 'elderly', 'child'])}"


def place_in_tiles(lon: float, lat: float, zoom: int) -> tuple[int, int]:
    """Column and row of the tile that holds a place."""
    y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2
    return int((lon / 360 + 0.5) * 2**zoom), int(y * 2**zoom)


# --- asking --------------------------------------------------------------------------------------


def open_server(path: Path) -> tuple[Flask, FlaskClient]:
    """A server that has computed nothing yet, and a planner who asks it."""
    app = create_app(path, WebSettings(lookups_per_minute=10**9))
    return app, open_client(app, "planner")


def ask(client: FlaskClient, question: Question) -> tuple[int, bytes]:
    """Status and body of an answer, less the token of the session and what hangs on the time it took."""
    method, address, body = question
    with client.open(address, method=method, json=body) as response:
        told = TOKEN.sub(b"", response.get_data())
        if address == "/api/v1/siting" and response.status_code == 200:
            told_all = json.loads(told)
            plan = {name: told_all[name] for name in PLAN}
            told = json.dumps(plan, sort_keys=True).encode()
        return response.status_code, told


def ask_together(path: Path, questions: list[Question], n_threads: int, seed: str) -> list[list[Any]]:
    """What each of some threads was answered to each question, all beginning at once."""
    _, client = open_server(path)
    clients = [copy_client(client) for _ in range(n_threads)]
    for other in clients:
        other.environ_base["HTTP_X_CSRFTOKEN"] = client.environ_base["HTTP_X_CSRFTOKEN"]
    answers: list[list[Any]] = [[None] * len(questions) for _ in clients]
    start = threading.Barrier(n_threads)

    def go(number: int) -> None:
        order = random.Random(f"{seed}-{number}").sample(range(len(questions)), len(questions))  # noqa: S311  questions, no secrets
        start.wait()
        for at in order:
            answers[number][at] = ask(clients[number], questions[at])

    threads = [threading.Thread(target=go, args=(number,)) for number in range(n_threads)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def tell_difference(one: tuple[int, bytes], other: tuple[int, bytes]) -> str:
    """Where two answers part, with a few letters of each."""
    bodies = [f"{status} {body.decode('utf-8', 'replace')}" for status, body in (one, other)]
    at = next((n for n, (a, b) in enumerate(zip(*bodies, strict=False)) if a != b), min(map(len, bodies)))
    return " | ".join(body[max(0, at - 60) : at + 40] for body in bodies)


def run_round(path: Path, questions: list[Question], n_threads: int, seed: str) -> dict[str, Any]:
    """One round: what was unequal, and what was no answer."""
    told = ask_together(path, questions, n_threads, seed)
    _, client = open_server(path)
    alone = [ask(client, question) for question in questions]
    write = [f"{method} {address} {json.dumps(body)}" for method, address, body in questions]
    return {
        "asked": n_threads * len(questions),
        "unequal": [
            f"{write[at]}: {tell_difference(others[0], alone[at])}"
            for at in range(len(questions))
            if (others := [answers[at] for answers in told if answers[at] != alone[at]])
        ],
        "failed": [f"{alone[at][0]} {write[at]}" for at in range(len(questions)) if alone[at][0] >= 500],
        "statuses": {write[at]: alone[at][0] for at in range(len(questions))},
    }


def work(
    path: str, seed: str, first: str, last: str, n_threads: str, n_questions: str, kinds: str = ""
) -> None:
    """The rounds from one number up to another, a line of JSON each."""
    drawn = Questions(Path(path))
    for number in range(int(first), int(last)):
        rng = random.Random(f"{seed}-{number}")  # noqa: S311  questions, no secrets
        questions = drawn.draw(rng, int(n_questions), kinds.split(",") if kinds else None)
        print(json.dumps(run_round(Path(path), questions, int(n_threads), f"{seed}-{number}")), flush=True)


def run_rounds(
    path: Path,
    n_rounds: int,
    *,
    seed: int = 1,
    n_threads: int = 16,
    n_questions: int = 24,
    kinds: tuple[str, ...] = (),
    rounds_per_process: int = 10,
    report: Callable[[str], object] = str,
) -> Tally:
    """Rounds in processes of their own; one that is ended costs its round, and the next begins behind it."""
    tally, number = Tally(), 0
    while number < n_rounds:
        last = min(number + rounds_per_process, n_rounds)
        arguments = [
            str(path),
            str(seed),
            str(number),
            str(last),
            str(n_threads),
            str(n_questions),
            ",".join(kinds),
        ]
        command = [sys.executable, "-c", WORKER, *arguments]
        process = subprocess.run(command, capture_output=True, text=True, check=False)
        for line in process.stdout.splitlines():
            _add(tally, json.loads(line), number, report)
            number += 1
        if process.returncode:
            if process.returncode > 0:
                raise RuntimeError(process.stderr[-2000:])
            tally.n_crashed += 1
            report(f"round {number}: ended by {signal.Signals(-process.returncode).name}")
            number += 1
        tally.n_rounds = number
    return tally


def _add(tally: Tally, told: dict[str, Any], number: int, report: Callable[[str], None]) -> None:
    tally.n_asked += told["asked"]
    tally.unequal += told["unequal"]
    tally.failed += told["failed"]
    tally.routes |= {question.split("?")[0] for question in told["statuses"]}
    for what in ("unequal", "failed"):
        for question in told[what]:
            report(f"round {number}: {what}: {question}")


# --- a town whose outlines are long --------------------------------------------------------------


def write_wavy_town(path: Path) -> Path:
    """The town of the web tests with thirty centres, and a border, a river and a wall of 1,600 corners each.

    The more corners a shape has and the oftener it is asked, the surer two threads meet in what GEOS
    makes ready of it.
    """
    write_town(path)
    wavy = {
        "county": wave(600, 400, 590, 390),
        "water": wave(600, 70, 580, 25),
        "compound": wave(950, 255, 150, 50),
    }
    with Workspace.open(path) as county, county.edit("test", "waves") as edit:
        for layer, shape in wavy.items():
            edit.replace(layer, county.read(layer).iloc[:1].set_geometry([shape], crs=STORE))
        doors = [lonlat(x, y) for x in range(130, 1100, 100) for y in (205, 395, 595)]
        one = county.read("centre").iloc[[0] * len(doors)].reset_index(drop=True)
        ids = [f"s{number:02d}" for number in range(len(doors))]
        edit.replace("centre", one.assign(id=ids).set_geometry(shapely.points(doors), crs=STORE))
    return path


def wave(x: float, y: float, half_width: float, half_height: float) -> shapely.Polygon:
    """A ground round a place of the town, in degrees, whose border goes in and out four hundred times."""
    turn = np.linspace(0, 2 * np.pi, 1_600, endpoint=False)
    reach = 1 - 0.03 * (1 + np.sin(400 * turn))
    xy = np.column_stack([x + half_width * reach * np.cos(turn), y + half_height * reach * np.sin(turn)])
    return shapely.Polygon(transform_points(xy + np.array([WEST, SOUTH]), METRIC, STORE))
