"""Many jobs of the guarded reader in forks of one process: as the child does each, without starting Python anew.

    python -m tests.support.corpus.runner FOLDER...

Every folder is a job as the guard packs it. A fork takes the limits, leaves the network and does the job;
one that takes longer than `WALL_S` is ended. For each job a line of JSON is printed: its folder, the
seconds of the processor it took, and how its fork ended (0 is well).
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from importlib import import_module
from pathlib import Path

import numpy as np

from geogrid.crs import CGCS2000, WGS84, transform_points
from geogrid.io import child

WALL_S = 30.0
"""Of the clock: on a busy computer a fork waits for others."""


def warm() -> None:
    """Load what readers load when they are called, and the transformations of the county."""
    for module in ("openpyxl", "pyogrio.raw", "geogrid.io.vector", "geogrid.io.table"):
        import_module(module)
    for crs in (CGCS2000, "EPSG:4549", "EPSG:4528"):
        transform_points(np.array([[118.85, 27.36]]), WGS84, crs)


def do_job(folder: Path) -> None:
    job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    os.chdir(folder)
    child.take_limits(job)
    child.leave_network()
    with (folder / "stderr.txt").open("wb") as stderr:
        os.dup2(stderr.fileno(), 1)
        os.dup2(stderr.fileno(), 2)
    outcome = child.run_task(folder, job, lambda _done, _text: None)
    (folder / "outcome.json").write_text(json.dumps(outcome, ensure_ascii=False), encoding="utf-8")


def run(folder: Path) -> tuple[float, int]:
    begun = time.monotonic()
    fork = os.fork()
    if fork == 0:
        try:
            do_job(folder)
        finally:
            os._exit(0 if (folder / "outcome.json").exists() else 1)
    while True:
        done, status, usage = os.wait4(fork, os.WNOHANG)
        if done:
            return usage.ru_utime + usage.ru_stime, os.waitstatus_to_exitcode(status)
        if time.monotonic() - begun > WALL_S:
            os.kill(fork, signal.SIGKILL)
        time.sleep(0.002)


def main() -> None:
    warm()
    for name in sys.argv[1:]:
        seconds, code = run(Path(name))
        print(json.dumps({"folder": name, "seconds": seconds, "code": code}), flush=True)


if __name__ == "__main__":
    main()
