"""A file or folder that may not be written is read; what must write says which permission is missing."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from geogrid.workspace import Workspace
from geogrid.workspace import connection as files
from tests.support.as_reader import run_as_reader

READ = """
with Workspace.open(path, readonly=True) as county:
    print(county.read("centre")["name"].tolist(), county.read("person")["name"].tolist(), county.revision)
"""
WRITE = """
try:
    Workspace.open(path).close()
except WorkspaceProtectedError as error:
    print(error.missing, "|", error.message("en"))
"""


@pytest.fixture
def folder():
    """A folder that others may look into (those of pytest are closed to them)."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)
        Path(name).chmod(0o755)


def make_county(folder: Path, *, is_private_open: bool) -> Path:
    path = folder / "county.gpkg"
    with Workspace.create(path, "350725", "合成县") as county, county.edit("t", "x") as edit:
        place = [shapely.Point(118.85, 27.37)]
        edit.insert("centre", gpd.GeoDataFrame({"id": ["c"], "name": ["中心"]}, geometry=place, crs=4490))
        edit.insert("person", pd.DataFrame({"id": ["p"], "name": ["演示"]}))
    files.private_path_of(path).chmod(0o644 if is_private_open else 0o600)
    return path


def close_to_writers(path: Path) -> None:
    """Take the right to write from files and folder: from everybody, for who is not root."""
    mode = 0o644 if os.geteuid() == 0 else 0o444
    for file in path.parent.iterdir():
        if file.stat().st_mode & 0o044:
            file.chmod(mode)
    path.parent.chmod(0o755 if os.geteuid() == 0 else 0o555)


def test_a_county_in_a_folder_that_may_not_be_written_is_read_and_left_alone(folder):
    path = make_county(folder, is_private_open=True)
    close_to_writers(path)
    before = sorted((file.name, file.stat().st_mtime_ns) for file in folder.iterdir())
    assert run_as_reader(READ, path) == ("['中心'] ['演示'] 1\n", "")
    assert sorted((file.name, file.stat().st_mtime_ns) for file in folder.iterdir()) == before


def test_what_must_write_says_which_permission_is_missing_and_not_that_the_file_is_damaged(folder):
    path = make_county(folder, is_private_open=True)
    close_to_writers(path)
    out, _ = run_as_reader(WRITE, path)
    missing, _, message = out.partition(" | ")
    assert missing == f"{folder.name}: write"
    assert "permission" in message
    assert "damaged" not in message
    folder.chmod(0o777)  # the folder is open now: the file itself is named
    assert run_as_reader(WRITE, path)[0].startswith("county.gpkg: write |")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="two users: run as root")
def test_a_private_file_of_another_user_leaves_the_map_readable_without_people(folder):
    path = make_county(folder, is_private_open=False)
    out, told = run_as_reader(READ, path)
    assert out == "['中心'] [] 1\n"
    assert "No permission to read" in told
    folder.chmod(0o777)
    path.chmod(0o666)
    out, _ = run_as_reader(WRITE, path)
    assert out.startswith("county.private.sqlite: read |")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="two users: run as root")
def test_a_reader_beside_a_writer_of_another_user_sees_what_was_saved_last(folder):
    path = make_county(folder, is_private_open=True)
    with Workspace.open(path) as county, county.edit("t", "y") as edit:
        edit.update("centre", "c", 1, {"name": "新名"})
    with Workspace.open(path) as county:  # its log stands beside the file, not folded in
        with county.edit("t", "z") as edit:
            edit.update("centre", "c", 2, {"name": "更新"})
        assert path.with_name("county.gpkg-wal").stat().st_size > 0
        # The private file is its owner's alone again since it was opened.
        assert run_as_reader(READ, path)[0] == "['更新'] [] 3\n"
        backup = 'print(write_backup(path, Path("/tmp") / f"geogrid-{os.getpid()}.zip"))'
        code = f"{backup}\nPath(f'/tmp/geogrid-{{os.getpid()}}.zip').unlink()"
        assert run_as_reader(code, path)[0] == "3\n"


def test_a_log_that_a_killed_writer_left_is_read_from_a_copy(folder):
    path = make_county(folder, is_private_open=True)
    code = f"""
import os
from geogrid.workspace import Workspace
county = Workspace.open({str(path)!r})
with county.edit("t", "left in the log") as edit:
    edit.update("centre", "c", 1, {{"name": "日志里"}})
os._exit(0)
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[1])
    assert path.with_name("county.gpkg-wal").stat().st_size > 0
    for shared in folder.glob("*-shm"):
        shared.unlink()
    for private in folder.glob("county.private*"):
        private.chmod(0o644)
    close_to_writers(path)
    before = sorted((file.name, file.stat().st_size) for file in folder.iterdir())
    assert run_as_reader(READ, path)[0] == "['日志里'] ['演示'] 2\n"
    assert sorted((file.name, file.stat().st_size) for file in folder.iterdir()) == before
