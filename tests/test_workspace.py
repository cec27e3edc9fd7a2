"""The county's file: what is written is read back, history is whole, and bad files are refused untouched."""

from __future__ import annotations

import datetime
import os
import sqlite3
import stat
import subprocess
import sys
import textwrap
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geogrid.errors import (
    ConflictError,
    CrsError,
    DuplicateKeysError,
    FeatureNotFoundError,
    FileContentError,
    MissingColumnsError,
    NetworkDriveWarning,
    NewerSchemaError,
    NotAWorkspaceError,
    RevisionNotFoundError,
    UnknownLayerError,
    UnsupportedFileError,
    WorkspaceDamagedError,
    WorkspaceExistsError,
    WorkspaceLockedError,
    WorkspaceMissingError,
)
from geogrid.schema import LAYERS, TABLES
from geogrid.workspace import Workspace, read_backup, write_backup
from geogrid.workspace import connection as files
from geogrid.workspace.drive import find_network_file_system

LON, LAT = 118.85, 27.37


def centres(*ids: str, name: str = "中心") -> gpd.GeoDataFrame:
    points = [shapely.Point(LON + i * 0.001, LAT) for i in range(len(ids))]
    return gpd.GeoDataFrame({"id": list(ids), "name": [name] * len(ids)}, geometry=points, crs="EPSG:4490")


def communities(*codes: str) -> gpd.GeoDataFrame:
    boxes = [shapely.box(LON + i * 0.01, LAT, LON + (i + 1) * 0.01, LAT + 0.01) for i in range(len(codes))]
    data = {"code": list(codes), "name": list(codes), "kind": ["社区"] * len(codes)}
    return gpd.GeoDataFrame(data, geometry=boxes, crs="EPSG:4490")


@pytest.fixture
def county(tmp_path: Path):
    with Workspace.create(tmp_path / "county.gpkg", "350725", "政和县") as workspace:
        yield workspace


# --- reading what was written -------------------------------------------------------------------


def test_a_new_county_has_every_layer_and_table_empty(county):
    for name in (*LAYERS, *TABLES):
        assert county.count(name) == 0 or name == "setting"
    assert (county.code, county.name, county.reading) == ("350725", "政和县", "minutes:10:adult")
    assert county.store_crs is None


def test_the_first_layer_fixes_both_crs(county):
    with county.edit("t", "first") as edit:
        edit.insert("centre", centres("c1"))
    assert (county.store_crs, county.metric_crs) == ("EPSG:4490", "EPSG:4549")


def test_a_county_outside_china_is_stored_in_wgs84(tmp_path):
    frame = centres("c1").set_geometry([shapely.Point(9.55, 47.15)]).set_crs("EPSG:4326", allow_override=True)
    with Workspace.create(tmp_path / "li.gpkg", "000000", "Liechtenstein") as county:
        with county.edit("t", "first") as edit:
            edit.insert("centre", frame)
        assert county.store_crs == "EPSG:4326"
        assert "lon_0=10" in county.metric_crs
        x = county.read_metric("centre").geometry.x.iloc[0]
        assert x == pytest.approx(500_000 - 0.45 * 76_050, rel=1e-3)  # 0.45 degrees west of 10 E at 47 N


