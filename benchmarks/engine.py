"""How fast the walking engine is beside its peers, in one run on one machine: `make bench`.

From arrays in memory (nodes, segments, prices, homes, centres) to the minutes of every home to its
nearest centre; then solving again, and what if a centre came or went. Every engine runs in a process of
its own, after its imports, so that its peak memory is its own; peers that are not installed are skipped
(`pip install geogrid[bench]`). The streets are a synthetic town whose size `--scale` sets, or those of an
OpenStreetMap file, `--copies` of them side by side. Nothing here is compared with a limit.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import importlib.util
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from importlib import metadata
from pathlib import Path

import numpy as np

SPEED_M_PER_S, DETOUR, CUTOFF_MS = 1.2, 1.2, 600_000.0
SIDE, BLOCK_M, KEPT, PARTS = 236, 100.0, 0.75, 4
"""The synthetic town at scale 1: 236 x 236 corners, three of four blocks' sides are streets, each of four
segments; some 305,000 nodes and 330,000 segments."""
PEERS = {"pandana": "pandana", "scipy+STRtree": "scipy", "networkx": "networkx"}


# --- the question ----------------------------------------------------------------------------------


def draw_town(scale: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Nodes and segments of a bent grid of streets; nodes numbered from west to east, as `build_graph` does."""
    side = max(3, round(SIDE * scale**0.5))
    corner = np.stack(np.meshgrid(np.arange(side), np.arange(side)), axis=-1).reshape(-1, 2).astype(float)
    corner = (corner + rng.uniform(-0.25, 0.25, corner.shape)) * BLOCK_M
    number = np.arange(side * side).reshape(side, side)
    a = np.concatenate([number[:, :-1].ravel(), number[:-1].ravel()])
    b = np.concatenate([number[:, 1:].ravel(), number[1:].ravel()])
    kept = rng.random(len(a)) < KEPT
    a, b = a[kept], b[kept]
    share = np.linspace(0, 1, PARTS + 1)[1:-1, None]
    between = corner[a][:, None] + share * (corner[b] - corner[a])[:, None]
    between += rng.normal(0, 2, between.shape)
    path = np.column_stack([a, len(corner) + np.arange(len(a) * (PARTS - 1)).reshape(len(a), -1), b])
    xy = np.vstack([corner, between.reshape(-1, 2)])
    order = np.lexsort((xy[:, 1], xy[:, 0]))
    number = np.argsort(order)
    return xy[order], number[path[:, :-1].ravel()], number[path[:, 1:].ravel()]


def read_town(file: str, copies: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Nodes and segments of the walkable streets of an OpenStreetMap file, copies of them side by side."""
    import shapely

    from geogrid.crs import change_crs, choose_metric_crs
    from geogrid.io.osm import read_osm
    from geogrid.network.graph import build_graph

    street = read_osm(Path(file)).layers["street"]
    street = change_crs(street, choose_metric_crs(*street.total_bounds[:2]), "street")
    lines = street.geometry.to_numpy()[street["walkable"].fillna(value=True).to_numpy(bool)]
    lines = shapely.get_parts(shapely.force_2d(lines))
    n = len(lines)
    graph = build_graph(
        lines, is_steps=np.zeros(n, bool), wait_s_per_m=np.zeros(n), group=np.zeros(n, np.int64)
    )
    shift = (np.ptp(graph.node_xy[:, 0]) + 1000.0) * np.arange(copies)
    xy = np.vstack([graph.node_xy + np.array([step, 0.0]) for step in shift])
    numbers = graph.n_nodes * np.arange(copies)[:, None]
    return xy, (graph.start + numbers).ravel(), (graph.end + numbers).ravel()


def ask(folder: Path, town: tuple[np.ndarray, np.ndarray, np.ndarray], n_homes: int, n_centres: int) -> Path:
    """Write the arrays of one question."""
    xy, start, end = town
    rng = np.random.default_rng(20261122)
    by = rng.integers(0, len(start), n_homes + n_centres)
    doors = xy[start[by]] + rng.uniform(-30, 30, (len(by), 2))
    length_m = np.hypot(*(xy[end] - xy[start]).T)
    file = folder / f"{len(xy)}-{n_homes}-{n_centres}.npz"
    np.savez(
        file,
        xy=xy,
        start=start,
        end=end,
        ms=np.floor(1000 * length_m / SPEED_M_PER_S + 0.5),
        homes=doors[:n_homes],
        centres=doors[n_homes:],
    )
    return file


# --- the engines, each in a process of its own ------------------------------------------------------


class Clock:
    """Seconds between marks, by name."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def mark(self, name: str) -> None:
        now = time.perf_counter()
        self.seconds[name] = now - self._last
        self._last = time.perf_counter()


def price_leg(straight_m: np.ndarray) -> np.ndarray:
    return np.floor(1000 * straight_m * DETOUR / SPEED_M_PER_S + 0.5)


def repeat(work, times: int) -> list[float]:
    seconds = []
    for _ in range(times):
        begin = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - begin)
    return seconds


