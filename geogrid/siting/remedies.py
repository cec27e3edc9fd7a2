"""What helps without a new centre, ranked by whom it reaches: gates that open, gates more, footpaths and bridges."""

from __future__ import annotations

from collections.abc import Callable

from geogrid.siting.gates import value_gates
from geogrid.siting.instance import Instance, Weight
from geogrid.siting.links import value_links
from geogrid.siting.remedy import Remedy


def find_remedies(
    instance: Instance, weight: Weight, *, is_cancelled: Callable[[], bool] = lambda: False
) -> list[Remedy]:
    """The gates and paths that newly cover somebody, most first; each is valued on its own.

    Every value is that of the whole town computed with the edit.
    """
    found = [
        *value_gates(instance, weight, is_cancelled=is_cancelled),
        *value_links(instance, weight, is_cancelled=is_cancelled),
    ]
    worth = [one for one in found if one.gained > 0]
    return sorted(worth, key=lambda one: (-one.gained, one.length_m or 0.0, one.kind.value, one.edit.id))
