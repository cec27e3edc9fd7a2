"""`/tiles/{layer}/{z}/{x}/{y}.pbf`: layers as vector tiles, made when asked for and kept."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable

from flask import Blueprint, Response, current_app, request

from geogrid.errors import InvalidOptionError, OldAddressError, UnknownLayerError
from webmap.county import County, Results, current_county
from webmap.roles import needs
from webmap.tilesource import TileSource, fingerprint_layer, make_source

TILES = "geogrid_tiles"
MIMETYPE = "application/vnd.mapbox-vector-tile"
MAX_TILE_ZOOM = 20
KEPT_TILES = 2_000
"""About 20 kB each."""
KEPT_SOURCES = 32
ASK_AGAIN = "private, no-cache"
KEPT_FOR_EVER = "private, max-age=31536000, immutable"

MAP = "map"
"""What the page draws comes in one tile: one request instead of four."""

TILE_LAYERS: dict[str, tuple[str, ...]] = {
    MAP: ("county", "water", "street", "building"),
    "building": ("building",),
    "street": ("street",),
    "water": ("water",),
    "compound": ("compound",),
    "areas": ("community", "district", "grid", "beat"),
}
"""What may be asked for, and the layers that such a tile holds."""

COLUMNS: dict[str, tuple[str, ...]] = {
    "county": ("name",),
    "water": ("name", "kind"),
    "street": ("class", "name"),
    "building": ("id",),
    "compound": ("id", "name", "kind"),
    "community": ("code", "name", "kind"),
    "district": ("code", "name"),
    "grid": ("code", "name", "community", "district"),
    "beat": ("code", "name", "community"),
}
DETAILS = ("id", "name")
"""Columns that have another value for nearly every feature."""

tiles = Blueprint("tiles", __name__)


class TileStore:
    """Layers made ready and tiles made from them, by what they were made of: an edit elsewhere voids none."""

    def __init__(self) -> None:
        self._sources = Results(KEPT_SOURCES)
        self._tiles = Results(KEPT_TILES)

    def find_source(self, county: County, layer: str) -> TileSource:
        """A layer made ready for tiles."""
        key = (layer, _fingerprint(county, layer))
        return self._sources.find(
            key, lambda: make_source(county.layers[layer], layer, COLUMNS[layer], DETAILS)
        )

    def find_tile(self, county: County, name: str, zoom: int, x: int, y: int) -> bytes:
        """One tile: its layers one after another."""
        key: Hashable = (name, version_tiles(county, name), zoom, x, y)
        return self._tiles.find(
            key,
            lambda: b"".join(
                self.find_source(county, layer).encode(zoom, x, y) for layer in TILE_LAYERS[name]
            ),
        )


def _fingerprint(county: County, layer: str) -> str:
    return county.results.find(
        ("fingerprint", layer), lambda: fingerprint_layer(county.layers[layer], COLUMNS[layer])
    )


def version_tiles(county: County, name: str) -> str:
    """The fingerprint of what a kind of tile is made of; it stands in the addresses of its tiles."""
    parts = ":".join(_fingerprint(county, layer) for layer in TILE_LAYERS[name])
    return hashlib.sha256(parts.encode()).hexdigest()[:12]


def warm_tiles(store: TileStore, county: County) -> None:
    """Make every layer ready that the page draws."""
    for layer in TILE_LAYERS[MAP]:
        store.find_source(county, layer)


@tiles.get("/tiles/<layer>/<int:z>/<int:x>/<int:y>.pbf")
@needs("see_map")
def tile(layer: str, z: int, x: int, y: int) -> Response:
    """A vector tile; under `?v=` with its version it never changes."""
    if layer not in TILE_LAYERS:
        raise UnknownLayerError(layer=layer[:40], known=", ".join(TILE_LAYERS))
    if z > MAX_TILE_ZOOM or max(x, y) >= 1 << z:
        raise InvalidOptionError(
            option="z/x/y", value=f"{z}/{x}/{y}"[:40], expected=f"z ≤ {MAX_TILE_ZOOM}; x, y < 2^z"
        )
    county = current_county()
    version = version_tiles(county, layer)
    asked = request.args.get("v")
    if asked not in {None, version}:
        raise OldAddressError(address=request.path)
    store: TileStore = current_app.extensions[TILES]
    response = Response(store.find_tile(county, layer, z, x, y), mimetype=MIMETYPE)
    response.headers["Cache-Control"] = ASK_AGAIN if asked is None else KEPT_FOR_EVER
    response.set_etag(f"{version}-{z}-{x}-{y}")
    response.make_conditional(request)
    return response
