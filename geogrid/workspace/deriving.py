"""Areas drawn in the county from lists of buildings, as one transaction that `undo` takes back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from shapely import STRtree
from shapely.geometry.base import BaseGeometry

from geogrid.areas.derive import derive_areas
from geogrid.areas.extent import draw_extent
from geogrid.areas.islands import measure_islands
from geogrid.areas.mend import NOBODY
from geogrid.areas.share import assign_areas
from geogrid.checks.grids import VILLAGE
from geogrid.checks.partition import find_partition_faults
from geogrid.crs import change_crs
from geogrid.errors import EmptyLayerError, Fault, FileContentError, InvalidOptionError
from geogrid.findings import Finding
from geogrid.io.area_list import AreaList, ListRow
from geogrid.labels import LANGUAGES, label
from geogrid.prepared import prepared
from geogrid.responsibility.columns import read_texts
from geogrid.responsibility.gazetteer import build_gazetteer
from geogrid.responsibility.resolve import Resolved, resolve_text
from geogrid.schema import AREA_LAYERS, LAYERS, PANDAS_DTYPES
from geogrid.workspace.audit import Event
from geogrid.workspace.degrees import write_degrees
from geogrid.workspace.workspace import Workspace

SOURCE = (
    "derived: 由清单“{file}”推定，沿道路、小区与水域划分 / from a list, along streets, compounds and water"
)
EXTENT_SOURCE = "derived: 由已有楼栋与道路推定 / around the buildings and streets at hand"
M2_PER_HA = 10_000.0

Ints = npt.NDArray[np.int64]
Shapes = npt.NDArray[np.object_]


@dataclass(frozen=True)
class Misfit:
    """A row of the list that was not followed, or not in full.

    Attributes
    ----------
    reason
        `empty`, `no_area`, `unknown`, `not_found`, `ambiguous`, `no_members`, `contradictory`, `outside`, `island`,
        `other_parent` or `cut`.
    area
        The area that the list names.
    given
        The area whose ground the building is on now; None where it is not known or on nobody's.
    distance_m
        Of an island, from the rest of its area.
    candidates
        What an address may have meant.
    """

    row: int
    building: str | None
    address: str | None
    area: str | None
    reason: str
    given: str | None = None
    distance_m: float | None = None
    candidates: tuple[str, ...] = ()


@dataclass(frozen=True)
class DerivePlan:
    """What deriving would write; nothing is written yet.

    Attributes
    ----------
    frame
        The areas in metres, with the schema's columns.
    areas
        `code`, `name`, `n_buildings` (listed ones that shaped it), `area_ha`, `n_parts`.
    misfits
        By row.
    n_rows, n_buildings
        Rows of the list, and buildings that shaped the areas.
    unlisted
        Homes and other buildings of the county that the list does not name: they fall where they stand.
    findings_left
        What the checks of partitions find in the result; empty when it tiles the extent.
    """

    layer: str
    frame: gpd.GeoDataFrame
    areas: pd.DataFrame
    misfits: list[Misfit]
    n_rows: int
    n_buildings: int
    unlisted: int
    n_before: int
    findings_left: list[Finding]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Ground:
    """What the county holds that areas are derived from, in metres; outlines and spots are of its buildings."""

    extent: BaseGeometry
    building: gpd.GeoDataFrame
    outlines: Shapes
    spots: Shapes
    street: Shapes
    compound: Shapes
    water: Shapes
    parents: dict[str, gpd.GeoDataFrame]

    def lines_between(self, spots: Shapes, area: Ints) -> Shapes:
        """What borders follow: no street inside a compound whose buildings are all of one area."""
        compound, spot = STRtree(spots).query(self.compound, predicate="contains")
        n_areas = pd.Series(area[spot]).groupby(compound).nunique()
        whole = np.setdiff1d(np.arange(len(self.compound)), n_areas.index[n_areas > 1].to_numpy())
        street = self.street.copy()
        if len(whole):
            closed = shapely.union_all(self.compound[whole])
            with prepared(closed) as ready:
                met = shapely.intersects(ready, street)
            street[met] = shapely.difference(street[met], closed)
        lines = np.concatenate([street, shapely.boundary(self.compound), shapely.boundary(self.water)])
        kept: Shapes = lines[~shapely.is_empty(lines)]
        return kept


def plan_derived_areas(workspace: Workspace, listed: AreaList, layer: str) -> DerivePlan:
    """How the areas of a list would be drawn; nothing is written.

    Communities, districts, lanes and beats tile the county's extent; grids what of it is no
    village, but for villages with listed buildings, and each grid within one community and one
    district where the county holds those.

    Raises
    ------
    InvalidOptionError
        When the layer holds no areas of responsibility.
    EmptyLayerError
        When the county has no extent or no buildings.
    FileContentError
        When none of an area's buildings could be found, so that it would have no ground.
    """
    if layer not in AREA_LAYERS:
        raise InvalidOptionError(option="LAYER", value=layer, expected=", ".join(("county", *AREA_LAYERS)))
    with workspace.snapshot():
        n_before = len(workspace.read(layer))
        names = ("county", "building", "street", "compound", "water", "community", "district")
        frames = {name: workspace.read_metric(name) for name in names}
        aliases = workspace.read("alias")
    for name in ("county", "building"):
        if frames[name].empty:
            hints = {f"hint_{language}": label(f"derive.hint.{name}", language) for language in LANGUAGES}
            raise EmptyLayerError(layer=name, title=LAYERS[name].zh, **hints)
    claims, misfits = _find_buildings(listed.rows, frames, aliases)
    place_of = {key: place for place, key in enumerate(read_texts(frames["building"], "id")) if key}
    row_of = {place_of[key]: row for key, row in claims.items()}
    ground = _gather(frames, layer, np.array(sorted(row_of), dtype=np.int64))
    codes = list(listed.names)
    used = np.array(sorted(row_of), dtype=np.int64)
    area = np.array([codes.index(str(row_of[place].code)) for place in used.tolist()], dtype=np.int64)
    grounds = [frame.geometry.to_numpy() for frame in ground.parents.values()]
    found = [(place, row_of[place]) for place in used.tolist()]
    odd = _find_odd(ground, area, found, grounds)
    is_used = np.array([place not in odd for place in used.tolist()], dtype=bool)
    used, area = used[is_used], area[is_used]
    _require_grounds(listed, codes, area, [*misfits, *odd.values()])
    tiling = derive_areas(
        ground.extent,
        ground.lines_between(ground.spots[used], area),
        ground.outlines[used],
        area,
        parents=grounds,
        parent=_choose_parents(ground.spots[used], area, len(codes), grounds),
    )
    shapes = tiling.build_areas(len(codes))
    frame = _fill_columns(workspace, layer, listed, shapes, ground)
    told = [*misfits, *_compare_with_ground(frame, ground, found, odd)]
    areas = pd.DataFrame(
        {
            "code": pd.Series(codes, dtype=object),
            "name": pd.Series(list(listed.names.values()), dtype=object),
            "n_buildings": np.bincount(area, minlength=len(codes)),
            "area_ha": shapely.area(shapes) / M2_PER_HA,
            "n_parts": shapely.get_num_geometries(shapes),
        }
    )
    return DerivePlan(
        layer,
        frame,
        areas,
        sorted(told, key=lambda misfit: misfit.row),
        len(listed.rows),
        len(used),
        len(frames["building"]) - len(claims),
        n_before,
        find_partition_faults(frame, ground.extent, layer),
        tuple(listed.notes),
    )


def plan_derived_extent(workspace: Workspace) -> gpd.GeoDataFrame:
    """An extent around the buildings and streets of a county, in metres.

    Raises
    ------
    EmptyLayerError
        When the county holds neither buildings nor streets.
    """
    with workspace.snapshot():
        frames = [workspace.read_metric(name) for name in ("building", "street", "compound", "centre")]
    shapes = np.concatenate([frame.geometry.to_numpy() for frame in frames])
    shapes = shapes[~shapely.is_missing(shapes)]
    if not len(shapes):
        raise EmptyLayerError(layer="building", title=LAYERS["building"].zh)
    return _make_frame(
        "county",
        {"code": [workspace.code], "name": [workspace.name], "source": [EXTENT_SOURCE]},
        np.array([draw_extent(shapes)], dtype=object),
        frames[0].crs,
        is_synthetic=workspace.is_synthetic,
    )


def apply_derived(
    workspace: Workspace,
    layer: str,
    frame: gpd.GeoDataFrame,
    *,
    author: str,
    file: str,
    actor: str | None = None,
) -> int:
    """Write derived areas in the place of the layer's current ones, as one revision; its number."""
    with workspace.snapshot():
        names = [name for name in ("county", "community", "district", layer) if workspace.count(name)]
        stored = [(workspace.read_metric(name), workspace.read(name)) for name in dict.fromkeys(names)]
    frames = [(metric, kept) for metric, kept in stored if isinstance(kept, gpd.GeoDataFrame)]
    if frames:
        degrees = write_degrees(frame, frames)
        frame = frame.set_geometry(
            gpd.GeoSeries(degrees, index=frame.index, crs=workspace.store_crs), crs=workspace.store_crs
        )
    else:
        frame = change_crs(frame, str(workspace.store_crs), layer)
    event = Event(actor or author, "derive", f"layer:{layer}", detail={"file": file, "added": len(frame)})
    with workspace.edit(author, f"derive {layer} {file}".rstrip(), event=event) as edit:
        edit.replace(layer, frame)
    return workspace.revision


