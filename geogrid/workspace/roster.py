"""A roster into a county: what it would change, told first; then all of it as one revision, or nothing."""

from __future__ import annotations

import datetime
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

import pandas as pd

from geogrid.errors import Fault, FileContentError, RosterConflictError
from geogrid.io.roster import OPEN, Roster, RosterRow
from geogrid.responsibility.columns import read_texts
from geogrid.schema import ERASED_PREFIX, ROLES, find_layer
from geogrid.workspace.audit import Event, append_event
from geogrid.workspace.posts import resolve_posts
from geogrid.workspace.workspace import Workspace

PERSON_FIELDS = ("name", "unit", "duty_phone", "duty_phone_public", "private_phone")


class Missing(StrEnum):
    """What becomes of duties on record, of the roles that the file has, which the file does not have."""

    KEEP = "keep"
    END = "end"


class ChangeKind(StrEnum):
    """What a row of the file does to the record."""

    ADDED = "added"
    CHANGED = "changed"
    ENDED = "ended"
    UNCHANGED = "unchanged"
    CONFLICT = "conflict"


@dataclass(frozen=True)
class RosterChange:
    """One line of the preview.

    Attributes
    ----------
    row
        Of the file; None for a duty that the file does not have.
    role, layer, feature
        The duty; empty for a change of the person alone.
    what
        Key of its words under `roster.<what>`.
    told
        What fills those words: field names, dates, ids; never a telephone number.
    """

    kind: ChangeKind
    row: int | None
    name: str
    role: str
    layer: str
    feature: str
    what: str
    told: str = ""


@dataclass
class RosterPlan:
    """What a roster would do; made by `plan_roster` from one revision and good for that one alone."""

    revision: int
    changes: list[RosterChange] = field(default_factory=list)
    new_people: list[dict[str, Any]] = field(default_factory=list)
    changed_people: list[tuple[str, int, dict[str, Any]]] = field(default_factory=list)
    new_duties: list[dict[str, Any]] = field(default_factory=list)
    changed_duties: list[tuple[str, int, dict[str, Any]]] = field(default_factory=list)
    dropped_duties: list[tuple[str, int]] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        """How many changes there are of each kind."""
        return {kind.value: sum(one.kind is kind for one in self.changes) for kind in ChangeKind}

    @property
    def has_conflicts(self) -> bool:
        """Whether it cannot be written as it is."""
        return any(one.kind is ChangeKind.CONFLICT for one in self.changes)

    @property
    def is_empty(self) -> bool:
        """Whether it would write nothing."""
        return not (
            self.new_people
            or self.changed_people
            or self.new_duties
            or self.changed_duties
            or self.dropped_duties
        )


@dataclass(frozen=True)
class _Duty:
    """A duty on record."""

    id: str
    version: int
    person: str
    post: tuple[str, str, str]
    valid_from: str | None
    valid_to: str | None

    def runs(self, day: str) -> bool:
        return self.valid_to is None or self.valid_to >= day


@dataclass
class _Person:
    """Somebody in the file: what its rows say together, and who on record it is."""

    rows: list[RosterRow]
    given_id: str | None
    values: dict[str, Any]
    id: str | None = None


# --- planning --------------------------------------------------------------------------------


def plan_roster(workspace: Workspace, roster: Roster, missing: Missing, on: datetime.date) -> RosterPlan:
    """What a roster would change on a day.

    People are known again by their id where the file gives one, else by name, unit and duty phone
    together. Somebody with the name, and the unit or the phone, of somebody on record who is not
    in the file otherwise is a conflict: the file must say by an id who is meant.

    Raises
    ------
    FileContentError
        When an area is not known or not clear, a role does not go with it, or rows contradict each other.
    """
    with workspace.snapshot():
        revision = workspace.revision
        frames = {role.layer: workspace.read(role.layer, on=on) for role in ROLES.values()}
        people = workspace.read("person")
        duties = _read_duties(workspace.read("assignment", ended=True))
    faults: list[Fault] = []
    posts = resolve_posts(roster, frames, faults)
    found = _group_people(roster, faults)
    plan = RosterPlan(revision)
    _match_people(found, people, plan)
    _plan_people(found, people, plan)
    _plan_duties(found, posts, duties, on, missing, plan, faults)
    if faults:
        raise FileContentError(roster.file, sorted(faults, key=lambda fault: fault.row or 0))
    plan.changes.sort(key=lambda one: (one.row is None, one.row or 0))
    return plan


