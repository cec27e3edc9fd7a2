"""Names, addresses and building numbers brought to one form, so that spellings of one place meet."""

from __future__ import annotations

import re
import unicodedata

from geogrid.responsibility.characters import TRADITIONAL

BUILDING_SUFFIX = "栋"
"""The form that 栋, 幢, 号楼, 座 and # take after a building's number."""

_DIGITS = {character: value for value, character in enumerate("零一二三四五六七八九")}
_DIGITS |= {"〇": 0, "两": 2} | {str(value): value for value in range(10)}
_UNITS = {"十": 10, "百": 100, "千": 1000}
_NUMERAL = f"[{''.join(_DIGITS)}{''.join(_UNITS)}]"
_LONGEST_NUMERAL = 9
"""Characters; a longer run of digits is no building number, and Python refuses to read very long ones."""

_DASHES = re.compile(r"[‐‑‒–—―−~]")
_LOST_BETWEEN_DIGITS = re.compile(rf"(?:(?<=\d)[\s,、.·/]+(?=\d))|(?:(?<={_NUMERAL})[,、/]+(?={_NUMERAL}))")
# A dash that parts two numbers is part of an address (3-1); any other punctuation is not.
_PUNCTUATION = re.compile(rf"(?<!{_NUMERAL})-|-(?!{_NUMERAL})|[^\w#-]|_")
_BEHIND_NUMBER = re.compile("[附之甲乙丙丁戊]")
_ATTACHED = re.compile(
    rf"(?:(?<=\d)号?|(?<={_NUMERAL})号)-?附第?({_NUMERAL}{{1,4}})(?:号(?!楼)|(?=$|[^栋幢座楼号#0-9]))"
)
_ONE_OF = re.compile(rf"(?:(?<=\d)号?|(?<={_NUMERAL})号)-?之({_NUMERAL}{{1,3}})(?:号(?!楼))?")
_STEM = re.compile("(?<=\\d)号?([甲乙丙丁戊])(?!单元|[栋幢座梯])(?:号(?!楼))?")
_NUMBERED = re.compile(
    rf"第*(?<!{_NUMERAL})({_NUMERAL}{{1,{_LONGEST_NUMERAL}}})(栋|幢|号楼|座|#楼?|单元|组|户|层)"
)
_LETTERED = re.compile(r"(?<![a-z])([a-z]\d*)(?:栋|幢|号楼|座|#楼?)")
_HASH_FIRST = re.compile(r"(?<![0-9a-z])#([0-9]+|[a-z]\d*)(?:楼|栋|幢|座)?")
_PLAIN = re.compile(
    "["
    + re.sub("[零一二三四五六七八九〇两十百千第幢座楼元]", "", "".join(map(chr, range(0x4E00, 0xA000))))
    + "]*"
    "(?:[1-9][0-9]{0,5}[号栋]?)?"
)
"""Texts that are in the one form already but for traditional characters, which most names in a county are."""
_CODE = re.compile(r"[A-Za-z0-9]+(?:(?<=[0-9])-(?=[0-9])[A-Za-z0-9]+)*")
_BUILDING_WORDS = ("栋", "幢", "号楼", "座", "#", "#楼")
_NUMBER_ALONE = re.compile(rf"(?:[0-9]+(?:-[0-9]+)*[a-z]?|[a-z][0-9]*){BUILDING_SUFFIX}?")
_TEXT_OR_NUMBER = re.compile(r"\d+|\D+")
_AFTER_NUMBERS = 1_000_000_000


def read_numeral(text: str) -> int | None:
    """The number that a Chinese numeral below ten thousand writes, or None when it is none.

    Digits written one by one (103, 一〇三) are taken too, as room numbers are.

    >>> [read_numeral(text) for text in ("三", "十", "十二", "二十", "一百零五", "一〇三", "两千", "十十")]
    [3, 10, 12, 20, 105, 103, 2000, None]
    """
    if not text or any(character not in _DIGITS and character not in _UNITS for character in text):
        return None
    if not any(character in _UNITS for character in text):
        return int("".join(str(_DIGITS[character]) for character in text))
    total, digit, last_unit = 0, None, 10_000
    for character in text:
        if character in _DIGITS:
            if digit:  # 三五十: two digits with no unit between them
                return None
            digit = _DIGITS[character]
            continue
        unit = _UNITS[character]
        if unit >= last_unit:
            return None
        total += (1 if digit is None else digit) * unit
        digit, last_unit = None, unit
    return total + (digit or 0)


