"""Responsibility areas as unions of cells: communities, grids, districts, lanes and beats."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components, dijkstra

from geogrid.demo.fabric import Fabric, Ints, Objects
from geogrid.demo.quarters import QUARTERS
from geogrid.demo.terrain import Array, Terrain

N_GRIDS = 78
N_DISTRICTS = 20
N_LANES = 30
MIN_GRIDS = 3
N_ROUNDS = 60

COMMUNITY_SEEDS_SD = {
    "东门社区": (470.0, 290.0),
    "南门社区": (150.0, 110.0),
    "西门社区": (-330.0, 260.0),
    "北门社区": (150.0, 520.0),
    "元峰庄社区": (-760.0, 330.0),
    "新南庄社区": (120.0, -330.0),
    "凤嘴社区": (-1000.0, -330.0),
    "宜和社区": (-1480.0, 300.0),
    "稻香社区": (1000.0, 560.0),
    "飞凤山社区": (-640.0, 760.0),
    "茶亭社区": (900.0, -330.0),
    "胜利洋社区": (1600.0, 300.0),
}
_VILLAGE_SEEDS_SD = {
    "解放村": (-2420.0, 330.0),
    "胜利村": (2420.0, 360.0),
    "官湖村": (1250.0, -930.0),
}
_BORDER_PRICE = {"primary": 2.6, "secondary": 2.0, "tertiary": 1.5, "residential": 1.1}
_RIVER_PRICE = 14.0
_MOVED_BEATS = (1, 4, 7)
"""Which communities (in the order of their codes) lend a few blocks to a neighbour's beat."""

_MOVED_CELLS = 3


@dataclass(frozen=True)
class Areas:
    """The area of each cell, shape (c,); -1 for none.

    Attributes
    ----------
    community
        Number in the official list's order: 社区 first, then villages.
    grid, district, lane, beat
        Numbers; a beat has the number of its community.
    grid_community, grid_district
        Shape (78,), the two that each grid lies in.
    """

    community: Ints
    grid: Ints
    district: Ints
    lane: Ints
    beat: Ints
    grid_community: Ints
    grid_district: Ints


def divide_town(
    fabric: Fabric, terrain: Terrain, people: Array, names: list[str], rng: np.random.Generator
) -> Areas:
    """All areas.

    Parameters
    ----------
    people
        Shape (c,), residents of each cell.
    names
        Names of communities and villages in the order in which they are numbered.
    """
    graph = _link_cells(fabric)
    middle = shapely.get_coordinates(shapely.point_on_surface(fabric.cells))
    urban = _find_urban(fabric, graph, terrain.unwarp(middle))
    weight = people + 1.0
    community = np.full(len(fabric.cells), -1, dtype=np.int64)
    for seeds_sd, inside in ((COMMUNITY_SEEDS_SD, urban), (_VILLAGE_SEEDS_SD, ~urban)):
        cells = np.flatnonzero(inside)
        ground = terrain.warp(np.array(list(seeds_sd.values())))
        seeds = _snap_seeds(ground, middle[cells])
        n_rounds = N_ROUNDS if inside is urban else 0
        wish = rng.uniform(0.65, 1.4, len(seeds))
        part = _grow(graph[cells][:, cells], seeds, weight[cells], wish, n_rounds)
        community[cells] = np.array([names.index(name) for name in seeds_sd])[part]
    grid, grid_community = _divide_grids(graph, community, urban, weight, middle, rng)
    district, grid_district = _join_districts(graph, grid, weight, middle, rng)
    lane = _draw_lanes(fabric, graph, weight, middle, urban, rng)
    beat = _shift_beats(graph, community, urban, weight)
    return Areas(community, grid, district, lane, beat, grid_community, grid_district)


def _link_cells(fabric: Fabric) -> csr_array:
    """Prices of going from cell to neighbouring cell: the distance, more across larger streets and the river."""
    left, right = fabric.edge_cells.T
    both = (left >= 0) & (right >= 0) & (left != right)
    left, right = left[both], right[both]
    middle = shapely.get_coordinates(shapely.centroid(fabric.cells))
    wet = fabric.cell_quarter == "river"
    price = np.array([_BORDER_PRICE.get(item, 1.0) for item in fabric.edge_class[both]])
    price = np.where(wet[left] & wet[right] & (shapely.length(fabric.edges[both]) > 60), _RIVER_PRICE, price)
    cost = np.hypot(*(middle[left] - middle[right]).T) * price + 10.0
    n = len(fabric.cells)
    pairs = np.column_stack([np.minimum(left, right), np.maximum(left, right)])
    unique, first = np.unique(pairs, axis=0, return_index=True)
    half = coo_array((cost[first], (unique[:, 0], unique[:, 1])), shape=(n, n)).tocsr()
    return csr_array(half + half.T)


