"""What every answer carries and every request must satisfy, whatever the route."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Response, g, request

from geogrid.errors import ForeignHostError
from webmap.settings import WebSettings

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
)
IMAGES = "img-src 'self' data: blob:"
"""The part of the policy that a page opens to the hosts in `g.image_hosts`: those of a base map that was set."""

HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(self), camera=(), microphone=()",
}
NOT_KEPT = "no-store"
"""The rule where a view states none: an answer about a place is nobody else's business."""


def init_security(app: Flask, settings: WebSettings) -> None:
    """Have every request's host checked and every answer carry `HEADERS`."""
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_bytes
    app.config["MAX_FORM_MEMORY_SIZE"] = settings.max_body_bytes

    @app.before_request
    def require_known_host() -> None:
        host = host_name(request.host)
        if host not in settings.host_names:
            raise ForeignHostError(host=request.host[:100], known=settings.host_names)

    @app.after_request
    def add_headers(response: Response) -> Response:
        response.headers.update(HEADERS)
        if hosts := g.get("image_hosts"):
            policy = CONTENT_SECURITY_POLICY.replace(IMAGES, " ".join((IMAGES, *hosts)))
            response.headers["Content-Security-Policy"] = policy
        response.headers.setdefault("Cache-Control", NOT_KEPT)
        if settings.is_tls:
            response.headers["Strict-Transport-Security"] = "max-age=31536000"
        return response


def host_name(host: str) -> str:
    """The name in a Host header, without port and brackets; empty when it makes no sense.

    >>> host_name("[::1]:8000"), host_name("LOCALHOST:80"), host_name("a b")
    ('::1', 'localhost', '')
    """
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
    return "" if any(character.isspace() or character in "/@\\?#" for character in host) else name
