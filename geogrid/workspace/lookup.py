"""Questions to a county: the layers they need read, the engine asked, one answer."""

from __future__ import annotations

import datetime

from geogrid.coverage.assess import assess_coverage
from geogrid.coverage.reading import Reading
from geogrid.errors import AnalysisError, EmptyLayerError
from geogrid.responsibility.answer import Answer
from geogrid.responsibility.lookup import locate
from geogrid.responsibility.register import REGISTER_LAYERS, REGISTER_TABLES, Register
from geogrid.schema import LAYERS
from geogrid.workspace.workspace import Workspace


def read_register(workspace: Workspace, on: datetime.date) -> Register:
    """The areas, places and duties of a county on a date.

    Raises
    ------
    EmptyLayerError
        When the county holds no layer at all.
    """
    if workspace.metric_crs is None:
        raise EmptyLayerError(layer="building", title=LAYERS["building"].zh)
    with workspace.snapshot():
        layers = {name: workspace.read(name, on=on) for name in REGISTER_LAYERS}
        tables = {name: workspace.read(name, on=on) for name in REGISTER_TABLES}
    return Register.from_layers(layers, tables, workspace.metric_crs).on_date(on)


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
    register = read_register(workspace, day)
    try:
        walks = assess_coverage(workspace.read_town(on=day), Reading.parse(workspace.reading)).homes
    except AnalysisError:
        walks = None
    return locate(register, query=query, lonlat=lonlat, on=day, walks=walks)
