"""A siting study as JSON-ready values: the same numbers for the command, the map and the report."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geogrid.areas.share import assign_areas
from geogrid.coverage.scenario import AddCentre, Scenario
from geogrid.coverage.scenario_lonlat import write_records
from geogrid.crs import WGS84, crs_name, transform_points
from geogrid.siting.instance import AREA_KINDS, Flags, Instance, Weight
from geogrid.siting.remedy import Remedy
from geogrid.siting.result import SitingResult
from geogrid.siting.robustness import N_DRAWS, PEOPLE_SHARE, SHIFT_METRES, SHIFT_MINUTES, SPEEDS, Robustness
from geogrid.siting.standing import PlaceValue
from geogrid.siting.study import Study, list_unreachable

DEGREE_DIGITS = 7
LISTED_HOMES = 500
"""Buildings that no candidate reaches and that are listed by id; all are counted."""


def describe_study(study: Study) -> dict[str, Any]:
    """The study as plain values, the same every time; unknown people are None.

    `value`, `bound`, `gap` and `curve[]` are in what is counted (`weight`); `covered` tells every kind of
    people under three heads: `now`, `after` (the plan) and `ceiling` (all candidates together).
    """
    instance, plan = study.instance, study.plan
    return {
        "reading": str(instance.reading),
        "weight": study.weight.value,
        "k": study.k,
        "value": plan.value,
        "bound": plan.bound,
        "gap": plan.gap,
        "proof": plan.proof.value,
        "status": plan.status.value,
        "n_candidates": len(instance.candidates),
        "candidate_origin": sorted(set(instance.candidates.origin.tolist())),
        "candidates_left_out": list(instance.candidates.left_out),
        "homes_without_people": _count_unknown(instance, study.weight),
        "covered": describe_cover(study),
        "sites": _list_sites(study),
        "curve": [_describe_point(study, result) for result in study.curve],
        "knee": study.knee,
        "phases": [
            {
                "k": phase.k,
                "site": str(instance.candidates.id[phase.site]),
                "gained": phase.gained,
                "value": phase.value,
                "optimum": phase.optimum,
                "given_up": phase.given_up,
            }
            for phase in study.phases
        ],
        "by_community": list_areas(study, "community"),
        "by_district": list_areas(study, "district"),
        "robustness": None if study.robustness is None else _describe_robustness(study, study.robustness),
        "unreachable": describe_unreachable(instance),
        "standing": _list_standing(study),
    }


def describe_cover(study: Study) -> dict[str, dict[str, int | None]]:
    """People of every kind and homes: all, and covered now, after the plan, and at best."""
    instance = study.instance
    return {
        "total": instance.count(np.ones(instance.n_homes, bool)),
        "now": instance.count(instance.is_covered),
        "after": instance.count(instance.mark_covered(study.plan.sites)),
        "ceiling": instance.count(instance.is_reachable),
    }


def list_areas(study: Study, kind: str) -> list[dict[str, Any]]:
    """The same for every area of a kind, by code; homes in none come last, with a code of None."""
    instance = study.instance
    areas = getattr(instance.town, kind)
    if not len(areas):
        return []
    of_home = instance.areas[kind]
    after = instance.mark_covered(study.plan.sites)
    entries = []
    for code, name in [*sorted(zip(areas["code"], areas["name"], strict=True)), (None, None)]:
        inside: Flags = pd.isna(of_home) if code is None else (of_home == code).astype(bool)
        if code is None and not inside.any():
            continue
        entries.append(
            {
                "code": code,
                "name": name,
                "total": instance.count(inside),
                "now": instance.count(inside & instance.is_covered),
                "after": instance.count(inside & after),
                "ceiling": instance.count(inside & instance.is_reachable),
            }
        )
    return entries


def describe_unreachable(instance: Instance) -> dict[str, Any]:
    """Homes that are not covered and that no candidate would cover."""
    rows = list_unreachable(instance)
    mask = np.zeros(instance.n_homes, bool)
    mask[rows] = True
    buildings = sorted(str(key) for key in instance.layout.homes.building["id"].to_numpy(object)[rows])
    codes = instance.areas["community"][rows]
    named = sorted({code for code in codes if code is not None})
    return {
        **instance.count(mask),
        "by_community": [
            {
                "code": code,
                **instance.count(mask & (instance.areas["community"] == code).astype(bool)),
            }
            for code in named
        ],
        "buildings": buildings[:LISTED_HOMES],
    }


def describe_place(instance: Instance, weight: Weight, xy: np.ndarray, place: PlaceValue) -> dict[str, Any]:
    """What a centre at a place would bring, as plain values."""
    lon, lat = to_degrees(instance, xy.reshape(1, 2))[0]
    return {
        "lon": lon,
        "lat": lat,
        "weight": weight.value,
        "gained_now": place.now,
        "gained_after": place.after,
        "reached": instance.count(place.reached),
        "already_covered": instance.count(place.reached & instance.is_covered),
        "is_snapped": place.is_snapped,
        "is_in_water": place.is_unfit,
        "nearest_candidate": str(instance.candidates.id[place.nearest]),
        "nearest_candidate_m": round(place.nearest_m, 1),
    }


def describe_remedy(instance: Instance, remedy: Remedy) -> dict[str, Any]:
    """A remedy as plain values; `edit` is a record as scenarios keep them, in longitude and latitude."""
    lon, lat = to_degrees(instance, np.array([remedy.xy]))[0]
    names = dict(zip(instance.town.compound["id"], instance.town.compound["name"], strict=True))
    return {
        "kind": remedy.kind.value,
        "id": remedy.edit.id,
        "gained": remedy.gained,
        **instance.count(remedy.newly),
        "homes_lost": int(remedy.lost.sum()),
        "lon": lon,
        "lat": lat,
        "compound": remedy.compound,
        "compound_name": names.get(remedy.compound),
        "length_m": None if remedy.length_m is None else round(remedy.length_m, 1),
        "edit": write_records(Scenario((remedy.edit,)), crs_name(instance.town.street.crs))[0],
    }


def propose_sites(study: Study) -> Scenario:
    """The plan as edits: a centre at each site, in the order in which they are best opened."""
    candidates = study.instance.candidates
    standing = set(map(str, study.instance.layout.centre_id))
    edits = []
    for site in study.sites:
        key = str(candidates.id[site])
        while key in standing:
            key += "-new"
        x, y = map(float, candidates.xy[site])
        edits.append(AddCentre(key, x, y, candidates.name[site]))
    return Scenario(tuple(edits))


def tabulate_sites(study: Study) -> gpd.GeoDataFrame:
    """The plan's sites as a layer in the town's CRS, one row each; `weight` says what is counted."""
    rows = [
        {
            "order": site["order"],
            "id": site["id"],
            "name": site["name"],
            "community": site["community"],
            "district": site["district"],
            "weight": study.weight.value,
            "gained": site["gained"],
            "lost_without": site["lost_without"],
            "chosen_share": site["chosen_share"],
            "cost": site["cost"],
            "alternatives": ",".join(other["id"] for other in site["alternatives"]),
            "reading": str(study.instance.reading),
        }
        for site in _list_sites(study)
    ]
    columns = list(rows[0]) if rows else ["order", "id"]
    points = [shapely.Point(study.instance.candidates.xy[site]) for site in study.sites]
    return gpd.GeoDataFrame(
        pd.DataFrame(rows, columns=columns),
        geometry=gpd.GeoSeries(points, crs=study.instance.town.street.crs),
    )


def to_degrees(instance: Instance, xy: np.ndarray) -> list[list[float]]:
    """Longitude and latitude (WGS 84) of places in metres, shape (n, 2)."""
    degrees: list[list[float]] = (
        transform_points(xy, crs_name(instance.town.street.crs), WGS84).round(DEGREE_DIGITS).tolist()
    )
    return degrees


def _count_unknown(instance: Instance, weight: Weight) -> int:
    return int(np.isnan(instance.counts[weight]).sum())


def _list_sites(study: Study) -> list[dict[str, Any]]:
    """The plan's sites in the order in which they are best opened."""
    instance, candidates = study.instance, study.instance.candidates
    if not study.sites:
        return []
    rows = list(study.sites)
    degrees = to_degrees(instance, candidates.xy[rows])
    points = np.array([*map(shapely.Point, candidates.xy[rows]), None], dtype=object)[:-1]
    areas = {kind: assign_areas(points, getattr(instance.town, kind)) for kind in AREA_KINDS}
    plan = study.plan
    alternatives = (
        dict(zip(plan.sites, plan.alternatives, strict=True)) if isinstance(plan, SitingResult) else {}
    )
    chosen = study.robustness
    entries = []
    for place, phase in enumerate(study.phases):
        site = phase.site
        cost = float(candidates.cost[site])
        entries.append(
            {
                "id": str(candidates.id[site]),
                "name": candidates.name[site],
                "lon": degrees[place][0],
                "lat": degrees[place][1],
                "origin": str(candidates.origin[site]),
                "cost": None if np.isnan(cost) else cost,
                "community": areas["community"][place],
                "district": areas["district"][place],
                "order": phase.k,
                "gained": phase.gained,
                "alone": study.problem.measure_value([site]),
                "lost_without": study.plan.value
                - study.problem.measure_value([other for other in study.plan.sites if other != site]),
                "chosen_share": None
                if chosen is None or not chosen.n_worlds
                else round(int(chosen.chosen[site]) / chosen.n_worlds, 4),
                "alternatives": [
                    {"id": str(candidates.id[other]), "lost": int(lost)}
                    for other, lost in alternatives.get(site, ())
                ],
            }
        )
    return entries


