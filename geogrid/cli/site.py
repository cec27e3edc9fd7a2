"""`geogrid site`: where the next centres should stand, with a proof; and checking such a proof."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from geogrid.cli import EXIT_FINDINGS, language
from geogrid.cli.options import author_option, county_argument, json_option, parse_lonlat
from geogrid.cli.output import Progress, echo_json
from geogrid.cli.siting_page import describe_page, describe_place
from geogrid.errors import InvalidOptionError
from geogrid.labels import label

if TYPE_CHECKING:
    from geogrid.coverage.reading import Reading
    from geogrid.siting.conditions import Wishes
    from geogrid.siting.instance import Instance, Weight
    from geogrid.siting.study import Study
    from geogrid.workspace import Workspace

PROFILES = ("adult", "elderly", "child")
WEIGHTS = ("people", "elderly", "children", "homes")


@click.command("site")
@county_argument
@click.option("--add", "k", type=click.IntRange(min=1), metavar="K", help="新增几处 / how many new centres")
@click.option("--minutes", type=click.FloatRange(min=0, min_open=True), help="步行分钟 / minutes on foot")
@click.option(
    "--metres", type=click.FloatRange(min=0, min_open=True), help="路网距离（米）/ metres on the network"
)
@click.option("--profile", type=click.Choice(PROFILES), help="步行者 / who walks")
@click.option("--weight", type=click.Choice(WEIGHTS), help="按谁计 / whom to reach  [people, else homes]")
@click.option("--must", multiple=True, metavar="ID", help="必选备选点 / has to be chosen")
@click.option("--forbid", multiple=True, metavar="ID", help="禁选备选点 / may not be chosen")
@click.option(
    "--share",
    type=click.IntRange(min=1, max=100),
    metavar="PERCENT",
    help="覆盖可达缺口的百分之几最少要几处 / fewest centres for a share of what candidates can add",
)
@click.option("--budget", type=click.FloatRange(min=0), metavar="B", help="备选点成本合计上限 / of all costs")
@click.option(
    "--spacing",
    type=click.FloatRange(min=0, min_open=True),
    metavar="M",
    help="新点之间、与现有中心的最小距离（米）/ apart",
)
@click.option(
    "--per-community", is_flag=True, help="每个没有中心的社区至少一处 / one in every community without"
)
@click.option(
    "--candidate-spacing",
    type=click.FloatRange(min=20),
    default=150.0,
    show_default=True,
    help="自动生成备选点的间距（米）/ between generated candidates",
)
@click.option("--remedies/--no-remedies", default=True, help="是否比较开门、修路 / gates and footpaths too")
@click.option("--robust/--no-robust", default=True, help="是否检验稳健性 / how often each is chosen")
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="随机种子 / of the draws"
)
@click.option(
    "--time-limit",
    type=click.FloatRange(min=0, min_open=True),
    default=60.0,
    show_default=True,
    metavar="S",
    help="求解时限（秒）/ seconds for the search",
)
@click.option("--why", metavar="LON,LAT", help="某处设点的效果 / what a centre at a place would bring")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="写出选址 / write the sites (.geojson, .gpkg, .csv, .xlsx …)",
)
@click.option(
    "--certificate", type=click.Path(path_type=Path), help="写出最优性证书 / write the proof (.json)"
)
@click.option("--chart", type=click.Path(path_type=Path), help="画曲线 / draw the curve (.png, .svg)")
@click.option("--save-scenario", metavar="NAME", help="把选址存为方案 / keep the plan as a scenario")
@click.option(
    "--verify", type=click.Path(path_type=Path), metavar="FILE", help="核验证书 / check a certificate"
)
@author_option
@json_option
def command(county: Path, k: int | None, verify: Path | None, **options: Any) -> int | None:
    """新增 K 个中心放在哪里覆盖的人最多，并证明没有更好的；或核验这样的证明。

    Where K new centres reach the most people, with a proof that nothing reaches more; or, with
    --verify, a check of such a proof by sums alone (exit code 1 when it does not hold).
    """
    if sum(asked is not None for asked in (k, verify, options["share"])) != 1:
        raise InvalidOptionError(
            option="--add",
            value=str(k),
            expected="--add K、--share PERCENT、--verify FILE 取一 / one of the three",
        )
    if verify is not None:
        return _verify(county, verify, options["as_json"])
    if options["metres"] is not None and (options["minutes"] is not None or options["profile"] is not None):
        raise InvalidOptionError(
            option="--metres",
            value=str(options["metres"]),
            expected="不与 --minutes、--profile 同用 / without --minutes and --profile",
        )
    _plan(county, k, options)
    return None


def _plan(county: Path, k: int | None, options: dict[str, Any]) -> None:
    """Study the county, print the page, write what was asked for."""
    from geogrid.siting.conditions import Wishes, solve_wishes
    from geogrid.siting.instance import Weight
    from geogrid.siting.remedies import find_remedies
    from geogrid.siting.sealed import seal_study
    from geogrid.siting.study import study_siting
    from geogrid.siting.summary import describe_place as describe_value
    from geogrid.siting.summary import describe_remedy, describe_study
    from geogrid.workspace import Workspace

    place = None if options["why"] is None else parse_lonlat(options["why"])
    wishes = Wishes(options["budget"], options["spacing"], options["per_community"])
    if options["certificate"] is not None and not wishes.is_free:
        raise InvalidOptionError(
            option="--certificate",
            value=str(options["certificate"]),
            expected="不与 --budget、--spacing、--per-community 同用 / without them",
        )
    with Workspace.open(county, readonly=options["save_scenario"] is None) as workspace:
        reading = _choose_reading(workspace, options)
        instance, names = _read_instance(workspace, reading, options["candidate_spacing"])
        head: dict[str, Any] = {
            "county": workspace.name,
            "revision": workspace.revision,
            "synthetic": workspace.is_synthetic,
        }
        weight = instance.choose_weight(None if options["weight"] is None else Weight(options["weight"]))
        progress = _Watch(language())
        with _stopping() as stop:
            goal = None
            if k is None:
                goal = _count_sites(instance, weight, options, stop.is_set)
                k = goal["fewest"]
            limits: dict[str, Any] = {"time_limit_s": options["time_limit"], "is_cancelled": stop.is_set}
            study = study_siting(
                instance,
                k,
                weight=weight,
                must=options["must"],
                forbidden=options["forbid"],
                with_robustness=options["robust"] and wishes.is_free,
                seed=options["seed"],
                solve=None if wishes.is_free else solve_wishes(instance, wishes, k, **limits),
                progress=progress,
                **limits,
            )
            remedies = []
            if options["remedies"] and not stop.is_set():
                remedies = find_remedies(instance, weight, is_cancelled=stop.is_set)
        if stop.is_set():
            click.echo(label("cli.site.cancelled", language()), err=True)
        told = describe_study(study) | {"remedies": [describe_remedy(instance, one) for one in remedies]}
        told |= {"revision": head["revision"], "goal": goal, "conditions": _name_wishes(study, wishes)}
        if place is not None:
            told["why"] = describe_value(instance, weight, *_look_at(instance, weight, place, study))
        written = _write_files(study, told, head, options)
        if options["certificate"] is not None:
            sealed = seal_study(
                study,
                revision=head["revision"],
                must=options["must"],
                forbidden=options["forbid"],
                spacing_m=options["candidate_spacing"],
                is_synthetic=head["synthetic"],
            )
            _write_text(options["certificate"], json.dumps(sealed, ensure_ascii=False))
            written.append(options["certificate"])
        if options["save_scenario"] is not None:
            _save_scenario(workspace, study, options["save_scenario"], options["author"])
    if options["as_json"]:
        echo_json(told)
        return
    if head["synthetic"]:
        click.echo(f"〔{label('synthetic', language())}〕")
    click.echo(
        label(
            "cli.site.head", language(), county=head["county"], reading=reading.title(language()), k=study.k
        )
    )
    lines = describe_page(told, names, language())
    if "why" in told:
        lines += ["", *describe_place(told["why"], language())]
    for line in lines:
        click.echo(line)
    for path in written:
        click.echo(label("cli.written", language(), path=path))
    if options["save_scenario"] is not None:
        name = options["save_scenario"].strip()
        click.echo(label("cli.scenario.saved", language(), name=name, county=county))


def _count_sites(
    instance: Instance, weight: Weight, options: dict[str, Any], is_cancelled: Callable[[], bool]
) -> dict[str, Any]:
    """The fewest centres for a share of what all candidates could add."""
    from geogrid.siting.share import solve_share

    problem = instance.pose(weight, must=options["must"], forbidden=options["forbid"])
    found = solve_share(
        problem, options["share"], time_limit_s=options["time_limit"], is_cancelled=is_cancelled
    )
    return {"share_percent": options["share"], "fewest": len(found.sites), "bound": found.bound}


def _name_wishes(study: Study, wishes: Wishes) -> dict[str, Any] | None:
    """The further conditions of the plan and what it costs; None where there are none."""
    from geogrid.siting.conditions import list_lacking

    if wishes.is_free:
        return None
    cost = study.instance.candidates.cost[list(study.plan.sites)].sum()
    return {
        "budget": wishes.budget,
        "cost": None if cost != cost else float(cost),
        "spacing_m": wishes.least_m,
        "communities": list_lacking(study.instance)[1] if wishes.per_community else None,
    }


def _verify(county: Path, file: Path, as_json: bool) -> int:
    """Pose a certificate's question again and check its sums; the exit code."""
    from geogrid.io.json_file import read_json
    from geogrid.siting.sealed import check_certificate, read_question
    from geogrid.workspace import Workspace

    certificate = read_json(file)
    question = read_question(certificate)
    with Workspace.open(county, readonly=True) as workspace:
        instance, _ = _read_instance(workspace, question.reading, question.spacing_m)
        revision = workspace.revision
    verdict = check_certificate(instance, certificate)
    if as_json:
        echo_json(
            {
                "holds": verdict.holds,
                "is_optimal": verdict.is_optimal,
                "value": verdict.value,
                "bound": verdict.bound,
                "reason": verdict.reason_en or None,
                "revision": revision,
                "certificate_revision": question.revision,
            }
        )
    elif not verdict.holds:
        reason = verdict.reason_zh if language() == "zh" else verdict.reason_en
        click.echo(label("cli.site.verify.broken", language(), reason=reason))
    else:
        key = "optimal" if verdict.is_optimal else "bounded"
        click.echo(
            label(
                f"cli.site.verify.{key}",
                language(),
                k=certificate["k"],
                value=f"{verdict.value:,}",
                bound=f"{verdict.bound:,}",
                reading=question.reading.title(language()),
                unit=label(f"siting.weight.{question.weight}", language()),
            )
        )
    return 0 if verdict.holds else EXIT_FINDINGS


