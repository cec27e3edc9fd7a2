"""Lookup the other way round: what an area, a compound, a centre, a group or a person answers for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from geogrid.areas.share import assign_areas
from geogrid.errors import EmptyLayerError, FeatureNotFoundError, UnknownLayerError
from geogrid.responsibility.answer import Duty, Evidence
from geogrid.responsibility.columns import read_lists, read_texts
from geogrid.responsibility.duty import Post, find_duties, find_vacancies
from geogrid.responsibility.lookup import locate_feature
from geogrid.responsibility.organisation import Organisation, list_organisations
from geogrid.responsibility.register import Register
from geogrid.schema import AREA_LAYERS, find_layer

DESCRIBED = (*AREA_LAYERS, "compound", "centre", "group")
"""The kinds of feature that can be described; a centre by the homes to which it is the nearest."""

Named = tuple[str, str]
"""A key and the name that goes with it."""


@dataclass(frozen=True)
class Neighbour:
    """An area of the same kind that touches, and the metres of common border (0: at a corner)."""

    code: str
    name: str
    shared_m: float


@dataclass(frozen=True)
class BeatMismatch:
    """Buildings whose police beat is declared to belong to another community than they lie in."""

    beat: str
    beat_community: str
    community: str
    buildings: Sequence[Named]


@dataclass(frozen=True)
class AreaDescription:
    """What belongs to an area on a date.

    Attributes
    ----------
    buildings
        Those whose largest share of ground lies in it; of a compound and a group the declared ones.
    people
        On duty for it, and for the areas that hold it whole.
    within
        On duty for what lies in it: groups of its buildings, compounds, areas of other kinds.
    vacancies
        Posts of it and in it that nobody holds.
    """

    on: date
    kind: str
    key: str
    name: str
    buildings: Sequence[Named]
    people: Sequence[Duty]
    within: Sequence[Duty]
    vacancies: Sequence[Evidence]
    neighbours: Sequence[Neighbour]
    organisations: Sequence[Organisation]
    mismatches: Sequence[BeatMismatch]
    evidence: Sequence[Evidence]

    def to_dict(self, *, show_people: bool) -> dict[str, Any]:
        """JSON-ready values; without the people who hold the duties unless they may be shown."""
        return {
            "on": self.on.isoformat(),
            "kind": self.kind,
            "key": self.key,
            "name": self.name,
            "n_buildings": len(self.buildings),
            "buildings": _name_all(self.buildings),
            "people": [duty.to_dict(show_people=show_people) for duty in self.people],
            "within": [duty.to_dict(show_people=show_people) for duty in self.within],
            "vacancies": [_tell(item) for item in self.vacancies],
            "neighbours": [
                {"code": one.code, "name": one.name, "shared_m": round(one.shared_m, 1)}
                for one in self.neighbours
            ],
            "organisations": [organisation.to_dict() for organisation in self.organisations],
            "mismatches": [
                {
                    "beat": one.beat,
                    "beat_community": one.beat_community,
                    "community": one.community,
                    "n_buildings": len(one.buildings),
                    "buildings": _name_all(one.buildings),
                }
                for one in self.mismatches
            ],
            "evidence": [_tell(item) for item in self.evidence],
        }


def describe_area(
    register: Register, kind: str, key: str, *, on: date, walks: pd.DataFrame | None = None
) -> AreaDescription:
    """The buildings, people, vacancies, neighbours and organisations of one area on a date.

    Parameters
    ----------
    register
        One narrowed by `on_date` already is taken as it is.
    kind, key
        One of `DESCRIBED` and the feature's key.
    walks
        Index building id, column `centre`: needed for a centre alone.

    Raises
    ------
    UnknownLayerError, FeatureNotFoundError
        When it is no such kind, or has no such feature on that date.
    EmptyLayerError
        For a centre when walks are not known.
    """
    if kind not in DESCRIBED:
        raise UnknownLayerError(layer=kind[:40], known=", ".join(DESCRIBED))
    current = register.on_date(on)
    if kind == "group":
        return _describe_group(current, key, on)
    place = locate_feature(current, kind, key)
    buildings = _list_buildings(current, kind, key, walks)
    own = {(area.kind, area.code) for area in place.areas if area.answers} | {("compound", place.compound)}
    inside = [
        post
        for post in _list_posts_inside(current, kind, key, buildings)
        if (post.layer, post.feature) not in own
    ]
    has_roster = not current.tables["assignment"].empty
    ground = current.grounds.get(kind)
    served = [(post.layer, post.feature) for post in inside] + [("building", one) for one, _ in buildings]
    served += [(one.layer, one.feature) for one in place.organisations if one.layer and one.feature]
    return AreaDescription(
        on=on,
        kind=kind,
        key=key,
        name=place.name or key,
        buildings=buildings,
        people=place.people,
        within=find_duties(current.duties, inside),
        vacancies=[
            *(item for item in place.evidence if item.code.startswith("duty.vacant")),
            *(find_vacancies(current.duties, inside) if has_roster else ()),
        ],
        neighbours=[]
        if ground is None
        else [
            Neighbour(code, ground.name(code), shared_m) for code, shared_m in ground.measure_neighbours(key)
        ],
        organisations=list_organisations(current.organisations, served),
        mismatches=_find_mismatches(current, {building for building, _ in buildings}),
        evidence=[
            item for item in place.evidence if not item.code.startswith(("duty.vacant", "walk.", "match."))
        ],
    )


def _describe_group(register: Register, key: str, on: date) -> AreaDescription:
    table = register.tables["group"]
    columns = (read_texts(table, "id"), read_texts(table, "name"), read_texts(table, "kind"))
    rows = zip(*columns, read_lists(table, "buildings"), strict=True)
    found = next((row for row in rows if row[0] == key), None)
    if found is None:
        raise FeatureNotFoundError(layer="group", keys=[key[:80]])
    _, name, kind, buildings = found
    post = Post("group", key, name or key, kind)
    held = _name_buildings(register, buildings)
    return AreaDescription(
        on=on,
        kind="group",
        key=key,
        name=post.name,
        buildings=held,
        people=find_duties(register.duties, [post]),
        within=[],
        vacancies=[] if register.tables["assignment"].empty else find_vacancies(register.duties, [post]),
        neighbours=[],
        organisations=list_organisations(register.organisations, [("group", key)]),
        mismatches=_find_mismatches(register, {building for building, _ in held}),
        evidence=[],
    )


def _list_buildings(register: Register, kind: str, key: str, walks: pd.DataFrame | None) -> list[Named]:
    if kind == "centre":
        if walks is None:
            raise EmptyLayerError(layer="street", title=find_layer("street").zh)
        return _name_buildings(register, walks.index[walks["centre"] == key])
    if kind == "compound":
        compounds = register.building_compounds.items()
        return _name_buildings(register, [building for building, compound in compounds if compound == key])
    ids = read_texts(register.layers["building"], "id")
    areas = register.building_areas[kind]
    return _name_buildings(
        register, [one for one, code in zip(ids, areas, strict=True) if one and code == key]
    )


def _list_posts_inside(register: Register, kind: str, key: str, buildings: Sequence[Named]) -> list[Post]:
    """Posts that lie in an area: groups that hold its buildings, their compounds, areas mostly inside."""
    posts: dict[tuple[str, str], Post] = {}
    for building, _ in buildings:
        for post in register.group_posts.get(building, ()):
            posts[post.layer, post.feature] = post
        compound = register.building_compounds.get(building)
        if compound and kind not in ("compound", "centre"):
            name = register.compound_names.get(compound) or compound
            posts["compound", compound] = Post("compound", compound, name)
    if kind in AREA_LAYERS:
        frame = register.areas[kind]
        for other in AREA_LAYERS:
            if other != kind:
                held = assign_areas(register.areas[other].geometry.to_numpy(), frame)
                codes = read_texts(register.areas[other], "code")
                for code, holder in zip(codes, held, strict=True):
                    if code and holder == key:
                        posts[other, code] = Post(other, code, register.grounds[other].name(code))
    return [posts[which] for which in sorted(posts)]


def _find_mismatches(register: Register, buildings: set[str]) -> list[BeatMismatch]:
    frame = register.layers["building"]
    found: dict[tuple[str, str, str], list[str]] = {}
    rows = zip(
        read_texts(frame, "id"),
        register.building_areas["beat"],
        register.building_areas["community"],
        strict=True,
    )
    for building, beat, community in rows:
        declared = register.beat_communities.get(beat or "")
        if building in buildings and building and beat and declared and community and declared != community:
            found.setdefault((beat, declared, community), []).append(building)
    return [BeatMismatch(*which, _name_buildings(register, held)) for which, held in sorted(found.items())]


def _name_buildings(register: Register, buildings: Iterable[str]) -> list[Named]:
    """Those of the date, by id, with what to call them."""
    known = register.entries
    return [
        (building, known["building", building].name)
        for building in sorted(buildings)
        if ("building", building) in known
    ]


def _name_all(buildings: Sequence[Named]) -> list[dict[str, str]]:
    return [{"id": building, "name": name} for building, name in buildings]


def _tell(item: Evidence) -> dict[str, Any]:
    return {"code": item.code, "zh": item.zh, "en": item.en, "data": dict(item.data)}


# --- people ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PersonDuty:
    """One duty of a person: what for, and the buildings that belong to it."""

    duty: Duty
    name: str
    buildings: Sequence[Named]


@dataclass(frozen=True)
class PersonDuties:
    """A person of the roster and all that they are on duty for on a date; never a private phone."""

    on: date
    person: str
    name: str | None
    duties: Sequence[PersonDuty]

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready values, for those who may see people."""
        return {
            "on": self.on.isoformat(),
            "person": self.person,
            "name": self.name,
            "duties": [
                {
                    **one.duty.to_dict(show_people=True),
                    "feature_name": one.name,
                    "n_buildings": len(one.buildings),
                    "buildings": _name_all(one.buildings),
                }
                for one in self.duties
            ],
        }


