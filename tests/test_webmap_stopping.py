"""The end of a server, asked for or not: what runs is answered, and no file that somebody sent stays behind."""

from __future__ import annotations

import http.client
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from geogrid.io.scratch import find_private_place, scratch_folder, sweep_leftovers
from geogrid.workspace import Workspace
from geogrid.workspace.account import add_account
from tests.support.web import write_town

PASSWORD = "town-by-hand-1"
WAIT_S = 60.0

posix = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX: run it on Linux or macOS")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = write_town(tmp_path / "town.gpkg")
    with Workspace.open(path) as workspace:
        add_account(workspace, "planner", PASSWORD, role="planner", actor="test")
    return path


@contextmanager
def serving_process(
    path: Path, temporary: Path, code: str = ""
) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """`geogrid serve` as a process of its own, with what `code` adds before; the process and its port."""
    temporary.mkdir(exist_ok=True)
    program = f"{code}\nimport sys\nfrom geogrid.cli import main\nsys.argv[1:] = ['serve', {str(path)!r}, '--port', '0']\nmain()\n"
    process = subprocess.Popen(
        [sys.executable, "-X", "utf8", "-c", program],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "TMPDIR": str(temporary), "TEMP": str(temporary)},
    )
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if found := re.search(r"http://[^:]+:(\d+)/", line):
                yield process, int(found[1])
                break
        else:
            raise AssertionError("the server did not start")
    finally:
        process.kill()
        process.wait(WAIT_S)
        process.stdout.close()


def ask(port: int, method: str, address: str, body: bytes = b"", **headers: str) -> tuple[int, str, str]:
    """Status, cookie and text of an answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT_S)
    connection.request(
        method, address, body, {name.replace("_", "-"): value for name, value in headers.items()}
    )
    answer = connection.getresponse()
    text = answer.read().decode(errors="replace")
    connection.close()
    return answer.status, (answer.headers["Set-Cookie"] or "").partition(";")[0], text


def upload_people(port: int) -> None:
    """Log in as the planner and send a roster, whose preview waits for a decision."""
    _, cookie, page = ask(port, "GET", "/login")
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
    form = f"login=planner&password={PASSWORD}&csrf_token={token}".encode()
    kind = "application/x-www-form-urlencoded"
    status, cookie, _ = ask(port, "POST", "/login", form, Cookie=cookie, Content_Type=kind)
    assert status == 303
    _, renewed, page = ask(port, "GET", "/office/uploads", Cookie=cookie)
    cookie = renewed or cookie
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
    parts = {"layer": "roster", "csrf_token": token}
    lines = [
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in parts.items()
    ]
    file = "姓名,职务,区域\n王保国,邻里长,第11网格\n"
    lines.append(
        '--b\r\nContent-Disposition: form-data; name="file"; filename="people.csv"\r\n\r\n'
        + file
        + "\r\n--b--\r\n"
    )
    body = "".join(lines).encode()
    status, _, told = ask(
        port, "POST", "/office/uploads", body, Cookie=cookie, Content_Type="multipart/form-data; boundary=b"
    )
    assert status == 303, told[:500]


def list_files(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file()]


SLOW = """
import signal, time, webmap
plain = webmap.create_app
def slow_app(*given, **named):
    app = plain(*given, **named)
    asked = app.wsgi_app
    def answer(environ, start):
        if environ["PATH_INFO"] == "/healthz":
            print("ASKED", flush=True)
            while signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:  # until the end was asked for
                time.sleep(0.01)
        return asked(environ, start)
    app.wsgi_app = answer
    return app
webmap.create_app = slow_app
"""


@posix
def test_a_server_that_is_told_to_end_answers_what_runs_and_leaves_no_file(path, tmp_path):
    temporary = tmp_path / "temporary"
    with serving_process(path, temporary, SLOW) as (process, port):
        upload_people(port)
        assert list_files(temporary)
        told: list[tuple[int, str, str]] = []
        asking = threading.Thread(target=lambda: told.append(ask(port, "GET", "/healthz")))
        asking.start()
        assert any("ASKED" in line for line in process.stdout)
        process.send_signal(signal.SIGTERM)
        asking.join(WAIT_S)
        assert process.wait(WAIT_S) == 0
        assert [answer[0] for answer in told] == [200]
    assert list_files(temporary) == []


@posix
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGHUP])
def test_the_other_ways_to_ask_for_the_end_are_heard_too(path, tmp_path, how):
    temporary = tmp_path / "temporary"
    with serving_process(path, temporary) as (process, port):
        upload_people(port)
        process.send_signal(how)
        assert process.wait(WAIT_S) == 0
    assert list_files(temporary) == []


@posix
def test_what_a_killed_server_left_is_swept_at_the_next_start_and_nothing_of_one_that_lives(path, tmp_path):
    temporary = tmp_path / "temporary"
    other = write_town(tmp_path / "other.gpkg")
    with Workspace.open(other) as workspace:
        add_account(workspace, "planner", PASSWORD, role="planner", actor="test")
    with serving_process(path, temporary) as (killed, port):
        upload_people(port)
        killed.kill()
        killed.wait(WAIT_S)
    left = list_files(temporary)
    assert any(b"\xe7\x8e\x8b" in file.read_bytes() for file in left)  # 王, of the roster
    with serving_process(other, temporary) as (_, port):
        assert not any(file.exists() for file in left)
        upload_people(port)
        kept = [file for file in list_files(temporary) if file.name.startswith("upload")]
        assert kept  # beside what its reader needs for a moment
        with serving_process(path, temporary) as (_, __):
            assert all(file.exists() for file in kept)


def test_the_folder_of_a_process_is_its_users_alone(tmp_path, monkeypatch):
    folder = scratch_folder()
    assert folder.is_dir()
    assert scratch_folder() == folder
    sweep_leftovers(folder.parent)  # of others, where any were killed
    assert folder.is_dir()  # this one lives
    if os.name == "posix":
        assert [f"{file.stat().st_mode & 0o777:o}" for file in (folder, folder.parent)] == ["700", "700"]
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
        taken = tmp_path / f"geogrid-{os.getuid()}"
        taken.mkdir(mode=0o755)
        taken.chmod(0o755)  # somebody made it before us, for others to look in
        assert find_private_place() != taken
        taken.rmdir()
        taken.symlink_to(tmp_path)
        assert find_private_place() != taken


@posix
def test_a_reader_ends_with_the_process_that_asked_it(tmp_path):
    code = (
        "import os, subprocess, sys, json, pathlib\n"
        "from geogrid.io import child\n"
        "child.end_with_parent()\n"
        "print('UP', flush=True)\n"
        "import threading; threading.Event().wait()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout.readline() == "UP\n"
        process.stdin.close()
        assert process.wait(WAIT_S) == 1
