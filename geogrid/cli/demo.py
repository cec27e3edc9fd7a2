"""`geogrid demo`: the synthetic town as a county file."""

from __future__ import annotations

from pathlib import Path

import click

from geogrid.cli import language
from geogrid.cli.options import county_argument
from geogrid.cli.output import Progress
from geogrid.labels import label


@click.command("demo")
@county_argument
@click.option("--seed", default=1, show_default=True, help="随机种子 / seed")
@click.option(
    "--scale", default=1.0, show_default=True, type=click.FloatRange(min=0.1, max=400), help="倍数 / size"
)
def command(county: Path, seed: int, scale: int) -> None:
    """生成合成演示县（虚构数据）。/ Build the synthetic demo county."""
    from geogrid.demo.accounts import DEMO_ACCOUNTS, DEMO_PASSWORD
    from geogrid.demo.county import create_demo_county

    counts = create_demo_county(county, seed=seed, scale=scale, progress=Progress(language()).say)
    click.echo(label("cli.demo.done", language(), path=county, buildings=f"{counts['building']:,}"))
    logins = ", ".join(DEMO_ACCOUNTS)
    click.echo(label("demo.accounts", language(), logins=logins, password=DEMO_PASSWORD))
    click.echo(label("cli.demo.next", language(), path=county))
