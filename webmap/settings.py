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
    max_upload_bytes
        The longest body of a form that holds a file.
    secret_key
        Signs the cookies; one by chance for this run when None.
    is_tls
        Whether browsers come by https: cookies then travel by nothing else.
    idle_s, longest_session_s
        Seconds without a request, and from the login, after which somebody must log in again.
    logins_per_minute
        Attempts that are taken from one address.
    lookups_per_minute
        Places and people that one account may ask for.
    public_lookups_per_minute
        The same for one address without an account, and for an account of the public.
    """

    host_names: tuple[str, ...] = LOOPBACK_NAMES
    max_body_bytes: int = 16_384
    max_upload_bytes: int = 64 << 20
    secret_key: str | None = None
    is_tls: bool = False
    idle_s: float = 3600.0
    longest_session_s: float = 12 * 3600.0
    logins_per_minute: int = 20
    lookups_per_minute: int = 600
    public_lookups_per_minute: int = 150
