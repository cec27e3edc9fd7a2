"""Who answers for a place, arranged as staff read it: five tiers, police, others; vacancies where the post stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from geogrid.labels import LANGUAGES, label
from geogrid.responsibility.duty import GROUP_LEADERS
from geogrid.responsibility.register import Register
from geogrid.schema import AREA_LAYERS, ROLES, Role

VACANT = "duty.vacant"
"""What the code of the evidence of a vacant post begins with."""
NO_GROUP = "duty.no_group"

Told = Mapping[str, Any]


def arrange_duties(
    register: Register, people: Sequence[Told], evidence: Sequence[Told], *, tiers: bool
) -> list[dict[str, Any]]:
    """The roles of a place by section, each with who holds it and what is said of its vacancy.

    Parameters
    ----------
    people
        Duties as `Sight.tell` tells them: of a person no more than the reader may see.
    evidence
        Of the place; what concerns a vacant post is put with its role.
    tiers
        Whether each of the five tiers is listed though nobody is registered for it.

    Returns
    -------
    `section`, `title`, and `roles`: each with `role`, `title`, `holders` and `vacant` (sentences).
    """
    held: dict[str, list[dict[str, Any]]] = {}
    for told in people:
        name = name_feature(register, told["layer"], told["feature"])
        held.setdefault(told["role"], []).append({**told, "feature_name": name})
    vacant: dict[str, list[dict[str, str]]] = {}
    for item in evidence:
        if role := _find_role(item):
            vacant.setdefault(role, []).append({language: item[language] for language in LANGUAGES})
    sections: dict[str, list[dict[str, Any]]] = {}
    for role in _order([*held, *vacant], tiers=tiers):
        known = ROLES.get(role)
        sections.setdefault(_find_section(known), []).append(
            {
                "role": role,
                "title": {"zh": role, "en": known.en if known else role},
                "holders": held.get(role, []),
                "vacant": vacant.get(role, []),
            }
        )
    return [
        {
            "section": section,
            "title": {language: label(f"web.duties.{section}", language) for language in LANGUAGES},
            "roles": sections[section],
        }
        for section in ("tiers", "police", "others")
        if section in sections
    ]


def is_of_duty(item: Told) -> bool:
    """Whether a piece of evidence is told with the duties."""
    return _find_role(item) is not None


def name_feature(register: Register, layer: str, feature: str) -> str:
    """What to call what somebody is on duty for."""
    if layer in AREA_LAYERS:
        return register.grounds[layer].name(feature)
    if layer == "compound":
        return register.compound_names.get(feature) or feature
    return register.group_names.get(feature) or feature


def _find_role(item: Told) -> str | None:
    if item["code"].startswith(VACANT):
        return str(item["data"]["role"])
    return GROUP_LEADERS.get(item["data"]["group_kind"]) if item["code"] == NO_GROUP else None


def _find_section(role: Role | None) -> str:
    if role is not None and role.tier:
        return "tiers"
    return "police" if role is not None and role.is_police else "others"


def _order(roles: Iterable[str], *, tiers: bool) -> list[str]:
    """Without repeats: the tiers from the nearest up, then the others as they are declared."""
    wanted = set(roles) | ({name for name, role in ROLES.items() if role.tier} if tiers else set())
    order = sorted(ROLES, key=lambda name: (-ROLES[name].tier, list(ROLES).index(name)))
    return [*(role for role in order if role in wanted), *sorted(wanted - set(ROLES))]
