"""Which encoding a Chinese file is in: UTF-8 where it can be, GB18030 where it reads well; else the user is asked."""

from __future__ import annotations

import codecs
import contextlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence

from geogrid.errors import Fault, TextEncodingError

_GB_NAMES = {"gbk", "gb2312", "936", "cp936", "gb18030", "54936", "ansi936", "ansi-936", "hz-gb-2312"}
_UTF8_NAMES = {"utf-8", "utf8", "65001", "utf-8-sig"}
_BIG5_NAMES = {"big5", "big5-hkscs", "950", "cp950", "ansi950", "ansi-950"}
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_OFFERED = ("utf-8", "gb18030", "cp950", "cp1252")
"""Encodings that a user is offered, where the bytes can be read in them."""
_ASKED_AS = {"cp950": "BIG5"}

_WELL_READ = 0.8
"""Share of common characters from which a text read as GB18030 is believed: names hold rare ones too.
Big5 misread so has about 0.4, as its most used characters lie where GB2312 has none."""
_FREQUENT = frozenset(
    "一二三四五六七八九十东西南北中大小上下新老村庄路街巷弄道号楼栋幢单元室区社园苑城县镇乡市山水河湖门桥网格片心学校医院"
    "名称编码地址层数用途经纬度居民政和服务站点场广东門號樓棟單區園縣鎮鄉網醫學稱編碼層數經緯東廣場務點線道"
)
"""Characters of place names and column titles, simplified and traditional: what a right reading shows."""
_SHOWN_TEXTS, _SHOWN_CHARACTERS = 3, 24
_MOJIBAKE = re.compile(r"[\u0080-\u00ff\u0152-\u0178\u02c6\u02dc\u2013-\u203a\u20ac\u2122]{3,}")


def normalise_encoding(name: str) -> str | None:
    """The codec for a declared encoding; GBK and GB2312 become GB18030, of which they are parts.

    GDAL turns the four-byte characters of GB18030 in a file declared GBK into other characters.

    >>> normalise_encoding('GBK'), normalise_encoding('65001'), normalise_encoding('no such')
    ('gb18030', 'utf-8', None)
    """
    plain = name.strip().lower().replace("_", "-")
    for names, codec in ((_GB_NAMES, "gb18030"), (_UTF8_NAMES, "utf-8"), (_BIG5_NAMES, "cp950")):
        if plain in names:
            return codec
    for candidate in (plain, f"cp{plain}", plain.replace("ansi ", "cp")):
        try:
            found = codecs.lookup(candidate)
        except (LookupError, ValueError):
            continue
        return found.name if getattr(found, "_is_text_encoding", True) else None
    return None


