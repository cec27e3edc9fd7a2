"""The reach matrix: what every walk from a home to a centre within the bounds costs, in time and in length."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from geogrid.coverage.reading import Reading
from geogrid.coverage.town import Town
from geogrid.coverage.walks import Layout, lay_out, price_ways
from geogrid.network.graph import price_segments
from geogrid.network.impedance import LENGTH, Profile
from geogrid.network.solver import measure_reach as search_reach

REACH_S = 2400.0
"""Longest walk kept: four times the ten minutes, so that any reading up to 40 minutes can be answered."""
REACH_M = 2000.0
"""Longest way kept: four times the 500 m of the standard."""


@dataclass(frozen=True)
class Reach:
    """Walks from homes (rows) to centres (columns); what is beyond the bounds is not stored.

    Attributes
    ----------
    building, centre
        Ids of the rows and of the columns.
    time_ms, length_mm
        Sparse, int64. A stored 0 is a home at a centre's door.
    """

    building: npt.NDArray[np.object_]
    centre: npt.NDArray[np.object_]
    time_ms: csr_matrix
    length_mm: csr_matrix


def measure_reach(town: Town, profile: Profile) -> Reach:
    """The reach matrix of a town for one walker, bounded by 2,400 s and 2,000 m.

    Raises
    ------
    EmptyLayerError
        When the town has no street, no centre or no home.
    """
    layout = lay_out(town)
    return Reach(
        building=layout.homes.building["id"].to_numpy(object),
        centre=layout.centre_id,
        time_ms=measure_bounded(layout, profile, REACH_S * 1000.0),
        length_mm=measure_bounded(layout, LENGTH, REACH_M * 1000.0),
    )


def measure_walks_within(layout: Layout, reading: Reading) -> csr_matrix:
    """What every walk within a reading's cutoff costs, homes x centres: milliseconds or millimetres.

    A home is within the cutoff of a centre where an entry is stored, be it 0.
    """
    return measure_bounded(layout, reading.measure, reading.cutoff_units)


def measure_bounded(layout: Layout, profile: Profile, limit: float) -> csr_matrix:
    """What every walk costs that costs no more than a limit, homes x centres: milliseconds (millimetres)."""
    ways = price_ways(layout, profile)
    return search_reach(
        layout.network.public,
        price_segments(layout.network.public, profile),
        ways.homes,
        ways.centres,
        ways.direct,
        layout.n_homes,
        layout.n_centres,
        limit=limit,
        chains=layout.network.chains,
    )
