"""Reading: what "within reach" means in a number: a cutoff in minutes for somebody, or in metres."""

from __future__ import annotations

from dataclasses import dataclass

from geogrid.errors import InvalidOptionError
from geogrid.labels import label
from geogrid.network.impedance import LENGTH, PROFILES, Profile

_EXPECTED = "minutes:10:adult | minutes:10:elderly | minutes:10:child | metres:500"


@dataclass(frozen=True)
class Reading:
    """How coverage is read. The cutoff is inclusive.

    Attributes
    ----------
    kind
        `minutes` of walking, or `metres` of shortest way.
    cutoff
        In minutes or in metres.
    profile
        Whose minutes: a name in `PROFILES`. With `metres` it says whose minutes are shown beside.
    """

    kind: str
    cutoff: float
    profile: str = "adult"

    def __post_init__(self) -> None:
        is_known = self.kind in {"minutes", "metres"} and self.profile in PROFILES
        if not is_known or not 0 < self.cutoff < float("inf"):
            value = f"{self.kind}:{self.cutoff}:{self.profile}"
            raise InvalidOptionError(option="reading", value=value, expected=_EXPECTED)

    @classmethod
    def parse(cls, text: str) -> Reading:
        """A reading from its text.

        Raises
        ------
        InvalidOptionError
            When the text is no reading.

        >>> Reading.parse("minutes:10:elderly")
        Reading(kind='minutes', cutoff=10.0, profile='elderly')
        >>> str(Reading.parse("metres:500"))
        'metres:500'
        """
        kind, _, rest = text.partition(":")
        cutoff, _, profile = rest.partition(":")
        if kind == "metres" and profile:
            raise InvalidOptionError(option="reading", value=text, expected=_EXPECTED)
        try:
            return cls(kind, float(cutoff), profile or "adult")
        except ValueError:  # no number, or InvalidOptionError, which is one too
            raise InvalidOptionError(option="reading", value=text, expected=_EXPECTED) from None

    def __str__(self) -> str:
        text = f"{self.kind}:{self.cutoff:.10g}"
        return f"{text}:{self.profile}" if self.kind == "minutes" else text

    @property
    def cutoff_units(self) -> float:
        """The cutoff in the whole units that walks are counted in: milliseconds or millimetres.

        >>> Reading("minutes", 10).cutoff_units
        600000.0
        """
        return float(round(self.cutoff * (60_000 if self.kind == "minutes" else 1_000)))

    @property
    def measure(self) -> Profile:
        """What is compared with the cutoff: a walker's time, or the length."""
        return PROFILES[self.profile] if self.kind == "minutes" else LENGTH

    def title(self, language: str = "zh") -> str:
        """The reading in words.

        >>> Reading.parse("minutes:10:adult").title("en")
        '10 minutes on foot, adult'
        """
        who = label(f"coverage.profile.{self.profile}", language)
        return label(f"coverage.reading.{self.kind}", language, cutoff=f"{self.cutoff:.10g}", who=who)


STANDARD_READINGS = (
    Reading("minutes", 10, "adult"),
    Reading("minutes", 10, "elderly"),
    Reading("metres", 500),
)
"""The three that stand side by side in every report; 500 m is the distance of GB 50180-2018, on the network."""
