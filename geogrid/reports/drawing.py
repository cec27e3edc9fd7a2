"""The pictures of a report, drawn by several processes at once where that is safe."""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
import warnings
from collections.abc import Iterator, Sequence

from geogrid.reports.document import Figure, Medium

FEW_FIGURES = 12
"""Fewer are drawn sooner than processes start."""
MOST_PROCESSES = 4

_inherited: list[Figure] = []  # in a child process: the figures, as they stood when it was forked


def draw_in_order(figures: Sequence[Figure], medium: Medium) -> Iterator[bytes]:
    """The pictures of figures, in their order, each as soon as it and those before it are drawn.

    Figures hold functions over a whole county, which no process can be sent; so children are forked,
    which have them already. Where there is no fork, or other threads run, one after the other is drawn.
    """
    n_processes = min(os.cpu_count() or 1, MOST_PROCESSES)
    if len(figures) < FEW_FIGURES or n_processes < 2 or not _can_fork():
        for figure in figures:
            yield figure.draw(medium)
        return
    yield figures[0].draw(medium)  # loads here, once, what all of them need
    with warnings.catch_warnings():
        # From Python 3.12 on a fork beside threads is warned of; those of numpy's BLAS are idle and stay here.
        warnings.simplefilter("ignore", DeprecationWarning)
        pool = multiprocessing.get_context("fork").Pool(n_processes, _inherit, (figures,))
    with pool:
        yield from pool.imap(_draw, [(number, medium) for number in range(1, len(figures))])


def _can_fork() -> bool:
    return sys.platform == "linux" and threading.active_count() == 1


def _inherit(figures: Sequence[Figure]) -> None:
    _inherited[:] = figures


def _draw(wanted: tuple[int, Medium]) -> bytes:
    number, medium = wanted
    return _inherited[number].draw(medium)
