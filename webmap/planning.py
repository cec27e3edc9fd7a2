"""What both planning routes read from a request, and how they tell counts of people without telling of a household."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import request

from geogrid.coverage.reading import Reading
from geogrid.errors import InvalidOptionError
from webmap.disclosure import ROUNDED_TO
from webmap.readings import asked_reading

FEWEST_TOLD = 50
"""A plan can be moved about until it holds one house more; so smaller counts of people than this are not told,
and the others are rounded."""
PEOPLE_KEYS = frozenset(
    {
        *("people", "elderly", "children", "value", "bound", "gained", "alone"),
        *("lost_without", "lost", "optimum", "given_up"),
    }
)
"""Keys whose numbers are people where people are what is counted."""


def read_body() -> dict[str, Any]:
    """The request's JSON object.

    Raises
    ------
    InvalidOptionError
        When it is another value.
    """
    body = request.get_json()
    if not isinstance(body, dict):
        raise InvalidOptionError(option="body", value=type(body).__name__, expected="{…}")
    return body


def read_reading(body: Mapping[str, Any], official: Reading) -> Reading:
    """The reading that `minutes`, `profile` or `metres` of a body name, as in the query of other routes."""
    names = {name: body[name] for name in ("minutes", "metres", "profile") if body.get(name) is not None}
    for name, value in names.items():
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise InvalidOptionError(option=name, value=str(value)[:40], expected="10, 500, adult …")
    return asked_reading({name: str(value) for name, value in names.items()}, official)


def tell_count(count: Any) -> Any:
    """A count of people as it may be told: rounded, or only that it is small.

    >>> [tell_count(count) for count in (0, 3, 49, 54, 1236, None)]
    [0, '<50', '<50', 50, 1240, None]
    """
    if isinstance(count, bool) or not isinstance(count, int) or count == 0:
        return count
    return f"<{FEWEST_TOLD}" if 0 < abs(count) < FEWEST_TOLD else round(count / ROUNDED_TO) * ROUNDED_TO


def tell_counts(value: Any, *, of_people: bool) -> Any:
    """A value of JSON with every count of people in it as it may be told.

    Parameters
    ----------
    of_people
        Whether what a plan counts is people; otherwise only `people`, `elderly` and `children` are.
    """
    if isinstance(value, list):
        return [tell_counts(item, of_people=of_people) for item in value]
    if not isinstance(value, dict):
        return value
    hidden = PEOPLE_KEYS if of_people else {"people", "elderly", "children"}
    return {
        key: tell_count(item)
        if key in hidden and not isinstance(item, dict | list)
        else tell_counts(item, of_people=of_people)
        for key, item in value.items()
    }
