"""Shapes from which nothing can be computed: named by the check, which goes on, and by the mending, which refuses."""

from __future__ import annotations

import datetime
import struct

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geogrid.checks import check_county
from geogrid.checks.attempt import FARTHEST_M, attempt, find_unusable
from geogrid.errors import UndecidableMendError
from geogrid.schema import LAYERS, Geometry
from geogrid.workspace import Workspace
from geogrid.workspace.mending import plan_county_mend
from tests.support.command import Command
from tests.support.web import METRIC, SOUTH, WEST, write_town

TODAY = datetime.date(2026, 6, 1)
NAN, INF = float("nan"), float("inf")
X, Y = WEST + 300, SOUTH + 300


def draw_bad() -> dict[Geometry, dict[str, object]]:
    """Shapes as other programs store them, by what is wrong with them."""
    with np.errstate(invalid="ignore"):
        return {
            Geometry.POLYGON: {
                "no number": shapely.Polygon([(X, Y), (X + 10, Y), (X + 10, NAN), (X, Y)]),
                "infinite": shapely.Polygon([(X, Y), (X + 10, Y), (INF, Y + 10), (X, Y)]),
                "no place on Earth": shapely.Polygon([(0, 0), (1e300, 0), (1e300, 1e300)]),
                "crosses itself": shapely.Polygon([(X, Y), (X + 50, Y + 50), (X + 50, Y), (X, Y + 50)]),
                "flat": shapely.Polygon([(X, Y), (X + 10, Y), (X + 20, Y)]),
                "twice the same": shapely.MultiPolygon([shapely.box(X, Y, X + 9, Y + 9)] * 2),
                "missing": None,
                "empty": shapely.Polygon(),
            },
            Geometry.LINE: {
                "no number": shapely.LineString([(X, Y), (NAN, Y)]),
                "infinite": shapely.LineString([(X, Y), (INF, Y)]),
                "no place on Earth": shapely.LineString([(X, Y), (1e300, Y)]),
                "one point": shapely.LineString([(X, Y), (X, Y)]),
                "missing": None,
                "empty": shapely.LineString(),
            },
            Geometry.POINT: {
                "no number": shapely.Point(NAN, Y),
                "infinite": shapely.Point(INF, Y),
                "no place on Earth": shapely.Point(1e300, 1e300),
                "missing": None,
                "empty": shapely.Point(),
            },
        }


BAD = draw_bad()
CASES = [
    (layer, fault)
    for layer in ("county", "community", "district", "grid", "beat", "building", "centre", "street")
    for fault in BAD[LAYERS[layer].geometry]
    if layer in ("district", "centre", "street") or fault in ("no number", "infinite", "no place on Earth")
]


@pytest.fixture(scope="module")
def county(tmp_path_factory):
    with Workspace.open(write_town(tmp_path_factory.mktemp("town") / "town.gpkg")) as workspace:
        return workspace.read_all()


def put(frame: gpd.GeoDataFrame, shape: object) -> gpd.GeoDataFrame:
    shapes = frame.geometry.to_numpy().copy()
    shapes[0] = shape
    return frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=frame.crs))


@pytest.mark.filterwarnings("ignore:invalid value encountered")
@pytest.mark.parametrize(("layer", "fault"), CASES)
def test_a_check_names_the_feature_and_goes_on(county, layer, fault):
    layers, tables = county
    frame = layers[layer]
    shape = BAD[LAYERS[layer].geometry][fault]
    findings = check_county({**layers, layer: put(frame, shape)}, tables, TODAY).findings
    key = str(frame[LAYERS[layer].key].iloc[0])
    named = [found for found in findings if found.layer == layer and key in found.features]
    assert {found.code for found in named} & {"geometry.unusable", "geometry.invalid", "geometry.empty"}
    assert not {"geometry.unusable", "geometry.empty"} <= {found.code for found in named}
    # The rest was checked: what is found of the roster is found still.
    assert "roster.vacant" in {found.code for found in findings}
    for found in findings:
        assert found.to_dict()["zh"]


def test_unusable_is_what_has_no_place_and_what_cannot_be_repaired():
    shapes = np.array(
        [
            shapely.Point(1, 2),
            shapely.Point(FARTHEST_M, 0),
            shapely.Point(2 * FARTHEST_M, 0),
            shapely.Point(1, NAN),
            None,
            shapely.Point(),
            shapely.LineString([(0, 0, NAN), (1, 0, 3)]),  # a height may be unknown
        ],
        dtype=object,
    )
    assert find_unusable(shapes).tolist() == [False, False, True, True, False, False, False]
    assert find_unusable(shapes[:0]).tolist() == []


def test_where_geometry_gives_up_the_check_says_at_which_feature():
    frame = gpd.GeoDataFrame(
        {"code": ["A", "B"]},
        geometry=[shapely.box(0, 0, 10, 10), shapely.box(50, 0, 60, 10)],
        crs=METRIC,
    )

    def check():
        yield from ()
        raise shapely.errors.GEOSException("TopologyException: side location conflict at 55 10.5. This can")

    (found,) = attempt("district", frame, check)
    assert (found.code, found.features) == ("geometry.failed", ("B",))
    assert "TopologyException" in found.en


def store_raw(path, layer: str, key: str, blob: bytes) -> None:
    """Put a blob where another program would, past everything that looks at shapes."""
    with Workspace.open(path) as workspace, workspace.write_records() as connection:
        connection.execute(f'UPDATE main."{layer}" SET geom = ? WHERE "{LAYERS[layer].key}" = ?', (blob, key))


def polygon_blob(*points: tuple[float, float]) -> bytes:
    ring = struct.pack(f"<I{2 * len(points)}d", len(points), *(value for point in points for value in point))
    wkb = struct.pack("<BIIBII", 1, 6, 1, 1, 3, 1) + ring
    return struct.pack("<2sBBi", b"GP", 0, 1, 4490) + wkb


@pytest.fixture
def path(tmp_path):
    return write_town(tmp_path / "town.gpkg")


UNUSABLE = polygon_blob((118.85, 27.36), (118.86, 27.36), (118.86, NAN), (118.85, 27.36))
UNCLOSED = polygon_blob((118.85, 27.36), (118.86, 27.36), (118.86, 27.37), (118.85, 27.37))


@pytest.mark.filterwarnings("ignore:invalid value encountered")
@pytest.mark.parametrize(
    "blob", [UNUSABLE, UNCLOSED, b"GP\x00\x01nonsense"], ids=["no number", "unclosed", "nonsense"]
)
def test_the_command_tells_what_another_program_stored(monkeypatch, capsys, path, blob):
    store_raw(path, "district", "P01", blob)
    code, out, _ = Command(monkeypatch, capsys)("check", path)
    assert code == 1
    assert "P01" in out


@pytest.mark.filterwarnings("ignore:invalid value encountered")
@pytest.mark.parametrize(
    ("layer", "key", "named"),
    [("district", "P01", "P01"), ("county", "350725", "350725")],
)
def test_mending_refuses_what_it_cannot_compute_and_names_it(monkeypatch, capsys, path, layer, key, named):
    store_raw(path, layer, key, UNUSABLE)
    with Workspace.open(path) as workspace, pytest.raises(UndecidableMendError) as caught:
        plan_county_mend(workspace, "district")
    assert named in caught.value.message("zh")
    assert named in Command(monkeypatch, capsys).refuse("mend", path, "district")
