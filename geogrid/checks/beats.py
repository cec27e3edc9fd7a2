"""Police beats against the communities they stand for: communities without one, and ground that differs."""

from __future__ import annotations

from collections.abc import Iterator

import geopandas as gpd
import numpy as np
import shapely

from geogrid.checks.rules import make_finding
from geogrid.findings import Finding
from geogrid.responsibility.columns import read_texts

SLIVER_M2 = 100.0
"""Smaller differences without a building come from drawing, not from who answers for a place: ours."""

_HA_M2 = 10_000.0


def find_beat_faults(
    beats: gpd.GeoDataFrame, communities: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame
) -> list[Finding]:
    """Where the police of one community have ground of another, with its area and its buildings.

    Parameters
    ----------
    beats, communities, buildings
        Of one date, in one metric CRS. A community of kind 村 needs no beat of its own.
    """
    declared = read_texts(beats, "community")
    findings = [
        make_finding("beat.none", "community", [code], place=shape, name=name or code)
        for code, name, kind, shape in zip(
            *(read_texts(communities, column) for column in ("code", "name", "kind")),
            communities.geometry,
            strict=True,
        )
        if code and kind != "村" and code not in declared
    ]
    return [*findings, *_find_differences(beats, declared, communities, buildings)]


def _find_differences(
    beats: gpd.GeoDataFrame,
    declared: list[str | None],
    communities: gpd.GeoDataFrame,
    buildings: gpd.GeoDataFrame,
) -> Iterator[Finding]:
    codes = read_texts(communities, "code")
    names = dict(zip(codes, read_texts(communities, "name"), strict=True))
    areas = shapely.make_valid(np.asarray(communities.geometry.values, dtype=object))
    points = shapely.point_on_surface(np.asarray(buildings.geometry.values, dtype=object))
    ids = np.array(read_texts(buildings, "id"), dtype=object)
    tree, homes = shapely.STRtree(areas), shapely.STRtree(points)
    shapes = shapely.make_valid(np.asarray(beats.geometry.values, dtype=object))
    for key, own, shape in sorted(
        zip(read_texts(beats, "code"), declared, shapes, strict=True), key=lambda beat: beat[0] or ""
    ):
        if key is None or own is None:
            continue
        for number in sorted(tree.query(shape, predicate="intersects")):
            other = codes[number]
            if other is None or other == own:
                continue
            part = shapely.intersection(shape, areas[number])
            if part.area == 0:  # they share a border
                continue
            concerned = sorted(str(one) for one in ids[homes.query(part, predicate="intersects")] if one)
            if part.area < SLIVER_M2 and not concerned:
                continue
            listed = "、".join(concerned[:5]) or "–"
            yield make_finding(
                "beat.community",
                "beat",
                [key],
                place=part,
                size=float(part.area),
                own=names.get(own) or own,
                other=names.get(other) or other,
                area_m2=f"{part.area:.0f}",
                area_ha=f"{part.area / _HA_M2:.2f}",
                count=len(concerned),
                buildings=listed + (" …" if len(concerned) > 5 else ""),
            )
