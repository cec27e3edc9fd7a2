"""The first page of a report: what is filed, at a glance."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from geogrid.coverage.assess import Coverage
from geogrid.coverage.doubt import describe_range
from geogrid.coverage.summary import count_homes, count_people
from geogrid.reports.document import (
    Block,
    Bullets,
    CellKind,
    Figure,
    Heading,
    KeyFigure,
    KeyFigures,
    Paragraph,
    Table,
    TableColumn,
)
from geogrid.reports.facts import Facts
from geogrid.reports.gaps import largest_gap_table
from geogrid.reports.maps import draw_coverage_map
from geogrid.reports.proposals import list_advice
from geogrid.reports.words import Words, hide_few, write_count, write_range, write_share

N_LARGEST_GAPS = 5
FRONT_MAP_MM = 128.0


def tell_front(facts: Facts, words: Words) -> Iterator[Block]:
    """The sentence that is filed, its key figures, the readings side by side, a map, the largest gaps."""
    yield Heading(1, words("front"), "front")
    yield Paragraph(tell_share(facts, words), is_lead=True)
    yield key_figures(facts, words)
    if facts.earlier is not None:
        yield Paragraph(_tell_change(facts, facts.earlier, words))
    yield reading_table(facts, words)
    yield Paragraph(words("readings.note"), is_note=True)
    yield Figure(
        "map",
        words("map", reading=facts.official.reading.title(words.language)),
        words("map.alt"),
        partial(draw_coverage_map, facts, words),
        width_mm=FRONT_MAP_MM,
    )
    if len(facts.gaps):
        yield largest_gap_table(facts, words, N_LARGEST_GAPS)
    advice = list_advice(facts, words)
    if advice:
        yield Paragraph(words("advice"))
        yield Bullets(advice)


def scope_name(facts: Facts) -> str:
    """The name of what is reported."""
    return facts.scope.name or facts.subject.name


def tell_share(facts: Facts, words: Words) -> str:
    """The sentence that is filed: by which reading, how many of how many, and the range."""
    homes = facts.select_homes(facts.official)
    people, counts = count_people(homes), count_homes(homes)
    reading = facts.official.reading.title(words.language)
    if people["total"] is None:
        return words(
            "share.homes",
            name=scope_name(facts),
            reading=reading,
            total=write_count(counts["total"]),
            covered=write_count(counts["covered"]),
            share=write_share(counts["covered"], counts["total"]),
            left=write_count(counts["not_covered"]),
            unanswered=write_count(counts["unanswered"]),
        )
    return words(
        "share.people",
        name=scope_name(facts),
        reading=reading,
        total=write_count(people["total"]),
        covered=write_count(people["covered"]),
        share=write_share(people["covered"], people["total"]),
        left=write_count(people["not_covered"]),
        unanswered=write_count(people["unanswered"]),
        range=write_range(find_range(facts)),
    )


def find_range(facts: Facts) -> dict[str, Any] | None:
    """The 90 % range of the people covered in scope; None where doubt or people are unknown."""
    doubt = facts.official.doubt
    if doubt is None:
        return None
    kind, code = facts.scope.layer or "county", facts.scope.code
    told = describe_range(doubt, kind, code)
    return None if told["covered_range_90"] is None else told


def key_figures(facts: Facts, words: Words) -> KeyFigures:
    """The numbers that are read first."""
    homes = facts.select_homes(facts.official)
    people, counts = count_people(homes), count_homes(homes)
    unit = "homes" if people["total"] is None else "people"
    told = counts if people["total"] is None else people
    n_doubt = int((homes["doubt"] == "in_doubt").sum())
    ends = find_range(facts)
    figures = [
        KeyFigure(
            write_share(told["covered"], told["total"]),
            words(f"key.share_{unit}"),
            "" if ends is None else words("key.range", range=write_range(ends)),
        ),
        KeyFigure(write_count(told["covered"]), words(f"key.covered_{unit}")),
        KeyFigure(write_count(told["not_covered"]), words(f"key.not_covered_{unit}")),
        KeyFigure(write_count(told["unanswered"]), words(f"key.unanswered_{unit}")),
        KeyFigure(f"{n_doubt:,}", words("key.in_doubt")),
        KeyFigure(f"{len(facts.gaps):,}", words("key.gaps")),
    ]
    return KeyFigures(tuple(figures))


def reading_table(facts: Facts, words: Words) -> Table:
    """The readings side by side, with what circles of the same cutoff would have claimed."""
    columns = (
        TableColumn("reading", words("column.reading")),
        TableColumn("total", words("column.people"), CellKind.COUNT),
        TableColumn("covered", words("column.covered"), CellKind.COUNT),
        TableColumn("not_covered", words("column.not_covered"), CellKind.COUNT),
        TableColumn("unanswered", words("column.unanswered"), CellKind.COUNT),
        TableColumn("share", words("column.share"), CellKind.SHARE),
        TableColumn("circle_share", words("column.circle_share"), CellKind.SHARE),
    )
    rows = []
    for coverage, circle in zip(facts.coverages, facts.circles, strict=True):
        told, claimed = _count(facts, coverage), circle.people
        if told["total"] is not None and count_people(facts.select_homes(coverage))["total"] is None:
            claimed = circle.n_homes
        mark = words("official") if coverage is facts.official else ""
        rows.append(
            {
                "reading": coverage.reading.title(words.language) + mark,
                **{name: hide_few(told[name]) for name in ("total", "covered", "not_covered", "unanswered")},
                "share": _divide(told["covered"], told["total"]),
                "circle_share": _divide(claimed, told["total"]),
            }
        )
    return Table("readings", words("readings"), words("readings"), columns, tuple(rows), bar="share")


def _count(facts: Facts, coverage: Coverage) -> dict[str, int | None]:
    """People in scope by status; homes where no people are known."""
    homes = facts.select_homes(coverage)
    people = count_people(homes)
    return dict(count_homes(homes)) if people["total"] is None else people


def _divide(part: int | None, whole: int | None) -> float | None:
    return part / whole if whole and part is not None else None


def _tell_change(facts: Facts, earlier: Coverage, words: Words) -> str:
    """What changed since the earlier state, in a sentence."""
    now, before = _count(facts, facts.official), _count(facts, earlier)
    covered, covered_before = now["covered"] or 0, before["covered"] or 0
    change = covered - covered_before
    return words(
        "change.same" if not change else ("change.more" if change > 0 else "change.fewer"),
        earlier=words.choose(facts.earlier_title),
        before=write_count(covered_before),
        now=write_count(covered),
        n=write_count(abs(change)),
        share_before=write_share(covered_before, before["total"]),
        share=write_share(covered, now["total"]),
    )
