"""A whole number of people shared out by weights in whole people, so that nobody is lost or made."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def apportion(total: int, weights: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Whole parts of a total in proportion to weights, by the largest remainder (Hamilton's method).

    Each part is its exact quota rounded down or up, and they sum to the total; the largest
    remainders are rounded up, the first ones on a tie.

    Parameters
    ----------
    total
        Not negative.
    weights
        Shape (n,), not negative, at least one positive where there is anything to share.

    >>> apportion(10, np.array([1.0, 1.0, 1.0])).tolist()
    [4, 3, 3]
    >>> apportion(7, np.array([2.0, 0.0, 1.5])).tolist()
    [4, 0, 3]
    """
    if total == 0:
        return np.zeros(len(weights), dtype=np.int64)
    quota = total * weights / weights.sum()
    parts: npt.NDArray[np.int64] = np.floor(np.round(quota, 9)).astype(np.int64)
    left = total - int(parts.sum())
    order = np.lexsort((np.arange(len(weights)), -(np.round(quota, 9) - parts)))
    parts[order[:left]] += 1
    return parts
