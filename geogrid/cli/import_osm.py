"""`geogrid import-osm`: streets, buildings, compounds and gates from an OpenStreetMap file."""

from __future__ import annotations

from pathlib import Path

import click

from geogrid.cli import language
from geogrid.cli.options import author_option, county_argument, operator_name
from geogrid.cli.output import Progress, format_table, warn_of
from geogrid.labels import label


@click.command("import-osm")
@county_argument
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--replace", "mode", flag_value="replace", help="替换这些图层 / in place of those layers")
@click.option("--merge", "mode", flag_value="merge", help="按编号合并 / update by id, add the rest")
@click.option("--dry-run", is_flag=True, help="只检查，不写入 / check alone, write nothing")
@author_option
def command(county: Path, file: Path, mode: str | None, dry_run: bool, author: str) -> None:
    """从 OpenStreetMap 文件（XML、PBF、Overpass JSON）导入道路、广场、楼栋、小区、出入口、阻隔、水域。

    Load streets, squares, buildings, compounds, gates, barriers and water from XML, PBF or Overpass JSON.
    """
    from geogrid.checks.datum import find_shifted_layers
    from geogrid.checks.rules import list_keys
    from geogrid.io.osm import read_osm
    from geogrid.workspace import ImportMode, Workspace, import_layers

    progress = Progress(language())
    with Workspace.open(county) as workspace:
        progress.say(label("cli.import.reading", language(), path=file))
        extract = read_osm(file, progress=progress)
        layers = {name: frame for name, frame in extract.layers.items() if len(frame)}
        if workspace.count("county") == 0 and extract.extent is not None:
            layers = {"county": extract.extent_frame(workspace.code, workspace.name), **layers}
        progress.say(label("cli.import.writing", language()))
        report = import_layers(
            workspace,
            layers,
            ImportMode(mode or "add"),
            author=author,
            note=f"import-osm {file.name}",
            is_rehearsal=dry_run,
            actor=operator_name(),
            file=file.name,
        )
    warn_of(find_shifted_layers(report.positions), language())
    heads = [label(f"cli.import-osm.{head}", language()) for head in ("layer", "added", "updated")]
    rows = [[name, f"{report.added[name]:,}", f"{report.updated[name]:,}"] for name in layers]
    click.echo(format_table(heads, rows))
    for reason, count in extract.left_out.items():
        click.echo(
            label(
                "cli.import-osm.left_out",
                language(),
                count=f"{count:,}",
                reason=label(f"io.osm.left_out.{reason}", language()),
            )
        )
    for reason, ids in extract.told_ids.items():
        told = {"count": f"{len(ids):,}", "ids": list_keys(ids, language())}
        reason_text = label(f"io.osm.told.{reason}", language())
        click.echo(label("cli.import-osm.told", language(), reason=reason_text, **told))
    click.echo(f"{extract.source} · {extract.licence}")
    click.echo(label("cli.import-osm.not_survey", language()))
    if dry_run:
        click.echo(label("cli.import.nothing_written", language()))
