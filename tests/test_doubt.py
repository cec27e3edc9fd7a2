"""How sure a coverage is: worlds priced by hand and by a second search, chances by formula, laws of ranges."""

from __future__ import annotations

from dataclasses import replace
from statistics import NormalDist

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geogrid.cli.certainty import describe_doubt as print_doubt
from geogrid.cli.coverage import command
from geogrid.coverage.assess import add_doubt, assess_layout
from geogrid.coverage.doubt import N_WORLDS, assess_doubt, describe_area, describe_doubt
from geogrid.coverage.draws import WorldNumber
from geogrid.coverage.possible_gates import spread_gates, spread_stops
from geogrid.coverage.reading import Reading
from geogrid.coverage.repricing import keep_reached, measure_world, price_world, take_apart
from geogrid.coverage.runs import join_runs
from geogrid.coverage.town import Town
from geogrid.coverage.walks import lay_out, measure_walks
from geogrid.coverage.worlds import SPEED, SPREADS, draw_world, make_base_world
from geogrid.crs import change_crs
from geogrid.demo import build_town
from geogrid.errors import InvalidOptionError
from geogrid.network.impedance import LENGTH, PROFILES
from geogrid.network.search import find_nearest
from tests.support.calibration import calibrate
from tests.support.random_town import make_stopped_town, make_town
from tests.support.town import at, draw_layers, draw_town

TEN_MINUTES = Reading("minutes", 10)
THREE_MINUTES = Reading("minutes", 3)
ADULT = PROFILES["adult"]


def doubt(town, reading=TEN_MINUTES, **options):
    layout = lay_out(town)
    coverage = assess_layout(town, layout, [reading])[0]
    return assess_doubt(town, layout, reading, coverage.homes, **options), coverage


def measure(town, profile=ADULT, **changes):
    """Seconds of every home's walk in the base world with some of its factors changed."""
    parts = take_apart(town, spread_gates(town, lay_out(town)), profile)
    world = replace(make_base_world(parts.subject), **changes)
    return (measure_world(parts, world, limit=np.inf) / 1000).tolist()


# --- one world ---------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", [ADULT, PROFILES["elderly"], LENGTH], ids=lambda p: p.name)
@pytest.mark.parametrize("seed", range(8))
def test_the_base_world_is_the_base_to_the_millisecond(seed, profile):
    town = make_town(seed)
    layout = lay_out(town)
    parts = take_apart(town, spread_gates(town, layout), profile)
    cost = measure_world(parts, make_base_world(parts.subject), limit=np.inf)
    assert cost.tolist() == measure_walks(layout, profile).cost.tolist()


@pytest.mark.parametrize("seed", range(8))
def test_every_world_is_searched_as_exactly_as_the_base(seed):
    compare_worlds(make_town(seed), seed=seed, limit=180_000.0)


@pytest.mark.slow
def test_worlds_of_the_demo_county_are_searched_as_exactly_as_the_base():
    town = Town.from_layers(
        {
            name: change_crs(frame, "EPSG:4549", name)
            for name, frame in build_town().items()
            if isinstance(frame, gpd.GeoDataFrame)
        }
    )
    compare_worlds(town, seed=1, limit=TEN_MINUTES.cutoff_units)


def compare_worlds(town, *, seed, limit):
    """Against `find_nearest`, which carries the centre along and is itself tested against networkx."""
    parts = take_apart(town, spread_gates(town, lay_out(town)), ADULT)
    n_centres = int(parts.ways.centres.place.max()) + 1
    for number in range(5):
        world = draw_world(parts.subject, WorldNumber(seed, number))
        costs, ways = price_world(parts, world)
        homes, centres = _keep_open(ways.homes), _keep_open(ways.centres)
        expected = find_nearest(parts.graph, costs, homes, centres, ways.direct, parts.n_homes, n_centres)
        assert measure_world(parts, world, limit=np.inf).tolist() == expected.cost.tolist()
        bounded = measure_world(parts, world, limit=limit)
        within = expected.cost <= limit
        assert bounded[within].tolist() == expected.cost[within].tolist()
        assert (bounded[~within] > limit).all()


