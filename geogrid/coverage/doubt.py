"""How sure an answer is: homes that are surely covered, surely not, or in doubt; people with a 90 % range.

Many worlds are drawn in which speeds, legs, gates, waits, slopes and estimated people differ within what is
assumed of them (see `worlds`), and the homes that are covered are found in each.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_matrix

from geogrid.coverage.draws import WorldNumber
from geogrid.coverage.possible_gates import spread_gates, spread_stops
from geogrid.coverage.ranges import Ranges, draw_people, find_ranges
from geogrid.coverage.reading import Reading
from geogrid.coverage.repricing import Parts, keep_reached, measure_world, take_apart
from geogrid.coverage.town import Town
from geogrid.coverage.walks import Layout, Objects
from geogrid.coverage.worlds import (
    BARRED_LEG_SHARE,
    CROSSING_COUNTY,
    CROSSING_STREET,
    DOUBTFUL_WAY_SHARE,
    INFERRED_GATE_SHARE,
    LEG_COMPOUND,
    LEG_COUNTY,
    OTHER_GATE_SHARE,
    PEOPLE_BUILDING,
    PEOPLE_COUNTY,
    POSSIBLE,
    SLOPE,
    SPEED,
    Scope,
    Spread,
    draw_world,
)
from geogrid.errors import InvalidOptionError
from geogrid.network.compounds import GateOrigin
from geogrid.network.impedance import LENGTH, Floats, Integers

N_WORLDS = 300
"""Worlds drawn unless told otherwise. The share of worlds that cover a home is then known to 2.9 points (one
standard deviation, at a half, at most), and of all worlds 90 % lie in a range, give or take one point from seed to
seed (`benchmarks/doubt.py` measures it)."""
SURE_SHARE = 0.95
"""A home is surely in when at least this share of the worlds cover it, surely out when at most 1 less this."""
ROUNDING_MS = 0.5
"""A segment on which the slope costs or saves no more than this is level: that is the rounding."""
ESTIMATED = "estimated"
AREA_KINDS = ("community", "district")
UNITS, ENDS = ("homes", "people"), ("low", "high")
RANGE_FIELDS = ("covered_range_90", "sampling_error", "stretched")
RANGE_COLUMNS = ("low", "high", "low_error", "high_error")
BATCH = 32
"""Worlds whose homes are summed together."""


class Verdict(StrEnum):
    """How sure it is that a home is covered."""

    SURELY_IN = "surely_in"
    IN_DOUBT = "in_doubt"
    SURELY_OUT = "surely_out"


@dataclass(frozen=True)
class Assumption:
    """One thing that differs from world to world.

    Attributes
    ----------
    name
        That of a `Spread`; or `gate_inferred`, `gate_unknown` (drawn around the compound), `gate_other` (the same,
        beside a single mapped gate), `leg_barred`, `way_doubtful` (streets,
        and gates and barriers on them).
    scope
        What shares one factor.
    low_90, high_90
        Between which factors 90 % of the worlds lie; None for gates, barred legs and doubtful ways.
    chance
        Of an inferred gate to be one, of a compound with a single gate to have another, and of a barred leg or a
        doubtful way to be walked; else None.
    n
        How many such factors: 1 for the county, else compounds, streets, buildings.
    """

    name: str
    scope: Scope
    n: int
    low_90: float | None = None
    high_90: float | None = None
    chance: float | None = None


@dataclass(frozen=True)
class Doubt:
    """How sure the coverage under a reading is, under the assumptions listed.

    Attributes
    ----------
    covered_share
        Shape (h,): the share of worlds in which each home is covered; NaN for homes without an answer.
    verdict
        Shape (h,): values of `Verdict`; None for homes without an answer.
    areas
        One row per area: `kind` (county, community, district), `code` (None for the county, and for homes
        in no area of the kind), `surely_in`, `in_doubt`, `surely_out` (homes), `people_surely_in` and so on
        (<NA> where homes exist and nothing is known of their people), `homes_low`, `homes_high`,
        `people_low`, `people_high` (covered, 90 % range), `homes_low_error` and so on (their sampling error, see
        `ranges.Ranges`), `homes_stretched`, `people_stretched` (`low` or `high` where that end reaches to the base
        value, which lies outside of what 90 % of the worlds say; None else).
    """

    reading: Reading
    seed: int
    n_worlds: int
    covered_share: Floats
    verdict: Objects
    areas: pd.DataFrame
    assumptions: tuple[Assumption, ...]

    @property
    def share_error(self) -> float:
        """Standard deviation of a home's `covered_share` from one set of worlds to another, at most."""
        return float(0.5 / np.sqrt(self.n_worlds))


