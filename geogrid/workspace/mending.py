"""A layer of areas mended in the county, as one transaction that `undo` takes back."""

from __future__ import annotations

import geopandas as gpd
import shapely
from shapely.geometry.base import BaseGeometry

from geogrid.areas.mend import Rule
from geogrid.checks.grids import select_village
from geogrid.checks.mending import MendPlan, plan_mend, require_usable
from geogrid.errors import InvalidOptionError
from geogrid.schema import AREA_LAYERS, PARTITION_LAYERS
from geogrid.workspace.audit import Event
from geogrid.workspace.degrees import write_degrees
from geogrid.workspace.workspace import Workspace


def plan_county_mend(
    workspace: Workspace,
    layer: str,
    *,
    rule: Rule = Rule.LARGEST,
    winner: str | None = None,
    snap_m: float = 0.0,
    sliver_m: float = 0.0,
) -> MendPlan:
    """How the current areas of a layer would be mended; nothing is written.

    Communities and districts tile the county's extent; grids what of it is no village; lanes and
    beats the ground that they hold, without holes.

    Raises
    ------
    InvalidOptionError
        When the layer holds no areas of responsibility.
    UndecidableMendError
        When somebody has to decide something first.
    """
    if layer not in AREA_LAYERS:
        raise InvalidOptionError(option="LAYER", value=layer, expected=", ".join(AREA_LAYERS))
    with workspace.snapshot():
        areas, county, communities, buildings = (
            workspace.read_suspect(name) for name in (layer, "county", "community", "building")
        )
    for name, frame in (("county", county), ("community", communities)):
        if name != layer:
            require_usable(frame, name)
    has_parent = layer in ("grid", "beat")
    return plan_mend(
        areas,
        _choose_extent(layer, areas, county, communities),
        layer,
        rule=rule,
        winner=winner,
        snap_m=snap_m,
        sliver_m=sliver_m,
        buildings=buildings,
        parents=communities if has_parent else None,
    )


def apply_mend(workspace: Workspace, plan: MendPlan, author: str, *, actor: str | None = None) -> int | None:
    """Write a plan as one revision; its number, or None when nothing had to change.

    Raises
    ------
    ConflictError
        When somebody changed one of the areas since the plan was made.
    """
    stored = workspace.read(plan.layer)
    assert isinstance(stored, gpd.GeoDataFrame)  # noqa: S101  # areas have a place
    changed = plan.after[plan.after["code"].isin(plan.changed)]
    degrees = write_degrees(changed, [(plan.before, stored)])
    latest = workspace.revision
    event = Event(actor or author, "mend", f"layer:{plan.layer}", detail={"updated": len(changed)})
    with workspace.edit(author, f"mend {plan.layer}", event=event) as edit:
        for row, shape in zip(changed.itertuples(), degrees, strict=True):
            edit.update(plan.layer, str(row.code), int(row.version), {"geometry": shape})
    revision = workspace.revision
    return revision if revision > latest else None


def _choose_extent(
    layer: str, areas: gpd.GeoDataFrame, county: gpd.GeoDataFrame, communities: gpd.GeoDataFrame
) -> BaseGeometry | None:
    extent = None if county.empty else shapely.union_all(shapely.make_valid(county.geometry.to_numpy()))
    if layer in PARTITION_LAYERS or extent is None:
        return extent
    if layer == "grid":
        village = select_village(communities)
        return extent if village is None else shapely.difference(extent, village)
    held = shapely.union_all(shapely.make_valid(areas.geometry.to_numpy()))
    return shapely.union_all(
        [shapely.Polygon(part.exterior) for part in shapely.get_parts(held) if part.area]
    )
