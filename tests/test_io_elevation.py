"""Heights of streets: from a model whose heights are a formula, so that each answer is arithmetic."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely

from geogrid.crs import choose_metric_crs
from geogrid.errors import GeogridError, UnsupportedFileError
from geogrid.io.elevation import STEP_M, drape_streets, read_elevation
from tests.support.readers import read_elevation_in_process

WEST, NORTH, CELL = 118.85, 27.40, 0.0002  # cells of about 20 m
METRES_PER_DEGREE = 111_320.0


def write_model(path, height_of, n=200, **options):
    """A model of n x n cells; `height_of` takes longitudes and latitudes of the cells' middles."""
    middle = (np.arange(n) + 0.5) * CELL
    lon, lat = np.meshgrid(WEST + middle, NORTH - middle)
    profile = {
        "driver": "GTiff",
        "width": n,
        "height": n,
        "count": 1,
        "dtype": "float32",
        "crs": "EPSG:4326",
        **options,
    }
    with rasterio.open(
        path, "w", transform=rasterio.Affine(CELL, 0, WEST, 0, -CELL, NORTH), **profile
    ) as model:
        for band in range(1, profile["count"] + 1):
            model.write(height_of(lon, lat).astype("float32"), band)
    return path


def plane(lon, lat):
    """1 m up for every 0.001 degree to the east, 2 m for every one to the north."""
    return 150.0 + (lon - WEST) * 1000 + (lat - 27.36) * 2000


def streets(*lines, bridge=()):
    ids = [f"s{i}" for i in range(len(lines))]
    columns = {"id": ids, "bridge": [key in bridge for key in ids]}
    return gpd.GeoDataFrame(columns, geometry=[shapely.LineString(line) for line in lines], crs="EPSG:4490")


def heights_of(frame, key):
    line = frame.set_index("id").geometry[key]
    return shapely.get_coordinates(line, include_z=True)


def test_on_a_plane_the_average_around_a_point_is_its_own_height(tmp_path):
    model = write_model(tmp_path / "m.tif", plane)
    points = np.column_stack([np.linspace(118.853, 118.885, 50), np.linspace(27.363, 27.395, 50)])
    expected = plane(*points.T)
    assert read_elevation_in_process(model, points) == pytest.approx(
        expected, abs=0.02
    )  # float32 at 200 m: 0.00002 m; the square is not quite symmetric on the ground


def test_a_single_wrong_cell_is_smoothed(tmp_path):
    def spike(lon, lat):
        return np.where((abs(lon - 118.8701) < CELL / 3) & (abs(lat - 27.3801) < CELL / 3), 125.0, 100.0)

    model = write_model(tmp_path / "m.tif", spike)
    (height,) = read_elevation_in_process(model, np.array([[118.8701, 27.3801]]))
    # of 5 x 5 samples 15 m apart in cells of 20 m, interpolated linearly, the spike has a weight of
    # 1, a quarter, nothing along each side: east (1 + 2 * (1 - 15 / 19.77)) / 5, north (1 + 2 * (1 - 15 / 22.26)) / 5
    weight_east = (1 + 2 * (1 - 15 / (CELL * METRES_PER_DEGREE * np.cos(np.radians(27.3801))))) / 5
    weight_north = (1 + 2 * (1 - 15 / (CELL * METRES_PER_DEGREE))) / 5
    assert height == pytest.approx(100 + 25 * weight_east * weight_north, abs=0.01)


def test_outside_the_model_and_where_it_has_no_data_there_is_no_height(tmp_path):
    model = write_model(tmp_path / "m.tif", lambda lon, _: np.where(lon < 118.87, 100.0, -9999.0))
    found = read_elevation_in_process(model, np.array([[118.86, 27.38], [118.88, 27.38], [10.0, 50.0]]))
    assert np.isnan(found).tolist() == [False, True, True]  # -9999 without being declared


def test_a_model_in_metres_of_a_zone_is_read_too(tmp_path):
    # 200 cells of 20 m around the county's seat in EPSG:4549, everywhere 321 m
    with rasterio.open(
        tmp_path / "m.tif", "w", driver="GTiff", width=200, height=200, count=1, dtype="int16", crs="EPSG:4549",
        transform=rasterio.Affine(20, 0, 384_473.5, 0, -20, 3_030_905.1),
    ) as model:  # fmt: skip
        model.write(np.full((200, 200), 321, dtype="int16"), 1)
    assert read_elevation_in_process(tmp_path / "m.tif", np.array([[118.8525, 27.3678]])).tolist() == [321.0]


