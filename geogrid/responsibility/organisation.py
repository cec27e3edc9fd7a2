"""The party's and other organisations that serve a place, up to the one above them all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from geogrid.responsibility.columns import read_texts
from geogrid.schema import ORGANISATION_KINDS


@dataclass(frozen=True)
class Organisation:
    """One organisation and the feature that it serves; members are neither named nor counted here."""

    id: str
    name: str | None
    kind: str | None
    parent: str | None
    layer: str | None
    feature: str | None

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready values."""
        return {
            "id": self.id,
            "name": self.name,
            "kind": self.kind,
            "layer": self.layer,
            "feature": self.feature,
        }


def read_organisations(table: pd.DataFrame) -> dict[str, Organisation]:
    """The organisations of one date by id."""
    columns = ("id", "name", "kind", "parent", "layer", "feature")
    rows = zip(*(read_texts(table, name) for name in columns), strict=True)
    return {key: Organisation(key, *rest) for key, *rest in rows if key}


def list_organisations(
    organisations: Mapping[str, Organisation], served: Iterable[tuple[str, str]]
) -> list[Organisation]:
    """Those that serve any of some features and those above them, the highest kind first, then by id."""
    posts = set(served)
    found: dict[str, Organisation] = {}
    for organisation in organisations.values():
        if (organisation.layer, organisation.feature) in posts:
            above: Organisation | None = organisation
            while above is not None and above.id not in found:  # also ends where parents go in a circle
                found[above.id] = above
                above = organisations.get(above.parent or "")
    order = {kind: position for position, kind in enumerate(ORGANISATION_KINDS)}
    return sorted(found.values(), key=lambda one: (order.get(one.kind or "", len(order)), one.id))
