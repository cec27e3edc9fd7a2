"""What each standing centre alone serves, and what one more at a given place would bring."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from geogrid.coverage.reach import measure_walks_within
from geogrid.network.access import find_snapped
from geogrid.network.impedance import Floats, Integers
from geogrid.siting.instance import Flags, Instance, Weight, place_centres


def value_standing(instance: Instance, weight: Weight) -> Integers:
    """What only this centre serves, shape (m,): what is lost should it close; 0 where it is redundant."""
    standing = instance.standing
    n_serving = np.diff(standing.indptr)
    alone = np.where(n_serving == 1, instance.weigh(weight), 0)
    per_entry = np.repeat(alone, n_serving).astype(float)
    lost: Integers = np.rint(
        np.bincount(standing.indices, weights=per_entry, minlength=standing.shape[1])
    ).astype(np.int64)
    return lost


@dataclass(frozen=True, eq=False)
class PlaceValue:
    """What a centre at a place would bring.

    Attributes
    ----------
    reached
        Homes within the cutoff of it, shape (h,).
    is_snapped
        Whether it touches a street, through a gate or not.
    is_unfit
        Whether it lies in water.
    now, after
        What it adds to the standing centres, and to those and the plan.
    nearest
        Number of the nearest candidate, and the straight metres to it.
    """

    reached: Flags
    is_snapped: bool
    is_unfit: bool
    now: int
    after: int
    nearest: int
    nearest_m: float


def value_place(instance: Instance, weight: Weight, xy: Floats, sites: tuple[int, ...]) -> PlaceValue:
    """What a centre at a place would bring now, and once the sites of a plan stand.

    Parameters
    ----------
    xy
        Shape (2,), metres.
    """
    town, layout = instance.town, instance.layout
    ids = np.array(["here"], dtype=object)
    placed = place_centres(layout, ids, ids, xy.reshape(1, 2))
    reached: Flags = np.diff(measure_walks_within(placed, instance.reading).indptr) > 0
    worth = instance.weigh(weight)
    away_m = np.hypot(*(instance.candidates.xy - xy).T)
    return PlaceValue(
        reached=reached,
        is_snapped=bool(find_snapped(placed.centre_doors, layout.gates)[0]),
        is_unfit=bool(shapely.intersects(town.water.geometry.to_numpy(), shapely.Point(xy)).any()),
        now=int(worth[reached & ~instance.is_covered].sum()),
        after=int(worth[reached & ~instance.mark_covered(sites)].sum()),
        nearest=int(np.argmin(away_m)),
        nearest_m=float(away_m.min()),
    )
