"""A spreadsheet of places in, the same with what answers for each out; neither is kept anywhere else."""

from __future__ import annotations

import datetime
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from geogrid.crs import Datum, datum_to_wgs84
from geogrid.errors import FileContentError, InvalidOptionError, MissingColumnsError, MissingDatumError
from geogrid.io.columns import PLACE_COLUMNS, TEXT_TITLES, plain_title, require_no_identity_numbers
from geogrid.io.table import (
    TABLE_SUFFIXES,
    Table,
    find_control_characters,
    read_table,
    write_table,
)
from geogrid.labels import label
from geogrid.responsibility.batch import (
    ANSWER_COLUMNS,
    Question,
    State,
    answer_rows,
    tabulate_answer,
)
from geogrid.responsibility.register import Register
from geogrid.workspace.lookup import read_register, read_walks
from geogrid.workspace.workspace import Workspace


@dataclass(frozen=True)
class Columns:
    """The columns of a table that say where: a text, or longitude and latitude, or both."""

    text: str | None
    lon: str | None
    lat: str | None


@dataclass(frozen=True)
class BatchReport:
    """What became of the rows: how many of each state, and what was decided on the way."""

    n_rows: int
    states: Mapping[State, int]
    notes: Sequence[str]

    @property
    def n_resolved(self) -> int:
        """How many rows are resolved."""
        return self.states.get(State.RESOLVED, 0)

    @property
    def unresolved(self) -> dict[State, int]:
        """The other states, with how many rows are in each."""
        return {state: count for state, count in self.states.items() if state is not State.RESOLVED}


def locate_file(
    workspace: Workspace,
    source: Path,
    target: Path,
    *,
    columns: Columns,
    datum: Datum | None,
    encoding: str | None,
    on: datetime.date | None,
    language: str,
    start: Callable[[int], Callable[[int], None]],
    people: frozenset[str] | None = None,
) -> BatchReport:
    """Write a table with answer columns after its own; rows and columns keep their order and values.

    Parameters
    ----------
    columns
        Those that the user named; the others are found by their titles.
    datum
        Of the positions; without it they are not used.
    start
        Called with the number of rows; what it returns is called with the number that is done.
    people
        Ids of those who may be told; of the others a duty phone that is public, without a name. None
        for everybody.

    Raises
    ------
    InvalidOptionError
        When the target is the source or a named column is not there.
    MissingColumnsError, MissingDatumError
        When no column says where, or only positions do and their datum is not known.
    FileContentError
        For control characters and for identity numbers of residents, with their rows.
    """
    day = on or datetime.date.today()  # noqa: DTZ011  # the office's own day
    _require_another(source, target)
    table = read_table(source, encoding=encoding)
    faults = find_control_characters(table)
    if faults:
        raise FileContentError(source.name, faults)
    values = {name: [row[i] for row in table.cells] for i, name in enumerate(table.columns)}
    require_no_identity_numbers(values, source.name)
    used = find_columns(table.columns, columns, source.name)
    notes = [*table.notes, *_tell_columns(used, datum, language)]
    if used.text is None and datum is None:
        raise MissingDatumError(file=source.name)
    questions = _read_questions(values, used, datum, len(table.cells))
    register = read_register(workspace).on_date(day)
    if people is not None:
        register = _keep_people(register, people)
    walks, measure_walk = read_walks(workspace, day)
    answers = answer_rows(
        register,
        questions,
        on=day,
        walks=walks,
        measure_walk=measure_walk,
        progress=start(len(questions)),
    )
    found = [tabulate_answer(answer, register, language) for answer in answers]
    is_synthetic = workspace.is_synthetic
    title = label("batch.sheet", language)
    if is_synthetic:
        title = f"{title}（{label('synthetic')} synthetic）"
    write_table(_widen(table, found, language, is_synthetic=is_synthetic), target, title=title)
    return BatchReport(len(answers), Counter(answer.state for answer in answers), notes)


def _keep_people(register: Register, people: frozenset[str]) -> Register:
    """The register with the names and units of those people alone, and the phones of theirs and of the public."""
    person = register.tables["person"]
    is_told = person["id"].isin(people)
    is_public = is_told | person["duty_phone_public"].fillna(value=False).astype(bool)
    blank = {name: person[name].where(is_told, None) for name in ("name", "unit")}
    phone = person["duty_phone"].where(is_public, None)
    told = person.assign(**blank, duty_phone=phone, private_phone=None)
    return replace(register, tables={**register.tables, "person": told})


def _require_another(source: Path, target: Path) -> None:
    if target.suffix.lower() not in TABLE_SUFFIXES:
        raise InvalidOptionError(option="OUT", value=target.name, expected=" / ".join(TABLE_SUFFIXES))
    if target.exists() and source.exists() and target.samefile(source):
        raise InvalidOptionError(
            option="OUT", value=str(target), expected="与输入不同的文件 / another file than the input"
        )


