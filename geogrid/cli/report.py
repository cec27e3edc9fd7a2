"""`geogrid report`: the coverage report as a document that an office files."""

from __future__ import annotations

import datetime
from pathlib import Path

import click

from geogrid.cli import language
from geogrid.cli.options import county_argument, operator_name
from geogrid.cli.output import Progress, record_here
from geogrid.labels import LANGUAGES, label


@click.command("report")
@county_argument
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="写出的文件 / .docx, .pdf, .xlsx, .html"
)
@click.option("--community", metavar="C", help="只报告一个社区（代码或名称）/ one community, by code or name")
@click.option("--district", metavar="D", help="只报告一个片区 / one district")
@click.option("--scenario", metavar="NAME", help="报告已存方案并与现状比较 / a kept scenario, against today")
@click.option(
    "--since", type=click.IntRange(min=0), metavar="REVISION", help="与某一版本比较 / what changed since"
)
@click.option(
    "--public",
    "is_public",
    is_flag=True,
    help="公开版：只有不登录也可看到的汇总 / for everybody: the sums that are told without a login",
)
@click.option("--lang", "tongue", type=click.Choice(LANGUAGES), help="报告语言 / language of the report")
@click.option(
    "--template",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="本单位的 Word 模板 / an office's own .docx to write into",
)
def command(
    county: Path,
    out: Path,
    community: str | None,
    district: str | None,
    scenario: str | None,
    since: int | None,
    is_public: bool,  # a flag of the command line
    tongue: str | None,
    template: Path | None,
) -> None:
    """写出覆盖评估报告（Word、PDF、Excel 或单个网页）。

    Write the coverage report as Word, PDF, Excel or one self-contained page.
    """
    from geogrid.reports.compose import compose_report
    from geogrid.reports.forms import (
        FORMS,
        PUBLIC_FORMS,
        describe_command,
        describe_event,
        require_form,
        write_document,
    )
    from geogrid.reports.gather import Request, gather_county
    from geogrid.reports.public import compose_public_report
    from geogrid.workspace import Workspace

    require_form(out, template, PUBLIC_FORMS if is_public else FORMS)
    progress = Progress(language())
    request = Request(community, district, scenario, since, is_public)
    today = datetime.date.today()  # noqa: DTZ011  the office's own day
    with Workspace.open(county, readonly=True) as workspace:
        again = describe_command(county.name, out.name, request, tongue)
        facts = None
        if is_public:
            document = compose_public_report(workspace, today, tongue or language(), command=again)
        else:
            facts = gather_county(
                workspace, request, today, lambda step: progress.say(label(f"report.step.{step}", language()))
            )
    if facts is not None:
        document = compose_report(facts, tongue or language(), command=again)
    write_document(
        document,
        facts,
        out,
        lambda done, total: progress(done / total, "report.step.draw"),
        template=template,
    )
    record_here(county, describe_event(operator_name(), request, out.suffix.lower()), language())
    click.echo(label("cli.written", language(), path=out))
