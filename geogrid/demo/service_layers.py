"""The layers of centres and places, and the tables of who serves what."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely

from geogrid.demo.built_layers import number_buildings
from geogrid.demo.centres import find_back_doors, place_candidates, place_public_places
from geogrid.demo.draft import Draft, Frames
from geogrid.demo.frames import make_layer, make_table
from geogrid.demo.people import find_doors
from geogrid.demo.roster import build_groups, build_organisations, build_roster

N_BRANCHES = 25


def write_centres(draft: Draft, rng: np.random.Generator) -> Frames:
    """Layers centre, centre_footprint, candidate and place."""
    centres, shapes = draft.centres, draft.footprints.shapes
    own = shapes[centres.building]
    names = _name_centres(draft)
    ids = [f"ZX{i + 1:02d}" for i in range(len(own))]
    second = np.flatnonzero(centres.has_second_door)
    row = np.concatenate([np.arange(len(own)), second])
    doors = np.concatenate([find_doors(own), find_back_doors(own[second])])
    row_ids = [*ids, *(f"{ids[i]}B" for i in second)]
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
                "address": draft.addresses[centres.building[row]],
            },
        ),
        "centre_footprint": make_layer(
            "centre_footprint", own, {"id": [f"{key}-F" for key in ids], "name": names, "centre": ids}
        ),
    }
    points, cost = place_candidates(draft.footprints, draft.people, centres.building, rng)
    frames["candidate"] = make_layer(
        "candidate",
        points,
        {
            "id": [f"BX{i + 1:02d}" for i in range(len(points))],
            "name": [f"备选点{i + 1:02d}" for i in range(len(points))],
            "cost": cost,
        },
    )
    home = draft.areas.community[draft.footprints.cell]
    urban = [unit.name for unit in draft.units if unit.kind == "社区"]
    places = place_public_places(home, draft.people, centres.building, urban, rng)
    frames["place"] = make_layer(
        "place",
        find_doors(shapes[places.building]),
        {
            "id": [f"CS{i + 1:03d}" for i in range(len(places.kind))],
            "name": places.name,
            "kind": places.kind,
            "address": draft.addresses[places.building],
        },
    )
    return frames


def _name_centres(draft: Draft) -> list[str]:
    """Named after the compound they stand in, else the street, else numbered in their community."""
    names: list[str] = []
    for building in draft.centres.building:
        owner = int(draft.footprints.compound[building])
        street = str(draft.addresses[building]).rstrip("0123456789号")
        community = draft.units[draft.areas.community[draft.footprints.cell[building]]].name
        stems = [draft.compound_names[owner]] if owner >= 0 else []
        stems += [community.removesuffix("社区"), street]
        stems += [f"{community.removesuffix('社区')}第{i}" for i in range(2, 30)]
        names.append(next(f"{stem}邻里服务中心" for stem in stems if f"{stem}邻里服务中心" not in names))
    return names


def write_tables(draft: Draft, frames: Frames, rng: np.random.Generator) -> Frames:
    """Tables organisation, group, alias, person and assignment."""
    shapes = draft.footprints.shapes
    group = build_groups(
        draft.areas.grid[draft.footprints.cell],
        list(frames["grid"]["code"]),
        number_buildings(len(shapes)),
        np.maximum(draft.people.households, 0),
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
        for unit in draft.units
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
