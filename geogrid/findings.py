"""Finding: one fault in a county's data, with its code, its place and its remedy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import geopandas as gpd
from shapely.geometry.base import BaseGeometry


class Severity(StrEnum):
    """How much a finding matters: an `ERROR` makes answers wrong, a `WARNING` makes them doubtful."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True)
class Finding:
    """One fault in data, which a user can look at and mend.

    Attributes
    ----------
    code
        Stable identifier of the rule, such as `partition.overlap`.
    layer, features
        The layer (or table) and the keys of the features concerned.
    zh, en
        What is wrong, in a sentence each.
    remedy_zh, remedy_en
        What to do about it.
    place
        Where it is, in the CRS of the layer that was checked; None where it has no place.
    size
        How large it is, in the unit the sentence names (m2 for areas, m for lengths, else a count).
    """

    code: str
    severity: Severity
    layer: str
    features: tuple[str, ...]
    zh: str
    en: str
    remedy_zh: str
    remedy_en: str
    place: BaseGeometry | None = None
    size: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """The finding as JSON-ready values; the place as the x and y of a point on it."""
        point = None if self.place is None or self.place.is_empty else self.place.representative_point()
        return {
            "code": self.code,
            "severity": self.severity.value,
            "layer": self.layer,
            "features": list(self.features),
            "zh": self.zh,
            "en": self.en,
            "remedy_zh": self.remedy_zh,
            "remedy_en": self.remedy_en,
            "at": None if point is None else [point.x, point.y],
            "size": self.size,
        }


def tabulate_findings(findings: Sequence[Finding], crs: str) -> gpd.GeoDataFrame:
    """Findings as a layer, one row each; a finding without a place has no geometry.

    Parameters
    ----------
    crs
        The CRS of their places.
    """
    columns = ("code", "severity", "layer", "zh", "en", "remedy_zh", "remedy_en", "size")
    data: dict[str, list[Any]] = {name: [getattr(f, name) for f in findings] for name in columns}
    data["severity"] = [f.severity.value for f in findings]
    data["features"] = [", ".join(f.features) for f in findings]
    return gpd.GeoDataFrame(data, geometry=[f.place for f in findings], crs=crs)
