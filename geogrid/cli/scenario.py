"""`geogrid scenario`: what-ifs that are kept: listed, shown, saved, carried out, dropped."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

import click

from geogrid.cli import language
from geogrid.cli.options import author_option, county_argument, json_option, operator_name
from geogrid.cli.output import echo_json, format_table, tell_not_found
from geogrid.errors import FeatureNotFoundError, InvalidOptionError
from geogrid.labels import label

N_SUGGESTED, MOST_UNLIKE = 3, 0.3
"""Names of scenarios that are told when there is none of that name, and how alike they have to be."""
ACTIONS = ("list", "show", "save", "apply", "delete")


@click.command("scenario")
@county_argument
@click.argument("action", type=click.Choice(ACTIONS))
@click.argument("name", required=False)
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option(
    "--version",
    type=click.IntRange(1),
    help="所覆盖、实施或删除的版本；已被他人改动则拒绝 / the version that is overwritten, applied or deleted",
)
@author_option
@json_option
def command(
    county: Path,
    action: str,
    name: str | None,
    file: Path | None,
    version: int | None,
    author: str,
    as_json: bool,
) -> int | None:
    """方案：list 列出；show 查看；save NAME FILE.json 存入；apply 写入县域数据（可撤销）；delete 删除。

    Scenarios: list, show, save NAME FILE.json (with --version in the place of that version), apply (make
    its edits in the county; `undo --revision` takes them back), delete. The file holds what `show --json`
    prints: edits with lon and lat.
    """
    from geogrid.workspace import Workspace
    from geogrid.workspace.scenarios import (
        apply_kept_scenario,
        delete_scenario,
        find_scenario,
        list_scenarios,
    )

    if (name is None) != (action == "list"):
        raise InvalidOptionError(
            option="NAME", value=name or "", expected=f"geogrid scenario … {action} NAME"
        )
    if (file is None) == (action == "save"):
        raise InvalidOptionError(option="FILE", value=str(file or ""), expected="save NAME FILE.json")
    with Workspace.open(county, readonly=action in ("list", "show")) as workspace:
        if name is None:
            _show_list([stored.to_dict() for stored in list_scenarios(workspace)], as_json)
        elif action == "show":
            try:
                stored = find_scenario(workspace, name)
            except FeatureNotFoundError as error:
                names = [one.name for one in list_scenarios(workspace)]
                similar = difflib.get_close_matches(name, names, N_SUGGESTED, MOST_UNLIKE)
                return tell_not_found(str(error), similar, as_json=as_json)
            _show(stored.to_dict(), as_json)
        elif action == "delete":
            delete_scenario(workspace, name, author, version=version)
            click.echo(label("cli.scenario.deleted", language(), name=name))
        elif file is not None:
            _save(workspace, name, file, author, version)
        else:
            applied = apply_kept_scenario(workspace, name, author, version=version, actor=operator_name())
            if as_json:
                echo_json(
                    {
                        "revision": applied.revision,
                        "added": applied.added,
                        "changed": applied.changed,
                        "removed": applied.removed,
                    }
                )
                return None
            for line in _describe_applied(applied):
                click.echo(line)
            key = "unchanged" if applied.revision is None else "applied"
            click.echo(label(f"cli.scenario.{key}", language(), name=name, revision=applied.revision))
    return None


def _show_list(stored: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        echo_json({"scenarios": stored})
    elif not stored:
        click.echo(label("cli.scenario.none", language()))
    else:
        heads = [label(f"cli.scenario.{head}", language()) for head in ("name", "version", "n_edits", "note")]
        rows = [[s["name"], str(s["version"]), str(len(s["edits"])), s["note"]] for s in stored]
        click.echo(format_table(heads, rows))


def _show(stored: dict[str, Any], as_json: bool) -> None:
    if as_json:
        echo_json(stored)
        return
    click.echo(f"{stored['name']}  {stored['note']}".rstrip())
    for record in stored["edits"]:
        click.echo(f"  {describe_edit(record, language())}")


def describe_edit(record: dict[str, Any], tongue: str) -> str:
    """One edit in words, its place in degrees."""
    place: list[Any] = record["path"] if "path" in record else [[record.get("lon"), record.get("lat")]]
    where = " – ".join(f"{lon:.6f},{lat:.6f}" for lon, lat in place if lon is not None)
    values = {
        "id": record["id"],
        "name": record.get("name") or "",
        "compound": record.get("compound") or "",
        "where": where,
    }
    return label(f"scenario.{record['do']}", tongue, **values).replace("  ", " ").strip()


def _save(workspace: Any, name: str, file: Path, author: str, version: int | None) -> None:
    """Read a file of edits and keep them, if the county can be edited so."""
    from geogrid.coverage.scenario_lonlat import read_records
    from geogrid.io.json_file import read_json
    from geogrid.workspace.scenarios import require_metric_crs, save_scenario

    content = read_json(file)
    kept = content if isinstance(content, dict) else {"edits": content}
    scenario = read_records(kept.get("edits"), require_metric_crs(workspace))
    scenario.apply(workspace.read_town())
    save_scenario(workspace, name, scenario, author, str(kept.get("note") or ""), version=version)
    click.echo(label("cli.scenario.saved", language(), name=name, county=workspace.path))


def _describe_applied(applied: Any) -> list[str]:
    from geogrid.workspace.scenarios import EDITED_LAYERS, describe_layer

    lines = []
    for layer in EDITED_LAYERS:
        title = describe_layer(layer, language())
        added = applied.added.get(layer, {})
        if added:
            ids = ", ".join(f"{old} → {new}" for old, new in added.items())
            lines.append(label("cli.scenario.added", language(), layer=title, ids=ids))
        if applied.changed[layer]:
            lines.append(label("cli.scenario.changed", language(), layer=title, count=applied.changed[layer]))
        if applied.removed[layer]:
            lines.append(label("cli.scenario.removed", language(), layer=title, count=applied.removed[layer]))
    return lines
