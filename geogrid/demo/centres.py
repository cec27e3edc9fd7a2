"""Service centres, candidate sites and places, placed as unevenly as towns place them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from geogrid.demo.buildings import Footprints
from geogrid.demo.fabric import Fabric, Ints, Objects
from geogrid.demo.people import People, find_doors
from geogrid.demo.terrain import Array, Terrain

N_CENTRES = 69
N_CANDIDATES = 50
N_SECOND_DOORS = 6
SPACING_M = {"old": 70.0, "core": 90.0}
OTHER_SPACING_M = 130.0

BARE_SD = (
    (-1600.0, -300.0, 720.0, 330.0),
    (1620.0, 480.0, 560.0, 420.0),
    (-350.0, 840.0, 950.0, 210.0),
    (500.0, -500.0, 420.0, 200.0),
    (-1900.0, 330.0, 430.0, 330.0),
    (2450.0, 380.0, 420.0, 260.0),
    (-690.0, -1330.0, 400.0, 330.0),
    (1250.0, -930.0, 330.0, 250.0),
    (-2270.0, -1045.0, 300.0, 250.0),
)
"""Quarters without any centre, in valley coordinates: s, d and the two half-axes (m)."""

SERVICES = ("助餐", "托育", "医疗", "文体", "议事", "代办", "助浴", "法律咨询", "快递", "四点半课堂")
HOURS = ("08:00-18:00", "08:30-17:30", "07:30-20:00", "08:00-21:00")


@dataclass(frozen=True)
class Centres:
    """Buildings that serve as centres: row numbers, services and so on, one entry per centre."""

    building: Ints
    services: list[str]
    capacity: Ints
    hours: list[str]
    has_second_door: np.ndarray


def place_centres(
    fabric: Fabric, terrain: Terrain, footprints: Footprints, people: People, rng: np.random.Generator
) -> Centres:
    """69 buildings, more of them where more people live, none in the bare quarters."""
    quarter = fabric.cell_quarter[footprints.cell]
    residents = np.maximum(people.residents, 0)
    density = np.bincount(footprints.cell, residents, minlength=len(fabric.cells))
    density = density / shapely.area(fabric.cells)
    place = shapely.get_coordinates(shapely.centroid(footprints.shapes))
    sd = terrain.unwarp(place)
    fit = np.isin(quarter, ["old", "core", "new", "edge", "village"]) & (footprints.style != "campus")
    fit &= shapely.area(footprints.shapes) < 700
    for s, d, half_s, half_d in BARE_SD:
        fit &= ((sd[:, 0] - s) / half_s) ** 2 + ((sd[:, 1] - d) / half_d) ** 2 > 1
    found = np.flatnonzero(fit)
    spacing = np.array([SPACING_M.get(item, OTHER_SPACING_M) for item in quarter[found]])
    wish = density[footprints.cell[found]] ** 0.7 + 1e-4
    keys = rng.exponential(size=len(found)) / wish
    chosen = _pick_apart(place[found], spacing, np.argsort(keys, kind="stable"), N_CENTRES)
    building = np.sort(found[chosen])
    services = []
    for _ in range(N_CENTRES):
        picked = rng.choice(len(SERVICES), int(rng.integers(3, 7)), replace=False)
        services.append(",".join(SERVICES[i] for i in np.sort(picked)))
    second = np.zeros(N_CENTRES, dtype=bool)
    second[rng.choice(N_CENTRES, N_SECOND_DOORS, replace=False)] = True
    return Centres(
        building=building,
        services=services,
        capacity=(rng.integers(6, 41, N_CENTRES) * 25).astype(np.int64),
        hours=[HOURS[i] for i in rng.integers(0, len(HOURS), N_CENTRES)],
        has_second_door=second,
    )


def _pick_apart(place: Array, spacing_m: Array, order: Ints, n: int) -> Ints:
    """The first n in the given order that keep their spacing from those before them."""
    chosen: list[int] = []
    for i in order:
        if len(chosen) == n:
            break
        if not chosen or np.hypot(*(place[chosen] - place[i]).T).min() > spacing_m[i]:
            chosen.append(int(i))
    return np.array(chosen, dtype=np.int64)


def find_back_doors(shapes: Objects) -> Objects:
    """Points in the middle of each footprint's side away from the street."""
    third = shapely.get_coordinates(shapely.get_point(shapely.get_exterior_ring(shapes), 2))
    fourth = shapely.get_coordinates(shapely.get_point(shapely.get_exterior_ring(shapes), 3))
    return np.asarray(shapely.points((third + fourth) / 2), dtype=object)


def place_candidates(
    footprints: Footprints, people: People, taken: Ints, rng: np.random.Generator
) -> tuple[Objects, Array]:
    """Doors of 50 buildings that could house a centre, and the cost of each (CNY)."""
    fit = np.isin(people.use, ["commercial", "public", "unknown", "residential"])
    fit[taken] = False
    found = np.flatnonzero(fit)
    place = shapely.get_coordinates(shapely.centroid(footprints.shapes[found]))
    order = rng.permutation(len(found))
    chosen = np.sort(found[_pick_apart(place, np.full(len(found), 230.0), order, N_CANDIDATES)])
    area = shapely.area(footprints.shapes[chosen])
    cost = np.round(200_000 + 2_400 * area * rng.uniform(0.7, 1.3, len(chosen)), -4)
    return find_doors(footprints.shapes[chosen]), cost


@dataclass(frozen=True)
class Places:
    """Places such as 警务室: the building, kind and name of each."""

    building: Ints
    kind: list[str]
    name: list[str]


def place_public_places(
    community: Ints, people: People, taken: Ints, names: list[str], rng: np.random.Generator
) -> Places:
    """Offices and meeting points in non-residential buildings of every community.

    Parameters
    ----------
    community
        Shape (b,), the number of each building's community.
    names
        Names of the communities that have offices, by number.
    """
    kinds = ["警务室", "居委会", "议事点", "议事点", "党群服务中心", "四点半学校"]
    buildings, kind, name = [], [], []
    free = np.isin(people.use, ["commercial", "public", "other", "residential"])
    free[taken] = False
    for number, title in enumerate(names):
        found = np.flatnonzero(free & (community == number))
        prefer = np.where(people.use[found] == "residential", 0.15, 1.0)
        n = 5 + number % 2
        picked = rng.choice(found, n, replace=False, p=prefer / prefer.sum())
        buildings += [int(item) for item in picked]
        kind += kinds[:n]
        name += [
            title + (what if kinds[:n].count(what) == 1 else what + "一二"[i - 2])
            for i, what in enumerate(kinds[:n])
        ]
    return Places(np.array(buildings, dtype=np.int64), kind, name)
