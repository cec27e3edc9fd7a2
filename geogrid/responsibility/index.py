"""The bases of names (a street, a compound, a place, without a house's number) and the ways to meet one."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from geogrid.responsibility.address import NUMERAL_RUN, is_number_mark, mark_numbers
from geogrid.responsibility.readings import fold_syllable, read_character, read_name
from geogrid.responsibility.slips import SHORTEST_PINYIN, find_slip, is_forgiven

LONGEST_BASE = 32
"""Signs of a name that is met by sound, by its parts or with a slip; a longer one must be typed as it is."""
LONGEST_PINYIN = 48
FEWEST_SOUNDED = 3
"""Characters of a name that is met by its sound alone: two sound like too many others."""
SHORTEST_RUN = 2
MOST_RUNS = 3
FEWEST_BEGUN = 3
"""Letters that a beginning in pinyin must have."""
MOST_SLIPPED = 5
"""Names that a text with a slip may be; when it may be more, it is none."""

_NUMBERED_NAME = re.compile(r"(?P<base>.*[^\d-])(?P<number>(?:\d+(?:-\d+)*[a-z]?|(?<![a-z])[a-z]\d*)[栋号])")
_LETTER = re.compile("[a-z]")

Uint64 = npt.NDArray[np.uint64]


def split_number(normalised: str) -> tuple[str, str]:
    """A normalised name parted into its base and the number of a house or building at its end.

    >>> split_number("宜和佳苑3栋"), split_number("解放街2-1号"), split_number("幸福一路")
    (('宜和佳苑', '3栋'), ('解放街', '2-1号'), ('幸福一路', ''))
    """
    match = _NUMBERED_NAME.fullmatch(normalised)
    return (match["base"], match["number"]) if match else (normalised, "")


@dataclass(frozen=True)
class Bases:
    """All bases of a county's names, sorted by their signs.

    Attributes
    ----------
    signs
        The bases as `mark_numbers` writes them, sorted, each once.
    spelled
        A normalised spelling of each, for its readings.
    readings
        Position in `signs` -> further readings that the alias table gives.
    """

    signs: tuple[str, ...]
    spelled: tuple[str, ...]
    readings: Mapping[int, tuple[str, ...]]

    def find(self, base: str) -> int | None:
        """The position of a base that is spelled so."""
        signs = mark_numbers(base)
        i = bisect_left(self.signs, signs)
        return i if i < len(self.signs) and self.signs[i] == signs else None

    # --- by parts ------------------------------------------------------------------------------

    def find_parts(self, base: str) -> list[int]:
        """Bases that begin as the text does and hold all of it in order, in few runs of two signs or more.

        宜和党群服务中心 is 宜和社区党群服务中心 without a part; a single character found somewhere is no part.
        """
        signs = mark_numbers(base)
        if not SHORTEST_RUN <= len(signs) <= LONGEST_BASE:
            return []
        low = bisect_left(self.signs, signs[:SHORTEST_RUN])
        found = []
        for i in range(low, len(self.signs)):
            if not self.signs[i].startswith(signs[:SHORTEST_RUN]):
                break
            if len(self.signs[i]) <= LONGEST_BASE and _holds(self.signs[i], signs, MOST_RUNS):
                found.append(i)
        return found

    # --- by reading ----------------------------------------------------------------------------

    @cached_property
    def _spoken(self) -> tuple[tuple[int, tuple[tuple[str, str], ...]], ...]:
        """(base, its (sign, syllable) pairs), once for each reading."""
        spoken: list[tuple[int, tuple[tuple[str, str], ...]]] = []
        for i, text in enumerate(self.spelled):
            if len(text) > LONGEST_BASE:
                continue
            variants = [_pair(text, reading) for reading in read_name(text)]
            for further in self.readings.get(i, ()):
                syllables = tuple(further.casefold().split())
                same = len(syllables) == len(self.signs[i])
                variants.insert(
                    0, tuple(zip(self.signs[i] if same else "_" * len(syllables), syllables, strict=True))
                )
            spoken += [(i, pairs) for pairs in dict.fromkeys(variants)]
        return tuple(spoken)

    @cached_property
    def _pages(self) -> dict[str, tuple[str, list[int], list[int], list[int]]]:
        """First letter -> all its lines as one text, where each begins, its base, its number of letters.

        A line is 宜yi 和he 佳jia 苑yuan: one regular expression over the page meets all spellings in
        pinyin, letters and characters.
        """
        lines: dict[str, list[tuple[int, str, int]]] = {}
        for i, pairs in self._spoken:
            line = "\n" + "".join(f"{sign}{syllable} " for sign, syllable in pairs)
            n_letters = sum(len(syllable) for _, syllable in pairs)
            lines.setdefault(pairs[0][1][:1] or pairs[0][0], []).append((i, line, n_letters))
        pages = {}
        for letter, page in lines.items():
            starts = np.cumsum([0, *(len(line) for _, line, _ in page)])[:-1].tolist()
            text = "".join(line for _, line, _ in page) + "\n"
            pages[letter] = (text, starts, [i for i, _, _ in page], [n for _, _, n in page])
        return pages

    def find_spoken(self, base: str, *, begun: bool) -> list[tuple[int, bool]]:
        """Bases that a text with Latin letters writes in pinyin, initials, characters or a mixture.

        Parameters
        ----------
        begun
            Take bases that only begin so, in place of those that end with the text.

        Returns
        -------
        (position, whether every letter was typed)
        """
        signs = mark_numbers(base)
        n_letters = len(_LETTER.findall(signs))
        if not n_letters or len(signs) > LONGEST_PINYIN or (begun and len(signs) < FEWEST_BEGUN):
            return []
        first = signs[0] if _LETTER.match(signs[0]) else read_character(signs[0])[:1]
        if first not in self._pages:
            return []
        text, starts, bases, letters = self._pages[first]
        found: dict[int, bool] = {}
        for match in re.finditer(_write_pattern(signs, begun=begun), text):
            line = bisect_right(starts, match.start()) - 1
            i = bases[line]
            found[i] = found.get(i, False) or n_letters >= letters[line]
        return list(found.items())

    @cached_property
    def _sounds(self) -> dict[str, list[int]]:
        """The sound of whole bases -> bases."""
        sounds: dict[str, list[int]] = {}
        for i, pairs in self._spoken:
            if len(pairs) >= FEWEST_SOUNDED:
                sounds.setdefault(_write_sound(pairs), []).append(i)
        return sounds

    def find_sounding(self, base: str) -> list[int]:
        """Bases that sound as a text in characters does, at most half of them other characters."""
        signs = mark_numbers(base)
        if not FEWEST_SOUNDED <= len(signs) <= LONGEST_BASE:
            return []
        found: dict[int, None] = {}
        for reading in read_name(base):
            for i in self._sounds.get(_write_sound(_pair(base, reading)), ()):
                same = sum(one == other for one, other in zip(self.signs[i], signs, strict=False))
                if 2 * same >= len(signs) and len(self.signs[i]) == len(signs):
                    found[i] = None
        return list(found)

    # --- with a slip ---------------------------------------------------------------------------

    @cached_property
    def _sets(self) -> tuple[Uint64, npt.NDArray[np.int64]]:
        return _gather(self.signs)

    @cached_property
    def _pinyin(self) -> tuple[list[int], list[str], Uint64, npt.NDArray[np.int64]]:
        rows = [
            (i, "".join(syllable for _, syllable in pairs))
            for i, pairs in self._spoken
            if len(pairs) >= FEWEST_SOUNDED
        ]
        texts = [text for _, text in rows]
        return [i for i, _ in rows], texts, *_gather(texts)

    def find_slipped(self, base: str) -> list[int]:
        """Bases that a text is but for one slip that `slips` forgives; none when there are too many."""
        if _LETTER.search(base):
            if not base.isascii() or not SHORTEST_PINYIN <= len(base) <= LONGEST_PINYIN:
                return []
            owners, texts, sets, lengths = self._pinyin
            near = _find_near(base, sets, lengths)
            found = {
                owners[k]
                for k in near
                if len(texts[k]) >= SHORTEST_PINYIN and find_slip(base, texts[k]) is not None
            }
        else:
            signs = mark_numbers(base)
            if len(signs) > LONGEST_BASE:
                return []
            near = _find_near(signs, *self._sets)
            found = {int(k) for k in near if is_forgiven(signs, self.signs[k])}
        return sorted(found) if len(found) <= MOST_SLIPPED else []

    # --- alike ---------------------------------------------------------------------------------

    def list_alike(self, base: str, limit: int) -> list[int]:
        """The bases with most signs in common with a text, for a closer look."""
        signs = mark_numbers(base)[:LONGEST_BASE]
        sets, lengths = self._sets
        common = np.bitwise_count(sets & _gather([signs])[0][0]).astype(float)
        score = 2 * common / (np.minimum(lengths, LONGEST_BASE) + len(signs))
        score[common == 0] = 0
        best = np.argsort(-score, kind="stable")[:limit]
        return [int(i) for i in best if score[i] > 0]


def _holds(name: str, parts: str, most_runs: int) -> bool:
    """Whether a name begins as the parts do and holds the rest of them in order."""
    for length in range(len(parts), SHORTEST_RUN - 1, -1):
        if name.startswith(parts[:length]):
            return _holds_rest(name[length:], parts[length:], most_runs - 1)
    return False


def _holds_rest(name: str, parts: str, runs: int) -> bool:
    if not parts:
        return True
    for length in range(len(parts), SHORTEST_RUN - 1, -1) if runs else ():
        place = name.find(parts[:length])
        if place >= 0 and _holds_rest(name[place + length :], parts[length:], runs - 1):
            return True
    return False


def _pair(text: str, reading: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """(sign, syllable) for each sign of a name; a number of several characters is one sign."""
    syllables = list(reading)
    pairs: list[tuple[str, str]] = []
    end = 0
    for match in NUMERAL_RUN.finditer(text):
        pairs += zip(text[end : match.start()], syllables[end : match.start()], strict=True)
        spoken = "".join(s for s in syllables[match.start(1) : match.end()] if not s.isdecimal())
        pairs += [(sign, spoken if k == 0 else "") for k, sign in enumerate(mark_numbers(match.group(0)))]
        end = match.end()
    pairs += zip(text[end:], syllables[end:], strict=True)
    return tuple((sign, syllable if syllable.isascii() else "") for sign, syllable in pairs)


def _write_sound(pairs: Iterable[tuple[str, str]]) -> str:
    return " ".join(
        sign if sign.isascii() or is_number_mark(sign) else fold_syllable(syllable) or sign
        for sign, syllable in pairs
    )


def _write_pattern(signs: str, *, begun: bool) -> str:
    """The regular expression for a line of `Bases._pages`: a letter goes on in its syllable or begins the next."""
    pattern, in_syllable = ["\n"], False
    for sign in signs:
        if _LETTER.match(sign):
            pattern.append(f"(?:[a-z]* .)?{sign}" if in_syllable else f".{sign}")
            in_syllable = True
        else:
            pattern.append(("[a-z]* " if in_syllable else "") + re.escape(sign) + "[a-z]* ")
            in_syllable = False
    if not begun:
        pattern.append("[a-z]* \n" if in_syllable else "\n")
        pattern[-1] = pattern[-1].replace("\n", "(?=\n)")
    return "".join(pattern)


def _gather(texts: Iterable[str]) -> tuple[Uint64, npt.NDArray[np.int64]]:
    """Texts as sets of 64 kinds of characters, one bit each, and their lengths."""
    listed = list(texts)
    sets = np.zeros(len(listed), np.uint64)
    lengths = np.array([len(text) for text in listed], np.int64)
    if not listed:
        return sets, lengths
    codes = np.frombuffer(
        "".join(text[:LONGEST_BASE] for text in listed).encode("utf-32-le", "surrogatepass"), np.uint32
    )
    owners = np.repeat(np.arange(len(listed)), np.minimum(lengths, LONGEST_BASE))
    np.bitwise_or.at(
        sets,
        owners,
        np.uint64(1) << (codes.astype(np.uint64) * np.uint64(2654435761) >> np.uint64(16)) % np.uint64(64),
    )
    return sets, lengths


def _find_near(text: str, sets: Uint64, lengths: npt.NDArray[np.int64]) -> npt.NDArray[np.intp]:
    """Positions of texts that may be one slip away: at most two kinds of characters differ."""
    (wanted,), _ = _gather([text])
    return np.flatnonzero((np.bitwise_count(sets ^ wanted) <= 2) & (np.abs(lengths - len(text)) <= 1))
