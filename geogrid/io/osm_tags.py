"""What OpenStreetMap's tags say of buildings, compounds, gates and waters; who may walk where says `osm_access`."""

from __future__ import annotations

import re
from collections.abc import Mapping

Tags = Mapping[str, str]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


NOT_THERE = frozenset(
    ("construction", "proposed", "planned", "abandoned", "disused", "razed", "demolished", "removed", "no")
)
"""Values of `highway` of what is not there, or not yet: it is not taken over at all."""

_FOOT_GATES = frozenset(("wicket_gate", "kissing_gate", "turnstile", "full-height_turnstile"))
WALLS = frozenset(("wall", "fence", "city_wall"))
"""Barriers that make a compound a closed one."""
BARRIERS = WALLS | {"hedge", "retaining_wall", "guard_rail", "jersey_barrier", "ditch"}
_CLOSED_ENTRANCES = frozenset(("no", "exit", "emergency", "fire_exit", "garage"))

_RESIDENTIAL = _words(
    "apartments residential house detached semidetached_house terrace dormitory bungalow "
    "cabin farm hut static_caravan houseboat villa ger"
)
_COMMERCIAL = _words(
    "commercial retail office hotel supermarket kiosk shop mall bank restaurant guest_house "
    "hostel motel marketplace"
)
_PUBLIC = _words(
    "public civic government school kindergarten university college hospital clinic "
    "train_station station transportation church chapel cathedral mosque temple shrine "
    "synagogue monastery religious museum fire_station police library sports_hall "
    "sports_centre stadium grandstand toilets townhall courthouse community_centre "
    "social_facility nursing_home theatre arts_centre"
)
_INDUSTRIAL = frozenset(("industrial", "warehouse", "factory", "manufacture", "works", "brewery", "depot"))
_UNKNOWN = frozenset(("yes", ""))

CAMPUSES = frozenset(("university", "college", "school", "kindergarten", "hospital"))
"""Values of `amenity` whose grounds are compounds."""


def is_bridge(tags: Tags) -> bool:
    """Whether a street runs over or under the others: nobody waits to cross there."""
    return any(tags.get(key, "no") != "no" for key in ("bridge", "tunnel"))


def is_crossing(tags: Tags) -> bool:
    """Whether a way is the crossing of a street."""
    kind = tags.get("highway", "")
    return kind == "crossing" or tags.get(kind) == "crossing"


def find_use(tags: Tags) -> str:
    """The schema's use of a building, from its `building` value, else from what is in it.

    >>> find_use({'building': 'dormitory'}), find_use({'building': 'yes', 'shop': 'mall'})
    ('residential', 'commercial')
    """
    kind = tags["building"]
    for use, kinds in (
        ("residential", _RESIDENTIAL),
        ("commercial", _COMMERCIAL),
        ("public", _PUBLIC),
        ("industrial", _INDUSTRIAL),
    ):
        if kind in kinds:
            return use
    if kind not in _UNKNOWN:
        return "other"
    if tags.get("amenity") in _PUBLIC or tags.get("office") == "government":
        return "public"
    if {"shop", "office", "craft"} & tags.keys() or tags.get("tourism") in _COMMERCIAL:
        return "commercial"
    if tags.get("amenity") in _COMMERCIAL | {"cafe", "fast_food", "pub", "bar", "fuel", "cinema", "pharmacy"}:
        return "commercial"
    return "industrial" if tags.get("man_made") == "works" else "unknown"


def find_floors(tags: Tags) -> int | None:
    """Storeys above ground, where `building:levels` is a number."""
    found = re.match(r"\s*(\d{1,3})(\.\d+)?\s*\Z", tags.get("building:levels", ""))
    return int(found.group(1)) if found else None


def find_address(tags: Tags) -> str | None:
    """The address, as the tags spell it or put together from street and number.

    >>> find_address({'addr:street': '解放街', 'addr:housenumber': '2号'})
    '解放街2号'
    """
    if "addr:full" in tags:
        return tags["addr:full"]
    street, number = tags.get("addr:street", ""), tags.get("addr:housenumber", "")
    if not street:
        return None
    return f"{street}{number}" if street[-1] >= "\u2e80" else f"{street} {number}".strip()


def find_class(tags: Tags) -> str | None:
    """The class of a way as a street, None where it is none; a pier is walked like one.

    >>> find_class({'highway': 'steps'}), find_class({'man_made': 'pier'}), find_class({'route': 'ferry'})
    ('steps', 'pier', None)
    """
    kind = tags.get("highway")
    return "pier" if kind is None and tags.get("man_made") == "pier" else kind


SQUARES = frozenset(("pedestrian", "footway", "service", "pier"))
"""Classes that are squares where they are drawn as areas."""


def is_square(tags: Tags) -> bool:
    """Whether an area is ground on which people walk as they like, if they may walk there at all."""
    return find_class(tags) in SQUARES and tags.get("area") != "no"


def is_compound(tags: Tags) -> bool:
    """Whether an area may be a compound: residential ground, a neighbourhood, a campus; no building."""
    is_ground = tags.get("landuse") == "residential" or tags.get("place") == "neighbourhood"
    return "building" not in tags and (is_ground or tags.get("amenity") in CAMPUSES)


def is_water(tags: Tags) -> bool:
    """Whether an area is water."""
    return (
        tags.get("natural") == "water"
        or tags.get("waterway") in ("riverbank", "dock")
        or tags.get("landuse") in ("reservoir", "basin")
    )


def is_entrance(tags: Tags) -> bool:
    """Whether a node is a door by which people come in."""
    return tags.get("entrance", "no") not in _CLOSED_ENTRANCES


def lets_pedestrians(tags: Tags) -> bool:
    """Whether a gate lets pedestrians through: residents of the compound, that is.

    `private` therefore closes no gate; `no` does, and `foot` wins over `access`.
    """
    return tags.get("foot", tags.get("access", "yes")) != "no"


def lets_vehicles(tags: Tags) -> bool | None:
    """Whether a gate lets vehicles through; None where the tags do not say."""
    if tags["barrier"] in _FOOT_GATES:
        return False
    for key in ("motor_vehicle", "motorcar", "vehicle"):
        if key in tags:
            return tags[key] != "no"
    return True if tags["barrier"] in ("lift_gate", "swing_gate", "sliding_gate") else None


def is_locked(tags: Tags) -> bool | None:
    """Whether a gate is kept locked; None where the tags do not say."""
    return {"yes": True, "no": False}.get(tags.get("locked", ""))
