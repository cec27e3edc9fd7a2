"""`geogrid locate`: which areas a place lies in, and who answers for it."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import click

from geogrid.cli import EXIT_FINDINGS, language
from geogrid.cli.options import IsoDate, county_argument, json_option, parse_lonlat
from geogrid.cli.output import echo_json, tell_not_found
from geogrid.errors import InvalidOptionError, PlaceNotFoundError
from geogrid.labels import label
from geogrid.schema import LAYERS, ROLES


@click.command("locate")
@county_argument
@click.argument("query", required=False)
@click.option("--lonlat", metavar="LON,LAT", help="按经纬度（WGS 84）查询 / by position")
@click.option("--on", type=IsoDate(), help="按某日的边界与任职 / as of a day")
@json_option
def command(
    county: Path,
    query: str | None,
    lonlat: str | None,
    on: datetime.date | None,
    as_json: bool,
) -> int:
    """查询楼栋、小区或位置：各类片区、负责人、民警、最近的服务中心。

    A building, a compound or a position: its areas, the people on duty, the nearest centre.
    Exit code 1 for a place that lies in no area, and when nothing is found.
    """
    from geogrid.workspace import Workspace
    from geogrid.workspace.lookup import locate_in_county

    if (query is None) == (lonlat is None):
        raise InvalidOptionError(
            option="QUERY", value=str(query), expected="名称或 --lonlat 二选一 / a name, or --lonlat"
        )
    with Workspace.open(county, readonly=True) as workspace:
        position = None if lonlat is None else parse_lonlat(lonlat)
        try:
            answer = locate_in_county(workspace, query=query, lonlat=position, on=on)
        except PlaceNotFoundError as error:
            return tell_not_found(str(error), error.suggestions, as_json=as_json)
        synthetic = workspace.is_synthetic
    found = answer.to_dict()
    if as_json:
        echo_json(found)
    else:
        if synthetic:
            click.echo(f"〔{label('synthetic', language())}〕")
        for match in found["matches"]:
            click.echo("\n".join(_describe(match)))
    is_inside = any(areas for match in found["matches"] for areas in match["areas"].values())
    return 0 if is_inside else EXIT_FINDINGS


def _describe(match: dict[str, Any]) -> list[str]:
    tongue = language()
    lines = [label("cli.locate.at", tongue, place=_name_of(match))]
    for kind, areas in match["areas"].items():
        title = LAYERS[kind].zh if tongue == "zh" else LAYERS[kind].en
        names = ", ".join(
            f"{area['name'] or area['code']} ({area['code']})"
            + (
                f" {100 * area['share']:.0f}%"
                if area.get("share") not in (None, 1) and area["share"] < 0.9995
                else ""
            )
            for area in areas
        )
        lines.append(f"  {title}: {names or '–'}")
    for person in match["people"]:
        known = ROLES.get(person["role"])
        role = person["role"] if tongue == "zh" or known is None else known.en
        lines.append("  " + "  ".join(part for part in (role, person["name"], person["duty_phone"]) if part))
    nearest = match["nearest_centre"]
    if nearest is not None:
        minutes = "–" if nearest["walk_s"] is None else f"{nearest['walk_s'] / 60:.1f}"
        lines.append(
            label("cli.locate.nearest", tongue, name=nearest["name"] or nearest["id"], minutes=minutes)
        )
    lines += [f"  · {item[tongue]}" for item in match["evidence"]]
    return lines


def _name_of(match: dict[str, Any]) -> str:
    if match["key"] is None:
        return label("cli.locate.position", language())
    return f"{match['name']} ({match['key']})" if match["name"] else str(match["key"])
