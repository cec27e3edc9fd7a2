"""A report as one self-contained page with a map that moves: it works from a memory stick, without a server.

Folium builds the map; of its page only the script is used, which holds no data. All data stands beside it
as JSON and is shown as text, so that no name of a county is ever read as code.
"""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import folium
import geopandas as gpd
import numpy as np
import shapely
from folium.template import Template

from geogrid.coverage.equity import S_PER_MIN
from geogrid.coverage.gaps import describe_gaps
from geogrid.crs import to_lonlat
from geogrid.io.replacing import replacing
from geogrid.reports.document import (
    Block,
    Bullets,
    CellKind,
    Document,
    Figure,
    Heading,
    KeyFigures,
    Medium,
    PageBreak,
    Paragraph,
    Progress,
    Table,
    write_cell,
)
from geogrid.reports.facts import Facts
from geogrid.reports.gaps import name_areas, tell_gap, tell_where
from geogrid.reports.maps import STATUS_COLOURS
from geogrid.reports.words import Words

DEGREE_DIGITS = 6
"""A tenth of a metre: what a screen can show."""
SIMPLIFIED_M = 0.5
_ALSO_ESCAPED = {ord(ch): f"&#{ord(ch)};" for ch in "{}$`\\\u2028\u2029"}


def write_webpage(document: Document, facts: Facts, path: Path, progress: Progress | None = None) -> None:
    """Write a report as one HTML file, beside and renamed."""
    words = Words(document.language)
    n_blocks = len(document.blocks)
    body: list[str] = []
    for number, block in enumerate(document.blocks, 1):
        body += _write_block(block, words)
        if progress is not None:
            progress(number, n_blocks + 1)
    page = _assemble(document, body, _collect_data(facts, words))
    with replacing(path) as beside:
        beside.write_text(page, "utf-8")


def escape_text(text: str) -> str:
    """A text for HTML in which nothing is markup, nor a template of any kind.

    >>> escape_text("<b>{{7*7}} ${x} `")
    '&lt;b&gt;&#123;&#123;7*7&#125;&#125; &#36;&#123;x&#125; &#96;'
    """
    return html.escape(text, quote=True).translate(_ALSO_ESCAPED)


def escape_json(value: Any) -> str:
    """A value as JSON that may stand inside a script element of type application/json."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


# --- the map -----------------------------------------------------------------------------------


class _ReportMap(folium.Map):
    """A map without a base map, known to the page's script as `geogridReport.map`."""

    default_js: list[tuple[str, str]] = []
    default_css: list[tuple[str, str]] = []
    _template = Template(
        """
        {% macro script(this, kwargs) %}
            window.geogridReport = { map: L.map("map", { minZoom: 9, maxZoom: 20, attributionControl: false }) };
            L.control.scale({ imperial: false }).addTo(window.geogridReport.map);
        {% endmacro %}
        """
    )


def render_map_script() -> str:
    """What Folium renders of the map: its script alone, without any data."""
    figure: Any = _ReportMap(tiles=None).get_root()
    figure.render()
    text: str = figure.script.render()
    return text


def _collect_data(facts: Facts, words: Words) -> dict[str, Any]:
    town, layout = facts.official.town, facts.official.layout
    homes = facts.select_homes(facts.official)
    names = name_areas(facts)
    buildings = town.building.set_index("id", drop=False).reindex(homes.index)
    status = homes["doubt"].where(homes["doubt"].notna(), homes["status"])
    told = [
        {
            "id": str(key),
            "name": name,
            "status": str(one),
            "minutes": None if np.isnan(walk_s) else round(walk_s / S_PER_MIN, 2),
            "centre": names["centre"].get(centre, centre),
        }
        for key, name, one, walk_s, centre in zip(
            homes.index,
            buildings["name"],
            status,
            homes["walk_s"].astype(float),
            homes["centre"],
            strict=True,
        )
    ]
    gaps = [
        {
            "id": gap["id"],
            "lines": [
                words("gap", number=gap["id"].removeprefix("gap-"), where=tell_where(gap, names, words)),
                tell_gap(gap, names, words),
            ],
        }
        for gap in describe_gaps(facts.gaps)
    ]
    bounds = to_lonlat(
        gpd.GeoSeries(buildings.geometry.to_numpy(), crs=town.building.crs), "building"
    ).total_bounds
    doors = to_lonlat(gpd.GeoSeries(shapely.points(layout.centre_xy), crs=town.centre.crs), "centre")
    return {
        "ground": _features(town.county.geometry),
        "water": _features(town.water.geometry),
        "street": _features(town.street.geometry),
        "areas": _features(town.community.boundary),
        "homes": _features(gpd.GeoSeries(buildings.geometry.to_numpy(), crs=town.building.crs), told),
        "gaps": _features(facts.gaps.geometry, gaps),
        "centres": [
            {
                "lon": round(point.x, DEGREE_DIGITS),
                "lat": round(point.y, DEGREE_DIGITS),
                "name": str(name or key),
            }
            for point, name, key in zip(doors, layout.centre_name, layout.centre_id, strict=True)
            if not point.is_empty and np.isfinite(point.x)
        ],
        "bounds": [round(float(edge), DEGREE_DIGITS) for edge in bounds],
        "colours": STATUS_COLOURS,
        "texts": {
            **{
                name: words(f"legend.{name}")
                for name in (
                    "surely_in",
                    "in_doubt",
                    "surely_out",
                    "covered",
                    "not_covered",
                    "unanswered",
                    "centre",
                )
            },
            **{name: words(f"map.{name}") for name in ("walk", "minutes", "nearest")},
        },
    }


