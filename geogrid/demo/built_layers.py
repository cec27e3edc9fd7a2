"""The layers of what is built: compounds with gates and walls, buildings with entrances."""

from __future__ import annotations

import numpy as np
import pandas as pd
import shapely

from geogrid.demo.draft import Draft, Frames
from geogrid.demo.fabric import Ints, Objects
from geogrid.demo.frames import make_layer
from geogrid.demo.people import find_doors

ENTRANCE_SHARE = 0.42


def _compound_id(number: int) -> str:
    return f"XQ{number + 1:02d}"


def write_compounds(draft: Draft) -> Frames:
    """Layers compound, gate and barrier."""
    compounds, names = draft.compounds, draft.compound_names
    outlines = np.array([compound.outline for compound in compounds], dtype=object)
    frames: Frames = {
        "compound": make_layer(
            "compound",
            outlines,
            {
                "id": [_compound_id(i) for i in range(len(compounds))],
                "name": names,
                "kind": [compound.kind for compound in compounds],
                "aliases": [name[:2] if name.endswith("小区") else None for name in names],
            },
        )
    }
    gates = [(i, k, gate) for i, compound in enumerate(compounds) for k, gate in enumerate(compound.gates)]
    frames["gate"] = make_layer(
        "gate",
        shapely.points([gate.point for _, _, gate in gates]),
        {
            "id": [f"{_compound_id(i)}-M{k + 1}" for i, k, _ in gates],
            "name": [f"{names[i]}{k + 1}号门" for i, k, _ in gates],
            "compound": [_compound_id(i) for i, _, _ in gates],
            "pedestrian": [gate.pedestrian for _, _, gate in gates],
            "vehicle": [gate.vehicle for _, _, gate in gates],
            "hours": ["24h" if k == 0 else "06:00-23:00" for _, k, _ in gates],
            "locked": [gate.locked for _, _, gate in gates],
        },
    )
    walls = [wall for compound in compounds for wall in compound.walls]
    frames["barrier"] = make_layer(
        "barrier",
        np.array(walls, dtype=object),
        {"id": [f"B{i + 1:03d}" for i in range(len(walls))], "kind": "wall"},
    )
    for name in ("square", "street_barrier"):  # the town has none
        frames[name] = make_layer(name, np.empty(0, dtype=object), {})
    return frames


def number_buildings(n: int) -> Objects:
    """Ids of n buildings."""
    return np.array([f"LY{i + 1:05d}" for i in range(n)], dtype=object)


def write_buildings(draft: Draft, rng: np.random.Generator) -> Frames:
    """Layers building and entrance."""
    shapes, owner = draft.footprints.shapes, draft.footprints.compound
    people = draft.people
    n = len(shapes)
    ids = number_buildings(n)
    number = np.zeros(n, dtype=np.int64)
    inside = np.flatnonzero(owner >= 0)
    number[inside] = np.arange(len(inside)) - np.searchsorted(owner[inside], owner[inside]) + 1
    numbers = [f"{k}栋" if k else None for k in number]
    names = [
        f"{draft.compound_names[o]}{k}栋" if o >= 0 else None for o, k in zip(owner, number, strict=True)
    ]
    known = people.residents >= 0
    source = np.where(people.is_estimated, "estimated", "counted").astype(object)
    source[~known] = None
    building = make_layer(
        "building",
        shapes,
        {
            "id": ids,
            "name": names,
            "use": people.use,
            "compound": [_compound_id(int(o)) if o >= 0 else None for o in owner],
            "number": numbers,
            "address": draft.addresses,
            "floors": people.floors,
            "households": _known(people.households),
            "residents": _known(people.residents),
            "residents_0_14": _known(people.young),
            "residents_60_plus": _known(people.elderly),
            "residents_80_plus": _known(people.over_80),
            "people_source": source,
        },
    )
    with_door = np.flatnonzero(rng.uniform(size=n) < ENTRANCE_SHARE)
    entrance = make_layer(
        "entrance",
        find_doors(shapes[with_door]),
        {"id": [f"{key}-R1" for key in ids[with_door]], "building": ids[with_door]},
    )
    return {"building": building, "entrance": entrance}


def _known(count: Ints) -> pd.Series[int]:
    return pd.Series(count, dtype="Int64").mask(count < 0)