def _keep_open(ways):
    kept = np.isfinite(ways.leg)
    return replace(
        ways, **{name: getattr(ways, name)[kept] for name in ("place", "segment", "fraction", "leg", "gate")}
    )


STREET = """
A                   B
+---------c---------+
          1
"""
# A and B: a leg of 12 s, half of 20 cells (100 s) with half of the wait of 20 s, a leg of 12 s: 134 s.


def test_each_factor_changes_its_own_part_of_a_walk():
    town = draw_town(STREET)
    assert measure(town) == [134.0, 134.0]
    assert measure(town, speed=0.8) == [165.0, 165.0]  # (12 + 100 + 12) / 0.8 + 10
    assert measure(town, crossing=np.array([2.0])) == [144.0, 144.0]
    # Places are the homes and the centre: A's leg half as long again, the centre's twice as long.
    assert measure(town, leg=np.array([1.5, 1.0, 2.0])) == [152.0, 146.0]
    assert measure(town, slope=2.0) == [134.0, 134.0]  # level ground
    assert measure(town, LENGTH, speed=0.8, crossing=np.array([2.0])) == [148.8, 148.8]  # 14.4 + 120 + 14.4 m


def test_a_slope_counts_as_much_more_as_the_world_says():
    layers = draw_layers(STREET)
    # Tobler: exp(3.5 |s + 0.05|) / exp(3.5 * 0.05), up 10 % and down 10 %; the street rises from A to B.
    up, down = np.exp(3.5 * 0.10), np.exp(0)
    layers["street"]["geometry"] = [shapely.LineString([(0, -12, 0), (240, -12, 24)])]
    town = Town.from_layers(layers)
    base = measure(town)
    assert base == pytest.approx([34 + 100 * up, 34 + 100 * down], abs=0.001)
    twice = measure(town, slope=2.0)
    assert twice == pytest.approx([34 + 100 * (2 * up - 1), 34 + 100 * (2 * down - 1)], abs=0.002)


def test_a_world_without_an_inferred_gate_is_the_town_with_only_the_other():
    picture = """
+----------------------------+
|        2                   |
o####o###############        |
#             A     #        |
####o################        |
    |                        |
    +------------------------+
                1
"""
    town = draw_town(picture)
    parts = take_apart(town, spread_gates(town, lay_out(town)), ADULT)
    base = make_base_world(parts.subject)
    n_gates = len(base.is_open)
    assert n_gates >= 2
    gates_xy = lay_out(town).network.gates.xy
    for kept in range(n_gates):
        only = np.arange(n_gates) == kept
        layers = draw_layers(picture)
        gate = {"id": ["g"], "compound": ["c1"]}
        point = gpd.GeoSeries([shapely.Point(gates_xy[kept])], crs=town.crs)
        layers["gate"] = gpd.GeoDataFrame(gate, geometry=point)
        walk = measure_walks(lay_out(Town.from_layers(layers)), ADULT).cost
        world = measure_world(parts, replace(base, is_open=only), limit=np.inf)
        assert world.tolist() == walk.tolist()


@pytest.mark.parametrize("seed", range(4))
def test_runs_of_segments_are_searched_as_segments_are(seed):
    town = make_town(seed)
    parts = take_apart(town, spread_gates(town, lay_out(town)), ADULT)
    by_segment = replace(parts, runs=join_runs(parts.graph, None, parts.ways.centres))
    for number in range(3):
        world = draw_world(parts.subject, WorldNumber(seed, number))
        for limit in (np.inf, 180_000.0):
            by_run, expected = (measure_world(one, world, limit=limit) for one in (parts, by_segment))
            within = expected <= limit  # a walk that costs more may be found or not
            assert by_run[within].tolist() == expected[within].tolist()
            assert ((by_run <= limit) == within).all()


