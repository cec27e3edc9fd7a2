"""`geogrid serve`: a county's map in the browser of this computer."""

from __future__ import annotations

import errno
import ipaddress
import logging
import os
import secrets
import socket
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from geogrid.errors import NonLoopbackHostError, PortInUseError
from geogrid.labels import LANGUAGES, label
from webmap.sessions import KEY_BYTES
from webmap.settings import LOOPBACK_NAMES, WebSettings

if TYPE_CHECKING:
    from geogrid.workspace import Workspace
    from webmap.county import CountySource
    from webmap.tiles import TileStore

THREADS = 8


@click.command("serve")
@click.argument("county", required=False, type=click.Path(path_type=Path), metavar="[COUNTY.gpkg]")
@click.option("--host", default="127.0.0.1", show_default=True, help="本机地址 / a name of this computer")
@click.option("--port", default=5000, show_default=True, type=click.IntRange(0, 65535), help="端口 / port")
def serve(county: Path | None, host: str, port: int) -> None:
    """在浏览器中打开地图；不给文件时打开演示县。/ Serve the map; without a file, the demo county's."""
    require_loopback(host)
    path = county if county is not None else _find_demo()

    from waitress.server import create_server

    from geogrid.workspace import Workspace
    from webmap import create_app
    from webmap.county import EXTENSION
    from webmap.tiles import TILES

    with Workspace.open(path) as workspace:  # its faults are told now, not at the first request
        greet_accounts(workspace)
    names = tuple(dict.fromkeys((*LOOPBACK_NAMES, host.lower())))
    app = create_app(path, WebSettings(host_names=names, secret_key=read_secret(path)))
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a page asks for a dozen files at once
    listening = bind_port(host, port)
    server = create_server(app, sockets=[listening], threads=THREADS)
    port = listening.getsockname()[1]
    _say("serve.ready", url=f"http://{f'[{host}]' if ':' in host else host}:{port}/")
    threading.Thread(
        target=_warm, args=(app.extensions[EXTENSION], app.extensions[TILES]), daemon=True
    ).start()
    server.run()


def greet_accounts(workspace: Workspace) -> None:
    """Say how to log in: the demo's accounts, or an administrator made now where there is no account."""
    from geogrid.demo.accounts import DEMO_PASSWORD, list_open_demo_accounts
    from geogrid.workspace.account import create_first_admin, list_accounts

    if not list_accounts(workspace):
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


def require_loopback(host: str) -> None:
    """Raise NonLoopbackHostError unless a name means this computer alone."""
    try:
        is_loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_loopback = host.lower() in LOOPBACK_NAMES
    if not is_loopback:
        raise NonLoopbackHostError(host=host)


def bind_port(host: str, port: int) -> socket.socket:
    """A socket that holds the port; PortInUseError when another program does."""
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        if os.name == "posix":  # elsewhere it would let two programs share the port
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        if error.errno == errno.EADDRINUSE:
            raise PortInUseError(port=port) from error
        raise
    return listening


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
    from webmap.places import search_places
    from webmap.tiles import warm_tiles

    started = time.perf_counter()
    try:
        county = source.current()
        warm_tiles(store, county)
        for query in ("a", "1"):  # names by their initials, and numbers
            search_places(county, query)
        county.assess_doubt(county.reading)
    except GeogridError:
        return  # the page says what is missing
    _say("serve.warmed", seconds=f"{time.perf_counter() - started:.1f}")


def _say(key: str, **values: object) -> None:
    for language in LANGUAGES:
        click.echo(label(key, language, **values))
