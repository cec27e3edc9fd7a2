"""`geogrid history`: who changed what, and when."""

from __future__ import annotations

from pathlib import Path

import click

from geogrid.cli import language
from geogrid.cli.options import county_argument, json_option
from geogrid.cli.output import echo_json, format_table
from geogrid.labels import label


@click.command("history")
@county_argument
@json_option
def command(county: Path, as_json: bool) -> None:  # a flag of the command line
    """列出全部修订。/ List the revisions, latest first."""
    from geogrid.workspace import Workspace

    with Workspace.open(county, readonly=True) as workspace:
        history = workspace.history()
    columns = ["revision", "at", "author", "note", "undoes", "n_changes"]
    rows = history[columns].astype(object).where(history.notna(), None).to_dict("records")
    if as_json:
        echo_json(rows)
        return
    heads = [label(f"cli.history.{name}", language()) for name in columns]
    click.echo(
        format_table(heads, [["" if row[c] is None else str(row[c]) for c in columns] for row in rows])
    )