def explain_misfit(misfit: Misfit, language: str) -> str:
    """Why a row was not followed and what to do, as one sentence."""
    return label(
        f"derive.misfit.{misfit.reason}",
        language,
        building=misfit.building or misfit.address or "–",
        area=misfit.area or "–",
        given=misfit.given or "–",
        distance=f"{misfit.distance_m or 0:,.0f}",
        candidates="；".join(misfit.candidates) or "–",
    )


# --- which buildings ---------------------------------------------------------------------------


def _find_buildings(
    rows: Sequence[ListRow], frames: dict[str, gpd.GeoDataFrame], aliases: pd.DataFrame
) -> tuple[dict[str, ListRow], list[Misfit]]:
    """Building -> the row that says its area, and the rows that say nothing that can be followed.

    A row of a whole compound speaks for those of its buildings that no other row names.
    """
    gazetteer = build_gazetteer(
        {name: frames[name] for name in ("county", "compound", "building", "community")}, aliases
    )
    members = _list_members(frames)
    known = {key for key in read_texts(frames["building"], "id") if key}
    named: dict[str, list[ListRow]] = defaultdict(list)
    at_large: dict[str, list[ListRow]] = defaultdict(list)
    misfits: list[Misfit] = []
    for row in rows:
        if not row.building and not row.address:
            misfits.append(_misfit(row, "empty"))
        elif not row.code:
            misfits.append(_misfit(row, "no_area"))
        elif row.building in known:
            named[str(row.building)].append(row)
        else:
            text = row.address or row.building
            answer = resolve_text(gazetteer, text, ("building", "compound"))
            entry = answer.entry
            if entry is None:
                reason = "ambiguous" if answer.state is Resolved.AMBIGUOUS else "not_found"
                reason = reason if row.address or reason == "ambiguous" else "unknown"
                misfits.append(_misfit(row, reason, candidates=answer.candidates))
            elif entry.kind == "building":
                named[entry.key].append(row)
            elif members.get(entry.key):
                for key in members[entry.key]:
                    at_large[key].append(row)
            else:
                misfits.append(_misfit(row, "no_members", candidates=(entry.name,)))
    claims: dict[str, ListRow] = {}
    blamed: set[tuple[int, str]] = set()
    for key in sorted({*named, *at_large}):
        said = named.get(key) or at_large[key]
        if len({row.code for row in said}) == 1:
            claims[key] = said[0]
            continue
        codes = tuple(sorted({str(row.code) for row in said}))
        for row in said:
            if (row.row, key) not in blamed:
                blamed.add((row.row, key))
                misfits.append(replace(_misfit(row, "contradictory", candidates=codes), building=key))
    return claims, misfits