def _features(shapes: gpd.GeoSeries, properties: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """Shapes as GeoJSON in WGS 84, rounded for a screen; empty ones are left out."""
    drawn = to_lonlat(shapes.simplify(SIMPLIFIED_M), "report")
    rounded = shapely.set_precision(drawn.to_numpy(), 10.0**-DEGREE_DIGITS, mode="pointwise")
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {} if properties is None else properties[number],
                "geometry": json.loads(shapely.to_geojson(shape)),
            }
            for number, shape in enumerate(rounded)
            if shape is not None and not shape.is_empty
        ],
    }


# --- the page ----------------------------------------------------------------------------------


def _assemble(document: Document, body: list[str], data: dict[str, Any]) -> str:
    from xstatic.pkg import leaflet

    assets, parts = Path(leaflet.BASE_DIR), files("geogrid.reports")
    title = escape_text(document.title)
    rows = "".join(
        f"<tr><th>{escape_text(name)}</th><td>{escape_text(value)}</td></tr>"
        for name, value in document.sign_off
    )
    return "".join(
        (
            f'<!doctype html>\n<html lang="{"zh-CN" if document.language == "zh" else "en"}">\n<head>\n',
            '<meta charset="utf-8">\n<meta name="viewport" content="width=device-width, initial-scale=1">\n',
            '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data:; ',
            "style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n",
            f"<title>{title}</title>\n<style>{(assets / 'leaflet.css').read_text('utf-8')}</style>\n",
            f"<style>{(parts / 'report.css').read_text('utf-8')}</style>\n</head>\n<body>\n<main>\n",
            f'<p class="marks">{escape_text(" · ".join(document.marks))}</p>\n<h1>{title}</h1>\n',
            f'<p>{escape_text(document.subtitle)}</p>\n<table class="sign-off">{rows}</table>\n',
            *body,
            "</main>\n",
            f'<script type="application/json" id="report-data">{escape_json(data)}</script>\n',
            f"<script>{(assets / 'leaflet.js').read_text('utf-8')}</script>\n",
            f"<script>{render_map_script()}</script>\n",
            f"<script>{(parts / 'report.js').read_text('utf-8')}</script>\n</body>\n</html>\n",
        )
    )


def _write_block(block: Block, words: Words) -> Iterator[str]:
    match block:
        case Heading():
            level = block.level + 1
            yield f'<h{level} id="{escape_text(block.key)}">{escape_text(block.text)}</h{level}>\n'
        case Paragraph():
            kind = ' class="lead"' if block.is_lead else ' class="note"' if block.is_note else ""
            yield f"<p{kind}>{escape_text(block.text)}</p>\n"
        case Bullets():
            yield f"<ul>{''.join(f'<li>{escape_text(item)}</li>' for item in block.items)}</ul>\n"
        case KeyFigures():
            told = (
                f"<div><b>{escape_text(one.value)}</b><span>{escape_text(one.title)}</span>"
                f"<small>{escape_text(one.note)}</small></div>"
                for one in block.figures
            )
            yield f'<div class="figures">{"".join(told)}</div>\n'
        case Table():
            yield from _write_table(block)
        case Figure():
            yield from _write_figure(block, words)
        case PageBreak():
            pass


def _write_table(table: Table) -> Iterator[str]:
    yield f'<div class="scroll"><table><caption>{escape_text(table.caption)}</caption><thead><tr>'
    for column in table.columns:
        kind = "" if column.kind is CellKind.TEXT else ' class="number"'
        yield f'<th scope="col"{kind}>{escape_text(column.title)}</th>'
    yield "</tr></thead><tbody>"
    for row in table.rows:
        cells = []
        for column in table.columns:
            value = row.get(column.key)
            text = escape_text(write_cell(value, column.kind))
            if column.key == table.bar and isinstance(value, int | float):
                text += f' <meter min="0" max="1" value="{value:.4f}"></meter>'
            kind = "" if column.kind is CellKind.TEXT else ' class="number"'
            cells.append(f"<td{kind}>{text}</td>")
        yield f"<tr>{''.join(cells)}</tr>"
    yield "</tbody></table></div>\n"


def _write_figure(figure: Figure, words: Words) -> Iterator[str]:
    """The first map moves, a gap's map is a button that goes to it there, all others are pictures."""
    caption = escape_text(figure.caption)
    if figure.key == "map":
        legend = (
            f'<li><i style="background:{STATUS_COLOURS[name]}"></i>{escape_text(words(f"legend.{name}"))}</li>'
            for name in ("surely_in", "in_doubt", "surely_out", "unanswered")
        )
        yield f'<figure><div id="map" role="region" aria-label="{escape_text(figure.alt)}"></div>'
        yield f'<ul class="legend">{"".join(legend)}</ul><figcaption>{caption}</figcaption></figure>\n'
    elif figure.key.startswith("map_gap-"):
        gap = escape_text(figure.key.removeprefix("map_"))
        yield f'<p><button type="button" data-gap="{gap}" hidden>{escape_text(words("map.show"))}</button></p>\n'
    else:
        picture = base64.b64encode(figure.draw(Medium.SVG)).decode("ascii")
        yield f'<figure><img alt="{escape_text(figure.alt)}" src="data:image/svg+xml;base64,{picture}">'
        yield f"<figcaption>{caption}</figcaption></figure>\n"
