"""`geogrid audit`: who did what to personal data and accounts, and whether the record is whole."""

from __future__ import annotations

from dataclasses import astuple
from pathlib import Path

import click

from geogrid.cli import EXIT_FINDINGS, language
from geogrid.cli.options import county_argument, json_option
from geogrid.cli.output import echo_json, format_table
from geogrid.labels import label


@click.group("audit")
@county_argument
@click.pass_context
def command(ctx: click.Context, county: Path) -> None:
    """查看或核验审计记录。/ Show or verify the record of logins, reveals and personal edits."""
    ctx.obj = county


@command.command("list")
@click.option("--last", default=100, show_default=True, help="最近多少条 / how many of the latest")
@json_option
@click.pass_obj
def list_them(county: Path, last: int, as_json: bool) -> None:
    """列出记录。/ List the records, oldest first."""
    from geogrid.workspace import Workspace
    from geogrid.workspace.audit import read_trail
    from geogrid.workspace.record import local_moment, read_detail, tell_records

    with Workspace.open(county, readonly=True) as workspace:
        trail = read_trail(workspace).tail(last)
        told = tell_records(workspace, trail, language())
    if as_json:
        rows = trail.astype(object).where(trail.notna(), None).to_dict("records")
        for row in rows:
            moment = local_moment(row["at"])
            row["at"] = row["at"] if moment is None else moment.isoformat()
            row["detail"] = read_detail(row["detail"])
        echo_json(rows)
        return
    columns = ("id", "at", "account", "action", "subject", "reason", "detail")
    heads = [label(f"cli.audit.{name}", language()) for name in columns]
    click.echo(format_table(heads, [list(astuple(one)) for one in told]))


@command.command("verify")
@json_option
@click.pass_obj
def verify(county: Path, as_json: bool) -> int:
    """核验记录有无改动或缺失；有则退出码为 1。/ Find changed or missing records; exit code 1 if any."""
    from geogrid.workspace import Workspace
    from geogrid.workspace.audit import verify_trail

    with Workspace.open(county, readonly=True) as workspace:
        report = verify_trail(workspace)
    if as_json:
        broken = [{"record": number, "why": why} for number, why in report.broken]
        echo_json(
            {
                "records": report.n_records,
                "head": report.head,
                "blanked_reasons": report.n_blanked,
                "broken": broken,
            }
        )
    else:
        for number, why in report.broken:
            click.echo(label(f"cli.audit.broken.{why}", language(), record=number))
        done = "cli.audit.broken" if report.broken else "cli.audit.whole"
        click.echo(
            label(done, language(), n=report.n_records, blanked=report.n_blanked, faults=len(report.broken))
        )
        click.echo(label("cli.audit.head", language(), head=report.head))
    return EXIT_FINDINGS if report.broken else 0
