"""What a lookup answers: places with their areas, people, nearest centre, and the evidence for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from geogrid.labels import LANGUAGES, label
from geogrid.responsibility.organisation import Organisation
from geogrid.responsibility.stand_in import StandIn
from geogrid.schema import AREA_LAYERS


@dataclass(frozen=True)
class Evidence:
    """One reason for an answer, or one doubt about it. It never names a person.

    Attributes
    ----------
    code
        Stable identifier, such as `area.split`.
    data
        The numbers and keys of the sentence, JSON-ready.
    """

    code: str
    zh: str
    en: str
    data: Mapping[str, Any]


Words = Mapping[str, str]
"""One text in every language: language -> text."""


def make_evidence(code: str, data: Mapping[str, Any], **values: object) -> Evidence:
    """The evidence whose sentences stand in the label table under `evidence.<code>`.

    Parameters
    ----------
    values
        What the sentences' placeholders become; a `Words` mapping is told in each language.
    """
    sentences = {
        language: label(
            f"evidence.{code}",
            language,
            **{
                name: value[language] if isinstance(value, Mapping) else value
                for name, value in values.items()
            },
        )
        for language in LANGUAGES
    }
    return Evidence(code, sentences["zh"], sentences["en"], data)


@dataclass(frozen=True)
class HeldArea:
    """One area that a place lies in.

    Attributes
    ----------
    share
        Share (0 to 1) of a polygon's ground in the area; None for a point.
    edge_m
        Metres from the place to the area's nearest edge, 0 where it touches it; None for the area
        that was asked about.
    answers
        Whether the area answers for the place. A building is answered for by the area with its
        largest share alone, a compound by every area that holds some of it.
    """

    kind: str
    code: str
    name: str | None
    share: float | None = None
    edge_m: float | None = None
    answers: bool = True

    def to_dict(self) -> dict[str, Any]:
        """Code and name, with the distance to the nearest edge and the share of a polygon."""
        found: dict[str, Any] = {"code": self.code, "name": self.name}
        if self.share is not None:
            found["share"] = round(self.share, 4)
        if self.edge_m is not None:
            found["edge_m"] = round(self.edge_m, 2)
        return found


@dataclass(frozen=True)
class Duty:
    """One person on duty; name and unit are None where the roster's person is not known.

    Attributes
    ----------
    person
        The key of who holds it.
    stand_in
        How it is temporary cover; None where it is not.
    """

    role: str
    name: str | None
    unit: str | None
    duty_phone: str | None
    layer: str
    feature: str
    valid_to: str | None
    valid_from: str | None = None
    stand_in: StandIn | None = None
    person: str | None = None

    def to_dict(self, *, show_people: bool) -> dict[str, Any]:
        """The duty; without the person who holds it unless people may be shown."""
        return {
            "role": self.role,
            "name": self.name if show_people else None,
            "unit": self.unit if show_people else None,
            "duty_phone": self.duty_phone if show_people else None,
            "layer": self.layer,
            "feature": self.feature,
            "valid_from": self.valid_from,
            "valid_to": self.valid_to,
            "stand_in": self.stand_in,
        }


@dataclass(frozen=True)
class NearestCentre:
    """The centre that is nearest on foot, and the seconds it takes."""

    id: str
    name: str | None
    walk_s: float


@dataclass(frozen=True)
class PlaceAnswer:
    """The answer for one place.

    Attributes
    ----------
    kind, key, name
        The feature that was meant; for a bare position `position` and no key.
    lonlat
        A point on it, WGS 84 degrees.
    building, compound
        Their ids; None where the place is or lies in none.
    unit
        The unit of the building that was named, such as `2单元`.
    areas
        Of every kind, the answering ones first.
    people
        On duty on the date, nearest tier first.
    organisations
        Those that serve the place or its areas, and those above them.
    """

    kind: str
    key: str | None
    name: str | None
    lonlat: tuple[float, float] | None
    building: str | None
    compound: str | None
    unit: str | None
    areas: Sequence[HeldArea]
    people: Sequence[Duty]
    organisations: Sequence[Organisation]
    nearest_centre: NearestCentre | None
    evidence: Sequence[Evidence]

    def to_dict(self, *, show_people: bool) -> dict[str, Any]:
        """JSON-ready values; every kind of area has a list, empty where there is none."""
        centre = self.nearest_centre
        return {
            "kind": self.kind,
            "key": self.key,
            "name": self.name,
            "lonlat": None if self.lonlat is None else [round(degrees, 7) for degrees in self.lonlat],
            "building": self.building,
            "compound": self.compound,
            "unit": self.unit,
            "areas": {
                kind: [area.to_dict() for area in self.areas if area.kind == kind] for kind in AREA_LAYERS
            },
            "people": [duty.to_dict(show_people=show_people) for duty in self.people],
            "organisations": [organisation.to_dict() for organisation in self.organisations],
            "nearest_centre": centre
            and {"id": centre.id, "name": centre.name, "walk_s": round(centre.walk_s, 3)},
            "evidence": [
                {"code": item.code, "zh": item.zh, "en": item.en, "data": dict(item.data)}
                for item in self.evidence
            ],
        }


@dataclass(frozen=True)
class Answer:
    """All places that a question may have meant, the likeliest first.

    Attributes
    ----------
    n_found
        How many there are; `matches` may hold fewer.
    """

    on: date
    matches: Sequence[PlaceAnswer]
    n_found: int

    def to_dict(self, *, show_people: bool = True) -> dict[str, Any]:
        """JSON-ready values.

        Parameters
        ----------
        show_people
            False keeps the roles and drops who holds them: the answer then names no person.
        """
        return {
            "on": self.on.isoformat(),
            "n_found": self.n_found,
            "matches": [match.to_dict(show_people=show_people) for match in self.matches],
        }
