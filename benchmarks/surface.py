"""How long surfaces and what is drawn from them take, and how well outlines agree with homes: `make bench`.

The demo county, or with `--osm` the streets and buildings of an OpenStreetMap file with 69 doors drawn at
random. Every figure but the first two is over ground that was laid before. Nothing here is compared with a limit.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from geogrid.coverage.catchment import outline_catchments, outline_isochrones, outline_reached
from geogrid.coverage.ground import CELL_M, PRINT_CELL_M, lay_ground
from geogrid.coverage.reading import STANDARD_READINGS
from geogrid.coverage.surface import measure_surface
from geogrid.coverage.town import Town
from geogrid.coverage.walks import lay_out, measure_walks
from geogrid.crs import change_crs, choose_metric_crs


def load_demo() -> Town:
    from geogrid.demo.town import build_town

    layers = {name: frame for name, frame in build_town(1).items() if isinstance(frame, gpd.GeoDataFrame)}
    return Town.from_layers({name: change_crs(frame, "EPSG:4549", name) for name, frame in layers.items()})


def load_osm(file: Path) -> Town:
    from geogrid.io.osm import read_osm

    layers = read_osm(file).layers
    metric = choose_metric_crs(*layers["street"].total_bounds[:2])
    layers = {name: change_crs(frame, metric, name) for name, frame in layers.items()}
    corners = shapely.get_coordinates(layers["street"].geometry.to_numpy())
    rng = np.random.default_rng(20261122)
    doors = shapely.points(rng.choice(corners, 69) + rng.uniform(-20, 20, (69, 2)))
    ids = [f"z{n:02d}" for n in range(69)]
    layers["centre"] = gpd.GeoDataFrame({"id": ids}, geometry=doors, crs=metric)
    return Town.from_layers(layers)


def measure(name: str, call: Callable[[], Any], runs: int) -> Any:
    """The answer of a call; prints the median of its seconds."""
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        answer = call()
        seconds.append(time.perf_counter() - start)
    print(f"  {name:24} {statistics.median(seconds):8.3f} s")
    return answer


def time_cells(town: Town, cell_m: float, runs: int) -> None:
    """Times and agreement for cells of one size."""
    print(f"cells of {cell_m:g} m")
    layout = measure("lay_out", lambda: lay_out(town), runs)
    ground = measure("lay_ground", lambda: lay_ground(town, layout, cell_m=cell_m), runs)
    print(f"  {len(ground.cell):,} samples, {layout.n_homes:,} homes, {layout.n_centres} centres")
    adult = STANDARD_READINGS[0]
    measure("surface", lambda: measure_surface(layout, ground, adult.measure), runs)
    measure("catchments", lambda: outline_catchments(layout, ground, adult), runs)
    measure("isochrones", lambda: outline_isochrones(layout, ground, adult), runs)
    for reading in STANDARD_READINGS:
        covered = measure_walks(layout, reading.measure).cost <= reading.cutoff_units
        within = shapely.contains_xy(outline_reached(layout, ground, reading), layout.homes.xy)
        print(f"  {reading!s:24} {(within == covered).mean():8.2%} of homes on the right side")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--osm", type=Path, help="an OpenStreetMap file in place of the demo county")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    town = load_osm(options.osm) if options.osm else load_demo()
    for cell_m in (CELL_M, PRINT_CELL_M):
        time_cells(town, cell_m, options.runs)


if __name__ == "__main__":
    main()
