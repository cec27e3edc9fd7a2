"""Register: what a lookup reads of a county, in metres, and its state on a date."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import TypeVar

import geopandas as gpd
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from geogrid.areas.share import assign_areas
from geogrid.areas.validity import select_current
from geogrid.crs import change_crs
from geogrid.responsibility.answer import Evidence
from geogrid.responsibility.columns import read_texts
from geogrid.responsibility.duty import DutiesByPost, Post, group_duties, list_group_posts
from geogrid.responsibility.gazetteer import GAZETTEER_LAYERS, Entry, Gazetteer, build_gazetteer
from geogrid.responsibility.ground import Ground
from geogrid.responsibility.holders import Holders
from geogrid.responsibility.membership import find_declared_differences
from geogrid.responsibility.organisation import Organisation, read_organisations
from geogrid.responsibility.point_index import PointIndex
from geogrid.responsibility.stand_in import find_stand_ins
from geogrid.schema import AREA_LAYERS, find_layer

REGISTER_LAYERS = tuple(dict.fromkeys((*AREA_LAYERS, *GAZETTEER_LAYERS, "county")))
REGISTER_TABLES = ("person", "assignment", "group", "organisation", "alias")

Frame = TypeVar("Frame", gpd.GeoDataFrame, pd.DataFrame)


@dataclass(frozen=True)
class Register:
    """The areas, places and duties of a county.

    Attributes
    ----------
    layers
        Layer name -> features in `metric_crs`, one entry for each of `REGISTER_LAYERS`.
    tables
        Table name -> rows, one entry for each of `REGISTER_TABLES`.
    metric_crs
        The CRS, in metres, in which shares and distances are measured.
    on
        The date whose state this is; None while it holds features and duties of every date.
    every_duty
        The table `assignment` of every date; None where `tables` has it.
    """

    layers: Mapping[str, gpd.GeoDataFrame]
    tables: Mapping[str, pd.DataFrame]
    metric_crs: str
    on: date | None = None
    every_duty: pd.DataFrame | None = None

    @classmethod
    def from_layers(
        cls,
        layers: Mapping[str, gpd.GeoDataFrame],
        tables: Mapping[str, pd.DataFrame],
        metric_crs: str,
    ) -> Register:
        """A register of what is given; a layer or table that is not given is empty.

        Invalid polygons are measured as `shapely.make_valid` understands them, so that one
        faulty area does not keep every other question from being answered; the checks name them.

        Parameters
        ----------
        layers
            In any CRS, with the columns of the schema; ended features may be among them.
        tables
            `person`, `assignment`, `group`, `organisation`, `alias`.

        Raises
        ------
        CrsError
            When a layer has no CRS.
        """
        return cls(
            {name: _measure(layers.get(name), name, metric_crs) for name in REGISTER_LAYERS},
            {
                name: _complete(tables.get(name, pd.DataFrame()), find_layer(name).column_names)
                for name in REGISTER_TABLES
            },
            metric_crs,
        )

    def on_date(self, on: date) -> Register:
        """The features and duties that hold on a date; itself when it is of that date already.

        Who asks many times about one date narrows the register once and asks the narrow one.
        """
        if self.on == on:
            return self
        return replace(
            self,
            layers={name: select_current(frame, on) for name, frame in self.layers.items()},
            tables={
                name: select_current(table, on) if "valid_to" in table.columns else table
                for name, table in self.tables.items()
            },
            on=on,
            every_duty=self.tables["assignment"] if self.every_duty is None else self.every_duty,
        )

    @property
    def areas(self) -> dict[str, gpd.GeoDataFrame]:
        """Kind -> areas, in the order of the schema."""
        return {kind: self.layers[kind] for kind in AREA_LAYERS}

    @cached_property
    def gazetteer(self) -> Gazetteer:
        """What of it can be found by name."""
        return build_gazetteer(self.layers, self.tables["alias"])

    @cached_property
    def point_index(self) -> PointIndex:
        """The areas of every kind, made ready for points."""
        return PointIndex.build(self.areas, {kind: find_layer(kind).key for kind in AREA_LAYERS})

    @cached_property
    def declared_differences(self) -> dict[tuple[str, str], list[Evidence]]:
        """(kind, code) -> how an area's declared community or 片区 differs from the ground."""
        return find_declared_differences(self.areas)

    @cached_property
    def duties(self) -> DutiesByPost:
        """The duties by the feature they are held for."""
        known = self.every_duty
        stand_ins = {} if known is None or self.on is None else find_stand_ins(known, self.on)
        return group_duties(self.tables["assignment"], self.tables["person"], stand_ins)

    @cached_property
    def organisations(self) -> dict[str, Organisation]:
        """The organisations by id."""
        return read_organisations(self.tables["organisation"])

    @cached_property
    def group_posts(self) -> dict[str, list[Post]]:
        """Building -> the groups of buildings or households that hold it."""
        return list_group_posts(self.tables["group"])

    @cached_property
    def group_kinds(self) -> frozenset[str]:
        """The kinds of group that the county has."""
        return frozenset(kind for kind in read_texts(self.tables["group"], "kind") if kind)

    @cached_property
    def grounds(self) -> dict[str, Ground]:
        """Kind -> areas, ready to be asked about one place at a time."""
        return {kind: Ground.lay(kind, frame) for kind, frame in self.areas.items()}

    @cached_property
    def geometries(self) -> dict[str, dict[str, BaseGeometry | None]]:
        """Layer -> key -> geometry of what can be found by name; of several rows the smallest id's."""
        return {name: _read_geometries(self.layers[name], name) for name in GAZETTEER_LAYERS}

    @cached_property
    def building_compounds(self) -> dict[str, str | None]:
        """Building -> the compound that it is declared to belong to."""
        frame = self.layers["building"]
        pairs = zip(read_texts(frame, "id"), read_texts(frame, "compound"), strict=True)
        return {building: compound for building, compound in pairs if building}

    @cached_property
    def beat_communities(self) -> dict[str, str | None]:
        """Beat -> the community that it is declared to belong to."""
        frame = self.layers["beat"]
        pairs = zip(read_texts(frame, "code"), read_texts(frame, "community"), strict=True)
        return {code: community for code, community in pairs if code}

    def find_holders(self, point: BaseGeometry) -> tuple[str | None, str | None]:
        """The building and the compound that cover a point, the smaller id where there are several."""
        return self._building_holders.find(point), self._compound_holders.find(point)

    @cached_property
    def _building_holders(self) -> Holders:
        return Holders(self.layers["building"])

    @cached_property
    def _compound_holders(self) -> Holders:
        return Holders(self.layers["compound"])

    @cached_property
    def entries(self) -> dict[tuple[str, str], Entry]:
        """(layer, key) -> what can be found by name."""
        return {(entry.kind, entry.key): entry for entry in self.gazetteer.entries}

    @cached_property
    def building_areas(self) -> dict[str, list[str | None]]:
        """Kind -> the code of the one area of each building, in the order of the layer."""
        polygons = self.layers["building"].geometry.to_numpy()
        return {kind: list(assign_areas(polygons, frame)) for kind, frame in self.areas.items()}

    @cached_property
    def compound_names(self) -> dict[str, str | None]:
        """Compound -> its name."""
        return _read_pairs(self.layers["compound"], "id")

    @cached_property
    def group_names(self) -> dict[str, str | None]:
        """Group of buildings or households -> its name."""
        return _read_pairs(self.tables["group"], "id")

    @cached_property
    def centre_names(self) -> dict[str, str | None]:
        """Centre -> its name; of several doors the one with the smallest id."""
        return _read_pairs(self.layers["centre"].sort_values("id", ascending=False), "centre")


