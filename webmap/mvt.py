"""Mapbox Vector Tiles 2.1, encoded for all features of a tile at once.

A tile is a protocol buffer in which everything but the texts of names and values is a sequence of
variable-length whole numbers, so that one array holds all features of a layer and is turned into bytes
in one go.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Objects = npt.NDArray[np.object_]

EXTENT = 4096
"""Whole units across a tile, the number that every reader expects."""

MOVE_TO_ONE, LINE_TO, CLOSE_PATH = 9, 2, 15
POINT, LINE, POLYGON = 1, 2, 3
HOLE = 4
"""Of a path, not of a feature: a ring that follows the exterior which it is cut out of."""

# Field numbers and wire types of the specification, as the bytes that go before each field.
_TILE_LAYER, _VERSION, _NAME, _FEATURE, _KEY, _VALUE, _EXTENT = 0x1A, 0x78, 0x0A, 0x12, 0x1A, 0x22, 0x28
_ID, _TAGS, _TYPE, _GEOMETRY = 0x08, 0x12, 0x18, 0x22
_TEXT, _NUMBER, _SIGNED, _TRUTH = 0x0A, 0x19, 0x30, 0x38


@dataclass(frozen=True)
class Paths:
    """The rings, lines or points of features as flat arrays.

    Attributes
    ----------
    xy
        Shape (m, 2): points, a ring's first one not repeated.
    point_part
        Shape (m,): the part (ring, line or point) of each point, ascending.
    part_owner
        Shape (p,): the feature of each part, ascending.
    kind
        Shape (p,): `POINT`, `LINE`, `POLYGON` or `HOLE` of each part.
    """

    xy: Floats
    point_part: Integers
    part_owner: Integers
    kind: Integers


def split_paths(shapes: Objects) -> Paths:
    """The paths of shapes, exteriors clockwise and holes the other way round, as tiles want them.

    >>> split_paths(np.array([shapely.box(0, 0, 2, 1)])).xy.tolist()
    [[2.0, 0.0], [0.0, 0.0], [0.0, 1.0], [2.0, 1.0]]
    """
    pieces, owners = shapely.get_parts(shapes, return_index=True)
    types = shapely.get_type_id(pieces)
    is_polygon = types == shapely.GeometryType.POLYGON
    lines: list[Objects] = []
    rows: list[Integers] = []
    kinds: list[Integers] = []
    if is_polygon.any():
        oriented = shapely.orient_polygons(pieces[is_polygon], exterior_cw=True)
        rings, ring_piece = shapely.get_rings(oriented, return_index=True)
        is_exterior = np.append(True, ring_piece[1:] != ring_piece[:-1])
        lines, rows = [rings], [owners[is_polygon][ring_piece]]
        kinds = [np.where(is_exterior, POLYGON, HOLE)]
    for kind, kept in (
        (LINE, np.isin(types, (shapely.GeometryType.LINESTRING, shapely.GeometryType.LINEARRING))),
        (POINT, types == shapely.GeometryType.POINT),
    ):
        if kept.any():
            lines, rows, kinds = (
                [*lines, pieces[kept]],
                [*rows, owners[kept]],
                [*kinds, np.full(kept.sum(), kind)],
            )
    if not lines:
        none = np.empty(0, np.int64)
        return Paths(np.empty((0, 2)), none, none, none)
    kind_of = np.concatenate(kinds)
    part_owner = np.concatenate(rows)
    order = np.argsort(part_owner, kind="stable")
    xy, point_part = shapely.get_coordinates(np.concatenate(lines)[order], return_index=True)
    is_closing = np.append(point_part[1:] != point_part[:-1], True) & (kind_of[order][point_part] >= POLYGON)
    return Paths(xy[~is_closing], point_part[~is_closing], part_owner[order], kind_of[order])


# --- from points on the tile's grid to numbers ---------------------------------------------------


def drop_lost_points(xy: Integers, point_part: Integers, kind: Integers) -> Bools:
    """Which points of rounded paths to keep: no repetition, no ring without ground, no line without length.

    A ring so thin that rounding turned it round has no ground either; holes go with their exterior.

    Parameters
    ----------
    xy
        Shape (m, 2): points on the tile's grid.
    point_part
        Shape (m,): the part of each point, ascending.
    kind
        The kind of each part.
    """
    n_parts = len(kind)
    is_new = np.ones(len(xy), bool)
    is_new[1:] = (point_part[1:] != point_part[:-1]) | (xy[1:] != xy[:-1]).any(axis=1)
    first = np.searchsorted(point_part, np.arange(n_parts))
    last = np.searchsorted(point_part, np.arange(n_parts), side="right") - 1
    has_points = last >= first
    rings = np.flatnonzero(has_points & (kind >= POLYGON))
    wraps = rings[(last[rings] > first[rings]) & (xy[last[rings]] == xy[first[rings]]).all(axis=1)]
    is_new[last[wraps]] = False
    left = np.bincount(point_part[is_new], minlength=n_parts)
    needed = np.array([0, 1, 2, 3, 3])[kind]
    following = np.append(np.arange(1, len(xy)), 0)
    following[last[has_points]] = first[has_points]
    cross = xy[:, 0] * xy[following, 1] - xy[following, 0] * xy[:, 1]
    doubled = np.bincount(point_part, weights=cross, minlength=n_parts)
    turned = doubled * np.array([0, 0, 0, 1, -1])[kind]
    is_part = (left >= needed) & ((kind < POLYGON) | (turned > 0))
    exterior = np.maximum.accumulate(np.where(kind == HOLE, 0, np.arange(n_parts)))
    is_part &= is_part[exterior]
    kept: Bools = is_new & is_part[point_part]
    return kept


def _write_commands(xy: Integers, point_part: Integers, part_owner: Integers, kind: Integers) -> Any:
    """Numbers of the geometries of features and the feature of each number; every part has points."""
    n_points = np.bincount(point_part, minlength=len(part_owner))
    has_line = kind != POINT
    length = 1 + 2 * n_points + has_line + (kind >= POLYGON)
    start = np.concatenate([[0], np.cumsum(length)])
    values = np.empty(int(start[-1]), np.int64)
    values[start[:-1]] = np.where(has_line, MOVE_TO_ONE, (n_points << 3) | 1)
    lines = np.flatnonzero(has_line)
    values[start[lines] + 3] = ((n_points[lines] - 1) << 3) | LINE_TO
    values[start[1:][kind >= POLYGON] - 1] = CLOSE_PATH
    steps = np.diff(xy, axis=0, prepend=np.zeros((1, 2), np.int64))
    owner = part_owner[point_part]
    begins = np.append(True, owner[1:] != owner[:-1])  # the pen begins every feature in the corner
    steps[begins] = xy[begins]
    within = np.arange(len(xy)) - np.concatenate([[0], np.cumsum(n_points)])[point_part]
    at = start[point_part] + 1 + 2 * within + (has_line[point_part] & (within > 0))
    coded = (steps << 1) ^ (steps >> 63)
    values[at], values[at + 1] = coded[:, 0], coded[:, 1]
    return values, np.repeat(part_owner, length)


# --- from numbers to bytes ------------------------------------------------------------------------


def count_bytes(values: Integers) -> Integers:
    """How many bytes each number takes.

    >>> count_bytes(np.array([0, 127, 128, 16383, 16384])).tolist()
    [1, 1, 2, 2, 3]
    """
    sizes = np.ones(len(values), np.int64)
    for bits in (7, 14, 21, 28):
        sizes += values >= (1 << bits)
    return sizes


def write_numbers(values: Integers) -> bytes:
    """Numbers from 0 to 2^35 - 1 as variable-length bytes, seven bits each, lowest first.

    >>> write_numbers(np.array([1, 300])).hex()
    '01ac02'
    """
    sizes = count_bytes(values)
    ends = np.cumsum(sizes)
    out = np.empty(int(ends[-1]) if len(ends) else 0, np.uint8)
    starts = ends - sizes
    out[starts] = (values & 0x7F) | ((sizes > 1) << 7)
    longer, place = np.flatnonzero(sizes > 1), 1
    while len(longer):
        more = sizes[longer] > place + 1
        out[starts[longer] + place] = ((values[longer] >> (7 * place)) & 0x7F) | (more << 7)
        longer, place = longer[more], place + 1
    return out.tobytes()


def _field(mark: int, content: bytes) -> bytes:
    """A field that says how long it is."""
    size, left = bytearray((mark,)), len(content)
    while left > 0x7F:
        size.append((left & 0x7F) | 0x80)
        left >>= 7
    size.append(left)
    return bytes(size) + content


def write_value(value: Any) -> bytes:
    """A property's value as an entry of a layer's table of values.

    >>> write_value("x").hex(), write_value(True).hex(), write_value(-1).hex()
    ('22030a0178', '22023801', '22023001')
    """
    return _field(_VALUE, _write_content(value))


def _write_content(value: Any) -> bytes:
    if isinstance(value, bool):
        return bytes((_TRUTH, value))
    if isinstance(value, int) and abs(value) < 1 << 33:
        return bytes((_SIGNED,)) + write_numbers(np.array([(value << 1) ^ (value >> 63)]))
    if isinstance(value, int | float):
        return bytes((_NUMBER,)) + np.array(value, "<f8").tobytes()
    return _field(_TEXT, str(value).encode())


@dataclass(frozen=True)
class Column:
    """One property of all features of a source.

    Attributes
    ----------
    codes
        Shape (n,): the place of each feature's value in `values`; -1 where it has none.
    values
        The different values as `write_value` writes them.
    """

    codes: Integers
    values: tuple[bytes, ...]


def encode_layer(
    name: str, ids: Integers, columns: Mapping[str, Column], xy: Integers, point_part: Integers, paths: Any
) -> bytes:
    """One layer of a tile.

    Parameters
    ----------
    ids
        Shape (n,): the number of each feature in its source, which its columns are read by.
    xy, point_part
        The points to draw, on the tile's grid, x right and y down, and the part of each.
    paths
        `part_owner` and `kind` of the parts; owners count in `ids`.
    """
    part_owner, kind = paths
    used = np.unique(point_part)
    if not len(used):
        return b""
    point_part = np.searchsorted(used, point_part)
    part_owner, kind = part_owner[used], kind[used]
    present, first, part_owner = np.unique(part_owner, return_index=True, return_inverse=True)
    ids, kinds = ids[present], np.minimum(kind[first], POLYGON)
    values, value_owner = _write_commands(xy, point_part, part_owner, kind)
    tags, tag_owner, keys, texts = _gather_tags(ids, columns)
    body = _assemble(ids, kinds, tags, tag_owner, values, value_owner)
    head = write_numbers(np.array([_VERSION, 2])) + _field(_NAME, name.encode())
    tail = b"".join(_field(_KEY, key.encode()) for key in keys)
    tail += b"".join(texts)
    tail += write_numbers(np.array([_EXTENT, EXTENT]))
    return _field(_TILE_LAYER, head + body + tail)


def _gather_tags(ids: Integers, columns: Mapping[str, Column]) -> Any:
    """Pairs of key and value of the features, the feature of each number, and the two tables."""
    texts: list[bytes] = []
    pairs, owners = [], []
    for number, column in enumerate(columns.values()):
        codes = column.codes[ids]
        has = np.flatnonzero(codes >= 0)
        different, place = np.unique(codes[has], return_inverse=True)
        pairs.append(np.column_stack([np.full(len(has), number), place + len(texts)]))
        owners.append(has)
        texts += [column.values[code] for code in different]
    if not pairs:
        return np.empty(0, np.int64), np.empty(0, np.int64), (), ()
    owner = np.concatenate(owners)
    order = np.argsort(owner, kind="stable")
    return np.concatenate(pairs)[order].ravel(), np.repeat(owner[order], 2), tuple(columns), texts


def _assemble(
    ids: Integers,
    kinds: Integers,
    tags: Integers,
    tag_owner: Integers,
    values: Integers,
    value_owner: Integers,
) -> bytes:
    """All feature messages: their heads, tags and geometries laid out in one array of numbers."""
    n = len(ids)
    n_tags = np.bincount(tag_owner, minlength=n)
    tag_bytes = np.bincount(tag_owner, weights=count_bytes(tags), minlength=n).astype(np.int64)
    n_values = np.bincount(value_owner, minlength=n)
    value_bytes = np.bincount(value_owner, weights=count_bytes(values), minlength=n).astype(np.int64)
    has_tags = n_tags > 0
    size = 1 + count_bytes(ids) + 2 + 1 + count_bytes(value_bytes) + value_bytes
    size += has_tags * (1 + count_bytes(tag_bytes) + tag_bytes)
    # FEATURE size ID id [TAGS size tags…] TYPE kind GEOMETRY size values…
    tags_at = np.full(n, 6)
    after = 4 + np.where(has_tags, 2 + n_tags, 0)
    length = after + 4 + n_values
    start = np.concatenate([[0], np.cumsum(length)])
    out = np.empty(int(start[-1]), np.int64)
    begin = start[:-1]
    out[begin], out[begin + 1], out[begin + 2], out[begin + 3] = _FEATURE, size, _ID, ids
    tagged = np.flatnonzero(has_tags)
    out[begin[tagged] + 4], out[begin[tagged] + 5] = _TAGS, tag_bytes[tagged]
    out[_places(begin + tags_at, n_tags)] = tags
    rest = begin + after
    out[rest], out[rest + 1], out[rest + 2], out[rest + 3] = _TYPE, kinds, _GEOMETRY, value_bytes
    out[_places(rest + 4, n_values)] = values
    return write_numbers(out)


def _places(begin: Integers, counts: Integers) -> Integers:
    """begin[i], begin[i] + 1, … for as many as counts[i], one after another."""
    skipped = np.cumsum(counts) - counts
    places: Integers = np.arange(int(counts.sum())) + np.repeat(begin - skipped, counts)
    return places