def _describe_point(study: Study, result: SitingResult) -> dict[str, Any]:
    before = next((other.value for other in study.curve if other.k == result.k - 1), 0)
    ceiling = study.ceiling
    return {
        "k": result.k,
        "value": result.value,
        "bound": result.bound,
        "gap": result.gap,
        "gained": result.value - before,
        "share_of_ceiling": round(result.value / ceiling, 6) if ceiling else None,
        "sites": [str(study.instance.candidates.id[site]) for site in result.sites],
    }


def _describe_robustness(study: Study, found: Robustness) -> dict[str, Any]:
    ids = study.instance.candidates.id
    order = np.lexsort((np.arange(len(ids)), -found.chosen))
    by_time = study.instance.reading.kind == "minutes"
    return {
        "n_worlds": found.n_worlds,
        "n_planned": found.n_planned,
        "speeds": list(SPEEDS) if by_time else [1.0],
        "cutoff_shift": SHIFT_MINUTES if by_time else SHIFT_METRES,
        "people_share": PEOPLE_SHARE,
        "n_draws": N_DRAWS,
        "chosen": [
            {"id": str(ids[row]), "share": round(int(found.chosen[row]) / found.n_worlds, 4)}
            for row in order
            if found.chosen[row]
        ],
    }


def _list_standing(study: Study) -> list[dict[str, Any]]:
    """Standing centres by what only they serve, the least first."""
    layout = study.instance.layout
    order = np.lexsort((np.arange(layout.n_centres), study.standing_value))
    return [
        {
            "id": str(layout.centre_id[row]),
            "name": layout.centre_name[row],
            "lost_without": int(study.standing_value[row]),
        }
        for row in order
    ]
