"""The one place that compares, chooses and changes coordinate systems; x east, y north always."""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from typing import TypeVar

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError as PyprojCrsError

from geogrid.errors import CrsError, OutOfPlaceError

Coordinates = npt.NDArray[np.float64]
Frame = TypeVar("Frame", gpd.GeoDataFrame, gpd.GeoSeries)

CGCS2000 = "EPSG:4490"
WGS84 = "EPSG:4326"

# The rectangle in which GCJ-02 applies, from the published conversion code.
CHINA_LON = (72.004, 137.8347)
CHINA_LAT = (0.8293, 55.8271)

# Krasovsky 1940, on which the published GCJ-02 offset is computed.
_GCJ_A_M = 6378245.0
_GCJ_E2 = 0.00669342162296594323
_BD_ANGLE = np.pi * 3000.0 / 180.0
_INVERSE_STEPS = 6
"""Each step of the fixed point gains about 2.5 digits: four steps reach 1e-7 m, two more reach the last bit."""

_OLD_DATUMS = {4214: "Beijing 1954", 4555: "New Beijing", 4610: "Xian 1980"}

_OLD_ELLIPSOIDS = {6378245.0: "Krassowsky 1940 (Beijing 1954?)", 6378140.0: "IAG 1975 (Xian 1980?)"}
"""Semi-major axis in metres -> what a system without a code that has it is taken for."""


class Datum(StrEnum):
    """What the longitudes and latitudes of a file refer to. GCJ-02 and BD-09 are offsets, not datums proper."""

    WGS84 = "wgs84"
    CGCS2000 = "cgcs2000"
    GCJ02 = "gcj02"
    BD09 = "bd09"


# --- choosing ----------------------------------------------------------------------------------


def is_in_china(lon: float, lat: float) -> bool:
    """Whether a place lies in the rectangle in which Chinese coordinate systems are used."""
    return CHINA_LON[0] <= lon <= CHINA_LON[1] and CHINA_LAT[0] <= lat <= CHINA_LAT[1]


def choose_store_crs(lon: float, lat: float) -> str:
    """The CRS a county at that place is stored in: CGCS2000 in China, WGS 84 elsewhere.

    >>> choose_store_crs(118.85, 27.37)
    'EPSG:4490'
    """
    return CGCS2000 if is_in_china(lon, lat) else WGS84


def choose_metric_crs(lon: float, lat: float) -> str:
    """The CRS in which a county at that place is measured, in metres.

    In China the CGCS2000 3-degree Gauss-Krüger zone without prefix (EPSG:4534 to 4554, central
    meridians 75 to 135 E); elsewhere a transverse Mercator on the rounded meridian.

    >>> choose_metric_crs(118.85, 27.37)
    'EPSG:4549'
    """
    meridian = round(lon / 3) * 3
    if is_in_china(lon, lat) and 75 <= meridian <= 135:
        return f"EPSG:{4534 + (meridian - 75) // 3}"
    return f"+proj=tmerc +lat_0=0 +lon_0={round(lon)} +k=1 +x_0=500000 +y_0=0 +datum=WGS84 +units=m +no_defs"


def choose_zone_prefixed_crs(metric_crs: str) -> str | None:
    """The twin of a 3-degree zone whose eastings begin with the zone's number, or None.

    >>> choose_zone_prefixed_crs('EPSG:4549')
    'EPSG:4528'
    """
    if metric_crs.startswith("EPSG:"):
        code = int(metric_crs.removeprefix("EPSG:"))
        if 4534 <= code <= 4554:
            return f"EPSG:{code - 21}"
    return None


def choose_output_crs(named: str | None, metric_crs: str | None) -> str | None:
    """The CRS that a user asks an export for: an EPSG code, `metric`, or `zone` for its zone-prefixed twin.

    Parameters
    ----------
    metric_crs
        The one in which the county is measured.

    Returns
    -------
    None when none is asked for.

    Raises
    ------
    CrsError
        When there is none of that name, or no zone of 3 degrees here.

    >>> choose_output_crs("metric", "EPSG:4549"), choose_output_crs("zone", "EPSG:4549")
    ('EPSG:4549', 'EPSG:4528')
    """
    if named is None:
        return None
    if named in ("metric", "zone"):
        found = (
            metric_crs if named == "metric" or metric_crs is None else choose_zone_prefixed_crs(metric_crs)
        )
        if found is None:
            raise CrsError(where=f"--crs {named}", found=str(metric_crs), expected="EPSG:n")
        return found
    return crs_name(parse_crs(named))


