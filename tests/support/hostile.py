"""What no browser of ours sends: bodies, addresses and headers that a route must refuse in its own words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

DEEP = "[" * 5000 + "]" * 5000

UNREADABLE: dict[str, bytes] = {
    "empty": b"",
    "cut": b'{"name": "x"',
    "no JSON": b"name=x",
    "null": b"null",
    "number": b"7",
    "text": b'"x"',
    "list": b"[]",
    "list of lists": b"[[[[]]]]",
    "deep list": DEEP.encode(),
    "deep object": b'{"a":' * 5000 + b"1" + b"}" * 5000,
    "deep field": b'{"edits": ' + DEEP.encode() + b"}",
    "open brackets": b"[" * 15_000,
    "half a character": b'{"name": "\\ud800", "q": "\\udfff"}',
    "half a character as a key": b'{"\\ud800": 1}',
    "half a character in bytes": b'{"name": "\xed\xa0\x80"}',
    "zero character": b'{"name": "a\\u0000b", "reason": "\\u0000"}',
    "not UTF-8": b'{"name": "\xff\xfe"}',
    "GBK": '{"name": "政和"}'.encode("gb18030"),
    "UTF-16": '{"name": "x"}'.encode("utf-16"),
    "byte order mark": b'\xef\xbb\xbf{"name": "x"}',
    "NaN": b'{"lon": NaN, "lat": 27.36}',
    "Infinity": b'{"lon": Infinity, "lat": -Infinity}',
    "too large": b'{"lon": 1e999, "lat": 27.36}',
    "digits": b'{"k": ' + b"9" * 5000 + b"}",
    "too long": b'{"name": "' + b"x" * 20_000 + b'"}',
}
"""Bodies that no route of JSON reads."""

ODD: dict[str, bytes] = {
    "long text": json.dumps({"name": "x" * 15_000}).encode(),
    "exponent": b'{"k": 1e308, "revision": 1e308, "version": 1e308}',
    "many keys": json.dumps({f"k{i}": i for i in range(900)}).encode(),
    "empty object": b"{}",
    "a text for every field": json.dumps(dict.fromkeys(("edits", "name", "k", "lon", "on"), "x")).encode(),
}
"""Bodies that are JSON within limits."""

VALUES: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    2**53,
    -(2**62),
    1e308,
    -1e-308,
    0.1,
    "",
    " ",
    "x" * 5000,
    "0000-00-00",
    "0001-01-01",
    "9999-12-31",
    "2026-W01-1",
    "1e308",
    "١٢",
    "１２",
    "\u202e",
    "🏳️‍🌈" * 30,
    "'; DROP TABLE building; --",
    "{{7*7}}",
    "../../../etc/passwd",
    [],
    [None],
    [[]],
    ["x"] * 300,
    {},
    {"a": {"b": []}},
    [{"do": "add_centre", "id": "x", "lon": 1e308, "lat": 0}],
    [{"do": "add_centre", "id": "x", "lon": 118.85, "lat": 91}],
    [{"do": "add_centre", "id": "x", "lon": 0, "lat": 0}],
    [{"do": "add_centre", "id": "x", "lon": 118.85}],
    [{"do": "add_centre", "id": "x", "name": 3, "lon": 118.85, "lat": 27.36}],
    [{"do": "add_centre", "id": 3, "lon": 118.85, "lat": 27.36}],
    [{"do": "add_centre", "id": "", "lon": 118.85, "lat": 27.36}],
    [{"do": "add_centre", "id": "x", "lon": 10**17, "lat": 27.36}],
    [{"do": "add_street", "id": "x", "path": []}],
    [{"do": "add_street", "id": "x", "path": [[118.85, 27.36]]}],
    [{"do": "add_street", "id": "x", "path": [[118.85, 27.36], [118.85, 27.36]]}],
    [{"do": "add_street", "id": "x", "path": {"a": 1}}],
    [{"do": "add_street", "id": "x", "path": "ab", "bridge": "yes"}],
    [{"do": "open_gate", "id": None}],
    [{"do": None}],
    [{"do": ["add_centre"], "id": {}}],
)
"""What a field of a body is set to, whatever it is for."""

FIELDS = (
    "lon",
    "lat",
    "on",
    "accuracy_m",
    "edits",
    "service",
    "minutes",
    "metres",
    "profile",
    "k",
    "weight",
    "must",
    "forbid",
    "remedies",
    "sites",
    "name",
    "note",
    "version",
    "revision",
    "confirm",
    "reason",
)
"""Every field that a route of JSON reads."""

ARGUMENTS = (
    "q",
    "building",
    "on",
    "lang",
    "layer",
    "feature",
    "format",
    "minutes",
    "metres",
    "profile",
    "v",
    "name",
    "kind",
    "key",
    "page",
    "action",
    "account",
    "verify",
    "next",
    "severity",
    "code",
    "undone",
)
"""Every parameter that a route reads from its address."""

TEXTS = (
    "",
    "%00",
    "a%00b",
    "%ff%fe",
    "%ED%A0%80",
    "%F0%90%28%BC",
    "%0a%0d",
    "%",
    "%zz",
    "-1",
    "0",
    "1e308",
    "NaN",
    "Infinity",
    "9" * 400,
    "%EF%BC%91%EF%BC%90",
    "0000-00-00",
    "0001-01-01",
    "9999-12-31",
    "%27%20OR%201=1%20--",
    "{{7*7}}",
    "..%2f..%2f..%2fetc%2fpasswd",
    "a" * 4000,
    "%F0%A0%AE%B7" * 30,
    "a&a&a=b;c==&&",
)
"""What a parameter or a part of a path is set to, as it is sent."""

HEADERS: tuple[dict[str, str], ...] = (
    {"Content-Type": ""},
    {"Content-Type": "application/json; charset=utf-16"},
    {"Content-Type": "application/json; charset=\x01nonsense"},
    {"Content-Type": "application/json" + "; a=b" * 200},
    {"Content-Type": "multipart/form-data"},
    {"Content-Type": "multipart/form-data; boundary="},
    {"Content-Type": "multipart/form-data; boundary=" + "x" * 300},
    {"Content-Type": "application/x-www-form-urlencoded; charset=nonsense"},
    {"Content-Type": "text/plain"},
    {"Content-Type": "ä/ö"},
    {"Content-Length": "-1"},
    {"Content-Length": "x"},
    {"Content-Length": "1e3"},
    {"Content-Length": "9" * 30},
    {"Cookie": "geogrid=nonsense"},
    {"Cookie": "geogrid=" + "a." * 500},
    {"Cookie": "=;=;;; geogrid"},
    {"Cookie": "geogrid=\xff\xfe; session=\x01"},
    {"Accept": "text/html"},
    {"Accept": "nonsense;q=x, */*;q=-1"},
    {"Accept": "\xff"},
    {"Accept-Language": "zz;q=\x01"},
    {"Accept-Encoding": "nonsense;q=9"},
    {"Range": "bytes=99999999999-"},
    {"Range": "bytes=-0, x"},
    {"If-None-Match": '"x", W/"'},
    {"If-Modified-Since": "Thu, 99 Foo 0000 99:99:99"},
    {"X-CSRFToken": "\xff\x01"},
    {"X-HTTP-Method-Override": "TRACE"},
    {"Referer": "\x01"},
    {"User-Agent": ""},
)
"""Headers that are set beside or instead of the usual ones."""

HOSTS = ("", "[", "[::1", "a b", "localhost:99999", "localhost:x", "x" * 300, "\xff", "evil.example", "a..b")
METHODS = ("PUT", "DELETE", "PATCH", "TRACE", "PROPFIND", "X" * 50)


def vary_json(body: dict[str, Any]) -> Iterator[bytes]:
    """The body of a row with one field after the other made what it should not be."""
    for name in dict.fromkeys((*body, *FIELDS)):
        for value in VALUES if name in body else VALUES[::6]:
            yield json.dumps({**body, name: value}).encode()