def normalise_name(text: str) -> str:
    """The form of a name or an address in which its usual spellings are equal.

    Full-width characters become half-width, letters small and traditional characters simplified; spaces and punctuation go, save a
    dash between two numbers; 栋, 幢, 号楼, 座 and # after a number become 栋; Chinese numerals
    before 栋, 单元, 组, 户 and 层 become digits and leading zeros go. A numeral elsewhere stays
    (二七路, 三江花园), and so does 座 in a name (银座). A house's number with a further one is written
    in one way: 12号附1号, 8号之1, 1号甲.

    >>> {normalise_name(text) for text in
    ...  ("宜和佳苑3栋", "宜和佳苑 3 号楼", "宜和佳苑３幢", "宜和佳苑第三栋", "宜和佳苑·03#", "宜和佳苑#3")}
    {'宜和佳苑3栋'}
    >>> [normalise_name(text) for text in ("A座", "银座", "二七路 12 号", "三江花园十二幢", "解放街2-1号")]
    ['a栋', '银座', '二七路12号', '三江花园12栋', '解放街2-1号']
    >>> [normalise_name(text) for text in ("解放街12附1", "解放街12号附一号", "解放街8号之一", "解放街1甲号")]
    ['解放街12号附1号', '解放街12号附1号', '解放街8号之1', '解放街1号甲']
    """
    if _PLAIN.fullmatch(text):
        return text.translate(TRADITIONAL)
    if _CODE.fullmatch(text):
        return text.casefold()
    folded = unicodedata.normalize("NFKC", text).casefold().translate(TRADITIONAL)
    folded = _DASHES.sub("-", folded).strip()
    folded = re.sub(r"\s*-\s*", "-", folded)
    folded = _PUNCTUATION.sub("", _LOST_BETWEEN_DIGITS.sub("-", folded))
    if _BEHIND_NUMBER.search(folded):
        folded = _ATTACHED.sub(lambda match: f"号附{_write_value(match[1])}号", folded)
        folded = _ONE_OF.sub(lambda match: f"号之{_write_value(match[1])}", folded)
        folded = _STEM.sub(r"号\g<1>", folded)
    folded = _HASH_FIRST.sub(rf"\g<1>{BUILDING_SUFFIX}", folded) if "#" in folded else folded
    folded = _NUMBERED.sub(_write_numbered, folded)
    return _LETTERED.sub(rf"\g<1>{BUILDING_SUFFIX}", folded).replace("#", "")


def _write_value(digits: str) -> str:
    value = read_numeral(digits)
    return digits if value is None else str(value)


def _write_numbered(match: re.Match[str]) -> str:
    digits, suffix = match.groups()
    value = read_numeral(digits)
    if value is None:
        return match.group(0)
    return f"{value}{BUILDING_SUFFIX if suffix in _BUILDING_WORDS else suffix}"


def normalise_building_number(number: str) -> str:
    """A building's number within its compound, ending in 栋.

    >>> [normalise_building_number(text) for text in ("3", "03", "3号楼", "十二", "A", "b2 座", "3-1")]
    ['3栋', '3栋', '3栋', '12栋', 'a栋', 'b2栋', '3-1栋']
    """
    plain = normalise_name(number)
    return plain if plain.endswith(BUILDING_SUFFIX) else normalise_name(plain + BUILDING_SUFFIX)


def is_building_number(name: str) -> bool:
    """Whether a name is a building's number and nothing more, so that it needs its compound's name.

    >>> [is_building_number(text) for text in ("3号楼", "A座", "12", "十二幢", "宜和佳苑3栋", "政和一中")]
    [True, True, True, True, False, False]
    """
    return bool(_NUMBER_ALONE.fullmatch(normalise_name(name)))


def natural_order(text: str) -> tuple[tuple[int, str], ...]:
    """A sort key under which numbers inside names count as numbers: 2栋 comes before 10栋.

    >>> sorted(["10栋", "2栋", "a栋"], key=natural_order)
    ['2栋', '10栋', 'a栋']
    """
    # A longer number is the larger one: compared as text, so that no length is too great.
    return tuple(
        (len(part.lstrip("0")), part.lstrip("0")) if part[0].isdecimal() else (_AFTER_NUMBERS, part)
        for part in _TEXT_OR_NUMBER.findall(text)
    )
