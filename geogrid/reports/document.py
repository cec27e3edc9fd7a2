"""A report as its parts, in one language, before it becomes Word, PDF, a workbook or a page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class CellKind(StrEnum):
    """How a column's values are written and aligned.

    A `COUNT` is a whole number, a `SHARE` runs from 0 to 1 and is shown in per cent, `MINUTES` come as
    seconds, `METRES` and `NUMBER` are what they say. A value of
    None is shown as a dash, whatever the kind.
    """

    TEXT = "text"
    COUNT = "count"
    SHARE = "share"
    MINUTES = "minutes"
    METRES = "metres"
    NUMBER = "number"


@dataclass(frozen=True)
class TableColumn:
    """One column: its key in the rows, its title, and how its values are written."""

    key: str
    title: str
    kind: CellKind = CellKind.TEXT


@dataclass(frozen=True)
class Heading:
    """A heading of level 1 to 3; `key` is fixed and the same in every language."""

    level: int
    text: str
    key: str


@dataclass(frozen=True)
class Paragraph:
    """Running text.

    Attributes
    ----------
    is_lead
        The sentence that is filed: set larger than the rest.
    is_note
        What was left out, a caution, a source: set smaller than the rest.
    """

    text: str
    is_lead: bool = False
    is_note: bool = False


@dataclass(frozen=True)
class Bullets:
    """A list of short texts."""

    items: tuple[str, ...]


@dataclass(frozen=True)
class KeyFigure:
    """One number to be seen at a glance: the number as it is written, what it counts, and what goes with it."""

    value: str
    title: str
    note: str = ""


@dataclass(frozen=True)
class KeyFigures:
    """Some key figures side by side."""

    figures: tuple[KeyFigure, ...]


@dataclass(frozen=True)
class Table:
    """A table with a caption; rows are mappings from a column's key to its value.

    Attributes
    ----------
    key
        Fixed name, the same in every language; a workbook names its sheet by `sheet`.
    n_shown
        The most rows that a page document shows, with a sentence about the others; a workbook and a
        data export have all of them. None shows all.
    bar
        The key of a `SHARE` column that page documents draw as a bar beside its number.
    """

    key: str
    caption: str
    sheet: str
    columns: tuple[TableColumn, ...]
    rows: tuple[Mapping[str, object], ...]
    n_shown: int | None = None
    bar: str | None = None


class Medium(StrEnum):
    """What a picture is drawn for: vectors for a PDF and a page, pixels for Word and a workbook."""

    SVG = "svg"
    PNG = "png"


@dataclass(frozen=True)
class Figure:
    """A map or a chart, drawn when it is asked for.

    Attributes
    ----------
    draw
        The picture's bytes in a medium.
    width_mm
        Width on an A4 page, 160 mm at most.
    alt
        What the picture shows, for those who do not see it.
    """

    key: str
    caption: str
    alt: str
    draw: Callable[[Medium], bytes] = field(repr=False, compare=False)
    width_mm: float = 156.0


@dataclass(frozen=True)
class PageBreak:
    """The heading that follows begins on a new page."""


Block = Heading | Paragraph | Bullets | KeyFigures | Table | Figure | PageBreak


@dataclass(frozen=True)
class Document:
    """A report.

    Attributes
    ----------
    language
        `zh` or `en`.
    marks
        What stands at the edge of every page: synthetic data, 审图号, 密级, 内部使用.
    sign_off
        Titles of the fields of the sign-off block, each with what is known of it (else empty).
    made_on
        The date of the data; a renderer adds no other.
    """

    title: str
    subtitle: str
    language: str
    marks: tuple[str, ...]
    sign_off: tuple[tuple[str, str], ...]
    made_on: date
    revision: int
    is_synthetic: bool
    blocks: tuple[Block, ...]

    def tables(self) -> Iterator[Table]:
        """Its tables, in order."""
        return (block for block in self.blocks if isinstance(block, Table))

    def figures(self) -> Iterator[Figure]:
        """Its maps and charts, in order."""
        return (block for block in self.blocks if isinstance(block, Figure))


Progress = Callable[[int, int], None]
"""Called with the steps that are done and all there are."""


def write_cell(value: object, kind: CellKind) -> str:
    """A value as page documents write it.

    >>> write_cell(12345, CellKind.COUNT), write_cell(0.8154, CellKind.SHARE), write_cell(None, CellKind.SHARE)
    ('12,345', '81.5 %', '—')
    >>> write_cell(600.0, CellKind.MINUTES)
    '10.0'
    >>> write_cell(1203.4, CellKind.METRES), write_cell("=1+1", CellKind.TEXT)
    ('1,203', '=1+1')
    """
    if value is None or value != value or value == float("inf"):
        return "—"
    if isinstance(value, str):
        return value
    number = float(str(value))
    match kind:
        case CellKind.COUNT | CellKind.METRES:
            return f"{number:,.0f}"
        case CellKind.SHARE:
            return f"{100.0 * number:.1f} %"
        case CellKind.MINUTES:
            return f"{number / 60.0:.1f}"
        case CellKind.NUMBER:
            return f"{number:,.2f}"
        case CellKind.TEXT:
            return str(value)
