"""Towns given by columns and rows of 12 m, for what a picture cannot show: walls that touch, nest and overlap.

Ten seconds a cell along a street for an adult, twelve off it; rows grow to the south, as in `town`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from geogrid.coverage.town import Town
from tests.support.town import CRS, at

Place = tuple[float, float]
HOUSE_CELLS = 1 / 12


def box(west: float, north: float, east: float, south: float) -> shapely.Polygon:
    """A rectangle between two corners in cells, in metres."""
    return shapely.box(*at(west, south), *at(east, north))


def line(*places: Place) -> shapely.LineString:
    """A line through cells, in metres."""
    return shapely.LineString([at(*place) for place in places])


def plan_layers(
    *,
    streets: Mapping[str, Sequence[Place]],
    homes: Mapping[str, Place],
    centres: Mapping[str, Place],
    compounds: Mapping[str, shapely.Geometry] | None = None,
    gates: Mapping[str, Place] | None = None,
    entrances: Mapping[str, Place] | None = None,
    walls: Mapping[str, Sequence[Place]] | None = None,
    waters: Mapping[str, shapely.Geometry] | None = None,
    kinds: Mapping[str, str | None] | None = None,
    bridges: Sequence[str] = (),
    gate_compounds: Mapping[str, str] | None = None,
    locked: Sequence[str] = (),
    home_compounds: Mapping[str, str] | None = None,
    home_shapes: Mapping[str, shapely.Geometry] | None = None,
    squares: Mapping[str, shapely.Geometry] | None = None,
    stops: Mapping[str, Place] | None = None,
    passages: Mapping[str, str] | None = None,
    doubtful: Sequence[str] = (),
    nodes: Mapping[str, str] | None = None,
) -> dict[str, gpd.GeoDataFrame]:
    """The layers of a town. A home is a house of 2 m round its place unless `home_shapes` says otherwise.

    Stops are barriers on streets, closed unless `passages` says otherwise; `doubtful` streets are perhaps not walked.
    """
    compounds, gates, entrances = compounds or {}, gates or {}, entrances or {}
    houses = {
        key: (home_shapes or {}).get(
            key, box(x - HOUSE_CELLS, y - HOUSE_CELLS, x + HOUSE_CELLS, y + HOUSE_CELLS)
        )
        for key, (x, y) in homes.items()
    }
    return {
        "street": _frame(
            {key: line(*places) for key, places in streets.items()},
            bridge=[key in bridges for key in streets],
            doubtful=[key in doubtful for key in streets],
            nodes=[(nodes or {}).get(key) for key in streets],
        ),
        "building": _frame(houses, compound=[(home_compounds or {}).get(key) for key in houses]),
        "centre": _points(centres),
        "compound": _frame(compounds, kind=[(kinds or {}).get(key, "封闭式") for key in compounds]),
        "gate": _points(
            gates,
            compound=[(gate_compounds or {}).get(key) for key in gates],
            locked=[key in locked for key in gates],
        ),
        "entrance": _points(entrances, building=[key.rstrip("0123456789") for key in entrances]),
        "barrier": _frame({key: line(*places) for key, places in (walls or {}).items()}),
        "water": _frame(waters or {}),
        "square": _frame(squares or {}),
        "street_barrier": _points(stops or {}, passage=[(passages or {}).get(key) for key in stops or {}]),
    }


def plan_town(**things: Any) -> Town:
    """The town of `plan_layers`."""
    return Town.from_layers(plan_layers(**things))


def _points(places: Mapping[str, Place], **columns: Sequence[Any]) -> gpd.GeoDataFrame:
    return _frame({key: shapely.Point(at(*place)) for key, place in places.items()}, **columns)


def _frame(shapes: Mapping[str, shapely.Geometry], **columns: Sequence[Any]) -> gpd.GeoDataFrame:
    frame = pd.DataFrame({"id": pd.Series(list(shapes), dtype=object)})
    for name, values in columns.items():
        frame[name] = pd.Series(list(values), dtype=object)
    return gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(list(shapes.values()), crs=CRS))