def test_streets_keep_their_heights(county):
    line = shapely.LineString([(LON, LAT, 200.125), (LON + 0.001, LAT, 231.5)])
    frame = gpd.GeoDataFrame(
        {"id": ["s"], "steps": pd.array([True], dtype="boolean")}, geometry=[line], crs=4490
    )
    with county.edit("t", "street") as edit:
        edit.insert("street", frame)
    found = county.read("street").geometry.iloc[0]
    assert shapely.get_coordinates(found, include_z=True).tolist() == [
        [LON, LAT, 200.125],
        [LON + 0.001, LAT, 231.5],
    ]


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.tuples(
            texts,
            st.none() | st.integers(0, 10**9),
            st.none() | st.booleans(),
            st.none() | st.dates(datetime.date(1990, 1, 1), datetime.date(2020, 1, 1)),
            st.floats(-0.01, 0.01),
        ),
        max_size=5,
    )
)
def test_reading_returns_what_was_written(tmp_path_factory, rows):
    frame = gpd.GeoDataFrame(
        {
            "id": [f"b{i}" for i in range(len(rows))],
            "name": pd.Series([row[0] for row in rows], dtype=object),
            "residents": pd.array([row[1] for row in rows], dtype="Int64"),
            "synthetic": pd.array([row[2] for row in rows], dtype="boolean"),
            "valid_from": pd.Series([row[3] and row[3].isoformat() for row in rows], dtype=object),
        },
        geometry=[shapely.Point(LON + row[4], LAT).buffer(0.001) for row in rows],
        crs="EPSG:4490",
    )
    with Workspace.create(tmp_path_factory.mktemp("w") / "c.gpkg", "1", "n") as county:
        with county.edit("t", "all") as edit:
            edit.insert("building", frame)
        found = county.read("building")
        assert [g.equals_exact(w.normalize(), 0) for g, w in zip(found.geometry.normalize(), [
            shapely.MultiPolygon([g]) for g in frame.geometry], strict=True)] == [True] * len(rows)  # fmt: skip
        for column in ("id", "name", "residents", "synthetic", "valid_from"):
            assert [None if pd.isna(v) else v for v in found[column]] == [
                None if pd.isna(v) else v for v in frame[column]
            ]


def test_features_are_read_as_of_a_date(county):
    frame = centres("old", "new", "always")
    frame["valid_from"] = [None, "2024-07-01", None]
    frame["valid_to"] = ["2024-06-30", None, None]
    with county.edit("t", "x") as edit:
        edit.insert("centre", frame)
    assert county.read("centre", on=datetime.date(2024, 6, 30))["id"].tolist() == ["always", "old"]
    assert county.read("centre", on=datetime.date(2024, 7, 1))["id"].tolist() == ["always", "new"]
    assert county.read("centre", ended=True)["id"].tolist() == ["always", "new", "old"]


def test_an_ended_feature_stays_and_its_key_is_free_again(county):
    with county.edit("t", "x") as edit:
        edit.insert("community", communities("A"))
        edit.end("community", ["A"], datetime.date(2023, 12, 31))
        edit.insert("community", communities("A").assign(valid_from="2024-01-01", name="新"))
    assert county.read("community", on=datetime.date(2023, 5, 1))["name"].tolist() == ["A"]
    assert county.read("community", on=datetime.date(2024, 5, 1))["name"].tolist() == ["新"]


# --- history ------------------------------------------------------------------------------------


def test_every_earlier_revision_can_be_read(county):
    with county.edit("t", "1") as edit:
        edit.insert("centre", centres("a", "b"))
    with county.edit("t", "2") as edit:
        edit.update("centre", "a", 1, {"name": "改名", "geometry": shapely.Point(LON, LAT + 0.5)})
        edit.delete("centre", ["b"])
    with county.edit("t", "3") as edit:
        edit.insert("centre", centres("b", name="回来"))
    assert county.revision == 3
    assert county.read("centre", revision=0).empty
    first = county.read("centre", revision=1)
    assert first["name"].tolist() == ["中心", "中心"]
    assert first.geometry.y.tolist() == [LAT, LAT]
    second = county.read("centre", revision=2)
    assert (second["id"].tolist(), second["name"].tolist()) == (["a"], ["改名"])
    assert county.read("centre")["name"].tolist() == ["改名", "回来"]
    with pytest.raises(RevisionNotFoundError):
        county.read("centre", revision=4)


