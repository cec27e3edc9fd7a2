"""The part of a report on gaps: who is not reached, why, who answers for them and what would help."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import pandas as pd

from geogrid.coverage.equity import S_PER_MIN
from geogrid.coverage.gaps import describe_gaps
from geogrid.reports.document import Block, CellKind, Figure, Heading, Paragraph, Table, TableColumn
from geogrid.reports.facts import Facts
from geogrid.reports.maps import draw_gap_map
from geogrid.reports.words import Words, hide_few, write_count

_KINDS = {
    **dict.fromkeys(("people", "elderly", "children", "homes"), CellKind.COUNT),
    "minutes": CellKind.MINUTES,
}
GAP_COLUMNS = (
    "gap",
    "community",
    "district",
    "grid",
    "people",
    "elderly",
    "children",
    "homes",
    "reason",
    "nearest_centre",
    "minutes",
    "answers",
)
LARGEST_GAP_COLUMNS = ("gap", "community", "people", "homes", "reason", "nearest_centre", "minutes")


def tell_gaps(facts: Facts, words: Words, closers: Mapping[str, str]) -> Iterator[Block]:
    """All gaps in a table, then each with its map and what would close it.

    Parameters
    ----------
    closers
        Gap -> a sentence on what would close it, where that was computed.
    """
    yield Heading(1, words("gaps"), "gaps")
    if facts.gaps.empty:
        yield Paragraph(words("gaps.none"))
        return
    yield Paragraph(words("gaps.intro", n=f"{len(facts.gaps):,}"))
    yield gap_table(facts, words)
    names = name_areas(facts)
    for gap in describe_gaps(facts.gaps):
        number = gap["id"].removeprefix("gap-")
        yield Heading(2, words("gap", number=number, where=tell_where(gap, names, words)), gap["id"])
        yield Paragraph(tell_gap(gap, names, words))
        yield Paragraph(closers.get(gap["id"]) or words(f"gap.remedy.{gap['reason']}"))
        yield Figure(
            f"map_{gap['id']}",
            words("gap.map", number=number),
            words("gap.map.alt", number=number),
            partial(draw_gap_map, facts, gap["id"], words),
            width_mm=120.0,
        )


def gap_table(facts: Facts, words: Words) -> Table:
    """All gaps as a table, the largest first; small counts of people are hidden."""
    return Table(
        "gaps",
        words("gaps.table"),
        words("gaps.sheet"),
        _list_columns(words, GAP_COLUMNS),
        _list_rows(facts, words),
    )


def largest_gap_table(facts: Facts, words: Words, n: int) -> Table:
    """The largest gaps in few columns, for a first page."""
    columns = _list_columns(words, LARGEST_GAP_COLUMNS)
    rows = _list_rows(facts, words)[:n]
    return Table("largest_gaps", words("gaps.largest", n=n), words("gaps.largest", n=n), columns, rows)


def _list_columns(words: Words, names: Sequence[str]) -> tuple[TableColumn, ...]:
    return tuple(
        TableColumn(name, words(f"column.{name}"), _KINDS.get(name, CellKind.TEXT)) for name in names
    )


def _list_rows(facts: Facts, words: Words) -> tuple[dict[str, Any], ...]:
    names = name_areas(facts)
    return tuple(
        {
            "gap": gap["id"].removeprefix("gap-"),
            **{
                layer: names[layer].get(gap[layer], gap[layer]) for layer in ("community", "district", "grid")
            },
            **{name: hide_few(gap[name]) for name in ("people", "elderly", "children")},
            "homes": gap["n_homes"],
            "reason": words.of(f"web.reason.{gap['reason']}"),
            "nearest_centre": names["centre"].get(gap["nearest_centre"], gap["nearest_centre"]),
            "minutes": gap["walk_s"],
            "answers": words("gap.answers.short") if gap["grid"] else None,
        }
        for gap in describe_gaps(facts.gaps)
    )


def name_areas(facts: Facts) -> dict[str, dict[Any, str]]:
    """Layer -> key -> name, for areas and centres."""
    town = facts.official.town
    names = {
        layer: dict(zip(getattr(town, layer)["code"], getattr(town, layer)["name"], strict=True))
        for layer in ("community", "district", "grid")
    }
    layout = facts.official.layout
    centres = zip(layout.centre_id.astype(str), layout.centre_name, strict=True)
    names["centre"] = {key: str(name) for key, name in centres if name and not pd.isna(name)}
    return names


def tell_where(gap: Mapping[str, Any], names: Mapping[str, Mapping[Any, str]], words: Words) -> str:
    """The areas that hold most of a gap's people."""
    parts = [
        names[layer].get(gap[layer], str(gap[layer])) for layer in ("community", "district") if gap[layer]
    ]
    return " · ".join(parts) or words("gap.outside")


def tell_gap(gap: Mapping[str, Any], names: Mapping[str, Mapping[Any, str]], words: Words) -> str:
    """Who is in a gap, how far their nearest centre is and why, and who answers for them."""
    known = gap["people"] is not None
    grid = names["grid"].get(gap["grid"], gap["grid"]) if gap["grid"] else None
    return words(
        "gap.people" if known else "gap.homes",
        people=write_count(gap["people"]),
        elderly=write_count(gap["elderly"]),
        children=write_count(gap["children"]),
        homes=f"{gap['n_homes']:,}",
        centre=names["centre"].get(gap["nearest_centre"], gap["nearest_centre"]) or "—",
        minutes="—" if pd.isna(gap["walk_s"]) else f"{gap['walk_s'] / S_PER_MIN:.1f}",
        reason=words.of(f"web.reason.{gap['reason']}"),
    ) + (words("gap.answers", grid=grid) if grid else "")
