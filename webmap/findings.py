"""Faults in the county's data as a layer of the map; nothing that is about people is checked here."""

from __future__ import annotations

from geogrid.checks import run_checks
from geogrid.findings import tabulate_findings
from geogrid.schema import TABLES
from geogrid.workspace import Workspace
from webmap.county import County
from webmap.geojson import plain_records, write_features

MOST_SHOWN = 2_000
"""More marks than these say nothing more; the gravest come first."""

COLUMNS = ("code", "severity", "layer", "features", "zh", "en", "remedy_zh", "remedy_en")


def write_findings(county: County) -> str:
    """The findings that have a place, gravest first, as GeoJSON.

    Raises
    ------
    EmptyLayerError
        When the county holds no layer at all.
    """
    with Workspace.open(county.path, readonly=True) as workspace:
        layers, tables = workspace.read_all()
        metric = str(workspace.metric_crs)
    open_tables = {name: table for name, table in tables.items() if not TABLES[name].is_personal}
    findings = tabulate_findings(run_checks(layers, open_tables, county.day), metric)
    placed = findings[findings.geometry.notna() & ~findings.geometry.is_empty].iloc[:MOST_SHOWN]
    return write_features(placed, plain_records(placed, COLUMNS), "finding")
