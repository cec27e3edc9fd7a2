"""Whether areas tile the ground they should: overlaps, gaps, parts outside, edges that do not match."""

from __future__ import annotations

from collections.abc import Iterator

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from shapely import STRtree
from shapely.geometry.base import BaseGeometry

from geogrid.checks.rules import make_finding
from geogrid.findings import Finding
from geogrid.responsibility.columns import read_texts

SLIVER_M2 = 1.0
"""A smaller overlap or gap is told as an edge that does not match: no person lives on a square metre."""

SLIVER_WIDTH_M = 0.5
"""A gap or overlap that is narrower on average (twice its area over its perimeter) is a slip of the pen."""

ROUNDING_M = 0.0001
"""A rim that differs from the extent by less than this all along is the rounding of a projection."""

Shapes = npt.NDArray[np.object_]


def find_partition_faults(
    areas: gpd.GeoDataFrame,
    extent: BaseGeometry | None,
    layer_name: str,
    *,
    village: BaseGeometry | None = None,
) -> list[Finding]:
    """Where areas do not tile the extent.

    A partition is sound when the areas are a valid coverage (`shapely.coverage_is_valid`: no two
    overlap, and neighbours share every vertex of their border) and their union equals the extent;
    the first alone would accept holes and separate boxes, the second alone overlaps.

    Parameters
    ----------
    areas
        Current areas in metres.
    extent
        The ground they must tile; None when nobody declared it: then only holes are found.
    village
        Ground of villages, on which areas of this kind may be missing.

    Returns
    -------
    Empty when the partition is sound; the union may differ from the extent by `ROUNDING_M` of rim. Places are polygons, or lines where
    edges do not match; sizes are m2, or m of such lines.

    >>> from shapely import box
    >>> areas = gpd.GeoDataFrame({"code": ["A", "B"]}, geometry=[box(0, 0, 6, 10), box(5, 0, 9, 10)])
    >>> [(f.code, f.size) for f in find_partition_faults(areas, box(0, 0, 10, 10), "district")]
    [('partition.overlap', 10.0), ('partition.gap', 10.0)]
    """
    shapes, keys = take_valid(areas)
    union = shapely.union_all(shapes)
    findings = find_edge_faults(areas, layer_name)
    if extent is None:
        return [*findings, *_find_holes(union, layer_name)]
    extent = shapely.make_valid(extent)
    rough = [
        *find_gaps(union, extent, village, layer_name, "partition"),
        *_find_parts_outside(shapes, keys, extent, layer_name),
    ]
    rest = shapely.symmetric_difference(union, extent)
    if not rough and rest.area > ROUNDING_M * extent.length:
        findings.append(
            make_finding(
                "partition.rim", layer_name, [], place=rest, size=float(rest.area), area=f"{rest.area:.3f}"
            )
        )
    return findings + rough


def find_overlaps(areas: gpd.GeoDataFrame, layer_name: str) -> list[Finding]:
    """Every two areas that share at least `SLIVER_M2` of ground, with that ground."""
    shapes, keys = take_valid(areas)
    left, right = STRtree(shapes).query(shapes, predicate="intersects")
    left, right = left[left < right], right[left < right]
    common = shapely.intersection(shapes[left], shapes[right])
    size_m2 = shapely.area(common)
    pairs = np.flatnonzero(size_m2 >= SLIVER_M2)
    return [
        _tell_piece(
            "partition.overlap",
            layer_name,
            _keep_polygons(common[i]),
            sorted((keys[left[i]], keys[right[i]])),
        )
        for i in pairs
    ]


def find_gaps(
    union: BaseGeometry,
    extent: BaseGeometry,
    village: BaseGeometry | None,
    layer_name: str,
    family: str,
) -> list[Finding]:
    """The parts of the extent that no area holds; those on village land are notes of their own.

    Parameters
    ----------
    union
        The ground of all areas.
    family
        `partition` or `grid`: whose rules the findings belong to.
    """
    missing = shapely.difference(extent, union)
    if village is None:
        pieces = [(f"{family}.gap", part) for part in _split(missing)]
    else:
        pieces = [(f"{family}.gap", part) for part in _split(shapely.difference(missing, village))]
        pieces += [
            (f"{family}.gap_in_village", part) for part in _split(shapely.intersection(missing, village))
        ]
    return [_tell_piece(code, layer_name, part, []) for code, part in pieces]


