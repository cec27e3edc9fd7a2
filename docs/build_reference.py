"""Write docs/reference.md from the code: commands, layers, settings, routes, messages, modules. A test keeps it true."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from geogrid import errors
from geogrid.cli import group
from geogrid.schema import LAYERS, ROLES, ROSTER, SETTINGS, TABLES, VARIABLES, Geometry, Layer

PAGE = Path(__file__).with_name("reference.md")
ROOT = PAGE.parents[1]
WIDTH = {"max_content_width": 100, "terminal_width": 100}


def build_reference() -> str:
    """The page as text."""
    lines = [
        "# Reference",
        "",
        "Made by `python docs/build_reference.py` from the code itself; not edited by hand.",
        "",
        "Exit codes of every command: 0 fine; 1 findings of level error, or a place that lies in no area; 2 bad input,",
        "nothing changed; 3 a fault of the program. `geogrid --lang en …` (or `GEOGRID_LANG=en`) speaks English.",
        "",
        *_commands(),
        *_layers(),
        *_titles("Settings", SETTINGS),
        *_titles("Environment variables", VARIABLES),
        *_routes(),
        *_errors(),
        *_modules(),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _commands() -> Iterator[str]:
    yield "## Commands"
    yield ""
    context = click.Context(group, info_name="geogrid", **{**group.context_settings, **WIDTH})
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is None:
            raise LookupError(name)
        child = click.Context(command, info_name=name, parent=context, **WIDTH)
        yield f"### `geogrid {name}`"
        yield ""
        yield "```text"
        yield command.get_help(child)
        if isinstance(command, click.Group):
            for part in command.list_commands(child):
                yield ""
                yield command.commands[part].get_help(
                    click.Context(command.commands[part], info_name=part, parent=child, **WIDTH)
                )
        yield "```"
        yield ""


def _layers() -> Iterator[str]:
    yield "## Layers and tables"
    yield ""
    yield "A column may be named by its English or its Chinese title when a file is imported. `*` marks required ones."
    yield ""
    for layer in (*LAYERS.values(), *TABLES.values()):
        yield from _layer(layer)
    yield from _layer(ROSTER)
    yield "### Roles"
    yield ""
    yield "| role | English | held for | tier | for each beat |"
    yield "|---|---|---|---|---|"
    for role in ROLES.values():
        yield f"| {role.name} | {role.en} | `{role.layer}` | {role.tier or ''} | {role.n_per_beat or ''} |"
    yield ""


def _layer(layer: Layer) -> Iterator[str]:
    kind = "table" if layer.geometry is Geometry.NONE else f"{layer.geometry.value}s"
    private = ", in the private file" if layer.is_personal else ""
    yield f"### `{layer.name}` · {layer.zh} · {layer.en}"
    yield ""
    yield f"{kind.capitalize()}{private}; key `{layer.key}`."
    yield ""
    yield "| column | 中文 | type | values |"
    yield "|---|---|---|---|"
    for column in layer.columns:
        values = [f"`{value}`" for value in column.choices or ()]
        if column.refers:
            values.append(f"key of `{column.refers}`")
        if column.unit:
            values.append(column.unit)
        yield f"| `{column.name}`{'*' if column.required else ''} | {column.zh} | {column.type.value} | {', '.join(values)} |"
    yield ""


def _titles(heading: str, titles: Mapping[str, tuple[str, str]]) -> Iterator[str]:
    yield f"## {heading}"
    yield ""
    yield "| name | 中文 | meaning |"
    yield "|---|---|---|"
    for name, (zh, en) in titles.items():
        yield f"| `{name}` | {zh} | {en} |"
    yield ""


def _routes() -> Iterator[str]:
    from webmap import create_app

    yield "## Routes of the server"
    yield ""
    yield "| route | methods |"
    yield "|---|---|"
    rules = create_app(Path("county.gpkg")).url_map.iter_rules()  # the file is opened at the first request
    for rule, methods in sorted((rule.rule, rule.methods or set()) for rule in rules):
        yield f"| `{rule}` | {', '.join(sorted(methods - {'HEAD', 'OPTIONS'}))} |"
    yield ""


def _errors() -> Iterator[str]:
    yield "## Messages"
    yield ""
    yield "| error | 中文 | English |"
    yield "|---|---|---|"
    for name, kind in inspect.getmembers(errors, inspect.isclass):
        if issubclass(kind, errors.GeogridError) and "zh" in vars(kind) and kind.zh:
            yield f"| `{name}` | {_cell(kind.zh)} | {_cell(kind.en)} |"
    yield ""


def _modules() -> Iterator[str]:
    yield "## Modules"
    yield ""
    yield "| module | what it is |"
    yield "|---|---|"
    for top in ("geogrid", "webmap"):
        for path in sorted((ROOT / top).rglob("*.py")):
            if path.name != "__init__.py" or path.parent.name == top:
                head = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
                yield f"| `{path.relative_to(ROOT).as_posix()}` | {_cell(head.split(chr(10) * 2)[0])} |"
    yield ""


def _cell(text: str) -> str:
    return text.replace("\n", " ").replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(build_reference(), encoding="utf-8")
