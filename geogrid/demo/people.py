"""Uses, floors, households and residents of the buildings, and their addresses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from geogrid.demo.buildings import Footprints
from geogrid.demo.fabric import Ints, Objects
from geogrid.demo.streets import Ways

N_HOUSEHOLDS = 15_180
"""About as many as the town's registered people (44 thousand) make at 2.93 a household."""

MEAN_SIZE = 2.93
ESTIMATED_SHARE = 0.06
VACANT_SHARE = 0.05

_USE_SHARES = {
    "old": (
        ("residential", 0.86),
        ("commercial", 0.10),
        ("public", 0.02),
        ("other", 0.01),
        ("unknown", 0.01),
    ),
    "core": (
        ("residential", 0.83),
        ("commercial", 0.13),
        ("public", 0.02),
        ("other", 0.01),
        ("unknown", 0.01),
    ),
    "new": (("residential", 0.82), ("commercial", 0.13), ("industrial", 0.03), ("unknown", 0.02)),
    "edge": (("residential", 0.88), ("commercial", 0.04), ("industrial", 0.05), ("unknown", 0.03)),
    "village": (("residential", 0.93), ("public", 0.02), ("other", 0.03), ("unknown", 0.02)),
    "ribbon": (("residential", 0.80), ("commercial", 0.16), ("unknown", 0.04)),
    "slab": (("residential", 0.97), ("commercial", 0.03)),
    "campus": (("public", 1.0),),
    "hall": (("industrial", 0.95), ("commercial", 0.05)),
}
_FLOORS = {
    "old": (2, 4),
    "core": (3, 6),
    "new": (3, 7),
    "edge": (2, 4),
    "village": (2, 4),
    "ribbon": (2, 4),
    "campus": (3, 6),
    "hall": (1, 2),
}
_SLAB_FLOORS = ((6, 0.46), (7, 0.20), (11, 0.22), (18, 0.12))
_DWELLING_M2 = {"old": 130.0, "core": 250.0, "new": 420.0, "edge": 320.0, "village": 300.0, "ribbon": 320.0}
_SLAB_DWELLING_M2 = 104.0
_YOUNG_SHARE = {"old": 0.14, "slab": 0.20, "village": 0.13}
_OLD_SHARE = {"old": 0.27, "core": 0.22, "slab": 0.14, "village": 0.29, "ribbon": 0.22}
_OVER_80_SHARE = 0.15


@dataclass(frozen=True)
class People:
    """What is known of each building; every array has shape (b,). -1 stands for not known."""

    use: Objects
    floors: Ints
    households: Ints
    residents: Ints
    young: Ints
    elderly: Ints
    over_80: Ints
    is_estimated: npt.NDArray[np.bool_]

    def empty_homes(self, rows: Ints) -> People:
        """The same with nobody living in the given buildings, which are public."""
        lived_in = np.ones(len(self.use), dtype=np.int64)
        lived_in[rows] = 0
        use = self.use.copy()
        use[rows] = "public"
        return People(
            use=use,
            floors=self.floors,
            households=self.households * lived_in,
            residents=self.residents * lived_in,
            young=self.young * lived_in,
            elderly=self.elderly * lived_in,
            over_80=self.over_80 * lived_in,
            is_estimated=self.is_estimated,
        )


def settle_people(footprints: Footprints, rng: np.random.Generator) -> People:
    """Uses, floors and people of all buildings."""
    n = len(footprints.shapes)
    use = _draw_uses(footprints.style, rng)
    floors = _draw_floors(footprints, rng)
    room = shapely.area(footprints.shapes) * floors
    dwelling_m2 = np.array([_DWELLING_M2.get(style, _SLAB_DWELLING_M2) for style in footprints.style])
    wanted = np.where(use == "residential", room / dwelling_m2 * rng.uniform(0.6, 1.4, n), 0.0)
    wanted = np.where(rng.uniform(size=n) < VACANT_SHARE, 0.0, wanted)
    wanted *= N_HOUSEHOLDS / wanted.sum()
    households = np.floor(wanted + rng.uniform(size=n)).astype(np.int64)
    residents = households + rng.poisson(households * (MEAN_SIZE - 1.0))
    young_share = np.array([_YOUNG_SHARE.get(style, 0.17) for style in footprints.style])
    old_share = np.array([_OLD_SHARE.get(style, 0.19) for style in footprints.style])
    shares = np.column_stack([young_share, old_share, 1.0 - young_share - old_share])
    young, elderly, _ = rng.multinomial(residents, shares).T
    over_80 = rng.binomial(elderly, _OVER_80_SHARE)
    unknown = (use == "unknown") | ((use != "residential") & (rng.uniform(size=n) < 0.5))

    def hide(count: Ints) -> Ints:
        return np.where(unknown, -1, count).astype(np.int64)

    return People(
        use=use,
        floors=floors,
        households=hide(households),
        residents=hide(residents),
        young=hide(young),
        elderly=hide(elderly),
        over_80=hide(over_80),
        is_estimated=(rng.uniform(size=n) < ESTIMATED_SHARE) & ~unknown,
    )


