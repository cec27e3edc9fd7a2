"""A table of totals by area: how many people and households a community, grid or other area has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from geogrid.errors import Fault, FileContentError, InvalidOptionError, MissingColumnsError
from geogrid.io.columns import plain_title, require_no_identity_numbers
from geogrid.io.table import find_control_characters, read_table
from geogrid.io.values import convert_column
from geogrid.schema import Layer, find_layer

COUNTS = ("households", "residents", "residents_0_14", "residents_60_plus", "residents_80_plus")
"""What totals may be given for, in the building layer's columns."""

_OTHER_TITLES: dict[str, tuple[str, ...]] = {
    "households": ("户数", "总户数", "家庭户数"),
    "residents": ("人数", "人口", "总人口", "总人数", "常住人口"),
    "residents_0_14": ("0-14岁", "0-14岁人口", "儿童", "少儿人口"),
    "residents_60_plus": ("60岁以上", "60岁以上人口", "60岁及以上", "老年人口"),
    "residents_80_plus": ("80岁以上", "80岁以上人口", "80岁及以上", "高龄人口"),
}


@dataclass(frozen=True)
class Totals:
    """The totals of one area.

    Attributes
    ----------
    row
        Of the file; None where they were given otherwise.
    area
        Code or name, as given.
    counts
        Column of the building layer -> total; those not given are left out.
    """

    row: int | None
    area: str
    counts: Mapping[str, int]


def read_totals(
    path: Path, layer: Layer, *, columns: Mapping[str, str], encoding: str | None
) -> list[Totals]:
    """The totals in a .csv or .xlsx file, one row an area of a layer.

    Parameters
    ----------
    columns
        `area` or one of `COUNTS` -> the file's column, where its title does not say so.

    Raises
    ------
    MissingColumnsError, InvalidOptionError
        When no column names the area, or none a total.
    FileContentError
        With every fault of the file.
    """
    table = read_table(path, encoding=encoding, sheets=(layer.name, layer.zh))
    building = find_layer("building")
    values = {name: [row[i] for row in table.cells] for i, name in enumerate(table.columns)}
    require_no_identity_numbers(values, path.name)
    wanted = {
        "area": (
            *(f"{layer.zh}{word}" for word in ("代码", "编码", "编号", "名称", "")),
            f"{layer.name} code", f"{layer.name} name", layer.name, "代码", "名称", "code", "name", "area",
        ),
    } | {name: (name, building.column(name).zh, building.column(name).en, *_OTHER_TITLES[name]) for name in COUNTS}  # fmt: skip
    for ours, theirs in columns.items():
        if ours not in wanted:
            raise InvalidOptionError(option="--column", value=ours, expected=", ".join(wanted))
        if theirs not in table.columns:
            found = ", ".join(table.columns)
            raise InvalidOptionError(option="--column", value=f"{ours}={theirs}", expected=found)
    plain = {plain_title(name): name for name in reversed(table.columns)}
    used = {
        ours: plain[plain_title(title)]
        for ours, titles in wanted.items()
        for title in reversed(titles)
        if plain_title(title) in plain
    } | dict(columns)
    missing = [] if "area" in used else [f"area（{layer.zh}代码 / {layer.zh}名称）"]
    if not set(used) & set(COUNTS):
        missing.append("households（户数） / residents（人数）")
    if missing:
        raise MissingColumnsError(file=path.name, missing=missing, found=table.columns)
    faults = find_control_characters(table)
    converted: dict[str, list[object]] = {}
    for ours, theirs in used.items():
        column = layer.column("code") if ours == "area" else building.column(ours)
        converted[ours], found_faults = convert_column(
            column, values[theirs], table.rows, theirs, is_code=ours == "area"
        )
        faults += found_faults
    known = {fault.row for fault in faults}
    first: dict[str, int] = {}
    totals = []
    for i, row in enumerate(table.rows):
        area = converted["area"][i]
        if area is None:
            if row not in known:
                faults.append(Fault("没有写是哪个区域", "it names no area", row, used["area"]))
            continue
        if first.setdefault(str(area), row) != row:
            at = first[str(area)]
            faults.append(
                Fault(f"“{area}”与第 {at} 行重复", f"“{area}” stands in row {at} already", row, used["area"])
            )
        counts = {
            name: int(str(converted[name][i]))
            for name in COUNTS
            if name in used and converted[name][i] is not None
        }
        totals.append(Totals(row, str(area), counts))
    if not table.rows:
        faults.append(Fault("文件中没有任何记录", "the file holds no rows"))
    if faults:
        raise FileContentError(path.name, sorted(faults, key=lambda fault: fault.row or 0))
    return totals
