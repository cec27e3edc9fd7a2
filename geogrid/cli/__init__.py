"""The command line: one module a command, loaded when it is called."""

from __future__ import annotations

import importlib
import os
import sys
import warnings
from importlib import metadata
from typing import Any

import click

from geogrid import __version__
from geogrid.cli.streams import apart_from_libraries
from geogrid.errors import CountyNotice, GeogridError
from geogrid.labels import LANGUAGES, label

COMMANDS = {
    "demo": "geogrid.cli.demo",
    "init": "geogrid.cli.init",
    "import": "geogrid.cli.import_layer",
    "import-osm": "geogrid.cli.import_osm",
    "import-elevation": "geogrid.cli.import_elevation",
    "import-roster": "geogrid.cli.import_roster",
    "derive": "geogrid.cli.derive",
    "spread": "geogrid.cli.spread",
    "template": "geogrid.cli.template",
    "check": "geogrid.cli.check",
    "mend": "geogrid.cli.mend",
    "coverage": "geogrid.cli.coverage",
    "site": "geogrid.cli.site",
    "scenario": "geogrid.cli.scenario",
    "locate": "geogrid.cli.locate",
    "locate-batch": "geogrid.cli.locate_batch",
    "area": "geogrid.cli.area",
    "export": "geogrid.cli.export",
    "report": "geogrid.cli.report",
    "history": "geogrid.cli.history",
    "undo": "geogrid.cli.undo",
    "person": "geogrid.cli.person",
    "account": "geogrid.cli.account",
    "audit": "geogrid.cli.audit",
    "setting": "geogrid.cli.setting",
    "backup": "geogrid.cli.backup",
    "restore": "geogrid.cli.restore",
}
"""Command -> the module whose `command` it is. Other packages add theirs by the entry point group."""

ENTRY_POINTS = "geogrid.commands"
EXIT_FINDINGS, EXIT_BAD_INPUT, EXIT_INTERNAL = 1, 2, 3


class LazyGroup(click.Group):
    """Loads a command's module when it is called; the list of commands comes from the label table."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        """All commands, in the order of use."""
        return [*COMMANDS, *(point.name for point in metadata.entry_points(group=ENTRY_POINTS))]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of that name, or None."""
        if cmd_name in COMMANDS:
            found = importlib.import_module(COMMANDS[cmd_name]).command
        else:
            points = metadata.entry_points(group=ENTRY_POINTS, name=cmd_name)
            found = next(iter(points)).load() if points else None
        return found if isinstance(found, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without loading them."""
        language = _language_of(ctx)
        with formatter.section(label("cli.commands", language)):
            formatter.write_dl([(name, label(f"cli.{name}", language)) for name in self.list_commands(ctx)])


def _language_of(ctx: click.Context) -> str:
    return str(ctx.find_root().params.get("lang") or os.environ.get("GEOGRID_LANG") or "zh")


def language() -> str:
    """The language in which the running command speaks to its user."""
    return _language_of(click.get_current_context())


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="geogrid COMMAND --help",
)
@click.option("--lang", type=click.Choice(LANGUAGES), envvar="GEOGRID_LANG", default="zh", is_eager=True)
@click.version_option(__version__, prog_name="geogrid")
def group(lang: str) -> None:
    """县域网格地图：谁负责哪里，谁十分钟走得到服务中心。

    A county's grid on a map: who answers for a place, and who can reach a service centre on foot.
    """


def _show_warning(message: Warning | str, category: type[Warning], *_: Any, **__: Any) -> None:
    if issubclass(category, CountyNotice):
        click.secho(f"⚠ {message}", fg="yellow", err=True)


def main() -> None:
    """Run the command line; every error is a sentence and an exit code, never a traceback."""
    warnings.showwarning = _show_warning
    try:
        with apart_from_libraries():
            code = group.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(EXIT_BAD_INPUT)
    except click.Abort:
        click.echo(label("cli.aborted"), err=True)
        sys.exit(130)
    except GeogridError as error:
        click.secho(str(error), err=True)
        sys.exit(EXIT_BAD_INPUT)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except Exception as error:
        if os.environ.get("GEOGRID_DEBUG"):
            raise
        click.secho(label("cli.internal", "zh", error=f"{type(error).__name__}: {error}"), err=True)
        click.secho(label("cli.internal", "en", error=f"{type(error).__name__}: {error}"), err=True)
        sys.exit(EXIT_INTERNAL)
    sys.exit(code if isinstance(code, int) else 0)
