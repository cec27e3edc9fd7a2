"""Heights of the ground for streets: sampled from a GeoTIFF, smoothed once, straight over bridges."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geogrid.crs import (
    WGS84,
    Coordinates,
    choose_metric_crs,
    crs_name,
    parse_crs,
    to_lonlat,
    transform_points,
)
from geogrid.errors import CrsError, FileTooCostlyError, UnsupportedFileError
from geogrid.io.guard import Limits, Progress, run_guarded
from geogrid.io.parcel import Parcel
from geogrid.network.stacked import read_numbers, write_numbers

Floats = npt.NDArray[np.float64]

ELEVATION_SUFFIXES = (".tif", ".tiff")
SMOOTHING_M = 60.0
"""Width of the square over which heights are averaged, once. Radar heights on a 30 m grid have errors
of several metres from cell to cell, which would be slopes of 10 % and more."""
STEP_M = 60.0
"""Vertices are added where a street has none for longer, so that a hill between two is not lost."""
ELEVATION_LIMITS = Limits(file_bytes=2 << 30)

_SAMPLES = 5
"""Samples along each side of the square."""
_MAX_CELLS = 200_000_000
_CHUNK = 20_000
_DEGREE_M = 111_320.0
_SHORTEST_M = 0.01
_LOWEST_M, _HIGHEST_M = -500.0, 9_000.0


@dataclass(frozen=True)
class Draped:
    """Streets with heights.

    Attributes
    ----------
    streets
        The layer as it was given, with z at every vertex that the model covers, NaN at the others.
    without_height
        Ids of the streets of which it covers none: they have no z at all.
    n_without_height
        Vertices without a height.
    lowest_m, highest_m
        Of all vertices with a height; NaN when there are none.
    """

    streets: gpd.GeoDataFrame
    without_height: list[str]
    n_without_height: int
    lowest_m: float
    highest_m: float


def read_elevation(path: Path, lonlat: Coordinates, progress: Progress | None = None) -> Floats:
    """Heights of the ground, averaged over `SMOOTHING_M` around each point.

    The average is taken around the place, not along a street: streets that meet have one height.

    Parameters
    ----------
    path
        A GeoTIFF with a CRS and heights in metres.
    lonlat
        Shape (n, 2): WGS 84 longitude and latitude.

    Returns
    -------
    Shape (n,): metres; NaN outside the model and where it has no data.

    Raises
    ------
    UnsupportedFileError, CrsError, FileTooCostlyError, FileMissingError
    """
    suffix = path.suffix.lower()
    if suffix not in ELEVATION_SUFFIXES:
        raise UnsupportedFileError(path.name, suffix or "-", ELEVATION_SUFFIXES)
    request = Parcel({"file": path.name}, arrays={"lonlat": lonlat})
    found = run_guarded("elevation", {"input.tif": path}, request, limits=ELEVATION_LIMITS, progress=progress)
    heights: Floats = found.arrays["heights"]
    return heights


def drape_streets(streets: gpd.GeoDataFrame, path: Path, progress: Progress | None = None) -> Draped:
    """Streets with the heights of a GeoTIFF at every vertex that it covers; bridges and underpasses run straight.

    Vertices are added where two are further apart than `STEP_M`. Between the ends of a bridge, or
    of a chain of bridges, heights follow the length along it: the model shows the valley below.

    Parameters
    ----------
    streets
        The layer `street` in any CRS.

    Raises
    ------
    UnsupportedFileError, CrsError, FileTooCostlyError, FileMissingError
    """
    degrees = to_lonlat(streets, "street")
    west, south, east, north = degrees.total_bounds
    metric = choose_metric_crs((west + east) / 2, (south + north) / 2)
    lines, kept = _densify(
        np.asarray(streets.geometry.values, dtype=object),
        np.asarray(degrees.geometry.values, dtype=object),
        metric,
    )
    xy, owner = shapely.get_coordinates(lines, return_index=True)
    source = crs_name(streets.crs)
    streets, numbers = _move_numbers(streets, kept, owner)
    node_of, nodes = _find_nodes(xy, numbers)
    lonlat = nodes if degrees is streets else transform_points(nodes, source, WGS84)
    heights = read_elevation(path, lonlat, progress)
    metres = transform_points(nodes, source, metric)
    is_bridge = streets["bridge"].fillna(value=False).to_numpy(dtype=bool)
    heights = _level_bridges(heights, metres, node_of, owner, is_bridge)
    z = heights[node_of]
    unknown = np.setdiff1d(np.arange(len(lines)), owner[np.isfinite(z)])
    draped = np.asarray(shapely.linestrings(np.column_stack([xy, z]), indices=owner), dtype=object)
    draped[unknown] = shapely.force_2d(lines[unknown])
    known = heights[np.isfinite(heights)]
    return Draped(
        streets=streets.set_geometry(gpd.GeoSeries(draped, index=streets.index, crs=streets.crs)),
        without_height=streets["id"].iloc[unknown].tolist(),
        n_without_height=int(np.isnan(z).sum()),
        lowest_m=float(known.min()) if known.size else float("nan"),
        highest_m=float(known.max()) if known.size else float("nan"),
    )


def _densify(
    lines: npt.NDArray[np.object_], degrees: npt.NDArray[np.object_], metric: str
) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.intp]]:
    """Lines in their own CRS with vertices at most `STEP_M` apart, and where those that they had are now, shape (v,)."""
    xy, owner = shapely.get_coordinates(lines, return_index=True)
    metres = transform_points(shapely.get_coordinates(degrees), WGS84, metric)
    length = np.hypot(*np.diff(metres, axis=0).T)
    n_pieces = np.where(owner[1:] == owner[:-1], np.ceil(length / STEP_M - 1e-9), 1).astype(int)
    n_pieces = np.append(np.maximum(n_pieces, 1), 1)
    start = np.repeat(np.arange(len(xy)), n_pieces)
    share = (np.arange(len(start)) - np.repeat(np.cumsum(n_pieces) - n_pieces, n_pieces)) / n_pieces[start]
    ahead = np.minimum(start + 1, len(xy) - 1)
    points = xy[start] + share[:, None] * (xy[ahead] - xy[start])
    moved = np.cumsum(n_pieces) - n_pieces
    return np.asarray(shapely.linestrings(points, indices=owner[start]), dtype=object), moved


def _move_numbers(
    streets: gpd.GeoDataFrame, kept: npt.NDArray[np.intp], owner: npt.NDArray[np.intp]
) -> tuple[gpd.GeoDataFrame, dict[int, int]]:
    """The streets with their node numbers at the vertices where these are now, and vertex -> number of all.

    Parameters
    ----------
    kept
        Shape (v,): where the vertices that the streets had are among all that they have now.
    owner
        The street of each of these.
    """
    if "nodes" not in streets or not streets["nodes"].astype(bool).any():
        return streets, {}
    texts = streets["nodes"].to_numpy(object)
    first = np.searchsorted(owner, np.arange(len(streets)))
    first_kept = np.searchsorted(owner[kept], np.arange(len(streets) + 1))
    moved = texts.copy()
    numbers: dict[int, int] = {}
    for street in np.flatnonzero(texts.astype(bool)):
        own = kept[first_kept[street] : first_kept[street + 1]]
        found = [(int(own[vertex]), number) for vertex, number in read_numbers(texts[street], len(own))]
        numbers.update(found)
        moved[street] = write_numbers((vertex - int(first[street]), number) for vertex, number in found)
    return streets.assign(nodes=pd.Series(moved, index=streets.index, dtype=object)), numbers


def _find_nodes(xy: Coordinates, numbers: dict[int, int]) -> tuple[npt.NDArray[np.intp], Coordinates]:
    """For each vertex its node, and the nodes' coordinates: vertices at one place are one node.

    Those with different numbers are different nodes.
    """
    codes, places = pd.factorize(pd.MultiIndex.from_arrays([xy[:, 0], xy[:, 1]]))
    nodes = np.array(places.tolist(), dtype=float).reshape(-1, 2)
    known: dict[int, set[int]] = defaultdict(set)
    for vertex, number in numbers.items():
        known[int(codes[vertex])].add(number)
    parted = {place for place, found in known.items() if len(found) > 1}
    keys = sorted({(int(codes[v]), number) for v, number in numbers.items() if int(codes[v]) in parted})
    added = {key: len(nodes) + at for at, key in enumerate(keys)}
    for vertex, number in numbers.items():
        codes[vertex] = added.get((int(codes[vertex]), number), codes[vertex])
    return codes, np.vstack([nodes, nodes[[place for place, _ in keys]].reshape(-1, 2)])


def _level_bridges(
    heights: Floats,
    metres: Coordinates,
    node_of: npt.NDArray[np.intp],
    owner: npt.NDArray[np.intp],
    is_bridge: npt.NDArray[np.bool_],
) -> Floats:
    """Heights of nodes with those on bridges interpolated between the ends of the bridges.

    An end is a node where a bridge ends and another street, or nothing, goes on. The heights of
    the other nodes make each segment as steep as its neighbours: with resistances proportional to
    length they are the potentials of a network whose ends are held, which on a single bridge is a
    straight line.
    """
    from scipy.sparse import coo_array, diags_array
    from scipy.sparse.csgraph import connected_components
    from scipy.sparse.linalg import spsolve

    on_bridge = is_bridge[owner]
    step = on_bridge[1:] & (owner[1:] == owner[:-1])
    a, b = node_of[:-1][step], node_of[1:][step]
    if len(a) == 0:
        return heights
    last = np.append(owner[1:] != owner[:-1], True)
    is_end = last | np.append(True, last[:-1])
    ends, n_ends = np.unique(node_of[on_bridge & is_end], return_counts=True)
    elsewhere = np.unique(node_of[~on_bridge])
    held = ends[np.isin(ends, elsewhere) | (n_ends == 1)]
    # A node within a bridge is no end, even where steps come up to it or another bridge ends there.
    held = np.setdiff1d(held, node_of[on_bridge & ~is_end])
    nodes = np.unique(np.concatenate([a, b]))
    free = np.setdiff1d(nodes, held)
    if len(free) == 0:
        return heights
    length = np.maximum(np.hypot(*(metres[a] - metres[b]).T), _SHORTEST_M)
    size = len(heights)
    weights = coo_array((1 / length, (a, b)), shape=(size, size)).tocsr()
    weights = weights + weights.T
    # A chain with an end of unknown height, and a loop without an end, stay as they are.
    _, chain = connected_components(weights, directed=False)
    unknown = chain[held[np.isnan(heights[held])]]
    free = free[np.isin(chain[free], np.setdiff1d(chain[held], unknown))]
    if len(free) == 0:
        return heights
    held = held[~np.isin(chain[held], unknown)]
    laplacian = diags_array(weights.sum(axis=1)).tocsr() - weights
    right = weights[free][:, held] @ heights[held]
    levelled = heights.copy()
    levelled[free] = spsolve(laplacian[free][:, free].tocsc(), right)
    return levelled


# --- in the child process ----------------------------------------------------------------------


def read_elevation_here(folder: Path, request: Parcel, report: Progress) -> Parcel:
    """`read_elevation` in the child process."""
    import rasterio
    from rasterio.errors import RasterioError

    (path,) = folder.iterdir()
    shown = request.info["file"]
    lonlat = request.arrays["lonlat"]
    try:
        with rasterio.open(path, driver="GTiff", sharing=False) as model:
            if model.count != 1 or model.crs is None or model.dtypes[0].startswith("complex"):
                found = f"{model.count} × {model.dtypes[0]}, {model.crs}"
                raise UnsupportedFileError(shown, found, ["GeoTIFF，单波段，有坐标系 / one band, with a CRS"])
            crs = parse_crs(model.crs.to_wkt())
            if not crs.is_geographic and crs.axis_info[0].unit_name != "metre":
                raise CrsError(where=shown, found=crs_name(crs), expected="度或米 / degrees or metres")
            heights = np.full(len(lonlat), np.nan)
            for begin in range(0, len(lonlat), _CHUNK):
                report(begin / len(lonlat), "io.progress.heights")
                chunk = slice(begin, begin + _CHUNK)
                heights[chunk] = _sample(model, lonlat[chunk], crs_name(crs), shown)
    except RasterioError as error:
        raise UnsupportedFileError(shown, str(error).replace(str(path), shown), ["GeoTIFF"]) from None
    return Parcel(arrays={"heights": heights})


def _sample(model: Any, lonlat: Coordinates, crs: str, shown: str) -> Floats:
    """Mean of the heights that are known in the square around each point; NaN where most are not."""
    from rasterio.windows import Window
    from scipy.ndimage import map_coordinates

    offsets = (np.arange(_SAMPLES) - (_SAMPLES - 1) / 2) * (SMOOTHING_M / (_SAMPLES - 1) / _DEGREE_M)
    east, north = (grid.ravel() for grid in np.meshgrid(offsets, offsets))
    lon = lonlat[:, :1] + east / np.cos(np.radians(lonlat[:, 1:]))
    lat = lonlat[:, 1:] + north
    x, y = transform_points(np.column_stack([lon.ravel(), lat.ravel()]), WGS84, crs).T
    inverse = ~model.transform
    # Cells have their height in the middle.
    column = inverse.a * x + inverse.b * y + inverse.c - 0.5
    row = inverse.d * x + inverse.e * y + inverse.f - 0.5
    inside = (column > -1) & (row > -1) & (column < model.width) & (row < model.height)
    if not inside.any():
        return np.full(len(lonlat), np.nan)
    left, top = int(max(0, column[inside].min())), int(max(0, row[inside].min()))
    width = min(model.width, int(column[inside].max()) + 2) - left
    height = min(model.height, int(row[inside].max()) + 2) - top
    if width * height > _MAX_CELLS:
        raise FileTooCostlyError(shown, f"{width} × {height} 个格网 / cells")
    band = model.read(1, window=Window(left, top, width, height), masked=True)
    cells = band.astype(float).filled(np.nan) * model.scales[0] + model.offsets[0]
    cells[(cells < _LOWEST_M) | (cells > _HIGHEST_M)] = np.nan  # voids that are not marked as such
    sampled = map_coordinates(cells, [row - top, column - left], order=1, mode="constant", cval=np.nan)
    sampled = sampled.reshape(len(lonlat), -1)
    n_known = np.isfinite(sampled).sum(axis=1)
    mean = np.nansum(sampled, axis=1) / np.maximum(n_known, 1)
    return np.where(2 * n_known > sampled.shape[1], mean, np.nan)
