"""`geogrid import-elevation`: heights for the streets."""

from __future__ import annotations

from pathlib import Path

import click

from geogrid.cli import language
from geogrid.cli.options import author_option, county_argument, operator_name
from geogrid.cli.output import Progress
from geogrid.errors import EmptyLayerError
from geogrid.labels import label
from geogrid.schema import LAYERS


@click.command("import-elevation")
@county_argument
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="只检查，不写入 / check alone, write nothing")
@author_option
def command(county: Path, file: Path, dry_run: bool, author: str) -> None:
    """从 GeoTIFF 读取高程，写到道路的每个顶点。/ Heights from a GeoTIFF for every vertex of the streets."""
    from geogrid.io.elevation import drape_streets
    from geogrid.workspace import ImportMode, Workspace, import_layers

    progress = Progress(language())
    with Workspace.open(county) as workspace:
        streets = workspace.read("street")
        if streets.empty:
            raise EmptyLayerError(layer="street", title=LAYERS["street"].zh)
        progress.say(label("cli.import.reading", language(), path=file))
        draped = drape_streets(streets.drop(columns="version"), file, progress)
        import_layers(
            workspace,
            {"street": draped.streets},
            ImportMode.MERGE,
            author=author,
            note=f"import-elevation {file.name}",
            is_rehearsal=dry_run,
            actor=operator_name(),
            file=file.name,
        )
    click.echo(
        label(
            "cli.import-elevation.done",
            language(),
            count=len(streets),
            low=f"{draped.lowest_m:.0f}",
            high=f"{draped.highest_m:.0f}",
            missing=draped.n_without_height,
        )
    )
    if dry_run:
        click.echo(label("cli.import.nothing_written", language()))
