"""Rows of a table found on the map: centres by their addresses, buildings by number, address or position."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.spatial import KDTree
from shapely import STRtree
from shapely.geometry.base import BaseGeometry

from geogrid.crs import change_crs, choose_metric_crs, transform_points
from geogrid.errors import EmptyLayerError, Fault, LayerNotEmptyError
from geogrid.io.listing import Listing
from geogrid.io.table import write_table
from geogrid.labels import label
from geogrid.responsibility.columns import read_texts
from geogrid.responsibility.gazetteer import Entry, Gazetteer, build_gazetteer
from geogrid.responsibility.names import normalise_name
from geogrid.responsibility.resolve import Resolution, Resolved, resolve_text
from geogrid.schema import LAYERS
from geogrid.workspace.importing import ImportMode
from geogrid.workspace.workspace import Workspace

FOOTPRINT_M = 12.0
"""Side of the square that stands for a building of which only a position is known: about one stairwell of
a slab block. An assumption; its area means nothing."""
SMALLEST_FOOTPRINT_M = 2.0
FOOTPRINT_SOURCE = "derived: 由坐标生成的方形占地 / a square around a position"
ADDRESS_SOURCE = "derived: 由“{text}”定位于 {kind} {key} / placed by its address"

Floats = npt.NDArray[np.float64]


class Placed(StrEnum):
    """What became of a row."""

    BY_KEY = "by_key"
    BY_ADDRESS = "by_address"
    BY_POSITION = "by_position"
    DRAWN = "drawn"
    AMBIGUOUS = "ambiguous"
    NOT_FOUND = "not_found"
    EMPTY = "empty"
    REPEATED = "repeated"


MET = (Placed.BY_KEY, Placed.BY_ADDRESS, Placed.BY_POSITION)
UNRESOLVED = (Placed.AMBIGUOUS, Placed.NOT_FOUND, Placed.EMPTY, Placed.REPEATED)


@dataclass(frozen=True)
class RowPlace:
    """Where a row was placed: `target` is the feature that it met, candidates what it may have meant."""

    row: int
    key: str
    text: str | None
    state: Placed
    target: str = ""
    candidates: tuple[str, ...] = ()

    @property
    def is_resolved(self) -> bool:
        """Whether it has a place."""
        return self.state not in UNRESOLVED

    def explain(self, language: str) -> str:
        """What became of it and what to do, as one sentence."""
        candidates = "；".join(self.candidates) or "–"
        return label(
            f"placing.{self.state}",
            language,
            text=self.text or "–",
            target=self.target,
            candidates=candidates,
        )


@dataclass(frozen=True)
class PlacePlan:
    """What an import would place.

    Attributes
    ----------
    frame
        The rows that have a place, in the store CRS, with the schema's columns.
    places
        One for every row of the file.
    """

    layer: str
    listing: Listing
    frame: gpd.GeoDataFrame
    places: list[RowPlace]

    @property
    def unresolved(self) -> list[RowPlace]:
        """Rows without a place."""
        return [place for place in self.places if not place.is_resolved]

    @property
    def counts(self) -> Mapping[Placed, int]:
        """How many rows of each kind."""
        return Counter(place.state for place in self.places)

    def list_faults(self) -> list[Fault]:
        """The rows without a place as faults of the file."""
        return [Fault(place.explain("zh"), place.explain("en"), place.row) for place in self.unresolved]

    def write_unresolved(self, path: Path, language: str, *, is_synthetic: bool) -> None:
        """Write the rows without a place, with what to fill in; the file can be imported with `--merge`."""
        table, wanted = self.listing.table, {place.row: place for place in self.unresolved}
        rows = [i for i, row in enumerate(table.rows) if row in wanted]
        frame = pd.DataFrame([table.cells[i] for i in rows], columns=table.columns, dtype=object)
        told = [wanted[table.rows[i]] for i in rows]
        extra: dict[str, list[object]] = {}
        if not self.listing.is_keyed:
            extra[LAYERS[self.layer].column("id").zh] = [place.key for place in told]
        if not self.listing.has_position_columns:
            extra |= {"经度": [None] * len(told), "纬度": [None] * len(told)}
        extra[label("placing.why", language)] = [place.explain(language) for place in told]
        if is_synthetic:
            extra["synthetic"] = [True] * len(told)
        for title, values in extra.items():
            frame[title if title not in frame else f"{title} *"] = pd.Series(values, dtype=object)
        write_table(frame, path, title=label("placing.sheet", language))


def plan_places(workspace: Workspace, listing: Listing, layer: str, mode: ImportMode) -> PlacePlan:
    """Where the rows of a listing are; nothing is written.

    Points without a position go to the building, compound or place that their address, else their
    name, means: its entrance or gate, or a point on it. Buildings are met by id, address or name, or
    the outline that they stand in, and fill in what that one lacks; those that meet none and have a
    position become a small square around it.

    Raises
    ------
    EmptyLayerError
        When addresses are all there is and the county holds nothing to find them by.
    LayerNotEmptyError
        In mode `ADD`, when the layer holds features.
    """
    held = workspace.count(layer)
    if mode is ImportMode.ADD and held:
        raise LayerNotEmptyError(layer=layer, count=held)
    if workspace.metric_crs is None and not np.isfinite(listing.lonlat).any():
        raise EmptyLayerError(layer="building", title=LAYERS["building"].zh)
    if layer == "building":
        return _plan_buildings(workspace, listing, is_matching=mode is ImportMode.MERGE)
    return _plan_points(workspace, listing, layer)


# --- points ------------------------------------------------------------------------------------


def _plan_points(workspace: Workspace, listing: Listing, layer: str) -> PlacePlan:
    frames, gazetteer = _read_known(workspace, ("building", "compound", "place", "gate", "entrance"))
    data = listing.data
    texts = [
        address or name
        for address, name in zip(read_texts(data, "address"), read_texts(data, "name"), strict=True)
    ]
    points = np.full(len(data), None, dtype=object)
    sources = read_texts(data, "source")
    places = []
    for i, (row, key) in enumerate(zip(listing.table.rows, read_texts(data, "id"), strict=True)):
        if np.isfinite(listing.lonlat[i]).all():
            points[i] = shapely.Point(listing.lonlat[i])
            places.append(RowPlace(row, str(key), texts[i], Placed.BY_POSITION))
            continue
        answer = resolve_text(gazetteer, texts[i], ("building", "compound", "place"))
        places.append(_place(row, str(key), texts[i], answer))
        if answer.entry is not None:
            points[i] = _find_door(answer.entry, frames)
            told = ADDRESS_SOURCE.format(text=texts[i], kind=answer.entry.kind, key=answer.entry.key)
            sources[i] = f"{sources[i]}; {told}" if sources[i] else told
    data = data.assign(source=pd.Series(sources, index=data.index, dtype=object))
    return _make_plan(layer, listing, data, points, places)


def _find_door(entry: Entry, frames: Mapping[str, gpd.GeoDataFrame]) -> BaseGeometry:
    """The entrance of a building, the gate of a compound that pedestrians may use, or a point on it.

    The one with the smallest id where there are several.
    """
    if entry.kind == "building":
        doors = frames["entrance"][frames["entrance"]["building"] == entry.key]
    elif entry.kind == "compound":
        gates = frames["gate"]
        is_open = gates["pedestrian"].fillna(value=True) & ~gates["locked"].fillna(value=False)
        doors = gates[(gates["compound"] == entry.key) & is_open.astype(bool)]
    else:
        doors = frames["gate"].iloc[:0]
    if len(doors):
        return doors.sort_values("id").geometry.iloc[0]
    held = frames[entry.kind]
    return shapely.point_on_surface(held.geometry[(held["id"] == entry.key).to_numpy(bool)].iloc[0])


# --- buildings ---------------------------------------------------------------------------------


def _plan_buildings(workspace: Workspace, listing: Listing, *, is_matching: bool) -> PlacePlan:
    data = _name_compounds(workspace, listing.data)
    n_rows = len(data)
    outlines = np.full(n_rows, None, dtype=object)
    is_placed = np.asarray(np.isfinite(listing.lonlat).all(axis=1), dtype=bool)
    held = workspace.read("building") if is_matching else None
    if isinstance(held, gpd.GeoDataFrame) and len(held):
        data, places = _match_buildings(workspace, listing, data, held, outlines, is_placed)
    else:
        places = [
            RowPlace(row, str(key), text, Placed.DRAWN if there else Placed.EMPTY)
            for row, key, text, there in zip(
                listing.table.rows,
                read_texts(data, "id"),
                _read_addresses(data),
                is_placed.tolist(),
                strict=True,
            )
        ]
    drawn = np.array([place.state is Placed.DRAWN for place in places], dtype=bool)
    if drawn.any():
        outlines[drawn] = _draw_squares(listing.lonlat[drawn], listing.store_crs)
        sources = pd.Series(read_texts(data, "source"), index=data.index, dtype=object)
        told = [f"{one}; {FOOTPRINT_SOURCE}" if one else FOOTPRINT_SOURCE for one in sources[drawn]]
        sources[drawn] = told
        data = data.assign(source=sources)
    return _make_plan("building", listing, data, outlines, places)


def _match_buildings(
    workspace: Workspace,
    listing: Listing,
    data: pd.DataFrame,
    held: gpd.GeoDataFrame,
    outlines: npt.NDArray[np.object_],
    is_placed: npt.NDArray[np.bool_],
) -> tuple[pd.DataFrame, list[RowPlace]]:
    """The rows over the buildings that they meet; `outlines` gets those buildings' shapes."""
    _, gazetteer = _read_known(workspace, ("building", "compound"))
    number = {key: at for at, key in enumerate(held["id"])}
    spots = np.where(is_placed, shapely.points(np.nan_to_num(listing.lonlat)), None)
    standing: dict[int, int] = {}
    spot, at = STRtree(held.geometry.to_numpy()).query(spots, predicate="intersects")
    for i, target in zip(spot.tolist(), at.tolist(), strict=True):
        standing.setdefault(i, target)
    met: set[int] = set()
    places, columns = [], {str(name): data[name].tolist() for name in data}
    for i, (row, text) in enumerate(zip(listing.table.rows, _read_addresses(data), strict=True)):
        key = str(data["id"].iloc[i])
        found, place = number.get(key) if listing.is_keyed else None, RowPlace(row, key, text, Placed.BY_KEY)
        if found is None:
            answer = resolve_text(gazetteer, text, ("building",))
            place = _place(row, key, text, answer)
            if answer.entry is not None:
                found = number[answer.entry.key]
            elif i in standing:
                found, place = standing[i], RowPlace(row, key, text, Placed.BY_POSITION)
            elif is_placed[i]:
                place = RowPlace(row, key, text, Placed.DRAWN)
        if found is not None:
            target = str(held["id"].iloc[found])
            state = Placed.REPEATED if found in met else place.state
            place = RowPlace(row, key, text, state, target)
            if found not in met:
                met.add(found)
                outlines[i] = held.geometry.iloc[found]
                _lay_over(columns, i, held.iloc[found])
        places.append(place)
    laid = {
        name: pd.Series(values, index=data.index, dtype=data[name].dtype) for name, values in columns.items()
    }
    return pd.DataFrame(laid), places


