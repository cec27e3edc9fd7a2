"""One thing that helps without a new centre: a gate that opens, a gate more, a footpath or a bridge."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from geogrid.coverage.scenario import AddGate, AddStreet, OpenGate
from geogrid.siting.instance import Flags


class RemedyKind(StrEnum):
    """What is done."""

    OPEN_GATE = "open_gate"
    ADD_GATE = "add_gate"
    ADD_PATH = "add_path"
    ADD_BRIDGE = "add_bridge"


@dataclass(frozen=True, eq=False)
class Remedy:
    """One thing that could be done on its own.

    Attributes
    ----------
    edit
        What to apply to the town.
    newly, lost
        Homes that it covers, and (rarely, where doors change to another street) that it uncovers, shape (h,).
    gained
        What is counted, newly covered less lost.
    xy
        Where, metres.
    compound
        Id of the compound whose gate it is, None for a path.
    length_m
        Of a path, None for a gate.
    """

    kind: RemedyKind
    edit: OpenGate | AddGate | AddStreet
    newly: Flags
    lost: Flags
    gained: int
    xy: tuple[float, float]
    compound: str | None = None
    length_m: float | None = None
