"""What schemathesis makes of `/openapi.json`, asked as each role of a server with its limits raised: 5xx fail.

    pip install schemathesis && python benchmarks/fuzz.py [--examples 50] [--seed 1]

A server of the hand-drawn town is started for each role, logged in to by the form, and asked what the
description says and what it does not. Cases and server errors are counted by the server itself; the run
ends with 1 when there was an error.
"""

from __future__ import annotations

import argparse
import http.client
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

sys.path.insert(0, str(Path(__file__).parents[1]))

from geogrid.workspace import Workspace
from geogrid.workspace.account import add_account
from tests.support.web import write_town
from webmap import create_app
from webmap.listening import bind_port, make_server
from webmap.settings import WebSettings

ROLES = ("", "public", "staff", "planner", "admin")
PASSWORD = "town-by-hand-1"  # noqa: S105  # of a town that is thrown away
AGENT = "fuzz"  # a session belongs to one browser


def main() -> int:
    """Ask as each role and print one line each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--examples", type=int, default=50, help="of each operation and phase")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--roles", nargs="*", default=ROLES)
    options = parser.parse_args()
    program = shutil.which("schemathesis", path=str(Path(sys.executable).parent)) or "schemathesis"
    n_faults = 0
    for role in options.roles:
        counts = fuzz(program, role, options.examples, options.seed)
        faults = {status: count for status, count in counts.items() if status >= 500}
        n_faults += sum(faults.values())
        shown = ", ".join(f"{status}: {count:,}" for status, count in sorted(counts.items()))
        print(
            f"{role or '(no login)':12} {sum(counts.values()):7,} requests, {sum(faults.values())} × 5xx   {shown}"
        )
    return 1 if n_faults else 0


def fuzz(program: str, role: str, n_examples: int, seed: int) -> Counter[int]:
    """How often the server answered with each status."""
    with tempfile.TemporaryDirectory() as folder:
        path = write_town(Path(folder) / "town.gpkg")
        settings = WebSettings(logins_per_minute=10**9, lookups_per_minute=10**9)
        app = create_app(path, settings)
        counts: Counter[int] = Counter()
        app.wsgi_app = _count(app.wsgi_app, counts)  # type: ignore[method-assign]  # as middleware is put on
        listening = bind_port("127.0.0.1", 0)
        port = listening.getsockname()[1]
        server = make_server(app, listening)
        threading.Thread(target=server.run, daemon=True).start()
        headers = ["-H", f"User-Agent: {AGENT}"]
        if role:
            with Workspace.open(path) as workspace:
                add_account(workspace, "fuzz", PASSWORD, role=role, actor="fuzz")
        cookie, token = log_in(port, is_account=bool(role))
        headers += ["-H", f"Cookie: {cookie}", "-H", f"X-CSRFToken: {token}"]
        counts.clear()
        command = [program, "run", f"http://127.0.0.1:{port}/openapi.json", *headers]
        command += ["--checks", "not_a_server_error", "--max-examples", str(n_examples), "--seed", str(seed)]
        command += ["--continue-on-failure", "--suppress-health-check", "all", "--warnings", "off"]
        command += ["--phases", "examples,coverage,fuzzing", "--request-timeout", "60"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if not sum(counts.values()) or any(status >= 500 for status in counts):
            print(done.stdout[-6000:], done.stderr[-2000:], file=sys.stderr)
        server.close()
        return counts


def log_in(port: int, *, is_account: bool) -> tuple[str, str]:
    """The cookie of a session, and the token that its changes bear."""
    cookie, token = _take_token(port, "")
    if is_account:
        form = urlencode({"login": "fuzz", "password": PASSWORD, "csrf_token": token})
        kind = "application/x-www-form-urlencoded"
        _, cookie = _ask(port, "POST", cookie, form, kind)
        cookie, token = _take_token(port, cookie)
    return cookie, token


def _take_token(port: int, cookie: str) -> tuple[str, str]:
    page, renewed = _ask(port, "GET", cookie)
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found is not None
    return renewed or cookie, found[1]


def _ask(port: int, method: str, cookie: str, body: str = "", kind: str = "text/plain") -> tuple[str, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request(method, "/login", body, {"Cookie": cookie, "User-Agent": AGENT, "Content-Type": kind})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return text, (answer.headers["Set-Cookie"] or "").partition(";")[0]


def _count(app: Callable[..., Iterable[bytes]], counts: Counter[int]) -> Callable[..., Iterable[bytes]]:
    def counting(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        def note(status: str, *rest: Any) -> Any:
            counts[int(status[:3])] += 1
            return start(status, *rest)

        return app(environ, note)

    return counting


if __name__ == "__main__":
    sys.exit(main())
