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
from geogrid.network.graph import Graph, price_segments
from geogrid.network.impedance import Floats, Integers, price_legs
from geogrid.network.search import Direct, Ways, find_nearest, price_from_nodes, search_nodes, select_ways
from geogrid.network.snap import snap_points

SAMPLE_M = 40.0
"""Streets are sampled at most this far apart to divide the ground between centres."""
FRAME_M = 200.0
"""Where the county's extent is not known the ground ends this far round homes and streets."""
SQUARE_M = 25.0
"""Side of the squares in which reached ground is judged."""
SMOOTHED_M = 18.0
"""The outline of squares is simplified by this much: just over their half diagonal, so that steps vanish."""
STREET_SIDE_M = 50.0
"""Ground further from a street than this is not drawn as reached: a block's depth."""
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
    """The ground from which each centre is within the reading's cutoff.

    Ground is judged in squares of `SQUARE_M` beside public streets, each by the walk from its middle;
    the steps of the outline are then smoothed.

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
    middle_xy, squares = _lay_squares(network, reading)
    grounds = []
    for centre, reached in search_nodes(
        network, costs, arrivals, layout.n_centres, limit=reading.cutoff_units
    ):
        doors = select_ways(arrivals, centre)
        prices = price_from_nodes(network, costs, squares, doors, reached)
        inside = squares.place[prices <= reading.cutoff_units]
        grounds.append(_draw_squares(middle_xy[inside], layout.centre_xy[centre]))
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
    segment, fraction = _sample_segments(graph, SAMPLE_M)
    xy = _place_on_segments(graph, segment, fraction)
    _, first = np.unique(np.floor(xy / (SAMPLE_M / 2)), axis=0, return_index=True)
    kept = np.sort(first)
    n_kept = len(kept)
    samples = Ways(np.arange(n_kept), segment[kept], fraction[kept], np.zeros(n_kept), np.full(n_kept, -1))
    none = Direct(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
    costs = price_segments(graph, reading.measure)
    arrivals = price_ways(layout, reading.measure).centres
    nearest = find_nearest(graph, costs, samples, arrivals, none, n_kept, layout.n_centres)
    return xy[kept], nearest.centre


def _sample_segments(graph: Graph, spacing_m: float) -> tuple[Integers, Floats]:
    """Places along segments, evenly, at most a spacing apart: segments and fractions."""
    n_samples = np.ceil(graph.length_m / spacing_m).astype(np.int64)
    segment = np.repeat(np.arange(graph.n_segments), n_samples)
    within = np.arange(len(segment)) - np.repeat(np.cumsum(n_samples) - n_samples, n_samples)
    return segment, (within + 0.5) / n_samples[segment]


def _place_on_segments(graph: Graph, segment: Integers, fraction: Floats) -> Floats:
    start, end = graph.ends_xy[segment, :2], graph.ends_xy[segment, 2:]
    xy: Floats = start + fraction[:, None] * (end - start)
    return xy


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


def _lay_squares(graph: Graph, reading: Reading) -> tuple[Floats, Ways]:
    """Squares beside streets: the middles of a lattice, and the way to a street of those that have one."""
    segment, fraction = _sample_segments(graph, SQUARE_M)
    at = np.floor(_place_on_segments(graph, segment, fraction) / SQUARE_M).astype(np.int64)
    reach = np.arange(-2, 3)
    around = np.stack(np.meshgrid(reach, reach), axis=-1).reshape(-1, 2)
    lattice = np.unique((at[:, None, :] + around).reshape(-1, 2), axis=0)
    middle_xy = (lattice + 0.5) * SQUARE_M
    snaps = snap_points(middle_xy, graph)
    near = np.flatnonzero(snaps.straight_m <= STREET_SIDE_M)
    legs = price_legs(snaps.straight_m[near], reading.measure)
    none = np.full(len(near), -1)
    return middle_xy, Ways(near, snaps.segment[near], snaps.fraction[near], legs, none)


def _draw_squares(middle_xy: Floats, door_xy: Floats) -> shapely.Geometry:
    """Squares as one ground with a smoothed outline; round the door alone when there is none."""
    if not len(middle_xy):
        return _draw_footprint(door_xy)
    (west, south), (east, north) = (middle_xy - SQUARE_M / 2).T, (middle_xy + SQUARE_M / 2).T
    ground = shapely.coverage_union_all(shapely.box(west, south, east, north))
    return _keep_polygons(shapely.simplify(ground, SMOOTHED_M))


def _draw_footprint(door_xy: Floats) -> shapely.Geometry:
    return shapely.buffer(shapely.points(door_xy), FOOTPRINT_M)


def _keep_polygons(geometry: shapely.Geometry) -> shapely.Geometry:
    """The polygons in a geometry, as one Polygon or MultiPolygon."""
    parts = shapely.get_parts(shapely.get_parts(geometry))
    polygons = parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON]
    return polygons[0] if len(polygons) == 1 else shapely.multipolygons(polygons)
