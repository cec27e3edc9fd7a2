"""The corpus: every hostile or broken file is refused with a sentence, every odd one is imported and right.

All are read by one process that forks for each file, with the environment, the limits and the lack of a
network that the guarded child has.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from geogrid import errors
from geogrid.crs import Datum
from geogrid.errors import GeogridError
from geogrid.io import guard, vector
from geogrid.io.guard import STANDARD_LIMITS
from geogrid.io.parcel import decode_error, read_parcel
from geogrid.schema import LAYERS
from geogrid.workspace import ImportMode, Workspace, find_extent, import_layers
from tests.support.command import Command
from tests.support.corpus import CANARY, HOSTILE, ODD, Imported, Refused
from tests.support.corpus.case import ZHENGHE, Case, Surroundings

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the corpus is read in forks")
LIMIT_S = 5.0
CASES = [*HOSTILE, *ODD]


@dataclass
class Outcome:
    """What came of a case: an error, or the first row's values and the number of rows in the store."""

    error: GeogridError | None = None
    trouble: str = ""
    n: int = 0
    first: dict[str, object] | None = None


class Listener:
    """A port on loopback that counts who comes."""

    def __init__(self) -> None:
        self.hits = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/x"
        threading.Thread(target=self._count, daemon=True).start()

    def _count(self) -> None:
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            self.hits += 1
            client.close()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


def digest(path: Path) -> str:
    """A fingerprint of all that a county's map file holds, its history apart."""
    with sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True) as connection:
        found = hashlib.sha256()
        for name in LAYERS:
            for row in connection.execute(f'SELECT * FROM main."{name}" ORDER BY fid'):
                found.update(repr(row).encode())
    connection.close()
    return found.hexdigest()


def make_county(path: Path) -> Workspace:
    county = Workspace.create(path, "350725", "合成县")
    extent = gpd.GeoDataFrame(
        {"code": ["350725"], "name": ["合成县"]}, geometry=[shapely.box(*ZHENGHE)], crs="EPSG:4490"
    )
    with county.edit("t", "extent") as edit:
        edit.insert("county", extent)
    return county


def pack(case: Case, file: Path, job: Path, county: Workspace) -> None:
    """What `read_layer` does before it starts the child."""
    options = {"datum": "wgs84", **case.options}
    datum = None if options["datum"] is None else Datum(str(options.pop("datum")))
    options.pop("datum", None)
    request = vector._request(
        file,
        LAYERS[case.layer],
        datum,
        store_crs=county.store_crs,
        extent=find_extent(county, case.layer),
        **options,
    )
    files = vector._files_of(file)
    guard._require_readable(files, file.name, STANDARD_LIMITS)
    job.mkdir()
    guard._pack_job(job, "layer", files, request, STANDARD_LIMITS)


@dataclass
class Run:
    """All cases, run."""

    outcomes: dict[str, Outcome]
    seconds: dict[str, float]
    hits: int
    left_behind: list[str]
    moved: list[str]
    digests: set[str]
    stored: bytes


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    root = tmp_path_factory.mktemp("corpus")
    roster = root / "roster.csv"
    roster.write_text(f"id,name,lon,lat\n1,{CANARY},118.85,27.36\n")
    listener = Listener()
    around = Surroundings(roster, listener.url)
    county = make_county(root / "county.gpkg")
    temporary = root / "tmp"
    temporary.mkdir()
    outcomes, jobs = {}, {}
    for number, case in enumerate(CASES):
        folder = root / "files" / case.name
        folder.mkdir(parents=True)
        file = case.build(folder, around)
        job = root / f"job{number}"
        try:
            pack(case, file, job, county)
        except GeogridError as error:
            outcomes[case.name] = Outcome(error=error)
        else:
            jobs[case.name] = job
    before = {path: path.lstat().st_mtime_ns for path in sorted((root / "files").rglob("*"))}
    environment = guard._environment(guard._SKIPPED_DRIVERS) | {"TMPDIR": str(temporary)}
    environment["PYTHONPATH"] = os.pathsep.join(
        [str(Path(__file__).parents[1]), environment.get("PYTHONPATH", "")]
    )
    command = [sys.executable, "-X", "utf8", "-m", "tests.support.corpus.runner", *map(str, jobs.values())]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, cwd=temporary)
    told = [json.loads(line) for line in done.stdout.splitlines()]
    seconds = {name: one["seconds"] for name, one in zip(jobs, told, strict=True)}
    digests = {digest(county.path)}
    layers = {case.name: case.layer for case in CASES}
    for name, one in zip(jobs, told, strict=True):
        outcomes[name] = take(county, layers[name], jobs[name], one["code"])
        digests.add(digest(county.path))
    after = {path: path.lstat().st_mtime_ns for path in sorted((root / "files").rglob("*"))}
    moved = [str(path) for path in before.keys() | after.keys() if before.get(path) != after.get(path)]
    county.close()
    stored = county.path.read_bytes()
    listener.close()
    left_behind = [path.name for path in temporary.iterdir()]
    yield Run(outcomes, seconds, listener.hits, left_behind, moved, digests, stored)


