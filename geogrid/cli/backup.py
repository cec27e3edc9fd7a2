"""`geogrid backup`: both files of a county in one archive."""

from __future__ import annotations

from pathlib import Path

import click

from geogrid.cli import language
from geogrid.cli.options import county_argument
from geogrid.labels import label


@click.command("backup")
@county_argument
@click.argument("archive", type=click.Path(path_type=Path), metavar="FILE")
def command(county: Path, archive: Path) -> None:
    """备份地图文件与私密文件，可在使用中进行。/ Back up both files, also while they are in use."""
    from geogrid.workspace import write_backup

    write_backup(county, archive)
    click.echo(label("cli.backup.done", language(), path=archive))
