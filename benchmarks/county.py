"""How long the county's everyday work takes, as whole processes: `make bench`.

Every figure is the median of several runs of a command line, with the peak memory of the process as the
operating system counted it. `--scale` measures a larger town. Nothing here is compared with a limit.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from importlib import metadata
from pathlib import Path

GEOGRID = [sys.executable, "-c", "from geogrid.cli import main; main()"]


def measure(*arguments: str, runs: int) -> tuple[float, float]:
    """Median seconds and largest peak memory (MB) of a command."""
    seconds, peaks = [], []
    for _ in range(runs):
        start = time.perf_counter()
        process = subprocess.Popen([*GEOGRID, *arguments], stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        seconds.append(time.perf_counter() - start)
        peaks.append(usage.ru_maxrss / 1024)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode in (0, 1), (arguments, process.returncode)
    return statistics.median(seconds), max(peaks)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", default="1", help="size of the demo town")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    packages = ", ".join(
        f"{name} {metadata.version(name)}" for name in ("numpy", "scipy", "shapely", "geopandas")
    )
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}, {packages}")
    with tempfile.TemporaryDirectory() as folder:
        county = str(Path(folder) / "demo.gpkg")
        rows = [("demo", *measure("demo", county, "--scale", options.scale, runs=1))]
        for arguments in (["--help"], ["history", county], ["coverage", county], ["coverage", county, "--json"],
                          ["locate", county, "宜和佳苑"], ["check", county]):  # fmt: skip
            name = " ".join(arguments).replace(county, "demo.gpkg")
            rows.append((name, *measure(*arguments, runs=options.runs)))
    print(f"{'geogrid …':40} {'seconds':>8} {'peak MB':>8}")
    for name, seconds, peak in rows:
        print(f"{name:40} {seconds:8.2f} {peak:8.0f}")


if __name__ == "__main__":
    main()
