"""The whole town: every layer and table of a county, from one seed."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geogrid.crs import CGCS2000, change_crs
from geogrid.demo.areas import Areas, divide_town, join_cells
from geogrid.demo.buildings import Footprints, place_buildings
from geogrid.demo.centres import (
    Centres,
    find_back_doors,
    place_candidates,
    place_centres,
    place_public_places,
)
from geogrid.demo.compounds import Compound, draw_inner_ways, plan_compounds
from geogrid.demo.copies import copy_town, count_copies
from geogrid.demo.fabric import Fabric, Ints, Objects, weave_fabric
from geogrid.demo.frames import make_layer, make_table
from geogrid.demo.lots import clear_lots
from geogrid.demo.names import COUNTY_CODE, Unit, name_streets, read_names, read_units
from geogrid.demo.people import People, find_doors, settle_people, write_addresses
from geogrid.demo.roster import build_groups, build_organisations, build_roster
from geogrid.demo.streets import Ways, build_street_layer, draw_bypass, take_streets
from geogrid.demo.terrain import Terrain
from geogrid.demo.waters import build_no_build_layer, build_water_layer, draw_rivers

ENTRANCE_SHARE = 0.42
N_BRANCHES = 25
AREAS_FROM = "2024-01-01"
GRID_SCHEME = "6+3+3+3"

Frames = dict[str, pd.DataFrame]


def build_town(seed: int = 1, scale: float = 1.0) -> Frames:
    """Every layer and the tables organisation, group, alias, person and assignment of a synthetic town.

    Names and codes of the communities are real (`data/communities.csv`); the extent, streets,
    buildings, areas, people and everything else are invented.

    Parameters
    ----------
    seed
        The same seed gives the same town, byte for byte.
    scale
        A whole number of copies of the town side by side, joined by roads; ids of the second and
        later copies end in `-2`, `-3` and so on.

    Returns
    -------
    Layer or table name -> frame with the columns that `geogrid.schema` declares; layers are
    GeoDataFrames in EPSG:4490.

    Raises
    ------
    InvalidOptionError
        When `scale` is no whole number of at least 1.
    """
    n_copies = count_copies(scale)
    frames = copy_town(_build_ground(seed), n_copies)
    return {
        name: change_crs(frame, CGCS2000, name) if isinstance(frame, gpd.GeoDataFrame) else frame
        for name, frame in frames.items()
    }


@dataclass(frozen=True)
class _Plan:
    """What has been decided before layers are written."""

    fabric: Fabric
    ways: Ways
    compounds: list[Compound]
    compound_names: list[str]
    footprints: Footprints
    people: People
    addresses: Objects
    areas: Areas
    centres: Centres
    units: list[Unit]


def _build_ground(seed: int) -> Frames:
    """The town in EPSG:4549."""
    rng = np.random.default_rng(seed)
    terrain = Terrain.draw(rng)
    fabric = weave_fabric(terrain, rng)
    streets = take_streets(fabric)
    rivers = draw_rivers(terrain, fabric)
    bypass = draw_bypass(terrain, streets, rivers)
    water = build_water_layer(rivers, fabric, streets.join(bypass), rng)
    wet = np.asarray(water.geometry.values)
    lots = clear_lots(fabric, bypass, wet)
    compounds = plan_compounds(fabric, lots, rng)
    ways = streets.join(bypass, draw_inner_ways(compounds))
    ways = Ways(ways.lines, ways.street_class, name_streets(ways.name, ways.street_class, rng), ways.bridge)
    footprints = place_buildings(fabric, lots, compounds, ways, wet, rng)
    people = settle_people(footprints, rng)
    centres = place_centres(fabric, terrain, footprints, people, rng)
    people = people.empty_homes(centres.building)
    units = [unit for unit in read_units() if unit.kind in ("社区", "村")]
    residents = np.bincount(
        footprints.cell, np.maximum(people.residents, 0), minlength=len(fabric.cells)
    ).astype(float)
    areas = divide_town(fabric, terrain, residents, [unit.name for unit in units], rng)
    plan = _Plan(
        fabric=fabric,
        ways=ways,
        compounds=compounds,
        compound_names=_name_compounds(compounds, areas, units, rng),
        footprints=footprints,
        people=people,
        addresses=write_addresses(footprints, ways),
        areas=areas,
        centres=centres,
        units=units,
    )
    frames: Frames = {"water": water, "no_build": build_no_build_layer(terrain, fabric, footprints.shapes)}
    frames["street"] = build_street_layer(ways, terrain)
    frames |= _write_areas(plan)
    frames |= _write_compounds(plan)
    frames |= _write_buildings(plan, rng)
    frames |= _write_centres(plan, rng)
    return frames | _write_tables(plan, frames, rng)


def _name_compounds(
    compounds: list[Compound], areas: Areas, units: list[Unit], rng: np.random.Generator
) -> list[str]:
    """Invented names; the largest gated ones of 宜和社区 and 凤嘴社区 are 宜和佳苑 and 胜地心苑."""
    invented = read_names("compound")
    names = [invented[i] for i in rng.permutation(len(invented))[: len(compounds)]]
    size = np.array([c.outline.area * (c.kind == "封闭式") * bool(c.gates) for c in compounds])
    home = areas.community[[c.cell for c in compounds]]
    for name, community in zip(read_names("compound_real"), ("宜和社区", "凤嘴社区"), strict=True):
        number = [unit.name for unit in units].index(community)
        names[int(np.where(home == number, size, size / 1e6).argmax())] = name
    return names


# --- areas -----------------------------------------------------------------------------------------


def _write_areas(plan: _Plan) -> Frames:
    cells, areas, units = plan.fabric.cells, plan.areas, plan.units
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
    frames["grid"] = _write_grids(plan, district_codes)
    lanes = join_cells(cells, areas.lane)
    frames["lane"] = make_layer(
        "lane",
        lanes,
        {
            "code": [f"JX{i + 1:02d}" for i in range(len(lanes))],
            "name": _name_lanes(lanes, plan.ways),
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


def _write_grids(plan: _Plan, district_codes: list[str]) -> gpd.GeoDataFrame:
    """Grids, coded by their community and their number in it."""
    owner = plan.areas.grid_community
    first = np.searchsorted(owner, owner)
    number = np.arange(len(owner)) - first + 1
    units = [plan.units[i] for i in owner]
    return make_layer(
        "grid",
        join_cells(plan.fabric.cells, plan.areas.grid),
        {
            "code": [f"{unit.code}{n:03d}" for unit, n in zip(units, number, strict=True)],
            "name": [f"{unit.name}第{n:02d}网格" for unit, n in zip(units, number, strict=True)],
            "code_scheme": GRID_SCHEME,
            "community": [unit.code for unit in units],
            "district": [district_codes[i] for i in plan.areas.grid_district],
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


# --- compounds and buildings -------------------------------------------------------------------------


def _compound_id(number: int) -> str:
    return f"XQ{number + 1:02d}"


def _write_compounds(plan: _Plan) -> Frames:
    compounds, names = plan.compounds, plan.compound_names
    outlines = np.array([compound.outline for compound in compounds], dtype=object)
    frames: Frames = {
        "compound": make_layer(
            "compound",
            outlines,
            {
                "id": [_compound_id(i) for i in range(len(compounds))],
                "name": names,
                "kind": [compound.kind for compound in compounds],
                "aliases": [name[:2] if name.endswith("小区") else None for name in names],
            },
        )
    }
    gates = [(i, k, gate) for i, compound in enumerate(compounds) for k, gate in enumerate(compound.gates)]
    frames["gate"] = make_layer(
        "gate",
        shapely.points([gate.point for _, _, gate in gates]),
        {
            "id": [f"{_compound_id(i)}-M{k + 1}" for i, k, _ in gates],
            "name": [f"{names[i]}{k + 1}号门" for i, k, _ in gates],
            "compound": [_compound_id(i) for i, _, _ in gates],
            "pedestrian": [gate.pedestrian for _, _, gate in gates],
            "vehicle": [gate.vehicle for _, _, gate in gates],
            "hours": ["24h" if k == 0 else "06:00-23:00" for _, k, _ in gates],
            "locked": [gate.locked for _, _, gate in gates],
        },
    )
    walls = [wall for compound in compounds for wall in compound.walls]
    frames["barrier"] = make_layer(
        "barrier",
        np.array(walls, dtype=object),
        {"id": [f"B{i + 1:03d}" for i in range(len(walls))], "kind": "wall"},
    )
    return frames


def _building_ids(n: int) -> Objects:
    return np.array([f"LY{i + 1:05d}" for i in range(n)], dtype=object)


def _write_buildings(plan: _Plan, rng: np.random.Generator) -> Frames:
    shapes, owner = plan.footprints.shapes, plan.footprints.compound
    people = plan.people
    n = len(shapes)
    ids = _building_ids(n)
    number = np.zeros(n, dtype=np.int64)
    inside = np.flatnonzero(owner >= 0)
    number[inside] = np.arange(len(inside)) - np.searchsorted(owner[inside], owner[inside]) + 1
    numbers = [f"{k}栋" if k else None for k in number]
    names = [f"{plan.compound_names[o]}{k}栋" if o >= 0 else None for o, k in zip(owner, number, strict=True)]
    known = people.residents >= 0
    source = np.where(people.is_estimated, "estimated", "counted").astype(object)
    source[~known] = None
    building = make_layer(
        "building",
        shapes,
        {
            "id": ids,
            "name": names,
            "use": people.use,
            "compound": [_compound_id(int(o)) if o >= 0 else None for o in owner],
            "number": numbers,
            "address": plan.addresses,
            "floors": people.floors,
            "households": _known(people.households),
            "residents": _known(people.residents),
            "residents_0_14": _known(people.young),
            "residents_60_plus": _known(people.elderly),
            "residents_80_plus": _known(people.over_80),
            "people_source": source,
        },
    )
    with_door = np.flatnonzero(rng.uniform(size=n) < ENTRANCE_SHARE)
    entrance = make_layer(
        "entrance",
        find_doors(shapes[with_door]),
        {"id": [f"{key}-R1" for key in ids[with_door]], "building": ids[with_door]},
    )
    return {"building": building, "entrance": entrance}


def _known(count: Ints) -> pd.Series[int]:
    return pd.Series(count, dtype="Int64").mask(count < 0)


# --- centres and places ------------------------------------------------------------------------------


def _write_centres(plan: _Plan, rng: np.random.Generator) -> Frames:
    centres, shapes = plan.centres, plan.footprints.shapes
    own = shapes[centres.building]
    names = _name_centres(plan)
    ids = [f"ZX{i + 1:02d}" for i in range(len(own))]
    second = np.flatnonzero(centres.has_second_door)
    row = np.concatenate([np.arange(len(own)), second])
    doors = np.concatenate([find_doors(own), find_back_doors(own[second])])
    row_ids = [*ids, *(f"{ids[i]}-2" for i in second)]
    frames: Frames = {
        "centre": make_layer(
            "centre",
            doors,
            {
                "id": row_ids,
                "name": [names[i] for i in row],
                "centre": [ids[i] for i in row],
                "services": [centres.services[i] for i in row],
                "capacity": centres.capacity[row],
                "hours": [centres.hours[i] for i in row],
                "address": plan.addresses[centres.building[row]],
            },
        ),
        "centre_footprint": make_layer(
            "centre_footprint", own, {"id": [f"{key}-F" for key in ids], "name": names, "centre": ids}
        ),
    }
    points, cost = place_candidates(plan.footprints, plan.people, centres.building, rng)
    frames["candidate"] = make_layer(
        "candidate",
        points,
        {
            "id": [f"BX{i + 1:02d}" for i in range(len(points))],
            "name": [f"备选点{i + 1:02d}" for i in range(len(points))],
            "cost": cost,
        },
    )
    home = plan.areas.community[plan.footprints.cell]
    urban = [unit.name for unit in plan.units if unit.kind == "社区"]
    places = place_public_places(home, plan.people, centres.building, urban, rng)
    frames["place"] = make_layer(
        "place",
        find_doors(shapes[places.building]),
        {
            "id": [f"CS{i + 1:03d}" for i in range(len(places.kind))],
            "name": places.name,
            "kind": places.kind,
            "address": plan.addresses[places.building],
        },
    )
    return frames


def _name_centres(plan: _Plan) -> list[str]:
    """Named after the compound they stand in, else the street, else numbered in their community."""
    names: list[str] = []
    for building in plan.centres.building:
        owner = int(plan.footprints.compound[building])
        street = str(plan.addresses[building]).rstrip("0123456789号")
        community = plan.units[plan.areas.community[plan.footprints.cell[building]]].name
        stems = [plan.compound_names[owner]] if owner >= 0 else []
        stems += [community.removesuffix("社区"), street]
        stems += [f"{community.removesuffix('社区')}第{i}" for i in range(2, 30)]
        names.append(next(f"{stem}邻里服务中心" for stem in stems if f"{stem}邻里服务中心" not in names))
    return names


# --- tables ------------------------------------------------------------------------------------------


def _write_tables(plan: _Plan, frames: Frames, rng: np.random.Generator) -> Frames:
    shapes = plan.footprints.shapes
    group = build_groups(
        plan.areas.grid[plan.footprints.cell],
        list(frames["grid"]["code"]),
        _building_ids(len(shapes)),
        np.maximum(plan.people.households, 0),
        shapely.get_x(shapely.centroid(shapes)),
    )
    codes = {layer: list(frames[layer]["code"]) for layer in ("district", "lane", "grid", "beat")}
    person, assignment = build_roster(codes, group, rng)
    community, grid, compound = (frames[name] for name in ("community", "grid", "compound"))
    organisation = build_organisations(
        gpd.GeoDataFrame(community), gpd.GeoDataFrame(grid), gpd.GeoDataFrame(compound), N_BRANCHES
    )
    aliases = [
        ("community", unit.code, unit.name.removesuffix("社区"), None)
        for unit in plan.units
        if unit.kind == "社区"
    ]
    alias = make_table(
        "alias",
        len(aliases),
        {
            "id": [f"BM{i + 1:02d}" for i in range(len(aliases))],
            "layer": [row[0] for row in aliases],
            "feature": [row[1] for row in aliases],
            "alias": [row[2] for row in aliases],
        },
    )
    return {
        "organisation": organisation,
        "group": group,
        "alias": alias,
        "person": person,
        "assignment": assignment,
    }
