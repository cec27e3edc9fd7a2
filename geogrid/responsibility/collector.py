"""Python's collector of cycles, put off while many objects that stay are made at once."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Iterator[None]:
    """No search for cycles meanwhile: it would look at every object made so far, again and again.

    Making 30,000 buildings ready for searching takes about a fifth less time so.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
