"""The smallest whole number that passes a test."""

from __future__ import annotations

from collections.abc import Callable


def find_smallest(too_small: int, enough: int, test: Callable[[int], bool]) -> int:
    """The smallest number above `too_small` that passes, where every larger one passes too.

    Parameters
    ----------
    enough
        A number known to pass.

    Examples
    --------
    >>> find_smallest(0, 100, lambda n: n * n >= 50)
    8
    """
    while enough - too_small > 1:
        middle = (too_small + enough) // 2
        if test(middle):
            enough = middle
        else:
            too_small = middle
    return enough
