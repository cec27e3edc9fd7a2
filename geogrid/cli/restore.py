"""`geogrid restore`: a county as a backup holds it."""

from __future__ import annotations

from pathlib import Path

import click

from geogrid.cli import language
from geogrid.cli.options import county_argument
from geogrid.labels import label


@click.command("restore")
@county_argument
@click.argument("archive", type=click.Path(path_type=Path), metavar="FILE")
def command(county: Path, archive: Path) -> None:
    """从备份恢复；原文件另存保留。/ Bring back a backup; the files that stand there are kept under another name."""
    from geogrid.workspace import read_backup

    kept = read_backup(archive, county)
    click.echo(label("cli.restore.done", language(), path=county))
    if kept is not None:
        click.echo(label("cli.restore.kept", language(), path=kept))
