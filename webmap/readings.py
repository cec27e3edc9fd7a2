"""The readings of "ten minutes" that the page offers, and the one that a request asks for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from geogrid.coverage.reading import STANDARD_READINGS, Reading
from geogrid.errors import InvalidOptionError
from geogrid.labels import LANGUAGES

MOST_MINUTES = 40
MOST_METRES = 2_000
STEP_METRES = 50
"""Whole minutes and steps of 50 m: between two cutoffs closer together than that, a difference of
counts could be that of one building. The greatest ones are as far as the engine measures."""


def asked_reading(arguments: Mapping[str, str], official: Reading) -> Reading:
    """The reading that `?minutes=&profile=` or `?metres=` names; the county's own where neither is given.

    Raises
    ------
    InvalidOptionError
        When the cutoff is no whole step within bounds, or the profile is unknown.
    """
    if "metres" in arguments:
        metres = _parse_step("metres", arguments["metres"], STEP_METRES, MOST_METRES)
        return Reading.parse(f"metres:{metres}")
    if "minutes" in arguments or "profile" in arguments:
        minutes = _parse_step("minutes", arguments.get("minutes", "10"), 1, MOST_MINUTES)
        return Reading.parse(f"minutes:{minutes}:{arguments.get('profile', 'adult')}")
    return official


def _parse_step(option: str, text: str, step: int, most: int) -> int:
    if text.isascii() and text.isdigit() and len(text) <= 5:
        number = int(text)
        if step <= number <= most and number % step == 0:
            return number
    raise InvalidOptionError(option=option, value=text[:40], expected=f"{step}, {2 * step} … {most}")


def query_reading(reading: Reading) -> str:
    """What `asked_reading` takes for a reading, as the query of an address.

    >>> query_reading(Reading.parse("minutes:10:adult")), query_reading(Reading.parse("metres:500"))
    ('minutes=10&profile=adult', 'metres=500')
    """
    if reading.kind == "metres":
        return f"metres={reading.cutoff:.10g}"
    return f"minutes={reading.cutoff:.10g}&profile={reading.profile}"


def title_reading(reading: Reading) -> dict[str, str]:
    """What a reading is called, in each language."""
    return {language: reading.title(language) for language in LANGUAGES}


def list_readings(official: Reading) -> list[dict[str, Any]]:
    """The readings to choose from, the county's official one marked and always among them."""
    shown = STANDARD_READINGS if official in STANDARD_READINGS else (official, *STANDARD_READINGS)
    return [
        {
            "id": str(reading),
            "title": title_reading(reading),
            "query": query_reading(reading),
            "official": reading == official,
        }
        for reading in shown
    ]
