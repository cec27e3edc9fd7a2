"""How a server ends: no new requests, those that run may finish, and nothing that somebody sent is left behind."""

from __future__ import annotations

import signal
import threading
import time
from types import FrameType
from typing import Any

from webmap.listening import TlsServer

GRACE_S = 10.0
"""How long requests that run when the end is asked for may go on."""
LOOK_S = 0.1
REST_S = 1.0
"""How long the loop of a server that is asked nothing sleeps; on Windows a signal is looked at only then."""

ENDINGS = ("SIGTERM", "SIGHUP", "SIGINT", "SIGBREAK")
"""The signals that ask for the end, as far as a system has them: on Windows Ctrl+C and Ctrl+Break, since nothing
there sends SIGTERM to a program."""


def serve_until_told(server: Any, *, grace_s: float = GRACE_S) -> None:
    """Serve until a signal asks for the end; then answer what was asked before, within some seconds.

    To be called in the main thread. A second signal ends the program at once.

    Parameters
    ----------
    server
        As `webmap.listening.make_server` makes it.
    """
    told = threading.Event()
    _listen_for_end(told, server)
    if isinstance(server, TlsServer):
        serving = threading.Thread(target=server.serve_forever, daemon=True)
        serving.start()
        while not told.wait(REST_S):  # not for ever: a signal would be looked at by nobody
            pass
        server.shutdown()
        server.wait_until_idle(grace_s)
        server.server_close()
        return
    while not told.is_set():
        _step(server, REST_S)
    server.del_channel(server._map)  # noqa: SLF001  # what `close` does, but for the connections there are
    server.socket.close()
    end_s = time.monotonic() + grace_s
    while not _is_idle(server) and time.monotonic() < end_s:
        _step(server, LOOK_S)
    server.task_dispatcher.shutdown(timeout=0)


def _listen_for_end(told: threading.Event, server: Any) -> None:
    known = [getattr(signal, name) for name in ENDINGS if hasattr(signal, name)]

    def end(_: int, __: FrameType | None) -> None:
        for one in known:
            signal.signal(one, signal.SIG_DFL)
        told.set()
        if not isinstance(server, TlsServer):
            server.pull_trigger()  # wakes its loop

    for one in known:
        signal.signal(one, end)


def _step(server: Any, longest_s: float) -> None:
    server.asyncore.loop(timeout=longest_s, map=server._map, use_poll=server.adj.asyncore_use_poll, count=1)  # noqa: SLF001  # as its own `run` does


def _is_idle(server: Any) -> bool:
    """Whether nothing is being answered or on its way out."""
    return not any(
        channel.requests or channel.total_outbufs_len for channel in server.active_channels.values()
    )
