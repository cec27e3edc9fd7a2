"""`geogrid area`: what an area, a compound, a centre, a group or a person answers for."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from geogrid.cli import language
from geogrid.cli.options import IsoDate, county_argument, json_option
from geogrid.cli.output import echo_json, tell_not_found
from geogrid.labels import label
from geogrid.schema import LAYERS, ROLES, find_layer

MOST_SHOWN = 12
"""Names that stand in one line; `--json` has all."""


@click.command("area")
@county_argument
@click.argument("query", metavar="QUERY|KIND:CODE")
@click.option("--on", type=IsoDate(), help="按某日的边界与任职 / as of a day")
@json_option
def command(county: Path, query: str, on: datetime.date | None, as_json: bool) -> int:
    """查询片区、社区、网格、警格、小区、服务中心、楼栋组、户组或某人：楼栋、负责人、空缺、相邻与组织。

    The buildings, people, vacancies, neighbours and organisations of an area, a compound, a centre, a group or
    a person (`community:350725001007`, `person:P0001`, or a name). Exit code 1 when nothing is found.
    """
    from geogrid.workspace import Workspace
    from geogrid.workspace.lookup import describe_in_county, suggest_in_county

    with Workspace.open(county, readonly=True) as workspace:
        areas, people = describe_in_county(workspace, query, on=on)
        if not areas and not people:
            message = label("cli.area.none", language(), query=query)
            similar = suggest_in_county(workspace, query.partition(":")[2] or query, on=on)
            return tell_not_found(message, similar, as_json=as_json, areas=[], people=[])
        synthetic = workspace.is_synthetic
    shown = [area.to_dict(show_people=True) for area in areas]
    persons = [person.to_dict() for person in people]
    if as_json:
        echo_json({"n_found": len(shown) + len(persons), "areas": shown, "people": persons})
    else:
        if synthetic:
            click.echo(f"〔{label('synthetic', language())}〕")
        for area in shown:
            click.echo("\n".join(_describe(area)))
        for person in persons:
            click.echo("\n".join(_describe_person(person)))
    return 0


def _describe(area: dict[str, Any]) -> list[str]:
    tongue = language()
    lines = [
        label("cli.area.of", tongue, kind=_title(area["kind"]), name=area["name"], code=area["key"]),
        _list_buildings(area),
    ]
    lines += [_tell_duty(person) for person in area["people"]]
    for role in dict.fromkeys(person["role"] for person in area["within"]):
        held = [person["name"] or person["feature"] for person in area["within"] if person["role"] == role]
        lines.append(label("cli.area.within", tongue, role=_title_role(role), names=_cut(held)))
    lines += [f"  · {item[tongue]}" for item in (*area["vacancies"], *area["evidence"])]
    lines += [
        label(
            "cli.area.neighbour", tongue, name=one["name"], code=one["code"], metres=f"{one['shared_m']:,.0f}"
        )
        for one in area["neighbours"]
    ]
    lines += [
        label("cli.area.organisation", tongue, name=one["name"], kind=one["kind"] or "–")
        for one in area["organisations"]
    ]
    lines += [
        label(
            "cli.area.mismatch",
            tongue,
            count=one["n_buildings"],
            community=one["community"],
            beat=one["beat"],
            declared=one["beat_community"],
            names=_cut([building["name"] for building in one["buildings"]]),
        )
        for one in area["mismatches"]
    ]
    return lines


def _describe_person(person: dict[str, Any]) -> list[str]:
    title = _title("person")
    lines = [label("cli.area.of", language(), kind=title, name=person["name"] or "–", code=person["person"])]
    for duty in person["duties"]:
        lines.append(
            f"{_tell_duty(duty)}  {_title(duty['layer'])} {duty['feature_name']} ({duty['feature']})"
        )
        lines.append(_list_buildings(duty))
    return lines


def _list_buildings(held: dict[str, Any]) -> str:
    names = _cut([building["name"] for building in held["buildings"]])
    return label("cli.area.buildings", language(), count=f"{held['n_buildings']:,}", names=names or "–")


def _cut(names: Sequence[str]) -> str:
    joined = ("、" if language() == "zh" else ", ").join(names[:MOST_SHOWN])
    if len(names) <= MOST_SHOWN:
        return joined
    return label("cli.area.and_more", language(), names=joined, count=f"{len(names):,}")


def _tell_duty(person: dict[str, Any]) -> str:
    parts = (_title_role(person["role"]), person["name"], person["duty_phone"])
    return "  " + "  ".join(part for part in parts if part)


def _title_role(role: str) -> str:
    return ROLES[role].en if language() == "en" and role in ROLES else role


def _title(layer: str) -> str:
    known = LAYERS.get(layer) or find_layer(layer)
    return known.zh if language() == "zh" else known.en
