"""One slip of the pen, the keys or the ear between a typed name and a known one, and whether it may be forgiven.

A wrong answer here sends somebody to the wrong officer, so a slip is forgiven only where people make it:

* two neighbouring characters in the other order, in a name of three or more;
* a character left out or typed too much, in a name of four or more (what is typed too much at the end
  of a shorter one, as in 南山路口, is another place);
* a character for one that looks like it (handwriting, scans), in a name of three or more, or that
  sounds like it (typing by sound), which `index` compares by itself;
* 路, 街, 巷, 弄, 里 and 道 for one another, and 花园, 家园, 苑 … for one another: the words that
  everybody mixes up;
* any one character where three or more of the name's own characters are right. The name's own
  characters are those before words that many names share: of 平安小区 only 平安, and one of two
  right is no evidence at all, since 福安小区 is another place.

A number never slips: 3栋 is not nearly 8栋. A text that is itself a known name never slips.
Pinyin must have seven letters or more, for one wrong letter in fewer makes too many other names.
"""

from __future__ import annotations

import re
from enum import Enum

from geogrid.responsibility.address import is_number_mark
from geogrid.responsibility.characters import LOOK_ALIKE

SHORTEST_SWAPPED = 3
SHORTEST_MISSING = 4
OWN_AND_RIGHT = 3
SHORTEST_SHARED = 4
SHORTEST_PINYIN = 7

_ROADS = frozenset("路街巷弄里道")
_ESTATES = frozenset(
    re.findall(
        r"\S+",
        "小区 花园 家园 佳苑 佳园 名苑 名园 雅苑 雅园 雅居 名居 华庭 华府 华苑 新村 新苑 新城 山庄 公寓 嘉园 嘉苑 "
        "豪庭 豪苑 名都 名城 人家 苑 园 府 庭 湾 居 城 庄 轩 阁",
    )
)
_SHARED = re.compile(
    "(?:"
    + "|".join(sorted(_ESTATES, key=len, reverse=True))
    + "|(?:大)?(?:路|街|巷|弄|里|道)|社区|片区|村|警格|网格|邻里|服务中心|中心|党群|警务室|居委会|村委会|议事点"
    + "|四点半学校|学校|[\U000f0000-\U0010fffd])+$"
)


class Slip(Enum):
    """What was done wrong."""

    CHANGED = "changed"
    SWAPPED = "swapped"
    MISSING = "missing"
    EXTRA = "extra"


def find_slip(typed: str, name: str) -> tuple[Slip, int] | None:
    """The one slip that makes a name the typed text, and its place in the name; None when there is none.

    >>> find_slip("荷塘月包", "荷塘月色"), find_slip("宜佳和苑", "宜和佳苑")
    ((<Slip.CHANGED: 'changed'>, 3), (<Slip.SWAPPED: 'swapped'>, 1))
    >>> find_slip("宜和苑", "宜和佳苑"), find_slip("宜和佳佳苑", "宜和佳苑"), find_slip("宜和", "宜和")
    ((<Slip.MISSING: 'missing'>, 2), (<Slip.EXTRA: 'extra'>, 3), None)
    """
    shorter = min(len(typed), len(name))
    start = 0
    while start < shorter and typed[start] == name[start]:
        start += 1
    end = 0
    while end < shorter - start and typed[-1 - end] == name[-1 - end]:
        end += 1
    wrong, right = typed[start : len(typed) - end], name[start : len(name) - end]
    if (len(wrong), len(right)) == (1, 1):
        return Slip.CHANGED, start
    if (len(wrong), len(right)) == (0, 1):
        return Slip.MISSING, start
    if (len(wrong), len(right)) == (1, 0):
        return Slip.EXTRA, start
    if len(wrong) == 2 and wrong == right[::-1]:
        return Slip.SWAPPED, start
    return None


def is_forgiven(typed: str, name: str) -> bool:
    """Whether a typed name is a known one but for one slip that people make; both with numbers marked.

    >>> [is_forgiven(typed, name) for typed, name in (("解放路", "解放街"), ("绿洲花园", "绿洲家园"),
    ...  ("江南春晚", "江南春晓"), ("平安小区", "福安小区"), ("朝阳小学", "朝阳小区"), ("长安街", "长塘街"))]
    [True, True, True, False, False, False]
    """
    found = find_slip(typed, name)
    if found is None:
        return False
    slip, place = found
    involved = name[place : place + 2] if slip is Slip.SWAPPED else name[place : place + 1]
    if slip is not Slip.EXTRA and any(map(is_number_mark, involved)):
        return False
    if slip is Slip.SWAPPED:
        return len(name) >= SHORTEST_SWAPPED
    if slip is Slip.MISSING:
        return len(name) >= SHORTEST_MISSING
    if slip is Slip.EXTRA:
        return (
            len(typed) >= SHORTEST_MISSING
            and not is_number_mark(typed[place])
            and (place < len(name) or len(name) >= SHORTEST_MISSING)
        )
    return _is_forgiven_change(typed, name, place)


def _is_forgiven_change(typed: str, name: str, place: int) -> bool:
    wrong, right = typed[place], name[place]
    if is_number_mark(wrong):
        return False
    if wrong in _ROADS and right in _ROADS and len(name) >= SHORTEST_SWAPPED:
        return True
    if wrong in LOOK_ALIKE.get(right, ()) and len(name) >= SHORTEST_SWAPPED:
        return True
    shared = _SHARED.search(name)
    n_own = shared.start() if shared else len(name)
    if place < n_own:
        return n_own > OWN_AND_RIGHT
    both_estates = typed[n_own:] in _ESTATES and name[n_own:] in _ESTATES
    return n_own > 1 and (both_estates or len(name) - n_own >= SHORTEST_SHARED)
