"""Several processes at work on one county, ended at random moments; afterwards everything acknowledged is there.

Every worker prints what it was told is done, and nothing else; what it prints must be found in the county
from then on. Editors change both files alike (a centre and a person of one number), so that a commit that
reached one file alone shows.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from geogrid.errors import StoreFullError, StoreUnreachableError, WorkspaceLockedError
from geogrid.workspace import Workspace, read_backup, write_backup
from geogrid.workspace.account import add_account
from geogrid.workspace.audit import verify_trail
from tests.support.disk import fill, make_room

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "torture-town-1"
AT_ODDS = (WorkspaceLockedError, StoreFullError, StoreUnreachableError)
"""What a worker may be told while others hold the file or the disk is full: nothing was done then."""
EDIT_PAUSE_S, BACKUP_PAUSE_S = 0.02, 1.0
CLOCKS = ("+26h", "-26h")
FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")


# --- workers: run in processes of their own -----------------------------------------------------


def say(*words: object) -> None:
    print(*words, flush=True)


def edit_on(path: str, name: str) -> None:
    """An editor that keeps the county open."""
    with _patiently(lambda: Workspace.open(path)) as county:
        for number in range(1, 10**9):
            _edit_both(county, f"{name}-{number}")


def edit_anew(path: str, name: str) -> None:
    """An editor that opens the county for each edit, as a command does."""
    for number in range(1, 10**9):
        with _patiently(lambda: Workspace.open(path)) as county:
            _edit_both(county, f"{name}-{number}")


def write_plainly(path: str, name: str) -> None:
    """Another program that writes rows of the map file through SQLite alone."""
    import sqlite3

    connection = sqlite3.connect(path, timeout=20, isolation_level=None)
    for number in range(1, 10**9):
        key = f"{name}-{number}"
        try:
            connection.execute(
                "INSERT INTO alias (id, layer, feature, alias) VALUES (?, 'centre', 'c', ?)", (key, key)
            )
        except sqlite3.OperationalError:  # locked, or the disk is full
            continue
        say("alias", key)
        time.sleep(0.05)


def back_up(path: str, name: str) -> None:
    """Backups one after the other."""
    folder = Path(path).with_suffix(".backups")
    folder.mkdir(exist_ok=True)
    for number in range(1, 10**9):
        archive = folder / f"{name}-{number}.zip"
        try:
            write_backup(Path(path), archive)
        except AT_ODDS:
            continue
        say("backup", archive)
        time.sleep(BACKUP_PAUSE_S)


WORKERS = {"on": edit_on, "anew": edit_anew, "plain": write_plainly, "backup": back_up}


def _patiently(opening: Callable[[], Workspace]) -> Workspace:
    while True:
        try:
            return opening()
        except AT_ODDS:
            time.sleep(0.05)


def _edit_both(county: Workspace, key: str) -> None:
    place = [shapely.Point(118.85, 27.37)]
    try:
        with county.edit("t", key) as edit:
            edit.insert("centre", gpd.GeoDataFrame({"id": [key]}, geometry=place, crs="EPSG:4490"))
            edit.insert("person", pd.DataFrame({"id": [key], "name": ["演示"]}))
    except AT_ODDS:
        time.sleep(0.05)
        return
    say("both", key)
    time.sleep(EDIT_PAUSE_S)


# --- the harness --------------------------------------------------------------------------------


@dataclass
class Tally:
    """What happened to a county.

    Attributes
    ----------
    faults
        Everything that was not as it must be, a line each.
    """

    n_kills: int = 0
    n_acknowledged: int = 0
    n_looks: int = 0
    n_backups: int = 0
    restart_s: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


@dataclass
class Worker:
    """A process that acknowledges what it did."""

    kind: str
    process: subprocess.Popen[str]
    began: float
    first: threading.Event = field(default_factory=threading.Event)
    first_s: float = 0.0


class Torture:
    """One county, its workers, and what they acknowledged."""

    def __init__(self, path: Path, seed: int) -> None:
        self.path = path
        self.rng = random.Random(seed)  # noqa: S311  # moments, not secrets
        self.tally = Tally()
        self.told: dict[str, set[str]] = {"both": set(), "alias": set(), "backup": set(), "scenario": set()}
        self._lock = threading.Lock()
        self._n_started = 0
        self.workers: dict[str, Worker] = {}

    def start(self, slot: str, kind: str) -> None:
        self._n_started += 1
        environment = os.environ | {"PYTHONWARNINGS": "ignore", "PYTHONPATH": str(ROOT)}
        if FAKETIME.exists() and self.rng.random() < 0.25:
            environment |= {"LD_PRELOAD": str(FAKETIME), "FAKETIME": self.rng.choice(CLOCKS)}
        if kind == "server":
            port = self.rng.randrange(20000, 60000)
            command = [
                sys.executable, "-m", "tests.support.torture", "server", str(self.path), str(port), f"s{self._n_started}",
            ]  # fmt: skip
        else:
            command = [
                sys.executable, "-m", "tests.support.torture", kind, str(self.path), f"{kind}{self._n_started}",
            ]  # fmt: skip
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=environment
        )
        worker = Worker(kind, process, time.monotonic())
        self.workers[slot] = worker
        threading.Thread(target=self._listen, args=(worker,), daemon=True).start()

    def _listen(self, worker: Worker) -> None:
        assert worker.process.stdout is not None
        for line in worker.process.stdout:
            if not line.endswith("\n"):
                return  # cut off by a kill: it was never said
            kind, _, key = line.strip().partition(" ")
            with self._lock:
                self.told.setdefault(kind, set()).add(key)
                self.tally.n_acknowledged += 1
            if not worker.first.is_set():
                worker.first_s = time.monotonic() - worker.began
                worker.first.set()

    def kill(self, slot: str) -> None:
        """End a worker with SIGKILL and start another in its place."""
        worker = self.workers[slot]
        worker.process.kill()
        worker.process.wait()
        self.tally.n_kills += 1
        self.start(slot, worker.kind)

    def check_alive(self) -> None:
        """A worker that ended by itself is a fault."""
        for slot, worker in self.workers.items():
            if worker.process.poll() is not None:
                assert worker.process.stderr is not None
                tail = worker.process.stderr.read().strip().splitlines()[-1:]
                self.tally.faults.append(f"{worker.kind} ended by itself: {tail}")
                self.start(slot, worker.kind)

    def look(self) -> None:
        """Everything that was acknowledged before is there, both files are of one moment, nothing is damaged."""
        with self._lock:
            told = {kind: set(keys) for kind, keys in self.told.items()}
        self.tally.n_looks += 1
        try:
            with Workspace.open(self.path, readonly=True) as county:
                self._look_at(county, told)
                if broken := verify_trail(county).broken:
                    self.tally.faults.append(f"record broken: {broken}")
        except StoreFullError:
            self.tally.n_looks -= 1

    def _look_at(self, county: Workspace, told: dict[str, set[str]]) -> None:
        with county.snapshot():
            found = {name: set(county.read(name)["id"]) for name in ("centre", "person", "alias", "scenario")}
            revisions = county.history()
        self._compare("both", told["both"], found["centre"])
        self._compare("alias", told["alias"], found["alias"])
        self._compare("scenario", told["scenario"], found["scenario"])
        if found["centre"] != found["person"]:
            odd = sorted(found["centre"] ^ found["person"])[:5]
            self.tally.faults.append(f"in one file alone: {odd}")
        numbers = sorted(revisions["revision"])
        if numbers != list(range(1, len(numbers) + 1)):
            self.tally.faults.append("the history has holes")
        if damage := county.find_damage():
            self.tally.faults.append(f"damage: {damage}")

    def _compare(self, kind: str, told: set[str], found: set[str]) -> None:
        if lost := sorted(told - found):
            self.tally.faults.append(f"{kind} acknowledged and lost: {len(lost)}, such as {lost[:3]}")

    def check_backups(self) -> None:
        """Each backup that was acknowledged since the last look restores to one moment."""
        with self._lock:
            archives, self.told["backup"] = sorted(self.told["backup"]), set()
        for archive in archives:
            target = self.path.with_suffix(".restored") / "county.gpkg"
            target.parent.mkdir(exist_ok=True)
            try:
                read_backup(Path(archive), target)
                with Workspace.open(target, readonly=True) as county:
                    self._look_at(county, {"both": set(), "alias": set(), "scenario": set()})
            except Exception as error:  # noqa: BLE001  # whatever it is, it is a torn backup
                self.tally.faults.append(f"backup {archive}: {type(error).__name__} {error}")
            shutil.rmtree(target.parent)
            Path(archive).unlink(missing_ok=True)
            self.tally.n_backups += 1

    def stop(self) -> None:
        for worker in self.workers.values():
            worker.process.kill()
            worker.process.communicate()

    def note_restarts(self) -> None:
        self.tally.restart_s += [
            w.first_s for w in self.workers.values() if w.first.is_set() and w.kind != "backup"
        ]


def torture(
    path: Path, kinds: list[str], n_kills: int, seed: int, *, disk: Path | None = None, pause_s: float = 0.6
) -> Tally:
    """Run workers of these kinds on a new county and end one of them at random, as often as wanted.

    Parameters
    ----------
    disk
        A small disk on which the county lies: it is filled now and then.
    pause_s
        The mean time between two kills.
    """
    with Workspace.create(path, "350725", "合成县") as county:
        add_account(county, "planner", PASSWORD, role="planner", actor="os:torture")
        _lay_town(county)
    run = Torture(path, seed)
    try:
        for number, kind in enumerate(kinds):
            run.start(f"{kind}{number}", kind)
        for worker in run.workers.values():
            worker.first.wait(60)
        for number in range(n_kills):
            time.sleep(run.rng.uniform(0, 2 * pause_s))
            slot = run.rng.choice(sorted(run.workers))
            run.workers[slot].first.wait(60)  # it has come to work since it was started
            run.note_restarts()
            if disk is not None and number % 10 == 5:
                with filled(disk):
                    time.sleep(0.5)
                    run.kill(slot)
                    time.sleep(0.5)
            else:
                run.kill(slot)
            run.check_alive()
            run.look()
            if number % 5 == 4:
                run.check_backups()
    finally:
        run.stop()
    run.look()
    run.check_backups()
    with Workspace.open(path) as county:  # and it can be written as before
        county.set_setting("note", "at the end", "t")
    run.look()
    return run.tally


def torture_backups(path: Path, n_backups: int, seed: int) -> Tally:
    """Take that many backups while two editors are at work; each is restored and looked at."""
    with Workspace.create(path, "350725", "合成县") as county:
        _lay_town(county)
    run = Torture(path, seed)
    try:
        for slot in ("on", "anew"):
            run.start(slot, slot)
        for worker in run.workers.values():
            worker.first.wait(60)
        for number in range(n_backups):
            archive = path.with_name(f"{number}.zip")
            write_backup(path, archive)
            run.told["backup"].add(str(archive))
            run.check_backups()
            run.check_alive()
    finally:
        run.stop()
    run.look()
    return run.tally


@contextmanager
def filled(disk: Path) -> Iterator[None]:
    """A disk without any room."""
    fill(disk)
    try:
        yield
    finally:
        make_room(disk)


def _lay_town(county: Workspace) -> None:
    street = shapely.LineString([(118.85, 27.36), (118.853, 27.36)])
    house = shapely.box(118.851, 27.3601, 118.8512, 27.3603)
    with county.edit("t", "town") as edit:
        edit.insert("street", gpd.GeoDataFrame({"id": ["s"]}, geometry=[street], crs="EPSG:4490"))
        edit.insert("building", gpd.GeoDataFrame({"id": ["b"]}, geometry=[house], crs="EPSG:4490"))
        place = gpd.GeoDataFrame({"id": ["c"]}, geometry=[shapely.Point(118.85, 27.3601)], crs="EPSG:4490")
        edit.insert("centre", place)
        edit.insert("person", pd.DataFrame({"id": ["c"], "name": ["演示"]}))


# --- the server and its client, in one process tree ----------------------------------------------


def serve(path: str, port: str, name: str) -> None:
    """The real server in this process, with a planner in a thread who saves scenarios."""
    threading.Thread(target=_plan, args=(int(port), name), daemon=True).start()
    from webmap.serve import serve as command

    sys.stdout = sys.stderr  # its greeting is no acknowledgement
    command.main([path, "--port", port], standalone_mode=False)


def _plan(port: int, name: str) -> None:
    origin, out = f"http://127.0.0.1:{port}", os.fdopen(os.dup(1), "w")
    opener = urllib.request.build_opener(
        urllib.request.HTTPCookieProcessor(CookieJar()), urllib.request.ProxyHandler({})
    )
    token = ""
    number = 0
    while True:
        try:
            token = token or _log_in(opener, origin)
            number += 1
            key = f"{name}-{number}"
            edits = [{"do": "add_centre", "id": "new", "lon": 118.852, "lat": 27.3601}]
            body = json.dumps({"name": key, "note": "", "edits": edits}).encode()
            headers = {"Content-Type": "application/json", "X-CSRFToken": token}
            asked = urllib.request.Request(origin + "/api/v1/scenarios", body, headers)  # noqa: S310  # loopback
            with opener.open(asked, timeout=30) as answer:
                answer.read()
            out.write(f"scenario {key}\n")
            out.flush()
            with opener.open(origin + "/api/v1/scenarios", timeout=30) as answer:
                answer.read()
        except (OSError, HTTPException):
            time.sleep(0.1)


def _log_in(opener: Any, origin: str) -> str:
    with opener.open(origin + "/login", timeout=30) as page:
        token = _find_token(page.read().decode())
    form = f"login=planner&password={PASSWORD}&csrf_token={token}".encode()
    asked = urllib.request.Request(origin + "/login", form)  # noqa: S310  # loopback
    with opener.open(asked, timeout=30) as page:
        page.read()
    with opener.open(origin + "/account/password", timeout=30) as page:
        return _find_token(page.read().decode())


def _find_token(page: str) -> str:
    return page.partition('name="csrf_token" value="')[2].partition('"')[0]


if __name__ == "__main__":
    if sys.argv[1] == "server":
        serve(*sys.argv[2:])
    else:
        WORKERS[sys.argv[1]](*sys.argv[2:])
