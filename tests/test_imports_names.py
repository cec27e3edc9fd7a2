"""Names that programs run, cut or change: they come in, go out and come in again as the text that they are."""

from __future__ import annotations

import csv

import geopandas as gpd
import openpyxl
import pytest
import shapely

from geogrid.crs import Datum
from geogrid.errors import FileContentError
from geogrid.io.export import write_layer
from geogrid.schema import LAYERS
from geogrid.workspace import ImportMode, Workspace, import_layers
from tests.support.corpus.odd import NASTY
from tests.support.readers import read_layer_in_process

CENTRE = LAYERS["centre"]
SOME = [
    *NASTY,
    "'=already escaped",
    "  inner  space  ",
    "\u200fقرية",
    "=1+1",
    "+86",
    "@SUM(A1)",
    "a\tb",
    "第一行\n第二行",
]


@pytest.fixture(scope="module")
def county(tmp_path_factory):
    """A county whose centres bear the names, brought in from a file."""
    folder = tmp_path_factory.mktemp("names")
    frame = gpd.GeoDataFrame(
        {"id": [f"c{i:02}" for i in range(len(SOME))], "name": SOME},
        geometry=[shapely.Point(118.85 + i * 1e-4, 27.36) for i in range(len(SOME))],
        crs="EPSG:4490",
    )
    frame.to_file(folder / "names.gpkg", layer="centre")
    with Workspace.create(folder / "c.gpkg", "350725", "合成县") as county:
        put(county, folder / "names.gpkg")
        yield county


def put(county, path):
    crs = None if path.suffix != ".xlsx" else "EPSG:4490"
    imported = read_layer_in_process(path, CENTRE, datum=Datum.CGCS2000, crs=crs, store_crs="EPSG:4490")
    layers = {"centre": imported.frame}
    import_layers(county, layers, ImportMode.REPLACE, author="t", note="", is_rehearsal=False)


@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".geojson", ".gpkg"])
def test_every_name_comes_back_from_an_export_as_it_went(county, tmp_path, suffix):
    expected = [name.strip() for name in SOME]
    assert county.read("centre")["name"].tolist() == expected
    path = tmp_path / f"out{suffix}"
    write_layer(county.read("centre"), path, layer_title="邻里服务中心")
    put(county, path)
    found = county.read("centre")
    assert found["name"].tolist() == expected
    assert found["id"].tolist() == [f"c{i:02}" for i in range(len(SOME))]


def test_no_exported_name_is_a_formula(county, tmp_path):
    write_layer(county.read("centre"), tmp_path / "o.xlsx", layer_title="x")
    book = openpyxl.load_workbook(tmp_path / "o.xlsx")
    assert {cell.data_type for row in book.active.iter_rows() for cell in row} <= {"s", "n", "b"}
    write_layer(county.read("centre"), tmp_path / "o.csv", layer_title="x")
    with (tmp_path / "o.csv").open(encoding="utf-8-sig", newline="") as file:
        names = [row["name"] for row in csv.DictReader(file)]
    assert not [name for name in names if name[0] in "=+-@\t\r\0"]


@pytest.mark.parametrize("ch", ["\x01", "\x07", "\x1b", "\x7f", "\x85", "\x9f", "\ufffd", "\ufffe"])
def test_a_control_or_damaged_character_is_refused_with_its_row(tmp_path, ch):
    lines = ["id,name,lon,lat", "1,好,118.85,27.36", f"2,东{ch}门,118.85,27.36"]
    (tmp_path / "c.csv").write_text("\n".join(lines), encoding="utf-8", newline="")
    with pytest.raises(FileContentError, match=f"U\\+{ord(ch):04X}") as caught:
        read_layer_in_process(tmp_path / "c.csv", CENTRE, datum=Datum.WGS84)
    assert [(fault.row, fault.column) for fault in caught.value.faults] == [(3, "name")]
