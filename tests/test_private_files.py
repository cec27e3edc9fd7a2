"""Files that hold people are their owner's alone, whatever writes them and whatever stood there before."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from geogrid.io.replacing import replacing
from geogrid.workspace import Workspace, read_backup, write_backup
from geogrid.workspace.account import add_account
from tests.support.command import Command
from tests.support.office import order, upload
from tests.support.web import open_client, write_town
from webmap import create_app
from webmap.jobs import EXTENSION as JOBS

pytestmark = pytest.mark.skipif(os.name != "posix", reason="rights of POSIX: run it on Linux or macOS")


def mode(path: Path) -> str:
    return f"{stat.S_IMODE(path.stat().st_mode):o}"


@pytest.fixture(autouse=True)
def usual_umask():
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture
def geogrid(monkeypatch, capsys) -> Command:
    return Command(monkeypatch, capsys)


@pytest.fixture
def path(tmp_path):
    return write_town(tmp_path / "town.gpkg")


def stand_open(path: Path) -> Path:
    """A file that everybody may read, in the place of what will be written."""
    path.write_text("old")
    path.chmod(0o644)
    return path


def test_what_the_command_line_writes_is_its_owners_alone_also_over_an_open_file(geogrid, path, tmp_path):
    table = tmp_path / "places.csv"
    table.write_text("地址\n和平路1号\n")
    for suffix in (".csv", ".xlsx"):
        geogrid.succeed("locate-batch", path, table, stand_open(tmp_path / f"answers{suffix}"))
        assert mode(tmp_path / f"answers{suffix}") == "600"
    for suffix in (".gpkg", ".geojson", ".fgb", ".shp.zip", ".dxf", ".kml", ".csv", ".xlsx"):
        out = stand_open(tmp_path / f"export-synthetic{suffix}")
        geogrid.succeed("export", path, "building", out)
        assert mode(out) == "600", suffix
    geogrid.succeed("backup", path, stand_open(tmp_path / "town.backup"))
    assert mode(tmp_path / "town.backup") == "600"
    assert not [file for file in tmp_path.iterdir() if file.name.startswith(".")]


@pytest.mark.parametrize("form", [".docx", ".xlsx", ".html"])
def test_a_report_is_its_owners_alone(geogrid, path, tmp_path, form):
    out = stand_open(tmp_path / f"report-synthetic{form}")
    geogrid("report", path, "--out", out)
    assert out.stat().st_size > 1000
    assert mode(out) == "600"


def test_a_file_is_private_while_it_is_written(tmp_path):
    with replacing(stand_open(tmp_path / "out.csv")) as beside:
        beside.write_text("new")
        assert mode(beside.parent) == "700"
        assert (tmp_path / "out.csv").read_text() == "old"
    assert ((tmp_path / "out.csv").read_text(), mode(tmp_path / "out.csv")) == ("new", "600")


def test_a_writing_that_fails_leaves_the_old_file_and_nothing_beside_it(tmp_path):
    out = stand_open(tmp_path / "out.csv")
    with pytest.raises(KeyError), replacing(out) as beside:
        beside.write_text("half")
        raise KeyError
    assert (out.read_text(), [file.name for file in tmp_path.iterdir()]) == ("old", ["out.csv"])


def test_the_private_file_is_taken_from_others_when_it_is_written(path):
    private = path.with_name("town.private.sqlite")
    assert mode(private) == "600"
    private.chmod(0o644)  # as a copy by hand leaves it
    with Workspace.open(path) as workspace:
        add_account(workspace, "anna", "town-by-hand-1", role="staff", actor="test")
        assert {mode(file) for file in path.parent.glob("town.private.sqlite*")} == {"600"}


def test_a_restored_private_file_is_its_owners_alone(path, tmp_path):
    write_backup(path, tmp_path / "town.backup")
    read_backup(tmp_path / "town.backup", tmp_path / "again.gpkg")
    assert mode(tmp_path / "again.private.sqlite") == "600"


def test_what_the_office_keeps_of_uploads_and_makes_of_them_is_private(path):
    app = create_app(path)
    staff, planner = open_client(app, "staff"), open_client(app, "planner")
    order(staff, "/office/batch", file=upload("地址\n和平路1号\n".encode(), "places.csv"), column="地址")
    people = upload("姓名,职务,区域\n王保国,邻里长,第11网格\n".encode(), "people.csv")
    order(planner, "/office/uploads", layer="roster", file=people)
    root = app.extensions[JOBS].open_folder().parent
    files = [file for file in root.rglob("*") if file.is_file()]
    assert len(files) >= 2
    assert {mode(file) for file in files} == {"600"}
    assert {mode(folder) for folder in (root, *root.iterdir())} == {"700"}


def test_what_the_reading_process_gets_and_makes_is_private(tmp_path):
    code = (
        "import os, sys, pathlib; os.umask(0o022)\n"
        "from geogrid.io import guard\n"
        "from geogrid.io.parcel import Parcel\n"
        "job = pathlib.Path(sys.argv[1]); job.mkdir(mode=0o700)\n"
        "source = pathlib.Path(sys.argv[2])\n"
        "guard._pack_job(job, 'table', {'people.csv': source}, Parcel({'file': 'people.csv'}), guard.STANDARD_LIMITS)\n"
        "print(sorted({f'{f.stat().st_mode & 0o777:o}' for f in job.rglob('*') if f.is_file()}))\n"
    )
    source = stand_open(tmp_path / "people.csv")
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "job", source], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "['600']"
