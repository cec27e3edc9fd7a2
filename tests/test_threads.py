"""Threads that ask at once: the server does not end, and every one of them is told what one alone is told."""

from __future__ import annotations

import ast
import dataclasses
import random
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geogrid.prepared import prepared
from geogrid.workspace import Workspace
from tests.support.crowd import Questions, ask, open_server, run_rounds, write_wavy_town
from tests.support.routes import list_routes
from webmap.county import EXTENSION, Results
from webmap.tiles import TILES

ROOT = Path(__file__).parents[1]

OUTLINING = """
import sys, threading
from pathlib import Path
from geogrid.coverage.catchment import outline_isochrones
from geogrid.coverage.ground import lay_ground
from geogrid.coverage.reading import Reading
from geogrid.coverage.walks import lay_out
from geogrid.workspace import Workspace

with Workspace.open(Path(sys.argv[1]), readonly=True) as county:
    town = county.read_town()
layout = lay_out(town)
ground, start = lay_ground(town, layout), threading.Barrier(8)

def go(number):
    start.wait()
    for turn in range(4):
        outline_isochrones(layout, ground, Reading("metres", 100 + 10 * number + 2 * turn))

threads = [threading.Thread(target=go, args=(number,)) for number in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""

NOT_COMPUTED = (
    "/account",
    "/admin",
    "/assets",
    "/basemap",
    "/healthz",
    "/login",
    "/logout",
    "/map/",
    "/office",
    "/openapi.json",
    "/static",
    "/texts",
    "/api/v1/account",
    "/api/v1/people",
    "/api/v1/scenarios",
)
"""Routes that compute nothing from what threads share: files, forms, accounts, kept edits, and jobs, which one
thread does from a county that it opens for itself."""


@pytest.fixture(scope="module")
def wavy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_wavy_town(tmp_path_factory.mktemp("wavy") / "wavy.gpkg")


def test_outlines_drawn_by_eight_threads_over_one_ground_do_not_end_the_process(wavy):
    done = subprocess.run([sys.executable, "-c", OUTLINING, str(wavy)], check=False, capture_output=True)
    assert done.returncode == 0, done.stderr[-2000:]


def test_sixteen_threads_are_answered_as_one_alone_by_a_server_that_has_just_begun(wavy):
    tally = run_rounds(wavy, 1, seed=7, n_questions=len(Questions(wavy).kinds))
    assert (tally.n_rounds, tally.n_crashed, tally.unequal, tally.failed) == (1, 0, [], [])


def test_every_route_that_computes_is_among_the_questions(wavy):
    app, _ = open_server(wavy)
    adapter = app.url_map.bind("localhost")
    drawn, rng = Questions(wavy), random.Random(1)  # noqa: S311  questions, no secrets
    asked = set()
    for _ in range(5):
        for method, address, _ in drawn.draw(rng, len(drawn.kinds)):
            asked.add((adapter.match(address.split("?")[0], method, return_rule=True)[0].rule, method))
    computing = {(rule, method) for rule, method in list_routes(app) if not rule.startswith(NOT_COMPUTED)}
    assert computing - asked == {("/", "GET"), ("/list", "GET"), ("/find", "POST")}


def test_a_server_reads_its_county_once_however_many_open_the_file(wavy):
    app, client = open_server(wavy)
    first = app.extensions[EXTENSION].current()
    with Workspace.open(wavy) as other:  # makes a log, which is empty, and takes it away again
        assert other.count("building")
        assert app.extensions[EXTENSION].current() is first
    assert app.extensions[EXTENSION].current() is first
    with Workspace.open(wavy) as other:
        other.set_setting("map.mark", "内部使用", "test")
    assert app.extensions[EXTENSION].current() is not first
    assert client.get("/api/v1/county").json["mark"] == "内部使用"


# --- nothing that is kept is prepared --------------------------------------------------------------


def test_geometry_is_prepared_in_one_place():
    trees = {
        path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for package in ("geogrid", "webmap")
        for path in (ROOT / package).rglob("*.py")
    }
    found = {
        path
        for path, tree in trees.items()
        for node in ast.walk(tree)
        if (isinstance(node, ast.Attribute) and node.attr in ("prepare", "prep"))
        or (isinstance(node, ast.alias) and node.name in ("prepare", "prep"))
        or (isinstance(node, ast.ImportFrom) and node.module == "shapely.prepared")
    }
    assert found == {"geogrid/prepared.py"}


def test_what_was_prepared_is_a_copy_and_is_so_no_longer_than_its_block():
    field = shapely.box(0, 0, 10, 10)
    with prepared(np.array([field, None], dtype=object)) as (ready, missing):
        assert shapely.is_prepared(ready)
        assert not shapely.is_prepared(field)
        assert missing is None
    assert not shapely.is_prepared(ready)


def test_nothing_that_a_server_keeps_is_prepared(wavy):
    app, client = open_server(wavy)
    drawn, rng = Questions(wavy), random.Random(3)  # noqa: S311  questions, no secrets
    for question in drawn.draw(rng, len(drawn.kinds)):
        assert ask(client, question)[0] < 500
    source = app.extensions[EXTENSION]
    held = list(walk_geometries([source.current(), app.extensions[TILES]], set()))
    assert (
        len(held) > 500
    )  # the walk finds what is kept: 24 buildings, their tiles and the lattice of the ground
    assert not any(shapely.is_prepared(geometry) for geometry in held)


def walk_geometries(values: Any, seen: set[int]) -> Iterator[shapely.Geometry]:
    """Every geometry that can be reached from some values, through all that the project and its libraries keep them in."""
    for value in values:
        if value is None or isinstance(value, str | bytes | int | float) or id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, shapely.Geometry):
            yield value
        elif isinstance(value, np.ndarray):
            if value.dtype == object:
                yield from walk_geometries(value.ravel(), seen)
        elif isinstance(value, gpd.GeoDataFrame | gpd.GeoSeries):
            yield from walk_geometries(value.geometry.to_numpy(), seen)
        elif isinstance(value, pd.DataFrame | pd.Series):
            continue
        elif isinstance(value, shapely.STRtree):
            yield from walk_geometries(value.geometries, seen)
        elif isinstance(value, Mapping):
            yield from walk_geometries([*value.keys(), *value.values()], seen)
        elif isinstance(value, list | tuple | set | frozenset):
            yield from walk_geometries(value, seen)
        elif isinstance(value, Results):
            yield from walk_geometries([slot.value for slot in value._slots.values()], seen)
        elif dataclasses.is_dataclass(value) or type(value).__module__.startswith(("geogrid", "webmap")):
            yield from walk_geometries([getattr(value, "__dict__", {})], seen)
            slots = [name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ())]
            yield from walk_geometries([getattr(value, name, None) for name in slots], seen)