def parse_crs(text: str) -> CRS:
    """A CRS from what a user or a file names.

    Raises
    ------
    CrsError
        When nothing of that name exists, or when it needs parameters that are kept secret
        (Beijing 1954, Xian 1980): PROJ would convert those with no shift and no warning.
    """
    try:
        crs = CRS.from_user_input(text)
    except PyprojCrsError:
        raise CrsError(where=str(text), found=str(text), expected="EPSG:n (EPSG:4490, EPSG:4549 …)") from None
    require_usable(crs, str(text))
    return crs


def require_usable(crs: CRS, where: str) -> None:
    """Refuse the Chinese systems that cannot be converted without local parameters.

    Raises
    ------
    CrsError
        For Beijing 1954, New Beijing and Xian 1980, geographic or projected.
    """
    geodetic = crs.geodetic_crs
    code = None if geodetic is None else geodetic.to_epsg(min_confidence=20)
    name = "" if geodetic is None else geodetic.name.lower()
    old = _OLD_DATUMS.get(code or 0)
    if geodetic is not None and code is None and old is None:
        axis_m = geodetic.ellipsoid.semi_major_metre if geodetic.ellipsoid else 0.0
        old = _OLD_ELLIPSOIDS.get(round(axis_m, 1))
    if old or "beijing" in name or "xian" in name or "xi'an" in name:
        raise CrsError(
            where=where,
            found=old or (geodetic.name if geodetic else ""),
            expected="CGCS2000 (需测绘部门转换参数 / convert it first, with the parameters of the surveying office)",
        )


def crs_name(crs: CRS) -> str:
    """The shortest text from which `parse_crs` makes the same CRS again."""
    code = crs.to_epsg()
    return f"EPSG:{code}" if code else crs.to_string()


def describe_crs(epsg: int) -> tuple[str, str]:
    """Name and WKT 1 definition of an EPSG code, as GeoPackage stores them."""
    crs = CRS.from_epsg(epsg)
    return crs.name, crs.to_wkt("WKT1_GDAL")


# --- changing ----------------------------------------------------------------------------------


@cache
def _transformer(source: str, target: str) -> Transformer:
    return Transformer.from_crs(source, target, always_xy=True)


def transform_points(points: Coordinates, source: str, target: str) -> Coordinates:
    """Points in another CRS.

    Parameters
    ----------
    points
        Shape (n, 2): x, y (or lon, lat) in `source`.

    Returns
    -------
    Shape (n, 2); `inf` where the target CRS cannot express a point.
    """
    if points.size == 0:
        return np.empty((0, 2))
    x, y = _transformer(source, target).transform(points[:, 0], points[:, 1])
    return np.column_stack([x, y])


def require_crs(frame: gpd.GeoDataFrame | gpd.GeoSeries, where: str) -> CRS:
    """The CRS of a layer.

    Raises
    ------
    CrsError
        When it has none: a missing one is never guessed.
    """
    if frame.crs is None:
        raise CrsError(where=where, found="无 / none", expected="--crs EPSG:n")
    crs: CRS = frame.crs
    return crs


def require_same_crs(*frames: gpd.GeoDataFrame | gpd.GeoSeries) -> None:
    """Raise CrsError unless all layers have the same CRS."""
    crs = [require_crs(frame, f"#{i}") for i, frame in enumerate(frames)]
    for i, other in enumerate(crs[1:], start=1):
        if other != crs[0]:
            raise CrsError(where=f"#{i}", found=crs_name(other), expected=crs_name(crs[0]))


def require_metric(frame: gpd.GeoDataFrame | gpd.GeoSeries, where: str) -> None:
    """Raise CrsError unless the layer is in metres."""
    crs = require_crs(frame, where)
    if not crs.is_projected:
        raise CrsError(where=where, found=crs_name(crs), expected="metres (projected)")


