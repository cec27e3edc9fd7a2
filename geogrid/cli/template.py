"""`geogrid template`: a workbook to fill in."""

from __future__ import annotations

from pathlib import Path

import click

from geogrid.cli import language
from geogrid.labels import label


@click.command("template")
@click.argument("layer", metavar="LAYER|roster")
@click.argument("out", type=click.Path(path_type=Path), metavar="OUT.xlsx")
def command(layer: str, out: Path) -> None:
    """生成可填写的表格：表头、必填项、选项和填写说明。

    Write a workbook to fill in, with headings, choices and instructions; `import` and `import-roster` read it.
    """
    from geogrid.errors import UnknownLayerError
    from geogrid.io.template import write_template
    from geogrid.schema import LAYERS, ROSTER

    wanted = ROSTER if layer == ROSTER.name else LAYERS.get(layer)
    if wanted is None:
        raise UnknownLayerError(layer=layer, known=", ".join([ROSTER.name, *LAYERS]))
    write_template(wanted, out)
    click.echo(label("cli.written", language(), path=out))