def _list_members(frames: dict[str, gpd.GeoDataFrame]) -> dict[str, list[str]]:
    """Compound -> its buildings: those that name it, and those that name none and stand in it."""
    building = frames["building"]
    declared = read_texts(building, "compound")
    spots = shapely.point_on_surface(shapely.make_valid(building.geometry.to_numpy()))
    standing = (
        assign_areas(spots, frames["compound"], "id") if len(frames["compound"]) else [None] * len(spots)
    )
    members: dict[str, list[str]] = defaultdict(list)
    for key, said, place in zip(read_texts(building, "id"), declared, standing, strict=True):
        compound = said or place
        if key and compound:
            members[compound].append(key)
    return members


def _misfit(row: ListRow, reason: str, candidates: tuple[str, ...] = ()) -> Misfit:
    return Misfit(row.row, row.building, row.address, row.code, reason, candidates=candidates)


def _find_odd(
    ground: _Ground, area: Ints, found: Sequence[tuple[int, ListRow]], grounds: Sequence[Shapes]
) -> dict[int, Misfit]:
    """The buildings that do not shape their areas: place of the building -> why."""
    places = np.array([place for place, _ in found], dtype=np.int64)
    spots = ground.spots[places]
    odd: dict[int, Misfit] = {}
    is_outside = ~shapely.covers(ground.extent, spots)
    for i in np.flatnonzero(is_outside).tolist():
        odd[found[i][0]] = _misfit_of(found[i][1], ground, found[i][0], "outside")
    rest = np.flatnonzero(~is_outside)
    if grounds and len(rest):
        own = _label_parents(spots[rest], grounds)
        wanted = _choose_parents(spots[rest], area[rest], int(area.max()) + 1, grounds)
        is_other = (own != wanted[area[rest]]).any(axis=1)
        for i in rest[is_other].tolist():
            odd[found[i][0]] = _misfit_of(found[i][1], ground, found[i][0], "other_parent")
        rest = rest[~is_other]
    for i, far_m in zip(rest.tolist(), measure_islands(spots[rest], area[rest]), strict=True):
        if np.isfinite(far_m):
            misfit = _misfit_of(found[i][1], ground, found[i][0], "island")
            odd[found[i][0]] = replace(misfit, distance_m=float(far_m))
    return odd