def _draw_uses(style: Objects, rng: np.random.Generator) -> Objects:
    use = np.full(len(style), "unknown", dtype=object)
    drawn = rng.uniform(size=len(style))
    for name, shares in _USE_SHARES.items():
        rows = np.flatnonzero(style == name)
        limits = np.cumsum([share for _, share in shares])
        kinds = np.array([kind for kind, _ in shares], dtype=object)
        use[rows] = kinds[np.searchsorted(limits, drawn[rows]).clip(max=len(kinds) - 1)]
    return use


def _draw_floors(footprints: Footprints, rng: np.random.Generator) -> Ints:
    """Floors; all slabs of a compound have the same."""
    floors = np.ones(len(footprints.shapes), dtype=np.int64)
    for name, (low, high) in _FLOORS.items():
        rows = np.flatnonzero(footprints.style == name)
        floors[rows] = rng.integers(low, high + 1, len(rows))
    slab = np.flatnonzero(footprints.style == "slab")
    n_compounds = int(footprints.compound.max()) + 1
    heights, shares = zip(*_SLAB_FLOORS, strict=True)
    floors[slab] = rng.choice(heights, n_compounds, p=shares)[footprints.compound[slab]]
    return floors


def write_addresses(footprints: Footprints, ways: Ways) -> Objects:
    """Addresses like 和平路12号: the nearest named street, odd numbers on its left, even on its right."""
    named = np.flatnonzero((ways.name != "") & (ways.street_class != "trunk"))
    lines, names = ways.lines[named], ways.name[named].astype(str)
    door = find_doors(footprints.shapes)
    way = shapely.STRtree(lines).nearest(door)
    place = shapely.get_coordinates(door)
    _, street = np.unique(names, return_inverse=True)
    own = street[way]
    span = _measure_axes(lines, street)
    along = (place * span[own]).sum(axis=1)
    start = shapely.get_coordinates(shapely.get_point(lines, 0))[way]
    end = shapely.get_coordinates(shapely.get_point(lines, -1))[way]
    run, to_door = end - start, place - start
    run = run * np.sign((run * span[own]).sum(axis=1))[:, None]
    is_right = (run[:, 0] * to_door[:, 1] - run[:, 1] * to_door[:, 0]) < 0
    order = np.lexsort((along, is_right, own))
    group = own[order] * 2 + is_right[order]
    first = np.flatnonzero(np.diff(group, prepend=-1))
    rank = np.arange(len(order)) - np.repeat(first, np.diff(np.append(first, len(order))))
    number = np.empty(len(order), dtype=np.int64)
    number[order] = rank * 2 + 1 + is_right[order]
    return np.array([f"{names[w]}{k}号" for w, k in zip(way, number, strict=True)], dtype=object)


def _measure_axes(lines: Objects, street: Ints) -> npt.NDArray[np.float64]:
    """Unit vector of each street's main direction, eastward or northward, shape (s, 2)."""
    points, line = shapely.get_coordinates(lines, return_index=True)
    owner = street[line]
    size = np.bincount(owner)
    middle = np.column_stack([np.bincount(owner, points[:, i]) / size for i in (0, 1)])
    dx, dy = (points - middle[owner]).T
    angle = 0.5 * np.arctan2(
        2 * np.bincount(owner, dx * dy), np.bincount(owner, dx * dx) - np.bincount(owner, dy * dy)
    )
    return np.column_stack([np.cos(angle), np.sin(angle)])


def find_doors(shapes: Objects) -> Objects:
    """Points in the middle of each footprint's first side, which faces the street."""
    first = shapely.get_coordinates(shapely.get_point(shapely.get_exterior_ring(shapes), 0))
    second = shapely.get_coordinates(shapely.get_point(shapely.get_exterior_ring(shapes), 1))
    return np.asarray(shapely.points((first + second) / 2), dtype=object)
