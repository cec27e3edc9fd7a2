"""Where a file's coordinates are: its system, its datum, and features that cannot be there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from geogrid.crs import (
    CGCS2000,
    WGS84,
    Coordinates,
    Datum,
    choose_zone_prefixed_crs,
    crs_name,
    is_in_china,
    parse_crs,
    transform_points,
)
from geogrid.errors import CrsError, Fault, MissingDatumError

_CHINA_LON, _CHINA_LAT = (73.0, 135.1), (18.0, 53.6)  # the mainland, to tell swapped axes by
_MARGIN_DEG = 1.5
"""How far outside the area of a projected system data may lie: half a 3-degree zone."""
_WIDEST_DEG = 10.0
"""No feature of a county is as wide; one that is has a vertex elsewhere or crosses the date line."""


def choose_crs(stated: str | None, option: str | None, shown: str, *, is_lonlat_by_standard: bool) -> Any:
    """The CRS of a file from what the file says and what the user said.

    Returns
    -------
    A pyproj CRS.

    Raises
    ------
    CrsError
        When neither says it, when they contradict each other, or it cannot be used.
    """
    named = None if option is None else parse_crs(option)
    if stated is not None:
        own = _parse_stated(stated, shown)
        if named is not None and not _is_same(own, named):
            found = f"{crs_name(named)} (--crs)"
            raise CrsError(
                where=shown, found=found, expected=f"{crs_name(own)} (文件自述 / as the file says)"
            )
        return own
    if named is not None:
        return named
    if is_lonlat_by_standard:
        return parse_crs(WGS84)
    raise CrsError(
        where=shown, found="无（缺 .prj？）/ none", expected="--crs EPSG:n (EPSG:4490, EPSG:4549 …)"
    )


def _parse_stated(stated: str, shown: str) -> Any:
    try:
        return parse_crs(stated)
    except CrsError as error:
        short = error.found if len(error.found) <= 80 else error.found[:80] + "…"
        raise CrsError(where=shown, found=short, expected=error.expected) from None


def _is_same(own: Any, named: Any) -> bool:
    if own.equals(named, ignore_axis_order=True) or crs_name(own) == crs_name(named):
        return True
    code = own.to_epsg(min_confidence=20)
    return code is not None and code == named.to_epsg(min_confidence=20)


def choose_datum(crs: Any, datum: Datum | None, shown: str) -> Datum:
    """The datum of a file: the one stated, else that of its zone.

    Raises
    ------
    MissingDatumError
        For degrees, and for the web Mercator that comes from web maps: both may be GCJ-02.
    """
    if datum is not None:
        return datum
    if crs.is_geographic or "pseudo-mercator" in crs.name.lower() or "web_mercator" in crs.name.lower():
        raise MissingDatumError(shown)
    return Datum.CGCS2000


def find_place_faults(
    geometry: npt.NDArray[np.object_], rows: Sequence[int], crs: Any, store_crs: str | None
) -> list[Fault]:
    """One fault for each feature whose coordinates cannot be where the CRS says, with a guess why.

    Parameters
    ----------
    geometry
        Shape (n,), none missing or empty.
    store_crs
        The county's CRS, where it has one already: CGCS2000 says that it lies in China.
    """
    if len(geometry) == 0:
        return []
    bounds = shapely.bounds(geometry)
    centres = np.column_stack([(bounds[:, 0] + bounds[:, 2]) / 2, (bounds[:, 1] + bounds[:, 3]) / 2])
    if crs.is_geographic:
        wrong = _find_wrong_degrees(bounds, centres, store_crs)
        hint = _hint_degrees(bounds[wrong])
    else:
        wrong = _find_wrong_metres(centres, crs)
        hint = _hint_metres(centres[wrong], crs)
    return [
        Fault(
            f"坐标 ({centres[i, 0]:.6g}, {centres[i, 1]:.6g}) 不合理。{hint[0]}",
            f"coordinates ({centres[i, 0]:.6g}, {centres[i, 1]:.6g}) cannot be right. {hint[1]}",
            rows[i],
        )
        for i in np.flatnonzero(wrong).tolist()
    ]


def _find_wrong_degrees(
    bounds: Coordinates, centres: Coordinates, store_crs: str | None
) -> npt.NDArray[np.bool_]:
    west, south, east, north = bounds.T
    outside = (west < -180) | (east > 180) | (south < -90) | (north > 90)
    nowhere = (bounds == 0).all(axis=1)
    too_wide = (east - west > _WIDEST_DEG) | (north - south > _WIDEST_DEG)
    # In degrees that are possible, axes are taken for swapped only where the place as it stands
    # is one that the county cannot be in and the swapped one is.
    lon, lat = centres.T
    is_swapped_china = (
        (lon >= _CHINA_LAT[0]) & (lon <= _CHINA_LAT[1]) & (lat >= _CHINA_LON[0]) & (lat <= _CHINA_LON[1])
    )
    wrong: npt.NDArray[np.bool_] = outside | nowhere | too_wide | is_swapped_china
    if store_crs == CGCS2000:
        wrong |= np.array([not is_in_china(x, y) for x, y in centres], dtype=bool)
    return wrong


def _hint_degrees(bounds: Coordinates) -> tuple[str, str]:
    if len(bounds) == 0:
        return "", ""
    x, y = np.median(bounds[:, 0]), np.median(bounds[:, 1])
    if max(abs(x), abs(y)) > 360:
        likely = _zone_of(x) or "EPSG:4549"
        return (
            f"数值像是米而不是度：请用 --crs 说明投影，如 --crs {likely}。",
            f"They look like metres, not degrees: state the projection, --crs {likely} say.",
        )
    if abs(y) > 90 or (_CHINA_LAT[0] <= x <= _CHINA_LAT[1] and _CHINA_LON[0] <= y <= _CHINA_LON[1]):
        return "可能经纬度互换，应为 经度,纬度。", "Longitude and latitude may be swapped; expected lon, lat."
    if x == y == 0:
        return "(0, 0) 表示位置未知，请补上坐标。", "(0, 0) means that the place is not known; fill it in."
    return "请核对该要素的坐标。", "Check the feature's coordinates."


def _find_wrong_metres(centres: Coordinates, crs: Any) -> npt.NDArray[np.bool_]:
    found = transform_points(centres, crs_name(crs), WGS84)
    wrong: npt.NDArray[np.bool_] = np.logical_not(np.isfinite(found).all(axis=1))
    area = _area_of_use(crs)
    if area is not None:
        west, south, east, north = area
        lon, lat = found.T
        wrong |= (lon < west - _MARGIN_DEG) | (lon > east + _MARGIN_DEG)
        wrong |= (lat < south - _MARGIN_DEG) | (lat > north + _MARGIN_DEG)
    return wrong


def _area_of_use(crs: Any) -> tuple[float, float, float, float] | None:
    if crs.area_of_use is None:
        code = crs.to_epsg(min_confidence=20)
        crs = None if code is None else parse_crs(f"EPSG:{code}")
    area = None if crs is None else crs.area_of_use
    return None if area is None else area.bounds


def _zone_of(easting: float) -> str | None:
    """The CGCS2000 zone that the first two digits of an 8-digit easting name."""
    zone = int(easting // 1e6)
    if 25 <= zone <= 45:
        return f"EPSG:{4513 + zone - 25}"
    return f"EPSG:{4491 + zone - 13}" if 13 <= zone <= 23 else None


def _hint_metres(centres: Coordinates, crs: Any) -> tuple[str, str]:
    if len(centres) == 0:
        return "", ""
    x, y = np.median(centres, axis=0)
    name = crs_name(crs)
    zone = _zone_of(x)
    if zone is not None and zone != name:
        return (
            f"东坐标带有带号：请用 --crs {zone}。",
            f"The eastings begin with a zone number: use --crs {zone}.",
        )
    if _zone_of(y) is not None or not _find_wrong_metres(np.array([[y, x]]), crs).any():
        return (
            "可能东、北坐标互换（x 应为东坐标）。",
            "Easting and northing may be swapped; x is the easting.",
        )
    bare = next(
        (f"EPSG:{code}" for code in range(4534, 4555) if choose_zone_prefixed_crs(f"EPSG:{code}") == name),
        None,
    )
    if bare is not None and x < 1e6:
        return f"东坐标没有带号：请用 --crs {bare}。", f"The eastings carry no zone number: use --crs {bare}."
    if max(abs(x), abs(y)) <= 180:
        return "数值像是度而不是米：请用 --crs EPSG:4490。", "They look like degrees: use --crs EPSG:4490."
    return f"它们不在 {name} 的适用范围内。", f"They lie outside the area of {name}."