@pytest.mark.parametrize("seed", range(4))
def test_runs_with_streets_and_stops_that_are_closed_are_searched_as_segments_are(seed):
    """Stops on the way, streets that are not walked: every third of them closed, then all."""
    town = make_stopped_town(seed)
    town.street["doubtful"] = pd.Series(np.arange(len(town.street)) % 4 == 0, dtype="boolean")
    parts = take_apart(town, spread_stops(spread_gates(town, lay_out(town))), ADULT)
    by_segment = replace(parts, runs=join_runs(parts.graph, None, parts.ways.centres))
    base = make_base_world(parts.subject)
    number = np.arange(len(parts.subject.doubt_key))
    for is_walked in (number % 3 > 0, number < 0):
        world = replace(base, is_walked=is_walked)
        by_run, expected = (measure_world(one, world, limit=np.inf) for one in (parts, by_segment))
        assert by_run.tolist() == expected.tolist()
        assert np.isfinite(by_run).any()


@pytest.mark.parametrize("profile", [ADULT, LENGTH], ids=lambda p: p.name)
@pytest.mark.parametrize("seed", range(6))
def test_what_no_world_reaches_is_left_away_and_changes_no_answer_within_the_limit(seed, profile):
    town = make_town(seed, n_homes=100)
    town.street["doubtful"] = pd.Series(np.arange(len(town.street)) % 9 == 0, dtype="boolean")
    whole = take_apart(town, spread_stops(spread_gates(town, lay_out(town))), profile)
    limit = 90_000.0
    parts = keep_reached(whole, limit)
    assert parts.graph.n_segments < whole.graph.n_segments
    assert len(parts.ways.homes.place) < len(whole.ways.homes.place)
    for number in range(8):
        world = draw_world(whole.subject, WorldNumber(seed, number))
        expected, found = (measure_world(one, world, limit=limit) for one in (whole, parts))
        within = expected <= limit
        assert found[within].tolist() == expected[within].tolist()
        assert (found[~within] > limit).all()


# --- gates that are not known ------------------------------------------------------------------

NO_GATE = """
#########
#       #
#   A   #
#       #
#########
+---------------------+
                   1
"""
# A compound of 8 by 4 cells whose only street runs below it, from its lower left corner on.


def test_an_unknown_gate_may_be_on_any_side_from_which_the_street_is_not_across_the_compound():
    town = draw_town(NO_GATE)
    layout = lay_out(town)
    assert layout.network.gates.origin.tolist() == ["unknown"]
    taken = layout.network.gates.xy[0]
    places = spread_gates(town, layout).layout.network.gates.xy
    assert places[0].tolist() == taken.tolist()
    edge = town.compound.geometry[0].boundary
    assert shapely.distance(shapely.points(places), edge).max() < 1e-6
    # The edge is 24 cells long, 8 places 3 cells apart. None on the upper side above the compound's inside:
    # there the street lies across; the corners and the sides reach it along the wall.
    left, right, top = 0, 8 * 12, 0
    inner_top = (places[:, 1] == top) & (places[:, 0] > left + 2) & (places[:, 0] < right - 2)
    assert not inner_top.any()
    assert len(places) >= 4


def test_a_compound_without_a_known_gate_is_in_doubt_where_it_matters():
    town = draw_town(NO_GATE)
    base_s = measure(town)[0]
    just = Reading("minutes", (base_s + 5) / 60)
    told, coverage = doubt(town, just, seed=3)
    assert coverage.homes["status"].tolist() == ["covered"]
    assert told.verdict.tolist() == ["in_doubt"]
    assert ("gate_unknown", 1) in [(found.name, found.n) for found in told.assumptions]


LARGE = """
+------------------+
|#################G+
|#                #
|#                #
|# A              #
|#                #
|#                #
|#                #
|#                #
|##################
|
+
1
"""
# A compound of 17 by 8 cells: its edge is 50 cells, 600 m. The street runs along its north and west, its gate is in
# the north-east corner: from A 15 by 3 cells inside and one to the street (12 s for a cell), 18 cells to the west
# and 11 to the south (10 s for a cell), and one more to the centre.
BY_GATE_S = 12 * np.hypot(15, 3) + 12 + 10 * (18 + 11) + 12


