"""The office of a small county as a test uses it: forms sent, jobs waited for."""

from __future__ import annotations

import io
import re
import time
from html import unescape
from typing import Any
from urllib.parse import unquote

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

PATIENCE_S = 60.0
PAGE = {"Accept": "text/html"}


def post(client: FlaskClient, address: str, **fields: Any) -> TestResponse:
    """A form sent as a browser sends it."""
    return client.post(address, data=fields, headers=PAGE, content_type="multipart/form-data")


def upload(content: bytes, name: str) -> tuple[io.BytesIO, str]:
    """A file of a form."""
    return io.BytesIO(content), name


def order(client: FlaskClient, address: str, **fields: Any) -> str:
    """Order a job and wait for its end; its address."""
    answer = post(client, address, **fields)
    assert answer.status_code == 303, read_text(answer)
    where = answer.headers["Location"].partition("?")[0]
    wait(client, where)
    return where


def wait(client: FlaskClient, where: str) -> dict[str, Any]:
    """How a job ended."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        told = client.get(f"{where}/progress").get_json()
        if told["state"] not in ("waiting", "running"):
            return told
        time.sleep(0.02)
    raise AssertionError(told)


def show(client: FlaskClient, where: str, language: str = "zh") -> str:
    """What stands on a page, without its tags."""
    return read_text(client.get(f"{where}?lang={language}", headers=PAGE))


def fetch(client: FlaskClient, where: str) -> tuple[bytes, str]:
    """The file that a job made, and what it is called."""
    with client.get(f"{where}/file") as answer:
        assert answer.status_code == 200
        disposition = answer.headers["Content-Disposition"]
        assert disposition.startswith("attachment")
        return answer.data, unquote(disposition)


def read_text(answer: TestResponse) -> str:
    """The words of a page, one space between them."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())
