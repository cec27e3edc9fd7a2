"""OpenStreetMap files as layers of a county: what is taken over, and what is left out and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geogrid.crs import WGS84
from geogrid.errors import UnsupportedFileError
from geogrid.io.guard import Limits, Progress, run_guarded
from geogrid.io.osm_places import (
    find_compound_kinds,
    measure_crossings,
    name_compounds_of_buildings,
    name_compounds_of_gates,
)
from geogrid.io.osm_tags import (
    BARRIERS,
    GATES,
    NOT_THERE,
    Tags,
    find_address,
    find_floors,
    find_use,
    is_bridge,
    is_compound,
    is_crossing,
    is_entrance,
    is_locked,
    is_walkable,
    is_water,
    lets_pedestrians,
    lets_vehicles,
)
from geogrid.io.parcel import Parcel
from geogrid.io.values import build_series
from geogrid.schema import LAYERS

SOURCE = "© OpenStreetMap contributors"
LICENCE = "ODbL 1.0"
OSM_LAYERS = ("street", "building", "compound", "gate", "entrance", "barrier", "water")
OSM_SUFFIXES = (".osm", ".pbf", ".osm.pbf", ".osm.gz", ".osm.bz2")
OSM_LIMITS = Limits(file_bytes=1 << 30, cpu_s=900, wall_s=900)

_REPAIR_SHARE = 0.01
"""Share of its area that a polygon may gain or lose when it is repaired; else it is left out."""


@dataclass(frozen=True)
class OsmExtract:
    """The layers that an OpenStreetMap file holds.

    Attributes
    ----------
    layers
        `OSM_LAYERS`, each with the schema's columns in WGS 84; some may be empty. Ids begin with
        `n`, `w` or `r` (node, way, relation) and OpenStreetMap's number.
    left_out_ids
        Why something was left out -> what; the reasons are texts of the label table,
        `io.osm.left_out.…`.
    n_repaired
        Polygons that were not valid and were made so, their area all but the same.
    extent
        The rectangle that the file covers.
    """

    layers: dict[str, gpd.GeoDataFrame]
    left_out_ids: dict[str, list[str]]
    n_repaired: int
    extent: shapely.Polygon
    source: str = SOURCE
    licence: str = LICENCE

    @property
    def counts(self) -> dict[str, int]:
        """How many features each layer has, and how many of its streets are walkable."""
        counts = {name: len(frame) for name, frame in self.layers.items()}
        return {**counts, "walkable": int(self.layers["street"]["walkable"].sum())}

    @property
    def left_out(self) -> dict[str, int]:
        """Why something was left out -> how many."""
        return {reason: len(ids) for reason, ids in self.left_out_ids.items()}

    def extent_frame(self, code: str, name: str) -> gpd.GeoDataFrame:
        """The extent as the layer `county`, for a county that has none yet."""
        rows = [{"code": code, "name": name, "source": SOURCE, "synthetic": False, "geometry": self.extent}]
        return _frame("county", rows)


def read_osm(path: Path, progress: Progress | None = None) -> OsmExtract:
    """The streets, buildings, compounds, gates, entrances, barriers and waters of an OpenStreetMap file.

    Parameters
    ----------
    path
        .osm, .pbf or a packed .osm.
    progress
        Called with the share done and the key of a label.

    Raises
    ------
    UnsupportedFileError, FileTooCostlyError, FileMissingError
    """
    suffix = next(
        (one for one in sorted(OSM_SUFFIXES, key=len)[::-1] if path.name.lower().endswith(one)), None
    )
    if suffix is None:
        raise UnsupportedFileError(path.name, path.suffix or "-", OSM_SUFFIXES)
    request = Parcel({"file": path.name})
    found = run_guarded("osm", {f"input{suffix}": path}, request, limits=OSM_LIMITS, progress=progress)
    layers = {name: found.frames[name] for name in OSM_LAYERS}
    info = found.info
    return OsmExtract(layers, info["left_out_ids"], info["n_repaired"], shapely.box(*info["bounds"]))


def read_osm_here(folder: Path, request: Parcel, report: Progress) -> Parcel:
    """`read_osm` in the child process."""
    (path,) = folder.iterdir()
    report(0.0, "io.progress.read")
    found = _collect(path, request.info["file"])
    report(0.6, "io.progress.areas")
    layers = _build_layers(found)
    bounds = found.bounds or _bounds_of(layers.values())
    info = {"left_out_ids": dict(found.left_out), "n_repaired": found.n_repaired, "bounds": bounds}
    return Parcel(info, dict(layers))


# --- out of the file ---------------------------------------------------------------------------


@dataclass
class _Found:
    """Rows by layer as they were come upon, and what was left out."""

    rows: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {name: [] for name in OSM_LAYERS})
    left_out: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    entrances: dict[int, dict[str, Any]] = field(default_factory=dict)
    outlines: set[int] = field(default_factory=set)
    expected: set[str] = field(default_factory=set)
    assembled: set[str] = field(default_factory=set)
    n_repaired: int = 0
    bounds: list[float] | None = None


def _collect(path: Path, shown: str) -> _Found:
    import osmium

    found = _Found()
    blobs = osmium.geom.WKBFactory()
    try:
        box = osmium.FileProcessor(str(path)).header.box()
        if box.valid():
            found.bounds = [box.bottom_left.lon, box.bottom_left.lat, box.top_right.lon, box.top_right.lat]
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
    except (RuntimeError, osmium.InvalidLocationError) as error:
        raise UnsupportedFileError(shown, f"OpenStreetMap: {error}"[:200], OSM_SUFFIXES) from None
    found.left_out["area_broken"] += sorted(found.expected - found.assembled)
    # An outline that bears the same building as its relation would count its homes twice.
    twice = {f"w{one}" for one in found.outlines}
    found.left_out["building_twice"] += [row["id"] for row in found.rows["building"] if row["id"] in twice]
    found.rows["building"] = [row for row in found.rows["building"] if row["id"] not in twice]
    found.left_out["building_open"] = [one for one in found.left_out["building_open"] if one not in twice]
    found.rows["entrance"] = list(found.entrances.values())
    found.left_out = {reason: ids for reason, ids in found.left_out.items() if ids}
    return found


def _is_wanted(tags: Tags) -> bool:
    return tags.get("building", "no") != "no" or is_compound(tags) or is_water(tags)


def _expect_relation(found: _Found, relation: Any, tags: Tags) -> None:
    if not _is_wanted(tags):
        return
    if tags.get("type") == "multipolygon":
        found.expected.add(f"r{relation.id}")
        if "building" in tags:
            found.outlines |= {m.ref for m in relation.members if m.type == "w" and m.role != "inner"}
    elif "building" in tags:
        # A relation of another kind gathers parts that are mapped, and taken, by themselves.
        found.left_out["building_of_parts"].append(f"r{relation.id}")


def _row(key: str, tags: Tags, geometry: Any, **values: Any) -> dict[str, Any]:
    name = tags.get("name:zh") or tags.get("name")
    return {"id": key, "name": name, "source": SOURCE, "synthetic": False, "geometry": geometry, **values}


def _take_node(found: _Found, node: Any, tags: Tags) -> None:
    key, place = f"n{node.id}", shapely.Point(node.lon, node.lat)
    if tags.get("barrier") in GATES:
        values = {
            "pedestrian": lets_pedestrians(tags),
            "vehicle": lets_vehicles(tags),
            "locked": is_locked(tags),
            "hours": tags.get("opening_hours"),
        }
        found.rows["gate"].append(_row(key, tags, place, **values))
    if "entrance" in tags:
        if is_entrance(tags):
            found.entrances[node.id] = _row(key, tags, place, building=None)
        else:
            found.left_out["entrance_closed"].append(key)


def _take_way(found: _Found, way: Any, tags: Tags) -> None:
    key, kind = f"w{way.id}", tags.get("highway")
    if kind is not None:
        if kind in NOT_THERE:
            found.left_out["street_not_there"].append(key)
        elif tags.get("area") == "yes":
            found.left_out["street_area"].append(key)
        else:
            values = {
                "class": kind,
                "walkable": is_walkable(tags),
                "steps": kind == "steps",
                "crossing": is_crossing(tags),
                "bridge": is_bridge(tags),
                "surface": tags.get("surface"),
            }
            _add_lines(found, "street", key, tags, way, values)
    if tags.get("barrier") in BARRIERS:
        _add_lines(found, "barrier", key, tags, way, {"kind": tags["barrier"]})
    if _is_wanted(tags) and way.is_closed() and tags.get("area") != "no":
        found.expected.add(key)
    elif tags.get("building", "no") != "no":
        found.left_out["building_open"].append(key)


def _add_lines(found: _Found, layer: str, key: str, tags: Tags, way: Any, values: Mapping[str, Any]) -> None:
    """Add a way as a line; as several where the file lacks nodes in between."""
    pieces: list[list[tuple[float, float]]] = [[]]
    for node in way.nodes:
        if node.location.valid():
            place = (node.lon, node.lat)
            if not pieces[-1] or pieces[-1][-1] != place:
                pieces[-1].append(place)
        elif pieces[-1]:
            pieces.append([])
    lines = [piece for piece in pieces if len(piece) > 1]
    if not lines:
        found.left_out[f"{layer}_without_nodes"].append(key)
    for n, line in enumerate(lines, start=1):
        own = key if n == 1 else f"{key}#{n}"
        found.rows[layer].append(_row(own, tags, shapely.LineString(line), **values))


def _take_area(found: _Found, area: Any, tags: Tags, blobs: Any, broken: type[Exception]) -> None:
    key = f"{'w' if area.from_way() else 'r'}{area.orig_id()}"
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
    if is_water(tags):
        found.rows["water"].append(_row(key, tags, geometry, kind=tags.get("water", "water")))


def _mend(found: _Found, key: str, geometry: Any) -> Any:
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


# --- into layers -------------------------------------------------------------------------------


def _build_layers(found: _Found) -> dict[str, gpd.GeoDataFrame]:
    layers = {name: _frame(name, rows) for name, rows in found.rows.items()}
    layers["street"]["crossing_s"] = measure_crossings(layers["street"])
    compound = layers["compound"]
    compound["kind"] = find_compound_kinds(compound, layers["gate"], layers["barrier"])
    # Ground without a name that nothing closes off is land use, not a place that people know.
    is_known = compound["name"].notna() | (compound["kind"] == "封闭式")
    if not is_known.all():
        found.left_out["compound_unnamed"] = compound.loc[~is_known, "id"].tolist()
        layers["compound"] = compound = compound[is_known].reset_index(drop=True)
    layers["gate"]["compound"] = name_compounds_of_gates(layers["gate"], compound)
    layers["building"]["compound"] = name_compounds_of_buildings(layers["building"], compound)
    return layers


def _frame(name: str, rows: list[dict[str, Any]]) -> gpd.GeoDataFrame:
    columns = {
        column.name: build_series(column, [row.get(column.name) for row in rows])
        for column in LAYERS[name].columns
    }
    geometry = np.array([row["geometry"] for row in rows], dtype=object)
    return gpd.GeoDataFrame(pd.DataFrame(columns), geometry=geometry, crs=WGS84)


def _bounds_of(layers: Iterable[gpd.GeoDataFrame]) -> list[float]:
    bounds = np.array([frame.total_bounds for frame in layers if len(frame)]).reshape(-1, 4)
    if len(bounds) == 0:
        return [0.0, 0.0, 0.0, 0.0]
    return [*bounds[:, :2].min(axis=0).tolist(), *bounds[:, 2:].max(axis=0).tolist()]