def _choose_reading(workspace: Workspace, options: dict[str, Any]) -> Reading:
    from geogrid.coverage.reading import Reading

    if options["metres"] is not None:
        return Reading("metres", options["metres"])
    if options["minutes"] is not None or options["profile"] is not None:
        return Reading("minutes", options["minutes"] or 10, options["profile"] or "adult")
    return Reading.parse(workspace.reading)


def _read_instance(
    workspace: Workspace, reading: Reading, spacing_m: float
) -> tuple[Instance, dict[str, str]]:
    """The county as a siting question, and the names of its areas by code."""
    from geogrid.siting.instance import build_instance
    from geogrid.workspace.cache import read_layout

    with workspace.snapshot():
        town = workspace.read_town()
        candidate, no_build = workspace.read_metric("candidate"), workspace.read_metric("no_build")
    layout = read_layout(workspace.path, town)
    areas = [(a["code"], a["name"]) for a in (town.community, town.district)]
    names = {code: name for codes, titles in areas for code, name in zip(codes, titles, strict=True) if name}
    return build_instance(town, layout, reading, candidate, no_build, spacing_m=spacing_m), names


def _look_at(instance: Instance, weight: Weight, place: tuple[float, float], study: Study) -> tuple[Any, Any]:
    """A place in metres, and what a centre there would bring."""
    import numpy as np

    from geogrid.crs import WGS84, crs_name, transform_points
    from geogrid.siting.standing import value_place

    xy = transform_points(np.array([place]), WGS84, crs_name(instance.town.street.crs))[0]
    if not np.isfinite(xy).all():
        raise InvalidOptionError(
            option="--why", value=str(place), expected="县域内的位置 / a place in the county"
        )
    return xy, value_place(instance, weight, xy, study.plan.sites)


