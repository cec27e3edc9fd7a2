"""`geogrid report`: the coverage report as a document that an office files."""

from __future__ import annotations

import datetime
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from geogrid.cli import language
from geogrid.cli.options import county_argument
from geogrid.cli.output import Progress
from geogrid.errors import UnsupportedFileError
from geogrid.labels import LANGUAGES, label

if TYPE_CHECKING:
    from geogrid.reports.document import Document
    from geogrid.reports.facts import Facts

FORMS = (".docx", ".pdf", ".xlsx", ".html")


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
    tongue: str | None,
    template: Path | None,
) -> None:
    """写出覆盖评估报告（Word、PDF、Excel 或单个网页）。

    Write the coverage report as Word, PDF, Excel or one self-contained page.
    """
    from geogrid.reports.compose import compose_report
    from geogrid.reports.gather import Request, gather_county
    from geogrid.workspace import Workspace

    if out.suffix.lower() not in FORMS:
        raise UnsupportedFileError(out.name, out.suffix or "-", FORMS)
    if template is not None and out.suffix.lower() != ".docx":
        raise UnsupportedFileError(out.name, out.suffix, (".docx",))
    progress = Progress(language())
    request = Request(community, district, scenario, since)
    today = datetime.date.today()  # noqa: DTZ011  the office's own day
    with Workspace.open(county) as workspace:
        facts = gather_county(
            workspace, request, today, lambda step: progress.say(label(f"report.step.{step}", language()))
        )
    options = {
        "--community": community,
        "--district": district,
        "--scenario": scenario,
        "--since": since,
        "--lang": tongue,
    }
    parts = ["geogrid", "report", county.name, "--out", out.name]
    parts += [part for name, value in options.items() if value is not None for part in (name, str(value))]
    document = compose_report(facts, tongue or language(), command=shlex.join(parts))
    _write(document, facts, out, template, progress)
    click.echo(label("cli.written", language(), path=out))


def _write(document: Document, facts: Facts, out: Path, template: Path | None, progress: Progress) -> None:
    from geogrid.reports.pdf import write_pdf
    from geogrid.reports.webpage import write_webpage
    from geogrid.reports.word import write_word
    from geogrid.reports.workbook import write_workbook

    def show(done: int, total: int) -> None:
        progress(done / total, "report.step.draw")

    if out.suffix.lower() == ".pdf":
        write_pdf(document, out, show)
    elif out.suffix.lower() == ".xlsx":
        write_workbook(document, out, show)
    elif out.suffix.lower() == ".html":
        write_webpage(document, facts, out, show)
    else:
        write_word(document, out, template=template, progress=show)
