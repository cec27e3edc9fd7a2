"""Which features the rows of a roster mean: by key, by name, a beat also by its community."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

import pandas as pd

from geogrid.errors import Fault
from geogrid.io.roster import Roster, RosterRow
from geogrid.responsibility.columns import read_texts
from geogrid.responsibility.duty import GROUP_LEADERS
from geogrid.schema import KIND_LAYERS, ROLES, Role, find_layer

TIER_KINDS = {"district": "片区长", "lane": "街巷长", "grid": "邻里长", "楼栋组": "楼栋长", "户组": "户组长"}
"""Layer, or kind of group -> the tier that 网格长 means there."""


def resolve_posts(
    roster: Roster, frames: Mapping[str, pd.DataFrame], faults: list[Fault]
) -> dict[int, tuple[str, str, str]]:
    """What each row of a roster is held for: row -> role, layer and key of the feature.

    Parameters
    ----------
    frames
        The layers and the table of groups that roles are held for, of one day.
    faults
        Takes up the rows of which it cannot be told.
    """
    names = {layer: _index_names(frame, layer) for layer, frame in frames.items()}
    posts = {}
    for row in roster.rows:
        found = _resolve_role(row)
        if isinstance(found, Fault):
            faults.append(found)
            continue
        keys = _find_features(row, found, frames, names)
        if len(keys) == 1:
            posts[row.row] = (found.name, found.layer, keys[0])
            continue
        title = find_layer(found.layer)
        if keys:
            listed = ", ".join(keys[:5])
            faults.append(
                Fault(
                    f"有 {len(keys)} 个{title.zh}叫“{row.area[:40]}”（{listed}），请填代码",
                    f"{len(keys)} {title.en} are called “{row.area[:40]}” ({listed}): enter the code",
                    row.row,
                    "area",
                )
            )
        else:
            faults.append(
                Fault(
                    f"没有名称或代码为“{row.area[:40]}”的现行{title.zh}",
                    f"no current one of the {title.en} has the name or code “{row.area[:40]}”",
                    row.row,
                    "area",
                )
            )
    return posts


def _resolve_role(row: RosterRow) -> Role | Fault:
    layer = KIND_LAYERS[row.kind] if row.kind else None
    if row.role is None:
        tier = TIER_KINDS.get(row.kind or "") or TIER_KINDS.get(layer or "")
        if tier is None:
            return Fault(
                "“网格长”分五级，请填具体职务，或填区域类别",
                "网格长 has five tiers: name the tier, or the kind of area",
                row.row,
                "role",
            )
        return ROLES[tier]
    role = ROLES[row.role]
    is_of_group = role.layer != "group" or row.kind is None or GROUP_LEADERS.get(row.kind) == role.name
    by_community = role.layer == "beat" and layer == "community"
    if layer is not None and ((layer != role.layer and not by_community) or not is_of_group):
        title = find_layer(role.layer)
        return Fault(
            f"职务“{role.name}”对应{title.zh}，不是{row.kind}",
            f"{role.name} is a role for {title.en}, not for {row.kind}",
            row.row,
            "kind",
        )
    return role


def _index_names(frame: pd.DataFrame, layer: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    columns = (read_texts(frame, name) for name in (find_layer(layer).key, "name"))
    for key, name in zip(*columns, strict=True):
        if key and name:
            found.setdefault(_plain(name), []).append(key)
    return found


def _find_features(
    row: RosterRow,
    role: Role,
    frames: Mapping[str, pd.DataFrame],
    names: Mapping[str, Mapping[str, list[str]]],
) -> list[str]:
    """The keys of the features that a row can mean: by key, by name, and a beat by its community."""
    frame = frames[role.layer]
    if row.area in set(frame[find_layer(role.layer).key]):
        return [row.area]
    keys = list(names[role.layer].get(_plain(row.area), ()))
    if role.layer == "group":
        kinds = dict(zip(frame["id"], read_texts(frame, "kind"), strict=True))
        keys = [key for key in keys if GROUP_LEADERS.get(kinds[key] or "") == role.name]
    if not keys and role.layer == "beat":
        codes = {row.area, *names["community"].get(_plain(row.area), ())}
        communities = zip(frame["code"], read_texts(frame, "community"), strict=True)
        keys = [code for code, community in communities if community in codes]
    return keys


def _plain(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())
