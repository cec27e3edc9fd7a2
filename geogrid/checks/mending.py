"""A plan that makes areas tile their extent: before, after, and what changes hands."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from geogrid.areas.mend import NOBODY, Rule, Tiling, keep_polygons, snap_vertices, tile_extent
from geogrid.areas.share import assign_areas
from geogrid.checks.attempt import find_culprits, find_unusable
from geogrid.checks.partition import find_partition_faults
from geogrid.crs import require_metric
from geogrid.errors import LISTED, Fault, UndecidableMendError
from geogrid.findings import Finding
from geogrid.labels import LANGUAGES, label
from geogrid.responsibility.columns import read_texts

MOST_MOVED_SHARE = 0.25
"""When more of the extent than this would change hands, the layer or the extent is wrong, not its edges."""

M2_PER_HA = 10_000.0

Shapes = npt.NDArray[np.object_]


@dataclass(frozen=True)
class MendPlan:
    """What mending would do; nothing is done yet.

    Attributes
    ----------
    layer
        Name of the layer.
    before, after
        The areas in metres, the same rows and columns; `after` has the new geometry.
    moves
        Ground that changes hands, one row for each two: `loser` and `gainer` (codes, None for
        nobody), `area_m2`, geometry.
    areas
        One row for each area that changes: `code`, `before_ha`, `after_ha`, `gained_ha`, `lost_ha`.
    buildings
        `building`, `before`, `after`: those that change owner, None for no area.
    findings_left
        What the checks of partitions still find afterwards.
    """

    layer: str
    before: gpd.GeoDataFrame
    after: gpd.GeoDataFrame
    moves: gpd.GeoDataFrame
    areas: pd.DataFrame
    buildings: pd.DataFrame
    findings_left: list[Finding]

    @property
    def changed(self) -> list[str]:
        """Codes of the areas whose geometry changes, if only by a vertex."""
        return [
            str(code)
            for code, old, new in zip(
                self.before["code"], self.before.geometry, self.after.geometry, strict=True
            )
            if not _is_same(old, new)
        ]


def plan_mend(
    areas: gpd.GeoDataFrame,
    extent: BaseGeometry | None,
    layer: str,
    *,
    rule: Rule = Rule.LARGEST,
    winner: str | None = None,
    snap_m: float = 0.0,
    sliver_m: float = 0.0,
    buildings: gpd.GeoDataFrame | None = None,
    parents: gpd.GeoDataFrame | None = None,
    parent_column: str = "community",
) -> MendPlan:
    """How the areas of a layer would tile the extent: gaps closed, overlaps settled, edges shared.

    Parameters
    ----------
    areas
        Current areas in metres, with `code`.
    extent
        The ground to be tiled: what lies beyond is cut off, what is free within is given away.
    rule, winner
        Who gets ground in dispute; see `geogrid.areas.mend.tile_extent`. The winner's code.
    snap_m
        Vertices this near to each other become one first; the extent's stay where they are.
    sliver_m
        Pieces narrower than this go to the longest common border, whatever the rule.
    buildings
        Those whose change of owner is told.
    parents, parent_column
        The areas above (`code`), and the column of `areas` that names them: free ground goes to an
        area of the parent that it lies in where one is a neighbour.

    Raises
    ------
    UndecidableMendError
        When there is no extent, codes are missing or repeated, an area has no ground or would lose
        all of it, the winner is unknown, or more than `MOST_MOVED_SHARE` would change hands.

    >>> from shapely import box
    >>> halves = gpd.GeoDataFrame(
    ...     {"code": ["A", "B"]}, geometry=[box(0, 0, 6, 10), box(5, 0, 9, 10)], crs="EPSG:4549")
    >>> plan = plan_mend(halves, box(0, 0, 10, 10), "district")
    >>> [shape.area for shape in plan.after.geometry]
    [60.0, 40.0]
    >>> plan.moves[["loser", "gainer", "area_m2"]].values.tolist()
    [[None, 'B', 10.0], ['B', 'A', 10.0]]
    """
    require_metric(areas, layer)
    try:
        return _plan_mend(
            areas,
            extent,
            layer,
            rule=rule,
            winner=winner,
            snap_m=snap_m,
            sliver_m=sliver_m,
            buildings=buildings,
            parents=parents,
            parent_column=parent_column,
        )
    except shapely.errors.ShapelyError as error:
        reason = str(error).strip().partition("\n")[0][:200]
        culprits = ", ".join(find_culprits(areas, layer, reason)[:LISTED]) or "?"
        raise UndecidableMendError(
            layer=layer, faults=[_fault("failed", codes=culprits, reason=reason)]
        ) from error


def _plan_mend(
    areas: gpd.GeoDataFrame,
    extent: BaseGeometry | None,
    layer: str,
    *,
    rule: Rule,
    winner: str | None,
    snap_m: float,
    sliver_m: float,
    buildings: gpd.GeoDataFrame | None,
    parents: gpd.GeoDataFrame | None,
    parent_column: str,
) -> MendPlan:
    codes = read_texts(areas, "code")
    extent = _require_decidable(areas, codes, extent, layer, rule, winner)
    before = keep_polygons(shapely.make_valid(shapely.force_2d(areas.geometry.to_numpy())))
    drawn = snap_vertices(before, np.array([extent], dtype=object), snap_m) if snap_m > 0 else before
    parent, grounds = _read_parents(areas, parents, parent_column)
    tiling = tile_extent(
        drawn,
        extent,
        rule,
        winner=codes.index(winner) if winner is not None else NOBODY,
        sliver_m=sliver_m,
        parent=parent,
        parents=grounds,
    )
    moves = _tell_moves(tiling, codes, areas)
    is_sound = not find_partition_faults(areas, extent, layer)
    built = before if is_sound else tiling.build_areas(len(areas))
    after = _keep_unchanged(areas.geometry.to_numpy(), built)
    _require_moderate(after, codes, moves, extent, layer)
    mended = areas.set_geometry(gpd.GeoSeries(after, index=areas.index, crs=areas.crs))
    return MendPlan(
        layer,
        areas,
        mended,
        moves,
        _sum_areas(codes, before, after, moves),
        _tell_buildings(
            buildings, areas.set_geometry(gpd.GeoSeries(before, index=areas.index, crs=areas.crs)), mended
        ),
        find_partition_faults(mended, extent, layer),
    )


def _require_decidable(
    areas: gpd.GeoDataFrame,
    codes: list[str | None],
    extent: BaseGeometry | None,
    layer: str,
    rule: Rule,
    winner: str | None,
) -> BaseGeometry:
    shapes = areas.geometry.to_numpy()
    faults = []
    if extent is None or extent.area == 0:
        faults.append(_fault("no_extent"))
    if None in codes or areas.empty:
        faults.append(_fault("no_code", count=codes.count(None)))
    repeated = sorted(code for code, count in Counter(codes).items() if code and count > 1)
    faults += [_fault("repeated", code=code) for code in repeated]
    unusable = find_unusable(shapes)
    faults += [_fault("unusable", code=codes[row] or "?") for row in np.flatnonzero(unusable)]
    usable = np.where(unusable, None, shapes)
    is_bare = ~unusable & (shapely.is_missing(shapes) | (shapely.area(shapely.make_valid(usable)) == 0))
    faults += [_fault("bare", code=codes[row] or "?") for row in np.flatnonzero(is_bare)]
    if rule is Rule.WINNER and winner is None:
        faults.append(_fault("no_winner"))
    if winner is not None and winner not in codes:
        faults.append(_fault("unknown_winner", code=winner))
    if faults or extent is None:
        raise UndecidableMendError(layer=layer, faults=faults)
    (ground,) = keep_polygons(shapely.make_valid(np.array([shapely.force_2d(extent)], dtype=object)))
    return ground


def require_usable(frame: gpd.GeoDataFrame, layer: str) -> None:
    """Raise UndecidableMendError when a layer that bounds the areas has shapes from which nothing is computed."""
    unusable = find_unusable(frame.geometry.to_numpy())
    codes = read_texts(frame, "code")
    if unusable.any():
        faults = [_fault("unusable", code=codes[row] or layer) for row in np.flatnonzero(unusable)]
        raise UndecidableMendError(layer=layer, faults=faults)


def _require_moderate(
    after: Shapes, codes: list[str | None], moves: gpd.GeoDataFrame, extent: BaseGeometry, layer: str
) -> None:
    faults = [_fault("vanishes", code=codes[row]) for row in np.flatnonzero(shapely.area(after) == 0)]
    share = moves["area_m2"].sum() / extent.area
    if share > MOST_MOVED_SHARE:
        faults.append(_fault("too_much", share=f"{100 * share:.0f}", limit=f"{100 * MOST_MOVED_SHARE:.0f}"))
    if faults:
        raise UndecidableMendError(layer=layer, faults=faults)


def _fault(key: str, **values: object) -> Fault:
    zh, en = (label(f"mend.fault.{key}", language, **values) for language in LANGUAGES)
    return Fault(zh, en)


def _read_parents(
    areas: gpd.GeoDataFrame, parents: gpd.GeoDataFrame | None, column: str
) -> tuple[npt.NDArray[np.int64] | None, Shapes | None]:
    if parents is None or parents.empty:
        return None, None
    rows = {code: row for row, code in enumerate(read_texts(parents, "code"))}
    declared = [rows.get(value, NOBODY) if value else NOBODY for value in read_texts(areas, column)]
    return np.array(declared, dtype=np.int64), keep_polygons(shapely.make_valid(parents.geometry.to_numpy()))


def _tell_moves(tiling: Tiling, codes: list[str | None], areas: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    names = np.array([*codes, None], dtype=object)  # the last one is `NOBODY`
    moves = tiling.list_moves()
    pairs = moves[["loser", "gainer"]].drop_duplicates().to_numpy()
    rows = []
    for loser, gainer in pairs.tolist():
        held = moves.loc[(moves["loser"] == loser) & (moves["gainer"] == gainer), "face"].to_numpy()
        ground = shapely.coverage_union_all(tiling.faces[held])
        rows.append((names[loser], names[gainer], ground.area, ground))
    data = {
        name: pd.Series([row[i] for row in rows], dtype=object if i < 2 else float)
        for i, name in enumerate(("loser", "gainer", "area_m2"))
    }
    return gpd.GeoDataFrame(data, geometry=[row[3] for row in rows], crs=areas.crs)


def _keep_unchanged(before: Shapes, after: Shapes) -> Shapes:
    """What is drawn the same, begun at another corner perhaps, stays as it was."""
    is_same = [_is_same(old, new) for old, new in zip(before, after, strict=True)]
    return np.where(is_same, before, after)


def _is_same(old: BaseGeometry, new: BaseGeometry) -> bool:
    """Whether two shapes are the same ground with the same vertices, however their rings are begun and nested."""
    first, second = (np.unique(shapely.get_coordinates(shape), axis=0) for shape in (old, new))
    return np.array_equal(first, second) and bool(shapely.equals(old, new))


def _sum_areas(
    codes: list[str | None], before: Shapes, after: Shapes, moves: gpd.GeoDataFrame
) -> pd.DataFrame:
    gained = moves.groupby("gainer")["area_m2"].sum()
    lost = moves.groupby("loser")["area_m2"].sum()
    table = pd.DataFrame(
        {
            "code": pd.Series(codes, dtype=object),
            "before_ha": shapely.area(before) / M2_PER_HA,
            "after_ha": shapely.area(after) / M2_PER_HA,
            "gained_ha": [float(gained.get(code, 0.0)) / M2_PER_HA for code in codes],
            "lost_ha": [float(lost.get(code, 0.0)) / M2_PER_HA for code in codes],
        }
    )
    is_moved = (table["gained_ha"] + table["lost_ha"] > 0).to_numpy(bool)
    moved: pd.DataFrame = table.loc[is_moved].reset_index(drop=True)
    return moved


def _tell_buildings(
    buildings: gpd.GeoDataFrame | None, before: gpd.GeoDataFrame, after: gpd.GeoDataFrame
) -> pd.DataFrame:
    if buildings is None or buildings.empty:
        return pd.DataFrame({"building": [], "before": [], "after": []}, dtype=object)
    shapes = shapely.make_valid(buildings.geometry.to_numpy())
    owners = [assign_areas(shapes, frame) for frame in (before, after)]
    table = pd.DataFrame(
        {"building": read_texts(buildings, "id"), "before": owners[0], "after": owners[1]}, dtype=object
    )
    changed: pd.DataFrame = table.loc[owners[0] != owners[1]].reset_index(drop=True)
    return changed