def test_every_change_has_its_row_in_the_same_revision(county):
    with county.edit("规划科", "三处") as edit:
        edit.insert("centre", centres("a", "b"))
        edit.insert("organisation", pd.DataFrame({"id": ["o"], "name": ["党支部"]}))
        edit.insert("person", pd.DataFrame({"id": ["p"], "name": ["演示民警001"]}))
    row = county.history().iloc[0]
    # 2 centres, 1 organisation, 1 person, and the two CRS settings that the first layer fixed
    assert (row.author, row.note, row.n_changes) == ("规划科", "三处", 6)


def test_undo_restores_the_state_bit_by_bit_and_can_go_on(county):
    with county.edit("t", "1") as edit:
        edit.insert("street", gpd.GeoDataFrame(
            {"id": ["s"], "crossing_s": [0.1 + 0.2]}, geometry=[shapely.LineString([(LON, LAT, 1 / 3), (LON, 27.4, 2 / 3)])],
            crs=4490))  # fmt: skip
    before = county.read("street").drop(columns="version")
    with county.edit("t", "2") as edit:
        edit.delete("street", ["s"])
    assert county.undo("t") == 2
    assert_geodataframe_equal(county.read("street").drop(columns="version"), before)
    with county.edit("t", "4") as edit:
        edit.update("street", "s", int(county.read("street")["version"].iloc[0]), {"crossing_s": 5.0})
    assert county.undo("t") == 4
    after = county.read("street")
    assert (
        shapely.get_coordinates(after.geometry, include_z=True).tolist()
        == shapely.get_coordinates(before.geometry, include_z=True).tolist()
    )
    assert after["crossing_s"].tolist() == [0.1 + 0.2]
    assert county.undo("t") == 1
    assert county.read("street").empty
    with pytest.raises(RevisionNotFoundError):
        county.undo("t")


def test_undo_reaches_people_too(county):
    with county.edit("t", "1") as edit:
        edit.insert("person", pd.DataFrame({"id": ["p"], "name": ["演示民警001"]}))
    with county.edit("t", "2") as edit:
        edit.update("person", "p", 1, {"duty_phone": "000-0000001"})
    county.undo("t")
    assert county.read("person")["duty_phone"].tolist() == [None]
    county.undo("t")
    assert county.read("person").empty


operations = st.lists(
    st.tuples(st.sampled_from(["insert", "update", "delete", "replace", "undo"]), st.integers(0, 3)),
    max_size=12,
)


@settings(max_examples=25, deadline=None)
@given(steps=operations)
def test_after_any_edits_each_revision_reads_as_it_stood(tmp_path_factory, steps):
    with Workspace.create(tmp_path_factory.mktemp("w") / "c.gpkg", "1", "n") as county:
        seen = {0: county.read("centre")}
        for number, (what, which) in enumerate(steps):
            key = f"c{which}"
            present = dict(zip(county.read("centre")["id"], county.read("centre")["version"], strict=True))
            if what == "undo":
                if (county.history()["n_changes"] > 0).any():
                    try:
                        undone = county.undo("t")
                    except RevisionNotFoundError:
                        continue
                    assert county.read("centre")["id"].tolist() == seen[undone - 1]["id"].tolist()
            elif what == "replace":
                with county.edit("t", "r") as edit:
                    edit.replace("centre", centres(f"r{which}", name=str(number)))
            elif what == "insert" and key not in present:
                with county.edit("t", "i") as edit:
                    edit.insert("centre", centres(key, name=str(number)))
            elif what == "update" and key in present:
                with county.edit("t", "u") as edit:
                    edit.update("centre", key, int(present[key]), {"name": str(number)})
            elif what == "delete" and key in present:
                with county.edit("t", "d") as edit:
                    edit.delete("centre", [key])
            seen[county.revision] = county.read("centre")
        for revision, frame in seen.items():
            found = county.read("centre", revision=revision)
            assert found["id"].tolist() == frame["id"].tolist()
            assert found["name"].tolist() == frame["name"].tolist()
            assert found["version"].tolist() == frame["version"].tolist()


