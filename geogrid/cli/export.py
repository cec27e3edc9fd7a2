"""`geogrid export`: a layer, or a computed one, as a file for others."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from geogrid.cli import language
from geogrid.cli.options import county_argument
from geogrid.errors import UnknownLayerError
from geogrid.labels import label
from geogrid.schema import LAYERS, SMALLEST_COUNT, TABLES

if TYPE_CHECKING:
    import pandas as pd

    from geogrid.workspace import Workspace

COMPUTED = ("catchment", "isochrone", "gap", "home")
"""Results that are drawn anew for each export and stored nowhere."""


@click.command("export")
@county_argument
@click.argument("layer")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--crs", metavar="EPSG:n", help="输出坐标系，默认 CGCS2000 / its CRS; by default the county's own"
)
def command(county: Path, layer: str, file: Path, crs: str | None) -> None:
    """导出图层或计算结果（catchment 服务区、isochrone 十分钟圈、gap 缺口、home 逐户）。

    Write a layer, or a computed one: catchment, isochrone, gap, home. No personal data is ever exported.
    """
    from geogrid.io.export import hide_small_counts, write_layer
    from geogrid.workspace import Workspace

    exportable = [name for name, table in {**LAYERS, **TABLES}.items() if not table.is_personal]
    if layer not in exportable and layer not in COMPUTED:
        raise UnknownLayerError(layer=layer, known=", ".join([*exportable, *COMPUTED]))
    with Workspace.open(county) as workspace:
        frame = _compute(workspace, layer) if layer in COMPUTED else workspace.read(layer)
        synthetic = workspace.is_synthetic
    title = label(f"coverage.{layer}", language()) if layer in COMPUTED else {**LAYERS, **TABLES}[layer].zh
    if synthetic and "synthetic" not in frame.columns:
        frame = frame.assign(synthetic=True)
    frame, n_hidden = hide_small_counts(frame)
    notes = write_layer(frame, file, layer_title=title, crs=crs)
    click.echo(label("cli.export.done", language(), count=f"{len(frame):,}", path=file))
    if n_hidden:
        click.echo(label("cli.export.hidden", language(), count=f"{n_hidden:,}", least=SMALLEST_COUNT))
    for note in notes:
        click.echo(f"  {note}")


def _compute(workspace: Workspace, layer: str) -> pd.DataFrame:
    from geogrid.coverage.assess import assess_layout
    from geogrid.coverage.catchment import outline_catchments, outline_isochrones
    from geogrid.coverage.ground import lay_ground
    from geogrid.coverage.reading import Reading
    from geogrid.crs import change_crs
    from geogrid.workspace.cache import read_layout

    town, reading = workspace.read_town(), Reading.parse(workspace.reading)
    layout = read_layout(workspace.path, town)
    if layer == "home":
        homes: pd.DataFrame = assess_layout(town, layout, [reading])[0].homes.reset_index(names="building")
        return homes
    if layer == "gap":
        drawn = assess_layout(town, layout, [reading])[0].gaps
    else:
        outline = outline_catchments if layer == "catchment" else outline_isochrones
        drawn = outline(layout, lay_ground(town, layout), reading)
    located: pd.DataFrame = change_crs(drawn.assign(reading=str(reading)), str(workspace.store_crs), layer)
    return located
