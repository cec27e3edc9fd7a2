"""The record of what was done, kept for whoever exports and told in plain words: local time, names, no codes."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from geogrid.labels import label, read_labels
from geogrid.schema import LAYERS, SETTINGS, TABLES
from geogrid.workspace.audit import Event, append_event
from geogrid.workspace.connection import private_path_of
from geogrid.workspace.workspace import Workspace


@dataclass(frozen=True)
class ToldRecord:
    """One record in words: its number, when, who, what was done to what, why, and the rest."""

    id: str
    at: str
    who: str
    what: str
    subject: str
    reason: str
    detail: str


def put_on_record(path: Path, event: Event) -> None:
    """Note what left a county, before it does; nothing for a map that was handed on without its private file."""
    if not private_path_of(path).exists():
        return
    with Workspace.open(path) as workspace, workspace.write_records() as connection:
        append_event(connection, event, datetime.datetime.now(datetime.UTC))


def tell_records(workspace: Workspace, trail: pd.DataFrame, language: str) -> list[ToldRecord]:
    """Records as `read_trail` gives them, in words of one language."""
    teller = _Teller(workspace, language)
    rows = trail.astype(object).where(trail.notna(), "").to_dict("records")
    return [
        ToldRecord(
            id=str(row["id"]),
            at=tell_moment(str(row["at"]), language),
            who=teller.tell_actor(str(row["account"])),
            what=teller.tell_action(str(row["action"])),
            subject=teller.tell_subject(str(row["action"]), str(row["subject"])),
            reason=str(row["reason"]),
            detail=teller.tell_detail(str(row["detail"])),
        )
        for row in rows
    ]


def read_detail(text: str | None) -> dict[str, Any]:
    """The detail of a record as the object it is; empty where there is none."""
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def local_moment(text: str) -> datetime.datetime | None:
    """A moment of the record by the clock of this computer; None for a text that is none."""
    try:
        return datetime.datetime.fromisoformat(text).astimezone()
    except (ValueError, OverflowError):
        return None


def tell_moment(text: str, language: str) -> str:
    """A moment of the record by the clock of this computer, with how far that is from world time, in words.

    A text that is no moment stays as it is.
    """
    moment = local_moment(text)
    if moment is None:
        return text
    seconds = int((moment.utcoffset() or datetime.timedelta()).total_seconds())
    hours = f"{abs(seconds) / 3600:.4g}"
    key = (
        "audit.offset.none"
        if seconds == 0
        else "audit.offset.ahead"
        if seconds > 0
        else "audit.offset.behind"
    )
    return f"{moment:%Y-%m-%d %H:%M:%S}{label(key, language, hours=hours)}"


class _Teller:
    """Puts the parts of records into words; names are read once, when the first record needs them."""

    def __init__(self, workspace: Workspace, language: str) -> None:
        self._workspace, self._language = workspace, language
        self._names: dict[str, dict[str, str]] = {}

    def tell_actor(self, actor: str) -> str:
        if not actor:
            return self._say("audit.nobody")
        kind, _, name = actor.partition(":")
        return self._say("audit.at_computer", name=name) if kind == "os" and name else actor

    def tell_action(self, action: str) -> str:
        return self._find(f"audit.{action}") or action  # an action of a newer version

    def tell_subject(self, action: str, subject: str) -> str:
        if action.startswith("login.") and subject.startswith("?"):
            return self._say("audit.unknown_login")
        if action == "setting":
            return self._title(SETTINGS.get(subject)) or subject
        return self._join(self._tell_one(one) for one in subject.split(",")) if subject else ""

    def tell_detail(self, text: str) -> str:
        colon, semicolon = ("：", "；") if self._language == "zh" else (": ", "; ")
        parts = []
        for key, value in read_detail(text).items():
            told = self._tell_value(key, value)
            if told:
                title = self._find(f"audit.detail.{key}") or self._find(f"roster.{key}") or key
                parts.append(f"{title}{colon}{told}")
        return semicolon.join(parts)

    def _tell_one(self, subject: str) -> str:
        """A thing as records name it: `layer:NAME`, `person#FID`, `revision#N`, `LAYER:CODE`, or by its own name."""
        kind, separator, key = subject.partition("#" if "#" in subject else ":")
        if separator == "#" and kind == "person":
            return self._look_up("person", key) or self._say("audit.erased_person")
        if separator == "#" and kind == "revision":
            note = self._look_up("revision", key)
            return self._say("audit.revision", number=key) + (
                f"（{note}）" if note and self._language == "zh" else f" ({note})" if note else ""
            )
        if separator == ":" and kind == "layer":
            table = LAYERS.get(key) or TABLES.get(key)
            return self._title((table.zh, table.en)) if table else self._find(f"coverage.{key}") or key
        if separator == ":" and kind in LAYERS:
            return self._look_up(kind, key) or key
        return subject

    def _tell_value(self, key: str, value: Any) -> str:
        if value is None or value in ("", [], {}):
            return ""
        if isinstance(value, bool):
            return self._say("cli.yes" if value else "cli.no")
        if isinstance(value, Mapping):
            return self._join(f"{name} {self._tell_value(name, one)}" for name, one in value.items())
        if key == "role":
            return self._find(f"web.role.{value}") or str(value)
        if key == "mode":
            return self._find(f"web.office.mode.{value}") or str(value)
        if key == "scope":
            items = value.split(",") if isinstance(value, str) else value
            return self._join(self._tell_one(str(item)) for item in items)
        if key == "area":
            return self._tell_one(str(value))
        if isinstance(value, list):
            return self._join(str(one) for one in value)
        return str(value)

    def _look_up(self, kind: str, key: str) -> str:
        if kind not in self._names:
            self._names[kind] = self._read_names(kind)
        return self._names[kind].get(key, "")

    def _read_names(self, kind: str) -> dict[str, str]:
        with self._workspace.snapshot() as connection:
            if kind == "person":
                rows = connection.execute("SELECT fid, name FROM private.person").fetchall()
            elif kind == "revision":
                rows = connection.execute("SELECT id, note FROM main.revision").fetchall()
            else:
                key = LAYERS[kind].key
                rows = connection.execute(f'SELECT "{key}", name FROM main."{kind}"').fetchall()
        return {str(key): str(name) for key, name in rows if name}

    def _title(self, titles: tuple[str, str] | None) -> str:
        return "" if titles is None else titles[0 if self._language == "zh" else 1]

    def _join(self, parts: Any) -> str:
        return ("、" if self._language == "zh" else ", ").join(parts)

    def _say(self, key: str, **values: Any) -> str:
        return label(key, self._language, **values)

    def _find(self, key: str) -> str:
        return read_labels()[self._language].get(key, "")