def find_person_duties(register: Register, query: str, *, on: date) -> list[PersonDuties]:
    """The people of a name or with a key, each with what they are on duty for on a date.

    Parameters
    ----------
    query
        A key or a whole name: people are not searched by parts of names.

    Returns
    -------
    By key; empty when nobody is so called. Somebody without a duty on that date has none.
    """
    current = register.on_date(on)
    persons = current.tables["person"]
    pairs = sorted(zip(read_texts(persons, "id"), read_texts(persons, "name"), strict=True), key=str)
    wanted = query.strip()
    return [
        PersonDuties(on, key, name, _list_duties(current, key))
        for key, name in pairs
        if key and wanted in (key, name)
    ]


def _list_duties(register: Register, person: str) -> list[PersonDuty]:
    found = []
    for (layer, feature), duties in sorted(register.duties.items()):
        for duty in duties:
            if duty.person == person:
                try:
                    held = describe_area(register, layer, feature, on=_date_of(register))
                except (FeatureNotFoundError, UnknownLayerError):  # a duty for what is there no longer
                    found.append(PersonDuty(duty, feature, ()))
                else:
                    found.append(PersonDuty(duty, held.name, held.buildings))
    return found


def _date_of(register: Register) -> date:
    assert register.on is not None  # noqa: S101 - a narrowed register has its date
    return register.on
