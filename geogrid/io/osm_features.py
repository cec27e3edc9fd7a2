"""Objects of an OpenStreetMap file, one by one, as rows of a county's layers."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from geogrid.errors import UnsupportedFileError
from geogrid.io.osm_access import GATES, Access, has_conditions, judge_barrier, judge_street
from geogrid.io.osm_objects import OSM_KINDS, find_number
from geogrid.io.osm_tags import (
    BARRIERS,
    NOT_THERE,
    Tags,
    find_address,
    find_class,
    find_floors,
    find_use,
    is_bridge,
    is_compound,
    is_crossing,
    is_entrance,
    is_locked,
    is_square,
    is_water,
    lets_pedestrians,
    lets_vehicles,
)

SOURCE = "© OpenStreetMap contributors"
OSM_LAYERS = (
    "street", "square", "building", "compound", "gate", "street_barrier", "entrance", "barrier", "water",
)  # fmt: skip
_REPAIR_SHARE = 0.01
"""Share of its area that a polygon may gain or lose when it is repaired; else it is left out."""


class Vertices:
    """Vertices of streets: which street, which of its vertices, where, and which node of the file."""

    def __init__(self) -> None:
        self._numbers = array("q")
        self._same: dict[int, int] = {}

    def add(self, row: int, vertex: int, node: Any) -> None:
        """Add a vertex of a street."""
        number = find_number(node.ref)
        self._numbers.extend((row, vertex, node.x, node.y, number))

    def join(self, node: Any, other: Any) -> None:
        """Take two nodes that follow each other on a street at one place for one."""
        first, second = sorted((find_number(node.ref), find_number(other.ref)))
        self._same[second] = self._same.get(first, first)

    def list_nodes(self) -> set[str]:
        """The nodes, as ids."""
        return {f"n{number}" for number in self._numbers[4::5]}

    def find_stacked(self) -> dict[int, list[str]]:
        """Street -> `vertex:number` of those of its vertices at whose place there is another node too."""
        row, vertex, x, y, number = np.array(self._numbers, dtype=np.int64).reshape(-1, 5).T
        if self._same:
            number = np.array([self._same.get(one, one) for one in number.tolist()], dtype=np.int64)
        order = np.lexsort((number, y, x))
        same_place = (np.diff(x[order]) == 0) & (np.diff(y[order]) == 0)
        place = np.concatenate([[0], np.cumsum(~same_place)])[: len(order)]
        is_other = same_place & (np.diff(number[order]) != 0)
        is_stacked = np.isin(place, place[1:][is_other])
        stacked: dict[int, list[str]] = defaultdict(list)
        for one in np.sort(order[is_stacked]):
            stacked[int(row[one])].append(f"{vertex[one]}:{number[one]}")
        return stacked


@dataclass
class Found:
    """Rows by layer as they were come upon, and what was left out.

    Attributes
    ----------
    told
        What was taken over but not as the file says -> ids.
    entrances, outlines
        By node and way: doors, and outlines of buildings that are relations.
    expected, assembled
        Areas that the file should hold, with the ways that they are made of, and those that it does.
    vertices
        Of streets.
    """

    rows: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {name: [] for name in OSM_LAYERS})
    left_out: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    told: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    n_repaired: int = 0
    entrances: dict[int, dict[str, Any]] = field(default_factory=dict)
    outlines: set[int] = field(default_factory=set)
    expected: dict[str, list[int]] = field(default_factory=dict)
    assembled: set[str] = field(default_factory=set)
    vertices: Vertices = field(default_factory=Vertices)


def collect_features(path: Path, shown: str) -> Found:
    """The features of a file.

    Parameters
    ----------
    path
        Ordered by `order_objects`.
    shown
        The file's name in messages.

    Raises
    ------
    UnsupportedFileError
        When osmium cannot read it.
    """
    import osmium

    found = Found()
    blobs = osmium.geom.WKBFactory()
    try:
        tagged = osmium.FileProcessor(str(path)).with_areas().with_filter(osmium.filter.EmptyTagFilter())
        entity: Any
        for entity in tagged:
            tags = dict(entity.tags)
            if entity.is_node():
                _take_node(found, entity, tags)
            elif entity.is_way():
                _take_way(found, entity, tags)
            elif entity.is_relation():
                _expect_relation(found, entity, tags)
            elif _is_wanted(tags):
                _take_area(found, entity, tags, blobs, osmium.InvalidLocationError)
        _tell_areas(found, path)
    except (RuntimeError, osmium.InvalidLocationError) as error:
        raise UnsupportedFileError(shown, f"OpenStreetMap: {error}"[:200], OSM_KINDS) from None
    # An outline that bears the same building as its relation would count its homes twice.
    twice = {_name("w", one) for one in found.outlines}
    found.left_out["building_twice"] += [row["id"] for row in found.rows["building"] if row["id"] in twice]
    found.rows["building"] = [row for row in found.rows["building"] if row["id"] not in twice]
    found.left_out["building_open"] = [one for one in found.left_out["building_open"] if one not in twice]
    found.rows["entrance"] = list(found.entrances.values())
    on_streets = found.vertices.list_nodes()
    off = {row["id"] for row in found.rows["street_barrier"]} - on_streets
    found.left_out["barrier_off_street"] += sorted(off)  # the post of a fence, say: it stops nobody
    found.rows["street_barrier"] = [row for row in found.rows["street_barrier"] if row["id"] not in off]
    for row, numbers in found.vertices.find_stacked().items():
        found.rows["street"][row]["nodes"] = ",".join(numbers)
    found.left_out = {reason: ids for reason, ids in found.left_out.items() if ids}
    found.told = dict(found.told)
    return found


def _tell_areas(found: Found, path: Path) -> None:
    """Why areas could not be put together: the file lacks parts of them, or their outlines do not close."""
    import osmium

    failed = {key: parts for key, parts in found.expected.items() if key not in found.assembled}
    if not failed:
        return
    wanted = {way for parts in failed.values() for way in parts}
    whole: set[int] = set()
    entity: Any
    for entity in osmium.FileProcessor(str(path), osmium.osm.NODE | osmium.osm.WAY).with_locations():
        if entity.is_way() and entity.id in wanted and all(node.location.valid() for node in entity.nodes):
            whole.add(entity.id)
    for key in sorted(failed):
        reason = "area_broken" if whole.issuperset(failed[key]) else "area_incomplete"
        found.left_out[reason].append(key)


def _name(kind: str, number: int) -> str:
    return f"{kind}{find_number(number)}"


def _is_wanted(tags: Tags) -> bool:
    is_ground = is_compound(tags) or is_water(tags) or is_square(tags)
    return is_ground or tags.get("building", "no") != "no"


def _expect_relation(found: Found, relation: Any, tags: Tags) -> None:
    if not _is_wanted(tags):
        return
    if tags.get("type") == "multipolygon":
        key = _name("r", relation.id)
        found.expected[key] = [member.ref for member in relation.members if member.type == "w"]
        if "building" in tags:
            found.outlines |= {m.ref for m in relation.members if m.type == "w" and m.role != "inner"}
    elif "building" in tags:
        # A relation of another kind gathers parts that are mapped, and taken, by themselves.
        found.left_out["building_of_parts"].append(_name("r", relation.id))


def _row(key: str, tags: Tags, geometry: Any, **values: Any) -> dict[str, Any]:
    name = tags.get("name:zh") or tags.get("name")
    return {"id": key, "name": name, "source": SOURCE, "synthetic": False, "geometry": geometry, **values}


def _take_node(found: Found, node: Any, tags: Tags) -> None:
    if not node.location.valid():
        return
    key, place = _name("n", node.id), shapely.Point(node.lon, node.lat)
    if tags.get("barrier", "no") != "no":
        _take_barrier(found, key, tags, place)
    if "entrance" in tags:
        if is_entrance(tags):
            found.entrances[node.id] = _row(key, tags, place, building=None)
        else:
            found.left_out["entrance_closed"].append(key)


def _take_barrier(found: Found, key: str, tags: Tags, place: shapely.Point) -> None:
    passage = judge_barrier(tags)
    if has_conditions(tags):
        found.told["conditional"].append(key)
    if tags["barrier"] in GATES:
        values = {
            "pedestrian": lets_pedestrians(tags),
            "vehicle": lets_vehicles(tags),
            "locked": is_locked(tags),
            "hours": tags.get("opening_hours"),
            "passage": passage.value,
        }
        found.rows["gate"].append(_row(key, tags, place, **values))
    elif passage is not Access.OPEN:  # a bollard is no barrier to people on foot
        values = {"kind": tags["barrier"], "passage": passage.value}
        found.rows["street_barrier"].append(_row(key, tags, place, **values))


def _take_way(found: Found, way: Any, tags: Tags) -> None:
    key, kind = _name("w", way.id), find_class(tags)
    is_area = way.is_closed() and (tags.get("area") == "yes" or (kind == "pier" and tags.get("area") != "no"))
    if kind in NOT_THERE:
        found.left_out["street_not_there"].append(key)
    elif kind is None:
        if tags.get("route") == "ferry":
            found.left_out["ferry"].append(key)
    elif tags.get("route") == "ferry":
        found.left_out["ferry"].append(key)
    elif not is_area and tags.get("area") != "yes":
        _add_street(found, key, tags, way, kind)
    elif not is_square(tags):
        found.left_out["street_area"].append(key)
    if tags.get("barrier") in BARRIERS:
        _add_lines(found, "barrier", key, tags, way, {"kind": tags["barrier"]})
    is_ground = _is_wanted({**tags, "area": tags.get("area", "yes" if is_area else "no")})
    if is_ground and way.is_closed() and tags.get("area") != "no":
        found.expected[key] = [way.id]
    elif tags.get("building", "no") != "no":
        found.left_out["building_open"].append(key)


def _add_street(found: Found, key: str, tags: Tags, way: Any, kind: str) -> None:
    access = judge_street({**tags, "highway": kind})
    if has_conditions(tags):
        found.told["conditional"].append(key)
    values = {
        "class": kind,
        "walkable": access is not Access.CLOSED,
        "doubtful": access is Access.DOUBTFUL,
        "steps": kind == "steps",
        "crossing": is_crossing(tags),
        "bridge": is_bridge(tags),
        "surface": tags.get("surface"),
    }
    _add_lines(found, "street", key, tags, way, values)


def _add_lines(found: Found, layer: str, key: str, tags: Tags, way: Any, values: Mapping[str, Any]) -> None:
    """Add a way as a line; as several where the file lacks nodes in between."""
    pieces: list[list[Any]] = [[]]
    for node in way.nodes:
        if not node.location.valid():
            pieces += [[]] if pieces[-1] else []
        elif not pieces[-1] or (pieces[-1][-1].x, pieces[-1][-1].y) != (node.x, node.y):
            pieces[-1].append(node)
        elif layer == "street" and pieces[-1][-1].ref != node.ref:
            found.vertices.join(pieces[-1][-1], node)
    lines = [piece for piece in pieces if len(piece) > 1]
    if not lines:
        found.left_out[f"{layer}_without_nodes"].append(key)
    for n, line in enumerate(lines, start=1):
        own = key if n == 1 else f"{key}#{n}"
        if layer == "street":
            for vertex, node in enumerate(line):
                found.vertices.add(len(found.rows[layer]), vertex, node)
        geometry = shapely.LineString([(node.lon, node.lat) for node in line])
        found.rows[layer].append(_row(own, tags, geometry, **values))


def _take_area(found: Found, area: Any, tags: Tags, blobs: Any, broken: type[Exception]) -> None:
    key = _name("w" if area.from_way() else "r", area.orig_id())
    if area.from_way() and key not in found.expected:
        return  # a street that comes back to where it began
    try:
        blob = blobs.create_multipolygon(area)
    except (RuntimeError, broken):  # its rings cross or do not close: it is counted as broken
        return
    found.assembled.add(key)
    geometry = _mend(found, key, shapely.from_wkb(blob))
    if geometry is None:
        return
    if tags.get("building", "no") != "no":
        values = {
            "use": find_use(tags),
            "number": tags.get("addr:housenumber"),
            "address": find_address(tags),
            "floors": find_floors(tags),
        }
        found.rows["building"].append(_row(key, tags, geometry, **values))
        for ring in area.outer_rings():
            for node in ring:
                door = found.entrances.get(node.ref)
                if door is not None and (door["building"] is None or key < door["building"]):
                    door["building"] = key
    elif is_compound(tags):
        aliases = [tags[one] for one in ("alt_name", "short_name", "old_name") if one in tags]
        joined = ",".join(dict.fromkeys(part.strip() for one in aliases for part in one.split(";")))
        found.rows["compound"].append(_row(key, tags, geometry, aliases=joined or None))
    elif is_square(tags):
        walkable = judge_street({**tags, "highway": find_class(tags) or ""}) is not Access.CLOSED
        found.rows["square"].append(_row(key, tags, geometry, kind=find_class(tags), walkable=walkable))
    if is_water(tags):
        found.rows["water"].append(_row(key, tags, geometry, kind=tags.get("water", "water")))


def _mend(found: Found, key: str, geometry: Any) -> Any:
    """The polygon, made valid where its area stays all but the same; else None, and it is counted."""
    if shapely.is_valid(geometry):
        return geometry
    mended = shapely.make_valid(geometry)
    parts = [part for part in shapely.get_parts(mended) if part.geom_type in ("Polygon", "MultiPolygon")]
    mended = shapely.union_all(parts)
    if not mended.is_empty and abs(mended.area - geometry.area) <= _REPAIR_SHARE * mended.area:
        found.n_repaired += 1
        return mended
    found.left_out["area_invalid"].append(key)
    return None
