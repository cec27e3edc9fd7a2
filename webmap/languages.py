"""Which of the two languages a page is written in."""

from __future__ import annotations

from flask import request

from geogrid.labels import LANGUAGES


def page_language() -> str:
    """`zh` unless the address asks for English with `?lang=en`."""
    asked = request.args.get("lang", "")
    return asked if asked in LANGUAGES else LANGUAGES[0]