def run_geogrid(q: dict[str, np.ndarray]) -> dict[str, object]:
    from geogrid.network import kernel
    from geogrid.network.chains import contract_graph
    from geogrid.network.graph import Costs, Graph
    from geogrid.network.search import Direct, Ways
    from geogrid.network.snap import SegmentIndex
    from geogrid.network.solver import Solver

    assert kernel.load_kernel() is not None, "python setup.py build_ext --inplace"
    nobody = Direct(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))

    def approach(snaps):
        n = len(snaps.segment)
        return Ways(np.arange(n), snaps.segment, snaps.fraction, price_leg(snaps.straight_m), np.full(n, -1))

    clock = Clock()
    unused = {field.name: np.empty(0) for field in dataclasses.fields(Graph)}
    ends_xy = np.hstack([q["xy"][q["start"]], q["xy"][q["end"]]])
    graph = Graph(**unused | {"node_xy": q["xy"], "start": q["start"], "end": q["end"], "ends_xy": ends_xy})
    costs = Costs(q["ms"], q["ms"])
    chains = contract_graph(graph)
    clock.mark("contract")
    index = SegmentIndex(graph)
    clock.mark("grid")
    homes, centres = approach(index.snap(q["homes"])), approach(index.snap(q["centres"]))
    clock.mark("snap")
    solver = Solver.build(chains, costs, homes, centres, nobody, len(q["homes"]), len(q["centres"]))
    clock.mark("place")
    solver.solve()
    cost = solver.read_nearest().cost
    clock.mark("query")
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    again = {
        "solve again, unbounded": repeat(solver.solve, 15),
        "solve again, 40 min": repeat(lambda: solver.solve(2_400_000), 15),
        "solve again, 10 min": repeat(lambda: solver.solve(CUTOFF_MS), 15),
    }
    solver.solve()
    before = solver.read_nearest()
    rng = np.random.default_rng(1)
    adds, removes = [], []
    for door in q["homes"][rng.integers(0, len(q["homes"]), 200)]:
        number = int(rng.integers(0, solver.n_centres + 1))
        adds += repeat(
            lambda d=door, n=number: solver.add_centre(n, approach(index.snap(d[None])), nobody), 1
        )
        removes += repeat(lambda n=number: solver.remove_centre(n), 1)
    for number in rng.integers(0, solver.n_centres, 100):
        removes += repeat(lambda n=number: solver.remove_centre(int(n)), 1)
        one = approach(index.snap(q["centres"][number][None]))
        adds += repeat(lambda n=number, one=one: solver.add_centre(int(n), one, nobody), 1)
    after = solver.read_nearest()
    assert all(
        np.array_equal(getattr(before, name), getattr(after, name)) for name in ("cost", "centre", "way")
    )
    again |= {"what if: add a centre": adds, "what if: remove a centre": removes}
    return {"seconds": clock.seconds, "cost": cost, "again": again, "peak_mb": peak_mb}


