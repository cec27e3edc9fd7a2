"""Which areas of every kind a place lies in, and what is doubtful about that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from geogrid.areas.cover import find_covering, find_nearest
from geogrid.areas.share import assign_areas, measure_shares
from geogrid.responsibility.answer import Evidence, HeldArea, Words, make_evidence
from geogrid.responsibility.columns import read_texts
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
    areas: Mapping[str, gpd.GeoDataFrame], point: BaseGeometry
) -> tuple[list[HeldArea], list[Evidence]]:
    """The areas of every kind that cover a point, with their edge distances.

    A point on a border belongs to both sides. One that lies in no area of a kind is said to be
    outside, with the nearest area; one within `NEAR_EDGE_M` of an edge is told the other side.

    Parameters
    ----------
    areas
        Kind -> the areas of the date, in metres.
    """
    held: list[HeldArea] = []
    evidence: list[Evidence] = []
    points = np.array([point], dtype=object)
    for kind, frame in areas.items():
        if frame.empty:
            continue
        names = read_names(frame)
        covering = find_covering(points, frame)
        edges_m = dict(zip(covering["code"], covering["edge_m"].astype(float), strict=True))
        touched = frame["code"][shapely.dwithin(frame.geometry.to_numpy(), point, ON_BORDER_M)]
        edges_m |= {code: 0.0 for code in touched if code not in edges_m}
        codes = sorted(edges_m)
        held += [HeldArea(kind, code, names[code], edge_m=edges_m[code]) for code in codes]
        if not codes:
            evidence.append(_tell_outside(kind, names, find_nearest(points, frame)))
        elif len(codes) > 1:
            evidence.append(_tell_several(kind, names, codes, max(edges_m.values())))
        else:
            evidence += _tell_near_edge(kind, frame, names, point, codes[0], edges_m[codes[0]])
    return held, evidence


def find_polygon_areas(
    areas: Mapping[str, gpd.GeoDataFrame], polygon: BaseGeometry, *, smallest_answering_share: float | None
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
    polygons = np.array([polygon], dtype=object)
    for kind, frame in areas.items():
        if frame.empty:
            continue
        names = read_names(frame)
        shares = measure_shares(polygons, frame)
        found = [
            (code, float(share))
            for i, (code, share) in enumerate(zip(shares["code"], shares["share"], strict=True))
            if i == 0 or share >= SMALLEST_SHARE
        ]
        for i, (code, share) in enumerate(found):
            answers = i == 0 if smallest_answering_share is None else share >= smallest_answering_share
            held.append(HeldArea(kind, code, names[code], share=share, answers=answers))
        if not found:
            evidence.append(_tell_outside(kind, names, find_nearest(polygons, frame)))
        elif found[0][1] < CLEAR_SHARE:
            is_decided = smallest_answering_share is None
            evidence.append(
                _tell_split(kind, names, dict(found), "area.split" if is_decided else "area.parted")
            )
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


def _tell_outside(kind: str, names: Mapping[str, str | None], nearest: pd.DataFrame) -> Evidence:
    code, distance_m = nearest["code"].iloc[0], float(nearest["distance_m"].iloc[0])
    return make_evidence(
        "area.outside",
        {"kind": kind, "nearest": code, "distance_m": round(distance_m, 2)},
        kind=_title(kind),
        name=names[code] or code,
        distance=f"{distance_m:.1f}",
    )


def _tell_several(kind: str, names: Mapping[str, str | None], codes: list[str], edge_m: float) -> Evidence:
    """On a common border; or, where it is inside of more than one, under areas that overlap."""
    return make_evidence(
        "area.border" if edge_m <= ON_BORDER_M else "area.overlap",
        {"kind": kind, "codes": codes},
        kind=_title(kind),
        names=_join([names[code] or code for code in codes]),
    )


def _tell_near_edge(
    kind: str,
    frame: gpd.GeoDataFrame,
    names: Mapping[str, str | None],
    point: BaseGeometry,
    code: str,
    edge_m: float,
) -> list[Evidence]:
    if edge_m > NEAR_EDGE_M:
        return []
    near = frame[shapely.dwithin(frame.geometry.to_numpy(), point, NEAR_EDGE_M)]
    others = sorted(set(near["code"]) - {code})
    return [
        make_evidence(
            "area.near_edge" if others else "area.near_outer_edge",
            {"kind": kind, "code": code, "edge_m": round(edge_m, 2), "others": others},
            kind=_title(kind),
            name=names[code] or code,
            others=_join([names[other] or other for other in others]),
            distance=f"{edge_m:.1f}",
        )
    ]


def _tell_split(
    kind: str, names: Mapping[str, str | None], shares: Mapping[str, float], split_code: str
) -> Evidence:
    outside = 1 - sum(shares.values())
    return make_evidence(
        split_code if len(shares) > 1 else "area.partly_outside",
        {"kind": kind, "shares": {code: round(share, 4) for code, share in shares.items()}},
        kind=_title(kind),
        shares=_join([f"{names[code] or code} {100 * share:.1f} %" for code, share in shares.items()]),
        outside=f"{100 * outside:.1f}",
    )
