"""Everything in a county that has a name, and finding it by what a person types."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from functools import cached_property
from itertools import accumulate
from math import isfinite
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geogrid.areas.share import assign_areas
from geogrid.crs import WGS84, crs_name, require_crs, require_same_crs, transform_points
from geogrid.labels import label
from geogrid.responsibility.address import Reading, mark_numbers, read_address, write_digits
from geogrid.responsibility.collector import collector_paused
from geogrid.responsibility.columns import read_lists, read_texts
from geogrid.responsibility.index import Bases, split_number
from geogrid.responsibility.names import (
    BUILDING_SUFFIX,
    is_building_number,
    natural_order,
    normalise_building_number,
    normalise_name,
)
from geogrid.responsibility.wordings import Doubt, Wording, reword, strip_phone
from geogrid.schema import AREA_LAYERS, LAYERS

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
MOST_INNER = 1000
"""Names that are met by a text inside them; who types what stands in more has to type more."""
LONGEST_QUERY = 200
"""Characters of a text that is looked for as it stands only: nobody types so much of a name."""

SMALLEST_LIKENESS = 0.25
"""Two of four characters in common, not side by side, are 2 * 2 / (7 + 7) = 0.29: worth a suggestion."""
MOST_COMPARED = 200
"""Bases that are compared closely for a suggestion."""


class Closeness(IntEnum):
    """How a typed text met a name; the smaller the better."""

    EXACT = 0
    READING = 1
    PREFIX = 2
    READING_PREFIX = 3
    INNER = 4
    PARTS = 5
    SOUND = 6
    SLIP = 7


SCORES = {
    Closeness.EXACT: 1.0,
    Closeness.READING: 0.9,
    Closeness.PREFIX: 0.8,
    Closeness.READING_PREFIX: 0.7,
    Closeness.INNER: 0.6,
    Closeness.PARTS: 0.6,
    Closeness.SOUND: 0.5,
    Closeness.SLIP: 0.4,
}
"""How far a match may be trusted, from 0 to 1: an order, no probability. Below 0.55 somebody should look."""
DOUBT_PENALTY = 0.5
"""Taken off when the name was met and another place may be meant."""
OTHER_AREA_PENALTY = 0.3
"""Taken off when the text names a community and the match lies in another."""
UNREAD_PENALTY = 0.05
"""Taken off when a town was typed that nothing here could be compared with."""


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
    """An entry that a text met, and how.

    Attributes
    ----------
    text
        The name that was met, as it is written.
    unit, room
        The unit and the room that were typed behind the building; None when there were none.
    other_area
        A community that was typed although the match does not lie in it; else empty.
    unread
        A town that was typed and could not be compared with anything; else empty.
    doubt
        Why the place that is meant may be another one; empty where nothing says so.
    """

    entry: Entry
    closeness: Closeness
    by: NameKind
    text: str
    unit: str | None = None
    room: str | None = None
    other_area: str = ""
    unread: str = ""
    doubt: Doubt = Doubt.NONE

    @property
    def score(self) -> float:
        """How far the match may be trusted, from 0 to 1."""
        lost = (OTHER_AREA_PENALTY if self.other_area else 0) + (UNREAD_PENALTY if self.unread else 0)
        lost += DOUBT_PENALTY if self.doubt else 0
        return round(max(SCORES[self.closeness] - lost, 0.05), 2)

    def locate_text(self, query: str) -> tuple[int, int] | None:
        """Where the typed text stands in the entry's name, as it is written there: begin and end.

        None where it is written otherwise, as in pinyin.
        """
        place = self.entry.name.casefold().find(query.casefold())
        if place < 0 or not query or len(self.entry.name.casefold()) != len(self.entry.name):
            return None
        return place, place + len(query)

    def explain(self, language: str) -> str:
        """Why it was found, as one sentence."""
        sentence = label(f"match.{self.closeness.name.lower()}", language, name=self.text)
        if self.other_area:
            sentence += label("match.other_area", language, area=self.other_area)
        if self.unread:
            sentence += label("match.unread", language, town=self.unread)
        if self.doubt:
            sentence += label(f"match.{self.doubt}", language)
        return sentence


class _KnownName(NamedTuple):
    normalised: str
    by: NameKind
    entry: int
    text: str


@dataclass(frozen=True)
class Gazetteer:
    """The entries of a county and their names; made by `build_gazetteer`."""

    entries: tuple[Entry, ...]
    _names: tuple[_KnownName, ...] = field(repr=False)  # sorted by the normalised name
    _ranks: tuple[int, ...] = field(repr=False)  # of each name: among equally close ones, the smaller first
    _readings: Mapping[str, tuple[str, ...]] = field(repr=False)  # normalised alias -> its readings
    county: str | None = None

    def find(self, query: str) -> list[NameMatch]:
        """The best matches: all of the closest kind that there is, as `Closeness` orders the kinds.

        Parameters
        ----------
        query
            As typed; spellings that `normalise_name` makes equal are equal, and what
            `read_address` makes of it is tried too.

        Returns
        -------
        Ranked by the kind of name met, the order of `GAZETTEER_LAYERS`, the name with its numbers
        as numbers, and the key. Empty when nothing matches. What is written around a name (beside it,
        a part of it, two of them, a range of numbers) is read where nothing bears the text as it
        stands; the matches then bear their `doubt`.
        """
        text = strip_phone(query)
        plain = next((matches for matches in self._match(text) if matches), [])
        is_met = bool(plain) and plain[0].closeness <= Closeness.READING
        if is_met and not plain[0].doubt:
            return plain
        for wording in reword(text):
            found = self._find_wording(wording) if not (is_met and wording.doubt) else []
            if found and not (is_met and found[0].doubt):
                return found
        return _mark_cut(plain, text)

    def _find_wording(self, wording: Wording) -> list[NameMatch]:
        """The matches of all texts of a wording, each entry once, with its doubt."""
        is_loose = len(wording.texts) == 1 and wording.doubt in (Doubt.NEAR, Doubt.PART)
        met = [self._find_named(text, is_loose=is_loose) for text in wording.texts]
        if not any(met) or (wording.needs_all and not all(met)):
            return []
        found = {(one.entry.kind, one.entry.key): one for matches in met for one in matches}
        doubt = wording.doubt
        if doubt is Doubt.SEVERAL and len(found) == 1 and all(met):
            doubt = Doubt.NONE
        return [replace(one, doubt=doubt or one.doubt) for one in found.values()]

    def _find_named(self, text: str, *, is_loose: bool) -> list[NameMatch]:
        """What is named so, or nearly so where a person looks at it anyway; never what only begins so."""
        for closeness, matches in zip(Closeness, self._match(text), strict=True):
            if matches and (closeness <= Closeness.READING or closeness >= Closeness.PARTS):
                return matches
            if not is_loose and closeness >= Closeness.READING:
                break
        return []

    def offer(self, query: str, limit: int) -> list[NameMatch]:
        """Matches to offer while a person types, the closest kinds first.

        What only sounds like the text or has a slip is offered when there is nothing else.

        Parameters
        ----------
        limit
            The most that are returned.
        """
        found: dict[tuple[str, str], NameMatch] = {}
        for closeness, matches in zip(Closeness, self._match(query), strict=True):
            if len(found) >= limit or (found and closeness >= Closeness.PARTS):
                break
            for match in matches[:limit]:
                found.setdefault((match.entry.kind, match.entry.key), match)
        return list(found.values())[:limit]

    def search(self, query: str, limit: int) -> list[Entry]:
        """The entries of `offer`."""
        return [match.entry for match in self.offer(query, limit)]

    def suggest(self, query: str, limit: int) -> list[str]:
        """Names of entries that have a name like a text that was not found, the most alike first.

        Alike is Dice's coefficient of the characters and pairs of neighbouring characters that two
        texts have in common, from `SMALLEST_LIKENESS` on.
        """
        text = normalise_name(query[:LONGEST_QUERY])
        wanted = _take_apart(text)
        scored: dict[str, float] = {}
        for base in self._bases.list_alike(split_number(text)[0], MOST_COMPARED):
            for names in self._numbers[base].values():
                known = self._names[names[0]]
                pieces = _take_apart(known.normalised)
                likeness = 2 * len(wanted & pieces) / (len(wanted) + len(pieces))
                if likeness >= SMALLEST_LIKENESS:
                    name = self.entries[known.entry].name
                    scored[name] = max(likeness, scored.get(name, 0.0))
        return sorted(scored, key=lambda name: (-scored[name], natural_order(name)))[:limit]

    # --- the kinds of closeness ----------------------------------------------------------------

    def _match(self, query: str) -> Iterator[list[NameMatch]]:
        """For each `Closeness` in its order the matches of it."""
        text = normalise_name(query)
        short = len(query) <= LONGEST_QUERY
        readings = read_address(query, self.county, self._area_names) if text and short else []
        bases = self._bases
        yield self._list_equal(text) or self._meet(readings, Closeness.EXACT, self._find_base)
        yield self._meet(readings, Closeness.READING, lambda base: bases.find_spoken(base, begun=False))
        yield self._make(self._list_begun(text), Closeness.PREFIX)
        yield self._meet(
            readings, Closeness.READING_PREFIX, lambda base: bases.find_spoken(base, begun=True), begun=True
        )
        yield self._make(self._list_inner(text), Closeness.INNER)
        unknown = [reading for reading in readings if bases.find(reading.base) is None]
        yield self._meet(unknown, Closeness.PARTS, lambda base: _sure(bases.find_parts(base)))
        yield self._meet(unknown, Closeness.SOUND, lambda base: _sure(bases.find_sounding(base)))
        yield self._meet(unknown, Closeness.SLIP, lambda base: _sure(bases.find_slipped(base)))

    def _find_base(self, base: str) -> list[tuple[int, bool]]:
        found = self._bases.find(base)
        return [] if found is None else [(found, True)]

    def _meet(
        self,
        readings: Iterable[Reading],
        closeness: Closeness,
        find_bases: Callable[[str], list[tuple[int, bool]]],
        *,
        begun: bool = False,
    ) -> list[NameMatch]:
        """Matches of the first reading of an address whose base is met and has the number typed, without doubt if one is."""
        doubtful: list[NameMatch] = []
        for reading in readings:
            found: dict[int, bool] = {}
            further: list[int] = []
            for base, is_full in find_bases(reading.base):
                for name in self._list_numbered(base, reading.number, begun=begun):
                    found[name] = found.get(name, False) or is_full
                if reading.others and is_full:
                    further += self._list_further(base, reading)
            doubt = self._doubt(reading, found, further)
            if doubt and doubtful:
                continue
            if doubt is Doubt.RANGE:
                found |= {name: True for name in further if name not in found}
            if found:
                ordered = sorted(found, key=lambda name: (not found[name], self._ranks[name]))
                matches = self._make(ordered, closeness, reading, doubt)
                matches.sort(key=lambda match: bool(match.other_area))
                if not doubt:
                    return matches
                doubtful = matches
        return doubtful

    def _doubt(self, reading: Reading, found: Iterable[int], further: list[int]) -> Doubt:
        """What is left in doubt when a reading's base and number are met.

        1-2 is the second unit of a compound's building 1 where there is no building 2; the house 1 of a
        street has no units that are numbered so.
        """
        if reading.others and not reading.may_be_unit:
            return Doubt.RANGE
        if reading.others and (further or any(self._names[one].normalised.endswith("号") for one in found)):
            return Doubt.RANGE
        if reading.is_first_phase and self._bases.find(reading.base + "2期") is None:
            return Doubt.PHASE
        return Doubt.NONE

    def _list_further(self, base: int, reading: Reading) -> list[int]:
        """The names that a reading's further numbers may mean: 1-2 may be 2, 1号附2号 and 1号之2."""
        names: list[int] = []
        for number in reading.others:
            if len(reading.others) > 1 or natural_order(reading.number) < natural_order(number):
                names += self._list_numbered(base, number, begun=False)
        if len(reading.others) == 1:
            house = self._bases.spelled[base] + reading.number.removesuffix("栋").removesuffix("号") + "号"
            inner = reading.others[0].removesuffix("栋").removesuffix("号")
            for text, number in ((f"{house}附", f"{inner}号"), (f"{house}之{inner}", "")):
                attached = self._bases.find(text)
                names += [] if attached is None else self._list_numbered(attached, number, begun=False)
        return names

    def _list_numbered(self, base: int, number: str, *, begun: bool) -> list[int]:
        """The names of a base with a number; one without 栋 or 号 may have either, and 号 may be 栋."""
        numbers = self._numbers[base]
        if begun and not number:
            return [name for names in numbers.values() for name in names]
        wanted: tuple[str, ...]
        if number.endswith("号"):
            wanted = (number, number[:-1] + BUILDING_SUFFIX)
        elif not number or number.endswith(BUILDING_SUFFIX):
            wanted = (number,)
        else:
            wanted = (number + BUILDING_SUFFIX, number + "号")
        return next((numbers[form] for form in wanted if form in numbers), [])

    def _make(
        self,
        names: Iterable[int],
        closeness: Closeness,
        reading: Reading | None = None,
        doubt: Doubt = Doubt.NONE,
    ) -> list[NameMatch]:
        """Matches in the order of names, each entry once."""
        made: dict[int, NameMatch] = {}
        for name in names:
            known = self._names[name]
            if known.entry in made:
                continue
            entry = self.entries[known.entry]
            if reading is None:
                made[known.entry] = NameMatch(entry, closeness, known.by, known.text)
                continue
            community = write_digits(normalise_name(entry.where.partition(" ")[0]))
            others = [area for area in reading.areas if area in self._community_names and area != community]
            made[known.entry] = NameMatch(
                entry,
                closeness,
                known.by,
                known.text,
                reading.unit,
                reading.room,
                others[0] if others and entry.where else "",
                reading.unread,
                doubt,
            )
        return list(made.values())

    def _list_equal(self, text: str) -> list[NameMatch]:
        low = bisect_left(self._names, text, key=_read_normalised)
        high = bisect_right(self._names, text, key=_read_normalised)
        return self._make(sorted(range(low, high), key=self._ranks.__getitem__), Closeness.EXACT)

    def _list_begun(self, text: str) -> list[int]:
        if not text:
            return []
        low = bisect_left(self._names, text, key=_read_normalised)
        high = bisect_left(self._names, text + "\U0010ffff", key=_read_normalised)
        names = (name for name in range(low, high) if self._names[name].by is not NameKind.KEY)
        return sorted(names, key=self._ranks.__getitem__)

    def _list_inner(self, text: str) -> list[int]:
        if len(text) < SHORTEST_INNER_QUERY or text.isdecimal():  # 77 alone is no name, and in many numbers
            return []
        page, starts, owners = self._page
        found: list[int] = []
        place = page.find(text)
        while place >= 0 and len(found) < MOST_INNER:
            line = bisect_right(starts, place) - 1
            found.append(owners[line])
            place = page.find(text, starts[line + 1])
        return sorted(found, key=self._ranks.__getitem__)

    # --- what is made once ---------------------------------------------------------------------

    @cached_property
    def _page(self) -> tuple[str, list[int], list[int]]:
        """All names but keys, a line each; where each line begins; the name that it is."""
        owners = [i for i, known in enumerate(self._names) if known.by is not NameKind.KEY]
        lines = [self._names[i].normalised + "\n" for i in owners]
        return "".join(lines), list(accumulate(map(len, lines), initial=0)), owners

    @cached_property
    @collector_paused()
    def _grouped(self) -> tuple[Bases, tuple[dict[str, list[int]], ...]]:
        spelled: dict[str, str] = {}
        numbers: dict[str, dict[str, list[int]]] = {}
        given: dict[str, tuple[str, ...]] = {}
        signs_of: dict[str, str] = {}
        for i, known in enumerate(self._names):
            if known.by is NameKind.KEY:
                continue
            base, number = split_number(known.normalised)
            signs = signs_of.get(base) or signs_of.setdefault(base, mark_numbers(base))
            spelled.setdefault(signs, base)
            numbers.setdefault(signs, {}).setdefault(
                number if number[:-1].isdecimal() else write_digits(number), []
            ).append(i)
            if known.normalised in self._readings:
                given[signs] = self._readings[known.normalised]
        ordered = sorted(spelled)
        bases = Bases(
            tuple(ordered),
            tuple(spelled[signs] for signs in ordered),
            {i: given[signs] for i, signs in enumerate(ordered) if signs in given},
        )
        return bases, tuple(numbers[signs] for signs in ordered)

    @property
    def _bases(self) -> Bases:
        return self._grouped[0]

    @property
    def _numbers(self) -> tuple[dict[str, list[int]], ...]:
        """For each base: number -> names."""
        return self._grouped[1]

    @cached_property
    def _area_names(self) -> frozenset[str]:
        """Names of areas that may stand in an address, as `read_address` compares them."""
        return frozenset(
            write_digits(normalise_name(entry.name)) for entry in self.entries if entry.kind in AREA_LAYERS
        )

    @cached_property
    def _community_names(self) -> frozenset[str]:
        return frozenset(
            write_digits(normalise_name(entry.name)) for entry in self.entries if entry.kind == "community"
        )