def _find_urban(fabric: Fabric, graph: csr_array, sd: Array) -> npt.NDArray[np.bool_]:
    """Cells that belong to a 社区: one connected piece without enclaves."""
    urban = np.array([QUARTERS[name].is_urban for name in fabric.cell_quarter])
    urban |= (fabric.cell_quarter == "river") & (np.abs(sd[:, 0]) < 1950)
    urban = _keep_largest(graph, urban)
    return ~_keep_largest(graph, ~urban)


def _keep_largest(graph: csr_array, chosen: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    cells = np.flatnonzero(chosen)
    part = connected_components(graph[cells][:, cells], directed=False)[1]
    kept = np.zeros(len(chosen), dtype=bool)
    kept[cells[part == np.bincount(part).argmax()]] = True
    return kept


def _snap_seeds(wanted: Array, middle: Array) -> Ints:
    """The nearest cell to each wanted place, no cell twice."""
    seeds: list[int] = []
    for place in wanted:
        for cell in np.argsort(np.hypot(*(middle - place).T), kind="stable"):
            if int(cell) not in seeds:
                seeds.append(int(cell))
                break
    return np.array(seeds, dtype=np.int64)


def _grow(graph: csr_array, seeds: Ints, weight: Array, wish: Array, n_rounds: int) -> Ints:
    """The nearest seed of each cell, handicaps set so that the weights come near the wished shares.

    A part grown by path length plus a constant handicap is connected; no handicap may be so large
    that a seed falls to another part.
    """
    reach = dijkstra(graph, directed=False, indices=seeds)
    between = np.where(np.eye(len(seeds), dtype=bool), np.inf, reach[:, seeds])
    wish = wish / wish.sum() * weight.sum()
    handicap = np.zeros(len(seeds))
    best = reach.argmin(axis=0)
    best_miss = np.inf
    step_m = 0.5 * float(np.median(between.min(axis=0)))
    for turn in range(n_rounds):
        part = (reach + handicap[:, None]).argmin(axis=0)
        held = np.bincount(part, weight, minlength=len(seeds))
        miss = float(np.square(np.log((held + 1.0) / wish)).sum())
        if miss < best_miss:
            best, best_miss = part, miss
        handicap += step_m * 0.95**turn * np.log((held + 0.1 * wish) / wish).clip(-0.6, 0.6)
        for _ in range(3):
            handicap = np.minimum(handicap, (handicap[:, None] + 0.8 * between).min(axis=0))
    return np.asarray(best, dtype=np.int64)


def _spread_seeds(middle: Array, weight: Array, n: int, rng: np.random.Generator) -> Ints:
    """Cells at the middles of n weighted clusters."""
    picked = rng.choice(len(middle), n, replace=False, p=weight / weight.sum())
    places = middle[np.sort(picked)]
    for _ in range(12):
        near = np.hypot(*(middle[:, None] - places).transpose(2, 0, 1)).argmin(axis=1)
        total = np.bincount(near, weight, minlength=n)
        for i in (0, 1):
            moved = np.bincount(near, weight * middle[:, i], minlength=n)
            places[:, i] = np.where(total > 0, moved / np.maximum(total, 1e-9), places[:, i])
    return _snap_seeds(places, middle)


def _share_out(weight: Array, n: int, least: int, most: Ints) -> Ints:
    """How many of n things each group gets, in proportion to its weight, from `least` to `most`."""
    exact = least + (n - least * len(weight)) * weight / weight.sum()
    count: Ints = np.floor(exact).astype(np.int64)
    count = np.minimum(count, most)
    for _ in range(n - int(count.sum())):
        count[np.where(count < most, exact - count, -np.inf).argmax()] += 1
    return count


def _divide_grids(
    graph: csr_array,
    community: Ints,
    urban: npt.NDArray[np.bool_],
    weight: Array,
    middle: Array,
    rng: np.random.Generator,
) -> tuple[Ints, Ints]:
    """The grid of each cell and the community of each grid, numbered west to east, north to south."""
    numbers = np.unique(community[urban])
    total = np.bincount(community[urban], weight[urban]).astype(float)
    n_cells = np.bincount(community[urban])[numbers]
    counts = _share_out(total[numbers], N_GRIDS, MIN_GRIDS, n_cells // 2)
    grid = np.full(len(community), -1, dtype=np.int64)
    owners: list[int] = []
    for number, n in zip(numbers, counts, strict=True):
        cells = np.flatnonzero(community == number)
        seeds = _spread_seeds(middle[cells], weight[cells], int(n), rng)
        part = _grow(graph[cells][:, cells], seeds, weight[cells], np.ones(n), N_ROUNDS)
        grid[cells] = len(owners) + _rank_by_place(part, middle[cells])
        owners += [int(number)] * int(n)
    return grid, np.array(owners, dtype=np.int64)


def _rank_by_place(part: Ints, middle: Array) -> Ints:
    """Parts renumbered in bands from north to south, west to east within a band."""
    size = np.bincount(part)
    x, y = (np.bincount(part, middle[:, i]) / size for i in (0, 1))
    band = np.floor((y.max() - y) / 300.0)
    rank = np.empty(len(size), dtype=np.int64)
    rank[np.lexsort((x, band))] = np.arange(len(size))
    return rank[part]


def _join_districts(
    graph: csr_array, grid: Ints, weight: Array, middle: Array, rng: np.random.Generator
) -> tuple[Ints, Ints]:
    """The district of each cell and of each grid: neighbouring grids joined whatever their community."""
    inside = np.flatnonzero(grid >= 0)
    held = np.bincount(grid[inside], weight[inside]).astype(float)
    place = np.column_stack(
        [np.bincount(grid[inside], weight[inside] * middle[inside, i]) / held for i in (0, 1)]
    )
    links = graph.tocoo()
    first, second = grid[links.row], grid[links.col]
    across = (first >= 0) & (second >= 0) & (first != second)
    pairs = np.unique(np.column_stack([first[across], second[across]]), axis=0)
    cost = np.hypot(*(place[pairs[:, 0]] - place[pairs[:, 1]]).T)
    grid_graph = coo_array((cost, pairs.T), shape=(N_GRIDS, N_GRIDS)).tocsr()
    seeds = _spread_seeds(place, held, N_DISTRICTS, rng)
    part = _grow(grid_graph, seeds, held, np.ones(N_DISTRICTS), N_ROUNDS)
    grid_district = _rank_by_place(part, place)
    _, _, source = dijkstra(graph, directed=False, indices=inside, min_only=True, return_predecessors=True)
    return grid_district[grid[source]], grid_district


def _draw_lanes(
    fabric: Fabric,
    graph: csr_array,
    weight: Array,
    middle: Array,
    urban: npt.NDArray[np.bool_],
    rng: np.random.Generator,
) -> Ints:
    """Lane areas: the blocks along 30 stretches of street, none over parks, works or the river."""
    built = urban & np.isin(fabric.cell_quarter, ["old", "core", "new", "edge"])
    cells = np.flatnonzero(_keep_largest(graph, built | (urban & (fabric.cell_quarter == "river"))))
    seeds = _spread_seeds(middle[cells], weight[cells], N_LANES, rng)
    part = _rank_by_place(
        _grow(graph[cells][:, cells], seeds, weight[cells], np.ones(N_LANES), N_ROUNDS), middle[cells]
    )
    lane = np.full(len(urban), -1, dtype=np.int64)
    lane[cells] = part
    lane[~built] = -1
    return lane


def _shift_beats(graph: csr_array, community: Ints, urban: npt.NDArray[np.bool_], weight: Array) -> Ints:
    """Beats: the communities, but for a few border blocks that a neighbour's police look after."""
    beat = np.where(urban, community, -1)
    for number in _MOVED_BEATS:
        for _ in range(_MOVED_CELLS):
            cells = np.flatnonzero((beat == number) & (weight > 20))
            neighbours = [beat[graph.indices[graph.indptr[c] : graph.indptr[c + 1]]] for c in cells]
            target = [
                next((int(b) for b in sorted(around) if b not in (-1, number)), -1) for around in neighbours
            ]
            border = [(cell, to) for cell, to in zip(cells, target, strict=True) if to >= 0]
            if border:
                cell, to = border[len(border) // 2]
                beat[cell] = to
    return np.asarray(beat, dtype=np.int64)


def join_cells(cells: Objects, number: Ints) -> Objects:
    """The union of the cells of each number, shape (n,), every vertex kept."""
    order = np.argsort(number, kind="stable")
    order = order[number[order] >= 0]
    groups = np.split(order, np.flatnonzero(np.diff(number[order])) + 1)
    return np.array([shapely.coverage_union_all(cells[group]) for group in groups], dtype=object)
