"""`geogrid init`: a new, empty county."""

from __future__ import annotations

from pathlib import Path

import click

from geogrid.cli import language
from geogrid.cli.options import county_argument
from geogrid.labels import label


@click.command("init")
@county_argument
@click.option("--code", required=True, help="行政区划代码 / code of the county, such as 350725")
@click.option("--name", required=True, help="名称 / name, such as 政和县")
@click.option(
    "--reading", default="minutes:10:adult", show_default=True, help="正式口径 / the official reading"
)
def command(county: Path, code: str, name: str, reading: str) -> None:
    """新建空白县域文件。/ Make a new, empty county file."""
    from geogrid.workspace import Workspace
    from geogrid.workspace.setting import check_setting

    code, name = check_setting("county.code", code), check_setting("county.name", name)
    reading = check_setting("reading", reading)
    with Workspace.create(county, code, name, reading=reading) as workspace:
        click.echo(label("cli.init.done", language(), path=workspace.path, private=workspace.private_path))
