"""County files of earlier schemas: brought up when they are written, read as they are, refused when newer."""

from __future__ import annotations

import hashlib
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import pytest
import shapely

from geogrid.errors import NewerSchemaError, SchemaRaisedNotice
from geogrid.schema import SCHEMA_VERSION
from geogrid.workspace import Workspace, read_backup, write_backup
from geogrid.workspace import connection as files
from geogrid.workspace.account import list_accounts
from tests.support.frames import make_layer

DATA = Path(__file__).parent / "data"
VERSIONS = sorted(int(file.stem.rpartition("-")[2]) for file in DATA.glob("county-schema-*.zip"))
"""Files that the code of earlier schemas wrote: two centres, a street, a building, a person with a duty, an
account, `web.public` on; the fourth revision renamed a centre."""


@pytest.fixture(params=VERSIONS)
def old(request, tmp_path):
    """The map file of a county of an earlier schema, and its version."""
    with zipfile.ZipFile(DATA / f"county-schema-{request.param}.zip") as archive:
        archive.extractall(tmp_path)
    return tmp_path / "county.gpkg", request.param


def digests(path: Path) -> list[str]:
    return [hashlib.sha256(f.read_bytes()).hexdigest() for f in (path, files.private_path_of(path))]


def require_as_written(county: Workspace) -> None:
    assert county.read("centre")["name"].tolist() == ["新名", "中心二"]
    assert county.read("centre", revision=3)["name"].tolist() == ["中心一", "中心二"]
    assert county.read("person")["name"].tolist() == ["演示甲"]
    assert county.read("assignment")["feature"].tolist() == ["c1"]
    assert [account.login for account in list_accounts(county)] == ["chief"]
    assert county.settings["web.public"] == "map"
    assert county.find_damage() == []


def test_version_3_brings_squares_stops_and_columns_of_streets(old):
    path, _ = old
    with pytest.warns(SchemaRaisedNotice):
        county = Workspace.open(path)
    with county:
        street = county.read("street")
        assert street[["doubtful", "nodes"]].isna().all(axis=None)
        with county.edit("t", "new") as edit:
            edit.update("street", "s1", int(street["version"].iloc[0]), {"doubtful": True, "nodes": "0:7"})
            for layer, shape in (
                ("square", shapely.box(118.85, 27.37, 118.851, 27.371)),
                ("street_barrier", shapely.Point(118.855, 27.37)),
            ):
                frame = make_layer(layer, {"new": shape}).set_crs("EPSG:4490", allow_override=True)
                edit.insert(layer, frame)
        assert county.read("street")[["doubtful", "nodes"]].to_numpy().tolist() == [[True, "0:7"]]
        assert (county.count("square"), county.count("street_barrier")) == (1, 1)
        assert county.find_damage() == []
        # the triggers know the new columns: what was written is taken back
        county.undo("t")
        assert county.read("street")[["doubtful", "nodes"]].isna().all(axis=None)
        assert (county.count("square"), county.count("street_barrier")) == (0, 0)
        assert county.find_damage() == []
    with closing(sqlite3.connect(path)) as file:
        assert set(file.execute("SELECT DISTINCT srs_id FROM gpkg_geometry_columns")) == {(4490,)}


def test_every_schema_before_this_one_has_its_file():
    assert list(range(1, SCHEMA_VERSION)) == VERSIONS


def test_a_county_of_an_earlier_schema_is_brought_up_when_it_is_opened_for_writing(old):
    path, version = old
    before = digests(path)
    with pytest.warns(SchemaRaisedNotice, match=f"from schema {version} to {SCHEMA_VERSION}"):
        county = Workspace.open(path)
    with county:
        require_as_written(county)
        county.set_setting("note", "new", "t")
        assert county.undo("t") == county.revision - 1
        assert county.find_damage() == []
    kept = path.with_name(f"county.schema-{version}.gpkg")
    with Workspace.open(path, readonly=True) as again:
        require_as_written(again)
    with zipfile.ZipFile(DATA / f"county-schema-{version}.zip") as archive:
        archive.extractall(path.parent / "again")
    assert digests(path.parent / "again" / "county.gpkg") == before
    with closing(sqlite3.connect(kept)) as copy:
        assert copy.execute("SELECT value FROM setting WHERE id = 'geogrid.schema'").fetchone() == (
            str(version),
        )
    with Workspace.open(kept, readonly=True) as untouched:
        require_as_written(untouched)


def test_a_county_of_an_earlier_schema_is_read_as_it_is(old):
    path, _ = old
    before, beside = digests(path), sorted(path.parent.iterdir())
    with Workspace.open(path, readonly=True) as county:
        require_as_written(county)
        assert county.path == path
    assert (digests(path), sorted(path.parent.iterdir())) == (before, beside)


def test_a_step_that_reached_the_map_file_alone_is_completed(old):
    """A stop between the two: the map file says the new version, the private file the earlier one."""
    path, version = old
    private = files.private_path_of(path)
    earlier = private.read_bytes()
    with pytest.warns(SchemaRaisedNotice):
        Workspace.open(path).close()
    private.write_bytes(earlier)
    with pytest.warns(SchemaRaisedNotice, match=f"from schema {version} to"), Workspace.open(path) as county:
        require_as_written(county)


def test_a_backup_of_an_earlier_schema_can_be_restored(old, tmp_path):
    path, _ = old
    assert write_backup(path, tmp_path / "b.zip") == 4
    target = tmp_path / "restored.gpkg"
    read_backup(tmp_path / "b.zip", target)
    with Workspace.open(target, readonly=True) as county:
        require_as_written(county)


@pytest.mark.parametrize("database", ["main", "private"])
def test_a_newer_schema_of_either_file_is_refused_untouched(tmp_path, database):
    path = tmp_path / "county.gpkg"
    Workspace.create(path, "350725", "合成县").close()
    newer = SCHEMA_VERSION + 1
    with closing(sqlite3.connect(path if database == "main" else files.private_path_of(path))) as file:
        if database == "main":
            file.execute("UPDATE setting SET value = ? WHERE id = 'geogrid.schema'", (str(newer),))
        file.execute(f"PRAGMA user_version = {newer}")
        file.commit()
    before = digests(path)
    for readonly in (True, False):
        with pytest.raises(NewerSchemaError, match="Upgrade"):
            Workspace.open(path, readonly=readonly)
    assert digests(path) == before
