"""Geometry made ready for very many questions, by one caller and until it has its answers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import shapely

Shapes = TypeVar("Shapes", shapely.Geometry, npt.NDArray[np.object_])


@contextmanager
def prepared(shapes: Shapes) -> Iterator[Shapes]:
    """Copies of shapes that answer predicates faster, for the length of a block.

    This is the one place that calls `shapely.prepare`. GEOS hangs what it makes ready on the geometry
    itself, makes it at the first question, and writes to it at the further ones: two threads that ask
    one prepared geometry end the process (https://github.com/libgeos/geos/issues/825). So what a town,
    a county or a register holds is never prepared. What this gives is the caller's own, and is as it
    was again behind the block.

    >>> field = shapely.box(0, 0, 10, 10)
    >>> with prepared(field) as ready:
    ...     shapely.contains_xy(ready, [5.0, 15.0], [5.0, 5.0]).tolist(), shapely.is_prepared(field)
    ([True, False], False)
    >>> shapely.is_prepared(ready)
    False
    """
    copies = shapely.force_2d(shapes)  # predicates know no heights
    shapely.prepare(copies)
    try:
        yield copies
    finally:
        shapely.destroy_prepared(copies)
