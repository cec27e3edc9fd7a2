"""Maps for documents, drawn from the layers in metres: with scale, north, legend, reading and marks."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import shapely

from geogrid.reports.canvas import save_sheet, sheet
from geogrid.reports.document import Medium
from geogrid.reports.words import Words

if TYPE_CHECKING:
    from geogrid.reports.facts import Facts, Subject

Box = tuple[float, float, float, float]

STATUS_COLOURS = {
    "surely_in": "#3f9e8f",
    "in_doubt": "#e3b23c",
    "surely_out": "#d55e00",
    "covered": "#3f9e8f",
    "not_covered": "#d55e00",
    "unanswered": "#8b8f96",
    "other": "#d8d5cf",
}
"""Those of the map on the screen: told apart by colour-blind readers, and in grey."""
GROUND, WATER, STREET, EDGE = "#f7f5f0", "#cfe3ec", "#ffffff", "#5a5148"
CENTRE, GAP, SITE = "#1f3a5f", "#8f3300", "#7b1fa2"
MARGIN_SHARE = 0.04
GAP_MARGIN_M = 250.0
GAP_MAP_MM = 76.0
"""Two gaps, each with its words and its map, share a page."""
_POLYGON_TYPE = 3
LEGEND_MM = 7.0
FRONT_MAP_MM = 68.0
"""What the first page has left for its map."""


@dataclass(frozen=True)
class Frame:
    """The part of the ground that a map shows, in metres."""

    box: Box

    def hold(self, frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        """The features that touch it."""
        if frame.empty:
            return frame
        return frame.iloc[np.sort(frame.sindex.query(shapely.box(*self.box)))]


def draw_coverage_map(facts: Facts, words: Words, medium: Medium) -> bytes:
    """Homes by status, areas, centres and gaps of what is reported."""
    frame = Frame(_frame_scope(facts))
    with _map(frame, facts, words, tallest_mm=FRONT_MAP_MM) as (figure, axes):
        _draw_ground(axes, facts, frame)
        _draw_homes(axes, facts, frame)
        _draw_areas(axes, facts, frame)
        _draw_gaps(axes, facts, frame, number=True)
        _draw_centres(axes, facts, frame)
        _draw_legend(figure, words, ("surely_in", "in_doubt", "surely_out", "unanswered"))
        return save_sheet(figure, medium)


def draw_gap_map(facts: Facts, gap: str, words: Words, medium: Medium) -> bytes:
    """One gap with its homes, its ground, the gates and centres around."""
    ground = facts.gaps.loc[facts.gaps["id"] == gap]
    west, south, east, north = ground.total_bounds
    homes = facts.official.homes
    nearest = str(ground["nearest_centre"].iloc[0])
    layout = facts.official.layout
    at = np.flatnonzero(layout.centre_id.astype(str) == nearest)
    if len(at) and len(homes):
        x, y = layout.centre_xy[at[0]]
        if math.hypot(x - (west + east) / 2, y - (south + north) / 2) < 2500.0:
            west, south, east, north = min(west, x), min(south, y), max(east, x), max(north, y)
    frame = Frame(_widen((west, south, east, north), GAP_MARGIN_M))
    with _map(frame, facts, words, width_mm=120.0, tallest_mm=GAP_MAP_MM) as (figure, axes):
        _draw_ground(axes, facts, frame)
        _draw_homes(axes, facts, frame)
        _draw_areas(axes, facts, frame, label_areas=False)
        _draw_gaps(axes, facts, frame, number=False, only=gap)
        _draw_gates(axes, facts, frame)
        _draw_centres(axes, facts, frame, named={nearest})
        _draw_legend(figure, words, ("surely_in", "in_doubt", "surely_out"))
        return save_sheet(figure, medium)


def draw_catchment_map(facts: Facts, words: Words, medium: Medium) -> bytes:
    """The ground of each centre under the official reading."""
    from geogrid.coverage.catchment import outline_catchments
    from geogrid.coverage.ground import PRINT_CELL_M, lay_ground

    coverage = facts.official
    ground = lay_ground(coverage.town, coverage.layout, cell_m=PRINT_CELL_M)
    catchments = outline_catchments(coverage.layout, ground, coverage.reading)
    frame = Frame(_frame_scope(facts))
    colours = ["#a6cee3", "#b2df8a", "#fdd0a2", "#cab2d6", "#fde0dd", "#d9d9d9", "#ccebc5"]
    shades = [colours[colour] for colour in _colour_apart(catchments, len(colours))]
    with _map(frame, facts, words) as (figure, axes):
        _draw_ground(axes, facts, frame)
        _fill(axes, catchments.geometry.to_numpy(), facecolors=shades, edgecolor="#ffffff", alpha=0.75)
        _draw_areas(axes, facts, frame, label_areas=False)
        _draw_centres(axes, facts, frame)
        _draw_legend(figure, words, ())
        return save_sheet(figure, medium)


def draw_sites_map(
    facts: Facts, words: Words, sites_xy: Sequence[tuple[float, float]], medium: Medium
) -> bytes:
    """Where new centres would stand, numbered in their order, over the homes as they are today."""
    frame = Frame(_frame_scope(facts))
    with _map(frame, facts, words) as (figure, axes):
        _draw_ground(axes, facts, frame)
        _draw_homes(axes, facts, frame)
        _draw_areas(axes, facts, frame, label_areas=False)
        _draw_centres(axes, facts, frame)
        for number, (x, y) in enumerate(sites_xy, 1):
            axes.plot([x], [y], marker="D", markersize=10, color=SITE, markeredgecolor="white", zorder=9)
            axes.text(x, y, str(number), ha="center", va="center", color="white", fontsize=6.5, zorder=10)
        _draw_legend(figure, words, ("surely_in", "in_doubt", "surely_out"), extra="site")
        return save_sheet(figure, medium)


# --- the sheet ---------------------------------------------------------------------------------


@contextmanager
def _map(
    frame: Frame, facts: Facts, words: Words, *, width_mm: float = 156.0, tallest_mm: float = 170.0
) -> Iterator[tuple[Any, Any]]:
    """A sheet with one map in it: axes in metres, with scale, north, reading and marks."""
    west, south, east, north = frame.box
    inner = width_mm - 2.0
    height = min(max(inner * (north - south) / (east - west), 0.45 * inner), tallest_mm)
    total = height + LEGEND_MM
    with sheet(width_mm, total) as figure:
        axes = figure.add_axes((1.0 / width_mm, LEGEND_MM / total, inner / width_mm, height / total - 0.003))
        axes.set_aspect("equal", adjustable="box")
        wide, high = _fill_sheet(frame.box, inner / height)
        axes.set_xlim(*wide)
        axes.set_ylim(*high)
        axes.set_xticks([])
        axes.set_yticks([])
        for spine in axes.spines.values():
            spine.set_color("#8a8178")
            spine.set_linewidth(0.6)
        _draw_scale(axes)
        _draw_marks(axes, facts, words)
        yield figure, axes


def _fill_sheet(box: Box, ratio: float) -> tuple[tuple[float, float], tuple[float, float]]:
    """West and east, south and north of a box widened to a ratio of width to height.

    >>> _fill_sheet((0.0, 0.0, 10.0, 10.0), 2.0)
    ((-5.0, 15.0), (0.0, 10.0))
    """
    west, south, east, north = box
    x, y = (west + east) / 2, (south + north) / 2
    width, height = east - west, north - south
    width, height = max(width, height * ratio), max(height, width / ratio)
    return (x - width / 2, x + width / 2), (y - height / 2, y + height / 2)


def _frame_scope(facts: Facts) -> Box:
    town, scope = facts.official.town, facts.scope
    if scope.layer is not None:
        areas = getattr(town, scope.layer)
        box = areas[areas["code"] == scope.code].total_bounds
    else:
        homes = facts.official.homes
        xy = np.vstack([homes[["x", "y"]].to_numpy(float), facts.official.layout.centre_xy])
        box = (*np.nanmin(xy, axis=0), *np.nanmax(xy, axis=0))
    west, south, east, north = (float(edge) for edge in box)
    return _widen((west, south, east, north), MARGIN_SHARE * max(east - west, north - south, 500.0))


def _widen(box: Box, margin_m: float) -> Box:
    west, south, east, north = box
    return (west - margin_m, south - margin_m, east + margin_m, north + margin_m)


def _draw_scale(axes: Any) -> None:
    """A bar of a round length, about a fifth of the map, and an arrow to the north."""
    west, east = axes.get_xlim()
    south, north = axes.get_ylim()
    wide, high = east - west, north - south
    length = _round_length(wide / 5.0)
    x, y = west + 0.03 * wide, south + 0.035 * high
    axes.plot([x, x + length], [y, y], color=EDGE, linewidth=2.0, solid_capstyle="butt", zorder=12)
    text = f"{length / 1000:g} km" if length >= 1000 else f"{length:g} m"
    axes.text(x + length / 2, y + 0.012 * high, text, ha="center", va="bottom", fontsize=7, zorder=12)
    axes.annotate(
        "N",
        xy=(0.965, 0.97),
        xytext=(0.965, 0.885),
        xycoords="axes fraction",
        ha="center",
        va="center",
        fontsize=8,
        arrowprops={"arrowstyle": "-|>", "color": EDGE, "linewidth": 1.0},
        zorder=12,
    )


def _round_length(length: float) -> float:
    """The largest of 1, 2 and 5 times a power of ten that is not longer.

    >>> _round_length(730.0), _round_length(1999.0)
    (500.0, 1000.0)
    """
    power = 10.0 ** math.floor(math.log10(length))
    return next(step * power for step in (5.0, 2.0, 1.0) if step * power <= length)


def _draw_marks(axes: Any, facts: Facts, words: Words) -> None:
    marks = [*list_marks(facts.subject, words), facts.official.reading.title(words.language)]
    axes.text(
        0.01,
        0.99,
        "  ·  ".join(marks),
        transform=axes.transAxes,
        ha="left",
        va="top",
        fontsize=6.5,
        color=EDGE,
        zorder=12,
        bbox={"facecolor": "white", "alpha": 0.8, "edgecolor": "none", "pad": 1.5},
    )


def list_marks(subject: Subject, words: Words) -> list[str]:
    """What must stand on every map and page: synthetic data, 审图号, 密级, 内部使用."""
    settings = subject.settings
    marks = [words.of("synthetic")] if subject.is_synthetic else []
    marks.append(settings.get("map.mark") or words("mark"))
    if settings.get("map.classification"):
        marks.append(words("classification", value=settings["map.classification"]))
    if settings.get("map.review_number"):
        marks.append(words("review_number", value=settings["map.review_number"]))
    return marks


def _draw_legend(figure: Any, words: Words, statuses: Sequence[str], extra: str = "") -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Any] = [
        Patch(facecolor=STATUS_COLOURS[status], label=words(f"legend.{status}")) for status in statuses
    ]
    if statuses:
        handles.append(Patch(facecolor="none", edgecolor=GAP, hatch="////", label=words("legend.gap")))
    handles.append(_marker(Line2D, "o", CENTRE, words("legend.centre")))
    if extra:
        handles.append(_marker(Line2D, "D", SITE, words(f"legend.{extra}")))
    figure.legend(
        handles=handles,
        loc="lower center",
        borderaxespad=0.1,
        ncol=min(len(handles), 6),
        fontsize=7,
        frameon=False,
        handlelength=1.4,
        columnspacing=1.2,
    )


def _marker(line: Any, shape: str, colour: str, text: str) -> Any:
    return line(
        [], [], marker=shape, linestyle="", color=colour, markeredgecolor="white", markersize=6, label=text
    )


# --- what is drawn -----------------------------------------------------------------------------


def _fill(axes: Any, shapes: Any, *, facecolors: Any, **style: Any) -> None:
    """Polygons, with their holes, as one path for each colour; colours go by shape.

    A picture takes as long as it has paths: thousands of buildings of one colour are drawn as one.
    """
    polygons, owners = shapely.get_parts(np.asarray(shapes, dtype=object), return_index=True)
    is_area = (shapely.get_type_id(polygons) == _POLYGON_TYPE) & ~shapely.is_empty(polygons)
    polygons, owners = shapely.orient_polygons(polygons[is_area]), owners[is_area]
    colours = [facecolors] * len(owners) if isinstance(facecolors, str) else [facecolors[o] for o in owners]
    for colour in dict.fromkeys(colours):
        chosen = polygons[[other == colour for other in colours]]
        path = _join_lines(shapely.get_rings(chosen), is_closed=True)
        _add_path(axes, path, facecolor=colour, **({"linewidth": 0.0} | style))


def _stroke(axes: Any, shapes: Any, **style: Any) -> None:
    """Lines as one path."""
    parts = shapely.get_parts(shapely.get_parts(np.asarray(shapes, dtype=object)))
    parts = parts[~shapely.is_empty(parts)]
    if len(parts):
        _add_path(axes, _join_lines(parts, is_closed=False), facecolor="none", **style)


def _add_path(axes: Any, path: Any, **style: Any) -> None:
    """Draw a path; as a collection of one, whose extent is not measured curve by curve."""
    from matplotlib.collections import PathCollection

    axes.add_collection(PathCollection([path], **style), autolim=False)


def _join_lines(lines: Any, *, is_closed: bool) -> Any:
    """One path from lines or rings, each begun anew."""
    from matplotlib.path import Path

    points, owners = shapely.get_coordinates(lines, return_index=True)
    codes = np.full(len(points), Path.LINETO, dtype=Path.code_type)
    begins = np.flatnonzero(np.diff(owners, prepend=-1))
    codes[begins] = Path.MOVETO
    if is_closed:
        codes[np.append(begins[1:], len(points)) - 1] = Path.CLOSEPOLY
    return Path(points, codes)


def _draw_ground(axes: Any, facts: Facts, frame: Frame) -> None:
    town = facts.official.town
    _fill(axes, frame.hold(town.county).geometry, facecolors=GROUND, zorder=1)
    _fill(axes, frame.hold(town.water).geometry, facecolors=WATER, zorder=2)
    streets = frame.hold(town.street)
    _stroke(axes, streets.geometry, edgecolor="#cfc8bd", linewidth=1.1, zorder=3)
    _stroke(axes, streets.geometry, edgecolor=STREET, linewidth=0.6, zorder=4)


def _draw_homes(axes: Any, facts: Facts, frame: Frame) -> None:
    buildings = frame.hold(facts.official.town.building)
    homes = facts.official.homes
    verdict = homes["doubt"].where(homes["doubt"].notna(), homes["status"])
    of_building = verdict.reindex(buildings["id"].to_numpy(object)).fillna("other")
    colours = [STATUS_COLOURS.get(str(value), STATUS_COLOURS["other"]) for value in of_building]
    _fill(axes, buildings.geometry, facecolors=colours, zorder=5)


def _draw_areas(axes: Any, facts: Facts, frame: Frame, *, label_areas: bool = True) -> None:
    town = facts.official.town
    _stroke(axes, frame.hold(town.district).boundary, edgecolor="#8a6fae", linewidth=0.5, zorder=6)
    communities = frame.hold(town.community)
    _stroke(axes, communities.boundary, edgecolor=EDGE, linewidth=0.8, linestyle=(0, (5, 2)), zorder=6)
    if not label_areas:
        return
    seen = shapely.box(*frame.box)
    for name, shape in zip(communities["name"], communities.geometry, strict=True):
        part = shape.intersection(seen)
        if part.area < 0.01 * seen.area:
            continue
        point = part.representative_point()
        axes.text(
            point.x,
            point.y,
            str(name),
            ha="center",
            va="center",
            fontsize=7,
            color=EDGE,
            zorder=11,
            parse_math=False,
            clip_on=True,
            bbox={"facecolor": "white", "alpha": 0.65, "edgecolor": "none", "pad": 0.8},
        )


def _draw_gaps(axes: Any, facts: Facts, frame: Frame, *, number: bool, only: str | None = None) -> None:
    gaps = facts.gaps if only is None else facts.gaps[facts.gaps["id"] == only]
    gaps = frame.hold(gaps)
    _fill(axes, gaps.geometry, facecolors="none", edgecolor=GAP, hatch="////", linewidth=0.7, zorder=7)
    if number:
        for key, shape in zip(gaps["id"], gaps.geometry, strict=True):
            point = shape.representative_point()
            axes.text(
                point.x,
                point.y,
                str(key).removeprefix("gap-"),
                ha="center",
                va="center",
                fontsize=6,
                color="white",
                zorder=11,
                bbox={"boxstyle": "circle,pad=0.2", "facecolor": GAP, "edgecolor": "white"},
            )


def _draw_gates(axes: Any, facts: Facts, frame: Frame) -> None:
    gates = frame.hold(facts.official.town.gate)
    _stroke(
        axes, frame.hold(facts.official.town.compound).boundary, edgecolor="#7c7468", linewidth=0.7, zorder=6
    )
    if gates.empty:
        return
    locked = gates["locked"].fillna(value=False).to_numpy(bool)
    x, y = shapely.get_x(gates.geometry.to_numpy()), shapely.get_y(gates.geometry.to_numpy())
    axes.scatter(x[~locked], y[~locked], s=9, marker="s", color="#3c6e3c", zorder=8, linewidths=0)
    axes.scatter(x[locked], y[locked], s=14, marker="x", color=GAP, zorder=8, linewidths=1)


def _draw_centres(axes: Any, facts: Facts, frame: Frame, named: Collection[str] = ()) -> None:
    """All centres, with the names of some."""
    layout = facts.official.layout
    x, y = layout.centre_xy.T
    axes.scatter(x, y, s=20, color=CENTRE, edgecolors="white", linewidths=0.6, zorder=8)
    if named:
        west, south, east, north = frame.box
        for key, name, px, py in zip(layout.centre_id, layout.centre_name, x, y, strict=True):
            if name and str(key) in named and west < px < east and south < py < north:
                axes.annotate(
                    str(name),
                    (px, py),
                    xytext=(4, 4),
                    textcoords="offset points",
                    fontsize=6.5,
                    color=CENTRE,
                    zorder=11,
                    parse_math=False,
                    annotation_clip=True,
                )


def _colour_apart(areas: gpd.GeoDataFrame, n_colours: int) -> list[int]:
    """A colour for each polygon, another one than its neighbours' where there are enough."""
    shapes = areas.geometry.to_numpy()
    left, right = areas.sindex.query(shapes, predicate="intersects")
    chosen = [-1] * len(shapes)
    for number in range(len(shapes)):
        taken = {chosen[other] for other in right[left == number] if chosen[other] >= 0}
        free = [colour for colour in range(n_colours) if colour not in taken]
        chosen[number] = free[number % len(free)] if free else number % n_colours
    return chosen
