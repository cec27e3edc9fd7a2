"""The gaps as files: what a reader may be told, marked as synthetic, without small counts."""

from __future__ import annotations

import csv
import io

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest

from geogrid.coverage.telling import LEAST_HOMES
from geogrid.workspace import Workspace
from tests.support.web import open_client, write_town
from webmap import create_app

ADDRESS = "/api/v1/gaps?metres=300&format="


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    return create_app(write_town(tmp_path_factory.mktemp("gaps") / "town.gpkg"))


def read_all(client, folder) -> dict[str, pd.DataFrame]:
    """Each format as a table, by id."""
    sent = {kind: client.get(ADDRESS + kind) for kind in ("geojson", "gpkg", "xlsx", "csv")}
    assert {kind: answer.status_code for kind, answer in sent.items()} == dict.fromkeys(sent, 200)
    (folder / "gaps.gpkg").write_bytes(sent["gpkg"].data)
    rows = list(openpyxl.load_workbook(io.BytesIO(sent["xlsx"].data)).active.values)
    lines = list(csv.DictReader(io.StringIO(sent["csv"].data.decode("utf-8-sig"))))
    frames = {
        "geojson": gpd.GeoDataFrame.from_features(sent["geojson"].get_json(force=True)),
        "gpkg": gpd.read_file(folder / "gaps.gpkg"),
        "xlsx": pd.DataFrame(rows[1:], columns=rows[0]),
        "csv": pd.DataFrame(lines),
    }
    return {kind: frame.set_index("id") for kind, frame in frames.items()}


def _read(cell) -> float | None:
    return None if cell is None or cell == "" or pd.isna(cell) else float(cell)


def test_every_format_tells_the_gaps_of_the_list(app, tmp_path):
    client = open_client(app, "planner")
    told = {gap["id"]: gap for gap in client.get("/api/v1/gaps?metres=300").get_json()["gaps"]}
    assert told
    for kind, frame in read_all(client, tmp_path).items():
        assert set(frame.index) == set(told), kind
        assert all(str(mark).lower() in ("true", "1") for mark in frame["synthetic"]), kind
        for key, gap in told.items():
            tens = (gap["people"] + 5) // 10 * 10 if gap["n_homes"] >= LEAST_HOMES else None
            exact = gap["people"] if kind == "geojson" else tens
            assert _read(frame["people"][key]) == exact, kind
            assert int(frame["n_homes"][key]) == gap["n_homes"], kind
            assert frame["community_name"][key] == gap["community_name"], kind


def test_who_may_not_count_people_is_given_none_in_a_file(app, tmp_path):
    scoped = read_all(open_client(app, "staff", ("community:350725001001",)), tmp_path)
    listed = open_client(app, "staff", ("community:350725001001",)).get("/api/v1/gaps?metres=300").get_json()
    hidden = {gap["id"] for gap in listed["gaps"] if gap["hidden"]}
    assert hidden
    for kind, frame in scoped.items():
        unseen = frame.loc[sorted(hidden), "people"]
        assert all(value is None or value == "" or pd.isna(value) for value in unseen), kind
    public = open_client(app)
    for kind in ("geojson", "gpkg", "xlsx", "csv"):
        assert public.get(ADDRESS + kind).status_code == 401


def test_a_file_has_no_count_under_five(tmp_path):
    path = write_town(tmp_path / "few.gpkg")
    with Workspace.open(path) as workspace:
        versions = workspace.read("building").set_index("id")["version"]
        with workspace.edit("t", "three people live in the east, and nobody else does") as edit:
            for key, version in versions.items():
                edit.update("building", key, int(version), {"residents": 3 if key == "b08" else 0})
    client = open_client(create_app(path), "planner")
    gaps = client.get("/api/v1/gaps?metres=300").get_json()["gaps"]
    assert sum(gap["people"] for gap in gaps) == 3
    file = client.get("/api/v1/gaps?metres=300&format=csv").data.decode("utf-8-sig")
    counts = {line["id"]: line["people"] for line in csv.DictReader(io.StringIO(file))}
    assert set(counts) == {gap["id"] for gap in gaps}
    assert all(not text or float(text) in (0, *range(5, 99)) for text in counts.values())


def test_another_format_is_refused_with_those_that_there_are(app):
    answer = open_client(app, "planner").get(ADDRESS + "pdf")
    assert answer.status_code == 400
    assert "gpkg" in answer.get_json()["detail"]