def assess_doubt(
    town: Town,
    layout: Layout,
    reading: Reading,
    homes: pd.DataFrame,
    *,
    seed: int = 0,
    n_worlds: int = N_WORLDS,
) -> Doubt:
    """How sure the coverage of a town is.

    Homes without an answer (islands, unsnapped) stay without one: they are counted as that, not as in doubt.
    A range holds the base value: where 95 % of the worlds lie on one side of it, as when a compound's gate is
    unknown and the base takes the best place for it, the range reaches to it, and `stretched` says so. For the
    same reason no home that the base covers is surely out, and none that it does not is surely in.

    Parameters
    ----------
    homes
        As in `assess.Coverage`, for the same layout and reading: `people`, `status`, `community`, `district`.
    seed
        The same seed gives the same answer; more worlds begin with the same ones.

    Raises
    ------
    InvalidOptionError
        When no world is to be drawn.
    """
    if n_worlds < 1:
        raise InvalidOptionError(option="n_worlds", value=str(n_worlds), expected="1, 2, …")
    whole = take_apart(town, spread_stops(spread_gates(town, layout)), reading.measure)
    parts = keep_reached(whole, reading.cutoff_units)
    people, is_estimated = _read_people(layout)
    answered = (homes["status"] != "unanswered").to_numpy(bool)
    covered = (homes["status"] == "covered").to_numpy(bool)
    areas, area_of_home = _number_areas(homes)
    sums = _weigh_areas(area_of_home, people, is_estimated, len(areas))
    times_covered = np.zeros(len(homes), np.int64)
    found = []
    for begin in range(0, n_worlds, BATCH):
        numbers = range(begin, min(begin + BATCH, n_worlds))
        is_in = np.empty((len(homes), len(numbers)))
        for column, number in enumerate(numbers):
            world = draw_world(parts.subject, WorldNumber(seed, number))
            cost = measure_world(parts, world, limit=reading.cutoff_units)
            is_in[:, column] = answered & (cost <= reading.cutoff_units)
        times_covered += is_in.sum(axis=1).astype(np.int64)
        found.append((sums @ is_in).T)
    share = np.where(answered, times_covered / n_worlds, np.nan)
    verdict = _judge(share, covered)
    areas = areas.join(_count_verdicts(homes["people"], verdict, area_of_home, len(areas)))
    n_homes, counted, estimated, squares = np.split(np.concatenate(found), 4, axis=1)
    base_homes = _sum_areas(area_of_home, covered.astype(float), len(areas))
    base_people = _sum_areas(area_of_home, np.where(covered, people, 0.0), len(areas))
    n_people = draw_people(counted, estimated, squares, seed)
    is_known = _is_sum_known(homes["people"], covered, area_of_home, len(areas))
    areas = areas.join(
        [
            _tabulate("homes", find_ranges(n_homes, n_worlds, base_homes), np.ones(len(areas), bool)),
            _tabulate("people", find_ranges(n_people, n_worlds, base_people), is_known),
        ]
    )
    assumptions = list_assumptions(whole, int((is_estimated & (people > 0)).sum()))
    return Doubt(reading, seed, n_worlds, share, verdict, areas, assumptions)


def list_assumptions(parts: Parts, n_estimated: int) -> tuple[Assumption, ...]:
    """What differs from world to world in a town; what cannot change its answer is left away.

    Parameters
    ----------
    n_estimated
        Homes whose people are estimated.
    """
    subject = parts.subject
    is_timed = parts.profile is not LENGTH
    slopes = np.maximum(np.abs(parts.uphill_ms), np.abs(parts.downhill_ms)) > ROUNDING_MS
    n_crossed = len(subject.street_key)
    found = [
        _assume(SPEED, int(is_timed)),
        _assume(LEG_COUNTY, 1),
        _assume(LEG_COMPOUND, len(subject.place_key)),
        _assume(CROSSING_COUNTY, int(n_crossed > 0)),
        _assume(CROSSING_STREET, n_crossed),
        _assume(SLOPE, int(is_timed and bool(slopes.any()))),
        _assume(PEOPLE_COUNTY, int(n_estimated > 0)),
        _assume(PEOPLE_BUILDING, n_estimated),
    ]
    of_origin = {
        origin: len(np.unique(subject.gate_compound[subject.gate_origin == origin]))
        for origin in (GateOrigin.INFERRED.value, GateOrigin.UNKNOWN.value, POSSIBLE)
    }
    compound, inferred = Scope.COMPOUND, of_origin[GateOrigin.INFERRED.value]
    found += [
        Assumption("gate_inferred", compound, inferred, chance=INFERRED_GATE_SHARE),
        Assumption("gate_unknown", compound, of_origin[GateOrigin.UNKNOWN.value]),
        Assumption("gate_other", compound, of_origin[POSSIBLE], chance=OTHER_GATE_SHARE),
        Assumption("leg_barred", Scope.BUILDING, int(subject.is_barred.sum()), chance=BARRED_LEG_SHARE),
        Assumption("way_doubtful", Scope.STREET, _count_doubts(parts), chance=DOUBTFUL_WAY_SHARE),
    ]
    return tuple(assumption for assumption in found if assumption.n)