def choose_encoding(
    texts: Iterable[bytes], declared: str | None = None, *, cut: Iterable[bytes] = ()
) -> str | None:
    """The codec in which all of the texts read well, or None where that is not clear.

    UTF-8 is tried first whatever is declared: a text of any length in another encoding is hardly
    ever valid UTF-8. GB18030 reads nearly all bytes, so it is believed only where it gives common
    characters; what is declared is believed where it reads as well as that.

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
    if is_decodable("utf-8", whole, cut):
        return "utf-8"
    readings = {
        codec: "".join(text.decode(codec, errors="ignore") for text in {*whole, *cut} if not text.isascii())
        for codec in ("gb18030", "cp950")
        if is_decodable(codec, whole, cut)
    }
    frequent = {
        codec: sum(n for ch, n in Counter(text).items() if ch in _FREQUENT)
        for codec, text in readings.items()
    }
    is_big5 = frequent.get("cp950", -1) > frequent.get("gb18030", -1)
    if "gb18030" in readings and not is_big5:
        is_certain = "cp950" not in readings and not _is_western(
            "".join(text.decode("cp1252", errors="replace") for text in whole)
        )
        if is_certain or _common_share(readings["gb18030"]) >= _WELL_READ:
            is_tied = declared == "cp950" and frequent.get("cp950") == frequent["gb18030"]
            return None if is_tied else "gb18030"
    if declared in (None, "utf-8", "gb18030") or not is_decodable(declared, whole, cut):
        return None
    if declared == "cp950":
        is_rare = "gb18030" not in readings or _common_share(readings["gb18030"]) < _WELL_READ
        return declared if is_big5 or is_rare else None
    is_western = all(_is_western(text.decode(declared, errors="ignore")) for text in whole + cut)
    return declared if is_western else None


def _common_share(text: str) -> float:
    """The share of the characters beyond ASCII that are common Chinese ones, or of four bytes in GB18030.

    Nothing but real GB18030 holds four-byte characters that are letters.
    """
    beyond = Counter(ch for ch in text if not ch.isascii())
    n_common = sum(n for ch, n in beyond.items() if _is_common(ch))
    return n_common / beyond.total() if beyond else 1.0


def _is_common(ch: str) -> bool:
    code = ch.encode("gb18030")
    if len(code) == 4:
        return unicodedata.category(ch) == "Lo"
    is_gb2312 = code[0] >= 0xA1 and code[1] >= 0xA1
    return is_gb2312 and (0xB0 <= code[0] <= 0xF7 or code[0] in (0xA1, 0xA2, 0xA3))


def _is_western(text: str) -> bool:
    """Whether letters beyond ASCII stand one or two at a time beside small ASCII letters, as in `Müller`."""
    return all(
        all(unicodedata.category(ch) in ("Ll", "Lu") for ch in run.group())
        and any(
            ch.islower()
            for ch in text[max(0, run.start() - 1) : run.start()] + text[run.end() : run.end() + 1]
        )
        for run in re.finditer(r"[^\x00-\x7f]+", text)
    )


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


def unclear_encoding(shown: str, texts: Sequence[bytes], stated: str | None) -> TextEncodingError:
    """The error that asks for the encoding, with what the first names would be in each that is possible.

    Parameters
    ----------
    stated
        The codec that the user or the file named, and in which it cannot be read well.
    """
    told = list(dict.fromkeys(text.strip(b" \0\r\n") for text in texts if not text.isascii()))[:_SHOWN_TEXTS]
    readings: dict[str, str] = {}
    for codec in _OFFERED:
        if is_decodable(codec, told):
            shortened = [_printable(text.decode(codec))[:_SHOWN_CHARACTERS] for text in told]
            readings.setdefault("、".join(shortened), _ASKED_AS.get(codec, codec.upper()))
    lines = [f"--encoding {codec}：{reading}" for reading, codec in readings.items()] or ["--encoding …"]
    offers = [Fault(line, line) for line in lines]
    return TextEncodingError(file=shown, found=(stated or "-").upper(), offers=offers)


def _printable(text: str) -> str:
    return "".join(ch if unicodedata.category(ch)[0] not in "CZ" or ch == " " else " " for ch in text).strip()


def decode_file(data: bytes, encoding: str | None, shown: str) -> str:
    """The text of a whole file.

    Parameters
    ----------
    encoding
        A codec that the user named; it alone is tried. A byte order mark decides otherwise.

    Raises
    ------
    TextEncodingError
        When the named one does not fit, or when it is not clear which one does.
    """
    chosen = encoding
    if chosen is None:
        chosen = next((codec for bom, codec in _BOMS if data.startswith(bom)), None)
    if chosen is None:
        chosen = _utf16_without_mark(data) or choose_encoding([data])
    if chosen is not None:
        with contextlib.suppress(UnicodeDecodeError):
            return data.decode(chosen).removeprefix("\ufeff")
    raise unclear_encoding(shown, data.splitlines(), encoding)


def _utf16_without_mark(data: bytes) -> str | None:
    """UTF-16 betrays itself by the zero byte of every separator and line end."""
    if len(data) % 2 or b"\0" not in data:
        return None
    low, high = data[0::2].count(0), data[1::2].count(0)
    codec = "utf-16-le" if high > low else "utf-16-be"
    return codec if is_decodable(codec, [data]) and "\0" not in data.decode(codec) else None


def mend_mojibake(text: str) -> str | None:
    """What a text was before a program read it in a wrong encoding, or None where it is as it should be.

    >>> mend_mojibake('东门'.encode('utf-8').decode('gb18030')), mend_mojibake('东门社区')
    ('东门', None)
    """
    if text.isascii():
        return None
    for wrong, right in (
        ("gb18030", "utf-8"),
        ("cp1252", "utf-8"),
        ("latin-1", "utf-8"),
        ("latin-1", "gb18030"),
    ):
        if wrong != "gb18030" and not _MOJIBAKE.search(text):
            continue
        try:
            found = text.encode(wrong).decode(right)
        except UnicodeError:
            continue
        is_chinese = all(ch.isascii() or "\u3000" <= ch <= "\u9fff" or ch > "\uff00" for ch in found)
        if is_chinese and not found.isascii() and (right == "utf-8" or _common_share(found) >= _WELL_READ):
            return found
    return None