def test_an_edit_that_changes_nothing_makes_no_revision(county):
    with county.edit("t", "1") as edit:
        edit.insert("centre", centres("a"))
    with county.edit("t", "same again") as edit:
        assert edit.merge("centre", centres("a")) == (0, 0)
    assert county.revision == 1


def test_merging_updates_by_key_and_adds_the_rest(county):
    with county.edit("t", "1") as edit:
        edit.insert("centre", centres("a", "b").assign(capacity=pd.array([5, 6], dtype="Int64")))
    with county.edit("t", "2") as edit:
        assert edit.merge("centre", centres("a", "b", "c").assign(name=["新", "中心", "中心"])) == (1, 1)
    found = county.read("centre")
    assert found["name"].tolist() == ["新", "中心", "中心"]
    assert found["capacity"].fillna(-1).tolist() == [5, 6, -1]  # a column the file lacks is left as it was


def test_what_another_program_writes_is_noted_as_external(county):
    with county.edit("t", "1") as edit:
        edit.insert("centre", centres("a"))
    with sqlite3.connect(county.path) as other:
        other.execute("UPDATE centre SET name = '外部' WHERE id = 'a'")
    other.close()
    assert county.revision == 2
    assert county.history()["author"].tolist() == ["external", "t"]
    assert county.read("centre")["version"].tolist() == [2]
    assert county.read("centre", revision=1)["name"].tolist() == ["中心"]
    assert county.undo("t") == 2
    assert county.read("centre")["name"].tolist() == ["中心"]


def test_what_is_read_in_a_snapshot_is_of_one_moment_also_in_a_snapshot_within(county):
    with county.edit("t", "1") as edit:
        edit.insert("centre", centres("a"))
    with county.snapshot():
        assert county.read("centre")["id"].tolist() == ["a"]
        with Workspace.open(county.path) as other, other.edit("t", "2") as edit:
            edit.insert("centre", centres("b"))
        with county.snapshot():
            assert county.read("centre")["id"].tolist() == ["a"]
        assert county.revision == 1
        assert len(county.read_town().centre) == 1
    assert county.read("centre")["id"].tolist() == ["a", "b"]
    assert county.revision == 2


# --- edits that are refused -----------------------------------------------------------------------


def test_a_lost_update_is_refused_and_nothing_is_saved(county):
    with county.edit("t", "1") as edit:
        edit.insert("centre", centres("a", "b"))
    with county.edit("t", "2") as edit:
        edit.update("centre", "a", 1, {"name": "甲"})
    with pytest.raises(ConflictError, match="version 2"), county.edit("t", "3") as edit:
        edit.update("centre", "b", 1, {"name": "乙"})
        edit.update("centre", "a", 1, {"name": "丙"})
    assert county.read("centre")["name"].tolist() == ["甲", "中心"]
    assert county.revision == 2


@pytest.mark.parametrize(
    ("frame", "error"),
    [
        (centres("a", "a"), DuplicateKeysError),
        (centres("a").drop(columns="id"), MissingColumnsError),
        (centres("a").assign(extra=1), FileContentError),
        (centres("a").assign(id=None), FileContentError),
        (centres("a").set_geometry([shapely.LineString([(0, 0), (1, 1)])], crs=4490), FileContentError),
        (centres("a").set_geometry([shapely.Point()], crs=4490), FileContentError),
        (centres("a").set_geometry([None], crs=4490), FileContentError),
        (centres("a").set_geometry([shapely.Point(np.inf, 1)], crs=4490), FileContentError),
        (centres("a").set_crs(4549, allow_override=True), CrsError),
        (centres("a").set_crs(None, allow_override=True), CrsError),
    ],
    ids=["twice", "no key column", "unknown column", "no key", "line", "empty", "none", "infinite", "metres", "no crs"],
)  # fmt: skip
def test_a_frame_the_layer_cannot_hold_is_refused_whole(county, frame, error):
    with county.edit("t", "1") as edit:
        edit.insert("centre", centres("x"))
    with pytest.raises(error), county.edit("t", "2") as edit:
        edit.insert("centre", centres("fine"))
        edit.insert("centre", frame)
    assert county.read("centre")["id"].tolist() == ["x"]