def _lay_over(columns: dict[str, list[Any]], i: int, known: pd.Series) -> None:
    """Row i as the building that it met, but for what the row itself says."""
    has_people = not pd.isna(columns["residents"][i])
    says_source = not pd.isna(columns["people_source"][i])
    for name, values in columns.items():
        if name == "id" or pd.isna(values[i]):
            values[i] = known[name]
    if has_people and not says_source and known["people_source"] == "estimated":
        columns["people_source"][i] = "counted"


def _name_compounds(workspace: Workspace, data: pd.DataFrame) -> pd.DataFrame:
    """The rows with the ids of compounds that they call by name."""
    compounds = workspace.read("compound")
    names = Counter(normalise_name(name) for name in read_texts(compounds, "name") if name)
    ids = {
        normalise_name(name): key
        for key, name in zip(read_texts(compounds, "id"), read_texts(compounds, "name"), strict=True)
        if name and names[normalise_name(name)] == 1
    }
    known = set(read_texts(compounds, "id"))
    said = [
        ids.get(normalise_name(text), text) if text and text not in known else text
        for text in read_texts(data, "compound")
    ]
    return data.assign(compound=pd.Series(said, index=data.index, dtype=object))


def _read_addresses(data: pd.DataFrame) -> list[str | None]:
    return [
        address or name
        for address, name in zip(read_texts(data, "address"), read_texts(data, "name"), strict=True)
    ]


