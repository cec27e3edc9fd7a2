"""Faults that make walks wrong: streets that miss each other, shut compounds, gates and centres astray."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from shapely import STRtree

from geogrid.checks.rules import make_finding
from geogrid.findings import Finding
from geogrid.network.compounds import GATED, list_given_gates, match_gates
from geogrid.network.enclosures import list_enclosures
from geogrid.network.impedance import ACCESS_DETOUR, ACCESS_LIMIT_M
from geogrid.responsibility.columns import read_texts

NEAR_MISS_M = 2.0
"""An end of a street this near to another street was meant to meet it: lanes are at least as wide."""

GATE_TO_EDGE_M = 5.0
"""A gate farther from its compound's edge stands somewhere else, or belongs to another compound."""

_MM_PER_M = 1000.0


def find_near_misses(streets: gpd.GeoDataFrame) -> list[Finding]:
    """Ends of walkable streets that meet no street but come within `NEAR_MISS_M` of one.

    Streets are joined where both have a vertex (to the millimetre); an end that lies on another
    street between its vertices is no junction and is found too. Two ends that miss each other are
    one finding.
    """
    walkable = _select_walkable(streets)
    lines, of_street = shapely.get_parts(walkable.geometry.to_numpy(), return_index=True)
    keys = np.array([key or "?" for key in read_texts(walkable, "id")], dtype=object)[of_street]
    ends = _find_loose_ends(lines)
    if not len(ends):
        return []
    points = shapely.points(ends[["x", "y"]].to_numpy())
    end, line = STRtree(lines).query(points, predicate="dwithin", distance=NEAR_MISS_M)
    distance_m = shapely.distance(points[end], lines[line])
    pairs = pd.DataFrame({"end": end, "line": line, "distance_m": distance_m})
    pairs = pairs[pairs["line"].to_numpy() != ends["line"].to_numpy()[end]]
    nearest = pairs.sort_values(["distance_m", "end", "line"], kind="stable").drop_duplicates("end")
    found: dict[tuple[str, ...], Finding] = {}
    for row in nearest.itertuples(index=False):
        pair = tuple(sorted((keys[ends["line"].iloc[row.end]], keys[row.line])))
        if pair not in found:
            found[pair] = make_finding(
                "street.near_miss",
                "street",
                pair,
                place=points[row.end],
                size=float(row.distance_m),
                distance=f"{row.distance_m:.2f}",
            )
    return list(found.values())


def find_gate_faults(compounds: gpd.GeoDataFrame, gates: gpd.GeoDataFrame) -> list[Finding]:
    """Gated compounds that nobody can leave on foot or whose gates are unknown, and gates astray.

    A compound without any gate is walked by inferred ones; one whose gates are all locked or for
    vehicles only is walked by none, and its homes reach nothing. Each part of a compound has its own.
    """
    ids = np.array([key or "?" for key in read_texts(compounds, "id")], dtype=object)
    shapes = compounds.geometry.to_numpy()
    gated = np.flatnonzero(compounds["kind"].to_numpy(object) == GATED)
    parts = list_enclosures(shapely.make_valid(shapes[gated]), gated)
    wall, is_usable = np.zeros(0, np.int64), np.zeros(0, bool)
    row, of_compound = np.zeros(0, np.int64), np.zeros(0, np.int64)
    if len(gates) and len(compounds):
        row, of_compound = match_gates(compounds, gates)
        _, wall, is_usable = list_given_gates(compounds, gates, parts)
    findings = []
    for number, i in enumerate(parts.row):
        own = is_usable[wall == number]
        if not own.any():
            code = "compound.shut" if len(own) else "compound.no_gate"
            place = parts.polygon[number]
            findings.append(
                make_finding(code, "compound", [ids[i]], place=place, size=float(len(own)), count=len(own))
            )
    distance_m = shapely.distance(gates.geometry.to_numpy()[row], shapely.boundary(shapes[of_compound]))
    gate_ids = read_texts(gates, "id")
    findings += [
        make_finding(
            "gate.far",
            "gate",
            [gate_ids[row[i]] or "?"],
            place=gates.geometry.iloc[row[i]],
            size=float(distance_m[i]),
            compound=ids[of_compound[i]],
            distance=f"{distance_m[i]:.1f}",
        )
        for i in np.flatnonzero(distance_m > GATE_TO_EDGE_M)
    ]
    return findings


def find_centre_faults(
    centres: gpd.GeoDataFrame, streets: gpd.GeoDataFrame, *, access_limit_m: float = ACCESS_LIMIT_M
) -> list[Finding]:
    """Centres whose doors no walk can reach: the access leg to any walkable street is too long.

    Parameters
    ----------
    access_limit_m
        The longest access leg, its detour counted.
    """
    lines = _select_walkable(streets).geometry.to_numpy()
    doors = centres[~(centres.geometry.isna() | centres.geometry.is_empty)]
    distance_m = np.full(len(doors), np.inf)
    if len(lines) and len(doors):
        (door, _), nearest_m = STRtree(lines).query_nearest(
            doors.geometry.to_numpy(), all_matches=False, return_distance=True
        )
        distance_m[door] = nearest_m
    ids = read_texts(doors, "id")
    return [
        make_finding(
            "centre.far",
            "centre",
            [ids[i] or "?"],
            place=doors.geometry.iloc[i],
            size=float(distance_m[i]) if np.isfinite(distance_m[i]) else None,
            distance=f"{distance_m[i]:.0f}" if np.isfinite(distance_m[i]) else "∞",
            limit=f"{access_limit_m / ACCESS_DETOUR:.0f}",
        )
        for i in np.flatnonzero(distance_m * ACCESS_DETOUR > access_limit_m)
    ]


def _select_walkable(streets: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The streets that are walked, with a shape; one that is not marked either way is walked."""
    is_walked = streets["walkable"].fillna(value=True).to_numpy(bool)
    has_shape = ~(streets.geometry.isna() | streets.geometry.is_empty).to_numpy(bool)
    return streets[is_walked & has_shape]


def _find_loose_ends(lines: npt.NDArray[np.object_]) -> pd.DataFrame:
    """Ends that share their place with no vertex of another line: columns `x`, `y`, `line`."""
    xy, line = shapely.get_coordinates(lines, return_index=True)
    vertices = pd.DataFrame({"x": xy[:, 0], "y": xy[:, 1], "line": line})
    rounded = (vertices[["x", "y"]] * _MM_PER_M).round()
    vertices["n_lines"] = vertices["line"].groupby([rounded["x"], rounded["y"]]).transform("nunique")
    is_end = (vertices["line"] != vertices["line"].shift()) | (vertices["line"] != vertices["line"].shift(-1))
    is_ring = pd.Series(shapely.is_closed(lines)).reindex(vertices["line"]).to_numpy(bool)
    return vertices[is_end & (vertices["n_lines"] == 1) & ~is_ring].reset_index(drop=True)
