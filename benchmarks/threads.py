"""Asks every route that computes from 16 threads at once of servers that have just begun: 200 rounds.

    python -m benchmarks.threads [--rounds 200] [--threads 16] [--questions 16] [--county FILE] [--seed 1] [--drawn]

Each round is a server with nothing computed yet, in a process apart from this one. Whatever the threads are
told must be what one alone is told; ends with 1 where a process was ended, an answer was another, or one
was no answer. Without a county the demo's is asked, with `--drawn` a small town whose outlines are long.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from functools import partial
from pathlib import Path

from geogrid.demo.county import create_demo_county
from tests.support.crowd import run_rounds, write_wavy_town


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--threads", type=int, default=16)
    parser.add_argument("--questions", type=int, default=16)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--county", type=Path)
    parser.add_argument("--drawn", action="store_true")
    options = parser.parse_args()
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="geogrid-threads-") as folder:
        path = options.county or Path(folder) / "county.gpkg"
        if options.county is None:
            (write_wavy_town if options.drawn else create_demo_county)(path)
        tally = run_rounds(
            path,
            options.rounds,
            seed=options.seed,
            n_threads=options.threads,
            n_questions=options.questions,
            report=partial(print, flush=True),
        )
    print(
        f"{tally.n_rounds} rounds in {time.perf_counter() - begun:.0f} s: {tally.n_asked:,} questions,"
        f" {tally.n_crashed} processes ended, {len(tally.unequal)} answers unequal, {len(tally.failed)} failed"
    )
    raise SystemExit(1 if tally.n_crashed or tally.unequal or tally.failed else 0)


if __name__ == "__main__":
    main()
