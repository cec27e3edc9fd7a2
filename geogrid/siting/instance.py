"""A county as a siting question: who would be reached from which candidate, and how many they are."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property

import geopandas as gpd
import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from geogrid.areas.share import assign_areas
from geogrid.coverage.reach import measure_walks_within
from geogrid.coverage.reading import Reading
from geogrid.coverage.town import Town
from geogrid.coverage.walks import Layout, Objects
from geogrid.errors import FeatureNotFoundError, NoCandidatesError, PeopleUnknownError
from geogrid.network.access import snap_doors
from geogrid.network.enclosures import find_regions
from geogrid.network.impedance import Floats, Integers
from geogrid.siting.candidates import SPACING_M, Candidates, find_candidates
from geogrid.siting.problem import CoverProblem

Flags = npt.NDArray[np.bool_]


class Weight(StrEnum):
    """Whom a new centre should reach; `HOMES` counts buildings."""

    PEOPLE = "people"
    ELDERLY = "elderly"
    CHILDREN = "children"
    HOMES = "homes"


WEIGHT_COLUMNS = {
    Weight.PEOPLE: "residents",
    Weight.ELDERLY: "residents_60_plus",
    Weight.CHILDREN: "residents_0_14",
}
"""Elderly are those of 60 and over, children those under 15, as the building layer counts them."""
AREA_KINDS = ("community", "district")


@dataclass(frozen=True, eq=False)
class Instance:
    """Homes (h), standing centres (m) and candidates (c) of a town under a reading.

    Attributes
    ----------
    counts
        Weight -> shape (h,), people of that kind or 1; NaN where a home's people are unknown.
        Kinds of whom nothing is known in any home are left out.
    standing, cover
        Shapes (h, m) and (h, c): an entry is stored where the walk is within the cutoff.
    """

    town: Town = field(repr=False)
    layout: Layout = field(repr=False)
    reading: Reading
    candidates: Candidates
    counts: dict[Weight, Floats] = field(repr=False)
    standing: csr_matrix = field(repr=False)
    cover: csr_matrix = field(repr=False)

    @property
    def n_homes(self) -> int:
        """Number of homes."""
        return self.layout.n_homes

    @cached_property
    def is_covered(self) -> Flags:
        """Homes that a standing centre serves, shape (h,)."""
        covered: Flags = np.diff(self.standing.indptr) > 0
        return covered

    @cached_property
    def is_reachable(self) -> Flags:
        """Homes that a standing centre serves or some candidate would, shape (h,)."""
        reachable: Flags = self.is_covered | (np.diff(self.cover.indptr) > 0)
        return reachable

    @cached_property
    def areas(self) -> dict[str, Objects]:
        """The code of each home's community and district, shape (h,) each; None where it lies in none."""
        homes = self.layout.homes.building.geometry.to_numpy()
        return {kind: assign_areas(homes, getattr(self.town, kind)) for kind in AREA_KINDS}

    def choose_weight(self, asked: Weight | None) -> Weight:
        """What is counted: as asked; without a wish people where they are known, else homes.

        Raises
        ------
        PeopleUnknownError
            When people are asked for of whom nothing is known.
        """
        if asked is None:
            return Weight.PEOPLE if Weight.PEOPLE in self.counts else Weight.HOMES
        if asked not in self.counts:
            raise PeopleUnknownError(column=WEIGHT_COLUMNS[asked])
        return asked

    def weigh(self, weight: Weight) -> Integers:
        """Whole numbers to cover, shape (h,); 0 where a home's people are unknown."""
        return np.nan_to_num(self.counts[weight]).astype(np.int64)

    def pose(
        self, weight: Weight, *, must: tuple[str, ...] = (), forbidden: tuple[str, ...] = ()
    ) -> CoverProblem:
        """The question for the solver; sites are numbers of candidates.

        Raises
        ------
        FeatureNotFoundError
            When `must` or `forbidden` names no candidate.
        """
        return CoverProblem(
            self.cover,
            self.weigh(weight),
            self.is_covered,
            must=self.number_candidates(must),
            forbidden=self.number_candidates(forbidden),
        )

    def number_candidates(self, ids: tuple[str, ...]) -> tuple[int, ...]:
        """Numbers of candidates by id; FeatureNotFoundError names those that there are not."""
        number = {key: row for row, key in enumerate(self.candidates.id)}
        if missing := [key for key in ids if key not in number]:
            raise FeatureNotFoundError(layer="candidate", keys=missing)
        return tuple(sorted({number[key] for key in ids}))

    def mark_covered(self, sites: tuple[int, ...]) -> Flags:
        """Homes that are covered once these candidates stand, shape (h,)."""
        reached: Flags = self.is_covered.copy()
        if sites:
            reached |= np.asarray(self.cover[:, list(sites)].sum(axis=1)).ravel() > 0
        return reached

    def count(self, homes: Flags) -> dict[str, int | None]:
        """People of every kind and homes among some homes; None where nothing is known of any."""
        return {
            weight.value: int(self.weigh(weight)[homes].sum()) if weight in self.counts else None
            for weight in Weight
        }


def build_instance(
    town: Town,
    layout: Layout,
    reading: Reading,
    candidate: gpd.GeoDataFrame,
    no_build: gpd.GeoDataFrame,
    *,
    spacing_m: float = SPACING_M,
) -> Instance:
    """The question of a town: its own candidates, or generated ones where it has none.

    Parameters
    ----------
    layout
        That of the town.
    candidate, no_build
        The layers, in the town's CRS.
    spacing_m
        Between candidates that are generated.

    Raises
    ------
    NoCandidatesError
        When no place is fit.
    """
    candidates = find_candidates(town, layout, candidate, no_build, spacing_m=spacing_m)
    if not len(candidates):
        raise NoCandidatesError
    placed = place_centres(layout, candidates.id, candidates.name, candidates.xy)
    return Instance(
        town=town,
        layout=layout,
        reading=reading,
        candidates=candidates,
        counts=count_demand(layout),
        standing=_mark(measure_walks_within(layout, reading)),
        cover=_mark(measure_walks_within(placed, reading)),
    )


def place_centres(layout: Layout, ids: Objects, names: Objects, xy: Floats) -> Layout:
    """The layout with other centres, of one door each, in place of its own."""
    network = layout.network
    doors = snap_doors(network, np.arange(len(xy)), xy, find_regions(network.enclosures, xy))
    return replace(layout, centre_id=ids, centre_name=names, centre_xy=xy, centre_doors=doors)


def count_demand(layout: Layout) -> dict[Weight, Floats]:
    """People of every kind in every home, NaN where unknown; kinds of whom nothing is known are left out."""
    building = layout.homes.building
    counts = {
        weight: building[column].to_numpy(dtype=float, na_value=np.nan)
        for weight, column in WEIGHT_COLUMNS.items()
    }
    known = {weight: values for weight, values in counts.items() if not np.isnan(values).all()}
    return known | {Weight.HOMES: np.ones(layout.n_homes)}


def _mark(walks: csr_matrix) -> csr_matrix:
    """Ones where a walk is stored, be it of no length."""
    return csr_matrix((np.ones(walks.nnz, np.int8), walks.indices, walks.indptr), shape=walks.shape)
