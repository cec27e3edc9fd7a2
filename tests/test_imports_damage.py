"""Files with bytes flipped, cut and repeated: imported or refused with a sentence, never a crash or a hang."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from geogrid.crs import Datum
from geogrid.errors import GeogridError
from geogrid.io import guard, vector
from geogrid.io.guard import STANDARD_LIMITS
from geogrid.schema import LAYERS
from tests.support.corpus import ODD
from tests.support.corpus.case import Surroundings

DAMAGED = (
    "csv_utf-8",
    "xlsx",
    "geojson_two_parts",
    "shp_solid",
    "zip_shp",
    "gpkg_plain",
    "kml",
    "fgb",
    "gdb_zipped",
    "dxf_gbk",
)
ROUNDS = 6
EXTREMES = (b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f")


def damage(path: Path, rng: random.Random) -> None:
    content = bytearray(path.read_bytes())
    for _ in range(rng.choice([1, 3, 20])):
        at = rng.randrange(rng.choice([len(content), min(len(content), 200)]))
        kind = rng.random()
        if kind < 0.5:
            content[at] = rng.randrange(256)
        elif kind < 0.7:
            content[at : at + 4] = rng.choice(EXTREMES)
        elif kind < 0.85:
            del content[max(1, at) :]
        else:
            content[at:at] = bytes(content[at : at + 30])
    path.write_bytes(content)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="the files are read in forks")
def test_damaged_files_are_imported_or_refused_with_a_sentence(tmp_path):
    rng = random.Random(3)  # noqa: S311 - damage, not secrets
    cases = {case.name: case for case in ODD}
    jobs = []
    for number, name in enumerate(DAMAGED * ROUNDS):
        case = cases[name]
        folder = tmp_path / f"file{number}"
        folder.mkdir()
        file = case.build(folder, Surroundings(tmp_path / "none", "http://127.0.0.1:9/"))
        damage(rng.choice(sorted(file.parent.glob(f"{file.stem}.*"))), rng)
        options = {key: value for key, value in case.options.items() if key != "datum"}
        request = vector._request(file, LAYERS[case.layer], Datum.WGS84, store_crs="EPSG:4490", **options)
        job = tmp_path / f"job{number}"
        job.mkdir()
        try:
            guard._pack_job(job, "layer", vector._files_of(file), request, STANDARD_LIMITS)
        except GeogridError:
            continue
        jobs.append(job)
    environment = guard._environment(guard._SKIPPED_DRIVERS)
    environment["PYTHONPATH"] = os.pathsep.join(
        [str(Path(__file__).parents[1]), environment.get("PYTHONPATH", "")]
    )
    command = [sys.executable, "-B", "-X", "utf8", "-m", "tests.support.corpus.runner", *map(str, jobs)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(told) == len(jobs) > 50
    assert [one for one in told if one["code"] or one["seconds"] > 5.0] == []
    outcomes = [json.loads((job / "outcome.json").read_text(encoding="utf-8")) for job in jobs]
    assert [outcome for outcome in outcomes if outcome["status"] not in ("ok", "error")] == []
