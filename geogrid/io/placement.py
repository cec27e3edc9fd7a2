"""Where a file's coordinates are: its system, its datum, and features that cannot be there."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
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
from geogrid.io.source import RawLayer

_CHINA_LON, _CHINA_LAT = (73.0, 135.1), (18.0, 53.6)  # the mainland, to tell swapped axes by
_MARGIN_DEG = 1.5
"""How far outside the area of a projected system data may lie: half a 3-degree zone."""
_WIDEST_DEG = 10.0
"""No feature of a county is as wide; one that is has a vertex elsewhere or crosses the date line."""

_FAR_DEG = 1.0
"""Farther than this, about 100 km, from all that the county holds, a feature is not of the county."""
_FAR_AWAY = (
    "它离本县已有数据 100 公里以上，请核对坐标、坐标系，或是否导入了别县的文件。",
    "It lies more than 100 km from what the county holds: check coordinates, CRS, and that it is the county's file.",
)
_WEB_MERCATOR = "EPSG:3857"
_MAX_PROPOSED = 3


@dataclass(frozen=True)
class County:
    """What is known of the county that a file is for: its CRS and the box, in degrees, of what it holds."""

    store_crs: str | None = None
    extent: Sequence[float] | None = None


def choose_crs(raw: RawLayer, option: str | None, shown: str, extent: Sequence[float] | None) -> Any:
    """The CRS of a file from what the file says and what the user said.

    Returns
    -------
    A pyproj CRS.

    Raises
    ------
    CrsError
        When neither says it, when they contradict each other, or it cannot be used. When neither
        does, what the numbers look like is proposed, never taken.
    """
    named = None if option is None else parse_crs(option)
    if raw.crs is not None:
        own = _parse_stated(raw.crs, shown)
        if named is not None and not _is_same(own, named):
            found = f"{crs_name(named)} (--crs)"
            raise CrsError(
                where=shown, found=found, expected=f"{crs_name(own)} (文件自述 / as the file says)"
            )
        return own
    if named is not None:
        return named
    if raw.is_lonlat_by_standard:
        return parse_crs(WGS84)
    proposed = [] if raw.geometry is None else propose_systems(_middle(raw.geometry), extent)
    likely = ", ".join(f"--crs {name}" for name in proposed)
    expected = f"{likely}（按数值推测，请核实 / guessed from the numbers; make sure）" if likely else ""
    raise CrsError(
        where=shown,
        found="无（缺 .prj？）/ none",
        expected=expected or "--crs EPSG:n (EPSG:4490, EPSG:4549 …)",
    )


def _middle(geometry: npt.NDArray[np.object_]) -> tuple[float, float]:
    """The median place of the features that have one."""
    bounds = shapely.bounds(geometry[~shapely.is_missing(geometry) & ~shapely.is_empty(geometry)])
    bounds = bounds[np.isfinite(bounds).all(axis=1)]
    if len(bounds) == 0:
        return math.nan, math.nan
    x, y = (np.median(bounds[:, i] + bounds[:, i + 2]) / 2 for i in (0, 1))
    return float(x), float(y)


def propose_systems(place: tuple[float, float], extent: Sequence[float] | None) -> list[str]:
    """The CRS that such numbers may be in, the likeliest first, at most `_MAX_PROPOSED`.

    Parameters
    ----------
    place
        x (easting or longitude) and y of the data's middle, as the file has them.
    extent
        Of what the county holds; only a CRS that puts the place there is proposed. Without it a
        3-degree zone whose eastings carry no number cannot be told from its neighbours.
    """
    x, y = place
    if not (math.isfinite(x) and math.isfinite(y)):
        return []
    if abs(x) <= 180 and abs(y) <= 90:
        return [CGCS2000] if _is_near((x, y), extent) else []
    numbered = _zone_of(x)
    names = [numbered] if numbered else []
    if numbered is None and extent is not None:
        names = _zones_at(extent)
    found = []
    for name in [*names, _WEB_MERCATOR]:
        lon, lat = transform_points(np.array([place]), name, WGS84)[0].tolist()
        if _is_near((lon, lat), extent):
            found.append(name)
    return found[:_MAX_PROPOSED]


def _zones_at(extent: Sequence[float]) -> list[str]:
    """The zones without number before the easting, of 3 and of 6 degrees, that reach a county."""
    west, _, east, _ = extent
    return [
        f"EPSG:{code}"
        for first, n, width in ((4534, 21, 3), (4502, 11, 6))
        for code in range(first, first + n)
        if west - width / 2 <= 75 + width * (code - first) <= east + width / 2
    ]


def _is_near(lonlat: tuple[float, float], extent: Sequence[float] | None) -> bool:
    """Whether a place is where the county is, or where it can be when nothing is known of it: in China."""
    lon, lat = lonlat
    if extent is None:
        return _CHINA_LON[0] <= lon <= _CHINA_LON[1] and _CHINA_LAT[0] <= lat <= _CHINA_LAT[1]
    west, south, east, north = extent
    return west - _FAR_DEG <= lon <= east + _FAR_DEG and south - _FAR_DEG <= lat <= north + _FAR_DEG


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
    geometry: npt.NDArray[np.object_], rows: Sequence[int], crs: Any, county: County
) -> list[Fault]:
    """One fault for each feature whose coordinates cannot be where the CRS says, with a guess why.

    Parameters
    ----------
    geometry
        Shape (n,), none missing or empty.
    """
    if len(geometry) == 0:
        return []
    bounds = shapely.bounds(geometry)
    centres = np.column_stack([(bounds[:, 0] + bounds[:, 2]) / 2, (bounds[:, 1] + bounds[:, 3]) / 2])
    lonlat = centres if crs.is_geographic else transform_points(centres, crs_name(crs), WGS84)
    wrong = (
        _find_wrong_degrees(bounds, centres, county.store_crs)
        if crs.is_geographic
        else _find_wrong_metres(lonlat, crs)
    )
    if county.extent is not None:
        wrong |= np.array([not _is_near((x, y), county.extent) for x, y in lonlat.tolist()], dtype=bool)
    hints = _hint_each(centres[wrong], crs, county)
    return [
        Fault(
            f"坐标 ({centres[i, 0]:.6g}, {centres[i, 1]:.6g}) 不合理。{zh}",
            f"coordinates ({centres[i, 0]:.6g}, {centres[i, 1]:.6g}) cannot be right. {en}",
            rows[i],
        )
        for i, (zh, en) in zip(np.flatnonzero(wrong).tolist(), hints, strict=True)
    ]


def _hint_each(centres: Coordinates, crs: Any, county: County) -> list[tuple[str, str]]:
    """A hint for each place; one is made for all whose numbers are alike, as a file may mix its units."""
    if len(centres) == 0:
        return []
    digits = np.floor(np.log10(np.maximum(np.abs(centres), 1.0)))
    millions = np.floor(centres[:, :1] / 1e6)
    is_swapped_order = centres[:, :1] < centres[:, 1:]
    alike = np.column_stack([digits, millions, is_swapped_order, (centres == 0).all(axis=1)])
    _, group = np.unique(alike, axis=0, return_inverse=True)
    group = group.reshape(-1)
    hint = _hint_degrees if crs.is_geographic else partial(_hint_metres, crs=crs)
    hints = []
    for number in range(int(group.max()) + 1):
        x, y = np.median(centres[group == number], axis=0).tolist()
        hints.append(hint(x, y, county=county))
    return [hints[number] for number in group.tolist()]


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


def _hint_degrees(x: float, y: float, county: County) -> tuple[str, str]:
    if max(abs(x), abs(y)) > 360:
        likely = [*propose_systems((x, y), county.extent), *propose_systems((y, x), county.extent)]
        name = likely[0] if likely else "EPSG:4549"
        return (
            f"数值像是米而不是度：请用 --crs 说明投影，如 --crs {name}。",
            f"They look like metres, not degrees: state the projection, --crs {name} say.",
        )
    if abs(y) > 90 or _is_swapped(x, y) or (county.extent is not None and _is_near((y, x), county.extent)):
        return "可能经纬度互换，应为 经度,纬度。", "Longitude and latitude may be swapped; expected lon, lat."
    if x == y == 0:
        return "(0, 0) 表示位置未知，请补上坐标。", "(0, 0) means that the place is not known; fill it in."
    if county.extent is not None:
        return _FAR_AWAY
    return "请核对该要素的坐标。", "Check the feature's coordinates."


def _is_swapped(x: float, y: float) -> bool:
    return _CHINA_LAT[0] <= x <= _CHINA_LAT[1] and _CHINA_LON[0] <= y <= _CHINA_LON[1]


def _find_wrong_metres(found: Coordinates, crs: Any) -> npt.NDArray[np.bool_]:
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


def _hint_metres(x: float, y: float, crs: Any, county: County) -> tuple[str, str]:
    name = crs_name(crs)
    if max(abs(x), abs(y)) <= 180:
        return "数值像是度而不是米：请用 --crs EPSG:4490。", "They look like degrees: use --crs EPSG:4490."
    zone = _zone_of(x)
    proposed = propose_systems((x, y), county.extent)
    if zone is not None and zone != name and (zone in proposed or not proposed):
        return (
            f"东坐标带有带号：请用 --crs {zone}。",
            f"The eastings begin with a zone number: use --crs {zone}.",
        )
    bare = _bare_twin(name)
    if bare is not None and x < 1e6 and (county.extent is None or bare in proposed):
        return f"东坐标没有带号：请用 --crs {bare}。", f"The eastings carry no zone number: use --crs {bare}."
    if proposed and county.extent is not None:
        return (
            f"按 {name} 落在本县之外；用 --crs {proposed[0]} 则在本县。",
            f"In {name} they lie outside the county; with --crs {proposed[0]} they lie in it.",
        )
    swapped = transform_points(np.array([[y, x]]), name, WGS84)
    if _zone_of(y) is not None or not _find_wrong_metres(swapped, crs).any():
        return (
            "可能东、北坐标互换（x 应为东坐标）。",
            "Easting and northing may be swapped; x is the easting.",
        )
    if county.extent is not None:
        return _FAR_AWAY
    return f"它们不在 {name} 的适用范围内。", f"They lie outside the area of {name}."


def _bare_twin(name: str) -> str | None:
    """The 3-degree zone without number whose twin with number a CRS is."""
    return next(
        (f"EPSG:{code}" for code in range(4534, 4555) if choose_zone_prefixed_crs(f"EPSG:{code}") == name),
        None,
    )