def _misfit_of(row: ListRow, ground: _Ground, place: int, reason: str) -> Misfit:
    """A misfit that is known by its building: a compound's row speaks for many."""
    return replace(_misfit(row, reason), building=str(ground.building["id"].iloc[place]))


def _label_parents(spots: Shapes, grounds: Sequence[Shapes]) -> Ints:
    """The row of the parent of each place in each partition, `NOBODY` for none; shape (n, len(grounds))."""
    labels = np.full((len(spots), len(grounds)), NOBODY, dtype=np.int64)
    for i, shapes in enumerate(grounds):
        parent, spot = STRtree(spots).query(shapes, predicate="covers")
        labels[spot[::-1], i] = parent[::-1]
    return labels


def _choose_parents(spots: Shapes, area: Ints, n_areas: int, grounds: Sequence[Shapes]) -> Ints:
    """The parents in which most buildings of each area stand, the first on a tie; shape (n, len(grounds))."""
    labels = _label_parents(spots, grounds)
    kinds, kind = np.unique(labels, axis=0, return_inverse=True)
    chosen = np.full((n_areas, len(grounds)), NOBODY, dtype=np.int64)
    for number in np.unique(area):
        chosen[number] = kinds[np.bincount(kind.reshape(-1)[area == number]).argmax()]
    return chosen


