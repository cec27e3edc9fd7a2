"""A county's settings: checked as the schema says, and changed with a record of it."""

from __future__ import annotations

import re
from pathlib import Path

from geogrid.coverage.reading import Reading
from geogrid.errors import InvalidOptionError
from geogrid.schema import SETTING_RULES
from geogrid.workspace.audit import Event
from geogrid.workspace.workspace import Workspace

MOST_MINUTES, MOST_METRES = 40, 2_000
"""The longest cutoffs of an official reading: as far as walks are measured."""
BASE_MAP_SUFFIXES = (".mbtiles", ".pmtiles")
TIANDITU_MAPS = ("tianditu-vec", "tianditu-img")
HIDDEN = "••••"
"""Stands for a value that nobody is told."""

_CODE = re.compile(r"\d{6}", re.ASCII)
_TOKEN = re.compile(r"[0-9A-Za-z]*", re.ASCII)


def check_setting(name: str, value: str, folder: Path | None = None) -> str:
    """A value as it is stored.

    Parameters
    ----------
    folder
        Where the county lies, from which the path of a base map counts; None refuses paths: whoever is not
        at the computer must not make it open a file.

    Raises
    ------
    InvalidOptionError
        When there is no such setting, or it cannot have that value.

    >>> check_setting("reading", "minutes:15:elderly"), check_setting("map.mark", " 内部 ")
    ('minutes:15:elderly', '内部')
    """
    rule = SETTING_RULES.get(name)
    if rule is None:
        raise InvalidOptionError(option="NAME", value=name[:40], expected=", ".join(SETTING_RULES))
    value = value.strip()
    if rule.choices and value not in rule.choices:
        raise InvalidOptionError(
            option=name, value=value[:40], expected=" / ".join(one or "“”" for one in rule.choices)
        )
    least = 1 if rule.needed else 0
    if not least <= len(value) <= rule.longest or not value.isprintable():
        expected = f"{least}–{rule.longest} 个可见字符 / characters that can be printed"
        raise InvalidOptionError(option=name, value=_show(value), expected=expected)
    match rule.kind:
        case "reading":
            return _check_reading(value)
        case "code" if not _CODE.fullmatch(value):
            raise InvalidOptionError(
                option=name, value=value, expected="6 位行政区划代码 / 6 digits (350725)"
            )
        case "token" if not _TOKEN.fullmatch(value):
            raise InvalidOptionError(option=name, value=HIDDEN, expected="字母与数字 / letters and digits")
        case "basemap":
            _check_base_map(value, folder)
    return value


def change_setting(
    workspace: Workspace, name: str, value: str, *, actor: str, author: str, folder: Path | None = None
) -> str:
    """Set one setting as a revision of its own, and put it on record; the value as it is stored.

    Parameters
    ----------
    actor
        Whom the record names.
    author
        Whom the history names.

    Raises
    ------
    InvalidOptionError
        As `check_setting`.
    """
    value = check_setting(name, value, folder)
    is_secret = SETTING_RULES[name].is_secret
    before = workspace.settings.get(name, "")
    shown = HIDDEN if is_secret and value else value
    detail = {"before": HIDDEN if is_secret and before else before, "after": shown}
    with workspace.edit(
        author, f"{name} = {shown}", event=Event(actor, "setting", name, detail=detail)
    ) as edit:
        edit.set_setting(name, value)
    return value


def _check_reading(value: str) -> str:
    reading = Reading.parse(value)
    longest = MOST_MINUTES if reading.kind == "minutes" else MOST_METRES
    if reading.cutoff > longest:
        raise InvalidOptionError(option="reading", value=value, expected=f"{reading.kind} ≤ {longest}")
    return str(reading)


def _check_base_map(value: str, folder: Path | None) -> None:
    if not value or value in TIANDITU_MAPS:
        return
    if folder is None:
        raise InvalidOptionError(
            option="map.basemap", value=_show(value), expected=" / ".join(("“”", *TIANDITU_MAPS))
        )
    path = folder / value
    if not (path.is_dir() or (path.is_file() and path.suffix.lower() in BASE_MAP_SUFFIXES)):
        expected = f"文件夹或文件 / a folder, or a file of {', '.join(BASE_MAP_SUFFIXES)}"
        raise InvalidOptionError(option="map.basemap", value=_show(value), expected=expected)


def _show(value: str) -> str:
    return "".join(character if character.isprintable() else "�" for character in value[:40])
