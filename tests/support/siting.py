"""Siting questions on towns drawn as text."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import geopandas as gpd
import shapely

from geogrid.coverage.assess import assess_coverage
from geogrid.coverage.engine import Engine
from geogrid.coverage.reading import Reading
from geogrid.coverage.scenario import AddCentre, RemoveCentre, Scenario
from geogrid.coverage.town import Town
from geogrid.coverage.walks import lay_out
from geogrid.siting.instance import Instance, build_instance
from tests.support.town import CRS, at

MINUTE = Reading("minutes", 1.0)
"""Six columns of street."""


def place_candidates(**cells: tuple[float, float]) -> gpd.GeoDataFrame:
    """Candidates by id at columns and rows of the picture."""
    points = [shapely.Point(at(*cell)) for cell in cells.values()]
    frame = gpd.GeoDataFrame({"id": list(cells), "name": None, "cost": None}, geometry=points, crs=CRS)
    return frame.astype({"cost": float})


def no_ground() -> gpd.GeoDataFrame:
    """A layer `no_build` without anything in it."""
    return gpd.GeoDataFrame({"id": []}, geometry=gpd.GeoSeries([], crs=CRS))


def pose(town: Town, candidate: gpd.GeoDataFrame, reading: Reading = MINUTE, **options: Any) -> Instance:
    """The siting question of a town."""
    return build_instance(town, lay_out(town), reading, candidate, no_ground(), **options)


def count_with(town: Town, reading: Reading, places: dict[str, tuple[float, float]]) -> int:
    """People covered with more centres, by the coverage engine alone."""
    edits = tuple(AddCentre(f"new-{key}", x, y) for key, (x, y) in places.items())
    homes = assess_coverage(Scenario(edits).apply(town), reading).homes
    return int(homes.loc[homes["status"] == "covered", "people"].fillna(0).sum())


def find_best_by_force(town: Town, instance: Instance, k: int) -> int:
    """People covered by the best choice of k candidates, every choice walked by the what-if engine."""
    engine = Engine(town, instance.reading.measure)
    people = engine.layout.homes.building["residents"].fillna(0).to_numpy(int)
    best = 0
    for chosen in combinations(range(len(instance.candidates)), k):
        for number in chosen:
            x, y = map(float, instance.candidates.xy[number])
            engine.apply(AddCentre(f"new-{number}", x, y))
        best = max(best, int(people[engine.walks.cost <= instance.reading.cutoff_units].sum()))
        for number in chosen:
            engine.apply(RemoveCentre(f"new-{number}"))
    return best
