"""The whole town: every layer and table of a county, from one seed."""

from __future__ import annotations

import geopandas as gpd
import numpy as np

from geogrid.crs import CGCS2000, change_crs
from geogrid.demo.area_layers import write_areas
from geogrid.demo.areas import COMMUNITY_SEEDS_SD, Areas, divide_town
from geogrid.demo.buildings import place_buildings
from geogrid.demo.built_layers import write_buildings, write_compounds
from geogrid.demo.centres import place_centres
from geogrid.demo.compounds import Compound, draw_inner_ways, plan_compounds
from geogrid.demo.copies import copy_town, count_copies
from geogrid.demo.draft import Draft, Frames
from geogrid.demo.fabric import weave_fabric
from geogrid.demo.lots import clear_lots
from geogrid.demo.names import Unit, name_streets, read_names, read_units
from geogrid.demo.people import settle_people, write_addresses
from geogrid.demo.service_layers import write_centres, write_tables
from geogrid.demo.streets import Ways, build_street_layer, draw_bypass, take_streets
from geogrid.demo.terrain import Terrain
from geogrid.demo.waters import build_no_build_layer, build_water_layer, draw_rivers

PRESS_HOMES = ("宜和社区", "凤嘴社区")
"""Where the two compounds named in the press stand; the second is a guess."""


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
    named_places = terrain.warp(np.array([COMMUNITY_SEEDS_SD[home] for home in PRESS_HOMES]))
    compounds = plan_compounds(fabric, lots, named_places, rng)
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
    draft = Draft(
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
    frames |= write_areas(draft)
    frames |= write_compounds(draft)
    frames |= write_buildings(draft, rng)
    frames |= write_centres(draft, rng)
    return frames | write_tables(draft, frames, rng)


def _name_compounds(
    compounds: list[Compound], areas: Areas, units: list[Unit], rng: np.random.Generator
) -> list[str]:
    """Invented names; the largest gated ones of 宜和社区 and 凤嘴社区 are 宜和佳苑 and 胜地心苑."""
    invented = read_names("compound")
    names = [invented[i] for i in rng.permutation(len(invented))[: len(compounds)]]
    size = np.array([c.outline.area * (c.kind == "封闭式") * bool(c.gates) for c in compounds])
    home = areas.community[[c.cell for c in compounds]]
    for name, community in zip(read_names("compound_real"), PRESS_HOMES, strict=True):
        number = [unit.name for unit in units].index(community)
        names[int(np.where(home == number, size, size / 1e6).argmax())] = name
    return names
