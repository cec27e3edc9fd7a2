"""Totals spread over homes: whole people, exact sums, counted homes untouched, and told as estimated."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geogrid.areas.apportion import apportion
from geogrid.crs import WGS84, change_crs
from geogrid.errors import ConflictError
from geogrid.io.totals import Totals
from geogrid.workspace import Workspace
from geogrid.workspace.spreading import apply_spread, plan_spread
from tests.support.command import Command
from tests.support.frames import make_layer, rectangle


@given(
    st.integers(0, 10_000),
    st.lists(st.integers(0, 1000), min_size=1, max_size=40).filter(any),
)
def test_parts_sum_to_the_total_and_each_is_its_quota_rounded_down_or_up(total, weights):
    parts = apportion(total, np.array(weights, float))
    assert parts.sum() == total
    for part, weight in zip(parts.tolist(), weights, strict=True):
        assert abs(part * sum(weights) - total * weight) < sum(weights) + 1e-6 * total * max(weights)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=30).filter(any), st.data())
def test_ages_shared_by_people_never_exceed_the_people_of_a_home(people, data):
    total = data.draw(st.integers(0, sum(people)))
    assert (apportion(total, np.array(people, float)) <= np.array(people)).all()


@pytest.fixture
def geogrid(monkeypatch, capsys):
    return Command(monkeypatch, capsys)


@pytest.fixture
def county(tmp_path, geogrid):
    """Two communities; in the first homes of 1:2:1 floor space, a shop, and a counted home."""
    path = tmp_path / "a.gpkg"
    geogrid.succeed("init", path, "--code", "999999", "--name", "示例县")
    box = {f"B{n}": rectangle(20 * n, 0, 20 * n + 10, 10) for n in range(7)}
    layers = {
        "community": make_layer(
            "community",
            {"K1": rectangle(-10, -10, 95, 50), "K2": rectangle(95, -10, 200, 50)},
            name=["示例东社区", "示例西社区"],
        ),
        "building": make_layer(
            "building",
            box,
            use=["residential", "residential", "mixed", "commercial", "residential", "residential", None],
            floors=[3, 6, 6, 9, 3, 2, None],
            residents=[None, None, None, None, 12, None, None],
            people_source=[None, None, None, None, "counted", None, None],
        ),
    }
    with Workspace.open(path) as workspace, workspace.edit("test", "layers") as edit:
        for name, frame in layers.items():
            edit.insert(name, change_crs(frame, WGS84, name))
    return path


def read_people(county, column="residents"):
    with Workspace.open(county) as workspace:
        return workspace.read("building")[column].fillna(-1).tolist()


def write(path, rows, columns=("社区名称", "户数", "人数", "0-14岁", "60岁以上", "80岁以上")):
    pd.DataFrame(rows, columns=columns).to_excel(path, index=False)
    return path


def test_people_follow_floor_space_and_use_and_the_counted_are_taken_off_first(county, tmp_path, geogrid):
    # 112 - 12 counted = 100 over 3 : 6 : 6 x 0.5, so 25, 50 and 25; the shop has nobody.
    # Of the west, 2 floors and 1 x 0.5: 4/5 and 1/5 of 10.
    totals = write(tmp_path / "t.xlsx", [("示例东社区", 40, 112, 22, 30, 6), ("K2", 4, 10, 0, 0, 0)])
    preview = json.loads(geogrid.succeed("spread", county, totals, "--dry-run", "--json"))
    assert preview["revision"] is None
    assert read_people(county) == [-1, -1, -1, -1, 12, -1, -1]
    geogrid.succeed("spread", county, totals)
    assert read_people(county) == [25, 50, 25, -1, 12, 8, 2]
    # Households go by floor space over all four homes, the counted one has none counted: 3 : 6 : 3 : 3 of 40.
    assert read_people(county, "households") == [8, 16, 8, -1, 8, 3, 1]
    sources = read_people(county, "people_source")
    assert sources == ["estimated"] * 3 + [-1, "counted"] + ["estimated"] * 2
    with Workspace.open(county) as workspace:
        building = workspace.read("building")
    east = building.iloc[[0, 1, 2, 4]]
    ages = east[["residents_0_14", "residents_60_plus", "residents_80_plus"]]
    assert ages.sum().tolist() == [22, 30, 6]
    assert (ages["residents_80_plus"] <= ages["residents_60_plus"]).all()
    assert (ages["residents_0_14"] + ages["residents_60_plus"] <= east["residents"]).all()
    assert "estimated[" in building["source"].iloc[4]  # its ages and households are, its people are counted
    geogrid.succeed("undo", county)
    assert read_people(county) == [-1, -1, -1, -1, 12, -1, -1]


def test_spreading_again_with_another_total_replaces_the_estimate_alone(county, geogrid):
    geogrid.succeed("spread", county, "--area", "K1", "--residents", "112")
    geogrid.succeed("spread", county, "--area", "示例东社区", "--residents", "52")
    assert read_people(county) == [10, 20, 10, -1, 12, -1, -1]
    assert "estimated[residents]" in read_people(county, "source")[0]
    geogrid.succeed("spread", county, "--area", "K1", "--residents", "150", "--overwrite-counted")
    assert read_people(county) == [30, 60, 30, -1, 30, -1, -1]  # 3 : 6 : 3 : 3
    assert read_people(county, "people_source")[4] == "estimated"


def test_households_that_were_counted_stay_when_only_people_were_estimated(county, geogrid):
    with Workspace.open(county) as workspace, workspace.edit("test", "count") as edit:
        version = int(workspace.read("building")["version"].iloc[0])
        edit.update("building", "B0", version, {"households": 5})
    geogrid.succeed("spread", county, "--area", "K1", "--residents", "112")
    geogrid.succeed("spread", county, "--area", "K1", "--households", "45")
    assert read_people(county, "households") == [5, 20, 10, -1, 10, -1, -1]  # 40 over 6 : 3 : 3


def test_every_total_that_cannot_be_met_is_told_at_once_and_nothing_is_written(county, tmp_path, geogrid):
    rows = [
        ("示例东社区", None, 11, None, None, None),
        ("示例南社区", 1, 1, None, None, None),
        ("K2", None, 5, None, 6, None),
    ]
    error = geogrid.refuse("spread", county, write(tmp_path / "t.xlsx", rows))
    assert all(f"第 {row} 行" in error for row in (2, 3, 4))
    assert "--overwrite-counted" in error
    assert read_people(county) == [-1, -1, -1, -1, 12, -1, -1]
    assert "--area" in geogrid.refuse("spread", county)
    assert "第 3 行" in geogrid.refuse(
        "spread", county, write(tmp_path / "d.xlsx", [("K1", 1), ("K1", 2)], ["社区代码", "户数"])
    )
    assert "人数" in geogrid.refuse(
        "spread", county, write(tmp_path / "e.xlsx", [("K1", 1)], ["社区代码", "备注"])
    )


def test_the_same_totals_again_change_nothing_and_a_home_changed_meanwhile_stops_it(county, geogrid):
    geogrid.succeed("spread", county, "--area", "K1", "--residents", "112")
    again = json.loads(geogrid.succeed("spread", county, "--area", "K1", "--residents", "112", "--json"))
    assert (again["changed"], again["revision"]) == (0, None)
    with Workspace.open(county) as workspace:
        totals = [Totals(None, "K1", {"residents": 52})]
        plan = plan_spread(workspace, totals, "community", "test", is_overwriting=False)
        with workspace.edit("test", "meanwhile") as edit:
            edit.update("building", "B0", int(workspace.read("building")["version"].iloc[0]), {"floors": 4})
        with pytest.raises(ConflictError):
            apply_spread(workspace, plan, "test", "test")
    assert read_people(county) == [25, 50, 25, -1, 12, -1, -1]
