"""Ends processes that work on one county at random, and counts what was lost: nothing may be.

    python -m benchmarks.torture [--kills 500] [--seed 1] [--workers on,anew,server,plain] [--disk] [--backups 1000]

Workers: `on` edits with the county kept open, `anew` opens it for each edit as a command does, `server` is the
real server with a planner who saves scenarios, `plain` writes through SQLite alone as QGIS does, `backup` takes
backups, each of which is restored and looked at. A quarter of them run with their clock a day off where
libfaketime is installed. With --disk the county lies on a small disk that is filled now and then (root alone can
mount one). With --backups that many backups are taken while an editor edits, instead of kills.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from tests.support.disk import small_disk
from tests.support.torture import Tally, torture, torture_backups

RESTART_GOAL_S = 3.0
SHOWN = 20


def tell(tally: Tally, seconds: float) -> int:
    restarts = sorted(tally.restart_s) or [0.0]
    print(
        f"{tally.n_kills} kills and {tally.n_backups} backups in {seconds:.0f} s: {tally.n_acknowledged} acknowledged, "
        f"looked at {tally.n_looks} times, {len(tally.faults)} faults; first work after a start: "
        f"median {restarts[len(restarts) // 2]:.1f} s, at most {restarts[-1]:.1f} s"
    )
    for fault in tally.faults[:SHOWN]:
        print("  ", fault)
    return len(tally.faults)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", default="on,anew,server,plain")
    parser.add_argument("--pause", type=float, default=0.6, help="mean seconds between kills")
    parser.add_argument("--disk", action="store_true")
    parser.add_argument("--backups", type=int, default=0)
    arguments = parser.parse_args()
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="geogrid-torture-") as name:
        path = Path(name, "county.gpkg")
        if arguments.backups:
            tally = torture_backups(path, arguments.backups, arguments.seed)
        elif arguments.disk:
            with small_disk(Path(name, "disk"), "64m") as disk:
                kinds = arguments.workers.split(",")
                tally = torture(
                    disk / "county.gpkg",
                    kinds,
                    arguments.kills,
                    arguments.seed,
                    disk=disk,
                    pause_s=arguments.pause,
                )
        else:
            kinds = arguments.workers.split(",")
            tally = torture(path, kinds, arguments.kills, arguments.seed, pause_s=arguments.pause)
    raise SystemExit(1 if tell(tally, time.perf_counter() - begun) else 0)


if __name__ == "__main__":
    main()