def test_naming_what_is_not_there_says_so(county):
    with pytest.raises(UnknownLayerError, match="centre"):
        county.read("nonsense")
    with pytest.raises(FeatureNotFoundError, match="nobody"), county.edit("t", "x") as edit:
        edit.delete("centre", ["nobody"])


# --- files that are refused, untouched -----------------------------------------------------------


def digest_of(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in folder.iterdir() if not p.name.endswith(("-wal", "-shm"))}


def refuse(path: Path, error: type[Exception], match: str) -> None:
    before = digest_of(path.parent)
    with pytest.raises(error, match=match):
        Workspace.open(path)
    assert digest_of(path.parent) == before


def test_a_missing_file_says_how_to_make_one(tmp_path):
    refuse(tmp_path / "none.gpkg", WorkspaceMissingError, "geogrid init")


def test_a_file_that_is_no_county_is_refused(tmp_path):
    (tmp_path / "text.gpkg").write_text("hello")
    refuse(tmp_path / "text.gpkg", NotAWorkspaceError, "SQLite")
    (tmp_path / "empty.gpkg").touch()
    refuse(tmp_path / "empty.gpkg", NotAWorkspaceError, "empty")
    with sqlite3.connect(tmp_path / "other.gpkg") as other:
        other.execute("CREATE TABLE roads (x)")
    other.close()
    refuse(tmp_path / "other.gpkg", NotAWorkspaceError, "no tables of geogrid")


def test_a_county_of_a_newer_schema_is_refused(county):
    county.close()
    with sqlite3.connect(county.path) as other:
        other.execute("UPDATE setting SET value = '999' WHERE id = 'geogrid.schema'")
    other.close()
    refuse(county.path, NewerSchemaError, "999")


