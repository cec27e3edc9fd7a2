"""The layers of the extent and of the responsibility areas."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely

from geogrid.demo.areas import join_cells
from geogrid.demo.draft import Draft, Frames
from geogrid.demo.fabric import Objects
from geogrid.demo.frames import make_layer
from geogrid.demo.names import COUNTY_CODE, read_names
from geogrid.demo.streets import Ways

AREAS_FROM = "2024-01-01"
GRID_SCHEME = "6+3+3+3"


def write_areas(draft: Draft) -> Frames:
    """Layers county, community, district, grid, lane and beat."""
    cells, areas, units = draft.fabric.cells, draft.areas, draft.units
    county = join_cells(cells, np.zeros(len(cells), dtype=np.int64))
    frames: Frames = {
        "county": make_layer(
            "county",
            county,
            {"code": COUNTY_CODE, "name": "政和县（合成演示范围）", "valid_from": AREAS_FROM},
        )
    }
    frames["community"] = make_layer(
        "community",
        join_cells(cells, areas.community),
        {
            "code": [unit.code for unit in units],
            "name": [unit.name for unit in units],
            "kind": [unit.kind for unit in units],
            "valid_from": AREAS_FROM,
        },
    )
    names = read_names("district")
    districts = join_cells(cells, areas.district)
    district_codes = [f"PQ{i + 1:02d}" for i in range(len(districts))]
    frames["district"] = make_layer(
        "district",
        districts,
        {"code": district_codes, "name": [f"{name}片区" for name in names], "valid_from": AREAS_FROM},
    )
    frames["grid"] = _write_grids(draft, district_codes)
    lanes = join_cells(cells, areas.lane)
    frames["lane"] = make_layer(
        "lane",
        lanes,
        {
            "code": [f"JX{i + 1:02d}" for i in range(len(lanes))],
            "name": _name_lanes(lanes, draft.ways),
            "valid_from": AREAS_FROM,
        },
    )
    urban = [unit for unit in units if unit.kind == "社区"]
    frames["beat"] = make_layer(
        "beat",
        join_cells(cells, areas.beat),
        {
            "code": [f"JG{unit.code[-3:]}" for unit in urban],
            "name": [f"{unit.name}警格" for unit in urban],
            "community": [unit.code for unit in urban],
            "station": "城关派出所（演示）",
            "valid_from": AREAS_FROM,
        },
    )
    return frames


def _write_grids(draft: Draft, district_codes: list[str]) -> gpd.GeoDataFrame:
    """Grids, coded by their community and their number in it."""
    owner = draft.areas.grid_community
    first = np.searchsorted(owner, owner)
    number = np.arange(len(owner)) - first + 1
    units = [draft.units[i] for i in owner]
    return make_layer(
        "grid",
        join_cells(draft.fabric.cells, draft.areas.grid),
        {
            "code": [f"{unit.code}{n:03d}" for unit, n in zip(units, number, strict=True)],
            "name": [f"{unit.name}第{n:02d}网格" for unit, n in zip(units, number, strict=True)],
            "code_scheme": GRID_SCHEME,
            "community": [unit.code for unit in units],
            "district": [district_codes[i] for i in draft.areas.grid_district],
            "valid_from": AREAS_FROM,
        },
    )


def _name_lanes(lanes: Objects, ways: Ways) -> list[str]:
    """Each lane's longest named street that no lane before it has taken."""
    named = np.flatnonzero((ways.name != "") & ~np.isin(ways.street_class, ["trunk", "primary"]))
    middle = shapely.line_interpolate_point(ways.lines[named], 0.5, normalized=True)
    lane, way = shapely.STRtree(middle).query(lanes, predicate="intersects")
    length = shapely.length(ways.lines[named[way]])
    names: list[str] = []
    for number in range(len(lanes)):
        here = lane == number
        found, which = np.unique(ways.name[named[way[here]]].astype(str), return_inverse=True)
        total = np.bincount(which, length[here])
        ranked = [str(found[i]) for i in np.argsort(-total, kind="stable")]
        names.append(next(name for name in [*ranked, f"第{number + 1}街巷"] if name not in names))
    return names
