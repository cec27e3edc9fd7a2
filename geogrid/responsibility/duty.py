"""Who is on duty for an area, a compound or a group of homes, and which posts are vacant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from geogrid.responsibility.answer import Duty, Evidence, make_evidence
from geogrid.responsibility.columns import read_lists, read_texts
from geogrid.responsibility.stand_in import StandIn
from geogrid.responsibility.unit import pick_units
from geogrid.schema import ROLES, Role, find_layer

GROUP_LEADERS = {"楼栋组": "楼栋长", "户组": "户组长"}
"""Kind of group -> the role that leads it."""


@dataclass(frozen=True)
class Post:
    """A feature that people are on duty for: an area, a compound, or a group of homes.

    Attributes
    ----------
    units
        The units of the building that a group holds; empty where it holds all of it.
    """

    layer: str
    feature: str
    name: str
    group_kind: str | None = None
    units: tuple[str, ...] = ()

    @property
    def expected_roles(self) -> list[Role]:
        """The roles that somebody must hold here: the tier that leads it, and a beat's police."""
        if self.layer == "group":
            leader = GROUP_LEADERS.get(self.group_kind or "")
            return [ROLES[leader]] if leader else []
        return [
            role for role in ROLES.values() if role.layer == self.layer and (role.tier or role.n_per_beat)
        ]


DutiesByPost = Mapping[tuple[str, str], Sequence[Duty]]
"""(layer, feature) -> the people on duty there."""


def group_duties(
    assignments: pd.DataFrame, persons: pd.DataFrame, stand_ins: Mapping[str, StandIn]
) -> DutiesByPost:
    """The duties of one date by the feature they are held for.

    Parameters
    ----------
    assignments
        The table `assignment`, narrowed to a date.
    persons
        The table `person`; a duty whose person is not in it has no name.
    stand_ins
        Assignments that are temporary cover; see `find_stand_ins`.
    """
    known = {
        key: rest
        for key, *rest in zip(
            *(read_texts(persons, name) for name in ("id", "name", "unit", "duty_phone")), strict=True
        )
    }
    columns = ("layer", "feature", "id", "role", "person", "valid_from", "valid_to")
    found: dict[tuple[str, str], list[Duty]] = {}
    rows = zip(*(read_texts(assignments, name) for name in columns), strict=True)
    for layer, feature, key, role, person, begins, ends in sorted(rows, key=lambda row: row[2] or ""):
        if layer and feature and role:
            name, unit, phone = known.get(person, (None, None, None))
            stand_in = stand_ins.get(key or "")
            found.setdefault((layer, feature), []).append(
                Duty(role, name, unit, phone, layer, feature, ends, begins, stand_in, person)
            )
    return found


def list_group_posts(groups: pd.DataFrame) -> dict[str, list[Post]]:
    """Building -> the groups of one date that hold it, 户组 before 楼栋组, then by id."""
    columns = (read_texts(groups, "id"), read_texts(groups, "name"), read_texts(groups, "kind"))
    found: dict[str, list[Post]] = {}
    lists = (read_lists(groups, "buildings"), read_lists(groups, "units"))
    for key, name, kind, buildings, units in zip(*columns, *lists, strict=True):
        if key:
            for building in buildings:
                post = Post("group", key, name or key, kind, tuple(pick_units(units, building)))
                found.setdefault(building, []).append(post)
    for posts in found.values():
        posts.sort(key=lambda post: (_role_order(GROUP_LEADERS.get(post.group_kind or "", "")), post.feature))
    return found


