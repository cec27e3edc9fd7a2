"""Which column of a file is which column of ours; columns of identity numbers are refused."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from geogrid.errors import Fault, FileContentError, InvalidOptionError, MissingColumnsError
from geogrid.schema import Column, Geometry, Layer

PLACE_COLUMNS: dict[str, tuple[str, ...]] = {
    "lon": ("lon", "lng", "long", "longitude", "经度"),
    "lat": ("lat", "latitude", "纬度"),
    "x": ("x", "x坐标", "横坐标", "东坐标"),
    "y": ("y", "y坐标", "纵坐标", "北坐标"),
    "wkt": ("wkt", "geometry", "geom", "几何"),
}
"""Where a table says a feature is, with the other names of each column."""

TEXT_TITLES = (
    "地址", "详细地址", "住址", "家庭住址", "现住址", "居住地址", "地点", "位置", "楼栋", "楼栋名称", "楼房",
    "小区", "小区名称", "名称", "场所", "address", "full address", "place", "location", "building", "compound",
    "name",
)  # fmt: skip
"""Titles of a column of addresses or names, the more telling ones first."""

_IN_BRACKETS = re.compile(r"[(（\[【].*?[)）\]】]|[*＊:：]")
_DBF_NAME_BYTES = 10
_IDENTITY_TITLES = re.compile(
    r"身份证|公民身份|identity_?(card|number|no)|id_?card|id_?no\b|sfzh|^zjhm$|证件号"
)
_IDENTITY = re.compile(r"\d{17}[\dXx]\Z")
_IDENTITY_WITHIN = re.compile(r"(?<![0-9])[0-9]{17}[0-9Xx](?![0-9])")
_IDENTITY_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643-1999
_IDENTITY_CHECKS = "10X98765432"


def match_columns(
    layer: Layer,
    found: Sequence[str],
    mapping: Mapping[str, str],
    shown: str,
    *,
    is_table: bool,
    last_resort: Sequence[str] = (),
) -> dict[str, str]:
    """Our column -> the file's column.

    A mapped column first; else the one that bears our name, the Chinese or the English title
    (in upper or lower case), the Chinese one with the layer's before it (楼栋编号) too; else, in a shapefile, our name cut to ten bytes, where no other of ours is cut to the same.

    Parameters
    ----------
    is_table
        The file is a table: columns that say where a feature is are looked for too.
    last_resort
        Columns of the file that are taken only where no other will do.

    Raises
    ------
    InvalidOptionError
        When the mapping names a column that is not ours, or not the file's.
    MissingColumnsError
        When a column that must be there is not. A missing key is not missed where one can be
        made: everywhere but in layers that are known by a code.
    """
    places = list(PLACE_COLUMNS) if is_table and layer.geometry is not Geometry.NONE else []
    for ours, theirs in mapping.items():
        if ours not in (*layer.column_names, *places):
            raise InvalidOptionError(
                option="--column", value=ours, expected=", ".join([*layer.column_names, *places])
            )
        if theirs not in found:
            raise InvalidOptionError(option="--column", value=f"{ours}={theirs}", expected=", ".join(found))
    free = {_plain(name): name for name in reversed(found) if name not in mapping.values()}
    matched = dict(mapping)
    cut = Counter(map(_cut_name, layer.columns))
    for accepted in ([name for name in found if name not in last_resort], last_resort):
        for spelling in (_own_name, _zh_title, _en_title, partial(_full_title, layer), _cut_name):
            for column in layer.columns:
                plain = _plain(spelling(column))
                is_clear = spelling is not _cut_name or cut[plain] == 1
                if is_clear and column.name not in matched and free.get(plain) in accepted:
                    matched[column.name] = free.pop(plain)
    for place in places:
        name = next((free[_plain(other)] for other in PLACE_COLUMNS[place] if _plain(other) in free), None)
        if place not in matched and name is not None:
            matched[place] = name
    missing = [
        f"{column.name}（{column.zh}）"
        for column in layer.columns
        if column.required and column.name not in matched and not is_key_made(layer, column)
    ]
    if missing:
        raise MissingColumnsError(file=shown, missing=missing, found=list(found))
    return matched


def is_key_made(layer: Layer, column: Column) -> bool:
    """Whether a file without this column gets its values from the row numbers."""
    return column.name == layer.key == "id"


def _own_name(column: Column) -> str:
    return column.name


def _zh_title(column: Column) -> str:
    return column.zh


def _en_title(column: Column) -> str:
    return column.en


def _full_title(layer: Layer, column: Column) -> str:
    """The layer's title before the column's: 楼栋编号, 社区代码."""
    return f"{layer.zh}{column.zh}"


def _cut_name(column: Column) -> str:
    """The name as a .dbf can hold it; empty where nothing was cut."""
    return column.name[:_DBF_NAME_BYTES] if len(column.name) > _DBF_NAME_BYTES else ""


def _plain(name: str) -> str:
    """A column's name without its case, width and surrounding space."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


def plain_title(title: str) -> str:
    """A column's title without remarks in brackets, marks, case, width and surrounding space.

    >>> plain_title("联系地址（必填）"), plain_title("Lon *")
    ('联系地址', 'lon')
    """
    return _IN_BRACKETS.sub("", unicodedata.normalize("NFKC", title)).strip().casefold()


def require_no_identity_numbers(columns: Mapping[str, Sequence[Any]], shown: str) -> None:
    """Refuse a file with identity numbers of residents, by the title of a column or by its values.

    Raises
    ------
    FileContentError
        Also where the column would not have been stored: the file should not be passed around.
    """
    faults = [
        Fault(
            "含有身份证号。geogrid 不接收居民身份信息，请删除此列后再导入",
            "it holds identity numbers, which geogrid does not take. Delete the column and try again",
            None,
            name,
        )
        for name, values in columns.items()
        if _IDENTITY_TITLES.search(_plain(name).replace(" ", "_")) or _are_identity_numbers(values)
    ]
    if faults:
        raise FileContentError(shown, faults)


def find_identity_number(text: str) -> bool:
    """Whether an identity number stands anywhere in a text."""
    plain = unicodedata.normalize("NFKC", text)
    return any(_is_identity_number(found) for found in _IDENTITY_WITHIN.findall(plain))


def _are_identity_numbers(values: Sequence[Any]) -> bool:
    """Whether most of the values that are there are valid identity numbers."""
    texts = [value.strip() for value in values if isinstance(value, str) and value.strip()]
    n_valid = sum(_is_identity_number(text) for text in texts)
    return n_valid > 0 and 2 * n_valid >= len(texts)


def _is_identity_number(text: str) -> bool:
    """Whether a text is 18 digits with a date of birth and the right check digit."""
    if len(text) != len(_IDENTITY_WEIGHTS) + 1 or not _IDENTITY.match(text):
        return False
    total = sum(int(digit) * weight for digit, weight in zip(text, _IDENTITY_WEIGHTS, strict=False))
    month, day = int(text[10:12]), int(text[12:14])
    is_date = 1 <= month <= 12 and 1 <= day <= 31 and text[6:8] in ("18", "19", "20")
    return is_date and _IDENTITY_CHECKS[total % 11] == text[17].upper()
