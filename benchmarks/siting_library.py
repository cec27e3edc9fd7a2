"""The siting kernel against published optima: `python benchmarks/siting_library.py DIR`.

DIR holds files of the OR-Library (J. E. Beasley, EJOR 21:270, 1985: `pmed1.txt` …, with `pmed-median-optima.txt`
and, from Pullan 2008, `pmed-center-optima.txt`) and the San Francisco case of PySAL's spopt in `sf/`. None of
them comes with the project.
"""

from __future__ import annotations

import argparse
import csv
import re
import sys
import time
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import floyd_warshall

from geogrid.siting.center import solve_center
from geogrid.siting.certificate import verify_certificate
from geogrid.siting.levels import build_capped_median, measure_capped_cost
from geogrid.siting.problem import CoverProblem
from geogrid.siting.share import solve_everyone
from geogrid.siting.solve import solve_maxcover


def read_graph(file: Path) -> tuple[np.ndarray, int]:
    """Shortest distances between all nodes, and p; a later edge between the same nodes overwrites."""
    numbers = [int(word) for word in file.read_text().split()]
    n, n_edges, p = numbers[:3]
    length = np.full((n, n), np.inf)
    for a, b, metres in np.array(numbers[3 : 3 + 3 * n_edges]).reshape(-1, 3):
        length[a - 1, b - 1] = length[b - 1, a - 1] = metres
    return floyd_warshall(length), p


def read_optima(file: Path) -> dict[int, int]:
    """Number of the file -> optimum."""
    pairs = re.findall(r"^\D*(\d+)\D+(\d+)\s*$", file.read_text(), re.MULTILINE)
    return {int(number): int(value) for number, value in pairs}


def store_all(distance: np.ndarray) -> csr_matrix:
    """Every entry stored, zeros too."""
    n, m = distance.shape
    return csr_matrix((distance.ravel(), np.tile(np.arange(m), n), np.arange(0, n * m + 1, m)), shape=(n, m))


def tell(name: str, found: float, known: float, gap: float, cpu_s: float, remark: str = "") -> bool:
    is_right = abs(found - known) <= 1e-9 * max(1.0, abs(known)) and gap == 0.0
    verdict = "equal, gap 0" if is_right else f"WRONG or open (gap {gap:.3%})"
    print(
        f"{name:34} {found:16,.4f} published {known:16,.4f}  {verdict}  {cpu_s:7.2f} CPU s {remark}",
        flush=True,
    )
    return is_right


def check_median(name: str, distance: np.ndarray, p: int, known: int, time_limit_s: float) -> bool:
    begin = time.process_time()
    n = len(distance)
    cap, nowhere, weight = int(distance.max()), np.full(n, np.inf), np.ones(n, int)
    problem = build_capped_median(store_all(distance), cap, weight, nowhere)
    result = solve_maxcover(problem, p, time_limit_s=time_limit_s)
    cpu_s = time.process_time() - begin
    checked = verify_certificate(
        problem,
        p,
        result.sites,
        result.multipliers,
        scale=result.scale,
        dominated=result.dominated,
        branches=result.branches,
    )
    cost = measure_capped_cost(weight, nowhere, cap) - checked.value
    return tell(f"{name} p-median p={p}", cost, known, result.gap, cpu_s, f"proof {result.proof}")


def check_center(name: str, distance: np.ndarray, p: int, known: int, time_limit_s: float) -> bool:
    begin = time.process_time()
    result = solve_center(store_all(distance), p, np.full(len(distance), np.inf), time_limit_s=time_limit_s)
    return tell(f"{name} p-center p={p}", result.value, known, result.gap, time.process_time() - begin)


def check_san_francisco(folder: Path) -> list[bool]:
    """205 tracts, 16 stores: the values that spopt publishes for 5 km and four stores."""
    with (folder / "SF_demand_205_centroid_uniform_weight.csv").open(newline="") as file:
        people = {row["NAME"]: int(float(row["POP2000"])) for row in csv.DictReader(file)}
    file_name = folder / "SF_network_distance_candidateStore_16_censusTract_205_new.csv"
    with file_name.open(newline="") as file:
        rows = list(csv.DictReader(file))
    tracts, stores = sorted({row["DestinationName"] for row in rows}), sorted({row["name"] for row in rows})
    distance = np.full((len(tracts), len(stores)), np.inf)
    for row in rows:
        distance[tracts.index(row["DestinationName"]), stores.index(row["name"])] = float(row["distance"])
    weight = np.array([people[tract] for tract in tracts])
    print(f"San Francisco: {distance.shape}, {weight.sum():,} people")
    none, cover = np.zeros(len(tracts), bool), csr_matrix(distance <= 5000.0)
    begin = time.process_time()
    result = solve_maxcover(CoverProblem(cover, weight, none), 4)
    cpu_s = time.process_time() - begin
    n_tracts = int((distance[:, list(result.sites)] <= 5000.0).any(axis=1).sum())
    checks = [
        tell("San Francisco people within 5 km", result.value, 875_247, result.gap, cpu_s),
        tell("  tracts that choice covers", n_tracts, 205 - 21, result.gap, cpu_s),
    ]
    begin = time.process_time()
    whole = np.rint(distance)  # metres: the kernel counts in whole numbers
    nowhere, cap = np.full(len(tracts), np.inf), int(whole.max())
    result = solve_maxcover(build_capped_median(store_all(whole), cap, weight, nowhere), 4)
    mean = float(np.average(distance[:, list(result.sites)].min(axis=1), weights=weight))
    cpu_s = time.process_time() - begin
    checks.append(tell("San Francisco p-median p=4, m a person", mean, 2982.1268579890657, result.gap, cpu_s))
    begin = time.process_time()
    everyone = solve_everyone(CoverProblem(cover, weight, none))
    print(f"San Francisco everyone within 5 km: {len(everyone.sites)} stores, at least {everyone.bound}")
    return checks


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--time-limit", type=float, default=120.0)
    asked = parser.parse_args()
    medians = read_optima(asked.folder / "pmed-median-optima.txt")
    centers = read_optima(asked.folder / "pmed-center-optima.txt")
    checks = check_san_francisco(asked.folder / "sf")
    for number in sorted(medians.keys() | centers.keys()):
        file = asked.folder / f"pmed{number}.txt"
        if not file.exists():
            continue
        distance, p = read_graph(file)
        if number in centers:
            checks.append(check_center(file.stem, distance, p, centers[number], asked.time_limit))
        if number in medians:
            checks.append(check_median(file.stem, distance, p, medians[number], asked.time_limit))
    print(f"{sum(checks)} of {len(checks)} equal the published optimum with gap 0")
    sys.exit(0 if all(checks) else 1)


if __name__ == "__main__":
    main()