def _read_duties(frame: pd.DataFrame) -> list[_Duty]:
    names = ("id", "person", "role", "layer", "feature", "valid_from", "valid_to")
    columns = [read_texts(frame, name) for name in names]
    return [
        _Duty(key or "", int(version), person or "", (role or "", layer or "", feature or ""), begun, ended)
        for version, key, person, role, layer, feature, begun, ended in zip(
            frame["version"], *columns, strict=True
        )
    ]


def _group_people(roster: Roster, faults: list[Fault]) -> list[_Person]:
    """The people of the file, each with all their rows."""
    by_id: dict[str, _Person] = {}
    for row in roster.rows:
        if row.person is None:
            continue
        given = {name: getattr(row, name) for name in PERSON_FIELDS}
        known = by_id.setdefault(row.person, _Person([], row.person, given))
        for name, value in given.items():
            if value is not None and known.values[name] not in (None, value):
                faults.append(
                    Fault(
                        f"与第 {known.rows[0].row} 行编号相同而内容不同",
                        f"has the id of row {known.rows[0].row} with another value",
                        row.row,
                        name,
                    )
                )
            known.values[name] = value if known.values[name] is None else known.values[name]
        known.rows.append(row)
    by_traits: dict[tuple[Any, ...], list[_Person]] = {}
    for person in by_id.values():
        by_traits.setdefault(_traits(person.values), []).append(person)
    for row in roster.rows:
        if row.person is None:
            given = {name: getattr(row, name) for name in PERSON_FIELDS}
            same = by_traits.setdefault(_traits(given), [])
            if not same:
                same.append(_Person([], None, given))
            # With two ids for the same traits the row stays with the first: both are told apart by id.
            same[0].rows.append(row)
            for name, value in given.items():
                same[0].values[name] = value if same[0].values[name] is None else same[0].values[name]
    listed = {id(person): person for group in by_traits.values() for person in group}
    return list(listed.values())