def _measure(frame: gpd.GeoDataFrame | None, name: str, metric_crs: str) -> gpd.GeoDataFrame:
    """The layer in metres, every column of the schema present and every polygon valid."""
    if frame is None or frame.empty:
        frame = gpd.GeoDataFrame(geometry=[], crs=metric_crs)
    metric = _complete(change_crs(frame, metric_crs, name), find_layer(name).column_names)
    metric = metric.set_geometry(shapely.make_valid(metric.geometry.to_numpy()), crs=metric.crs)
    if name == "centre":  # a centre with a single door may leave its own key empty
        keys = zip(read_texts(metric, "centre"), read_texts(metric, "id"), strict=True)
        metric = metric.assign(
            centre=pd.Series([key or own for key, own in keys], metric.index, dtype=object)
        )
    return metric


def _complete(frame: Frame, columns: tuple[str, ...]) -> Frame:
    """The frame with every column of the schema, a missing one empty."""
    missing = [column for column in columns if column not in frame.columns]
    return frame.assign(**{column: pd.Series(None, frame.index, dtype=object) for column in missing})


def _read_pairs(frame: pd.DataFrame, key: str) -> dict[str, str | None]:
    return {
        key: name for key, name in zip(read_texts(frame, key), read_texts(frame, "name"), strict=True) if key
    }


def _read_geometries(frame: gpd.GeoDataFrame, name: str) -> dict[str, BaseGeometry | None]:
    keys = read_texts(frame, "centre" if name == "centre" else find_layer(name).key)
    ids = read_texts(frame, find_layer(name).key)
    rows = sorted(zip(keys, ids, frame.geometry.to_numpy(), strict=True), key=lambda row: row[1] or "")
    found: dict[str, BaseGeometry | None] = {}
    for key, _, geometry in rows:
        if key is not None:
            found.setdefault(key, None if geometry is None or geometry.is_empty else geometry)
    return found
