"""The time surface: from every cell of the ground, what the walk to the nearest centre costs.

The cells are placed on the streets once (`ground.lay_ground`), which takes most of the time; every
further surface, for another walker or other centres, is a search and a minimum over ways.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csc_matrix

from geogrid.coverage.ground import CELL_M, INSIDE, OUTSIDE, Ground, Lattice, lay_ground
from geogrid.coverage.reading import Reading
from geogrid.coverage.town import Town
from geogrid.coverage.walks import Layout, lay_out, measure_walks, price_ways
from geogrid.network.graph import price_segments
from geogrid.network.impedance import Floats, Integers, Profile
from geogrid.network.search import Direct, Ways
from geogrid.network.solver import measure_reach

MAX_PAIRS = 4_000_000
"""Pairs of a cell and a centre whose walks are held at a time (32 MB an array)."""


@dataclass(frozen=True)
class Surface:
    """What the walk from every cell to its nearest centre costs.

    Attributes
    ----------
    lattice
        Where the cells are.
    profile
        Who walks; `LENGTH` when lengths are measured.
    cost
        Shape (2, rows, columns): whole milliseconds (millimetres for `LENGTH`) outside walls and
        inside them, `inf` where no walk begins.
    centre
        Shape (2, rows, columns): number of the nearest centre, the smaller id on a tie, -1 for none.
    minutes
        Shape (rows, columns): minutes (metres for `LENGTH`) from the middle of each cell, `inf` where
        no walk begins, in water without a bridge, and outside the county.
    """

    lattice: Lattice
    profile: Profile
    cost: Floats
    centre: Integers
    minutes: Floats


def draw_surface(town: Town, reading: Reading, *, cell_m: float = CELL_M) -> Surface:
    """The surface of a town in a reading's measure.

    Raises
    ------
    EmptyLayerError
        When the town has no street, no centre or no home.
    """
    layout = lay_out(town)
    return measure_surface(layout, lay_ground(town, layout, cell_m=cell_m), reading.measure)


def measure_surface(layout: Layout, ground: Ground, profile: Profile) -> Surface:
    """The surface for one walker over ground that was laid before, perhaps with other centres."""
    walks = measure_walks(replace(layout, homes=ground.samples, home_doors=ground.doors), profile)
    cost = ground.spread(walks.cost, np.inf)
    own = np.where(ground.is_walled, cost[INSIDE], cost[OUTSIDE])
    unit = 1_000.0 if profile.name == "length" else 60_000.0
    return Surface(
        lattice=ground.lattice,
        profile=profile,
        cost=cost,
        centre=ground.spread(walks.centre, -1).astype(np.int64),
        minutes=np.where(ground.is_dry, own / unit, np.inf),
    )


def measure_cells(
    layout: Layout, ground: Ground, profile: Profile, *, limit: float
) -> Iterator[tuple[int, Integers, Floats]]:
    """For each centre in turn, its number, the samples of the ground within a limit, and their prices."""
    graph = layout.network.public
    costs = price_segments(graph, profile)
    ways = price_ways(replace(layout, homes=ground.samples, home_doors=ground.doors), profile)
    n_samples = len(ground.cell)
    size = max(1, MAX_PAIRS // max(1, len(ways.homes.place)))
    for low in range(0, layout.n_centres, size):
        high = min(low + size, layout.n_centres)
        reach = measure_reach(
            graph,
            costs,
            ways.homes,
            _take_ways(ways.centres, low, high),
            _take_direct(ways.direct, low, high),
            n_samples,
            high - low,
            limit=limit,
            chains=layout.network.chains,
        )
        columns = csc_matrix(reach)
        for number in range(high - low):
            part = slice(columns.indptr[number], columns.indptr[number + 1])
            yield low + number, columns.indices[part].astype(np.int64), columns.data[part].astype(float)


def _take_ways(ways: Ways, low: int, high: int) -> Ways:
    """The ways of the centres from one number up to another, numbered from 0."""
    rows = np.flatnonzero((ways.place >= low) & (ways.place < high))
    return Ways(
        ways.place[rows] - low, ways.segment[rows], ways.fraction[rows], ways.leg[rows], ways.gate[rows]
    )


def _take_direct(direct: Direct, low: int, high: int) -> Direct:
    rows = np.flatnonzero((direct.centre >= low) & (direct.centre < high))
    return Direct(direct.home[rows], direct.centre[rows] - low, direct.cost[rows])