def _traits(values: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(values[name] or None for name in ("name", "unit", "duty_phone"))


def _match_people(found: list[_Person], people: pd.DataFrame, plan: RosterPlan) -> None:
    """Say who on record each one is; whoever may be somebody on record is a conflict."""
    traits = {
        key: tuple(rest)
        for key, *rest in zip(
            *(read_texts(people, n) for n in ("id", "name", "unit", "duty_phone")), strict=True
        )
        if key and not key.startswith(ERASED_PREFIX)
    }
    for person in found:
        if person.given_id is not None:
            person.id = person.given_id
            continue
        same = [key for key, known in traits.items() if known == _traits(person.values)]
        if len(same) == 1:
            person.id = same[0]
        elif same:
            _add_conflict(plan, person, "several", same)
    met = {person.id for person in found if person.id}
    in_conflict = {one.row for one in plan.changes}
    for person in found:
        if person.id is None and person.rows[0].row not in in_conflict:
            name, unit, phone = _traits(person.values)
            alike = [
                key
                for key, known in traits.items()
                if key not in met
                and known[0] == name
                and ((known[1] == unit and unit) or (known[2] == phone and phone) or not (unit and known[1]))
            ]
            if alike:
                _add_conflict(plan, person, "alike", alike)


def _add_conflict(plan: RosterPlan, person: _Person, what: str, keys: Sequence[str]) -> None:
    first = person.rows[0]
    told = ", ".join(keys[:5])
    plan.changes.append(
        RosterChange(ChangeKind.CONFLICT, first.row, first.name, "", "", "", f"person_{what}", told)
    )


def _plan_people(found: list[_Person], people: pd.DataFrame, plan: RosterPlan) -> None:
    known = {row["id"]: row for row in people.astype(object).where(people.notna(), None).to_dict("records")}
    for person in found:
        first = person.rows[0]
        row = known.get(person.id)
        if row is not None and person.id is not None:
            differing = {
                name: value
                for name, value in person.values.items()
                if value is not None and row[name] != value
            }
            if differing:
                plan.changed_people.append((person.id, int(row["version"]), differing))
                told = ", ".join(differing)
                plan.changes.append(
                    RosterChange(
                        ChangeKind.CHANGED, first.row, first.name, "", "", "", "person_changed", told
                    )
                )
            continue
        if person.id is None:
            person.id = f"P-{secrets.token_hex(4)}"
        plan.new_people.append({"id": person.id, **person.values})


def _plan_duties(
    found: list[_Person],
    posts: Mapping[int, tuple[str, str, str]],
    duties: list[_Duty],
    on: datetime.date,
    missing: Missing,
    plan: RosterPlan,
    faults: list[Fault],
) -> None:
    day = on.isoformat()
    by_post: dict[tuple[str, tuple[str, str, str]], list[_Duty]] = {}
    for duty in duties:
        by_post.setdefault((duty.person, duty.post), []).append(duty)
    met: set[str] = set()
    added: dict[tuple[str, str], list[str]] = {}
    for person in found:
        periods: dict[tuple[str, str, str], list[RosterRow]] = {}
        for row in person.rows:
            if row.row not in posts:
                continue
            post = posts[row.row]
            if _is_repeated(row, periods.setdefault(post, []), faults):
                continue
            candidates = [d for d in by_post.get((person.id or "", post), ()) if d.id not in met]
            meant = _find_duty(row, candidates, day)
            if meant is not None:
                met.add(meant.id)
                _plan_dates(row, meant, day, plan)
                continue
            begun = row.valid_from or (day if by_post.get((person.id or "", post)) else None)
            ended = None if row.valid_to in (None, OPEN) else row.valid_to
            plan.new_duties.append(
                {
                    "id": f"A-{secrets.token_hex(6)}",
                    "person": person.id,
                    "role": post[0],
                    "layer": post[1],
                    "feature": post[2],
                    "valid_from": begun,
                    "valid_to": ended,
                }
            )
            added.setdefault((person.id or "", post[0]), []).append(begun or day)
            plan.changes.append(
                RosterChange(ChangeKind.ADDED, row.row, row.name, *post, "duty_added", _span(begun, ended))
            )
    if missing is Missing.END:
        roles = {post[0] for post in posts.values()}
        names = {person.id: person.values["name"] for person in found}
        for duty in duties:
            if duty.runs(day) and duty.post[0] in roles and duty.id not in met:
                followed = added.get((duty.person, duty.post[0]), [])
                _plan_end(duty, followed, names.get(duty.person) or duty.person, on, plan)


def _is_repeated(row: RosterRow, before: list[RosterRow], faults: list[Fault]) -> bool:
    """Whether an earlier row says the same; one that contradicts it by its dates is a fault."""
    for other in before:
        if (other.valid_from, other.valid_to) == (row.valid_from, row.valid_to):
            return True
        if _overlaps(row, other.valid_from, None if other.valid_to in (None, OPEN) else other.valid_to):
            faults.append(
                Fault(
                    f"与第 {other.row} 行是同一任职而日期重叠",
                    f"is the duty of row {other.row} with other dates that overlap",
                    row.row,
                    "valid_from",
                )
            )
            return True
    before.append(row)
    return False


def _overlaps(row: RosterRow, begun: str | None, ended: str | None) -> bool:
    last = None if row.valid_to in (None, OPEN) else row.valid_to
    return (last is None or begun is None or begun <= last) and (
        ended is None or row.valid_from is None or row.valid_from <= ended
    )


def _find_duty(row: RosterRow, candidates: list[_Duty], day: str) -> _Duty | None:
    """The duty on record that a row means: the one it describes, else the running one it corrects."""

    def fits(duty: _Duty) -> bool:
        begun = row.valid_from is None or row.valid_from == duty.valid_from
        ended = row.valid_to is None or (None if row.valid_to == OPEN else row.valid_to) == duty.valid_to
        return begun and ended and (duty.runs(day) or row.valid_to is not None)

    ordered = sorted(candidates, key=lambda duty: (not duty.runs(day), duty.valid_from or "", duty.id))
    exact = next((duty for duty in ordered if fits(duty)), None)
    if exact is not None:
        return exact
    same_start = [duty for duty in ordered if row.valid_from and row.valid_from == duty.valid_from]
    running = [duty for duty in ordered if duty.runs(day) and _overlaps(row, duty.valid_from, duty.valid_to)]
    return next(iter([*same_start, *running]), None)


def _plan_dates(row: RosterRow, duty: _Duty, day: str, plan: RosterPlan) -> None:
    begun = row.valid_from or duty.valid_from
    ended = duty.valid_to if row.valid_to is None else None if row.valid_to == OPEN else row.valid_to
    told = _span(begun, ended)
    if (begun, ended) == (duty.valid_from, duty.valid_to):
        plan.changes.append(
            RosterChange(ChangeKind.UNCHANGED, row.row, row.name, *duty.post, "duty_unchanged", told)
        )
        return
    plan.changed_duties.append((duty.id, duty.version, {"valid_from": begun, "valid_to": ended}))
    is_ended = ended is not None and ended < day and duty.runs(day)
    kind = ChangeKind.ENDED if is_ended else ChangeKind.CHANGED
    told = f"{_span(duty.valid_from, duty.valid_to)} → {told}"
    plan.changes.append(RosterChange(kind, row.row, row.name, *duty.post, "duty_dates", told))


def _plan_end(duty: _Duty, followed: Sequence[str], name: str, on: datetime.date, plan: RosterPlan) -> None:
    """End a duty the day before the one that follows it in the same role, or the day before today."""
    next_day = min((day for day in followed if day > (duty.valid_from or "")), default=on.isoformat())
    last = (datetime.date.fromisoformat(next_day) - datetime.timedelta(days=1)).isoformat()
    what = "duty_moved" if followed else "duty_missing"
    change = RosterChange(ChangeKind.ENDED, None, name, *duty.post, what, last)
    if duty.valid_from is not None and duty.valid_from > last:
        plan.dropped_duties.append((duty.id, duty.version))
        change = replace(change, what="duty_dropped")
    else:
        plan.changed_duties.append((duty.id, duty.version, {"valid_to": last}))
    plan.changes.append(change)


def _span(begun: str | None, ended: str | None) -> str:
    return f"{begun or '…'}/{ended or '…'}"


# --- writing ---------------------------------------------------------------------------------


def apply_roster(
    workspace: Workspace, plan: RosterPlan, *, actor: str, at: datetime.datetime | None = None
) -> int | None:
    """Write a plan as one revision, with its record; the revision, or None when nothing changes.

    Raises
    ------
    RosterConflictError
        When the plan holds conflicts.
    RevisionConflictError
        When somebody changed the county since it was made.
    """
    if plan.has_conflicts:
        raise RosterConflictError(count=plan.counts[ChangeKind.CONFLICT])
    if plan.is_empty:
        return None
    now = at or datetime.datetime.now(datetime.UTC)
    # The note stands in the map file: no name of a file, which could be that of a person.
    with workspace.edit(actor, "import-roster") as edit:
        edit.require_revision(plan.revision)
        connection = edit.connection
        if plan.new_people:
            edit.insert("person", _frame("person", plan.new_people))
        if plan.new_duties:
            edit.insert("assignment", _frame("assignment", plan.new_duties))
        for table, changed in (("person", plan.changed_people), ("assignment", plan.changed_duties)):
            for key, version, values in changed:
                assignments = ", ".join(f"{name} = ?" for name in values)
                stored = [int(value) if isinstance(value, bool) else value for value in values.values()]
                connection.execute(
                    f"UPDATE private.{table} SET {assignments}, version = version + 1"
                    " WHERE id = ? AND version = ?",
                    (*stored, key, version),
                )
        connection.executemany(
            "DELETE FROM private.assignment WHERE id = ? AND version = ?", plan.dropped_duties
        )
        append_event(connection, Event(actor, "roster.import", "", None, plan.counts), now)
    return workspace.revision


def _frame(table: str, rows: list[dict[str, Any]]) -> pd.DataFrame:
    names = [name for name in find_layer(table).column_names if name in rows[0]]
    return pd.DataFrame({name: pd.Series([row[name] for row in rows], dtype=object) for name in names})
