"""What commands print: aligned tables, numbers, progress."""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from geogrid.cli import EXIT_FINDINGS
from geogrid.cli.streams import write_answer
from geogrid.labels import label

if TYPE_CHECKING:  # it brings geopandas, which `--help` does not wait for
    from geogrid.findings import Finding
    from geogrid.workspace.audit import Event


def width_of(text: str) -> int:
    """Columns of a terminal that a text takes; Chinese characters take two.

    >>> width_of("片区 A")
    6
    """
    return sum(2 if unicodedata.east_asian_width(ch) in "WF" else 1 for ch in text)


def format_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table with aligned columns; columns that hold numbers alone stand to the right.

    >>> print(format_table(["名称", "n"], [["东门", "5"], ["南门社区", "12"]]))
    名称       n
    东门       5
    南门社区  12
    """
    widths = [max(width_of(row[i]) for row in (heads, *rows)) for i in range(len(heads))]
    is_number = [all(_is_number(row[i]) for row in rows) for i in range(len(heads))]
    lines = []
    for row in (heads, *rows):
        cells = []
        for text, width, right in zip(row, widths, is_number, strict=True):
            padding = " " * (width - width_of(text))
            cells.append(padding + text if right else text + padding)
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def _is_number(text: str) -> bool:
    return not text.strip("0123456789.,-–%+ ") if text else True


def format_count(value: int | None) -> str:
    """A count with separators; a dash where it is unknown."""
    return "–" if value is None else f"{value:,}"


def format_share(part: int | None, whole: int | None) -> str:
    """A share in percent with one decimal; a dash where it is unknown."""
    return "–" if part is None or not whole else f"{100 * part / whole:.1f}%"


def echo_json(value: Any) -> None:
    """Print a value as JSON; keys in the order they have."""
    write_answer(json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False))


def tell_not_found(message: str, suggestions: Sequence[str], *, as_json: bool, **empty: Any) -> int:
    """Say that nothing was found: as JSON with names like it, or as a sentence on standard error; the exit code."""
    if as_json:
        echo_json({"n_found": 0, "matches": [], **empty, "suggestions": list(suggestions)})
    else:
        click.echo(message, err=True)
    return EXIT_FINDINGS


def record_here(county: Path, event: Event, language: str) -> None:
    """Put on record what was written out; where the record cannot be written, say so on standard error.

    Whoever may read the files has what is in them anyway, so that this refuses nothing.
    """
    from geogrid.errors import WorkspaceError
    from geogrid.workspace.record import put_on_record

    try:
        put_on_record(county, event)
    except WorkspaceError as error:
        click.echo(label("cli.not_recorded", language, why=error.message(language)), err=True)


def warn_of(findings: Iterable[Finding], language: str) -> None:
    """Findings that a user should see before anything else, on standard error."""
    for finding in findings:
        text = (finding.zh, finding.remedy_zh) if language == "zh" else (finding.en, finding.remedy_en)
        click.secho(f"⚠ {text[0]}\n    → {text[1]}", fg="yellow", err=True)


class Progress:
    """Tells the user, on standard error, what is being done; silent where nobody looks on."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._is_seen = sys.stderr.isatty()

    def say(self, text: str) -> None:
        """A step that begins, in words."""
        if self._is_seen:
            click.echo(f"  {text}", err=True)

    def __call__(self, done: float, key: str) -> None:
        """How far a long step is (0 to 1), and the label of what it is at."""
        self.say(f"{100 * done:3.0f}%  {label(key, self._language)}")
