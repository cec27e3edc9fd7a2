"""Writers that are ended at any moment, and what must stand in the county afterwards."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import geopandas as gpd
import shapely

from geogrid.workspace import ImportMode, Workspace, import_layers

IMPORTED = 400
"""Buildings of one import: enough that a kill falls within the transaction."""

EDITING = """
import sys
from tests.support.interrupted import edit_until_killed
edit_until_killed(sys.argv[1], sys.argv[2])
"""
IMPORTING = """
import sys
from tests.support.interrupted import import_until_killed
import_until_killed(sys.argv[1])
"""


@dataclass
class Tally:
    """What many kills did."""

    n_kills: int = 0
    n_acknowledged: int = 0
    n_lost: int = 0
    n_half: int = 0
    restart_s: list[float] = field(default_factory=list)


def houses(n: int, generation: int) -> gpd.GeoDataFrame:
    shapes = [shapely.box(118.85 + i * 1e-4, 27.36, 118.85005 + i * 1e-4, 27.36005) for i in range(n)]
    frame = {"id": [f"b{i}" for i in range(n)], "name": [str(generation)] * n}
    return gpd.GeoDataFrame(frame, geometry=shapes, crs="EPSG:4490")


def make_county(path: Path) -> Path:
    with Workspace.create(path, "350725", "合成县") as county:
        import_layers(
            county, {"building": houses(IMPORTED, 0)}, ImportMode.ADD, author="t", note="", is_rehearsal=False
        )
    return path


def edit_until_killed(path: str, name: str) -> None:
    """Add one centre an edit, and tell each when it is done."""
    with Workspace.open(path) as county:
        number = 0
        while True:
            number += 1
            key = f"{name}-{number}"
            frame = gpd.GeoDataFrame({"id": [key]}, geometry=[shapely.Point(118.85, 27.37)], crs="EPSG:4490")
            with county.edit("t", key) as edit:
                edit.insert("centre", frame)
            print(key, flush=True)


def import_until_killed(path: str) -> None:
    """Replace the buildings by the next generation of them, and tell each when it is done."""
    with Workspace.open(path) as county:
        generation = int(county.read("building")["name"].iloc[0])
        while True:
            generation += 1
            frame = houses(IMPORTED, generation)
            layers = {"building": frame}
            import_layers(county, layers, ImportMode.REPLACE, author="t", note="", is_rehearsal=False)
            print(generation, flush=True)


def kill_repeatedly(path: Path, code: str, n_kills: int, seed: int) -> Tally:
    """End a writer with SIGKILL at a random moment, as often as wanted, and look each time."""
    rng = random.Random(seed)  # noqa: S311 - moments, not secrets
    tally, acknowledged = Tally(), set()
    for number in range(n_kills):
        command = [sys.executable, "-W", "ignore", "-c", code, str(path), f"w{number}"]
        writer = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert writer.stdout is not None
        first = writer.stdout.readline()  # it is at work from here on
        time.sleep(rng.uniform(0.0, 0.12))
        writer.kill()
        rest, _ = writer.communicate()
        said = [line.strip() for line in [first, *rest.splitlines(keepends=True)] if line.endswith("\n")]
        acknowledged.update(said)
        begun = time.perf_counter()
        with Workspace.open(path) as county:
            found = county.read("building")["name"].tolist()
            centres = set(county.read("centre")["id"])
        tally.restart_s.append(time.perf_counter() - begun)
        tally.n_kills += 1
        tally.n_acknowledged += len(said)
        if code is EDITING:
            tally.n_lost = len(acknowledged - centres)
        else:
            tally.n_lost += int(found[0]) < max(map(int, said), default=0)
            tally.n_half += len(found) != IMPORTED or len(set(found)) != 1
    require_sound(path)
    return tally


def require_sound(path: Path) -> None:
    """The file is whole, every change belongs to a revision, and no revision was left open."""
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("SELECT count(*) FROM change WHERE revision IS NULL").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM revision WHERE is_open").fetchone() == (0,)
    connection.close()
