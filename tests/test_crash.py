"""Kills, full disks and two editors: nothing acknowledged is lost, nothing is half done, the loser is told."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

import geopandas as gpd
import pytest
import shapely

from geogrid import Workspace
from geogrid.crs import Datum
from geogrid.errors import ConflictError, FileTooCostlyError, StoreFullError
from geogrid.io.export import write_layer
from geogrid.io.guard import Limits, run_guarded
from geogrid.io.vector import _files_of, _request, read_layer
from geogrid.schema import LAYERS
from geogrid.workspace import ImportMode, import_layers, read_backup, write_backup
from tests.support.disk import fill, make_room
from tests.support.disk import small_disk as mounted_disk
from tests.support.interrupted import EDITING, IMPORTING, houses, kill_repeatedly, make_county, require_sound

# --- kill -9 -------------------------------------------------------------------------------------


def require_nothing_lost(tally, n_kills):
    assert tally.n_kills == n_kills
    assert tally.n_acknowledged >= n_kills
    assert (tally.n_lost, tally.n_half) == (0, 0)
    assert max(tally.restart_s) <= 5.0


@pytest.mark.parametrize("code", [IMPORTING, EDITING], ids=["imports", "edits"])
def test_a_killed_writer_loses_nothing_that_it_acknowledged(tmp_path, code):
    require_nothing_lost(kill_repeatedly(make_county(tmp_path / "c.gpkg"), code, 6, seed=1), 6)


# --- a full disk -----------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path):
    with mounted_disk(tmp_path / "disk") as folder:
        yield folder


def routes(county, folder):
    """Every way in which something is written: into the county, or beside it."""
    one = gpd.GeoDataFrame({"id": ["x"]}, geometry=[shapely.Point(118.85, 27.37)], crs="EPSG:4490")

    def edit():
        with county.edit("t", "one") as opened:
            opened.insert("centre", one)
            opened.insert("compound", houses(400, 2))

    def load():
        layers = {"building": houses(2000, 9)}
        import_layers(county, layers, ImportMode.REPLACE, author="t", note="", is_rehearsal=False)

    return {
        "edit": edit,
        "import": load,
        "setting": lambda: county.set_setting("note", "x" * 500_000, "t"),
        "undo": lambda: county.undo("t"),
        "backup": lambda: write_backup(county.path, folder / "copy.zip"),
        "create": lambda: Workspace.create(folder / "other.gpkg", "350725", "合成县").close(),
        **{
            f"export {suffix}": lambda suffix=suffix: write_layer(
                county.read("building"), folder / f"out{suffix}", layer_title="楼栋"
            )
            for suffix in (".csv", ".xlsx", ".geojson", ".gpkg")
        },
    }


def test_a_full_disk_loses_nothing_says_so_and_is_written_again_when_there_is_room(small_disk):
    path = make_county(small_disk / "c.gpkg")
    with Workspace.open(path) as county:
        before = county.read("building"), county.revision
        for name, write in routes(county, small_disk).items():
            fill(small_disk)
            known = {one.name for one in small_disk.iterdir()}
            with pytest.raises(StoreFullError, match="腾出空间") as caught:
                write()
            assert "not changed" in str(caught.value), name
            left = {one.name for one in small_disk.iterdir()} - known
            assert not {one for one in left if not one.endswith(("-wal", "-shm"))}, name
            assert county.read("building").equals(before[0]), name  # reading goes on
            assert county.revision == before[1]
            make_room(small_disk)
        require_sound(path)
        for name, write in routes(county, small_disk).items():
            if name != "undo":
                write()
        assert county.count("centre") == 1
    require_sound(path)
    assert (small_disk / "copy.zip").exists()


@pytest.mark.parametrize("room", [0, 64 << 10])
def test_a_file_that_does_not_fit_among_the_temporary_ones_is_said_so(
    small_disk, monkeypatch, tmp_path, room
):
    houses(400, 1).to_file(tmp_path / "b.geojson")
    assert (tmp_path / "b.geojson").stat().st_size > room
    fill(small_disk)
    os.truncate(small_disk / "filler", (small_disk / "filler").stat().st_size - room)
    monkeypatch.setattr(tempfile, "tempdir", str(small_disk))
    with pytest.raises(StoreFullError, match="腾出空间"):
        read_layer(tmp_path / "b.geojson", LAYERS["building"], datum=Datum.CGCS2000)
    assert [one.name for one in small_disk.rglob("*") if one.is_file()] == ["filler"]


def test_a_result_beyond_its_limit_is_an_error_of_the_file(tmp_path):
    houses(400, 1).to_file(tmp_path / "b.geojson")
    request = _request(tmp_path / "b.geojson", LAYERS["building"], Datum.CGCS2000)
    with pytest.raises(FileTooCostlyError, match="结果"):
        run_guarded("layer", _files_of(tmp_path / "b.geojson"), request, limits=Limits(result_bytes=8 << 10))


def test_a_backup_that_does_not_fit_leaves_the_county_that_stands_there(small_disk):
    path = make_county(small_disk / "c.gpkg")
    with Workspace.open(path) as county:
        write_backup(path, small_disk.parent / "copy.zip")
        before = county.read("building")
    fill(small_disk)
    with pytest.raises(StoreFullError):
        read_backup(small_disk.parent / "copy.zip", path)
    make_room(small_disk)
    with Workspace.open(path) as county:
        assert county.read("building").equals(before)


# --- two editors -------------------------------------------------------------------------------------

RIVAL = """
import sys
from geogrid.errors import ConflictError
from geogrid.workspace import Workspace
name, rounds = sys.argv[2], int(sys.argv[3])
kept = told = 0
with Workspace.open(sys.argv[1]) as county:
    while kept + told < rounds:
        row = county.read("building").set_index("id").loc["b0"]
        number = int(row["floors"]) + 1
        try:
            with county.edit(name, "up") as edit:
                edit.update("building", "b0", int(row["version"]), {"floors": number})
            kept += 1
        except ConflictError:
            told += 1
print(kept, told)
"""


def test_of_two_editors_no_update_is_lost_and_the_loser_is_told(tmp_path):
    path = make_county(tmp_path / "c.gpkg")
    with Workspace.open(path) as county, county.edit("t", "ground") as edit:
        edit.update("building", "b0", 1, {"floors": 0})
    command = [sys.executable, "-W", "ignore", "-c", RIVAL, str(path)]
    rivals = [
        subprocess.Popen([*command, name, "40"], stdout=subprocess.PIPE, text=True) for name in ("a", "b")
    ]
    kept = told = 0
    for rival in rivals:
        out, _ = rival.communicate(timeout=60)
        assert rival.returncode == 0
        kept, told = kept + int(out.split()[0]), told + int(out.split()[1])
    with Workspace.open(path) as county:
        floors = county.read("building").set_index("id").loc["b0", "floors"]
    assert kept + told == 80
    assert floors == kept  # every update that was said to be kept counted up by one


def test_an_edit_based_on_an_old_version_names_both_versions(tmp_path):
    path = make_county(tmp_path / "c.gpkg")
    with Workspace.open(path) as first, Workspace.open(path) as second:
        with first.edit("甲", "x") as edit:
            edit.update("building", "b0", 1, {"name": "甲"})
        with (
            pytest.raises(ConflictError, match="现为第 2 版，您的修改基于第 1 版"),
            second.edit("乙", "x") as edit,
        ):
            edit.update("building", "b0", 1, {"name": "乙"})
        assert second.read("building").set_index("id").loc["b0", "name"] == "甲"
