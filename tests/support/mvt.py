"""A reader of vector tiles written from the specification alone, byte by byte, to compare an encoder with."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import shapely


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def fields(data: bytes) -> Iterator[tuple[int, Any]]:
    """Numbers and contents of a message's fields."""
    at = 0
    while at < len(data):
        mark, at = _varint(data, at)
        number, wire = mark >> 3, mark & 7
        if wire == 0:
            value, at = _varint(data, at)
            yield number, value
        elif wire == 1:
            yield number, data[at : at + 8]
            at += 8
        else:
            assert wire == 2, wire
            size, at = _varint(data, at)
            assert at + size <= len(data)
            yield number, data[at : at + size]
            at += size


def _numbers(data: bytes) -> list[int]:
    found, at = [], 0
    while at < len(data):
        value, at = _varint(data, at)
        found.append(value)
    return found


def _zigzag(number: int) -> int:
    return (number >> 1) ^ -(number & 1)


def _value(data: bytes) -> Any:
    ((number, content),) = fields(data)
    if number == 1:
        return content.decode()
    if number == 3:
        return struct.unpack("<d", content)[0]
    if number == 6:
        return _zigzag(content)
    assert number == 7, number
    return bool(content)


@dataclass
class Feature:
    id: int
    kind: int
    geometry: Any
    properties: dict[str, Any]


def _paths(data: bytes) -> list[list[tuple[int, int]]]:
    paths: list[list[tuple[int, int]]] = []
    x = y = 0
    todo = iter(_numbers(data))
    for command in todo:
        kind, count = command & 7, command >> 3
        assert count > 0
        if kind == 7:
            assert count == 1
            paths[-1].append(paths[-1][0])
            continue
        assert kind in {1, 2}
        for _ in range(count):
            x, y = x + _zigzag(next(todo)), y + _zigzag(next(todo))
            if kind == 1:
                paths.append([])
            paths[-1].append((x, y))
    return paths


def _area(ring: list[tuple[int, int]]) -> float:
    """Twice the ground of a ring; positive where it runs clockwise on a screen, whose y points down."""
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in itertools.pairwise(ring))


def _geometry(kind: int, data: bytes) -> Any:
    paths = _paths(data)
    if kind == 1:
        return shapely.MultiPoint([path[0] for path in paths])
    if kind == 2:
        assert all(len(path) > 1 for path in paths)
        return shapely.MultiLineString(paths)
    polygons: list[tuple[Any, list[Any]]] = []
    for ring in paths:
        assert len(ring) > 3
        assert _area(ring) != 0
        if _area(ring) > 0:
            polygons.append((ring, []))
        else:
            polygons[-1][1].append(ring)  # a hole follows its exterior
    return shapely.MultiPolygon(polygons)


def read_tile(data: bytes) -> dict[str, list[Feature]]:
    """The layers of a tile; coordinates in tile units, y down."""
    layers = {}
    for number, layer in fields(data):
        assert number == 3
        parts = list(fields(layer))
        single = dict(parts)
        assert (single[15], single[5]) == (2, 4096)
        keys = [content.decode() for n, content in parts if n == 3]
        values = [_value(content) for n, content in parts if n == 4]
        features = []
        for content in (content for n, content in parts if n == 2):
            feature = dict(fields(content))
            tags = _numbers(feature.get(2, b""))
            properties = {keys[k]: values[v] for k, v in zip(tags[::2], tags[1::2], strict=True)}
            features.append(Feature(feature[1], feature[3], _geometry(feature[3], feature[4]), properties))
        layers[single[1].decode()] = features
    return layers
