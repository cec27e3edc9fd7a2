"""What a report costs: seconds, processor seconds, memory and bytes of each form, each in a process of its own.

`python benchmarks/report.py [--scale N]` builds the synthetic county and writes every form. Nothing here is compared with
a limit; the goals are 15 s and 700 MB for PDF and Word at scale 1, and 30 s at scale 5 (about 30,000 homes).
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from geogrid.demo.county import create_demo_county
from geogrid.reports.forms import FORMS

COMMAND = "from geogrid.cli import main; main()"


def measure_report(county: Path, form: str) -> str:
    """One line: the form, elapsed and processor seconds, the largest resident memory, the size of the file."""
    out = county.with_name(f"synthetic{form}")
    start = time.perf_counter()
    child = subprocess.Popen(
        [sys.executable, "-c", COMMAND, "report", county, "--out", out], stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    elapsed_s = time.perf_counter() - start
    if child.returncode:
        raise subprocess.CalledProcessError(child.returncode, f"report --out {out.name}")
    cpu_s = usage.ru_utime + usage.ru_stime
    return f"  {form:6} {elapsed_s:7.1f} s {cpu_s:7.1f} cpu s {usage.ru_maxrss >> 10:6d} MB {out.stat().st_size / 1e6:7.1f} MB file"


def main() -> None:
    """Build a county and print a line for each form."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=int, default=1)
    scale = parser.parse_args().scale
    with tempfile.TemporaryDirectory() as folder:
        county = Path(folder) / "demo.gpkg"
        n_buildings = create_demo_county(county, scale=scale)["building"]
        print(f"scale {scale}: {n_buildings:,} buildings")
        for form in FORMS:
            print(measure_report(county, form), flush=True)


if __name__ == "__main__":
    main()