# --- which columns say where -------------------------------------------------------------------


def find_columns(found: Sequence[str], named: Columns, shown: str) -> Columns:
    """The columns that say where: those that are named, else those whose titles say so.

    >>> find_columns(["序号", "联系地址（必填）", "经度", "纬度"], Columns(None, None, None), "a.csv")
    Columns(text='联系地址（必填）', lon='经度', lat='纬度')

    Raises
    ------
    InvalidOptionError
        When a named column is not in the file.
    MissingColumnsError
        When no column says where.
    """
    for option, name in (("--column", named.text), ("--lon", named.lon), ("--lat", named.lat)):
        if name is not None and name not in found:
            raise InvalidOptionError(option=option, value=name, expected=", ".join(found))
    plain = {plain_title(name): name for name in reversed(found)}
    text = named.text or next((plain[title] for title in TEXT_TITLES if title in plain), None)
    if text is None:
        text = next((name for key, name in plain.items() if "地址" in key or "address" in key), None)
    lon, lat = (
        own or next((plain[title] for title in PLACE_COLUMNS[axis] if title in plain), None)
        for axis, own in (("lon", named.lon), ("lat", named.lat))
    )
    if lon is None or lat is None:
        lon = lat = None
    if text is None and lon is None:
        missing = [f"{TEXT_TITLES[0]} / address", "经度、纬度 / lon, lat"]
        raise MissingColumnsError(file=shown, missing=missing, found=list(found))
    if named.text is None and named.lon is not None:
        text = None  # who names the positions alone means these
    return Columns(text, lon, lat)


def _tell_columns(used: Columns, datum: Datum | None, language: str) -> list[str]:
    notes = []
    if used.text is not None:
        notes.append(label("cli.locate-batch.by_column", language, column=used.text))
    if used.lon is not None:
        key = "no_datum" if datum is None else "by_position"
        names = {"lon": used.lon, "lat": used.lat} | ({} if datum is None else {"datum": datum.value})
        notes.append(label(f"cli.locate-batch.{key}", language, **names))
    return notes


def _read_questions(
    values: Mapping[str, Sequence[Any]], used: Columns, datum: Datum | None, n_rows: int
) -> list[Question]:
    texts = [None] * n_rows if used.text is None else [_text(value) for value in values[used.text]]
    if used.lon is None or used.lat is None or datum is None:
        return [Question(text) for text in texts]
    degrees = np.array(
        [
            (_degrees(lon, 180), _degrees(lat, 90))
            for lon, lat in zip(values[used.lon], values[used.lat], strict=True)
        ],
        float,
    ).reshape(-1, 2)
    is_given = [
        lon is not None or lat is not None
        for lon, lat in zip(values[used.lon], values[used.lat], strict=True)
    ]
    is_place = np.isfinite(degrees).all(axis=1)
    lonlat = np.full(degrees.shape, np.nan)
    lonlat[is_place] = datum_to_wgs84(degrees[is_place], datum)
    return [
        Question(text, (float(lon), float(lat)) if place else None, given and not place)
        for text, (lon, lat), place, given in zip(texts, lonlat, is_place.tolist(), is_given, strict=True)
    ]


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip() or None


def _degrees(value: Any, most: float) -> float:
    """A coordinate, `nan` where it is none; a text may be in full width."""
    try:
        number = float(unicodedata.normalize("NFKC", value) if isinstance(value, str) else value)
    except (TypeError, ValueError):
        return float("nan")
    return number if not isinstance(value, bool) and abs(number) <= most else float("nan")


# --- the table out -----------------------------------------------------------------------------


def _widen(
    table: Table, found: Sequence[Sequence[Any]], language: str, *, is_synthetic: bool
) -> pd.DataFrame:
    """The table with the answers after its own columns and its blank rows where they were."""
    names = [*ANSWER_COLUMNS, *(["synthetic"] if is_synthetic else [])]
    titles = _name_columns(table.columns, names, language)
    own: list[list[Any]] = []
    for number, cells, answer in zip(table.rows, table.cells, found, strict=True):
        while len(own) < number - 2:  # the header is row 1
            own.append([None] * (len(table.columns) + len(titles)))
        values = [_dated(value) for value in cells]
        own.append([*values, *answer, *([True] if is_synthetic else [])])
    return pd.DataFrame(
        {
            title: pd.Series([row[i] for row in own], dtype=object)
            for i, title in enumerate([*table.columns, *titles])
        }
    )


def _name_columns(taken: Sequence[str], names: Sequence[str], language: str) -> list[str]:
    titles: list[str] = []
    for name in names:
        title = label(f"batch.{name}", language)
        while title in taken or title in titles:
            title = label("batch.title_taken", language, title=title)
        titles.append(title)
    return titles


def _dated(value: Any) -> Any:
    """A day without a time as a day: a spreadsheet gives every date a midnight."""
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date()
    return value
