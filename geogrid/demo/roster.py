"""Organisations, groups and the people on duty: all of them invented and seen to be so."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geogrid.demo.fabric import Ints, Objects
from geogrid.demo.frames import make_table

N_BUILDING_GROUPS = 100
N_HOUSEHOLD_GROUPS = 154
ROSTER_FROM = ("2024-01-01", "2024-07-01", "2025-01-01", "2025-07-01")
ROSTER_TO = "2035-12-31"
N_POLICE_PER_BEAT = (("社区民警", 1), ("专职辅警", 2), ("巡防队员", 4))


def build_groups(
    grid: Ints, grid_codes: list[str], building_ids: Objects, households: Ints, x: np.ndarray
) -> pd.DataFrame:
    """100 楼栋组 that share out the homes of the grids, and 154 户组 that share out those of the 楼栋组.

    Parameters
    ----------
    grid, building_ids, households, x
        Shape (b,): the grid's number (-1 for none), the id, the households (0 where none live) and
        the easting (m) of each building.
    """
    homes = np.flatnonzero((households > 0) & (grid >= 0))
    homes = homes[np.lexsort((x[homes], grid[homes]))]
    held = np.bincount(grid[homes], households[homes], minlength=len(grid_codes))
    blocks = _share_groups(homes, grid[homes], held, N_BUILDING_GROUPS)
    size = np.array([households[block].sum() for block in blocks], dtype=float)
    owner = np.repeat(np.arange(len(blocks)), [len(block) for block in blocks])
    parts = _share_groups(np.concatenate(blocks), owner, size, N_HOUSEHOLD_GROUPS)
    rows: list[tuple[Any, ...]] = []
    for i, block in enumerate(blocks):
        code = grid_codes[grid[block[0]]]
        rows.append((f"LD{i + 1:03d}", f"第{i + 1:03d}楼栋组", "楼栋组", code, block, None))
    for i, part in enumerate(parts):
        units = "1单元" if len(part) == 1 else None
        code = grid_codes[grid[part[0]]]
        rows.append((f"HZ{i + 1:03d}", f"第{i + 1:03d}户组", "户组", code, part, units))
    return make_table(
        "group",
        len(rows),
        {
            "id": [row[0] for row in rows],
            "name": [row[1] for row in rows],
            "kind": [row[2] for row in rows],
            "grid": [row[3] for row in rows],
            "buildings": [",".join(building_ids[row[4]]) for row in rows],
            "units": [row[5] for row in rows],
            "valid_from": ROSTER_FROM[0],
        },
    )


def _share_groups(things: Ints, owner: Ints, size: np.ndarray, n: int) -> list[Ints]:
    """The things of each owner in one or more runs, n runs in all, more for larger owners."""
    n_things = np.bincount(owner, minlength=len(size))
    count = (n_things > 0).astype(np.int64)
    while count.sum() < n:
        room = count < n_things
        count[np.where(room, size / np.maximum(count, 1), -1.0).argmax()] += 1
    return [
        run
        for number in range(len(size))
        if count[number]
        for run in np.array_split(things[owner == number], int(count[number]))
    ]


def build_organisations(
    community: gpd.GeoDataFrame, grid: gpd.GeoDataFrame, compound: gpd.GeoDataFrame, n_branches: int
) -> pd.DataFrame:
    """街道党工委, 12 社区大党委, 25 小区党支部 and 78 邻里党小组, each on the area it serves."""
    urban = community[community["kind"] == "社区"]
    rows: list[tuple[Any, ...]] = [("DGW", "熊山街道党工委（演示）", "街道党工委", None, None, None, 9)]
    for code, name in zip(urban["code"], urban["name"], strict=True):
        rows.append((f"DW{code[-3:]}", f"{name}大党委（演示）", "社区大党委", "DGW", "community", code, 11))
    served = compound[compound["kind"] == "封闭式"].iloc[:n_branches]
    inside = served.geometry.representative_point()
    for i, (key, name, point) in enumerate(zip(served["id"], served["name"], inside, strict=True)):
        home = urban["code"][urban.geometry.covers(point)].iloc[0]
        rows.append(
            (
                f"ZB{i + 1:02d}",
                f"{name}党支部（演示）",
                "小区党支部",
                f"DW{home[-3:]}",
                "compound",
                key,
                8 + 5 * i % 23,
            )
        )
    for i, (code, name, home) in enumerate(zip(grid["code"], grid["name"], grid["community"], strict=True)):
        rows.append(
            (
                f"XZ{i + 1:02d}",
                f"{name}党小组（演示）",
                "邻里党小组",
                f"DW{home[-3:]}",
                "grid",
                code,
                3 + 7 * i % 9,
            )
        )
    columns = ("id", "name", "kind", "parent", "layer", "feature", "n_members")
    return make_table(
        "organisation",
        len(rows),
        {column: [row[i] for row in rows] for i, column in enumerate(columns)}
        | {"valid_from": ROSTER_FROM[0]},
    )


def build_roster(
    areas: dict[str, list[str]], groups: pd.DataFrame, rng: np.random.Generator
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """382 leaders and 84 police, one person and one assignment each.

    Parameters
    ----------
    areas
        Codes of the layers `district`, `lane`, `grid`, `beat`, in order.
    """
    posts: list[tuple[str, str, str]] = []
    for role, layer in (("片区长", "district"), ("街巷长", "lane"), ("邻里长", "grid")):
        posts += [(role, layer, code) for code in areas[layer]]
    for role, kind in (("楼栋长", "楼栋组"), ("户组长", "户组")):
        posts += [(role, "group", str(key)) for key in groups["id"][groups["kind"] == kind]]
    n_leaders = len(posts)
    for role, n in N_POLICE_PER_BEAT:
        posts += [(role, "beat", code) for code in areas["beat"] for _ in range(n)]
    n = len(posts)
    police = np.arange(n) >= n_leaders
    counters: dict[str, int] = {}
    names = []
    for role, _, _ in posts:
        counters[role] = counters.get(role, 0) + 1
        names.append(("演示" if role in dict(N_POLICE_PER_BEAT) else "示例") + f"{role}{counters[role]:03d}")
    ids = [f"P{i + 1:04d}" for i in range(n)]
    person = make_table(
        "person",
        n,
        {
            "id": ids,
            "name": names,
            "unit": np.where(police, "城关派出所（演示）", "熊山街道（演示）").astype(object),
            "duty_phone": [f"000-{i + 1:07d}" for i in range(n)],
            "duty_phone_public": police,
            "private_phone": [
                None if is_police else f"0009{i + 1:07d}" for i, is_police in enumerate(police)
            ],
        },
    )
    assignment = make_table(
        "assignment",
        n,
        {
            "id": [f"A{i + 1:04d}" for i in range(n)],
            "person": ids,
            "role": [post[0] for post in posts],
            "layer": [post[1] for post in posts],
            "feature": [post[2] for post in posts],
            "valid_from": [ROSTER_FROM[i] for i in rng.integers(0, len(ROSTER_FROM), n)],
            "valid_to": [ROSTER_TO if long else None for long in rng.uniform(size=n) < 0.3],
        },
    )
    return person, assignment
