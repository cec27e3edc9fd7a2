"""Place and date to areas, people on duty and nearest centre, each with its evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from geogrid.crs import WGS84, transform_points
from geogrid.errors import FeatureNotFoundError, InvalidOptionError, PlaceNotFoundError
from geogrid.labels import label
from geogrid.responsibility.answer import Answer, Evidence, HeldArea, PlaceAnswer, make_evidence
from geogrid.responsibility.duty import (
    GROUP_LEADERS,
    Post,
    find_duties,
    find_vacancies,
    tell_stand_ins,
    tell_units,
)
from geogrid.responsibility.gazetteer import Entry, NameMatch
from geogrid.responsibility.membership import (
    CLEAR_SHARE,
    SMALLEST_SHARE,
    find_point_areas,
    find_polygon_areas,
)
from geogrid.responsibility.nearest import (
    Found,
    MeasureWalk,
    find_building_walk,
    find_compound_walk,
    find_neighbour_walk,
    find_point_walk,
)
from geogrid.responsibility.organisation import list_organisations
from geogrid.responsibility.register import Register
from geogrid.schema import AREA_LAYERS, LAYERS

N_SUGGESTED = 3
"""How many similar names the message names when nothing was found."""


@dataclass(frozen=True)
class _Place:
    """One place that was meant: a feature, or a bare position (`key` None)."""

    kind: str
    key: str | None
    name: str | None
    lonlat: tuple[float, float] | None
    geometry: BaseGeometry | None
    building: str | None
    compound: str | None
    unit: str | None
    evidence: tuple[Evidence, ...]


def locate(
    register: Register,
    query: str | None = None,
    lonlat: tuple[float, float] | None = None,
    *,
    on: date,
    walks: pd.DataFrame | None = None,
    measure_walk: MeasureWalk | None = None,
    limit: int = 20,
) -> Answer:
    """Which areas a place lies in on a date, who is on duty for it, and its nearest centre.

    Parameters
    ----------
    register
        The county's layers and duties; one narrowed by `on_date` already is taken as it is.
    query
        A name, an address, a compound with a building's number, or a key.
    lonlat
        Longitude and latitude, WGS 84 degrees, in place of a query.
    on
        The date the answer is for.
    walks
        Index building id; columns `centre` and `walk_s`, as the coverage engine gives them.
        Without them, and without `measure_walk`, nearest centres are None and that is said.
    measure_walk
        Measures the walk from a position that is no building.
    limit
        The most places that are answered when a query has several matches.

    Raises
    ------
    InvalidOptionError
        Unless exactly one of `query` and `lonlat` is given, and it can mean a place.
    PlaceNotFoundError
        When nothing has such a name; the message has similar names.
    """
    current = register.on_date(on)
    if lonlat is not None and query is None:
        places, n_found = [_place_position(current, lonlat)], 1
    elif query is not None and lonlat is None:
        matches = current.gazetteer.find(query)
        if not matches:
            raise _explain_not_found(current, query)
        places = [_place_match(current, match) for match in matches[:limit]]
        n_found = len(matches)
    else:
        raise InvalidOptionError(
            option="QUERY, --lonlat",
            value=f"{query or '-'}, {lonlat or '-'}",
            expected="二者取一 / exactly one of the two",
        )
    answers = [_answer_place(current, place, walks, measure_walk) for place in places]
    return Answer(on, answers, n_found)


def locate_match(
    register: Register,
    match: NameMatch,
    *,
    walks: pd.DataFrame | None = None,
    measure_walk: MeasureWalk | None = None,
) -> PlaceAnswer:
    """The answer for one match of the gazetteer, from a register of one date."""
    return _answer_place(register, _place_match(register, match), walks, measure_walk)


def locate_feature(register: Register, kind: str, key: str) -> PlaceAnswer:
    """The answer for one feature of a layer of the gazetteer, without a walk, from a register of one date.

    Raises
    ------
    FeatureNotFoundError
        When the layer has no such feature on that date.
    """
    entry = register.entries.get((kind, key))
    if entry is None:
        raise FeatureNotFoundError(layer=kind, keys=[key[:80]])
    return _answer_place(register, _place_entry(register, entry, None, []), None, None)


def _explain_not_found(register: Register, query: str) -> PlaceNotFoundError:
    similar = register.gazetteer.suggest(query, N_SUGGESTED)
    if not similar:
        return PlaceNotFoundError(query=query)
    return PlaceNotFoundError(
        query=query,
        hint_zh=label("locate.similar", "zh", names="、".join(similar)),
        hint_en=label("locate.similar", "en", names=", ".join(similar)),
        suggestions=tuple(similar),
    )


# --- which place is meant ----------------------------------------------------------------------


def _place_position(register: Register, lonlat: tuple[float, float]) -> _Place:
    lon, lat = lonlat
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise InvalidOptionError(
            option="--lonlat",
            value=f"{lon},{lat}",
            expected="经度,纬度（-180 至 180，-90 至 90）/ longitude,latitude",
        )
    xy = transform_points(np.array([[lon, lat]]), WGS84, register.metric_crs)
    if not np.isfinite(xy).all():
        raise InvalidOptionError(
            option="--lonlat", value=f"{lon},{lat}", expected="本县附近的位置 / a position near the county"
        )
    point = shapely.Point(xy[0])
    building, compound = register.find_holders(point)
    evidence = (
        (make_evidence("place.in_building", {"building": building}, building=building),) if building else ()
    )
    return _Place("position", None, None, (lon, lat), point, building, compound, None, evidence)


def _place_match(register: Register, match: NameMatch) -> _Place:
    entry = match.entry
    evidence = [
        make_evidence(
            f"match.{match.closeness.name.lower()}",
            {"by": match.by.name.lower(), "name": match.text},
            kind={"zh": LAYERS[entry.kind].zh, "en": LAYERS[entry.kind].en},
            name=match.text,
        )
    ]
    if match.doubt:
        evidence.append(make_evidence(f"match.{match.doubt}", {"name": match.text}, name=match.text))
    for code, typed in (("other_area", match.other_area), ("unread", match.unread)):
        if typed:
            evidence.append(make_evidence(f"match.{code}", {"typed": typed}, typed=typed))
    unit = f"{match.unit}单元" if match.unit and entry.kind == "building" else None
    return _place_entry(register, entry, unit, evidence)


def _place_entry(register: Register, entry: Entry, unit: str | None, evidence: list[Evidence]) -> _Place:
    geometry = register.geometries[entry.kind][entry.key]
    building = compound = None
    if entry.kind == "building":
        building, compound = entry.key, register.building_compounds[entry.key]
        if compound is None and geometry is not None:
            _, compound = register.find_holders(geometry.representative_point())
    elif entry.kind == "compound":
        compound = entry.key
    elif entry.kind in ("centre", "place") and geometry is not None:
        building, compound = register.find_holders(geometry)
    if geometry is None:
        evidence.append(make_evidence("place.no_geometry", {"kind": entry.kind, "key": entry.key}))
    return _Place(
        entry.kind, entry.key, entry.name, entry.lonlat, geometry, building, compound, unit, tuple(evidence)
    )


# --- its answer --------------------------------------------------------------------------------


def _answer_place(
    register: Register, place: _Place, walks: pd.DataFrame | None, measure_walk: MeasureWalk | None
) -> PlaceAnswer:
    areas, area_evidence = _find_areas(register, place)
    declared = [
        evidence
        for area in areas
        if area.answers
        for evidence in register.declared_differences.get((area.kind, area.code), ())
    ]
    posts, post_evidence = _list_posts(register, place, areas)
    people = find_duties(register.duties, posts)
    centre, walk_evidence = _find_centre(register, place, walks, measure_walk)
    if register.tables["assignment"].empty:
        vacancies = [make_evidence("duty.no_roster", {"on": str(register.on)}, on=str(register.on))]
    else:
        vacancies = [
            *post_evidence,
            *tell_stand_ins(people, posts),
            *find_vacancies(register.duties, posts),
        ]
    served = [(post.layer, post.feature) for post in posts]
    if place.building:
        served.append(("building", place.building))
    return PlaceAnswer(
        kind=place.kind,
        key=place.key,
        name=place.name,
        lonlat=place.lonlat,
        building=place.building,
        compound=place.compound,
        unit=place.unit,
        areas=areas,
        people=people,
        organisations=list_organisations(register.organisations, served),
        nearest_centre=centre,
        evidence=(
            *place.evidence,
            *area_evidence,
            *declared,
            *_compare_beats(register, areas),
            *vacancies,
            *walk_evidence,
        ),
    )


def _find_areas(register: Register, place: _Place) -> tuple[list[HeldArea], list[Evidence]]:
    if place.geometry is None:
        return [], []
    if place.geometry.geom_type == "Point":
        areas, evidence = find_point_areas(register.grounds, place.geometry)
        if place.building:
            evidence += _compare_building(register, place.building, areas)
        return areas, evidence
    if place.kind == "building":
        return find_polygon_areas(register.grounds, place.geometry, smallest_answering_share=None)
    if place.kind == "compound":
        return find_polygon_areas(register.grounds, place.geometry, smallest_answering_share=SMALLEST_SHARE)
    # An area is answered for by itself and by the areas that hold it as good as whole; which other
    # areas it is parted among is no doubt about it.
    others = {kind: ground for kind, ground in register.grounds.items() if kind != place.kind}
    areas, _ = find_polygon_areas(others, place.geometry, smallest_answering_share=CLEAR_SHARE)
    return [HeldArea(place.kind, str(place.key), place.name, share=1.0), *areas], []


def _compare_building(register: Register, building: str, areas: Sequence[HeldArea]) -> list[Evidence]:
    """Kinds in which the building around a position belongs to another area than the position does."""
    polygon = register.geometries["building"][building]
    of_building, _ = find_polygon_areas(register.grounds, polygon, smallest_answering_share=None)
    evidence = []
    for area in of_building:
        codes = [other.code for other in areas if other.kind == area.kind]
        if area.answers and codes and area.code not in codes:
            kind = LAYERS[area.kind]
            evidence.append(
                make_evidence(
                    "place.building_differs",
                    {"kind": area.kind, "building": building, "code": area.code, "position": codes},
                    kind={"zh": kind.zh, "en": kind.en},
                    building=building,
                    name=area.name or area.code,
                )
            )
    return evidence


def _compare_beats(register: Register, areas: Sequence[HeldArea]) -> list[Evidence]:
    """Beats that answer for the place but are declared to belong to another community than it."""
    communities = [area for area in areas if area.kind == "community" and area.answers]
    evidence = []
    for beat in areas:
        declared = register.beat_communities.get(beat.code) if beat.kind == "beat" and beat.answers else None
        if declared and communities and declared not in {area.code for area in communities}:
            evidence.append(
                make_evidence(
                    "area.beat_elsewhere",
                    {
                        "beat": beat.code,
                        "beat_community": declared,
                        "communities": [area.code for area in communities],
                    },
                    name=beat.name or beat.code,
                    declared=register.grounds["community"].name(declared),
                    actual={
                        "zh": "、".join(area.name or area.code for area in communities),
                        "en": ", ".join(area.name or area.code for area in communities),
                    },
                )
            )
    return evidence


def _list_posts(
    register: Register, place: _Place, areas: Sequence[HeldArea]
) -> tuple[list[Post], list[Evidence]]:
    """What people may be on duty for: groups that hold the building, the compound, answering areas."""
    posts: list[Post] = []
    evidence: list[Evidence] = []
    if place.building:
        groups = register.group_posts.get(place.building, [])
        lacking = register.group_kinds.intersection(GROUP_LEADERS) - {post.group_kind for post in groups}
        posts, unit_evidence = tell_units(groups, place.building, place.unit)
        evidence += unit_evidence
        evidence += [
            make_evidence("duty.no_group", {"group_kind": kind}, kind=kind) for kind in sorted(lacking)
        ]
    if place.compound:
        posts.append(
            Post("compound", place.compound, register.compound_names.get(place.compound) or place.compound)
        )
    order = {kind: position for position, kind in enumerate(reversed(AREA_LAYERS))}
    posts += [
        Post(area.kind, area.code, area.name or area.code)
        for area in sorted(areas, key=lambda area: order[area.kind])
        if area.answers
    ]
    return posts, evidence


def _find_centre(
    register: Register, place: _Place, walks: pd.DataFrame | None, measure_walk: MeasureWalk | None
) -> Found:
    if place.kind in AREA_LAYERS:
        return None, [make_evidence("walk.of_an_area", {})]
    names = register.centre_names
    is_point = place.geometry is not None and place.geometry.geom_type == "Point"
    if walks is not None and place.building and (not is_point or place.building in walks.index):
        return find_building_walk(walks, place.building, names)
    if walks is not None and place.kind == "compound" and place.key:
        buildings = register.layers["building"]
        inside = buildings[buildings["compound"] == place.key]
        return find_compound_walk(walks, list(inside["id"]), place.name or place.key, names)
    if is_point and measure_walk is not None:
        return find_point_walk(place.geometry, measure_walk, names)
    if is_point and walks is not None:
        return find_neighbour_walk(place.geometry, walks, register.layers["building"], names)
    return None, [make_evidence("walk.not_measured", {})]
