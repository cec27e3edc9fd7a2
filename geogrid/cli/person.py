"""`geogrid person`: who is on record, a private number for a reason, and erasing somebody."""

from __future__ import annotations

import dataclasses
import datetime
import difflib
from pathlib import Path

import click

from geogrid.cli import language
from geogrid.cli.options import IsoDate, county_argument, json_option, operator_name
from geogrid.cli.output import echo_json, format_table, tell_not_found
from geogrid.cli.streams import keep_for_json
from geogrid.labels import label

N_SUGGESTED = 3
"""How many keys like one that nobody has are told."""

reason_option = click.option("--reason", required=True, help="理由，记入审计 / why; it is kept on record")


@click.group("person")
@county_argument
@click.pass_context
def command(ctx: click.Context, county: Path) -> None:
    """查看或删除在岗人员。/ Show people on duty, or erase one."""
    ctx.obj = county


@command.command("list")
@click.option("--on", type=IsoDate(), help="按某日 / as of a day")
@click.option("--scope", multiple=True, metavar="LAYER:CODE", help="只列这些区域 / of these areas alone")
@json_option
@click.pass_obj
def list_them(county: Path, on: datetime.date | None, scope: tuple[str, ...], as_json: bool) -> None:
    """列出人员；私人电话打码。/ List people with their duties; private numbers are masked."""
    from geogrid.workspace import Workspace
    from geogrid.workspace.person import list_people

    with Workspace.open(county, readonly=True) as workspace:
        people = list_people(workspace, on=on or datetime.date.today(), scope=scope)  # noqa: DTZ011  # the office's own day
    if as_json:
        echo_json([dataclasses.asdict(person) for person in people])
        return
    columns = ("id", "name", "unit", "duty_phone", "private_phone")
    heads = [label(f"cli.person.{name}", language()) for name in (*columns, "duties")]
    rows = [
        [
            *(str(getattr(person, name) or "") for name in columns),
            "; ".join(f"{duty.role} {duty.layer}:{duty.feature}" for duty in person.duties),
        ]
        for person in people
    ]
    click.echo(format_table(heads, rows))


@command.command("show")
@click.argument("person")
@click.option("--on", type=IsoDate(), help="按某日 / as of a day")
@click.pass_obj
def show(county: Path, person: str, on: datetime.date | None) -> int:
    """一个人及其任职（JSON）。/ One person and their duties, as JSON."""
    from geogrid.workspace import Workspace
    from geogrid.workspace.person import list_people

    keep_for_json(click.get_current_context())
    with Workspace.open(county, readonly=True) as workspace:
        people = list_people(workspace, on=on or datetime.date.today())  # noqa: DTZ011  # the office's own day
    found = next((one for one in people if one.id == person), None)
    if found is None:
        click.echo(label("cli.person.none", language(), person=person), err=True)
        known = [one.id for one in people if one.name == person] or [one.id for one in people]
        similar = known if len(known) == 1 else difflib.get_close_matches(person, known, N_SUGGESTED)
        return tell_not_found("", similar, as_json=True)
    echo_json(dataclasses.asdict(found))
    return 0


@command.command("reveal")
@click.argument("person")
@reason_option
@click.pass_obj
def reveal(county: Path, person: str, reason: str) -> None:
    """查看一个人的私人电话；每次都有记录。/ Show one private number; each time is recorded."""
    from geogrid.workspace import Workspace
    from geogrid.workspace.person import reveal_phone

    with Workspace.open(county) as workspace:
        phone = reveal_phone(workspace, person, actor=operator_name(), role="admin", scope=(), reason=reason)
    click.echo(phone or label("cli.person.no_phone", language()))


@command.command("erase")
@click.argument("person")
@reason_option
@click.option("--yes", is_flag=True, help="不再询问 / do not ask")
@json_option
@click.pass_obj
def erase(county: Path, person: str, reason: str, yes: bool, as_json: bool) -> None:
    """从两个文件及其历史中删除一个人，无法撤销。/ Erase a person from both files and their history, for good."""
    from geogrid.workspace import Workspace
    from geogrid.workspace.person import erase_person

    if not yes:
        click.confirm(label("cli.person.sure", language(), person=person), abort=True, err=True)
    with Workspace.open(county) as workspace:
        report = erase_person(workspace, person, actor=operator_name(), reason=reason)
    if as_json:
        echo_json(
            {
                **dataclasses.asdict(report),
                "not_covered": [str(path) for path in report.not_covered],
                "still_found": [[name, str(path)] for name, path in report.still_found],
            }
        )
        return
    click.echo(
        label(
            "cli.person.erased",
            language(),
            pseudonym=report.pseudonym,
            ended=report.n_ended,
            history=report.n_history,
            reasons=report.n_reasons,
        )
    )
    for path in report.not_covered:
        click.echo(label("cli.person.not_covered", language(), path=path))
    for name, path in report.still_found:
        click.echo(label("cli.person.still_found", language(), column=name.partition(".")[0], path=path))
    click.echo(label("cli.person.backups", language()))


@command.command("clean")
@click.pass_obj
def clean(county: Path) -> None:
    """完成被其他程序打断的删除：重写两个文件。/ Finish an erasure that another program held up."""
    from geogrid.workspace import Workspace
    from geogrid.workspace.person import finish_erasures

    with Workspace.open(county) as workspace:
        finish_erasures(workspace)
    click.echo(label("cli.written", language(), path=county))
