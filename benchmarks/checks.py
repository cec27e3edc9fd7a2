"""How long the checks of the demo county take, part by part, and what the search for mistaken datums finds.

CPU seconds beside seconds by the clock. `--seeds N` asks N sound towns for false alarms, and every layer of
each, shifted by GCJ-02, by BD-09 and back, for being found.
"""

from __future__ import annotations

import argparse
import datetime as dt
import time
from collections import Counter
from collections.abc import Callable

import geopandas as gpd
import shapely

from geogrid.areas.mend import Rule
from geogrid.checks import run_checks
from geogrid.checks.datum import Verdict, judge_positions
from geogrid.checks.mending import plan_mend
from geogrid.crs import WGS84, Datum, change_crs, datum_to_wgs84, wgs84_to_datum
from geogrid.demo import build_town
from geogrid.schema import LAYERS, TABLES

METRIC = "EPSG:4549"
MISTAKES = ((Datum.GCJ02, Datum.WGS84), (Datum.BD09, Datum.WGS84), (Datum.WGS84, Datum.GCJ02))


def measure(name: str, call: Callable[[], object], runs: int) -> None:
    """Print the least seconds of several runs."""
    best = []
    for _ in range(runs):
        wall, cpu = time.perf_counter(), time.process_time()
        call()
        best.append((time.perf_counter() - wall, time.process_time() - cpu))
    print(f"{name:24} {min(wall for wall, _ in best):8.2f} {min(cpu for _, cpu in best):8.2f}")


def take_for(frame: gpd.GeoDataFrame, is_in: Datum, taken_for: Datum) -> gpd.GeoDataFrame:
    """The layer as it comes out when its datum is mistaken."""
    degrees = change_crs(frame, WGS84, "benchmark")
    wrong = shapely.transform(
        shapely.force_2d(degrees.geometry.to_numpy()),
        lambda lonlat: datum_to_wgs84(wgs84_to_datum(lonlat, is_in), taken_for),
    )
    moved = degrees.set_geometry(gpd.GeoSeries(wrong, index=frame.index, crs=WGS84))
    return change_crs(moved, METRIC, "benchmark")


def ask_seeds(count: int) -> None:
    """False alarms among sound towns, and how often each shifted layer is found."""
    alarms, found, explained, asked = 0, Counter[str](), Counter[str](), 0
    for seed in range(1, count + 1):
        town = build_town(seed)
        layers = {name: change_crs(town[name], METRIC, name) for name in LAYERS}
        alarms += sum(position.verdict is Verdict.APART for position in judge_positions(layers))
        for name, frame in layers.items():
            for is_in, taken_for in MISTAKES:
                moved = {**layers, name: take_for(frame, is_in, taken_for)}
                (position,) = judge_positions(moved, name)
                asked += 1
                found[name] += position.verdict is Verdict.APART
                explained[name] += position.cause == f"{is_in}_as_{taken_for}"
    print(f"{count} sound towns: {alarms} false alarms; {found.total()} of {asked} shifted layers found")
    for name in sorted(found):
        print(f"  {name:20} found {found[name]:3}  explained {explained[name]:3}  of {count * len(MISTAKES)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seeds", type=int, default=0)
    options = parser.parse_args()
    town = build_town(1)
    layers = {name: change_crs(town[name], METRIC, name) for name in LAYERS}
    tables = {name: town[name] for name in TABLES if name in town}
    extent = layers["county"].geometry.iloc[0]
    print(f"{'':24} {'wall s':>8} {'CPU s':>8}")
    measure("all checks", lambda: run_checks(layers, tables, dt.date(2026, 6, 1)), options.runs)
    measure("datum, all layers", lambda: judge_positions(layers), options.runs)
    measure("datum, streets arriving", lambda: judge_positions(layers, "street"), options.runs)
    measure(
        "mend 15 communities",
        lambda: plan_mend(layers["community"], extent, "community", rule=Rule.LONGEST),
        options.runs,
    )
    if options.seeds:
        ask_seeds(options.seeds)


if __name__ == "__main__":
    main()
