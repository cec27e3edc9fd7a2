"""Gates from which no street is reached: every leg within the limit passes a wall, water or another compound."""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from geogrid.checks.rules import make_finding, name_layer
from geogrid.coverage.town import Town
from geogrid.coverage.walks import build_town_network
from geogrid.findings import Finding
from geogrid.network.access import snap_gates
from geogrid.network.barriers import NOT_A_WALL, TOUCH_M
from geogrid.network.enclosures import PUBLIC, ROUND_GATE_M
from geogrid.network.snap import place_on_segments
from geogrid.network.streets import Network


def find_barred_gates(layers: Mapping[str, gpd.GeoDataFrame]) -> list[Finding]:
    """Known gates whose leg to the street has to pass an obstacle, each with the first that it meets.

    Parameters
    ----------
    layers
        Layer name -> features that are valid on the day, in one metric CRS.
    """
    town = Town.from_layers(layers)
    if town.street.empty or town.gate.empty or town.compound.empty:
        return []
    network = build_town_network(town)
    spots = snap_gates(network)
    gates = network.gates
    rows = np.flatnonzero(spots.is_barred & np.array([one is not None for one in gates.id], bool))
    public = spots.outer.public
    places_xy = place_on_segments(network.public, public.segment[rows], public.fraction[rows])
    spare = np.full(len(rows), ROUND_GATE_M), np.full(len(rows), TOUCH_M)
    public_region = np.full(len(rows), PUBLIC, np.int64)
    leg, obstacle = network.walls.find_crossings(gates.xy[rows], places_xy, public_region, spare)
    findings = []
    for number, row in enumerate(rows):
        met = obstacle[leg == number]
        start = shapely.Point(gates.xy[row])
        own = network.obstacle_owner[met] == gates.enclosure[row]
        others = met[~own] if (~own).any() else met
        if not len(others):
            continue
        first = others[np.argmin(shapely.distance(network.obstacles[others], start))]
        layer, key = _name_obstacle(town, network, int(first))
        findings.append(
            make_finding(
                "gate.barred",
                "gate",
                [str(gates.id[row])],
                place=start,
                size=float(public.straight_m[row]),
                obstacle_layer=name_layer(layer),
                obstacle=key,
                distance=f"{public.straight_m[row]:.0f}",
            )
        )
    return findings


def _name_obstacle(town: Town, network: Network, obstacle: int) -> tuple[str, str]:
    """The layer and the id of an obstacle."""
    owner = int(network.obstacle_owner[obstacle])
    if owner > NOT_A_WALL:
        return "compound", _take_id(town.compound, int(network.enclosures.row[owner]))
    shape = network.obstacles[obstacle]
    for layer in ("barrier", "water"):
        frame = getattr(town, layer)
        geometries: npt.NDArray[np.object_] = frame.geometry.to_numpy()
        same = np.flatnonzero(shapely.equals_exact(geometries, shape))
        if len(same):
            return layer, _take_id(frame, int(same[0]))
    return "barrier", "?"


def _take_id(frame: gpd.GeoDataFrame, row: int) -> str:
    return str(frame["id"].iloc[row] or "?")
