"""The part of a report on the centres that stand: whom each serves, how full it is, who depends on it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from geogrid.reports.document import Block, CellKind, Figure, Heading, Paragraph, Table, TableColumn
from geogrid.reports.facts import Facts
from geogrid.reports.maps import draw_catchment_map
from geogrid.reports.words import Words, hide_few

COUNTS = ("people", "reach_people", "sole_people")


def tell_centres(facts: Facts, words: Words) -> Iterator[Block]:
    """The centres in a table, a map of their catchments, and which of them nobody depends on alone."""
    yield Heading(1, words("centres"), "centres")
    n, n_redundant = len(facts.centres), int(facts.centres["is_redundant"].sum())
    yield Paragraph(words("centres.intro", n=n, redundant=n_redundant))
    yield Figure(
        "catchments",
        words("centres.map"),
        words("centres.map.alt"),
        partial(draw_catchment_map, facts, words),
    )
    columns = (
        TableColumn("centre", words("column.code")),
        TableColumn("name", words("column.centre")),
        TableColumn("community", words("column.community")),
        TableColumn("n_homes", words("column.homes"), CellKind.COUNT),
        TableColumn("people", words("column.served"), CellKind.COUNT),
        TableColumn("capacity", words("column.capacity"), CellKind.COUNT),
        TableColumn("load", words("column.load"), CellKind.SHARE),
        TableColumn("reach_people", words("column.reach_people"), CellKind.COUNT),
        TableColumn("sole_people", words("column.sole_people"), CellKind.COUNT),
    )
    town = facts.official.town
    communities = dict(zip(town.community["code"], town.community["name"], strict=True))
    records = facts.centres.astype(object).where(facts.centres.notna(), None).to_dict("records")
    rows = [
        {
            **record,
            "community": communities.get(record["community"], record["community"]),
            **{name: hide_few(record[name]) for name in COUNTS},
        }
        for record in records
    ]
    yield Table("centres", words("centres.table"), words("centres"), columns, tuple(rows), bar=None)
    yield Paragraph(words("centres.note"), is_note=True)
