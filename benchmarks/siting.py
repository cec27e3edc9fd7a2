"""How fast the siting kernel is beside its peers, in one run on one machine: `make bench`.

From arrays in memory (who is within 800 m of which candidate, people, who is covered already) to a proven
choice. The town is synthetic: a bent lattice of streets with every eighth missing and a river with few bridges.
Peers see the *uncovered demand* only, which is already less work than the raw question: HiGHS through highspy,
with and without our presolve, and spopt with HiGHS; those that are not installed are skipped. Every engine runs
in a process of its own, so that CPU seconds and peak memory are its own. Nothing here is compared with a limit.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import platform
import resource
import subprocess
import sys
import tempfile
import time
from importlib import metadata
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

BLOCK_M, CUTOFF_M, MISSING, BRIDGE_EVERY = 100.0, 800.0, 0.12, 12
SIZES = {"county": (30_000, 2_000, 69, 100), "city": (200_000, 10_000, 500, 240)}
"""Homes, candidates, standing centres, corners along a side."""
PEERS = ("highs presolved", "highs", "spopt+HiGHS")
PEER_LIMIT_S = 900.0


# --- the question ------------------------------------------------------------------------------------


def draw_town(
    n_homes: int, n_sites: int, n_standing: int, side: int
) -> tuple[csr_matrix, np.ndarray, np.ndarray]:
    """Cover by candidates, people of each home, and whether a standing centre covers it."""
    rng = np.random.default_rng(20261122)
    n = side * side
    xy = (
        np.stack(np.meshgrid(np.arange(side), np.arange(side), indexing="ij"), axis=-1).reshape(-1, 2)
        * BLOCK_M
    )
    xy = xy + rng.uniform(-25, 25, (n, 2))
    number = np.arange(n).reshape(side, side)
    a = np.concatenate([number[:, :-1].ravel(), number[:-1].ravel()])
    b = np.concatenate([number[:, 1:].ravel(), number[1:].ravel()])
    over_river = (a // side == side // 2) & (b // side == side // 2 + 1)
    kept = (rng.random(len(a)) >= MISSING) & (~over_river | (a % side % BRIDGE_EVERY == 0))
    length = np.hypot(*(xy[a] - xy[b]).T)
    streets = csr_matrix((length[kept], (a[kept], b[kept])), shape=(n, n))
    quarter = rng.uniform(0, side * BLOCK_M, (max(6, side // 10), 2))
    away = ((xy[:, None] - quarter[None]) ** 2).sum(axis=-1) / (2 * (side * BLOCK_M / 8) ** 2)
    dense = np.exp(-away).sum(axis=1) + 0.08
    home = rng.choice(n, n_homes, p=dense / dense.sum())
    leg_m = rng.uniform(5, 40, n_homes)
    near = np.sqrt(dense) / np.sqrt(dense).sum()
    sites = rng.choice(n, n_sites, replace=False, p=near)
    standing = rng.choice(n, n_standing, replace=False, p=near)
    at_corner = csr_matrix((np.ones(n_homes), (home, np.arange(n_homes))), shape=(n, n_homes))
    cover = measure_cover(streets, at_corner, leg_m, sites)
    is_covered = np.diff(measure_cover(streets, at_corner, leg_m, standing).indptr) > 0
    return cover, rng.integers(1, 60, n_homes), is_covered


def measure_cover(
    streets: csr_matrix, at_corner: csr_matrix, leg_m: np.ndarray, sites: np.ndarray
) -> csr_matrix:
    homes, columns = [], []
    for begin in range(0, len(sites), 200):
        part = sites[begin : begin + 200]
        reached = dijkstra(streets, directed=False, indices=part, limit=CUTOFF_M)
        for number, distance in enumerate(reached):
            corners = np.flatnonzero(np.isfinite(distance))
            there = at_corner[corners]
            walk_m = np.repeat(distance[corners], np.diff(there.indptr)) + leg_m[there.indices]
            homes.append(there.indices[walk_m <= CUTOFF_M])
            columns.append(np.full(len(homes[-1]), begin + number))
    entries = np.concatenate(homes), np.concatenate(columns)
    shape = len(leg_m), len(sites)
    return csr_matrix((np.ones(len(entries[0]), np.int8), entries), shape=shape)


def load(file: str) -> tuple[csr_matrix, np.ndarray, np.ndarray]:
    with np.load(file) as q:
        cover = csr_matrix((np.ones(len(q["indices"]), np.int8), q["indices"], q["indptr"]), shape=q["shape"])
        return cover, q["weight"], q["is_covered"]


# --- the engines, each in a process of its own ----------------------------------------------------------


def run_geogrid(file: str, ks: list[int]) -> list[dict[str, object]]:
    from geogrid.siting.certificate import verify_certificate
    from geogrid.siting.problem import CoverProblem
    from geogrid.siting.solve import solve_maxcover

    cover, weight, is_covered = load(file)
    answers = []
    for k in ks:
        cpu, wall = time.process_time(), time.perf_counter()
        problem = CoverProblem(cover, weight, is_covered)
        result = solve_maxcover(problem, k)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        checking = time.process_time()
        options = {"scale": result.scale, "dominated": result.dominated, "branches": result.branches}
        checked = verify_certificate(problem, k, result.sites, result.multipliers, **options)
        checking = time.process_time() - checking
        assert checked.value == result.value
        proof = f"{result.proof}, checked in {checking:.2f} s: {checked.is_optimal}"
        answers.append(
            {"k": k, "value": result.value, "gap": result.gap, "cpu": cpu, "wall": wall, "note": proof}
        )
    return answers


def run_curve(file: str, ks: list[int]) -> list[dict[str, object]]:
    from geogrid.siting.problem import CoverProblem
    from geogrid.siting.solve import solve_curve

    cover, weight, is_covered = load(file)
    cpu, wall = time.process_time(), time.perf_counter()
    results = solve_curve(CoverProblem(cover, weight, is_covered), max(ks))
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    last, gap = results[-1], max(result.gap for result in results)
    note = f"1 to {max(ks)} together, largest gap"
    return [{"k": max(ks), "value": last.value, "gap": gap, "cpu": cpu, "wall": wall, "note": note}]


def run_capacity(file: str, ks: list[int]) -> list[dict[str, object]]:
    from geogrid.siting.capacity import solve_capacity
    from geogrid.siting.problem import CoverProblem

    cover, weight, is_covered = load(file)
    answers = []
    for room in (4_000, 6_000, 8_000, 10_000):
        cpu, wall = time.process_time(), time.perf_counter()
        problem = CoverProblem(cover, weight, is_covered)
        result = solve_capacity(problem, max(ks), np.full(problem.n_sites, room), time_limit_s=10.0)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        note = f"capacity {room:,} each"
        answers.append(
            {"k": max(ks), "value": result.value, "gap": result.gap, "cpu": cpu, "wall": wall, "note": note}
        )
    return answers


def run_highs(file: str, ks: list[int], *, is_presolved: bool = False) -> list[dict[str, object]]:
    from geogrid.siting.mip import solve_program
    from geogrid.siting.presolve import reduce_problem
    from geogrid.siting.problem import CoverProblem
    from geogrid.siting.solve import build_cover_program

    cover, weight, is_covered = load(file)
    answers = []
    for k in ks:
        cpu, wall = time.process_time(), time.perf_counter()
        if is_presolved:
            reduced = reduce_problem(CoverProblem(cover, weight, is_covered))
            by_row, people = reduced.by_row, reduced.weight
        else:
            by_row, people = cover[~is_covered].astype(float), weight[~is_covered]
        program = build_cover_program(by_row, people, k)
        solved = solve_program(program, time_limit_s=PEER_LIMIT_S)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        assert solved.x is not None
        value = round(float(program.gain @ solved.x))
        answers.append(
            {
                "k": k,
                "value": value,
                "gap": (solved.bound - value) / value,
                "cpu": cpu,
                "wall": wall,
                "note": "",
            }
        )
    return answers


def run_spopt(file: str, ks: list[int]) -> list[dict[str, object]]:
    import pulp
    from spopt.locate import MCLP

    cover, weight, is_covered = load(file)
    answers = []
    for k in ks:
        cpu, wall = time.process_time(), time.perf_counter()
        distance = np.where(cover[~is_covered].toarray() > 0, 1.0, 2.0)
        model = MCLP.from_cost_matrix(distance, weight[~is_covered], 1.0, p_facilities=k)
        built = time.process_time() - cpu
        model = model.solve(pulp.HiGHS(msg=False))
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        value = round(pulp.value(model.problem.objective))
        note = f"{built:.1f} s of it to build"
        answers.append({"k": k, "value": value, "gap": 0.0, "cpu": cpu, "wall": wall, "note": note})
    return answers


ENGINES = {
    "geogrid": run_geogrid,
    "geogrid curve": run_curve,
    "geogrid capacity": run_capacity,
    "highs presolved": lambda file, ks: run_highs(file, ks, is_presolved=True),
    "highs": run_highs,
    "spopt+HiGHS": run_spopt,
}
NEEDS = {"spopt+HiGHS": ("spopt", "pulp")}


def run_one(name: str, file: str, ks: list[int]) -> None:
    answers = ENGINES[name](file, ks)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write("\nRESULT " + json.dumps({"answers": answers, "peak_mb": peak_mb}))


# --- the report --------------------------------------------------------------------------------------


def measure(name: str, file: Path, ks: list[int]) -> dict[str, object] | None:
    if any(importlib.util.find_spec(package) is None for package in NEEDS.get(name, ())):
        print(f"  {name}: not installed, left out")
        return None
    command = [sys.executable, __file__, "--one", name, str(file), "--k", *map(str, ks)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"  {name}: failed: {(done.stderr.strip().splitlines() or ['killed'])[-1]}")
        return None
    found: dict[str, object] = json.loads(done.stdout.rsplit("RESULT ", 1)[1])
    return found


def compare(name: str, folder: Path, ks: list[int], peer_ks: list[int], engines: list[str]) -> None:
    cover, weight, is_covered = draw_town(*SIZES[name])
    share = weight[is_covered].sum() / weight.sum()
    print(
        f"\n{name}: {cover.shape[0]:,} homes x {cover.shape[1]:,} candidates, {cover.nnz:,} pairs, {share:.1%} covered"
    )
    file = folder / f"{name}.npz"
    arrays = {"indices": cover.indices, "indptr": cover.indptr, "shape": np.array(cover.shape)}
    np.savez(file, **arrays, weight=weight, is_covered=is_covered)
    ours: dict[int, dict[str, float]] = {}
    for engine in engines:
        found = measure(engine, file, peer_ks if engine in PEERS else ks)
        if found is None:
            continue
        for answer in found["answers"]:
            k, remark = answer["k"], str(answer["note"])
            if engine == "geogrid":
                ours[k] = answer
            elif engine in PEERS:
                equal = (
                    "same optimum"
                    if answer["value"] == ours[k]["value"]
                    else f"OTHER VALUE, ours {ours[k]['value']}"
                )
                remark = f"{answer['cpu'] / ours[k]['cpu']:8.1f} x our CPU; {equal}; {remark}"
            print(
                f"  {engine:16} k={k:3} {answer['value']:10,} gap {answer['gap']:8.4%} "
                f"{answer['cpu']:8.2f} CPU s {answer['wall']:8.2f} s  {remark}"
            )
        print(f"  {engine:16} peak {found['peak_mb']:.0f} MB", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--one", nargs=2)
    parser.add_argument("--k", nargs="*", type=int, default=[])
    parser.add_argument("--peers", nargs="*", default=list(PEERS), choices=PEERS)
    parser.add_argument("--sizes", nargs="*", default=list(SIZES), choices=SIZES)
    asked = parser.parse_args()
    if asked.one:
        run_one(*asked.one, asked.k)
        return
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in ("numpy", "scipy", "highspy"))
    print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}, {versions}")
    with tempfile.TemporaryDirectory() as folder:
        if "county" in asked.sizes:
            engines = ["geogrid", "geogrid curve", "geogrid capacity", *asked.peers]
            compare("county", Path(folder), list(range(1, 11)), [5], engines)
        if "city" in asked.sizes:
            compare("city", Path(folder), [1, 5, 10, 20, 50, 100], [], ["geogrid"])


if __name__ == "__main__":
    main()
