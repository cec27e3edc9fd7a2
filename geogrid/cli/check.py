"""`geogrid check`: the faults in a county's data."""

from __future__ import annotations

import datetime
from pathlib import Path

import click

from geogrid.cli import EXIT_FINDINGS, language
from geogrid.cli.options import IsoDate, county_argument, json_option
from geogrid.cli.output import echo_json
from geogrid.labels import label

SHOWN = 20
"""How many findings of one rule are printed; the file of --out holds all."""


@click.command("check")
@county_argument
@click.option("--on", type=IsoDate(), help="按某日的人员与边界 / as of a day")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="把全部问题写入文件 / write all findings (.geojson, .gpkg …)",
)
@json_option
def command(county: Path, on: datetime.date | None, out: Path | None, as_json: bool) -> int:
    """检查数据，逐条说明位置和处理办法；有错误时退出码为 1。

    Find faults in the data, each with its place and remedy. Exit code 1 when there are errors.
    """
    from geogrid.checks import check_county
    from geogrid.crs import change_crs
    from geogrid.findings import Severity, tabulate_findings
    from geogrid.workspace import Workspace
    from geogrid.workspace.content import report_damage

    with Workspace.open(county, readonly=True) as workspace:
        layers, tables = workspace.read_all()
        checkup = check_county(layers, tables, on or datetime.date.today())  # noqa: DTZ011  # the office's own day
        findings = [*report_damage(workspace.find_damage()), *checkup.findings]
        if out is not None:
            from geogrid.io.export import write_layer

            located = tabulate_findings(findings, str(workspace.metric_crs))
            written = change_crs(located, str(workspace.store_crs), "finding")
            if workspace.is_synthetic:
                written = written.assign(synthetic=True)
            title = label("cli.check.findings", language())
            write_layer(written, out, layer_title=title)
    counts = {severity: sum(f.severity is severity for f in findings) for severity in Severity}
    if as_json:
        echo_json(
            {
                "counts": {s.value: n for s, n in counts.items()},
                "positions": [position.to_dict() for position in checkup.positions],
                "findings": [finding.to_dict() for finding in findings],
            }
        )
    else:
        shown: dict[str, int] = {}
        for finding in findings:
            shown[finding.code] = shown.get(finding.code, 0) + 1
            if shown[finding.code] > SHOWN:
                continue
            text = finding.zh if language() == "zh" else finding.en
            remedy = finding.remedy_zh if language() == "zh" else finding.remedy_en
            click.echo(f"[{label(f'severity.{finding.severity}', language())}] {finding.code}  {text}")
            click.echo(f"    → {remedy}")
        for code, count in shown.items():
            if count > SHOWN:
                click.echo(label("cli.check.more", language(), code=code, count=count - SHOWN))
        click.echo(label("cli.check.sum", language(), **{s.value: n for s, n in counts.items()}))
        if out is not None:
            click.echo(label("cli.written", language(), path=out))
    return EXIT_FINDINGS if counts[Severity.ERROR] else 0
