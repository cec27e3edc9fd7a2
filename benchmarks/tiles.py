"""Vector tiles a second: our encoder on buildings in a town as dense as a small Chinese one.

    python benchmarks/tiles.py [N_BUILDINGS]

Prints, for each zoom, tiles a second of processor time and of the clock, one thread, nothing kept, with the
building's id in each feature; and the mean bytes of a tile.
"""

from __future__ import annotations

import sys
import time

import geopandas as gpd
import numpy as np
import shapely

from webmap.tilesource import make_source

HOUSES_PER_KM2 = 1200
ZOOMS = (12, 13, 14, 15, 16)
MOST_TILES = 300


def make_buildings(n: int) -> gpd.GeoDataFrame:
    """Synthetic houses of four to eight corners on a jittered lattice round 118.85 E, 27.36 N."""
    rng = np.random.default_rng(1)
    side = int(np.ceil(np.sqrt(n)))
    step = 1 / np.sqrt(HOUSES_PER_KM2) / 111
    column, row = np.divmod(np.arange(n), side)
    west = 118.85 + (column + rng.uniform(0, 0.4, n) - side / 2) * step
    south = 27.36 + (row + rng.uniform(0, 0.4, n) - side / 2) * step
    wide, high = rng.uniform(0.25, 0.5, (2, n)) * step
    houses = shapely.box(west, south, west + wide, south + high)
    wings = shapely.box(west + wide / 2, south + high / 2, west + wide * 1.3, south + high * 1.2)
    has_wing = rng.random(n) < 0.45
    houses[has_wing] = shapely.union(houses[has_wing], wings[has_wing])
    return gpd.GeoDataFrame({"id": [f"b{i:06d}" for i in range(n)]}, geometry=houses, crs="EPSG:4326")


def main() -> None:
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 30_000
    frame = make_buildings(n)
    started = time.process_time()
    source = make_source(frame, "building", ("id",), ("id",))
    corners = shapely.get_num_coordinates(frame.geometry.to_numpy()).mean() - 1
    print(
        f"{n} buildings of {corners:.1f} corners; made ready in {time.process_time() - started:.2f} s of processor"
    )
    for zoom in ZOOMS:
        places = np.column_stack([source.box[:, 0], 1 - source.box[:, 3]])
        tiles = np.unique(np.floor(places * 2**zoom).astype(int), axis=0)
        chosen = tiles[np.linspace(0, len(tiles) - 1, min(MOST_TILES, len(tiles))).astype(int)]
        cpu, wall = time.process_time(), time.perf_counter()
        sizes = [len(source.encode(zoom, int(x), int(y))) for x, y in chosen]
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        print(
            f"z{zoom}: {len(chosen) / cpu:6.0f} tiles a second of processor, {len(chosen) / wall:6.0f} of the clock,"
            f" {np.mean(sizes) / 1000:6.1f} kB each ({len(chosen)} tiles)"
        )


if __name__ == "__main__":
    main()
