"""Kills writers at random moments and counts what was lost: 100 imports and 100 edits.

    python -m benchmarks.crash [--kills 100] [--seed 1]

An import is a new generation of 400 buildings in place of the old one; an edit adds a centre. What a
writer said was done must be there after the kill, and buildings must be of one generation.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from tests.support.interrupted import EDITING, IMPORTING, kill_repeatedly, make_county

RESTART_GOAL_S = 5.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    lost = half = 0
    for title, code in (("imports", IMPORTING), ("edits", EDITING)):
        begun = time.perf_counter()
        with tempfile.TemporaryDirectory(prefix="geogrid-crash-") as name:
            tally = kill_repeatedly(make_county(Path(name, "c.gpkg")), code, arguments.kills, arguments.seed)
        print(
            f"{title}: {tally.n_kills} kills in {time.perf_counter() - begun:.0f} s, {tally.n_acknowledged} acknowledged,"
            f" {tally.n_lost} lost, {tally.n_half} half done, opened again in {max(tally.restart_s):.2f} s at most"
        )
        lost, half = lost + tally.n_lost, half + tally.n_half
        if max(tally.restart_s) > RESTART_GOAL_S:
            raise SystemExit(1)
    raise SystemExit(1 if lost or half else 0)


if __name__ == "__main__":
    main()
