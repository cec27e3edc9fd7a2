"""The part of a report on communities and districts."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import pandas as pd

from geogrid.coverage.doubt import describe_range
from geogrid.coverage.equity import S_PER_MIN
from geogrid.reports.charts import draw_area_bars
from geogrid.reports.document import Block, CellKind, Figure, Heading, Paragraph, Table, TableColumn
from geogrid.reports.facts import Facts
from geogrid.reports.words import Words, hide_few, write_range
from geogrid.schema import LAYERS


def tell_areas(facts: Facts, words: Words) -> Iterator[Block]:
    """Of each community and district: people, ages, who is covered, who is in doubt, how long they walk.

    A report on one area tells of the grids in it instead.
    """
    yield Heading(1, words("areas"), "areas")
    kinds = ("community", "district") if facts.scope.layer is None else ("grid",)
    for kind in kinds:
        rows = list_areas(facts, kind)
        if not rows:
            continue
        title = LAYERS[kind].zh if words.language == "zh" else LAYERS[kind].en
        yield Heading(2, words("areas.kind", kind=title), f"areas-{kind}")
        yield Figure(
            f"bars_{kind}",
            words("areas.bars", kind=title),
            words("areas.bars.alt", kind=title),
            partial(draw_area_bars, rows, words),
        )
        yield area_table(facts, words, kind, rows)
    yield Paragraph(words("areas.note"), is_note=True)


def list_areas(facts: Facts, kind: str) -> list[dict[str, Any]]:
    """One record an area of a kind, in scope, by code; areas without homes are left out."""
    equity = facts.equity[facts.equity["kind"] == kind]
    homes = facts.select_homes(facts.official)
    in_scope = set(homes[kind].dropna())
    names = _name_areas(facts, kind)
    told = []
    for code in sorted(in_scope):
        own = equity[equity["code"] == code].set_index("age")
        if own.empty:
            continue
        status = homes.loc[(homes[kind] == code).to_numpy(bool)]
        people = status["people"].groupby(status["status"]).sum(min_count=1)
        told.append(
            {
                "code": code,
                "name": names.get(code) or code,
                "people": _int(own["people"]["all"]),
                "elderly": _int(own["people"]["60+"]),
                "children": _int(own["people"]["0-14"]),
                "covered": _int(people.get("covered", 0)),
                "not_covered": _int(people.get("not_covered", 0)),
                "unanswered": _int(people.get("unanswered", 0)),
                "share": _real(own["covered_share"]["all"]),
                "elderly_share": _real(own["covered_share"]["60+"]),
                "n_in_doubt": int((status["doubt"] == "in_doubt").sum()),
                "range": _find_range(facts, kind, code),
                "mean_s": _real(own["mean_min"]["all"], S_PER_MIN),
                "p95_s": _real(own["p95_min"]["all"], S_PER_MIN),
            }
        )
    return told


def area_table(facts: Facts, words: Words, kind: str, rows: list[dict[str, Any]]) -> Table:
    """The areas of a kind as a table; small counts of people are hidden."""
    columns = [
        TableColumn("name", words("column.area")),
        *(
            TableColumn(name, words(f"column.{name}"), CellKind.COUNT)
            for name in ("people", "elderly", "children", "covered", "not_covered", "unanswered")
        ),
        TableColumn("share", words("column.share"), CellKind.SHARE),
        TableColumn("n_in_doubt", words("column.n_in_doubt"), CellKind.COUNT),
        TableColumn("mean_s", words("column.mean_min"), CellKind.MINUTES),
        TableColumn("p95_s", words("column.p95_min"), CellKind.MINUTES),
    ]
    if any(row["range"] is not None for row in rows):
        columns.insert(8, TableColumn("range", words("column.range")))
    counts = ("people", "elderly", "children", "covered", "not_covered", "unanswered")
    title = LAYERS[kind].zh if words.language == "zh" else LAYERS[kind].en
    return Table(
        f"by_{kind}",
        words("areas.table", kind=title, reading=facts.official.reading.title(words.language)),
        title,
        tuple(columns),
        tuple(
            {**row, **{name: hide_few(row[name]) for name in counts}, "range": write_range(row["range"])}
            for row in rows
        ),
        bar="share",
    )


def _find_range(facts: Facts, kind: str, code: str) -> dict[str, Any] | None:
    doubt = facts.official.doubt
    if doubt is None or kind == "grid":
        return None
    told = describe_range(doubt, kind, code)
    return None if told["covered_range_90"] is None else told


def _name_areas(facts: Facts, kind: str) -> dict[str, str]:
    frame = getattr(facts.official.town, kind)
    return dict(zip(frame["code"], frame["name"], strict=True))


def _int(value: Any) -> int | None:
    return None if pd.isna(value) else int(value)


def _real(value: Any, factor: float = 1.0) -> float | None:
    return None if pd.isna(value) else float(value) * factor
