"""`geogrid export`: a layer, a computed one, or all layers, as a file for others."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from geogrid.cli import language
from geogrid.cli.options import county_argument, operator_name
from geogrid.cli.output import Progress, record_here
from geogrid.errors import BulkExportError, UnknownLayerError
from geogrid.labels import LANGUAGES, label
from geogrid.schema import LAYERS, SMALLEST_COUNT, TABLES

if TYPE_CHECKING:
    import geopandas as gpd

    from geogrid.workspace import Workspace

ALL = "all"
BULK_LAYERS = ("building", "street")
BULK_M2 = 25e6
"""Large-scale maps of all features of more ground than this can be classified (25 km²)."""


@click.command("export")
@county_argument
@click.argument("layer")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--crs",
    metavar="metric|zone|EPSG:n",
    help="输出坐标系：metric 为三度带（无带号），zone 为带号三度带；默认 CGCS2000 经纬度 / its CRS: the"
    " county's zone in metres without or with prefix; by default its degrees (a drawing: metric)",
)
@click.option("--yes", is_flag=True, help="不再确认 / do not ask")
@click.option("--lang", "tongue", type=click.Choice(LANGUAGES), help="标题语言 / language of titles")
def command(
    county: Path, layer: str, file: Path, crs: str | None, yes: bool, tongue: str | None
) -> None:  # a flag of the command line
    """导出图层、计算结果（catchment 服务区、isochrone 可达圈、gap 缺口、home 逐户），或全部图层（all）。

    Write a layer; a computed one: catchment, isochrone, gap, home; or all layers into one GeoPackage.
    FILE ends in .gpkg, .geojson, .fgb, .shp.zip, .dxf, .kml, .csv or .xlsx. No personal data is exported.
    """
    from geogrid.coverage.telling import LEAST_HOMES
    from geogrid.crs import choose_output_crs
    from geogrid.io.export import leave_out_counts, write_layer, write_layers
    from geogrid.io.naming import suffix_of
    from geogrid.workspace import Workspace
    from geogrid.workspace.audit import Event
    from geogrid.workspace.exporting import COMPUTED, EXPORTABLE, read_export

    if layer not in EXPORTABLE and layer not in (*COMPUTED, ALL):
        raise UnknownLayerError(layer=layer, known=", ".join([*EXPORTABLE, *COMPUTED, ALL]))
    speak = tongue or language()
    names = list(EXPORTABLE) if layer == ALL else [layer]
    with Workspace.open(county, readonly=True) as workspace:
        is_asked = _ask(workspace, layer, speak, is_sure=yes)
        with workspace.snapshot():
            frames = {name: read_export(workspace, name) for name in names}
        target = choose_output_crs(
            crs or ("metric" if suffix_of(file) == ".dxf" else None), workspace.metric_crs
        )
    n_hidden = 0
    for name, frame in frames.items():
        frames[name], n = leave_out_counts(frame)
        n_hidden += n
    titles = {name: _title(name, speak) for name in names}
    progress = Progress(speak)
    if layer == ALL:
        written = write_layers(frames, titles, file, crs=target, progress=progress)
        click.echo(label("cli.export.done_all", speak, count=len(frames), path=written.path))
    else:
        written = write_layer(frames[layer], file, layer_title=titles[layer], crs=target, progress=progress)
        click.echo(label("cli.export.done", speak, count=f"{len(frames[layer]):,}", path=written.path))
    subject = ",".join(f"layer:{name}" for name in names)
    n_rows = sum(map(len, frames.values()))
    detail = {"file": written.path.name, "crs": crs, "consent": yes or is_asked, "rows": n_rows}
    record_here(county, Event(operator_name(), "export", subject, detail=detail), speak)
    if n_hidden:
        click.echo(
            label("cli.export.hidden", speak, count=f"{n_hidden:,}", homes=LEAST_HOMES, least=SMALLEST_COUNT)
        )
    for note in written.notes:
        click.echo(f"  {note}")


def _title(name: str, speak: str) -> str:
    layer = LAYERS.get(name) or TABLES.get(name)
    if layer is None:
        return label(f"coverage.{name}", speak)
    return layer.zh if speak == "zh" else layer.en


def _ask(workspace: Workspace, layer: str, speak: str, *, is_sure: bool) -> bool:
    """Ask before a whole county leaves the house; a single layer is only remarked on where nobody can answer.

    Returns
    -------
    Whether somebody was asked and agreed.

    Raises
    ------
    BulkExportError
        For all layers, when there is neither a terminal nor a yes.
    """
    if is_sure or layer not in (ALL, *BULK_LAYERS):
        return False
    area_m2 = max(
        _measure_extent(workspace.read_metric(name)) for name in (BULK_LAYERS if layer == ALL else [layer])
    )
    if layer != ALL and area_m2 <= BULK_M2:
        return False
    what = label("cli.export.all", speak) if layer == ALL else _title(layer, speak)
    can_ask = sys.stdin.isatty()
    if layer == ALL and not can_ask:
        raise BulkExportError(what=what)
    click.echo(label("cli.export.bulk", speak, what=what, area=f"{area_m2 / 1e6:,.1f}"), err=True)
    if can_ask:
        click.confirm(label("cli.export.ask", speak), abort=True, err=True)
    return can_ask


def _measure_extent(frame: gpd.GeoDataFrame) -> float:
    """The area of the box around a layer in metres, m²; 0 where it is empty."""
    if frame.empty:
        return 0.0
    west, south, east, north = frame.total_bounds
    return float((east - west) * (north - south))
