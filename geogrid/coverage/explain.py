"""Why homes are not covered: a gate, a slope, a barrier, or plain distance."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

import numpy as np
from scipy.spatial import cKDTree

from geogrid.coverage.reading import Reading
from geogrid.coverage.walks import Layout, Objects, measure_walks, open_walls
from geogrid.network.enclosures import PUBLIC
from geogrid.network.impedance import Integers, price_legs


class GapReason(StrEnum):
    """What keeps a home from a centre within the cutoff; the first that holds is given.

    `GATE`: were the wall of its compound gone, so that people walked straight to the nearest public
    street, the home would be covered. `SLOPE`: were the ground level, it would be. `BARRIER`: a centre is near enough in a straight line (with the
    detour of an access leg) but the streets lead round something: a river, a railway, another
    compound. `FAR`: no centre is near.

    The first two are tried by walking again, and go before the third, which is judged from the air:
    where levelling the hill would do, nothing is in the way but the hill.
    """

    GATE = "gate"
    SLOPE = "slope"
    BARRIER = "barrier"
    FAR = "far"


def explain_uncovered(layout: Layout, reading: Reading, uncovered: Integers) -> Objects:
    """The `GapReason` of homes that are not covered.

    Parameters
    ----------
    uncovered
        Shape (u,): numbers of the homes.

    Returns
    -------
    Shape (u,): values of `GapReason`.
    """
    reason = np.full(len(uncovered), GapReason.FAR.value, dtype=object)
    if not len(uncovered):
        return reason
    doors_xy = layout.centre_doors.spots.xy
    doors_xy = doors_xy[np.isfinite(doors_xy).all(axis=1)]
    straight_m, _ = cKDTree(doors_xy).query(layout.homes.xy[uncovered])
    near = price_legs(straight_m, reading.measure) <= reading.cutoff_units
    reason[near] = GapReason.BARRIER.value
    level = replace(reading.measure, slope_share=0.0)
    if level != reading.measure and layout.network.has_slopes:
        on_the_level = measure_walks(layout, level).cost[uncovered]
        reason[on_the_level <= reading.cutoff_units] = GapReason.SLOPE.value
    is_walled = layout.home_region[uncovered] != PUBLIC
    if is_walled.any():
        opened = measure_walks(open_walls(layout), reading.measure).cost[uncovered]
        reason[is_walled & (opened <= reading.cutoff_units)] = GapReason.GATE.value
    return reason