def _require_grounds(listed: AreaList, codes: list[str], area: Ints, misfits: Sequence[Misfit]) -> None:
    bare = set(codes) - {codes[number] for number in np.unique(area)}
    if not bare and codes:
        return
    faults = []
    for code in sorted(bare) or [""]:
        zh, en = (label("derive.bare", language, area=code or "–") for language in LANGUAGES)
        faults.append(Fault(zh, en))
        about = [misfit for misfit in misfits if misfit.area == code or not code]
        faults += [
            Fault(explain_misfit(misfit, "zh"), explain_misfit(misfit, "en"), misfit.row) for misfit in about
        ]
    raise FileContentError(listed.file, faults)


# --- the ground --------------------------------------------------------------------------------


def _gather(frames: dict[str, gpd.GeoDataFrame], layer: str, listed: Ints) -> _Ground:
    building = frames["building"]
    outlines = shapely.make_valid(shapely.force_2d(building.geometry.to_numpy()))
    spots = shapely.point_on_surface(outlines)
    extent = shapely.union_all(shapely.make_valid(frames["county"].geometry.to_numpy()))
    parents: dict[str, gpd.GeoDataFrame] = {}
    if layer == "grid":
        community = frames["community"]
        is_village = np.array([kind == VILLAGE for kind in read_texts(community, "kind")], dtype=bool)
        villages = shapely.make_valid(community.geometry.to_numpy()[is_village])
        is_free = [not shapely.contains(village, spots[listed]).any() for village in villages]
        if any(is_free):
            extent = shapely.difference(extent, shapely.union_all(villages[is_free]))
        parents = {name: frames[name] for name in ("community", "district") if len(frames[name])}
    return _Ground(
        extent,
        building,
        outlines,
        spots,
        shapely.force_2d(frames["street"].geometry.to_numpy()),
        shapely.make_valid(shapely.force_2d(frames["compound"].geometry.to_numpy())),
        shapely.make_valid(shapely.force_2d(frames["water"].geometry.to_numpy())),
        parents,
    )


def _fill_columns(
    workspace: Workspace, layer: str, listed: AreaList, shapes: Shapes, ground: _Ground
) -> gpd.GeoDataFrame:
    values: dict[str, Sequence[object]] = {
        "code": list(listed.names),
        "name": list(listed.names.values()),
        "source": [SOURCE.format(file=listed.file)] * len(shapes),
    }
    if layer == "grid":
        inner = shapely.point_on_surface(shapes)
        for column, frame in ground.parents.items():
            values[column] = assign_areas(inner, frame).tolist()
    return _make_frame(layer, values, shapes, ground.building.crs, is_synthetic=workspace.is_synthetic)


def _make_frame(
    layer: str, values: dict[str, Sequence[object]], shapes: Shapes, crs: object, *, is_synthetic: bool
) -> gpd.GeoDataFrame:
    """A layer with the schema's columns; those without values are empty."""
    given = {**values, "synthetic": [True if is_synthetic else None] * len(shapes)}
    columns = {
        column.name: pd.Series(
            list(given.get(column.name, [None] * len(shapes))), dtype=PANDAS_DTYPES.get(column.type, object)
        )
        for column in LAYERS[layer].columns
    }
    return gpd.GeoDataFrame(columns, geometry=list(shapes), crs=crs)


def _compare_with_ground(
    frame: gpd.GeoDataFrame, ground: _Ground, found: Sequence[tuple[int, ListRow]], odd: dict[int, Misfit]
) -> list[Misfit]:
    """The odd buildings with the area that they fell to, and those that a border cuts the wrong way."""
    places = np.array([place for place, _ in found], dtype=np.int64)
    given = assign_areas(ground.outlines[places], frame)
    told = []
    for (place, row), code in zip(found, given.tolist(), strict=True):
        if place in odd:
            told.append(replace(odd[place], given=code))
        elif code != row.code:
            told.append(replace(_misfit_of(row, ground, place, "cut"), given=code))
    return told
