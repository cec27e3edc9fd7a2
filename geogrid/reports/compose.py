"""A report from its facts: which parts it has, and in what order."""

from __future__ import annotations

from geogrid.reports.areas import tell_areas
from geogrid.reports.centres import tell_centres
from geogrid.reports.document import Document, PageBreak
from geogrid.reports.facts import Facts
from geogrid.reports.front import scope_name, tell_front
from geogrid.reports.gaps import tell_gaps
from geogrid.reports.maps import list_marks
from geogrid.reports.method import tell_circles, tell_method
from geogrid.reports.proposals import find_closers, tell_proposals
from geogrid.reports.words import Words


def compose_report(facts: Facts, language: str, *, command: str) -> Document:
    """The report in one language.

    Parameters
    ----------
    command
        The command that computes it again.
    """
    words = Words(language)
    closers = find_closers(facts, words)
    blocks = (
        *tell_front(facts, words),
        PageBreak(),
        *tell_areas(facts, words),
        *tell_gaps(facts, words, closers),
        *tell_centres(facts, words),
        *tell_proposals(facts, words),
        *tell_circles(facts, words),
        *tell_method(facts, words, command),
    )
    subject = facts.subject
    return Document(
        title=words("title", name=scope_name(facts)),
        subtitle=words(
            "subtitle",
            reading=facts.official.reading.title(language),
            day=subject.day.isoformat(),
            revision=subject.revision,
        ),
        language=language,
        marks=tuple(list_marks(subject, words)),
        sign_off=tuple(
            (words(f"sign_off.{name}"), "") for name in ("number", "author", "reviewer", "issuer")
        ),
        made_on=subject.day,
        revision=subject.revision,
        is_synthetic=subject.is_synthetic,
        blocks=blocks,
    )
