"""How long it takes to make ready for searching and to search, among 30,000 buildings: `make bench`.

The county is made up: compounds and streets of two random characters and a usual ending, so that there
are many more different names than in the demo town. Queries are drawn from its names in every way of
writing (in full, initials, pinyin, mixed, one slip, a part only) and from `tests/data/queries.csv`, most
of which mean nothing here and so try everything. Seconds are of the processor (`time.process_time`) with
those of the clock beside them. `--county` measures a county file in place of the made-up one.
"""

from __future__ import annotations

import argparse
import csv
import datetime
import os
import platform
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geogrid.responsibility.gazetteer import Gazetteer
from geogrid.responsibility.readings import read_name
from geogrid.responsibility.register import Register
from geogrid.workspace import Workspace
from geogrid.workspace.lookup import read_register

QUERIES = Path(__file__).parents[1] / "tests" / "data" / "queries.csv"
CRS = "EPSG:4549"
STEM = "宜和胜地心春晖金桂聚贤枫林云台馨东方紫竹安居溪畔松涛茶香幸福永兴盛世御景博雅玉兰丰泽绿洲碧水星清泉百湖滨朝阳红凤凰鑫锦绣"
ESTATES = ("佳苑", "花园", "小区", "苑", "家园", "新村", "华庭", "名居")
ROADS = ("路", "街", "巷", "弄")
SIDE = 175


def make_county(n_buildings: int, rng: np.random.Generator) -> Register:
    """Two thirds of the buildings in compounds of nine, the others at streets with some ten numbers each."""
    stems = [a + b for a in STEM for b in STEM if a != b]
    estates = rng.permutation([stem + end for stem in stems for end in ESTATES])[: n_buildings * 2 // 27]
    roads = rng.permutation([stem + end for stem in stems for end in ROADS])[: n_buildings // 30]
    i = np.arange(n_buildings)
    inside = i < len(estates) * 9
    boxes = shapely.box(
        386_000 + i % SIDE * 20,
        3_028_000 + i // SIDE * 20,
        386_012 + i % SIDE * 20,
        3_028_010 + i // SIDE * 20,
    )
    compounds = [f"X{k // 9}" if held else None for k, held in enumerate(inside)]
    buildings = {
        "id": [f"L{k}" for k in i],
        "number": [f"{k % 9 + 1}栋" if held else None for k, held in enumerate(inside)],
        "compound": compounds,
        "address": [
            None if held else f"{roads[k % len(roads)]}{k // len(roads) + 1}号"
            for k, held in enumerate(inside)
        ],
    }
    edges = 386_000 + np.arange(13) * SIDE * 20 / 12
    areas = shapely.box(edges[:-1], 3_028_000, edges[1:], 3_032_000)
    names = {"code": [f"C{k:02}" for k in range(12)], "name": [f"{stem}社区" for stem in stems[:12]]}
    layers = {
        "building": gpd.GeoDataFrame(buildings, geometry=boxes, crs=CRS),
        "compound": gpd.GeoDataFrame(
            {"id": [f"X{k}" for k in range(len(estates))], "name": estates},
            geometry=boxes[: len(estates)],
            crs=CRS,
        ),
        "community": gpd.GeoDataFrame(names, geometry=areas, crs=CRS),
    }
    return Register.from_layers(layers, {"alias": pd.DataFrame()}, CRS)


def draw_queries(gazetteer: Gazetteer, n: int, rng: np.random.Generator) -> list[str]:
    """Names of buildings as people write them, each in a way of its own."""
    entries = [entry for entry in gazetteer.entries if entry.kind == "building"]
    return [_write(entries[k].name, int(rng.integers(7)), rng) for k in rng.choice(len(entries), n)]


def _write(name: str, way: int, rng: np.random.Generator) -> str:
    base, number = name.rstrip("0123456789栋号"), "".join(filter(str.isdecimal, name))
    syllables = read_name(base)[0]
    place = int(rng.integers(len(base) - 1))
    return (
        name,
        f"政和县熊山街道{name}2单元301室",
        "".join(syllable[0] for syllable in syllables) + number,
        "".join(syllables) + number,
        base[:2] + "".join(syllables[2:]) + number,
        base[:place] + base[place + 1] + base[place] + base[place + 2 :] + number,
        base[:-1],
    )[way]


def measure(ask: Callable[[str], object], queries: list[str]) -> str:
    spent = np.array([_time(ask, query) for query in queries])
    median, last = 1000 * np.percentile(spent, [50, 99])
    return f"{len(spent) / spent.sum():7,.0f} a second, median {median:.2f} ms, 99 % within {last:.2f} ms"


def _time(ask: Callable[[str], object], query: str) -> float:
    start = time.process_time()
    ask(query)
    return time.process_time() - start


def make_ready(register: Register) -> Gazetteer:
    """The gazetteer with everything made that the first search of any kind would make."""
    gazetteer = register.gazetteer
    for query in ("解放街12号", "jfj12", "宜合佳苑", "jiefangjei", "凤鸣山庄"):
        gazetteer.find(query)
    return gazetteer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--county", type=Path, help="a county file, in place of the made-up county")
    parser.add_argument("--buildings", type=int, default=30_000)
    parser.add_argument("--queries", type=int, default=3000)
    options = parser.parse_args()
    packages = ", ".join(f"{name} {metadata.version(name)}" for name in ("numpy", "shapely", "pypinyin"))
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}, {packages}")
    rng = np.random.default_rng(1)
    if options.county:
        register = read_register(Workspace.open(options.county)).on_date(datetime.date(2026, 6, 1))
    else:
        register = make_county(options.buildings, rng)
    start, clock = time.process_time(), time.perf_counter()
    gazetteer = make_ready(register)
    print(f"ready in {time.process_time() - start:.2f} s CPU, {time.perf_counter() - clock:.2f} s clock")
    with QUERIES.open(encoding="utf-8", newline="") as file:
        written = [row["query"] for row in csv.DictReader(file)]
    drawn = draw_queries(gazetteer, options.queries, rng)
    found = sum(bool(gazetteer.find(query)) for query in drawn) / len(drawn)
    print(
        f"{len(register.layers['building']):,} buildings, {found:.1%} of the queries drawn from names find something"
    )
    for title, queries in (("drawn from names", drawn), ("queries.csv", written)):
        print(f"{title:18} find  {measure(gazetteer.find, queries)}")
        print(f"{title:18} offer {measure(lambda query: gazetteer.offer(query, 12), queries)}")
    print(f"10,000 characters  find  {1000 * _time(gazetteer.find, '长' * 10_000):.2f} ms")


if __name__ == "__main__":
    main()
