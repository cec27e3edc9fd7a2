"""Pictures come in their order and are the same, however many processes draw them."""

from __future__ import annotations

import threading

import pytest

from geogrid.reports.document import Figure, Medium
from geogrid.reports.drawing import FEW_FIGURES, draw_in_order


def _figures(n):
    return [Figure(f"f{i}", "", "", lambda medium, i=i: f"{i} {medium}".encode()) for i in range(n)]


@pytest.mark.parametrize("n", [0, 1, FEW_FIGURES - 1, FEW_FIGURES, 3 * FEW_FIGURES])
def test_pictures_come_in_the_order_of_their_figures(n):
    assert list(draw_in_order(_figures(n), Medium.SVG)) == [f"{i} svg".encode() for i in range(n)]


def test_beside_other_threads_the_same_is_drawn_here():
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    try:
        drawn = list(draw_in_order(_figures(2 * FEW_FIGURES), Medium.PNG))
    finally:
        stop.set()
        thread.join()
    assert drawn == [f"{i} png".encode() for i in range(2 * FEW_FIGURES)]


def test_a_picture_that_fails_is_told():
    figures = _figures(2 * FEW_FIGURES)
    figures[5] = Figure("bad", "", "", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        list(draw_in_order(figures, Medium.SVG))
