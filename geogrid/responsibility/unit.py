"""Units (单元) of a building: the one that a query names, and those that a household group holds."""

from __future__ import annotations

import re
from collections.abc import Sequence

from geogrid.responsibility.names import normalise_name

_UNIT = re.compile(r"([0-9]+|[a-z])单元")
_ITEM = re.compile(r"(?:(?P<building>.+?)[:：/\-#])?(?P<unit>[^:：/\-#]+)\Z")


def read_unit(query: str) -> str | None:
    """The unit that an address names; None when it names none.

    >>> [read_unit(text) for text in ("宜和佳苑3栋二单元501室", "宜和佳苑3栋 2 单元", "宜和佳苑3栋")]
    ['2单元', '2单元', None]
    """
    found = _UNIT.search(normalise_name(query))
    return found and found.group()


def drop_unit(query: str) -> str:
    """An address up to its unit: what is left names the building.

    >>> drop_unit("宜和佳苑3栋二单元501室")
    '宜和佳苑3栋'
    """
    plain = normalise_name(query)
    found = _UNIT.search(plain)
    return plain[: found.start()] if found else plain


def pick_units(items: Sequence[str], building: str) -> list[str]:
    """The units of one building among those of a group; an item may name its building before a dash or colon.

    >>> pick_units(["w1-1", "w1:二单元", "w2-1", "3"], "w1")
    ['1单元', '2单元', '3单元']
    """
    units = []
    for item in items:
        found = _ITEM.match(item.strip())
        if found and found["building"] in (None, building):
            plain = normalise_name(found["unit"].removesuffix("单元") + "单元")
            units.append(plain)
    return units
