"""The files of the front end: Leaflet from its installed package, our own, Folium's script, the texts.

Every address holds a fingerprint of what it stands for, so that a browser may keep the file for ever.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from flask import Blueprint, Response, json, request, send_from_directory
from xstatic.pkg import leaflet

from geogrid.errors import OldAddressError
from geogrid.labels import LANGUAGES, read_labels
from webmap.foliummap import render_script
from webmap.roles import OPEN, needs

STATIC = Path(__file__).parent / "static"
KEPT_FOR_EVER = "public, max-age=31536000, immutable"
WEB_PREFIX = "web."

assets = Blueprint("assets", __name__)


@dataclass(frozen=True)
class Fingerprints:
    """Short hashes that stand in the addresses of the page: our files, the map script, the texts."""

    static: str
    map: str
    texts: str


def _fingerprint(*parts: bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()[:12]


@cache
def _script(language: str) -> str:
    return render_script(language)


@cache
def _texts(language: str) -> str:
    """The page's own texts as JSON: key without its prefix -> text."""
    table = read_labels()[language]
    texts = {key.removeprefix(WEB_PREFIX): text for key, text in table.items() if key.startswith(WEB_PREFIX)}
    return json.dumps(texts, ensure_ascii=False)


@cache
def read_fingerprints() -> Fingerprints:
    """The hashes of this installation."""
    files = sorted(path for path in STATIC.rglob("*") if path.is_file())
    return Fingerprints(
        static=_fingerprint(*(path.read_bytes() for path in files)),
        map=_fingerprint(*(_script(language).encode() for language in LANGUAGES)),
        texts=_fingerprint(*(_texts(language).encode() for language in LANGUAGES)),
    )


@cache
def list_modules() -> list[str]:
    """The names of the page's modules, which a browser then fetches side by side."""
    return sorted(path.name for path in STATIC.glob("*.js"))


def _keep(response: Response) -> Response:
    response.headers["Cache-Control"] = KEPT_FOR_EVER
    return response


@assets.get(f"/assets/leaflet/{leaflet.PACKAGE_VERSION}/<path:name>")
@needs(OPEN)
def leaflet_file(name: str) -> Response:
    """A file of Leaflet, from where its package is installed."""
    return _keep(send_from_directory(leaflet.BASE_DIR, name))


@assets.get("/static/<fingerprint>/<path:name>")
@needs(OPEN)
def static_file(fingerprint: str, name: str) -> Response:
    """A file of ours; under an old fingerprint there is nothing."""
    if fingerprint != read_fingerprints().static:
        raise OldAddressError(address=request.path)
    return _keep(send_from_directory(STATIC, name))


@assets.get("/map/<fingerprint>/<any(zh, en):language>.js")
@needs(OPEN)
def map_script(fingerprint: str, language: str) -> Response:
    """The script that Folium writes."""
    if fingerprint != read_fingerprints().map:
        raise OldAddressError(address=request.path)
    return _keep(Response(_script(language), mimetype="text/javascript"))


@assets.get("/texts/<fingerprint>/<any(zh, en):language>.json")
@needs(OPEN)
def texts(fingerprint: str, language: str) -> Response:
    """The texts of the page in one language."""
    if fingerprint != read_fingerprints().texts:
        raise OldAddressError(address=request.path)
    return _keep(Response(_texts(language), mimetype="application/json"))
