"""The lines laid down before any block is cut: outline, river, brook, and the streets that carry traffic."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import shapely
from scipy.interpolate import CubicSpline

from geogrid.demo.terrain import BROOK_EDGE_M, KNOLL_SD, RIVER_EDGE_M, Array, brook_axis, tea_road_axis

OVERSHOOT_M = 14.0
"""Lines that end on another run past it by this much; what sticks out is dropped after noding."""

STEP_M = 40.0
TOWN_S = (-2070.0, 2080.0)
"""Where the embankments are streets, in valley coordinates."""

ISLAND_STREET = "竹坪路"
"""The one street that hangs together with no other: the hamlet's way to town is not mapped."""

HAMLET_SD = (-2270.0, -1045.0)


@dataclass(frozen=True)
class Line:
    """A line in valley coordinates; `street_class` is empty for a border that nobody walks on."""

    points: Array
    street_class: str
    name: str = ""


def draw_outline(rng: np.random.Generator) -> shapely.Polygon:
    """The county's extent in valley coordinates: an irregular round of about 20 km2."""
    angle = np.linspace(0, 2 * np.pi, 220, endpoint=False)
    phases = rng.uniform(0, 2 * np.pi, 5)
    order = np.array([2, 3, 5, 8, 13])
    depth = np.array([0.035, 0.045, 0.035, 0.022, 0.016])
    radius = 1.0 + (depth * np.sin(angle[:, None] * order + phases)).sum(axis=1)
    return shapely.Polygon(
        np.column_stack([3080.0 * radius * np.cos(angle), 2020.0 * radius * np.sin(angle)])
    )


def draw_main_lines(rng: np.random.Generator) -> list[Line]:
    """Every main line, in valley coordinates."""
    along = _Stroke(rng)
    return [*_draw_waters(), *_draw_valley_roads(along), *_draw_cross_roads(along), *_draw_hill_ways(along)]


@dataclass
class _Stroke:
    """A pen with a slightly unsteady hand."""

    rng: np.random.Generator

    def lengthwise(self, start: float, end: float, d: Callable[[Array], Array], shake_m: float) -> Array:
        knots = np.linspace(start, end, max(3, round((end - start) / 330)))
        offsets = self.rng.normal(0, shake_m, len(knots))
        s = np.arange(start, end + STEP_M, STEP_M).clip(max=end)
        return np.column_stack([s, d(s) + CubicSpline(knots, offsets)(s)])

    def across(self, start: float, end: float, s: Callable[[Array], Array], shake_m: float) -> Array:
        knots = np.linspace(start, end, max(3, round((end - start) / 330)))
        offsets = self.rng.normal(0, shake_m, len(knots))
        d = np.arange(start, end + STEP_M, STEP_M).clip(max=end)
        return np.column_stack([s(d) + CubicSpline(knots, offsets)(d), d])


def _draw_hamlet(rng: np.random.Generator) -> Array:
    """A small loop of a lane round the hamlet's yard."""
    angle = np.linspace(0, 2 * np.pi, 9)
    radius = rng.uniform(62, 84, 9)
    radius[-1] = radius[0]
    return np.column_stack(
        [HAMLET_SD[0] + radius * np.cos(angle), HAMLET_SD[1] + 0.8 * radius * np.sin(angle)]
    )


def _straight(s0: float, s1: float, d: float) -> Array:
    s = np.linspace(s0, s1, max(2, round(abs(s1 - s0) / STEP_M)))
    return np.column_stack([s, np.full_like(s, d)])


def _draw_waters() -> list[Line]:
    mouth = float(brook_axis(np.array([RIVER_EDGE_M]))[0])
    west, east = TOWN_S
    edge, brook = RIVER_EDGE_M, BROOK_EDGE_M
    reach = 3600.0
    lines = [Line(_straight(-reach, reach, 0.0), "")]
    for side, name in ((edge, "溪滨北路"), (-edge, "溪滨南路")):
        lines += [Line(_straight(-reach, west, side), ""), Line(_straight(east, reach, side), "")]
        if side > 0:
            lines += [
                Line(_straight(west, mouth - brook, side), "tertiary", name),
                Line(_straight(mouth - brook, mouth + brook, side), ""),
                Line(_straight(mouth + brook, east, side), "tertiary", name),
            ]
        else:
            lines.append(Line(_straight(west, east, side), "tertiary", name))
    d = np.linspace(edge, 2600.0, 130)
    low, high = d[d < 960], d[d >= d[d < 960][-1]]
    lines += [
        Line(np.column_stack([brook_axis(d), d]), ""),
        Line(np.column_stack([brook_axis(d) - brook, d]), "tertiary", "北溪路"),
        Line(np.column_stack([brook_axis(low) + brook, low]), "living_street", "溪东巷"),
        Line(np.column_stack([brook_axis(high) + brook, high]), ""),
    ]
    return lines