def _count_doubts(parts: Parts) -> int:
    return len(np.unique(parts.graph.doubt[parts.graph.doubt >= 0]))


def _assume(spread: Spread, n: int) -> Assumption:
    low, high = spread.range_90
    return Assumption(spread.name, spread.scope, n, low, high)


def describe_area(doubt: Doubt, kind: str, code: str | None) -> dict[str, Any]:
    """The doubt about one area as JSON-ready values.

    Returns
    -------
    `homes` and `people`, each with `surely_in`, `in_doubt`, `surely_out`, `covered_range_90` (two whole
    numbers), `sampling_error` (of each of them, see `ranges.Ranges`) and `stretched` (`low` or `high` where that
    end reaches to the base value, else None); people are None where unknown.
    """
    areas = doubt.areas
    rows = areas[(areas["kind"] == kind) & (areas["code"].isna() if code is None else areas["code"] == code)]
    if rows.empty:  # an area without homes
        empty = {"covered_range_90": [0, 0], "sampling_error": [0, 0], "stretched": None}
        return {unit: {**dict.fromkeys(map(str, Verdict), 0), **empty} for unit in UNITS}
    row = rows.iloc[0]
    told: dict[str, Any] = {}
    for unit, prefix in (("homes", ""), ("people", "people_")):
        ends = [_as_count(row[f"{unit}_{end}"]) for end in ENDS]
        errors = [_as_count(row[f"{unit}_{end}_error"]) for end in ENDS]
        told[unit] = {
            **{verdict.value: _as_count(row[f"{prefix}{verdict.value}"]) for verdict in Verdict},
            "covered_range_90": None if ends[0] is None else ends,
            "sampling_error": None if ends[0] is None else errors,
            "stretched": row[f"{unit}_stretched"],
        }
    return told


def describe_range(doubt: Doubt, kind: str, code: str | None) -> dict[str, Any]:
    """Of the people covered in one area: `covered_range_90`, `sampling_error`, `stretched`, as `describe_area` has them."""
    told = describe_area(doubt, kind, code)["people"]
    return {name: told[name] for name in RANGE_FIELDS}


def describe_doubt(doubt: Doubt) -> dict[str, Any]:
    """The doubt about the whole county as JSON-ready values, with what was assumed."""
    return {
        "seed": doubt.seed,
        "n_worlds": doubt.n_worlds,
        "sure_share": SURE_SHARE,
        "share_error": round(doubt.share_error, 4),
        **describe_area(doubt, "county", None),
        "assumptions": [_describe_assumption(assumption) for assumption in doubt.assumptions],
    }


def _describe_assumption(assumption: Assumption) -> dict[str, Any]:
    low, high = assumption.low_90, assumption.high_90
    return {
        "name": assumption.name,
        "scope": assumption.scope.value,
        "n": assumption.n,
        "factor_range_90": None if low is None or high is None else [round(low, 4), round(high, 4)],
        "chance": assumption.chance,
    }


def _read_people(layout: Layout) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """People of every home, 0 where unknown, and whether they are estimated; shape (h,) both."""
    building = layout.homes.building
    people = building["residents"].fillna(0).to_numpy(float)
    return people, (building["people_source"] == ESTIMATED).to_numpy(bool)


