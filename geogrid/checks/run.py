"""All checks of a county, one list of findings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial

import geopandas as gpd
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from geogrid.areas.validity import select_current
from geogrid.checks.attempt import attempt, set_aside
from geogrid.checks.beats import find_beat_faults
from geogrid.checks.buildings import find_building_faults, find_outside_buildings
from geogrid.checks.codes import find_community_code_faults, find_grid_code_faults
from geogrid.checks.datum import Position, find_shifted_layers, judge_positions
from geogrid.checks.duties import find_duty_faults
from geogrid.checks.gates import find_barred_gates
from geogrid.checks.geometry import find_geometry_faults
from geogrid.checks.grids import find_grid_faults, select_village
from geogrid.checks.linework import find_far_homes, find_line_faults
from geogrid.checks.network import find_centre_faults, find_gate_faults, find_near_misses
from geogrid.checks.partition import find_edge_faults, find_exclaves, find_partition_faults
from geogrid.checks.references import find_key_faults, find_reference_faults, find_validity_faults
from geogrid.checks.roster import find_role_faults, find_roster_faults, find_vacant_posts
from geogrid.checks.rules import make_finding, sort_findings
from geogrid.checks.stops import find_square_faults, find_stop_faults, find_unnamed_gates
from geogrid.coverage.town import complete_layer
from geogrid.crs import require_metric
from geogrid.findings import Finding
from geogrid.schema import AREA_LAYERS, PARTITION_LAYERS


@dataclass(frozen=True)
class Checkup:
    """What the checks of a county found.

    Attributes
    ----------
    findings
        Sorted by severity, code, layer and features; places in the CRS of the layers.
    positions
        For each layer whether it lies where the others do, or that this could not be judged.
    """

    findings: list[Finding]
    positions: list[Position]


def run_checks(
    layers: Mapping[str, gpd.GeoDataFrame], tables: Mapping[str, pd.DataFrame], on: date
) -> list[Finding]:
    """Every fault of a county's data on a date: the findings of `check_county`."""
    return check_county(layers, tables, on).findings


def check_county(
    layers: Mapping[str, gpd.GeoDataFrame], tables: Mapping[str, pd.DataFrame], on: date
) -> Checkup:
    """Every fault of a county's data on a date, and where its layers lie.

    Parameters
    ----------
    layers
        Layer name -> features in one metric CRS with the columns of the schema. A layer that is
        not given is not checked, and nothing is checked against it. Ended features should be
        among them: references to them and expired duties are told apart from missing ones.
    tables
        Table name -> rows, in the same way.

    Raises
    ------
    CrsError
        When a layer that holds something is not in metres.
    """
    filled = {name: frame for name, frame in layers.items() if not frame.empty}
    findings: list[Finding] = []
    whole: dict[str, gpd.GeoDataFrame] = {}
    for name, frame in filled.items():
        require_metric(frame, name)
        whole[name], unusable = set_aside(frame, name)
        findings += unusable
    current = {name: select_current(frame, on) for name, frame in whole.items()}
    positions = judge_positions(current)
    findings += find_shifted_layers(positions)
    for name, frame in {**filled, **tables}.items():
        findings += find_key_faults(frame, name, on)
        if "valid_to" in frame.columns:
            findings += find_validity_faults(frame, name)
    named = {
        (found.layer, key)
        for found in findings
        if found.code == "geometry.unusable"
        for key in found.features
    }
    for name, frame in current.items():
        faults = list(attempt(name, frame, partial(find_geometry_faults, frame, name)))
        # What was set aside is no feature without a shape.
        findings += [
            found
            for found in faults
            if (name, *found.features) not in named or found.code != "geometry.empty"
        ]
    findings += find_reference_faults(layers, tables, on)
    findings += _check_areas(current)
    findings += _check_streets(current)
    findings += _check_roster(whole, tables, on)
    return Checkup(sort_findings(findings), positions)