def doubt_of_large(**changes):
    """The doubt about A when four minutes count: it is eight by the gate, and two from the western side."""
    layers = draw_layers(LARGE) | {name: change(draw_layers(LARGE)[name]) for name, change in changes.items()}
    return doubt(Town.from_layers(layers), Reading("minutes", 4), seed=2, n_worlds=400)


def test_a_home_in_a_large_compound_with_one_mapped_gate_is_not_surely_out():
    told, coverage = doubt_of_large()
    assert coverage.homes["walk_s"].tolist() == pytest.approx([BY_GATE_S], abs=0.002)
    assert coverage.homes["status"].tolist() == ["not_covered"]
    assert told.verdict.tolist() == ["in_doubt"]
    (assumed,) = [found for found in told.assumptions if found.name == "gate_other"]
    assert (assumed.n, assumed.chance) == (1, 0.5)
    # In half of the worlds there is another gate, at one of at most seven places, of which the west side has some.
    assert 0.5 / 7 - 4 * np.sqrt(0.07 / 400) < told.covered_share[0] < 0.5 + 4 * np.sqrt(0.25 / 400)


def test_a_second_mapped_gate_or_a_short_edge_leaves_no_doubt_about_another():
    def add_locked(gate):
        other = gate.assign(id="g9", locked=True).set_geometry([shapely.Point(at(10, 9))], crs=gate.crs)
        return pd.concat([gate, other])

    told, _ = doubt_of_large(gate=add_locked)
    assert told.verdict.tolist() == ["surely_out"]
    small = draw_town(NO_GATE.replace("#########\n+", "########G\n+", 1))  # 24 cells, 288 m
    told, _ = doubt(small, Reading("minutes", 1))
    assert "gate_other" not in [found.name for found in told.assumptions]


def test_a_range_says_that_it_reaches_to_the_base_value():
    """Two compounds whose gates are unknown, both taken at the best place: hardly a world is so good for both."""
    layers = draw_layers(NO_GATE, people={"A": 100})
    town = Town.from_layers(layers)
    walk_s = measure(town)[0]
    parts = [vars(rename(town, prefix, east_m)) for prefix, east_m in (("w", 0.0), ("e", 20_000.0))]
    both = Town.from_layers({name: pd.concat([part[name] for part in parts]) for name in parts[0]})
    told, coverage = doubt(both, Reading("minutes", walk_s / 60), seed=1)
    assert coverage.homes["status"].tolist() == ["covered", "covered"]
    people = describe_area(told, "county", None)["people"]
    assert people["stretched"] == "high"
    assert (people["covered_range_90"][1], people["sampling_error"][1]) == (200, 0)
    easy, _ = doubt(both, Reading("minutes", 20))
    assert describe_area(easy, "county", None)["people"]["stretched"] is None


BARRED = """
A
+-----+
      1
"""


def test_a_home_behind_a_wall_is_never_surely_in():
    """A wall between the only street and the door: walked all the same in the base, for want of another way."""
    layers = draw_layers(BARRED)
    wall = shapely.LineString([at(-1, 0.5), at(1, 0.5)])
    layers["barrier"] = gpd.GeoDataFrame({"id": ["b"]}, geometry=[wall], crs=layers["street"].crs)
    told, coverage = doubt(Town.from_layers(layers), n_worlds=2000)
    assert coverage.homes["status"].tolist() == ["covered"]
    assert told.verdict.tolist() == ["in_doubt"]
    assert abs(told.covered_share[0] - 0.5) <= 4 * np.sqrt(0.25 / 2000)
    assert describe_area(told, "county", None)["homes"]["covered_range_90"] == [0, 1]
    assert describe_doubt(told)["assumptions"][-1] == {
        "name": "leg_barred", "scope": "building", "n": 1, "factor_range_90": None, "chance": 0.5,
    }  # fmt: skip


# --- chances -----------------------------------------------------------------------------------

DOORS_ON_THE_STREET = """
A         B         C         D
+-----------------------------+
1
"""


def town_without_legs(**options):
    """Homes at 0, 100, 200 and 300 s from the centre, with their doors and the centre's on the street."""
    doors = {home: [(10 * number, 1)] for number, home in enumerate("ABCD")}
    layers = draw_layers(DOORS_ON_THE_STREET, entrances=doors, **options)
    layers["centre"]["geometry"] = [shapely.Point(at(0, 1))]
    return layers


