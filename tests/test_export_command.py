"""`geogrid export`: every layer and result in every kind of file; nothing personal, nothing unasked, nothing unmarked."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys

import openpyxl
import pytest

from geogrid.cli.export import ALL
from geogrid.demo.county import create_demo_county
from geogrid.io.export import EXPORT_SUFFIXES
from geogrid.schema import LAYERS
from geogrid.workspace.exporting import COMPUTED, EXPORTABLE
from tests.support.command import Command


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    path = tmp_path_factory.mktemp("demo") / "demo.gpkg"
    create_demo_county(path, seed=1)
    return path


@pytest.fixture
def geogrid(monkeypatch, capsys):
    return Command(monkeypatch, capsys)


def test_all_layers_ask_first_and_go_into_one_file_that_gdal_opens(geogrid, demo, tmp_path):
    said = geogrid.refuse("export", demo, ALL, tmp_path / "out.gpkg")
    assert "--yes" in said
    assert not list(tmp_path.iterdir())
    told = geogrid.succeed("export", demo, ALL, tmp_path / "out.gpkg", "--yes", "--crs", "zone")
    path = tmp_path / "out.gpkg"
    assert path.name in told
    code = "import sys, pyogrio; print({str(n): str(pyogrio.read_info(sys.argv[1], layer=n)['crs']) for n, g in pyogrio.list_layers(sys.argv[1]) if g})"
    ran = subprocess.run([sys.executable, "-c", code, str(path)], check=True, capture_output=True, text=True)
    assert eval(ran.stdout) == dict.fromkeys(LAYERS, "EPSG:4528")  # noqa: S307  # our own output
    connection = sqlite3.connect(path)
    tables = {name for (name,) in connection.execute("SELECT table_name FROM gpkg_contents")}
    dump = re.sub("X'[0-9A-F]*'", "", "\n".join(connection.iterdump()))  # digits of a geometry are no phone
    connection.close()
    assert tables == set(EXPORTABLE)
    assert not {"person", "assignment", "account", "audit"} & tables
    private = sqlite3.connect(demo.with_name("demo.private.sqlite"))
    people = private.execute("SELECT name, duty_phone, private_phone FROM person").fetchall()
    private.close()
    assert people
    phones = [phone for _, *pair in people for phone in pair if phone]
    assert phones
    assert not [phone for phone in phones if phone in dump]


def test_a_terminal_is_asked_and_a_single_large_layer_is_remarked_on(geogrid, demo, tmp_path, monkeypatch):
    monkeypatch.setattr("geogrid.cli.export.BULK_M2", 0.0)
    code, _, err = geogrid("export", demo, "building", tmp_path / "out.csv")
    assert (code, "25" in err) == (0, True)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("click.confirm", lambda *_a, **_k: (_ for _ in ()).throw(SystemExit(1)))
    assert geogrid("export", demo, ALL, tmp_path / "all.gpkg")[0] == 1
    assert not list(tmp_path.glob("all*"))


@pytest.mark.parametrize("layer", [*COMPUTED, "centre"])
def test_every_result_is_exported_under_the_name_that_was_asked_for(geogrid, demo, tmp_path, layer):
    for suffix in EXPORT_SUFFIXES if layer == "centre" else (".gpkg",):
        told = geogrid.succeed("export", demo, layer, tmp_path / f"out{suffix}")
        path = tmp_path / f"out{suffix}"
        assert str(path) in told
        assert path.stat().st_size > 300
    assert {one.stem.partition(".")[0] for one in tmp_path.iterdir()} == {"out"}


def test_titles_follow_the_language_and_settings_keep_their_secret(geogrid, demo, tmp_path):
    geogrid.succeed("setting", demo, "map.tianditu_token", "000secret000")
    geogrid.succeed("export", demo, "setting", tmp_path / "out.xlsx", "--lang", "en")
    sheet = openpyxl.load_workbook(tmp_path / "out.xlsx").active
    assert sheet.title.startswith("settings")
    assert "000secret000" not in {cell.value for row in sheet for cell in row}
