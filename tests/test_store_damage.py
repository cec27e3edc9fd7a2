"""Bytes that change by themselves: whatever they change in a county is told, and nothing else is."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from click.testing import CliRunner

from geogrid.cli import group
from geogrid.errors import (
    ContentDamagedError,
    GeogridError,
    PrivateFileMissingError,
    WorkspaceDamagedError,
)
from geogrid.schema import LAYERS, TABLES
from geogrid.workspace import Workspace, write_backup
from geogrid.workspace import connection as files
from geogrid.workspace.account import add_account, change_password, disable_account
from geogrid.workspace.person import erase_person
from tests.support.web import log_in, open_client
from webmap import create_app
from webmap.serve import greet_accounts

N_FLIPS = 60


def fold(path: Path) -> None:
    for file in (path, files.private_path_of(path)):
        files.remove_log(file)


def make_county(path: Path) -> Path:
    houses = [shapely.box(118.85 + i * 1e-4, 27.36, 118.85005 + i * 1e-4, 27.36005) for i in range(120)]
    people = {"id": [f"p{i}" for i in range(60)], "name": [f"演示{i}" for i in range(60)]}
    with Workspace.create(path, "350725", "合成县") as county:
        with county.edit("t", "all") as edit:
            names = [f"住宅楼 {i}" for i in range(120)]
            frame = {"id": [f"b{i}" for i in range(120)], "name": names, "residents": list(range(120))}
            edit.insert("building", gpd.GeoDataFrame(frame, geometry=houses, crs=4490))
            edit.insert("person", pd.DataFrame(people))
        add_account(county, "chief", "a-long-pass-word-1", role="admin", actor="os:t")
        with county.edit("t", "again") as edit:
            edit.update("building", "b7", 1, {"name": "改名"})
    fold(path)
    return path


def read_everything(path: Path) -> str:
    with Workspace.open(path, readonly=True) as county:
        parts = [county.read(name, ended=True).to_csv() for name in (*LAYERS, *TABLES)]
        return "".join([*parts, county.read("building", revision=1).to_csv(), county.history().to_csv()])


@pytest.mark.parametrize("which", ["map", "private"])
def test_no_flipped_bit_changes_what_is_read_with_nothing_told(tmp_path, which):
    path = make_county(tmp_path / "county.gpkg")
    file = path if which == "map" else files.private_path_of(path)
    whole, sound = file.read_bytes(), read_everything(path)
    rng = random.Random(7)  # noqa: S311  # places, not secrets
    # Places within what rows say: the empty pages of thirty tables would be most of the file.
    rows = [i for mark in (b"b1", b"p1", "住宅".encode(), "演示".encode(), b"GP") for i in _find(whole, mark)]
    n_changed = 0
    for _ in range(N_FLIPS):
        at = rng.choice(rows) + rng.randrange(-8, 40)
        body = bytearray(whole)
        body[at] ^= 1 << rng.randrange(8)
        file.write_bytes(body)
        try:
            is_changed = read_everything(path) != sound
            with Workspace.open(path, readonly=True) as county:
                told = bool(county.find_damage())
        except (GeogridError, ValueError, OverflowError, UnicodeDecodeError):
            continue  # told by an error
        n_changed += is_changed
        assert told or not is_changed, at
    file.write_bytes(whole)
    assert n_changed >= 5  # some of the bits that were flipped did change what is read
    with Workspace.open(path, readonly=True) as county:
        assert county.find_damage() == []


def _find(body: bytes, mark: bytes) -> list[int]:
    found, at = [], body.find(mark)
    while at >= 0:
        found.append(at)
        at = body.find(mark, at + 1)
    return [at for at in found if 100 < at < len(body) - 100]


def test_accounts_records_and_erasures_are_followed(tmp_path):
    path = make_county(tmp_path / "county.gpkg")
    with Workspace.open(path) as county:
        change_password(county, "chief", "another-long-word-2", actor="os:t")
        add_account(county, "second", "another-long-word-3", role="admin", actor="os:t")
        disable_account(county, "second", actor="os:t")
        assert county.find_damage() == []
        erase_person(county, "p5", actor="os:t", reason="asked for")
        assert county.find_damage() == []
        with county.edit("t", "after") as edit:
            edit.delete("building", ["b3"])
        assert county.find_damage() == []


@pytest.fixture
def damaged(tmp_path):
    """A county with one letter of a building's name changed on the disk."""
    path = make_county(tmp_path / "county.gpkg")
    body = path.read_bytes()
    at = body.index("住宅楼 55".encode())
    path.write_bytes(body[:at] + "住宅楼 56".encode() + body[at + len("住宅楼 55".encode()) :])
    return path


def test_check_tells_damage_as_an_error_and_backup_writes_nothing(damaged, tmp_path):
    done = CliRunner().invoke(group, ["check", str(damaged), "--json"], standalone_mode=False)
    assert done.return_value == 1
    assert '"store.damaged"' in done.stdout
    assert "main.building" in done.stdout
    archive = tmp_path / "good.zip"
    archive.write_bytes(b"the backup of yesterday")
    with pytest.raises(ContentDamagedError, match=r"main\.building"):
        write_backup(damaged, archive)
    assert archive.read_bytes() == b"the backup of yesterday"
    assert {file.suffix for file in tmp_path.iterdir()} <= {".gpkg", ".sqlite", ".zip", ".cache"}


@pytest.mark.parametrize("fault", ["garbled", "empty", "not a database"])
def test_a_damaged_private_file_is_told_as_that(tmp_path, fault):
    path = make_county(tmp_path / "county.gpkg")
    private = files.private_path_of(path)
    body = private.read_bytes()
    private.write_bytes(
        {"garbled": body[:100] + b"\xff" * 4000 + body[4100:], "empty": b"", "not a database": b"x" * 9000}[
            fault
        ]
    )
    with pytest.raises(WorkspaceDamagedError, match=r"county\.private\.sqlite"):
        Workspace.open(path)


def test_no_administrator_is_made_beside_a_county_that_had_accounts(tmp_path):
    path = make_county(tmp_path / "county.gpkg")
    files.private_path_of(path).unlink()
    with Workspace.open(path) as county:
        assert county.read("building")["id"].size == 120  # the map alone is read
        with pytest.raises(PrivateFileMissingError, match=r"county\.private\.sqlite"):
            greet_accounts(county)
        add_account(county, "anew", "another-long-word-3", role="admin", actor="os:t")
        greet_accounts(county)


def test_one_can_log_in_beside_a_map_that_cannot_be_read(tmp_path):
    """A shape that is none stops what is computed of it, with a sentence; the login stands."""
    path = make_county(tmp_path / "county.gpkg")
    with sqlite3.connect(path) as plain:
        plain.execute("UPDATE building SET geom = x'00' WHERE id = 'b9'")
    plain.close()
    client = open_client(create_app(path))
    assert client.get("/login").status_code == 200
    assert log_in(client, "chief", "a-long-pass-word-1").status_code == 303
    refused = client.get("/api/v1/coverage")
    assert refused.status_code == 503
    assert "building" in refused.get_json()["detail_en"]