def test_a_home_is_covered_as_often_as_the_spread_of_speeds_says():
    """Without legs and waits a walk of t is covered when t / speed <= cutoff: P = Phi(ln(cutoff / t) / sigma)."""
    cutoff_s, n = 210.0, 2000
    told, _ = doubt(Town.from_layers(town_without_legs()), Reading("minutes", cutoff_s / 60), n_worlds=n)
    chances = [NormalDist().cdf(np.log(cutoff_s / walk_s) / SPEED.sigma) for walk_s in (1e-9, 100, 200, 300)]
    for share, chance in zip(told.covered_share, chances, strict=True):
        assert abs(share - chance) <= 4 * np.sqrt(chance * (1 - chance) / n) + 1e-6
    assert told.verdict.tolist() == ["surely_in", "surely_in", "in_doubt", "surely_out"]


def test_counted_people_have_no_spread_of_their_own_and_estimated_ones_do():
    people = {"A": 1000, "B": 1000}
    told = {}
    for source in ("counted", "estimated"):
        layers = town_without_legs(people=people)
        layers["building"]["people_source"] = source
        told[source], _ = doubt(Town.from_layers(layers), Reading("minutes", 2.5), n_worlds=2000)
    of_county = describe_area(told["counted"], "county", None)
    assert of_county["people"]["covered_range_90"] == [2000, 2000]
    assert of_county["people"]["surely_in"] == 2000
    low, high = describe_area(told["estimated"], "county", None)["people"]["covered_range_90"]
    # Two buildings of 1,000, each with a part of 25 % and a common one of 5 %.
    sigma = 2000 * np.sqrt(0.25**2 / 2 + 0.05**2)
    assert low == pytest.approx(2000 - 1.645 * sigma, rel=0.03)
    assert high == pytest.approx(2000 + 1.645 * sigma, rel=0.03)


def test_more_worlds_narrow_the_sampling_error_and_it_is_no_larger_than_told():
    """The share of n independent worlds that cover a home has the variance p (1 - p) / n; evenly drawn ones less."""
    town = Town.from_layers(town_without_legs())
    layout, reading = lay_out(town), Reading("minutes", 210 / 60)
    homes = assess_layout(town, layout, [reading])[0].homes
    chance = NormalDist().cdf(np.log(210 / 200) / SPEED.sigma)  # C, 200 s away
    errors = {}
    for n_worlds in (25, 225):
        runs = [
            assess_doubt(town, layout, reading, homes, seed=seed, n_worlds=n_worlds) for seed in range(40)
        ]
        shares = [run.covered_share[2] for run in runs]
        errors[n_worlds] = np.std(shares, ddof=1)
        assert abs(np.mean(shares) - chance) < 4 * np.sqrt(chance * (1 - chance) / n_worlds / 40)
        assert errors[n_worlds] <= np.sqrt(chance * (1 - chance) / n_worlds) <= runs[0].share_error
    assert errors[225] < errors[25] / 3  # at least the root of nine


@pytest.mark.parametrize("source", ["estimated", "counted"])
def test_nine_fresh_worlds_in_ten_lie_in_a_range_whatever_the_seed(source):
    """Over seeds the share of fresh worlds in a range has the mean 0.90 and a spread of at most 1.5 points.

    With n worlds drawn one by one and single ones of them for the ends it would spread by sqrt(0.9 * 0.1 / n), 2.1
    points for 200 (the share between two order statistics has a beta distribution). The fresh worlds
    have an error of their own, sqrt(0.9 * 0.1 / 2000), that all seeds share.
    """
    town = make_town(2, n_homes=150)
    town.building["people_source"] = source
    n_seeds, n_fresh = 8, 2000
    found = calibrate(town, Reading("minutes", 4), seeds=range(n_seeds), n_fresh=n_fresh)
    assert not found.is_stretched.any()
    allowed = 0.015 / np.sqrt(n_seeds) + np.sqrt(0.9 * 0.1 / n_fresh)
    assert abs(found.share.mean() - 0.90) <= 2 * allowed
    assert found.share.std(ddof=1) <= 0.015
    assert (found.ends.std(axis=0, ddof=1) <= found.errors.mean(axis=0)).all()  # no more than is told


