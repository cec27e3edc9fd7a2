"""Shapefiles: all their parts present and in step, the table read here, the shapes by GDAL."""

from __future__ import annotations

import datetime
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geogrid.errors import Fault, FileContentError
from geogrid.io.encoding import choose_encoding, is_decodable, normalise_encoding, unclear_encoding
from geogrid.io.gdal import read_shapes
from geogrid.io.source import RawLayer

PARTS = (".shp", ".shx", ".dbf")
SIDE_PARTS = (".prj", ".cpg")

_SHAPE_CODE = 9994
_SHAPE_HEADER_BYTES = 100
_DELETED = b"*"


@dataclass(frozen=True)
class _Field:
    name: bytes
    kind: str
    start: int
    width: int
    decimals: int


def read_shapefile(path: Path, shown: str, encoding: str | None) -> RawLayer:
    """The layer of a shapefile.

    Parameters
    ----------
    encoding
        A codec that the user named; without it the .cpg is heard, and what it says is tried.

    Raises
    ------
    FileContentError
        When a part is missing, cut short or out of step with the others.
    TextEncodingError
        When it is not clear in which encoding its texts read right.
    """
    _require_parts(path, shown)
    table = path.with_suffix(".dbf").read_bytes()
    fields, n_rows, start, width = _read_header(table, shown)
    _require_in_step(path, shown, n_rows)
    records = [table[start + i * width : start + (i + 1) * width] for i in range(n_rows)]
    codec, notes = _choose_codec(path, shown, fields, records, encoding)
    # The shapes alone: GDAL would decode the table, and leave out what it takes for deleted.
    table_path = path.with_suffix(".dbf")
    table_path.rename(path.with_suffix(".table"))
    geometry, unreadable = read_shapes(path, shown)
    if len(geometry) != n_rows:
        raise _incomplete(shown, ".shp", f"{len(geometry)} ≠ {n_rows}")
    kept = [i for i, record in enumerate(records) if record[:1] != _DELETED]
    columns: dict[str, list[Any]] = {}
    for one in fields:
        if one.kind in "CNFDL":
            columns[one.name.decode(codec)] = [_value(records[i], one, codec) for i in kept]
    n_cut = sum(_is_cut(records[i], one, codec) for one in fields if one.kind == "C" for i in kept)
    if n_cut:
        notes.append(
            f"{n_cut} 处文字在 .dbf 中已被字段宽度截断 / {n_cut} texts were cut at the field's width"
        )
    prj = path.with_suffix(".prj")
    return RawLayer(
        columns=columns,
        rows=[i + 1 for i in kept],
        geometry=geometry[kept],
        unreadable={position: unreadable[i] for position, i in enumerate(kept) if i in unreadable},
        crs=(prj.read_text(encoding="utf-8", errors="replace").strip() or None) if prj.exists() else None,
        notes=notes,
    )


def _incomplete(shown: str, part: str, found: str) -> FileContentError:
    fault = Fault(
        f"文件不完整：{part}（{found}）。请重新取得整套 .shp .shx .dbf 文件",
        f"incomplete: {part} ({found}). Get all of .shp .shx .dbf again",
    )
    return FileContentError(shown, [fault])


def _require_parts(path: Path, shown: str) -> None:
    missing = [part for part in PARTS if not path.with_suffix(part).exists()]
    if missing:
        raise _incomplete(shown, " ".join(missing), "缺失 / missing")
    for part in (".shp", ".shx"):
        data = path.with_suffix(part)
        with data.open("rb") as file:
            head = file.read(_SHAPE_HEADER_BYTES)
        if len(head) < _SHAPE_HEADER_BYTES or struct.unpack(">i", head[:4])[0] != _SHAPE_CODE:
            raise _incomplete(shown, part, "不是 shapefile / no shapefile")
        declared = struct.unpack(">i", head[24:28])[0] * 2
        if declared != data.stat().st_size:
            raise _incomplete(shown, part, f"{data.stat().st_size} ≠ {declared} bytes")


