"""Coordinate systems: GCJ-02 and BD-09 against two other libraries, the zones, and what is refused."""

from __future__ import annotations

import geocoordinates_ffi
import geopandas as gpd
import numpy as np
import prcoords
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geogrid.crs import (
    Datum,
    bd09_to_gcj02,
    change_crs,
    choose_metric_crs,
    choose_store_crs,
    choose_zone_prefixed_crs,
    crs_name,
    datum_to_wgs84,
    gcj02_to_bd09,
    gcj02_to_wgs84,
    normalise_datum,
    parse_crs,
    require_crs,
    require_metric,
    require_same_crs,
    transform_points,
    wgs84_to_datum,
    wgs84_to_gcj02,
)
from geogrid.errors import CrsError, OutOfPlaceError

METRES_PER_DEGREE = 111_320.0  # at the equator: no degree is longer

# WGS 84 -> GCJ-02 -> BD-09, two libraries agreeing.
REFERENCE_POINTS = [
    ((116.404, 39.915), (116.41024450, 39.91640428), (116.41662724, 39.92269955)),
    ((118.8525, 27.367777778), (118.85718051, 27.36441209), (118.86376617, 27.37006042)),
]


def county_points(n):
    """Points in the county's rectangle, seeded."""
    rng = np.random.default_rng(20230630)
    return np.column_stack([rng.uniform(118.54, 119.28, n), rng.uniform(27.05, 27.51, n)])


def metres(degrees):
    return np.abs(degrees).max() * METRES_PER_DEGREE


@pytest.mark.parametrize(("wgs84", "gcj02", "bd09"), REFERENCE_POINTS)
def test_reference_points_are_met_to_a_millimetre(wgs84, gcj02, bd09):
    found = wgs84_to_gcj02(np.array([wgs84]))
    assert found[0] == pytest.approx(gcj02, abs=1e-8)
    assert gcj02_to_bd09(found)[0] == pytest.approx(bd09, abs=1e-8)


def test_gcj02_forward_equals_prcoords():
    points = county_points(200)
    expected = [prcoords.wgs_gcj((lat, lon)) for lon, lat in points]
    assert metres(wgs84_to_gcj02(points) - [(p.lon, p.lat) for p in expected]) < 1e-6


def test_gcj02_and_bd09_forward_equal_geocoordinates():
    points = county_points(200)
    gcj02 = [geocoordinates_ffi.wgs84_to_gcj02(geocoordinates_ffi.Wgs84(lat=y, lon=x)) for x, y in points]
    assert metres(wgs84_to_gcj02(points) - [(p.lon, p.lat) for p in gcj02]) < 1e-6
    bd09 = [geocoordinates_ffi.gcj02_to_bd09(p) for p in gcj02]
    assert metres(gcj02_to_bd09(wgs84_to_gcj02(points)) - [(p.lon, p.lat) for p in bd09]) < 1e-6


def test_the_inverse_is_exact_to_a_micrometre():
    points = county_points(2000)
    assert metres(gcj02_to_wgs84(wgs84_to_gcj02(points)) - points) <= 1e-6
    assert metres(bd09_to_gcj02(gcj02_to_bd09(points)) - points) <= 1e-6


@given(st.floats(73.0, 135.0), st.floats(18.0, 53.5), st.sampled_from(list(Datum)))
def test_every_datum_comes_back_from_its_image_anywhere_in_china(lon, lat, datum):
    point = np.array([[lon, lat]])
    assert metres(datum_to_wgs84(wgs84_to_datum(point, datum), datum) - point) <= 1e-6


def test_the_offset_in_the_county_is_about_600_m_to_the_south_east():
    points = county_points(500)
    east, north = ((wgs84_to_gcj02(points) - points) * METRES_PER_DEGREE).T
    east = east * np.cos(np.radians(points[:, 1]))
    distance = np.hypot(east, north)
    assert 585 < distance.min() < distance.max() < 615
    assert (east > 0).all()
    assert (north < 0).all()