# --- what is told ------------------------------------------------------------------------------


def test_a_seed_gives_one_answer_and_another_seed_another():
    town = make_town(2)
    first, again, other = (doubt(town, THREE_MINUTES, seed=seed, n_worlds=50)[0] for seed in (7, 7, 8))
    assert describe_doubt(first) == describe_doubt(again)
    np.testing.assert_array_equal(first.covered_share, again.covered_share)
    pd.testing.assert_frame_equal(first.areas, again.areas)
    assert np.nan_to_num(first.covered_share).tolist() != np.nan_to_num(other.covered_share).tolist()


def test_more_worlds_begin_with_the_same_ones():
    town = make_town(2)
    few, many = (doubt(town, THREE_MINUTES, seed=4, n_worlds=n)[0] for n in (3, 4))
    once_more = 4 * many.covered_share - 3 * few.covered_share  # times covered: by the fourth world alone
    assert set(np.round(once_more[~np.isnan(once_more)], 9)) == {0.0, 1.0}


def sort_of_town(town, order):
    """The town with the rows of every layer in another order."""
    return Town.from_layers(
        {name: frame.sample(frac=1, random_state=order) for name, frame in vars(town).items()}
    )


@pytest.mark.parametrize("seed", range(4))
def test_the_order_of_rows_changes_no_verdict_and_no_range(seed):
    town = make_town(seed, n_homes=120)
    town.building["people_source"] = "estimated"
    told, _ = doubt(town, THREE_MINUTES, seed=seed, n_worlds=60)
    again, _ = doubt(sort_of_town(town, seed + 1), THREE_MINUTES, seed=seed, n_worlds=60)
    np.testing.assert_array_equal(told.covered_share, again.covered_share)
    assert told.verdict.tolist() == again.verdict.tolist()
    assert describe_doubt(told) == describe_doubt(again)


@pytest.mark.parametrize(("first", "second", "seed"), [(0, 1, 0), (2, 2, 2**63), (3, 4, 7), (5, 6, 11)])
def test_a_part_of_a_town_computed_alone_has_the_doubts_it_has_in_the_whole(first, second, seed):
    """Two towns a long way apart, computed together and each alone: no walk leads from one to the other."""
    west, east = make_town(first, n_homes=40), make_town(second, n_homes=40)
    west, east = rename(west, "w", 0.0), rename(east, "e", 20_000.0)
    both = Town.from_layers(
        {name: pd.concat([getattr(east, name), frame]) for name, frame in vars(west).items()}
    )
    whole, coverage = doubt(both, THREE_MINUTES, seed=seed, n_worlds=25)
    share = pd.Series(whole.covered_share, index=coverage.homes.index)
    verdict = pd.Series(whole.verdict, index=coverage.homes.index, dtype=object)
    for part in (west, east):
        alone, coverage = doubt(part, THREE_MINUTES, seed=seed, n_worlds=25)
        here = coverage.homes.index
        np.testing.assert_array_equal(alone.covered_share, share[here])
        assert alone.verdict.tolist() == verdict[here].tolist()


def rename(town, prefix, east_m):
    """The town moved to the east, with a prefix before every id."""
    layers = {}
    for name, frame in vars(town).items():
        named = {
            column: frame[column].map(lambda one: prefix + one, na_action="ignore")
            for column in ("id", "building", "compound", "centre")
            if column in frame
        }
        layers[name] = frame.assign(**named).set_geometry(
            gpd.GeoSeries([_move_east(one, east_m) for one in frame.geometry], crs=frame.crs)
        )
    return Town.from_layers(layers)


def _move_east(geometry, east_m):
    step = np.array([east_m, 0.0, 0.0])
    return shapely.transform(geometry, lambda xy: xy + step[: xy.shape[1]], include_z=geometry.has_z)