def _write_files(
    study: Study, told: dict[str, Any], head: dict[str, Any], options: dict[str, Any]
) -> list[Path]:
    """Write the sites and the chart; where to."""
    written = []
    if options["out"] is not None:
        from geogrid.io.export import write_layer
        from geogrid.siting.summary import tabulate_sites

        frame = tabulate_sites(study)
        if head["synthetic"]:
            frame = frame.assign(synthetic=True)
        sites = label("cli.site.sites", language())
        written.append(write_layer(frame, options["out"], layer_title=sites).path)
    if options["chart"] is not None:
        from geogrid.reports.siting_chart import write_curve

        title = label(
            "chart.siting.title",
            language(),
            county=head["county"],
            reading=study.instance.reading.title(language()),
        )
        write_curve(told, options["chart"], title=title, is_synthetic=head["synthetic"], language=language())
        written.append(options["chart"])
    return written


def _write_text(path: Path, text: str) -> None:
    from geogrid.io.replacing import replacing

    with replacing(path) as beside:
        beside.write_text(text + "\n", encoding="utf-8")


def _save_scenario(workspace: Workspace, study: Study, name: str, author: str) -> None:
    """Keep the plan as edits that a planner can try, and accept."""
    from geogrid.siting.summary import propose_sites
    from geogrid.workspace.scenarios import save_scenario

    reading = study.instance.reading.title(language())
    note = label("cli.site.scenario_note", language(), k=len(study.sites), reading=reading)
    save_scenario(workspace, name, propose_sites(study), author, note)


class _Watch:
    """Tells how far a long search is, at most once for every better value or bound."""

    def __init__(self, tongue: str) -> None:
        self._progress, self._tongue = Progress(tongue), tongue
        self._last: tuple[int, int] | None = None

    def __call__(self, value: int, bound: int) -> None:
        if (value, bound) != self._last:
            self._last = (value, bound)
            self._progress.say(
                label("cli.site.progress", self._tongue, value=f"{value:,}", bound=f"{bound:,}")
            )


@contextmanager
def _stopping() -> Iterator[threading.Event]:
    """An event that the first Ctrl-C sets, so that the search ends with the best so far; a second one breaks."""
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = signal.getsignal(signal.SIGINT)

    def ask(_signal: int, _frame: object) -> None:
        stop.set()
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, ask)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)
