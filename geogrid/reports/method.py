"""The part of a report on how its numbers came about, and how to compute them again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from geogrid.coverage.circle import measure_radius
from geogrid.coverage.doubt import Doubt, describe_doubt
from geogrid.coverage.reach import REACH_M, REACH_S
from geogrid.coverage.summary import list_left_out, sum_known
from geogrid.findings import Severity
from geogrid.network.impedance import ACCESS_DETOUR, PROFILES
from geogrid.reports.document import Block, Bullets, CellKind, Heading, Paragraph, Table, TableColumn
from geogrid.reports.facts import Facts
from geogrid.reports.words import Words, hide_few, write_count

N_FINDINGS_SHOWN = 30


def tell_circles(facts: Facts, words: Words) -> Iterator[Block]:
    """Straight-line circles beside the network, and what they would have claimed."""
    yield Heading(1, words("circles"), "circles")
    yield Paragraph(words("circles.intro"))
    columns = (
        TableColumn("reading", words("column.reading")),
        TableColumn("radius", words("column.radius"), CellKind.METRES),
        TableColumn("claimed", words("column.claimed"), CellKind.COUNT),
        TableColumn("false", words("column.false"), CellKind.COUNT),
        TableColumn("false_share", words("column.false_share"), CellKind.SHARE),
    )
    rows = []
    for claim in facts.circles:
        claimed, false = claim.people, claim.false_people
        if claimed is None:
            claimed, false = claim.n_homes, claim.n_false
        rows.append(
            {
                "reading": claim.reading.title(words.language),
                "radius": measure_radius(claim.reading),
                "claimed": hide_few(claimed),
                "false": hide_few(false),
                "false_share": (false or 0) / claimed if claimed else None,
            }
        )
    yield Table("circles", words("circles.table"), words("circles"), columns, tuple(rows))


def tell_method(facts: Facts, words: Words, command: str) -> Iterator[Block]:
    """Method, assumptions, what was left out, open findings, sources, and the command that computes it again."""
    official, subject = facts.official, facts.subject
    yield Heading(1, words("method"), "method")
    yield Heading(2, words("method.how"), "method-how")
    yield Bullets(tuple(words(f"method.{name}") for name in ("walk", "gates", "people", "gap", "inclusive")))
    yield Heading(2, words("method.parameters"), "method-parameters")
    yield Table(
        "parameters",
        words("method.parameters"),
        words("method.parameters"),
        (TableColumn("name", words("column.parameter")), TableColumn("value", words("column.value"))),
        tuple(_list_parameters(facts, words)),
    )
    if official.doubt is not None:
        yield Heading(2, words("method.doubt"), "method-doubt")
        yield Paragraph(
            words("method.doubt.intro", worlds=f"{official.doubt.n_worlds:,}", seed=official.doubt.seed)
        )
        yield Bullets(tuple(_list_assumptions(facts, words)))
        yield Paragraph(" ".join(_tell_errors(official.doubt, words)))
    yield Heading(2, words("method.left_out"), "method-left-out")
    yield from _tell_left_out(facts, words)
    yield Heading(2, words("method.findings"), "method-findings")
    yield from _tell_findings(facts, words)
    yield Heading(2, words("method.sources"), "method-sources")
    yield Bullets(tuple(_list_sources(facts, words)))
    yield Heading(2, words("method.reproduce"), "method-reproduce")
    yield Paragraph(
        words(
            "method.reproduce.text",
            revision=subject.revision,
            hash=subject.content_hash,
            day=subject.day.isoformat(),
        )
    )
    yield Paragraph(command)


def _list_parameters(facts: Facts, words: Words) -> Iterator[dict[str, str]]:
    reading = facts.official.reading
    told = [
        ("official", reading.title(words.language)),
        *(
            (f"speed.{name}", f"{profile.speed_m_per_s:g} m/s")
            for name, profile in PROFILES.items()
            if name in ("adult", "elderly", "child")
        ),
        ("detour", f"{ACCESS_DETOUR:g}"),
        ("bound", f"{REACH_S / 60:g} min, {REACH_M:g} m"),
        ("crs", str(facts.official.town.street.crs.to_string())),
    ]
    for name, value in told:
        yield {"name": words(f"parameter.{name}"), "value": value}


def _list_assumptions(facts: Facts, words: Words) -> Iterator[str]:
    doubt = facts.official.doubt
    if doubt is None:
        return
    speed = facts.official.reading.measure.speed_m_per_s
    for assumption in describe_doubt(doubt)["assumptions"]:
        low, high = assumption["factor_range_90"] or (1.0, 1.0)
        yield words.of(
            f"coverage.assumption.{assumption['name']}.{assumption['scope']}",
            n=f"{assumption['n']:,}",
            low=f"{low:.2f}",
            high=f"{high:.2f}",
            slow=f"{low * speed:.2f}",
            fast=f"{high * speed:.2f}",
            chance=f"{100 * (assumption['chance'] or 0):.0f}%",
        ).strip()


def _tell_errors(doubt: Doubt, words: Words) -> Iterator[str]:
    """How much the draws themselves leave open, and what a star at a range means."""
    share = f"{100 * doubt.share_error:.1f}"
    told = describe_doubt(doubt)
    unit = "homes" if told["people"]["sampling_error"] is None else "people"
    low, high = told[unit]["sampling_error"]
    yield words(f"method.doubt.error_{unit}", low=f"{low:,}", high=f"{high:,}", share=share)
    yield words("method.doubt.stretched")


def _tell_left_out(facts: Facts, words: Words) -> Iterator[Block]:
    homes = facts.select_homes(facts.official)
    missing = int(homes["people"].isna().sum())
    lines = [
        words(
            "left_out",
            homes=f"{left['n_homes']:,}",
            people=write_count(left["people"]),
            reason=words.of(f"coverage.reason.{reason}"),
        )
        for reason, left in list_left_out(homes).items()
    ]
    if missing:
        lines.append(words("left_out.people", homes=f"{missing:,}"))
    outside = homes[facts.official.is_outside[facts.scope.select(facts.official.homes)]]
    if len(outside):
        lines.append(
            words(
                "left_out.outside",
                homes=f"{len(outside):,}",
                people=write_count(sum_known(outside["people"])),
            )
        )
    if facts.official.unsnapped_centres:
        lines.append(words("left_out.centres", n=len(facts.official.unsnapped_centres)))
    yield Bullets(tuple(lines)) if lines else Paragraph(words("left_out.none"))


def _tell_findings(facts: Facts, words: Words) -> Iterator[Block]:
    if not facts.findings:
        yield Paragraph(words("findings.none"))
        return
    severities = Counter(finding.severity for finding in facts.findings)
    yield Paragraph(words("findings.intro", **{one.value: f"{severities.get(one, 0):,}" for one in Severity}))
    columns = (
        TableColumn("code", words("column.rule")),
        TableColumn("severity", words("column.severity")),
        TableColumn("n", words("column.count"), CellKind.COUNT),
        TableColumn("example", words("column.example")),
    )
    groups: dict[tuple[str, Severity], list[str]] = {}
    for finding in facts.findings:
        text = finding.zh if words.language == "zh" else finding.en
        groups.setdefault((finding.code, finding.severity), []).append(text)
    rows = [
        {
            "code": code,
            "severity": words(f"severity.{severity.value}"),
            "n": len(texts),
            "example": texts[0],
        }
        for (code, severity), texts in groups.items()
    ]
    yield Table(
        "findings",
        words("findings.table"),
        words("findings.sheet"),
        columns,
        tuple(rows),
        n_shown=N_FINDINGS_SHOWN,
    )


def _list_sources(facts: Facts, words: Words) -> Iterator[str]:
    town = facts.official.town
    sources = {
        str(source)
        for layer in (town.building, town.street, town.centre, town.community, town.gate)
        for source in layer["source"].dropna().unique()
    }
    yield from sorted(sources)
    if facts.subject.is_synthetic:
        yield words("synthetic")
    yield words("method.literature")
