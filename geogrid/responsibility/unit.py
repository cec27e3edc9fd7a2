"""Units (单元) of a building that a household group holds."""

from __future__ import annotations

import re
from collections.abc import Sequence

from geogrid.responsibility.names import normalise_name

_ITEM = re.compile(r"(?:(?P<building>.+?)[:：/\-#])?(?P<unit>[^:：/\-#]+)\Z")


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