def _tell_piece(code: str, layer_name: str, piece: BaseGeometry, features: list[str]) -> Finding:
    """A gap or an overlap; a narrow one as a sliver."""
    width_m = 2 * piece.area / piece.length
    if width_m < SLIVER_WIDTH_M:
        code = "partition.sliver_overlap" if features else "partition.sliver_gap"
    return make_finding(
        code,
        layer_name,
        features,
        place=piece,
        size=float(piece.area),
        area=f"{piece.area:.0f}",
        width=f"{width_m:.2f}",
    )


def find_edge_faults(areas: gpd.GeoDataFrame, layer_name: str) -> list[Finding]:
    """Overlaps, and edges of neighbours that do not match: what can be told of areas that need not tile."""
    overlaps = find_overlaps(areas, layer_name)
    return [*overlaps, *_find_unmatched_edges(*take_valid(areas), layer_name, overlaps)]


def find_exclaves(areas: gpd.GeoDataFrame, layer_name: str) -> list[Finding]:
    """The parts of each area that lie apart from its largest one (飞地): right or not, they are worth knowing."""
    shapes, keys = take_valid(areas)
    findings = []
    for shape, key in zip(shapes, keys, strict=True):
        parts = sorted(_split(shape), key=lambda part: part.area)
        findings += [
            make_finding(
                "area.exclave", layer_name, [key], place=part, size=float(part.area), area=f"{part.area:.0f}"
            )
            for part in parts[:-1]
        ]
    return findings


def take_valid(areas: gpd.GeoDataFrame) -> tuple[Shapes, Shapes]:
    """Polygons and keys of the areas that have ground; faulty polygons as `make_valid` understands them."""
    shapes = shapely.make_valid(areas.geometry.to_numpy())
    keys = np.array([key or "?" for key in read_texts(areas, "code")], dtype=object)
    has_ground = shapely.area(shapes) > 0
    return shapes[has_ground], keys[has_ground]


def _find_parts_outside(shapes: Shapes, keys: Shapes, extent: BaseGeometry, layer_name: str) -> list[Finding]:
    outside = shapely.difference(shapes, extent)
    return [
        make_finding(
            "partition.outside",
            layer_name,
            [keys[row]],
            place=_keep_polygons(outside[row]),
            size=float(outside[row].area),
            area=f"{outside[row].area:.0f}",
        )
        for row in np.flatnonzero(shapely.area(outside) >= SLIVER_M2)
    ]


def _find_unmatched_edges(
    shapes: Shapes, keys: Shapes, layer_name: str, overlaps: list[Finding]
) -> list[Finding]:
    """Areas whose edges do not match their neighbours', beyond the overlaps that were found."""
    if shapely.coverage_is_valid(shapes):
        return []
    told = {key for finding in overlaps for key in finding.features}
    edges = shapely.coverage_invalid_edges(shapes)
    return [
        make_finding(
            "partition.edge",
            layer_name,
            [keys[row]],
            place=edges[row],
            size=float(edges[row].length),
            length=f"{edges[row].length:.1f}",
        )
        for row in np.flatnonzero(~shapely.is_empty(edges))
        if keys[row] not in told
    ]


def _find_holes(union: BaseGeometry, layer_name: str) -> list[Finding]:
    holes = [
        shapely.Polygon(ring) for part in shapely.get_parts(union) for ring in getattr(part, "interiors", ())
    ]
    return [
        make_finding("partition.no_extent", layer_name, []),
        *(
            make_finding(
                "partition.hole", layer_name, [], place=hole, size=float(hole.area), area=f"{hole.area:.0f}"
            )
            for hole in holes
            if hole.area >= SLIVER_M2
        ),
    ]


def _split(shape: BaseGeometry) -> Iterator[BaseGeometry]:
    """The polygons of a shape that are no slivers, from west to east."""
    parts = [part for part in shapely.get_parts(shape) if part.area >= SLIVER_M2]
    yield from sorted(parts, key=lambda part: part.bounds)


def _keep_polygons(shape: BaseGeometry) -> BaseGeometry:
    """The part of an intersection that is ground; where borders also touch there are lines as well."""
    return shapely.union_all([part for part in shapely.get_parts(shape) if part.area > 0])
