"""`geogrid coverage --explain`: the walk of one building, leg by leg, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from geogrid.cli.output import format_table
from geogrid.errors import InvalidOptionError, NotAHomeError, PlaceNotFoundError
from geogrid.labels import label

if TYPE_CHECKING:
    from geogrid.coverage.explain_walk import Leg
    from geogrid.coverage.reading import Reading
    from geogrid.coverage.town import Town
    from geogrid.coverage.walks import Layout

KEY = "cli.coverage.explain"
SHOWN_DIFFERENCE_MS = 1000.0
"""The way back is told where it takes this much more or less."""


def find_building(town: Town, query: str) -> str:
    """The id of the one building that is meant: by id, or by name as `geogrid locate` finds it.

    Raises
    ------
    PlaceNotFoundError
        When nothing has such a name.
    InvalidOptionError
        When several have.
    """
    if query in set(town.building["id"]):
        return query
    from geogrid.responsibility.gazetteer import build_gazetteer
    from geogrid.responsibility.lookup import N_SUGGESTED

    gazetteer = build_gazetteer({"building": town.building, "compound": town.compound})
    matches = [match for match in gazetteer.find(query) if match.entry.kind == "building"]
    found = [match.entry for match in matches]
    if not found:
        raise PlaceNotFoundError(
            query=query,
            hint_zh="--explain 需要楼栋的编号或名称。",
            hint_en="--explain takes the id or the name of a building.",
            suggestions=tuple(gazetteer.suggest(query, N_SUGGESTED)),
        )
    if len(found) > 1 or matches[0].doubt:
        names = [f"{entry.key} ({entry.name})" for entry in found[:5]]
        more = [f"… +{len(found) - 5}"] if len(found) > 5 else []
        raise InvalidOptionError(option="--explain", value=query, expected=" | ".join(names + more))
    return str(found[0].key)


def explain_building(
    town: Town, layout: Layout, reading: Reading, query: str, tongue: str
) -> tuple[dict[str, Any], list[str]]:
    """The walk of one building as JSON-ready values, and as lines of text in a language.

    Raises
    ------
    PlaceNotFoundError, InvalidOptionError
        When the query means no building, or several.
    NotAHomeError
        When nobody is taken to live there.
    """
    from geogrid.coverage.assess import assess_layout
    from geogrid.coverage.explain_walk import explain_walk, find_cause, find_nearest_street_m
    from geogrid.coverage.walks import measure_walks

    building = find_building(town, query)
    homes = assess_layout(town, layout, [reading])[0].homes
    if building not in homes.index:
        use = town.building.set_index("id")["use"]
        raise NotAHomeError(building=building, use=str(use[building]))
    number = homes.index.tolist().index(building)
    status, reason = (homes[column].tolist()[number] for column in ("status", "reason"))
    walk = explain_walk(town, layout, measure_walks(layout, reading.measure), number)
    nearest_street_m = find_nearest_street_m(layout, number)
    found = {
        "building": building,
        "reading": str(reading),
        "status": status,
        "reason": reason,
        "nearest_street_m": round(nearest_street_m, 3) if nearest_street_m < float("inf") else None,
        "walk": None if walk is None else walk.to_dict(),
    }
    name = layout.homes.building["name"].iloc[number]
    title = f"{building} {name}" if name else building
    lines = [label(f"{KEY}.head", tongue, building=title, reading=reading.title(tongue))]
    if walk is None:
        cause = find_cause(layout, number, reason)
        lines.append(_say_cause(cause, nearest_street_m, tongue))
        return found, lines
    verdict = label(f"cli.coverage.{status}", tongue)
    if reason:
        verdict += f" ({label(f'coverage.reason.{reason}', tongue)})"
    centre = " ".join(part for part in (walk.centre, walk.centre_name) if part)
    total = _format_walk(walk.cost, tongue, is_time=reading.kind == "minutes")
    lines.append(label(f"{KEY}.to", tongue, centre=centre, walk=total, status=verdict))
    lines += ["", _format_legs(walk.legs, tongue, is_time=reading.kind == "minutes")]
    if abs(walk.back_cost - walk.cost) >= SHOWN_DIFFERENCE_MS and reading.kind == "minutes":
        back = _format_walk(walk.back_cost, tongue, is_time=True)
        lines.append(label(f"{KEY}.back", tongue, walk=back))
    if walk.gates in {"inferred", "unknown"}:
        lines.append(label(f"{KEY}.gates.{walk.gates}", tongue))
    if walk.passed_over is not None:
        street = " ".join(part for part in (walk.passed_over.street, walk.passed_over.name) if part)
        metres = f"{walk.passed_over.straight_m:.0f}"
        lines.append(label(f"{KEY}.passed_over", tongue, street=street, metres=metres))
    if walk.is_barred:
        lines.append(label(f"{KEY}.barred", tongue))
    return found, lines


def _say_cause(cause: str, nearest_street_m: float, tongue: str) -> str:
    from geogrid.network.impedance import ACCESS_LIMIT_M

    reason = label(
        f"{KEY}.why.{cause}",
        tongue,
        **(
            {"metres": f"{nearest_street_m:.0f}", "limit": f"{ACCESS_LIMIT_M:.0f}"}
            if cause == "unsnapped"
            else {}
        ),
    )
    return label(f"{KEY}.unanswered", tongue, reason=reason)


def _format_walk(cost: float, tongue: str, *, is_time: bool) -> str:
    if is_time:
        return label(f"{KEY}.minutes", tongue, seconds=f"{cost / 1000:.3f}", minutes=f"{cost / 60_000:.1f}")
    return label(f"{KEY}.metres", tongue, metres=f"{cost / 1000:.3f}")


def _format_legs(legs: tuple[Leg, ...], tongue: str, *, is_time: bool) -> str:
    """A row for each leg, and the sum, which is that of the rows to the last digit."""
    columns = ["leg", "street", "length", "slope", "wait", "seconds"]
    heads = [label(f"{KEY}.{column}", tongue) for column in columns]
    rows = [_format_leg(leg, tongue, is_time=is_time) for leg in legs]
    metres = sum(leg.length_m for leg in legs) if is_time else sum(leg.cost for leg in legs) / 1000
    wait_s = sum(leg.wait_s for leg in legs)
    rows.append(
        [
            label(f"{KEY}.total", tongue),
            "",
            f"{metres:.1f}" if is_time else f"{metres:.3f}",
            "",
            f"{wait_s:.1f}" if wait_s else "",
            f"{sum(leg.cost for leg in legs) / 1000:.3f}",
        ]
    )
    kept = range(len(columns)) if is_time else range(3)  # lengths know no slope, wait or time
    return format_table([heads[i] for i in kept], [[row[i] for i in kept] for row in rows])


def _format_leg(leg: Leg, tongue: str, *, is_time: bool) -> list[str]:
    end = "steps" if leg.is_steps else "crossing" if leg.wait_s else leg.destination
    return [
        label(f"{KEY}.{leg.origin}.{end}", tongue),
        " ".join(part for part in (leg.street, leg.name, leg.gate) if part),
        f"{leg.length_m:.1f}" if is_time else f"{leg.cost / 1000:.3f}",
        f"{100 * leg.slope:+.1f}%" if leg.ascent_m or leg.descent_m else "",
        f"{leg.wait_s:.1f}" if leg.wait_s else "",
        f"{leg.cost / 1000:.3f}",
    ]
