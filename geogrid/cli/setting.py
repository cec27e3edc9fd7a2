"""`geogrid setting`: show or change a county's settings."""

from __future__ import annotations

from pathlib import Path

import click

from geogrid.cli import language
from geogrid.cli.options import author_option, county_argument, operator_name
from geogrid.cli.output import format_table
from geogrid.errors import InvalidOptionError
from geogrid.labels import label
from geogrid.schema import SETTINGS


@click.command("setting")
@county_argument
@click.argument("name", required=False)
@click.argument("value", required=False)
@author_option
def command(county: Path, name: str | None, value: str | None, author: str) -> None:
    """查看或修改设置（审图号、密级、正式口径等）。/ Show the settings, or set NAME to VALUE."""
    from geogrid.workspace import Workspace
    from geogrid.workspace.setting import change_setting

    if name is not None and name not in SETTINGS:
        raise InvalidOptionError(option="NAME", value=name, expected=", ".join(SETTINGS))
    with Workspace.open(county, readonly=value is None) as workspace:
        if name is not None and value is not None:
            folder = workspace.path.resolve().parent
            change_setting(workspace, name, value, actor=operator_name(), author=author, folder=folder)
        settings = workspace.settings
    rows = [
        [key, titles[0] if language() == "zh" else titles[1], settings.get(key, "")]
        for key, titles in SETTINGS.items()
        if name in (None, key)
    ]
    click.echo(
        format_table([label(f"cli.setting.{head}", language()) for head in ("name", "title", "value")], rows)
    )
