"""Both files of a county are of one moment: whatever dies between the two, whoever copies, whoever reads."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from geogrid.errors import MomentWarning, ServerRunningError
from geogrid.io.json_file import read_json
from geogrid.workspace import Workspace, read_backup, write_backup
from geogrid.workspace import connection as files
from geogrid.workspace.audit import read_trail, verify_trail
from geogrid.workspace.serving import held_for_serving

CENTRE, PERSON = "c", "p"


def add_both(county: Workspace, number: int) -> int:
    """One edit that changes both files alike: a centre and a person of one number."""
    centre = gpd.GeoDataFrame({"id": [f"c{number}"]}, geometry=[shapely.Point(118.85, 27.37)], crs=4490)
    with county.edit("t", f"both {number}") as edit:
        edit.insert("centre", centre)
        edit.insert("person", pd.DataFrame({"id": [f"p{number}"], "name": ["演示"]}))
    return county.revision


def numbers(county: Workspace) -> tuple[list[int], list[int]]:
    """The numbers of the centres and those of the people, which are the same in a sound county."""
    with county.snapshot():
        found = [county.read(name)["id"].tolist() for name in ("centre", "person")]
    return sorted(int(key[1:]) for key in found[0]), sorted(int(key[1:]) for key in found[1])


def fold(path: Path) -> None:
    for file in (path, files.private_path_of(path)):
        files.remove_log(file)


@pytest.fixture
def path(tmp_path):
    with Workspace.create(tmp_path / "county.gpkg", "350725", "合成县") as county:
        add_both(county, 1)
    fold(tmp_path / "county.gpkg")
    return tmp_path / "county.gpkg"


def halves(path: Path, change) -> dict[str, dict[str, bytes]]:
    """Both files before and after a change, logs folded in."""
    pair = {"map": path, "private": files.private_path_of(path)}
    before = {name: file.read_bytes() for name, file in pair.items()}
    with Workspace.open(path) as county:
        change(county)
    fold(path)
    return {"before": before, "after": {name: file.read_bytes() for name, file in pair.items()}}


CHANGES = {
    "an edit": lambda county: add_both(county, 2),
    "an undo": lambda county: county.undo("t"),
    "an edit of the map alone": lambda county: county.set_setting("note", "x", "t"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("ahead", ["map", "private"])
def test_a_commit_that_reached_one_file_alone_is_taken_back_whole(path, change, ahead):
    states = halves(path, change)
    for name, file in (("map", path), ("private", files.private_path_of(path))):
        file.write_bytes(states["after" if name == ahead else "before"][name])
    with Workspace.open(path) as county:
        assert numbers(county) == ([1], [1])
        assert "note" not in county.settings
        assert county.history()["note"].tolist()[0] == "recovered"
        assert county.find_damage() == []
        assert read_trail(county)["action"].tolist()[-1] == "county.recovered"
        assert verify_trail(county).broken == ()
        add_both(county, 3)  # editing goes on
        assert numbers(county) == ([1, 3], [1, 3])
        county.undo("t")
        county.undo("t")  # what an interrupted undo took back stands, and can be undone
        assert numbers(county) == ([], [])
        assert county.find_damage() == []


@pytest.mark.parametrize("state", ["before", "after"])
def test_a_commit_that_reached_both_files_or_none_stands_as_it_is(path, state):
    states = halves(path, CHANGES["an edit"])
    for name, file in (("map", path), ("private", files.private_path_of(path))):
        file.write_bytes(states[state][name])
    with Workspace.open(path) as county:
        assert numbers(county) == (([1], [1]) if state == "before" else ([1, 2], [1, 2]))
        assert "recovered" not in county.history()["note"].tolist()


@pytest.mark.parametrize("ahead", ["map", "private"])
def test_files_that_were_put_together_by_hand_keep_everything_and_it_is_said(path, ahead):
    def several(county):
        for number in (2, 3, 4):
            add_both(county, number)

    states = halves(path, several)
    for name, file in (("map", path), ("private", files.private_path_of(path))):
        file.write_bytes(states["after" if name == ahead else "before"][name])
    with pytest.warns(MomentWarning, match="not of one moment"), Workspace.open(path) as county:
        expected = ([1, 2, 3, 4], [1]) if ahead == "map" else ([1], [1, 2, 3, 4])
        assert numbers(county) == expected
        last = county.revision
        assert last >= 4
        assert add_both(county, 5) == last + 1
        assert county.find_damage() == []
    with Workspace.open(path, readonly=True) as county:  # said once
        assert 5 in numbers(county)[0]


def test_a_map_that_was_edited_elsewhere_loses_no_edit_when_it_comes_back(path, tmp_path):
    """Handed on without its private file, edited once, and put beside the private file again."""
    away = tmp_path / "away" / "county.gpkg"
    away.parent.mkdir()
    shutil.copyfile(path, away)
    with Workspace.open(away) as county:
        county.set_setting("note", "edited elsewhere", "t")
    fold(away)
    shutil.copyfile(away, path)
    with pytest.warns(MomentWarning), Workspace.open(path) as county:
        assert county.settings["note"] == "edited elsewhere"
        assert county.read("person")["id"].tolist() == ["p1"]


def test_a_reader_waits_until_both_files_are_of_one_moment(path):
    """While one thread edits both files, a snapshot never sees the one without the other."""
    stop, failures = threading.Event(), []

    def edit():
        with Workspace.open(path) as county:
            number = 2
            while not stop.is_set():
                add_both(county, number)
                number += 1

    def look():
        try:
            with Workspace.open(path, readonly=True) as county:
                for _ in range(60):
                    centres, people = numbers(county)
                    if centres != people:
                        failures.append((centres, people))
        except Exception as error:  # noqa: BLE001  # whatever it is, the test is to show it
            failures.append(error)

    writer, readers = threading.Thread(target=edit), [threading.Thread(target=look) for _ in range(3)]
    for thread in (writer, *readers):
        thread.start()
    for thread in readers:
        thread.join()
    stop.set()
    writer.join()
    assert failures == []


def test_backups_taken_while_others_edit_are_of_one_moment(path, tmp_path):
    stop = threading.Event()

    def edit():
        with Workspace.open(path) as county:
            number = 2
            while not stop.is_set():
                add_both(county, number)
                number += 1

    writer = threading.Thread(target=edit)
    writer.start()
    try:
        for number in range(10):
            revision = write_backup(path, tmp_path / f"{number}.zip")
            target = tmp_path / "restored" / f"{number}.gpkg"
            target.parent.mkdir(exist_ok=True)
            read_backup(tmp_path / f"{number}.zip", target)
            with Workspace.open(target) as county:
                centres, people = numbers(county)
                assert (centres, people, county.revision) == ([*range(1, revision + 1)],) * 2 + (revision,)
    finally:
        stop.set()
        writer.join()


OTHER = """
import sys
sys.path.insert(0, ".")
from geogrid.workspace import Workspace
with Workspace.open(sys.argv[1]) as county:
    county.set_setting(sys.argv[2], "said", "other")
