"""`geogrid locate-batch`: what answers for every row of a spreadsheet."""

from __future__ import annotations

import datetime
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import click

from geogrid.cli import EXIT_FINDINGS, language
from geogrid.cli.import_layer import DATUMS
from geogrid.cli.options import IsoDate, county_argument, operator_name
from geogrid.cli.output import format_count, record_here
from geogrid.labels import label


@click.command("locate-batch")
@county_argument
@click.argument("source", type=click.Path(path_type=Path), metavar="IN.xlsx|.csv")
@click.argument("target", type=click.Path(path_type=Path), metavar="OUT.xlsx|.csv")
@click.option("--column", metavar="NAME", help="地址或名称所在列 / the column of addresses or names")
@click.option("--lon", metavar="NAME", help="经度所在列 / the column of longitudes")
@click.option("--lat", metavar="NAME", help="纬度所在列 / the column of latitudes")
@click.option("--datum", type=click.Choice(DATUMS), help="坐标基准，用坐标时必填 / datum of the positions")
@click.option("--encoding", help="文字编码 / text encoding (utf-8, gb18030 …)")
@click.option("--on", type=IsoDate(), help="按某日的边界与任职 / as of a day")
def command(
    county: Path,
    source: Path,
    target: Path,
    column: str | None,
    lon: str | None,
    lat: str | None,
    datum: str | None,
    encoding: str | None,
    on: datetime.date | None,
) -> int:
    """成批查询：原表各行各列不变，后面加上网格、负责人、民警、最近的中心与查询状态。

    Look up every row of a table; its rows and columns stay as they are and the answers follow them.
    Exit code 1 unless every row is resolved.
    """
    from geogrid.crs import Datum
    from geogrid.workspace import Workspace
    from geogrid.workspace.audit import Event
    from geogrid.workspace.batch import Columns, locate_file

    with ExitStack() as stack, Workspace.open(county, readonly=True) as workspace:

        def start(n_rows: int) -> Callable[[int], None]:
            hidden = not sys.stderr.isatty()
            bar = stack.enter_context(click.progressbar(length=n_rows, file=sys.stderr, hidden=hidden))
            return lambda _: bar.update(1)

        report = locate_file(
            workspace,
            source,
            target,
            columns=Columns(column, lon, lat),
            datum=None if datum is None else Datum(datum),
            encoding=encoding,
            on=on,
            language=language(),
            start=start,
        )
        synthetic = workspace.is_synthetic
    detail = {"rows": report.n_rows, "resolved": report.n_resolved, "people": True}
    record_here(county, Event(operator_name(), "batch", detail=detail), language())
    if synthetic:
        click.echo(f"〔{label('synthetic', language())}〕")
    click.echo(
        label(
            "cli.locate-batch.done",
            language(),
            path=target,
            rows=format_count(report.n_rows),
            resolved=format_count(report.n_resolved),
        )
    )
    for state, count in sorted(report.unresolved.items()):
        shown = label(f"batch.state.{state}", language())
        click.echo("  " + label("cli.locate-batch.rest", language(), state=shown, count=format_count(count)))
    for note in report.notes:
        click.echo(f"  {note}")
    return EXIT_FINDINGS if report.unresolved else 0
