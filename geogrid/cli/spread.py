"""`geogrid spread`: totals of communities or other areas spread over their homes."""

from __future__ import annotations

from pathlib import Path

import click

from geogrid.cli import language
from geogrid.cli.import_layer import parse_mapping
from geogrid.cli.options import author_option, county_argument, json_option, operator_name
from geogrid.cli.output import echo_json, format_table
from geogrid.labels import label

SHOWN = 40
"""Rows that are printed; `--json` has all."""


@click.command("spread")
@county_argument
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option(
    "--layer", default="community", show_default=True, help="合计按哪个图层 / whose totals they are"
)
@click.option("--area", metavar="CODE", help="不用文件：一个区域的代码或名称 / one area, without a file")
@click.option("--residents", type=click.IntRange(min=0), help="其人数 / its people")
@click.option("--households", type=click.IntRange(min=0), help="其户数 / its households")
@click.option("--aged-0-14", "aged_0_14", type=click.IntRange(min=0), help="0-14 岁")
@click.option("--aged-60", "aged_60", type=click.IntRange(min=0), help="60 岁以上 / 60 and over")
@click.option("--aged-80", "aged_80", type=click.IntRange(min=0), help="80 岁以上 / 80 and over")
@click.option("--column", "columns", multiple=True, metavar="OUR=THEIRS", help="列对应 / column mapping")
@click.option("--encoding", help="文字编码 / text encoding (utf-8, gb18030 …)")
@click.option("--overwrite-counted", is_flag=True, help="连实数一起重新分摊 / spread over counted homes too")
@click.option("--dry-run", "--preview", is_flag=True, help="只预览，不写入 / show alone, write nothing")
@json_option
@author_option
def command(
    county: Path,
    file: Path | None,
    layer: str,
    area: str | None,
    residents: int | None,
    households: int | None,
    aged_0_14: int | None,
    aged_60: int | None,
    aged_80: int | None,
    columns: tuple[str, ...],
    encoding: str | None,
    overwrite_counted: bool,  # a flag of the command line
    dry_run: bool,  # the same
    as_json: bool,  # the same
    author: str,
) -> None:
    """把社区（或网格等）的总人数、总户数按占地×层数×用途分摊到楼栋：整数，合计不变，标为估算；可撤销。

    Spread an area's people and households over its homes by footprint, floors and use: whole
    numbers, exact sums, marked as estimated. Counted homes stay as they are and are taken off first.
    """
    from geogrid.errors import InvalidOptionError, UnknownLayerError
    from geogrid.io.totals import COUNTS, Totals, read_totals
    from geogrid.schema import AREA_LAYERS, LAYERS
    from geogrid.workspace import Workspace
    from geogrid.workspace.spreading import apply_spread, plan_spread

    if layer not in AREA_LAYERS:
        raise UnknownLayerError(layer=layer, known=", ".join(AREA_LAYERS))
    given = dict(zip(COUNTS, (households, residents, aged_0_14, aged_60, aged_80), strict=True))
    counts = {name: count for name, count in given.items() if count is not None}
    if (file is None) == (area is None) or (area is not None and not counts):
        expected = label("cli.spread.either", language())
        raise InvalidOptionError(option="FILE / --area", value=str(file or area or "–"), expected=expected)
    if file is not None:
        mapping = dict(parse_mapping(text) for text in columns)
        totals = read_totals(file, LAYERS[layer], columns=mapping, encoding=encoding)
        shown = file.name
    else:
        totals, shown = [Totals(None, str(area), counts)], f"--area {area}"
    with Workspace.open(county) as workspace:
        plan = plan_spread(workspace, totals, layer, shown, is_overwriting=overwrite_counted)
        revision = None if dry_run else apply_spread(workspace, plan, author, shown, actor=operator_name())
    if as_json:
        echo_json(
            {"areas": plan.areas.to_dict("records"), "changed": len(plan.changes), "revision": revision}
        )
        return
    titles = {name: getattr(LAYERS["building"].column(name), language()) for name in COUNTS}
    heads = [
        label(f"cli.spread.{name}", language())
        for name in ("code", "name", "column", "total", "counted", "spread", "homes")
    ]
    rows = [
        [str(row["code"]), str(row["name"]), titles[row["column"]], *(f"{row[name]:,}" for name in ("total", "counted", "spread", "homes"))]
        for row in plan.areas.to_dict("records")
    ]  # fmt: skip
    if rows:
        click.echo(format_table(heads, rows[:SHOWN]))
    if len(rows) > SHOWN:
        click.echo(label("cli.mend.more", language(), count=len(rows) - SHOWN))
    click.echo(label("cli.spread.done", language(), count=f"{len(plan.changes):,}"))
    if dry_run:
        click.echo(label("cli.import.nothing_written", language()))
    elif revision is not None:
        click.echo(label("cli.import.revision", language(), revision=revision, path=county))
