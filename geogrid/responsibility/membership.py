"""Which areas of every kind a place lies in, and what is doubtful about that."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import geopandas as gpd
from shapely.geometry.base import BaseGeometry

from geogrid.areas.share import assign_areas
from geogrid.responsibility.answer import Evidence, HeldArea, Words, make_evidence
from geogrid.responsibility.columns import read_texts
from geogrid.responsibility.ground import Ground
from geogrid.schema import LAYERS

CLEAR_SHARE = 0.9
"""A building with a smaller share in its area is called split (DESIGN: "a share under 90 % is said")."""

SMALLEST_SHARE = 0.01
"""Smaller shares are how lines were drawn, not where a building stands; they are not listed."""

NEAR_EDGE_M = 20.0
"""Closer to an edge a position may be on either side: about twice the error of a phone's position in a street."""

ON_BORDER_M = 0.01
"""A position this near to a border is on it: seven digits of a degree, as positions are sent, are a centimetre."""


def find_point_areas(
    grounds: Mapping[str, Ground], point: BaseGeometry
) -> tuple[list[HeldArea], list[Evidence]]:
    """The areas of every kind that cover a point, with their edge distances.

    A point on a border belongs to both sides. One that lies in no area of a kind is said to be
    outside, with the nearest area; one within `NEAR_EDGE_M` of an edge is told the other side.

    Parameters
    ----------
    grounds
        Kind -> the areas of the date.
    """
    held: list[HeldArea] = []
    evidence: list[Evidence] = []
    for kind, ground in grounds.items():
        near = ground.measure_point(point, NEAR_EDGE_M)
        # A point that is on the border as far as can be told belongs to an area, on either side of it.
        edges_m = {
            code: edge_m if area_m == 0 else 0.0 for code, area_m, edge_m in near if area_m <= ON_BORDER_M
        }
        held += [HeldArea(kind, code, ground.names[code], edge_m=edges_m[code]) for code in edges_m]
        if not edges_m:
            evidence += _tell_outside(ground, point)
        elif len(edges_m) > 1:
            evidence.append(_tell_several(ground, list(edges_m), max(edges_m.values())))
        else:
            ((code, edge_m),) = edges_m.items()
            evidence += _tell_near_edge(
                ground, code, edge_m, [other for other, _, _ in near if other != code]
            )
        evidence += _tell_detached(ground, edges_m, point)
    return held, evidence


def find_polygon_areas(
    grounds: Mapping[str, Ground], polygon: BaseGeometry, *, smallest_answering_share: float | None
) -> tuple[list[HeldArea], list[Evidence]]:
    """The areas of every kind that hold some of a polygon, the largest share first.

    Parameters
    ----------
    smallest_answering_share
        An area answers for the place from this share on; None where the largest share alone
        decides, as it does for a building.
    """
    held: list[HeldArea] = []
    evidence: list[Evidence] = []
    for kind, ground in grounds.items():
        found = [
            area
            for i, area in enumerate(ground.measure_polygon(polygon))
            if i == 0 or area[1] >= SMALLEST_SHARE
        ]
        answering = [
            i == 0 if smallest_answering_share is None else share >= smallest_answering_share
            for i, (_, share, _) in enumerate(found)
        ]
        held += [
            HeldArea(kind, code, ground.names[code], share=share, edge_m=edge_m, answers=answers)
            for (code, share, edge_m), answers in zip(found, answering, strict=True)
        ]
        if not found:
            evidence += _tell_outside(ground, polygon)
        elif found[0][1] < CLEAR_SHARE:
            is_decided = smallest_answering_share is None
            shares = {code: share for code, share, _ in found}
            evidence.append(_tell_split(ground, shares, "area.split" if is_decided else "area.parted"))
        if smallest_answering_share is None:
            evidence += _tell_detached(ground, [code for code, _, _ in found[:1]], polygon)
    return held, evidence


