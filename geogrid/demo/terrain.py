"""The lie of the land: river, side valleys and heights, and the map between valley and ground coordinates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

SEAT_EN = (386473.5, 3028905.1)
"""Easting and northing (EPSG:4549, m) of the county seat, 118.8525 E 27.3678 N."""

RIVER_EDGE_M = 44.0
"""Distance from the river's axis to the lines of its embankments, in valley coordinates."""

BROOK_EDGE_M = 19.0
"""The same for the tributary."""

_TURN_RAD = np.radians(-14.0)
_SEAT_SD = (0.0, 175.0)
_BEND_REACH_M = 620.0
_UNWARP_STEPS = 14


@dataclass(frozen=True)
class Terrain:
    """The ground of one seed.

    Valley coordinates (s, d) in metres: s along the valley, upstream positive, d across it, positive to
    the north, the river's axis being d = 0. Streets are laid out there, where a street that follows
    the river is a straight line, and then carried to the ground by `warp`.

    Attributes
    ----------
    bends
        Shape (k, 3): amplitude (m), wavelength (m) and phase of the river's bends.
    ripples
        Shape (m, 5): amplitudes in s and d (m), wave numbers in s and d (1/m), phase.
    """

    bends: Array
    ripples: Array

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Terrain:
        """A terrain with bends and ripples drawn at random."""
        bends = np.array(
            [
                [rng.uniform(80, 105), rng.uniform(1900, 2300), rng.uniform(0, 2 * np.pi)],
                [rng.uniform(42, 60), rng.uniform(1050, 1300), rng.uniform(0, 2 * np.pi)],
                [rng.uniform(9, 15), rng.uniform(520, 640), rng.uniform(0, 2 * np.pi)],
            ]
        )
        n = 14
        wavelength_m = rng.uniform(420, 1500, n)
        heading = rng.uniform(0, np.pi, n)
        amplitude_m = wavelength_m * rng.uniform(0.006, 0.012, n)
        ripples = np.column_stack(
            [
                amplitude_m * rng.choice([-1.0, 1.0], n),
                amplitude_m * rng.choice([-1.0, 1.0], n),
                2 * np.pi / wavelength_m * np.cos(heading),
                2 * np.pi / wavelength_m * np.sin(heading),
                rng.uniform(0, 2 * np.pi, n),
            ]
        )
        return cls(bends=bends, ripples=ripples)

    def _bend(self, s: Array) -> Array:
        amplitude, wavelength, phase = self.bends.T
        return np.asarray(
            (amplitude * np.sin(2 * np.pi * s[:, None] / wavelength + phase)).sum(axis=1), dtype=float
        )

    def _unturned(self, sd: Array) -> Array:
        s, d = sd[:, 0], sd[:, 1]
        wave = 2 * np.pi / 6200.0
        axis_y = 300.0 * np.sin(wave * s + 0.7)
        slope = 300.0 * wave * np.cos(wave * s + 0.7)
        norm = np.hypot(1.0, slope)
        x = s - d * slope / norm
        y = axis_y + d / norm + self._bend(s) * np.exp(-((d / _BEND_REACH_M) ** 2))
        a, b, ks, kd, phase = self.ripples.T
        ripple = np.sin(s[:, None] * ks + d[:, None] * kd + phase)
        return np.column_stack([x + (a * ripple).sum(axis=1), y + (b * ripple).sum(axis=1)])

    def warp(self, sd: Array) -> Array:
        """Ground coordinates (EPSG:4549, m) of valley coordinates, both of shape (n, 2)."""
        origin = self._unturned(np.array([_SEAT_SD]))
        x, y = (self._unturned(sd) - origin).T
        cos, sin = np.cos(_TURN_RAD), np.sin(_TURN_RAD)
        return np.column_stack([x * cos - y * sin + SEAT_EN[0], x * sin + y * cos + SEAT_EN[1]])

    def unwarp(self, xy: Array) -> Array:
        """Valley coordinates of ground coordinates, by fixed point, to about a metre."""
        origin = self._unturned(np.array([_SEAT_SD]))
        cos, sin = np.cos(_TURN_RAD), np.sin(_TURN_RAD)
        x, y = (xy[:, :2] - np.array(SEAT_EN)).T
        flat = np.column_stack([x * cos + y * sin, -x * sin + y * cos]) + origin
        sd = np.column_stack([flat[:, 0], flat[:, 1] - 300.0 * np.sin(2 * np.pi / 6200.0 * flat[:, 0] + 0.7)])
        for _ in range(_UNWARP_STEPS):
            sd = sd + 0.8 * (flat - self._unturned(sd))
        return sd

    def height_m(self, xy: Array) -> Array:
        """Height above the sea of ground points, shape (n,): a valley floor, hills and side valleys."""
        s, d = self.unwarp(xy).T
        floor = 186.0 + 0.0025 * s
        bank = 3.5 * (1.0 - np.exp(-np.abs(d) / 60.0))
        north = _climb(d - (780.0 + 110.0 * np.sin(s / 640.0 + 0.4)))
        south = _climb(-d - (520.0 + 90.0 * np.sin(s / 520.0 + 2.1)))
        spurs = 1.0 + 0.35 * np.sin(s / 210.0 + 0.6 * np.sin(d / 300.0)) * np.cos(d / 420.0)
        brook_valley = np.exp(-(((s - brook_axis(d)) / 300.0) ** 2))
        tea_valley = np.exp(-(((s - tea_road_axis(d)) / 260.0) ** 2))
        lake_valley = np.exp(-(((s - LAKE_VALLEY_S) / 300.0) ** 2)) * np.exp(-(((d + 700.0) / 600.0) ** 2))
        hills = north * (1.0 - 0.86 * brook_valley)
        hills += south * (1.0 - 0.85 * np.maximum(tea_valley, lake_valley))
        knoll = 52.0 * np.exp(-(((s - KNOLL_SD[0]) / 150.0) ** 2) - ((d - KNOLL_SD[1]) / 105.0) ** 2)
        return np.asarray(np.round(floor + bank + hills * spurs + knoll, 2), dtype=float)


LAKE_VALLEY_S = 1090.0
"""The s of the southern side valley in which the village 官湖 stands."""

KNOLL_SD = (-640.0, 590.0)
"""Valley coordinates of the top of the wooded knoll inside the town."""


def _climb(excess_m: Array) -> Array:
    """How high ground has climbed that far past the foot of the hills: terraces first, then slopes."""
    foot = 0.17 * 60.0 * np.logaddexp(0.0, excess_m / 60.0)
    slope = 0.27 * 90.0 * np.logaddexp(0.0, (excess_m - 330.0) / 90.0)
    return np.asarray(foot + slope, dtype=float)


def brook_axis(d: Array) -> Array:
    """The s of the tributary's axis where it is d metres north of the river."""
    return 640.0 + 0.16 * d + 38.0 * np.sin(d / 190.0)


def tea_road_axis(d: Array) -> Array:
    """The s of the road up the southern side valley, d metres across (d < 0)."""
    return -330.0 + 0.30 * d + 45.0 * np.sin(d / 260.0)


def river_half_width(s: Array) -> Array:
    """Half of the river's width (m), wider downstream and never quite even."""
    return 23.0 - 0.0025 * s + 3.0 * np.sin(s / 170.0) + 1.5 * np.sin(s / 61.0)
