"""How much of the centres falls to each home: the enhanced two-step floating catchment area (E2SFCA)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from geogrid.coverage.reach import measure_walks_within
from geogrid.coverage.reading import Reading
from geogrid.coverage.town import Town
from geogrid.coverage.walks import Layout
from geogrid.network.impedance import Floats

ZONE_WEIGHTS = (1.0, 0.68, 0.22)
"""Weights of the three zones of a catchment, near to far: those of Luo and Qi (2009) for a decay in steps,
there for 10, 20 and 30 minutes by car; here for the thirds of the reading's cutoff, an assumption."""


@dataclass(frozen=True)
class Zone:
    """One step of the decay: walks up to this (inclusive), in the reading's whole units, have this weight."""

    up_to: float
    weight: float


def choose_zones(reading: Reading) -> tuple[Zone, ...]:
    """The zones of a reading: the thirds of its cutoff.

    >>> [(zone.up_to, zone.weight) for zone in choose_zones(Reading("minutes", 15))]
    [(300000.0, 1.0), (600000.0, 0.68), (900000.0, 0.22)]
    """
    n = len(ZONE_WEIGHTS)
    return tuple(
        Zone(reading.cutoff_units * (number + 1) / n, weight) for number, weight in enumerate(ZONE_WEIGHTS)
    )


def share_supply(reach: csr_matrix, people: Floats, supply: Floats, zones: tuple[Zone, ...]) -> Floats:
    """The supply that falls to each person of every home, shape (n,): E2SFCA.

    Step 1, for each centre j the supply per person of its catchment, people weighed by their zone's W:
    `R_j = S_j / sum_i(P_i W(t_ij))`. Step 2, for each home i the sum over the centres within reach:
    `A_i = sum_j(R_j W(t_ij))`. Then `sum_i(P_i A_i)` is the supply of all centres that anybody reaches.

    Luo W., Qi Y. (2009), An enhanced two-step floating catchment area (E2SFCA) method for measuring
    spatial accessibility to primary care physicians, Health & Place 15(4), 1100-1107.

    Parameters
    ----------
    reach
        Shape (n, k): walks from homes to centres that are within the last zone or farther; what is not
        stored is out of reach.
    people
        Shape (n,), NaN where unknown: nobody's demand, and yet a place with an access of its own.
    supply
        Shape (k,).
    zones
        From near to far.

    Returns
    -------
    Supply per person, 0 where no centre is within the zones. A centre whose catchment has no people gives
    nothing to anybody.

    >>> reach = csr_matrix(np.array([[60.0, 500.0], [400.0, 60.0]]))
    >>> zones = (Zone(200.0, 1.0), Zone(400.0, 0.5))
    >>> share_supply(reach, np.array([10.0, 20.0]), np.array([1.0, 2.0]), zones).tolist()
    [0.05, 0.125]
    """
    rows, columns = np.repeat(np.arange(reach.shape[0]), np.diff(reach.indptr)), reach.indices
    bounds = np.array([zone.up_to for zone in zones])
    weights = np.array([*(zone.weight for zone in zones), 0.0])
    weight = weights[np.searchsorted(bounds, reach.data, side="left")]
    n_homes, n_centres = reach.shape
    demand = np.bincount(columns, np.nan_to_num(people)[rows] * weight, minlength=n_centres)
    ratio = np.divide(supply, demand, out=np.zeros(n_centres), where=demand > 0)
    return np.bincount(rows, ratio[columns] * weight, minlength=n_homes).astype(float)


def list_supply(town: Town, layout: Layout) -> Floats | None:
    """The capacity of every centre, shape (k,), the largest that its doors tell; None unless all are known."""
    key = town.centre["centre"].where(town.centre["centre"].notna(), town.centre["id"]).astype(str)
    capacity = town.centre["capacity"].astype(float).groupby(key.to_numpy(object)).max()
    known = capacity.reindex(layout.centre_id.astype(str)).to_numpy(float)
    return known if np.isfinite(known).all() else None


def measure_supply(layout: Layout, reading: Reading, people: Floats, supply: Floats) -> Floats:
    """The supply per person of every home of a town under a reading, shape (h,)."""
    reach = measure_walks_within(layout, reading)
    return share_supply(reach, people, supply, choose_zones(reading))