def _mark_cut(matches: list[NameMatch], typed: str) -> list[NameMatch]:
    """Matches with the doubt of those whose name goes on with the number that the text ends or begins with."""
    if not matches or matches[0].closeness not in (Closeness.PREFIX, Closeness.INNER):
        return matches
    text = normalise_name(typed)
    return [
        replace(one, doubt=Doubt.CUT) if _cuts_number(text, normalise_name(one.text)) else one
        for one in matches
    ]


def _cuts_number(text: str, name: str) -> bool:
    start = name.find(text)
    if start < 0:
        return False
    before, after = name[start - 1 : start], name[start + len(text) : start + len(text) + 1]
    return (text[0].isdigit() and before.isdigit()) or (text[-1].isdigit() and after.isdigit())


def _sure(bases: list[int]) -> list[tuple[int, bool]]:
    return [(base, True) for base in bases]


def _read_normalised(known: _KnownName) -> str:
    return known.normalised


def _take_apart(text: str) -> set[str]:
    return set(text) | {text[i : i + 2] for i in range(len(text) - 1)}


# --- building it -------------------------------------------------------------------------------


@collector_paused()
def build_gazetteer(layers: Mapping[str, gpd.GeoDataFrame], aliases: pd.DataFrame | None = None) -> Gazetteer:
    """The gazetteer of a county's current features.

    Buildings are known by name, by compound and number (under every alias of the compound), by
    address and by id; a building that merely repeats its compound's name is not known by it, so
    that the compound's name means the compound. Doors of one centre are one entry.

    Parameters
    ----------
    layers
        Any of `GAZETTEER_LAYERS`, all in one CRS, with the columns of the schema; `county` gives the
        name that addresses begin with.
    aliases
        The table `alias`: further names of features by layer and key, and how they are read.

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
    names: list[_KnownName] = []
    for kind, frame in used.items():
        rows = _unite_doors(frame) if kind == "centre" else frame
        places = shapely.point_on_surface(rows.geometry.to_numpy())
        wheres = _describe_whereabouts(rows, places, used.get("community") if kind != "community" else None)
        points = _convert_places(places, rows)
        keys = read_texts(rows, "centre" if kind == "centre" else LAYERS[kind].key)
        for i, (key, known) in enumerate(zip(keys, _list_known(kind, rows, compound_names), strict=True)):
            if key is None:
                continue
            known += [(NameKind.ALIAS, text) for text in further.get((kind, key), ())]
            known.append((NameKind.KEY, key))
            names += {
                _KnownName(normalised, by, len(entries), text)
                for by, text in known
                if (normalised := normalise_name(text))
            }
            entries.append(Entry(kind, key, known[0][1], wheres[i], points[i]))
    ordered = sorted(names)
    return Gazetteer(
        tuple(entries),
        tuple(ordered),
        _rank_names(ordered, entries),
        _read_aloud(aliases),
        _name_county(layers),
    )


def _rank_names(names: list[_KnownName], entries: list[Entry]) -> tuple[int, ...]:
    """The place of each name among equally close ones: by its kind, its layer, its entry's name and key."""
    order = {kind: place for place, kind in enumerate(GAZETTEER_LAYERS)}
    of_entries = [
        (order[entry.kind], natural_order(normalise_name(entry.name)), entry.key) for entry in entries
    ]
    ordered = sorted(range(len(entries)), key=of_entries.__getitem__)
    places = {entry: place for place, entry in enumerate(ordered)}
    return tuple(known.by * len(entries) + places[known.entry] for known in names)


