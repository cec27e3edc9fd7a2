"""The one layer in a .zip, unpacked under neutral names after its members were judged."""

from __future__ import annotations

import stat
import zipfile
from collections import defaultdict
from pathlib import Path, PurePosixPath

from geogrid.errors import FileTooCostlyError, UnsupportedFileError

MAX_MEMBERS = 500
MAX_UNPACKED_BYTES = 1 << 30
MAX_RATIO = 200
"""Unpacked to packed size that no honest geodata reaches; members under 1 MiB are not judged by it."""

_SMALL_BYTES = 1 << 20
_CHUNK_BYTES = 1 << 20
_LAYER_SUFFIXES = (".shp", ".gpkg", ".geojson", ".json", ".kml", ".fgb", ".csv", ".xlsx")
_SHAPEFILE_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
_ONE_LAYER = ["恰好一个图层的 .zip / a .zip with exactly one layer"]


def unpack_layer(path: Path, shown: str) -> tuple[Path, str]:
    """Unpack the one layer of an archive beside it.

    Returns
    -------
    The layer's main file, and its name as a message shows it.

    Raises
    ------
    UnsupportedFileError
        When the archive is broken, holds not exactly one layer, or a member that points elsewhere.
    FileTooCostlyError
        When it holds too many members or would grow too large.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = [info for info in archive.infolist() if not info.is_dir()]
            require_harmless_members(members, shown)
            group = _find_layer(members, shown)
            for suffix, info in group.items():
                _unpack(archive, info, path.with_name(f"unpacked{suffix}"), shown)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise UnsupportedFileError(shown, f"zip: {error}", _ONE_LAYER) from None
    main = next(suffix for suffix in _LAYER_SUFFIXES if suffix in group)
    return path.with_name(f"unpacked{main}"), f"{shown}/{PurePosixPath(group[main].filename).name}"


def require_harmless_members(members: list[zipfile.ZipInfo], shown: str) -> None:
    """Refuse an archive that is too large once unpacked, or whose members point out of it.

    Raises
    ------
    UnsupportedFileError, FileTooCostlyError
    """
    if len(members) > MAX_MEMBERS:
        raise FileTooCostlyError(shown, f"zip: {len(members)} > {MAX_MEMBERS} 个文件 / members")
    total = sum(info.file_size for info in members)
    if total > MAX_UNPACKED_BYTES:
        raise FileTooCostlyError(shown, f"zip: {total >> 20} MiB > {MAX_UNPACKED_BYTES >> 20} MiB")
    for info in members:
        if info.file_size > _SMALL_BYTES and info.file_size > MAX_RATIO * max(1, info.compress_size):
            raise FileTooCostlyError(shown, f"zip: {info.filename[:80]}: 压缩比 / ratio > {MAX_RATIO}")
        name = info.filename
        parts = PurePosixPath(name.replace("\\", "/")).parts
        if "\\" in name or name.startswith("/") or ".." in parts or ":" in name:
            raise UnsupportedFileError(shown, f"zip: {name[:80]}", ["相对路径 / relative paths"])
        if stat.S_ISLNK(info.external_attr >> 16):
            raise UnsupportedFileError(shown, f"zip: {name[:80]}: 链接 / a link", ["文件 / files"])
        if info.flag_bits & 0x1:
            raise UnsupportedFileError(shown, "zip: 已加密 / encrypted", ["未加密的 zip / a plain zip"])


def _find_layer(members: list[zipfile.ZipInfo], shown: str) -> dict[str, zipfile.ZipInfo]:
    """The parts of the one layer: suffix -> member."""
    groups: dict[str, dict[str, zipfile.ZipInfo]] = defaultdict(dict)
    for info in members:
        name = PurePosixPath(info.filename)
        if "__MACOSX" in name.parts or name.name.startswith("."):
            continue
        suffix = name.suffix.lower()
        if suffix == ".zip":
            raise UnsupportedFileError(shown, f"zip: {name.name}: zip 套 zip / a zip in a zip", _ONE_LAYER)
        if suffix in _LAYER_SUFFIXES or suffix in _SHAPEFILE_PARTS:
            is_shape = suffix in _SHAPEFILE_PARTS
            groups[str(name.with_suffix("")).casefold() + ("" if is_shape else suffix)][suffix] = info
    layers = [group for group in groups.values() if any(suffix in _LAYER_SUFFIXES for suffix in group)]
    if len(layers) == 1:
        return layers[0]
    if not layers and groups:
        found = ", ".join(sorted(next(iter(groups.values()))))
        raise UnsupportedFileError(shown, f"zip: 缺少 .shp / no .shp (仅有 / only {found})", _ONE_LAYER)
    names = sorted(
        PurePosixPath(info.filename).name
        for group in layers
        for s, info in group.items()
        if s in _LAYER_SUFFIXES
    )
    found = f"zip: {len(layers)} 个图层 / layers" + (": " + ", ".join(names[:10]) if names else "")
    raise UnsupportedFileError(shown, found, _ONE_LAYER)


def _unpack(archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path, shown: str) -> None:
    written = 0
    with archive.open(info) as source, target.open("wb") as out:
        while chunk := source.read(_CHUNK_BYTES):
            written += len(chunk)
            if written > MAX_UNPACKED_BYTES:  # the archive lied about the size
                raise FileTooCostlyError(shown, f"zip: > {MAX_UNPACKED_BYTES >> 20} MiB")
            out.write(chunk)
