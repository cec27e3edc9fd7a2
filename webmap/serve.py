"""`geogrid serve`: a county's map in the browser of this computer."""

from __future__ import annotations

import ipaddress
import logging
import os
import secrets
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from geogrid.errors import (
    DemoPasswordError,
    InvalidOptionError,
    NonLoopbackHostError,
    PrivateFileMissingError,
)
from geogrid.io.scratch import scratch_folder
from geogrid.labels import LANGUAGES, label
from geogrid.workspace.connection import find_missing_permission
from geogrid.workspace.serving import held_for_serving
from webmap.listening import bind_port, load_certificate, make_server
from webmap.sessions import KEY_BYTES
from webmap.settings import LOOPBACK_NAMES, WebSettings

if TYPE_CHECKING:
    from geogrid.workspace import Workspace
    from webmap.county import CountySource
    from webmap.tiles import TileStore

STOP_JOBS_S = 2.0
"""How long the end of the server waits for a long job, which was told to end."""


@click.command("serve")
@click.argument("county", required=False, type=click.Path(path_type=Path), metavar="[COUNTY.gpkg]")
@click.option("--host", default="127.0.0.1", show_default=True, help="本机地址 / a name of this computer")
@click.option("--port", default=5000, show_default=True, type=click.IntRange(0, 65535), help="端口 / port")
@click.option(
    "--name", "names", multiple=True, help="浏览器所用的主机名，可重复 / a name that browsers use, repeatable"
)
@click.option("--cert", type=click.Path(path_type=Path), help="TLS 证书（PEM）/ certificate for https, PEM")
@click.option("--key", type=click.Path(path_type=Path), help="TLS 私钥（PEM）/ its private key, PEM")
def serve(
    county: Path | None, host: str, port: int, names: tuple[str, ...], cert: Path | None, key: Path | None
) -> None:
    """在浏览器中打开地图；不给文件时打开演示县。/ Serve the map; without a file, the demo county's."""
    if (cert is None) != (key is None):
        raise InvalidOptionError(option="--cert, --key", value="…", expected="两者同时给出 / both or none")
    known = name_server(host, names)
    os.umask(0o077)  # whatever the server writes is its user's alone
    # Whatever a library writes for a while lies in our own folder too, and is swept with it.
    tempfile.tempdir = str(scratch_folder())
    path = county if county is not None else _find_demo()

    from geogrid.workspace import Workspace
    from webmap import create_app
    from webmap.county import EXTENSION
    from webmap.jobs import EXTENSION as JOBS
    from webmap.stopping import serve_until_told
    from webmap.tiles import TILES
    from webmap.waiting import EXTENSION as WAITING

    context_of_command = click.get_current_context()
    context_of_command.with_resource(held_for_serving(path))
    open_for_service(path, host)
    # An open file keeps SQLite's log beside it: a reader needs no room on the disk while the server runs.
    context_of_command.with_resource(Workspace.open(path, readonly=True))
    context = load_certificate(cert, key) if cert and key else None
    settings = WebSettings(host_names=known, secret_key=_find_secret(path), is_tls=context is not None)
    app = create_app(path, settings)
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a page asks for a dozen files at once
    listening = bind_port(host, port)
    port = listening.getsockname()[1]
    server = make_server(app, listening, context)
    shown = names[0] if names else host
    scheme = "https" if context else "http"
    _say("serve.ready", url=f"{scheme}://{f'[{shown}]' if ':' in shown else shown}:{port}/")
    if context is None and not is_loopback(host):
        _say("serve.plain")
    threading.Thread(
        target=_warm, args=(app.extensions[EXTENSION], app.extensions[TILES]), daemon=True
    ).start()
    try:
        serve_until_told(server)
    finally:
        _say("serve.stopped")
        app.extensions[JOBS].stop(STOP_JOBS_S)
        app.extensions[WAITING].stop()


def open_for_service(path: Path, host: str) -> None:
    """Have a county's faults told now, not at the first request, and say how to log in.

    A county that this user may not write is shown, and says that nothing in it can be changed.

    Raises
    ------
    WorkspaceError, NonLoopbackHostError, DemoPasswordError
    """
    from geogrid.workspace import Workspace

    missing = find_missing_permission(path) if path.exists() else None
    with Workspace.open(path, readonly=missing is not None) as workspace:
        if not is_loopback(host):
            require_accounts(workspace, host)
        if missing is None:
            greet_accounts(workspace)
        else:
            _say("serve.readonly", path=path, missing=missing)


