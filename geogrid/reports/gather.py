"""The facts of a report, read and computed from a county's files."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

import geopandas as gpd

from geogrid.checks.run import run_checks
from geogrid.coverage.assess import Coverage, add_doubt, assess_layout
from geogrid.coverage.reading import STANDARD_READINGS, Reading
from geogrid.coverage.scenario import Scenario
from geogrid.coverage.telling import blank_counts
from geogrid.coverage.town import Town
from geogrid.coverage.walks import Layout, lay_out
from geogrid.errors import EmptyLayerError, InvalidOptionError, NothingToGainError, RevisionEmptyError
from geogrid.findings import Finding
from geogrid.labels import LANGUAGES, label
from geogrid.reports.facts import SCOPE_LAYERS, Facts, Proposals, Scope, Subject, find_scope, gather_facts
from geogrid.siting.instance import build_instance
from geogrid.siting.remedies import find_remedies
from geogrid.siting.study import study_siting
from geogrid.workspace import Workspace
from geogrid.workspace.cache import fingerprint_town, read_layout
from geogrid.workspace.scenarios import read_scenario

N_PROPOSED = 5
"""New centres of the plan; the table tells of 1, 3 and 5, the curve of up to 20."""

Tell = Callable[[str], None]
"""Called with the name of each step as it begins; a label key under `report.step`."""


@dataclass(frozen=True)
class Request:
    """What a report is asked to be about.

    Attributes
    ----------
    community, district
        Code or name of one area; at most one of the two.
    scenario
        Name of a kept scenario, reported against today.
    since
        A revision to compare with.
    is_public
        Whether it is for everybody, and then of the whole county as it stands.
    """

    community: str | None = None
    district: str | None = None
    scenario: str | None = None
    since: int | None = None
    is_public: bool = False

    def __post_init__(self) -> None:
        narrowed = (self.community, self.district, self.scenario, self.since)
        if self.is_public and any(option is not None for option in narrowed):
            raise InvalidOptionError(
                option="--public",
                value=" ".join(str(option) for option in narrowed if option is not None),
                expected="全县现状 / the whole county as it stands",
            )
        if self.community is not None and self.district is not None:
            raise InvalidOptionError(
                option="--district",
                value=self.district,
                expected="--community 与 --district 二选一 / one of the two",
            )
        if self.scenario is not None and self.since is not None:
            raise InvalidOptionError(
                option="--since",
                value=str(self.since),
                expected="--scenario 与 --since 二选一 / one of the two",
            )


def gather_county(
    workspace: Workspace,
    request: Request,
    day: datetime.date,
    tell: Tell = lambda _: None,
    *,
    seen: Collection[str] | None = None,
) -> Facts:
    """The facts of a report on a county, as of a day.

    Parameters
    ----------
    seen
        Ids of the buildings whose people may be counted; None for all. Those of others are unknown.

    Raises
    ------
    EmptyLayerError
        When the county has no street, no centre or no home.
    FeatureNotFoundError
        When the area or the scenario is not there.
    RevisionNotFoundError, RevisionEmptyError
        When the revision to compare with is not there, or held no street, centre or home yet.
    """
    tell("read")
    with workspace.snapshot():
        revision = workspace.revision
        town = workspace.read_town(on=day)
        earlier_town = None if request.since is None else workspace.read_town(on=day, revision=request.since)
        edits = None if request.scenario is None else read_scenario(workspace, request.scenario)
        layers, tables = workspace.read_all()
        candidate, no_build = workspace.read_metric("candidate"), workspace.read_metric("no_build")
        subject = Subject(
            name=workspace.name,
            code=workspace.code,
            revision=revision,
            content_hash=fingerprint_town(town),
            day=day,
            is_synthetic=workspace.is_synthetic,
            settings=dict(workspace.settings),
        )
        official = Reading.parse(workspace.reading)
    scope = _find_scope(town, request)
    if seen is not None:
        town = replace(town, building=blank_counts(town.building, seen))
        if earlier_town is not None:
            earlier_town = replace(earlier_town, building=blank_counts(earlier_town.building, seen))
    tell("findings")
    findings: tuple[Finding, ...] = tuple(run_checks(layers, tables, day))
    tell("coverage")
    layout = read_layout(workspace.path, town) if seen is None else lay_out(town)
    earlier: Coverage | None = None
    earlier_title: dict[str, str] = {}
    if edits is not None:
        earlier = assess_layout(town, layout, [official])[0]
        earlier_title = {language: label("report.today", language) for language in LANGUAGES}
        town, layout = _change(town, edits)
    elif earlier_town is not None:
        try:
            earlier = assess_layout(earlier_town, lay_out(earlier_town), [official])[0]
        except EmptyLayerError as error:
            raise RevisionEmptyError(
                revision=request.since or 0, layer=error.layer, title=error.title
            ) from error
        earlier_title = {
            language: label("report.revision", language, revision=request.since) for language in LANGUAGES
        }
    others = [reading for reading in STANDARD_READINGS if reading != official]
    coverages = assess_layout(town, layout, [official, *others])
    tell("doubt")
    coverages[0] = add_doubt(town, layout, coverages[0])
    tell("siting")
    proposals = propose(town, layout, official, candidate, no_build)
    return gather_facts(
        subject,
        scope,
        coverages,
        findings,
        earlier=earlier,
        earlier_title=earlier_title,
        proposals=proposals,
    )


def propose(
    town: Town, layout: Layout, reading: Reading, candidate: gpd.GeoDataFrame, no_build: gpd.GeoDataFrame
) -> Proposals | None:
    """The best new centres, gates and paths; None where no candidate reaches anybody more."""
    instance = build_instance(town, layout, reading, candidate, no_build)
    weight = instance.choose_weight(None)
    try:
        study = study_siting(instance, min(N_PROPOSED, len(instance.candidates)), weight=weight)
    except NothingToGainError:
        return None
    return Proposals(study, tuple(find_remedies(instance, weight)))


def _change(town: Town, edits: Scenario) -> tuple[Town, Layout]:
    changed = edits.apply(town)
    return changed, lay_out(changed)


def _find_scope(town: Town, request: Request) -> Scope:
    for layer in SCOPE_LAYERS:
        query: str | None = getattr(request, layer)
        if query is not None:
            return find_scope({name: getattr(town, name) for name in SCOPE_LAYERS}, layer, query)
    return Scope()