def run_scipy(q: dict[str, np.ndarray]) -> dict[str, object]:
    """Exact: the nearest place on an edge, legs walked, in whole milliseconds, unbounded."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import dijkstra

    def solve(snapped):
        matrix = lean_matrix(q, snapped, csr_matrix)
        n, k = len(q["xy"]), len(q["centres"])
        clock.mark("matrix")
        reached = dijkstra(matrix, indices=np.arange(n, n + k), min_only=True)
        return answer_homes(q, snapped, reached)

    clock = Clock()
    snapped = snap_by_tree(q, clock)
    cost = solve(snapped)
    clock.mark("query")
    return {"seconds": clock.seconds, "cost": cost, "again": {}}


def run_networkx(q: dict[str, np.ndarray]) -> dict[str, object]:
    """The same snapping, and networkx for the search."""
    import networkx as nx

    clock = Clock()
    snapped = snap_by_tree(q, clock)
    graph = nx.Graph()
    graph.add_nodes_from(range(len(q["xy"])))
    lengths = zip(q["start"].tolist(), q["end"].tolist(), q["ms"].tolist(), strict=True)
    for a, b, ms in lengths:
        if not graph.has_edge(a, b) or graph[a][b]["weight"] > ms:
            graph.add_edge(a, b, weight=ms)
    for node, a, b, to_a, to_b in zip(*seeds(q, snapped), strict=True):
        graph.add_edge(node, a, weight=to_a)
        graph.add_edge(node, b, weight=to_b)
    clock.mark("graph")
    n = len(q["xy"])
    found = nx.multi_source_dijkstra_path_length(graph, set(range(n, n + len(q["centres"]))))
    reached = np.full(n, np.inf)
    for node, cost in found.items():
        if node < n:
            reached[node] = cost
    cost = answer_homes(q, snapped, reached)
    clock.mark("query")
    return {"seconds": clock.seconds, "cost": cost, "again": {}}


def run_pandana(q: dict[str, np.ndarray]) -> dict[str, object]:
    """As its manual has it: homes and centres go to their nearest node, and no leg is walked. Ten minutes."""
    import pandana
    import pandas as pd

    clock = Clock()
    x, y = pd.Series(q["xy"][:, 0]), pd.Series(q["xy"][:, 1])
    seconds = pd.DataFrame({"s": q["ms"] / 1000.0})
    network = pandana.Network(x, y, pd.Series(q["start"]), pd.Series(q["end"]), seconds, twoway=True)
    clock.mark("graph")
    node = network.get_node_ids(pd.Series(q["homes"][:, 0]), pd.Series(q["homes"][:, 1]))
    centre_x, centre_y = pd.Series(q["centres"][:, 0]), pd.Series(q["centres"][:, 1])
    clock.mark("snap")
    network.set_pois("centre", CUTOFF_MS / 1000, 1, centre_x, centre_y)
    found = network.nearest_pois(CUTOFF_MS / 1000, "centre", num_pois=1)[1]
    cost = found.reindex(node).to_numpy() * 1000.0
    cost[cost >= CUTOFF_MS] = np.inf  # what it says of a node that reaches nothing
    clock.mark("query")
    again = repeat(lambda: network.nearest_pois(CUTOFF_MS / 1000, "centre", num_pois=1), 3)
    return {"seconds": clock.seconds, "cost": cost, "again": {"solve again, 10 min": again}}


def snap_by_tree(q: dict[str, np.ndarray], clock: Clock) -> dict[str, tuple[np.ndarray, ...]]:
    """For homes and for centres: the segment, the price to its start and to its end, the leg."""
    import shapely

    ends = np.hstack([q["xy"][q["start"]], q["xy"][q["end"]]])
    tree = shapely.STRtree(shapely.linestrings(ends.reshape(-1, 2, 2)))
    clock.mark("tree")
    snapped = {}
    for name in ("homes", "centres"):
        points = q[name]
        _, segment = tree.query_nearest(shapely.points(points), all_matches=False)
        a, along = ends[segment, :2], ends[segment, 2:] - ends[segment, :2]
        share = np.clip(((points - a) * along).sum(axis=1) / (along**2).sum(axis=1), 0, 1)
        leg = price_leg(np.hypot(*(points - (a + share[:, None] * along)).T))
        to_start = np.floor(share * q["ms"][segment] + 0.5)
        snapped[name] = segment, leg + to_start, leg + q["ms"][segment] - to_start, leg
    clock.mark("snap")
    return snapped


def seeds(q: dict[str, np.ndarray], snapped: dict[str, tuple[np.ndarray, ...]]) -> list[list[float]]:
    segment, to_start, to_end, _ = snapped["centres"]
    node = np.arange(len(segment)) + len(q["xy"])
    return [v.tolist() for v in (node, q["start"][segment], q["end"][segment], to_start, to_end)]


def lean_matrix(q: dict[str, np.ndarray], snapped: dict[str, tuple[np.ndarray, ...]], csr_matrix):
    """Both directions of every segment, and a node for every centre; parallels stay beside each other."""
    node, a, b, to_a, to_b = (np.array(v) for v in seeds(q, snapped))
    tail = np.concatenate([q["start"], q["end"], node, node]).astype(np.int32)
    head = np.concatenate([q["end"], q["start"], a, b]).astype(np.int32)
    price = np.concatenate([q["ms"], q["ms"], to_a, to_b])
    order = np.argsort(tail, kind="stable")
    size = len(q["xy"]) + len(node)
    indptr = np.concatenate([[0], np.cumsum(np.bincount(tail, minlength=size))]).astype(np.int32)
    return csr_matrix((price[order], head[order], indptr), shape=(size, size))


def answer_homes(q: dict[str, np.ndarray], snapped: dict[str, tuple[np.ndarray, ...]], reached: np.ndarray):
    """Through the ends of the home's segment, or along it to a centre on the same."""
    segment, to_start, to_end, leg = snapped["homes"]
    cost = np.minimum(to_start + reached[q["start"][segment]], to_end + reached[q["end"][segment]])
    by_segment: dict[int, list[int]] = {}
    for number, at in enumerate(snapped["centres"][0].tolist()):
        by_segment.setdefault(at, []).append(number)
    for home in np.flatnonzero(np.isin(segment, snapped["centres"][0])):
        for number in by_segment[int(segment[home])]:
            _, other, _, other_leg = (values[number] for values in snapped["centres"])
            apart = abs((to_start[home] - leg[home]) - (other - other_leg))
            cost[home] = min(cost[home], leg[home] + other_leg + apart)
    return cost


