"""`geogrid derive`: areas that exist only as lists of buildings drawn on the map."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from geogrid.cli import EXIT_FINDINGS, language
from geogrid.cli.import_layer import parse_mapping
from geogrid.cli.options import author_option, county_argument, json_option, operator_name
from geogrid.cli.output import echo_json, format_count, format_table
from geogrid.labels import label

if TYPE_CHECKING:  # it brings geopandas, which `--help` does not wait for
    from geogrid.workspace.deriving import DerivePlan

SHOWN = 40
"""How many areas and rows are printed; `--json` and `--misfits` hold all."""


@click.command("derive")
@county_argument
@click.argument("layer")
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="OUR=THEIRS",
    help="列对应：building、address、code、name / column mapping, repeatable",
)
@click.option("--encoding", help="文字编码 / text encoding (utf-8, gb18030 …)")
@click.option("--replace", "is_replacing", is_flag=True, help="替换已有的区域 / in place of the areas held")
@click.option("--dry-run", "--preview", is_flag=True, help="只预览，不写入 / show alone, write nothing")
@click.option("--out", type=click.Path(path_type=Path), help="把区域写入文件 / write the areas to a file")
@click.option(
    "--misfits",
    type=click.Path(path_type=Path),
    help="把未采用的行写入表格 / write the rows not followed to a table",
)
@json_option
@author_option
def command(
    county: Path,
    layer: str,
    file: Path | None,
    columns: tuple[str, ...],
    encoding: str | None,
    is_replacing: bool,  # a flag of the command line
    dry_run: bool,  # the same
    out: Path | None,
    misfits: Path | None,
    as_json: bool,  # the same
    author: str,
) -> int:
    """由“楼栋—区域”清单画出社区、片区、网格、警格或街巷：沿道路、小区与水域划分，铺满全县范围；可撤销。

    Draw areas of which only a list of buildings exists, along streets, compounds and water, so that
    they tile the extent. `derive COUNTY county` without a file draws an extent around what is
    there. One revision, which undo takes back. Exit code 1 when rows were not followed.
    """
    from geogrid.crs import change_crs
    from geogrid.errors import InvalidOptionError
    from geogrid.io.area_list import read_area_list
    from geogrid.schema import AREA_LAYERS, LAYERS
    from geogrid.workspace import Workspace
    from geogrid.workspace.deriving import apply_derived, plan_derived_areas, plan_derived_extent

    if layer not in ("county", *AREA_LAYERS):
        raise InvalidOptionError(option="LAYER", value=layer, expected=", ".join(("county", *AREA_LAYERS)))
    if (layer == "county") != (file is None):
        expected = label("cli.derive.file", language())
        raise InvalidOptionError(option="FILE", value="–" if file is None else str(file), expected=expected)
    with Workspace.open(county) as workspace:
        held = workspace.read(layer)
        if len(held) and not (is_replacing or dry_run):
            expected = label("cli.derive.held", language(), count=len(held), layer=layer)
            raise InvalidOptionError(option="--replace", value="–", expected=expected)
        plan = None
        if file is None:
            frame = plan_derived_extent(workspace)
        else:
            known = dict(zip(held["name"], held["code"], strict=True))
            mapping = dict(parse_mapping(text) for text in columns)
            listed = read_area_list(file, LAYERS[layer], columns=mapping, encoding=encoding, known=known)
            plan = plan_derived_areas(workspace, listed, layer)
            frame = plan.frame
        if out is not None:
            from geogrid.io.export import write_layer

            drawn = change_crs(frame, str(workspace.store_crs), layer)
            write_layer(drawn, out, layer_title=LAYERS[layer].zh)
        if misfits is not None and plan is not None:
            _write_misfits(plan, misfits, is_synthetic=workspace.is_synthetic)
        if not as_json and plan is not None:
            _print_plan(plan)
        revision = None
        if not dry_run:
            name = "" if file is None else file.name
            revision = apply_derived(workspace, layer, frame, author=author, file=name, actor=operator_name())
    if as_json:
        echo_json({**({} if plan is None else _to_dict(plan)), "layer": layer, "revision": revision})
    else:
        area_ha = float(frame.geometry.area.sum()) / 10_000
        click.echo(label("cli.derive.done", language(), count=len(frame), area=f"{area_ha:,.1f}"))
        if revision is None:
            click.echo(label("cli.import.nothing_written", language()))
        else:
            click.echo(label("cli.import.revision", language(), revision=revision, path=county))
    return EXIT_FINDINGS if plan is not None and (plan.misfits or plan.findings_left) else 0


def _to_dict(plan: DerivePlan) -> dict[str, Any]:
    from geogrid.workspace.deriving import explain_misfit

    return {
        "rows": plan.n_rows,
        "buildings_used": plan.n_buildings,
        "buildings_unlisted": plan.unlisted,
        "areas": plan.areas.to_dict("records"),
        "misfits": [
            {
                "row": one.row,
                "building": one.building,
                "address": one.address,
                "area": one.area,
                "reason": one.reason,
                "given": one.given,
                "distance_m": one.distance_m,
                "candidates": list(one.candidates),
                "zh": explain_misfit(one, "zh"),
                "en": explain_misfit(one, "en"),
            }
            for one in plan.misfits
        ],
        "findings_left": [finding.to_dict() for finding in plan.findings_left],
    }


def _print_plan(plan: DerivePlan) -> None:
    from geogrid.workspace.deriving import explain_misfit

    speak = language()
    for note in plan.notes:
        click.echo(f"  {note}")
    heads = [label(f"cli.derive.{name}", speak) for name in ("code", "name", "buildings", "area", "parts")]
    rows = [
        [
            str(row["code"]),
            str(row["name"]),
            f"{row['n_buildings']:,}",
            f"{row['area_ha']:,.2f}",
            f"{row['n_parts']}",
        ]
        for row in plan.areas.to_dict("records")
    ]
    click.echo(format_table(heads, rows[:SHOWN]))
    if len(rows) > SHOWN:
        click.echo(label("cli.mend.more", speak, count=len(rows) - SHOWN))
    click.echo(
        label(
            "cli.derive.sum",
            speak,
            rows=format_count(plan.n_rows),
            used=format_count(plan.n_buildings),
            misfits=format_count(len(plan.misfits)),
            unlisted=format_count(plan.unlisted),
        )
    )
    for one in plan.misfits[:SHOWN]:
        where = label("cli.derive.row", speak, row=one.row)
        click.echo(f"  {where}{explain_misfit(one, speak)}")
    if len(plan.misfits) > SHOWN:
        click.echo(label("cli.mend.more", speak, count=len(plan.misfits) - SHOWN))
    for finding in plan.findings_left[:SHOWN]:
        click.echo(f"  {finding.zh if speak == 'zh' else finding.en}")


def _write_misfits(plan: DerivePlan, path: Path, *, is_synthetic: bool) -> None:
    import pandas as pd

    from geogrid.io.table import write_table
    from geogrid.workspace.deriving import explain_misfit

    speak = language()
    heads = [
        label(f"cli.derive.misfit.{name}", speak) for name in ("row", "building", "address", "area", "why")
    ]
    rows = [[m.row, m.building, m.address, m.area, explain_misfit(m, speak)] for m in plan.misfits]
    frame = pd.DataFrame(rows, columns=heads, dtype=object)
    title = label("cli.derive.misfit.sheet", speak)
    if is_synthetic:
        frame["synthetic"] = True
        title = f"{title}（{label('synthetic', speak)} synthetic）"
    write_table(frame, path, title=title)
