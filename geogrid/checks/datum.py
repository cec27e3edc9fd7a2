"""Whether each layer lies where the others do, and which mistaken datum explains it when one does not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from geogrid.checks.correlation import (
    CELL_M,
    LEAST_CELLS,
    PEAK_RADIUS_M,
    Form,
    Peak,
    Shapes,
    Surface,
    Window,
    find_peak,
    sample_shapes,
)
from geogrid.checks.rules import make_finding, name_layer
from geogrid.crs import WGS84, Datum, crs_name, datum_to_wgs84, transform_points, wgs84_to_datum
from geogrid.findings import Finding
from geogrid.labels import LANGUAGES, label

LEAST_FEATURES = 10
"""A layer of points with fewer features is not judged; lines and polygons are judged by the cells they mark."""

APART_M = PEAK_RADIUS_M
"""A shorter shift is no mistaken datum; drawings of one town differ by less."""

MATCH_M = 30.0
"""A shift this near to that of a mistaken datum is explained by it."""

EDGE, GROUND = Form.EDGE, Form.GROUND
_MEET, _CLEAR = 1, -1

_AREAS = ("community", "district", "lane", "grid", "beat")
RELATIONS: tuple[tuple[str, Form, str, Form, int], ...] = (
    ("building", GROUND, "street", EDGE, _CLEAR),
    ("building", GROUND, "barrier", EDGE, _CLEAR),
    ("building", GROUND, "compound", EDGE, _CLEAR),
    ("compound", EDGE, "street", EDGE, _MEET),
    ("barrier", EDGE, "compound", EDGE, _MEET),
    ("gate", EDGE, "compound", EDGE, _MEET),
    ("gate", EDGE, "street", EDGE, _MEET),
    ("entrance", EDGE, "building", EDGE, _MEET),
    ("entrance", EDGE, "street", EDGE, _MEET),
    ("centre", EDGE, "building", GROUND, _MEET),
    ("centre", EDGE, "centre_footprint", EDGE, _MEET),
    ("centre_footprint", EDGE, "building", EDGE, _MEET),
    ("place", EDGE, "building", GROUND, _MEET),
    ("candidate", EDGE, "building", GROUND, _MEET),
    ("water", GROUND, "street", EDGE, _CLEAR),
    ("water", GROUND, "building", GROUND, _CLEAR),
    ("no_build", EDGE, "county", EDGE, _MEET),
    ("community", EDGE, "county", EDGE, _MEET),
    ("district", EDGE, "county", EDGE, _MEET),
    ("district", EDGE, "community", EDGE, _MEET),
    ("grid", EDGE, "community", EDGE, _MEET),
    ("beat", EDGE, "community", EDGE, _MEET),
    ("lane", EDGE, "grid", EDGE, _MEET),
    *((area, EDGE, "street", EDGE, _MEET) for area in _AREAS),
    *((area, EDGE, "building", GROUND, _CLEAR) for area in _AREAS),
)
"""What is true of two layers that lie where they should: their patterns meet, or keep clear of each other."""


class Verdict(StrEnum):
    """What is known of where a layer lies."""

    AGREES = "agrees"
    APART = "apart"
    NOT_JUDGED = "not_judged"


class Cause(StrEnum):
    """The mistake that a shift looks like: what the coordinates are, and what they were taken for."""

    GCJ02_AS_WGS84 = "gcj02_as_wgs84"
    BD09_AS_WGS84 = "bd09_as_wgs84"
    BD09_AS_GCJ02 = "bd09_as_gcj02"
    WGS84_AS_GCJ02 = "wgs84_as_gcj02"
    WGS84_AS_BD09 = "wgs84_as_bd09"
    GCJ02_AS_BD09 = "gcj02_as_bd09"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Position:
    """Where a layer lies, compared with the others.

    Attributes
    ----------
    others
        The layers that it was compared with.
    east_m, north_m
        How far it lies from where they do; 0 where it agrees, None where it was not judged.
    error_m
        How far that may be off: half a cell of the raster, or the spread among the other layers.
    cause
        The mistake that the shift looks like; None unless it is apart.
    """

    layer: str
    verdict: Verdict
    others: tuple[str, ...] = ()
    east_m: float | None = None
    north_m: float | None = None
    error_m: float | None = None
    cause: Cause | None = None

    @property
    def is_judged(self) -> bool:
        """Whether anything is known of where it lies."""
        return self.verdict is not Verdict.NOT_JUDGED

    def to_dict(self) -> dict[str, Any]:
        """The position as JSON-ready values, lengths in whole metres."""
        lengths = {"east_m": self.east_m, "north_m": self.north_m, "error_m": self.error_m}
        return {
            "layer": self.layer,
            "verdict": self.verdict.value,
            "others": list(self.others),
            **{
                name: None if value is None or not self.is_judged else round(value)
                for name, value in lengths.items()
            },
            "cause": None if self.cause is None else self.cause.value,
        }


def judge_positions(layers: Mapping[str, gpd.GeoDataFrame], newcomer: str | None = None) -> list[Position]:
    """Whether each layer lies where the others do.

    Two layers of one town stand in a relation that a shift destroys: streets keep clear of
    buildings, areas share borders, gates stand on the edges of compounds (`RELATIONS`). Each
    relation is tried at all shifts within `REACH_M` at once, as a correlation of two rasters, and
    counts only where one shift stands out. The largest set of layers that agree is the reference.

    Parameters
    ----------
    layers
        Layer -> features in one metric CRS; layers that stand in no relation are left out.
    newcomer
        The one layer in question: the others are taken to be right, and it alone is judged.

    Returns
    -------
    One for each layer that could be looked at, ordered by layer. A layer with fewer than
    `LEAST_FEATURES` points, or that marks fewer than `LEAST_CELLS` cells, is not judged.
    """
    held = {name: frame for name, frame in sorted(layers.items()) if not frame.empty and _is_related(name)}
    relations = [r for r in RELATIONS if r[0] in held and r[2] in held and newcomer in (None, r[0], r[2])]
    if not relations:
        return [Position(name, Verdict.NOT_JUDGED) for name in held if newcomer in (None, name)]
    fits = _correlate(held, relations)
    reference = set(held) - {newcomer} if newcomer else _find_reference(fits)
    asked = [newcomer] if newcomer else sorted(set(held) - reference)
    verdict = Verdict.AGREES if newcomer or len(reference) > 1 else Verdict.NOT_JUDGED
    known = {
        name: Position(name, verdict, _list_related(name, reference, fits), 0.0, 0.0, CELL_M / 2)
        for name in reference
    }
    for name in asked:
        found = _compare(name, reference, fits)
        if found is not None:
            known[name] = found
    if newcomer is None:
        _follow_neighbours(known, fits, asked)
    return [
        _explain(known[name], held[name]) if name in known else Position(name, Verdict.NOT_JUDGED)
        for name in (asked if newcomer else sorted(held))
    ]


def find_shifted_layers(positions: Iterable[Position]) -> list[Finding]:
    """A finding for each layer that lies apart from the others, with the mistake that explains it."""
    findings = []
    for position in positions:
        if position.verdict is not Verdict.APART or position.cause is None:
            continue
        assert position.east_m is not None and position.north_m is not None  # noqa: S101  # apart by so much
        distance_m = float(np.hypot(position.east_m, position.north_m))
        others = [name_layer(name) for name in position.others]
        findings.append(
            make_finding(
                "datum.shift",
                position.layer,
                [],
                size=distance_m,
                distance=f"{distance_m:.0f}",
                error=f"{position.error_m:.0f}",
                direction=_tell(f"datum.direction.{_name_direction(position.east_m, position.north_m)}"),
                others={"zh": "、".join(o["zh"] for o in others), "en": ", ".join(o["en"] for o in others)},
                cause=_tell(f"datum.cause.{position.cause}"),
                remedy=_tell(f"datum.remedy.{position.cause}"),
            )
        )
    return findings


# --- relations ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Fits:
    """How well every two related layers fit at each shift, told both ways: (layer, other) -> surfaces."""

    surfaces: dict[tuple[str, str], list[Surface]]
    expected: npt.NDArray[np.float64]

    def find_peaks(self, name: str, other: str) -> list[Peak | None]:
        return [find_peak(fit, self.expected) for fit in self.surfaces[name, other]]


def _is_related(layer: str) -> bool:
    return any(layer in (first, second) for first, _, second, _, _ in RELATIONS)


def _correlate(
    layers: Mapping[str, gpd.GeoDataFrame], relations: list[tuple[str, Form, str, Form, int]]
) -> _Fits:
    shapes = {name: _take_shapes(frame) for name, frame in layers.items()}
    window = Window.around([shapes[name] for name in sorted({n for r in relations for n in (r[0], r[2])})])
    used = {(r[0], r[1]) for r in relations} | {(r[2], r[3]) for r in relations}
    spectra = {
        (name, form): window.transform(sample_shapes(shapes[name], form))
        for name, form in used
        if not _has_few_points(shapes[name])
    }
    found: dict[tuple[str, str], list[Surface]] = {}
    for first, first_form, second, second_form, sign in relations:
        a, b = spectra.get((first, first_form)), spectra.get((second, second_form))
        if a is None or b is None or min(a[1], b[1]) < LEAST_CELLS:
            continue
        fit = window.correlate(a[0], b[0], sign)
        found.setdefault((first, second), []).append(fit)
        found.setdefault((second, first), []).append(fit[::-1, ::-1])
    return _Fits(found, _list_expected(window, crs_name(next(iter(layers.values())).crs)))


def _list_expected(window: Window, metric_crs: str) -> npt.NDArray[np.float64]:
    """No shift at all, and those that mistaken datums make in the middle of a window; shape (k, 2)."""
    middle = np.array([window.middle])
    shifts = [_shift_by(mistake, middle, metric_crs) for mistake in _MISTAKES.values()]
    expected: npt.NDArray[np.float64] = np.concatenate([np.zeros((1, 2)), *shifts])
    return expected


def _take_shapes(frame: gpd.GeoDataFrame) -> Shapes:
    shapes = frame.geometry.to_numpy()
    drawn: Shapes = shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
    return drawn


def _has_few_points(shapes: Shapes) -> bool:
    return len(shapes) < LEAST_FEATURES and bool((shapely.get_dimensions(shapes) == 0).all())


def _find_reference(fits: _Fits) -> set[str]:
    """The largest set of layers that agree with each other, directly or by others."""
    links: dict[str, set[str]] = {}
    for name, other in fits.surfaces:
        links.setdefault(name, set())
        peaks = fits.find_peaks(name, other)
        if any(peak is not None and peak.distance_m < APART_M for peak in peaks):
            links[name].add(other)
    sets: list[set[str]] = []
    for name in sorted(links):
        if any(name in found for found in sets):
            continue
        found, ahead = {name}, [name]
        while ahead:
            new = links[ahead.pop()] - found
            found |= new
            ahead += sorted(new)
        sets.append(found)
    return max(sets, key=len, default=set())


def _list_related(name: str, others: set[str], fits: _Fits) -> tuple[str, ...]:
    return tuple(other for other in sorted(others) if (name, other) in fits.surfaces)


def _compare(name: str, others: set[str], fits: _Fits) -> Position | None:
    """Where a layer lies, by all its relations to others together; None where no shift stands out."""
    related = _list_related(name, others, fits)
    surfaces = [fit for other in related for fit in fits.surfaces[name, other]]
    if not surfaces:
        return None
    peak = find_peak((np.sum(surfaces, axis=0) / np.sqrt(len(surfaces))).astype(np.float32), fits.expected)
    if peak is None:
        return None
    offs_m = [
        float(np.hypot(found.east_m - peak.east_m, found.north_m - peak.north_m))
        for other in related
        for found in fits.find_peaks(name, other)
        if found is not None
    ]
    near_m = [off_m for off_m in offs_m if off_m < APART_M]
    spread_m = float(np.sqrt(np.mean(np.square(near_m)))) if near_m else 0.0
    return _place(name, related, peak.east_m, peak.north_m, max(CELL_M / 2, spread_m))


def _place(name: str, others: tuple[str, ...], east_m: float, north_m: float, error_m: float) -> Position:
    if np.hypot(east_m, north_m) < APART_M:
        return Position(name, Verdict.AGREES, others, 0.0, 0.0, error_m)
    return Position(name, Verdict.APART, others, east_m, north_m, error_m)


def _follow_neighbours(known: dict[str, Position], fits: _Fits, asked: list[str]) -> None:
    """Place layers that stand in no clear relation to the reference by one that has been placed."""
    waiting = [name for name in asked if name not in known]
    is_new = True
    while is_new:
        is_new = False
        for name in waiting:
            for other in sorted(set(known) - {name}):
                found = _compare(name, {other}, fits) if name not in known else None
                if found is not None:
                    known[name] = _add(found, known[other])
                    is_new = True


def _add(found: Position, other: Position) -> Position:
    """A position that is known from another layer's, which may itself be apart."""
    east_m = (found.east_m or 0.0) + (other.east_m or 0.0)
    north_m = (found.north_m or 0.0) + (other.north_m or 0.0)
    error_m = float(np.hypot(found.error_m or 0.0, other.error_m or 0.0))
    return _place(found.layer, other.others, east_m, north_m, error_m)


