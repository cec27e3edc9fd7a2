"""Whether the 90 % range of people holds 90 % of the worlds, from seed to seed, and what doubt takes.

    python -m benchmarks.doubt [--seeds 20] [--fresh 4000] [--worlds N] [--osm FILE.osm ...]

For each town: ranges from that many seeds, and worlds drawn afresh, independently of them and of each
other. Told are the mean, spread, least and most of the share of fresh worlds within a range (goal: mean
90 +- 2 %, spread between seeds at most 1.5 points), how far the ends really differ between seeds beside the
sampling error that is told of them, and the processor time of one answer. Ranges that reach to the base
value are counted and left out of the shares. The towns are the demo county, a small town with compounds,
walls and a river whose people are estimated, and another whose people are counted; with `--osm` those of
files too, with people estimated from the ground of their buildings and five doors drawn at random. With 20
seeds and 4,000 fresh worlds it takes some 25 s of one core, half of them for the demo county.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geogrid.coverage.assess import assess_layout
from geogrid.coverage.doubt import N_WORLDS, assess_doubt
from geogrid.coverage.reading import Reading
from geogrid.coverage.town import Town
from geogrid.coverage.walks import lay_out
from geogrid.crs import change_crs, choose_metric_crs
from geogrid.demo import build_town
from geogrid.io.osm import read_osm
from tests.support.calibration import calibrate
from tests.support.random_town import make_town

STOREYS, M2_A_PERSON, N_DOORS = 3, 35.0, 5


def list_towns(files: list[Path]) -> Iterator[tuple[str, Town, Reading]]:
    """Names of towns, the towns, and by what they are read."""
    layers = {name: frame for name, frame in build_town().items() if isinstance(frame, gpd.GeoDataFrame)}
    metric = {name: change_crs(frame, "EPSG:4549", name) for name, frame in layers.items()}
    yield "demo county", Town.from_layers(metric), Reading("minutes", 10)
    for name, source in (("small, estimated", "estimated"), ("small, counted", "counted")):
        town = make_town(2, n_homes=150)
        town.building["people_source"] = source
        yield name, town, Reading("minutes", 4)
    for file in files:
        yield file.name, load_osm(file), Reading("minutes", 10)


def load_osm(file: Path) -> Town:
    """The town of an OpenStreetMap file, with people estimated and doors of centres drawn at random."""
    read = read_osm(file).layers
    crs = choose_metric_crs(*read["street"].total_bounds[:2])
    layers = {
        name: change_crs(frame, crs, name)
        for name, frame in read.items()
        if isinstance(frame, gpd.GeoDataFrame) and len(frame)
    }
    ground_m2 = shapely.area(layers["building"].geometry.to_numpy())
    people = np.maximum(1, np.rint(STOREYS * ground_m2 / M2_A_PERSON)).astype(int)
    layers["building"] = layers["building"].assign(
        residents=pd.array(people, dtype="Int64"), people_source="estimated"
    )
    drawn = np.random.default_rng(5).choice(len(people), min(N_DOORS, len(people)), replace=False)
    doors = shapely.centroid(layers["building"].geometry.to_numpy()[drawn])
    ids = {"id": [f"centre{number}" for number in range(len(doors))]}
    layers["centre"] = gpd.GeoDataFrame(ids, geometry=gpd.GeoSeries(doors, crs=crs))
    return Town.from_layers(layers)


def time_doubt(town: Town, reading: Reading, n_worlds: int) -> float:
    """Processor seconds of one answer about doubt, the least of three."""
    layout = lay_out(town)
    homes = assess_layout(town, layout, [reading])[0].homes
    seconds = []
    for _ in range(3):
        begun = time.process_time()
        assess_doubt(town, layout, reading, homes, n_worlds=n_worlds)
        seconds.append(time.process_time() - begun)
    return min(seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--fresh", type=int, default=4000)
    parser.add_argument("--worlds", type=int, default=N_WORLDS)
    parser.add_argument("--osm", type=Path, nargs="*", default=[])
    given = parser.parse_args()
    print(f"{given.seeds} seeds, {given.worlds} worlds each, against {given.fresh:,} fresh worlds")
    for name, town, reading in list_towns(given.osm):
        found = calibrate(town, reading, seeds=range(given.seeds), n_fresh=given.fresh, n_worlds=given.worlds)
        share = 100 * found.share[~found.is_stretched]
        print(f"{name}: {found.is_stretched.sum()} ranges reach to the base value")
        if len(share) > 1:
            print(
                f"  within the range: mean {share.mean():.2f} %, spread {share.std(ddof=1):.2f} points,"
                f" {share.min():.1f} to {share.max():.1f} %"
            )
        real, told = found.ends.std(axis=0, ddof=1), found.errors.mean(axis=0)
        print(
            f"  ends: {found.ends.mean(axis=0).round().astype(int).tolist()}, differ by {real.round(1).tolist()},"
            f" told {told.round(1).tolist()}"
        )
        print(f"  {time_doubt(town, reading, given.worlds):.3f} s of processor time")


if __name__ == "__main__":
    main()
