"""Columns of a layer as plain Python values: text or None, lists of text."""

from __future__ import annotations

import pandas as pd


def read_texts(frame: pd.DataFrame, name: str) -> list[str | None]:
    """The texts of a column, None where there is none; all None when the layer lacks the column.

    >>> read_texts(pd.DataFrame({"name": ["东门", None, ""]}), "name")
    ['东门', None, None]
    """
    if name not in frame.columns:
        return [None] * len(frame)
    values = frame[name].astype(object)
    return [
        str(value) if present and value != "" else None
        for value, present in zip(values, values.notna(), strict=True)
    ]


def read_lists(frame: pd.DataFrame, name: str) -> list[list[str]]:
    """The items of a column whose texts are lists parted by commas.

    >>> read_lists(pd.DataFrame({"aliases": ["宜和, 佳苑", None]}), "aliases")
    [['宜和', '佳苑'], []]
    """
    return [
        [item.strip() for item in text.split(",") if item.strip()] if text else []
        for text in read_texts(frame, name)
    ]
