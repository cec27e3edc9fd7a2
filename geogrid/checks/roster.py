"""Whether every beat has its police and every post of the five tiers somebody on duty."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import geopandas as gpd
import pandas as pd
from shapely.geometry.base import BaseGeometry

from geogrid.checks.references import select_valid
from geogrid.checks.rules import make_finding
from geogrid.findings import Finding
from geogrid.responsibility.columns import read_texts
from geogrid.responsibility.duty import GROUP_LEADERS
from geogrid.schema import ROLES, Role, find_layer


def find_roster_faults(beats: gpd.GeoDataFrame, assignments: pd.DataFrame, on: date) -> list[Finding]:
    """Beats whose police are fewer or more than the roles ask for on a date (1 + 2 + 4).

    A person counts once for a role on a beat, however many rows say so.

    Parameters
    ----------
    beats, assignments
        With ended rows or without: both are narrowed to the date.
    """
    current = select_valid(beats, on)
    present = _group_holders(select_valid(assignments, on))
    findings = []
    for key, place in _list_places(current, "beat"):
        for role in ROLES.values():
            if role.n_per_beat:
                count = len(present.get((role.name, "beat", key), ()))
                if count != role.n_per_beat:
                    findings.append(
                        make_finding(
                            "roster.too_few" if count < role.n_per_beat else "roster.too_many",
                            "beat",
                            [key],
                            place=place,
                            size=float(abs(count - role.n_per_beat)),
                            role=_name_role(role),
                            count=count,
                            expected=role.n_per_beat,
                        )
                    )
    return findings


def find_vacant_posts(
    layers: Mapping[str, gpd.GeoDataFrame], tables: Mapping[str, pd.DataFrame], on: date
) -> list[Finding]:
    """Features of the five tiers that nobody leads on a date, told apart by whether somebody did before.

    Parameters
    ----------
    layers, tables
        Those given are looked into; `assignment` with its ended rows, so that expiry can be told.
    """
    assignments = tables["assignment"]
    present = _group_holders(select_valid(assignments, on))
    last_days = _find_last_days(assignments, on)
    findings = []
    for role in ROLES.values():
        frame = layers.get(role.layer, tables.get(role.layer))
        if not role.tier or frame is None:
            continue
        led = select_valid(frame, on)
        if role.layer == "group":
            led = led[[GROUP_LEADERS.get(kind or "") == role.name for kind in read_texts(led, "kind")]]
        for key, place in _list_places(led, role.layer):
            post = (role.name, role.layer, key)
            if post not in present:
                findings.append(
                    make_finding(
                        "roster.expired" if post in last_days else "roster.vacant",
                        role.layer,
                        [key],
                        place=place,
                        role=_name_role(role),
                        last_day=last_days.get(post, ""),
                    )
                )
    return findings


def find_role_faults(assignments: pd.DataFrame, on: date) -> list[Finding]:
    """Current duties in a role that is not known, or held for a layer that the role is not for."""
    current = select_valid(assignments, on)
    columns = (read_texts(current, name) for name in ("id", "role", "layer"))
    return [
        make_finding(
            "roster.role",
            "assignment",
            [key or "?"],
            role=name,
            found=layer,
            known="、".join(other for other, role in ROLES.items() if role.layer == layer) or "–",
        )
        for key, name, layer in zip(*columns, strict=True)
        if name not in ROLES or ROLES[name].layer != layer
    ]


Post = tuple[str, str, str]
"""Role, layer and feature."""


def _group_holders(assignments: pd.DataFrame) -> dict[Post, set[str]]:
    found: dict[Post, set[str]] = {}
    columns = (read_texts(assignments, name) for name in ("role", "layer", "feature", "person"))
    for role, layer, feature, person in zip(*columns, strict=True):
        if role and layer and feature and person:
            found.setdefault((role, layer, feature), set()).add(person)
    return found


def _find_last_days(assignments: pd.DataFrame, on: date) -> dict[Post, str]:
    """The last day on which each post that was held before the date was held."""
    found: dict[Post, str] = {}
    columns = (read_texts(assignments, name) for name in ("role", "layer", "feature", "valid_to"))
    for role, layer, feature, valid_to in zip(*columns, strict=True):
        if role and layer and feature and valid_to and valid_to < on.isoformat():
            post = (role, layer, feature)
            found[post] = max(valid_to, found.get(post, ""))
    return found


def _list_places(frame: pd.DataFrame, layer: str) -> list[tuple[str, BaseGeometry | None]]:
    keys = read_texts(frame, find_layer(layer).key)
    places = list(frame.geometry) if isinstance(frame, gpd.GeoDataFrame) else [None] * len(frame)
    return [(key, place) for key, place in zip(keys, places, strict=True) if key]


def _name_role(role: Role) -> dict[str, str]:
    return {"zh": role.name, "en": role.en}
