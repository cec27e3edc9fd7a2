"""The layout on disk: equal to one that was just made, made anew whenever something changed, never in the way."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from geogrid.coverage.walks import lay_out, measure_walks
from geogrid.network.impedance import PROFILES
from geogrid.workspace import cache
from geogrid.workspace.cache import KEPT, fingerprint_town, read_layout
from tests.support.random_town import make_town


def list_values(record: object) -> list[object]:
    """Every array in a record and in the records in it, in a form that compares."""
    values: list[object] = []
    for field in fields(record):
        value = getattr(record, field.name)
        if is_dataclass(value):
            values += list_values(value)
        elif isinstance(value, gpd.GeoDataFrame):
            values.append(value["id"].tolist())
        elif value.dtype == object and len(value) and isinstance(value[0], shapely.Geometry):
            values.append(shapely.to_wkb(value).tolist())
        else:
            values.append((str(value.dtype), value.shape, [repr(item) for item in value.ravel().tolist()]))
    return values


@pytest.fixture
def town():
    return make_town(4)


def test_the_layout_from_disk_is_the_layout_that_was_made(town, tmp_path):
    path = tmp_path / "county.gpkg"
    made = read_layout(path, town)
    assert len(list((tmp_path / "county.cache").glob("layout-*.npz"))) == 1
    found = read_layout(path, town)
    assert list_values(found) == list_values(made) == list_values(lay_out(town))
    walks = [measure_walks(layout, PROFILES["elderly"]) for layout in (found, made)]
    assert walks[0].cost.tolist() == walks[1].cost.tolist()
    assert walks[0].centre.tolist() == walks[1].centre.tolist()


@pytest.mark.parametrize("layer", cache.LAYERS_LAID_OUT)
def test_a_changed_row_of_any_layer_changes_the_name(town, layer):
    frame = getattr(town, layer)
    if frame.empty:
        pytest.skip("this drawn town has none of these")
    moved = frame.geometry.to_numpy().copy()
    moved[0] = shapely.transform(moved[0], lambda xy: xy + 1e-6)
    changed = [
        frame.set_geometry(gpd.GeoSeries(moved, index=frame.index, crs=frame.crs)),
        frame.assign(name="x"),
        frame.iloc[1:],
    ]
    names = {
        fingerprint_town(town),
        *(fingerprint_town(replace(town, **{layer: other})) for other in changed),
    }
    assert len(names) == 4


def test_other_code_changes_the_name(town, monkeypatch):
    before = fingerprint_town(town)
    monkeypatch.setattr(cache, "_fingerprint_code", lambda: b"another version")
    assert fingerprint_town(town) != before


def test_a_spoilt_file_is_made_anew(town, tmp_path):
    path = tmp_path / "county.gpkg"
    made = read_layout(path, town)
    (file,) = (tmp_path / "county.cache").iterdir()
    whole = file.read_bytes()
    for spoilt in (b"", b"garbage", whole[: len(whole) // 2]):
        file.write_bytes(spoilt)
        assert list_values(read_layout(path, town)) == list_values(made)
        assert file.read_bytes() == whole


def test_a_folder_that_cannot_be_written_costs_nothing_but_time(town, tmp_path):
    (tmp_path / "county.cache").write_text("a file stands in the way")
    assert list_values(read_layout(tmp_path / "county.gpkg", town)) == list_values(lay_out(town))


def test_only_the_latest_layouts_are_kept(town, tmp_path):
    path: Path = tmp_path / "county.gpkg"
    for n in range(KEPT + 2):
        read_layout(path, replace(town, centre=town.centre.assign(name=str(n))))
    assert len(list((tmp_path / "county.cache").iterdir())) == KEPT
