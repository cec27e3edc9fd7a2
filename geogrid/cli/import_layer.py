"""`geogrid import`: a file of somebody else's into a layer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from geogrid.cli import EXIT_FINDINGS, language
from geogrid.cli.options import author_option, county_argument, operator_name
from geogrid.cli.output import Progress, warn_of
from geogrid.errors import InvalidOptionError
from geogrid.labels import label

if TYPE_CHECKING:  # they bring geopandas, which `--help` does not wait for
    from geogrid.crs import Datum
    from geogrid.io.table import Table
    from geogrid.workspace import ImportMode, Workspace
    from geogrid.workspace.placing import PlacePlan

SHOWN = 40
"""Rows that are printed; the file of unresolved rows has all."""
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
@click.option("--partial", is_flag=True, help="地址无法确定的行留下，其余导入 / take the rows that are found")
@click.option(
    "--unresolved",
    type=click.Path(path_type=Path),
    help="无法确定的行写入此表 / where rows that are not found are written (FILE-未定位.xlsx)",
)
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
    partial: bool,  # a flag of the command line
    unresolved: Path | None,
    dry_run: bool,  # the same
    author: str,
) -> int:
    """导入图层；文件有误时一次列出全部问题，什么都不改。楼栋、中心、场所的表格可以只有地址。

    Load a layer. Every fault of the file is reported at once, and then nothing is changed. Tables of
    buildings, centres and places may say by an address where a row is.
    """
    from geogrid.checks.datum import find_shifted_layers
    from geogrid.crs import Datum
    from geogrid.errors import FileContentError, MissingDatumError, UnknownLayerError
    from geogrid.io.listing import open_listing
    from geogrid.io.vector import read_layer
    from geogrid.schema import LAYERS
    from geogrid.workspace import ImportMode, Workspace, find_extent, import_layers

    if layer not in LAYERS:
        raise UnknownLayerError(layer=layer, known=", ".join(LAYERS))
    mapping = dict(parse_mapping(text) for text in columns)
    progress = Progress(language())
    chosen = ImportMode(mode or "add")
    plan = None
    with Workspace.open(county) as workspace:
        progress.say(label("cli.import.reading", language(), path=file))
        table = open_listing(file, LAYERS[layer], columns=mapping, encoding=encoding)
        known = None if datum is None else Datum(datum)
        extent = find_extent(workspace, besides=layer)
        if table is not None:
            plan = _place_listing(workspace, table, layer, file, chosen, known, crs, mapping, extent)
            if plan.unresolved:
                if unresolved is not None or not dry_run:
                    beside = unresolved or file.with_name(f"{file.stem}-未定位.xlsx")
                    plan.write_unresolved(beside, language(), is_synthetic=workspace.is_synthetic)
                    told = label("placing.written", language(), count=len(plan.unresolved), path=beside)
                    click.echo(told, err=True)
                if not partial:
                    raise FileContentError(file.name, plan.list_faults())
            frame, notes = plan.frame, plan.listing.notes
        elif known is None:
            raise MissingDatumError(file=str(file))
        else:
            imported = read_layer(
                file,
                LAYERS[layer],
                datum=known,
                crs=crs,
                columns=mapping,
                encoding=encoding,
                store_crs=workspace.store_crs,
                extent=extent,
                progress=progress,
            )
            frame, notes = imported.frame, imported.notes
        progress.say(label("cli.import.writing", language()))
        report = import_layers(
            workspace,
            {layer: frame},
            chosen,
            author=author,
            note=f"import {layer} {file.name}",
            is_rehearsal=dry_run,
            actor=operator_name(),
            file=file.name,
        )
    for note in notes:
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
    if plan is None:
        return 0
    for state, count in sorted(plan.counts.items()):
        click.echo(label(f"placing.count.{state}", language(), count=count))
    for place in plan.unresolved[:SHOWN]:
        click.echo("  " + label("cli.derive.row", language(), row=place.row) + place.explain(language()))
    return EXIT_FINDINGS if plan.unresolved else 0


def _place_listing(
    workspace: Workspace,
    table: Table,
    layer: str,
    file: Path,
    mode: ImportMode,
    datum: Datum | None,
    crs: str | None,
    columns: dict[str, str],
    extent: tuple[float, float, float, float] | None,
) -> PlacePlan:
    from geogrid.io.listing import read_listing
    from geogrid.schema import LAYERS
    from geogrid.workspace.placing import plan_places

    listing = read_listing(
        table,
        LAYERS[layer],
        file.name,
        datum=datum,
        crs=crs,
        columns=columns,
        store_crs=workspace.store_crs,
        extent=extent,
    )
    return plan_places(workspace, listing, layer, mode)


def parse_mapping(text: str) -> tuple[str, str]:
    """Our column and theirs from `ours=theirs`."""
    ours, separator, theirs = text.partition("=")
    if not separator or not ours.strip() or not theirs.strip():
        raise InvalidOptionError(option="--column", value=text, expected="我方列名=对方列名 / ours=theirs")
    return ours.strip(), theirs.strip()
