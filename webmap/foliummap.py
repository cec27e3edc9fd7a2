"""The map that Folium builds: its groups, panes and layer control, which carry addresses and style names only.

No name and no number of a county enters a template here: branca renders its output a second time as
a template, so that data in it would run as code. The script alone is used, in a page of our own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

import folium
from branca.element import MacroElement
from folium.map import CustomPane, Layer
from folium.template import Template
from xstatic.pkg import leaflet

from geogrid.labels import label

LEAFLET_URL = f"/assets/leaflet/{leaflet.PACKAGE_VERSION}"
MAX_ZOOM = 20
PANES = {
    "base": 205,
    "ground": 210,
    "fills": 215,
    "buildings": 220,
    "areas": 410,
    "gaps": 420,
    "points": 430,
    "findings": 440,
    "names": 640,
}
"""Panes from bottom to top with their z-index; clicks go through them to the server but for marks."""


MAP_TILES = "/tiles/map/{z}/{x}/{y}.pbf"
"""One vector tile holds all that is drawn from tiles."""


class TownMap(folium.Map):
    """A Folium map whose only foreign script is Leaflet from the installed package, and without a base map."""

    default_js = [("leaflet", f"{LEAFLET_URL}/leaflet.js")]
    default_css = [("leaflet_css", f"{LEAFLET_URL}/leaflet.css")]

    def __init__(self) -> None:
        super().__init__(
            tiles=None,
            control_scale=True,
            zoom_control="bottomright",
            max_zoom=MAX_ZOOM,
            min_zoom=8,
            zoom_snap=0.5,
            wheel_px_per_zoom_level=90,
            attribution_control=False,  # the page's own line of sources, without Leaflet's prefix
        )
        self._id = "town"


Named = TypeVar("Named", bound=MacroElement)


@dataclass(frozen=True)
class LayerPlan:
    """One part of a group: what kind of layer, where its data comes from, how it is drawn.

    Attributes
    ----------
    kind
        `ground` and `homes` (drawn from vector tiles), `areas`, `points`, `names`, `findings` or `basemap`.
    url
        Where the data comes from.
    style
        The name of an entry in `static/styles.js`.
    by_reading
        The data depends on the reading in force, which the page adds to the address.
    needs
        The capability without which the layer is neither shown nor asked for; empty for none.
    """

    kind: str
    url: str
    style: str
    pane: str
    by_reading: bool = False
    needs: str = ""


@dataclass(frozen=True)
class GroupPlan:
    """One row of the layer control.

    Attributes
    ----------
    name
        Fixed id; the row's text is the label `web.layer.<name>`.
    section
        The heading under which the row stands: label `web.section.<section>`.
    """

    name: str
    section: str
    shown: bool
    layers: tuple[LayerPlan, ...]


def _layer_url(layer: str) -> str:
    return f"/api/v1/layers/{layer}.geojson"


def _area_group(layer: str, *, shown: bool) -> GroupPlan:
    url = f"/api/v1/borders/{layer}.geojson"
    return GroupPlan(
        layer,
        "areas",
        shown,
        (LayerPlan("areas", url, layer, "areas"), LayerPlan("names", url, layer, "names")),
    )


def _ground_group(layer: str) -> GroupPlan:
    return GroupPlan(layer, "ground", True, (LayerPlan("ground", MAP_TILES, layer, "ground"),))


GROUPS = (
    GroupPlan(
        "homes",
        "coverage",
        True,
        (LayerPlan("homes", MAP_TILES, "homes", "buildings"),),
    ),
    GroupPlan(
        "gap",
        "coverage",
        True,
        (LayerPlan("areas", "/api/v1/gaps?format=geojson", "gap", "gaps", True, "study"),),
    ),
    GroupPlan(
        "centre",
        "coverage",
        True,
        (
            LayerPlan("areas", _layer_url("centre_footprint"), "centre_footprint", "fills"),
            LayerPlan("points", _layer_url("centre"), "centre", "points"),
        ),
    ),
    GroupPlan(
        "isochrone",
        "coverage",
        False,
        (LayerPlan("areas", "/api/v1/isochrones.geojson", "isochrone", "fills", True),),
    ),
    GroupPlan(
        "catchment",
        "coverage",
        False,
        (LayerPlan("areas", "/api/v1/catchments.geojson", "catchment", "fills", True),),
    ),
    GroupPlan(
        "candidate", "coverage", False, (LayerPlan("points", _layer_url("candidate"), "candidate", "points"),)
    ),
    _area_group("district", shown=True),
    _area_group("community", shown=True),
    _area_group("grid", shown=False),
    _area_group("beat", shown=False),
    GroupPlan(
        "compound",
        "places",
        False,
        (
            LayerPlan("areas", _layer_url("compound"), "compound", "areas"),
            LayerPlan("names", "/api/v1/borders/compound.geojson", "compound", "names"),
            LayerPlan("points", _layer_url("gate"), "gate", "points"),
        ),
    ),
    GroupPlan("place", "places", False, (LayerPlan("points", _layer_url("place"), "place", "points"),)),
    _ground_group("county"),
    _ground_group("water"),
    _ground_group("street"),
    GroupPlan("basemap", "ground", True, (LayerPlan("basemap", "/api/v1/county", "basemap", "base"),)),
    GroupPlan(
        "finding",
        "data",
        False,
        (LayerPlan("findings", "/api/v1/findings.geojson", "finding", "findings", needs="study"),),
    ),
)


class UrlLayer(Layer):
    """A layer of our own front end, which fetches its data when it is shown."""

    _template = Template("""
        {% macro script(this, kwargs) %}
            var {{ this.get_name() }} = geogrid.createLayer({{ this.options|tojavascript }});
        {% endmacro %}
    """)

    def __init__(self, plan: LayerPlan, identifier: str) -> None:
        super().__init__(name=identifier, overlay=True, control=False)
        self._name = "UrlLayer"
        self._id = identifier
        self.options = {
            "kind": plan.kind,
            "url": plan.url,
            "style": plan.style,
            "pane": plan.pane,
            "by_reading": plan.by_reading,
            "needs": plan.needs,
        }


class Registry(MacroElement):
    """Hands the map, its control and its groups to the modules of the page."""

    _template = Template("""
        {% macro script(this, kwargs) %}
            geogrid.registerMap({
                map: {{ this.map_name }},
                control: {{ this.control_name }},
                groups: [
                    {%- for plan, name in this.groups %}
                    {
                        name: {{ plan.name|tojson }},
                        section: {{ plan.section|tojson }},
                        needs: {{ plan.layers[0].needs|tojson }},
                        layer: {{ name }},
                    },
                    {%- endfor %}
                ],
            });
        {% endmacro %}
    """)

    def __init__(
        self, town_map: TownMap, control: folium.LayerControl, groups: list[tuple[GroupPlan, str]]
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # branca has no types
        self._name = "Registry"
        self._id = "town"
        self.map_name = town_map.get_name()
        self.control_name = control.get_name()
        self.groups = groups


def _fix_id(element: Named, identifier: str) -> Named:
    """The element under an id that is the same at every call; branca would draw one at random."""
    element._id = identifier  # noqa: SLF001  branca has no other way to say it
    return element


def build_map(language: str) -> TownMap:
    """The map with every group of `GROUPS`, a layer control in one language, and fixed ids throughout."""
    town_map = TownMap()
    for pane_name, z_index in PANES.items():
        _fix_id(CustomPane(pane_name, z_index=z_index), pane_name).add_to(town_map)
    groups: list[tuple[GroupPlan, str]] = []
    for plan in GROUPS:
        name = label(f"web.layer.{plan.name}", language)
        group = _fix_id(folium.FeatureGroup(name=name, show=plan.shown), plan.name)
        for number, layer in enumerate(plan.layers):
            UrlLayer(layer, f"{plan.name}_{number}").add_to(group)
        group.add_to(town_map)
        groups.append((plan, group.get_name()))
    control = _fix_id(folium.LayerControl(collapsed=False), "town")
    control.add_to(town_map)
    Registry(town_map, control, groups).add_to(town_map)
    return town_map


def render_script(language: str) -> str:
    """The map's script alone, the same text at every call: no header, no styles, no foreign address."""
    figure: Any = build_map(language).get_root()
    figure.render()
    text: str = figure.script.render()
    return text