def test_a_cut_file_and_a_garbled_file_are_refused(county):
    with county.edit("t", "1") as edit:
        edit.insert("centre", centres(*(f"c{i}" for i in range(500))))
    county.close()
    whole = county.path.read_bytes()
    county.path.write_bytes(whole[: len(whole) // 2])
    refuse(county.path, WorkspaceDamagedError, "malformed")
    county.path.write_bytes(whole[:100] + os.urandom(len(whole) - 100))
    refuse(county.path, WorkspaceDamagedError, "damaged")


def test_a_county_without_one_of_its_tables_is_refused(county):
    county.close()
    with sqlite3.connect(county.path) as other:
        other.execute("DROP TABLE beat")
    other.close()
    refuse(county.path, WorkspaceDamagedError, "beat")


def test_another_countys_private_file_is_refused(county, tmp_path):
    other = tmp_path / "other.gpkg"
    Workspace.create(other, "1", "n").close()
    county.close()
    files.private_path_of(other).replace(county.private_path)
    refuse(county.path, WorkspaceDamagedError, "belongs to another")


def test_an_existing_file_is_never_overwritten(county):
    with pytest.raises(WorkspaceExistsError):
        Workspace.create(county.path, "1", "n")
    assert county.code == "350725"


def test_a_locked_county_is_refused_after_a_wait(county, monkeypatch):
    monkeypatch.setattr(files, "BUSY_S", 0.05)
    county._connection.execute("PRAGMA busy_timeout = 50")
    other = sqlite3.connect(county.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(WorkspaceLockedError), county.edit("t", "1") as edit:
        edit.insert("centre", centres("a"))
    assert county.read("centre").empty  # readers go on meanwhile
    other.execute("ROLLBACK")
    other.close()


def test_a_network_drive_is_named(tmp_path):
    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/sda1 / ext4 rw 0 0\nserver:/x {tmp_path.as_posix()} nfs4 rw 0 0\n")
    assert find_network_file_system(tmp_path / "c.gpkg", mounts) == "nfs4"
    assert find_network_file_system(Path("/c.gpkg"), mounts) is None


def test_opening_on_a_network_drive_warns(county, monkeypatch):
    county.close()
    monkeypatch.setattr(files, "find_network_file_system", lambda _: "cifs")
    with pytest.warns(NetworkDriveWarning, match="cifs"):
        Workspace.open(county.path).close()


# --- handing on, backing up ---------------------------------------------------------------------


def test_the_private_file_is_its_owners_alone(county):
    assert stat.S_IMODE(county.private_path.stat().st_mode) == 0o600


def test_handing_on_the_map_file_hands_on_nobody(county, tmp_path):
    with county.edit("t", "people") as edit:
        edit.insert(
            "person", pd.DataFrame({"id": ["p"], "name": ["演示民警001"], "duty_phone": ["000-0000001"]})
        )
        edit.insert("centre", centres("a"))
        edit.delete("person", ["p"])
    county.close()
    assert "演示民警001".encode() not in county.path.read_bytes()
    assert b"000-0000001" not in county.path.read_bytes()
    (tmp_path / "handed").mkdir()
    handed = tmp_path / "handed" / "county.gpkg"
    handed.write_bytes(county.path.read_bytes())
    with Workspace.open(handed) as other:
        assert other.read("person").empty
        assert not other.private_path.exists()
        with other.edit("t", "new people") as edit:
            edit.insert("person", pd.DataFrame({"id": ["q"], "name": ["演示民警002"]}))
        assert other.read("person")["id"].tolist() == ["q"]


def test_a_backup_brings_both_files_back_and_keeps_what_stood_there(county, tmp_path):
    with county.edit("t", "1") as edit:
        edit.insert("centre", centres("a"))
        edit.insert("person", pd.DataFrame({"id": ["p"], "name": ["演示民警001"]}))
    archive = tmp_path / "backup.zip"
    write_backup(county.path, archive)
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    with county.edit("t", "2") as edit:
        edit.delete("centre", ["a"])
        edit.delete("person", ["p"])
    with pytest.raises(WorkspaceLockedError):
        read_backup(archive, county.path)
    county.close()
    kept = read_backup(archive, county.path)
    with Workspace.open(county.path) as restored:
        assert restored.read("centre")["id"].tolist() == ["a"]
        assert restored.read("person")["id"].tolist() == ["p"]
        assert restored.revision == 1
    assert kept is not None
    with Workspace.open(kept) as old:
        assert old.read("centre").empty
        assert old.revision == 2


def test_what_is_no_backup_is_refused(county, tmp_path):
    county.close()
    good = tmp_path / "good.zip"
    write_backup(county.path, good)
    with zipfile.ZipFile(good) as bundle:
        members = {name: bundle.read(name) for name in bundle.namelist()}
    forged = tmp_path / "forged.zip"
    with zipfile.ZipFile(forged, "w") as bundle:
        for name, data in members.items():
            bundle.writestr(name, data + b" " if name.endswith("gpkg") else data)
    (tmp_path / "text.zip").write_text("no zip")
    before = county.path.read_bytes()
    for bad in (forged, tmp_path / "text.zip"):
        with pytest.raises(UnsupportedFileError):
            read_backup(bad, county.path)
    assert county.path.read_bytes() == before


def test_a_damaged_county_can_be_restored(county, tmp_path):
    county.close()
    archive = tmp_path / "b.zip"
    write_backup(county.path, archive)
    county.path.write_bytes(county.path.read_bytes()[:5000])
    assert read_backup(archive, county.path) is not None
    Workspace.open(county.path).close()


# --- beside other programs -----------------------------------------------------------------------

WRITER = """
import sys, geopandas as gpd, shapely
from geogrid.workspace import Workspace
with Workspace.open(sys.argv[1]) as county:
    for i in range(int(sys.argv[3])):
        frame = gpd.GeoDataFrame({"id": [f"{sys.argv[2]}-{i}"]}, geometry=[shapely.Point(118.85, 27.37)], crs=4490)
        with county.edit(sys.argv[2], str(i)) as edit:
            edit.insert("centre", frame)
        print(sys.argv[2], i, flush=True)
"""
GDAL_READER = """
import sys, time, pyogrio
seen = -1
for _ in range(30):
    n = len(pyogrio.read_dataframe(sys.argv[1], layer="centre"))
    assert n >= seen, (n, seen)
    seen = n
    time.sleep(0.02)
print(seen)
"""


def start(code: str, *args: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-W", "ignore", "-c", textwrap.dedent(code), *map(str, args)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.slow
def test_two_writers_and_a_gdal_reader_lose_nothing(county):
    with county.edit("t", "first") as edit:
        edit.insert("centre", centres("x"))
    processes = [start(WRITER, county.path, name, 40) for name in ("a", "b")] + [
        start(GDAL_READER, county.path)
    ]
    while any(p.poll() is None for p in processes):
        county.read("centre")  # our own process reads all the while
    for process in processes:
        assert process.communicate()[1] == ""
        assert process.returncode == 0
    assert set(county.read("centre")["id"]) == {"x"} | {f"{w}-{i}" for w in "ab" for i in range(40)}
    assert county.revision == 81
    assert (county.history()["n_changes"] >= 1).all()


@pytest.mark.slow
def test_a_killed_writer_leaves_whole_revisions(county):
    with county.edit("t", "first") as edit:
        edit.insert("centre", centres("x"))
    rng = np.random.default_rng(5)
    done: set[str] = set()
    for round_number in range(5):
        process = start(WRITER, county.path, f"w{round_number}", 10_000)
        assert process.stdout is not None
        for _ in range(int(rng.integers(1, 25))):
            done.add("-".join(process.stdout.readline().split()))
        process.kill()
        rest, _ = process.communicate()
        done |= {"-".join(line.split()) for line in rest.splitlines() if len(line.split()) == 2}
    with Workspace.open(county.path) as again:
        assert done <= set(again.read("centre")["id"])
        assert again.count("centre") == again.revision  # one insert a revision, none by halves


def test_gdal_in_another_process_reads_layer_crs_and_count(county):
    with county.edit("t", "first") as edit:
        edit.insert("community", communities("A", "B"))
        edit.insert("street", gpd.GeoDataFrame({"id": ["s"]}, geometry=[shapely.LineString([(LON, LAT, 3), (LON, 27.4, 4)])], crs=4490))  # fmt: skip
    code = """
    import sys, pyogrio
    frame = pyogrio.read_dataframe(sys.argv[1], layer="community")
    info = pyogrio.read_info(sys.argv[1], layer="street")
    print(len(frame), frame.crs.to_epsg(), frame.geom_type.iloc[0], info["features"], info["geometry_type"])
    """
    out, err = start(code, county.path).communicate()
    assert (out.split(), err) == (["2", "4490", "MultiPolygon", "1", "LineString", "Z"], "")


@pytest.mark.slow
def test_what_gdal_edits_in_place_is_noted(county):
    with county.edit("t", "first") as edit:
        edit.insert("centre", centres("a"))
    code = """
    import sys, geopandas as gpd, shapely
    frame = gpd.GeoDataFrame({"id": ["q"], "name": ["QGIS"]}, geometry=[shapely.Point(118.85, 27.37)], crs=4490)
    frame.to_file(sys.argv[1], layer="centre", mode="a")
    """
    _, err = start(code, county.path).communicate()
    assert err == ""
    assert county.read("centre")["id"].tolist() == ["a", "q"]
    assert county.revision == 2
    assert county.history()["author"].iloc[0] == "external"
