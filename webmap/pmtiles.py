"""Single tiles out of a PMTiles 3 file, by reading the ranges that hold its directories and the tile."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from geogrid.errors import BaseMapError

MAGIC = b"PMTiles\x03"
HEADER_BYTES = 127
MOST_LEVELS = 4
MOST_BYTES = 1 << 24
"""A directory or a tile that claims to be larger is a fault."""
NO_COMPRESSION, GZIP = 1, 2
RASTERS = {2: "image/png", 3: "image/jpeg", 4: "image/webp"}
"""The tile types of the specification that are pictures."""


@dataclass(frozen=True)
class Entry:
    """One row of a directory: tiles `first` to `first + run - 1`, or a further directory where `run` is 0."""

    first: int
    offset: int
    length: int
    run: int


@dataclass(frozen=True)
class PmTiles:
    """An archive of tiles in one file."""

    path: Path
    root: tuple[int, int]
    leaves: int
    data: int
    compression: int
    tile_type: int
    min_zoom: int
    max_zoom: int

    def read(self, zoom: int, x: int, y: int) -> bytes | None:
        """The bytes of a tile as they are stored; None where there is none."""
        wanted = number_tile(zoom, x, y)
        offset, length = self.root
        with self.path.open("rb") as file:
            for _ in range(MOST_LEVELS):
                entry = _find(self._directory(_range(file, offset, length, self.path)), wanted)
                if entry is None:
                    return None
                if entry.run:
                    return _range(file, self.data + entry.offset, entry.length, self.path)
                offset, length = self.leaves + entry.offset, entry.length
        return None

    def _directory(self, raw: bytes) -> list[Entry]:
        if self.compression == GZIP:
            unpacker = zlib.decompressobj(wbits=31)
            try:
                raw = unpacker.decompress(raw, MOST_BYTES)
            except zlib.error as error:
                raise BaseMapError(path=self.path.name, reason=str(error)) from error
        numbers = _numbers(raw)
        try:
            n = next(numbers)
            steps = [next(numbers) for _ in range(n)]
            runs = [next(numbers) for _ in range(n)]
            lengths = [next(numbers) for _ in range(n)]
            offsets: list[int] = []
            for i in range(n):
                stored = next(numbers)
                offsets.append(offsets[-1] + lengths[i - 1] if stored == 0 and i else stored - 1)
        except StopIteration:
            raise BaseMapError(path=self.path.name, reason="directory") from None
        entries, first = [], 0
        for step, run, length, offset in zip(steps, runs, lengths, offsets, strict=True):
            first += step
            entries.append(Entry(first, offset, length, run))
        return entries


def open_pmtiles(path: Path) -> PmTiles:
    """An archive, after a look at its header.

    Raises
    ------
    BaseMapError
        When it is none of version 3, or packed in a way that is not read here.
    """
    with path.open("rb") as file:
        header = file.read(HEADER_BYTES)
    if len(header) < HEADER_BYTES or not header.startswith(MAGIC):
        raise BaseMapError(path=path.name, reason="PMTiles 3")
    root_at, root_bytes, _, _, leaves, _, data = struct.unpack_from("<7Q", header, 8)
    compression, tile_type, low, high = header[97], header[99], header[100], header[101]
    if compression not in {NO_COMPRESSION, GZIP}:
        raise BaseMapError(path=path.name, reason=f"compression {compression}")
    return PmTiles(path, (root_at, root_bytes), leaves, data, compression, tile_type, low, high)


def number_tile(zoom: int, x: int, y: int) -> int:
    """The place of a tile along the Hilbert curves of all zooms.

    >>> [number_tile(0, 0, 0), number_tile(1, 0, 0), number_tile(1, 1, 0), number_tile(2, 0, 0)]
    [0, 1, 4, 5]
    """
    before = ((1 << (2 * zoom)) - 1) // 3
    along = 0
    for level in reversed(range(zoom)):
        side = 1 << level
        right, low = bool(x & side), bool(y & side)
        along += side * side * ((3 * right) ^ low)
        if not low:
            if right:
                x, y = (side - 1) - (x & (side - 1)), (side - 1) - (y & (side - 1))
            x, y = y, x
    return before + along


def _numbers(raw: bytes) -> Iterator[int]:
    value = shift = 0
    for byte in raw:
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            yield value
            value = shift = 0


def _find(entries: list[Entry], wanted: int) -> Entry | None:
    before = [entry for entry in entries if entry.first <= wanted]
    if not before:
        return None
    last = before[-1]
    return last if last.run == 0 or wanted < last.first + last.run else None


def _range(file: BinaryIO, offset: int, length: int, path: Path) -> bytes:
    if length > MOST_BYTES:
        raise BaseMapError(path=path.name, reason=f"{length} B")
    file.seek(offset)
    return file.read(length)