def find_declared_differences(areas: Mapping[str, gpd.GeoDataFrame]) -> dict[tuple[str, str], list[Evidence]]:
    """Areas that are declared to belong to another area than the one most of their ground lies in.

    A grid declares its community and 片区, a beat its community; the ground decides where it lies.

    Returns
    -------
    (kind, code) -> what is said of that area; areas without a difference are left out.
    """
    found: dict[tuple[str, str], list[Evidence]] = {}
    for kind, frame in areas.items():
        for column in LAYERS[kind].columns:
            upper = areas.get(column.refers)
            if upper is None or upper.empty or frame.empty:
                continue
            names, upper_names = read_names(frame), read_names(upper)
            rows = zip(
                read_texts(frame, "code"),
                read_texts(frame, column.name),
                assign_areas(frame.geometry.to_numpy(), upper),
                strict=True,
            )
            for code, declared, actual in rows:
                if code and declared and actual and declared != actual:
                    evidence = make_evidence(
                        "area.declared",
                        {
                            "kind": kind,
                            "code": code,
                            "of": column.refers,
                            "declared": declared,
                            "actual": actual,
                        },
                        kind=_title(kind),
                        name=names[code] or code,
                        upper=_title(column.refers),
                        declared=upper_names.get(declared) or declared,
                        actual=upper_names[actual] or actual,
                    )
                    found.setdefault((kind, code), []).append(evidence)
    return found


def read_names(areas: gpd.GeoDataFrame) -> dict[str, str | None]:
    """Code -> name of areas."""
    pairs = zip(read_texts(areas, "code"), read_texts(areas, "name"), strict=True)
    return {code: name for code, name in pairs if code is not None}


def _title(kind: str) -> Words:
    return {"zh": LAYERS[kind].zh, "en": LAYERS[kind].en}


def _join(texts: Iterator[str] | list[str]) -> Words:
    listed = list(texts)
    return {"zh": "、".join(listed), "en": ", ".join(listed)}


def _tell_outside(ground: Ground, place: BaseGeometry) -> list[Evidence]:
    nearest = ground.find_nearest(place)
    if nearest is None:
        return []
    code, distance_m = nearest
    return [
        make_evidence(
            "area.outside",
            {"kind": ground.kind, "nearest": code, "distance_m": round(distance_m, 2)},
            kind=_title(ground.kind),
            name=ground.name(code),
            distance=f"{distance_m:.1f}",
        )
    ]


def _tell_several(ground: Ground, codes: list[str], edge_m: float) -> Evidence:
    """On a common border; or, where it is inside of more than one, under areas that overlap."""
    return make_evidence(
        "area.border" if edge_m <= ON_BORDER_M else "area.overlap",
        {"kind": ground.kind, "codes": codes},
        kind=_title(ground.kind),
        names=_join([ground.name(code) for code in codes]),
    )


def _tell_near_edge(ground: Ground, code: str, edge_m: float, others: list[str]) -> list[Evidence]:
    if edge_m > NEAR_EDGE_M:
        return []
    return [
        make_evidence(
            "area.near_edge" if others else "area.near_outer_edge",
            {"kind": ground.kind, "code": code, "edge_m": round(edge_m, 2), "others": others},
            kind=_title(ground.kind),
            name=ground.name(code),
            others=_join([ground.name(other) for other in others]),
            distance=f"{edge_m:.1f}",
        )
    ]


def _tell_detached(ground: Ground, codes: Iterable[str], place: BaseGeometry) -> list[Evidence]:
    return [
        make_evidence(
            "area.detached",
            {"kind": ground.kind, "code": code},
            kind=_title(ground.kind),
            name=ground.name(code),
        )
        for code in codes
        if ground.is_detached(code, place)
    ]


def _tell_split(ground: Ground, shares: Mapping[str, float], split_code: str) -> Evidence:
    outside = 1 - sum(shares.values())
    return make_evidence(
        split_code if len(shares) > 1 else "area.partly_outside",
        {"kind": ground.kind, "shares": {code: round(share, 4) for code, share in shares.items()}},
        kind=_title(ground.kind),
        shares=_join([f"{ground.name(code)} {100 * share:.1f} %" for code, share in shares.items()]),
        outside=f"{100 * outside:.1f}",
    )