def tell_units(posts: Sequence[Post], building: str, unit: str | None) -> tuple[list[Post], list[Evidence]]:
    """Of the groups that hold a building those that hold a unit of it, and how the groups share its units.

    Parameters
    ----------
    unit
        None where it is not known: all groups are kept, and their units are said.
    """
    parted = [post for post in posts if post.units]
    if not parted:
        return list(posts), []
    if unit is None:
        listed = [{"id": post.feature, "name": post.name, "units": list(post.units)} for post in parted]
        told = [f"{post.name} {'、'.join(post.units)}" for post in parted]
        groups = {"zh": "；".join(told), "en": "; ".join(told)}
        return list(posts), [
            make_evidence("duty.units", {"building": building, "groups": listed}, groups=groups)
        ]
    kept = [post for post in posts if not post.units or unit in post.units]
    if {post.group_kind for post in parted} <= {post.group_kind for post in kept}:
        return kept, []
    return kept, [
        make_evidence(
            "duty.no_unit_group", {"building": building, "unit": unit}, building=building, unit=unit
        )
    ]


def tell_stand_ins(duties: Sequence[Duty], posts: Sequence[Post]) -> list[Evidence]:
    """Which of the duties are temporary cover, from when to when."""
    names = {(post.layer, post.feature): post.name for post in posts}
    return [
        make_evidence(
            f"duty.stand_in_{duty.stand_in}",
            {
                "role": duty.role,
                "layer": duty.layer,
                "feature": duty.feature,
                "valid_from": duty.valid_from,
                "valid_to": duty.valid_to,
            },
            name=names[duty.layer, duty.feature],
            role=_title_role(duty.role),
            begins=duty.valid_from,
            ends=duty.valid_to,
        )
        for duty in duties
        if duty.stand_in
    ]


def _title_role(role: str) -> dict[str, str]:
    return {"zh": role, "en": ROLES[role].en if role in ROLES else role}


def find_duties(duties: DutiesByPost, posts: Sequence[Post]) -> list[Duty]:
    """Everybody on duty at the posts: the five tiers from the nearest up, then the other roles."""
    found = [
        (index, duty)
        for index, post in enumerate(posts)
        for duty in duties.get((post.layer, post.feature), ())
    ]
    return [duty for _, duty in sorted(found, key=lambda pair: (_role_order(pair[1].role), pair[0]))]


def find_vacancies(duties: DutiesByPost, posts: Sequence[Post]) -> list[Evidence]:
    """The posts that nobody holds, each with the next tier up that somebody does hold."""
    present = find_duties(duties, posts)
    names = {(post.layer, post.feature): post.name for post in posts}
    evidence = []
    for post in posts:
        held = {duty.role for duty in duties.get((post.layer, post.feature), ())}
        for role in post.expected_roles:
            if role.name not in held:
                upper = _find_next_up(role, present)
                evidence.append(_tell_vacant(post, role, upper, names))
    return evidence


def _find_next_up(role: Role, present: Sequence[Duty]) -> Duty | None:
    """Of the people on duty, the first one of the nearest tier above the role."""
    above = [duty for duty in present if duty.role in ROLES and 0 < ROLES[duty.role].tier < role.tier]
    return max(above, key=lambda duty: ROLES[duty.role].tier, default=None)


def _tell_vacant(
    post: Post, role: Role, upper: Duty | None, names: Mapping[tuple[str, str], str]
) -> Evidence:
    layer = find_layer(post.layer)
    code = "duty.vacant" if role.tier <= 1 else "duty.vacant_tier" if upper else "duty.vacant_throughout"
    return make_evidence(
        code,
        {
            "role": role.name,
            "layer": post.layer,
            "feature": post.feature,
            "next_role": upper and upper.role,
            "next_layer": upper and upper.layer,
            "next_feature": upper and upper.feature,
        },
        kind={"zh": post.group_kind or layer.zh, "en": layer.en},
        name=post.name,
        role={"zh": role.name, "en": role.en},
        upper={"zh": upper.role, "en": ROLES[upper.role].en} if upper else "",
        upper_name=names[upper.layer, upper.feature] if upper else "",
    )


def _role_order(role: str) -> tuple[int, int]:
    """The five tiers from the nearest (户组长) up, then the other roles as they are declared."""
    order = list(ROLES)
    if role not in ROLES:
        return (1, len(order))
    return (0, -ROLES[role].tier) if ROLES[role].tier else (1, order.index(role))