def _draw_squares(lonlat: Floats, store_crs: str) -> npt.NDArray[np.object_]:
    """A square around each place in the store CRS, smaller where the next place is nearer than its side."""
    west, south = lonlat.min(axis=0).tolist()
    metric = choose_metric_crs(west, south)
    xy = transform_points(lonlat, store_crs, metric)
    apart, kind = np.unique(np.round(xy, 2), axis=0, return_inverse=True)
    side = np.full(len(apart), FOOTPRINT_M)
    if len(apart) > 1:
        nearest_m = KDTree(apart).query(apart, k=2)[0][:, 1]
        side = np.clip(nearest_m / np.sqrt(2), SMALLEST_FOOTPRINT_M, FOOTPRINT_M)
    half = side[kind.reshape(-1)] / 2
    squares = shapely.box(xy[:, 0] - half, xy[:, 1] - half, xy[:, 0] + half, xy[:, 1] + half)
    degrees = change_crs(gpd.GeoSeries(squares, crs=metric), store_crs, "building")
    return np.array(degrees.to_numpy(), dtype=object)


# --- both --------------------------------------------------------------------------------------


def _read_known(
    workspace: Workspace, names: tuple[str, ...]
) -> tuple[dict[str, gpd.GeoDataFrame], Gazetteer]:
    """Layers in the store CRS, and the gazetteer of the county."""
    with workspace.snapshot():
        frames = {name: workspace.read(name) for name in (*names, "county", "community")}
        aliases = workspace.read("alias")
    layers = {name: frame for name, frame in frames.items() if isinstance(frame, gpd.GeoDataFrame)}
    return layers, build_gazetteer({name: frame for name, frame in layers.items() if len(frame)}, aliases)


def _place(row: int, key: str, text: str | None, answer: Resolution) -> RowPlace:
    states = {
        Resolved.FOUND: Placed.BY_ADDRESS,
        Resolved.AMBIGUOUS: Placed.AMBIGUOUS,
        Resolved.NOT_FOUND: Placed.NOT_FOUND,
        Resolved.EMPTY: Placed.EMPTY,
    }
    target = "" if answer.entry is None else f"{answer.entry.name}（{answer.entry.key}）"
    return RowPlace(row, key, text, states[answer.state], target, answer.candidates)


def _make_plan(
    layer: str,
    listing: Listing,
    data: pd.DataFrame,
    geometry: npt.NDArray[np.object_],
    places: list[RowPlace],
) -> PlacePlan:
    has_place = np.array([place.is_resolved for place in places], dtype=bool)
    keys = [place.target if place.state in MET and layer == "building" else place.key for place in places]
    named = data.assign(id=pd.Series([key or None for key in keys], index=data.index, dtype=object))
    frame = gpd.GeoDataFrame(
        named[has_place].reset_index(drop=True), geometry=list(geometry[has_place]), crs=listing.store_crs
    )
    return PlacePlan(layer, listing, frame, places)
