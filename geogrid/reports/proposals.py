"""The part of a report on what could be done: new centres with their proof, gates and paths."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import shapely

from geogrid.areas.share import assign_areas
from geogrid.network.impedance import Integers
from geogrid.prepared import prepared
from geogrid.reports.document import Block, CellKind, Figure, Heading, Paragraph, Table, TableColumn
from geogrid.reports.facts import Facts, Proposals
from geogrid.reports.gaps import name_areas
from geogrid.reports.maps import draw_sites_map
from geogrid.reports.siting_chart import draw_curve
from geogrid.reports.words import Words, hide_few, write_count, write_share
from geogrid.siting.instance import Instance, Weight
from geogrid.siting.remedy import Remedy
from geogrid.siting.study import Study
from geogrid.siting.summary import describe_study, describe_unreachable

TOLD_SITES = (1, 3, 5)
N_REMEDIES_SHOWN = 15
N_ADVISED_REMEDIES = 2


def tell_proposals(facts: Facts, words: Words) -> Iterator[Block]:
    """The plan with its proof, what fewer or more centres bring, the order, the cheaper gates and paths."""
    yield Heading(1, words("proposals"), "proposals")
    if facts.proposals is None:
        yield Paragraph(words("proposals.none"))
        return
    study = facts.proposals.study
    told = describe_study(study)
    unit = words.of(f"siting.weight.{study.weight.value}")
    if facts.scope.layer is not None:
        yield Paragraph(words("proposals.whole", name=facts.subject.name), is_note=True)
    yield Paragraph(tell_proof(study, unit, words))
    yield _sites_table(facts, told, unit, words)
    yield Figure(
        "sites",
        words("proposals.map", k=len(study.sites)),
        words("proposals.map.alt"),
        partial(
            draw_sites_map, facts, words, [tuple(study.instance.candidates.xy[site]) for site in study.sites]
        ),
    )
    yield Heading(2, words("proposals.curve"), "proposals-curve")
    yield _steps_table(facts.proposals, told, unit, words)
    yield Figure(
        "curve",
        words("proposals.curve"),
        words("proposals.curve.alt"),
        partial(
            draw_curve,
            told,
            title=words("proposals.curve"),
            is_synthetic=facts.subject.is_synthetic,
            language=words.language,
        ),
    )
    if told["knee"]:
        yield Paragraph(words.of("cli.site.knee", k=told["knee"]))
    yield _curve_table(told, words)
    yield Heading(2, words("proposals.remedies"), "proposals-remedies")
    if facts.proposals.remedies:
        yield Paragraph(words("proposals.remedies.note"))
        yield _remedies_table(facts.proposals, words)
    else:
        yield Paragraph(words("proposals.remedies.none"))
    yield Paragraph(_tell_unreachable(study.instance, words), is_note=True)


def tell_proof(study: Study, unit: str, words: Words) -> str:
    """In a sentence, what the plan brings and how good it is proven to be."""
    plan = study.plan
    if plan.gap == 0.0:
        return words("proof.optimal", k=study.k, value=write_count(plan.value), unit=unit)
    return words(
        "proof.bound",
        k=study.k,
        value=write_count(plan.value),
        bound=f"{plan.bound:,}",
        share=f"{100 * plan.gap:.2f} %",
        unit=unit,
    )


def list_advice(facts: Facts, words: Words) -> tuple[str, ...]:
    """What to do, in a few sentences: the plan of three centres, and the gates and paths worth most."""
    if facts.proposals is None:
        return ()
    study, remedies = facts.proposals.study, facts.proposals.remedies
    unit = words.of(f"siting.weight.{study.weight.value}")
    lines = [
        words("advice.sites", k=result.k, value=write_count(result.value), unit=unit)
        for result in study.curve
        if result.k in TOLD_SITES[1:2]
    ]
    lines += [
        words(
            "advice.remedy",
            what=tell_remedy(remedy, study.instance, words),
            value=write_count(remedy.gained),
            unit=unit,
        )
        for remedy in remedies[:N_ADVISED_REMEDIES]
    ]
    return tuple(lines)


def tell_remedy(remedy: Remedy, instance: Instance, words: Words) -> str:
    """What is done, in words."""
    names = dict(zip(instance.town.compound["id"], instance.town.compound["name"], strict=True))
    what = words.of(
        f"siting.remedy.{remedy.kind.value}",
        id=remedy.edit.id,
        compound=names.get(remedy.compound) or remedy.compound or "—",
        metres="—" if remedy.length_m is None else f"{remedy.length_m:.0f}",
    )
    communities = instance.town.community
    held = assign_areas(shapely.points([remedy.xy]), communities)[0]
    where = dict(zip(communities["code"], communities["name"], strict=True)).get(held)
    return words("remedy.where", what=what, where=where) if where else what


def find_closers(facts: Facts, words: Words) -> dict[str, str]:
    """Gap -> what would cover most of its people: the best gate or path, and the best place for a centre."""
    if facts.proposals is None or facts.gaps.empty:
        return {}
    study, remedies = facts.proposals.study, facts.proposals.remedies
    instance, unit = study.instance, words.of(f"siting.weight.{study.weight.value}")
    weight = instance.weigh(study.weight)
    points = shapely.points(instance.layout.homes.xy)
    closers = {}
    for gap, ground in zip(facts.gaps["id"], facts.gaps.geometry, strict=True):
        with prepared(ground) as ready:
            inside = shapely.intersects(ready, points) & ~instance.is_covered
        own = np.where(inside, weight, 0)
        lines = []
        gains = [int(own[remedy.newly].sum()) for remedy in remedies]
        if gains and max(gains) > 0:
            best = remedies[int(np.argmax(gains))]
            lines.append(
                words(
                    "closer.remedy",
                    what=tell_remedy(best, instance, words),
                    value=write_count(max(gains)),
                    unit=unit,
                )
            )
        by_site = _sum_by_site(instance, own)
        if len(by_site) and by_site.max() > 0:
            site = int(np.argmax(by_site))
            lines.append(
                words(
                    "closer.centre",
                    site=instance.candidates.name[site] or instance.candidates.id[site],
                    value=write_count(int(by_site[site])),
                    share=write_share(int(by_site[site]), int(own.sum())),
                    unit=unit,
                )
            )
        closers[gap] = "".join(lines) or words("closer.none")
    return closers


def _sum_by_site(instance: Instance, weight: Integers) -> Integers:
    """What each candidate covers of some demand, shape (c,)."""
    sums: Integers = np.asarray(instance.cover.astype(bool).T @ weight).ravel().astype(np.int64)
    return sums


def _sites_table(facts: Facts, told: dict[str, Any], unit: str, words: Words) -> Table:
    columns = (
        TableColumn("order", words.of("cli.site.order"), CellKind.COUNT),
        TableColumn("id", words.of("cli.site.id")),
        TableColumn("name", words.of("cli.site.name")),
        TableColumn("community", words.of("cli.site.community")),
        TableColumn("gained", words("column.gained", unit=unit), CellKind.COUNT),
        TableColumn("chosen_share", words.of("cli.site.often"), CellKind.SHARE),
        TableColumn("others", words.of("cli.site.others")),
    )
    communities = name_areas(facts)["community"]
    rows = tuple(
        {
            **{name: site.get(name) for name in ("order", "id", "name", "chosen_share")},
            "community": communities.get(site["community"], site["community"]),
            "gained": hide_few(site["gained"]),
            "others": "、".join(str(other["id"]) for other in site["alternatives"][:3]) or None,
        }
        for site in told["sites"]
    )
    return Table("sites", words("proposals.table", k=len(rows)), words("proposals"), columns, rows)


def _steps_table(proposals: Proposals, told: dict[str, Any], unit: str, words: Words) -> Table:
    """What the best 1, 3 and 5 centres bring, with proof, and against all candidates together."""
    study = proposals.study
    now = told["covered"]["now"][study.weight.value]
    total = told["covered"]["total"][study.weight.value]
    columns = (
        TableColumn("k", words("column.new_centres"), CellKind.COUNT),
        TableColumn("gained", words("column.gained", unit=unit), CellKind.COUNT),
        TableColumn("share", words("column.share"), CellKind.SHARE),
        TableColumn("proof", words("column.proof")),
    )
    rows: list[dict[str, Any]] = [
        {"k": 0, "gained": 0, "share": now / total if total else None, "proof": None}
    ]
    for result in study.curve:
        if result.k in TOLD_SITES:
            proof = words(
                "proof.short" if result.gap == 0.0 else "proof.gap", share=f"{100 * result.gap:.2f} %"
            )
            rows.append(
                {
                    "k": result.k,
                    "gained": hide_few(result.value),
                    "share": (now + result.value) / total if total else None,
                    "proof": proof,
                }
            )
    rows.append(
        {
            "k": None,
            "gained": hide_few(study.ceiling),
            "share": (now + study.ceiling) / total if total else None,
            "proof": words("ceiling"),
        }
    )
    return Table(
        "steps", words("proposals.steps"), words("proposals.steps"), columns, tuple(rows), bar="share"
    )


def _curve_table(told: dict[str, Any], words: Words) -> Table:
    columns = (
        TableColumn("k", words.of("cli.site.k"), CellKind.COUNT),
        TableColumn("value", words.of("cli.site.value"), CellKind.COUNT),
        TableColumn("gained", words.of("cli.site.marginal"), CellKind.COUNT),
    )
    rows = tuple(
        {"k": point["k"], "value": hide_few(point["value"]), "gained": hide_few(point["gained"])}
        for point in told["curve"]
    )
    return Table("curve", words("proposals.curve"), words("proposals.curve"), columns, rows)


def _remedies_table(proposals: Proposals, words: Words) -> Table:
    columns = (
        TableColumn("what", words.of("cli.site.remedy")),
        TableColumn("gained", words.of("cli.site.gained"), CellKind.COUNT),
        TableColumn("elderly", words.of("cli.site.elderly"), CellKind.COUNT),
        TableColumn("length_m", words("column.length"), CellKind.METRES),
    )
    instance = proposals.study.instance
    rows = tuple(
        {
            "what": tell_remedy(remedy, instance, words),
            "gained": hide_few(remedy.gained),
            "elderly": hide_few(instance.count(remedy.newly)[Weight.ELDERLY.value]),
            "length_m": remedy.length_m,
        }
        for remedy in proposals.remedies
    )
    title = words("proposals.remedies")
    return Table("remedies", title, title, columns, rows, n_shown=N_REMEDIES_SHOWN)


def _tell_unreachable(instance: Instance, words: Words) -> str:
    left = describe_unreachable(instance)
    if not left["homes"]:
        return words.of("cli.site.all_reachable")
    return words("unreachable", people=write_count(left["people"]), homes=f"{left['homes']:,}")