def _number_areas(homes: pd.DataFrame) -> tuple[pd.DataFrame, Integers]:
    """The areas in which homes lie, and for each kind the row of every home's area, shape (kinds, h)."""
    areas: list[tuple[str, str | None]] = [("county", None)]
    rows = [np.zeros(len(homes), np.int64)]
    for kind in AREA_KINDS:
        numbers, codes = pd.factorize(homes[kind].to_numpy(object), sort=True)
        rows.append(len(areas) + np.where(numbers < 0, len(codes), numbers))
        areas += [(kind, str(code)) for code in codes]
        areas += [(kind, None)] if (numbers < 0).any() else []
    frame = pd.DataFrame(areas, columns=["kind", "code"], dtype=object)
    return frame, np.stack(rows).astype(np.int64)


def _sum_areas(area_of_home: Integers, values: Floats, n_areas: int) -> Floats:
    """Sums of the homes' values by area, shape (n_areas,)."""
    weights = np.broadcast_to(values, area_of_home.shape)
    return np.bincount(area_of_home.ravel(), weights.ravel(), minlength=n_areas).astype(float)


def _judge(share: Floats, covered: npt.NDArray[np.bool_]) -> Objects:
    """The verdict on every home, from the share of worlds that cover it and whether the base does."""
    verdict = np.full(len(share), Verdict.IN_DOUBT.value, dtype=object)
    verdict[covered & (share >= SURE_SHARE)] = Verdict.SURELY_IN.value
    verdict[~covered & (share <= 1.0 - SURE_SHARE)] = Verdict.SURELY_OUT.value
    verdict[np.isnan(share)] = None
    return verdict


def _count_verdicts(
    people: pd.Series, verdict: Objects, area_of_home: Integers, n_areas: int
) -> pd.DataFrame:
    """Homes and people of each verdict by area; people <NA> where there are homes and none is known."""
    known = people.notna().to_numpy(bool)
    number = people.fillna(0).to_numpy(float)
    columns = {}
    for one in Verdict:
        is_one = verdict == one.value
        n_homes = _sum_areas(area_of_home, is_one.astype(float), n_areas)
        n_known = _sum_areas(area_of_home, (is_one & known).astype(float), n_areas)
        n_people = _sum_areas(area_of_home, np.where(is_one, number, 0.0), n_areas)
        columns[one.value] = pd.Series(n_homes).astype("int64")
        people_here = pd.Series(n_people).astype("Int64")
        columns[f"people_{one.value}"] = people_here.mask((n_homes > 0) & (n_known == 0))
    return pd.DataFrame(columns)


def _is_sum_known(
    people: pd.Series, covered: npt.NDArray[np.bool_], area_of_home: Integers, n_areas: int
) -> npt.NDArray[np.bool_]:
    """Areas whose covered people are a number: some of them are known, or nobody is covered."""
    known = people.notna().to_numpy(bool)
    n_known = _sum_areas(area_of_home, known.astype(float), n_areas)
    n_covered = _sum_areas(area_of_home, covered.astype(float), n_areas)
    n_both = _sum_areas(area_of_home, (covered & known).astype(float), n_areas)
    is_known: npt.NDArray[np.bool_] = (n_known > 0) & ((n_covered == 0) | (n_both > 0))
    return is_known


def _weigh_areas(
    area_of_home: Integers, people: Floats, is_estimated: npt.NDArray[np.bool_], n_areas: int
) -> csr_matrix:
    """What sums homes by area, shape (4 areas, h): homes, counted people, estimated people, their squares."""
    n_homes = area_of_home.shape[1]
    counted, estimated = np.where(is_estimated, 0.0, people), np.where(is_estimated, people, 0.0)
    weights = np.stack([np.ones(n_homes), counted, estimated, estimated**2])
    rows = area_of_home + n_areas * np.arange(len(weights))[:, None, None]
    columns = np.broadcast_to(np.arange(n_homes), rows.shape)
    values = np.broadcast_to(weights[:, None, :], rows.shape)
    used = values.ravel() != 0
    cells = rows.ravel()[used], columns.ravel()[used]
    return csr_matrix((values.ravel()[used], cells), shape=(len(weights) * n_areas, n_homes))


def _tabulate(unit: str, ranges: Ranges, is_known: npt.NDArray[np.bool_]) -> pd.DataFrame:
    """Ranges as columns of the areas, <NA> where they are not known."""
    columns = {
        f"{unit}_{name}": pd.Series(getattr(ranges, name)).astype("Int64").where(is_known)
        for name in RANGE_COLUMNS
    }
    stretched = ranges.stretched.copy()
    stretched[~is_known] = None
    return pd.DataFrame({**columns, f"{unit}_stretched": stretched})


def _as_count(value: Any) -> int | None:
    return None if pd.isna(value) else int(value)
