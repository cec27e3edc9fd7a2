"""Charts for documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from geogrid.reports.canvas import save_sheet, sheet
from geogrid.reports.document import Medium
from geogrid.reports.maps import STATUS_COLOURS
from geogrid.reports.words import Words

BAR_MM = 5.2
HEAD_MM, FOOT_MM = 7.0, 6.0


def draw_area_bars(rows: Sequence[Mapping[str, Any]], words: Words, medium: Medium) -> bytes:
    """For each area the shares of people covered, not covered and without an answer, worst first."""
    told = sorted(rows, key=lambda row: (row["share"] is not None, row["share"] or 0.0))
    height = HEAD_MM + FOOT_MM + BAR_MM * len(told)
    with sheet(156.0, height) as figure:
        axes = figure.add_axes((0.2, FOOT_MM / height, 0.66, BAR_MM * len(told) / height))
        names = [str(row["name"]) for row in told]
        left = [0.0] * len(told)
        for status in ("covered", "not_covered", "unanswered"):
            widths = [100.0 * (row[status] or 0) / row["people"] if row["people"] else 0.0 for row in told]
            axes.barh(
                range(len(told)),
                widths,
                left=left,
                height=0.72,
                color=STATUS_COLOURS[status],
                label=words(f"legend.{status}"),
            )
            left = [a + b for a, b in zip(left, widths, strict=True)]
        for place, row in enumerate(told):
            share = "—" if row["share"] is None else f"{100 * row['share']:.1f} %"
            axes.text(101.5, place, share, va="center", fontsize=7)
        axes.set_yticks(range(len(told)), names, fontsize=7)
        for tick in axes.get_yticklabels():
            tick.set_parse_math(False)
        axes.invert_yaxis()
        axes.set_xlim(0, 100)
        axes.set_ylim(len(told) - 0.4, -0.6)
        axes.tick_params(axis="y", length=0)
        axes.tick_params(axis="x", labelsize=7)
        for side in ("top", "right", "left"):
            axes.spines[side].set_visible(False)
        figure.legend(loc="upper center", ncol=3, fontsize=7, frameon=False, handlelength=1.2)
        return save_sheet(figure, medium)
