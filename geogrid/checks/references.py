"""Keys that are missing, repeated or refer to nothing, and validity dates that make no sense."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date

import geopandas as gpd
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from geogrid.areas.validity import select_current
from geogrid.checks.rules import make_finding, name_layer
from geogrid.findings import Finding
from geogrid.responsibility.columns import read_lists, read_texts
from geogrid.schema import LAYERS, TABLES, ColumnType, Layer, find_layer

ADDRESSED_TABLES = ("assignment", "organisation", "alias")
"""Tables whose rows name a feature by its layer and its key."""


def find_key_faults(frame: pd.DataFrame, layer: str, on: date) -> list[Finding]:
    """Features without a key, and keys that more than one feature has on a date."""
    current = select_valid(frame, on)
    keys = read_texts(current, find_layer(layer).key)
    counts = Counter(key for key in keys if key)
    findings = [
        make_finding(
            "key.duplicate", layer, [key], place=_unite(current, keys, key), size=float(count), count=count
        )
        for key, count in sorted(counts.items())
        if count > 1
    ]
    n_missing = keys.count(None)
    if n_missing:
        place = _unite(current, keys, None)
        findings.append(
            make_finding("key.missing", layer, [], place=place, size=float(n_missing), count=n_missing)
        )
    return findings


def _unite(frame: pd.DataFrame, keys: list[str | None], key: str | None) -> BaseGeometry | None:
    """The ground of the features of a key; None for the rows of a table."""
    if not isinstance(frame, gpd.GeoDataFrame):
        return None
    shapes = frame.geometry.to_numpy()[[other == key for other in keys]]
    return shapely.union_all(shapely.make_valid(shapes))


def find_validity_faults(frame: pd.DataFrame, layer: str) -> list[Finding]:
    """Dates that are no ISO dates, and features that end before they begin."""
    findings = []
    columns = (read_texts(frame, name) for name in (find_layer(layer).key, "valid_from", "valid_to"))
    for key, start, end in zip(*columns, strict=True):
        dates = [read_date(text) for text in (start, end) if text]
        for text, found in zip((text for text in (start, end) if text), dates, strict=True):
            if found is None:
                findings.append(make_finding("validity.unreadable", layer, [key or "?"], date=text))
        if len(dates) == 2 and None not in dates and str(start) > str(end):
            findings.append(make_finding("validity.order", layer, [key or "?"], start=start, end=end))
    return findings


def find_reference_faults(
    layers: Mapping[str, pd.DataFrame], tables: Mapping[str, pd.DataFrame], on: date
) -> list[Finding]:
    """Current features that name a feature which does not exist, or no longer does on a date.

    One finding for each missing feature and column, naming all that refer to it. A layer that is
    not given is not looked into; one that is given empty has no features.
    """
    frames = {**layers, **tables}
    known = {name: _Keys(frame, name, on) for name, frame in frames.items()}
    findings: list[Finding] = []
    for name, frame in frames.items():
        layer, current = find_layer(name), select_valid(frame, on)
        found: dict[tuple[str, str, str], list[str]] = {}
        for key, column, target, value in [
            *_list_references(current, layer),
            *_list_addresses(current, layer),
        ]:
            if target not in LAYERS and target not in TABLES:
                findings.append(make_finding("reference.layer", name, [key], target=target))
            elif target in known and value not in known[target].current:
                found.setdefault((column, target, value), []).append(key)
        for (column, target, value), referring in sorted(found.items()):
            findings.append(
                make_finding(
                    "reference.ended" if value in known[target].all else "reference.missing",
                    name,
                    sorted(referring),
                    size=float(len(referring)),
                    column=_name_column(layer, column),
                    target=name_layer(target),
                    value=value,
                )
            )
    return findings


def select_valid(frame: pd.DataFrame, on: date) -> pd.DataFrame:
    """The rows that hold on a date; all of a table whose rows have no dates."""
    return select_current(frame, on) if "valid_to" in frame.columns else frame


class _Keys:
    """The keys of a layer: on a date, and ever. Doors of a centre go by the centre's key too."""

    def __init__(self, frame: pd.DataFrame, layer: str, on: date) -> None:
        self.all = set(_read_keys(frame, layer))
        self.current = set(_read_keys(select_valid(frame, on), layer))


def _read_keys(frame: pd.DataFrame, layer: str) -> Iterator[str]:
    for column in (find_layer(layer).key, *(["centre"] if layer == "centre" else [])):
        yield from (key for key in read_texts(frame, column) if key)


def _list_references(frame: pd.DataFrame, layer: Layer) -> Iterator[tuple[str, str, str, str]]:
    """Key, column, target layer and value of every reference by a column that the schema declares."""
    keys = [key or "?" for key in read_texts(frame, layer.key)]
    for column in layer.columns:
        if not column.refers:
            continue
        if column.type is ColumnType.LIST:
            values = read_lists(frame, column.name)
        else:
            values = [[text] if text else [] for text in read_texts(frame, column.name)]
        for key, listed in zip(keys, values, strict=True):
            for value in listed:
                yield key, column.name, column.refers, value


def _list_addresses(frame: pd.DataFrame, layer: Layer) -> Iterator[tuple[str, str, str, str]]:
    """The same for the tables whose rows name a layer and a feature."""
    if layer.name in ADDRESSED_TABLES:
        columns = (read_texts(frame, name) for name in (layer.key, "layer", "feature"))
        for key, target, value in zip(*columns, strict=True):
            if target and value:
                yield key or "?", "feature", target, value


def _name_column(layer: Layer, column: str) -> dict[str, str]:
    return {"zh": layer.column(column).zh, "en": layer.column(column).en}


def read_date(text: str) -> date | None:
    """The date of an ISO 8601 text, or None when it is no such text."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if found.isoformat() == text else None  # 20260101 is read by Python but sorts wrongly