# --- what explains a shift ---------------------------------------------------------------------

_MISTAKES = {
    Cause.GCJ02_AS_WGS84: (Datum.GCJ02, Datum.WGS84),
    Cause.BD09_AS_WGS84: (Datum.BD09, Datum.WGS84),
    Cause.BD09_AS_GCJ02: (Datum.BD09, Datum.GCJ02),
    Cause.WGS84_AS_GCJ02: (Datum.WGS84, Datum.GCJ02),
    Cause.WGS84_AS_BD09: (Datum.WGS84, Datum.BD09),
    Cause.GCJ02_AS_BD09: (Datum.GCJ02, Datum.BD09),
}
"""What the coordinates are, and what they were taken for."""


def explain_shift(place: tuple[float, float], east_m: float, north_m: float, metric_crs: str) -> Cause:
    """The mistaken datum that would bring things from where they are to that far away.

    Parameters
    ----------
    place
        x and y of where the layer lies now.

    >>> explain_shift((386_000.0, 3_028_000.0), 466.0, -377.0, "EPSG:4549")
    <Cause.GCJ02_AS_WGS84: 'gcj02_as_wgs84'>
    """
    right = np.array([[place[0] - east_m, place[1] - north_m]])
    best, least_m = Cause.UNKNOWN, MATCH_M
    for cause, mistake in _MISTAKES.items():
        off_m = float(np.hypot(*(_shift_by(mistake, right, metric_crs) - [[east_m, north_m]])[0]))
        if off_m <= least_m:
            best, least_m = cause, off_m
    return best


