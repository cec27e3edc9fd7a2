"""Duties of one person or one post that do not go together, end soon, or are missing altogether."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations

import geopandas as gpd
import pandas as pd
from shapely.geometry.base import BaseGeometry

from geogrid.checks.references import read_date, select_valid
from geogrid.checks.rules import make_finding
from geogrid.findings import Finding
from geogrid.responsibility.columns import read_texts
from geogrid.responsibility.stand_in import find_stand_ins
from geogrid.schema import ERASED_PREFIX, ROLES, find_layer

EXPIRING_DAYS = 30
"""A duty that ends within these days, and that nobody takes over, is told: an assumption of ours."""

FAR_M = 500.0
"""Areas with more ground than this between them are too far apart for one holder of a role: ours too."""

_POLICE = tuple(role.name for role in ROLES.values() if role.is_police)
_TIERS = tuple(role.name for role in ROLES.values() if role.tier)

EXCLUDING: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("社区民警",), ("专职辅警", "巡防队员")),
    (("专职辅警",), ("巡防队员",)),
    (_POLICE, (*_TIERS, "社区书记", "网格信息员", "物业保安")),
)
"""Roles that nobody holds together: one of the first list with one of the second. The county's
"一区一警" counts police apart from leaders and apart from each other."""


@dataclass(frozen=True)
class _Duty:
    key: str
    person: str
    role: str
    layer: str
    feature: str
    ends: str | None

    @property
    def post(self) -> tuple[str, str, str]:
        return self.role, self.layer, self.feature


def find_duty_faults(
    layers: Mapping[str, gpd.GeoDataFrame], tables: Mapping[str, pd.DataFrame], on: date
) -> list[Finding]:
    """What is wrong with the duties of a date, taken by post and by person.

    Parameters
    ----------
    layers, tables
        `assignment` with the rows of every date; areas are looked at where they are given.
    """
    assignments = _select_dated(tables["assignment"])
    duties = list(_read_duties(select_valid(assignments, on)))
    stand_ins = find_stand_ins(assignments, on)
    return [
        *_find_expiring(assignments, [d for d in duties if d.key not in stand_ins], on),
        *_find_two_leaders([d for d in duties if d.key not in stand_ins]),
        *_find_excluded(duties),
        *_find_far(duties, layers, tables, on),
        *_find_idle(assignments, tables.get("person"), on),
    ]


def _select_dated(assignments: pd.DataFrame) -> pd.DataFrame:
    """The rows whose dates are dates; the others are told by `find_validity_faults`."""
    columns = (read_texts(assignments, name) for name in ("valid_from", "valid_to"))
    return assignments[
        [all(text is None or read_date(text) for text in pair) for pair in zip(*columns, strict=True)]
    ]


def _read_duties(frame: pd.DataFrame) -> Iterator[_Duty]:
    names = ("id", "person", "role", "layer", "feature", "valid_to")
    for key, person, role, layer, feature, ends in zip(*(read_texts(frame, n) for n in names), strict=True):
        if key and person and role in ROLES and layer and feature:
            yield _Duty(key, person, role, layer, feature, ends)


def _find_expiring(assignments: pd.DataFrame, duties: list[_Duty], on: date) -> Iterator[Finding]:
    """Duties that end soon where nobody is on record for the day after, beside those who are there anyway."""
    horizon = (on + timedelta(days=EXPIRING_DAYS)).isoformat()
    later: dict[str, set[tuple[str, str, str, str]]] = {}
    for duty in duties:
        if duty.ends is None or duty.ends > horizon:
            continue
        if duty.ends not in later:
            next_day = date.fromisoformat(duty.ends) + timedelta(days=1)
            then = list(_read_duties(select_valid(assignments, next_day)))
            later[duty.ends] = {(*other.post, other.person) for other in then}
        before = sum(other.post == duty.post for other in duties)
        after = sum(holder[:3] == duty.post for holder in later[duty.ends])
        if after < before:
            yield make_finding(
                "roster.expiring",
                duty.layer,
                [duty.feature],
                size=float((date.fromisoformat(duty.ends) - on).days),
                role=_name_role(duty.role),
                last_day=duty.ends,
            )


def _find_two_leaders(duties: list[_Duty]) -> Iterator[Finding]:
    holders: dict[tuple[str, str, str], set[str]] = {}
    for duty in duties:
        if ROLES[duty.role].tier:
            holders.setdefault(duty.post, set()).add(duty.person)
    for (role, layer, feature), people in sorted(holders.items()):
        if len(people) > 1:
            count = len(people)
            yield make_finding(
                "roster.two_leaders", layer, [feature], size=float(count), role=_name_role(role), count=count
            )


def _find_excluded(duties: list[_Duty]) -> Iterator[Finding]:
    for held in _by_person(duties):
        for one, other in combinations(sorted(held, key=lambda duty: duty.key), 2):
            if _exclude(one.role, other.role) or _exclude(other.role, one.role):
                yield make_finding(
                    "roster.excluded",
                    "assignment",
                    [one.key, other.key],
                    first=_name_role(one.role),
                    second=_name_role(other.role),
                )


def _exclude(one: str, other: str) -> bool:
    return any(one in left and other in right for left, right in EXCLUDING)


def _find_far(
    duties: list[_Duty], layers: Mapping[str, gpd.GeoDataFrame], tables: Mapping[str, pd.DataFrame], on: date
) -> Iterator[Finding]:
    places = _locate_features(layers, tables, on)
    for held in _by_person(duties):
        for one, other in combinations(sorted(held, key=lambda duty: duty.key), 2):
            if one.role == other.role and one.feature != other.feature:
                here, there = (places.get((duty.layer, duty.feature)) for duty in (one, other))
                far = here.distance(there) if here is not None and there is not None else 0.0
                if far > FAR_M:
                    yield make_finding(
                        "roster.far",
                        "assignment",
                        [one.key, other.key],
                        place=here,
                        size=float(far),
                        role=_name_role(one.role),
                        areas=f"{one.feature}, {other.feature}",
                        far_m=f"{far:.0f}",
                    )


def _locate_features(
    layers: Mapping[str, gpd.GeoDataFrame], tables: Mapping[str, pd.DataFrame], on: date
) -> dict[tuple[str, str], BaseGeometry]:
    """The ground of each feature that duties are held for; a group has that of its grid."""
    places: dict[tuple[str, str], BaseGeometry] = {}
    for name in {role.layer for role in ROLES.values()} & layers.keys():
        frame = gpd.GeoDataFrame(select_valid(layers[name], on))
        keys = read_texts(frame, find_layer(name).key)
        places |= {
            (name, key): shape for key, shape in zip(keys, frame.geometry, strict=True) if key and shape
        }
    if "group" in tables:
        groups = select_valid(tables["group"], on)
        for key, grid in zip(read_texts(groups, "id"), read_texts(groups, "grid"), strict=True):
            if key and grid and ("grid", grid) in places:
                places["group", key] = places["grid", grid]
    return places


def _find_idle(assignments: pd.DataFrame, people: pd.DataFrame | None, on: date) -> Iterator[Finding]:
    """People without a duty now or to come, in one finding."""
    if people is None:
        return
    lasts = read_texts(assignments, "valid_to")
    busy = {
        person
        for person, last in zip(read_texts(assignments, "person"), lasts, strict=True)
        if last is None or last >= on.isoformat()
    }
    idle = sorted(
        key
        for key in read_texts(people, "id")
        if key and key not in busy and not key.startswith(ERASED_PREFIX)
    )
    if idle:
        yield make_finding("roster.idle", "person", idle, size=float(len(idle)), count=len(idle))


def _by_person(duties: list[_Duty]) -> list[list[_Duty]]:
    held: dict[str, list[_Duty]] = {}
    for duty in duties:
        held.setdefault(duty.person, []).append(duty)
    return [held[person] for person in sorted(held) if len(held[person]) > 1]


def _name_role(role: str) -> Mapping[str, str]:
    return {"zh": role, "en": ROLES[role].en}
