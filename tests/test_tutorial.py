"""The tutorial is run as it stands, on one community of the demo county."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from geogrid.demo.town import build_town
from geogrid.io.export import write_layer
from geogrid.io.shapefile_out import SHORT_NAMES
from tests.support.command import Command

TUTORIAL = Path(__file__).parent.parent / "docs" / "tutorial.md"
FILES = {
    "county": ".geojson",
    "community": ".shp.zip",
    "street": ".gpkg",
    "compound": ".fgb",
    "gate": ".csv",
    "building": ".gpkg",
    "centre": ".xlsx",
}


def list_commands():
    blocks = re.findall(r"```sh\n(.*?)```", TUTORIAL.read_text("utf-8"), re.DOTALL)
    return [shlex.split(line) for block in blocks for line in block.splitlines()]


def write_files(folder):
    """What lies in one community of the demo county, as an office would have it."""
    town = build_town(1)
    community = town["community"].iloc[[0]]
    ground = community.geometry.iloc[0]
    kept = {"community": community, "county": town["county"].assign(geometry=[ground])}
    for name in ("street", "compound", "building", "centre"):
        layer = town[name]
        kept[name] = layer[shapely.intersects(ground, layer.geometry.to_numpy())]
    kept["centre"] = kept["centre"].iloc[:1]  # so that there is somebody to reach
    kept["gate"] = town["gate"][town["gate"]["compound"].isin(kept["compound"]["id"])]
    for name, suffix in FILES.items():
        frame = gpd.GeoDataFrame(kept[name]).dropna(axis=1, how="all")
        write_layer(frame, folder / f"synthetic-{name}{suffix}", layer_title=name)


@pytest.mark.slow
def test_every_command_of_the_tutorial_runs_and_writes_what_it_says(tmp_path, monkeypatch, capsys):
    write_files(tmp_path)
    monkeypatch.chdir(tmp_path)
    geogrid = Command(monkeypatch, capsys)
    commands = list_commands()
    assert {command[3] for command in commands if command[1] == "import"} == set(FILES)
    for command in commands:
        assert command[0] == "geogrid"
        code, out, err = geogrid(*command[1:])
        assert code in ((0, 1) if command[1] == "check" else (0,)), (command, out, err)
    written = {path.name for path in tmp_path.iterdir()}
    text = TUTORIAL.read_text("utf-8")
    for name in re.findall(r"^`([a-z]+\.[a-z]+)`", text, re.MULTILINE):
        assert name in written
    for stem in ("sites", "gaps", "isochrones", "everything"):
        assert any(name.startswith(f"{stem}.") for name in written), (stem, written)


def test_the_tutorial_has_the_names_of_a_shapefile_as_they_are():
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \|$", TUTORIAL.read_text("utf-8"), re.MULTILINE)
    assert dict(rows) == SHORT_NAMES
