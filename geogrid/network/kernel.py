"""The compiled kernel, where it is installed: shared by snapping, contraction and search.

It is built with the package when there is a C compiler, and is optional: without it scipy and shapely
give the same answers, slower. It is reached through ctypes with plain pointers, so that building it
needs nothing of Python or numpy.
"""

from __future__ import annotations

import ctypes
from ctypes import POINTER, Structure, c_double, c_int32, c_int64, c_uint64, c_void_p
from functools import cache
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

KERNEL_VERSION = 1
"""As in `kernel.h`: a library left over from other sources is not used."""
CURVE_CELLS = 65535.0
OWNER_BITS = 24
OWNER_MASK = np.uint64((1 << OWNER_BITS) - 1)
NONE = np.uint64(2**64 - 1)
"""The key of a place that no centre is reached from."""

_SIGNATURES: dict[str, tuple[Any, ...]] = {
    "state_size": (c_int64,),
    "measure_segments": (None, c_void_p, c_void_p, c_int64, c_void_p, c_void_p),
    "count_cells": (c_int64, c_void_p, c_void_p, c_int64),
    "fill_cells": (None, c_void_p, c_void_p, c_int64),
    "find_segments": (None, c_void_p, c_void_p, c_int64, c_void_p),
    "order_on_curve": (None, c_void_p, c_int64, c_double, c_double, c_double, c_void_p),
    "list_segments": (None, c_int64, c_int64, *[c_void_p] * 4),
    "walk_chains": (c_int64, c_void_p, c_int64, c_void_p, c_int64),
    "list_arcs": (None, c_int32, c_int32, *[c_void_p] * 6),
    "price_chains": (c_int32, c_int32, *[c_void_p] * 9),
    "price_arcs": (None, c_int64, *[c_void_p] * 6),
    "search_all": (c_int32, c_void_p, c_void_p, c_int32, c_int32, c_int64, c_uint64),
    "free_queue": (None, c_void_p),
    "answer_homes": (None, c_void_p),
    "renumber_owners": (None, c_void_p, c_int32, c_int32, c_int32, c_int32),
    "link_rows": (None, c_void_p, c_void_p, c_int32, c_void_p, c_int32),
    "add_rows": (c_int32, c_void_p, c_void_p, c_int32, c_void_p, c_int32, c_void_p),
    "remove_rows": (c_int32, c_void_p, c_int32, c_void_p, c_int32, c_void_p, c_int32, c_void_p),
    "measure_pairs": (c_int32, c_void_p, c_int32, c_void_p, c_void_p, c_int64, c_void_p, c_void_p),
    "free_pairs": (None, c_void_p),
}


class Grid(Structure):
    """Segments listed by the cells of a uniform grid; see `kernel_snap.c`."""

    _fields_ = [
        ("x0", c_double),
        ("y0", c_double),
        ("side", c_double),
        ("n_columns", c_int32),
        ("n_rows", c_int32),
        ("ends", c_void_p),
        ("first", c_void_p),
        ("segment", c_void_p),
    ]


class Chains(Structure):
    """Chains while they are walked; see `kernel_chains.c`."""

    _fields_ = [
        *((name, c_void_p) for name in ("start", "end", "first", "at", "number", "chain", "rank")),
        *((name, c_void_p) for name in ("reversed", "order", "begin", "u", "v")),
        ("n_chains", c_int32),
        ("n_walked", c_int32),
    ]


_STATE_GROUPS: tuple[tuple[Any, str], ...] = (
    (c_int32, "n_junctions n_chains"),
    (c_void_p, "first arc arc_chain u v whole_ahead whole_back"),
    (c_int32, "n_homes n_ways"),
    (c_void_p, "home_first way_chain way_to_u way_to_v way_rank way_share way_home chain_first chain_way"),
    (c_void_p, "arrival_list arrival_next arrival_chain arrival_from_u arrival_from_v arrival_rank"),
    (c_void_p, "arrival_owner arrival_share direct_list direct_next direct_home direct_cost direct_owner"),
    (c_void_p, "label best way"),
    (c_int32, "shift longest"),
    (c_void_p, "queue"),
)


class State(Structure):
    """Everything a search reads and writes; see `kernel_search.c`."""

    _fields_ = [(name, kind) for kind, names in _STATE_GROUPS for name in names.split()]


class Pairs(Structure):
    """Homes and prices that the kernel lists; freed with `free_pairs`."""

    _fields_ = [("n", c_int64), ("size", c_int64), ("home", POINTER(c_int32)), ("cost", POINTER(c_int64))]


@cache
def load_kernel() -> ctypes.CDLL | None:
    """The compiled kernel, None where it is not installed or cannot be loaded."""
    folder = Path(__file__).parent
    for suffix in EXTENSION_SUFFIXES:
        file = folder / f"_kernel{suffix}"
        if not file.is_file():
            continue
        try:
            library = ctypes.CDLL(str(file))
            for name, (result, *arguments) in _SIGNATURES.items():
                function = getattr(library, name)
                function.restype, function.argtypes = result, arguments
        except (OSError, AttributeError):  # built for another machine, or from older sources
            continue
        if library.state_size() == KERNEL_VERSION * 100_000 + ctypes.sizeof(State):
            return library
    return None


def require_kernel() -> ctypes.CDLL:
    """The compiled kernel, for code that is reached only where it is installed."""
    kernel = load_kernel()
    if kernel is None:
        msg = "the compiled kernel is not installed"
        raise RuntimeError(msg)
    return kernel


def point_to(array: npt.NDArray[Any]) -> int:
    """The address of an array's values; the caller keeps the array alive."""
    assert array.flags.c_contiguous  # noqa: S101 - a wrong pointer would read other memory
    return array.ctypes.data


def point_to_all(*arrays: npt.NDArray[Any]) -> list[int]:
    """The addresses of arrays, in their order."""
    return [point_to(array) for array in arrays]


def fill_struct(struct: Structure, **values: Any) -> None:
    """Set fields of a struct; arrays by their address."""
    for name, value in values.items():
        setattr(struct, name, point_to(value) if isinstance(value, np.ndarray) else value)


def place_on_curve(xy: npt.NDArray[np.float64]) -> npt.NDArray[np.uint32]:
    """The place of points, shape (p, 2), along a Hilbert curve through their box, shape (p,)."""
    key = np.empty(len(xy), np.uint32)
    if len(xy):
        xy = np.ascontiguousarray(xy)
        low = xy.min(axis=0)
        side = float((xy.max(axis=0) - low).max())
        scale = CURVE_CELLS / side if side > 0 else 0.0
        require_kernel().order_on_curve(point_to(xy), len(xy), low[0], low[1], scale, point_to(key))
    return key