def _shift_by(
    mistake: tuple[Datum, Datum], xy: npt.NDArray[np.float64], metric_crs: str
) -> npt.NDArray[np.float64]:
    """How far a mistake moves places, shape (n, 2)."""
    is_in, taken_for = mistake
    lonlat = transform_points(xy, metric_crs, WGS84)
    wrong = transform_points(datum_to_wgs84(wgs84_to_datum(lonlat, is_in), taken_for), WGS84, metric_crs)
    shift: npt.NDArray[np.float64] = wrong - xy
    return shift


def _explain(position: Position, frame: gpd.GeoDataFrame) -> Position:
    if position.verdict is not Verdict.APART:
        return position
    assert position.east_m is not None and position.north_m is not None  # noqa: S101  # apart by so much
    xy = np.median(shapely.get_coordinates(shapely.centroid(_take_shapes(frame))), axis=0)
    cause = explain_shift((xy[0], xy[1]), position.east_m, position.north_m, crs_name(frame.crs))
    return replace(position, cause=cause)


def _name_direction(east_m: float, north_m: float) -> str:
    names = ("e", "ne", "n", "nw", "w", "sw", "s", "se")
    return names[round(np.degrees(np.arctan2(north_m, east_m)) / 45) % 8]


def _tell(key: str) -> dict[str, str]:
    return {language: label(key, language) for language in LANGUAGES}
