"""Clusters of homes that one centre could serve: chained by nearness, and never wider than a width."""

from __future__ import annotations

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from geogrid.network.impedance import Floats, Integers

SQUARE_M = 25.0
"""Homes in a square of this side stay together: a row of houses, not a place to draw a border."""
MAX_SQUARES = 2_000
"""A chain of more squares than this is halved before it is split: distances of all pairs are held (16 MB)."""


def cluster_homes(xy: Floats, link_m: float, width_m: float) -> Integers:
    """The number of each home's cluster, shape (u,), in the order in which clusters first appear.

    Homes are chained while the next is within `link_m`. A chain wider than `width_m` is split by
    complete linkage: the two parts that together are least wide are joined, again and again, as long
    as no two homes of what is joined are further apart than the width. The order of homes changes
    the numbers and nothing else.

    Parameters
    ----------
    xy
        Shape (u, 2), metres.
    link_m, width_m
        Metres; the width is more than the diagonal of a square of `SQUARE_M`.

    >>> row = np.column_stack([np.arange(0, 1000, 100.0), np.zeros(10)])
    >>> cluster_homes(row, 150, 400).tolist()
    [0, 0, 0, 0, 1, 1, 1, 1, 2, 2]
    """
    if not len(xy):
        return np.empty(0, np.int64)
    left, right = cKDTree(xy).query_pairs(link_m, output_type="ndarray").T
    links = coo_matrix((np.ones(len(left), np.int32), (left, right)), shape=(len(xy), len(xy)))
    chain = connected_components(links, directed=False)[1]
    order = np.argsort(chain, kind="stable")
    parts = [
        order_of_part
        for rows in np.split(order, np.flatnonzero(np.diff(chain[order])) + 1)
        for order_of_part in _split_chain(xy, rows, width_m)
    ]
    numbers = np.empty(len(xy), np.int64)
    for number, rows in enumerate(sorted(parts, key=lambda rows: int(rows.min()))):
        numbers[rows] = number
    return numbers


def _split_chain(xy: Floats, rows: Integers, width_m: float) -> list[Integers]:
    """Rows of homes in parts, none wider than the width."""
    if np.hypot(*np.ptp(xy[rows], axis=0)) <= width_m:
        return [rows]
    squares, of_square = np.unique(np.floor(xy[rows] / SQUARE_M), axis=0, return_inverse=True)
    if len(squares) > MAX_SQUARES:
        axis = int(np.argmax(np.ptp(squares, axis=0)))
        is_low = squares[of_square, axis] <= np.sort(squares[:, axis])[(len(squares) - 1) // 2]
        if is_low.all():  # a strip of squares in which the last line holds more than half
            is_low = squares[of_square, axis] < squares[:, axis].max()
        return _split_chain(xy, rows[is_low], width_m) + _split_chain(xy, rows[~is_low], width_m)
    low, high = np.full((len(squares), 2), np.inf), np.full((len(squares), 2), -np.inf)
    np.minimum.at(low, of_square, xy[rows])
    np.maximum.at(high, of_square, xy[rows])
    left, right = np.triu_indices(len(squares), 1)
    apart = np.maximum(high[right] - low[left], high[left] - low[right])  # of their furthest corners
    part = fcluster(linkage(np.hypot(*apart.T), "complete"), width_m, "distance")[of_square]
    return [rows[part == number] for number in np.unique(part)]