def _draw_valley_roads(pen: _Stroke) -> list[Line]:
    def main_street(s: Array) -> Array:
        return np.asarray(432.0 - 90.0 * (s / 1900.0) ** 2 + 18.0 * np.sin(s / 310.0))

    def north_street(s: Array) -> Array:
        round_the_knoll = 95.0 * np.exp(-(((s - KNOLL_SD[0]) / 330.0) ** 2))
        return np.asarray(690.0 + round_the_knoll - 60.0 * (s / 1700.0) ** 2)

    return [
        Line(pen.lengthwise(-3500, 3500, main_street, 14), "primary", "胜利街"),
        Line(
            pen.lengthwise(-1080 - OVERSHOOT_M, 1150 + OVERSHOOT_M, lambda s: 186 + s * 0.012, 9),
            "secondary",
            "解放街",
        ),
        Line(pen.lengthwise(-1720, 1690, north_street, 14), "tertiary", "北环路"),
        Line(pen.lengthwise(-2300, 1990, lambda s: -258 - 40 * np.sin(s / 700), 12), "secondary", "新南路"),
        Line(pen.lengthwise(-820, 1086 + OVERSHOOT_M, lambda s: -462 + s * 0.02, 12), "tertiary", "南山路"),
    ]


def _draw_cross_roads(pen: _Stroke) -> list[Line]:
    south, north = -262.0 - 60, 700.0 + 40
    return [
        Line(pen.across(south, north + 80, lambda d: -150 - 0.05 * d, 8), "primary", "中山路"),
        Line(pen.across(south, 860, lambda d: -1080 + 0.06 * d, 10), "secondary", "西门路"),
        Line(pen.across(-880, 900, lambda d: 1130 + 0.10 * d, 10), "secondary", "东门路"),
        Line(pen.across(south, 460, lambda d: 1760 - 0.08 * d, 8), "tertiary", "工业路"),
        Line(pen.across(-310, 440, lambda d: 385 + 0.05 * d, 7), "living_street", "浮桥巷"),
        Line(pen.across(-2500, -220, tea_road_axis, 9), "tertiary", "茶亭路"),
        Line(pen.across(60, 470, lambda d: -1640 + 0.1 * d, 10), "tertiary", "稻香路"),
    ]


def _draw_hill_ways(pen: _Stroke) -> list[Line]:
    top_s, top_d = KNOLL_SD
    return [
        Line(_draw_hamlet(pen.rng), "living_street", ISLAND_STREET),
        Line(pen.across(top_d - 170, top_d + 220, lambda d: top_s + 16 * np.sin(d / 23), 3), "footway"),
        Line(
            pen.lengthwise(top_s - 260, top_s + 230, lambda s: top_d + 16 * np.sin(s / 27 + 1), 3), "footway"
        ),
        Line(pen.across(830, 2500, lambda d: -990 - 0.35 * (d - 830) + 60 * np.sin(d / 150), 8), "track"),
        Line(pen.across(560, 2500, lambda d: 1500 + 0.2 * (d - 560) + 70 * np.sin(d / 170), 8), "track"),
        Line(pen.across(-2500, -440, lambda d: 420 - 0.22 * d + 55 * np.sin(d / 120), 6), "path"),
        Line(pen.across(-2300, -230, lambda d: -1420 + 0.14 * d + 60 * np.sin(d / 160), 8), "track"),
        Line(pen.across(-1300, -640, lambda d: 1120 - 0.35 * (d + 640), 8), "tertiary", "官湖路"),
    ]
