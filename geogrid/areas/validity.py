"""Which features hold on a date."""

from __future__ import annotations

import datetime as dt

import geopandas as gpd


def select_current(frame: gpd.GeoDataFrame, on: dt.date | None) -> gpd.GeoDataFrame:
    """The features that hold on a date.

    Parameters
    ----------
    frame
        With `valid_from` and `valid_to` as ISO 8601 text; a missing one leaves that side open, and
        `valid_to` is the last day on which a feature holds.
    on
        The date; None for the features that have no last day.

    >>> from shapely import Point
    >>> frame = gpd.GeoDataFrame(
    ...     {"code": ["a", "b"], "valid_from": ["2024-01-01", "2025-01-01"], "valid_to": ["2024-12-31", None]},
    ...     geometry=[Point(0, 0)] * 2,
    ... )
    >>> select_current(frame, dt.date(2024, 12, 31))["code"].tolist()
    ['a']
    >>> select_current(frame, None)["code"].tolist()
    ['b']
    """
    ended = frame["valid_to"].fillna("")
    if on is None:
        return frame[(ended == "").to_numpy(bool)]
    begun = frame["valid_from"].fillna("")
    day = on.isoformat()
    holds = (begun.astype(str) <= day) & ((ended == "") | (ended.astype(str) >= day))
    return frame[holds.to_numpy(bool)]
