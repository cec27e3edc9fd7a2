"""A report for everybody: the sums that the map tells without a login, and nothing that is for staff."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from geogrid.areas.share import assign_areas
from geogrid.coverage.assess import Coverage, assess_layout
from geogrid.coverage.reading import STANDARD_READINGS, Reading
from geogrid.coverage.telling import LEAST_HOMES, Told, choose_told, round_sum, tell_people
from geogrid.reports.document import Block, CellKind, Document, Heading, Paragraph, Table, TableColumn
from geogrid.reports.facts import Subject
from geogrid.reports.maps import list_marks
from geogrid.reports.words import Words
from geogrid.schema import AREA_LAYERS
from geogrid.workspace import Workspace
from geogrid.workspace.cache import fingerprint_town, read_layout

COUNTED = ("total", "covered", "not_covered", "unanswered")


def compose_public_report(
    workspace: Workspace, day: datetime.date, language: str, *, command: str
) -> Document:
    """The county's coverage under its own and the standard readings, by community, as everybody is told it.

    Raises
    ------
    EmptyLayerError
        When the county has no street, no centre or no home.
    """
    with workspace.snapshot():
        town = workspace.read_town(on=day)
        areas = {name: workspace.read_metric(name, on=day) for name in AREA_LAYERS}
        subject = Subject(
            name=workspace.name,
            code=workspace.code,
            revision=workspace.revision,
            content_hash=fingerprint_town(town),
            day=day,
            is_synthetic=workspace.is_synthetic,
            settings=dict(workspace.settings),
        )
        readings = tuple(dict.fromkeys((Reading.parse(workspace.reading), *STANDARD_READINGS)))
    layout = read_layout(workspace.path, town)
    coverages = assess_layout(town, layout, readings)
    homes = layout.homes.building.geometry.to_numpy()
    told = choose_told(coverages, [assign_areas(homes, frame) for frame in areas.values() if len(frame)])
    words = Words(language)
    return Document(
        title=words("public.title", name=subject.name),
        subtitle=words(
            "subtitle", reading=readings[0].title(language), day=day.isoformat(), revision=subject.revision
        ),
        language=language,
        marks=tuple(list_marks(subject, words)),
        sign_off=tuple(
            (words(f"sign_off.{name}"), "") for name in ("number", "author", "reviewer", "issuer")
        ),
        made_on=day,
        revision=subject.revision,
        is_synthetic=subject.is_synthetic,
        blocks=tuple(_tell(subject, coverages, told, words, command)),
    )


def _tell(
    subject: Subject, coverages: Sequence[Coverage], told: Told, words: Words, command: str
) -> Iterator[Block]:
    yield Paragraph(words("public.intro", name=subject.name, least=LEAST_HOMES), is_lead=True)
    for number, coverage in enumerate(coverages):
        title = coverage.reading.title(words.language)
        yield Heading(1, title, f"reading-{number}")
        yield Table(
            f"reading_{number}",
            title,
            title,
            (
                TableColumn("name", words("column.area")),
                TableColumn("homes", words("public.homes"), CellKind.COUNT),
                *(
                    TableColumn(
                        name, words("column.people" if name == "total" else f"column.{name}"), CellKind.COUNT
                    )
                    for name in COUNTED
                ),
            ),
            tuple(_list_rows(subject, coverage, number, told)),
        )
    yield Paragraph(
        words(
            "method.reproduce.text",
            revision=subject.revision,
            hash=subject.content_hash,
            day=subject.day.isoformat(),
        ),
        is_note=True,
    )
    yield Paragraph(command)


def _list_rows(subject: Subject, coverage: Coverage, number: int, told: Told) -> Iterator[Mapping[str, Any]]:
    homes = coverage.homes
    yield {
        "name": subject.name,
        "homes": round_sum(len(homes)),
        **tell_people(homes, total=told.county, split=number in told.county_split),
    }
    for code, name in zip(coverage.communities["code"], coverage.communities["name"], strict=True):
        own = homes[(homes["community"] == code).to_numpy(bool)]
        yield {
            "name": name or code,
            "homes": round_sum(len(own)) if len(own) else 0,
            **tell_people(own, total=code in told.communities, split=(code, number) in told.split),
        }
