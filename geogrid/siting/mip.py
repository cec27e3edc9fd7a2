"""Mixed-integer programs through HiGHS, with a limit of time, a bound and a way to stop."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import highspy
import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from geogrid.siting.result import Status

Reals = npt.NDArray[np.float64]

SAFETY = 1e-7
"""Share of a solver's floating-point bound that is given away before it is cut to a whole number."""


@dataclass(frozen=True, eq=False)
class Program:
    """Maximise gain @ x where low <= rows @ x <= high, 0 <= x <= upper.

    Attributes
    ----------
    is_whole
        Variables that are whole numbers.
    """

    gain: Reals
    rows: csr_matrix
    low: Reals
    high: Reals
    upper: Reals
    is_whole: npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Solved:
    """The best values met (None where none was), a bound on the gain, and why the search ended."""

    x: Reals | None
    bound: float
    status: Status
    is_infeasible: bool


def solve_program(
    program: Program,
    *,
    time_limit_s: float,
    start: Reals | None = None,
    is_cancelled: Callable[[], bool] | None = None,
) -> Solved:
    """The best values that HiGHS finds, and its bound.

    Parameters
    ----------
    start
        Values to begin with, shape (n_variables,).
    is_cancelled
        Asked now and then; True ends the search.
    """
    rows = csr_matrix(program.rows)
    if not len(program.gain):  # HiGHS does not judge the rows of an empty model
        is_infeasible = bool((program.low > 0).any() or (program.high < 0).any())
        bound = -math.inf if is_infeasible else 0.0
        return Solved(None if is_infeasible else np.empty(0), bound, Status.OPTIMAL, is_infeasible)
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = len(program.gain), rows.shape[0]
    model.col_cost_ = program.gain
    model.col_lower_, model.col_upper_ = np.zeros(len(program.gain)), program.upper
    model.row_lower_, model.row_upper_ = program.low, program.high
    model.sense_ = highspy.ObjSense.kMaximize
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_, model.a_matrix_.index_ = rows.indptr, rows.indices
    model.a_matrix_.value_ = rows.data.astype(float)
    kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
    model.integrality_ = [kinds[int(whole)] for whole in program.is_whole]
    solver = highspy.Highs()  # type: ignore[no-untyped-call]  # the package states no types here
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("time_limit", max(0.01, float(time_limit_s)))
    solver.setOptionValue("mip_rel_gap", 0.0)
    solver.setOptionValue("mip_abs_gap", 0.5)
    solver.passModel(model)
    if start is not None:
        solution = highspy.HighsSolution()
        solution.col_value = start.tolist()
        solver.setSolution(solution)
    stopped = [False]
    if is_cancelled is not None:

        def ask(event: highspy.HighsCallbackEvent) -> None:
            if is_cancelled():
                stopped[0] = True
                event.interrupt()

        solver.cbMipInterrupt += ask
    solver.run()
    return _read(solver, program, was_stopped=stopped[0])


def _read(solver: highspy.Highs, program: Program, *, was_stopped: bool) -> Solved:
    found = solver.getModelStatus()
    names = highspy.HighsModelStatus
    if found in (names.kInfeasible, names.kUnboundedOrInfeasible):
        return Solved(None, -math.inf, Status.OPTIMAL, is_infeasible=True)
    info = solver.getInfo()
    has_values = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    x = np.array(solver.getSolution().col_value, dtype=float) if has_values else None
    if program.is_whole.any():
        bound = float(info.mip_dual_bound)
    else:
        bound = float(info.objective_function_value) if found == names.kOptimal else math.inf
    if was_stopped:
        status = Status.CANCELLED
    else:
        status = Status.OPTIMAL if found == names.kOptimal else Status.TIME_LIMIT
    return Solved(x, bound, status, is_infeasible=False)


def cut_bound(bound: float, ceiling: int) -> int:
    """A solver's bound as a whole number, on the safe side; never above what is known anyway."""
    if not math.isfinite(bound):
        return ceiling
    return min(ceiling, math.floor(bound + SAFETY * max(1.0, abs(bound))))