def _read_header(table: bytes, shown: str) -> tuple[list[_Field], int, int, int]:
    """Fields of a .dbf, number of records, where they begin, and the width of one."""
    if len(table) < 33:
        raise _incomplete(shown, ".dbf", f"{len(table)} bytes")
    n_rows, start, width = struct.unpack("<IHH", table[4:12])
    if width < 1 or start + n_rows * width > len(table):
        raise _incomplete(shown, ".dbf", f"{len(table)} < {start + n_rows * width} bytes")
    fields: list[_Field] = []
    position, offset = 32, 1
    while position + 32 <= start and table[position] != 0x0D:
        name, kind, size, decimals = struct.unpack("<11sc4xBB14x", table[position : position + 32])
        fields.append(_Field(name.split(b"\0")[0], kind.decode("latin-1"), offset, size, decimals))
        position, offset = position + 32, offset + size
    if offset > width:
        raise _incomplete(shown, ".dbf", f"{offset} > {width}")
    return fields, n_rows, start, width


def _require_in_step(path: Path, shown: str, n_rows: int) -> None:
    index = path.with_suffix(".shx").read_bytes()[_SHAPE_HEADER_BYTES:]
    n_shapes = len(index) // 8
    if n_shapes != n_rows:
        raise _incomplete(shown, ".shx / .dbf", f"{n_shapes} ≠ {n_rows}")
    size = path.stat().st_size
    for i, (offset, length) in enumerate(struct.iter_unpack(">ii", index[: n_shapes * 8]), start=1):
        if offset * 2 + 8 + length * 2 > size or offset * 2 < _SHAPE_HEADER_BYTES:
            raise _incomplete(shown, ".shp", f"#{i} 缺失 / missing")


def _choose_codec(
    path: Path, shown: str, fields: list[_Field], records: list[bytes], encoding: str | None
) -> tuple[str, list[str]]:
    texts, cut = [one.name for one in fields], []
    for one in fields:
        if one.kind == "C":
            raws = dict.fromkeys(
                record[one.start : one.start + one.width].rstrip(b" \0") for record in records
            )
            # A text as wide as its field may be cut within a character.
            texts += [raw for raw in raws if len(raw) < one.width]
            cut += [raw for raw in raws if len(raw) == one.width]
    cpg = path.with_suffix(".cpg")
    declared = normalise_encoding(cpg.read_text(encoding="latin-1")) if cpg.exists() else None
    if encoding is None:
        chosen = choose_encoding(texts, declared, cut=cut)
    else:
        chosen = encoding if is_decodable(encoding, texts, cut) else None
    if chosen is None:
        raise unclear_encoding(
            shown, [*texts[len(fields) :], *cut, *texts[: len(fields)]], encoding or declared
        )
    notes = []
    is_plain = all(text.isascii() for text in texts + cut)
    if not is_plain and encoding is None and chosen != declared:
        said = f".cpg {declared}" if declared else "无 .cpg / no .cpg"
        notes.append(f"文字按 {chosen.upper()} 读取（{said}）/ texts were read as {chosen.upper()} ({said})")
    return chosen, notes


def _is_cut(record: bytes, one: _Field, codec: str) -> bool:
    raw = record[one.start : one.start + one.width]
    return not is_decodable(codec, [raw.rstrip(b" \0")])


def _value(record: bytes, one: _Field, codec: str) -> Any:
    """One cell. What is no number, date or truth value is handed on as text, for the fault to quote."""
    raw = record[one.start : one.start + one.width]
    if one.kind == "C":
        return raw.rstrip(b" \0").decode(codec, errors="ignore") or None
    # Programs write an empty number or date as blanks, as NUL or as asterisks.
    text = raw.strip(b" \0").decode("latin-1")
    if one.kind == "L":
        return {"Y": True, "T": True, "N": False, "F": False}.get(text.upper())
    if not text.strip("*") or (set(text) == {"0"} and one.kind == "D"):
        return None
    if one.kind == "D":
        try:
            return datetime.datetime.strptime(text, "%Y%m%d").replace(tzinfo=datetime.UTC).date()
        except ValueError:
            return text
    try:
        return int(text) if one.decimals == 0 and "." not in text else float(text)
    except ValueError:
        return text
