"""What `geogrid coverage` prints of doubt and of equity."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from geogrid.cli.output import format_count, format_table
from geogrid.labels import label

EQUITY_KINDS = ("county", "community")
"""Areas whose rows are printed; `--json` has the others."""


STRETCHED = "*"
"""Stands behind the end of a range that reaches to the base value."""


def format_range(ends: list[int] | None, stretched: str | None = None) -> str:
    """A range of counts; a dash where it is unknown.

    >>> format_range([1234, 5678]), format_range([1234, 5678], "low"), format_range(None)
    ('1,234-5,678', '1,234*-5,678', '–')
    """
    if ends is None:
        return "–"
    marks = [STRETCHED if stretched == end else "" for end in ("low", "high")]
    return "-".join(f"{end:,}{mark}" for end, mark in zip(ends, marks, strict=True))


def explain_stretched(ranges: Iterable[dict[str, Any]], language: str) -> list[str]:
    """A line on ranges that reach to the base value; none where none does."""
    is_stretched = any(one["stretched"] for one in ranges)
    return [label("cli.coverage.doubt.stretched", language)] if is_stretched else []


def describe_doubt(told: dict[str, Any], unit: str, speed_m_per_s: float, language: str) -> list[str]:
    """Lines on how sure an answer is and on what was assumed.

    Parameters
    ----------
    told
        As `coverage.doubt.describe_doubt` tells it.
    unit
        `people`, or `homes` where no people are known.
    speed_m_per_s
        Of the reading's walker.
    """
    counts, ranged = told["homes"], told[unit]
    low_error, high_error = ranged["sampling_error"] or (0, 0)
    lines = [
        label(
            f"cli.coverage.doubt.range_{unit}",
            language,
            range=format_range(ranged["covered_range_90"], ranged["stretched"]),
            worlds=f"{told['n_worlds']:,}",
            seed=told["seed"],
        ),
        *explain_stretched([ranged], language),
        label(
            f"cli.coverage.doubt.error_{unit}",
            language,
            low=f"{low_error:,}",
            high=f"{high_error:,}",
            share=f"{100 * told['share_error']:.1f}",
        ),
        label(
            "cli.coverage.doubt.homes",
            language,
            **{name: f"{counts[name]:,}" for name in ("surely_in", "in_doubt", "surely_out")},
            sure=f"{100 * told['sure_share']:.0f}%",
        ),
        label("cli.coverage.doubt.assumed", language),
    ]
    for assumption in told["assumptions"]:
        low, high = assumption["factor_range_90"] or (1.0, 1.0)
        lines.append(
            label(
                f"coverage.assumption.{assumption['name']}.{assumption['scope']}",
                language,
                n=f"{assumption['n']:,}",
                low=f"{low:.2f}",
                high=f"{high:.2f}",
                slow=f"{low * speed_m_per_s:.2f}",
                fast=f"{high * speed_m_per_s:.2f}",
                chance=f"{100 * (assumption['chance'] or 0):.0f}%",
            )
        )
    return lines


def describe_equity(told: dict[str, Any], names: dict[str, str], language: str) -> list[str]:
    """Lines on who walks how far, as `coverage.equity.Equity.to_dict` tells it; `names` are those of areas."""
    rows = [row for row in told["rows"] if row["kind"] in EQUITY_KINDS]
    columns = ("people", "covered_share", "mean_min", "p95_min", "gini", "access")
    heads = [label(f"cli.coverage.equity.{column}", language) for column in ("area", "age", *columns)]
    cells = []
    for row in rows:
        area = label("cli.coverage.equity.county", language)
        if row["kind"] != "county":
            area = names.get(row["code"]) or row["code"] or label("cli.coverage.equity.outside", language)
        share = row["covered_share"]
        cells.append(
            [
                area,
                label(f"cli.coverage.equity.age.{row['age']}", language),
                format_count(row["people"]),
                "–" if share is None else f"{100 * share:.1f}%",
                *(_format_number(row[name], digits) for name, digits in (("mean_min", 1), ("p95_min", 1), ("gini", 3), ("access", 2))),
            ]
        )  # fmt: skip
    missing = max(row["n_homes_without_people"] for row in rows if row["kind"] == "county")
    return [
        label("cli.coverage.equity.head", language),
        format_table(heads, cells),
        label(f"cli.coverage.equity.supply_{told['supply']}", language),
        label("cli.coverage.equity.missing", language, count=f"{missing:,}"),
    ]


def _format_number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:,.{digits}f}"
