"""Polygons that should tile an extent made to do so: every face of their lines gets exactly one owner."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree
from shapely import STRtree
from shapely.geometry.base import BaseGeometry

from geogrid.prepared import prepared

Shapes = npt.NDArray[np.object_]
Ints = npt.NDArray[np.int64]

NOBODY = -1

NODING_M = 1e-5
"""Lines are noded on this lattice, so that no two of them pass each other by less."""


class Rule(StrEnum):
    """Who gets ground that nobody or more than one owns."""

    LARGEST = "largest"
    LONGEST = "longest"
    WINNER = "winner"


@dataclass(frozen=True)
class Tiling:
    """An extent cut along every line into faces, and who owns each.

    Attributes
    ----------
    faces
        Shape (f,), polygons.
    claims
        Columns `face`, `area`: every area that holds a face.
    owner
        Shape (f,), rows of the areas; `NOBODY` where the rule could not decide, and outside the extent.
    drawn
        Shape (v, 2), the vertices as they were given, the extent's last; faces have them on a lattice.
    is_inside
        Shape (f,), whether the face lies in the extent.
    """

    faces: Shapes
    claims: pd.DataFrame
    owner: Ints
    drawn: npt.NDArray[np.float64]
    is_inside: npt.NDArray[np.bool_]

    def build_areas(self, n_areas: int) -> Shapes:
        """The ground of each area, shape (n,); neighbours share every vertex. Empty where nothing is left.

        Vertices that were drawn have the places again at which they were drawn.
        """
        built = np.array(
            [shapely.coverage_union_all(self.faces[self.owner == row]) for row in range(n_areas)],
            dtype=object,
        )
        drawn = {_find_knot(xy): xy for xy in reversed(self.drawn.tolist())}
        places = [drawn.get(_find_knot(xy), xy) for xy in shapely.get_coordinates(built).tolist()]
        restored: Shapes = shapely.set_coordinates(built.copy(), np.array(places).reshape(-1, 2))
        is_sound = shapely.is_valid(restored).all() and shapely.coverage_is_valid(restored)
        return restored if is_sound else built

    def list_moves(self) -> pd.DataFrame:
        """Faces that change hands: `face`, `loser` and `gainer` (rows of areas, `NOBODY` for none)."""
        held = self.claims.assign(gainer=self.owner[self.claims["face"]]).rename(columns={"area": "loser"})
        lost = held[held["loser"] != held["gainer"]]
        is_claimed = np.zeros(len(self.faces), bool)
        is_claimed[self.claims["face"]] = True
        given = np.flatnonzero(~is_claimed & (self.owner != NOBODY))
        gained = pd.DataFrame({"face": given, "loser": NOBODY, "gainer": self.owner[given]})
        moves = pd.concat([lost, gained], ignore_index=True)
        moves.loc[moves["face"].isin(np.flatnonzero(~self.is_inside)), "gainer"] = NOBODY
        return moves.sort_values(["loser", "gainer", "face"], ignore_index=True)


def tile_extent(
    shapes: Shapes,
    extent: BaseGeometry,
    rule: Rule,
    *,
    winner: int = NOBODY,
    sliver_m: float = 0.0,
    parent: Ints | None = None,
    parents: Shapes | None = None,
) -> Tiling:
    """Give every part of an extent to exactly one area.

    All lines are noded together and cut the plane into faces. A face that one area holds stays its;
    one that several hold goes to one of them; connected faces that nobody holds go together to a
    neighbour; ground beyond the extent is cut off.

    Parameters
    ----------
    shapes
        Shape (n,), valid polygons in metres.
    rule
        Who gets what is in dispute: the largest of those concerned, the one with the longest common
        border, or `winner` where it is concerned (else nobody). Ties go to the first.
    sliver_m
        A piece that is narrower on average goes to the longest common border whatever the rule.
    parent, parents
        The parent that each area declares (shape (n,), `NOBODY` for none) and the grounds of the
        parents: free ground is cut along their borders and goes to an area of its own parent where
        one is a neighbour.
    """
    lines = [shapely.boundary(shapes), shapely.boundary(np.array([extent], dtype=object))]
    lines += [] if parents is None else [shapely.boundary(parents)]
    drawn = shapely.get_coordinates(np.concatenate(lines))
    noded = shapely.union_all(np.concatenate(lines), grid_size=NODING_M)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    inner = shapely.point_on_surface(faces)
    area, face = STRtree(inner).query(shapes, predicate="contains")
    claims = pd.DataFrame({"face": face, "area": area}).sort_values(["face", "area"], ignore_index=True)
    with prepared(extent) as ready:
        is_inside = shapely.contains(ready, inner)
    is_known = is_inside | np.isin(np.arange(len(faces)), face)
    renumber = np.cumsum(is_known) - 1
    claims["face"] = renumber[claims["face"]]
    faces, is_inside, inner = faces[is_known], is_inside[is_known], inner[is_known]

    counts = np.bincount(claims["face"], minlength=len(faces))
    owner = np.full(len(faces), NOBODY, dtype=np.int64)
    single = claims[counts[claims["face"]] == 1]
    owner[single["face"]] = single["area"]
    owner[~is_inside] = NOBODY
    judge = _Judge(shapely.area(shapes), rule, winner, sliver_m)
    borders = measure_borders(faces)
    disputed = np.flatnonzero((counts > 1) & is_inside)
    for piece in _group_faces(disputed, borders, _label_claims(claims, len(faces))):
        holders = claims.loc[claims["face"] == piece[0], "area"].to_numpy()
        owner[piece] = judge.choose(faces[piece], holders, _share_border(piece, owner, borders))
    home = _locate(inner, parents)
    free = np.flatnonzero((counts == 0) & is_inside)
    for piece in _group_faces(free, borders, home):
        shared_m = _share_border(piece, owner, borders)
        near = np.array(sorted(shared_m), dtype=np.int64)
        if parent is not None and home[piece[0]] != NOBODY:
            own = near[parent[near] == home[piece[0]]]
            near = own if len(own) else near
        owner[piece] = judge.choose(faces[piece], near, shared_m)
    return Tiling(faces, claims, owner, drawn, is_inside)


def snap_vertices(shapes: Shapes, fixed: Shapes, snap_m: float) -> Shapes:
    """Shapes whose vertices within a distance of each other have become one; those of `fixed` stay.

    A vertex goes to the nearest of `fixed`, else to the first vertex of the earliest shape that has
    one near. Polygons that this makes invalid are mended.
    """
    anchors = np.unique(shapely.get_coordinates(fixed), axis=0)
    xy = shapely.get_coordinates(shapes)
    target = xy.copy()
    is_free = np.ones(len(xy), bool)
    if len(anchors):
        distance_m, nearest = KDTree(anchors).query(xy, distance_upper_bound=snap_m)
        is_free = ~np.isfinite(distance_m)
        target[~is_free] = anchors[nearest[~is_free]]
    pairs = KDTree(xy).query_pairs(snap_m, output_type="ndarray")
    for first, second in pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]:
        if is_free[second]:
            target[second], is_free[second] = target[first], False
    moved = shapely.set_coordinates(shapes.copy(), target)
    return keep_polygons(shapely.make_valid(moved))


def keep_polygons(shapes: Shapes) -> Shapes:
    """The ground of shapes without the lines and points that mending leaves beside it."""
    kept = shapes.copy()
    kind = shapely.get_type_id(shapes)
    mixed = (kind != shapely.GeometryType.POLYGON) & (kind != shapely.GeometryType.MULTIPOLYGON)
    for row in np.flatnonzero(mixed):
        parts = shapely.get_parts(shapely.get_parts(shapes[row]))
        kept[row] = shapely.union_all(parts[shapely.area(parts) > 0])
    return kept


@dataclass(frozen=True)
class _Judge:
    size_m2: npt.NDArray[np.float64]
    rule: Rule
    winner: int
    sliver_m: float

    def choose(self, piece: Shapes, candidates: Ints, shared_m: dict[int, float]) -> int:
        """The one of the candidates that gets a piece; `NOBODY` where the rule names none."""
        if not len(candidates):
            return NOBODY
        ground = shapely.coverage_union_all(piece)
        is_sliver = 2 * ground.area < self.sliver_m * ground.length
        if self.rule is Rule.WINNER and not is_sliver:
            return self.winner if self.winner in candidates else NOBODY
        by_border = [shared_m.get(int(row), 0.0) for row in candidates]
        by_size = self.size_m2[candidates].tolist()
        first, then = (
            (by_size, by_border) if self.rule is Rule.LARGEST and not is_sliver else (by_border, by_size)
        )
        ranked = zip(first, then, (-candidates).tolist(), strict=True)
        return -int(max(ranked)[2])


def _find_knot(xy: list[float]) -> tuple[int, int]:
    """The point of the noding lattice that a place goes to."""
    return round(xy[0] / NODING_M), round(xy[1] / NODING_M)


def measure_borders(faces: Shapes) -> pd.DataFrame:
    """Metres of border that every two faces share, told both ways: `face`, `other`, `length_m`."""
    rings, of_face = shapely.get_parts(shapely.boundary(faces), return_index=True)
    xy, of_ring = shapely.get_coordinates(rings, return_index=True)
    is_step = of_ring[1:] == of_ring[:-1]
    start, end = xy[:-1][is_step], xy[1:][is_step]
    is_turned = (start[:, 0] > end[:, 0]) | ((start[:, 0] == end[:, 0]) & (start[:, 1] > end[:, 1]))
    low, high = np.where(is_turned[:, None], end, start), np.where(is_turned[:, None], start, end)
    steps = pd.DataFrame(np.hstack([low, high]), columns=["x0", "y0", "x1", "y1"])
    steps["face"] = of_face[of_ring[:-1][is_step]]
    steps["length_m"] = np.hypot(*(high - low).T)
    pairs = steps.merge(steps, on=["x0", "y0", "x1", "y1"], suffixes=("", "_other"))
    pairs = pairs[pairs["face"] != pairs["face_other"]]
    sums = pairs.groupby(["face", "face_other"])["length_m"].sum().reset_index()
    return sums.set_axis(["face", "other", "length_m"], axis="columns")


def _group_faces(chosen: Ints, borders: pd.DataFrame, kind: Ints) -> list[Ints]:
    """Connected sets of the chosen faces, each of one kind, in the order of their first faces."""
    if not len(chosen):
        return []
    place = np.full(len(kind), -1, dtype=np.int64)
    place[chosen] = np.arange(len(chosen))
    face, other = borders["face"].to_numpy(), borders["other"].to_numpy()
    is_link = (place[face] >= 0) & (place[other] >= 0) & (kind[face] == kind[other])
    links = (np.ones(int(is_link.sum())), (place[face[is_link]], place[other[is_link]]))
    count, group = connected_components(coo_array(links, shape=(len(chosen), len(chosen))), directed=False)
    return [chosen[group == number] for number in range(count)]


def _label_claims(claims: pd.DataFrame, n_faces: int) -> Ints:
    """A number for each face that tells the set of areas that hold it."""
    sets = claims.groupby("face")["area"].agg(tuple).reindex(range(n_faces))
    numbers: Ints = pd.factorize(sets.astype(str))[0].astype(np.int64)
    return numbers


def _share_border(piece: Ints, owner: Ints, borders: pd.DataFrame) -> dict[int, float]:
    """Metres of border that a piece shares with each area."""
    touching = borders[borders["face"].isin(piece) & ~borders["other"].isin(piece)]
    owners = owner[touching["other"].to_numpy()]
    found: dict[int, float] = {}
    for row, length_m in zip(owners.tolist(), touching["length_m"].tolist(), strict=True):
        if row != NOBODY:
            found[row] = found.get(row, 0.0) + length_m
    return found


def _locate(points: Shapes, parents: Shapes | None) -> Ints:
    """The parent that each point lies in; `NOBODY` for none."""
    found = np.full(len(points), NOBODY, dtype=np.int64)
    if parents is not None:
        row, point = STRtree(points).query(parents, predicate="contains")
        found[point[::-1]] = row[::-1]
    return found
