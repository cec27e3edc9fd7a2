"""The county's register of places and duties, without the people who hold them."""

from __future__ import annotations

from dataclasses import replace

from geogrid.responsibility.register import Register


def forget_people(register: Register) -> Register:
    """The register with every name and phone of a person left behind."""
    person = register.tables["person"]
    blank = {column: None for column in person.columns if column != "id"}
    return replace(register, tables={**register.tables, "person": person.assign(**blank)})
