"""Starting the server: who may reach it, what it says, the key it keeps, and https."""

from __future__ import annotations

import http.client
import re
import shutil
import socket
import ssl
import stat
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from geogrid import errors
from geogrid.demo.accounts import DEMO_ACCOUNTS, DEMO_PASSWORD, add_demo_accounts
from geogrid.workspace import Workspace
from geogrid.workspace.account import authenticate, change_password, list_accounts
from tests.support.web import write_town
from webmap import create_app
from webmap.listening import bind_port, load_certificate, make_server
from webmap.serve import greet_accounts, is_loopback, name_server, read_secret, require_accounts
from webmap.settings import WebSettings

OPENSSL = shutil.which("openssl")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_town(tmp_path / "town.gpkg")


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of this computer that signs itself, with its key, made for this run."""
    if OPENSSL is None:
        pytest.skip("the test of https needs a certificate: install openssl")
    folder = tmp_path_factory.mktemp("pem")
    cert, key = folder / "cert.pem", folder / "key.pem"
    make = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=test"
    names = ("-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1")
    command = [OPENSSL, *make.split(), *names, "-keyout", str(key), "-out", str(cert)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    both = folder / "both.pem"
    both.write_bytes(cert.read_bytes() + key.read_bytes())
    return both


# --- accounts --------------------------------------------------------------------------------------


def test_the_first_start_makes_an_administrator_and_shows_the_password_once(path, capsys):
    with Workspace.open(path) as workspace:
        greet_accounts(workspace)
        said = capsys.readouterr().out
        password = re.search(r"password (\S+) \(shown this once", said)[1]
        assert authenticate(workspace, "admin", password).role == "admin"
        greet_accounts(workspace)
    assert password not in capsys.readouterr().out


def test_demo_accounts_are_said_while_their_password_is_the_one_everybody_knows(path, capsys):
    with Workspace.open(path) as workspace:
        add_demo_accounts(workspace)
        assert {account.login: account.role for account in list_accounts(workspace)} == DEMO_ACCOUNTS
        greet_accounts(workspace)
        assert DEMO_PASSWORD in capsys.readouterr().out
        for login in DEMO_ACCOUNTS:
            change_password(workspace, login, "not-that-one-any-more", actor="test")
        greet_accounts(workspace)
        assert capsys.readouterr().out == ""


def test_beyond_this_computer_real_accounts_are_needed(path):
    with Workspace.open(path) as workspace:
        with pytest.raises(errors.NonLoopbackHostError):
            require_accounts(workspace, "10.0.0.5")
        add_demo_accounts(workspace)
        with pytest.raises(errors.DemoPasswordError, match="demo-planner"):
            require_accounts(workspace, "10.0.0.5")
        for login in DEMO_ACCOUNTS:
            change_password(workspace, login, "not-that-one-any-more", actor="test")
        require_accounts(workspace, "10.0.0.5")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.20", "example.com"])  # noqa: S104  asked about
def test_another_computer_may_come_by_these(host):
    assert not is_loopback(host)


def test_a_server_of_every_address_must_be_told_its_names():
    with pytest.raises(errors.InvalidOptionError):
        name_server("0.0.0.0", ())  # noqa: S104  asked about
    assert name_server("0.0.0.0", ("Map.Example",))[-1] == "map.example"  # noqa: S104  asked about
    assert name_server("10.0.0.5", ())[-1] == "10.0.0.5"


def test_the_key_is_made_by_chance_kept_and_for_its_owner_alone(tmp_path):
    first = read_secret(tmp_path / "a.gpkg")
    assert read_secret(tmp_path / "a.gpkg") == first
    assert read_secret(tmp_path / "b.gpkg") != first
    assert len(bytes.fromhex(first)) == 32
    file = tmp_path / "a.secret"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.write_text("")  # a start that was cut off
    assert read_secret(tmp_path / "a.gpkg") not in ("", first)


# --- https -----------------------------------------------------------------------------------------


@contextmanager
def serving_tls(path: Path, pem: Path) -> Iterator[int]:
    listening = bind_port("127.0.0.1", 0)
    port = listening.getsockname()[1]
    app = create_app(path, WebSettings(is_tls=True))
    server = make_server(app, listening, load_certificate(pem, pem))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield port
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)


def fetch(port: int, address: str, pem: Path) -> http.client.HTTPResponse:
    connection = http.client.HTTPSConnection(
        "127.0.0.1", port, context=ssl.create_default_context(cafile=str(pem)), timeout=20
    )
    connection.request("GET", address)
    response = connection.getresponse()
    response.read()
    connection.close()
    return response


def test_https_answers_though_somebody_stays_silent_or_speaks_plainly(path, pem):
    with (
        serving_tls(path, pem) as port,
        socket.create_connection(("127.0.0.1", port)),
    ):  # which never says a word
        with socket.create_connection(("127.0.0.1", port), timeout=20) as plain:
            plain.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            try:
                answer = plain.recv(100)
            except ConnectionResetError:
                answer = b""
            assert b"HTTP" not in answer
        response = fetch(port, "/login", pem)
        assert response.status == 200
        assert response.headers["Set-Cookie"].startswith("__Host-geogrid=")
        assert "Secure" in response.headers["Set-Cookie"]
        assert response.headers["Strict-Transport-Security"]
        assert "erkzeug" not in str(response.headers)
    assert load_certificate(pem, pem).minimum_version == ssl.TLSVersion.TLSv1_2


def test_files_that_are_no_certificate_are_a_sentence(tmp_path):
    (tmp_path / "x.pem").write_text("nothing")
    for file in (tmp_path / "x.pem", tmp_path / "gone.pem"):
        with pytest.raises(errors.CertificateError):
            load_certificate(file, file)