def take(county: Workspace, layer: str, job: Path, code: int) -> Outcome:
    """What the command does with the child's answer; an import is looked at and taken back."""
    if code != 0:
        return Outcome(trouble=f"the reader ended with {code}: {(job / 'stderr.txt').read_text()[-500:]}")
    outcome = json.loads((job / "outcome.json").read_text(encoding="utf-8"))
    if outcome["status"] == "error":
        return Outcome(error=decode_error(outcome["error"]))
    if outcome["status"] != "ok":
        return Outcome(trouble=str(outcome))
    frame = read_parcel(job / "result").frames["layer"]
    try:
        import_layers(county, {layer: frame}, ImportMode.REPLACE, author="t", note="", is_rehearsal=False)
    except GeogridError as error:
        return Outcome(error=error)
    stored = county.read(layer, ended=True)
    first = stored.iloc[0].to_dict()
    county.undo("t")
    return Outcome(n=len(stored), first=first)


@pytest.mark.parametrize("case", HOSTILE, ids=lambda case: case.name)
def test_a_hostile_or_broken_file_is_refused_with_its_reason(run, case):
    outcome = run.outcomes[case.name]
    assert not outcome.trouble
    assert outcome.error is not None, outcome.first
    assert isinstance(case.expected, Refused)
    assert isinstance(outcome.error, getattr(errors, case.expected.error)), str(outcome.error)
    zh, en = outcome.error.message("zh"), outcome.error.message("en")
    assert case.expected.word in zh
    assert any("\u4e00" <= ch <= "\u9fff" for ch in zh)
    assert len(str(outcome.error)) < 3000
    assert len(zh.splitlines()) <= 7  # five faults at most, and how many more
    assert en
    assert CANARY not in str(outcome.error)


@pytest.mark.parametrize("case", ODD, ids=lambda case: case.name)
def test_an_odd_file_is_imported_and_right(run, case):
    outcome = run.outcomes[case.name]
    assert not outcome.trouble
    assert outcome.error is None, str(outcome.error)
    assert isinstance(case.expected, Imported)
    assert outcome.n == case.expected.n
    assert outcome.first is not None
    assert outcome.first[case.expected.column] == case.expected.value
    west, south, east, north = ZHENGHE
    x, y = outcome.first["geometry"].centroid.coords[0]
    assert west < x < east
    assert south < y < north


def test_no_host_and_no_other_file_was_touched_and_nothing_was_left_behind(run):
    assert len(HOSTILE) >= 70
    assert len(ODD) >= 70
    assert run.hits == 0
    assert run.moved == []
    assert run.left_behind == []
    assert len(run.digests) == 1  # each import was taken back, and nothing refused had changed anything
    assert CANARY.encode() not in run.stored


def test_no_file_takes_longer_than_five_seconds_of_the_processor(run):
    assert {name: seconds for name, seconds in run.seconds.items() if seconds >= LIMIT_S} == {}
    assert len(run.seconds) > len(ODD)


@pytest.mark.parametrize(
    "name",
    [
        "zip_pointing_out_0",
        "vrt_as_fgb",
        "geojson_crs_link",
        "gpkg_deep_geometry",
        "csv_big5",
        "xlsx_far_row",
    ],
)
def test_the_command_refuses_and_leaves_county_and_temporary_folder_as_they_were(
    name, tmp_path, monkeypatch, capsys
):
    (case,) = (case for case in HOSTILE if case.name == name)
    roster = tmp_path / "roster.csv"
    roster.write_text(f"id,name,lon,lat\n1,{CANARY},118.85,27.36\n")
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    county = make_county(tmp_path / "county.gpkg")
    county.close()
    before = digest(county.path)
    listener = Listener()
    file = case.build(tmp_path, Surroundings(roster, listener.url))
    error = Command(monkeypatch, capsys).refuse("import", county.path, case.layer, file, "--datum", "wgs84")
    listener.close()
    assert file.name in error
    assert CANARY not in error
    assert listener.hits == 0
    assert digest(county.path) == before
    assert [path for path in temporary.rglob("*") if path.is_file()] == []
