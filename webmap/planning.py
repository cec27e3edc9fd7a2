"""What the planning routes read from a body."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from geogrid.coverage.reading import Reading
from geogrid.errors import InvalidOptionError
from webmap.readings import asked_reading


def read_whole(body: Mapping[str, Any], name: str) -> int | None:
    """A number of a version or a revision, such as 3; None where the body has none.

    Raises
    ------
    InvalidOptionError
        For everything else.
    """
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 53:
        raise InvalidOptionError(option=name, value=str(value)[:40], expected="1, 2, 3 …")
    return value


def require_whole(body: Mapping[str, Any], name: str) -> int:
    """The same where the body must have one."""
    value = read_whole(body, name)
    if value is None:
        raise InvalidOptionError(option=name, value="", expected="1, 2, 3 …")
    return value


def read_reading(body: Mapping[str, Any], official: Reading) -> Reading:
    """The reading that `minutes`, `profile` or `metres` of a body name, as in the query of other routes."""
    names = {name: body[name] for name in ("minutes", "metres", "profile") if body.get(name) is not None}
    for name, value in names.items():
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise InvalidOptionError(option=name, value=str(value)[:40], expected="10, 500, adult …")
    return asked_reading({name: str(value) for name, value in names.items()}, official)
