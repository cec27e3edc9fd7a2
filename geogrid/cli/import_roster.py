"""`geogrid import-roster`: people and their duties from a spreadsheet, shown before they are written."""

from __future__ import annotations

import datetime
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from geogrid.cli import EXIT_FINDINGS, language
from geogrid.cli.import_layer import parse_mapping
from geogrid.cli.options import IsoDate, county_argument, json_option, operator_name
from geogrid.cli.output import echo_json, format_table
from geogrid.labels import label

if TYPE_CHECKING:
    from geogrid.workspace.roster import RosterPlan

SHOWN = 40
"""Changes that are listed; --json has all."""


@click.command("import-roster")
@county_argument
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--replace-missing/--keep-missing",
    "ends_missing",
    default=False,
    help="文件中的职务，未列出的任职到期 / end duties of the file's roles that it does not list",
)
@click.option(
    "--column", "columns", multiple=True, metavar="OUR=THEIRS", help="列对应 / column mapping, repeatable"
)
@click.option("--encoding", help="文字编码 / text encoding (utf-8, gb18030 …)")
@click.option("--on", type=IsoDate(), help="按某日 / as of a day")
@click.option("--dry-run", is_flag=True, help="只预览，不写入 / preview alone, write nothing")
@click.option("--yes", is_flag=True, help="不再询问 / do not ask")
@json_option
def command(
    county: Path,
    file: Path,
    ends_missing: bool,
    columns: tuple[str, ...],
    encoding: str | None,
    on: datetime.date | None,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> int:
    """导入名册：先列出增、改、止和冲突，再整体写入；有冲突则什么都不改，退出码为 1。

    Load a roster. What it adds, changes and ends is shown first; with a conflict nothing is written
    and the exit code is 1. At a terminal you are asked before anything is written.
    """
    from geogrid.io.roster import read_roster
    from geogrid.workspace import Workspace
    from geogrid.workspace.roster import Missing, apply_roster, plan_roster

    roster = read_roster(file, encoding=encoding, columns=dict(parse_mapping(text) for text in columns))
    missing = Missing.END if ends_missing else Missing.KEEP
    with Workspace.open(county) as workspace:
        plan = plan_roster(workspace, roster, missing, on or datetime.date.today())  # noqa: DTZ011  # the office's own day
        if not as_json:
            _show(plan)
        revision = None
        is_written = not (dry_run or plan.has_conflicts or plan.is_empty)
        if is_written:
            if sys.stdin.isatty() and not (yes or as_json):
                click.confirm(label("cli.import-roster.sure", language()), abort=True, err=True)
            revision = apply_roster(workspace, plan, actor=operator_name())
    if as_json:
        changes = [
            {
                "kind": one.kind.value,
                "row": one.row,
                "name": one.name,
                "role": one.role,
                "layer": one.layer,
                "feature": one.feature,
                "what": one.what,
                "told": one.told,
            }
            for one in plan.changes
        ]
        echo_json({"counts": plan.counts, "revision": revision, "changes": changes})
    elif plan.has_conflicts:
        click.echo(label("cli.import-roster.conflicts", language()))
    elif revision is None:
        click.echo(label(f"cli.import-roster.{'rehearsed' if dry_run else 'nothing'}", language()))
    else:
        click.echo(label("cli.import.revision", language(), revision=revision, path=county))
    return EXIT_FINDINGS if plan.has_conflicts else 0


def _show(plan: RosterPlan) -> None:
    listed = [one for one in plan.changes if one.kind.value != "unchanged"]
    listed.sort(key=lambda one: one.kind.value != "conflict")
    rows = [
        [
            label(f"roster.{one.kind.value}", language()),
            str(one.row or ""),
            one.name,
            one.role,
            f"{one.layer}:{one.feature}" if one.layer else "",
            label(f"roster.{one.what}", language(), told=one.told),
        ]
        for one in listed[:SHOWN]
    ]
    if rows:
        heads = [label(f"cli.import-roster.{name}", language()) for name in ("kind", "row", "name", "role", "area", "what")]  # fmt: skip
        click.echo(format_table(heads, rows))
    if len(listed) > SHOWN:
        click.echo(label("cli.import-roster.more", language(), count=len(listed) - SHOWN))
    click.echo(label("cli.import-roster.sum", language(), **plan.counts))
