"""The ground of each centre: where it is the nearest one (catchment), and from where it is within the cutoff.

These are drawings. People and homes in them are counted from the walks of the homes, never from
where a polygon's edge happens to run.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geogrid.coverage.reading import Reading
from geogrid.coverage.summary import sum_known
from geogrid.coverage.town import Town
from geogrid.coverage.walks import Layout, Objects, lay_out, measure_walks, price_ways
from geogrid.network.graph import Costs, Graph, price_segments
from geogrid.network.impedance import Floats, Integers
from geogrid.network.search import Direct, Ways, find_nearest, search_nodes

SAMPLE_M = 40.0
"""Streets are sampled at most this far apart to divide the ground between centres."""
FRAME_M = 200.0
"""Where the county's extent is not known the ground ends this far round homes and streets."""
STREET_SIDE_M = 25.0
"""Ground this far to each side of a reached street is drawn as reached: about half a block's depth."""
FOOTPRINT_M = 5.0
"""A centre that nobody is nearest to, or that no street reaches, is drawn as this much ground round its door."""


def draw_catchments(town: Town, reading: Reading) -> gpd.GeoDataFrame:
    """The ground and the homes of each centre, by the reading's measure, however far they are.

    Ground belongs to the centre of the home or of the place on a street that is nearest in a straight
    line; ground whose nearest place cannot reach any centre belongs to none.

    Returns
    -------
    One row per centre, by id: `centre`, `name`, `people` (<NA> where unknown for all its homes),
    `n_homes`, and a Polygon or MultiPolygon.

    Raises
    ------
    EmptyLayerError
        When the town has no street, no centre or no home.
    """
    layout = lay_out(town)
    walks = measure_walks(layout, reading.measure)
    street_xy, street_centre = _sample_streets(layout, reading)
    known = np.isfinite(layout.homes.xy).all(axis=1)
    xy = np.vstack([layout.homes.xy[known], street_xy])
    grounds = _divide_ground(xy, np.concatenate([walks.centre[known], street_centre]), layout, town)
    homes = pd.DataFrame({"centre": walks.centre, "people": layout.homes.building["residents"].array})
    members = dict(iter(homes.groupby("centre")))
    empty = homes.iloc[:0]
    people = [sum_known(members.get(centre, empty)["people"]) for centre in range(layout.n_centres)]
    frame = _list_centres(layout)
    frame["people"] = pd.array(people, dtype="Int64")
    frame["n_homes"] = np.bincount(walks.centre[walks.centre >= 0], minlength=layout.n_centres)
    return gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(grounds, crs=town.street.crs))


def draw_isochrones(town: Town, reading: Reading) -> gpd.GeoDataFrame:
    """The ground from which each centre is within the reading's cutoff along public streets.

    Returns
    -------
    One row per centre, by id: `centre`, `name`, and a Polygon or MultiPolygon.

    Raises
    ------
    EmptyLayerError
        When the town has no street, no centre or no home.
    """
    layout = lay_out(town)
    network = layout.network.public
    costs = price_segments(network, reading.measure)
    arrivals = price_ways(layout, reading.measure).centres
    cutoff = reading.cutoff_units
    grounds = []
    for centre, reached in search_nodes(network, costs, arrivals, layout.n_centres, limit=cutoff):
        own = np.flatnonzero(arrivals.place == centre)
        lines = _cut_reached(network, costs, reached, cutoff)
        around = _cut_around(network, costs, arrivals, own, cutoff)
        grounds.append(_widen(np.concatenate([lines, around]), layout.centre_xy[centre]))
    return gpd.GeoDataFrame(_list_centres(layout), geometry=gpd.GeoSeries(grounds, crs=town.street.crs))


def _list_centres(layout: Layout) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "centre": pd.Series(layout.centre_id, dtype=object),
            "name": pd.Series(layout.centre_name, dtype=object),
        }
    )


