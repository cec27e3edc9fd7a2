"""The rules that data is checked by: each one's code, how much it matters, and making its findings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from shapely.geometry.base import BaseGeometry

from geogrid.errors import LISTED
from geogrid.findings import Finding, Severity
from geogrid.labels import LANGUAGES, label
from geogrid.schema import find_layer

RULES: dict[str, Severity] = {
    "store.damaged": Severity.ERROR,
    "datum.shift": Severity.ERROR,
    "geometry.empty": Severity.ERROR,
    "geometry.invalid": Severity.ERROR,
    "geometry.unusable": Severity.ERROR,
    "geometry.failed": Severity.ERROR,
    "geometry.duplicate": Severity.WARNING,
    "partition.overlap": Severity.ERROR,
    "partition.gap": Severity.ERROR,
    "partition.gap_in_village": Severity.NOTE,
    "partition.outside": Severity.ERROR,
    "partition.edge": Severity.WARNING,
    "partition.sliver_gap": Severity.WARNING,
    "partition.sliver_overlap": Severity.WARNING,
    "partition.rim": Severity.WARNING,
    "partition.no_extent": Severity.NOTE,
    "partition.hole": Severity.WARNING,
    "grid.declared": Severity.ERROR,
    "grid.split": Severity.WARNING,
    "grid.gap": Severity.WARNING,
    "grid.gap_in_village": Severity.NOTE,
    "area.exclave": Severity.NOTE,
    "building.no_area": Severity.WARNING,
    "building.split": Severity.NOTE,
    "building.outside": Severity.WARNING,
    "code.grammar": Severity.WARNING,
    "code.parent": Severity.WARNING,
    "code.kind": Severity.NOTE,
    "key.missing": Severity.ERROR,
    "key.duplicate": Severity.ERROR,
    "reference.missing": Severity.ERROR,
    "reference.ended": Severity.WARNING,
    "reference.layer": Severity.ERROR,
    "validity.unreadable": Severity.ERROR,
    "validity.order": Severity.ERROR,
    "roster.none": Severity.NOTE,
    "roster.too_few": Severity.WARNING,
    "roster.too_many": Severity.WARNING,
    "roster.vacant": Severity.WARNING,
    "roster.expired": Severity.WARNING,
    "roster.role": Severity.WARNING,
    "roster.expiring": Severity.WARNING,
    "roster.two_leaders": Severity.WARNING,
    "roster.excluded": Severity.WARNING,
    "roster.far": Severity.WARNING,
    "roster.idle": Severity.NOTE,
    "beat.none": Severity.WARNING,
    "beat.community": Severity.WARNING,
    "street.near_miss": Severity.WARNING,
    "street.short": Severity.WARNING,
    "street.crossing": Severity.WARNING,
    "street.island": Severity.WARNING,
    "street.bridge_joined": Severity.WARNING,
    "street.steep": Severity.WARNING,
    "building.far": Severity.WARNING,
    "compound.no_gate": Severity.WARNING,
    "compound.shut": Severity.ERROR,
    "gate.far": Severity.WARNING,
    "gate.unnamed": Severity.WARNING,
    "stop.closed": Severity.NOTE,
    "stop.doubtful": Severity.NOTE,
    "stop.nowhere": Severity.WARNING,
    "square.apart": Severity.WARNING,
    "gate.barred": Severity.WARNING,
    "centre.far": Severity.ERROR,
}
"""Code -> severity; the sentences stand in the label table under `check.<code>` and `check.<code>.remedy`."""

_ORDER = {severity: position for position, severity in enumerate(Severity)}


def make_finding(
    code: str,
    layer: str,
    features: Sequence[str],
    *,
    place: BaseGeometry | None = None,
    size: float | None = None,
    **values: object,
) -> Finding:
    """A finding of one rule, its sentences filled in.

    The sentences may use `{layer}` (the layer's title), `{features}` (at most five keys, the rest
    counted) and `values`; a mapping language -> text among the values is told in each language.
    """
    zh, en, remedy_zh, remedy_en = (
        label(key, language, **_tell(layer, features, values, language))
        for key in (f"check.{code}", f"check.{code}.remedy")
        for language in LANGUAGES
    )
    return Finding(code, RULES[code], layer, tuple(features), zh, en, remedy_zh, remedy_en, place, size)


def _tell(
    layer: str, features: Sequence[str], values: Mapping[str, object], language: str
) -> dict[str, object]:
    told = {name: value[language] if isinstance(value, Mapping) else value for name, value in values.items()}
    return {"layer": name_layer(layer)[language], "features": list_keys(features, language), **told}


def list_keys(features: Sequence[str], language: str) -> str:
    """Keys for a sentence: five at most, and how many more."""
    joint = {"zh": "、", "en": ", "}[language]
    more = len(features) - LISTED
    rest = {"zh": f" 等 {len(features)} 个", "en": f" and {more} more"}[language] if more > 0 else ""
    return joint.join(features[:LISTED]) + rest


def name_layer(layer: str) -> Mapping[str, str]:
    """A layer's or table's title in each language."""
    found = find_layer(layer)
    return {"zh": found.zh, "en": found.en}


def sort_findings(findings: Iterable[Finding]) -> list[Finding]:
    """Errors first, then by code, layer, features and sentence."""
    return sorted(findings, key=lambda f: (_ORDER[f.severity], f.code, f.layer, f.features, f.zh))
