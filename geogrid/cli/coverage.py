"""`geogrid coverage`: who reaches a service centre on foot, and who does not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from geogrid.cli import language
from geogrid.cli.certainty import describe_doubt, describe_equity, explain_stretched, format_range
from geogrid.cli.explanation import explain_building
from geogrid.cli.options import county_argument, json_option
from geogrid.cli.output import echo_json, format_count, format_share, format_table, tell_not_found
from geogrid.errors import InvalidOptionError, PlaceNotFoundError
from geogrid.labels import label

if TYPE_CHECKING:
    import pandas as pd

    from geogrid.coverage.town import Town

PROFILES = ("adult", "elderly", "child")
HOME_COLUMNS = ("building", "people", "walk_s", "length_m", "centre", "status", "doubt", "reason")
SHOWN_GAPS = 10
"""How many of the largest gaps the table lists; `--out` writes all."""


@click.command("coverage")
@county_argument
@click.option("--minutes", type=click.FloatRange(min=0, min_open=True), help="步行分钟 / minutes on foot")
@click.option(
    "--metres", type=click.FloatRange(min=0, min_open=True), help="路网距离（米）/ metres on the network"
)
@click.option("--profile", type=click.Choice(PROFILES), help="步行者 / who walks")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="写出服务缺口 / write the gaps (.geojson, .gpkg, .csv, .xlsx …)",
)
@click.option("--homes", type=click.Path(path_type=Path), help="逐栋结果 / one row a home (.csv, .xlsx)")
@click.option("--service", metavar="S", help="只计提供该服务的中心 / only centres that offer it")
@click.option(
    "--explain", metavar="BUILDING", help="逐段说明一栋楼的步行路线 / the walk of one building, leg by leg"
)
@click.option(
    "--worlds",
    type=click.IntRange(min=0),
    default=300,
    show_default=True,
    help="模拟情形数，0 为不计算区间 / worlds drawn for the range, 0 for none",
)
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="随机种子 / of the worlds"
)
@click.option(
    "--scenario", metavar="NAME", help="按已存方案计算并与现状比较 / with a kept scenario, against today"
)
@click.option("--equity", is_flag=True, help="按地区和年龄的公平性 / equity by area and age")
@json_option
def command(
    county: Path,
    minutes: float | None,
    metres: float | None,
    profile: str | None,
    out: Path | None,
    homes: Path | None,
    service: str | None,
    explain: str | None,
    worlds: int,
    seed: int,
    scenario: str | None,
    equity: bool,
    as_json: bool,
) -> int | None:
    """步行多久（多远）能到最近的邻里服务中心；不加选项时按本县正式口径。

    Who reaches a centre on foot. Without options, by the county's official reading.
    """
    from geogrid.coverage.assess import add_doubt, assess_layout
    from geogrid.coverage.equity import assess_equity
    from geogrid.coverage.reading import STANDARD_READINGS, Reading
    from geogrid.coverage.services import keep_service
    from geogrid.coverage.summary import count_homes, count_people
    from geogrid.crs import change_crs
    from geogrid.workspace import Workspace
    from geogrid.workspace.cache import read_layout
    from geogrid.workspace.scenarios import read_scenario

    if minutes is not None and metres is not None:
        raise InvalidOptionError(
            option="--metres", value=str(metres), expected="--minutes 与 --metres 二选一 / one of the two"
        )
    if metres is not None and profile is not None:
        raise InvalidOptionError(option="--profile", value=profile, expected="--minutes")
    if explain is not None and (out is not None or homes is not None):
        raise InvalidOptionError(
            option="--explain", value=explain, expected="不与 --out、--homes 同用 / without --out and --homes"
        )
    with Workspace.open(county, readonly=True) as workspace:
        if metres is not None:
            reading = Reading("metres", metres)
        elif minutes is not None or profile is not None:
            reading = Reading("minutes", minutes or 10, profile or "adult")
        else:
            reading = Reading.parse(workspace.reading)
        today = town = workspace.read_town()
        edits = None if scenario is None else read_scenario(workspace, scenario)
        synthetic, name, store_crs = workspace.is_synthetic, workspace.name, str(workspace.store_crs)
    if service is not None:
        today = town = keep_service(town, service)
    if edits is not None:
        town = edits.apply(town)
    if explain is not None:
        try:
            found, lines = explain_building(town, read_layout(county, town), reading, explain, language())
        except PlaceNotFoundError as error:
            return tell_not_found(str(error), error.suggestions, as_json=as_json)
        if as_json:
            echo_json(found | {"service": service})
            return None
        for line in [*_describe_source(synthetic, town, service), *lines]:
            click.echo(line)
        return None
    others = [] if as_json else [other for other in STANDARD_READINGS if other != reading]
    layout = read_layout(county, town)
    results = assess_layout(town, layout, [reading, *others])
    if worlds:
        results[0] = add_doubt(town, layout, results[0], seed=seed, n_worlds=worlds)
    coverage = results[0]
    change = None
    if edits is not None:
        standing = assess_layout(today, read_layout(county, today), [reading])[0]
        change = {
            "name": scenario,
            "n_edits": len(edits.edits),
            "today": {"homes": count_homes(standing.homes), "people": count_people(standing.homes)},
        }
    shares = assess_equity(town, layout, reading, coverage.homes).to_dict() if equity else None
    if out is not None:
        from geogrid.io.export import leave_out_counts, write_layer

        gaps = change_crs(coverage.printed_gaps, store_crs, "gap").assign(reading=str(reading))
        gaps, _ = leave_out_counts(gaps.assign(synthetic=True) if synthetic else gaps)
        title = label("coverage.gap", language())
        write_layer(gaps, out, layer_title=title)
    if homes is not None:
        from geogrid.io.export import write_layer

        table = coverage.homes.reset_index(names="building")[list(HOME_COLUMNS)]
        table = table.assign(synthetic=True) if synthetic else table
        title = label("coverage.home", language())
        write_layer(table, homes, layer_title=title)
    if as_json:
        more = ({} if shares is None else {"equity": shares}) | (
            {} if change is None else {"scenario": change}
        )
        echo_json(coverage.to_dict() | {"service": service} | more)
        return None
    for line in _describe_source(synthetic, town, service):
        click.echo(line)
    click.echo(label("cli.coverage.head", language(), county=name, reading=reading.title(language())))
    click.echo()
    titles = [other.title(language()) for other in (reading, *others)]
    names = {
        key: title
        for key, title in [
            *zip(town.community["code"], town.community["name"], strict=True),
            *zip(_list_centre_keys(town), town.centre["name"], strict=True),
        ]
        if title
    }
    rivals = [
        {"people": count_people(other.homes), "homes": count_homes(other.homes)} for other in results[1:]
    ]
    told = [coverage.to_dict(), *rivals]
    if change is not None:
        for line in _describe_change(change, told[0]):
            click.echo(line)
    lines = _describe(told, titles, names, reading.measure.speed_m_per_s)
    if shares is not None:
        lines += ["", *describe_equity(shares, names, language())]
    for line in lines:
        click.echo(line)
    for path in (out, homes):
        if path is not None:
            click.echo(label("cli.written", language(), path=path))
    return None


def _describe_source(synthetic: bool, town: Town, service: str | None) -> list[str]:
    """Lines on what the numbers rest on: synthetic data, and centres with one service only."""
    lines = [f"〔{label('synthetic', language())}〕"] if synthetic else []
    if service is not None:
        n_centres = _list_centre_keys(town).nunique()
        lines.append(label("cli.coverage.service", language(), service=service, count=n_centres))
    return lines


def _describe_change(change: dict[str, Any], found: dict[str, Any]) -> list[str]:
    """What a scenario does, against today."""
    lines = [label("cli.coverage.scenario", language(), name=change["name"], count=change["n_edits"])]
    for unit in ("people", "homes"):
        before, after = change["today"][unit]["covered"], found[unit]["covered"]
        if before is not None and after is not None:
            lines.append(
                label(
                    "cli.coverage.change",
                    language(),
                    before=f"{before:,}",
                    after=f"{after:,}",
                    change=f"{after - before:+,}",
                    unit=label(f"unit.{unit}", language()),
                )
            )
    return [*lines, ""]


def _list_centre_keys(town: Town) -> pd.Series:
    """The id of the centre that each door belongs to."""
    keys: pd.Series = town.centre["centre"].where(town.centre["centre"].notna(), town.centre["id"])
    return keys


def _describe(
    results: list[dict[str, Any]], titles: list[str], names: dict[str, str], speed_m_per_s: float
) -> list[str]:
    """The lines of the printed table; `names` are those of communities and centres, by key."""
    tongue = language()
    found = results[0]
    unit = "people" if found["people"]["total"] is not None else "homes"
    heads = [label(f"cli.coverage.{head}", tongue) for head in ("reading", "total", "covered", "not_covered", "unanswered", "share")]  # fmt: skip
    lines = [label(f"cli.coverage.counted_{unit}", tongue)]
    lines.append(
        format_table(
            heads, [_count_row(title, result[unit]) for title, result in zip(titles, results, strict=True)]
        )
    )
    lines += _describe_left_out(found)
    if found["doubt"]:
        lines += ["", *describe_doubt(found["doubt"], unit, speed_m_per_s, tongue)]
    for key in ("by_community", "by_district"):
        if found[key]:
            lines += ["", label(f"cli.coverage.{key}", tongue)]
            heads[0] = label("cli.coverage.area", tongue)
            more = ["range", "in_doubt"] if found["doubt"] else []
            rows = [
                _count_row(a["name"] or a["code"], a[unit]) + _doubt_cells(a["doubt"], unit)
                for a in found[key]
            ]
            lines.append(format_table(heads + [label(f"cli.coverage.{head}", tongue) for head in more], rows))
            lines += explain_stretched([a["doubt"][unit] for a in found[key] if a["doubt"]], tongue)
    gaps = found["gaps"]
    if gaps:
        lines += ["", label("cli.coverage.gaps", tongue, shown=min(len(gaps), SHOWN_GAPS), total=len(gaps))]
        heads = [label(f"cli.coverage.gap.{head}", tongue) for head in ("people", "elderly", "homes", "community", "nearest", "minutes", "reason")]  # fmt: skip
        rows = [
            [
                format_count(gap["people"]),
                format_count(gap["elderly"]),
                format_count(gap["n_homes"]),
                names.get(gap["community"]) or gap["community"] or "–",
                names.get(gap["nearest_centre"]) or gap["nearest_centre"] or "–",
                "–" if gap["walk_s"] is None else f"{gap['walk_s'] / 60:.1f}",
                label(f"coverage.reason.{gap['reason']}", tongue),
            ]
            for gap in gaps[:SHOWN_GAPS]
        ]
        lines.append(format_table(heads, rows))
    return lines


def _count_row(title: str, counts: dict[str, int | None]) -> list[str]:
    return [
        title,
        *(format_count(counts[key]) for key in ("total", "covered", "not_covered", "unanswered")),
        format_share(counts["covered"], counts["total"]),
    ]


def _doubt_cells(doubt: dict[str, Any] | None, unit: str) -> list[str]:
    """The range of an area and its homes in doubt; nothing where doubt was not assessed."""
    if doubt is None:
        return []
    return [
        format_range(doubt[unit]["covered_range_90"], doubt[unit]["stretched"]),
        format_count(doubt["homes"]["in_doubt"]),
    ]


def _describe_left_out(found: dict[str, Any]) -> list[str]:
    """What the numbers leave out, in words."""
    tongue = language()
    lines = []
    missing = found["people"].get("homes_without_people")
    if missing:
        lines.append(label("cli.coverage.homes_without_people", tongue, count=f"{missing:,}"))
    if found["outside_extent"]["n_homes"]:
        count = f"{found['outside_extent']['n_homes']:,}"
        lines.append(label("cli.coverage.outside_extent", tongue, count=count))
    for reason, left in found["left_out"].items():
        if left["n_homes"]:
            lines.append(
                label(
                    "cli.coverage.left_out",
                    tongue,
                    count=f"{left['n_homes']:,}",
                    reason=label(f"coverage.reason.{reason}", tongue),
                )
            )
    return lines
