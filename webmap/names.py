"""Names of files as they may stand in a page and in the head of a download."""

from __future__ import annotations

import re
from pathlib import PurePath

from geogrid.labels import LANGUAGES, label
from webmap.county import County

LONGEST_NAME = 80
_UNFIT = re.compile(r'[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff\\/:*?"<>|\s]+')


def fit_name(text: str) -> str:
    r"""A text that may stand in the name of a file and in a page: one line, without marks of direction.

    The end, which says what kind of file it is, is kept when the rest is cut.

    >>> fit_name("../a b\u202e.xlsx")
    '.._a_b_.xlsx'
    >>> len(fit_name("长" * 200 + ".geojson")), fit_name("长" * 200 + ".geojson")[-8:]
    (80, '.geojson')
    """
    plain = _UNFIT.sub("_", text).strip("_")
    if len(plain) <= LONGEST_NAME:
        return plain
    suffix = PurePath(plain).suffix[:10]
    return plain[: LONGEST_NAME - len(suffix)] + suffix


def name_download(county: County, *parts: str, suffix: str) -> str:
    """A name for a file to be downloaded: what it is, of which revision, and whether it is made up."""
    words = [county.name, *parts, f"r{county.revision}"]
    if county.is_synthetic:
        words.append(f"{label('synthetic', LANGUAGES[0])}-synthetic")
    return "-".join(fit_name(word) for word in words if word) + suffix
