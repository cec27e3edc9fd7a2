"""The people on duty, kept apart from the register that answers are computed from and put in when they are told."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from geogrid.labels import LANGUAGES
from geogrid.responsibility.answer import Duty
from geogrid.responsibility.columns import read_texts
from geogrid.responsibility.register import Register
from geogrid.schema import ROLES
from geogrid.workspace import Workspace
from geogrid.workspace.person import mask_phone
from geogrid.workspace.scope import find_people_in_scope

if TYPE_CHECKING:
    from webmap.county import County
    from webmap.roles import Reader


@dataclass(frozen=True)
class Contact:
    """A person on duty as staff see them; of the private number only that it is there, and its ends."""

    name: str | None
    unit: str | None
    duty_phone: str | None
    is_public: bool
    masked_phone: str | None


@dataclass(frozen=True)
class Sight:
    """What one reader is told of people on one day.

    Attributes
    ----------
    contacts
        Everybody on record, by id.
    people
        The ids that this reader may see; None for all.
    """

    contacts: Mapping[str, Contact]
    people: frozenset[str] | None

    def tell(self, duty: Duty) -> dict[str, Any]:
        """A duty with its role and place, and of its person what the reader may see.

        Without sight of the person only a duty phone that is marked public is told, without a name.
        """
        told: dict[str, Any] = {
            "role": duty.role,
            "title": _title_role(duty.role),
            "layer": duty.layer,
            "feature": duty.feature,
        }
        contact = self.contacts.get(duty.person or "")
        if contact is None:
            return told
        if self.people is None or duty.person in self.people:
            return told | {
                "person": duty.person,
                "name": contact.name,
                "unit": contact.unit,
                "duty_phone": contact.duty_phone,
                "private_phone": contact.masked_phone,
            }
        return told | ({"duty_phone": contact.duty_phone} if contact.is_public and contact.duty_phone else {})


def forget_people(register: Register) -> Register:
    """The register with every name and phone of a person left behind."""
    person = register.tables["person"]
    blank = {column: None for column in person.columns if column != "id"}
    return replace(register, tables={**register.tables, "person": person.assign(**blank)})


def read_contacts(register: Register) -> dict[str, Contact]:
    """The people of a register by id."""
    person = register.tables["person"]
    columns = (read_texts(person, name) for name in ("id", "name", "unit", "duty_phone", "private_phone"))
    public = person["duty_phone_public"].fillna(value=False).astype(bool)
    return {
        key: Contact(name, unit, duty, is_public, mask_phone(private))
        for key, name, unit, duty, private, is_public in zip(*columns, public, strict=True)
        if key
    }


def open_sight(county: County, reader: Reader, day: datetime.date) -> Sight:
    """What a reader is told of the county's people on a day."""
    if not reader.may("see_people"):
        return Sight(county.contacts, frozenset())
    if not reader.scope:
        return Sight(county.contacts, None)
    return Sight(
        county.contacts,
        county.results.find(
            ("in_scope", reader.scope, day), lambda: _find_in_scope(county, reader.scope, day)
        ),
    )


def _find_in_scope(county: County, scope: tuple[str, ...], day: datetime.date) -> frozenset[str]:
    with Workspace.open(county.path, readonly=True) as workspace:
        return frozenset(find_people_in_scope(workspace, scope, day))


def _title_role(role: str) -> dict[str, str]:
    known = ROLES.get(role)
    return {language: known.en if known and language == "en" else role for language in LANGUAGES}