def change_crs(frame: Frame, target: str, where: str) -> Frame:
    """The layer in another CRS, z kept as it is.

    Raises
    ------
    CrsError
        When the layer has no CRS.
    OutOfPlaceError
        When a feature cannot be expressed there: `inf` would travel on unnoticed. Rows count from 1.
    """
    source = require_crs(frame, where)
    if source == CRS.from_user_input(target):
        return frame
    if _is_null_shift(source, target):
        return frame.set_crs(target, allow_override=True)
    changed = _keep_unknown_heights(frame, target) if _has_unknown_heights(frame) else frame.to_crs(target)
    coordinates, owners = shapely.get_coordinates(changed.geometry.values, return_index=True)
    bad = np.unique(owners[~np.isfinite(coordinates).all(axis=1)])
    if bad.size:
        raise OutOfPlaceError(
            where=where,
            count=int(bad.size),
            rows=[int(row) + 1 for row in bad],
            hint_zh=f"它们不在 {crs_name(source)} 的适用范围内：可能经纬度互换、带号不符，或单位不是所声明的单位。",
            hint_en=f"They lie outside {crs_name(source)}: swapped axes, another zone, or other units?",
        )
    return changed


def _has_unknown_heights(frame: Frame) -> bool:
    """Whether some vertices of features with heights have none."""
    geometries = frame.geometry.values
    tall = geometries[shapely.has_z(geometries)]
    return bool(np.isnan(shapely.get_coordinates(tall, include_z=True)[:, 2]).any())


def _keep_unknown_heights(frame: Frame, target: str) -> Frame:
    """`to_crs` for these: PROJ has no place for a vertex whose height is unknown."""
    geometries = np.array(frame.geometry.values, dtype=object)
    tall = np.flatnonzero(shapely.has_z(geometries))
    height_m = shapely.get_coordinates(geometries[tall], include_z=True)[:, 2]
    flat = geometries.copy()
    flat[tall] = shapely.force_2d(geometries[tall])
    moved = np.array(gpd.GeoSeries(flat, crs=frame.crs).to_crs(target).values, dtype=object)
    xy = shapely.get_coordinates(moved[tall])
    moved[tall] = shapely.set_coordinates(shapely.force_3d(moved[tall]), np.column_stack([xy, height_m]))
    series = gpd.GeoSeries(moved, index=frame.index, crs=target)
    return series if isinstance(frame, gpd.GeoSeries) else frame.set_geometry(series)


def _is_null_shift(source: CRS, target: str) -> bool:
    """WGS 84 and CGCS2000 differ by centimetres and PROJ changes no number between them."""
    return {crs_name(source), target} == {WGS84, CGCS2000}


def to_lonlat(frame: Frame, where: str) -> Frame:
    """The layer in WGS 84 longitude and latitude, for web maps."""
    return change_crs(frame, WGS84, where)


# --- GCJ-02 and BD-09 --------------------------------------------------------------------------


def _gcj_offset(lonlat: Coordinates) -> Coordinates:
    """Degrees that GCJ-02 adds to WGS 84 there, shape (n, 2); zero outside China.

    The published approximation of the offset (found in every open implementation); the official
    one adds noise of up to about a metre. For bringing layers together, not for surveying.
    """
    lon, lat = lonlat[:, 0], lonlat[:, 1]
    x, y = lon - 105.0, lat - 35.0
    root = np.sqrt(np.abs(x))
    ripple = 20.0 * np.sin(6.0 * x * np.pi) + 20.0 * np.sin(2.0 * x * np.pi)
    dlat = (
        -100.0
        + 2.0 * x
        + 3.0 * y
        + 0.2 * y * y
        + 0.1 * x * y
        + 0.2 * root
        + (ripple + 20.0 * np.sin(y * np.pi) + 40.0 * np.sin(y / 3.0 * np.pi)) * 2.0 / 3.0
        + (160.0 * np.sin(y / 12.0 * np.pi) + 320.0 * np.sin(y * np.pi / 30.0)) * 2.0 / 3.0
    )
    dlon = (
        300.0
        + x
        + 2.0 * y
        + 0.1 * x * x
        + 0.1 * x * y
        + 0.1 * root
        + (ripple + 20.0 * np.sin(x * np.pi) + 40.0 * np.sin(x / 3.0 * np.pi)) * 2.0 / 3.0
        + (150.0 * np.sin(x / 12.0 * np.pi) + 300.0 * np.sin(x / 30.0 * np.pi)) * 2.0 / 3.0
    )
    phi = np.radians(lat)
    w2 = 1.0 - _GCJ_E2 * np.sin(phi) ** 2
    w = np.sqrt(w2)
    dlat = np.degrees(dlat * w2 * w / (_GCJ_A_M * (1.0 - _GCJ_E2)))
    dlon = np.degrees(dlon * w / (_GCJ_A_M * np.cos(phi)))
    inside = (lon >= CHINA_LON[0]) & (lon <= CHINA_LON[1]) & (lat >= CHINA_LAT[0]) & (lat <= CHINA_LAT[1])
    offset: Coordinates = np.where(inside[:, None], np.column_stack([dlon, dlat]), 0.0)
    return offset


