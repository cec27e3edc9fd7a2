"""Totals of areas spread over their homes: whole people, exact sums, marked as estimated, one revision."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geogrid.areas.apportion import apportion
from geogrid.areas.share import assign_areas
from geogrid.coverage.homes import NOT_HOMES
from geogrid.errors import ConflictError, EmptyLayerError, Fault, FileContentError, InvalidOptionError
from geogrid.io.totals import Totals
from geogrid.labels import LANGUAGES, label
from geogrid.responsibility.columns import read_texts
from geogrid.responsibility.names import normalise_name
from geogrid.schema import AREA_LAYERS, LAYERS
from geogrid.workspace.audit import Event
from geogrid.workspace.placing import FOOTPRINT_M, FOOTPRINT_SOURCE
from geogrid.workspace.workspace import Workspace

USE_WEIGHTS = {"residential": 1.0, "mixed": 0.5, "unknown": 0.5}
"""What a square metre of floor counts by use, elsewhere nothing: half of a building with shops or offices, or
of which nobody knows, is taken to be lived in. An assumption."""
FLOORS_UNKNOWN = 1
"""Floors of a building of which nobody told them."""

_ESTIMATED = re.compile(r"(?:; )?estimated\[([a-z0-9_,]*)\]")
"""In `source`: the columns that were spread from a total, so that counted ones stay told apart."""

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class SpreadPlan:
    """What spreading would write; nothing is written yet.

    Attributes
    ----------
    changes
        Building -> column -> value, and its version.
    areas
        One row for each area and column: `code`, `name`, `column`, `total`, `counted` (kept as they are),
        `spread`, `homes` (over which).
    """

    layer: str
    changes: list[tuple[str, int, dict[str, object]]]
    areas: pd.DataFrame


def plan_spread(
    workspace: Workspace, totals: Sequence[Totals], layer: str, shown: str, *, is_overwriting: bool
) -> SpreadPlan:
    """How totals would be spread over the homes of their areas; nothing is written.

    What was counted in a home stays and is taken off the total first. The rest goes to the other
    homes: people and households by footprint x floors x use, ages by the people of each home.
    A home belongs to the area with its largest share.

    Parameters
    ----------
    shown
        What the totals are called in messages: the file's name.
    is_overwriting
        Spread over every home, counted or not.

    Raises
    ------
    InvalidOptionError, EmptyLayerError
        When the layer holds no areas of responsibility, or nothing.
    FileContentError
        With every total that cannot be met: an unknown area, no home to give it to, more counted than there are,
        more of an age than people.
    """
    if layer not in AREA_LAYERS:
        raise InvalidOptionError(option="--layer", value=layer, expected=", ".join(AREA_LAYERS))
    with workspace.snapshot():
        areas, buildings = workspace.read_metric(layer), workspace.read_metric("building")
    for name, frame in ((layer, areas), ("building", buildings)):
        if frame.empty:
            raise EmptyLayerError(layer=name, title=LAYERS[name].zh)
    homes = buildings[~buildings["use"].isin(NOT_HOMES).to_numpy(bool)].sort_values("id", ignore_index=True)
    spreader = _Spreader(homes, is_overwriting=is_overwriting)
    held = assign_areas(shapely.make_valid(homes.geometry.to_numpy()), areas)
    faults: list[Fault] = []
    rows = []
    chosen: set[str] = set()
    for one in totals:
        codes = _find_codes(one.area, areas)
        if len(codes) != 1 or codes[0] in chosen:
            key = "unknown" if not codes else "repeated" if codes[0] in chosen else "several"
            faults.append(_fault(key, one, area=one.area, codes=", ".join(codes) or "–"))
            continue
        chosen.add(codes[0])
        inside = np.flatnonzero(held == codes[0])
        for column in _ORDER:
            if column in one.counts:
                problem, counted, n_homes = spreader.spread(column, one.counts[column], inside)
                if problem:
                    words = {
                        "column": LAYERS["building"].column(column).zh,
                        "en": LAYERS["building"].column(column).en,
                    }
                    faults.append(
                        _fault(
                            problem, one, area=one.area, total=one.counts[column], counted=counted, **words
                        )
                    )
                name = str(areas["name"][(areas["code"] == codes[0]).to_numpy(bool)].iloc[0])
                rows.append(
                    (
                        codes[0],
                        name,
                        column,
                        one.counts[column],
                        counted,
                        one.counts[column] - counted,
                        n_homes,
                    )
                )
    if faults:
        raise FileContentError(shown, faults)
    heads = ["code", "name", "column", "total", "counted", "spread", "homes"]
    return SpreadPlan(layer, spreader.list_changes(), pd.DataFrame(rows, columns=heads))


def apply_spread(
    workspace: Workspace, plan: SpreadPlan, author: str, file: str, *, actor: str | None = None
) -> int | None:
    """Write a plan as one revision; its number, or None when nothing had to change.

    Raises
    ------
    ConflictError
        When somebody changed one of the homes since the plan was made.
    """
    latest = workspace.revision
    columns = ["id", *_ORDER, "people_source", "source"]
    detail = {"file": file, "updated": len(plan.changes)}
    event = Event(actor or author, "spread", f"layer:{plan.layer}", detail=detail)
    with workspace.edit(author, f"spread {plan.layer} {file}".rstrip(), event=event) as edit:
        stored = workspace.read("building").set_index("id", drop=False)
        for key, version, _ in plan.changes:
            found = str(stored["version"].get(key, "已删除 / gone"))
            if found != str(version):
                raise ConflictError(layer="building", key=key, expected=version, found=found)
        changed = stored.loc[[key for key, *_ in plan.changes], [*columns, "geometry"]].copy()
        for name in columns[1:]:
            new = {key: values[name] for key, _, values in plan.changes if name in values}
            changed.loc[list(new), name] = pd.Series(new, dtype=changed[name].dtype)
        edit.merge("building", changed.reset_index(drop=True))
    revision = workspace.revision
    return revision if revision > latest else None


_ORDER = ("households", "residents", "residents_60_plus", "residents_80_plus", "residents_0_14")
"""People before their ages, and each age before the one that lies in it or beside it."""


class _Spreader:
    """The homes with what has been spread over them so far."""

    def __init__(self, homes: gpd.GeoDataFrame, *, is_overwriting: bool) -> None:
        self._homes = homes
        self._sources = read_texts(homes, "source")
        marks = [_ESTIMATED.search(source or "") for source in self._sources]
        self._marked = [set(mark.group(1).split(",")) if mark else set() for mark in marks]
        is_estimated = (homes["people_source"] == "estimated").to_numpy(bool)
        self._values: dict[str, Floats] = {
            name: homes[name].astype("float64").to_numpy(float, na_value=np.nan).copy() for name in _ORDER
        }
        # Where nothing tells which columns were estimated, all were.
        self._counted: dict[str, Bools] = {
            name: np.array(
                [
                    not is_overwriting and bool(np.isfinite(value)) and name not in marked
                    and (bool(marked) or not estimated)
                    for value, marked, estimated in zip(values, self._marked, is_estimated, strict=True)
                ],
                dtype=bool,
            )
            for name, values in self._values.items()
        }  # fmt: skip
        self._new: dict[str, Bools] = {name: np.zeros(len(homes), bool) for name in _ORDER}
        self._weight = _weigh_homes(homes)

    def spread(self, column: str, total: int, inside: Ints) -> tuple[str, int, int]:
        """Spread a total over homes; why it cannot be (empty when it can), what was counted, over how many."""
        values, is_counted = self._values[column], self._counted[column]
        counted = int(values[inside[is_counted[inside]]].sum())
        free = inside[~is_counted[inside]]
        rest = total - counted
        weight = self._find_room(column)[free]
        if rest < 0:
            return "too_many_counted", counted, len(free)
        if rest > 0 and weight.sum() == 0:
            return "no_homes" if column in ("households", "residents") else "no_people", counted, len(free)
        if column not in ("households", "residents") and rest > weight.sum():
            return "too_many_of_age", counted, len(free)
        values[free] = apportion(rest, weight)
        self._new[column][free] = True
        return "", counted, len(free)

    def _find_room(self, column: str) -> Floats:
        """By what a column is shared out: the floor space of homes, or those of their people that it may count."""
        people = np.nan_to_num(self._values["residents"])
        old = np.nan_to_num(self._values["residents_60_plus"])
        if column == "residents_60_plus":
            return people
        if column == "residents_80_plus":
            return old
        if column == "residents_0_14":
            return np.maximum(people - old, 0)
        return self._weight

    def list_changes(self) -> list[tuple[str, int, dict[str, object]]]:
        """The homes that change, with what changes."""
        changes = []
        for i, (key, version) in enumerate(zip(self._homes["id"], self._homes["version"], strict=True)):
            columns = [name for name in _ORDER if self._new[name][i]]
            if not columns:
                continue
            marked = sorted(self._marked[i] | set(columns))
            bare = _ESTIMATED.sub("", self._sources[i] or "")
            source = f"{bare}; estimated[{','.join(marked)}]" if bare else f"estimated[{','.join(marked)}]"
            values: dict[str, object] = {name: int(self._values[name][i]) for name in columns}
            values["source"] = source
            if "residents" in columns:
                values["people_source"] = "estimated"
            old = {
                name: None if pd.isna(self._homes[name].iloc[i]) else self._homes[name].iloc[i]
                for name in values
            }
            if any(old[name] != value for name, value in values.items()):
                changes.append((str(key), int(version), values))
        return changes


def _weigh_homes(homes: gpd.GeoDataFrame) -> Floats:
    """Floor space by use: footprint x floors x what the use counts; a square drawn around a position as all squares."""
    area_m2 = shapely.area(homes.geometry.to_numpy())
    is_drawn = np.array(
        [FOOTPRINT_SOURCE in (text or "") for text in read_texts(homes, "source")], dtype=bool
    )
    area_m2 = np.where(is_drawn, FOOTPRINT_M**2, area_m2)
    floors = homes["floors"].astype("float64").to_numpy(float, na_value=np.nan)
    floors = np.where(floors >= 1, floors, FLOORS_UNKNOWN)
    use = homes["use"].fillna("unknown").map(USE_WEIGHTS).fillna(0).to_numpy(float)
    weight: Floats = area_m2 * floors * use
    return weight


def _find_codes(area: str, areas: gpd.GeoDataFrame) -> list[str]:
    codes, names = read_texts(areas, "code"), read_texts(areas, "name")
    if area in codes:
        return [area]
    wanted = normalise_name(area)
    return [
        str(code) for code, name in zip(codes, names, strict=True) if name and normalise_name(name) == wanted
    ]


def _fault(key: str, one: Totals, **values: object) -> Fault:
    texts = {language: label(f"spread.fault.{key}", language, **values) for language in LANGUAGES}
    return Fault(texts["zh"], texts["en"], one.row)
