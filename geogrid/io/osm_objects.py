"""OpenStreetMap data in every writing of it, as one file whose objects stand in the order that osmium needs.

Read are XML and JSON (as Overpass and JOSM write them) and PBF, packed by gzip or bzip2 or not: the
content says which, whatever the name. Objects may come in any order and more than once; new ones of an
editor have negative numbers; what is marked as deleted is not there. A download that broke off is an
error: half a town is no town.
"""

from __future__ import annotations

import bz2
import gzip
import json
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Self, cast
from xml.parsers import expat

from geogrid.errors import GeogridError, UnfinishedFileError, UnsupportedFileError

OSM_KINDS = ("OpenStreetMap XML (.osm)", "PBF (.osm.pbf)", "Overpass JSON", ".osm.gz", ".osm.bz2")
"""What is read, for messages."""

_NEW = 1 << 38
"""New objects of an editor, numbered -1, -2 and so on, travel as this and one, two and so on more: osmium keeps
no places of nodes with negative numbers. OpenStreetMap's own numbers reach 2**34 in 2026."""
_NAMELESS = 1 << 39
"""Vertices that a file gives without a number are numbered from here on."""
_HARMLESS_REMARK = re.compile(r"\s*runtime remark:|\s*\Z")
_CHUNK = 1 << 20

Place = tuple[float, float]
Places = Sequence[Place | None]
Member = tuple[str, int, str, Places]


def find_number(number: int) -> int:
    """The number that an object has in its file.

    >>> find_number(17), find_number((1 << 38) + 3)
    (17, -3)
    """
    return _NEW - number if _NEW < number < _NAMELESS else number


def order_objects(path: Path, shown: str, folder: Path) -> Path:
    """A file that osmium can read in one go: sorted, each object once, none deleted, no negative number.

    Parameters
    ----------
    path
        Of any writing. It may be renamed.
    shown
        Its name in messages.
    folder
        Where files may be written.

    Raises
    ------
    UnsupportedFileError
        When it is no OpenStreetMap file, or damaged.
    UnfinishedFileError
        When the download of it broke off.
    """
    with _open(path, shown) as stream:
        head = stream.read(4096)
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if b"OSMHeader" in head[:64]:
        try:
            return _order_pbf(_unpack(path, shown, folder / "unpacked.pbf"), folder)
        except RuntimeError as error:
            raise UnsupportedFileError(shown, f"PBF: {error}"[:200], OSM_KINDS) from None
    if text[:1] in (b"<", b"\xff", b"\xfe"):
        copy = _copy_xml
    elif text[:1] == b"{":
        copy = _copy_json
    else:
        raise UnsupportedFileError(shown, f"{path.suffix or '-'}", OSM_KINDS)
    with _open(path, shown) as stream, _Copy(folder / "copied.pbf") as copied:
        copy(stream, shown, copied)
    return _sort(folder / "copied.pbf", folder / "ordered.pbf")


# --- packed files ------------------------------------------------------------------------------


@contextmanager
def _open(path: Path, shown: str) -> Iterator[IO[bytes]]:
    """The content, unpacked; what is wrong with the packing is told as it is."""
    with path.open("rb") as raw:
        magic = raw.read(3)
    try:
        if magic[:2] == b"\x1f\x8b":
            with gzip.open(path) as unpacked:
                yield cast("IO[bytes]", unpacked)
        elif magic == b"BZh":
            with bz2.open(path) as stream:
                yield stream
        else:
            with path.open("rb") as stream:
                yield stream
    except EOFError:
        raise UnfinishedFileError(shown, "gzip / bzip2") from None
    except (OSError, zlib.error) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # of the disk, not of the content
        raise UnsupportedFileError(shown, f"gzip / bzip2: {error}"[:200], OSM_KINDS) from None


def _unpack(path: Path, shown: str, target: Path) -> Path:
    """The content under another name; a file that is not packed is renamed."""
    with path.open("rb") as raw:
        is_packed = raw.read(3)[:2] in (b"\x1f\x8b", b"BZ")
    if not is_packed:
        return path.rename(target)
    with _open(path, shown) as stream, target.open("wb") as unpacked:
        while chunk := stream.read(_CHUNK):
            unpacked.write(chunk)
    return target


# --- PBF ---------------------------------------------------------------------------------------


def _order_pbf(path: Path, folder: Path) -> Path:
    import osmium

    header = osmium.FileProcessor(str(path)).header
    if not header.has_multiple_object_versions and header.get("sorting") == "Type_then_ID":
        return path
    ordered = _sort(path, folder / "sorted.pbf")
    kinds = osmium.osm.NODE, osmium.osm.WAY, osmium.osm.RELATION
    # Sorted, negative numbers come first.
    has_negative = any(_read_first_number(ordered, kind) < 0 for kind in kinds)
    if not header.has_multiple_object_versions and not has_negative:
        return ordered
    with _Copy(folder / "copied.pbf") as copied:
        entity: Any
        for entity in osmium.FileProcessor(str(ordered)):
            if not entity.visible:
                continue
            tags = dict(entity.tags)
            if entity.is_node():
                copied.add_node(entity.id, entity.version, tags, (entity.lon, entity.lat))
            elif entity.is_way():
                copied.add_way(entity.id, entity.version, tags, [node.ref for node in entity.nodes], ())
            elif entity.is_relation():
                members = [(one.type, one.ref, one.role, ()) for one in entity.members]
                copied.add_relation(entity.id, entity.version, tags, members)
    return _sort(folder / "copied.pbf", folder / "ordered.pbf")