"""


def test_opening_a_county_again_drops_no_lock_of_an_edit_that_another_process_could_take(path):
    """Another process that finds no lock takes the write-ahead log away at its end, and edits go with it."""
    with Workspace.open(path) as county:
        for number in range(2, 8):
            Workspace.open(path, readonly=True).close()  # closing any descriptor drops this process's locks
            assert path.exists()
            command = [sys.executable, "-W", "ignore", "-c", OTHER, str(path), f"other{number}"]
            subprocess.run(command, check=True, cwd=Path(__file__).parents[1])
            add_both(county, number)
    with Workspace.open(path) as county:
        assert numbers(county) == ([*range(1, 8)],) * 2
        assert {f"other{number}" for number in range(2, 8)} <= set(county.settings)
        assert county.find_damage() == []


def test_a_county_has_one_server(path):
    code = f"""
import sys
from pathlib import Path
from geogrid.workspace.serving import held_for_serving
with held_for_serving(Path({str(path)!r})):
    print("held", flush=True)
    sys.stdin.read()
"""
    first = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[1],
    )
    assert first.stdout is not None
    assert first.stdout.readline() == b"held\n"
    with pytest.raises(ServerRunningError, match=str(first.pid)), held_for_serving(path):
        pass
    first.kill()
    first.communicate()
    with held_for_serving(path):  # a lock goes with its process
        pass


def test_bytes_that_changed_by_themselves_are_found(path):
    """A letter of a name is another letter: SQLite sees nothing wrong, the digest does."""
    with Workspace.open(path) as county:
        county.set_setting("note", "ABCDEFGH", "t")
    fold(path)
    body = path.read_bytes()
    where = body.rindex(b"ABCDEFGH")
    path.write_bytes(body[:where] + b"ABCDEFGX" + body[where + 8 :])
    with closing(sqlite3.connect(path)) as plain:
        assert plain.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    with Workspace.open(path, readonly=True) as county:
        assert set(county.find_damage()) & {"main.setting", "main.change"}


def test_what_another_program_writes_is_no_damage_before_or_after_it_is_adopted(path):
    with closing(sqlite3.connect(path)) as plain:
        plain.execute("UPDATE centre SET name = '外部'")
        plain.execute("INSERT INTO alias (id, layer, feature, alias) VALUES ('x', 'centre', 'c1', '老名')")
        plain.commit()
    with Workspace.open(path, readonly=True) as county:
        assert county.find_damage() == []
    with Workspace.open(path) as county:
        assert county.find_damage() == []
        assert county.revision == 2  # adopts it
        assert county.history()["author"].tolist()[0] == "external"
        assert county.find_damage() == []
        add_both(county, 2)
        county.undo("t")
        assert county.find_damage() == []


def test_a_module_that_opens_a_county_by_other_means_than_sqlite_fails_the_tests(path):
    """Of the watch itself, which every test runs under: any module of ours but the store is stopped."""
    with Workspace.open(path), pytest.raises(AssertionError, match=r"io/json_file\.py opens"):
        read_json(path)
