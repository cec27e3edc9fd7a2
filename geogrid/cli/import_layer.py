"""`geogrid import`: a file of somebody else's into a layer."""

from __future__ import annotations

from pathlib import Path

import click

from geogrid.cli import language
from geogrid.cli.options import author_option, county_argument
from geogrid.cli.output import Progress, warn_of
from geogrid.errors import InvalidOptionError
from geogrid.labels import label

DATUMS = ("wgs84", "cgcs2000", "gcj02", "bd09")


@click.command("import")
@county_argument
@click.argument("layer")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--datum", type=click.Choice(DATUMS), help="坐标基准，必填 / datum, required")
@click.option("--crs", metavar="EPSG:n", help="文件未注明时的坐标系 / its CRS, where the file does not say")
@click.option(
    "--column", "columns", multiple=True, metavar="OUR=THEIRS", help="列对应 / column mapping, repeatable"
)
@click.option("--encoding", help="文字编码 / text encoding (utf-8, gb18030 …)")
@click.option("--replace", "mode", flag_value="replace", help="整层替换 / in place of the whole layer")
@click.option("--merge", "mode", flag_value="merge", help="按编号合并 / update by key, add the rest")
@click.option("--dry-run", is_flag=True, help="只检查，不写入 / check alone, write nothing")
@author_option
def command(
    county: Path,
    layer: str,
    file: Path,
    datum: str | None,
    crs: str | None,
    columns: tuple[str, ...],
    encoding: str | None,
    mode: str | None,
    dry_run: bool,  # a flag of the command line
    author: str,
) -> None:
    """导入图层；文件有误时一次列出全部问题，什么都不改。

    Load a layer. Every fault of the file is reported at once, and then nothing is changed.
    """
    from geogrid.checks.datum import find_shifted_layers
    from geogrid.crs import Datum
    from geogrid.errors import MissingDatumError, UnknownLayerError
    from geogrid.io.vector import read_layer
    from geogrid.schema import LAYERS
    from geogrid.workspace import ImportMode, Workspace, find_extent, import_layers

    if layer not in LAYERS:
        raise UnknownLayerError(layer=layer, known=", ".join(LAYERS))
    mapping = dict(parse_mapping(text) for text in columns)
    progress = Progress(language())
    with Workspace.open(county) as workspace:
        if datum is None:
            raise MissingDatumError(file=str(file))
        progress.say(label("cli.import.reading", language(), path=file))
        imported = read_layer(
            file,
            LAYERS[layer],
            datum=Datum(datum),
            crs=crs,
            columns=mapping,
            encoding=encoding,
            store_crs=workspace.store_crs,
            extent=find_extent(workspace, besides=layer),
            progress=progress,
        )
        progress.say(label("cli.import.writing", language()))
        report = import_layers(
            workspace,
            {layer: imported.frame},
            ImportMode(mode or "add"),
            author=author,
            note=f"import {layer} {file.name}",
            is_rehearsal=dry_run,
        )
    for note in imported.notes:
        click.echo(f"  {note}")
    warn_of(find_shifted_layers(report.positions), language())
    done = "cli.import.rehearsed" if dry_run else "cli.import.done"
    title = LAYERS[layer].zh if language() == "zh" else LAYERS[layer].en
    click.echo(
        label(
            done,
            language(),
            layer=title,
            added=report.added[layer],
            updated=report.updated[layer],
            before=report.before[layer],
        )
    )
    if report.revision is not None:
        click.echo(label("cli.import.revision", language(), revision=report.revision, path=county))


def parse_mapping(text: str) -> tuple[str, str]:
    """Our column and theirs from `ours=theirs`."""
    ours, separator, theirs = text.partition("=")
    if not separator or not ours.strip() or not theirs.strip():
        raise InvalidOptionError(option="--column", value=text, expected="我方列名=对方列名 / ours=theirs")
    return ours.strip(), theirs.strip()
