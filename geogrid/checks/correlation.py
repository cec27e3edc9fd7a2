"""How far apart two layers lie: what of them meets, or keeps clear, at every shift within reach at once."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
import shapely
from scipy import fft, ndimage

CELL_M = 10.0
"""Side of a raster cell: about the width of a street with its pavements."""

REACH_M = 1600.0
"""Shifts up to this far are tried; BD-09 lies up to 1,200 m from WGS 84 in China."""

WINDOW_M = 7000.0
"""Side of the square that is looked at: within it GCJ-02 shifts all places alike, to a few metres."""

LEAST_CELLS = 12
"""A layer that marks fewer cells is too small to be told from chance."""

PEAK_SD = 10.0
"""A shift counts when it fits better than the others by this many standard deviations of them all …"""

PEAK_RATIO = 1.6
"""… and than the next best one, beyond `PEAK_RADIUS_M`, by this factor."""

PEAK_RADIUS_M = 50.0

EXPECTED_M = 30.0
"""A best shift this near to one that a mistaken datum makes is no chance: such places are a thousandth of all."""

EXPECTED_RATIO = 1.1
"""It need not stand out from the unexpected ones by more than this factor, but does from the expected ones."""

_FINE_M, _COARSE_M = 6.0, 60.0
"""Patterns between these widths are compared: not the last metres of a drawing, not the outline of the town."""

_HISTOGRAM_M = 500.0

Floats = npt.NDArray[np.float64]
Surface = npt.NDArray[np.float32]
Shapes = npt.NDArray[np.object_]
_N_REACH = int(REACH_M / CELL_M)


class Form(StrEnum):
    """What of a layer is compared: its points, lines and borders, or its ground."""

    EDGE = "edge"
    GROUND = "ground"


@dataclass(frozen=True)
class Peak:
    """Where two patterns fit best: shift in metres, and how far that stands out, in standard deviations."""

    east_m: float
    north_m: float
    sd: float

    @property
    def distance_m(self) -> float:
        """Length of the shift."""
        return float(np.hypot(self.east_m, self.north_m))


@dataclass(frozen=True)
class Window:
    """The square that is looked at, as a raster.

    Attributes
    ----------
    west, south
        Its corner, in metres.
    n_cells
        Cells along a side, room for the shifts included.
    """

    west: float
    south: float
    n_cells: int

    @classmethod
    def around(cls, layers: list[Shapes]) -> Window:
        """The square of at most `WINDOW_M` that holds most of what the layers have."""
        boxes = [shapely.bounds(shapes) for shapes in layers]
        bounds = np.concatenate(boxes)
        low, high = np.nanmin(bounds[:, :2], axis=0), np.nanmax(bounds[:, 2:], axis=0)
        side_m = float(min(max(high - low) + 2 * CELL_M, WINDOW_M))
        middle = (low + high) / 2
        if max(high - low) > WINDOW_M:
            middle = _find_densest([(box[:, :2] + box[:, 2:]) / 2 for box in boxes], low, high)
        corner = middle - side_m / 2
        n_cells = fft.next_fast_len(int(np.ceil((side_m + REACH_M) / CELL_M)), real=True)
        return cls(float(corner[0]), float(corner[1]), n_cells)

    @property
    def middle(self) -> tuple[float, float]:
        """The middle of what is looked at: x and y in metres."""
        half_m = (self.n_cells - _N_REACH) * CELL_M / 2
        return self.west + half_m, self.south + half_m

    def transform(self, xy: Floats) -> tuple[npt.NDArray[np.complex64], int]:
        """The pattern of points as a spectrum, and the number of cells that they mark."""
        cells = np.floor((xy - [self.west, self.south]) / CELL_M).astype(np.int64)
        n_used = self.n_cells - _N_REACH
        column, row = cells[((cells >= 0) & (cells < n_used)).all(axis=1)].T
        raster = np.zeros((self.n_cells, self.n_cells), np.float32)
        raster[row, column] = 1.0
        return fft.rfft2(raster), int(raster.sum())

    def correlate(
        self, first: npt.NDArray[np.complex64], second: npt.NDArray[np.complex64], sign: int
    ) -> Surface:
        """How well two patterns fit when the first has been shifted away from the second.

        Parameters
        ----------
        sign
            1 where the patterns should meet, -1 where they should keep clear of each other.

        Returns
        -------
        Shape (2 r + 1, 2 r + 1), rows to the north and columns to the east: standard deviations from
        the mean of all shifts, the shift of nothing in the middle.
        """
        spectrum = first * np.conj(second) * self._band()
        fit = sign * fft.irfft2(spectrum, s=(self.n_cells, self.n_cells))
        fit = np.roll(fit, (_N_REACH, _N_REACH), axis=(0, 1))[: 2 * _N_REACH + 1, : 2 * _N_REACH + 1]
        spread = float(fit.std())
        centred: Surface = (fit - fit.mean()) / (spread if spread > 0 else 1.0)
        return centred

    def _band(self) -> npt.NDArray[np.float32]:
        north, east = fft.fftfreq(self.n_cells, CELL_M), fft.rfftfreq(self.n_cells, CELL_M)
        square = (north[:, None] ** 2 + east[None, :] ** 2).astype(np.float32)
        band: npt.NDArray[np.float32] = np.exp(-2 * np.pi**2 * _FINE_M**2 * square) - np.exp(
            -2 * np.pi**2 * _COARSE_M**2 * square
        )
        return band


def sample_shapes(shapes: Shapes, form: Form) -> Floats:
    """Points on the edges or in the ground of shapes, at least one for each cell, shape (n, 2)."""
    flat = shapely.force_2d(shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))])
    if not len(flat):
        return np.empty((0, 2))
    dimension = int(shapely.get_dimensions(flat).max())
    if dimension == 0:
        points: Floats = shapely.get_coordinates(flat)
        return points
    if form is Form.EDGE:
        lines = shapely.boundary(flat) if dimension == 2 else flat
        lines = lines[shapely.length(lines) > 0]  # GEOS cannot divide a line of no length
        vertices: Floats = shapely.get_coordinates(shapely.segmentize(lines, CELL_M / 2))
        return vertices
    return _sample_ground(shapely.make_valid(flat))


def find_peak(fit: Surface, expected: Floats) -> Peak | None:
    """The shift that fits best, to a part of a cell; None where none stands out (`PEAK_SD`, `PEAK_RATIO`).

    Parameters
    ----------
    expected
        Shape (k, 2): shifts east and north for which there is a reason; none at all is one of them.
    """
    row, column = (int(i) for i in np.unravel_index(int(fit.argmax()), fit.shape))
    best = float(fit[row, column])
    north = (row - _N_REACH + _find_crest(fit[:, column], row)) * CELL_M
    east = (column - _N_REACH + _find_crest(fit[row], column)) * CELL_M
    off_m = np.hypot(*(expected - [east, north]).T)
    next_best = _take_best_beyond(fit, row, column)
    if off_m.min() <= EXPECTED_M:
        others = [_take_best_near(fit, shift) for shift in expected[off_m > 2 * PEAK_RADIUS_M]]
        needed = max(PEAK_RATIO * max(others, default=0.0), EXPECTED_RATIO * next_best)
    else:
        needed = PEAK_RATIO * next_best
    return Peak(east, north, best) if best >= max(PEAK_SD, needed) else None


def _take_best_beyond(fit: Surface, row: int, column: int) -> float:
    radius = int(PEAK_RADIUS_M / CELL_M)
    others = fit.copy()
    others[max(0, row - radius) : row + radius + 1, max(0, column - radius) : column + radius + 1] = -np.inf
    return float(others.max())


def _take_best_near(fit: Surface, shift: Floats) -> float:
    column, row = np.rint(shift / CELL_M).astype(int) + _N_REACH
    radius = int(EXPECTED_M / CELL_M)
    near = fit[max(0, row - radius) : row + radius + 1, max(0, column - radius) : column + radius + 1]
    return float(near.max(initial=0.0))


def _find_crest(values: Surface, at: int) -> float:
    """Where a parabola through the greatest of three neighbours has its crest, in cells from it."""
    if not 0 < at < len(values) - 1:
        return 0.0
    before, best, after = (float(value) for value in values[at - 1 : at + 2])
    bend = before - 2 * best + after
    return 0.0 if bend == 0 else 0.5 * (before - after) / bend


def _find_densest(middles: list[Floats], low: Floats, high: Floats) -> Floats:
    """Middle of the window in which the layers, each counted as a whole, have most."""
    n_bins = np.maximum(np.ceil((high - low) / _HISTOGRAM_M).astype(int), 1)
    density = np.zeros((int(n_bins[0]), int(n_bins[1])))
    for xy in middles:
        bins = np.minimum(((xy - low) / _HISTOGRAM_M).astype(int), n_bins - 1)
        np.add.at(density, (bins[:, 0], bins[:, 1]), 1.0 / max(len(xy), 1))
    within = ndimage.uniform_filter(density, int(WINDOW_M / _HISTOGRAM_M), mode="constant")
    best = np.array(np.unravel_index(int(within.argmax()), within.shape))
    middle: Floats = low + (best + 0.5) * (high - low) / n_bins
    return middle


def _sample_ground(shapes: Shapes) -> Floats:
    """A lattice of points in each polygon, about one and a half for each side of a cell."""
    bounds = shapely.bounds(shapes)
    size_m = bounds[:, 2:] - bounds[:, :2]
    n_each = np.maximum(np.ceil(size_m / CELL_M * 1.5).astype(np.int64), 1)
    count = n_each.prod(axis=1)
    shape = np.repeat(np.arange(len(shapes)), count)
    number = np.arange(len(shape)) - np.repeat(np.cumsum(count) - count, count)
    step = np.column_stack([number % n_each[shape, 0], number // n_each[shape, 0]]) + 0.5
    xy = bounds[shape, :2] + step * (size_m / n_each)[shape]
    inside: Floats = xy[shapely.contains_xy(shapes[shape], xy[:, 0], xy[:, 1])]
    return inside