def _sample_streets(layout: Layout, reading: Reading) -> tuple[Floats, Integers]:
    """Places along the public streets, at most one for each square of half the spacing, and their centres."""
    graph = layout.network.public
    n_samples = np.ceil(graph.length_m / SAMPLE_M).astype(np.int64)
    segment = np.repeat(np.arange(graph.n_segments), n_samples)
    within = np.arange(len(segment)) - np.repeat(np.cumsum(n_samples) - n_samples, n_samples)
    fraction = (within + 0.5) / n_samples[segment]
    start, end = graph.ends_xy[segment, :2], graph.ends_xy[segment, 2:]
    xy = start + fraction[:, None] * (end - start)
    _, first = np.unique(np.floor(xy / (SAMPLE_M / 2)), axis=0, return_index=True)
    kept = np.sort(first)
    n_kept = len(kept)
    samples = Ways(np.arange(n_kept), segment[kept], fraction[kept], np.zeros(n_kept), np.full(n_kept, -1))
    none = Direct(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
    costs = price_segments(graph, reading.measure)
    arrivals = price_ways(layout, reading.measure).centres
    nearest = find_nearest(graph, costs, samples, arrivals, none, n_kept, layout.n_centres)
    return xy[kept], nearest.centre


def _divide_ground(xy: Floats, centre: Integers, layout: Layout, town: Town) -> Objects:
    """The ground nearest to the points of each centre, clipped to the county, shape (k,)."""
    xy, first = np.unique(xy, axis=0, return_index=True)
    centre = centre[first]
    points = shapely.multipoints(xy)
    extent = shapely.union_all(town.county.geometry.to_numpy())
    if extent.is_empty:
        extent = shapely.buffer(shapely.convex_hull(points), FRAME_M)
    cells = shapely.get_parts(shapely.voronoi_polygons(points, extend_to=extent, ordered=True))
    grounds = []
    for number in range(layout.n_centres):
        ground = shapely.coverage_union_all(cells[centre == number])
        ground = _keep_polygons(shapely.intersection(shapely.make_valid(ground), extent))
        grounds.append(_draw_footprint(layout.centre_xy[number]) if ground.is_empty else ground)
    return np.array(grounds, dtype=object)


def _cut_reached(graph: Graph, costs: Costs, reached: Floats, cutoff: float) -> Objects:
    """The parts of segments whose ends are within the cutoff, as LineStrings."""
    share_from_start = _share_of_rest(cutoff - reached[graph.start], costs.backward)
    share_from_end = _share_of_rest(cutoff - reached[graph.end], costs.forward)
    whole = np.flatnonzero(share_from_start + share_from_end >= 1)
    first = np.flatnonzero((share_from_start > 0) & (share_from_start + share_from_end < 1))
    last = np.flatnonzero((share_from_end > 0) & (share_from_start + share_from_end < 1))
    segment = np.concatenate([whole, first, last])
    low = np.concatenate([np.zeros(len(whole) + len(first)), 1 - share_from_end[last]])
    high = np.concatenate([np.ones(len(whole)), share_from_start[first], np.ones(len(last))])
    return _cut_segments(graph, segment, low, high)


def _cut_around(graph: Graph, costs: Costs, arrivals: Ways, own: Integers, cutoff: float) -> Objects:
    """The parts of a centre's own segments from which it is reached along that segment."""
    rest = cutoff - arrivals.leg[own]
    own, rest = own[rest >= 0], rest[rest >= 0]
    segment, fraction = arrivals.segment[own], arrivals.fraction[own]
    low = np.maximum(fraction - _share_of_rest(rest, costs.forward[segment]), 0)
    high = np.minimum(fraction + _share_of_rest(rest, costs.backward[segment]), 1)
    return _cut_segments(graph, segment, low, high)


def _share_of_rest(rest: Floats, cost: Floats) -> Floats:
    """The share (0 to 1) of segments that what is left of the cutoff buys."""
    rest = np.where(np.isfinite(rest), np.maximum(rest, 0.0), 0.0)
    return np.minimum(np.divide(rest, cost, out=np.ones(len(rest)), where=cost > 0), 1.0)


def _cut_segments(graph: Graph, segment: Integers, low: Floats, high: Floats) -> Objects:
    start, end = graph.ends_xy[segment, :2], graph.ends_xy[segment, 2:]
    ends = np.stack([start + low[:, None] * (end - start), start + high[:, None] * (end - start)], axis=1)
    lines: Objects = shapely.linestrings(ends)
    return lines


def _widen(lines: Objects, door_xy: Floats) -> shapely.Geometry:
    """Ground to both sides of lines; round the door alone when there is none."""
    if not len(lines):
        return _draw_footprint(door_xy)
    merged = shapely.line_merge(shapely.multilinestrings(lines))
    return _keep_polygons(shapely.buffer(merged, STREET_SIDE_M, quad_segs=2))


def _draw_footprint(door_xy: Floats) -> shapely.Geometry:
    return shapely.buffer(shapely.points(door_xy), FOOTPRINT_M)


def _keep_polygons(geometry: shapely.Geometry) -> shapely.Geometry:
    """The polygons in a geometry, as one Polygon or MultiPolygon."""
    parts = shapely.get_parts(shapely.get_parts(geometry))
    polygons = parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON]
    return polygons[0] if len(polygons) == 1 else shapely.multipolygons(polygons)
