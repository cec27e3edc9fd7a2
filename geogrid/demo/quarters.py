"""What kind of ground lies where: old town, newer quarters, works, villages, fields and hills."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geogrid.demo.terrain import KNOLL_SD, RIVER_EDGE_M, Array, brook_axis, tea_road_axis


@dataclass(frozen=True)
class Quarter:
    """One kind of ground and how it is cut into blocks.

    Attributes
    ----------
    block_m2
        The area at which blocks are no longer cut.
    skew_rad
        How far a cut may turn from the block's own direction.
    is_urban
        Belongs to a 社区; other ground is village land.
    """

    name: str
    block_m2: float
    skew_rad: float
    is_urban: bool


QUARTERS = {
    quarter.name: quarter
    for quarter in (
        Quarter("old", 3_600.0, 0.24, is_urban=True),
        Quarter("core", 8_500.0, 0.15, is_urban=True),
        Quarter("new", 21_000.0, 0.10, is_urban=True),
        Quarter("edge", 17_000.0, 0.22, is_urban=True),
        Quarter("works", 42_000.0, 0.05, is_urban=True),
        Quarter("park", 60_000.0, 0.2, is_urban=True),
        Quarter("village", 8_500.0, 0.28, is_urban=False),
        Quarter("field", 90_000.0, 0.3, is_urban=False),
        Quarter("hill", 190_000.0, 0.4, is_urban=False),
        Quarter("river", 14_000.0, 0.05, is_urban=False),
    )
}

VILLAGES_SD = (
    (-2420.0, 330.0, 300.0, 170.0),
    (2420.0, 360.0, 280.0, 170.0),
    (850.0, 1560.0, 170.0, 210.0),
    (-690.0, -1330.0, 170.0, 200.0),
    (1250.0, -930.0, 170.0, 150.0),
    (-1850.0, -520.0, 210.0, 140.0),
    (-2270.0, -1045.0, 120.0, 110.0),
)
"""Village cores in valley coordinates: s, d and the two half-axes (m)."""


def classify(sd: Array) -> np.ndarray:
    """Names of the quarters in which points of valley coordinates lie, shape (n,)."""
    s, d = sd[:, 0], sd[:, 1]
    names = np.full(len(sd), "hill", dtype=object)
    rim = 60.0 * np.sin(s / 190.0) + 45.0 * np.sin(s / 83.0 + 1.0)
    names[(d < 1020.0 + rim) & (d > -860.0 + rim)] = "field"
    names[np.abs(s - brook_axis(d)) < 190.0 + rim / 2] = "field"
    names[(np.abs(s - tea_road_axis(d)) < 170.0 + rim / 2) & (d < 0)] = "field"
    for village_s, village_d, half_s, half_d in VILLAGES_SD:
        names[((s - village_s) / half_s) ** 2 + ((d - village_d) / half_d) ** 2 < 1] = "village"
    north = (d > 0) & (d < 850.0 + rim - (s / 95.0 - 1.0) ** 2 * 0.62) & (np.abs(s) < 2060)
    south = (d < 0) & (d > -640.0 + rim + ((s - 100) / 100.0) ** 2 * 0.75) & (np.abs(s) < 1950)
    names[(north | south)] = "edge"
    names[((s - 50) / 1750.0) ** 2 + ((d - 300) / 490.0) ** 2 < 1] = "new"
    names[(d < 0) & (((s - 100) / 1550.0) ** 2 + ((d + 240) / 300.0) ** 2 < 1)] = "new"
    names[((s - 150) / 900.0) ** 2 + ((d - 240) / 400.0) ** 2 < 1] = "core"
    names[(d < 0) & (((s - 120) / 480.0) ** 2 + ((d + 190) / 150.0) ** 2 < 1)] = "core"
    names[((s - 150) / 520.0) ** 2 + ((d - 235) / 225.0) ** 2 < 1] = "old"
    names[(s > 1200) & (s < 2050) & (d < 0) & (d > -520 + rim / 2)] = "works"
    names[((s - KNOLL_SD[0]) / 215.0) ** 2 + ((d - KNOLL_SD[1]) / 165.0) ** 2 < 1] = "park"
    names[np.abs(d) < RIVER_EDGE_M] = "river"
    return names
