"""The town as decided, before its layers are written."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from geogrid.demo.areas import Areas
from geogrid.demo.buildings import Footprints
from geogrid.demo.centres import Centres
from geogrid.demo.compounds import Compound
from geogrid.demo.fabric import Fabric, Objects
from geogrid.demo.names import Unit
from geogrid.demo.people import People
from geogrid.demo.streets import Ways

Frames = dict[str, pd.DataFrame]


@dataclass(frozen=True)
class Draft:
    """Everything decided for one seed, in EPSG:4549; see each part's own class."""

    fabric: Fabric
    ways: Ways
    compounds: list[Compound]
    compound_names: list[str]
    footprints: Footprints
    people: People
    addresses: Objects
    areas: Areas
    centres: Centres
    units: list[Unit]
