"""How many positions and spreadsheet rows a second are answered, on the demo county: `make bench`.

Positions lie anywhere in the county's communities. Wall and processor seconds stand side by side; nothing
here is compared with a limit.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import platform
import tempfile
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import numpy as np

from geogrid.crs import WGS84, transform_points
from geogrid.demo.county import create_demo_county
from geogrid.responsibility.batch import Question, answer_rows
from geogrid.responsibility.lookup import locate
from geogrid.responsibility.points import PointLookup, locate_points
from geogrid.workspace import Workspace
from geogrid.workspace.lookup import read_register

ON = dt.date(2026, 6, 1)


def report(name: str, n: int, work: Callable[[], object]) -> None:
    """Print what one of `n` takes and how many a second are done, by wall and by processor time."""
    wall, processor = time.perf_counter(), time.process_time()
    work()
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    print(f"{name:44} {n:9,} {wall:9.3f} {processor:9.3f} {n / wall:13,.0f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=1_000_000)
    parser.add_argument("--singles", type=int, default=20_000)
    parser.add_argument("--rows", type=int, default=10_000)
    options = parser.parse_args()
    packages = ", ".join(
        f"{name} {metadata.version(name)}" for name in ("numpy", "scipy", "shapely", "pandas")
    )
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}, {packages}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "demo.gpkg"
        create_demo_county(path)
        with Workspace.open(path) as workspace:
            register = read_register(workspace).on_date(ON)
    west, south, east, north = register.areas["community"].total_bounds
    rng = np.random.default_rng(1)
    xy = rng.uniform((west, south), (east, north), (options.points, 2))
    degrees = transform_points(xy, register.metric_crs, WGS84)
    singles = degrees[: options.singles].tolist()
    print(f"{'':44} {'n':>9} {'wall s':>9} {'cpu s':>9} {'a second':>13}")
    report("areas made ready", 1, lambda: register.point_index)
    report("areas of many positions, degrees", len(xy), lambda: locate_points(register, degrees, ON))
    report(
        "areas of many positions, metres",
        len(xy),
        lambda: locate_points(register, xy, ON, crs=register.metric_crs),
    )
    lookup = PointLookup(register, ON)
    report("areas and people, one by one", len(singles), lambda: [lookup.at_lonlat(*one) for one in singles])
    report(
        "whole answers with their evidence",
        len(singles[:1000]),
        lambda: [locate(register, lonlat=(one[0], one[1]), on=ON) for one in singles[:1000]],
    )
    names = [entry.name for entry in register.gazetteer.entries if entry.kind == "building"]
    rows = [Question(name) for name in rng.choice(names, options.rows)]
    report("rows of building names", len(rows), lambda: answer_rows(register, rows, on=ON))


if __name__ == "__main__":
    main()
