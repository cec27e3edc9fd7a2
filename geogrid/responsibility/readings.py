"""How names are read aloud: pinyin without tones, one reading a character, local readings first."""

from __future__ import annotations

import csv
import re
from functools import cache, lru_cache
from importlib import resources

READINGS_FILE = "readings.csv"
_HAN = re.compile("[㐀-鿿豈-﫿\U00020000-\U0003ffff]")
_FOLDED = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("ng", "n"))
MOST_VARIANTS = 4
"""Readings kept of one name whose characters have several local ones."""


@cache
def read_overrides() -> dict[str, tuple[tuple[str, ...], ...]]:
    """The table `readings.csv`: characters or words -> their readings, each a syllable a character.

    It names what place names read otherwise than a dictionary's first reading: 长垅 is changlong and
    幢 zhuang. A word's reading comes before its characters'.
    """
    text = resources.files("geogrid.responsibility").joinpath(READINGS_FILE).read_text(encoding="utf-8")
    table: dict[str, tuple[tuple[str, ...], ...]] = {}
    for row in csv.DictReader(text.splitlines()):
        table[row["text"]] = (*table.get(row["text"], ()), tuple(row["reading"].split()))
    return table


@cache
def _longest_override() -> int:
    return max(map(len, read_overrides()))


@lru_cache(maxsize=30_000)
def read_character(character: str) -> str:
    """The usual reading of one character in names; the character itself when it has none.

    >>> [read_character(character) for character in "宜垅长幢3a"]
    ['yi', 'long', 'chang', 'zhuang', '3', 'a']
    """
    if character in read_overrides():
        return read_overrides()[character][0][0]
    if not _HAN.match(character):
        return character
    from pypinyin import lazy_pinyin  # loads its dictionaries: only who reads names pays for them

    reading = lazy_pinyin(character)[0]
    return reading if reading.isascii() else character


def read_name(text: str) -> list[tuple[str, ...]]:
    """The readings of a name, each with one syllable for each of its characters; the usual one first.

    >>> read_name("长垅")
    [('chang', 'long')]
    >>> [" ".join(reading) for reading in read_name("青石弄")]
    ['qing shi long', 'qing shi nong']
    """
    overrides, longest = read_overrides(), _longest_override()
    readings: list[tuple[str, ...]] = [()]
    i = 0
    while i < len(text):
        for length in range(min(longest, len(text) - i), 0, -1):
            known = overrides.get(text[i : i + length])
            if known:
                readings = [head + tail for tail in known for head in readings][:MOST_VARIANTS]
                i += length
                break
        else:
            syllable = read_character(text[i])
            readings = [(*reading, syllable) for reading in readings]
            i += 1
    return readings


@lru_cache(maxsize=5_000)
def fold_syllable(syllable: str) -> str:
    """A syllable as many speakers of the south hear it: no retroflex, no final g, n and l as one.

    >>> [fold_syllable(syllable) for syllable in ("sheng", "sen", "lan", "nan")]
    ['sen', 'sen', 'lan', 'lan']
    """
    for wide, narrow in _FOLDED:
        syllable = syllable.replace(wide, narrow)
    return "l" + syllable[1:] if syllable[:1] == "n" else syllable
