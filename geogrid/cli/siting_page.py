"""One page that a planner reads: where the next centres should stand, why, and what else would help."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from geogrid.cli.output import format_count, format_share, format_table
from geogrid.labels import label

SHOWN_AREAS, SHOWN_REMEDIES, SHOWN_OTHERS = 12, 6, 3
"""How many rows of each table stand on the page; `--json` and `--out` hold all."""

Tell = Callable[..., str]


def describe_page(study: Mapping[str, Any], names: Mapping[str, str], language: str) -> list[str]:
    """The lines of the page; `names` are those of areas and centres, by key."""

    def tell(key: str, **values: object) -> str:
        return label(f"cli.site.{key}", language, **values)

    unit = label(f"siting.weight.{study['weight']}", language)
    lines = [tell("counted", unit=unit, count=study["n_candidates"], origin=_name_origin(study, language))]
    if study["homes_without_people"]:
        lines.append(tell("unknown", count=f"{study['homes_without_people']:,}"))
    lines += _describe_wishes(study, names, tell)
    lines += ["", *_describe_cover(study, tell, language)]
    lines += ["", *_describe_sites(study, names, tell)]
    lines += ["", *describe_proof(study, unit, language)]
    if study["curve"]:
        lines += ["", *_describe_curve(study, tell)]
    lines += _describe_robustness(study, tell)
    lines += _describe_areas(study, tell)
    lines += ["", *_describe_unreachable(study, names, tell)]
    lines += _describe_remedies(study, tell, language)
    redundant = [centre for centre in study["standing"] if centre["lost_without"] == 0]
    if redundant:
        listed = "、".join(centre["id"] for centre in redundant[:SHOWN_OTHERS])
        lines += ["", tell("redundant", count=len(redundant), ids=listed, unit=unit)]
    return lines


def describe_proof(study: Mapping[str, Any], unit: str, language: str) -> list[str]:
    """The line that says how good the plan is, and how that is known."""
    more = study["bound"] - study["value"]
    key = "optimal" if more <= 0 else "gap"
    scope = "all" if study.get("conditions") is None else "met"
    line = label(
        f"cli.site.proof.{key}",
        language,
        k=study["k"],
        value=f"{study['value']:,}",
        bound=f"{study['bound']:,}",
        more=f"{more:,}",
        share=f"{100 * study['gap']:.2f}%",
        unit=unit,
        scope=label(f"cli.site.scope.{scope}", language),
    )
    ended = study["status"]
    return [line] if ended == "optimal" else [line, label(f"cli.site.status.{ended}", language)]


def describe_place(place: Mapping[str, Any], language: str) -> list[str]:
    """Why, or why not, at a place."""
    unit = label(f"siting.weight.{place['weight']}", language)
    values = {
        "lon": place["lon"],
        "lat": place["lat"],
        "now": f"{place['gained_now']:,}",
        "after": f"{place['gained_after']:,}",
        "reached": format_count(place["reached"][place["weight"]]),
        "already": format_count(place["already_covered"][place["weight"]]),
        "candidate": place["nearest_candidate"],
        "metres": f"{place['nearest_candidate_m']:,.0f}",
        "unit": unit,
    }
    lines = [label("cli.site.why", language, **values)]
    if place["is_in_water"]:
        lines.append(label("cli.site.why.water", language))
    if not place["is_snapped"]:
        lines.append(label("cli.site.why.unsnapped", language))
    return lines


def _describe_wishes(study: Mapping[str, Any], names: Mapping[str, str], tell: Tell) -> list[str]:
    """The goal and the conditions of the plan, in words."""
    goal, wishes = study.get("goal"), study.get("conditions") or {}
    lines = []
    if goal is not None:
        exact = "" if goal["bound"] >= goal["fewest"] else tell("goal.bound", bound=goal["bound"])
        lines.append(tell("goal", share=goal["share_percent"], fewest=goal["fewest"]) + exact)
    if wishes.get("budget") is not None:
        lines.append(tell("budget", budget=f"{wishes['budget']:,.0f}", cost=f"{wishes['cost']:,.0f}"))
    if wishes.get("spacing_m") is not None:
        lines.append(tell("spacing", metres=f"{wishes['spacing_m']:,.0f}"))
    if wishes.get("communities") is not None:
        listed = "、".join(names.get(code, code) for code in wishes["communities"]) or "–"
        lines.append(tell("per_community", names=listed))
    return lines


def _name_origin(study: Mapping[str, Any], language: str) -> str:
    is_given = study["candidate_origin"] == ["given"]
    return label(f"cli.site.origin.{'given' if is_given else 'generated'}", language)


def _describe_cover(study: Mapping[str, Any], tell: Tell, language: str) -> list[str]:
    covered = study["covered"]
    rows = []
    for kind in ("people", "elderly", "children", "homes"):
        if covered["total"][kind] is None:
            continue
        row = [label(f"siting.weight.{kind}", language), format_count(covered["total"][kind])]
        for head in ("now", "after", "ceiling"):
            row += [
                format_count(covered[head][kind]),
                format_share(covered[head][kind], covered["total"][kind]),
            ]
        rows.append(row)
    heads = ["", tell("total"), tell("now"), "", tell("after", k=study["k"]), "", tell("ceiling"), ""]
    return [format_table(heads, rows)]


def _describe_sites(study: Mapping[str, Any], names: Mapping[str, str], tell: Tell) -> list[str]:
    if not study["sites"]:
        return [tell("no_sites")]
    heads = [tell(head) for head in ("order", "id", "name", "community", "gained", "lost", "often", "others")]
    rows = [
        [
            str(site["order"]),
            site["id"],
            site["name"] or "–",
            names.get(site["community"], site["community"] or "–"),
            f"{site['gained']:,}",
            f"{site['lost_without']:,}",
            "–" if site["chosen_share"] is None else f"{100 * site['chosen_share']:.0f}%",
            "、".join(f"{other['id']}(-{other['lost']:,})" for other in site["alternatives"][:SHOWN_OTHERS])
            or "–",
        ]
        for site in study["sites"]
    ]
    return [tell("sites"), format_table(heads, rows)]


def _describe_curve(study: Mapping[str, Any], tell: Tell) -> list[str]:
    phases = {phase["k"]: phase for phase in study["phases"]}
    heads = [tell(head) for head in ("k", "value", "marginal", "share", "in_order", "given_up")]
    rows = [
        [
            f"{point['k']}{' ←' if point['k'] == study['knee'] else ''}",
            f"{point['value']:,}" if not point["gap"] else f"{point['value']:,}–{point['bound']:,}",
            f"{point['gained']:,}",
            "–" if point["share_of_ceiling"] is None else f"{100 * point['share_of_ceiling']:.1f}%",
            f"{phases[point['k']]['value']:,}" if point["k"] in phases else "–",
            format_count(phases[point["k"]]["given_up"]) if point["k"] in phases else "–",
        ]
        for point in study["curve"]
        if point["gained"] > 0
    ]
    lines = [tell("curve"), format_table(heads, rows)]
    return lines if study["knee"] is None else [*lines, tell("knee", k=study["knee"])]


def _describe_robustness(study: Mapping[str, Any], tell: Tell) -> list[str]:
    found = study["robustness"]
    if found is None or not found["n_worlds"]:
        return []
    chosen = {site["id"] for site in study["sites"]}
    others = [site for site in found["chosen"] if site["id"] not in chosen][:SHOWN_OTHERS]
    line = tell(
        "robustness",
        count=found["n_worlds"],
        speeds="/".join(f"{100 * speed:.0f}%" for speed in found["speeds"]),
        shift=f"{found['cutoff_shift']:.0f}",
        people=f"{100 * found['people_share']:.0f}%",
    )
    if others:
        line += tell("rivals", ids="、".join(f"{s['id']} {100 * s['share']:.0f}%" for s in others))
    if found["n_worlds"] < found["n_planned"]:
        line += tell("fewer_worlds", planned=found["n_planned"])
    return ["", line]


def _describe_areas(study: Mapping[str, Any], tell: Tell) -> list[str]:
    kind = study["weight"]
    lines: list[str] = []
    for level in ("by_community", "by_district"):
        short = [
            area
            for area in study[level]
            if (area["now"][kind] or 0) < (area["ceiling"][kind] or 0) and area["code"]
        ]
        short.sort(key=lambda area: (area["now"][kind] - area["after"][kind], area["code"]))
        if not short:
            continue
        heads = [
            tell("area"), tell("total"), tell("now"), tell("after", k=study["k"]), tell("newly"), tell("ceiling")
        ]  # fmt: skip
        rows = [
            [
                area["name"] or area["code"],
                format_count(area["total"][kind]),
                format_count(area["now"][kind]),
                format_count(area["after"][kind]),
                f"{area['after'][kind] - area['now'][kind]:,}",
                format_count(area["ceiling"][kind]),
            ]
            for area in short[:SHOWN_AREAS]
        ]
        lines += ["", tell(level, shown=len(rows), total=len(study[level])), format_table(heads, rows)]
    return lines


def _describe_unreachable(study: Mapping[str, Any], names: Mapping[str, str], tell: Tell) -> list[str]:
    left = study["unreachable"]
    if not left["homes"]:
        return [tell("all_reachable")]
    kind = study["weight"]
    worst = sorted(left["by_community"], key=lambda area: -(area[kind] or 0))[:SHOWN_OTHERS]
    where = "、".join(f"{names.get(area['code'], area['code'])} {area[kind] or 0:,}" for area in worst)
    people = "–" if left["people"] is None else f"{left['people']:,}"
    return [tell("unreachable", people=people, homes=f"{left['homes']:,}", where=where or "–")]


def _describe_remedies(study: Mapping[str, Any], tell: Tell, language: str) -> list[str]:
    remedies = study.get("remedies") or []
    if not remedies:
        return []
    heads = [tell("order"), tell("remedy"), tell("newly"), tell("elderly"), tell("where")]
    rows = [
        [
            str(place),
            label(
                f"siting.remedy.{remedy['kind']}",
                language,
                id=remedy["id"],
                compound=remedy["compound_name"] or remedy["compound"] or "",
                metres=f"{remedy['length_m'] or 0:,.0f}",
            ),
            f"{remedy['gained']:,}",
            format_count(remedy["elderly"]),
            f"{remedy['lon']:.5f},{remedy['lat']:.5f}",
        ]
        for place, remedy in enumerate(remedies[:SHOWN_REMEDIES], start=1)
    ]
    return ["", tell("remedies", shown=len(rows), total=len(remedies)), format_table(heads, rows)]
