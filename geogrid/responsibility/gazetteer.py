"""Everything in a county that has a name, and finding it by what a person types."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geogrid.areas.share import assign_areas
from geogrid.crs import WGS84, crs_name, require_crs, require_same_crs, transform_points
from geogrid.responsibility.columns import read_lists, read_texts
from geogrid.responsibility.names import (
    is_building_number,
    natural_order,
    normalise_building_number,
    normalise_name,
)
from geogrid.schema import LAYERS

GAZETTEER_LAYERS = (
    "compound",
    "building",
    "community",
    "district",
    "lane",
    "grid",
    "beat",
    "centre",
    "place",
)
"""The layers whose features can be found by name; of equally good matches an earlier layer comes first."""

SHORTEST_INNER_QUERY = 2
"""Characters that a text must have to be looked for inside names: one alone is in far too many."""

SMALLEST_LIKENESS = 0.25
"""Two of four characters in common, not side by side, are 2 * 2 / (7 + 7) = 0.29: worth a suggestion."""


class Closeness(IntEnum):
    """How a typed text met a name; the smaller the better."""

    EXACT = 0
    PREFIX = 1
    INNER = 2


class NameKind(IntEnum):
    """Which name of a feature was met; the smaller comes first."""

    NAME = 0
    NUMBER = 1  # the compound's name and the building's number
    ALIAS = 2
    ADDRESS = 3
    KEY = 4


@dataclass(frozen=True)
class Entry:
    """One feature that can be found.

    Attributes
    ----------
    kind, key
        Its layer and its key there.
    name
        What to call it: its name; for a building without one its compound and number, or its address.
    where
        What tells it from others of its name: its community and its address; may be empty.
    lonlat
        A point on it, WGS 84 degrees; None when it has no geometry.
    """

    kind: str
    key: str
    name: str
    where: str
    lonlat: tuple[float, float] | None


@dataclass(frozen=True)
class NameMatch:
    """An entry that a text met, and how: `text` is the name that was met, as it is written."""

    entry: Entry
    closeness: Closeness
    by: NameKind
    text: str


@dataclass(frozen=True)
class _KnownName:
    normalised: str
    by: NameKind
    text: str
    entry: int


@dataclass(frozen=True)
class Gazetteer:
    """The entries of a county and their names; made by `build_gazetteer`."""

    entries: tuple[Entry, ...]
    _names: tuple[_KnownName, ...] = field(repr=False)  # sorted by the normalised name

    def find(self, query: str) -> list[NameMatch]:
        """The best matches: all exact ones; without any, all names that begin so; then all that hold it.

        Parameters
        ----------
        query
            As typed; spellings that `normalise_name` makes equal are equal.

        Returns
        -------
        Ranked by the kind of name met, the order of `GAZETTEER_LAYERS`, the name with its numbers
        as numbers, and the key. Empty when nothing matches.
        """
        for closeness in Closeness:
            matches = self._match(query, closeness)
            if matches:
                return matches
        return []

    def search(self, query: str, limit: int) -> list[Entry]:
        """Entries to offer while a person types: exact matches, then prefixes, then inner ones.

        Parameters
        ----------
        limit
            The most that are returned.
        """
        found: dict[Entry, None] = {}
        for closeness in Closeness:
            found |= dict.fromkeys(match.entry for match in self._match(query, closeness))
            if len(found) >= limit:
                break
        return list(found)[:limit]

    def suggest(self, query: str, limit: int) -> list[str]:
        """Names of entries that have a name like a text that was not found, the most alike first.

        Alike is Dice's coefficient of the characters and pairs of neighbouring characters that two
        texts have in common, from `SMALLEST_LIKENESS` on.
        """
        wanted = _take_apart(normalise_name(query))
        scored: dict[str, float] = {}
        for known in self._names:
            if known.by is not NameKind.KEY:
                pieces = _take_apart(known.normalised)
                likeness = 2 * len(wanted & pieces) / (len(wanted) + len(pieces))
                if likeness >= SMALLEST_LIKENESS:
                    name = self.entries[known.entry].name
                    scored[name] = max(likeness, scored.get(name, 0.0))
        return sorted(scored, key=lambda name: (-scored[name], natural_order(name)))[:limit]

    def _match(self, query: str, closeness: Closeness) -> list[NameMatch]:
        text = normalise_name(query)
        if not text:
            return []
        best: dict[int, _KnownName] = {}
        for known in self._list_names(text, closeness):
            other = best.get(known.entry)
            if other is None or (known.by, known.normalised) < (other.by, other.normalised):
                best[known.entry] = known
        matches = [NameMatch(self.entries[i], closeness, known.by, known.text) for i, known in best.items()]
        return sorted(matches, key=_rank)

    def _list_names(self, text: str, closeness: Closeness) -> Iterator[_KnownName]:
        if closeness is Closeness.INNER:
            if len(text) >= SHORTEST_INNER_QUERY:
                for known in self._names:
                    if text in known.normalised and known.by is not NameKind.KEY:
                        yield known
            return
        for i in range(bisect_left(self._names, text, key=lambda known: known.normalised), len(self._names)):
            known = self._names[i]
            if closeness is Closeness.EXACT:
                if known.normalised != text:
                    return
                yield known
            else:
                if not known.normalised.startswith(text):
                    return
                if known.by is not NameKind.KEY:
                    yield known


def _rank(match: NameMatch) -> tuple[int, int, tuple[tuple[int, str], ...], str]:
    entry = match.entry
    return match.by, GAZETTEER_LAYERS.index(entry.kind), natural_order(normalise_name(entry.name)), entry.key


def _take_apart(text: str) -> set[str]:
    return set(text) | {text[i : i + 2] for i in range(len(text) - 1)}


# --- building it -------------------------------------------------------------------------------


def build_gazetteer(layers: Mapping[str, gpd.GeoDataFrame], aliases: pd.DataFrame | None = None) -> Gazetteer:
    """The gazetteer of a county's current features.

    Buildings are known by name, by compound and number (under every alias of the compound), by
    address and by id; a building that merely repeats its compound's name is not known by it, so
    that the compound's name means the compound. Doors of one centre are one entry.

    Parameters
    ----------
    layers
        Any of `GAZETTEER_LAYERS`, all in one CRS, with the columns of the schema.
    aliases
        The table `alias`: further names of features by layer and key.

    Raises
    ------
    CrsError
        When the layers differ in CRS or have none.
    """
    used = {kind: layers[kind] for kind in GAZETTEER_LAYERS if kind in layers and len(layers[kind])}
    require_same_crs(*used.values())
    further = _group_aliases(aliases)
    compound_names = _read_compound_names(used.get("compound"), further)
    entries: list[Entry] = []
    names: set[_KnownName] = set()
    for kind, frame in used.items():
        rows = _unite_doors(frame) if kind == "centre" else frame
        wheres = _describe_whereabouts(rows, used.get("community") if kind != "community" else None)
        points = _pick_lonlats(rows)
        keys = read_texts(rows, "centre" if kind == "centre" else LAYERS[kind].key)
        for i, (key, known) in enumerate(zip(keys, _list_known(kind, rows, compound_names), strict=True)):
            if key is None:
                continue
            known += [(NameKind.ALIAS, text) for text in further.get((kind, key), ())]
            known.append((NameKind.KEY, key))
            names.update(
                _KnownName(normalised, by, text, len(entries))
                for by, text in known
                if (normalised := normalise_name(text))
            )
            entries.append(Entry(kind, key, known[0][1], wheres[i], points[i]))
    ordered = sorted(names, key=lambda known: (known.normalised, known.by, known.entry, known.text))
    return Gazetteer(tuple(entries), tuple(ordered))


def _group_aliases(aliases: pd.DataFrame | None) -> dict[tuple[str, str], list[str]]:
    grouped: dict[tuple[str, str], list[str]] = {}
    if aliases is not None:
        columns = (read_texts(aliases, name) for name in ("layer", "feature", "alias"))
        for layer, feature, alias in zip(*columns, strict=True):
            if layer and feature and alias:
                grouped.setdefault((layer, feature), []).append(alias)
    return grouped


def _read_compound_names(
    compounds: gpd.GeoDataFrame | None, further: Mapping[tuple[str, str], list[str]]
) -> dict[str, list[str]]:
    """Compound -> its name and aliases, the name first."""
    if compounds is None:
        return {}
    columns = (read_texts(compounds, "id"), read_texts(compounds, "name"), read_lists(compounds, "aliases"))
    return {
        key: [*([name] if name else []), *aliases, *further.get(("compound", key), ())]
        for key, name, aliases in zip(*columns, strict=True)
        if key
    }


Known = list[tuple[NameKind, str]]


def _list_known(
    kind: str, frame: gpd.GeoDataFrame, compound_names: Mapping[str, list[str]]
) -> Iterable[Known]:
    """For every row its names, the one to show first (none where it has only a key)."""
    names = read_texts(frame, "name")
    addresses = read_texts(frame, "address")
    if kind == "building":
        numbers, compounds = read_texts(frame, "number"), read_texts(frame, "compound")
        return [
            _name_building(name, number, address, compound_names.get(compound or "", []))
            for name, number, address, compound in zip(names, numbers, addresses, compounds, strict=True)
        ]
    aliases = read_lists(frame, "aliases")
    return [
        [
            *([(NameKind.NAME, name)] if name else []),
            *((NameKind.ALIAS, alias) for alias in others),
            *([(NameKind.ADDRESS, address)] if address else []),
        ]
        for name, others, address in zip(names, aliases, addresses, strict=True)
    ]


def _name_building(name: str | None, number: str | None, address: str | None, compounds: list[str]) -> Known:
    if name and compounds and is_building_number(name):
        name, number = None, number or name
    if name and normalise_name(name) in {normalise_name(compound) for compound in compounds}:
        name = None
    known: Known = [(NameKind.NAME, name)] if name else []
    if number and compounds:
        known += [(NameKind.NUMBER, compound + normalise_building_number(number)) for compound in compounds]
    if address:
        known.append((NameKind.ADDRESS, address))
    return known


def _unite_doors(centres: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """One row a centre, its key in the column `centre`: the door with the smallest id stands for all."""
    ids = read_texts(centres, "id")
    keys = [key or own for key, own in zip(read_texts(centres, "centre"), ids, strict=True)]
    ordered = centres.assign(centre=keys, id=ids).sort_values("id", kind="stable")
    return ordered.drop_duplicates("centre")


def _describe_whereabouts(frame: gpd.GeoDataFrame, communities: gpd.GeoDataFrame | None) -> list[str]:
    """For every row the name of its community and its address, parted by a space."""
    addresses = read_texts(frame, "address")
    held: Iterable[str | None] = [None] * len(frame)
    if communities is not None:
        titles = dict(zip(read_texts(communities, "code"), read_texts(communities, "name"), strict=True))
        held = [titles.get(code) for code in assign_areas(frame.geometry.to_numpy(), communities)]
    return [" ".join(filter(None, pair)) for pair in zip(held, addresses, strict=True)]


def _pick_lonlats(frame: gpd.GeoDataFrame) -> list[tuple[float, float] | None]:
    points = shapely.point_on_surface(frame.geometry.to_numpy())
    xy = np.column_stack([shapely.get_x(points), shapely.get_y(points)])
    lonlat = transform_points(xy, crs_name(require_crs(frame, "gazetteer")), WGS84)
    return [(float(lon), float(lat)) if np.isfinite(lon + lat) else None for lon, lat in lonlat]
