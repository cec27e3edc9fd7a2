"""Questions to a county: the layers they need read, the engine asked, one answer."""

from __future__ import annotations

import datetime

import numpy as np
import numpy.typing as npt
import pandas as pd

from geogrid.coverage.assess import assess_layout
from geogrid.coverage.reading import Reading
from geogrid.coverage.walks import measure_point_walks
from geogrid.errors import AnalysisError, EmptyLayerError, FeatureNotFoundError
from geogrid.network.impedance import PROFILES
from geogrid.responsibility.answer import Answer
from geogrid.responsibility.describe import (
    DESCRIBED,
    AreaDescription,
    PersonDuties,
    describe_area,
    find_person_duties,
)
from geogrid.responsibility.lookup import N_SUGGESTED, locate
from geogrid.responsibility.nearest import MeasureWalk
from geogrid.responsibility.register import REGISTER_LAYERS, REGISTER_TABLES, Register
from geogrid.schema import LAYERS
from geogrid.workspace.cache import read_layout
from geogrid.workspace.workspace import Workspace

MOST_DESCRIBED = 10
"""Areas that a name of several is answered with."""


def read_register(workspace: Workspace) -> Register:
    """The areas, places and duties of a county, of every date; `Register.on_date` narrows it.

    Raises
    ------
    EmptyLayerError
        When the county holds no layer at all.
    """
    if workspace.metric_crs is None:
        raise EmptyLayerError(layer="building", title=LAYERS["building"].zh)
    with workspace.snapshot():
        layers = {name: workspace.read(name, ended=True) for name in REGISTER_LAYERS}
        tables = {name: workspace.read(name, ended=True) for name in REGISTER_TABLES}
    return Register.from_layers(layers, tables, workspace.metric_crs)


def locate_in_county(
    workspace: Workspace,
    *,
    query: str | None,
    lonlat: tuple[float, float] | None,
    on: datetime.date | None,
) -> Answer:
    """Who answers for a place of the county, and its nearest centre.

    The nearest centre is left out where the county has no streets or no centres yet: who answers
    for a place can be said without them.

    Raises
    ------
    PlaceNotFoundError
        When nothing is known by that name.
    """
    day = on or datetime.date.today()  # noqa: DTZ011  # the office's own day
    register = read_register(workspace).on_date(day)
    walks, measure_walk = read_walks(workspace, day)
    return locate(register, query=query, lonlat=lonlat, on=day, walks=walks, measure_walk=measure_walk)


def suggest_in_county(workspace: Workspace, query: str, *, on: datetime.date | None) -> list[str]:
    """Names like a text that nothing bears."""
    day = on or datetime.date.today()  # noqa: DTZ011  # the office's own day
    return read_register(workspace).on_date(day).gazetteer.suggest(query, N_SUGGESTED)


def read_walks(workspace: Workspace, day: datetime.date) -> tuple[pd.DataFrame | None, MeasureWalk | None]:
    """Every home's nearest centre by the official reading, and a measure for positions.

    Returns
    -------
    None, twice, while the county has no streets, no homes or no centres.
    """
    try:
        town, reading = workspace.read_town(on=day), Reading.parse(workspace.reading)
        layout = read_layout(workspace.path, town)
    except AnalysisError:
        return None, None

    def measure_walk(
        points: npt.NDArray[np.object_],
    ) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.float64]]:
        return measure_point_walks(town, layout, points, PROFILES[reading.profile])

    return assess_layout(town, layout, [reading])[0].homes, measure_walk


def describe_in_county(
    workspace: Workspace, query: str, *, on: datetime.date | None
) -> tuple[list[AreaDescription], list[PersonDuties]]:
    """The areas and people that a name or `kind:code` means, with all that belongs to them; empty for none."""
    day = on or datetime.date.today()  # noqa: DTZ011  # the office's own day
    register = read_register(workspace).on_date(day)
    kind, _, code = query.partition(":")
    if kind == "person":
        return [], find_person_duties(register, code, on=day)
    if kind in DESCRIBED and code:
        wanted = [(kind, code)]
    else:
        matches = register.gazetteer.find(query)
        wanted = [
            (one.entry.kind, one.entry.key)
            for one in matches
            if one.entry.kind in DESCRIBED and not one.doubt
        ]
        keys = set(register.tables["group"]["id"])
        wanted += [("group", query)] if query in keys else []
    needs_walks = any(kind == "centre" for kind, _ in wanted)
    walks = read_walks(workspace, day)[0] if needs_walks else None
    areas = []
    for kind, code in wanted[:MOST_DESCRIBED]:
        try:
            areas.append(describe_area(register, kind, code, on=day, walks=walks))
        except FeatureNotFoundError:
            continue
    return areas, [] if areas else find_person_duties(register, query, on=day)
