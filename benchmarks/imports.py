"""Import of a county's worth of buildings: seconds and memory of the command line, for each kind of file.

    python benchmarks/imports.py [--buildings 200000] [--suffix .gpkg]

The file is made here from a seed: rectangles with names, addresses, floors and people on a 20 m raster
about the county's seat. Goal: 200,000 buildings in 40 s and 1.5 GB.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

from geogrid import Workspace

GOAL_S, GOAL_MB = 40.0, 1500.0
SEAT_M = (386_473.5, 3_028_905.1)  # EPSG:4549
USES = ["住宅", "商铺", "学校", "住宅", "住宅"]


def make_buildings(n: int, seed: int = 1) -> gpd.GeoDataFrame:
    rng = np.random.default_rng(seed)
    side = int(np.ceil(np.sqrt(n)))
    number = np.arange(n)
    x = SEAT_M[0] + (number % side - side / 2) * 20.0
    y = SEAT_M[1] + (number // side - side / 2) * 20.0
    width, depth = rng.uniform(6, 16, (2, n))
    return gpd.GeoDataFrame(
        {
            "编号": [f"B{i:07d}" for i in number],
            "名称": [f"合成小区{i // 40}第{i % 40 + 1}栋" for i in number],
            "地址": [f"合成路{i // 200}号" for i in number],
            "层数": rng.integers(1, 19, n),
            "户数": rng.integers(0, 73, n),
            "人数": rng.integers(0, 200, n),
            "用途": rng.choice(USES, n),
        },
        geometry=shapely.box(x, y, x + width, y + depth),
        crs="EPSG:4549",
    )


def resident_mb(pid: int) -> float:
    """Memory of a process and its children together, in MB; shared pages are counted once each."""
    pids = [pid]
    for one in pids:
        for task in Path(f"/proc/{one}/task").glob("*/children"):
            pids += [int(child) for child in task.read_text().split()]
    total = 0
    for one in pids:
        text = Path(f"/proc/{one}/smaps_rollup").read_text()
        total += next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))
    return total / 1024


def measure(command: list[str]) -> tuple[float, float, float]:
    """Seconds by the clock, of the processor, and the most memory at a time."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun, most = time.perf_counter(), 0.0
    process = subprocess.Popen(command)
    done = threading.Event()

    def watch() -> None:
        nonlocal most
        while not done.wait(0.1):
            try:
                most = max(most, resident_mb(process.pid))
            except (OSError, StopIteration):
                continue  # a process that just ended

    watcher = threading.Thread(target=watch)
    watcher.start()
    code = process.wait()
    done.set()
    watcher.join()
    if code:
        raise SystemExit(code)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - begun, cpu, most


def write(frame: gpd.GeoDataFrame, folder: Path, suffix: str) -> Path:
    path = folder / f"buildings{suffix}"
    if suffix == ".csv":
        frame.drop(columns="geometry").assign(wkt=shapely.to_wkt(frame.geometry.values)).to_csv(
            path, index=False
        )
    elif suffix == ".shp":
        frame.to_file(path, encoding="GB18030")
    elif suffix == ".geojson":
        frame.to_crs("EPSG:4326").to_file(path)
    else:
        frame.to_file(path, layer="building")
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--buildings", type=int, default=200_000)
    parser.add_argument("--suffix", action="append", choices=[".gpkg", ".shp", ".geojson", ".csv"])
    arguments = parser.parse_args()
    frame = make_buildings(arguments.buildings)
    missed = False
    with tempfile.TemporaryDirectory(prefix="geogrid-bench-") as name:
        for suffix in arguments.suffix or [".gpkg", ".shp", ".geojson", ".csv"]:
            path = write(frame, Path(name), suffix)
            county = Path(name, f"county{suffix[1:]}.gpkg")
            Workspace.create(county, "350725", "合成县").close()
            crs = ["--crs", "EPSG:4549"] if suffix == ".csv" else []
            command = [sys.executable, "-c", "from geogrid.cli import main; main()", "import", str(county)]
            wall, cpu, most = measure([*command, "building", str(path), "--datum", "cgcs2000", *crs])
            with Workspace.open(county) as workspace:
                assert workspace.count("building") == arguments.buildings
            size = path.stat().st_size >> 20
            print(
                f"{suffix:9} {arguments.buildings:,} buildings, {size} MiB: {wall:.1f} s, {cpu:.1f} s of processor,"
                f" {most:.0f} MB at most"
            )
            missed |= wall > GOAL_S or most > GOAL_MB
    print(
        f"goal {GOAL_S:.0f} s and {GOAL_MB:.0f} MB: {'missed' if missed else 'met'}; {os.cpu_count()} processors"
    )


if __name__ == "__main__":
    main()
