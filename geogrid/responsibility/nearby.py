"""The buildings that an uncertain position may be: those its circle touches, the nearest first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geogrid.responsibility.register import Register


@dataclass(frozen=True)
class NearbyBuilding:
    """A building and the metres from the position to its outline, 0 inside it."""

    id: str
    name: str | None
    where: str
    distance_m: float


def find_nearby_buildings(register: Register, point: BaseGeometry, within_m: float) -> list[NearbyBuilding]:
    """The buildings of a register of one date at most so far from a point, by distance, then by id.

    Parameters
    ----------
    point
        In the register's metric CRS.
    """
    frame = register.layers["building"]
    distance_m = shapely.distance(frame.geometry.to_numpy(), point)
    found = []
    for row in np.flatnonzero(distance_m <= within_m):
        entry = register.entries.get(("building", str(frame["id"].iloc[row])))
        if entry is not None:
            found.append(NearbyBuilding(entry.key, entry.name, entry.where, float(distance_m[row])))
    return sorted(found, key=lambda building: (building.distance_m, building.id))
