"""Areas that exist only as lists of buildings, drawn: ground is cut along lines and goes where its buildings go."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.spatial import KDTree
from shapely import STRtree
from shapely.geometry.base import BaseGeometry

from geogrid.areas.mend import NOBODY, NODING_M, Tiling, keep_polygons, measure_borders
from geogrid.areas.share import measure_shares
from geogrid.prepared import prepared

Shapes = npt.NDArray[np.object_]
Ints = npt.NDArray[np.int64]

OUTLINE_STEP_M = 2.0
"""Between buildings ground goes to the nearest wall, walls being points this near to each other."""
SMOOTHING_M = 0.5
"""How far a border between buildings may be drawn from the very middle, so that it is not a zigzag."""


def derive_areas(
    extent: BaseGeometry,
    lines: Shapes,
    outlines: Shapes,
    area: Ints,
    *,
    parents: Sequence[Shapes] = (),
    parent: Ints | None = None,
) -> Tiling:
    """An extent tiled by areas of which only the buildings are known.

    Streets, outlines of compounds, water and the extent cut the ground into faces. A face whose
    buildings are all of one area is that area's; one with buildings of several is divided between
    them, each place going to the nearest building's; one without buildings goes to the neighbour
    with the longest common border, faces beside areas first, as often as needed.

    Parameters
    ----------
    extent
        The ground to be tiled, metres.
    lines
        Shape (l,): lines that borders should follow.
    outlines
        Shape (b,): polygons of the buildings that count.
    area
        Shape (b,): the area of each, counted from 0.
    parents
        Partitions of the areas above, each of shape (p,): no border of theirs is crossed where the
        areas' buildings allow it.
    parent
        Shape (n, len(parents)): the row of each area's parent in each of them; needed with them.

    Returns
    -------
    Its owners are the areas. A face is `NOBODY`'s only where there is no building at all.

    >>> from shapely import LineString, box
    >>> street = np.array([LineString([(60, 0), (60, 50)])])
    >>> homes = np.array([box(10, 10, 20, 20), box(80, 10, 90, 20)])
    >>> tiling = derive_areas(box(0, 0, 100, 50), street, homes, np.array([0, 1]))
    >>> [shape.area for shape in tiling.build_areas(2)]
    [3000.0, 2000.0]
    """
    (ground,) = keep_polygons(shapely.make_valid(np.array([shapely.force_2d(extent)], dtype=object)))
    base = np.concatenate(
        [shapely.boundary(np.array([ground], dtype=object)), lines, *(shapely.boundary(p) for p in parents)]
    )
    coarse = _cut(base, ground)
    of_face = _find_faces(outlines, coarse)
    held = pd.DataFrame({"face": of_face, "area": area}).groupby("face")["area"].agg(["nunique", "first"])
    divisions = {
        int(number): _Division.between(coarse[number], outlines[of_face == number], area[of_face == number])
        for number in held.index[held["nunique"] > 1]
    }
    cuts = [division.borders for division in divisions.values()]
    faces = _cut(np.concatenate([base, *cuts]), ground) if cuts else coarse
    inner = shapely.point_on_surface(faces)
    within = _locate(inner, coarse)
    owner = np.full(len(faces), NOBODY, dtype=np.int64)
    whole = held.index[held["nunique"] == 1].to_numpy()
    first = np.full(len(coarse), NOBODY, dtype=np.int64)
    first[whole] = held.loc[whole, "first"]
    is_known = within != NOBODY
    owner[is_known] = first[within[is_known]]
    for number, division in divisions.items():
        rows = np.flatnonzero(within == number)
        owner[rows] = division.choose(inner[rows])
    borders = measure_borders(faces)
    if len(parents) and parent is not None:
        homes = np.column_stack([_locate(inner, grounds) for grounds in parents])
        _give_away(owner, borders, homes, parent)
    _give_away(
        owner, borders, np.zeros((len(faces), 0), np.int64), np.zeros((int(area.max()) + 1, 0), np.int64)
    )
    claims = pd.DataFrame({"face": pd.Series([], dtype=np.int64), "area": pd.Series([], dtype=np.int64)})
    return Tiling(faces, claims, owner, shapely.get_coordinates(base), np.ones(len(faces), bool))


class _Division:
    """The ground of one face between the buildings of several areas."""

    def __init__(self, borders: Shapes, tree: KDTree, area: Ints) -> None:
        self.borders, self._tree, self._area = borders, tree, area

    @classmethod
    def between(cls, face: BaseGeometry, outlines: Shapes, area: Ints) -> _Division:
        walls = shapely.segmentize(outlines, OUTLINE_STEP_M)
        xy, building = shapely.get_coordinates(walls, return_index=True)
        xy, first = np.unique(xy, axis=0, return_index=True)
        owner = area[building[first]]
        cells = shapely.get_parts(
            shapely.voronoi_polygons(shapely.multipoints(xy), extend_to=face, ordered=True)
        )
        grounds = np.array(
            [shapely.coverage_union_all(cells[owner == number]) for number in np.unique(owner)], dtype=object
        )
        smooth = shapely.coverage_simplify(grounds, SMOOTHING_M, simplify_boundary=False)
        borders = shapely.intersection(shapely.boundary(smooth), face)
        return cls(borders, KDTree(xy), owner)

    def choose(self, places: Shapes) -> Ints:
        """The area of the wall nearest to each place."""
        nearest = self._tree.query(shapely.get_coordinates(places))[1]
        chosen: Ints = self._area[nearest]
        return chosen


def _cut(lines: Shapes, ground: BaseGeometry) -> Shapes:
    """The faces of a ground that lines part, in an order of their places alone."""
    noded = shapely.union_all(lines, grid_size=NODING_M)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    with prepared(ground) as ready:
        faces = faces[shapely.contains(ready, shapely.point_on_surface(faces))]
    ordered: Shapes = faces[np.lexsort(shapely.bounds(faces).T)]
    return ordered


def _find_faces(outlines: Shapes, faces: Shapes) -> Ints:
    """The face in which most of each building lies; the nearest one of a building outside all."""
    shares = measure_shares(outlines, gpd.GeoDataFrame({"code": np.arange(len(faces))}, geometry=list(faces)))
    best = shares.drop_duplicates("polygon")
    found = np.full(len(outlines), NOBODY, dtype=np.int64)
    found[best["polygon"].to_numpy()] = best["code"].to_numpy(np.int64)
    lost = np.flatnonzero(found == NOBODY)
    if len(lost):
        found[lost] = STRtree(faces).query_nearest(outlines[lost], all_matches=False)[1]
    return found


def _locate(points: Shapes, grounds: Shapes) -> Ints:
    """The first ground that each point lies in; `NOBODY` for none."""
    found = np.full(len(points), NOBODY, dtype=np.int64)
    ground, point = STRtree(points).query(grounds, predicate="contains")
    order = np.argsort(-ground, kind="stable")
    found[point[order]] = ground[order]
    return found


def _give_away(owner: Ints, borders: pd.DataFrame, homes: Ints, parent: Ints) -> None:
    """Free faces go to the neighbour with the longest common border that has the same parents."""
    face, other = borders["face"].to_numpy(), borders["other"].to_numpy()
    length_m = borders["length_m"].to_numpy()
    while True:
        is_open = (owner[face] == NOBODY) & (owner[other] != NOBODY)
        is_open[is_open] = (homes[face[is_open]] == parent[owner[other[is_open]]]).all(axis=1)
        if not is_open.any():
            return
        offers = pd.DataFrame(
            {"face": face[is_open], "area": owner[other[is_open]], "length_m": length_m[is_open]}
        )
        sums = offers.groupby(["face", "area"])["length_m"].sum().reset_index()
        best = sums.sort_values(["face", "length_m", "area"], ascending=[True, False, True])
        best = best.drop_duplicates("face")
        owner[best["face"].to_numpy()] = best["area"].to_numpy()
