"""Layers that lie where a mistaken datum puts them are told by how far and why; sound ones never."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geogrid.checks.datum import (
    LEAST_FEATURES,
    Cause,
    Verdict,
    explain_shift,
    find_shifted_layers,
    judge_positions,
)
from geogrid.crs import WGS84, Datum, change_crs, datum_to_wgs84, wgs84_to_datum
from geogrid.demo import build_town
from geogrid.schema import LAYERS
from geogrid.workspace import Workspace
from tests.support.command import Command
from tests.support.frames import METRIC, make_layer, point, rectangle

SEEDS = range(101, 106)


def measure(town):
    return {name: change_crs(frame, METRIC, name) for name, frame in town.items() if name in LAYERS}


def take_for(frame, is_in, taken_for):
    """A layer as it comes out when coordinates of one datum are taken for another's."""
    degrees = change_crs(frame, WGS84, "test")
    wrong = shapely.transform(
        shapely.force_2d(degrees.geometry.to_numpy()),
        lambda lonlat: datum_to_wgs84(wgs84_to_datum(lonlat, is_in), taken_for),
    )
    return change_crs(
        degrees.set_geometry(gpd.GeoSeries(wrong, index=frame.index, crs=WGS84)), METRIC, "test"
    )


def move(frame, east_m, north_m):
    return frame.set_geometry(frame.geometry.translate(east_m, north_m))


@pytest.fixture(scope="module")
def town():
    return build_town(SEEDS[0])


@pytest.fixture(scope="module")
def layers(town):
    return measure(town)


def test_a_sound_town_is_judged_and_found_sound(layers):
    positions = judge_positions(layers)
    assert {p.layer for p in positions} == {name for name, frame in layers.items() if len(frame)}
    assert {p.layer for p in positions if p.verdict is Verdict.APART} == set()
    judged = {p.layer for p in positions if p.verdict is Verdict.AGREES}
    assert judged >= {"street", "building", "community", "district", "grid", "compound", "gate", "centre"}


@pytest.mark.parametrize("name", ["street", "building", "community", "grid", "compound", "gate", "centre"])
@pytest.mark.parametrize(
    ("is_in", "taken_for", "cause"),
    [
        (Datum.GCJ02, Datum.WGS84, Cause.GCJ02_AS_WGS84),
        (Datum.BD09, Datum.WGS84, Cause.BD09_AS_WGS84),
        (Datum.WGS84, Datum.GCJ02, Cause.WGS84_AS_GCJ02),
    ],
)
def test_a_layer_of_another_datum_is_told_with_its_datum(layers, name, is_in, taken_for, cause):
    moved = take_for(layers[name], is_in, taken_for)
    (position,) = judge_positions({**layers, name: moved}, name)
    assert (position.verdict, position.cause) == (Verdict.APART, cause)
    was = shapely.get_coordinates(shapely.centroid(layers[name].geometry.to_numpy()))
    now = shapely.get_coordinates(shapely.centroid(moved.geometry.to_numpy()))
    true = np.median(now - was, axis=0)
    assert abs(true[0] - position.east_m) < 10
    assert abs(true[1] - position.north_m) < 10


def test_of_all_layers_the_shifted_one_is_told(layers):
    moved = take_for(layers["street"], Datum.GCJ02, Datum.WGS84)
    (finding,) = find_shifted_layers(judge_positions({**layers, "street": moved}))
    assert (finding.code, finding.layer) == ("datum.shift", "street")
    assert finding.size == pytest.approx(596, abs=8)  # the offset of GCJ-02 there, by its formula
    assert "GCJ-02" in finding.zh
    assert "东南" in finding.zh
    assert "--datum gcj02" in finding.remedy_zh
    assert "south-east" in finding.en


def test_a_set_of_layers_of_another_datum_is_told_whole(layers):
    names = ("building", "compound", "entrance", "gate", "barrier")
    moved = {name: take_for(layers[name], Datum.GCJ02, Datum.WGS84) for name in names}
    findings = find_shifted_layers(judge_positions({**layers, **moved}))
    assert {f.layer for f in findings} >= set(names)
    assert {p.cause for p in judge_positions({**layers, **moved}) if p.layer in names} == {
        Cause.GCJ02_AS_WGS84
    }


