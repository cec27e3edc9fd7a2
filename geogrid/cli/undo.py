"""`geogrid undo`: take back the latest revision."""

from __future__ import annotations

from pathlib import Path

import click

from geogrid.cli import language
from geogrid.cli.options import author_option, county_argument
from geogrid.labels import label


@click.command("undo")
@county_argument
@author_option
def command(county: Path, author: str) -> None:
    """撤销最近一次修改；可连续撤销。/ Take back the latest revision; call again to go further back."""
    from geogrid.workspace import Workspace

    with Workspace.open(county) as workspace:
        undone = workspace.undo(author)
        note = workspace.history().set_index("revision").loc[undone, "note"]
    click.echo(label("cli.undo.done", language(), revision=undone, note=note))
