"""What people write around an address, and what is meant: near it, a part of it, two of them, a note, a phone number."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

LONGEST_REWORDED = 120
"""Characters of a text that is looked through; what is longer is looked up as it stands."""
MOST_JOINTS = 6
"""Places where a text is tried as two that 和 joins."""
SHORTEST_JOINED = 3
"""Characters of each of two places that 和 joins: of 宜和佳苑 it is a part."""

_NUMERAL = "0-9零〇一二三四五六七八九十百"


class Doubt(StrEnum):
    """Why what was met is not taken for what was meant, although its name was met."""

    NONE = ""
    NEAR = "near"
    """The place that is meant lies beside the one that is named."""
    PART = "part"
    """A gate, a car park or another part without a name of its own."""
    RANGE = "range"
    """Two or more numbers, or a number of a number, that nothing bears as it is written."""
    SEVERAL = "several"
    """Several places were named."""
    FORMER = "former"
    """The former place of that name, or what stood there before."""
    NOTE = "note"
    """A remark was left out that may say which of several is meant."""
    CUT = "cut"
    """The text ends or begins within a number of the name."""
    PHASE = "phase"
    """The first phase was named, and there is no other."""


@dataclass(frozen=True)
class Wording:
    """Another way to read a text: the places that it names, and the doubt that is left when they are met."""

    texts: tuple[str, ...]
    doubt: Doubt = Doubt.NONE
    needs_all: bool = False


_PHONE = re.compile(
    r"[\s,;:。、/-]*(?:(?:联系)?(?:电话|手机)号?码?|tel)?[\s:.]*"
    r"(?<!\d)(?:\+?86[\s-]?)?(?:1[3-9]\d[\s-]?\d{4}[\s-]?\d{4}|0\d{2,3}[\s-]?\d{7,8})(?!\d)[\s,;。]*",
    re.IGNORECASE,
)
_NOTE = re.compile(r"[(\[【〔「{]([^()\[\]【】〔〕「」{}]*)[)\]】〕」}]")
_REMARK = re.compile(r"^(?:原|旧|老|曾|近|靠|临|邻|即|又名|俗称|现|详见|备注|联系)")
_TELLING = re.compile(f"[{_NUMERAL}a-zA-Z期区院苑座栋幢东西南北甲乙丙丁上下]")
"""What a remark may tell one building from another by."""

_SIDE = "[东南西北]{1,2}"
_NEAR_WORDS = (
    "(?:斜|正|马路|街|路)?对(?:面|过|门)|旁边?|边上|隔壁|附近|周边|一带|之间|中间"
    f"|大?门[口前外]|{_SIDE}(?:侧|边|面|方|头|角|邻)|以{_SIDE}"
    "|[前后背左右侧](?:面|边|侧|方|后|头)|楼[下前后]|屋后|[路街巷村弄]口|(?:拐|转|墙)角处?|尽头"
    "|交叉路?口|交[界汇叉]处?|十字路口|丁字路口"
)
_DISTANCE = (
    f"(?:再?[往向朝])?(?:{_SIDE}|[前后左右]|以{_SIDE})?(?:侧|边|面|方)?(?:方向)?(?:走|行)?(?:大?约|大概)?"
    rf"(?:\d+(?:\.\d+)?|[{_NUMERAL}几]+)[多余来]?(?:米|m|公里|km|步)"
)
_NEAR = re.compile(
    rf"^(?P<place>.{{2,}}?)(?:的|之)?(?:{_NEAR_WORDS}|{_DISTANCE})(?:处|左右|远|的?地方|位置|方向)*$",
    re.IGNORECASE,
)
_NEAR_ALONE = re.compile(rf"^(?:的|在)?(?:{_NEAR_WORDS}|{_DISTANCE})(?:处|左右|远|的?地方|位置|方向)*$")
_PART = re.compile(
    r"^(?P<place>.{2,}?)的?(?:[东南西北正后侧前大小]{1,2}门|地下(?:车库|室|停车场|层)|负[一1][层楼]|车库|停车[场位]|车棚"
    r"|门卫室?|门房|传达室|保安室|岗亭|配电[房室]|水泵房|垃圾(?:房|站|桶|点)|架空层|楼顶|天台|物业(?:办公室|中心|处)?"
    r"|[小院]?区?(?:内|里面?))$"
)
_FORMER = re.compile(
    r"^(?:(?:原来?|旧|老|曾|以前|过去)的?(?:址|地址|名)?为?[:\s]*(?P<place>.{3,})|(?P<before>.{3,}?)的?(?:旧|原|老)址)$"
)
_THROUGH = re.compile(
    rf"(?<=[{_NUMERAL}])(?:号楼|[号栋幢座#])?\s*(?:至|到|[-~‐‑‒–—―−]+)\s*第?(?=[{_NUMERAL}])"
)
_SEPARATORS = re.compile(r"[;；|\n/、]+|以及|\s+[和与及或]\s+")
_PAUSES = re.compile(r"[,，\s]+")
_JOINTS = re.compile("[和与及或跟]")
_NUMBER_ONLY = re.compile(
    rf"^[{_NUMERAL}a-z]+(?:[-附之][{_NUMERAL}]+)?(?:号楼|[号栋幢座#]).*$", re.IGNORECASE
)
_LAST_NUMBER = re.compile(rf"^(?P<base>.*?[^{_NUMERAL}#-])[{_NUMERAL}-]+(?:号楼|[号栋幢座#]).*$")
_CROSSING = re.compile(
    r"^(?P<one>.{2,}?)(?:[和与及跟、]|\s+)(?P<other>.{2,}?)的?(?:交叉|交[界汇接]|相交|十字|丁字|之间|中间)(?:路?口|处)?$"
)


def strip_phone(typed: str) -> str:
    """A text without the telephone numbers in it; the text itself where there is none, or nothing else.

    >>> strip_phone("新康街20号 13800000000"), strip_phone("新康街20号，电话：0599-3321234"), strip_phone("20号")
    ('新康街20号', '新康街20号', '20号')
    """
    if len(typed) > LONGEST_REWORDED or sum(sign.isdigit() for sign in typed) < 10:
        return typed
    return _PHONE.sub(" ", unicodedata.normalize("NFKC", typed)).strip() or typed


def reword(typed: str) -> Iterator[Wording]:
    """Other ways to read a text that nothing bears as its name, the plainest first.

    >>> list(reword("新康街12号对面"))
    [Wording(texts=('新康街12号',), doubt=<Doubt.NEAR: 'near'>, needs_all=False)]
    >>> [wording.texts for wording in reword("新康街20号新康街20号")]
    [('新康街20号',)]
    >>> [wording.texts for wording in reword("新康街2号；12号")]
    [('新康街2号', '新康街12号')]
    """
    if not 0 < len(typed) <= LONGEST_REWORDED:
        return
    text = unicodedata.normalize("NFKC", typed).strip()
    yield from _reword_plain(text)
    plain, remarks = _NOTE.sub("", text).strip(), _NOTE.findall(text)
    if remarks and plain:
        if any(_NEAR_ALONE.match(remark.strip()) for remark in remarks):
            yield Wording((plain,), Doubt.NEAR)
        doubtful = any(not _REMARK.match(remark.strip()) and _TELLING.search(remark) for remark in remarks)
        yield Wording((plain,), Doubt.NOTE if doubtful else Doubt.NONE)
        text = plain
    yield from _reword_places(text)


def _reword_plain(text: str) -> Iterator[Wording]:
    """The same place, written twice or with a range in words."""
    words = re.sub(r"[\s,;。]+", "", text)
    half = len(words) // 2
    if half > 1 and words[:half] == words[half:]:
        yield Wording((words[:half],))
    through = _THROUGH.sub("-", text)
    if through != text:
        yield Wording((through,))


def _reword_places(text: str) -> Iterator[Wording]:
    """Beside a place, a part of it, what stood there, or several of them."""
    crossing = _CROSSING.match(text)
    if crossing:
        yield Wording(_inherit([crossing["one"], crossing["other"]]), Doubt.NEAR)
    for pattern, doubt in ((_NEAR, Doubt.NEAR), (_PART, Doubt.PART)):
        match = pattern.match(text)
        if match:
            yield Wording((match["place"],), doubt)
    former = _FORMER.match(text)
    if former:
        yield Wording((former["place"] or former["before"],), Doubt.FORMER)
    parts = [part.strip() for part in _SEPARATORS.split(text) if part.strip()]
    if 1 < len(parts) <= MOST_JOINTS:
        yield Wording(_inherit(parts), Doubt.SEVERAL)
    parts = [part for part in _PAUSES.split(text) if part]
    if 1 < len(parts) <= MOST_JOINTS:
        yield Wording(_inherit(parts), Doubt.SEVERAL, needs_all=True)
    for joint in list(_JOINTS.finditer(text))[:MOST_JOINTS]:
        both = [text[: joint.start()].strip(), text[joint.end() :].strip()]
        if len(both[0]) >= SHORTEST_JOINED and (
            len(both[1]) >= SHORTEST_JOINED or _NUMBER_ONLY.match(both[1])
        ):
            yield Wording(_inherit(both), Doubt.SEVERAL, needs_all=True)


def _inherit(parts: list[str]) -> tuple[str, ...]:
    """Texts, each that is a number alone behind the street or compound of the one before it."""
    whole = [parts[0]]
    for part in parts[1:]:
        last = _LAST_NUMBER.match(whole[-1])
        whole.append(last["base"] + part if last and _NUMBER_ONLY.match(part) else part)
    return tuple(whole)