def _read_first_number(path: Path, kind: Any) -> int:
    import osmium

    entity: Any
    for entity in osmium.FileProcessor(str(path), kind):
        return int(entity.id)
    return 0


def _sort(path: Path, target: Path) -> Path:
    """Write the objects sorted by kind and number, of each its highest version alone."""
    import osmium

    reader = osmium.MergeInputReader()
    reader.add_file(str(path))
    with osmium.SimpleWriter(str(target)) as writer:
        reader.apply(writer)
    return target


class _Copy:
    """A PBF file as it grows.

    Of an object that comes more than once the latest version counts; of one version the copy with
    nodes and tags: Overpass gives the nodes of what it found a second time, without their tags.
    """

    def __init__(self, path: Path) -> None:
        import osmium

        self._writer = osmium.SimpleWriter(str(path))
        self._node, self._way = osmium.osm.mutable.Node, osmium.osm.mutable.Way
        self._relation = osmium.osm.mutable.Relation
        self._nameless: dict[Place, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.close()

    def add_node(self, number: int, version: int, tags: Mapping[str, str], place: Place | None) -> None:
        """Add a node; one without a place is none."""
        if place is not None and abs(place[0]) <= 180 and abs(place[1]) <= 90:
            rank = 4 * version + 2 + bool(tags)
            self._writer.add_node(
                self._node(id=_travel_number(number), version=rank, tags=tags, location=place, visible=True)
            )

    def add_way(
        self, number: int, version: int, tags: Mapping[str, str], refs: Sequence[int], places: Places
    ) -> None:
        """Add a way, and its nodes where the file gives their places with it."""
        if places and len(refs) != len(places):
            refs = [0 if place is None else self._number_place(place) for place in places]
        for ref, place in zip(refs, places, strict=False):
            if ref < _NAMELESS:
                self.add_node(ref, 0, {}, place)
        nodes = [_travel_number(ref) for ref in refs]
        rank = 4 * version + 2 * bool(nodes) + bool(tags)
        self._writer.add_way(
            self._way(id=_travel_number(number), version=rank, tags=tags, nodes=nodes, visible=True)
        )

    def add_relation(
        self, number: int, version: int, tags: Mapping[str, str], members: Sequence[Member]
    ) -> None:
        """Add a relation, and its members where the file gives their places with it."""
        for kind, ref, _, places in members:
            if places and kind == "w":
                self.add_way(ref, 0, {}, (), places)
        listed = [(kind, _travel_number(ref), role) for kind, ref, role, _ in members]
        rank = 4 * version + 2 * bool(listed) + bool(tags)
        self._writer.add_relation(
            self._relation(id=_travel_number(number), version=rank, tags=tags, members=listed, visible=True)
        )

    def _number_place(self, place: Place) -> int:
        known = self._nameless.get(place)
        if known is None:
            known = self._nameless[place] = _NAMELESS + len(self._nameless)
            self.add_node(known, 0, {}, place)
        return known


def _travel_number(number: int) -> int:
    return number if number >= 0 else _NEW - number


# --- XML ---------------------------------------------------------------------------------------


def _copy_xml(stream: IO[bytes], shown: str, copied: _Copy) -> None:
    """Copy the objects of an XML file."""
    parser = expat.ParserCreate()
    reader = _XmlReader(shown, copied)
    parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
    parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = reader.read, reader.refuse
    parser.buffer_text = True
    try:
        while chunk := stream.read(_CHUNK):
            parser.Parse(chunk, False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        where = f"XML, {error}"
        if error.code in _CUT_OFF and not stream.read(1):
            raise UnfinishedFileError(shown, where) from None
        raise UnsupportedFileError(shown, where, OSM_KINDS) from None
    except GeogridError:
        raise
    except (ValueError, OverflowError, KeyError) as error:
        where = f"XML, line {parser.CurrentLineNumber}: {error!r}"
        raise UnsupportedFileError(shown, where[:200], OSM_KINDS) from None


_CUT_OFF = frozenset(
    expat.errors.codes[message]
    for message in (
        expat.errors.XML_ERROR_NO_ELEMENTS,
        expat.errors.XML_ERROR_UNCLOSED_TOKEN,
        expat.errors.XML_ERROR_PARTIAL_CHAR,
        expat.errors.XML_ERROR_UNCLOSED_CDATA_SECTION,
    )
)


class _XmlReader:
    """Takes the elements of an XML file as they come."""

    def __init__(self, shown: str, copied: _Copy) -> None:
        self._shown, self._copied = shown, copied
        self._root = ""
        self._remark: list[str] | None = None
        self._object: tuple[str, dict[str, str]] | None = None
        self._begin({})

    def _begin(self, tags: dict[str, str]) -> None:
        self._tags, self._refs, self._places = tags, list[int](), list[Place | None]()
        self._members: list[tuple[str, int, str, list[Place | None]]] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Take the beginning of an element."""
        if not self._root:
            self._root = name
            if name != "osm":
                raise UnsupportedFileError(self._shown, f"XML <{name}>", OSM_KINDS)
        elif name in ("node", "way", "relation"):
            self._object = name, attributes
            self._begin({})
        elif name == "tag":
            self._tags[attributes["k"]] = attributes["v"]
        elif name == "nd":
            place = _read_place(attributes)
            if self._members:
                self._members[-1][3].append(place)
            else:
                self._refs += [int(attributes["ref"])] if "ref" in attributes else []
                self._places.append(place)
        elif name == "member":
            self._members.append((attributes["type"][:1], int(attributes["ref"]), attributes["role"], []))
        elif name == "remark":
            self._remark = []

    def read(self, text: str) -> None:
        """Take text, which only a remark has."""
        if self._remark is not None:
            self._remark.append(text)

    def end(self, name: str) -> None:
        """Take the end of an element."""
        if name == "remark" and self._remark is not None:
            _require_finished("".join(self._remark), self._shown)
            self._remark = None
        if self._object is None or name != self._object[0]:
            return
        attributes, self._object = self._object[1], None
        if attributes.get("action") == "delete" or attributes.get("visible") == "false":
            return
        number, version = int(attributes["id"]), int(attributes.get("version", 0))
        if name == "node":
            self._copied.add_node(number, version, self._tags, _read_place(attributes))
        elif name == "way":
            places = self._places if any(place is not None for place in self._places) else ()
            self._copied.add_way(number, version, self._tags, self._refs, places)
        else:
            self._copied.add_relation(number, version, self._tags, self._members)

    def refuse(self, *_: object) -> None:
        """Refuse a document type: it can define entities that grow without end."""
        raise UnsupportedFileError(self._shown, "XML <!DOCTYPE>", OSM_KINDS)


def _read_place(attributes: Mapping[str, Any]) -> Place | None:
    lon, lat = attributes.get("lon"), attributes.get("lat")
    return None if lon is None or lat is None else (float(lon), float(lat))


def _require_finished(remark: str, shown: str) -> None:
    if not _HARMLESS_REMARK.match(remark):
        raise UnfinishedFileError(shown, " ".join(remark.split())[:200])


# --- JSON --------------------------------------------------------------------------------------


def _copy_json(stream: IO[bytes], shown: str, copied: _Copy) -> None:
    """Copy the objects of a JSON file as Overpass writes it."""
    text = stream.read()
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        if not error.doc[error.pos :].strip() or error.msg.startswith("Unterminated"):
            raise UnfinishedFileError(shown, f"JSON: {error}"[:200]) from None
        raise UnsupportedFileError(shown, f"JSON: {error}"[:200], OSM_KINDS) from None
    except (UnicodeDecodeError, RecursionError) as error:
        raise UnsupportedFileError(shown, f"JSON: {error}"[:200], OSM_KINDS) from None
    elements = content.get("elements")
    if not isinstance(elements, list):
        kind = content.get("type")
        found = f"JSON, type {kind}" if isinstance(kind, str) else "JSON without elements"
        raise UnsupportedFileError(shown, found[:200], OSM_KINDS)
    _require_finished(str(content.get("remark") or ""), shown)
    try:
        for element in elements:
            _copy_element(element, copied)
    except (ValueError, OverflowError, KeyError, TypeError, AttributeError) as error:
        raise UnsupportedFileError(shown, f"JSON: {error!r}"[:200], OSM_KINDS) from None


def _copy_element(element: Mapping[str, Any], copied: _Copy) -> None:
    kind = element["type"]
    if kind not in ("node", "way", "relation") or element.get("visible") is False:
        return
    if element.get("action") == "delete":
        return
    number, version = int(element["id"]), int(element.get("version") or 0)
    tags = {str(key): str(value) for key, value in (element.get("tags") or {}).items()}
    if kind == "node":
        copied.add_node(number, version, tags, _read_place(element))
    elif kind == "way":
        places = _read_places(element)
        copied.add_way(number, version, tags, [int(ref) for ref in element.get("nodes") or ()], places)
    else:
        members = [
            (str(one["type"])[:1], int(one["ref"]), str(one.get("role", "")), _read_places(one))
            for one in element.get("members") or ()
        ]
        copied.add_relation(number, version, tags, members)


def _read_places(element: Mapping[str, Any]) -> Places:
    return [None if place is None else _read_place(place) for place in element.get("geometry") or ()]
