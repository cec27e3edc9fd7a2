"""The curve of a siting study as a picture: what each further centre brings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from geogrid.errors import UnsupportedFileError
from geogrid.io.replacing import replacing
from geogrid.labels import label
from geogrid.reports.canvas import save_sheet, sheet
from geogrid.reports.document import Medium

CHART_MEDIA = {".png": Medium.PNG, ".svg": Medium.SVG}
WIDTH_MM, HEIGHT_MM = 180.0, 100.0
LINE, BAR, CEILING = "#0b5394", "#b6cde3", "#a61c00"
"""Dark enough on white; told apart by brightness and by form too."""


def write_curve(study: dict[str, Any], path: Path, *, title: str, is_synthetic: bool, language: str) -> None:
    """Draw the curve of a study to a file.

    Raises
    ------
    UnsupportedFileError
        For another kind of file.
    """
    medium = CHART_MEDIA.get(path.suffix.lower())
    if medium is None:
        raise UnsupportedFileError(path.name, path.suffix or "-", tuple(CHART_MEDIA))
    picture = draw_curve(study, medium, title=title, is_synthetic=is_synthetic, language=language)
    with replacing(path) as beside:
        beside.write_bytes(picture)


def draw_curve(
    study: dict[str, Any], medium: Medium, *, title: str, is_synthetic: bool, language: str
) -> bytes:
    """Draw `curve` of a study, as `siting.summary.describe_study` gives it.

    Bars are what the best k sites gain over the best k - 1, the line is what they cover together, with the
    knee marked, under the ceiling of all candidates.
    """
    unit = study["weight"]
    ceiling = study["covered"]["ceiling"][unit] - study["covered"]["now"][unit]
    counts = [point["k"] for point in study["curve"]]
    values = [point["value"] for point in study["curve"]]
    with sheet(WIDTH_MM, HEIGHT_MM) as figure:
        axes = figure.add_axes((0.11, 0.12, 0.86, 0.78))
        gained = [point["gained"] for point in study["curve"]]
        heads = {name: label(f"chart.siting.{name}", language) for name in ("gained", "value", "sites")}
        axes.bar(counts, gained, color=BAR, edgecolor=LINE, linewidth=0.6, label=heads["gained"])
        axes.plot(counts, values, "o-", color=LINE, markersize=4, label=heads["value"])
        at_best = label("chart.siting.ceiling", language, count=f"{ceiling:,}")
        axes.axhline(ceiling, color=CEILING, linestyle="--", linewidth=1, label=at_best)
        if study["knee"] in counts:
            knee = counts.index(study["knee"])
            axes.plot([counts[knee]], [values[knee]], "s", color=CEILING, markersize=8, fillstyle="none")
            text = label("chart.siting.knee", language, k=study["knee"])
            axes.annotate(text, (counts[knee], values[knee]), xytext=(8, -16), textcoords="offset points")
        axes.set_title(f"{title}（{label('synthetic', language)}）" if is_synthetic else title)
        axes.set_xlabel(heads["sites"])
        axes.set_ylabel(label(f"siting.weight.{unit}", language))
        axes.set_xticks(counts)
        axes.set_ylim(bottom=0)
        axes.yaxis.set_major_formatter(lambda value, _position: f"{value:,.0f}")
        axes.grid(axis="y", linewidth=0.3)
        axes.legend(loc="lower right")
        return save_sheet(figure, medium)