ENGINES = {
    "geogrid": run_geogrid,
    "pandana": run_pandana,
    "scipy+STRtree": run_scipy,
    "networkx": run_networkx,
}

IMPORTS = {
    "geogrid": ["geogrid.network.solver"],
    "pandana": ["pandana"],
    "scipy+STRtree": ["scipy.sparse.csgraph", "shapely"],
    "networkx": ["networkx", "shapely"],
}


def run_one(name: str, file: str) -> None:
    with np.load(file) as arrays:
        q = dict(arrays)
    for module in IMPORTS[name]:  # not timed
        importlib.import_module(module)
    found = ENGINES[name](q)
    cost = np.asarray(found.pop("cost"), float)
    np.save(f"{file}.{name}.npy", cost)
    found.setdefault("peak_mb", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    sys.stdout.write("\nRESULT " + json.dumps(found))


# --- the report --------------------------------------------------------------------------------------


def measure(name: str, file: Path, runs: int) -> dict[str, object] | None:
    """The run with the median total; None when the engine cannot run here."""
    results = []
    for _ in range(runs):
        command = [sys.executable, __file__, "--one", name, str(file)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"  {name}: failed: {done.stderr.strip().splitlines()[-1]}")
            return None
        results.append(json.loads(done.stdout.rsplit("RESULT ", 1)[1]))
    results.sort(key=lambda result: sum(result["seconds"].values()))
    return results[(len(results) - 1) // 2]


def compare(file: Path, runs: int, peers: list[str]) -> None:
    with np.load(file) as q:
        print(
            f"\n{len(q['xy']):,} nodes, {len(q['start']):,} segments, "
            f"{len(q['homes']):,} homes, {len(q['centres']):,} centres"
        )
    ours = measure("geogrid", file, runs)
    assert ours is not None, "the engine itself must run"
    total = sum(ours["seconds"].values())
    exact = np.load(f"{file}.geogrid.npy")
    tell("geogrid", ours, "")
    for name in peers:
        peer = measure(name, file, 1 if name in ("pandana", "networkx") else runs)
        if peer is None:
            continue
        cost = np.load(f"{file}.{name}.npy")
        wrong = int(((cost <= CUTOFF_MS) != (exact <= CUTOFF_MS)).sum())
        equal = "every home equal" if np.array_equal(cost, exact) else f"{wrong:,} homes on the wrong side"
        tell(name, peer, f"{sum(peer['seconds'].values()) / total:6.1f} x ours; {equal}")
        for work, seconds in peer["again"].items():
            ratio = statistics.median(seconds) / statistics.median(ours["again"][work])
            print(f"    {work:28} {1000 * statistics.median(seconds):9.3f} ms {ratio:9.0f} x ours")
    for work, seconds in ours["again"].items():
        worst = f"worst {1000 * max(seconds):9.3f}"
        print(f"  {work:30} median {1000 * statistics.median(seconds):9.3f} ms  {worst}")


def tell(name: str, result: dict[str, object], remark: str) -> None:
    parts = ", ".join(f"{part} {seconds:.3f}" for part, seconds in result["seconds"].items())
    total = sum(result["seconds"].values())
    print(f"  {name:14} {total:8.3f} s  {result['peak_mb']:6.0f} MB  {remark}  ({parts})")


def measure_county(runs: int) -> None:
    """What if, on the demo county, through the whole engine: from an edit to the homes that changed."""
    from geogrid.coverage.engine import Engine
    from geogrid.coverage.scenario import AddCentre, MoveCentre, RemoveCentre
    from geogrid.coverage.walks import lay_out
    from geogrid.demo.county import create_demo_county
    from geogrid.network.impedance import PROFILES
    from geogrid.workspace import Workspace

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "demo.gpkg"
        create_demo_county(str(file))
        with Workspace.open(file) as county:
            town = county.read_town()
    layout = lay_out(town)
    print(f"\nthe demo county: {layout.n_homes:,} homes, {layout.n_centres} centres")
    profile = PROFILES["adult"]
    start = repeat(lambda: Engine(town, profile, layout=layout), runs)
    engine = Engine(town, profile, layout=layout)
    rng = np.random.default_rng(3)
    low, high = layout.homes.xy.min(axis=0), layout.homes.xy.max(axis=0)
    seconds: dict[str, list[float]] = {"start": start, "add": [], "move": [], "remove": []}
    for _ in range(100):
        (x, y), (to_x, to_y) = rng.uniform(low, high, (2, 2))
        seconds["add"] += repeat(lambda x=x, y=y: engine.apply(AddCentre("new", x, y)), 1)
        seconds["move"] += repeat(lambda x=to_x, y=to_y: engine.apply(MoveCentre("new", x, y)), 1)
        seconds["remove"] += repeat(lambda: engine.apply(RemoveCentre("new")), 1)
    for work, values in seconds.items():
        worst = f"worst {1000 * max(values):9.3f}"
        print(f"  engine: {work:22} median {1000 * statistics.median(values):9.3f} ms  {worst}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", help="an OpenStreetMap file in place of the synthetic town")
    parser.add_argument("--copies", type=int, default=1, help="of the file's streets, side by side")
    parser.add_argument("--scale", type=float, default=1.0, help="size of the synthetic town")
    parser.add_argument("--homes", type=int, default=30_000)
    parser.add_argument("--centres", type=int, default=69)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--no-county", action="store_true")
    parser.add_argument(
        "--large", action="store_true", help="a million nodes and 6,900 centres too, and growth"
    )
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        run_one(*options.one)
        return
    versions = []
    peers = []
    for name, package in PEERS.items():
        if importlib.util.find_spec(package) is None:
            print(f"{name} is not installed and is left out: pip install 'geogrid[bench]'")
            continue
        versions.append(f"{package} {metadata.version(package)}")
        if not options.no_peers:
            peers.append(name)
    machine = f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    print(f"{machine}, numpy {metadata.version('numpy')}, {', '.join(versions)}")
    rng = np.random.default_rng(20261122)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        town = read_town(options.file, options.copies) if options.file else draw_town(options.scale, rng)
        compare(ask(folder, town, options.homes, options.centres), options.runs, peers)
        if options.large:
            large = draw_town(3.28, rng)
            compare(
                ask(folder, large, 30_000, 6_900), options.runs, [p for p in peers if p == "scipy+STRtree"]
            )
            for n_homes in (10_000, 100_000, 1_000_000):
                compare(ask(folder, large, n_homes, 6_900), 1, [])
    if not options.no_county:
        measure_county(options.runs)


if __name__ == "__main__":
    main()
