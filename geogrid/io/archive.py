"""The one layer in a .zip, unpacked under neutral names after its members were judged."""

from __future__ import annotations

import stat
import struct
import zipfile
import zlib
from collections import defaultdict
from pathlib import Path, PurePosixPath

from geogrid.errors import FileTooCostlyError, UnsupportedFileError

MAX_MEMBERS = 500
MAX_UNPACKED_BYTES = 1 << 30
MAX_RATIO = 200
"""Unpacked to packed size that no honest geodata reaches; members under 1 MiB are not judged by it."""

BROKEN_ARCHIVE = (
    zipfile.BadZipFile,
    NotImplementedError,
    RuntimeError,
    EOFError,
    UnicodeDecodeError,
    struct.error,
    zlib.error,
)
"""What reading a damaged archive may raise."""

_SMALL_BYTES = 1 << 20
_CHUNK_BYTES = 1 << 20
_LAYER_SUFFIXES = (".shp", ".gpkg", ".geojson", ".json", ".kml", ".fgb", ".gdb", ".dxf", ".csv", ".xlsx")
_SHAPEFILE_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
_ONE_LAYER = ["恰好一个图层的 .zip / a .zip with exactly one layer"]


def unpack_layer(path: Path, shown: str) -> tuple[Path, str]:
    """Unpack the one layer of an archive beside it; an archive that holds one archive alone is that one.

    Returns
    -------
    The layer's main file (or geodatabase folder), and its name as a message shows it.

    Raises
    ------
    UnsupportedFileError
        When the archive is broken, holds not exactly one layer, or a member that points elsewhere.
    FileTooCostlyError
        When it holds too many members or would grow too large.
    """
    return _unpack_layer(path, shown, is_inner=False)


def _unpack_layer(path: Path, shown: str, *, is_inner: bool) -> tuple[Path, str]:
    try:
        with _open(path) as archive:
            members = [info for info in archive.infolist() if not info.is_dir()]
            require_harmless_members(members, shown)
            told = [info for info in members if _is_told(PurePosixPath(info.filename))]
            inner = [info for info in told if info.filename.lower().endswith(".zip")]
            if len(inner) == 1 and not is_inner and not any(map(_suffix_of, told)):
                target = path.with_name("inner.zip")
                _unpack(archive, inner[0], target, shown)
                return _unpack_layer(
                    target, f"{shown}/{PurePosixPath(inner[0].filename).name}", is_inner=True
                )
            if inner:
                found = f"zip: {PurePosixPath(inner[0].filename).name}: zip 套 zip / a zip in a zip"
                raise UnsupportedFileError(shown, found, _ONE_LAYER)
            main, name, files = _find_layer(told, shown)
            for target_name, info in files.items():
                target = path.parent / target_name
                target.parent.mkdir(exist_ok=True)
                _unpack(archive, info, target, shown)
    except BROKEN_ARCHIVE as error:
        raise UnsupportedFileError(shown, f"zip: {error}"[:200], _ONE_LAYER) from None
    return path.with_name(main), f"{shown}/{name}"


def _open(path: Path) -> zipfile.ZipFile:
    """The archive; names that are not marked as UTF-8 are GB18030, as Chinese systems write them."""
    try:
        return zipfile.ZipFile(path, metadata_encoding="gb18030")
    except UnicodeDecodeError:
        return zipfile.ZipFile(path)


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


def _is_told(name: PurePosixPath) -> bool:
    """Whether a member was put in by a person, and not by the program that packed it."""
    return "__MACOSX" not in name.parts and not name.name.startswith(".")


def _suffix_of(info: zipfile.ZipInfo) -> str:
    """The suffix that tells what part of a layer a member is; empty where it is none."""
    name = PurePosixPath(info.filename)
    if _geodatabase_of(name) is not None:
        return ".gdb"
    suffix = name.suffix.lower()
    return suffix if suffix in (*_LAYER_SUFFIXES, *_SHAPEFILE_PARTS) else ""


def _geodatabase_of(name: PurePosixPath) -> PurePosixPath | None:
    """The folder ending in .gdb in which a member lies."""
    return next((folder for folder in name.parents if folder.suffix.lower() == ".gdb"), None)


def _find_layer(members: list[zipfile.ZipInfo], shown: str) -> tuple[str, str, dict[str, zipfile.ZipInfo]]:
    """The one layer: the name of its main file once unpacked, its name here, and unpacked name -> member."""
    groups: dict[str, dict[str, zipfile.ZipInfo]] = defaultdict(dict)
    titles: dict[str, str] = {}
    for info in members:
        name, suffix = PurePosixPath(info.filename), _suffix_of(info)
        folder = _geodatabase_of(name)
        if folder is not None:
            group, target, title = str(folder), f"unpacked.gdb/{name.name}", folder.name
        elif suffix:
            is_shape = suffix in _SHAPEFILE_PARTS
            group = str(name.with_suffix("")).casefold() + ("" if is_shape else suffix)
            target, title = f"unpacked{suffix}", name.name
        else:
            continue
        groups[group][target] = info
        if suffix in _LAYER_SUFFIXES:
            titles[group] = title
    if len(titles) == 1:
        ((group, title),) = titles.items()
        main = next(f"unpacked{s}" for s in _LAYER_SUFFIXES if title.lower().endswith(s))
        return main, title, groups[group]
    if not titles and groups:
        found = ", ".join(sorted(name.removeprefix("unpacked") for name in next(iter(groups.values()))))
        raise UnsupportedFileError(shown, f"zip: 缺少 .shp / no .shp (仅有 / only {found})", _ONE_LAYER)
    found = f"zip: {len(titles)} 个图层 / layers"
    found += ": " + ", ".join(sorted(titles.values())[:10]) if titles else ""
    raise UnsupportedFileError(shown, found, _ONE_LAYER)


def _unpack(archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path, shown: str) -> None:
    written = 0
    with archive.open(info) as source, target.open("wb") as out:
        while chunk := source.read(_CHUNK_BYTES):
            written += len(chunk)
            if written > MAX_UNPACKED_BYTES:  # the archive lied about the size
                raise FileTooCostlyError(shown, f"zip: > {MAX_UNPACKED_BYTES >> 20} MiB")
            out.write(chunk)