def test_gcj02_is_no_offset_outside_china():
    vaduz = np.array([[9.52, 47.14]])
    assert wgs84_to_gcj02(vaduz).tolist() == vaduz.tolist()
    assert gcj02_to_wgs84(vaduz).tolist() == vaduz.tolist()


def test_the_county_is_stored_in_cgcs2000_and_measured_in_the_zone_of_120_e():
    assert choose_store_crs(118.5424, 27.3) == "EPSG:4490"
    # 118.5424 E is the county's western end: 118.5 is where the zone of 117 E ends
    assert choose_metric_crs(118.5424, 27.3) == choose_metric_crs(119.2705, 27.3) == "EPSG:4549"
    assert easting_on_meridian("EPSG:4549", 120) == pytest.approx(500_000)


def easting_on_meridian(name, meridian):
    return transform_points(np.array([[meridian, 30.0]]), "EPSG:4490", name)[0, 0]


@pytest.mark.parametrize("meridian", range(75, 136, 3))
def test_each_zone_has_the_meridian_it_was_chosen_for_and_a_twin_with_prefix(meridian):
    name = choose_metric_crs(meridian + 0.4, 30.0)
    assert easting_on_meridian(name, meridian) == pytest.approx(500_000)
    # the twin's eastings begin with the zone's number: meridian / 3
    twin = choose_zone_prefixed_crs(name)
    assert easting_on_meridian(twin, meridian) == pytest.approx(meridian // 3 * 1_000_000 + 500_000)


def test_outside_china_metres_are_metres():
    name = choose_metric_crs(9.52, 47.14)
    assert choose_store_crs(9.52, 47.14) == "EPSG:4326"
    a, b = transform_points(np.array([[9.52, 47.14], [9.52, 47.15]]), "EPSG:4326", name)
    # a hundredth of a degree of latitude at 47 N is 1111.9 m on the ellipsoid (M = 6371.4 km)
    assert np.hypot(*(b - a)) == pytest.approx(1111.9, abs=0.5)


def test_the_seat_of_the_county_lies_where_its_zone_says():
    found = transform_points(np.array([[118.8525, 27.367777778]]), "EPSG:4490", "EPSG:4549")
    assert found[0] == pytest.approx((386473.5, 3028905.1), abs=0.1)


def test_heights_are_kept_when_datum_and_crs_change():
    line = shapely.LineString([(118.85, 27.36, 150.0), (118.86, 27.37, 162.5)])
    frame = gpd.GeoDataFrame(geometry=[line], crs="EPSG:4490")
    for changed in (
        change_crs(frame, "EPSG:4549", "street"),
        normalise_datum(frame, Datum.GCJ02, "EPSG:4490", "street"),
        normalise_datum(frame.to_crs("EPSG:4549"), Datum.BD09, "EPSG:4490", "street"),
    ):
        assert shapely.get_coordinates(changed.geometry, include_z=True)[:, 2].tolist() == [150.0, 162.5]


def test_a_layer_in_gcj02_comes_to_where_it_really_is():
    truth = county_points(50)
    frame = gpd.GeoDataFrame(geometry=shapely.points(wgs84_to_gcj02(truth)), crs="EPSG:4490")
    found = normalise_datum(frame, Datum.GCJ02, "EPSG:4490", "centre")
    assert found.crs == "EPSG:4490"
    assert metres(shapely.get_coordinates(found.geometry) - truth) <= 1e-6


def test_between_wgs84_and_cgcs2000_no_number_changes():
    frame = gpd.GeoDataFrame(geometry=shapely.points(county_points(10)), crs="EPSG:4326")
    found = change_crs(frame, "EPSG:4490", "centre")
    assert (
        shapely.get_coordinates(found.geometry).tolist() == shapely.get_coordinates(frame.geometry).tolist()
    )


def test_a_vertex_whose_height_is_unknown_keeps_its_place():
    line = shapely.LineString([(118.80, 27.30, 5), (118.81, 27.31, np.nan), (118.82, 27.32, 7)])
    flat = shapely.LineString([(118.90, 27.30), (118.91, 27.31)])
    series = gpd.GeoSeries([line, flat, None], crs="EPSG:4490")
    expected = shapely.get_coordinates(shapely.force_2d(series.to_numpy()[:1]))
    for layer in (series, gpd.GeoDataFrame({"id": [1, 2, 3]}, geometry=series)):
        there = change_crs(layer, "EPSG:4549", "street")
        assert there.crs == "EPSG:4549"
        assert shapely.has_z(there.geometry).tolist() == [True, False, False]
        z = shapely.get_coordinates(there.geometry[:1], include_z=True)[:, 2]
        np.testing.assert_array_equal(z, [5, np.nan, 7])
        back = change_crs(there, "EPSG:4490", "street")
        assert shapely.get_coordinates(back.geometry[:1]) == pytest.approx(expected, abs=1e-9)


def test_coordinates_that_a_zone_cannot_express_are_an_error_with_their_rows():
    points = [(118.85, 27.36), (27.36, 118.85), (118.86, 27.37), (float("inf"), 0.0)]
    frame = gpd.GeoDataFrame(geometry=[shapely.Point(p) for p in points], crs="EPSG:4490")
    with pytest.raises(OutOfPlaceError) as caught:
        change_crs(frame, "EPSG:4549", "centre.shp")
    assert caught.value.rows == [2, 4]


@pytest.mark.parametrize("code", [4214, 4555, 4610, 2414, 2434, 2361, 21480, 4796])
def test_old_chinese_datums_are_refused(code):
    with pytest.raises(CrsError, match="CGCS2000"):
        parse_crs(f"EPSG:{code}")


def test_old_datums_are_refused_by_the_name_in_a_prj_of_esri_too():
    text = (
        'PROJCS["Xian_1980_3_Degree_GK_CM_120E",GEOGCS["GCS_Xian_1980",DATUM["D_Xian_1980",'
        'SPHEROID["Xian_1980",6378140.0,298.257]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],'
        'PROJECTION["Gauss_Kruger"],PARAMETER["False_Easting",500000.0],PARAMETER["False_Northing",0.0],'
        'PARAMETER["Central_Meridian",120.0],PARAMETER["Scale_Factor",1.0],PARAMETER["Latitude_Of_Origin",0.0],'
        'UNIT["Meter",1.0]]'
    )
    with pytest.raises(CrsError, match="CGCS2000"):
        parse_crs(text)


def test_an_unknown_crs_is_an_error_that_says_what_one_looks_like():
    with pytest.raises(CrsError, match="EPSG:4490"):
        parse_crs("not a crs")


def test_a_layer_without_crs_is_never_guessed():
    frame = gpd.GeoDataFrame(geometry=[shapely.Point(1, 1)])
    with pytest.raises(CrsError):
        require_crs(frame, "grid")
    with pytest.raises(CrsError):
        normalise_datum(frame, Datum.WGS84, "EPSG:4490", "grid")


def test_layers_are_compared_and_degrees_are_no_metres():
    degrees = gpd.GeoDataFrame(geometry=[shapely.Point(118.85, 27.36)], crs="EPSG:4490")
    zone = degrees.to_crs("EPSG:4549")
    require_same_crs(zone, zone.copy())
    require_metric(zone, "grid")
    with pytest.raises(CrsError):
        require_same_crs(degrees, zone)
    with pytest.raises(CrsError):
        require_metric(degrees, "grid")


@pytest.mark.parametrize("name", ["EPSG:4490", "EPSG:4549", choose_metric_crs(9.52, 47.14)])
def test_the_name_of_a_crs_is_one_that_can_be_read_again(name):
    assert parse_crs(crs_name(parse_crs(name))) == parse_crs(name)


def test_no_points_are_no_error():
    assert transform_points(np.empty((0, 2)), "EPSG:4490", "EPSG:4549").shape == (0, 2)
    empty = gpd.GeoDataFrame(geometry=gpd.GeoSeries([], crs="EPSG:4490"))
    assert len(normalise_datum(empty, Datum.GCJ02, "EPSG:4490", "grid")) == 0