@pytest.mark.parametrize("degrees", [0, 90, 200])
def test_a_hundred_metres_of_no_known_datum_are_told_as_such(layers, degrees):
    east_m, north_m = 100 * np.cos(np.radians(degrees)), 100 * np.sin(np.radians(degrees))
    (position,) = judge_positions(
        {**layers, "building": move(layers["building"], east_m, north_m)}, "building"
    )
    assert (position.verdict, position.cause) == (Verdict.APART, Cause.UNKNOWN)
    assert np.hypot(position.east_m - east_m, position.north_m - north_m) < 10


def test_too_few_points_are_not_judged(layers):
    few = layers["centre"].iloc[: LEAST_FEATURES - 1]
    (position,) = judge_positions({**layers, "centre": take_for(few, Datum.GCJ02, Datum.WGS84)}, "centre")
    assert position.verdict is Verdict.NOT_JUDGED
    assert position.to_dict()["verdict"] == "not_judged"


def test_a_layer_alone_or_without_relation_is_not_judged(layers):
    assert [p.verdict for p in judge_positions({"street": layers["street"]})] == [Verdict.NOT_JUDGED]
    assert judge_positions({}) == []
    two = {"place": layers["place"], "water": layers["water"]}
    assert {p.verdict for p in judge_positions(two)} == {Verdict.NOT_JUDGED}


def test_layers_that_share_no_pattern_are_not_judged():
    rng = np.random.default_rng(5)
    houses = {
        f"w{i}": rectangle(x, y, x + 12, y + 9) for i, (x, y) in enumerate(rng.uniform(0, 3000, (200, 2)))
    }
    doors = {f"z{i}": point(x, y) for i, (x, y) in enumerate(rng.uniform(0, 3000, (60, 2)))}
    layers = {"building": make_layer("building", houses), "centre": make_layer("centre", doors)}
    assert {p.verdict for p in judge_positions(layers)} == {Verdict.NOT_JUDGED}


def test_a_shift_is_explained_by_the_published_offsets():
    # The offsets at the county's seat by the reference points of two other libraries: WGS 118.8525, 27.367777778
    # -> GCJ 118.85718051, 27.36441209 -> BD 118.86376617, 27.37006042. A degree there is 98,960 m by 110,800 m.
    seat = (386_473.5, 3_028_905.1)
    gcj = ((118.85718051 - 118.8525) * 98_960, (27.36441209 - 27.367777778) * 110_800)
    bd = ((118.86376617 - 118.8525) * 98_960, (27.37006042 - 27.367777778) * 110_800)
    assert explain_shift(seat, *gcj, METRIC) is Cause.GCJ02_AS_WGS84
    assert explain_shift(seat, *bd, METRIC) is Cause.BD09_AS_WGS84
    assert explain_shift(seat, -gcj[0], -gcj[1], METRIC) is Cause.WGS84_AS_GCJ02
    assert explain_shift(seat, 100.0, 0.0, METRIC) is Cause.UNKNOWN


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS[1:])
def test_no_sound_town_raises_an_alarm(seed):
    layers = measure(build_town(seed))
    assert [p.layer for p in judge_positions(layers) if p.verdict is Verdict.APART] == []


def test_an_import_says_where_the_layer_lies_and_the_check_repeats_it(town, tmp_path, monkeypatch, capsys):
    county, file = tmp_path / "c.gpkg", tmp_path / "streets.geojson"
    with Workspace.create(county, "350725", "政和县") as workspace, workspace.edit("test", "town") as edit:
        for name in ("county", "community", "district"):
            edit.insert(name, town[name])
    # The layers that a planning office gets first: areas, and then somebody's streets.
    wrong = change_crs(take_for(measure(town)["street"], Datum.GCJ02, Datum.WGS84), WGS84, "street")
    wrong[["id", "class", "geometry"]].to_file(file, driver="GeoJSON")
    command = Command(monkeypatch, capsys)
    for rehearsal in (["--dry-run"], []):
        code, _, err = command("import", county, "street", file, "--datum", "wgs84", *rehearsal)
        assert code == 0
        assert "--datum gcj02" in err
    code, out, _ = command("check", county)
    assert code == 1
    assert "datum.shift" in out
    command.succeed("import", county, "street", file, "--datum", "gcj02", "--replace")
    code, out, _ = command("check", county, "--json")
    assert '"verdict": "agrees"' in out
    assert "datum.shift" not in out
