"""Who may walk where, by OpenStreetMap's tags: one table, each row with the page of the wiki it is taken from.

The rows are asked from above; the first that has an answer gives it. The pages are those of
https://wiki.openstreetmap.org/wiki/ as they stand in 2026. Where a page leaves it open, or says what the law
is and not what people do, the answer is ours and the row says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

Tags = Mapping[str, str]


class Access(StrEnum):
    """Whether people on foot pass: they do, they do not, or the map does not tell (then they do, in doubt)."""

    OPEN = "open"
    CLOSED = "closed"
    DOUBTFUL = "doubtful"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


WALKED = _words(
    "footway path pedestrian steps corridor bridleway living_street residential service "
    "unclassified road track tertiary tertiary_link secondary secondary_link primary "
    "primary_link cycleway pier"
)
"""Classes that people walk: made for it, or ordinary streets; `pier` stands for `man_made=pier`."""
TRUNKS = frozenset(("trunk", "trunk_link"))
MOTORWAYS = frozenset(("motorway", "motorway_link"))
CLOSED_VALUES = _words("no private customers delivery military forestry agricultural")
"""Values of `foot`, and where that is silent of `access`, that let no passer-by through."""
OPEN_VALUES = _words("yes designated permissive official destination public allowed")
"""Values that let people through: to walk to a place is to have a destination there."""
DOUBTFUL_VALUES = _words("permit residents discouraged unknown")
_SIDEWALKS = _words("both left right yes separate")
_NO_SIDEWALK = _words("no none")
_EASY_PATHS = _words("strolling hiking")
_STEEP_PATHS = frozenset(("mountain_hiking",))


def judge_values(text: str | None) -> Access | None:
    """What `foot` or `access` says, of several values the kindest; None where it says nothing.

    >>> judge_values("private;permissive"), judge_values("sometimes"), judge_values(None)
    (<Access.OPEN: 'open'>, None, None)
    """
    values = {value.strip() for value in (text or "").split(";")}
    if values & OPEN_VALUES:
        return Access.OPEN
    if values & DOUBTFUL_VALUES:
        return Access.DOUBTFUL
    return Access.CLOSED if values & CLOSED_VALUES else None


def _judge_paths(tags: Tags) -> Access | None:
    return None if tags.get("sac_scale", "hiking") in _EASY_PATHS | _STEEP_PATHS else Access.CLOSED


def _judge_foot(tags: Tags) -> Access | None:
    return Access.CLOSED if tags.get("foot") == "use_sidepath" else judge_values(tags.get("foot"))


def _judge_class(tags: Tags) -> Access | None:
    return None if tags["highway"] in WALKED | TRUNKS | MOTORWAYS else Access.CLOSED


def _judge_sidewalk(tags: Tags) -> Access | None:
    is_fast = tags["highway"] in TRUNKS | MOTORWAYS or tags.get("motorroad") == "yes"
    sides = [tags.get(f"sidewalk:{side}", "no") not in _NO_SIDEWALK for side in ("both", "left", "right")]
    has_sidewalk = tags.get("sidewalk") in _SIDEWALKS or any(sides)
    return Access.OPEN if is_fast and has_sidewalk else None


def _judge_fast(tags: Tags) -> Access | None:
    return Access.CLOSED if tags.get("motorroad") == "yes" or tags["highway"] in MOTORWAYS else None


def _judge_trunk(tags: Tags) -> Access | None:
    return Access.DOUBTFUL if tags["highway"] in TRUNKS else None


@dataclass(frozen=True)
class Rule:
    """One row of the table.

    Attributes
    ----------
    tags, answer
        Which tags are asked, and what follows, as the documentation tells it.
    page
        The page of the wiki.
    judge
        The answer for a street; None where the row does not speak of it.
    """

    tags: str
    answer: str
    page: str
    judge: Callable[[Tags], Access | None]


STREET_RULES = (
    Rule("`highway` of another class than those walked", "closed", "Key:highway", _judge_class),
    Rule(
        "`sac_scale`",
        "steeper than `mountain_hiking`: closed; `mountain_hiking` that another row opens: in doubt (ours: no everyday walk)",
        "Key:sac_scale",
        _judge_paths,
    ),
    Rule(
        "`foot`",
        "`no private customers delivery military forestry agricultural use_sidepath`: closed; "
        "`yes designated permissive official destination public`: open; `permit residents discouraged`: open, in doubt",
        "Key:foot",
        _judge_foot,
    ),
    Rule(
        "`sidewalk`, `sidewalk:both`, `:left`, `:right` of a trunk, a motorway or a motorroad",
        "any but `no`, `none`: open",
        "Key:sidewalk",
        _judge_sidewalk,
    ),
    Rule("`motorroad=yes`, `highway=motorway`", "closed", "Key:motorroad", _judge_fast),
    Rule(
        "`access`",
        "the values of `foot`",
        "Key:access",
        lambda tags: (
            judge_values(tags.get("access")) if tags["highway"] not in TRUNKS else _judge_closed(tags)
        ),
    ),
    Rule(
        "`highway=trunk` of which nothing else is said",
        "open, in doubt (ours: where no other road leads, people walk it)",
        "OSM tags for routing/Access restrictions",
        _judge_trunk,
    ),
)
"""Whether a street is walked; one of which no row speaks is open."""


def _judge_closed(tags: Tags) -> Access | None:
    """`access` closes a trunk; to open it for walkers it says too little."""
    return Access.CLOSED if judge_values(tags.get("access")) is Access.CLOSED else None


def judge_street(tags: Tags) -> Access:
    """Whether people walk along a way with `highway`, by `STREET_RULES`.

    >>> judge_street({"highway": "trunk"}).value, judge_street({"highway": "trunk", "sidewalk": "both"}).value
    ('doubtful', 'open')
    """
    answers = (rule.judge(tags) for rule in STREET_RULES)
    found = next((answer for answer in answers if answer is not None), Access.OPEN)
    is_steep = found is Access.OPEN and tags.get("sac_scale") in _STEEP_PATHS
    return Access.DOUBTFUL if is_steep else found


GATES = _words(
    "gate lift_gate swing_gate sliding_gate wicket_gate kissing_gate turnstile "
    "full-height_turnstile hampshire_gate bump_gate sally_port entrance"
)
"""Values of `barrier` that a node through which people come and go has."""
SOLID = _words("wall fence city_wall hedge retaining_wall")
"""Barriers that nobody passes where they stand across a way, unless `foot` says so."""
VAGUE = _words("yes ditch guard_rail jersey_barrier debris fence_post log wire_fence spikes")
"""Barriers of which it is not known whether people pass."""


def judge_barrier(tags: Tags) -> Access:
    """Whether passers-by pass a node with `barrier` (page Key:barrier).

    `foot`, and where it is silent `access`: `no` and `military` stop them; `private` and the other closed
    values leave it in doubt, since gates that are private on the map stand open by day; open values let
    them through, locked or not. Of a barrier of which neither speaks: a wall, fence or hedge stops them;
    one that is locked, or of a kind that may stop people, is in doubt; others let them through.

    >>> judge_barrier({"barrier": "gate", "access": "private", "locked": "yes"}).value
    'doubtful'
    """
    for key in ("foot", "access"):
        found = judge_values(tags.get(key))
        if found is Access.CLOSED and tags[key] not in ("no", "military"):
            return Access.DOUBTFUL
        if found is not None:
            return found
    if tags["barrier"] in SOLID:
        return Access.CLOSED
    is_vague = tags["barrier"] in VAGUE or tags.get("locked") == "yes"
    return Access.DOUBTFUL if is_vague else Access.OPEN


def has_conditions(tags: Tags) -> bool:
    """Whether who may walk depends on hours or days (page Conditional restrictions): that is told, not followed."""
    return any(key.startswith(("foot:conditional", "access:conditional")) for key in tags)
