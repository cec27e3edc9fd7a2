"""The words of a report in one language, and how its numbers are hidden or written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from geogrid.labels import label
from geogrid.schema import SMALLEST_COUNT


@dataclass(frozen=True)
class Words:
    """Texts of the label table under `report.`, in one language."""

    language: str

    def __call__(self, key: str, **values: object) -> str:
        """The text of `report.<key>`."""
        return label(f"report.{key}", self.language, **values)

    def of(self, key: str, **values: object) -> str:
        """The text of any key."""
        return label(key, self.language, **values)

    def choose(self, texts: Mapping[str, str]) -> str:
        """The text of this language among several."""
        return texts[self.language]


def hide_few(count: object) -> object:
    """A count of people as it may be filed: 1 to `SMALLEST_COUNT` - 1 become `<5`, unknown stays None.

    >>> hide_few(3), hide_few(0), hide_few(12), hide_few(None)
    ('<5', 0, 12, None)
    """
    if count is None or count is pd.NA or count != count:
        return None
    number = int(str(count)) if isinstance(count, int) else int(float(str(count)))
    return f"<{SMALLEST_COUNT}" if 0 < number < SMALLEST_COUNT else number


def write_count(count: object) -> str:
    """A count in running text.

    >>> write_count(12345), write_count(2), write_count(None)
    ('12,345', '<5', '—')
    """
    shown = hide_few(count)
    if shown is None:
        return "—"
    return f"{shown:,}" if isinstance(shown, int) else str(shown)


def write_share(part: object, whole: object) -> str:
    """A share in running text, in per cent.

    >>> write_share(1, 3), write_share(None, 3), write_share(0, 0)
    ('33.3 %', '—', '—')
    """
    if part is None or not whole or part is pd.NA:
        return "—"
    return f"{100 * float(str(part)) / float(str(whole)):.1f} %"


def write_range(told: dict[str, Any] | None) -> str:
    """A range of counts in running text, a star at the end that reaches to the base value; a dash where unknown.

    Parameters
    ----------
    told
        With `covered_range_90` and `stretched`, as `coverage.doubt.describe_range` tells them.

    >>> write_range({"covered_range_90": [1200, 1300], "stretched": "low"}), write_range(None)
    ('1,200*–1,300', '—')
    """
    if told is None or told["covered_range_90"] is None:
        return "—"
    marks = ["*" if told["stretched"] == end else "" for end in ("low", "high")]
    return "–".join(f"{end:,}{mark}" for end, mark in zip(told["covered_range_90"], marks, strict=True))
