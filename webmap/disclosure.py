"""What a reader without an account may see of counts of people: small numbers are not told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from geogrid.schema import SMALLEST_COUNT

ROUNDED_TO = 10
"""What the other numbers of a row are rounded to when one of them is hidden: else it is a subtraction away."""

BUILDINGS_FOR_A_COUNT = 2
"""A count over fewer buildings would be the count of one building, which only county staff may see."""

HIDDEN = f"<{SMALLEST_COUNT}"


def is_small(count: object) -> bool:
    """Whether a count may not be shown as it is; 0 and missing may.

    >>> [is_small(count) for count in (0, 1, 4, 5, None)]
    [False, True, True, False, False]
    """
    return isinstance(count, int | float) and 0 < count < SMALLEST_COUNT


STATUSES = ("covered", "not_covered", "unanswered")
"""The parts into which a row's total falls."""


def hide_in_row(people: Mapping[str, Any], homes: Mapping[str, int]) -> dict[str, Any]:
    """A row of people by status, without the counts that are small or of one building.

    When a count is hidden the others are rounded, ranges with them. A row that hides nothing stays
    as it is.

    Parameters
    ----------
    people, homes
        `total` and one number for each of `STATUSES`.

    Returns
    -------
    The row with `<5` for a small count and None for the count of one building, and `rounded`.

    >>> hide_in_row({"total": 1237, "covered": 1234, "not_covered": 3, "unanswered": 0},
    ...             {"total": 41, "covered": 39, "not_covered": 2, "unanswered": 0})
    {'total': 1240, 'covered': 1230, 'not_covered': '<5', 'unanswered': 0, 'rounded': True}
    >>> hide_in_row({"total": 1237, "covered": 1177, "not_covered": 60, "unanswered": 0},
    ...             {"total": 41, "covered": 40, "not_covered": 1, "unanswered": 0})
    {'total': 1240, 'covered': 1180, 'not_covered': None, 'unanswered': 0, 'rounded': True}
    """
    names = ("total", *STATUSES)
    of_one = {name for name in names if 0 < homes[name] < BUILDINGS_FOR_A_COUNT}
    if not of_one and not any(is_small(people[name]) for name in names):
        return {**people, "rounded": False}
    shown: dict[str, Any] = {**people, "rounded": True}
    for name in (*names, "covered_range_90"):
        if name in people:
            shown[name] = None if name in of_one else _shown(people[name])
    if "sampling_error" in people:
        shown["sampling_error"] = None  # finer than what the range is rounded to
    return shown


def _shown(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_shown(item) for item in value]
    if is_small(value):
        return HIDDEN
    return round(value / ROUNDED_TO) * ROUNDED_TO if isinstance(value, int | float) else value


def hide_few_buildings(record: Mapping[str, Any], columns: tuple[str, ...]) -> dict[str, Any]:
    """A record over `n_homes` buildings whose people are hidden when they are few or of one building.

    Parameters
    ----------
    columns
        The columns that count people.

    >>> hide_few_buildings({"n_homes": 1, "people": 60, "elderly": 9}, ("people", "elderly"))
    {'n_homes': 1, 'people': None, 'elderly': None, 'hidden': True}
    >>> hide_few_buildings({"n_homes": 7, "people": 60, "elderly": 3}, ("people", "elderly"))
    {'n_homes': 7, 'people': 60, 'elderly': '<5', 'hidden': False}
    """
    hidden = record["n_homes"] < BUILDINGS_FOR_A_COUNT
    shown = dict(record)
    for column in columns:
        if hidden:
            shown[column] = None
        elif is_small(record[column]):
            shown[column] = HIDDEN
    return shown | {"hidden": hidden}