def _check_areas(current: Mapping[str, gpd.GeoDataFrame]) -> Iterator[Finding]:
    extent = _unite(current.get("county"))
    communities = current.get("community", gpd.GeoDataFrame(columns=["code", "kind"], geometry=[]))
    village = select_village(communities)
    for name in PARTITION_LAYERS:
        if name in current:
            beside = None if name == "community" else village
            yield from attempt(
                name,
                current[name],
                partial(find_partition_faults, current[name], extent, name, village=beside),
            )
    if "grid" in current:
        districts = current.get("district", gpd.GeoDataFrame(columns=["code"], geometry=[]))
        faults = partial(find_grid_faults, current["grid"], communities, districts, extent)
        yield from attempt("grid", current["grid"], faults)
        yield from find_grid_code_faults(current["grid"])
    if "beat" in current:
        yield from attempt("beat", current["beat"], partial(find_edge_faults, current["beat"], "beat"))
        buildings = current.get("building", gpd.GeoDataFrame({"id": []}, geometry=[]))
        faults = partial(find_beat_faults, current["beat"], communities, buildings)
        yield from attempt("beat", current["beat"], faults)
    if "community" in current:
        yield from find_community_code_faults(communities, current.get("county", communities.iloc[:0]))
    for name in AREA_LAYERS:
        if name in current:
            yield from attempt(name, current[name], partial(find_exclaves, current[name], name))
    yield from _check_buildings(current, extent, village)


def _check_buildings(
    current: Mapping[str, gpd.GeoDataFrame], extent: BaseGeometry | None, village: BaseGeometry | None
) -> Iterator[Finding]:
    """Every building in the extent has its community and district, and off village land its grid."""
    if "building" not in current:
        return
    yield from find_outside_buildings(current["building"], extent)
    off_village = extent if extent is None or village is None else shapely.difference(extent, village)
    grounds = {**dict.fromkeys(PARTITION_LAYERS, extent), "grid": off_village}
    for name, ground in grounds.items():
        if name in current and not current[name].empty:
            faults = partial(find_building_faults, current["building"], current[name], name, ground)
            yield from attempt("building", current["building"], faults)


def _check_streets(current: Mapping[str, gpd.GeoDataFrame]) -> Iterator[Finding]:
    if "street" in current:
        streets = current["street"]
        yield from attempt("street", streets, partial(find_near_misses, streets))
        yield from attempt("street", streets, partial(find_line_faults, streets))
        if "building" in current:
            homes = current["building"]
            yield from attempt("building", homes, partial(find_far_homes, homes, streets))
        if "centre" in current:
            centres = current["centre"]
            yield from attempt("centre", centres, partial(find_centre_faults, centres, streets))
    if "compound" in current:
        compounds = current["compound"]
        no_gates = gpd.GeoDataFrame(
            {"id": [], "compound": [], "pedestrian": [], "locked": []}, geometry=[], crs=compounds.crs
        )
        faults = partial(find_gate_faults, compounds, current.get("gate", no_gates))
        yield from attempt("compound", compounds, faults)
        if "street" in current and "gate" in current:
            yield from attempt("gate", current["gate"], partial(find_barred_gates, current))
    yield from _check_stops(current)


def _check_stops(current: Mapping[str, gpd.GeoDataFrame]) -> Iterator[Finding]:
    names = ("street", "gate", "street_barrier", "compound", "barrier", "square")
    if not current.keys() & names:
        return
    crs = next(current[name].crs for name in names if name in current)
    street, gate, street_barrier, compound, barrier, square = (
        complete_layer(current.get(name, gpd.GeoDataFrame(geometry=[], crs=crs)), name) for name in names
    )
    yield from attempt("gate", gate, partial(find_unnamed_gates, compound, gate))
    if len(street):
        faults = partial(find_stop_faults, street, gate, street_barrier, compound, barrier)
        yield from attempt("street", street, faults)
        yield from attempt("square", square, partial(find_square_faults, square, street))


def _check_roster(
    layers: Mapping[str, gpd.GeoDataFrame], tables: Mapping[str, pd.DataFrame], on: date
) -> Iterator[Finding]:
    assignments = tables.get("assignment")
    if assignments is None:
        return
    if assignments.empty:
        yield make_finding("roster.none", "assignment", [])
        return
    if "beat" in layers:
        yield from find_roster_faults(layers["beat"], assignments, on)
    yield from find_vacant_posts(layers, tables, on)
    yield from find_duty_faults(layers, tables, on)
    yield from find_role_faults(assignments, on)


def _unite(county: gpd.GeoDataFrame | None) -> BaseGeometry | None:
    return None if county is None else shapely.union_all(shapely.make_valid(county.geometry.to_numpy()))
