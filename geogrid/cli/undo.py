"""`geogrid undo`: take back the latest revision."""

from __future__ import annotations

from pathlib import Path

import click

from geogrid.cli import language
from geogrid.cli.options import author_option, county_argument, operator_name
from geogrid.labels import label


@click.command("undo")
@county_argument
@click.option(
    "--revision",
    type=click.IntRange(1),
    help="撤销此修订；其内容后来又有改动时拒绝 / take back this one, unless what it changed was changed since",
)
@author_option
def command(county: Path, revision: int | None, author: str) -> None:
    """撤销最近一次修改；可连续撤销。/ Take back the latest revision; call again to go further back."""
    from geogrid.workspace import Workspace

    with Workspace.open(county) as workspace:
        if revision is not None:
            workspace.undo_revision(revision, author, actor=operator_name())
        undone = workspace.undo(author, actor=operator_name()) if revision is None else revision
        note = workspace.history().set_index("revision").loc[undone, "note"]
    key = "cli.undo.done" if revision is None else "cli.undo.done_named"
    click.echo(label(key, language(), revision=undone, note=note))
