"""How browsers reach the map: a socket of one address, plain behind waitress or by TLS."""

from __future__ import annotations

import errno
import os
import socket
import ssl
import threading
from pathlib import Path
from typing import Any

from flask import Flask
from waitress.server import create_server
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from geogrid.errors import CertificateError, PortInUseError
from webmap.settings import WebSettings

THREADS = 8
LARGEST_BODY_BYTES = 2 * WebSettings.max_upload_bytes
"""Larger ones are cut off before the application sees them; what it refuses itself, it refuses with a sentence."""
MOST_CONNECTIONS = 200
"""Of a server with TLS, which gives each a thread of its own; more wait to be taken."""
SILENT_S = 30.0
"""How long a connection may say nothing, in the handshake too."""


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


def load_certificate(cert: Path, key: Path) -> ssl.SSLContext:
    """What a server shows of itself, TLS 1.2 at least.

    Raises
    ------
    CertificateError
        When the files cannot be read or do not belong together.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(cert, key, password=lambda: "")  # never ask the terminal
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise CertificateError(cert=str(cert), key=str(key), reason=str(error)) from error
    return context


def make_server(app: Flask, listening: socket.socket, context: ssl.SSLContext | None = None) -> Any:
    """A server of the application on a bound socket; `run` or `serve_forever` blocks, by TLS where there is a context."""
    if context is None:
        return create_server(
            app, sockets=[listening], threads=THREADS, max_request_body_size=LARGEST_BODY_BYTES
        )
    listening.listen(MOST_CONNECTIONS)
    server = TlsServer(app, listening, context)
    server.run = server.serve_forever  # type: ignore[attr-defined]  # as waitress calls it
    return server


class _Handler(WSGIRequestHandler):
    timeout = SILENT_S
    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002  # werkzeug's name
        """Keep nothing: an address can hold what somebody searched for."""

    def run_wsgi(self) -> None:
        """Answer one request, which counts while it lasts."""
        assert isinstance(self.server, TlsServer)  # noqa: S101  # which alone makes it
        self.server.count_running(1)
        try:
            super().run_wsgi()
        finally:
            self.server.count_running(-1)

    def version_string(self) -> str:
        """No word on what the server is made of."""
        return "geogrid"


class TlsServer(ThreadedWSGIServer):
    """Werkzeug's threaded server with the handshake in the connection's own thread, so that a silent one holds up nobody."""

    daemon_threads = True

    def __init__(self, app: Flask, listening: socket.socket, context: ssl.SSLContext) -> None:
        host, port = listening.getsockname()[:2]
        super().__init__(host, port, app, handler=_Handler, fd=listening.fileno())
        listening.close()  # the server holds the socket by a number of its own
        self.ssl_context = context  # by which werkzeug knows that the scheme is https
        self._free = threading.BoundedSemaphore(MOST_CONNECTIONS)
        self._n_running, self._changed = 0, threading.Condition()

    def count_running(self, number: int) -> None:
        """Note that a request is being answered (1) or was answered (-1)."""
        with self._changed:
            self._n_running += number
            self._changed.notify_all()

    def wait_until_idle(self, longest_s: float) -> bool:
        """Wait until nothing is being answered; whether it came to that in time."""
        with self._changed:
            return self._changed.wait_for(lambda: self._n_running == 0, longest_s)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Take a connection into a thread of its own, when one is free."""
        self._free.acquire()
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Shake hands and serve, within `SILENT_S` of silence."""
        try:
            request.settimeout(SILENT_S)
            try:
                secured = self.ssl_context.wrap_socket(request, server_side=True)  # type: ignore[union-attr]
            except OSError:  # plain http, a scanner, or nobody any more
                request.close()
                return
            super().process_request_thread(secured, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that broke off is no news."""
