"""What a request may say at all: texts that can be kept and shown, and bodies of JSON within limits; read here alone."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import Any

from flask import Flask, request
from werkzeug.exceptions import UnsupportedMediaType

from geogrid.errors import InvalidOptionError

DEEPEST = 16
"""Lists and objects within each other: a path within an edit within a list within a body needs five."""
MOST_DIGITS = 18
"""Digits of a whole number: all that SQLite holds."""
SPACES = "\t\n\r"
"""Control characters that somebody may type into a form."""


def init_asked(app: Flask) -> None:
    """Have the path and the query of every request looked at before any route reads them."""

    @app.before_request
    def require_plain_address() -> None:
        require_plain("path", [request.path])
        for name, values in request.args.lists():
            require_plain("query", [name])
            require_plain(name[:40], values)

    @app.before_request
    def require_plain_form() -> None:
        if request.mimetype in ("application/x-www-form-urlencoded", "multipart/form-data"):
            for name, values in request.form.lists():
                require_plain("form", [name])
                require_plain(name[:40], values)


def require_plain(option: str, texts: Iterable[str]) -> None:
    """Refuse texts with control characters, or that are no Unicode.

    Raises
    ------
    InvalidOptionError
    """
    for text in texts:
        if not is_plain(text):
            raise InvalidOptionError(option=option, value=show_plain(text), expected="文字 / text")


def is_plain(text: str) -> bool:
    r"""Whether a text can be stored and shown: no control characters but those of a typed text, no half characters.

    >>> is_plain("政和县 𠮷\n"), is_plain("\ud800"), is_plain("a\x00"), is_plain("\ufffd")
    (True, False, False, False)
    """
    return not any(
        (character < " " and character not in SPACES)
        or "\x7f" <= character <= "\x9f"
        or "\ud800" <= character <= "\udfff"
        or character in "\ufffd\ufffe\uffff"
        for character in text
    )


def show_plain(text: str) -> str:
    """The beginning of a text as a message may show it, whatever it holds."""
    return "".join(character if is_plain(character) else "�" for character in text[:40])


def read_json_body() -> Any:
    """The value of a request's JSON body.

    Raises
    ------
    UnsupportedMediaType
        When the request does not say that it is JSON.
    InvalidOptionError
        When it is none, or is deeper, or holds numbers or texts, than anything that is asked here.
    """
    if not request.is_json:
        raise UnsupportedMediaType
    try:
        text = request.get_data().decode("utf-8")
        value = json.loads(text, parse_constant=_refuse, parse_float=_read_real, parse_int=_read_whole)
    except (ValueError, RecursionError) as error:
        raise InvalidOptionError(option="body", value="…", expected="JSON (RFC 8259, UTF-8)") from error
    _require_shallow(value)
    return value


def read_body() -> dict[str, Any]:
    """The request's JSON object.

    Raises
    ------
    UnsupportedMediaType, InvalidOptionError
        As `read_json_body`, and when it is another value.
    """
    body = read_json_body()
    if not isinstance(body, dict):
        raise InvalidOptionError(option="body", value=type(body).__name__, expected="{…}")
    return body


def _refuse(name: str) -> Any:
    raise ValueError(name)  # NaN and Infinity are no JSON


def _read_real(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text[:40])
    return value


def _read_whole(text: str) -> int:
    if len(text) > MOST_DIGITS + 1:
        raise ValueError(text[:40])
    return int(text)


def _require_shallow(value: Any) -> None:
    """Walk over a value level by level: a walk by calls would itself be ended by a deep one."""
    level = [value]
    for _ in range(DEEPEST):
        below: list[Any] = []
        for one in level:
            if isinstance(one, str):
                require_plain("body", [one])
            elif isinstance(one, dict):
                require_plain("body", one)
                below += one.values()
            elif isinstance(one, list):
                below += one
        if not below:
            return
        level = below
    raise InvalidOptionError(option="body", value="[[[…", expected=f"≤ {DEEPEST} [ ] {{ }}")
