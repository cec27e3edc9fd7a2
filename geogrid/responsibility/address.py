"""A typed address taken apart: what names the place, the number of the house or building, unit, floor and room."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from geogrid.responsibility.names import normalise_name, read_numeral

LONGEST_READ = 80
"""Characters of a normalised text that are taken apart; what is longer is looked up as it stands."""

_FIRST_NUMBER, _LAST_NUMBER = 0xF0000, 0x10FFFD
FIRST_PHASE = "1期"
"""How a first phase is named, which often stands on no wall: its compound was built before there was a second."""
LONGEST_UNIT = 2
"""Digits of a unit's number; what is longer behind a building's number is a room."""
_ZONED = re.compile(r"(?P<zone>[a-z])(?P<number>\d+栋)")
_ZONE_BEHIND = re.compile("(?<![a-z])[a-z]$")
_DIGIT = "[0-9零〇一二三四五六七八九十百千两]"
NUMERAL_RUN = re.compile(rf"第?(?<!{_DIGIT})({_DIGIT}{{1,9}})(?!{_DIGIT})")
_SHORT_NUMBER = re.compile(r"(?<!\d)\d{1,5}(?!\d)")
_LATIN_SUFFIXES = (
    (re.compile(r"(?<=\d)(?:haolou|hl|dong|zhuang|zuo|d(?!y|an)|z)(?=\d|$)"), "栋"),
    (re.compile(r"(?<=\d)(?:danyuan|dy)(?=\d|$)"), "单元"),
    (re.compile(r"(?<=\d)(?:hao|h)(?=\d|$)"), "号"),
    (re.compile(r"(?<=\d)(?:shi|s)(?=\d|$)"), "室"),
)
_NUMBER = r"\d+(?:-\d+)*[a-z]?|(?<![a-z])[a-z]\d*"
_PIECE = re.compile(
    r"(?P<unit>\d{1,3}(?:单元|门|梯)|[a-z甲乙丙丁东西南北中]单元)"
    rf"|(?P<building>(?:{_NUMBER})栋)楼?"
    r"|(?P<floor>\d{1,3}[层楼](?!房))"
    r"|(?P<room>\d{1,5}[a-z]?(?:室|房|户))"
    r"|(?P<house>\d+(?:-\d+)*[a-z]?号(?!大?院|[附之]|[甲乙丙丁戊](?!单元)))"
    r"|(?P<bare>(?<=[栋元层门号])\d{2,5}$)"
)
_LAST_NUMBER_ALONE = re.compile(r"^(?P<base>.*?[^\d-])-?(?P<number>\d+(?:-\d+)*)$")
_REGION = re.compile(
    r"^(?:[㐀-鿿]{2,7}?省)?(?:[㐀-鿿]{2,7}?市)?(?P<county>[㐀-鿿]{1,6}?县)?"
    r"(?P<town>城关镇?|[㐀-鿿]{2,4}?(?:街道(?:办事处)?|镇|乡))?"
)


@dataclass(frozen=True)
class Reading:
    """One way to read an address.

    Attributes
    ----------
    base
        What is left as the name of a street, a compound or a place, its numbers as digits.
    number
        The house's or building's number, with 号 or 栋 where one was typed; empty when there is none.
    unit, room
        The unit and the room inside the building; None when not typed.
    areas
        Names of communities or other areas typed beside the place.
    unread
        A town that was typed and is not known to the gazetteer; nothing was compared with it.
    others
        Further numbers that were typed with it (1-2栋, 1、2栋, 8-1号): any of them may be meant.
    may_be_unit
        A single further number may be the building's unit as well (1-2).
    is_first_phase
        一期 was typed behind the name and left out of it.
    """

    base: str
    number: str = ""
    unit: str | None = None
    room: str | None = None
    areas: tuple[str, ...] = ()
    unread: str = ""
    others: tuple[str, ...] = ()
    may_be_unit: bool = False
    is_first_phase: bool = False


def write_digits(text: str) -> str:
    """A normalised text with its Chinese numerals as digits, without 第 and leading zeros.

    >>> [write_digits(text) for text in ("幸福一路十二号", "第01网格", "一六一号", "议事点二")]
    ['幸福1路12号', '1网格', '161号', '议事点2']
    """
    return NUMERAL_RUN.sub(_write_number, text)


def _write_number(match: re.Match[str]) -> str:
    value = read_numeral(match.group(1))
    return match.group(0) if value is None else str(value)


def mark_numbers(text: str) -> str:
    """A name as a row of signs, each number one sign of its own, so that 1 is no part of 12.

    >>> len(mark_numbers("东门社区第01网格")), mark_numbers("幸福一路") == mark_numbers("幸福1路")
    (7, True)
    >>> mark_numbers("1路") in mark_numbers("11路")
    False
    """
    return _SHORT_NUMBER.sub(_mark_number, write_digits(text))


def _mark_number(match: re.Match[str]) -> str:
    return chr(_FIRST_NUMBER + int(match.group(0)))


def is_number_mark(sign: str) -> bool:
    """Whether a sign of a marked name stands for a number."""
    return _FIRST_NUMBER <= ord(sign) <= _LAST_NUMBER


def read_address(typed: str, county: str | None = None, areas: frozenset[str] = frozenset()) -> list[Reading]:
    """The ways in which a typed text can be read as an address, the most literal first.

    A text is read whole; without its number, unit and room, which may stand anywhere; and each of
    these again without the names of regions and areas at its beginning and end. A province or a city
    is passed over only in front of the county or a town of it, so that another city's street is not
    taken for one of here.

    Parameters
    ----------
    typed
        As typed.
    county
        The county's name, with its last character 县; None when it is unknown.
    areas
        Normalised names of the county's areas, with digits.

    Examples
    --------
    >>> one = read_address("宜和佳苑3幢2单元501室")[-1]
    >>> one.base, one.number, one.unit, one.room
    ('宜和佳苑', '3栋', '2', '501')
    >>> one = read_address("政和县宜和社区 12号解放街", "政和县", frozenset({"宜和社区"}))[-1]
    >>> one.base, one.number, one.areas
    ('解放街', '12号', ('宜和社区',))
    >>> one = read_address("宜和佳苑1-2栋")[-1]
    >>> one.base, one.number, one.others
    ('宜和佳苑', '1栋', ('2栋',))
    """
    text = write_digits(normalise_name(typed))
    if not 0 < len(text) <= LONGEST_READ:
        return []
    for pattern, suffix in _LATIN_SUFFIXES:
        text = pattern.sub(suffix, text)
    words = tuple(write_digits(normalise_name(word)) for word in re.split(r"[\s,，、;；]+", typed))
    readings: dict[Reading, None] = {}
    for reading in _take_numbers(text, words):
        readings[reading] = None
        for passed in _pass_regions(reading, county, areas):
            readings[passed] = None
    for reading in list(readings):
        if reading.base.endswith(FIRST_PHASE) and len(reading.base) > len(FIRST_PHASE) + 1:
            base = reading.base.removesuffix(FIRST_PHASE)
            readings[replace(reading, base=base, is_first_phase=True)] = None
    return list(readings)


def _take_numbers(text: str, words: tuple[str, ...]) -> Iterator[Reading]:
    yield Reading(text)
    if 1 < len(words) <= 3:
        yield Reading("".join(reversed(words)))
    pieces: dict[str, str] = {}
    several: dict[str, list[str]] = {"house": [], "building": []}
    segments: list[str] = []
    end = 0
    for match in _PIECE.finditer(text):
        kind = str(match.lastgroup)
        if kind == "house" and "building" in pieces:
            kind = "room"
        elif kind == "building" and "house" in pieces:  # 古井路1号宜和佳苑3栋: the street only leads there
            segments = []
        elif kind == "bare":
            kind = "room"
        pieces[kind] = match.group(0)
        if kind in several:
            several[kind].append(match.group(0).removesuffix("楼"))
        segments.append(text[end : match.start()])
        end = match.end()
    segments.append(text[end:])
    base = "".join(segment.strip("-") for segment in segments)
    number = pieces.get("building", pieces.get("house", ""))
    number = number.removesuffix("楼")
    listed = list(dict.fromkeys(several["building" if "building" in pieces else "house"]))
    unit, room = _strip(pieces.get("unit")), _strip(pieces.get("room"))
    if not base:
        return
    if len(listed) > 1:
        yield Reading(base, listed[0], unit, room, others=tuple(listed[1:]))
        return
    if number or unit or room or "floor" in pieces:
        yield from _split_number(base, number, unit, room)
    last = _LAST_NUMBER_ALONE.match(base)
    if last and not number:
        yield from _split_number(last["base"], last["number"], unit, room)
        if _ZONE_BEHIND.search(last["base"]):
            yield from _split_number(last["base"] + "区", last["number"], unit, room)


def _split_number(base: str, number: str, unit: str | None, room: str | None) -> Iterator[Reading]:
    """3-2-501 as a number of its own, then as building, unit and room, or as several numbers; b2栋 as 2栋 of b区."""
    yield Reading(base, number, unit, room)
    zoned = _ZONED.fullmatch(number)
    if zoned:
        yield Reading(f"{base}{zoned['zone']}区", zoned["number"], unit, room)
    suffix = number[-1:] if number[-1:] in ("栋", "号") else ""
    first, *rest = number.removesuffix(suffix).split("-")
    others = tuple(part + suffix for part in rest)
    if not rest:
        return
    is_room = len(rest[-1]) > LONGEST_UNIT
    if len(rest) == 1 and room is None and not suffix:
        if is_room or unit:
            yield Reading(base, first, unit, rest[0])
        else:
            yield Reading(base, first, rest[0], others=others, may_be_unit=True)
    elif len(rest) == 1 and room is None and is_room:
        yield Reading(base, first + "栋", unit, rest[0])
    elif len(rest) == 2 and unit is None and (is_room or not suffix):
        yield Reading(base, first, rest[0], rest[1])
    if suffix or len(rest) > 2:
        yield Reading(base, first + suffix, unit, room, others=others)


def _strip(piece: str | None) -> str | None:
    return re.sub("(单元|[门梯室房户号])$", "", piece) if piece else None


def _pass_regions(reading: Reading, county: str | None, areas: frozenset[str]) -> Iterator[Reading]:
    """The reading without the regions in front of it and the areas around it, each step for itself."""
    base, passed, unread = reading.base, reading.areas, reading.unread
    plain = county and county.removesuffix("县")
    for _ in range(8):  # each step makes the text shorter; nobody types more regions than that
        found = None
        match = _REGION.match(base)
        if county and base.endswith(county):
            rest = base.removesuffix(county)
        elif match and match.end() and (match["county"] or match["town"]):
            if match["county"] and county and match["county"] != county:
                return
            rest, unread = base[match.end() :], match["town"] or unread
        elif county and base.startswith(county):
            rest = base.removeprefix(county)
        elif plain and len(plain) > 1 and base.startswith(plain) and len(base) > len(plain) + 2:
            rest = base.removeprefix(plain)
        else:
            town = re.search("[㐀-鿿]{2}(?:街道|镇|乡)$", base)
            if town:
                rest, unread = base[: town.start()], town.group(0)
            else:
                found = _find_area(base, areas)
                if found is None:
                    return
                rest = base.removeprefix(found) if base.startswith(found) else base.removesuffix(found)
                passed = (*passed, found)
        if not rest:
            return
        base = rest
        yield Reading(base, reading.number, reading.unit, reading.room, passed, unread)


def _find_area(base: str, areas: frozenset[str]) -> str | None:
    """The longest name of an area at the beginning or the end of a text that is more than it."""
    for length in range(min(len(base) - 1, 12), 2, -1):
        for part in (base[:length], base[-length:]):
            if part in areas:
                return part
    return None
