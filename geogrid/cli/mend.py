"""`geogrid mend`: areas that should tile the county made to do so."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from geogrid.cli import EXIT_FINDINGS, language
from geogrid.cli.options import author_option, county_argument, json_option, operator_name
from geogrid.cli.output import echo_json, format_table
from geogrid.labels import label

if TYPE_CHECKING:  # it brings geopandas, which `--help` does not wait for
    from geogrid.checks.mending import MendPlan

SHOWN = 20
"""How many areas and buildings are printed; `--json` and `--out` hold all."""


@click.command("mend")
@county_argument
@click.argument("layer")
@click.option(
    "--rule",
    type=click.Choice(["largest", "longest", "winner"]),
    default="largest",
    show_default=True,
    help="争议地块归谁：面积最大者、公共边最长者、指定者 / who gets ground in dispute",
)
@click.option("--winner", metavar="CODE", help="--rule winner 时的代码 / the one named")
@click.option(
    "--snap",
    default=0.0,
    type=click.FloatRange(min=0),
    metavar="M",
    help="先合并相距 M 米以内的顶点 / snap vertices",
)
@click.option(
    "--sliver",
    default=0.0,
    type=click.FloatRange(min=0),
    metavar="M",
    help="窄于 M 米的并入公共边最长者 / narrower pieces go to the longest border",
)
@click.option("--dry-run", "--preview", is_flag=True, help="只预览，不写入 / show alone, write nothing")
@click.option(
    "--out", type=click.Path(path_type=Path), help="把变动的地块写入文件 / write the ground that moves"
)
@click.option("--yes", is_flag=True, help="不再询问 / do not ask")
@json_option
@author_option
def command(
    county: Path,
    layer: str,
    rule: str,
    winner: str | None,
    snap: float,
    sliver: float,
    dry_run: bool,  # a flag of the command line
    out: Path | None,
    yes: bool,  # the same
    as_json: bool,  # the same
    author: str,
) -> int:
    """修复分区：捕捉公共边、填补空白、裁定重叠、裁齐范围；先预览，再作为一次修改写入，可撤销。

    Close gaps, settle overlaps, share edges and cut to the extent: a preview first, then one
    revision, which undo takes back. Exit code 1 when faults are left.
    """
    from geogrid.areas.mend import Rule
    from geogrid.crs import change_crs
    from geogrid.workspace import Workspace
    from geogrid.workspace.mending import apply_mend, plan_county_mend

    with Workspace.open(county) as workspace:
        plan = plan_county_mend(
            workspace, layer, rule=Rule(rule), winner=winner, snap_m=snap, sliver_m=sliver
        )
        if out is not None:
            from geogrid.io.export import write_layer

            moved = plan.moves.assign(synthetic=workspace.is_synthetic)
            moved = change_crs(moved, str(workspace.store_crs), "mend")
            title = label("cli.mend.moves", language())
            write_layer(moved, out, layer_title=title)
        if not as_json:
            _print_plan(plan)
        revision = None
        if plan.changed and not dry_run:
            if not yes:
                click.confirm(
                    label("cli.mend.ask", language(), count=len(plan.changed)), abort=True, err=True
                )
            revision = apply_mend(workspace, plan, author, actor=operator_name())
    if as_json:
        echo_json({**_to_dict(plan), "revision": revision})
    elif revision is not None:
        click.echo(label("cli.import.revision", language(), revision=revision, path=county))
    else:
        click.echo(label("cli.import.nothing_written" if plan.changed else "cli.mend.sound", language()))
    return EXIT_FINDINGS if plan.findings_left else 0


def _to_dict(plan: MendPlan) -> dict[str, Any]:
    return {
        "layer": plan.layer,
        "changed": plan.changed,
        "areas": plan.areas.to_dict("records"),
        "moves": plan.moves[["loser", "gainer", "area_m2"]].to_dict("records"),
        "buildings": plan.buildings.to_dict("records"),
        "findings_left": [finding.to_dict() for finding in plan.findings_left],
    }


def _print_plan(plan: MendPlan) -> None:
    speak = language()
    heads = [label(f"cli.mend.{name}", speak) for name in ("code", "before", "after", "gained", "lost")]
    rows = [[row[0], *(f"{value:,.4f}" for value in row[1:])] for row in plan.areas.itertuples(index=False)]
    if rows:
        click.echo(format_table(heads, rows[:SHOWN]))
    if len(rows) > SHOWN:
        click.echo(label("cli.mend.more", speak, count=len(rows) - SHOWN))
    click.echo(label("cli.mend.buildings", speak, count=len(plan.buildings), areas=len(plan.changed)))
    for building, before, after in plan.buildings.head(SHOWN).itertuples(index=False):
        click.echo(f"  {building}: {before or '–'} → {after or '–'}")
    if len(plan.buildings) > SHOWN:
        click.echo(label("cli.mend.more", speak, count=len(plan.buildings) - SHOWN))
    for finding in plan.findings_left[:SHOWN]:
        click.echo(
            f"[{label(f'severity.{finding.severity}', speak)}] {finding.zh if speak == 'zh' else finding.en}"
        )
