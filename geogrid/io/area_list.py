"""A table that says of every building which area it is in: by the building's number or by an address."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geogrid.errors import Fault, FileContentError, InvalidOptionError, MissingColumnsError
from geogrid.io.columns import TEXT_TITLES, plain_title, require_no_identity_numbers
from geogrid.io.table import Table, find_control_characters, read_table
from geogrid.io.values import convert_column
from geogrid.responsibility.names import natural_order, normalise_name
from geogrid.schema import Layer, find_layer

BUILDING_TITLES = (
    "楼栋编号", "楼栋代码", "楼栋id", "建筑编号", "建筑物编号", "房屋编号", "编号", "building", "building id", "id",
)  # fmt: skip
"""Titles of a column of building numbers, the more telling ones first."""


@dataclass(frozen=True)
class ListRow:
    """One row: a building, by number or by address, and its area; None where a cell is empty."""

    row: int
    building: str | None
    address: str | None
    code: str | None
    name: str | None


@dataclass(frozen=True)
class AreaList:
    """Buildings and their areas as a file has them.

    Attributes
    ----------
    names
        Code -> name of every area in the list.
    """

    file: str
    rows: list[ListRow]
    names: dict[str, str]
    notes: list[str]


def read_area_list(
    path: Path,
    layer: Layer,
    *,
    columns: Mapping[str, str] | None = None,
    encoding: str | None = None,
    known: Mapping[str, str] | None = None,
) -> AreaList:
    """The list in a .csv or .xlsx file.

    An area without a code gets the code that `known` has for its name, else one made of the
    layer's name and a number in the order of the names.

    Parameters
    ----------
    columns
        `building`, `address`, `code`, `name` -> the file's column, where its title does not say so.
    known
        Name -> code of areas that the county holds.

    Raises
    ------
    MissingColumnsError, InvalidOptionError
        When no column says which building or which area.
    FileContentError
        With every fault of the file.
    """
    table = read_table(path, encoding=encoding, sheets=(layer.name, layer.zh))
    shown = path.name
    faults = find_control_characters(table)
    if not table.rows:
        faults.append(Fault("文件中没有任何记录", "the file holds no rows"))
    if faults:
        raise FileContentError(shown, faults)
    values = {name: [row[i] for row in table.cells] for i, name in enumerate(table.columns)}
    require_no_identity_numbers(values, shown)
    used = match_list_columns(layer, table.columns, columns or {}, shown)
    texts: dict[str, list[str | None]] = {}
    for ours, theirs in used.items():
        texts[ours], found = _read_texts(ours, layer, table, values[theirs], theirs)
        faults += found
    empty: list[str | None] = [None] * len(table.rows)
    rows = [
        ListRow(row, *cells)
        for row, *cells in zip(
            table.rows,
            *(texts.get(name, empty) for name in ("building", "address", "code", "name")),
            strict=True,
        )
    ]
    rows, made = _complete(rows, layer, known or {})
    names, contradictions = _name_areas(rows, used)
    faults += contradictions
    if faults:
        raise FileContentError(shown, sorted(faults, key=lambda fault: fault.row or 0))
    told = "，".join(f"{ours}={theirs}" for ours, theirs in used.items())
    return AreaList(shown, rows, names, [*table.notes, f"列 / columns: {told}", *made])


def match_list_columns(
    layer: Layer, found: Sequence[str], mapping: Mapping[str, str], shown: str
) -> dict[str, str]:
    """`building`, `address`, `code`, `name` -> the file's column; those that are not there are left out.

    >>> match_list_columns(find_layer("grid"), ["楼栋编号", "网格代码", "网格名称", "备注"], {}, "a.csv")
    {'code': '网格代码', 'name': '网格名称', 'building': '楼栋编号'}
    """
    zh, en = layer.zh, layer.name
    wanted: dict[str, tuple[str, ...]] = {
        "code": (
            *(f"{zh}{word}" for word in ("代码", "编码", "编号", "号")),
            f"{en} code",
            f"{en}_code",
            "代码",
            "code",
        ),
        "name": (f"{zh}名称", f"{zh}名", zh, f"所属{zh}", f"所在{zh}", f"{en} name", f"{en}_name", en),
        "building": BUILDING_TITLES,
        "address": TEXT_TITLES,
    }
    for ours, theirs in mapping.items():
        if ours not in wanted:
            raise InvalidOptionError(option="--column", value=ours, expected=", ".join(wanted))
        if theirs not in found:
            raise InvalidOptionError(option="--column", value=f"{ours}={theirs}", expected=", ".join(found))
    used = dict(mapping)
    free = {plain_title(name): name for name in reversed(found) if name not in mapping.values()}
    for ours, titles in wanted.items():
        title = next((title for title in titles if title in free), None)
        if ours not in used and title is not None:
            used[ours] = free.pop(title)
    missing = []
    if "code" not in used and "name" not in used:
        missing.append(f"code={zh}代码 / name={zh}名称")
    if "building" not in used and "address" not in used:
        missing.append("building=楼栋编号 / address=地址")
    if missing:
        raise MissingColumnsError(file=shown, missing=missing, found=list(found))
    return used


def _read_texts(
    ours: str, layer: Layer, table: Table, values: Sequence[Any], theirs: str
) -> tuple[list[str | None], list[Fault]]:
    building = find_layer("building")
    column = {
        "building": building.column("id"),
        "address": building.column("address"),
        "code": layer.column("code"),
        "name": layer.column("name"),
    }[ours]
    return convert_column(column, values, table.rows, theirs, is_code=ours in ("building", "code"))


def _complete(
    rows: Sequence[ListRow], layer: Layer, known: Mapping[str, str]
) -> tuple[list[ListRow], list[str]]:
    """The rows, each named area with a code and each code with a name."""
    coded = {row.name: row.code for row in reversed(rows) if row.code and row.name}
    codes = {normalise_name(name): code for name, code in known.items()}
    codes |= {normalise_name(name): code for name, code in coded.items()}
    bare = {row.name for row in rows if row.name and not row.code and normalise_name(row.name) not in codes}
    taken = {*known.values(), *(row.code for row in rows if row.code)}
    number, made = 0, {}
    for name in sorted(bare, key=natural_order):
        key = normalise_name(name)
        if key not in made:
            number += 1
            while f"{layer.name}-{number:02d}" in taken:
                number += 1
            made[key] = f"{layer.name}-{number:02d}"
    codes |= made
    completed = [
        ListRow(row.row, row.building, row.address, row.code or codes[normalise_name(row.name)], row.name)
        if row.name
        else row
        for row in rows
    ]
    first = next(iter(made.values()), "")
    note = (
        f"没有代码的 {len(made)} 个区域已编码（{first} …）/ codes were made for {len(made)} areas ({first} …)"
    )
    return completed, [note] if made else []


def _name_areas(rows: Sequence[ListRow], used: Mapping[str, str]) -> tuple[dict[str, str], list[Fault]]:
    """The name of every code, the code itself where none is given; a code with two names is a fault."""
    names: dict[str, str] = {}
    first: dict[str, int] = {}
    faults = []
    for row in rows:
        if row.code and row.name:
            known = names.setdefault(row.code, row.name)
            first.setdefault(row.code, row.row)
            if normalise_name(known) != normalise_name(row.name):
                at = first[row.code]
                faults.append(
                    Fault(
                        f"代码“{row.code}”在第 {at} 行名为“{known}”，此行名为“{row.name}”，请统一",
                        f"code “{row.code}” is “{known}” in row {at} and “{row.name}” here: make them one",
                        row.row,
                        used.get("code"),
                    )
                )
    ordered = Counter(row.code for row in rows if row.code)
    return {code: names.get(code, code) for code in sorted(ordered, key=natural_order)}, faults
