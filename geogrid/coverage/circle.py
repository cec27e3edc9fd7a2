"""Straight-line circles round the centres: what they would claim, to be set beside the walks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.spatial import cKDTree

from geogrid.coverage.reading import Reading
from geogrid.coverage.summary import sum_known
from geogrid.coverage.walks import Layout


@dataclass(frozen=True)
class CircleClaim:
    """What circles round the doors of centres say, against the walks.

    Attributes
    ----------
    radius_m
        The cutoff as a straight line: metres, or the minutes times the walker's speed on level ground.
    n_homes, people
        Within a circle; people None where unknown.
    n_false, false_people
        Of those, the ones whose walk is longer than the cutoff or has no answer.
    """

    reading: Reading
    radius_m: float
    n_homes: int
    people: int | None
    n_false: int
    false_people: int | None

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready values."""
        return {
            "reading": str(self.reading),
            "radius_m": round(self.radius_m, 3),
            "n_homes": self.n_homes,
            "people": self.people,
            "n_false": self.n_false,
            "false_people": self.false_people,
        }


def measure_radius(reading: Reading) -> float:
    """The radius in metres that a reading's cutoff is in a straight line.

    >>> measure_radius(Reading("minutes", 10)), measure_radius(Reading("metres", 500))
    (720.0, 500.0)
    """
    return reading.cutoff_units / 1000.0 * reading.measure.speed_m_per_s


def mark_circled(layout: Layout, radius_m: float) -> npt.NDArray[np.bool_]:
    """Which homes lie within a straight line of any centre's door, shape (h,); the radius is inclusive."""
    doors_xy = layout.centre_doors.spots.xy
    doors_xy = doors_xy[np.isfinite(doors_xy).all(axis=1)]
    straight_m, _ = cKDTree(doors_xy).query(layout.homes.xy)
    circled: npt.NDArray[np.bool_] = straight_m <= radius_m
    return circled


def claim_circles(layout: Layout, homes: pd.DataFrame, reading: Reading) -> CircleClaim:
    """What circles of a reading's cutoff would claim of the homes of a coverage.

    Parameters
    ----------
    homes
        `Coverage.homes` of that layout and reading, or some of its rows.
    """
    ids = layout.homes.building["id"].to_numpy(object)
    circled = pd.Series(mark_circled(layout, measure_radius(reading)), index=ids).reindex(homes.index)
    inside = homes[circled.to_numpy(bool)]
    false = inside[(inside["status"] != "covered").to_numpy(bool)]
    return CircleClaim(
        reading,
        measure_radius(reading),
        len(inside),
        sum_known(inside["people"]),
        len(false),
        sum_known(false["people"]),
    )
