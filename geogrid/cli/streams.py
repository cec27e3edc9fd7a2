"""Where a command prints: its answer alone reaches standard output, whatever a library prints."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, TextIO

import click

STDOUT, STDERR = 1, 2
ANSWER = "geogrid.answer"
"""Key of the stream that is kept for the answer, in the context of the running command."""


@contextmanager
def apart_from_libraries() -> Iterator[None]:
    """While this holds, whatever writes to file descriptor 1 itself, as compiled libraries do, writes to standard error.

    Our own output goes on to where standard output led before. Nothing is changed on a terminal, where
    nobody parses what is printed, and where standard output or standard error is closed or replaced.
    """
    ours = _open_apart(sys.stdout)
    if ours is None:
        yield
        return
    before, sys.stdout = sys.stdout, ours
    try:
        yield
    finally:
        sys.stdout = before
        try:
            ours.flush()
        finally:
            os.dup2(ours.fileno(), STDOUT)
            with suppress(OSError):
                ours.close()


def _open_apart(stream: TextIO | None) -> TextIO | None:
    """A stream to where standard output leads, on a descriptor of its own; descriptor 1 leads to standard error then."""
    try:
        if stream is None or stream.fileno() != STDOUT or stream.isatty():
            return None
        stream.flush()
        os.fstat(STDERR)
        apart = os.dup(STDOUT)
    except (OSError, ValueError):
        return None
    os.dup2(STDERR, STDOUT)
    return os.fdopen(  # closed by the caller
        apart, "w", encoding=stream.encoding, errors=stream.errors, buffering=-1
    )


def keep_for_json(ctx: click.Context) -> None:
    """Until the command ends, only `write_answer` reaches standard output; what else is printed goes to standard error."""
    if ANSWER not in ctx.find_root().meta:
        answer = sys.stdout
        ctx.find_root().meta[ANSWER] = answer
        sys.stdout = sys.stderr

        def restore() -> None:
            sys.stdout = answer

        ctx.find_root().call_on_close(restore)


def write_answer(text: str) -> None:
    """Print a command's answer for programs."""
    ctx = click.get_current_context(silent=True)
    kept: IO[str] | None = ctx.find_root().meta.get(ANSWER) if ctx is not None else None
    click.echo(text, file=kept)