@pytest.mark.parametrize(
    "reading", [THREE_MINUTES, Reading("minutes", 4, "elderly"), Reading("metres", 250)], ids=str
)
@pytest.mark.parametrize("seed", range(4))
def test_the_base_lies_within_its_own_range(seed, reading):
    town = make_town(seed)
    halves = gpd.GeoDataFrame(
        {"code": ["w", "e"]},
        geometry=[shapely.box(-99, -99, 350, 900), shapely.box(350, -99, 900, 900)],
        crs=town.crs,
    )
    town = Town.from_layers({**vars(town), "community": halves})
    told, coverage = doubt(town, reading, seed=seed, n_worlds=40)
    homes = coverage.homes
    areas = [("county", None, np.ones(len(homes), bool))]
    areas += [("community", code, (homes["community"] == code).to_numpy()) for code in ("w", "e")]
    for kind, code, is_here in areas:
        found = describe_area(told, kind, code)
        covered = is_here & (homes["status"] == "covered").to_numpy()
        answered = is_here & (homes["status"] != "unanswered").to_numpy()
        people = homes["people"].to_numpy(float)
        for unit, values in (("homes", np.ones(len(homes))), ("people", people)):
            counts = found[unit]
            low, high = counts["covered_range_90"]
            assert low <= values[covered].sum() <= high
            assert counts["surely_in"] <= values[covered].sum() <= counts["surely_in"] + counts["in_doubt"]
            total = counts["surely_in"] + counts["in_doubt"] + counts["surely_out"]
            assert total == values[answered].sum()
    assert {
        verdict
        for verdict, status in zip(told.verdict, homes["status"], strict=True)
        if status == "unanswered"
    } <= {None}


@pytest.mark.parametrize("seed", range(4))
def test_the_range_of_the_worlds_holds_the_base_without_being_stretched_where_all_gates_are_known(seed):
    """Medians are the base values, so the base is no outlier: half the worlds cover more, half fewer."""
    town = make_town(seed, n_homes=120)
    town = replace(town, compound=town.compound.iloc[:0], gate=town.gate.iloc[:0])
    layout = lay_out(town)
    coverage = assess_layout(town, layout, [THREE_MINUTES])[0]
    parts = take_apart(town, spread_gates(town, layout), ADULT)
    limit = THREE_MINUTES.cutoff_units
    worlds = (draw_world(parts.subject, WorldNumber(seed, number)) for number in range(200))
    counts = [(measure_world(parts, world, limit=limit) <= limit).sum() for world in worlds]
    base = (coverage.homes["status"] == "covered").sum()
    low, high = np.quantile(counts, [0.2, 0.8])
    assert low <= base <= high


def test_homes_without_an_answer_are_not_in_doubt_but_without_an_answer():
    picture = """
A              B
+---+    +-----+
1
"""
    told, coverage = doubt(draw_town(picture), seed=1)
    assert coverage.homes["status"].tolist() == ["covered", "unanswered"]
    assert told.verdict.tolist() == ["surely_in", None]
    assert np.isnan(told.covered_share[1])
    assert describe_area(told, "county", None)["homes"] == {
        "surely_in": 1, "in_doubt": 0, "surely_out": 0, "covered_range_90": [1, 1],
        "sampling_error": [0, 0], "stretched": None,
    }  # fmt: skip


def test_a_coverage_tells_its_doubt_by_home_and_by_area():
    layers = town_without_legs(people={"A": 10, "B": 20, "C": 30, "D": 40})
    west, east = shapely.box(*at(-5, 5), *at(15, -5)), shapely.box(*at(15, 5), *at(60, -5))
    layers["community"] = gpd.GeoDataFrame({"code": ["w", "e"]}, geometry=[west, east], crs="EPSG:4549")
    town = Town.from_layers(layers)
    layout, reading = lay_out(town), Reading("minutes", 205 / 60)
    coverage = assess_layout(town, layout, [reading])[0]
    assert coverage.to_dict()["doubt"] is None
    assert coverage.to_dict()["by_community"][0]["people"]["covered_range_90"] is None
    sure = add_doubt(town, layout, coverage, seed=1)
    assert sure.homes["doubt"].tolist() == ["surely_in", "surely_in", "in_doubt", "surely_out"]
    told = sure.to_dict()
    assert told["people"]["covered_range_90"] == [30, 60]
    assert {area["code"]: area["people"]["covered_range_90"] for area in told["by_community"]} == {
        "e": [0, 30],
        "w": [30, 30],
    }
    assert told["by_community"][0]["doubt"]["homes"] == {
        "surely_in": 0, "in_doubt": 1, "surely_out": 1, "covered_range_90": [0, 1],
        "sampling_error": [0, 0], "stretched": None,
    }  # fmt: skip
    assert told["doubt"]["homes"]["in_doubt"] == 1
    assert coverage.homes["doubt"].isna().all()  # the first answer is as it was