def _read_aloud(aliases: pd.DataFrame | None) -> dict[str, tuple[str, ...]]:
    """Normalised alias -> the readings that the table `alias` gives it."""
    readings: dict[str, tuple[str, ...]] = {}
    if aliases is not None:
        for alias, reading in zip(read_texts(aliases, "alias"), read_texts(aliases, "reading"), strict=True):
            if alias and reading:
                name = normalise_name(alias)
                readings[name] = (*readings.get(name, ()), reading)
    return readings


def _name_county(layers: Mapping[str, gpd.GeoDataFrame]) -> str | None:
    """The county's name, without a remark in brackets."""
    names = read_texts(layers["county"], "name") if "county" in layers else []
    return next((normalise_name(re.sub("[（(].*", "", name)) for name in names if name), None)


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
Objects = npt.NDArray[np.object_]


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


def _describe_whereabouts(
    frame: gpd.GeoDataFrame, places: Objects, communities: gpd.GeoDataFrame | None
) -> list[str]:
    """For every row the name of the community that holds a point on it, and its address, parted by a space."""
    addresses = read_texts(frame, "address")
    held: Iterable[str | None] = [None] * len(frame)
    if communities is not None:
        titles = dict(zip(read_texts(communities, "code"), read_texts(communities, "name"), strict=True))
        held = [titles.get(code) for code in assign_areas(places, communities)]
    return [" ".join(filter(None, pair)) for pair in zip(held, addresses, strict=True)]


def _convert_places(places: Objects, frame: gpd.GeoDataFrame) -> list[tuple[float, float] | None]:
    xy = np.column_stack([shapely.get_x(places), shapely.get_y(places)])
    lonlat = transform_points(xy, crs_name(require_crs(frame, "gazetteer")), WGS84)
    return [(lon, lat) if isfinite(lon + lat) else None for lon, lat in lonlat.tolist()]
