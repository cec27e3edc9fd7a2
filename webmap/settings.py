"""What the operator of a map server decides, typed and frozen."""

from __future__ import annotations

from dataclasses import dataclass

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class WebSettings:
    """The settings of one server.

    Attributes
    ----------
    host_names
        The names under which a browser may address this server, without port. A request under any
        other name is refused: a foreign site could make its own name point to this computer.
    max_body_bytes
        The longest request body that is read; a position needs less than a hundred bytes.
    """

    host_names: tuple[str, ...] = LOOPBACK_NAMES
    max_body_bytes: int = 16_384