def test_streets_get_vertices_and_streets_that_meet_have_one_height(tmp_path):
    model = write_model(tmp_path / "m.tif", plane)
    frame = streets(
        [(118.86, 27.37), (118.87, 27.37)],
        [(118.87, 27.37), (118.87, 27.371)],
        [(118.86, 27.37), (119.0, 27.37)],
        [(119.0, 27.37), (119.1, 27.37)],
    )
    draped = drape_streets(frame, model)
    first, second = heights_of(draped.streets, "s0"), heights_of(draped.streets, "s1")
    assert first[-1].tolist() == second[0].tolist()
    assert first[[0, -1], :2].tolist() == [[118.86, 27.37], [118.87, 27.37]]
    assert first[:, 2] == pytest.approx(plane(first[:, 0], first[:, 1]), abs=0.02)
    metres = gpd.GeoSeries(shapely.points(first[:, :2]), crs="EPSG:4490").to_crs(
        choose_metric_crs(118.86, 27.37)
    )
    steps = metres[:-1].distance(metres[1:], align=False)
    # 0.01 degree at 27.37 N is 989 m: 17 steps of 58.2 m
    assert len(steps) == 17
    assert steps.max() <= STEP_M
    assert draped.without_height == ["s3"]  # it lies outside the model
    assert not draped.streets.set_index("id").geometry["s3"].has_z
    # s2 leaves the model, which ends 200 cells of 0.0002 degrees from 118.85: what is covered has its height
    x, y, z = heights_of(draped.streets, "s2").T
    inside = x < 118.85 + 200 * CELL - 0.0005
    assert 40 < inside.sum() < len(x)
    assert z[inside] == pytest.approx(plane(x, y)[inside], abs=0.02)
    assert np.isnan(z[x > 118.85 + 200 * CELL + 0.0005]).all()
    assert (draped.lowest_m, draped.n_without_height > 0) == (
        pytest.approx(plane(118.86, 27.37), abs=0.02),
        True,
    )


def test_bridges_run_straight_between_their_ends(tmp_path):
    def valley(lon, _):
        return np.where(abs(lon - 118.87) < 0.002, 100.0, 150.0 + (lon - 118.87) * 1000)

    model = write_model(tmp_path / "m.tif", valley)
    frame = streets(
        [(118.86, 27.38), (118.865, 27.38)],
        # two ways make one bridge, 0.004 and 0.006 degrees long; steps come up to where they meet
        [(118.865, 27.38), (118.869, 27.38)],
        [(118.869, 27.38), (118.875, 27.38)],
        [(118.875, 27.38), (118.88, 27.38)],
        bridge=("s1", "s2"),
    )
    draped = drape_streets(frame, model).streets
    begin, end = heights_of(draped, "s0")[-1, 2], heights_of(draped, "s3")[0, 2]
    assert (begin, end) == (pytest.approx(145, abs=0.5), pytest.approx(155, abs=0.5))
    for key in ("s1", "s2"):
        x, _, z = heights_of(draped, key).T
        assert z == pytest.approx(begin + (x - 118.865) / 0.01 * (end - begin), abs=0.01)


def test_a_bridge_keeps_its_height_over_a_street_at_the_very_same_place(tmp_path):
    def valley(lon, _):
        return np.where(abs(lon - 118.87) < 0.002, 100.0, 150.0)

    model = write_model(tmp_path / "m.tif", valley)
    frame = streets(
        [(118.86, 27.38), (118.865, 27.38)],
        [(118.865, 27.38), (118.87, 27.38), (118.875, 27.38)],
        [(118.875, 27.38), (118.88, 27.38)],
        [(118.87, 27.379), (118.87, 27.38), (118.87, 27.381)],
        bridge=("s1",),
    )
    frame["nodes"] = [None, "1:71", None, "1:72"]
    draped = drape_streets(frame, model).streets
    over, below = heights_of(draped, "s1"), heights_of(draped, "s3")
    assert over[:, 2] == pytest.approx(np.full(len(over), 150.0), abs=0.5)
    assert below[:, 2] == pytest.approx(np.full(len(below), 100.0), abs=0.5)
    # the numbers went along with their vertices: 0.005 degrees are 494 m, nine pieces; 0.001 are 111 m, two
    assert draped.set_index("id")["nodes"].to_dict() == {"s0": None, "s1": "9:71", "s2": None, "s3": "2:72"}
    assert over[9, :2].tolist() == below[2, :2].tolist() == [118.87, 27.38]
    # joined, as streets were that say nothing of nodes, one height has to do for both
    joined = drape_streets(frame.assign(nodes=None), model).streets
    assert heights_of(joined, "s3")[2, 2] == pytest.approx(150.0, abs=0.5)


def test_what_is_no_model_is_refused(tmp_path):
    with pytest.raises(UnsupportedFileError):
        read_elevation(tmp_path / "m.asc", np.zeros((1, 2)))
    vrt = tmp_path / "vrt.tif"
    vrt.write_text(
        '<VRTDataset rasterXSize="1" rasterYSize="1"><VRTRasterBand dataType="Byte" band="1"/></VRTDataset>'
    )
    with pytest.raises(UnsupportedFileError):
        read_elevation(vrt, np.zeros((1, 2)))
    with pytest.raises(GeogridError, match="2 ×"):
        read_elevation_in_process(write_model(tmp_path / "two.tif", plane, n=5, count=2), np.zeros((1, 2)))
    with pytest.raises(GeogridError, match="CRS"):
        read_elevation_in_process(write_model(tmp_path / "none.tif", plane, n=5, crs=None), np.zeros((1, 2)))
