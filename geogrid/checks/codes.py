"""Whether the codes of areas are built as their scheme says, and begin with the code of what they lie in."""

from __future__ import annotations

from collections.abc import Iterator

import geopandas as gpd
from shapely.geometry.base import BaseGeometry

from geogrid.checks.rules import make_finding
from geogrid.findings import Finding
from geogrid.responsibility.columns import read_texts

N_COUNTY_DIGITS = 6
"""GB/T 2260."""

N_COMMUNITY_DIGITS = 12
"""6 of the county, 3 of the town (GB/T 10114), 3 of the village or community."""

GRID_SCHEMES = {"6+3+3+3": 15, "6+6+3+3+2": 20}
"""Scheme -> digits: the unit grids of GB/T 30428.1, and the managed parts of CJ/T 349 (object class first)."""

_COMMUNITY_FROM = {"6+3+3+3": 0, "6+6+3+3+2": 6}
"""Where in a grid's code the code of its community begins."""

KINDS = {"社区": range(1, 200), "村": range(200, 400)}
"""The last three digits of a community's code tell its kind."""


def find_community_code_faults(communities: gpd.GeoDataFrame, county: gpd.GeoDataFrame) -> list[Finding]:
    """Codes that are not 12 digits, do not begin with the county's code, or tell another kind.

    Only where most codes are digits: a county that numbers in its own way breaks no rule.
    """
    if not _is_numbered(communities):
        return []
    county_codes = {code for code in read_texts(county, "code") if code and len(code) == N_COUNTY_DIGITS}
    findings = []
    for code, kind, place in _list_rows(communities, "kind"):
        if not _is_digits(code, N_COMMUNITY_DIGITS):
            findings.append(_tell_grammar("community", code, place, N_COMMUNITY_DIGITS))
        elif county_codes and code[:N_COUNTY_DIGITS] not in county_codes:
            findings.append(_tell_parent("community", code, place, min(county_codes)))
        elif kind in KINDS and int(code[-3:]) not in KINDS[kind]:
            digits = f"{KINDS[kind][0]:03d}-{KINDS[kind][-1]:03d}"
            findings.append(
                make_finding("code.kind", "community", [code], place=place, kind=kind, digits=digits)
            )
    return findings


def find_grid_code_faults(grids: gpd.GeoDataFrame) -> list[Finding]:
    """Codes that are not as long as their scheme says, or do not hold the code of the declared community.

    A scheme that is not known says nothing; without one, 15 digits are expected where most codes are digits.
    """
    usual = "6+3+3+3" if _is_numbered(grids) else None
    schemes = [scheme or usual for scheme in read_texts(grids, "code_scheme")]
    findings = []
    for (code, community, place), scheme in zip(_list_rows(grids, "community"), schemes, strict=True):
        if scheme not in GRID_SCHEMES or not code:
            continue
        first = _COMMUNITY_FROM[scheme]
        if not _is_digits(code, GRID_SCHEMES[scheme]):
            findings.append(_tell_grammar("grid", code, place, GRID_SCHEMES[scheme]))
        elif community and code[first : first + N_COMMUNITY_DIGITS] != community:
            findings.append(_tell_parent("grid", code, place, community))
    return findings


def _is_numbered(areas: gpd.GeoDataFrame) -> bool:
    codes = [code for code in read_texts(areas, "code") if code]
    return 2 * sum(_is_digits(code, len(code)) for code in codes) > len(codes)


def _is_digits(code: str, count: int) -> bool:
    return len(code) == count and code.isascii() and code.isdigit()


def _list_rows(areas: gpd.GeoDataFrame, column: str) -> Iterator[tuple[str, str | None, BaseGeometry | None]]:
    for code, value, place in zip(
        read_texts(areas, "code"), read_texts(areas, column), areas.geometry, strict=True
    ):
        yield code or "", value, place


def _tell_grammar(layer: str, code: str, place: BaseGeometry | None, count: int) -> Finding:
    return make_finding("code.grammar", layer, [code or "?"], place=place, size=float(count), count=count)


def _tell_parent(layer: str, code: str, place: BaseGeometry | None, parent: str) -> Finding:
    return make_finding("code.parent", layer, [code], place=place, parent=parent)
