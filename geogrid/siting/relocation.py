"""Standing centres that could go or move: what closing each loses, and the best single move."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from geogrid.errors import NothingToGainError, SitingDataError
from geogrid.siting.problem import CoverProblem, Integers


@dataclass(frozen=True)
class Move:
    """One centre moved to one site: weight covered afterwards less that covered now. All moves were computed."""

    centre: int
    site: int
    gain: int


def measure_closing_loss(standing: csr_matrix, weight: Integers) -> Integers:
    """Weight that only this centre covers, shape (n_centres,); a centre with 0 is redundant.

    Parameters
    ----------
    standing
        Entry (row, centre) is not zero where the centre covers the row, shape (n_rows, n_centres).
    weight
        Shape (n_rows,).

    Examples
    --------
    >>> measure_closing_loss(csr_matrix([[1, 0], [1, 1]]), np.array([5, 7]))
    array([5, 0])
    """
    cover = csr_matrix(standing)
    cover.eliminate_zeros()
    single = np.diff(cover.indptr) == 1
    alone = cover[single]
    loss = np.zeros(cover.shape[1], np.int64)
    np.add.at(loss, alone.indices, np.asarray(weight, np.int64)[single])
    return loss


def find_moves(problem: CoverProblem, standing: csr_matrix) -> list[Move]:
    """The best move of each standing centre, the largest gain first; every pair of centre and site is weighed.

    A centre that is best left where it is does not appear. Forbidden sites are no place to go.

    Parameters
    ----------
    standing
        As in `measure_closing_loss`; `problem.is_covered` has to agree with it.

    Raises
    ------
    SitingDataError
        When the two do not agree.
    NothingToGainError
        When no move gains.

    Examples
    --------
    >>> problem = CoverProblem(csr_matrix([[1, 0], [1, 0], [0, 1]]), np.array([5, 7, 1]), np.array([True, False, False]))
    >>> find_moves(problem, csr_matrix([[1], [0], [0]]))
    [Move(centre=0, site=0, gain=7)]
    """
    cover = csr_matrix(standing)
    cover.eliminate_zeros()
    times = np.diff(cover.indptr)
    if cover.shape[0] != problem.n_rows or ((times > 0) != problem.is_covered).any():
        raise SitingDataError(
            where="standing",
            found="another cover than is_covered",
            expected="the cover of the standing centres",
        )
    by_centre = csr_matrix(cover.T)
    base = problem.cover.T @ problem.open_weight
    loss = measure_closing_loss(cover, problem.weight)
    is_barred = np.zeros(problem.n_sites, bool)
    is_barred[list(problem.forbidden)] = True
    moves = []
    for centre in range(cover.shape[1]):
        rows = by_centre[[centre]].indices
        rows = rows[times[rows] == 1]
        gain = base + problem.cover[rows].T @ problem.weight[rows] - loss[centre]
        gain[is_barred] = np.iinfo(np.int64).min
        site = int(np.argmax(gain))
        if gain[site] > 0:
            moves.append(Move(centre, site, int(gain[site])))
    if not moves:
        raise NothingToGainError(int(problem.open_weight.sum()))
    return sorted(moves, key=lambda move: (-move.gain, move.centre))
