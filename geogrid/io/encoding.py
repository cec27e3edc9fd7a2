"""Which encoding a Chinese file is in: UTF-8 where it can be, else GB18030; never a silent third."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable

_GB_NAMES = {"gbk", "gb2312", "936", "cp936", "gb18030", "54936", "ansi936", "hz-gb-2312"}
_UTF8_NAMES = {"utf-8", "utf8", "65001", "utf-8-sig"}
_HIGH_RUNS = re.compile(rb"[\x80-\xff]+")
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def normalise_encoding(name: str) -> str | None:
    """The codec for a declared encoding; GBK and GB2312 become GB18030, of which they are parts.

    GDAL turns the four-byte characters of GB18030 in a file declared GBK into other characters.

    >>> normalise_encoding('GBK'), normalise_encoding('65001'), normalise_encoding('no such')
    ('gb18030', 'utf-8', None)
    """
    plain = name.strip().lower().replace("_", "-")
    if plain in _GB_NAMES:
        return "gb18030"
    if plain in _UTF8_NAMES:
        return "utf-8"
    for candidate in (plain, f"cp{plain}", plain.replace("ansi ", "cp")):
        try:
            return codecs.lookup(candidate).name
        except LookupError:
            continue
    return None


def choose_encoding(
    texts: Iterable[bytes], declared: str | None = None, *, cut: Iterable[bytes] = ()
) -> str | None:
    """The codec in which all of the texts can be read, or None when there is none.

    UTF-8 is tried first whatever is declared: a text of any length in another encoding is hardly
    ever valid UTF-8. A declared single-byte encoding reads everything, so it is believed only
    where the bytes above 0x7F do not all come in pairs, as they do in Chinese text.

    Parameters
    ----------
    texts
        Each is tried by itself.
    declared
        A codec, from `normalise_encoding`.
    cut
        Texts that may end within a character.
    """
    whole, cut = list(texts), list(cut)
    candidates = ["utf-8", "gb18030"]
    if declared is not None and declared not in candidates:
        is_paired = all(len(run) % 2 == 0 for text in whole for run in _HIGH_RUNS.findall(text))
        candidates.insert(2 if is_paired else 1, declared)
    return next((candidate for candidate in candidates if is_decodable(candidate, whole, cut)), None)


def is_decodable(codec: str, texts: Iterable[bytes], cut: Iterable[bytes] = ()) -> bool:
    """Whether a codec reads every text; those in `cut` may end within a character."""
    try:
        for text in texts:
            text.decode(codec)
        for text in cut:
            codecs.getincrementaldecoder(codec)().decode(text)
    except UnicodeDecodeError:
        return False
    return True


def decode_file(data: bytes, encoding: str | None) -> str | None:
    """The text of a whole file, or None when no encoding fits.

    Parameters
    ----------
    encoding
        A codec that the user named; it alone is tried. A byte order mark decides otherwise.
    """
    chosen = encoding
    if chosen is None:
        chosen = next((codec for bom, codec in _BOMS if data.startswith(bom)), None)
    if chosen is None:
        chosen = choose_encoding([data])
    if chosen is None:
        return None
    try:
        return data.decode(chosen).removeprefix("\ufeff")
    except (UnicodeDecodeError, LookupError):
        return None