def test_people_of_whom_nothing_is_known_have_no_range():
    told, _ = doubt(Town.from_layers(town_without_legs()), Reading("minutes", 2.5))
    people = describe_area(told, "county", None)["people"]
    assert people == {
        "surely_in": None, "in_doubt": 0, "surely_out": None, "covered_range_90": None,
        "sampling_error": None, "stretched": None,
    }  # fmt: skip
    assert describe_area(told, "county", None)["homes"]["covered_range_90"] == [2, 2]
    assert describe_area(told, "community", "no such")["people"]["covered_range_90"] == [0, 0]


def test_only_what_can_change_the_answer_is_listed_as_assumed():
    town = draw_town(STREET)
    in_time = [(found.name, found.scope.value, found.n) for found in doubt(town)[0].assumptions]
    assert in_time == [
        ("speed", "county", 1),
        ("leg", "county", 1),
        ("leg", "compound", 3),  # two homes and a centre
        ("crossing", "county", 1),
        ("crossing", "street", 1),
    ]
    in_metres = doubt(town, Reading("metres", 500))[0].assumptions
    assert [found.name for found in in_metres] == ["leg", "leg"]


@given(cutoff=st.floats(1, 8), more=st.floats(0.1, 4), seed=st.integers(0, 3))
@settings(max_examples=8, deadline=None)
def test_a_longer_cutoff_covers_no_home_less_often(cutoff, more, seed):
    town = make_town(seed, n_homes=20)
    short, _ = doubt(town, Reading("minutes", cutoff), seed=1, n_worlds=10)
    long, _ = doubt(town, Reading("minutes", cutoff + more), seed=1, n_worlds=10)
    answered = ~np.isnan(short.covered_share)
    assert (long.covered_share[answered] >= short.covered_share[answered]).all()


def test_every_assumption_has_a_line_in_both_languages():
    names = [(spread.name, spread.scope.value) for spread in SPREADS]
    names += [("gate_inferred", "compound"), ("gate_unknown", "compound"), ("gate_other", "compound")]
    names += [("leg_barred", "building")]
    assumptions = [
        {"name": name, "scope": scope, "n": 3, "factor_range_90": [0.5, 2.0], "chance": 0.25}
        for name, scope in names
    ]
    counts = {"surely_in": 1, "in_doubt": 2, "surely_out": 3, "covered_range_90": [1, 3000]}
    counts |= {"sampling_error": [0, 1234], "stretched": "low"}
    told = {"seed": 4, "n_worlds": 50, "sure_share": 0.95, "share_error": 0.0707}
    told |= {"homes": counts, "people": counts}
    for language in ("zh", "en"):
        lines = print_doubt(told | {"assumptions": assumptions}, "people", 1.2, language)
        assert "1*-3,000" in lines[0]
        assert lines[1].startswith("*")
        assert "1,234" in lines[2]
        assert "7.1" in lines[2]
        assert len(set(lines)) == 5 + len(assumptions)
        assert "0.60-2.40" in lines[5]  # of the walker's 1.2 m/s


def test_the_command_draws_as_many_worlds_as_the_library():
    (option,) = [option for option in command.params if option.name == "worlds"]
    assert option.default == N_WORLDS


def test_no_world_is_no_doubt_to_tell():
    with pytest.raises(InvalidOptionError, match="n_worlds"):
        doubt(draw_town(STREET), n_worlds=0)