def wgs84_to_gcj02(lonlat: Coordinates) -> Coordinates:
    """GCJ-02 image of WGS 84 points.

    Parameters
    ----------
    lonlat
        Shape (n, 2): longitude, latitude in degrees.

    >>> wgs84_to_gcj02(np.array([[116.404, 39.915]])).round(8).tolist()
    [[116.4102445, 39.91640428]]
    """
    return lonlat + _gcj_offset(lonlat)


def gcj02_to_wgs84(lonlat: Coordinates) -> Coordinates:
    """WGS 84 points whose GCJ-02 image is given, by fixed point, to better than 1e-6 m."""
    found = lonlat
    for _ in range(_INVERSE_STEPS):
        found = lonlat - _gcj_offset(found)
    return found


def gcj02_to_bd09(lonlat: Coordinates) -> Coordinates:
    """BD-09 image of GCJ-02 points, shape (n, 2).

    >>> gcj02_to_bd09(np.array([[116.4102445, 39.91640428]])).round(8).tolist()
    [[116.41662724, 39.92269955]]
    """
    lon, lat = lonlat[:, 0], lonlat[:, 1]
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _BD_ANGLE)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _BD_ANGLE)
    shifted: Coordinates = np.column_stack([radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006])
    return shifted


def bd09_to_gcj02(lonlat: Coordinates) -> Coordinates:
    """GCJ-02 points whose BD-09 image is given, by fixed point, to better than 1e-6 m."""
    found: Coordinates = lonlat - np.array([0.0065, 0.006])
    for _ in range(_INVERSE_STEPS):
        found = found + (lonlat - gcj02_to_bd09(found))
    return found


def datum_to_wgs84(lonlat: Coordinates, datum: Datum) -> Coordinates:
    """WGS 84 points from points of a stated datum, shape (n, 2)."""
    if datum is Datum.GCJ02:
        return gcj02_to_wgs84(lonlat)
    if datum is Datum.BD09:
        return gcj02_to_wgs84(bd09_to_gcj02(lonlat))
    return lonlat


def wgs84_to_datum(lonlat: Coordinates, datum: Datum) -> Coordinates:
    """Points of a stated datum from WGS 84 points, shape (n, 2)."""
    if datum is Datum.GCJ02:
        return wgs84_to_gcj02(lonlat)
    if datum is Datum.BD09:
        return gcj02_to_bd09(wgs84_to_gcj02(lonlat))
    return lonlat


def normalise_datum(frame: gpd.GeoDataFrame, datum: Datum, store_crs: str, where: str) -> gpd.GeoDataFrame:
    """A layer of a stated datum in the county's store CRS; z is kept.

    Parameters
    ----------
    frame
        In any usable CRS; a projected one is brought to degrees first.
    datum
        What its coordinates refer to. For `WGS84` and `CGCS2000` the CRS alone decides.

    Raises
    ------
    CrsError
        When the layer has no CRS, or one that cannot be used.
    OutOfPlaceError
        When a feature is not where the CRS can be used, or in degrees outside the globe.
    """
    require_usable(require_crs(frame, where), where)
    degrees = change_crs(frame, WGS84, where)
    if datum in (Datum.GCJ02, Datum.BD09):
        geometry = shapely.transform(
            degrees.geometry.values,
            lambda xyz: np.column_stack([datum_to_wgs84(xyz[:, :2], datum), xyz[:, 2:]]),
            include_z=bool(degrees.geometry.has_z.any()),
        )
        degrees = degrees.set_geometry(gpd.GeoSeries(geometry, index=degrees.index, crs=WGS84))
    return degrees.set_crs(store_crs, allow_override=True)