def greet_accounts(workspace: Workspace) -> None:
    """Say how to log in: the demo's accounts, or an administrator made now where there never was an account.

    Raises
    ------
    PrivateFileMissingError
        When there were accounts, and the file that held them is gone.
    """
    from geogrid.demo.accounts import DEMO_PASSWORD, list_open_demo_accounts
    from geogrid.workspace.account import create_first_admin, list_accounts

    if not list_accounts(workspace):
        if workspace.had_accounts:
            raise PrivateFileMissingError(path=str(workspace.path), private=str(workspace.private_path))
        made = create_first_admin(workspace, actor="geogrid serve")
        _say("serve.first_admin", login=made.login, password=made.password)
    elif logins := list_open_demo_accounts(workspace):
        _say("demo.accounts", logins=", ".join(logins), password=DEMO_PASSWORD)


def read_secret(path: Path) -> str:
    """What signs the cookies of a county's server: made once by chance, beside the county, for its owner alone."""
    file = path.with_name(path.name.removesuffix(".gpkg") + ".secret")
    try:
        descriptor = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        kept = file.read_text("ascii").strip()
        if len(kept) == 2 * KEY_BYTES:
            return kept
        file.unlink()  # left half written
        return read_secret(path)
    secret = secrets.token_hex(KEY_BYTES)
    with os.fdopen(descriptor, "w", encoding="ascii") as opened:
        opened.write(secret)
    return secret


def _find_secret(path: Path) -> str | None:
    """The secret beside the county; one by chance for this run where it can be neither read nor made."""
    try:
        return read_secret(path)
    except OSError:
        return None


def is_loopback(host: str) -> bool:
    """Whether a name or an address means this computer alone.

    >>> [is_loopback(host) for host in ("127.0.0.1", "::1", "localhost", "0.0.0.0", "192.168.1.20")]
    [True, True, True, False, False]
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() in LOOPBACK_NAMES


def name_server(host: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """The names under which browsers may address the server.

    Raises
    ------
    InvalidOptionError
        For every address of the computer at once without a name: a request under any name would have to be answered.
    """
    try:
        is_any = ipaddress.ip_address(host).is_unspecified
    except ValueError:
        is_any = False
    if is_any and not names:
        raise InvalidOptionError(
            option="--name", value="", expected="例如 / such as map.example.org, 10.0.0.5"
        )
    own = () if is_any else (host.lower(),)
    return tuple(dict.fromkeys((*LOOPBACK_NAMES, *own, *(name.lower() for name in names))))


def require_accounts(workspace: Workspace, host: str) -> None:
    """Refuse to serve beyond this computer a county without accounts, or with those that everybody may know.

    Raises
    ------
    NonLoopbackHostError, DemoPasswordError
    """
    from geogrid.demo.accounts import list_open_demo_accounts
    from geogrid.workspace.account import list_accounts

    if not list_accounts(workspace):
        raise NonLoopbackHostError(host=host)
    if logins := list_open_demo_accounts(workspace):
        raise DemoPasswordError(host=host, logins=logins)


def _find_demo() -> Path:
    """The demo county in the user's own folder for programs' files, built where it is not there."""
    from geogrid.demo.county import create_demo_county, fingerprint_generator

    folder = Path(click.get_app_dir("geogrid"))
    path = folder / f"demo-{fingerprint_generator()}.gpkg"
    if not _is_whole(path):
        folder.mkdir(parents=True, exist_ok=True)
        for file in (path, path.with_suffix(".private.sqlite")):
            file.unlink(missing_ok=True)
        _say("serve.demo", path=path)
        create_demo_county(path, progress=click.echo)
    return path


def _is_whole(path: Path) -> bool:
    """Whether a demo county is there that was not left half written."""
    from geogrid.errors import WorkspaceError
    from geogrid.workspace import Workspace

    try:
        with Workspace.open(path, readonly=True) as workspace:
            return workspace.count("building") > 0
    except WorkspaceError:
        return False


def _warm(source: CountySource, store: TileStore) -> None:
    """Compute what the first visitor would wait for."""
    from geogrid.errors import GeogridError
    from geogrid.workspace import Workspace
    from webmap.places import search_places
    from webmap.tiles import warm_tiles
    from webmap.view import find_told

    started = time.perf_counter()
    try:
        county = source.current()
        warm_tiles(store, county)
        for query in ("a", "1"):  # names by their initials, and numbers
            search_places(county, query)
        county.assess_doubt(county.reading)
        find_told(county)
        _say("serve.warmed", seconds=f"{time.perf_counter() - started:.1f}")
        with Workspace.open(county.path, readonly=True) as workspace:  # no visitor waits for that
            if damage := workspace.find_damage():
                _say("serve.damaged", found=", ".join(damage))
    except GeogridError:
        return  # the page says what is missing


def _say(key: str, **values: object) -> None:
    for language in LANGUAGES:
        click.echo(label(key, language, **values))
